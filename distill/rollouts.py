"""What a student says while it learns: sampled answers with the log-probabilities that they were drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Rollout:
    """One sampled answer. Token ids are customer text in another spelling: they are never printed."""

    prompt_ids: tuple[int, ...] = field(repr=False)
    answer_ids: tuple[int, ...] = field(repr=False)
    """What was sampled, with the end-of-sequence token where the answer is finished. At least one token."""
    logprobs: tuple[float, ...] = field(repr=False)
    """The sampler's log-probability of each answer token, at the temperature of the sampling."""
    finished: bool
    """Whether the answer ended by itself; False where it was cut off."""


class Sampler(Protocol):
    """Draws answers of the student: in this process, or from a server that follows the training."""

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        group_size: int,
        max_new_tokens: int,
        temperature: float,
        seed: int,
    ) -> list[list[Rollout]]:
        """`group_size` answers for each prompt, in the order of the prompts, from the whole vocabulary (no top-p or top-k).

        The same weights and the same seed give the same answers where the sampler is deterministic.
        """
        ...

    def follow(self, model: Any) -> None:
        """Called with the trained model (PEFT) before sampling from weights that changed: what comes next must be from it."""
        ...
