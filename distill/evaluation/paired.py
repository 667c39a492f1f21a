"""Two arms on the same records: by how much one is better, and whether that is more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from distill.evaluation.bootstrap import DRAWS, drawn_means, percentiles
from privacy.intervals import Z95

LEVEL = 0.05
"""A p under it, with an interval that does not hold 0, counts as a difference."""
_STEPS = 60
"""Of halving: from 2 to under the last digit of a double."""

Test = Literal["mcnemar-exact", "paired-bootstrap"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of two arms on the same n records."""

    metric: str
    arm: str
    against: str
    test: Test
    n: int
    difference: float
    """Mean score of `arm` less that of `against`, in [-1, 1], with its 95% interval."""
    low: float
    high: float
    p: float
    """Two-sided, of this comparison by itself."""
    only_arm: int | None
    """Records that only `arm` got right; None where scores are no plain right or wrong."""
    only_against: int | None
    records_to_settle: int | None
    """0 where the difference is settled; else about how many records in all would settle it if it stayed what it is.
    None where there is no difference to be settled."""


def compare(
    metric: str, arm: str, against: str, ours: Sequence[float], theirs: Sequence[float]
) -> Comparison:
    """Scores in [0, 1] of two arms, in the same order of records; raises ValueError without records.

    Right or wrong: McNemar's exact test with Tango's interval. Fractions of right: the paired bootstrap.
    """
    if not ours:
        raise ValueError("a comparison needs records")
    differences = np.array(ours, dtype=float) - np.array(theirs, dtype=float)
    only_ours: int | None = None
    only_theirs: int | None = None
    test: Test
    if {*ours, *theirs} <= {0.0, 1.0}:
        only_ours, only_theirs = int((differences > 0).sum()), int((differences < 0).sum())
        test, p = "mcnemar-exact", mcnemar_exact(only_ours, only_theirs)
        low, high = tango(only_ours, only_theirs, len(differences))
    else:
        test, (low, high, p) = "paired-bootstrap", paired_bootstrap(differences)
    mean = float(differences.mean())
    needed = to_settle(mean, float((differences**2).mean()), len(ours), low, high, p)
    return Comparison(
        metric, arm, against, test, len(ours), mean, low, high, p, only_ours, only_theirs, needed
    )


def mcnemar_exact(only_ours: int, only_theirs: int) -> float:
    """The two-sided p of McNemar's test (1947), exact: a fair coin for each record that only one got right."""
    tosses, fewer = only_ours + only_theirs, min(only_ours, only_theirs)
    if only_ours == only_theirs:
        return 1.0
    ways = total = 1
    for heads in range(fewer):
        ways = ways * (tosses - heads) // (heads + 1)
        total += ways
    return total / 2 ** (tosses - 1)


def tango(only_ours: int, only_theirs: int, n: int) -> tuple[float, float]:
    """The 95% score interval of a difference of paired fractions (Tango, Statistics in Medicine 17, 1998, p. 891).

    It holds exactly the differences that a score test does not refuse, so it has a width where the arms never differ,
    and holds its level on few records, where Wald's does not.
    """

    def statistic(difference: float) -> float:
        a = 2 * n
        b = (2 * n - only_ours + only_theirs) * difference - only_ours - only_theirs
        c = -only_theirs * difference * (1 - difference)
        # The chance that only the other arm is right, likeliest under this difference.
        chance = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        variance = n * (2 * chance + difference * (1 - difference))
        gap = only_ours - only_theirs - n * difference
        if variance <= 1e-12:
            return math.copysign(math.inf, gap) if gap else 0.0
        return gap / math.sqrt(variance)

    def crossing(level: float) -> float:
        low, high = -1.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if statistic(middle) > level else (low, middle)
        return (low + high) / 2

    mean = (only_ours - only_theirs) / n
    return min(mean, crossing(Z95)), max(mean, crossing(-Z95))


def paired_bootstrap(differences: np.ndarray) -> tuple[float, float, float]:
    """(low, high, p) of the mean of n differences in [-1, 1], by drawing the records anew.

    p is the share of draws, moved so that there is no difference, that lie as far out as what was seen. Where no record
    differs the interval is Tango's, so that arms alike on few records are not called equal.
    """
    if not differences.any():
        return *tango(0, 0, len(differences)), 1.0
    means = drawn_means(differences)
    mean = float(differences.mean())
    beyond = int((np.abs(means - mean) >= abs(mean)).sum())
    return *percentiles(means), (1 + beyond) / (1 + DRAWS)


def to_settle(mean: float, mean_square: float, n: int, low: float, high: float, p: float) -> int | None:
    """See `Comparison.records_to_settle`. Solved from the test's n·mean² / mean square > z²."""
    if (low > 0 or high < 0) and p < LEVEL:
        return 0
    if mean == 0:
        return None
    return max(n + 1, math.ceil(Z95**2 * mean_square / mean**2))
