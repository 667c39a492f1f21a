"""Membership attacks: their statistics against scipy, and a blind control that knows when sides differ."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from privacy.attack import membership


def test_auc_is_the_mann_whitney_statistic() -> None:
    rng = np.random.default_rng(1)
    inside, outside = rng.normal(0.4, 1, 60).round(1), rng.normal(0, 1, 80).round(1)
    found = membership.separation(inside.tolist(), outside.tolist())
    wanted = stats.mannwhitneyu(inside, outside, alternative="greater", method="asymptotic")
    assert found.auc == pytest.approx(wanted.statistic / (60 * 80))
    assert found.auc_p == pytest.approx(wanted.pvalue, rel=0.05)
    assert found.auc_low < found.auc < found.auc_high


@pytest.mark.parametrize(("n", "bound"), [(200, 0.567), (1000, 0.530), (2000, 0.521)])
def test_small_audits_say_that_they_see_little(n: int, bound: float) -> None:
    assert membership.auc_null_bound(n, n) == pytest.approx(bound, abs=0.001)


@pytest.mark.parametrize(("n", "others"), [(7, 9), (40, 40), (160, 200)])
def test_the_null_of_true_positives_is_scipys_beta_binomial(n: int, others: int) -> None:
    allowed = int(0.01 * others)
    wanted = stats.betabinom.pmf(np.arange(n + 1), n, allowed + 1, others - allowed)
    assert membership._tpr_null(n, others) == pytest.approx(wanted, abs=1e-9)


def test_sides_alike_pass_their_bounds_as_rarely_as_they_say() -> None:
    rng = np.random.default_rng(5)
    found = [
        membership.separation(rng.normal(size=50).tolist(), rng.normal(size=50).tolist()) for _ in range(1500)
    ]
    assert np.mean([row.auc > row.auc_bound for row in found]) < 0.02
    assert np.mean([row.tpr_p < 0.01 for row in found]) < 0.02
    assert np.mean([row.auc_low <= 0.5 <= row.auc_high for row in found]) > 0.92


def test_perfect_separation_has_an_interval_that_ends_at_one() -> None:
    found = membership.separation([2.0] * 30, [1.0] * 30)
    assert found.auc == found.auc_high == 1.0 > found.auc_low > 0.85
    assert found.tpr.value == 1.0 and found.auc_p < 1e-6 and found.tpr_p < 1e-6


def test_scores_that_are_all_alike_find_nobody() -> None:
    found = membership.separation([1.0] * 30, [1.0] * 30)
    assert (found.auc, found.tpr.value) == (0.5, 0.0)


def test_what_was_learnt_scores_higher_by_every_attack() -> None:
    learnt, fresh = [0.1, 0.2, 0.1], [2.0, 3.0, 1.0]
    found = membership.scores([learnt, fresh], [[2.0, 3.0, 1.0]] * 2, ["some text", "some text"])
    assert set(found) == {"loss", "zlib", "min-k%", "calibrated"}
    assert all(values[0] > values[1] for values in found.values())


def test_min_k_looks_at_the_least_likely_tokens_only() -> None:
    assert membership.scores([[9.0] + [0.0] * 9], None, ["x"])["min-k%"] == [-4.5]


_WORDS = "meter battery charger invoice delay refund help please today Friday line heat cold noise".split()


def _texts(rng: np.random.Generator, count: int, more: str = "") -> list[str]:
    return [" ".join(rng.choice(_WORDS, 8)) + more for _ in range(count)]


def test_the_blind_control_is_quiet_where_the_sides_are_one_kind() -> None:
    loud = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scored = membership.blind_scores(_texts(rng, 120), [True] * 60 + [False] * 60)
        found = membership.separation(scored[:60], scored[60:])
        loud += found.auc > found.auc_bound
    assert loud <= 1


def test_the_blind_control_speaks_where_a_word_gives_the_side_away() -> None:
    rng = np.random.default_rng(0)
    texts = _texts(rng, 60, " received in January") + _texts(rng, 60, " received in June")
    scored = membership.blind_scores(texts, [True] * 60 + [False] * 60)
    assert membership.separation(scored[:60], scored[60:]).auc > 0.95


def test_nothing_can_be_compared_with_nothing() -> None:
    with pytest.raises(ValueError, match="both sides"):
        membership.separation([], [1.0])
