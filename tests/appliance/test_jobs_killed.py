"""Nothing that was acknowledged is lost or done twice: whoever changes the queue is killed at every step, and at random."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from fast_jobs import MARIA, argv, home, patience

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Status, attempts
from appliance.jobs.worker import work_off
from tests.benchmarks.survival import tell

__all__ = ["home"]

STEPS = ("fsync", "rename", "replace", "mkdir", "utime", "open")
"""What writing to disk is made of; a kill before each of them leaves all that there can be but torn lines."""


@contextmanager
def killed_before(step: int) -> Iterator[None]:
    """This process dies before the so-many-th step of its writing."""
    taken = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return wrapped

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    yield


def killed_at(step: int, change: Callable[[], Any]) -> bool:
    """Does the change in a process that is killed before its so-many-th step; whether it was."""
    pid = os.fork()
    if not pid:
        try:
            with killed_before(step):
                change()
            os._exit(0)
        except BaseException:
            os._exit(9)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the change failed by itself"
    return os.WIFSIGNALED(status)


def ask(home: Home, key: str = "") -> str:
    return jobs.enqueue(home, MARIA, "steps", {"steps": 1}, key=key).job_id


@pytest.mark.slow
def test_whoever_asks_may_be_killed_at_any_step_and_asks_again_once(home: Home) -> None:
    step = 1
    while killed_at(step, partial(ask, home, f"key-{step}")):
        before = jobs.count(home)
        again = ask(home, f"key-{step}")
        assert ask(home, f"key-{step}") == again
        assert jobs.count(home) - before in (0, 1)
        assert [job.key for job in jobs.jobs(home, limit=None)].count(f"key-{step}") == 1
        step += 1
    assert step > 5, "there were steps to be killed at"
    assert all(job.status is Status.QUEUED for job in jobs.jobs(home, limit=None))
    assert not list(home.jobs.glob(".*.tmp")), "what the killed ones left is swept"


@pytest.mark.slow
@pytest.mark.parametrize("what", ["begin", "finish", "stop", "retry"])
def test_a_change_is_whole_or_was_not_made_wherever_its_maker_is_killed(home: Home, what: str) -> None:
    step, outcomes = 1, set()
    while True:
        job_id = ask(home)
        running = attempts.begin(home, job_id) if what in ("finish", "stop") else None
        if what == "retry":
            jobs.stop(home, MARIA, job_id)
        before = jobs.job(home, job_id)
        changes: dict[str, Callable[[], Any]] = {
            "begin": partial(attempts.begin, home, job_id),
            "finish": partial(attempts.finish, home, running, "done", "well", {"n": 1}),
            "stop": partial(jobs.stop, home, MARIA, job_id),
            "retry": partial(jobs.retry, home, MARIA, job_id),
        }
        was_killed = killed_at(step, changes[what])
        after = jobs.job(home, job_id)
        outcomes.add(after.status)
        if after == before:  # not made: it can be made now
            changes[what]()
            after = jobs.job(home, job_id)
        expected = {"begin": "running", "finish": "done", "stop": "stopping", "retry": "queued"}[what]
        assert after.status == expected
        if what == "finish":
            assert jobs.result(home, job_id) == {"n": 1}
        if not was_killed:
            break
        step += 1
    assert step > 3 and len(outcomes) == 2, "killed before it and after it"


def start_worker(home: Home) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(
        target=work_off, args=(home,), kwargs={"argv": argv}
    )
    process.start()
    return process


def children_of(pid: int) -> list[int]:
    """All processes below, the deepest last."""
    below = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    below.append(int(entry.name))
            except (OSError, IndexError):
                continue
    return below + [each for child in below for each in children_of(child)]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_two_hundred_kills_lose_no_job_and_do_none_twice(home: Home) -> None:
    """Seeded: the worker, or the process of a job, at any moment; each time a new worker goes on within ten seconds."""
    draw = random.Random(20261123)
    kills = int(os.environ.get("STILLHOUSE_KILLS", "200"))
    acknowledged: list[str] = []
    worker = start_worker(home)
    recovery_s: list[float] = []
    for number in range(kills):
        if draw.random() < 0.4:
            kind = draw.choice(["steps", "light-steps"])
            asked = {"steps": draw.randint(1, 6), "sleep_s": draw.choice([0.0, 0.01, 0.05])}
            acknowledged.append(jobs.enqueue(home, MARIA, kind, asked, key=str(number)).job_id)
        time.sleep(draw.choice([draw.uniform(0.0, 0.3), draw.uniform(0.5, 2.5)]))
        below = children_of(worker.pid or 0)
        if below and draw.random() < 0.3:
            try:
                os.kill(draw.choice(below), signal.SIGKILL)  # the watcher of a job, or its process
            except ProcessLookupError:
                pass  # it was quicker
            continue
        worker.kill()
        worker.join()
        was_running = [job for job in jobs.jobs(home, limit=None) if job.status is Status.RUNNING]
        killed_at = time.monotonic()
        worker = start_worker(home)
        while was_running and not all(
            jobs.job(home, job.job_id).attempt > job.attempt or not jobs.job(home, job.job_id).is_unfinished
            for job in was_running
        ):
            assert time.monotonic() - killed_at < 10 * patience()
            time.sleep(0.01)
        if was_running:
            recovery_s.append(time.monotonic() - killed_at)
    deadline = time.monotonic() + 1200
    while any(job.is_unfinished for job in jobs.jobs(home, limit=None)):
        assert time.monotonic() < deadline, "the queue is not emptied"
        for job in jobs.jobs(home, limit=None):
            if job.status is Status.FAILED:
                jobs.retry(home, MARIA, job.job_id)
        time.sleep(0.1)
    worker.kill()
    worker.join()
    found = {job.job_id: job for job in jobs.jobs(home, limit=None)}
    assert sorted(found) == sorted(acknowledged), "none lost, none made up"
    for job in found.values():
        events = [
            json.loads(line) for line in (home.jobs / job.job_id / "events.jsonl").read_bytes().splitlines()
        ]
        outcomes = [event["event"] for event in events if event["event"] in ("done", "failed", "stopped")]
        assert outcomes.count("done") <= 1
        assert job.status is Status.DONE or "killed" in (job.message or ""), job
    tell("worker", kills, 0, recovery_s, jobs=len(found))
    assert max(recovery_s) < 10 * patience()
