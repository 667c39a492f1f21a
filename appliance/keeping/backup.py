"""A home as one file, taken while it is in use, and a home made of such a file.

Left out: models (they come with the installation, or from the site's own folders), the cache, locks, and temporary files.
The file holds everything private that the home holds, keys included: whoever has it has the data.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from appliance import audit, manifest
from appliance.home import Home
from appliance.keeping.at_rest import MARK, key_id_of
from appliance.keeping.private_files import alone
from appliance.packages import installed_version
from appliance.people.acting import Action, Actor, acting
from distill.checkpoints import file_sha256

_LIST = "backup.json"
"""The last member: every file's sha256. A backup without it was not finished."""
_LEFT_OUT = {"models", "cache", ".restoring"}
_NO_TROUBLE = {"models", "cache", "runs", "keys", ".restoring", MARK}
"""What a new home has."""
_CHUNK = 1 << 20


class BackupError(Exception):
    """One line: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a backup holds."""

    files: int
    bytes: int
    at: float
    """Unix time."""


def write_backup(home: Home, actor: Actor, out: Path) -> Taken:
    """Writes all of the home to the new file `out` (0600); jobs may go on meanwhile.

    A stage that is finished when this begins is in it whole, or this raises; one that is at work is in it as after a kill,
    and goes on from there. Raises BackupError; what was written so far is removed then.
    """
    with acting(home, actor, Action.BACK_UP) as made:
        taken = _write(home, out)
        made |= {"files": taken.files, "bytes": taken.bytes}
        return taken


def _write(home: Home, out: Path) -> Taken:
    import zstandard

    temporary = out.with_name(f".{out.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
            with (
                packer.stream_writer(file, closefd=False) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as packing,
            ):
                archive = _Archive(home, packing)
                _put_all(home, archive)
                archive.check_stages()
                sizes = [size for _, size in archive.hashes.values()]
                taken = Taken(len(sizes), sum(sizes), time.time())
                _put_list(packing, archive, taken)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return taken


class _Archive:
    """The archive in the making, and what went into it."""

    def __init__(self, home: Home, file: tarfile.TarFile) -> None:
        self._home, self._file = home, file
        self.hashes: dict[str, tuple[str, int]] = {}
        """Path -> sha256 and bytes."""
        self.manifests: dict[str, bytes] = {}
        """Of stages: folder -> content."""
        self.links: dict[str, str] = {}
        """A further name of a file that is in the archive: what stages of several runs share is there once."""
        self._seen: dict[tuple[int, int], str] = {}

    def put(self, path: Path) -> None:
        """A log that grows is taken up to where it ends now; a file that is gone by now is not in the backup."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        name = str(path.relative_to(self._home.root))
        parts = PurePosixPath(name).parts
        with file:
            found = os.fstat(file.fileno())
            stage = "/".join(parts[:3]) if _is_manifest(parts) else None
            first = self._seen.setdefault((found.st_dev, found.st_ino), name)
            if first != name:
                self.links[name], self.hashes[name] = first, self.hashes[first]
                if stage:
                    self.manifests[stage] = self.manifests[first.rpartition("/")[0]]
                return
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = found.st_size, int(found.st_mtime), 0o600
            read = _Hashed(file, keep=stage is not None)
            try:
                self._file.addfile(member, read)  # type: ignore[arg-type]  # it asks for read() only
            except OSError:
                if read.size < found.st_size:
                    raise BackupError(
                        f"{name} became shorter while it was read: make the backup again"
                    ) from None
                raise
        self.hashes[name] = (read.digest.hexdigest(), found.st_size)
        if stage:
            self.manifests[stage] = bytes(read.kept)

    def check_stages(self) -> None:
        """Every manifest in the backup vouches for files in the backup."""
        for stage, content in self.manifests.items():
            for file, sha256 in json.loads(content)["outputs"].items():
                if not self._says(f"{stage}/{file}", sha256):
                    raise BackupError(
                        f"{stage}/{file} is damaged, or was made anew while it was read: make the backup again; "
                        "if it fails again, `stillhouse run` says what is damaged"
                    )

    def _says(self, name: str, sha256: str) -> bool:
        """Whether the file in the backup is this one; an encrypted one by what the file in the home says, if it is the same."""
        held, path = self.hashes.get(name, ("", 0))[0], self._home.root / name
        return held == sha256 or (
            path.is_file() and held == file_sha256(path) and manifest.says(path, sha256)
        )


def _is_manifest(parts: tuple[str, ...]) -> bool:
    """runs/RUN/STAGE/manifest.json"""
    return len(parts) == 4 and parts[0] == "runs" and parts[3] == manifest.NAME


class _Hashed:
    """A file whose content is hashed as it is read."""

    def __init__(self, file: io.BufferedReader, keep: bool) -> None:
        self._file, self.digest, self.size = file, hashlib.sha256(), 0
        self._keep, self.kept = keep, bytearray()

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        self.size += len(content)
        if self._keep:
            self.kept += content
        return content


def _put_all(home: Home, archive: _Archive) -> None:
    # Listed before anything is read: a stage that ends meanwhile has its outputs read perhaps half-written, and its
    # manifest, which would vouch for them, is not in the list.
    paths = sorted(_files(home.root))
    with alone(home.store.with_suffix(".lock")):  # as every connection does: closed, and nobody writes
        for path in (home.store, Path(f"{home.store}.wal")):
            archive.put(path)
    # Log and heads as of one moment: heads of lines that are not there would say that the log was cut.
    log = audit.log_path(home)
    of_the_log = [path for path in paths if path == log or path.parent.name == "audit-heads"]
    if of_the_log:
        with alone(log):
            for path in of_the_log:
                archive.put(path)
    for path in paths:
        if not path.name.startswith(home.store.name) and path not in of_the_log:
            archive.put(path)


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        if here == str(folder):
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in names:
            path = Path(here, name)
            passing = name.endswith((".lock", ".tmp")) or name == "lock"
            if not passing and path.is_file() and not path.is_symlink():
                yield path


def _put_list(packing: tarfile.TarFile, archive: _Archive, taken: Taken) -> None:
    told = {
        "format": 1,
        "made_at": taken.at,
        "made_by": f"stillhouse {installed_version('stillhouse')}",
        "files": {
            name: {"sha256": digest, "size": size} for name, (digest, size) in sorted(archive.hashes.items())
        },
        "links": archive.links,
    }
    content = json.dumps(told, indent=1).encode()
    member = tarfile.TarInfo(_LIST)
    member.size, member.mode = len(content), 0o600
    packing.addfile(member, io.BytesIO(content))


def restore_backup(home: Home, actor: Actor, backup: Path) -> Taken:
    """Fills a home that holds nothing yet; nothing of the backup counts before all of it was read and found whole.

    Said again after a kill, it goes on. Raises BackupError.
    """
    staging = home.root / ".restoring"
    if not (staging / _LIST).exists():
        held = [path.name for path in home.root.iterdir() if path.name not in _NO_TROUBLE]
        held += [path.name for folder in ("runs", "keys") for path in (home.root / folder).glob("*")]
        if held:
            raise BackupError(f"{home.root} holds data already: name an empty one with STILLHOUSE_HOME")
        _stage(backup, staging)
    wanted = key_id_of(staging)
    if wanted != key_id_of(home.root):
        shutil.rmtree(staging)
        whose = (
            "a home that is not encrypted" if wanted is None else f"a home encrypted with the key {wanted}"
        )
        raise BackupError(f"{backup.name} is of {whose}: restore it into an empty home begun in the same way")
    told = json.loads((staging / _LIST).read_text(encoding="utf-8"))
    for path in sorted(staging.iterdir()):
        if path.name != _LIST:
            path.rename(home.root / path.name)
    (staging / _LIST).unlink()
    staging.rmdir()
    taken = Taken(len(told["files"]), sum(file["size"] for file in told["files"].values()), told["made_at"])
    restored = {"files": taken.files, "taken_at": int(taken.at)}
    # Only now: the log came back with the home.
    audit.append(home, actor.name, actor.origin, "restore", "done", restored)
    return taken


def _stage(backup: Path, staging: Path) -> None:
    """Unpacks into a folder of the home. Its list, written last, says that it is whole."""
    import zstandard

    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    refused = f"{backup.name} is not a whole backup"
    found: dict[str, dict[str, Any]] = {}
    told: dict[str, Any] | None = None
    try:
        with (
            backup.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as stream,
            tarfile.open(fileobj=stream, mode="r|") as archive,
        ):
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or told is not None:
                    raise BackupError(f"{refused}: it holds what a backup does not hold")
                if member.name == _LIST:
                    told = json.load(content)
                    continue
                found[member.name] = _unpack_file(content, staging, member.name, refused)
    except (tarfile.TarError, zstandard.ZstdError, EOFError, ValueError):
        raise BackupError(f"{refused}: copy it again from where it was kept") from None
    for name, first in (told or {}).get("links", {}).items():
        if first in found:
            target = _inside(staging, name, refused)
            target.hardlink_to(staging / first)
            found[name] = found[first]
    if told is None or told["files"] != found:
        raise BackupError(f"{refused}: it ends early, or a file in it was changed")
    os.sync()
    (staging / _LIST).write_text(json.dumps(told), encoding="utf-8")


def _unpack_file(content: Any, staging: Path, name: str, refused: str) -> dict[str, Any]:
    path = _inside(staging, name, refused)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return {"sha256": digest.hexdigest(), "size": size}


def _inside(staging: Path, name: str, refused: str) -> Path:
    """The path of a file to be made, with its folder."""
    path = staging / name
    if ".." in path.parts or not path.is_relative_to(staging) or path == staging:
        raise BackupError(f"{refused}: it names a file outside of the home")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
