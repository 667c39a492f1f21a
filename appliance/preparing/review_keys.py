"""What a reviewer types to mark something that was not found: word numbers and a kind, such as `12-14 person`.

Pure functions of offsets and keys: a text goes in, nothing of it comes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.preparing.review_book import Mark, ReviewError
from privacy.entities import ENTITY_TYPES

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_TYPED = re.compile(r"\s*(\d+)(?:\s*-\s*(\d+))?\s+([A-Za-z_ ]+?)\s*")

LETTERS: Mapping[str, str] = {
    "p": "PERSON", "o": "ORGANIZATION", "l": "LOCATION", "a": "ADDRESS", "t": "PHONE_NUMBER", "e": "EMAIL_ADDRESS",
    "d": "DATE_TIME", "b": "DATE_OF_BIRTH", "i": "REFERENCE_ID", "c": "CUSTOMER_ID", "u": "USERNAME", "s": "SECRET",
}  # fmt: skip
"""One letter for the commonest kinds."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a record, by its number on the screen."""

    number: int
    field: str
    start: int
    end: int


def words_of(texts: Mapping[str, str]) -> list[Word]:
    """Every word of the fields in their order, numbered from 1; signs between them are none."""
    words: list[Word] = []
    for field, text in texts.items():
        for match in _WORD.finditer(text):
            words.append(Word(len(words) + 1, field, match.start(), match.end()))
    return words


def read_addition(typed: str, words: Sequence[Word]) -> Mark:
    """The mark that was typed, from the first word's first letter to the last one's last. Raises ReviewError."""
    match = _TYPED.fullmatch(typed)
    if match is None:
        raise ReviewError("type a word's number, or two with a dash between them, and a kind: 12-14 person")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last <= len(words):
        raise ReviewError(f"words have the numbers 1 to {len(words)}, the smaller one first")
    begin, end = words[first - 1], words[last - 1]
    if begin.field != end.field:
        raise ReviewError("a mark lies within one field: these words stand in two")
    return Mark(begin.field, begin.start, end.end, kind_of(match[3]))


def kind_of(typed: str) -> str:
    """A type by its letter, its name, or as much of the name as no other type begins with. Raises ReviewError."""
    wanted = typed.strip().upper().replace(" ", "_")
    if wanted.lower() in LETTERS:
        return LETTERS[wanted.lower()]
    if wanted in ENTITY_TYPES:
        return wanted
    found = [name for name in ENTITY_TYPES if name.startswith(wanted)]
    if len(found) != 1:
        said = f"could be {' or '.join(found[:4])}" if found else "is no kind of personal data"
        raise ReviewError(f"'{wanted.lower()[:20]}' {said}: type more of it, or its letter")
    return found[0]
