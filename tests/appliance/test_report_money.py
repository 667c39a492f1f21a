"""The report's month: the load that machines are counted by, and whose running total is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.report import money, quality, words
from appliance.report.blocks import Figure, Ledger, Table
from appliance.report.study import Study
from tests.appliance.report_facts import distil_facts


def month(economics: dict[str, Any]) -> dict[str, tuple[str, str]]:
    facts = distil_facts()
    facts["economics"] |= economics
    (ledger,) = (block for block in money.cost(Study(facts)).blocks if isinstance(block, Ledger))
    return {entry.text: (entry.value, entry.how) for entry in ledger.entries}


def test_the_months_load_is_the_one_that_machines_are_counted_by() -> None:
    entries = month({"utilisation": 0.4, "peak_to_mean": 4.0, "load": 0.25})
    assert entries["Planned load"] == (
        "25%",
        "mean load over the machine's best rate; a device may have 40%, but a peak of 4 times the mean leaves less",
    )
    assert "Utilisation" not in entries


def test_a_peak_that_asks_for_nothing_is_not_spoken_of() -> None:
    entries = month({"utilisation": 0.4, "peak_to_mean": 2.0, "load": 0.4})
    assert entries["Planned load"] == ("40%", "mean load over the machine's best rate")


def test_the_first_page_tells_what_a_request_costs_with_the_machine_paid_whole() -> None:
    facts = distil_facts()
    facts["economics"] |= {"arm": "onpolicy"}
    facts["economics"]["arms"] = [
        {"arm": "onpolicy", "all_in_per_thousand": 0.123},
        {"arm": "cascade", "all_in_per_thousand": 0.456},
    ]
    (price,) = (each for each in quality.key_figures(Study(facts)) if each.label == "Cost of 1,000 requests")
    currency = Study(facts).currency
    assert f"All in, at this volume: {words.money(0.123, currency)}" in price.beside
    facts["economics"]["arm"] = "cascade"
    (price,) = (each for each in quality.key_figures(Study(facts)) if each.label == "Cost of 1,000 requests")
    assert f"All in, at this volume: {words.money(0.456, currency)}" in price.beside


@pytest.mark.parametrize(("arm", "name"), [("cascade", "Cascade"), ("onpolicy", "Student")])
def test_the_running_total_bears_the_name_of_what_would_be_paid_for(arm: str, name: str) -> None:
    facts = distil_facts()
    facts["economics"]["arm"] = arm
    blocks = money.cost(Study(facts)).blocks
    (drawn,) = (
        chart
        for block in blocks
        if isinstance(block, Figure)
        for chart in block.charts
        if chart.key == "cumulative"
    )
    (listed,) = (
        block
        for block in blocks
        if isinstance(block, Table) and block.caption.startswith("Spending added up")
    )
    assert name in [label.text for label in drawn.labels]
    assert [column.text for column in listed.columns][2] == f"{name}, one-off cost included"
