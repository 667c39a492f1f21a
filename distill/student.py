"""The small model: loaded from a directory, adapted, merged, asked."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge

from distill import attention
from distill.guided import Choices
from distill.lora import load_adapter, merged, save_adapter, with_lora
from distill.topk import likeliest_first, said_logprob
from distill.values import Completion, Messages, Request, TopTokens

Device = Literal["auto", "cpu", "cuda"]
T = TypeVar("T")


@dataclass(frozen=True)
class StudentSettings:
    """The `[student]` section: which small model learns, and where."""

    base: str
    """A name from `stillhouse models list`, or a directory with safetensors weights and a chat template."""
    device: Device = "auto"
    """Where it is trained and evaluated; `auto` takes CUDA where there is one."""
    layers: Annotated[int, Ge(2)] | None = None
    """Keeps so many of its layers, evenly spaced, the first and the last among them: less to serve, and more to learn again
    (best with `sft.method = "full"`). Default: all."""


def resolve_device(device: Device) -> str:
    """`cuda` or `cpu`; raises ValueError where CUDA is asked for and absent."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("student.device = 'cuda', but torch sees no CUDA device: set it to 'auto' or 'cpu'")
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def check_model_dir(path: Path) -> None:
    """Refuses what is not a plain safetensors model with a chat template; raises ValueError with the remedy."""
    if not (path / "config.json").is_file():
        raise ValueError(f"{path} has no config.json: name a directory that holds a model")
    if "auto_map" in _read_config(path / "config.json"):
        raise ValueError(f"{path} asks to run code of its own (auto_map): such models are not loaded")
    if not any(path.glob("*.safetensors")):
        raise ValueError(
            f"{path} has no *.safetensors file: convert the weights, pickled ones are not loaded"
        )
    tokenizer = (
        _read_config(path / "tokenizer_config.json") if (path / "tokenizer_config.json").exists() else {}
    )
    if "auto_map" in tokenizer:
        raise ValueError(
            f"{path} asks for a tokenizer with code of its own (auto_map): such models are not loaded"
        )
    if not (path / "chat_template.jinja").exists() and not tokenizer.get("chat_template"):
        raise ValueError(
            f"{path} has no chat template: choose an instruction-tuned model, a base model would not stop"
        )


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise ValueError(f"{path} is not a JSON object: copy the model again")
    return config


def load_tokenizer(path: Path) -> Any:
    """The tokenizer of a model directory, with a padding token and padding on the left (for generation)."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        path, local_files_only=True, trust_remote_code=False, padding_side="left"
    )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(path: Path, device: Device) -> Any:
    """The weights in bf16 on the device, in evaluation mode."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.bfloat16, local_files_only=True, trust_remote_code=False, use_safetensors=True
    )
    model = model.to(resolve_device(device)).eval()
    if model.device.type == "cpu":
        attention.use_for(model)
    return model


def convert_gguf(gguf: Path, out: Path) -> None:
    """A quantised GGUF file as a bf16 safetensors directory with tokenizer and chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source, name = str(gguf.parent), gguf.name
    AutoTokenizer.from_pretrained(source, gguf_file=name, local_files_only=True).save_pretrained(out)
    AutoModelForCausalLM.from_pretrained(
        source,
        gguf_file=name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
        local_files_only=True,
    ).save_pretrained(out)


def prompt_ids(tokenizer: Any, messages: Messages) -> list[int]:
    """The tokens before the answer's first, as vLLM's chat endpoint makes them too."""
    encoded = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True
    )
    return list(encoded["input_ids"])


def context_room(path: Path, max_answer_tokens: int) -> Callable[[Messages], bool]:
    """Whether a prompt and an answer as long as it may be fit into the context of the model in the directory.

    A model that does not tell its context takes everything.
    """
    limit = _read_config(path / "config.json").get("max_position_embeddings")
    if limit is None:
        return lambda messages: True
    tokenizer = load_tokenizer(path)
    return lambda messages: len(prompt_ids(tokenizer, messages)) + max_answer_tokens <= limit


def prune_and_save(base: Path, layers: int, out: Path) -> None:
    """A model directory with `layers` of the base's layers, evenly spaced. Written beside `out` and renamed into place.

    Raises ValueError where the base has no more than that. What is left must be trained: it is no good as it is.
    """
    import torch

    model = load_model(base, "cpu")
    config, stack = model.config, model.get_decoder().layers
    if layers >= len(stack):
        raise ValueError(
            f"student.layers = {layers}, but {base.name} has {len(stack)}: take fewer, or leave it out"
        )
    kept = [round(place * (len(stack) - 1) / (layers - 1)) for place in range(layers)]
    model.get_decoder().layers = torch.nn.ModuleList(stack[place] for place in kept)
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[place] for place in kept]
    staging = out.with_name(out.name + ".partial")
    shutil.rmtree(staging, ignore_errors=True)
    model.save_pretrained(staging)
    load_tokenizer(base).save_pretrained(staging)
    shutil.rmtree(out, ignore_errors=True)
    staging.rename(out)


def fresh_adapter(base: Path, rank: int, alpha: int, seed: int, out: Path) -> None:
    """An adapter for `base` that changes nothing yet. Written beside `out` and renamed into place."""
    staging = out.with_name(out.name + ".partial")
    save_adapter(with_lora(load_model(base, "cpu"), rank, alpha, seed), staging)
    staging.rename(out)


def merge_and_save(base: Path, adapter: Path, out: Path, device: Device = "cpu") -> None:
    """Base plus adapter as a plain model directory that any server loads. Written beside `out` and renamed into place."""
    staging = out.with_name(out.name + ".partial")
    shutil.rmtree(staging, ignore_errors=True)
    merged(load_adapter(load_model(base, device), adapter, trainable=False)).save_pretrained(staging)
    load_tokenizer(base).save_pretrained(staging)
    shutil.rmtree(out, ignore_errors=True)
    staging.rename(out)


# --- asking it ------------------------------------------------------------------------------------------------------


class InProcess:
    """A model directory asked in this process, greedily, in batches of similar length."""

    def __init__(
        self,
        path: Path,
        device: Device,
        max_tokens: int,
        batch_tokens: int = 8192,
        name: str | None = None,
        top_logprobs: int | None = None,
        choices: Sequence[str] = (),
    ) -> None:
        """With `top_logprobs` answers tell their likeliest tokens and their probability; with `choices` each is one of these."""
        from transformers import GenerationConfig

        self.model = name or path.name
        self._max_tokens = max_tokens
        self._batch_tokens = batch_tokens
        self._top_logprobs = top_logprobs
        self._tokenizer = load_tokenizer(path)
        self._choices = Choices(self._tokenizer, choices) if choices else None
        self._network = load_model(path, device)
        # A repetition penalty or the like in generation_config.json is left out here as it is in serving.
        self._network.generation_config = GenerationConfig()

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        prompts = [(prompt_ids(self._tokenizer, request.messages), request.record_id) for request in requests]
        prefix = _common_prefix([ids for ids, _ in prompts])
        cache = self._prefill(prefix) if len(prefix) >= _MIN_PREFIX_TOKENS and len(prompts) > 1 else None
        for batch in batches_by_tokens(prompts, self._batch_tokens, size=lambda item: len(item[0])):
            yield from self._generate(batch, len(prefix) if cache is not None else 0, cache)

    def _prefill(self, prefix: list[int]) -> Any:
        """The attention state of what all prompts begin with: instructions and examples are computed once."""
        import torch
        from transformers import DynamicCache

        cache = DynamicCache(config=self._network.config)
        with torch.inference_mode():
            self._network(
                torch.tensor([prefix], device=self._network.device), past_key_values=cache, logits_to_keep=1
            )
        return cache

    def _generate(self, batch: list[tuple[list[int], str]], shared: int, cache: Any) -> Iterator[Completion]:
        import torch

        longest = max(len(ids) for ids, _ in batch)
        pad = self._tokenizer.pad_token_id
        # The padding stands between the shared beginning and the rest: masked, it has no position of its own.
        rows = [ids[:shared] + [pad] * (longest - len(ids)) + ids[shared:] for ids, _ in batch]
        masks = [[1] * shared + [0] * (longest - len(ids)) + [1] * (len(ids) - shared) for ids, _ in batch]
        past: dict[str, Any] = {}
        if cache is not None:
            past["past_key_values"] = copy.deepcopy(cache)
            past["past_key_values"].batch_repeat_interleave(len(batch))
        watch, choices = _Likeliest(self._top_logprobs), self._choices
        if choices is not None:
            past["prefix_allowed_tokens_fn"] = lambda _row, ids: choices.allowed(ids[longest:].tolist())
        with torch.inference_mode():
            output = self._network.generate(
                logits_processor=watch.as_list(),
                input_ids=torch.tensor(rows, device=self._network.device),
                attention_mask=torch.tensor(masks, device=self._network.device),
                max_new_tokens=self._max_tokens,
                do_sample=False,
                eos_token_id=self._tokenizer.eos_token_id,
                pad_token_id=pad,
                **past,
            )
        for at, ((ids, record_id), row) in enumerate(zip(batch, output[:, longest:].tolist(), strict=True)):
            stopped = self._tokenizer.eos_token_id in row
            answer = row[: row.index(self._tokenizer.eos_token_id)] if stopped else row
            text = self._tokenizer.decode(answer, skip_special_tokens=True)
            finish = "stop" if stopped else "length"
            said = row[: len(answer) + stopped]
            likeliest = watch.of(at, said)
            logprob = None if likeliest is None else said_logprob(likeliest)
            yield Completion(
                record_id,
                text,
                finish,
                self.model,
                len(ids),
                len(said),
                likeliest=likeliest,
                logprob=logprob,
            )


class _Likeliest:
    """Keeps the k likeliest tokens of each step of a generation, and changes nothing; with None it keeps nothing."""

    def __init__(self, k: int | None) -> None:
        self._k = k
        self._steps: list[tuple[Any, Any]] = []

    def as_list(self) -> Any:
        from transformers import LogitsProcessorList

        return LogitsProcessorList([] if self._k is None else [self])

    def __call__(self, _input_ids: Any, logits: Any) -> Any:
        assert self._k is not None
        top = logits.topk(min(self._k, logits.shape[-1]), dim=-1)
        logprobs = top.values.float() - logits.float().logsumexp(dim=-1, keepdim=True)
        self._steps.append((top.indices.cpu(), logprobs.cpu()))
        return logits

    def of(self, row: int, said: list[int]) -> TopTokens | None:
        """Of one row of the batch: `said` are the tokens of its answer."""
        if self._k is None:
            return None
        places = [
            likeliest_first(token, None, zip(ids[row].tolist(), logprobs[row].tolist(), strict=True), self._k)
            for token, (ids, logprobs) in zip(said, self._steps, strict=False)
        ]
        return TopTokens(tuple(said), tuple(places))


_MIN_PREFIX_TOKENS = 32
"""Below this, copying the shared state costs more than it saves."""


def _common_prefix(prompts: Sequence[list[int]]) -> list[int]:
    """What all prompts begin with, less than the shortest of them: each must have a token of its own."""
    if not prompts:
        return []
    first, last = min(prompts), max(prompts)
    length = 0
    while length < min(len(first), len(last)) - 1 and first[length] == last[length]:
        length += 1
    return first[: min(length, min(len(ids) for ids in prompts) - 1)]


def batches_by_tokens(items: Sequence[T], max_tokens: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """Items sorted longest first, in batches of at most `max_tokens` after padding (one item at least)."""
    batch: list[T] = []
    for item in sorted(items, key=size, reverse=True):
        if batch and size(batch[0]) * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch
