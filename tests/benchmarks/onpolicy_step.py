"""Measures a step of on-policy training beside stock TRL: same student, prompts, rewards and teacher, taking turns.

The stock side is TRL's GRPOTrainer, RLOOTrainer and DistillationTrainer as their documentation has them: a LoRA adapter on
all linear layers, bf16, answers sampled in process; but for gradient checkpointing, which is off, since it would only make
them slower. Both start from one student, tuned on banking77 first, since an untuned one seldom ends an answer. Rewards
are drawn by chance, so that each group teaches; `grpo-label` pays for the right intent, and groups of equal rewards,
which have no gradient, are then left out by ours.

`python -m tests.benchmarks.onpolicy_step --rounds 8`; prints a table and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.run import child_environment
from distill.loop import Schedule
from distill.lora import with_lora
from distill.onpolicy import OnPolicySettings, OnPolicyTeacherSettings
from distill.onpolicy_step import OnPolicyStep
from distill.rewards import Rewarded
from distill.sampling import InProcessSampler
from distill.sft import SftSettings, train_sft
from distill.student import load_model, load_tokenizer, merge_and_save, prompt_ids
from distill.token_teacher import InProcessTeacher
from distill.trainable import Adapter
from distill.values import Example
from tests.benchmarks.banking import FOLDER, MAX_ANSWER_TOKENS, Pair, pairs

SEQUENCES = 16
GROUP = 4
RANK, ALPHA, RATE = 16, 32, 5e-5
CASES = ("grpo", "grpo-label", "rloo", "distill")
Pay = Callable[[str, str], float]
"""(the student's text, the intent) -> reward."""


def by_chance(text: str, wanted: str) -> float:
    """Between 0 and 1, another one for nearly every text."""
    return zlib.crc32(f"{text}|{wanted}".encode()) / 2**32


def by_label(text: str, wanted: str) -> float:
    return float(text.strip() == wanted)


class Ours:
    """Our training, one step at a time; `distill.loop` takes the same steps."""

    def __init__(self, student: Path, train: Sequence[Pair], settings: OnPolicySettings, pay: Pay) -> None:
        import torch

        tokenizer = load_tokenizer(student)
        model = with_lora(load_model(student, "auto"), RANK, ALPHA, settings.seed)
        self.trainable = Adapter(model)
        self.optimizer = torch.optim.AdamW(self.trainable.parameters, lr=RATE, weight_decay=0.0, fused=True)
        self.max_norm = Schedule(1, RATE, "constant", 1).max_norm or 1.0
        asked = [
            (prompt_ids(tokenizer, messages), Example(str(n), "train", {}, wanted, None))
            for n, (messages, wanted) in enumerate(train)
        ]

        def reward(record: Example, text: str) -> Rewarded:
            value = pay(text, record.answer or "")
            return Rewarded(value, {"pay": value})

        self.work = OnPolicyStep(
            model,
            tokenizer,
            InProcessSampler(model, tokenizer.eos_token_id),
            asked,
            reward,
            InProcessTeacher(student, "auto") if settings.method == "distill" else None,
            MAX_ANSWER_TOKENS,
            settings,
        )
        self.done = 0

    def step(self) -> dict[str, float]:
        import torch

        self.done += 1
        told = self.work.step(self.done)
        torch.nn.utils.clip_grad_norm_(self.trainable.parameters, self.max_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.trainable.publish()
        return told


def stock_trainer(case: str, student: Path, train: Sequence[Pair], out: Path, pay: Pay, watch: Any) -> Any:
    """TRL's trainer for a case, with PEFT."""
    import torch
    import trl
    from datasets import Dataset
    from peft import LoraConfig

    options: dict[str, Any] = {
        "output_dir": str(out),
        "max_steps": 10_000,
        "learning_rate": RATE,
        "lr_scheduler_type": "constant",
        "per_device_train_batch_size": SEQUENCES,
        "max_completion_length": MAX_ANSWER_TOKENS,
        "temperature": 1.0,
        "bf16": True,
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": False,
        "logging_steps": 10_000,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
    }

    def rewards(completions: list[Any], answer: list[str], **columns: Any) -> list[float]:
        return [pay(turn[0]["content"], wanted) for turn, wanted in zip(completions, answer, strict=True)]

    common: dict[str, Any] = {
        "model": str(student),
        "train_dataset": Dataset.from_list(
            [{"prompt": messages, "answer": wanted} for messages, wanted in train]
        ),
        "peft_config": LoraConfig(
            r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        "callbacks": [watch],
    }
    if case == "distill":
        return trl.DistillationTrainer(
            teacher_model=str(student), args=trl.DistillationConfig(**options, beta=1.0), **common
        )
    if case == "rloo":
        config: Any = trl.RLOOConfig(**options, num_generations=GROUP, beta=0.0)
        return trl.RLOOTrainer(reward_funcs=rewards, args=config, **common)
    config = trl.GRPOConfig(**options, num_generations=GROUP, beta=0.0)
    return trl.GRPOTrainer(reward_funcs=rewards, args=config, **common)


def compare(case: str, student: Path, train: list[Pair], rounds: int, folder: Path) -> dict[str, Any]:
    """Medians over rounds, each of one step of either side; the first two rounds warm up."""
    from transformers import TrainerCallback

    pay = by_label if case == "grpo-label" else by_chance
    settings = OnPolicySettings(
        prompts_per_step=SEQUENCES if case == "distill" else SEQUENCES // GROUP,
        group_size=1 if case == "distill" else GROUP,
        method=case.removesuffix("-label"),  # type: ignore[arg-type]
        teacher=OnPolicyTeacherSettings(str(student)) if case == "distill" else None,
    )
    ours = Ours(student, train, settings, pay)
    turns: list[tuple[float, float, dict[str, float]]] = []  # seconds of ours, of stock, our figures

    class Turns(TrainerCallback):  # type: ignore[misc]
        started = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.started = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            stock = time.perf_counter() - self.started
            begun = time.perf_counter()
            told = ours.step()
            turns.append((time.perf_counter() - begun, stock, told))
            print(f"  {case} {len(turns):3}: ours {turns[-1][0]:6.2f} s, stock {stock:6.2f} s", flush=True)
            control.should_training_stop = len(turns) == rounds + 2
            self.started = time.perf_counter()

    stock_trainer(case, student, train, folder / case, pay, Turns()).train()
    measured = turns[2:]
    told = [each for _, _, each in measured]
    return {
        "ratio": statistics.median(stock / mine for mine, stock, _ in measured),
        "ratio_low": min(stock / mine for mine, stock, _ in measured),
        "ratio_high": max(stock / mine for mine, stock, _ in measured),
        "ours_s": statistics.median(mine for mine, _, _ in measured),
        "stock_s": statistics.median(stock for _, stock, _ in measured),
        "sample_s": statistics.median(each["seconds_sample"] for each in told),
        "learn_s": statistics.median(each["seconds_learn"] for each in told),
        "tokens": statistics.median(each["tokens"] for each in told),
        "answers_that_teach": statistics.median(each["answers_that_teach"] for each in told),
        "mismatch": statistics.median(each["mismatch"] for each in told if "mismatch" in each),
        "mismatch_max": max(each["mismatch_max"] for each in told if "mismatch_max" in each),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument(
        "--tuned-on", type=int, default=800, help="messages that the student is tuned on first"
    )
    parser.add_argument("--student", type=Path, help="a model directory to start from instead")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    arguments = parser.parse_args()
    home = Home.open()
    if "GLIBC_TUNABLES" not in os.environ:  # read when a process starts: both sides run as a stage does
        environment = {**os.environ, **child_environment(home, "onpolicy")}
        raise SystemExit(
            subprocess.call([sys.executable, "-m", __spec__.name, *sys.argv[1:]], env=environment)
        )
    from appliance.models import resolve

    train = pairs(arguments.data / "train.csv", 2000)
    with tempfile.TemporaryDirectory() as name:
        folder, student = Path(name), arguments.student
        if student is None:
            base, student = resolve(arguments.model, home, Path.cwd()), folder / "student"
            tuning = SftSettings(epochs=1, learning_rate=2e-3)
            train_sft(base, train[: arguments.tuned_on], folder, tuning, "auto", lambda *_: None)
            merge_and_save(base, folder / "adapter", student)
        results = {case: compare(case, student, train, arguments.rounds, folder) for case in arguments.cases}
    print(
        f"\n{'':12}{'ours s':>8}{'stock s':>9}{'ratio':>7}{'(least, most)':>16}{'sample s':>10}{'learn s':>9}{'tokens':>8}"
    )
    for case, found in results.items():
        span = f"({found['ratio_low']:.1f}, {found['ratio_high']:.1f})"
        print(
            f"{case:12}{found['ours_s']:8.2f}{found['stock_s']:9.2f}{found['ratio']:7.2f}{span:>16}"
            f"{found['sample_s']:10.2f}{found['learn_s']:9.2f}{found['tokens']:8.0f}"
        )
    print(
        json.dumps(
            {
                "rounds": arguments.rounds,
                "sequences": SEQUENCES,
                "ratio": min(found["ratio"] for found in results.values()),
                "cases": results,
            }
        )
    )


if __name__ == "__main__":
    main()
