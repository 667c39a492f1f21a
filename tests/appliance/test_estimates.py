"""What a training will take is told from what was measured here, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.training import estimates

DOCUMENT = {
    "name": "tickets",
    "student": {"base": "small"},
    "split": {"test": 100, "validation": 50},
    "sft": {"epochs": 2.0, "batch_size": 10, "lora_rank": 4},
    "onpolicy": {"steps": 0},
    "task": {"max_answer_tokens": 8},
}


def write_model(folder: Path, width: int) -> None:
    """The head of a safetensors file, which tells the shapes; the weights themselves are not there."""
    folder.mkdir(parents=True)
    head = json.dumps(
        {
            "model.layers.0.q.weight": {"shape": [width, width]},
            "model.layers.0.k.weight": {"shape": [width, width]},
        }
    ).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + b"\0" * 16)
    (folder / "config.json").write_text(
        json.dumps({"num_hidden_layers": 1, "hidden_size": width, "num_attention_heads": 2, "vocab_size": 50})
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for name in ("runs", "models"):
        (tmp_path / name).mkdir()
    for name, width in (("small", 16), ("large", 32)):
        write_model(tmp_path / name, width)
    return Home(tmp_path)


def finish(
    home: Home,
    run_id: str,
    document: dict[str, Any],
    seconds: float = 100.0,
    *,
    fingerprint: str | None = None,
    age: int = 0,
    train: int = 500,
) -> None:
    run = home.runs / run_id
    stages: dict[str, dict[str, Any]] = {
        "curate": {"train": train},
        "check": {"memory": {"longest_example_tokens": 40}},
        "sft": {"examples": 1000, "seconds": seconds},
    }
    for stage, facts in stages.items():
        (run / stage).mkdir(parents=True)
        told = Manifest(stage, fingerprint or run_id, {}, facts, seconds + 20.0, 1.0)
        manifest.write(run / stage, told)
    (run / "config.json").write_text(json.dumps({"base_dir": "/", "use_case": document}))
    os.utime(run / "config.json", (1e9 - age, 1e9 - age))


def sft_time(home: Home, document: dict[str, Any] = DOCUMENT, records: int | None = 1150) -> estimates.Time:
    return estimates.estimate(home, document, records, home.root).times[0]


def test_without_a_finished_training_the_time_is_not_known(home: Home) -> None:
    told = sft_time(home)
    assert told.seconds is None and "no such training has finished here" in told.source
    assert sft_time(home, records=None).source == "not known: bring in the data first"


def test_records_held_back_are_not_trained_on(home: Home) -> None:
    told = estimates.estimate(home, DOCUMENT, 1150, home.root)
    assert told.examples == 1000 and told.steps == 200
    capped = {**DOCUMENT, "split": {"test": 100, "train": 300}}
    assert estimates.estimate(home, capped, 1150, home.root).examples == 300
    assert estimates.estimate(home, {**DOCUMENT, "held_out": {}}, 1150, home.root).examples == 1100


def test_the_use_cases_own_last_run_tells_both_its_records_and_its_speed(home: Home) -> None:
    finish(home, "tickets-1", DOCUMENT, 100.0, age=10)
    finish(home, "tickets-2", DOCUMENT, 200.0, train=700)
    finish(home, "other-1", {**DOCUMENT, "name": "other"}, 900.0)
    told = estimates.estimate(home, DOCUMENT, None, home.root)
    assert told.examples == 700 and told.steps == 140
    # 0.2 s an example, 700 of them twice, and 20 s around.
    assert told.times[0].seconds == pytest.approx(0.2 * 1400 + 20) and told.times[0].low is None
    assert "tickets-2, the last run of this use case" in told.times[0].source


def test_other_data_take_as_many_records_as_they_hold(home: Home) -> None:
    finish(home, "tickets-1", {**DOCUMENT, "data": {"path": "old.csv"}}, 100.0)
    told = estimates.estimate(home, {**DOCUMENT, "data": {"path": "new.csv"}}, 350, home.root)
    assert told.examples == 200


def test_runs_on_other_records_make_a_range_and_a_taken_over_one_counts_once(home: Home) -> None:
    for run_id, seconds in (("a-1", 100.0), ("b-1", 300.0)):
        finish(home, run_id, {**DOCUMENT, "name": run_id[0]}, seconds, age=int(seconds))
    finish(home, "c-1", {**DOCUMENT, "name": "c"}, 300.0, fingerprint="b-1", age=500)
    told = sft_time(home)
    assert told.seconds == pytest.approx(0.1 * 2000 + 20)
    assert (told.low, told.high) == pytest.approx((220.0, 620.0))
    assert "from 2 earlier runs here with the same student" in told.source


def test_another_student_is_scaled_by_its_weights_and_called_rough(home: Home) -> None:
    finish(home, "a-1", {**DOCUMENT, "name": "a"}, 100.0)
    told = sft_time(home, {**DOCUMENT, "student": {"base": "large"}})
    assert told.seconds == pytest.approx(4 * 0.1 * 2000 + 20) and "rough" in told.source


@pytest.mark.parametrize("change", [{"method": "full"}, {"compile": True}, {"dp": {"epsilon": 8}}])
def test_another_method_tells_nothing(home: Home, change: dict[str, Any]) -> None:
    finish(home, "a-1", {**DOCUMENT, "name": "a"}, 100.0)
    assert sft_time(home, {**DOCUMENT, "sft": {**DOCUMENT["sft"], **change}}).seconds is None  # type: ignore[dict-item]


def test_memory_follows_from_the_shapes_and_from_the_longest_example_where_it_is_known(home: Home) -> None:
    before = estimates.estimate(home, DOCUMENT, 1150, home.root).memory
    finish(home, "tickets-1", DOCUMENT)
    after = estimates.estimate(home, DOCUMENT, 1150, home.root).memory
    assert before is not None and after is not None
    assert before.device == "cpu" or os.path.exists("/dev/nvidiactl")
    assert before.sure == after.sure == 2 * 2 * 16 * 16 + 16 * 4 * 2 * (16 + 16)
    assert "1,024 tokens" in before.basis and "40 tokens" in after.basis and after.at_most < before.at_most


def test_a_model_that_is_not_there_is_named_and_no_memory_is_told(home: Home) -> None:
    told = estimates.estimate(home, {**DOCUMENT, "student": {"base": "gone"}}, 1150, home.root)
    assert told.memory is None and "'gone' is neither" in told.memory_note
    assert "choose a student" in estimates.estimate(home, {}, None, home.root).memory_note


def test_an_accelerators_free_memory_is_asked_of_its_driver(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 2048\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    memory = estimates.estimate(
        home, {**DOCUMENT, "student": {"base": "small", "device": "cuda"}}, 9, home.root
    ).memory
    assert memory is not None and memory.device == "cuda" and memory.free == 2 * 2**30
    assert not memory.cannot_fit
