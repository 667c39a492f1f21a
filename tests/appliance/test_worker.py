"""The worker: what waits is done in order, what fails stops nobody, what is stopped ends, what was killed goes on."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from fast_jobs import MARIA, NILS, argv, home, patience, wait_for

from appliance import jobs
from appliance.airgap import available
from appliance.home import Home
from appliance.jobs import Job, JobError, Status, attempts, worker
from appliance.jobs.worker import MAX_STARTS, work_off, worker_alive
from appliance.progress import Reporter

__all__ = ["home"]

pytestmark = pytest.mark.slow  # each job is a process


def ask(home: Home, kind: str = "steps", **arguments: Any) -> str:
    return jobs.enqueue(home, MARIA, kind, {"steps": 1, **arguments}).job_id


def now(home: Home, job_id: str) -> Job:
    return jobs.job(home, job_id)


@contextmanager
def a_worker(home: Home) -> Iterator[BaseProcess]:
    """A worker in a process of its own, killed at the end if it still runs."""
    process = multiprocessing.get_context("fork").Process(
        target=work_off, args=(home,), kwargs={"argv": argv}
    )
    process.start()
    try:
        wait_for(lambda: worker_alive(home))
        yield process
    finally:
        process.kill()
        process.join()


def test_jobs_are_done_in_the_order_of_asking_and_one_that_fails_stops_nobody(home: Home) -> None:
    asked = [ask(home, kind) for kind in ("steps", "broken", "mendable", "killed", "steps")]
    work_off(home, once=True, argv=argv)
    found = [now(home, job_id) for job_id in asked]
    assert [job.status for job in found] == [Status.DONE, *[Status.FAILED] * 3, Status.DONE]
    started = [job.started_at for job in found]
    assert started == sorted(started, key=float)  # type: ignore[arg-type]
    assert jobs.result(home, asked[0]) == {"message": "1 steps", "steps": 1}
    assert jobs.result(home, asked[1]) is None


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("mendable", "the teacher does not answer: start it"),
        ("broken", "an error of ours (ValueError)"),
        ("killed", "was killed"),
    ],
)
def test_a_job_that_failed_says_why_in_one_line_and_never_an_unexpected_errors_words(
    home: Home, kind: str, said: str
) -> None:
    job_id = ask(home, kind)
    work_off(home, once=True, argv=argv)
    message = now(home, job_id).message or ""
    assert said in message and "\n" not in message
    for path in (home.jobs / job_id).rglob("*"):
        assert "Example" not in path.read_text()
    if kind == "broken":
        log = (home.jobs / job_id / "log.txt").read_text()
        assert "fast_jobs.py" in log and log.endswith("ValueError\n")


def test_a_light_job_does_not_wait_for_a_heavy_one(home: Home) -> None:
    heavy, light = ask(home, sleep_s=60), ask(home, "light-steps")
    with a_worker(home):
        wait_for(lambda: now(home, light).status is Status.DONE)
        assert now(home, heavy).status is Status.RUNNING


def test_two_heavy_jobs_never_run_at_once(home: Home) -> None:
    first, second = ask(home, sleep_s=0.5), ask(home)
    work_off(home, once=True, argv=argv)
    ended, started = now(home, first).ended_at, now(home, second).started_at
    assert ended is not None and started is not None and started >= ended


def test_a_running_job_is_stopped_keeps_what_it_has_and_goes_on_when_tried_again(home: Home) -> None:
    job_id = ask(home, steps=400, sleep_s=0.02)
    folder = home.jobs / job_id
    with a_worker(home):
        wait_for(lambda: (folder / "step-3").exists())
        assert jobs.stop(home, NILS, job_id).status is Status.STOPPING
        wait_for(lambda: now(home, job_id).status is Status.STOPPED)
        assert now(home, job_id).message == "stopped by nils"
        assert not attempts.is_leased(home, job_id)
        done = len(list(folder.glob("step-*")))
        assert 4 <= done < 400
        jobs.retry(home, MARIA, job_id)
        wait_for(lambda: now(home, job_id).status is Status.DONE, 60)
    assert (folder / "step-3").read_text() == "1" and (folder / "step-399").read_text() == "2"


def test_a_job_that_does_not_hear_is_killed_when_its_grace_is_over(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_GRACE_S", 0.5)
    job_id, after = ask(home, "deaf"), ask(home)
    with a_worker(home):
        wait_for(lambda: (home.jobs / job_id / "deaf").exists())
        jobs.stop(home, MARIA, job_id)
        wait_for(lambda: now(home, job_id).status is Status.STOPPED)
        wait_for(lambda: now(home, after).status is Status.DONE)


@pytest.mark.skipif(available() is not None, reason="the kernel cannot seal here")
def test_a_job_reaches_nothing_outside_but_what_its_kind_may(home: Home) -> None:
    outside, teacher = ask(home, "reaching"), ask(home, "reaching-the-teacher")
    work_off(home, once=True, argv=argv)
    assert jobs.result(home, outside) == {"error": "ENETUNREACH"}
    refused = {
        job_id: json.loads((home.jobs / job_id / "egress.json").read_text())["refused"]
        for job_id in (outside, teacher)
    }
    assert refused == {outside: 1, teacher: 0}


@pytest.mark.skipif(available() is not None, reason="the kernel cannot seal here")
def test_a_sealed_job_is_stopped_and_killed_as_any_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_GRACE_S", 3.0)
    polite = ask(home, "sealed-steps", steps=400, sleep_s=0.05)
    with a_worker(home):
        wait_for(lambda: (home.jobs / polite / "step-1").exists())
        jobs.stop(home, MARIA, polite)
        wait_for(lambda: now(home, polite).status is Status.STOPPED)
        deaf = ask(home, "sealed-deaf")
        wait_for(lambda: (home.jobs / deaf / "deaf").exists())
        jobs.stop(home, MARIA, deaf)
        wait_for(lambda: now(home, deaf).status is Status.STOPPED)
        killed = ask(home, "sealed-killed")
        wait_for(lambda: now(home, killed).status is Status.FAILED)
    assert "was killed" in (now(home, killed).message or "")


def test_a_worker_that_is_told_to_end_gives_its_job_back(home: Home) -> None:
    job_id = ask(home, steps=2, sleep_s=0.5)
    later = ask(home)
    with a_worker(home) as process:
        wait_for(lambda: attempts.is_leased(home, job_id))
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join(20)
        assert process.exitcode == 0
    assert not worker_alive(home)
    back = now(home, job_id)
    assert (back.status, back.attempt, back.starts) == (Status.QUEUED, 1, 0)
    work_off(home, once=True, argv=argv)
    first, second = now(home, job_id), now(home, later)
    assert (first.status, first.attempt) == (Status.DONE, 2)
    assert (first.started_at or 0) < (second.started_at or 0), "it kept its place"


@pytest.mark.parametrize("asked_to_stop", [False, True])
def test_a_job_whose_worker_was_killed_goes_on_by_itself_within_ten_seconds(
    home: Home, asked_to_stop: bool
) -> None:
    job_id = ask(home, steps=40, sleep_s=0.05)
    with a_worker(home) as process:
        wait_for(lambda: (home.jobs / job_id / "step-1").exists())
        process.kill()
        process.join()
    killed_at = time.monotonic()
    if asked_to_stop:
        jobs.stop(home, MARIA, job_id)
    with a_worker(home):
        if asked_to_stop:
            wait_for(lambda: now(home, job_id).status is Status.STOPPED)
        else:
            wait_for(lambda: now(home, job_id).attempt == 2 and attempts.is_leased(home, job_id))
        assert time.monotonic() - killed_at < 10 * patience()
        wait_for(lambda: not now(home, job_id).is_unfinished)
    first = (home.jobs / job_id / "step-0").read_text()
    assert first == "1", "what was done is not done again"
    assert now(home, job_id).status is (Status.STOPPED if asked_to_stop else Status.DONE)


def test_a_job_that_kills_its_workers_is_given_up(home: Home) -> None:
    job_id, after = ask(home), ask(home)
    for _ in range(MAX_STARTS):
        attempts.begin(home, job_id)  # and the worker dies
    work_off(home, once=True, argv=argv)
    assert now(home, job_id).status is Status.FAILED and "10 times" in (now(home, job_id).message or "")
    assert now(home, after).status is Status.DONE
    jobs.retry(home, MARIA, job_id)
    work_off(home, once=True, argv=argv)
    assert now(home, job_id).status is Status.DONE


def test_a_home_has_one_worker(home: Home) -> None:
    assert not worker_alive(home)
    with a_worker(home):
        with pytest.raises(JobError, match="already"):
            work_off(home, once=True, argv=argv)
    assert not worker_alive(home)


def test_a_worker_that_hangs_is_none(home: Home) -> None:
    with a_worker(home) as process:
        os.kill(process.pid or 0, signal.SIGSTOP)
        assert worker_alive(home)
        long_ago = time.time() - 61
        os.utime(home.jobs / ".worker", (long_ago, long_ago))
        assert not worker_alive(home)
        os.kill(process.pid or 0, signal.SIGCONT)
        wait_for(lambda: worker_alive(home))


def test_looking_for_a_worker_never_keeps_one_from_starting(home: Home) -> None:
    home.jobs.mkdir()
    (home.jobs / ".worker").touch()
    looker = multiprocessing.get_context("fork").Process(
        target=lambda: [worker_alive(home) for _ in range(10**9)]
    )
    looker.start()
    try:
        for _ in range(20):
            work_off(home, once=True, argv=argv)
    finally:
        looker.kill()
        looker.join()


def test_a_worker_with_a_damaged_job_in_its_queue_works_off_the_others(home: Home) -> None:
    damaged, whole = ask(home), ask(home)
    (home.jobs / damaged / "request.json").write_text("{")
    work_off(home, once=True, argv=argv)
    assert now(home, whole).status is Status.DONE


def test_progress_is_the_running_stages_or_the_jobs_own(home: Home) -> None:
    running = attempts.begin(home, ask(home))
    assert jobs.progress(home, running) == ("steps", None)
    Reporter(home.jobs / running.job_id)(3, 10, unit="records")
    own, state = jobs.progress(home, running)
    assert own == "steps" and state is not None and (state.done, state.total) == (3, 10)
    attempts.tell_run(home, running, "banking-1")
    for stage in ("scrub", "teach"):
        (home.runs / "banking-1" / stage).mkdir(parents=True)
    (home.runs / "banking-1" / "scrub" / "manifest.json").write_text("{}")
    Reporter(home.runs / "banking-1" / "teach")(5, 10, unit="records")
    stage, state = jobs.progress(home, now(home, running.job_id))
    assert stage == "teach" and state is not None and state.done == 5


def test_a_worker_survives_that_a_running_jobs_folder_is_taken_away(home: Home) -> None:
    gone, after = ask(home, "deaf"), ask(home)
    with a_worker(home):
        wait_for(lambda: (home.jobs / gone / "deaf").exists())
        shutil.rmtree(home.jobs / gone)
        wait_for(lambda: now(home, after).status is Status.DONE, 60)
    assert [job.job_id for job in jobs.jobs(home)] == [after]


def test_a_job_that_cannot_be_started_now_waits(home: Home) -> None:
    job_id = ask(home)
    looked = worker._Worker(home, lambda _home, _job: ["/no/such/program"])
    home.jobs.joinpath(".worker").touch()
    for _ in range(3):
        assert not looked.look()
    assert (now(home, job_id).status, now(home, job_id).starts) == (Status.QUEUED, 0)


def test_a_worker_takes_away_what_a_killed_page_left_of_a_file(home: Home) -> None:
    left = home.data / ".incoming-0"
    left.mkdir(parents=True)
    (left / "records.csv").write_text("records")
    work_off(home, once=True, argv=argv)
    assert not left.exists()
