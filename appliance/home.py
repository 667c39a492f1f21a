"""Where state lives: one private directory, laid out here and nowhere else."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from appliance.keeping.at_rest import EncryptionError, are_texts_encrypted, key_of
from appliance.keeping.private_files import sync, write_private
from distill.checkpoints import begin_write
from distill.text_files import TextKey


class HomeError(ValueError):
    """One line: what is wrong with the home and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The directory `$STILLHOUSE_HOME` (default `~/.stillhouse`), readable by its owner only."""

    root: Path

    @staticmethod
    def open() -> Home:
        """The home the environment names, made with mode 0700 if it is new. Raises HomeError."""
        root = Home.place()
        home = Home(root)
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            key_of(root)
            for folder in (home.models, home.runs, home.keys, home.cache):
                folder.mkdir(exist_ok=True, mode=0o700)
        except EncryptionError as error:
            raise HomeError(str(error)) from None
        except OSError as error:
            raise HomeError(f"STILLHOUSE_HOME: {error.filename}: {error.strerror}") from None
        return home

    @staticmethod
    def place() -> Path:
        """Where the home is, or would be."""
        try:
            return Path(os.environ.get("STILLHOUSE_HOME") or "~/.stillhouse").expanduser().absolute()
        except RuntimeError:
            raise HomeError(
                "STILLHOUSE_HOME: that user's home directory is not known: give a full path"
            ) from None

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

    @property
    def jobs(self) -> Path:
        """What was asked of the worker, and what became of it."""
        return self.root / "jobs"

    @property
    def data(self) -> Path:
        """Files of records that were brought in, raw: readable by the owner only, as everything here."""
        return self.root / "data"

    @property
    def use_cases(self) -> Path:
        return self.root / "use_cases"

    @property
    def policies(self) -> Path:
        return self.root / "policies"

    @property
    def ratings(self) -> Path:
        """What people said of two answers, by record id; no text."""
        return self.root / "ratings"

    @property
    def erasures(self) -> Path:
        """What was to be forgotten, by keyed hash, and what was done about it."""
        return self.root / "erasures"

    @property
    def approvals(self) -> Path:
        return self.root / "approvals"

    def scrub_key(self) -> bytes:
        """The key of record ids and surrogates (32 bytes), made on first use.

        Whoever holds it can test a guess about a person against the surrogates: it never leaves the home.
        """
        return self._key("scrub.key")

    def signing_key(self) -> bytes:
        """The private key that signs privacy reports and the lines of the audit log (32 bytes, Ed25519), made on first use."""
        return self._key("report-signing.key")

    def text_key(self) -> TextKey | None:
        """What text of records and answers is encrypted with (`keeping/texts.py`); None where it is not.

        Made on first use. The home's key, given from outside, encrypts this one: another changes no text.
        """
        if key_of(self.root) is None or not are_texts_encrypted(self.root):
            return None
        return TextKey.of(self._key("texts.key"))

    def _key(self, name: str) -> bytes:
        path = self.keys / name
        # Looked at first: between the two looks another may make the key, and then its check.
        was_made = path.with_suffix(".check").exists()
        if not path.exists():
            if was_made:
                raise HomeError(
                    f"{path} is gone, and what was made with it is here: restore it from a backup"
                )
            self._make_key(path)
        key, master = path.read_bytes(), key_of(self.root)
        if master is not None:
            try:
                key = master.unseal(key, name)
            except EncryptionError as error:
                raise HomeError(f"{path} {error}") from None
        if len(key) != 32:
            raise HomeError(f"{path} should hold 32 bytes, it holds {len(key)}: restore it from a backup")
        self._check_key(path, key)
        return key

    def _check_key(self, path: Path, key: bytes) -> None:
        """A turned bit would make other ids and stand-ins, without a word: so a hash of each key lies beside it."""
        check = path.with_suffix(".check")
        told = hashlib.sha256(b"stillhouse key check\0" + key).hexdigest()
        try:
            held = check.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            write_private(check, f"{told}\n".encode())
            return
        if held != told:
            raise HomeError(f"{path} is not what it was when it was made: restore it from a backup")

    def _make_key(self, path: Path) -> None:
        """Whole or not at all, and once: a link is made in one step and does not replace what another process made."""
        key, master = secrets.token_bytes(32), key_of(self.root)
        temporary, descriptor = begin_write(path, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key if master is None else master.seal(key, path.name))
            file.flush()
            os.fsync(file.fileno())
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                pass  # another process was first: its key counts
            finally:
                temporary.unlink()
        sync(self.keys)  # records scrubbed with a key that a power cut took away match nothing later
