"""A review by keys alone in a real browser, by two officers at once; what the page held is nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from appliance.home import Home
from appliance.people.acting import Role
from appliance.preparing import review_book, review_sample
from tests.appliance.drafted_case import draft, rules_only, silently
from tests.ui.browser import chromium, served, settle, token, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def home(stillhouse_home: Path) -> Home:
    """A home with a use case and a sample of 14 records."""
    home = Home.open()
    review_sample.search(home, draft(home), 14, rules_only(home, "tickets"), silently)
    return home


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    with served(home) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def desk(browser: Browser, address: str, home: Home, name: str) -> Page:
    """The review as this officer has it open."""
    page = window(browser, address, token(home, name, Role.PRIVACY_OFFICER)).new_page()
    page.goto(f"{address}/privacy?tab=Review&use_case=tickets")
    settle(page)
    page.wait_for_selector(".sh-raw")
    return page


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)


def press(page: Page, key: str) -> None:
    """And wait until the record is drawn anew."""
    before = page.inner_html(".sh-record") + page.inner_text(".sh-section h2")
    page.keyboard.press(key)
    until(lambda: page.inner_html(".sh-record") + page.inner_text(".sh-section h2") != before)


def decisions(home: Home) -> dict[str, tuple[review_book.Decision, ...]]:
    return dict(review_book.read_book(home, "tickets").decisions)


def test_a_record_is_reviewed_by_keys_alone_and_its_text_stays_on_the_screen(
    browser: Browser, address: str, home: Home
) -> None:
    page = desk(browser, address, home, "petra")
    text = page.inner_text(".sh-raw")
    assert "@example.com" in text
    press(page, "1")
    assert page.locator("mark.sh-rejected").count() == 1
    press(page, "1")
    press(page, "n")
    page.locator('input[aria-label="Something personal that was not found"]').focus()
    page.keyboard.type("1-2 p")
    assert page.locator("mark.sh-rejected").count() == 0, "keys typed into a line are no shortcuts"
    press(page, "Enter")
    assert page.locator("mark.sh-added").count() == 1
    page.keyboard.press("Enter")  # in the empty line: saves
    until(lambda: len(decisions(home)) == 1)
    page.wait_for_function("() => document.body.innerText.includes('Record 2 of the sample')")
    page.evaluate("document.activeElement.blur()")
    press(page, "x")
    press(page, "Enter")
    until(lambda: len(decisions(home)) == 2)
    press(page, "ArrowLeft")
    assert "petra decided" in page.inner_text(".sh-section h2")
    kinds = [sorted(mark.entity_type for mark in each[-1].marks) for each in decisions(home).values()]
    assert kinds == [["EMAIL_ADDRESS", "PERSON"], []]
    assert "example.com" not in page.url
    for path in home.root.rglob("*"):
        if path.is_file() and path.parent.parent != home.data:
            content = path.read_bytes()
            assert b"@example.com" not in content, path
            assert b"Zyxw" not in content, path


def test_two_officers_at_once_lose_no_decision(browser: Browser, address: str, home: Home) -> None:
    pages = [desk(browser, address, home, name) for name in ("petra", "paul")]
    while len(decisions(home)) < 14:
        before = [page.inner_text(".stMainBlockContainer") for page in pages]
        for page in pages:
            page.keyboard.press("Enter")  # both before either is drawn anew
        for page, was in zip(pages, before, strict=True):
            if page.locator(".sh-raw").count():
                until(lambda page=page, was=was: page.inner_text(".stMainBlockContainer") != was)  # type: ignore[misc]
    assert {len(each) for each in decisions(home).values()} == {1}
    assert {each[0].by for each in decisions(home).values()} == {"petra", "paul"}


def test_keys_faster_than_the_page_decide_on_nothing_unseen(
    browser: Browser, address: str, home: Home
) -> None:
    page = desk(browser, address, home, "petra")
    for _ in range(6):
        page.keyboard.press("Enter")
    page.wait_for_timeout(3000)
    assert 1 <= len(decisions(home)) <= 6
    assert {len(each) for each in decisions(home).values()} == {1}, "none twice"
    assert not page.locator("[data-testid=stAlert]").count()
