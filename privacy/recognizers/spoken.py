"""Writes numbers in words as digits, so that a rule for "72" sees "seventy-two", with the way back.

Covered: thirteen to a hundred and ninety-nine in English. Not covered: smaller numbers, which are clock times and counts as often
as ages; larger ones.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import regex

from privacy.recognizers.prefilter import may_match

_ONES = {
    word: number for number, word in enumerate("one two three four five six seven eight nine".split(), 1)
}
_TEENS = {word: number for number, word in enumerate("thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 13)}  # fmt: skip
_TENS = {word: number for number, word in zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True)}  # fmt: skip
_BELOW = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)})"
_WORDS = regex.compile(
    rf"(?<![\w-])(?:(?:a|one)[- ]hundred(?:(?:[- ]and)?[- ](?:{'|'.join(_ONES)}|{_BELOW}))?|{_BELOW})(?=[MFmf]?(?!\w)|yo(?!\w))",
    regex.IGNORECASE,
)
_WORD = regex.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text whose numbers in words were written as digits."""

    text: str
    _starts: tuple[int, ...]
    """Where each of them stands in `text`."""
    _ends: tuple[int, ...]
    _raw: tuple[tuple[int, int], ...]
    """And where its words stood."""

    def raw(self, start: int, end: int) -> tuple[int, int] | None:
        """Where [start, end) of `text` stood; None if no number of ours is in it."""
        first, last = bisect_right(self._ends, start), bisect_right(self._starts, end - 1)
        if first == last:
            return None
        return self._back(start), self._back(end)

    def _back(self, place: int) -> int:
        at = bisect_right(self._starts, place) - 1
        if at < 0:
            return place
        start, end = self._raw[at]
        return start if place == self._starts[at] else end + max(0, place - self._ends[at])


def in_digits(text: str) -> Spoken | None:
    """None if there is no such number."""
    if not may_match(_WORDS, text):
        return None
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    raw: list[tuple[int, int]] = []
    position = length = 0
    for match in _WORDS.finditer(text):
        number = str(_value(match.group().casefold()))
        length += match.start() - position
        parts += (text[position : match.start()], number)
        starts.append(length)
        length += len(number)
        ends.append(length)
        raw.append(match.span())
        position = match.end()
    if not raw:
        return None
    return Spoken("".join((*parts, text[position:])), tuple(starts), tuple(ends), tuple(raw))


def _value(words: str) -> int:
    return sum(
        100 if word == "hundred" else _TENS.get(word) or _TEENS.get(word) or _ONES.get(word, 0)
        for word in _WORD.findall(words.removeprefix("one") if "hundred" in words else words)
    )
