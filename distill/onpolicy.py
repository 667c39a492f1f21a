"""On-policy training through TRL: the student answers, a verifiable reward compares with the teacher, GRPO learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt

from distill.student import Device, load_adapter, load_model, load_tokenizer, resolve_device
from distill.training import Metrics, Progress, TrainingError, TrainingResult, make_callback, run
from distill.values import Messages

Reward = Callable[[str, str], float]
"""(the student's text, the teacher's answer) -> [0, 1]."""


@dataclass(frozen=True)
class OnPolicySettings:
    """The `[onpolicy]` section."""

    steps: Annotated[int, Ge(0)] = 12
    """Optimizer steps; each samples `prompts_per_step` × `group_size` answers. 0 leaves on-policy training out."""
    prompts_per_step: Annotated[int, Ge(1)] = 4
    """Different records a step."""
    group_size: Annotated[int, Ge(2)] = 4
    """Answers a record; an answer's advantage is its reward against the mean of its group."""
    learning_rate: Annotated[float, Gt(0)] = 5e-5
    """Of AdamW, constant."""
    temperature: Annotated[float, Gt(0)] = 1.0
    """Of the sampling."""
    checkpoint_every_steps: Annotated[int, Ge(1)] = 4
    """A kill loses at most this many steps."""
    seed: int = 7
    """Order of the records and sampling of the answers."""


def train_onpolicy(
    base: Path,
    adapter: Path,
    examples: Sequence[tuple[Messages, str]],
    reward: Reward,
    max_answer_tokens: int,
    out: Path,
    settings: OnPolicySettings,
    device: Device,
    progress: Progress,
) -> TrainingResult:
    """Goes on training `adapter` of `base` and leaves the result in `out/adapter`; resumes what is in `out`.

    `examples` are (messages before the answer, the teacher's answer). The result's curve is the mean reward.
    """
    metrics = Metrics(out / "metrics.jsonl")
    if not (out / "adapter").exists():
        if len(examples) < settings.prompts_per_step:
            raise TrainingError(
                f"{len(examples)} training records are too few for onpolicy.prompts_per_step = {settings.prompts_per_step}"
            )
        trainer = _trainer(
            base, adapter, examples, reward, max_answer_tokens, out, settings, device, progress, metrics
        )
        run(trainer, out, metrics)
    return metrics.result("reward")


def _trainer(
    base: Path,
    adapter: Path,
    examples: Sequence[tuple[Messages, str]],
    reward: Reward,
    max_answer_tokens: int,
    out: Path,
    settings: OnPolicySettings,
    device: Device,
    progress: Progress,
    metrics: Metrics,
) -> Any:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    def rewards(completions: list[Messages], answer: list[str], **columns: Any) -> list[float]:
        return [reward(turn[0]["content"], wanted) for turn, wanted in zip(completions, answer, strict=True)]

    on_cpu = resolve_device(device) == "cpu"
    sampled = settings.prompts_per_step * settings.group_size
    config = GRPOConfig(
        output_dir=str(out / "checkpoints"),
        max_steps=settings.steps,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant",
        per_device_train_batch_size=sampled,
        num_generations=settings.group_size,
        max_completion_length=max_answer_tokens,
        temperature=settings.temperature,
        beta=0.0,  # no reference model: a short run from the SFT student stays near it, and memory is halved
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=settings.checkpoint_every_steps,
        save_total_limit=2,
        seed=settings.seed,
        use_cpu=on_cpu,
        bf16=False,
        gradient_checkpointing=False,
        dataloader_pin_memory=not on_cpu,
        disable_tqdm=True,
        report_to=[],
        log_completions=False,  # a log of answers would be customer text
    )
    model = load_adapter(load_model(base, device), adapter, trainable=True)
    rows = [{"prompt": messages, "answer": answer} for messages, answer in examples]
    return GRPOTrainer(
        model=model.train(),
        reward_funcs=rewards,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=load_tokenizer(base),
        callbacks=[make_callback(metrics, "reward", lambda step: sampled, progress)],
    )
