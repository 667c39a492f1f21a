"""Says of a pattern and a text, without a search, that there can be no match: some word or number that every match holds is not there.

Covered: words, marks and runs of digits that a pattern cannot do without, read from the pattern itself. Not covered: patterns
whose syntax Python's own parser does not know; those may always match.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cache, lru_cache
from operator import itemgetter

# What reads `re`'s patterns; `regex` has a parser of its own, which tells nothing.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import ahocorasick
import regex

# A need: each match holds one of these at least. A string stands for itself in any case, "\0" and a number for so many digits in a row.
Need = frozenset[str]
_FEWEST_STRINGS, _MOST_STRINGS = 60, 3000
_MOST_DIGITS = 9
# How often a string of so many characters, or a run of so many digits, is in a text by chance; of the fewest the best need is made.
_STRING_ODDS = (1.0, 0.4, 0.15, 0.03, 0.01, 0.002, 0.001)
_DIGIT_ODDS = (1.0, 0.55, 0.4, 0.35, 0.3, 0.2)
_DIGITS = regex.compile(r"\d+")
_PROPERTY = regex.compile(r"\\[pP]\{\^?[\w=]+\}|\\[pP]\w")
_NAMED = regex.compile(r"\(\?P?<(?![=!])\w+>")
_NAME_AGAIN = regex.compile(r"\(\?P=\w+\)")
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def may_match(pattern: regex.Pattern[str], text: str) -> bool:
    """False only if the pattern matches nowhere in the text."""
    needed = needs(pattern)
    if needed:
        present = _present(text, len(_known))
        for need in needed:
            if need.isdisjoint(present):
                return False
    return True


@cache
def needs(pattern: regex.Pattern[str]) -> tuple[Need, ...]:
    """What every match holds: of each of these sets something, in any case. None for a pattern that says nothing of the kind."""
    # Properties tell of no string and no ASCII digit; the names of groups may stand twice in `regex` only.
    plain = _NAME_AGAIN.sub("(?:)", _NAMED.sub("(", _PROPERTY.sub(r"\\w", pattern.pattern)))
    try:
        parsed = _parser.parse(plain, 0)
    except (_parser.error, OverflowError, RecursionError):
        return ()
    found = _Reader().of(parsed)
    for need in found:
        _known.update(need)
    return found


# All strings that any pattern seen so far needs, and those of them that `_automaton` looks for.
_known: set[str] = set()
_listed: set[str] = set()
_automaton = ahocorasick.Automaton()


@lru_cache(maxsize=4)
def _present(text: str, num_known: int) -> frozenset[str]:
    """Of the `num_known` strings and runs of digits that are looked for those that the text holds."""
    if len(_listed) < num_known:
        for string in _known - _listed:
            if string[0] != "\0":
                _automaton.add_word(string, string)
        _listed.update(_known)
        _automaton.make_automaton()
    # `regex` takes both Turkish letters for an "i", casefold neither.
    folded = text.lower() if text.isascii() else text.replace("İ", "i").casefold().replace("ı", "i")
    longest = max(map(len, _DIGITS.findall(folded)), default=0)
    found = {f"\0{number}" for number in range(1, min(longest, _MOST_DIGITS) + 1)}
    if _automaton.kind == ahocorasick.AHOCORASICK:
        found.update(map(itemgetter(1), _automaton.iter(folded)))
    return frozenset(found)


def _odds(need: Need) -> float:
    return sum(map(_odds_of, need))


def _odds_of(string: str) -> float:
    if string[0] == "\0":
        return _DIGIT_ODDS[min(int(string[1:]), len(_DIGIT_ODDS) - 1)]
    if len(string) == 1 and (string.isalnum() or string.isspace()):
        return 1.0
    return _STRING_ODDS[min(len(string), len(_STRING_ODDS) - 1)]


def _best(found: Iterable[Need]) -> list[Need]:
    """The needs that are met least often by chance, the best first."""
    return sorted((need for need in set(found) if len(need) <= _MOST_STRINGS and _odds(need) < 1), key=_odds)


class _Reader:
    """Reads what one parsed pattern needs."""

    def of(self, parsed: Any) -> tuple[Need, ...]:
        """The two needs of a sequence that are met least often."""
        return tuple(_best(self._sequence(parsed))[:2])

    def _sequence(self, parsed: Any) -> list[Need]:
        found: list[Need] = []
        strings, digits = {""}, 0
        for kind, value in parsed:
            if kind in (sre.AT, sre.ASSERT_NOT):
                continue  # of no width
            if kind is sre.ASSERT:
                found += self._sequence(value[1])
                continue
            row = _digits(kind, value)
            digits += row
            if digits:
                found.append(frozenset({f"\0{min(digits, _MOST_DIGITS)}"}))
            if not row:
                digits = 0
            exact = self._exact(kind, value)
            if exact is not None and len(exact) * len(strings) <= _FEWEST_STRINGS:
                strings = {first + second for first in strings for second in exact}
                continue
            found.append(_shortest(strings))
            strings = exact if exact is not None and len(exact) <= _FEWEST_STRINGS else {""}
            if strings == {""}:
                found += self._inside(kind, value)
        return [need for need in [*found, _shortest(strings)] if "" not in need]

    def _inside(self, kind: Any, value: Any) -> list[Need]:
        if kind is sre.SUBPATTERN:
            return self._sequence(value[3])
        if kind is sre.ATOMIC_GROUP:
            return self._sequence(value)
        if kind in _REPEATS and value[0]:
            return self._sequence(value[2])
        if kind is sre.BRANCH:
            branches = [_best(self._sequence(branch))[:1] for branch in value[1]]
            return [_shortest(set(itertools.chain(*itertools.chain(*branches))))] if all(branches) else []
        return []

    def _exact(self, kind: Any, value: Any) -> set[str] | None:
        """All that an item can match, in lower case, if that is a short list."""
        if kind is sre.LITERAL:
            return {chr(value).casefold()}
        if kind is sre.IN:
            literals = [member for what, member in value if what is sre.LITERAL]
            return {chr(member).casefold() for member in literals} if len(literals) == len(value) else None
        if kind is sre.SUBPATTERN:
            return self._joined(value[3])
        if kind is sre.ATOMIC_GROUP:
            return self._joined(value)
        if kind in _REPEATS and value[:2] == (0, 1):
            once = self._joined(value[2])
            return None if once is None else once | {""}
        if kind is sre.BRANCH:
            branches = [self._joined(branch) for branch in value[1]]
            if all(branch is not None for branch in branches):
                whole = set(itertools.chain(*(branch or () for branch in branches)))
                return whole if len(whole) <= _MOST_STRINGS else None
        return None

    def _joined(self, parsed: Any) -> set[str] | None:
        strings = {""}
        for kind, value in parsed:
            if kind in (sre.AT, sre.ASSERT_NOT):
                continue
            exact = self._exact(kind, value)
            if exact is None or len(exact) * len(strings) > _MOST_STRINGS:
                return None
            strings = {first + second for first in strings for second in exact}
        return strings


def _shortest(strings: set[str]) -> Need:
    """Without strings that hold another of them: where they are, it is."""
    kept: set[str] = set()
    for string in sorted(strings, key=len):
        if not any(string[a:b] in kept for a, b in itertools.combinations(range(len(string) + 1), 2)):
            kept.add(string)
    return frozenset(kept)


def _digits(kind: Any, value: Any) -> int:
    """How many digits, one after the other and nothing else, an item stands for at least."""
    if kind in _REPEATS and len(value[2]) == 1:
        return int(value[0]) * _digits(*value[2][0])
    if kind is not sre.IN:
        return 0
    for what, member in value:
        low, high = member if what is sre.RANGE else (member, member)
        if what is sre.CATEGORY and member is sre.CATEGORY_DIGIT:
            continue
        if what not in (sre.RANGE, sre.LITERAL) or not (ord("0") <= low <= high <= ord("9")):
            return 0
    return 1
