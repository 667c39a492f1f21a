"""A file of records is written again without some rows: those are gone to the byte, and all else is as it was."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from privacy.ingest import record_id, record_ids, repetitions, subject_id
from privacy.settings import SourceSettings
from privacy.take_out import FoundRows, find, write_without

KEY = b"k" * 32
SOURCE = SourceSettings(path="x", id="no", subject="who", fields={"message": "text"})


def by_value(value: str) -> Any:
    asked = record_ids(KEY, value)
    return lambda ids: not asked.isdisjoint(ids)


def found(
    path: Path, asked: Any = None, subject: str | None = None, gone: int = 0, **changed: Any
) -> FoundRows:
    source = SourceSettings(
        path=path.name,
        **{"id": "no", "subject": "who", "fields": {"message": "text"}, **changed},
    )
    hashed = None if subject is None else subject_id(KEY, subject)
    return find(source, path.parent, KEY, asked, hashed, gone)


CSV = (
    "\ufeffno,who,text\r\n1,P1,\"a, with\nZeugma\"\r\n\r\n2,P2,\"b \"\"quoted\"\"\"\r\n3,P1,Zeugma\r\n2,P3,again\r\n4,P1,\r\n5,,nobody"
)  # fmt: skip


def test_rows_are_found_by_id_by_person_and_where_a_run_would_drop_them(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(CSV, encoding="utf-8", newline="")
    assert found(path, subject="P1").rows == {1, 3, 5}, "row 5 says nothing, and is a person's all the same"
    assert found(path, subject="P1").ids == {record_id(KEY, "1"), record_id(KEY, "3")}
    assert found(path, by_value("2")).rows == {2, 4}, "a repeated id is one record"
    assert found(path, by_value("2")).ids == set(repetitions(KEY, record_id(KEY, "2"), 2))
    assert found(path, by_value("4")).rows == {5} and found(path, by_value("9")).rows == frozenset()
    assert found(path, subject="P9").rows == frozenset()


def test_without_an_id_column_rows_that_say_the_same_are_one_record(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("who,text\nP1,hello\nP2,other\nP3,hello\n")
    ids = [each.record_id for each in _records(path)]
    for asked in (ids[0], ids[2]):
        assert found(path, lambda known, asked=asked: asked in known, id=None).rows == {1, 3}
    path.write_text("who,text\nP2,other\nP3,hello\n")
    assert found(path, lambda known: ids[2] in known, id=None).rows == frozenset()
    assert found(path, lambda known: ids[2] in known, id=None, gone=1).rows == {2}, (
        "as the runs count that read the file when it had one row more"
    )


def _records(path: Path) -> list[Any]:
    from privacy.ingest import read_rows

    source = SourceSettings(path=path.name, fields={"message": "text"})
    return list(read_rows(source, path.parent, KEY))


def test_a_row_too_long_for_a_run_is_searched_and_one_that_is_none_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    rows = [{"no": "1", "who": "P1", "text": "x" * 70_000}, {"no": "2", "who": "P2", "text": "y"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"no": "3", "who"\n')
    assert found(path, subject="P1") == FoundRows(frozenset({1}), frozenset({record_id(KEY, "1")}), 1)


def test_a_table_of_duckdb_is_searched_too(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "r.duckdb")) as connection:
        connection.execute("CREATE TABLE calls (no INTEGER, who VARCHAR, text VARCHAR)")
        connection.execute("INSERT INTO calls VALUES (1, 'P1', 'a'), (2, 'P2', 'b'), (3, 'P1', NULL)")
    path = tmp_path / "r.duckdb"
    assert found(path, subject="P1", table="calls").rows == {1, 3}
    assert found(path, by_value("2"), table="calls").rows == {2}


def test_a_csv_file_loses_the_rows_and_not_another_byte(tmp_path: Path) -> None:
    path, new = tmp_path / "r.csv", tmp_path / "new"
    path.write_text(CSV, encoding="utf-8", newline="")
    write_without(path, "csv", {1, 3, 5}, new)
    assert new.read_bytes().decode() == (
        "\ufeffno,who,text\r\n\r\n2,P2,\"b \"\"quoted\"\"\"\r\n2,P3,again\r\n5,,nobody"
    )  # fmt: skip
    assert [row[0] for row in csv.reader(io.StringIO(new.read_text("utf-8-sig"))) if row] == [
        "no",
        "2",
        "2",
        "5",
    ]
    assert new.stat().st_mode & 0o777 == 0o600
    write_without(path, "csv", {6}, new)
    assert new.read_bytes() == path.read_bytes().removesuffix(b"5,,nobody")
    write_without(path, "csv", set(range(1, 7)), new)
    assert new.read_bytes().decode().strip() == "\ufeffno,who,text"


def test_json_lines_keep_the_bytes_of_every_other_line(tmp_path: Path) -> None:
    path, new = tmp_path / "r.jsonl", tmp_path / "new"
    lines = [b'\xef\xbb\xbf{"no": 1}\n', b"\n", b'{ "no":2, "x": null}\r\n', b'{"no": 3.50}']
    path.write_bytes(b"".join(lines))
    write_without(path, "jsonl", {2}, new)
    assert new.read_bytes() == lines[0] + lines[1] + lines[3]
    write_without(path, "jsonl", {1, 3}, new)
    assert new.read_bytes() == b"\xef\xbb\xbf" + lines[1] + lines[2], "the mark of the encoding is nobody's"


def test_a_parquet_file_keeps_columns_types_and_notes_and_no_dictionary_keeps_a_value(tmp_path: Path) -> None:
    path, new = tmp_path / "r.parquet", tmp_path / "new"
    queue = pa.array(["billing", "Zeugma-queue", "billing"]).dictionary_encode()
    deep = pa.array([{"k": ["a"]}, {"k": ["Zeugma-deep"]}, None])
    schema = pa.schema(
        [
            pa.field("no", pa.int16(), nullable=False),
            pa.field("text", pa.large_string(), metadata={b"about": b"this column"}),
            pa.field("queue", queue.type),
            pa.field("deep", deep.type),
            pa.field("at", pa.timestamp("us", "UTC")),
        ],
        metadata={b"made by": b"somebody"},
    )
    table = pa.table(
        [pa.array([1, 2, 3], pa.int16()), ["a", "Zeugma-text", "c"], queue, deep, [1, 2, 3]], schema
    )
    parquet.write_table(table, path, compression={"no": "none", "text": "zstd", "queue": "gzip", "deep": "snappy", "at": "zstd"})  # fmt: skip
    assert b"Zeugma-queue" in path.read_bytes() or path.stat().st_size
    write_without(path, "parquet", {2}, new)
    kept = parquet.read_table(new)
    assert kept.schema.equals(parquet.read_table(path).schema, check_metadata=True)
    assert kept.to_pylist() == [table.to_pylist()[0], table.to_pylist()[2]]
    assert b"Zeugma" not in _inflated(new)
    before, after = (parquet.read_metadata(each).row_group(0) for each in (path, new))
    assert [after.column(each).compression for each in range(5)] == [
        before.column(each).compression for each in range(5)
    ]


def _inflated(path: Path) -> bytes:
    """All values that the file's pages hold, the dictionaries' unused ones too."""
    with parquet.ParquetFile(path) as file:
        raw = path.read_bytes()
        for column in file.schema_arrow.names:
            for batch in file.iter_batches(columns=[column]):
                values = batch.column(0)
                if pa.types.is_dictionary(values.type):
                    raw += "".join(values.dictionary.to_pylist()).encode()
    return raw


def test_a_parquet_file_of_many_groups_loses_the_right_rows(tmp_path: Path) -> None:
    path, new = tmp_path / "r.parquet", tmp_path / "new"
    parquet.write_table(pa.table({"no": list(range(1, 200_001))}), path, row_group_size=70_000)
    gone = {1, 65_536, 65_537, 70_000, 70_001, 200_000}
    write_without(path, "parquet", gone, new)
    assert parquet.read_table(new)["no"].to_pylist() == [n for n in range(1, 200_001) if n not in gone]


def test_what_cannot_be_written_again_is_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "r.parquet").write_bytes(b"PAR1 Zeugma PAR1")
    with pytest.raises(ValueError, match="cannot be written again") as told:
        write_without(tmp_path / "r.parquet", "parquet", {1}, tmp_path / "new")
    assert "Zeugma" not in str(told.value)
