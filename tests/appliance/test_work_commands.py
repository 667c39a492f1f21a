"""What the console's pages do about work can be done at a shell: the same functions, acted on as the home's owner."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import jobs
from appliance.cli import main
from appliance.home import Home
from appliance.people.acting import Actor, Role
from appliance.preparing import use_cases

MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")


def said(*command: str, status: int = 0) -> str:
    done = CliRunner().invoke(main, command)
    assert done.exit_code == status, done.output
    return done.output.strip()


def test_the_queue_is_listed_stopped_and_tried_again(stillhouse_home: Path) -> None:
    home = Home.open()
    made = jobs.put(home, "maria", "run", {"use_case": "tickets", "version": 1})
    assert made.job_id in said("jobs", "list") and "no worker is running" in said("jobs", "list")
    assert said("jobs", "stop", made.job_id).endswith("stopped")
    assert said("jobs", "retry", made.job_id).endswith("queued")
    assert jobs.job(home, made.job_id).started_by[-1].startswith("shell:")
    assert "not ready" in said("jobs", "start", "tickets", status=1) or "no use case" in said(
        "jobs", "start", "tickets", status=1
    )


@pytest.mark.slow
def test_a_file_is_brought_in_listed_and_taken_away(stillhouse_home: Path, tmp_path: Path) -> None:
    (stillhouse_home / "data.toml").write_text("spare_bytes = 0\n")
    (tmp_path / "tickets.csv").write_text("number,text\n1,hello\n")
    (tmp_path / "empty.csv").write_text("")
    dataset_id = said("datasets", "add", str(tmp_path / "tickets.csv"))
    assert dataset_id in said("datasets", "list") and "1 rows" in said("datasets", "list")
    assert "the file is empty" in said("datasets", "add", str(tmp_path / "empty.csv"), status=1)
    said("datasets", "delete", dataset_id)
    assert said("datasets", "list") == ""


def test_use_cases_are_listed_with_what_they_lack(stillhouse_home: Path) -> None:
    use_cases.create(Home.open(), MARIA, "tickets", "Tickets")
    assert "no records yet" in said("use-cases", "list")
    assert said("use-cases", "path", "tickets").endswith("use_cases/tickets/use_case.toml")


def test_approvals_refuse_in_one_line(stillhouse_home: Path) -> None:
    assert said("approvals", "list") == ""
    assert "no run" in said("approvals", "ask", "nothing", "--reason", "x", status=1)
    assert "no such request" in said("approvals", "decide", "1", "--approve", "--reason", "x", status=1)
