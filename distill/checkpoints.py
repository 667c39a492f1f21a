"""Checkpoints that can be trusted after a kill: sealed with hashes, last, by rename.

The stock Trainer writes its checkpoints in place, so the newest one may be torn. A torn one has no seal, or one that
does not fit, and is not resumed from.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Collection
from pathlib import Path

SEAL = "sealed.json"
_TEMPORARY = re.compile(r"\..+\.([0-9a-f]{8}|\d+)\.tmp")
"""With a random number; of earlier releases, with a process's."""


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """The file holds the whole content (text as UTF-8) or does not change, whatever is killed when.

    Threads and processes may write the same path at once: the last one counts. `mode` is of a new file, less the umask.
    """
    temporary, descriptor = begin_write(path, mode)
    with os.fdopen(
        descriptor, "wb"
    ) as file:  # its lock is held until the name is changed, or the process is gone
        try:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the new name must survive a power cut, not only the bytes
    finally:
        os.close(descriptor)


def begin_write(path: Path, mode: int) -> tuple[Path, int]:
    """A new file beside the path, and its descriptor, which is locked for as long as it is open: by that `sweep` knows whose
    writer is gone."""
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return temporary, descriptor
        os.close(descriptor)  # swept in the instant before it was locked


def sweep(folder: Path, leave_out: Collection[str] = ()) -> int:
    """Takes away what `write_atomically` left in the folder and below when its process was killed; gives how many files.

    Only what is named as it names them, and is locked by nobody: a process that still writes keeps its file, however long it
    takes. Folders of these names, right below `folder`, are left out.
    """
    gone = 0
    for here, folders, names in os.walk(folder):
        if here == str(folder):
            folders[:] = [name for name in folders if name not in leave_out]
        gone += sum(_take_away(Path(here, name)) for name in names if _TEMPORARY.fullmatch(name))
    return gone


def _take_away(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False  # it got its name in this instant, or is none of ours
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def seal(folder: Path) -> None:
    """Flushes every file of the folder and writes their hashes."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SEAL:
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
            hashes[str(path.relative_to(folder))] = file_sha256(path)
    write_atomically(folder / SEAL, json.dumps(hashes, indent=1))


def is_sealed(folder: Path) -> bool:
    """Whether the folder has a seal and every file is as it was sealed."""
    try:
        hashes = json.loads((folder / SEAL).read_text())
        return (
            isinstance(hashes, dict)
            and bool(hashes)
            and all(file_sha256(folder / name) == digest for name, digest in hashes.items())
        )
    except (OSError, ValueError):
        return False


def newest_sealed(folder: Path) -> Path | None:
    """The newest intact `checkpoint-N`; torn ones are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]), reverse=True)
    for path in found:
        if is_sealed(path):
            return path
        shutil.rmtree(path)
    return None
