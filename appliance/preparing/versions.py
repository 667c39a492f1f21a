"""A TOML file whose earlier states are kept beside it, each with who saved it and when."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance.keeping.private_files import write_private

_MARK = "# saved: "


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the file."""

    number: int
    by: str
    at: float
    """Unix time."""
    changed: tuple[str, ...]
    """Top-level tables and keys that were given anew."""


def save_version(folder: Path, name: str, document: dict[str, Any], by: str, changed: tuple[str, ...]) -> int:
    """Writes the next state, as `saved-NNNN.toml` and as the file itself; returns its number. One caller at a time.

    In one folder, so that relative paths mean the same in all of them.
    """
    import tomli_w

    path = folder / name
    last = (
        version_of(path).number if path.exists() else 0
    )  # a kill may have left one more, which nobody was told of
    version = Version(last + 1, by, time.time(), changed)
    text = f"{_MARK}{json.dumps(asdict(version))}\n{tomli_w.dumps(document)}"
    write_private(folder / f"saved-{version.number:04d}.toml", text.encode())
    write_private(path, text.encode())
    return version.number


def version_of(path: Path) -> Version:
    """Of a file that `save_version` wrote."""
    with path.open(encoding="utf-8") as file:
        first = file.readline()
    told = json.loads(first.removeprefix(_MARK))
    return Version(**told | {"changed": tuple(told["changed"])})


def versions(path: Path) -> list[Version]:
    """All states of the file up to what it is now, the newest first."""
    numbers = range(version_of(path).number, 0, -1)
    kept = (path.with_name(f"saved-{number:04d}.toml") for number in numbers)
    return [version_of(each) for each in kept if each.exists()]
