"""A load test killed anywhere goes on after its last whole level: nothing is measured twice, and there is no half result.

The processes are the real ones, from the worker down; in the place of vLLM's own program stands one that sends scripted
answers, and in the last test vLLM itself. Killed are the worker, the job's process, the one that makes the load, and the
server, each alone.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fast_jobs import patience, wait_for
from test_load_test_job import make_run

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Status
from appliance.people.acting import Actor, Role
from appliance.views import load_tests
from tests.appliance.scripted_vllm import ROOT, seen, stand_in
from tests.benchmarks.survival import tell
from tests.tiny_model import make_tiny_model

OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")
LOAD = {"run_id": "small-1", "concurrency": [1, 2], "requests_per_level": 6, "repeats": 2, "open_shares": [0.5], "open_seconds": 1.0}  # fmt: skip
LEVELS = {"sft-1-0": 6, "sft-1-1": 6, "sft-2-0": 6, "sft-2-1": 6, "sft-open-0.5": 20}
"""Measured requests of each level of that; four to warm up come before them."""
WARMUP = 4
TARGETS = {
    "worker": "appliance.cli worker",
    "job": "appliance.jobs.work",
    "load": "--sealed",
    "server": "vllm.entrypoints.openai.api_server",
}
WITHIN_S = 10.0
"""From a kill until a new server is asked, on a machine with nothing else to do."""
GONE_WITHIN_S = 10.0
"""A watcher gives what it stops three seconds."""


def processes(folder: Path) -> dict[int, str]:
    """Those that have this test's folder in their environment: pid -> command line, without the watchers between them."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"PYTHONPATH={folder}:".encode() in environment and " -I -S " not in line:
                found[int(entry.name)] = line
    return found


def of_kind(folder: Path, what: str) -> list[int]:
    return [pid for pid, line in processes(folder).items() if TARGETS[what] in line]


class Bench:
    """A worker on a home, and the one load test that it works on."""

    def __init__(self, home: Home, folder: Path, real: bool) -> None:
        self.home, self.folder = home, folder
        engine = {"PYTHONPATH": f"{folder}:{ROOT}"} if real else stand_in(folder)
        self.environment = {**os.environ, **engine, "OMP_NUM_THREADS": "1"}
        self.worker: subprocess.Popen[bytes] | None = None
        self.job_id = ""
        self.recovery_s: list[float] = []
        self.kills: Counter[str] = Counter()

    def start_worker(self) -> None:
        with open(self.folder / "worker.log", "ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "appliance.cli", "worker"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def ask(self) -> None:
        self.job_id = jobs.enqueue(self.home, OPERATOR, "load-test", LOAD).job_id

    @property
    def job(self) -> jobs.Job:
        return jobs.job(self.home, self.job_id)

    @property
    def levels_file(self) -> Path:
        return load_tests.result_path(self.home, "small-1", self.job_id).with_suffix(".jsonl")

    def whole_levels(self) -> list[str]:
        """What was acknowledged, in order."""
        if not self.levels_file.exists():
            return []
        rows = [json.loads(line) for line in self.levels_file.read_bytes().split(b"\n")[:-1]]
        return [row["level"] for row in rows if "level" in row]

    def kill(self, what: str) -> bool:
        """One process of that kind, if it is there."""
        if what == "worker":
            assert self.worker is not None
            self.worker.kill()
            self.worker.wait()
            return True
        there = of_kind(self.folder, what)
        if not there:
            return False
        os.kill(there[0], signal.SIGKILL)
        return True

    def go_on(self, what: str, killed_at: float) -> None:
        """Until the load test asks a new server, or is done: by a new worker, or by asking again."""
        if what == "worker":
            self.start_worker()
        before = {each["pid"] for each in seen(self.folder) if each["at"] <= killed_at}

        def went_on() -> bool:
            job = self.job
            if job.status is Status.FAILED:
                assert job.message and ("killed" in job.message or "tried again" in job.message), job.message
                jobs.retry(self.home, OPERATOR, self.job_id)
            return job.status is Status.DONE or any(
                each["pid"] not in before for each in seen(self.folder)[-200:]
            )

        slower = patience()
        wait_for(went_on, 60.0 * slower)
        self.recovery_s.append(time.time() - killed_at)
        assert self.recovery_s[-1] < WITHIN_S * max(slower, patience())

    def nothing_half(self) -> None:
        """What can be read at any moment is a whole result or none."""
        path = load_tests.result_path(self.home, "small-1", self.job_id)
        there = [told["job_id"] for told in load_tests.results(self.home, "small-1")]
        assert path.exists() == (self.job_id in there)
        if path.exists():
            whole_result(json.loads(path.read_text()))


def whole_result(told: dict[str, Any]) -> None:
    rows = {
        f"{row['loop']}-{row['concurrency']}": (row["num_ok"], row["num_failed"]) for row in told["serving"]
    }
    assert rows == {"closed-1": (12, 0), "closed-2": (12, 0), "open-None": (20, 0)}
    assert all(len(row["repeats_per_s"]) == 2 for row in told["serving"] if row["loop"] == "closed")


def no_weights(model: Path) -> None:
    model.mkdir()
    (model / "config.json").write_text("{}")


@contextmanager
def bench(home: Home, folder: Path, make_model: Callable[[Path], object] = no_weights) -> Iterator[Bench]:
    """With a model of its own vLLM is the real one."""
    make_run(home, make_model)
    folder.mkdir()
    made = Bench(home, folder, real=make_model is not no_weights)
    made.start_worker()
    try:
        yield made
    finally:
        made.kill("worker")
        wait_for(lambda: not processes(folder), GONE_WITHIN_S * patience())


def survive(found: Bench, kills: int, seed: int) -> None:
    """So many kills, in one load test after the other; each is followed to its end before the next is asked for."""
    draw, before = random.Random(seed), 0
    while sum(found.kills.values()) < kills:
        found.ask()
        started, whole = time.time(), [*found.whole_levels()]
        while not (done := found.job.status is Status.DONE) and sum(found.kills.values()) < kills:
            what = draw.choice(list(TARGETS))
            time.sleep(draw.uniform(0.0, 3.0))
            servers = set(of_kind(found.folder, "server"))
            killed_at = time.time()
            if found.job.status is Status.DONE or not found.kill(what):
                continue
            found.kills[what] += 1
            known = found.whole_levels()
            assert known[: len(whole)] == whole, "what was acknowledged stays"
            found.nothing_half()
            found.go_on(what, killed_at)
            wait_for(lambda: servers.isdisjoint(of_kind(found.folder, "server")), GONE_WITHIN_S * patience())  # noqa: B023
            whole = known
        if not done:
            wait_for(lambda: found.job.status is Status.DONE, 120.0 * patience())
        counted_once(found, started)
        before += 1
    print(f"{before} load tests, {dict(found.kills)}, {[round(each, 1) for each in found.recovery_s]}")


def levels_once(found: Bench) -> None:
    levels = found.whole_levels()
    assert len(levels) == len(set(levels)) == len(LEVELS)
    whole_result(load_tests.results(found.home, "small-1")[0])


def counted_once(found: Bench, started: float) -> None:
    """Every level is acknowledged once, after all that was asked for it; nothing was asked for it afterwards."""
    levels_once(found)
    asked = [each for each in seen(found.folder) if each["at"] >= started]
    for level, count in LEVELS.items():
        servers = [each["pid"] for each in asked if each["level"] == level]
        last = servers[-1]
        assert servers.count(last) == count + WARMUP, "the attempt that counts asked all of it"
        assert servers == sorted(servers, key=servers.index), "one server after the other"
    order = [each["level"] for each in asked]
    ends = [len(order) - order[::-1].index(level) for level in LEVELS]
    assert ends == sorted(ends), "a level that was whole was not asked for again"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_load_test_survives_five_kills(stillhouse_home: Path, tmp_path: Path) -> None:
    with bench(Home.open(), tmp_path / "stand-in") as found:
        survive(found, 5, seed=11)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_a_load_test_survives_fifty_kills_and_counts_nothing_twice(
    stillhouse_home: Path, tmp_path: Path
) -> None:
    with bench(Home.open(), tmp_path / "stand-in") as found:
        survive(found, 50, seed=20261123)
        tell(
            "load test",
            50,
            0,
            found.recovery_s,
            **{f"of {what}": n for what, n in sorted(found.kills.items())},
        )
        assert len(found.kills) == len(TARGETS)


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_a_load_test_of_the_real_engine_survives_three_kills(stillhouse_home: Path, tmp_path: Path) -> None:
    """Each after another whole level: vLLM takes longer to start than what is between two of its kills."""
    with bench(Home.open(), tmp_path / "real", make_tiny_model) as found:
        found.ask()
        for number, what in enumerate(("server", "load", "worker"), 1):
            wait_for(lambda number=number: len(found.whole_levels()) >= number, 600.0 * patience())  # type: ignore[misc]
            whole, servers = found.whole_levels(), set(of_kind(found.folder, "server"))
            killed_at = time.monotonic()
            assert servers and found.kill(what)
            if what == "worker":
                found.start_worker()
            else:
                wait_for(lambda: found.job.status is Status.FAILED, 60.0 * patience())
                jobs.retry(found.home, OPERATOR, found.job_id)
            wait_for(
                lambda servers=servers: set(of_kind(found.folder, "server")) - servers, 60.0 * patience()
            )  # type: ignore[misc]
            found.recovery_s.append(time.monotonic() - killed_at)
            assert found.whole_levels()[: len(whole)] == whole, "what was acknowledged stays"
            wait_for(
                lambda servers=servers: servers.isdisjoint(of_kind(found.folder, "server")),
                GONE_WITHIN_S * patience(),
            )  # type: ignore[misc]
            found.nothing_half()
        wait_for(lambda: found.job.status is Status.DONE, 600.0 * patience())
        levels_once(found)
        tell("load test of vLLM, until a new server was started", 3, 0, found.recovery_s)
