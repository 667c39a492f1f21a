"""Supervised fine-tuning on the teacher's answers: an adapter or all weights, the loss at the answers' tokens alone."""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from distill.dp import DpSettings
from distill.loop import Schedule, train
from distill.lora import load_adapter, with_lora
from distill.student import Device, load_model, load_tokenizer, prompt_ids
from distill.topk import TokenTargets, batch_targets, topk_kl
from distill.trainable import Adapter, AllWeights, Trainable
from distill.training import Metrics, Progress, TrainingError, TrainingResult
from distill.values import Messages

Row = dict[str, list[int]]
Targets = Mapping[int, TokenTargets]
"""Example's number -> the teacher's distribution at each token of its answer."""

_EXAMS, _EXAMINED = 10, 64
"""How often a training is held against validation examples, and against how many: about a fiftieth of its time."""


@dataclass(frozen=True)
class SftSettings:
    """The `[sft]` section."""

    method: Literal["lora", "full"] = "lora"
    """`lora`: an adapter on all linear layers. `full`: all weights, which wants a tenth of the rate and 16 bytes a weight."""
    epochs: Annotated[float, Gt(0)] = 3.0
    """Passes over the training examples."""
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    """Peak rate of AdamW; it rises over the first 5% of the steps and falls to 0 along a cosine."""
    batch_size: Annotated[int, Ge(1)] = 16
    """Examples a step."""
    micro_batch: Annotated[int, Ge(1)] | None = None
    """Examples computed at once, where a batch does not fit into memory; the result is the same. Default: the batch."""
    lora_rank: Annotated[int, Ge(1)] = 16
    """`lora`: rank of the adapter."""
    lora_alpha: Annotated[int, Ge(1)] = 32
    """`lora`: scale of the adapter, times the rank."""
    max_tokens: Annotated[int, Ge(16)] = 1024
    """An example longer than this is an error: cutting it would teach a wrong answer."""
    checkpoint_every_steps: Annotated[int, Ge(1)] = 25
    """A kill loses at most this many steps."""
    seed: int = 7
    """Order of the examples and start of the adapter."""
    teacher_weight: Annotated[float, Ge(0), Le(1)] = 0.5
    """With `teacher.top_logprobs`: share of the loss that is the KL to the teacher's distribution at each token; the rest is the
    cross-entropy of what it said."""
    compile: bool = False
    """Whether layers go through `torch.compile`: a quarter faster, but needs a C++ compiler and half a minute before the first step."""
    dp: DpSettings | None = None
    """`[sft.dp]`: differential privacy, in which an epoch is a pass over the persons. Default: none."""

    def __post_init__(self) -> None:
        if self.dp is not None and self.method != "lora":
            raise ValueError("[sft.dp] trains an adapter: set sft.method = 'lora'")


def train_sft(
    base: Path,
    examples: Sequence[tuple[Messages, str]],
    out: Path,
    settings: SftSettings,
    device: Device,
    progress: Progress,
    adapter: Path | None = None,
    targets: Targets | None = None,
    validation: Sequence[tuple[Messages, str]] = (),
) -> TrainingResult:
    """Trains `base` and leaves `out/adapter` (or, with all weights trained, `out/model`); resumes what is in `out`.

    `examples` are (messages before the answer, answer). With `adapter` its training goes on: a student is
    refreshed. `targets` (see `aligned_targets`) are the teacher's distributions, where it gave some. Of `validation` the
    first are never learnt from: their loss is told ten times a training. Raises TrainingError with the remedy.
    """
    name = AllWeights.name if settings.method == "full" else Adapter.name
    if not (out / name).exists():
        tokenizer = load_tokenizer(base)
        rows = answer_rows(tokenizer, examples, settings.max_tokens)
        if not rows:
            raise TrainingError("there is no training example: bring more records")
        trainable = _trainable(base, tokenizer, settings, device, adapter)
        if targets:
            rows = [row | {"example": [number]} for number, row in enumerate(rows)]
        batches = Batches(rows, settings.batch_size, settings.seed)
        schedule = Schedule(
            steps=math.ceil(settings.epochs * batches.per_epoch),
            learning_rate=settings.learning_rate,
            shape="cosine",
            checkpoint_every_steps=settings.checkpoint_every_steps,
        )
        size = settings.micro_batch or settings.batch_size

        def step(number: int) -> dict[str, float]:
            batch = batches.of_step(number)
            loss = add_gradients(
                trainable.model, batch, size, tokenizer.pad_token_id, targets or {}, settings.teacher_weight
            )
            return {"loss": loss, "examples": len(batch), "tokens": sum(map(_length, batch))}

        held_back = [
            row
            for row in answer_rows(tokenizer, validation[:_EXAMINED], sys.maxsize)
            if _length(row)
            <= settings.max_tokens  # too long to be asked at this memory; nothing is cut from it
        ]

        def examine(number: int) -> dict[str, float]:
            if not held_back or not is_exam(number, schedule.steps):
                return {}
            begun = time.monotonic()
            loss = mean_loss(trainable.model, held_back, size, tokenizer.pad_token_id)
            return {"validation_loss": loss, "seconds_validation": time.monotonic() - begun}

        train(trainable, schedule, step, out, "loss", progress, examine)
    return Metrics(out / "metrics.jsonl").result("loss")


def is_exam(number: int, steps: int) -> bool:
    """Whether step n, from 1, of so many is followed by a look at the validation examples: ten times, and at the end."""
    return number * _EXAMS // steps > (number - 1) * _EXAMS // steps


def _trainable(
    base: Path, tokenizer: Any, settings: SftSettings, device: Device, adapter: Path | None
) -> Trainable:
    model = load_model(base, device)
    if settings.method == "full":
        if adapter is not None:
            raise TrainingError("an adapter is gone on with as an adapter: set sft.method = 'lora'")
        trainable: Trainable = AllWeights(model, tokenizer)
    elif adapter is not None:
        trainable = Adapter(load_adapter(model, adapter, trainable=True))
    else:
        trainable = Adapter(with_lora(model, settings.lora_rank, settings.lora_alpha, settings.seed))
    trainable.model.train()
    if settings.compile:
        compile_layers(trainable.model)
    return trainable


def compile_layers(model: Any) -> None:
    """Fuses what a layer does beside its products: a quarter faster on a CPU, after half a minute (docs/decisions.md)."""
    import torch

    torch._dynamo.config.recompile_limit = max(64, torch._dynamo.config.recompile_limit)
    for layer in decoder(model).layers:
        layer.compile(dynamic=True)


def _length(row: Row) -> int:
    return len(row["input_ids"])


class Batches:
    """Which examples each step sees: drawn anew each epoch, those of similar length together, so that little is padding."""

    _POOL = 50
    """Batches' worth of examples that are sorted by length at a time: chance still decides who meets whom."""

    def __init__(self, rows: Sequence[Row], size: int, seed: int) -> None:
        self._rows = rows
        self._size = min(size, len(rows))
        self._seed = seed
        self._epoch = -1
        self._order: list[list[Row]] = []
        self.per_epoch = math.ceil(len(rows) / self._size)

    def of_step(self, number: int) -> list[Row]:
        """Of step n, from 1."""
        epoch, place = divmod(number - 1, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._draw(random.Random(f"{self._seed} {epoch}"))
        return self._order[place]

    def _draw(self, chance: random.Random) -> list[list[Row]]:
        rows = list(self._rows)
        chance.shuffle(rows)
        pool = self._size * self._POOL
        pools = [sorted(rows[at : at + pool], key=_length) for at in range(0, len(rows), pool)]
        ordered = [row for each in pools for row in each]
        batches = [ordered[at : at + self._size] for at in range(0, len(ordered), self._size)]
        chance.shuffle(batches)
        return batches


def add_gradients(
    model: Any,
    batch: Sequence[Row],
    micro_batch: int,
    pad: int,
    targets: Targets = MappingProxyType({}),
    teacher_weight: float = 0.0,
) -> float:
    """Adds the gradients of the mean loss over the batch's answer tokens, and gives that loss in nats a token.

    Of a token: its cross-entropy or, where `targets` hold the teacher's distribution, that times 1 - teacher_weight plus
    teacher_weight times the KL from the teacher (Hinton et al. 2015, at temperature 1).
    """
    import torch

    tokens = sum(label != -100 for row in batch for label in row["labels"])
    total = 0.0
    for at in range(0, len(batch), micro_batch):
        part = batch[at : at + micro_batch]
        logits, labels, owner = answer_logits(model, padded(part, pad, model.device))
        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        told = [row["example"][0] in targets if targets else False for row in part]
        if any(told):
            has = torch.tensor(told, device=owner.device)[owner]
            given = [targets[row["example"][0]] for row, has_it in zip(part, told, strict=True) if has_it]
            said, top_ids, top_logprobs = (each.to(logits.device) for each in batch_targets(given))
            assert torch.equal(said, labels[has]), "the teacher's tokens are the ones that are learnt"
            divergence = topk_kl(logits[has], top_ids, top_logprobs)
            mixed = (1 - teacher_weight) * losses[has] + teacher_weight * divergence
            losses = losses.masked_scatter(has, mixed)
        loss = losses.sum() / tokens
        loss.backward()
        total += float(loss.detach())
    return total


def mean_loss(model: Any, rows: Sequence[Row], micro_batch: int, pad: int) -> float:
    """Cross-entropy in nats a token of the rows' answers, without gradients and without dropout."""
    import torch

    tokens = sum(label != -100 for row in rows for label in row["labels"])
    was_training, total = model.training, 0.0
    model.eval()
    with torch.no_grad():
        for at in range(0, len(rows), micro_batch):
            logits, labels, _ = answer_logits(model, padded(rows[at : at + micro_batch], pad, model.device))
            total += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
    model.train(was_training)
    return total / tokens


def aligned_targets(
    tokenizer: Any, examples: Sequence[tuple[Messages, str]], found: Sequence[TokenTargets | None]
) -> Targets:
    """Of the answers that the teacher wrote token for token as they are learnt; others have been tidied since, and have none."""
    aligned = {}
    for number, ((_, answer), targets) in enumerate(zip(examples, found, strict=True)):
        if targets is not None and targets.token_ids.tolist() == _answer_ids(tokenizer, answer):
            aligned[number] = targets
    return aligned


def _answer_ids(tokenizer: Any, answer: str) -> list[int]:
    return [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]


def padded(rows: Sequence[Row], pad: int, device: Any) -> dict[str, Any]:
    """Rows as one batch, padded on the right: `input_ids`, `labels` and `attention_mask`, each of shape (rows, longest)."""
    import torch

    longest = max(map(_length, rows))

    def filled(name: str, value: int) -> Any:
        return torch.tensor([row[name] + [value] * (longest - _length(row)) for row in rows], device=device)

    mask = [[1] * _length(row) + [0] * (longest - _length(row)) for row in rows]
    return {
        "input_ids": filled("input_ids", pad),
        "labels": filled("labels", -100),
        "attention_mask": torch.tensor(mask, device=device),
    }


def decoder(model: Any) -> Any:
    """The layers without the language-model head, with or without an adapter around."""
    bare = model.get_base_model() if hasattr(model, "get_base_model") else model
    return bare.get_decoder()


def answer_rows(tokenizer: Any, examples: Sequence[tuple[Messages, str]], max_tokens: int) -> list[Row]:
    """Token ids of each example, and the same as labels with -100 in place of the prompt.

    Raises TrainingError for an example of more than `max_tokens`.
    """
    rows = []
    for messages, answer in examples:
        prompt = prompt_ids(tokenizer, messages)
        reply = _answer_ids(tokenizer, answer)
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
    hidden = decoder(model)(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
    ).last_hidden_state[:, :-1]
    return model.get_output_embeddings()(hidden[at]).float(), labels[at], at.nonzero()[:, 0]
