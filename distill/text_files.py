"""Files that hold what people or models said: plain without a key, encrypted with one, whole or line by line.

A whole file is cut into pieces, each encrypted by AES-SIV (RFC 5297, 256 bits) with its place and whether it is the last; a
line of a growing file is encrypted by itself, so that what was written before a kill can be read. Either begins with a word that
tells it from plain text. The cipher takes no nonce: equal texts under one key are equal bytes, and that is all that shows.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from distill.checkpoints import write_atomically

FILE = b"stillhouse-file-1:"
LINE = b"stillhouse-line-1:"
_PIECE_BYTES = 1 << 26
_HEAD_BYTES = 64


class TextFileError(ValueError):
    """One line: which file cannot be read, and what to do."""


@dataclass(frozen=True, slots=True)
class TextKey:
    """What the texts of one home are encrypted with."""

    _secret: bytes
    """64 bytes."""

    @staticmethod
    def of(secret: bytes) -> TextKey:
        """Derived from a key of any length (HKDF with SHA-256, RFC 5869)."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return TextKey(HKDF(SHA256(), 64, None, b"stillhouse texts").derive(secret))

    def encrypt(self, plain: bytes, place: bytes) -> bytes:
        """16 bytes longer; bound to its place."""
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self._secret).encrypt(plain, [place])

    def decrypt(self, held: bytes, place: bytes) -> bytes | None:
        """None where a byte, the place or the key is another."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        try:
            return AESSIV(self._secret).decrypt(held, [place])
        except (InvalidTag, ValueError):
            return None

    def __repr__(self) -> str:
        return "TextKey()"


def is_encrypted(path: Path) -> bool:
    """By its first bytes; an empty file is not."""
    with path.open("rb") as file:
        return _begins_encrypted(file.read(_HEAD_BYTES))


def write(path: Path, content: bytes, key: TextKey | None) -> None:
    """The file holds the whole content or does not change, whatever is killed when."""
    write_atomically(path, content if key is None else encrypted(content, key))


def read(path: Path, key: TextKey | None) -> bytes:
    """The text of a file that was written whole or line by line; an encrypted last line that a kill has cut is not in it.

    Raises TextFileError where the file is damaged, under another key, or plain though there is a key.
    """
    held = path.read_bytes()
    if key is None:
        if _begins_encrypted(held):
            raise _keyless(path)
        return held
    if held.startswith(FILE):
        return _joined(held, path, key)
    if not _begins_encrypted(held) and not LINE.startswith(
        held.strip(b"\n")
    ):  # nothing, or the first line, cut
        raise _plain(path)
    return b"".join(text + end for text, end in _taken(io.BytesIO(held), path, key))


def read_lines(path: Path, key: TextKey | None) -> Iterator[bytes]:
    """One at a time, without their ends, blank ones left out; none where there is no file. Cut lines as in `read`: a plain one
    is the reader's to notice. Raises TextFileError."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        yield from (text for text, _ in _taken(file, path, key) if text)


def put_line(line: bytes, key: TextKey | None) -> bytes:
    """As it is written, without its end."""
    return line if key is None else LINE + base64.b64encode(key.encrypt(line, b"line"))


def take_line(line: bytes, path: Path, key: TextKey | None) -> bytes:
    """What `put_line` was given; `path` is for the error. Raises TextFileError."""
    if key is None:
        if _begins_encrypted(line):
            raise _keyless(path)
        return line
    if not line.startswith(LINE):
        raise _plain(path)
    with suppress(binascii.Error):
        text = key.decrypt(base64.b64decode(line[len(LINE) :], validate=True), b"line")
        if text is not None:
            return text
    raise _damaged(path)


def encrypted_lines(content: bytes, key: TextKey) -> bytes:
    """Lines, each encrypted; blank ones, and what ends a line, stay as they are."""
    return b"".join(put_line(body, key) + end if body else end for body, end in _cut(io.BytesIO(content)))


def _taken(lines: Iterable[bytes], path: Path, key: TextKey | None) -> Iterator[tuple[bytes, bytes]]:
    for body, end in _cut(lines):
        try:
            yield (take_line(body, path, key) if body else b""), end
        except TextFileError:
            if end or key is None:
                raise  # only a last line can have been cut


def _cut(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """What a line says, and what ends it: a line break, or nothing."""
    for line in lines:
        body = line.removesuffix(b"\n")
        yield body, line[len(body) :]


def append_lines(path: Path, lines: Iterable[bytes], key: TextKey | None) -> None:
    """Added in one piece; a line that a kill has cut goes first."""
    content = b"".join(put_line(line, key) + b"\n" for line in lines)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        if file.read(1) not in (b"", b"\n"):
            file.seek(0)
            file.seek(file.truncate(file.read().rfind(b"\n") + 1))
        file.write(content)


def encrypted(content: bytes, key: TextKey) -> bytes:
    """A whole file: the word, then of each piece its length (4 bytes) and itself."""
    out, starts = [FILE], range(0, max(len(content), 1), _PIECE_BYTES)
    for number, start in enumerate(starts, 1):
        piece = key.encrypt(content[start : start + _PIECE_BYTES], _place(number, number == len(starts)))
        out += [len(piece).to_bytes(4), piece]
    return b"".join(out)


def _joined(held: bytes, path: Path, key: TextKey) -> bytes:
    at, out = len(FILE), list[bytes]()
    while True:
        length = int.from_bytes(held[at : at + 4])
        end = at + 4 + length
        plain = key.decrypt(held[at + 4 : end], _place(len(out) + 1, end == len(held)))
        if plain is None or end > len(held):
            raise _damaged(path)
        out.append(plain)
        if end == len(held):
            return b"".join(out)
        at = end


def _begins_encrypted(head: bytes) -> bool:
    return head.lstrip(b"\n").startswith((FILE, LINE))


def _place(number: int, last: bool) -> bytes:
    return b"piece %d %d" % (number, last)


def _keyless(path: Path) -> TextFileError:
    return TextFileError(f"{path} is encrypted and its home is not: restore it from a backup")


def _plain(path: Path) -> TextFileError:
    return TextFileError(
        f"{path} is plain text in an encrypted home: if it belongs there, run `stillhouse keys encrypt`"
    )


def _damaged(path: Path) -> TextFileError:
    return TextFileError(f"{path} is damaged, or encrypted with another key: restore it from a backup")
