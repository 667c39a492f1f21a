"""The tab Cascade: what asking the teacher where the student is unsure gives and costs, at each threshold."""

from __future__ import annotations

import streamlit as st

from appliance.report import words
from appliance.views import serving as serving_view
from appliance.views.serving import Cascade, Threshold
from ui import access, charts, formats, parts
from ui.parts import Column


def show(run_id: str) -> None:
    found = serving_view.cascade(access.home(), run_id)
    if found is None:
        parts.empty(
            "No cascade yet",
            "It takes a finished evaluation with validation records, and load tests for its cost.",
        )
        return
    level = _slider(found)
    picked = next(each for each in found.levels if each.chosen)
    parts.figures(_figures(found, level))
    _told(found, level, picked)
    left, right = st.columns(2, gap="large")
    with left:
        _quality(found, level)
    with right:
        _cost(found, level)
    _table(found)


def _slider(found: Cascade) -> Threshold:
    """One stop a threshold that the run looked at; which one is in the address."""
    parts.section(
        "When is the teacher asked?",
        "Where the student is less sure than this, the question goes to the teacher. Further right is better and dearer.",
    )
    stops = {f"{level.threshold:.3f}": level for level in found.levels}
    picked = next(stop for stop, level in stops.items() if level.chosen)
    asked = st.query_params.get("threshold") or st.session_state.get("threshold")
    st.session_state["threshold"] = asked if asked in stops else picked
    chosen: str = st.select_slider(
        "Ask the teacher below this certainty",
        list(stops),
        key="threshold",
        format_func=lambda stop: _named(stops[stop]),
        on_change=lambda: st.query_params.update(threshold=st.session_state["threshold"]),
    )
    st.query_params["threshold"] = chosen
    return stops[chosen]


def _named(level: Threshold) -> str:
    if level.share == 0:
        return "never"
    if level.share == 1:
        return "always"
    return f"{100 * level.threshold:.1f}%{', picked by the run' if level.chosen else ''}"


def _figures(found: Cascade, level: Threshold) -> list[tuple[str, str, str | None]]:
    n = f"n = {level.n:,} test records"
    return [
        (
            words.metric_name(found.metric),
            formats.percent(level.quality),
            f"{100 * level.low:.1f} to {100 * level.high:.1f}% (95%), {n}",
        ),
        (
            "Goes to the teacher",
            formats.percent(level.share),
            f"{100 * level.share_low:.1f} to {100 * level.share_high:.1f}% (95%)",
        ),
        (
            "Cost of 1,000 requests",
            words.money(level.per_thousand, found.currency),
            _range(level.per_thousand_low, level.per_thousand_high, found.currency),
        ),
        (
            f"Saved in {found.horizon_months} months",
            words.money(level.saving, found.currency) if level.saving is not None else "not stated",
            level.refused or "against the teacher for everything, at the planned volume",
        ),
    ]


def _range(low: float | None, high: float | None, currency: str) -> str | None:
    if low is None or high is None:
        return None
    return f"{words.money(low, currency)} to {words.money(high, currency)} (95%)"


def _told(found: Cascade, level: Threshold, picked: Threshold) -> None:
    bar = "above" if level.low >= level.target else "below" if level.high < level.target else "around"
    said = f"With its interval it lies {bar} the quality that was asked for, {formats.percent(level.target)}."
    if found.by_definition:
        said += " The teacher is the reference here, so where it is asked it is right by definition."
    st.write(parts.plain(said))
    st.html(
        '<p class="sh-advice" style="margin-top:0">'
        f"The run picked {100 * picked.threshold:.1f}% on validation records, as the least that surely meets the bar. Choosing by "
        "the test records above would flatter the result, so a release keeps the run's choice: this slider shows what others "
        "would give, and changes nothing.</p>"
    )


def _quality(found: Cascade, level: Threshold) -> None:
    name = words.metric_name(found.metric)
    rows = [
        {
            "share": round(100 * each.share, 2),
            "quality": round(100 * each.quality, 2),
            "low": round(100 * each.low, 2),
            "high": round(100 * each.high, 2),
        }
        for each in found.levels
    ]
    st.html('<h3 class="sh-chart">Quality</h3>')
    first = found.levels[0]
    said = f"{formats.percent(first.quality)} without the teacher, {formats.percent(level.quality)} at this threshold."
    chart = charts.line(
        rows, "share", "quality", None, x_title="goes to the teacher, percent", y_title=f"{name}, percent, 95% interval",
        band=("low", "high"),
    )  # fmt: skip
    charts.show_chart(charts.marked(chart, 100 * level.share, "share"), said, rows, key="quality")


def _cost(found: Cascade, level: Threshold) -> None:
    st.html('<h3 class="sh-chart">Cost</h3>')
    rows = [
        {
            "share": round(100 * each.share, 2),
            "cost": each.per_thousand,
            "low": each.per_thousand_low,
            "high": each.per_thousand_high,
        }
        for each in found.levels
        if each.per_thousand is not None
    ]
    if not rows:
        st.write(f"Not measured: {found.levels[0].refused or 'a part has no price'}.")
        return
    said = f"{words.money(level.per_thousand, found.currency)} for 1,000 requests at this threshold."
    whole = all(row["low"] is not None and row["high"] is not None for row in rows)
    chart = charts.line(
        rows, "share", "cost", None, x_title="goes to the teacher, percent", y_title=f"{found.currency} for 1,000 requests",
        band=("low", "high") if whole else None,
    )  # fmt: skip
    charts.show_chart(charts.marked(chart, 100 * level.share, "share"), said, rows, key="cost")


def _table(found: Cascade) -> None:
    each = words.money_decimals(level.per_thousand for level in found.levels)
    parts.section("Every threshold")
    parts.table(
        [
            {
                "threshold": _named(level),
                "share": formats.percent(level.share, level.share_low, level.share_high),
                "quality": formats.percent(level.quality, level.low, level.high),
                "validation": None if level.on_validation is None else formats.percent(level.on_validation),
                "cost": None
                if level.per_thousand is None
                else words.money(level.per_thousand, found.currency, each),
                "saving": "not stated"
                if level.saving is None
                else words.money(level.saving, found.currency, 0),
            }
            for level in found.levels
        ],
        {
            "threshold": "Asked below",
            "share": Column("To the teacher (95%)", right=True),
            "quality": Column(f"{words.metric_name(found.metric)} (95%)", right=True),
            "validation": Column("On validation", right=True),
            "cost": Column("1,000 requests", right=True),
            "saving": Column(f"Saved in {found.horizon_months} months", right=True),
        },
        key="thresholds",
        page_size=30,
    )
