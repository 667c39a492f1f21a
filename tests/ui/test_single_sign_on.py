"""Single sign-on against a provider of OpenID Connect that runs on this machine: who it vouches for gets in, and nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from appliance.home import Home, HomeError
from appliance.people import accounts, passwords, sessions
from appliance.people.acting import Actor, Role
from tests.ui.browser import free_port
from ui import login, single_sign_on
from ui.access import COOKIE
from ui.gate import Gate

HERE = "http://localhost"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class Provider:
    """Vouches for one person, in the way that a test asks for."""

    port: int
    claims: dict[str, Any] = field(
        default_factory=lambda: {"email": "vera@example.org", "email_verified": True}
    )
    key: RSAKey = field(default_factory=lambda: KEY)
    nonces: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def settings(self, request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        self.asked.append(asked)
        self.nonces["code-1"] = asked["nonce"]
        return RedirectResponse(f"{asked['redirect_uri']}?code=code-1&state={asked['state']}")

    async def token(self, request: Request) -> JSONResponse:
        now = int(time.time())
        told = {"iss": self.address, "aud": "stillhouse", "sub": "7", "iat": now, "exp": now + 60}
        told |= {"nonce": self.nonces["code-1"]} | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, told, self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})

    async def keys(self, request: Request) -> JSONResponse:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider(free_port())
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", made.settings),
            Route("/authorize", made.authorize),
            Route("/token", made.token, methods=["POST"]),
            Route("/keys", made.keys),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=made.port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield made
    server.should_exit = True
    thread.join()


def write_settings(home: Home, address: str, mode: int = 0o600, more: str = "") -> None:
    path = home.root / single_sign_on.FILE
    path.write_text(
        f'[auth]\nclient_id = "stillhouse"\nclient_secret = "s"\nredirect_uri = "{HERE}/oauth2callback"\n'
        f'server_metadata_url = "{address}/.well-known/openid-configuration"\n{more}'
    )
    path.chmod(mode)


@pytest.fixture
def client(home: Home, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    write_settings(home, provider.address)
    monkeypatch.setattr(passwords, "hashed", lambda password: "no hash")
    setup = Actor("setup", frozenset({Role.ADMINISTRATOR}), "shell")
    accounts.create(home, setup, "ada", [Role.ADMINISTRATOR])
    accounts.create(home, setup, "vera", [Role.VIEWER], "vera@example.org")
    return console(home)


def console(home: Home) -> TestClient:
    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse("inside")

    app = Starlette(
        routes=[*login.routes(home, False, "code"), Route("/{path:path}", inside)],
        middleware=[
            Middleware(Gate, home=home, hosts=["localhost"], secure=False),
            Middleware(SessionMiddleware, secret_key="for this test"),
        ],
    )
    return TestClient(app, base_url=HERE, follow_redirects=False)


def come_back(client: TestClient) -> Any:
    """What the console answers to somebody whom the provider has sent back."""
    away = client.get("/sign-on")
    assert away.status_code == 302
    back = httpx.get(away.headers["location"]).headers["location"]
    return client.get("/oauth2callback?" + urlsplit(back).query)


def test_who_is_vouched_for_gets_in_with_the_accounts_roles(client: TestClient, home: Home) -> None:
    found = come_back(client)
    assert found.status_code == 303 and found.headers["location"] == "/"
    actor = sessions.actor_of(home, client.cookies[COOKIE], time.time())
    assert actor is not None and (actor.name, actor.roles) == ("vera", {Role.VIEWER})
    assert client.get("/data").text == "inside"
    assert "samesite=strict" in found.headers["set-cookie"].lower()


def test_the_provider_is_asked_with_state_nonce_and_a_proof_key(
    client: TestClient, provider: Provider
) -> None:
    come_back(client)
    (asked,) = provider.asked
    assert asked["state"] and asked["nonce"] and asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "email"}


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.org", "email_verified": True},
        {"email": "vera@example.org", "email_verified": False},
        {"email": "vera@example.org"},
        {"email_verified": True},
        {"email": ["vera@example.org"], "email_verified": True},
        {"email": "vera@example.org", "email_verified": True, "aud": "another"},
        {"email": "vera@example.org", "email_verified": True, "nonce": "another"},
        {"email": "vera@example.org", "email_verified": True, "exp": 1},
        {"email": "vera@example.org", "email_verified": True, "iss": "http://evil.example"},
    ],
)
def test_nobody_else_does(client: TestClient, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    found = come_back(client)
    assert found.status_code == 403 and COOKIE not in client.cookies
    assert 'role="alert"' in found.text


def test_an_answer_signed_with_another_key_is_refused(client: TestClient, provider: Provider) -> None:
    provider.key = OTHER
    assert come_back(client).status_code == 403 and COOKIE not in client.cookies


def test_an_answer_that_nobody_asked_for_is_refused(client: TestClient) -> None:
    assert client.get("/oauth2callback?code=code-1&state=made-up").status_code == 403
    assert COOKIE not in client.cookies


def test_an_answer_counts_once(client: TestClient) -> None:
    away = client.get("/sign-on").headers["location"]
    query = urlsplit(httpx.get(away).headers["location"]).query
    assert parse_qs(query)["code"] == ["code-1"]
    assert client.get(f"/oauth2callback?{query}").status_code == 303
    client.cookies.delete(COOKIE)
    assert client.get(f"/oauth2callback?{query}").status_code == 403


def test_a_provider_that_is_not_there_is_told_in_one_sentence(home: Home, client: TestClient) -> None:
    write_settings(home, f"http://127.0.0.1:{free_port()}")
    found = console(home).get("/sign-on")
    assert found.status_code == 502 and "cannot be reached" in found.text


def test_the_login_page_offers_it_where_the_site_has_it(client: TestClient, home: Home) -> None:
    assert "/sign-on" in client.get("/login").text
    (home.root / single_sign_on.FILE).unlink()
    assert "/sign-on" not in console(home).get("/login").text
    assert console(home).get("/sign-on").headers["location"] == "/login"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda home: write_settings(home, "http://x", mode=0o644), "chmod 600"),
        (lambda home: write_settings(home, "http://x", more='scope = "all"\n'), "nothing else"),
        (lambda home: (home.root / single_sign_on.FILE).write_text("[auth"), "no TOML"),
    ],
)
def test_settings_that_are_not_right_stop_the_console(
    home: Home, spoil: Callable[[Home], None], said: str
) -> None:
    spoil(home)
    with pytest.raises(HomeError, match=said):
        single_sign_on.sign_on(home)
