"""What the columns of a file look like, without a word of what they hold: for choosing which column is what."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

Look = Literal["empty", "id", "label", "number", "date", "json", "text"]

PROFILED_ROWS = 50_000
MAX_LABELS, MAX_LABEL_CHARS, MIN_LABEL_COUNT = 200, 60, 5
"""A label is one of few short values, each of which many records have: what a single person wrote is none."""
_ROWS_A_LABEL = 3
_KEPT_DISTINCT = 10_000
_KEPT_LENGTHS = 10_000
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].{0,20})?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .{0,10})?")
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[,' ]\d{3})*(?:[.,]\d+)?|[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_MOSTLY = 0.98


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the profiled rows."""

    name: str
    filled: float
    """Share of rows in which it holds more than spaces."""
    distinct: int | None
    """How many different values; None where there are more than 10,000."""
    shortest: int | None
    """In characters, of the filled cells; None where none is."""
    median: int | None
    longest: int | None
    words: float | None
    """Mean, of the filled cells."""
    looks_like: Look
    counts: tuple[int, ...] = ()
    """For a label: how many rows have each value, the commonest first."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Of a file's first rows."""

    rows: int
    """In the file."""
    profiled: int
    """The first so many of them, which the columns tell of."""
    too_long: int
    """Rows over a use case's default limit, which would be dropped and counted."""
    columns: tuple[Column, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Profile:
        columns = tuple(Column(**each | {"counts": tuple(each["counts"])}) for each in told["columns"])
        return Profile(told["rows"], told["profiled"], told["too_long"], columns)


@dataclass(slots=True)
class _Seen:
    rows: int = 0
    filled: int = 0
    values: Counter[str] = field(default_factory=Counter)
    overflow: bool = False
    lengths: list[int] = field(default_factory=list)
    shortest: int | None = None
    longest: int | None = None
    words: int = 0
    numbers: int = 0
    dates: int = 0
    objects: int = 0
    spaced: int = 0


class Profiler:
    """Takes rows one by one; holds at most 10,000 values of a column, in memory, until it is asked."""

    def __init__(self, names: Iterable[str]) -> None:
        self._seen = {name: _Seen() for name in names}

    def add(self, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            seen = self._seen.setdefault(name, _Seen())
            seen.rows += 1
            text = (
                "" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
            )
            if text.strip():
                _add(seen, text)

    def columns(self, num_rows: int) -> tuple[Column, ...]:
        return tuple(_column(name, seen, num_rows) for name, seen in self._seen.items())


def _add(seen: _Seen, text: str) -> None:
    seen.filled += 1
    size = len(text)
    seen.shortest = size if seen.shortest is None else min(seen.shortest, size)
    seen.longest = size if seen.longest is None else max(seen.longest, size)
    if len(seen.lengths) < _KEPT_LENGTHS:
        seen.lengths.append(size)
    words = len(text.split())
    seen.words += words
    seen.spaced += words > 1
    if size <= 40:
        seen.numbers += _NUMBER.fullmatch(text.strip()) is not None
        seen.dates += _DATE.fullmatch(text.strip()) is not None
    seen.objects += text[0] in "{[" and text.rstrip()[-1] in "}]"
    if not seen.overflow:
        seen.values[text if size <= MAX_LABEL_CHARS else f"{size}:{hash(text)}"] += 1
        seen.overflow = len(seen.values) > _KEPT_DISTINCT


def _column(name: str, seen: _Seen, num_rows: int) -> Column:
    look = _look(seen)
    return Column(
        name,
        seen.filled / num_rows if num_rows else 0.0,
        None if seen.overflow else len(seen.values),
        seen.shortest,
        int(median(seen.lengths)) if seen.lengths else None,
        seen.longest,
        seen.words / seen.filled if seen.filled else None,
        look,
        tuple(count for _, count in seen.values.most_common()) if look == "label" else (),
    )


def _look(seen: _Seen) -> Look:
    most = seen.filled * _MOSTLY
    if not seen.filled:
        return "empty"
    all_different = seen.overflow or len(seen.values) >= most
    if seen.objects >= most:
        return "json"
    if seen.dates >= most:
        return "date"
    if not seen.overflow and not all_different and _are_labels(seen.values, seen.longest or 0):
        return "label"
    if all_different and seen.filled > 1 and not seen.spaced and (seen.longest or 0) <= 64:
        return "id"
    if seen.numbers >= most:
        return "number"
    return "text"


def _are_labels(values: Counter[str], longest: int) -> bool:
    """Whether these are the few values of a label, each had by several rows on average."""
    return (
        len(values) <= MAX_LABELS
        and longest <= MAX_LABEL_CHARS
        and values.total() >= _ROWS_A_LABEL * len(values)
    )
