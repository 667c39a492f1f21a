from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cost import (
    Cost,
    DecideSettings,
    Economics,
    PriceSettings,
    TeacherTokens,
    Verdict,
    decide,
    economics,
    knee,
    records_to_settle,
    served_cost,
    teacher_cost,
)
from appliance.loadtest import Serving
from distill.values import Score
from privacy.intervals import wilson

PRICES = PriceSettings(
    currency="EUR",
    device_per_hour=3.6,
    device_source="list",
    device_date="2026-11-01",
    requests_per_month=1_000_000,
    utilisation=0.5,
    teacher_input_per_million=2.0,
    teacher_output_per_million=10.0,
    teacher_source="list",
    teacher_date="2026-11-01",
    one_off=1000.0,
)
TOKENS = TeacherTokens(400.0, 20.0, "counted by hand")


def level(
    requests_per_s: float | None,
    output_tokens_per_s: float | None = 100.0,
    num_failed: int = 0,
    concurrency: int = 4,
) -> Serving:
    values = dict.fromkeys((field.name for field in fields(Serving)), None)
    given_values = {
        "arm": "sft",
        "engine": "vllm",
        "device": "CPU",
        "concurrency": concurrency,
        "requests_per_s": requests_per_s,
        "output_tokens_per_s": output_tokens_per_s,
        "num_ok": 64,
        "num_failed": num_failed,
        "wall_s": 1.0,
    }
    return Serving(**(values | given_values))  # type: ignore[arg-type]


def price(value: float | None) -> Cost:
    """Of an arm's thousand requests."""
    return Cost("any", "EUR", value, value, "by hand")


# ---- arithmetic


def test_served_cost_by_hand() -> None:
    """3.60 an hour, busy half the time, is 0.002 for a second of work: 10 requests and 100 tokens."""
    cost = served_cost("sft", [level(10.0)], PRICES)
    assert cost.per_thousand_requests == pytest.approx(0.2)
    assert cost.per_million_output_tokens == pytest.approx(20.0)
    assert cost.currency == "EUR" and cost.basis == "10.00 requests/s at concurrency 4, 50% utilised"


def test_half_the_utilisation_costs_twice() -> None:
    whole = served_cost("sft", [level(10.0)], replace(PRICES, utilisation=1.0))
    half = served_cost("sft", [level(10.0)], PRICES)
    assert whole.per_thousand_requests is not None
    assert half.per_thousand_requests == pytest.approx(2 * whole.per_thousand_requests)


def test_a_cost_that_was_measured_on_another_arm_says_so() -> None:
    assert (
        "measured on the student after SFT, which"
        in served_cost("onpolicy", [level(1.0)], PRICES, "sft").basis
    )


def test_teacher_cost_by_hand() -> None:
    """400 prompt tokens at 2.00 and 20 answer tokens at 10.00 a million: 0.001 a request, 50 a million answer tokens."""
    cost = teacher_cost(PRICES, TOKENS)
    assert cost.per_thousand_requests == pytest.approx(1.0)
    assert cost.per_million_output_tokens == pytest.approx(50.0)
    assert cost.basis == "price card, 400 prompt and 20 answer tokens a request (counted by hand)"


def test_economics_by_hand() -> None:
    """10 requests a second half the time are 13,140,000 a month; the teacher saves 1000 - 2628 less than nothing."""
    money = economics(
        PRICES, [level(10.0)], price(0.2), price(1.0), training_hours=2.0, teacher_requests=5000
    )
    assert (money.devices, money.student_per_month) == (1, pytest.approx(3.6 * 730))
    assert money.teacher_per_month == pytest.approx(1000.0)
    assert money.one_off == pytest.approx(1000.0 + 7.2 + 5.0)
    assert money.break_even_months is None
    dear = economics(PRICES, [level(10.0)], price(0.2), price(5.0), training_hours=2.0, teacher_requests=5000)
    assert dear.break_even_months == pytest.approx((1000.0 + 7.2 + 25.0) / (5000.0 - 2628.0))


@pytest.mark.parametrize(
    ("requests", "devices"),
    [(1, 1), (13_139_999, 1), (13_140_000, 1), (13_140_001, 2), (26_280_000, 2), (26_280_001, 3)],
)
def test_devices_are_whole(requests: int, devices: int) -> None:
    money = economics(replace(PRICES, requests_per_month=requests), [level(10.0)], price(1), price(1), 0, 0)
    assert (money.devices, money.student_per_month) == (devices, pytest.approx(devices * 2628.0))


positive = st.floats(1e-3, 1e4)


@given(
    device=positive,
    utilisation=st.floats(0.01, 1.0),
    rates=st.lists(st.tuples(positive, positive), min_size=1, max_size=4),
    prompt=positive,
    output=positive,
    prices=st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)),
    volume=st.integers(1, 10**9),
    one_off=st.floats(0, 1e6),
    hours=st.floats(0, 1e3),
    asked=st.integers(0, 10**6),
)
def test_money_agrees_with_a_formula_written_apart(
    device: float,
    utilisation: float,
    rates: list[tuple[float, float]],
    prompt: float,
    output: float,
    prices: tuple[float, float],
    volume: int,
    one_off: float,
    hours: float,
    asked: int,
) -> None:
    card = replace(
        PRICES,
        device_per_hour=device,
        utilisation=utilisation,
        requests_per_month=volume,
        one_off=one_off,
        teacher_input_per_million=prices[0],
        teacher_output_per_million=prices[1],
    )
    rows = [level(requests, tokens) for requests, tokens in rates]
    student = served_cost("sft", rows, card)
    teacher = teacher_cost(card, TeacherTokens(prompt, output, ""))
    money = economics(card, rows, student, teacher, hours, asked)

    # One device's month in seconds of work, and what is done in it.
    best_requests, its_tokens = max(rates, key=lambda rate: rate[0])
    busy_s = 730 * 60 * 60 * utilisation
    month = device * 730
    assert student.per_thousand_requests == pytest.approx(month / (best_requests * busy_s) * 1000, rel=1e-6)
    assert student.per_million_output_tokens == pytest.approx(
        month / (its_tokens * busy_s) * 1_000_000, rel=1e-6
    )
    request = prompt * prices[0] / 1_000_000 + output * prices[1] / 1_000_000
    assert teacher.per_thousand_requests == pytest.approx(1000 * request, rel=1e-6)
    assert teacher.per_million_output_tokens == pytest.approx(request * 1_000_000 / output, rel=1e-6)
    assert money.devices is not None and money.student_per_month is not None
    assert (money.devices - 1) * best_requests * busy_s <= volume * (1 + 1e-9)
    assert money.devices * best_requests * busy_s >= volume * (1 - 1e-9)
    assert money.student_per_month == pytest.approx(money.devices * month, rel=1e-6)
    assert money.one_off == pytest.approx(one_off + hours * device + asked * request, rel=1e-6)
    saved = request * volume - money.devices * month
    if abs(saved) > 1e-6 * month:
        assert (money.break_even_months is not None) == (saved > 0)
        if money.break_even_months is not None:
            assert money.break_even_months == pytest.approx(money.one_off / saved, rel=1e-3)


# ---- not measured


def test_the_knee_is_the_fastest_level_without_a_failure() -> None:
    slow, fast, faster = (
        level(5.0, concurrency=1),
        level(9.0, concurrency=8),
        level(20.0, num_failed=1, concurrency=32),
    )
    assert knee([slow, faster, fast]) is fast
    assert (
        knee([faster]) is None
        and knee([]) is None
        and knee([level(None)]) is None
        and knee([level(0.0)]) is None
    )


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [level(None, None)],
        [level(10.0, num_failed=1)],
        [level(10.0, None)],
        [level(10.0, 0.0)],
        [level(0.0)],
    ],
)
def test_a_student_that_was_not_measured_has_no_cost_and_never_costs_nothing(rows: Sequence[Serving]) -> None:
    cost = served_cost("sft", rows, PRICES)
    assert (cost.per_thousand_requests, cost.per_million_output_tokens) == (None, None)
    assert cost.basis == "not measured: no load level without failures"


@pytest.mark.parametrize("rows", [[], [level(None)], [level(10.0, num_failed=2)]])
def test_without_a_sound_level_there_are_no_devices_and_no_break_even(rows: Sequence[Serving]) -> None:
    money = economics(PRICES, rows, price(None), price(1.0), 1.0, 10)
    assert (money.devices, money.student_per_month, money.break_even_months) == (None, None, None)
    assert money.teacher_per_month == pytest.approx(1000.0) and money.one_off is not None


def test_a_teacher_without_prices_has_no_cost_and_its_answers_are_not_free() -> None:
    unpriced = replace(PRICES, teacher_input_per_million=None, teacher_output_per_million=None)
    cost = teacher_cost(unpriced, TOKENS)
    assert (cost.per_thousand_requests, cost.per_million_output_tokens) == (None, None)
    money = economics(unpriced, [level(10.0)], price(0.2), cost, 1.0, 5000)
    assert (money.teacher_per_month, money.one_off, money.break_even_months) == (None, None, None)
    assert money.student_per_month is not None


@pytest.mark.parametrize("tokens", [None, TeacherTokens(400.0, 0.0, "")])
def test_a_teacher_whose_tokens_were_not_counted_has_no_cost(tokens: TeacherTokens | None) -> None:
    cost = teacher_cost(PRICES, tokens)
    assert (cost.per_thousand_requests, cost.basis) == (None, "not measured: no token counts")


def test_a_teacher_that_is_free_is_not_one_without_prices() -> None:
    free = teacher_cost(
        replace(PRICES, teacher_input_per_million=0.0, teacher_output_per_million=0.0), TOKENS
    )
    assert (free.per_thousand_requests, free.per_million_output_tokens) == (0.0, 0.0)
    money = economics(PRICES, [level(10.0)], price(0.2), free, 1.0, 5000)
    assert (money.teacher_per_month, money.break_even_months) == (0.0, None)


@pytest.mark.parametrize(
    "change",
    [
        {"teacher_input_per_million": None},
        {"teacher_output_per_million": None},
        {"teacher_source": None},
        {"teacher_date": None},
    ],
)
def test_half_a_price_card_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"go together|is a rumour"):
        replace(PRICES, **change)


# ---- the verdict


def score(
    arm: str, value: float | None, low: float | None = None, high: float | None = None, n: int = 100
) -> Score:
    if value is not None:
        low, high = value if low is None else low, value if high is None else high
    return Score(arm, "accuracy", value, low, high, n, 0)


SETTINGS = DecideSettings(min_quality_ratio=0.9, min_test_records=50, horizon_months=12)
TEACHER = score("teacher", 0.8)
BAR = 0.9 * 0.8
GOOD = score("sft", BAR)
EARNS = Economics(1_000_000, 0.5, 5000.0, 2628.0, 1, 1000.0, 0.4)


def verdict(
    student: Score = GOOD,
    *others: Score,
    teacher: Score = TEACHER,
    money: Economics = EARNS,
    settings: DecideSettings = SETTINGS,
) -> Verdict:
    scores = {found.arm: found for found in (student, teacher, *others)}
    costs = {"sft": price(0.2), "onpolicy": price(0.2), "teacher": price(1.0)}
    return decide(scores, student.arm, costs, money, settings)


JUST_UNDER, JUST_OVER = math.nextafter(BAR, 0), math.nextafter(BAR, 1)
UNKNOWN = replace(EARNS, teacher_per_month=None, one_off=None, break_even_months=None)
LOSES = replace(EARNS, break_even_months=None)

VERDICTS = [
    # the student alone, its interval around the bar
    ("over the bar", verdict(score("sft", 0.8, 0.75, 0.85)), "distil"),
    ("its low end on the bar", verdict(score("sft", 0.8, BAR, 0.85)), "distil"),
    ("its low end just under", verdict(score("sft", 0.8, JUST_UNDER, 0.85)), "not-enough-evidence"),
    ("its value under, its high end on the bar", verdict(score("sft", 0.7, 0.6, BAR)), "not-enough-evidence"),
    ("its high end just under", verdict(score("sft", 0.7, 0.6, JUST_UNDER)), "keep-teacher"),
    ("all wrong", verdict(score("sft", 0.0, 0.0, 0.04)), "keep-teacher"),
    ("the on-policy student", verdict(score("onpolicy", 0.8, 0.75, 0.85)), "distil"),
    # too few records
    ("records as asked", verdict(replace(GOOD, n=50)), "distil"),
    ("one record too few", verdict(replace(GOOD, n=49)), "not-enough-evidence"),
    ("none at all", verdict(score("sft", None, n=0)), "not-enough-evidence"),
    ("too few, and a prompt that is good enough", verdict(replace(GOOD, n=49), score("untuned", 1.0)), "not-enough-evidence"),
    # an untrained arm
    ("a prompt on the bar", verdict(GOOD, score("untuned", 0.8, BAR, 0.9)), "prompt-first"),
    ("a prompt just under", verdict(GOOD, score("untuned", 0.8, JUST_UNDER, 0.9)), "distil"),
    ("a few-shot prompt on the bar", verdict(GOOD, score("few-shot", 0.8, BAR, 0.9)), "prompt-first"),
    ("a prompt, and a student that fails", verdict(score("sft", 0.1), score("few-shot", 0.8)), "prompt-first"),
    ("a prompt that was not measured", verdict(GOOD, score("untuned", None)), "distil"),
    ("a prompt, and unknown costs", verdict(GOOD, score("untuned", 0.8), money=UNKNOWN), "prompt-first"),
    # the teacher is the reference: the bar is 90% agreement
    ("agreement on the bar", verdict(score("sft", 0.95, 0.9, 0.99), teacher=score("teacher", None)), "distil"),
    ("agreement unsure", verdict(score("sft", 0.92, 0.88, 0.95), teacher=score("teacher", None)), "not-enough-evidence"),
    ("agreement too low", verdict(score("sft", 0.8, 0.7, 0.89), teacher=score("teacher", None)), "keep-teacher"),
    # money
    ("earned back on the last day", verdict(money=replace(EARNS, break_even_months=12.0)), "distil"),
    ("earned back a day late", verdict(money=replace(EARNS, break_even_months=12.01)), "keep-teacher"),
    ("earned back at once", verdict(money=replace(EARNS, break_even_months=0.0, one_off=0.0)), "distil"),
    ("never earned back", verdict(money=LOSES), "keep-teacher"),
    ("the teacher's cost unknown", verdict(money=UNKNOWN), "not-enough-evidence"),
    ("the student's cost unknown", verdict(money=replace(LOSES, student_per_month=None, devices=None)), "not-enough-evidence"),
    ("bad, and costs unknown", verdict(score("sft", 0.1), money=UNKNOWN), "keep-teacher"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kind"), [(found, kind) for _, found, kind in VERDICTS], ids=[row[0] for row in VERDICTS]
)
def test_the_verdict(given: Verdict, kind: str) -> None:
    assert given.kind == kind and given.headline and given.reasons
    assert not any("None" in text or "nan" in text for text in (given.headline, *given.reasons))


def test_every_kind_of_verdict_is_in_the_table() -> None:
    assert {kind for _, _, kind in VERDICTS} == {
        "distil",
        "prompt-first",
        "keep-teacher",
        "not-enough-evidence",
    }


def test_the_shorter_prompt_is_recommended_where_both_are_good_enough() -> None:
    both = verdict(GOOD, score("few-shot", 0.99), score("untuned", 0.9))
    assert both.headline.startswith("Prompting is enough: the untuned student reaches 90.0% (95% interval")


def test_a_teacher_that_is_the_reference_is_never_said_to_have_a_quality() -> None:
    told = verdict(score("sft", 0.95, 0.9, 0.99), teacher=score("teacher", None))
    assert "the bar is 90.0%, that is 90% of full agreement with the teacher" in told.reasons[0]
    assert "the teacher's 80.0%" in verdict().reasons[0]


def test_a_teacher_that_got_nothing_right_is_not_taken_for_the_reference() -> None:
    """0 is a measurement: the bar is 0, not full agreement."""
    assert "0.0%, that is 90% of the teacher's 0.0%" in verdict(teacher=score("teacher", 0.0)).reasons[0]


def test_the_money_behind_a_verdict_is_told() -> None:
    _, monthly, back = verdict(money=replace(EARNS, break_even_months=3.25)).reasons
    assert monthly == (
        "At 1,000,000 requests a month the teacher costs 5,000.00 EUR and the student 2,628.00 (1 device(s), paid whole)."
    )
    assert back == "The one-off cost of 1,000.00 EUR is earned back in 3.2 months."


# ---- how many records would settle it


def test_records_to_settle_by_hand() -> None:
    """Value 0.8, bar 0.75: 1.96² × 0.75 × 0.25 / 0.05² = 288.1."""
    assert records_to_settle(score("sft", 0.8), 0.75) == 289


@given(right=st.integers(0, 400), more=st.integers(0, 400), bar=st.floats(0.05, 0.95))
def test_with_so_many_records_the_interval_parts_from_the_bar_and_with_fewer_it_does_not(
    right: int, more: int, bar: float
) -> None:
    n = right + more
    if n == 0 or abs(right / n - bar) < 0.005:
        return
    value = right / n
    needed = records_to_settle(score("sft", value, n=n), bar)
    low, high = wilson(value * needed, needed)
    assert low >= bar - 1e-9 or high <= bar + 1e-9
    if bar * (1 - bar) > 0.01 and needed > 2 and 0 < value < 1:
        low, high = wilson(value * (needed - 1), needed - 1)
        assert low < bar + 1e-9 and high > bar - 1e-9


@given(right=st.integers(0, 300), wrong=st.integers(0, 300), ratio=st.floats(0.5, 1.0))
def test_more_records_are_asked_for_than_there_are(right: int, wrong: int, ratio: float) -> None:
    n = right + wrong
    if n < 50:
        return
    low, high = wilson(right, n)
    told = verdict(score("sft", right / n, low, high, n), settings=replace(SETTINGS, min_quality_ratio=ratio))
    if told.kind == "not-enough-evidence":
        asked, there = (
            int(word.strip("(),")) for word in told.reasons[1].split() if word.strip("(),").isdigit()
        )
        assert asked > there == n
