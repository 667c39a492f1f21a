"""The tab Files: bring a file of records in, and see what it holds without seeing a value of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from appliance import datasets
from appliance.people.acting import Action, may
from appliance.preparing import use_cases
from ui import access, formats, parts
from ui.parts import Column

LOOKS = {
    "empty": "nothing", "id": "a name of its own for each record", "label": "one of few values", "number": "numbers",
    "date": "dates", "json": "JSON", "text": "text to read",
}  # fmt: skip


def show() -> None:
    actor = access.actor()
    if may(actor, Action.BRING_IN_DATA):
        _bring_in()
    shelf = datasets.datasets(access.home())
    parts.section("Datasets", "Files as they came in: kept in the home, readable by its owner only.")
    if not shelf:
        who = "Bring in" if may(actor, Action.BRING_IN_DATA) else "An operator brings in"
        parts.empty(
            "There is no dataset yet",
            f"{who} a CSV, JSON lines or Parquet file with one record a row. Nothing is read by a model before somebody says so.",
        )
        return
    if may(actor, Action.EDIT_USE_CASE) and not use_cases.names(access.home()):
        st.html(
            '<p class="sh-need sh-next">Next: make a use case with the button at the top right. It says what is asked of '
            "which records, and under which policy.</p>"
        )
    parts.table(
        [_row(each) for each in shelf],
        {
            "filename": Column("File", link=lambda row: f"data?tab=Files&dataset={row['dataset_id']}"),
            "rows": Column("Rows", formats.number, right=True),
            "columns": Column("Columns", formats.number, right=True),
            "bytes": Column("Size", formats.size, right=True),
            "by": "Brought in by",
            "at": Column("When", formats.when),
            "dataset_id": "Name in the home",
        },
        key="datasets",
        page_size=10,
    )
    _one(shelf)


def _row(each: datasets.Dataset) -> dict[str, Any]:
    return {
        "filename": each.filename,
        "rows": each.rows,
        "columns": len(each.columns),
        "bytes": each.bytes,
        "by": each.brought_in_by,
        "at": each.at,
        "dataset_id": each.dataset_id,
    }


def _bring_in() -> None:
    """By upload, or by the name of a file on the server; either is checked whole before anything of it is kept."""
    settings = datasets.data_settings(access.home())
    left, right = st.columns(2, gap="large")
    with left:
        count = st.session_state.setdefault("_uploads", 0)
        uploaded = st.file_uploader(
            "Upload a file",
            type=["csv", "jsonl", "ndjson", "parquet"],
            key=f"upload-{count}",
            help="CSV with a header, JSON lines or Parquet, in UTF-8.",
        )
        if uploaded is not None and st.button("Bring it in", type="primary"):
            with st.spinner("Checking the file", show_time=True):
                kept = _kept(uploaded, uploaded.name)
            if kept:
                st.session_state["_uploads"] = count + 1  # an uploader that forgets the file's bytes
                st.rerun()
    with right:
        path = st.text_input(
            "Or a file on the server",
            placeholder="/srv/exports/tickets.csv",
            help="For large files. Read from these folders only: " + ", ".join(settings.roots)
            if settings.roots
            else "The administrator allows folders in data.toml; none is allowed yet.",
            disabled=not settings.roots,
        )
        if not settings.roots:
            st.caption("No folder of the server is allowed yet: an administrator names them in data.toml.")
        elif path and st.button("Bring it in", key="bring-path", type="primary"):
            with st.spinner("Copying and checking the file", show_time=True):
                kept = _kept(Path(path), Path(path).name)
            if kept:
                st.rerun()


def _kept(source: Any, filename: str) -> bool:
    try:
        found = datasets.bring_in(access.home(), access.actor(), source, filename)
    except datasets.DataError as error:
        parts.problem(f"{error}.")
        return False
    st.query_params["dataset"] = st.session_state["dataset"] = found.dataset_id
    return True


def _one(shelf: list[datasets.Dataset]) -> None:
    """What the columns of one file look like."""
    ids = [each.dataset_id for each in shelf]
    asked = st.query_params.get("dataset")
    chosen = shelf[ids.index(asked)] if asked in ids else shelf[0]
    profile = datasets.profile(access.home(), chosen.dataset_id)
    sampled = (
        "" if profile.profiled >= profile.rows else f" The first {profile.profiled:,} rows were looked at."
    )
    parts.section(
        f"What {chosen.filename} holds", "Shapes and counts. No value of a column is shown here." + sampled
    )
    if profile.too_long:
        st.warning(f"{profile.too_long:,} rows are longer than a use case takes and would be dropped.")
    parts.table(
        [
            {
                "name": column.name,
                "look": column.looks_like,
                "filled": column.filled,
                "distinct": column.distinct,
                "median": column.median,
                "longest": column.longest,
                "words": column.words,
            }
            for column in profile.columns
        ],
        {
            "name": "Column",
            "look": Column("Looks like", lambda look: LOOKS.get(look, look)),
            "filled": Column("Filled", formats.percent, right=True),
            "distinct": Column("Different values", formats.number, right=True, absent="over 10,000"),
            "median": Column("Characters, median", formats.number, right=True, absent="none"),
            "longest": Column("Longest", formats.number, right=True, absent="none"),
            "words": Column("Words, mean", lambda value: formats.number(value, 1), right=True, absent="none"),
        },
        key="columns",
    )
    actor = access.actor()
    if may(actor, Action.DELETE_DATA):
        users = datasets.users_of(access.home(), chosen.dataset_id)
        read_by = f" It is read by: {', '.join(users)}." if users else ""
        parts.confirm(
            "Delete this dataset",
            f"{chosen.filename} is taken off the disk for good. Finished runs keep what was scrubbed from it.{read_by}",
            lambda: datasets.delete(access.home(), actor, chosen.dataset_id),
            key="delete-dataset",
        )
