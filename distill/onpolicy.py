"""On-policy training: the student answers, a reward or a teacher judges its own answers, and it learns from them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distill.checkpoints import newest_sealed, seal, write_atomically
from distill.guards import Improvement, check_curves, improvement_of_curve, improvement_of_pairs
from distill.onpolicy_settings import OnPolicySettings, OnPolicyTeacherSettings
from distill.onpolicy_step import OnPolicyStep, Reward
from distill.rollouts import Sampler
from distill.sampling import InProcessSampler
from distill.student import Device, load_adapter, load_model, load_tokenizer, prompt_ids
from distill.token_teacher import TokenTeacher
from distill.training import Metrics, Progress, TrainingError, TrainingResult, save_adapter
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
) -> tuple[TrainingResult, Improvement]:
    """Goes on training `adapter` of `base` and leaves the result in `out/adapter`; resumes what is in `out`.

    `teacher` is for settings.method = "distill", which a reward accompanies as a measure only. Without `sampler` the
    answers are sampled in this process. `validation` are held-out questions that are answered before and after. The
    result's curve is the mean reward. Raises TrainingError with the remedy; the last good checkpoint is kept.
    """
    assert (teacher is not None) == (settings.method == "distill"), "a teacher is for distilling"
    metrics = Metrics(out / "metrics.jsonl")
    if not (out / "adapter").exists():
        tokenizer = load_tokenizer(base)
        model = load_adapter(load_model(base, device), adapter, trainable=True)
        sampler = sampler or InProcessSampler(model, tokenizer.eos_token_id)
        asked = [(prompt_ids(tokenizer, messages), record) for messages, record in questions]
        work = OnPolicyStep(model, tokenizer, sampler, asked, reward, teacher, max_answer_tokens, settings)
        exam = [(prompt_ids(tokenizer, messages), record) for messages, record in validation]
        _run(model, work, sampler, exam, out, metrics, settings, progress)
        save_adapter(model, out)
    return metrics.result("reward"), _improvement(out, metrics)


def _run(
    model: Any,
    work: OnPolicyStep,
    sampler: Sampler,
    exam: Sequence[tuple[Sequence[int], Example]],
    out: Path,
    metrics: Metrics,
    settings: OnPolicySettings,
    progress: Progress,
) -> None:
    """The loop; goes on from the newest intact checkpoint."""
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    done = _resume(parameters, optimizer, out / "checkpoints")
    metrics.rewind(done)
    sampler.follow(model)
    if exam and not (out / "validation-before.json").exists():
        _write_rewards(out / "validation-before.json", work.rewards_of(exam))
    for step in range(done + 1, settings.steps + 1):
        optimizer.zero_grad(set_to_none=True)
        told = work.step(step)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        _check_numbers(told, parameters, step)
        metrics.append({"step": step} | {name: value for name, value in told.items() if value is not None})
        check_curves(metrics.rows())
        sampler.follow(model)
        if step % settings.checkpoint_every_steps == 0:
            _save(parameters, optimizer, out / "checkpoints" / f"checkpoint-{step}")
        progress(step, settings.steps, f"reward {told['reward']:.3f}" if told["reward"] is not None else "")
    if exam:
        _write_rewards(out / "validation-after.json", work.rewards_of(exam))


def _check_numbers(told: dict[str, float | None], parameters: Sequence[Any], step: int) -> None:
    import math

    import torch

    loss = told["loss"]
    if loss is None or not math.isfinite(loss):
        raise TrainingError(f"the loss is not a number at step {step}: lower the learning rate")
    if not math.isfinite(torch.nn.utils.get_total_norm(parameters)):
        raise TrainingError(f"the weights are not numbers after step {step}: lower the learning rate")


def _save(parameters: Sequence[Any], optimizer: Any, target: Path) -> None:
    import torch

    target.mkdir(parents=True, exist_ok=True)
    state = {
        "parameters": [parameter.detach() for parameter in parameters],
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, target / "state.pt")
    seal(target)
    for older in target.parent.glob("checkpoint-*"):
        if older != target:
            shutil.rmtree(older)


def _resume(parameters: Sequence[Any], optimizer: Any, folder: Path) -> int:
    import torch

    checkpoint = newest_sealed(folder)
    if checkpoint is None:
        return 0
    state = torch.load(checkpoint / "state.pt", map_location=parameters[0].device, weights_only=True)
    with torch.no_grad():
        for parameter, saved in zip(parameters, state["parameters"], strict=True):
            parameter.copy_(saved)
    optimizer.load_state_dict(state["optimizer"])
    return int(checkpoint.name.split("-")[1])


def _write_rewards(path: Path, rewards: Sequence[float | None]) -> None:
    write_atomically(path, json.dumps(list(rewards)))


def _improvement(out: Path, metrics: Metrics) -> Improvement:
    """Over validation records where both answers could be judged, or else over the curve."""
    before, after = out / "validation-before.json", out / "validation-after.json"
    if before.exists() and after.exists():
        pairs = zip(json.loads(before.read_text()), json.loads(after.read_text()), strict=True)
        judged = [(a, b) for a, b in pairs if a is not None and b is not None]
        if judged:
            return improvement_of_pairs([a for a, _ in judged], [b for _, b in judged])
    return improvement_of_curve([row["reward"] for row in metrics.rows() if "reward" in row])
