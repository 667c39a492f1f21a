"""The officer's sample: fair in every prefix, read a record at a time, marked and scored as a run would."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from privacy import review
from privacy.gold import score_source
from privacy.ingest import read_row, read_rows, row_places, subject_id
from privacy.records import DropReason, RawRecord, Span
from privacy.scan import scanned_fields, scrub_records
from privacy.settings import FieldRule, SourceSettings
from tests.privacy.fakes import KEY, POLICY, RulesOnly, scrubber

SOURCE = SourceSettings(path="calls.csv", id="no", fields={"message": "text"})


def write_csv(folder: Path, rows: list[tuple[str, str]]) -> SourceSettings:
    lines = ["no,text,plan"] + [f'{no},"{text}",basic' for no, text in rows]
    (folder / "calls.csv").write_text("\n".join(lines) + "\n")
    return SOURCE


HARD = (
    b'\xef\xbb\xbfno,text,plan\n1,"two\nlines, one row",basic\n\n2,plain,basic\n3,one cell too few\n4,"a "" quote",basic\n'
    b'5,"never closed,basic\n6,after it,basic\n7,last without an end,basic'
)


def test_a_row_read_alone_is_the_row_read_in_its_turn(tmp_path: Path) -> None:
    """Quoted line breaks, blank lines, a byte order mark, broken rows and what stands after them."""
    (tmp_path / "calls.csv").write_bytes(HARD)
    source = replace(SOURCE, max_bad_fraction=1.0)
    rows = list(read_rows(source, tmp_path, KEY))
    places = list(row_places(source, tmp_path))
    assert len(places) == len(rows)
    placed = [(row, place) for row, place in zip(rows, places, strict=True) if place is not None]
    assert [row.row for row, _ in placed if isinstance(row, RawRecord)] == [1, 2, 4, 6, 7]
    for row, place in placed:
        assert read_row(source, tmp_path, KEY, row.row, place) == row


def test_json_lines_are_placed_and_binary_rows_are_found_by_number(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [{"no": number, "text": f"call {number}"} for number in range(700)]
    (tmp_path / "calls.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows) + "\nnot json\n")
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "calls.parquet", row_group_size=300)
    lines = replace(SOURCE, path="calls.jsonl")
    places = list(row_places(lines, tmp_path))
    binary = replace(SOURCE, path="calls.parquet")
    assert list(row_places(binary, tmp_path)) == [None] * 700
    for number in (1, 299, 300, 301, 556, 557, 700):
        in_turn = list(read_rows(binary, tmp_path, KEY))[number - 1]
        assert read_row(binary, tmp_path, KEY, number, None) == in_turn
        assert read_row(lines, tmp_path, KEY, number, places[number - 1]) == in_turn
    assert read_row(lines, tmp_path, KEY, 701, places[700]) is DropReason.BAD_SYNTAX
    with pytest.raises(ValueError, match="it has changed"):
        read_row(binary, tmp_path, KEY, 701, None)


def test_a_larger_sample_begins_with_the_smaller_and_another_seed_gives_another(tmp_path: Path) -> None:
    source = write_csv(tmp_path, [(f"c{n}", "word " * (1 + n % 40)) for n in range(400)])
    small, population = review.draw(source, tmp_path, KEY, 30, 0)
    large, _ = review.draw(source, tmp_path, KEY, 90, 0)
    assert population == 400
    assert large[:30] == small
    assert len({each.record_id for each in large}) == 90
    assert {each.row for each in review.draw(source, tmp_path, KEY, 30, 1)[0]} != {each.row for each in small}


def test_every_prefix_of_a_sample_is_a_proportional_one(tmp_path: Path) -> None:
    """By thirds of the file and by thirds of the length: no stratum is off by a record or so, at any size."""
    source = write_csv(tmp_path, [(f"c{n}", "x" * (1 + n * 37 % 300)) for n in range(900)])
    drawn, _ = review.draw(source, tmp_path, KEY, 180, 0)
    for size in (45, 90, 135, 180):
        thirds = [0, 0, 0]
        for each in drawn[:size]:
            thirds[(each.row - 1) * 3 // 900] += 1
        assert max(thirds) - min(thirds) <= 6, (size, thirds)


def test_a_row_whose_id_is_another_rows_too_is_not_drawn(tmp_path: Path) -> None:
    """Marks name records by id, and would be read as the first one's."""
    source = write_csv(tmp_path, [(f"c{n % 25}", f"call {n}") for n in range(100)])
    drawn, _ = review.draw(source, tmp_path, KEY, 80, 0)
    assert sorted(each.row for each in drawn) == list(range(1, 26))


def test_a_file_that_changed_is_not_shown(tmp_path: Path) -> None:
    source = write_csv(tmp_path, [(f"c{n}", "Jane Doe called") for n in range(5)])
    drawn, _ = review.draw(source, tmp_path, KEY, 5, 0)
    write_csv(tmp_path, [(f"d{n}", "Jane Doe called") for n in range(5)])
    with pytest.raises(ValueError, match="the file has changed") as told:
        review.show(source, tmp_path, KEY, drawn[0], ["message"])
    assert "Jane" not in str(told.value)


def test_a_shown_record_says_nothing_when_it_is_printed(tmp_path: Path) -> None:
    source = write_csv(tmp_path, [("c1", "Jane Doe called")])
    (drawn,), _ = review.draw(source, tmp_path, KEY, 5, 0)
    shown = review.show(source, tmp_path, KEY, drawn, ["message"])
    assert shown.fields == {"message": "Jane Doe called"}
    assert "Jane" not in repr(shown)
    assert "Jane" not in repr(drawn)


def test_only_fields_of_which_text_is_scanned_are_shown() -> None:
    record = RawRecord("0" * 16, 1, {"message": "hello", "caller": "Jane", "plan": "basic", "answer": "yes"})
    rules = {
        "caller": FieldRule("typed", entity_type="PERSON"),
        "plan": FieldRule("closed", frozenset({"basic"})),
        "answer": FieldRule("json", frozenset({"yes"})),
    }
    assert scanned_fields(record, rules) == ("message",)


def test_marks_score_as_the_run_that_reads_them_does(tmp_path: Path) -> None:
    """The console's figures and the gate's are the same, and nobody but the owner reads the file of marks."""
    rows = [(f"c{n}", f"mail {n}.x@example.com or ask Zyx{n} there") for n in range(12)]
    source = write_csv(tmp_path, rows)
    drawn, _ = review.draw(source, tmp_path, KEY, 8, 0)
    reviewed, predicted = [], {}
    for each in drawn:
        record = read_row(source, tmp_path, KEY, each.row, each.place)
        assert isinstance(record, RawRecord)
        (outcome,) = scrub_records(scrubber(RulesOnly()), [record])
        text = record.fields["message"]
        name = text.index("Zyx")
        end = text.index(" there")
        mail = Span(5, text.index(" or"), "EMAIL_ADDRESS", 1.0, "officer")
        marks = {"message": (mail, Span(name, end, "PERSON", 1.0, "officer"))}
        scanned = review.Scanned(("message",), outcome.spans)  # type: ignore[union-attr]
        reviewed.append((each, scanned, marks))
        predicted[(each.record_id, "message")] = scanned.spans["message"]  # type: ignore[index]
    told = review.score(source, tmp_path, KEY, reviewed, ("PERSON",))
    assert told.recall.n == 8
    assert told.recall.value == 1.0
    told = review.score(source, tmp_path, KEY, reviewed, ())
    assert told.leaks.leaking == 8
    path = tmp_path / "gold.jsonl"
    count = review.write_marks(
        path, source, tmp_path, KEY, [(each, scanned.fields, marks) for each, scanned, marks in reviewed]
    )
    assert count == 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told == score_source(source, tmp_path, KEY, path, predicted, ())


def test_marks_of_a_file_without_ids_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    source = replace(write_csv(tmp_path, [("c1", "hello")]), id=None)
    drawn, _ = review.draw(source, tmp_path, KEY, 1, 0)
    with pytest.raises(ValueError, match="choose the id column"):
        review.write_marks(tmp_path / "gold.jsonl", source, tmp_path, KEY, [(drawn[0], ("message",), {})])
    with pytest.raises(ValueError, match="has changed"):
        review.write_marks(
            tmp_path / "gold.jsonl",
            SOURCE,
            tmp_path,
            KEY,
            [(replace(drawn[0], record_id="0" * 16), ("message",), {})],
        )
    assert [path.name for path in tmp_path.iterdir()] == ["calls.csv"]


def test_what_was_dropped_is_not_scored(tmp_path: Path) -> None:
    source = write_csv(tmp_path, [("c1", "Jane Doe called")])
    (drawn,), _ = review.draw(source, tmp_path, KEY, 5, 0)
    marks = {"message": (Span(0, 8, "PERSON", 1.0, "officer"),)}
    told = review.score(source, tmp_path, KEY, [(drawn, review.Scanned(("message",), None), marks)], ())
    assert told.recall.value is None
    assert POLICY.min_recall == 0.9


def test_what_was_erased_is_neither_drawn_nor_shown(tmp_path: Path) -> None:
    write_csv(tmp_path, [(f"c{n}", f"call {n}") for n in range(40)])
    source = replace(SOURCE, subject="plan")  # one subject for all
    drawn, population = review.draw(source, tmp_path, KEY, 40, 0)
    gone = drawn[3]
    others, left = review.draw(source, tmp_path, KEY, 40, 0, frozenset([gone.record_id]))
    assert (population, left) == (40, 39)
    assert {each.record_id for each in drawn} - {each.record_id for each in others} == {gone.record_id}
    with pytest.raises(ValueError, match="was erased since it was drawn"):
        review.show(source, tmp_path, KEY, gone, ["message"], frozenset([gone.record_id]))
    assert review.show(source, tmp_path, KEY, others[0], ["message"], frozenset([gone.record_id])).fields
    whose = subject_id(KEY, "basic")
    assert whose is not None
    assert review.draw(source, tmp_path, KEY, 40, 0, frozenset([whose])) == ([], 0)
