"""A promoted refresh is released as a run is: by its own gates, with its own card, and by people who had no part in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import approvals, jobs, manifest
from appliance.approvals import Standing
from appliance.home import Home
from appliance.jobs import JobError, attempts
from appliance.keeping import erasures
from appliance.keeping.trace import _releases
from appliance.people.acting import Actor, NotAllowed, Role
from appliance.refresh import open_promoted
from appliance.release import CASCADE, NAME, SUMS, release
from appliance.release_checks import ReleaseError, checks, leaving
from appliance.run import Run, RunError
from appliance.views import releases as release_view
from tests.appliance.finished_refresh import pass_gates, refreshed
from tests.appliance.finished_run import finish
from tests.appliance.small_use_case import TEXT

pytestmark = pytest.mark.slow  # a report takes seconds to write

FULL = "small-00000001"
MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")
NILS = Actor("nils", frozenset({Role.OPERATOR, Role.APPROVER}), "console")
ANNA = Actor("anna", frozenset({Role.APPROVER}), "console")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a finished full run; made once."""
    made = Home(tmp_path_factory.mktemp("template"))
    for folder in (made.models, made.runs, made.keys, made.cache):
        folder.mkdir()
    told = {"verdict": {"kind": "distil", "headline": "Distil.", "reasons": ["It pays."]}}
    site = tmp_path_factory.mktemp("site") / "use-case"
    finish(made, site, FULL, facts=told, use_case=TEXT.replace('gold_spans = "gold.jsonl"\n', ""))
    return made


@pytest.fixture
def home(stillhouse_home: Path, template: Home) -> Home:
    shutil.copytree(template.root, stillhouse_home, dirs_exist_ok=True)
    return Home.open()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    path.write_text("number,text,queue,checked\n9,the lamp is out,repairs,repairs\n")
    return path


@pytest.fixture
def run(home: Home, data: Path) -> Run:
    """Promoted, and through its gates."""
    return refreshed(home, FULL, data)


def test_the_folder_is_the_refreshed_student_with_a_card_and_a_report_of_its_own(
    home: Home, run: Run
) -> None:
    folder = release(run.run_id, home)
    assert folder == home.root / "releases" / run.run_id
    assert (folder / "model.safetensors").read_text() == f"weights of {run.run_id}"
    full = {path.name for path in (home.runs / FULL / "report").iterdir() if path.name != "manifest.json"}
    assert {path.name for path in (folder / "report" / "full-run").iterdir()} == full
    told = json.loads((folder / "report" / "report.json").read_text())
    assert [one["run_id"] for one in told["lineage"]] == [FULL, run.run_id]
    assert told["refresh"]["sets"][0]["difference"]["low"] == -0.02
    for form in ("md", "html"):
        page = (folder / "report" / f"report.{form}").read_text()
        assert "265 new records" in page and "−2.0 to +3.0" in page and "no leak found" in page
    checked = subprocess.run(["sha256sum", "-c", SUMS], cwd=folder, capture_output=True)
    assert checked.returncode == 0


def test_the_card_says_what_it_was_refreshed_from_and_with_how_many_new_records(home: Home, run: Run) -> None:
    card = (release(run.run_id, home) / "README.md").read_text()
    assert f"is that of run `{FULL}`, which went on learning in run `{run.run_id}`" in card
    assert "from 265 new records, and from 264 old ones again" in card
    assert "82.5%" in card and "83.0%" in card and "+0.5 (−2.0 to +3.0)" in card
    assert "A loss of 10% is ruled out" in card or "a loss of 10% is ruled out" in card
    assert "no leak found" in card and "- Cost and speed: the student is of the same size" in card


def test_the_record_of_the_release_names_each_student_of_its_line(home: Home, run: Run) -> None:
    told = json.loads((release(run.run_id, home) / NAME).read_text())
    assert [one["new_records"] for one in told["refreshed"]] == [3001, 265]
    assert told["student"] == told["refreshed"][-1]["student"] != told["refreshed"][0]["student"]
    assert (told["attack"], told["engine"], told["arm"]) == ("passes", "vLLM 0.32.0", "sft")
    assert _releases(home, told["student"]) == [run.run_id]


def test_a_threshold_that_was_chosen_for_the_full_runs_student_is_not_carried_over(
    home: Home, run: Run
) -> None:
    full = release(FULL, home)
    folder = release(run.run_id, home)
    assert (full / CASCADE).exists(), "else there is nothing to carry over"
    assert not (folder / CASCADE).exists() and not (folder / "cascade.py").exists()
    assert "is not carried over" in (folder / "README.md").read_text()


def test_without_its_gates_it_is_refused_in_one_line_that_names_the_command(home: Home, data: Path) -> None:
    run = refreshed(home, FULL, data, gates=False)
    for gate in ("attack", "parity"):
        with pytest.raises(ReleaseError, match=f"'{gate}': run `stillhouse gates {run.run_id}`"):
            release(run.run_id, home, despite_verdict=True)
        pass_gates(run)
        shutil.rmtree(run.stage_dir("parity"))
    assert release_view.wants_gates(home, run.run_id) and not release_view.wants_gates(home, FULL)


@pytest.mark.parametrize("gate", ["attack", "parity"])
def test_a_gate_that_another_student_passed_does_not_count(home: Home, run: Run, gate: str) -> None:
    found = manifest.read(run.stage_dir(gate))
    assert found is not None
    manifest.write(run.stage_dir(gate), replace(found, facts={**found.facts, "student": "another"}))
    with pytest.raises(ReleaseError, match=f"has not passed the gate '{gate}'"):
        release(run.run_id, home)


@pytest.mark.parametrize("verdict", ["worse", "not-enough-evidence"])
def test_a_refresh_that_was_not_promoted_is_neither_gated_nor_released(
    home: Home, data: Path, verdict: str
) -> None:
    run = refreshed(home, FULL, data, verdict=verdict)
    with pytest.raises(ReleaseError, match=r"was not promoted.*the last student stays"):
        release(run.run_id, home, despite_verdict=True)
    with pytest.raises(RunError, match="was not promoted"):
        open_promoted(run.run_id, home)


def test_a_student_that_was_trained_again_since_it_was_promoted_is_not_released(home: Home, run: Run) -> None:
    found = manifest.read(run.stage_dir("sft"))
    assert found is not None
    manifest.write(run.stage_dir("sft"), replace(found, outputs={**found.outputs, "model/config.json": "0"}))
    pass_gates(run)
    with pytest.raises(ReleaseError, match="another student than the one that was promoted"):
        release(run.run_id, home)


def held(home: Home, run: Run) -> dict[str, bool]:
    return {check.name: check.holds for check in checks(leaving(run.run_id, home))}


def test_all_that_must_hold_of_a_run_must_hold_of_a_refresh(home: Home, run: Run) -> None:
    names = ["Served as evaluated", "The report's student", "Not worse than the last", "Erasures", "Attack", "Verdict"]  # fmt: skip
    assert held(home, run) == dict.fromkeys(names, True)


def test_a_leak_an_erasure_and_a_server_that_differs_each_stop_it(home: Home, run: Run) -> None:
    pass_gates(run, attack="leaks")
    assert not held(home, run)["Attack"]
    with pytest.raises(ReleaseError, match="gives away what it learnt from"):
        release(run.run_id, home, despite_verdict=True)
    pass_gates(run)
    made = erasures.begin(home, frozenset({"0" * 16}), "ada", "asked for")
    erasures.write(home, replace(made, students=(leaving(run.run_id, home).sha256,)))
    assert not held(home, run)["Erasures"]
    found = manifest.read(run.stage_dir("parity"))
    assert found is not None
    apart = {**found.facts, "parity": {**found.facts["parity"], "gap": 9.0}}
    manifest.write(run.stage_dir("parity"), replace(found, facts=apart))
    assert not held(home, run)["Served as evaluated"]


def change_report(home: Home, **facts: Any) -> None:
    path = home.runs / FULL / "report" / "report.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
    found = manifest.read(path.parent)
    assert found is not None
    outputs = {**found.outputs, **manifest.hash_outputs(path.parent, ["report.json"])}
    manifest.write(path.parent, replace(found, outputs=outputs))


def test_the_full_runs_verdict_counts_and_can_be_waived(home: Home, run: Run) -> None:
    change_report(home, verdict={"kind": "keep-teacher", "headline": "It is not worth it.", "reasons": []})
    with pytest.raises(ReleaseError, match=r"not to distil.*--despite-verdict"):
        release(run.run_id, home)
    folder = release(run.run_id, home, despite_verdict=True)
    assert "Released despite its verdict" in (folder / "README.md").read_text()


def test_a_full_run_without_a_report_or_with_one_on_another_student_stops_it(home: Home, run: Run) -> None:
    change_report(home, hashes={"student": "another"})
    with pytest.raises(ReleaseError, match="speaks of another student than the one this was refreshed from"):
        release(run.run_id, home)
    (home.runs / FULL / "report" / manifest.NAME).unlink()
    with pytest.raises(ReleaseError, match=f"the run '{FULL}' has not done 'report' yet"):
        release(run.run_id, home)


# ---- two people


@pytest.mark.parametrize("part", ["full", "refresh"])
def test_whoever_started_the_refresh_or_a_run_before_it_does_not_decide(
    home: Home, run: Run, part: str
) -> None:
    made = jobs.put(home, "nils", "run", {"use_case": "small", "version": 1})
    attempts.tell_run(home, attempts.begin(home, made.job_id), {"full": FULL, "refresh": run.run_id}[part])
    asked = approvals.ask(home, MARIA, run.run_id, "Please.")
    with pytest.raises(NotAllowed, match="nils"):
        approvals.decide(home, NILS, asked.request_id, True, "Mine.")
    assert approvals.decide(home, ANNA, asked.request_id, True, "Good.").standing is Standing.APPROVED
    folder = approvals.carry_out(home, asked.request_id)
    assert json.loads((folder / NAME).read_text())["student"] == asked.student


def test_gates_that_were_run_again_void_what_was_asked_on_the_old_ones(home: Home, run: Run) -> None:
    asked = approvals.ask(home, MARIA, run.run_id, "Please.")
    pass_gates(run)
    assert approvals.request(home, asked.request_id).standing is Standing.ASKED, "the same findings"
    pass_gates(run, attack="void")
    assert approvals.request(home, asked.request_id).standing is Standing.VOID


def test_the_gates_are_a_job_that_only_a_promoted_refresh_can_have(home: Home, run: Run) -> None:
    job = jobs.enqueue(home, MARIA, "gates", {"run_id": run.run_id})
    assert (job.kind, job.lane) == ("gates", "heavy")
    with pytest.raises(JobError, match="is a full run"):
        jobs.enqueue(home, MARIA, "gates", {"run_id": FULL})
    with pytest.raises(JobError, match="there is no run"):
        jobs.enqueue(home, MARIA, "gates", {"run_id": "../gone"})
