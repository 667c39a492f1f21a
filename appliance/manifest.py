"""What a finished stage leaves: its manifest, written last. A stage is done if and only if its manifest is there."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance.keeping import texts
from distill.checkpoints import write_atomically
from distill.text_files import TextFileError

NAME = "manifest.json"


class DamagedError(Exception):
    """A finished stage's file is not what it was: one line with the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The facts of a finished stage."""

    stage: str
    fingerprint: str
    """Of everything the stage depends on: settings, inputs, its own version."""
    outputs: Mapping[str, str]
    """File, relative to the stage's folder -> sha256 of what it says, encrypted or not. Later stages depend on these, not on logs or times."""
    facts: Mapping[str, Any]
    """What the report tells of it."""
    seconds: float
    finished_at: float
    """Unix time."""
    reused_from: str | None = None
    """The run whose equal stage was taken over, where one was."""

    @property
    def digest(self) -> str:
        """Of the outputs: equal digests, equal inputs to what follows."""
        return hash_json(sorted(self.outputs.items()))


def hash_json(value: Any) -> str:
    """Order counts: that of a schema's properties, say, changes what is learnt."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def model_digest(trained: Manifest) -> str:
    """The hash by which reports name a student: of all files of its merged model."""
    return hash_json({name: digest for name, digest in trained.outputs.items() if name.startswith("model/")})


def read(folder: Path) -> Manifest | None:
    """The manifest of a finished stage, else None."""
    try:
        return Manifest(**json.loads((folder / NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise DamagedError(f"{folder / NAME} is damaged: delete the folder {folder} and run again") from None


def write(folder: Path, manifest: Manifest) -> None:
    write_atomically(folder / NAME, json.dumps(asdict(manifest), indent=1, sort_keys=True))


def hash_outputs(folder: Path, names: list[str]) -> dict[str, str]:
    """Hashes of files, or of all files below folders, named relative to the stage's folder."""
    outputs = {}
    for name in names:
        path = folder / name
        assert path.exists(), f"{path} was promised and is not there"
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                outputs[str(file.relative_to(folder))] = texts.sha256(file)
    return outputs


def verify(folder: Path, manifest: Manifest) -> None:
    """Reads every output again before something is built on it; raises DamagedError on any change."""
    for name, digest in manifest.outputs.items():
        if not says(folder / name, digest):
            raise DamagedError(
                f"{folder / name} is not what stage '{manifest.stage}' wrote: delete the folder {folder} and run again"
            )


def says(path: Path, digest: str) -> bool:
    """Whether the file is there and its content has this sha256."""
    try:
        return path.is_file() and texts.sha256(path) == digest
    except TextFileError:
        return False


def prepare(folder: Path, fingerprint: str) -> None:
    """An empty folder for the stage, or what an interrupted attempt with the same fingerprint left to resume from."""
    marker = folder / "fingerprint"
    if folder.exists() and (not marker.exists() or marker.read_text() != fingerprint):
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    write_atomically(marker, fingerprint)


def take_over(runs: Path, stage: str, fingerprint: str, folder: Path) -> Manifest | None:
    """An equal stage of another run, its outputs linked into `folder`; None where there is none intact."""
    for other in sorted(runs.glob(f"*/{stage}")):
        if other == folder or not (other / NAME).exists():
            continue
        try:
            manifest = read(other)
            if manifest is None or manifest.fingerprint != fingerprint:
                continue
            verify(other, manifest)
        except DamagedError:
            continue  # a neighbour's damage is told when that run is used; here the stage is simply done again
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in manifest.outputs:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(other / name)
        taken = Manifest(**{**asdict(manifest), "reused_from": other.parent.name, "finished_at": time.time()})
        write(folder, taken)
        return taken
    return None
