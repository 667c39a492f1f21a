"""Which destinations leave the machine."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Iterable
from typing import NamedTuple

_DNS_PORT = 53
# These daemons look names up on the program's behalf. Refused as absent, they leave it the resolver, which is counted.
_NAME_SERVICES = (b"/run/systemd/resolve/io.systemd.Resolve", b"/run/nscd/socket", b"/var/run/nscd/socket")
_MAPPED = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96, IPv4 written as IPv6
_LOOPBACK6 = bytes(15) + b"\x01"


class Destination(NamedTuple):
    """Where a refused call wanted to go. No address where the family has none that we read."""

    family: str
    address: str | None
    port: int | None


class Verdict(NamedTuple):
    """`refusal` is the errno to answer, 0 to let the call run; `destination` is set where it counts as an attempt."""

    refusal: int
    destination: Destination | None


LET_RUN = Verdict(0, None)


def family_name(number: int) -> str:
    """AF_INET for 2; family-99 for what Python does not know."""
    try:
        return socket.AddressFamily(number).name
    except ValueError:
        return f"family-{number}"


def exceptions(allow: Iterable[tuple[str, int]]) -> frozenset[tuple[bytes, int]]:
    """`allow` as (packed address, port). ValueError for a name: looking it up would leave the machine."""
    return frozenset((_unmapped(ipaddress.ip_address(address).packed), port) for address, port in allow)


def _unmapped(packed: bytes) -> bytes:
    return packed[12:] if packed[:12] == _MAPPED else packed


def _stays_here(packed: bytes) -> bool:
    """Loopback, and the "any" address, which Linux routes to the machine itself."""
    if len(packed) == 4:
        return packed[0] == 127 or not any(packed)
    return packed == _LOOPBACK6 or not any(packed)


def judge(sockaddr: bytes, *, connects: bool, allow: frozenset[tuple[bytes, int]]) -> Verdict:
    """The verdict on one socket address, as the kernel would read it. Malformed ones get the kernel's EINVAL."""
    if not sockaddr:
        return LET_RUN
    if len(sockaddr) < 2:
        return Verdict(errno.EINVAL, None)
    family = int.from_bytes(sockaddr[:2], "little")
    if family == socket.AF_UNIX:
        hidden = sockaddr[2:].split(b"\0")[0] in _NAME_SERVICES
        return Verdict(errno.ENOENT, None) if hidden else LET_RUN
    if family == socket.AF_NETLINK or (family == socket.AF_UNSPEC and connects):
        return LET_RUN  # connecting to AF_UNSPEC disconnects
    # A datagram sent to AF_UNSPEC goes to the IPv4 address that follows.
    if family in (socket.AF_INET, socket.AF_UNSPEC):
        family, packed = socket.AF_INET, sockaddr[4:8]
        whole = len(sockaddr) >= 16
    elif family == socket.AF_INET6:
        packed, whole = sockaddr[8:24], len(sockaddr) >= 24
    else:
        return Verdict(errno.EPERM, Destination(family_name(family), None, None))
    if not whole:
        return Verdict(errno.EINVAL, None)
    port, plain = int.from_bytes(sockaddr[2:4], "big"), _unmapped(packed)
    if (plain, port) in allow or (_stays_here(plain) and port != _DNS_PORT):
        return LET_RUN
    where = Destination(family_name(family), socket.inet_ntop(family, packed), port)
    return Verdict(errno.ENETUNREACH, where)
