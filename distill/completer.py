"""One way to ask a model, whichever it is: recorded answers, a served model, or one in this process."""

from __future__ import annotations

import concurrent.futures
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from distill.values import Completion, Request


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

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answers as they come. What is refused for good (4xx) or fails `max_attempts` times comes with its error."""
        import httpx

        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        limits = httpx.Limits(max_connections=self.concurrency)
        # trust_env is off: a proxy variable on the host must not carry prompts anywhere.
        with (
            httpx.Client(headers=headers, timeout=self.timeout_s, limits=limits, trust_env=False) as client,
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

        body = {
            "model": self.model,
            "messages": request.messages,
            "max_tokens": self.max_tokens,
            "temperature": 0,
        }
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
        return Completion(record_id, text, known, self.model, *tokens)


def _retry_after_s(header: str | None) -> float:
    """What the server asks for, at most a minute; 0 where it asks nothing or gives a date."""
    try:
        return min(60.0, max(0.0, float(header or 0)))
    except ValueError:
        return 0.0
