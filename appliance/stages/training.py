"""The student learns: supervised fine-tuning, then on-policy training; each leaves an adapter and a merged model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.rewards import open_rewards
from appliance.stages.context import Context, Facts, GateError, read_examples, split_of
from distill.dp_sft import train_dp_sft
from distill.onpolicy import OnPolicySettings, Question, train_onpolicy
from distill.served_teacher import check_same_vocabulary
from distill.sft import train_sft
from distill.student import check_model_dir, load_tokenizer, merge_and_save
from distill.tasks.task import render
from distill.token_teacher import InProcessTeacher, TokenTeacher
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
    use_case = context.use_case
    if "onpolicy" not in context.trained_arms:
        return {"left_out": "onpolicy.steps = 0"}, []
    base = context.model(use_case.student.base)
    adapter = context.before("sft")[0] / "adapter"

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="steps")

    try:
        rewards = open_rewards(use_case, context.home, context.base_dir)
    except ValueError as error:
        raise GateError(str(error)) from None
    with rewards as reward:
        result, improvement = train_onpolicy(
            base,
            adapter,
            _questions(context, "train"),
            reward,
            use_case.task.max_answer_tokens,
            context.folder,
            use_case.onpolicy,
            use_case.student.device,
            progress,
            teacher=_token_teacher(context, base),
            validation=_questions(context, "val"),
        )
    merge_and_save(base, context.folder / "adapter", context.folder / "model")
    facts = _facts(_method(use_case.onpolicy), result, "reward", use_case.onpolicy)
    return {
        **facts,
        "improved": improvement.improved,
        "improvement": asdict(improvement),
    }, OUTPUTS


def _method(settings: OnPolicySettings) -> str:
    if settings.method == "distill":
        assert settings.teacher is not None
        return f"on-policy distillation from {settings.teacher.model}"
    return f"{settings.method.upper()}, groups of {settings.group_size}"


def _questions(context: Context, split: str) -> list[Question]:
    folder, _ = context.before("curate")
    return [
        (render(context.use_case.task, example.fields, trained=True), example)
        for example in split_of(read_examples(folder), split)
        if example.answer is not None
    ]


def _token_teacher(context: Context, base: Path) -> TokenTeacher | None:
    settings = context.use_case.onpolicy.teacher
    if settings is None:
        return None
    path = context.model(settings.model)
    check_model_dir(path)
    check_same_vocabulary(load_tokenizer(base), load_tokenizer(path))
    return InProcessTeacher(path, context.use_case.student.device)
