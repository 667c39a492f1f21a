"""What the page Teacher is made of: who answers, whether they do, and what all answers will take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from appliance import jobs
from appliance.people.acting import Action, may
from appliance.preparing import teacher_estimate, teacher_test, teacher_words, use_cases
from appliance.preparing.teacher_estimate import Estimate, Range
from appliance.preparing.teacher_test import Probe
from appliance.report import words
from ui import access, formats, parts
from ui.preparing import marked
from ui.preparing.look import latest

KINDS = {
    "recorded": "Answers that the data holds",
    "endpoint": "A server of yours (OpenAI-compatible)",
    "local": "A model in a folder of this machine",
}
_REACH = {
    "here": "This address is on this machine: nothing leaves it.",
    "site": "This address is in a private range: scrubbed records travel over the site's network.",
    "outside": "This address is outside the private ranges: scrubbed records would leave the site. Ask the privacy officer first.",
    "name": "A name must be looked up, so the seal on a run cannot hold it to one place: write the address in digits.",
}


def choose(name: str) -> None:
    """Who answers: the form, and what is said of it."""
    home, actor = access.home(), access.actor()
    document = use_cases.read(home, name)
    saved: Mapping[str, Any] = document.get("teacher", {})
    parts.section("Who answers", "Whose answers the small model learns from.")
    kinds = list(KINDS)
    kind = st.radio(
        "The teacher is",
        kinds,
        index=kinds.index(saved.get("kind", "endpoint")),
        key=f"t-{name}-kind",
        format_func=KINDS.__getitem__,
        label_visibility="collapsed",
    )
    teacher = {"recorded": _recorded, "endpoint": _endpoint, "local": _local}[kind](name, document, saved)
    floor = _floor(name, document, saved)
    may_edit = may(actor, Action.EDIT_USE_CASE)
    if st.button("Save", key=f"t-{name}-save", type="primary" if not saved else "secondary",
                 disabled=not may_edit or teacher is None, help=None if may_edit else "An operator saves."):  # fmt: skip
        try:
            kept = {**saved, **(teacher or {})} if kind == saved.get("kind") else dict(teacher or {})
            use_cases.save(home, actor, name, {"teacher": {**kept, "min_accuracy": floor}})
        except ValueError as error:
            parts.problem(f"{error}.")
            return
        st.toast("Saved.")
        st.rerun()


def _recorded(name: str, document: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any] | None:
    fields = list(document.get("data", {}).get("fields", {}))
    if not fields:
        parts.empty("There are no fields yet", "Say on the page Data which column holds the answers.", "data")
        return None
    given = saved.get("answer_field")
    field = st.selectbox("The field with the answers", fields,
                         index=fields.index(given) if given in fields else len(fields) - 1, key=f"t-{name}-field", width=420)  # fmt: skip
    model = st.text_input("Who gave them", saved.get("model", ""), key=f"t-{name}-who", width=420,
                          placeholder="the support desk, 2025", help="The report calls the teacher by this name.")  # fmt: skip
    return {"kind": "recorded", "answer_field": field, "model": model.strip() or "recorded answers"}


def _endpoint(name: str, _document: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    url = st.text_input("Address, up to and including /v1", saved.get("url", ""), key=f"t-{name}-url", width=520,
                        placeholder="http://127.0.0.1:8000/v1").strip()  # fmt: skip
    if url:
        st.caption(_REACH[teacher_test.reaches(url)])
    model = st.text_input("Model, as the server calls it", saved.get("model", "") if saved.get("kind") == "endpoint" else "",
                          key=f"t-{name}-model", width=520)  # fmt: skip
    one, two = st.columns(2)
    with one:
        key = st.text_input("Variable that holds the key", saved.get("api_key_env") or "", key=f"t-{name}-key",
                            placeholder="none", help="A variable in the worker's environment. The key itself is never typed here.")  # fmt: skip
    with two:
        concurrency = st.number_input(
            "Questions in flight", 1, 256, saved.get("concurrency", 8), key=f"t-{name}-flight"
        )
    return {
        "kind": "endpoint",
        "url": url,
        "model": model.strip(),
        "api_key_env": key.strip() or None,
        "concurrency": int(concurrency),
    }


def _local(name: str, _document: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    folder = st.text_input(
        "A model of the home, or a folder with its weights",
        saved.get("model", "") if saved.get("kind") == "local" else "",
        key=f"t-{name}-folder",
        width=520,
        placeholder="/srv/models/teacher-32b",
        help="Safetensors weights with a chat template. A large model is better served by a server of its own.",
    )
    return {"kind": "local", "model": folder.strip()}


def _floor(name: str, document: Mapping[str, Any], saved: Mapping[str, Any]) -> float | None:
    """The least that the teacher must be, where people say what is right."""
    reference = document.get("evaluate", {}).get("reference_field")
    if reference is None:
        st.caption(
            "How good the teacher is cannot be told: no column says what is right. Choose one on the page Data, and a floor "
            "can be set here."
        )
        return None
    wanted = st.toggle(
        "Train only on a good teacher", value=saved.get("min_accuracy") is not None, key=f"t-{name}-floor-on"
    )
    if not wanted:
        return None
    floor: float = st.slider(
        f"Its answers must agree with {reference} in at least",
        0.5,
        1.0,
        float(saved.get("min_accuracy") or 0.8),
        0.01,
        format="percent",
        key=f"t-{name}-floor",
        width=420,
        help="A run stops before any training where the teacher is surely worse: where the upper end of the interval is below.",
    )
    return floor


def test(name: str) -> None:
    """The connection, and eight scrubbed records."""
    home, actor = access.home(), access.actor()
    parts.section(
        "Does it answer",
        "One harmless question, then eight scrubbed records of the last look. Nothing is spent beyond these.",
    )
    running = latest(name, "teacher-test")
    unfinished = running is not None and running.is_unfinished
    found = teacher_test.probe(home, name)
    if may(actor, Action.TEST_TEACHER) and st.button(
        "Test it" if found is None else "Test it again", key=f"t-{name}-test", disabled=unfinished,
        type="primary" if found is None else "secondary",
    ):  # fmt: skip
        parts.done(teacher_test.ask, home, actor, name)
    if running is not None and (unfinished or running.status is not jobs.Status.DONE):
        parts.job_notice(running)
    if found is None:
        st.caption("It was not tested yet.")
        return
    if not teacher_test.is_of_now(home, name, found):
        st.warning("The teacher or the task have changed since this test: test it again.")
    (st.success if found.ok else st.error)(parts.plain(found.said))
    _figures(found)
    if found.asked and may(actor, Action.SEE_TEXT):
        _answers(name)


def _figures(found: Probe) -> None:
    rate = None if found.seconds is None or not found.answered else found.answered / found.seconds
    parts.figures(
        [
            (
                "Model",
                found.model,
                f"served by {found.engine}" if found.engine else "the server does not say what it runs",
            ),
            ("Tested", formats.when(found.at), None),
            ("One short answer", formats.duration(found.latency_s), None),
            (
                "Context",
                formats.NOT_MEASURED
                if found.context_tokens is None
                else formats.number(found.context_tokens),
                "tokens" if found.context_tokens is not None else "the server does not say",
            ),
            (
                "Readable answers",
                f"{found.readable} of {found.asked}" if found.asked else formats.NOT_MEASURED,
                None,
            ),
            (
                "Answers a second",
                formats.number(rate) if rate is not None else formats.NOT_MEASURED,
                f"{found.answered} at once, {found.concurrency} in flight" if rate is not None else None,
            ),
        ]
    )


def _answers(name: str) -> None:
    with st.expander("The questions and answers"):
        for each in teacher_test.answers(access.home(), access.actor(), name):
            said = each.said if each.said is not None else f"no answer: {each.error}"
            fields = [("asked", marked.html_of(each.asked, [])), ("said", marked.html_of(said, []))]
            marked.record(f"Row {each.row:,}" + ("" if each.readable else ": cannot be read"), fields)


def estimate(name: str) -> None:
    """Tokens, time and money for one pass over all records."""
    parts.section("Before anything is spent", "What one answer to every record will take.")
    try:
        found = teacher_estimate.estimate(access.home(), name)
    except ValueError as error:
        st.caption(parts.plain(str(error)[:1].upper() + str(error)[1:] + "."))
        return
    if found is None:
        st.caption("Nothing is asked of anybody: the answers are recorded.")
        return
    parts.figures(
        [
            ("Records", formats.number(found.records), "each is asked about once"),
            ("Prompt tokens", _middle(found.prompt_tokens), _between(found.prompt_tokens)),
            ("Answer tokens", _middle(found.answer_tokens), _between(found.answer_tokens)),
            ("Time", *_time(found)),
            ("Cost", *_cost(found)),
        ]
    )
    how = (
        "Tokens as the teacher counted them on eight records; the range is that of the eight."
        if found.measured
        else "Tokens are a guess: 3 to 5 characters each, and answers up to their limit. A test narrows it."
    )
    st.caption(parts.plain(" ".join([how, *found.missing])))
    if found.is_example:
        st.warning("The prices are an example's: put your own in before you decide.")


def _middle(value: Range) -> str:
    return (
        f"{formats.number(round(value.low))} or more"
        if value.value is None
        else formats.number(round(value.value))
    )


def _between(value: Range) -> str:
    if value.low == value.high:
        return "the eight were alike"
    return f"{formats.number(round(value.low))} to {formats.number(round(value.high))}"


def _time(found: Estimate) -> tuple[str, str | None]:
    if found.seconds is None:
        return formats.NOT_MEASURED, None
    low, high = formats.duration(found.seconds.low), formats.duration(found.seconds.high)
    told = "at the pace of the eight" if low == high else f"{low} to {high}, at the pace of the eight"
    return formats.duration(found.seconds.value), told


def _cost(found: Estimate) -> tuple[str, str | None]:
    if found.cost is None or found.currency is None:
        return formats.NOT_MEASURED, None
    between = (
        f"{words.money(found.cost.low, found.currency)} to {words.money(found.cost.high, found.currency)}"
    )
    if found.cost.value is None:
        return f"up to {words.money(found.cost.high, found.currency)}", between
    return words.money(found.cost.value, found.currency), between


def check(name: str) -> None:
    """What a run found of its teacher before it trained."""
    home = access.home()
    parts.section(
        "What a run found",
        "The check before training: how good the teacher is, and whether the student can learn from it.",
    )
    runs = teacher_words.runs_of(home, name)
    if not runs:
        st.caption("No run of this use case has come so far yet.")
        return
    asked = st.query_params.get("of")
    chosen = st.selectbox(
        "Run", runs, index=runs.index(asked) if asked in runs else 0, key="of", width=420,
        on_change=lambda: st.query_params.update(of=st.session_state["of"]),
    )  # fmt: skip
    for each in teacher_words.checked(home, chosen) or []:
        how = {"good": "next", "note": "waits", "stop": "stops"}[each.weight]
        st.html(f'<p class="sh-need sh-{how}">{parts.in_html(each.words)}</p>')
