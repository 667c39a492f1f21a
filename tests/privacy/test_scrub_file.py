"""One file into another: every row accounted for, nothing unscanned written, all of it or nothing."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from privacy.ingest import read_rows, record_id
from privacy.records import DroppedRow, RawRecord, ScrubbedRecord
from privacy.scan import Outcome, scrub_records
from privacy.scrub import ScrubbedChunk
from privacy.scrub_file import Outputs, Summary, scrub_file
from privacy.settings import SourceSettings
from tests.privacy.fakes import KEY, Raising, scrubber

ROWS = [
    {"id": "a-1", "text": "mail ann@corp.example today", "note": "fine", "secret": "UNSEEN"},
    {"id": "a-2", "text": "BOOM bob@corp.example", "note": "fine", "secret": "UNSEEN"},
    {"id": "a-3", "text": "nothing here, déjà vu", "note": "write to eve@corp.example", "secret": "UNSEEN"},
]
CHUNK = 2


def write(path: Path, rows: list[dict[str, str]] = ROWS) -> Path:
    match path.suffix:
        case ".csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        case ".parquet":
            parquet.write_table(pa.Table.from_pylist(rows), path)
        case _:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def chunks_of(source: SourceSettings) -> Iterator[ScrubbedChunk]:
    """As `privacy.scrub.scrub_source` makes them, by rules only."""
    rows = read_rows(source, Path(), KEY)
    for index in count():
        if not (taken := list(islice(rows, CHUNK))):
            return
        outcomes: list[Outcome] = [row for row in taken if isinstance(row, DroppedRow)]
        outcomes += scrub_records(scrubber(Raising()), [row for row in taken if isinstance(row, RawRecord)])
        kept = [outcome for outcome in outcomes if isinstance(outcome, ScrubbedRecord)]
        lost = [outcome for outcome in outcomes if isinstance(outcome, DroppedRow)]
        yield ScrubbedChunk(index, kept, sorted(lost, key=lambda row: row.row))


def scrub(
    path: Path, outputs: Outputs, fields: tuple[str, ...] = ("text",), told: list[int] | None = None
) -> Summary:
    source = SourceSettings(path=str(path), id="id", fields={name: name for name in fields})

    def progress(done: int, total: int, text_bytes: int) -> None:
        if told is not None:
            told.append(done)

    return scrub_file(source, Path(), KEY, lambda _taken: chunks_of(source), CHUNK, outputs, progress)


@pytest.mark.parametrize("came", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("goes", [".csv", ".jsonl", ".parquet"])
def test_each_format_becomes_each_other(came: str, goes: str, tmp_path: Path) -> None:
    out, told = tmp_path / f"out{goes}", list[int]()
    summary = scrub(write(tmp_path / f"in{came}"), Outputs(out), told=told)
    rows = read(out)
    assert [row["record_id"] for row in rows] == [record_id(KEY, "a-1"), record_id(KEY, "a-3")]
    assert "ann@corp" not in rows[0]["text"] and rows[1]["text"] == "nothing here, déjà vu"
    assert summary.seen == 3 == summary.kept + summary.dropped_by_reason.total()
    assert summary.dropped_by_reason == {"scan-failed": 1} and summary.spans_by_type == {"EMAIL_ADDRESS": 1}
    assert told == [2, 3]


def test_columns_that_nobody_scanned_and_the_given_id_stay_behind(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    scrub(write(tmp_path / "in.jsonl"), Outputs(out))
    assert all(set(row) == {"record_id", "text"} for row in read(out))
    assert "UNSEEN" not in out.read_text() and "a-1" not in out.read_text()
    assert not out.stat().st_mode & 0o077


def test_a_given_id_that_is_kept_has_its_own_name(tmp_path: Path) -> None:
    scrub(write(tmp_path / "in.csv"), Outputs(tmp_path / "out.csv", keep_id=True))
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["a-1", "a-3"]


def test_spans_point_into_the_original_under_the_given_id(tmp_path: Path) -> None:
    spans = tmp_path / "spans.jsonl"
    scrub(write(tmp_path / "in.jsonl"), Outputs(None, spans), ("text", "note"))
    texts = {row["id"]: row for row in ROWS}
    found = {
        row["record_id"]: [
            texts[row["record_id"]][span["field"]][span["start"] : span["end"]] for span in row["spans"]
        ]
        for row in map(json.loads, spans.read_text().splitlines())
    }
    assert found == {"a-1": ["ann@corp.example"], "a-3": ["eve@corp.example"]}
    scrub(write(tmp_path / "in.jsonl"), Outputs(None, spans))
    (span,) = json.loads(spans.read_text().splitlines()[0])["spans"]
    assert set(span) == {"start", "end", "entity_type", "score", "recognizer"}


def test_drops_are_told_by_row_id_and_reason(tmp_path: Path) -> None:
    rows = [
        *ROWS,
        {"id": "", "text": "without an id", "note": "", "secret": ""},
        {**ROWS[0], "id": "a-5", "text": " "},
    ]
    source = write(
        tmp_path / "in.jsonl", [*ROWS, *({**ROWS[0], "id": f"b-{n}"} for n in range(30)), *rows[3:]]
    )
    scrub(source, Outputs(None, None, tmp_path / "drops.jsonl"))
    assert read(tmp_path / "drops.jsonl") == [
        {"row": 2, "record_id": "a-2", "reason": "scan-failed"},
        {"row": 34, "record_id": None, "reason": "missing-field"},
        {"row": 35, "record_id": "a-5", "reason": "missing-field"},
    ]


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([ROWS[0], ROWS[2], {**ROWS[1], "id": "a-1"}], "row 3 has the id of an earlier row"),
        ([ROWS[1], {**ROWS[1], "id": "a-9"}], "not one of 2 rows could be kept (2 scan-failed)"),
        ([{"number": "1", "text": "x"}], "missing-field"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    rows: list[dict[str, str]], said: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.jsonl", rows)
    (tmp_path / "out.csv").write_text("earlier")
    outputs = Outputs(tmp_path / "out.csv", tmp_path / "spans.jsonl", tmp_path / "drops.jsonl")
    with pytest.raises(ValueError) as caught:
        scrub(source, outputs)
    assert said in str(caught.value) and "a-1" not in str(caught.value) and "\n" not in str(caught.value)
    assert (tmp_path / "out.csv").read_text() == "earlier" and leftovers(tmp_path) == {"in.jsonl", "out.csv"}


def test_a_stop_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    source = SourceSettings(path=str(write(tmp_path / "in.jsonl")), id="id", fields={"text": "text"})

    def chunks() -> Iterator[ScrubbedChunk]:
        yield next(chunks_of(source))
        raise KeyboardInterrupt

    for out in ("out.csv", "out.jsonl", "out.parquet"):
        with pytest.raises(KeyboardInterrupt):
            scrub_file(
                source, Path(), KEY, lambda _taken: chunks(), CHUNK, Outputs(tmp_path / out), lambda *_: None
            )
    assert leftovers(tmp_path) == {"in.jsonl"}


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl")
    source = SourceSettings(path=str(path), id="id", fields={"text": "text"})

    def chunks() -> Iterator[ScrubbedChunk]:
        made = list(chunks_of(source))
        write(path, [{**row, "id": f"other-{row['id']}"} for row in ROWS])
        yield from made

    with pytest.raises(ValueError, match="changed while it was read"):
        scrub_file(
            source,
            Path(),
            KEY,
            lambda _taken: chunks(),
            CHUNK,
            Outputs(tmp_path / "out.csv"),
            lambda *_: None,
        )
    assert leftovers(tmp_path) == {"in.jsonl"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: Outputs(folder / "in.jsonl"), "would replace the file that is read"),
        (lambda folder: Outputs(folder / "out.txt"), "format unknown from the suffix '.txt'"),
        (lambda folder: Outputs(folder / "no" / "out.csv"), "there is no folder"),
        (lambda folder: Outputs(folder / "x.jsonl", folder / "x.jsonl"), "two outputs have the same name"),
        (lambda folder: Outputs(None, folder / "spans.csv"), "must end in .jsonl"),
    ],
)
def test_outputs_that_cannot_be_are_refused_before_any_work(
    make: Callable[[Path], Outputs], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=said):
        scrub(write(tmp_path / "in.jsonl"), make(tmp_path))
    assert leftovers(tmp_path) == {"in.jsonl"}


def test_a_full_disk_leaves_no_file_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, list[int]()

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        scrub(write(tmp_path / "in.jsonl"), Outputs(tmp_path / "out.csv", tmp_path / "spans.jsonl"))
    assert leftovers(tmp_path) == {"in.jsonl"}


def test_a_stand_in_that_is_somebodys_value_is_drawn_again(tmp_path: Path) -> None:
    source = SourceSettings(path=str(write(tmp_path / "in.jsonl")), id="id", fields={"text": "text"})
    passes = list[frozenset[str]]()

    def chunks(taken: frozenset[str]) -> Iterator[ScrubbedChunk]:
        passes.append(taken)
        for chunk in chunks_of(source):
            real = next(iter(chunk.fingerprints.get("EMAIL_ADDRESS", {"none"})))
            clash = frozenset() if taken else frozenset({real})
            yield replace(chunk, records=[replace(record, invented=clash) for record in chunk.records])

    scrub_file(source, Path(), KEY, chunks, CHUNK, Outputs(tmp_path / "out.csv"), lambda *_: None)
    assert len(passes) == 2 and not passes[0] and passes[1]
    assert leftovers(tmp_path) == {"in.jsonl", "out.csv"}
