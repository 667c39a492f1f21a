"""Asks a chat endpoint over a socket of its own and takes the times of each answer.

The client reads HTTP from the socket itself: a general client library costs more per chunk than a small model takes
per token, and would measure itself.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request's outcome. Times in seconds from `started_s`."""

    prompt_index: int
    started_s: float = 0.0
    """The clock (`time.perf_counter`) just before the request was written; in an open loop, at its arrival as drawn."""
    late_s: float | None = None
    """Open loop: how long after that the request was written; None where it never was."""
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


def request_bytes(host: str, body: Mapping[str, object]) -> bytes:
    data = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


class _Refused(Exception):
    """The server said no; the text is a kind of failure."""


class Client:
    """One connection, kept open from request to request and opened anew after a failure."""

    def __init__(self, host: str, port: int, wire: Sequence[bytes], timeout_s: float) -> None:
        self._address = (host, port)
        self._wire = wire
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        if self._streams is not None:
            # Unanswered data is of no interest, and must not delay the next.
            self._streams[1].transport.abort()
            self._streams = None

    async def ask(self, prompt_index: int, due: float | None = None) -> Answer:
        """Sends a prompt now and waits for its answer; with `due` (of `time.perf_counter`) times count from then."""
        started = time.perf_counter() if due is None else due
        try:
            async with asyncio.timeout(self._timeout_s - (time.perf_counter() - started)):
                return await self._exchange(prompt_index, due)
        except TimeoutError:
            failure = "timeout"
        except _Refused as refused:
            failure = str(refused)
        except (OSError, EOFError):
            failure = "connection"
        except (ValueError, LookupError, asyncio.LimitOverrunError):
            failure = "protocol"
        self.close()
        return Answer(prompt_index=prompt_index, started_s=started, failure=failure)

    async def _exchange(self, prompt_index: int, due: float | None) -> Answer:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection(*self._address)
        texts: list[str] = []
        times: list[float] = []
        finish_reason, ended, usage = None, math.nan, None
        sent = time.perf_counter()
        started = sent if due is None else due
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
            started_s=started,
            late_s=None if due is None else sent - due,
            text="".join(texts),
            finish_reason=finish_reason,
            ttft_s=times[0] - started if times else None,
            e2e_s=ended - started,
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
