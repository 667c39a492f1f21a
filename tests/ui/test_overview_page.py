"""The pages Overview and System as each role sees them, and what their buttons do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from appliance import audit, jobs
from appliance.home import Home
from appliance.jobs import Status, journal
from appliance.people import accounts
from appliance.people.acting import Action, Actor, Role
from appliance.store import Store
from tests.appliance.evaluated_run import make_run
from tests.ui.conftest import AppTest, See

pytestmark = pytest.mark.slow


def html(shown: AppTest) -> str:
    return "\n".join(each.proto.body for each in shown.html)


def failed_job(home: Home) -> jobs.Job:
    job = jobs.put(home, "omar", "run", {"use_case": "tickets"})
    with journal.locked(home):
        journal.append(home, job.job_id, "start", attempt=1)
        journal.append(home, job.job_id, "failed", attempt=1, message="scrub: recall is under the floor")
    return job


def runs(home: Home, count: int) -> None:
    for number in range(count):
        folder = home.runs / f"tickets-{number:08x}"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"use_case": {}}))
        Store(home.store).begin_run(folder.name, "tickets", f"Messages <{number}>")
        Store(home.store).end_run(
            folder.name, "failed" if number % 2 else "done", "curate: no record is left"
        )


def test_an_empty_home_says_what_to_do_next(see: See) -> None:
    told = html(see("overview", Role.OPERATOR))
    assert "No run yet" in told and "Bring in a file of records" in told


def test_runs_are_shown_a_page_at_a_time_and_titles_are_text(see: See, home: Home) -> None:
    runs(home, 11)
    told = html(see("overview", Role.VIEWER))
    assert "Messages &lt;10&gt;" in told and "Messages <" not in told
    assert told.count('class="sh-card"') == 8 and "1 to 8 of 11" in told
    told = html(see("overview", Role.VIEWER, page="2"))
    assert told.count('class="sh-card"') == 3 and "9 to 11 of 11" in told


def test_the_key_figure_of_a_run_is_named_as_people_name_it(see: See, home: Home) -> None:
    right = ["billing"] * 4
    made = make_run(home, {"onpolicy": right, "untuned": ["refund"] * 4, "teacher": right}, right)
    Store(home.store).begin_run(made.name, "letters", "Letters")
    told = html(see("overview", Role.VIEWER))
    assert "<b>100.0%</b> answer correct, 95% interval" in told and "accuracy" not in told


def test_a_page_beyond_the_last_leads_to_the_first(see: See, home: Home) -> None:
    runs(home, 2)
    assert html(see("overview", Role.VIEWER, page="40")).count('class="sh-card"') == 2


def test_the_filter_is_in_the_address(see: See, home: Home) -> None:
    runs(home, 4)
    assert html(see("overview", Role.VIEWER, status="failed")).count('class="sh-card"') == 2
    assert "No run fits" in html(see("overview", Role.VIEWER, q="nothing like it"))


def test_an_operator_tries_a_failed_job_again_and_it_is_in_the_log(see: See, home: Home) -> None:
    job = failed_job(home)
    shown = see("overview", Role.OPERATOR)
    shown.button(key=f"again-{job.job_id}").click().run()
    assert jobs.job(home, job.job_id).status is Status.QUEUED
    newest = audit.entries(home, limit=1)[0]
    assert (newest.action, newest.actor, newest.outcome) == (Action.RETRY_JOB, "operator", "done")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER, Role.PRIVACY_OFFICER])
def test_who_may_not_try_again_or_stop_has_no_button(see: See, home: Home, role: Role) -> None:
    failed_job(home)
    jobs.put(home, "omar", "preview", {"use_case": "tickets"})
    for page, query in (("overview", {}), ("system", {"tab": "Jobs"})):
        shown = see(page, role, **query)
        assert not [button for button in shown.button if button.label in ("Stop", "Try again")]


def test_a_job_is_stopped_by_who_may(see: See, home: Home) -> None:
    job = jobs.put(home, "omar", "preview", {"use_case": "tickets"})
    see("overview", Role.ADMINISTRATOR).button(key=f"stop-{job.job_id}").click().run()
    assert jobs.job(home, job.job_id).status is Status.STOPPED


def test_a_stop_that_comes_too_late_is_told_in_one_sentence(see: See, home: Home) -> None:
    job = jobs.put(home, "omar", "preview", {"use_case": "tickets"})
    shown = see("overview", Role.OPERATOR)
    with journal.locked(home):
        journal.append(home, job.job_id, "stop", by="omar")
    shown.button(key=f"stop-{job.job_id}").click().run()
    assert not shown.exception


@pytest.mark.parametrize(
    ("role", "tabs"),
    [
        (Role.VIEWER, ["Machine", "Jobs"]),
        (Role.PRIVACY_OFFICER, ["Machine", "Jobs", "Audit log"]),
        (Role.ADMINISTRATOR, ["Machine", "Jobs", "Accounts", "Sessions", "Audit log"]),
    ],
)
def test_the_parts_of_system_follow_the_role(see: See, role: Role, tabs: list[str]) -> None:
    assert [tab.label for tab in see("system", role).tabs] == tabs


def test_the_audit_log_is_not_shown_to_who_names_its_tab_in_the_address(see: See, home: Home) -> None:
    shown = see("system", Role.VIEWER, tab="Audit log")
    assert "read-audit" not in html(shown)
    assert not [entry for entry in audit.entries(home) if entry.action == Action.READ_AUDIT]


def test_an_administrator_makes_an_account_and_its_password_is_shown_once(see: See, home: Home) -> None:
    shown = see("system", Role.ADMINISTRATOR, tab="Accounts")
    shown.text_input[0].input("Omar ")
    shown.multiselect[0].select("operator")
    next(button for button in shown.button if button.label == "Create").click().run()
    made = accounts.account(home, "omar")
    assert made is not None and made.roles == {Role.OPERATOR} and made.must_change_password
    assert len(shown.code) == 1
    assert not shown.run().code


def test_a_name_that_cannot_be_is_told_in_one_sentence(see: See, home: Home) -> None:
    shown = see("system", Role.ADMINISTRATOR, tab="Accounts")
    shown.text_input[0].input("1")
    shown.multiselect[0].select("operator")
    next(button for button in shown.button if button.label == "Create").click().run()
    assert len(shown.error) == 1 and "2 to 32 characters" in shown.error[0].value.replace("\\", "")
    assert not shown.exception


def test_the_log_is_verified_and_a_changed_line_is_told(
    see: See, home: Home, as_role: Callable[..., Any]
) -> None:
    shown = see("system", Role.ADMINISTRATOR, tab="Audit log")
    verify = next(button for button in shown.button if button.label == "Verify the log")
    verify.click().run()
    assert shown.success and "Intact" in shown.success[0].value
    log = home.root / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"administrator', b'"somebodyelse', 1))
    next(button for button in shown.button if button.label == "Verify the log").click().run()
    assert "not intact" in shown.error[0].value.replace("\\", "")


def test_the_audit_log_shows_who_did_what(see: See, home: Home) -> None:
    accounts.disable(home, Actor("ada", frozenset({Role.ADMINISTRATOR}), "console"), _made(home))
    told = html(see("system", Role.PRIVACY_OFFICER, tab="Audit log"))
    assert "manage-accounts" in told and ">ada</td>" in told


def _made(home: Home) -> str:
    accounts.create(home, Actor("ada", frozenset({Role.ADMINISTRATOR}), "console"), "vera", [Role.VIEWER])
    return "vera"
