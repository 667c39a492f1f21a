"""How fast the console's pages are on a large home: 200 runs, one of 100,000 records, a dataset of as many rows.

    python -m tests.benchmarks.console_speed --home HOME [--run RUN_ID] [--no-browser]

HOME has a finished run, which is multiplied; it is only read. On the server: the time of one drawing of a page's script,
the first in a process and those after it. In Chromium: from the address typed until the page has settled, and from a
click in the navigation. Prints p50, p95 and n, and on the server the processor
time of one drawing, which a busy machine does not stretch; exit status 1 where a page's p95 on the server reaches a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from appliance import datasets
from appliance.demo_data import write_demo_data
from appliance.home import Home
from appliance.people.acting import Actor, Role
from appliance.store import Store
from tests.ui.browser import chromium, served, settle, token, window
from tests.ui.screenshots import copied
from ui.pages import GROUPS

PAGES = [name for names in GROUPS.values() for name in names]
RUNS, RECORDS, REPEATS = 200, 100_000, 15
LIMIT_S = 1.0
WHO = "maria.lindqvist"


def enlarge(home: Home, run_id: str) -> None:
    """200 runs by the names of one, and that one with 100,000 records."""
    store = Store(home.store)
    row = next(row for row in store.runs() if row["run_id"] == run_id)
    for number in range(RUNS - len(store.runs())):
        name = f"{row['name']}-{number:08x}"
        shutil.copytree(home.runs / run_id, home.runs / name, copy_function=os.link, symlinks=True)
        store.begin_run(name, row["name"], row["title"])
        store.end_run(name, "done", verdict=row["verdict"])
    _more_records(home.runs / run_id)
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "tickets.jsonl"
        write_demo_data(rows, n=5_000, seed=7)
        lines = rows.read_bytes().splitlines(keepends=True)
        with open(Path(folder) / "many.jsonl", "wb+") as file:
            for number in range(RECORDS // len(lines)):
                for line in lines:
                    told = json.loads(line)
                    told["ticket_id"] = f"{told['ticket_id']}-{number}"
                    file.write(json.dumps(told).encode() + b"\n")
            file.seek(0)
            datasets.bring_in(home, Actor(WHO, frozenset(Role), "console"), file, "tickets-of-a-year.jsonl")


def _more_records(run: Path) -> None:
    """The run's scrubbed records, answers and examples again and again, under other ids."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = sorted((run / "scrub" / "records").glob("data-*.parquet"))[0]
    one = pq.read_table(first)
    for number in range(RECORDS // one.num_rows):
        ids = pa.array([f"{each}-{number}" for each in one["record_id"].to_pylist()])
        pq.write_table(one.set_column(0, "record_id", ids), first.with_name(f"more-{number:05d}.parquet"))
    completions = run / "teach" / "completions.jsonl"
    lines = completions.read_bytes().splitlines(keepends=True)
    completions.unlink()  # a link to the other runs'
    completions.write_bytes(b"".join((lines * (RECORDS // len(lines) + 1))[:RECORDS]))
    examples = run / "curate" / "examples.parquet"
    kept = pq.read_table(examples)
    train = kept.filter(pa.compute.equal(kept["split"], "train"))
    many = [kept]
    for number in range(RECORDS // train.num_rows):
        ids = pa.array([f"{each}-{number}" for each in train["record_id"].to_pylist()])
        many.append(train.set_column(0, "record_id", ids))
    examples.unlink()
    pq.write_table(pa.concat_tables(many), examples)


def on_the_server(home: Home, run_id: str) -> dict[str, tuple[float, list[float], float]]:
    """Seconds of the first drawing of each page in this process, of those after it, and of processor time for one."""
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.testing.v1 import AppTest

    from tests.ui.conftest import CONSOLE
    from ui import access

    secret = token(home, WHO, *Role)
    access.token = lambda: secret
    begin = PagesManager.__init__

    def ours(self: PagesManager, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        PagesManager.uses_pages_directory = False

    PagesManager.__init__ = ours  # type: ignore[method-assign]
    found = {}
    for page in PAGES:
        test = AppTest.from_file(CONSOLE, default_timeout=120)
        test.query_params["run"] = run_id
        test.run()
        if page != "overview":
            test.switch_page(f"pages/{page}.py")
        seconds: list[float] = []
        for _ in range(REPEATS + 1):
            if len(seconds) == 1:
                worked = time.process_time()
            started = time.perf_counter()
            test.run()
            seconds.append(time.perf_counter() - started)
        assert not test.exception, page
        found[page] = (seconds[0], seconds[1:], (time.process_time() - worked) / REPEATS)
    return found


def in_chromium(home: Home, run_id: str) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds until each page has settled: its address typed, and its name in the navigation clicked."""
    secret = token(home, WHO, *Role)
    typed: dict[str, list[float]] = {page: [] for page in PAGES}
    clicked: dict[str, list[float]] = {page: [] for page in PAGES}
    with served(home) as address, chromium() as browser:
        page = window(browser, address, secret).new_page()
        for round_ in range(6):
            for name in PAGES:
                started = time.perf_counter()
                page.goto(f"{address}/{'' if name == 'overview' else name}?run={run_id}")
                settle(page)
                if round_:  # the first fills the browser's cache and the server's
                    typed[name].append(time.perf_counter() - started)
            for name in [*PAGES[1:], PAGES[0]]:
                started = time.perf_counter()
                page.get_by_test_id("stSidebarNav").get_by_role("link", name=name.capitalize()).click()
                page.wait_for_function(
                    "title => document.querySelector('.sh-title h1')?.textContent === title",
                    arg=name.capitalize(),
                )
                settle(page)
                if round_:
                    clicked[name].append(time.perf_counter() - started)
    return {page: (typed[page], clicked[page]) for page in PAGES}


def told(seconds: list[float]) -> str:
    """p50 and p95 in milliseconds."""
    return f"{1000 * statistics.median(seconds):>7.0f} {1000 * percentile_95(seconds):>7.0f}"


def percentile_95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--run", help="a finished run of it; by itself the newest")
    parser.add_argument("--no-browser", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stillhouse-speed-") as folder:
        home = copied(asked.home, Path(folder))
        done = [row["run_id"] for row in Store(home.store).runs() if row["status"] == "done"]
        run_id = asked.run or done[0]
        enlarge(home, run_id)
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        server = on_the_server(home, run_id)
        print(
            f"{'page':<10}{'first':>8} {'p50':>7} {'p95':>7} {'cpu':>7}   ms a drawing on the server, n = {REPEATS}"
        )
        for page, (first, rest, cpu) in server.items():
            print(f"{page:<10}{1000 * first:>8.0f} {told(rest)} {1000 * cpu:>7.0f}")
        if not asked.no_browser:
            print(
                f"{'page':<10}{'p50':>7} {'p95':>7} {'p50':>7} {'p95':>7}   ms until settled, address typed; clicked; n = 5"
            )
            for page, (typed, clicked) in in_chromium(home, run_id).items():
                print(f"{page:<10}{told(typed)} {told(clicked)}")
    slow = [page for page, (_, rest, _) in server.items() if percentile_95(rest) >= LIMIT_S]
    sys.exit(f"a second or more on the server: {', '.join(slow)}" if slow else 0)


if __name__ == "__main__":
    main()
