"""One table on banking77: untuned, few-shot, SFT, and SFT gone on with by GRPO, RLOO and on-policy distillation.

The student learns from a subset; the teacher is a model of the same kind that was tuned on all training messages. On-policy
methods ask about messages that neither was trained on (of the test file, but not the ones that are scored): they stand
for new traffic, so a reward is agreement with the teacher's answer. Distillation is given a fifth of the
tokens that GRPO generates, and its accuracy is told beside GRPO's. Parts that are done in `--out` are not done again.

`python -m tests.benchmarks.methods --out DIR`; prints a table and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.run import child_environment
from distill.onpolicy import OnPolicySettings, OnPolicyTeacherSettings, Question, train_onpolicy
from distill.rewards import Rewarded
from distill.sft import SftSettings, answer_rows, train_sft
from distill.student import InProcess, load_tokenizer, merge_and_save
from distill.teach import teach
from distill.token_teacher import InProcessTeacher
from distill.training import Metrics
from distill.values import Example, Request
from privacy.intervals import wilson
from tests.benchmarks.banking import FOLDER, MAX_ANSWER_TOKENS, Pair, accuracy, pairs

_SHOTS = 8
ONPOLICY = {
    "grpo": {"method": "grpo", "prompts_per_step": 8, "group_size": 8},
    "rloo": {"method": "rloo", "prompts_per_step": 8, "group_size": 8},
    "distill": {"method": "distill", "prompts_per_step": 32, "group_size": 1},
}
RATES = {"grpo": 5e-5, "rloo": 5e-5, "distill": 2e-4}
"""Second choice: four times as much, and on the messages of SFT, made the student worse; see docs/decisions.md."""


def told(name: str) -> Callable[[int, int, str], None]:
    def tell(done: int, total: int, note: str) -> None:
        if done % max(1, total // 10) == 0:
            print(f"  {name}: {done} of {total}, {note}", flush=True)

    return tell


def once(path: Path, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What an earlier call of the script found out, or what the work finds out now."""
    if not path.exists():
        started = time.monotonic()
        found = work()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"wall_s": time.monotonic() - started} | found))
    found = json.loads(path.read_text())
    print(f"{path.stem}: {found}", flush=True)
    return dict(found)


def tuned(
    base: Path, train: Sequence[Pair], test: Sequence[Pair], out: Path, settings: SftSettings
) -> dict[str, Any]:
    """Fine-tunes `base`, leaves `out/model`, and tells what it cost and what it gained."""
    result = train_sft(base, train, out, settings, "auto", told(out.name))
    merge_and_save(base, out / "adapter", out / "model")
    rows = answer_rows(load_tokenizer(base), train, settings.max_tokens)
    seen = sum(len(row["input_ids"]) for row in rows) * settings.epochs
    return {"seconds": result.seconds, "tokens_read": seen, "generated": 0} | accuracy(out / "model", test)


def gone_on(
    base: Path,
    start: Path,
    train: Sequence[Pair],
    test: Sequence[Pair],
    out: Path,
    settings: OnPolicySettings,
) -> dict[str, Any]:
    """On-policy training from the adapter `start`."""
    questions: list[Question] = [
        (messages, Example(str(n), "train", {}, answer, None)) for n, (messages, answer) in enumerate(train)
    ]

    def reward(record: Example, text: str) -> Rewarded:
        value = float(text.strip() == record.answer)
        return Rewarded(value, {"label": value})

    teacher = None if settings.teacher is None else InProcessTeacher(Path(settings.teacher.model), "auto")
    result, _ = train_onpolicy(
        base,
        start,
        questions,
        reward,
        MAX_ANSWER_TOKENS,
        out,
        settings,
        "auto",
        told(out.name),
        teacher=teacher,
    )
    merge_and_save(base, out / "adapter", out / "model")
    rows = Metrics(out / "metrics.jsonl").rows()
    return {
        "seconds": result.seconds,
        "generated": int(rows[-1]["tokens_so_far"]),
        "steps": result.steps,
        "reward_first": result.first,
        "reward_last": result.last,
    } | accuracy(out / "model", test)


def answered(teacher: Path, asked: Sequence[Pair], path: Path) -> list[Pair]:
    """The same messages with the teacher's answers."""
    model = InProcess(teacher, "auto", MAX_ANSWER_TOKENS)
    requests = [Request(str(n), messages) for n, (messages, _) in enumerate(asked)]
    said = teach(model, requests, path, told("teacher's answers"))
    return [(messages, (said[str(n)].text or "").strip()) for n, (messages, _) in enumerate(asked)]


def few_shot(
    base: Path, train: Sequence[Pair], test: Sequence[Pair], labels: Sequence[str]
) -> dict[str, Any]:
    """The untuned model with all labels named and a few worked examples before the question."""
    system = {
        "role": "system",
        "content": "Name the intent of the bank customer's message. Answer with one of these labels and nothing else: "
        + ", ".join(labels),
    }
    shots = [
        turn
        for (_, question), label in train[:_SHOTS]
        for turn in (question, {"role": "assistant", "content": label})
    ]
    student = InProcess(base, "auto", MAX_ANSWER_TOKENS)
    asked = [Request(str(n), [system, *shots, messages[-1]]) for n, (messages, _) in enumerate(test)]
    said = {answer.record_id: (answer.text or "").strip() for answer in student.complete(asked)}
    right = sum(said[str(n)] == wanted for n, (_, wanted) in enumerate(test))
    low, high = wilson(right, len(test))
    return {
        "accuracy": right / len(test),
        "low": low,
        "high": high,
        "n": len(test),
        "seconds": 0.0,
        "generated": 0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=2000)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--steps", type=int, default=60, help="of GRPO and RLOO")
    parser.add_argument("--teacher-train", type=int, default=10003)
    parser.add_argument("--only-teacher", action="store_true")
    arguments = parser.parse_args()
    home = Home.open()
    if "GLIBC_TUNABLES" not in os.environ:  # read when a process starts
        environment = {**os.environ, **child_environment(home, "sft")}
        raise SystemExit(
            subprocess.call([sys.executable, "-m", __spec__.name, *sys.argv[1:]], env=environment)
        )
    from appliance.models import resolve

    base, out = resolve("smollm2-135m-instruct", home, Path.cwd()), arguments.out
    everything = pairs(arguments.data / "train.csv", arguments.teacher_train)
    train = everything[: arguments.train]
    test = pairs(arguments.data / "test.csv", arguments.test)
    labels = sorted({answer for _, answer in everything})
    settings = SftSettings(epochs=arguments.epochs, learning_rate=2e-3)
    found = {
        "teacher": once(
            out / "teacher.json", lambda: tuned(base, everything, test, out / "teacher", settings)
        )
    }
    if arguments.only_teacher:
        return
    found["untuned"] = once(
        out / "untuned.json", lambda: {"seconds": 0.0, "generated": 0} | accuracy(base, test)
    )
    found["few-shot"] = once(out / "few-shot.json", lambda: few_shot(base, train, test, labels))
    found["sft"] = once(out / "sft.json", lambda: tuned(base, train, test, out / "sft", settings))
    start = out / "sft" / "adapter"
    fresh = pairs(arguments.data / "test.csv", arguments.test + arguments.train)[arguments.test :]
    answers = out / "fresh.jsonl"
    fresh = answered(out / "teacher" / "model", fresh, answers)
    for name, options in ONPOLICY.items():
        steps = arguments.steps
        if name == "distill":
            a_step = found["grpo"]["generated"] / found["grpo"]["steps"] / 2  # half as many answers a step
            steps = max(1, int(found["grpo"]["generated"] / 5 / a_step))
            teacher = OnPolicyTeacherSettings(model=str(out / "teacher" / "model"))
            options = {**options, "teacher": teacher}
        onpolicy = OnPolicySettings(
            steps=steps, learning_rate=RATES[name], checkpoint_every_steps=25, **options
        )  # type: ignore[arg-type]
        found[f"sft+{name}"] = found[name] = once(
            out / f"{name}.json",
            lambda onpolicy=onpolicy, name=name: gone_on(base, start, fresh, test, out / name, onpolicy),
        )
    print(f"\n{'':14}{'accuracy (95%)':>26}{'n':>6}{'seconds':>9}{'tokens read':>13}{'generated':>11}")
    for name in ("untuned", "few-shot", "sft", "sft+grpo", "sft+rloo", "sft+distill", "teacher"):
        row = found[name]
        interval = f"{row['accuracy']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        read = f"{row['tokens_read']:,.0f}" if "tokens_read" in row else "-"
        print(f"{name:14}{interval:>26}{row['n']:>6}{row['seconds']:>9.0f}{read:>13}{row['generated']:>11,}")
    share = found["distill"]["generated"] / found["grpo"]["generated"]
    reached = found["distill"]["accuracy"] >= found["grpo"]["accuracy"]
    print(
        f"distillation used {share:.2f} of GRPO's generated tokens and {'reached' if reached else 'did not reach'} its accuracy"
    )
    print(json.dumps(found | {"token_share": share, "reached": reached}))


if __name__ == "__main__":
    main()
