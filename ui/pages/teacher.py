"""The page Teacher: who answers, whether they do, what all answers will take, and what a run found of them."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action
from ui import access, parts
from ui.preparing import marked, teacher

access.require(Action.VIEW)
parts.page_head(
    "Teacher",
    "Whose answers the small model learns: try them, and see what they cost, before they are asked.",
)
marked.style()
name = parts.choose_use_case()
if name is None:
    parts.empty(
        "There is no use case yet", "An operator makes one, with its records, on the page Data.", "data"
    )
else:
    left, right = st.columns([2, 3], gap="large")
    with left:
        teacher.choose(name)
    with right:
        teacher.test(name)
        teacher.estimate(name)
        teacher.check(name)
