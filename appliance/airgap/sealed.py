"""Starts a sealed command, answers for the kernel while it runs, and says what it tried."""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from appliance.airgap.destinations import LET_RUN, Destination, Verdict, exceptions, family_name, judge
from appliance.airgap.kernel import Listener, Memory, Notice, SealError, abi, filter_program, take_descriptor


@dataclass(frozen=True, slots=True)
class Attempt:
    """A refused call, and how often this process made it."""

    pid: int
    program: str
    """Base name of the executable, never its arguments; "?" where it cannot be read."""
    syscall: str
    family: str
    """AF_INET and so on; "unreadable" where the process forbids reading its memory."""
    address: str | None
    port: int | None
    count: int


@dataclass(frozen=True, slots=True)
class SealedResult:
    """How the command ended (minus the signal's number if one ended it) and what was refused, in order."""

    returncode: int
    attempts: tuple[Attempt, ...]

    @property
    def num_refused(self) -> int:
        return sum(attempt.count for attempt in self.attempts)


class SealedProcess:
    """A command that runs under the seal. `wait` must follow: it ends the supervision."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        allow: Sequence[tuple[str, int]] = (),
        on_attempt: Callable[[Attempt], None] | None = None,
    ) -> None:
        self._abi = abi()
        self._names = {
            getattr(self._abi, name): name for name in ("socket", "connect", "sendto", "sendmsg", "sendmmsg")
        }
        self._allow = exceptions(allow)
        self._on_attempt = on_attempt
        self._counts: dict[tuple[int, str, str, Destination], int] = {}
        self._memory = Memory()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        ours, theirs = socket.socketpair()
        with ours, theirs, ours.makefile("rb") as news:
            launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
            # The launcher keeps our environment; the command's own travels in the order.
            self.process = subprocess.Popen([*launcher, str(theirs.fileno())], pass_fds=[theirs.fileno()])
            theirs.close()
            try:
                self._hand_over(ours, news, list(argv), dict(os.environ if env is None else env))
            except BaseException:
                self.process.kill()
                self.process.wait()
                self._end_supervision()
                raise

    def _hand_over(
        self, channel: socket.socket, news: BufferedReader, argv: list[str], env: dict[str, str]
    ) -> None:
        """Seals the launcher, starts answering for it, lets it become the command."""
        program = filter_program(self._abi).hex()
        order = {"seccomp": self._abi.seccomp, "filter": program, "argv": argv, "env": env}
        channel.sendall(json.dumps(order).encode() + b"\n")
        reply = json.loads(news.readline() or b"{}")
        if "listener" not in reply:
            raise SealError(_why_not_sealed(reply.get("not_sealed")))
        try:
            self._listener = Listener(take_descriptor(self.process.pid, reply["listener"]))
        except OSError as error:
            raise SealError(_why_not_supervised(error)) from error
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._supervise, name="airgap", daemon=True)
        self._thread.start()
        channel.sendall(b"!")
        failed = json.loads(news.readline() or b"{}")
        if failed:
            number = failed["not_started"]
            raise OSError(number, os.strerror(number), argv[0])

    def wait(self) -> SealedResult:
        """Waits for the command itself; what it left running stays sealed. SealError if the supervision failed."""
        try:
            returncode = self.process.wait()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._end_supervision()
        if self._failure is not None:
            raise SealError("the supervision failed and the command was stopped") from self._failure
        attempts = (
            Attempt(pid, program, call, *where, count)
            for (pid, program, call, where), count in self._counts.items()
        )
        return SealedResult(returncode, tuple(attempts))

    def _end_supervision(self) -> None:
        if self._thread is not None:
            os.eventfd_write(self._stop, 1)
            self._thread.join()
            self._thread = None
            os.close(self._stop)

    def _supervise(self) -> None:
        """The thread: answers until told to stop. If it fails, the command is stopped and `wait` says so."""
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        poll.register(self._listener.descriptor, select.POLLIN)
        try:
            while True:
                # All filters' users gone shows as a hang-up, which would be reported again and again.
                ready = dict(poll.poll())
                if self._stop in ready:
                    return
                if ready[self._listener.descriptor] & select.POLLIN:
                    self._answer()
                else:
                    poll.unregister(self._listener.descriptor)
        except BaseException as failure:
            self._failure = failure
            self.process.kill()
        finally:
            self._listener.close()

    def _answer(self) -> None:
        notice = self._listener.receive()
        if notice is None:
            return
        verdict = self._verdict(notice)
        if verdict.destination is None:
            self._listener.answer(notice, verdict.refusal)
            return
        caller = _caller(notice.thread)
        if not self._listener.is_waiting(notice) or not self._listener.answer(notice, verdict.refusal):
            return
        key = (*caller, self._names[notice.number], verdict.destination)
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._on_attempt:
            self._on_attempt(Attempt(*key[:3], *verdict.destination, self._counts[key]))

    def _verdict(self, notice: Notice) -> Verdict:
        if notice.number == self._abi.socket:
            family = family_name(notice.arguments[0] & 0xFFFFFFFF)
            return Verdict(errno.EAFNOSUPPORT, Destination(family, None, None))
        try:
            sockaddrs = self._sockaddrs(notice)
        except OSError as error:
            if error.errno == errno.EFAULT:
                return Verdict(errno.EFAULT, None)
            return Verdict(errno.EPERM, Destination("unreadable", None, None))
        # Checked after the read: the thread id might have been reused while we looked.
        if not self._listener.is_waiting(notice):
            return Verdict(errno.EPERM, None)
        connects = notice.number == self._abi.connect
        for sockaddr in sockaddrs:
            verdict = judge(sockaddr, connects=connects, allow=self._allow)
            if verdict.refusal:
                return verdict
        return LET_RUN

    def _sockaddrs(self, notice: Notice) -> list[bytes]:
        thread, arguments, memory = notice.thread, notice.arguments, self._memory
        if notice.number == self._abi.sendmsg:
            return [memory.message(thread, arguments[1])]
        if notice.number == self._abi.sendmmsg:
            return memory.messages(thread, arguments[1], arguments[2] & 0xFFFFFFFF)
        pointer, length = arguments[1:3] if notice.number == self._abi.connect else arguments[4:6]
        return [memory.sockaddr(thread, pointer, length & 0xFFFFFFFF)]


def run_sealed(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    allow: Sequence[tuple[str, int]] = (),
    on_attempt: Callable[[Attempt], None] | None = None,
) -> SealedResult:
    """Runs `argv` sealed, with our input, output and working directory, until it ends.

    `env` replaces the environment; `allow` lists further (IP address, port) to let through. `on_attempt` is called on
    the supervising thread for each refusal, with its count so far. Raises SealError where sealing is not possible
    (`available` says so beforehand) and OSError where the command cannot be started.
    """
    return SealedProcess(argv, env=env, allow=allow, on_attempt=on_attempt).wait()


def available() -> str | None:
    """None if sealing works here, else one sentence why not. Tried, not guessed, by one refused call (no packet)."""
    # A resolver on loopback is refused like any other. connect() on a datagram socket sends nothing, and to no address
    # outside, so this is harmless where the seal fails to hold, and an auditor's trace of the machine shows no stray call.
    probe = (
        "import socket, contextlib\n"
        "with contextlib.suppress(OSError): socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 53))"
    )
    try:
        result = run_sealed([sys.executable, "-I", "-S", "-c", probe])
    except (SealError, OSError) as error:
        return str(error)
    if [(attempt.address, attempt.count) for attempt in result.attempts] == [("127.0.0.1", 1)]:
        return None
    seen = sorted({attempt.family for attempt in result.attempts})
    return f"the seal was put on, but a trial call was not refused as expected (saw {', '.join(seen) or 'nothing'})"


def _caller(thread: int) -> tuple[int, str]:
    """The process of a thread and its program; the thread's own id and "?" where they cannot be read."""
    try:
        status = Path(f"/proc/{thread}/status").read_text()
        pid = int(status.partition("\nTgid:")[2].split(maxsplit=1)[0])
        program = os.path.basename(os.readlink(f"/proc/{thread}/exe"))
    except OSError:
        return thread, "?"
    return pid, program


def _why_not_sealed(number: int | None) -> str:
    if number is None:
        return "the launcher ended before it could seal itself: is sys.executable a working Python?"
    if number == errno.EBUSY:
        return "this process is already supervised by seccomp, and the kernel allows one supervisor: run it outside"
    if number in (errno.ENOSYS, errno.EINVAL):
        return f"this kernel ({os.uname().release}) has no seccomp user notification: Linux 5.6 or newer is needed"
    return f"the kernel or the container's policy refuses seccomp ({os.strerror(number)}): allow the seccomp call"


def _why_not_supervised(error: OSError) -> str:
    if error.errno == errno.ENOSYS:
        return f"this kernel ({os.uname().release}) cannot copy descriptors: Linux 5.6 or newer is needed"
    return (
        f"this host forbids looking into one's own child processes ({error.strerror}): set kernel.yama.ptrace_scope "
        "to 0 or 1, and let the container use ptrace calls"
    )
