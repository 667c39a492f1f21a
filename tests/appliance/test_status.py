from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.pipeline import STAGE_NAMES
from appliance.progress import Reporter
from appliance.status import all_runs, newest_report, one_run, run_lines, runs_lines
from appliance.store import Store


@pytest.fixture
def home() -> Home:
    return Home.open()


def begin(home: Home, run_id: str) -> Path:
    Store(home.store).begin_run(run_id, "small", "Messages to queues")
    folder = home.runs / run_id
    folder.mkdir(exist_ok=True)
    return folder


def finish(folder: Path, stage: str, seconds: float = 2.0) -> None:
    (folder / stage).mkdir()
    manifest.write(folder / stage, Manifest(stage, "f", {}, {}, seconds, 1_760_000_000.0))


def stages(home: Home, run_id: str) -> dict[str, dict[str, Any]]:
    found = one_run(home, run_id)
    assert found is not None
    assert [stage["stage"] for stage in found["stages"]] == list(STAGE_NAMES)
    return {stage.pop("stage"): stage for stage in found["stages"]}


def test_a_new_home_has_no_run_and_says_how_to_start_one(home: Home) -> None:
    assert all_runs(home) == [] and one_run(home, "small-1") is None
    assert runs_lines([]) == ["no run yet: start one with `stillhouse run USE_CASE.toml`"]


def test_a_run_that_nobody_works_on_was_interrupted(home: Home) -> None:
    folder = begin(home, "small-1")
    assert [row["status"] for row in all_runs(home)] == ["interrupted"]
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert [row["status"] for row in all_runs(home)] == ["running"]
    assert [row["status"] for row in all_runs(home)] == ["interrupted"]


@pytest.mark.parametrize("status", ["done", "failed"])
def test_a_run_that_ended_is_told_as_it_ended(home: Home, status: str) -> None:
    begin(home, "small-1")
    Store(home.store).end_run("small-1", status, "because")
    assert [row["status"] for row in all_runs(home)] == [status]


def test_a_run_is_finished_up_to_a_stage_working_on_that_and_waiting_with_the_rest(home: Home) -> None:
    folder = begin(home, "small-1")
    finish(folder, "scrub", 3.4)
    (folder / "teach").mkdir()
    Reporter(folder / "teach")(30, 40, unit="answers")
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = stages(home, "small-1")
        lines = run_lines(one_run(home, "small-1") or {})
    assert told["scrub"] == {"status": "done", "seconds": 3.4, "progress": None}
    assert told["teach"]["status"] == "running" and told["teach"]["progress"]["done"] == 30
    assert {told[name]["status"] for name in STAGE_NAMES[2:]} == {"waiting"}
    assert lines[:4] == [
        "small-1: Messages to queues",
        "running",
        "  scrub     done         3 s",
        "  teach     running      30/40 answers",
    ]
    assert lines[4:] == [f"  {name:<10}waiting" for name in STAGE_NAMES[2:]]


def test_what_a_later_stage_left_from_before_is_not_called_running(home: Home) -> None:
    folder = begin(home, "small-1")
    for name in ("teach", "curate"):
        (folder / name).mkdir()
        Reporter(folder / name)(1, 2)
    told = stages(home, "small-1")
    assert (told["scrub"]["status"], told["teach"]["status"], told["teach"]["progress"]) == (
        "waiting",
        "waiting",
        None,
    )


def test_a_damaged_manifest_is_not_finished_and_does_not_stop_the_telling(home: Home) -> None:
    folder = begin(home, "small-1")
    finish(folder, "scrub")
    (folder / "scrub/manifest.json").write_text("{")
    assert stages(home, "small-1")["scrub"]["status"] == "interrupted"


def test_a_run_whose_folder_was_deleted_is_still_told(home: Home) -> None:
    begin(home, "small-1").rmdir()
    assert {stage["status"] for stage in stages(home, "small-1").values()} == {"waiting"}


def test_ids_of_any_length_stand_in_one_column(home: Home) -> None:
    for run_id in ("a-12345678", f"{'long' * 10}-12345678"):
        begin(home, run_id)
    rows = all_runs(home)
    for row, line in zip(rows, runs_lines(rows), strict=True):
        assert line.split()[0] == row["run_id"] and line.split()[3] == "interrupted"
    assert len({line.index("interrupted") for line in runs_lines(rows)}) == 1


def test_what_is_told_is_json(home: Home) -> None:
    folder = begin(home, "small-1")
    finish(folder, "scrub")
    (folder / "teach").mkdir()
    Reporter(folder / "teach")(30, 40)
    assert json.loads(json.dumps(one_run(home, "small-1"))) == one_run(home, "small-1")


def test_the_newest_report_is_that_of_the_newest_run_that_has_one(home: Home) -> None:
    assert newest_report(home, None) is None
    for run_id in ("a-1", "b-2", "c-3"):
        begin(home, run_id)
    finish(home.runs / "a-1", "report")
    finish(home.runs / "b-2", "report")
    (home.runs / "c-3" / "report").mkdir()
    assert newest_report(home, None) == home.runs / "b-2" / "report"
    assert newest_report(home, "a-1") == home.runs / "a-1" / "report"
    assert newest_report(home, "c-3") is None


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../runs/a-1", "a-1/", "a-1/report", "a" * 300, "A-1", "a-1\n"]
)
def test_a_report_is_found_by_the_runs_exact_id_only(home: Home, run_id: str) -> None:
    finish(begin(home, "a-1"), "report")
    finish(home.runs, "report")
    finish(home.root, "report")
    assert newest_report(home, run_id) is None
