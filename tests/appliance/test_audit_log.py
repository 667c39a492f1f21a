"""The audit log: what an action leaves in it, in order, whatever is killed and however many write at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance import audit
from appliance.audit import chain as audit_chain
from appliance.audit import heads as audit_heads
from appliance.home import Home
from appliance.people.acting import Action, Actor, NotAllowed, Role, acting

ANNA = Actor("anna", frozenset({Role.OPERATOR, Role.PRIVACY_OFFICER}), "console")


@pytest.fixture
def home() -> Home:
    return Home.open()


def told(home: Home) -> list[tuple[str, str]]:
    """Action and outcome, oldest first."""
    return [(entry.action, entry.outcome) for entry in reversed(audit.entries(home, limit=1000))]


def test_an_action_is_written_down_before_it_happens_and_when_it_ended(home: Home) -> None:
    with acting(home, ANNA, Action.START_JOB, use_case="tickets"):
        assert told(home) == [("start-job", "begun")]
    assert told(home) == [("start-job", "done")]
    (entry,) = audit.entries(home)
    assert (entry.actor, entry.origin, entry.objects) == ("anna", "console", {"use_case": "tickets"})


def test_a_failed_action_leaves_the_type_of_its_error_and_no_word_of_it(home: Home) -> None:
    with pytest.raises(ValueError, match="Jane"):
        with acting(home, ANNA, Action.START_JOB):
            raise ValueError("Jane Doe is no number")
    assert audit.entries(home)[0].objects == {"error": "ValueError"}
    assert "Jane" not in audit.log_path(home).read_text()


def test_a_refusal_is_written_down_and_nothing_happens(home: Home) -> None:
    with pytest.raises(NotAllowed, match="anna may not manage accounts: the administrator may"):
        with acting(home, ANNA, Action.MANAGE_ACCOUNTS):
            pytest.fail("not reached")
    assert told(home) == [("manage-accounts", "refused")]


def test_an_action_whose_log_cannot_be_written_does_not_happen(home: Home) -> None:
    audit.log_path(home).mkdir()
    with pytest.raises(OSError):
        with acting(home, ANNA, Action.START_JOB):
            pytest.fail("not reached")


def test_looking_is_written_down_once_in_a_while_and_for_each_thing(home: Home) -> None:
    for run in ("a", "a", "b", "a"):
        with acting(home, ANNA, Action.SEE_TEXT, run=run):
            pass
    with acting(home, ANNA, Action.VIEW, run="a"):
        pass
    assert [entry.objects for entry in audit.entries(home)] == [{"run": "b"}, {"run": "a"}]


def test_what_was_killed_in_the_middle_stays_as_begun(home: Home) -> None:
    code = """
import os
from appliance.people.acting import *
from appliance.home import Home
with acting(Home.open(), Actor("anna", frozenset(Role), "console"), Action.START_JOB):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == -9
    with acting(home, ANNA, Action.STOP_JOB):
        pass
    assert told(home) == [("start-job", "begun"), ("stop-job", "done")]
    assert audit.verify(home).problem is None


def test_entries_come_newest_first_page_by_page_and_filtered(home: Home) -> None:
    for number in range(30):
        audit.append(home, "anna" if number % 3 else "bob", "console", "rate", "done", {"number": number})
    numbers = [entry.objects["number"] for entry in audit.entries(home, offset=10, limit=5)]
    assert numbers == [19, 18, 17, 16, 15]
    bobs = [entry.objects["number"] for entry in audit.entries(home, offset=1, limit=3, actor="bob")]
    assert bobs == [24, 21, 18]
    assert audit.entries(home, action="start-job") == [] == audit.entries(home, outcome="failed")
    assert audit.entries(home, offset=30) == []


def test_a_log_longer_than_what_is_read_at_once_is_read_whole(home: Home) -> None:
    for number in range(120):
        audit.append(home, "anna", "console", "rate", "done", {"number": number, "text": "ü" * 200})
    assert audit.log_path(home).stat().st_size > 16 * 8192
    found = audit.entries(home, limit=1000)
    assert [entry.objects["number"] for entry in found] == list(range(119, -1, -1))
    assert found[0].objects["text"] == "ü" * 200


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_line_that_a_kill_left_unfinished_is_kept_and_a_note_follows_it(home: Home, kept: int) -> None:
    audit.append(home, "anna", "console", "rate", "done", {"number": 1})
    whole = audit.log_path(home).read_bytes()
    audit.append(home, "anna", "console", "rate", "done", {"number": 2})
    both = audit.log_path(home).read_bytes()
    torn = both[len(whole) :][:kept]
    heads = audit_heads.path(home)
    heads.write_bytes(heads.read_bytes().splitlines(keepends=True)[0])
    audit.log_path(home).write_bytes(whole + torn)
    assert audit.verify(home).problem is None, "before the next entry"
    audit.append(home, "anna", "console", "rate", "done", {"number": 3})
    found = audit.verify(home)
    assert found.problem is None
    assert audit.log_path(home).read_bytes().startswith(whole + torn), "nothing is ever taken away"
    notes = [entry.objects for entry in audit.entries(home, action="mend-log")]
    assert notes == ([{"torn_bytes": len(torn)}] if torn else [])
    assert found.torn == (1 if torn and kept != -1 else 0)


@pytest.mark.parametrize("length", [0, 1, 60])
def test_a_note_that_was_itself_killed_is_noted(home: Home, length: int) -> None:
    audit.append(home, "anna", "console", "rate", "done", {})
    with audit.log_path(home).open("ab") as file:
        file.write(
            b'{"action":"ra'
            + b"\n"
            + b'{"action":"mend-log","actor":"stillhouse","at":1795417459.495'[:length]
        )
    audit.append(home, "anna", "console", "rate", "done", {})
    assert audit.verify(home).problem is None
    assert [entry.action for entry in audit.entries(home)] == ["rate", "mend-log", "rate"]
    assert audit.entries(home)[1].objects == {"torn_bytes": 13 + length}


def test_a_head_that_a_kill_kept_from_being_written_follows(home: Home) -> None:
    audit.append(home, "anna", "console", "rate", "done", {})
    first = audit_heads.path(home).read_bytes()
    audit.append(home, "anna", "console", "rate", "done", {})
    both = audit_heads.path(home).read_bytes()
    for there in (first, first + both[len(first) :][:50], both[:-1]):
        audit_heads.path(home).write_bytes(there)
        assert audit.verify(home).problem is None
        audit.append(home, "anna", "console", "rate", "done", {})
        assert audit.verify(home).problem is None
        assert audit.verify(home).without_head == 0


def test_a_change_that_the_heads_tell_of_is_noted_at_the_next_entry(home: Home) -> None:
    for _ in range(5):
        audit.append(home, "anna", "console", "rate", "done", {})
    log = audit.log_path(home)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    audit.append(home, "anna", "console", "rate", "done", {})
    assert [entry.action for entry in audit.entries(home, outcome="noticed")] == ["notice-change"]
    assert audit.verify(home).problem is not None, "and it stays found"


@pytest.mark.slow
def test_processes_that_write_at_once_write_whole_lines_one_after_the_other(home: Home) -> None:
    code = """
import sys
from appliance import audit
from appliance.home import Home
for number in range(25):
    audit.append(Home.open(), sys.argv[1], "job", "rate", "done", {"number": number})
"""
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", code, name], cwd=root) for name in ("a", "b", "c", "d")
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    found = audit.entries(home, limit=1000)
    assert {entry.line for entry in found} == set(range(1, 101))
    for name in "abcd":
        assert [entry.objects["number"] for entry in reversed(found) if entry.actor == name] == list(
            range(25)
        )
    assert audit.verify(home).problem is None


def test_a_log_written_down_earlier_is_recognised_and_another_is_not(home: Home) -> None:
    audit.append(home, "anna", "console", "rate", "done", {})
    seen = (1, audit.verify(home).tip)
    audit.append(home, "anna", "console", "rate", "done", {})
    assert audit.verify(home, seen).problem is None
    assert audit.verify(home, (2, seen[1])).problem is not None
    assert audit.verify(home, (3, seen[1])).problem is not None


def test_log_and_heads_are_for_the_owner_only(home: Home) -> None:
    audit.append(home, "anna", "console", "rate", "done", {})
    for path in (audit.log_path(home), audit_heads.path(home)):
        assert path.stat().st_mode & 0o777 == 0o600
    assert audit_heads.folder(home).stat().st_mode & 0o777 == 0o700


def test_heads_are_kept_where_the_site_says(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLHOUSE_AUDIT_HEADS", str(tmp_path / "elsewhere"))
    audit.append(home, "anna", "console", "rate", "done", {})
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {"heads.jsonl", "public-key.pem"}
    assert not (home.root / "audit-heads").exists()
    assert audit.verify(home).problem is None


def test_an_object_is_cut_rather_than_filling_the_log(home: Home) -> None:
    audit.append(home, "anna", "console", "rate", "done", {"name": "x" * 10_000, "none": None, "count": 3})
    assert audit.entries(home)[0].objects == {"name": "x" * 200, "count": 3}


def test_an_entry_costs_little_beside_making_it_durable(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of 50, since the machine may be busy."""
    monkeypatch.setattr(os, "fdatasync", lambda _descriptor: None)
    seconds = []
    for number in range(50):
        started = time.perf_counter()
        audit.append(home, "anna", "console", "start-job", "done", {"run": "tickets-1", "number": number})
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.003


def test_equal_contents_have_one_form() -> None:
    assert audit_chain.canonical({"b": 1, "a": "é"}) == audit_chain.canonical(
        json.loads('{"a": "\\u00e9", "b": 1}')
    )
