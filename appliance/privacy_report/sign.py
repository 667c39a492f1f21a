"""Signs the privacy report and checks signed ones: Ed25519 (RFC 8032) over the report as canonical JSON.

Covered: any change of the facts or of the page after signing. Not covered: who signed. Whoever can write the report can write
another with a key of their own beside it: compare the key's fingerprint with one that came another way.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.home import Home

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "Ed25519"


class SignatureError(Exception):
    """One line: which file, what is wrong with it."""


def canonical(value: Any) -> bytes:
    """One form for equal values: keys sorted, no blanks, ASCII; not a number and infinities are refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def sign(report: dict[str, Any], home: Home) -> dict[str, Any]:
    """The report with its signature."""
    return {
        "report": report,
        "signature": {
            "algorithm": ALGORITHM,
            "key_sha256": key_fingerprint(public_key(home)),
            "signed": "the report as JSON: keys sorted, no blanks, ASCII",
            "value": _private_key(home).sign(canonical(report)).hex(),
        },
    }


def public_key(home: Home) -> str:
    """As PEM."""
    from cryptography.hazmat.primitives import serialization

    encoded: bytes = (
        _private_key(home)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return encoded.decode()


def _private_key(home: Home) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(home.signing_key())


def verify(signed: Path, public: Path) -> dict[str, Any]:
    """The report, if the key beside it signed it. Raises SignatureError."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        document = json.loads(signed.read_text(encoding="utf-8"))
        report, signature = document["report"], bytes.fromhex(document["signature"]["value"])
        if document["signature"]["algorithm"] != ALGORITHM or not isinstance(report, dict):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SignatureError(f"{signed}: not a signed privacy report") from None
    try:
        key = load_pem_public_key(public.read_bytes())
    except ValueError:
        raise SignatureError(f"{public}: not a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(f"{public}: not an Ed25519 public key")
    try:
        key.verify(signature, canonical(report))
    except InvalidSignature:
        raise SignatureError(
            f"{signed}: was changed after it was signed, or signed with another key"
        ) from None
    return report


def key_fingerprint(pem: str) -> str:
    """SHA-256 of the key's PEM text: what two people compare."""
    return hashlib.sha256(pem.encode()).hexdigest()
