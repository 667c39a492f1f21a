"""Which version of a distribution is installed, without importing it."""

from __future__ import annotations

import functools
import importlib.metadata


@functools.cache
def installed_version(distribution: str) -> str | None:
    """None where it is not installed. A process goes on with what it found first."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
