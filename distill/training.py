"""What all training shares to the outside: progress, errors, live metrics, the result."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill.checkpoints import write_atomically

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and a short note such as the loss."""


class TrainingError(Exception):
    """Training that cannot go on; the message says why and what to do. The last good checkpoint is kept."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What training did, read back from its metrics file, so that a resumed run tells the same story."""

    steps: int
    seconds: float
    """Time spent in steps, over all attempts; loading is not in it."""
    examples: int
    first: float
    """The watched metric (loss or reward) averaged over the first tenth of the steps."""
    last: float
    """The same over the last tenth."""
    curve: tuple[tuple[int, float], ...]


class Metrics:
    """`metrics.jsonl`: one line a logged step, written as it happens; a console may follow it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        rows = []
        for line in self._path.read_text().splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break  # a line cut by a kill is the last one
        return rows

    def rewind(self, step: int) -> None:
        """Forgets what came after a step: it will be done again."""
        kept = [row for row in self.rows() if row["step"] <= step]
        write_atomically(self._path, "".join(json.dumps(row) + "\n" for row in kept))

    def append(self, row: dict[str, Any]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def result(self, watched: str) -> TrainingResult:
        rows = [row for row in self.rows() if watched in row]
        values = [row[watched] for row in rows]
        if not values:
            raise TrainingError("training logged no step: there is too little data for one batch")
        tenth = max(1, len(values) // 10)
        return TrainingResult(
            steps=rows[-1]["step"],
            seconds=sum(row["seconds"] for row in rows),
            examples=sum(row["examples"] for row in rows),
            first=sum(values[:tenth]) / tenth,
            last=sum(values[-tenth:]) / tenth,
            curve=tuple((row["step"], row[watched]) for row in rows),
        )
