"""The page Release: what would leave, who asks and who decides, and what has left."""

from __future__ import annotations

import re
from html import escape

import streamlit as st

from appliance import approvals, jobs
from appliance.approvals import ApprovalError, Request, Standing
from appliance.home import Home
from appliance.people.acting import Action, Actor, may
from appliance.release_checks import Check, ReleaseError
from appliance.report import words
from appliance.views import releases as release_view
from appliance.views.releases import Candidate, Released
from ui import access, formats, parts
from ui.parts import Column

_MARKS = {
    Standing.ASKED: "running",
    Standing.APPROVED: "done",
    Standing.REFUSED: "failed",
    Standing.VOID: "interrupted",
}
"""Colours of the stages, for the same sense; the word stands beside."""
_REFUSALS = (ApprovalError, ReleaseError, jobs.JobError)


def _candidate(home: Home, actor: Actor, run_id: str) -> None:
    found = release_view.candidate(home, run_id)
    if found.refused is not None:
        if release_view.wants_gates(home, run_id):
            _gates(home, actor, run_id)
        else:
            parts.empty("Nothing of this run can be released yet", found.refused, "train")
        return
    parts.section("What must hold", "Checked now, and again when the folder is written.")
    st.html(
        f'<ul class="sh-checks" style="list-style:none;margin:0;padding:0">{"".join(map(_check, found.checks))}</ul>'
    )
    asked = release_view.requests_of(home, run_id)
    open_request = next((each for each in asked if each.standing is Standing.ASKED), None)
    gone = next(
        (each for each in release_view.released(home) if each.run_id == run_id and each.still_there), None
    )
    if open_request is not None:
        _decide(home, actor, open_request)
    elif gone is not None and gone.erasure is None:
        parts.section("Released", "This very student lies in the home's releases.")
        _released(gone)
    else:
        _ask(home, actor, run_id, found)
    _job(home, asked)
    parts.section("What goes with it", "The card and the licence notes as the folder would have them now.")
    card, licences = st.tabs(["Card", "Licences"])
    with card, st.container(border=True):
        st.markdown(_quoted(found.card))
    with licences, st.container(border=True):
        st.markdown(_quoted(found.licences))


def _gates(home: Home, actor: Actor, run_id: str) -> None:
    parts.section(
        "This refresh was promoted, and is not ready to leave",
        "Its student is attacked, and served beside the evaluated one. That takes minutes; then a release can be asked for.",
    )
    asked = [job for job in jobs.jobs_of_run(home, run_id) if job.kind == "gates"]
    if asked:
        parts.job_notice(asked[0])
    if any(job.is_unfinished for job in asked):
        return
    if not may(actor, Action.START_JOB):
        st.caption("An operator runs the gates. You are signed in without that role.")
    elif st.button("Run the gates", type="primary"):
        try:
            jobs.enqueue(home, actor, "gates", {"run_id": run_id}, key=f"gates {run_id}")
        except _REFUSALS as error:
            parts.problem(error)
            return
        st.rerun()


def _check(check: Check) -> str:
    mark, word = (
        ("done", "holds")
        if check.holds
        else ("interrupted", "may be waived")
        if check.may_be_waived
        else ("failed", "stops it")
    )
    return (
        '<li style="display:grid;grid-template-columns:9rem 11rem 1fr;gap:0.8rem;padding:0.45rem 0;'
        'border-bottom:1px solid var(--sh-border)">'
        f'<span><span class="sh-mark sh-{mark}">{word}</span></span><b>{escape(check.name)}</b>'
        f"<span>{escape(check.found)}</span></li>"
    )


def _quoted(markdown: str) -> str:
    """Our own Markdown with its headings lower than the page's, and without what Streamlit alone would read into it."""
    lines = [f"##{line}" if line.startswith("#") else line for line in markdown.splitlines()]
    return re.sub(r":(?=[\w-]+[:\[])", r"\:", "\n".join(lines).replace("$", "\\$"))


def _ask(home: Home, actor: Actor, run_id: str, found: Candidate) -> None:
    parts.section(
        "Ask for a release", "Somebody else decides: an approver who neither asked nor started this run."
    )
    if not may(actor, Action.ASK_RELEASE):
        st.caption("An operator asks. You are signed in without that role.")
        return
    if found.stands_in_the_way:
        st.warning("This student cannot be released: see what must hold, above.")
        return
    if found.despite_verdict:
        st.warning(
            "The verdict is not to distil. Whoever approves, approves that too, and the card says so in its first line."
        )
    with st.form("ask", border=True):
        reason = st.text_area(
            "Why it should be released",
            max_chars=1000,
            placeholder="What it is for, and who has looked at it",
        )
        if not st.form_submit_button("Ask for the release", type="primary"):
            return
    try:
        approvals.ask(home, actor, run_id, reason)
    except _REFUSALS as error:
        parts.problem(error)
        return
    st.rerun()


def _decide(home: Home, actor: Actor, asked: Request) -> None:
    parts.section("A request waits", None)
    _request(asked)
    hindrance = release_view.why_not_decide(home, actor, asked)
    if hindrance is not None:
        st.info(parts.plain(hindrance))
        return
    with st.form("decide", border=True):
        reason = st.text_area("Reason", max_chars=1000, placeholder="It is kept with the decision")
        with st.container(horizontal=True):
            yes = st.form_submit_button("Approve and release", type="primary")
            no = st.form_submit_button("Refuse")
    if not yes and not no:
        return
    try:
        approvals.decide(home, actor, asked.request_id, yes, reason)
    except _REFUSALS as error:
        parts.problem(error)
        return
    st.rerun()


def _request(asked: Request) -> None:
    despite = " <b>Despite the verdict.</b>" if asked.despite_verdict else ""
    decided = ""
    if asked.decided_by is not None:
        decided = f"<p>{escape(asked.decided_by)}, {escape(formats.when(asked.decided_at))}: {escape(asked.decision_reason or '')}</p>"
    st.html(
        f'<article style="border:1px solid var(--sh-border);border-radius:6px;padding:0.8rem 1rem">'
        f'<p style="margin:0 0 0.3rem"><span class="sh-mark sh-{_MARKS[asked.standing]}">{asked.standing.value}</span> '
        f"<b>{escape(asked.run_id)}</b>, asked by {escape(asked.asked_by)} on {escape(formats.when(asked.asked_at))}.{despite}</p>"
        f'<p style="margin:0;white-space:pre-wrap">{escape(asked.reason)}</p>{decided}'
        f'<p style="margin:0.3rem 0 0;color:var(--sh-quiet);font-size:0.82rem">'
        f"Verdict: {escape(words.VERDICTS.get(asked.verdict, asked.verdict))}. Student {escape(asked.student[:16])}, "
        f"report {escape(asked.report[:16])}: a change of either voids the request.</p></article>"
    )


def _job(home: Home, asked: list[Request]) -> None:
    """The release that is being written, live."""
    for each in asked:
        if each.job_id is not None:
            job = jobs.job(home, each.job_id)
            if job.is_unfinished or job.status is jobs.Status.FAILED:
                parts.job_notice(job)
            return


def _history(home: Home) -> None:
    parts.section("Requests", "Every one, with who decided and why.")
    asked = release_view.requests_of(home)
    if not asked:
        st.caption("Nobody has asked for a release yet.")
    else:
        parts.table(
            [
                {
                    "when": formats.when(each.asked_at),
                    "run": each.run_id,
                    "asked": f"{each.asked_by}: {each.reason}",
                    "standing": release_view.WORDS[each.standing],
                    "decided": ""
                    if each.decided_by is None
                    else f"{each.decided_by}: {each.decision_reason}",
                }
                for each in asked
            ],
            {
                "when": "Asked",
                "run": Column("Run", link=lambda row: f"release?run={row['run']}"),
                "asked": "By, and why",
                "standing": "State",
                "decided": "Decided",
            },
            key="requests",
            page_size=10,
        )
    parts.section(
        "Released",
        "Folders that vLLM serves as they are: weights, prompt, card, report, licences, checksums.",
    )
    released = release_view.released(home)
    if not released:
        st.caption("Nothing has been released yet.")
    for each in released:
        _released(each)


def _released(each: Released) -> None:
    with st.container(border=True):
        despite = ", despite its verdict" if each.despite_verdict else ""
        st.html(
            f'<p class="sh-job"><b>{escape(each.run_id)}</b>, {escape(words.within(words.arm_name(each.arm)))}, '
            f"{escape(formats.when(each.released_at))}{despite}<br>{each.num_files:,} files, {escape(formats.size(each.size_bytes))}; "
            f"student {escape(each.student[:16])}</p>"
        )
        if each.erasure is not None:
            st.error(
                f"It learnt from what was erased since (erasure {each.erasure}): take this folder out of service, and delete it."
            )
        elif not each.still_there:
            st.warning(
                "The run has another student by now, or is gone: this folder is what was released then."
            )
        st.code(each.check, language="bash", wrap_lines=True)


def main() -> None:
    actor = access.require(Action.VIEW)
    home = access.home()
    parts.page_head("Release", "One person asks, another decides; what leaves is what was measured.")
    run_id = parts.choose_run()
    if run_id is None:
        parts.empty("There is no run yet", "A student is released from a finished run.", "train")
    else:
        _candidate(home, actor, run_id)
    _history(home)


main()
