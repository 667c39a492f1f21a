"""The judge held against people: on the pairs of answers that they have rated, before its scores count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distill.evaluation.bootstrap import percentiles, weights
from distill.evaluation.judge import SWAPPED, Judgement, JudgeSettings, Part, Preference, part


@dataclass(frozen=True, slots=True)
class Rating:
    """What a person said of two arms' answers to a record."""

    record_id: str
    arm_a: str
    arm_b: str
    preference: Preference
    answers: str | None = None
    """`answers_digest` of what was rated, where the file tells it: a student trained anew says other things."""


def answers_digest(a: str | None, b: str | None) -> str:
    """Of the two answers that a person rates, as 16 hex digits."""
    return hashlib.sha256(json.dumps([a, b]).encode()).hexdigest()[:16]


def read_golden(path: Path) -> list[Rating]:
    """The ratings in a JSON Lines file; raises ValueError with the line's number, and none of its text."""
    ratings = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
            told = [row[name] for name in ("record_id", "arm_a", "arm_b")]
            preference, answers = row["preference"], row.get("answers")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            told, preference, answers = [], None, None
        if (
            not told
            or not all(isinstance(each, str) for each in told)
            or told[1] == told[2]
            or not isinstance(preference, str)
            or preference not in SWAPPED
            or not isinstance(answers, str | None)
        ):
            raise ValueError(
                f"judge.golden: line {number} of {path.name} is no rating: it needs record_id, two different arms in arm_a "
                "and arm_b, and preference a, b or tie"
            )
        ratings.append(Rating(told[0], told[1], told[2], preference, answers))
    return ratings


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa (1960) with its 95% bootstrap interval; None where chance explains all agreement."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Golden:
    """How far the judge agrees with people. What it gave no readable reply to counts against it."""

    rows: int
    n: int
    left_out: Mapping[str, int]
    """Rows that are not in n, by reason."""
    agreement: Part
    kappa: Kappa
    unreadable: int


def held_against(
    rated: Sequence[tuple[Preference, Judgement]], rows: int, left_out: Mapping[str, int]
) -> Golden:
    """Agreement and kappa of (person's preference, judgement) pairs; `rows` and `left_out` are told along."""
    people = [preference for preference, _ in rated]
    judge = [found.preference or "unreadable" for _, found in rated]
    return Golden(
        rows,
        len(rated),
        dict(left_out),
        part(sum(a == b for a, b in zip(people, judge, strict=True)), len(rated)),
        cohens_kappa(people, judge),
        judge.count("unreadable"),
    )


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> Kappa:
    """Unweighted, of two raters on the same n items. A draw of the bootstrap that chance explains whole counts as 0."""
    n = len(first)
    categories = sorted({*first, *second})
    ours = np.array([[value == each for each in categories] for value in first], dtype=np.float32)
    theirs = np.array([[value == each for each in categories] for value in second], dtype=np.float32)
    if n == 0:
        return Kappa(None, None, None)

    def kappas(drawn: np.ndarray) -> np.ndarray:
        # [draws, n] weights -> [draws]
        seen = drawn @ (ours * theirs).sum(axis=1) / n
        by_chance = ((drawn @ ours / n) * (drawn @ theirs / n)).sum(axis=1)
        room = 1 - by_chance
        return np.where(room > 1e-6, (seen - by_chance) / np.where(room > 1e-6, room, 1), 0.0)

    if len(categories) == 1:
        return Kappa(None, None, None)
    value = float(kappas(np.ones((1, n)))[0])
    low, high = percentiles(np.concatenate([kappas(block) for block in weights(n)]))
    return Kappa(value, low, high)


def trust(golden: Golden | None, settings: JudgeSettings) -> tuple[bool, str]:
    """Whether the judge's scores count, and why, in one sentence."""
    if golden is None:
        return (
            False,
            "Nobody has rated any pair of answers (judge.golden), so what the judge says does not count.",
        )
    if golden.n < settings.min_golden:
        return False, (
            f"People have rated {golden.n:,} pairs that can be used, of the {settings.min_golden:,} that are needed, "
            "so what the judge says does not count."
        )
    kappa = golden.kappa
    if kappa.value is None or kappa.low is None or golden.agreement.value is None:
        return (
            False,
            "The ratings are all alike, so they cannot tell a good judge from a bad one; its scores do not count.",
        )
    told = (
        f"The judge agrees with people on {golden.agreement.value:.0%} of {golden.n:,} rated pairs (Cohen's kappa "
        f"{kappa.value:.2f}, 95% interval {kappa.low:.2f} to {kappa.high:.2f}; its lower end must reach {settings.min_kappa:g})"
    )
    if kappa.low < settings.min_kappa:
        return False, f"{told}: too little, so what it says does not count."
    return True, f"{told}: its scores count."
