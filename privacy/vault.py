"""The originals of replaced fields, sealed: the only way back from scrubbed text, for whoever holds the vault's key.

Covered: AES-256-GCM with a random nonce a field, the record's id and the field's name bound to it, so that a box opens in its
own place only; a file that only grows and survives a kill in mid-write. A destroyed key makes every box unreadable for good.
Not covered: who may hold the key, and how often fields were sealed (sizes and record ids are to be seen).
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from privacy.settings import VaultSettings

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = 1

# (record id, field name)
Place = tuple[str, str]


class VaultWriter:
    """Appends boxes to a vault's file, making it if it is not there."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises ValueError, in one line, for a file that another key sealed or that is no vault."""
        self._path = path
        self._key = key
        if not path.parent.is_dir():
            raise ValueError(f"{path}: there is no folder {path.parent} for the vault")
        if path.exists():
            _check(path, key)
        else:
            head = json.dumps({"vault": _VERSION, "key_check": _key_check(key)})
            with open(path, "x", opener=_private) as file:
                file.write(head + "\n")

    def __repr__(self) -> str:
        return f"VaultWriter({self._path})"

    def add(self, originals: Iterable[tuple[Place, str]]) -> None:
        """Seals and appends; on disk when this returns. The same place may be sealed again, the last one counts."""
        lines = [_line(place, seal(self._key, place, original)) for place, original in originals]
        if not lines:
            return
        with open(self._path, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _to_end_of_last_line(file)
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())


class Vault(Mapping[Place, str]):
    """A vault that was opened: the original text of a field, by record id and field name."""

    def __init__(self, key: bytes, boxes: dict[Place, bytes]) -> None:
        self._key = key
        self._boxes = boxes

    def __repr__(self) -> str:
        return f"Vault({len(self._boxes)} fields)"

    def __getitem__(self, place: Place) -> str:
        """Raises KeyError for a place that was never sealed, ValueError for a box that was changed or moved."""
        return unseal(self._key, place, self._boxes[place])

    def __iter__(self) -> Iterator[Place]:
        return iter(self._boxes)

    def __len__(self) -> int:
        return len(self._boxes)


def open_vault(path: Path, key: bytes) -> Vault:
    """Raises ValueError, in one line, where there is no vault or the key is not its own."""
    _check(path, key)
    boxes: dict[Place, bytes] = {}
    with path.open("rb") as file:
        file.readline()
        for number, line in enumerate(file, 2):
            if not line.endswith(b"\n"):
                break  # the writer was killed here; the next one writes over it
            try:
                record_id, field, box = json.loads(line)
                boxes[str(record_id), str(field)] = base64.b64decode(box, validate=True)
            except (ValueError, TypeError):
                raise ValueError(f"{path}, line {number}: is no box of a vault; restore the file") from None
    return Vault(key, boxes)


def seal(key: bytes, place: Place, original: str) -> bytes:
    """The box: nonce, ciphertext, tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, original.encode("utf-8", "surrogatepass"), _bound(place))


def unseal(key: bytes, place: Place, box: bytes) -> str:
    """What was sealed. Raises ValueError for another key or place, or a changed box."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        opened = AESGCM(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound(place))
    except (InvalidTag, ValueError):
        raise ValueError(
            f"record {place[0]}: its box does not open: it was changed, moved or sealed with another key"
        ) from None
    return opened.decode("utf-8", "surrogatepass")


def read_vault_key(settings: VaultSettings, base_dir: Path, scrub_key: bytes) -> bytes:
    """The vault's key. Raises ValueError, in one line that does not hold it, for a key that is absent, malformed or the
    scrubbing key."""
    if settings.key_file is not None:
        path = base_dir / settings.key_file
        where = f"the vault's key file {path}"
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"{where} cannot be read; it needs 64 hex digits") from None
    else:
        assert settings.key_env is not None
        where = f"the environment variable {settings.key_env}"
        text = os.environ.get(settings.key_env, "").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{where} does not hold the vault's key: 64 hex digits (`openssl rand -hex 32`)")
    if hmac.compare_digest(key, scrub_key):
        raise ValueError(f"{where} holds the scrubbing key; the vault needs a key of its own")
    return key


def _check(path: Path, key: bytes) -> None:
    """Raises ValueError if this is no vault, or not this key's."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline())
        version, check = head["vault"], str(head["key_check"])
    except FileNotFoundError:
        raise ValueError(f"{path}: there is no vault") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{path}: is no vault") from None
    if version != _VERSION:
        raise ValueError(f"{path}: was written by another release (vault version {version})")
    if not hmac.compare_digest(check, _key_check(key)):
        raise ValueError(f"{path}: was sealed with another key; nothing can be read or added with this one")


def _key_check(key: bytes) -> str:
    """Tells a wrong key without telling anything of the right one."""
    return hmac.new(key, b"stillhouse vault", hashlib.sha256).hexdigest()[:16]


def _bound(place: Place) -> bytes:
    return json.dumps(["stillhouse vault", *place]).encode()


def _line(place: Place, box: bytes) -> bytes:
    return json.dumps([*place, base64.b64encode(box).decode()]).encode() + b"\n"


def _to_end_of_last_line(file: Any) -> None:
    """Cuts off what a killed writer left of a line, and stands at the end."""
    end = file.seek(0, os.SEEK_END)
    position, tail = end, b""
    while position > 0 and b"\n" not in tail:
        start = max(0, position - 65536)
        file.seek(start)
        tail, position = file.read(position - start), start
    file.truncate(position + tail.rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
