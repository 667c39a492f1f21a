"""A finished run in a home, without the work: settings, manifests, outcomes and a report with facts given."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.config import load_use_case, use_case_to_json
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.report.write import to_json, write_report
from appliance.stages.context import write_rows
from tests.appliance.report_facts import measured_facts
from tests.appliance.small_use_case import TEXT

PARITY = {"prompts": {"same": 50, "n": 50, "low": 0.93, "high": 1.0}, "gap": 0.0297, "gap_low": 0.0269, "gap_high": 0.0324,
          "likeliest": {"same": 1181, "n": 1197, "low": 0.93, "high": 1.0}}  # fmt: skip


def fake_model(folder: Path) -> Path:
    """Files by the names of a model's."""
    folder.mkdir(parents=True)
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_text('{"eos_token_id": 2}')
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "chat_template.jinja").write_text("template")
    return folder


@functools.cache
def _all_forms(told: str) -> dict[str, bytes]:
    """Written once a set of facts, for the same facts give the same bytes; setting a PDF takes half a second."""
    with tempfile.TemporaryDirectory() as folder:
        names = write_report(json.loads(told), Path(folder))
        return {name: (Path(folder) / name).read_bytes() for name in names}


def _write_report(facts: Mapping[str, Any], folder: Path, json_alone: bool) -> list[str]:
    forms = {"report.json": to_json(facts).encode()} if json_alone else _all_forms(json.dumps(facts))
    for name, content in forms.items():
        (folder / name).write_bytes(content)
    return list(forms)


def finish(
    home: Home,
    folder: Path,
    run_id: str = "small-00000001",
    *,
    model: Callable[[Path], Path] = fake_model,
    facts: Mapping[str, Any] | None = None,
    outcomes: Mapping[str, Mapping[str, float]] | None = None,
    use_case: str = TEXT,
    parity: Mapping[str, Any] = PARITY,
    attack: str = "passes",
    json_alone: bool = False,
) -> Path:
    """`json_alone`: of the report's forms the one that other code reads. `folder` holds the use case and the base model; returns the run's folder. `outcomes`: arm -> record id -> score."""
    folder.mkdir(exist_ok=True)
    (folder / "use_case.toml").write_text(use_case)
    base = folder / "student"
    if not base.exists():
        fake_model(base)
        (base / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
        (base / "LICENSE").write_text("Apache License 2.0, in full")
        (base / "NOTICE.txt").write_text("Made by someone")
    run = home.runs / run_id
    run.mkdir()
    settings = json.loads(use_case_to_json(load_use_case(folder / "use_case.toml")))
    (run / "config.json").write_text(json.dumps({"base_dir": str(folder), "use_case": settings}))
    told = measured_facts() | dict(facts or {}) | {"run_id": run_id}
    students = {"students": {"onpolicy": {"result": attack, "reasons": ["why"], "flagged": [], "tests": []}}}

    def stage(name: str, outputs: list[str], found: Mapping[str, Any]) -> Manifest:
        done = Manifest(
            name, "fingerprint", manifest.hash_outputs(run / name, outputs), dict(found), 1.0, 2.0
        )
        manifest.write(run / name, done)
        return done

    for name in ("curate", "check", "evaluate", "attack", "bench", "report", "onpolicy"):
        (run / name).mkdir()
    model(run / "onpolicy" / "model")
    student = stage("onpolicy", ["model"], {})
    told["hashes"] = dict(told["hashes"]) | {"student": manifest.model_digest(student)}
    rows = [
        {
            "record_id": record,
            "arm": arm,
            "failed": False,
            "scores": json.dumps({told["primary_metric"]: score}),
        }
        for arm, scores in (outcomes or {}).items()
        for record, score in scores.items()
    ]
    write_rows(run / "evaluate" / "outcomes.parquet", rows, ("record_id", "arm", "failed", "scores"))
    stage("evaluate", ["outcomes.parquet"], {"chosen": "onpolicy"})
    stage("attack", [], students)
    stage("bench", [], {"chosen": "onpolicy", "parity": dict(parity)})
    stage("curate", [], {"train": 3001})
    stage("check", [], {})
    stage("report", _write_report(told, run / "report", json_alone), {})
    return run
