"""Reads CSV, JSON lines, Parquet and DuckDB tables into raw records, one row at a time.

Covered: rows that cannot be read are counted with a reason and reading goes on; memory does not grow with a
row's or a file's size (apart from 16 bytes of bookkeeping a row that keeps ids unique). Not covered:
compressed files, CSV with another separator or encoding than comma and UTF-8. Errors name files, columns
and rows, never their content.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

from privacy import read_binary, read_lines
from privacy.records import DroppedRow, DropReason, RawRecord
from privacy.settings import SourceSettings

_SUFFIXES = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".duckdb": "duckdb",
    ".db": "duckdb",
}
# Before this many rows, a few bad ones say little about the whole file.
_EARLY_CHECK_ROWS = 1000

# A reader yields, row by row, the wanted columns' values or the reason why there are none.
Cells = Mapping[str, Any] | DropReason
Reader = Callable[[Path, SourceSettings, list[str]], Iterator[Cells]]
_READERS: dict[str, Reader] = {
    "csv": read_lines.read_csv,
    "jsonl": read_lines.read_jsonl,
    "parquet": read_binary.read_parquet,
    "duckdb": read_binary.read_duckdb,
}


def read_rows(source: SourceSettings, base_dir: Path, key: bytes) -> Iterator[RawRecord | DroppedRow]:
    """Every row of the source up to its limit, as a record or as a dropped row.

    Raises ValueError with one line for what the operator has to mend: file, format, table, column, or more
    than `max_bad_fraction` of unreadable rows (checked every 1,000 rows and at the end).
    """
    path, kind = _locate(source, base_dir)
    columns = sorted({*source.fields.values(), *filter(None, (source.id, source.subject))})
    ids = _Ids(key)
    seen, bad = 0, Counter[DropReason]()
    for cells in _READERS[kind](path, source, columns):
        if source.limit is not None and seen >= source.limit:
            break
        seen += 1
        row = cells if isinstance(cells, DropReason) else _record(seen, cells, source, ids, key)
        if isinstance(row, DropReason):
            bad[row] += 1
            yield DroppedRow(seen, row)
        else:
            yield row
        if seen % _EARLY_CHECK_ROWS == 0:
            _check_bad(path, bad, seen, source, columns)
    _check_bad(path, bad, seen, source, columns)


def column_names(source: SourceSettings, base_dir: Path) -> list[str]:
    """The file's columns in their order; for JSON lines, the keys of the first thousand rows.

    Raises ValueError with one line for a file that cannot be read.
    """
    path, kind = _locate(source, base_dir)
    if kind == "parquet":
        return read_binary.parquet_columns(path)
    if kind == "duckdb":
        return read_binary.duckdb_columns(path, source)
    return read_lines.csv_columns(path, source) if kind == "csv" else read_lines.jsonl_columns(path, source)


def count_rows(source: SourceSettings, base_dir: Path) -> int | None:
    """About how many rows `read_rows` will yield, for a progress bar; None if only reading them all
    could tell."""
    path, kind = _locate(source, base_dir)
    if kind == "parquet":
        rows = read_binary.count_parquet(path)
    elif kind == "duckdb":
        rows = read_binary.count_duckdb(path, source)
    else:
        rows = read_lines.count_lines(path) - (kind == "csv")
    return rows if source.limit is None else min(rows, source.limit)


def row_places(source: SourceSettings, base_dir: Path) -> Iterator[tuple[int, int] | None]:
    """From which byte to which each row of a CSV or JSON lines file lies, in the order of `read_rows`.

    None for a row that cannot be told from those around it, and for every row of other formats, whose rows are found by
    their numbers.
    """
    path, kind = _locate(source, base_dir)
    if kind in ("csv", "jsonl"):
        yield from read_lines.places(path, source, is_csv=kind == "csv")
    else:
        yield from repeat(None, count_rows(replace(source, limit=None), base_dir) or 0)


def read_row(
    source: SourceSettings, base_dir: Path, key: bytes, row: int, place: tuple[int, int] | None
) -> RawRecord | DropReason:
    """One row by its number from 1 and its place, without reading those before it.

    Its id is that of the first row with this id or content. Raises ValueError as `read_rows` does, and for a file of
    lines without a place.
    """
    path, kind = _locate(source, base_dir)
    columns = sorted({*source.fields.values(), *filter(None, (source.id, source.subject))})
    cells: Cells
    if kind == "parquet":
        cells = read_binary.read_parquet_row(path, columns, row)
    elif kind == "duckdb":
        cells = read_binary.read_duckdb_row(path, source, columns, row)
    elif place is None:
        raise ValueError(f"{path}: where row {row} begins is not known")
    else:
        cells = read_lines.read_place(path, source, columns, place, is_csv=kind == "csv")
    return cells if isinstance(cells, DropReason) else _record(row, cells, source, _Ids(key), key)


def record_id(key: bytes, id_value: str) -> str:
    """The record's id from its id column's value: HMAC-SHA256, 16 hex digits. Without the key it tells
    nothing."""
    return hmac.new(key, b"id\0" + id_value.encode(), hashlib.sha256).hexdigest()[:16]


def record_ids(key: bytes, id_value: str, most: int = 1000) -> frozenset[str]:
    """The ids that rows with this value in their id column may have: `record_id`, and one for each repetition."""
    return frozenset(repetitions(key, record_id(key, id_value), most))


def repetitions(key: bytes, first: str, most: int) -> list[str]:
    """The ids of rows that are alike, in the order of the file, the first one's given."""
    return [first, *(_repeated(key, bytes.fromhex(first), number) for number in range(1, most))]


def content_id(key: bytes, fields: Mapping[str, str]) -> str:
    """The id of the first record with these fields, where the source names no id column."""
    content = json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()
    return hmac.new(key, b"content\0" + content, hashlib.sha256).hexdigest()[:16]


def find_rows(
    source: SourceSettings, base_dir: Path, key: bytes, *, first_id: str | None, subject: str | None
) -> tuple[list[int], set[int]]:
    """Numbers of the rows whose id column hashes to `first_id` (or whose subject column to `subject`, where that is
    asked), and of the rows whose column could not be read.

    Dropped rows are known by number only; this says whose they are, as long as the source is as it was. Raises
    ValueError as `read_rows` does.
    """
    column, hashed = (source.id, record_id) if first_id is not None else (source.subject, subject_id)
    assert column is not None, "ask for a column that the source has"
    cells = replace(source, id=None, subject=None, fields={"cell": column}, max_bad_fraction=1.0)
    found, unread = list[int](), set[int]()
    for row in read_rows(cells, base_dir, key):
        if isinstance(row, DroppedRow):
            unread.add(row.row)
        elif hashed(key, row.fields["cell"]) == (first_id or subject):
            found.append(row.row)
    return found, unread


def subject_id(key: bytes, value: str) -> str | None:
    """The person's id from the subject column's value, as `record_id` makes a record's; None for an empty cell."""
    if not value.strip():
        return None
    return hmac.new(key, b"subject\0" + value.strip().encode(), hashlib.sha256).hexdigest()[:16]


class _Ids:
    """Ids that stay the same from run to run, and differ for rows that are alike by counting repetitions."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seen: dict[bytes, int] = {}

    def of(self, id_value: str | None, fields: Mapping[str, str]) -> str:
        identifier = content_id(self._key, fields) if id_value is None else record_id(self._key, id_value)
        short = bytes.fromhex(identifier)
        earlier = self._seen.get(short, 0)
        self._seen[short] = earlier + 1
        if earlier == 0:
            return identifier
        return _repeated(self._key, short, earlier)


def _repeated(key: bytes, short: bytes, earlier: int) -> str:
    return hmac.new(key, b"repeat\0%d\0" % earlier + short, hashlib.sha256).hexdigest()[:16]


def _locate(source: SourceSettings, base_dir: Path) -> tuple[Path, str]:
    path = base_dir / source.path
    if not path.is_file():
        raise ValueError(f"{path}: no such file; check 'path' in the source settings")
    kind = source.format if source.format != "auto" else _SUFFIXES.get(path.suffix.lower(), "")
    if not kind:
        raise ValueError(
            f"{path}: format unknown from the suffix '{path.suffix}'; set 'format' to csv, jsonl, parquet or duckdb"
        )
    if kind == "duckdb" and not source.table:
        raise ValueError(f"{path}: a DuckDB file needs 'table' in the source settings")
    return path, kind


def _record(
    row: int, cells: Mapping[str, Any], source: SourceSettings, ids: _Ids, key: bytes
) -> RawRecord | DropReason:
    """The mapped fields as text, or why there are none."""
    try:
        texts = {column: _as_text(value) for column, value in cells.items()}
        size = sum(len(text.encode()) for text in texts.values())
    except UnicodeError:
        # Bytes that are not UTF-8, or half of a surrogate pair from a JSON escape.
        return DropReason.BAD_ENCODING
    except (TypeError, ValueError, RecursionError):
        return DropReason.BAD_SYNTAX
    if size > source.max_row_bytes:
        return DropReason.TOO_LONG
    needed = [*source.fields.values(), *([source.id] if source.id else [])]
    if any(not texts.get(column, "").strip() for column in needed):
        return DropReason.MISSING_FIELD
    fields = {name: texts[column] for name, column in source.fields.items()}
    subject = subject_id(key, texts.get(source.subject, "")) if source.subject else None
    return RawRecord(ids.of(texts[source.id] if source.id else None, fields), row, fields, subject)


def _as_text(value: Any) -> str:
    """A cell as text: None is empty, nested values become JSON with sorted keys."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return str(value)


def _check_bad(
    path: Path, bad: Counter[DropReason], seen: int, source: SourceSettings, columns: list[str]
) -> None:
    if seen and bad.total() / seen > source.max_bad_fraction:
        reasons = ", ".join(f"{count} {reason.value}" for reason, count in bad.most_common())
        raise ValueError(
            f"{path}: {bad.total()} of the first {seen} rows are unreadable ({reasons}), more than the "
            f"{source.max_bad_fraction:.0%} allowed; has it the columns {', '.join(columns)}, and the right format? "
            "Otherwise raise 'max_bad_fraction'"
        )
