"""Rows come in whole or are counted with a reason; whatever a row holds, the next one is read."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.ingest import count_rows, read_rows, record_id
from privacy.records import DroppedRow, DropReason, RawRecord
from privacy.settings import SourceSettings
from tests.privacy.fakes import KEY

SECRET = "SECRET-CONTENT"


def source(path: str, **more: object) -> SourceSettings:
    settings: dict[str, object] = {
        "fields": {"message": "text", "intent": "label"},
        "max_bad_fraction": 1.0,
        **more,
    }
    return SourceSettings(path=path, **settings)  # type: ignore[arg-type]


def read(tmp_path: Path, name: str, content: bytes, **more: object) -> list[RawRecord | DroppedRow]:
    (tmp_path / name).write_bytes(content)
    return list(read_rows(source(name, **more), tmp_path, KEY))


def outcomes(rows: list[RawRecord | DroppedRow]) -> list[str]:
    return [row.fields["message"] if isinstance(row, RawRecord) else row.reason.value for row in rows]


CSV_ROWS = [
    (b"hello,a\n", ["hello"]),
    (b'"two\nlines, ""quoted""",a\n', ['two\nlines, "quoted"']),
    (b"one cell\n", ["bad-syntax"]),
    (b"three,a,b\n", ["bad-syntax"]),
    (b"bad \xff byte,a\n", ["bad-encoding"]),
    (b'"bad \xff byte\nin two lines",a\n', ["bad-encoding"]),
    (b",a\n", ["missing-field"]),
    (b"  ,a\n", ["missing-field"]),
    (b'stray " quote,a\n', ['stray " quote']),
    (b'"open quote,a\n', ["bad-syntax"]),
    (b'"closed" too early,a\n', ["bad-syntax"]),
    (b"x" * 300 + b",a\n", ["too-long"]),
    (b"\n", []),
    (b"crlf,a\r\n", ["crlf"]),
    (b"z\xc3\xbcrich,a\n", ["z\u00fcrich"]),
]


@pytest.mark.parametrize(("row", "expected"), CSV_ROWS)
def test_a_csv_row_is_read_or_counted_and_the_next_ones_are_read(
    tmp_path: Path, row: bytes, expected: list[str]
) -> None:
    rows = read(tmp_path, "in.csv", b"text,label\nfirst,a\n" + row + b"next,b\nlast,b\n", max_row_bytes=200)
    assert outcomes(rows) == ["first", *expected, "next", "last"]
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))


def test_a_csv_with_every_kind_of_bad_row_loses_no_good_one(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "in.csv",
        b"\xef\xbb\xbftext,label\n" + b"".join(r for r, _ in CSV_ROWS) + b"end,b",
        max_row_bytes=200,
    )
    assert outcomes(rows) == [outcome for _, expected in CSV_ROWS for outcome in expected] + ["end"]


JSON_ROWS = [
    (b'{"text": "hello", "label": "a", "more": 1}\n', ["hello"]),
    (b'{"text": 12.5, "label": true}\n', ["12.5"]),
    (b'{"text": {"b": 1, "a": ["\xc3\xbc"]}, "label": "a"}\n', ['{"a": ["\u00fc"], "b": 1}']),
    (b'{"text": "cut off\n', ["bad-syntax"]),
    (b"[1, 2]\n", ["bad-syntax"]),
    (b'"text"\n', ["bad-syntax"]),
    (b"[" * 180 + b"\n", ["bad-syntax"]),
    (b'{"text": "\xff", "label": "a"}\n', ["bad-encoding"]),
    (b'{"text": "\\ud800", "label": "a"}\n', ["bad-encoding"]),
    (b'{"text": null, "label": "a"}\n', ["missing-field"]),
    (b'{"label": "a"}\n', ["missing-field"]),
    (b'{"text": "' + b"x" * 300 + b'", "label": "a"}\n', ["too-long"]),
    (b"\n", []),
]


@pytest.mark.parametrize(("row", "expected"), JSON_ROWS)
def test_a_json_line_is_read_or_counted_and_the_next_one_is_read(
    tmp_path: Path, row: bytes, expected: list[str]
) -> None:
    rows = read(tmp_path, "in.jsonl", row + b'{"text": "next", "label": "b"}', max_row_bytes=200)
    assert outcomes(rows) == [*expected, "next"]


def test_parquet_rows_are_read_or_counted(tmp_path: Path) -> None:
    not_utf8 = pa.Array.from_buffers(
        pa.string(), 5, pa.array([b"ok", b"\xff", None, b"x" * 300, b"end"]).buffers()
    )
    pq.write_table(
        pa.table({"text": not_utf8, "label": [1, 2, 3, 4, 5], "other": [0] * 5}), tmp_path / "in.parquet"
    )
    rows = list(read_rows(source("in.parquet", max_row_bytes=200), tmp_path, KEY))
    assert outcomes(rows) == ["ok", "bad-encoding", "missing-field", "too-long", "end"]
    assert isinstance(rows[0], RawRecord) and rows[0].fields["intent"] == "1"
    assert count_rows(source("in.parquet"), tmp_path) == 5


def test_a_duckdb_table_is_read_in_its_order_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "in.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE \"odd \"\"name\" AS SELECT i AS id, 'm' || i AS text, DATE '2024-01-02' AS label FROM range(600) t(i)"
        )
        connection.execute('INSERT INTO "odd ""name" VALUES (600, NULL, NULL)')
    before = path.read_bytes()
    settings = source("in.duckdb", table='odd "name', id="id")
    rows = list(read_rows(settings, tmp_path, KEY))
    assert outcomes(rows) == [f"m{i}" for i in range(600)] + ["missing-field"]
    assert (
        isinstance(rows[7], RawRecord)
        and rows[7].record_id == record_id(KEY, "7")
        and rows[7].fields["intent"] == "2024-01-02"
    )
    assert count_rows(settings, tmp_path) == 601 and path.read_bytes() == before


def test_a_view_in_a_strangers_database_cannot_read_other_files(tmp_path: Path) -> None:
    (tmp_path / "private.csv").write_text(f"text,label\n{SECRET},a\n")
    with duckdb.connect(str(tmp_path / "in.duckdb")) as connection:
        connection.execute(f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path / 'private.csv'}')")
    with pytest.raises(ValueError, match="DuckDB cannot read it"):
        list(read_rows(source("in.duckdb", table="v"), tmp_path, KEY))


def test_ids_are_stable_keyed_and_unique(tmp_path: Path) -> None:
    content = b"text,label,ref\nsame,a,1\nsame,a,2\nother,a,2\n"
    by_content = [row.record_id for row in read(tmp_path, "in.csv", content) if isinstance(row, RawRecord)]
    by_column = [
        row.record_id for row in read(tmp_path, "in.csv", content, id="ref") if isinstance(row, RawRecord)
    ]
    assert by_content == [
        row.record_id for row in read(tmp_path, "in.csv", content) if isinstance(row, RawRecord)
    ]
    assert len(set(by_content)) == len(set(by_column)) == 3
    assert by_column[:2] == [record_id(KEY, "1"), record_id(KEY, "2")]
    assert record_id(KEY, "1") != record_id(b"another key", "1")
    assert all(len(identifier) == 16 and int(identifier, 16) >= 0 for identifier in by_content + by_column)


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    assert outcomes(read(tmp_path, "in.csv", b"text,label\na,x\nb\nc,x\nd,x\n", limit=3)) == [
        "a",
        "bad-syntax",
        "c",
    ]


def test_a_gigantic_line_is_never_held_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "in.jsonl").open("wb") as file:
        for _ in range(64):
            file.write(b"x" * (1 << 20))
        file.write(b'\n{"text": "next", "label": "b"}\n')
    tracemalloc.start()
    rows = list(read_rows(source("in.jsonl"), tmp_path, KEY))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcomes(rows) == ["too-long", "next"] and peak < 8 << 20


MISTAKES = [
    ("none.csv", None, {}, "no such file"),
    ("in.txt", b"x", {}, "format unknown"),
    ("in.csv", b"text,other\n", {}, "no column 'label'"),
    ("in.csv", b"", {}, "no readable header"),
    ("in.duckdb", b"x", {}, "needs 'table'"),
    ("in.duckdb", SECRET.encode() * 2000, {"table": "t"}, "DuckDB cannot read"),
    ("in.parquet", SECRET.encode() * 9, {}, "not a readable Parquet"),
    (
        "in.csv",
        b"text,label\n" + SECRET.encode() + b"\n",
        {"max_bad_fraction": 0.5},
        "1 of the first 1 rows are unreadable",
    ),
]


@pytest.mark.parametrize(("name", "content", "more", "said"), MISTAKES)
def test_a_mistake_gets_one_line_without_content(
    tmp_path: Path, name: str, content: bytes | None, more: dict[str, object], said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        list(read_rows(source(name, **more), tmp_path, KEY))
    assert (
        "\n" not in str(caught.value) and SECRET not in str(caught.value) and caught.value.__cause__ is None
    )


def test_unknown_tables_and_columns_are_named(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "in.duckdb")) as connection:
        connection.execute("CREATE TABLE letters (text VARCHAR)")
    with pytest.raises(ValueError, match=r"no table 'leters'; the file has main.letters"):
        list(read_rows(source("in.duckdb", table="leters"), tmp_path, KEY))
    with pytest.raises(ValueError, match="no column 'label'; it has 'text'"):
        list(read_rows(source("in.duckdb", table="letters"), tmp_path, KEY))


def test_counting_is_cheap_and_close(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"text,label\na,b\nc,d")
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": "a"}) + "\n" for _ in range(5)))
    assert count_rows(source("in.csv"), tmp_path) == 2
    assert count_rows(source("in.jsonl"), tmp_path) == 5
    assert count_rows(source("in.jsonl", limit=3), tmp_path) == 3
    assert DropReason.NOT_IN_CLOSED_SET == "not-in-closed-set"


def test_the_records_of_a_person_share_a_keyed_id_that_does_not_show_the_person(tmp_path: Path) -> None:
    content = b"text,label,customer\na,x,C-17\nb,x,C-18\nc,x, C-17 \nd,x,\n"
    rows = read(tmp_path, "rows.csv", content, subject="customer")
    ids = [row.subject_id for row in rows if isinstance(row, RawRecord)]
    assert ids[0] == ids[2] != ids[1] and ids[3] is None and len(ids) == 4
    assert all(each is None or (len(each) == 16 and int(each, 16) >= 0) for each in ids)
    other_key = list(read_rows(source("rows.csv", subject="customer"), tmp_path, bytes(32)))
    assert isinstance(other_key[0], RawRecord) and other_key[0].subject_id != ids[0]
    assert ids[0] != record_id(KEY, "C-17"), "a person's id is not the id of a record with the same name"
    without = read(tmp_path, "rows.csv", content)
    assert [row.subject_id for row in without if isinstance(row, RawRecord)] == [None] * 4
