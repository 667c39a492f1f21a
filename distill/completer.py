"""One way to ask a model, whichever it is: recorded answers, a served model, or one in this process."""

from __future__ import annotations

import concurrent.futures
import functools
import random
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from distill.topk import likeliest_first
from distill.values import Completion, Messages, Request, Token, TopTokens


class Completer(Protocol):
    """Answers requests in any order. An answer that cannot be had is a Completion with an error, not an exception."""

    @property
    def model(self) -> str: ...

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """Answers that the data already holds."""

    model: str
    answers: Mapping[str, str]
    """By record id; a record without one has no answer."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        for request in requests:
            text = self.answers.get(request.record_id) or None
            yield Completion(
                request.record_id,
                text,
                "stop" if text else None,
                self.model,
                error=None if text else "not recorded",
            )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Any OpenAI-compatible server."""

    url: str
    """Up to and including `/v1`."""
    model: str
    api_key: str | None = field(repr=False)
    max_tokens: int
    concurrency: int = 8
    max_attempts: int = 5
    timeout_s: float = 120.0
    pause_s: float = 0.5
    """Before the second attempt at most twice this, then doubling, up to 30 s; a server may ask for more."""
    top_logprobs: int | None = None
    """Ask for so many of the likeliest tokens at each place; an answer without them is an error then."""
    token_ids: bool = False
    """The server can name tokens by their ids (vLLM's `return_tokens_as_token_ids`); others refuse to be asked."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answers as they come. What is refused for good (4xx) or fails `max_attempts` times comes with its error."""
        import httpx

        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        limits = httpx.Limits(max_connections=self.concurrency)
        # trust_env is off: a proxy variable on the host must not carry prompts anywhere.
        with (
            httpx.Client(
                headers=headers, timeout=self.timeout_s, limits=limits, verify=authorities(), trust_env=False
            ) as client,
            concurrent.futures.ThreadPoolExecutor(self.concurrency) as pool,
        ):
            # Only a few are in flight: stopping early (an error in the caller) does not leave a long queue running.
            waiting = iter(requests)
            running = {
                pool.submit(self._ask, client, request)
                for _, request in zip(range(self.concurrency), waiting, strict=False)
            }
            while running:
                done, running = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in done:
                    yield future.result()
                    running |= {
                        pool.submit(self._ask, client, request)
                        for _, request in zip(range(1), waiting, strict=False)
                    }

    def _ask(self, client: Any, request: Request) -> Completion:
        import httpx

        body: dict[str, Any] = {
            "model": self.model,
            "messages": request.messages,
            "max_tokens": self.max_tokens,
            "temperature": 0,
        }
        if self.top_logprobs is not None:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
            if self.token_ids:
                body["return_tokens_as_token_ids"] = True
        error, asked_for_s = "not asked", 0.0
        for attempt in range(self.max_attempts):
            if attempt:
                # The chance in it keeps the retries of many requests from coming as one herd.
                time.sleep(asked_for_s + min(30.0, self.pause_s * 2**attempt) * random.uniform(0.5, 1.0))
                asked_for_s = 0.0
            try:
                response = client.post(f"{self.url.rstrip('/')}/chat/completions", json=body)
            except httpx.HTTPError as failure:
                error = type(failure).__name__
                continue
            if response.status_code == 429 or response.status_code >= 500:
                error = f"HTTP {response.status_code}"
                asked_for_s = _retry_after_s(response.headers.get("retry-after"))
                continue
            if response.status_code != 200:
                return Completion(
                    request.record_id, None, None, self.model, error=f"HTTP {response.status_code}"
                )
            return self._read(request.record_id, response)
        return Completion(
            request.record_id, None, None, self.model, error=f"{error}, {self.max_attempts} attempts"
        )

    def _read(self, record_id: str, response: Any) -> Completion:
        try:
            answer = response.json()
            choice = answer["choices"][0]
            text, finish = choice["message"]["content"], choice.get("finish_reason")
            usage = answer.get("usage") or {}
            tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return Completion(record_id, None, None, self.model, error="not an OpenAI-compatible answer")
        if not isinstance(text, str):
            return Completion(record_id, None, None, self.model, error="an answer without text")
        known = finish if finish in ("stop", "length") else None
        likeliest = None
        if self.top_logprobs is not None:
            likeliest = _read_likeliest(choice.get("logprobs"), self.top_logprobs, self.token_ids)
            if likeliest is None:
                return Completion(
                    record_id, None, None, self.model, error="an answer without log-probabilities"
                )
        return Completion(record_id, text, known, self.model, *tokens, likeliest=likeliest)


def _read_likeliest(logprobs: Any, k: int, token_ids: bool) -> TopTokens | None:
    """What `choices[0].logprobs` of a chat completion tells; None where it is not what was asked for."""

    def token(entry: Any) -> Token:
        if token_ids:
            return int(entry["token"].removeprefix("token_id:"))
        # The text of a token that is a piece of a character is not its bytes.
        told = entry.get("bytes")
        return (bytes(told) if told is not None else entry["token"].encode()).decode("latin-1")

    try:
        places = [
            (
                token(place),
                place.get("logprob"),
                [(token(each), float(each["logprob"])) for each in place["top_logprobs"]],
            )
            for place in logprobs["content"]
        ]
        return TopTokens(
            tuple(said for said, _, _ in places),
            tuple(likeliest_first(said, own, others, k) for said, own, others in places),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class Server:
    """What an OpenAI-compatible server tells of itself; None where it does not."""

    engine: str | None
    """Who `/v1/models` says owns the model: `vllm` for vLLM."""
    max_context_tokens: int | None
    probes: Mapping[str, list[int]] | None
    """Each of `PROBES` as the server's tokenizer has it."""
    chat_probe: list[int] | None
    """`CHAT_PROBE` up to the answer, by the server's chat template."""


@functools.cache
def authorities() -> ssl.SSLContext:
    """Whom a server's certificate must be signed by; read once, since each client else takes 25 ms for it."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


PROBES = (
    "The quick brown fox, 3.14159 €!",
    '{"queue":"top_up","n":[1,22,333]}\n',
    "Grüße – naïve 東京 🦜",
    "  a\tb\n\n c",
)
"""Texts that different vocabularies cut differently."""
_TELLING_S = 10.0
"""A server that takes longer to tell of itself is not known."""
CHAT_PROBE: Messages = [{"role": "user", "content": "Name the queue."}]


def ask_server(endpoint: Endpoint) -> Server:
    """What the server tells of its model and tokenizer, by routes that vLLM has and others may not."""
    import httpx

    base = endpoint.url.rstrip("/")
    headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    with httpx.Client(headers=headers, timeout=_TELLING_S, verify=authorities(), trust_env=False) as client:

        def told(method: str, url: str, **more: Any) -> Any:
            try:
                response = client.request(method, url, **more)
                return response.json() if response.status_code == 200 else None
            except (httpx.HTTPError, ValueError):
                return None

        def tokens(**what: Any) -> list[int] | None:
            answer = told(
                "POST", base.removesuffix("/v1") + "/tokenize", json={"model": endpoint.model, **what}
            )
            found = answer.get("tokens") if isinstance(answer, dict) else None
            return found if isinstance(found, list) and all(isinstance(each, int) for each in found) else None

        models = told("GET", f"{base}/models")
        cards = models.get("data") if isinstance(models, dict) else None
        card = next(
            (each for each in cards or () if isinstance(each, dict) and each.get("id") == endpoint.model), {}
        )
        context = card.get("max_model_len")
        probes = {text: tokens(prompt=text, add_special_tokens=False) for text in PROBES}
        return Server(
            card.get("owned_by") if isinstance(card.get("owned_by"), str) else None,
            context if isinstance(context, int) else None,
            None if None in probes.values() else {text: found or [] for text, found in probes.items()},
            tokens(messages=CHAT_PROBE, add_generation_prompt=True),
        )


def _retry_after_s(header: str | None) -> float:
    """What the server asks for, at most a minute; 0 where it asks nothing or gives a date."""
    try:
        return min(60.0, max(0.0, float(header or 0)))
    except ValueError:
        return 0.0
