"""The tab Cost: what a request costs as the load changes, and from which volume on the swap pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from appliance.report import words
from appliance.views import serving as serving_view
from appliance.views.serving import VOLUMES, Volume
from ui import access, charts, formats, parts
from ui.parts import Column


def show(run_id: str) -> None:
    home = access.home()
    planned = serving_view.planned(home, run_id)
    if planned is None:
        parts.empty(
            "No cost yet", "It takes a finished evaluation and load tests: come back when the run is done."
        )
        return
    requests = _volume(planned)
    now = serving_view.volumes(home, run_id, [requests])
    parts.figures(_figures(now, planned))
    if planned["example"]:
        st.warning("The prices are examples: put in your own before you decide.")
    _break_even(planned)
    rows = serving_view.volumes(home, run_id)
    left, right = st.columns(2, gap="large")
    with left:
        _chart(
            "Cost of 1,000 requests, all in",
            rows,
            "per_thousand",
            planned,
            f"{planned['currency']} for 1,000 requests",
        )
    with right:
        _chart("Cost of a month", rows, "per_month", planned, f"{planned['currency']} a month")
    _table(rows, planned)


def _volume(planned: Mapping[str, Any]) -> int:
    """Requests a month; which one is in the address."""
    stops = sorted({*VOLUMES, planned["requests_per_month"]})
    own = str(planned["requests_per_month"])
    asked = st.query_params.get("volume") or st.session_state.get("volume")
    st.session_state["volume"] = asked if asked in {str(stop) for stop in stops} else own
    chosen: str = st.select_slider(
        "Requests a month",
        [str(stop) for stop in stops],
        key="volume",
        format_func=lambda stop: f"{int(stop):,}{' (planned)' if stop == own else ''}",
        on_change=lambda: st.query_params.update(volume=st.session_state["volume"]),
    )
    st.query_params["volume"] = chosen
    return int(chosen)


def _figures(now: Sequence[Volume], planned: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    currency = planned["currency"]
    rows: list[tuple[str, str, str | None]] = []
    for row in now:
        machines = "" if row.devices is None else f", {row.devices:,} machine{'s'[: row.devices != 1]}"
        told = f"{words.money(row.per_thousand, currency)} for 1,000, all in{machines}"
        rows.append(
            (
                f"{words.SHORT_ARMS.get(row.arm, row.arm)}: a month",
                words.money(row.per_month, currency),
                told,
            )
        )
    for row in now:
        if row.arm != "teacher":
            label = f"{words.SHORT_ARMS.get(row.arm, row.arm)}: saved in {planned['horizon_months']} months"
            ends = None
            if row.saving_low is not None and row.saving_high is not None:
                ends = f"{words.money(row.saving_low, currency)} to {words.money(row.saving_high, currency)}"
            if row.saving is None:
                rows.append((label, "not stated", planned["refused"].get(row.arm)))
            else:
                rows.append((label, words.money(row.saving, currency), ends))
    return rows


def _break_even(planned: Mapping[str, Any]) -> None:
    said = []
    for arm in (planned["chosen"], "cascade"):
        if arm not in planned["break_even"]:
            continue
        name, volume = words.arm_name(arm), planned["break_even"][arm]
        if arm in planned["refused"]:
            said.append(f"{name}: no break-even is stated, since {planned['refused'][arm]}.")
        elif volume is None:
            said.append(f"{name}: it never pays within {planned['horizon_months']} months, at any volume.")
        else:
            said.append(
                f"{name}: it pays within {planned['horizon_months']} months from {volume:,} requests a month on."
            )
    for words_ in said:
        st.write(parts.plain(words_))


def _chart(
    title: str, rows: Sequence[Volume], measure: str, planned: Mapping[str, Any], y_title: str
) -> None:
    drawn = [
        {
            "requests": row.requests_per_month,
            "value": getattr(row, measure),
            "arm": words.SHORT_ARMS.get(row.arm, row.arm),
        }
        for row in rows
        if getattr(row, measure) is not None
    ]
    st.html(f'<h3 class="sh-chart">{parts.escape(title)}</h3>')
    first, last = (
        [row["value"] for row in drawn if row["requests"] == end] for end in (VOLUMES[0], VOLUMES[-1])
    )
    currency = planned["currency"]
    said = f"{_ends(first, currency)} at {VOLUMES[0]:,} requests a month, {_ends(last, currency)} at {VOLUMES[-1]:,}. Both axes grow tenfold."
    charts.show_chart(
        charts.powers(drawn, "requests", "value", "arm", x_title="requests a month", y_title=y_title),
        said,
        drawn,
        key=title,
    )


def _ends(values: Sequence[float], currency: str) -> str:
    return f"{words.money(min(values), currency)} to {words.money(max(values), currency)}"


def _table(rows: Sequence[Volume], planned: Mapping[str, Any]) -> None:
    currency = planned["currency"]
    parts.section(
        "Every volume",
        "All in: whole machines, people's time, and what was spent once, spread over the horizon.",
    )
    parts.table(
        [
            {
                "requests": row.requests_per_month,
                "arm": words.SHORT_ARMS.get(row.arm, row.arm),
                "thousand": None if row.per_thousand is None else words.money(row.per_thousand, currency, 2),
                "month": None if row.per_month is None else words.money(row.per_month, currency, 2),
                "saving": "" if row.arm == "teacher" else "not stated" if row.saving is None else words.money(row.saving, currency, 0),
                "devices": "" if row.devices is None else f"{row.devices:,}",
            }
            for row in rows
        ],
        {
            "requests": Column("Requests a month", formats.number, right=True),
            "arm": Column("Arm", whole=True),
            "thousand": Column("1,000 requests", right=True),
            "month": Column("A month", right=True),
            "saving": Column(f"Saved in {planned['horizon_months']} months", right=True),
            "devices": Column("Machines", right=True),
        },
        key="volumes",
    )  # fmt: skip
