"""What holds on each page: who may see it, and what it says when nobody is signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.home import Home
from appliance.people import accounts, sessions
from appliance.people.acting import Role
from tests.ui.conftest import CONSOLE, AppTest, See
from ui import access
from ui.pages import GROUPS

PAGES = [name for names in GROUPS.values() for name in names]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_in_an_empty_home_for_each_role(see: See, page: str, role: Role) -> None:
    shown = see(page, role)
    assert not shown.exception
    assert any('class="sh-title"' in each.proto.body for each in shown.html)


@pytest.mark.slow
def test_without_a_session_a_page_says_so_and_shows_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "token", lambda: "made-up")
    shown = AppTest.from_file(CONSOLE, default_timeout=60).run()
    assert [title.value for title in shown.title] == ["Signed out"]
    assert not any('class="sh-title"' in each.proto.body for each in shown.html)


@pytest.mark.slow
def test_a_session_that_ends_ends_the_page_at_its_next_run(
    see: See, sign_in: Callable[..., str], home: Home
) -> None:
    shown = see("overview", Role.OPERATOR)
    sessions.log_out(home, access.token() or "")
    assert [title.value for title in shown.run().title] == ["Signed out"]


@pytest.mark.slow
def test_a_changed_role_counts_at_the_next_run(see: See, as_role: Callable[..., object], home: Home) -> None:
    shown = see("overview", Role.OPERATOR)
    accounts.set_roles(home, as_role(Role.ADMINISTRATOR), "operator", [Role.VIEWER])  # type: ignore[arg-type]
    assert any("viewer" in each.proto.body for each in shown.run().sidebar.get("html"))
