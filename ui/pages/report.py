"""The page Report: the verdict and why, the report itself, how the money was worked out, and the run beside others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from appliance import status
from appliance.home import Home
from appliance.people.acting import Action, Actor
from appliance.privacy_report.gather import ReportError
from appliance.privacy_report.write import JSON_NAME, KEY_NAME, PAGE_NAME
from appliance.report import words
from appliance.views import reports as report_view
from ui import access, formats, parts
from ui.frames import show_document
from ui.parts import Column
from ui.report import changes

Facts = Mapping[str, Any]
_MIMES = {JSON_NAME: "application/json", PAGE_NAME: "text/html", KEY_NAME: "application/x-pem-file"}
_CALLED = {JSON_NAME: "Signed facts", PAGE_NAME: "Page", KEY_NAME: "Public key"}


def _verdict(home: Home, actor: Actor, run_id: str, facts: Facts) -> None:
    verdict = facts["verdict"]
    with st.container(key="sh-verdict"):
        st.html(
            f'<p style="color:var(--sh-quiet);margin:0.6rem 0 0.1rem">{escape(facts["title"] or facts["name"])}</p>'
            f'<p style="color:var(--sh-accent);font-weight:600;margin:0 0 0.1rem">{escape(words.kicker(verdict))}</p>'
            f'<h2 style="font-size:1.5rem;line-height:1.3;margin:0;padding:0;max-width:44ch">{escape(verdict["headline"])}</h2>'
        )
        st.markdown("\n".join(f"- {parts.plain(reason)}" for reason in verdict["reasons"]))
    parts.figures(_money(facts))
    if verdict.get("cautions"):
        parts.section("To know besides", "This does not change the verdict.")
        st.markdown("\n".join(f"- {parts.plain(each)}" for each in verdict["cautions"]))
    parts.section("Take it away")
    _exports(home, actor, run_id)


def _money(facts: Facts) -> list[tuple[str, str, str | None]]:
    economics = facts["economics"]
    spent, saving = economics["monthly_cost"], economics.get("saving") or {}
    currency = next((row["currency"] for row in facts["cost"] if row["currency"]), None)
    horizon, arm = economics.get("horizon_months"), economics.get("arm")  # earlier reports have neither
    ends = (
        saving.get("refused")
        or f"{words.money(saving.get('low'), currency)} to {words.money(saving.get('high'), currency)} from the measured intervals"
    )
    told = "no saving is stated" if saving.get("value") is None else str(ends)
    back = economics["break_even_months"]
    return [
        ("Teacher, a month", words.money(spent["teacher"], currency), f"{words.number(economics['requests_per_month'])} requests"),
        (f"{words.arm_name(arm) if arm else 'Student'}, a month", words.money(spent["student"], currency), "devices paid whole"),
        (f"Saved in {words.count(horizon, 'month', 'months')}" if horizon else "Saved", words.money(saving.get("value"), currency), told),
        ("Earned back in", "never" if back is None else words.months(back), f"one-off cost {words.money(economics['one_off'], currency)}"),
    ]  # fmt: skip


def _exports(home: Home, actor: Actor, run_id: str) -> None:
    with st.container(horizontal=True, key="sh-exports"):
        for form in report_view.forms(home, run_id):
            st.download_button(
                form.name,
                data=partial(report_view.export, home, actor, run_id, form.form),
                file_name=form.file_name,
                mime=form.mime,
                help=f"{form.what}, {formats.size(form.size_bytes)}",
                on_click="ignore",
                key=f"export-{form.form}",
            )


def _report(home: Home, actor: Actor, run_id: str, facts: Facts) -> None:
    _exports(home, actor, run_id)
    page = report_view.export(home, actor, run_id, "html").decode()
    show_document(page, f"Report of {run_id}", height=1200)


def _arithmetic(home: Home, actor: Actor, run_id: str, facts: Facts) -> None:
    parts.section(
        "How the money was worked out",
        "Line by line, to be followed with a pocket calculator. The Excel form has the same lines as live formulas.",
    )
    rows: Sequence[Facts] = facts.get("explain") or ()
    if not rows:
        st.info(
            "There is no arithmetic: the teacher's or the student's cost is not known. The report says why."
        )
        return
    refused = (facts["economics"].get("saving") or {}).get("refused")
    if refused:
        st.warning(
            f"No saving is stated for certain, for {parts.plain(refused)}: these lines show what the figures in hand would give."
        )
    parts.table(
        [
            {
                "label": row["label"],
                "from": row["source"] or ""
                if row["formula"] is None
                else words.formula(row["formula"]).replace("_", "_\u200b"),
                "numbers": row["numbers"] or "",
                "value": "none" if row["value"] is None else words.reckoned(row["value"]),
                "unit": row["unit"],
            }
            for row in rows
        ],
        {
            "label": "Line",
            "from": "From",
            "numbers": "In figures",
            "value": Column("Value", right=True),
            "unit": Column("Unit", whole=True),
        },
        key="arithmetic",
        page_size=60,
    )


def _privacy(home: Home, actor: Actor, run_id: str, facts: Facts) -> None:
    parts.section(
        "Privacy report",
        "What was found and removed, what may be left, and the attacks on the student, signed with this home's key for an auditor. "
        "It holds no text of a record.",
    )
    scrub = facts["scrub"]
    parts.figures(
        [
            (
                "Recall of scrubbing",
                formats.percent(scrub.get("recall")),
                None if scrub.get("recall") is None else words.interval(scrub["recall_low"], scrub["recall_high"]),
            ),
            ("Records kept", words.number(scrub["kept"]), f"of {words.number(scrub['seen'])}, {words.number(scrub['dropped'])} dropped"),
            ("Connections outside", words.number((facts.get("egress") or {}).get("refused")), "tried and refused during the run"),
        ]
    )  # fmt: skip
    if not st.button("Sign the privacy report"):
        return
    try:
        signed = report_view.signed_privacy_report(home, actor, run_id)
    except ReportError as error:
        parts.problem(error)
        return
    with st.container(horizontal=True):
        for name, content in signed.files.items():
            st.download_button(
                _CALLED[name], content, f"{run_id}-{name}", _MIMES[name], on_click="ignore", key=name
            )
    st.write("Compare the key's fingerprint with one that came to you another way:")
    st.code(signed.key_sha256, language=None)
    show_document(signed.files[PAGE_NAME].decode(), f"Privacy report of {run_id}")


TABS = {
    "Verdict": _verdict,
    "Report": _report,
    "Arithmetic": _arithmetic,
    "Privacy report": _privacy,
    "Changes": changes.show,
}


def main() -> None:
    actor = access.require(Action.VIEW)
    home = access.home()
    parts.page_head("Report", "Whether the swap is worth it, what it rests on, and the proof to take away.")
    run_id = parts.choose_run()
    if run_id is None:
        parts.empty("There is no run yet", "Start one first; it ends with a report.", "train")
        return
    facts = report_view.facts(home, run_id)
    if facts is None:
        run = status.one_run(home, run_id)
        parts.empty(
            "This run has no report yet",
            "It is written when the last stage is done. Choose another run above, or see how far this one is.",
        )
        if run is not None:
            parts.stage_strip(run)
        return
    tabs = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab:
                show(home, actor, run_id, facts)


main()
