"""The reward `privacy`: an answer names nobody whom its record does not name.

Covered: what the detector of the scrubber finds in an answer and what stands neither in the record, nor in the teacher's
answer to it, nor in what the task allows. Not covered: what the detector misses, and facts that identify without naming.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from distill.rewards.reward import Judge, RewardScore
from distill.rewards.settings import RewardSettings
from distill.tasks import Task
from distill.tasks.task import render
from distill.values import Example
from privacy.fingerprints import canonical, normalise
from privacy.scan import Finder

_NOBODY = frozenset({"TITLE"})
"""Types that name nobody by themselves."""
_WORD = re.compile(r"[^\W_]+")
_SURELY_THE_SAME = 5
"""Letters and digits: so many in a row are no accident, however they are parted ("4411-22" is "4411 22")."""


def names_nobody_new(settings: RewardSettings, task: Task, detector: Finder) -> Judge:
    """1 where nothing new is found, else 1 / (1 + the number of different findings).

    An answer that the task cannot read earns 0: it says nothing, and paying for that would teach silence. So does one
    that the detector cannot scan. The teacher read the scrubbed record only, so what its answer says of it in another
    form, such as a date turned round, is nobody's.
    """
    always = (*settings.allowed, *task.settings.labels, *_words_of(task.settings.json_schema))

    def judge(example: Example, completion: str) -> RewardScore:
        value = task.parse(completion)
        if value is None:
            return RewardScore(settings.name, 0.0)
        # JSON can spell a name in escapes, which the canonical form undoes.
        texts = list(dict.fromkeys([completion, task.canonical(value)]))
        try:
            found = detector.find(texts)
        except Exception:
            # A boundary: the detector's libraries raise what they like on odd text, and the message may quote it.
            return RewardScore(settings.name, 0.0)
        prompt = [message["content"] for message in render(task.settings, example.fields)]
        known = _Known((*always, *prompt, example.answer or ""))
        new = {
            canonical(span.entity_type, text[span.start : span.end])
            for text, spans in zip(texts, found, strict=True)
            for span in spans
            if span.entity_type not in _NOBODY and text[span.start : span.end] not in known
        }
        return RewardScore(settings.name, 1.0 / (1.0 + len(new)))

    return judge


class _Known:
    """What may be said: values all of whose words stand somewhere in the texts, in any order and with any signs between."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = {word for text in texts for word in _words(text)}
        self._run_together = [normalise(text) for text in texts]

    def __contains__(self, value: str) -> bool:
        together = normalise(value)
        return self._words.issuperset(_words(value)) or (
            len(together) >= _SURELY_THE_SAME and any(together in text for text in self._run_together)
        )


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _words_of(schema: Any) -> Iterator[str]:
    """Every word that the schema itself says: names of fields, `enum`, `const`."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties" and isinstance(value, dict):
                yield from value
            if name in ("enum", "const"):
                yield from (str(item) for item in (value if isinstance(value, list) else [value]))
            yield from _words_of(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _words_of(item)
