"""A promoted refresh of a finished run, without the work: settings, manifests and its gates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.refresh import Options, finish, open_refresh
from appliance.run import Run, _write_config
from tests.appliance.finished_run import PARITY, fake_model
from tests.appliance.test_privacy_report import attack_facts

SHARE = {"same": 50, "n": 50, "low": 0.93, "high": 1.0}


def scored(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.04, "high": value + 0.04, "n": 400, "failed": 0}


def refreshed(home: Home, run_id: str, data: Path, *, verdict: str = "promoted", gates: bool = True) -> Run:
    """Of the full run `run_id`, with the new records in `data`: promoted, if that is its verdict."""
    run = open_refresh(run_id, data, Options(), home)
    _write_config(run)
    difference = {"n": 400, "won": 6, "lost": 4, "value": 0.005, "low": -0.02, "high": 0.03}
    stages: dict[str, Mapping[str, Any]] = {
        "scrub": {},
        "teach": {},
        "curate": {
            "new": 265,
            "replayed": 264,
            "test": 67,
            "old_test": 400,
            "train": 529,
            "rejected_by_reason": {},
        },
        "sft": {},
        "evaluate": {
            "chosen": "sft",
            "verdict": verdict,
            "reasons": ["not worse on the old test records: +0.5 points"],
            "primary_metric": "accuracy",
            "sets": [
                {
                    "name": "old test records",
                    "last": scored(0.825),
                    "refreshed": scored(0.83),
                    "difference": difference,
                }
            ],
        },
    }
    for name, facts in stages.items():
        run.stage_dir(name).mkdir()
        if name == "sft":
            fake_model(run.stage_dir(name) / "model")
            (run.stage_dir(name) / "model" / "model.safetensors").write_text(f"weights of {run.run_id}")
        outputs = manifest.hash_outputs(run.stage_dir(name), ["model"] if name == "sft" else [])
        manifest.write(run.stage_dir(name), Manifest(name, "f", outputs, facts, 1.0, 1_763_000_000.0))
    finish(run)
    if gates:
        pass_gates(run)
    return run


def pass_gates(run: Run, attack: str = "passes") -> None:
    """As they would be left for the student that is there now."""
    trained = manifest.read(run.stage_dir("sft"))
    assert trained is not None
    student = {"student": manifest.model_digest(trained)}
    attacked = attack_facts()
    attacked["students"]["sft"]["result"] = attack
    parity = {
        "parity": {**PARITY, "answers": SHARE, "prompts": SHARE},
        "engine": "vLLM 0.32.0",
        "device": "CPU",
    }
    for name, facts in {"attack": attacked | student, "parity": parity | student}.items():
        run.stage_dir(name).mkdir(exist_ok=True)
        manifest.write(run.stage_dir(name), Manifest(name, "f", {}, facts, 1.0, 1_763_000_100.0))
