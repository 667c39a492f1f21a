"""The worker with the real pipeline: killed in the middle of training, the next one trains the same student to the last bit."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fast_jobs import patience

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Status
from appliance.manifest import Manifest, read
from appliance.people.acting import Actor, Role
from tests.test_whole_job import make_home, write_use_case

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")
SAVED = '# saved: {"number": 1, "by": "maria", "at": 0, "changed": []}\n'


def wait_for(happened: Callable[[], object], timeout_s: float = 600.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def worker(env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "appliance.cli", "worker"], env=env)


def trained(
    folder: Path, models: Path, template: Path, *, kill_at_step: int | None
) -> tuple[Manifest, jobs.Job, float]:
    """The finished `sft` stage of a job in a fresh home, the job as it then stood, and the seconds to its resumption."""
    env = make_home(folder, models, b"k" * 32)
    folder.chmod(0o700)
    home = Home(folder)
    home.runs.mkdir()
    draft = home.use_cases / "demo"
    shutil.copytree(template, draft)
    for name in ("use_case.toml", "saved-0001.toml"):
        (draft / name).write_text(SAVED + (template / "tiny.toml").read_text())
    job_id = jobs.enqueue(home, MARIA, "run", {"use_case": "demo"}).job_id
    process, resumed_s = worker(env), 0.0
    try:
        wait_for(lambda: jobs.job(home, job_id).run_id is not None)
        sft = home.runs / str(jobs.job(home, job_id).run_id) / "sft"
        if kill_at_step is not None:
            wait_for(lambda: steps(sft) >= kill_at_step)
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed_at = time.monotonic()
            assert jobs.job(home, job_id).status is Status.RUNNING and not jobs.worker_alive(home)
            process = worker(env)
            wait_for(lambda: jobs.job(home, job_id).attempt == 2)
            resumed_s = time.monotonic() - killed_at
        wait_for(lambda: (sft / "manifest.json").exists())
        stopping = jobs.stop(home, MARIA, job_id)
        wait_for(lambda: jobs.job(home, job_id).status is Status.STOPPED, 60)
        found = read(sft)
        assert found is not None
        return found, stopping, resumed_s
    finally:
        process.terminate()
        process.wait()


def steps(sft: Path) -> int:
    try:
        return int(json.loads((sft / "progress.json").read_text())["done"])
    except (OSError, ValueError):
        return 0


def test_a_worker_killed_in_the_middle_of_training_is_followed_by_one_that_trains_the_same_student(
    models: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    write_use_case(template)
    whole, job, _ = trained(tmp_path / "whole", models, template, kill_at_step=None)
    assert job.attempt == 1
    killed, job, resumed_s = trained(tmp_path / "killed", models, template, kill_at_step=4)
    assert job.attempt == 2 and resumed_s < 10 * patience()
    print(f"taken up {resumed_s:.1f} s after the kill")
    weights = {name for name in whole.outputs if name.endswith(".safetensors")}
    assert weights and {name: killed.outputs[name] for name in weights} == {
        name: whole.outputs[name] for name in weights
    }
    assert killed.outputs.keys() == whole.outputs.keys()
