"""Whether this host can take the bundle: every need, what was found, and the remedy. Changes nothing."""

from __future__ import annotations

import os
import platform
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .home_key import is_given
from .layout import Layout, read_box
from .services import read_settings, settings_file

MIN_MEMORY_GIB = 4
_TOOLS = {
    "openssl": "apt install openssl, or dnf install openssl",
    "zstd": "apt install zstd, or dnf install zstd: both are on the system's installation medium",
    "flock": "apt install util-linux, or dnf install util-linux-core",
}
_HEADROOM_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the host must have."""

    name: str
    ok: bool
    found: str
    remedy: str | None = None


def examine(layout: Layout, manifest: dict[str, Any], user: str | None, home_key: str | None) -> list[Need]:
    """All needs of an installation of this bundle; those that are not met carry a remedy.

    `home_key` is what the administrator gave, if anything, to open encrypted data with.
    """
    return [
        *tools(),
        _machine(manifest["needs"]["machine"]),
        _glibc(manifest["needs"]["glibc"]),
        _python(user),
        *_prefix(layout, user),
        _room("disk", layout.prefix, manifest["installed_bytes"] + _HEADROOM_BYTES),
        _room("state disk", layout.state, home_bytes(layout) + _HEADROOM_BYTES),
        _inodes(layout.prefix),
        _memory(),
        _scratch(),
        _clock(manifest["made"]),
        *([_user(user)] if user else []),
        *_home_key(layout, home_key),
    ]


def tools() -> Iterator[Need]:
    """Programs that verification and unpacking need."""
    for name, remedy in _TOOLS.items():
        path = shutil.which(name)
        yield Need(name, path is not None, path or "not found", None if path else remedy)


def _machine(needed: str) -> Need:
    found = platform.machine()
    ok = found == needed and sys.platform == "linux"
    return Need(
        "machine", ok, found, None if ok else f"this bundle is for Linux on {needed}: take the other one"
    )


def _glibc(needed: str) -> Need:
    name, found = platform.libc_ver()
    ok = name == "glibc" and _numbers(found) >= _numbers(needed)
    remedy = f"glibc {needed} or newer is needed: Debian 12, RHEL 9, Ubuntu 22.04 and newer have it"
    return Need("C library", ok, f"{name or 'not glibc'} {found}".strip(), None if ok else remedy)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _python(user: str | None) -> Need:
    path = Path(sys.executable).resolve()
    closed = _closed(path, user)
    remedy = f"{closed} is closed to {user}: set STILLHOUSE_PYTHON to /usr/bin/python3.11" if closed else None
    return Need("Python", closed is None, f"{platform.python_version()}, {path}", remedy)


def _closed(path: Path, user: str | None) -> Path | None:
    """What of the path the services' user could not go through: an interpreter in /root, say, is nobody else's."""
    if user in (None, "root"):
        return None
    there = _existing(path)
    return next((part for part in (*reversed(there.parents), there) if not part.stat().st_mode & 0o001), None)


def _prefix(layout: Layout, user: str | None) -> Iterator[Need]:
    for name, path in (("prefix", layout.prefix), ("state", layout.state)):
        remedy = _unfit(path, layout)
        if remedy is None and (closed := _closed(path.parent, user)):
            remedy = f"{closed} is closed to {user}, whom the services run as: choose another path"
        yield Need(name, remedy is None, str(path), remedy)
    there = _existing(layout.prefix)
    refuses = os.statvfs(there).f_flag & os.ST_NOEXEC
    yield Need(
        "programs may run",
        not refuses,
        "mounted noexec" if refuses else "yes",
        f"{there} is mounted noexec: choose another prefix, or remount it" if refuses else None,
    )


def _unfit(path: Path, layout: Layout) -> str | None:
    """Why a folder cannot be ours, and what to do."""
    if not re.fullmatch(r"/[A-Za-z0-9._/-]+", str(path)):
        return "choose a path of letters, digits, dots and hyphens: service units and scripts name it"
    there = _existing(path)
    if not there.is_dir():
        return f"{there} is not a folder: choose another path"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written by this user: choose another path, or run as root"
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        return f"{there} is mounted read-only: choose another path, or remount it"
    # By an installer that was killed before it wrote box.json, or left by an uninstall.
    ours = {"installer.lock", ".box.json.tmp", *([layout.state.name] if layout.state.parent == path else [])}
    if path == layout.prefix and path.is_dir() and read_box(path) is None:
        others = {found.name for found in path.iterdir()} - ours
        return f"{path} holds files that are not ours: choose an empty or a new folder" if others else None
    return None


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _room(name: str, folder: Path, needed: int) -> Need:
    there = _existing(folder)
    free = shutil.disk_usage(there).free
    remedy = (
        None if free >= needed else f"{gib(needed)} are needed at {there}: free some, or choose another path"
    )
    return Need(name, remedy is None, f"{gib(free)} free, {gib(needed)} needed", remedy)


def _inodes(folder: Path) -> Need:
    found = os.statvfs(_existing(folder))
    free, needed = found.f_favail, 100_000
    ok = free >= needed or found.f_files == 0  # some file systems have no fixed number
    return Need(
        "inodes", ok, f"{free} free", None if ok else f"about {needed} files are made: choose another disk"
    )


def _memory() -> Need:
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    ok = found >= MIN_MEMORY_GIB << 30
    return Need(
        "memory", ok, gib(found), None if ok else f"{MIN_MEMORY_GIB} GiB are needed to scrub, more to train"
    )


def _scratch() -> Need:
    folder = tempfile.gettempdir()
    ok = os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).free > 16 << 20
    return Need(
        "temporary files", ok, folder, None if ok else "16 MiB must be free there: free some, or set TMPDIR"
    )


def _clock(made: str) -> Need:
    """Sessions, audit entries and signatures carry times: a clock before the bundle's own time is surely wrong."""
    ok = time.time() >= datetime.fromisoformat(made).timestamp()
    remedy = None if ok else f"the clock is behind the bundle's own time, {made}: set it"
    return Need("clock", ok, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), remedy)


def _user(name: str) -> Need:
    try:
        pwd.getpwnam(name)
        return Need("user", True, name)
    except KeyError:
        ok = shutil.which("useradd") is not None
        remedy = None if ok else f"there is no useradd: make a system user named {name} by hand"
        return Need("user", ok, f"{name}, will be made", remedy)


def _home_key(layout: Layout, given: str | None) -> Iterator[Need]:
    """Services may have it as a credential, which nobody but they can read."""
    home = layout.source_home()
    if home is None or not (home / "encryption.json").exists():
        return
    state = str(layout.state)
    ok = is_given(read_settings(state), given)
    remedy = (
        f"name the file that holds it with --home-key, or as STILLHOUSE_KEY_FILE in {settings_file(state)}"
    )
    yield Need("key of the encrypted data", ok, "given" if ok else "not given", None if ok else remedy)


def home_bytes(layout: Layout) -> int:
    """Of the home in use: an upgrade works on a copy."""
    generation = layout.current_generation()
    if generation is None:
        return 0
    du = subprocess.run(
        ["du", "-s", "--block-size=1", str(layout.home(generation.number))], capture_output=True, text=True
    )
    return int(du.stdout.split()[0]) if du.returncode == 0 else 0


def gib(num_bytes: float) -> str:
    return f"{num_bytes / 2**30:.1f} GiB"
