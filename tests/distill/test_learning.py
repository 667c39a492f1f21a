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
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from distill.checkpoints import is_sealed, newest_sealed
from distill.loop import Schedule, train
from distill.lora import publish, with_lora
from distill.sft import Batches, add_gradients, answer_rows, padded, train_sft
from distill.student import InProcess, load_model, load_tokenizer, merge_and_save, prompt_ids
from distill.training import Metrics, TrainingError, TrainingResult
from distill.values import Request
from tests.distill.training_runs import EXAMPLES, SFT, sft

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
    assert result.steps == 32 and steps_told(whole_sft.out) == list(range(1, 33))
    assert result.examples == 8 * len(EXAMPLES) == 240  # four batches an epoch: 8, 8, 8 and 6
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
        * (step / rise if step <= rise else 0.5 + 0.5 * math.cos(math.pi * (step - rise) / (steps - rise)))
        for step in range(1, steps + 1)
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
    assert told == list(range(9, 33)) == steps_told(tmp_path)[8:]
    assert replace(result, seconds=0) == replace(whole_sft.result, seconds=0)
    assert digest(tmp_path) == digest(whole_sft.out)


def test_a_look_at_validation_examples_changes_no_weight_and_is_told_once_however_often_it_is_killed(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    def stop_at(last: int) -> Callable[[int, int, str], None]:
        def tell(done: int, total: int, note: str) -> None:
            if done == last:
                raise KeyboardInterrupt

        return tell

    def examined(out: Path) -> list[tuple[int, float]]:
        rows = Metrics(out / "metrics.jsonl").rows()
        return [(row["step"], row["validation_loss"]) for row in rows if "validation_loss" in row]

    unseen = [([{"role": "user", "content": "x " * 80}], "too long"), *EXAMPLES[:3]]
    for out, stops in (("whole", ()), ("stopped", (7, 11, 30))):
        for last in (*stops, 0):
            with nullcontext() if last == 0 else pytest.raises(KeyboardInterrupt):
                train_sft(tiny_model, EXAMPLES, tmp_path / out, SFT, "cpu", stop_at(last), validation=unseen)
    assert examined(tmp_path / "whole") == examined(tmp_path / "stopped")
    assert [step for step, _ in examined(tmp_path / "whole")] == [4, 7, 10, 13, 16, 20, 23, 26, 29, 32]
    assert steps_told(tmp_path / "stopped") == list(range(1, 33))
    assert digest(tmp_path / "whole") == digest(tmp_path / "stopped") == digest(whole_sft.out)
    # Of the three that were learnt, and not of the one that does not fit.
    assert examined(tmp_path / "whole")[-1][1] < whole_sft.result.first / 4


@pytest.mark.parametrize("harm", ["unsealed", "torn", "flipped"])
def test_a_checkpoint_torn_by_the_kill_is_passed_over(
    harm: str, tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    kill_in_child("sft", tiny_model, tmp_path, 6)
    checkpoint = tmp_path / "checkpoints" / "checkpoint-4"
    if harm == "torn":
        os.truncate(checkpoint / "state.pt", 1000)
    elif harm == "flipped":
        content = bytearray((checkpoint / "state.pt").read_bytes())
        content[len(content) // 2] ^= 1
        (checkpoint / "state.pt").write_bytes(content)
    else:
        (checkpoint / "sealed.json").unlink()
    told: list[int] = []
    train_sft(tiny_model, EXAMPLES, tmp_path, SFT, "cpu", lambda done, *_: told.append(done))
    assert told == list(range(1, 33)) == steps_told(tmp_path)
    assert digest(tmp_path) == digest(whole_sft.out)


def test_what_a_kill_left_of_the_result_is_written_again(
    tiny_model: Path, whole_sft: Run, tmp_path: Path
) -> None:
    kill_in_child("sft", tiny_model, tmp_path, 32)
    (tmp_path / "adapter.partial").mkdir()
    (tmp_path / "adapter.partial" / "adapter_model.safetensors").write_bytes(b"torn")
    result = sft(tiny_model, tmp_path)
    assert replace(result, seconds=0) == replace(whole_sft.result, seconds=0)
    assert digest(tmp_path) == digest(whole_sft.out)
    assert {path.name for path in tmp_path.iterdir()} == {"adapter", "metrics.jsonl"}


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


def stirred(base: Path) -> Any:
    """In fp32, with an adapter that already does something."""
    import torch

    model = with_lora(load_model(base, "cpu").float(), 8, 16, seed=7).train()
    with torch.no_grad():
        for name, each in model.named_parameters():
            if "lora_B" in name:
                each.normal_(std=0.05, generator=torch.Generator().manual_seed(1))
    publish(model)
    return model


def gradients(model: Any) -> dict[str, Any]:
    found = {name: each.grad.clone() for name, each in model.named_parameters() if each.requires_grad}
    model.zero_grad()
    return found


def test_the_loss_over_answers_alone_is_the_stock_loss_with_masked_labels(tiny_model: Path) -> None:
    import torch

    model, tokenizer = stirred(tiny_model), load_tokenizer(tiny_model)
    rows = answer_rows(tokenizer, EXAMPLES, 64)
    for batch in (rows[:8], rows[8:13]):
        inputs = padded(batch, tokenizer.pad_token_id, model.device)
        learnt = inputs["labels"] != -100
        assert torch.equal(inputs["labels"][learnt], inputs["input_ids"][learnt]) and not learnt.all()
        assert not (learnt & (inputs["attention_mask"] == 0)).any()
        stock = model(**inputs).loss
        stock.backward()
        theirs = gradients(model)
        assert add_gradients(model, batch, 8, tokenizer.pad_token_id) == pytest.approx(stock.item(), abs=1e-5)
        for name, gradient in gradients(model).items():
            torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-6)


def test_eight_examples_at_once_are_eight_times_one(tiny_model: Path) -> None:
    import torch

    model, tokenizer = stirred(tiny_model), load_tokenizer(tiny_model)
    batch = answer_rows(tokenizer, EXAMPLES, 64)[:8]
    at_once = add_gradients(model, batch, 8, tokenizer.pad_token_id), gradients(model)
    one_by_one = add_gradients(model, batch, 1, tokenizer.pad_token_id), gradients(model)
    assert at_once[0] == pytest.approx(one_by_one[0], abs=1e-5)
    for name, gradient in at_once[1].items():
        torch.testing.assert_close(gradient, one_by_one[1][name], rtol=1e-3, atol=1e-6)


def test_an_epoch_sees_each_example_once_and_neighbours_in_length_together() -> None:
    rows = [{"input_ids": [0] * (1 + n % 40), "labels": [n]} for n in range(203)]
    batches = Batches(rows, 8, seed=7)
    assert batches.per_epoch == 26
    for epoch in range(2):
        seen = [batches.of_step(26 * epoch + n) for n in range(1, 27)]
        assert sorted(row["labels"][0] for batch in seen for row in batch) == list(range(203))
        padding = sum(max(map(length, batch)) * len(batch) - sum(map(length, batch)) for batch in seen)
        assert padding < 0.05 * sum(map(length, rows))
        assert [length(batch[0]) for batch in seen] != sorted(length(batch[0]) for batch in seen)
    again = Batches(rows, 8, seed=7)
    assert again.of_step(30) == batches.of_step(30) != batches.of_step(4)
    assert Batches(rows, 8, seed=8).of_step(1) != again.of_step(1)


def length(row: dict[str, list[int]]) -> int:
    return len(row["input_ids"])


def test_all_weights_are_trained_as_a_model_directory(tiny_model: Path, tmp_path: Path) -> None:
    settings = replace(SFT, method="full", learning_rate=3e-3, epochs=8)
    result = sft(tiny_model, tmp_path, settings=settings)
    assert result.last < result.first / 4
    assert is_sealed(tmp_path / "model") and not (tmp_path / "adapter").exists()
    student = InProcess(tmp_path / "model", "cpu", max_tokens=24)
    answers = {
        each.record_id: each.text
        for each in student.complete([Request(str(n), chat) for n, (chat, _) in enumerate(EXAMPLES)])
    }
    assert sum(answers[str(n)] == wanted for n, (_, wanted) in enumerate(EXAMPLES)) >= 27


def test_all_weights_killed_and_resumed_are_bit_for_bit_the_same(tiny_model: Path, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(done: int, total: int, note: str) -> None:
        if done == 6:
            raise KilledError

    settings = replace(SFT, method="full", learning_rate=3e-3, epochs=2)
    with pytest.raises(KilledError):
        train_sft(tiny_model, EXAMPLES, tmp_path / "killed", settings, "cpu", kill)
    train_sft(tiny_model, EXAMPLES, tmp_path / "killed", settings, "cpu", silent)
    train_sft(tiny_model, EXAMPLES, tmp_path / "whole", settings, "cpu", silent)
    weights = [(tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("killed", "whole")]
    assert weights[0] == weights[1]


def test_an_adapter_is_gone_on_with(tiny_model: Path, whole_sft: Run, tmp_path: Path) -> None:
    settings = replace(SFT, epochs=1, learning_rate=1e-3)
    again = train_sft(
        tiny_model, EXAMPLES, tmp_path, settings, "cpu", silent, adapter=whole_sft.out / "adapter"
    )
    assert again.first < whole_sft.result.first / 4 and digest(tmp_path) != digest(whole_sft.out)


@pytest.mark.parametrize(
    ("figures", "named"),
    [
        ({"loss": math.nan}, "loss"),
        ({"loss": math.inf}, "loss"),
        ({"reward": 0.5, "loss": math.nan}, "loss"),
        ({"reward": math.nan, "loss": 0.1}, "reward"),
    ],
)
def test_a_figure_that_is_not_a_number_is_an_error_and_not_a_row(
    figures: dict[str, float], named: str, tmp_path: Path
) -> None:
    import torch

    class Nothing:
        model, name = None, "nothing"
        parameters: ClassVar[list[Any]] = [torch.nn.Parameter(torch.zeros(2))]

        def collect(self) -> None:
            pass

        def publish(self) -> None:
            pass

        def save(self, folder: Path) -> None:
            raise AssertionError("nothing was trained")

    schedule = Schedule(4, 1e-3, "constant", checkpoint_every_steps=1)
    tmp_path.joinpath("metrics.jsonl").touch()
    with pytest.raises(
        TrainingError, match=f"the {named} is not a number at step 1: lower the learning rate"
    ):
        train(
            Nothing(),
            schedule,
            lambda number: figures,
            tmp_path,
            "reward" if "reward" in figures else "loss",
            never,
        )
    assert Metrics(tmp_path / "metrics.jsonl").rows() == []


def test_a_model_that_is_poisoned_stops_the_training(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    poisoned = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    weights = load_file(poisoned / "model.safetensors")
    weights["model.norm.weight"][0] = math.nan
    save_file(weights, poisoned / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match="the loss is not a number at step 1: lower the learning rate"):
        sft(poisoned, tmp_path / "out")
    assert not (tmp_path / "out" / "adapter").exists()
    assert newest_sealed(tmp_path / "out" / "checkpoints") is None


def test_weights_that_break_stop_the_training_and_the_last_good_checkpoint_is_kept(
    tiny_model: Path, tmp_path: Path
) -> None:
    import torch

    settings = replace(SFT, learning_rate=1e39, checkpoint_every_steps=1, epochs=40)
    rate = Schedule(160, 1e39, "cosine", 1).rate
    assert rate(1) > 1e37
    with pytest.raises(TrainingError, match=r"not (a number|numbers) .*lower the learning rate"):
        sft(tiny_model, tmp_path, settings=settings)
    assert not (tmp_path / "adapter").exists()
    newest = newest_sealed(tmp_path / "checkpoints")
    if newest is not None:
        state = torch.load(newest / "state.pt", weights_only=True)
        assert all(torch.isfinite(each).all() for each in state["parameters"])
