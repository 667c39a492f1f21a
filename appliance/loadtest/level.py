"""One level of load: n clients that each wait for their answer, or arrivals that wait for nobody.

A closed loop says what n users in parallel see; it cannot overload the server, so it does not find the rate at which
latency breaks down. The open loop does: requests come at times drawn beforehand, whether earlier ones were answered or
not, and a latency counts from the time drawn. Were it counted from the moment of sending, a server that stalls would
hold back the very requests that would have told of it (coordinated omission).

The clients share the CPU with a server that runs on the CPU: `client_lag_p99_s` says by how much their own clock
readings may be late.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from appliance.energy import EnergyMeter, Joules
from appliance.loadtest.client import Answer, Client, Messages, request_bytes
from appliance.loadtest.intervals import percentile
from appliance.loadtest.server_metrics import ServerFigures, ServerWatch

_LAG_PROBE_S = 0.005

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelResult:
    """All measured requests of one run of one level, in the order they ended."""

    concurrency: int | None
    """Clients of a closed loop; None in an open one."""
    offered_per_s: float | None
    """The rate of arrivals of an open loop; None in a closed one."""
    requests: tuple[Answer, ...] = field(repr=False)
    wall_s: float
    """From the first measured request to the end of the last, the level's thinning tail included."""
    num_warmup_failed: int
    num_prompts: int
    """Different prompts. Fewer than requests: some came again, and a prefix cache served them cheaper than new ones."""
    client_lag_p99_s: float | None
    """How late the client's event loop woke up; about 1 ms is the timer's grain, above 5 ms distrust the level."""
    server: ServerFigures | None = None
    """What the engine says of the same time; None where it was not asked or does not tell."""
    energy: Joules | None = None
    """What the device took in that time; None where it was not asked."""

    @property
    def failures(self) -> dict[str, int]:
        """How often which kind of failure."""
        return dict(Counter(answer.failure for answer in self.requests if answer.failure is not None))

    @property
    def answers(self) -> dict[int, Answer]:
        """By prompt index, what the server answered (first, if asked more than once); failed ones are absent."""
        found: dict[int, Answer] = {}
        for answer in self.requests:
            if answer.failure is None:
                found.setdefault(answer.prompt_index, answer)
        return found


def closed_loop(
    server_url: str,
    model: str,
    prompts: Sequence[Messages],
    *,
    concurrency: int,
    num_requests: int,
    max_tokens: int,
    warmup: int,
    first: int = 0,
    timeout_s: float = 120.0,
    cache_salt: str | None = None,
    watch: bool = False,
    energy: EnergyMeter | None = None,
    progress: Progress | None = None,
) -> LevelResult:
    """`concurrency` clients ask `prompts` in order from number `first`, over again if there are too few.

    The prompts before `first` are the warm-up. `server_url` is plain HTTP, without the /v1; answers are greedy.
    `cache_salt` (vLLM only) keeps what one level left in the prefix cache from the next: give each level its own.
    `watch` reads the engine's own figures too. `progress` gets (requests done, requests to do).
    Requests that fail are counted, not raised; raises ValueError for a level that could not be run as asked.
    """
    if not prompts or not 1 <= concurrency <= num_requests:
        raise ValueError(
            f"{len(prompts)} prompts and {num_requests} requests do not make up {concurrency} clients"
        )
    connect = _connector(server_url, model, prompts, max_tokens, cache_salt, timeout_s)
    clients = [connect() for _ in range(concurrency)]
    order = [(first + index) % len(prompts) for index in range(num_requests)]
    warmup_order = [(first - 1 - index) % len(prompts) for index in range(warmup)]

    async def level() -> LevelResult:
        warmed = await closed_round(clients, warmup_order)
        return await _measured(
            lambda: closed_round(clients, order, progress or _untold),
            clients,
            warmed,
            watch=ServerWatch(server_url) if watch else None,
            energy=energy,
            concurrency=concurrency,
        )

    return asyncio.run(level())


def open_loop(
    server_url: str,
    model: str,
    prompts: Sequence[Messages],
    *,
    rate_per_s: float,
    num_requests: int,
    seed: int,
    max_tokens: int,
    warmup: int,
    first: int = 0,
    timeout_s: float = 120.0,
    cache_salt: str | None = None,
    watch: bool = False,
    energy: EnergyMeter | None = None,
    progress: Progress | None = None,
) -> LevelResult:
    """Requests at the times that `arrivals` draws; each on a connection that is free, or on a new one.

    All times of an answer count from its arrival as drawn, and so does `timeout_s`. The rest is as in `closed_loop`.
    """
    if not prompts or num_requests < 1 or rate_per_s <= 0:
        raise ValueError(
            f"{len(prompts)} prompts and {num_requests} requests at {rate_per_s} a second do not make up a level"
        )
    connect = _connector(server_url, model, prompts, max_tokens, cache_salt, timeout_s)
    times = arrivals(rate_per_s, num_requests, seed)
    order = [(first + index) % len(prompts) for index in range(num_requests)]
    warmup_order = [(first - 1 - index) % len(prompts) for index in range(warmup)]

    async def level() -> LevelResult:
        clients = [connect()]
        warmed = await closed_round(clients, warmup_order)
        return await _measured(
            lambda: open_stream(clients, connect, times, order, progress or _untold),
            clients,
            warmed,
            watch=ServerWatch(server_url) if watch else None,
            energy=energy,
            offered_per_s=rate_per_s,
        )

    return asyncio.run(level())


def arrivals(rate_per_s: float, count: int, seed: int) -> list[float]:
    """Seconds from the start to each of `count` arrivals of a Poisson process: gaps drawn from an exponential."""
    source = random.Random(seed)
    times, now = [], 0.0
    for _ in range(count):
        now += source.expovariate(rate_per_s)
        times.append(now)
    return times


def _untold(done: int, total: int) -> None:
    """Progress that nobody asked for."""


def _connector(
    server_url: str,
    model: str,
    prompts: Sequence[Messages],
    max_tokens: int,
    cache_salt: str | None,
    timeout_s: float,
) -> Callable[[], Client]:
    url = urlsplit(server_url)
    host = url.hostname
    if url.scheme != "http" or host is None:
        raise ValueError(f"server_url is {server_url!r}: give http://host:port")
    body: dict[str, object] = {"model": model, "max_tokens": max_tokens, "temperature": 0, "stream": True}
    body["stream_options"] = {"include_usage": True}
    if cache_salt is not None:
        body["cache_salt"] = cache_salt
    # Before the clock runs.
    wire = [request_bytes(url.netloc, body | {"messages": list(prompt)}) for prompt in prompts]
    return lambda: Client(host, url.port or 80, wire, timeout_s)


async def _measured(
    run: Callable[[], Awaitable[list[Answer]]],
    clients: Sequence[Client],
    warmed: Sequence[Answer],
    *,
    watch: ServerWatch | None,
    energy: EnergyMeter | None,
    concurrency: int | None = None,
    offered_per_s: float | None = None,
) -> LevelResult:
    """The measured part. `clients` may grow while it runs."""
    if watch is not None:
        await watch.begin()
    before = None if energy is None else energy.read()
    lags: list[float] = []
    probe = asyncio.create_task(_probe_lag(lags))
    started = time.perf_counter()
    try:
        answers = await run()
        wall_s = time.perf_counter() - started
    finally:
        probe.cancel()
        for client in clients:
            client.close()
    return LevelResult(
        concurrency=concurrency,
        offered_per_s=offered_per_s,
        requests=tuple(answers),
        wall_s=wall_s,
        num_warmup_failed=sum(answer.failure is not None for answer in warmed),
        num_prompts=len({answer.prompt_index for answer in answers}),
        client_lag_p99_s=percentile(lags, 0.99),
        energy=None if energy is None or before is None else energy.since(before),
        server=None if watch is None else await watch.end(),
    )


async def closed_round(
    clients: Sequence[Client], order: Sequence[int], progress: Progress = _untold
) -> list[Answer]:
    """Each client asks for the next of `order` when its last was answered; answers as they come in."""
    todo = iter(order)
    answers: list[Answer] = []

    async def work(client: Client) -> None:
        for prompt_index in todo:
            answers.append(await client.ask(prompt_index))
            progress(len(answers), len(order))

    await asyncio.gather(*(work(client) for client in clients))
    return answers


async def open_stream(
    clients: list[Client],
    connect: Callable[[], Client],
    times: Sequence[float],
    order: Sequence[int],
    progress: Progress = _untold,
) -> list[Answer]:
    """Asks `order` at `times` (seconds from now) on a free client or a new one, which joins `clients`."""
    free = list(clients)
    answers: list[Answer] = []
    start = time.perf_counter()

    async def ask(prompt_index: int, due: float) -> None:
        if not free:
            clients.append(connect())
            free.append(clients[-1])
        client = free.pop()
        answers.append(await client.ask(prompt_index, due))
        free.append(client)
        progress(len(answers), len(order))

    asked: list[asyncio.Task[None]] = []
    for after, prompt_index in zip(times, order, strict=True):
        await asyncio.sleep(max(0.0, start + after - time.perf_counter()))
        asked.append(asyncio.create_task(ask(prompt_index, start + after)))
    await asyncio.gather(*asked)
    return answers


async def _probe_lag(lags: list[float]) -> None:
    while True:
        due = time.perf_counter() + _LAG_PROBE_S
        await asyncio.sleep(_LAG_PROBE_S)
        lags.append(time.perf_counter() - due)
