"""Says of a text, in one pass and before any search, which patterns can match in it at all: every match of the others holds words
that are not there; and of a long text, near which places.

Covered: patterns of whose matches something is known (`needs`). Not covered: the others, which may always match, and anywhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache, reduce
from operator import itemgetter, or_
from typing import Generic, TypeVar

import ahocorasick

from privacy.recognizers.needs import (
    LONG_WORD_CHARS,
    MOST_NEEDS,
    Pattern,
    as_it_is,
    in_any_case,
    is_in_any_case,
    needs,
)
from privacy.recognizers.reach import longest_run, reach

T = TypeVar("T")
# In a longer text nearly every pattern may match somewhere: it is asked where.
LONG_CHARS = 1000
# Characters whose needs are told together, and the most of such blocks that a match may look at on either side to be sought near them only.
_BLOCK, _MOST_BLOCKS = 128, 12


class Group(Generic[T]):
    """Patterns, each with what belongs to it, of which a text says at once which to try."""

    __slots__ = ("_bits", "_first", "pairs")

    def __init__(self, pairs: Iterable[tuple[Pattern, T]]) -> None:
        self.pairs = tuple(pairs)
        self._first = len(_listed)
        for pattern, _ in self.pairs:
            _number_of.setdefault(id(pattern), len(_listed))
            _listed.append(pattern)
        self._bits = (1 << len(_listed)) - (1 << self._first)

    def that_may_match(self, text: str) -> Iterator[tuple[Pattern, T]]:
        """Those that may match, in their order; every other one matches nowhere in the text."""
        left = (_possible(text) & self._bits) >> self._first
        while left:
            lowest = left & -left
            left ^= lowest
            yield self.pairs[lowest.bit_length() - 1]


def may_match(pattern: Pattern, text: str) -> bool:
    """False only if the pattern matches nowhere in the text."""
    number = _number_of.get(id(pattern))
    if number is not None:
        return bool(_possible(text) >> number & 1)
    _number_of[id(pattern)] = len(_listed)
    _listed.append(pattern)
    # The one pass knows it from the next text on.
    looked_at = as_it_is(text)
    if is_in_any_case(pattern):
        looked_at = in_any_case(looked_at)
    return all(any(string in looked_at for string in need) for need in needs(pattern))


def starts(pattern: Pattern, text: str) -> Iterator[tuple[int, int, int]]:
    """Ranges [first, last) in order, outside of which no match of the pattern starts, each with the end of what those within look at."""
    number = _number_of.get(id(pattern))
    if len(text) <= LONG_CHARS or number is None:
        yield 0, len(text) + 1, len(text)
        return
    possible, run = _blocks(text)
    chars, runs = reach(pattern)
    first = 0
    for at, bits in enumerate((*possible, 0)):
        if bits >> number & 1:
            continue
        if first < at:
            # An empty match may stand behind the last character.
            last = at * _BLOCK if at < len(possible) else len(text) + 1
            yield first * _BLOCK, last, int(min(last + chars + runs * run, len(text)))
        first = at + 1


def forget() -> None:
    """Lets go of the texts that were looked at."""
    _possible.cache_clear()
    _blocks.cache_clear()


# All patterns that any text is asked about: a pattern's place is its bit.
_listed: list[Pattern] = []
# By identity: what `re` compiled takes microseconds to hash.
_number_of: dict[int, int] = {}


# A batch is looked at twice: by the rules, and after the models by what follows from their findings.
@lru_cache(maxsize=512)
def _possible(text: str) -> int:
    if len(text) > LONG_CHARS:
        return reduce(or_, _blocks(text)[0])
    finder = _newest()
    return finder.possible(finder.met(text))


@lru_cache(maxsize=512)
def _blocks(text: str) -> tuple[list[int], int]:
    """(the patterns that may match from each block on, the text's longest run)."""
    run = longest_run(text)
    return _newest().possible_from(text, run), run


def _newest() -> _Finder:
    global _finder
    if _finder.num_patterns < len(_listed):
        _finder = _Finder(_listed)
    return _finder


class _Finder:
    """Looks for what any of the patterns need."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self.num_patterns = len(self._patterns)
        # One field of bits for each pattern's first need, one for its second, and so on; a need that it has not is met.
        self._met = 0
        strings: tuple[dict[str, int], dict[str, int]] = {}, {}
        for number, pattern in enumerate(self._patterns):
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
        self._longest = max(map(len, itertools.chain(*strings)), default=0) + LONG_WORD_CHARS

    def met(self, text: str) -> int:
        """The bits of the needs that the text meets."""
        met = self._met
        plain = as_it_is(text)
        for automaton, looked_at in ((self._as_it_is, plain), (self._in_any_case, in_any_case(plain))):
            if automaton is not None:
                met = reduce(or_, map(itemgetter(1), automaton.iter(looked_at)), met)
        return met

    def possible(self, met: int) -> int:
        """The bits of the patterns that may match where these needs are met."""
        found = met
        for _ in range(MOST_NEEDS - 1):
            met >>= self.num_patterns
            found &= met
        # Of patterns that were listed since then nothing is known.
        return found | -1 << self.num_patterns

    def possible_from(self, text: str, run: int) -> list[int]:
        """For each block of a text the bits of the patterns of which a match may start there; `run` is the text's longest."""
        # What is needed may go on beyond its block.
        near = [self.met(text[at : at + _BLOCK + self._longest]) for at in range(0, len(text), _BLOCK)]
        looking = [0] * (_MOST_BLOCKS + 2)
        for number, pattern in enumerate(self._patterns):
            chars, runs = reach(pattern)
            blocks = math.ceil(min((chars + runs * run) / _BLOCK, _MOST_BLOCKS + 1))
            looking[max(1, blocks)] |= 1 << number
        possible = [-1 << self.num_patterns] * len(near)
        for patterns in looking[1:-1]:
            near = list(map(or_, map(or_, (0, *near[:-1]), near), (*near[1:], 0)))
            if patterns:
                possible = [
                    bits | self.possible(met) & patterns for bits, met in zip(possible, near, strict=True)
                ]
        anywhere = self.possible(reduce(or_, near)) & looking[-1]
        return [bits | anywhere for bits in possible]


def _automaton(strings: dict[str, int]) -> ahocorasick.Automaton | None:
    if not strings:
        return None
    automaton = ahocorasick.Automaton()
    for string, bits in strings.items():
        automaton.add_word(string, bits)
    automaton.make_automaton()
    return automaton


_finder = _Finder(())
