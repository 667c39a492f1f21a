"""The page Privacy: raw text is the officer's alone, keys mark it, policies are saved by the officer only."""

from __future__ import annotations

import time

import pytest

from appliance.home import Home
from appliance.people.acting import Role
from appliance.preparing import policies, review, review_book, review_sample, use_cases
from tests.appliance.drafted_case import OFFICER, draft, rules_only, silently
from tests.ui.conftest import AppTest, See
from tests.ui.test_data import button, texts

pytestmark = pytest.mark.slow


@pytest.fixture
def name(home: Home) -> str:
    """A draft with a sample of 12 records."""
    made = draft(home)
    review_sample.search(home, made, 12, rules_only(home, made), silently)
    return made


def opened(see: See, name: str, tab: str, role: Role = Role.PRIVACY_OFFICER) -> AppTest:
    shown = see("privacy", role, tab=tab, use_case=name)
    assert not shown.exception
    return shown


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_nobody_but_an_officer_is_shown_raw_text(see: See, home: Home, name: str, role: Role) -> None:
    for tab in ("Review", "Recall", "Findings"):
        said = texts(opened(see, name, tab, role))
        assert "Zyxw" not in said
        assert "@example.com" not in said
    assert not review_book.read_book(home, name).held, "and nothing was given out"


def test_an_officer_sees_a_record_rejects_adds_saves_and_goes_back(see: See, home: Home, name: str) -> None:
    shown = opened(see, name, "Review")
    said = texts(shown)
    assert "@example.com" in said
    assert 'class="sh-kept"' in said
    shown = button(shown, "email address")
    assert 'class="sh-rejected"' in texts(shown)
    shown = button(shown, "email address (rejected)")
    shown = button(shown, "Word numbers")
    assert "<sub>1</sub>" in texts(shown)
    (typed,) = [each for each in shown.text_input if each.label.startswith("Something personal")]
    typed.set_value("1-2 p")
    shown = button(shown, "Add")
    assert 'class="sh-added"' in texts(shown)
    shown = button(shown, "Save and next")
    (decision,) = [each for every in review_book.read_book(home, name).decisions.values() for each in every]
    assert {mark.entity_type for mark in decision.marks} == {"EMAIL_ADDRESS", "PERSON"}
    assert "Record 2 of the sample" in texts(shown)
    shown = button(shown, "Back")
    assert 'class="sh-added"' in texts(shown), "as it was decided"
    shown = button(shown, "Take back person")
    shown = button(shown, "Save and next")
    (decisions,) = review_book.read_book(home, name).decisions.values()
    assert [len(each.marks) for each in decisions] == [2, 1]


def test_what_cannot_be_read_as_a_mark_is_told_in_a_sentence(see: See, name: str) -> None:
    shown = opened(see, name, "Review")
    (typed,) = [each for each in shown.text_input if each.label.startswith("Something personal")]
    typed.set_value("999 p")
    shown = button(shown, "Add")
    (error,) = shown.error
    assert "Words have the numbers" in error.value


def test_a_record_decided_meanwhile_is_shown_again_and_nothing_is_lost(
    see: See, home: Home, name: str
) -> None:
    shown = opened(see, name, "Review")
    drawn = review_sample.sample(home, name)
    assert drawn is not None
    first = drawn.drawn[0].record_id
    other = review.look(home, OFFICER, name, first, time.time() + review_book.HELD_S + 1)
    review.decide(home, OFFICER, name, first, [], other.version, time.time())
    shown = button(shown, "Save and next")
    (error,) = shown.error
    assert f"This record was decided on by {OFFICER.name}" in error.value
    (decisions,) = review_book.read_book(home, name).decisions.values()
    assert [each.by for each in decisions] == [OFFICER.name]


def test_nothing_of_a_record_is_in_the_sessions_state_or_the_address(see: See, name: str) -> None:
    shown = opened(see, name, "Review")
    shown = button(shown, "Word numbers")
    kept = repr(shown.session_state._state.__dict__)
    assert "Desk(batch=" in kept
    assert "Zyxw" not in kept
    assert "example.com" not in kept
    assert "Zyxw" not in repr(dict(shown.query_params))


def test_marks_are_handed_over_and_arm_the_gate(see: See, home: Home, name: str) -> None:
    while batch := review.take_batch(home, OFFICER, name, 1.0):
        for record_id in batch:
            looked = review.look(home, OFFICER, name, record_id, 1.0)
            review.decide(home, OFFICER, name, record_id, looked.found, looked.version, 1.0)
    shown = opened(see, name, "Recall")
    assert "Not handed over yet" in texts(shown)
    shown = button(shown, "Hand over the marks")
    assert not shown.exception
    assert "gold_spans" in use_cases.read(home, name)
    said = texts(shown)
    assert "A run stops" in said, "twelve records are too few for a floor of 90%"
    assert "more records like these would do" in said


def test_an_officer_writes_a_policy_and_others_read_it(see: See, home: Home) -> None:
    shown = see("privacy", Role.PRIVACY_OFFICER, tab="Policy")
    (policy,) = [each for each in shown.selectbox if each.label == "Policy"]
    policy.set_value("").run()
    (title,) = [each for each in shown.text_input if each.label == "What you call it"]
    title.set_value("Claims desk")
    (person,) = [each for each in shown.selectbox if each.label == "a person's name or part of one"]
    person.set_value("placeholder").run()
    assert "&lt;PERSON&gt;" in texts(shown)
    shown = button(shown, "Save the policy")
    assert not shown.exception
    assert not shown.error
    assert policies.read(home, "claims-desk")["actions"] == {"PERSON": "placeholder"}
    shown = see("privacy", Role.OPERATOR, tab="Policy", policy="claims-desk")
    assert not shown.exception
    assert not [each for each in shown.button if each.label == "Save the policy"]
    assert "Its kind in brackets" in texts(shown)
