"""The page Train: the settings of a training with what it will take, its curves while it learns, and two runs side by side."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action
from ui import access, parts
from ui.training import compare, live, prices, settings

TABS = ("Settings", "Prices", "Live", "Compare")

access.require(Action.VIEW)
parts.page_head("Train", "Set up a training, see what it will take, start it, and watch it learn.")
use_case = parts.choose_use_case()
if "_tab" in st.session_state:
    st.session_state["tab"] = st.session_state.pop("_tab")  # a button asked for another one
tabs = dict(
    zip(
        TABS,
        st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params"),
        strict=True,
    )
)
with tabs["Settings"]:
    if tabs["Settings"].open:
        if use_case is None:
            parts.empty(
                "There is no use case yet",
                "Bring in records and say what is asked of the model first.",
                "data",
            )
        else:
            settings.show(use_case)
for name, part in (("Prices", prices), ("Live", live), ("Compare", compare)):
    if tabs[name].open:
        with tabs[name]:
            part.show(use_case)
