"""Checks the audit log: each line follows from all before it, and each signed head fits.

`deploy/verify_audit.py` does the same without any of our code.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance import audit_chain, audit_heads
from appliance.home import Home
from appliance.privacy_report.sign import key_fingerprint, public_key

_MOST_UNSIGNED = 3
"""Lines that one kill can leave without their head: two notes of the log about itself, and an entry."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found."""

    lines: int
    tip: str
    """Of the log: with the number of lines, what to note down elsewhere."""
    heads: int
    unsigned: int
    """Lines after the last head."""
    mended: int
    """Unfinished lines that kills left, each with its note."""
    key_sha256: str
    problems: tuple[str, ...]
    """One sentence each; empty: intact."""


def verify(home: Home, log: Path, seen: tuple[int, str] | None = None) -> Verified:
    """Reads the whole log and all heads. `seen` is a number of lines and the tip noted down at that time."""
    problems: list[str] = []
    log_bytes, heads_bytes = _sizes(home, log)
    tips, mended = _walk_log(log, log_bytes, problems)
    heads, signed = _walk_heads(home, heads_bytes, tips, problems)
    lines = len(tips) - 1
    unsigned = max(0, lines - signed)
    if not heads and lines:
        problems.append(f"there are no signed heads in {audit_heads.path(home)}")
    elif unsigned > _MOST_UNSIGNED:
        problems.append(f"the last {unsigned} lines have no signed head: heads were cut off, or lines added")
    if seen is not None and (seen[0] > lines or tips[seen[0]] != seen[1]):
        problems.append(f"the log's first {seen[0]} lines are not those that were noted down")
    key = key_fingerprint(public_key(home))
    return Verified(lines, tips[-1], heads, unsigned, mended, key, tuple(problems))


def _sizes(home: Home, log: Path) -> tuple[int, int]:
    """Of the log and of the heads, at a moment when no entry is half written."""
    heads = audit_heads.path(home)
    with _opened(log) as descriptor:
        if descriptor is None:
            return 0, heads.stat().st_size if heads.exists() else 0
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return os.fstat(descriptor).st_size, heads.stat().st_size if heads.exists() else 0


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


def _steps(path: Path, size: int) -> Iterator[audit_chain.Step]:
    with _opened(path) as descriptor:
        if descriptor is not None:
            yield from audit_chain.walk(descriptor, size)


def _walk_log(log: Path, size: int, problems: list[str]) -> tuple[list[str], int]:
    """The tip after each line, and how many unfinished lines have their note."""
    tips, torn, mended = [audit_chain.START], 0, 0
    for step in _steps(log, size):
        tips.append(step.tip)
        if not step.follows:
            problems.append(f"line {step.number} does not follow from the lines before it: one was changed")
            break
        if step.found is None:
            torn += not step.unfinished
        elif torn and step.found.get("action") != audit_chain.MEND:
            break
        else:
            mended, torn = mended + torn, 0
    if torn:
        problems.append(f"a line before line {len(tips)} is no entry, and no note says why")
    return tips, mended


def _walk_heads(home: Home, size: int, tips: list[str], problems: list[str]) -> tuple[int, int]:
    """How many there are, and how many lines the last one signs."""
    key = Ed25519PrivateKey.from_private_bytes(home.signing_key()).public_key()
    num, signed = 0, 0
    for step in _steps(audit_heads.path(home), size):
        if not step.follows:
            problems.append(f"head {step.number} does not follow from the heads before it")
            break
        head = step.found
        if head is None or "signature" not in head:
            continue  # what a kill left, and the note of it
        num += 1
        problem = _check_signature(key, head) or _check_fit(head, signed, tips)
        if problem:
            problems.append(f"head {step.number}: {problem}")
            break
        signed = head["lines"]
    return num, signed


def _check_signature(key: Ed25519PublicKey, head: dict[str, Any]) -> str:
    said = {name: value for name, value in head.items() if name != "signature"}
    try:
        key.verify(bytes.fromhex(head["signature"]), audit_heads.PURPOSE + audit_chain.canonical(said))
    except (InvalidSignature, ValueError, TypeError):
        return "it was changed, or signed with another key"
    return ""


def _check_fit(head: dict[str, Any], signed: int, tips: list[str]) -> str:
    lines, there = head["lines"], len(tips) - 1
    if lines > there:
        return f"it signs {lines} lines, the log has {there} that can be read: it was cut or changed"
    if lines <= signed:
        return f"it signs {lines} lines after a head of {signed}: the log was cut and went on"
    if tips[lines] != head["tip"]:
        return f"lines {signed + 1} to {lines} are not those that it signs: one was changed, dropped, added or swapped"
    return ""
