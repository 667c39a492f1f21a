"""The queue: what is asked for is there, once, and its state follows from its events."""

from __future__ import annotations

import itertools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fast_jobs import MARIA, NILS, home

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Job, JobError, RefusedError, Status, attempts, journal
from appliance.jobs.states import AFTER, OF_AN_ATTEMPT, after
from appliance.people.acting import Actor, NotAllowed, Role

__all__ = ["home"]


def ask(home: Home, **arguments: Any) -> Job:
    return jobs.enqueue(home, MARIA, "steps", {"steps": 1, **arguments})


def test_a_job_that_was_asked_for_waits_with_what_was_asked(home: Home) -> None:
    made = jobs.enqueue(home, MARIA, "light-steps", {"steps": 3})
    assert made == jobs.job(home, made.job_id) == jobs.jobs(home)[0]
    assert (made.status, made.lane, made.asked_by, made.started_by) == (
        Status.QUEUED,
        "light",
        "maria",
        ("maria",),
    )
    assert made.arguments == {"steps": 3} and made.attempt == 0 and made.run_id is None


def test_the_newest_job_comes_first_and_pages_do_not_overlap(home: Home) -> None:
    made = [ask(home).job_id for _ in range(7)]
    assert [job.job_id for job in jobs.jobs(home)] == made[::-1]
    pages = [jobs.jobs(home, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [job.job_id for page in pages for job in page] == made[::-1]
    jobs.stop(home, MARIA, made[2])
    assert [job.job_id for job in jobs.jobs(home, status=Status.STOPPED)] == [made[2]]
    assert (jobs.count(home), jobs.count(home, status=Status.QUEUED)) == (7, 6)


def test_ids_grow_even_where_the_clock_goes_back(home: Home) -> None:
    future = home.jobs / "29990101-000000-999999"
    first = ask(home)
    (home.jobs / first.job_id).rename(future)
    made = [ask(home).job_id for _ in range(3)]
    assert made == sorted(made) and made[0] > future.name


def test_a_double_click_asks_once_as_long_as_the_first_is_unfinished(home: Home) -> None:
    first = jobs.enqueue(home, MARIA, "steps", {"steps": 1}, key="page-1")
    assert jobs.enqueue(home, NILS, "steps", {"steps": 1}, key="page-1") == first
    assert jobs.enqueue(home, MARIA, "steps", {"steps": 1}, key="page-2").job_id != first.job_id
    jobs.stop(home, MARIA, first.job_id)
    second = jobs.enqueue(home, MARIA, "steps", {"steps": 1}, key="page-1")
    assert second.job_id != first.job_id
    with pytest.raises(JobError, match=second.job_id):
        jobs.retry(home, MARIA, first.job_id)


def test_of_many_clicks_at_once_with_one_key_one_counts(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda _: jobs.enqueue(home, MARIA, "steps", {"steps": 1}, key="same"), range(40))
        )
    assert len({job.job_id for job in made}) == 1 == jobs.count(home)


def test_many_who_ask_at_once_get_a_job_each(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ask(home), range(40)))
    assert len({job.job_id for job in made}) == 40 == jobs.count(home)


@pytest.mark.parametrize("asked", ["no such kind", "release"])
def test_what_cannot_be_asked_for_by_hand_is_refused_and_leaves_nothing(home: Home, asked: str) -> None:
    with pytest.raises(JobError):
        jobs.enqueue(home, MARIA, asked, {"run_id": "x", "request_id": "y"})
    assert jobs.count(home) == 0


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_an_operator_starts_and_tries_again(home: Home, role: Role) -> None:
    other = Actor("eve", frozenset({role}), "console")
    with pytest.raises(NotAllowed):
        jobs.enqueue(home, other, "steps", {"steps": 1})
    stopped = jobs.stop(home, MARIA, ask(home).job_id)
    with pytest.raises(NotAllowed):
        jobs.retry(home, other, stopped.job_id)
    assert jobs.count(home) == 1 and jobs.job(home, stopped.job_id).status is Status.STOPPED


def test_a_waiting_job_is_stopped_at_once_and_says_by_whom(home: Home) -> None:
    stopped = jobs.stop(home, NILS, ask(home).job_id)
    assert (stopped.status, stopped.stopped_by) == (Status.STOPPED, "nils") and stopped.ended_at is not None


def test_who_tries_again_is_among_those_who_started_it(home: Home) -> None:
    made = ask(home)
    jobs.stop(home, MARIA, made.job_id)
    again = jobs.retry(home, NILS, made.job_id)
    assert (again.status, again.started_by) == (Status.QUEUED, ("maria", "nils"))
    assert again.queued_at > made.queued_at and again.ended_at is None and again.stopped_by is None


def test_a_job_that_is_over_is_not_stopped_and_one_that_waits_is_not_tried_again(home: Home) -> None:
    made = ask(home)
    with pytest.raises(JobError, match="queued"):
        jobs.retry(home, MARIA, made.job_id)
    jobs.stop(home, MARIA, made.job_id)
    with pytest.raises(JobError, match="stopped"):
        jobs.stop(home, MARIA, made.job_id)


def test_asking_twice_for_a_stop_is_asking_once(home: Home) -> None:
    running = attempts.begin(home, ask(home).job_id)
    stopping = jobs.stop(home, MARIA, running.job_id)
    assert stopping.status is Status.STOPPING
    assert jobs.stop(home, NILS, running.job_id) == stopping


@pytest.mark.parametrize(
    ("status", "event"), itertools.product(Status, sorted({name for _, name in AFTER} | {"invented"}))
)
def test_an_event_that_is_not_in_the_table_is_refused(status: Status, event: str) -> None:
    before = Job("1", "steps", {}, "heavy", "maria", 0.0, status=status, attempt=2)
    told = {
        "event": event,
        "at": 1.0,
        "by": "nils",
        "attempt": 2 + (event == "start"),
        "message": "m",
        "run_id": "r",
    }
    if (status, event) in AFTER:
        assert after(before, told).status is AFTER[status, event]
    else:
        with pytest.raises(RefusedError):
            after(before, told)


@pytest.mark.parametrize("event", sorted(OF_AN_ATTEMPT))
def test_an_attempt_that_is_over_writes_nothing(home: Home, event: str) -> None:
    """A worker that was thought dead and comes back."""
    made = ask(home)
    attempts.begin(home, made.job_id)
    stale, now = jobs.job(home, made.job_id), attempts.begin(home, made.job_id)
    with pytest.raises(RefusedError), journal.locked(home):
        journal.append(home, made.job_id, event, attempt=stale.attempt, message=None, run_id="r")
    with pytest.raises(RefusedError):
        attempts.finish(home, stale, "done", None, {"stale": True})
    assert jobs.job(home, made.job_id) == now and not (home.jobs / made.job_id / "result.json").exists()
    attempts.finish(home, now, "done", "well", {"stale": False})
    assert jobs.result(home, made.job_id) == {"stale": False}


def test_a_line_that_a_kill_tore_off_never_was_and_the_next_one_stands_in_its_place(home: Home) -> None:
    made = ask(home)
    running = attempts.begin(home, made.job_id)
    path = home.jobs / made.job_id / "events.jsonl"
    whole = path.read_bytes()
    line = json.dumps({"event": "done", "at": 1.0, "attempt": 1, "message": "x"}).encode()
    for torn in range(1, len(line) + 1):  # all but its end
        path.write_bytes(whole + line[:torn])
        assert jobs.job(home, made.job_id) == running
    jobs.stop(home, MARIA, made.job_id)
    assert path.read_bytes().startswith(whole) and path.read_bytes().count(b"\n") == 2
    assert jobs.job(home, made.job_id).status is Status.STOPPING


@pytest.mark.parametrize("damage", ["", "{", "{}", '{"kind": 1}', "[]"])
def test_a_damaged_job_is_told_of_and_hides_no_other(home: Home, damage: str) -> None:
    first, second = ask(home), ask(home)
    (home.jobs / first.job_id / "request.json").write_text(damage)
    journal._load.cache_clear()
    newest, damaged = jobs.jobs(home)
    assert newest == second
    assert damaged.status is Status.FAILED and "damaged" in str(damaged.message)


def test_what_a_page_reads_is_what_another_process_wrote(home: Home) -> None:
    made = ask(home)
    assert jobs.job(home, made.job_id).status is Status.QUEUED
    pid = os.fork()
    if not pid:
        attempts.begin(home, made.job_id)
        os._exit(0)
    os.waitpid(pid, 0)
    assert jobs.job(home, made.job_id).status is Status.RUNNING


@pytest.mark.parametrize("job_id", ["", ".", "..", "../runs", "1/../..", "nothing", "20261123", ".lock"])
def test_a_job_that_is_not_there_is_said_to_be_not_there(home: Home, job_id: str) -> None:
    ask(home)
    with pytest.raises(JobError, match=r"no .*job"):
        jobs.job(home, job_id)


def test_jobs_are_found_by_their_run(home: Home) -> None:
    running = attempts.begin(home, ask(home).job_id)
    attempts.tell_run(home, running, "banking-1")
    by_argument = ask(home, run_id="banking-1")
    ask(home, run_id="banking-2")
    found = jobs.jobs_of_run(home, "banking-1")
    assert [job.job_id for job in found] == [by_argument.job_id, running.job_id]


def test_what_was_done_with_jobs_is_in_the_audit_log_without_arguments(home: Home) -> None:
    made = ask(home, secret="Mrs Example")
    jobs.stop(home, NILS, made.job_id)
    told = (home.root / "audit.jsonl").read_text()
    assert "start-job" in told and "stop-job" in told and made.job_id in told and "Example" not in told


def test_a_thousand_jobs_are_listed_in_a_tenth_of_a_second(home: Home) -> None:
    """Cold, as a page process does once; afterwards a job costs one look at its file's time."""
    request = {"kind": "steps", "arguments": {}, "lane": "heavy", "asked_by": "maria", "asked_at": 1.0}
    for number in range(1000):
        folder = home.jobs / f"20261123-120000-{number:06d}"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(json.dumps(request))
        events: list[dict[str, Any]] = [
            {"event": "start", "at": 2.0, "attempt": 1},
            {"event": "run", "at": 2.5, "attempt": 1, "run_id": "r"},
            {"event": "done", "at": 3.0, "attempt": 1, "message": "well"},
        ]
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    best = min(_seconds(home, cold=True) for _ in range(3))
    again = min(_seconds(home, cold=False) for _ in range(3))
    assert best < 0.4 and again < 0.1, (best, again)


def _seconds(home: Home, *, cold: bool) -> float:
    if cold:
        journal._load.cache_clear()
    started = time.perf_counter()
    assert len(jobs.jobs(home, limit=None)) == 1000
    return time.perf_counter() - started
