"""What kill -9 costs: kills the worker, a training, the console and a load test, so often as the table in docs/security.md says.

    python -m tests.benchmarks.survival [--with-vllm]

Runs the tests that do it, one after the other, shows what each has told, and prints the sum as a last line of JSON; exit
status 1 where anything was lost, or a test failed or was left out. Half an hour on two cores; `--with-vllm` adds three kills of a
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
    "tests/distill/test_training_kills.py::test_a_hundred_kills_at_any_moment_and_none_that_cannot_resume",
    "tests/ui/test_console_killed.py::test_what_a_page_said_was_done_survives_twenty_kills_of_the_console",
    "tests/ui/test_console_killed.py::test_changes_survive_sixty_kills",
    "tests/appliance/test_load_test_killed.py::test_a_load_test_survives_fifty_kills_and_counts_nothing_twice",
)
WITH_VLLM = (
    "tests/appliance/test_load_test_killed.py::test_a_load_test_of_the_real_engine_survives_three_kills"
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
    tests = (*TESTS, WITH_VLLM) if parser.parse_args().with_vllm else TESTS
    argv = [sys.executable, "-m", "pytest", "-s", *tests]
    rows = []
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith(_MARK):
                rows.append(json.loads(line.removeprefix(_MARK)))
                print(json.dumps(rows[-1]), flush=True)
    lost, not_passed = sum(row["lost"] for row in rows), len(tests) - len(rows)
    slowest = max((row["recovery_max_s"] or 0.0 for row in rows), default=None)
    kills = sum(row["kills"] for row in rows)
    print(
        json.dumps(
            {"kills": kills, "lost": lost, "recovery_max_s": slowest, "not_passed": not_passed, "rows": rows}
        )
    )
    sys.exit(1 if lost or not_passed or running.returncode else 0)


if __name__ == "__main__":
    main()
