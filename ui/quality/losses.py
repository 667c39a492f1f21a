"""The tab Where it loses: groups of records the chosen student is worse on, labels it takes for others, its surest mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from appliance.people.acting import Action, may
from appliance.quality.answers import texts
from appliance.quality.evaluated import Evaluated, outcomes
from appliance.report import words
from ui import access, charts, formats, parts
from ui.choices import choose
from ui.parts import Column
from ui.quality import record_card

_MOST_SLICES = 12
_ON_A_PAGE = 5
Rows = Sequence[Mapping[str, Any]]


def show(found: Evaluated) -> None:
    _slices(found.facts.get("slices") or ())
    _classes(found)
    _worst(found)


def _slices(slices: Rows) -> None:
    parts.section(
        "Groups of records",
        "By length, by right answer, and by fields of few values. One is marked only where it differs from the rest by more "
        "than chance, corrected for how many were looked at (Holm).",
    )
    if not slices:
        st.caption("There are no groups to compare: too few records, or no field with few values.")
        return
    flagged = [row for row in slices if row["flagged"]]
    rows = [_slice_row(row) for row in (flagged or slices)[:_MOST_SLICES]]
    worse = sum(row["worse"] for row in flagged)
    told = (
        f"{words.count(len(flagged), 'group differs', 'groups differ')} from the rest by more than chance, {worse:,} for the worse."
        if flagged
        else f"None of {len(slices):,} groups differs from the rest by more than chance; the {len(rows):,} likeliest are shown."
    )
    chart = charts.intervals(
        rows, "group", "value", "low", "high", x_title="the chosen student, percent, 95% interval"
    )
    charts.show_chart(chart, told, rows)
    parts.table(
        [
            {
                "by": words.slice_by(row["by"]),
                "value": _breakable(row["value"]),
                "n": f"{row['n']:,}",
                "student": words.percent_interval(row["student"], row["low"], row["high"]),
                "teacher": None
                if row["teacher"] is None
                else words.percent_interval(row["teacher"], row["teacher_low"], row["teacher_high"]),
                "p": words.chance(row["p_holm"]),
                "result": ("worse" if row["worse"] else "better") if row["flagged"] else "may be chance",
            }
            for row in slices
        ],
        {
            "by": "By",
            "value": "Value",
            "n": Column("n", right=True),
            "student": Column("Student (95%)", right=True),
            **(
                {"teacher": Column("Teacher (95%)", right=True)}
                if any(row["teacher"] is not None for row in slices)
                else {}
            ),
            "p": Column("p, corrected", right=True),
            "result": Column("Against the rest", whole=True),
        },
        key="slices",
        page_size=10,
    )


def _slice_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "group": f"{words.slice_by(row['by'])}: {row['value']}",
        "value": round(100 * row["student"], 2),
        "low": round(100 * row["low"], 2),
        "high": round(100 * row["high"], 2),
        "n": row["n"],
    }


def _breakable(name: str) -> str:
    """A long label goes on to the next line after an underscore, rather than out of the table."""
    return name.replace("_", "_\u200b")


def _classes(found: Evaluated) -> None:
    classes: Rows = found.facts.get("classes") or ()
    if not classes:
        return
    parts.section(
        "Label by label",
        "Precision: of the records it gave this label, how many have it. Recall: of the records with this label, how many it found.",
    )
    arms = list(dict.fromkeys(row["arm"] for row in classes))
    arm = choose("class_arm", "Arm", arms, words.arm_name, width=420) if len(arms) > 1 else arms[0]
    ours = [row for row in classes if row["arm"] == arm]
    mistaken = sorted((row for row in ours if row["taken_for_n"]), key=lambda row: -row["taken_for_n"])
    if mistaken:
        most = mistaken[0]
        rows = [
            {
                "pair": f"{row['label']} taken for {row['taken_for']}",
                "records": row["taken_for_n"],
                "of": row["n"],
            }
            for row in mistaken[:10]
        ]
        charts.show_chart(
            charts.bars(rows, "pair", "records", x_title="test records"),
            f"Most often {most['label']} is taken for {most['taken_for']}: {most['taken_for_n']:,} of {most['n']:,} records.",
            rows,
        )
    parts.table(
        [
            {
                "label": _breakable(row["label"]),
                "n": f"{row['n']:,}",
                "precision": words.percent_interval(
                    row["precision"], row["precision_low"], row["precision_high"]
                )
                if row["said"]
                else "never said",
                "recall": words.percent_interval(row["recall"], row["recall_low"], row["recall_high"]),
                "f1": formats.number(row["f1"], 2) if row["f1"] is not None else None,
                "taken_for": f"{_breakable(row['taken_for'])} ({row['taken_for_n']:,})"
                if row["taken_for"]
                else "none",
            }
            for row in sorted(ours, key=lambda row: row["f1"] if row["f1"] is not None else -1)
        ],
        {
            "label": "Label",
            "n": Column("n", right=True),
            "precision": Column("Precision (95%)", right=True),
            "recall": Column("Recall (95%)", right=True),
            "f1": Column("F1", right=True),
            "taken_for": "Most often taken for",
        },
        key="classes",
        page_size=10,
    )


def _worst(found: Evaluated) -> None:
    worst: Rows = found.facts.get("worst") or ()
    parts.section(
        "Surest mistakes",
        "Records that the chosen student got wrong and the teacher did not, those it was surest of first: the place to look for "
        "labels that overlap, or a teacher that is wrong.",
    )
    if not worst:
        st.caption("There is none.")
        return
    actor = access.actor()
    if not may(actor, Action.SEE_TEXT):
        st.caption("What was asked and said is for the operator, the privacy officer and the approver.")
        parts.table(
            [{"record": row["record_id"], "confidence": formats.percent(row["confidence"])} for row in worst],
            {"record": "Record", "confidence": Column("Sure to", right=True)},
            key="worst",
            page_size=10,
        )
        return
    num_pages = -(-len(worst) // _ON_A_PAGE)
    page = int(st.session_state.get("worst_page") or 1)
    rows = worst[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    shown = texts(
        access.home(),
        actor,
        found,
        [row["record_id"] for row in rows],
        (found.chosen, words.TEACHER),
    )
    record_card.style()
    by_arm = outcomes(found)
    for row in rows:
        record_id = row["record_id"]
        if record_id not in shown:
            continue
        sure = "" if row["confidence"] is None else f", {formats.percent(row['confidence'])} sure"
        arms = [(found.chosen, f"wrong{sure}")]
        if found.facts["reference"] != words.TEACHER:
            teacher = by_arm[words.TEACHER][record_id].scores[found.metric]
            arms.append((words.TEACHER, "right" if teacher == 1.0 else formats.percent(teacher)))
        record_card.card(record_id, shown[record_id], arms, found.use_case["task"]["kind"], mark=True)
    if num_pages > 1:
        st.pagination(num_pages, key="worst_page", bind="query-params")
