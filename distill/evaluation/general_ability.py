"""What a model can do outside its task, before and after training: forgetting is seen, item by item."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from distill.evaluation import general_items
from distill.evaluation.general_items import ITEMS, SKILLS
from distill.evaluation.paired import Comparison, compare
from distill.tasks import Task
from distill.values import Completion, Request
from privacy.intervals import wilson

MAX_ANSWER_TOKENS = 48
"""Every item can be answered well within it; longer answers are judged by their beginning."""


@dataclass(frozen=True, slots=True)
class Share:
    """Items done as asked, with Wilson's 95% interval."""

    right: int
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Skill:
    skill: str
    n: int
    before: Share
    after: Share
    only_before: int
    """Items that only the untouched base did as asked."""
    only_after: int


@dataclass(frozen=True, slots=True)
class GeneralAbility:
    """The trained student beside the base it started from, on the same items."""

    arm: str
    n: int
    items: str
    """Which items and checks, as 16 hex digits: only figures of the same ones compare."""
    before: Share
    after: Share
    difference: Comparison
    skills: tuple[Skill, ...]
    lost: tuple[str, ...]
    """Ids of the items done before and not after."""
    gained: tuple[str, ...]
    task_answers: int | None
    """How many of the trained student's answers are answers to its task, such as a label: it hears nothing else any more.
    None where any text answers the task."""


def general_requests() -> list[Request]:
    """The instructions, each by itself and without a system message of ours."""
    return [Request(key, [{"role": "user", "content": item.prompt}]) for key, item in ITEMS.items()]


def items_digest() -> str:
    """Of the instructions and the checks as they are written."""
    return hashlib.sha256(Path(general_items.__file__).read_bytes()).hexdigest()[:16]


def done(completions: Mapping[str, Completion]) -> dict[str, bool]:
    """Whether each item was done as asked; one without an answer was not."""
    return {
        key: (answer := completions.get(key)) is not None and item.done(answer.text or "")
        for key, item in ITEMS.items()
    }


def general_ability(
    arm: str, task: Task, base: Mapping[str, Completion], student: Mapping[str, Completion]
) -> GeneralAbility:
    """Compares the answers of the base and of the trained student (`arm`) to `general_requests`, by item."""
    before, after = done(base), done(student)
    difference = compare(
        "general_ability",
        arm,
        "untuned",
        [float(each) for each in after.values()],
        [float(each) for each in before.values()],
    )
    is_free = task.settings.kind == "generate"
    return GeneralAbility(
        arm,
        len(ITEMS),
        items_digest(),
        _share(list(before.values())),
        _share(list(after.values())),
        difference,
        tuple(_skill(skill, before, after) for skill in SKILLS),
        tuple(key for key in ITEMS if before[key] and not after[key]),
        tuple(key for key in ITEMS if after[key] and not before[key]),
        None if is_free else sum(task.parse(answer.text or "") is not None for answer in student.values()),
    )


def _skill(skill: str, before: Mapping[str, bool], after: Mapping[str, bool]) -> Skill:
    keys = [key for key, item in ITEMS.items() if item.skill == skill]
    return Skill(
        skill,
        len(keys),
        _share([before[key] for key in keys]),
        _share([after[key] for key in keys]),
        sum(before[key] and not after[key] for key in keys),
        sum(after[key] and not before[key] for key in keys),
    )


def _share(results: list[bool]) -> Share:
    low, high = wilson(sum(results), len(results))
    return Share(sum(results), len(results), sum(results) / len(results), low, high)
