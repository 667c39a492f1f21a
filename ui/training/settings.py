"""The tab Settings: one form with what each setting does, what the training will take, and the button that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from appliance import datasets
from appliance.people.acting import Action, may
from appliance.preparing import use_cases
from appliance.status import all_runs
from appliance.training import estimates
from appliance.training import form as training_form
from appliance.training import view as training_view
from appliance.training.estimates import Estimate, Memory, Time
from appliance.training.form import FIELDS, PRIVATE, Field, Student, Values
from ui import access, formats, parts

_NOT_CLONED = ""


def show(name: str) -> None:
    home = access.home()
    document = use_cases.read(home, name)
    students = training_form.students(home)
    missing = use_cases.problems(home, name)
    left, right = st.columns([3, 2], gap="large")
    with left:
        values = _form(name, document, students)
    with right:
        _before_the_button(name, document, values, missing)


# --- the form ---------------------------------------------------------------------------------------------------------


def _form(name: str, document: Mapping[str, Any], students: list[Student]) -> Values:
    held = _begin(name, document)
    parts.section("Settings", "They are the use case's own: saved with it, and used by its next run.")
    held["student.base"] = _student(name, held["student.base"], students)
    for field in FIELDS:
        if field.simple and not (
            field.name == "onpolicy.steps" and held["onpolicy.method"] == training_form.OFF
        ):
            held[field.name] = _ask(name, field, held[field.name])
    held[PRIVATE] = _privately(name, held[PRIVATE])
    more = [field for field in FIELDS if not field.simple]
    if held["onpolicy.method"] == training_form.OFF:
        more = [field for field in more if not field.name.startswith("onpolicy.")]
    with st.expander("More settings"):
        columns = st.columns(2, gap="medium")
        for number, field in enumerate(more):
            # One half below the other, so that related ones stay together.
            with columns[number >= -(-len(more) // 2)]:
                held[field.name] = _ask(name, field, held[field.name])
    return held


def _begin(name: str, document: Mapping[str, Any]) -> Values:
    """What the form starts from: the use case, or the settings of an earlier run."""
    home = access.home()
    runs = [row["run_id"] for row in all_runs(home)]
    cloned = st.selectbox(
        "Start from",
        [_NOT_CLONED, *runs],
        key=f"clone-{name}",
        format_func=lambda run_id: f"the settings of {run_id}" if run_id else "this use case as it is saved",
        help="Fills the form with the settings of an earlier run. Nothing is saved before you save or start.",
        width=480,
    )
    source = f"{cloned} {use_cases.version(home, name)}"
    if st.session_state.get(f"_source-{name}") != source:
        # Another source, or saved elsewhere: what the widgets held is of no more use.
        for key in [key for key in st.session_state if str(key).startswith(f"form-{name}-")]:
            del st.session_state[key]
        st.session_state[f"_source-{name}"] = source
    return training_form.values_of(training_view.settings(home, cloned) if cloned else document)


def _student(name: str, held: str | None, students: list[Student]) -> str | None:
    known = {
        student.base: f"{student.name}  ({student.num_weights / 1e6:,.0f} million weights)"
        for student in students
    }
    bases = list(known) if held is None or held in known else [*known, held]
    if not bases:
        parts.empty(
            "There is no student model yet",
            "An administrator fetches one, or copies one into the home.",
            "system",
        )
        return None
    chosen: str = st.selectbox(
        "Student",
        bases,
        index=bases.index(held) if held in bases else 0,
        key=f"form-{name}-student.base",
        format_func=lambda base: known.get(base, base),
        width=480,
    )
    _advise(
        "The small model that learns. Smaller is cheaper to serve; larger reaches higher scores on hard tasks."
    )
    return chosen


def _ask(name: str, field: Field, held: Any) -> Any:
    key, given = f"form-{name}-{field.name}", key_value(field, held)
    value: Any
    if field.kind == "choice":
        choices = training_form.choices_of(field, held)
        told = dict(zip(field.choices, field.said, strict=True))
        value = st.selectbox(
            field.label,
            choices,
            index=choices.index(held),
            key=key,
            format_func=lambda each: told.get(each, each),
            width=480,
        )
    elif field.kind == "yes-no":
        value = st.toggle(field.label, value=bool(held), key=key)
    else:
        value = st.number_input(
            field.label, value=given, min_value=_bound(field, field.least), max_value=_bound(field, field.most),
            step=_bound(field, field.step), format=None if field.kind == "whole" else "%.6g", key=key, width=240,
            placeholder="as it comes",
        )  # fmt: skip
        value = field.default if value is None and not field.may_be_empty else value
    _advise(field.advice)
    return value


def key_value(field: Field, held: Any) -> Any:
    """Streamlit wants one type throughout: whole numbers as int, others as float."""
    if held is None or field.kind not in ("whole", "number"):
        return held
    return int(held) if field.kind == "whole" else float(held)


def _bound(field: Field, value: float | None) -> Any:
    return key_value(field, value)


def _privately(name: str, held: float | None) -> float | None:
    wanted = st.toggle(
        "Promise privacy to each person (differential privacy)", value=held is not None, key=f"form-{name}-dp"
    )
    _advise(
        "The training is noised so that no one person's records change the student by more than a stated amount. It costs "
        "quality and time, trains an adapter only, and leaves out learning from own answers."
    )
    if not wanted:
        return None
    epsilon: float = st.number_input(
        "Privacy budget (epsilon)",
        min_value=0.1,
        max_value=20.0,
        value=held or 8.0,
        step=0.5,
        key=f"form-{name}-{PRIVATE}",
        width=240,
    )
    _advise("Smaller is stronger: the odds of any outcome change by a factor of e to this power at most.")
    return epsilon


def _advise(words: str) -> None:
    st.html(f'<p class="sh-advice">{parts.escape(words)}</p>')


# --- before the button --------------------------------------------------------------------------------------------------


def _before_the_button(name: str, document: Mapping[str, Any], values: Values, missing: list[str]) -> None:
    home, actor = access.home(), access.actor()
    planned = (
        {**document, **training_form.sections_of(document, values)}
        if values["student.base"]
        else dict(document)
    )
    # What the form itself supplies is not missing.
    missing = [words for words in missing if not (words.startswith("no student") and values["student.base"])]
    if missing:
        parts.section("Before it can run")
        for words in missing:
            st.html(f'<p class="sh-need sh-waits">{parts.in_html(words[:1].upper() + words[1:])}.</p>')
        with st.container(horizontal=True, key="sh-links-missing"):
            for page in ("data", "teacher"):
                if any(f"page {page.capitalize()}" in words for words in missing):
                    st.page_link(
                        f"pages/{page}.py",
                        label=f"Go to {page.capitalize()}",
                        query_params={"use_case": name} | ({"tab": "Fields"} if page == "data" else {}),
                    )
    parts.section("What it will take", "As earlier runs on this machine measured it.")
    _estimate(estimates.estimate(home, planned, _records(document), use_cases.path(home, name).parent))
    running = training_view.waiting(home, name, None)
    if running:
        st.info("A run of this use case is under way: the tab Live shows it.")
    may_edit, may_start = may(actor, Action.EDIT_USE_CASE), may(actor, Action.START_JOB)
    with st.container(horizontal=True):
        if st.button(
            "Start the run",
            type="primary",
            key="start",
            disabled=not may_start or bool(missing) or bool(running),
        ):
            parts.done(_start, name, values)
        if st.button("Save", key="save", disabled=not may_edit or not values["student.base"]):
            parts.done(training_form.save, home, actor, name, values)
    if not may_start:
        st.caption("Operators start runs.")


def _start(name: str, values: Values) -> None:
    training_form.start(access.home(), access.actor(), name, values)
    st.session_state["_tab"] = "Live"  # the tabs are bound to the address and write it themselves


def _records(document: Mapping[str, Any]) -> int | None:
    """Of the dataset that the use case names."""
    named = Path(str((document.get("data") or {}).get("path", ""))).parent.name
    return next((each.rows for each in datasets.datasets(access.home()) if each.dataset_id == named), None)


def _estimate(told: Estimate) -> None:
    """Side by side in a narrow column: what each takes, and how that is known."""
    parts.figures(
        [
            ("Training records", _count(told.examples), "without those held out"),
            ("Steps", _count(told.steps), "of supervised training"),
            *((time.what, *_time(time)) for time in told.times),
            ("Memory", *_memory(told.memory, told.memory_note)),
        ]
    )
    if told.memory is not None and told.memory.cannot_fit:
        st.error(
            f"It cannot fit: {formats.size(told.memory.sure)} are held throughout and {formats.size(told.memory.free)} are "
            "free. Take a smaller student, or an adapter."
        )


def _count(value: int | None) -> str:
    return "not known" if value is None else formats.number(value)


def _time(time: Time) -> tuple[str, str]:
    if time.seconds is None:
        return "not known", time.source.removeprefix("not known yet: ").removeprefix("not known: ")
    ends = "" if time.low is None or time.high is None else f"{_rough(time.low)} to {_rough(time.high)}, "
    return f"about {_rough(time.seconds)}", ends + time.source


def _rough(seconds: float) -> str:
    """No finer than a forecast is."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _memory(memory: Memory | None, note: str) -> tuple[str, str]:
    if memory is None:
        return "not known", note
    free = "" if memory.free is None else f"; {formats.size(memory.free)} are free"
    return (
        f"{formats.size(memory.sure)} or more",
        f"up to {formats.size(memory.at_most)} {memory.basis}{free}",
    )
