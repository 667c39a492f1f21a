"""A file's bytes on their way in: measured, hashed, and refused as soon as they are seen not to be what they should.

Covered: files that are too large, empty, compressed, of another program's format, or text in another encoding than
UTF-8; links, folders, devices and files outside the folders that the administrator allows. Not covered: what the text
says, which `examine` reads afterwards in a process of its own.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from appliance.datasets.settings import NAME, DataSettings
from appliance.home import Home

FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}
_BLOCK_BYTES = 1 << 20
_SAVE_AS = "save it as CSV in UTF-8 (in Excel: 'CSV UTF-8') and bring that in"
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive", "unpack it, and bring in the CSV, JSON lines or Parquet file inside"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first"),
    (b"BZh", "compressed with bzip2", "unpack it first"),
    (b"\xfd7zXZ\x00", "compressed with xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!", "a rar archive", "unpack it first"),
    (b"%PDF", "a PDF", "bring in the records as CSV, JSON lines or Parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Office file, such as .xls", _SAVE_AS),
    (b"SQLite format 3\x00", "an SQLite database", "export its table as CSV"),
    (b"ORC", "an ORC file", "write it as Parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet or JSON lines"),
    (b"\x7fELF", "a program", "bring in the records as CSV, JSON lines or Parquet"),
)
"""First bytes, what they are of, what to do: whatever the file is called."""


class DataError(Exception):
    """One line: what is wrong with the file and what to do. Never holds its content."""


def format_of(filename: str) -> str:
    """By the name's ending; raises DataError for one that says nothing."""
    found = FORMATS.get(Path(filename).suffix.lower())
    if found is None:
        raise DataError("the file's name must end in .csv, .jsonl or .parquet, and it must be such a file")
    return found


def copy(source: BinaryIO, target: Path, kind: str, settings: DataSettings) -> tuple[int, str]:
    """Writes all bytes to `target` (mode 0600), durably; returns how many, and their sha256. Raises DataError."""
    _require_room(target.parent, _size(source), settings)
    digest, size = hashlib.sha256(), 0
    text = _Text() if kind != "parquet" else None
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as out:
            while block := source.read(_BLOCK_BYTES):
                if not size:
                    _refuse_foreign(block, kind)
                size += len(block)
                if size > settings.max_bytes:
                    raise DataError(_too_large(settings))
                if text is not None:
                    text.read(block)
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError("the disk is full: make room, and bring the file in again") from None
        raise
    if not size:
        raise DataError("the file is empty: export the records again")
    if text is not None:
        text.read(b"", last=True)
    return size, digest.hexdigest()


def _size(source: BinaryIO) -> int | None:
    """In bytes, and it stands at its beginning afterwards; None where it cannot tell."""
    try:
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
    except (OSError, ValueError):
        return None
    return size


def _require_room(folder: Path, size: int | None, settings: DataSettings) -> None:
    if size is not None and size > settings.max_bytes:
        raise DataError(_too_large(settings))
    free = shutil.disk_usage(folder).free - settings.spare_bytes
    if (size or 0) > free:
        raise DataError(
            f"there is no room for it: {_mb(max(0, free))} are free beside the {_mb(settings.spare_bytes)} that stay free"
        )


def _too_large(settings: DataSettings) -> str:
    return (
        f"the file is larger than {_mb(settings.max_bytes)}: bring in a part of it, or have the administrator raise "
        f"max_bytes in {NAME}"
    )


def _mb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def _refuse_foreign(first: bytes, kind: str) -> None:
    if first.startswith(b"PAR1"):
        if kind != "parquet":
            raise DataError("this is a Parquet file: let its name end in .parquet")
        return
    if first.startswith(b"PK") and (b"xl/" in first or b"[Content_Types].xml" in first[:4096]):
        raise DataError(
            f"this is an Office file, such as an Excel workbook, whatever its name says: {_SAVE_AS}"
        )
    for magic, what, remedy in _FOREIGN:
        if first.startswith(magic):
            raise DataError(f"this is {what}, whatever its name says: {remedy}")
    if first[8:12] == b"DUCK":
        raise DataError("this is a DuckDB database: export its table as Parquet or CSV")
    if kind == "parquet":
        raise DataError("this is no Parquet file, whatever its name says: write it again")


class _Text:
    """Whether the blocks are UTF-8 without zeros."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._before = 0

    def read(self, block: bytes, *, last: bool = False) -> None:
        if not self._before and block:
            _refuse_utf16(block)
        if b"\0" in block:
            place = self._before + block.index(b"\0") + 1
            raise DataError(
                f"byte {place:,} is zero, which no text holds: the file is damaged, export it again"
            )
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(block, final=last)
        except UnicodeDecodeError as error:
            place = self._before - pending + error.start + 1
            raise DataError(
                f"byte {place:,} is not UTF-8{_guess(error.object)}: save the file as UTF-8"
            ) from None
        self._before += len(block)


def _guess(block: bytes) -> str:
    """Western European text has few letters beyond ASCII; what has many is in another encoding, or none."""
    beyond = [byte for byte in block if byte >= 0x80]
    if len(beyond) > len(block) / 4:
        return ""
    controls = any(byte < 0xA0 for byte in beyond)  # which Latin-1 has there, and Windows puts signs
    return ", and looks like " + ("Windows-1252" if controls else "Latin-1")


def _refuse_utf16(block: bytes) -> None:
    start = block[:2000]
    marked = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    # Latin letters in UTF-16 have a zero beside each; a damaged file has zeros in rows.
    even, odd = start[::2].count(0), start[1::2].count(0)
    if marked or (
        len(start) >= 4 and max(even, odd) > len(start) * 0.2 and min(even, odd) * 10 < max(even, odd)
    ):
        raise DataError("the file is UTF-16 text, as some Windows programs write it: save it as UTF-8")


@contextmanager
def opened(path: Path, home: Home, settings: DataSettings) -> Iterator[BinaryIO]:
    """A plain file of this machine, below one of the allowed folders; raises DataError in one line otherwise."""
    if not settings.roots:
        raise DataError(
            f"files of this server may not be read: upload the file, or have the administrator list folders as roots in {NAME}"
        )
    allowed = f"files may be read from: {', '.join(settings.roots)}"
    if not path.is_absolute() or ".." in path.parts:
        raise DataError(f"give the file's full path, without '..'; {allowed}")
    if not any(path.is_relative_to(root) for root in settings.roots):
        raise DataError(f"this path is not below a folder that the administrator allows; {allowed}")
    try:
        # Not blocking: to open a pipe would wait for whoever writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise DataError("there is no such file on this server") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DataError("this is a link: give the path of the file itself") from None
        raise DataError(f"the file cannot be read: {(error.strerror or 'refused').lower()}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError("this is no plain file: give the path of a CSV, JSON lines or Parquet file")
    with open(descriptor, "rb") as file:
        # Where it really lies, asked of the open file: a folder on the way may be a link, or become one.
        real = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if not any(real.is_relative_to(Path(root).resolve()) for root in settings.roots):
            raise DataError(f"this path leads out of the folders that the administrator allows; {allowed}")
        if real.is_relative_to(home.root.resolve()):
            raise DataError("this file is the appliance's own: bring in records from elsewhere")
        yield file
