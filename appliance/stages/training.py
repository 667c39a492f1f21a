"""The student learns: supervised fine-tuning, then on-policy training; each leaves an adapter and a merged model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.config import UseCase
from appliance.keeping.texts import key_of_texts
from appliance.rewards import open_rewards
from appliance.stages import ancestors
from appliance.stages.context import Context, Facts, GateError, open_topk, read_examples, split_of
from appliance.stages.rollouts import open_sampler, token_teacher
from appliance.training.curves import SUMMED
from distill.dp_sft import train_dp_sft
from distill.onpolicy import OnPolicySettings, Question, train_onpolicy
from distill.sft import Targets, aligned_targets, train_sft
from distill.student import check_model_dir, fresh_adapter, load_tokenizer, merge_and_save, prune_and_save
from distill.tasks.task import render
from distill.training import Metrics, TrainingResult
from distill.values import Example, Messages

OUTPUTS = ["adapter", "model"]


def _examples(context: Context, split: str = "train") -> list[tuple[Messages, str]]:
    return [
        (render(context.use_case.task, example.fields, trained=True), example.answer or "")
        for example in _answered(context, split)
    ]


def _answered(context: Context, split: str = "train") -> list[Example]:
    folder, _ = context.before("curate")
    return [example for example in split_of(read_examples(folder), split) if example.answer is not None]


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


def _base(context: Context) -> Path:
    """The student before training: as it came, or what is left of it after pruning, which the `sft` stage leaves."""
    student = context.use_case.student
    base = context.model(student.base)
    if student.layers is None:
        return base
    pruned = context.run_folder / "sft" / "pruned"
    if not pruned.exists():
        prune_and_save(base, student.layers, pruned)
    return pruned


def _targets(context: Context, base: Path, examples: Sequence[tuple[Messages, str]]) -> Targets | None:
    """The teacher's captured distributions, by example; None where none were captured."""
    own = context.before("teach")[0] / "topk.parquet"
    paths = [own] if own.exists() else []
    if context.refresh is not None:
        paths += ancestors.distributions(context)
    if not paths:
        return None
    tokenizer = load_tokenizer(base)
    stores = [open_topk(path, tokenizer) for path in paths]
    found = [
        next((targets for store in stores if (targets := store.get(each.record_id)) is not None), None)
        for each in _answered(context)
    ]
    return aligned_targets(tokenizer, examples, found)


def sft(context: Context) -> tuple[Facts, list[str]]:
    """Trains on the teacher's answers to the training records; in a refresh, the last student goes on."""
    use_case, settings = context.use_case, context.use_case.sft
    check_model_dir(context.model(use_case.student.base))
    base, adapter = (_base(context), None) if context.refresh is None else ancestors.start(context)
    examples = _examples(context)

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="steps")

    device, guarantee, targets = use_case.student.device, None, None
    if settings.dp is None:
        targets = _targets(context, base, examples)
        result = train_sft(
            base,
            examples,
            context.folder,
            settings,
            device,
            progress,
            adapter,
            targets,
            _examples(context, "val"),
        )
    else:
        result, guarantee = train_dp_sft(
            base,
            examples,
            _subjects(context),
            context.folder,
            settings,
            device,
            context.home.scrub_key(),
            progress,
        )
    # A refreshed student knows most of it already.
    if context.refresh is None and result.last >= result.first:
        raise GateError(
            f"the student learnt nothing: the loss went from {result.first:.3f} to {result.last:.3f}; "
            "lower sft.learning_rate or bring more records"
        )
    outputs = ["model"]
    if settings.method == "lora":
        merge_and_save(base, context.folder / "adapter", context.folder / "model")
        outputs = OUTPUTS
    if base == context.folder / "pruned":
        outputs = [*outputs, "pruned"]
    facts = _facts(_sft_method(use_case), result, "loss", settings)
    return {
        **facts,
        "more_curves": _more_curves(context, SUMMED["sft"]),
        "differential_privacy": guarantee and asdict(guarantee) | {"epsilon": guarantee.epsilon},
        "teacher_distributions": None
        if targets is None
        else {"used": len(targets), "examples": len(examples)},
    }, outputs


def _sft_method(use_case: UseCase) -> str:
    settings = use_case.sft
    method = f"LoRA, rank {settings.lora_rank}" if settings.method == "lora" else "all weights"
    if use_case.student.layers is not None:
        method += f", {use_case.student.layers} layers kept"
    return method if settings.dp is None else f"{method}, with differential privacy"


def onpolicy(context: Context) -> tuple[Facts, list[str]]:
    """Goes on from the SFT adapter: the student samples, the task's reward compares with the teacher's answer."""
    use_case = context.use_case
    if "onpolicy" not in context.trained_arms:
        return {"left_out": "onpolicy.steps = 0"}, []
    base, adapter = _start(context)

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="steps")

    try:
        rewards = open_rewards(use_case, context.home, context.base_dir)
    except ValueError as error:
        raise GateError(str(error)) from None
    with rewards as reward, open_sampler(context, base, adapter) as sampler:
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
            teacher=token_teacher(context, base),
            sampler=sampler,
            validation=_questions(context, "val"),
            key=key_of_texts(context.folder),
        )
    merge_and_save(base, context.folder / "adapter", context.folder / "model")
    facts = _facts(_method(use_case.onpolicy), result, "reward", use_case.onpolicy)
    return {
        **facts,
        "more_curves": _more_curves(context, SUMMED["onpolicy"]),
        "improved": improvement.improved,
        "improvement": asdict(improvement),
    }, OUTPUTS


def _more_curves(context: Context, charted: Mapping[str, str]) -> dict[str, list[list[float]]]:
    rows = Metrics(context.folder / "metrics.jsonl").rows()
    return {
        title: [[row["step"], row[name]] for row in rows if row.get(name) is not None]
        for name, title in charted.items()
        if any(row.get(name) is not None for row in rows)
    }


def _start(context: Context) -> tuple[Path, Path]:
    """What on-policy training goes on from: the adapter of SFT, or one that changes nothing on a model trained whole."""
    trained, settings = context.before("sft")[0], context.use_case.sft
    if settings.method == "lora":
        return _base(context), trained / "adapter"
    start = context.folder / "start"
    if not start.exists():
        fresh_adapter(
            trained / "model", settings.lora_rank, settings.lora_alpha, context.use_case.onpolicy.seed, start
        )
    return trained / "model", start


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
