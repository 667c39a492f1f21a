"""The scores, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from distill.evaluate import pick_shots, requests_for, score_arm
from distill.tasks import TaskSettings, make_task
from distill.values import Completion, Example
from privacy.intervals import wilson

TASK = make_task(
    TaskSettings("classify", "{m}", "Long: {labels}", student_instructions="Short.", labels=("a", "b", "c"))
)
OBJECT = {
    "type": "object",
    "required": ["x"],
    "properties": {"x": {"type": "string"}, "y": {"type": "integer"}},
}
JSON_TASK = make_task(TaskSettings("extract", "{m}", "", json_schema=OBJECT))


def exam(record_id: str, answer: str | None, reference: str | None = None) -> Example:
    return Example(record_id, "test", {"m": record_id}, answer, reference)


def said(**texts: str | None) -> dict[str, Completion]:
    return {
        name: Completion(name, text, "stop", "m", error=None if text else "e") for name, text in texts.items()
    }


def test_failed_answers_are_in_n_and_count_as_wrong() -> None:
    tests = [exam(f"r{n}", "a") for n in range(6)]
    answers = said(r0="A.", r1="b", r2="", r3=None, r4="I think a")  # r5 was never answered
    outcomes, (score,) = score_arm(TASK, "sft", tests, answers)
    assert [outcome.failed for outcome in outcomes] == [False, False, True, True, True, True]
    assert [outcome.scores["accuracy"] for outcome in outcomes] == [1, 0, 0, 0, 0, 0]
    assert (score.arm, score.metric, score.n, score.failed) == ("sft", "accuracy", 6, 4)
    assert score.value == pytest.approx(1 / 6) and (score.low, score.high) == wilson(1, 6)


def test_an_answer_cut_off_counts_only_if_it_was_complete() -> None:
    tests = [exam("r0", "a"), exam("r1", "a")]
    answers = {
        "r0": Completion("r0", "a\nand then", "length", "m"),
        "r1": Completion("r1", "a", "length", "m"),
    }
    outcomes, (score,) = score_arm(TASK, "untuned", tests, answers)
    assert [outcome.failed for outcome in outcomes] == [False, True] and score.value == 0.5


def test_people_are_the_reference_where_they_have_spoken_for_the_teacher_too() -> None:
    tests = [exam("r0", "a", "b"), exam("r1", "a", "a"), exam("r2", None, "c")]
    _, (student,) = score_arm(TASK, "sft", tests, said(r0="b", r1="a", r2="c"))
    _, (teacher,) = score_arm(TASK, "teacher", tests, said(r0="a", r1="a", r2=None))
    assert student.value == 1.0
    assert teacher.value == pytest.approx(1 / 3) and teacher.failed == 1 and teacher.note is None


def test_a_teacher_that_is_the_reference_is_not_measured() -> None:
    tests = [exam("r0", "a"), exam("r1", "b")]
    outcomes, (score,) = score_arm(TASK, "teacher", tests, said(r0="a", r1="b"))
    assert (score.value, score.low, score.high) == (None, None, None)
    assert (score.n, score.failed) == (2, 0) and score.note and len(outcomes) == 2
    _, (student,) = score_arm(TASK, "sft", tests, said(r0="a", r1="b"))
    assert student.value == 1.0 and student.note is None


def test_without_test_records_nothing_is_measured() -> None:
    outcomes, (score,) = score_arm(TASK, "sft", [], {})
    assert outcomes == [] and (score.value, score.low, score.high, score.n) == (None, None, None, 0)
    assert score.metric == "accuracy" and score.note == "no test record"


def test_every_metric_of_an_object_is_summed_by_itself() -> None:
    tests = [exam(f"r{n}", '{"x":"k","y":1}') for n in range(4)]
    answers = said(r0='{"x":"K","y":1}', r1='{"x":"k","y":2}', r2='{"x":"other","y":1}', r3="nothing")
    outcomes, scores = score_arm(JSON_TASK, "sft", tests, answers)
    assert {score.metric: score.value for score in scores} == {
        "exact_match": 0.25,
        "identical": 0.0,
        "field_match": 0.5,
        "field:x": 0.5,
        "field:y": 0.5,
        "field_exact:x": 0.25,
        "field_exact:y": 0.5,
        "valid_json": 0.75,
        "valid_schema": 0.75,
    }
    assert {(score.n, score.failed) for score in scores} == {(4, 1)}
    assert all((score.low, score.high) == wilson(score.value * 4, 4) for score in scores if score.value)
    assert set(outcomes[3].scores.values()) == {0}


def test_json_that_breaks_the_schema_is_json_all_the_same_and_no_answer() -> None:
    tests = [exam(f"r{n}", '{"x":"k","y":1}') for n in range(4)]
    answers = said(r0='{"y":1}', r1='Sure: {"x":"k","y":1}', r2='{"x":"k"', r3='{"x":"k","x":"l"}')
    outcomes, scores = score_arm(JSON_TASK, "sft", tests, answers)
    values = {score.metric: score.value for score in scores}
    assert (values["valid_json"], values["valid_schema"], values["exact_match"]) == (0.5, 0.25, 0.25)
    assert [outcome.failed for outcome in outcomes] == [True, False, True, True]
    assert outcomes[0].scores["field:y"] == 0.0, "nothing of an answer that breaks the schema counts"


def learnt(record_id: str, answer: str | None, split: str = "train") -> Example:
    return Example(record_id, split, {"m": record_id}, answer, None)


def test_shots_show_different_answers_first_and_come_from_the_training_records_alone() -> None:
    examples = [
        learnt("1", "a"),
        learnt("2", "a"),
        learnt("3", "b"),
        learnt("exam", "c", "test"),
        learnt("choice", "c", "val"),
        learnt("none", None),
        learnt("4", "b"),
        learnt("5", "c"),
    ]
    order = [fields["m"] for fields, _ in pick_shots(examples, 9)]
    assert order == ["1", "3", "5", "2", "4"]
    assert pick_shots(examples, 3) == [({"m": "1"}, "a"), ({"m": "3"}, "b"), ({"m": "5"}, "c")]
    assert pick_shots(examples, 4)[3] == ({"m": "2"}, "a")
    assert pick_shots([], 4) == []


@pytest.mark.parametrize(
    ("arm", "system", "turns"),
    [
        ("untuned", "Long: a, b, c", 2),
        ("few-shot", "Long: a, b, c", 4),
        ("retrieved", "Long: a, b, c", 4),
        ("sft", "Short.", 2),
        ("onpolicy", "Short.", 2),
        ("teacher", "Long: a, b, c", 2),
    ],
)
def test_each_arm_is_asked_in_its_own_words_about_the_same_records(arm: str, system: str, turns: int) -> None:
    tests = [exam("r0", "a"), exam("r1", "b")]
    shots = {record_id: [({"m": "shot"}, "a")] for record_id in ("r0", "r1")}
    asked = requests_for(TASK, arm, tests, {"few-shot": shots, "retrieved": shots})
    assert [request.record_id for request in asked] == ["r0", "r1"]
    assert {len(request.messages) for request in asked} == {turns}
    assert {request.messages[0]["content"] for request in asked} == {system}
    assert [request.messages[-1]["content"] for request in asked] == ["r0", "r1"]
