"""The tab Look: what the whole file counts up to, and twenty of its records as the policy leaves them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from appliance import jobs
from appliance.people.acting import Action, may
from appliance.preparing import preview, use_cases
from appliance.preparing.preview import Counts, Scrubbed
from ui import access, charts, formats, parts
from ui.parts import Column
from ui.preparing import marked

REASONS = {
    "bad-encoding": "not UTF-8",
    "bad-syntax": "breaks the format",
    "missing-field": "a column is empty",
    "too-long": "too long",
    "not-in-closed-set": "a word that may not be there",
    "scan-failed": "could not be scanned",
    "scan-timed-out": "took too long to scan",
    "policy": "the policy drops it",
}
_A_PAGE = 5


def show(name: str) -> None:
    home, actor = access.home(), access.actor()
    seen = preview.counts(home, name)
    running = latest(name, "preview")
    if may(actor, Action.START_JOB):
        label = "Look at the records" if seen is None else "Look again"
        if st.button(label, type="primary" if seen is None else "secondary", key="look",
                     disabled=running is not None and running.is_unfinished):  # fmt: skip
            parts.done(preview.ask, home, actor, name)
    if running is not None and (running.is_unfinished or running.status is not jobs.Status.DONE):
        parts.job_notice(running)
    if seen is None:
        parts.empty(
            "Nobody has looked at the records yet",
            "A look counts the whole file and scrubs twenty records, spread over the file and its lengths. It takes about a minute.",
        )
        return
    if not preview.is_of_now(home, name, seen):
        st.warning("The data, the fields or the policy have changed since this look: look again.")
    kind = use_cases.read(home, name).get("task", {}).get("kind")
    _quality(seen, is_classification=kind == "classify")
    if may(actor, Action.SEE_TEXT):
        _records(preview.records(home, actor, name), seen)
    else:
        parts.section("Scrubbed records")
        st.caption("Scrubbed records are shown to operators, privacy officers and approvers.")


def latest(name: str, kind: str) -> jobs.Job | None:
    """The newest job of this kind for the use case, among the last fifty."""
    for job in jobs.jobs(access.home(), limit=50):
        if job.kind == kind and job.arguments.get("use_case") == name:
            return job
    return None


def _quality(seen: Counts, *, is_classification: bool) -> None:
    parts.section(
        "Quality", f"Counted {formats.when(seen.at)} over the whole file, under the policy {seen.policy}."
    )
    lost = seen.rows - seen.readable
    parts.figures(
        [
            ("Rows", formats.number(seen.rows), None),
            ("Readable", formats.number(seen.readable), formats.percent(seen.readable / seen.rows) if seen.rows else None),
            ("Dropped when read", formats.number(lost), _reasons(seen.unreadable)),
            ("There twice", formats.number(seen.duplicates), "the same question as an earlier record"),
        ]
    )  # fmt: skip
    parts.table(
        [{"field": name, **lengths} for name, lengths in seen.lengths.items()],
        {
            "field": "Field",
            "mean": Column("Characters, mean", lambda value: formats.number(value, 0), right=True),
            "low": Column("1 in 20 shorter than", formats.number, right=True),
            "median": Column("Median", formats.number, right=True),
            "high": Column("1 in 20 longer than", formats.number, right=True),
            "longest": Column("Longest", formats.number, right=True),
        },
        key="lengths",
    )
    if seen.labels and is_classification:
        _balance(seen)


def _balance(seen: Counts) -> None:
    labels = dict(seen.labels or {})
    parts.section(f"Balance of {seen.answer}")
    least = min(labels, key=labels.__getitem__)
    said = (
        f"{len(labels)} answers; the commonest stands in {max(labels.values()):,} records, the rarest of these ({least}) in "
        f"{labels[least]:,}."
    )
    if seen.rare:
        said += f" {seen.rare:,} records have an answer too rare or too long to be shown."
    if seen.withheld:
        said += f" {seen.withheld:,} answers are held back because something personal was found in them."
    shown = dict(list(labels.items())[:25])
    if len(shown) < len(labels):
        said += f" The {len(shown)} commonest are drawn."
    rows = [{"answer": label, "records": count} for label, count in shown.items()]
    charts.show_chart(charts.bars(rows, "answer", "records", x_title="records"), said, rows)


def _reasons(reasons: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{count:,} {REASONS.get(reason, reason)}" for reason, count in reasons.items()) or "none"
    )


def _records(records: list[Scrubbed], seen: Counts) -> None:
    parts.section(
        "Twenty records after scrubbing",
        "Coloured is what stands in the place of something that was found; its kind stands behind it. What is not coloured "
        "was let through: read for what was missed.",
    )
    if seen.dropped:
        st.caption(f"Of those drawn, dropped: {_reasons(seen.dropped)}.")
    page = min(parts.asked_page("records_page"), max(1, -(-len(records) // _A_PAGE)))
    shown = records[(page - 1) * _A_PAGE : page * _A_PAGE]
    for record in shown:
        fields = [
            (
                name,
                marked.html_of(
                    text,
                    [
                        marked.Place(start, end, marked.short(kind), "replaced")
                        for start, end, kind in record.replaced.get(name, ())
                    ],
                ),
            )
            for name, text in record.fields.items()
        ]
        marked.record(f"Row {record.row:,}", fields)
    parts.pager("records_page", len(records), _A_PAGE, len(shown))
