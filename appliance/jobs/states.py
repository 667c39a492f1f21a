"""What a job is, and what becomes of it: a state is never written down, it follows from the events.

The whole law is the table `AFTER`. An event that is not in it for the job's state is refused, and so is one of an
attempt that is over: a worker that was thought dead and comes back cannot write its outcome over the next attempt's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

Lane = Literal["heavy", "light"]
Event = dict[str, Any]
"""`event`, `at` (Unix time), and what goes with it: `by`, `attempt`, `run_id`, `message`."""


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    """Asked to stop; its process still cleans up."""
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


UNFINISHED = frozenset({Status.QUEUED, Status.RUNNING, Status.STOPPING})

AFTER: Mapping[tuple[Status, str], Status] = {
    (Status.QUEUED, "start"): Status.RUNNING,
    (Status.QUEUED, "stop"): Status.STOPPED,
    (Status.RUNNING, "start"): Status.RUNNING,  # its worker was killed, and the next one takes it up
    (Status.RUNNING, "run"): Status.RUNNING,  # which run it works on
    (Status.RUNNING, "back"): Status.QUEUED,  # its worker was told to end
    (Status.RUNNING, "stop"): Status.STOPPING,
    (Status.RUNNING, "done"): Status.DONE,
    (Status.RUNNING, "failed"): Status.FAILED,
    (Status.STOPPING, "run"): Status.STOPPING,
    (Status.STOPPING, "done"): Status.DONE,  # it was quicker than the stop
    (Status.STOPPING, "failed"): Status.FAILED,
    (Status.STOPPING, "stopped"): Status.STOPPED,
    (Status.FAILED, "retry"): Status.QUEUED,
    (Status.STOPPED, "retry"): Status.QUEUED,
}
OF_AN_ATTEMPT = frozenset({"start", "run", "back", "done", "failed", "stopped"})
"""Events that a worker or its child writes; each names the attempt it belongs to."""


class RefusedError(Exception):
    """The event does not go with the job's state, or its attempt is over."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work that somebody asked for."""

    job_id: str
    """Sorts by the time of asking."""
    kind: str
    arguments: dict[str, Any]
    lane: Lane
    asked_by: str
    asked_at: float
    """Unix time, as all times here."""
    key: str = ""
    """Two askings with the same key are one job, as long as it is unfinished."""
    status: Status = Status.QUEUED
    attempt: int = 0
    """How often it was started."""
    queued_at: float = 0.0
    """When it was asked for, or for again."""
    started_by: tuple[str, ...] = ()
    """Who asked for it, or for it again; never those who only watched or stopped it."""
    starts: int = 0
    """How often it was started since it was last asked for, or given back: more than once where its worker was killed."""
    run_id: str | None = None
    message: str | None = None
    """One line on how it ended, without any record's text."""
    started_at: float | None = None
    """Of the newest attempt."""
    ended_at: float | None = None
    stopped_by: str | None = None

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED


def asked(request: Mapping[str, Any]) -> Job:
    """The job as it was asked for, before any event."""
    return Job(
        **request, queued_at=request["asked_at"], started_by=(request["asked_by"],)
    )  # a request's keys are the first fields of Job


def after(job: Job, event: Event) -> Job:
    """The job one event later. Raises RefusedError where the event is not possible."""
    name, at = event["event"], event["at"]
    following = AFTER.get((job.status, name))
    if following is None:
        raise RefusedError(f"a job that is {job.status} knows no '{name}'")
    if name in OF_AN_ATTEMPT and event["attempt"] != job.attempt + (name == "start"):
        raise RefusedError(f"attempt {event['attempt']} is over: the job is at attempt {job.attempt}")
    job = replace(job, status=following)
    match name:
        case "start":
            return replace(job, attempt=job.attempt + 1, starts=job.starts + 1, started_at=at, message=None)
        case "run":
            return replace(job, run_id=event["run_id"])
        case "back":
            return replace(job, starts=0, started_at=None)
        case "stop":
            ended = at if following is Status.STOPPED else None
            return replace(job, stopped_by=event["by"], ended_at=ended)
        case "retry":
            by = event["by"]
            starters = job.started_by if by in job.started_by else (*job.started_by, by)
            return replace(
                job,
                queued_at=at,
                started_by=starters,
                starts=0,
                started_at=None,
                ended_at=None,
                stopped_by=None,
                message=None,
            )
        case _:
            return replace(job, ended_at=at, message=event["message"])


def derive(request: Mapping[str, Any], events: Iterable[Event]) -> Job:
    """The job as its events say."""
    job = asked(request)
    for event in events:
        job = after(job, event)
    return job
