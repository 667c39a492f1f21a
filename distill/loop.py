"""The one training loop: what a step computes is the caller's; rates, guards, metrics and checkpoints are here.

A step is a function of its number and of the weights, so a training that was killed goes on from its newest sealed
checkpoint as if it had not been: there is no state of random generators to carry.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from distill.checkpoints import newest_sealed, seal
from distill.trainable import Trainable
from distill.training import Metrics, Progress, TrainingError

Step = Callable[[int], Mapping[str, float]]
"""Adds gradients for step n (from 1) and gives its figures: the watched one, `examples`, what else is to be charted."""

Examine = Callable[[int], Mapping[str, float]]
"""Figures of the weights as they are after step n, beside those of the step; empty where none are due."""

_WARM_UP = 0.05
"""Share of the steps over which the rate rises."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast."""

    steps: int
    learning_rate: float
    """Peak rate of AdamW."""
    shape: Literal["cosine", "constant"]
    """`cosine`: up over the first 5% of the steps, then to 0 along a cosine."""
    checkpoint_every_steps: int
    max_norm: float | None = 1.0
    """Gradients longer than this are shortened to it; None leaves them as they are."""

    def rate(self, step: int) -> float:
        """Of step n, from 1."""
        if self.shape == "constant":
            return self.learning_rate
        rise = math.ceil(_WARM_UP * self.steps)
        if step <= rise:
            return self.learning_rate * step / rise
        gone = (step - rise) / max(1, self.steps - rise)
        return self.learning_rate * (0.5 + 0.5 * math.cos(math.pi * gone))


def train(
    trainable: Trainable,
    schedule: Schedule,
    step: Step,
    out: Path,
    watched: str,
    progress: Progress,
    examine: Examine = lambda number: {},
) -> None:
    """Takes the steps that are missing and leaves the result in `out`, under the name that the trainable gives it.

    Raises TrainingError where the watched figure, the loss or the weights stop being numbers; the last good checkpoint is kept.
    """
    import torch

    parameters = trainable.parameters
    optimizer = torch.optim.AdamW(parameters, lr=schedule.learning_rate, weight_decay=0.0, fused=True)
    out.mkdir(parents=True, exist_ok=True)
    metrics = Metrics(out / "metrics.jsonl")
    done = _resume(out / "checkpoints", parameters, optimizer)
    metrics.rewind(done)
    trainable.publish()
    for number in range(done + 1, schedule.steps + 1):
        started = time.monotonic()
        figures = dict(step(number))
        for name in (watched, "loss"):
            if not math.isfinite(figures.get(name, 0.0)):
                raise TrainingError(f"the {name} is not a number at step {number}: lower the learning rate")
        trainable.collect()
        if schedule.max_norm is not None:
            norm = torch.nn.utils.clip_grad_norm_(parameters, schedule.max_norm)
            figures["gradient_norm"] = float(norm)
        rate = schedule.rate(number)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
        # Before the checkpoint: broken weights must not become the newest ones to resume from.
        if not math.isfinite(torch.nn.utils.get_total_norm(parameters)):
            raise TrainingError(f"the weights are not numbers after step {number}: lower the learning rate")
        trainable.publish()
        figures |= examine(number)
        seconds = round(time.monotonic() - started, 3)
        metrics.append(figures | {"step": number, "learning_rate": rate, "seconds": seconds})
        if number % schedule.checkpoint_every_steps == 0 and number < schedule.steps:
            _save(out / "checkpoints", number, parameters, optimizer)
        told = f"{watched} {figures[watched]:.3f}" if watched in figures else "nobody drawn"
        progress(number, schedule.steps, told)
    _finish(trainable, out)


def _finish(trainable: Trainable, out: Path) -> None:
    """The result, whole and sealed or not there; checkpoints are then of no more use."""
    staging = out / f"{trainable.name}.partial"
    shutil.rmtree(staging, ignore_errors=True)
    trainable.save(staging)
    seal(staging)
    staging.rename(out / trainable.name)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)


def _save(folder: Path, step: int, parameters: list[Any], optimizer: Any) -> None:
    import torch

    target = folder / f"checkpoint-{step}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    state = {
        "parameters": [parameter.detach() for parameter in parameters],
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, target / "state.pt")
    seal(target)
    for older in folder.glob("checkpoint-*"):
        if older != target:
            shutil.rmtree(older)


def _resume(folder: Path, parameters: list[Any], optimizer: Any) -> int:
    """Loads the newest intact checkpoint and gives its step, 0 where there is none."""
    import torch

    checkpoint = newest_sealed(folder)
    if checkpoint is None:
        return 0
    state = torch.load(checkpoint / "state.pt", map_location="cpu", weights_only=True)
    with torch.no_grad():
        for parameter, saved in zip(parameters, state["parameters"], strict=True):
            parameter.copy_(saved)
    optimizer.load_state_dict(state["optimizer"])
    return int(checkpoint.name.split("-")[1])
