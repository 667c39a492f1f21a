"""A served model in training: rollouts that follow the policy, token scores, and errors that end it in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.serve import ServeSettings, engine_version, served
from distill.lora import publish, with_lora
from distill.rollouts import Rollout
from distill.served_model import ServedModel, ServedModelError
from distill.served_rollouts import ServedSampler
from distill.served_teacher import ServedTeacher, check_same_vocabulary, check_served_vocabulary
from distill.student import load_model, load_tokenizer, prompt_ids
from tests.distill.token_server import EOS, Answer, TokenServer, like_vllm

CANARY = 48151


class Adapter:
    """Stands in for a PEFT model: all that is asked of it is to be saved."""

    def save_pretrained(self, folder: str, save_embedding_layers: bool) -> None:
        assert not save_embedding_layers, "a hub would be asked"
        Path(folder).mkdir()
        config = {"target_modules": ["q_proj"], "base_model_name_or_path": None}
        (Path(folder) / "adapter_config.json").write_text(json.dumps(config))


def sampler_on(server: TokenServer, folder: Path, **options: Any) -> ServedSampler:
    model = ServedModel(server.url, "base", "secret", pause_s=0.01, **options)
    return ServedSampler(model, EOS, folder / "adapters")


# --- rollouts -------------------------------------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_prompts_and_of_the_group(tmp_path: Path) -> None:
    with TokenServer() as server:
        sampler = sampler_on(server, tmp_path)
        sampler.follow(Adapter())
        prompts = [(9,) * length for length in (5, 1, 3)]
        groups = sampler.sample(prompts, 2, 6, 0.7, seed=11)
    for prompt, group in zip(prompts, groups, strict=True):
        for index, rollout in enumerate(group):
            whole = [*range(len(prompt) + index + 2, 2, -1), EOS]
            assert rollout.prompt_ids == prompt
            assert list(rollout.answer_ids) == whole[:6]
            assert rollout.finished == (len(whole) <= 6)
            assert rollout.logprobs == tuple(-float(token) for token in rollout.answer_ids)
    asked = [body for path, body in server.asked if path == "/v1/completions"]
    assert len({body["seed"] for body in asked}) == 3
    assert {(body["temperature"], body["top_p"], body["n"], body["max_tokens"]) for body in asked} == {
        (0.7, 1.0, 2, 6)
    }
    assert server.keys == {"Bearer secret"}


def test_the_same_seed_asks_the_same_and_another_step_asks_otherwise(tmp_path: Path) -> None:
    with TokenServer() as server:
        sampler = sampler_on(server, tmp_path)
        sampler.follow(Adapter())
        seeds = []
        for seed in (1, 1, 2):
            before = len(server.asked)
            sampler.sample([(5,), (6,), (7,)], 4, 8, 1.0, seed)
            seeds.append({body["prompt"][0]: body["seed"] for _, body in server.asked[before:]})
    assert seeds[0] == seeds[1]
    used = [seed + index for asked in (seeds[0], seeds[2]) for seed in asked.values() for index in range(4)]
    assert len(set(used)) == len(used), "no two answers share their draws"


def test_after_each_step_the_server_has_the_new_adapter_and_not_the_old(tmp_path: Path) -> None:
    left = tmp_path / "adapters" / "policy-9"
    left.mkdir(parents=True)
    with TokenServer() as server:
        sampler = sampler_on(server, tmp_path)
        assert not left.exists(), "what an earlier run left is gone"
        with pytest.raises(ServedModelError, match="call follow"):
            sampler.sample([(5,)], 2, 8, 1.0, 0)
        for _ in range(3):
            sampler.follow(Adapter())
            sampler.sample([(5,)], 2, 8, 1.0, 0)
    folder = tmp_path / "adapters"
    told = [
        (path.removeprefix("/v1/"), body.get("lora_name") or body["model"], body.get("lora_path"))
        for path, body in server.asked
    ]
    assert told == [
        ("load_lora_adapter", "policy-1", str(folder / "policy-1")),
        ("completions", "policy-1", None),
        ("load_lora_adapter", "policy-2", str(folder / "policy-2")),
        ("unload_lora_adapter", "policy-1", None),
        ("completions", "policy-2", None),
        ("load_lora_adapter", "policy-3", str(folder / "policy-3")),
        ("unload_lora_adapter", "policy-2", None),
        ("completions", "policy-3", None),
    ]
    assert [path.name for path in folder.iterdir()] == ["policy-3"]
    assert folder.stat().st_mode & 0o777 == 0o700


# --- scores ---------------------------------------------------------------------------------------------------------


def test_each_answer_token_has_the_teachers_figure() -> None:
    rollouts = [
        Rollout((7, 8), (9, 4, EOS), (-1.0, -1.0, -1.0), True),
        Rollout((7,), (5,), (-1.0,), False),
    ]
    with TokenServer() as server:
        scores = ServedTeacher(ServedModel(server.url, "teacher")).score(rollouts)
    assert [scored.logprobs for scored in scores] == [(-9.0, -4.0, -2.0), (-5.0,)]
    assert all(scored.distribution is None for scored in scores)


def test_a_teacher_of_another_vocabulary_is_refused(tiny_model: Path) -> None:
    student, teacher = load_tokenizer(tiny_model), load_tokenizer(tiny_model)
    check_same_vocabulary(student, teacher)
    teacher.add_tokens(["<more>"])
    check_same_vocabulary(student, teacher)
    with pytest.raises(ValueError, match=r"^1 of the student's \d+ tokens are others to the teacher"):
        check_same_vocabulary(teacher, student)
    teacher.eos_token = "<|endoftext|>"
    with pytest.raises(ValueError, match="ends an answer with token 2, the teacher with 0"):
        check_same_vocabulary(student, teacher)


def test_a_served_teacher_decodes_every_token_of_the_student(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)

    def decodes(shift: int) -> Answer:
        return lambda path, body: (
            200,
            {"prompt": tokenizer.decode([(token + shift) % len(tokenizer) for token in body["tokens"]])},
        )

    with TokenServer(decodes(0)) as same, TokenServer(decodes(1)) as other:
        check_served_vocabulary(tokenizer, ServedModel(same.url, "teacher"))
        with pytest.raises(ValueError, match="spells the student's tokens otherwise"):
            check_served_vocabulary(tokenizer, ServedModel(other.url, "teacher"))


# --- failing --------------------------------------------------------------------------------------------------------


def choice(**changes: Any) -> Any:
    good = {
        "index": 0,
        "token_ids": [CANARY, EOS],
        "logprobs": {"token_logprobs": [-1.0, -1.0]},
        "finish_reason": "stop",
    }
    return {"choices": [good | changes]}


@pytest.mark.parametrize(
    ("document", "status", "message"),
    [
        (b"<html>48151</html>", 200, "answered /v1/completions in another form"),
        ([], 200, "answered /v1/completions in another form"),
        ({"choices": []}, 200, "answered /v1/completions in another form"),
        (choice(token_ids=None), 200, "answered /v1/completions in another form"),
        (choice(token_ids=[CANARY]), 200, "answered /v1/completions in another form"),
        (choice(logprobs={"token_logprobs": [None, -1.0]}), 200, "answered /v1/completions in another form"),
        (choice(logprobs={"token_logprobs": [0.5, -1.0]}), 200, "answered /v1/completions in another form"),
        (choice(finish_reason="abort"), 200, "answered /v1/completions in another form"),
        (choice(token_ids=[EOS, CANARY]), 200, "ended an answer on another token than the student's end"),
        ({"error": f"bad prompt {CANARY}"}, 400, r"did not answer /v1/completions \(HTTP 400\)"),
        ({"error": f"dead {CANARY}"}, 500, r"did not answer /v1/completions \(HTTP 500\)"),
        (None, 0, r"did not answer /v1/completions \(RemoteProtocolError\)"),
    ],
)
def test_what_is_no_answer_ends_in_one_line_that_tells_no_token(
    tmp_path: Path, document: Any, status: int, message: str
) -> None:
    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return (status, document) if path == "/v1/completions" else (200, "Success")

    with TokenServer(answer) as server:
        sampler = sampler_on(server, tmp_path)
        sampler.follow(Adapter())
        with pytest.raises(ServedModelError, match=message) as caught:
            sampler.sample([(CANARY, 5)], 1, 8, 1.0, 0)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert str(CANARY) not in str(chain) and "\n" not in str(chain)
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_a_server_that_comes_back_is_asked_again_and_one_that_is_gone_is_not_waited_for(
    tmp_path: Path,
) -> None:
    failures = iter([503, 429])

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        status = next(failures, 200) if path == "/v1/completions" else 200
        return (status, {}) if status != 200 else like_vllm(path, body)

    with TokenServer(answer) as server:
        sampler = sampler_on(server, tmp_path)
        sampler.follow(Adapter())
        assert len(sampler.sample([(5,)], 2, 8, 1.0, 0)[0]) == 2
    with pytest.raises(
        ServedModelError, match=r"did not answer /v1/completions \(ConnectError\): see its log"
    ):
        sampler.sample([(5,)], 2, 8, 1.0, 0)


def test_a_timeout_is_final(tmp_path: Path) -> None:
    import threading

    release = threading.Event()

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/v1/completions":
            release.wait(5)
        return 200, {}

    with TokenServer(answer) as server:
        sampler = sampler_on(server, tmp_path, timeout_s=0.2)
        sampler.follow(Adapter())
        with pytest.raises(ServedModelError, match="ReadTimeout"):
            sampler.sample([(5,)], 2, 8, 1.0, 0)
        release.set()
    assert len([path for path, _ in server.asked if path == "/v1/completions"]) == 1


# --- with the real engine -------------------------------------------------------------------------------------------

SETTINGS = ServeSettings(max_model_len=256, kv_cache_gib=1)


def forced(
    model: Any, prompt: tuple[int, ...], answer: tuple[int, ...], temperature: float = 1.0
) -> list[float]:
    """The log-probability of each answer token by the model of this process."""
    import torch

    with torch.no_grad():
        logits = model(torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1].float()
    logprobs = (logits / temperature).log_softmax(-1)
    return [float(logprobs[place, token]) for place, token in enumerate(answer)]


def gaps(model: Any, rollouts: list[Rollout], told: list[Any], temperature: float = 1.0) -> list[float]:
    return [
        abs(a - b)
        for rollout, logprobs in zip(rollouts, told, strict=True)
        for a, b in zip(
            logprobs, forced(model, rollout.prompt_ids, rollout.answer_ids, temperature), strict=True
        )
    ]


@pytest.mark.vllm
@pytest.mark.timeout(600)
def test_rollouts_of_vllm_are_those_of_the_policy_after_each_step(tiny_model: Path, tmp_path: Path) -> None:
    if engine_version() is None:
        pytest.skip("vLLM is not installed")
    import torch

    tokenizer = load_tokenizer(tiny_model)
    policy = with_lora(load_model(tiny_model, "cpu"), rank=4, alpha=8, seed=0)
    chats = [[{"role": "user", "content": f"my card {number} was lost"}] for number in range(4)]
    prompts = [prompt_ids(tokenizer, chat) for chat in chats]

    def step(sign: float) -> None:
        with torch.no_grad():
            for name, factor in policy.named_parameters():
                if "lora_B" in name:
                    torch.manual_seed(1)
                    factor.normal_(0, 0.2).mul_(sign)
        publish(policy)

    cache, log = tmp_path / "cache", tmp_path / "log"
    with served(tiny_model, "base", SETTINGS, log, cache, hot_adapters=4) as server:
        assert server.api_key is not None and server.api_key not in repr(server)
        model = ServedModel(server.base_url + "/v1", "base", server.api_key)
        check_served_vocabulary(tokenizer, model)
        sampler = ServedSampler(model, tokenizer.eos_token_id, tmp_path / "adapters")
        seen = []
        for sign, temperature in ((1.0, 1.0), (-1.0, 0.7)):
            step(sign)
            sampler.follow(policy)
            groups = sampler.sample(prompts, 4, 24, temperature, seed=5)
            rollouts = [rollout for group in groups for rollout in group]
            told = [rollout.logprobs for rollout in rollouts]
            found = gaps(policy, rollouts, told, temperature)
            # Two engines in bf16: 0.02 on average was seen.
            assert sum(found) / len(found) < 0.06
            policy_before = sum(found)
            step(-sign)
            wrong = gaps(policy, rollouts, told, temperature)
            assert sum(wrong) > 5 * policy_before, "another adapter would have been noticed"
            assert len({rollout.answer_ids for rollout in groups[0]}) > 1, "answers of a group differ"
            seen.append(groups)
        assert sampler.sample(prompts, 4, 24, 0.7, seed=6) != seen[1]
        with pytest.raises(ServedModelError, match="HTTP 401"):
            ServedModel(server.base_url + "/v1", "base").chat(chats[:1], 4)
    with pytest.raises(ServedModelError, match="ConnectError"):
        sampler.sample(prompts, 4, 24, 1.0, seed=5)


@pytest.mark.vllm
@pytest.mark.timeout(600)
def test_a_served_teacher_scores_like_the_same_model_in_this_process(
    tiny_model: Path, tmp_path: Path
) -> None:
    if engine_version() is None:
        pytest.skip("vLLM is not installed")
    tokenizer = load_tokenizer(tiny_model)
    network = load_model(tiny_model, "cpu")
    prompt = tuple(prompt_ids(tokenizer, [{"role": "user", "content": "my card"}]))
    answers = [
        (*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id)
        for text in ("card_arrival", "exchange_rate", "Grüße, 12,50 €", "x")
    ]
    rollouts = [Rollout(prompt, answer, (), True) for answer in answers]
    with served(tiny_model, "teacher", SETTINGS, tmp_path / "log", tmp_path / "cache") as server:
        model = ServedModel(server.base_url + "/v1", "teacher")
        scores = ServedTeacher(model).score(rollouts)
        (positions,) = model.score([(*prompt, *answers[0])], top=3)
    found = gaps(network, rollouts, [scored.logprobs for scored in scores])
    assert len(found) == sum(map(len, answers))
    assert sum(found) / len(found) < 0.05 and max(found) < 0.3
    assert all(len(position) in (3, 4) for position in positions), "the three likeliest, and the token itself"
