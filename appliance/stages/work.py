"""One stage at work: `python -m appliance.stages.work RUN_FOLDER STAGE`. Writes the manifest last."""

from __future__ import annotations

import fcntl
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from appliance import manifest
from appliance.config import ConfigError
from appliance.lineage import LineageError
from appliance.manifest import DamagedError, Manifest
from appliance.models import ModelError
from appliance.offline import go_offline
from appliance.serve import ServeError
from appliance.stages.context import Context, Facts, GateError
from distill.checkpoints import write_atomically
from distill.training import TrainingError

OPERATOR_ERRORS = (
    GateError,
    ConfigError,
    LineageError,
    ModelError,
    ServeError,
    TrainingError,
    DamagedError,
    ValueError,
    OSError,
)
"""What the operator may mend. A library may raise the last two: see `one_line`."""

_CODE = Path(__file__).parents[2]
_PACKAGES = ("appliance", "distill", "privacy")


def _function(context: Context, stage: str) -> Callable[[Context], tuple[Facts, list[str]]]:
    from appliance.stages import attack, bench, check, data, evaluate, lessons, report, training

    if context.refresh is not None:
        from appliance.stages import refresh_curate, refresh_evaluate, refresh_gates

        own = {
            "curate": refresh_curate.curate,
            "evaluate": refresh_evaluate.evaluate,
            "attack": refresh_gates.attack,
            "parity": refresh_gates.parity,
        }
        if stage in own:
            return own[stage]
    return {
        "scrub": data.scrub,
        "teach": lessons.teach,
        "curate": lessons.curate,
        "check": check.check,
        "sft": training.sft,
        "onpolicy": training.onpolicy,
        "evaluate": evaluate.evaluate,
        "attack": attack.attack,
        "bench": bench.bench,
        "report": report.report,
    }[stage]


def frames(trace: TracebackType | None) -> str:
    """Where it happened, without messages or values, since either may hold a record's text."""
    return "".join(
        f"  {frame.filename}:{frame.lineno} {frame.name}\n" for frame in traceback.extract_tb(trace)
    )


def main(run_folder: Path, stage: str) -> int:
    go_offline()
    # A polite stop unwinds: a server started here is then stopped politely too, and leaves no shared memory behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = run_folder / stage
    with open(run_folder / f"{stage}.lock", "w") as lock:
        # The child of a killed run lives some seconds longer: wait for it rather than write beside it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = time.monotonic()
        try:
            context = Context(run_folder, stage)
            facts, outputs = _function(context, stage)(context)
        except OPERATOR_ERRORS as error:
            sys.stderr.write(frames(error.__traceback__))
            write_atomically(folder / "error.txt", one_line(error))
            return 3
        except Exception as error:
            sys.stderr.write(frames(error.__traceback__) + f"{type(error).__name__}\n")
            write_atomically(
                folder / "error.txt", f"failed with {type(error).__name__}; see {folder / 'log.txt'}"
            )
            return 1
        finished = Manifest(
            stage=stage,
            fingerprint=(folder / "fingerprint").read_text(),
            outputs=manifest.hash_outputs(folder, outputs),
            facts=facts,
            seconds=round(time.monotonic() - started, 3),
            finished_at=time.time(),
        )
        manifest.write(folder, finished)
    return 0


def one_line(error: BaseException) -> str:
    """What an operator reads. Errors of libraries may quote what they choked on; only our own words are told."""
    if type(error).__module__.split(".")[0] in _PACKAGES:
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: {error.filename or 'see the log'}"
    return (
        " ".join(str(error).split())
        if _raised_by_us(error)
        else f"failed with {type(error).__name__}; see the stage's log.txt"
    )


def _raised_by_us(error: BaseException) -> bool:
    """Whether a `raise` of our own code wrote the message: what C code raises (`int(text)`) ends in our frame too."""
    trace = traceback.extract_tb(error.__traceback__)
    return (
        bool(trace)
        and any(Path(trace[-1].filename).is_relative_to(_CODE / name) for name in _PACKAGES)
        and (trace[-1].line or "").startswith("raise ")
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
