"""What the attack needs of a model: the loss of given text, and text of its own.

Covered: the contract that a caller implements over real weights, and tests over hand-made fakes. Not covered:
attacks that need gradients or hidden states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """Where the model goes on: in the user's own turn, or in its answer. Instructions come from the implementation."""

    user: str = field(repr=False)
    """What the user has written."""
    answer: str | None = field(default=None, repr=False)
    """None: the user's turn is still open, and the model goes on writing it. Otherwise that turn has ended, and this
    is what has been said of the answer so far."""


class LanguageModel(Protocol):
    """A causal language model behind a chat template."""

    def losses(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        """Negative log-likelihood of each continuation, in nats summed over its tokens. Each is tokenised apart from
        the prompt."""
        ...

    def token_losses(self, pairs: Sequence[tuple[Prompt, str]]) -> list[tuple[float, ...]]:
        """The same for one continuation a prompt, token by token."""
        ...

    def sample(self, prompts: Sequence[Prompt], max_tokens: int, temperature: float, seed: int) -> list[str]:
        """One text a prompt; temperature 0 takes the likeliest token each time."""
        ...
