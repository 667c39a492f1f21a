"""What the console shows of releases: what would leave if one were made now, who may decide, and what has left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from appliance import approvals
from appliance.approvals import Request, Standing
from appliance.home import Home
from appliance.keeping.erasures import taint
from appliance.lineage import LineageError
from appliance.manifest import DamagedError
from appliance.models import ModelError
from appliance.people.acting import MAY, Action, Actor, may
from appliance.pipeline import GATES
from appliance.quality.evaluated import run_folder
from appliance.refresh import open_promoted
from appliance.release import NAME, SUMS, preview
from appliance.release_checks import Check, ReleaseError, bound, checks, leaving, passed_gates
from appliance.run import RunError

WORDS = {
    Standing.ASKED: "waits for an approver",
    Standing.APPROVED: "approved",
    Standing.REFUSED: "refused",
    Standing.VOID: "void: the run is not what it was when this was asked; ask again",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """The student of a run as it would be released now."""

    checks: tuple[Check, ...]
    card: str
    """Markdown, as README.md of the release."""
    licences: str
    refused: str | None
    """Why nothing can be shown yet, in one line; the rest is then empty."""

    @property
    def stands_in_the_way(self) -> tuple[Check, ...]:
        """What no approval gets round."""
        return tuple(check for check in self.checks if not check.holds and not check.may_be_waived)

    @property
    def despite_verdict(self) -> bool:
        return any(not check.holds and check.may_be_waived for check in self.checks)


def wants_gates(home: Home, run_id: str) -> bool:
    """Whether this is a refresh that was promoted and has not passed its gates, for whose release they are asked for."""
    try:
        run = open_promoted(run_id, home)
    except (RunError, LineageError, DamagedError):
        return False
    return len(passed_gates(run)) < len(GATES)


@dataclass(frozen=True, slots=True)
class Released:
    """A folder in the home's `releases`."""

    folder: Path
    run_id: str
    arm: str
    student: str
    """sha256 of the merged weights, as the report names the student."""
    despite_verdict: bool
    released_at: float
    size_bytes: int
    num_files: int
    still_there: bool
    """Whether the run still has this student: one that was trained anew is another."""
    erasure: str | None
    """The erasure of something that this student had learnt from, if there was one: the folder should go."""

    @property
    def check(self) -> str:
        """The command that tells whether a copy is whole."""
        return f"cd {self.folder} && sha256sum -c {SUMS}"


def candidate(home: Home, run_id: str) -> Candidate:
    """What an approver reads before deciding."""
    try:
        folder = run_folder(home, run_id)
        if folder is None or not (folder / "config.json").exists():
            raise ReleaseError("there is no such run, or it has only just begun")
        student = leaving(run_id, home)
        found = checks(student)
        card, licences = preview(student)
    except (ReleaseError, ModelError) as error:
        return Candidate((), "", "", str(error))
    return Candidate(tuple(found), _without_metadata(card), licences, None)


def _without_metadata(card: str) -> str:
    """The card without the lines in front that are for model hubs."""
    return card.split("---\n", 2)[-1].lstrip("\n")


def requests_of(home: Home, run_id: str | None = None) -> list[Request]:
    """The newest first; of one run, or all."""
    return [each for each in approvals.requests(home) if run_id in (None, each.run_id)]


def why_not_decide(home: Home, actor: Actor, asked: Request) -> str | None:
    """Why this person cannot decide on the request, in one line; None where they can."""
    if asked.standing is not Standing.ASKED:
        return f"This request is decided: {WORDS[asked.standing]}."
    if not may(actor, Action.DECIDE_RELEASE):
        roles = " or ".join(role.value for role in MAY[Action.DECIDE_RELEASE])
        return f"An {roles} decides. You are signed in as {actor.name}, without that role."
    part = approvals.had_part(home, actor.name, asked)
    return None if part is None else f"You may not decide on this one: {part}."


def released(home: Home) -> list[Released]:
    """Every folder that was released into the home, the newest first."""
    found = [_released(home, path) for path in (home.root / "releases").glob(f"*/{NAME}")]
    return sorted(found, key=lambda each: each.released_at, reverse=True)


def _released(home: Home, path: Path) -> Released:
    told = json.loads(path.read_text(encoding="utf-8"))
    files = [each for each in path.parent.rglob("*") if each.is_file()]
    now = bound(home, told["run_id"])
    erasure = taint(home, told["student"])
    return Released(
        path.parent,
        told["run_id"],
        told["arm"],
        told["student"],
        told["despite_verdict"],
        path.stat().st_mtime,
        sum(each.stat().st_size for each in files),
        len(files),
        now is not None and now[0] == told["student"],
        None if erasure is None else erasure.erasure_id,
    )
