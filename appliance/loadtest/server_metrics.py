"""The engine's own figures of a level of load: what vLLM's /metrics says more after it than before.

They leave out the way to the client and back, and so tell a slow server from a slow client. Names are vLLM's
(docs.vllm.ai, Production Metrics); one that this version does not tell is None.
"""

from __future__ import annotations

import asyncio
import http.client
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_POLL_S = 0.5
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFigures:
    """Means over the requests that ended in the level, in seconds; peaks of what was seen twice a second."""

    ttft_mean_s: float | None
    tpot_mean_s: float | None
    e2e_mean_s: float | None
    queue_mean_s: float | None
    """In the queue before the first step of computation."""
    prefill_mean_s: float | None
    decode_mean_s: float | None
    running_max: int | None
    waiting_max: int | None
    preemptions: int | None
    """Requests put back because memory for attention state ran out."""
    prefix_hit_share: float | None
    """Of the prompts' tokens, those that the prefix cache held already."""


_MEANS = {
    "ttft_mean_s": "vllm:time_to_first_token_seconds",
    "tpot_mean_s": "vllm:request_time_per_output_token_seconds",
    "e2e_mean_s": "vllm:e2e_request_latency_seconds",
    "queue_mean_s": "vllm:request_queue_time_seconds",
    "prefill_mean_s": "vllm:request_prefill_time_seconds",
    "decode_mean_s": "vllm:request_decode_time_seconds",
}


def parse(text: str) -> dict[str, float]:
    """Values by name from the Prometheus text format, summed over their labels; buckets and comments are left out."""
    values: dict[str, float] = defaultdict(float)
    for line in text.splitlines():
        name = line.partition("{")[0].split(" ", 1)[0]
        if not line.startswith("#") and name and not name.endswith("_bucket"):
            try:
                value = float(line.rpartition("}")[2].split()[-1])
            except (ValueError, IndexError):
                continue
            values[name] += value
    return dict(values)


def figures(
    before: Mapping[str, float], after: Mapping[str, float], seen: list[Mapping[str, float]]
) -> ServerFigures:
    """What happened between two readings, `seen` being those in between."""

    def more(name: str) -> float | None:
        return after[name] - before.get(name, 0.0) if name in after else None

    def mean(name: str) -> float | None:
        total, count = more(f"{name}_sum"), more(f"{name}_count")
        return total / count if total is not None and count else None

    def peak(name: str) -> int | None:
        found = [reading[name] for reading in seen if name in reading]
        return int(max(found)) if found else None

    asked, hit = more("vllm:prefix_cache_queries_total"), more("vllm:prefix_cache_hits_total")
    preempted = more("vllm:num_preemptions_total")
    return ServerFigures(
        **{field: mean(name) for field, name in _MEANS.items()},
        running_max=peak("vllm:num_requests_running"),
        waiting_max=peak("vllm:num_requests_waiting"),
        preemptions=None if preempted is None else int(preempted),
        prefix_hit_share=hit / asked if asked and hit is not None else None,
    )


class ServerWatch:
    """Reads a server's /metrics before a level, now and then within it, and after. A server without it tells None."""

    def __init__(self, server_url: str) -> None:
        self._netloc = urlsplit(server_url).netloc
        self._before: Mapping[str, float] | None = None
        self._seen: list[Mapping[str, float]] = []
        self._poll: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        self._before = await asyncio.to_thread(self._read)
        if self._before is not None:
            self._poll = asyncio.create_task(self._go_on())

    async def end(self) -> ServerFigures | None:
        if self._poll is None or self._before is None:
            return None
        self._poll.cancel()
        after = await asyncio.to_thread(self._read)
        return None if after is None else figures(self._before, after, self._seen)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(_POLL_S)
            reading = await asyncio.to_thread(self._read)
            if reading is not None:
                self._seen.append(reading)

    def _read(self) -> Mapping[str, float] | None:
        connection = http.client.HTTPConnection(self._netloc, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            body = response.read()
            return parse(body.decode()) if response.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
