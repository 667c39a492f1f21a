"""The attacked model on real weights: losses as a plain forward pass gives them, however they are computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill.probe import Probe, overfitted
from distill.student import load_model, load_tokenizer, prompt_ids
from distill.training import TrainingError
from privacy.attack.canaries import invent, values_of
from privacy.attack.extraction import PLACES, completed, lead_prompt
from privacy.attack.language_model import Prompt
from privacy.attack.settings import PlantSettings
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

INSTRUCTIONS = "Name the queue."
PROMPTS = (
    Prompt("The code of box 7 is"),
    Prompt("Which queue?", ""),
    Prompt("Which queue?", "The code is"),
    Prompt(""),
)
CONTINUATIONS = (" 4821", " 4822", " 48", " red box", " red", " Ω", " 99999999")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("probe") / "tiny")


@pytest.fixture(scope="module")
def probe(tiny: Path) -> Probe:
    """In 32 bits, so that two ways to the same sum agree."""
    return Probe(tiny, "cpu", INSTRUCTIONS, load_model(tiny, "cpu").float())


@pytest.mark.parametrize("prompt", PROMPTS)
def test_losses_are_those_of_a_plain_forward_pass(tiny: Path, probe: Probe, prompt: Prompt) -> None:
    import torch

    model, tokenizer = load_model(tiny, "cpu").float(), load_tokenizer(tiny)
    before = probe.prompt_ids(prompt)
    for told, loss in zip(CONTINUATIONS, probe.losses(prompt, CONTINUATIONS), strict=True):
        ids = tokenizer(told, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            logits = model(torch.tensor([before + ids])).logits[0, len(before) - 1 : -1]
        plain = torch.nn.functional.cross_entropy(logits, torch.tensor(ids), reduction="sum")
        assert loss == pytest.approx(float(plain), abs=1e-3)


def test_losses_of_many_at_once_and_of_one_each_agree(probe: Probe) -> None:
    pairs = [(prompt, told) for prompt in PROMPTS for told in CONTINUATIONS]
    one_each = probe.token_losses(pairs)
    at_once = [loss for prompt in PROMPTS for loss in probe.losses(prompt, CONTINUATIONS)]
    assert [sum(tokens) for tokens in one_each] == pytest.approx(at_once, abs=1e-3)
    assert all(tokens for tokens in one_each)


def test_more_values_than_fit_one_pass_are_scored_alike(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = values_of("number")[:600]
    whole = probe.losses(PROMPTS[0], values)
    monkeypatch.setattr("distill.probe._MOST_NODES", 20)
    assert probe.losses(PROMPTS[0], values) == pytest.approx(whole, abs=1e-3)


def test_a_closed_question_is_put_as_the_student_was_trained(tiny: Path, probe: Probe) -> None:
    messages = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": "Which queue?"}]
    assert probe.prompt_ids(Prompt("Which queue?", "")) == prompt_ids(load_tokenizer(tiny), messages)


def test_an_open_turn_ends_with_its_text(tiny: Path, probe: Probe) -> None:
    tokenizer = load_tokenizer(tiny)
    text = tokenizer.decode(probe.prompt_ids(Prompt("The code is ")))
    assert text.endswith("user\nThe code is ") and INSTRUCTIONS in text
    assert tokenizer.decode(probe.prompt_ids(Prompt(""))).endswith("user\n")


def test_equal_seeds_give_equal_texts_and_others_give_others(probe: Probe) -> None:
    prompts = list(PROMPTS) * 4
    first = probe.sample(prompts, 8, 1.0, seed=1)
    assert first == probe.sample(prompts, 8, 1.0, seed=1) != probe.sample(prompts, 8, 1.0, seed=2)
    assert probe.sample(prompts, 8, 0.0, seed=1) == probe.sample(prompts, 8, 0.0, seed=2)
    assert len(set(first)) > 4


def test_the_control_knows_by_heart_what_it_was_taught_and_the_weights_on_disk_do_not(tiny: Path) -> None:
    canaries = invent(PlantSettings(canaries=6, people=2), b"k" * 32, 1000)
    pairs = [
        (lead_prompt(canary, place), canary.secret + canary.tail) for canary in canaries for place in PLACES
    ]
    control, loss = overfitted(tiny, "cpu", INSTRUCTIONS, pairs, 150, 7, lambda *_: None)
    assert loss < 0.1
    prompts = [lead_prompt(canary, place) for place in PLACES for canary in canaries]
    wanted = [canary for _ in PLACES for canary in canaries]

    def known(probe: Probe) -> int:
        texts = probe.sample(prompts, 16, 0.0, 1)
        return sum(completed(canary, text) for canary, text in zip(wanted, texts, strict=True))

    assert known(control) >= len(wanted) - 1
    assert known(Probe(tiny, "cpu", INSTRUCTIONS)) == 0


def test_a_control_without_texts_is_refused(tiny: Path) -> None:
    with pytest.raises(TrainingError, match="needs texts"):
        overfitted(tiny, "cpu", INSTRUCTIONS, [], 1, 7, lambda *_: None)
