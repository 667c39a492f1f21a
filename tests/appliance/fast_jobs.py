"""Kinds of jobs that take no time, below our own protocol; as a program, the process of one attempt at one of them."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.home import Home
from appliance.jobs.journal import JobError
from appliance.jobs.kinds import KINDS, Kind
from appliance.jobs.states import Job
from appliance.people.acting import Actor, Role

MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")
NILS = Actor("nils", frozenset({Role.OPERATOR}), "console")


def steps(home: Home, job: Job) -> dict[str, Any]:
    """`steps` files, one after the other; a later attempt goes on after the last one there."""
    for number in range(job.arguments["steps"]):
        path = home.jobs / job.job_id / f"step-{number}"
        if not path.exists():
            time.sleep(job.arguments.get("sleep_s", 0.0))
            path.write_text(str(job.attempt))
    return {"message": f"{job.arguments['steps']} steps", "steps": job.arguments["steps"]}


def mendable(_home: Home, _job: Job) -> dict[str, Any]:
    raise JobError("the teacher does not answer:\nstart it")


def broken(_home: Home, _job: Job) -> dict[str, Any]:
    raise ValueError("Mrs Example of 12 Example Road")


def deaf(home: Home, job: Job) -> dict[str, Any]:
    """Never ends, and hears no request to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (home.jobs / job.job_id / "deaf").touch()
    time.sleep(600)
    return {}


def killed(_home: Home, _job: Job) -> dict[str, Any]:
    """As the kernel does for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def reaching(_home: Home, _job: Job) -> dict[str, Any]:
    """Tries to connect outside, to an address that is nobody's (RFC 5737), by a call that sends nothing."""
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        return {"error": errno.errorcode.get(out.connect_ex(("192.0.2.1", 9)))}


def unsealed(_home: Home, _job: Job) -> None:
    return None


FAST = {
    "steps": Kind("heavy", steps, reaches=unsealed),
    "light-steps": Kind("light", steps, reaches=unsealed),
    "mendable": Kind("heavy", mendable, reaches=unsealed),
    "broken": Kind("heavy", broken, reaches=unsealed),
    "deaf": Kind("heavy", deaf, reaches=unsealed),
    "killed": Kind("heavy", killed, reaches=unsealed),
    "reaching": Kind("light", reaching),
    "reaching-the-teacher": Kind("light", reaching, reaches=lambda _home, _job: [("192.0.2.1", 9)]),
    "sealed-steps": Kind("heavy", steps),
    "sealed-deaf": Kind("heavy", deaf),
    "sealed-killed": Kind("heavy", killed),
}
"""Those that are not sealed start the sooner."""


def argv(home: Home, job: Job) -> list[str]:
    """In the place of `worker.argv_of`."""
    return [sys.executable, __file__, str(home.root), job.job_id, str(job.attempt)]


@pytest.fixture
def home(stillhouse_home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose jobs may be of the fast kinds."""
    for name, kind in FAST.items():
        monkeypatch.setitem(KINDS, name, kind)
    return Home.open()


def wait_for(what: Any, timeout_s: float = 60.0) -> None:
    """Until `what()` is true."""
    deadline = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def patience() -> float:
    """How many times slower than an idle machine this one is."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


if __name__ == "__main__":
    from appliance.jobs.work import start

    KINDS.update(FAST)
    sys.exit(start(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
