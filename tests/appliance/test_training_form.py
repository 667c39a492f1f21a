"""The form of a training: every setting goes in and comes back, and what it does not ask stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance import jobs
from appliance.config import ConfigError
from appliance.home import Home
from appliance.models import resolve
from appliance.people.acting import Action, Actor, NotAllowed, Role, may
from appliance.preparing import use_cases
from appliance.training import form as training_form
from appliance.training.form import FIELDS, OFF, PRIVATE
from distill.onpolicy_settings import OnPolicySettings
from distill.sft import SftSettings
from tests.appliance.test_estimates import write_model

OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")


@pytest.fixture
def home(stillhouse_home: Path) -> Home:
    home = Home.open()
    use_cases.create(home, OPERATOR, "tickets", "Tickets")
    return home


def values(**changes: Any) -> dict[str, Any]:
    told = {name.replace("__", "."): value for name, value in changes.items()}
    return training_form.values_of({"student": {"base": "small"}}) | told


def test_the_form_begins_with_the_defaults_of_the_settings() -> None:
    found = training_form.values_of({})
    assert found["sft.epochs"] == SftSettings().epochs and found["onpolicy.steps"] == OnPolicySettings().steps
    assert found["student.base"] is None and found[PRIVATE] is None


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_each_field_is_saved_and_comes_back(home: Home, field: training_form.Field) -> None:
    default = field.default
    other: Any = {"yes-no": True, "choice": field.choices[-1:] and field.choices[-1]}.get(field.kind)
    if other is None:
        other = (default or 3) + 1 if field.kind == "whole" else (default or 0.0) * 0.5
    if field.name == "onpolicy.group_size":
        other = 5
    if field.name == "onpolicy.checkpoint_every_steps":
        other = 8
    training_form.save(home, OPERATOR, "tickets", values() | {field.name: other})
    document = use_cases.read(home, "tickets")
    assert training_form.values_of(document)[field.name] == other
    assert field.advice.endswith(".") and field.label


def test_defaults_are_not_written_and_what_the_form_does_not_ask_stays(home: Home) -> None:
    use_cases.save(home, OPERATOR, "tickets", {"onpolicy": {"max_mismatch": 0.3}, "sft": {"epochs": 2.0}})
    training_form.save(home, OPERATOR, "tickets", values())
    document = use_cases.read(home, "tickets")
    assert document["student"] == {"base": "small"}
    assert document["onpolicy"] == {"max_mismatch": 0.3} and document["sft"] == {}


def test_learning_from_own_answers_is_off_and_on_again(home: Home) -> None:
    training_form.save(home, OPERATOR, "tickets", values(onpolicy__method=OFF))
    document = use_cases.read(home, "tickets")
    assert document["onpolicy"] == {"steps": 0}
    assert training_form.values_of(document)["onpolicy.method"] == OFF
    training_form.save(home, OPERATOR, "tickets", values(onpolicy__method="rloo", onpolicy__steps=7))
    assert use_cases.read(home, "tickets")["onpolicy"] == {"method": "rloo", "steps": 7}


def test_a_teacher_of_tokens_goes_when_another_method_is_chosen_and_stays_when_it_is_not() -> None:
    document = {
        "onpolicy": {"method": "distill", "teacher": {"model": "large"}},
        "student": {"base": "small"},
    }
    held = training_form.values_of(document)
    assert training_form.sections_of(document, held)["onpolicy"] == document["onpolicy"]
    assert training_form.choices_of(FIELDS[3], held["onpolicy.method"])[-1] == "distill"
    changed = training_form.sections_of(document, held | {"onpolicy.method": "grpo"})
    assert changed["onpolicy"] == {}


def test_a_promise_to_the_persons_leaves_nothing_that_would_void_it(home: Home) -> None:
    training_form.save(home, OPERATOR, "tickets", values() | {PRIVATE: 4.0})
    document = use_cases.read(home, "tickets")
    assert document["sft"] == {"dp": {"epsilon": 4.0}} and document["onpolicy"] == {"steps": 0}
    assert training_form.values_of(document)[PRIVATE] == 4.0
    kept = {"sft": {"dp": {"epsilon": 4.0, "clip": 0.5}}, "student": {"base": "small"}}
    again = training_form.sections_of(kept, training_form.values_of(kept) | {PRIVATE: 2.0})
    assert again["sft"]["dp"] == {"epsilon": 2.0, "clip": 0.5}
    assert "dp" not in training_form.sections_of(kept, training_form.values_of(kept) | {PRIVATE: None})["sft"]


def test_settings_that_do_not_fit_each_other_are_refused_and_nothing_changes(home: Home) -> None:
    training_form.save(home, OPERATOR, "tickets", values(sft__epochs=2.0))
    with pytest.raises(ConfigError, match="dp"):
        training_form.save(home, OPERATOR, "tickets", values(sft__method="full") | {PRIVATE: 4.0})
    assert use_cases.read(home, "tickets")["sft"] == {"epochs": 2.0}


def test_a_run_that_is_not_ready_is_refused_with_what_is_missing_and_its_settings_are_kept(
    home: Home,
) -> None:
    with pytest.raises(jobs.JobError, match="no records yet"):
        training_form.start(home, OPERATOR, "tickets", values(sft__epochs=2.0))
    assert use_cases.read(home, "tickets")["sft"] == {"epochs": 2.0} and not jobs.jobs(home)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_an_operator_saves_and_starts(home: Home, role: Role) -> None:
    actor = Actor("vera", frozenset({role}), "console")
    assert not may(actor, Action.EDIT_USE_CASE)
    for act in (training_form.save, training_form.start):
        with pytest.raises(NotAllowed):
            act(home, actor, "tickets", values())
    assert "sft" not in use_cases.read(home, "tickets") and not jobs.jobs(home)


def test_what_differs_between_two_runs_is_named_as_in_the_form() -> None:
    one = {"sft": {"epochs": 1.0}, "student": {"base": "small"}}
    other = {"sft": {"epochs": 2.0, "batch_size": 16}, "student": {"base": "large"}}
    assert training_form.differences(one, other) == [("Epochs", 1.0, 2.0), ("Student", "small", "large")]
    assert training_form.differences(one, one) == []


def test_a_model_of_the_sites_own_is_offered_and_found_again_and_other_folders_are_not(home: Home) -> None:
    (home.models / "spacy-en-md").mkdir()
    write_model(home.models / "large", 32)
    write_model(home.models / "small", 16)
    for name in ("large", "small"):
        (home.models / name / "chat_template.jinja").write_text("template")
    found = training_form.students(home)
    assert [(student.name, student.num_weights) for student in found] == [("small", 512), ("large", 2048)]
    training_form.save(home, OPERATOR, "tickets", values() | {"student.base": found[0].base})
    base = use_cases.read(home, "tickets")["student"]["base"]
    assert resolve(base, home, use_cases.path(home, "tickets").parent).samefile(home.models / "small")
