"""The cascade of a release: the student is asked, and the teacher where the student's answer is under the threshold."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.home import Home
from appliance.release import CASCADE, release
from appliance.release_card import cascade_threshold
from tests.appliance.finished_run import finish
from tests.appliance.report_facts import measured_facts
from tests.distill.scripted_server import Reply, ScriptedServer, answer

RUN = "small-00000001"
THRESHOLD = measured_facts()["cascade"]["logprob_threshold"]
SECRET = "Anna Kowalska, 44 1234"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = Home.open()
    finish(home, tmp_path / "site")
    return release(RUN, home)


def said(text: str, *logprobs: float) -> Reply:
    status, headers, content = answer(text)
    document = json.loads(content)
    document["choices"][0]["logprobs"] = {"content": [{"token": "x", "logprob": each} for each in logprobs]}
    return status, headers, json.dumps(document).encode()


def cascade(
    folder: Path, student: str, teacher: str, *lines: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(folder / "cascade.py"), "--student", student, "--teacher", teacher]
    return subprocess.run(
        command, input="\n".join(lines), env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_teacher_is_asked_where_the_whole_answer_is_under_the_threshold_and_nowhere_else(
    folder: Path,
) -> None:
    half = THRESHOLD / 2
    by_message = {
        "on it": said("billing", half, half),
        "sure": said("billing", half, 0.9 * half),
        "unsure": said("billing", half, 1.1 * half),
    }
    with (
        ScriptedServer(lambda prompt, _: by_message[prompt]) as student,
        ScriptedServer(lambda prompt, _: answer("repairs")) as teacher,
    ):
        asked = [json.dumps({"message": message, "other": "{braces}"}) for message in by_message]
        ran = cascade(folder, student.url, teacher.url, *asked, TEACHER_API_KEY="k-1")
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(each["answer"], each["by"]) for each in found] == [
        ("billing", "student"),
        ("billing", "student"),
        ("repairs", "teacher"),
    ]
    assert math.isclose(found[2]["logprob"], 1.05 * THRESHOLD)
    assert [body["messages"] for body in teacher.bodies] == [
        [
            {"role": "system", "content": "Name the queue: billing, repairs."},
            {"role": "user", "content": "unsure"},
        ]
    ]
    assert {name.lower(): value for name, value in teacher.headers[0].items()}[
        "authorization"
    ] == "Bearer k-1"
    assert student.bodies[0]["logprobs"] is True and student.bodies[0]["temperature"] == 0
    assert student.bodies[0]["messages"][0]["content"] == "Name the queue."
    assert all("uthorization" not in str(headers) for headers in student.headers)


@pytest.mark.parametrize(
    ("line", "reply", "why"),
    [
        (json.dumps({"text": SECRET}), said("billing", 0.0), "line 1: the field 'message' is missing"),
        (SECRET, said("billing", 0.0), "line 1: not a JSON object"),
        (f'["{SECRET}"]', said("billing", 0.0), "line 1: not a JSON object"),
        (json.dumps({"message": SECRET}), answer(SECRET), "an answer without log-probabilities"),
        (json.dumps({"message": SECRET}), (200, {}, b'{"choices": []}'), "not an OpenAI-compatible answer"),
        (json.dumps({"message": SECRET}), (500, {}, SECRET.encode()), "HTTP Error 500"),
        (json.dumps({"message": SECRET}), (0, {}, b""), "line 1: http://127.0.0.1"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_quotes_nothing(
    folder: Path, line: str, reply: Reply, why: str
) -> None:
    with ScriptedServer(lambda *_: reply) as student:
        ran = cascade(folder, student.url, student.url, line)
    assert ran.returncode == 1 and ran.stdout == ""
    assert why in ran.stderr and ran.stderr.count("\n") == 1 and SECRET not in ran.stderr


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("cascade", {"logprob_threshold": None}),
        ("calibration", {"slope": -0.3}),
        ("calibration", {"slope": 0.0}),
    ],
)
def test_without_a_threshold_that_holds_there_is_no_cascade_in_the_folder(
    tmp_path: Path, part: str, change: dict[str, Any]
) -> None:
    home = Home.open()
    finish(home, tmp_path / "site", facts={part: measured_facts()[part] | change}, json_alone=True)
    folder = release(RUN, home)
    assert not (folder / CASCADE).exists() and not (folder / "cascade.py").exists()
    assert "teacher behind it" not in (folder / "README.md").read_text()


def test_the_card_says_what_the_cascade_gave(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    assert "## With the teacher behind it" in card
    test = measured_facts()["cascade"]["test"]
    assert f"{test['share'] * 100:.1f}%" in card and f"{test['value'] * 100:.1f}%" in card


def test_a_real_run_has_a_threshold() -> None:
    with gzip.open(Path(__file__).parent / "banking77-report.json.gz") as file:
        assert cascade_threshold(json.load(file)) == pytest.approx(-0.44185, abs=1e-5)
