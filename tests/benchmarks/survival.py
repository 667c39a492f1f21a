"""What kill -9 costs: kills the worker, a training, the console and a load test, so often as the table in docs/security.md says.

    python -m tests.benchmarks.survival [--with-vllm]

Runs the tests that do it, one after the other, shows what each has told, and prints the sum as a last line of JSON; exit
status 1 where anything was lost or a test did not pass. Half an hour on two cores; `--with-vllm` adds three kills of a
load test of the real engine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TESTS = (
    "tests/appliance/test_jobs_killed.py::test_two_hundred_kills_lose_no_job_and_do_none_twice",
    "tests/distill/test_training_kills.py",
    "tests/ui/test_console_killed.py",
    "tests/appliance/test_load_test_killed.py",
)
_MARK = "survived "


def tell(what: str, kills: int, lost: int, recovery_s: Sequence[float], **more: Any) -> None:
    """What one test found, as a line that this program reads: seconds from a kill until the work went on."""
    busy = round(os.getloadavg()[0] / (os.cpu_count() or 1), 1)
    told = {"what": what, "kills": kills, "lost": lost, **_spread(recovery_s), "load_per_core": busy, **more}
    print(f"\n{_MARK}{json.dumps(told)}", flush=True)


def _spread(seconds: Sequence[float]) -> dict[str, float | int | None]:
    return {
        "recoveries": len(seconds),
        "recovery_p50_s": round(statistics.median(seconds), 2) if seconds else None,
        "recovery_max_s": round(max(seconds), 2) if seconds else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--with-vllm", action="store_true")
    asked = parser.parse_args()
    kind = "slow" if asked.with_vllm else "slow and not vllm"
    argv = [sys.executable, "-m", "pytest", "-s", "-m", kind, *TESTS]
    rows = []
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        for line in tests.stdout:
            if line.startswith(_MARK):
                rows.append(json.loads(line.removeprefix(_MARK)))
                print(json.dumps(rows[-1]), flush=True)
    lost, kills = sum(row["lost"] for row in rows), sum(row["kills"] for row in rows)
    slowest = max((row["recovery_max_s"] for row in rows if row["recovery_max_s"] is not None), default=None)
    print(
        json.dumps(
            {
                "kills": kills,
                "lost": lost,
                "recovery_max_s": slowest,
                "tests_failed": tests.returncode,
                "rows": rows,
            }
        )
    )
    sys.exit(1 if lost or tests.returncode or not rows else 0)


if __name__ == "__main__":
    main()
