"""The form of the page Data: what it is filled with, what it saves, and what it refuses in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from appliance import datasets
from appliance.config import ConfigError
from appliance.home import Home
from appliance.people.acting import NotAllowed
from appliance.preparing import mapping, use_cases
from appliance.preparing.mapping import Form
from tests.appliance.drafted_case import OFFICER, OPERATOR, ROWS, bring_in, draft


@pytest.fixture
def home() -> Home:
    return Home.open()


@pytest.fixture
def form(home: Home) -> Form:
    """A first guess for the tickets, put into an empty use case `new`."""
    brought = bring_in(home)
    use_cases.create(home, OPERATOR, "new", "New")
    guess = mapping.suggested(datasets.profile(home, brought.dataset_id), brought.dataset_id)
    return replace(guess, labels=("billing", "outage"))


def test_the_first_guess_fits_a_file_of_texts_with_a_label(form: Form) -> None:
    assert (form.id, form.inputs, form.answer, form.kind) == ("no", ("text",), "queue", "classify")
    assert form.question == "{text}"
    assert form.num_test == len(ROWS) // 5


def test_what_was_saved_fills_the_form_again(home: Home, form: Form) -> None:
    mapping.save(home, OPERATOR, "new", form)
    again = mapping.form_of(home, "new")
    assert replace(again, names={}) == form
    mapping.save(home, OPERATOR, "new", again)
    assert mapping.form_of(home, "new") == again


def test_a_column_keeps_the_name_that_the_use_case_gave_it(home: Home) -> None:
    made = draft(home)
    before = use_cases.read(home, made)
    form = mapping.form_of(home, made)
    assert form.fields == {"message": "text", "queue": "queue"}
    mapping.save(home, OPERATOR, made, form)
    assert use_cases.read(home, made)["data"] == before["data"] | {"columns": {}}


def test_what_the_form_does_not_ask_stays(home: Home) -> None:
    made = draft(home, sft={"epochs": 2.0}, evaluate={"few_shot": 2}, split={"test": 9, "validation": 3})
    before = use_cases.read(home, made)
    mapping.save(home, OPERATOR, made, replace(mapping.form_of(home, made), num_test=11))
    after = use_cases.read(home, made)
    assert after["split"] == {"test": 11, "validation": 3}
    assert (after["sft"], after["evaluate"]) == (before["sft"], before["evaluate"])


def test_an_answer_column_is_a_recorded_teacher_and_without_one_the_teacher_is_open(
    home: Home, form: Form
) -> None:
    mapping.save(home, OPERATOR, "new", form)
    assert use_cases.read(home, "new")["teacher"]["answer_field"] == "queue"
    mapping.save(home, OPERATOR, "new", replace(form, answer=None, reference="queue"))
    document = use_cases.read(home, "new")
    assert "teacher" not in document
    assert document["evaluate"]["reference_field"] == "queue"


def test_a_teacher_on_a_server_stays_when_there_is_no_answer_column(home: Home, form: Form) -> None:
    served = {"kind": "endpoint", "model": "big", "url": "http://127.0.0.1:9/v1"}
    use_cases.save(home, OPERATOR, "new", {"teacher": served})
    mapping.save(home, OPERATOR, "new", replace(form, answer=None))
    assert use_cases.read(home, "new")["teacher"] == served


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"dataset_id": None}, "choose a dataset"),
        ({"inputs": ()}, "at least one column"),
        ({"reference": "queue"}, "scored against itself"),
        ({"inputs": ("text", "queue")}, "both shown and an answer"),
        ({"id": "number"}, "has no column 'number'"),
        ({"kind": "extract", "schema": "{"}, "look at line 1"),
        ({"kind": "extract", "schema": "[]"}, "JSON Schema of an object"),
        ({"typed": {"text": "NAME"}}, "NAME"),
    ],
)
def test_a_form_that_cannot_be_is_refused_and_changes_nothing(
    home: Home, form: Form, change: dict[str, object], what: str
) -> None:
    before = use_cases.read(home, "new")
    with pytest.raises(ConfigError, match=what):
        mapping.save(home, OPERATOR, "new", replace(form, **change))  # type: ignore[arg-type]
    assert use_cases.read(home, "new") == before


def test_only_an_operator_saves(home: Home, form: Form) -> None:
    with pytest.raises(NotAllowed):
        mapping.save(home, OFFICER, "new", form)


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        (["Message Text", "Queue"], ["message_text", "queue"]),
        (["a b", "a-b", "A B"], ["a_b", "a_b_2", "a_b_3"]),
        (["2nd", "class", "???"], ["field_2nd", "class", "field"]),
    ],
)
def test_fields_are_named_after_columns_each_once(columns: list[str], fields: list[str]) -> None:
    assert list(mapping.field_of(columns)) == fields


def test_several_columns_are_shown_with_their_names() -> None:
    assert mapping.default_question(["subject", "long_text"]) == "Subject: {subject}\nLong text: {long_text}"


def test_a_schema_and_a_typed_column_go_through(home: Home, form: Form) -> None:
    schema = {
        "type": "object",
        "required": ["queue"],
        "additionalProperties": False,
        "properties": {"queue": {"type": "string", "enum": ["billing", "outage"]}},
    }
    chosen = replace(form, kind="extract", schema=json.dumps(schema), typed={"text": "PERSON"})
    mapping.save(home, OPERATOR, "new", chosen)
    document = use_cases.read(home, "new")
    assert document["task"]["json_schema"] == schema
    assert document["data"]["columns"] == {"text": "PERSON"}
