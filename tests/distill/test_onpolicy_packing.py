"""A packed row gives each text the outputs of a row of its own, and what is sampled there has the model's own chances."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distill.packing import check_packable, common_beginning, join_prompts, pack, packable_parts
from distill.rollouts import Rollout
from distill.training import TrainingError


def rollout(prompt: str, answer: str) -> Rollout:
    return Rollout(tuple(map(ord, prompt)), tuple(map(ord, answer)), (0.0,) * len(answer), True)


def sight(row: Any) -> list[str]:
    """What each token of the row attends to, spelled out."""
    letters = [chr(token) for token in row.ids[0].tolist()]
    return [
        "".join(letter for letter, seen in zip(letters, line, strict=True) if seen)
        for line in row.mask[0, 0].tolist()
    ]


def test_each_token_sees_its_own_text_and_no_other() -> None:
    row = pack(
        [rollout("abc", "xyz"), rollout("abc", "pq"), rollout("abde", "mn"), rollout("abc", "t")], "cpu"
    )
    assert "".join(map(chr, row.ids[0].tolist())) == "abcdexypm"
    assert sight(row) == ["a", "ab", "abc", "abd", "abde", "abcx", "abcxy", "abcp", "abdem"]
    assert row.positions[0].tolist() == [0, 1, 2, 2, 3, 3, 4, 3, 4]
    predictors = [sight(row)[place] for place in row.heads[row.predicted_at].tolist()]
    assert predictors == ["abc", "abcx", "abcxy", "abc", "abcp", "abde", "abdem", "abc"]
    assert "".join(map(chr, row.targets.tolist())) == "xyzpqmnt"
    assert row.owner.tolist() == [0, 0, 0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("prompts", "shared"),
    [
        (["abc", "abd"], 2),
        (["abc", "abc"], 2),
        (["abc", "ab"], 1),
        (["a", "ab"], 0),
        (["abc"], 2),
        (["x", "y"], 0),
    ],
)
def test_each_prompt_keeps_a_token_of_its_own(prompts: list[str], shared: int) -> None:
    ids = [list(map(ord, prompt)) for prompt in prompts]
    assert common_beginning(ids) == shared
    joined = join_prompts(ids)
    assert len(joined.ids) == shared + sum(len(prompt) - shared for prompt in prompts)
    for number, place in enumerate(joined.last):
        assert joined.prompt[place] == number and chr(joined.ids[place]) == prompts[number][-1]


def test_parts_hold_every_answer_once_and_keep_to_their_size() -> None:
    rollouts = [rollout("abc" * (n // 4 + 1), "x" * (n % 3 + 1)) for n in range(13)]
    for most in (1, 8, 20, 1000):
        parts = list(packable_parts(rollouts, most))
        assert [number for part in parts for number in part] == list(range(13))
        for part in parts:
            assert len(part) == 1 or pack([rollouts[n] for n in part], "cpu").ids.shape[1] <= most
    assert len(list(packable_parts(rollouts, 1))) == 13 and len(list(packable_parts(rollouts, 1000))) == 1


@pytest.mark.parametrize(
    ("config", "refused"),
    [
        ({}, None),
        ({"layer_types": ["full_attention"] * 2, "sliding_window": 8}, None),
        ({"sliding_window": 64}, None),
        ({"sliding_window": None, "layer_types": None}, None),
        ({"sliding_window": 63}, "looks back 63 only"),
        ({"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 8}, "looks back 8 only"),
        ({"layer_types": ["full_attention", "linear_attention"]}, "layers of linear_attention"),
        ({"layer_types": ["conv"]}, "layers of conv"),
    ],
)
def test_models_that_mix_tokens_otherwise_are_refused(config: dict[str, Any], refused: str | None) -> None:
    if refused is None:
        check_packable(SimpleNamespace(**config), 64)
    else:
        with pytest.raises(TrainingError, match=refused):
            check_packable(SimpleNamespace(**config), 64)


def test_ids_of_an_answer_are_not_printed() -> None:
    assert "120" not in repr(rollout("x", "x")) and "finished" in repr(rollout("x", "x"))


# --- sampling -------------------------------------------------------------------------------------------------------


def test_tokens_are_drawn_with_their_chances() -> None:
    import torch

    from distill.sampling import draw

    logits = torch.tensor([[0.5, 0.25, 0.0, 0.125, 0.125, 0.0]]).log()
    chances = (torch.arange(8000, dtype=torch.float64) + 0.5) / 8000
    for temperature in (1.0, 0.5):
        tokens, logprobs = draw(logits.expand(8000, 6), temperature, chances)
        wanted = (logits / temperature).softmax(-1)[0]
        assert torch.bincount(tokens, minlength=6).div(8000).tolist() == pytest.approx(
            wanted.tolist(), abs=1e-3
        )
        assert torch.allclose(logprobs, wanted[tokens].log())
    edges, _ = draw(
        logits.expand(2, 6), 1.0, torch.tensor([0.0, math.nextafter(1.0, 0.0)], dtype=torch.float64)
    )
    assert edges.tolist() == [0, 4]  # never a token without a chance


def test_outputs_that_are_not_numbers_are_not_drawn_from() -> None:
    import torch

    from distill.sampling import draw

    with pytest.raises(TrainingError, match="not numbers: lower the learning rate"):
        draw(torch.tensor([[0.0, math.nan]]), 1.0, torch.tensor([0.5], dtype=torch.float64))


@pytest.fixture(scope="module")
def network(tiny_model: Path) -> Iterator[Any]:
    """In fp32, where rounding hides nothing."""
    import torch

    from distill.student import load_model

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_model(tiny_model, "cpu").float()
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def prompts(tiny_model: Path) -> list[list[int]]:
    from distill.student import load_tokenizer, prompt_ids

    tokenizer = load_tokenizer(tiny_model)
    texts = ("card", "the card has not arrived", "exchange rate please", "top up")
    return [
        prompt_ids(tokenizer, [{"role": "system", "content": "Name it."}, {"role": "user", "content": text}])
        for text in texts
    ]


END = 13
"""A token that is drawn now and then, so that answers end in different places."""


def logprobs_alone(network: Any, answer: Rollout, temperature: float) -> Any:
    """From a plain forward pass over the whole text."""
    import torch

    with torch.no_grad():
        logits = network(torch.tensor([answer.prompt_ids + answer.answer_ids])).logits[0]
    logprobs = (logits / temperature).log_softmax(-1)
    at = torch.arange(len(answer.prompt_ids) - 1, len(logprobs) - 1)
    return logprobs[at, torch.tensor(answer.answer_ids)]


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_sampled_log_probabilities_are_those_of_a_plain_forward_pass(
    temperature: float, network: Any, prompts: list[list[int]]
) -> None:
    import torch

    from distill.sampling import InProcessSampler

    groups = InProcessSampler(network, END).sample(prompts, 5, 12, temperature, seed=3)
    answers = [answer for group in groups for answer in group]
    assert [len(group) for group in groups] == [5] * 4
    for group, prompt in zip(groups, prompts, strict=True):
        assert all(answer.prompt_ids == tuple(prompt) for answer in group)
    for answer in answers:
        torch.testing.assert_close(
            torch.tensor(answer.logprobs), logprobs_alone(network, answer, temperature), rtol=0, atol=1e-4
        )
        assert END not in answer.answer_ids[:-1]
        assert answer.finished == (answer.answer_ids[-1] == END) and len(answer.answer_ids) <= 12
        assert answer.finished or len(answer.answer_ids) == 12
    assert len({answer.answer_ids for answer in answers}) > 15


@pytest.mark.slow
def test_packed_log_probabilities_are_those_of_a_plain_forward_pass(
    network: Any, prompts: list[list[int]]
) -> None:
    import torch

    from distill.packing import answer_logits
    from distill.sampling import InProcessSampler

    groups = InProcessSampler(network, END).sample(prompts, 5, 12, 1.0, seed=3)
    answers = [answer for group in groups for answer in group]
    row = pack(answers, "cpu")
    with torch.no_grad():
        logprobs = answer_logits(network, row).log_softmax(-1)[row.predicted_at, row.targets]
    alone = torch.cat([logprobs_alone(network, answer, 1.0) for answer in answers])
    torch.testing.assert_close(logprobs, alone, rtol=0, atol=1e-4)
    padded = sum(len(answer.prompt_ids) + len(answer.answer_ids) for answer in answers)
    assert row.ids.shape[1] < padded / 2


@pytest.mark.slow
def test_the_seed_decides_and_what_is_computed_together_does_not(
    network: Any, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from distill import sampling

    sampler = sampling.InProcessSampler(network, END)

    def ids(seed: int) -> list[tuple[int, ...]]:
        groups = sampler.sample(prompts, 3, 8, 1.0, seed)
        return [answer.answer_ids for group in groups for answer in group]

    first = ids(1)
    assert ids(1) == first != ids(2)
    monkeypatch.setattr(sampling, "_MAX_PAIRS", 1)
    assert ids(1) == first


@pytest.mark.slow
def test_an_in_process_teacher_gives_the_models_own_log_probabilities(
    tiny_model: Path, prompts: list[list[int]]
) -> None:
    import torch

    from distill.sampling import InProcessSampler
    from distill.student import load_model
    from distill.token_teacher import InProcessTeacher

    network = load_model(tiny_model, "cpu")
    answers = [
        each for group in InProcessSampler(network, END).sample(prompts, 2, 8, 1.0, 3) for each in group
    ]
    for answer, score in zip(answers, InProcessTeacher(tiny_model, "cpu").score(answers), strict=True):
        assert score.distribution is not None and len(score.distribution) == len(answer.answer_ids)
        alone = logprobs_alone(network.float(), answer, 1.0)
        torch.testing.assert_close(torch.tensor(score.logprobs), alone, rtol=0, atol=0.1)  # bf16
        torch.testing.assert_close(score.distribution.exp().sum(-1), torch.ones(len(alone)))
