"""Reads CSV and JSON lines from bytes, never more than one row's limit at once.

Covered: quoted cells over several lines; after a row that breaks the format the next physical line is tried
as a row, so a stray quote cannot swallow the file. Not covered: telling a broken many-line row's later
lines from rows of their own; each then counts as a row.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from privacy.records import DropReason
from privacy.settings import SourceSettings

_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20
# JSON rows may lack keys that others have; what only later rows have is not seen.
_SAMPLED_ROWS = 1000


def read_jsonl(
    path: Path, source: SourceSettings, columns: list[str]
) -> Iterator[Mapping[str, Any] | DropReason]:
    """One object a line; blank lines are not rows."""
    with path.open("rb") as file:
        for line in _lines(file, source.max_row_bytes):
            if line is None:
                yield DropReason.TOO_LONG
            elif line.strip():
                yield _json_row(line, columns)


def _json_row(line: bytes, columns: list[str]) -> Mapping[str, Any] | DropReason:
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        return DropReason.BAD_ENCODING
    except (ValueError, RecursionError):
        return DropReason.BAD_SYNTAX
    if not isinstance(value, dict):
        return DropReason.BAD_SYNTAX
    return {column: value.get(column) for column in columns}


def jsonl_columns(path: Path, source: SourceSettings) -> list[str]:
    """The keys of the first rows, in order of appearance."""
    keys: dict[str, None] = {}
    with path.open("rb") as file:
        for line in islice(_lines(file, source.max_row_bytes), _SAMPLED_ROWS):
            try:
                row = json.loads(line.decode()) if line else None
            except (ValueError, RecursionError):
                continue
            keys |= dict.fromkeys(row) if isinstance(row, dict) else {}
    return list(keys)


def csv_columns(path: Path, source: SourceSettings) -> list[str]:
    """The header's cells. Raises ValueError if there is no readable header."""
    with path.open("rb") as file:
        return _header(path, _CsvLines(_lines(file, source.max_row_bytes), source.max_row_bytes))


def _header(path: Path, lines: _CsvLines) -> list[str]:
    header = lines.row()
    if header is None or isinstance(header, DropReason):
        raise ValueError(f"{path}: no readable header line; a CSV file must start with its column names")
    return header


def read_csv(
    path: Path, source: SourceSettings, columns: list[str]
) -> Iterator[Mapping[str, Any] | DropReason]:
    """Comma-separated with a header. Raises ValueError if the header lacks a column."""
    csv.field_size_limit(max(csv.field_size_limit(), source.max_row_bytes))
    with path.open("rb") as file:
        lines = _CsvLines(_lines(file, source.max_row_bytes), source.max_row_bytes)
        header = _header(path, lines)
        missing = [column for column in columns if column not in header]
        if missing:
            raise ValueError(
                f"{path}: no column {', '.join(map(repr, missing))} in the header; it has {', '.join(map(repr, header))[:500]}"
            )
        positions = {column: header.index(column) for column in columns}
        while (cells := lines.row(len(header))) is not None:
            if isinstance(cells, DropReason):
                yield cells
            else:
                yield {column: cells[position] for column, position in positions.items()}


def places(path: Path, source: SourceSettings, *, is_csv: bool) -> Iterator[tuple[int, int] | None]:
    """From which byte to which each row lies, in the order of `read_csv` and `read_jsonl`; None for a row that breaks
    the format, and where that leaves it open where the next one begins."""
    with path.open("rb") as file:
        physical = _lines(file, source.max_row_bytes)
        if not is_csv:
            before = 0
            for line in physical:
                if line is None or line.strip():
                    yield None if line is None else (before, file.tell())
                before = file.tell()
            return
        lines = _CsvLines(physical, source.max_row_bytes)
        width = len(_header(path, lines))
        start: int | None = file.tell()
        while (cells := lines.row(width)) is not None:
            rest = lines.rest_bytes
            end = None if rest is None else file.tell() - rest
            broken = isinstance(cells, DropReason)
            yield None if broken or start is None or end is None else (start, end)
            start = end


def read_place(
    path: Path, source: SourceSettings, columns: list[str], place: tuple[int, int], *, is_csv: bool
) -> Mapping[str, Any] | DropReason:
    """The one row between two bytes that `places` told, without reading the rest of the file."""
    with path.open("rb") as file:
        file.seek(place[0])
        row = BytesIO(file.read(place[1] - place[0]))
    physical = _lines(row, source.max_row_bytes)
    if not is_csv:
        line = next((line for line in physical if line is None or line.strip()), None)
        return DropReason.TOO_LONG if line is None else _json_row(line, columns)
    csv.field_size_limit(max(csv.field_size_limit(), source.max_row_bytes))
    header = csv_columns(path, source)
    cells = _CsvLines(physical, source.max_row_bytes).row(len(header))
    if cells is None or isinstance(cells, DropReason) or not set(columns) <= set(header):
        return DropReason.BAD_SYNTAX
    return {column: cells[header.index(column)] for column in columns}


class _CsvLines:
    """Physical lines, with a way back: what a broken row took beyond its first line is read again."""

    def __init__(self, lines: Iterator[bytes | None], max_row_bytes: int) -> None:
        self._lines = lines
        self._again: deque[bytes | None] = deque()
        self._max_row_bytes = max_row_bytes

    @property
    def rest_bytes(self) -> int | None:
        """Of the lines of a broken row that wait to be read again; None where one of them was too long to be kept."""
        if any(line is None for line in self._again):
            return None
        return sum(len(line) for line in self._again if line is not None)

    def row(self, width: int | None = None) -> list[str] | DropReason | None:
        """The next row's cells (if `width` is given, that many), why it has none, or None at the end."""
        while True:
            taken: list[bytes | None] = []
            try:
                # Bad bytes become lone surrogates, so that they cannot upset the quoting; they are looked
                # for below.
                cells = next(csv.reader(self._feed(taken), strict=True), None)
            except _TooLongError:
                return self._reject(taken, DropReason.TOO_LONG)
            except csv.Error:
                return self._reject(taken, DropReason.BAD_SYNTAX)
            if cells is None:
                return None
            if not cells:
                continue
            if any("\udc80" <= char <= "\udcff" for cell in cells for char in cell if char >= "\ud800"):
                return DropReason.BAD_ENCODING
            if width is not None and len(cells) != width:
                return self._reject(taken, DropReason.BAD_SYNTAX)
            return cells

    def _reject(self, taken: list[bytes | None], reason: DropReason) -> DropReason:
        self._again.extendleft(reversed(taken[1:]))
        return reason

    def _feed(self, taken: list[bytes | None]) -> Iterator[str]:
        size = 0
        while True:
            try:
                line = self._again.popleft() if self._again else next(self._lines)
            except StopIteration:
                return
            taken.append(line)
            size += self._max_row_bytes + 1 if line is None else len(line)
            if line is None or size > self._max_row_bytes:
                raise _TooLongError
            yield line.decode("utf-8", "surrogateescape")


class _TooLongError(Exception):
    pass


def _lines(file: BinaryIO, max_row_bytes: int) -> Iterator[bytes | None]:
    """Lines with their ends, without a byte-order mark; None for one longer than the limit, which is
    skipped in blocks."""
    first = True
    while line := file.readline(max_row_bytes + 2):
        if first:
            line = line.removeprefix(_BOM)
            first = False
        if len(line.rstrip(b"\r\n")) <= max_row_bytes:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(_BLOCK_BYTES)
        yield None


def count_lines(path: Path) -> int:
    """Newlines, counting a last line without one; quoted line breaks make this a little high."""
    count, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
