"""What those who work on a job write: that an attempt began, which run it is, how it ended. Each is refused once the attempt
is over (`states.RefusedError`)."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from appliance import audit
from appliance.home import Home
from appliance.jobs import journal
from appliance.jobs.states import Job, RefusedError, Status
from appliance.keeping.private_files import write_private

_LEASE_WAIT_S = 60.0
_LOOK_S = 0.05


def begin(home: Home, job_id: str) -> Job:
    """The next attempt: of a job that waits, or of one whose worker was killed."""
    with journal.locked(home):
        job = journal.load(home, job_id)
        return journal.append(home, job_id, "start", attempt=job.attempt + 1)


def tell_run(home: Home, job: Job, run_id: str) -> None:
    """Which run the job works on: pages show its stages, and who asked for it may not approve its release."""
    with journal.locked(home):
        journal.append(home, job.job_id, "run", attempt=job.attempt, run_id=run_id)


def give_back(home: Home, job: Job) -> None:
    """The worker was told to end: the job waits again, in its old place."""
    with journal.locked(home):
        journal.append(home, job.job_id, "back", attempt=job.attempt)


def finish(
    home: Home, job: Job, outcome: str, message: str | None, result: dict[str, Any] | None = None
) -> Job:
    """How the attempt ended: `done`, `failed` or `stopped`, in one line; with its result, where there is one."""
    with journal.locked(home):
        now = journal.load(home, job.job_id)
        if now.attempt != job.attempt:
            raise RefusedError(f"attempt {job.attempt} is over: the job is at attempt {now.attempt}")
        if result is not None:
            content = json.dumps({"attempt": job.attempt, "result": result}, indent=1)
            write_private(home.jobs / job.job_id / "result.json", content.encode())
        ended = journal.append(home, job.job_id, outcome, attempt=job.attempt, message=message)
    audit.append(
        home, job.asked_by, "job", f"job-{job.kind}", outcome, {"job": job.job_id, "attempt": job.attempt}
    )
    return ended


@contextmanager
def lease(home: Home, job: Job) -> Iterator[None]:
    """Held by the process that works on the job; the kernel frees it however that process ends.

    An earlier attempt's process, whose worker was killed, may live for some seconds yet: raises TimeoutError after a
    minute, and RefusedError where the attempt is over by the time the lease is free.
    """
    with open(home.jobs / job.job_id / "lease", "w") as file:
        patience = time.monotonic() + _LEASE_WAIT_S
        while not _taken(file.fileno()):
            if time.monotonic() > patience:
                raise TimeoutError
            time.sleep(_LOOK_S)
        now = journal.load(home, job.job_id)
        if now.attempt != job.attempt or now.status not in (Status.RUNNING, Status.STOPPING):
            raise RefusedError(f"attempt {job.attempt} is over")
        yield


def is_leased(home: Home, job_id: str) -> bool:
    """Whether a process works on the job now."""
    try:
        descriptor = os.open(home.jobs / job_id / "lease", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _taken(descriptor: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
