"""`stillhouse console`: on this machine only, unless it is told otherwise and how browsers reach it safely."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from ui import app


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The processes that would have taken this one's place."""
    found: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: found.append(arguments))
    return found


def run(*arguments: str) -> str:
    return CliRunner().invoke(main, ["console", *arguments]).output


def test_it_listens_on_this_machine_only(started: list[list[str]]) -> None:
    run()
    assert started == [[sys.executable, "-m", "ui.app", "--address", "127.0.0.1", "--port", "8600"]]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.1.2.3", "console.site", "127.0.0.1.evil.example"])
def test_another_address_needs_tls(started: list[list[str]], address: str) -> None:
    assert "can be reached from outside" in run("--address", address)
    assert not started


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_address_does_not(started: list[list[str]], address: str) -> None:
    run("--address", address)
    assert len(started) == 1


def test_with_tls_or_behind_a_proxy_it_may(started: list[list[str]], tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    assert "go together" in run("--address", "0.0.0.0", "--tls-cert", cert)
    run("--address", "0.0.0.0", "--tls-cert", cert, "--tls-key", key)
    run("--address", "10.1.2.3", "--behind-proxy", "--host", "console.site")
    assert ["--tls-cert", cert, "--tls-key", key] == started[0][-4:]
    assert started[1][-3:] == ["--host", "console.site", "--behind-proxy"]


def test_what_the_command_hands_on_the_server_understands(started: list[list[str]]) -> None:
    run("--port", "8700", "--host", "a.site", "--host", "b.site", "--behind-proxy")
    asked = app._arguments(started[0][3:])
    assert (asked.port, asked.host, asked.behind_proxy) == (8700, ["a.site", "b.site"], True)


def test_streamlit_sends_nothing_to_anybody_and_shows_nothing_of_an_error() -> None:
    options = app.options("127.0.0.1", 8600)
    assert options["browser.gatherUsageStats"] is False
    assert options["browser.serverAddress"] == options["server.address"] == "127.0.0.1"
    assert options["client.showErrorDetails"] == "none"
    assert options["server.enableAgentApi"] is False and options["server.enableStaticServing"] is False
