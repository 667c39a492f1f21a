"""Each chart is one that Vega-Lite's schema allows, with its rows, its units and its interval."""

from __future__ import annotations

import json
import math
from typing import Any

import altair as alt
import pytest

from appliance.report import words
from ui import charts, theme

ROWS = [
    {"step": 1, "loss": 2.5, "low": 2.4, "high": 2.6, "arm": "sft"},
    {"step": 2, "loss": None, "low": None, "high": None, "arm": "sft"},
    {"step": 3, "loss": math.nan, "low": 1.0, "high": 1.2, "arm": "onpolicy"},
]

CHARTS: dict[str, Any] = {
    "line": charts.line(ROWS, "step", "loss", "arm", x_title="step", y_title="loss", band=("low", "high")),
    "one line": charts.line(ROWS, "step", "loss", None, x_title="step", y_title="loss"),
    "step": charts.step(ROWS, "step", "loss", "arm", x_title="step", y_title="loss"),
    "intervals": charts.intervals(ROWS, "arm", "loss", "low", "high", x_title="accuracy, percent"),
    "bars": charts.bars(ROWS, "arm", "loss", x_title="records"),
    "scatter": charts.scatter(
        ROWS, "step", "loss", "low", "high", "arm", x_title="cost, EUR", y_title="accuracy"
    ),
    "marked": charts.marked(
        charts.line(ROWS, "step", "loss", None, x_title="step", y_title="loss"), 2.0, "step"
    ),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_fits_vega_lites_schema(name: str) -> None:
    CHARTS[name].to_dict(validate=True)


@pytest.mark.parametrize("name", CHARTS)
def test_what_is_shown_has_every_row_as_a_data_set_and_none_that_is_not_a_number(name: str) -> None:
    spec = charts._with_rows(CHARTS[name].to_dict(validate=False))
    assert '"values"' not in json.dumps(spec)
    sets = list(spec["datasets"].values())
    assert [len(each) for each in sets if len(each) == len(ROWS)]
    assert "NaN" not in json.dumps(sets)
    named = {part["data"]["name"] for part in (spec, *spec.get("layer", ())) if "data" in part}
    assert named == set(spec["datasets"])


def test_axes_carry_the_unit() -> None:
    spec = json.dumps(CHARTS["scatter"].to_dict(validate=False))
    assert "cost, EUR" in spec


def test_a_chart_is_made_without_being_held_against_the_schema_each_time() -> None:
    assert not alt.utils.schemapi.DEBUG_MODE


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_no_two_arms_of_a_chart_share_a_colour(palette: theme.Palette) -> None:
    most = len(words.ARMS) - 1  # the student is served merged as one of SFT and on-policy
    assert len(set(palette.series)) == len(palette.series) >= most
