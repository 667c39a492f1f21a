"""What people do with jobs: ask for one, stop it, ask again, look. What is done is in `kinds`, by whom in `worker`."""

from __future__ import annotations

import time
from typing import Any

from appliance.home import Home
from appliance.jobs import journal
from appliance.jobs.journal import JobError, load
from appliance.jobs.kinds import KINDS
from appliance.jobs.states import Job, Status
from appliance.people.acting import Action, Actor, acting
from appliance.progress import State, read_state


def enqueue(home: Home, actor: Actor, kind: str, arguments: dict[str, Any], *, key: str = "") -> Job:
    """Asks for a job. The same `key` while one is unfinished gives that one, so a double click asks once.

    Raises JobError in one line where the kind refuses, NotAllowed where the role does not fit.
    """
    with acting(home, actor, Action.START_JOB, kind=kind[:60]) as made:
        if kind not in KINDS:
            raise JobError(f"there is no kind of job '{kind[:60]}'; there are: {', '.join(sorted(KINDS))}")
        found = put(home, actor.name, kind, KINDS[kind].ready(home, arguments), key=key)
        made["job"] = found.job_id
        return found


def put(home: Home, asked_by: str, kind: str, arguments: dict[str, Any], *, key: str = "") -> Job:
    """A job as it stands, for callers that have seen to who may ask for it and to what it needs."""
    with journal.locked(home):
        if key:
            for same in jobs(home, limit=None):
                if same.key == key and same.is_unfinished:
                    return same
        request = {
            "kind": kind,
            "arguments": arguments,
            "lane": KINDS[kind].lane,
            "asked_by": asked_by,
            "asked_at": time.time(),
            "key": key,
        }
        return journal.create(home, request)


def stop(home: Home, actor: Actor, job_id: str) -> Job:
    """A waiting job is stopped at once, a running one within seconds; it keeps what it has done.

    Raises JobError where it has ended already.
    """
    with acting(home, actor, Action.STOP_JOB, job=job_id), journal.locked(home):
        found = load(home, job_id)
        if found.status is Status.STOPPING:
            return found
        if not found.is_unfinished:
            raise JobError(f"this job has ended already: it is {found.status}")
        return journal.append(home, job_id, "stop", by=actor.name)


def retry(home: Home, actor: Actor, job_id: str) -> Job:
    """Asks again for a job that failed or was stopped: it goes on from what is there, at the end of the queue.

    Raises JobError where it is not over, or is done.
    """
    with acting(home, actor, Action.RETRY_JOB, job=job_id), journal.locked(home):
        found = load(home, job_id)
        if found.status not in (Status.FAILED, Status.STOPPED):
            raise JobError(
                f"this job is {found.status}: only one that failed or was stopped can be tried again"
            )
        same = [other for other in jobs(home, limit=None) if other.is_unfinished and other.key == found.key]
        if found.key and same:
            raise JobError(f"the same was asked for again already: see job {same[0].job_id}")
        return journal.append(home, job_id, "retry", by=actor.name)


def job(home: Home, job_id: str) -> Job:
    """Raises JobError where there is none of that id."""
    return load(home, job_id)


def jobs(home: Home, *, limit: int | None = 50, offset: int = 0, status: Status | None = None) -> list[Job]:
    """The newest first."""
    ids = journal.job_ids(home)[::-1]
    if status is None:
        return [load(home, job_id) for job_id in ids[offset : None if limit is None else offset + limit]]
    found = [each for each in (load(home, job_id) for job_id in ids) if each.status is status]
    return found[offset : None if limit is None else offset + limit]


def count(home: Home, *, status: Status | None = None) -> int:
    """How many there are, for a pager."""
    return len(journal.job_ids(home)) if status is None else len(jobs(home, limit=None, status=status))


def jobs_of_run(home: Home, run_id: str) -> list[Job]:
    """All jobs that worked on the run, or were asked to, the newest first; `started_by` of each says for whom."""
    return [each for each in jobs(home, limit=None) if run_id in (each.run_id, each.arguments.get("run_id"))]


def result(home: Home, job_id: str) -> dict[str, Any] | None:
    """What a job that is done found; None before that."""
    found = load(home, job_id)
    if found.status is not Status.DONE:
        return None
    return journal.read_result(home, job_id)


def progress(home: Home, shown: Job) -> tuple[str, State | None]:
    """What a running job is at, in a word (a stage of its run, or its kind), and how far."""
    if shown.run_id is not None:
        stage = _stage_now(home, shown.run_id)
        if stage is not None:
            return stage, read_state(home.runs / shown.run_id / stage)
    return shown.kind, read_state(home.jobs / shown.job_id)


def _stage_now(home: Home, run_id: str) -> str | None:
    from appliance.manifest import NAME
    from appliance.pipeline import GATES, PIPELINE

    started = [
        name
        for name in dict.fromkeys(stage.name for stage in (*PIPELINE, *GATES))
        if (home.runs / run_id / name).is_dir() and not (home.runs / run_id / name / NAME).exists()
    ]
    return started[0] if started else None
