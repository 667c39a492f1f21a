"""What a student tells beside its answer, what it may say, and what fits into its context: a tiny real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill.guided import Choices
from distill.student import InProcess, context_room, load_model, load_tokenizer, prompt_ids
from distill.teach import read_completions, teach
from distill.values import Request
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

LABELS = ("card_arrival", "card_arrival_late", "top up failed", "Größe?", "x")
REQUESTS = [
    Request(f"r{number}", [{"role": "user", "content": text}])
    for number, text in enumerate(
        ["the card", "my top up failed twice", "Straße 7", "a longer message of the customer", "x"]
    )
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


def test_the_confidence_is_the_probability_of_the_whole_answer_by_one_forward_pass(tiny: Path) -> None:
    import torch

    tokenizer, network = load_tokenizer(tiny), load_model(tiny, "cpu")
    told = {each.record_id: each for each in InProcess(tiny, "cpu", 6, top_logprobs=1).complete(REQUESTS)}
    for request in REQUESTS:
        answer = told[request.record_id]
        assert answer.likeliest is not None and answer.logprob is not None
        prompt, said = prompt_ids(tokenizer, request.messages), list(answer.likeliest.tokens)
        with torch.inference_mode():
            logits = network(torch.tensor([prompt + said])).logits[0, len(prompt) - 1 : -1].float()
        logprobs = logits.log_softmax(-1)[range(len(said)), said]
        assert answer.logprob == pytest.approx(logprobs.sum().item(), abs=0.15), "bf16, batched and not"
        assert answer.logprob < 0


def test_the_confidence_is_kept_with_the_answer_and_nothing_is_written_where_none_was_asked(
    tiny: Path, tmp_path: Path
) -> None:
    asked = teach(InProcess(tiny, "cpu", 6, top_logprobs=1), REQUESTS, tmp_path / "a.jsonl", lambda *_: None)
    kept = read_completions(tmp_path / "a.jsonl")
    assert {key: each.logprob for key, each in kept.items()} == {
        key: each.logprob for key, each in asked.items()
    }
    teach(InProcess(tiny, "cpu", 6), REQUESTS, tmp_path / "b.jsonl", lambda *_: None)
    assert "logprob" not in (tmp_path / "b.jsonl").read_text()
    assert read_completions(tmp_path / "b.jsonl")["r0"].text == kept["r0"].text


def test_a_student_held_to_the_labels_says_one_of_them_and_stops(tiny: Path) -> None:
    answers = list(InProcess(tiny, "cpu", 24, choices=LABELS).complete(REQUESTS))
    assert {each.text for each in answers} <= {*LABELS} and {each.finish_reason for each in answers} == {
        "stop"
    }
    assert len({each.record_id for each in answers}) == len(REQUESTS)
    (only,) = {each.text for each in InProcess(tiny, "cpu", 24, choices=["x"]).complete(REQUESTS)}
    assert only == "x"


def test_one_label_may_begin_another(tiny: Path) -> None:
    tokenizer = load_tokenizer(tiny)
    choices, end = Choices(tokenizer, LABELS), tokenizer.eos_token_id
    short = tokenizer("card_arrival", add_special_tokens=False)["input_ids"]
    assert end in choices.allowed(short) and len(choices.allowed(short)) == 2
    assert choices.allowed([*short, end]) == [end], "what is over stays over"
    with pytest.raises(ValueError, match="not to none"):
        Choices(tokenizer, [])


def test_what_fits_into_the_context_is_prompt_and_answer_together(tiny: Path) -> None:
    messages = [{"role": "user", "content": "word " * 300}]
    tokens = len(prompt_ids(load_tokenizer(tiny), messages))
    assert context_room(tiny, 2048 - tokens)(messages)
    assert not context_room(tiny, 2048 - tokens + 1)(messages)
