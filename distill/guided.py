"""Answers held to a closed set: at each place only tokens that lead to one of them, as a server's guided decoding does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Choices:
    """A tree of the allowed answers in a tokenizer's ids, each ended by its end-of-turn token."""

    def __init__(self, tokenizer: Any, answers: Sequence[str]) -> None:
        """Raises ValueError without answers: then nothing could be said."""
        if not answers:
            raise ValueError("an answer can be held to some choices, not to none")
        self._end: int = tokenizer.eos_token_id
        self._tree: dict[int, Any] = {}
        for answer in answers:
            place = self._tree
            for token in [*tokenizer(answer, add_special_tokens=False)["input_ids"], self._end]:
                place = place.setdefault(token, {})

    def allowed(self, said: Sequence[int]) -> list[int]:
        """The ids that may follow the beginning of an answer; after its end, that end again."""
        place = self._tree
        for token in said:
            place = place.get(token, {})
        return list(place) or [self._end]
