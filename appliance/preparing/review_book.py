"""The book of a review: which records were given to whom, and what officers marked in them, as offsets and never as text.

Lines are only ever added (`marks.jsonl`), by one writer at a time, so that two officers at once lose nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from appliance.home import Home
from appliance.preparing import use_cases

HELD_S = 1800.0
"""So long nobody else is given a record that was given out."""


class ReviewError(ValueError):
    """One line: what is wrong with the review and what to do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One place of personal data, as offsets in characters of a raw field."""

    field: str
    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one officer said of a record."""

    by: str
    at: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All that was said and given out, in order."""

    decisions: Mapping[str, tuple[Decision, ...]]
    """By record id, the last one counts."""
    held: Mapping[str, tuple[str, float]]
    """Record id -> who was given it, and until when."""


def folder_of(home: Home, name: str) -> Path:
    use_cases.path(home, name)  # refuses a name that is none
    return home.root / "reviews" / name


def read_book(home: Home, name: str) -> Book:
    """Everything that was given out and decided; a last line cut by a kill was never acknowledged and is not there."""
    path = folder_of(home, name) / "marks.jsonl"
    try:
        with path.open("rb") as file:
            return _read_on(path, file)
    except FileNotFoundError:
        return Book({}, {})


_READ: dict[Path, tuple[int, bytes, Book]] = {}
"""How many bytes of a book were read, the last of them, and what they say. Lines are only added, so they are read once."""
_TAIL_BYTES = 96


def _read_on(path: Path, file: BinaryIO) -> Book:
    at, tail, book = _READ.get(path, (0, b"", Book({}, {})))
    file.seek(at - len(tail))
    if file.read(len(tail)) != tail:  # another book has begun
        at, tail, book = 0, b"", Book({}, {})
        file.seek(0)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    if whole:
        book = _with(book, [json.loads(line) for line in whole.splitlines()])
        _READ[path] = (at + len(whole), (tail + whole)[-_TAIL_BYTES:], book)
    return book


def _with(book: Book, events: Iterable[Mapping[str, Any]]) -> Book:
    decisions, held = dict(book.decisions), dict(book.held)
    for event in events:
        if event["event"] == "given":
            held |= dict.fromkeys(event["records"], (event["by"], event["at"] + HELD_S))
        else:
            marks = tuple(Mark(**mark) for mark in event["marks"])
            decision = Decision(event["by"], event["at"], marks)
            decisions[event["record"]] = (*decisions.get(event["record"], ()), decision)
    return Book(decisions, held)


def write_down(home: Home, name: str, event: Mapping[str, Any]) -> None:
    """Under the lock. A tail that a kill left behind is cut off first."""
    path = folder_of(home, name) / "marks.jsonl"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size and not _ends_whole(file, size):
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.seek(0, os.SEEK_END)
        file.write(json.dumps(event).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(file: BinaryIO, size: int) -> bool:
    file.seek(size - 1)
    return file.read(1) == b"\n"
