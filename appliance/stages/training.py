"""The student learns: supervised fine-tuning, then on-policy training; each leaves an adapter and a merged model."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from appliance.stages.context import Context, Facts, GateError, read_examples, split_of
from distill.dp_sft import train_dp_sft
from distill.onpolicy import train_onpolicy
from distill.sft import train_sft
from distill.student import check_model_dir, merge_and_save
from distill.tasks.task import render
from distill.training import TrainingResult
from distill.values import Example, Messages

OUTPUTS = ["adapter", "model"]


def _examples(context: Context) -> list[tuple[Messages, str]]:
    return [
        (render(context.use_case.task, example.fields, trained=True), example.answer or "")
        for example in _answered(context)
    ]


def _answered(context: Context) -> list[Example]:
    folder, _ = context.before("curate")
    return [example for example in split_of(read_examples(folder), "train") if example.answer is not None]


def _subjects(context: Context) -> list[str | None] | None:
    """Whose example each is; None where the source names no person, so that each record stands for itself."""
    subjects = [example.subject_id for example in _answered(context)]
    return subjects if any(subject is not None for subject in subjects) else None


def _facts(method: str, result: TrainingResult, curve_name: str, settings: Any) -> Facts:
    return {
        "method": method,
        "steps": result.steps,
        "seconds": result.seconds,
        "examples": result.examples,
        "first": result.first,
        "last": result.last,
        "curve_name": curve_name,
        "curve": [list(point) for point in result.curve],
        "settings": asdict(settings),
    }


def sft(context: Context) -> tuple[Facts, list[str]]:
    """Trains on the teacher's answers to the training records."""
    use_case = context.use_case
    base = context.model(use_case.student.base)
    check_model_dir(base)
    examples = _examples(context)

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="steps")

    device, guarantee = use_case.student.device, None
    if use_case.sft.dp is None:
        result = train_sft(base, examples, context.folder, use_case.sft, device, progress)
    else:
        result, guarantee = train_dp_sft(
            base,
            examples,
            _subjects(context),
            context.folder,
            use_case.sft,
            device,
            context.home.scrub_key(),
            progress,
        )
    if result.last >= result.first:
        raise GateError(
            f"the student learnt nothing: the loss went from {result.first:.3f} to {result.last:.3f}; "
            "lower sft.learning_rate or bring more records"
        )
    merge_and_save(base, context.folder / "adapter", context.folder / "model")
    method = f"LoRA, rank {use_case.sft.lora_rank}"
    if guarantee is None:
        return {**_facts(method, result, "loss", use_case.sft), "differential_privacy": None}, OUTPUTS
    facts = _facts(f"{method}, with differential privacy", result, "loss", use_case.sft)
    return {**facts, "differential_privacy": asdict(guarantee) | {"epsilon": guarantee.epsilon}}, OUTPUTS


def onpolicy(context: Context) -> tuple[Facts, list[str]]:
    """Goes on from the SFT adapter: the student samples, the task's reward compares with the teacher's answer."""
    use_case, task = context.use_case, context.task
    if "onpolicy" not in context.trained_arms:
        return {"left_out": "onpolicy.steps = 0"}, []
    base = context.model(use_case.student.base)
    adapter = context.before("sft")[0] / "adapter"

    def reward(text: str, answer: str) -> float:
        return task.reward(task.parse(text), task.parse(answer))

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="steps")

    result = train_onpolicy(
        base,
        adapter,
        _examples(context),
        reward,
        use_case.task.max_answer_tokens,
        context.folder,
        use_case.onpolicy,
        use_case.student.device,
        progress,
    )
    merge_and_save(base, context.folder / "adapter", context.folder / "model")
    return _facts(
        f"GRPO, groups of {use_case.onpolicy.group_size}", result, "reward", use_case.onpolicy
    ), OUTPUTS
