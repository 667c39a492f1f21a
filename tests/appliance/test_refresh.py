"""What a refresh goes on from, what it learns, and whose place it takes; without any training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.keeping import erasures
from appliance.lineage import LineageError, chain
from appliance.manifest import DamagedError, Manifest
from appliance.pipeline import PIPELINE, REFRESH
from appliance.refresh import Options, _promote, last_promoted, open_refresh
from appliance.run import Run, RunError, _write_config, fingerprint, is_data_unchanged, open_folder, open_run
from appliance.stages import ancestors
from appliance.stages.context import Context
from appliance.stages.refresh_curate import Past
from appliance.status import one_run
from appliance.store import Store
from distill.checkpoints import file_sha256
from distill.tasks import TaskSettings, make_task
from distill.values import Completion, Example, RejectReason
from privacy.records import ScrubbedRecord
from tests.appliance import small_use_case

MODEL = {"model/config.json": "11", "model/model.safetensors": "22"}
ROWS = "number,text,queue,checked\n9,the lamp is out,repairs,repairs\n"


def leave(run: Run, stage: str, outputs: dict[str, str] | None = None, **facts: object) -> None:
    """A finished stage, as far as its manifest goes."""
    run.stage_dir(stage).mkdir(exist_ok=True)
    manifest.write(run.stage_dir(stage), Manifest(stage, "f", outputs or {}, facts, 1.0, 1_760_000_000.0))


@pytest.fixture
def full(tmp_path: Path) -> Run:
    """A full run whose on-policy student was chosen."""
    run = open_run(small_use_case.write(tmp_path / "case"), Home.open())
    _write_config(run)
    leave(run, "sft", MODEL)
    leave(run, "onpolicy", {**MODEL, "model/config.json": "33"})
    leave(run, "evaluate", chosen="onpolicy")
    return run


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    path.write_text(ROWS)
    return path


def promote(run: Run) -> None:
    """As if the run had ended well."""
    _write_config(run)
    leave(run, "sft", {"model/config.json": run.run_id})
    leave(run, "evaluate", chosen="sft", verdict="promoted")
    _promote(run, {"student": {"folder": "sft/model", "sha256": "s"}})


# ---- what a refresh is told


def test_a_refresh_goes_on_from_the_chosen_student_with_the_use_case_of_its_run(full: Run, new: Path) -> None:
    run = open_refresh(full.run_id, new, Options(), full.home)
    assert run.refresh is not None and run.run_id.startswith("small-refresh-")
    assert (run.refresh.parent, run.refresh.start, run.refresh.stage) == (
        full.run_id,
        full.run_id,
        "onpolicy",
    )
    trained = manifest.read(full.stage_dir("onpolicy"))
    assert trained is not None and run.refresh.student == manifest.model_digest(trained)
    before, now = full.use_case, run.use_case
    assert now.data.path == str(new) and now.data.fields == before.data.fields
    assert (now.scrub, now.detector, now.task, now.teacher) == (
        before.scrub,
        before.detector,
        before.task,
        before.teacher,
    )
    assert now.held_out is None and now.gold_spans is None and now.onpolicy.steps == 0
    assert now.sft.learning_rate < before.sft.learning_rate and now.sft.epochs == 1
    assert run.stages is REFRESH and full.stages is PIPELINE


def test_the_same_command_is_the_same_run_and_its_folder_says_all(full: Run, new: Path) -> None:
    run = open_refresh(full.run_id, new, Options(), full.home)
    assert open_refresh(full.run_id, new, Options(), full.home) == run
    _write_config(run)
    assert open_folder(run.folder, full.home) == run and is_data_unchanged(run)
    for other in (
        Options(replay=2.0),
        Options(test_share=0.3),
        Options(epochs=2.0),
        Options(learning_rate=1e-5),
    ):
        assert open_refresh(full.run_id, new, other, full.home).run_id != run.run_id
    new.write_text(ROWS + "10,the bill again,billing,billing\n")
    assert open_refresh(full.run_id, new, Options(), full.home).run_id != run.run_id
    assert not is_data_unchanged(run)


def test_records_that_were_learnt_are_known_when_something_was_erased_from_their_file(full: Run) -> None:
    home = full.home
    brought = home.data / "20261123-000000-0123abcd" / "records.csv"
    brought.parent.mkdir(parents=True)
    brought.write_text(ROWS + "10,the bill again,billing,billing\n")
    first = open_refresh(full.run_id, brought, Options(), home)
    promote(first)
    before = file_sha256(brought)
    brought.write_text(ROWS)
    assert open_refresh(full.run_id, brought, Options(), home) != first
    done = erasures.begin(home, frozenset({"0" * 16}), "petra", "")
    noted = erasures.Rewritten(erasures.name_in(home, brought), before, file_sha256(brought), 1)
    erasures.write(home, replace(done, rewritten=(noted,)))
    assert open_refresh(full.run_id, brought, Options(), home) == first


def test_the_next_refresh_goes_on_from_the_one_that_was_promoted(
    full: Run, new: Path, tmp_path: Path
) -> None:
    first = open_refresh(full.run_id, new, Options(), full.home)
    promote(first)
    assert last_promoted(full.folder) == first.run_id
    more = tmp_path / "more.csv"
    more.write_text(ROWS.replace("9,", "11,"))
    second = open_refresh(full.run_id, more, Options(), full.home)
    assert second.refresh is not None and (second.refresh.start, second.refresh.stage) == (
        first.run_id,
        "sft",
    )
    assert chain(full.home.runs, first.run_id) == [full.folder, first.folder]
    promote(second)
    assert open_refresh(full.run_id, new, Options(), full.home) == first, "its records have been learnt"
    assert last_promoted(full.folder) == second.run_id


def test_a_refresh_that_knows_nothing_of_one_promoted_meanwhile_is_not_promoted(
    full: Run, new: Path, tmp_path: Path
) -> None:
    first = open_refresh(full.run_id, new, Options(), full.home)
    more = tmp_path / "more.csv"
    more.write_text(ROWS.replace("9,", "11,"))
    late = open_refresh(full.run_id, more, Options(), full.home)
    promote(first)
    with pytest.raises(RunError, match=f"{first.run_id} was promoted since"):
        promote(late)
    assert last_promoted(full.folder) == first.run_id


def test_what_cannot_be_refreshed_is_refused_with_the_remedy(full: Run, new: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run 'other'"):
        open_refresh("other", new, Options(), full.home)
    with pytest.raises(RunError, match="there is no file"):
        open_refresh(full.run_id, tmp_path / "absent.csv", Options(), full.home)
    run = open_refresh(full.run_id, new, Options(), full.home)
    _write_config(run)
    with pytest.raises(RunError, match=f"name the full run, {full.run_id}"):
        open_refresh(run.run_id, new, Options(), full.home)
    (full.folder / "promoted.json").write_text('{"run_id": "gone"}')
    with pytest.raises(LineageError, match="the run 'gone', which 'gone' goes on from, is gone"):
        open_refresh(full.run_id, new, Options(), full.home)
    (full.folder / "promoted.json").write_text("{")
    with pytest.raises(LineageError, match="delete it to go on from the full run's student"):
        open_refresh(full.run_id, new, Options(), full.home)


def test_a_run_without_a_chosen_student_and_one_with_differential_privacy_are_refused(
    full: Run, new: Path, tmp_path: Path
) -> None:
    private = small_use_case.write(
        tmp_path / "private", ("[split]", "[sft.dp]\nepsilon = 8.0\n\n[onpolicy]\nsteps = 0\n\n[split]")
    )
    run = open_run(private, full.home)
    _write_config(run)
    with pytest.raises(RunError, match="would void the promise"):
        open_refresh(run.run_id, new, Options(), full.home)
    (full.stage_dir("evaluate") / "manifest.json").unlink()
    with pytest.raises(LineageError, match="has chosen no student yet"):
        open_refresh(full.run_id, new, Options(), full.home)


def test_the_status_of_a_refresh_names_its_own_stages(full: Run, new: Path) -> None:
    run = open_refresh(full.run_id, new, Options(), full.home)
    _write_config(run)
    Store(full.home.store).begin_run(run.run_id, run.use_case.name, run.use_case.title)
    found = one_run(full.home, run.run_id)
    assert found is not None
    assert [stage["stage"] for stage in found["stages"]] == [stage.name for stage in REFRESH]


# ---- fingerprints


def alone(run: Run) -> dict[str, str]:
    """Fingerprints of the stages that a refresh has of its own, with what came before held still."""
    fixed = dict.fromkeys(("scrub", "teach", "curate", "sft"), Manifest("before", "", {}, {}, 1.0, 1.0))
    return {stage.name: fingerprint(run, stage, fixed) for stage in REFRESH if "refresh" in stage.sections}


@pytest.mark.parametrize(
    "change", [{"student": "other"}, {"replay": 0.5}, {"test_share": 0.5}, {"max_loss": 0.5}]
)
def test_what_a_refresh_is_told_changes_the_stages_that_read_it(
    full: Run, new: Path, change: dict[str, Any]
) -> None:
    run = open_refresh(full.run_id, new, Options(), full.home)
    assert run.refresh is not None
    before, after = alone(run), alone(replace(run, refresh=replace(run.refresh, **change)))
    assert set(before) == {"curate", "sft", "evaluate"}
    assert all(before[stage] != after[stage] for stage in before)


@pytest.mark.parametrize("stage", ["scrub", "teach", "curate", "sft", "onpolicy", "evaluate"])
def test_another_output_of_a_run_before_is_another_refresh(full: Run, new: Path, stage: str) -> None:
    run = open_refresh(full.run_id, new, Options(), full.home)
    before = alone(run)
    leave(full, stage, {"out.txt": "other"}, chosen="onpolicy")
    assert all(before[name] != value for name, value in alone(run).items())


def test_the_stages_of_a_refresh_are_never_taken_for_those_of_a_full_run(full: Run, new: Path) -> None:
    run, fixed = (
        open_refresh(full.run_id, new, Options(), full.home),
        Manifest("before", "", {}, {}, 1.0, 1.0),
    )
    done = dict.fromkeys((stage.name for stage in PIPELINE), fixed)
    for name in alone(run):
        stage = next(stage for stage in PIPELINE if stage.name == name)
        assert fingerprint(run, stage, done) != alone(run)[name]


def test_the_stages_come_in_an_order_in_which_each_finds_what_it_reads() -> None:
    for position, stage in enumerate(REFRESH):
        assert set(stage.after) <= {earlier.name for earlier in REFRESH[:position]}


# ---- what is learnt

TASK = make_task(
    TaskSettings("classify", "{message}", "Name the queue: {labels}.", labels=("billing", "repairs"))
)


def record(record_id: str, text: str) -> ScrubbedRecord:
    return ScrubbedRecord(record_id, {"message": text}, {}, "p")


def example(record_id: str, split: str, text: str) -> Example:
    return Example(record_id, split, {"message": text}, "billing", None)


def said(record_id: str, answer: str) -> Completion:
    return Completion(record_id, answer, "stop", "teacher")


OLD = [
    example("l1", "train", "the bill of last month is wrong again"),
    example("l2", "train", "where is my refund, please"),
]
EXAM = [example("t1", "test", "my invoice for the heat pump never came")]


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("the lamp is out", "repairs", None),
        ("My invoice for the  heat pump never came", "billing", RejectReason.HELD_OUT),
        ("My invoice for the heat pump never came!", "repairs", RejectReason.NEAR_HELD_OUT),
        ("Where is my refund, please", "billing", RejectReason.DUPLICATE),
        ("Where is my refund, please", "repairs", None),  # what is right has changed
        ("where is my refund please?", "billing", None),
    ],
)
def test_a_new_record_that_repeats_an_old_one_is_learnt_only_where_its_answer_is_new(
    text: str, answer: str, reason: RejectReason | None
) -> None:
    past = Past.of(TASK, OLD, EXAM, [record("n", text)], 0.8)
    assert past.rejects(record("n", text), said("n", answer)) == reason


def test_what_is_replayed_neither_stands_in_the_new_test_nor_contradicts_a_new_record() -> None:
    changed, moved = record("n1", "where is my refund, please"), record("l3", "a new text under an old id")
    learnt = [
        *OLD,
        example("l3", "train", "the text it had before"),
        example("l4", "train", "the lamp in the hall is out"),
    ]
    tests = [example("n2", "test", "The lamp in the hall is out!")]
    records, new = [changed, moved], [example("n1", "train", changed.fields["message"])]

    def replayed(count: int) -> list[str]:
        past = Past.of(TASK, learnt, EXAM, [*records, record("n2", tests[0].fields["message"])], 0.8)
        return [each.record_id for each in past.replayed(records, tests, new, count, seed=7)]

    assert replayed(9) == ["l1"] and replayed(0) == []


# ---- where training starts


@pytest.mark.parametrize(
    ("student", "sft", "base", "adapter"),
    [
        ("", "", "case/student", "onpolicy/adapter"),
        ("\nlayers = 2", "", "sft/pruned", "onpolicy/adapter"),
        ("", '[sft]\nmethod = "full"\n', "onpolicy/model", None),
        ("\nlayers = 2", '[sft]\nmethod = "full"\n', "onpolicy/model", None),
    ],
)
def test_training_goes_on_where_the_last_student_was_left(
    tmp_path: Path, new: Path, student: str, sft: str, base: str, adapter: str | None
) -> None:
    changes = ('base = "student"', f'base = "student"{student}'), ("[split]\n", f"{sft}[split]\n")
    full = open_run(small_use_case.write(tmp_path / "case", *changes), Home.open())
    _write_config(full)
    for stage in ("sft", "onpolicy"):
        for name in ("adapter", "model", "pruned"):
            (full.stage_dir(stage) / name).mkdir(parents=True)
            (full.stage_dir(stage) / name / "config.json").write_text(f"{stage} {name}")
        leave(full, stage, manifest.hash_outputs(full.stage_dir(stage), ["adapter", "model", "pruned"]))
    leave(full, "evaluate", chosen="onpolicy")
    run = open_refresh(full.run_id, new, Options(), full.home)
    _write_config(run)
    folder = tmp_path if base.startswith("case") else full.folder
    found = ancestors.start(Context(run.folder, "sft"))
    assert found == (folder / base, None if adapter is None else full.folder / adapter)
    (full.stage_dir("onpolicy") / "model" / "config.json").write_text("changed")
    with pytest.raises(DamagedError):
        ancestors.start(Context(run.folder, "sft"))
