"""Real training on a tiny model: it learns, it survives a kill without a trace, and it stops where it must."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from distill.checkpoints import is_sealed, newest_sealed
from distill.onpolicy import train_onpolicy
from distill.rewards import Rewarded
from distill.sft import _trainer, answer_rows, train_sft
from distill.student import InProcess, load_tokenizer, merge_and_save, prompt_ids
from distill.training import Metrics, TrainingError, TrainingResult, make_callback
from distill.values import Example, Request
from tests.distill.training_runs import EXAMPLES, ONPOLICY, QUESTIONS, SFT, onpolicy, reward, sft

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Run:
    out: Path
    result: TrainingResult


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order: what is to be the same bit for bit is computed the same way here and in the child."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole_sft(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("sft")
    return Run(out, sft(tiny_model, out))


@pytest.fixture(scope="module")
def whole_onpolicy(tiny_model: Path, whole_sft: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("onpolicy")
    return Run(out, onpolicy(tiny_model, whole_sft.out / "adapter", out))


def kill_in_child(*arguments: object) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.distill.training_runs", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "adapter" / "adapter_model.safetensors").read_bytes()).hexdigest()


def steps_told(folder: Path) -> list[int]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["step"] for line in lines]


def silent(done: int, total: int, note: str) -> None:
    pass


def never(done: int, total: int, note: str) -> None:
    raise AssertionError("a step was taken")


# --- supervised -----------------------------------------------------------------------------------------------------


def test_the_loss_falls_and_the_story_is_whole(whole_sft: Run) -> None:
    result = whole_sft.result
    assert result.last < result.first / 4
    assert result.steps == 16 and steps_told(whole_sft.out) == list(range(1, 17))
    assert result.examples == 4 * len(EXAMPLES) == 120  # four batches an epoch: 8, 8, 8 and 6
    assert is_sealed(whole_sft.out / "adapter") and not (whole_sft.out / "adapter.partial").exists()


def test_the_rate_rises_over_a_twentieth_and_falls_to_0_along_a_cosine(
    tiny_model: Path, tmp_path: Path
) -> None:
    settings = replace(SFT, epochs=10, learning_rate=1e-3)
    sft(tiny_model, tmp_path, settings=settings)
    rates = [row["learning_rate"] for row in Metrics(tmp_path / "metrics.jsonl").rows()]
    steps, rise = 40, 2
    expected = [
        1e-3
        * (step / rise if step < rise else 0.5 + 0.5 * math.cos(math.pi * (step - rise) / (steps - rise)))
        for step in range(steps)
    ]
    assert rates == pytest.approx(expected)


def test_the_student_says_what_it_was_taught_and_stops(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    merge_and_save(tiny_model, whole_sft.out / "adapter", tmp_path / "model")
    student = InProcess(tmp_path / "model", "cpu", max_tokens=24)
    asked = [Request(str(n), messages) for n, (messages, _) in enumerate(EXAMPLES)]
    answers = {each.record_id: each for each in student.complete(asked)}
    right = sum(answers[str(n)].text == wanted for n, (_, wanted) in enumerate(EXAMPLES))
    assert right >= 27 and sum(each.finish_reason == "stop" for each in answers.values()) >= 27


def test_killed_and_resumed_is_bit_for_bit_the_same_as_never_killed(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    kill_in_child("sft", tiny_model, tmp_path, 11)
    assert not (tmp_path / "adapter").exists()
    newest = newest_sealed(tmp_path / "checkpoints")
    assert newest is not None and newest.name == "checkpoint-8"
    assert steps_told(tmp_path) == list(range(1, 12))
    told: list[int] = []
    result = train_sft(tiny_model, EXAMPLES, tmp_path, SFT, "cpu", lambda done, *_: told.append(done))
    assert told == list(range(9, 17)) == steps_told(tmp_path)[8:]
    assert replace(result, seconds=0) == replace(whole_sft.result, seconds=0)
    assert digest(tmp_path) == digest(whole_sft.out)


@pytest.mark.parametrize("harm", ["unsealed", "torn"])
def test_a_checkpoint_torn_by_the_kill_is_passed_over(
    harm: str, tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(whole_sft.out, tmp_path / "out"))
    shutil.rmtree(out / "adapter")
    if harm == "torn":
        os.truncate(out / "checkpoints" / "checkpoint-16" / "optimizer.pt", 1000)
    else:
        (out / "checkpoints" / "checkpoint-16" / "sealed.json").unlink()
    told: list[int] = []
    train_sft(tiny_model, EXAMPLES, out, SFT, "cpu", lambda done, *_: told.append(done))
    assert told == [13, 14, 15, 16] and steps_told(out) == list(range(1, 17))
    assert digest(out) == digest(whole_sft.out)


def test_killed_after_the_last_step_only_the_adapter_is_written_again(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(whole_sft.out, tmp_path / "out"))
    (out / "adapter").rename(out / "adapter.partial")
    (out / "adapter.partial" / "adapter_model.safetensors").write_bytes(b"torn")
    result = train_sft(tiny_model, EXAMPLES, out, SFT, "cpu", never)
    assert result == whole_sft.result and digest(out) == digest(whole_sft.out)


def test_finished_training_is_not_stepped_again(whole_sft: Run, tmp_path: Path) -> None:
    result = train_sft(tmp_path / "no model is needed", EXAMPLES, whole_sft.out, SFT, "cpu", never)
    assert result == whole_sft.result


def test_the_seed_decides_the_training(tiny_model: Path, whole_sft: Run, tmp_path: Path) -> None:
    sft(tiny_model, tmp_path, settings=replace(SFT, seed=8))
    assert digest(tmp_path) != digest(whole_sft.out)


def test_an_example_is_prompt_and_answer_and_end_and_only_the_answer_is_learnt(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    for (messages, answer), row in zip(EXAMPLES, answer_rows(tokenizer, EXAMPLES, 64), strict=True):
        prompt = prompt_ids(tokenizer, messages)
        assert row["input_ids"][: len(prompt)] == prompt
        assert row["labels"][: len(prompt)] == [-100] * len(prompt)
        assert row["labels"][len(prompt) :] == row["input_ids"][len(prompt) :]
        assert tokenizer.decode(row["input_ids"][len(prompt) :]) == answer + "<|im_end|>"


def test_an_example_too_long_is_refused_and_not_quoted(tiny_model: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    longest = max(len(row["input_ids"]) for row in answer_rows(tokenizer, EXAMPLES, 10_000))
    assert len(answer_rows(tokenizer, EXAMPLES, longest)) == len(EXAMPLES)
    with pytest.raises(TrainingError, match=r"sft\.max_tokens = \d+: raise it") as refused:
        sft(tiny_model, tmp_path, settings=replace(SFT, max_tokens=longest - 1))
    assert "card" not in str(refused.value) and not (tmp_path / "adapter").exists()


def test_without_examples_nothing_is_trained(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="bring more records"):
        train_sft(tiny_model, [], tmp_path, SFT, "cpu", never)


def test_fewer_examples_than_a_batch_are_one_batch(tiny_model: Path, tmp_path: Path) -> None:
    result = train_sft(tiny_model, EXAMPLES[:3], tmp_path, replace(SFT, epochs=2), "cpu", silent)
    assert (result.steps, result.examples) == (2, 6)


def test_the_loss_over_answers_alone_is_the_stock_loss_with_masked_labels(
    tiny_model: Path, tmp_path: Path
) -> None:
    import torch

    trainer = _trainer(tiny_model, EXAMPLES, tmp_path, SFT, "cpu", silent, Metrics(tmp_path / "m"))
    model = trainer.model.float()
    with torch.no_grad():
        for name, each in model.named_parameters():
            if "lora_B" in name:
                each.normal_(std=0.05, generator=torch.Generator().manual_seed(1))
    factors = {name: each for name, each in model.named_parameters() if each.requires_grad}
    for batch in list(trainer.get_train_dataloader())[:2]:
        assert {len(set(map(len, batch["input_ids"].tolist())))} == {1}
        learnt = batch["labels"] != -100
        assert torch.equal(batch["labels"][learnt], batch["input_ids"][learnt]) and not learnt.all()
        assert not (learnt & (batch["attention_mask"] == 0)).any()

        def gradients(loss: Any) -> dict[str, Any]:
            model.zero_grad()
            loss.backward()
            return {name: each.grad.clone() for name, each in factors.items()}

        stock = model(**batch).loss
        theirs = gradients(stock)
        ours = trainer.compute_loss(model, dict(batch))
        torch.testing.assert_close(ours, stock, rtol=1e-5, atol=1e-5)
        for name, gradient in gradients(ours).items():
            torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-6)
        counted = trainer.compute_loss(model, dict(batch), num_items_in_batch=learnt.sum())
        torch.testing.assert_close(counted, ours)


@pytest.mark.parametrize(
    ("logs", "named"),
    [
        ({"loss": math.nan}, "loss"),
        ({"loss": math.inf}, "loss"),
        ({"reward": 0.5, "loss": math.nan}, "loss"),
        ({"reward": math.nan, "loss": 0.1}, "reward"),
    ],
)
def test_a_figure_that_is_not_a_number_is_an_error_and_not_a_row(
    logs: dict[str, float], named: str, tmp_path: Path
) -> None:
    from transformers import TrainerState

    metrics = Metrics(tmp_path / "metrics.jsonl")
    watch = make_callback(metrics, "reward" if "reward" in logs else "loss", lambda step: 8, never)
    with pytest.raises(
        TrainingError, match=f"the {named} is not a number at step 3: lower the learning rate"
    ):
        watch.on_log(None, TrainerState(global_step=3), None, logs)
    assert metrics.rows() == []


def test_a_model_that_is_poisoned_stops_the_training(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    poisoned = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    weights = load_file(poisoned / "model.safetensors")
    weights["model.norm.weight"][0] = math.nan
    save_file(weights, poisoned / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match="not numbers after step 1: lower the learning rate"):
        sft(poisoned, tmp_path / "out")
    assert not (tmp_path / "out" / "adapter").exists()
    assert newest_sealed(tmp_path / "out" / "checkpoints") is None


def test_weights_that_break_stop_the_training_and_the_last_good_checkpoint_is_kept(
    tiny_model: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file

    settings = replace(SFT, learning_rate=1e30, checkpoint_every_steps=1)  # the first step's rate is 0
    with pytest.raises(TrainingError, match="not numbers after step 2: lower the learning rate"):
        sft(tiny_model, tmp_path, settings=settings)
    assert not (tmp_path / "adapter").exists()
    newest = newest_sealed(tmp_path / "checkpoints")
    assert newest is not None and newest.name == "checkpoint-1"
    assert all(
        torch.isfinite(each).all() for each in load_file(newest / "adapter_model.safetensors").values()
    )


# --- on-policy ------------------------------------------------------------------------------------------------------


def test_on_policy_training_takes_its_steps_and_tells_the_reward(whole_sft: Run, whole_onpolicy: Run) -> None:
    result = whole_onpolicy.result
    assert result.steps == 5 and steps_told(whole_onpolicy.out) == [1, 2, 3, 4, 5]
    assert result.examples == 5 * 2 * 4 and all(0 <= value <= 1 for _, value in result.curve)
    assert is_sealed(whole_onpolicy.out / "adapter")
    assert digest(whole_onpolicy.out) != digest(whole_sft.out)


def test_on_policy_killed_and_resumed_is_bit_for_bit_the_same(
    tiny_model: Path, whole_sft: Run, whole_onpolicy: Run, tmp_path: Path
) -> None:
    kill_in_child("onpolicy", tiny_model, whole_sft.out / "adapter", tmp_path, 3)
    assert steps_told(tmp_path) == [1, 2, 3]
    result = onpolicy(tiny_model, whole_sft.out / "adapter", tmp_path)
    assert replace(result, seconds=0) == replace(whole_onpolicy.result, seconds=0)
    assert digest(tmp_path) == digest(whole_onpolicy.out) and steps_told(tmp_path) == [1, 2, 3, 4, 5]


def test_finished_on_policy_training_is_not_stepped_again(whole_onpolicy: Run, tmp_path: Path) -> None:
    nowhere = tmp_path / "no model is needed"
    assert onpolicy(nowhere, nowhere, whole_onpolicy.out) == whole_onpolicy.result


def test_every_answer_is_paid_by_its_own_records_answer_and_answers_come_from_the_student_of_that_step(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    """With a rate out of this world the second step's answers cannot be the first student's."""
    paid: list[tuple[str, str]] = []  # the record's answer, the student's

    def noting(record: Example, text: str) -> Rewarded:
        paid.append((record.answer or "", text))
        return reward(record, text)

    settings = replace(ONPOLICY, steps=2, learning_rate=1.0)
    adapter = whole_sft.out / "adapter"
    train_onpolicy(tiny_model, adapter, QUESTIONS, noting, 8, tmp_path, settings, "cpu", silent)
    first, second = paid[:8], paid[8:]
    assert len(paid) == 16
    for step in (first, second):
        wanted = [answer for answer, _ in step]
        assert wanted == [wanted[0]] * 4 + [wanted[4]] * 4
    labels = {answer for _, answer in EXAMPLES}
    before = sum(text == wanted for wanted, text in first)
    assert all("<|im_end|>" not in text for _, text in paid)
    assert before > 0 and not any(text in labels for _, text in second)


def test_too_few_records_for_a_step_are_refused(tiny_model: Path, whole_sft: Run, tmp_path: Path) -> None:
    settings = replace(ONPOLICY, prompts_per_step=3)
    with pytest.raises(TrainingError, match=r"too few for onpolicy\.prompts_per_step = 3"):
        train_onpolicy(
            tiny_model, whole_sft.out / "adapter", QUESTIONS[:2], reward, 8, tmp_path, settings, "cpu", never
        )


def test_an_on_policy_student_that_breaks_stops_the_training(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    settings = replace(ONPOLICY, learning_rate=1e30)
    with pytest.raises(TrainingError, match="lower the learning rate"):
        train_onpolicy(
            tiny_model, whole_sft.out / "adapter", QUESTIONS, reward, 8, tmp_path, settings, "cpu", silent
        )
    assert not (tmp_path / "adapter").exists()
