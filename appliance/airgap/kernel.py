"""The kernel's side of the seal: call numbers, the filter, the listener's ioctls, another process's memory.

Numbers and layouts are those of linux/seccomp.h, linux/filter.h, linux/audit.h and the two architectures' call tables.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
import sys
from dataclasses import dataclass
from typing import NamedTuple


class SealError(RuntimeError):
    """The seal could not be put on, or was lost; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Abi:
    """What differs between architectures."""

    audit_arch: int
    socket: int
    connect: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    seccomp: int


_ABIS = {
    "x86_64": Abi(0xC000003E, socket=41, connect=42, sendto=44, sendmsg=46, sendmmsg=307, seccomp=317),
    "aarch64": Abi(0xC00000B7, socket=198, connect=203, sendto=206, sendmsg=211, sendmmsg=269, seccomp=277),
}
# Calls younger than the common numbering have one number everywhere.
_IO_URING_SETUP, _PIDFD_GETFD = 425, 438

_KILL, _ERRNO, _NOTIFY, _ALLOW = 0x80000000, 0x00050000, 0x7FC00000, 0x7FFF0000
_NUMBER, _ARCH = 0, 4  # offsets in struct seccomp_data
_LD, _AND, _RET, _JEQ, _JGT, _JGE = 0x20, 0x54, 0x06, 0x15, 0x25, 0x35
_X32_BIT = 0x40000000
_SOCKADDR_MAX = 128  # sizeof(struct sockaddr_storage)
_MESSAGES_MAX = 1024  # UIO_MAXIOV: the kernel reads no more of a sendmmsg
MESSAGE_BYTES = 64  # sizeof(struct mmsghdr)

_RECV, _SEND, _ID_VALID, _SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082102, 0x40082104
_NOTICE = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif: id, pid, flags, then seccomp_data
_REPLY = struct.Struct("=QqiI")  # struct seccomp_notif_resp: id, val, error, flags
_CONTINUE = 1


def abi() -> Abi:
    """This machine's numbers; SealError where there are none."""
    if sys.platform != "linux":
        raise SealError(f"sealing needs Linux, this is {sys.platform}")
    if struct.calcsize("P") != 8 or platform.machine() not in _ABIS:
        raise SealError(f"sealing knows 64-bit x86_64 and aarch64, this is {platform.machine()}")
    return _ABIS[platform.machine()]


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _argument(index: int, *, high: bool = False) -> bytes:
    """Loads one half of an argument (both architectures are little-endian)."""
    return _op(_LD, 16 + 8 * index + 4 * high)


def _when(number: int, *body: bytes) -> list[bytes]:
    """`body`, which must end in a return, for this call only; the call's number stays loaded for the next."""
    return [_op(_JEQ, number, 0, len(body)), *body]


def filter_program(table: Abi) -> bytes:
    """The BPF program (an array of struct sock_filter).

    What needs no look at memory is settled here, at no cost to the program: send() on a connected socket is a sendto
    without an address, and passes.
    """
    notify, allow = _op(_RET, _NOTIFY), _op(_RET, _ALLOW)
    names_an_address = (
        _argument(4),
        _op(_JEQ, 0, 0, 3),
        _argument(4, high=True),
        _op(_JEQ, 0, 0, 1),
        allow,
        notify,
    )
    # Other families can send without connecting (packet, vsock) and SCTP connects by setsockopt, so the socket itself
    # is the attempt. SCTP is protocol 132, or what types above SOCK_RAW mean for IP.
    sends_without_connecting = (
        _argument(0),
        _op(_JEQ, socket.AF_UNIX, 9, 0),
        _op(_JEQ, socket.AF_NETLINK, 8, 0),
        _op(_JEQ, socket.AF_ALG, 7, 0),
        _op(_JEQ, socket.AF_INET, 1, 0),
        _op(_JEQ, socket.AF_INET6, 0, 6),
        _argument(1),
        _op(_AND, 0xF),
        _op(_JGT, socket.SOCK_RAW, 3, 0),
        _argument(2),
        _op(_JEQ, socket.IPPROTO_SCTP, 1, 0),
        allow,
        notify,
    )
    program = [
        _op(_LD, _ARCH),
        _op(_JEQ, table.audit_arch, 1, 0),
        _op(_RET, _KILL),
        _op(_LD, _NUMBER),
        # x86's third numbering of the same calls. Not killed: a tracer that skips a call shows it as number -1.
        _op(_JGE, _X32_BIT, 0, 1),
        _op(_RET, _ERRNO | errno.ENOSYS),
        *_when(_IO_URING_SETUP, _op(_RET, _ERRNO | errno.EPERM)),
        *_when(table.sendto, *names_an_address),
        *_when(table.connect, notify),
        *_when(table.sendmsg, notify),
        *_when(table.sendmmsg, notify),
        *_when(table.socket, *sends_without_connecting),
        allow,
    ]
    return b"".join(program)


class Notice(NamedTuple):
    """A call that waits for an answer. `thread` is the id of the calling thread."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


class Listener:
    """The descriptor on which the kernel asks. Closing it makes the kernel answer ENOSYS for ever after."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        try:
            fcntl.ioctl(descriptor, _SET_FLAGS, 1)  # hand over on one core: the round trip is shorter
        except OSError:
            pass  # before Linux 6.6; only slower

    def receive(self) -> Notice | None:
        """The next call, or None if its thread died or was interrupted meanwhile."""
        buffer = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self.descriptor, _RECV, buffer)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return None
            raise
        identity, thread, _flags, number, _arch, _address, *arguments = _NOTICE.unpack(buffer)
        return Notice(identity, thread, number, tuple(arguments))

    def is_waiting(self, notice: Notice) -> bool:
        """Whether the call still waits: only then was the memory read its own, not that of a later process."""
        try:
            fcntl.ioctl(self.descriptor, _ID_VALID, struct.pack("=Q", notice.id))
        except OSError:
            return False
        return True

    def answer(self, notice: Notice, refusal: int) -> bool:
        """Lets the call run (0) or fail with an errno; False if it no longer waits, and may be asked again."""
        reply = _REPLY.pack(notice.id, 0, -refusal, 0 if refusal else _CONTINUE)
        try:
            fcntl.ioctl(self.descriptor, _SEND, reply)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return False
            raise
        return True

    def close(self) -> None:
        os.close(self.descriptor)


def take_descriptor(pid: int, number: int) -> int:
    """A copy of another process's descriptor, closed on exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = os.pidfd_open(pid)
    try:
        copy: int = libc.syscall(_PIDFD_GETFD, handle, number, 0)
    finally:
        os.close(handle)
    if copy < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return copy


class _Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Memory:
    """Reads other processes' memory into one buffer: for one thread. process_vm_readv spares an open per call."""

    def __init__(self) -> None:
        self._read = ctypes.CDLL(None, use_errno=True).process_vm_readv
        self._buffer = ctypes.create_string_buffer(_MESSAGES_MAX * MESSAGE_BYTES)
        self._here = _Span(ctypes.addressof(self._buffer), 0)
        self._there = _Span(0, 0)
        longs = ctypes.c_ulong
        self._read.argtypes = [ctypes.c_int, ctypes.c_void_p, longs, ctypes.c_void_p, longs, longs]
        self._read.restype = ctypes.c_ssize_t
        self._spans = ctypes.addressof(self._here), ctypes.addressof(self._there)

    def read(self, thread: int, address: int, num_bytes: int) -> bytes:
        """Exactly `num_bytes`; OSError (EFAULT for a bad address, as the call itself would give)."""
        here, there = self._spans
        self._here.length = self._there.length = num_bytes
        self._there.base = address
        got = self._read(thread, here, 1, there, 1, 0)
        if got < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        if got < num_bytes:
            raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
        return ctypes.string_at(self._buffer, num_bytes)

    def sockaddr(self, thread: int, address: int, num_bytes: int) -> bytes:
        """The socket address; empty where the call names none."""
        if not address or not num_bytes:
            return b""
        return self.read(thread, address, min(num_bytes, _SOCKADDR_MAX))

    def messages(self, thread: int, address: int, count: int) -> list[bytes]:
        """The socket addresses of a sendmmsg's headers (each 64 bytes: name, its length, the rest)."""
        count = min(count, _MESSAGES_MAX)
        headers = self.read(thread, address, count * MESSAGE_BYTES) if count else b""
        names = [struct.unpack_from("=QI", headers, at) for at in range(0, len(headers), MESSAGE_BYTES)]
        return [self.sockaddr(thread, name, length) for name, length in names]

    def message(self, thread: int, address: int) -> bytes:
        """The socket address of a sendmsg's header."""
        name, length = struct.unpack("=QI", self.read(thread, address, 12))
        return self.sockaddr(thread, name, length)
