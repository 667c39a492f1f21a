"""Where state lives: one private directory, laid out here and nowhere else."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The directory `$STILLHOUSE_HOME` (default `~/.stillhouse`), readable by its owner only."""

    root: Path

    @staticmethod
    def open() -> Home:
        """The home the environment names, made with mode 0700 if it is new."""
        root = Path(os.environ.get("STILLHOUSE_HOME") or Path.home() / ".stillhouse").expanduser().absolute()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        home = Home(root)
        for folder in (home.models, home.runs, home.keys, home.cache):
            folder.mkdir(exist_ok=True, mode=0o700)
        return home

    @property
    def store(self) -> Path:
        return self.root / "stillhouse.duckdb"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def cache(self) -> Path:
        """Compiled kernels and the like: may be deleted at any time."""
        return self.root / "cache"

    def scrub_key(self) -> bytes:
        """The key of record ids and surrogates (32 bytes), made on first use.

        Whoever holds it can test a guess about a person against the surrogates: it never leaves the home.
        """
        path = self.keys / "scrub.key"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
            if len(key) != 32:
                raise ValueError(
                    f"{path} should hold 32 bytes, it holds {len(key)}: restore it from a backup"
                ) from None
            return key
        key = secrets.token_bytes(32)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return key
