"""The privacy report's facts, from the manifests of a run and nothing else; equal manifests give equal facts.

Covered: policy, findings, recall, residual risk, drops, training set, attacks, differential privacy, the seal's counts, hashes,
and what was not tested. Not covered: anything that would need the data again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.manifest import Manifest, hash_json
from appliance.pipeline import STAGE_NAMES
from privacy.entities import ENTITY_TYPES

SCHEMA_VERSION = 1
"""Raised when a name in the facts changes its meaning or goes away."""
SEALED_BEFORE_REPORT = tuple(name for name in STAGE_NAMES if name != "report")
STUDENTS = ("sft", "onpolicy")

DONE_TO = {
    "keep": "left as they are",
    "mask": "masked",
    "placeholder": "replaced by the name of their type",
    "surrogate": "replaced by an invented value of the same kind, the same for the same value",
    "generalise": "made coarser",
    "shift": "moved in time, by the same interval for all dates of one person",
    "drop": "a reason to drop the whole record",
}


class ReportError(Exception):
    """One line: which run, what is wrong, what to do."""


def gather(run_folder: Path) -> dict[str, Any]:
    """All facts, JSON-ready; not measured is None. Raises ReportError where scrubbing has not finished."""
    stages = {name: found for name in STAGE_NAMES if (found := manifest.read(run_folder / name)) is not None}
    if "scrub" not in stages:
        raise ReportError(
            f"the run '{run_folder.name}' has not finished scrubbing: see `stillhouse status {run_folder.name}`"
        )
    config = json.loads((run_folder / "config.json").read_text(encoding="utf-8"))["use_case"]
    scrub = stages["scrub"].facts
    newest = max(stage.finished_at for stage in stages.values())
    facts = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_folder.name,
        "name": config["name"],
        "title": config["title"],
        # Of the run and not of the writing: written again, the report is the same.
        "created_at": datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds"),
        "policy": _policy(scrub),
        "scrub": {key: value for key, value in scrub.items() if key != "dropped_rows"},
        "training_set": _facts(stages, "curate", ("train", "val", "test", "overlap", "rejected_by_reason")),
        "students": [_student(name, stages[name]) for name in STUDENTS if _is_trained(stages.get(name))],
        "attack": _attack(run_folder, stages),
        "differential_privacy": _differential_privacy(stages),
        "air_gap": [_sealed(run_folder, name) for name in SEALED_BEFORE_REPORT if name in stages],
        "stages": [
            {
                "stage": name,
                "fingerprint": stage.fingerprint,
                "outputs_sha256": stage.digest,
                "reused_from": stage.reused_from,
            }
            for name, stage in stages.items()
            if name != "report"
        ],
        "config_sha256": hash_json(config),
    }
    return facts | {"not_tested": not_tested(facts)}


def _facts(stages: Mapping[str, Manifest], stage: str, names: tuple[str, ...]) -> dict[str, Any] | None:
    return {name: stages[stage].facts.get(name) for name in names} if stage in stages else None


def _policy(scrub: Mapping[str, Any]) -> dict[str, Any]:
    """With a sentence for each action: what is done to which types."""
    by_action: dict[str, list[str]] = {}
    for name, action in (scrub.get("actions") or {}).items():
        by_action.setdefault(action, []).append(name)
    sentences = [
        f"{len(names)} type{'s are' if len(names) > 1 else ' is'} {DONE_TO[action]}: {_described(names)}."
        for action in DONE_TO
        if (names := by_action.get(action, []))
    ]
    return {
        "name": scrub.get("policy"),
        "preset": scrub.get("preset"),
        "policy_id": scrub.get("policy_id"),
        "recall_floor": scrub.get("recall_floor"),
        "in_words": sentences,
    }


def _described(names: list[str]) -> str:
    return "; ".join(ENTITY_TYPES[name].description if name in ENTITY_TYPES else name for name in names)


def _is_trained(stage: Manifest | None) -> bool:
    return stage is not None and any(name.startswith("model/") for name in stage.outputs)


def _student(name: str, stage: Manifest) -> dict[str, Any]:
    """With the hash by which the run's report and `stillhouse trace` name it."""
    return {
        "stage": name,
        "method": stage.facts.get("method"),
        "sha256": manifest.model_digest(stage),
    }


def _differential_privacy(stages: Mapping[str, Manifest]) -> dict[str, Any] | None:
    """The guarantee of the supervised training; None where there is none. On-policy training after it has none."""
    found = stages["sft"].facts.get("differential_privacy") if "sft" in stages else None
    return None if found is None or _is_trained(stages.get("onpolicy")) else dict(found)


def _attack(run_folder: Path, stages: Mapping[str, Manifest]) -> dict[str, Any] | None:
    """Of a leak test that stopped the run, too: it leaves its findings and no manifest. None where it did not run."""
    if "attack" in stages:
        return dict(stages["attack"].facts)
    path = run_folder / "attack" / "audit.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _sealed(run_folder: Path, stage: str) -> dict[str, Any]:
    """What the kernel counted while the stage ran; None where it was not told, as for a stage taken over."""
    path = run_folder / stage / "egress.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"stage": stage, "refused": told.get("refused")}


def not_tested(facts: Mapping[str, Any]) -> list[str]:
    """What a careful auditor would ask for and this run cannot tell; the attack tells its own."""
    said = []
    scrub, attack = facts["scrub"], facts["attack"]
    if scrub.get("recall") is None:
        said.append(
            "How much of the private data the scrubber finds in these records: no labelled sample was given."
        )
    else:
        said.append(
            "Private data that the people who labelled the sample overlooked, and records unlike those they were given."
        )
        unlabelled = sorted(
            set(scrub["spans_by_type"]) - {row["entity_type"] for row in scrub["recall_by_type"]}
        )
        if unlabelled:
            said.append(f"Recall of types without a label in the sample: {', '.join(unlabelled)}.")
    if attack is None:
        said.append("Whether the student repeats private data: the leak test did not run.")
    else:
        said += [f"Of the students: {item}." for item in attack["not_tested"]]
    if not facts["students"]:
        said.append("Students: none was trained.")
    if facts["differential_privacy"] is None:
        said.append(
            "A mathematical bound on what a student may tell of one person: it was trained without differential privacy."
        )
    unsealed = [row["stage"] for row in facts["air_gap"] if row["refused"] is None]
    if unsealed:
        said.append(f"Connections of these stages, which left no count of their own: {', '.join(unsealed)}.")
    said += [
        "Whether a person can be told from facts that name nobody: a rare event, a role, a place and a date together.",
        "What the answers of the teacher hold beyond the scrubbed text it was shown.",
        "Copies of the raw data outside this appliance.",
    ]
    return said
