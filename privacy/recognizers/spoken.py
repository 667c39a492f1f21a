"""Writes numbers in words as digits, so that a rule for "72" sees "seventy-two", with the way back.

Covered: thirteen to a hundred and ninety-nine in English; two to twelve where it is said what somebody is or was. Not covered: other smaller numbers,
which are clock times and counts as often as ages; larger ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from privacy.recognizers.prefilter import LONG_CHARS
from privacy.recognizers.rule import Clock, matches

_ONES = {
    word: number for number, word in enumerate("one two three four five six seven eight nine".split(), 1)
}
_TEENS = {word: number for number, word in enumerate("thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 13)}  # fmt: skip
_TENS = {word: number for number, word in zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True)}  # fmt: skip
_BELOW = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)})"
_SMALL = dict(zip("ten eleven twelve".split(), (10, 11, 12), strict=True))
_IS = r"(?<=(?:['’](?:s|m|re)|\b(?:is|was|are|am|were|aged?|turn(?:s|ed|ing)))(?:[ ](?:just|only|now|nearly|almost|about|like|um|uh|er|erm))?,?[ ]|(?:old|age)(?!\w)[^?\n]{0,30}\?\s[^\n]{0,30}[: ])"
_WORDS = regex.compile(
    rf"{_IS}(?:{'|'.join((*list(_ONES)[1:], *_SMALL))})(?![\w'’-])"
    rf"|(?<![\w-])(?:(?:a|one)[- ]hundred(?:(?:[- ]and)?[- ](?:{'|'.join(_ONES)}|{_BELOW}))?|{_BELOW})(?=[MFmf]?(?!\w)|yo(?!\w))",
    regex.IGNORECASE,
)
_WORD = regex.compile(r"[a-z]+")


# Characters on both sides of such a number in a long text that a rule may look at.
_AROUND = 300


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text, or a stretch of a long one, whose numbers in words were written as digits."""

    text: str
    _first: int
    """Where the stretch begins."""
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
            return self._first + place
        start, end = self._raw[at]
        return start if place == self._starts[at] else end + max(0, place - self._ends[at])


def in_digits(text: str, clock: Clock) -> list[Spoken]:
    """The text if such a number is in it; of a long text what is near such numbers, in stretches. Raises TimeoutError."""
    short = len(text) <= LONG_CHARS
    stretches: list[list[tuple[int, int]]] = []
    for match in matches(_WORDS, text, clock):
        if stretches and (short or match.start() - stretches[-1][-1][1] <= 2 * _AROUND):
            stretches[-1].append(match.span())
        else:
            stretches.append([match.span()])
    around = len(text) if short else _AROUND
    return [
        _written(text, max(0, numbers[0][0] - around), numbers[-1][1] + around, numbers)
        for numbers in stretches
    ]


def _written(text: str, first: int, last: int, numbers: Sequence[tuple[int, int]]) -> Spoken:
    """text[first:last] with these numbers in digits."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position, length = first, 0
    for start, end in numbers:
        number = str(_value(text[start:end].casefold()))
        length += start - position
        parts += (text[position:start], number)
        starts.append(length)
        length += len(number)
        ends.append(length)
        position = end
    whole = "".join((*parts, text[position:last]))
    return Spoken(whole, first, tuple(starts), tuple(ends), tuple(numbers))


def _value(words: str) -> int:
    return sum(
        100
        if word == "hundred"
        else _TENS.get(word) or _TEENS.get(word) or _SMALL.get(word) or _ONES.get(word, 0)
        for word in _WORD.findall(words.removeprefix("one") if "hundred" in words else words)
    )
