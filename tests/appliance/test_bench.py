from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.config import BenchSettings
from appliance.energy import EnergyMeter
from appliance.loadtest import Answer, LoadtestSettings, Serving, SloSettings
from appliance.serve import Server
from appliance.stages.bench import at_objective
from appliance.stages.measured import measured
from appliance.stages.sweep import LEAST_ARRIVALS, Arm, Sweep
from distill.values import Request
from tests.appliance.scripted_server import in_a_thread

_ROW = Serving(
    arm="a",
    engine="e",
    device="d",
    concurrency=1,
    good_share=1.0,
    requests_per_s=3.0,
    requests_per_s_low=2.5,
    requests_per_s_high=3.5,
    **dict.fromkeys(
        [f"{name}_{end}_s" for name in ("ttft", "tpot", "itl", "e2e") for end in ("p50", "p95")]
        + ["ttft_p99_s", "e2e_p99_s", "output_tokens_per_s", "mean_prompt_tokens", "mean_output_tokens"]
    ),
    num_ok=9,
    num_failed=0,
    wall_s=1.0,
)


def test_each_arm_has_its_best_level_at_the_objective_or_none() -> None:
    rows = [
        _ROW,
        replace(_ROW, requests_per_s=7.0, concurrency=4),
        replace(_ROW, requests_per_s=9.0, concurrency=16, good_share=0.5),
        replace(_ROW, arm="slow", good_share=0.1),
    ]
    found = at_objective(rows, SloSettings())
    assert (found["a"]["meets"], found["a"]["requests_per_s"], found["a"]["concurrency"]) == (True, 7.0, 4)
    assert found["slow"]["meets"] is False
    assert {value for name, value in found["slow"].items() if name != "meets"} == {None}
    assert at_objective(rows, SloSettings(ttft_s=None, tpot_s=None)) == {}


def _sweep(path: Path, script: str, **load: Any) -> tuple[list[Serving], dict[int, Answer]]:
    """The load test of five records, kept at `path`."""
    settings = BenchSettings(load=LoadtestSettings(**load), slo=SloSettings(ttft_s=5.0, tpot_s=5.0))
    with in_a_thread() as scripted, measured(path, "inputs") as known:
        server = Server(scripted.url, "m", "engine 1", "device", True, 0.0)
        sweep = Sweep(server, settings, 8, EnergyMeter(), lambda *args, **more: None, known)  # type: ignore[arg-type]
        requests = [Request(f"r{number}", [{"role": "user", "content": script}]) for number in range(5)]
        return sweep.run(Arm("arm", "m", requests))


@pytest.mark.slow
def test_an_arm_is_loaded_in_a_closed_loop_and_then_around_its_best_rate(tmp_path: Path) -> None:
    rows, answers = _sweep(
        tmp_path / "levels",
        "one",
        concurrency=(1, 2),
        requests_per_level=8,
        repeats=2,
        open_shares=(0.5, 0.8),
        open_seconds=1.0,
    )
    assert [(row.loop, row.concurrency) for row in rows] == [
        ("closed", 1),
        ("closed", 2),
        ("open", None),
        ("open", None),
    ]
    best = max(row.requests_per_s or 0.0 for row in rows[:2])
    assert [row.offered_share for row in rows] == [None, None, 0.5, 0.8]
    assert [row.offered_per_s for row in rows[2:]] == pytest.approx([0.5 * best, 0.8 * best])
    assert all(len(row.repeats_per_s) == 2 for row in rows[:2])
    assert all(row.num_ok + row.num_failed >= LEAST_ARRIVALS for row in rows[2:])
    assert rows[0].num_ok == 12 and rows[1].num_ok == 16
    assert sorted(answers) == [0, 1, 2, 3, 4] and answers[3].text == "one0 "
    assert all(row.good_share is not None for row in rows)


@pytest.mark.slow
def test_an_arm_that_only_fails_has_no_open_loop(tmp_path: Path) -> None:
    rows, answers = _sweep(
        tmp_path / "levels", "500", concurrency=(1,), requests_per_level=4, repeats=2, open_seconds=1.0
    )
    assert [(row.loop, row.num_ok, row.failures) for row in rows] == [("closed", 0, {"http_500": 8})]
    assert answers == {}
