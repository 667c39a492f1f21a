"""Signed heads of the audit log, kept apart from it: of each line its number, the tip after it and the signature of both.

A log that was cut, or cut and gone on, does not fit them. Whoever can change the log and the heads can cut both: keep the
heads on other storage (name a folder in STILLHOUSE_AUDIT_HEADS), or note a head down elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from appliance.audit import chain as audit_chain
from appliance.audit.chain import Line
from appliance.home import Home
from appliance.keeping.private_files import write_private

PUBLIC_KEY = "public-key.pem"


def folder(home: Home) -> Path:
    named = os.environ.get("STILLHOUSE_AUDIT_HEADS")
    return Path(named) if named else home.root / "audit-heads"


def path(home: Home) -> Path:
    return folder(home) / "heads.jsonl"


def text_of(line: Line) -> bytes:
    assert line.content is not None
    head = {"line": line.number, "tip": line.tip, "signature": line.content["signature"]}
    return audit_chain.canonical(head)


def last(home: Home) -> Mapping[str, Any] | None:
    """The newest head, as it says itself: line, tip, signature."""
    try:
        with path(home).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return None
    return next(filter(None, map(_parse, reversed(lines))), None)


def _parse(raw: bytes) -> Mapping[str, Any] | None:
    if not raw.endswith(b"}"):
        return None
    try:
        head = json.loads(raw)
        return head if type(head["line"]) is int and isinstance(head["tip"], str) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def add(home: Home, lines: Iterable[Line]) -> None:
    """Writes the lines' heads, durably. The caller holds the log's lock. What a kill left unfinished is ended and stays."""
    if not path(home).exists():
        _prepare(home)
    descriptor = audit_chain.open_file(path(home))
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        text = b"".join(text_of(line) + b"\n" for line in lines)
        audit_chain.write(descriptor, b"\n" + text if torn else text)
    finally:
        os.close(descriptor)


def _prepare(home: Home) -> None:
    from appliance.privacy_report.sign import public_key

    folder(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder(home) / PUBLIC_KEY, public_key(home).encode())
