"""Reads a file that was just copied in, in a process of its own: `python -m appliance.datasets.examine FOLDER KIND MAX_COLUMNS`.

A stranger's file is parsed here, so memory and time are bounded, and whatever it does to a parser ends with the process.
Leaves `profile.json` in the folder, or `refused.txt` with one line. With a column's name behind, it leaves in `labels.json`
the values of that column which many rows share; see `columns`.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.datasets.columns import (
    MAX_LABEL_CHARS,
    MAX_LABELS,
    MIN_LABEL_COUNT,
    PROFILED_ROWS,
    Profile,
    Profiler,
)
from appliance.datasets.copying import DataError
from privacy import read_binary, read_lines
from privacy.records import DropReason
from privacy.settings import SourceSettings

_MEMORY_BYTES = 4 << 30
_LONGEST_NAME = 100
_FORMULA = re.compile(
    r"[=+\-@][A-Za-z_][\w.]*\(|=\s*[A-Za-z_][\w.]*\s*\(|[=+\-@]\s*[A-Za-z_]+\s*\||"
    r"=\s*[-+]?(?:\$?[A-Za-z]{1,3}\$?\d+|\d+(?:\.\d+)?)\s*(?:[-+*/^&:!]|$)"
)
"""What a spreadsheet would calculate or run, as OWASP lists it; not a dash before a word, a phone number or an @name."""

Row = Mapping[str, Any] | DropReason


def main(folder: Path, kind: str, max_columns: int, labels_of: str | None = None) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold records
    path = folder / f"records.{kind}"
    try:
        if labels_of is not None:
            (folder / "labels.json").write_text(json.dumps(_labels(path, kind, labels_of)))
            return 0
        found = examine(path, kind, max_columns)
    except DataError as error:
        (folder / "refused.txt").write_text(str(error))
        return 1
    except MemoryError:
        (folder / "refused.txt").write_text(
            f"a part of it takes more than {_MEMORY_BYTES >> 30} GB of memory to read: write it in smaller pieces"
        )
        return 1
    (folder / "profile.json").write_text(json.dumps(found.to_json()))
    return 0


def examine(path: Path, kind: str, max_columns: int) -> Profile:
    """Every row is read; raises DataError where one is not as it should be."""
    if kind == "csv":
        return _examine_csv(path, max_columns)
    return _examine_jsonl(path, max_columns) if kind == "jsonl" else _examine_parquet(path, max_columns)


def _source(path: Path) -> SourceSettings:
    return SourceSettings(path=path.name, fields={"any": "any"})


def _examine_csv(path: Path, max_columns: int) -> Profile:
    source = _source(path)
    try:
        names = read_lines.csv_columns(path, source)
    except ValueError:
        with path.open("rb") as file:
            first = file.readline(source.max_row_bytes + 2)
        if len(first) > source.max_row_bytes:
            raise DataError(
                f"the first line is longer than {source.max_row_bytes:,} bytes, too long for column names: is it a CSV "
                f"file with a line for each record, and at most {max_columns:,} columns?"
            ) from None
        raise DataError(
            "the first line is not a line of column names: a CSV file must begin with one"
        ) from None
    _check_csv_names(names, max_columns)
    profiler, rows, too_long = Profiler(names), 0, 0
    broken, formulas = _Found("row"), _Found("row")
    for row in read_lines.read_csv(path, source, names):
        rows += 1
        if row is DropReason.TOO_LONG:
            too_long += 1
        elif isinstance(row, DropReason):
            broken.add(rows)
        else:
            for cell in row.values():
                if cell[:1] in "=+-@\t\r\n " and cell and _FORMULA.match(cell.lstrip()):
                    formulas.add(rows)
                    break
            if rows <= PROFILED_ROWS:
                profiler.add(row)
    if not rows:
        raise DataError("the file has column names and no records: export it again")
    if broken.number:
        raise DataError(
            f"{broken.told()} not the {len(names)} cells of the first line, or a stray quote: export the file again, with "
            "quotes around cells that hold commas, quotes or line breaks"
        )
    if formulas.number:
        raise DataError(
            f"{formulas.told()} a spreadsheet formula: whoever opens an export would run it; export values, or bring the "
            "records in as JSON lines, where they are text"
        )
    return Profile(rows, min(rows, PROFILED_ROWS), too_long, profiler.columns(min(rows, PROFILED_ROWS)))


def _check_csv_names(names: list[str], max_columns: int) -> None:
    if len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
        raise DataError("the columns are not separated by commas: export the file as comma-separated CSV")
    _check_names(names, max_columns)


def _check_names(names: list[str], max_columns: int) -> None:
    """Names are told by place: where a file has none, its first record stands there."""
    if len(names) > max_columns:
        raise DataError(
            f"the file has {len(names):,} columns, and {max_columns:,} are allowed: export those that the task needs"
        )
    first: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise DataError(f"column {place} has no name: give each one a name in the first line")
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise DataError(
                f"column {place} has a name of {len(name)} characters, or one that cannot be shown: the first line must "
                "be the columns' names"
            )
        if name in first:
            raise DataError(f"columns {first[name]} and {place} have the same name: rename one")
        first[name] = place


class _Found:
    """How many rows, and the first."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self.number = 0
        self._first = 0

    def add(self, place: int) -> None:
        self.number += 1
        self._first = self._first or place

    def told(self) -> str:
        if self.number == 1:
            return f"{self._unit} {self._first:,} has"
        return f"{self.number:,} {self._unit}s, the first of them {self._unit} {self._first:,}, have"


def _examine_jsonl(path: Path, max_columns: int) -> Profile:
    source = _source(path)
    names: dict[str, None] = {}
    profiler, rows, too_long, line_number = Profiler(()), 0, 0, 0
    broken, others = _Found("line"), _Found("line")
    for line_number, line in enumerate(_lines(path, source.max_row_bytes), 1):
        if line is None:
            rows, too_long = rows + 1, too_long + 1
            continue
        if not line.strip():
            continue
        rows += 1
        if rows == 1 and line.lstrip().startswith(b"["):
            raise DataError("the file is one JSON list: write one object a line (JSON lines) instead")
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            broken.add(line_number)
            continue
        if not isinstance(row, dict):
            others.add(line_number)
            continue
        names |= dict.fromkeys(row)
        if len(names) > max_columns:
            raise DataError(
                f"by line {line_number:,} there are {len(names):,} different keys, and {max_columns:,} are allowed: export "
                "those that the task needs"
            )
        if rows <= PROFILED_ROWS:
            profiler.add(row)
    if not rows:
        raise DataError("the file holds blank lines and no records: export it again")
    for found, what in ((broken, "no JSON object that can be read"), (others, "JSON that is no object")):
        if found.number:
            raise DataError(f"{found.told()} {what}: write one object a line")
    _check_names(list(names), max_columns)
    return Profile(rows, min(rows, PROFILED_ROWS), too_long, profiler.columns(min(rows, PROFILED_ROWS)))


def _lines(path: Path, max_bytes: int) -> Iterator[bytes | None]:
    """Lines in their order, blank ones too; None for one that is longer, which is skipped in blocks."""
    with path.open("rb") as file:
        while line := file.readline(max_bytes + 2):
            if file.tell() == len(line):
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line.rstrip(b"\r\n")) <= max_bytes:
                yield line
                continue
            while line and not line.endswith(b"\n"):
                line = file.readline(1 << 20)
            yield None


def _examine_parquet(path: Path, max_columns: int) -> Profile:
    try:
        names = read_binary.parquet_columns(path)
        rows = read_binary.count_parquet(path)
        _check_names(names, max_columns)
        if not rows:
            raise DataError("the file has columns and no records: export it again")
        profiler, profiled, broken = Profiler(names), 0, _Found("row")
        for row in read_binary.read_parquet(path, _source(path), names):
            if isinstance(row, DropReason):
                broken.add(profiled + 1)
            else:
                profiler.add(row)
            profiled += 1
            if profiled == PROFILED_ROWS:
                break
    except ValueError:
        raise DataError("the file is damaged, or no Parquet file that can be read: write it again") from None
    if broken.number:
        raise DataError(f"{broken.told()} a value that has no text form: write it as text")
    return Profile(rows, profiled, 0, profiler.columns(profiled))


def _labels(path: Path, kind: str, column: str) -> dict[str, Any]:
    """The column's values that are shared by enough rows, the commonest first, and how many others there are."""
    readers = {
        "csv": read_lines.read_csv,
        "jsonl": read_lines.read_jsonl,
        "parquet": read_binary.read_parquet,
    }
    values: Counter[str] = Counter()
    for row in readers[kind](path, _source(path), [column]):
        value = None if isinstance(row, DropReason) else row.get(column)
        text = value.strip() if isinstance(value, str) else "" if value is None else str(value)
        if text:
            values[text if len(text) <= MAX_LABEL_CHARS else ""] += 1
        if len(values) > 50 * MAX_LABELS:
            break
    shared = [value for value, count in values.most_common() if value and count >= MIN_LABEL_COUNT]
    return {"values": shared[:MAX_LABELS], "others": len(values) - len(shared[:MAX_LABELS])}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:5]))
