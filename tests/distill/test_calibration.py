"""Confidence against scores, with numbers from statsmodels and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from distill.evaluation.calibration import Platt, fit_platt, log_odds, reliability

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("n", [20, 100, 2000])
def test_the_fit_is_logistic_regression_on_platt_s_targets(n: int) -> None:
    chances = RNG.beta(4, 1, n)
    right = (RNG.random(n) < chances**2).astype(float)
    platt = fit_platt(np.log(chances).tolist(), right.tolist())
    hits = right.sum()
    targets = np.where(right == 1, (hits + 1) / (hits + 2), 1 / (n - hits + 2))
    x = sm.add_constant(np.log(chances / (1 - chances)))
    intercept, slope = sm.GLM(targets, x, family=sm.families.Binomial()).fit(tol=1e-12).params
    if slope > 0:
        assert (platt.slope, platt.intercept) == pytest.approx((slope, intercept), rel=1e-4, abs=1e-6)
    assert platt.n == n


def test_the_fit_is_finite_where_confidence_parts_right_from_wrong_and_where_all_are_right() -> None:
    parted = fit_platt([-0.01, -0.02, -3.0, -4.0], [1.0, 1.0, 0.0, 0.0])
    assert 0 < parted.slope < 50 and parted.chance(-0.01) > 0.7 > 0.3 > parted.chance(-4.0)
    for scores in ([1.0] * 5, [0.0] * 5):
        fitted = fit_platt([-0.1, -0.2, -0.3, 0.0, -900.0], scores)
        assert math.isfinite(fitted.slope) and math.isfinite(fitted.intercept)
    assert fit_platt([0.0, -1e-9], [1.0, 1.0]).chance(0.0) > 0.5


def test_a_confidence_that_points_the_wrong_way_is_not_followed() -> None:
    found = fit_platt([-0.01] * 10 + [-3.0] * 10, [0.0] * 10 + [1.0] * 10)
    assert found.slope == 0.0 and found.chance(-0.01) == found.chance(-3.0) == pytest.approx(0.5)


def test_a_surer_answer_never_gets_a_lower_chance_and_none_is_certain() -> None:
    platt = Platt(2.5, 1.0, 10)
    chances = [platt.chance(-each) for each in (50, 3, 1, 0.1, 1e-3, 1e-9, 0.0)]
    assert chances == sorted(chances) and chances[0] >= 0 and chances[-1] < 1
    assert Platt(50.0, 0.0, 1).chance(0.0) < 1
    assert log_odds(math.log(0.25)) == pytest.approx(math.log(0.25 / 0.75))


def test_a_threshold_on_the_chance_is_one_on_the_log_probability() -> None:
    platt = Platt(0.6, 0.9, 10)
    for chance in (0.2, 0.5, 0.84, 0.97):
        at = platt.logprob_at(chance)
        assert at is not None and at < 0
        assert platt.chance(at - 1e-6) < chance < platt.chance(at + 1e-6 * abs(at))
    assert platt.logprob_at(0.0) is None and platt.logprob_at(1.0) == 0.0
    assert Platt(0.0, 1.0, 10).logprob_at(0.5) is None


def test_fractions_of_right_count_in_part() -> None:
    half = fit_platt([-0.5] * 40, [0.5] * 40)
    assert half.chance(-0.5) == pytest.approx(0.5, abs=0.01)


def test_the_error_and_its_bins_are_those_worked_out_by_hand() -> None:
    chances = [0.95] * 10 + [0.55] * 10
    scores = [1.0] * 8 + [0.0] * 2 + [1.0] * 5 + [0.0] * 5
    order = RNG.permutation(20)
    found = reliability([chances[p] for p in order], [scores[p] for p in order])
    assert found.n == 20 and len(found.bins) == 10 and sum(each.n for each in found.bins) == 20
    assert found.mean_confidence == pytest.approx(0.75) and found.mean_score == pytest.approx(0.65)
    by_hand = sum(abs(each.confidence - each.score) * each.n for each in found.bins) / 20
    assert found.ece == pytest.approx(by_hand) and found.low <= found.ece <= found.high
    assert [each.confidence for each in found.bins] == sorted(each.confidence for each in found.bins)


def test_an_overconfident_student_stands_out_from_chance_and_a_calibrated_one_does_not() -> None:
    chances = RNG.uniform(0.3, 1.0, 600)
    honest = reliability(chances.tolist(), (RNG.random(600) < chances).astype(float).tolist())
    vain = reliability(chances.tolist(), (RNG.random(600) < chances / 2).astype(float).tolist())
    assert honest.low < honest.ece_if_calibrated * 1.6
    assert vain.low > 3 * vain.ece_if_calibrated and vain.ece == pytest.approx(0.325, abs=0.05)
    assert reliability([0.5], [1.0]).ece == 0.5
    with pytest.raises(ValueError, match="needs records"):
        reliability([], [])


def test_the_correction_learnt_on_some_records_helps_on_others() -> None:
    chances = RNG.uniform(0.2, 0.999, 1200)
    right = (RNG.random(1200) < 1 / (1 + np.exp(-(0.6 * np.log(chances / (1 - chances)) - 0.8)))).astype(
        float
    )
    logprobs = np.log(chances)
    platt = fit_platt(logprobs[:600].tolist(), right[:600].tolist())
    assert (platt.slope, platt.intercept) == pytest.approx((0.6, -0.8), abs=0.3)
    raw = reliability(chances[600:].tolist(), right[600:].tolist())
    corrected = reliability([platt.chance(each) for each in logprobs[600:]], right[600:].tolist())
    assert corrected.ece < raw.ece / 2
