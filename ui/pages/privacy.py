"""The page Privacy: the policy in plain words, what was found, a sample reviewed by hand, and what that says."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action
from ui import access, parts
from ui.preparing import findings, marked, policy, recall, reviewing

TABS = ("Policy", "Findings", "Review", "Recall")

access.require(Action.VIEW)
parts.page_head(
    "Privacy", "What happens to personal data, how well it is found, and what could still be in there."
)
marked.style()
if "_tab" in st.session_state:
    st.session_state["tab"] = st.session_state.pop("_tab")  # a button asked for another one
tabs = dict(zip(TABS, st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params"), strict=True))
if tabs["Policy"].open:
    with tabs["Policy"]:
        policy.show()
for name, part in (("Findings", findings), ("Review", reviewing), ("Recall", recall)):
    if tabs[name].open:
        with tabs[name]:
            use_case = parts.choose_use_case()
            if use_case is None:
                parts.empty(
                    "There is no use case yet",
                    "An operator makes one, with its records, on the page Data.",
                    "data",
                )
            else:
                part.show(use_case)
