"""A teacher distilled into a student of a third of its layers: quality kept, serving throughput gained.

The teacher is SmolLM2-135M tuned on all of banking77's training messages (`tests.benchmarks.methods` leaves it); it answers
the training messages and its 20 likeliest tokens a place are kept. Ten of its thirty layers are the student, which learns by
SFT from the answers alone, by SFT from the distributions too, and then on-policy from the teacher in process.
Both are then served by vLLM under the same load, in turns.

`python -m tests.benchmarks.pruned_student --out DIR` after `tests.benchmarks.methods --out DIR`; prints a table and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.loadtest import closed_loop, summarise
from appliance.run import child_environment
from appliance.serve import ServeSettings, served
from distill.onpolicy import OnPolicySettings, OnPolicyTeacherSettings
from distill.sft import SftSettings, aligned_targets, train_sft
from distill.student import InProcess, fresh_adapter, load_tokenizer, prune_and_save
from distill.teach import teach
from distill.topk import Journal, TopKStore, write_topk
from distill.values import Request
from tests.benchmarks.banking import FOLDER, MAX_ANSWER_TOKENS, Pair, accuracy, pairs
from tests.benchmarks.methods import gone_on, once, told

K = 20
CONCURRENCY = 32


def answered(teacher: Path, train: Sequence[Pair], out: Path) -> tuple[list[Pair], TopKStore]:
    """The training messages with the teacher's own answers, and its distributions by the message's number."""
    journal = Journal(out / "topk.journal")
    student = InProcess(teacher, "auto", MAX_ANSWER_TOKENS, top_logprobs=K)
    asked = [Request(str(n), messages) for n, (messages, _) in enumerate(train)]
    said = teach(student, asked, out / "completions.jsonl", told("teacher"), journal)
    journal.close()
    write_topk(journal, out / "topk.parquet", K)
    store = TopKStore(out / "topk.parquet", load_tokenizer(teacher).eos_token_id)
    return [(messages, said[str(n)].text or "") for n, (messages, _) in enumerate(train)], store


def tuned(
    base: Path,
    train: Sequence[Pair],
    test: Sequence[Pair],
    store: TopKStore | None,
    out: Path,
    settings: SftSettings,
) -> dict[str, Any]:
    """All weights of the pruned student, from the answers or from the distributions as well."""
    targets = None
    if store is not None:
        found = [store.get(str(n)) for n in range(len(train))]
        targets = aligned_targets(load_tokenizer(base), train, found)
    result = train_sft(base, train, out, settings, "auto", told(out.name), targets=targets)
    return {"seconds": result.seconds, "distributions": len(targets or {})} | accuracy(out / "model", test)


def throughput(models: dict[str, Path], test: Sequence[Pair], out: Path, rounds: int) -> dict[str, Any]:
    """Requests a second of each model at 32 at a time, in turns; one server at a time, for there are two cores."""
    rates: dict[str, list[float]] = {name: [] for name in models}
    for number in range(rounds):
        for name, path in models.items():
            settings = ServeSettings(max_model_len=512, kv_cache_gib=1)
            log = out / f"vllm-{name}.log"
            with served(path, "model", settings, log, out / "cache") as server:
                level = closed_loop(
                    server.base_url,
                    "model",
                    [messages for messages, _ in test],
                    concurrency=CONCURRENCY,
                    num_requests=400,
                    max_tokens=MAX_ANSWER_TOKENS,
                    warmup=CONCURRENCY,
                    cache_salt=f"{name}{number}",
                )
            row = summarise(level, arm=name, engine=server.engine, device=server.device)
            assert row.num_failed == 0, "every request is answered"
            rates[name].append(row.requests_per_s)
            print(f"  {name}: {rates[name][-1]:.1f} requests/s", flush=True)
    return {
        name: {"requests_per_s": statistics.median(found), "rounds": found} for name, found in rates.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=6000)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    if "GLIBC_TUNABLES" not in os.environ:  # read when a process starts
        environment = {**os.environ, **child_environment(Home.open(), "sft")}
        raise SystemExit(
            subprocess.call([sys.executable, "-m", __spec__.name, *sys.argv[1:]], env=environment)
        )
    teacher, out = arguments.out / "teacher" / "model", arguments.out / "pruned"
    out.mkdir(exist_ok=True)
    train, store = answered(teacher, pairs(arguments.data / "train.csv", arguments.train), out)
    test = pairs(arguments.data / "test.csv", arguments.test)
    pruned = out / "start"
    if not pruned.exists():
        prune_and_save(teacher, arguments.layers, pruned)
    settings = SftSettings(method="full", epochs=arguments.epochs, learning_rate=3e-4)
    found = {"teacher": once(out / "teacher.json", lambda: {"seconds": 0.0} | accuracy(teacher, test))}
    found["answers"] = once(
        out / "answers.json",
        lambda: tuned(pruned, train, test, None, out / "answers", replace(settings, teacher_weight=0.0)),
    )
    found["distributions"] = once(
        out / "distributions.json", lambda: tuned(pruned, train, test, store, out / "distributions", settings)
    )
    model = out / "distributions" / "model"
    if not (out / "fresh").exists():
        fresh_adapter(model, 32, 64, 7, out / "fresh")
    onpolicy = OnPolicySettings(
        steps=arguments.steps,
        method="distill",
        teacher=OnPolicyTeacherSettings(model=str(teacher)),
        prompts_per_step=32,
        group_size=1,
        learning_rate=5e-4,
        checkpoint_every_steps=20,
    )
    found["on-policy"] = once(
        out / "on-policy.json",
        lambda: gone_on(model, out / "fresh", train, test, out / "on-policy", onpolicy),
    )
    served_models = {"teacher": teacher, "student": out / "on-policy" / "model"}
    load = once(out / "load.json", lambda: throughput(served_models, test, out, arguments.rounds))
    print(f"\n{'':16}{'accuracy (95%)':>26}{'n':>6}{'of teacher':>12}{'seconds':>9}")
    for name, row in found.items():
        interval = f"{row['accuracy']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        kept = row["accuracy"] / found["teacher"]["accuracy"]
        print(f"{name:16}{interval:>26}{row['n']:>6}{kept:>12.1%}{row['seconds']:>9.0f}")
    gain = load["student"]["requests_per_s"] / load["teacher"]["requests_per_s"]
    print(
        f"throughput: {load['teacher']['requests_per_s']:.1f} to {load['student']['requests_per_s']:.1f} requests/s, {gain:.2f} times"
    )
    print(json.dumps({**found, "load": load, "throughput_ratio": gain}))


if __name__ == "__main__":
    main()
