from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.config import ConfigError, load_use_case, use_case_from_json, use_case_to_json
from appliance.cost.card import card_rows
from appliance.cost.prices import DevicePrice, Figure, PriceCard, PriceSettings, TeacherPrice
from tests.appliance import small_use_case

CARDS = sorted((Path(__file__).parents[2] / "deploy" / "prices").glob("*.toml"))


def fig(value: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(value, "an offer", "2026-11-01", low, high)


INLINE = PriceSettings(
    1_000_000,
    currency="EUR",
    device_per_hour=3.6,
    device_source="list",
    device_date="2026-11-01",
    teacher_input_per_million=2.0,
    teacher_output_per_million=10.0,
    teacher_source="list",
    teacher_date="2026-11-01",
)
OWNED = DevicePrice(
    "server",
    purchase=fig(17_520.0),
    life_years=fig(4.0),
    power_watts=fig(500.0),
    power_per_kwh=fig(0.2),
    pue=fig(1.5),
    hosting_per_month=fig(73.0),
    staff_per_year=fig(87_600.0),
    staff_share=fig(0.05),
)


# ---- what an hour costs


def test_an_hour_of_an_owned_device_by_hand() -> None:
    """17,520 over 4 × 8,760 h; 0.5 kW × 1.5 at 0.20; 73 over 730 h; a twentieth of 87,600 over 8,760 h."""
    parts = OWNED.hourly_parts()
    wanted = {"purchase": 0.5, "power": 0.15, "hosting": 0.1, "staff": 0.5}
    assert parts == {name: pytest.approx(value) for name, value in wanted.items()}
    assert OWNED.per_hour == pytest.approx(1.25)


def test_a_room_without_a_figure_for_its_cooling_draws_what_the_device_draws() -> None:
    assert replace(OWNED, pue=None).hourly_parts()["power"] == pytest.approx(0.1)


def test_an_administrator_is_paid_for_a_rented_device_too() -> None:
    rented = DevicePrice(
        "rented", rent_per_hour=fig(0.3), staff_per_year=fig(87_600.0), staff_share=fig(0.05)
    )
    assert rented.per_hour == pytest.approx(0.8)


# ---- what is refused

HALVES: list[tuple[str, Any, str]] = [
    ("a figure without a source", lambda: Figure(1.0, " ", "2026-11-01"), "a figure needs a source"),
    ("a figure without a day", lambda: Figure(1.0, "list", "last autumn"), "'last autumn' is not a day"),
    ("a day that is none", lambda: Figure(1.0, "list", "2026-02-30"), "is not a day"),
    ("half a range", lambda: fig(1.0, 0.5), "low and high go together"),
    ("a value outside its range", lambda: fig(1.0, 1.1, 1.2), "not between low = 1.1 and high = 1.2"),
    ("a device without a price", lambda: DevicePrice("x"), "give rent_per_hour, or purchase"),
    ("a device bought and rented", lambda: replace(OWNED, rent_per_hour=fig(1)), "give rent_per_hour, or"),
    ("hosting beside rent", lambda: DevicePrice("x", rent_per_hour=fig(1), hosting_per_month=fig(1)), "it is in the rent"),
    ("a purchase without a life", lambda: replace(OWNED, life_years=None), "purchase and life_years go together"),
    ("a life of no years", lambda: replace(OWNED, life_years=fig(0)), "life_years must be above 0"),
    ("a life that may be of no years", lambda: replace(OWNED, life_years=fig(1, 0, 2)), "life_years must be above 0"),
    ("power without a price", lambda: replace(OWNED, power_per_kwh=None), "power_watts and power_per_kwh"),
    ("a room that draws less", lambda: replace(OWNED, pue=fig(0.9)), "pue is 1 or more"),
    ("half an administrator's figures", lambda: replace(OWNED, staff_share=None), "staff_per_year and staff_share"),
    ("more than one administrator", lambda: replace(OWNED, staff_share=fig(1.1)), "from 0 to 1"),
    ("what may be more than one administrator", lambda: replace(OWNED, staff_share=fig(0.9, 0.8, 1.1)), "from 0 to 1"),
    ("a teacher without a price", lambda: TeacherPrice(), "give the prices of tokens, or device"),
    ("half a teacher's prices", lambda: TeacherPrice(input_per_million=fig(1)), "go together"),
    ("a teacher both ways", lambda: TeacherPrice(fig(1), None, fig(1), OWNED, fig(1), fig(1)), "give the prices of tokens, or"),
    ("a teacher's device without its rate", lambda: TeacherPrice(device=OWNED, devices=fig(1)), "go together"),
    ("half a device", lambda: TeacherPrice(device=OWNED, devices=fig(1.5), requests_per_s=fig(1)), "devices is a whole number"),
    ("no device", lambda: TeacherPrice(device=OWNED, devices=fig(0), requests_per_s=fig(1)), "devices is a whole number"),
    ("a teacher that answers nothing", lambda: TeacherPrice(device=OWNED, devices=fig(1), requests_per_s=fig(0)), "above 0"),
    ("a cached price alone", lambda: TeacherPrice(cached_input_per_million=fig(1), device=OWNED, devices=fig(1), requests_per_s=fig(1)), "goes with input_per_million"),
    ("no price of input", lambda: replace(INLINE, teacher_input_per_million=None), "go together"),
    ("no price of output", lambda: replace(INLINE, teacher_output_per_million=None), "go together"),
    ("no source of the teacher's", lambda: replace(INLINE, teacher_source=None), "is a rumour"),
    ("no currency", lambda: replace(INLINE, currency=None), "currency is missing: name a price card"),
    ("no device", lambda: replace(INLINE, device_per_hour=None), "device_per_hour is missing: name a price card"),
    ("a card and figures beside it", lambda: replace(INLINE, card=PriceCard("c", "EUR", OWNED)), "currency is the price card's to say"),
    ("two peaks", lambda: replace(INLINE, peak_to_mean=2.0, peak_requests_per_s=9.0), "say the same: give one"),
    ("a peak under the mean", lambda: replace(INLINE, peak_requests_per_s=0.38), "below the mean of 0.381"),
    ("a cached share without a price", lambda: replace(INLINE, cached_share=0.5), "needs a price card with teacher.cached"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "told"), [row[1:] for row in HALVES], ids=[row[0] for row in HALVES])
def test_figures_that_contradict_themselves_are_refused_with_the_remedy(make: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        make()


# ---- files


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_card_that_is_shipped_loads_and_says_that_it_is_an_example(path: Path, tmp_path: Path) -> None:
    use_case = load_use_case(with_card(tmp_path, path.read_text()))
    assert use_case.prices.card is not None and use_case.prices.card.example
    assert "EXAMPLE" in path.read_text().splitlines()[0]
    rows = card_rows(use_case.prices)
    assert all(
        row["source"] and row["date"] and row["example"] for row in rows if row["source"] != "the use case"
    )
    assert use_case_from_json(use_case_to_json(use_case)) == use_case


def with_card(folder: Path, card: str) -> Path:
    """The small use case, its prices in a card beside it."""
    path = small_use_case.write(folder)
    (folder / "card.toml").write_text(card)
    head, prices = path.read_text().split("[prices]")
    path.write_text(
        f'{head}[prices]\ncard = "card.toml"\nrequests_per_month = 10\n[decide]{prices.split("[decide]")[1]}'
    )
    return path


CARD = """\
title = "c"
currency = "CHF"
[device]
name = "d"
rent_per_hour = { value = 1.5, source = "s", date = "2026-11-01" }
"""


def test_a_run_keeps_the_card_itself_so_that_a_later_card_changes_nothing(tmp_path: Path) -> None:
    path = with_card(tmp_path, CARD)
    kept = json.loads(use_case_to_json(load_use_case(path)))["prices"]
    assert kept["card"]["device"]["rent_per_hour"]["value"] == 1.5 and kept["device_per_hour"] is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "d"', 'nmae = "d"'), "card.toml: unknown key 'device.nmae': did you mean 'name'?"),
        (('source = "s", ', ""), "card.toml: device.rent_per_hour.source: is missing"),
        (("value = 1.5", "value = -1"), "card.toml: device.rent_per_hour.value: input should be greater than or equal"),
        (("2026-11-01", "1.11.2026"), "card.toml: device.rent_per_hour: date = '1.11.2026' is not a day: write it as YYYY-MM-DD"),
        (("[device]", "[device"), "card.toml: not TOML"),
    ],
)  # fmt: skip
def test_a_broken_card_is_refused_by_its_own_name(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_use_case(with_card(tmp_path, CARD.replace(*change)))
    assert told in str(caught.value)


def test_a_card_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = with_card(tmp_path, CARD)
    (tmp_path / "card.toml").unlink()
    with pytest.raises(ConfigError, match=r"card\.toml: there is no such file"):
        load_use_case(path)


def test_figures_in_the_use_case_are_a_card_too(tmp_path: Path) -> None:
    prices = load_use_case(small_use_case.write(tmp_path)).prices
    assert prices.card is None and prices.prices.device.per_hour == pytest.approx(0.08)
    assert prices.carded().prices == prices.prices and prices.carded().card == prices.prices


def test_every_figure_of_a_card_is_a_row_of_the_report() -> None:
    teacher = TeacherPrice(device=replace(OWNED, name="big"), devices=fig(2), requests_per_s=fig(3, 2, 4))
    rows = card_rows(PriceSettings(5, card=PriceCard("c", "EUR", OWNED, teacher)))
    assert sum(row["source"] == "an offer" for row in rows) == 8 + 8 + 2
    rate = next(row for row in rows if row["what"] == "requests of one copy of the teacher")
    assert (rate["value"], rate["low"], rate["high"], rate["unit"]) == (3, 2, 4, "per second")


def test_a_peak_given_as_a_rate_is_the_ratio_at_that_volume() -> None:
    """2,628,000 requests a month are one a second."""
    prices = replace(INLINE, requests_per_month=2_628_000, peak_requests_per_s=5.0)
    assert prices.mean_requests_per_s == 1.0 and prices.peak_ratio == 5.0
