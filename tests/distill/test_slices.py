"""Where the student loses: parts of the records, their tests against scipy and statsmodels, and what is told of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from distill.evaluate import Outcome
from distill.evaluation.slices import holm, parts, permutation_ps, slices, worst
from distill.tasks import TaskSettings, make_task
from distill.values import Example
from privacy.intervals import wilson

TASK = make_task(TaskSettings("classify", "{m}", "", labels=("a", "b", "c")))
RNG = np.random.default_rng(9)


def exam(number: int, text: str, answer: str = "a", **more: str) -> Example:
    return Example(f"r{number:03d}", "test", {"m": text, **more}, answer, None)


@pytest.mark.slow
def test_holm_s_correction_is_that_of_statsmodels() -> None:
    for size in (1, 2, 7, 40):
        ps = RNG.random(size) ** 3
        assert holm(ps.tolist()) == pytest.approx(multipletests(ps, method="holm")[1].tolist())
    assert holm([]) == []


def test_with_right_or_wrong_the_permutation_test_is_the_exact_one() -> None:
    rng = np.random.default_rng(9)
    for right in (96, 60, 110):
        scores = np.zeros(120)
        scores[rng.choice(120, right, replace=False)] = 1
        groups = [rng.choice(120, size, replace=False).tolist() for size in (6, 20, 40, 60)]
        for group, p in zip(groups, permutation_ps(scores, groups), strict=True):
            count = np.arange(len(group) + 1)
            away = np.abs(count / len(group) - right / 120)
            seen = abs(scores[group].mean() - right / 120)
            exact = stats.hypergeom.pmf(count, 120, right, len(group))[away >= seen - 1e-9].sum()
            assert p == pytest.approx(exact, abs=0.02)


def test_with_fractions_it_agrees_with_the_t_test() -> None:
    scores = RNG.normal(0.6, 0.1, 200)
    scores[:40] += 0.04
    (p,) = permutation_ps(scores, [list(range(40))])
    assert p == pytest.approx(stats.ttest_ind(scores[:40], scores[40:]).pvalue, abs=0.02)


def test_only_a_slice_that_stands_apart_is_flagged() -> None:
    student = [1.0] * 180 + [0.0] * 20 + [1.0] * 5 + [0.0] * 25
    places = {("input.channel", "mail"): list(range(200)), ("input.channel", "fax"): list(range(200, 230))}
    places |= {("reference", f"l{start}"): list(range(start, start + 20)) for start in range(0, 160, 20)}
    rows = {row.value: row for row in slices(places, student, None)}
    assert rows["fax"].flagged and rows["fax"].worse and rows["fax"].student == pytest.approx(5 / 30)
    assert (rows["fax"].low, rows["fax"].high) == wilson(5, 30) and rows["fax"].teacher is None
    assert not any(rows[f"l{start}"].flagged for start in range(0, 160, 20))
    assert rows["fax"].p_holm >= rows["fax"].p
    assert next(iter(slices(places, student, None))).value == "fax", "the lowest first"


@pytest.mark.slow
def test_among_many_slices_of_nothing_hardly_any_is_flagged() -> None:
    flagged = 0
    for _ in range(20):
        student = (RNG.random(300) < 0.8).astype(float).tolist()
        order = RNG.permutation(300)
        places = {
            ("reference", str(start)): order[start : start + 10].tolist() for start in range(0, 300, 10)
        }
        flagged += sum(row.flagged for row in slices(places, student, None))
    assert flagged <= 2


def test_slices_that_are_too_small_or_everything_are_left_out_and_the_teacher_stands_beside() -> None:
    student, teacher = [1.0] * 10, [0.0] * 5 + [1.0] * 5
    places = {("x", "few"): [0, 1, 2, 3], ("x", "half"): [0, 1, 2, 3, 4], ("x", "all"): list(range(10))}
    (row,) = slices(places, student, teacher)
    assert (row.value, row.teacher, row.teacher_low) == ("half", 0.0, 0.0) and row.p == 1.0
    assert slices({}, student, None) == []


def test_the_parts_are_the_length_the_answer_and_closed_fields_and_no_person_s_words() -> None:
    tests = [
        exam(
            n,
            "x" * (n + 1),
            "ab"[n % 2],
            channel="mail" if n < 60 else "app",
            author=f"person {n}",
            label="a",
            long="y" * 50,
        )
        for n in range(100)
    ]
    found = parts(TASK, tests, ["label"])
    assert {by for by, _ in found} == {"input length", "reference", "input.channel"}
    quarters = {value: places for (by, value), places in found.items() if by == "input length"}
    assert [len(places) for places in quarters.values()] == [25] * 4
    assert "1 to 25 characters" in quarters and "76 to 100 characters" in quarters
    assert len(found["input.channel", "mail"]) == 60 and len(found["reference", "a"]) == 50
    same = parts(TASK, [exam(n, "same") for n in range(8)], [])
    assert [value for by, value in same if by == "input length"] == ["4 to 4 characters"]


def test_the_closed_fields_of_an_object_are_parts_and_its_open_ones_are_not() -> None:
    schema = {
        "type": "object",
        "properties": {
            "queue": {"enum": ["x", "y"]},
            "refund": {"type": "boolean"},
            "name": {"type": "string"},
        },
    }
    task = make_task(TaskSettings("extract", "{m}", "", json_schema=schema))
    tests = [exam(n, "t", '{"queue":"x","refund":true,"name":"Somebody"}') for n in range(3)]
    found = {name for name in parts(task, tests, []) if name[0] != "input length"}
    assert found == {("reference.queue", "x"), ("reference.refund", "True")}


def outcome(number: int, score: float, answer: str | None = "b", logprob: float | None = -0.1) -> Outcome:
    return Outcome(f"r{number:03d}", "sft", answer is None, {"accuracy": score}, answer, logprob)


def test_the_worst_are_those_the_teacher_has_right_the_most_confident_first_and_hold_no_text() -> None:
    tests = [exam(n, "some customer's words") for n in range(5)]
    student = [
        outcome(0, 0, logprob=-2.0),
        outcome(1, 0, logprob=-0.01),
        outcome(2, 1),
        outcome(3, 0),
        outcome(4, 0, None, None),
    ]
    teacher = [outcome(n, 0 if n == 3 else 1) for n in range(5)]
    rows = worst(TASK, tests, student, teacher)
    assert [row.record_id for row in rows] == ["r001", "r000", "r004"]
    assert rows[0].confidence == pytest.approx(np.exp(-0.01)) and (rows[0].answer, rows[0].reference) == (
        "b",
        "a",
    )
    assert rows[2].confidence is None and rows[2].answer is None
    assert "customer" not in repr(rows) and rows[0].wrong == ("accuracy",)
    many = [exam(n, "t") for n in range(90)]
    assert (
        len(worst(TASK, many, [outcome(n, 0) for n in range(90)], [outcome(n, 1) for n in range(90)])) == 50
    )
