"""The tab Recall: what the marks say of the scrubber, what risk is left, and whether the gate lets a run through."""

from __future__ import annotations

from typing import Any

import streamlit as st

from appliance.people.acting import Action, may
from appliance.preparing import review, review_figures, review_sample
from privacy.measure import SpanScores
from ui import access, charts, formats, parts
from ui.parts import Column
from ui.preparing import marked


def show(name: str) -> None:
    home, actor = access.home(), access.actor()
    told = review.progress(home, name)
    if told is None or not told.reviewed:
        begin = (
            "Draw a sample on the tab Review" if told is None else "Begin with the sample on the tab Review"
        )
        parts.empty(
            "Nothing was reviewed yet",
            f"{begin}. Marks by hand are the only way to know what the scrubber misses here: until then recall is not "
            "measured, no run is stopped by it, and the report says so.",
        )
        return
    drawn = review_sample.sample(home, name)
    assert drawn is not None, "there is progress, so there is a sample"
    scores = review.measure(home, name)
    gate = review_figures.gate(
        scores, drawn.recall_floor, handed_over=told.handed_over is not None and not told.changed_since
    )
    if told.stale:
        st.warning(parts.plain(told.stale))
    leaks = scores.leaks if scores is not None else None
    parts.figures(
        [
            ("Recall", _rate(scores), _n(scores)),
            (
                "Leaking records",
                formats.number(leaks.leaking) if leaks else formats.NOT_MEASURED,
                f"of {leaks.documents:,} reviewed" if leaks else None,
            ),
            (
                "Of 10,000, at most",
                formats.NOT_MEASURED
                if leaks is None or leaks.upper is None
                else f"{leaks.upper * 10_000:,.0f}",
                "95%, for records like these",
            ),
            ("Gate", gate.state, f"floor {formats.percent(drawn.recall_floor)}"),
        ]
    )
    st.html(f'<p class="sh-need sh-{_colour(gate.state)}">{parts.in_html(gate.words)}</p>')
    if scores is not None:
        st.caption(parts.plain(review_figures.sentence(scores)))
        _by_type(scores)
    if may(actor, Action.REVIEW) and told.reviewed:
        parts.section(
            "Hand the marks to the run",
            "The run then measures its own scrubbing against them, and stops where recall is below the floor.",
        )
        already = told.handed_over is not None and not told.changed_since
        if already:
            st.caption(
                f"The use case reads the marks of {told.handed_over:,} records. They are as they were handed over."
            )
        if st.button("Hand over the marks", type="primary", disabled=already, key="hand-over"):
            parts.done(review.hand_over, home, actor, name)


def _colour(state: str) -> str:
    return {"open": "next", "shut": "stops"}.get(state, "waits")


def _rate(scores: SpanScores | None) -> str:
    return formats.NOT_MEASURED if scores is None else formats.percent(scores.recall.value)


def _n(scores: SpanScores | None) -> str | None:
    """The interval, and how many marks it is of."""
    if scores is None or not scores.recall.n or scores.recall.low is None or scores.recall.high is None:
        return None
    low, high = 100 * scores.recall.low, 100 * scores.recall.high
    return f"{low:.1f} to {high:.1f} (95%), n = {scores.recall.n:,} marks covered in full"


def _by_type(scores: SpanScores) -> None:
    rows: list[dict[str, Any]] = [
        {
            "kind": marked.short(name),
            "recall": each.cover.value,
            "low": each.cover.low,
            "high": each.cover.high,
            "n": each.cover.n,
            "exact": each.typed.value,
        }
        for name, each in sorted(scores.by_type.items(), key=lambda each: -each[1].cover.n)
        if each.cover.n
    ]
    if not rows:
        st.caption("No mark of a kind that the policy removes: there is nothing to find, and so no recall.")
        return
    worst = min(rows, key=lambda row: row["low"] or 0.0)
    precision = scores.precision
    said = f"The weakest kind is {worst['kind']}: {formats.percent(worst['recall'], worst['low'], worst['high'])}, n = {worst['n']:,}."
    if precision.value is not None:
        said += f" Of what was found, {formats.percent(precision.value, precision.low, precision.high)} was rightly found (n = {precision.n:,})."
    parts.section("By kind")
    chart, table = st.columns([2, 3], gap="large")
    with chart:
        drawn = [{key: row[key] for key in ("kind", "recall", "low", "high")} for row in rows]
        drawing = charts.intervals(drawn, "kind", "recall", "low", "high", x_title="recall, 95% interval")
        charts.show_chart(drawing, said, drawn)
    with table:
        parts.table(
            rows,
            {
                "kind": "Kind",
                "n": Column("Marks", formats.number, right=True),
                "recall": Column("Covered in full", formats.percent, right=True),
                "low": Column("At least", formats.percent, right=True),
                "exact": Column("Exactly, with its kind", formats.percent, right=True),
            },
            key="recall",
            page_size=15,
        )
