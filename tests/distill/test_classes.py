"""Scores by label, against counts made one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from distill.evaluation.bootstrap import DRAWS, percentiles
from distill.evaluation.classes import (
    class_rows,
    compare_macro_f1,
    macro_f1,
    macro_f1_draws,
    macro_f1_interval,
)
from privacy.intervals import wilson


def at_random(n: int, seed: int) -> tuple[list[str | None], list[str]]:
    rng = random.Random(seed)
    right = [rng.choice("aaabbc") for _ in range(n)]
    return [each if rng.random() < 0.7 else rng.choice(["a", "b", "d", None]) for each in right], right


def mean_f1(said: Sequence[str | None], right: Sequence[str]) -> float:
    found = []
    for label in set(right):
        hits = sum(s == r == label for s, r in zip(said, right, strict=True))
        precision = hits / said.count(label) if label in said else 0.0
        recall = hits / right.count(label)
        found.append(2 * precision * recall / (precision + recall) if hits else 0.0)
    return sum(found) / len(found)


@pytest.mark.parametrize("seed", range(20))
def test_macro_f1_is_the_mean_of_each_right_label_s_f1(seed: int) -> None:
    said, right = at_random(60, seed)
    assert macro_f1(said, right) == pytest.approx(mean_f1(said, right), abs=1e-6)
    assert macro_f1(right, right) == 1.0 and macro_f1([None] * 60, right) == 0.0


def test_a_label_said_but_never_right_costs_the_right_ones_and_has_no_f1_of_its_own() -> None:
    assert macro_f1(["a", "d", "b"], ["a", "a", "b"]) == pytest.approx((2 / 3 + 1) / 2)


def test_each_draw_is_the_macro_f1_of_the_records_drawn() -> None:
    said, right = at_random(40, 3)
    draws = macro_f1_draws(said, right)
    again = np.random.default_rng(7).integers(0, 40, (DRAWS, 40))
    for number in (0, 1, 2):
        chosen = again[number]
        assert draws[number] == pytest.approx(
            mean_f1([said[place] for place in chosen], [right[place] for place in chosen]), abs=1e-5
        )
    low, high = percentiles(draws)
    assert low < macro_f1(said, right) < high and len(draws) == DRAWS


def test_all_wrong_or_all_right_on_few_records_is_not_certain() -> None:
    for said in ([None] * 12, ["a", "b"] * 6):
        right = ["a", "b"] * 6
        value, draws = macro_f1(said, right), macro_f1_draws(said, right)
        assert macro_f1_interval(value, draws, 12) == wilson(value * 12, 12)
    said, right = at_random(40, 3)
    draws = macro_f1_draws(said, right)
    assert macro_f1_interval(macro_f1(said, right), draws, 40) == percentiles(draws)


def test_rows_are_counted_by_hand() -> None:
    right = ["a", "a", "a", "b", "b", "c"]
    rows = {row.label: row for row in class_rows("sft", ["a", "b", "b", "b", None, "d"], right)}
    assert (rows["a"].n, rows["a"].said, rows["a"].taken_for, rows["a"].taken_for_n) == (3, 1, "b", 2)
    assert rows["a"].precision == 1.0 and rows["a"].recall == pytest.approx(1 / 3)
    assert (rows["a"].recall_low, rows["a"].recall_high) == wilson(1, 3)
    assert rows["b"].precision == pytest.approx(1 / 3) and rows["b"].f1 == pytest.approx(2 / 5)
    assert (rows["b"].taken_for, rows["b"].taken_for_n) == (None, 0), "unreadable is no other label"
    assert (rows["c"].precision, rows["c"].precision_low, rows["c"].recall) == (None, None, 0.0)
    assert (rows["d"].recall, rows["d"].n, rows["d"].said, rows["d"].f1) == (None, 0, 1, 0.0)
    order = [row.label for row in class_rows("sft", ["a", "b", "b", "b", None, "d"], right)]
    assert order == ["c", "a", "b", "d"], "weakest first, what was never right last"


def test_two_macro_f1_are_compared_draw_by_draw() -> None:
    said, right = at_random(200, 5)
    better: list[str | None] = [
        r if number % 4 == 0 else s for number, (s, r) in enumerate(zip(said, right, strict=True))
    ]
    theirs = macro_f1(said, right), macro_f1_draws(said, right)
    ours = macro_f1(better, right), macro_f1_draws(better, right)
    found = compare_macro_f1("sft", "untuned", 200, *ours, *theirs)
    assert (
        found.difference == pytest.approx(ours[0] - theirs[0])
        and 0 < found.low < found.difference < found.high
    )
    assert found.p < 0.01 and found.records_to_settle == 0 and found.only_arm is None
    apart = found.high - found.low
    alone = percentiles(ours[1])
    assert apart < alone[1] - alone[0], "pairing narrows it"
    same = compare_macro_f1("sft", "untuned", 200, *theirs, *theirs)
    assert (same.difference, same.p, same.records_to_settle) == (0.0, 1.0, None)
