"""Membership: can the records that a model learnt from be told from others of the same kind?

Covered: loss, zlib ratio, min-k% and reference-calibrated attacks; AUC and the rate of true positives at 1% false
ones with 95% intervals and their null distributions; a blind classifier that must fail, or the comparison is void.
Not covered: shadow models, membership of a person over many records.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from privacy.intervals import Z95
from privacy.measure import Rate, rate

FALSE_POSITIVES = 0.01
MIN_K = 0.2
"""Share of a text's least likely tokens that min-k% looks at (Shi et al. 2023)."""
LEAST_RECORDS = 10
"""Below this many records a side nothing could be seen, so nothing is measured."""


@dataclass(frozen=True, slots=True)
class Separation:
    """How well a score tells members from others."""

    auc: float
    """Chance that a member scores above a non-member, ties half."""
    auc_low: float
    auc_high: float
    auc_bound: float
    """99% of audits without any leak stay below; an AUC between .5 and this could not have been seen."""
    auc_p: float
    tpr: Rate
    """Members found while at most 1% of the others are called members (none, below 100 others)."""
    tpr_bound: float
    tpr_p: float
    n: int
    """Members; `others` beside them."""
    others: int


def scores(
    token_losses: Sequence[Sequence[float]],
    reference: Sequence[Sequence[float]] | None,
    texts: Sequence[str],
) -> dict[str, list[float]]:
    """Attack -> a score a record, higher for what looks learnt. `reference` are the untouched model's losses."""
    sums = [sum(losses) for losses in token_losses]
    found = {
        "loss": [-value for value in sums],
        "zlib": [-value / len(zlib.compress(text.encode())) for value, text in zip(sums, texts, strict=True)],
        "min-k%": [-_min_k(losses) for losses in token_losses],
    }
    if reference is not None:
        found["calibrated"] = [sum(before) - value for before, value in zip(reference, sums, strict=True)]
    return found


def _min_k(losses: Sequence[float]) -> float:
    worst = sorted(losses, reverse=True)[: max(1, round(MIN_K * len(losses)))]
    return sum(worst) / len(worst)


def separation(members: Sequence[float], others: Sequence[float]) -> Separation:
    """Compares the scores of both sides; raises ValueError where one is empty."""
    if not members or not others:
        raise ValueError("membership needs records on both sides")
    inside, outside = np.asarray(members, dtype=float), np.sort(np.asarray(others, dtype=float))
    below = np.searchsorted(outside, inside, "left")
    equal = np.searchsorted(outside, inside, "right") - below
    auc = float(np.mean(below + equal / 2)) / len(outside)
    allowed = int(FALSE_POSITIVES * len(outside))
    # Strictly above the first value that is one too many: ties count against the attack.
    hits = int(np.sum(inside > outside[-1 - allowed]))
    low, high = auc_interval(auc, len(inside), len(outside))
    return Separation(
        auc=auc,
        auc_low=low,
        auc_high=high,
        auc_bound=auc_null_bound(len(inside), len(outside)),
        auc_p=auc_p_value(auc, len(inside), len(outside)),
        tpr=rate(hits, len(inside)),
        tpr_bound=tpr_null_bound(len(inside), len(outside)),
        tpr_p=float(np.sum(_tpr_null(len(inside), len(outside))[hits:])),
        n=len(inside),
        others=len(outside),
    )


def _auc_null_sd(n: int, others: int) -> float:
    """Of the Mann-Whitney statistic where both sides are alike (exact without ties; with ties it is smaller)."""
    return math.sqrt((n + others + 1) / (12 * n * others))


def auc_p_value(auc: float, n: int, others: int) -> float:
    """One-sided, by the normal approximation with the exact variance, continuity corrected."""
    z = (auc - 0.5 - 0.5 / (n * others)) / _auc_null_sd(n, others)
    return 0.5 * math.erfc(z / math.sqrt(2))


def auc_null_bound(n: int, others: int, level: float = 0.99) -> float:
    """The AUC that this share of comparisons of equal sides stays below."""
    return min(1.0, 0.5 + NormalDist().inv_cdf(level) * _auc_null_sd(n, others))


def auc_interval(auc: float, n: int, others: int) -> tuple[float, float]:
    """95%, by inverting the score test with Hanley and McNeil's variance (Newcombe 2006, method 5): stays in [0, 1]."""

    def inside(candidate: float) -> bool:
        half = (n + others) / 2 - 1
        spread = 1 + half * (1 - candidate) / (2 - candidate) + half * candidate / (1 + candidate)
        variance = candidate * (1 - candidate) * spread / (n * others)
        return (auc - candidate) ** 2 <= Z95**2 * variance

    def end(start: float, away: float) -> float:
        for _ in range(50):
            middle = (start + away) / 2
            start, away = (middle, away) if inside(middle) else (start, middle)
        return start

    return end(auc, 0.0), end(auc, 1.0)


def _tpr_null(n: int, others: int) -> np.ndarray:
    """P(k members stand above the others' first value too many), k = 0..n, where both sides are alike.

    With `allowed` false positives the threshold is the others' (allowed + 1)-th highest value, and the number of
    members above it is negative hypergeometric.
    """
    allowed = int(FALSE_POSITIVES * others)

    def choose(top: int, k: int) -> float:
        return math.lgamma(top + 1) - math.lgamma(k + 1) - math.lgamma(top - k + 1)

    return np.array(
        [
            math.exp(
                choose(k + allowed, k) + choose(n - k + others - allowed - 1, n - k) - choose(n + others, n)
            )
            for k in range(n + 1)
        ]
    )


def tpr_null_bound(n: int, others: int) -> float:
    """The rate of true positives that 99% of comparisons of equal sides stay below."""
    tail = np.cumsum(_tpr_null(n, others)[::-1])[::-1]
    beyond = np.flatnonzero(tail <= 0.01)
    return 1.0 if not len(beyond) else int(beyond[0]) / n


# --- the blind control ----------------------------------------------------------------------------------------------


def blind_scores(texts: Sequence[str], labels: Sequence[bool], folds: int = 5) -> list[float]:
    """Scores of a bag-of-words classifier that never saw the model, each text scored by folds without it.

    Logistic regression on word presence, ridge-penalised, by Newton steps in the space of the texts. If it tells the
    sides apart, they are not draws of one kind, and no attack's success would mean anything.
    """
    features = _bags(texts)
    kernel = features @ features.T
    wanted = np.asarray(labels, dtype=float)
    # Stratified by dealing each side out in turn.
    fold = np.zeros(len(texts), dtype=int)
    for side in (0.0, 1.0):
        places = np.flatnonzero(wanted == side)
        fold[places] = np.arange(len(places)) % folds
    found = np.zeros(len(texts))
    for part in range(folds):
        learn, asked = fold != part, fold == part
        weights = _fit(kernel[np.ix_(learn, learn)], wanted[learn])
        found[asked] = kernel[np.ix_(asked, learn)] @ weights
    return [float(value) for value in found]


def _bags(texts: Sequence[str]) -> np.ndarray:
    bags = [set(re.findall(r"\w+", text.casefold())) for text in texts]
    places = {word: place for place, word in enumerate(sorted(set().union(*bags)))}
    features = np.zeros((len(texts), len(places) + 1))
    for row, bag in enumerate(bags):
        features[row, [places[word] for word in bag]] = 1 / math.sqrt(max(1, len(bag)))
        features[row, -1] = 1.0
    return features


def _fit(kernel: np.ndarray, wanted: np.ndarray, penalty: float = 1.0, steps: int = 12) -> np.ndarray:
    """Dual weights of kernel logistic regression."""
    weights = np.zeros(len(wanted))
    for _ in range(steps):
        margin = kernel @ weights
        chance = 1 / (1 + np.exp(-np.clip(margin, -30, 30)))
        slope = np.maximum(chance * (1 - chance), 1e-6)
        target = margin + (wanted - chance) / slope
        weights = np.linalg.solve(kernel + penalty * np.diag(1 / slope), target)
    return weights
