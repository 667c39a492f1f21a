"""The student answers, and asks the teacher where it is unsure: how much that costs in questions, and what it gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from distill.evaluation.bootstrap import mean_interval
from distill.evaluation.evidence import over_the_bar
from privacy.intervals import wilson

CURVE_STEPS = 20
"""Of the curve that is shown."""
_CANDIDATES = 200
"""Thresholds looked at: half a point of share apart."""
ALL = 1.0
"""The threshold that no chance reaches: everything goes to the teacher."""

PickedBy = Literal["interval", "value", "best"]


@dataclass(frozen=True, slots=True)
class Answered:
    """One record: what the student's answer is worth, what the teacher's is, and how sure the student was."""

    chance: float
    """Calibrated, in [0, 1); 0 for an answer that could not be read, which goes to the teacher always."""
    student: float
    teacher: float


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold on one set of n records."""

    n: int
    escalated: int
    share: float
    """Of the records that go to the teacher, with its 95% interval (Wilson)."""
    share_low: float
    share_high: float
    value: float
    """The primary metric of the cascade, with its 95% interval."""
    low: float
    high: float
    target: float
    """The quality asked for: the ratio times the teacher's on these records."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The threshold under which the teacher is asked, and why this one."""

    threshold: float
    by: PickedBy
    """`interval`: the least share whose 95% interval is over the target. `value`: the least whose value is, where no
    interval was. `best`: the best quality, where no share reached the target."""


def goes_to_teacher(chance: float, threshold: float) -> bool:
    return chance <= 0 or chance < threshold


def level(records: Sequence[Answered], threshold: float, ratio: float) -> Level:
    """The cascade at this threshold on n > 0 records."""
    escalated = sum(goes_to_teacher(each.chance, threshold) for each in records)
    scores = _scores(records, threshold)
    n = len(records)
    return Level(
        n,
        escalated,
        escalated / n,
        *wilson(escalated, n),
        sum(scores) / n,
        *mean_interval(scores),
        ratio * sum(each.teacher for each in records) / n,
    )


def _scores(records: Sequence[Answered], threshold: float) -> list[float]:
    return [each.teacher if goes_to_teacher(each.chance, threshold) else each.student for each in records]


def thresholds(validation: Sequence[Answered], steps: int) -> list[float]:
    """At most `steps` + 1 of them, ascending, as many validation records apart: the first sends only what could not be read
    to the teacher, the last sends all."""
    found = [0.0, *sorted({each.chance for each in validation if each.chance > 0})[1:], ALL]
    places = np.unique(np.linspace(0, len(found) - 1, steps + 1).round().astype(int))
    return [found[place] for place in places]


def pick(validation: Sequence[Answered], ratio: float) -> Picked:
    """The least share of questions that meets `ratio` times the teacher's quality on n > 0 validation records.

    It must do so with its whole interval where any share does: one that meets the target by its value alone would miss it
    about as often as meet it on other records.
    """
    candidates = thresholds(validation, _CANDIDATES)
    teacher = [each.teacher for each in validation]
    scores = [_scores(validation, threshold) for threshold in candidates]
    values = [sum(each) / len(each) for each in scores]
    target = ratio * sum(teacher) / len(teacher)
    surely = [low >= 0 for low, _ in over_the_bar(scores, teacher, ratio)]
    if any(surely):
        return Picked(candidates[surely.index(True)], "interval")
    if max(values) >= target:
        return Picked(
            next(t for t, value in zip(candidates, values, strict=True) if value >= target), "value"
        )
    return Picked(candidates[values.index(max(values))], "best")
