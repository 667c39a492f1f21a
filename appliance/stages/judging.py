"""Inside the evaluate stage, for free text: how near answers are in meaning, and a model that says which one is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from appliance.stages.context import Context, Facts, ask, read_answers
from distill.completer import Completer, Endpoint
from distill.evaluate import ARMS, UNTRAINED_ARMS, Outcome
from distill.evaluation.golden import Golden, Rating, answers_digest, held_against, read_golden, trust
from distill.evaluation.judge import (
    MAX_ANSWER_TOKENS,
    SWAPPED,
    JudgeSettings,
    Pair,
    contest,
    judgement,
    requests_of,
)
from distill.tasks import Task
from distill.tasks.generate import Generate
from distill.tasks.task import render
from distill.values import Completion, Example, Request


def ruler(context: Context) -> Task:
    """The task, which also tells how near answers are in meaning where the use case names a model for it."""
    if context.use_case.evaluate.similarity_model is None:
        return context.task
    from distill.evaluation.similarity import Embedder

    model = context.model(context.use_case.evaluate.similarity_model)
    return Generate(context.use_case.task, Embedder(model, context.use_case.student.device).similarity)


def judged(
    context: Context, chosen: str, tests: Sequence[Example], outcomes: Mapping[str, Sequence[Outcome]]
) -> Facts | None:
    """The chosen student against the teacher and the best untrained arm; None where no judge is named.

    The judge is first held against people, on the pairs that they have rated. Its replies are kept in the stage's folder.
    """
    settings = context.use_case.judge
    if settings is None:
        return None
    said = {arm: {outcome.record_id: outcome.answer for outcome in found} for arm, found in outcomes.items()}
    questions = {
        example.record_id: "\n\n".join(
            message["content"] for message in render(context.use_case.task, example.fields)
        )
        for example in tests
    }

    def pair(record_id: str, arm: str, against: str) -> Pair:
        return Pair(
            _key(record_id, arm, against),
            questions[record_id],
            said[arm][record_id],
            said[against][record_id],
        )

    opponents = ["teacher", *_best_untrained(context.task, outcomes)]
    contests = {
        against: [pair(example.record_id, chosen, against) for example in tests[: settings.records]]
        for against in opponents
    }
    ratings, left_out = _usable(context, settings, chosen, said)
    rated = [(rating, pair(rating.record_id, rating.arm_a, rating.arm_b)) for rating in ratings]
    shown = {
        each.key: each
        for each in (*(p for found in contests.values() for p in found), *(p for _, p in rated))
    }
    replies = _ask(context, settings, requests_of(list(shown.values()), settings.rubric))
    golden: Golden | None = None
    if settings.golden is not None:
        found = [(rating.preference, judgement(each, replies)) for rating, each in rated]
        golden = held_against(found, len(ratings) + sum(left_out.values()), left_out)
    trusted, why = trust(golden, settings)
    return {
        "model": settings.model,
        "records": min(settings.records, len(tests)),
        "is_also": _is_also(context, settings),
        "golden": None
        if golden is None
        else {**asdict(golden), "min_rows": settings.min_golden, "min_kappa": settings.min_kappa},
        "trusted": trusted,
        "why": why,
        "pairs": [asdict(contest(chosen, against, found, replies)) for against, found in contests.items()],
    }


def _best_untrained(task: Task, outcomes: Mapping[str, Sequence[Outcome]]) -> list[str]:
    means = {
        arm: sum(outcome.scores[task.primary_metric] for outcome in outcomes[arm])
        for arm in UNTRAINED_ARMS
        if arm in outcomes
    }
    return sorted(means, key=lambda arm: means[arm], reverse=True)[:1]


def _usable(
    context: Context, settings: JudgeSettings, chosen: str, said: Mapping[str, Mapping[str, str | None]]
) -> tuple[list[Rating], dict[str, int]]:
    """Ratings of answers that this run's arms gave, each pair once, and what was left out."""
    if settings.golden is None:
        return [], {}
    left_out: Counter[str] = Counter()
    usable: dict[str, Rating] = {}
    for rating in read_golden(context.base_dir / settings.golden):
        arms, record = (rating.arm_a, rating.arm_b), rating.record_id
        if any(arm not in said or record not in said[arm] for arm in arms):
            left_out["the record or the arm is not in this run"] += 1
            continue
        if rating.answers not in (None, answers_digest(said[arms[0]][record], said[arms[1]][record])):
            left_out["the answers have changed since"] += 1
            continue
        rating = _turned(rating, chosen)
        key = _key(record, rating.arm_a, rating.arm_b)
        if key in usable:
            left_out["the pair was rated before"] += 1
        usable.setdefault(key, rating)
    return list(usable.values()), dict(left_out)


def _turned(rating: Rating, chosen: str) -> Rating:
    """The chosen student first, else the arms in their usual order: what is judged already is not judged again."""
    order = [chosen, *(arm for arm in ARMS if arm != chosen)]
    if order.index(rating.arm_a) < order.index(rating.arm_b):
        return rating
    return replace(
        rating, arm_a=rating.arm_b, arm_b=rating.arm_a, preference=SWAPPED[rating.preference], answers=None
    )


def _key(record_id: str, arm: str, against: str) -> str:
    return f"{record_id} {arm} {against}"


def _is_also(context: Context, settings: JudgeSettings) -> str | None:
    """A judge that is itself one of the sides prefers its own words (Panickssery et al. 2024): told, not refused."""
    sides = {"teacher": context.use_case.teacher.model, "student": context.use_case.student.base}
    return next((side for side, model in sides.items() if model == settings.model), None)


def _ask(context: Context, settings: JudgeSettings, requests: list[Request]) -> Mapping[str, Completion]:
    if not requests:
        return {}

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, unit="comparisons", part="judge")

    path = context.folder / "answers" / "judge.jsonl"
    path.parent.mkdir(exist_ok=True)
    answered = read_answers(path)
    if all(request.record_id in answered for request in requests):
        return answered
    return ask(_open(context, settings), requests, path, progress)


def _open(context: Context, settings: JudgeSettings) -> Completer:
    if settings.url is not None:
        return Endpoint(settings.url, settings.model, None, MAX_ANSWER_TOKENS)
    from distill.student import InProcess, check_model_dir

    path = context.model(settings.model)
    check_model_dir(path)
    return InProcess(path, context.use_case.student.device, MAX_ANSWER_TOKENS)
