"""Checks the audit log: each line signed and following from all before it, each head as the line it is of.

`deploy/verify_audit.py` does the same without any of our code.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.audit import MEND, MOST_WITHOUT_HEAD, log_path
from appliance.audit import chain as audit_chain
from appliance.audit import heads as audit_heads
from appliance.audit.chain import Line
from appliance.home import Home
from appliance.privacy_report.sign import key_fingerprint, public_key


class NotIntact(Exception):
    """One sentence."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found."""

    lines: int
    """That can be trusted: all, where there is no problem."""
    tip: str
    """After them: with their number, what to note down elsewhere."""
    without_head: int
    """Of the last lines."""
    torn: int
    """Unfinished lines that kills left. A note follows each; after the last line, with the next entry."""
    key_sha256: str
    problem: str | None
    """One sentence; None: intact."""


def verify(home: Home, seen: tuple[int, str] | None = None) -> Verified:
    """Reads the whole log and all heads. `seen` is a number of lines and the tip noted down when there were so many."""
    log_bytes, heads_bytes = _sizes(home)
    lines: list[Line] = []
    without_head, problem = 0, None
    try:
        for line in _whole(_log(home, log_bytes), _key(home)):
            lines.append(line)
        without_head = _check_heads(home, heads_bytes, lines)
        if seen is not None and seen not in ((line.number, line.tip) for line in lines):
            raise NotIntact(f"the log's first {seen[0]} lines are not those that were noted down")
    except NotIntact as error:
        problem = str(error)
    tip = lines[-1].tip if lines else audit_chain.START
    torn = sum(line.content is None for line in lines)
    return Verified(len(lines), tip, without_head, torn, key_fingerprint(public_key(home)), problem)


def _key(home: Home) -> Ed25519PublicKey:
    return Ed25519PrivateKey.from_private_bytes(home.signing_key()).public_key()


def _sizes(home: Home) -> tuple[int, int]:
    """Of the log and of the heads, at a moment when no entry is half written."""
    heads = audit_heads.path(home)
    with _opened(log_path(home)) as log:
        if log is not None:
            fcntl.flock(log, fcntl.LOCK_SH)
        log_bytes = 0 if log is None else os.fstat(log).st_size
        return log_bytes, heads.stat().st_size if heads.exists() else 0


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _log(home: Home, size: int) -> Iterator[Line]:
    with _opened(log_path(home)) as log:
        if log is not None:
            yield from audit_chain.forwards(log, size)


def _whole(lines: Iterator[Line], key: Ed25519PublicKey) -> Iterator[Line]:
    """The lines, as long as they are intact."""
    tip, torn = audit_chain.START, False
    for line in lines:
        content = line.content
        if content is not None:
            if content["line"] != line.number or content["previous"] != tip:
                raise NotIntact(f"line {line.number} does not follow from those before it")
            if not _is_signed(key, line, content["signature"]):
                raise NotIntact(f"line {line.number} was changed, or signed with another key")
            if torn and content.get("action") != MEND:
                raise NotIntact(f"line {line.number - 1} is no entry, and no note says why")
        tip, torn = line.tip, content is None
        yield line


def _is_signed(key: Ed25519PublicKey, line: Line, signature: str) -> bool:
    try:
        key.verify(bytes.fromhex(signature), audit_chain.signed_message(line.number, line.tip))
    except InvalidSignature:
        return False
    return True


def _check_heads(home: Home, size: int, lines: Sequence[Line]) -> int:
    """The number of last lines that have none."""
    expected = [audit_heads.text_of(line) for line in lines if line.content is not None]
    with _opened(audit_heads.path(home)) as file:
        there = [] if file is None else os.pread(file, size, 0).split(b"\n")
    num = 0
    for head in filter(None, there):
        if num == len(expected):
            raise NotIntact(f"there are heads of more than {num} lines: the log was cut")
        if head == expected[num]:
            num += 1
        elif not expected[num].startswith(head):  # else a kill left it, and it was written anew
            raise NotIntact(f"head {num + 1} does not fit its line: the log was changed, or the heads were")
    if len(expected) - num > MOST_WITHOUT_HEAD:
        raise NotIntact(f"the last {len(expected) - num} lines have no head: the heads were cut or lost")
    return len(expected) - num
