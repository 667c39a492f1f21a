"""Carries a finding to every other place in its record where the same words stand.

Covered: exact repetitions of a found value, and of each part of a found person's name, in all fields of the
record. Not covered: nicknames, misspellings, repetitions in other records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex

from privacy.arbitrate import arbitrate
from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.rule import Clock, matches
from privacy.records import Span

_NAME_PART = regex.compile(r"\p{Lu}[\p{L}'’-]*\p{L}")
# More values than any letter has; a hostile record must not build a pattern without end.
_MAX_VALUES = 400
_NOT_CARRIED = frozenset({"NRP", "AGE"})


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
    if len(values) > _MAX_VALUES:
        raise TimeoutError("more findings than can be followed through the record")
    # Longest first, so that a whole name wins over its parts.
    pattern = regex.compile(
        r"(?<!\w)(?:"
        + "|".join(regex.escape(value) for value in sorted(values, key=len, reverse=True))
        + r")(?!\w)"
    )
    completed = []
    for text, spans in zip(texts, found, strict=True):
        covered = bytearray(len(text))
        for span in spans:
            covered[span.start : span.end] = b"\1" * (span.end - span.start)
        extra = []
        for match in matches(pattern, text, clock):
            if 0 in covered[match.start() : match.end()]:
                source = values[match.group()]
                extra.append(Span(match.start(), match.end(), source.entity_type, source.score, "propagated"))
        completed.append(arbitrate(text, [*spans, *extra]) if extra else spans)
    return [_agree(text, spans, values) for text, spans in zip(texts, completed, strict=True)]


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
    if entity_type in _NOT_CARRIED:
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
