"""How much of a reference's wording an answer shares: ROUGE-L over words, chrF over characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

# Chinese, Japanese and Korean are written without blanks: each sign counts as a word.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_CHRF_ORDER = 6
_CHRF_BETA = 2


def words(text: str) -> list[str]:
    """Letters and digits, without case."""
    return _WORD.findall(text.casefold())


def rouge_l(given: Sequence[str], wanted: Sequence[str]) -> float:
    """F1 over the longest common subsequence of words (Lin 2004, ROUGE, with beta = 1); 0 where either is empty.

    The subsequence bit by bit in one integer, O(n * m / 64): Hyyrö 2004, "Bit-parallel LCS-length computation
    revisited".
    """
    if not given or not wanted:
        return 0.0
    places: dict[str, int] = {}
    for place, word in enumerate(wanted):
        places[word] = places.get(word, 0) | 1 << place
    everywhere = (1 << len(wanted)) - 1
    unmatched = everywhere
    for word in given:
        hit = unmatched & places.get(word, 0)
        unmatched = ((unmatched + hit) | (unmatched - hit)) & everywhere
    common = len(wanted) - unmatched.bit_count()
    return 2 * common / (len(given) + len(wanted))


def chrf(given: str, wanted: str) -> float:
    """The chrF score in [0, 1] (Popović 2015): F2 of the mean precision and recall of character 1- to 6-grams.

    Blanks do not count, case does. Orders that either text is too short for are left out of the mean, as sacreBLEU
    does; two texts without a character score 0.
    """
    given, wanted = "".join(given.split()), "".join(wanted.split())
    precision = recall = 0.0
    orders = min(_CHRF_ORDER, len(given), len(wanted))
    for n in range(1, orders + 1):
        common = (_grams(given, n) & _grams(wanted, n)).total()
        precision += common / (len(given) - n + 1)
        recall += common / (len(wanted) - n + 1)
    if not precision:
        return 0.0
    precision, recall, factor = precision / orders, recall / orders, _CHRF_BETA**2
    return (1 + factor) * precision * recall / (factor * precision + recall)


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))
