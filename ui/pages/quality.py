"""The page Quality: the arms of a run side by side, record by record, where the student loses, and what people say."""

from __future__ import annotations

import streamlit as st

from appliance.people.acting import Action
from appliance.quality.evaluated import Evaluated, evaluated
from appliance.report import words
from ui import access, parts
from ui.parts import Column
from ui.quality import confidence, losses, rating, records, side_by_side

TABS = {
    "Arms": side_by_side.show,
    "Records": records.show,
    "Where it loses": losses.show,
    "Confidence": confidence.show,
    "Ratings": rating.show,
}


def _refresh(found: Evaluated) -> None:
    """A refresh compares two students, each on old and new test records."""
    for reason in found.facts["reasons"]:
        st.write(parts.plain(reason))
    share = words.percent_interval
    parts.table(
        [
            {
                "name": row["name"],
                "n": f"{row['last']['n']:,}",
                **{arm: share(*(row[arm][key] for key in ("value", "low", "high"))) for arm in ("last", "refreshed")},
                "difference": words.points_interval(*(row["difference"][key] for key in ("difference", "low", "high"))),
                "p": words.chance(row["difference"]["p"]),
            }
            for row in found.facts["sets"]
        ],
        {
            "name": "Records",
            "n": Column("n", right=True),
            "last": Column("Last student (95%)", right=True),
            "refreshed": Column("Refreshed (95%)", right=True),
            "difference": Column("Difference, points (95%)", right=True),
            "p": Column("p", right=True),
        },
        key="sets",
    )  # fmt: skip


access.require(Action.VIEW)
parts.page_head("Quality", "What the students' answers are worth, how sure that is, and where they go wrong.")
run_id = parts.choose_run()
if run_id is None:
    parts.empty("There is no run yet", "Start one first; its answers are compared here.", "train")
    st.stop()
found = evaluated(access.home(), run_id)
if found is None:
    parts.empty(
        "This run has not been evaluated yet",
        "Come back when its evaluate stage is done, or choose another run above.",
        "overview",
    )
    st.stop()
if found.is_refresh:
    _refresh(found)
    st.stop()
for tab, show in zip(
    st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params"), TABS.values(), strict=True
):
    if tab.open:
        with tab:
            show(found)
