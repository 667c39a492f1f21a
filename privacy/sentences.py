"""Cuts a text into sentences and says which of them a name could hide in, so that models are asked only about those.

Covered: a sentence of everyday words in lower case, without a digit or a capital inside, holds no name that a model would find.
Not covered: names that are everyday words in lower case ("will said so").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from privacy.recognizers.people import given_names, listed_names
from privacy.records import Span

_SENTENCE = regex.compile(r"[^.!?\n]{1,600}(?:[.!?\n]+(?!\S)|[.!?](?=\S)|\n)?")
# One or two words on a line of their own may be anything.
_FEWEST_WORDS = 3
_WORD = regex.compile(r"[^\s.,!?;:\"()]+")


def sentences(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Ranges of the sentences from `start` on, the longest 600 characters and more."""
    return (match.span() for match in _SENTENCE.finditer(text, start))


def everyday(words: frozenset[str]) -> frozenset[str]:
    """Of a language's frequent words those that are nobody's name."""
    return words - given_names() - listed_names("last_names")


def without_plain(text: str, found: Sequence[Span], words: frozenset[str]) -> str:
    """The text with blanks for each sentence of which every word is everyday or `found` already; all offsets stay."""
    if not words:
        return text
    covered = bytearray(len(text))
    for span in found:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    for start, end in sentences(text):
        if _is_plain(text, start, end, covered, words):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _is_plain(text: str, start: int, end: int, covered: bytearray, words: frozenset[str]) -> bool:
    count = 0
    for match in _WORD.finditer(text, start, end):
        if 0 not in covered[match.start() : match.end()]:
            count += 1
            continue
        word = match.group()
        if not count:
            word = word[0].lower() + word[1:]
        count += 1
        word = word.partition("'")[0]
        if (
            word not in words
            and word not in ("I", "a", "")
            and not (len(word) == 2 and word.islower() and word.isalpha())
        ):
            return False
    return count >= _FEWEST_WORDS
