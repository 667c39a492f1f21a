"""Makes one clean list out of overlapping findings: whole words, no overlaps, nothing found is uncovered.

Covered: snapping to whole words, joining the parts of one address, which type a character gets when several
recognisers claim it. Not covered: whether a finding is right; everything handed in here stays covered.
"""

from __future__ import annotations

from collections.abc import Iterable

from privacy.records import Span

# Scripts from here on (Thai, CJK, ...) are written without spaces: a "word" there may be a whole sentence.
_FIRST_UNSPACED = 0x0E00
# Types one name swallows when they touch: parts of one postal address.
_PLACES = frozenset({"ADDRESS", "LOCATION"})
_GAP_CHARS = " ,\n\r\t>\\-/."


def arbitrate(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Findings in order of position. The surest keeps its whole range; a loser keeps what the winner
    leaves of it."""
    taken = bytearray(len(text))
    kept: list[Span] = []
    for span in sorted((_whole_words(text, span) for span in spans), key=_rank):
        for start, end in _free_runs(taken, span.start, span.end):
            start, end = _trim(text, start, end)
            if start < end:
                taken[start:end] = b"\1" * (end - start)
                kept.append(span.at(start, end))
    return tuple(_join_addresses(text, sorted(kept, key=lambda span: span.start)))


def _rank(span: Span) -> tuple[float, int, int, str]:
    """Surest first (a checksum scores 1), then the longest; position and type make ties repeatable."""
    return (-span.score, -(span.end - span.start), span.start, span.entity_type)


def _whole_words(text: str, span: Span) -> Span:
    """Half a masked word still says who it was."""
    start, end = span.start, span.end
    while start > 0 and _joined(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and _joined(text[end - 1], text[end]):
        end += 1
    return span.at(start, end)


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and ord(left) < _FIRST_UNSPACED and ord(right) < _FIRST_UNSPACED


def _free_runs(taken: bytearray, start: int, end: int) -> list[tuple[int, int]]:
    """Stretches of [start, end) that no surer finding has."""
    runs = []
    while start < end:
        start = taken.find(0, start, end)
        if start < 0:
            break
        stop = taken.find(1, start, end)
        stop = end if stop < 0 else stop
        runs.append((start, stop))
        start = stop
    return runs


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Without spaces at either end or a possessive's ending; empty if no letter or digit is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if text.endswith(("'s", "’s"), start, end):
        end -= 2
    return (start, end) if any(map(str.isalnum, text[start:end])) else (start, start)


def _join_addresses(text: str, spans: list[Span]) -> list[Span]:
    """Neighbouring address parts become one, so that they get one surrogate; a lone place stays a place."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if (
            last is not None
            and {last.entity_type, span.entity_type} <= _PLACES
            and "ADDRESS" in (last.entity_type, span.entity_type)
            and span.start - last.end <= 4
            and not text[last.end : span.start].strip(_GAP_CHARS)
        ):
            joined[-1] = Span(last.start, span.end, "ADDRESS", max(last.score, span.score), last.recognizer)
        else:
            joined.append(span)
    return joined
