"""Real on-policy training of a tiny model: it learns by each method, survives a kill, and stops where it must."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from distill.checkpoints import is_sealed
from distill.guards import Improvement
from distill.onpolicy import OnPolicySettings, OnPolicyTeacherSettings, train_onpolicy
from distill.onpolicy_step import OnPolicyStep, drawn_questions
from distill.rewards import Rewarded
from distill.rollouts import Rollout
from distill.sampling import InProcessSampler
from distill.student import load_model, load_tokenizer, merge_and_save, prompt_ids
from distill.token_teacher import InProcessTeacher, TokenScores
from distill.training import Metrics, TrainingError, TrainingResult
from distill.values import Example
from tests.distill.training_runs import EXAMPLES, ONPOLICY, QUESTIONS, SFT, onpolicy, reward, sft

pytestmark = pytest.mark.slow

TEACHER = OnPolicyTeacherSettings("the SFT student")
DISTIL = replace(ONPOLICY, method="distill", teacher=TEACHER, steps=12, learning_rate=5e-3)


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
def student(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that has learnt a little, so that rewards differ."""
    out = tmp_path_factory.mktemp("sft")
    sft(tiny_model, out, settings=replace(SFT, epochs=3))
    return out / "adapter"


@pytest.fixture(scope="module")
def teacher(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learnt more."""
    out = tmp_path_factory.mktemp("teacher")
    sft(tiny_model, out, settings=replace(SFT, epochs=8))
    merge_and_save(tiny_model, out / "adapter", out / "model")
    return out / "model"


@pytest.fixture(scope="module")
def whole(tiny_model: Path, student: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("onpolicy")
    return Run(out, onpolicy(tiny_model, student, out))


def train(
    base: Path,
    adapter: Path,
    out: Path,
    settings: OnPolicySettings = ONPOLICY,
    pay: Any = reward,
    **others: Any,
) -> tuple[TrainingResult, Improvement]:
    out.mkdir(exist_ok=True)
    return train_onpolicy(base, adapter, QUESTIONS, pay, 8, out, settings, "cpu", silent, **others)


def silent(done: int, total: int, note: str) -> None:
    pass


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "adapter" / "adapter_model.safetensors").read_bytes()).hexdigest()


def column(folder: Path, name: str) -> list[Any]:
    return [row[name] for row in Metrics(folder / "metrics.jsonl").rows()]


# --- the story of a training ----------------------------------------------------------------------------------------


def test_it_takes_its_steps_and_tells_their_figures(student: Path, whole: Run) -> None:
    assert whole.result.steps == 5 and column(whole.out, "step") == [1, 2, 3, 4, 5]
    assert whole.result.examples == 5 * 2 * 4 and all(0 <= value <= 1 for _, value in whole.result.curve)
    assert is_sealed(whole.out / "adapter") and digest(whole.out) != digest(student.parent)
    tokens = column(whole.out, "tokens")
    assert column(whole.out, "tokens_so_far") == [sum(tokens[: n + 1]) for n in range(5)]
    for row in Metrics(whole.out / "metrics.jsonl").rows():
        assert row["reward/letters"] == row["reward"]
        assert row["length_mean"] == row["tokens"] / 8 <= row["length_max"] <= 8
        assert 0 <= row["finished"] <= 1 and row["tokens_a_second"] > 0
        phases = row["seconds_sample"] + row["seconds_score"] + row["seconds_learn"]
        assert 0 < phases <= row["seconds"] + 0.01


def test_nothing_of_an_answer_is_in_the_metrics(whole: Run) -> None:
    for row in Metrics(whole.out / "metrics.jsonl").rows():
        assert all(isinstance(value, int | float) for value in row.values())


def test_killed_and_resumed_is_bit_for_bit_the_same(
    tiny_model: Path, student: Path, whole: Run, tmp_path: Path
) -> None:
    arguments = [str(path) for path in (tiny_model, student, tmp_path)]
    command = [sys.executable, "-m", "tests.distill.training_runs", "onpolicy", *arguments, "3"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    assert column(tmp_path, "step") == [1, 2, 3]
    result = onpolicy(tiny_model, student, tmp_path)
    assert replace(result, seconds=0) == replace(whole.result, seconds=0)
    assert column(tmp_path, "loss") == column(whole.out, "loss")
    assert digest(tmp_path) == digest(whole.out) and column(tmp_path, "step") == [1, 2, 3, 4, 5]
    assert answers_shown(tmp_path) == answers_shown(whole.out)


def answers_shown(folder: Path) -> dict[tuple[int, str], tuple[str, float]]:
    """By step and record; a step that was taken again after a kill has said the same again."""
    lines = (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    return {(row["step"], row["record_id"]): (row["text"], row["reward"]) for row in rows}


def test_some_answers_of_each_step_are_kept_to_be_looked_at(whole: Run) -> None:
    shown = answers_shown(whole.out)
    assert [step for step, _ in shown] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]  # two records a step
    wanted = {question.record_id: question for _, question in QUESTIONS}
    for (_, record_id), (text, earned) in shown.items():
        assert earned == reward(wanted[record_id], text).value


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(
    tiny_model: Path, student: Path, whole: Run, tmp_path: Path
) -> None:
    train(tiny_model, student, tmp_path / "same")
    assert column(tmp_path / "same", "loss") == column(whole.out, "loss")
    train(tiny_model, student, tmp_path / "other", replace(ONPOLICY, seed=8))
    assert column(tmp_path / "other", "loss") != column(whole.out, "loss")


def test_finished_training_is_not_stepped_again(tiny_model: Path, whole: Run, tmp_path: Path) -> None:
    assert onpolicy(tiny_model, tmp_path / "no adapter is needed", whole.out) == whole.result


def test_every_answer_is_paid_by_its_own_record_and_comes_from_the_student_of_that_step(
    tiny_model: Path, student: Path, tmp_path: Path
) -> None:
    """With a rate out of this world the second step's answers cannot be the first student's."""
    paid: list[tuple[str, str]] = []

    def noting(record: Example, text: str) -> Rewarded:
        paid.append((record.answer or "", text))
        return reward(record, text)

    train(tiny_model, student, tmp_path, replace(ONPOLICY, steps=2, learning_rate=1.0), noting)
    first, second = paid[:8], paid[8:]
    assert len(paid) == 16
    for step in (first, second):
        wanted = [answer for answer, _ in step]
        assert wanted == [wanted[0]] * 4 + [wanted[4]] * 4
    assert all("<|im_end|>" not in text for _, text in paid)
    assert column(tmp_path, "mismatch")[1] < 0.05  # stale answers would be far off after such a step


def test_all_records_have_their_turn_before_one_has_it_again() -> None:
    settings = replace(ONPOLICY, prompts_per_step=3, inner_epochs=2)
    drawn = [drawn_questions(6, settings, n) for n in range(1, 9)]
    assert drawn[0] == drawn[1] and drawn[0] != drawn[2]  # two inner epochs
    assert sorted(drawn[0] + drawn[2]) == list(range(6)) == sorted(drawn[4] + drawn[6])
    assert drawn[0] + drawn[2] != drawn[4] + drawn[6]


# --- learning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["grpo", "rloo"])
def test_what_is_paid_for_becomes_more_frequent(
    method: Any, tiny_model: Path, student: Path, tmp_path: Path
) -> None:
    settings = replace(
        ONPOLICY, method=method, steps=40, prompts_per_step=4, group_size=8, learning_rate=5e-3
    )
    result, improvement = train(tiny_model, student, tmp_path, settings, validation=QUESTIONS * 4)
    assert result.last > result.first + 0.05
    assert improvement.improved and improvement.measured_on == "validation" and improvement.n == 120
    assert column(tmp_path, "answers_that_teach")[0] == 32 and max(column(tmp_path, "mismatch")) < 0.05


@pytest.mark.parametrize(("kind", "steps", "group_size"), [("whole", 24, 8), ("sampled", 40, 16)])
def test_a_student_comes_nearer_to_the_teacher_that_judges_its_tokens(
    kind: str, steps: int, group_size: int, tiny_model: Path, student: Path, teacher: Path, tmp_path: Path
) -> None:
    """One figure a token teaches less than a distribution does: it takes more answers."""
    judge: Any = InProcessTeacher(teacher, "cpu")
    settings = replace(DISTIL, steps=steps, group_size=group_size)
    train(tiny_model, student, tmp_path, settings, teacher=judge if kind == "whole" else OnlySampled(judge))
    apart = column(tmp_path, "kl")
    assert sum(apart[-6:]) < 0.6 * sum(apart[:6])


@dataclass
class OnlySampled:
    """A teacher as a server is one: it tells no distribution."""

    inner: InProcessTeacher
    distributions = False

    @property
    def name(self) -> str:
        return self.inner.name

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        return [TokenScores(score.logprobs) for score in self.inner.score(rollouts)]


def test_a_teacher_of_sampled_tokens_has_one_divergence_only(
    tiny_model: Path, student: Path, teacher: Path, tmp_path: Path
) -> None:
    judge = OnlySampled(InProcessTeacher(teacher, "cpu"))
    for other in ({"beta": 0.5}, {"temperature": 0.7}):
        with pytest.raises(TrainingError, match=r"set onpolicy\.beta and onpolicy\.temperature to 1"):
            train(tiny_model, student, tmp_path, replace(DISTIL, **other), teacher=judge)


def test_a_record_that_nobody_can_judge_teaches_nothing(
    tiny_model: Path, student: Path, tmp_path: Path
) -> None:
    def no_judge(record: Example, text: str) -> Rewarded:
        return Rewarded(None, {"letters": None})

    with pytest.raises(TrainingError, match="no step"):
        train(tiny_model, student, tmp_path, replace(ONPOLICY, steps=2), no_judge)
    rows = Metrics(tmp_path / "metrics.jsonl").rows()
    assert all("reward" not in row and "mismatch" not in row for row in rows)
    assert [row["answers_that_teach"] for row in rows] == [0, 0] and [row["loss"] for row in rows] == [0, 0]
    assert digest(tmp_path) == digest(student.parent)


# --- one step -------------------------------------------------------------------------------------------------------


def gradients(base: Path, adapter: Path, settings: OnPolicySettings, judge: Any = None) -> tuple[Any, Any]:
    """(figures, gradients) of a step in fp32, so that the order of sums is all that may differ."""
    from distill.lora import load_adapter

    tokenizer = load_tokenizer(base)
    model = load_adapter(load_model(base, "cpu").float(), adapter, trainable=True)
    asked = [(prompt_ids(tokenizer, messages), record) for messages, record in QUESTIONS]
    sampler = InProcessSampler(model, tokenizer.eos_token_id)
    told = OnPolicyStep(model, tokenizer, sampler, asked, reward, judge, 8, settings).step(1)
    found = {name: each.grad for name, each in model.named_parameters() if each.requires_grad}
    return told, found


@pytest.mark.parametrize("method", ["grpo", "rloo", "distill"])
def test_a_step_cut_into_parts_is_the_same_step(
    method: Any, tiny_model: Path, student: Path, teacher: Path
) -> None:
    import torch

    judge = InProcessTeacher(teacher, "cpu") if method == "distill" else None
    settings = replace(DISTIL if judge else ONPOLICY, method=method, temperature=0.8)
    whole, one = gradients(tiny_model, student, replace(settings, micro_batch_tokens=10_000), judge)
    told, eight = gradients(tiny_model, student, replace(settings, micro_batch_tokens=1), judge)
    assert told["loss"] == pytest.approx(whole["loss"], abs=1e-6) and told["tokens"] == whole["tokens"]
    for name, gradient in one.items():
        torch.testing.assert_close(eight[name], gradient, rtol=1e-3, atol=1e-6)
    assert any(gradient.abs().max() > 1e-3 for gradient in one.values())


def test_in_fp32_sampler_and_student_agree(tiny_model: Path, student: Path) -> None:
    told, _ = gradients(tiny_model, student, ONPOLICY)
    assert told["mismatch_max"] < 1e-4 and 0 <= told["mismatch_kl"] < 1e-8


def test_the_second_inner_epoch_learns_from_the_same_answers(
    tiny_model: Path, student: Path, tmp_path: Path
) -> None:
    settings = replace(ONPOLICY, steps=4, inner_epochs=2, learning_rate=1e-2)
    train(tiny_model, student, tmp_path, settings)
    rewards, losses = column(tmp_path, "reward"), column(tmp_path, "loss")
    assert rewards[0] == rewards[1] and rewards[2] == rewards[3]
    assert losses[1] < losses[0]  # a step down on the same answers


# --- stopping -------------------------------------------------------------------------------------------------------


def test_too_few_records_for_a_step_are_refused(tiny_model: Path, student: Path, tmp_path: Path) -> None:
    settings = replace(ONPOLICY, prompts_per_step=len(EXAMPLES) + 1)
    with pytest.raises(TrainingError, match=r"too few for onpolicy\.prompts_per_step = 31"):
        train(tiny_model, student, tmp_path, settings)


def test_a_student_that_breaks_stops_the_training(tiny_model: Path, student: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        train(tiny_model, student, tmp_path, replace(ONPOLICY, learning_rate=1e30))
    assert not (tmp_path / "adapter").exists()


def test_a_sampler_that_does_not_follow_is_found_out_and_the_last_good_checkpoint_is_kept(
    tiny_model: Path, student: Path, tmp_path: Path
) -> None:
    tokenizer = load_tokenizer(tiny_model)
    from distill.lora import load_adapter

    stale = load_adapter(load_model(tiny_model, "cpu"), student, trainable=False)
    sampler = InProcessSampler(stale, tokenizer.eos_token_id)  # keeps the weights of the start
    settings = replace(ONPOLICY, steps=30, learning_rate=1e-2, checkpoint_every_steps=1, max_mismatch=0.1)
    with pytest.raises(TrainingError, match=r"over onpolicy\.max_mismatch = 0\.1") as stopped:
        train(tiny_model, student, tmp_path, settings, sampler=sampler)
    steps = column(tmp_path, "step")
    assert f"at step {steps[-1] + 1} " in str(stopped.value) and column(tmp_path, "mismatch")[0] < 0.1
    assert is_sealed(tmp_path / "checkpoints" / f"checkpoint-{steps[-1]}")


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong, remedy in [
        ({"method": "distill"}, "set both or neither"),
        ({"teacher": TEACHER}, "set both or neither"),
        ({"group_size": 1}, "set group_size to 2 or more"),
        ({"inner_epochs": 3}, "must be a multiple of inner_epochs"),
    ]:
        with pytest.raises(ValueError, match=remedy):
            OnPolicySettings(**wrong)  # type: ignore[arg-type]
    assert OnPolicySettings(method="distill", group_size=1, teacher=TEACHER).group_size == 1
