"""This machine: whether it is fit for a run, its disk, the models that are here."""

from __future__ import annotations

import time
from dataclasses import asdict

import streamlit as st

from appliance import doctor, jobs
from appliance.views import machine
from ui import access, formats, parts


def show() -> None:
    home = access.home()
    free, total = machine.disk(home)
    alive = jobs.worker_alive(home)
    parts.figures(
        [
            ("Version", machine.version() or "a checkout", None),
            ("Free disk", formats.size(free), f"of {formats.size(total)}"),
            ("Worker", "running" if alive else "not running", None if alive else "start `stillhouse worker`"),
        ]
    )
    _checks()
    parts.section("Models", "Those that come in packages, and the site's own in the home's folder models.")
    parts.table(
        [asdict(model) for model in machine.models_here(home)],
        {
            "name": parts.Column("Model", whole=True),
            "about": "What it is",
            "num_bytes": parts.Column("Size", formats.size, right=True, absent="not here"),
            "licence": parts.Column("Licence", absent="see its folder", whole=True),
            "origin": parts.Column("Came in", absent=""),
        },
        key="models",
    )


def _checks() -> None:
    """Looking takes a moment, since the models' files are hashed: done when asked for."""
    parts.section("Fit for a run", "Checks this machine and home, the models' checksums among them.")
    if st.button("Check now"):
        with st.spinner("Checking"):
            st.session_state["_doctor"] = (time.time(), doctor.examine(access.home()))
    if "_doctor" not in st.session_state:
        return
    at, checks = st.session_state["_doctor"]
    bad = sum(not check.ok for check in checks)
    summary = "All is well" if not bad else f"{bad} of {len(checks)} need mending"
    st.html(f'<p class="sh-said">{summary}, as of {formats.when(at)}.</p>')
    parts.table(
        [asdict(check) for check in sorted(checks, key=lambda check: check.ok)],
        {
            "ok": parts.Column("", lambda ok: "ok" if ok else "mend", whole=True),
            "name": "Check",
            "found": "Found",
            "remedy": parts.Column("What to do", absent=""),
        },
        key="checks",
        page_size=50,
    )
