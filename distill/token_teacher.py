"""A teacher that judges the student's own answers token by token: what on-policy distillation compares with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from distill.rollouts import Rollout


@dataclass(frozen=True, slots=True)
class TokenScores:
    """What a teacher makes of one rollout, at temperature 1; one entry an answer token."""

    logprobs: tuple[float | None, ...] = field(repr=False)
    """The teacher's log-probability of the token that the student sampled; None where it has none to give (a token that
    another vocabulary cannot place), and such a token teaches nothing."""
    distribution: Any | None = field(default=None, repr=False)
    """The teacher's log-probabilities of the student's whole vocabulary, fp32, shape (answer tokens, vocabulary); None
    from a teacher that tells only what was sampled."""


class TokenTeacher(Protocol):
    """Scores answers that somebody else sampled."""

    @property
    def name(self) -> str:
        """For metrics and reports."""
        ...

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        """One result a rollout, in order. Raises TrainingError where the teacher does not answer."""
        ...
