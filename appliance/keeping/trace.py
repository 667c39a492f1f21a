"""Where a record, or all records of a person, went: runs, splits, students, releases. For erasure and access requests.

Read from the run folders, whose files say what happened, and checked against the manifests' hashes. A dropped row is known by
its number only; whose it was is told by reading the source again, if it is still what the run read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.config import ConfigError
from appliance.home import Home
from appliance.keeping import texts
from appliance.keeping.erasures import rewritten
from appliance.lineage import LineageError, chain, read_refresh
from appliance.manifest import Manifest
from appliance.report.words import count
from appliance.run import is_data_unchanged, open_folder
from appliance.stages.context import read_rows
from privacy.ingest import find_rows, record_id, record_ids, subject_id

LEARNT_IN = ("sft", "onpolicy")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for, as keyed hashes: the value itself is not kept."""

    record_ids: frozenset[str]
    first_id: str | None
    """Of the record, where it is one."""
    subject: str | None


@dataclass(frozen=True, slots=True)
class Student:
    stage: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Traced:
    """One record in one run."""

    record_id: str | None
    """None for a dropped row, which has none."""
    source: str
    """`data`, `held_out`, or `earlier`: of a run whose student this one, a refresh, went on from."""
    outcome: str
    """`kept`, or `dropped: ` and the reason."""
    row: int | None
    """Of the source, for dropped rows."""
    sent_to_teacher: bool | None
    """None where the run has not come so far."""
    split: str | None
    """`train`, `val`, `test`, or None: not used after curation, or not come so far."""
    students: tuple[Student, ...]
    """Which learnt from it."""
    releases: tuple[str, ...]
    """Folders in the home's `releases` that name one of these students."""


@dataclass(frozen=True, slots=True)
class RunTrace:
    run_id: str
    records: tuple[Traced, ...]
    unknown: str | None
    """What could not be told of this run, and why."""


def asked_record(value: str, key: bytes) -> Asked:
    """For the id as the source has it, or a hashed one (16 hex digits)."""
    if re.fullmatch(r"[0-9a-f]{16}", value):
        return Asked(record_ids(key, value) | {value}, value, None)
    return Asked(record_ids(key, value), record_id(key, value), None)


def asked_subject(value: str, key: bytes) -> Asked:
    """For a person by the value of the source's subject column, or its hash. Raises ValueError for a blank."""
    if not value.strip():
        raise ValueError("a subject is not blank: nobody is named by nothing")
    hashed = value if re.fullmatch(r"[0-9a-f]{16}", value) else subject_id(key, value)
    return Asked(frozenset(), None, hashed)


def trace(home: Home, asked: Asked, known: Mapping[str, frozenset[str]] | None = None) -> list[RunTrace]:
    """Every run that has scrubbed, by name; `known` are more ids by run under which it is looked for there.

    Raises DamagedError where a file is not what its stage wrote.
    """
    folders = [path for path in sorted(home.runs.iterdir()) if (path / "scrub" / manifest.NAME).exists()]
    more = known or {}
    return [
        _trace_run(
            home,
            folder,
            replace(asked, record_ids=asked.record_ids | more.get(folder.name, frozenset())),
        )
        for folder in folders
    ]


def _trace_run(home: Home, folder: Path, asked: Asked) -> RunTrace:
    stages = {
        name: found
        for name in ("scrub", "teach", "curate", *LEARNT_IN)
        if (found := _verified(folder / name))
    }
    sent = _sent(folder) if "teach" in stages else None
    splits = _splits(folder) if "curate" in stages else {}
    students = tuple(
        Student(name, manifest.model_digest(stages[name]))
        for name in LEARNT_IN
        if name in stages and any(file.startswith("model/") for file in stages[name].outputs)
    )
    records = []
    for identifier, source in _kept(folder, asked):
        split = splits.get(identifier)
        learnt = students if split == "train" else ()
        releases = tuple(sorted({name for student in learnt for name in _releases(home, student.sha256)}))
        records.append(
            Traced(
                identifier,
                source,
                "kept",
                None,
                None if sent is None else identifier in sent,
                split,
                learnt,
                releases,
            )
        )
    told = {record.record_id for record in records if record.split == "train"}
    inherited, gone = _inherited(home, folder, asked)
    for identifier in sorted(inherited - told):
        releases = tuple(sorted({name for student in students for name in _releases(home, student.sha256)}))
        split = splits.get(identifier)
        records.append(Traced(identifier, "earlier", "kept", None, True, split, students, releases))
    dropped, unknown = _dropped(home, folder, asked)
    return RunTrace(folder.name, (*records, *dropped), "; ".join(filter(None, (gone, unknown))) or None)


def _inherited(home: Home, folder: Path, asked: Asked) -> tuple[set[str], str | None]:
    """Records that the student had learnt from before this run, a refresh, went on with it; and what could not be told."""
    refresh = read_refresh(folder)
    if refresh is None:
        return set(), None
    try:
        earlier = chain(home.runs, refresh.start)
    except LineageError as error:
        return set(), f"what the student had learnt from before: {error}"
    return {
        row["record_id"]
        for run in earlier
        for row in read_rows(run / "curate" / "examples.parquet")
        if row["split"] == "train"
        and (
            row["record_id"] in asked.record_ids
            or (asked.subject is not None and row.get("subject_id") == asked.subject)
        )
    }, None


def _verified(folder: Path) -> Manifest | None:
    found = manifest.read(folder)
    if found is not None:
        small = {
            name: digest
            for name, digest in found.outputs.items()
            if not name.startswith(("model/", "adapter/"))
        }
        manifest.verify(folder, Manifest(**{**asdict(found), "outputs": small}))
    return found


def _kept(folder: Path, asked: Asked) -> Iterator[tuple[str, str]]:
    """(record id, source) of the records that were kept."""
    held_out = frozenset(held_out_id(identifier) for identifier in asked.record_ids)
    for path in sorted((folder / "scrub" / "records").glob("*.parquet")):
        for row in read_rows(path):
            wanted = held_out | asked.record_ids if row["held_out"] else asked.record_ids
            if row["record_id"] in wanted or (
                asked.subject is not None and row.get("subject_id") == asked.subject
            ):
                yield row["record_id"], "held_out" if row["held_out"] else "data"


def held_out_id(identifier: str) -> str:
    return hashlib.sha256(f"held_out:{identifier}".encode()).hexdigest()[:16]


def _sent(folder: Path) -> set[str]:
    return {
        json.loads(line)["record_id"] for line in texts.read_lines(folder / "teach" / "completions.jsonl")
    }


def _splits(folder: Path) -> dict[str, str]:
    return {row["record_id"]: row["split"] for row in read_rows(folder / "curate" / "examples.parquet")}


def _dropped(home: Home, folder: Path, asked: Asked) -> tuple[list[Traced], str | None]:
    """The dropped rows that are the record's or the person's, and what could not be told."""
    wanted = "id" if asked.first_id is not None else "subject"
    sources = json.loads((folder / "config.json").read_text(encoding="utf-8"))["use_case"]
    for name in ("data", "held_out"):
        if sources.get(name) and not sources[name].get(wanted):
            return [], f"whose its records are: the use case names no {wanted} column for {name}"
    rows = {
        (row["source"], row["row"]): row["reason"]
        for path in sorted((folder / "scrub" / "dropped").glob("*.json"))
        for row in json.loads(path.read_text())["rows"]
    }
    if not rows:
        return [], None
    try:
        run = open_folder(folder, home)
    except ConfigError:
        return [], f"whose the {len(rows):,} dropped rows were: the run was made by another release"
    if not is_data_unchanged(run):
        return [], f"whose the {len(rows):,} dropped rows were: the source is not what this run read"
    if any(
        rewritten(home, run.base_dir / source.path)
        for source in (run.use_case.data, run.use_case.held_out)
        if source is not None
    ):
        return (
            [],
            f"whose the {len(rows):,} dropped rows were: something was erased from the source, whose rows count anew",
        )
    found, unread = [], 0
    for name, source in (("data", run.use_case.data), ("held_out", run.use_case.held_out)):
        if source is not None:
            key = home.scrub_key()
            numbers, hidden = find_rows(
                source, run.base_dir, key, first_id=asked.first_id, subject=asked.subject
            )
            found += [_dropped_row(name, row, rows[name, row]) for row in numbers if (name, row) in rows]
            unread += sum((name, row) in rows for row in hidden)
    return found, f"whose {unread:,} dropped rows were: their {wanted} cannot be read" if unread else None


def _dropped_row(source: str, row: int, reason: str) -> Traced:
    return Traced(None, source, f"dropped: {reason}", row, None, None, (), ())


def _releases(home: Home, sha256: str) -> list[str]:
    """Folders of the home's `releases` with a JSON file that names the student."""
    return [
        path.parent.name
        for path in sorted((home.root / "releases").glob("*/*.json"))
        if sha256 in path.read_text(encoding="utf-8", errors="replace")
    ]


def to_json(traces: list[RunTrace]) -> dict[str, Any]:
    return {"runs": [asdict(run) for run in traces], "students": sorted(_learnt(traces))}


def _learnt(traces: list[RunTrace]) -> set[str]:
    return {student.sha256 for run in traces for record in run.records for student in record.students}


def lines(traces: list[RunTrace]) -> list[str]:
    """For people; ids are the hashed ones."""
    if not traces:
        return ["no run has scrubbed anything yet"]
    said = []
    for run in traces:
        said.append(
            f"{run.run_id}: {count(len(run.records), 'record', 'records')}"
            if run.records
            else f"{run.run_id}: not there"
        )
        said += [f"  {_told(record)}" for record in run.records]
        for student in dict.fromkeys(student for record in run.records for student in record.students):
            said.append(f"  learnt from: student {student.stage}, sha256 {student.sha256}")
        said += [
            f"  released: {name}"
            for name in sorted({name for record in run.records for name in record.releases})
        ]
        if run.unknown is not None:
            said.append(f"  not known: {run.unknown}")
    students = len(_learnt(traces))
    return [*said, f"{count(students, 'student', 'students')} learnt from it"]


def _told(record: Traced) -> str:
    if record.source == "earlier":
        again = "and again in this one" if record.split == "train" else "and not in this one"
        return f"{record.record_id}: learnt from in an earlier run, which this one goes on from, {again}"
    where = "" if record.source == "data" else ", of the held-out file"
    if record.row is not None:
        return f"row {record.row:,}{where}: {record.outcome}"
    sent = {
        True: "sent to the teacher",
        False: "not sent to the teacher",
        None: "not yet sent to the teacher",
    }
    used = {
        "train": "learnt from" if record.students else "among the training records, no student yet",
        "val": "used to choose, not learnt from",
        "test": "used to measure, not learnt from",
        None: "in no split",
    }
    return f"{record.record_id}{where}: kept, {sent[record.sent_to_teacher]}, {used[record.split]}"
