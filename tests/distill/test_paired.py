"""Paired tests and intervals, against scipy, statsmodels, and numbers worked out another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar

from distill.evaluation.bootstrap import DRAWS, drawn_means, mean_interval, weights
from distill.evaluation.paired import compare, mcnemar_exact, paired_bootstrap, tango
from privacy.intervals import Z95, wilson

RNG = np.random.default_rng(20)
TABLES = [(int(n * a), int(n * b), int(n)) for n, a, b in RNG.uniform((5, 0, 0), (600, 0.5, 0.5), (60, 3))]
"""(only ours, only theirs, n) at random."""


@pytest.mark.parametrize(("b", "c", "n"), [*TABLES, (0, 0, 9), (7, 7, 20), (0, 1, 1), (900, 700, 4000)])
def test_the_exact_test_is_that_of_statsmodels_and_scipy(b: int, c: int, n: int) -> None:
    p = mcnemar_exact(b, c)
    assert p == pytest.approx(mcnemar([[0, b], [c, 0]], exact=True).pvalue, rel=1e-9)
    assert p == pytest.approx(stats.binomtest(b, b + c).pvalue if b + c else 1.0, rel=1e-9)


def score_by_search(b: int, c: int, n: int, difference: float) -> float:
    """Tango's statistic with the likelihood maximised by search, not by the formula."""

    def loss(chance: float) -> float:
        shares = chance + difference, chance, 1 - 2 * chance - difference
        return -sum(
            k * math.log(max(share, 1e-300)) for k, share in zip((b, c, n - b - c), shares, strict=True)
        )

    low, high = max(0.0, -difference), (1 - difference) / 2
    chance = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (b - c - n * difference) / math.sqrt(n * (2 * chance + difference * (1 - difference)))


@pytest.mark.parametrize(("b", "c", "n"), [each for each in TABLES if min(each[:2]) > 0][:25])
def test_the_interval_ends_where_the_score_test_says_no(b: int, c: int, n: int) -> None:
    low, high = tango(b, c, n)
    assert score_by_search(b, c, n, low) == pytest.approx(Z95, abs=2e-3)
    assert score_by_search(b, c, n, high) == pytest.approx(-Z95, abs=2e-3)
    assert low < (b - c) / n < high


@pytest.mark.parametrize(("b", "c", "n"), TABLES)
def test_the_interval_holds_0_exactly_where_mcnemar_s_square_is_small(b: int, c: int, n: int) -> None:
    low, high = tango(b, c, n)
    seen = mcnemar([[0, b], [c, 0]], exact=False, correction=False).statistic if b + c else 0.0
    assert (low <= 0 <= high) == (seen <= Z95**2)
    assert tango(c, b, n) == pytest.approx((-high, -low), abs=1e-9)


def test_arms_that_never_differ_on_few_records_are_not_called_equal() -> None:
    assert tango(0, 0, 10) == pytest.approx((-0.2775, 0.2775), abs=1e-3)
    assert tango(10, 0, 10)[1] == 1.0 and tango(0, 10, 10)[0] == -1.0
    same = compare("f", "a", "b", [0.5] * 10, [0.5] * 10)
    assert same.test == "paired-bootstrap" and same.low < -0.25 and same.high > 0.25 and same.p == 1.0
    assert same.records_to_settle is None


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    for n, ours, theirs in ((40, 0.25, 0.15), (100, 0.05, 0.02), (400, 0.12, 0.12)):
        tables = rng.multinomial(n, [ours, theirs, 1 - ours - theirs], 3000)
        held = [low <= ours - theirs <= high for low, high in (tango(b, c, n) for b, c, _ in tables.tolist())]
        assert 0.935 <= np.mean(held) <= 0.985, (n, np.mean(held))


def test_a_draw_takes_as_many_records_as_there_are_and_each_as_often() -> None:
    blocks = list(weights(50))
    drawn = np.concatenate(blocks)
    assert drawn.shape == (DRAWS, 50) and (drawn.sum(axis=1) == 50).all()
    assert abs(drawn.mean(axis=0) - 1).max() < 0.05
    assert drawn.var() == pytest.approx(1 - 1 / 50, rel=0.01)
    assert len(list(weights(2000))) > 1, "memory stays bounded"


@pytest.mark.parametrize("n", [40, 300])
def test_the_bootstrap_is_scipy_s_and_the_same_each_time(n: int) -> None:
    differences = RNG.normal(0.03, 0.2, n).clip(-1, 1)
    low, high, p = paired_bootstrap(differences)
    theirs = stats.bootstrap(
        (differences,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    )
    spread = differences.std() / math.sqrt(n)
    assert low == pytest.approx(theirs.confidence_interval.low, abs=0.1 * spread)
    assert high == pytest.approx(theirs.confidence_interval.high, abs=0.1 * spread)
    assert p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.03)
    assert paired_bootstrap(differences) == (low, high, p)
    assert drawn_means(differences).mean() == pytest.approx(differences.mean(), abs=0.02)


def test_right_or_wrong_is_counted_and_fractions_are_drawn() -> None:
    ours, theirs = [1.0, 1, 1, 0, 0, 1], [0.0, 1, 0, 1, 0, 0]
    found = compare("accuracy", "sft", "untuned", ours, theirs)
    assert (found.test, found.only_arm, found.only_against, found.n) == ("mcnemar-exact", 3, 1, 6)
    assert found.difference == pytest.approx(2 / 6) and found.p == mcnemar_exact(3, 1) == 0.625
    assert (found.low, found.high) == tango(3, 1, 6)
    other = compare("chrf", "sft", "untuned", [0.5, 0.75, 1.0], [0.25, 0.0, 1.0])
    assert (other.test, other.only_arm, other.only_against) == ("paired-bootstrap", None, None)
    assert other.difference == pytest.approx(1.0 / 3)
    with pytest.raises(ValueError, match="needs records"):
        compare("accuracy", "a", "b", [], [])


def test_how_many_records_would_settle_it() -> None:
    """12 against 8 of 100: McNemar's square is n · 0.04² / 0.2, which passes z² at n = 481."""
    ours = [1.0] * 12 + [0.0] * 8 + [1.0] * 80
    theirs = [0.0] * 12 + [1.0] * 8 + [1.0] * 80
    assert compare("accuracy", "a", "b", ours, theirs).records_to_settle == 481
    assert compare("accuracy", "a", "b", ours * 6, theirs * 6).records_to_settle == 0
    assert compare("accuracy", "a", "b", ours, ours).records_to_settle is None


def test_a_mean_has_wilson_s_interval_unless_its_parts_are_fractions_and_many() -> None:
    assert mean_interval([1.0, 0.0, 1.0]) == wilson(2, 3)
    assert mean_interval([0.5] * 5) == wilson(2.5, 5)
    parts = RNG.uniform(0.2, 0.6, 200)
    low, high = mean_interval(parts.tolist())
    assert low < parts.mean() < high
    assert high - low == pytest.approx(2 * Z95 * parts.std() / math.sqrt(200), rel=0.05)
