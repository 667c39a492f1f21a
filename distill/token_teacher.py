"""A teacher that judges the student's own answers token by token: what on-policy distillation compares with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from distill.packing import answer_logits, check_packable, pack
from distill.rollouts import Rollout
from distill.student import Device, load_model


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

    distributions: bool
    """Whether it gives whole distributions. It is then asked for a few rollouts at a time, and for all at once if not."""

    @property
    def name(self) -> str:
        """For metrics and reports."""
        ...

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        """One result a rollout, in order. Raises TrainingError where the teacher does not answer."""
        ...


class InProcessTeacher:
    """A local model with the student's vocabulary, in bf16 in this process: it gives whole distributions."""

    distributions = True

    def __init__(self, path: Path, device: Device) -> None:
        """That the vocabularies are the same is the caller's to check (`served_teacher.check_same_vocabulary`)."""
        self.name = path.name
        self._network = load_model(path, device)

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        """See TokenTeacher. All rollouts are held at once, with a distribution for each token: give few."""
        import torch

        longest = max(len(rollout.prompt_ids) + len(rollout.answer_ids) for rollout in rollouts)
        check_packable(self._network.config, longest, "teacher")
        with torch.no_grad():
            row = pack(rollouts, self._network.device)
            logprobs = answer_logits(self._network, row).log_softmax(dim=-1)
        said = logprobs[row.predicted_at, row.targets].tolist()
        lengths = [len(rollout.answer_ids) for rollout in rollouts]
        distributions = logprobs[row.predicted_at].split(lengths)
        ends = list(itertools.accumulate(lengths))
        return [
            TokenScores(tuple(said[end - length : end]), distribution)
            for end, length, distribution in zip(ends, lengths, distributions, strict=True)
        ]
