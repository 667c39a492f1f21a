"""What the console shows of serving: rows for charts, and money that is the cost model's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance import manifest
from appliance.config import use_case_from_json
from appliance.cost.assess import Effort, assess
from appliance.home import Home
from appliance.views import serving as serving_view
from tests.appliance.served_run import BENCH, EVALUATE, STAGES, make_served


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "runs").mkdir()
    make_served(Home(tmp_path))
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
