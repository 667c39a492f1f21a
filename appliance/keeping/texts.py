"""The files of a home that hold text of records, answers to them, or a look at either: encrypted where the home is.

One door for reading and writing them: which key a file has follows from the home that it lies in. Plain on purpose, since other
programs open them by path: weights, models, and data as they were brought in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from appliance.home import Home
from appliance.keeping.at_rest import MARK
from appliance.keeping.private_files import write_private
from distill import text_files
from distill.checkpoints import file_sha256
from distill.text_files import TextKey

LOOKS = ("preview-records.json", "teacher-test-answers.json")
"""Beside a use case in the making: a few scrubbed records, and a few answers."""
LINES = (".jsonl", ".journal")
"""Files of runs that grow: each of their lines is encrypted by itself."""
ERASED = ".erased"
"""Ends the name of a file that is about to take the place of another, less some records."""
_WHOLE = (".parquet",)
_NO_TEXT = ("metrics.jsonl",)
_CUT_OFF = (".tmp", ".partial")
"""Ends of names that a kill leaves behind."""


def of_home(root: Path) -> Iterator[Path]:
    """All of them that are there now."""
    yield from below(root / "runs")
    for name in LOOKS:
        yield from sorted((root / "use_cases").glob(f"*/{name}"))


def below(folder: Path) -> Iterator[Path]:
    """Those of a run, of a stage, or of all runs: what a stage writes as rows or lines, but for the measures of training."""
    for path in sorted(folder.rglob("*")):
        suffix = Path(path.name.removesuffix(ERASED)).suffix
        if suffix in (*LINES, *_WHOLE) and path.name not in _NO_TEXT and path.is_file():
            yield path


def cut_off(root: Path) -> Iterator[Path]:
    """Files that a kill has left half-written, as long as nothing works on the home."""
    for folder in ("runs", "use_cases"):
        yield from (path for path in (root / folder).rglob("*") if path.name.endswith(_CUT_OFF))


def key_of_texts(path: Path) -> TextKey | None:
    """Of the home that the file lies in; None where that keeps text plain, or there is none. Raises EncryptionError."""
    root = next((folder for folder in path.absolute().parents if (folder / MARK).exists()), None)
    return None if root is None else Home(root).text_key()


def read(path: Path) -> bytes:
    """What was written, whole or by lines. Raises FileNotFoundError, EncryptionError and TextFileError."""
    return text_files.read(path, key_of_texts(path))


def read_lines(path: Path) -> Iterator[bytes]:
    """One at a time; none where there is no file. Raises EncryptionError and TextFileError."""
    return text_files.read_lines(path, key_of_texts(path))


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, for the owner's eyes."""
    write_private(path, held(path, content, key_of_texts(path)))


def held(path: Path, content: bytes, key: TextKey | None) -> bytes:
    """The bytes of a file of this name that says this."""
    if key is None:
        return content
    in_lines = path.name.removesuffix(ERASED).endswith(LINES)
    return (text_files.encrypted_lines if in_lines else text_files.encrypted)(content, key)


def sha256(path: Path) -> str:
    """Of what the file says: the same when it is encrypted, or its key changes. Raises as `read` does."""
    if not text_files.is_encrypted(path):
        return file_sha256(path)
    return hashlib.sha256(read(path)).hexdigest()
