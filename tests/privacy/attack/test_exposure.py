"""Exposure against its exact null: enumerated where it can be, checked against scipy where it cannot."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from privacy.attack import exposure
from privacy.draw import Draw


def test_exposure_is_none_at_the_last_rank_and_all_bits_at_the_first() -> None:
    assert exposure.exposure(8192, 8192) == 0.0
    assert exposure.exposure(1, 8192) == 13.0


def test_a_rank_counts_what_is_likelier() -> None:
    assert exposure.rank([3.0, 1.0, 2.0], 1, Draw(b"k", "t", "")) == 1
    assert exposure.rank([3.0, 1.0, 2.0], 0, Draw(b"k", "t", "")) == 3


def test_ties_are_broken_at_random_so_a_model_that_knows_nothing_shows_1_44_bits() -> None:
    losses, size = [0.0] * 512, 512
    bits = [exposure.exposure(exposure.rank(losses, 5, Draw(b"k", "tie", str(n))), size) for n in range(4000)]
    assert np.mean(bits) == pytest.approx(exposure.null_mean([size]), abs=0.08)
    assert exposure.null_mean([8192]) == pytest.approx(1.44, abs=0.005)


@pytest.mark.parametrize("sizes", [(4, 4), (8, 8), (3, 7), (2, 5, 6)])
def test_the_null_distribution_is_that_of_all_ranks(sizes: tuple[int, ...]) -> None:
    """Every combination of ranks counted: told p-values are never below the true ones, nor far above."""
    sums = [
        sum(math.log2(size / rank) for size, rank in zip(sizes, ranks, strict=True))
        for ranks in itertools.product(*(range(1, size + 1) for size in sizes))
    ]
    for threshold in sorted(set(sums)):
        true = np.mean([value >= threshold - 1e-9 for value in sums])
        beside = np.mean([value >= threshold - 0.01 for value in sums])
        told = exposure.p_value([threshold / len(sizes)] * len(sizes), sizes)
        assert true - 1e-9 <= told <= beside + 1e-9
    assert exposure.null_mean(sizes) == pytest.approx(np.mean(sums) / len(sizes))


@pytest.mark.parametrize(
    ("n", "bound"), [(16, 2.39), (64, 1.89), pytest.param(256, 1.66, marks=pytest.mark.slow)]
)
def test_for_many_values_the_null_is_scipys_gamma(n: int, bound: float) -> None:
    """-log2 U of a uniform is exponential, so its sum over n secrets is a gamma; a finite number of values stays below."""
    gamma = stats.gamma.ppf(0.99, n) / n / math.log(2)
    assert exposure.null_bound([100_000] * n) == pytest.approx(gamma, abs=0.003)
    assert exposure.null_bound([8192] * n) == pytest.approx(bound, abs=0.02)
    assert exposure.null_bound([64] * n) < gamma


def test_a_bound_is_reached_by_chance_as_often_as_it_says() -> None:
    sizes, rng = [8192, 8192, 10_000, 10_000, 8192, 8192], np.random.default_rng(3)
    ranks = np.stack([rng.integers(1, size + 1, 20_000) for size in sizes])
    means = np.mean(np.log2(np.array(sizes)[:, None] / ranks), axis=0)
    assert np.mean(means > exposure.null_bound(sizes)) == pytest.approx(0.01, abs=0.003)


def test_power_is_the_fewest_secrets_known_by_heart_that_pass_the_bound() -> None:
    sizes = [8192] * 16
    least = exposure.least_memorised(sizes)

    def mean(known: int) -> float:
        return (known * 13 + (16 - known) * exposure.null_mean(sizes)) / 16

    assert mean(least) >= exposure.null_bound(sizes) > mean(least - 1)


def test_first_ranks_by_chance_are_as_rare_as_the_poisson_binomial_says() -> None:
    assert exposure.rank_one_p(0, [8, 8]) == pytest.approx(1)
    assert exposure.rank_one_p(1, [8, 4]) == pytest.approx(1 - 7 / 8 * 3 / 4)
    assert exposure.rank_one_p(1, [8192] * 64) == pytest.approx(0.0078, abs=1e-4)


@pytest.mark.parametrize(
    ("right", "epsilon"), [(140, 0.58), (160, 1.09), (180, 1.80), (190, 2.40), (200, 4.19)]
)
def test_the_lower_bound_of_epsilon_is_the_binomials(right: int, epsilon: float) -> None:
    low = exposure.epsilon_lower(right, 200)
    assert low == pytest.approx(epsilon, abs=0.01)
    assert stats.binom.sf(right - 1, 200, 1 / (1 + math.exp(-low))) == pytest.approx(0.05, abs=1e-4)


def test_coins_guessed_as_by_chance_prove_no_epsilon() -> None:
    assert exposure.epsilon_lower(112, 200) == 0.0 < exposure.epsilon_lower(113, 200)
    assert exposure.epsilon_lower(0, 0) == exposure.epsilon_lower(4, 4) == 0.0


def test_a_gap_of_nought_is_not_a_right_guess() -> None:
    assert exposure.guessed_from_gap([-1.0, 0.0, 2.0]) == 1
