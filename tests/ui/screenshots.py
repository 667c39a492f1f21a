"""Screenshots of every page of the console, light and dark, at two widths and on a tablet.

    make screenshots                                    from an empty home, and what a small file makes there
    python -m tests.ui.screenshots --home HOME -o DIR   from a copy of HOME, with the finished runs in it

The copy gets an account with every role and, where it has no use case, a dataset and a use case of demo data and light
jobs that a real worker carries out. HOME itself is only read; its models are linked. Files are named page-theme-width.png.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from playwright.sync_api import Browser, Page

from appliance import datasets, jobs
from appliance.demo_data import write_demo_data
from appliance.home import Home
from appliance.people.acting import Actor, Role
from appliance.preparing import review_sample, use_cases
from tests.ui.browser import ROOT, chromium, served, settle, token, window
from ui.pages import GROUPS

PAGES = [name for names in GROUPS.values() for name in names]
TABS = {
    "data": ("Files", "Fields", "Look"),
    "privacy": ("Policy", "Findings", "Review", "Recall"),
    "quality": ("Arms", "Records", "Where it loses", "Confidence", "Ratings"),
    "report": ("Verdict", "Report", "Arithmetic", "Changes"),
    "system": ("Machine", "Jobs", "Accounts", "Audit log"),
}
"""Of these pages more than the first look is taken."""
WIDTHS = (1280, 1920)
TABLET = 834
TALLEST = 2400
WHO = "maria.lindqvist"


def copied(source: Path | None, target: Path) -> Home:
    """A home of the same state, its models linked; an empty one where there is no source."""
    os.environ["STILLHOUSE_HOME"] = str(target)
    if source is not None:
        _copy(source, target)
    return Home.open()


def _copy(source: Path, target: Path) -> None:
    """Weights are linked: nothing here writes them, and they are most of a home."""
    for path in source.iterdir():
        if path.name in ("cache", "sessions", "accounts.json"):
            continue
        if path.name in ("models", "model", "adapter", "checkpoints"):
            (target / path.name).symlink_to(path.resolve())
        elif path.is_dir():
            (target / path.name).mkdir(mode=0o700)
            _copy(path, target / path.name)
        else:
            shutil.copy2(path, target / path.name)


def furnish(home: Home) -> None:
    """What an operator would have made: data, a use case, and light jobs on it."""
    maria = Actor(WHO, frozenset(Role), "console")
    with tempfile.TemporaryDirectory() as folder:
        tickets = Path(folder) / "tickets.jsonl"
        write_demo_data(tickets, n=400, seed=7)
        with open(tickets, "rb") as file:
            found = datasets.bring_in(home, maria, file, "tickets-october.jsonl")
    demo = tomllib.loads((ROOT / "deploy/usecases/demo.toml").read_text(encoding="utf-8"))
    use_cases.create(home, maria, "tickets", "Support tickets to product, queue, priority and refund")
    sections = {name: value for name, value in demo.items() if isinstance(value, dict)}
    sections["data"] = sections["data"] | {"path": str(datasets.raw_path(home, found.dataset_id))}
    sections["scrub"] = {"policy": "gdpr"}
    card = ROOT / "deploy/usecases" / sections["prices"]["card"]
    sections["prices"] = sections["prices"] | {"card": str(card.resolve())}
    use_cases.save(home, maria, "tickets", sections)
    jobs.enqueue(home, maria, "preview", {"use_case": "tickets"})
    review_sample.ask_for_sample(home, maria, "tickets", 40)
    subprocess.run(
        [sys.executable, "-m", "appliance.cli", "worker", "--once"],
        cwd=ROOT,
        env=os.environ | {"STILLHOUSE_HOME": str(home.root), "OMP_NUM_THREADS": "1"},
        timeout=600,
    )


def look(page: Page, path: Path) -> None:
    """The whole page, up to a height that is still looked at."""
    settle(page)
    page.wait_for_timeout(1200)
    tall = page.evaluate("() => document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    size = page.viewport_size or {"width": 1280, "height": 900}
    page.set_viewport_size({"width": size["width"], "height": min(TALLEST, max(900, int(tall) + 8))})
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    page.set_viewport_size({"width": size["width"], "height": 900})


def take(browser: Browser, home: Home, address: str, out: Path, pages: list[str]) -> None:
    secret = token(home, WHO, *Role)
    for scheme, width in [(scheme, width) for scheme in ("light", "dark") for width in WIDTHS] + [
        ("light", TABLET)
    ]:
        page = window(browser, address, secret, width=width, scheme=scheme).new_page()
        for name in pages:
            for tab in TABS.get(name, ("",)):
                page.goto(f"{address}/{'' if name == 'overview' else name}{f'?tab={tab}' if tab else ''}")
                part = f"-{tab.lower().replace(' ', '-')}" if tab else ""
                look(page, out / f"{name}{part}-{scheme}-{width}.png")
        page.context.close()
    page = window(browser, address, None).new_page()
    page.goto(address)
    page.screenshot(path=out / "login-light-1280.png")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="a home with finished runs, which is only read")
    parser.add_argument("-o", "--out", type=Path, default=Path(".cache/screenshots"))
    parser.add_argument("--pages", nargs="*", default=PAGES, choices=PAGES)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stillhouse-screenshots-") as folder:
        home = copied(asked.home, Path(folder))
        if not use_cases.names(home):
            furnish(home)
        with served(home) as address, chromium() as browser:
            take(browser, home, address, asked.out, asked.pages)
    print(f"{len(list(asked.out.glob('*.png')))} screenshots in {asked.out}")


if __name__ == "__main__":
    main()
