"""The parts that pages are put together from, so that they look and behave alike."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import Any, NoReturn

import streamlit as st

from appliance.people.acting import Action, may
from appliance.views import overview
from ui import access, formats

LIVE_EVERY_S = 2
"""How often what moves is asked again."""


def page_head(title: str, lead: str, action: Callable[[], object] | None = None) -> None:
    """The page's name, one sentence on what it is for, and on the right what is done most: `action` draws one widget."""
    with st.container(key="sh-head", horizontal=True, vertical_alignment="bottom"):
        st.html(f'<div class="sh-title"><h1>{escape(title)}</h1><p>{escape(lead)}</p></div>')
        if action is not None:
            action()


def section(title: str, help: str | None = None) -> None:
    """A heading within the page, with a sentence below it where one helps."""
    told = f"<p>{escape(help)}</p>" if help else ""
    st.html(f'<div class="sh-section"><h2>{escape(title)}</h2>{told}</div>')


def empty(title: str, next_step: str, page: str | None = None) -> None:
    """What stands where nothing is yet: what is missing, what to do next, and the way to the page where that is done."""
    with st.container(key=f"sh-empty-{re.sub('[^a-z0-9]+', '-', title.lower())}", border=True):
        st.html(f'<div class="sh-empty"><h3>{escape(title)}</h3><p>{escape(next_step)}</p></div>')
        if page is not None:
            st.page_link(f"pages/{page}.py", label=f"Go to {page.capitalize()}")


def problem(error: Exception | str) -> None:
    """What went wrong, as one plain sentence."""
    words = str(error).split()
    # A file's name or a setting's stays as it is.
    if words and words[0].isalpha():
        words[0] = words[0][:1].upper() + words[0][1:]
    st.error(plain(" ".join(words)))


def plain(text: str) -> str:
    """Text as it is, where Streamlit would read Markdown; but what stands between backticks is set as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        pieces = [text]
    outside = [re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:])", r"\\\1", piece) for piece in pieces[::2]]
    inside = [f"`{piece}`" for piece in pieces[1::2]]
    return "".join(piece for pair in zip_longest(outside, inside, fillvalue="") for piece in pair)


def in_html(text: str) -> str:
    """Text as it is, for HTML; what stands between backticks is set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def figures(rows: Sequence[tuple[str, str, str | None]]) -> None:
    """Key figures side by side: a label, the value as it is to be read, a line below it (n, interval, unit)."""
    cells = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd>"
        + (f'<dd class="sh-detail">{in_html(detail)}</dd>' if detail else "")
        + "</div>"
        for label, value, detail in rows
    )
    # Six and more stand in two rows of one length, so that no row ends in an empty place.
    across = len(rows) if len(rows) <= 5 else -(-len(rows) // 2)
    st.html(f'<dl class="sh-figures" style="--sh-across:{across}">{cells}</dl>')


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a table is shown."""

    label: str
    show: Callable[[Any], str] = str
    """The value as it is read; None never gets here."""
    right: bool = False
    """Numbers stand right."""
    whole: bool = False
    """Short words and times, which are never broken over two lines."""
    absent: str = formats.NOT_MEASURED
    """What stands where there is no value."""
    link: Callable[[Mapping[str, Any]], str] | None = None
    """The address that a cell leads to, relative to the console, such as `train?run=...`."""


def table(
    rows: Sequence[Mapping[str, Any]] | Callable[[int, int], Sequence[Mapping[str, Any]]],
    columns: Mapping[str, str | Column],
    *,
    key: str,
    page_size: int = 25,
    total: int | None = None,
) -> None:
    """A table of one page at a time; which one is in the URL as `<key>_page`.

    `rows` is all of them, or a function (offset, limit) -> rows, and then `total` says how many there are.
    """
    if callable(rows):
        assert total is not None, "a table that asks for its rows is told how many there are"
        count = total
    else:
        count = len(rows)
    page = min(asked_page(f"{key}_page"), _num_pages(count, page_size))
    offset = (page - 1) * page_size
    shown = rows(offset, page_size) if callable(rows) else rows[offset : offset + page_size]
    whole = {name: Column(told) if isinstance(told, str) else told for name, told in columns.items()}
    st.html(_table(shown, whole, key))
    pager(f"{key}_page", count, page_size, len(shown))


def pager(name: str, total: int, page_size: int, num_shown: int, *, open_end: bool = False) -> None:
    """Which rows of how many are shown, and the way to the others; nothing where all are. The page is in the URL as `name`.

    `open_end`: there are at least so many, and nobody counted them all.
    """
    if total <= page_size:
        return
    first = (min(asked_page(name), _num_pages(total, page_size)) - 1) * page_size + 1
    of = "" if open_end else f" of {total:,}"
    with st.container(key=f"sh-pages-{name}", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="sh-count">{first:,} to {first + num_shown - 1:,}{of}</p>')
        st.pagination(_num_pages(total, page_size), key=name, bind="query-params")


def _num_pages(total: int, page_size: int) -> int:
    return max(1, -(-total // page_size))


def back_to_first_page(name: str) -> NoReturn:
    """For a page number beyond the last one, of an old link or after rows have gone."""
    st.session_state.pop(name, None)
    st.query_params.pop(name, None)
    st.rerun()


def asked_page(name: str) -> int:
    """The page asked for, from the widget or, before it is drawn, from the URL; from 1."""
    asked = st.session_state.get(name) or st.query_params.get(name) or "1"
    return int(asked) if str(asked).isdecimal() and int(asked) else 1


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Column], name: str) -> str:
    def cell(row: Mapping[str, Any], field: str, column: Column) -> str:
        value = row.get(field)
        told = column.absent if value is None else column.show(value)
        inner = escape(told)
        if column.link is not None:
            inner = f'<a href="{escape(column.link(row), quote=True)}" target="_self">{inner}</a>'
        return f"<td{_aligned(column)}>{inner}</td>"

    head = "".join(
        f'<th scope="col"{_aligned(column)}>{escape(column.label)}</th>' for column in columns.values()
    )
    body = "".join(
        "<tr>" + "".join(cell(row, field, column) for field, column in columns.items()) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="sh-table" role="region" tabindex="0" aria-label="{escape(name.replace("_", " "))}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _aligned(column: Column) -> str:
    return ' class="sh-right"' if column.right else ' class="sh-whole"' if column.whole else ""


WORDS = {"done": "done", "running": "running", "failed": "failed", "interrupted": "interrupted",
         "waiting": "waiting", "stopped": "stopped", "reused": "taken over"}  # fmt: skip
"""What a stage's status is called. A mark and the word stand beside the colour."""
JOBS = {"run": "Run", "refresh": "Refresh", "release": "Release", "find": "Sample for review", "preview": "Look at the records",
        "teacher-test": "Test of the teacher", "load-test": "Load test"}  # fmt: skip
"""What a job's kind is called."""


def stage_strip(run: Mapping[str, Any]) -> None:
    """The stages of a run (`appliance.status.one_run`) in their order, each with where it is."""
    steps = "".join(
        f'<li class="sh-{escape(stage["status"])}"><b>{escape(stage["stage"])}</b>'
        f"<span>{escape(_step(stage))}</span></li>"
        for stage in run["stages"]
    )
    st.html(f'<ol class="sh-strip" aria-label="stages">{steps}</ol>')


def _step(stage: Mapping[str, Any]) -> str:
    """What stands below a stage's name; how long it took, which only done ones have, says that it is done."""
    told = WORDS.get(stage["status"], stage["status"])
    if stage["seconds"] is None or stage["status"] == "reused":
        return told
    return formats.duration(stage["seconds"])


def choose_run() -> str | None:
    """The run that the page is about, from `?run=` or the newest; None where there is none yet."""
    runs = {row["run_id"]: row for row in overview.rows(access.home())}
    return _choose(
        "run", "Run", list(runs), lambda run_id: f"{run_id}  ({formats.when(runs[run_id]['created_at'])})"
    )


def choose_use_case() -> str | None:
    """The use case that the page is about, from `?use_case=` or the first; None where there is none yet."""
    from appliance.preparing import use_cases

    return _choose("use_case", "Use case", list(use_cases.names(access.home())), str)


def _choose(name: str, label: str, options: list[str], told: Callable[[str], str]) -> str | None:
    """A choice that lives in the URL and goes along from page to page."""
    if not options:
        return None
    kept = f"_{name}"
    asked = st.query_params.get(name) or st.session_state.get(kept)
    st.session_state[name] = asked if asked in options else options[0]

    def remember() -> None:
        st.query_params[name] = st.session_state[name]

    chosen: str = st.selectbox(label, options, key=name, format_func=told, on_change=remember, width=420)
    st.query_params[name] = st.session_state[kept] = chosen
    return chosen


def job_notice(job: Any) -> None:
    """Where a job is, live, with a button that stops it; the same height whatever it says."""
    _job_notice(job.job_id)


@st.fragment(run_every=LIVE_EVERY_S)
def _job_notice(job_id: str) -> None:
    from appliance import jobs

    job = jobs.job(access.home(), job_id)
    job_line(job)
    if not job.is_unfinished and st.session_state.pop(f"_ran-{job_id}", False):
        st.rerun()  # the page around it shows what the job has made
    if job.is_unfinished:
        st.session_state[f"_ran-{job_id}"] = True


def job_line(job: Any) -> None:
    """A job as it is now: what, how far, since when, for whom; with Stop or Try again for those who may."""
    from appliance import jobs

    home, actor = access.home(), access.actor()
    at, state = jobs.progress(home, job)
    running = job.status is jobs.Status.RUNNING
    share = state.done / state.total if running and state and state.total else None
    if running:
        told = f"{at}: {state.text()}" if state else at
    elif job.status is jobs.Status.QUEUED:
        told = "waits for its turn" if jobs.worker_alive(home) else "waits: no worker is running"
    else:
        told = job.message or ""
    when = formats.ago(job.ended_at or job.started_at or job.asked_at, time.time())
    about = job.run_id or job.arguments.get("run_id") or job.arguments.get("use_case") or ""
    with st.container(key=f"sh-job-{job.job_id}", border=True, horizontal=True, vertical_alignment="center"):
        st.html(
            f'<div class="sh-job"><p><b>{escape(JOBS.get(job.kind, job.kind))}</b> {escape(str(about))} {mark(job.status)}'
            f"<span>{escape(when)}, asked for by {escape(job.asked_by)}</span></p>"
            f'<p class="sh-now">{in_html(told)}</p>{_bar(share) if job.is_unfinished else ""}</div>'
        )
        may_stop = job.status in (jobs.Status.QUEUED, jobs.Status.RUNNING) and may(actor, Action.STOP_JOB)
        if may_stop and st.button(
            "Stop", key=f"stop-{job.job_id}", help="What is done stays; it can go on later."
        ):
            done(jobs.stop, home, actor, job.job_id)
        may_retry = job.status in (jobs.Status.FAILED, jobs.Status.STOPPED) and may(actor, Action.RETRY_JOB)
        if may_retry and st.button(
            "Try again", key=f"retry-{job.job_id}", help="Goes on from what is there."
        ):
            done(jobs.retry, home, actor, job.job_id)


def mark(status: str) -> str:
    """A status as a small mark, in HTML: colour and word."""
    return f'<span class="sh-mark sh-{escape(status)}">{escape(WORDS.get(status, status))}</span>'


def _bar(share: float | None) -> str:
    """Always there, so that nothing moves when it starts to fill."""
    if share is None:
        return '<div class="sh-bar"></div>'
    percent = round(100 * min(1.0, max(0.0, share)))
    return (
        f'<div class="sh-bar" role="progressbar" aria-label="progress" aria-valuenow="{percent}" '
        f'aria-valuemin="0" aria-valuemax="100"><i style="width:{percent}%"></i></div>'
    )


def done(act: Callable[..., object], *arguments: Any, **named: Any) -> bool:
    """Does what a button asks for and draws the page anew; what was refused is said in its one sentence."""
    try:
        act(*arguments, **named)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("appliance", "distill", "privacy"):
            raise
        problem(error)
        return False
    st.rerun()


def confirm(label: str, words: str, on_yes: Callable[[], object], *, key: str | None = None) -> None:
    """A button that asks once more, in words, before `on_yes` is called."""
    with st.popover(label, key=f"ask-{key or label}"):
        st.write(plain(words))
        if st.button(f"Yes, {label[0].lower()}{label[1:]}", key=f"yes-{key or label}", type="primary"):
            done(on_yes)
