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
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distill.checkpoints import file_sha256, newest_sealed, seal
from distill.dp import Guarantee, SecretStream, Unit, draw_batch, group_units, promise
from distill.sft import SftSettings, answer_logits, answer_rows
from distill.student import Device, load_model, load_tokenizer, with_lora
from distill.training import Metrics, Progress, TrainingError, TrainingResult, save_adapter
from distill.values import Messages

Row = dict[str, list[int]]

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
        secret = _secret(key, base, rows, units, settings)
        model = with_lora(
            load_model(base, device),
            settings.lora_rank,
            settings.lora_alpha,
            settings.seed,
            through_merged=False,
        )
        training = _Training(model.train(), guarantee, settings, tokenizer.pad_token_id)
        training.run(rows, units, secret, out, metrics, progress)
        save_adapter(model, out)
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
    return hmac.new(key, b"sft.dp\0" + document, hashlib.sha256).digest()


class _Training:
    """The model under training, its optimizer and the promise that each step keeps."""

    def __init__(self, model: Any, guarantee: Guarantee, settings: SftSettings, pad: int) -> None:
        import torch

        self.model = model
        self.guarantee = guarantee
        self.checkpoint_every_steps = settings.checkpoint_every_steps
        self.pad = pad
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=settings.learning_rate, weight_decay=0.0)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, _warmed_cosine(guarantee.steps))

    def run(
        self,
        rows: Sequence[Row],
        units: Sequence[Sequence[int]],
        secret: bytes,
        out: Path,
        metrics: Metrics,
        progress: Progress,
    ) -> None:
        """The promised number of steps, from the newest intact checkpoint on; no step is ever added or repeated."""
        from opacus.grad_sample import GradSampleHooks

        done = self._resume(out / "checkpoints")
        metrics.rewind(done)
        expected = self.guarantee.sample_rate * len(units)
        hooks = GradSampleHooks(self.model, loss_reduction="sum")
        # The first layer's inputs need no gradient, as meant.
        warnings.filterwarnings("ignore", message="Full backward hook is firing")
        try:
            for step in range(done + 1, self.guarantee.steps + 1):
                started = time.monotonic()
                batch = [rows[n] for n in draw_batch(units, self.guarantee.sample_rate, secret, step)]
                total, loss = self.clipped_sum(batch)
                self._release(total, expected, SecretStream(secret, f"noise {step}"))
                row = {"step": step, "examples": len(batch), "learning_rate": self.schedule.get_last_lr()[0]}
                self.optimizer.step()
                self.schedule.step()
                told = {"loss": loss / len(batch)} if batch else {}
                metrics.append(row | told | {"seconds": round(time.monotonic() - started, 3)})
                if step % self.checkpoint_every_steps == 0:
                    self._save(out / "checkpoints", step)
                note = f"loss {told['loss']:.3f}" if batch else "nobody drawn"
                progress(step, self.guarantee.steps, note)
        finally:
            hooks.cleanup()

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

        inputs = _padded(part, self.pad, self.model.device)
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

    def _save(self, folder: Path, step: int) -> None:
        """Only what was made from noisy gradients: a checkpoint tells no more than the finished adapter."""
        import torch

        target = folder / f"checkpoint-{step}"
        target.mkdir(parents=True, exist_ok=True)
        state = {
            "parameters": [parameter.detach() for parameter in self.parameters],
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        torch.save(state, target / "state.pt")
        seal(target)
        for older in folder.glob("checkpoint-*"):
            if older != target:
                shutil.rmtree(older)

    def _resume(self, folder: Path) -> int:
        import torch

        checkpoint = newest_sealed(folder)
        if checkpoint is None:
            return 0
        state = torch.load(checkpoint / "state.pt", map_location=self.model.device, weights_only=True)
        with torch.no_grad():
            for parameter, saved in zip(self.parameters, state["parameters"], strict=True):
                parameter.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        return int(checkpoint.name.split("-")[1])


def _warmed_cosine(steps: int) -> Callable[[int], float]:
    """The shape of the learning rate in plain training: up over the first 5% of the steps, to 0 along a cosine."""
    rise = math.ceil(0.05 * steps)

    def factor(step: int) -> float:
        if step < rise:
            return step / rise
        return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))

    return factor


def _parts(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _padded(part: Sequence[Row], pad: int, device: Any) -> dict[str, Any]:
    """Rows of token ids as tensors (examples, longest), padded on the right and masked there."""
    import torch

    longest = max(len(row["input_ids"]) for row in part)
    fill = {"input_ids": pad, "labels": -100}
    tensors = {
        name: torch.tensor([row[name] + [value] * (longest - len(row[name])) for row in part], device=device)
        for name, value in fill.items()
    }
    lengths = torch.tensor([len(row["input_ids"]) for row in part], device=device)
    mask = torch.arange(longest, device=device)[None, :] < lengths[:, None]
    return tensors | {"attention_mask": mask.long()}
