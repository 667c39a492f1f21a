"""The seal, attacked. Aims only at loopback and the documentation ranges, so a broken seal harms nobody."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.airgap import Attempt, SealedResult, SealError, available, run_sealed

_WHY_NOT = available()
pytestmark = [
    pytest.mark.skipif(_WHY_NOT is not None, reason=f"no seal here: {_WHY_NOT}"),
    pytest.mark.timeout(60),  # a call that nobody answers would wait for ever
]

_ROOT = Path(__file__).parents[2]
_TRIES = """
import ctypes, errno, socket, struct, sys
def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        answer = errno.errorcode[error.errno]
    else:
        answer = "passed"
    sys.stdout.write(answer + "\\n")  # in one piece: print() lets another thread in before the line's end
tcp, tcp6 = socket.socket(), socket.socket(socket.AF_INET6)
udp = socket.socket(type=socket.SOCK_DGRAM)
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
def sockaddr(address, family=socket.AF_INET):
    return ctypes.create_string_buffer(struct.pack("=HH4s8x", family, socket.htons(9), socket.inet_aton(address)))
names = []
def messages(*addresses):
    names.extend(map(sockaddr, addresses))
    headers = (struct.pack("=QI52x", ctypes.addressof(name), 16) for name in names)
    return ctypes.create_string_buffer(b"".join(headers))
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", _TRIES + textwrap.dedent(code), *arguments]


def seen(result: SealedResult) -> list[str]:
    return [
        f"{each.syscall} {each.family} {each.address} {each.port} x{each.count}" for each in result.attempts
    ]


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[[str], Path]:
    """Compiles a C program statically: no library of ours, no libc wrapper to hook."""

    def build(source: str) -> Path:
        if shutil.which("gcc") is None:
            pytest.skip("gcc is not installed")
        program, code = tmp_path / "static-program", tmp_path / "program.c"
        code.write_text(source)
        done = subprocess.run(["gcc", "-static", "-o", program, code], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("gcc cannot link a static program here")
        return program

    return build


# The datagram rows send nothing unless the seal is broken; a UDP connect only asks for one's own address.
_LEAVES = """
refused(tcp.connect, ('192.0.2.1', 443))                      -> connect AF_INET 192.0.2.1 443
refused(tcp6.connect, ('2001:db8::1', 443))                   -> connect AF_INET6 2001:db8::1 443
refused(tcp6.connect, ('::ffff:192.0.2.1', 443))              -> connect AF_INET6 ::ffff:192.0.2.1 443
refused(udp.connect, ('198.51.100.7', 80))                    -> connect AF_INET 198.51.100.7 80
refused(udp.sendto, b'x', ('192.0.2.1', 9))                   -> sendto AF_INET 192.0.2.1 9
refused(tcp.sendto, b'x', socket.MSG_FASTOPEN, ('192.0.2.1', 443)) -> sendto AF_INET 192.0.2.1 443
refused(udp.sendmsg, [b'x'], [], 0, ('192.0.2.1', 9))         -> sendmsg AF_INET 192.0.2.1 9
refused(call, 'sendmmsg', udp.fileno(), messages('127.0.0.1', '192.0.2.1'), 2, 0) -> sendmmsg AF_INET 192.0.2.1 9
refused(call, 'sendto', udp.fileno(), b'x', 1, 0, sockaddr('192.0.2.1', 0), 16) -> sendto AF_INET 192.0.2.1 9
refused(udp.sendto, b'x', ('127.0.0.53', 53))                 -> sendto AF_INET 127.0.0.53 53
refused(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)     -> socket AF_PACKET None None
refused(socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)   -> socket AF_VSOCK None None
refused(socket.socket, socket.AF_INET, socket.SOCK_SEQPACKET) -> socket AF_INET None None
refused(socket.socket, socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_SCTP) -> socket AF_INET6 None None
"""


@pytest.mark.parametrize("row", _LEAVES.strip().splitlines())
def test_a_call_that_leaves_the_machine_is_refused_and_counted(
    row: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, expected = row.partition("->")
    result = run_sealed(python(code))
    answer = "EAFNOSUPPORT" if expected.split()[0] == "socket" else "ENETUNREACH"
    assert capfd.readouterr().out.split() == [answer]
    assert seen(result) == [f"{expected.strip()} x1"]
    assert result.attempts[0].program == Path(sys.executable).resolve().name


_STAYS = [
    "server = socket.create_server(('127.0.0.1', 0)); refused(tcp.connect, server.getsockname())",
    "server = socket.create_server(('127.9.8.7', 0)); refused(tcp.connect, server.getsockname())",
    "server = socket.create_server(('', 0)); refused(tcp.connect, server.getsockname())",
    """
    udp.bind(("127.0.0.1", 0))
    refused(udp.sendto, b"x", udp.getsockname())
    refused(udp.sendmsg, [b"x"], [], 0, udp.getsockname())
    refused(udp.connect, udp.getsockname())
    refused(udp.sendmsg, [b"x"])
    refused(call, "connect", udp.fileno(), sockaddr("192.0.2.1", socket.AF_UNSPEC), 16)
    """,
    "a, b = socket.socketpair(); refused(socket.send_fds, a, [b'x'], [0])",
    """
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
    refused(socket.socket(socket.AF_UNIX).connect, sys.argv[1])
    """,
    "refused(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).connect, (0, 0))",
    "refused(socket.getaddrinfo, 'localhost', 80)",
]


@pytest.mark.parametrize("code", _STAYS)
def test_what_stays_on_the_machine_passes(
    code: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = run_sealed(python(code, str(tmp_path / "socket")))
    assert set(capfd.readouterr().out.split()) == {"passed"}
    assert result == SealedResult(0, ())


def test_ipv6_loopback_passes(capfd: pytest.CaptureFixture[str]) -> None:
    if not Path("/proc/net/if_inet6").exists() or " lo" not in Path("/proc/net/if_inet6").read_text():
        pytest.skip("no IPv6 loopback on this host")
    code = """
    server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    for address in ("::1", "::", "::ffff:127.0.0.1"):
        refused(socket.socket(socket.AF_INET6).connect, (address, server.getsockname()[1]))
    """
    result = run_sealed(python(code))
    assert capfd.readouterr().out.split() == ["passed"] * 3
    assert not result.attempts


def test_a_bad_call_gets_the_kernels_answer_and_is_no_attempt(capfd: pytest.CaptureFixture[str]) -> None:
    code = """
    refused(call, "connect", udp.fileno(), ctypes.c_void_p(8), 16)
    refused(call, "sendmsg", udp.fileno(), ctypes.c_void_p(8), 0)
    refused(call, "connect", udp.fileno(), sockaddr("192.0.2.1"), 8)
    refused(call, "connect", udp.fileno(), sockaddr("192.0.2.1"), 1)
    refused(call, "connect", -1, sockaddr("192.0.2.1", socket.AF_UNSPEC), 16)
    """
    result = run_sealed(python(code))
    assert capfd.readouterr().out.split() == ["EFAULT", "EFAULT", "EINVAL", "EINVAL", "EBADF"]
    assert not result.attempts


def test_an_allowed_address_passes_at_its_port_only() -> None:
    # A UDP connect sends nothing; without a route the kernel itself may answer, but it is no attempt.
    code = "for port in (7, 8): udp.connect_ex(('192.0.2.1', port))"
    result = run_sealed(python(code), allow=[("192.0.2.1", 7)])
    assert seen(result) == ["connect AF_INET 192.0.2.1 8 x1"]
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        run_sealed(["true"], allow=[("example.org", 80)])


def test_a_name_lookup_is_refused_and_counted_as_port_53(capfd: pytest.CaptureFixture[str]) -> None:
    code = """
    try:
        socket.getaddrinfo("nobody.invalid", 80)
    except socket.gaierror:
        print("unknown")
    """
    result = run_sealed(python(code))
    assert capfd.readouterr().out == "unknown\n"
    assert result.attempts
    assert {attempt.port for attempt in result.attempts} == {53}


def test_a_grandchild_is_sealed() -> None:
    inner = "import socket; socket.socket().connect_ex(('192.0.2.1', 443))"
    code = f"""
    import subprocess
    grandchild = [sys.executable, "-c", {inner!r}]
    subprocess.run([sys.executable, "-c", f"import subprocess; subprocess.run({{grandchild!r}})"], check=True)
    """
    result = run_sealed(python(code))
    assert seen(result) == ["connect AF_INET 192.0.2.1 443 x1"]


def test_threads_are_sealed_and_counted_as_their_process(capfd: pytest.CaptureFixture[str]) -> None:
    code = """
    import os, threading
    threads = [threading.Thread(target=refused, args=(udp.connect, ("192.0.2.1", 9))) for _ in range(4)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    print(os.getpid())
    """
    result = run_sealed(python(code))
    *answers, pid = capfd.readouterr().out.split()
    assert answers == ["ENETUNREACH"] * 4
    assert [(attempt.pid, attempt.count) for attempt in result.attempts] == [(int(pid), 4)]


_C_CONNECT = """
#include <arpa/inet.h>
#include <sys/socket.h>
int main(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
    inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) ? 7 : 0;
}
"""


def test_a_static_binary_is_sealed(compiled: Callable[[str], Path]) -> None:
    result = run_sealed([str(compiled(_C_CONNECT))])
    assert result.returncode == 7
    assert seen(result) == ["connect AF_INET 192.0.2.1 443 x1"]
    assert result.attempts[0].program == "static-program"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86 only")
@pytest.mark.parametrize(
    ("statement", "returncode"),
    [
        # 102 is i386's socketcall, 42 is connect: the same call through the other two doors.
        (
            'int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(102), "b"(3), "c"(0)); return r;',
            -signal.SIGSYS,
        ),
        ("return syscall(0x40000000 | 42, 0, 0, 0) == -1 && errno == ENOSYS ? 7 : 0;", 7),
    ],
)
def test_the_other_numberings_of_calls_are_closed(
    statement: str, returncode: int, compiled: Callable[[str], Path]
) -> None:
    headers = "#include <errno.h>\n#include <unistd.h>\n"
    program = compiled(f"#define _GNU_SOURCE\n{headers}int main(void) {{ {statement} }}")
    assert run_sealed([str(program)]).returncode == returncode


def test_io_uring_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    result = run_sealed(python("refused(call, 'syscall', 425, 1, ctypes.create_string_buffer(120))"))
    assert capfd.readouterr().out.split() == ["EPERM"]
    assert not result.attempts


def test_a_process_that_cannot_be_read_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every process")
    result = run_sealed(python("libc.prctl(4, 0); refused(udp.connect, ('127.0.0.1', 9))"))
    assert capfd.readouterr().out.split() == ["EPERM"]
    assert seen(result) == ["connect unreadable None None x1"]


def test_fifty_children_work() -> None:
    code = """
    import os
    for _ in range(50):
        if not os.fork():
            os._exit(socket.socket(type=socket.SOCK_DGRAM).connect_ex(("192.0.2.1", 9)) == errno.ENETUNREACH)
    sys.exit(sum(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(50)))
    """
    result = run_sealed(python(code))
    assert result.returncode == 50
    assert len({attempt.pid for attempt in result.attempts}) == result.num_refused == 50


def test_a_multiprocessing_pool_and_an_asyncio_server_work(capfd: pytest.CaptureFixture[str]) -> None:
    code = """
    import asyncio, multiprocessing
    async def echo(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    async def main():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\\n")
        print((await reader.read()).decode())
        writer.close()
        await writer.wait_closed()
    asyncio.run(main())
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(sum(pool.map(abs, range(-100, 1))))
    """
    result = run_sealed(python(code))
    assert capfd.readouterr().out.split() == ["hello", "5050", "5050", "5050"]
    assert result == SealedResult(0, ())


def test_a_signal_during_a_call_neither_breaks_nor_counts_twice(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = """
    import signal
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.siginterrupt(signal.SIGALRM, False)  # as most programs do; else the call may return EINTR
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    print({udp.connect_ex(("192.0.2.1", 9)) for _ in range(1000)} == {errno.ENETUNREACH})
    signal.setitimer(signal.ITIMER_REAL, 0)
    """
    assert run_sealed(python(code)).num_refused == 1000
    assert capfd.readouterr().out == "True\n"


@pytest.mark.parametrize(("script", "returncode"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", -15)])
def test_exit_codes_pass_through(script: str, returncode: int) -> None:
    assert run_sealed(["sh", "-c", script]).returncode == returncode


def test_the_command_gets_its_own_environment_and_default_signals(capfd: pytest.CaptureFixture[str]) -> None:
    run_sealed(
        ["/bin/sh", "-c", "env; grep SigIgn /proc/self/status; ls /proc/self/fd"], env={"ONLY": "\udcff"}
    )
    out = capfd.readouterr().out
    assert "ONLY=" in out
    assert "HOME=" not in out
    assert "LC_CTYPE" not in out
    ignored = int(out.partition("SigIgn:")[2].split()[0], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1))
    # Standard streams and what ls opens: neither the listener nor our channel is left to the command.
    assert out.split()[-4:] == ["0", "1", "2", "3"]


def test_a_command_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-command"):
        run_sealed(["no-such-command"])


def test_each_refusal_is_told_with_its_count_so_far() -> None:
    told: list[Attempt] = []
    run_sealed(python("for _ in range(3): udp.connect_ex(('192.0.2.1', 9))"), on_attempt=told.append)
    assert [attempt.count for attempt in told] == [1, 2, 3]


def test_a_supervision_that_fails_stops_the_command() -> None:
    def fail(attempt: Attempt) -> None:
        raise RuntimeError("full disk")

    begun = time.monotonic()
    with pytest.raises(SealError, match="supervision failed"):
        run_sealed(python("udp.connect_ex(('192.0.2.1', 9)); import time; time.sleep(30)"), on_attempt=fail)
    assert time.monotonic() - begun < 20


def test_a_seal_within_a_seal_says_that_it_cannot(capfd: pytest.CaptureFixture[str]) -> None:
    code = f"sys.path.insert(0, {str(_ROOT)!r}); from appliance.airgap import available; print(available())"
    assert run_sealed(python(code)).returncode == 0
    assert "already supervised" in capfd.readouterr().out


def airgap(*command: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "appliance.airgap", *command]
    return subprocess.Popen(line, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


_ORPHAN = """
import os, time
parent = os.getppid()
print("ready", flush=True)
while os.getppid() == parent:
    time.sleep(0.01)
sys.stdout = open(sys.argv[1] + ".part", "w")
refused(tcp.connect, ("192.0.2.1", 443))
refused(udp.sendto, b"x", ("192.0.2.1", 9))
refused(udp.sendmsg, [b"x"], [], 0, ("192.0.2.1", 9))
refused(socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)
sys.stdout.close()
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


def answers(path: Path) -> list[str]:
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return path.read_text().split()


def test_a_tree_whose_supervisor_is_killed_stays_sealed(tmp_path: Path) -> None:
    with airgap("--", *python(_ORPHAN, str(tmp_path / "answers"))) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "ready\n"
        supervisor.kill()
    assert answers(tmp_path / "answers") == ["ENOSYS"] * 4


def test_what_a_command_leaves_running_stays_sealed(tmp_path: Path) -> None:
    go = tmp_path / "ready"
    leave = f'"$@" > {go} & while [ ! -s {go} ]; do sleep 0.02; done'
    assert run_sealed(["sh", "-c", leave, "sh", *python(_ORPHAN, str(tmp_path / "answers"))]).returncode == 0
    # Refused by us in the moment before the supervision ends, by the kernel after it.
    assert set(answers(tmp_path / "answers")) <= {"ENETUNREACH", "EAFNOSUPPORT", "ENOSYS"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["--", "sh", "-c", "exit 3"], 3),
        (["--", "sh", "-c", "kill -KILL $$"], 137),
        (["--allow", "192.0.2.1:9", "--", *python("udp.connect_ex(('192.0.2.1', 9))")], 0),
        (["--", "no-such-command"], 127),
        (["--", "/"], 126),
        (["--allow", "example.org:9", "--", "true"], 125),
        (["true"], 2),
    ],
)
def test_the_command_line_exits_with_the_commands_code(command: list[str], code: int) -> None:
    with airgap(*command) as process:
        _, err = process.communicate()
    assert process.returncode == code
    if command[-1].startswith(("exit", "kill", "\nimport")):
        assert json.loads(err) == {"returncode": code, "refused": 0, "attempts": []}


def test_the_command_line_reports_what_was_refused_on_its_last_line() -> None:
    with airgap(
        "--", *python("udp.connect_ex(('192.0.2.1', 9)); print('noise', file=sys.stderr)")
    ) as process:
        _, err = process.communicate()
    report = json.loads(err.splitlines()[-1])
    pid = report["attempts"][0].pop("pid")
    assert pid > 0
    expected = {"program": Path(sys.executable).resolve().name, "syscall": "connect", "family": "AF_INET"}
    assert report["attempts"] == [{**expected, "address": "192.0.2.1", "port": 9, "count": 1}]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line_passes_signals_on(number: signal.Signals) -> None:
    code = f"""
    import signal
    signal.signal({int(number)}, lambda *_: sys.exit(42))
    print("ready", flush=True)
    signal.pause()
    """
    with airgap("--", *python(code)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait() == 42
