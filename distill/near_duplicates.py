"""Texts that nearly repeat one another: candidates by MinHash, each decided by the exact Jaccard similarity."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

SHINGLE = 5
"""Characters that stand side by side: what two texts are said to share."""
_PERMUTATIONS = 128
_MISSED = 1e-3
"""Chance that a pair right at the threshold is not even looked at; pairs above it are missed less."""


class NearDuplicates:
    """Whether a text is nearly the same as one that was kept before in a group.

    Similar is a Jaccard similarity of the sets of 5-character shingles of at least `jaccard`, case, punctuation and
    spacing aside (Broder, "On the resemblance and containment of documents", 1997).
    """

    def __init__(self, texts: Mapping[str, str], jaccard: float) -> None:
        from datasketch import MinHash, MinHashLSH

        self._jaccard = jaccard
        self._shingles = {key: shingles(text) for key, text in texts.items()}
        hashes = MinHash.bulk(self._shingles.values(), num_perm=_PERMUTATIONS, hashfunc=int)
        self._hashes = dict(zip(self._shingles, hashes, strict=True))
        self._groups: defaultdict[str, Any] = defaultdict(
            lambda: MinHashLSH(num_perm=_PERMUTATIONS, params=_bands(jaccard))
        )

    def keep(self, key: str, group: str) -> None:
        """From now on `is_near` looks at this text too."""
        self._groups[group].insert(key, self._hashes[key])

    def is_near(self, key: str, group: str) -> bool:
        """Whether a text that was kept in the group is nearly this one."""
        return any(
            similarity(self._shingles[key], self._shingles[other]) >= self._jaccard
            for other in self._groups[group].query(self._hashes[key])
        )


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Jaccard similarity of two sets of shingles, in [0, 1]."""
    shared = np.intersect1d(first, second, assume_unique=True).size
    return float(shared / (first.size + second.size - shared))


def shingles(text: str) -> np.ndarray:
    """The distinct shingles of a text as 32-bit hashes, ascending; one of the whole text where it is shorter than one."""
    words = " ".join(re.findall(r"\w+", text.casefold())) or text.strip()
    codes = np.array([ord(character) for character in words.ljust(SHINGLE)], dtype=np.uint64)
    places = np.arange(SHINGLE)[:, None] + np.arange(codes.size - SHINGLE + 1)
    # A polynomial in the characters, whose well-mixed upper half is kept; products wrap around at 2^64.
    powers = np.cumprod(np.full(SHINGLE, 0x9E3779B97F4A7C15, dtype=np.uint64))
    mixed = (codes[places] * powers[:, None]).sum(axis=0, dtype=np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def _bands(jaccard: float) -> tuple[int, int]:
    """(bands, rows) with the longest rows, so the fewest candidates, that miss a pair at the threshold with chance
    (1 - jaccard^rows)^bands <= `_MISSED` (Leskovec et al., Mining of Massive Datasets, section 3.4).
    """
    for rows in range(_PERMUTATIONS // 2, 1, -1):
        bands = _PERMUTATIONS // rows
        if (1 - jaccard**rows) ** bands <= _MISSED:
            return bands, rows
    return _PERMUTATIONS, 1
