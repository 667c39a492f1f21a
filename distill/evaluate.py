"""The arms on the same held-out records: each answer read, scored, and summed up with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from distill.curate import judge_answer
from distill.tasks import Task
from distill.tasks.task import render
from distill.values import Completion, Example, RejectReason, Request, Score
from privacy.intervals import wilson

TRAINED_ARMS = ("sft", "onpolicy")
UNTRAINED_ARMS = ("untuned", "few-shot")
ARMS = (*UNTRAINED_ARMS, *TRAINED_ARMS, "teacher")


@dataclass(frozen=True)
class EvaluateSettings:
    """The `[evaluate]` section."""

    reference_field: str | None = None
    """The field that holds what people say is right. Without it the teacher's answer is the reference."""
    few_shot: Annotated[int, Ge(1)] = 4
    """Worked examples in the prompt of the few-shot student, taken from the training records."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One arm's answer to one record, scored."""

    record_id: str
    arm: str
    failed: bool
    """No answer, cut off before its end, or unreadable: scores 0 everywhere."""
    scores: Mapping[str, float]


def pick_shots(examples: Sequence[Example], count: int) -> list[tuple[Mapping[str, str], str]]:
    """Worked examples with different answers first, so that the prompt shows the breadth of the task."""
    train = [example for example in examples if example.split == "train" and example.answer is not None]
    fresh: list[Example] = []
    repeats: list[Example] = []
    answers: set[str | None] = set()
    for example in train:
        (repeats if example.answer in answers else fresh).append(example)
        answers.add(example.answer)
    return [(example.fields, example.answer or "") for example in (fresh + repeats)[:count]]


def requests_for(
    task: Task, arm: str, tests: Sequence[Example], shots: Sequence[tuple[Mapping[str, str], str]]
) -> list[Request]:
    """What an arm is asked about the test records."""
    return [
        Request(
            example.record_id,
            render(
                task.settings,
                example.fields,
                trained=arm in TRAINED_ARMS,
                shots=shots if arm == "few-shot" else (),
            ),
        )
        for example in tests
    ]


def score_arm(
    task: Task, arm: str, tests: Sequence[Example], completions: Mapping[str, Completion]
) -> tuple[list[Outcome], list[Score]]:
    """Scores against the human reference where there is one, else against the teacher's answer.

    Intervals are Wilson's at 95%. A teacher that is itself the reference is not measured: its values are None.
    """
    outcomes = []
    against_teacher = all(example.reference is None for example in tests)
    for example in tests:
        wanted = example.reference if example.reference is not None else example.answer
        assert wanted is not None, "curate keeps no test record without a reference"
        answer = judge_answer(task, completions.get(example.record_id))
        value = None if isinstance(answer, RejectReason) else task.parse(answer)
        outcomes.append(Outcome(example.record_id, arm, value is None, task.score(value, task.parse(wanted))))
    n, failed = len(outcomes), sum(outcome.failed for outcome in outcomes)
    scores = []
    for metric in outcomes[0].scores if outcomes else [task.primary_metric]:
        if not outcomes:
            scores.append(Score(arm, metric, None, None, None, 0, 0, "no test record"))
        elif arm == "teacher" and against_teacher:
            note = "the teacher's answers are the reference here: its own quality is not known"
            scores.append(Score(arm, metric, None, None, None, n, failed, note))
        else:
            total = sum(outcome.scores[metric] for outcome in outcomes)
            low, high = wilson(total, n)
            scores.append(Score(arm, metric, total / n, low, high, n, failed))
    return outcomes, scores
