"""The ruler's own error, against an independent implementation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from privacy.intervals import wilson

_COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(_COUNTS)
def test_the_interval_is_wilsons(counts: tuple[int, int]) -> None:
    successes, n = counts
    theirs = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(_COUNTS)
def test_the_interval_holds_its_estimate_and_stays_in_0_to_1(counts: tuple[int, int]) -> None:
    successes, n = counts
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1 and low < high


@pytest.mark.parametrize("n", [1, 2, 10, 10_000])
def test_nothing_and_everything_right_end_exactly_at_the_edge(n: int) -> None:
    assert wilson(0, n)[0] == 0.0 and wilson(n, n)[1] == 1.0
    assert 0 < wilson(0, n)[1] == pytest.approx(1 - wilson(n, n)[0])


def test_fractional_scores_lie_between_their_neighbours() -> None:
    assert wilson(3, 10) < wilson(3.5, 10) < wilson(4, 10)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (1, -1), (-1, 5), (6, 5), (float("nan"), 5)])
def test_impossible_counts_are_refused(successes: float, n: int) -> None:
    with pytest.raises(ValueError):
        wilson(successes, n)
