"""Says of a text, in one pass and before any search, which patterns can match in it at all: every match of the others holds words
that are not there; and of a long text, near which places.

Covered: patterns of whose matches something is known (`needs`). Not covered: the others, which may always match, and anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache, reduce
from itertools import accumulate
from operator import itemgetter, or_
from typing import Generic, TypeVar

import ahocorasick
import regex

from privacy.recognizers.needs import (
    BEYOND_ASCII,
    BORDER,
    LONG_WORD,
    LONG_WORD_CHARS,
    MOST_NEEDS,
    as_it_is,
    in_any_case,
    is_in_any_case,
    needs,
)
from privacy.recognizers.reach import (
    NO_WIDTH,
    Pattern,
    Width,
    longest_run,
    looked_behind,
    parsed,
    reach,
    width,
)

T = TypeVar("T")
# In a longer text nearly every pattern may match somewhere: it is asked where.
LONG_CHARS = 1000
# Characters whose needs are told together, and how many of such blocks a need may be away from a match's beginning to say where it is.
_BLOCK = 64
_BLOCKS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24)


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
    return all(any(string in looked_at for string in need) for need, _ in needs(pattern))


def starts(pattern: Pattern, text: str) -> Iterator[tuple[int, int, int]]:
    """Ranges [first, last) in order, outside of which no match of the pattern starts, each with the end of what those within look at."""
    number = _number_of.get(id(pattern))
    if len(text) <= LONG_CHARS or number is None:
        yield 0, len(text) + 1, len(text)
        return
    ranges, run = _ranges(text)
    chars, runs = reach(pattern)
    looked_at = min(chars + runs * run, len(text))
    for first, last in _merged(ranges.get(number, [(0, len(text) + 1)]), looked_at):
        yield first, last, int(min(last + looked_at, len(text)))


def _merged(ranges: Iterable[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    """One for all that are no further apart: a search that finds nothing in one goes on as far anyway."""
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and first - merged[-1][1] <= gap:
            first = merged.pop()[0]
        merged.append((first, last))
    return merged


def forget() -> None:
    """Lets go of the texts that were looked at."""
    _possible.cache_clear()
    _ranges.cache_clear()


# All patterns that any text is asked about: a pattern's place is its bit.
_listed: list[Pattern] = []
# By identity: what `re` compiled takes microseconds to hash.
_number_of: dict[int, int] = {}


# A batch is looked at twice: by the rules, and after the models by what follows from their findings.
@lru_cache(maxsize=512)
def _possible(text: str) -> int:
    finder = _newest()
    if len(text) > LONG_CHARS:
        found = _ranges(text)[0]
        return (
            sum(1 << number for number in range(finder.num_patterns) if found.get(number))
            | -1 << finder.num_patterns
        )
    return finder.possible(finder.met(text))


@lru_cache(maxsize=512)
def _ranges(text: str) -> tuple[dict[int, list[tuple[int, int]]], int]:
    """(by a pattern's number where its matches may start in a long text, the text's longest run)."""
    run = longest_run(text)
    finder = _newest()
    found: dict[int, list[tuple[int, int]]] = {number: [] for number in range(finder.num_patterns)}
    begun = [0] * finder.num_patterns
    known = (1 << finder.num_patterns) - 1
    before = 0
    for at, bits in enumerate((*finder.possible_from(text, run), 0)):
        changed = (bits ^ before) & known
        before = bits
        while changed:
            lowest = changed & -changed
            changed ^= lowest
            number = lowest.bit_length() - 1
            if bits & lowest:
                begun[number] = at
            elif begun[number] * _BLOCK <= len(text):
                # An empty match may stand behind the last character.
                found[number].append((begun[number] * _BLOCK, min(at * _BLOCK, len(text) + 1)))
    return found, run


def _newest() -> _Finder:
    global _finder
    if _finder.num_patterns < len(_listed):
        _finder = _Finder(_listed)
    return _finder


class _Finder:
    """Looks for what any of the patterns need."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        listed = tuple(patterns)
        self.num_patterns = len(listed)
        # One field of bits for each pattern's first need, one for its second, and so on; a need that it has not is met.
        self._met = 0
        strings: tuple[dict[str, int], dict[str, int]] = {}, {}
        # (how far before the beginning of a match a need may stand, how far behind it) -> the bits of such needs
        self._away: dict[tuple[Width, Width], int] = {}
        for number, pattern in enumerate(listed):
            needed = needs(pattern)
            behind = _behind(pattern)
            held = strings[is_in_any_case(pattern)]
            for place in range(MOST_NEEDS):
                bit = 1 << place * self.num_patterns + number
                if place >= len(needed):
                    self._met |= bit
                    continue
                need, end = needed[place]
                self._away[behind, end] = self._away.get((behind, end), 0) | bit
                for string in need:
                    held[string] = held.get(string, 0) | bit
        self._as_it_is, self._in_any_case = map(_automaton, strings)
        self._marks = tuple(
            (marked, strings[0].get(mark, 0) | strings[1].get(mark, 0))
            for mark, marked in ((BEYOND_ASCII, _NOT_ASCII), (LONG_WORD, _LONG))
        )

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
        met = self._met_in_blocks(text)
        near = [self._met] * len(met)
        most = max(_BLOCKS)
        # How many blocks in a row, a power of two -> what is met in those from each on.
        padded = [0] * most + met + [0] * 2 * most
        rows = {1: padded}
        while len(rows) < 6:
            length, row = max(rows.items())
            rows[2 * length] = list(map(or_, row, row[length:] + [0] * length))
        windows: dict[tuple[int | None, int | None], int] = {}
        for (before, after), bits in self._away.items():
            window = _blocks_of(before, run), _blocks_of(after, run)
            windows[window] = windows.get(window, 0) | bits
        everywhere = reduce(or_, met)
        for (first, last), bits in windows.items():
            if first is None or last is None:
                near = [found | everywhere & bits for found in near]
                continue
            length = 1 << (first + last + 1).bit_length() - 1
            left, right = most - first, most + last + 1 - length
            near = [
                found | (one | other) & bits
                for found, one, other in zip(near, rows[length][left:], rows[length][right:], strict=False)
            ]
        return list(map(self.possible, near))

    def _met_in_blocks(self, text: str) -> list[int]:
        """The bits of the needs that end in each block, or right behind it."""
        met = [0] * (len(text) // _BLOCK + 2)
        plain = as_it_is(text)
        # Of each character there how many of the text are before it, and it.
        places = list(accumulate(map(BORDER.__ne__, plain)))
        for automaton, looked_at in ((self._as_it_is, plain), (self._in_any_case, in_any_case(plain))):
            if automaton is None:
                continue
            if len(looked_at) != len(plain):
                chars = {char: len(in_any_case(char)) for char in set(plain)}
                places = [
                    place for place, char in zip(places, plain, strict=True) for _ in range(chars[char])
                ]
            for end, bits in automaton.iter(looked_at):
                met[places[end] // _BLOCK] |= bits
        for marked, bits in self._marks:
            for match in marked.finditer(text):
                for block in range(match.start() // _BLOCK, match.end() // _BLOCK + 1):
                    met[block] |= bits
        return met


_NOT_ASCII, _LONG = regex.compile(r"[^\x00-\x7f]+"), regex.compile(rf"\S{{{LONG_WORD_CHARS},}}")


@cache
def _behind(pattern: Pattern) -> Width:
    items = parsed(pattern)
    return NO_WIDTH if items is None else looked_behind(items, width(items, NO_WIDTH))


def _blocks_of(away: Width, run: int) -> int | None:
    """In how many blocks so many characters can be; None for too many."""
    chars, runs = away
    blocks = math.ceil(min((chars + runs * run + 2) / _BLOCK, 1000)) if away != NO_WIDTH else 0
    return next((listed for listed in _BLOCKS if listed >= blocks), None)


def _automaton(strings: dict[str, int]) -> ahocorasick.Automaton | None:
    if not strings:
        return None
    automaton = ahocorasick.Automaton()
    for string, bits in strings.items():
        automaton.add_word(string, bits)
    automaton.make_automaton()
    return automaton


_finder = _Finder(())
