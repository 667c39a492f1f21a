"""Exposure: how far up a planted secret stands among all the values it could have been, and what chance would do.

Covered: the exact rank (every value is scored, none is sampled), the exact null distribution of the mean for any
number of values, and the lower bound of epsilon from one run. Not covered: secrets that are not drawn uniformly.

Exposure is log2 N - log2 rank (Carlini et al. 2019, "The Secret Sharer"). A secret that the model was never told is
uniform over its N values whatever the model thinks of them, so its rank is uniform on 1..N: mean 1.44 bits less a
little, and a distribution of the mean over n secrets that can be computed and need not be sampled.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from privacy.draw import Draw

_STEPS_PER_BIT = 1024
"""Grid of the null distribution. Exposures are rounded up to it, so that bounds are never too low."""
_FFT_NOISE = 1e-12
"""Below this a tail probability from the transform is rounding; it is told as this."""


def exposure(rank: int, size: int) -> float:
    """Bits by which guessing in the model's order beats guessing at random: 0 for the last rank, log2 `size` for 1."""
    assert 1 <= rank <= size
    return math.log2(size / rank)


def rank(losses: Sequence[float] | np.ndarray, chosen: int, draw: Draw) -> int:
    """The place of a value among all, 1 for the lowest loss. Ties are broken at random, or the null would not hold."""
    array = np.asarray(losses)
    better = int(np.sum(array < array[chosen]))
    return better + 1 + draw.below(int(np.sum(array == array[chosen])))


@cache
def _null(sizes: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Probabilities of the summed exposure, by steps of the grid, for (size, count) of independent uniform ranks."""
    length = 1 + sum(count * math.ceil(math.log2(size) * _STEPS_PER_BIT) for size, count in sizes)
    width = 1 << (length - 1).bit_length()
    product = np.ones(width // 2 + 1, dtype=complex)
    for size, count in sizes:
        bits = np.log2(size / np.arange(1, size + 1))
        one = np.bincount(np.ceil(bits * _STEPS_PER_BIT - 1e-9).astype(int), minlength=width) / size
        product *= np.fft.rfft(one) ** count
    return np.clip(np.fft.irfft(product, width)[:length], 0, None)


def _counted(sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(Counter(sizes).items()))


def null_mean(sizes: Sequence[int]) -> float:
    """The expected mean exposure, in bits, of secrets that were never learnt; `sizes` are their numbers of values."""
    each = {size: float(np.mean(np.log2(size / np.arange(1, size + 1)))) for size in set(sizes)}
    return sum(each[size] for size in sizes) / len(sizes)


def p_value(exposures: Sequence[float], sizes: Sequence[int]) -> float:
    """The chance that secrets never learnt reach this mean exposure or more; never told too low."""
    reached = math.floor(sum(exposures) * _STEPS_PER_BIT + 1e-6)
    return min(1.0, max(_FFT_NOISE, float(np.sum(_null(_counted(sizes))[reached:]))))


def null_bound(sizes: Sequence[int], level: float = 0.99) -> float:
    """The mean exposure that secrets never learnt stay below with probability `level` or more."""
    tail = np.cumsum(_null(_counted(sizes))[::-1])[::-1]
    beyond = np.flatnonzero(tail <= 1 - level)
    steps = int(beyond[0]) if len(beyond) else len(tail)
    return steps / _STEPS_PER_BIT / len(sizes)


def least_memorised(sizes: Sequence[int], level: float = 0.99) -> int:
    """Power: how many of these secrets must stand at rank 1 for the mean to pass the bound, the others as by chance."""
    bound, chance = null_bound(sizes, level), null_mean(sizes)
    per_secret = sum(math.log2(size) for size in sizes) / len(sizes) - chance
    return min(len(sizes), math.ceil((bound - chance) * len(sizes) / per_secret))


def rank_one_p(hits: int, sizes: Sequence[int]) -> float:
    """The chance of `hits` or more first ranks (or right guesses of the whole secret) among secrets never learnt."""
    chances = np.array([1.0])
    for size in sizes:
        chances = np.convolve(chances, [1 - 1 / size, 1 / size])
    return float(min(1.0, np.sum(chances[hits:])))


def guessed_from_gap(gaps: Sequence[float]) -> int:
    """How many coins are guessed right: a negative gap says that the planted value has the lower loss; 0 is a miss."""
    return sum(gap < 0 for gap in gaps)


def epsilon_lower(right: int, guesses: int, level: float = 0.95) -> float:
    """What epsilon at least must be, with confidence `level`, if so many guesses of fair coins were right.

    Under (epsilon, 0)-differential privacy towards replacing a secret in all its records by the other one, each guess
    is right with probability at most e^eps / (1 + e^eps) given the others, so the count is dominated by a binomial
    (Steinke, Nasr, Jagielski 2023, "Privacy auditing with one (1) training run", theorem for delta = 0).
    """
    assert 0 <= right <= guesses
    if guesses == 0 or _binomial_tail(right, guesses, 0.5) > 1 - level:
        return 0.0
    low, high = 0.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_tail(right, guesses, 1 / (1 + math.exp(-middle))) > 1 - level:
            high = middle
        else:
            low = middle
    return low


def _binomial_tail(least: int, n: int, p: float) -> float:
    """P(X >= least) for X binomial."""
    if least <= 0:
        return 1.0
    terms = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        + k * math.log(p) + ((n - k) * math.log1p(-p) if k < n else 0.0)
        for k in range(least, n + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(term) for term in terms))
