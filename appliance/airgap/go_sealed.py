"""A program of ours goes on under the seal: its copy does the work, and what that tried to reach is written down."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.airgap.kernel import SealError
from appliance.airgap.sealed import available, run_sealed
from distill.checkpoints import write_atomically

EGRESS = "egress.json"
_SEALED = "--sealed"
"""The copy's last argument."""


def go_sealed(allow: Sequence[tuple[str, int]] | None, folder: Path) -> None:
    """Ends this process as its copy under the seal ended, with what was refused in `egress.json` of the folder.

    Returns where this process is to do the work itself: it is that copy, it is to go without (`allow`, the addresses that it
    may reach, is None), or the kernel cannot seal; then there is no `egress.json`, and nothing is claimed. A seal that breaks
    stops the copy, and `error.txt` says so.
    """
    if sys.orig_argv[-1] == _SEALED:
        return
    (folder / EGRESS).unlink(missing_ok=True)
    if allow is None or available() is not None:
        return
    # A polite stop is for the copy, which gets it too; this process waits for its end.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        result = run_sealed([*sys.orig_argv, _SEALED], allow=allow)
    except SealError as error:
        said = f"the seal against outside connections broke: {error}"
        write_atomically(folder / "error.txt", said)
        sys.exit(said)
    told = {"refused": result.num_refused, "attempts": [asdict(attempt) for attempt in result.attempts]}
    write_atomically(folder / EGRESS, json.dumps(told, indent=1))
    if result.returncode < 0:  # whoever started us tells a kill from a failure
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), -result.returncode)
    sys.exit(result.returncode)
