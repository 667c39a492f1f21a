"""One label out of a closed set."""

from __future__ import annotations

from distill.tasks.settings import TaskSettings


def _fold(text: str) -> str:
    """Case, quotes, spaces and underscores do not decide between labels: `Card arrival.` is `card_arrival`."""
    return "_".join(text.strip().strip("\"'`.*").casefold().replace("-", " ").replace("_", " ").split())


class Classify:
    """The answer is the label, and nothing else."""

    primary_metric = "accuracy"

    def __init__(self, settings: TaskSettings) -> None:
        self.settings = settings
        if len(settings.labels) < 2:
            raise ValueError("task.labels: a classification needs at least two labels")
        if settings.json_schema is not None:
            raise ValueError("task.json_schema belongs to kind = 'extract': remove it, or change the kind")
        self._labels = {_fold(label): label for label in settings.labels}
        if len(self._labels) != len(settings.labels):
            raise ValueError("task.labels: two labels differ only in case, spaces or punctuation; rename one")
        unreadable = [label for label in settings.labels if not _fold(label) or self.parse(label) != label]
        if unreadable:
            raise ValueError(f"task.labels: {unreadable[0]!r} cannot be read back from an answer; rename it")

    def parse(self, text: str) -> str | None:
        stripped = text.strip()
        first_line = stripped.splitlines()[0] if stripped else ""
        return self._labels.get(_fold(first_line))

    def canonical(self, value: str) -> str:
        return value

    def score(self, value: str | None, reference: str) -> dict[str, float]:
        return {"accuracy": float(value == reference)}

    def reward(self, value: str | None, reference: str) -> float:
        return float(value == reference)
