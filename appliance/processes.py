"""Child processes that cannot outlive us: the whole tree below a child dies with its owner, even by `kill -9`.

Between the owner and the command stands a watcher: this file, run as a program. The watcher is a child subreaper, so
each process below it stays its descendant, whatever new session it makes or parent it loses. When the owner closes
the pipe to the watcher's stdin (or the kernel does, because the owner died), the watcher ends every descendant.
PR_SET_PDEATHSIG alone would not do: it fires when the *thread* that forked ends, and does not reach grandchildren.

Limits: Linux only. A descendant that runs as another user (setuid) is not ours to kill. If the watcher itself is killed
by `kill -9`, the command and its session die, but not a descendant that had made a session of its own.
"""

from __future__ import annotations

import ctypes
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_LOOK_S = 0.5
"""How often the watcher looks whether its parent is still the owner: a fork of the owner may hold the pipe open."""
_ORPHAN_GRACE_S = 3.0
"""From SIGTERM to SIGKILL when the owner died: time to unlink shared memory, which may hold text, and no more."""
_SWEEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Child:
    """A running or finished command."""

    log_path: Path
    """The command's stdout and stderr, appended."""
    _watcher: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Of the watcher: `kill` of this one stops the command politely; its descendants are the command's."""
        return self._watcher.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; else the command's exit status, or minus the signal that ended it."""
        if self._watcher.poll() is None:
            return None
        return self.wait()

    def wait(self, timeout_s: float | None = None) -> int:
        """The command's return code, once nothing of its tree is left; raises TimeoutError after `timeout_s`."""
        try:
            returncode = self._watcher.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"process {self.pid} still runs after {timeout_s} s") from None
        assert self._watcher.stdin is not None
        self._watcher.stdin.close()
        if returncode < 0:  # perhaps the watcher itself was killed: what it left is in the session it led
            _kill_session(self.pid)
        return returncode

    def stop(self, grace_s: float) -> int:
        """SIGTERM to the command's process group, after `grace_s` SIGKILL to the whole tree; nothing is left."""
        assert self._watcher.stdin is not None
        if self.returncode is None:
            self._watcher.terminate()
            with suppress(TimeoutError):
                return self.wait(grace_s)
        self._watcher.stdin.close()
        return self.wait()


def spawn(argv: Sequence[str], *, env: Mapping[str, str], log_path: Path) -> Child:
    """Start `argv` in a process group of its own, with no stdin, and with `env` as its environment.

    But for TMPDIR, which is a new directory (inside the one that `env` names) that is deleted when the command ends.
    Raises FileNotFoundError where the program does not exist (looked up in PATH of `env`).
    """
    program = _find(argv[0], env.get("PATH", os.defpath))
    # -I -S: the watcher needs the standard library only, and must not be led astray by the command's PYTHON* settings.
    watcher = [sys.executable, "-I", "-S", __file__, str(os.getpid()), program, *argv[1:]]
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            watcher, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    finally:
        os.close(log)
    return Child(log_path, process)


def _find(program: str, path: str) -> str:
    """Here and not in the watcher, so that a missing program is the caller's error and not a line in a log."""
    folders = [""] if os.sep in program else path.split(os.pathsep)
    for folder in folders:
        candidate = os.path.join(folder, program)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(f"no program {program!r}: install it, or give its path")


# ---- The watcher: a process with one thread, so that pre-exec code and PDEATHSIG are safe in it.


def _watch(owner_pid: int, argv: Sequence[str]) -> int:
    """Run `argv` until it ends or the owner does; returns its return code with no descendant left."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    asked_to_stop = False

    def note(number: int, _frame: FrameType | None) -> None:
        nonlocal asked_to_stop
        asked_to_stop = asked_to_stop or number != signal.SIGCHLD

    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, note)
    watcher_pid = os.getpid()
    try:
        command = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=lambda: _die_with_parent(watcher_pid),
        )
    except OSError as error:
        print(f"cannot start {argv[0]}: {error.strerror}", file=sys.stderr)
        return 127  # what a shell returns
    ended: dict[int, int] = {}
    told_to_stop = False
    patience_ends = math.inf
    while command.pid not in ended and time.monotonic() < patience_ends:
        watched = [0, wake_read] if patience_ends == math.inf else [wake_read]
        ready, _, _ = select.select(watched, [], [], _LOOK_S)
        if wake_read in ready:
            os.read(wake_read, 4096)
        _reap(ended)
        if 0 in ready or os.getppid() != owner_pid:  # end of file (nothing is ever written), or no owner
            if told_to_stop and patience_ends == math.inf:
                break
            asked_to_stop = True
            patience_ends = min(patience_ends, time.monotonic() + _ORPHAN_GRACE_S)
        if asked_to_stop and not told_to_stop:
            told_to_stop = True
            with suppress(ProcessLookupError):
                os.killpg(command.pid, signal.SIGTERM)
    # A process may fork, or change parents, while /proc is read: look again until the kernel says that none is left.
    while _reap(ended):
        for pid in _descendants(watcher_pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_SWEEP_S)
    return ended[command.pid]


def _reap(ended: dict[int, int]) -> bool:
    """Note the return codes of ended children, orphans that became ours included; False when no child is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        ended[pid] = os.waitstatus_to_exitcode(status)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _die_with_parent(parent_pid: int) -> None:
    """For the case that someone kills the watcher itself."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the line above
        os._exit(1)


def _stat_fields(pid: int) -> list[str]:
    """Of /proc/<pid>/stat from the third on (state, ppid, pgrp, session, ...); empty if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the second field is the name, which may hold anything


def _processes() -> dict[int, list[str]]:
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return {pid: fields for pid in pids if (fields := _stat_fields(pid))}


def _descendants(root_pid: int) -> list[int]:
    """All processes below `root_pid`, zombies included."""
    children: dict[int, list[int]] = {}
    for pid, fields in _processes().items():
        children.setdefault(int(fields[1]), []).append(pid)
    found: list[int] = []
    todo = [root_pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _kill_session(session_id: int) -> None:
    for pid, fields in _processes().items():
        if int(fields[3]) == session_id:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _main() -> None:
    # A private TMPDIR for the command: what it leaves there may hold text, and goes when it goes.
    os.environ["TMPDIR"] = scratch = tempfile.mkdtemp(prefix="stillhouse-")
    returncode = _watch(int(sys.argv[1]), sys.argv[2:])
    shutil.rmtree(scratch, ignore_errors=True)
    if returncode < 0:  # end as the command did, so that the owner's Popen reports the same signal
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command's core is the one worth having
        with suppress(OSError, ValueError):  # SIGKILL and SIGSTOP keep their disposition anyway
            signal.signal(-returncode, signal.SIG_DFL)
        os.kill(os.getpid(), -returncode)
    sys.exit(returncode)


if __name__ == "__main__":
    _main()
