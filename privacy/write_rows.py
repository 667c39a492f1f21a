"""Writes rows of text to new CSV, JSON lines or Parquet files that appear whole, at the end, or not at all.

Covered: a stop at any moment, or a full disk, leaves the earlier files, or none; files are readable by their owner only.
Not covered: column types (all is text), and formulas, which a spreadsheet may read into a CSV cell that starts with `=`.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

FORMATS = (".csv", ".jsonl", ".ndjson", ".parquet", ".pq")

Write = Callable[[Mapping[str, Any]], object]
"""Writes a row, given by column."""

# Rows a row group of Parquet.
_GROUP_ROWS = 4096


@contextmanager
def new_files(*wanted: tuple[Path | None, Sequence[str]]) -> Iterator[list[Write]]:
    """A `Write` for each path with its columns; the format goes by the suffix, None writes nothing.

    Once the block has ended all files are flushed to the disk, and only then take their names. If anything is raised,
    none does.
    """
    with ExitStack() as cleanup:
        names = {
            path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path, _ in wanted if path is not None
        }
        for temporary in names.values():
            cleanup.callback(temporary.unlink, missing_ok=True)
        with ExitStack() as files:
            yield [
                _nowhere if path is None else files.enter_context(_new_file(path, names[path], columns))
                for path, columns in wanted
            ]
        for path, temporary in names.items():
            temporary.rename(path)


@contextmanager
def _new_file(path: Path, temporary: Path, columns: Sequence[str]) -> Iterator[Write]:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with _format(path.suffix.lower())(file, columns) as write:
            yield write
        file.flush()
        os.fsync(descriptor)


def _format(suffix: str) -> Callable[[BinaryIO, Sequence[str]], AbstractContextManager[Write]]:
    assert suffix in FORMATS
    if suffix == ".csv":
        return _csv
    return _parquet if suffix in (".parquet", ".pq") else _lines


def _nowhere(_row: Mapping[str, Any]) -> None:
    pass


@contextmanager
def _lines(file: BinaryIO, _columns: Sequence[str]) -> Iterator[Write]:
    yield lambda row: file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


@contextmanager
def _csv(file: BinaryIO, columns: Sequence[str]) -> Iterator[Write]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        rows = csv.DictWriter(text, columns)
        rows.writeheader()
        yield rows.writerow
    finally:
        text.detach()  # the file below is closed by who opened it


@contextmanager
def _parquet(file: BinaryIO, columns: Sequence[str]) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column, pa.string()) for column in columns])
    waiting: list[Mapping[str, Any]] = []

    def flush() -> None:
        table.write_table(pa.Table.from_pylist(waiting, schema=schema))
        waiting.clear()

    def write(row: Mapping[str, Any]) -> None:
        waiting.append(row)
        if len(waiting) >= _GROUP_ROWS:
            flush()

    with parquet.ParquetWriter(file, schema) as table:
        yield write
        flush()
