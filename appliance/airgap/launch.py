"""Seals its own process, then becomes the command. Run as a script by path; imports nothing of ours.

A fresh interpreter, because Python between fork and exec can deadlock when the caller has threads. The listener cannot
be sent from here (sendmsg would wait for the answer it brings), so the supervisor takes it by its number.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import sys

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_NEW_LISTENER, _WAIT_KILLABLE = 1 << 3, 1 << 5


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def install(seccomp: int, instructions: bytes) -> int:
    """Seals this thread and what it starts; returns the listener (closed on exec). OSError if the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    program = _Program(len(instructions) // 8, instructions)
    # Without WAIT_KILLABLE (Linux 5.19) a signal restarts a call that we already hold; it is asked again, counted once.
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):
        listener: int = libc.syscall(seccomp, _SET_MODE_FILTER, flags, ctypes.byref(program))
        if listener >= 0:
            return listener
        if ctypes.get_errno() != errno.EINVAL:
            break
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(channel: int) -> None:
    """Order in (one JSON line), listener out, one byte in once it is taken; then exec, or the errno out."""
    os.set_inheritable(channel, False)
    orders = os.fdopen(channel, "rb", closefd=False)
    order = json.loads(orders.readline())

    def tell(**news: int) -> None:
        os.write(channel, json.dumps(news).encode() + b"\n")

    try:
        listener = install(order["seccomp"], bytes.fromhex(order["filter"]))
    except OSError as error:
        tell(not_sealed=error.errno or 0)
        return
    tell(listener=listener)
    if not orders.read(1):
        return  # the supervisor gave up
    # Python ignored these at its start, and what is ignored stays so through exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvpe(order["argv"][0], order["argv"], order["env"])
    except OSError as error:
        tell(not_started=error.errno or 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
