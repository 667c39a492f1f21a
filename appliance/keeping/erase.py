"""Takes a record, or all of a person's, out of the home: runs, data brought in, marks; students are marked, not unlearnt.

Rewritten are the Parquet files and JSON lines of all runs, finished or not, the files of records that were brought in, what
reviews, ratings, golden sets and vaults in the home say of them, and the store. What a student's weights keep cannot be taken out of
them: such a student is not released any more, and its run, started again, trains one without. Killed anywhere, the same call
goes on. Not rewritten, and told: files elsewhere (the erased rows are not read again), what was released or exported,
backups, and record ids (keyed hashes) in reports.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance import datasets, manifest
from appliance.config import ConfigError
from appliance.datasets.erasing import is_on_the_shelf
from appliance.home import Home
from appliance.keeping import texts
from appliance.keeping.at_rest import key_of
from appliance.keeping.erase_beside import (
    EraseError,
    alone_with_run,
    erase_in_dataset,
    erase_marks,
    named_elsewhere,
    runs,
)
from appliance.keeping.erasures import Erasure, begin, rewritten, write
from appliance.keeping.exchange import MARK, exchange, finish, new_path
from appliance.keeping.private_files import alone, write_private
from appliance.keeping.sources import InSource, look, sources
from appliance.keeping.trace import Asked, RunTrace, trace
from appliance.lineage import LineageError, chain
from appliance.manifest import Manifest
from appliance.people.acting import Action, Actor, acting
from appliance.run import RunError, fingerprint, is_data_unchanged, open_folder
from appliance.store import rewrite
from distill.checkpoints import sweep

__all__ = ["EraseError", "Plan", "erase", "plan", "source_lines"]

_SAME_WITHOUT = ("scrub", "teach", "curate")
"""Stages that, without a record, would leave just what they left, less that record: they count as done again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would change."""

    traces: tuple[RunTrace, ...]
    """Of the runs in which something was found."""
    sources: tuple[InSource, ...]
    """Of the files of records in which something was found, or of which it cannot be told."""
    places: Mapping[str, frozenset[str]]
    """Run or use case -> the ids of what is asked for, as they are called there."""
    students: tuple[str, ...]
    releases: tuple[str, ...]
    retrain: tuple[str, ...]
    """Runs whose students learnt from it: to be started again."""


def plan(home: Home, asked: Asked) -> Plan:
    """Reads everything and changes nothing. Raises DamagedError where a file is not what its stage wrote."""
    in_sources = tuple(look(home, each, asked) for each in sources(home))
    places: dict[str, frozenset[str]] = {}
    for each in in_sources:
        for who in each.source.named_by:
            # Where rows were taken out before, a run that read the file with them may call others by these ids.
            if who.startswith("use_cases/") or not rewritten(home, each.source.path):
                places[who] = places.get(who, frozenset()) | each.ids
    known = {who.removeprefix("runs/"): ids for who, ids in places.items()}
    found = tuple(one for one in trace(home, asked, known) if one.records or one.unknown)
    for one in found:
        name, ids = f"runs/{one.run_id}", {record.record_id for record in one.records if record.record_id}
        places[name] = places.get(name, frozenset()) | ids
    records = [record for one in found for record in one.records]
    return Plan(
        found,
        tuple(each for each in in_sources if each.rows or each.unknown),
        {who: ids for who, ids in places.items() if ids},
        tuple(sorted({student.sha256 for record in records for student in record.students})),
        tuple(sorted({name for record in records for name in record.releases})),
        tuple(one.run_id for one in found if any(record.students for record in one.records)),
    )


def source_lines(home: Home, planned: Plan) -> list[str]:
    """For people: the files of records in which it was found."""
    return [
        f"{each.source.path}: {len(each.rows):,} rows"
        + (", to be taken out" if is_on_the_shelf(home, each.source.path) else ", the site's to take out")
        for each in planned.sources
        if each.rows
    ]


def erase(home: Home, actor: Actor, asked: Asked, reason: str) -> Erasure:
    """Does it, and gives what was done; it stays in the home's list of erasures. Raises EraseError while a run is worked on."""
    ids = asked.record_ids | ({asked.subject} if asked.subject else frozenset())
    home.erasures.mkdir(exist_ok=True, mode=0o700)
    with acting(home, actor, Action.ERASE, ids=len(ids)) as made, ExitStack() as locks:
        # One at a time: another's would change the files whose rows this one has counted.
        locks.enter_context(alone(home.erasures / ".lock"))
        erasure = begin(home, ids, actor.name, reason)
        _finish_all(home)
        # Before a file changes: a kill must not leave a student that nobody knows to be one of these, nor a file that knows
        # the record by an id which can be found no more.
        planned = plan(home, asked)
        places = {
            who: tuple(sorted(set(erasure.places.get(who, ())) | planned.places.get(who, frozenset())))
            for who in {*erasure.places, *planned.places}
        }
        erasure = replace(
            erasure,
            students=tuple(sorted({*erasure.students, *planned.students})),
            releases=tuple(sorted({*erasure.releases, *planned.releases})),
            places=places,
        )
        write(home, erasure)
        for folder in runs(home):
            with alone_with_run(folder):
                changed = _erase_in_run(home, folder, ids | _known(home, folder, places), asked.subject)
            erasure = replace(
                erasure, rows=erasure.rows + sum(changed.values()), files=erasure.files + len(changed)
            )
            write(home, erasure)
        for name in texts.LOOKS:  # at records of use cases in the making: they are made again on asking
            for path in home.use_cases.glob(f"*/{name}"):
                path.unlink()
        erasure = erase_marks(home, erasure, ids, places)
        for each in planned.sources:
            if each.rows and is_on_the_shelf(home, each.source.path):
                dataset_id, rows = each.source.path.parent.name, len(each.rows)
                with acting(home, actor, Action.ERASE, dataset=dataset_id, rows=rows) as noted:
                    erasure, noted["sha256"] = erase_in_dataset(home, erasure, each)
        rewrite(home.store, key_of(home.root), key_of(home.root))
        erasure = replace(erasure, ended_at=time.time(), left=tuple(_left(home, planned)))
        write(home, erasure)
        made |= {"erasure": erasure.erasure_id, "rows": erasure.rows, "files": erasure.files}
    return erasure


def _finish_all(home: Home) -> None:
    """What an earlier call left half done could not be read; what killed processes left half-written may hold anything."""
    sweep(home.root, ("models", "cache"))
    datasets.sweep(home)
    for folder in runs(home):
        for stage in (path for path in folder.iterdir() if (path / MARK).exists()):
            with alone_with_run(folder):
                finish(stage)
    marked = {mark.parent for part in (home.use_cases, home.ratings) for mark in part.glob(f"**/{MARK}")}
    for folder in (*home.data.glob("[0-9]*"), *home.root.glob("reviews/*"), *marked):
        finish(folder)


def _known(home: Home, folder: Path, places: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """What is asked for, as it is called in the run and in those that it goes on from."""
    try:
        runs = [each.name for each in chain(home.runs, folder.name)]
    except LineageError:  # one of them is gone: any may be it
        runs = [who.removeprefix("runs/") for who in places]
    return frozenset(one for name in runs for one in places.get(f"runs/{name}", ()))


def _left(home: Home, planned: Plan) -> list[str]:
    said = ["the site's own sources: the files from which data was brought in, and other copies of them"]
    for each in planned.sources:
        ours, path = is_on_the_shelf(home, each.source.path), each.source.path
        if each.rows and not ours:
            said.append(
                f"{path}: {len(each.rows):,} rows, the site's to take out; they are not read any more"
            )
        if each.unknown is not None:
            remedy = "; delete it on the page Data if it may hold it" if ours else ""
            said.append(f"{path}: not known whether it holds more: {each.unknown}{remedy}")
    if planned.students:
        said.append(
            "the weights of the students that learnt from it: they are not released any more; train anew without it"
        )
    said += [f"the release {name}, wherever it was taken" for name in planned.releases]
    said += [f"{one.run_id}: not known: {one.unknown}" for one in planned.traces if one.unknown]
    said += [f"{path}: {what}" for path, what in named_elsewhere(home)]
    return [
        *said,
        "backups made before now, and homes that upgrades kept (`stillhouse-admin forget`)",
        "ids of records (keyed hashes) in reports",
    ]


def _erase_in_run(home: Home, folder: Path, ids: frozenset[str], subject: str | None) -> dict[str, int]:
    """File -> rows taken out of it."""
    found: dict[str, int] = {}
    for stage in sorted(path for path in folder.iterdir() if path.is_dir()):
        finish(stage)
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
            texts.write(new_path(path), kept)
            changed[str(path.relative_to(folder))] = gone
    if changed:
        exchange(folder, changed)
    return changed


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
