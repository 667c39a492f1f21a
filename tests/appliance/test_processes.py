from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.processes import spawn

_PARENT = """
import os, signal, subprocess, sys, time
sleeper = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"]
pids = [os.getpid(), subprocess.Popen(sleeper).pid, subprocess.Popen(sleeper, start_new_session=True).pid]
# A grandchild whose parent ends at once: an orphan in a session of its own.
orphaner = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:], stdout=2, start_new_session=True).pid)"
pids.append(int(subprocess.run([sys.executable, "-c", orphaner, *sleeper], stdout=subprocess.PIPE).stdout))
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1] + ".part", "w").write(" ".join(map(str, pids)))
os.rename(sys.argv[1] + ".part", sys.argv[1])
if "brief" not in sys.argv:
    time.sleep(600)
sys.exit(7)
"""
"""Writes the ids of its tree of four to a file. The three below it ignore SIGTERM."""

_OWNER = """
import os, sys, time
from pathlib import Path
from appliance.processes import spawn
child = spawn(sys.argv[2:], env=os.environ, log_path=Path(sys.argv[1]))
fork_pid = os.fork() if "FORK_HOLDS_PIPE" in os.environ else ""
if fork_pid != 0:
    print(fork_pid, flush=True)
time.sleep(600)
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"  # ended, and not yet collected


def _await(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def _tree(path: Path) -> list[int]:
    _await(path.exists)
    pids = [int(word) for word in path.read_text().split()]
    assert len(pids) == 4
    return pids


def _argv(tmp_path: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", _PARENT, str(tmp_path / "pids"), *words]


def test_a_command_runs_with_its_environment_and_its_output_is_appended_to_a_private_log(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        child = spawn(
            ["sh", "-c", "echo $A-$HOME; echo err >&2"], env={"A": "1", "PATH": "/bin"}, log_path=log
        )
        assert child.wait(10) == 0
    assert child.returncode == 0
    assert log.read_text() == "1-\nerr\n" * 2
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("script", "returncode"),
    [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", -9), ("kill -TERM $$", -15), ("kill -SEGV $$", -11)],
)
def test_the_return_code_is_the_commands(tmp_path: Path, script: str, returncode: int) -> None:
    child = spawn(["/bin/sh", "-c", script], env={}, log_path=tmp_path / "log")
    assert child.wait(10) == returncode
    assert child.stop(1) == returncode, "stopping what has ended changes nothing"


def test_what_a_command_puts_in_its_tmpdir_goes_with_it(tmp_path: Path) -> None:
    script = "umask && ls -ld $TMPDIR; echo text > $TMPDIR/file; mkdir $TMPDIR/folder; echo $TMPDIR"
    env = {"TMPDIR": str(tmp_path), "PATH": "/bin:/usr/bin"}
    assert spawn(["/bin/sh", "-c", script], env=env, log_path=tmp_path / "log").wait(10) == 0
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[1].startswith("drwx------")
    assert Path(lines[-1]).parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_missing_program_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no program 'no-such-program'"):
        spawn(["no-such-program"], env={"PATH": "/bin"}, log_path=tmp_path / "log")


def test_waiting_for_what_still_runs_times_out_and_leaves_it_running(tmp_path: Path) -> None:
    child = spawn(["sleep", "600"], env=os.environ, log_path=tmp_path / "log")
    with pytest.raises(TimeoutError):
        child.wait(0.05)
    assert child.returncode is None
    assert child.stop(10) == -signal.SIGTERM


def test_a_stopped_command_may_end_in_its_own_way(tmp_path: Path) -> None:
    script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.02; done"
    child = spawn(["/bin/sh", "-c", script], env=os.environ, log_path=tmp_path / "log")
    _await(lambda: "ready" in (tmp_path / "log").read_text())
    assert child.stop(10) == 3
    assert "bye" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("words", [(), ("stubborn",), ("brief",)])
def test_nothing_of_the_tree_is_left_after_stop(tmp_path: Path, words: tuple[str, ...]) -> None:
    child = spawn(_argv(tmp_path, *words), env=os.environ, log_path=tmp_path / "log")
    pids = _tree(tmp_path / "pids")
    started = time.monotonic()
    returncode = child.stop(0.5)
    assert not [pid for pid in pids if _alive(pid)]
    assert returncode in {(): (-15,), ("stubborn",): (-9,), ("brief",): (7, -15)}[words]
    assert time.monotonic() - started < 5


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    child = spawn(_argv(tmp_path, "brief"), env=os.environ, log_path=tmp_path / "log")
    assert child.wait(20) == 7
    assert not [pid for pid in _tree(tmp_path / "pids") if _alive(pid)]


@pytest.mark.slow
@pytest.mark.parametrize("fork_holds_pipe", [False, True])
def test_kill_9_of_the_owner_leaves_no_process_behind(tmp_path: Path, fork_holds_pipe: bool) -> None:
    env = dict(os.environ, TMPDIR=str(tmp_path)) | ({"FORK_HOLDS_PIPE": "1"} if fork_holds_pipe else {})
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path / "log"), *_argv(tmp_path, "stubborn")],
        stdout=subprocess.PIPE,
        env=env,
        text=True,
    )
    assert owner.stdout is not None
    fork_pid = owner.stdout.readline().strip()
    try:
        pids = _tree(tmp_path / "pids")
        assert all(_alive(pid) for pid in pids)
        owner.kill()
        owner.wait()
        _await(lambda: not [pid for pid in pids if _alive(pid)])
    finally:
        owner.kill()
        if fork_pid:
            os.kill(int(fork_pid), signal.SIGKILL)
        owner.communicate()
    _await(lambda: not list(tmp_path.glob("stillhouse-*")))


def test_an_orphaned_command_may_clean_up_before_it_is_killed(tmp_path: Path) -> None:
    script = f"trap 'rm {tmp_path}/mess; exit' TERM; touch {tmp_path}/mess; while :; do sleep 0.02; done"
    owner = subprocess.Popen([sys.executable, "-c", _OWNER, str(tmp_path / "log"), "/bin/sh", "-c", script])
    try:
        _await((tmp_path / "mess").exists)
    finally:
        owner.kill()
        owner.wait()
    _await(lambda: not (tmp_path / "mess").exists())


def test_kill_9_of_the_watcher_ends_the_command_and_its_session(tmp_path: Path) -> None:
    script = "sleep 600 & echo $$ $! ; wait"
    env = dict(os.environ, TMPDIR=str(tmp_path))  # nobody is left to delete the command's
    child = spawn(["/bin/sh", "-c", script], env=env, log_path=tmp_path / "log")
    _await(lambda: (tmp_path / "log").read_text().count(" ") == 1)
    pids = [int(word) for word in (tmp_path / "log").read_text().split()]
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL
    _await(lambda: not [pid for pid in pids if _alive(pid)])


def test_a_child_of_a_child_dies_with_the_outermost_owner(tmp_path: Path) -> None:
    """A job that runs a stage that runs a server: each has a watcher of its own."""
    inner = [sys.executable, "-c", _OWNER, str(tmp_path / "inner.log"), *_argv(tmp_path, "stubborn")]
    child = spawn(inner, env=os.environ, log_path=tmp_path / "log")
    pids = _tree(tmp_path / "pids")
    child.stop(0.2)
    assert not [pid for pid in pids if _alive(pid)]
