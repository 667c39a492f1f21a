"""What a review is worth: how many records give which certainty, and whether the marks open or shut the run's gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from appliance import manifest
from appliance.home import Home
from privacy.intervals import exact_upper, wilson_n
from privacy.measure import SpanScores, records_to_review, residual_risk

SIZES = (50, 100, 300, 1_000, 3_000)
_PER = 10_000


@dataclass(frozen=True, slots=True)
class Advice:
    """What so many reviewed records can show."""

    records: int
    leaks_at_most: int
    """Of 10,000 records, at 95%, where none of the reviewed ones leaks."""


def advice() -> list[Advice]:
    """By the exact one-sided bound (Clopper and Pearson 1934), as the privacy report's sentence."""
    return [Advice(size, math.ceil(round(exact_upper(0, size) * _PER, 6))) for size in SIZES]


def spans_needed(floor: float, found: float) -> int | None:
    """Independent marks at which recall's lower end reaches the floor, if this share of them is found; None where none do."""
    return wilson_n(found, floor)


State = Literal["open", "shut", "not armed"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a run would go on after scrubbing."""

    state: State
    words: str
    more_records: int | None
    """To review until it opens, if they turn out like those so far; None where no number would do, or none is needed."""


def gate(scores: SpanScores | None, floor: float, *, handed_over: bool) -> Gate:
    """What the marks so far do to the next run. They count once they are handed over."""
    if scores is None or scores.recall.value is None or scores.recall.low is None:
        return Gate(
            "not armed", "Recall is not measured: no run is stopped by it, and the report says so.", None
        )
    more = records_to_review(scores, floor)
    reached = scores.recall.low >= floor
    told = f"the lower end of recall's interval, {scores.recall.low:.1%}, against a floor of {floor:.1%}"
    if reached:
        words = f"A run goes on: {told}."
    elif more is None:
        words = f"A run stops: {told}. More records cannot help: the policy must find more."
    else:
        words = f"A run stops: {told}. About {more:,} more records like these would do, or a policy that finds more."
    if not handed_over:
        return Gate(
            "not armed", f"Not handed over yet. With these marks {words[:1].lower()}{words[1:]}", more or None
        )
    return Gate("open" if reached else "shut", words, more or None)


def sentence(scores: SpanScores) -> str:
    """The residual risk, for people who sign."""
    return residual_risk(scores.leaks)


@dataclass(frozen=True, slots=True)
class Found:
    """What a run's scrub stage found. Counts only."""

    run_id: str
    policy: str
    preset: str
    seen: int
    kept: int
    dropped_by_reason: Mapping[str, int]
    by_type: Mapping[str, int]
    actions: Mapping[str, str]
    recall: float | None
    low: float | None
    high: float | None
    num_marks: int | None
    floor: float
    residual_risk: str | None


def found_in_run(home: Home, run_id: str) -> Found | None:
    """From the scrub stage's manifest; None where the stage is not finished."""
    facts = _scrub_facts(home.runs / run_id)
    if facts is None:
        return None
    return Found(
        run_id,
        facts["policy"],
        facts["preset"],
        facts["seen"],
        facts["kept"],
        facts["dropped_by_reason"],
        facts["spans_by_type"],
        facts["actions"],
        facts["recall"],
        facts["recall_low"],
        facts["recall_high"],
        facts["recall_n"],
        facts["recall_floor"],
        facts["residual_risk"],
    )


def _scrub_facts(run: Path) -> Mapping[str, Any] | None:
    read = manifest.read(run / "scrub") if (run / "scrub").is_dir() else None
    return None if read is None else read.facts


def runs_of(home: Home, name: str) -> list[str]:
    """Runs of the use case with a finished scrub stage, the newest first."""
    found = [
        path
        for path in home.runs.glob(f"{name}-*")
        if path.name.rpartition("-")[0] in (name, f"{name}-refresh")
        and (path / "scrub" / manifest.NAME).exists()
    ]
    return [path.name for path in sorted(found, key=lambda path: -path.stat().st_mtime)]
