"""The page System: the machine, the queue, the people, the audit log."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action, may
from ui import access, parts
from ui.system import audit_log, machine, people, work

actor = access.require(Action.VIEW)
parts.page_head("System", "The machine, what it works on, who may do what, and who did.")
tabs = {"Machine": machine.show, "Jobs": work.show}
if may(actor, Action.MANAGE_ACCOUNTS):
    tabs |= {"Accounts": people.show_accounts, "Sessions": people.show_sessions}
if may(actor, Action.READ_AUDIT):
    tabs |= {"Audit log": audit_log.show}
for tab, show in zip(
    st.tabs(list(tabs), key="tab", on_change="rerun", bind="query-params"), tabs.values(), strict=True
):
    with tab:
        if tab.open:
            show()
