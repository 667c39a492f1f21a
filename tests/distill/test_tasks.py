"""What an answer is worth: the ruler is tested before anything is measured with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.tasks import Task, TaskSettings, make_task
from distill.tasks.generate import Generate
from distill.tasks.task import field_names, render

LABELS = ("card_arrival", "Refund not showing up", "top-up", "reverted_card_payment?")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["queue", "amount"],
    "additionalProperties": False,
    "properties": {
        "queue": {"type": "string", "enum": ["billing", "field"]},
        "amount": {"type": "number"},
        "note": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
GOLD = {"queue": "billing", "amount": 12.5}


def classify(labels: tuple[str, ...] = LABELS) -> Task:
    return make_task(TaskSettings("classify", "{message}", "One of {labels}.", labels=labels))


def extract(schema: dict[str, Any] | None = None) -> Task:
    return make_task(TaskSettings("extract", "{message}", "As JSON.", json_schema=schema or SCHEMA))


# --- classify -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("card_arrival", "card_arrival"),
        ("Card Arrival", "card_arrival"),
        ("CARD-ARRIVAL", "card_arrival"),
        (' "card_arrival". ', "card_arrival"),
        ("**card arrival**", "card_arrival"),
        ("`card_arrival`", "card_arrival"),
        ("\n\n  card  arrival \nbecause it has not come", "card_arrival"),
        ("refund_not_showing_up.", "Refund not showing up"),
        ("Top up", "top-up"),
        ("reverted card payment?", "reverted_card_payment?"),
        # near-misses
        ("reverted card payment", None),
        ("cardarrival", None),
        ("card_arrivals", None),
        ("card_arrival top-up", None),
        ("card_arrival, top-up", None),
        ("Label: card_arrival", None),
        ("not card_arrival", None),
        ("because it has not come:\ncard_arrival", None),
        ("", None),
        ("   \n\t", None),
        ('"".', None),
    ],
)
def test_a_label_is_read_whatever_its_case_quotes_and_spaces_and_nothing_else_is(
    text: str, label: str | None
) -> None:
    assert classify().parse(text) == label


@pytest.mark.parametrize("gold", LABELS)
def test_the_classification_ruler_accepts_the_gold_answer_and_rejects_an_empty_one(gold: str) -> None:
    task = classify()
    value = task.parse(task.canonical(gold))
    assert value == gold
    assert task.score(value, gold) == {"accuracy": 1.0} and task.reward(value, gold) == 1.0
    other = next(label for label in LABELS if label != gold)
    for wrong in (task.parse(""), other):
        assert task.score(wrong, gold) == {"accuracy": 0.0} and task.reward(wrong, gold) == 0.0


# --- extract --------------------------------------------------------------------------------------------------------

_GOOD = '{"queue":"billing","amount":12.5}'


@pytest.mark.parametrize(
    "text",
    [
        _GOOD,
        '```json\n{"queue": "billing",\n "amount": 12.5}\n```',
        f"Here is the object you asked for:\n{_GOOD}\nAnything else?",
        _GOOD + ' {"queue":"field","amount":1}',
        '{"amount":12.5,"queue":"billing"}',
        '{"amount":1.25e1,"queue":"billing"}',
    ],
)
def test_a_fence_words_around_and_a_second_object_do_not_change_the_answer(text: str) -> None:
    task = extract()
    value = task.parse(text)
    assert value == GOLD
    assert task.canonical(value) == _GOOD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no object at all",
        "{}",
        "[]",
        '"{"',
        '{"queue":"billing","amount":12.5',
        '{"queue":"billing"}',
        '{"queue":"Billing","amount":12.5}',
        '{"queue":"sales","amount":12.5}',
        '{"queue":"billing","amount":"12.5"}',
        '{"queue":"billing","amount":true}',
        '{"queue":"billing","amount":null}',
        '{"queue":"billing","amount":12.5,"surplus":1}',
        '{"queue":"billing","amount":NaN}',
        '{"queue":"billing","amount":-Infinity}',
        '{"queue":"billing","amount":1e999}',
        '{"queue":"field","queue":"billing","amount":12.5}',
        '{"queue":"billing","amount":12.5,"amount":12.5}',
        '{"queue":"billing","amount":12.5,"note":"\\ud83d"}',
        '{"queue":"billing","amount":12.5,"note":"\ud83d"}',
        '{"queue":"billing","amount":' + "9" * 5000 + "}",
        '{"result":{"queue":"billing","amount":12.5}}',
        "{'queue':'billing','amount':12.5}",
    ],
)
def test_what_does_not_obey_the_schema_or_cannot_be_written_again_is_not_an_answer(text: str) -> None:
    assert extract().parse(text) is None


@pytest.mark.parametrize("depth", [500, 5_000, 200_000])
def test_deep_nesting_is_read_or_refused_and_never_raises(depth: int) -> None:
    free = extract({"type": "object", "properties": {"a": {"$ref": "#"}}})
    for text in (
        '{"a":' * depth,
        '{"a":' * depth + "{}" + "}" * depth,
        '{"b":' + "[" * depth + "]" * depth + "}",
    ):
        value = free.parse(text)
        assert value is None or free.parse(free.canonical(value)) == value


def test_an_extra_name_the_schema_allows_is_no_part_of_the_score() -> None:
    task = extract({"type": "object", "properties": {"queue": {"type": "string"}}})
    value = task.parse('{"surplus":1,"queue":"billing"}')
    assert value is not None and task.canonical(value) == '{"queue":"billing","surplus":1}'
    assert task.score(value, {"queue": "billing"})["exact_match"] == 1.0


_ANSWERS = st.fixed_dictionaries(
    {
        "queue": st.sampled_from(["billing", "field"]),
        "amount": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    },
    optional={"note": st.text(), "tags": st.lists(st.text(), max_size=3)},
)


@given(gold=_ANSWERS)
def test_the_extraction_ruler_accepts_any_gold_answer_and_rejects_an_empty_one(gold: dict[str, Any]) -> None:
    task = extract()
    text = task.canonical(gold)
    value = task.parse(text)
    assert value == gold and task.canonical(value) == text
    assert set(task.score(value, gold).values()) == {1.0} and task.reward(value, gold) == 1.0
    nothing = task.parse("")
    assert set(task.score(nothing, gold).values()) == {0.0} and task.reward(nothing, gold) == 0.0


@given(value=_ANSWERS, gold=_ANSWERS)
def test_reward_is_a_fraction_and_whole_only_for_an_exact_match(
    value: dict[str, Any], gold: dict[str, Any]
) -> None:
    task = extract()
    reward, scores = task.reward(value, gold), task.score(value, gold)
    assert 0 <= reward <= 1 and all(0 <= score <= 1 for score in scores.values())
    assert (reward == 1.0) == (scores["exact_match"] == 1.0)


def test_scores_by_field_are_those_counted_by_hand() -> None:
    task = extract()
    gold = {"queue": "billing", "amount": 12.5, "note": "Late ", "tags": ["Meter", "old"]}
    value = {"queue": "field", "amount": 12.5, "note": "late", "tags": [" meter", "OLD"]}
    assert task.score(value, gold) == {
        "exact_match": 0.0,
        "identical": 0.0,
        "field_match": 0.75,
        "field:queue": 0.0,
        "field:amount": 1.0,
        "field:note": 1.0,
        "field:tags": 1.0,
        "field_exact:queue": 0.0,
        "field_exact:amount": 1.0,
        "field_exact:note": 0.0,
        "field_exact:tags": 0.0,
    }
    assert task.reward(value, gold) == pytest.approx(0.5 * 3 / 4)
    assert task.reward({**value, "queue": "billing"}, gold) == 1.0
    assert task.score({**value, "tags": ["old", "meter"]}, gold)["field:tags"] == 0.0


# --- generate -------------------------------------------------------------------------------------------------------


def generate() -> Task:
    return make_task(TaskSettings("generate", "{message}", "Reply."))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" Your meter comes on Tuesday.\n", "Your meter comes on Tuesday."),
        ("Dear customer,\n\nthank you.\n", "Dear customer,\n\nthank you."),
        ('{"a": 1}', '{"a": 1}'),
        ("👍", "👍"),
        # near-misses
        ("", None),
        (" \n\t\u00a0", None),
        ("half a pair \ud83d", None),
    ],
)
def test_free_text_is_read_without_its_outer_blanks_and_only_where_there_is_some(
    text: str, value: str | None
) -> None:
    task = generate()
    assert task.parse(text) == value
    assert value is None or task.parse(task.canonical(value)) == value


@given(gold=st.text(min_size=1), other=st.text())
def test_the_ruler_of_free_text_accepts_the_gold_answer_and_rejects_an_empty_one(
    gold: str, other: str
) -> None:
    task = generate()
    value, given_value = task.parse(gold), task.parse(other)
    if value is None:
        return
    assert task.score(value, value) == {"rouge_l": 1.0, "chrf": 1.0} and task.reward(value, value) == 1.0
    nothing = task.parse("")
    assert task.score(nothing, value) == {"rouge_l": 0.0, "chrf": 0.0} and task.reward(nothing, value) == 0.0
    assert all(0 <= score <= 1 for score in task.score(given_value, value).values())
    assert task.reward(given_value, value) == task.score(given_value, value)["rouge_l"]


def test_scores_of_free_text_are_those_counted_by_hand() -> None:
    task = generate()
    scores = task.score("Your meter is late.", "Your new meter is very late")
    assert scores["rouge_l"] == pytest.approx(2 * 4 / (4 + 6))
    assert 0 < scores["chrf"] < 1
    assert task.score("👍", "👍")["rouge_l"] == 1.0 and task.score("👍", "👎")["rouge_l"] == 0.0


def test_a_similarity_is_one_more_metric_and_is_not_asked_about_what_cannot_be_read() -> None:
    asked = []

    def similar(answer: str, reference: str) -> float:
        asked.append((answer, reference))
        return 0.25

    task = Generate(TaskSettings("generate", "{message}", "Reply."), similar)
    assert task.score("yes", "no")["similarity"] == 0.25
    assert task.score(None, "no")["similarity"] == 0.0
    assert asked == [("yes", "no")]


# --- templates ------------------------------------------------------------------------------------------------------


def test_field_names_are_the_plain_holes_of_a_template() -> None:
    assert field_names("{subject}\n{message} {{not this}} {message}") == {"subject", "message"}


@pytest.mark.parametrize(
    "template",
    [
        "{a.b}",
        "{a[0]}",
        "{a!r}",
        "{a!s}",
        "{a:>9}",
        "{a:{b}}",
        "{}",
        "{0}",
        "{a b}",
        "{ a}",
        "{a.__class__}",
        "{",
        "{a",
        "a}",
    ],
)
def test_a_hole_that_is_more_than_a_name_is_refused(template: str) -> None:
    with pytest.raises(ValueError):
        field_names(template)
    with pytest.raises(ValueError):
        make_task(TaskSettings("classify", template, "", labels=LABELS))


def test_the_refusal_of_a_hole_shows_the_hole() -> None:
    with pytest.raises(ValueError, match=r"not \{a!r:>9\}"):
        field_names("{a!r:>9}")


@pytest.mark.parametrize("text", ["{other}", "{labels}", "{0}", "{{", "{message.__class__}", "%s $x"])
def test_braces_in_a_records_text_are_only_text(text: str) -> None:
    settings = TaskSettings("classify", "<{message}>", "One of {labels}.", labels=("a", "{message}"))
    turns = render(settings, {"message": text, "other": "LEAK"}, shots=[({"message": text}, text)])
    assert [turn["content"] for turn in turns] == ["One of a, {message}.", f"<{text}>", text, f"<{text}>"]


def test_the_chat_is_the_system_message_then_the_examples_as_turns_then_the_record() -> None:
    settings = TaskSettings(
        "classify", "{m}", "Long: {labels}", student_instructions="Short.", labels=("a", "b")
    )
    shots = [({"m": "1"}, "a"), ({"m": "2"}, "b")]
    turns = render(settings, {"m": "3"}, shots=shots)
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert [turn["content"] for turn in turns] == ["Long: a, b", "1", "a", "2", "b", "3"]
    assert render(settings, {"m": "3"}, trained=True)[0]["content"] == "Short."
    plain = TaskSettings("classify", "{m}", "Long: {labels}", labels=("a", "b"))
    assert render(plain, {"m": "3"}, trained=True)[0]["content"] == "Long: a, b"


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"kind": "classify", "labels": ("a",)}, "at least two labels"),
        ({"kind": "classify"}, "at least two labels"),
        ({"kind": "classify", "labels": ("a", "b"), "json_schema": SCHEMA}, "remove it, or change the kind"),
        ({"kind": "classify", "labels": ("top_up", "Top up.")}, "rename one"),
        ({"kind": "classify", "labels": ("a", "a")}, "rename one"),
        ({"kind": "classify", "labels": ("a", "")}, "rename it"),
        ({"kind": "classify", "labels": ("+", "-")}, "rename it"),
        ({"kind": "classify", "labels": ("a\nb", "c")}, "rename it"),
        ({"kind": "extract"}, "json_schema is missing"),
        ({"kind": "extract", "json_schema": SCHEMA, "labels": ("a", "b")}, "remove them, or change the kind"),
        ({"kind": "extract", "json_schema": {"type": "array"}}, "must be of type 'object'"),
        ({"kind": "extract", "json_schema": {"type": "object"}}, "name its properties"),
        ({"kind": "extract", "json_schema": {"type": "object", "properties": {}}}, "name its properties"),
        (
            {"kind": "extract", "json_schema": {"type": "object", "properties": {"a": {"type": "strnig"}}}},
            "is not a JSON Schema",
        ),
        (
            {
                "kind": "extract",
                "json_schema": {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}},
            },
            "write the definition into the schema",
        ),
        (
            {
                "kind": "extract",
                "json_schema": {"type": "object", "properties": {"a": {"$ref": "https://example.org/b"}}},
            },
            "write the definition into the schema",
        ),
        ({"kind": "generate", "labels": ("a", "b")}, "remove them, or change the kind"),
        ({"kind": "generate", "json_schema": SCHEMA}, "remove it, or change the kind"),
        ({"kind": "classify", "labels": ("a", "b"), "input": "no hole"}, "write one as {field}"),
    ],
)
def test_settings_that_contradict_themselves_are_refused_with_the_remedy(
    settings: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ValueError) as refused:
        make_task(TaskSettings(**({"input": "{m}", "instructions": ""} | settings)))
    assert remedy in str(refused.value)


def test_a_reference_within_the_schema_is_followed() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/short"}},
        "$defs": {"short": {"type": "string", "maxLength": 3}},
    }
    assert extract(schema).parse('{"a":"abc"}') == {"a": "abc"}
    assert extract(schema).parse(json.dumps({"a": "abcd"})) is None
