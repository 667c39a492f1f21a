"""An erasure request is answered from what the stages left: kept, dropped, learnt from, released, or not known."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import manifest
from appliance.cli import main
from appliance.home import Home
from appliance.keeping import texts
from appliance.keeping.trace import Asked, RunTrace, asked_record, asked_subject, held_out_id, lines, trace
from appliance.lineage import Refresh
from appliance.manifest import DamagedError, Manifest, model_digest
from appliance.run import Run, open_run
from appliance.stages.context import write_examples, write_records
from distill.values import Example
from privacy.ingest import record_id, record_ids, subject_id
from privacy.records import ScrubbedRecord
from tests.appliance import small_use_case

ROWS = "number,text,queue,checked,person\n1,a,billing,billing,P1\n2,b,repairs,repairs,P1\n3,c,billing,billing,P2\n2,d,billing,billing,P3\n4,,billing,billing,P1\n"
MODEL = {"model/config.json": "11", "model/model.safetensors": "22"}
LEARNT = {"train": ("1", "2"), "test": ("3",)}


def finished(folder: Path, stage: str, outputs: list[str], **facts: object) -> Manifest:
    written = Manifest(stage, "f", manifest.hash_outputs(folder, outputs), facts, 1.0, 1_760_000_000.0)
    manifest.write(folder, written)
    return written


def make_run(tmp_path: Path, subject: bool = True) -> Run:
    """Rows 1 to 4 kept (row 4 repeats the id of row 2), row 5 dropped; 1 and 2 learnt from, 3 tested with."""
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "messages.csv").write_text(ROWS)
    head = 'fields = { message = "text", answer = "queue", reviewed = "checked" }\n\n[held_out]'
    path = small_use_case.write(tmp_path, (head, ('subject = "person"\n' if subject else "") + head))
    text = path.read_text()
    start = text.index("[held_out]")
    path.write_text(text[:start] + text[text.index("[scrub]") :])
    home = Home.open()
    run, key = open_run(path, home), home.scrub_key()
    (run.folder / "config.json").write_text(
        json.dumps({"base_dir": str(tmp_path), "use_case": json.loads(_use_case_json(run))})
    )
    ids = {number: record_id(key, number) for number in "123"}
    again = next(iter(record_ids(key, "2", most=2) - {ids["2"]}))
    people = {ids["1"]: "P1", ids["2"]: "P1", ids["3"]: "P2", again: "P3"}
    scrub, teach, curate = (run.folder / name for name in ("scrub", "teach", "curate"))
    (scrub / "records").mkdir(parents=True)
    (scrub / "dropped").mkdir()
    records = [
        ScrubbedRecord(name, {"message": "x"}, {}, "p", subject_id=subject_id(key, who) if subject else None)
        for name, who in people.items()
    ]
    write_records(scrub / "records" / "data-00000.parquet", records, held_out=False)
    dropped = {"seen": 5, "rows": [{"source": "data", "row": 5, "reason": "missing-field"}]}
    (scrub / "dropped" / "data-00000.json").write_text(json.dumps(dropped))
    finished(scrub, "scrub", ["records", "dropped"])
    teach.mkdir()
    lines = "".join(json.dumps({"record_id": name}) + "\n" for name in people)
    texts.write(teach / "completions.jsonl", lines.encode())
    finished(teach, "teach", ["completions.jsonl"])
    curate.mkdir()
    write_examples(
        curate / "examples.parquet",
        [
            Example(ids[number], split, {}, "a", None)
            for split, numbers in LEARNT.items()
            for number in numbers
        ],
    )
    finished(curate, "curate", ["examples.parquet"])
    (run.folder / "sft").mkdir()
    manifest.write(run.folder / "sft", Manifest("sft", "f", MODEL, {}, 1.0, 1_760_000_000.0))
    return run


def _use_case_json(run: Run) -> str:
    from appliance.config import use_case_to_json

    return use_case_to_json(run.use_case)


def one(asked: Asked) -> RunTrace:
    (found,) = trace(Home.open(), asked)
    return found


def key() -> bytes:
    return Home.open().scrub_key()


def test_a_record_that_was_learnt_from_names_the_student(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (record,) = one(asked_record("1", key())).records
    learnt = manifest.read(run.folder / "sft")
    assert learnt is not None
    assert (record.outcome, record.split, record.sent_to_teacher) == ("kept", "train", True)
    assert [(student.stage, student.sha256) for student in record.students] == [("sft", model_digest(learnt))]
    assert one(asked_record(record_id(key(), "1"), key())).records == (record,), "asked by the hash"


def test_a_record_that_was_only_tested_with_names_no_student(tmp_path: Path) -> None:
    make_run(tmp_path)
    (record,) = one(asked_record("3", key())).records
    assert record.split == "test" and record.students == ()


def test_all_rows_with_a_repeated_id_are_found(tmp_path: Path) -> None:
    make_run(tmp_path)
    assert [record.split for record in one(asked_record("2", key())).records] == ["train", None]


def test_all_records_of_a_person_are_found_the_dropped_ones_too(tmp_path: Path) -> None:
    make_run(tmp_path)
    found = one(asked_subject("P1", key())).records
    assert [(record.outcome, record.row) for record in found] == [
        ("kept", None), ("kept", None), ("dropped: missing-field", 5),
    ]  # fmt: skip
    assert one(asked_subject("P9", key())).records == ()


def test_what_cannot_be_told_is_said_and_never_passed_off_as_absence(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", subject=False)
    told = one(asked_subject("P1", key()))
    assert told.records == () and "names no subject column" in str(told.unknown)
    (tmp_path / "a" / "messages.csv").write_text(ROWS + "6,e,billing,billing,P1\n")
    told = one(asked_record("4", key()))
    assert told.run_id == run.run_id and "the source is not what this run read" in str(told.unknown)
    assert "not known: " in "\n".join(lines([told]))


def test_a_release_that_names_the_student_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    learnt = manifest.read(run.folder / "sft")
    assert learnt is not None
    for name, digest in (("tickets-1", model_digest(learnt)), ("other-1", "0" * 64)):
        folder = Home.open().root / "releases" / name
        folder.mkdir(parents=True)
        (folder / "release.json").write_text(json.dumps({"student": digest}))
    assert one(asked_record("1", key())).records[0].releases == ("tickets-1",)
    assert one(asked_record("3", key())).records[0].releases == ()


def test_a_changed_file_is_no_evidence(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with (run.folder / "teach" / "completions.jsonl").open("a") as file:
        file.write('{"record_id": "x"}\n')
    with pytest.raises(DamagedError):
        trace(Home.open(), asked_record("1", key()))


def test_a_held_out_record_has_the_id_that_the_scrub_stage_gives_it(tmp_path: Path) -> None:
    from appliance.stages.data import _in_held_out

    record = ScrubbedRecord("0123456789abcdef", {}, {}, "p")
    assert _in_held_out(record).record_id == held_out_id("0123456789abcdef")


def test_the_command_tells_people_and_scripts_and_never_the_value(tmp_path: Path) -> None:
    make_run(tmp_path)
    text = CliRunner().invoke(main, ["trace", "--subject", "P1"]).stdout
    assert "row 5: dropped: missing-field" in text and "1 student learnt from it" in text and "P1" not in text
    told = json.loads(CliRunner().invoke(main, ["trace", "--subject", "P1", "--json"]).stdout)
    assert len(told["students"]) == 1 and len(told["runs"][0]["records"]) == 3
    for args in ([], ["1", "--subject", "P1"], ["--subject", " "]):
        assert CliRunner().invoke(main, ["trace", *args]).exit_code == 1


def make_refresh(run: Run) -> Path:
    """A refresh of `make_run`'s run: one new record, and record 1 learnt again."""
    folder = run.home.runs / "small-refresh-1"
    section = Refresh(run.run_id, run.run_id, "sft", "s", "d", 1.0, 0.2, 0.1)
    for stage in ("scrub/records", "scrub/dropped", "teach", "curate", "sft"):
        (folder / stage).mkdir(parents=True)
    document = json.loads((run.folder / "config.json").read_text()) | {"refresh": asdict(section)}
    (folder / "config.json").write_text(json.dumps(document))
    new = record_id(run.home.scrub_key(), "9")
    records = [ScrubbedRecord(new, {"message": "x"}, {}, "p", subject_id=subject_id(key(), "P1"))]
    write_records(folder / "scrub/records/data-00000.parquet", records, held_out=False)
    finished(folder / "scrub", "scrub", ["records", "dropped"])
    texts.write(folder / "teach/completions.jsonl", (json.dumps({"record_id": new}) + "\n").encode())
    finished(folder / "teach", "teach", ["completions.jsonl"])
    learnt = [Example(name, "train", {}, "a", None) for name in (new, record_id(key(), "1"))]
    write_examples(folder / "curate/examples.parquet", learnt)
    finished(folder / "curate", "curate", ["examples.parquet"])
    manifest.write(folder / "sft", Manifest("sft", "f", {"model/w": "44"}, {}, 1.0, 1_760_000_000.0))
    return folder


@pytest.mark.parametrize(
    ("number", "source", "split"), [("9", "data", "train"), ("1", "earlier", "train"), ("2", "earlier", None)]
)
def test_a_refreshed_student_has_learnt_from_its_own_records_and_from_those_before(
    tmp_path: Path, number: str, source: str, split: str | None
) -> None:
    folder = make_refresh(make_run(tmp_path))
    found = {run.run_id: run for run in trace(Home.open(), asked_record(number, key()))}[folder.name]
    record = next(record for record in found.records if record.students)
    assert (record.source, record.split) == (source, split)
    assert [student.stage for student in record.students] == ["sft"]
    assert ("learnt from in an earlier run" in "\n".join(lines([found]))) == (source == "earlier")


def test_a_record_that_was_only_tested_with_is_in_no_refreshed_student(tmp_path: Path) -> None:
    make_refresh(make_run(tmp_path))
    for run in trace(Home.open(), asked_record("3", key())):
        assert not [student for record in run.records for student in record.students]


def test_a_refresh_whose_run_before_is_gone_says_what_it_cannot_tell(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    folder = make_refresh(run)
    run.folder.rename(tmp_path / "moved")
    (told,) = (each for each in trace(Home.open(), asked_record("1", key())) if each.run_id == folder.name)
    assert f"the run '{run.run_id}'" in str(told.unknown) and "is gone" in str(told.unknown)
