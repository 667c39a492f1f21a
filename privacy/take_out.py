"""Finds the rows of a file of records that are a record's or a person's, and writes the file again without them.

Covered: CSV and JSON lines, of which all other bytes stay as they are; Parquet, of which columns, types, compression and what
stands beside the rows stay. What reads the cells is what a run reads with, but rows too long for a run are read too. Not
covered: DuckDB files are searched, not written; a row that cannot be read is counted, since nobody can tell whose it is.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from privacy import read_lines
from privacy.ingest import content_id, read_rows, record_id, repetitions, subject_id
from privacy.records import DroppedRow, DropReason, RawRecord
from privacy.settings import SourceSettings

if TYPE_CHECKING:
    import pyarrow as pa

_BOM = b"\xef\xbb\xbf"
_COPIED_BYTES = 1 << 20
_GROUP_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class FoundRows:
    """What a file holds of what is asked for. No value of it."""

    rows: frozenset[int]
    """Numbers from 1, blank lines not counted."""
    ids: frozenset[str]
    """Under which runs know these rows."""
    unread: int
    """Rows whose id or subject cannot be read."""


def find(
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    is_asked: Callable[[list[str]], bool] | None,
    subject: str | None,
    gone: int = 0,
) -> FoundRows:
    """The rows of the subject, and those whose ids are asked for.

    `is_asked` is called once for all rows of one id (or, without an id column, of one content), with the ids that these may
    have in runs: where it says yes, all of them are meant. `gone` rows were taken out of the file before: a run that read
    them counts more repetitions than the file has now. Raises ValueError as `read_rows` does.
    """
    size = max((base_dir / source.path).stat().st_size, source.max_row_bytes)
    whole = replace(source, limit=None, max_bad_fraction=1.0, max_row_bytes=size)
    rows, unread = set[int](), set[int]()
    if is_asked is not None:
        firsts, unread = _first_ids(whole, base_dir, key)
        counts = Counter(firsts.values())
        asked = {first for first, num in counts.items() if is_asked(repetitions(key, first, num + gone))}
        rows |= {row for row, first in firsts.items() if first in asked}
    if subject is not None and source.subject is not None:
        for row, cell in _cells(whole, base_dir, key, source.subject):
            if cell is None:
                unread.add(row)
            elif subject_id(key, cell) == subject:
                rows.add(row)
    records = read_rows(whole, base_dir, key) if rows else ()
    ids = {each.record_id for each in records if isinstance(each, RawRecord) and each.row in rows}
    return FoundRows(frozenset(rows), frozenset(ids), len(unread))


def _first_ids(source: SourceSettings, base_dir: Path, key: bytes) -> tuple[dict[int, str], set[int]]:
    """Row -> the id of the first row that is alike; and the rows whose id cannot be read."""
    firsts, unread = dict[int, str](), set[int]()
    if source.id is not None:
        for row, cell in _cells(source, base_dir, key, source.id):
            if cell is None:
                unread.add(row)
            elif cell.strip():
                firsts[row] = record_id(key, cell)
        return firsts, unread
    for found in read_rows(source, base_dir, key):
        if isinstance(found, RawRecord):
            firsts[found.row] = content_id(key, found.fields)
        elif found.reason is not DropReason.MISSING_FIELD:
            unread.add(found.row)
    return firsts, unread


def _cells(
    source: SourceSettings, base_dir: Path, key: bytes, column: str
) -> Iterator[tuple[int, str | None]]:
    """Of one column, with the row's number; None for one that cannot be read, blank for an empty one."""
    alone = replace(source, id=None, subject=None, columns={}, fields={"cell": column})
    for found in read_rows(alone, base_dir, key):
        if isinstance(found, DroppedRow):
            yield found.row, "" if found.reason is DropReason.MISSING_FIELD else None
        else:
            yield found.row, found.fields["cell"]


def write_without(path: Path, kind: str, rows: Collection[int], target: Path) -> None:
    """The new file `target` (mode 0600), on the disk when this returns, is `path` without these rows.

    `kind` is csv, jsonl or parquet. Raises ValueError where it cannot be.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        if kind == "parquet":
            _write_parquet(path, rows, out)
        else:
            _write_lines(path, kind == "csv", rows, out)
        out.flush()
        os.fsync(out.fileno())


def _write_lines(path: Path, is_csv: bool, rows: Collection[int], out: BinaryIO) -> None:
    """Byte for byte, but for the rows."""
    source = SourceSettings(path=path.name, fields={"any": "any"}, max_row_bytes=path.stat().st_size + 1)
    with path.open("rb") as file:
        after_mark = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
        file.seek(0)
        for number, place in enumerate(read_lines.places(path, source, is_csv=is_csv), 1):
            if number in rows:
                if place is None:
                    raise ValueError(f"{path}: where row {number} begins and ends cannot be told")
                _copy(file, out, max(place[0], after_mark))
                file.seek(place[1])
        _copy(file, out, path.stat().st_size)


def _copy(file: BinaryIO, out: BinaryIO, end: int) -> None:
    """From where the file stands up to a byte."""
    while (left := end - file.tell()) > 0:
        out.write(file.read(min(left, _COPIED_BYTES)))


def _write_parquet(path: Path, rows: Collection[int], out: BinaryIO) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            # A column of a dictionary type brings the whole dictionary along, with values of rows that are gone: it is
            # written as plain values, and the file's own note on its types is kept, by which it is read as it was.
            plain = pa.schema([field.with_type(_plain(field.type)) for field in file.schema_arrow])
            before = 0
            with parquet.ParquetWriter(
                out, plain, compression=_compression(file.metadata), store_schema=False
            ) as new:
                for batch in file.iter_batches(batch_size=_GROUP_ROWS):
                    numbers = range(before + 1, before + 1 + batch.num_rows)
                    kept = pa.array([number not in rows for number in numbers], pa.bool_())
                    new.write_table(pa.Table.from_batches([batch]).cast(plain).filter(kept))
                    before += batch.num_rows
                new.add_key_value_metadata(file.metadata.metadata or {})
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: cannot be written again ({type(error).__name__})") from None


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without dictionaries, inside of others too."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_plain(kind.value_type)))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain(kind.value_type)))
    return kind


def _compression(metadata: Any) -> dict[str, str] | str:
    """Of each column, as the first group of rows has it."""
    if not metadata.num_row_groups:
        return "snappy"
    group = metadata.row_group(0)
    columns = (group.column(index) for index in range(group.num_columns))
    return {
        each.path_in_schema: "NONE" if each.compression == "UNCOMPRESSED" else each.compression
        for each in columns
    }
