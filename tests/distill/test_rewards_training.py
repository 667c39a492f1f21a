"""Declared rewards in a real training: a tiny model that writes queries, paid for what they find."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from distill.onpolicy import OnPolicySettings, train_onpolicy
from distill.rewards import RewardSettings, make_reward
from distill.sft import train_sft
from distill.tasks import TaskSettings, make_task
from distill.tasks.task import render
from distill.training import Metrics
from distill.values import Example
from tests.distill.training_runs import SFT

pytestmark = pytest.mark.slow

TABLES = "CREATE TABLE card AS SELECT 1 AS n; CREATE TABLE rate AS SELECT 2 AS n; CREATE TABLE pay AS SELECT 3 AS n;"
TASK = make_task(
    TaskSettings(
        "extract",
        "{message}",
        "As a query.",
        json_schema={"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}},
    )
)
EXAMPLES = [
    Example(
        f"{table} {n}",
        "train",
        {"message": f"{table} please {n}"},
        TASK.canonical({"q": f"FROM {table}"}),
        None,
    )
    for n in range(10)
    for table in ("card", "rate", "pay")
]


def silent(done: int, total: int, note: str) -> None:
    pass


def test_training_charts_each_reward_and_learns_from_their_mean(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "tables.sql").write_text(TABLES)
    chats = [
        (render(TASK.settings, example.fields, trained=True), example.answer or "") for example in EXAMPLES
    ]
    for name in ("sft", "onpolicy"):
        (tmp_path / name).mkdir()
    train_sft(tiny_model, chats, tmp_path / "sft", replace(SFT, max_tokens=96), "cpu", silent)
    others = multiprocessing.active_children()
    declared = [
        RewardSettings(kind="sql", field="q", tables="tables.sql", weight=3.0),
        RewardSettings(kind="schema"),
        RewardSettings(kind="numeric"),  # no answer holds a number: nothing to judge
    ]
    with make_reward(declared, TASK, base_dir=tmp_path) as reward:
        train_onpolicy(
            tiny_model,
            tmp_path / "sft" / "adapter",
            [(chat, example) for (chat, _), example in zip(chats, EXAMPLES, strict=True)],
            reward,
            24,
            tmp_path / "onpolicy",
            OnPolicySettings(steps=4, prompts_per_step=3, group_size=6, learning_rate=1e-3),
            "cpu",
            silent,
        )
    assert multiprocessing.active_children() == others
    rows = list(Metrics(tmp_path / "onpolicy" / "metrics.jsonl").rows())
    assert len(rows) == 4
    for row in rows:
        assert row["reward"] == pytest.approx(0.75 * row["reward/sql:q"] + 0.25 * row["reward/schema"])
        assert "reward/numeric" not in row and row["unjudged/numeric"] == 1.0
        assert row["reward/sql:q"] <= row["reward/schema"], "only what can be read can be run"
    assert any(0 < row["reward/sql:q"] < 1 for row in rows), "the student has something to learn"
    assert "FROM" not in json.dumps(rows)
