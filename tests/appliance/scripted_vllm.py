"""The scripted chat endpoint as the program that `appliance.serve` starts: vLLM's command line and paths, none of its weights.

`stand_in` puts it where `python -m vllm.entrypoints.openai.api_server` finds it before the real one. Each request is noted
in the file that REQUESTS_SEEN names: which server, when, for which level.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.appliance.scripted_server import ScriptedServer

ROOT = Path(__file__).parents[2]
REQUESTS_SEEN = "STILLHOUSE_TEST_REQUESTS_SEEN"


def stand_in(folder: Path) -> dict[str, str]:
    """The environment in which this is what vLLM's module path names."""
    package = folder / "vllm" / "entrypoints" / "openai"
    package.mkdir(parents=True)
    for each in (package, *package.parents[:2]):
        (each / "__init__.py").touch()
    (package / "api_server.py").write_text("from tests.appliance.scripted_vllm import main\n\nmain()\n")
    return {"PYTHONPATH": f"{folder}:{ROOT}", REQUESTS_SEEN: str(folder / "seen.jsonl")}


def seen(folder: Path) -> list[dict[str, Any]]:
    """Of each request the server's `pid`, `at` (Unix time) and the `level` that it was sent for, in order."""
    path = folder / "seen.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


class _Served(ScriptedServer):
    model = ""

    def got(self, path: str) -> bytes:
        found = {"/health": b"", "/v1/models": json.dumps({"data": [{"id": self.model}]}).encode()}.get(path)
        if found is None:
            return super().got(path)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(found) + found

    async def answer(self, script: str, writer: asyncio.StreamWriter) -> None:
        told = {"pid": os.getpid(), "at": time.time(), "level": self.bodies[-1]["cache_salt"]}
        # One write: a kill leaves no half line.
        descriptor = os.open(os.environ[REQUESTS_SEEN], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, json.dumps(told).encode() + b"\n")
        os.close(descriptor)
        await super().answer(script, writer)


def main() -> None:
    options = dict(option.removeprefix("--").split("=", 1) for option in sys.argv[1:] if "=" in option)
    served = _Served(port=int(options["port"]))
    served.model = options["served-model-name"]

    async def serve() -> None:
        listener = await asyncio.start_server(served.connected, options["host"], served.port)
        await listener.serve_forever()

    asyncio.run(serve())
