"""Which training texts are most like a text: BM25 (Robertson and Zaragoza 2009), by words alone, so in any language."""

from __future__ import annotations

import re
from collections.abc import Sequence


def nearest(corpus: Sequence[str], queries: Sequence[str], k: int) -> list[list[int]]:
    """For each query the places of its at most k nearest texts in the corpus, nearest first, the earlier one on a tie."""
    if not corpus or k < 1:
        return [[] for _ in queries]
    import bm25s
    import numpy as np

    index = bm25s.BM25()
    index.index([_words(text) for text in corpus], show_progress=False)
    found = []
    for query in queries:
        scores = np.asarray(index.get_scores(_words(query)))
        found.append(np.argsort(-scores, kind="stable")[:k].tolist())
    return found


def _words(text: str) -> list[str]:
    """Case aside, single letters too: an order's code may hang on one. A text without words has one that no other text has."""
    return re.findall(r"\w+", text.casefold()) or ["-"]
