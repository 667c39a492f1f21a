"""Percentiles and how sure they are: order statistics for quantiles, Student's t for means of repeats.

Both take the observations for independent. Requests in flight at once are not quite: a slow batch slows all of them,
and an interval is then too narrow. Repeats of a level are independent but for what else the machine does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

MAX_REPEATS = 10

_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""The 97.5th percentile of Student's t by degrees of freedom, from 1."""


def percentile(values: Sequence[float], share: float) -> float | None:
    """The `share` quantile (in [0, 1]), linear between neighbours (numpy's default); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def percentile_interval(values: Sequence[float], share: float) -> tuple[float | None, float | None]:
    """A 95% interval of the `share` quantile between two of the values themselves, whatever their distribution.

    With B the number of values under the true quantile, B ~ Binomial(n, share): the l-th smallest value is at most the
    quantile with P(B >= l), the u-th at least with P(B < u); each end is chosen for 97.5% (David and Nagaraja, Order
    Statistics, 2003, section 7.1). An end for which there are too few values is None.
    """
    ordered, n = sorted(values), len(values)
    if n == 0:
        return None, None
    low = high = None
    below = 0.0  # P(B < rank)
    for rank in range(1, n + 1):
        below += _binomial(rank - 1, n, share)
        if below <= 0.025:
            low = ordered[rank - 1]
        if below >= 0.975:
            high = ordered[rank - 1]
            break
    return low, high


def _binomial(k: int, n: int, share: float) -> float:
    return math.exp(
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + k * math.log(share)
        + (n - k) * math.log1p(-share)
    )


def mean_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Student's 95% interval of the mean of 2 to 10 rates, cut at 0; nothing from a single one."""
    n = len(values)
    if n < 2:
        return None, None
    mean = sum(values) / n
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
    half = _T95[n - 2] * deviation / math.sqrt(n)
    return max(0.0, mean - half), mean + half
