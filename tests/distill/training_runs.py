"""Small training runs that tests start here, or in a child process that they kill: `python -m` with the same arguments.

A run with `kill_at` ends itself with SIGKILL as soon as that step is logged, before anything else can be written.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from distill.onpolicy import OnPolicySettings, Question, train_onpolicy
from distill.rewards import Rewarded
from distill.sft import SftSettings, train_sft
from distill.training import Progress, TrainingResult
from distill.values import Example, Messages

_LABELS = ("card_arrival", "top_up_failed", "exchange_rate", "pending_transfer")
EXAMPLES: list[tuple[Messages, str]] = [
    (
        [
            {"role": "system", "content": "Name the queue."},
            {"role": "user", "content": f"{label.replace('_', ' ')}{' please' * (n % 3)} {n}"},
        ],
        label,
    )
    for n in range(8)
    for label in _LABELS
][:30]
"""30, so that the last batch of an epoch is smaller than the others."""

SFT = SftSettings(
    epochs=8,
    learning_rate=1e-2,
    batch_size=8,
    lora_rank=8,
    lora_alpha=16,
    max_tokens=64,
    checkpoint_every_steps=4,
)
ONPOLICY = OnPolicySettings(
    steps=5, prompts_per_step=2, group_size=4, learning_rate=1e-3, checkpoint_every_steps=2
)


QUESTIONS: list[Question] = [
    (messages, Example(str(n), "train", {}, answer, None)) for n, (messages, answer) in enumerate(EXAMPLES)
]


def reward(example: Example, text: str) -> Rewarded:
    """Pays for letters in common: something to learn even where no answer is right."""
    wanted = set(example.answer or "")
    share = len(set(text) & wanted) / len(set(text) | wanted)
    return Rewarded(share, {"letters": share})


def _progress(kill_at: int) -> Progress:
    def tell(done: int, total: int, note: str) -> None:
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    return tell


def sft(base: Path, out: Path, kill_at: int = 0, settings: SftSettings = SFT) -> TrainingResult:
    return train_sft(base, EXAMPLES, out, settings, "cpu", _progress(kill_at))


def onpolicy(base: Path, adapter: Path, out: Path, kill_at: int = 0) -> TrainingResult:
    return train_onpolicy(base, adapter, QUESTIONS, reward, 8, out, ONPOLICY, "cpu", _progress(kill_at))[0]


if __name__ == "__main__":
    name, *paths, step = sys.argv[1:]
    {"sft": sft, "onpolicy": onpolicy}[name](*map(Path, paths), kill_at=int(step))
