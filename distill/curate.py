"""From answered records to examples: what is learnt from, what is held out, and what is rejected with its reason."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from distill.tasks import Task
from distill.values import Completion, Example, RejectReason
from privacy.records import ScrubbedRecord

_REFUSAL = re.compile(
    r"^\W*(i['’ ]?a?m sorry|sorry,|i (can(no|['’])t|am unable|am not able|won['’]t)|unfortunately, i|as an ai)",
    re.I,
)


@dataclass(frozen=True)
class SplitSettings:
    """The `[split]` section: who is learnt from and who is asked in the exam."""

    test: Annotated[int, Ge(1)]
    """Held-out records, the same for every arm."""
    validation: Annotated[int, Ge(0)] = 0
    """Records kept apart for choices during training."""
    train: Annotated[int, Ge(1)] | None = None
    """At most so many training records; default: all that remain."""
    seed: int = 7
    """Which records go where."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples of all splits, and why the other records are not among them."""

    examples: tuple[Example, ...]
    rejected: Mapping[RejectReason, int]

    def split(self, name: str) -> list[Example]:
        return [example for example in self.examples if example.split == name]


def input_key(task: Task, fields: Mapping[str, str]) -> str:
    """What two records share that ask the same: the rendered input without case and spacing, hashed."""
    text = " ".join(task.settings.input.format_map(fields).casefold().split())
    return hashlib.sha256(text.encode()).hexdigest()


def overlap(task: Task, examples: Sequence[Example]) -> int:
    """How many test records' inputs are also training or validation inputs. Anything over 0 voids the scores."""
    learnt = {input_key(task, example.fields) for example in examples if example.split != "test"}
    return sum(input_key(task, example.fields) in learnt for example in examples if example.split == "test")


def judge_answer(task: Task, completion: Completion | None) -> str | RejectReason:
    """The canonical answer in a completion, or why there is none."""
    if completion is None or completion.text is None or not completion.text.strip():
        return RejectReason.NO_ANSWER
    cut_off = completion.finish_reason == "length"
    # Read as if it went on: what looks like the label `top_up` may be the start of `top_up_failed`.
    value = task.parse(completion.text + "…" if cut_off else completion.text)
    if value is not None:
        return task.canonical(value)
    if cut_off:
        return RejectReason.TRUNCATED
    return RejectReason.REFUSAL if _REFUSAL.match(completion.text) else RejectReason.MALFORMED


def curate(
    task: Task,
    records: Sequence[ScrubbedRecord],
    completions: Mapping[str, Completion],
    settings: SplitSettings,
    reference_field: str | None,
    held_out: Collection[str] = (),
) -> TrainingSet:
    """Splits and filters. With `held_out` (record ids) the test records come from among these only.

    Each record ends in the training set or in one count: accepted + rejected = records.
    """
    rejected: Counter[RejectReason] = Counter()
    # Drawn by input, not by id: ids are keyed, and where placeholders replace people two sites get the same split.
    order = sorted(
        records, key=lambda record: (_draw(settings.seed, input_key(task, record.fields)), record.record_id)
    )
    candidates: list[ScrubbedRecord] = []
    learners: list[ScrubbedRecord] = []
    for record in order:
        (candidates if not held_out or record.record_id in held_out else learners).append(record)
    seen: set[str] = set()
    examples: list[Example] = []

    def accept(record: ScrubbedRecord, split: str) -> bool:
        key = input_key(task, record.fields)
        if key in seen:
            in_test = split != "test" and key in test_keys
            rejected[RejectReason.HELD_OUT if in_test else RejectReason.DUPLICATE] += 1
            return False
        answer = judge_answer(task, completions.get(record.record_id))
        reference = _reference(task, record, reference_field)
        usable = None if isinstance(answer, RejectReason) else answer
        if split == "test" and (reference if reference_field else usable) is None:
            rejected[RejectReason.NO_REFERENCE] += 1
            return False
        if split != "test" and isinstance(answer, RejectReason):
            rejected[answer] += 1
            return False
        seen.add(key)
        examples.append(Example(record.record_id, split, record.fields, usable, reference, record.subject_id))
        return True

    test_keys: set[str] = set()
    left = settings.test
    rest = []
    for record in candidates:
        if left and accept(record, "test"):
            left -= 1
        elif left == 0:
            rest.append(record)
    test_keys = set(seen)
    if held_out:
        rejected[RejectReason.NOT_NEEDED] += len(rest)
    else:
        learners = rest
    wanted = {
        "val": settings.validation,
        "train": settings.train if settings.train is not None else len(learners),
    }
    for record in learners:
        split = next((name for name, room in wanted.items() if room), None)
        if split is None:
            rejected[RejectReason.NOT_NEEDED] += 1
        elif accept(record, split):
            wanted[split] -= 1
    assert len(examples) + sum(rejected.values()) == len(records)
    return TrainingSet(tuple(examples), dict(+rejected))


def _draw(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()


def _reference(task: Task, record: ScrubbedRecord, reference_field: str | None) -> str | None:
    if reference_field is None:
        return None
    value = task.parse(record.fields[reference_field])
    return None if value is None else task.canonical(value)
