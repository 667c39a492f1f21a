"""The reward `similarity`: how much of the teacher's wording an answer shares, in order (ROUGE-L)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from distill.rewards.reward import Judge, RewardScore, said
from distill.rewards.settings import RewardSettings
from distill.tasks import Task
from distill.values import Example

# Chinese, Japanese and Korean are written without blanks: each sign counts as a word.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)


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


def shares_words(settings: RewardSettings, task: Task) -> Judge:
    """ROUGE-L of the answer, or of one field of it, against the teacher's. An answer that the task cannot read earns 0."""

    def judge(example: Example, completion: str) -> RewardScore:
        wanted = said(task, settings.field, example.answer or "")
        known = words(wanted) if isinstance(wanted, str) else []
        if not known:
            return RewardScore(settings.name, None, "the teacher's answer holds no words")
        given = said(task, settings.field, completion)
        return RewardScore(settings.name, rouge_l(words(given), known) if isinstance(given, str) else 0.0)

    return judge
