"""A number is the same number however it is written."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.rewards import RewardSettings, make_reward
from distill.rewards.numeric import last_number
from distill.tasks import TaskSettings, make_task
from distill.values import Example

TASK = make_task(
    TaskSettings(
        "extract",
        "{message}",
        "As JSON.",
        json_schema={
            "type": "object",
            "properties": {"total": {"type": ["number", "string", "boolean", "null"]}},
        },
    )
)
UNITS = {"%": 0.01, "‰": 0.001, "km": 1000.0, "m": 1.0, "k": 1e3, "million": 1e6}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", "42"),
        ("The answer is 42.", "42"),
        ("first 7, then 42", "42"),
        ("-42", "-42"),
        ("\u221242", "-42"),
        ("+42", "42"),
        ("1,234.56", "1234.56"),
        ("1 234 567.5", "1234567.5"),
        ("1\u202f234", "1234"),
        ("1\u00a0234", "1234"),
        ("12'345.00", "12345"),
        ("€1,234", "1234"),
        ("-$1,234.50", "-1234.5"),
        ("$-5", "-5"),
        (".5", "0.5"),
        ("1.5e3", "1500"),
        ("1.5E-3", "0.0015"),
        ("3 × 10^5", "300000"),
        ("3x10^-2", "0.03"),
        ("2·10⁻³", "0.002"),
        ("12%", "0.12"),
        ("12 %", "0.12"),
        ("7‰", "0.007"),
        ("5 km", "5000"),
        ("5 KM", "5000"),
        ("5 m", "5"),
        ("80k", "80000"),
        ("1.5 million", "1500000"),
        ("42 EUR", "42"),
        ("9007199254740993", "9007199254740993"),
        # near-misses
        ("3-5", "5"),
        ("2024-05-03", "3"),
        ("in 2024 100 people", "100"),
        ("12,34", "34"),
        ("v1.2.3", "3"),
        ("3 x 10", "10"),
        ("1e999", None),
        ("-1e999999", None),
        ("9" * 400, None),
        ("NaN", None),
        ("inf", None),
        ("forty-two", None),
        ("", None),
    ],
)
def test_the_last_number_of_a_text_is_read(text: str, number: str | None) -> None:
    assert last_number(text, ".", UNITS) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,56", "1234.56"),
        ("3,5", "3.5"),
        ("1.234", "1234"),
        ("1 234,5 km", "1234500"),
        ("-0,5 %", "-0.005"),
    ],
)
def test_the_decimal_mark_is_the_sites(text: str, number: str) -> None:
    assert last_number(text, ",", UNITS) == Decimal(number)


def earned(gold: Any, given_answer: Any, **options: Any) -> float | None:
    reward = make_reward([RewardSettings(kind="numeric", field="total", **options)], TASK)
    record = Example("r1", "train", {"message": "m"}, json.dumps({"total": gold}), None)
    return reward(record, json.dumps({"total": given_answer})).value


@pytest.mark.parametrize(
    ("gold", "given_answer", "options", "value"),
    [
        (42, "42.0", {}, 1.0),
        (0.12, "12 %", {}, 1.0),
        (0.07, "7%", {}, 1.0),
        (0.3, "0.30", {}, 1.0),
        (100, 100.5, {}, 0.0),
        (100, 100.5, {"tolerance": 0.5}, 1.0),
        (100, 100.6, {"tolerance": 0.5}, 0.0),
        (200, 201, {"relative_tolerance": 0.005}, 1.0),
        (-200, -201.1, {"relative_tolerance": 0.005}, 0.0),
        (0, 0.1, {"relative_tolerance": 0.5}, 0.0),
        (5000, "5 km", {"units": {"km": 1000.0}}, 1.0),
        # near-misses
        (12, "12 %", {}, 0.0),
        (9007199254740992, "9007199254740993", {}, 0.0),
        (1, True, {}, 0.0),
        (42, None, {}, 0.0),
        (42, "none", {}, 0.0),
        (True, True, {}, None),
        ("none", "none", {}, None),
    ],
)
def test_a_number_within_the_tolerance_is_paid(
    gold: Any, given_answer: Any, options: dict[str, Any], value: float | None
) -> None:
    assert earned(gold, given_answer, **options) == value


NUMBERS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=4)


@given(NUMBERS)
def test_a_number_is_read_back_from_every_way_to_write_it(number: Decimal) -> None:
    plain = f"{number:f}"
    grouped = f"{number:,f}"
    swapped = grouped.translate(str.maketrans(",.", ".,"))
    for text in (
        plain,
        grouped,
        f"{number:.30e}",
        f"The sum is {grouped} EUR.",
        f"({plain.replace('-', chr(0x2212))}",
    ):
        assert last_number(text, ".", {}) == number, text
    for text in (swapped, swapped.replace(".", " "), swapped.replace(".", "\u202f")):
        assert last_number(text, ",", {}) == number, text
    assert last_number(f"{plain}%", ".", {"%": 0.01}) == number / 100


@given(NUMBERS, NUMBERS, st.floats(0, 1e6), st.floats(0, 1))
def test_a_tolerance_pays_those_within_it_and_no_others(
    gold: Decimal, given_answer: Decimal, tolerance: float, relative: float
) -> None:
    value = earned(f"{gold:f}", f"{given_answer:f}", tolerance=tolerance, relative_tolerance=relative)
    apart, allowed = float(abs(gold - given_answer)), max(tolerance, relative * float(abs(gold)))
    if not math.isclose(apart, allowed, rel_tol=1e-9):
        assert value == float(apart < allowed)


@given(NUMBERS, NUMBERS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_tolerance_never_pays_less(gold: Decimal, other: Decimal, less: float, more: float) -> None:
    less, more = sorted((less, more))
    strict = earned(f"{gold:f}", f"{other:f}", tolerance=less)
    lenient = earned(f"{gold:f}", f"{other:f}", tolerance=more)
    assert strict is not None and lenient is not None and strict <= lenient
