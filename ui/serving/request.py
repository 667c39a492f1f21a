"""The tab Load test: asks for one at levels of one's own, and lists those that were done."""

from __future__ import annotations

import streamlit as st

from appliance import jobs
from appliance.people.acting import Action, may
from appliance.report import words
from appliance.views import load_tests
from appliance.views.load_tests import Asked
from ui import access, formats, parts
from ui.parts import Column

_LEVELS = (1, 2, 4, 8, 16, 32, 64, 128)


def show(run_id: str) -> None:
    home, actor = access.home(), access.actor()
    waiting = [job for job in jobs.jobs_of_run(home, run_id) if job.kind == "load-test" and job.is_unfinished]
    for job in waiting:
        parts.job_notice(job)
    _form(run_id, may(actor, Action.START_JOB), bool(waiting))
    _done(run_id)


def _form(run_id: str, allowed: bool, busy: bool) -> None:
    parts.section(
        "Ask for a load test",
        "Serves the finished student of this run and loads it with the test records' prompts. Its figures are kept beside the run; "
        "the report stays as it is.",
    )
    levels = st.pills("Clients at once", _LEVELS, selection_mode="multi", default=[1, 8], key="levels-asked")
    opened = st.toggle(
        "Also at a given rate of arrivals (half, four fifths and a tenth over the best)", key="opened"
    )
    left, middle, right = st.columns(3)
    with left:
        requests = st.number_input(
            "Requests a level, at most", 1, load_tests.MOST_REQUESTS, 64, 16, key="per-level"
        )
    with middle:
        repeats = st.number_input(
            "Repeats", 1, 10, 3, 1, key="repeats", help="An interval takes two or more."
        )
    with right:
        seconds = st.number_input(
            "Arrivals for, seconds", 1, load_tests.MOST_SECONDS, 10, 5, key="seconds", disabled=not opened
        )
    if not levels:
        st.caption("Choose at least one level.")
        return
    asked = Asked(
        run_id,
        tuple(sorted(levels)),
        max(int(requests), max(levels)),
        int(repeats),
        (0.5, 0.8, 1.1) if opened else (),
        float(seconds),
    )
    st.html(
        f'<p class="sh-advice" style="margin-top:0">{asked.num_requests():,} requests in the closed loop, beside a minute or '
        "so to start the server. It waits for its turn: a training is never disturbed by it, nor it by one.</p>"
    )
    if st.button("Start the load test", type="primary", disabled=not allowed or busy):
        parts.done(_start, asked)
    if not allowed:
        st.caption("Operators start load tests.")


def _start(asked: Asked) -> None:
    arguments = {
        "run_id": asked.run_id,
        "concurrency": list(asked.concurrency),
        "requests_per_level": asked.requests_per_level,
        "repeats": asked.repeats,
        "open_shares": list(asked.open_shares),
        "open_seconds": asked.open_seconds,
    }
    jobs.enqueue(access.home(), access.actor(), "load-test", arguments, key=f"load-test {asked.run_id}")


def _done(run_id: str) -> None:
    found = load_tests.results(access.home(), run_id)
    if not found:
        return
    parts.section("Done")
    parts.table(
        [
            {
                "when": formats.when(told["finished_at"]),
                "by": told["asked_by"],
                "levels": ", ".join(str(level) for level in told["settings"]["load"]["concurrency"]),
                "arm": words.arm_name(told["arm"]),
                "device": f"{told['device']}, {told['engine']}",
                "said": load_tests.summary(told),
                "job_id": told["job_id"],
            }
            for told in found
        ],
        {
            "when": Column("Done", link=lambda row: f"serving?run={run_id}&tab=Speed&test={row['job_id']}"),
            "by": "Asked for by",
            "levels": "At once",
            "arm": "Arm",
            "device": "Device",
            "said": "Found",
        },
        key="tests",
    )
