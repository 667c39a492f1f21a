"""What the evaluation tells of its arms: facts that agree with one another, with and without people's word."""

from __future__ import annotations

import json
import math
import random
from itertools import pairwise
from typing import Any

import pytest

from appliance.cost import DecideSettings
from appliance.stages.findings import Measured, find
from distill.evaluate import Outcome, score_arm
from distill.tasks import TaskSettings, make_task
from distill.values import Completion, Example, Score

LABELS = ("a", "b", "c", "d")
TASK = make_task(TaskSettings("classify", "{m}", "", labels=LABELS))
DECIDE = DecideSettings(min_quality_ratio=0.9, min_test_records=50)


def asked(arm: str, exams: list[Example], skill: float, seed: int) -> list[Outcome]:
    """An arm that knows about as well as it says how often it is right."""
    rng = random.Random(f"{arm}-{seed}")
    answers = {}
    for each in exams:
        sure = min(0.999, max(0.05, rng.gauss(skill, 0.25)))
        right = rng.random() < sure
        text = (each.reference or each.answer) if right else rng.choice([*LABELS, "no label"])
        answers[each.record_id] = Completion(each.record_id, text, "stop", "m", logprob=math.log(sure))
    return score_arm(TASK, arm, exams, answers)[0]


def measured(n: int = 300, validation: int = 120, people: bool = False, seed: int = 1) -> Measured:
    rng = random.Random(seed)

    def exams(split: str, count: int) -> list[Example]:
        found = []
        for number in range(count):
            label = rng.choice(LABELS)
            taught = label if rng.random() < 0.9 or not people else rng.choice(LABELS)
            fields = {"m": "x" * rng.randint(1, 90), "channel": rng.choice(["mail", "app"]), "label": taught}
            found.append(Example(f"{split}-{number}", split, fields, taught, label if people else None))
        return found

    def taught(records: list[Example]) -> list[Outcome]:
        said = {each.record_id: Completion(each.record_id, each.answer, "stop", "t") for each in records}
        return score_arm(TASK, "teacher", records, said)[0]

    tests, held_back = exams("test", n), exams("val", validation)
    skills = {"untuned": 0.2, "few-shot": 0.35, "retrieved": 0.55, "sft": 0.8, "onpolicy": 0.75}
    arms = {arm: asked(arm, tests, skill, seed) for arm, skill in skills.items()} | {"teacher": taught(tests)}
    return Measured(TASK, tests, arms, "sft", asked("sft", held_back, 0.8, seed + 1), taught(held_back))


def found(study: Measured) -> tuple[dict[tuple[str, str], Score], dict[str, Any]]:
    scores, facts = find(study, DECIDE, ["label"])
    return {(score.arm, score.metric): score for score in scores}, json.loads(json.dumps(facts))


@pytest.fixture(scope="module", params=[False, True], ids=["teacher is the reference", "people are"])
def both(request: pytest.FixtureRequest) -> tuple[Measured, dict[tuple[str, str], Score], dict[str, Any]]:
    study = measured(people=request.param)
    return study, *found(study)


def test_each_neighbour_is_compared_and_the_chosen_student_with_every_other_arm(both: Any) -> None:
    study, _, facts = both
    pairs = {(row["arm"], row["against"]) for row in facts["paired"]}
    order = ["untuned", "few-shot", "retrieved", "sft", "onpolicy", "cascade"]
    order += [] if study.by_definition else ["teacher"]
    assert pairs >= {(after, before) for before, after in pairwise(order)}
    beside = {other for pair in pairs if "sft" in pair for other in pair} - {"sft"}
    assert beside == {*order} - {"sft"}
    assert {row["metric"] for row in facts["paired"]} == {"accuracy", "macro_f1"}
    assert len(facts["paired"]) == 2 * len(pairs), "no pair twice"
    for row in facts["paired"]:
        assert row["low"] <= row["difference"] <= row["high"] and row["n"] == 300


def test_a_difference_is_that_of_the_scores(both: Any) -> None:
    study, scores, facts = both
    for row in facts["paired"]:
        if row["metric"] == "accuracy" and "cascade" not in (row["arm"], row["against"]):
            mean = {arm: sum(study.values(arm)) / 300 for arm in (row["arm"], row["against"])}
            assert row["difference"] == pytest.approx(mean[row["arm"]] - mean[row["against"]])
        if row["metric"] == "macro_f1":
            values = [scores[row[side], "macro_f1"].value for side in ("arm", "against")]
            assert row["difference"] == pytest.approx(values[0] - values[1])


def test_the_cascade_is_scored_on_the_test_records_at_the_threshold_from_validation(both: Any) -> None:
    study, scores, facts = both
    cascade, score = facts["cascade"], scores["cascade", "accuracy"]
    assert (cascade["test"]["value"], cascade["test"]["low"], cascade["test"]["high"]) == (
        score.value, score.low, score.high
    )  # fmt: skip
    assert cascade["test"]["n"] == 300 and cascade["validation"]["n"] == 120
    assert cascade["picked_by"] == "interval" and 0 < cascade["test"]["share"] < 1
    assert score.value > sum(study.values("sft")) / 300
    assert bool(score.note) is study.by_definition is cascade["teacher_by_definition"]
    shares = [point["test"]["share"] for point in cascade["curve"]]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert cascade["curve"][-1]["test"]["value"] == sum(study.values("teacher")) / 300


def test_the_confidence_is_corrected_on_validation_and_judged_on_test(both: Any) -> None:
    study, _, facts = both
    calibration = facts["calibration"]
    read = [each for each in study.arms["sft"] if not each.failed]
    assert calibration["n"] == len(read) < 300, "an answer that cannot be read has no chance of being right"
    assert calibration["n_validation"] == sum(not each.failed for each in study.validation)
    for way in ("raw", "calibrated"):
        assert sum(each["n"] for each in calibration[way]["bins"]) == calibration["n"]
        assert calibration[way]["low"] <= calibration[way]["ece"] <= calibration[way]["high"]


def test_classes_and_evidence_are_of_the_chosen_student_and_its_neighbours(both: Any) -> None:
    study, _, facts = both
    arms = {row["arm"] for row in facts["classes"]}
    assert arms == {"sft", "retrieved", *([] if study.by_definition else ["teacher"])}
    assert sum(row["n"] for row in facts["classes"] if row["arm"] == "sft") == 300
    evidence = facts["evidence"]
    assert (evidence["n"], evidence["least"], evidence["enough"]) == (300, 50, True)
    assert evidence["bar"] == pytest.approx(0.9 * sum(study.values("teacher")) / 300)
    meets = {row["arm"]: row["meets"] for row in evidence["arms"]}
    assert meets["cascade"] is not False and meets["untuned"] is False and "teacher" not in meets


def test_slices_and_worst_records_hold_no_text_and_leave_the_answer_s_column_aside(both: Any) -> None:
    study, _, facts = both
    assert {row["by"] for row in facts["slices"]} == {"input length", "reference", "input.channel"}
    assert all((row["teacher"] is None) is study.by_definition for row in facts["slices"])
    assert facts["worst"] and all(row["record_id"].startswith("test-") for row in facts["worst"])
    assert "xxx" not in json.dumps(facts)


def test_the_same_answers_give_the_same_facts() -> None:
    assert found(measured(n=80, validation=40)) == found(measured(n=80, validation=40))


def test_without_validation_records_there_is_no_calibration_and_no_cascade() -> None:
    scores, facts = found(measured(n=60, validation=0))
    assert facts["calibration"] is None and facts["cascade"] is None
    assert "cascade" not in {arm for arm, _ in scores}
    assert "cascade" not in {row["arm"] for row in facts["evidence"]["arms"]}


def test_20_records_are_not_enough_and_say_so() -> None:
    evidence = found(measured(n=20, validation=10))[1]["evidence"]
    assert evidence["enough"] is False and evidence["n"] == 20
    (student,) = (row for row in evidence["arms"] if row["arm"] == "sft")
    assert student["meets"] is not True and (
        student["records_to_settle"] == 0 or student["records_to_settle"] > 20
    )


def test_without_test_records_nothing_is_told() -> None:
    facts = found(measured(n=0, validation=10))[1]
    assert facts["paired"] == facts["classes"] == facts["slices"] == facts["worst"] == []
    assert facts["evidence"]["enough"] is False and facts["evidence"]["bar"] is None


def by_hand(task: Any, count: int, right: str, said: dict[str, list[str]], split: str) -> Measured:
    """Arms whose answers are given in turn; an arm is surer where it is right."""
    tests = [Example(f"{split}-{n}", "test", {"m": "x" * (n % 50)}, right, None) for n in range(count)]
    arms = {}
    for arm, answers in {**said, "teacher": [right]}.items():
        completions = {
            each.record_id: Completion(
                each.record_id,
                answers[n % len(answers)],
                "stop",
                "m",
                logprob=-0.1 if answers[n % len(answers)] == right else -2.0,
            )
            for n, each in enumerate(tests)
        }
        arms[arm] = score_arm(task, arm, tests, completions)[0]
    return Measured(task, tests, arms, "sft", arms["sft"], arms["teacher"])


def test_an_object_is_compared_by_the_whole_and_by_its_parts() -> None:
    schema = {
        "type": "object",
        "required": ["queue", "note"],
        "properties": {"queue": {"enum": ["x", "y"]}, "note": {"type": "string"}},
    }
    task = make_task(TaskSettings("extract", "{m}", "", json_schema=schema))
    right, other = '{"queue":"x","note":"late"}', '{"queue":"x","note":"Mrs Somebody"}'
    study = by_hand(task, 60, right, {"untuned": ["no", other], "sft": [right, right, right, other]}, "e")
    scores, facts = found(study)
    tests = {row["metric"]: row["test"] for row in facts["paired"]}
    assert tests == {
        "exact_match": "mcnemar-exact",
        "identical": "mcnemar-exact",
        "field_match": "paired-bootstrap",
        "valid_json": "mcnemar-exact",
        "valid_schema": "mcnemar-exact",
    }
    assert facts["classes"] == [] and ("sft", "macro_f1") not in scores
    assert scores["cascade", "field_match"].value == 1.0 and facts["cascade"]["test"]["share"] == 0.25
    assert facts["worst"][0]["wrong"] == [
        "exact_match",
        "identical",
        "field_match",
        "field:note",
        "field_exact:note",
    ]
    assert facts["worst"][0]["answer"] is None and "Somebody" not in json.dumps(facts)


def test_free_text_is_compared_by_fractions_of_right() -> None:
    task = make_task(TaskSettings("generate", "{m}", ""))
    right, near = "the meter arrives on monday", "the meter arrives late"
    study = by_hand(task, 80, right, {"untuned": ["no idea"], "sft": [right, near]}, "g")
    _, facts = found(study)
    assert {row["test"] for row in facts["paired"] if row["metric"] == task.primary_metric} == {
        "paired-bootstrap"
    }
    assert facts["cascade"]["test"]["value"] > sum(study.values("sft")) / 80
    assert 0 < facts["evidence"]["arms"][1]["value"] < 1 and facts["calibration"]["raw"]["mean_score"] < 1
    assert len(facts["worst"]) == 40 and facts["slices"] and "meter" not in json.dumps(facts)
