"""The audit log: who did what, when and with what outcome, and whether the log is whole."""

from __future__ import annotations

from typing import Any

import streamlit as st

from appliance import audit
from appliance.audit import view as audit_view
from appliance.people import accounts
from appliance.people.acting import Action
from ui import access, formats, parts

PAGE_SIZE = 25
OUTCOMES = ("done", "failed", "refused", "begun", "noticed")


def show() -> None:
    actor = access.require(Action.READ_AUDIT)
    home = access.home()
    _verify()
    with st.container(horizontal=True, vertical_alignment="bottom", key="sh-audit-filter"):
        names = [account.name for account in accounts.accounts(home)]
        by = st.selectbox("By", names, None, key="by", bind="query-params", placeholder="anybody", width=220)
        kinds = [action.value for action in Action]
        action = st.selectbox(
            "Action", kinds, None, key="action", bind="query-params", placeholder="any", width=220
        )
        outcome = st.selectbox(
            "Outcome", OUTCOMES, None, key="outcome", bind="query-params", placeholder="any", width=160
        )
    page = parts.asked_page("audit_page")
    found = audit_view.read(
        home, actor, (page - 1) * PAGE_SIZE, PAGE_SIZE + 1, by=by, action=action, outcome=outcome
    )
    if not found:
        parts.empty("No entry fits", "Take a filter away.")
        return
    parts.table(
        [_row(entry) for entry in found[:PAGE_SIZE]],
        {
            "line": parts.Column("Line", right=True),
            "at": parts.Column("When", whole=True),
            "actor": parts.Column("Who", whole=True),
            "action": parts.Column("What", whole=True),
            "outcome": parts.Column("Outcome", whole=True),
            "objects": "On what",
            "origin": parts.Column("From", whole=True),
        },
        key="audit_entries",
    )
    parts.pager(
        "audit_page", (page - 1) * PAGE_SIZE + len(found), PAGE_SIZE, len(found[:PAGE_SIZE]), open_end=True
    )


def _row(entry: audit.Entry) -> dict[str, Any]:
    return {
        "line": f"{entry.line:,}",
        "at": formats.when(entry.at, exact=True),
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome,
        "objects": ", ".join(f"{name} {value}" for name, value in entry.objects.items()),
        "origin": entry.origin,
    }


def _verify() -> None:
    """Reads the whole log, so it is done when asked for."""
    if not st.button("Verify the log", help="Checks every line, its signature and its place."):
        return
    with st.spinner("Reading the whole log"):
        found = audit.verify(access.home())
    if found.problem is not None:
        parts.problem(f"The log is not intact: {found.problem}")
        return
    st.success(f"Intact: {found.lines:,} lines.")
    st.write("To note down elsewhere, so that a log cut later is noticed:")
    st.code(f"{found.lines} {found.tip}\nkey {found.key_sha256}", language=None)
