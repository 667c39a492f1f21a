"""Load tests on request: the finished student of a run served again and loaded at chosen levels, kept beside the run.

Each is a file `load-tests/<job_id>.json` in the run's folder with its settings, its device and its figures, and beside it
`<job_id>.jsonl` with its requests (`stages.measured`). The run's own stages do not read them: the report speaks of the
bench stage alone.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance import manifest
from appliance.config import BenchSettings, ConfigError, validate
from appliance.home import Home
from appliance.lineage import LineageError, chosen_stage
from appliance.loadtest import LoadtestSettings
from appliance.processes import spawn
from appliance.run import child_environment
from appliance.stages.sweep import REQUESTS_PER_CLIENT

if TYPE_CHECKING:
    from appliance.jobs.states import Job

FOLDER = "load-tests"
_STOP_GRACE_S = 15.0
MOST_CLIENTS, MOST_REQUESTS, MOST_SECONDS = 512, 5000, 600


class LoadTestError(Exception):
    """One line: why it cannot be loaded, and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be loaded and how much."""

    run_id: str
    concurrency: tuple[int, ...]
    """Clients at once; one row of results each."""
    requests_per_level: int = 64
    repeats: int = 3
    open_shares: tuple[float, ...] = ()
    """Arrivals a second as shares of the best closed rate; empty: no open loop."""
    open_seconds: float = 10.0

    def settings(self, bench: BenchSettings) -> BenchSettings:
        """The run's own settings with these levels; raises LoadTestError for what cannot be."""
        if not self.concurrency or max(self.concurrency) > MOST_CLIENTS or len(self.concurrency) > 8:
            raise LoadTestError(f"give one to eight levels of 1 to {MOST_CLIENTS} clients")
        if self.requests_per_level > MOST_REQUESTS or self.open_seconds > MOST_SECONDS:
            raise LoadTestError(
                f"a level has at most {MOST_REQUESTS:,} requests, and an open loop {MOST_SECONDS} seconds"
            )
        try:
            return replace(
                bench,
                load=replace(
                    bench.load,
                    concurrency=self.concurrency,
                    requests_per_level=self.requests_per_level,
                    repeats=self.repeats,
                    open_shares=self.open_shares,
                    open_seconds=self.open_seconds,
                ),
            )
        except ValueError as error:
            raise LoadTestError(str(error)) from None

    def num_requests(self) -> int:
        """Of the closed loop, without warm-up."""
        levels = (min(self.requests_per_level, REQUESTS_PER_CLIENT * clients) for clients in self.concurrency)
        return self.repeats * sum(levels)


def asked(arguments: Mapping[str, Any]) -> Asked:
    """From a job's arguments; raises LoadTestError in one line."""
    try:
        return validate(Asked, dict(arguments), "load test")
    except ConfigError as error:
        raise LoadTestError(str(error)) from None


def ready(home: Home, arguments: dict[str, Any]) -> dict[str, Any]:
    """Refuses what cannot be loaded before it is queued, and gives the arguments with their defaults."""
    found = asked(arguments)
    _check_student(home, found.run_id)
    found.settings(BenchSettings(load=LoadtestSettings(concurrency=(1,))))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(found).items()}


def _check_student(home: Home, run_id: str) -> str:
    """The stage whose student is released; raises LoadTestError where there is none yet."""
    folder = home.runs / run_id
    if "/" in run_id or not (folder / "config.json").is_file():
        raise LoadTestError(f"there is no run '{run_id[:60]}'")
    try:
        chosen = chosen_stage(folder)
        if manifest.read(folder / chosen) is not None and manifest.read(folder / "curate") is not None:
            return chosen
    except (LineageError, manifest.DamagedError) as error:
        raise LoadTestError(str(error)) from None
    raise LoadTestError(f"the run '{run_id}' has no finished student yet: let it finish its evaluation first")


def work(home: Home, job: Job) -> dict[str, Any]:
    """The job: serves and loads in a sealed process of its own, which dies with this one. Raises LoadTestError."""
    found = asked(job.arguments)
    _check_student(home, found.run_id)
    folder = home.jobs / job.job_id
    (folder / "error.txt").unlink(missing_ok=True)
    argv = [sys.executable, "-m", "appliance.stages.load_test", str(home.runs / found.run_id), str(folder)]
    child = spawn(argv, env=child_environment(home, "bench"), log_path=folder / "load-test.log")
    try:
        code = child.wait()
    finally:
        child.stop(_STOP_GRACE_S)
    if code != 0:
        said = folder / "error.txt"
        if said.exists():
            raise LoadTestError(said.read_text())
        how = (
            "was killed, perhaps for want of memory"
            if code == -signal.SIGKILL
            else f"ended with status {code}"
        )
        raise LoadTestError(f"the load test {how}: tried again, it goes on after its last whole level")
    told = json.loads(result_path(home, found.run_id, job.job_id).read_text(encoding="utf-8"))
    return {"message": summary(told), "run_id": found.run_id}


def summary(told: Mapping[str, Any]) -> str:
    """One line of a finished load test."""
    answered, failed = (sum(row[name] for row in told["serving"]) for name in ("num_ok", "num_failed"))
    best = told["slo"].get(told["arm"])
    if best is None:
        rate = "no objective was set"
    elif best["meets"]:
        rate = f"{best['requests_per_s']:.2f} requests a second at the objective"
    else:
        rate = "no level met the objective"
    return f"{rate}; {answered:,} requests answered, {failed:,} failed"


def result_path(home: Home, run_id: str, job_id: str) -> Path:
    return home.runs / run_id / FOLDER / f"{job_id}.json"


def results(home: Home, run_id: str) -> list[dict[str, Any]]:
    """All finished load tests of the run, the newest first, each with its `job_id`."""
    found = []
    for path in sorted((home.runs / run_id / FOLDER).glob("*.json"), reverse=True):
        with suppress(OSError, ValueError):
            found.append({"job_id": path.stem, **json.loads(path.read_text(encoding="utf-8"))})
    return found
