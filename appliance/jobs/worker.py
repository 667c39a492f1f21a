"""Empties the queue: one heavy and one light job at a time, each in a process that dies with the worker.

All that the worker knows is on disk. Killed at any moment, its jobs' processes end with it, their leases come free, and
the next worker takes up what was running, as the next attempt.
"""

from __future__ import annotations

import fcntl
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import get_args

from appliance import datasets
from appliance.home import Home
from appliance.jobs import attempts, journal, prune
from appliance.jobs.journal import JobError
from appliance.jobs.states import Job, Lane, RefusedError, Status
from appliance.offline import QUIET_AND_OFFLINE
from appliance.processes import Child, spawn
from distill.checkpoints import sweep

_MARK = ".worker"
_POLL_S = 0.2
_GRACE_S = 15.0
"""From a stop to the kill: a run gives its stage ten seconds."""
_BEAT_S = 2.0
_HANGS_S = 60.0
"""A worker that did not look for so long is taken for none, whatever it holds."""
_SCAN_S = 2.0
"""The queue is read anew when something changed, and this often anyway: a file system's clock may be coarse."""
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
    """Whether a worker has this home now, and looked at its queue within the last minute."""
    try:
        descriptor = os.open(home.jobs / _MARK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return time.time() - os.fstat(descriptor).st_mtime < _HANGS_S
    finally:
        os.close(descriptor)
    return False


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    home.jobs.mkdir(exist_ok=True, mode=0o700)
    with open(home.jobs / _MARK, "a") as file:
        for patience in reversed(range(_LOOKS)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not patience:
                    raise JobError("a worker has this home already: one is enough") from None
            time.sleep(_LOOK_S)
        os.utime(home.jobs / _MARK)
        yield


def work_off(home: Home, *, once: bool = False, argv: Argv = argv_of) -> None:
    """Works until it is told to end (SIGTERM, SIGINT), or, with `once`, until nothing is left to do.

    Told to end, it stops what runs; the next worker goes on with it. Raises JobError where another worker is there.
    """
    asked_to_end = False

    def note(_number: int, _frame: object) -> None:
        nonlocal asked_to_end
        asked_to_end = True

    with _alone(home), _told_by_signals() as told:
        worker = _Worker(home, argv)
        _log(f"works off the jobs of {home.root}")
        datasets.sweep(home)
        if left := sweep(home.root, ("models", "cache")):
            _log(f"{left:,} files that killed processes left half-written were taken away")
        if pruned := prune.prune(home, time.time()):
            _log(f"{pruned:,} jobs that ended more than {prune.KEPT_DAYS} days ago were taken away")
        try:
            while not told:
                worker.beat()
                if worker.look() and once:
                    return
                time.sleep(_POLL_S)
        finally:
            worker.end()


@contextmanager
def _told_by_signals() -> Iterator[list[int]]:
    """The signals that asked for an end so far."""
    told: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _frame: told.append(got))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Worker:
    """What runs now, by lane; all else is on disk."""

    def __init__(self, home: Home, argv: Argv) -> None:
        self._home = home
        self._argv = argv
        self._running: dict[Lane, _Attempt] = {}
        self._unfinished: list[Job] = []
        self._beaten = self._scanned = -math.inf
        self._changed_ns = 0
        self._trouble = ""

    def beat(self) -> None:
        if time.monotonic() - self._beaten >= _BEAT_S:
            os.utime(self._home.jobs / _MARK)
            self._beaten = time.monotonic()

    def look(self) -> bool:
        """One look at every lane; True when there is nothing to do."""
        try:
            self._scan()
            for lane in get_args(Lane):
                if lane in self._running:
                    self._watch(lane)
                else:
                    self._take_up(lane)
        except OSError as error:  # a full disk, say: what runs goes on, and the next look tries again
            self._say(f"{error.strerror} ({type(error).__name__}); trying again")
            return False
        except JobError as error:  # somebody took its folder away
            self._say(str(error))
            return False
        self._trouble = ""
        return not self._running and not self._unfinished

    def _say(self, trouble: str) -> None:
        """Once, and not five times a second."""
        if trouble != self._trouble:
            _log(trouble)
            self._trouble = trouble

    def _scan(self) -> None:
        """Who waits: first what was running and is nobody's now, then what is queued, in the order of asking."""
        changed_ns = _changed_ns(self._home)
        if changed_ns == self._changed_ns and time.monotonic() - self._scanned < _SCAN_S:
            return
        self._changed_ns, self._scanned = changed_ns, time.monotonic()
        found = (journal.load(self._home, job_id) for job_id in journal.job_ids(self._home))
        self._unfinished = sorted(
            (job for job in found if job.is_unfinished),
            key=lambda job: (job.status is Status.QUEUED, job.queued_at, job.job_id),
        )

    def _watch(self, lane: Lane) -> None:
        attempt = self._running[lane]
        code = attempt.child.returncode
        if not (self._home.jobs / attempt.job.job_id).exists():
            del self._running[lane]
            attempt.child.stop(0)
        elif code is not None:
            self._close(attempt, code)
            del self._running[lane]
            self._scanned = -math.inf
            job = journal.load(self._home, attempt.job.job_id)
            seconds = (job.ended_at or time.time()) - (attempt.job.started_at or 0.0)
            _log(f"job {job.job_id} ({job.kind}): {job.status} after {seconds:.0f} s")
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

    def _take_up(self, lane: Lane) -> None:
        for waiting in (job for job in self._unfinished if job.lane == lane):
            job = journal.load(self._home, waiting.job_id)
            if not job.is_unfinished:
                continue
            if job.status is not Status.QUEUED and attempts.is_leased(self._home, job.job_id):
                return  # the process of a worker that was killed: it ends within seconds
            try:
                if job.status is Status.STOPPING:
                    attempts.finish(self._home, job, "stopped", f"stopped by {job.stopped_by}")
                elif job.starts >= MAX_STARTS:
                    said = (
                        f"its worker was killed {job.starts} times while it ran: look at the machine's memory"
                    )
                    attempts.finish(self._home, job, "failed", said)
                else:
                    self._start(lane, attempts.begin(self._home, job.job_id))
                    return
            except RefusedError:
                continue  # stopped this very moment

    def _start(self, lane: Lane, job: Job) -> None:
        # Not a stage's environment: the stages below it set their own, and keep an allocator's settings they find.
        env = {**os.environ, **QUIET_AND_OFFLINE, "STILLHOUSE_HOME": str(self._home.root)}
        log = self._home.jobs / job.job_id / "log.txt"
        try:
            child = spawn(self._argv(self._home, job), env=env, log_path=log)
        except OSError:  # no memory for a process, say
            attempts.give_back(self._home, job)
            raise
        self._running[lane] = _Attempt(job, child)
        _log(f"job {job.job_id} ({job.kind}): attempt {job.attempt}")

    def end(self) -> None:
        """Stops what runs, as politely as there is time for, and gives it back."""
        for attempt in self._running.values():
            if attempt.child.returncode is None:
                os.kill(attempt.child.pid, signal.SIGTERM)
        patience = time.monotonic() + _GRACE_S
        for attempt in self._running.values():
            attempt.child.stop(max(0.0, patience - time.monotonic()))
            job = journal.load(self._home, attempt.job.job_id)
            if job.attempt == attempt.job.attempt and job.status is Status.RUNNING:
                attempts.give_back(self._home, job)
            elif job.attempt == attempt.job.attempt and job.status is Status.STOPPING:
                attempts.finish(self._home, job, "stopped", f"stopped by {job.stopped_by}")


def _log(line: str) -> None:
    """For whoever runs the worker: a terminal, or the system's journal."""
    with suppress(OSError):  # nobody listens any more, and the work goes on
        sys.stderr.write(f"worker: {line}\n")
        sys.stderr.flush()


def _changed_ns(home: Home) -> int:
    try:
        return os.stat(home.jobs / journal.LOCK).st_mtime_ns
    except FileNotFoundError:
        return 0  # nobody asked for anything yet
