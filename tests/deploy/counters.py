"""Two counts of what a process tree tried to reach outside of this machine, neither of them ours: strace's and the kernel's.

The product's own (`appliance.airgap`) looks at the same calls. strace sees each call of each process before any seal; the
kernel of a network namespace counts what found no route, over all its processes, so only what no seal had refused before.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

STRACE = ("strace", "-f", "-qq", "-e", "signal=none", "-e", "trace=socket,connect,sendto,sendmsg,sendmmsg")
"""Without `--seccomp-bpf`: its filter is outvoted by the seal's, and the calls that the seal looks at would be missing."""

_CALL = re.compile(r"^(?:\d+ +)?(connect|sendto|sendmsg|sendmmsg)\(")
_FAMILY = re.compile(r"sa_family=(AF_\w+|0x[0-9a-f]+)")
_ADDRESS = re.compile(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"')
_RESOLVER = re.compile(r"sin6?_port=htons\(53\)")
_SOCKET = re.compile(r"^(?:\d+ +)?socket\((AF_\w+|0x[0-9a-f]+)")
_SEND_CONNECTED = {"AF_UNIX", "AF_NETLINK", "AF_ALG", "AF_INET", "AF_INET6"}
"""Families of which a socket alone reaches nothing outside."""


def traced(lines: Iterable[str]) -> Counter[str]:
    """Calls that name a destination, by kind: `unix`, `netlink`, `loopback`, `resolver` (port 53 of loopback, which would
    ask the next one), and `outside ADDRESS` for all else."""
    found: Counter[str] = Counter()
    for line in lines:
        if made := _SOCKET.match(line):
            if made[1] not in _SEND_CONNECTED:
                found[f"outside {made[1]}"] += 1
        elif _CALL.match(line):
            addresses = _ADDRESS.findall(line)
            for address in addresses:
                where = _where(address)
                found["resolver" if where == "loopback" and _RESOLVER.search(line) else where] += 1
            for family in [] if addresses else _FAMILY.findall(line):
                told = {"AF_UNIX": "unix", "AF_NETLINK": "netlink", "AF_UNSPEC": "disconnect"}
                found[told.get(family, f"outside {family}")] += 1
    return found


def outside(counts: Counter[str]) -> int:
    return sum(count for kind, count in counts.items() if kind.startswith("outside"))


def _where(address: str) -> str:
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return "loopback" if ip.is_loopback or ip.is_unspecified else f"outside {ip}"


def unrouted(told: str) -> int:
    """Packets and connections that found no route, of both versions of IP, from /proc/net/snmp and /proc/net/snmp6."""
    names, values = (line.split() for line in told.splitlines() if line.startswith("Ip:"))
    six = re.search(r"^Ip6OutNoRoutes\s+(\d+)", told, re.MULTILINE)
    return int(values[names.index("OutNoRoutes")]) + (int(six[1]) if six else 0)


def read_traced(path: Path) -> Counter[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        return traced(file)
