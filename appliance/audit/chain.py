"""The file under the audit log: JSON lines that are only ever added to, each linked to all before it and signed.

The tip of the chain after a line is SHA-256(tip before it + the line without its signature), from 32 zero bytes on. A line
holds its number, the tip before it, and an Ed25519 signature (RFC 8032) of its number and the tip after it, by the home's key.
A line that a kill left unfinished is not cut off: it is ended, stays in the chain as it is, and a note follows it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.home import Home

START = "0" * 64
_TIP = re.compile("[0-9a-f]{64}")
_SIGNATURE = re.compile("[0-9a-f]{128}")
_BLOCK = 8192


@dataclass(frozen=True, slots=True)
class Line:
    """One that has its end, or else is the last."""

    number: int
    tip: str
    """After the line."""
    content: Mapping[str, Any] | None
    """None for what a kill left."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain ends."""

    lines: int
    tip: str
    torn_bytes: int
    """Of what a kill left at the end, which `lines` and `tip` count as lines; 0 where it left nothing."""
    unfinished: bool
    """Whether the last line lacks its end."""


def canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def signed_message(number: int, tip: str) -> bytes:
    """Begins so that no other signature of the same key is one of these."""
    return f"stillhouse audit line {number} {tip}".encode("ascii")


def link(tip: str, raw: bytes, content: Mapping[str, Any] | None) -> str:
    """The tip after a line."""
    if content is not None:
        raw = canonical({name: value for name, value in content.items() if name != "signature"})
    return hashlib.sha256(bytes.fromhex(tip) + raw).hexdigest()


def parse(raw: bytes) -> dict[str, Any] | None:
    """The line, if it is whole: else None, as for what a kill left."""
    try:
        found = json.loads(raw)
        whole = (
            type(found["line"]) is int
            and _TIP.fullmatch(found["previous"])
            and _SIGNATURE.fullmatch(found["signature"])
            and canonical(found) == raw
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if whole else None


def open_file(path: Path) -> int:
    """A descriptor to read and to add, the file made if it is new."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return descriptor


def write(descriptor: int, content: bytes) -> None:
    """Adds all of it, durably; a kill may leave a part."""
    while content:
        content = content[os.write(descriptor, content) :]
    os.fdatasync(descriptor)


def add(home: Home, descriptor: int, at: End, contents: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Adds lines at the end `at`, durably, and gives them. The caller holds the lock."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(home.signing_key())
    added, number, tip, text = [], at.lines, at.tip, b"\n" if at.unfinished else b""
    for content in contents:
        number += 1
        linked = {**content, "line": number, "previous": tip}
        tip = link(tip, b"", linked)
        linked["signature"] = key.sign(signed_message(number, tip)).hex()
        text += canonical(linked) + b"\n"
        added.append(Line(number, tip, linked))
    write(descriptor, text)
    return added


def end(descriptor: int) -> End:
    """Reads back only as far as the last whole line."""
    size = os.fstat(descriptor).st_size
    reach = _BLOCK
    while True:
        start = max(0, size - reach)
        lines = os.pread(descriptor, size - start, start).split(b"\n")  # the first, cut, is no whole line
        unfinished = bool(lines[-1])
        if not unfinished:
            del lines[-1]
        for index in range(len(lines) - 1, -1, -1):
            if (found := parse(lines[index])) is not None:
                torn = lines[index + 1 :] or lines[index:] * unfinished
                return _end(found["line"] - 1, found["previous"], lines[index:], torn, unfinished)
        if start == 0:
            return _end(0, START, lines, lines, unfinished)
        reach *= 4


def _end(number: int, tip: str, lines: Sequence[bytes], torn: Sequence[bytes], unfinished: bool) -> End:
    for raw in lines:
        number, tip = number + 1, link(tip, raw, parse(raw))
    return End(number, tip, sum(map(len, torn)), unfinished)


def backwards(descriptor: int) -> Iterator[dict[str, Any]]:
    """The lines, newest first; what a kill left is passed over."""
    position, rest = os.fstat(descriptor).st_size, b""
    while position > 0:
        start = max(0, position - 16 * _BLOCK)
        rest, *lines = (os.pread(descriptor, position - start, start) + rest).split(b"\n")
        position = start
        for raw in reversed(lines if start > 0 else [rest, *lines]):
            if (found := parse(raw)) is not None:
                yield found


def forwards(descriptor: int, size: int) -> Iterator[Line]:
    """The lines of the first `size` bytes, with the tips that they have (not those that they say)."""
    number, tip = 0, START
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        while size > 0 and (raw := file.readline(size)):
            size -= len(raw)
            content = parse(raw := raw.removesuffix(b"\n"))
            number, tip = number + 1, link(tip, raw, content)
            yield Line(number, tip, content)
