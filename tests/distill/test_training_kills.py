"""A hundred kills of a training at any moment, checkpoints being written or not: each goes on, and ends bit for bit as an undisturbed one.

`python -m tests.distill.test_training_kills BASE FOLDER KILLS SEED` does it: a process that forks, since importing torch takes
longer than what is to be killed. It prints a line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.appliance.fast_jobs import patience
from tests.benchmarks.survival import tell

KILLS = 100


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "adapter" / "adapter_model.safetensors").read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_hundred_kills_at_any_moment_and_none_that_cannot_resume(tiny_model: Path, tmp_path: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "tests.distill.test_training_kills",
        str(tiny_model),
        str(tmp_path),
        str(KILLS),
        "7",
    ]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(argv, env=one_thread, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["kills"] == KILLS and found["failed"] == 0
    assert found["ended"] >= 3 and found["ended_otherwise"] == 0
    assert found["with_a_torn_checkpoint"] > 0, (
        "no kill fell into the writing of a checkpoint: nothing was shown"
    )
    lost = found["failed"] + found["ended_otherwise"]
    tell(
        "training",
        KILLS,
        lost,
        found["recovery_s"],
        ended_bit_equal=found["ended"] - found["ended_otherwise"],
    )
    assert max(found["recovery_s"]) < 10 * patience()


def _train(base: Path, out: Path) -> None:
    from tests.distill.training_runs import SFT, sft

    sft(base, out, settings=replace(SFT, epochs=4, checkpoint_every_steps=1))


def _forked(base: Path, out: Path, kill_after_s: float | None, went_on_s: list[float]) -> int | None:
    """Exit status of a child that trains; None if it was killed. Adds the seconds until it had done a step, if it came so far."""
    started, before, went_on = time.monotonic(), _sealed(out), False
    child = os.fork()
    if child == 0:
        try:
            _train(base, out)
            os._exit(0)
        except BaseException as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
            os._exit(1)
    ends = started + (600 if kill_after_s is None else kill_after_s)
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if not went_on and _sealed(out) > before:
            went_on_s.append(time.monotonic() - started)
            went_on = True
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _sealed(out: Path) -> int:
    """The step of the newest checkpoint that has its seal; 0 before there is one."""
    try:
        return max(
            (int(path.parent.name.split("-")[1]) for path in (out / "checkpoints").glob("*/sealed.json")),
            default=0,
        )
    except FileNotFoundError:  # a training that ends removes its checkpoints while we look
        return 0


def _is_torn(out: Path) -> bool:
    """Whether the kill left a checkpoint without its seal, or one in the making."""
    from distill.checkpoints import is_sealed

    return any(not is_sealed(path) for path in (out / "checkpoints").glob("*") if path.is_dir())


def main() -> None:
    base, folder, wanted, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    # All that a training imports, before the first fork.
    import peft
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tests.distill import training_runs

    AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    assert peft and training_runs and torch.get_num_threads() == 1
    source, started = random.Random(seed), time.monotonic()
    assert _forked(base, folder / "whole", None, []) == 0
    whole_s, expected = time.monotonic() - started, digest(folder / "whole")
    found = {"kills": 0, "failed": 0, "ended": 0, "ended_otherwise": 0, "with_a_torn_checkpoint": 0}
    number, went_on_s = 0, list[float]()
    while found["kills"] < wanted:
        out = folder / f"run-{number}"
        number += 1
        recovery_s: list[float] = []  # of the first attempt, which recovers from nothing
        while found["kills"] < wanted:
            status = _forked(base, out, source.uniform(0.1, 1.0) * whole_s, recovery_s)
            recovery_s = went_on_s
            if status is None:
                found["kills"] += 1
                found["with_a_torn_checkpoint"] += _is_torn(out)
                continue
            found["failed"] += status != 0
            break
        if found["kills"] == wanted:
            found["failed"] += _forked(base, out, None, went_on_s) != 0
        if (out / "adapter").exists():
            found["ended"] += 1
            found["ended_otherwise"] += digest(out) != expected
    found |= {"recovery_s": [round(each, 3) for each in went_on_s]}
    print(json.dumps(found | {"whole_s": round(whole_s, 2), "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main()
