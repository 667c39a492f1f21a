"""On-policy training stops when it harms, and says whether it helped."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from distill.guards import check_curves, check_mismatch, improvement_of_curve, improvement_of_pairs
from distill.objectives import Mismatch
from distill.training import TrainingError


def rows(
    reward: Any = None, length: Any = None, finished: Any = None, steps: int = 20
) -> list[dict[str, Any]]:
    """Rows whose figures are functions of the step from 0 to 1."""
    return [
        {
            "step": n + 1,
            "reward": reward(n / (steps - 1)) if reward else 0.5,
            "length_mean": length(n / (steps - 1)) if length else 5.0,
            "finished": finished(n / (steps - 1)) if finished else 1.0,
        }
        for n in range(steps)
    ]


def test_answers_that_grow_to_their_limit_stop_the_training() -> None:
    grown = rows(length=lambda at: 5 + 15 * at, finished=lambda at: 1 - at)
    with pytest.raises(TrainingError, match=r"at step 20 .*of the answers run into the limit.*learning_rate"):
        check_curves(grown)


@pytest.mark.parametrize(
    "curves",
    [
        {"length": lambda at: 5 + 15 * at},  # longer, and finished
        {"finished": lambda at: 0.1},  # cut off from the start, and not growing
        {"length": lambda at: 5 + 2 * at, "finished": lambda at: 1 - at},  # hardly longer
        {"reward": lambda at: 0.5 - 0.2 * at},  # worse, not collapsed
        {"reward": lambda at: 0.0},
        {"reward": lambda at: at},
    ],
)
def test_training_that_only_changes_goes_on(curves: dict[str, Any]) -> None:
    check_curves(rows(**curves))


def test_a_reward_that_collapses_stops_the_training() -> None:
    with pytest.raises(TrainingError, match=r"the reward has collapsed from 0\.5\d+ to 0\.1"):
        check_curves(rows(reward=lambda at: 0.6 - 0.5 * at))


def test_a_reward_that_was_noise_from_the_start_has_not_collapsed() -> None:
    noisy = [{"step": n, "reward": [0.0, 1.0][n < 2], "length_mean": 5.0, "finished": 1.0} for n in range(10)]
    check_curves(noisy)


def test_curves_are_judged_when_first_and_last_steps_are_others() -> None:
    collapsing = rows(reward=lambda at: 0.6 - 0.5 * at, steps=9)
    check_curves(collapsing)
    with pytest.raises(TrainingError):
        check_curves([*collapsing, collapsing[-1] | {"step": 10}])


def test_rewards_that_were_not_measured_collapse_nowhere() -> None:
    check_curves([{key: row[key] for key in row if key != "reward"} for row in rows()])


@pytest.mark.parametrize(("mean", "stops"), [(0.0, False), (0.2, False), (0.21, True), (math.nan, True)])
def test_a_mismatch_over_the_limit_stops_the_training(mean: float, stops: bool) -> None:
    found = Mismatch(mean, mean, mean)
    if not stops:
        check_mismatch(found, 0.2, 3)
    else:
        with pytest.raises(TrainingError, match=r"at step 3 .* over onpolicy\.max_mismatch = 0\.2"):
            check_mismatch(found, 0.2, 3)


def test_improvement_is_told_with_its_interval() -> None:
    found = improvement_of_pairs([0.0] * 50, [1.0] * 25 + [0.0] * 25)
    assert (found.before, found.after, found.n, found.measured_on) == (0.0, 0.5, 50, "validation")
    assert found.low == pytest.approx(0.5 - 1.96 * math.sqrt(0.25 * 50 / 49 / 50))
    assert found.improved
    assert not improvement_of_pairs([0.0, 1.0] * 20, [1.0, 0.0] * 20).improved
    assert not improvement_of_pairs([1.0] * 50, [0.0] * 50).improved
    alone = improvement_of_pairs([0.0], [1.0])
    assert alone.low is None and not alone.improved


def test_a_curve_that_rises_has_improved_and_one_that_does_not_has_not() -> None:
    chance = random.Random(1)
    noise = [chance.gauss(0, 0.05) for _ in range(40)]
    assert improvement_of_curve([0.3 + 0.01 * n + each for n, each in enumerate(noise)]).improved
    assert not improvement_of_curve([0.3 + each for each in noise]).improved
    assert not improvement_of_curve([0.7 - 0.01 * n + each for n, each in enumerate(noise)]).improved
    few = improvement_of_curve([0.1, 0.2, 0.9])
    assert few.low is None and few.n == 1 and not few.improved
    flat = improvement_of_curve([0.5] * 20)
    assert (flat.low, flat.high) == (0.0, 0.0) and not flat.improved


def test_an_interval_over_few_steps_holds_what_it_promises() -> None:
    """95% of the intervals hold the true difference, which is none; a normal interval would hold 91%."""
    chance = random.Random(2)
    held = 0
    for _ in range(2000):
        found = improvement_of_curve([chance.gauss(0, 1) for _ in range(10)])
        assert found.low is not None and found.high is not None
        held += found.low <= 0 <= found.high
    assert 0.935 < held / 2000 < 0.968
