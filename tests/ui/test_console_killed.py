"""The console killed with kill -9 at any moment: what it said was done is there, and what it did not say is whole or was not begun.

Once as it is, with a browser that stays open and goes on; and many times more as a process that makes the same changes by the
functions that the pages call, without a browser to wait for.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator, Page

from appliance.home import Home
from appliance.quality import rounds
from tests.appliance.fast_jobs import patience
from tests.benchmarks.survival import tell
from tests.ui.browser import ROOT, chromium, free_port, settle, token, window
from tests.ui.operators_work import (
    ANNA,
    CASE,
    LETTERS,
    OLGA,
    POLICY,
    REGISTERS,
    STUDENT,
    file_of,
    furnish,
    whole,
)

WITHIN_S = 10.0
"""From the kill of a console to the answer of the next one, on a machine with nothing else to do."""


@pytest.fixture
def home(stillhouse_home: Path, tmp_path: Path) -> Home:
    home = Home.open()
    furnish(home, tmp_path)
    return home


# --- without a browser ----------------------------------------------------------------------------------------------


class Changes:
    """A process that changes the home, and what it said of it."""

    def __init__(self, home: Home, seed: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.operators_work", str(seed)], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "STILLHOUSE_HOME": str(home.root)},
        )  # fmt: skip
        assert self._process.stdout is not None
        self._said = self._process.stdout
        self._first = [json.loads(self._said.readline()), json.loads(self._said.readline())]

    def kill(self) -> list[dict[str, Any]]:
        """With its whole group; all that it said."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        lines = self._said.read().split(b"\n")[:-1]  # a line that was cut was not said
        return [*self._first, *map(json.loads, lines)]


def survive_changes(home: Home, kills: int, seed: int) -> tuple[list[float], Counter[str]]:
    """Seconds until each next process had made its first change; and what had become of the change that a kill fell in."""
    draw, recovery_s, fell_in = random.Random(seed), list[float](), Counter[str]()
    known = {name: register.read(home) for name, register in REGISTERS.items()}
    changes = Changes(home, draw.randrange(2**30))
    for number in range(kills):
        time.sleep(draw.uniform(0.0, 1.5))
        said = changes.kill()
        wanted: dict[str, Any] = {}
        for line in said:
            if "begins" in line:
                assert line["before"] == known[line["begins"]]
                wanted = {line["begins"]: line["wanted"]}
            else:
                known[line["done"]] = line["now"]
                wanted = {}
        found = {name: register.read(home) for name, register in REGISTERS.items()}
        for name, state in found.items():
            assert state in (known[name], wanted.get(name, known[name])), (number, name)
        whole(home)
        fell_in.update("made, and not said" if found[name] != known[name] else "not made" for name in wanted)
        known, began = found, time.monotonic()
        changes = Changes(home, draw.randrange(2**30))
        recovery_s.append(time.monotonic() - began)
        assert recovery_s[-1] < WITHIN_S * patience()
    changes.kill()
    return recovery_s, fell_in


@pytest.mark.slow
def test_changes_survive_five_kills(home: Home) -> None:
    survive_changes(home, 5, seed=3)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_changes_survive_sixty_kills(home: Home) -> None:
    recovery_s, fell_in = survive_changes(home, 60, seed=20261123)
    tell("console's functions", 60, 0, recovery_s, **fell_in)
    assert len(fell_in) == 2, "kills came before a change was made and after it"


# --- in a browser ---------------------------------------------------------------------------------------------------


class Console:
    """`stillhouse console` in a process group of its own, on one port, however often it is killed."""

    def __init__(self, home: Home) -> None:
        self._home, self._port = home, free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with open(self._home.root / "console.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "appliance.cli", "console", "--port", str(self._port)],
                cwd=ROOT, stdout=log, stderr=log, start_new_session=True, env={**os.environ, "STILLHOUSE_HOME": str(self._home.root)},
            )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def start_again(self) -> float:
        """Seconds until it answers."""
        started = time.monotonic()
        self._process = self._started()
        self.wait()
        return time.monotonic() - started

    def wait(self) -> None:
        until = time.monotonic() + 60 * patience()
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/login", timeout=5).close()
                return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                assert time.monotonic() < until and self._process.poll() is None, (
                    "the console does not answer"
                )
                time.sleep(0.02)


@contextmanager
def console(home: Home) -> Iterator[Console]:
    found = Console(home)
    try:
        found.wait()
        yield found
    finally:
        found.kill()


def text(page: Page) -> str:
    return page.inner_text("body")


@dataclass(frozen=True)
class Act:
    """A change as somebody makes it on a page."""

    register: str
    wanted: Callable[[Any], Any]
    """What it makes of the register's state; None where it cannot be made now."""
    place: Callable[[Home], str]
    press: Callable[[Page], Locator]
    said: Callable[[str, Any], bool]
    """Whether the page's text says that it was done."""
    fill: Callable[[Page, Any], None] = lambda page, wanted: None
    by: str = OLGA.name


def _button(name: str) -> Callable[[Page], Locator]:
    """By the beginning of its name: a key may stand after it."""
    return lambda page: page.get_by_role("button", name=re.compile(f"^{name}( [^a-z]|$)")).first


def _typed(label: str, value: Callable[[Any], str]) -> Callable[[Page, Any], None]:
    def fill(page: Page, wanted: Any) -> None:
        page.get_by_label(label, exact=True).fill(value(wanted))
        page.keyboard.press("Tab")
        settle(page)

    return fill


def _new_file(wanted: list[str]) -> int:
    return next(n for n in range(10_000) if sha256(file_of(n)).hexdigest() == wanted[-1])


def _upload(page: Page, wanted: list[str]) -> None:
    number = _new_file(wanted)
    page.locator("input[type=file]").set_input_files(
        {"name": f"file-{number}.jsonl", "mimeType": "application/x-ndjson", "buffer": file_of(number)}
    )
    _button("Bring it in")(page).wait_for()
    settle(page)


def _next_file(there: list[str]) -> list[str]:
    return [
        *there,
        next(digest for n in range(10_000) if (digest := sha256(file_of(n)).hexdigest()) not in there),
    ]


def _new_account(page: Page, wanted: list[str]) -> None:
    page.get_by_label("Name", exact=True).fill(wanted[-1].partition(":")[0])
    if page.locator('[data-testid="stMultiSelect"]').get_by_text("viewer:").count():
        return  # chosen before the kill, and the page still has it
    page.get_by_role("combobox", name="Roles", exact=True).click()
    page.get_by_role("option", name="viewer:").first.click()
    page.keyboard.press("Tab")


ACTS = [
    Act("exam", lambda told: told + 1, lambda _: f"data?tab=Fields&use_case={CASE}", _button("Save"),
        lambda seen, _: "Saved. Look at twenty" in seen, _typed("Records in the exam", str)),
    Act("policy", lambda told: [f"Own {told[1]}", told[1] + 1], lambda _: f"privacy?tab=Policy&policy={POLICY}",
        _button("Save the policy"), lambda seen, _: "Saved. Use cases that name this policy" in seen,
        _typed("What you call it", lambda wanted: wanted[0])),
    Act("marks", lambda told: told + 1, lambda _: f"privacy?tab=Review&use_case={CASE}", _button("Save and next"),
        lambda seen, wanted: f"{wanted} of 60" in seen),
    Act("ratings", lambda told: told + 1,
        lambda home: f"quality?run={LETTERS}&tab=Ratings&round={rounds.rounds(home, LETTERS)[0].round_id}",
        _button("First is better"), lambda seen, wanted: f"{wanted} of 100 rated" in seen),
    Act("releases", lambda told: None if told[:1] == ["asked"] else ["asked", *told], lambda _: f"release?run={STUDENT}",
        _button("Ask for the release"), lambda seen, _: "A request waits" in seen,
        _typed("Why it should be released", lambda _: "It was looked at.")),
    Act("releases", lambda told: ["refused", *told[1:]] if told[:1] == ["asked"] else None, lambda _: f"release?run={STUDENT}",
        _button("Refuse"), lambda seen, _: "anna: Not yet." in seen, _typed("Reason", lambda _: "Not yet."), ANNA.name),
    Act("jobs", lambda told: None if told[1] else [told[0] + 1, 1], lambda _: f"serving?run={STUDENT}&tab=Load test",
        _button("Start the load test"), lambda seen, _: "waits: no worker is running" in seen),
    Act("jobs", lambda told: [told[0], 0] if told[1] else None, lambda _: f"serving?run={STUDENT}&tab=Load test",
        _button("Stop"), lambda seen, _: "waits: no worker is running" not in seen and "Ask for a load test" in seen),
    Act("files", _next_file, lambda _: "data?tab=Files", _button("Bring it in"),
        lambda seen, wanted: f"What file-{_new_file(wanted)}.jsonl holds" in seen, _upload),
    Act("accounts", lambda told: [*told, f"person-{len(told):03d}: viewer"], lambda _: "system?tab=Accounts", _button("Create"),
        lambda seen, wanted: f"One-time password of {wanted[-1].partition(':')[0]}" in seen, _new_account),
]  # fmt: skip


def states(home: Home) -> dict[str, Any]:
    return {name: register.read(home) for name, register in REGISTERS.items()}


def survive_in_browser(
    home: Home, browser: Browser, kills: int, seed: int
) -> tuple[list[float], Counter[str]]:
    """Seconds until the console answered again; and how often the page had said so, it was done unsaid, it was not done."""
    draw, recovery_s, outcomes = random.Random(seed), list[float](), Counter[str]()
    todo: list[Act] = []
    with console(home) as served:
        pages = {
            actor.name: window(browser, served.address, token(home, actor.name, *actor.roles)).new_page()
            for actor in (OLGA, ANNA)
        }
        while len(recovery_s) < kills:
            todo = todo or draw.sample(ACTS, len(ACTS))
            act, before = todo.pop(), states(home)
            wanted = act.wanted(before[act.register])
            if wanted is None:
                continue
            page = pages[act.by]
            page.goto(f"{served.address}/{act.place(home)}")
            settle(page)
            act.fill(page, wanted)
            began, slower = time.monotonic(), patience()
            killer = threading.Timer(draw.uniform(0.0, 1.5), served.kill)
            killer.start()
            with suppress(Error):  # the console was quicker gone than the button pressed
                act.press(page).click(timeout=2_000)
            killer.join()
            has_said, killed_at = act.said(text(page), wanted), time.monotonic()
            served.start_again()
            recovery_s.append(time.monotonic() - killed_at)
            assert recovery_s[-1] < WITHIN_S * max(slower, patience())
            found = states(home)
            assert found.pop(act.register) in ([wanted] if has_said else [before[act.register], wanted]), (
                act.register
            )
            assert found == {name: state for name, state in before.items() if name != act.register}
            whole(home)
            outcomes[
                "said" if has_said else "unsaid" if states(home)[act.register] == wanted else "not done"
            ] += 1
            page.wait_for_selector(
                '[data-testid="stApp"][data-test-connection-state="CONNECTED"]', timeout=60_000
            )
            settle(page)
            print(
                act.register,
                outcomes,
                round(recovery_s[-1], 2),
                round(time.monotonic() - began, 1),
                flush=True,
            )
            if states(home)[act.register] != wanted:  # the same page goes on
                act.fill(page, wanted)
                act.press(page).click()
                until = time.monotonic() + 60
                while not act.said(text(page), wanted):
                    assert time.monotonic() < until, (
                        f"{act.register} cannot be done on the page that was open"
                    )
                    page.wait_for_timeout(50)
            assert states(home)[act.register] == wanted
    return recovery_s, outcomes


@pytest.mark.slow
@pytest.mark.browser
def test_what_a_page_said_was_done_survives_five_kills_of_the_console(home: Home) -> None:
    with chromium() as browser:
        survive_in_browser(home, browser, 5, seed=5)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_what_a_page_said_was_done_survives_twenty_kills_of_the_console(home: Home) -> None:
    with chromium() as browser:
        recovery_s, outcomes = survive_in_browser(home, browser, 20, seed=20261123)
    tell("console in a browser", 20, 0, recovery_s, **outcomes)
    assert len(outcomes) > 1
