"""The story of a training, told once however often it was killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distill.sft import SftSettings
from distill.training import Metrics, TrainingError


def row(step: int, **values: float) -> dict[str, float]:
    return {"step": step, "seconds": 0.5, "examples": 4, **values}


def written(path: Path, count: int) -> Metrics:
    metrics = Metrics(path / "metrics.jsonl")
    for step in range(1, count + 1):
        metrics.append(row(step, loss=float(10 * step)))
    return metrics


def test_a_line_cut_by_a_kill_is_not_a_row(tmp_path: Path) -> None:
    metrics = written(tmp_path, 2)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    assert [each["step"] for each in metrics.rows()] == [1, 2]


def test_what_came_after_the_checkpoint_is_forgotten_and_each_step_is_told_once(tmp_path: Path) -> None:
    metrics = written(tmp_path, 5)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')
    metrics.rewind(3)
    metrics.append(row(4, loss=1.0))
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4]
    metrics.rewind(0)
    assert metrics.rows() == []


def test_rewinding_needs_no_file(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.jsonl")
    assert metrics.rows() == []
    metrics.rewind(0)
    assert metrics.rows() == []


def test_the_result_averages_the_first_and_the_last_tenth(tmp_path: Path) -> None:
    metrics = written(tmp_path, 20)
    metrics.append(row(20, train_runtime=3.0))  # the trainer's last words have no loss
    result = metrics.result("loss")
    assert (result.first, result.last) == (15.0, 195.0)
    assert (result.steps, result.seconds, result.examples) == (20, 10.0, 80)
    assert result.curve[0] == (1, 10.0) and len(result.curve) == 20


def test_few_steps_are_compared_one_with_one(tmp_path: Path) -> None:
    result = written(tmp_path, 3).result("loss")
    assert (result.first, result.last) == (10.0, 30.0)


def test_a_training_without_steps_has_no_result(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="too little data"):
        Metrics(tmp_path / "metrics.jsonl").result("loss")
    with pytest.raises(TrainingError, match="too little data"):
        written(tmp_path, 2).result("reward")


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        SftSettings().epochs = 9  # type: ignore[misc]
