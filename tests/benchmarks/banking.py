"""banking77 as benchmarks take it: messages and their intents as chats, and a model's accuracy on held-out ones."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from distill.student import InProcess
from distill.values import Messages, Request
from privacy.intervals import wilson

Pair = tuple[Messages, str]
FOLDER = Path(__file__).parents[3] / "shared" / "data" / "banking77"
"""Where the data lie if a script is not told otherwise."""
MAX_ANSWER_TOKENS = 24


def pairs(path: Path, count: int, seed: int = 7) -> list[Pair]:
    """`count` messages in an order that is always the same, as (chat, intent)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    Random(seed).shuffle(rows)
    system = {"role": "system", "content": "Name the intent."}
    return [([system, {"role": "user", "content": row["text"]}], row["category"]) for row in rows[:count]]


def accuracy(model: Path, test: Sequence[Pair]) -> dict[str, Any]:
    """Share of messages whose whole intent is said, greedily, with its 95% interval."""
    student = InProcess(model, "auto", MAX_ANSWER_TOKENS)
    asked = [Request(str(n), messages) for n, (messages, _) in enumerate(test)]
    said = {answer.record_id: (answer.text or "").strip() for answer in student.complete(asked)}
    right = sum(said[str(n)] == wanted for n, (_, wanted) in enumerate(test))
    low, high = wilson(right, len(test))
    return {"accuracy": right / len(test), "low": low, "high": high, "n": len(test)}
