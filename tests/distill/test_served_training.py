"""On-policy training with parts elsewhere: rollouts of a vLLM server, teachers with other prompts or other tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.serve import ServeSettings, engine_version, served
from distill.crosstokenizer import CrossTokenizerTeacher
from distill.instructed_teacher import InstructedTeacher
from distill.onpolicy import OnPolicyTeacherSettings, train_onpolicy
from distill.rollouts import Rollout
from distill.served_model import ServedModel
from distill.served_rollouts import ServedSampler
from distill.student import load_model, load_tokenizer, prompt_ids
from distill.token_teacher import InProcessTeacher, TokenScores
from distill.training import Metrics
from tests.distill.training_runs import EXAMPLES, ONPOLICY, QUESTIONS, SFT, reward, sft

MAX_ANSWER_TOKENS = 8


def silent(done: int, total: int, note: str) -> None:
    pass


def column(folder: Path, name: str) -> list[float]:
    return [row[name] for row in Metrics(folder / "metrics.jsonl").rows()]


@pytest.fixture(scope="module")
def adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sft")
    sft(tiny_model, out, settings=replace(SFT, epochs=3))
    return out / "adapter"


def test_a_teacher_is_asked_with_its_own_instructions_about_the_students_answer() -> None:
    asked: list[Rollout] = []

    class Records:
        name = "records"
        distributions = True

        def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
            asked.extend(rollouts)
            return [TokenScores((-1.0,) * len(rollout.answer_ids)) for rollout in rollouts]

    teacher = InstructedTeacher(Records(), {(1, 2): [7, 8, 9], (3,): [6]})
    rollouts = [Rollout((3,), (4, 5), (-1.0, -2.0), True), Rollout((1, 2), (4,), (-1.0,), False)]
    assert [len(scores.logprobs) for scores in teacher.score(rollouts)] == [2, 1]
    assert [rollout.prompt_ids for rollout in asked] == [(6,), (7, 8, 9)]
    assert [replace(rollout, prompt_ids=()) for rollout in asked] == [
        replace(rollout, prompt_ids=()) for rollout in rollouts
    ]
    assert teacher.distributions and teacher.name == "records"


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher that knows the answers, with another tokenizer and another template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("foreign")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<pad>", "<end>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([answer for _, answer in EXAMPLES], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<pad>")
    fast.chat_template = "{% for m in messages %}{{ m['content'] }};{% endfor %}"
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(fast),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for step in range(240):
        chat, answer = EXAMPLES[step % len(EXAMPLES)]
        prompt = prompt_ids(fast, chat)
        ids = [*fast(answer, add_special_tokens=False)["input_ids"], fast.eos_token_id]
        logits = model(torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1]
        torch.nn.functional.cross_entropy(logits, torch.tensor(ids)).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.to(torch.bfloat16).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_model_of_another_vocabulary_judges_the_students_answers_in_training(
    tiny_model: Path, adapter: Path, foreign: Path, tmp_path: Path
) -> None:
    import torch

    student, spoken = load_tokenizer(tiny_model), load_tokenizer(foreign)
    chats = {tuple(prompt_ids(student, chat)): chat for chat, _ in EXAMPLES}
    teacher = CrossTokenizerTeacher(InProcessTeacher(foreign, "cpu"), student, spoken, chats)
    network = load_model(foreign, "cpu")
    for chat, answer in EXAMPLES[:4]:
        ids = [*student(answer, add_special_tokens=False)["input_ids"], student.eos_token_id]
        rollout = Rollout(tuple(prompt_ids(student, chat)), tuple(ids), (-1.0,) * len(ids), True)
        (scored,) = teacher.score([rollout])
        prompt = prompt_ids(spoken, chat)
        theirs = [*spoken(answer, add_special_tokens=False)["input_ids"], spoken.eos_token_id]
        with torch.no_grad():
            logits = network(torch.tensor([[*prompt, *theirs]])).logits[0, len(prompt) - 1 : -1]
        expected = logits.float().log_softmax(-1)[range(len(theirs)), theirs].sum()
        assert sum(value or 0 for value in scored.logprobs) == pytest.approx(float(expected), abs=0.3)
    judge = OnPolicyTeacherSettings("foreign", tokenizer="foreign")
    settings = replace(ONPOLICY, method="distill", teacher=judge, steps=3)
    train_onpolicy(
        tiny_model, adapter, QUESTIONS, reward, 12, tmp_path, settings, "cpu", silent, teacher=teacher
    )
    assert len(column(tmp_path, "kl")) == 3 and min(column(tmp_path, "kl")) > 0


@pytest.mark.vllm
@pytest.mark.timeout(600)
def test_training_on_the_rollouts_of_a_vllm_server_goes_as_in_this_process(
    tiny_model: Path, adapter: Path, tmp_path: Path
) -> None:
    if engine_version() is None:
        pytest.skip("vLLM is not installed")
    arguments: tuple[Any, ...] = (tiny_model, adapter, QUESTIONS, reward, MAX_ANSWER_TOKENS)
    settings = replace(ONPOLICY, steps=4, learning_rate=5e-3)
    serve = ServeSettings(max_model_len=256, kv_cache_gib=1)
    with served(
        tiny_model, "base", serve, tmp_path / "log", tmp_path / "cache", hot_adapters=SFT.lora_rank
    ) as server:
        model = ServedModel(f"{server.base_url}/v1", "base", server.api_key)
        sampler = ServedSampler(model, load_tokenizer(tiny_model).eos_token_id, tmp_path / "adapters")
        train_onpolicy(*arguments, tmp_path / "served", settings, "cpu", silent, sampler=sampler)
    train_onpolicy(*arguments, tmp_path / "here", settings, "cpu", silent)
    elsewhere, here = column(tmp_path / "served", "mismatch"), column(tmp_path / "here", "mismatch")
    # An adapter that stayed behind would show from the second step on.
    assert len(elsewhere) == len(here) == 4 and max(elsewhere) < 0.08
    assert max(here) < 0.03
