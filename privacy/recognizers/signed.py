"""Finds who a message is from and to: a name at its very end, a name alone before its first line, whoever is thanked or wished something.

Covered: one or two words that are no words of the language. Not covered: names that are words, names in the middle of a sentence.
"""

from __future__ import annotations

import regex

from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches_of
from privacy.records import Span

_NAME = r"(?P<x>\p{Lu}[\p{L}'’-]{2,24}(?:[ ]\p{Lu}[\p{L}'’-]{1,24})?)"
_FORMS = Group(
    (regex.compile(pattern), None)
    for pattern in (
        # "no change. -nilsen": an option of a command has no sentence before it, and no text ends with one.
        r"(?<=(?:[^\s-][^\s]*[ ]){4,5})[-–—~][ ]?(?P<x>\p{L}[\p{L}'’-]{3,24})(?=\s*\Z)",
        rf"(?<=[.!?)…][\s\"”]{{1,3}}){_NAME}(?=\s*\Z)",
        rf"(?<=\A\s{{0,3}}){_NAME}(?=,[ ]?\n)",
        rf"(?i:(?<!\w)(?:omg|thanks|thank you|thx|cheers|hey|congrat\w*|birthday|bday|well done|welcome)(?!\w)[^.!?\n]{{0,30}}?)[ ,]{_NAME}(?=!)",
    )
)
_COMMAND = regex.compile(
    r"[$={}<>|`]|(?<!\w)--?\w+[ ]-|::|(?<!\w)(?:sudo|git|npm|docker|kubectl|ls|grep|rm|cp|tar|curl|ssh)[ ]",
    regex.MULTILINE,
)


def find_signed(text: str, clock: Clock, words: frozenset[str]) -> list[Span]:
    """Spans of people; none if `words`, everyday ones, are empty. Raises TimeoutError."""
    if not words:
        return []
    return [
        Span(match.start("x"), match.end("x"), "PERSON", 0.4, "signed")
        for _, match in matches_of(_FORMS, text, clock)
        if not any(part in words or part in NOT_NAMES for part in match["x"].casefold().split())
        and (match["x"][0].isupper() or _COMMAND.search(text) is None)
    ]
