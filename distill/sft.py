"""Supervised fine-tuning on the teacher's answers, through TRL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt

from distill.dp import DpSettings
from distill.student import Device, load_model, load_tokenizer, prompt_ids, resolve_device, with_lora
from distill.training import Metrics, Progress, TrainingError, TrainingResult, make_callback, run
from distill.values import Messages


@dataclass(frozen=True)
class SftSettings:
    """The `[sft]` section."""

    epochs: Annotated[float, Gt(0)] = 3.0
    """Passes over the training examples."""
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    """Peak rate of AdamW; it rises over the first 5% of the steps and falls to 0 along a cosine."""
    batch_size: Annotated[int, Ge(1)] = 16
    """Examples a step."""
    lora_rank: Annotated[int, Ge(1)] = 16
    """Rank of the adapter on all linear layers."""
    lora_alpha: Annotated[int, Ge(1)] = 32
    """Scale of the adapter, times the rank."""
    max_tokens: Annotated[int, Ge(16)] = 1024
    """An example longer than this is an error: cutting it would teach a wrong answer."""
    checkpoint_every_steps: Annotated[int, Ge(1)] = 25
    """A kill loses at most this many steps."""
    seed: int = 7
    """Order of the examples and start of the adapter."""
    dp: DpSettings | None = None
    """`[sft.dp]`: differential privacy, in which an epoch is a pass over the persons. Default: none."""


def train_sft(
    base: Path,
    examples: Sequence[tuple[Messages, str]],
    out: Path,
    settings: SftSettings,
    device: Device,
    progress: Progress,
) -> TrainingResult:
    """Trains an adapter for `base` and leaves it in `out/adapter`; resumes what an earlier call left in `out`.

    `examples` are (messages before the answer, answer). Raises TrainingError with the remedy.
    """
    metrics = Metrics(out / "metrics.jsonl")
    if not (out / "adapter").exists():
        trainer = _trainer(base, examples, out, settings, device, progress, metrics)
        run(trainer, out, metrics)
    return metrics.result("loss")


def answer_rows(
    tokenizer: Any, examples: Sequence[tuple[Messages, str]], max_tokens: int
) -> list[dict[str, list[int]]]:
    """Token ids of each example, and the same as labels with -100 in place of the prompt.

    Raises TrainingError for an example of more than `max_tokens`.
    """
    rows = []
    for messages, answer in examples:
        prompt = prompt_ids(tokenizer, messages)
        reply = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        if len(prompt) + len(reply) > max_tokens:
            raise TrainingError(
                f"an example has {len(prompt) + len(reply)} tokens, over sft.max_tokens = {max_tokens}: raise it"
            )
        rows.append({"input_ids": prompt + reply, "labels": [-100] * len(prompt) + reply})
    return rows


def answer_logits(model: Any, inputs: Any) -> tuple[Any, Any, Any]:
    """(logits in fp32, labels, row of the batch) where an answer token is predicted, shapes (tokens, vocabulary), (tokens,).

    The language-model head is applied nowhere else: with a vocabulary of 49,152 and answers of a few tokens it is most of
    a small model's cost otherwise.
    """
    labels = inputs["labels"][:, 1:]
    at = labels != -100
    network = model.get_base_model()
    hidden = network.get_decoder()(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
    ).last_hidden_state[:, :-1]
    return network.get_output_embeddings()(hidden[at]).float(), labels[at], at.nonzero()[:, 0]


def _trainer(
    base: Path,
    examples: Sequence[tuple[Messages, str]],
    out: Path,
    settings: SftSettings,
    device: Device,
    progress: Progress,
    metrics: Metrics,
) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    class AnswerOnlyTrainer(SFTTrainer):
        """Computes the loss of the answers' tokens alone."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            import torch

            logits, labels, _ = answer_logits(model, inputs)
            loss = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
            return loss / (num_items_in_batch if num_items_in_batch is not None else len(labels))

    tokenizer = load_tokenizer(base)
    rows = answer_rows(tokenizer, examples, settings.max_tokens)
    if not rows:
        raise TrainingError("there is no training example: bring more records")
    batch_size = min(settings.batch_size, len(rows))
    steps_per_epoch = math.ceil(len(rows) / batch_size)

    def examples_in(step: int) -> int:
        return batch_size if step % steps_per_epoch else len(rows) - batch_size * (steps_per_epoch - 1)

    on_cpu = resolve_device(device) == "cpu"
    config = SFTConfig(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        per_device_train_batch_size=batch_size,
        train_sampling_strategy="group_by_length",
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=settings.checkpoint_every_steps,
        save_total_limit=2,
        seed=settings.seed,
        use_cpu=on_cpu,
        bf16=False,  # the weights are bf16 already and the adapter is fp32: autocast would only add conversions
        gradient_checkpointing=False,
        dataloader_pin_memory=not on_cpu,
        disable_tqdm=True,
        report_to=[],
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
    )
    model = with_lora(load_model(base, device), settings.lora_rank, settings.lora_alpha, settings.seed)
    return AnswerOnlyTrainer(
        model=model.train(),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[make_callback(metrics, "loss", examples_in, progress)],
    )
