"""The tab Findings: what was found by kind, in the last look or in a run. Counts, no text."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from appliance.preparing import preview, review_figures
from appliance.preparing.policy_words import ACTION_WORDS
from ui import access, charts, formats, parts
from ui.parts import Column
from ui.preparing import marked
from ui.preparing.look import REASONS

_LOOK = "the last look (twenty records)"


def show(name: str) -> None:
    home = access.home()
    seen, runs = preview.counts(home, name), review_figures.runs_of(home, name)
    options = [*runs, *([_LOOK] if seen is not None else [])]
    if not options:
        parts.empty(
            "Nothing was searched yet",
            "Look at the records on the page Data, or start a run: what was found is counted here by kind.",
            "data",
        )
        return
    asked = st.query_params.get("of")
    chosen = st.selectbox(
        "Found in", options, index=options.index(asked) if asked in options else 0, key="of", width=420,
        on_change=lambda: st.query_params.update(of=st.session_state["of"]),
    )  # fmt: skip
    if chosen == _LOOK and seen is not None:
        _counts(seen.found, {}, seen.shown)
        return
    found = review_figures.found_in_run(home, chosen)
    assert found is not None, "offered because it is there"
    lost = sum(found.dropped_by_reason.values())
    parts.figures(
        [
            ("Records scrubbed", formats.number(found.kept), f"of {found.seen:,} seen"),
            ("Dropped", formats.number(lost), _reasons(found.dropped_by_reason)),
            ("Places found", formats.number(sum(found.by_type.values())), f"by the policy {found.policy}"),
            (
                "Recall, measured",
                formats.percent(found.recall, found.low, found.high),
                f"n = {found.num_marks:,} marks, 95% interval"
                if found.num_marks
                else "no record was reviewed",
            ),
        ]
    )
    _counts(found.by_type, found.actions, found.kept)
    if found.residual_risk:
        st.caption(parts.plain(found.residual_risk))


def _counts(by_type: Mapping[str, int], actions: Mapping[str, str], records: int) -> None:
    if not by_type:
        st.caption("Nothing was found in these records.")
        return
    rows = [
        {
            "kind": marked.short(name),
            "found": count,
            "per_100_records": 100 * count / records if records else 0.0,
            **({"action": ACTION_WORDS[actions[name]][0] if name in actions else None} if actions else {}),
        }
        for name, count in sorted(by_type.items(), key=lambda each: -each[1])
    ]
    top = rows[0]
    said = f"{sum(by_type.values()):,} places of {len(rows)} kinds in {records:,} records; most often {top['kind']}, {top['found']:,} times."
    parts.section("By kind")
    chart, table = st.columns([2, 3], gap="large")
    with chart:
        shown = [{"kind": row["kind"], "found": row["found"]} for row in rows[:15]]
        charts.show_chart(charts.bars(shown, "kind", "found", x_title="places found"), said, shown)
    with table:
        told = {"action": Column("What happened", absent="as the policy says")} if actions else {}
        parts.table(
            rows,
            {
                "kind": "Kind",
                "found": Column("Found", formats.number, right=True),
                "per_100_records": Column(
                    "In 100 records", lambda value: formats.number(value, 1), right=True
                ),
                **told,
            },
            key="found",
            page_size=15,
        )


def _reasons(reasons: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{count:,} {REASONS.get(reason, reason)}" for reason, count in reasons.items()) or "none"
    )
