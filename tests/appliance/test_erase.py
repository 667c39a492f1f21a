"""What is erased is in no run's files any more, is not read again, and no student that knew it is released."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.home import Home
from appliance.keeping import erase as erasing
from appliance.keeping import texts
from appliance.keeping.erase import EraseError, erase, plan
from appliance.keeping.erasures import erased_ids, erasures, taint
from appliance.keeping.trace import asked_record, asked_subject, trace
from appliance.manifest import model_digest, read, verify
from appliance.people.acting import Actor, NotAllowed, Role, shell_actor
from appliance.run import Run, alone_with
from appliance.stages.context import read_rows
from appliance.stages.data import erased_ids as ids_the_scrub_stage_skips
from privacy.ingest import read_rows as raw_rows
from privacy.ingest import record_id, subject_id
from privacy.records import DroppedRow, DropReason
from privacy.scrub import _without
from privacy.settings import SourceSettings
from tests.appliance.erasable_home import OFFICER, STEPS
from tests.appliance.killed import Killed, killed_after
from tests.appliance.refresh_case import run_to_the_evaluation, write_use_case
from tests.appliance.test_trace import MODEL, ROWS, make_run

pytestmark = pytest.mark.usefixtures("kept")


def held_by(run: Run) -> dict[str, list[str]]:
    """File of the run -> record ids in it."""
    found = {}
    for path in texts.below(run.folder):
        if path.suffix == ".parquet":
            found[path.name] = [row["record_id"] for row in read_rows(path)]
        elif path.suffix == ".jsonl":
            rows = [json.loads(line) for line in texts.read_lines(path)]
            found[path.name] = [row["record_id"] for row in rows if "record_id" in row]
    return found


def without(files: dict[str, list[str]], gone: set[str]) -> dict[str, list[str]]:
    return {name: [one for one in ids if one not in gone] for name, ids in files.items()}


def test_a_persons_records_are_in_no_file_and_the_others_stay(tmp_path: Path) -> None:
    run, home = make_run(tmp_path), Home.open()
    key, before = home.scrub_key(), held_by(run)
    gone = {record_id(key, "1"), record_id(key, "2")}
    assert any(gone & set(ids) for ids in before.values())
    done = erase(home, OFFICER, asked_subject("P1", key), "a ticket")
    assert held_by(run) == without(before, gone)
    assert done.ended_at is not None and done.rows == sum(map(len, before.values())) - sum(
        map(len, held_by(run).values())
    )
    for stage in ("scrub", "teach", "curate"):
        found = read(run.folder / stage)
        assert found is not None
        verify(run.folder / stage, found)
    assert not [path for path in run.folder.rglob("*") if path.name.endswith((".erased", "erasing.json"))]
    again = trace(home, asked_subject("P1", key))
    assert all(record.record_id is None for one in again for record in one.records), (
        "only a dropped row's number is left"
    )


def test_a_record_repeated_under_its_id_goes_with_it(tmp_path: Path) -> None:
    run, home = make_run(tmp_path), Home.open()
    asked = asked_record("2", home.scrub_key())
    assert len(asked.record_ids & set(held_by(run)["data-00000.parquet"])) == 2
    erase(home, OFFICER, asked, "")
    assert not asked.record_ids & {one for ids in held_by(run).values() for one in ids}


def test_students_that_learnt_from_it_are_tainted_and_others_are_not(tmp_path: Path) -> None:
    run, home = make_run(tmp_path), Home.open()
    student = model_digest(read(run.folder / "sft"))  # type: ignore[arg-type]
    assert plan(home, asked_record("3", home.scrub_key())).students == ()
    erase(home, OFFICER, asked_record("3", home.scrub_key()), "")
    assert taint(home, student) is None, "record 3 was tested with, not learnt from"
    done = erase(home, OFFICER, asked_record("1", home.scrub_key()), "")
    found = taint(home, student)
    assert found is not None and found.erasure_id == done.erasure_id
    assert MODEL.keys() and plan(home, asked_record("1", home.scrub_key())).students == ()


def test_what_is_erased_is_not_read_again_from_the_source(tmp_path: Path) -> None:
    make_run(tmp_path)
    home = Home.open()
    key = home.scrub_key()
    erase(home, OFFICER, asked_subject("P1", key), "")
    assert ids_the_scrub_stage_skips is erased_ids and subject_id(key, "P1") in erased_ids(home)
    source = SourceSettings(
        path="messages.csv", id="number", subject="person", fields={"message": "text"}, max_bad_fraction=1.0
    )
    (tmp_path / "messages.csv").write_text(ROWS)
    rows = list(_without(raw_rows(source, tmp_path, key), erased_ids(home)))
    assert [row.reason if isinstance(row, DroppedRow) else row.row for row in rows] == [
        DropReason.ERASED, DropReason.ERASED, 3, 4, DropReason.MISSING_FIELD,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fatal", [n if n % 10 == 0 else pytest.param(n, marks=pytest.mark.slow) for n in range(1, 31)]
)
def test_an_erasure_killed_after_any_write_goes_on(tmp_path: Path, fatal: int) -> None:
    run, home = make_run(tmp_path), Home.open()
    key, before = home.scrub_key(), held_by(run)
    asked = asked_record("1", key)
    with killed_after(fatal, STEPS), pytest.raises(Killed):
        erase(home, OFFICER, asked, "")
    done = erase(home, OFFICER, asked, "")
    assert held_by(run) == without(before, {record_id(key, "1")})
    assert done.students and len(erasures(home)) == 1, "the same erasure was brought to its end"
    for stage in ("scrub", "teach", "curate"):
        verify(run.folder / stage, read(run.folder / stage))  # type: ignore[arg-type]


def test_a_person_is_found_again_after_a_kill_though_the_records_that_named_them_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, home = make_run(tmp_path), Home.open()
    key, before = home.scrub_key(), held_by(run)
    (tmp_path / "messages.csv").unlink()
    whole = erasing._erase_in_stage

    def killed_before_the_answers(folder: Path, ids: frozenset[str], subject: str | None) -> dict[str, int]:
        if folder.name == "teach":
            raise KeyboardInterrupt
        return whole(folder, ids, subject)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(erasing, "_erase_in_stage", killed_before_the_answers)
        erase(home, OFFICER, asked_subject("P1", key), "")
    assert held_by(run)["completions.jsonl"] == before["completions.jsonl"]
    erase(home, OFFICER, asked_subject("P1", key), "")
    assert held_by(run) == without(before, {record_id(key, "1"), record_id(key, "2")})


def test_only_the_privacy_officer_erases_and_never_beside_a_run_at_work(tmp_path: Path) -> None:
    run, home = make_run(tmp_path), Home.open()
    asked, before = asked_record("1", home.scrub_key()), held_by(run)
    with pytest.raises(NotAllowed):
        erase(home, Actor("operator", frozenset({Role.OPERATOR}), "console"), asked, "")
    with alone_with(run.folder), pytest.raises(EraseError, match="goes on from here"):
        erase(home, OFFICER, asked, "")
    assert held_by(run) == before
    erase(home, shell_actor(), asked, "")
    assert held_by(run) != before


@pytest.mark.slow
def test_a_run_started_again_trains_a_student_without_it_and_asks_the_teacher_nothing_again(
    tmp_path: Path, models: Path
) -> None:
    case = write_use_case(tmp_path, 60)
    for model in models.iterdir():
        (Home.open().models / model.name).symlink_to(model)
    run = run_to_the_evaluation(case, "sft")
    home = Home.open()
    learnt = {
        row["record_id"]
        for row in read_rows(run.folder / "curate" / "examples.parquet")
        if row["split"] == "train"
    }
    named = {record_id(home.scrub_key(), f"m{number}"): f"m{number}" for number in range(60)}
    gone = min(learnt)
    before = {stage: read(run.folder / stage) for stage in ("scrub", "teach", "curate", "sft")}
    assert gone in held_by(run)["examples.parquet"]
    erase(home, OFFICER, asked_record(named[gone], home.scrub_key()), "")
    again = run_to_the_evaluation(case, "sft")
    after = {stage: read(run.folder / stage) for stage in before}
    assert again.run_id == run.run_id and gone not in {one for ids in held_by(run).values() for one in ids}
    for stage in ("scrub", "teach", "curate"):
        assert after[stage].finished_at == before[stage].finished_at, f"{stage} was not done again"  # type: ignore[union-attr]
    assert after["sft"].finished_at > before["sft"].finished_at  # type: ignore[union-attr]
    students = [model_digest(one["sft"]) for one in (before, after)]  # type: ignore[arg-type]
    assert taint(home, students[0]) is not None and taint(home, students[1]) is None


def test_the_command_tells_first_and_changes_then(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    before = held_by(run)
    runner = CliRunner()
    told = runner.invoke(main, ["erase", "1", "--dry-run"])
    assert told.exit_code == 0 and "nothing was changed" in told.output and held_by(run) == before
    assert f"to be trained anew: {run.run_id}" in told.output
    done = runner.invoke(main, ["erase", "1", "--reason", "T-1"])
    assert done.exit_code == 0 and "rows out of" in done.output, done.output
    assert held_by(run) != before
    assert runner.invoke(main, ["erase"]).exit_code == 2
