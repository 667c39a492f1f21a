"""A load test on request from asking to its file, with a tiny student on real vLLM."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import jobs, manifest
from appliance.config import load_use_case, use_case_to_json
from appliance.home import Home
from appliance.jobs import Status
from appliance.manifest import Manifest
from appliance.people.acting import Actor, Role
from appliance.stages.context import write_examples
from appliance.views import load_tests
from distill.values import Example
from tests.appliance import small_use_case
from tests.tiny_model import make_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(900)]

OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")


def make_run(home: Home, make_model: Callable[[Path], object]) -> Path:
    """What a load test reads of a finished run: settings, test records, the chosen student."""
    (home.root / "use_case.toml").write_text(
        small_use_case.replaced(("max_model_len = 512", "max_model_len = 512\nstart_timeout_s = 600.0"))
    )
    folder = home.runs / "small-1"
    for stage in ("curate", "evaluate", "sft"):
        (folder / stage).mkdir(parents=True)
    examples = [
        Example(f"r{n}", "test", {"message": f"my bill {n} is wrong"}, "billing", None) for n in range(9)
    ]
    write_examples(folder / "curate" / "examples.parquet", examples)
    make_model(folder / "sft" / "model")
    for stage, facts, outputs in (
        ("curate", {}, ["examples.parquet"]),
        ("sft", {}, ["model"]),
        ("evaluate", {"chosen": "sft"}, []),
    ):
        hashes = manifest.hash_outputs(folder / stage, outputs)
        manifest.write(folder / stage, Manifest(stage, "f", hashes, facts, 1.0, 2.0))
    document = json.loads(use_case_to_json(load_use_case(home.root / "use_case.toml")))
    (folder / "config.json").write_text(json.dumps({"base_dir": str(home.root), "use_case": document}))
    return folder


@pytest.fixture
def run(stillhouse_home: Path) -> Path:
    return make_run(Home.open(), make_tiny_model)


def test_a_load_test_is_worked_off_by_the_worker_and_its_figures_lie_beside_the_run(run: Path) -> None:
    home = Home.open()
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    arguments = {"run_id": "small-1", "concurrency": [1, 2], "requests_per_level": 4, "repeats": 2,
                 "open_shares": [0.5], "open_seconds": 1.0}  # fmt: skip
    asked = jobs.enqueue(home, OPERATOR, "load-test", arguments)
    worker = [sys.executable, "-m", "appliance.cli", "worker", "--once"]
    done = subprocess.run(worker, capture_output=True, text=True, check=False)
    job = jobs.job(home, asked.job_id)
    assert job.status is Status.DONE, (job.message, done.stderr[-2000:])
    (told,) = load_tests.results(home, "small-1")
    assert (told["job_id"], told["arm"], told["asked_by"]) == (asked.job_id, "sft", "olga")
    assert (
        told["settings"]["load"]["concurrency"] == [1, 2]
        and told["settings"]["serve"]["max_model_len"] == 512
    )
    assert [(row["loop"], row["concurrency"]) for row in told["serving"]] == [
        ("closed", 1),
        ("closed", 2),
        ("open", None),
    ]
    assert [row["num_ok"] for row in told["serving"]] == [8, 8, 20] and told["device"] and told["engine"]
    assert all(row["num_failed"] == 0 and row["requests_per_s"] > 0 for row in told["serving"])
    assert job.message == load_tests.summary(told) and "36 requests answered, 0 failed" in job.message
    assert {path: path.stat().st_mtime_ns for path in before} | {run: 0} == before | {
        run: 0
    }  # a file more, none changed
