"""Supervised fine-tuning with differential privacy (DP-SGD, Abadi et al. 2016, with Adam): one loop that can be audited.

Each step draws persons, takes one example each, clips its gradient, adds them up, adds noise, and only then steps. Opacus
gives the gradient of each example in PEFT's ordinary form of LoRA: its hooks sit on the factors' own linear layers, which
the merged form that plain training uses on CPUs never calls.

The randomness is a function of the secret key and of everything the gradients depend on. So a killed training that goes
on, or is done again, makes the same release and spends nothing twice, while other data get other noise: had two
trainings on neighbouring data the same, their difference would show the neighbour.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.metadata
import json
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distill.checkpoints import file_sha256
from distill.dp import Guarantee, SecretStream, Unit, draw_batch, group_units, promise
from distill.loop import Schedule, train
from distill.lora import with_lora
from distill.sft import Row, SftSettings, answer_logits, answer_rows, padded
from distill.student import Device, load_model, load_tokenizer
from distill.trainable import Adapter
from distill.training import Metrics, Progress, TrainingError, TrainingResult
from distill.values import Messages

PHYSICAL_BATCH = 16
"""Examples computed at once; each holds a gradient of the whole adapter. Changes memory and speed, not the result."""
_MIN_KEY_BYTES = 16
_PACKAGES = ("torch", "transformers", "peft", "opacus")


def train_dp_sft(
    base: Path,
    examples: Sequence[tuple[Messages, str]],
    subjects: Sequence[str | None] | None,
    out: Path,
    settings: SftSettings,
    device: Device,
    key: bytes,
    progress: Progress,
) -> tuple[TrainingResult, Guarantee]:
    """Trains an adapter for `base` under `settings.dp` and leaves it in `out/adapter`; resumes what is in `out`.

    `subjects` names the person of each example (None where nobody knows), or is None where the unit of privacy is the
    record. `epochs` counts passes over the units, `batch_size` is the mean number of units a step. `key` must stay secret as
    long as the promise is to hold. The loss that is told is not private. Raises TrainingError with the remedy.
    """
    assert settings.dp is not None, "train_sft is for training without a promise"
    if len(key) < _MIN_KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes; it needs {_MIN_KEY_BYTES} or more")
    metrics = Metrics(out / "metrics.jsonl")
    tokenizer = load_tokenizer(base)
    rows = answer_rows(tokenizer, examples, settings.max_tokens)
    units = group_units(subjects, len(rows))
    unit: Unit = "record" if subjects is None else "person"
    guarantee = promise(settings.dp, unit, len(units), settings.batch_size, settings.epochs)
    if not (out / "adapter").exists():
        from opacus.grad_sample import GradSampleHooks

        secret = _secret(key, base, rows, units, settings)
        model = with_lora(
            load_model(base, device),
            settings.lora_rank,
            settings.lora_alpha,
            settings.seed,
            through_merged=False,
        )
        training = _Training(model.train(), guarantee, tokenizer.pad_token_id)
        schedule = Schedule(
            steps=guarantee.steps,
            learning_rate=settings.learning_rate,
            shape="cosine",
            checkpoint_every_steps=settings.checkpoint_every_steps,
            max_norm=None,  # clipped already, each example by itself
        )
        hooks = GradSampleHooks(model, loss_reduction="sum")
        # The first layer's inputs need no gradient, as meant.
        warnings.filterwarnings("ignore", message="Full backward hook is firing")
        try:
            train(
                Adapter(model),
                schedule,
                lambda number: training.step(number, rows, units, secret),
                out,
                "loss",
                progress,
            )
        finally:
            hooks.cleanup()
    return metrics.result("loss"), guarantee


def _secret(
    key: bytes, base: Path, rows: Sequence[Row], units: Sequence[Sequence[int]], settings: SftSettings
) -> bytes:
    """Another one for other data, settings, weights or libraries: noise is never used for two different releases."""
    depends_on = {
        "base": {path.name: file_sha256(path) for path in sorted(base.glob("*.safetensors"))},
        "rows": hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
        "units": hashlib.sha256(json.dumps([list(unit) for unit in units]).encode()).hexdigest(),
        "settings": asdict(settings),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }
    document = json.dumps(depends_on, sort_keys=True).encode()
    # The number counts ways of training: another one makes another release of the same data, which needs noise of its own.
    return hmac.new(key, b"sft.dp 2\0" + document, hashlib.sha256).digest()


class _Training:
    """The model under training and the promise that each step keeps."""

    def __init__(self, model: Any, guarantee: Guarantee, pad: int) -> None:
        self.model = model
        self.guarantee = guarantee
        self.pad = pad
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def step(
        self, number: int, rows: Sequence[Row], units: Sequence[Sequence[int]], secret: bytes
    ) -> dict[str, float]:
        """Leaves the noisy gradients of one draw of persons, which may be nobody: the promise counts that step too."""
        rate = self.guarantee.sample_rate
        batch = [rows[n] for n in draw_batch(units, rate, secret, number)]
        total, loss = self.clipped_sum(batch)
        self._release(total, rate * len(units), SecretStream(secret, f"noise {number}"))
        told = {"loss": loss / len(batch)} if batch else {}
        return {"examples": len(batch)} | told

    def clipped_sum(self, batch: Sequence[Row]) -> tuple[list[Any], float]:
        """The sum of each example's gradient, scaled down to the L2 norm `clip` where it is longer, and of the losses.

        One tensor a trainable parameter, fp32. One more or one less example changes the sum by `clip` at most.
        """
        import torch

        total = [torch.zeros_like(parameter) for parameter in self.parameters]
        losses = 0.0
        by_length = sorted(batch, key=lambda row: len(row["input_ids"]))
        for part in _parts(by_length, PHYSICAL_BATCH):
            loss = self._losses(part).sum()
            loss.backward()
            losses += float(loss.detach())
            samples = [parameter.grad_sample for parameter in self.parameters]
            whole = all(sample is not None and len(sample) == len(part) for sample in samples)
            assert whole, "every factor of the adapter has a gradient for each example"
            norms = torch.stack([sample.flatten(1).norm(dim=1) for sample in samples]).norm(dim=0)
            if not (math.isfinite(losses) and bool(norms.isfinite().all())):
                raise TrainingError("the loss or a gradient is not a number: lower the learning rate")
            scale = (self.guarantee.clip / (norms + 1e-6)).clamp(max=1.0)
            for parameter, sample, into in zip(self.parameters, samples, total, strict=True):
                into += torch.einsum("n,n...->...", scale, sample)
                parameter.grad_sample = parameter.grad = None
        return total, losses

    def _losses(self, part: Sequence[Row]) -> Any:
        """Mean loss of each example's answer tokens, shape (examples,)."""
        import torch

        inputs = padded(part, self.pad, self.model.device)
        logits, labels, owner = answer_logits(self.model, inputs)
        by_token = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        sums = torch.zeros(len(part), device=by_token.device).index_add(0, owner, by_token)
        return sums / torch.bincount(owner, minlength=len(part))

    def _release(self, total: Sequence[Any], expected: float, noise: SecretStream) -> None:
        """Sets each parameter's gradient to (sum + noise) / expected batch size: all that later steps get to see.

        Divided by the expected size, for the size of a batch tells who took part.
        """
        import torch

        std = self.guarantee.noise_multiplier * self.guarantee.clip
        for parameter, clipped in zip(self.parameters, total, strict=True):
            drawn = torch.from_numpy(noise.normal(parameter.numel())).view_as(parameter)
            noisy = clipped.double() + std * drawn.to(parameter.device)  # rounded once, after the addition
            parameter.grad = (noisy / expected).to(parameter.dtype)


def _parts(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
