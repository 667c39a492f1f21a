"""Looks for planted and removed values in texts: exactly, by letters and digits only, and with up to two slips.

Covered: values inside longer text, whatever their case, spacing and punctuation. Not covered: values spelled out in
words, encoded, split over two texts, or described without being named.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from privacy.entities import ENTITY_TYPES, kind_of
from privacy.fingerprints import fingerprint, normalise
from privacy.scan import Finder

How = Literal["exact", "normalised", "fuzzy"]
MAX_SLIPS = 2
_LEAST_NORMALISED = 6
_LEAST_FUZZY = 8
_LEAST_IDENTIFYING = 7
"""Shorter values turn up by chance when their punctuation, or two of their characters, do not count."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A value to look for; build it once and use it on many texts."""

    value: str = field(repr=False)
    normal: str = field(repr=False)
    parts: tuple[tuple[int, str], ...] = field(repr=False)
    """Offset and text of three parts of `normal`: with two slips one of them is still whole."""


def needle(value: str) -> Needle:
    normal = normalise(value)
    third = len(normal) // 3
    cuts = (0, third, 2 * third, len(normal))
    parts = tuple((start, normal[start:end]) for start, end in itertools.pairwise(cuts))
    return Needle(value, normal, parts)


def found(needle: Needle, text: str, normal_text: str) -> How | None:
    """How the value stands in the text, the surest way first; `normal_text` is `normalise(text)`."""
    if needle.value.casefold() in text.casefold():
        return "exact"
    if len(needle.normal) >= _LEAST_NORMALISED and needle.normal in normal_text:
        return "normalised"
    if len(needle.normal) >= _LEAST_FUZZY and _within(needle, normal_text):
        return "fuzzy"
    return None


def _within(needle: Needle, text: str) -> bool:
    windows = {
        (max(0, at - offset - MAX_SLIPS), at - offset + len(needle.normal) + MAX_SLIPS)
        for offset, part in needle.parts
        for at in _places(part, text)
    }
    return any(_slips(needle.normal, text[start:end]) <= MAX_SLIPS for start, end in windows)


def _places(part: str, text: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _slips(value: str, window: str) -> int:
    """Fewest insertions, deletions and replacements that turn the value into some part of the window (Sellers 1980)."""
    row = list(range(len(value) + 1))
    best = row[-1]
    for char in window:
        before, row[0] = row[0], 0
        for place, wanted in enumerate(value, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (wanted != char)),
            )
        best = min(best, row[-1])
    return best


class RemovedValues:
    """What the scrubber took out of the records, as keyed fingerprints: texts are searched without holding a value."""

    def __init__(self, finder: Finder, key: bytes, fingerprints: Iterable[str]) -> None:
        self._finder = finder
        self._key = key
        self._known = frozenset(fingerprints)

    def __len__(self) -> int:
        return len(self._known)

    def in_texts(self, texts: Sequence[str]) -> set[tuple[str, str]]:
        """(kind of value, fingerprint) of each removed value that the detector finds again in the texts.

        The detector may read a value as another type here than in its record, so every kind is tried.
        """
        hits = set()
        for text, spans in zip(texts, self._finder.find(texts), strict=True):
            for span in spans:
                value = text[span.start : span.end]
                for kind, entity_type in _ONE_TYPE_OF_EACH_KIND.items():
                    print_ = fingerprint(self._key, entity_type, value)
                    if print_ in self._known:
                        long = len(normalise(value)) >= _LEAST_IDENTIFYING
                        sure = kind in ("id", "contact") and long
                        hits.add(("identifier" if sure else "word", print_))
        return hits


_ONE_TYPE_OF_EACH_KIND = {kind_of(name): name for name in reversed(ENTITY_TYPES)}
"""Fingerprints are keyed by kind, so one type stands for all of its kind."""
