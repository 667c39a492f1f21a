"""Load tests on request: what is refused before it is queued, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.config import BenchSettings
from appliance.home import Home
from appliance.jobs.journal import JobError
from appliance.jobs.kinds import KINDS
from appliance.loadtest import LoadtestSettings
from appliance.manifest import Manifest
from appliance.views import load_tests


@pytest.fixture
def home(tmp_path: Path) -> Home:
    run = tmp_path / "runs" / "tickets-1"
    for stage, facts in (("curate", {}), ("onpolicy", {}), ("evaluate", {"chosen": "onpolicy"})):
        (run / stage).mkdir(parents=True)
        manifest.write(run / stage, Manifest(stage, "f", {}, facts, 1.0, 2.0))
    (run / "config.json").write_text("{}")
    return Home(tmp_path)


def ready(home: Home, **changes: Any) -> dict[str, Any]:
    return KINDS["load-test"].ready(home, {"run_id": "tickets-1", "concurrency": [1, 4], **changes})


def test_a_load_test_is_queued_with_all_its_settings(home: Home) -> None:
    assert ready(home, repeats=1) == {
        "run_id": "tickets-1",
        "concurrency": [1, 4],
        "requests_per_level": 64,
        "repeats": 1,
        "open_shares": [],
        "open_seconds": 10.0,
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"run_id": "gone-1"}, "there is no run 'gone-1'"),
        ({"run_id": "../tickets-1"}, "there is no run"),
        ({"concurrency": []}, "one to eight levels"),
        ({"concurrency": [1, 513]}, "1 to 512 clients"),
        ({"concurrency": list(range(1, 10))}, "one to eight levels"),
        ({"concurrency": [0]}, "each 1 or more"),
        ({"concurrency": "many"}, "should be a valid array"),
        ({"requests_per_level": 2}, "below concurrency 4: raise it"),
        ({"requests_per_level": 5001}, "at most 5,000 requests"),
        ({"repeats": 0}, "repeats is 0"),
        ({"open_shares": [0.5], "open_seconds": 601.0}, "600 seconds"),
        ({"open_shares": [0.0]}, "above 0"),
        ({"clients": 3}, "unknown key 'clients'"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_one_line_before_it_is_queued(
    home: Home, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(JobError, match=why) as caught:
        ready(home, **changes)
    assert "\n" not in str(caught.value)


def test_a_run_without_a_finished_student_is_refused(home: Home) -> None:
    (home.runs / "tickets-1" / "onpolicy" / manifest.NAME).unlink()
    with pytest.raises(JobError, match="no finished student yet"):
        ready(home)


def test_what_is_not_asked_for_stays_as_the_run_has_it() -> None:
    bench = BenchSettings(load=LoadtestSettings(concurrency=(1, 8, 32), max_tokens=17, seed=3))
    asked = load_tests.asked({"run_id": "r", "concurrency": [2], "repeats": 1})
    load = asked.settings(bench).load
    assert (load.concurrency, load.repeats, load.open_shares) == ((2,), 1, ())
    assert (load.max_tokens, load.seed, asked.settings(bench).serve) == (17, 3, bench.serve)


@pytest.mark.parametrize(
    ("concurrency", "per_level", "repeats", "requests"),
    [((1,), 64, 3, 18), ((1, 8), 64, 2, 2 * (6 + 48)), ((32,), 64, 1, 64)],
)
def test_the_number_of_requests_is_told_before(
    concurrency: tuple[int, ...], per_level: int, repeats: int, requests: int
) -> None:
    assert load_tests.Asked("r", concurrency, per_level, repeats).num_requests() == requests


def result(at: float, **best: Any) -> dict[str, Any]:
    row = {"num_ok": 60, "num_failed": 2}
    return {"arm": "sft", "finished_at": at, "serving": [row, row], "slo": {"sft": best} if best else {}}


def test_results_come_newest_first_and_a_torn_one_is_passed_over(home: Home) -> None:
    for job_id, at in (("20261123-1", 1.0), ("20261123-2", 2.0)):
        path = load_tests.result_path(home, "tickets-1", job_id)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result(at)))
    load_tests.result_path(home, "tickets-1", "20261123-3").write_text('{"arm": "s')
    assert [told["job_id"] for told in load_tests.results(home, "tickets-1")] == ["20261123-2", "20261123-1"]
    assert load_tests.results(home, "other") == []


@pytest.mark.parametrize(
    ("best", "said"),
    [
        ({}, "no objective was set; 120 requests answered, 4 failed"),
        ({"meets": False}, "no level met the objective; 120 requests answered, 4 failed"),
        ({"meets": True, "requests_per_s": 8.125}, "8.12 requests a second at the objective; 120"),
    ],
)
def test_a_load_test_is_summed_up_in_one_line(best: dict[str, Any], said: str) -> None:
    assert load_tests.summary(result(1.0, **best)).startswith(said)
