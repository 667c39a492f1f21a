"""Every arm answers the same held-out records; the student to release is picked on the validation records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.stages.context import Context, Facts, read_examples, split_of, write_rows
from appliance.stages.findings import Measured, find
from appliance.stages.general import forgetting
from appliance.stages.judging import judged, ruler
from distill.curate import overlap
from distill.evaluate import (
    TRAINED_ARMS,
    Outcome,
    Worked,
    requests_for,
    score_arm,
    untrained_arms,
    worked_examples,
)
from distill.student import InProcess, context_room
from distill.teach import read_completions, teach
from distill.values import Completion, Example, Score


def evaluate(context: Context) -> tuple[Facts, list[str]]:
    """Answers of all arms (kept, so that a kill loses one batch), outcomes by record, scores with intervals."""
    examples = read_examples(context.before("curate")[0])
    assert overlap(context.task, examples) == 0, "curate lets no test input into the training data"
    tests, validation = split_of(examples, "test"), split_of(examples, "val")
    use_case, base = context.use_case, context.model(context.use_case.student.base)
    task = ruler(context)
    room = context_room(base, use_case.task.max_answer_tokens)
    worked = worked_examples(context.task, examples, tests, use_case.evaluate, room)
    untrained = untrained_arms(use_case.evaluate)
    models: dict[tuple[str, ...], Path] = {
        untrained: base,
        **{(arm,): context.before(arm)[0] / "model" for arm in context.trained_arms},
    }
    outcomes: dict[str, list[Outcome]] = {}
    on_validation: dict[str, list[Outcome]] = {}
    scores: list[Score] = []
    held_back: dict[str, Score] = {}
    for arms, path in models.items():
        asked = {(arm, "test"): tests for arm in arms}
        if arms != untrained and validation:
            asked |= {(arm, "val"): validation for arm in arms}
        answers = _ask(context, path, asked, worked)
        for (arm, split), records in asked.items():
            found, summed = score_arm(task, arm, records, answers[arm, split])
            if split == "val":
                on_validation[arm], held_back[arm] = found, _primary(context, summed)
            else:
                outcomes[arm] = found
                scores += summed
    teacher = read_completions(context.before("teach")[0] / "completions.jsonl")
    outcomes["teacher"], summed = score_arm(task, "teacher", tests, teacher)
    scores += summed
    write_rows(
        context.folder / "outcomes.parquet",
        [
            {
                "record_id": outcome.record_id,
                "arm": outcome.arm,
                "failed": outcome.failed,
                "scores": json.dumps(dict(outcome.scores)),
            }
            for found in outcomes.values()
            for outcome in found
        ],
        ("record_id", "arm", "failed", "scores"),
    )
    chosen = choose(held_back, context.trained_arms)
    measured = Measured(
        task,
        tests,
        outcomes,
        chosen,
        on_validation.get(chosen, []),
        score_arm(task, "teacher", validation, teacher)[0],
    )
    answer_fields = [
        name
        for name in (use_case.teacher.answer_field, use_case.evaluate.reference_field)
        if name is not None
    ]
    more_scores, found_facts = find(measured, use_case.decide, answer_fields)
    facts = {
        "primary_metric": context.task.primary_metric,
        "scores": [asdict(score) for score in scores + more_scores],
        "chosen": chosen,
        "held_to_labels": list(untrained) if use_case.task.labels else [],
        "validation": [asdict(score) for score in held_back.values()],
        "reference": "human" if use_case.evaluate.reference_field else "teacher",
        **found_facts,
        "general": forgetting(context, chosen),
        "judge": judged(context, chosen, tests, outcomes),
    }
    return facts, ["outcomes.parquet", "answers"]


def choose(on_validation: dict[str, Score], trained: Sequence[str]) -> str:
    """The trained arm that did better on validation; the later one where they tie or nothing was held back."""
    values = {arm: score.value for arm, score in on_validation.items() if score.value is not None}
    best = max(values.values(), default=None)
    return next(arm for arm in reversed(trained) if best is None or values.get(arm) == best)


def _primary(context: Context, scores: list[Score]) -> Score:
    return next(score for score in scores if score.metric == context.task.primary_metric)


def _ask(
    context: Context,
    model: Path,
    asked: dict[tuple[str, str], list[Example]],
    worked: Worked,
) -> dict[tuple[str, str], dict[str, Completion]]:
    """Answers of one model's arms; what an interrupted attempt has kept is not asked again."""
    (context.folder / "answers").mkdir(exist_ok=True)
    use_case = context.use_case
    student: InProcess | None = None
    answers = {}
    for (arm, split), records in asked.items():
        path = context.folder / "answers" / f"{arm}-{split}.jsonl"
        requests = requests_for(context.task, arm, records, worked)

        def progress(done: int, total: int, note: str, part: str = f"{arm} ({split})") -> None:
            context.progress(done, total, unit="answers", part=part)

        if len(read_completions(path)) < len(requests) and student is None:
            # Untrained students are held to the labels, as a server that serves them would do; a trained one knows them.
            # The likeliest token at each place is the one that was said: its probability is the student's confidence.
            student = InProcess(
                model,
                use_case.student.device,
                use_case.task.max_answer_tokens,
                top_logprobs=1 if arm in TRAINED_ARMS else None,
                choices=() if arm in TRAINED_ARMS else use_case.task.labels,
            )
        if student is None:
            answers[arm, split] = read_completions(path)
        else:
            answers[arm, split] = teach(student, requests, path, progress)
    return answers
