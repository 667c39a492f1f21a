"""Takes a record, or all of a person's, out of every run: records, answers, training sets; students are marked, not unlearnt.

Rewritten are the Parquet files and JSON lines of all runs, finished or not, and the store. What a student's weights keep
cannot be taken out of them: such a student is not released any more, and its run, started again, trains one without.
Killed anywhere, the same call goes on. Not rewritten, and told: the sources, which are the site's (the erased rows are not
read again), what was released or exported, backups, and record ids (keyed hashes) in reports.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.config import ConfigError
from appliance.home import Home
from appliance.keeping import texts
from appliance.keeping.at_rest import key_of
from appliance.keeping.erasures import Erasure, begin, write
from appliance.keeping.private_files import write_private
from appliance.keeping.trace import Asked, RunTrace, trace
from appliance.manifest import Manifest
from appliance.people.acting import Action, Actor, acting
from appliance.run import RunError, alone_with, fingerprint, is_data_unchanged, open_folder
from appliance.store import rewrite

_MARK = "erasing.json"
"""In a stage's folder while its files are exchanged: the new files by name, so that a killed exchange is brought to its end."""
_SAME_WITHOUT = ("scrub", "teach", "curate")
"""Stages that, without a record, would leave just what they left, less that record: they count as done again."""


class EraseError(Exception):
    """One line: what is in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would change."""

    traces: tuple[RunTrace, ...]
    """Of the runs in which something was found."""
    students: tuple[str, ...]
    releases: tuple[str, ...]
    retrain: tuple[str, ...]
    """Runs whose students learnt from it: to be started again."""


def plan(home: Home, asked: Asked) -> Plan:
    """Reads everything and changes nothing. Raises DamagedError where a file is not what its stage wrote."""
    found = tuple(one for one in trace(home, asked) if one.records or one.unknown)
    records = [record for one in found for record in one.records]
    return Plan(
        found,
        tuple(sorted({student.sha256 for record in records for student in record.students})),
        tuple(sorted({name for record in records for name in record.releases})),
        tuple(one.run_id for one in found if any(record.students for record in one.records)),
    )


def erase(home: Home, actor: Actor, asked: Asked, reason: str) -> Erasure:
    """Does it, and gives what was done; it stays in the home's list of erasures. Raises EraseError while a run is worked on."""
    ids = asked.record_ids | ({asked.subject} if asked.subject else frozenset())
    with acting(home, actor, Action.ERASE, ids=len(ids)):
        erasure = begin(home, ids, actor.name, reason)
        for folder in _runs(home):  # what an earlier call left half done could not be read
            for stage in (path for path in folder.iterdir() if (path / _MARK).exists()):
                with _alone(folder):
                    _finish_exchange(stage)
        # Before a file changes: a kill must not leave a student that nobody knows to be one of these.
        planned = plan(home, asked)
        erasure = replace(
            erasure,
            students=tuple(sorted({*erasure.students, *planned.students})),
            releases=tuple(sorted({*erasure.releases, *planned.releases})),
        )
        write(home, erasure)
        wanted = ids | {
            record.record_id for one in planned.traces for record in one.records if record.record_id
        }
        rows, files = erasure.rows, erasure.files
        for folder in _runs(home):
            with _alone(folder):
                changed = _erase_in_run(home, folder, wanted, asked.subject)
            rows, files = rows + sum(changed.values()), files + len(changed)
            erasure = replace(erasure, rows=rows, files=files)
            write(home, erasure)
        for name in texts.LOOKS:  # at records of use cases in the making: they are made again on asking
            for path in home.use_cases.glob(f"*/{name}"):
                path.unlink()
        rewrite(home.store, key_of(home.root), key_of(home.root))
        erasure = replace(erasure, ended_at=time.time(), left=tuple(_left(planned)))
        write(home, erasure)
    return erasure


def _runs(home: Home) -> list[Path]:
    return sorted(path for path in home.runs.iterdir() if (path / "config.json").exists())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with alone_with(folder):
            yield
    except RunError as error:
        raise EraseError(f"{error}; the same command goes on from here") from None


def _left(planned: Plan) -> list[str]:
    said = ["the sources, of which these rows are not read any more"]
    if planned.students:
        said.append(
            "the weights of the students that learnt from it: they are not released any more; train anew without it"
        )
    said += [f"the release {name}, wherever it was taken" for name in planned.releases]
    said += [f"{one.run_id}: not known: {one.unknown}" for one in planned.traces if one.unknown]
    return [
        *said,
        "backups made before now, and homes that upgrades kept (`stillhouse-admin forget`)",
        "ids of records (keyed hashes) in reports and lists of ratings",
    ]


def _erase_in_run(home: Home, folder: Path, ids: frozenset[str], subject: str | None) -> dict[str, int]:
    """File -> rows taken out of it."""
    found: dict[str, int] = {}
    for stage in sorted(path for path in folder.iterdir() if path.is_dir()):
        _finish_exchange(stage)
        changed = _erase_in_stage(stage, ids, subject)
        found |= {f"{folder.name}/{stage.name}/{name}": rows for name, rows in changed.items()}
    if found:
        _count_as_done(home, folder)
    return found


def _erase_in_stage(folder: Path, ids: frozenset[str], subject: str | None) -> dict[str, int]:
    from appliance.stages.context import without_rows

    changed: dict[str, int] = {}
    for path in texts.below(folder):
        content = texts.read(path)
        without = _without_lines if path.suffix in texts.LINES else without_rows
        kept, gone = without(content, ids, subject)
        gone += _is_cut(path, content)
        if gone:
            texts.write(path.with_name(path.name + texts.ERASED), kept)
            changed[str(path.relative_to(folder))] = gone
    if changed:
        write_private(folder / _MARK, json.dumps(sorted(changed)).encode())
        _finish_exchange(folder)
    return changed


def _finish_exchange(folder: Path) -> None:
    """New files in the place of the old ones, then the manifest with their hashes, then the mark goes."""
    mark = folder / _MARK
    if not mark.exists():
        for garbage in folder.rglob(f"*{texts.ERASED}"):
            garbage.unlink()  # of a call that was killed before it had all of them
        return
    names = json.loads(mark.read_text(encoding="utf-8"))
    for name in names:
        new = folder / (name + texts.ERASED)
        if new.exists():  # else an earlier call had come so far
            new.replace(folder / name)
    found = manifest.read(folder)
    if found is not None:
        outputs = {
            name: texts.sha256(folder / name) if name in names else held
            for name, held in found.outputs.items()
        }
        manifest.write(folder, Manifest(**{**asdict(found), "outputs": outputs}))
    mark.unlink()


def _without_lines(content: bytes, ids: frozenset[str], subject: str | None) -> tuple[bytes, int]:
    """JSON lines without these, and how many there were. A line that is none, cut by a kill, goes too: nobody can tell whose it is."""
    kept, gone = [], 0
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            gone += 1
            continue
        if _is_of(row, ids, subject):
            gone += 1
        else:
            kept.append(line + b"\n")
    return b"".join(kept), gone


def _is_of(row: Any, ids: frozenset[str], subject: str | None) -> bool:
    """Of an answer, a training record; or of likeliest tokens, which are a list that begins with the record's id."""
    if isinstance(row, list):
        return bool(row) and row[0] in ids
    return isinstance(row, dict) and (
        row.get("record_id") in ids or (subject is not None and row.get("subject_id") == subject)
    )


def _is_cut(path: Path, content: bytes) -> bool:
    """Whether the file ends with an encrypted line that is not whole, and so not in its content."""
    end = path.read_bytes()[-1:]
    return path.suffix in texts.LINES and end not in (b"", b"\n") and content[-1:] in (b"", b"\n")


def _count_as_done(home: Home, folder: Path) -> None:
    """The stages before training get the fingerprints they would have without the record; those after it will be done anew."""
    try:
        run = open_folder(folder, home)
        if not is_data_unchanged(run):
            return
        done: dict[str, Manifest] = {}
        for stage in run.stages:
            found = manifest.read(run.stage_dir(stage.name))
            if stage.name not in _SAME_WITHOUT or found is None:
                return
            found = Manifest(**{**asdict(found), "fingerprint": fingerprint(run, stage, done)})
            manifest.write(run.stage_dir(stage.name), found)
            write_private(run.stage_dir(stage.name) / "fingerprint", found.fingerprint.encode())
            done[stage.name] = found
    except (ConfigError, RunError, ValueError, OSError):
        return  # made by another release, or its models are gone: all of it will be done anew
