"""One attempt at one job as a process, sealed: `python -m appliance.jobs.work HOME JOB_ID ATTEMPT`.

Where the kernel can, the process and its children are kept from connecting anywhere but loopback and what the kind of job
may reach. Kinds whose own children are sealed, as a run's stages are, go without.
"""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path

from appliance.airgap import go_sealed
from appliance.home import Home
from appliance.jobs import attempts
from appliance.jobs.journal import JobError, load
from appliance.jobs.kinds import KINDS
from appliance.jobs.states import RefusedError

_MESSAGE_CHARS = 500


def main(home_root: Path, job_id: str, attempt: int) -> int:
    """The exit status: 0 when the outcome is written down, whatever it is; 3 when the attempt was over before."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that a run's stage is stopped too
    home = Home(home_root)
    job = load(home, job_id)
    if job.attempt != attempt:
        return 3
    try:
        with attempts.lease(home, job):
            try:
                found = KINDS[job.kind].work(home, job)
            except JobError as error:
                attempts.finish(home, job, "failed", _one_line(str(error)))
            except Exception as error:
                _tell_frames(error)
                said = f"stopped by an error of ours ({type(error).__name__}): the job's log says where"
                attempts.finish(home, job, "failed", said)
            else:
                attempts.finish(home, job, "done", _one_line(str(found.get("message") or "")) or None, found)
    except RefusedError:
        return 3
    return 0


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MESSAGE_CHARS]


def _tell_frames(error: BaseException) -> None:
    """Into the log: where it happened and the type, without the words, which might be a record's."""
    for frame in traceback.extract_tb(error.__traceback__):
        sys.stderr.write(f"{frame.filename}:{frame.lineno} in {frame.name}\n")
    sys.stderr.write(f"{type(error).__name__}\n")


def start(home_root: Path, job_id: str, attempt: int) -> int:
    """Under the seal, where the kind of job is to be sealed and the kernel can."""
    home = Home(home_root)
    go_sealed(_reaches(home, job_id), home.jobs / job_id)
    return main(home_root, job_id, attempt)


def _reaches(home: Home, job_id: str) -> list[tuple[str, int]] | None:
    job = load(home, job_id)
    try:
        return KINDS[job.kind].reaches(home, job)
    except JobError:  # the work itself says why it cannot be done
        return []


if __name__ == "__main__":
    sys.exit(start(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
