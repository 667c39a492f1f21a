"""The two sides of the membership test: drawn anew where words alone tell them apart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from appliance.config import load_use_case
from appliance.stages.attack import _MOST_DRAWS, _sides, _trial
from distill.values import Example
from privacy.attack.judge import blind
from privacy.attack.settings import AttackSettings

USE_CASE = load_use_case(Path(__file__).parents[2] / "deploy" / "usecases" / "demo.toml")
WORDS = "meter battery charger invoice delay refund help please today Friday line heat cold noise".split()


def drawn(seed: int, held_out_topic: float) -> tuple[int, bool]:
    """How often was drawn and whether the sides are of one kind, where a topic is in a fifth of what is learnt."""
    rng = np.random.default_rng(seed)
    examples = []
    for index in range(360):
        split = "test" if index < 60 else "train"
        topic = " manual" if rng.random() < (held_out_topic if split == "test" else 0.2) else ""
        text = " ".join(rng.choice(WORDS, 8)) + topic
        examples.append(Example(f"r{index}", split, {"message": text}, "{}", None))
    settings = SimpleNamespace(attack=AttackSettings(seed=seed, records=60), task=USE_CASE.task)
    trial, draws = _trial(cast(Any, SimpleNamespace(use_case=settings)), (), [examples])
    found = blind(trial)
    assert found is not None and len(trial.members) == len(trial.others) == 60
    return draws, found.sound


def test_sides_of_one_kind_are_taken_as_drawn_first() -> None:
    assert sum(drawn(seed, 0.2) == (1, True) for seed in range(12)) >= 11


def test_sides_that_a_topic_tells_apart_by_chance_are_drawn_anew() -> None:
    found = [drawn(seed, 0.45) for seed in range(12)]
    assert any(draws > 1 and sound for draws, sound in found)
    assert all(sound or draws == _MOST_DRAWS for draws, sound in found)


def test_sides_of_two_kinds_stay_void_however_often_they_are_drawn() -> None:
    assert [drawn(seed, 1.0) for seed in range(3)] == [(_MOST_DRAWS, False)] * 3


def test_of_a_refresh_the_newest_run_comes_first_and_each_is_on_both_sides_alike() -> None:
    new, old = (
        [
            Example(f"{run}{index}", "test" if index < held_out else "train", {"message": run}, "{}", None)
            for index in range(200)
        ]
        for run, held_out in (("new", 12), ("old", 90))
    )
    settings = SimpleNamespace(attack=AttackSettings(records=60), task=USE_CASE.task)
    sides = _sides(cast(Any, SimpleNamespace(use_case=settings)), [new, old], 1)
    for side in sides:
        told = ["new" in record.prompt.user for record in side]
        assert told == [True] * 12 + [False] * 48
