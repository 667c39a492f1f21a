"""What is served is what was evaluated: measured token by token, and the run stops where it is not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.serve import ServeSettings, engine_version, served
from appliance.stages.context import GateError
from appliance.stages.parity import check_parity, refuse
from distill.parity import OwnAnswer, Parity, Share, compare, own_answers
from distill.served_model import ServedModel
from distill.student import InProcess, load_tokenizer, prompt_ids
from distill.values import Request
from tests.distill.token_server import EOS, TokenServer
from tests.tiny_model import make_tiny_model

CHATS = [[{"role": "user", "content": f"my card {number} was lost"}] for number in range(8)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


# --- what is measured -----------------------------------------------------------------------------------------------

OWN = [
    OwnAnswer((5, 6), (10, 11, EOS), (-0.1, -0.2, -0.3)),
    OwnAnswer((5, 7), (12, 13, 14, 15), (-1.0, -1.0, -1.0, -1.0)),
]


def a_server(
    prompts: list[list[int]], answers: list[list[int]], shift: float, likelier: int | None = None
) -> TokenServer:
    """Gives these prompts and answers, in turn; finds own tokens less likely by `shift`, and another one likelier."""
    scores = {answer.prompt_ids + answer.answer_ids: answer for answer in OWN}

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/v1/chat/completions":
            which = int(body["messages"][0]["content"])
            content = [{"logprob": -1.0}] * len(answers[which])
            choice = {
                "token_ids": answers[which],
                "logprobs": {"content": content},
                "finish_reason": "stop" if answers[which][-1] == EOS else "length",
            }
            return 200, {"choices": [choice], "prompt_token_ids": prompts[which]}
        own = scores[tuple(body["prompt"])]
        positions: list[Any] = [None, {str(own.prompt_ids[1]): {"logprob": -9.0}}]
        for token, logprob in zip(own.answer_ids, own.logprobs, strict=True):
            position = {str(token): {"logprob": logprob - shift}}
            if token == likelier:
                position["99"] = {"logprob": -0.01}
            positions.append(position)
        return 200, {"choices": [{"prompt_logprobs": positions}]}

    return TokenServer(answer)


def compared(server: TokenServer) -> Parity:
    chats = [[{"role": "user", "content": str(number)}] for number in range(2)]
    with server:
        return compare(ServedModel(server.url, "model", pause_s=0.01), chats, OWN, 4)


def test_a_server_that_answers_alike_is_the_same_in_every_figure() -> None:
    found = compared(a_server([[5, 6], [5, 7]], [[10, 11, EOS], [12, 13, 14, 15]], 0.0))
    for share, n in ((found.prompts, 2), (found.answers, 2), (found.ends, 2), (found.tokens, 7)):
        assert (share.same, share.n) == (n, n) and 0 < share.low < share.high == 1
    assert (found.likeliest.same, found.gap) == (7, 0.0)
    refuse(found, 0.1)


def test_each_difference_has_its_figure() -> None:
    found = compared(a_server([[5, 6], [5, 8]], [[10, 99, EOS], [12, 13, EOS]], 0.25, likelier=11))
    assert found.prompts.same == 1
    assert found.answers.same == 0
    assert (found.tokens.same, found.tokens.n) == (1 + 2, 7)
    assert (found.likeliest.same, found.likeliest.n) == (6, 7)
    assert found.ends.n == 0, "both left the evaluated answer before its end"
    assert found.gap == pytest.approx(0.25)
    assert found.gap_low == pytest.approx(0.25) and found.gap_high == pytest.approx(0.25)


@pytest.mark.parametrize("answers", [[[10, 11, EOS], [12, 13]], [[10, 11, EOS, 16], [12, 13, 14, 15]]])
def test_an_answer_that_goes_on_or_ends_early_is_counted(answers: list[list[int]]) -> None:
    found = compared(a_server([[5, 6], [5, 7]], answers, 0.0))
    assert (found.ends.same, found.ends.n) == (1, 2)


@pytest.mark.slow
def test_own_answers_are_those_of_evaluation(model: Path) -> None:
    tokenizer = load_tokenizer(model)
    evaluated = {
        answer.record_id: answer
        for answer in InProcess(model, "cpu", 12).complete(
            [Request(str(number), chat) for number, chat in enumerate(CHATS)]
        )
    }
    own = own_answers(model, "cpu", 12, CHATS)
    for number, (chat, answer) in enumerate(zip(CHATS, own, strict=True)):
        assert list(answer.prompt_ids) == prompt_ids(tokenizer, chat)
        assert tokenizer.decode(answer.answer_ids, skip_special_tokens=True) == evaluated[str(number)].text
        assert len(answer.logprobs) == len(answer.answer_ids) == evaluated[str(number)].completion_tokens
        assert max(answer.logprobs) <= 0


# --- the gate -------------------------------------------------------------------------------------------------------

ALL = Share(50, 50, 0.93, 1.0)
SOME = Share(47, 50, 0.83, 0.98)
GOOD = Parity(ALL, SOME, SOME, SOME, Share(30, 30, 0.9, 1.0), 0.03, 0.02, 0.04)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (replace(GOOD, prompts=SOME), "3 of 50 prompts are other tokens .* compare the chat template"),
        (
            replace(GOOD, ends=Share(29, 30, 0.8, 1.0)),
            "1 of 30 answers end elsewhere .* compare the stop tokens",
        ),
        (
            replace(GOOD, gap=0.31),
            r"differ by 0.310 nats a token on 50 prompts, over bench.parity_max_gap = 0.1",
        ),
        (replace(GOOD, gap=0.1), None),
        (GOOD, None),
    ],
)
def test_the_gate_names_what_to_look_for_and_forgives_rounding(found: Parity, message: str | None) -> None:
    if message is None:
        refuse(found, 0.1)
    else:
        with pytest.raises(GateError, match=message):
            refuse(found, 0.1)


# --- with the real engine -------------------------------------------------------------------------------------------


def other_template(folder: Path) -> None:
    path = folder / "chat_template.jinja"
    path.write_text(path.read_text().replace("assistant\n", "assistant"))


def other_stop(folder: Path) -> None:
    """Ends at a token that answers hold, as a list of end tokens in a base model's file may."""
    answers = own_answers(folder, "cpu", 12, CHATS)
    path = folder / "generation_config.json"
    config = json.loads(path.read_text()) if path.exists() else {}
    config["eos_token_id"] = [EOS, *sorted({token for answer in answers for token in answer.answer_ids})]
    path.write_text(json.dumps(config))


def other_weights(folder: Path) -> None:
    make_tiny_model(folder, seed=1)


@pytest.mark.vllm
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (None, None),
        (other_template, "8 of 8 prompts are other tokens"),
        (other_stop, "answers end elsewhere than in evaluation"),
        (other_weights, r"differ by \d\.\d+ nats a token on 8 prompts"),
    ],
    ids=["as evaluated", "other template", "other stop tokens", "other weights"],
)
def test_a_model_served_otherwise_than_it_was_evaluated_stops_the_run(
    model: Path, tmp_path: Path, spoil: Callable[[Path], None] | None, message: str | None
) -> None:
    if engine_version() is None:
        pytest.skip("vLLM is not installed")
    own = own_answers(model, "cpu", 12, CHATS)
    folder = tmp_path / "served"
    shutil.copytree(model, folder)
    if spoil is not None:
        spoil(folder)
    settings = ServeSettings(max_model_len=256, kv_cache_gib=1)
    with served(folder, "model", settings, tmp_path / "log", tmp_path / "cache") as server:
        if message is None:
            found = check_parity(server, CHATS, own, 12, max_gap=0.1)
            assert found.prompts.same == 8 and found.ends.same == found.ends.n
            assert 0 < found.gap < 0.06, "two engines in bf16: 0.02 was seen"
        else:
            with pytest.raises(GateError) as caught:
                check_parity(server, CHATS, own, 12, max_gap=0.1)
            assert re.search(message, str(caught.value))
