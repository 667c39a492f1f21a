"""Jobs on disk: `jobs/<job_id>/request.json`, written once by rename, and `events.jsonl`, appended and flushed.

Every change is made under one lock, by whoever makes it: a page, a worker, a job's own process. An event counts from
the moment its line ends: what a kill tore off is cut away before the next one is written. Reading takes no lock.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.jobs.states import Event, Job, RefusedError, Status, after, derive
from appliance.keeping.private_files import alone, write_private

LOCK = ".lock"
"""Held for a change, and touched by it: its time says whether anything changed."""
_ID_FORMAT = "%Y%m%d-%H%M%S-%f"
_CACHED = 10_000
"""Jobs whose state is kept in memory for as long as their events stay as they are; a kilobyte each."""


class JobError(Exception):
    """One line: what is not possible, why, and what to do. Never holds a record's text."""


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Nobody else changes any job meanwhile; held for milliseconds."""
    home.jobs.mkdir(exist_ok=True, mode=0o700)
    with alone(home.jobs / LOCK):
        yield


def job_ids(home: Home) -> list[str]:
    """The oldest first."""
    try:
        with os.scandir(home.jobs) as entries:
            return sorted(entry.name for entry in entries if entry.name[0].isdigit())
    except FileNotFoundError:
        return []


def load(home: Home, job_id: str) -> Job:
    """The job as its events say now. Raises JobError where there is none of that id."""
    folder = home.jobs / job_id
    if not job_id[:1].isdigit() or "/" in job_id:
        raise JobError("there is no such job: `stillhouse jobs list` shows them")
    try:
        state = os.stat(folder / "events.jsonl")
    except FileNotFoundError:
        raise JobError(f"there is no job '{job_id[:60]}': `stillhouse jobs list` shows them") from None
    return _load(folder, state.st_ino, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=_CACHED)
def _load(folder: Path, *_state: int) -> Job:
    """Once for each state of the events: they only grow."""
    try:
        request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
        return derive({"job_id": folder.name, **request}, _events((folder / "events.jsonl").read_bytes()))
    except (ValueError, TypeError, KeyError, RefusedError, FileNotFoundError):
        # By a failing disk, or by hand. The others must still be listed and worked off.
        return Job(
            folder.name,
            "unknown",
            {},
            "heavy",
            "unknown",
            0.0,
            status=Status.FAILED,
            message=f"the files in jobs/{folder.name} are damaged: restore them from a backup, or delete the folder",
        )


def _events(content: bytes) -> list[Event]:
    """Of whole lines; what follows the last one is being written, or was torn off by a kill."""
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def create(home: Home, request: dict[str, Any]) -> Job:
    """A new job, whole or not at all; call with the lock held."""
    for left in home.jobs.glob(".*.tmp"):
        shutil.rmtree(
            left, ignore_errors=True
        )  # by somebody who was killed: with the lock held nobody builds one
    known = job_ids(home)
    job_id = _new_id(known[-1] if known else "")
    building, folder = home.jobs / f".{job_id}.tmp", home.jobs / job_id
    building.mkdir(mode=0o700, exist_ok=True)
    (building / "events.jsonl").touch(mode=0o600)
    write_private(building / "request.json", json.dumps(request, indent=1).encode())
    building.rename(folder)
    _flush(home.jobs)
    os.utime(home.jobs / LOCK)
    return load(home, job_id)


def _new_id(last: str) -> str:
    """A time to the microsecond, later than the last one's even where the clock went back."""
    now = datetime.now(UTC)
    if last:
        now = max(now, datetime.strptime(last, _ID_FORMAT).replace(tzinfo=UTC) + timedelta(microseconds=1))
    return now.strftime(_ID_FORMAT)


def append(home: Home, job_id: str, name: str, **details: Any) -> Job:
    """One event, on disk when this returns; call with the lock held.

    Raises RefusedError where the job's state or attempt does not allow it, and then nothing is written.
    """
    event: Event = {"event": name, "at": time.time(), **details}
    job = after(load(home, job_id), event)
    with open(home.jobs / job_id / "events.jsonl", "r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
        file.seek(whole)
        file.write(json.dumps(event).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    os.utime(home.jobs / LOCK)
    return job


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_result(home: Home, job_id: str) -> dict[str, Any]:
    """What the job's last attempt found."""
    found = json.loads((home.jobs / job_id / "result.json").read_text(encoding="utf-8"))
    return dict(found["result"])
