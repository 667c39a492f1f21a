"""What a training will take, told before it is started: time from what this home has measured, memory from the weights' shapes.

Nothing is guessed: where no run has finished here, the time is not known. Loads no weights and imports nothing heavy.
"""

from __future__ import annotations

import functools
import json
import math
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.home import Home
from appliance.models import ModelError, resolve
from appliance.packages import installed_version
from distill import memory_plan
from distill.memory_plan import MemoryPlan, read_shapes
from distill.onpolicy_settings import OnPolicySettings
from distill.sft import SftSettings
from distill.student import StudentSettings

Document = Mapping[str, Any]
"""A use case as its file has it; sections and keys may be missing, defaults then hold."""

_LOOKED_AT = 40
"""Runs, the newest first, whose speed is asked: older ones say no more, and a home may hold hundreds."""
_NOT_KNOWN = "not known yet: no such training has finished here"


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds of one stage, or why they are not known."""

    what: str
    seconds: float | None
    low: float | None
    """Of the slowest and fastest run that it is reckoned from; None where that is one run."""
    high: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the training holds, in bytes."""

    device: str
    """`cpu` or `cuda`."""
    sure: int
    """Weights, gradients, optimizer: from the first step to the last."""
    at_most: int
    """With a step's activations for the longest example that is allowed, by rules of thumb."""
    free: int | None
    basis: str

    @property
    def cannot_fit(self) -> bool:
        return self.free is not None and self.sure > self.free

    @property
    def is_tight(self) -> bool:
        return self.free is not None and self.at_most > self.free


@dataclass(frozen=True, slots=True)
class Estimate:
    """Before the button."""

    examples: int | None
    """Training records; None where nobody knows how many there are."""
    steps: int | None
    """Of supervised training."""
    times: tuple[Time, ...]
    memory: Memory | None
    memory_note: str
    """Why there is none; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast one finished training of this home was."""

    run_id: str
    use_case: str
    base: str
    kind: str
    """What must be alike for its speed to count: the method, the layers kept, the device asked for."""
    per_example_s: float
    around_s: float
    """Of the stage, beside its steps: loading, merging, looking at validation records."""
    longest_tokens: int | None
    """Of its examples; None where it was not looked at."""


def estimate(home: Home, document: Document, records: int | None, base_dir: Path) -> Estimate:
    """Of a training as `document` sets it. `records` is how many the data hold, None where nobody knows; relative paths of
    models start at `base_dir`."""
    name = str(document.get("name", ""))
    sft, onpolicy, _ = _sections(document)
    examples = _examples(home, name, document, records)
    steps = None
    if examples:
        steps = math.ceil(sft["epochs"] * math.ceil(examples / min(sft["batch_size"], examples)))
    passes = None if examples is None else examples * sft["epochs"]
    times = [_time("sft", "Supervised training", passes, home, name, document, base_dir)]
    if onpolicy["steps"]:
        a_step = onpolicy["prompts_per_step"] * onpolicy["group_size"]
        answers = math.ceil(onpolicy["steps"] / onpolicy["inner_epochs"]) * a_step
        times.append(
            _time("onpolicy", "Learning from its own answers", answers, home, name, document, base_dir)
        )
    times.append(_others(home, name))
    memory, note = _memory(home, name, document, base_dir)
    return Estimate(examples, steps, tuple(times), memory, note)


def _sections(document: Document) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    return (
        {**vars(SftSettings()), **document.get("sft", {})},
        {**vars(OnPolicySettings()), **document.get("onpolicy", {})},
        {**vars(StudentSettings("")), **document.get("student", {})},
    )


def _examples(home: Home, name: str, document: Document, records: int | None) -> int | None:
    """As an earlier run of the use case kept, where its data and split were these; else all records but those held back."""
    split = document.get("split", {})
    for folder in _runs(home):
        told = _config(folder)
        curated = _stage(folder, "curate")
        if (
            curated
            and told.get("name") == name
            and all(
                told.get(section) == document.get(section) or section not in document
                for section in ("data", "split")
            )
        ):
            return int(curated["train"])
    if records is None:
        return None
    held_back = int(split.get("validation", 0)) + (0 if "held_out" in document else int(split.get("test", 0)))
    most = split.get("train")
    left = max(0, records - held_back)
    return min(left, int(most)) if most else left


def _time(
    stage: str, what: str, examples: float | None, home: Home, name: str, document: Document, base_dir: Path
) -> Time:
    if examples is None:
        return Time(what, None, None, None, "not known: bring in the data first")
    base, kind = str(document.get("student", {}).get("base", "")), _kind(stage, document)
    measured = [found for found in measurements(home, stage) if found.kind == kind]
    own = [found for found in measured if (found.use_case, found.base) == (name, base)][:1]
    alike = own or [found for found in measured if found.base == base]
    factors = [1.0] * len(alike)
    if not alike and measured:
        scaled = [(found, _ratio(home, base, found.base, base_dir)) for found in measured]
        alike = [found for found, factor in scaled if factor]
        factors = [factor for _, factor in scaled if factor]
    if not alike:
        return Time(what, None, None, None, _NOT_KNOWN)
    seconds = [
        found.around_s + factor * found.per_example_s * examples
        for found, factor in zip(alike, factors, strict=True)
    ]
    # The newest run is the best guess; all of them make the range.
    several = len(seconds) > 1
    return Time(
        what,
        seconds[0],
        min(seconds) if several else None,
        max(seconds) if several else None,
        _source(own, alike, factors, base),
    )


def _source(own: Sequence[Measured], alike: Sequence[Measured], factors: Sequence[float], base: str) -> str:
    if own:
        return f"as fast as {own[0].run_id}, the last run of this use case"
    runs = f"{len(alike)} earlier run{'s' if len(alike) > 1 else ''} here"
    if any(factor != 1.0 for factor in factors):
        return f"from {runs} with another student, scaled by the number of weights: a rough guess"
    return f"from {runs} with the same student on other records, which may be longer or shorter"


def _others(home: Home, name: str) -> Time:
    """All stages but the trainings, as the newest finished run took."""
    what = "All other stages"
    runs = sorted(_runs(home), key=lambda folder: _config(folder).get("name") != name)
    for folder in runs:
        stages = ("scrub", "teach", "curate", "check", "evaluate", "attack", "bench", "report")
        seconds = [found["stage_s"] for stage in stages if (found := _stage(folder, stage)) is not None]
        if len(seconds) == len(stages):
            return Time(what, sum(seconds), None, None, f"as in {folder.name}")
    return Time(what, None, None, None, "not known yet: no run has finished here")


def measurements(home: Home, stage: str) -> list[Measured]:
    """Of the newest finished trainings of this stage, each once however often it was taken over."""
    found: dict[str, Measured] = {}
    for folder in _runs(home):
        done = _stage(folder, stage)
        if done is None or not done.get("examples") or not done.get("seconds"):
            continue
        document = _config(folder)
        checked = _stage(folder, "check") or {}
        measured = Measured(
            folder.name,
            str(document.get("name", "")),
            str(document.get("student", {}).get("base", "")),
            _kind(stage, document),
            done["seconds"] / done["examples"],
            max(0.0, done["stage_s"] - done["seconds"]),
            checked.get("memory", {}).get("longest_example_tokens"),
        )
        found.setdefault(done["fingerprint"], measured)
    return list(found.values())


def _kind(stage: str, document: Document) -> str:
    sft, onpolicy, student = _sections(document)
    method = f"{sft['method']}{' private' if sft['dp'] else ''}{' compiled' if sft['compile'] else ''}"
    if stage == "onpolicy":
        method = f"{onpolicy['method']} {onpolicy['rollouts']}"
    return f"{method} {student['layers'] or 'all'} layers on {student['device']}"


def _ratio(home: Home, base: str, other: str, base_dir: Path) -> float | None:
    """How many times more weights: the work of a token grows with them. None where a model is not there."""
    counts = [_num_weights(home, name, base_dir) for name in (base, other)]
    return counts[0] / counts[1] if counts[0] and counts[1] else None


def _num_weights(home: Home, name: str, base_dir: Path) -> int | None:
    try:
        return read_shapes(resolve(name, home, base_dir)).num_weights if name else None
    except (ModelError, OSError, ValueError):
        return None


# --- memory -----------------------------------------------------------------------------------------------------------


def _memory(home: Home, name: str, document: Document, base_dir: Path) -> tuple[Memory | None, str]:
    sft, onpolicy, student = _sections(document)
    longest = next((m.longest_tokens for m in measurements(home, "sft") if m.use_case == name), None)
    tokens = min(longest or sft["max_tokens"], sft["max_tokens"])
    answer = min(int(document.get("task", {}).get("max_answer_tokens", tokens)), tokens)
    judge = (onpolicy["teacher"] or {}) if onpolicy["steps"] else {}
    judge = judge if isinstance(judge, Mapping) else asdict(judge)
    device = _device(student["device"])
    try:
        base = resolve(str(student["base"]), home, base_dir) if student["base"] else None
        if base is None:
            return None, "not known: choose a student first"
        planned: MemoryPlan = memory_plan.plan(
            base,
            rank=sft["lora_rank"] if sft["method"] == "lora" else None,
            layers=student["layers"],
            examples=min(sft["micro_batch"] or sft["batch_size"], sft["batch_size"]),
            tokens=tokens,
            answer_tokens=answer,
            teacher=resolve(judge["model"], home, base_dir) if judge and not judge.get("url") else None,
            free=memory_plan.free_memory("cpu") if device == "cpu" else _free_on_accelerator(),
        )
    except ModelError as error:
        return None, str(error)
    except (OSError, ValueError, KeyError):
        return None, "not known: the student's folder does not tell the shapes of its weights"
    basis = (
        f"its longest example has {tokens:,} tokens, as an earlier run found"
        if longest
        else f"if an example is as long as is allowed ({tokens:,} tokens); most are shorter"
    )
    return Memory(device, sum(planned.sure.values()), planned.needed, planned.free, basis), ""


def _device(asked: str) -> str:
    """Where it will be trained, told without loading torch: a build without CUDA, or no driver, means the processor."""
    if asked != "auto":
        return asked
    version = installed_version("torch") or ""
    return "cpu" if version.endswith("+cpu") or shutil.which("nvidia-smi") is None else "cuda"


def _free_on_accelerator() -> int | None:
    """Of the first one, by the driver's own tool."""
    argv = ["nvidia-smi", "--id=0", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True).stdout
        return int(told) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


# --- finished runs ----------------------------------------------------------------------------------------------------


def _runs(home: Home) -> list[Path]:
    """The newest first, as their settings were last written."""
    known = [folder for folder in home.runs.iterdir() if (folder / "config.json").is_file()]
    known.sort(key=lambda folder: (folder / "config.json").stat().st_mtime, reverse=True)
    return known[:_LOOKED_AT]


def _config(folder: Path) -> Document:
    path = folder / "config.json"
    return _read_config(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _read_config(path: Path, _changed: int) -> Document:
    found: Document = json.loads(path.read_text(encoding="utf-8"))["use_case"]
    return found


def _stage(folder: Path, stage: str) -> Mapping[str, Any] | None:
    """The small facts of a finished stage, with `stage_s` and `fingerprint`; None where it is not finished."""
    path = folder / stage / manifest.NAME
    try:
        return _read_stage(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=2048)
def _read_stage(path: Path, _changed: int) -> Mapping[str, Any] | None:
    try:
        found = manifest.read(path.parent)
    except manifest.DamagedError:
        return None
    if found is None:
        return None
    kept = {
        name: found.facts[name] for name in ("examples", "seconds", "train", "memory") if name in found.facts
    }
    return {**kept, "stage_s": found.seconds, "fingerprint": found.fingerprint}
