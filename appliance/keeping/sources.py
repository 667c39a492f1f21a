"""The files of records that use cases and runs of a home name, and which of their rows are a record's or a person's.

Of each file it is told by all the ways in which it was ever read: which column is the id, which names the person. Raw text
stays in `privacy/`; here are row numbers and keyed hashes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance import datasets
from appliance.config import ConfigError, read_toml, validate
from appliance.home import Home
from appliance.keeping.erasures import rewritten
from appliance.keeping.trace import Asked, held_out_id
from privacy.settings import SourceSettings
from privacy.take_out import FoundRows, find


@dataclass(frozen=True, slots=True)
class Source:
    """A file of records."""

    path: Path
    readings: tuple[tuple[SourceSettings, bool], ...]
    """Ways to read it, and whether as the held-out file; the path in them is this one."""
    named_by: frozenset[str]
    """`runs/RUN` and `use_cases/NAME`."""


@dataclass(frozen=True, slots=True)
class InSource:
    """What a file of records holds of what is asked for."""

    source: Source
    rows: frozenset[int]
    ids: frozenset[str]
    """Of these rows, as runs know them."""
    unknown: str | None
    """What could not be told of it, and why."""


def sources(home: Home) -> list[Source]:
    """All that were named, and those that were brought in and that nobody names yet; by path."""
    readings: dict[Path, dict[str, tuple[SourceSettings, bool]]] = {}
    named_by: dict[Path, set[str]] = {}
    for who, base_dir, sections in _documents(home):
        for held_out, section in ((False, sections.get("data")), (True, sections.get("held_out"))):
            if not isinstance(section, dict) or not isinstance(section.get("path"), str):
                continue
            path = Path(os.path.realpath(base_dir / section["path"]))
            named_by.setdefault(path, set()).add(who)
            try:
                reading = replace(validate(SourceSettings, section, "data"), path=str(path))
            except ConfigError:
                continue  # a draft that names the file and not yet its columns
            told = [reading.format, reading.table, reading.id, reading.subject, reading.fields, held_out]
            readings.setdefault(path, {})[json.dumps(told)] = (reading, held_out)
    for each in datasets.datasets(home):
        named_by.setdefault(datasets.raw_path(home, each.dataset_id).resolve(), set())
    return [
        Source(path, tuple(readings.get(path, {}).values()), frozenset(named_by[path]))
        for path in sorted(named_by)
    ]


def _documents(home: Home) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """Who names files, where relative paths start, and the sections of the use case."""
    for path in sorted(home.runs.glob("*/config.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        yield f"runs/{path.parent.name}", Path(document["base_dir"]), document["use_case"]
    # Use cases as they are, and their earlier states, which jobs may be pinned to.
    for path in sorted(home.use_cases.glob("*/*.toml")):
        yield f"use_cases/{path.parent.name}", path.parent, read_toml(path)


def look(home: Home, source: Source, asked: Asked) -> InSource:
    """Reads the whole file, once or several times for each way to read it."""
    if not source.path.is_file():
        return InSource(source, frozenset(), frozenset(), "it is not there")
    key, gone = home.scrub_key(), sum(done.rows for done in rewritten(home, source.path))
    found, why = list[FoundRows](), list[str]()
    for reading, held_out in source.readings:
        if asked.subject is not None and reading.subject is None:
            why.append("a use case that reads it names no subject column")
            continue
        try:
            is_asked = None if not asked.record_ids else _asker(asked.record_ids, held_out)
            found.append(find(reading, source.path.parent, key, is_asked, asked.subject, gone))
        except ValueError as error:  # says which file and column, never what is in them
            why.append(str(error))
    unread = max((each.unread for each in found), default=0)
    if unread:
        why.append(f"{unread:,} of its rows cannot be read")
    if not source.readings:
        why.append("no use case says which of its columns is the id, and which names the person")
    if any(each.unread == 0 for each in found):
        why = []  # one way to read it tells of every row
    rows = frozenset[int]().union(*(each.rows for each in found))
    ids = frozenset[str]().union(*(each.ids for each in found))
    return InSource(source, rows, ids, "; ".join(dict.fromkeys(why)) or None)


def _asker(record_ids: frozenset[str], held_out: bool) -> Callable[[list[str]], bool]:
    def is_asked(ids: list[str]) -> bool:
        known = [*ids, *map(held_out_id, ids)] if held_out else ids
        return not record_ids.isdisjoint(known)

    return is_asked
