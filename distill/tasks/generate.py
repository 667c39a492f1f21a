"""Free text: a reply, a summary, a rewriting."""

from __future__ import annotations

from collections.abc import Callable

from distill.evaluation.text_overlap import chrf, rouge_l, words
from distill.tasks.settings import TaskSettings

Similarity = Callable[[str, str], float]
"""(answer, reference) -> how near their meanings are, in [0, 1]."""


class Generate:
    """The answer is any text. It is compared by wording, and by meaning where a `similarity` is given."""

    primary_metric = "rouge_l"

    def __init__(self, settings: TaskSettings, similarity: Similarity | None = None) -> None:
        self.settings = settings
        self._similarity = similarity
        if settings.labels:
            raise ValueError("task.labels belong to kind = 'classify': remove them, or change the kind")
        if settings.json_schema is not None:
            raise ValueError("task.json_schema belongs to kind = 'extract': remove it, or change the kind")

    def parse(self, text: str) -> str | None:
        stripped = text.strip()
        try:
            stripped.encode()
        except UnicodeEncodeError:
            return None  # half a surrogate pair, which cannot be written down again
        return stripped or None

    def canonical(self, value: str) -> str:
        return value

    def score(self, value: str | None, reference: str) -> dict[str, float]:
        metrics = ("rouge_l", "chrf", *(("similarity",) if self._similarity else ()))
        if value is None:
            return dict.fromkeys(metrics, 0.0)
        found = {"rouge_l": self.reward(value, reference), "chrf": chrf(value, reference)}
        return found | ({"similarity": self._similarity(value, reference)} if self._similarity else {})

    def reward(self, value: str | None, reference: str) -> float:
        if value is None:
            return 0.0
        # A reference without words, such as a single sign, is compared as it stands.
        wanted = words(reference)
        return rouge_l(words(value), wanted) if wanted else float(value == reference)
