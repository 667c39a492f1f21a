"""The page Train in Chromium while a training writes its steps: the figures follow, and nothing on the page moves."""

from __future__ import annotations

import fcntl
import json
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.home import Home
from appliance.people.acting import Role
from tests.ui.browser import chromium, served, settle, token, window
from tests.ui.test_train import make_run

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

PLACES = """() => [...document.querySelectorAll('.sh-section h2, .sh-chart, .sh-strip, [data-testid="stVegaLiteChart"]')]
    .map(each => Math.round(each.getBoundingClientRect().top))"""
STEPS = "() => document.querySelector('.sh-figures dd').textContent"
FOLLOWS_S = 60.0


def take_step(run: Path, step: int, total: int) -> None:
    row: dict[str, Any] = {"step": step, "loss": 4.0 / step, "tokens": 100, "seconds": 2.0, "learning_rate": 1e-3, "examples": 8}  # fmt: skip
    if step % 20 == 0:
        row["validation_loss"] = 5.0 / step
    with (run / "sft" / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    (run / "sft" / "progress.json").write_text(
        json.dumps({"done": step, "total": total, "unit": "steps", "note": "", "per_s": 1.0, "remaining_s": float(total - step)})
    )  # fmt: skip


def test_a_live_page_follows_each_step_and_nothing_on_it_moves(home: Home) -> None:
    run = make_run(home, "tickets-live", steps=40, finished=False)
    take_step(run, 41, 200)
    with (
        open(run / "lock", "w") as lock,
        served(home) as address,
        chromium() as browser,
        window(browser, address, token(home, "vera", Role.VIEWER)) as context,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        page = context.new_page()
        page.goto(f"{address}/train?run=tickets-live&tab=Live")
        settle(page)
        page.wait_for_selector('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg')
        page.wait_for_timeout(1500)
        before, seen = page.evaluate(PLACES), page.evaluate(STEPS)
        assert seen == "41" and len(before) >= 8
        for step in range(42, 47):
            take_step(run, step, 200)
            until = time.monotonic() + FOLLOWS_S
            while page.evaluate(STEPS) != str(step):
                assert time.monotonic() < until, f"step {step} is not shown"
                assert page.evaluate(PLACES) == before
                page.wait_for_timeout(100)
            for _ in range(5):
                assert page.evaluate(PLACES) == before
                page.wait_for_timeout(100)
        assert not page.get_by_text("mistake of the program").count()
