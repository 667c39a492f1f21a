"""A home encrypted, decrypted, or encrypted with another key. Killed anywhere, the same call goes on."""

from __future__ import annotations

from pathlib import Path

from appliance.keeping.at_rest import EncryptionError, Master, mark
from appliance.keeping.private_files import alone, write_private
from appliance.store import Store, StoreError, rewrite

_PLAIN_KEY_BYTES = 32


def change_key(root: Path, old: Master | None, new: Master | None) -> int:
    """What the home keeps under `old` (None: not encrypted) is kept under `new`; gives how many files were rewritten.

    Nothing else may work on the home meanwhile: while its key is changed it does not open. The database's old bytes are
    unlinked, not overwritten: on a disk that keeps them, its own encryption must have been there first.
    Raises EncryptionError where something opens with neither key.
    """
    with alone(root / "encryption.lock"):
        mark(root, None, changing=True)
        changed = sum(_seal_again(path, old, new) for path in sorted((root / "keys").glob("*.key")))
        changed += _store_again(root / "stillhouse.duckdb", old, new)
        mark(root, new)
    return changed


def _seal_again(path: Path, old: Master | None, new: Master | None) -> bool:
    held = path.read_bytes()
    if _opened(held, path.name, new) is not None:
        return False  # by an earlier call that was killed
    plain = _opened(held, path.name, old)
    if plain is None:
        raise EncryptionError(
            f"{path} opens with neither key: restore it from a backup, or name the key it has"
        )
    write_private(path, plain if new is None else new.seal(plain, path.name))
    return True


def _opened(held: bytes, name: str, key: Master | None) -> bytes | None:
    if key is None:
        return held if len(held) == _PLAIN_KEY_BYTES else None
    try:
        return key.unseal(held, name)
    except EncryptionError:
        return None


def _store_again(path: Path, old: Master | None, new: Master | None) -> bool:
    if not path.exists() or _opens(path, new):
        return False
    if not _opens(path, old):
        raise EncryptionError(
            f"{path} opens with neither key: name the key it has, or restore it from a backup"
        )
    rewrite(path, old, new)
    return True


def _opens(path: Path, key: Master | None) -> bool:
    try:
        Store(path, key=key).schema_version()
    except StoreError:
        return False
    return True
