"""The evaluation as a stage, with a tiny real model: every arm on the same records, and nothing asked twice."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.run import Run, _write_config, open_run
from appliance.stages.context import Context, read_rows, write_examples
from appliance.stages.evaluate import evaluate
from distill.teach import read_completions
from distill.values import Completion, Example
from tests.appliance import small_use_case
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

SPLITS = {"train": 12, "val": 30, "test": 40}
MORE = (
    ('reference_field = "reviewed"', 'reference_field = "reviewed"\nfew_shot = 2\ngeneral_ability = false'),
    ("[bench.load]", "[onpolicy]\nsteps = 0\n\n[bench.load]"),
    ("horizon_months = 12", "horizon_months = 12\nmin_test_records = 30"),
)
SECRET = "heirloom"
"""Stands in every message: the facts must not have it."""


def example(split: str, number: int) -> Example:
    right = ("billing", "repairs")[number % 2]
    fields = {"message": f"{SECRET} {split} {'bill' if right == 'billing' else 'heat'} {number}"}
    taught = "billing" if number % 10 == 5 else right
    return Example(f"{split}-{number}", split, {**fields, "answer": taught, "reviewed": right}, taught, right)


def student_says(each: Example, number: int) -> Completion:
    """Wrong one time in five, and then less sure; one answer cannot be read."""
    wrong = number % 5 == 0
    other = {"billing": "repairs", "repairs": "billing"}[each.reference or ""]
    text = "neither" if number == 7 else other if wrong else each.reference
    return Completion(each.record_id, text, "stop", "m", 9, 3, logprob=math.log(0.5 if wrong else 0.9))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Up to its evaluation, of which an interrupted attempt has left the trained student's answers."""
    case = tmp_path_factory.mktemp("case")
    home = Home(tmp_path_factory.mktemp("home"))
    home.runs.mkdir()
    shutil.copytree(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), case / "student")
    run = open_run(small_use_case.write(case, *MORE), home)
    _write_config(run)
    examples = [example(split, number) for split, count in SPLITS.items() for number in range(count)]
    write_examples(began(run, "curate") / "examples.parquet", examples)
    taught = [asdict(Completion(each.record_id, each.answer, "stop", "teacher")) for each in examples]
    answers = began(run, "evaluate") / "answers"
    answers.mkdir()
    write_lines(began(run, "teach") / "completions.jsonl", taught)
    (began(run, "sft") / "model").mkdir()
    (run.stage_dir("sft") / "model" / "config.json").write_text("{}")
    outputs = {"curate": ["examples.parquet"], "teach": ["completions.jsonl"], "sft": ["model"]}
    for stage, names in outputs.items():
        hashes = manifest.hash_outputs(run.stage_dir(stage), names)
        manifest.write(run.stage_dir(stage), Manifest(stage, "fingerprint", hashes, {}, 1.0, time.time()))
    for split in ("val", "test"):
        asked = [each for each in examples if each.split == split]
        said = [asdict(student_says(each, number)) for number, each in enumerate(asked)]
        write_lines(answers / f"sft-{split}.jsonl", said)
    return run


def began(run: Run, stage: str) -> Path:
    manifest.prepare(run.stage_dir(stage), "fingerprint")
    return run.stage_dir(stage)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [{key: value for key, value in row.items() if key != "likeliest"} for row in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def facts(run: Run) -> dict[str, Any]:
    found, outputs = evaluate(Context(run.folder, "evaluate"))
    assert outputs == ["outcomes.parquet", "answers"]
    return dict(json.loads(json.dumps(found, allow_nan=False)))


def test_all_arms_answer_the_same_records_and_the_untrained_ones_with_labels(
    run: Run, facts: dict[str, Any]
) -> None:
    primary = {row["arm"]: row for row in facts["scores"] if row["metric"] == "accuracy"}
    assert list(primary) == ["untuned", "few-shot", "retrieved", "sft", "teacher", "cascade"]
    assert {row["n"] for row in primary.values()} == {40}
    assert [primary[arm]["failed"] for arm in ("untuned", "few-shot", "retrieved", "sft")] == [0, 0, 0, 1]
    assert facts["held_to_labels"] == ["untuned", "few-shot", "retrieved"]
    assert primary["sft"]["value"] == 31 / 40 and primary["teacher"]["value"] == 36 / 40
    rows = read_rows(run.stage_dir("evaluate") / "outcomes.parquet")
    assert {row["arm"] for row in rows} == {"untuned", "few-shot", "retrieved", "sft", "teacher"}
    assert {row["record_id"] for row in rows} == {f"test-{number}" for number in range(40)} and len(
        rows
    ) == 200


def test_the_cascade_asks_where_the_student_is_unsure(facts: dict[str, Any]) -> None:
    """One in five is unsure and wrong, and one answer cannot be read: 9 of 40 go to the teacher, who is wrong in 4."""
    cascade = facts["cascade"]
    assert cascade["test"]["escalated"] == 9 and not cascade["teacher_by_definition"]
    assert cascade["test"]["value"] == 36 / 40
    assert facts["calibration"]["n"] == 39


def test_no_customer_s_word_is_in_the_facts(facts: dict[str, Any]) -> None:
    assert SECRET not in json.dumps(facts)
    assert facts["worst"] and all(row["record_id"].startswith("test-") for row in facts["worst"])


def test_an_attempt_that_was_interrupted_is_gone_on_with_and_ends_alike(
    run: Run, facts: dict[str, Any]
) -> None:
    path = run.stage_dir("evaluate") / "answers" / "few-shot-test.jsonl"
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    # The last line is half there, and the first one is another's: kept, it shows that it was not asked again.
    first = json.loads(lines[0]) | {"model": "asked before the kill"}
    path.write_bytes(b"\n".join([json.dumps(first).encode(), *lines[1:20], lines[20][:30]]))
    again, _ = evaluate(Context(run.folder, "evaluate"))
    told = read_completions(path)
    assert len(told) == 40 and sum(each.model == "asked before the kill" for each in told.values()) == 1
    assert json.loads(json.dumps(again)) == facts
