"""Empties the queue: one heavy and one light job at a time, each in a process that dies with the worker.

All that the worker knows is on disk. Killed at any moment, its jobs' processes end with it, their leases come free, and
the next worker takes up what was running, as the next attempt.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

from appliance.home import Home
from appliance.jobs import attempts, journal
from appliance.jobs.journal import JobError
from appliance.jobs.states import Job, Lane, RefusedError, Status
from appliance.processes import Child, spawn

_POLL_S = 0.2
_GRACE_S = 15.0
"""From a stop to the kill: a run gives its stage ten seconds."""
_BEAT_S = 2.0
_LOOKS, _LOOK_S = 20, 0.05
"""`worker_alive` holds the lock for an instant: only one that is found held each time is a worker's."""
MAX_STARTS = 10
"""A job whose worker was killed so often since it was asked for is taken for the reason, and fails."""

Argv = Callable[[Home, Job], list[str]]


@dataclass(slots=True)
class _Attempt:
    job: Job
    child: Child
    kill_at: float | None = None
    """When a stop becomes a kill; None as long as nobody asked for a stop."""


def argv_of(home: Home, job: Job) -> list[str]:
    """The process of one attempt."""
    return [sys.executable, "-m", "appliance.jobs.work", str(home.root), job.job_id, str(job.attempt)]


def worker_alive(home: Home) -> bool:
    """Whether a worker has this home now."""
    try:
        descriptor = os.open(home.jobs / ".worker", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def last_beat(home: Home) -> float | None:
    """When a worker last looked at the queue, as Unix time; None where none ever did."""
    try:
        return (home.jobs / ".worker").stat().st_mtime
    except FileNotFoundError:
        return None


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    home.jobs.mkdir(exist_ok=True, mode=0o700)
    with open(home.jobs / ".worker", "a") as file:
        for patience in reversed(range(_LOOKS)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not patience:
                    raise JobError("a worker has this home already: one is enough") from None
            time.sleep(_LOOK_S)
        yield


def work_off(home: Home, *, once: bool = False, argv: Argv = argv_of) -> None:
    """Works until it is told to end (SIGTERM, SIGINT), or, with `once`, until nothing is left to do.

    Told to end, it stops what runs; the next worker goes on with it. Raises JobError where another worker is there.
    """
    asked_to_end = False

    def note(_number: int, _frame: object) -> None:
        nonlocal asked_to_end
        asked_to_end = True

    with _alone(home):
        signal.signal(signal.SIGTERM, note)
        signal.signal(signal.SIGINT, note)
        worker = _Worker(home, argv)
        try:
            while not asked_to_end:
                worker.beat()
                idle = worker.look()
                if once and idle:
                    return
                time.sleep(_POLL_S)
        finally:
            worker.end()


class _Worker:
    """What runs now, by lane."""

    def __init__(self, home: Home, argv: Argv) -> None:
        self._home = home
        self._argv = argv
        self._running: dict[Lane, _Attempt] = {}
        self._beaten = 0.0

    def beat(self) -> None:
        if time.monotonic() - self._beaten >= _BEAT_S:
            os.utime(self._home.jobs / ".worker")
            self._beaten = time.monotonic()

    def look(self) -> bool:
        """One look at every lane; True when there is nothing to do."""
        idle = True
        for lane in get_args(Lane):
            if lane in self._running:
                self._watch(lane)
            else:
                self._take_up(lane)
            idle = idle and lane not in self._running and not self._waiting(lane)
        return idle

    def _watch(self, lane: Lane) -> None:
        attempt = self._running[lane]
        code = attempt.child.returncode
        if code is not None:
            self._close(attempt, code)
            del self._running[lane]
        elif attempt.kill_at is not None:
            if time.monotonic() >= attempt.kill_at:
                attempt.child.stop(0)
        elif journal.load(self._home, attempt.job.job_id).status is Status.STOPPING:
            os.kill(attempt.child.pid, signal.SIGTERM)
            attempt.kill_at = time.monotonic() + _GRACE_S

    def _close(self, attempt: _Attempt, code: int) -> None:
        """The child says itself how the job ended, unless it was stopped or killed."""
        job = journal.load(self._home, attempt.job.job_id)
        if job.attempt != attempt.job.attempt:
            return
        if job.status is Status.STOPPING:
            attempts.finish(self._home, job, "stopped", f"stopped by {job.stopped_by}")
        elif job.status is Status.RUNNING:
            said = (
                "was killed, perhaps for want of memory: tried again it goes on from what is there"
                if code == -signal.SIGKILL
                else f"ended with status {code} and said no reason: the job's log may"
            )
            attempts.finish(self._home, job, "failed", said)

    def _waiting(self, lane: Lane) -> list[Job]:
        """What was running and is nobody's now, then what is queued, in the order of asking."""
        unfinished = [
            job
            for job_id in journal.job_ids(self._home)
            if (job := journal.load(self._home, job_id)).is_unfinished and job.lane == lane
        ]
        return sorted(unfinished, key=lambda job: (job.status is Status.QUEUED, job.queued_at, job.job_id))

    def _take_up(self, lane: Lane) -> None:
        for job in self._waiting(lane):
            if job.status is not Status.QUEUED and attempts.is_leased(self._home, job.job_id):
                return  # the process of a worker that was killed: it ends within seconds
            try:
                if job.status is Status.STOPPING:
                    attempts.finish(self._home, job, "stopped", f"stopped by {job.stopped_by}")
                    continue
                if job.starts >= MAX_STARTS:
                    said = (
                        f"its worker was killed {job.starts} times while it ran: look at the machine's memory"
                    )
                    attempts.finish(self._home, job, "failed", said)
                    continue
                self._start(lane, attempts.begin(self._home, job.job_id))
            except RefusedError:
                continue  # stopped this very moment
            return

    def _start(self, lane: Lane, job: Job) -> None:
        from appliance.run import child_environment

        log = self._home.jobs / job.job_id / "log.txt"
        child = spawn(self._argv(self._home, job), env=child_environment(self._home, "job"), log_path=log)
        self._running[lane] = _Attempt(job, child)

    def end(self) -> None:
        """Stops what runs, as politely as there is time for."""
        for attempt in self._running.values():
            if attempt.child.returncode is None:
                os.kill(attempt.child.pid, signal.SIGTERM)
        patience = time.monotonic() + _GRACE_S
        for attempt in self._running.values():
            attempt.child.stop(max(0.0, patience - time.monotonic()))
