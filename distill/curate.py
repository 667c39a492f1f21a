"""From answered records to examples: what is learnt from, what is held out, and what is rejected with its reason."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from distill.near_duplicates import NearDuplicates
from distill.tasks import Task
from distill.values import Completion, Example, RejectReason
from privacy.records import ScrubbedRecord

_REFUSAL = re.compile(
    r"^\W*(i['’ ]?a?m sorry|sorry,|i (can(no|['’])t|am unable|am not able|won['’]t)|unfortunately, i|as an ai)",
    re.I,
)
_STOCK_REFUSAL = re.compile(
    r"""^\W* (as \s an \s ai\b
        | ((i \s am|i['’]?m) \s (very \s|truly \s|really \s)? sorry \W+ (but \s)?)?
          (i \s (can['’]t|cannot|can \s not|won['’]t|must \s decline \s to) | (i \s am|i['’]m) \s (unable|not \s able) \s to) \s
          (help|assist|comply|answer|respond|fulfill?|complete) \s ((you \s)? (with|to) \s)?
          (that|this|your) (\s (request|question))? \W* ([.!\n]|$))""",
    re.I | re.X,
)
"""A model that declines. A reply to a customer may well begin with "I'm sorry" or "Unfortunately"."""


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
    near_duplicates: Literal["keep", "reject"] = "keep"
    """What becomes of a training record that nearly repeats another one. Those of a test record are rejected always."""
    near_duplicate_jaccard: Annotated[float, Gt(0), Le(1)] = 0.8
    """From this similarity on two inputs nearly repeat one another: the share of 5-character pieces that both have."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples of all splits, and why the other records are not among them."""

    examples: tuple[Example, ...]
    reasons: Mapping[str, RejectReason]
    """By record id."""

    @property
    def rejected(self) -> dict[RejectReason, int]:
        return dict(Counter(self.reasons.values()))

    def split(self, name: str) -> list[Example]:
        return [example for example in self.examples if example.split == name]


def input_key(task: Task, fields: Mapping[str, str]) -> str:
    """What two records share that ask the same: the rendered input without case and spacing, hashed."""
    text = " ".join(_input(task, fields).casefold().split())
    return hashlib.sha256(text.encode()).hexdigest()


def _input(task: Task, fields: Mapping[str, str]) -> str:
    return task.settings.input.format_map(fields)


def overlap(task: Task, examples: Sequence[Example]) -> int:
    """How many test records' inputs are also training or validation inputs. Anything over 0 voids the scores."""
    learnt = {input_key(task, example.fields) for example in examples if example.split != "test"}
    return sum(input_key(task, example.fields) in learnt for example in examples if example.split == "test")


def judge_answer(task: Task, completion: Completion | None) -> str | RejectReason:
    """The canonical answer in a completion, or why there is none."""
    if completion is None or completion.text is None or not completion.text.strip():
        return RejectReason.NO_ANSWER
    cut_off = completion.finish_reason == "length"
    if task.settings.kind == "generate":
        # Any text is an answer then: what was cut off and what declines must be told by other signs.
        if cut_off:
            return RejectReason.TRUNCATED
        if _STOCK_REFUSAL.match(completion.text):
            return RejectReason.REFUSAL
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

    Each record ends in the training set or has one reason why not: accepted + rejected = records.
    """
    near = NearDuplicates(
        {record.record_id: _input(task, record.fields) for record in records}, settings.near_duplicate_jaccard
    )
    filling = _Filling(task, completions, reference_field, settings.near_duplicates == "reject", near)
    # Drawn by input, not by id: ids are keyed, and where placeholders replace people two sites get the same split.
    order = sorted(
        records, key=lambda record: (_draw(settings.seed, input_key(task, record.fields)), record.record_id)
    )
    candidates: list[ScrubbedRecord] = []
    learners: list[ScrubbedRecord] = []
    for record in order:
        (candidates if not held_out or record.record_id in held_out else learners).append(record)
    left = settings.test
    rest = []
    for record in candidates:
        if left == 0:
            rest.append(record)
        elif filling.takes(record, "test"):
            left -= 1
    if held_out:
        filling.reasons.update((record.record_id, RejectReason.NOT_NEEDED) for record in rest)
    else:
        learners = rest
    wanted = {
        "val": settings.validation,
        "train": settings.train if settings.train is not None else len(learners),
    }
    for record in learners:
        split = next((name for name, room in wanted.items() if room), None)
        if split is None:
            filling.reasons[record.record_id] = RejectReason.NOT_NEEDED
        elif filling.takes(record, split):
            wanted[split] -= 1
    assert len(filling.examples) + len(filling.reasons) == len(records)
    return TrainingSet(tuple(filling.examples), filling.reasons)


@dataclass(frozen=True, slots=True)
class _Filling:
    """A training set while it is filled, the test set first."""

    task: Task
    completions: Mapping[str, Completion]
    reference_field: str | None
    rejects_near: bool
    """Whether a record to learn from may not nearly repeat another one."""
    near: NearDuplicates
    splits: dict[str, str] = field(default_factory=dict)
    """By the input's key: where it is."""
    examples: list[Example] = field(default_factory=list)
    reasons: dict[str, RejectReason] = field(default_factory=dict)

    def takes(self, record: ScrubbedRecord, split: str) -> bool:
        """Puts a record into a split, or notes why not."""
        key = input_key(self.task, record.fields)
        judged = judge_answer(self.task, self.completions.get(record.record_id))
        answer = None if isinstance(judged, RejectReason) else judged
        reference = _reference(self.task, record, self.reference_field)
        example = Example(record.record_id, split, record.fields, answer, reference, record.subject_id)
        reason = self._refuses(example, key, judged)
        if reason is not None:
            self.reasons[record.record_id] = reason
            return False
        self.splits[key] = split
        self.near.keep(record.record_id, "test" if split == "test" else "learnt")
        self.examples.append(example)
        return True

    def _refuses(self, example: Example, key: str, judged: str | RejectReason) -> RejectReason | None:
        is_test = example.split == "test"
        if key in self.splits:
            in_test = not is_test and self.splits[key] == "test"
            return RejectReason.HELD_OUT if in_test else RejectReason.DUPLICATE
        if is_test:
            scored_by = example.reference if self.reference_field else example.answer
            return RejectReason.NO_REFERENCE if scored_by is None else None
        if isinstance(judged, RejectReason):
            return judged
        if self.near.is_near(example.record_id, "test"):
            return RejectReason.NEAR_HELD_OUT
        if self.rejects_near and self.near.is_near(example.record_id, "learnt"):
            return RejectReason.NEAR_DUPLICATE
        return None


def _draw(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()


def _reference(task: Task, record: ScrubbedRecord, reference_field: str | None) -> str | None:
    if reference_field is None:
        return None
    value = task.parse(record.fields[reference_field])
    return None if value is None else task.canonical(value)
