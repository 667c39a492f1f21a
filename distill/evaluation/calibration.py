"""Whether a student knows when it is right: its confidence against its scores, and the correction learnt on validation.

The confidence is the probability of the whole answer, the product over its tokens. It orders answers; as a chance of being
right it is usually too high, so a correction with two parameters is fitted on records that nothing was learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill.evaluation.bootstrap import drawn_means, mean_interval, percentiles

_BINS = 10
_SIMULATED = 1000
_SEED = 7
_SUREST = -1e-6
"""Log-probability over which answers are equally sure: bf16 tells them no further apart."""
_NEWTON_STEPS = 100
_CERTAIN = 1 - 1e-12
"""No answer's chance is more: where all go to the teacher, so does this one."""


@dataclass(frozen=True, slots=True)
class Platt:
    """The chance of being right: 1 / (1 + exp(-(slope · log-odds of the confidence + intercept)))."""

    slope: float
    intercept: float
    n: int
    """Validation records it was fitted on."""

    def chance(self, logprob: float) -> float:
        return min(_CERTAIN, _sigmoid(self.slope * log_odds(logprob) + self.intercept))

    def logprob_at(self, chance: float) -> float | None:
        """The log-probability of an answer under which its chance is less than this one: what a server can be told.

        None where no answer's is, or the confidence tells nothing.
        """
        if self.slope == 0 or chance <= 0:
            return None
        if chance >= 1:
            return 0.0
        odds = (math.log(chance / (1 - chance)) - self.intercept) / self.slope
        return -math.log1p(math.exp(-odds)) if odds > 0 else odds - math.log1p(math.exp(odds))


def log_odds(logprob: float) -> float:
    """Of a probability given by its natural logarithm; finite at both ends."""
    surest = min(logprob, _SUREST)
    return surest - math.log(-math.expm1(surest))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def fit_platt(logprobs: Sequence[float], scores: Sequence[float]) -> Platt:
    """Platt's scaling (1999) with his softened targets, so that it is finite where confidence parts right from wrong.

    Scores in [0, 1] that are no plain right or wrong count in part. The slope is not let under 0: where the confidence tells
    nothing, all answers get the same chance. Newton's method, halving a step that does not help (Lin, Lin and Weng 2007).
    """
    x = np.array([log_odds(each) for each in logprobs])
    right = float(sum(scores))
    high, low = (right + 1) / (right + 2), 1 / (len(scores) - right + 2)
    target = low + (high - low) * np.array(scores, dtype=float)
    found = _newton(np.column_stack([x, np.ones_like(x)]), target)
    if found[0] < 0:
        mean = float(target.mean())
        return Platt(0.0, math.log(mean / (1 - mean)), len(scores))
    return Platt(float(found[0]), float(found[1]), len(scores))


def _newton(columns: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Logistic regression of [n] targets in (0, 1) on [n, 2] columns."""

    def loss(weight: np.ndarray) -> float:
        z = columns @ weight
        return float((np.logaddexp(0, z) - target * z).sum())

    weight = np.array([0.0, math.log(target.mean() / (1 - target.mean()))])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-columns @ weight))
        gradient = columns.T @ (chance - target)
        if np.abs(gradient).max() < 1e-9 * len(target):
            break
        curvature = columns.T @ (columns * (chance * (1 - chance))[:, None]) + 1e-9 * np.eye(2)
        step, size, now = np.linalg.solve(curvature, gradient), 1.0, loss(weight)
        while loss(weight - size * step) > now and size > 1e-6:
            size /= 2
        weight = weight - size * step
    return weight


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence."""

    n: int
    confidence: float
    """Mean of what the student holds to be its chance of being right."""
    confidence_low: float
    """The least of it in this bin."""
    confidence_high: float
    score: float
    """Mean of what its answers were worth, with its 95% interval."""
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidence against score over n records."""

    n: int
    ece: float
    """Expected calibration error (Naeini et al. 2015): mean distance of confidence from score over bins of equal size."""
    low: float
    high: float
    ece_if_calibrated: float
    """What a student whose confidence is exactly right would show on these records by chance: the figure to beat."""
    mean_confidence: float
    mean_score: float
    bins: tuple[Bin, ...]


def reliability(chances: Sequence[float], scores: Sequence[float]) -> Reliability:
    """Of n chances and scores in [0, 1]; raises ValueError without any. The interval of the ECE is by drawing anew."""
    if not chances:
        raise ValueError("calibration needs records")
    order = np.argsort(np.array(chances), kind="stable")
    sure, worth = np.array(chances, dtype=float)[order], np.array(scores, dtype=float)[order]
    places = np.array_split(np.arange(len(sure)), min(_BINS, len(sure)))
    member = np.zeros((len(sure), len(places)))
    for number, place in enumerate(places):
        member[place, number] = 1
    gaps = (worth - sure)[:, None] * member
    drawn = np.random.default_rng(_SEED).random((_SIMULATED, len(sure))) < sure
    by_chance = np.abs((drawn - sure) @ member / len(sure)).sum(axis=1)
    return Reliability(
        len(sure),
        float(np.abs(gaps.mean(axis=0)).sum()),
        *percentiles(np.abs(drawn_means(gaps)).sum(axis=1)),
        float(by_chance.mean()),
        float(sure.mean()),
        float(worth.mean()),
        tuple(_bin(sure[place], worth[place]) for place in places),
    )


def _bin(sure: np.ndarray, worth: np.ndarray) -> Bin:
    low, high = mean_interval(worth.tolist())
    return Bin(len(sure), float(sure.mean()), float(sure[0]), float(sure[-1]), float(worth.mean()), low, high)
