"""Measures what differential privacy costs in accuracy: the same student, examples and number of steps at several epsilons.

Frequent intents of banking77, the data set's labels as answers, the record as the unit. Reads the data and the model that
`stillhouse` uses; leaves nothing behind.

`python -m tests.benchmarks.dp_cost --data train.csv --test test.csv`
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from appliance.home import Home
from distill.dp import DpSettings
from distill.dp_sft import train_dp_sft
from distill.sft import SftSettings, train_sft
from distill.student import InProcess, merge_and_save
from distill.values import Messages, Request
from privacy.intervals import wilson

Pair = tuple[Messages, str]
MAX_ANSWER_TOKENS = 16


def pairs(path: Path, intents: Sequence[str], count: int, seed: int) -> list[Pair]:
    """`count` messages of the intents in random order, as (chat, label)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] in intents]
    Random(seed).shuffle(rows)
    system = {"role": "system", "content": "Name the intent."}
    return [([system, {"role": "user", "content": row["text"]}], row["category"]) for row in rows[:count]]


def frequent_intents(path: Path, count: int) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        counts = Counter(row["category"] for row in csv.DictReader(file))
    return sorted(counts, key=lambda name: (-counts[name], name))[:count]


def measure(base: Path, train: list[Pair], test: list[Pair], settings: SftSettings) -> dict[str, Any]:
    """One training and its accuracy on the test pairs, with n and a 95% interval."""

    def silent(done: int, total: int, note: str) -> None:
        pass

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        started, guarantee = time.monotonic(), None
        if settings.dp is None:
            result = train_sft(base, train, out, settings, "cpu", silent)
        else:
            # The noise of a measurement hides nobody: the records are public.
            key = f"benchmark {settings.seed}".encode().ljust(32, b"\0")
            result, guarantee = train_dp_sft(base, train, None, out, settings, "cpu", key, silent)
        seconds = time.monotonic() - started
        merge_and_save(base, out / "adapter", out / "model")
        student = InProcess(out / "model", "cpu", MAX_ANSWER_TOKENS)
        asked = [Request(str(number), chat) for number, (chat, _) in enumerate(test)]
        answers = {answer.record_id: answer.text or "" for answer in student.complete(asked)}
    right = sum(answers[str(number)].strip() == label for number, (_, label) in enumerate(test))
    low, high = wilson(right, len(test))
    return {
        "epsilon": None if guarantee is None else round(guarantee.epsilon, 3),
        "delta": None if guarantee is None else guarantee.delta,
        "noise_multiplier": None if guarantee is None else round(guarantee.noise_multiplier, 4),
        "steps": result.steps,
        "examples": result.examples,
        "first_loss": round(result.first, 3),
        "last_loss": round(result.last, 3),
        "accuracy": right / len(test),
        "low": low,
        "high": high,
        "n": len(test),
        "seconds": round(seconds, 1),
        "step_seconds": round(result.seconds / result.steps, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="banking77's train.csv")
    parser.add_argument("--test", type=Path, required=True, help="banking77's test.csv")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--intents", type=int, default=6)
    parser.add_argument("--train-records", type=int, default=512)
    parser.add_argument("--test-records", type=int, default=120)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument(
        "--epsilon", type=float, nargs="*", default=[8.0, 3.0], help="beside a training without"
    )
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    base = Home.open().models / options.model
    intents = frequent_intents(options.data, options.intents)
    train = pairs(options.data, intents, options.train_records, options.seed)
    test = pairs(options.test, intents, options.test_records, options.seed)
    plain = SftSettings(
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        lora_rank=options.rank,
        lora_alpha=2 * options.rank,
        max_tokens=512,
        seed=options.seed,
    )
    print(f"{len(train)} training records of {len(intents)} intents, {len(test)} test records")
    print(
        f"{'epsilon':>8} {'noise':>7} {'steps':>6} {'loss':>15} {'accuracy':>9} {'95% interval':>16} {'s/step':>7}"
    )
    rows = []
    for dp in (None, *(DpSettings(epsilon=epsilon) for epsilon in options.epsilon)):
        row = measure(base, train, test, replace(plain, dp=dp))
        rows.append(row)
        loss = f"{row['first_loss']:.2f} to {row['last_loss']:.2f}"
        interval = f"{row['low']:.1%} to {row['high']:.1%}"
        name = "none" if row["epsilon"] is None else f"{row['epsilon']:.2f}"
        noise = "none" if row["noise_multiplier"] is None else f"{row['noise_multiplier']:.3f}"
        print(
            f"{name:>8} {noise:>7} {row['steps']:>6} {loss:>15} {row['accuracy']:>9.1%} {interval:>16} "
            f"{row['step_seconds']:>7.2f}",
            flush=True,
        )
    settings = {name: value for name, value in vars(options).items() if name not in ("data", "test")}
    print(json.dumps({"benchmark": "dp_cost", "settings": settings, "arms": rows}))


if __name__ == "__main__":
    main()
