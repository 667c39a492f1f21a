"""The whole job in a browser, as the people of a site do it: from the first login to a released student, with a worker killed
in the middle of training. Every part is real; the student is tiny and the records are few."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from appliance import jobs
from appliance.demo_data import write_demo_data
from appliance.home import Home
from appliance.people.acting import Actor, Role
from appliance.preparing import use_cases
from tests.tiny_model import make_tiny_model
from tests.ui.browser import ROOT, chromium, served, settle, window

pytestmark = [
    pytest.mark.slow,
    pytest.mark.vllm,
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.timeout(1800),
]

NUM_TICKETS = 60
STEPS = 150
"""Of learning from own answers: a quarter of a minute of a tiny student, so that it can be ended in the middle."""
PASSWORD = "four plain words of {}"
PEOPLE = {"olga": "operator", "paul": "privacy-officer", "anna": "approver", "vera": "viewer"}


expect.set_options(timeout=60_000)


@dataclass
class Site:
    """A console on an empty home, with the packaged models and one tiny student."""

    home: Home
    address: str
    browser: Browser
    worker: subprocess.Popen[bytes] | None = None

    def page(self) -> Page:
        found = window(self.browser, self.address, None).new_page()
        found.set_default_timeout(60_000)
        return found

    def sign_in(self, name: str, password: str | None = None) -> Page:
        page = self.page()
        page.goto(self.address)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password or PASSWORD.format(name))
        page.get_by_role("button", name="Sign in").click()
        return page

    def start_worker(self) -> None:
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "appliance.cli", "worker"],
            cwd=ROOT,
            env={**os.environ, "STILLHOUSE_HOME": str(self.home.root), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill_worker(self) -> None:
        assert self.worker is not None
        self.worker.send_signal(signal.SIGKILL)
        self.worker.wait()


@pytest.fixture
def site(models: Path, tmp_path: Path) -> Iterator[Site]:
    root = tmp_path / "home"
    home = Home(root)
    for folder in (root, home.models, home.runs, home.keys, home.cache):
        folder.mkdir(mode=0o700)
    for model in models.iterdir():
        (home.models / model.name).symlink_to(model)
    make_tiny_model(home.models / "tiny")
    with served(home) as address, chromium() as browser:
        found = Site(home, address, browser)
        try:
            yield found
        finally:
            if found.worker is not None and found.worker.poll() is None:
                found.worker.terminate()
                found.worker.wait(30)


def tickets(folder: Path) -> Path:
    """Tickets with a message and the queue that a teacher chose."""
    write_demo_data(folder / "tickets.jsonl", n=NUM_TICKETS, seed=3)
    rows = [json.loads(line) for line in (folder / "tickets.jsonl").open(encoding="utf-8")]
    path = folder / "tickets.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ticket", "message", "queue"])
        for row in rows:
            writer.writerow([row["ticket_id"], row["message"], json.loads(row["reviewed"])["queue"]])
    return path


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, level=1).wait_for()
    settle(page)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    settle(page)


def choose(page: Page, label: str, option: str) -> None:
    _open(page, label)
    page.get_by_role("option", name=option).first.click()
    settle(page)


def _open(page: Page, label: str) -> None:
    """The list of a box; the page may scroll under the click, which then closes it again."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    box.click()
    try:
        page.get_by_role("listbox").wait_for(timeout=2_000)
    except TimeoutError:
        page.keyboard.press("ArrowDown")


def choose_many(page: Page, label: str, *options: str) -> None:
    """Of a box that takes several."""
    _open(page, label)
    for option in options:
        page.get_by_role("option", name=option).first.click()
    page.keyboard.press("Tab")  # closes the list, which would swallow the next click


def fill_number(page: Page, label: str, value: float) -> None:
    page.get_by_label(label, exact=True).fill(f"{value:g}")
    page.keyboard.press("Tab")
    settle(page)


def wait_until(happened: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


# --- the steps ------------------------------------------------------------------------------------------------------


def first_administrator(site: Site) -> Page:
    code = (site.home.root / "console.log").read_text().rpartition("setup code is ")[2].split()[0]
    page = site.page()
    page.goto(site.address)
    page.get_by_label("Setup code").fill(code)
    page.get_by_label("Name").fill("ada")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD.format("ada"))
    page.get_by_role("button").click()
    settle(page)
    assert "ada" in page.inner_text(".sh-who")
    return page


def accounts_for_four_roles(page: Page) -> dict[str, str]:
    """Their one-time passwords, as the page shows them once."""
    go(page, "System")
    tab(page, "Accounts")
    found = {}
    for name, role in PEOPLE.items():
        page.get_by_label("Name", exact=True).fill(name)
        choose_many(page, "Roles", f"{role}:")
        page.get_by_role("button", name="Create").click()
        page.get_by_text(f"One-time password of {name}").wait_for()
        settle(page)
        found[name] = page.locator("code").first.inner_text().strip()
    return found


def own_password(site: Site, name: str, one_time: str) -> Page:
    page = site.sign_in(name, one_time)
    fields = page.locator("input[type=password]")
    expect(fields).to_have_count(3)
    for field, value in zip(
        fields.all(), (one_time, PASSWORD.format(name), PASSWORD.format(name)), strict=True
    ):
        field.fill(value)
    page.get_by_role("button").click()
    settle(page)
    return page


def bring_in(page: Page, path: Path) -> None:
    go(page, "Data")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Bring it in").click()
    page.get_by_text("What tickets.csv holds").wait_for()


def new_use_case(page: Page) -> None:
    page.get_by_role("button", name="New use case").click()
    page.get_by_label("What is it about", exact=True).fill("Support tickets to queues")
    page.get_by_label("Short name", exact=True).fill("tickets")
    page.get_by_role("button", name="Create it").click()
    page.get_by_role("combobox", name="Dataset", exact=True).wait_for()
    settle(page)


def say_what_is_what(page: Page) -> None:
    """Which column is what, the labels, the exam; the policy is one of those that are there."""
    choose(page, "Dataset", "tickets.csv")
    choose(page, "Record id", "ticket")
    choose(page, "Answers that are there already", "queue")
    page.get_by_role("button", name="Take the labels from the column queue").click()
    expect(page.get_by_label("Labels, one a line", exact=True)).to_have_value(re.compile("billing"))
    fill_number(page, "Records in the exam", 15)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved. Look at twenty scrubbed records next").wait_for()
    settle(page)


def give_prices(page: Page) -> None:
    go(page, "Train")
    tab(page, "Prices")
    fill_number(page, "An hour of the machine, all in", 0.08)
    fill_number(page, "A million tokens of prompts (may stay empty)", 0.6)
    fill_number(page, "A million tokens of answers (may stay empty)", 2.4)
    for label in ("The machine's price: source", "The teacher's prices: source"):
        page.get_by_label(label, exact=True).fill("example: an offer")
    page.get_by_role("button", name="Save the prices").click()
    page.get_by_text("They count from the next run on").wait_for()


def write_policy(page: Page) -> None:
    """A policy of the site's own, for the operator to choose."""
    go(page, "Privacy")
    choose(page, "Policy", "a new policy")
    page.get_by_label("What you call it", exact=True).fill("Support desk")
    page.keyboard.press("Tab")
    settle(page)
    page.get_by_role("button", name="Save the policy").click()
    page.get_by_text("Use cases that name this policy scrub by it").wait_for()


def choose_policy(page: Page) -> None:
    go(page, "Data")
    tab(page, "Fields")
    choose(page, "Privacy policy", "Support desk")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved. Look at twenty scrubbed records next").wait_for()


def review_three(page: Page) -> None:
    go(page, "Privacy")
    tab(page, "Review")
    fill_number(page, "Records in the sample", 6)
    page.get_by_role("button", name="Draw and search").click()
    page.get_by_role("button", name="Save and next").wait_for(timeout=180_000)
    for done in range(3):
        settle(page)
        page.keyboard.press("Enter")
        page.get_by_text(f"{done + 1} of 6").first.wait_for()
    settle(page)


def keep_the_load_test_short(site: Site) -> None:
    """What has no page: three starts of the server instead of five, few requests, and a leak that is told, not refused."""
    load = {
        "concurrency": [1, 4],
        "requests_per_level": 8,
        "repeats": 1,
        "open_shares": [0.8],
        "open_seconds": 1.0,
    }
    sections = {
        "bench": {"load": load, "forms": [], "serve": {"enforce_eager": True}},
        "attack": {"on_leak": "report"},
        "decide": {"min_test_records": 10},
    }
    operator = Actor("olga", frozenset({Role.OPERATOR}), "console")
    use_cases.save(site.home, operator, "tickets", sections)


def start_training(page: Page) -> None:
    go(page, "Train")
    choose(page, "Student", "tiny")
    fill_number(page, "Epochs", 6)
    fill_number(page, "Steps of learning from own answers", STEPS)
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_role("tab", name="Live", exact=True)).to_have_attribute("aria-selected", "true")


def steps_done(site: Site, stage: str) -> int:
    found = list(site.home.runs.glob(f"*/{stage}/progress.json"))
    try:
        return int(json.loads(found[0].read_text())["done"]) if found else 0
    except ValueError:
        return 0


def killed_and_resumed(site: Site, page: Page) -> None:
    """Watches the curves of the second training, ends the worker in the middle of it, and sees it go on."""
    wait_until(
        lambda: steps_done(site, "onpolicy") >= 6, 600, "the second training does not come to its sixth step"
    )
    page.get_by_role("heading", name="Learning from its own answers").wait_for(timeout=120_000)
    page.get_by_test_id("stVegaLiteChart").first.wait_for()
    site.kill_worker()
    stopped_at = steps_done(site, "onpolicy")
    assert stopped_at < STEPS, "the training was over before it could be ended"
    time.sleep(3)
    assert steps_done(site, "onpolicy") == stopped_at, "a child of a killed worker goes on"
    site.start_worker()
    wait_until(lambda: steps_done(site, "onpolicy") > stopped_at, 300, "the training does not go on")
    strip = page.get_by_label("stages").get_by_role("listitem").filter(has_text="onpolicy")
    expect(strip).to_have_text(
        re.compile(r"onpolicy\s*\d+ (s|min)\b"), timeout=300_000
    )  # how long it took: it is done
    (metrics,) = site.home.runs.glob("*/onpolicy/metrics.jsonl")
    steps = [json.loads(line)["step"] for line in metrics.read_text().splitlines()]
    assert steps == sorted(set(steps)) and len(steps) == STEPS, "no step is lost or told twice"
    assert [job.attempt for job in jobs.jobs(site.home) if job.kind == "run"] == [2]


def run_done(site: Site) -> Callable[[], bool]:
    """Raises where it has failed, so that nobody waits for it."""

    def done() -> bool:
        (job,) = (each for each in jobs.jobs(site.home) if each.kind == "run")
        assert job.status not in (jobs.Status.FAILED, jobs.Status.STOPPED), job.message
        return job.status is jobs.Status.DONE

    return done


def compare_arms(page: Page) -> None:
    go(page, "Quality")
    page.get_by_role("heading", name="Answer correct, arm by arm").wait_for()
    tab(page, "Records")
    choose(page, "Second arm", "Untuned student")
    page.get_by_role("article").first.wait_for()
    assert page.get_by_role("article").count() == 5


def load_test(page: Page) -> None:
    go(page, "Serving")
    tab(page, "Load test")
    fill_number(page, "Requests a level, at most", 8)
    fill_number(page, "Repeats", 1)
    page.get_by_role("button", name="Start the load test").click()
    page.get_by_role("heading", name="Done", exact=True).wait_for(timeout=600_000)


def read_the_report(page: Page, folder: Path) -> None:
    go(page, "Report")
    headline = page.locator(".st-key-sh-verdict h2").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PDF").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.read_bytes().startswith(b"%PDF")
    tab(page, "Report")
    inside = page.frame_locator("iframe").first.frame_locator("iframe")
    expect(inside.locator("h1")).to_have_text(headline)


def ask_for_the_release(page: Page) -> None:
    go(page, "Release")
    page.get_by_label("Why it should be released").fill("To see that it can be.")
    page.get_by_role("button", name="Ask for the release").click()
    page.get_by_text("A request waits").wait_for()
    assert page.get_by_role("button", name="Approve and release").count() == 0


def approve(page: Page, home: Home) -> Path:
    go(page, "Release")
    page.get_by_label("Reason", exact=True).fill("Read the report and the card.")
    page.get_by_role("button", name="Approve and release").click()
    wait_until(lambda: any((home.root / "releases").glob("*/SHA256SUMS")), 300, "the release is not written")
    (folder,) = (home.root / "releases").iterdir()
    page.get_by_text(f"cd {folder} && sha256sum -c SHA256SUMS").first.wait_for()
    return folder


def test_a_site_does_the_whole_job_in_the_browser(site: Site, tmp_path: Path) -> None:
    ada = first_administrator(site)
    one_time = accounts_for_four_roles(ada)
    people = {name: own_password(site, name, password) for name, password in one_time.items()}
    olga, paul = people["olga"], people["paul"]

    bring_in(olga, tickets(tmp_path))
    new_use_case(olga)
    say_what_is_what(olga)
    give_prices(olga)
    keep_the_load_test_short(site)

    site.start_worker()
    write_policy(paul)
    choose_policy(olga)
    review_three(paul)

    start_training(olga)
    killed_and_resumed(site, olga)
    wait_until(run_done(site), 900, "the run does not end")

    olga = site.sign_in("olga")  # a quarter of an hour without a click ends a session
    settle(olga)
    compare_arms(olga)
    load_test(olga)
    read_the_report(olga, tmp_path)
    ask_for_the_release(olga)
    anna = site.sign_in("anna")
    settle(anna)
    folder = approve(anna, site.home)
    done = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stdout
