"""What is to be forgotten: the list of erasures, which keeps the erased from being read again and their students from release.

An erasure is one file of the home, begun before anything is changed and ended when all is done; it holds keyed hashes only.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.keeping.private_files import write_private


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file of the home that runs are named after, and that an erasure wrote again."""

    path: str
    """In the home."""
    before: str
    """sha256 of what it said."""
    after: str
    rows: int
    """Taken out of it."""


@dataclass(frozen=True, slots=True)
class Erasure:
    erasure_id: str
    ids: tuple[str, ...]
    """Keyed hashes of the records, or of the person (`privacy.ingest`)."""
    asked_by: str
    reason: str
    begun_at: float
    """Unix time."""
    ended_at: float | None = None
    """None: it was begun and not brought to an end; the same command goes on with it."""
    students: tuple[str, ...] = ()
    """sha256 of the students that had learnt from what is erased."""
    releases: tuple[str, ...] = ()
    """Folders in `releases` that hold such a student."""
    rows: int = 0
    """Lines and rows taken out of the home's files."""
    files: int = 0
    left: tuple[str, ...] = ()
    """Where it still is, and what is known of that: what is not ours to rewrite."""
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Run or review -> ids (keyed hashes) of what is erased, as they are called there: found before anything was changed, since
    a kill may leave a part by which the rest is not found any more."""
    rewritten: tuple[Rewritten, ...] = ()
    """Written down before the file is exchanged, so that no run takes it for another one."""


def erasures(home: Home) -> list[Erasure]:
    """The oldest first."""
    found = [_read(path.read_text(encoding="utf-8")) for path in home.erasures.glob("*.json")]
    return sorted(found, key=lambda one: one.begun_at)


def begin(home: Home, ids: frozenset[str], asked_by: str, reason: str) -> Erasure:
    """A new one, or the unfinished one of the same ids."""
    for one in erasures(home):
        if one.ended_at is None and frozenset(one.ids) == ids:
            return one
    made = Erasure(secrets.token_hex(4), tuple(sorted(ids)), asked_by, reason, time.time())
    write(home, made)
    return made


def write(home: Home, erasure: Erasure) -> None:
    home.erasures.mkdir(exist_ok=True, mode=0o700)
    write_private(
        home.erasures / f"{erasure.erasure_id}.json", (json.dumps(asdict(erasure), indent=1) + "\n").encode()
    )


def erased_ids(home: Home) -> frozenset[str]:
    """Of records and of people, all erasures together."""
    return frozenset().union(*(one.ids for one in erasures(home)))


def taint(home: Home, sha256: str) -> Erasure | None:
    """The erasure of something that this student had learnt from, if there was one."""
    return next((one for one in erasures(home) if sha256 in one.students), None)


def name_in(home: Home, path: Path) -> str:
    """The same for a file, whatever links lead to it or to the home."""
    return os.path.relpath(os.path.realpath(path), os.path.realpath(home.root))


def rewritten(home: Home, path: Path) -> list[Rewritten]:
    """What erasures did to this file, the oldest first."""
    name = name_in(home, path)
    return [done for one in erasures(home) for done in one.rewritten if done.path == name]


def as_it_was(home: Home, path: Path, sha256: str) -> str:
    """By which runs know a file that says `sha256` now: what it said before anything was erased from it.

    A run is named after its data and does what is not done: neither changes when what is erased is taken out of both.
    """
    before = {done.after: done.before for done in rewritten(home, path)}
    while sha256 in before:
        sha256 = before.pop(sha256)
    return sha256


def _read(text: str) -> Erasure:
    document: dict[str, Any] = json.loads(text)
    for key in ("ids", "students", "releases", "left"):
        document[key] = tuple(document[key])
    document["places"] = {name: tuple(ids) for name, ids in document.get("places", {}).items()}
    document["rewritten"] = tuple(Rewritten(**each) for each in document.get("rewritten", ()))
    return Erasure(**document)
