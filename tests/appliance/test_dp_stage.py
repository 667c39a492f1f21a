"""Differential privacy in a run: refused where it would be void, trained through the stage, told in the report's words."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.config import ConfigError, load_use_case
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.report import promise
from appliance.report.study import Study
from appliance.run import Run, _write_config, open_run
from appliance.stages import training
from appliance.stages.context import Context, write_examples
from distill.values import Example
from tests.appliance import small_use_case
from tests.tiny_model import make_tiny_model

SFT = "\n[sft]\nepochs = 3\nlearning_rate = 1e-2\nbatch_size = 40\nlora_rank = 4\n"
DP = SFT + "\n[sft.dp]\nepsilon = 8.0\n"
OFF = "\n[onpolicy]\nsteps = 0\n"


def with_tables(folder: Path, *tables: str) -> Path:
    path = small_use_case.write(folder)
    path.write_text(path.read_text() + "".join(tables))
    return path


REFUSED = [
    (DP, r"\[sft\.dp\] is set and onpolicy\.steps is 12: .* set onpolicy\.steps = 0"),
    (
        DP.replace("epsilon = 8.0", "epsilon = 0.0") + OFF,
        r"sft\.dp\.epsilon: .*greater than or equal to 0\.1",
    ),
    (DP.replace("epsilon = 8.0", "epsilon = 1000.0") + OFF, r"sft\.dp\.epsilon: .*less than or equal to 20"),
    (DP + "delta = 1.0\n" + OFF, r"sft\.dp\.delta: .*less than 1"),
    (DP + "clip = 0.0\n" + OFF, r"sft\.dp\.clip: .*greater than 0"),
    (DP + "epsilom = 1.0\n" + OFF, r"unknown key 'sft\.dp\.epsilom': did you mean 'epsilon'\?"),
]


@pytest.mark.parametrize(("tables", "said"), REFUSED)
def test_a_promise_that_cannot_hold_is_refused_at_load_in_one_line(
    tables: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_use_case(with_tables(tmp_path, tables))
    assert "\n" not in str(caught.value)


def test_without_on_policy_training_the_promise_is_taken(tmp_path: Path) -> None:
    use_case = load_use_case(with_tables(tmp_path, DP, OFF))
    assert use_case.sft.dp is not None and use_case.sft.dp.delta is None


FOUND = {
    "unit": "person", "units": 512, "target_epsilon": 8.0, "epsilon": 7.957, "epsilon_prv": 7.957, "epsilon_pld": 7.941,
    "delta": 0.00105, "noise_multiplier": 0.5271, "clip": 1.0, "sample_rate": 0.0625, "steps": 16,
}  # fmt: skip


def test_the_report_states_the_promise_its_unit_and_its_limits() -> None:
    study = Study({"differential_privacy": FOUND})
    said = " ".join(promise.sentences(study))
    assert (
        "ε = 7.96, δ = 0.00105 for each of 512 persons: with or without all records of any one person" in said
    )
    assert promise.LIMITS in said and "data.subject" not in said
    shown = promise.figures(study)
    assert shown is not None
    told = dict(shown.pairs)
    assert told["ε by the PRV accountant"] == "7.957" and told["ε by the PLD accountant"] == "7.941"
    assert told["Noise multiplier"] == "0.5271" and told["Steps"] == "16" and told["Clip"] == "1"


@pytest.mark.parametrize(
    ("epsilon", "told"), [(7.951, "7.96"), (7.95, "7.95"), (0.9941, "0.995"), (3.0, "3.00")]
)
def test_a_promise_is_not_told_as_stronger_than_it_is(epsilon: float, told: str) -> None:
    said = promise.sentences(Study({"differential_privacy": {**FOUND, "epsilon": epsilon}}))[0]
    assert f"ε = {told}, " in said


def test_the_report_says_that_a_record_is_less_than_a_person() -> None:
    said = " ".join(promise.sentences(Study({"differential_privacy": {**FOUND, "unit": "record"}})))
    assert "512 records: with or without any one record" in said
    assert "names no person (data.subject)" in said


@pytest.mark.parametrize(
    ("facts", "said"), [({"differential_privacy": None}, promise.NONE), ({}, "not recorded")]
)
def test_the_report_says_plainly_that_there_is_no_promise(facts: dict[str, Any], said: str) -> None:
    (sentence,) = promise.sentences(Study(facts))
    assert said in sentence and promise.figures(Study(facts)) is None


def curated(run: Run, subjects: int | None) -> None:
    """The curate stage as if it had worked: 160 answered training records, two of each person."""
    folder = run.stage_dir("curate")
    manifest.prepare(folder, "fingerprint")
    examples = [
        Example(f"{n:016x}", "train", {"message": f"{text} {n}"}, answer, answer)
        for n in range(80)
        for text, answer in (("the bill is wrong", "billing"), ("no heat", "repairs"))
    ]
    if subjects is not None:
        examples = [replace(example, subject_id=f"{n % subjects:016x}") for n, example in enumerate(examples)]
    write_examples(folder / "examples.parquet", examples)
    outputs = manifest.hash_outputs(folder, ["examples.parquet"])
    manifest.write(folder, Manifest("curate", "fingerprint", outputs, {}, 1.0, time.time()))


def opened(case: Path, subjects: int | None) -> Run:
    make_tiny_model(case / "student")
    run = open_run(with_tables(case, DP, OFF), Home.open())
    _write_config(run)
    curated(run, subjects)
    run.stage_dir("sft").mkdir()
    return run


@pytest.mark.slow
def test_the_stage_trains_under_the_promise_for_persons_and_tells_all_its_figures(tmp_path: Path) -> None:
    run = opened(tmp_path / "case", subjects=80)
    facts, outputs = training.sft(Context(run.folder, "sft"))
    told = facts["differential_privacy"]
    assert (told["unit"], told["units"], told["steps"]) == ("person", 80, 6)
    assert told["epsilon"] == max(told["epsilon_prv"], told["epsilon_pld"]) <= 8.0
    assert set(told) == set(FOUND)
    assert facts["last"] < facts["first"] and "differential privacy" in facts["method"]
    assert all((run.stage_dir("sft") / name).is_dir() for name in outputs)
    assert (run.stage_dir("sft") / "model" / "config.json").exists()
    left_out, files = training.onpolicy(Context(run.folder, "onpolicy"))
    assert left_out == {"left_out": "onpolicy.steps = 0"} and files == []


@pytest.mark.slow
def test_without_a_subject_the_unit_is_the_record(tmp_path: Path) -> None:
    run = opened(tmp_path / "case", subjects=None)
    facts, _ = training.sft(Context(run.folder, "sft"))
    assert (facts["differential_privacy"]["unit"], facts["differential_privacy"]["units"]) == ("record", 160)
