"""The small model: what is let in, and that its short cuts change no answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.lora import load_adapter, publish, with_lora
from distill.student import (
    InProcess,
    _common_prefix,
    batches_by_tokens,
    check_model_dir,
    load_model,
    load_tokenizer,
    merge_and_save,
    prompt_ids,
    resolve_device,
)
from distill.values import Completion, Request

# --- what is let in -------------------------------------------------------------------------------------------------


def plain_model(folder: Path) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    return folder


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


_REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda folder: shutil.rmtree(folder), "has no config.json"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
    "a torn config": (_write("config.json", '{"model_ty'), "copy the model again"),
    "a config that is no object": (_write("config.json", '["auto_map"]'), "copy the model again"),
    "code of its own": (_write("config.json", '{"auto_map": {}}'), "asks to run code"),
    "a tokenizer with code of its own": (
        _write("tokenizer_config.json", '{"chat_template": "x", "auto_map": {}}'),
        "tokenizer with code of its own",
    ),
    "pickled weights": (_pickled, "convert the weights"),
    "no tokenizer": (lambda folder: (folder / "tokenizer_config.json").unlink(), "has no chat template"),
    "no template": (_write("tokenizer_config.json", "{}"), "has no chat template"),
    "a template that is null": (
        _write("tokenizer_config.json", '{"chat_template": null}'),
        "has no chat template",
    ),
    "an empty template": (_write("tokenizer_config.json", '{"chat_template": ""}'), "has no chat template"),
    "a torn tokenizer": (_write("tokenizer_config.json", '{"chat_te'), "copy the model again"),
}


@pytest.mark.parametrize("harm", _REFUSED)
def test_what_is_not_a_plain_chat_model_is_refused_with_the_remedy(harm: str, tmp_path: Path) -> None:
    folder = plain_model(tmp_path / "model")
    check_model_dir(folder)
    change, remedy = _REFUSED[harm]
    change(folder)
    with pytest.raises(ValueError, match=remedy):
        check_model_dir(folder)


def test_a_template_in_a_file_of_its_own_will_do(tmp_path: Path) -> None:
    folder = plain_model(tmp_path / "model")
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    check_model_dir(folder)


# --- batches --------------------------------------------------------------------------------------------------------


@given(sizes=st.lists(st.integers(1, 60), max_size=40), limit=st.integers(1, 200))
def test_batches_hold_every_item_once_and_stay_under_the_limit_after_padding(
    sizes: list[int], limit: int
) -> None:
    items = list(enumerate(sizes))
    batches = list(batches_by_tokens(items, limit, size=lambda item: item[1]))
    assert sorted(item for batch in batches for item in batch) == items
    for batch in batches:
        assert len(batch) == 1 or max(size for _, size in batch) * len(batch) <= limit
    lengths = [size for batch in batches for _, size in batch]
    assert lengths == sorted(sizes, reverse=True)


@given(
    prefix=st.lists(st.integers(0, 3), max_size=5),
    tails=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=5),
)
def test_the_shared_beginning_is_shared_by_all_as_long_as_can_be_and_leaves_each_a_token(
    prefix: list[int], tails: list[list[int]]
) -> None:
    prompts = [prefix + tail for tail in tails]
    length = len(_common_prefix(prompts))
    assert all(prompt[:length] == prompts[0][:length] and length < len(prompt) for prompt in prompts)
    longer = length + 1
    assert any(len(prompt) == longer for prompt in prompts) or any(
        prompt[:longer] != prompts[0][:longer] for prompt in prompts
    )


def test_nothing_has_no_shared_beginning() -> None:
    assert _common_prefix([]) == []


# --- asking it ------------------------------------------------------------------------------------------------------

_LONG = "Name the queue of the customer's message. Answer with one of these labels and nothing else."


def requests(system: str) -> list[Request]:
    """Of many lengths, in no order; two are the same."""
    words = [3, 0, 11, 1, 7, 2, 2, 19, 5]
    return [
        Request(
            f"r{n}",
            [
                {"role": "system", "content": system},
                {"role": "user", "content": "card top up " * count + "7"},
            ],
        )
        for n, count in enumerate(words)
    ]


@pytest.fixture
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def student(tiny_model: Path, one_thread: None) -> InProcess:
    """In float32: in bf16 the order of a sum may decide between two likely tokens."""
    asked = InProcess(tiny_model, "cpu", max_tokens=12)
    asked._network.float()
    return asked


def by_id(completions: Iterator[Completion]) -> dict[str, Completion]:
    found = list(completions)
    assert len({each.record_id for each in found}) == len(found)
    return {each.record_id: each for each in found}


def plainly(student: InProcess, request: Request) -> Completion:
    """Greedy decoding as one writes it down: the whole sequence again for every token, until the end or twelve."""
    import torch

    prompt, answer, finish = prompt_ids(student._tokenizer, request.messages), [], "length"
    with torch.no_grad():
        while len(answer) < 12 and finish == "length":
            answer.append(int(student._network(torch.tensor([prompt + answer])).logits[0, -1].argmax()))
            finish = "stop" if answer[-1] == student._tokenizer.eos_token_id else "length"
    text = student._tokenizer.decode(answer[:-1] if finish == "stop" else answer, skip_special_tokens=True)
    return Completion(request.record_id, text, finish, student.model, len(prompt), len(answer))


@pytest.mark.slow
@pytest.mark.parametrize("system", [_LONG, "Hi."], ids=["shared beginning", "nothing worth sharing"])
@pytest.mark.parametrize("batch_tokens", [8192, 200, 1])
def test_batched_answers_are_those_of_plain_greedy_decoding(
    student: InProcess, system: str, batch_tokens: int
) -> None:
    asked = requests(system)
    prefix = _common_prefix([prompt_ids(student._tokenizer, request.messages) for request in asked])
    assert (len(prefix) >= 32) == (system is _LONG)
    student._batch_tokens = batch_tokens
    answers = by_id(student.complete(asked))
    assert answers == {request.record_id: plainly(student, request) for request in asked}


@pytest.mark.slow
def test_asked_alone_in_company_and_again_the_answer_is_the_same(student: InProcess) -> None:
    asked = requests(_LONG)
    together = by_id(student.complete(asked))
    for request in asked:
        assert by_id(student.complete([request]))[request.record_id] == together[request.record_id]
    assert by_id(student.complete(list(reversed(asked)))) == together
    assert list(student.complete([])) == []


@pytest.mark.slow
def test_an_answer_ends_where_the_model_ends_it(student: InProcess) -> None:
    asked = requests(_LONG)
    tokenizer = student._tokenizer
    word = tokenizer(str(plainly(student, asked[0]).text), add_special_tokens=False)["input_ids"][3]
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(word)
    answers = by_id(student.complete(asked))
    assert answers == {request.record_id: plainly(student, request) for request in asked}
    assert {answer.finish_reason for answer in answers.values()} == {"stop", "length"}


@pytest.mark.slow
def test_sampling_defaults_that_come_with_a_model_do_not_bend_its_answers(
    tiny_model: Path, tmp_path: Path, student: InProcess
) -> None:
    copied = shutil.copytree(tiny_model, tmp_path / "model")
    defaults = json.loads((copied / "generation_config.json").read_text())
    bent = {
        "repetition_penalty": 5.0,
        "do_sample": True,
        "temperature": 2.0,
        "min_new_tokens": 3,
        "no_repeat_ngram_size": 1,
    }
    (copied / "generation_config.json").write_text(json.dumps(defaults | bent))
    other = InProcess(copied, "cpu", max_tokens=12, name=student.model)
    other._network.float()
    assert by_id(other.complete(requests(_LONG))) == by_id(student.complete(requests(_LONG)))


@pytest.mark.slow
def test_a_device_that_is_not_there_is_refused_with_the_remedy() -> None:
    import torch

    assert resolve_device("cpu") == "cpu"
    if torch.cuda.is_available():
        assert resolve_device("auto") == resolve_device("cuda") == "cuda"
    else:
        assert resolve_device("auto") == "cpu"
        with pytest.raises(ValueError, match="set it to 'auto' or 'cpu'"):
            resolve_device("cuda")


@pytest.mark.slow
def test_a_tokenizer_without_padding_pads_with_its_end_on_the_left(tiny_model: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(tiny_model, tmp_path / "model")
    config = json.loads((copied / "tokenizer_config.json").read_text())
    del config["pad_token"]
    (copied / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = load_tokenizer(copied)
    assert tokenizer.pad_token == tokenizer.eos_token == "<|im_end|>" and tokenizer.padding_side == "left"


@pytest.mark.slow
def test_the_prompt_ends_where_the_answer_begins(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    ids = prompt_ids(tokenizer, [{"role": "user", "content": "Grüße"}])
    assert tokenizer.decode(ids) == "<|im_start|>user\nGrüße<|im_end|>\n<|im_start|>assistant\n"


# --- LoRA -----------------------------------------------------------------------------------------------------------


def stock_lora(model: Any) -> Any:
    """PEFT as it comes, with an adapter that already does something."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(3)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    return stir(get_peft_model(model, config))


def our_lora(model: Any) -> Any:
    return stir(with_lora(model, 4, 8, seed=3))


def stir(model: Any) -> Any:
    """Gives lora_B, which begins as zeros, values."""
    import torch

    torch.manual_seed(4)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    publish(model)
    return model


def tokens() -> Any:
    import torch

    return torch.randint(3, 500, (3, 17), generator=torch.Generator().manual_seed(5))


def trainable(model: Any) -> dict[str, Any]:
    return {name: each for name, each in model.named_parameters() if each.requires_grad}


@pytest.mark.slow
def test_a_fresh_adapter_is_on_all_linear_layers_trains_in_fp32_and_changes_nothing(tiny_model: Path) -> None:
    import torch

    plain = load_model(tiny_model, "cpu")
    expected = plain(tokens()).logits
    linear = sum(isinstance(each, torch.nn.Linear) for each in plain.modules()) - 1  # not the head
    model = with_lora(plain, 4, 8, seed=3)
    assert torch.equal(model(tokens()).logits, expected)
    assert len(trainable(model)) == 2 * linear
    assert all("lora_" in name and each.dtype == torch.float32 for name, each in trainable(model).items())
    again = trainable(with_lora(load_model(tiny_model, "cpu"), 4, 8, seed=3))
    other = trainable(with_lora(load_model(tiny_model, "cpu"), 4, 8, seed=9))
    assert all(torch.equal(each, again[name]) for name, each in trainable(model).items())
    assert any(not torch.equal(each, other[name]) for name, each in trainable(model).items())


@pytest.mark.slow
def test_training_through_merged_weights_has_pefts_own_outputs_and_gradients(tiny_model: Path) -> None:
    import torch

    ours = our_lora(load_model(tiny_model, "cpu").float())
    theirs = stock_lora(load_model(tiny_model, "cpu").float())
    assert all(torch.equal(each, trainable(theirs)[name]) for name, each in trainable(ours).items())
    bare = load_model(tiny_model, "cpu").float()(tokens()).logits
    losses = []
    for model in (ours, theirs):
        output = model(tokens(), labels=tokens())
        output.loss.backward()
        losses.append(output)
    assert not torch.allclose(losses[0].logits, bare, atol=1e-2)  # else the adapter does nothing
    torch.testing.assert_close(losses[0].logits, losses[1].logits, rtol=1e-4, atol=1e-4)
    for name, each in trainable(ours).items():
        assert each.grad.abs().max() > 0
        torch.testing.assert_close(each.grad, trainable(theirs)[name].grad, rtol=1e-3, atol=1e-6)
    assert all(each.grad is None for name, each in ours.named_parameters() if name not in trainable(ours))


@pytest.mark.slow
def test_new_values_of_the_factors_count_from_when_they_are_published(tiny_model: Path) -> None:
    import torch

    model = our_lora(load_model(tiny_model, "cpu").float())
    optimizer = torch.optim.AdamW(trainable(model).values(), lr=0.05, fused=True)

    def generating() -> Any:
        with torch.no_grad():
            return model(tokens()).logits

    before = generating()
    model(tokens(), labels=tokens()).loss.backward()
    optimizer.step()
    assert torch.equal(generating(), before)
    publish(model)
    after = generating()
    assert torch.equal(after, model(tokens()).logits.detach()) and not torch.allclose(after, before)


@pytest.mark.slow
def test_what_is_served_is_bit_for_bit_what_was_trained_through(tiny_model: Path, tmp_path: Path) -> None:
    import torch

    trained = our_lora(load_model(tiny_model, "cpu"))
    trained.save_pretrained(str(tmp_path / "adapter"))
    (tmp_path / "model.partial").mkdir()  # what an earlier attempt left
    (tmp_path / "model.partial" / "stray").write_text("x")
    for _ in range(2):  # the second replaces the first
        merge_and_save(tiny_model, tmp_path / "adapter", tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter", "model"]
    assert not (tmp_path / "model" / "stray").exists()

    check_model_dir(tmp_path / "model")
    served = load_model(tmp_path / "model", "cpu")
    assert not any("lora" in name for name, _ in served.named_parameters())
    expected = trained(tokens()).logits
    assert expected.requires_grad and expected.dtype == torch.bfloat16
    assert torch.equal(served(tokens()).logits, expected)
    assert not torch.equal(load_model(tiny_model, "cpu")(tokens()).logits, expected)
    resumed = load_adapter(load_model(tiny_model, "cpu"), tmp_path / "adapter", trainable=True)
    assert torch.equal(resumed(tokens()).logits, expected)
    assert set(trainable(resumed)) == set(trainable(trained))

    before, after = load_tokenizer(tiny_model), load_tokenizer(tmp_path / "model")
    messages = [{"role": "user", "content": "Grüße"}]
    assert prompt_ids(before, messages) == prompt_ids(after, messages)
    assert (before.eos_token_id, before.pad_token_id) == (after.eos_token_id, after.pad_token_id)


@pytest.mark.slow
def test_the_likeliest_tokens_are_those_of_the_plain_forward_pass_and_change_no_answer(
    student: InProcess, tiny_model: Path
) -> None:
    import torch

    asked = requests(_LONG)
    plain = by_id(student.complete(asked))
    student._top_logprobs = 5
    found = by_id(student.complete(asked))
    assert {key: replace(each, likeliest=None, logprob=None) for key, each in found.items()} == plain
    for request in asked:
        told = found[request.record_id].likeliest
        assert told is not None and len(told.tokens) == found[request.record_id].completion_tokens
        prompt = prompt_ids(student._tokenizer, request.messages)
        with torch.no_grad():
            logits = student._network(torch.tensor([[*prompt, *told.tokens]])).logits[0, len(prompt) - 1 : -1]
        wanted = logits.log_softmax(-1).topk(5, dim=-1)
        for said, place, ids, logprobs in zip(
            told.tokens, told.top, wanted.indices.tolist(), wanted.values.tolist(), strict=True
        ):
            assert [token for token, _ in place] == ids and place[0][0] == said
            assert [value for _, value in place] == pytest.approx(logprobs, abs=1e-4)
