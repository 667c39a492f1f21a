"""Where two texts differ, word by word, for a page to mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

Part = tuple[Literal["same", "a", "b"], str]
"""What both have, or only one of them, with its text."""

_MOST_WORDS = 3000
"""Comparing takes the product of both lengths: longer texts are shown as they are."""


def word_difference(a: str, b: str) -> list[Part]:
    """The parts of both in reading order; those of `a` ("same", "a") joined are `a`, those of `b` are `b`."""
    ours, theirs = _words(a), _words(b)
    if max(len(ours), len(theirs)) > _MOST_WORDS:
        return [("same", a)] if a == b else [("a", a), ("b", b)]
    return list(_parts(ours, theirs))


def _words(text: str) -> list[str]:
    """Words, blanks and single signs; joined they are the text."""
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _parts(ours: list[str], theirs: list[str]) -> Iterator[Part]:
    for kind, start, end, other_start, other_end in SequenceMatcher(
        str.isspace, ours, theirs, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            yield "same", "".join(ours[start:end])
            continue
        if end > start:
            yield "a", "".join(ours[start:end])
        if other_end > other_start:
            yield "b", "".join(theirs[other_start:other_end])
