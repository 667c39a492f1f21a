"""Intervals of figures that are no plain fraction, by drawing the records anew (Efron and Tibshirani 1993).

A draw is told by weights, how often each record was drawn: many statistics then share the same draws, as products of
matrices. Draws are seeded: the same scores give the same interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from privacy.intervals import wilson

DRAWS = 10_000
_SEED = 7
_FEW = 30
"""Records under which drawing anew promises too much: with three that score alike its interval has no width."""
_BLOCK = 4_000_000
"""Weights held at a time."""


def weights(n: int) -> Iterator[np.ndarray]:
    """`DRAWS` rows in blocks of [draws, n] float32: how often each of n records was drawn; a row's sum is n."""
    rng = np.random.default_rng(_SEED)
    rows = max(1, min(DRAWS, _BLOCK // n))
    for start in range(0, DRAWS, rows):
        count = min(rows, DRAWS - start)
        drawn = rng.integers(0, n, (count, n)) + n * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n).astype(np.float32)


def drawn_means(values: np.ndarray) -> np.ndarray:
    """[n] or [n, k] -> [DRAWS] or [DRAWS, k]: the mean over each draw's records."""
    return np.concatenate([block @ values.astype(np.float32) / len(values) for block in weights(len(values))])


def percentiles(estimates: np.ndarray) -> tuple[float, float]:
    """The percentile interval at 95% of a statistic's values over the draws: [DRAWS]."""
    low, high = np.percentile(estimates, (2.5, 97.5))
    return float(low), float(high)


def mean_interval(scores: Sequence[float]) -> tuple[float, float]:
    """Of the mean of scores in [0, 1]: Wilson's where each is right or wrong or there are few, else by drawing anew."""
    if len(scores) < _FEW or all(score in (0.0, 1.0) for score in scores):
        return wilson(min(sum(scores), len(scores)), len(scores))
    return percentiles(drawn_means(np.array(scores)))
