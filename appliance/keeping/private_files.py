"""Files that only the owner of the home may read: written whole or not at all, by one writer at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distill.checkpoints import write_atomically


def write_private(path: Path, content: bytes) -> None:
    """The file (mode 0600) holds the whole content or does not change, whatever is killed when.

    Threads of one process may write the same path at once: the last one counts.
    """
    write_atomically(path, content, 0o600)


def sync(path: Path) -> None:
    """What was written to the file, or which names the folder has, is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """The block runs while no other process or thread is in a block with the same lock file."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # frees the lock; so does a kill
