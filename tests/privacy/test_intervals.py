"""The ruler's own error, against an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from privacy.intervals import design_effect, exact, exact_upper, wilson, wilson_n
from privacy.measure import grouped_rate

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


@given(_COUNTS)
def test_the_exact_interval_is_clopper_and_pearsons(counts: tuple[int, int]) -> None:
    failures, n = counts
    theirs = binomtest(failures, n).proportion_ci(0.95, method="exact")
    assert exact(failures, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    upper = 1.0 if failures == n else beta.ppf(0.95, failures + 1, n - failures)
    assert exact_upper(failures, n) == pytest.approx(upper, abs=1e-9)


def test_no_failure_in_a_hundred_is_the_rule_of_three() -> None:
    assert exact_upper(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100)) == pytest.approx(3 / 100, rel=0.02)


@given(st.floats(0.5, 1), st.floats(0.01, 0.99))
def test_the_least_number_reaches_the_bar_and_one_fewer_does_not(share: float, bar: float) -> None:
    n = wilson_n(share, bar)
    if n is None:
        assert share <= bar
        return
    if n < 10**9:  # beyond, one trial more or less is lost in rounding
        assert wilson(share * n, n)[0] >= bar - 1e-7
        assert n == 1 or wilson(share * (n - 1), n - 1)[0] < bar + 1e-7


def test_independent_trials_have_a_design_effect_near_one_and_copies_as_many_as_they_are() -> None:
    draws = np.random.default_rng(1).random(2000) < 0.9
    assert design_effect([(int(hit), 1) for hit in draws]) == pytest.approx(1, abs=0.05)
    assert design_effect([(5 * int(hit), 5) for hit in draws]) == pytest.approx(5, rel=0.05)


def test_a_sample_without_failures_does_not_count_its_trials_as_independent() -> None:
    alone, grouped = grouped_rate([(1, 1)] * 100), grouped_rate([(10, 10)] * 10)
    assert alone.low is not None and grouped.low is not None
    assert alone.low > 0.96 and grouped.low == pytest.approx(wilson(10, 10)[0], abs=0.03)


@pytest.mark.parametrize("share", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("alike", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("num_documents", [50, pytest.param(400, marks=pytest.mark.slow)])
def test_the_lower_end_holds_its_level_when_documents_fail_as_a_whole(
    share: float, alike: float, num_documents: int
) -> None:
    """Each document has 1 to 6 spans, and with probability `alike` all of them share one fate."""
    random = np.random.default_rng(7)
    covered, plain, rounds = 0, 0, 400
    for _ in range(rounds):
        tallies = []
        for n in random.integers(1, 7, num_documents):
            fates = random.random(n) < share
            tallies.append((int(n * fates[0]) if random.random() < alike else int(fates.sum()), int(n)))
        measured = grouped_rate(tallies)
        assert measured.low is not None and measured.value is not None
        covered += measured.low <= share
        plain += wilson(measured.value * measured.n, measured.n)[0] <= share
    # 97.5% is meant; 95% is three standard errors of 400 rounds below it.
    assert covered / rounds >= 0.95
    if alike == 0.9 and num_documents == 400:
        assert plain / rounds < 0.95, "independence, wrongly assumed, should be seen to fail here"
