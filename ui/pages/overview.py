"""The page Overview: what waits for you, what is at work, and the runs."""

from __future__ import annotations

from html import escape

import streamlit as st

from appliance import jobs
from appliance.people.acting import Action, may
from appliance.report import words
from appliance.views import overview
from ui import access, formats, parts

PAGE_SIZE = 8
STATUSES = ("done", "running", "failed", "interrupted")

actor = access.require(Action.VIEW)
home = access.home()


def new_run() -> None:
    if may(actor, Action.START_JOB):
        st.page_link("pages/train.py", label="New run")


def show_needs() -> None:
    waiting = overview.needs(home, actor)
    if not waiting:
        return
    parts.section("What waits for you")
    for number, need in enumerate(waiting):
        with st.container(key=f"sh-need-{number}", horizontal=True, vertical_alignment="center"):
            st.html(f'<p class="sh-need sh-{need.urgency}">{parts.in_html(need.words)}</p>')
            if need.job_id is not None:
                if st.button("Try again", key=f"again-{need.job_id}"):
                    parts.done(jobs.retry, home, actor, need.job_id)
            elif need.page is not None:
                st.page_link(
                    f"pages/{need.page}.py", label=need.page.capitalize(), query_params=dict(need.query)
                )


@st.fragment(run_every=parts.LIVE_EVERY_S)
def show_work() -> None:
    """Asked again every few seconds; when a job ends, the whole page is drawn anew."""
    access.actor()
    at_work = overview.working(home)
    ids = [job.job_id for job, _, _ in at_work]
    before = st.session_state.get("_at_work", ids)
    st.session_state["_at_work"] = ids
    if set(before) - set(ids):
        st.rerun()
    if at_work:
        parts.section("At work")
    for job, _, _ in at_work:
        parts.job_line(job)


def show_card(card: overview.Card) -> None:
    with st.container(key=f"sh-card-{card.run_id}", border=True):
        st.html(
            f'<div class="sh-card"><h3>{escape(card.title)} {parts.mark(card.status)}</h3>'
            f'<p class="sh-id"><code>{escape(card.run_id)}</code>, started {escape(formats.when(card.created_at))}</p>'
            f"{_told(card)}</div>"
        )
        parts.stage_strip({"stages": card.stages})
        with st.container(horizontal=True, key=f"sh-links-{card.run_id}"):
            finished = card.verdict is not None
            for page in ("report", "quality", "serving", "train") if finished else ("train", "privacy"):
                st.page_link(f"pages/{page}.py", label=page.capitalize(), query_params={"run": card.run_id})


def _told(card: overview.Card) -> str:
    told = ""
    if card.headline:
        told += f'<p class="sh-verdict">{escape(card.headline)}</p>'
    elif card.message:
        told += f'<p class="sh-verdict sh-why">{parts.in_html(card.message)}</p>'
    figure = card.figure
    if figure is not None:
        interval = (
            f", 95% interval {formats.percent(figure.low)} to {formats.percent(figure.high)}"
            if figure.low is not None
            else ""
        )
        untuned = f", untuned {formats.percent(figure.untuned)}" if figure.untuned is not None else ""
        told += (
            f'<p class="sh-figure"><b>{escape(formats.percent(figure.value))}</b> '
            f"{escape(words.within(words.metric_name(figure.metric)))}{interval}, n = {figure.n:,}{untuned}</p>"
        )
    return told


def show_runs() -> None:
    parts.section("Runs")
    with st.container(horizontal=True, vertical_alignment="bottom", key="sh-filter"):
        words = st.text_input(
            "Search runs",
            key="q",
            bind="query-params",
            placeholder="Search name, title or run",
            label_visibility="collapsed",
            width=280,
        )
        status = st.segmented_control(
            "Status", STATUSES, key="status", bind="query-params", label_visibility="collapsed"
        )
    page = parts.asked_page("page")
    cards, total = overview.cards(
        home, status=status, words=words or "", offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE
    )
    if not total:
        if words or status:
            parts.empty("No run fits", "Search for something else, or take the status away.")
        else:
            parts.empty(
                "No run yet",
                "Bring in data, choose a policy and a teacher; then start the first run on the page Train.",
                "data",
            )
        return
    if not cards:
        parts.back_to_first_page("page")
    for card in cards:
        show_card(card)
    parts.pager("page", total, PAGE_SIZE, len(cards))


parts.page_head("Overview", "What waits for you, what is at work, and what came of each run.", new_run)
show_needs()
show_work()
show_runs()
