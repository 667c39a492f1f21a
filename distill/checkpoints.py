"""Checkpoints that can be trusted after a kill: sealed with hashes, last, by rename.

The stock Trainer writes its checkpoints in place, so the newest one may be torn. A torn one has no seal, or one that
does not fit, and is not resumed from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

SEAL = "sealed.json"


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: str | bytes) -> None:
    """The file holds the whole content (text as UTF-8) or does not change, whatever is killed when."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the new name must survive a power cut, not only the bytes
    finally:
        os.close(descriptor)


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
