"""Inside the evaluate stage: the base student and the chosen one follow the instructions that have nothing to do with the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from appliance.stages.context import Context, Facts, ask, read_answers
from distill.evaluation.general_ability import MAX_ANSWER_TOKENS, general_ability, general_requests
from distill.student import InProcess
from distill.values import Completion


def forgetting(context: Context, chosen: str) -> Facts | None:
    """The general ability before and after training; None where the use case does not ask for it.

    Answers are kept in the stage's folder, so that a kill loses one batch, and never told in the facts: a trained
    student may say what it has learnt.
    """
    if not context.use_case.evaluate.general_ability:
        return None
    before = _ask(context, "untuned", context.model(context.use_case.student.base))
    after = _ask(context, chosen, context.before(chosen)[0] / "model")
    return asdict(general_ability(chosen, context.task, before, after))


def _ask(context: Context, arm: str, model: Path) -> Mapping[str, Completion]:
    path = context.folder / "answers" / f"{arm}-general.jsonl"
    path.parent.mkdir(exist_ok=True)
    requests = general_requests()

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, unit="answers", part=f"{arm} (general ability)")

    answers = read_answers(path)
    if len(answers) == len(requests):
        return answers
    return ask(InProcess(model, context.use_case.student.device, MAX_ANSWER_TOKENS), requests, path, progress)
