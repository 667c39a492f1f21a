"""What an answer earns: scores of single rewards, and their weighted mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from distill.tasks import Task
from distill.values import Example

MOST_CHARS = 50_000
"""Longer answers earn nothing, unread: the time of some rewards grows with the square of the length."""


@dataclass(frozen=True, slots=True)
class RewardScore:
    """What one reward says of one answer."""

    name: str
    value: float | None
    """In [0, 1]; None where it cannot be judged."""
    reason: str | None = None
    """Why it could not be judged; without any text of the record or the answer."""


@dataclass(frozen=True, slots=True)
class Rewarded:
    """What one answer earns. A record that nothing could judge has the value None: leave it out of its group."""

    value: float | None
    """Weighted mean of the parts that were judged, in [0, 1]."""
    parts: Mapping[str, float | None]
    """By reward, for the charts; None where it was not judged."""
    unjudged: Mapping[str, str] = field(default_factory=dict)
    """By reward: why it was not judged."""


Judge = Callable[[Example, str], RewardScore]
"""One reward: (the record, the answer's text) -> its score. Raises nothing for whatever stands in the answer."""


@dataclass(frozen=True, slots=True)
class Reward:
    """All rewards of a use case as one function of a record and an answer. Close it, or use it in a `with`."""

    weighted: tuple[tuple[float, str, Judge], ...]
    """(weight, name, reward)."""
    on_close: tuple[Callable[[], None], ...] = field(default=(), repr=False)
    """What ends the processes that some rewards keep."""

    def __call__(self, example: Example, completion: str) -> Rewarded:
        if len(completion) > MOST_CHARS:
            scores = [RewardScore(name, 0.0) for _, name, _ in self.weighted]
        else:
            scores = [judge(example, completion) for _, _, judge in self.weighted]
        earned = total = 0.0
        for (weight, _, _), score in zip(self.weighted, scores, strict=True):
            if score.value is not None:
                assert 0.0 <= score.value <= 1.0, f"the reward '{score.name}' is outside [0, 1]"
                earned += weight * score.value
                total += weight
        return Rewarded(
            min(1.0, earned / total) if total else None,
            {score.name: score.value for score in scores},
            {score.name: score.reason or "not judged" for score in scores if score.value is None},
        )

    def __enter__(self) -> Reward:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what the rewards keep running."""
        for end in self.on_close:
            end()


def said(task: Task, field_name: str | None, text: str) -> Any | None:
    """What is compared: the answer in canonical form, so that words around it do not count, or one field of it.

    None where the task cannot read the text, or the field is not there.
    """
    value = task.parse(text)
    if value is None:
        return None
    if field_name is None:
        return task.canonical(value)
    return value.get(field_name) if isinstance(value, dict) else None
