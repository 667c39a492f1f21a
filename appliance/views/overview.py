"""What the console's first page shows: runs as cards, the work that goes on, and what waits for whoever looks."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from appliance import approvals, jobs
from appliance.home import Home
from appliance.lineage import read_refresh
from appliance.manifest import NAME
from appliance.people import accounts
from appliance.people.acting import Action, Actor, Role, may
from appliance.pipeline import stage_names
from appliance.preparing import review, use_cases
from appliance.progress import State, read_state
from appliance.run import is_worked_on
from appliance.store import Store

FAILED_LATELY_S = 7 * 86400.0
"""A job that failed longer ago is history, and waits for nobody."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The chosen student's primary metric on the test records."""

    arm: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    """Of the 95% interval."""
    n: int
    untuned: float | None
    """The same of the student before training."""


@dataclass(frozen=True, slots=True)
class Card:
    """A run, as one looks at it from afar."""

    run_id: str
    name: str
    title: str
    created_at: float
    """Unix time."""
    status: str
    message: str | None
    """Why it stopped, in one line."""
    stages: tuple[dict[str, Any], ...]
    """As `appliance.status.one_run` tells them; a status may be `reused`, too."""
    verdict: str | None
    headline: str | None
    figure: Figure | None


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the one who looks."""

    urgency: Literal["stops", "waits", "next"]
    """Nothing goes on without it; somebody waits; the next step of the work."""
    words: str
    page: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    job_id: str | None = None
    """A job that can be tried again."""


def rows(home: Home) -> list[dict[str, Any]]:
    """Every run's row, the newest first; read from the store when its file has changed."""
    found = [dict(row) for row in _rows(home.store, _state(home.store))]
    for row in found:
        if row["status"] == "running" and not is_worked_on(home.runs / row["run_id"]):
            row["status"] = "interrupted"
    return found


@lru_cache(maxsize=4)
def _rows(store: Path, _changed: tuple[int, int]) -> list[dict[str, Any]]:
    return Store(store).runs()


def cards(
    home: Home, *, status: str | None = None, words: str = "", offset: int = 0, limit: int = 10
) -> tuple[list[Card], int]:
    """One page of runs and how many there are in all, the newest first.

    `status` is one of a run's; `words` stands in the run's id, name or title.
    """
    wanted = words.strip().casefold()
    found = [
        row
        for row in rows(home)
        if (status is None or row["status"] == status)
        and wanted in f"{row['run_id']} {row['name']} {row['title']}".casefold()
    ]
    return [_card(home, row) for row in found[offset : offset + limit]], len(found)


def card(home: Home, run_id: str) -> Card | None:
    """One run's; None where there is none of that id."""
    row = next((row for row in rows(home) if row["run_id"] == run_id), None)
    return None if row is None else _card(home, row)


def _card(home: Home, row: dict[str, Any]) -> Card:
    folder = home.runs / row["run_id"]
    report = facts(folder / "report")
    return Card(
        run_id=row["run_id"],
        name=row["name"],
        title=row["title"],
        created_at=row["created_at"],
        status=row["status"],
        message=row["message"],
        stages=stages(folder, row["status"]),
        verdict=row["verdict"],
        headline=None if report is None else report["headline"],
        figure=_figure(facts(folder / "evaluate")),
    )


def stages(folder: Path, run_status: str) -> tuple[dict[str, Any], ...]:
    """The stages of the run in this folder; the first one that is not done has the run's status."""
    told = []
    reached = True
    for name in stage_names(folder, _is_refresh(folder, _state(folder / "config.json"))):
        known = _ended(folder / name / NAME, _state(folder / name / NAME))
        if known is not None:
            status, seconds = ("reused" if known["reused_from"] else "done"), known["seconds"]
            told.append({"stage": name, "status": status, "seconds": seconds, "progress": None})
            continue
        started = reached and (folder / name).exists()
        reached = False
        progress = read_state(folder / name) if started else None
        status = run_status if started else "waiting"
        told.append({"stage": name, "status": status, "seconds": None, "progress": progress})
    return tuple(told)


def facts(stage: Path) -> dict[str, Any] | None:
    """What a finished stage tells of itself; None while it is not finished."""
    known = _ended(stage / NAME, _state(stage / NAME))
    return None if known is None else known["facts"]


@lru_cache(maxsize=512)
def _is_refresh(folder: Path, changed: tuple[int, int]) -> bool:
    return changed != _ABSENT and read_refresh(folder) is not None


@lru_cache(maxsize=4096)
def _ended(path: Path, changed: tuple[int, int]) -> dict[str, Any] | None:
    """Of a manifest, what cards show, and no more: thousands are kept."""
    if changed == _ABSENT:
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        kept = {name: told["facts"].get(name) for name in _SHOWN if name in told["facts"]}
        return {"seconds": told["seconds"], "reused_from": told["reused_from"], "facts": kept}
    except (OSError, ValueError, KeyError):
        return None


_SHOWN = ("headline", "verdict", "chosen", "primary_metric", "scores")
_ABSENT = (0, 0)


def _state(path: Path) -> tuple[int, int]:
    """Changes when the file does."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return _ABSENT
    return found.st_mtime_ns, found.st_size


def _figure(told: dict[str, Any] | None) -> Figure | None:
    if told is None or not told.get("chosen"):
        return None
    chosen = told["chosen"]
    arm = chosen["arm"] if isinstance(chosen, dict) else chosen
    metric = told["primary_metric"]
    scores = {row["arm"]: row for row in told["scores"] if row["metric"] == metric}
    if arm not in scores:
        return None
    row = scores[arm]
    untuned = scores.get("untuned", {}).get("value")
    return Figure(arm, metric, row["value"], row["low"], row["high"], row["n"], untuned)


def working(home: Home) -> list[tuple[jobs.Job, str, State | None]]:
    """The unfinished jobs, the oldest first, each with what it is at and how far."""
    found = [each for each in jobs.jobs(home, limit=None) if each.is_unfinished]
    return [(each, *jobs.progress(home, each)) for each in reversed(found)]


def needs(home: Home, actor: Actor, now: float | None = None) -> list[Need]:
    """What waits for this person, what stops everything first."""
    now = time.time() if now is None else now
    found = [
        *_worker(home),
        *_failed(home, actor, now),
        *_approvals(home, actor),
        *_reviews(home, actor),
        *_next_step(home, actor),
    ]
    return sorted(found, key=lambda need: ("stops", "waits", "next").index(need.urgency))


def _worker(home: Home) -> list[Need]:
    if jobs.worker_alive(home):
        return []
    waiting = sum(each.is_unfinished for each in jobs.jobs(home, limit=None))
    if not waiting:
        return []
    jobs_wait = "1 job waits" if waiting == 1 else f"{waiting} jobs wait"
    return [
        Need(
            "stops",
            f"No worker is running, and {jobs_wait}. Start `stillhouse worker` on this machine.",
            "system",
        )
    ]


def _failed(home: Home, actor: Actor, now: float) -> list[Need]:
    """Of each run or use case the newest job, if it failed lately."""
    newest: dict[str, jobs.Job] = {}
    for each in jobs.jobs(home, limit=200):
        about = str(each.arguments.get("use_case") or each.arguments.get("run_id") or each.job_id)
        newest.setdefault(f"{each.kind} {about}", each)
    found = []
    for about, each in newest.items():
        if each.status is jobs.Status.FAILED and now - (each.ended_at or now) < FAILED_LATELY_S:
            retry = each.job_id if may(actor, Action.RETRY_JOB) else None
            found.append(Need("waits", f"{about}: {each.message}", "system", job_id=retry))
    return found


def _approvals(home: Home, actor: Actor) -> list[Need]:
    if not may(actor, Action.DECIDE_RELEASE):
        return []
    return [
        Need(
            "waits",
            f"{each.asked_by} asks to release {each.run_id}: {each.reason}",
            "release",
            (("run", each.run_id),),
        )
        for each in approvals.requests(home)
        if each.standing is approvals.Standing.ASKED and approvals.had_part(home, actor.name, each) is None
    ]


def _reviews(home: Home, actor: Actor) -> list[Need]:
    if not may(actor, Action.REVIEW):
        return []
    found = []
    for name in use_cases.names(home):
        standing = review.progress(home, name)
        if standing is not None and standing.waiting:
            records = "1 record waits" if standing.waiting == 1 else f"{standing.waiting} records wait"
            found.append(
                Need("waits", f"{name}: {records} for your review.", "privacy", (("use_case", name),))
            )
    return found


def _next_step(home: Home, actor: Actor) -> list[Need]:
    """On a home where little has been done yet: what comes next, for whoever may do it."""
    if may(actor, Action.MANAGE_ACCOUNTS):
        there = {role for each in accounts.accounts(home) if not each.disabled for role in each.roles}
        missing = [
            role.value.replace("-", " ")
            for role in (Role.OPERATOR, Role.PRIVACY_OFFICER, Role.APPROVER)
            if role not in there
        ]
        if missing:
            return [
                Need(
                    "next",
                    f"Nobody has this role yet: {', '.join(missing)}. Make an account for each.",
                    "system",
                    (("tab", "Accounts"),),
                )
            ]
    if may(actor, Action.EDIT_USE_CASE) and not use_cases.names(home):
        return [Need("next", "Bring in a file of records, and make a use case of it.", "data")]
    return []
