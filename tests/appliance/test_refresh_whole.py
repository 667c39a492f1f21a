"""Refreshes with every real part on a tiny student: killed, run again, promoted, gone on from, refused where they would harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.keeping.trace import asked_record, trace
from appliance.manifest import Manifest
from appliance.report.write import write_report
from appliance.run import Run
from appliance.stages.context import read_examples, read_records
from tests.appliance import refresh_case
from tests.appliance.report_facts import measured_facts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

STILLHOUSE = [sys.executable, "-m", "appliance.cli"]


@pytest.fixture(scope="module")
def full(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a student that has learnt its task, in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    for model in models.iterdir():
        (home / "models" / model.name).symlink_to(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STILLHOUSE_HOME", str(home))
        return refresh_case.run_to_the_evaluation(
            refresh_case.write_use_case(tmp_path_factory.mktemp("case"))
        )


@pytest.fixture(autouse=True)
def _in_its_home(full: Run, stillhouse_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(full.home.root))


def command(full: Run, data: Path) -> list[str]:
    return [*STILLHOUSE, "refresh", full.run_id, "--data", str(data), "--learning-rate", "5e-3"]


def refreshed(full: Run, data: Path) -> dict[str, Any]:
    """What `refresh.json` says of the refresh with these records."""
    done = subprocess.run(command(full, data), env=os.environ.copy(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = done.stdout.splitlines()[0].removeprefix("run ")
    facts = json.loads((full.home.runs / run_id / "refresh.json").read_text())
    told = "not promoted" in done.stdout
    assert told == (not facts["promoted"]) == (f"stillhouse gates {run_id}" not in done.stdout)
    return dict(facts)


def promoted(full: Run) -> str | None:
    path = full.folder / "promoted.json"
    return str(json.loads(path.read_text())["run_id"]) if path.exists() else None


def kill_in(full: Run, data: Path, stage: str, least: int) -> None:
    """Starts the refresh and kills it once the stage has done so much."""
    process = subprocess.Popen(command(full, data), env=os.environ.copy(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder = full.home.runs / process.stdout.readline().strip().removeprefix("run ") / stage
    deadline = time.monotonic() + 600
    while True:
        assert process.poll() is None and time.monotonic() < deadline, "ended before it could be killed"
        try:
            if json.loads((folder / "progress.json").read_text())["done"] >= least:
                break
        except (OSError, ValueError):
            pass
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_refreshes_are_promoted_gone_on_from_and_refused_where_they_would_harm(
    full: Run, tmp_path: Path
) -> None:
    """One story, since each part starts where the one before ended."""
    first_data = refresh_case.write_records(tmp_path / "first.csv", 1000, 120)
    for stage, least in (("sft", 4), ("evaluate", 1)):
        kill_in(full, first_data, stage, least)
        assert promoted(full) is None
    first = refreshed(full, first_data)
    assert first["promoted"] and promoted(full) == first["run_id"]
    assert first["started_from"]["run_id"] == full.run_id
    assert [(found["name"], found["difference"]["n"]) for found in first["sets"]] == [
        ("old test records", 40),
        ("new test records", first["records"]["test"]),
    ]
    _nothing_learnt_is_tested(full, first["run_id"])

    again = refreshed(full, first_data)
    assert again["run_id"] == first["run_id"], "its records have been learnt"

    second = refreshed(full, refresh_case.write_records(tmp_path / "second.csv", 2000, 120))
    assert second["started_from"]["run_id"] == first["run_id"] and promoted(full) == second["run_id"]
    assert second["records"]["old_test"] == 40 + first["records"]["test"]
    assert second["sets"][-1]["name"].startswith("full run's test records")
    _nothing_learnt_is_tested(full, second["run_id"])

    harmful = refreshed(full, refresh_case.write_records(tmp_path / "bad.csv", 3000, 120, scrambled=True))
    assert harmful["verdict"] == "worse" and promoted(full) == second["run_id"]
    assert any("old test records" in reason for reason in harmful["reasons"])

    _a_record_is_traced_through_all_students(full, [first["run_id"], second["run_id"]])


def _nothing_learnt_is_tested(full: Run, run_id: str) -> None:
    examples = read_examples(full.home.runs / run_id / "curate")
    texts = {
        split: {example.fields["message"] for example in examples if example.split == split}
        for split in ("train", "test")
    }
    old = {
        example.fields["message"]
        for example in read_examples(full.folder / "curate")
        if example.split == "test"
    }
    assert texts["train"] and texts["test"] and not texts["train"] & (texts["test"] | old)
    own = {record.record_id for record in read_records(full.home.runs / run_id / "scrub")[0]}
    facts = manifest.read(full.home.runs / run_id / "curate").facts  # type: ignore[union-attr]
    replayed = sum(example.record_id not in own for example in examples if example.split == "train")
    assert replayed == facts["replayed"] == facts["new"]


def _a_record_is_traced_through_all_students(full: Run, refreshes: list[str]) -> None:
    """One that only the full run learnt is in the weights of each student that went on from there."""
    examples = read_examples(full.folder / "curate")
    learnt = next(example.record_id for example in examples if example.split == "train")
    held_out = next(example.record_id for example in examples if example.split == "test")
    found = {
        run.run_id: run.records for run in trace(Home.open(), asked_record(learnt, full.home.scrub_key()))
    }
    for run_id in refreshes:
        (record,) = found[run_id]
        assert record.source == "earlier" and [student.stage for student in record.students] == ["sft"]
    for run in trace(Home.open(), asked_record(held_out, full.home.scrub_key())):
        assert not [student for record in run.records for student in record.students]


def test_too_few_new_records_are_not_enough_evidence_and_nothing_is_trained(
    full: Run, tmp_path: Path
) -> None:
    before = promoted(full)
    data = refresh_case.write_records(tmp_path / "few.csv", 5000, 20)
    done = subprocess.run(command(full, data), env=os.environ.copy(), capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "not enough evidence: 4 new test records, and at least 18 are needed" in done.stderr
    assert promoted(full) == before
    run_id = done.stdout.splitlines()[0].removeprefix("run ")
    assert not (full.home.runs / run_id / "sft").exists()


@pytest.mark.vllm
def test_a_promoted_refresh_passes_its_gates_and_is_released(full: Run, tmp_path: Path) -> None:
    """The attack and the server are real; the full run's report, which asks for its own bench, is written from facts."""
    found = refreshed(full, refresh_case.write_records(tmp_path / "first.csv", 1000, 120))
    assert found["promoted"]

    def said(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [*STILLHOUSE, *arguments], env=os.environ.copy(), capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    status, told = said("release", found["run_id"])
    assert (status, len(told.splitlines())) == (1, 1) and f"stillhouse gates {found['run_id']}" in told
    status, told = said("gates", found["run_id"])
    assert status == 0, told
    status, told = said("release", found["run_id"])
    assert status == 1 and f"the run '{full.run_id}' has not done 'report' yet" in told
    _write_report(full)
    status, told = said("release", found["run_id"])
    assert status == 0, told
    folder = full.home.root / "releases" / found["run_id"]
    record = json.loads((folder / "stillhouse-release.json").read_text())
    assert record["student"] == found["student"]["sha256"] and record["parity"]["prompts"]["same"] == 50
    attacked = json.loads((full.home.runs / found["run_id"] / "attack" / "audit.json").read_text())
    assert list(attacked["students"]) == ["sft"] and record["attack"] == attacked["students"]["sft"]["result"]
    assert attacked["members"] == attacked["others"] == 40, "of both runs, since the new test set is smaller"
    assert found["records"]["test"] < 40
    assert said("gates", found["run_id"])[0] == 0, "what was done is not done again"
    status, told = said("gates", full.run_id)
    assert status == 1 and "is a full run" in told


def _write_report(full: Run) -> None:
    trained = manifest.read(full.stage_dir("sft"))
    assert trained is not None
    student = manifest.model_digest(trained)
    facts = measured_facts() | {
        "verdict": {"kind": "distil", "headline": "Distil.", "reasons": []},
        "run_id": full.run_id,
    }
    facts["hashes"] = dict(facts["hashes"]) | {"student": student}
    folder = full.stage_dir("report")
    folder.mkdir()
    outputs = manifest.hash_outputs(folder, write_report(facts, folder))
    manifest.write(folder, Manifest("report", "f", outputs, {}, 1.0, 2.0))
