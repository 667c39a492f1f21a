"""The tab Speed: arms side by side under load, by the run's own load tests or by one that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from appliance.cost.rates import objective_text
from appliance.report import words
from appliance.views import load_tests
from appliance.views import serving as serving_view
from appliance.views.serving import CLOSED_MEASURES, Row
from ui import access, charts, formats, parts
from ui.choices import choose, pick
from ui.parts import Column

_OWN = "bench"
_MEASURES = ("requests_per_s", "goodput_per_s", "ttft_p95_s", "tpot_p95_s", "e2e_p50_s", "e2e_p95_s")
"""Drawn one below the other, two side by side."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The load tests that are looked at: of one source."""

    rows: Sequence[Row]
    best: Mapping[str, Mapping[str, Any]]
    objective: str
    notes: Sequence[str]


def show(run_id: str) -> None:
    found = _source(run_id)
    if found is None:
        parts.empty(
            "No load test yet",
            "The run measures it in its stage bench, the last but one. Or ask for one on the tab Load test.",
        )
        return
    loop = pick("loop", "Load", ["closed", "open"], lambda name: _LOOPS[name])
    arms = serving_view.arms([row for row in found.rows if row.get("loop", "closed") == loop])
    if not arms:
        parts.empty("Not measured", "This load test had no such loop.")
        return
    chosen = st.pills(
        "Arms", arms, selection_mode="multi", default=arms, format_func=_short, key=f"arms-{loop}"
    )
    if found.best:
        parts.figures(_figures(found))
    _objective(found)
    for at in range(0, len(_MEASURES), 2):
        for place, measure in zip(st.columns(2, gap="large"), _MEASURES[at : at + 2], strict=True):
            with place:
                _chart(found.rows, loop, measure, chosen)
    _table(found.rows, loop, chosen)
    for note in found.notes:
        st.caption(parts.plain(note))


_LOOPS = {"closed": "Clients at once (closed loop)", "open": "Arrivals a second (open loop)"}


def _source(run_id: str) -> _Shown | None:
    home = access.home()
    own, asked = serving_view.bench(home, run_id), load_tests.results(home, run_id)
    sources = ([_OWN] if own is not None else []) + [told["job_id"] for told in asked]
    if not sources:
        return None
    by_id = {told["job_id"]: told for told in asked}
    source = _OWN
    if len(sources) > 1 or own is None:
        source = choose("test", "Load test", sources, lambda name: _named(by_id.get(name)), width=420)
    if source == _OWN and own is not None:
        notes = [
            own.note,
            *(f"{words.arm_name(arm)}: not served; {why}." for arm, why in own.not_served.items()),
        ]
        return _Shown(own.rows, own.best, serving_view.objective(own), notes)
    told = by_id[source]
    note = f"Asked for by {told['asked_by']}. Served as in the run; {told['energy']['note'] or 'energy was measured'}"
    return _Shown(told["serving"], told["slo"], objective_text(told), [note])


def _named(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "the run's own (stage bench)"
    levels = ", ".join(str(level) for level in told["settings"]["load"]["concurrency"])
    return f"{formats.when(told['finished_at'])}, {levels} at once"


def _figures(found: _Shown) -> list[tuple[str, str, str | None]]:
    rows: list[tuple[str, str, str | None]] = [
        (
            _short(arm),
            f"{best['requests_per_s']:.1f} a second" if best.get("meets") else "not met",
            _at(best),
        )
        for arm, best in sorted(found.best.items(), key=lambda item: words.arm_order(item[0]))
    ]
    return rows


def _at(best: Mapping[str, Any]) -> str | None:
    if not best.get("meets"):
        return "no level keeps the objective"
    at = (
        f"{best['concurrency']} at once"
        if best.get("concurrency")
        else f"{best['offered_per_s']:.1f} a second offered"
    )
    low, high = best.get("requests_per_s_low"), best.get("requests_per_s_high")
    return (
        f"{at}; {low:.1f} to {high:.1f} (95%)"
        if low is not None and high is not None
        else f"{at}; measured once, no interval"
    )


def _objective(found: _Shown) -> None:
    devices = sorted({f"{row['device']}, {row['engine']}" for row in found.rows})
    said = (
        f"The best rate of each arm at the objective: {found.objective}."
        if found.objective
        else "No objective was set."
    )
    st.html(
        f'<p class="sh-advice" style="margin-top:0.2rem">{parts.escape(said)} On {parts.escape("; ".join(devices))}.</p>'
    )


def _chart(rows: Sequence[Row], loop: str, measure: str, arms: Sequence[str]) -> None:
    st.html(f'<h3 class="sh-chart">{parts.escape(_sentence_case(CLOSED_MEASURES[measure]))}</h3>')
    drawn = serving_view.over_load(rows, loop, measure, arms)
    if not drawn:
        st.write("Not measured.")
        return
    rate = measure.endswith("_per_s")
    x = "clients at once" if loop == "closed" else "arrivals a second"
    best = (max if rate else min)(drawn, key=lambda row: row["value"])
    unit = "" if rate else " s"
    said = f"{'Most' if rate else 'Least'}: {best['value']:.3g}{unit}, {best['arm']} at {best['load']:.3g} {'at once' if loop == 'closed' else 'a second'}."
    everyone = [_short(arm) for arm in serving_view.arms(rows)]
    whole = [row for row in drawn if row["low"] is not None and row["high"] is not None]
    y = CLOSED_MEASURES[measure] if rate else "seconds"
    chart = charts.loads(drawn, whole, everyone, x_title=x, y_title=y)
    charts.show_chart(chart, said, drawn, key=f"{loop} {measure}")


def _short(arm: str) -> str:
    return words.SHORT_ARMS.get(arm, arm)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(rows: Sequence[Row], loop: str, arms: Sequence[str]) -> None:
    parts.section(
        "Every level",
        "TTFT is the time to the first token, TPOT the time for each further one, both of the requests that were answered.",
    )
    load = "concurrency" if loop == "closed" else "offered_per_s"
    shown = [row for row in rows if row["arm"] in arms and row.get("loop", "closed") == loop]
    shown.sort(key=lambda row: (words.arm_order(row["arm"]), row[load]))

    def milli(value: float) -> str:
        return f"{1000 * value:,.0f}"

    def two(value: float) -> str:
        return f"{value:,.2f}"

    parts.table(
        [{**row, "name": _short(row["arm"]), "load": row[load]} for row in shown],
        {
            "name": Column("Arm", whole=True),
            "load": Column(
                "At once" if loop == "closed" else "Offered a second",
                lambda value: f"{value:.3g}",
                right=True,
            ),
            "num_ok": Column("Answered", formats.number, right=True),
            "num_failed": Column("Failed", formats.number, right=True),
            "requests_per_s": Column("Requests/s", two, right=True),
            "goodput_per_s": Column("In time/s", two, right=True),
            "good_share": Column("In time", formats.percent, right=True),
            "ttft_p50_s": Column("TTFT p50, ms", milli, right=True),
            "ttft_p95_s": Column("p95", milli, right=True),
            "tpot_p50_s": Column("TPOT p50, ms", milli, right=True),
            "tpot_p95_s": Column("p95", milli, right=True),
            "e2e_p50_s": Column("Whole p50, ms", milli, right=True),
            "e2e_p95_s": Column("p95", milli, right=True),
            "e2e_p99_s": Column("p99", milli, right=True),
        },
        key="levels",
    )
