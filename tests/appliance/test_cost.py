"""The money: rates, costs, bills over time, ranges, and what moves them."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from appliance.cost.explain import evaluate, explain, plain, told
from appliance.cost.months import Bill, Fleet, break_even_months, break_even_requests, saving
from appliance.cost.prices import DevicePrice, Figure, PriceCard, PriceSettings, TeacherPrice
from appliance.cost.rates import Rate, Span, TeacherTokens, knee, mean_tokens, rate
from appliance.cost.sensitivity import tornado
from appliance.cost.swap import Measured, Swap, plan, with_peak_ratio
from appliance.cost.unit_costs import cascade_cost, served_cost, teacher_cost


def fig(value: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(value, "an offer", "2026-11-01", low, high)


CARD = PriceCard(
    "by hand",
    "EUR",
    DevicePrice("device", rent_per_hour=fig(3.6)),
    TeacherPrice(input_per_million=fig(2.0), output_per_million=fig(10.0)),
)
PRICES = PriceSettings(1_000_000, card=CARD, utilisation=0.5, one_off=1000.0)
TOKENS = TeacherTokens(400.0, 20.0, "counted by hand", 100, 390.0, 410.0, 19.0, 21.0)
MEASURED = Measured(
    Span(10.0, 9.0, 11.0), Span(400.0, 390.0, 410.0), Span(20.0, 19.0, 21.0), training_hours=2.0
)
SWAP = Swap("sft", PRICES, 12, MEASURED)
RATE = Rate("sft", Span(10.0, 9.0, 11.0), 30.0, 10.0, "10 requests/s", None)


def level(requests_per_s: float | None, **changes: Any) -> dict[str, Any]:
    row = {
        "arm": "sft", "concurrency": 4, "requests_per_s": requests_per_s, "mean_prompt_tokens": 30.0, "mean_output_tokens": 10.0,
        "num_ok": 64, "num_failed": 0, "requests_per_s_low": None, "requests_per_s_high": None,
    }  # fmt: skip
    if requests_per_s:
        row |= {"requests_per_s_low": requests_per_s * 0.9, "requests_per_s_high": requests_per_s * 1.1}
    return row | changes


# ---- the rate


def test_the_knee_is_the_fastest_closed_level_without_a_failure() -> None:
    slow, fast = level(5.0, concurrency=1), level(9.0, concurrency=8)
    failing, open_loop = level(20.0, num_failed=1), level(30.0, loop="open")
    assert knee([slow, failing, open_loop, fast]) is fast
    assert knee([failing]) is knee([]) is knee([level(None)]) is knee([level(0.0)]) is None


def met(**changes: Any) -> dict[str, Any]:
    return {"meets": True, "loop": "closed", "concurrency": 4, "offered_per_s": None} | changes


ASKED = {"objective": {"ttft_s": 2.0, "tpot_s": None, "e2e_s": None, "share": 0.95}}


def test_the_rate_is_the_best_at_the_objective_and_not_the_knee() -> None:
    rows = [level(5.0, loop="closed"), level(9.0, concurrency=32, loop="closed")]
    found = rate("sft", [row | {"offered_per_s": None} for row in rows], ASKED | {"slo": {"sft": met()}})
    assert found.requests_per_s == Span(5.0, 4.5, 5.5) and found.refused is None
    assert found.basis == (
        "5.00 requests/s a device at concurrency 4, at the objective (first token within 2 s for 95% of requests)"
    )


def test_without_an_objective_the_knee_stands_in_and_says_so() -> None:
    found = rate("sft", [level(5.0), level(9.0, concurrency=32)], {})
    assert found.requests_per_s is not None and found.requests_per_s.value == 9.0
    assert found.basis.endswith("at concurrency 32, no objective was set: the closed loop's best level")


def test_an_arm_that_meets_the_objective_nowhere_is_too_slow_and_has_no_rate() -> None:
    found = rate("sft", [level(5.0)], ASKED | {"slo": {"sft": met(meets=False)}})
    assert (found.requests_per_s, found.too_slow) == (None, True)
    assert found.refused == "no load level met the objective (first token within 2 s for 95% of requests)"


def test_an_open_level_that_ran_once_gives_way_to_a_sure_one_that_met_the_objective_too() -> None:
    once = level(9.0, loop="open", concurrency=None, offered_per_s=9.5, requests_per_s_low=None)
    sure = level(7.0, loop="closed", good_share=0.95, offered_per_s=None)
    short = level(8.0, loop="closed", good_share=0.94, offered_per_s=None, concurrency=8)
    full = level(8.5, loop="open", concurrency=None, offered_per_s=11.0, good_share=1.0, saturated=True)
    bench = ASKED | {"slo": {"sft": met(loop="open", concurrency=None, offered_per_s=9.5)}}
    found = rate("sft", [once, sure, short, full], bench)
    assert found.requests_per_s is not None and found.requests_per_s.value == 7.0 and found.refused is None
    alone = rate("sft", [once, short], bench)
    assert alone.requests_per_s is not None and alone.requests_per_s.value == 9.0
    assert alone.refused == "that load was measured once, so the rate has no interval"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (level(9.0, requests_per_s_low=None), "that load was measured once, so the rate has no interval"),
        (level(9.0, num_ok=29), "only 29 requests were answered at that load; 30 are the least"),
        (level(9.0, num_ok=30), None),
        (level(9.0, requests_per_s_low=0.0), "repeats of that load differ so much that its rate may be anything"),
        (level(9.0, num_failed=1), "no load level without failures"),
        (level(None), "no load level without failures"),
    ],
)  # fmt: skip
def test_thin_evidence_of_a_rate_is_refused_with_the_reason(row: dict[str, Any], why: str | None) -> None:
    assert rate("sft", [row], {}).refused == why


def test_an_arm_that_was_not_served_is_not_measured_and_one_like_it_says_so() -> None:
    assert rate("sft", [], {}).refused == "it was not served"
    assert "measured on the student after SFT, which has" in rate("onpolicy", [level(1.0)], {}, "sft").basis


def test_mean_tokens_by_hand_and_no_interval_from_few_requests() -> None:
    """Half 10s and half 20s, 30 of them: the deviation is 5·sqrt(30/29), and 1.96 of it over sqrt(30) is 1.819781."""
    found = mean_tokens([(10, 1), (20, 1)] * 15, "by hand")
    assert (found.prompt, found.output, found.n) == (15.0, 1.0, 30)
    assert (found.prompt_low, found.prompt_high) == (pytest.approx(13.180219), pytest.approx(16.819781))
    assert (found.output_low, found.output_high) == (1.0, 1.0)
    few = mean_tokens([(10, 1), (20, 1)] * 14 + [(10, 1)], "by hand")
    assert few.n == 29 and few.prompt_low is few.output_high is None


# ---- costs


def test_served_cost_by_hand() -> None:
    """3.60 an hour, busy half the time, is 0.002 for a second of work: 10 requests of 10 answer and 30 prompt tokens."""
    cost = served_cost(SWAP, RATE)
    assert cost.per_thousand_requests == pytest.approx(0.2)
    assert (cost.per_thousand_low, cost.per_thousand_high) == (pytest.approx(2 / 11), pytest.approx(2 / 9))
    assert cost.per_million_output_tokens == pytest.approx(20.0)
    assert cost.per_million_tokens == pytest.approx(5.0)
    assert cost.basis == "10 requests/s; 50% planned load"


def test_half_the_utilisation_costs_twice_and_so_does_a_peak_of_four_times_the_mean() -> None:
    for change in (
        {"utilisation": 0.25},
        {"peak_to_mean": 4.0},
        {"peak_requests_per_s": 4 * PRICES.mean_requests_per_s},
    ):
        dear = replace(SWAP, prices=replace(PRICES, **change))  # type: ignore[arg-type]
        assert served_cost(dear, RATE).per_thousand_requests == pytest.approx(0.4)
    low = replace(SWAP, prices=replace(PRICES, peak_to_mean=1.5))
    assert served_cost(low, RATE).per_thousand_requests == pytest.approx(0.2), "the utilisation asks for more"


def test_a_refused_rate_has_a_cost_without_a_range() -> None:
    cost = served_cost(SWAP, replace(RATE, refused="measured once"))
    assert cost.per_thousand_requests is not None
    assert (cost.per_thousand_low, cost.per_thousand_high, cost.refused) == (None, None, "measured once")


def test_teacher_cost_by_hand() -> None:
    """400 prompt tokens at 2.00 and 20 answer tokens at 10.00 a million: 0.001 a request, 50 a million answer tokens."""
    cost = teacher_cost(SWAP, TOKENS)
    assert cost.per_thousand_requests == pytest.approx(1.0)
    assert (cost.per_thousand_low, cost.per_thousand_high) == (pytest.approx(0.97), pytest.approx(1.03))
    assert cost.per_million_output_tokens == pytest.approx(50.0)
    assert cost.per_million_tokens == pytest.approx(1000 / 420)
    assert cost.basis == "price card, 400 prompt and 20 answer tokens a request (counted by hand)"


def test_cached_prompt_tokens_are_billed_at_their_own_price() -> None:
    """Three quarters of 400 tokens at 0.40 and the rest at 2.00 a million, with 20 at 10.00: 0.00052."""
    teacher = TeacherPrice(fig(2.0), fig(0.4), fig(10.0))
    prices = replace(PRICES, card=replace(CARD, teacher=teacher), cached_share=0.75)
    cost = teacher_cost(replace(SWAP, prices=prices), TOKENS)
    assert cost.per_thousand_requests == pytest.approx(0.52)


HOSTED = TeacherPrice(
    device=DevicePrice("big", rent_per_hour=fig(7.2)), devices=fig(4.0), requests_per_s=fig(2.0)
)
HOSTED_PRICES = replace(PRICES, card=replace(CARD, teacher=HOSTED))


def test_a_teacher_on_its_own_devices_by_hand() -> None:
    """4 × 7.20 an hour, half busy, 2 requests a second: 28.80 / 3,600 of them; more than 2,628,000 a month need two copies."""
    swap = replace(SWAP, prices=HOSTED_PRICES)
    cost = teacher_cost(swap, TOKENS)
    assert cost.per_thousand_requests == pytest.approx(8.0) and cost.refused is None
    assert "4 × big at 2 requests/s as stated" in cost.basis
    old = swap.old()
    assert old is not None
    assert old.month(2_628_000) == pytest.approx(4 * 7.2 * 730) and old.month(2_628_001) == pytest.approx(
        8 * 7.2 * 730
    )
    assert swap.answer_price() == pytest.approx(28.8 / 7200)


def test_a_teacher_that_was_measured_runs_on_the_students_kind_of_device_whatever_the_card_says() -> None:
    swap = replace(SWAP, measured=replace(MEASURED, teacher_rate=Span(1.0, 0.9, 1.1)))
    old = swap.old()
    assert old == Bill(fleets=(Fleet(1.0 * 3600 * 730 * 0.5, 2628.0),))
    assert swap.answer_price() == pytest.approx(0.001)


def test_a_cascade_costs_the_student_and_its_share_of_the_teacher() -> None:
    swap = replace(SWAP, arm="cascade", measured=replace(MEASURED, escalated=Span(0.2, 0.1, 0.3)))
    cost = cascade_cost(swap, served_cost(SWAP, RATE), teacher_cost(SWAP, TOKENS))
    assert cost.per_thousand_requests == pytest.approx(0.2 + 0.2 * 1.0)
    assert cost.per_thousand_low == pytest.approx(2 / 11 + 0.1 * 0.97)
    assert cost.per_thousand_high == pytest.approx(2 / 9 + 0.3 * 1.03)
    assert cost.per_million_output_tokens is None


def test_what_has_no_price_costs_none_and_never_nothing() -> None:
    bare = replace(SWAP, prices=replace(PRICES, card=replace(CARD, teacher=None)))
    unpriced = teacher_cost(bare, TOKENS)
    assert (unpriced.per_thousand_requests, unpriced.basis) == (
        None,
        "not measured: the price card has no teacher prices",
    )
    assert bare.old() is None and plan(bare).refused == "the teacher's answers have no price"
    uncounted = teacher_cost(SWAP, None)
    assert (uncounted.per_thousand_requests, uncounted.basis) == (None, "not measured: no token counts")
    assert teacher_cost(SWAP, replace(TOKENS, output=0.0)).per_thousand_requests is None
    unserved = served_cost(SWAP, Rate("sft", None, None, None, "not measured", "it was not served"))
    assert (unserved.per_thousand_requests, unserved.refused) == (None, "it was not served")
    assert cascade_cost(SWAP, unserved, uncounted).per_thousand_requests is None


def test_a_teacher_that_is_free_is_not_one_without_prices() -> None:
    free = replace(CARD, teacher=TeacherPrice(input_per_million=fig(0.0), output_per_million=fig(0.0)))
    swap = replace(SWAP, prices=replace(PRICES, card=free))
    assert teacher_cost(swap, TOKENS).per_thousand_requests == 0.0
    found = plan(swap)
    assert found.saving is not None and found.saving < 0 and found.break_even_months is None


# ---- bills over time


@pytest.mark.parametrize(
    ("requests", "devices"),
    [(1, 1), (13_139_999, 1), (13_140_000, 1), (13_140_001, 2), (26_280_000, 2), (26_280_001, 3)],
)
def test_devices_are_whole(requests: int, devices: int) -> None:
    """10 requests a second half the time are 13,140,000 a month."""
    found = plan(replace(SWAP, prices=replace(PRICES, requests_per_month=requests)))
    assert (found.devices, found.per_month) == (devices, pytest.approx(devices * 2628.0))
    assert found.busy is not None and found.busy <= 0.5 + 1e-9
    assert found.busy == pytest.approx(requests / 2_628_000 / 10 / devices)


def test_a_plan_by_hand() -> None:
    """5 million requests a month: 5,000 to the teacher, a device of 2,628 and 100 of upkeep; 1,007.20 once."""
    prices = replace(PRICES, requests_per_month=5_000_000, upkeep_per_month=100.0)
    found = plan(replace(SWAP, prices=prices))
    assert (found.teacher_per_month, found.per_month) == (pytest.approx(5000.0), pytest.approx(2728.0))
    assert found.one_off == pytest.approx(1007.2)
    assert found.saving == pytest.approx(12 * 2272 - 1007.2)
    assert found.break_even_months == pytest.approx(1007.2 / 2272)
    assert (found.saving_low, found.saving_high) == (
        pytest.approx(12 * (4850 - 2728) - 1007.2),
        pytest.approx(12 * (5150 - 2728) - 1007.2),
    )
    assert found.all_in_per_thousand == pytest.approx((12 * 2728 + 1007.2) / 60_000_000 * 1000)
    assert found.refused is None


def test_labelling_is_paid_at_the_teachers_price() -> None:
    found = plan(replace(SWAP, measured=replace(MEASURED, labelled=5000)))
    assert found.one_off == pytest.approx(1000.0 + 7.2 + 5.0)


@pytest.mark.parametrize("refused", ["measured once", None])
def test_money_is_a_range_or_refused(refused: str | None) -> None:
    found = plan(replace(SWAP, refused=refused))
    amounts = (
        found.saving,
        found.saving_low,
        found.saving_high,
        found.per_month_low,
        found.break_even_requests_per_month,
    )
    assert all((amount is None) == (refused is not None) for amount in amounts) and found.refused == refused
    if refused is None:
        assert found.saving_low <= found.saving <= found.saving_high  # type: ignore[operator]


rates = st.floats(0.01, 1e4)
amounts = st.floats(0, 1e5)


def up(value: Fraction) -> set[int]:
    """Whole devices; both neighbours where a share of a billionth decides."""
    near = round(value)
    return {near, near + 1} if abs(value - near) < Fraction(1, 10**6) and near > 0 else {math.ceil(value)}


@settings(max_examples=200, deadline=None)
@given(
    volume=st.integers(1, 10**9),
    hour=st.floats(0.001, 1000),
    per_s=rates,
    utilisation=st.floats(0.01, 1),
    peak=st.none() | st.floats(1, 100),
    tokens=st.tuples(st.floats(1, 1e5), st.floats(1, 1e4)),
    token_prices=st.tuples(amounts, amounts),
    once=st.tuples(amounts, st.floats(0, 1e4), st.integers(0, 10**6)),
    upkeep=amounts,
    escalated=st.none() | st.floats(0, 1),
    horizon=st.integers(1, 120),
)
def test_money_agrees_with_exact_fractions_of_a_formula_written_apart(
    volume: int, hour: float, per_s: float, utilisation: float, peak: float | None, tokens: tuple[float, float],
    token_prices: tuple[float, float], once: tuple[float, float, int], upkeep: float, escalated: float | None, horizon: int,
) -> None:  # fmt: skip
    card = PriceCard(
        "c", "EUR", DevicePrice("d", rent_per_hour=fig(hour)),
        TeacherPrice(input_per_million=fig(token_prices[0]), output_per_million=fig(token_prices[1])),
    )  # fmt: skip
    prices = PriceSettings(
        volume,
        card=card,
        utilisation=utilisation,
        peak_to_mean=peak,
        one_off=once[0],
        upkeep_per_month=upkeep,
    )
    measured = Measured(
        Span.exact(per_s), Span.exact(tokens[0]), Span.exact(tokens[1]),
        escalated=None if escalated is None else Span.exact(escalated), training_hours=once[1], labelled=once[2],
    )  # fmt: skip
    swap = Swap("sft", prices, horizon, measured)
    found = plan(swap)

    exact = Fraction
    seconds = exact(730 * 60 * 60)
    share = exact(utilisation) if peak is None else min(exact(utilisation), 1 / exact(peak))
    request = (exact(tokens[0]) * exact(token_prices[0]) + exact(tokens[1]) * exact(token_prices[1])) / 10**6
    teacher = request * volume
    spent_once = exact(once[0]) + exact(once[1]) * exact(hour) + once[2] * request
    allowed = up(volume / (exact(per_s) * seconds * share))
    assert found.devices in allowed
    month = (found.devices or 0) * exact(hour) * 730 + exact(upkeep) + exact(escalated or 0) * teacher
    saved = (teacher - month) * horizon - spent_once

    assert found.teacher_per_month == pytest.approx(float(teacher), rel=1e-9)
    assert found.per_month == pytest.approx(float(month), rel=1e-9)
    assert found.one_off == pytest.approx(float(spent_once), rel=1e-9)
    largest = float(max(teacher, month) * horizon + spent_once)
    assert found.saving == pytest.approx(float(saved), abs=1e-9 * largest + 1e-12)
    assert found.saving_low == found.saving == found.saving_high
    wanted = (month * horizon + spent_once) / (volume * horizon) * 1000
    assert found.all_in_per_thousand == pytest.approx(float(wanted), rel=1e-9)
    if abs(float(teacher - month)) > 1e-6 * float(max(teacher, month)):
        assert (found.break_even_months is None) == (month > teacher)
        if found.break_even_months is not None:
            assert found.break_even_months == pytest.approx(float(spent_once / (teacher - month)), rel=1e-3)
    # The lines that finance follows come to the same.
    tokens_told = TeacherTokens(
        tokens[0], tokens[1], "by hand", 99, tokens[0], tokens[0], tokens[1], tokens[1]
    )
    lines = {line.key: line.value for line in explain(swap, RATE, tokens_told, None)}
    for key, value in (("devices", found.devices), ("teacher_per_month", found.teacher_per_month),
                       ("student_per_month", found.per_month), ("one_off", found.one_off),
                       ("all_in_per_thousand", found.all_in_per_thousand)):  # fmt: skip
        assert lines[key] == pytest.approx(value, rel=1e-9), key
    assert lines["saving"] == pytest.approx(found.saving, abs=1e-9 * largest + 1e-12)


@settings(deadline=None)
@given(
    volume=st.integers(1, 10**9), teacher_rate=rates, hour=st.floats(0.001, 1000), copy=st.floats(0.001, 1000),
    devices=st.integers(1, 16), utilisation=st.floats(0.01, 1), share=st.floats(0.001, 1), labelled=st.integers(0, 10**5),
)  # fmt: skip
def test_a_hosted_teacher_agrees_with_fractions_too(
    volume: int, teacher_rate: float, hour: float, copy: float, devices: int, utilisation: float, share: float, labelled: int
) -> None:  # fmt: skip
    teacher = TeacherPrice(
        device=DevicePrice("t", rent_per_hour=fig(copy)),
        devices=fig(devices),
        requests_per_s=fig(teacher_rate),
    )
    card = PriceCard("c", "EUR", DevicePrice("d", rent_per_hour=fig(hour)), teacher)
    measured = Measured(Span.exact(5.0), escalated=Span.exact(share), labelled=labelled)
    swap = Swap("cascade", PriceSettings(volume, card=card, utilisation=utilisation), 12, measured)
    found = plan(swap)
    each = Fraction(teacher_rate) * 730 * 3600 * Fraction(utilisation)
    copies, behind, own = (
        up(volume / each),
        up(volume * Fraction(share) / each),
        up(volume / (5 * each / Fraction(teacher_rate))),
    )
    price = devices * Fraction(copy) * 730
    assert any(found.teacher_per_month == pytest.approx(float(n * price), rel=1e-9) for n in copies)
    assert any(
        found.per_month == pytest.approx(float(n * price + m * Fraction(hour) * 730), rel=1e-9)
        for n in behind
        for m in own
    )
    once = labelled * devices * Fraction(copy) / 3600 / Fraction(teacher_rate)
    assert found.one_off == pytest.approx(float(once), rel=1e-9)
    lines = {line.key: line.value for line in explain(swap, RATE, None, None)}
    assert lines["teacher_per_month"] == pytest.approx(found.teacher_per_month, rel=1e-9)
    assert lines["student_per_month"] == pytest.approx(found.per_month, rel=1e-9)


@settings(deadline=None)
@given(
    per_request=st.floats(0, 5), capacity=st.floats(0.5, 40), price=st.floats(0, 30), once=st.floats(0, 300),
    per_month=st.floats(0, 20), teacher=st.none() | st.tuples(st.floats(0.5, 40), st.floats(0.1, 30)), months=st.integers(1, 24),
)  # fmt: skip
def test_the_break_even_volume_is_the_first_at_which_nothing_is_lost(
    per_request: float, capacity: float, price: float, once: float, per_month: float,
    teacher: tuple[float, float] | None, months: int,
) -> None:  # fmt: skip
    """Against every volume tried one after the other, the saw of whole devices included."""
    old = Bill(per_request) if teacher is None else Bill(fleets=(Fleet(*teacher),))
    new = Bill(fleets=(Fleet(capacity, price),), per_month=per_month, once=once)
    savings = [saving(old, new, volume, months) for volume in range(1, 301)]
    assume(all(abs(one) > 1e-6 for one in savings))
    first = next((volume for volume, one in enumerate(savings, 1) if one >= 0), None)
    found = break_even_requests(old, new, months)
    assert found == first if first is not None else found is None or found > 300


def test_a_swap_that_costs_nothing_to_make_and_saves_is_earned_back_at_once() -> None:
    assert break_even_months(Bill(0.1), Bill(0.05), 10) == 0.0
    assert break_even_months(Bill(0.1), Bill(0.1), 10) == 0.0
    assert break_even_months(Bill(0.1), Bill(0.1, once=1.0), 10) is None
    assert break_even_requests(Bill(0.1), Bill(0.1, once=1.0), 12) is None


@settings(deadline=None)
@given(st.floats(0.1, 100), st.floats(1, 3), st.floats(0, 1), st.floats(0, 1))
def test_every_value_within_the_intervals_saves_within_the_range(
    per_s: float, width: float, at: float, at_tokens: float
) -> None:
    spans = Measured(
        Span(per_s, per_s / width, per_s * width),
        Span(400, 300, 500),
        Span(20, 10, 30),
        escalated=Span(0.3, 0.1, 0.6),
    )
    swap = replace(SWAP, measured=spans, prices=replace(PRICES, requests_per_month=50_000_000))
    whole = plan(swap)
    inside = replace(
        spans,
        rate=Span.exact(per_s / width * (width * width) ** at),
        teacher_prompt=Span.exact(300 + 200 * at_tokens),
        teacher_output=Span.exact(10 + 20 * at),
        escalated=Span.exact(0.1 + 0.5 * at_tokens),
    )
    one = plan(replace(swap, measured=inside))
    assert whole.saving_low is not None and whole.saving_high is not None and one.saving is not None
    slack = 1e-9 * (abs(whole.saving_low) + abs(whole.saving_high))
    assert whole.saving_low - slack <= one.saving <= whole.saving_high + slack


# ---- what moves the saving


def test_the_tornado_varies_one_input_at_a_time_and_the_widest_comes_first() -> None:
    card = replace(CARD, device=DevicePrice("device", rent_per_hour=fig(3.6, 3.0, 7.2)))
    swap = replace(SWAP, prices=replace(PRICES, card=card, requests_per_month=5_000_000))
    bars = tornado(swap)
    assert [bar.swing for bar in bars] == sorted((bar.swing for bar in bars), reverse=True)
    by = {bar.input: bar for bar in bars}
    rent = by["device.rent_per_hour"]
    assert (rent.range, rent.low, rent.high, rent.unit) == ("card", 3.0, 7.2, "EUR an hour")
    base = plan(swap).saving
    assert base is not None
    assert rent.saving_at_high == pytest.approx(base - 12 * 3.6 * 730 - 2 * 3.6)
    assert rent.overturns and not by["one_off"].overturns
    volume = by["requests_per_month"]
    assert (volume.low, volume.high, volume.range, volume.basis) == (
        2.5e6,
        1e7,
        "assumed",
        "0.5 to 2 times its value",
    )
    assert volume.saving_at_low == pytest.approx(12 * (2500 - 2628) - 1007.2)
    assert volume.break_even_at_low is None and volume.overturns
    prompt = by["teacher_prompt"]
    assert (prompt.range, prompt.low, prompt.high) == ("measured", 390.0, 410.0)
    assert prompt.swing == pytest.approx(12 * 5e6 * 20 * 2e-6)
    assert "rate" not in by, "one device at either end of its interval: nothing moves"


def test_figures_of_the_use_case_are_varied_like_those_of_a_card() -> None:
    inline = PriceSettings(
        5_000_000, currency="EUR", device_per_hour=3.6, device_source="s", device_date="2026-11-01",
        teacher_input_per_million=2.0, teacher_output_per_million=10.0, teacher_source="s", teacher_date="2026-11-01",
        utilisation=0.5, one_off=1000.0,
    )  # fmt: skip
    one = tornado(replace(SWAP, prices=inline))
    other = tornado(replace(SWAP, prices=replace(PRICES, requests_per_month=5_000_000)))
    assert one == other and {bar.input for bar in one} >= {
        "device.rent_per_hour",
        "teacher.input_per_million",
    }


def test_a_peak_is_varied_with_the_volume_and_no_lower_than_the_mean() -> None:
    prices = replace(PRICES, requests_per_month=5_000_000, peak_requests_per_s=20.0)
    bars = {bar.input: bar for bar in tornado(replace(SWAP, prices=with_peak_ratio(prices)))}
    assert bars["peak_to_mean"].base == pytest.approx(20 / (5e6 / 2_628_000))
    flat = replace(PRICES, requests_per_month=50_000_000, peak_to_mean=1.5, utilisation=1.0)
    low = next(bar for bar in tornado(replace(SWAP, prices=flat)) if bar.input == "peak_to_mean").low
    assert low == 1.0


def test_a_device_is_never_planned_for_more_than_it_can_do() -> None:
    busy = replace(SWAP, prices=replace(PRICES, requests_per_month=50_000_000, utilisation=0.8))
    bar = next(bar for bar in tornado(busy) if bar.input == "utilisation")
    assert (bar.low, bar.base, bar.high) == (pytest.approx(0.4), 0.8, 1.0)


def test_without_a_saving_there_is_no_tornado() -> None:
    assert tornado(replace(SWAP, refused="thin")) == []
    assert tornado(replace(SWAP, measured=replace(MEASURED, rate=None))) == []


# ---- the arithmetic, line by line


def shown(text: str) -> float:
    """What a pocket calculator makes of a printed line."""
    return evaluate(text.replace("×", "*").replace("−", "-"), {})


SWAPS = {
    "by the token": SWAP,
    "with a peak": replace(SWAP, prices=replace(PRICES, peak_to_mean=7.0, upkeep_per_month=33.0)),
    "cascade": replace(SWAP, measured=replace(MEASURED, escalated=Span(0.2, 0.1, 0.3), labelled=700)),
    "hosted": replace(SWAP, prices=HOSTED_PRICES, measured=replace(MEASURED, labelled=700)),
    "hosted cascade": replace(SWAP, prices=HOSTED_PRICES, measured=replace(MEASURED, escalated=Span(0.2, 0.1, 0.3))),
    "a loss": replace(SWAP, prices=replace(PRICES, requests_per_month=1000)),
}  # fmt: skip


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_each_printed_line_can_be_followed_with_a_calculator_from_the_lines_before(swap: Swap) -> None:
    lines = explain(swap, RATE, TOKENS, None)
    values: dict[str, float] = {}
    for line in lines:
        if line.formula is not None and line.value is not None:
            assert line.numbers is not None and line.source is None
            assert evaluate(line.formula, values) == line.value
            # As printed, each figure has seven digits; a difference of two near ones keeps fewer.
            assert shown(line.numbers) == pytest.approx(line.value, rel=1e-5, abs=1e-2)
        else:
            assert line.source or line.value is None, line.key
        assert line.key not in values
        if line.value is not None:
            values[line.key] = line.value
    found = plan(swap)
    assert values["saving"] == pytest.approx(found.saving) and values["one_off"] == pytest.approx(
        found.one_off
    )
    assert values.get("break_even_months") == pytest.approx(found.break_even_months)
    assert next(line for line in lines if line.key == "requests_per_s").source == "measured: 10 requests/s"


def test_a_device_of_ones_own_is_explained_part_by_part() -> None:
    device = DevicePrice(
        "server", purchase=fig(17_520.0), life_years=fig(4.0), power_watts=fig(500.0), power_per_kwh=fig(0.2), pue=fig(1.5),
        hosting_per_month=fig(73.0), staff_per_year=fig(87_600.0), staff_share=fig(0.05),
    )  # fmt: skip
    swap = replace(SWAP, prices=replace(PRICES, card=replace(CARD, device=device)))
    line = next(line for line in explain(swap, RATE, TOKENS, None) if line.key == "device_per_hour")
    assert line.value == pytest.approx(1.25)
    assert line.numbers == "17520 / (4 × 8760) + 500 / 1000 × 1.5 × 0.2 + 73 / 730 + 87600 × 0.05 / 8760"


def test_a_measured_teacher_is_explained_by_its_rate() -> None:
    swap = replace(SWAP, measured=replace(MEASURED, teacher_rate=Span(1.0, 0.9, 1.1)))
    teacher = replace(RATE, arm="teacher", requests_per_s=Span(1.0, 0.9, 1.1), basis="1 request/s")
    lines = {line.key: line for line in explain(swap, RATE, TOKENS, teacher)}
    assert lines["teacher_requests_per_s"].source == "measured: 1 request/s"
    assert lines["teacher_per_month"].value == pytest.approx(plan(swap).teacher_per_month)


def test_without_a_price_there_is_no_arithmetic_and_it_says_so() -> None:
    assert explain(replace(SWAP, measured=replace(MEASURED, rate=None)), RATE, TOKENS, None) == []
    assert told({"explain": []})[0].startswith("There is no arithmetic")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1e-9, "0.000000001"), (0.1 + 0.2, "0.3"), (20_000_000.0, "20000000"), (1234.5, "1234.5"), (-2.5, "-2.5")],
)  # fmt: skip
def test_figures_are_printed_as_a_calculator_takes_them(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(
    "formula", ["a.b", "__import__('os')", "a ** 2", "ROUNDUP(a, 1)", "nobody", "MAX(a, a)"]
)
def test_a_formula_is_arithmetic_and_nothing_else(formula: str) -> None:
    with pytest.raises(ValueError, match="not arithmetic"):
        evaluate(formula, {"a": 1.0})
