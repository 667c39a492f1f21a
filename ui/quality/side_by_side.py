"""The tab Arms: every arm's figure with its interval, held against one of them, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from appliance.quality.arms import Arm, metrics_of, side_by_side
from appliance.quality.evaluated import Evaluated, arms_of
from appliance.report import words
from ui import charts, formats, parts
from ui.choices import choose
from ui.parts import Column


def show(found: Evaluated) -> None:
    left, right = st.columns(2)
    with left:
        metric = choose("metric", "Measure", metrics_of(found), words.metric_name)
    with right:
        pinned = choose("pin", "Held against", arms_of(found), words.arm_name, default=_strongest(found))
    arms = side_by_side(found, metric, pinned)
    chosen = next(arm for arm in arms if arm.is_chosen)
    parts.figures(_key_figures(found, arms, chosen, pinned, metric))
    parts.section(f"{words.metric_name(metric)}, arm by arm", _what_counts(found))
    rows = [_interval_row(arm) for arm in arms if arm.value is not None]
    chart = charts.intervals(
        rows, "arm", "value", "low", "high", x_title=f"{words.metric_name(metric)}, percent, 95% interval"
    )
    charts.show_chart(chart, _sentence(arms, chosen), rows)
    _table(arms, pinned)
    _trade(arms, words.metric_name(metric))


def _strongest(found: Evaluated) -> str:
    """The teacher where it was measured; else the best student that was not trained: what has to be beaten."""
    primary = {row["arm"]: row["value"] for row in found.facts["scores"] if row["metric"] == found.metric}
    if primary.get(words.TEACHER) is not None:
        return words.TEACHER
    untrained = [arm for arm in arms_of(found) if arm not in (*words.TRAINED, "cascade", words.TEACHER)]
    return max(untrained, key=lambda arm: primary[arm] or 0.0)


def _what_counts(found: Evaluated) -> str:
    by = "the teacher's answer" if found.facts["reference"] == "teacher" else "what people said"
    return f"Right means: equal to {by}. Brackets and whiskers are 95% intervals; every arm answered the same records."


def _key_figures(
    found: Evaluated, arms: Sequence[Arm], chosen: Arm, pinned: str, metric: str
) -> list[tuple[str, str, str | None]]:
    def told(arm: Arm) -> str:
        return f"{words.interval(arm.low, arm.high)}, n = {arm.n:,}, {arm.failed:,} failed"

    rows: list[tuple[str, str, str | None]] = [
        (f"{chosen.name} (chosen)", formats.percent(chosen.value), told(chosen))
    ]
    cascade = next((arm for arm in arms if arm.arm == "cascade"), None)
    if cascade is not None:
        passed = found.facts["cascade"]["test"]["share"]
        rows.append(
            (
                "Cascade",
                formats.percent(cascade.value),
                f"{told(cascade)}; {formats.percent(passed)} passed on",
            )
        )
    if chosen.arm != pinned:
        against = words.within(words.arm_name(pinned))
        rows.append(
            (
                f"Chosen less {against}",
                _points(chosen),
                f"{_test(chosen)}" if chosen.difference is not None else "one of them has no figure",
            )
        )
    evidence = found.facts.get("evidence")
    if evidence and metric == found.metric:
        rows.append(
            (
                "The bar",
                formats.percent(evidence["bar"]),
                f"{words.percent(evidence['ratio'], 0)} of the teacher's quality",
            )
        )
    return rows


def _points(arm: Arm) -> str:
    return "not measured" if arm.difference is None else f"{words.points(arm.difference)} points"


def _test(arm: Arm) -> str:
    ends = f"{words.points(arm.difference_low)} to {words.points(arm.difference_high)}"
    return f"{ends}, p {words.equals(words.chance(arm.p))}, {words.TESTS.get(arm.test or '', arm.test)}"


def _interval_row(arm: Arm) -> dict[str, Any]:
    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 2)

    return {
        "arm": arm.name,
        "value": percent(arm.value),
        "low": percent(arm.low),
        "high": percent(arm.high),
        "n": arm.n,
        "failed": arm.failed,
    }


def _sentence(arms: Sequence[Arm], chosen: Arm) -> str:
    untrained = [arm for arm in arms if arm.arm in words.STUDENTS and arm.arm not in words.TRAINED]
    best = max(untrained, key=lambda arm: arm.value or 0.0)
    return (
        f"{chosen.name}: {words.percent_interval(chosen.value, chosen.low, chosen.high)}; the best untrained one, "
        f"{words.within(best.name)}: {words.percent_interval(best.value, best.low, best.high)}."
    )


def _table(arms: Sequence[Arm], pinned: str) -> None:
    def difference(arm: Arm) -> str:
        if arm.arm == pinned:
            return "held against"
        return words.points_interval(arm.difference, arm.difference_low, arm.difference_high)

    rows: list[Mapping[str, Any]] = [
        {
            "name": f"{arm.name} (chosen)" if arm.is_chosen else arm.name,
            "value": words.percent_interval(arm.value, arm.low, arm.high),
            "n": f"{arm.n:,}",
            "failed": f"{arm.failed:,}",
            "difference": difference(arm),
            "p": words.NOT_MEASURED if arm.p is None and arm.arm != pinned else _p(arm),
            "cost": words.money(arm.cost, arm.currency),
        }
        for arm in arms
    ]
    parts.table(
        rows,
        {
            "name": "Arm",
            "value": Column("Value (95%)", right=True),
            "n": Column("n", right=True),
            "failed": Column("Failed", right=True),
            "difference": Column("Difference, points (95%)", right=True),
            "p": Column("p", right=True),
            "cost": Column("1,000 requests", right=True),
        },
        key="arms",
    )
    for note in dict.fromkeys(f"{arm.name}: {arm.note}." for arm in arms if arm.note):
        st.caption(parts.plain(note))


def _p(arm: Arm) -> str:
    return "" if arm.p is None else words.chance(arm.p)


def _trade(arms: Sequence[Arm], metric: str) -> None:
    rows: list[dict[str, Any]] = [
        {
            "arm": words.SHORT_ARMS.get(arm.arm, arm.name),
            "cost": arm.cost,
            "quality": round(100 * arm.value, 2),
            "low": None if arm.low is None else round(100 * arm.low, 2),
            "high": None if arm.high is None else round(100 * arm.high, 2),
        }
        for arm in arms
        if arm.cost is not None and arm.value is not None
    ]
    parts.section(
        "What quality costs",
        "Each arm's cost of 1,000 requests on this machine, from the load test and the price card.",
    )
    if not rows:
        st.caption("No arm has a price yet: the report stage works it out.")
        return
    currency = next(arm.currency for arm in arms if arm.currency)
    chart = charts.scatter(
        rows, "cost", "quality", "low", "high", "arm",
        x_title=f"{currency} for 1,000 requests", y_title=f"{metric}, percent, 95% interval",
    )  # fmt: skip
    cheapest = min(rows, key=lambda row: row["cost"])
    best = max(rows, key=lambda row: row["quality"])
    charts.show_chart(
        chart,
        f"Best: {best['arm']} with {best['quality']:.1f}% for {words.money(best['cost'], currency)}; "
        f"cheapest: {cheapest['arm']} with {cheapest['quality']:.1f}% for {words.money(cheapest['cost'], currency)}.",
        rows,
    )
