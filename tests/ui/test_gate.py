"""Nothing of Streamlit answers without a session: the gate and the login pages around an application that says yes to all."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from appliance.home import Home
from appliance.people import accounts, sessions
from appliance.people.acting import Role
from ui import login
from ui.access import COOKIE
from ui.gate import Gate, inline_script_hashes, same_origin

HERE = "http://localhost"
STREAM = "ws://localhost/_stcore/stream"
CODE = "aaaa-bbbb-cccc"
PASSWORD = "four plain words here"
pytestmark = pytest.mark.usefixtures("little_work")
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": HERE}


async def everything(request: Any) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_bytes(await socket.receive_bytes())


@pytest.fixture
def client(home: Home) -> TestClient:
    routes = [
        *login.routes(home, False, CODE),
        WebSocketRoute("/_stcore/stream", echo),
        Route("/{path:path}", everything, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    gate = Middleware(Gate, home=home, hosts=["localhost"], secure=False)
    return TestClient(Starlette(routes=routes, middleware=[gate]), base_url=HERE, follow_redirects=False)


@pytest.fixture
def signed_in(client: TestClient, sign_in: Callable[..., str]) -> TestClient:
    client.cookies.set(COOKIE, sign_in(Role.OPERATOR))
    return client


PATHS = [
    "/",
    "/data",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/upload_file/a/b",
    "/_stcore/metrics",
    "/media/x.pdf",
    "/static/js/index.js",
    "/auth/login",
    "/component/x",
    "/_stcore/agent/openapi.json",
    "/login/../data",
]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_session_nothing_is_answered(client: TestClient, path: str) -> None:
    found = client.get(path, headers={"sec-fetch-mode": "cors"})
    assert found.status_code == 401 and "inside" not in found.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_without_a_session_nothing_is_taken(client: TestClient, method: str) -> None:
    assert client.request(method, "/_stcore/upload_file/a/b", headers={"origin": HERE}).status_code == 401


def test_a_page_leads_to_the_login_and_back(client: TestClient) -> None:
    found = client.get("/quality?run=a-1", headers={"sec-fetch-mode": "navigate"})
    assert found.status_code == 303
    assert found.headers["location"] == "/login?next=%2Fquality%3Frun%3Da-1"


def test_a_link_of_another_site_is_asked_for_again_from_here(client: TestClient) -> None:
    found = client.get(
        "/quality?run=a-1", headers={"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}
    )
    assert found.status_code == 200 and "url=/quality?run=a-1" in found.text and "inside" not in found.text


def test_with_a_session_pages_are_answered(signed_in: TestClient) -> None:
    assert signed_in.get("/data").text == "inside"
    assert signed_in.put("/_stcore/upload_file/a/b", headers={"origin": HERE}).text == "inside"


@pytest.mark.parametrize("token", ["", "x", "../accounts", "a" * 5000, "%00"])
def test_a_made_up_token_is_no_session(client: TestClient, token: str) -> None:
    client.cookies.set(COOKIE, token)
    assert client.get("/data", headers={"sec-fetch-mode": "cors"}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.2", "", "localhost@evil.example"]
)
def test_another_name_is_not_answered(signed_in: TestClient, host: str) -> None:
    found = signed_in.get("/data", headers={"host": host})
    assert found.status_code == 421 and "inside" not in found.text


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://localhost.evil.example", "http://localhost:81"]
)
def test_another_sites_form_is_refused(signed_in: TestClient, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    assert signed_in.post("/anything", headers=headers).status_code == 403
    assert signed_in.post("/login", headers=headers).status_code == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_another_sites_socket_is_refused(signed_in: TestClient, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    with pytest.raises(WebSocketDisconnect):
        with signed_in.websocket_connect(STREAM, headers=headers):
            pass


def test_without_a_session_no_socket_opens(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect):
        with client.websocket_connect(STREAM, headers={"origin": HERE}):
            pass


def fragment_asked(auto: bool) -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = "part"
    message.rerun_script.is_auto_rerun = auto
    return message.SerializeToString()


def test_once_a_session_ends_an_open_page_is_told_as_a_whole(signed_in: TestClient, home: Home) -> None:
    with signed_in.websocket_connect(STREAM, headers={"origin": HERE}) as socket:
        socket.send_bytes(fragment_asked(auto=True))
        assert socket.receive_bytes() == fragment_asked(auto=True)
        sessions.log_out(home, signed_in.cookies[COOKIE])
        socket.send_bytes(fragment_asked(auto=True))
        message = BackMsg()
        message.ParseFromString(socket.receive_bytes())
        assert message.rerun_script.fragment_id == "" and not message.rerun_script.is_auto_rerun


@pytest.mark.parametrize(("auto", "stays"), [(True, False), (False, True)])
def test_what_a_page_asks_by_itself_keeps_no_session_awake(
    signed_in: TestClient, home: Home, monkeypatch: pytest.MonkeyPatch, auto: bool, stays: bool
) -> None:
    token, now = signed_in.cookies[COOKIE], time.time()
    with signed_in.websocket_connect(STREAM, headers={"origin": HERE}) as socket:
        monkeypatch.setattr(time, "time", lambda: now + sessions.IDLE_S - 1)
        socket.send_bytes(fragment_asked(auto))
        socket.receive_bytes()
    later = now + sessions.IDLE_S + 30
    assert (sessions.actor_of(home, token, later) is not None) == stays


def test_each_answer_carries_the_headers(client: TestClient) -> None:
    for path in ("/login", "/data", "/health"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"


def test_a_browser_keeps_no_copy_of_what_was_shown(signed_in: TestClient) -> None:
    for path in ("/data", "/media/report.pdf", "/_stcore/upload_file/a/b"):
        assert signed_in.get(path).headers["cache-control"] == "no-store"
    assert "cache-control" not in signed_in.get("/static/js/index.js").headers


def test_streamlits_own_inline_scripts_are_known_by_hash() -> None:
    assert inline_script_hashes() and all(each.startswith("'sha256-") for each in inline_script_hashes())


def test_a_site_served_by_tls_says_so_and_keeps_its_cookie_there(home: Home) -> None:
    app = Starlette(
        routes=login.routes(home, True, CODE),
        middleware=[Middleware(Gate, home=home, hosts=["localhost"], secure=True)],
    )
    client = TestClient(app, base_url="https://localhost", follow_redirects=False)
    accounts.create_first(home, "ada", PASSWORD)
    found = client.post(
        "/login", data={"name": "ada", "password": PASSWORD}, headers={"origin": "https://localhost"}
    )
    assert "strict-transport-security" in found.headers
    told = found.headers["set-cookie"].lower()
    assert "secure" in told and "httponly" in told and "samesite=strict" in told


def test_the_first_start_asks_for_the_setup_code(client: TestClient, home: Home) -> None:
    assert "Setup code" in client.get("/login").text
    form = {"code": "guessed", "name": "ada", "password": PASSWORD, "again": PASSWORD}
    assert client.post("/login", data=form, headers=FORM).status_code == 403
    assert sessions.first_start(home)
    found = client.post("/login", data=form | {"code": CODE}, headers=FORM)
    assert found.status_code == 303 and not sessions.first_start(home)
    assert client.get("/data").text == "inside"


def test_two_passwords_that_differ_make_no_administrator(client: TestClient, home: Home) -> None:
    form = {"code": CODE, "name": "ada", "password": PASSWORD, "again": "another one entirely"}
    assert "differ" in client.post("/login", data=form, headers=FORM).text
    assert sessions.first_start(home)


def test_a_wrong_password_is_told_in_one_sentence_and_guessing_is_slowed(
    client: TestClient, home: Home
) -> None:
    accounts.create_first(home, "ada", PASSWORD)
    said = []
    for _ in range(12):
        found = client.post("/login", data={"name": "ada", "password": "wrong"}, headers=FORM)
        assert found.status_code == 403 and COOKIE not in client.cookies
        said.append(found.text)
    assert "do not match" in said[0] and "Too many tries" in said[-1]


def test_a_password_is_never_given_back(client: TestClient, home: Home) -> None:
    accounts.create_first(home, "ada", PASSWORD)
    found = client.post("/login", data={"name": "<b>ada", "password": "secret words"}, headers=FORM)
    assert "secret words" not in found.text and "<b>" not in found.text


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example"]
)
def test_after_the_login_nobody_is_sent_elsewhere(client: TestClient, home: Home, target: str) -> None:
    accounts.create_first(home, "ada", PASSWORD)
    found = client.post(
        "/login", params={"next": target}, data={"name": "ada", "password": PASSWORD}, headers=FORM
    )
    assert found.status_code == 303
    location = found.headers["location"]
    assert location.startswith("/") and location[1:2] not in ("/", "\\")


def test_a_one_time_password_opens_nothing_but_its_change(
    client: TestClient, home: Home, as_role: Callable[..., Any]
) -> None:
    one_time = accounts.create(home, as_role(Role.ADMINISTRATOR), "omar", [Role.OPERATOR])
    accounts.create_first(home, "ada", PASSWORD)
    client.post("/login", data={"name": "omar", "password": one_time}, headers=FORM)
    assert client.get("/data").headers["location"] == "/password"
    assert client.get("/data", headers={"sec-fetch-mode": "cors"}).status_code == 401
    form = {"old": one_time, "password": PASSWORD, "again": PASSWORD}
    assert client.post("/password", data=form, headers=FORM).status_code == 303
    assert client.get("/data").text == "inside"


def test_a_changed_password_ends_the_session_it_was_changed_in(client: TestClient, home: Home) -> None:
    accounts.create_first(home, "ada", PASSWORD)
    client.post("/login", data={"name": "ada", "password": PASSWORD}, headers=FORM)
    before = client.cookies[COOKIE]
    form = {"old": PASSWORD, "password": PASSWORD + " more", "again": PASSWORD + " more"}
    client.post("/password", data=form, headers=FORM)
    assert client.cookies[COOKIE] != before
    assert sessions.actor_of(home, before, time.time()) is None


def test_signing_out_ends_the_session_on_the_server(signed_in: TestClient, home: Home) -> None:
    token = signed_in.cookies[COOKIE]
    assert signed_in.get("/logout").headers["location"] == "/login"
    assert sessions.actor_of(home, token, time.time()) is None


def test_a_form_without_end_is_not_read(client: TestClient, home: Home) -> None:
    accounts.create_first(home, "ada", PASSWORD)
    found = client.post("/login", content=b"name=ada&password=" + b"x" * 10**6, headers=FORM)
    assert found.status_code == 403


@pytest.mark.parametrize(
    ("origin", "host", "fits"),
    [
        ("http://localhost:8600", "localhost:8600", True),
        ("https://console.site", "console.site", True),
        ("http://localhost:8600", "localhost:8601", False),
        ("null", "localhost", False),
        ("", "", False),
        (None, "localhost", False),
    ],
)
def test_same_origin(origin: str | None, host: str, fits: bool) -> None:
    assert same_origin(origin, host) is fits
