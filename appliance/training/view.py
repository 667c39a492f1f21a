"""What the console shows beside the curves of a training: which job it is, whether it can go on, and answers as they come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Job, Status
from appliance.people.acting import Action, Actor, acting
from appliance.stages.context import read_examples
from appliance.status import all_runs
from appliance.training import curves

_TRAINING = ("run", "refresh")
"""Kinds of jobs that train."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the student said to a record while it learnt from its own answers."""

    step: int
    record_id: str
    asked: str = field(repr=False)
    """The task's input with the record's fields."""
    right: str | None = field(repr=False)
    said: str = field(repr=False)
    reward: float | None
    """None where it could not be judged."""


def waiting(home: Home, use_case: str | None, run_id: str | None) -> list[Job]:
    """Unfinished jobs that train this run, or will train this use case; the newest first."""
    return [
        job
        for job in jobs.jobs(home)
        if job.is_unfinished and job.kind in _TRAINING and _is_about(job, use_case, run_id)
    ]


def beginning(home: Home, use_case: str | None) -> Job | None:
    """The unfinished job of this use case whose run is not listed yet: it was only just asked for."""
    known = {row["run_id"] for row in all_runs(home)}
    asked = [job for job in jobs.jobs(home) if job.is_unfinished and job.kind in _TRAINING]
    return next(
        (job for job in asked if job.arguments.get("use_case") == use_case and job.run_id not in known), None
    )


def _is_about(job: Job, use_case: str | None, run_id: str | None) -> bool:
    if job.run_id is not None:
        return job.run_id == run_id
    return use_case is not None and job.arguments.get("use_case") == use_case


def interrupted(home: Home, run_id: str) -> Job | None:
    """The run's last job where it was stopped or failed, so that it can be asked for again; else None."""
    found = [job for job in jobs.jobs_of_run(home, run_id) if job.kind in _TRAINING and job.run_id == run_id]
    return found[0] if found and found[0].status in (Status.STOPPED, Status.FAILED) else None


def settings(home: Home, run_id: str) -> Mapping[str, Any]:
    """The use case as the run has it; empty where the run is gone."""
    try:
        document: Mapping[str, Any] = json.loads(
            (home.runs / run_id / "config.json").read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return {}
    return document.get("use_case") or {}


def answers(home: Home, actor: Actor, run_id: str) -> list[Answer]:
    """Of the last steps of on-policy training, the newest first; raises NotAllowed for whoever may not see text."""
    with acting(home, actor, Action.SEE_TEXT, run=run_id, what="answers during training"):
        said = curves.answers(home, run_id)
        shown_as = (settings(home, run_id).get("task") or {}).get("input")
        if not said or shown_as is None:
            return []
        examples = {
            each.record_id: each
            for each in read_examples(home.runs / run_id / "curate", {row["record_id"] for row in said})
        }
        return [
            Answer(
                row["step"],
                row["record_id"],
                shown_as.format_map(examples[row["record_id"]].fields),
                examples[row["record_id"]].answer,
                row["text"],
                row["reward"],
            )
            for row in said
            if row["record_id"] in examples
        ]
