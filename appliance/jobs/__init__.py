"""Work that outlives whoever asked for it: a queue on disk, and a worker that empties it."""

from __future__ import annotations

from appliance.jobs.journal import JobError
from appliance.jobs.queue import (
    count,
    enqueue,
    job,
    jobs,
    jobs_of_run,
    progress,
    put,
    result,
    retry,
    stop,
)
from appliance.jobs.states import Job, RefusedError, Status
from appliance.jobs.worker import worker_alive

__all__ = [
    "Job",
    "JobError",
    "RefusedError",
    "Status",
    "count",
    "enqueue",
    "job",
    "jobs",
    "jobs_of_run",
    "progress",
    "put",
    "result",
    "retry",
    "stop",
    "worker_alive",
]
