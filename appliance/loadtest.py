"""Measures a chat endpoint in a closed loop: each of n clients sends its next request when the last one is answered.

A closed loop says what n users in parallel see; it cannot overload the server, so it does not find the rate at which
latency breaks down. The client reads HTTP from the socket itself: a general client library costs more per chunk than a
small model takes per token, and would measure itself. It shares the CPU with a server that runs on the CPU:
`client_lag_p99_s` says by how much its own clock readings may be late.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

Messages = Sequence[Mapping[str, str]]
_LAG_PROBE_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadtestSettings:
    concurrency: tuple[int, ...] = (1, 4, 16)
    """Clients in parallel; one level, and one row of results, each."""
    requests_per_level: int = 64
    """Measured requests; with fewer than 1,000 a p99 is one or two requests."""
    warmup_requests: int = 4
    """Sent first and not measured, at each level."""
    max_tokens: int = 64
    """Longest answer, in tokens."""
    request_timeout_s: float = 120.0
    """A request that takes longer counts as failed."""

    def __post_init__(self) -> None:
        if not self.concurrency or min(self.concurrency) < 1:
            raise ValueError("concurrency needs at least one level, each 1 or more")
        if self.requests_per_level < max(self.concurrency):
            raise ValueError(
                f"requests_per_level is {self.requests_per_level}, below concurrency {max(self.concurrency)}: raise it"
            )
        if self.warmup_requests < 0 or self.max_tokens < 1 or self.request_timeout_s <= 0:
            raise ValueError("warmup_requests must be 0 or more, max_tokens and request_timeout_s above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request's outcome. Times in seconds from the moment before the request was written."""

    prompt_index: int
    failure: str | None = None
    """None, or what went wrong: http_<status>, timeout, connection, protocol, server_error. Never the server's text."""
    text: str = field(default="", repr=False)
    finish_reason: str | None = None
    ttft_s: float | None = None
    """To the first chunk with text; None for an empty answer."""
    e2e_s: float | None = None
    """To the chunk that ends the answer."""
    gaps_s: tuple[float, ...] = field(default=(), repr=False)
    """Between chunks with text: inter-token latency, where the server sends each token by itself (vLLM does unless its
    reader is slow)."""
    prompt_tokens: int = 0
    output_tokens: int = 0

    @property
    def tpot_s(self) -> float | None:
        """Time per output token after the first: (e2e - TTFT) / (output tokens - 1)."""
        if self.e2e_s is None or self.ttft_s is None or self.output_tokens < 2:
            return None
        return (self.e2e_s - self.ttft_s) / (self.output_tokens - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelResult:
    """All measured requests of one level of concurrency, in the order they ended."""

    concurrency: int
    requests: tuple[Answer, ...] = field(repr=False)
    wall_s: float
    """From the first measured request to the end of the last, the level's thinning tail included."""
    num_warmup_failed: int
    num_prompts: int
    """Different prompts. Fewer than requests: some came again, and a prefix cache served them cheaper than new ones."""
    client_lag_p99_s: float | None
    """How late the client's event loop woke up; about 1 ms is the timer's grain, above 5 ms distrust the level."""

    @property
    def failures(self) -> dict[str, int]:
        """How often which kind of failure."""
        return dict(Counter(answer.failure for answer in self.requests if answer.failure is not None))

    @property
    def answers(self) -> dict[int, str]:
        """By prompt index, what the server answered (first, if asked more than once); failed ones are absent."""
        texts: dict[int, str] = {}
        for answer in self.requests:
            if answer.failure is None:
                texts.setdefault(answer.prompt_index, answer.text)
        return texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """One row of a serving benchmark. Latencies and rates are of the requests that succeeded; None: there was none."""

    arm: str
    engine: str
    device: str
    concurrency: int
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    ttft_p99_s: float | None
    tpot_p50_s: float | None
    tpot_p95_s: float | None
    itl_p50_s: float | None
    itl_p95_s: float | None
    e2e_p50_s: float | None
    e2e_p95_s: float | None
    e2e_p99_s: float | None
    output_tokens_per_s: float | None
    requests_per_s: float | None
    mean_prompt_tokens: float | None
    mean_output_tokens: float | None
    num_ok: int
    num_failed: int
    wall_s: float


def percentile(values: Sequence[float], share: float) -> float | None:
    """The `share` quantile (in [0, 1]), linear between neighbours (numpy's default); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def summarise(level: LevelResult, *, arm: str, engine: str, device: str) -> Serving:
    good = [answer for answer in level.requests if answer.failure is None]
    ttft = [answer.ttft_s for answer in good if answer.ttft_s is not None]
    tpot = [answer.tpot_s for answer in good if answer.tpot_s is not None]
    e2e = [answer.e2e_s for answer in good if answer.e2e_s is not None]
    itl = [gap for answer in good for gap in answer.gaps_s]
    output_tokens = sum(answer.output_tokens for answer in good)
    return Serving(
        arm=arm,
        engine=engine,
        device=device,
        concurrency=level.concurrency,
        ttft_p50_s=percentile(ttft, 0.50),
        ttft_p95_s=percentile(ttft, 0.95),
        ttft_p99_s=percentile(ttft, 0.99),
        tpot_p50_s=percentile(tpot, 0.50),
        tpot_p95_s=percentile(tpot, 0.95),
        itl_p50_s=percentile(itl, 0.50),
        itl_p95_s=percentile(itl, 0.95),
        e2e_p50_s=percentile(e2e, 0.50),
        e2e_p95_s=percentile(e2e, 0.95),
        e2e_p99_s=percentile(e2e, 0.99),
        output_tokens_per_s=output_tokens / level.wall_s if good else None,
        requests_per_s=len(good) / level.wall_s if good else None,
        mean_prompt_tokens=sum(answer.prompt_tokens for answer in good) / len(good) if good else None,
        mean_output_tokens=output_tokens / len(good) if good else None,
        num_ok=len(good),
        num_failed=len(level.requests) - len(good),
        wall_s=level.wall_s,
    )


def closed_loop(
    server_url: str,
    model: str,
    prompts: Sequence[Messages],
    *,
    concurrency: int,
    num_requests: int,
    max_tokens: int,
    warmup: int,
    timeout_s: float = 120.0,
    stop: Sequence[str] = (),
    cache_salt: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LevelResult:
    """Ask `prompts` in order, over again if there are fewer than `num_requests`, and the last ones as warm-up.

    `server_url` is plain HTTP, without the /v1; answers are greedy. `cache_salt` (vLLM only) keeps what one level left
    in the prefix cache from the next: give each level its own. `progress` gets (requests done, requests to do).
    Requests that fail are counted, not raised; raises ValueError for a level that could not be run as asked.
    """
    url = urlsplit(server_url)
    if url.scheme != "http" or url.hostname is None:
        raise ValueError(f"server_url is {server_url!r}: give http://host:port")
    if not prompts or not 1 <= concurrency <= num_requests:
        raise ValueError(
            f"{len(prompts)} prompts and {num_requests} requests do not make up {concurrency} clients"
        )
    body: dict[str, object] = {"model": model, "max_tokens": max_tokens, "temperature": 0, "stream": True}
    body["stream_options"] = {"include_usage": True}
    if stop:
        body["stop"] = list(stop)
    if cache_salt is not None:
        body["cache_salt"] = cache_salt
    wire = [
        _post(url.netloc, body | {"messages": list(prompt)}) for prompt in prompts
    ]  # before the clock runs
    clients = [_Client(url.hostname, url.port or 80, wire, timeout_s) for _ in range(concurrency)]
    order = [index % len(prompts) for index in range(num_requests)]
    warmup_order = [-1 - index % len(prompts) for index in range(warmup)]
    return asyncio.run(_level(clients, warmup_order, order, progress or (lambda done, total: None)))


def _post(host: str, body: Mapping[str, object]) -> bytes:
    data = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


async def _level(
    clients: Sequence[_Client],
    warmup_order: Sequence[int],
    order: Sequence[int],
    progress: Callable[[int, int], None],
) -> LevelResult:
    warmed = await _round(clients, warmup_order, lambda done, total: None)
    lags: list[float] = []
    probe = asyncio.create_task(_probe_lag(lags))
    started = time.perf_counter()
    try:
        answers = await _round(clients, order, progress)
        wall_s = time.perf_counter() - started
    finally:
        probe.cancel()
        for client in clients:
            client.close()
    return LevelResult(
        concurrency=len(clients),
        requests=tuple(answers),
        wall_s=wall_s,
        num_warmup_failed=sum(answer.failure is not None for answer in warmed),
        num_prompts=len(set(order)),
        client_lag_p99_s=percentile(lags, 0.99),
    )


async def _round(
    clients: Sequence[_Client], order: Sequence[int], progress: Callable[[int, int], None]
) -> list[Answer]:
    todo = iter(order)
    answers: list[Answer] = []

    async def work(client: _Client) -> None:
        for prompt_index in todo:
            answers.append(await client.ask(prompt_index))
            progress(len(answers), len(order))

    await asyncio.gather(*(work(client) for client in clients))
    return answers


async def _probe_lag(lags: list[float]) -> None:
    while True:
        due = time.perf_counter() + _LAG_PROBE_S
        await asyncio.sleep(_LAG_PROBE_S)
        lags.append(time.perf_counter() - due)


class _Refused(Exception):
    """The server said no; the text is a kind of failure."""


class _Client:
    """One connection, kept open from request to request and opened anew after a failure."""

    def __init__(self, host: str, port: int, wire: Sequence[bytes], timeout_s: float) -> None:
        self._address = (host, port)
        self._wire = wire
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[
                1
            ].transport.abort()  # unanswered data is of no interest, and must not delay the next
            self._streams = None

    async def ask(self, prompt_index: int) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(prompt_index)
        except TimeoutError:
            failure = "timeout"
        except _Refused as refused:
            failure = str(refused)
        except (OSError, EOFError):
            failure = "connection"
        except (ValueError, LookupError, asyncio.LimitOverrunError):
            failure = "protocol"
        self.close()
        return Answer(prompt_index=prompt_index, failure=failure)

    async def _exchange(self, prompt_index: int) -> Answer:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection(*self._address)
        texts: list[str] = []
        times: list[float] = []
        finish_reason, ended, usage = None, math.nan, None
        sent = time.perf_counter()
        self._streams[1].write(self._wire[prompt_index])
        async for event in _events(self._streams[0]):
            now = time.perf_counter()
            if event.strip() == b"[DONE]":
                continue
            message = json.loads(event)
            if "error" in message:
                raise _Refused("server_error")
            for choice in message["choices"]:
                if choice["delta"].get("content"):
                    texts.append(choice["delta"]["content"])
                    times.append(now)
                if choice["finish_reason"] is not None:
                    finish_reason, ended = choice["finish_reason"], now
            usage = message.get("usage") or usage
        if finish_reason is None or usage is None:
            raise ValueError("the stream ended without an end")
        return Answer(
            prompt_index=prompt_index,
            text="".join(texts),
            finish_reason=finish_reason,
            ttft_s=times[0] - sent if times else None,
            e2e_s=ended - sent,
            gaps_s=tuple(later - earlier for earlier, later in pairwise(times)),
            prompt_tokens=usage["prompt_tokens"],
            output_tokens=usage["completion_tokens"],
        )


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The data of each server-sent event of one chunked HTTP response, as they come in."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(maxsplit=2)[1])
    if status != 200:
        raise _Refused(f"http_{status}")
    if b"transfer-encoding: chunked" not in head.lower():
        raise ValueError("not a stream")
    pending = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        pending += (await reader.readexactly(size + 2))[:-2]
        *events, pending = pending.split(b"\n\n")
        for event in events:
            if event.startswith(b"data:"):
                yield event[5:]
    await reader.readuntil(b"\r\n")  # past the last chunk: the next answer begins here
