"""What must hold before a student leaves: of a full run by its stages, of a refresh by its gates and its full run's report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance import manifest, refresh
from appliance.home import Home
from appliance.keeping.erasures import taint
from appliance.lineage import LineageError, chosen_stage
from appliance.manifest import DamagedError, Manifest
from appliance.pipeline import GATES
from appliance.report.attack import RESULTS
from appliance.run import Run, RunError, open_folder

_STAGES = ("curate", "check", "evaluate", "attack", "bench", "report")


class ReleaseError(Exception):
    """One line: why this student is not released, and what to do."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold before a student leaves."""

    name: str
    found: str
    """What was found, in words; where it does not hold, why, and what to do."""
    holds: bool
    may_be_waived: bool = False
    """It does not hold, and the student may be released all the same: its card then says so."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What is known of a promoted refresh, besides its student."""

    found: Mapping[str, Any] = field(repr=False)
    """As `refresh.summary` has it."""
    lineage: tuple[Mapping[str, Any], ...]
    """As `refresh.lineage` has it."""
    gates: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Facts of each gate."""


@dataclass(frozen=True, slots=True)
class Student:
    """A student as it would leave now: every stage that speaks of it is finished."""

    run: Run
    stage: str
    """That left it; its arm in the report."""
    trained: Manifest = field(repr=False)
    reported: Run
    """Whose report goes with it: the run itself, or the full run that a refresh goes back to."""
    report: Manifest = field(repr=False)
    parity: Mapping[str, Any] | None = field(repr=False)
    """None where it was not held against the evaluated one."""
    engine: str | None
    """That served it then."""
    attack: Mapping[str, Any] | None = field(repr=False)
    """What the audit says of it; None where it was not attacked."""
    refreshed: Refreshed | None = None
    """None for a full run's."""

    @property
    def sha256(self) -> str:
        return manifest.model_digest(self.trained)

    @property
    def evidence(self) -> str:
        """sha256 of all that a decision on it is made on; a change voids the decision."""
        if self.refreshed is None:
            return self.report.digest
        return manifest.hash_json([self.report.digest, self.refreshed.found["sets"], self.refreshed.gates])

    def facts(self) -> dict[str, Any]:
        """Of the report."""
        path = self.reported.stage_dir("report") / "report.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def leaving(run_id: str, home: Home) -> Student:
    """The student that this run would release. Raises ReleaseError where one of its stages or gates is missing."""
    if run_id not in {path.name for path in home.runs.iterdir() if (path / "config.json").is_file()}:
        raise ReleaseError(f"there is no run '{run_id}'; `stillhouse status` lists them")
    run = open_folder(home.runs / run_id, home)
    try:
        return _of_run(run) if run.refresh is None else _of_refresh(run, run.refresh.parent)
    except (DamagedError, LineageError, RunError) as error:
        raise ReleaseError(str(error)) from None


def _of_run(run: Run) -> Student:
    chosen = chosen_stage(run.folder)
    stages = {name: _finished(run, name) for name in (*_STAGES, chosen)}
    bench = stages["bench"].facts
    served: Mapping[str, Any] = next((row for row in bench.get("serving") or () if row["arm"] == chosen), {})
    return Student(
        run,
        chosen,
        stages[chosen],
        run,
        stages["report"],
        bench.get("parity") if bench.get("chosen") == chosen else None,
        served.get("engine"),
        (stages["attack"].facts.get("students") or {}).get(chosen),
    )


def _finished(run: Run, stage: str) -> Manifest:
    found = manifest.read(run.stage_dir(stage))
    if found is None:
        raise ReleaseError(
            f"the run '{run.run_id}' has not done '{stage}' yet: finish it with `stillhouse run`"
        )
    return found


def _of_refresh(run: Run, parent: str) -> Student:
    """Its report is the full run's: the swap was judged there, and a refresh gives no reason to judge it anew."""
    found, gates = refresh.promoted(run), passed_gates(run)
    for gate in GATES:
        if gate.name not in gates:
            raise ReleaseError(
                f"this student of {run.run_id} has not passed the gate '{gate.name}': run `stillhouse gates {run.run_id}`"
            )
    full = open_folder(run.home.runs / parent, run.home)
    return Student(
        run,
        "sft",
        _finished(run, "sft"),
        full,
        _finished(full, "report"),
        gates["parity"]["parity"],
        gates["parity"]["engine"],
        gates["attack"]["students"].get("sft"),
        Refreshed(found, tuple(refresh.lineage(run)), gates),
    )


def passed_gates(run: Run) -> dict[str, Mapping[str, Any]]:
    """The facts of the gates that a refresh's student has passed; what an earlier student of the run passed is none of them."""
    trained = _finished(run, "sft")
    passed = {gate.name: manifest.read(run.stage_dir(gate.name)) for gate in GATES}
    return {
        name: found.facts
        for name, found in passed.items()
        if found is not None and found.facts.get("student") == manifest.model_digest(trained)
    }


def bound(home: Home, run_id: str) -> tuple[str, str] | None:
    """What a decision holds fast: the student and the evidence, by sha256; None where the run has not both."""
    try:
        student = leaving(run_id, home)
    except ReleaseError:
        return None
    return student.sha256, student.evidence


def checks(student: Student) -> list[Check]:
    """All of them, for people to read before they ask for a release or agree to one."""
    facts = student.facts()
    return [
        _parity(student),
        _reported(student, facts),
        *_promoted(student),
        _erasures(student),
        _attack(student),
        _verdict(facts),
    ]


def _parity(student: Student) -> Check:
    name, found, most = "Served as evaluated", student.parity, student.run.use_case.bench.parity_max_gap
    if not found:
        said = "the served student was not held against the evaluated one: run the bench stage again"
        return Check(name, said, False)
    if found["prompts"]["same"] < found["prompts"]["n"] or found["gap"] > most:
        apart = f"{found['gap']:.3f} nats a token apart, {most:g} are allowed"
        return Check(name, f"the served student is not the evaluated one: {apart}", False)
    return Check(name, f"{found['gap']:.4f} nats a token apart on average, {most:g} are allowed", True)


def _reported(student: Student, facts: Mapping[str, Any]) -> Check:
    name, told = "The report's student", facts["hashes"]["student"]
    if student.refreshed is None:
        same = told == student.sha256
        said = "the report speaks of this very student"
        other = "the report speaks of another student: go on with `stillhouse run`"
    else:
        same = told == student.refreshed.lineage[0]["student"] == _first_start(student)
        said = (
            f"the report of {student.reported.run_id} speaks of the student that this one was refreshed from"
        )
        other = (
            f"the report of {student.reported.run_id} speaks of another student than the one this was refreshed from: "
            "refresh the new one"
        )
    return Check(name, said if same else other, same)


def _first_start(student: Student) -> str | None:
    """The full run's student as the first refresh found it."""
    assert student.refreshed is not None, "only a refresh started from another student"
    first = open_folder(student.run.home.runs / student.refreshed.lineage[1]["run_id"], student.run.home)
    return None if first.refresh is None else first.refresh.student


def _promoted(student: Student) -> Iterator[Check]:
    if student.refreshed is not None:
        yield Check("Not worse than the last", "; ".join(student.refreshed.found["reasons"]), True)


def _erasures(student: Student) -> Check:
    erasure = taint(student.run.home, student.sha256)
    return Check(
        "Erasures",
        "nothing that it learnt from was erased since"
        if erasure is None
        else f"it learnt from what was erased since (erasure {erasure.erasure_id}): start the run again, which trains one without it",
        erasure is None,
    )


def _attack(student: Student) -> Check:
    found = student.attack
    if found is None:
        return Check(
            "Attack", "it was not attacked: whether it leaks is not known", student.refreshed is None
        )
    if found["result"] == "leaks" and student.run.use_case.attack.on_leak == "stop":
        return Check(
            "Attack",
            "the student gives away what it learnt from: see `stillhouse privacy-report`; nothing overrides this here",
            False,
        )
    return Check("Attack", RESULTS.get(found["result"], found["result"]), True)


def _verdict(facts: Mapping[str, Any]) -> Check:
    verdict = facts["verdict"]
    to_distil = verdict["kind"] == "distil"
    told = f"the verdict is '{verdict['kind']}', not to distil: {verdict['headline']}"
    return Check(
        "Verdict", verdict["headline"] if to_distil else told, to_distil, may_be_waived=not to_distil
    )
