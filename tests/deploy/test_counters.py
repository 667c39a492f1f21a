"""The rulers of the air-gap test, each held against attempts that are made: three counts, one number."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from counters import STRACE, outside, read_traced, traced, unrouted
from small_bundle import DEPLOY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and iproute2"),
]

TRIES = """
import contextlib, socket
for family, kind, where in {tries!r}:
    with contextlib.suppress(OSError), socket.socket(family, kind) as one:
        one.connect(where)
"""
STREAM, DATAGRAM, FOUR, SIX = 1, 2, 2, 10
OUTSIDE = [
    (FOUR, STREAM, ("192.0.2.1", 443)),
    (FOUR, DATAGRAM, ("198.51.100.7", 53)),
    (SIX, STREAM, ("2001:db8::1", 443)),
    (FOUR, STREAM, ("10.9.8.7", 3128)),
]
HERE = [(FOUR, STREAM, ("127.0.0.1", 9)), (SIX, STREAM, ("::1", 9))]


def tried(folder: Path, tries: object, *, sealed: bool) -> tuple[int, int, int | None]:
    """What strace, the kernel and, where it is put on, the seal count, for a grandchild in a namespace of its own."""
    (folder / "tries.py").write_text(TRIES.format(tries=tries))
    seal = f"{sys.executable} -m appliance.airgap --" if sealed else ""
    script = f"ip link set lo up; {seal} sh -c '{sys.executable} -I {folder}/tries.py; true'; "
    script += f"cat /proc/net/snmp /proc/net/snmp6 > {folder}/counted"
    command = ["unshare", "-n", "sh", "-c", script]
    if shutil.which("strace"):
        command = [*STRACE, "-o", str(folder / "trace"), *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd=DEPLOY.parent, check=True)
    ours = json.loads(done.stderr.splitlines()[-1])["refused"] if sealed else None
    seen = outside(read_traced(folder / "trace")) if shutil.which("strace") else len(OUTSIDE)
    return seen, unrouted((folder / "counted").read_text()), ours


def test_what_is_tried_is_counted_by_all_who_can_see_it(tmp_path: Path) -> None:
    """The seal refuses before the kernel looks for a route, and strace sees the call all the same."""
    assert tried(tmp_path, OUTSIDE + HERE, sealed=False) == (4, 4, None)
    assert tried(tmp_path, OUTSIDE + HERE, sealed=True) == (4, 0, 4)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_what_stays_here_is_counted_by_none(tmp_path: Path) -> None:
    assert tried(tmp_path, HERE, sealed=False)[:2] == (0, 0)
    assert tried(tmp_path, HERE, sealed=True) == (0, 0, 0)


def test_lines_of_a_trace_are_told_apart() -> None:
    lines = [
        '12 connect(5, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT',
        '12 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.53")}, 16 <unfinished ...>',
        '12 connect(3, {sa_family=AF_INET6, sin6_port=htons(1), inet_pton(AF_INET6, "::ffff:192.0.2.9", &sin6_addr)}, 28) = 0',
        '12 sendmmsg(3, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}}}], 1, 0) = 1',
        "12 sendto(3, [{nlmsg_len=20}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0}, 12) = 20",
        '12 sendto(9, "{sa_family=AF_INE", 4, 0, NULL, 0) = 4',
        '12 recvfrom(3, "x", 9, 0, {sa_family=AF_INET, sin_addr=inet_addr("192.0.2.7")}, [16]) = 1',
        '12 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0',
        "12 socket(AF_PACKET, SOCK_RAW, 768) = 4",
        "12 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 4",
    ]
    assert traced(lines) == {
        "unix": 1,
        "loopback": 1,
        "resolver": 1,
        "outside 192.0.2.9": 1,
        "outside 192.0.2.1": 1,
        "netlink": 1,
        "outside AF_INE": 1,  # in doubt it counts
        "outside AF_PACKET": 1,
    }
