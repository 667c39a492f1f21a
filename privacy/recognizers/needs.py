"""Reads from a pattern what every match of it holds, and how far from its beginning: words, marks, digits in a row, one of each list at least.

Covered: patterns of `re`, and of `regex` whatever Python's own parser reads as that does. Not covered: other syntax, for which no need is told.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cache

# What reads `re`'s patterns; `regex` has a parser of its own, which tells nothing.
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Any, TypeAlias

import regex

from privacy.recognizers.reach import (
    NO_WIDTH,
    OF_LETTER,
    OF_PROPERTY,
    OF_SCRIPT,
    REPEATS,
    Pattern,
    Width,
    added,
    parsed,
    widest,
    width,
)

# Each match holds one of these strings at least.
Need = frozenset[str]
# With how far from the beginning of a match it ends, at most.
Placed: TypeAlias = tuple[Need, Width]
MOST_NEEDS = 4
# How many strings are carried on to what follows them, and how many a need may have.
_MOST_CARRIED, _MOST_STRINGS = 150, 5000
_MOST_ROUNDS = 9
# Between a word and what is no word. At the end of a text that is not all ASCII.
BORDER, BEYOND_ASCII = "\x01", "\x02"
# At the end of a text with a word of so many characters or more.
LONG_WORD, LONG_WORD_CHARS = "\x03", 13
# About how many characters a text has, and what share of them a character has: needs are chosen by how often they are met by chance.
_USUAL_CHARS = 100
_SHARES = (
    {" ": 0.17, "0": 0.02, BORDER: 0.35}
    | dict.fromkeys("aeinorst", 0.06)
    | dict.fromkeys("bcdfghjklmpquvwxyz.,", 0.015)
)
_STOPS = frozenset(".,:;!?")
_MOST_ODDS = 2.5
# What stands in a pattern for itself and for something else here.
_OTHERS = frozenset({BORDER, BEYOND_ASCII, LONG_WORD, OF_SCRIPT, OF_LETTER, OF_PROPERTY})
_WORDS = regex.compile(r"(\w+)")
_PLAIN = str.maketrans(
    dict.fromkeys("123456789", "0")
    | dict.fromkeys("\t\v\f\r\x1c\x1d\x1e\x1f", "\n")
    | dict.fromkeys(BORDER + BEYOND_ASCII + LONG_WORD, "\x04")
)
_ANY_DIGIT, _ANY_BLANK = regex.compile(r"\d"), regex.compile(r"[^\S\n]")
_IN_ANY_CASE = regex.compile(r"\(\?[a-zA-Z]*i")


def as_it_is(text: str) -> str:
    """The text as needs are looked for in it: "0" for each digit, " " or a line break for each blank, the borders of words marked."""
    plain = _plain(text)
    longest = max(map(len, plain.split()), default=0)
    return (
        BORDER.join(_WORDS.split(plain))
        + ("" if text.isascii() else BEYOND_ASCII)
        + (LONG_WORD if longest >= LONG_WORD_CHARS else "")
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
    marked = BORDER.join(_WORDS.split(string.replace(BORDER, "")))
    if not string.startswith(BORDER):
        marked = marked.removeprefix(BORDER)
    return marked if string.endswith(BORDER) else marked.removesuffix(BORDER)


def is_in_any_case(pattern: Pattern) -> bool:
    """Whether any part of the pattern matches in any case: its needs are to be looked for `in_any_case` then."""
    return bool(pattern.flags & regex.IGNORECASE) or _IN_ANY_CASE.search(pattern.pattern) is not None


@cache
def needs(pattern: Pattern) -> tuple[Placed, ...]:
    """Up to MOST_NEEDS lists of strings as `is_in_any_case` says; every match holds one of each. Empty if nothing is known."""
    items = parsed(pattern)
    if items is None:
        return ()
    again = width(items, NO_WIDTH)
    found, carried = _Reader(is_in_any_case(pattern), again).read(items, _NOTHING, NO_WIDTH)
    best = _best([*found, (carried, width(items, again))])[:MOST_NEEDS]
    return tuple((frozenset(map(_bordered, _shortest(need))), end) for need, end in best)


_NOTHING: Need = frozenset({""})


class _Reader:
    """Goes through a parsed pattern and carries the strings of which one stands right before where it is."""

    def __init__(self, fold: bool, again: Width) -> None:
        self._fold = fold
        self._again = again
        self._widths: dict[int, Width] = {}

    def read(self, items: Iterable[Any], before: Need, at: Width) -> tuple[list[Placed], Need]:
        """(needs that were met on the way, what stands right before the end of the items); they begin `at` so far from the match's beginning."""
        found: list[Placed] = []
        for kind, value in items:
            if kind in (sre.AT, sre.ASSERT_NOT):
                # Of no width; a word that begins or ends there has its border there.
                if value is not sre.AT_NON_BOUNDARY if kind is sre.AT else _is_no_word(value[1]):
                    before = frozenset(string.removesuffix(BORDER) + BORDER for string in before)
                continue
            past = added(at, self._width(kind, value))
            if kind is sre.ASSERT:
                direction, inside = value
                # Behind stands what was carried anyway, or is first.
                met, end = self.read(inside, before if direction > 0 else _NOTHING, at)
                found += [*met, (end, past)]
                if direction < 0 and _odds(end) < _odds(before):
                    before = end
                continue
            met, before = self._item(kind, value, before, at, past)
            found += met
            at = past
        return found, before

    def _width(self, kind: Any, value: Any) -> Width:
        # Items are read many times, on the way to others and by themselves.
        found = self._widths.get(id(value))
        if found is None or isinstance(value, int):
            found = self._widths[id(value)] = width([(kind, value)], self._again)
        return found

    def _item(self, kind: Any, value: Any, before: Need, at: Width, past: Width) -> tuple[list[Placed], Need]:
        if kind is sre.SUBPATTERN:
            return self.read(value[3], before, at)
        if kind is sre.ATOMIC_GROUP:
            return self.read(value, before, at)
        if kind is sre.BRANCH:
            met, end = _either([(*self.read(branch, before, at), past) for branch in value[1]])
            if end != _NOTHING or before == _NOTHING:
                return met, end
            # Too many with what stands before them: by themselves they may be few.
            more, end = _either([(*self.read(branch, _NOTHING, at), past) for branch in value[1]])
            return [(before, at), *met, *more], end
        if kind in REPEATS:
            fewest, most, inside = value
            met, before = self._repeat(fewest, most, inside, before)
            return [(need, past) for need, _ in met], before
        chars = self._chars(kind, value)
        if chars is not None:
            needed, before = _carry(before, chars)
            return [(need, at) for need in needed], before
        told = [] if self._fold or not _is_beyond_ascii(kind, value) else [(frozenset({BEYOND_ASCII}), past)]
        return [(before, at), *told], _NOTHING

    def _repeat(self, fewest: int, most: Any, inside: Any, before: Need) -> tuple[list[Placed], Need]:
        """As `read`, but for where the needs are."""
        found: list[Placed] = []
        for _ in range(min(fewest, _MOST_ROUNDS)):
            met, before = self.read(inside, before, NO_WIDTH)
            found += met
        if fewest >= LONG_WORD_CHARS and len(inside) == 1 and _is_unbroken(*inside[0]):
            found.append((frozenset({LONG_WORD}), NO_WIDTH))
        more = _MOST_ROUNDS if most is sre.MAXREPEAT else most - fewest
        if fewest > _MOST_ROUNDS or more > 3:
            # Of many more rounds only the last ones are known.
            found.append((before, NO_WIDTH))
            before = _NOTHING
            for _ in range(min(fewest, _MOST_ROUNDS)):
                before = self.read(inside, before, NO_WIDTH)[1]
            return found, before
        for _ in range(more):
            met, before = _either([([], before, NO_WIDTH), (*self.read(inside, before, NO_WIDTH), NO_WIDTH)])
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
        or (what is sre.LITERAL and not chr(member).isspace() and chr(member) != OF_PROPERTY)
        or (what is sre.RANGE and member[1] < 128 and chr(member[0]) > " ")
        for what, member in value
    )


def _is_beyond_ascii(kind: Any, value: Any) -> bool:
    if kind is sre.LITERAL:
        return chr(value) == OF_SCRIPT
    return kind is sre.IN and all(
        (what is sre.LITERAL and member >= 128 and chr(member) not in (OF_LETTER, OF_PROPERTY))
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


def _either(ways: Sequence[tuple[list[Placed], Need, Width]]) -> tuple[list[Placed], Need]:
    """What is needed whichever way is taken, and what may stand at its end; of each way (needs, what stands at its end, where that is)."""
    best = [_best([*found, (end, past)])[:1] for found, end, past in ways]
    met: list[Placed] = []
    if all(best):
        needed = frozenset(itertools.chain(*(need for ((need, _),) in best)))
        met = [(needed, widest(end for ((_, end),) in best))]
    end = frozenset(itertools.chain(*(end for _, end, _ in ways)))
    if "" in end:
        return met, _NOTHING
    # What ends with another of them says no more than that.
    lengths = sorted(set(map(len, end)))
    end = frozenset(
        string for string in end if not any(string[-n:] in end for n in lengths if n < len(string))
    )
    if len(end) > _MOST_CARRIED:
        return met, _NOTHING
    return met, end


def _best(found: Iterable[Placed]) -> list[Placed]:
    """The needs that are met least often by chance, the best first."""
    nearest: dict[Need, Width] = {}
    for need, end in found:
        nearest[need] = min(end, nearest.get(need, end))
    told = [(odds, sorted(need), need) for need in nearest if (odds := _odds(need)) <= _MOST_ODDS]
    return [(need, nearest[need]) for *_, need in sorted(told)]


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
    lengths: set[int] = set()
    for string in sorted(strings, key=len):
        if not any(string[at : at + n] in kept for n in lengths for at in range(len(string) - n + 1)):
            kept.add(string)
            lengths.add(len(string))
    return frozenset(kept)
