"""Two people for a release: one asks, another who had no part in the run decides, and what they decided on is held fast."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance import jobs, manifest
from appliance.home import Home
from appliance.keeping.private_files import alone, write_private
from appliance.lineage import read_refresh
from appliance.people.acting import Action, Actor, NotAllowed, acting
from appliance.release import NAME, release
from appliance.release_checks import ReleaseError, bound, checks, leaving


class ApprovalError(Exception):
    """One line: why this cannot be asked or decided, and what to do."""


class Standing(StrEnum):
    """How a request stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    VOID = "void"
    """The run is not what it was when the request was made: ask again."""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks that the student of a run be released."""

    request_id: str
    run_id: str
    reason: str
    asked_by: str
    asked_at: float
    """Unix time."""
    student: str
    """sha256 of the merged weights, as the report names the student."""
    report: str
    """sha256 of what the decision rests on: the report, and of a refresh its comparison and its gates."""
    verdict: str
    despite_verdict: bool
    """The verdict is not to distil: whoever approves, approves that too, and the release's card says so."""
    standing: Standing = Standing.ASKED
    decided_by: str | None = None
    decided_at: float | None = None
    decision_reason: str | None = None
    job_id: str | None = None


def requests(home: Home) -> list[Request]:
    """The newest first."""
    found = [_read(home, path) for path in home.approvals.glob("*/request.json")]
    return sorted(found, key=lambda each: each.request_id, reverse=True)


def request(home: Home, request_id: str) -> Request:
    """Raises ApprovalError where there is none of that id."""
    path = home.approvals / request_id / "request.json"
    if not request_id[:1].isdigit() or "/" in request_id or not path.is_file():
        raise ApprovalError("there is no such request")
    return _read(home, path)


def _read(home: Home, path: Path) -> Request:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    decision = path.with_name("decision.json")
    if decision.exists():
        told |= json.loads(decision.read_text(encoding="utf-8"))
    found = Request(**told | {"standing": Standing(told["standing"])})
    if found.standing is Standing.REFUSED or bound(home, found.run_id) == (found.student, found.report):
        return found
    if _has_left(home, found):
        return found  # before the run changed
    return replace(found, standing=Standing.VOID)


def _has_left(home: Home, approved: Request) -> bool:
    try:
        return approved.job_id is not None and jobs.job(home, approved.job_id).status is jobs.Status.DONE
    except jobs.JobError:
        return False  # its folder was taken away


def ask(home: Home, actor: Actor, run_id: str, reason: str) -> Request:
    """Asks that the run's student be released; raises ApprovalError or ReleaseError in one line."""
    with acting(home, actor, Action.ASK_RELEASE, run=run_id[:80]) as noted:
        if not reason.strip():
            raise ApprovalError("give a reason: the approver reads it")
        if run_id not in {path.name for path in home.runs.iterdir()}:
            raise ApprovalError(f"there is no run '{run_id[:80]}'")
        student = leaving(run_id, home)
        found = checks(student)
        for check in found:
            if not check.holds and not check.may_be_waived:
                raise ApprovalError(f"{check.name}: {check.found}")
        home.approvals.mkdir(exist_ok=True, mode=0o700)
        with alone(home.approvals / ".lock"):
            if any(each.run_id == run_id and each.standing is Standing.ASKED for each in requests(home)):
                raise ApprovalError("this was asked already, and waits for an approver")
            made = Request(
                request_id=f"{time.time_ns():020d}",
                run_id=run_id,
                reason=reason.strip(),
                asked_by=actor.name,
                asked_at=time.time(),
                student=student.sha256,
                report=student.evidence,
                verdict=student.facts()["verdict"]["kind"],
                despite_verdict=any(not check.holds for check in found),
            )
            folder = home.approvals / made.request_id
            folder.mkdir(mode=0o700)
            write_private(folder / "request.json", json.dumps(asdict(made), indent=1).encode())
        noted["request"] = made.request_id
        return made


def decide(home: Home, actor: Actor, request_id: str, approve: bool, reason: str) -> Request:
    """Approves, and the release is made; or refuses. Never by somebody who asked, or who started a job of the run."""
    with acting(home, actor, Action.DECIDE_RELEASE, request=request_id[:40]) as noted:
        if not reason.strip():
            raise ApprovalError("give a reason: it is kept with the decision")
        request(home, request_id)  # says so where there is none, before a lock is looked for
        with alone(home.approvals / ".lock"):
            found = request(home, request_id)
            part = had_part(home, actor.name, found)
            if part is not None:
                raise NotAllowed(part)
            if found.standing is not Standing.ASKED:
                raise ApprovalError(f"this request is {found.standing}: there is nothing to decide")
            job_id = None
            if approve:
                arguments = {"run_id": found.run_id, "request_id": request_id}
                job_id = jobs.put(home, actor.name, "release", arguments, key=f"release:{request_id}").job_id
            decision = {
                "standing": Standing.APPROVED if approve else Standing.REFUSED,
                "decided_by": actor.name,
                "decided_at": time.time(),
                "decision_reason": reason.strip(),
                "job_id": job_id,
            }
            content = json.dumps(decision, indent=1).encode()
            write_private(home.approvals / request_id / "decision.json", content)
        noted |= {"run": found.run_id, "decision": str(decision["standing"]), "job": job_id}
        return request(home, request_id)


def had_part(home: Home, name: str, asked: Request) -> str | None:
    """Why this person may not decide on the request, in one line; None where nothing is against it."""
    if name == asked.asked_by:
        return f"{name} asked for this release: another person decides"
    for run_id in _trained_in(home, asked.run_id):
        # An earlier approval's job releases, and trains nothing: who approved once may do so again.
        worked = [job for job in jobs.jobs_of_run(home, run_id) if job.kind != "release"]
        if any(name in job.started_by for job in worked):
            return f"{name} started a job of {run_id}, which made this student: another person decides"
    return None


def _trained_in(home: Home, run_id: str) -> set[str]:
    """The run, those whose training it took over, and those it is a refresh of: whoever started them made the student."""
    found, waiting = set[str](), [run_id]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        for stage in ("sft", "onpolicy"):
            try:
                made = manifest.read(home.runs / each / stage)
            except manifest.DamagedError:
                continue
            if made is not None and made.reused_from is not None:
                waiting.append(made.reused_from)
        refresh = read_refresh(home.runs / each) if (home.runs / each / "config.json").is_file() else None
        if refresh is not None:
            waiting.append(refresh.start)
    return found


def carry_out(home: Home, request_id: str) -> Path:
    """The released folder, made if it is not there; the work of the release job. Raises ReleaseError."""
    with alone(home.approvals / ".lock"):  # whoever decides may still be writing it down
        found = request(home, request_id)
    if found.standing is not Standing.APPROVED:
        raise ReleaseError(
            f"the request is {found.standing}: nothing is released without an approval that holds"
        )
    there = home.root / "releases" / found.run_id
    if (there / NAME).is_file() and _released(there) == found.student:
        return there  # by an attempt that was killed before it could say so
    return release(found.run_id, home, despite_verdict=found.despite_verdict)


def _released(folder: Path) -> str:
    """The student in a released folder, by its sha256."""
    return str(json.loads((folder / NAME).read_text(encoding="utf-8"))["student"])
