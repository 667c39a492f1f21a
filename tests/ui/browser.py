"""The console as a browser sees it: its server as a process of its own, and Debian's Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from appliance.home import Home
from appliance.people import accounts, sessions
from appliance.people.acting import Actor, Role
from ui.access import COOKIE

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ROOT = Path(__file__).parents[2]
STARTS_S = 180.0
SETTLES_MS = 60_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Home, *options: str, port: int | None = None) -> Iterator[str]:
    """The address of a console that serves this home, as `stillhouse console` does, until the block ends."""
    port = free_port() if port is None else port
    log = home.root / "console.log"
    with open(log, "ab") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "ui.app", "--port", str(port), *options],
            cwd=ROOT,
            env={**os.environ, "STILLHOUSE_HOME": str(home.root)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_S
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the console did not start: {address}")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()


def token(home: Home, name: str, *roles: Role) -> str:
    """A session of the account with this name and these roles, made if it is not there."""
    administrator = Actor("setup", frozenset({Role.ADMINISTRATOR}), "shell")
    if accounts.account(home, name) is None:
        accounts.create(home, administrator, name, roles, email=f"{name}@example.org")
    return sessions.log_in_by_email(home, f"{name}@example.org", time.time(), "127.0.0.1")


def window(
    browser: Browser, address: str, secret: str | None, *, width: int = 1280, scheme: str = "light"
) -> BrowserContext:
    """A browser window of somebody who is signed in, in the given theme."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    if secret is not None:
        context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    return context


def settle(page: Page) -> None:
    """Until the page's script has run and what it sent is drawn."""
    page.wait_for_selector(".sh-title, h1", timeout=SETTLES_MS)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=SETTLES_MS)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=\"stSkeleton\"]')", timeout=SETTLES_MS
    )
