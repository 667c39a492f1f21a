"""Finished jobs are kept for a while, and then their folders go: what they did stands in runs and in the audit log."""

from __future__ import annotations

import shutil

from appliance import audit
from appliance.home import Home
from appliance.jobs import attempts, journal
from appliance.jobs.states import Job

KEPT_JOBS = 500
KEPT_DAYS = 90
"""A finished job is kept if it is one of so many newest, or ended within so many days."""


def prune(home: Home, now: float) -> int:
    """Takes away finished jobs that are neither new nor of a run or a decision that is still there; gives how many.

    A run's jobs say who started it, and so who may not approve its release: they stay as long as the run. Killed, it leaves
    no half job: each folder is gone at once, and what is left of it is swept when the next job is made.
    """
    named = {path.name for path in home.runs.iterdir()}
    decided = "".join(path.read_text(encoding="utf-8") for path in home.approvals.glob("*/decision.json"))
    gone = list[str]()
    for job_id in journal.job_ids(home)[:-KEPT_JOBS]:
        # Looked at twice, since the lock is not held for as long as it takes to read thousands.
        if job_id not in decided and _may_go(home, journal.load(home, job_id), named, now):
            with journal.locked(home):
                if _may_go(home, journal.load(home, job_id), named, now):
                    (home.jobs / job_id).rename(home.jobs / f".{job_id}.tmp")
                    gone.append(job_id)
    for job_id in gone:
        shutil.rmtree(home.jobs / f".{job_id}.tmp", ignore_errors=True)
    if gone:
        audit.append(home, audit.LOG_KEEPER, "job", "prune-jobs", "done", {"jobs": len(gone)})
    return len(gone)


def _may_go(home: Home, job: Job, named: set[str], now: float) -> bool:
    """A damaged one stays: its message asks somebody to look at it."""
    return (
        job.ended_at is not None
        and not job.is_unfinished
        and now - job.ended_at > KEPT_DAYS * 86_400
        and named.isdisjoint({str(job.run_id), str(job.arguments.get("run_id"))})
        and not attempts.is_leased(home, job.job_id)
    )
