"""Measures what scrubbing costs in quality: the demo's recipe on masked and on pseudonymised text of the same tickets.

Both runs go through the command, each up to its evaluation; the test tickets are a file of their own, so that both students
answer the same ones. Raw text is not learnt from: no policy of the demo allows it, and this script does not ask for one.

`python -m tests.benchmarks.scrubbing_cost --folder FOLDER`; prints a table and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from appliance import manifest
from appliance.demo_data import write_demo_data
from appliance.home import Home
from appliance.run import open_run
from appliance.stages.context import read_rows
from distill.evaluation.paired import compare
from privacy.intervals import wilson

DEMO = Path(__file__).parents[2] / "deploy" / "usecases" / "demo.toml"
STILLHOUSE = [sys.executable, "-m", "appliance.cli"]
POLICIES = {"masked": "placeholder", "pseudonymised": "surrogate"}
_METRIC = "exact_match"


def write_use_case(
    folder: Path, policy: str, base: str | None, test: int, epochs: float | None, prices: Path
) -> Path:
    """The demo's use case under a policy, with the test tickets held out; supervised fine-tuning alone."""
    text = DEMO.read_text(encoding="utf-8")
    changes = {
        r'^name = "demo"$': f'name = "scrubbing-{policy}"',
        r"^gold_spans = .*\n": "",
        r'^path = ".*/tickets.jsonl"$': f'path = "{folder.absolute() / "learnt.jsonl"}"',
        r"^\[scrub\]$": "[held_out]\n"
        f'path = "{folder.absolute() / "exam.jsonl"}"\n'
        'id = "ticket_id"\nfields = { message = "message", answer = "answer", reviewed = "reviewed" }\n\n[scrub]',
        r"^actions = .*$": f'actions = {{ "*" = "{POLICIES[policy]}" }}',
        r"^test = \d+$": f"test = {test}",
        r"^validation = \d+$": "validation = 0",
        r"^steps = \d+$": "steps = 0",
        r'^card = ".*"$': f'card = "{prices}"',
        r"^few_shot = 4$": "few_shot = 4\nretrieved = 0\ngeneral_ability = false",
    }
    if base is not None:
        changes[r'^base = ".*"$'] = f'base = "{base}"'
    if epochs is not None:
        changes[r"^epochs = .*$"] = f"epochs = {epochs}"
    for old, new in changes.items():
        text, count = re.subn(old, new.replace("\\", "\\\\"), text, flags=re.MULTILINE)
        assert count == 1, f"{old} is {count} times in the demo's use case"
    path = folder / f"{policy}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def evaluated(use_case: Path, home: Home) -> Path:
    """The folder of the run's evaluation; what comes after it is not waited for."""
    folder = open_run(use_case, home).folder
    if manifest.read(folder / "evaluate") is None:
        process = subprocess.Popen([*STILLHOUSE, "run", str(use_case)])
        while process.poll() is None and manifest.read(folder / "evaluate") is None:
            time.sleep(1)
        process.terminate()
        process.wait()
    if manifest.read(folder / "evaluate") is None:
        raise SystemExit(f"the run of {use_case} ended before its evaluation")
    return folder / "evaluate"


def student_scores(folder: Path) -> dict[str, float]:
    """By record id, which the same home gives to the same ticket whatever the policy."""
    rows = read_rows(folder / "outcomes.parquet")
    return {row["record_id"]: json.loads(row["scores"])[_METRIC] for row in rows if row["arm"] == "sft"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for the tickets and the use cases")
    parser.add_argument("--tickets", type=int, default=1200, help="learnt ones and test ones together")
    parser.add_argument("--test-records", type=int, default=300)
    parser.add_argument("--base", help="another student, to try the script")
    parser.add_argument("--epochs", type=float, help="other than the demo's")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    write_demo_data(options.folder / "tickets.jsonl", n=options.tickets, seed=options.seed)
    lines = (options.folder / "tickets.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    cut = options.tickets - options.test_records
    (options.folder / "learnt.jsonl").write_text("".join(lines[:cut]), encoding="utf-8")
    (options.folder / "exam.jsonl").write_text("".join(lines[cut:]), encoding="utf-8")
    home, prices = Home.open(), DEMO.parents[1] / "prices" / "example-rented-cpu.toml"
    scores = {}
    for policy in POLICIES:
        use_case = write_use_case(
            options.folder, policy, options.base, options.test_records, options.epochs, prices
        )
        scores[policy] = student_scores(evaluated(use_case, home))
    shared = sorted(scores["masked"].keys() & scores["pseudonymised"].keys())
    values = {policy: [found[key] for key in shared] for policy, found in scores.items()}
    found = compare(_METRIC, "pseudonymised", "masked", values["pseudonymised"], values["masked"])
    told = {}
    for policy, each in values.items():
        low, high = wilson(sum(each), len(each))
        told[policy] = {"value": sum(each) / len(each), "low": low, "high": high, "n": len(each)}
        print(f"{policy:<14} {told[policy]['value']:>7.1%}  ({low:.1%} to {high:.1%}, n = {len(each)})")
    print(
        f"pseudonymised less masked: {100 * found.difference:+.1f} points ({100 * found.low:+.1f} to {100 * found.high:+.1f}), "
        f"p = {found.p:.3f}"
    )
    print(json.dumps({**told, "difference": asdict(found)}))


if __name__ == "__main__":
    main()
