"""A teacher is tried before it is paid: what its silence means is told in a sentence, and what all records will take as a range."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.config import ConfigError
from appliance.home import Home
from appliance.jobs.kinds import KINDS
from appliance.people.acting import NotAllowed
from appliance.preparing import preview, teacher_test, use_cases
from appliance.preparing.teacher_estimate import estimate
from tests.appliance.drafted_case import OFFICER, OPERATOR, VIEWER, draft, rules_only, silently
from tests.distill.scripted_server import Reply, ScriptedServer, answer
from tests.tiny_model import make_tiny_model

PRICES = {
    "requests_per_month": 1000,
    "currency": "EUR",
    "device_per_hour": 1.0,
    "device_source": "example",
    "device_date": "2026-11-01",
    "teacher_input_per_million": 2.0,
    "teacher_output_per_million": 10.0,
    "teacher_source": "example",
    "teacher_date": "2026-11-01",
}


@pytest.fixture
def home() -> Home:
    return Home.open()


def served(url: str, **more: Any) -> dict[str, Any]:
    return {"kind": "endpoint", "model": "big", "url": url, "concurrency": 4, **more}


def finding(home: Home, teacher: dict[str, Any], look: bool = True) -> teacher_test.Probe:
    """The finding of a test of this teacher, as the job leaves it."""
    name = draft(home, teacher=teacher, evaluate={"reference_field": "queue"}, prices=PRICES)
    if look:
        preview.look_over(home, name, rules_only(home, name), silently)
    job = teacher_test.ask(home, OPERATOR, name)
    result = KINDS["teacher-test"].work(home, job)
    found = teacher_test.probe(home, name)
    assert found is not None
    assert result == {"ok": found.ok, "message": found.said}
    return found


def replies(prompt: str, _attempt: int) -> Reply:
    if prompt == teacher_test.QUESTION:
        return answer("OK")
    usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": 2}
    return answer("billing" if "Zyxw1" not in prompt else "no label at all", usage=usage)


def test_a_server_that_answers_is_measured_and_its_answers_are_kept_apart(home: Home) -> None:
    def routes(path: str, _body: Any) -> Any:
        card = {"id": "big", "owned_by": "vllm", "max_model_len": 4096}
        return {"data": [card]} if path.endswith("/models") else None

    with ScriptedServer(replies, routes=routes) as server:
        found = finding(home, served(server.url))
    assert found.ok
    assert (found.asked, found.answered) == (8, 8)
    assert (found.context_tokens, found.engine) == (4096, "vllm")
    assert found.latency_s is not None and 0 < found.latency_s < 5
    assert found.seconds is not None and len(found.prompt_tokens) == 8
    said = teacher_test.answers(home, OFFICER, "tickets")
    assert (
        found.readable
        == sum(each.readable for each in said)
        == sum("Zyxw1" not in each.asked for each in said)
    )
    assert "case." not in json.dumps([each.asked for each in said]), "scrubbed records only"
    folder = use_cases.path(home, "tickets").parent
    assert "billing" not in (folder / "teacher-test.json").read_text()
    with pytest.raises(NotAllowed):
        teacher_test.answers(home, VIEWER, "tickets")


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        ((401, {}, b"{}"), "wants a key"),
        ((404, {}, b"{}"), "knows no model 'big'"),
        ((500, {}, b"{}"), "fails (HTTP 500)"),
        ((200, {}, b"<html>"), "not as an OpenAI-compatible server"),
        ((0, {}, b""), "No answer from"),
    ],
)
def test_a_server_that_does_not_answer_is_told_in_one_sentence_with_the_remedy(
    home: Home, reply: Reply, what: str
) -> None:
    with ScriptedServer(lambda *_: reply) as server:
        found = finding(home, served(server.url))
    assert not found.ok
    assert what in found.said
    assert found.said.count(". ") == 0
    assert (found.asked, found.seconds, found.latency_s) == (0, None, None)


def test_nobody_at_the_address_and_a_key_that_is_not_set_are_findings(home: Home) -> None:
    found = finding(home, served("http://127.0.0.1:9/v1"))
    assert found.said.startswith("Nothing answers at http://127.0.0.1:9/v1")
    use_cases.save(
        home, OPERATOR, "tickets", {"teacher": served("http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY")}
    )
    job = teacher_test.ask(home, OPERATOR, "tickets")
    assert KINDS["teacher-test"].work(home, job)["message"].startswith("The variable NO_SUCH_KEY is not set")


def test_recorded_answers_are_read_as_the_task_wants_them(home: Home) -> None:
    found = finding(home, {"kind": "recorded", "model": "people", "answer_field": "queue"})
    assert (found.ok, found.readable, found.asked) == (True, 8, 8)
    assert found.said == "All 8 recorded answers can be read as the task wants them."
    assert estimate(home, "tickets") is None, "nothing is asked of anybody"


def test_a_folder_that_is_no_model_says_so(home: Home, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = finding(home, {"kind": "local", "model": str(tmp_path / "empty")})
    assert not found.ok
    assert "config.json" in found.said or "safetensors" in found.said


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://127.0.0.1:8000/v1", "here"),
        ("http://localhost/v1", "here"),
        ("http://[::1]:8000/v1", "here"),
        ("http://10.1.2.3/v1", "site"),
        ("https://192.168.7.1:8443/v1", "site"),
        ("https://8.8.8.8/v1", "outside"),
        ("https://teacher.corp/v1", "name"),
        ("https://localhost.evil.example/v1", "name"),
    ],
)
def test_where_an_address_leads_is_known_without_a_lookup(url: str, where: str) -> None:
    assert teacher_test.reaches(url) == where


def test_only_an_operator_tests(home: Home) -> None:
    name = draft(home)
    with pytest.raises(NotAllowed):
        teacher_test.ask(home, OFFICER, name)


def test_tokens_and_money_are_a_range_before_a_test_and_measured_after(home: Home) -> None:
    name = draft(home, teacher=served("http://127.0.0.1:9/v1"), prices=PRICES)
    with pytest.raises(ConfigError, match="make a preview"):
        estimate(home, name)
    preview.look_over(home, name, rules_only(home, name), silently)
    before = estimate(home, name)
    assert before is not None
    assert (before.records, before.measured, before.seconds) == (60, False, None)
    assert before.prompt_tokens.value is None
    assert before.cost is not None and before.cost.value is None
    with ScriptedServer(replies) as server:
        use_cases.save(home, OPERATOR, name, {"teacher": served(server.url)})
        KINDS["teacher-test"].work(home, teacher_test.ask(home, OPERATOR, name))
    after = estimate(home, name)
    assert after is not None
    assert after.measured and after.is_example
    assert after.answer_tokens.value == 120
    assert after.prompt_tokens.value is not None
    assert after.prompt_tokens.low <= after.prompt_tokens.value
    assert after.prompt_tokens.value <= after.prompt_tokens.high
    assert after.cost is not None and after.cost.value is not None
    expected = (after.prompt_tokens.value * 2 + 120 * 10) / 1e6
    assert after.cost.value == pytest.approx(expected)
    assert after.seconds is not None and after.seconds.value is not None
    assert after.missing == ()


def test_an_estimate_forgets_a_test_of_another_teacher_and_says_what_is_missing(home: Home) -> None:
    with ScriptedServer(replies) as server:
        finding(home, served(server.url))
    use_cases.save(home, OPERATOR, "tickets", {"teacher": served("http://127.0.0.1:9/v1"), "prices": None})
    found = estimate(home, "tickets")
    assert found is not None
    assert not found.measured
    assert [each.partition(":")[0] for each in found.missing] == ["Time", "Cost"]


@pytest.mark.slow
def test_a_local_teacher_is_loaded_asked_and_measured(home: Home, tmp_path: Path) -> None:
    path = make_tiny_model(tmp_path / "tiny")
    found = finding(home, {"kind": "local", "model": str(path)})
    assert (found.asked, found.answered) == (8, 8)
    assert found.seconds is not None and found.latency_s is not None
    assert found.engine == "this machine"
