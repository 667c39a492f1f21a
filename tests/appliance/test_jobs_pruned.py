"""Finished jobs go after a while, and none that anything still speaks of."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from fast_jobs import MARIA, argv, home

from appliance import audit, jobs
from appliance.home import Home
from appliance.jobs import Status, attempts, prune
from appliance.jobs.worker import work_off
from tests.appliance.test_jobs_killed import killed_at

__all__ = ["home"]

LATER = time.time() + 91 * 86_400


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "KEPT_JOBS", 2)


def made(home: Home, outcome: str | None = "done", **arguments: object) -> str:
    """A job that ended so; None: that waits."""
    job_id = jobs.put(home, "maria", "steps", {"steps": 1, **arguments}).job_id
    if outcome is not None:
        attempts.finish(home, attempts.begin(home, job_id), outcome, "said")
    return job_id


def there(home: Home) -> list[str]:
    return [each.job_id for each in jobs.jobs(home, limit=None)][::-1]


def test_the_oldest_finished_jobs_go_and_the_newest_and_the_young_stay(home: Home) -> None:
    asked = [made(home, outcome) for outcome in ("done", "failed", "done", "done")]
    assert prune.prune(home, time.time()) == 0 and there(home) == asked, "all ended today"
    assert prune.prune(home, LATER) == 2 and there(home) == asked[2:]
    assert not list(home.jobs.glob(".*.tmp"))
    (entry,) = audit.entries(home, action="prune-jobs")
    assert entry.objects == {"jobs": 2}
    assert prune.prune(home, LATER) == 0 and len(audit.entries(home, action="prune-jobs")) == 1
    assert made(home) > asked[-1], "ids rise all the same"


def test_a_job_that_is_not_over_or_that_something_speaks_of_stays_however_old(home: Home) -> None:
    (home.runs / "tickets-1").mkdir()
    waits, asked_of = made(home, None), made(home, run_id="tickets-1")
    gone = made(home, run_id="tickets-2")
    worked = jobs.put(home, "maria", "steps", {"steps": 1}).job_id
    attempt = attempts.begin(home, worked)
    attempts.tell_run(home, attempt, "tickets-1")
    attempts.finish(home, attempt, "done", None)
    decided = made(home)
    (home.approvals / "1").mkdir(parents=True)
    (home.approvals / "1" / "decision.json").write_text(json.dumps({"job_id": decided}))
    damaged = made(home)
    (home.jobs / damaged / "request.json").write_text("{")
    leased = made(home)
    newest = [made(home), made(home)]
    with leased_by_a_process(home, leased):
        assert prune.prune(home, LATER) == 1
    assert set(there(home)) == {waits, asked_of, worked, decided, damaged, leased, *newest}
    assert gone not in there(home)
    shutil.rmtree(home.runs / "tickets-1")
    assert prune.prune(home, LATER) == 3, "with its run, a job may go; and the leased one"
    assert set(there(home)) == {waits, decided, damaged, *newest}


@contextmanager
def leased_by_a_process(home: Home, job_id: str) -> Iterator[None]:
    """As the process of an earlier attempt holds it for as long as it lives."""
    with open(home.jobs / job_id / "lease", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.slow
def test_pruning_killed_at_any_step_leaves_whole_jobs_and_goes_on(home: Home) -> None:
    step = 1
    while True:
        asked = [made(home) for _ in range(4)]
        was_killed = killed_at(step, partial(prune.prune, home, LATER))
        for job_id in there(home):
            assert jobs.job(home, job_id).status is Status.DONE
        prune.prune(home, LATER)
        assert there(home) == asked[-2:]
        jobs.put(home, "maria", "steps", {"steps": 1})  # sweeps what the killed one left
        assert not list(home.jobs.glob(".*.tmp"))
        shutil.rmtree(home.jobs)
        if not was_killed:
            break
        step += 1
    assert step > 3


@pytest.mark.slow
def test_a_worker_prunes_and_sweeps_when_it_starts_and_says_so(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [jobs.enqueue(home, MARIA, "steps", {"steps": 1}).job_id for _ in range(3)]
    (home.runs / "tickets-1" / "scrub").mkdir(parents=True)
    left = home.runs / "tickets-1" / "scrub" / ".data-00000.parquet.0123abcd.tmp"
    left.write_text("half of a record")
    work_off(home, once=True, argv=argv)
    assert there(home) == asked and not left.exists()
    assert "1 files that killed processes left half-written were taken away" in capsys.readouterr().err
    monkeypatch.setattr(prune, "KEPT_DAYS", -1)
    work_off(home, once=True, argv=argv)
    assert there(home) == asked[1:] and "worker: 1 jobs that ended" in capsys.readouterr().err
