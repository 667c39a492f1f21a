"""Reads Parquet files and tables of DuckDB files, some rows at a time.

Covered: any column type that has a text form; DuckDB files are opened to read only, without access to
anything beside them. Not covered: encrypted files. A file damaged in the middle stops the run, since
nothing says where its rows begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy.records import DropReason
from privacy.settings import SourceSettings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_ROWS = 256


def read_parquet(
    path: Path, source: SourceSettings, columns: list[str]
) -> Iterator[Mapping[str, Any] | DropReason]:
    """The named columns, row by row. Raises ValueError for a missing column or a damaged file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _require(path, columns, file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                for index in range(batch.num_rows):
                    yield _parquet_row(batch, index)
    except (pa.ArrowException, OSError) as error:
        # The library's own message may quote the file's content.
        raise ValueError(f"{path}: not a readable Parquet file ({type(error).__name__})") from None


def _parquet_row(batch: Any, index: int) -> Mapping[str, Any] | DropReason:
    try:
        return {name: batch.column(name)[index].as_py() for name in batch.schema.names}
    except UnicodeDecodeError:
        return DropReason.BAD_ENCODING
    except (ValueError, OverflowError):
        # A timestamp outside what Python can hold, for instance.
        return DropReason.BAD_SYNTAX


def read_parquet_row(path: Path, columns: list[str], row: int) -> Mapping[str, Any] | DropReason:
    """One row by its number from 1, reading only the group it lies in. Raises ValueError as `read_parquet` does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _require(path, columns, file.schema_arrow.names)
            before = 0
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                if row <= before + size:
                    for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns):
                        if row <= before + batch.num_rows:
                            return _parquet_row(batch, row - before - 1)
                        before += batch.num_rows
                before += size
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a readable Parquet file ({type(error).__name__})") from None
    raise ValueError(f"{path}: there is no row {row}: it has changed")


def parquet_columns(path: Path) -> list[str]:
    """The names of the columns, in their order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a readable Parquet file ({type(error).__name__})") from None


def count_parquet(path: Path) -> int:
    """Rows as the file's footer says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a readable Parquet file ({type(error).__name__})") from None


def read_duckdb(
    path: Path, source: SourceSettings, columns: list[str]
) -> Iterator[Mapping[str, Any] | DropReason]:
    """The named columns in the table's own order. Raises ValueError for an unknown table or column."""
    with _open(path) as connection:
        table, names = _table(connection, path, source.table or "")
        _require(path, columns, names)
        cursor = connection.execute(f"SELECT {', '.join(map(_quote, columns))} FROM {table}")
        while rows := cursor.fetchmany(_BATCH_ROWS):
            for row in rows:
                yield dict(zip(columns, row, strict=True))


def read_duckdb_row(
    path: Path, source: SourceSettings, columns: list[str], row: int
) -> Mapping[str, Any] | DropReason:
    """One row by its number from 1 in the table's own order. Raises ValueError as `read_duckdb` does."""
    with _open(path) as connection:
        table, names = _table(connection, path, source.table or "")
        _require(path, columns, names)
        found = connection.execute(
            f"SELECT {', '.join(map(_quote, columns))} FROM {table} LIMIT 1 OFFSET ?", [row - 1]
        ).fetchone()
        if found is None:
            raise ValueError(f"{path}: there is no row {row}: it has changed")
        return dict(zip(columns, found, strict=True))


def duckdb_columns(path: Path, source: SourceSettings) -> list[str]:
    """The names of the table's columns, in their order."""
    with _open(path) as connection:
        return _table(connection, path, source.table or "")[1]


def count_duckdb(path: Path, source: SourceSettings) -> int:
    """Rows in the table."""
    with _open(path) as connection:
        table, _ = _table(connection, path, source.table or "")
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _open(path: Path) -> Iterator[DuckDBPyConnection]:
    import duckdb

    try:
        # A view in a stranger's file must not read other files of this machine.
        with duckdb.connect(
            str(path), read_only=True, config={"enable_external_access": "false"}
        ) as connection:
            yield connection
    except duckdb.Error as error:
        # The library's own message may quote a value.
        raise ValueError(
            f"{path}: DuckDB cannot read it ({type(error).__name__}); is it a DuckDB file, and not open elsewhere for writing?"
        ) from None


def _table(connection: DuckDBPyConnection, path: Path, wanted: str) -> tuple[str, list[str]]:
    """The table's quoted name and its columns."""
    schema, _, name = wanted.rpartition(".")
    rows = connection.execute(
        "SELECT table_schema, column_name FROM information_schema.columns WHERE table_name = ? AND (? = '' OR table_schema = ?)"
        " AND table_catalog = current_database() ORDER BY table_schema, ordinal_position",
        [name, schema, schema],
    ).fetchall()
    schemas = sorted({row[0] for row in rows})
    if len(schemas) != 1:
        known = connection.execute(
            "SELECT DISTINCT table_schema || '.' || table_name FROM information_schema.tables"
            " WHERE table_catalog = current_database() ORDER BY 1 LIMIT 20"
        ).fetchall()
        what = "no table" if not schemas else "more than one table"
        raise ValueError(
            f"{path}: {what} {wanted!r}; the file has {', '.join(row[0] for row in known) or 'none'}"
        )
    return f"{_quote(schemas[0])}.{_quote(name)}", [row[1] for row in rows]


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _require(path: Path, columns: list[str], present: list[str]) -> None:
    missing = [column for column in columns if column not in present]
    if missing:
        raise ValueError(
            f"{path}: no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, present))[:500]}"
        )
