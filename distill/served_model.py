"""A model on a vLLM server, spoken to in token ids: sampled from, scored token by token, given another adapter.

What is asked and answered is customer text in another spelling: no error tells anything of it.
"""

from __future__ import annotations

import concurrent.futures
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from distill.completer import authorities
from distill.training import TrainingError
from distill.values import Messages

T = TypeVar("T")


class ServedModelError(TrainingError):
    """The server is gone, refuses, or answers in another form. One line; training resumes from its checkpoint."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One answer of the server."""

    token_ids: tuple[int, ...] = field(repr=False)
    """With the token that ended it."""
    logprobs: tuple[float, ...] = field(repr=False)
    finish_reason: str
    """`stop` or `length`."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One name on a vLLM server."""

    url: str
    """Up to and including `/v1`."""
    model: str
    """The served name of a model or of an adapter."""
    api_key: str | None = field(default=None, repr=False)
    concurrency: int = 64
    """Requests in flight; the server makes its batches of them."""
    timeout_s: float = 300.0
    max_attempts: int = 4
    """For a refused connection, HTTP 429 and 5xx; a timeout is final, since the server still works on the request."""
    pause_s: float = 0.5
    """Before the second attempt, then doubling."""

    def sample(
        self,
        prompts: Sequence[tuple[Sequence[int], int]],
        n: int,
        max_tokens: int,
        temperature: float,
        eos_token_id: int,
    ) -> list[list[Sampled]]:
        """`n` answers to each (prompt, seed), from the whole vocabulary.

        The log-probabilities are at the temperature of the sampling only where the server runs with
        `--logprobs-mode=processed_logprobs`.
        """
        bodies = [
            {
                "prompt": list(ids),
                "n": n,
                "seed": seed,
                "max_tokens": max_tokens,
                "temperature": temperature,
                "top_p": 1.0,
                "stop_token_ids": [eos_token_id],
                "logprobs": 0,
                "return_token_ids": True,
            }
            for ids, seed in prompts
        ]
        return self._ask_all("/v1/completions", bodies, lambda body, answer: _read_samples(answer, n))

    def score(self, sequences: Sequence[Sequence[int]], top: int = 0) -> list[list[dict[int, float]]]:
        """For each position of each sequence but its first: token id -> log-probability, at temperature 1.

        A position holds the token that stands there, and the `top` likeliest ones. The server computes the logits of
        all positions of a request at once: (tokens, vocabulary) in fp32 is memory that it needs to spare. On a CPU
        vLLM 0.32 dies of such a request where it was started for adapters: score on a server of plain weights.
        """
        bodies = [
            {"prompt": list(ids), "max_tokens": 1, "temperature": 0, "prompt_logprobs": top}
            for ids in sequences
        ]
        return self._ask_all(
            "/v1/completions", bodies, lambda body, answer: _read_scores(answer, body["prompt"])
        )

    def chat(self, conversations: Sequence[Messages], max_tokens: int) -> list[tuple[list[int], Sampled]]:
        """The prompt's tokens under the server's own template, and the greedy answer, for each conversation."""
        bodies = [
            {
                "messages": messages,
                "max_tokens": max_tokens,
                "temperature": 0,
                "logprobs": True,
                "return_token_ids": True,
            }
            for messages in conversations
        ]
        return self._ask_all("/v1/chat/completions", bodies, lambda body, answer: _read_chat(answer))

    def decode_ids(self, ids: Sequence[int]) -> str:
        """The text of these tokens by the server's tokenizer, special ones included."""
        (text,) = self._ask_all("/detokenize", [{"tokens": list(ids)}], lambda body, answer: answer["prompt"])
        if not isinstance(text, str):
            raise self._error("answered /detokenize in another form")
        return text

    def load_adapter(self, name: str, folder: Path) -> None:
        """Makes the LoRA adapter in `folder`, which the server must see under the same path, answer to `name`."""
        body = {"lora_name": name, "lora_path": str(folder.absolute())}
        self._ask_all("/v1/load_lora_adapter", [body], lambda body, answer: None, named=False)

    def unload_adapter(self, name: str) -> None:
        self._ask_all(
            "/v1/unload_lora_adapter", [{"lora_name": name}], lambda body, answer: None, named=False
        )

    def _ask_all(
        self,
        path: str,
        bodies: Sequence[dict[str, Any]],
        read: Callable[[dict[str, Any], Any], T],
        *,
        named: bool = True,
    ) -> list[T]:
        """`read(body, document)` of each answer, in order; the first failure ends it all."""
        import httpx

        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        limits = httpx.Limits(max_connections=self.concurrency)
        root = self.url.rstrip("/").removesuffix("/v1")
        # trust_env is off: a proxy variable on the host must not carry prompts anywhere.
        with (
            httpx.Client(
                headers=headers, timeout=self.timeout_s, limits=limits, verify=authorities(), trust_env=False
            ) as client,
            concurrent.futures.ThreadPoolExecutor(self.concurrency) as pool,
        ):

            def ask(body: dict[str, Any]) -> T:
                response = self._post(client, root, path, body | ({"model": self.model} if named else {}))
                try:
                    return read(body, response.json() if named else None)
                except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
                    pass  # the error's own words may quote the answer
                raise self._error(f"answered {path} in another form than vLLM 0.32 does")

            return list(pool.map(ask, bodies))

    def _post(self, client: Any, root: str, path: str, body: dict[str, Any]) -> Any:
        import httpx

        reason = "not asked"
        for attempt in range(self.max_attempts):
            if attempt:
                time.sleep(self.pause_s * 2 ** (attempt - 1))
            try:
                response = client.post(root + path, json=body)
            except httpx.TimeoutException as failure:
                reason = type(failure).__name__
                break
            except httpx.HTTPError as failure:
                reason = type(failure).__name__
                continue
            if response.status_code == 200:
                return response
            reason = f"HTTP {response.status_code}"
            if response.status_code != 429 and response.status_code < 500:
                break
        raise self._error(f"did not answer {path} ({reason})")

    def _error(self, what: str) -> ServedModelError:
        return ServedModelError(
            f"the vLLM server at {self.url} {what}: see its log, then run again; what is done is kept"
        )


def _read_samples(document: Any, n: int) -> list[Sampled]:
    choices = sorted(document["choices"], key=lambda choice: choice["index"])
    if len(choices) != n:
        raise ValueError("another number of answers")
    return [
        _sampled(choice["token_ids"], choice["logprobs"]["token_logprobs"], choice["finish_reason"])
        for choice in choices
    ]


def _read_chat(document: Any) -> tuple[list[int], Sampled]:
    (choice,) = document["choices"]
    logprobs = [token["logprob"] for token in choice["logprobs"]["content"]]
    return _ids(document["prompt_token_ids"]), _sampled(
        choice["token_ids"], logprobs, choice["finish_reason"]
    )


def _read_scores(document: Any, prompt: list[int]) -> list[dict[int, float]]:
    (choice,) = document["choices"]
    positions = choice["prompt_logprobs"]
    if len(positions) != len(prompt):
        raise ValueError("another number of positions")
    found = [
        {int(token): _logprob(entry["logprob"]) for token, entry in position.items()}
        for position in positions[1:]  # nothing stands before the first token, so it has no score
    ]
    if any(token not in position for token, position in zip(prompt[1:], found, strict=True)):
        raise ValueError("a position without its token")
    return found


def _sampled(ids: Any, logprobs: Any, finish: Any) -> Sampled:
    tokens, values = _ids(ids), tuple(_logprob(value) for value in logprobs)
    if not tokens or len(tokens) != len(values) or finish not in ("stop", "length"):
        raise ValueError("not an answer with a log-probability a token")
    return Sampled(tuple(tokens), values, finish)


def _ids(ids: Any) -> list[int]:
    if not all(type(token) is int and token >= 0 for token in ids):
        raise ValueError("not token ids")
    return list(ids)


def _logprob(value: Any) -> float:
    if not isinstance(value, int | float) or math.isnan(value) or value > 1e-3:
        raise ValueError("not a log-probability")
    return float(value)
