"""`python -m appliance.airgap [--allow IP:PORT ...] -- COMMAND ...`: runs it sealed and reports on one line.

Exits with the command's code, 128 + n if signal n ended it; 125 if sealing is not possible, 126 or 127 if the command
cannot be started. The last line on stderr is JSON: returncode, refused, attempts.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from dataclasses import asdict
from types import FrameType

from appliance.airgap.kernel import SealError
from appliance.airgap.sealed import SealedProcess


def _address(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def _parse(arguments: list[str]) -> tuple[list[tuple[str, int]], list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m appliance.airgap",
        usage="%(prog)s [--allow IP:PORT ...] -- COMMAND ...",
        description="Runs a command that can reach nothing but this machine, and counts what it tried.",
    )
    parser.add_argument("--allow", type=_address, action="append", default=[], metavar="IP:PORT")
    at = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = parser.parse_args(arguments[:at]), arguments[at + 1 :]
    if not command:
        parser.error("no command: write it after --")
    return options.allow, command


def _reached_the_group(number: int) -> bool:
    """Ctrl-C at a terminal goes to the command as well; passing it on would interrupt its clean-up."""
    try:
        return number == signal.SIGINT and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def main(arguments: list[str]) -> int:
    """Runs the command; returns the exit code."""
    allow, command = _parse(arguments)
    running: list[SealedProcess] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if not running:
            raise SystemExit(128 + number)
        if not _reached_the_group(number):
            running[0].process.send_signal(number)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    try:
        running.append(SealedProcess(command, allow=allow))
        result = running[0].wait()
    except (SealError, ValueError) as error:
        print(f"airgap: {error}", file=sys.stderr)
        return 125
    except OSError as error:
        print(f"airgap: {command[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
    code = result.returncode if result.returncode >= 0 else 128 - result.returncode
    attempts = [asdict(attempt) for attempt in result.attempts]
    print(
        json.dumps({"returncode": code, "refused": result.num_refused, "attempts": attempts}), file=sys.stderr
    )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
