"""From answered records to examples: what is learnt from, what is held out, and what is rejected with its reason."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    reasons: dict[str, RejectReason] = {}
    near = NearDuplicates(
        {record.record_id: _input(task, record.fields) for record in records}, settings.near_duplicate_jaccard
    )
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
        answer = judge_answer(task, completions.get(record.record_id))
        reference = _reference(task, record, reference_field)
        usable = None if isinstance(answer, RejectReason) else answer
        reason: RejectReason | None = None
        if key in seen:
            in_test = split != "test" and key in test_keys
            reason = RejectReason.HELD_OUT if in_test else RejectReason.DUPLICATE
        elif split == "test":
            reason = RejectReason.NO_REFERENCE if (reference if reference_field else usable) is None else None
        elif isinstance(answer, RejectReason):
            reason = answer
        elif near.is_near(record.record_id, "test"):
            reason = RejectReason.NEAR_HELD_OUT
        elif settings.near_duplicates == "reject" and near.is_near(record.record_id, "learnt"):
            reason = RejectReason.NEAR_DUPLICATE
        if reason is not None:
            reasons[record.record_id] = reason
            return False
        seen.add(key)
        near.keep(record.record_id, "test" if split == "test" else "learnt")
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
        reasons |= {record.record_id: RejectReason.NOT_NEEDED for record in rest}
    else:
        learners = rest
    wanted = {
        "val": settings.validation,
        "train": settings.train if settings.train is not None else len(learners),
    }
    for record in learners:
        split = next((name for name, room in wanted.items() if room), None)
        if split is None:
            reasons[record.record_id] = RejectReason.NOT_NEEDED
        elif accept(record, split):
            wanted[split] -= 1
    assert len(examples) + len(reasons) == len(records)
    return TrainingSet(tuple(examples), reasons)


def _draw(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()


def _reference(task: Task, record: ScrubbedRecord, reference_field: str | None) -> str | None:
    if reference_field is None:
        return None
    value = task.parse(record.fields[reference_field])
    return None if value is None else task.canonical(value)
