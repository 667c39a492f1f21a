"""A file of JSON lines that is only ever added to, each line linked to all before it.

The tip of the chain after a line is SHA-256(tip before it + the line's bytes), from 32 zero bytes on; each line holds its
number and the tip before it. A line that a kill left unfinished is not cut off: it is ended, stays in the chain, and the
next line is a note that says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START = "0" * 64
MEND = "mend-log"
"""The action of a note that a kill left the line before it unfinished."""
_BLOCK = 8192
_TIP = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain ends."""

    lines: int
    tip: str
    torn_bytes: int
    """Of an unfinished last line, which `lines` and `tip` count as a line; 0 where there is none."""


def link(tip: str, line: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(tip) + line).hexdigest()


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def parse(line: bytes) -> dict[str, Any] | None:
    """The line, if it is one of a chain: else None, as for what a kill left."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    previous, number = found.get("previous"), found.get("line")
    is_ours = isinstance(previous, str) and _TIP.fullmatch(previous) is not None and type(number) is int
    return found if is_ours else None


def open_chain(path: Path) -> int:
    """A descriptor to read and add, the file made if it is new."""
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


def end(descriptor: int) -> End:
    """Reads back only as far as the last whole line."""
    size = os.fstat(descriptor).st_size
    reach = _BLOCK
    while True:
        start = max(0, size - reach)
        lines = _read(descriptor, start, size).split(b"\n")
        rest = lines.pop()
        if start > 0:
            del lines[:1]  # may have begun before the block
        if rest:
            lines.append(rest)
        for index in range(len(lines) - 1, -1, -1):
            if (found := parse(lines[index])) is not None:
                return _count(End(found["line"] - 1, found["previous"], len(rest)), lines[index:])
        if start == 0:
            return _count(End(0, START, len(rest)), lines)
        reach *= 4


def _count(before: End, lines: list[bytes]) -> End:
    number, tip = before.lines, before.tip
    for line in lines:
        number, tip = number + 1, link(tip, line)
    return End(number, tip, before.torn_bytes)


def _read(descriptor: int, start: int, stop: int) -> bytes:
    return os.pread(descriptor, stop - start, start)


def add(
    descriptor: int,
    at: End,
    build: Callable[[int, str], dict[str, Any]],
    note: Callable[[int], dict[str, Any]],
) -> End:
    """Adds a line at the end `at`, durably. The caller holds the lock.

    `build` gets the line's number and the tip before it, and gives what else is in the line; `note` gets the number of
    bytes of an unfinished line before it.
    """
    number, tip, content = at.lines, at.tip, b""
    contents = [build] if not at.torn_bytes else [lambda _number, _tip: note(at.torn_bytes), build]
    for make in contents:
        line = canonical({**make(number + 1, tip), "line": number + 1, "previous": tip})
        number, tip = number + 1, link(tip, line)
        content += line + b"\n"
    if at.torn_bytes:
        content = b"\n" + content  # ends what the kill left
    while content:
        content = content[os.write(descriptor, content) :]
    os.fdatasync(descriptor)
    return End(number, tip, 0)


def backwards(descriptor: int) -> Iterator[dict[str, Any]]:
    """The lines, newest first; what a kill left is passed over."""
    position, tail = os.fstat(descriptor).st_size, b""
    while position > 0:
        start = max(0, position - 16 * _BLOCK)
        first, *lines = (_read(descriptor, start, position) + tail).split(b"\n")
        position, tail = start, first
        if start == 0:
            lines.insert(0, first)
        for line in reversed(lines):
            if (found := parse(line)) is not None:
                yield found


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a chain read from its begin."""

    number: int
    tip: str
    """After the line."""
    found: dict[str, Any] | None
    """None for what a kill left."""
    follows: bool
    """Whether it says the number and the tip that it has."""
    unfinished: bool
    """The last one, without its end."""


def walk(descriptor: int, size: int) -> Iterator[Step]:
    """All lines of the first `size` bytes."""
    number, tip = 0, START
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        left = size
        while left > 0 and (line := file.readline(left)):
            left -= len(line)
            unfinished = not line.endswith(b"\n")
            found = parse(line := line.removesuffix(b"\n"))
            number += 1
            follows = found is None or (found["line"] == number and found["previous"] == tip)
            tip = link(tip, line)
            yield Step(number, tip, found, follows, unfinished)
