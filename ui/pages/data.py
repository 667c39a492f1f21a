"""The page Data: files brought in, which column is what, and a look at the records after scrubbing."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action
from ui import access, parts
from ui.preparing import fields, files, look, marked

TABS = ("Files", "Fields", "Look")

access.require(Action.VIEW)
parts.page_head(
    "Data", "Bring records in, say what is in them, and see them as the models will.", fields.new_use_case
)
marked.style()
if "_tab" in st.session_state:
    st.session_state["tab"] = st.session_state.pop("_tab")  # a button asked for another one
tabs = dict(zip(TABS, st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params"), strict=True))
if tabs["Files"].open:
    with tabs["Files"]:
        files.show()
for name, part in (("Fields", fields), ("Look", look)):
    if tabs[name].open:
        with tabs[name]:
            use_case = parts.choose_use_case()
            if use_case is None:
                parts.empty(
                    "There is no use case yet",
                    "Make one with the button above: it holds what is asked, of which records, under which policy.",
                )
            else:
                part.show(use_case)
