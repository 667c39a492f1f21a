"""The queue: every job that was asked for, the newest first."""

from __future__ import annotations

import streamlit as st

from appliance import jobs
from ui import access, parts

PAGE_SIZE = 10
STATUSES = tuple(status.value for status in jobs.Status if status is not jobs.Status.STOPPING)


def show() -> None:
    status = st.segmented_control(
        "Status of the jobs", STATUSES, key="job_status", bind="query-params", label_visibility="collapsed"
    )
    _list(status)


@st.fragment(run_every=parts.LIVE_EVERY_S)
def _list(status: str | None) -> None:
    access.actor()
    home = access.home()
    wanted = None if status is None else jobs.Status(status)
    total = jobs.count(home, status=wanted)
    if not jobs.worker_alive(home):
        parts.problem("No worker is running: jobs wait until somebody starts `stillhouse worker`.")
    if not total:
        if status:
            parts.empty("No job fits", "Choose another status, or none.")
        else:
            parts.empty(
                "No job yet", "A job is made when somebody starts a run, a preview or a test.", "train"
            )
        return
    offset = (parts.asked_page("jobs_page") - 1) * PAGE_SIZE
    found = jobs.jobs(home, limit=PAGE_SIZE, offset=offset, status=wanted)
    if not found:
        parts.back_to_first_page("jobs_page")
    for job in found:
        parts.job_line(job)
    parts.pager("jobs_page", total, PAGE_SIZE, len(found))
