"""What the console shows of serving: rows for charts, and money that is the cost model's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest, serving_view
from appliance.config import load_use_case, use_case_from_json, use_case_to_json
from appliance.cost.assess import Effort, assess
from appliance.home import Home
from appliance.manifest import Manifest
from tests.appliance import small_use_case


def level(arm: str, loop: str, load: float, rate: float, **changes: Any) -> dict[str, Any]:
    closed = loop == "closed"
    return {
        "arm": arm, "engine": "vllm 0.32.0", "device": "CPU", "loop": loop,
        "concurrency": int(load) if closed else None, "offered_per_s": None if closed else load, "saturated": None if closed else False,
        "requests_per_s": rate, "requests_per_s_low": rate * 0.9 if closed else None, "requests_per_s_high": rate * 1.1 if closed else None,
        "ttft_p95_s": 0.1 * load, "ttft_p95_low_s": 0.09 * load, "ttft_p95_high_s": None, "e2e_p95_s": 0.5,
        "num_ok": 60, "num_failed": 0, "mean_prompt_tokens": 30.0, "mean_output_tokens": 5.0, "good_share": 1.0,
    } | changes  # fmt: skip


def at(share: float, quality: float) -> dict[str, Any]:
    return {"n": 60, "escalated": round(60 * share), "share": share, "share_low": share * 0.8, "share_high": share * 1.2,
            "value": quality, "low": quality - 0.05, "high": quality + 0.04, "target": 0.8}  # fmt: skip


CURVE = [{"threshold": threshold, "test": at(share, quality), "validation": {**at(share, quality), "value": quality - 0.01}}
         for threshold, share, quality in ((0.0, 0.0, 0.7), (0.6, 0.2, 0.85), (1.0, 1.0, 1.0))]  # fmt: skip
EVALUATE = {
    "primary_metric": "accuracy",
    "chosen": "sft",
    "scores": [
        {"arm": arm, "metric": "accuracy", "value": value, "low": value and value - 0.05, "high": value and value + 0.05,
         "n": 60, "failed": 0, "note": None} for arm, value in (("sft", 0.7), ("cascade", 0.82), ("teacher", 1.0))],
    "cascade": {"arm": "sft", "curve": CURVE, "threshold": 0.5, "test": at(0.1, 0.82), "validation": at(0.1, 0.8),
                "teacher_by_definition": True},
}  # fmt: skip
BENCH = {
    "chosen": "sft", "eager": True, "prefix_caching": True, "energy": {"sources": [], "note": "This machine tells none."},
    "not_served": {"teacher": "it does not run on this machine"}, "objective": {"ttft_s": 2.0, "tpot_s": None, "e2e_s": None, "share": 0.95},
    "slo": {"sft": {"meets": True, "loop": "closed", "concurrency": 4, "offered_per_s": None}},
    "serving": [level("sft", "closed", 1, 3.0), level("untuned", "closed", 1, 1.0), level("sft", "closed", 4, 9.0),
                level("sft", "open", 4.5, 4.4), level("sft", "open", 9.9, 8.0, saturated=True)],
    "teacher_tokens": {"prompt": 400.0, "output": 20.0, "counted_by": "hand", "n": 60, "prompt_low": 390.0, "prompt_high": 410.0,
                       "output_low": 19.0, "output_high": 21.0},
}  # fmt: skip
STAGES: dict[str, dict[str, Any]] = {
    "teach": {"asked": 100},
    "sft": {"seconds": 3600.0},
    "onpolicy": {"left_out": "onpolicy.steps = 0"},
    "evaluate": EVALUATE,
    "bench": BENCH,
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "use_case.toml").write_text(small_use_case.TEXT)
    run = tmp_path / "runs" / "small-1"
    for stage, facts in STAGES.items():
        (run / stage).mkdir(parents=True)
        manifest.write(run / stage, Manifest(stage, "f", {}, facts, 1.0, 2.0))
    document = json.loads(use_case_to_json(load_use_case(tmp_path / "use_case.toml")))
    (run / "config.json").write_text(json.dumps({"base_dir": str(tmp_path), "use_case": document}))
    return Home(tmp_path)


def test_a_run_without_load_tests_shows_none(home: Home) -> None:
    (home.runs / "small-1" / "bench" / manifest.NAME).unlink()
    assert serving_view.bench(home, "small-1") is None and serving_view.bench(home, "gone") is None
    assert serving_view.cascade(home, "small-1") is None and serving_view.planned(home, "small-1") is None
    assert serving_view.volumes(home, "small-1") == []


def test_a_chart_has_a_row_a_level_with_its_interval_and_what_failed(home: Home) -> None:
    found = serving_view.bench(home, "small-1")
    assert found is not None and serving_view.arms(found.rows) == ["untuned", "sft"]
    rows = serving_view.over_load(found.rows, "closed", "requests_per_s", ["untuned", "sft"])
    assert [(row["load"], row["value"], row["arm"]) for row in rows] == [
        (1, 1.0, "Untuned"),
        (1, 3.0, "SFT"),
        (4, 9.0, "SFT"),
    ]
    assert (rows[2]["low"], rows[2]["high"]) == (9.0 * 0.9, 9.0 * 1.1)
    assert (rows[2]["answered"], rows[2]["failed"]) == (60, 0)
    first = serving_view.over_load(found.rows, "closed", "ttft_p95_s", ["sft"])
    assert (first[0]["low"], first[0]["high"]) == (0.09, None)
    assert serving_view.over_load(found.rows, "closed", "tpot_p95_s", ["sft"]) == []


def test_a_saturated_levels_latency_is_no_measurement_and_its_throughput_is_one(home: Home) -> None:
    found = serving_view.bench(home, "small-1")
    assert found is not None
    loads = {
        measure: [row["load"] for row in serving_view.over_load(found.rows, "open", measure, ["sft"])]
        for measure in ("e2e_p95_s", "requests_per_s")
    }
    assert loads == {"e2e_p95_s": [4.5], "requests_per_s": [4.5, 9.9]}


def test_what_was_not_measured_and_how_it_was_served_is_said(home: Home) -> None:
    found = serving_view.bench(home, "small-1")
    assert (
        found is not None and "without compilation" in found.note and "Energy was not measured" in found.note
    )
    assert serving_view.objective(found) == "first token within 2 s for 95% of requests"


def test_a_threshold_costs_what_the_cost_model_says_of_its_share(home: Home) -> None:
    """The chosen one is the report's cascade; the ends are the student alone and the teacher alone on top of it."""
    found = serving_view.cascade(home, "small-1")
    assert found is not None and [level.threshold for level in found.levels] == [0.0, 0.5, 0.6, 1.0]
    use_case = use_case_from_json(
        json.dumps(json.loads((home.runs / "small-1" / "config.json").read_text())["use_case"])
    )
    money = assess(use_case.prices, use_case.decide, EVALUATE, BENCH, Effort(1.0, 0))
    costs = {cost.arm: cost for cost in money.costs}
    (picked,) = [level for level in found.levels if level.chosen]
    assert picked.threshold == 0.5 and picked.per_thousand == costs["cascade"].per_thousand_requests
    assert picked.saving == next(plan.saving for plan in money.plans if plan.arm == "cascade")
    student, teacher = costs["sft"].per_thousand_requests, costs["teacher"].per_thousand_requests
    assert student is not None and teacher is not None
    assert found.levels[0].per_thousand == student
    assert found.levels[-1].per_thousand == pytest.approx(student + teacher)
    assert found.levels[2].on_validation == pytest.approx(0.84) and found.levels[2].quality == 0.85


def test_a_teacher_without_a_price_leaves_the_cost_of_a_threshold_unknown_and_its_quality_known(
    home: Home,
) -> None:
    path = home.runs / "small-1" / "config.json"
    document = json.loads(path.read_text())
    for name in ("teacher_input_per_million", "teacher_output_per_million", "teacher_source", "teacher_date"):
        document["use_case"]["prices"][name] = None
    path.write_text(json.dumps(document))
    found = serving_view.cascade(home, "small-1")
    assert found is not None
    assert {(level.per_thousand, level.saving) for level in found.levels} == {(None, None)}
    assert all(level.refused for level in found.levels) and found.levels[1].quality == 0.82
    assert {row.arm for row in serving_view.volumes(home, "small-1")} == {"sft", "cascade"}


def test_the_curve_over_the_volume_meets_the_plan_at_the_use_cases_own(home: Home) -> None:
    told = serving_view.planned(home, "small-1")
    assert told is not None
    own = told["requests_per_month"]
    rows = {row.arm: row for row in serving_view.volumes(home, "small-1", [own])}
    use_case = use_case_from_json(
        json.dumps(json.loads((home.runs / "small-1" / "config.json").read_text())["use_case"])
    )
    money = assess(use_case.prices, use_case.decide, EVALUATE, BENCH, Effort(1.0, 0))
    plans = {plan.arm: plan for plan in money.plans}
    for arm in ("sft", "cascade"):
        assert rows[arm].per_thousand == plans[arm].all_in_per_thousand
        assert (rows[arm].saving_low, rows[arm].saving_high) == (
            plans[arm].saving_low,
            plans[arm].saving_high,
        )
    assert rows["teacher"].per_month == plans["sft"].teacher_per_month
    assert told["break_even"]["sft"] == plans["sft"].break_even_requests_per_month


def test_from_the_break_even_volume_on_nothing_is_lost_and_below_it_something_is(home: Home) -> None:
    told = serving_view.planned(home, "small-1")
    assert told is not None
    volume = told["break_even"]["sft"]
    assert volume is not None
    saved = {row.requests_per_month: row.saving for row in serving_view.volumes(home, "small-1", [volume - 1, volume])
             if row.arm == "sft"}  # fmt: skip
    after, before = saved[volume], saved[volume - 1]
    assert after is not None and after >= 0
    assert before is not None and before < 0


def test_a_peak_in_requests_a_second_grows_with_the_volume(home: Home) -> None:
    path = home.runs / "small-1" / "config.json"
    document = json.loads(path.read_text())
    prices = document["use_case"]["prices"]
    prices["peak_requests_per_s"] = 5 * prices["requests_per_month"] / (730 * 3600)
    path.write_text(json.dumps(document))
    ratio = {row.devices for row in serving_view.volumes(home, "small-1", [10**8]) if row.arm == "sft"}
    prices["peak_requests_per_s"], prices["peak_to_mean"] = None, 5.0
    path.write_text(json.dumps(document))
    assert ratio == {
        row.devices for row in serving_view.volumes(home, "small-1", [10**8]) if row.arm == "sft"
    }


def test_effort_is_the_time_of_the_trainings_and_the_answers_that_were_bought() -> None:
    assert Effort.of(STAGES, recorded=True) == Effort(1.0, 0)
    assert Effort.of({**STAGES, "onpolicy": {"seconds": 1800.0}}, recorded=False) == Effort(1.5, 100)
