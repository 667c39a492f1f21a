"""The pages before the console: sign in, the first administrator, a new password. Plain HTML that works without scripts."""

from __future__ import annotations

import hmac
import time
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from appliance.home import Home
from appliance.people import accounts, passwords, sessions
from ui import single_sign_on, theme
from ui.access import COOKIE
from ui.gate import cookie

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request

_STATIC = Path(__file__).with_name("static")
_MAX_FORM_BYTES = 8192


class Refused(Exception):
    """One sentence for whoever filled in the form."""


_SENTENCES = (Refused, sessions.LogInRefused, accounts.AccountError, passwords.WeakPassword)


def routes(home: Home, secure: bool, setup_code: str) -> list[Route]:
    """The routes that answer without a session. `setup_code` is what the first administrator has to know: it is shown in
    the terminal only, so that nobody else who reaches the address can take the console over."""
    pages = _Pages(home, secure, setup_code)
    return [
        Route("/login", pages.login, methods=["GET", "POST"]),
        Route("/password", pages.password, methods=["GET", "POST"]),
        Route("/logout", pages.logout, methods=["GET"]),
        Route("/sign-on", pages.sign_on, methods=["GET"]),
        Route("/oauth2callback", pages.signed_on, methods=["GET"]),
        Route("/health", _health, methods=["GET"]),
    ]


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok")


class _Pages:
    def __init__(self, home: Home, secure: bool, setup_code: str) -> None:
        self._home, self._secure, self._setup_code = home, secure, setup_code
        self._site = single_sign_on.sign_on(home)

    async def login(self, request: Request) -> Response:
        following = _local(request.query_params.get("next", "/"))
        first = await run_in_threadpool(sessions.first_start, self._home)
        if request.method == "GET":
            if await run_in_threadpool(self._is_signed_in, request.headers):
                return RedirectResponse(following, 303)
            return _page(_first_form() if first else self._login_form())
        form = await _form(request)
        try:
            secret = await run_in_threadpool(self._signed_in, form, _peer(request), first)
        except _SENTENCES as error:
            return _page((_first_form if first else self._login_form)(form.get("name", ""), str(error)), 403)
        return self._welcome(secret, following)

    def _login_form(self, name: str = "", problem: str = "") -> str:
        form = _login_form(name, problem)
        return (
            form
            if self._site is None
            else f'{form}<p class="other"><a href="/sign-on">Single sign-on</a></p>'
        )

    async def sign_on(self, request: Request) -> Response:
        if self._site is None or sessions.first_start(self._home):
            return RedirectResponse("/login", 303)
        try:
            return await single_sign_on.begin(self._site, request)
        except single_sign_on.SignOnRefused as error:
            return _page(self._login_form("", str(error)), 502)

    async def signed_on(self, request: Request) -> Response:
        if self._site is None or sessions.first_start(self._home):
            return RedirectResponse("/login", 303)
        try:
            secret = await single_sign_on.finish(self._site, request, self._home, _peer(request))
        except (single_sign_on.SignOnRefused, sessions.LogInRefused) as error:
            return _page(self._login_form("", str(error)), 403)
        return self._welcome(secret, "/")

    def _is_signed_in(self, headers: Headers) -> bool:
        kept = cookie(headers)
        return kept is not None and sessions.actor_of(self._home, kept, time.time()) is not None

    def _signed_in(self, form: dict[str, str], peer: str, first: bool) -> str:
        name, password = form.get("name", "").strip(), form.get("password", "")
        if first:
            if not hmac.compare_digest(form.get("code", "").strip().encode(), self._setup_code.encode()):
                raise Refused(
                    "That is not the setup code: it stands in the terminal, or in the service's log."
                )
            _twice(form)
            accounts.create_first(self._home, name, password)
        return sessions.log_in(self._home, name, password, time.time(), peer)

    async def password(self, request: Request) -> Response:
        secret = cookie(request.headers)
        if secret is None:
            return RedirectResponse("/login?next=/password", 303)
        actor = await run_in_threadpool(sessions.actor_of, self._home, secret, time.time())
        if actor is None:
            return RedirectResponse("/login?next=/password", 303)
        one_time = not actor.roles
        if request.method == "GET":
            return _page(_password_form(actor.name, one_time))
        form = await _form(request)

        def change() -> str:
            _twice(form)
            old, new = form.get("old", ""), form.get("password", "")
            return sessions.change_password(self._home, secret, old, new, time.time())

        try:
            fresh = await run_in_threadpool(change)
        except _SENTENCES as error:
            return _page(_password_form(actor.name, one_time, str(error)), 403)
        return self._welcome(fresh, "/")

    async def logout(self, request: Request) -> Response:
        # The cookie is SameSite=Strict: another site's link cannot sign anybody out.
        secret = cookie(request.headers)
        if secret:
            await run_in_threadpool(sessions.log_out, self._home, secret)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/", secure=self._secure, httponly=True, samesite="strict")
        return answer

    def _welcome(self, secret: str, following: str) -> Response:
        answer = RedirectResponse(following, 303)
        answer.set_cookie(
            COOKIE, secret, path="/", secure=self._secure, httponly=True, samesite="strict"
        )  # no lifetime: it goes when the browser is closed
        return answer


def _twice(form: dict[str, str]) -> None:
    if form.get("password", "") != form.get("again", ""):
        raise Refused("The two passwords differ: write the same one twice.")


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            return {}
    told = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=16)
    return {name: values[0] for name, values in told.items()}


def _peer(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _local(asked: str) -> str:
    """Where to go afterwards: a path of this site, whatever the link said."""
    return "/" + asked.lstrip("/\\") if asked.isprintable() else "/"


def _login_form(name: str = "", problem: str = "") -> str:
    return _form_html(
        "Sign in",
        "",
        _field("name", "Name", "username", value=name) + _field("password", "Password", "current-password"),
        "Sign in",
        problem,
    )


def _first_form(name: str = "", problem: str = "") -> str:
    lead = (
        "Nobody has an account here yet. Make the first administrator's. The setup code stands in the terminal "
        "in which the console was started, or in the service's log."
    )
    fields = (
        _field("code", "Setup code", "off", kind="text")
        + _field("name", "Name", "username", value=name)
        + _field("password", f"Password, at least {passwords.SHORTEST} characters", "new-password")
        + _field("again", "The same password again", "new-password")
    )
    return _form_html("First start", lead, fields, "Create and sign in", problem)


def _password_form(name: str, one_time: bool, problem: str = "") -> str:
    lead = (
        "Your password was set by somebody else. Choose one that only you know."
        if one_time
        else f"You are signed in as {name}. Your other sessions end."
    )
    fields = (
        _field("old", "Password now", "current-password")
        + _field("password", f"New password, at least {passwords.SHORTEST} characters", "new-password")
        + _field("again", "The new password again", "new-password")
    )
    return _form_html("New password", lead, fields, "Change password", problem)


def _field(name: str, label: str, autocomplete: str, kind: str = "", value: str = "") -> str:
    kind = kind or ("text" if name == "name" else "password")
    return (
        f'<label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{autocomplete}" '
        f'value="{escape(value, quote=True)}" required autocapitalize="none" spellcheck="false">'
    )


def _form_html(title: str, lead: str, fields: str, button: str, problem: str) -> str:
    return (
        f"<h1>{escape(title)}</h1>"
        + (f"<p>{escape(lead)}</p>" if lead else "")
        + (f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "")
        + f'<form method="post">{fields}<button>{escape(button)}</button></form>'
    )


def _page(body: str, status: int = 200) -> Response:
    style = f":root{{color-scheme:light dark;{theme.css_variables()}}}" + _read("login.css")
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stillhouse</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:image/svg+xml,{quote(_read("icon.svg"), safe="")}">'
        f"<style>{style}</style></head><body><main>{_read('icon.svg')}<p class=name>Stillhouse</p>{body}</main></body></html>",
        status,
    )


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
