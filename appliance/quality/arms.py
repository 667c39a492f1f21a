"""The arms of a run side by side: each figure with its interval, its distance from one of them, and what it costs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from appliance.quality.evaluated import Evaluated, Outcomes, arms_of, outcomes
from appliance.report import words
from distill.evaluation.paired import Comparison, compare


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm on one measure. Not measured is None."""

    arm: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    failed: int
    note: str | None
    """Why it was not measured, or what to know of it."""
    is_chosen: bool
    difference: float | None
    """This arm less the pinned one, on the same records; None for the pinned one, and where one of them has no figure."""
    difference_low: float | None
    difference_high: float | None
    p: float | None
    test: str | None
    cost: float | None
    """Of 1,000 requests."""
    cost_low: float | None
    cost_high: float | None
    currency: str | None


def metrics_of(found: Evaluated) -> list[str]:
    """The primary one first, the others as they come."""
    return list(dict.fromkeys([found.metric, *(row["metric"] for row in found.facts["scores"])]))


def side_by_side(found: Evaluated, metric: str, pinned: str) -> list[Arm]:
    """All arms on a measure, from least to most help, held against the pinned one by a paired test."""
    scores = {row["arm"]: row for row in found.facts["scores"] if row["metric"] == metric}
    return [
        _arm(found, scores[arm], _against(found, scores, metric, arm, pinned))
        for arm in arms_of(found)
        if arm in scores
    ]


def _arm(found: Evaluated, score: dict[str, Any], against: dict[str, Any] | None) -> Arm:
    arm, told = score["arm"], against or {}
    cost = found.costs.get(arm, {})
    return Arm(
        arm,
        words.arm_name(arm),
        value=score["value"],
        low=score["low"],
        high=score["high"],
        n=score["n"],
        failed=score["failed"],
        note=score["note"],
        is_chosen=arm == found.chosen,
        difference=told.get("difference"),
        difference_low=told.get("low"),
        difference_high=told.get("high"),
        p=told.get("p"),
        test=told.get("test"),
        cost=cost.get("per_thousand_requests"),
        cost_low=cost.get("per_thousand_low"),
        cost_high=cost.get("per_thousand_high"),
        currency=cost.get("currency"),
    )


def _against(
    found: Evaluated, scores: dict[str, Any], metric: str, arm: str, pinned: str
) -> dict[str, Any] | None:
    """The paired comparison; of a measure that single records do not add up to, the one that the evaluation made."""
    if arm == pinned or any(scores.get(each, {}).get("value") is None for each in (arm, pinned)):
        return None
    by_record = outcomes(found)
    if any(metric not in next(iter(by_record[each].values())).scores for each in (arm, pinned)):
        return _as_evaluated(found, metric, arm, pinned)
    told = _paired(_Records(by_record), metric, arm, pinned)
    return {"difference": told.difference, "low": told.low, "high": told.high, "p": told.p, "test": told.test}


def _as_evaluated(found: Evaluated, metric: str, arm: str, pinned: str) -> dict[str, Any] | None:
    for row in found.facts.get("paired") or ():
        if row["metric"] != metric:
            continue
        if (row["arm"], row["against"]) == (arm, pinned):
            return dict(row)
        if (row["arm"], row["against"]) == (pinned, arm):
            turned = {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
            return {**row, **turned}
    return None


class _Records:
    """Outcomes as a key of the cache: the same object is the same run."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes

    def __hash__(self) -> int:
        return id(self.outcomes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Records) and other.outcomes is self.outcomes


@functools.lru_cache(maxsize=64)
def _paired(records: _Records, metric: str, arm: str, pinned: str) -> Comparison:
    """Drawing the records anew takes a part of a second, and a page asks for it each time it is shown."""
    ours, theirs = records.outcomes[arm], records.outcomes[pinned]
    return compare(
        metric,
        arm,
        pinned,
        [ours[record].scores[metric] for record in theirs],
        [theirs[record].scores[metric] for record in theirs],
    )
