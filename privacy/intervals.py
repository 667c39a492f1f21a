"""95% intervals of measured fractions, for recall here and for scores in the other packages.

Covered: counts of independent trials (Wilson, and exactly by Clopper and Pearson); counts whose trials come in
groups, such as the spans of one document (design effect). Not covered: means of anything that can leave [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


def wilson(successes: float, n: float) -> tuple[float, float]:
    """The Wilson score interval of a fraction (Wilson 1927): holds its level for small n and near 0 and 1.

    `successes` may be fractional when each of the n trials scores in [0, 1]: the interval is then conservative,
    since such a score varies no more than a coin with the same mean. `n` may be fractional as an effective size.
    """
    if n <= 0:
        raise ValueError("an interval needs at least one observation")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials")
    share = successes / n
    centre = share + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if successes == n else min(1.0, (centre + half) / scale)
    return low, high


def wilson_n(share: float, bar: float) -> int | None:
    """The least number of trials at which `wilson`'s lower end, at this observed share, reaches the bar.

    None where the share itself is not above the bar: then no number will do. Solved from the test that Wilson's
    interval inverts: (share - bar) / sqrt(bar (1 - bar) / n) >= z.
    """
    if not 0 <= share <= 1 or not 0 <= bar <= 1:
        raise ValueError("a share and a bar are fractions")
    if share <= bar:
        return None
    return max(1, math.ceil(Z95**2 * bar * (1 - bar) / (share - bar) ** 2))


def design_effect(groups: Sequence[tuple[int, int]]) -> float:
    """By how much grouping inflates the variance of a pooled fraction: at least 1.

    `groups` holds (successes, trials) of each group, such as a document. It is the variance of the ratio of sums
    (Cochran 1977, equation 6.9, by its linear form) over that of as many independent trials (Kish 1965). One group
    of average size that failed whole and one that succeeded whole are added: without them a sample without any
    failure would show no variance, and its trials would count as independent because nobody saw otherwise.
    """
    groups = [(hits, n) for hits, n in groups if n]
    if not groups:
        return 1.0
    size = sum(n for _, n in groups) / len(groups)
    padded = [*groups, (0.0, size), (size, size)]
    total = sum(n for _, n in padded)
    share = sum(hits for hits, _ in padded) / total
    spread = sum((hits - share * n) ** 2 for hits, n in padded) * len(padded) / (len(padded) - 1)
    return max(1.0, spread / (total * share * (1 - share)))


def exact_upper(failures: int, n: int, level: float = 0.95) -> float:
    """The exact one-sided upper bound of a fraction (Clopper and Pearson 1934).

    The largest probability under which so few failures still have a chance of 1 - level or more.
    """
    if n <= 0 or not 0 <= failures <= n:
        raise ValueError(f"{failures} failures in {n} trials")
    if failures == n:
        return 1.0
    low, high = failures / n, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if _at_most(failures, n, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def exact(failures: int, n: int) -> tuple[float, float]:
    """The two-sided 95% Clopper-Pearson interval."""
    return 1 - exact_upper(n - failures, n, 0.975), exact_upper(failures, n, 0.975)


def _at_most(k: int, n: int, share: float) -> float:
    """P(X <= k) for X ~ Binomial(n, share) with k <= n share, summed downwards until terms no longer count."""
    term = math.exp(
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + k * math.log(share)
        + (n - k) * math.log1p(-share)
    )
    total = 0.0
    for index in range(k, -1, -1):
        total += term
        if term < 1e-18 * total:
            break
        term *= index * (1 - share) / ((n - index + 1) * share)
    return total
