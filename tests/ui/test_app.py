"""The console in Chromium: the first start, what it fetches, what it lets run, whether everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from appliance.home import Home
from appliance.people import sessions
from appliance.people.acting import Role
from tests.ui.browser import chromium, free_port, served, settle, token, window
from ui.access import COOKIE
from ui.pages import GROUPS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = [name for names in GROUPS.values() for name in names]
UPSTREAM = {"list", "listitem", "svg-img-alt"}
"""Rules of axe that Streamlit's own sidebar and charts break; nothing of ours may."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    home.root.chmod(0o700)
    for folder in (home.models, home.runs, home.keys, home.cache):
        folder.mkdir(mode=0o700)
    return home


@pytest.fixture(scope="module")
def address(home: Home) -> Iterator[str]:
    with served(home) as found:
        yield found


def everybody(home: Home) -> str:
    return token(home, "everybody", *Role)


def opened(browser: Browser, address: str, home: Home, path: str, **looks: str) -> Page:
    page = window(browser, address, everybody(home), **looks).new_page()  # type: ignore[arg-type]
    page.goto(f"{address}/{path}")
    settle(page)
    return page


def test_the_first_administrator_gets_in_by_keyboard_alone(
    browser: Browser, address: str, home: Home
) -> None:
    code = (home.root / "console.log").read_text().rpartition("setup code is ")[2].split()[0]
    page = window(browser, address, None).new_page()
    page.goto(address)
    page.focus("#code")
    for typed in (code, "ada", "four plain words here", "four plain words here"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    settle(page)
    assert "ada" in page.inner_text(".sh-who")
    page.get_by_role("link", name="Sign out").click()
    page.wait_for_selector("#password")
    page.goto(f"{address}/system")
    assert page.url.endswith("/login?next=%2Fsystem")


def test_pages_fetch_nothing_from_outside_and_break_no_rule_of_the_content_policy(
    browser: Browser, address: str, home: Home
) -> None:
    page = window(browser, address, everybody(home)).new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws://", "http://")))
    page.on("console", lambda message: said.append(message.text))
    for name in PAGES:
        page.goto(f"{address}/{'' if name == 'overview' else name}")
        settle(page)
        page.wait_for_timeout(500)
    assert len(asked) > 50
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert not [text for text in said if "Content Security Policy" in text]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_that_is_ours(
    browser: Browser, address: str, home: Home, scheme: str
) -> None:
    found: dict[str, set[str]] = {}
    for name in [*PAGES, "system?tab=Jobs", "system?tab=Accounts", "system?tab=Audit log"]:
        page = opened(browser, address, home, "" if name == "overview" else name, scheme=scheme)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical") and violation["id"] not in UPSTREAM:
                where = {str(node["target"][0]) for node in violation["nodes"]}
                found[f"{name}: {violation['id']}"] = where
        page.context.close()
    assert not found


def test_the_login_page_has_no_fault_that_axe_finds(browser: Browser, address: str) -> None:
    page = window(browser, address, None).new_page()
    page.goto(address)
    assert not Axe().run(page).response["violations"]


@pytest.mark.parametrize("width", [834, 1280, 1920])
def test_no_page_is_wider_than_the_window(browser: Browser, address: str, home: Home, width: int) -> None:
    wide = []
    for name in PAGES:
        page = opened(browser, address, home, "" if name == "overview" else name, width=width)  # type: ignore[arg-type]
        excess = page.evaluate(
            "() => { const main = document.querySelector('[data-testid=\"stMain\"]');"
            " return main.scrollWidth - main.clientWidth; }"
        )
        if excess > 1:
            wide.append((name, excess))
        page.context.close()
    assert not wide


def test_a_session_that_ends_elsewhere_ends_an_open_page(browser: Browser, address: str, home: Home) -> None:
    page = opened(browser, address, home, "system")
    secret = next(each["value"] for each in page.context.cookies() if each["name"] == COOKIE)
    sessions.log_out(home, secret)
    page.get_by_role("tab", name="Jobs").click()
    page.get_by_text("Signed out").first.wait_for(timeout=20_000)
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_selector("#password")


def test_a_page_goes_on_by_itself_when_the_console_was_restarted(browser: Browser, home: Home) -> None:
    port = free_port()
    with served(home, port=port) as address:
        page = opened(browser, address, home, "system")
    connected = '[data-testid="stApp"][data-test-connection-state="CONNECTED"]'
    page.wait_for_selector(connected, state="detached", timeout=60_000)
    with served(home, port=port):
        page.wait_for_selector(connected, timeout=60_000)
        page.get_by_role("tab", name="Sessions").click()
        page.get_by_text("A session ends after 15 minutes").wait_for(timeout=60_000)


def test_the_state_of_a_view_is_in_its_address(browser: Browser, address: str, home: Home) -> None:
    page = opened(browser, address, home, "system")
    page.get_by_role("tab", name="Accounts").click()
    page.wait_for_function("() => location.search.includes('tab=')")
    other = opened(browser, address, home, page.url.removeprefix(f"{address}/"))
    assert other.get_by_role("tab", name="Accounts").get_attribute("aria-selected") == "true"


def test_the_server_tells_nobody_what_it_is(browser: Browser, address: str, home: Home) -> None:
    page = window(browser, address, everybody(home)).new_page()
    answer = page.goto(address)
    assert answer is not None
    assert "server" not in answer.headers
