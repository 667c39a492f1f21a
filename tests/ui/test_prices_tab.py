"""The tab Prices of the page Train: figures with their source, saved by an operator and read back as they were typed."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from appliance.home import Home
from appliance.people.acting import Actor, Role
from appliance.preparing import use_cases
from tests.ui.conftest import See
from tests.ui.test_quality_page import press

pytestmark = pytest.mark.slow


@pytest.fixture
def case(home: Home) -> str:
    use_cases.create(home, Actor("olga", frozenset({Role.OPERATOR}), "console"), "tickets", "Tickets")
    return "tickets"


def fill(page: AppTest, values: dict[str, object]) -> None:
    for widget in (*page.number_input, *page.text_input):
        if widget.label in values:
            widget.set_value(values[widget.label])  # type: ignore[arg-type]


def test_prices_are_saved_with_their_source_and_read_back(see: See, home: Home, case: str) -> None:
    page = see("train", Role.OPERATOR, use_case=case, tab="Prices")
    fill(
        page,
        {
            "Requests a month": 2_000_000,
            "An hour of the machine, all in": 0.08,
            "The machine's price: source": "offer 4711",
        },
    )
    press(page, "Save the prices")
    assert not page.exception and not page.error
    saved = use_cases.read(home, case)["prices"]
    assert (saved["requests_per_month"], saved["device_per_hour"]) == (2_000_000, 0.08)
    assert saved["device_source"] == "offer 4711" and len(saved["device_date"]) == 10
    assert "teacher_input_per_million" not in saved, "left empty: not known, and not nought"
    again = see("train", Role.OPERATOR, use_case=case, tab="Prices")
    shown = {widget.label: widget.value for widget in again.number_input}
    assert (shown["Requests a month"], shown["An hour of the machine, all in"]) == (2_000_000, 0.08)


def test_a_price_without_its_source_is_refused_and_nothing_is_saved(see: See, home: Home, case: str) -> None:
    page = see("train", Role.OPERATOR, use_case=case, tab="Prices")
    fill(page, {"An hour of the machine, all in": 0.08})
    press(page, "Save the prices")
    assert "device_source is missing" in page.error[0].value.replace("\\", "")
    assert "prices" not in use_cases.read(home, case)
