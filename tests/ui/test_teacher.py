"""The page Teacher: what is saved is what was typed, a test is asked for once, an estimate says what it does not know."""

from __future__ import annotations

import pytest

from appliance import jobs
from appliance.home import Home
from appliance.jobs.kinds import KINDS
from appliance.people.acting import Role
from appliance.preparing import preview, teacher_test, use_cases
from tests.appliance.drafted_case import OPERATOR, draft, rules_only, silently
from tests.appliance.test_teacher_test import PRICES, replies, served
from tests.distill.scripted_server import ScriptedServer
from tests.ui.conftest import See
from tests.ui.test_data import button, texts

pytestmark = pytest.mark.slow


@pytest.fixture
def name(home: Home) -> str:
    made = draft(home, teacher=None, prices=PRICES, evaluate={"reference_field": "queue"})
    preview.look_over(home, made, rules_only(home, made), silently)
    return made


def test_a_server_is_saved_with_a_floor_and_its_reach_is_told(see: See, home: Home, name: str) -> None:
    shown = see("teacher", Role.OPERATOR, use_case=name)
    assert not shown.exception
    fields = {each.label: each for each in shown.text_input}
    fields["Address, up to and including /v1"].set_value("http://10.0.4.20:8000/v1")
    fields["Model, as the server calls it"].set_value("big")
    shown.toggle[0].set_value(True).run()
    assert "private range" in texts(shown)
    shown = button(shown, "Save")
    assert not shown.error
    kept = use_cases.read(home, name)["teacher"]
    assert (kept["kind"], kept["model"], kept["min_accuracy"]) == ("endpoint", "big", 0.8)


def test_a_test_and_an_estimate_are_shown_with_their_range(see: See, home: Home, name: str) -> None:
    with ScriptedServer(replies) as server:
        use_cases.save(home, OPERATOR, name, {"teacher": served(server.url)})
        said = texts(see("teacher", Role.OPERATOR, use_case=name))
        assert "It was not tested yet" in said
        assert "Tokens are a guess" in said
        KINDS["teacher-test"].work(home, teacher_test.ask(home, OPERATOR, name))
    shown = see("teacher", Role.OPERATOR, use_case=name)
    assert not shown.exception
    said = texts(shown)
    assert "given answers can be read" in said
    assert "Tokens as the teacher counted them" in said
    assert "prices are an example" in said.replace("\\", "")


def test_a_test_is_asked_for_once_and_by_an_operator(see: See, home: Home, name: str) -> None:
    use_cases.save(home, OPERATOR, name, {"teacher": served("http://127.0.0.1:9/v1")})
    assert not [each for each in see("teacher", Role.VIEWER, use_case=name).button if each.label == "Test it"]
    shown = button(see("teacher", Role.OPERATOR, use_case=name), "Test it")
    assert not shown.exception
    (test,) = [each for each in shown.button if each.label == "Test it"]
    assert test.disabled
    assert [job.kind for job in jobs.jobs(home)] == ["teacher-test"]


def test_recorded_answers_cost_nothing(see: See, home: Home, name: str) -> None:
    teacher = {"kind": "recorded", "model": "people", "answer_field": "queue"}
    use_cases.save(home, OPERATOR, name, {"teacher": teacher, "evaluate": None})
    shown = see("teacher", Role.VIEWER, use_case=name)
    assert not shown.exception
    assert "Nothing is asked of anybody" in texts(shown)
