"""The refreshed student beside the last one, on the old test records and the new ones; then the decision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.stages import ancestors
from appliance.stages.context import Context, Facts, ask, read_answers, read_examples, split_of, write_rows
from appliance.stages.refresh_decision import decide, paired
from distill.evaluate import requests_for, score_arm
from distill.student import InProcess
from distill.values import Completion, Example, Score


def evaluate(context: Context) -> tuple[Facts, list[str]]:
    """Answers of both students (what the last one said before is not asked again), their scores, the decision."""
    refresh, runs = ancestors.section(context), context.home.runs
    old = ancestors.tested(context)
    new = split_of(read_examples(context.before("curate")[0]), "test")
    refreshed = _ask(context, "refreshed", context.before("sft")[0] / "model", {"old": old, "new": new})
    last = {"old": ancestors.answers(runs / refresh.start)}
    last |= _ask(context, "last", ancestors.student(context) / "model", {"new": new})
    compared = {
        "old test records": (old, last["old"], refreshed["old"]),
        "new test records": (new, last["new"], refreshed["new"]),
    }
    if refresh.start != refresh.parent:
        # Losses too small to be seen one by one must not add up over many refreshes.
        first = ancestors.tested_in(runs / refresh.parent)
        compared["full run's test records, beside its own student"] = (
            first,
            ancestors.answers(runs / refresh.parent),
            refreshed["old"],
        )
    rows: list[dict[str, Any]] = []
    differences, told = {}, []
    for name, (tests, before, after) in compared.items():
        scores = {"last": _score(context, tests, before), "refreshed": _score(context, tests, after)}
        differences[name] = paired(scores["last"][1], scores["refreshed"][1])
        found = {arm: asdict(score) for arm, (score, _) in scores.items()}
        told.append({"name": name, **found, "difference": asdict(differences[name])})
        rows += [
            {"set": name, "arm": arm, "record_id": example.record_id, "score": json.dumps(value)}
            for arm, (_, values) in scores.items()
            for example, value in zip(tests, values, strict=True)
        ]
    write_rows(context.folder / "outcomes.parquet", rows, ("set", "arm", "record_id", "score"))
    decision = decide(differences, refresh.max_loss)
    facts = {
        "primary_metric": context.task.primary_metric,
        "chosen": "sft",
        "sets": told,
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "reference": "human" if context.use_case.evaluate.reference_field else "teacher",
    }
    return facts, ["outcomes.parquet", "answers"]


def _ask(
    context: Context, arm: str, model: Path, sets: Mapping[str, Sequence[Example]]
) -> dict[str, Mapping[str, Completion]]:
    """One student's answers by set; what an interrupted attempt has kept is not asked again."""
    (context.folder / "answers").mkdir(exist_ok=True)
    student: InProcess | None = None
    answers: dict[str, Mapping[str, Completion]] = {}
    for name, tests in sets.items():
        path = context.folder / "answers" / f"{arm}-{name}.jsonl"
        requests = requests_for(context.task, "sft", tests, {})

        def progress(done: int, total: int, note: str, part: str = f"{arm} ({name})") -> None:
            context.progress(done, total, unit="answers", part=part)

        answers[name] = read_answers(path)
        if len(answers[name]) < len(requests):
            settings = context.use_case
            student = student or InProcess(
                model, settings.student.device, settings.task.max_answer_tokens, name=arm
            )
            answers[name] = ask(student, requests, path, progress)
    return answers


def _score(
    context: Context, tests: Sequence[Example], said: Mapping[str, Completion]
) -> tuple[Score, list[float]]:
    """The primary metric with its interval, and each record's own."""
    metric = context.task.primary_metric
    outcomes, scores = score_arm(context.task, "sft", tests, said)
    return next(score for score in scores if score.metric == metric), [
        outcome.scores[metric] for outcome in outcomes
    ]
