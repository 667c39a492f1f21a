"""Whether the held-out records can tell an arm from the bar, the teacher's quality times a ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill.evaluation.bootstrap import drawn_means, mean_interval, percentiles
from privacy.intervals import Z95

_TOO_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Margin:
    """An arm's quality less the bar, on the same records."""

    arm: str
    value: float
    """The arm's quality."""
    bar: float
    """ratio × the teacher's quality on these records."""
    margin: float
    """value - bar, with its 95% interval: the teacher's chance mistakes are in it."""
    low: float
    high: float
    records_to_settle: int | None
    """0 where the interval is on one side of the bar; else about how many records in all would put it there, if the
    margin stayed what it is. None where that is more than a million."""

    @property
    def meets(self) -> bool | None:
        """Surely, surely not, or not settled (None)."""
        if self.low >= 0:
            return True
        return False if self.high < 0 else None


def margin(arm: str, ours: Sequence[float], teacher: Sequence[float], ratio: float) -> Margin:
    """Scores in [0, 1] of the arm and of the teacher on the same n > 0 records.

    A teacher who scores alike everywhere (by definition, where its answers are the reference) leaves the arm's own interval;
    otherwise the records are drawn anew, both scores of a record together.
    """
    value, bar = sum(ours) / len(ours), ratio * sum(teacher) / len(teacher)
    ((low, high),) = over_the_bar([ours], teacher, ratio)
    alike = min(teacher) == max(teacher)
    variance = bar * (1 - bar) if alike else float((np.array(ours) - ratio * np.array(teacher)).var())
    return Margin(
        arm, value, bar, value - bar, low, high, _to_settle(value - bar, variance, len(ours), low, high)
    )


def over_the_bar(
    arms: Sequence[Sequence[float]], teacher: Sequence[float], ratio: float
) -> list[tuple[float, float]]:
    """The 95% interval of each arm's margin; see `margin`."""
    if min(teacher) == max(teacher):
        bar = ratio * teacher[0]
        return [(low - bar, high - bar) for low, high in map(mean_interval, arms)]
    gaps = np.array(arms).T - ratio * np.array(teacher)[:, None]
    return [percentiles(column) for column in drawn_means(gaps).T]


def _to_settle(gap: float, variance: float, n: int, low: float, high: float) -> int | None:
    if low >= 0 or high < 0:
        return 0
    needed = math.inf if gap == 0 else Z95**2 * variance / gap**2
    return None if needed > _TOO_MANY else max(n + 1, math.ceil(needed))
