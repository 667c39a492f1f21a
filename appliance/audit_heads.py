"""Signed heads of the audit log: after each entry, how long the log is and its tip, signed with the home's key (Ed25519).

Kept apart from the log, so that an edit which mends all links behind it, or a cut tail, does not fit them. Whoever can
change the log, the heads and has the key can still write another history: keep the heads on other storage (name its
folder in STILLHOUSE_AUDIT_HEADS), or a head on paper.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from appliance import audit_chain
from appliance.audit_chain import End
from appliance.home import Home
from appliance.private_files import write_private

PURPOSE = b"stillhouse audit head\n"
"""Begins what is signed, so that no other signature of the same key is one of a head."""
PUBLIC_KEY = "public-key.pem"


def folder(home: Home) -> Path:
    named = os.environ.get("STILLHOUSE_AUDIT_HEADS")
    return Path(named) if named else home.root / "audit-heads"


def path(home: Home) -> Path:
    return folder(home) / "heads.jsonl"


def last(home: Home) -> dict[str, Any] | None:
    """The newest head: at, lines, tip, signature. Not checked."""
    try:
        descriptor = os.open(path(home), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return next(filter(_is_head, audit_chain.backwards(descriptor)), None)
    finally:
        os.close(descriptor)


def _is_head(line: dict[str, Any]) -> bool:
    return type(line.get("lines")) is int and isinstance(line.get("tip"), str) and "signature" in line


def sign(home: Home, log: End) -> None:
    """Adds the head of the log as it ends now. The caller holds the log's lock."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(home.signing_key())
    heads = path(home)
    if not heads.exists():
        _prepare(home)

    def build(number: int, tip: str) -> dict[str, Any]:
        head = {
            "at": round(time.time(), 3),
            "lines": log.lines,
            "tip": log.tip,
            "line": number,
            "previous": tip,
        }
        return {**head, "signature": key.sign(PURPOSE + audit_chain.canonical(head)).hex()}

    descriptor = audit_chain.open_chain(heads)
    try:
        audit_chain.add(descriptor, audit_chain.end(descriptor), build, lambda torn: {"torn_bytes": torn})
    finally:
        os.close(descriptor)


def _prepare(home: Home) -> None:
    from appliance.privacy_report.sign import public_key

    folder(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder(home) / PUBLIC_KEY, public_key(home).encode())
