"""Reads from a pattern how far apart the characters can stand that one try of it looks at: of the match, before and behind it.

Covered: what Python's own parser reads as `regex` does, with bounded repeats and with repeats of one character that stay in one run of
a text, of blanks or of none. Not covered: other repeats without a bound, and syntax that only `regex` has: such a pattern may look anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

# What reads `re`'s patterns; `regex` has a parser of its own, which tells nothing.
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Any

import regex

from privacy.recognizers.needs import Pattern, as_parsed

# Properties that no blank has, and the others.
_OF_WORDS = regex.compile(r"\\p\{(?:L[ul]?|N|Latin)\}")
_PROPERTY = regex.compile(r"\\[pP]\{\^?[\w=]+\}|\\[pP]\w")
_UNKNOWN = "\ue000"
_RUN = regex.compile(r"\S{33,}|\s{33,}")
# Shorter runs are taken to be as long: nearly every text has one.
_USUAL_RUN = 32
_ANYWHERE = (math.inf, 0)


def longest_run(text: str) -> int:
    """Characters of the text's longest stretch without a blank, or of blanks; at least 32."""
    return max((match.end() - match.start() for match in _RUN.finditer(text)), default=_USUAL_RUN)


@cache
def reach(pattern: Pattern) -> tuple[float, int]:
    """(a, b): each try at a match looks at no more than a + b * `longest_run` characters in a row; a is infinite if nothing is known."""
    plain = _PROPERTY.sub(_UNKNOWN, _OF_WORDS.sub("a", pattern.pattern))
    parsed = as_parsed(pattern, plain)
    if parsed is None:
        return _ANYWHERE
    # A group that is matched again is no longer than all groups together.
    return _Reader(_Reader((0, 0)).items(parsed)).items(parsed)


class _Reader:
    """Adds up what may be looked at, as if all of it stood in a row."""

    def __init__(self, again: tuple[float, int]) -> None:
        self._again = again
        """How long what a group matched may be, where it is matched again."""

    def items(self, items: Iterable[Any]) -> tuple[float, int]:
        parts = [self._item(kind, value) for kind, value in items]
        return sum(chars for chars, _ in parts), sum(runs for _, runs in parts)

    def _item(self, kind: Any, value: Any) -> tuple[float, int]:
        if kind is sre.SUBPATTERN:
            return self.items(value[3])
        if kind is sre.ATOMIC_GROUP:
            return self.items(value)
        if kind in (sre.ASSERT, sre.ASSERT_NOT):
            return self.items(value[1])
        if kind is sre.BRANCH:
            ways = [self.items(way) for way in value[1]]
            return max(chars for chars, _ in ways), max(runs for _, runs in ways)
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            fewest, most, inside = value
            if most is not sre.MAXREPEAT:
                chars, runs = self.items(inside)
                return chars * most if most else 0, runs * most
            # One more, for the character that ends the run is looked at too.
            return (fewest + 1, 1) if len(inside) == 1 and _stays_in_a_run(*inside[0]) else _ANYWHERE
        if kind is sre.GROUPREF:
            return self._again
        if kind in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY, sre.AT):
            return 1, 0
        return _ANYWHERE


def _stays_in_a_run(kind: Any, value: Any) -> bool:
    """Whether an item of one character is a blank always, or never."""
    if kind is sre.LITERAL:
        return chr(value) != _UNKNOWN
    if kind is not sre.IN:
        return False
    blanks = {_is_blank(what, member) for what, member in value}
    return blanks in ({True}, {False}) and value[0][0] is not sre.NEGATE


def _is_blank(what: Any, member: Any) -> bool | None:
    """None where it is not known."""
    if what is sre.CATEGORY:
        known = {sre.CATEGORY_SPACE: True, sre.CATEGORY_DIGIT: False, sre.CATEGORY_WORD: False}
        return {**known, sre.CATEGORY_NOT_SPACE: False}.get(member)
    if what is sre.LITERAL:
        return None if chr(member) == _UNKNOWN else _BLANK.match(chr(member)) is not None
    return False if what is sre.RANGE and member[0] > 32 and member[1] < 128 else None


_BLANK = regex.compile(r"\s")
