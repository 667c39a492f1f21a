"""The policy's words: every type and action has some, examples are what the scrubber does, the form loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.config import ConfigError, validate
from appliance.home import Home
from appliance.preparing import policies, policy_words
from appliance.preparing.policy_words import ACTION_WORDS, GROUPS, PRESET_WORDS, OwnPattern, OwnWords
from privacy.entities import ENTITY_TYPES
from privacy.presets import ACTIONS, PRESETS, possible_actions
from privacy.settings import ScrubPolicy
from tests.appliance.drafted_case import OFFICER


def test_every_type_action_and_preset_has_words() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(ENTITY_TYPES)
    assert set(ACTION_WORDS) == set(ACTIONS)
    assert set(PRESET_WORDS) == set(PRESETS)


@pytest.mark.parametrize("name", ENTITY_TYPES)
def test_an_example_shows_what_each_action_does(name: str) -> None:
    original = policy_words.line(name, "placeholder").example
    for action in possible_actions(name):
        shown = policy_words.effect(name, action)
        assert (shown == original) == (action == "keep"), action
    assert policy_words.effect(name, "placeholder") == f"<{name}>"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_as_a_form_is_the_preset_again(preset: str) -> None:
    form = policy_words.form_of({"name": "mine", "preset": preset})
    document = policy_words.document_of(form, {})
    assert document == {"name": "mine", "preset": preset, "min_recall": 0.9}
    shown = {
        line.entity_type: line.action for lines in policy_words.lines(preset, {}).values() for line in lines
    }
    assert shown == PRESETS[preset]


def test_a_form_is_saved_and_read_again_and_keeps_what_it_does_not_ask() -> None:
    before = {
        "name": "old",
        "min_score": 0.2,
        "dictionary": [{"entity_type": "PERSON", "path": "staff.csv", "column": "name"}],
        "pattern": [{"path": "ids.csv", "column": "id"}],
    }
    form = replace(
        policy_words.form_of(before),
        title="Claims desk",
        words=(OwnWords("CUSTOM", ("Project Heron", "Heron")),),
        patterns=(OwnPattern("CASE_ID", r"CL-\d{6}", ("claim",)),),
        vault_path="originals.vault",
        vault_key_file="/keys/vault.key",
    )
    actions = {**form.actions, "PERSON": "placeholder"}
    document = policy_words.document_of(replace(form, actions=actions), before)
    home = Home.open()
    policies.save(home, OFFICER, "claims", document)
    told = policies.read(home, "claims")
    assert told["min_score"] == 0.2
    assert told["actions"] == {"PERSON": "placeholder"}
    assert [each.get("path") for each in told["dictionary"]] == ["staff.csv", None]
    again = policy_words.form_of(told)
    assert again == replace(form, actions=actions)
    policy = validate(ScrubPolicy, told, "policy")
    assert policy.action_by_type()["PERSON"] == "placeholder"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"patterns": (OwnPattern("CASE_ID", "(", ()),)}, "no regular expression"),
        ({"patterns": (OwnPattern("CASE_ID", r"\d*", ()),)}, "so everything"),
        ({"vault_path": "x"}, "needs both"),
        ({"preset": "none"}, "no preset"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_in_a_sentence(change: dict[str, object], what: str) -> None:
    form = replace(policy_words.form_of({"name": "x"}), **change)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=what):
        policy_words.document_of(form, {})


def test_a_summary_counts_every_type() -> None:
    said = policy_words.summary("gdpr", {"PERSON": "drop"})
    assert said.startswith("41 kinds of personal data: ")
    assert "drop the record 1" in said


def test_a_title_becomes_a_name_that_is_not_taken() -> None:
    assert policy_words.name_of("Claims desk, 2026", []) == "claims-desk-2026"
    assert policy_words.name_of("gdpr", ["gdpr-2"]) == "gdpr-3"
    assert policy_words.name_of("???", []) == "policy"


def test_own_words_are_one_a_line_each_once() -> None:
    assert policy_words.words_of(" Heron \n\nIbis\nHeron\n") == ("Heron", "Ibis")
