"""A home encrypted, decrypted, or encrypted with another key. Killed anywhere, the same call goes on."""

from __future__ import annotations

import secrets
from pathlib import Path

from appliance.keeping import texts
from appliance.keeping.at_rest import EncryptionError, Master, mark
from appliance.keeping.private_files import alone, write_private
from appliance.store import Store, StoreError, rewrite
from distill.text_files import TextKey, is_encrypted, read

TEXT_KEY = "keys/texts.key"
_PLAIN_KEY_BYTES = 32


def change_key(root: Path, old: Master | None, new: Master | None) -> int:
    """What the home keeps under `old` (None: not encrypted) is kept under `new`; gives how many files were rewritten.

    Text of records and answers has a key of its own, which is kept under the home's: another one of these rewrites no text.
    Nothing else may work on the home meanwhile: while its key is changed it does not open. The database's and the
    texts' old bytes are unlinked, not overwritten: on a disk that keeps them, its own encryption must have been there first.
    Raises EncryptionError where something opens with neither key.
    """
    with alone(root / "encryption.lock"):
        mark(root, None, changing=True)
        if new is not None:
            _make_text_key(root / TEXT_KEY, new)
        changed = sum(_seal_again(path, old, new) for path in sorted((root / "keys").glob("*.key")))
        changed += _texts_again(root, new)
        changed += _store_again(root / "stillhouse.duckdb", old, new)
        if new is None:
            for path in ((root / TEXT_KEY).with_suffix(".check"), root / TEXT_KEY):
                path.unlink(missing_ok=True)
        mark(root, new)
    return changed


def _make_text_key(path: Path, key: Master) -> None:
    if not path.exists():
        if path.with_suffix(".check").exists():
            raise EncryptionError(f"{path} is gone, and text was encrypted with it: restore it from a backup")
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_private(path, key.seal(secrets.token_bytes(_PLAIN_KEY_BYTES), path.name))


def _texts_again(root: Path, master: Master | None) -> int:
    """Encrypts what is plain, or decrypts what is not; each file whole or not at all. Rotation changes none."""
    path = root / TEXT_KEY
    secret = _opened(path.read_bytes(), path.name, master) if path.exists() else None
    key = None if secret is None else TextKey.of(secret)
    for leftover in texts.cut_off(root):
        leftover.unlink()
    changed = 0
    for path in texts.of_home(root):
        if is_encrypted(path) != (master is not None) and path.stat().st_size:
            content = read(path, key if master is None else None)
            write_private(path, texts.held(path, content, None if master is None else key))
            changed += 1
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
