"""The curves of a training: live, taken over, thinned, and what they say to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.training import curves
from appliance.training.curves import CHARTS, Training

LOSS, REWARD = CHARTS["sft"][0], CHARTS["onpolicy"][0]


def made(tmp_path: Path) -> Home:
    (tmp_path / "runs").mkdir()
    return Home(tmp_path)


def write_steps(home: Home, run_id: str, stage: str, rows: list[dict[str, Any]]) -> Path:
    folder = home.runs / run_id / stage
    folder.mkdir(parents=True)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def finish(
    folder: Path, facts: Mapping[str, Any], reused_from: str | None = None, fingerprint: str = "f"
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write(folder, Manifest(folder.name, fingerprint, {}, facts, 1.0, 2.0, reused_from))


SUMMARY = {"steps": 3, "curve_name": "loss", "curve": [[1, 4.0], [2, 3.0], [3, 2.0]], "more_curves": {"validation loss (nats a token)": [[3, 2.5]]}}  # fmt: skip


def training(
    rows: list[dict[str, Any]], stage: Any = "sft", planned: int = 100, finished: bool = False
) -> Training:
    return Training("run", stage, tuple(rows), planned, finished, True)


def test_a_training_that_has_not_begun_or_was_left_out_has_no_curves(tmp_path: Path) -> None:
    home = made(tmp_path)
    assert curves.read(home, "run", "sft") is None
    finish(home.runs / "run" / "onpolicy", {"left_out": "onpolicy.steps = 0"})
    assert curves.read(home, "run", "onpolicy") is None


def test_a_live_training_tells_its_whole_steps_and_how_many_there_will_be(tmp_path: Path) -> None:
    home = made(tmp_path)
    rows = [{"step": n, "loss": 4.0 / n, "tokens": 100, "seconds": 2.0} for n in (1, 2)]
    folder = write_steps(home, "run", "sft", rows)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')  # being written
    (folder / "progress.json").write_text(
        json.dumps({"done": 2, "total": 40, "unit": "steps", "note": "", "per_s": None, "remaining_s": None})
    )
    found = curves.read(home, "run", "sft")
    assert found is not None and found.done == 2 and found.planned == 40
    assert not found.finished and found.whole
    assert found.values("throughput") == [(1, 50.0), (2, 50.0)]


def test_looking_at_validation_examples_is_no_slow_step(tmp_path: Path) -> None:
    home = made(tmp_path)
    rows = [{"step": 1, "loss": 4.0, "tokens": 100, "seconds": 3.0, "seconds_validation": 1.0}]
    write_steps(home, "run", "sft", rows)
    found = curves.read(home, "run", "sft")
    assert found is not None and found.values("throughput") == [(1, 50.0)]


def test_a_stage_that_was_taken_over_twice_shows_the_steps_of_its_origin(tmp_path: Path) -> None:
    home = made(tmp_path)
    rows = [{"step": n, "loss": 5.0 - n, "tokens": 100, "seconds": 2.0} for n in (1, 2, 3)]
    finish(write_steps(home, "first", "sft", rows), SUMMARY)
    finish(home.runs / "second" / "sft", SUMMARY, reused_from="first")
    finish(home.runs / "third" / "sft", SUMMARY, reused_from="second")
    found = curves.read(home, "third", "sft")
    assert found is not None and found.whole and found.finished
    assert found.values("throughput") == [(1, 50.0), (2, 50.0), (3, 50.0)]


@pytest.mark.parametrize("origin", ["gone", "done again since", "circle"])
def test_without_its_origin_it_shows_the_summary_and_says_so(tmp_path: Path, origin: str) -> None:
    home = made(tmp_path)
    if origin == "done again since":
        finish(write_steps(home, "first", "sft", [{"step": 1, "loss": 9.0}]), SUMMARY, fingerprint="other")
    if origin == "circle":
        finish(home.runs / "first" / "sft", SUMMARY, reused_from="second")
    finish(home.runs / "second" / "sft", SUMMARY, reused_from="first")
    found = curves.read(home, "second", "sft")
    assert found is not None and not found.whole
    assert found.values("loss") == [(1, 4.0), (2, 3.0), (3, 2.0)]
    assert found.values("validation_loss") == [(3, 2.5)]
    assert [chart.title for chart in curves.charts(found)] == ["Loss"]


def test_a_long_line_is_thinned_to_means_and_a_short_one_is_not() -> None:
    rows = [{"step": n, "loss": float(n)} for n in range(1, 601)]
    rows[599]["validation_loss"] = 7.0
    drawn = curves.points(training(rows), LOSS)
    lines = {name: [p for p in drawn if p["series"] == name] for name in ("training", "validation")}
    assert len(lines["training"]) == 300 and curves.averaged_over(training(rows), LOSS) == 2
    assert lines["training"][0] == {"step": 2, "value": 1.5, "series": "training"}
    assert lines["validation"] == [{"step": 600, "value": 7.0, "series": "validation"}]


def test_a_chart_is_told_in_words() -> None:
    rows: list[dict[str, Any]] = [{"step": 1, "loss": 4.0}, {"step": 2, "loss": 1.25, "validation_loss": 1.5}]
    assert (
        curves.sentence(training(rows), LOSS)
        == "Training from 4.00 to 1.25, validation 1.50 nats a token in 2 steps."
    )
    one = training([{"step": 1, "reward": 0.5}], "onpolicy")
    assert curves.sentence(one, REWARD) == "0.500 in 1 step."


def looks(*losses: float) -> list[dict[str, Any]]:
    return [{"step": 10 * (n + 1), "loss": 1.0, "validation_loss": loss} for n, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ((3.0, 2.0, 1.0, 1.5), None),
        ((3.0, 2.0, 1.0, 1.5, 1.4), None),
        ((3.0, 2.0, 1.0, 1.5, 1.4, 1.6), "not improved for 30 steps: 1 at step 30, 1.6 now"),
        ((3.0, 2.0, 1.0), None),
    ],
)
def test_three_looks_without_a_better_validation_loss_are_worth_a_word(
    losses: tuple[float, ...], said: str | None
) -> None:
    told = curves.advice(training(looks(*losses)), {"epochs": 2.0})
    assert (said is None and not told) or (said is not None and said in told[0])
    if told:
        assert "about 0.6 epochs" in told[0]  # 30 of 100 steps of 2 epochs


def test_a_training_that_ends_while_it_still_improves_is_told_so() -> None:
    assert "still falling" in curves.advice(training(looks(3.0, 2.0, 1.5, 1.0), finished=True), {})[0]
    assert not curves.advice(training(looks(3.0, 2.0, 1.5, 1.0)), {})
    assert not curves.advice(training(looks(3.0, 1.01, 1.005, 1.0), finished=True), {})


def test_steps_that_teach_nothing_and_rewards_that_stay_are_told() -> None:
    idle = [{"step": n, "reward": 1.0, "answers_that_teach": 0, "examples": 8} for n in range(1, 16)]
    said = curves.advice(training(idle, "onpolicy"), {"max_mismatch": 0.2})
    assert (
        "In 15 of 15 steps no answer taught anything" in said[0] and "has not risen for 10 steps" in said[1]
    )
    rising = [{"step": n, "reward": n / 15, "answers_that_teach": 8, "examples": 8} for n in range(1, 16)]
    assert not curves.advice(training(rising, "onpolicy"), {"max_mismatch": 0.2})


def test_a_mismatch_near_the_bar_is_told() -> None:
    rows = [{"step": 1, "reward": 0.5, "mismatch": 0.11}]
    assert "over half of what stops" in curves.advice(training(rows, "onpolicy"), {"max_mismatch": 0.2})[0]
    assert not curves.advice(training([{"step": 1, "mismatch": 0.01}], "onpolicy"), {"max_mismatch": 0.2})


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.05, "it helped"), (-0.01, 0.05, "not shown to help"), (-0.05, -0.01, "it did harm"), (None, None, "too few")],
)  # fmt: skip
def test_whether_learning_from_own_answers_helped_is_told_with_its_interval(
    low: float | None, high: float | None, verdict: str
) -> None:
    facts = {"improvement": {"measured_on": "validation", "before": 0.8, "after": 0.82, "low": low, "high": high, "n": 90}}  # fmt: skip
    assert verdict in (curves.improvement(facts) or "") and "90 validation records" in (
        curves.improvement(facts) or ""
    )
    assert curves.improvement({}) is None


def test_answers_come_newest_first_and_once_each_though_a_kill_cut_a_line(tmp_path: Path) -> None:
    home = made(tmp_path)
    folder = write_steps(home, "run", "onpolicy", [])
    rows = [
        {"step": step, "record_id": "a", "text": f"at {step}", "reward": None} for step in (1, 2, 3, 2, 3)
    ]
    lines = [json.dumps(row) for row in rows]
    (folder / "samples.jsonl").write_text("\n" + "\n".join([*lines[:3], '{"step": 3, "te', *lines[3:]]))
    assert [row["text"] for row in curves.answers(home, "run")] == ["at 3", "at 2", "at 1"]
    assert curves.answers(home, "other") == []
