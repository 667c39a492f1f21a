"""The tab Confidence: whether the student knows when it is right, and what it has forgotten of everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from appliance.quality.evaluated import Evaluated
from appliance.report import words
from ui import charts, formats, parts
from ui.parts import Column


def show(found: Evaluated) -> None:
    _calibration(found.facts.get("calibration"), found)
    _forgetting(found.facts.get("general"))


def _calibration(told: Mapping[str, Any] | None, found: Evaluated) -> None:
    parts.section(
        "Does it know when it is right?",
        "Test records in ten bins by how sure the student was; a perfect one lies on the dotted line. The correction was fitted on "
        "validation records.",
    )
    if not told:
        st.caption(
            "Not measured: the chosen student's answers came without their probability, or there are no validation records."
        )
        return
    parts.figures(
        [
            _error("Error as it is", told["raw"]),
            _error("Error, corrected", told["calibrated"]),
            (
                "Sure to, on average",
                formats.percent(told["raw"]["mean_confidence"]),
                f"right: {formats.percent(told['raw']['mean_score'])}, n = {told['n']:,}",
            ),
            *_threshold(found),
        ]
    )
    rows = [_bin(row, "as it is") for row in told["raw"]["bins"]]
    rows += [_bin(row, "corrected") for row in told["calibrated"]["bins"]]
    gap = max(rows[: len(told["raw"]["bins"])], key=lambda row: abs(row["right"] - row["sure"]))
    way = "too sure" if gap["sure"] > gap["right"] else "not sure enough"
    charts.show_chart(
        charts.reliability(rows),
        f"Furthest off: where it is {gap['sure']:.0f}% sure it is right {gap['right']:.0f}% of the time (n = {gap['n']:,}), {way}.",
        rows,
    )


def _error(label: str, told: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """The expected calibration error, and what a perfectly calibrated student of this size would show by chance."""
    chance = formats.number(100 * told["ece_if_calibrated"], 1)
    return (
        label,
        f"{100 * told['ece']:.1f} points",
        f"{100 * told['low']:.1f} to {100 * told['high']:.1f}; a perfect one would show {chance}",
    )


def _threshold(found: Evaluated) -> list[tuple[str, str, str | None]]:
    cascade = found.facts.get("cascade")
    if not cascade:
        return []
    passed = words.percent_interval(*(cascade["test"][name] for name in ("share", "share_low", "share_high")))
    return [
        (
            "Asks the teacher below",
            f"{formats.percent(cascade['threshold'])} sure",
            f"{passed} of the test records; see Serving",
        )
    ]


def _bin(row: Mapping[str, Any], curve: str) -> dict[str, Any]:
    return {
        "curve": curve,
        "sure": round(100 * row["confidence"], 1),
        "right": round(100 * row["score"], 1),
        "low": round(100 * row["low"], 1),
        "high": round(100 * row["high"], 1),
        "n": row["n"],
    }


def _forgetting(general: Mapping[str, Any] | None) -> None:
    parts.section(
        "What it has forgotten",
        "Sixty instructions that have nothing to do with the task, checked by programs, before and after training.",
    )
    if not general:
        st.caption("Not measured: evaluate.general_ability is off in this use case.")
        return
    before, after, difference = general["before"], general["after"], general["difference"]
    share = words.percent_interval
    parts.figures(
        [
            ("Before training", formats.percent(before["value"]), _ends(before)),
            ("After", formats.percent(after["value"]), _ends(after)),
            (
                "Change",
                f"{words.points(difference['difference'])} points",
                f"{words.points(difference['low'])} to {words.points(difference['high'])}, p "
                f"{words.equals(words.chance(difference['p']))}",
            ),
            ("Answered with the task's own words", f"{general['task_answers']:,}", f"of {general['n']:,}"),
        ]
    )
    parts.table(
        [
            {
                "skill": row["skill"].capitalize(),
                "n": f"{row['n']:,}",
                **{
                    when: share(*(row[when][key] for key in ("value", "low", "high")))
                    for when in ("before", "after")
                },
            }
            for row in general["skills"]
        ],
        {
            "skill": "Skill",
            "n": Column("n", right=True),
            "before": Column("Before (95%)", right=True),
            "after": Column("After (95%)", right=True),
        },
        key="skills",
    )


def _ends(told: Mapping[str, Any]) -> str:
    return f"{words.interval(told['low'], told['high'])}, {told['right']:,} of {told['n']:,}"
