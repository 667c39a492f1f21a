"""The student that asks: what the threshold does, and that the one picked is the least that will do."""

from __future__ import annotations

import random

import numpy as np
import pytest

from distill.evaluation.bootstrap import mean_interval
from distill.evaluation.cascade import ALL, CURVE_STEPS, Answered, level, pick, thresholds
from distill.evaluation.evidence import Margin, margin, over_the_bar
from privacy.intervals import Z95, wilson


def at_random(n: int, seed: int, teacher: float = 1.0) -> list[Answered]:
    """A student that is right as often as it thinks."""
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        chance = rng.random()
        rows.append(Answered(chance, float(rng.random() < chance), float(rng.random() < teacher)))
    return rows


def test_under_the_threshold_the_teacher_s_answer_counts_and_above_it_the_student_s() -> None:
    rows = [Answered(0.9, 1, 0), Answered(0.6, 0, 1), Answered(0.3, 0, 0), Answered(0.0, 0, 1)]
    found = level(rows, 0.7, 0.9)
    assert (found.n, found.escalated, found.share, found.value) == (4, 3, 0.75, 0.75)
    assert (found.share_low, found.share_high) == wilson(3, 4) and (found.low, found.high) == wilson(3, 4)
    assert found.target == pytest.approx(0.9 * 0.5)
    assert level(rows, 0.6, 0.9).escalated == 2, "at the threshold it answers by itself"
    assert level(rows, 0.0, 0.9).escalated == 1, "what cannot be read goes to the teacher at any threshold"
    assert level(rows, ALL, 0.9).escalated == 4 and level(rows, ALL, 0.9).value == 0.5


def test_the_curve_goes_from_nobody_s_question_to_everybody_s() -> None:
    rows = at_random(300, 1)
    found = thresholds(rows, CURVE_STEPS)
    shares = [level(rows, each, 0.9).share for each in found]
    assert found == sorted(found) and len(found) == CURVE_STEPS + 1
    assert shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(shares)
    assert max(np.diff(shares)) < 0.06
    assert thresholds([Answered(0.5, 1, 1)] * 3, 20) == [0.0, ALL]
    assert thresholds([Answered(0.0, 0, 1)], 20) == [0.0, ALL]


@pytest.mark.parametrize("seed", range(8))
def test_the_one_picked_meets_the_target_surely_and_the_one_before_does_not(seed: int) -> None:
    rows = at_random(200, seed)
    picked = pick(rows, 0.9)
    tried = thresholds(rows, 200)
    before = tried[tried.index(picked.threshold) - 1]
    assert picked.by == "interval"
    assert level(rows, picked.threshold, 0.9).low >= 0.9 > level(rows, before, 0.9).low
    assert level(rows, picked.threshold, 0.9).share < 1


def test_without_a_sure_one_the_least_by_value_is_taken_and_without_that_the_best() -> None:
    few = [Answered(0.9, 1, 1)] * 6 + [Answered(0.5, 0, 1)] * 4
    assert pick(few, 0.9).by == "value" and level(few, pick(few, 0.9).threshold, 0.9).share == 0.4
    weaker = [Answered(0.9, 0, 1)] * 5 + [Answered(0.5, 1, 0)] * 5
    assert pick(weaker, 0.99).by in ("value", "interval")
    sure_and_right = [Answered(0.9, 1, 1)] * 80
    assert pick(sure_and_right, 0.9) == pick(at_right(80), 0.9)
    assert pick(sure_and_right, 0.9).threshold == 0.0, "a student that is good enough asks nobody"


def at_right(n: int) -> list[Answered]:
    return [Answered(0.9, 1, 1) for _ in range(n)]


def test_a_target_out_of_reach_gives_the_best_there_is() -> None:
    """Of the ones at hand: the teacher alone is at 100% of itself, so only a ratio over 1 is out of reach."""
    rows = at_random(100, 2, teacher=0.5)
    picked = pick(rows, 1.9)
    assert picked.by == "best"
    best = max(level(rows, each, 1.9).value for each in thresholds(rows, 200))
    assert level(rows, picked.threshold, 1.9).value == best


def test_the_threshold_picked_on_some_records_holds_on_others() -> None:
    met = []
    for seed in range(40):
        picked = pick(at_random(150, seed), 0.9)
        met.append(level(at_random(2000, seed + 1000), picked.threshold, 0.9).value >= 0.9)
    assert np.mean(met) >= 0.9


# --- the margin over the bar ----------------------------------------------------------------------------------------


def test_with_a_teacher_right_by_definition_the_margin_is_the_arm_s_own_interval_less_the_bar() -> None:
    ours = [1.0] * 90 + [0.0] * 10
    found = margin("sft", ours, [1.0] * 100, 0.8)
    low, high = wilson(90, 100)
    assert (found.value, found.bar, found.margin) == (0.9, 0.8, pytest.approx(0.1))
    assert (found.low, found.high) == pytest.approx((low - 0.8, high - 0.8))
    assert found.meets is True and found.records_to_settle == 0
    assert margin("sft", ours, [1.0] * 100, 0.99).meets is False


def test_the_records_that_would_settle_it_do() -> None:
    ours = [1.0] * 84 + [0.0] * 16
    found = margin("sft", ours, [1.0] * 100, 0.8)
    assert found.meets is None and found.records_to_settle == pytest.approx(
        Z95**2 * 0.8 * 0.2 / 0.04**2, abs=1
    )
    times = -(-found.records_to_settle // 100)
    assert margin("sft", ours * times, [1.0] * 100 * times, 0.8).meets is True
    assert margin("sft", ours * (times - 1), [1.0] * 100 * (times - 1), 0.8).meets is None
    assert margin("sft", [1.0] * 80 + [0.0] * 20, [1.0] * 100, 0.8).records_to_settle is None


def test_a_measured_teacher_s_own_mistakes_are_in_the_interval() -> None:
    rng = np.random.default_rng(5)
    teacher = (rng.random(400) < 0.9).astype(float)
    ours = np.where(rng.random(400) < 0.95, teacher, 1 - teacher)
    found = margin("sft", ours.tolist(), teacher.tolist(), 0.95)
    gaps = ours - 0.95 * teacher
    half = Z95 * gaps.std() / 20
    assert (found.low, found.high) == pytest.approx((gaps.mean() - half, gaps.mean() + half), abs=0.1 * half)
    alone = mean_interval(ours.tolist())
    assert found.high - found.low < alone[1] - alone[0], "they err together, so less is uncertain"
    assert isinstance(found, Margin) and over_the_bar([ours.tolist()], teacher.tolist(), 0.95)[0] == (
        found.low,
        found.high,
    )
