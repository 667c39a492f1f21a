"""On-policy training: the student answers, a reward or a teacher judges its own answers, and it learns from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distill.checkpoints import write_atomically
from distill.guards import Improvement, check_curves, improvement_of_curve, improvement_of_pairs
from distill.loop import Schedule, train
from distill.lora import load_adapter
from distill.onpolicy_settings import OnPolicySettings, OnPolicyTeacherSettings
from distill.onpolicy_step import Asked, OnPolicyStep, Reward, Shown, rewards_of
from distill.rollouts import Sampler
from distill.sampling import InProcessSampler
from distill.student import Device, load_model, load_tokenizer, prompt_ids
from distill.text_files import TextKey, append_lines
from distill.token_teacher import TokenTeacher
from distill.trainable import Adapter
from distill.training import Metrics, Progress, TrainingResult
from distill.values import Example, Messages

__all__ = ["OnPolicySettings", "OnPolicyTeacherSettings", "Question", "train_onpolicy"]

Question = tuple[Messages, Example]
"""The chat before the answer, and the record that it asks about."""


def train_onpolicy(
    base: Path,
    adapter: Path,
    questions: Sequence[Question],
    reward: Reward,
    max_answer_tokens: int,
    out: Path,
    settings: OnPolicySettings,
    device: Device,
    progress: Progress,
    *,
    teacher: TokenTeacher | None = None,
    sampler: Sampler | None = None,
    validation: Sequence[Question] = (),
    key: TextKey | None = None,
) -> tuple[TrainingResult, Improvement]:
    """Goes on training `adapter` of `base` and leaves the result in `out/adapter`; resumes what is in `out`.

    `teacher` is for settings.method = "distill", which a reward accompanies as a measure only. Without `sampler` the
    answers are sampled in this process. `validation` are held-out questions that are answered before and after. With a
    `key` the answers that are kept to be looked at are encrypted. The result's curve is the mean reward. Raises TrainingError with the remedy; the last good checkpoint is kept.
    """
    assert (teacher is not None) == (settings.method == "distill"), "a teacher is for distilling"
    tokenizer = load_tokenizer(base)
    metrics = Metrics(out / "metrics.jsonl")

    def examine(adapter: Path, figures: Path) -> None:
        if not validation or figures.exists():
            return
        model = load_adapter(load_model(base, device), adapter, trainable=False)
        asking = sampler or InProcessSampler(model, tokenizer.eos_token_id)
        asking.follow(model)
        exam = _asked(tokenizer, validation)
        earned = rewards_of(asking, tokenizer, exam, reward, max_answer_tokens, settings)
        write_atomically(figures, json.dumps(earned))

    before, after = out / "validation-before.json", out / "validation-after.json"
    if not (out / "adapter").exists():
        examine(adapter, before)
        model = load_adapter(load_model(base, device), adapter, trainable=True)
        work = OnPolicyStep(
            model,
            tokenizer,
            sampler or InProcessSampler(model, tokenizer.eos_token_id),
            _asked(tokenizer, questions),
            reward,
            teacher,
            max_answer_tokens,
            settings,
        )

        def step(number: int) -> dict[str, float]:
            told = work.step(number)
            _keep(out / "samples.jsonl", number, work.shown, key)
            told["tokens_so_far"] = told["tokens"] + _last(metrics, "tokens_so_far")
            check_curves([*metrics.rows(), told | {"step": number}])
            return told

        schedule = Schedule(
            steps=settings.steps,
            learning_rate=settings.learning_rate,
            shape="constant",
            checkpoint_every_steps=settings.checkpoint_every_steps,
        )
        train(Adapter(model), schedule, step, out, "reward", progress)
    examine(out / "adapter", after)
    return metrics.result("reward"), _improvement(before, after, metrics)


def _keep(path: Path, step: int, shown: Sequence[Shown], key: TextKey | None) -> None:
    """Answers to look at while the training goes on. Steps that are taken again after a kill say the same again."""
    append_lines(path, [json.dumps({"step": step, **asdict(each)}).encode() for each in shown], key)


def _asked(tokenizer: Any, questions: Sequence[Question]) -> list[Asked]:
    return [(prompt_ids(tokenizer, messages), record) for messages, record in questions]


def _last(metrics: Metrics, name: str) -> float:
    rows = metrics.rows()
    return float(rows[-1][name]) if rows else 0.0


def _improvement(before: Path, after: Path, metrics: Metrics) -> Improvement:
    """Over validation records where both answers could be judged, or else over the curve."""
    if before.exists() and after.exists():
        pairs = zip(json.loads(before.read_text()), json.loads(after.read_text()), strict=True)
        judged = [(a, b) for a, b in pairs if a is not None and b is not None]
        if judged:
            return improvement_of_pairs([a for a, _ in judged], [b for _, b in judged])
    return improvement_of_curve([row["reward"] for row in metrics.rows() if "reward" in row])
