"""What stops on-policy training before it harms the student, and whether it did any good: figures of steps, no text."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from distill.objectives import Mismatch
from distill.training import TrainingError

WINDOW = 5
"""Steps that are averaged at the start and now; the guards that compare the two speak after twice as many."""
_LENGTHENED = 1.5
_COLLAPSED = 0.5
_Z95 = 1.96


def check_mismatch(found: Mismatch, most: float, step: int) -> None:
    """Raises TrainingError where the sampler's figures are not those of the weights that learn."""
    if not found.mean_abs <= most:  # also where it is not a number
        raise TrainingError(
            f"at step {step} the sampler's log-probabilities are {found.mean_abs:.3f} a token off the trainer's, over "
            f"onpolicy.max_mismatch = {most}: it does not sample from the weights that learn"
        )


def check_curves(rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises TrainingError where answers have grown to their limit, or rewards have collapsed, against the first steps.

    `rows` are those of the metrics, in order, with `length_mean`, `finished` and `reward` (which may be absent).
    """
    if len(rows) < 2 * WINDOW:
        return
    first, last = rows[:WINDOW], rows[-WINDOW:]
    step = rows[-1]["step"]
    lengths, lengths_now = _mean(first, "length_mean"), _mean(last, "length_mean")
    finished = _mean(last, "finished")
    if finished is not None and finished < 0.5 and (lengths_now or 0) > _LENGTHENED * (lengths or math.inf):
        raise TrainingError(
            f"at step {step} {1 - finished:.0%} of the answers run into the limit, and they have grown from "
            f"{lengths:.1f} to {lengths_now:.1f} tokens: lower onpolicy.learning_rate, or onpolicy.steps to those before"
        )
    reward, reward_now = _mean(first, "reward"), _mean(last, "reward")
    if reward is not None and reward_now is not None:
        spread = statistics.stdev(row["reward"] for row in first if row.get("reward") is not None)
        # Far below, and not by the chance of a few answers.
        if reward_now < _COLLAPSED * reward and reward - reward_now > 3 * spread / math.sqrt(WINDOW):
            raise TrainingError(
                f"at step {step} the reward has collapsed from {reward:.3f} to {reward_now:.3f}: lower "
                "onpolicy.learning_rate, or onpolicy.steps to those before"
            )


def _mean(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [row.get(name) for row in rows]
    known = [float(value) for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None


@dataclass(frozen=True, slots=True)
class Improvement:
    """The mean reward after training less that before, with its 95% interval."""

    measured_on: Literal["validation", "training"]
    """`validation`: the same held-out records before and after. `training`: the first and last steps of the curve."""
    before: float
    after: float
    low: float | None
    """None where there are too few values for an interval."""
    high: float | None
    n: int
    """Records, or steps of each end."""

    @property
    def improved(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low is not None and self.low > 0


def improvement_of_pairs(before: Sequence[float], after: Sequence[float]) -> Improvement:
    """From the rewards of the same records, by the normal interval of the mean difference."""
    differences = [b - a for a, b in zip(before, after, strict=True)]
    mean, n = statistics.fmean(differences), len(differences)
    half = _Z95 * statistics.stdev(differences) / math.sqrt(n) if n > 1 else None
    return Improvement(
        "validation",
        statistics.fmean(before),
        statistics.fmean(after),
        None if half is None else mean - half,
        None if half is None else mean + half,
        n,
    )


def improvement_of_curve(rewards: Sequence[float]) -> Improvement:
    """From the first and last fifths of the steps by Welch's interval; other records at each end.

    Of five steps at least where there are ten, or else of half of them; without an interval below five.
    """
    n = max(1, min(max(WINDOW, len(rewards) // 5), len(rewards) // 2))
    first, last = rewards[:n], rewards[-n:]
    before, after = statistics.fmean(first), statistics.fmean(last)
    if n < WINDOW:
        return Improvement("training", before, after, None, None, n)
    a, b = statistics.variance(first) / n, statistics.variance(last) / n
    if a + b == 0:
        return Improvement("training", before, after, after - before, after - before, n)
    half = _t95((a + b) ** 2 / ((a * a + b * b) / (n - 1))) * math.sqrt(a + b)
    return Improvement("training", before, after, after - before - half, after - before + half, n)


def _t95(freedom: float) -> float:
    """Student's t at 97.5% from the normal one (Fisher's expansion; 1% low at 4 degrees of freedom, less above)."""
    z = _Z95
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
