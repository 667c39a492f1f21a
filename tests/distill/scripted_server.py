"""An OpenAI-compatible server on loopback that does what a script says, one line an attempt."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Reply = tuple[int, dict[str, str], bytes]
"""Status, headers, body; status 0 drops the connection."""


def answer(text: Any = "top_up", finish: Any = "stop", **more: Any) -> Reply:
    document = {
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        **more,
    }
    return 200, {}, json.dumps(document).encode()


class ScriptedServer:
    """Replies to the n-th attempt of each prompt with `script(prompt, n)`; remembers what it was asked, and when."""

    def __init__(
        self,
        script: Callable[[str, int], Reply],
        hold_s: float = 0.0,
        routes: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """`routes` gives the document at any other path, from the path and the body; without it there is none."""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.times: dict[str, list[float]] = defaultdict(list)
        self.most_at_once = 0
        at_once, lock, server = 0, threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # in one packet: else each reply waits 40 ms for an acknowledgement

            def do_POST(self) -> None:
                nonlocal at_once
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not self.path.endswith("/chat/completions"):
                    self.tell(body)
                    return
                prompt = body["messages"][-1]["content"]
                with lock:
                    at_once += 1
                    server.most_at_once = max(server.most_at_once, at_once)
                    attempt = len(server.times[prompt])
                    server.times[prompt].append(time.monotonic())
                    server.bodies.append(body)
                    server.headers.append(dict(self.headers))
                    server.paths.append(self.path)
                time.sleep(hold_s)
                status, headers, content = script(prompt, attempt)
                with lock:
                    at_once -= 1
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self.tell(None)

            def tell(self, body: Any) -> None:
                if routes is None:
                    self.send_error(404)
                    return
                content = json.dumps(routes(self.path, body)).encode()
                self.send_response(200)
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

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
