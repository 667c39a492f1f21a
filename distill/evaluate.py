"""The arms on the same held-out records: each answer read, scored, and summed up with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge

from distill.curate import judge_answer
from distill.evaluation.bootstrap import mean_interval
from distill.evaluation.retrieval import nearest
from distill.tasks import Task
from distill.tasks.extract import Extract
from distill.tasks.task import render
from distill.values import Completion, Example, Messages, RejectReason, Request, Score

TRAINED_ARMS = ("sft", "onpolicy")
UNTRAINED_ARMS = ("untuned", "few-shot", "retrieved")
ARMS = (*UNTRAINED_ARMS, *TRAINED_ARMS, "cascade", "teacher")
"""Each beside its neighbours: less work on the left, more cost on the right."""


@dataclass(frozen=True)
class EvaluateSettings:
    """The `[evaluate]` section."""

    reference_field: str | None = None
    """The field that holds what people say is right. Without it the teacher's answer is the reference."""
    few_shot: Annotated[int, Ge(1)] = 4
    """Worked examples in the prompt of the few-shot student, taken from the training records."""
    retrieved: Annotated[int, Ge(0)] | None = None
    """Worked examples in the prompt of the student with retrieval: for each record the training records most like it.
    Default: as many as `few_shot`. 0 leaves this arm out."""
    general_ability: bool = True
    """Asks the base and the released student sixty instructions that have nothing to do with the task: what was forgotten."""
    similarity_model: str | None = None
    """A directory with a sentence embedding model (a name from `stillhouse models list`, or the site's own): free-text answers
    are then compared by meaning too. Default: by wording only."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One arm's answer to one record, scored."""

    record_id: str
    arm: str
    failed: bool
    """No answer, cut off before its end, or unreadable: scores 0 everywhere."""
    scores: Mapping[str, float]
    answer: str | None = field(default=None, repr=False)
    """In canonical form; None where it failed."""
    logprob: float | None = None
    """Natural logarithm of the probability that the model gave its whole answer; None where it was not asked."""


Shots = Sequence[tuple[Mapping[str, str], str]]
"""Worked examples: (fields, answer) each."""
Worked = Mapping[str, Mapping[str, Shots]]
"""By arm and record id: the worked examples in the prompt; an arm that is not there has none."""


def untrained_arms(settings: EvaluateSettings) -> tuple[str, ...]:
    """Those that the use case asks for."""
    return (
        UNTRAINED_ARMS if _num_retrieved(settings) else tuple(a for a in UNTRAINED_ARMS if a != "retrieved")
    )


def _num_retrieved(settings: EvaluateSettings) -> int:
    return settings.few_shot if settings.retrieved is None else settings.retrieved


def pick_shots(examples: Sequence[Example], count: int) -> list[tuple[Mapping[str, str], str]]:
    """Worked examples with different answers first, so that the prompt shows the breadth of the task."""
    fresh: list[Example] = []
    repeats: list[Example] = []
    answers: set[str | None] = set()
    for example in _learnt(examples):
        (repeats if example.answer in answers else fresh).append(example)
        answers.add(example.answer)
    return [(example.fields, example.answer or "") for example in (fresh + repeats)[:count]]


def worked_examples(
    task: Task,
    examples: Sequence[Example],
    tests: Sequence[Example],
    settings: EvaluateSettings,
    fits: Callable[[Messages], bool],
) -> Worked:
    """Of the arms that are shown some; the most telling one stands last, next to the question.

    Where not all fit into the model's context (`fits` says so of a prompt) there are fewer: a prompt is never cut.
    """
    learnt = _learnt(examples)
    few = pick_shots(examples, settings.few_shot)
    texts = [task.settings.input.format_map(example.fields) for example in learnt]
    asked = [task.settings.input.format_map(example.fields) for example in tests]
    found = nearest(texts, asked, _num_retrieved(settings))

    def as_many_as_fit(example: Example, shots: Shots, nearest_last: bool) -> Shots:
        while True:
            arranged = shots[::-1] if nearest_last else shots
            if not shots or fits(render(task.settings, example.fields, shots=arranged)):
                return arranged
            shots = shots[:-1]

    worked: dict[str, dict[str, Shots]] = {"few-shot": {}, "retrieved": {}}
    for example, places in zip(tests, found, strict=True):
        like_it = [(learnt[place].fields, learnt[place].answer or "") for place in places]
        worked["few-shot"][example.record_id] = as_many_as_fit(example, few, False)
        worked["retrieved"][example.record_id] = as_many_as_fit(example, like_it, True)
    return worked


def _learnt(examples: Sequence[Example]) -> list[Example]:
    return [example for example in examples if example.split == "train" and example.answer is not None]


def requests_for(task: Task, arm: str, tests: Sequence[Example], worked: Worked) -> list[Request]:
    """What an arm is asked about the test records."""
    shots = worked.get(arm, {})
    return [
        Request(
            example.record_id,
            render(
                task.settings,
                example.fields,
                trained=arm in TRAINED_ARMS,
                shots=shots.get(example.record_id, ()),
            ),
        )
        for example in tests
    ]


def score_arm(
    task: Task, arm: str, tests: Sequence[Example], completions: Mapping[str, Completion]
) -> tuple[list[Outcome], list[Score]]:
    """Scores against the human reference where there is one, else against the teacher's answer.

    A teacher that is itself the reference is not measured: its values are None.
    """
    outcomes = [_outcome(task, arm, example, completions.get(example.record_id)) for example in tests]
    note = None
    if arm == "teacher" and teacher_is_reference(tests):
        note = "the teacher's answers are the reference here: its own quality is not known"
    return outcomes, summed(task, arm, outcomes, note)


def teacher_is_reference(tests: Sequence[Example]) -> bool:
    """Whether no person has said what is right: the teacher is then right by definition."""
    return all(example.reference is None for example in tests)


def wanted(example: Example) -> str:
    """The right answer in canonical form: people's word where they have spoken, else the teacher's."""
    found = example.reference if example.reference is not None else example.answer
    assert found is not None, "curate keeps no test record without a reference"
    return found


def _outcome(task: Task, arm: str, example: Example, completion: Completion | None) -> Outcome:
    answer = judge_answer(task, completion)
    read = None if isinstance(answer, RejectReason) else answer
    value = None if read is None else task.parse(read)
    scores = task.score(value, task.parse(wanted(example)))
    if isinstance(task, Extract):
        scores |= task.form(completion.text if completion is not None and completion.text is not None else "")
    return Outcome(
        example.record_id,
        arm,
        value is None,
        scores,
        None if value is None else read,
        None if completion is None else completion.logprob,
    )


def summed(task: Task, arm: str, outcomes: Sequence[Outcome], unmeasured: str | None = None) -> list[Score]:
    """The mean of each metric with its 95% interval; with `unmeasured`, the reason, nothing but the counts."""
    n, failed = len(outcomes), sum(outcome.failed for outcome in outcomes)
    if not outcomes:
        return [Score(arm, task.primary_metric, None, None, None, 0, 0, "no test record")]
    scores = []
    for metric in outcomes[0].scores:
        values = [outcome.scores[metric] for outcome in outcomes]
        if unmeasured is not None:
            scores.append(Score(arm, metric, None, None, None, n, failed, unmeasured))
        else:
            scores.append(Score(arm, metric, sum(values) / n, *mean_interval(values), n, failed))
    return scores
