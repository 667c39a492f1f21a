"""What the first page is told: which runs, how far they are, and what waits for whom."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from appliance import approvals, jobs, manifest
from appliance.home import Home
from appliance.jobs import journal
from appliance.manifest import Manifest
from appliance.people import accounts, passwords
from appliance.people.acting import Actor, Role
from appliance.store import Store
from appliance.views import overview

SCORES = [
    {"arm": "untuned", "metric": "accuracy", "value": 0.2, "low": 0.1, "high": 0.3, "n": 90, "failed": 0},
    {"arm": "sft", "metric": "accuracy", "value": 0.8, "low": 0.7, "high": 0.9, "n": 90, "failed": 1},
    {"arm": "sft", "metric": "f1", "value": 0.5, "low": 0.4, "high": 0.6, "n": 90, "failed": 1},
]
EVALUATED = {"chosen": {"arm": "sft"}, "primary_metric": "accuracy", "scores": SCORES}


@pytest.fixture
def home(stillhouse_home: Path) -> Home:
    return Home.open()


def actor(*roles: Role, name: str = "somebody") -> Actor:
    return Actor(name, frozenset(roles), "console")


def begun(home: Home, run_id: str, title: str = "Messages to intents") -> Path:
    folder = home.runs / run_id
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"use_case": {}}))
    Store(home.store).begin_run(run_id, run_id.rpartition("-")[0], title)
    return folder


def done(folder: Path, stage: str, facts: dict | None = None, reused_from: str | None = None) -> None:  # type: ignore[type-arg]
    (folder / stage).mkdir()
    manifest.write(folder / stage, Manifest(stage, "f", {}, facts or {}, 12.0, 1.0, reused_from))


def ended(home: Home, job: jobs.Job, event: str, message: str) -> None:
    with journal.locked(home):
        journal.append(home, job.job_id, "start", attempt=1)
        journal.append(home, job.job_id, event, attempt=1, message=message)


def put(home: Home, kind: str = "run", use_case: str = "tickets") -> jobs.Job:
    return jobs.put(home, "omar", kind, {"use_case": use_case})


def test_a_home_without_runs_has_no_cards(home: Home) -> None:
    assert overview.cards(home) == ([], 0)


def test_a_card_tells_the_stages_as_they_are(home: Home) -> None:
    folder = begun(home, "tickets-00000001")
    done(folder, "scrub", reused_from="tickets-00000000")
    done(folder, "teach")
    (folder / "curate").mkdir()
    Store(home.store).end_run("tickets-00000001", "failed", "curate: no record is left")
    (card,), total = overview.cards(home)
    assert total == 1 and card.status == "failed" and card.message == "curate: no record is left"
    assert [stage["status"] for stage in card.stages[:5]] == [
        "reused",
        "done",
        "failed",
        "waiting",
        "waiting",
    ]
    assert card.figure is None and card.headline is None


def test_the_key_figure_is_the_chosen_arms_primary_metric_with_its_interval(home: Home) -> None:
    done(begun(home, "tickets-00000001"), "evaluate", EVALUATED)
    card = overview.card(home, "tickets-00000001")
    assert card is not None
    assert card.figure == overview.Figure("sft", "accuracy", 0.8, 0.7, 0.9, 90, 0.2)


def test_a_run_that_nobody_works_on_is_interrupted_and_not_running(home: Home) -> None:
    begun(home, "tickets-00000001")
    assert overview.rows(home)[0]["status"] == "interrupted"


def test_a_card_shows_what_was_written_since_it_was_last_looked_at(home: Home) -> None:
    folder = begun(home, "tickets-00000001")
    assert overview.cards(home)[0][0].figure is None
    done(folder, "evaluate", EVALUATED)
    assert overview.cards(home)[0][0].figure is not None
    Store(home.store).end_run("tickets-00000001", "done", verdict="distil")
    assert overview.cards(home)[0][0].verdict == "distil"


def test_runs_are_paged_filtered_and_searched(home: Home) -> None:
    for number in range(7):
        begun(home, f"tickets-0000000{number}", "Ärger mit Rechnungen" if number == 3 else "Messages")
    Store(home.store).end_run("tickets-00000005", "done")
    found, total = overview.cards(home, offset=4, limit=4)
    assert total == 7 and [card.run_id[-1] for card in found] == ["2", "1", "0"]
    assert [card.run_id[-1] for card in overview.cards(home, status="done")[0]] == ["5"]
    assert [card.run_id[-1] for card in overview.cards(home, words="ärger")[0]] == ["3"]
    assert overview.cards(home, words="nothing like it") == ([], 0)


def test_a_damaged_manifest_is_a_stage_that_is_not_done(home: Home) -> None:
    folder = begun(home, "tickets-00000001")
    (folder / "scrub").mkdir()
    (folder / "scrub" / "manifest.json").write_text("{")
    card = overview.card(home, "tickets-00000001")
    assert card is not None and card.stages[0]["status"] == "interrupted"


def words(home: Home, *roles: Role, name: str = "somebody") -> str:
    return "\n".join(need.words for need in overview.needs(home, actor(*roles, name=name)))


def test_jobs_that_wait_for_a_worker_that_is_not_there_come_first(home: Home) -> None:
    assert "worker" not in words(home, Role.VIEWER)
    put(home)
    need = overview.needs(home, actor(Role.VIEWER))[0]
    assert need.urgency == "stops" and "1 job waits" in need.words


def test_a_failed_job_waits_until_the_same_is_done_and_only_operators_may_try_again(home: Home) -> None:
    failed = put(home)
    ended(home, failed, "failed", "scrub: recall is under the floor")
    for role, retry in ((Role.OPERATOR, failed.job_id), (Role.VIEWER, None)):
        need = next(need for need in overview.needs(home, actor(role)) if "recall" in need.words)
        assert need.job_id == retry
    assert "recall" not in "".join(
        need.words
        for need in overview.needs(home, actor(Role.VIEWER), time.time() + overview.FAILED_LATELY_S + 1)
    )
    ended(home, put(home), "done", "the run is done")
    assert "recall" not in words(home, Role.OPERATOR)


def test_a_release_waits_for_approvers_who_had_no_part_in_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = approvals.Request("1", "tickets-00000001", "it is better", "omar", 1.0, "s", "r", "distil", False)
    monkeypatch.setattr(approvals, "requests", lambda home: [asked])
    assert "omar asks to release" in words(home, Role.APPROVER, name="alan")
    assert "asks to release" not in words(home, Role.APPROVER, Role.OPERATOR, name="omar")
    assert "asks to release" not in words(home, Role.OPERATOR, name="vera")


def test_an_administrator_is_told_which_roles_nobody_has(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: "no hash")
    accounts.create(home, actor(Role.ADMINISTRATOR), "omar", [Role.OPERATOR])
    told = words(home, Role.ADMINISTRATOR)
    assert "privacy officer, approver" in told and "operator" not in told


@pytest.mark.parametrize(
    ("role", "told"), [(Role.OPERATOR, True), (Role.VIEWER, False), (Role.APPROVER, False)]
)
def test_the_next_step_is_told_to_who_may_take_it(home: Home, role: Role, told: bool) -> None:
    assert ("Bring in a file" in words(home, role)) is told


def test_what_is_at_work_is_told_in_the_order_of_asking(home: Home, tmp_path: Path) -> None:
    first, second = put(home), put(home, "preview")
    ended(home, put(home, "refresh"), "done", "done")
    assert [job.job_id for job, _, _ in overview.working(home)] == [first.job_id, second.job_id]
