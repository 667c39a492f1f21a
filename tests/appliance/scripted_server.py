"""A chat endpoint with known delays, written to the letter of what vLLM sends, for tests of who measures it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

TTFT_S = 0.05
GAP_S = 0.01
NUM_TOKENS = 8


@dataclass
class ScriptedServer:
    """Answers in the way the prompt's text names, with known delays, and notes when it really did what."""

    port: int = 0
    received_s: list[float] = field(default_factory=list)
    """The clock when each request was there."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    ttft_s: list[float] = field(default_factory=list)
    e2e_s: list[float] = field(default_factory=list)
    tpot_s: list[float] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    num_connections: int = 0
    num_in_flight: int = 0
    max_in_flight: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.num_connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET "):
                    writer.write(self.got(head.split()[1].decode()))
                    continue
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.bodies.append(body)
                self.num_in_flight += 1
                self.max_in_flight = max(self.max_in_flight, self.num_in_flight)
                try:
                    await self.answer(body["messages"][-1]["content"], writer)
                finally:
                    self.num_in_flight -= 1
        except (ConnectionError, EOFError):
            pass
        finally:
            writer.close()

    def got(self, path: str) -> bytes:
        """The whole answer to a GET."""
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    async def answer(self, script: str, writer: asyncio.StreamWriter) -> None:
        received = time.perf_counter()
        self.received_s.append(received)
        if script == "500":
            writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 6\r\n\r\nsecret")
            return
        if script == "garbage":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
            return
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        send(writer, event({"role": "assistant", "content": ""}))
        sent: list[float] = []
        num_tokens = {"empty": 0, "one": 1}.get(script, NUM_TOKENS)
        for index in range(num_tokens):
            await asyncio.sleep(GAP_S if index else TTFT_S)
            if script == "error" and index == 2:
                send(writer, b'data: {"error": {"message": "secret"}}\n\n')
                return
            if script == "drop" and index == 2:
                raise ConnectionResetError
            if script == "stall" and index == 2:
                await asyncio.sleep(30)
            send(writer, event({"content": f"{script}{index} "}), pieces=3 if script == "pieces" else 1)
            sent.append(time.perf_counter())
        usage = {"prompt_tokens": 5, "completion_tokens": num_tokens}
        # In one chunk: what ends an answer need not come in pieces.
        end = b"" if script == "cut" else event({}, "stop")
        send(writer, end + event(None, usage=usage) + b"data: [DONE]\n\n")
        if script == "ok":
            self.ttft_s.append(sent[0] - received)
            self.gaps_s += [later - earlier for earlier, later in pairwise(sent)]
            ended = time.perf_counter()
            self.e2e_s.append(ended - received)
            self.tpot_s.append((ended - sent[0]) / (num_tokens - 1))
        writer.write(b"0\r\n\r\n")


def event(
    delta: dict[str, str] | None, finish: str | None = None, usage: dict[str, int] | None = None
) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"choices": choices, "usage": usage}).encode() + b"\n\n"


def send(writer: asyncio.StreamWriter, data: bytes, pieces: int = 1) -> None:
    step = -(-len(data) // pieces)
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))


@asynccontextmanager
async def listening(scripted: ScriptedServer) -> AsyncIterator[None]:
    """In the event loop of who asks: no thread must be woken between what the server does and what the client sees."""
    listener = await asyncio.start_server(scripted.connected, "127.0.0.1", 0)
    scripted.port = listener.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        listener.close()


@contextmanager
def in_a_thread(scripted: ScriptedServer | None = None) -> Iterator[ScriptedServer]:
    scripted = scripted or ScriptedServer()
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    listeners: list[asyncio.Server] = []

    async def serve() -> None:
        listener = await asyncio.start_server(scripted.connected, "127.0.0.1", 0)
        listeners.append(listener)
        scripted.port = listener.sockets[0].getsockname()[1]

    def run() -> None:
        loop.run_until_complete(serve())
        # Only then: whoever is done at once stops the loop, which must be the one that runs for ever.
        loop.call_soon(ready.set)
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield scripted
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
