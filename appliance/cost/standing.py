"""An arm's quality against the bar and against other arms: surely, surely not, or not settled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Interval

from appliance.cost.swap import Plan
from distill.values import Score
from privacy.intervals import Z95


@dataclass(frozen=True)
class DecideSettings:
    """The `[decide]` section: what would convince you."""

    min_quality_ratio: Annotated[float, Interval(gt=0, le=1)] = 0.95
    """The least share of the teacher's quality that is good enough."""
    min_test_records: Annotated[int, Ge(1)] = 50
    """Below this no verdict is given."""
    horizon_months: Annotated[int, Ge(1)] = 12
    """The one-off cost must be earned back within this time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An arm's quality against the bar."""

    meets: bool | None
    """Whether its whole interval is over the bar, or under; None where the bar is inside."""
    records: int | None
    """About how many test records would settle it; None where it is settled, or no number would do."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a verdict is made of."""

    scores: Mapping[str, Score]
    chosen: str
    plans: Mapping[str, Plan]
    settings: DecideSettings
    evidence: Mapping[str, Mapping[str, Any]]
    """By arm: rows of the evaluation's `evidence`, which compares with the teacher record by record."""
    paired: Sequence[Mapping[str, Any]]
    currency: str

    @property
    def bar(self) -> float:
        return self.settings.min_quality_ratio * self.teacher_value

    @property
    def teacher_value(self) -> float:
        # Where the teacher is the reference, its agreement with itself is 1: arms are measured by agreement with it.
        value = self.scores["teacher"].value
        return 1.0 if value is None else value

    def standing(self, arm: str) -> Standing:
        row = self.evidence.get(arm)
        if row is not None and row.get("margin") is not None:
            return Standing(row["meets"], row["records_to_settle"] or None)
        score = self.scores[arm]
        assert score.value is not None and score.low is not None and score.high is not None
        if score.low >= self.bar:
            return Standing(True, None)
        if score.high < self.bar:
            return Standing(False, None)
        return Standing(None, records_to_settle(score, self.bar))

    def measured(self, arms: Sequence[str]) -> list[str]:
        return [arm for arm in arms if arm in self.scores and self.scores[arm].low is not None]

    def beats(self, arm: str, rival: str) -> tuple[bool, int | None]:
        """Whether `arm` is surely better than `rival`; and if not, about how many records would tell."""
        for row in self.paired:
            if (row["arm"], row["against"]) == (arm, rival) and row["low"] is not None:
                return row["low"] > 0, row.get("records_to_settle") or None
        low, _ = unpaired_difference(self.scores[arm], self.scores[rival])
        return low > 0, None


def unpaired_difference(one: Score, other: Score) -> tuple[float, float]:
    """95% interval of one.value - other.value from the two intervals (Newcombe 1998, method 10).

    Too wide for arms that were asked the same records, as here: it is used where no paired test was made.
    """
    assert one.value is not None and one.low is not None and one.high is not None
    assert other.value is not None and other.low is not None and other.high is not None
    difference = one.value - other.value
    return (
        difference - math.hypot(one.value - one.low, other.high - other.value),
        difference + math.hypot(one.high - one.value, other.value - other.low),
    )


def records_to_settle(score: Score, bar: float) -> int:
    """How many test records would part a score's interval from the bar, if its value stayed as it is.

    Wilson's interval holds the bar exactly while |value - bar| <= z·sqrt(bar·(1 - bar) / n); solved for n.
    """
    assert score.value is not None
    gap = max(abs(score.value - bar), 0.005)
    return math.ceil(Z95**2 * max(bar * (1 - bar), 0.01) / gap**2)
