from __future__ import annotations

import math
import random
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from appliance.energy import Joules
from appliance.loadtest import Answer, LevelResult, Serving, SloSettings, best_at, percentile, summarise
from appliance.loadtest.intervals import MAX_REPEATS, mean_interval, percentile_interval
from appliance.loadtest.server_metrics import ServerFigures
from appliance.loadtest.summary import is_good, is_saturated


def _answer(started_s: float = 0.0, e2e_s: float = 1.0, **given_values: Any) -> Answer:
    values: dict[str, Any] = {"prompt_index": 0, "ttft_s": e2e_s / 2, "output_tokens": 6, "prompt_tokens": 9}
    return Answer(started_s=started_s, e2e_s=e2e_s, **(values | given_values))


def _level(*answers: Answer, **given_values: Any) -> LevelResult:
    values: dict[str, Any] = {
        "concurrency": 2,
        "offered_per_s": None,
        "wall_s": 2.0,
        "num_warmup_failed": 0,
        "num_prompts": 1,
        "client_lag_p99_s": 0.001,
    }
    return LevelResult(requests=answers, **(values | given_values))


def _row(*repeats: LevelResult, **options: Any) -> Serving:
    return summarise(*repeats, arm="a", engine="e", device="d", **options)


# ---- repeats


def test_rates_are_medians_of_the_repeats_with_students_interval() -> None:
    levels = [_level(*[_answer()] * count) for count in (4, 8, 6)]
    row = _row(*levels)
    assert row.repeats_per_s == (2.0, 4.0, 3.0) and row.requests_per_s == 3.0
    assert row.output_tokens_per_s == 18.0 and row.num_ok == 18 and row.wall_s == 6.0
    low, high = stats.t.interval(0.95, 2, loc=3.0, scale=stats.sem([2.0, 4.0, 3.0]))
    assert (row.requests_per_s_low, row.requests_per_s_high) == (
        pytest.approx(max(low, 0.0), abs=1e-3),
        pytest.approx(high, rel=1e-3),
    )


def test_a_level_run_once_has_no_interval_of_its_rate() -> None:
    row = _row(_level(_answer(), _answer()))
    assert (row.requests_per_s, row.requests_per_s_low, row.requests_per_s_high) == (1.0, None, None)


def test_latencies_are_of_all_repeats_together() -> None:
    row = _row(_level(_answer(e2e_s=1.0)), _level(_answer(e2e_s=3.0)))
    assert row.e2e_p50_s == 2.0


def test_the_worst_lag_of_the_repeats_is_told() -> None:
    one, other = _level(_answer(), client_lag_p99_s=0.009), _level(_answer(), client_lag_p99_s=0.001)
    assert _row(one, other).client_lag_p99_s == 0.009


@pytest.mark.parametrize("count", range(2, MAX_REPEATS + 1))
def test_the_mean_interval_is_scipys(count: int) -> None:
    source = random.Random(count)
    values = [source.uniform(50, 60) for _ in range(count)]
    wanted = stats.t.interval(0.95, count - 1, loc=np.mean(values), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx(tuple(float(end) for end in wanted), rel=1e-3)


def test_a_rate_is_not_below_none() -> None:
    assert mean_interval([0.1, 9.0])[0] == 0.0 and mean_interval([3.0]) == (None, None)


# ---- percentiles


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 400), st.sampled_from([0.5, 0.95]))
def test_the_ends_of_a_percentiles_interval_are_the_ranks_of_the_binomial(n: int, share: float) -> None:
    low, high = percentile_interval([float(rank) for rank in range(1, n + 1)], share)
    below = stats.binom(n, share)
    lows = [rank for rank in range(1, n + 1) if below.cdf(rank - 1) <= 0.025]
    highs = [rank for rank in range(1, n + 1) if below.cdf(rank - 1) >= 0.975]
    assert low == (max(lows) if lows else None)
    assert high == (min(highs) if highs else None)


def test_an_end_that_so_few_values_cannot_give_is_none() -> None:
    assert percentile_interval([], 0.5) == (None, None)
    assert percentile_interval([1.0, 2.0, 3.0], 0.5) == (None, None)
    low, high = percentile_interval([float(value) for value in range(30)], 0.95)
    assert low is not None and high is None


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_the_interval_holds_the_true_percentile_as_often_as_it_says(share: float) -> None:
    source = random.Random(5)
    true = -math.log(1 - share)
    held = 0
    for _ in range(1000):
        low, high = percentile_interval([source.expovariate(1.0) for _ in range(120)], share)
        held += (low is None or low <= true) and (high is None or true <= high)
    assert held / 1000 > 0.94


# ---- goodput

OBJECTIVE = SloSettings(ttft_s=1.0, tpot_s=0.1, e2e_s=2.0)


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (_answer(ttft_s=1.0, e2e_s=1.5), True),
        (_answer(ttft_s=1.001, e2e_s=1.5), False),
        (_answer(ttft_s=0.5, e2e_s=1.0, output_tokens=6), True),
        (_answer(ttft_s=0.5, e2e_s=1.01, output_tokens=6), False),
        (_answer(ttft_s=1.0, e2e_s=2.001, output_tokens=100), False),
        (_answer(ttft_s=None, e2e_s=0.9, output_tokens=0), True),
        (_answer(ttft_s=None, e2e_s=1.1, output_tokens=0), False),
        (Answer(prompt_index=0, failure="timeout"), False),
    ],
)
def test_a_good_answer_keeps_every_target(answer: Answer, good: bool) -> None:
    assert is_good(answer, OBJECTIVE) is good


def test_a_target_that_is_not_asked_for_is_kept_by_all() -> None:
    slow = _answer(ttft_s=50.0, e2e_s=100.0)
    assert is_good(slow, SloSettings(ttft_s=None, tpot_s=None, e2e_s=200.0))
    assert not is_good(slow, SloSettings(ttft_s=None, tpot_s=None, e2e_s=99.0))


def test_goodput_counts_failures_as_not_good() -> None:
    level = _level(_answer(ttft_s=0.9), _answer(ttft_s=1.1), Answer(prompt_index=0, failure="connection"))
    row = _row(level, objective=SloSettings(ttft_s=1.0, tpot_s=None))
    assert (row.good_share, row.goodput_per_s) == (pytest.approx(1 / 3), 0.5)
    assert row.good_share_low is not None and row.good_share_high is not None
    assert row.good_share_low < 1 / 3 < row.good_share_high


@pytest.mark.parametrize("objective", [None, SloSettings(ttft_s=None, tpot_s=None, e2e_s=None)])
def test_without_an_objective_there_is_no_goodput(objective: SloSettings | None) -> None:
    row = _row(_level(_answer()), objective=objective)
    assert (row.good_share, row.goodput_per_s) == (None, None)


def _rows(*each: dict[str, Any]) -> list[Serving]:
    plain = _row(_level(_answer()), objective=OBJECTIVE)
    return [replace(plain, **values) for values in each]


def test_the_best_at_an_objective_is_the_fastest_level_that_keeps_it() -> None:
    rows = _rows(
        {"requests_per_s": 5.0, "good_share": 1.0},
        {"requests_per_s": 9.0, "good_share": 0.95},
        {"requests_per_s": 20.0, "good_share": 0.94},
        {"requests_per_s": 30.0, "good_share": 0.99, "num_failed": 1},
        {"requests_per_s": 40.0, "good_share": 0.99, "saturated": True},
    )
    best = best_at(rows, SloSettings(share=0.95))
    assert best is not None and best.requests_per_s == 9.0
    assert best_at(rows[2:], SloSettings(share=0.95)) is None
    assert best_at(_rows({"good_share": None}), SloSettings()) is None


# ---- saturation


def _queue(
    share: float, seed: int, servers: int = 8, service_s: float = 0.6, seconds: float = 10.0
) -> LevelResult:
    """Poisson arrivals at a share of what the servers can do, each answer as long as another, first come first served."""
    source = random.Random(seed)
    rate = share * servers / service_s
    free, now, answers = [0.0] * servers, 0.0, []
    for _ in range(round(rate * seconds)):
        now += source.expovariate(rate)
        free.sort()
        free[0] = max(free[0], now) + service_s * source.uniform(0.5, 1.5)
        answers.append(_answer(now, free[0] - now))
    return _level(*answers, concurrency=None, offered_per_s=rate)


@pytest.mark.parametrize(
    ("share", "least", "most"), [(0.5, 0, 3), (0.8, 0, 10), (1.3, 98, 100), (2.0, 100, 100)]
)
def test_a_server_that_cannot_keep_up_is_told_from_one_that_can(share: float, least: int, most: int) -> None:
    found = sum(is_saturated(_queue(share, seed)) for seed in range(100))
    assert least <= found <= most


def test_few_or_simultaneous_requests_tell_nothing_of_saturation() -> None:
    assert not is_saturated(_level(_answer(0.0), _answer(1.0, 9.0)))
    assert not is_saturated(_level(*[_answer(1.0, float(wait)) for wait in range(1, 30)]))


def test_only_an_open_loop_says_whether_it_was_saturated() -> None:
    assert _row(_level(_answer())).saturated is None
    assert _row(_queue(2.0, 1)).saturated is True


# ---- what others measured


def test_energy_is_summed_and_not_guessed_where_a_repeat_has_none() -> None:
    told, silent = Joules(10.0, None), Joules(None, None)
    assert _row(_level(_answer(), energy=told), _level(_answer(), energy=told)).cpu_j == 20.0
    for other in (silent, None):
        row = _row(_level(_answer(), energy=told), _level(_answer(), energy=other))
        assert (row.cpu_j, row.gpu_j) == (None, None)


def test_the_engines_figures_are_joined_over_the_repeats() -> None:
    empty = dict.fromkeys((field.name for field in fields(ServerFigures)), None)
    one = ServerFigures(**(empty | {"ttft_mean_s": 1.0, "running_max": 3, "preemptions": 1}))
    two = ServerFigures(**(empty | {"ttft_mean_s": 3.0, "running_max": 9, "preemptions": 2}))
    row = _row(_level(_answer(), server=one), _level(_answer(), server=two))
    assert (row.server_ttft_mean_s, row.server_running_max, row.server_preemptions) == (2.0, 9, 3)
    assert row.server_queue_mean_s is None


def test_percentiles_do_not_fall() -> None:
    values = [random.Random(2).expovariate(1.0) for _ in range(50)]
    points = [percentile(values, share / 20) for share in range(21)]
    assert all(one is not None and two is not None and one <= two for one, two in pairwise(points))
