"""Two people for a release, and what they decided on: never by somebody who had a part in it, void once it changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from appliance import approvals, jobs, manifest
from appliance.approvals import ApprovalError, Standing
from appliance.home import Home
from appliance.jobs import Job, JobError, Status, attempts
from appliance.jobs.kinds import KINDS
from appliance.people.acting import Actor, NotAllowed, Role
from appliance.release_checks import ReleaseError
from tests.appliance.finished_run import finish

pytestmark = pytest.mark.slow  # a report takes seconds to write

RUN = "small-00000001"
MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")
NILS = Actor("nils", frozenset({Role.OPERATOR, Role.APPROVER}), "console")
ANNA = Actor("anna", frozenset({Role.APPROVER}), "console")


def distil() -> dict[str, Any]:
    """Facts of a run whose verdict is to distil."""
    return {"verdict": {"kind": "distil", "headline": "Distil.", "reasons": ["It pays."]}}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a finished run; made once, since a report takes seconds to write."""
    made = Home(tmp_path_factory.mktemp("template"))
    for folder in (made.models, made.runs, made.keys, made.cache):
        folder.mkdir()
    finish(made, tmp_path_factory.mktemp("site") / "use-case", RUN, facts=distil())
    return made


@pytest.fixture
def home(stillhouse_home: Path, template: Home) -> Home:
    shutil.copytree(template.root, stillhouse_home, dirs_exist_ok=True)
    return Home.open()


def job_of(home: Home, actor: Actor) -> Job:
    """A job of that run, which somebody started."""
    made = jobs.put(home, actor.name, "run", {"use_case": "small", "version": 1})
    attempts.tell_run(home, attempts.begin(home, made.job_id), RUN)
    return made


def work_off(home: Home) -> Job:
    """The release job, worked on as the worker's child would."""
    (job,) = (each for each in jobs.jobs(home) if each.kind == "release")
    begun = attempts.begin(home, job.job_id)
    found = KINDS["release"].work(home, begun)
    return attempts.finish(home, begun, "done", found["message"], found)


def test_one_asks_another_approves_and_the_worker_releases(home: Home) -> None:
    asked = approvals.ask(home, MARIA, RUN, " It answers as well as the teacher. ")
    assert (asked.standing, asked.asked_by, asked.despite_verdict) == (Standing.ASKED, "maria", False)
    assert asked.reason == "It answers as well as the teacher."
    decided = approvals.decide(home, ANNA, asked.request_id, True, "Agreed.")
    assert (decided.standing, decided.decided_by, decided.decision_reason) == (
        Standing.APPROVED,
        "anna",
        "Agreed.",
    )
    assert decided.job_id is not None and approvals.requests(home) == [decided]
    work_off(home)
    folder = home.root / "releases" / RUN
    assert json.loads((folder / "stillhouse-release.json").read_text())["student"] == asked.student


def test_a_refusal_is_kept_with_its_reason_and_releases_nothing(home: Home) -> None:
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    refused = approvals.decide(home, ANNA, asked.request_id, False, "Too few test records.")
    assert (refused.standing, refused.decision_reason, refused.job_id) == (
        Standing.REFUSED,
        "Too few test records.",
        None,
    )
    assert jobs.count(home) == 0
    with pytest.raises(ApprovalError, match="refused"):
        approvals.decide(home, ANNA, asked.request_id, True, "On second thought.")
    with pytest.raises(ReleaseError, match="refused"):
        approvals.carry_out(home, asked.request_id)
    again = approvals.ask(home, MARIA, RUN, "With more test records.")
    assert again.request_id > asked.request_id


@pytest.mark.parametrize("part", ["asked", "started", "tried again"])
def test_whoever_had_a_part_in_it_does_not_decide(home: Home, part: str) -> None:
    asked = approvals.ask(home, NILS if part == "asked" else MARIA, RUN, "Please.")
    if part == "started":
        job_of(home, NILS)
    if part == "tried again":
        made = job_of(home, MARIA)
        attempts.finish(home, jobs.job(home, made.job_id), "failed", "x")
        jobs.retry(home, NILS, made.job_id)
    for approve in (True, False):
        with pytest.raises(NotAllowed, match="nils"):
            approvals.decide(home, NILS, asked.request_id, approve, "Mine.")
    assert approvals.request(home, asked.request_id).standing is Standing.ASKED
    assert not [job for job in jobs.jobs(home) if job.kind == "release"]
    assert approvals.had_part(home, "nils", asked) and approvals.had_part(home, "anna", asked) is None
    approvals.decide(home, ANNA, asked.request_id, True, "Not mine.")


def test_whoever_trained_what_this_run_took_over_does_not_decide(home: Home) -> None:
    """The student of `first` went by way of `second` into this run."""
    path = home.runs / RUN / "onpolicy" / "manifest.json"
    told = json.loads(path.read_text())
    for run_id, reused_from in ((RUN, "second"), ("second", "first"), ("first", None)):
        folder = home.runs / run_id / "onpolicy"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text(json.dumps(told | {"reused_from": reused_from}))
    made = jobs.put(home, "nils", "run", {"use_case": "first", "version": 1})
    attempts.tell_run(home, attempts.begin(home, made.job_id), "first")
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    with pytest.raises(NotAllowed, match="first"):
        approvals.decide(home, NILS, asked.request_id, True, "Mine.")
    assert approvals.decide(home, ANNA, asked.request_id, True, "Good.").standing is Standing.APPROVED


def test_requests_are_listed_though_a_jobs_folder_was_taken_away(home: Home) -> None:
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    decided = approvals.decide(home, ANNA, asked.request_id, True, "Good.")
    shutil.rmtree(home.jobs / str(decided.job_id))
    shutil.rmtree(home.runs / RUN / "report")
    assert [each.standing for each in approvals.requests(home)] == [Standing.VOID]


def test_a_part_in_another_run_is_no_part_in_this_one(home: Home) -> None:
    made = jobs.put(home, "nils", "run", {"use_case": "other", "version": 1})
    attempts.tell_run(home, attempts.begin(home, made.job_id), "other-00000002")
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    assert approvals.decide(home, NILS, asked.request_id, True, "Good.").standing is Standing.APPROVED


@pytest.mark.parametrize("role", list(Role))
def test_an_operator_asks_and_an_approver_decides(home: Home, role: Role) -> None:
    eve = Actor("eve", frozenset({role}), "console")
    if role is not Role.OPERATOR:
        with pytest.raises(NotAllowed):
            approvals.ask(home, eve, RUN, "Please.")
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    if role is not Role.APPROVER:
        with pytest.raises(NotAllowed):
            approvals.decide(home, eve, asked.request_id, True, "Good.")
        assert approvals.requests(home) == [asked] and jobs.count(home) == 0


@pytest.mark.parametrize("changed", ["student", "report", "gone"])
@pytest.mark.parametrize("when", ["asked", "approved"])
def test_a_run_that_changed_since_makes_the_request_void(home: Home, changed: str, when: str) -> None:
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    if when == "approved":
        approvals.decide(home, ANNA, asked.request_id, True, "Good.")
    stage = {"student": "onpolicy", "report": "report", "gone": "report"}[changed]
    path = home.runs / RUN / stage / "manifest.json"
    told = json.loads(path.read_text())
    name = next(name for name in told["outputs"] if changed != "student" or name.startswith("model/"))
    told["outputs"][name] = "0" * 64
    path.write_text(json.dumps(told))
    if changed == "gone":
        shutil.rmtree(path.parent)
    assert approvals.request(home, asked.request_id).standing is Standing.VOID
    with pytest.raises(ApprovalError, match="void"):
        approvals.decide(home, ANNA, asked.request_id, True, "Good.")
    if when == "approved":
        with pytest.raises(JobError, match="void"):
            work_off(home)
    assert not (home.root / "releases" / RUN).exists()


def test_a_release_that_left_is_not_void_when_its_run_changes_later(home: Home) -> None:
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    approvals.decide(home, ANNA, asked.request_id, True, "Good.")
    work_off(home)
    shutil.rmtree(home.runs / RUN / "report")
    assert approvals.request(home, asked.request_id).standing is Standing.APPROVED


def test_a_release_job_that_was_killed_after_its_work_is_done_by_the_next_attempt(home: Home) -> None:
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    approvals.decide(home, ANNA, asked.request_id, True, "Good.")
    folder = approvals.carry_out(home, asked.request_id)  # and is killed before it can say so
    made_at = folder.stat().st_mtime_ns
    assert work_off(home).status is Status.DONE and folder.stat().st_mtime_ns == made_at


def test_a_verdict_against_it_is_approved_along_and_told(tmp_path: Path, stillhouse_home: Path) -> None:
    home = Home.open()
    facts = {"verdict": {"kind": "keep-teacher", "headline": "It does not pay.", "reasons": []}}
    finish(home, tmp_path / "use-case", RUN, facts=facts)
    asked = approvals.ask(home, MARIA, RUN, "It must stay in the house.")
    assert asked.verdict == "keep-teacher" and asked.despite_verdict
    approvals.decide(home, ANNA, asked.request_id, True, "For that reason.")
    work_off(home)
    assert "Released despite its verdict" in (home.root / "releases" / RUN / "README.md").read_text()


def test_what_no_approval_gets_round_cannot_be_asked_for(tmp_path: Path, stillhouse_home: Path) -> None:
    home = Home.open()
    finish(home, tmp_path / "use-case", RUN, facts=distil(), attack="leaks")
    with pytest.raises(ApprovalError, match=r"[Aa]ttack|gives away|leak"):
        approvals.ask(home, MARIA, RUN, "Please.")
    assert approvals.requests(home) == []


def test_a_run_is_asked_for_once_at_a_time_and_with_a_reason(home: Home) -> None:
    with pytest.raises(ApprovalError, match="reason"):
        approvals.ask(home, MARIA, RUN, "  ")
    asked = approvals.ask(home, MARIA, RUN, "Please.")
    with pytest.raises(ApprovalError, match="already"):
        approvals.ask(home, NILS, RUN, "Please.")
    with pytest.raises(ApprovalError, match="reason"):
        approvals.decide(home, ANNA, asked.request_id, True, "")
    assert approvals.requests(home) == [asked]


@pytest.mark.parametrize("run_id", ["", "..", "nothing", "../runs/small-00000001"])
def test_a_run_that_is_not_there_is_not_asked_for(home: Home, run_id: str) -> None:
    with pytest.raises(ApprovalError, match="no run"):
        approvals.ask(home, MARIA, run_id, "Please.")


@pytest.mark.parametrize("stage", ["report", "evaluate", "bench"])
def test_a_run_that_is_not_finished_is_not_asked_for(home: Home, stage: str) -> None:
    (home.runs / RUN / stage / "manifest.json").unlink()
    with pytest.raises((ApprovalError, ReleaseError)) as refused:
        approvals.ask(home, MARIA, RUN, "Please.")
    assert "\n" not in str(refused.value) and approvals.requests(home) == []


def test_the_audit_log_names_who_decided_what_and_no_reason(home: Home) -> None:
    asked = approvals.ask(home, MARIA, RUN, "A secret reason.")
    approvals.decide(home, ANNA, asked.request_id, True, "Another secret.")
    told = (home.root / "audit.jsonl").read_text()
    assert "ask-release" in told and "decide-release" in told and asked.request_id in told
    assert '"approved"' in told and "secret" not in told


def test_a_manifest_that_is_damaged_makes_no_student(home: Home) -> None:
    (home.runs / RUN / "report" / manifest.NAME).write_text("{")
    with pytest.raises(ReleaseError, match="is damaged"):
        approvals.ask(home, MARIA, RUN, "Please.")
