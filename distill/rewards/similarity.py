"""The reward `similarity`: how much of the teacher's wording an answer shares, in order (ROUGE-L)."""

from __future__ import annotations

from distill.evaluation.text_overlap import rouge_l, words
from distill.rewards.reward import Judge, RewardScore, said
from distill.rewards.settings import RewardSettings
from distill.tasks import Task
from distill.values import Example


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
