"""Reads from a pattern how far apart the characters can stand that one try of it looks at: of the match, before and behind it.

Covered: patterns of `re`, and of `regex` whatever Python's own parser reads as that does, with bounded repeats and with repeats of one
character that stay in one run of a text, of blanks or of none. Not covered: other repeats without a bound; such a pattern may look anywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache

# What reads `re`'s patterns; `regex` has a parser of its own, which tells nothing.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

import regex

# What is written for either is read. `re` scans two to four times as fast, and has neither a clock nor `\p`.
Pattern: TypeAlias = regex.Pattern[str] | re.Pattern[str]
Width: TypeAlias = tuple[float, int]
"""(a, b) for a + b * `longest_run` characters; a is infinite if nothing is known."""
NO_WIDTH: Width = (0, 0)
_ANYWHERE: Width = (math.inf, 0)
# What is put in place of properties, of which `re` knows none: some are known to be of no ASCII character, some of no blank.
_SCRIPT = regex.compile(
    r"\\p\{(?:Greek|Cyrillic|Arabic|Hebrew|Armenian|Georgian|Devanagari|Thai|Han|Hiragana|Katakana|Hangul)\}"
)
_LETTER = regex.compile(r"\\p\{(?:L[ul]?|N|Latin)\}")
_PROPERTY = regex.compile(r"\\[pP]\{\^?[\w=]+\}|\\[pP]\w")
OF_SCRIPT, OF_LETTER, OF_PROPERTY = "\ue001", "\ue002", "\ue000"
_NAMED = regex.compile(r"\(\?P?<(?![=!])\w+>")
_NAME_AGAIN = regex.compile(r"\(\?P=\w+\)")
# `re` takes these for plain characters, `regex` for misspellings that are allowed and for classes of POSIX.
_READ_OTHERWISE = regex.compile(r"\{[\d<=]*[a-z]|\[:\^?\w+:\]")
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_RUN = regex.compile(r"\S{33,}|\s{33,}")
# Shorter runs are taken to be as long: nearly every text has one.
_USUAL_RUN = 32
_BLANK = regex.compile(r"\s")
# A place between two characters is counted as one of them.
_ONE_CHARACTER = frozenset({sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY, sre.AT})


def longest_run(text: str) -> int:
    """Characters of the text's longest stretch without a blank, or of blanks; at least 32."""
    return max((match.end() - match.start() for match in _RUN.finditer(text)), default=_USUAL_RUN)


@cache
def parsed(pattern: Pattern) -> Any | None:
    """The items of a pattern; None for what only `regex` reads."""
    if pattern.flags & (regex.VERSION1 | regex.REVERSE) or _READ_OTHERWISE.search(pattern.pattern):
        return None
    plain = pattern.pattern
    for properties, char in ((_SCRIPT, OF_SCRIPT), (_LETTER, OF_LETTER), (_PROPERTY, OF_PROPERTY)):
        plain = properties.sub(char, plain)
    # The names of groups may stand twice in `regex` only.
    plain = _NAME_AGAIN.sub(r"[\\w\\W]*", _NAMED.sub("(", plain))
    try:
        return _parser.parse(plain, pattern.flags & regex.VERBOSE and sre.SRE_FLAG_VERBOSE)
    except (_parser.error, OverflowError, RecursionError):
        return None


@cache
def reach(pattern: Pattern) -> Width:
    """How many characters in a row each try at a match looks at, at most."""
    items = parsed(pattern)
    if items is None:
        return _ANYWHERE
    # A group that is matched again is no longer than all groups together.
    return width(items, width(items, NO_WIDTH))


def width(items: Iterable[Any], again: Width) -> Width:
    """How many characters the items look at, as if all of it stood in a row; `again` is the most that a group may have matched."""
    chars: float = 0
    runs = 0
    for kind, value in items:
        if kind in _ONE_CHARACTER:
            chars += 1
            continue
        more_chars, more_runs = _width_of(kind, value, again)
        chars += more_chars
        runs += more_runs
    return chars, runs


def added(*widths: Width) -> Width:
    """All of them in a row."""
    return sum(chars for chars, _ in widths), sum(runs for _, runs in widths)


def widest(widths: Iterable[Width]) -> Width:
    """No less than any of them."""
    listed = list(widths)
    return max(chars for chars, _ in listed), max(runs for _, runs in listed)


def _width_of(kind: Any, value: Any, again: Width) -> Width:
    if kind is sre.SUBPATTERN:
        return width(value[3], again)
    if kind is sre.ATOMIC_GROUP:
        return width(value, again)
    if kind in (sre.ASSERT, sre.ASSERT_NOT):
        return width(value[1], again)
    if kind is sre.BRANCH:
        return widest(width(way, again) for way in value[1])
    if kind in REPEATS:
        fewest, most, inside = value
        if most is not sre.MAXREPEAT:
            chars, runs = width(inside, again)
            return (chars * most, runs * most) if most else NO_WIDTH
        # One more, for the character that ends the run is looked at too.
        return (fewest + 1, 1) if len(inside) == 1 and _stays_in_a_run(*inside[0]) else _ANYWHERE
    if kind is sre.GROUPREF:
        return again
    return _ANYWHERE


def looked_behind(items: Iterable[Any], again: Width) -> Width:
    """How far before a match what must stand before a place in it can begin."""
    widths = []
    for kind, value in items:
        if kind is sre.ASSERT and value[0] < 0:
            widths.append(width(value[1], again))
            continue
        inner = [value] if kind is sre.ATOMIC_GROUP else value[1] if kind is sre.BRANCH else []
        if kind is sre.SUBPATTERN:
            inner = [value[3]]
        elif kind in REPEATS:
            inner = [value[2]]
        elif kind is sre.ASSERT:
            inner = [value[1]]
        widths += [looked_behind(part, again) for part in inner]
    return widest((NO_WIDTH, *widths))


def _stays_in_a_run(kind: Any, value: Any) -> bool:
    """Whether an item of one character is a blank always, or never."""
    if kind is sre.LITERAL:
        return chr(value) != OF_PROPERTY
    if kind is not sre.IN:
        return False
    return {_is_blank(what, member) for what, member in value} in ({True}, {False})


def _is_blank(what: Any, member: Any) -> bool | None:
    """None where it is not known."""
    if what is sre.CATEGORY:
        known = {sre.CATEGORY_SPACE: True, sre.CATEGORY_DIGIT: False, sre.CATEGORY_WORD: False}
        return {**known, sre.CATEGORY_NOT_SPACE: False}.get(member)
    if what is sre.LITERAL:
        return None if chr(member) == OF_PROPERTY else _BLANK.match(chr(member)) is not None
    return False if what is sre.RANGE and member[0] > 32 and member[1] < 128 else None
