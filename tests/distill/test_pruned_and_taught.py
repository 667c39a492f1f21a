"""Students of fewer layers, and students that learn from a teacher's distributions and not only from its words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill.sft import add_gradients, aligned_targets, answer_rows, train_sft
from distill.student import fresh_adapter, load_model, load_tokenizer, merge_and_save, prune_and_save
from distill.topk import TokenTargets
from tests.distill.training_runs import EXAMPLES, SFT
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow


def silent(done: int, total: int, note: str) -> None:
    pass


def distributions(tokenizer: Any, wanted: list[str], sure: float) -> list[TokenTargets]:
    """Of a teacher that gives the wanted answer's tokens `sure`, and another token the rest."""
    found = []
    for answer in wanted:
        ids = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        top = np.array([[each, (each + 1) % 500] for each in ids], dtype=np.int32)
        logprobs = np.log(np.tile([sure, 1 - sure], (len(ids), 1))).astype(np.float32)
        found.append(TokenTargets(np.array(ids, dtype=np.int32), top, logprobs))
    return found


def test_a_pruned_student_keeps_layers_evenly_and_is_a_model_like_any(tmp_path: Path) -> None:
    import torch
    from transformers import AutoConfig, LlamaForCausalLM

    base = make_tiny_model(tmp_path / "base")
    config = AutoConfig.from_pretrained(base)
    config.num_hidden_layers = 7
    torch.manual_seed(1)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(base)
    prune_and_save(base, 3, tmp_path / "pruned")
    whole, pruned = load_model(base, "cpu"), load_model(tmp_path / "pruned", "cpu")
    assert len(pruned.model.layers) == 3
    assert json.loads((tmp_path / "pruned" / "config.json").read_text())["num_hidden_layers"] == 3
    for mine, theirs in zip(pruned.model.layers, (0, 3, 6), strict=True):
        for name, weight in mine.state_dict().items():
            assert torch.equal(weight, whole.model.layers[theirs].state_dict()[name])
    cached = pruned.generate(torch.arange(3, 20)[None], max_new_tokens=5, do_sample=False)
    bare = pruned.generate(torch.arange(3, 20)[None], max_new_tokens=5, do_sample=False, use_cache=False)
    assert torch.equal(cached, bare)
    settings = replace(SFT, method="full", learning_rate=3e-3, epochs=3)
    result = train_sft(tmp_path / "pruned", EXAMPLES, tmp_path / "out", settings, "cpu", silent)
    assert result.last < result.first / 2
    with pytest.raises(ValueError, match=r"student\.layers = 7, but base has 7: take fewer"):
        prune_and_save(base, 7, tmp_path / "same")


def test_a_fresh_adapter_changes_nothing(tiny_model: Path, tmp_path: Path) -> None:
    import torch

    fresh_adapter(tiny_model, 4, 8, 3, tmp_path / "start")
    merge_and_save(tiny_model, tmp_path / "start", tmp_path / "model")
    before, after = (
        load_model(tiny_model, "cpu").state_dict(),
        load_model(tmp_path / "model", "cpu").state_dict(),
    )
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def test_a_sure_teacher_gives_the_loss_of_its_words_and_an_unsure_one_another(tiny_model: Path) -> None:
    model, tokenizer = load_model(tiny_model, "cpu").float(), load_tokenizer(tiny_model)
    for weight in model.parameters():
        weight.requires_grad_(True)
    rows = [row | {"example": [n]} for n, row in enumerate(answer_rows(tokenizer, EXAMPLES, 64))][:8]
    words = add_gradients(model, rows, 8, tokenizer.pad_token_id)
    answers = [answer for _, answer in EXAMPLES]
    sure = dict(enumerate(distributions(tokenizer, answers, 1 - 1e-6)))
    unsure = dict(enumerate(distributions(tokenizer, answers, 0.6)))
    assert add_gradients(model, rows, 8, tokenizer.pad_token_id, sure, 0.5) == pytest.approx(words, rel=1e-3)
    assert add_gradients(model, rows, 3, tokenizer.pad_token_id, unsure, 0.0) == pytest.approx(
        words, rel=1e-3
    )
    whole = add_gradients(model, rows, 8, tokenizer.pad_token_id, unsure, 1.0)
    parts = add_gradients(model, rows, 3, tokenizer.pad_token_id, unsure, 1.0)
    assert abs(whole - words) > 0.05 and parts == pytest.approx(whole, rel=1e-3)
    some = {n: each for n, each in unsure.items() if n % 2}
    mixed = add_gradients(model, rows, 8, tokenizer.pad_token_id, some, 1.0)
    assert min(whole, words) < mixed < max(whole, words)


def test_distributions_of_answers_that_were_tidied_are_left_out(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    given: list[TokenTargets | None] = [*distributions(tokenizer, [answer for _, answer in EXAMPLES], 0.9)]
    given[3] = None
    given[5] = distributions(tokenizer, ["something else"], 0.9)[0]
    found = aligned_targets(tokenizer, EXAMPLES, given)
    assert set(found) == set(range(len(EXAMPLES))) - {3, 5}


def test_a_student_learns_how_unsure_its_teacher_is(tiny_model: Path, tmp_path: Path) -> None:
    import torch

    tokenizer = load_tokenizer(tiny_model)
    targets = dict(enumerate(distributions(tokenizer, [answer for _, answer in EXAMPLES], 0.6)))
    confidence = {}
    for weight in (0.0, 1.0):
        settings = replace(SFT, teacher_weight=weight)
        out = tmp_path / str(weight)
        train_sft(tiny_model, EXAMPLES, out, settings, "cpu", silent, targets=targets)
        merge_and_save(tiny_model, out / "adapter", out / "model")
        model = load_model(out / "model", "cpu")
        chances = []
        for row in answer_rows(tokenizer, EXAMPLES, 64):
            with torch.no_grad():
                logits = model(torch.tensor([row["input_ids"]])).logits[0, :-1].float()
            labels = torch.tensor(row["labels"][1:])
            at = labels != -100
            chances += logits.softmax(-1)[at].gather(1, labels[at][:, None])[:, 0].tolist()
        confidence[weight] = float(np.median(chances))
    assert confidence[0.0] > 0.8 and 0.4 < confidence[1.0] < 0.7
