"""What a column holds is guessed from whole cells, then from its name; free text is left to the scanner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from privacy.columns import ColumnGuess, guess_column, guess_columns
from privacy.ingest import column_names
from privacy.records import Span
from privacy.settings import SourceSettings
from tests.privacy.fakes import RulesOnly

HEADER = "mailbox,cust_no,note,empty"
ROWS = [
    f"u{number}@corp.com,77{number},see u{number}@corp.com about the long story of it all,"
    for number in range(20)
]


class Blind(RulesOnly):
    """Finds nothing."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [()] * len(texts)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    return tmp_path


def test_a_column_of_whole_values_has_their_type_and_free_text_has_none(table: Path) -> None:
    source = SourceSettings(path="t.csv", fields={"any": "thing"})
    guesses = {guess.column: guess for guess in guess_columns(source, table, RulesOnly(), sample=10)}
    assert list(guesses) == HEADER.split(",")
    assert guesses["mailbox"] == ColumnGuess("mailbox", "EMAIL_ADDRESS", 1.0, 10)
    assert guesses["note"] == ColumnGuess("note", None, None, 10)
    assert guesses["empty"] == ColumnGuess("empty", None, None, 0)
    assert "u1@" not in repr(guesses)


@pytest.mark.parametrize(
    ("header", "entity_type"),
    [
        ("Last Name", "PERSON"),
        ("last_name", "PERSON"),
        ("lastName", "PERSON"),
        ("PLZ", "POSTCODE"),
        ("colour", None),
    ],
)
def test_a_header_decides_where_the_cells_do_not(header: str, entity_type: str | None) -> None:
    assert guess_column(header, ["qwx", "zzy"], Blind()) == ColumnGuess(header, entity_type, None, 2)


def test_a_header_does_not_make_values_of_long_texts() -> None:
    assert (
        guess_column("contact", ["it rained for a week and then some more"] * 2, RulesOnly()).entity_type
        is None
    )


def test_a_minority_of_whole_values_is_no_type() -> None:
    cells = ["a@corp.com", "blue", "green", "red"]
    assert guess_column("x", cells, RulesOnly()) == ColumnGuess("x", None, None, 4)


def test_column_names_are_those_of_the_file_whatever_its_format(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("b,a\n1,2\n")
    (tmp_path / "t.jsonl").write_text('{"b": 1}\n{broken\n{"b": 1, "a": 2}\n[3]\n')
    parquet.write_table(pa.table({"b": [1], "a": [2]}), tmp_path / "t.parquet")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TABLE t (b INTEGER, a INTEGER)")
    for name in ("t.csv", "t.jsonl", "t.parquet", "t.duckdb"):
        table = "t" if name == "t.duckdb" else None
        assert column_names(SourceSettings(path=name, table=table, fields={"x": "y"}), tmp_path) == ["b", "a"]
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(ValueError, match="not a readable Parquet file"):
        column_names(SourceSettings(path="bad.parquet", fields={"x": "y"}), tmp_path)
