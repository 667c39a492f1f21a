"""How far runs are, put together from the store and the run folders."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.lineage import read_refresh
from appliance.manifest import DamagedError, read
from appliance.pipeline import stage_names
from appliance.progress import State, read_state
from appliance.run import is_worked_on
from appliance.store import Store


def all_runs(home: Home) -> list[dict[str, Any]]:
    """Every run, the newest first; `interrupted` is one that was killed and can be started again."""
    return [_told(home, row) for row in Store(home.store).runs()]


def _told(home: Home, row: dict[str, Any]) -> dict[str, Any]:
    if row["status"] == "running" and not is_worked_on(home.runs / row["run_id"]):
        row["status"] = "interrupted"
    return row


def one_run(home: Home, run_id: str) -> dict[str, Any] | None:
    """A run with its stages, finished or not; None where there is none of that id."""
    row = next((row for row in all_runs(home) if row["run_id"] == run_id), None)
    if row is None:
        return None
    stages = []
    reached = True
    run_folder = home.runs / run_id
    is_refresh = (run_folder / "config.json").exists() and read_refresh(run_folder) is not None
    for name in stage_names(run_folder, is_refresh):
        folder = home.runs / run_id / name
        try:
            manifest = read(folder)
        except DamagedError:
            manifest = None
        state = read_state(folder)
        if manifest is not None:
            stages.append({"stage": name, "status": "done", "seconds": manifest.seconds, "progress": None})
            continue
        started = folder.exists() and reached
        reached = False
        status = row["status"] if started else "waiting"
        stages.append(
            {
                "stage": name,
                "status": status,
                "seconds": None,
                "progress": asdict(state) if state and started else None,
            }
        )
    return row | {"stages": stages}


def runs_lines(runs: list[dict[str, Any]]) -> list[str]:
    if not runs:
        return ["no run yet: start one with `stillhouse run USE_CASE.toml`"]
    width = max(len(row["run_id"]) for row in runs)
    return [
        f"{row['run_id']:<{width}}  {_time(row['created_at'])}  {row['status']:<12}{row['verdict'] or row['message'] or ''}"
        for row in runs
    ]


def run_lines(run: dict[str, Any]) -> list[str]:
    lines = [
        f"{run['run_id']}: {run['title']}",
        f"{run['status']}" + (f": {run['message']}" if run["message"] else ""),
    ]
    for stage in run["stages"]:
        detail = f"{stage['seconds']:.0f} s" if stage["seconds"] is not None else ""
        if stage["progress"] is not None:
            detail = State(**stage["progress"]).text()
        lines.append(f"  {stage['stage']:<10}{stage['status']:<13}{detail}".rstrip())
    return lines


def newest_report(home: Home, run_id: str | None) -> Path | None:
    """The folder of a finished report: of the run named, or the newest."""
    there = {path.name for path in home.runs.iterdir()}
    for name in [row["run_id"] for row in all_runs(home)] if run_id is None else [run_id]:
        folder = home.runs / name / "report"
        if name in there and (folder / "manifest.json").exists():
            return folder
    return None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
