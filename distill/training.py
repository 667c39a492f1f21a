"""What supervised and on-policy training share: live metrics, sealed checkpoints, the result."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill.checkpoints import newest_sealed, seal, write_atomically

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and a short note such as the loss."""


class TrainingError(Exception):
    """Training that cannot go on; the message says why and what to do. The last good checkpoint is kept."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What training did, read back from its metrics file, so that a resumed run tells the same story."""

    steps: int
    seconds: float
    """Time spent in steps, over all attempts; loading is not in it."""
    examples: int
    first: float
    """The watched metric (loss or reward) averaged over the first tenth of the steps."""
    last: float
    """The same over the last tenth."""
    curve: tuple[tuple[int, float], ...]


class Metrics:
    """`metrics.jsonl`: one line a logged step, written as it happens; a console may follow it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        rows = []
        for line in self._path.read_text().splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break  # a line cut by a kill is the last one
        return rows

    def rewind(self, step: int) -> None:
        """Forgets what came after a step: it will be done again."""
        kept = [row for row in self.rows() if row["step"] <= step]
        write_atomically(self._path, "".join(json.dumps(row) + "\n" for row in kept))

    def append(self, row: dict[str, Any]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def result(self, watched: str) -> TrainingResult:
        rows = [row for row in self.rows() if watched in row]
        values = [row[watched] for row in rows]
        if not values:
            raise TrainingError("training logged no step: there is too little data for one batch")
        tenth = max(1, len(values) // 10)
        return TrainingResult(
            steps=rows[-1]["step"],
            seconds=sum(row["seconds"] for row in rows),
            examples=sum(row["examples"] for row in rows),
            first=sum(values[:tenth]) / tenth,
            last=sum(values[-tenth:]) / tenth,
            curve=tuple((row["step"], row[watched]) for row in rows),
        )


def make_callback(
    metrics: Metrics, watched: str, examples_in: Callable[[int], int], progress: Progress
) -> Any:
    """A Trainer callback that writes metrics, seals checkpoints and stops on a loss or weights that are not numbers.

    `examples_in` tells how many examples a step (from 1) has.
    """
    import torch
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        started = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.started = time.monotonic()

        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
        ) -> None:
            if not logs or watched not in logs:
                return
            for name in (watched, "loss"):
                if not math.isfinite(float(logs.get(name, 0.0))):
                    raise TrainingError(
                        f"the {name} is not a number at step {state.global_step}: lower the learning rate"
                    )
            row = {key: float(number) for key, number in logs.items() if isinstance(number, (int, float))}
            seconds = time.monotonic() - self.started
            metrics.append(
                row
                | {
                    "step": state.global_step,
                    "seconds": round(seconds, 3),
                    "examples": examples_in(state.global_step),
                }
            )
            progress(state.global_step, state.max_steps, f"{watched} {row[watched]:.3f}")

        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            # Before the checkpoint: a broken adapter must not become the newest one to resume from.
            trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
            if not math.isfinite(torch.nn.utils.get_total_norm(trained)):
                raise TrainingError(
                    f"the weights are not numbers after step {state.global_step}: lower the learning rate"
                )

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    return Watch()


def run(trainer: Any, out: Path, metrics: Metrics) -> None:
    """Trains from the newest intact checkpoint, or from the start, and leaves the adapter in `out/adapter`."""
    from transformers import PrinterCallback

    checkpoint = newest_sealed(out / "checkpoints")
    metrics.rewind(int(checkpoint.name.split("-")[1]) if checkpoint else 0)
    trainer.remove_callback(PrinterCallback)  # our own callback tells the progress
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    save_adapter(trainer.model, out)


def save_adapter(model: Any, out: Path) -> None:
    """The trained adapter as `out/adapter`, whole and sealed or not there."""
    staging = out / "adapter.partial"
    model.save_pretrained(str(staging))
    _tidy(staging)
    seal(staging)
    staging.rename(out / "adapter")


def _tidy(adapter: Path) -> None:
    """PEFT writes a set in any order, and paths of this machine: without these, equal training gives equal files."""
    (adapter / "README.md").unlink(missing_ok=True)
    path = adapter / "adapter_config.json"
    config = json.loads(path.read_text())
    config["target_modules"] = sorted(config["target_modules"])
    config["base_model_name_or_path"] = Path(config["base_model_name_or_path"] or "").name
    path.write_text(json.dumps(config, indent=1, sort_keys=True))
