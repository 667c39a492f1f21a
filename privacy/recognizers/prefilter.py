"""Says of a text, in one pass and before any search, which patterns can match in it at all: every match of the others holds words
that are not there.

Covered: patterns of whose matches something is known (`needs`). Not covered: the others, which may always match.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, reduce
from operator import itemgetter, or_
from typing import Generic, TypeVar

import ahocorasick
import regex

from privacy.recognizers.needs import MOST_NEEDS, as_it_is, in_any_case, is_in_any_case, needs

T = TypeVar("T")


class Group(Generic[T]):
    """Patterns, each with what belongs to it, of which a text says at once which to try."""

    __slots__ = ("_bits", "_first", "pairs")

    def __init__(self, pairs: Iterable[tuple[regex.Pattern[str], T]]) -> None:
        self.pairs = tuple(pairs)
        self._first = len(_listed)
        _listed.extend(pattern for pattern, _ in self.pairs)
        self._bits = (1 << len(_listed)) - (1 << self._first)

    def that_may_match(self, text: str) -> Iterator[tuple[regex.Pattern[str], T]]:
        """Those that may match, in their order; every other one matches nowhere in the text."""
        left = (_possible(text) & self._bits) >> self._first
        while left:
            lowest = left & -left
            left ^= lowest
            yield self.pairs[lowest.bit_length() - 1]


def may_match(pattern: regex.Pattern[str], text: str) -> bool:
    """False only if the pattern matches nowhere in the text."""
    number = _number_of.get(pattern)
    if number is not None:
        return bool(_possible(text) >> number & 1)
    _number_of[pattern] = len(_listed)
    _listed.append(pattern)
    # The one pass knows it from the next text on.
    looked_at = as_it_is(text)
    if is_in_any_case(pattern):
        looked_at = in_any_case(looked_at)
    return all(any(string in looked_at for string in need) for need in needs(pattern))


def forget() -> None:
    """Lets go of the texts that were looked at."""
    _possible.cache_clear()


# All patterns that any text is asked about: a pattern's place is its bit.
_listed: list[regex.Pattern[str]] = []
_number_of: dict[regex.Pattern[str], int] = {}


# A batch is looked at twice: by the rules, and after the models by what follows from their findings.
@lru_cache(maxsize=512)
def _possible(text: str) -> int:
    global _finder
    if _finder.num_patterns < len(_listed):
        _finder = _Finder(_listed)
    return _finder.possible(text)


class _Finder:
    """Looks for what any of the patterns need."""

    def __init__(self, patterns: Iterable[regex.Pattern[str]]) -> None:
        patterns = tuple(patterns)
        self.num_patterns = len(patterns)
        # One field of bits for each pattern's first need, one for its second, and so on; a need that it has not is met.
        self._met = 0
        strings: tuple[dict[str, int], dict[str, int]] = {}, {}
        for number, pattern in enumerate(patterns):
            needed = needs(pattern)
            for place in range(MOST_NEEDS):
                bit = 1 << place * self.num_patterns + number
                if place >= len(needed):
                    self._met |= bit
                    continue
                for string in needed[place]:
                    held = strings[is_in_any_case(pattern)]
                    held[string] = held.get(string, 0) | bit
        self._as_it_is, self._in_any_case = map(_automaton, strings)

    def possible(self, text: str) -> int:
        """The bits of the patterns that may match."""
        met = self._met
        plain = as_it_is(text)
        for automaton, looked_at in ((self._as_it_is, plain), (self._in_any_case, in_any_case(plain))):
            if automaton is not None:
                met = reduce(or_, map(itemgetter(1), automaton.iter(looked_at)), met)
        found = met
        for _ in range(MOST_NEEDS - 1):
            met >>= self.num_patterns
            found &= met
        # Of patterns that were listed since then nothing is known.
        return found | -1 << self.num_patterns


def _automaton(strings: dict[str, int]) -> ahocorasick.Automaton | None:
    if not strings:
        return None
    automaton = ahocorasick.Automaton()
    for string, bits in strings.items():
        automaton.add_word(string, bits)
    automaton.make_automaton()
    return automaton


_finder = _Finder(())
