"""Pages as somebody sees them: the console's own script run by Streamlit's AppTest, with a session in an empty home."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from appliance.home import Home
from appliance.people import accounts, passwords, sessions
from appliance.people.acting import Actor, Role
from ui import access

CONSOLE = Path(__file__).parents[2] / "ui" / "console.py"
See = Callable[..., AppTest]


def pytest_collection_finish() -> None:
    """Streamlit's hundred loggers stand apart, and pytest would attach itself to each one in every phase of every test."""
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith("streamlit") and isinstance(logger, logging.Logger):
            logger.propagate = True


@pytest.fixture(autouse=True)
def pages_through_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest forgets, before each run, what `ui.app` sets: a folder named `pages` is ours to navigate."""
    begin = PagesManager.__init__

    def ours(self: PagesManager, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", ours)


@pytest.fixture(autouse=True)
def main_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves its script as `__main__`, and a process that another test spawns would run the console first."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def home(stillhouse_home: Path) -> Home:
    return Home.open()


@pytest.fixture
def as_role(home: Home) -> Callable[..., Actor]:
    """Somebody with these roles, for what is done beside the page."""
    return lambda *roles: Actor("-".join(sorted(roles)), frozenset(roles), "console")


@pytest.fixture
def sign_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A real session of an account with these roles, whose token pages find as if a browser had sent it."""
    administrator = Actor("setup", frozenset({Role.ADMINISTRATOR}), "shell")

    def made(*roles: Role) -> str:
        name = "-".join(sorted(roles))
        if accounts.account(home, name) is None:
            # Nobody signs in with it, and a real one takes 64 MiB and a second of a busy machine.
            monkeypatch.setattr(passwords, "hashed", lambda password: "no hash")
            accounts.create(home, administrator, name, roles, email=f"{name}@example.org")
        token = sessions.log_in_by_email(home, f"{name}@example.org", time.time(), "127.0.0.1")
        monkeypatch.setattr(access, "token", lambda: token)
        return token

    return made


@pytest.fixture
def see(sign_in: Callable[..., str]) -> See:
    """`see("data", Role.OPERATOR, run="...")`: that page, as somebody with the role, with what stands in the URL."""

    def seen(page: str, /, *roles: Role, **query: str) -> AppTest:
        sign_in(*roles)
        test = AppTest.from_file(CONSOLE, default_timeout=60)
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        return test if page == "overview" else test.switch_page(f"pages/{page}.py").run()

    return seen
