"""95% intervals of measured fractions, for recall here and for scores in the other packages.

Covered: counts of independent trials. Not covered: means of anything that can leave [0, 1].
"""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


def wilson(successes: float, n: int) -> tuple[float, float]:
    """The Wilson score interval of a fraction (Wilson 1927): holds its level for small n and near 0 and 1.

    `successes` may be fractional when each of the n trials scores in [0, 1]: the interval is then conservative,
    since such a score varies no more than a coin with the same mean.
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
