"""Cuts a text into sentences and says which of them a name could hide in, so that models are asked only about those.

Covered: a sentence of everyday words in lower case, without a digit or a capital inside but those of words that are nobody's name,
holds no name that a model would find.
Not covered: names that are everyday words in lower case ("will said so").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import regex

from privacy.recognizers.people import NOT_NAMES, WORDS_IN_LOWER_CASE, given_names, listed_names
from privacy.records import Span

_SENTENCE = regex.compile(r"[^.!?\n]{1,600}(?:[.!?\n]+(?!\S)|[.!?](?=\S)|\n)?")
# One or two words on a line of their own may be anything, unless they have been found.
_FEWEST_WORDS = 3
_WORD = regex.compile(r"[^\s.,!?;:\"()]+")
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor doctor sir madam lady lord nurse officer judge uncle aunt auntie".split()
)


def sentences(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Ranges of the sentences from `start` on, the longest 600 characters and more."""
    return (match.span() for match in _SENTENCE.finditer(text, start))


def everyday(words: frozenset[str]) -> frozenset[str]:
    """Of a language's frequent words those that are nobody's name."""
    return words - given_names() - listed_names("last_names")


@lru_cache(maxsize=1)
def _nobody() -> frozenset[str]:
    """Words that are nobody's name with a capital either ("Please", "IBAN")."""
    return NOT_NAMES - listed_names("first_names", "first_names_male", "first_names_female", "last_names")


def in_lower_case(words: frozenset[str]) -> frozenset[str]:
    """Of a language's words those that in lower case are nobody's name, and those that are so though people have them for a name."""
    return everyday(words) | WORDS_IN_LOWER_CASE


def without_plain(
    text: str, found: Sequence[Span], words: frozenset[str], lower: frozenset[str] = WORDS_IN_LOWER_CASE
) -> str:
    """The text with blanks for each sentence of which every word is everyday, nobody's name or `found` already; all offsets stay.

    `words` are everyday ones, `lower` further ones that are so in lower case, behind a sentence's beginning.
    """
    if not words:
        return text
    covered = bytearray(len(text))
    for span in found:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    # A sentence helps to read its neighbours: where one is asked about, only the plainest are left out.
    if all(_is_plain(text, start, end, covered, words, lower) for start, end in sentences(text)):
        return " " * len(text)
    parts: list[str] = []
    done = 0
    for start, end in sentences(text):
        if _is_plain(text, start, end, covered, words, WORDS_IN_LOWER_CASE):
            parts += (text[done:start], " " * (end - start))
            done = end
    return "".join((*parts, text[done:])) if parts else text


def _is_plain(
    text: str, start: int, end: int, covered: bytearray, words: frozenset[str], lower: frozenset[str]
) -> bool:
    count = unknown = 0
    before = ""
    for match in _WORD.finditer(text, start, end):
        count += 1
        word = match.group()
        # At a sentence's beginning and after a title these are names.
        lower_case = count > 1 and before.casefold() not in _TITLES
        before = word
        if 0 not in covered[match.start() : match.end()]:
            continue
        unknown += 1
        if count == 1:
            word = word[0].lower() + word[1:]
        if word.endswith(("n't", "n’t")) or not any(map(str.isalnum, word)):
            continue
        word = word.partition("'")[0]
        if (
            word.casefold() not in _nobody()
            and word not in ("I", "a", "")
            and not all(
                part in words
                or (lower_case and part in lower)
                or (len(part) == 2 and part.islower() and part.isalpha())
                for part in word.split("-")
            )
        ):
            return False
    return count >= _FEWEST_WORDS or not unknown
