"""A teacher that is asked with its own instructions: a student may have learnt to do with shorter ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from distill.rollouts import Rollout
from distill.token_teacher import TokenScores, TokenTeacher


class InstructedTeacher:
    """A `TokenTeacher` of the student's vocabulary that sees another prompt before the student's answer."""

    def __init__(self, inner: TokenTeacher, prompts: Mapping[tuple[int, ...], Sequence[int]]) -> None:
        """`prompts`: the teacher's prompt for each of the student's."""
        self._inner = inner
        self._prompts = prompts
        self.distributions = inner.distributions

    @property
    def name(self) -> str:
        return self._inner.name

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        """See `TokenTeacher.score`."""
        return self._inner.score(
            [replace(rollout, prompt_ids=tuple(self._prompts[rollout.prompt_ids])) for rollout in rollouts]
        )
