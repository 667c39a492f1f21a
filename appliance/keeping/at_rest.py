"""Encryption of state at rest: a key given from outside the home, never written into it, and what is derived from it.

The key (32 bytes, as 64 hexadecimal digits) comes from one of: a file that `STILLHOUSE_KEY_FILE` names, a systemd credential
`stillhouse.key` (`LoadCredential=`), or the variable `STILLHOUSE_KEY`. A home remembers which key it is encrypted with, not
the key: without it, or with another one, the home does not open. Without any key a home is not encrypted, and `stillhouse doctor`
says so. What of it is encrypted how: the store (`store`), the keys (`home`), text of records and answers (`keeping/texts`).
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.keeping.private_files import write_private

KEY_BYTES = 32
CHANGING = "changing"
_NONCE_BYTES = 12
MARK = "encryption.json"
_FILE, _CREDENTIAL, _PLAIN = "STILLHOUSE_KEY_FILE", "stillhouse.key", "STILLHOUSE_KEY"


class EncryptionError(ValueError):
    """One line: what is wrong with the key and what to do."""


@dataclass(frozen=True, slots=True)
class Master:
    """The key of a home; its derived keys are used, itself never."""

    _secret: bytes

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HKDF with SHA-256, RFC 5869); other purposes tell nothing of it."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), KEY_BYTES, None, f"stillhouse {purpose}".encode()).derive(self._secret)

    @property
    def key_id(self) -> str:
        """Tells keys apart and gives none away: 16 hexadecimal digits of a derived key."""
        return self.derived("key id").hex()[:16]

    def seal(self, plain: bytes, name: str) -> bytes:
        """AES-256-GCM of a small file that bears this name; 28 bytes longer."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.derived("files")).encrypt(nonce, plain, name.encode())

    def unseal(self, sealed: bytes, name: str) -> bytes:
        """Raises EncryptionError where a byte, the name or the key is another."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self.derived("files")).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode()
            )
        except (InvalidTag, ValueError):
            raise EncryptionError("is damaged or sealed with another key: restore it from a backup") from None

    def __repr__(self) -> str:
        return f"Master(key_id={self.key_id})"


def new_key(path: Path) -> Master:
    """Writes a new key to a file of its own (mode 0600) that must not be there yet. Raises EncryptionError."""
    secret = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise EncryptionError(
            f"{path} is there already: a key is never overwritten; name another file"
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secret.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    return Master(secret)


def read_key(path: Path, *, shared: bool = False) -> Master:
    """The key in a file; `shared`: its rights are somebody else's care. Raises EncryptionError."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
        rights = path.stat().st_mode & 0o077
    except OSError as error:
        raise EncryptionError(
            f"{path}: {error.strerror}: this file should hold the key of the home"
        ) from None
    if rights and not shared:
        raise EncryptionError(f"{path} holds a key and others may read it: chmod 600 {path}")
    return _of(text, str(path))


def given_key(environment: dict[str, str] | None = None) -> Master | None:
    """The key that the environment gives, by file, credential or value; None without one. Raises EncryptionError for two."""
    env = os.environ if environment is None else environment
    credential = (
        Path(env["CREDENTIALS_DIRECTORY"]) / _CREDENTIAL if env.get("CREDENTIALS_DIRECTORY") else None
    )
    sources = [
        *([_FILE] if env.get(_FILE) else []),
        *([_CREDENTIAL] if credential is not None and credential.exists() else []),
        *([_PLAIN] if env.get(_PLAIN) else []),
    ]
    if not sources:
        return None
    if len(sources) > 1:
        raise EncryptionError(f"the key is given twice, by {' and '.join(sources)}: give it once")
    if sources == [_FILE]:
        return read_key(Path(env[_FILE]).expanduser())
    if sources == [_CREDENTIAL]:
        assert credential is not None
        return read_key(credential, shared=True)  # systemd's own folder, for the service alone
    return _of(env[_PLAIN], _PLAIN)


def key_of(root: Path) -> Master | None:
    """The key of the home at `root`, checked against what the home remembers. Raises EncryptionError.

    A home without anything in it yet is begun with the key that is given.
    """
    given, marked = given_key(), key_id_of(root)
    if marked == CHANGING:
        raise EncryptionError(
            f"{root}: a change of its key was interrupted: run the same `stillhouse keys` command again"
        )
    if marked is None:
        if given is not None and (root / "stillhouse.duckdb").exists():
            raise EncryptionError(
                f"{root} is not encrypted and a key is given: encrypt it with `stillhouse keys encrypt`, or give no key"
            )
        if given is not None:
            mark(root, given)
        return given
    if given is None:
        raise EncryptionError(f"{root} is encrypted with the key {marked}: name its file in {_FILE}")
    if given.key_id != marked:
        raise EncryptionError(
            f"{root} is encrypted with the key {marked}, and {given.key_id} is given: give that one"
        )
    return given


def key_id_of(root: Path) -> str | None:
    """Of the key that a home is encrypted with; None if it is not."""
    held = _held(root)
    return None if held is None else str(held["key_id"])


def are_texts_encrypted(root: Path) -> bool:
    """False also where a release encrypted the home that left text plain: `stillhouse keys encrypt` goes on with that."""
    held = _held(root)
    return held is not None and bool(held.get("texts"))


def _held(root: Path) -> dict[str, Any] | None:
    path = root / MARK
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        held["key_id"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise EncryptionError(f"{path} is damaged: restore it from a backup") from None
    return held


def mark(root: Path, key: Master | None, *, changing: bool = False) -> None:
    """The home remembers which key it is encrypted with; None: that it is not. While `changing` it does not open."""
    if key is None and not changing:
        (root / MARK).unlink(missing_ok=True)
        return
    key_id = CHANGING if changing or key is None else key.key_id
    write_private(root / MARK, (json.dumps({"key_id": key_id, "texts": True}) + "\n").encode())


def _of(text: str, where: str) -> Master:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise EncryptionError(
            f"{where} should hold 64 hexadecimal digits: make a key with `stillhouse keys new FILE`"
        )
    return Master(secret)
