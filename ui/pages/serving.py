"""The page Serving: speed under load, the cascade, what it costs at which load, and load tests on request."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action
from ui import access, parts
from ui.serving import cascade, money, request, speed

TABS = {"Speed": speed.show, "Cascade": cascade.show, "Cost": money.show, "Load test": request.show}

access.require(Action.VIEW)
parts.page_head(
    "Serving", "How fast the student answers, when the teacher is asked after all, and what that costs."
)
run_id = parts.choose_run()
if run_id is None:
    parts.empty(
        "There is no run yet", "Start one first; it is served and measured when it has learnt.", "train"
    )
    st.stop()
for tab, show in zip(
    st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params"), TABS.values(), strict=True
):
    if tab.open:
        with tab:
            show(run_id)
