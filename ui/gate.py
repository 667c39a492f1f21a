"""What stands before Streamlit: nothing of it answers without a session, and each answer carries the security headers.

Covered: pages, the WebSocket, uploads, media and Streamlit's own files; the Host header (a name that an attacker points at
this machine), the Origin of what changes something, sessions that end while a page is open. A page that asks by itself
every few seconds is no sign of a person: only what a person did keeps a session awake. Not covered: what the browser's
own extensions see.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterable
from html import escape
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from streamlit.proto.BackMsg_pb2 import BackMsg

from appliance.home import Home
from appliance.people import sessions
from appliance.people.acting import Actor
from ui.access import COOKIE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = frozenset({"/login", "/logout", "/password", "/health", "/sign-on", "/oauth2callback"})
"""Routes of ours that see to sessions themselves."""
_SAFE = frozenset({"GET", "HEAD"})


class Gate:
    """ASGI middleware around the whole console."""

    def __init__(self, app: ASGIApp, home: Home, hosts: Iterable[str], secure: bool) -> None:
        self._app = app
        self._home = home
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        self._headers = fixed_headers(secure)
        self._scripts = inline_script_hashes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, headers, host)
            return
        send = self._with_headers(send, host if self._is_ours(host) else "", scope["path"])
        refused = await self._refused(scope, headers, host)
        await (refused or self._app)(scope, receive, send)

    async def _refused(self, scope: Scope, headers: Headers, host: str) -> Response | None:
        if not self._is_ours(host):
            return PlainTextResponse("This name is not one the console answers to.", 421)
        method, path = scope["method"], scope["path"]
        if method not in _SAFE and not same_origin(headers.get("origin"), host):
            return PlainTextResponse("Refused: asked for from another site.", 403)
        if path in OPEN:
            return None
        actor = await run_in_threadpool(self._actor, headers, True)
        if actor is not None and actor.roles:
            return None
        if method == "GET" and headers.get("sec-fetch-mode", "navigate") == "navigate":
            return self._way_in(scope, headers, actor)
        return PlainTextResponse("Sign in first.", 401)

    def _way_in(self, scope: Scope, headers: Headers, actor: Actor | None) -> Response:
        query = scope["query_string"].decode("latin-1")
        asked = scope["path"] + (f"?{query}" if query else "")
        if actor is None and headers.get("sec-fetch-site") == "cross-site":
            # A link in a mail: the browser keeps our cookie back. Asked again from a page of ours, it sends it.
            return HTMLResponse(
                '<!doctype html><html lang="en"><title>Stillhouse</title>'
                f'<meta http-equiv="refresh" content="0; url={escape(_here(asked), quote=True)}">'
                f'<a href="{escape(_here(asked), quote=True)}">Open the console</a></html>'
            )
        target = "/password" if actor is not None else f"/login?next={quote(_here(asked), safe='')}"
        return RedirectResponse(target, 303)

    async def _websocket(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, host: str
    ) -> None:
        allowed = self._is_ours(host) and same_origin(headers.get("origin"), host)
        actor = await run_in_threadpool(self._actor, headers, True) if allowed else None
        if actor is None or not actor.roles:
            await receive()  # the request to connect; a close before it is accepted is answered with 403
            await send({"type": "websocket.close", "code": 1008})
            return

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes"):
                message["bytes"] = await self._seen(message["bytes"], headers)
            return message

        await self._app(scope, watched, send)

    async def _seen(self, data: bytes, headers: Headers) -> bytes:
        """A message of the browser's. Once the session has ended, one that asks for part of a page asks for the whole
        page, which says that the session has ended and stops."""
        message = BackMsg()
        try:
            message.ParseFromString(data)
        except Exception:
            return data  # Streamlit closes the connection
        state = message.rerun_script
        actor = await run_in_threadpool(self._actor, headers, not state.is_auto_rerun)
        if (actor is None or not actor.roles) and state.fragment_id:
            state.fragment_id = ""
            state.is_auto_rerun = False
            return message.SerializeToString()
        return data

    def _actor(self, headers: Headers, touch: bool) -> Actor | None:
        secret = cookie(headers)
        return sessions.actor_of(self._home, secret, time.time(), touch=touch) if secret else None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name is not None and name.rstrip(".") in self._hosts

    def _with_headers(self, send: Send, host: str, path: str) -> Send:
        policy = content_policy(host, self._scripts)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers[name] = value
                headers["content-security-policy"] = policy
                if not path.startswith(
                    "/static/"
                ):  # Streamlit's own files may be kept; what they show may not
                    headers["cache-control"] = "no-store"
            await send(message)

        return sending


def cookie(headers: Headers) -> str | None:
    """The session's secret as the browser sent it."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None else None


def same_origin(origin: str | None, host: str) -> bool:
    """Browsers name the origin of each request that changes something, and of each WebSocket."""
    return origin is not None and bool(host) and urlsplit(origin).netloc.lower() == host.lower()


def _here(asked: str) -> str:
    """A path of this site: `//elsewhere` would be another one's."""
    return "/" + asked.lstrip("/\\")


def fixed_headers(secure: bool) -> tuple[tuple[str, str], ...]:
    headers = (
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),  # with `no-referrer` a form of ours would not name its origin
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), display-capture=(), usb=()"),
    )
    return (*headers, ("strict-transport-security", "max-age=31536000")) if secure else headers


def inline_script_hashes() -> tuple[str, ...]:
    """Of the scripts inside Streamlit's page: what the policy lets run beside files of ours."""
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    found = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    return tuple(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found
    )


def content_policy(host: str, scripts: Iterable[str]) -> str:
    """What the browser may load and run: this site's own, and nothing else."""
    sockets = f" ws://{host} wss://{host}" if host else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(scripts)}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self'{sockets}",
            "frame-src 'self' blob:",
            "worker-src 'self' blob:",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )
