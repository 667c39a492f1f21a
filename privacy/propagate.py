"""Carries a finding to every other place in its record where the same words stand.

Covered: exact repetitions of a found value, and of each part of a found person's name, in all fields of the
record. Not covered: nicknames, misspellings, repetitions in other records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ahocorasick
import regex

from privacy.arbitrate import arbitrate
from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.rule import Clock
from privacy.records import Span

_NAME_PART = regex.compile(r"\p{Lu}[\p{L}'’-]*\p{L}")
_NOT_CARRIED = frozenset({"NRP", "AGE", "TITLE", "UNREADABLE"})
# Nobody repeats more than an address word by word.
_LONGEST_VALUE = 200


def propagate(
    texts: Sequence[str], found: Sequence[tuple[Span, ...]], clock: Clock
) -> list[tuple[Span, ...]]:
    """The findings of one record's texts, each completed by what was found in the others. Raises
    TimeoutError."""
    values: dict[str, Span] = {}
    for text, spans in zip(texts, found, strict=True):
        for span in spans:
            for value in _carried(text[span.start : span.end], span.entity_type):
                if value not in values or values[value].score < span.score:
                    values[value] = span
    if not values:
        return list(found)
    automaton = ahocorasick.Automaton()
    for value in values:
        automaton.add_word(value, value)
    automaton.make_automaton()
    completed = []
    for text, spans in zip(texts, found, strict=True):
        covered = bytearray(len(text))
        for span in spans:
            covered[span.start : span.end] = b"\1" * (span.end - span.start)
        extra = []
        for last, value in automaton.iter(text):
            start, end = last + 1 - len(value), last + 1
            if not (_inside_word(text, start) or _inside_word(text, end)) and 0 in covered[start:end]:
                clock.left_s()
                source = values[value]
                extra.append(Span(start, end, source.entity_type, source.score, "propagated"))
        completed.append(arbitrate(text, [*spans, *extra]) if extra else spans)
    return [_agree(text, spans, values) for text, spans in zip(texts, completed, strict=True)]


def _inside_word(text: str, index: int) -> bool:
    """Whether a word goes on across this place."""
    return 0 < index < len(text) and _is_word(text[index - 1]) and _is_word(text[index])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _agree(text: str, spans: tuple[Span, ...], values: dict[str, Span]) -> tuple[Span, ...]:
    """One value has one type in a record, the surest one: or it would get two stand-ins."""
    agreed = []
    for span in spans:
        surest = values.get(text[span.start : span.end], span)
        agreed.append(
            replace(span, entity_type=surest.entity_type) if surest.entity_type != span.entity_type else span
        )
    return tuple(agreed)


def _carried(value: str, entity_type: str) -> list[str]:
    """What of a found value to look for elsewhere: itself if it is no everyday word, and a person's name
    parts."""
    if entity_type in _NOT_CARRIED or len(value) > _LONGEST_VALUE:
        return []
    carried = (
        [value] if sum(char.isalnum() for char in value) >= 3 and value.casefold() not in NOT_NAMES else []
    )
    if entity_type == "PERSON":
        carried += [
            part
            for part in _NAME_PART.findall(value)
            if len(part) >= 3 and part.casefold() not in NOT_NAMES and part != value
        ]
    return carried
