"""Measures a refresh against a full run: banking77, nine tenths of the records in a run, the last tenth in a refresh.

Both through the command, each on the wall clock; accuracies of both students on the old and the new test records. With
`--run` a finished run is taken for the full one: its time is then the sum of its stages', which leaves out the starts of
their processes and so speaks against the refresh. It must have been made from the use case that this script writes into
`--folder`, so that the last tenth is new to it.

`python -m tests.benchmarks.refresh --folder FOLDER`, then again with `--run RUN`; about half an hour on 2 quiet cores.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from appliance import manifest
from appliance.home import Home
from tests.benchmarks.banking import FOLDER

USE_CASE = Path(__file__).parents[2] / "deploy" / "usecases" / "banking77.toml"
STILLHOUSE = [sys.executable, "-m", "appliance.cli"]


def split(source: Path, folder: Path, count: int, seed: int) -> tuple[Path, Path]:
    """`count` records in random order: nine tenths, and the rest. The same files each time."""
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), list(reader.fieldnames or [])
    Random(seed).shuffle(rows)
    cut = round(0.9 * min(count, len(rows)))
    paths = folder / "old.csv", folder / "new.csv"
    for path, part in zip(paths, (rows[:cut], rows[cut:count]), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(part)
    return paths


def write_use_case(folder: Path, old: Path, test: Path, base: str | None, test_records: int | None) -> Path:
    """banking77's use case on the old records, all of which are learnt."""
    text = USE_CASE.read_text(encoding="utf-8")
    for name, path in (("train.csv", old), ("test.csv", test)):
        text = text.replace(f"../../../shared/data/banking77/{name}", str(path.absolute()))
    text = text.replace('"../prices/', f'"{USE_CASE.parents[1] / "prices"}/')
    text = re.sub(r"^train = \d+\n", "", text, flags=re.MULTILINE)
    if base is not None:
        text = re.sub(r'^base = ".*"$', f'base = "{base}"', text, flags=re.MULTILINE)
    if test_records is not None:
        text = re.sub(r"^test = \d+$", f"test = {test_records}", text, flags=re.MULTILINE)
    path = folder / "banking77.toml"
    path.write_text(text, encoding="utf-8")
    return path


def timed(*arguments: str) -> float:
    """Wall seconds of a command, whose lines are shown as they come."""
    started = time.monotonic()
    subprocess.run([*STILLHOUSE, *arguments], check=True)
    return time.monotonic() - started


def refreshed(home: Home, run_id: str, data: Path, more: list[str]) -> tuple[float, dict[str, Any]]:
    """Wall seconds, and what `refresh.json` says."""
    before = set(home.runs.glob("*/refresh.json"))
    seconds = timed("refresh", run_id, "--data", str(data), *more)
    fresh = set(home.runs.glob("*/refresh.json")) - before
    if len(fresh) != 1:
        raise SystemExit(
            "this refresh was done before: its time cannot be measured again; take another --seed"
        )
    return seconds, json.loads(fresh.pop().read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for the two files and the use case")
    parser.add_argument("--data", type=Path, default=FOLDER, help="banking77's train.csv and test.csv")
    parser.add_argument("--records", type=int, default=5500, help="old and new ones together")
    parser.add_argument("--run", help="a finished run of the old records")
    parser.add_argument("--base", help="another student, to try the script")
    parser.add_argument("--test-records", type=int, help="other than the use case's")
    parser.add_argument("--learning-rate", type=float, help="of the refresh, other than the default")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    home = Home.open()
    old, new = split(options.data / "train.csv", options.folder, options.records, options.seed)
    use_case = write_use_case(
        options.folder, old, options.data / "test.csv", options.base, options.test_records
    )
    run_id, full_s = options.run, None
    if run_id is None:
        from appliance.run import open_run

        run_id = open_run(use_case, home).run_id
        full_s = timed("run", str(use_case))
    stages = [
        found
        for path in (home.runs / run_id).glob("*/manifest.json")
        if (found := manifest.read(path.parent))
    ]
    stages_s = sum(stage.seconds for stage in stages)
    more = [] if options.learning_rate is None else ["--learning-rate", str(options.learning_rate)]
    refresh_s, facts = refreshed(home, run_id, new, more)
    share = refresh_s / (full_s if full_s is not None else stages_s)
    print(
        f"\n{'test records':<52} {'n':>5} {'last':>7} {'refreshed':>10} {'difference':>11} {'95% interval':>18}"
    )
    for found in facts["sets"]:
        difference = found["difference"]
        print(
            f"{found['name']:<52} {difference['n']:>5} {found['last']['value']:>7.1%} "
            f"{found['refreshed']['value']:>10.1%} {100 * difference['value']:>+11.1f} "
            f"{100 * difference['low']:>+8.1f} to {100 * difference['high']:>+.1f}"
        )
    told = "on the clock" if full_s is not None else "its stages' sum"
    print(
        f"full run {full_s or stages_s:,.0f} s ({told}), refresh {refresh_s:,.0f} s on the clock: {share:.1%}; "
        f"{facts['verdict']}"
    )
    print(
        json.dumps(
            {
                "benchmark": "refresh",
                "run": run_id,
                "share_of_full": round(share, 4),
                "promoted": facts["promoted"],
                "full_seconds": full_s and round(full_s, 1),
                "full_stage_seconds": {stage.stage: stage.seconds for stage in stages},
                "refresh_seconds": round(refresh_s, 1),
                "refresh": {name: facts[name] for name in ("verdict", "records", "settings", "sets")},
            }
        )
    )


if __name__ == "__main__":
    main()
