"""Every arm answers the same held-out records; the student to release is picked on the validation records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.stages.context import Context, Facts, ask, read_answers, read_examples, split_of, write_rows
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
from distill.values import Completion, Example, Score


def evaluate(context: Context) -> tuple[Facts, list[str]]:
    """Answers of all arms (kept, so that a kill loses one batch), outcomes by record, scores with intervals."""
    examples = read_examples(context.before("curate")[0])
    assert overlap(context.task, examples) == 0, "curate lets no test input into the training data"
    splits = {"test": split_of(examples, "test"), "val": split_of(examples, "val")}
    task, use_case = ruler(context), context.use_case
    outcomes: dict[tuple[str, str], list[Outcome]] = {}
    scores: dict[tuple[str, str], list[Score]] = {}
    for (arm, split), said in _answers(context, examples, splits).items():
        outcomes[arm, split], scores[arm, split] = score_arm(task, arm, splits[split], said)
    tested = {arm: found for (arm, split), found in outcomes.items() if split == "test"}
    _write_outcomes(context.folder / "outcomes.parquet", tested)
    held_back = {
        arm: _primary(context, summed)
        for (arm, split), summed in scores.items()
        if split == "val" and arm != "teacher"
    }
    chosen = choose(held_back, context.trained_arms)
    measured = Measured(
        task,
        splits["test"],
        tested,
        chosen,
        outcomes.get((chosen, "val"), []),
        outcomes.get(("teacher", "val"), []),
    )
    answer_fields = (use_case.teacher.answer_field, use_case.evaluate.reference_field)
    more_scores, found_facts = find(measured, use_case.decide, [name for name in answer_fields if name])
    summed = [score for (_, split), found in scores.items() if split == "test" for score in found]
    facts = {
        "primary_metric": context.task.primary_metric,
        "scores": [asdict(score) for score in summed + more_scores],
        "chosen": chosen,
        "held_to_labels": list(untrained_arms(use_case.evaluate)) if use_case.task.labels else [],
        "validation": [asdict(score) for score in held_back.values()],
        "reference": "human" if use_case.evaluate.reference_field else "teacher",
        **found_facts,
        "general": forgetting(context, chosen),
        "judge": judged(context, chosen, splits["test"], tested),
    }
    return facts, ["outcomes.parquet", "answers"]


def _write_outcomes(path: Path, tested: Mapping[str, Sequence[Outcome]]) -> None:
    rows = [
        {
            "record_id": outcome.record_id,
            "arm": outcome.arm,
            "failed": outcome.failed,
            "scores": json.dumps(dict(outcome.scores)),
        }
        for found in tested.values()
        for outcome in found
    ]
    write_rows(path, rows, ("record_id", "arm", "failed", "scores"))


def choose(on_validation: dict[str, Score], trained: Sequence[str]) -> str:
    """The trained arm that did better on validation; the later one where they tie or nothing was held back."""
    values = {arm: score.value for arm, score in on_validation.items() if score.value is not None}
    best = max(values.values(), default=None)
    return next(arm for arm in reversed(trained) if best is None or values.get(arm) == best)


def _primary(context: Context, scores: list[Score]) -> Score:
    return next(score for score in scores if score.metric == context.task.primary_metric)


def _answers(
    context: Context, examples: Sequence[Example], splits: Mapping[str, list[Example]]
) -> dict[tuple[str, str], Mapping[str, Completion]]:
    """By arm and split: the students', one model after the other, and the teacher's. Untrained ones answer the test alone."""
    use_case, base = context.use_case, context.model(context.use_case.student.base)
    room = context_room(base, use_case.task.max_answer_tokens)
    worked = worked_examples(context.task, examples, splits["test"], use_case.evaluate, room)
    filled = [split for split in splits if split == "test" or splits[split]]
    untrained = {(arm, "test"): splits["test"] for arm in untrained_arms(use_case.evaluate)}
    answers: dict[tuple[str, str], Mapping[str, Completion]] = {**_ask(context, base, untrained, worked)}
    for arm in context.trained_arms:
        asked = {(arm, split): splits[split] for split in filled}
        answers |= _ask(context, context.before(arm)[0] / "model", asked, worked)
    teacher = read_answers(context.before("teach")[0] / "completions.jsonl")
    return answers | {("teacher", split): teacher for split in filled}


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

        if len(read_answers(path)) < len(requests) and student is None:
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
            answers[arm, split] = read_answers(path)
        else:
            answers[arm, split] = ask(student, requests, path, progress)
    return answers
