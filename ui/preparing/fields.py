"""The tab Fields: which column is what, and what is asked of the model."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from appliance import datasets
from appliance.people.acting import Action, may
from appliance.preparing import mapping, policies, use_cases
from appliance.preparing.mapping import Form, Kind
from appliance.preparing.policy_words import PRESET_WORDS
from privacy.entities import ENTITY_TYPES
from ui import access, formats, parts

KINDS: dict[Kind, str] = {
    "classify": "Put it into one of some categories",
    "extract": "Fill in a form (JSON)",
    "generate": "Write a text",
}
_NONE = "none"


def new_use_case() -> None:
    """A button with the two lines that a new use case needs."""
    actor = access.actor()
    if not may(actor, Action.EDIT_USE_CASE):
        return
    with st.popover("New use case", key="new-use-case"):
        title = st.text_input("What is it about", placeholder="Support tickets to queues", key="new-title")
        name = st.text_input(
            "Short name", placeholder="tickets", key="new-name", help="Seen in run ids and files."
        )
        if st.button("Create it", key="new-create", type="primary"):
            try:
                use_cases.create(access.home(), actor, name.strip(), title)
            except ValueError as error:
                parts.problem(error)
                return
            st.query_params["use_case"] = st.session_state["_use_case"] = name.strip()
            st.session_state["_tab"] = "Fields"  # the tabs are bound to the address and write it themselves
            st.rerun()


def show(name: str) -> None:
    home = access.home()
    document = use_cases.read(home, name)
    shelf = datasets.datasets(home)
    if not shelf and "data" not in document:
        parts.empty("There is no dataset yet", "Bring one in on the tab Files.")
        return
    saved = mapping.form_of(home, name)
    left, right = st.columns([3, 2], gap="large")
    with left:
        form = _columns(name, document, saved, shelf)
        form = _task(name, form)
        form = _rest(name, form, shelf)
        _save(name, form)
    with right:
        _missing(name)


def _columns(name: str, document: dict[str, Any], saved: Form, shelf: list[datasets.Dataset]) -> Form:
    parts.section(
        "Records",
        "Which file, and which of its columns are what. A column that is not named here stays behind.",
    )
    home, ids = access.home(), [each.dataset_id for each in shelf]
    chosen = st.selectbox(
        "Dataset",
        ids,
        index=ids.index(saved.dataset_id) if saved.dataset_id in ids else None,
        key=f"f-{name}-dataset",
        format_func=lambda each: mapping.dataset_name(home, each),
        placeholder="choose one",
    )
    if chosen is None:
        if "data" in document:
            st.caption(
                "This use case reads a file that was not brought in here; choosing a dataset replaces it."
            )
        return saved
    columns = list(datasets.dataset(home, chosen).columns)
    if "data" not in document:
        saved = mapping.suggested(datasets.profile(home, chosen), chosen)
    key = f"f-{name}-{chosen}"
    one, two = st.columns(2)
    with one:
        record_id = _column("Record id", columns, saved.id, f"{key}-id",
                            "Stays the same from export to export. The privacy review needs one.")  # fmt: skip
    with two:
        subject = _column("Whom it is about", columns, saved.subject, f"{key}-subject",
                          "Such as a customer number: dates of one person move together, and a person can be traced.")  # fmt: skip
    inputs = st.multiselect(
        "Shown to the model",
        columns,
        default=[column for column in saved.inputs if column in columns],
        key=f"{key}-inputs",
        help="These are scanned for personal data and scrubbed before any model sees them.",
    )
    one, two = st.columns(2)
    with one:
        answer = _column("Answers that are there already", columns, saved.answer, f"{key}-answer",
                         "The column with a teacher's recorded answers. Without one, a teacher is asked (page Teacher).")  # fmt: skip
    with two:
        reference = _column("What people say is right", columns, saved.reference, f"{key}-reference",
                            "The teacher and the student are both measured against it.")  # fmt: skip
    used = list(dict.fromkeys([*inputs, *filter(None, (answer, reference))]))
    typed = _typed(used, saved, key)
    return replace(
        saved,
        dataset_id=chosen,
        id=record_id,
        subject=subject,
        inputs=tuple(inputs),
        answer=answer,
        reference=reference,
        typed=typed,
    )


def _column(label: str, columns: list[str], value: str | None, key: str, help: str) -> str | None:
    options = [None, *columns]
    chosen: str | None = st.selectbox(
        label,
        options,
        index=options.index(value) if value in columns else 0,
        key=key,
        help=help,
        format_func=lambda column: _NONE if column is None else column,
    )
    return chosen


def _typed(used: list[str], saved: Form, key: str) -> dict[str, str]:
    """Columns whose every cell is one thing: replaced whole, without a model having to find it."""
    with st.expander("Columns that hold one kind of personal data and nothing else"):
        chosen = st.multiselect(
            "Replaced whole",
            used,
            default=[column for column in saved.typed if column in used],
            key=f"{key}-typed",
            help="Such as a column of names: every cell is replaced, and looked for in the record's other fields.",
        )
        return {
            column: st.selectbox(
                f"What {column} holds",
                list(ENTITY_TYPES),
                index=list(ENTITY_TYPES).index(saved.typed.get(column, "PERSON")),
                key=f"{key}-typed-{column}",
                format_func=lambda each: f"{ENTITY_TYPES[each].description}  ({each})",
            )
            for column in chosen
        }


def _task(name: str, form: Form) -> Form:
    parts.section("Question", "What the model is asked about each record, and what an answer may be.")
    kinds = list(KINDS)
    kind: Kind = st.radio(
        "The answer is to",
        kinds,
        index=kinds.index(form.kind),
        key=f"f-{name}-kind",
        format_func=KINDS.__getitem__,
        horizontal=True,
    )
    fields = {column: field for field, column in form.fields.items()}
    shown = [fields[column] for column in form.inputs]
    form = mapping.with_defaults(
        replace(form, kind=kind, instructions=form.instructions if kind == form.kind else "")
    )
    known = "-".join(shown)
    question = st.text_area(
        "The question",
        value=form.question if _fits(form.question, fields.values()) else mapping.default_question(shown),
        key=f"f-{name}-question-{known}",
        height=80,
        help="Fields in braces stand for the record's own text: "
        + ", ".join(f"{{{field}}}" for field in shown),
    )
    instructions = st.text_area(
        "Instructions to the teacher",
        value=form.instructions,
        key=f"f-{name}-instructions-{kind}",
        height=140,
        help="{labels} stands for the list of labels.",
    )
    labels, schema = form.labels, form.schema
    if kind == "classify":
        labels = _labels(name, form)
    if kind == "extract":
        schema = st.text_area(
            "The answer's form, as JSON Schema",
            value=schema,
            key=f"f-{name}-schema",
            height=180,
            help="An object with all its properties named.",
        )
    tokens = st.number_input(
        "Longest answer, in tokens",
        min_value=1,
        max_value=8192,
        value=form.max_answer_tokens,
        key=f"f-{name}-tokens-{kind}",
        width=240,
    )
    return replace(
        form, kind=kind, question=question, instructions=instructions, labels=labels, schema=schema,
        max_answer_tokens=int(tokens),
    )  # fmt: skip


def _fits(question: str, fields: Any) -> bool:
    from distill.tasks.task import field_names

    try:
        asked = field_names(question)
    except ValueError:
        return True  # as it was typed: saving says what is wrong
    return bool(asked) and asked <= set(fields)


def _labels(name: str, form: Form) -> tuple[str, ...]:
    key = f"f-{name}-labels"
    column = form.answer or form.reference
    if f"_{key}" in st.session_state:
        st.session_state[key] = st.session_state.pop(f"_{key}")
    elif key not in st.session_state:
        st.session_state[key] = "\n".join(form.labels)
    text = st.text_area("Labels, one a line", key=key, height=140)
    may_take = form.dataset_id is not None and column is not None
    if may_take and st.button(
        f"Take the labels from the column {column}",
        key=f"{key}-take",
        help="Shows its values that at least five records share. Written down in the audit log.",
    ):
        try:
            values, others = datasets.label_values(
                access.home(), access.actor(), str(form.dataset_id), str(column)
            )
        except Exception as error:
            if not isinstance(error, datasets.DataError | PermissionError):
                raise
            parts.problem(error)
        else:
            st.session_state[f"_{key}"] = "\n".join(values)
            if others:
                st.session_state[f"_{key}-others"] = others
            st.rerun()
    rarer = st.session_state.get(f"_{key}-others")
    if rarer:
        st.caption(f"{rarer:,} rarer values were kept back: they may be somebody's.")
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _rest(name: str, form: Form, shelf: list[datasets.Dataset]) -> Form:
    parts.section(
        "Exam and privacy",
        "Records that are never learnt from, and the policy that every record goes through.",
    )
    home, ids = access.home(), [each.dataset_id for each in shelf]
    options = [None, *ids]
    one, two = st.columns([3, 2])
    with one:
        held_out = st.selectbox(
            "Where the exam's records come from",
            options,
            index=options.index(form.held_out) if form.held_out in ids else 0,
            key=f"f-{name}-held-out",
            format_func=lambda each: (
                "split off the dataset" if each is None else mapping.dataset_name(home, each)
            ),
        )
    with two:
        num_test = st.number_input(
            "Records in the exam",
            min_value=1,
            value=form.num_test,
            key=f"f-{name}-test-{form.dataset_id}",
            help="400 tell a share of 90% to within 3 points; 100 to within 6.",
        )
    known = [*policies.names(home), *PRESET_WORDS]
    policy: str = st.selectbox(
        "Privacy policy",
        known,
        index=known.index(form.policy) if form.policy in known else 0,
        key=f"f-{name}-policy",
        format_func=policy_name,
        help="Chosen here; written by the privacy officer on the page Privacy.",
    )
    if policy in PRESET_WORDS:
        st.caption(f"{PRESET_WORDS[policy][1].capitalize()}.")
    return replace(form, held_out=held_out, num_test=int(num_test), policy=policy)


def policy_name(name: str) -> str:
    """A preset in its words; an officer's policy by its title."""
    if name in PRESET_WORDS:
        return PRESET_WORDS[name][0]
    return f"{policies.read(access.home(), name).get('name', name)}  ({name})"


def _save(name: str, form: Form) -> None:
    actor = access.actor()
    allowed = may(actor, Action.EDIT_USE_CASE)
    if st.button("Save", key=f"f-{name}-save", type="primary", disabled=not allowed,
                 help=None if allowed else "An operator saves."):  # fmt: skip
        try:
            mapping.save(access.home(), actor, name, form)
        except (ValueError, datasets.DataError) as error:
            parts.problem(f"{error}.")
            return
        st.toast("Saved. Look at twenty scrubbed records next, on the tab Look.")
        st.rerun()


def _missing(name: str) -> None:
    home = access.home()
    parts.section("Before it can run")
    missing = use_cases.problems(home, name)
    if not missing:
        st.success("Everything is there. Start it on the page Train.")
    for each in missing:
        st.html(f'<p class="sh-need sh-next">{parts.in_html(each[:1].upper() + each[1:])}.</p>')
    history = use_cases.history(home, name)[:5]
    parts.section("Saved")
    told = "".join(
        f"<li>{formats.when(each.at)}, {escape(each.by)}: {escape(', '.join(each.changed))}</li>"
        for each in history
    )
    st.html(f'<ul class="sh-saved">{told}</ul>')
