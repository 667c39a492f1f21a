"""A server on loopback that takes token ids and answers like vLLM, or as badly as a test asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

EOS = 2

Answer = Callable[[str, dict[str, Any]], tuple[int, Any]]
"""(path, body) -> status, document."""


def like_vllm(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Answers the prompt's length, counted down to 3, and its end; a token's log-probability is minus its id."""
    if path.endswith("_lora_adapter"):
        return 200, "Success"
    prompt = body["prompt"]
    if "prompt_logprobs" in body:
        positions = [{str(token): {"logprob": -float(token)}} for token in prompt[1:]]
        return 200, {"choices": [{"prompt_logprobs": [None, *positions]}]}
    choices = []
    for index in range(body["n"]):
        whole = [*range(len(prompt) + index + 2, 2, -1), EOS]
        ids = whole[: body["max_tokens"]]
        finish = "stop" if len(ids) == len(whole) else "length"
        logprobs = {"token_logprobs": [-float(token) for token in ids]}
        choices.append({"index": index, "token_ids": ids, "logprobs": logprobs, "finish_reason": finish})
    return 200, {"choices": choices[::-1]}


class TokenServer:
    """Answers with `answer`; remembers what it was asked."""

    def __init__(self, answer: Answer = like_vllm) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.keys: set[str | None] = set()
        lock, server = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    server.asked.append((self.path, body))
                    server.keys.add(self.headers.get("authorization"))
                status, document = answer(self.path, body)
                if status == 0:
                    self.close_connection = True
                    return
                content = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> TokenServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
