"""Reads from a pattern what every match of it holds: words, marks, digits in a row, one of each list at least.

Covered: patterns of `re`, and of `regex` whatever Python's own parser reads as that does. Not covered: other syntax, for which no need is told.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import cache

# What reads `re`'s patterns; `regex` has a parser of its own, which tells nothing.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

import regex

# What is written for either is read. `re` scans two to four times as fast, and has neither a clock nor `\p`.
Pattern: TypeAlias = regex.Pattern[str] | re.Pattern[str]
# Each match holds one of these strings at least.
Need = frozenset[str]
MOST_NEEDS = 4
# How many strings are carried on to what follows them, and how many a need may have.
_MOST_CARRIED, _MOST_STRINGS = 150, 5000
_MOST_ROUNDS = 9
# Between a word and what is no word. At the end of a text that is not all ASCII.
_BORDER, _BEYOND_ASCII = "\x01", "\x02"
# At the end of a text with a word of so many characters or more.
_LONG_WORD, LONG_WORD_CHARS = "\x03", 13
# About how many characters a text has, and what share of them a character has: needs are chosen by how often they are met by chance.
_USUAL_CHARS = 100
_SHARES = (
    {" ": 0.17, "0": 0.02, _BORDER: 0.35}
    | dict.fromkeys("aeinorst", 0.06)
    | dict.fromkeys("bcdfghjklmpquvwxyz.,", 0.015)
)
_STOPS = frozenset(".,:;!?")
_MOST_ODDS = 2.5
# What is put in place of properties, of which `re` knows none: some are known to be of no ASCII character.
_SCRIPT = regex.compile(
    r"\\p\{(?:Greek|Cyrillic|Arabic|Hebrew|Armenian|Georgian|Devanagari|Thai|Han|Hiragana|Katakana|Hangul)\}"
)
_PROPERTY = regex.compile(r"\\[pP]\{\^?[\w=]+\}|\\[pP]\w")
_OF_SCRIPT, _OF_PROPERTY = "\ue001", "\ue000"
# What stands in a pattern for itself and for something else here.
_OTHERS = frozenset({_BORDER, _BEYOND_ASCII, _LONG_WORD, _OF_SCRIPT, _OF_PROPERTY})
_NAMED = regex.compile(r"\(\?P?<(?![=!])\w+>")
_NAME_AGAIN = regex.compile(r"\(\?P=\w+\)")
# `re` takes these for plain characters, `regex` for misspellings that are allowed and for classes of POSIX.
_READ_OTHERWISE = regex.compile(r"\{[\d<=]*[a-z]|\[:\^?\w+:\]")
_WORDS = regex.compile(r"(\w+)")
_PLAIN = str.maketrans(dict.fromkeys("123456789", "0") | dict.fromkeys("\t\v\f\r\x1c\x1d\x1e\x1f", "\n"))
_ANY_DIGIT, _ANY_BLANK = regex.compile(r"\d"), regex.compile(r"[^\S\n]")
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_IN_ANY_CASE = regex.compile(r"\(\?[a-zA-Z]*i")


def as_it_is(text: str) -> str:
    """The text as needs are looked for in it: "0" for each digit, " " or a line break for each blank, the borders of words marked."""
    plain = _plain(text)
    longest = max(map(len, plain.split()), default=0)
    return (
        _BORDER.join(_WORDS.split(plain))
        + ("" if text.isascii() else _BEYOND_ASCII)
        + (_LONG_WORD if longest >= LONG_WORD_CHARS else "")
    )


def in_any_case(text: str) -> str:
    """What `as_it_is` gave, in lower case."""
    # `regex` takes both Turkish letters for an "i", casefold neither.
    return text.lower() if text.isascii() else text.replace("İ", "i").casefold().replace("ı", "i")


def _plain(text: str) -> str:
    text = text.translate(_PLAIN)
    return text if text.isascii() else _ANY_BLANK.sub(" ", _ANY_DIGIT.sub("0", text))


def _bordered(string: str) -> str:
    """What is needed as it stands in a text: with all borders inside, and those at its ends that are known."""
    marked = _BORDER.join(_WORDS.split(string.replace(_BORDER, "")))
    if not string.startswith(_BORDER):
        marked = marked.removeprefix(_BORDER)
    return marked if string.endswith(_BORDER) else marked.removesuffix(_BORDER)


def is_in_any_case(pattern: Pattern) -> bool:
    """Whether any part of the pattern matches in any case: its needs are to be looked for `in_any_case` then."""
    return bool(pattern.flags & regex.IGNORECASE) or _IN_ANY_CASE.search(pattern.pattern) is not None


@cache
def needs(pattern: Pattern) -> tuple[Need, ...]:
    """Up to MOST_NEEDS lists of strings as `is_in_any_case` says; every match holds one of each. Empty if nothing is known."""
    parsed = as_parsed(pattern, _PROPERTY.sub(_OF_PROPERTY, _SCRIPT.sub(_OF_SCRIPT, pattern.pattern)))
    if parsed is None:
        return ()
    found, carried = _Reader(is_in_any_case(pattern)).read(parsed, _NOTHING)
    best = _best([*found, carried])[:MOST_NEEDS]
    return tuple(frozenset(map(_bordered, _shortest(need))) for need in best)


_NOTHING: Need = frozenset({""})


def as_parsed(pattern: Pattern, plain: str) -> Any | None:
    """The items of a pattern, written without properties as `plain`; None for what only `regex` reads."""
    if pattern.flags & regex.VERSION1 or _READ_OTHERWISE.search(pattern.pattern):
        return None
    # The names of groups may stand twice in `regex` only.
    plain = _NAME_AGAIN.sub(r"[\\w\\W]*", _NAMED.sub("(", plain))
    try:
        return _parser.parse(plain, pattern.flags & regex.VERBOSE and sre.SRE_FLAG_VERBOSE)
    except (_parser.error, OverflowError, RecursionError):
        return None


class _Reader:
    """Goes through a parsed pattern and carries the strings of which one stands right before where it is."""

    def __init__(self, fold: bool) -> None:
        self._fold = fold

    def read(self, items: Iterable[Any], before: Need) -> tuple[list[Need], Need]:
        """(needs that were met on the way, what stands right before the end of the items)."""
        found: list[Need] = []
        for kind, value in items:
            if kind in (sre.AT, sre.ASSERT_NOT):
                # Of no width; a word that begins or ends there has its border there.
                if value is not sre.AT_NON_BOUNDARY if kind is sre.AT else _is_no_word(value[1]):
                    before = frozenset(string.removesuffix(_BORDER) + _BORDER for string in before)
                continue
            if kind is sre.ASSERT:
                direction, inside = value
                # Behind stands what was carried anyway, or is first.
                met, end = self.read(inside, before if direction > 0 else _NOTHING)
                found += [*met, end]
                if direction < 0 and _odds(end) < _odds(before):
                    before = end
                continue
            met, before = self._item(kind, value, before)
            found += met
        return found, before

    def _item(self, kind: Any, value: Any, before: Need) -> tuple[list[Need], Need]:
        if kind is sre.SUBPATTERN:
            return self.read(value[3], before)
        if kind is sre.ATOMIC_GROUP:
            return self.read(value, before)
        if kind is sre.BRANCH:
            met, end = _either([self.read(branch, before) for branch in value[1]])
            if end != _NOTHING or before == _NOTHING:
                return met, end
            # Too many with what stands before them: by themselves they may be few.
            more, end = _either([self.read(branch, _NOTHING) for branch in value[1]])
            return [before, *met, *more], end
        if kind in _REPEATS:
            fewest, most, inside = value
            return self._repeat(fewest, most, inside, before)
        chars = self._chars(kind, value)
        if chars is not None:
            return _carry(before, chars)
        told = [] if self._fold or not _is_beyond_ascii(kind, value) else [frozenset({_BEYOND_ASCII})]
        return [before, *told], _NOTHING

    def _repeat(self, fewest: int, most: Any, inside: Any, before: Need) -> tuple[list[Need], Need]:
        found: list[Need] = []
        for _ in range(min(fewest, _MOST_ROUNDS)):
            met, before = self.read(inside, before)
            found += met
        if fewest >= LONG_WORD_CHARS and len(inside) == 1 and _is_unbroken(*inside[0]):
            found.append(frozenset({_LONG_WORD}))
        more = _MOST_ROUNDS if most is sre.MAXREPEAT else most - fewest
        if fewest > _MOST_ROUNDS or more > 3:
            # Of many more rounds only the last ones are known.
            found.append(before)
            before = _NOTHING
            for _ in range(min(fewest, _MOST_ROUNDS)):
                before = self.read(inside, before)[1]
            return found, before
        for _ in range(more):
            met, before = _either([([], before), self.read(inside, before)])
            found += met
        return found, before

    def _chars(self, kind: Any, value: Any) -> Need | None:
        """What one item of one character can be, if that is a short list."""
        if kind is sre.LITERAL:
            return None if chr(value) in _OTHERS else frozenset({self._char(value)})
        if kind is not sre.IN:
            return None
        chars: set[str] = set()
        for what, member in value:
            if what is sre.CATEGORY and member in (sre.CATEGORY_DIGIT, sre.CATEGORY_SPACE):
                chars.update("0" if member is sre.CATEGORY_DIGIT else " \n")
            elif what is sre.LITERAL:
                chars.add(self._char(member))
            elif what is sre.RANGE and member[1] - member[0] <= 26:
                chars.update(map(self._char, range(member[0], member[1] + 1)))
            else:
                return None
        return frozenset(chars) if chars.isdisjoint(_OTHERS) else None

    def _char(self, code: int) -> str:
        char = _plain(chr(code))
        return in_any_case(char) if self._fold else char


def _is_no_word(excluded: Any) -> bool:
    """Whether no character of a word can stand where `excluded` cannot."""
    if len(excluded) != 1:
        return False
    kind, value = excluded[0]
    if kind is sre.BRANCH:
        return any(map(_is_no_word, value[1]))
    return kind is sre.IN and value[0][0] is not sre.NEGATE and (sre.CATEGORY, sre.CATEGORY_WORD) in value


def _is_unbroken(kind: Any, value: Any) -> bool:
    """Whether one item of one character is no blank."""
    return kind is sre.IN and all(
        (what is sre.CATEGORY and member in (sre.CATEGORY_DIGIT, sre.CATEGORY_WORD))
        or (what is sre.LITERAL and not chr(member).isspace() and chr(member) != _OF_PROPERTY)
        or (what is sre.RANGE and member[1] < 128 and chr(member[0]) > " ")
        for what, member in value
    )


def _is_beyond_ascii(kind: Any, value: Any) -> bool:
    if kind is sre.LITERAL:
        return chr(value) == _OF_SCRIPT
    return kind is sre.IN and all(
        (what is sre.LITERAL and member >= 128 and chr(member) != _OF_PROPERTY)
        or (what is sre.RANGE and member[0] >= 128)
        for what, member in value
    )


def _carry(before: Need, chars: Need) -> tuple[list[Need], Need]:
    if len(before) * len(chars) > _MOST_CARRIED:
        found, last = [before], frozenset(string[-1:] for string in before)
        before = last if len(last) * len(chars) <= _MOST_CARRIED else _NOTHING
    else:
        found = []
    if len(chars) > _MOST_CARRIED:
        return found, _NOTHING
    return found, frozenset(string + char for string in before for char in chars)


def _either(ways: Sequence[tuple[list[Need], Need]]) -> tuple[list[Need], Need]:
    """What is needed whichever way is taken, and what may stand at its end."""
    best = [_best([*found, end])[:1] for found, end in ways]
    met = [frozenset(itertools.chain(*(need for (need,) in best)))] if all(best) else []
    end = frozenset(itertools.chain(*(end for _, end in ways)))
    # What ends with another of them says no more than that.
    end = frozenset(
        string for string in end if not any(string[at:] in end for at in range(1, len(string) + 1))
    )
    if "" in end or len(end) > _MOST_CARRIED:
        return met, _NOTHING
    return met, end


def _best(found: Iterable[Need]) -> list[Need]:
    """The needs that are met least often by chance, the best first."""
    told = [(odds, sorted(need), need) for need in set(found) if (odds := _odds(need)) <= _MOST_ODDS]
    return [need for *_, need in sorted(told)]


def _odds(need: Need) -> float:
    if len(need) > _MOST_STRINGS:
        return float(_USUAL_CHARS)
    # A long list is dearer to look for.
    return sum(map(_odds_of, need)) + len(need) / 20_000


@cache
def _odds_of(string: str) -> float:
    odds = float(_USUAL_CHARS)
    for last, char in zip(" " + string, string, strict=False):
        odds *= _SHARES.get(char, 0.002)
        if char == "0":
            # A digit stands beside a digit, seldom beside a letter.
            odds *= 20 if last == "0" else 0.1 if last.isalpha() else 1
        elif last in _STOPS and char.isalpha():
            # A blank stands there, as a rule.
            odds *= 0.05
    return odds


def _shortest(strings: Need) -> Need:
    """Without strings that hold another of them: where they are, it is."""
    kept: set[str] = set()
    for string in sorted(strings, key=len):
        if not any(string[a:b] in kept for a, b in itertools.combinations(range(len(string) + 1), 2)):
            kept.add(string)
    return frozenset(kept)
