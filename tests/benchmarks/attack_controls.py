"""Tests the attack itself: over several seeds the overfitted control must be flagged every time, the untouched base never.

Other secrets, other records and another control each seed; the demo's invented tickets; the base as `stillhouse` has it.

`python -m tests.benchmarks.attack_controls [--seeds 5] [--model NAME|DIR] [--records 60] [--generations 48]`
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from appliance.demo_data import write_demo_data
from appliance.home import Home
from appliance.models import resolve
from appliance.stages.attack import control_texts
from distill.probe import Probe, overfitted
from privacy.attack.audit import Audit, Case
from privacy.attack.canaries import invent
from privacy.attack.judge import ARMS
from privacy.attack.language_model import Prompt
from privacy.attack.settings import AttackSettings, PlantSettings
from privacy.attack.trial import Record, Trial, measure

INSTRUCTIONS = "Label the ticket."
KEY = b"the benchmark's key, 32 bytes..."
RECORDS_PLANTED_IN = 1000


def trial_of(seed: int, records: int, generations: int) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.jsonl"
        write_demo_data(path, n=2 * records, seed=seed)
        rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    Random(seed).shuffle(rows)
    asked = [Record(Prompt(row["message"], ""), row["answer"]) for row in rows]
    canaries = invent(PlantSettings(seed=seed), KEY, RECORDS_PLANTED_IN)
    settings = AttackSettings(records=records, generations=generations, seed=seed)
    return Trial(tuple(canaries), tuple(asked[:records]), tuple(asked[records:]), settings)


def one_seed(model: Path, trial: Trial) -> dict[str, Any]:
    """Both controls on one trial: what each arm of the audit says of them."""
    settings, started = trial.settings, time.monotonic()
    base = measure(Probe(model, "auto", INSTRUCTIONS), trial, lambda *_: None)
    measured_s = time.monotonic() - started
    probe, loss = overfitted(
        model,
        "auto",
        INSTRUCTIONS,
        control_texts(trial.canaries, trial.members),
        settings.control_epochs,
        settings.seed,
        lambda *_: None,
    )
    control = measure(probe, trial, lambda *_: None)
    audit = Audit(Case(trial, frozenset(range(len(trial.canaries))), base, control, None))
    # The base once more as a student: a model that learnt nothing must not be said to leak.
    again = audit.judge(base)
    exposed = {
        side: next(
            test.value for test in flags.tests if test.name == "mean exposure, in the prompt, by its own loss"
        )
        for side, flags in (("base", audit.negative), ("control", audit.positive))
    }
    return {
        "seed": settings.seed,
        "control": [arm for arm in ARMS if audit.positive.has(arm)],
        "base": [arm for arm in ARMS if audit.negative.has(arm)],
        "base_as_student": again.result,
        "base_bits": exposed["base"],
        "control_bits": exposed["control"],
        "least_p_base": min(test.p for test in audit.negative.tests),
        "control_loss": loss,
        "blind_auc": None if audit.blind is None else audit.blind.auc,
        "measure_s": measured_s,
        "seconds": time.monotonic() - started,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Tests the attack's controls.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--records", type=int, default=60)
    parser.add_argument("--generations", type=int, default=48)
    asked = parser.parse_args()
    model = resolve(asked.model, Home.open(), Path())
    print(
        f"{'seed':>4}  {'control flagged by':<34}{'base by':<12}{'bits: control':>14}{'base':>7}{'seconds':>9}"
    )
    rows = []
    for seed in range(1, asked.seeds + 1):
        row = one_seed(model, trial_of(seed, asked.records, asked.generations))
        rows.append(row)
        print(
            f"{seed:>4}  {', '.join(row['control']) or '-':<34}{', '.join(row['base']) or '-':<12}"
            f"{row['control_bits']:>14.2f}{row['base_bits']:>7.2f}{row['seconds']:>9.0f}",
            flush=True,
        )
    print(
        json.dumps(
            {
                "seeds": len(rows),
                "control_flagged_by_all_arms": sum(row["control"] == list(ARMS) for row in rows),
                "base_flagged": sum(bool(row["base"]) for row in rows),
                "least_control_bits": round(min(row["control_bits"] for row in rows), 2),
                "mean_base_bits": round(sum(row["base_bits"] for row in rows) / len(rows), 2),
                "seconds": round(sum(row["seconds"] for row in rows)),
                "rows": rows,
            }
        )
    )


if __name__ == "__main__":
    main()
