"""Whether a refreshed student takes the last one's place: the rule, fixed before anything is measured.

On each test set both students' scores are compared record by record. The refreshed one is promoted unless, on any set,
it is worse beyond the 95% interval of that difference, or the set is too small to rule out a loss of `max_loss`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from privacy.intervals import Z95

Verdict = Literal["promoted", "worse", "not-enough-evidence"]


@dataclass(frozen=True, slots=True)
class Paired:
    """The refreshed student's mean score less the last one's, on the same records."""

    n: int
    won: int
    """Records on which the refreshed student scores more."""
    lost: int
    value: float | None
    """In [-1, 1]; None without records."""
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    reasons: tuple[str, ...]

    @property
    def promoted(self) -> bool:
        return self.verdict == "promoted"


def paired(last: Sequence[float], refreshed: Sequence[float]) -> Paired:
    """The difference with its 95% interval; scores are in [0, 1], one of each student for each record.

    The interval is Agresti and Min's (Statistics in Medicine, 2005): Wald's after two records are added, on one half of
    which either student wins, so that students who never differ on few records are not called equal.
    `tests/appliance/test_refresh_decision.py` measures its coverage.
    """
    differences = [after - before for before, after in zip(last, refreshed, strict=True)]
    n, padded = len(differences), len(differences) + 2
    mean = sum(differences) / padded
    variance = (sum(each * each for each in differences) + 1) / padded - mean**2
    half = Z95 * math.sqrt(variance / padded)
    return Paired(
        n,
        sum(each > 0 for each in differences),
        sum(each < 0 for each in differences),
        sum(differences) / n if n else None,
        max(-1.0, mean - half),
        min(1.0, mean + half),
    )


def least_records(max_loss: float) -> int:
    """The fewest records that can rule out a loss of `max_loss`: where the students never differ, low = -Z95 / (n + 2)."""
    return max(1, math.floor(Z95 / max_loss - 2) + 1)


def decide(sets: Mapping[str, Paired], max_loss: float) -> Decision:
    """By the rule above; `sets` are named as they are told."""
    worse = [f"worse on the {name}: {_told(each)}" for name, each in sets.items() if each.high < 0]
    unsure = [
        f"a loss of {max_loss:.0%} on the {name} is not ruled out: {_told(each)}"
        for name, each in sets.items()
        if each.low <= -max_loss
    ]
    if worse:
        return Decision("worse", tuple(worse))
    if unsure:
        return Decision("not-enough-evidence", tuple(unsure))
    return Decision(
        "promoted", tuple(f"not worse on the {name}: {_told(each)}" for name, each in sets.items())
    )


def _told(each: Paired) -> str:
    if each.value is None:
        return "no record"
    return f"{points(each.value)} (95% interval {points(each.low)} to {points(each.high)}, n = {each.n:,})"


def points(share: float) -> str:
    """A difference of scores in points of a hundred."""
    return f"{100 * share:+.1f} points"
