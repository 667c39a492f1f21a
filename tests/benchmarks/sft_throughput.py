"""Measures supervised fine-tuning beside a stock TRL script: same model, data, batch and epochs, taking turns.

The stock side is TRL's SFTTrainer with a LoRA adapter on all linear layers, completion-only loss and bf16 autocast, as its
documentation has it, but for gradient checkpointing, which is off: it would only make it slower. It is a process of its
own, in the environment that a script is started in; `--tuned-stock` gives it the allocator and the waiting threads
that our stages run with. Every few of its steps it pauses and ours takes as many, so that a busy machine slows both.

`python -m tests.benchmarks.sft_throughput --train 1000 --test 300`, on banking77; prints a table and a last line of JSON.
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
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from appliance.home import Home
from appliance.run import child_environment
from distill.loop import Schedule
from distill.lora import with_lora
from distill.sft import Batches, SftSettings, add_gradients, answer_rows, compile_layers
from distill.student import load_model, load_tokenizer, merge_and_save
from distill.trainable import Adapter
from tests.benchmarks.banking import FOLDER, Pair, accuracy, pairs

_TURN = 4
"""Steps a turn."""


class Ours:
    """Our training, one step at a time, for a benchmark that takes turns; `distill.loop` takes the same steps."""

    def __init__(self, base: Path, train: Sequence[Pair], settings: SftSettings) -> None:
        import torch

        self.tokenizer = load_tokenizer(base)
        rows = answer_rows(self.tokenizer, train, settings.max_tokens)
        model = with_lora(load_model(base, "auto"), settings.lora_rank, settings.lora_alpha, settings.seed)
        self.trainable = Adapter(model.train())
        if settings.compile:
            compile_layers(model)
        self.batches = Batches(rows, settings.batch_size, settings.seed)
        steps = int(settings.epochs * self.batches.per_epoch)
        self.schedule = Schedule(steps, settings.learning_rate, "cosine", steps)
        self.optimizer = torch.optim.AdamW(
            self.trainable.parameters, lr=settings.learning_rate, weight_decay=0.0, fused=True
        )
        self.done = self.tokens = 0

    def step(self) -> int:
        """Takes the next step and gives the number of its examples; 0 where there is none left."""
        import torch

        if self.done == self.schedule.steps:
            return 0
        self.done += 1
        batch = self.batches.of_step(self.done)
        add_gradients(self.trainable.model, batch, len(batch), self.tokenizer.pad_token_id)
        torch.nn.utils.clip_grad_norm_(self.trainable.parameters, self.schedule.max_norm or 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.done)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.trainable.publish()
        self.tokens += sum(len(row["input_ids"]) for row in batch)
        return len(batch)


def stock_trainer(base: Path, train: Sequence[Pair], out: Path, settings: SftSettings, pause: Any) -> Any:
    """TRL's SFTTrainer with PEFT, calling `pause(examples, seconds)` after each turn of its own steps."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Turns(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.started = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step % _TURN == 0:
                self.started = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step % _TURN == 0:
                pause(_TURN * settings.batch_size, time.perf_counter() - self.started)

    config = SFTConfig(
        output_dir=str(out),
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        per_device_train_batch_size=settings.batch_size,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        gradient_checkpointing=False,
        completion_only_loss=True,
        logging_steps=1000,
        save_strategy="no",
        seed=settings.seed,
        report_to=[],
        disable_tqdm=True,
    )
    rows = [
        {"prompt": messages, "completion": [{"role": "assistant", "content": answer}]}
        for messages, answer in train
    ]
    return SFTTrainer(
        model=str(base),
        args=config,
        train_dataset=Dataset.from_list(rows),
        peft_config=LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
        callbacks=[Turns()],
    )


def ceiling_gflops() -> float:
    """Of a large bf16 matrix product on this machine: the median of several."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if device == "cuda" else 2048
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    rates = []
    for _ in range(12):
        if device == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        rates.append(2 * size**3 / (time.perf_counter() - started) / 1e9)
    return statistics.median(rates[2:])


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Of the median, 95%, by bootstrap over turns."""
    chance = Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2000))
    return medians[49], medians[1949]


def stock_process(base: Path, train: list[Pair], out: Path, settings: SftSettings) -> None:
    """The stock side: says how long a turn took, and goes on when it is told to."""

    def pause(examples: int, seconds: float) -> None:
        print(f"turn {examples} {seconds}", flush=True)
        sys.stdin.readline()

    trainer = stock_trainer(base, train, out, settings, pause)
    trainer.train()
    trainer.model.merge_and_unload().save_pretrained(out / "model")
    load_tokenizer(base).save_pretrained(out / "model")


def compare(
    base: Path, train: list[Pair], test: list[Pair], settings: SftSettings, folder: Path, tuned_stock: bool
) -> dict[str, Any]:
    ours = Ours(base, train, settings)
    turns: list[tuple[float, float]] = []  # examples a second: ours, stock
    environment = dict(os.environ)
    if not tuned_stock:
        for name in ("GLIBC_TUNABLES", "OMP_WAIT_POLICY"):
            environment.pop(name, None)
    argv = [sys.executable, "-m", __spec__.name, *sys.argv[1:], "--stock", str(folder / "stock")]
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as stock:
        assert stock.stdout is not None and stock.stdin is not None
        for line in stock.stdout:
            if not line.startswith("turn "):
                continue
            examples, seconds = (float(each) for each in line.split()[1:])
            started, seen = time.perf_counter(), 0
            for _ in range(_TURN):
                seen += ours.step()
            took = time.perf_counter() - started
            if seen == examples:
                turns.append((seen / took, examples / seconds))
                print(
                    f"  turn {len(turns):3}: ours {turns[-1][0]:6.2f}, stock {turns[-1][1]:6.2f} examples/s",
                    flush=True,
                )
            stock.stdin.write("\n")
            stock.stdin.flush()
    assert stock.returncode == 0, "the stock side ended well"
    while ours.step():
        pass
    ours.trainable.save(folder / "ours")
    merge_and_save(base, folder / "ours", folder / "ours-model")
    _, *measured = turns  # the first turn warms up
    ratios = [a / b for a, b in measured]
    low, high = _interval(ratios)
    network = ours.trainable.model.get_base_model()
    weights = sum(each.numel() for each in network.get_decoder().parameters() if not each.requires_grad)
    weights -= network.get_input_embeddings().weight.numel()
    speed = statistics.median(a for a, _ in measured)
    tokens = ours.tokens / (settings.epochs * len(train))
    ceiling = ceiling_gflops()
    return {
        "ratio": statistics.median(ratios),
        "ratio_low": low,
        "ratio_high": high,
        "turns": len(measured),
        "ours_examples_per_s": speed,
        "ours_tokens_per_s": speed * tokens,
        "stock_examples_per_s": statistics.median(b for _, b in measured),
        "tokens_per_example": tokens,
        "ceiling_gflops": ceiling,
        # An adapter's step multiplies by each frozen weight twice a token: forward, and back to the layer below.
        "ours_share_of_ceiling": 4 * weights * tokens * speed / 1e9 / ceiling,
        "ours": accuracy(folder / "ours-model", test),
        "stock": accuracy(folder / "stock" / "model", test),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--test", type=int, default=300)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--tuned-stock", action="store_true")
    parser.add_argument("--compile", action="store_true", help="ours with sft.compile = true")
    parser.add_argument("--stock", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    home = Home.open()
    if (
        arguments.stock is None and "GLIBC_TUNABLES" not in os.environ
    ):  # read when a process starts: both sides run as a stage does
        environment = {**os.environ, **child_environment(home, "sft")}
        raise SystemExit(
            subprocess.call([sys.executable, "-m", __spec__.name, *sys.argv[1:]], env=environment)
        )
    from appliance.models import resolve

    base = resolve(arguments.model, home, Path.cwd())
    settings = SftSettings(
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        batch_size=arguments.batch_size,
        compile=arguments.compile,
    )
    train = pairs(arguments.data / "train.csv", arguments.train)
    if arguments.stock is not None:
        stock_process(base, train, arguments.stock, settings)
        return
    test = pairs(arguments.data / "test.csv", arguments.test)
    with tempfile.TemporaryDirectory() as folder:
        result = compare(base, train, test, settings, Path(folder), arguments.tuned_stock)
    result = {"train": len(train), "batch_size": settings.batch_size, "epochs": settings.epochs} | result
    print(f"\n{'':8}{'examples/s':>12}{'accuracy (95%)':>26}{'n':>6}")
    for name in ("ours", "stock"):
        found = result[name]
        told = f"{found['accuracy']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
        print(f"{name:8}{result[f'{name}_examples_per_s']:12.2f}{told:>26}{found['n']:>6}")
    print(
        f"ratio {result['ratio']:.2f} ({result['ratio_low']:.2f} to {result['ratio_high']:.2f}), {result['turns']} turns; "
        f"{result['ours_tokens_per_s']:.0f} tokens/s, {result['ours_share_of_ceiling']:.0%} of {result['ceiling_gflops']:.0f} GFLOP/s"
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
