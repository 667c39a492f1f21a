"""The tab Changes: what is different from the last run of the use case, and the run beside any others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from appliance import compare
from appliance.home import Home
from appliance.people.acting import Actor
from appliance.report import words
from appliance.report.html import render_page
from appliance.report.markdown import render_markdown
from appliance.views import reports as report_view
from ui import charts, formats, parts
from ui.parts import Column


def show(home: Home, _actor: Actor, run_id: str, facts: Mapping[str, Any]) -> None:
    told = report_view.since(home, run_id)
    parts.section("Since the last run", "What is different from the last finished run of the same use case.")
    if told is None:
        st.caption("This is the first finished run of its use case.")
    else:
        _changed(told, str(facts["primary_metric"]))
    _beside(home, run_id)


def _changed(told: report_view.Since, metric: str) -> None:
    before, now = (words.VERDICTS.get(kind, kind) for kind in (told.verdict_before, told.verdict_now))
    same = "The verdict is the same" if before == now else f"The verdict was “{before}” and is “{now}”"
    st.write(
        parts.plain(f"Held against {told.run_id} of {formats.when(told.created_at)}. {same}: {now.lower()}.")
        if before == now
        else parts.plain(f"Held against {told.run_id} of {formats.when(told.created_at)}. {same}.")
    )
    if told.refused:
        st.info(parts.plain(told.refused))
    else:
        _differences(told.scores, metric, "changed")
    if told.changes:
        parts.table(
            [{"setting": row.setting, "before": row.before or "not set", "now": row.now or "not set"} for row in told.changes],
            {"setting": "Setting", "before": "Before", "now": "Now"},
            key="changes",
            page_size=15,
        )  # fmt: skip
    else:
        st.caption("No setting is different.")


def _differences(rows: Sequence[compare.Compared], metric: str, key: str, first: str = "") -> None:
    parts.table(
        [
            {
                "arm": words.arm_name(row.arm),
                "run": row.run_id,
                "value": words.percent_interval(row.value, row.low, row.high),
                "n": words.number(row.n),
                "difference": ("held against" if row.run_id == first else None)
                if row.difference is None
                else words.points_interval(row.difference, row.difference_low, row.difference_high),
                "p": "" if row.p is None else words.chance(row.p),
                "by": compare.METHODS.get(row.method or "", ""),
            }
            for row in sorted(rows, key=lambda row: words.arm_order(row.arm))
        ],
        {
            "arm": "Arm",
            "run": "Run",
            "value": Column(f"{words.metric_name(metric)} (95%)", right=True),
            "n": Column("n", right=True),
            "difference": Column("Difference, points (95%)", right=True),
            "p": Column("p", right=True),
            "by": "By",
        },
        key=key,
    )


def _beside(home: Home, run_id: str) -> None:
    parts.section("Beside other runs", "The same arms and measures, each less this run's, with an interval.")
    others = report_view.comparable(home, run_id)
    if not others:
        st.caption("There is no other finished run.")
        return
    asked = [each for each in st.query_params.get("with", "").split(",") if each in others]
    chosen = st.multiselect(
        "Runs", others, default=asked, max_selections=5, placeholder="Choose up to five runs"
    )
    st.query_params["with"] = ",".join(chosen)
    if not chosen:
        return
    try:
        found = compare.compare((run_id, *chosen), home)
    except compare.CompareError as error:
        parts.problem(error)
        return
    facts = found.runs[0]
    metric = str(facts["primary_metric"])
    rows = [row for row in found.rows if row.metric == metric]
    shown = [
        {
            "run": f"{row.run_id}: {words.SHORT_ARMS.get(row.arm, row.arm)}",
            "value": round(100 * row.value, 2),
            "low": None if row.low is None else round(100 * row.low, 2),
            "high": None if row.high is None else round(100 * row.high, 2),
            "n": row.n,
        }
        for row in rows
        if row.value is not None and row.arm in words.TRAINED
    ]
    if shown:
        chart = charts.intervals(
            shown,
            "run",
            "value",
            "low",
            "high",
            x_title=f"{words.metric_name(metric)}, percent, 95% interval",
        )
        charts.show_chart(chart, compare.compose(found).headline + ": the trained students.", shown)
    _differences(rows, metric, "beside", run_id)
    document = compare.compose(found)
    with st.container(horizontal=True):
        st.download_button(
            "Comparison as a page",
            lambda: render_page(document),
            f"{run_id}-compared.html",
            "text/html",
            on_click="ignore",
        )
        st.download_button(
            "As Markdown", lambda: render_markdown(document), f"{run_id}-compared.md", "text/markdown", on_click="ignore"
        )  # fmt: skip
