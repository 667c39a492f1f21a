"""What lies where below the prefix, and how one name decides which version runs on which data.

    PREFIX/box.json           state folder, user, trusted key, highest release seen; what makes the folder ours
    PREFIX/current            -> generations/N: renamed over, so that code and data change in one step
    PREFIX/bin, units         -> current/bin, current/units
    PREFIX/versions/V-rN/     one bundle unpacked and installed; complete if and only if installed.json is there
    PREFIX/generations/N/     version -> the code, home -> the data it runs on, commands, units, generation.json
    STATE/homes/N/            the data of generation N (0700): each upgrade works on a copy of the one before
    STATE/settings            the site's own, read by commands, services and upgrades
    STATE/kept.json           written by an uninstall: which home was in use

Going back is the same rename with an older generation. A kill leaves the old generation or the new one.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .bundle import BoxError

INSTALLED = "installed.json"


@dataclass(frozen=True, slots=True)
class Box:
    """What box.json holds."""

    state: str
    user: str | None
    """Whom state and processes belong to; None where the installer did not run as root."""
    user_made: bool
    key: str
    """The trusted public key, PEM."""
    highest_release: int = 0
    format: int = 1


@dataclass(frozen=True, slots=True)
class Generation:
    """One pairing of code and data."""

    number: int
    version: str
    """Folder name in versions/."""
    previous: int | None
    """Where a rollback goes."""
    why: str
    """install, upgrade or restore."""
    set_aside: bool = field(default=False)
    """A rollback left it: its data hold work that is nowhere else."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one installation."""

    prefix: Path
    state: Path

    @property
    def versions(self) -> Path:
        return self.prefix / "versions"

    @property
    def generations(self) -> Path:
        return self.prefix / "generations"

    @property
    def homes(self) -> Path:
        return self.state / "homes"

    @property
    def current(self) -> Path:
        return self.prefix / "current"

    @property
    def kept(self) -> Path:
        return self.state / "kept.json"

    def home(self, number: int) -> Path:
        return self.homes / str(number)

    def generation(self, number: int) -> Generation | None:
        """None where it is not there, or not whole."""
        try:
            told = json.loads(
                (self.generations / str(number) / "generation.json").read_text(encoding="utf-8")
            )
        except (OSError, ValueError):
            return None
        aside = (self.generations / str(number) / "set-aside").exists()
        return replace(Generation(**told), set_aside=aside)

    def current_generation(self) -> Generation | None:
        try:
            return self.generation(int(os.path.basename(os.readlink(self.current))))
        except (OSError, ValueError):
            return None

    def source_home(self) -> Path | None:
        """Whose data the next generation takes along: of the one in use, or what an uninstall left. Raises BoxError."""
        now = self.current_generation()
        return self.home(now.number) if now else self._kept_home()

    def _kept_home(self) -> Path | None:
        try:
            number = int(self.kept.read_text(encoding="ascii"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError:
            raise BoxError(
                f"{self.kept} should hold a number: write the number of the home to take up"
            ) from None
        home = self.home(number)
        if not home.is_dir():
            raise BoxError(
                f"{home} is gone, and {self.kept} names it: remove that file to begin with nothing"
            )
        return home

    def all_generations(self) -> list[Generation]:
        found = [self.generation(number) for number in _numbers(self.generations)]
        return [generation for generation in found if generation is not None]

    def next_number(self) -> int:
        return max([0, *_numbers(self.generations), *_numbers(self.homes)]) + 1

    def is_complete(self, version: str) -> bool:
        return (self.versions / version / INSTALLED).exists()


def _numbers(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())


def read_box(prefix: Path) -> Box | None:
    """None where nothing of ours is installed below `prefix`."""
    try:
        return Box(**json.loads((prefix / "box.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise BoxError(
            f"{prefix / 'box.json'} cannot be read: restore it from a backup of the prefix"
        ) from None


def write_box(prefix: Path, box: Box) -> None:
    write_whole(prefix / "box.json", asdict(box))


def write_whole(path: Path, told: Any) -> None:
    """JSON into `path`: all of it or nothing, and still there after a power cut."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(told, indent=1, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def point(link: Path, target: str) -> None:
    """Makes `link` a symbolic link to `target` in one step, whatever it was before."""
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    sync_folder(link.parent)


def remove(path: Path) -> None:
    """Whatever it is, if it is there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


@contextmanager
def locked(prefix: Path) -> Iterator[None]:
    """One installer at a time."""
    with (prefix / "installer.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BoxError(f"another installer is at work in {prefix}: wait for it") from None
        yield


@contextmanager
def alone(prefix: Path) -> Iterator[None]:
    """While nothing of the product runs: every command holds the other side of this lock for as long as it lives."""
    descriptor = os.open(prefix / "in-use", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BoxError(
            f"Stillhouse is running from {prefix}: stop its worker, console and commands, then say this again"
        ) from None
    finally:
        os.close(descriptor)
