"""Files of records that people bring in: checked, kept raw and private in the home, named by what they hold."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from appliance.acting import Action, Actor, acting
from appliance.home import Home
from appliance.private_files import write_private

_BLOCK_BYTES = 1 << 20


class DataError(Exception):
    """One line: what is wrong with the file and what to do. Never holds its content."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file of records that was brought in."""

    dataset_id: str
    filename: str
    """As it was called, cleaned, to be shown; on disk it has a name of ours."""
    format: str
    """`csv`, `jsonl` or `parquet`."""
    bytes: int
    sha256: str
    columns: tuple[str, ...]
    rows: int
    brought_in_by: str
    at: float
    """Unix time."""


def datasets(home: Home) -> list[Dataset]:
    """The newest first."""
    found = [_read(path.parent) for path in home.data.glob("*/dataset.json")]
    return sorted(found, key=lambda each: (-each.at, each.dataset_id))


def dataset(home: Home, dataset_id: str) -> Dataset:
    """Raises DataError where there is none of that id."""
    folder = home.data / dataset_id
    if not dataset_id[:1].isalnum() or "/" in dataset_id or not (folder / "dataset.json").is_file():
        raise DataError(f"there is no dataset '{dataset_id[:60]}'")
    return _read(folder)


def raw_path(home: Home, dataset_id: str) -> Path:
    """The file itself, for what scrubs it."""
    found = dataset(home, dataset_id)
    return home.data / dataset_id / f"records.{found.format}"


def _read(folder: Path) -> Dataset:
    told = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    return Dataset(**told | {"columns": tuple(told["columns"])})


def bring_in(home: Home, actor: Actor, source: Path | BinaryIO, filename: str) -> Dataset:
    """Copies the file into the home once it is found fit; raises DataError in one line, and then nothing is left."""
    with acting(home, actor, Action.BRING_IN_DATA):
        home.data.mkdir(exist_ok=True, mode=0o700)
        building = home.data / f".incoming-{secrets.token_hex(6)}"
        building.mkdir(mode=0o700)
        try:
            return _bring_in(home, actor, source, filename, building)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _bring_in(home: Home, actor: Actor, source: Path | BinaryIO, filename: str, building: Path) -> Dataset:
    from privacy.ingest import column_names, count_rows
    from privacy.settings import SourceSettings

    kind = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}.get(
        Path(filename).suffix.lower()
    )
    if kind is None:
        raise DataError("the file's name must end in .csv, .jsonl or .parquet")
    copy = building / f"records.{kind}"
    file = source.open("rb") if isinstance(source, Path) else source
    digest, size = hashlib.sha256(), 0
    with open(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    settings = SourceSettings(path=copy.name, fields={"any": "any"})
    try:
        columns, rows = tuple(column_names(settings, building)), count_rows(settings, building) or 0
    except ValueError:
        raise DataError("the file cannot be read") from None
    dataset_id = f"{time.strftime('%Y%m%d')}-{digest.hexdigest()[:8]}"
    found = Dataset(
        dataset_id, filename[:80], kind, size, digest.hexdigest(), columns, rows, actor.name, time.time()
    )
    write_private(building / "dataset.json", json.dumps(asdict(found), indent=1).encode())
    if not (home.data / dataset_id).exists():
        building.rename(home.data / dataset_id)
    return dataset(home, dataset_id)


def delete(home: Home, actor: Actor, dataset_id: str) -> None:
    """Takes the file away for good; what was scrubbed from it stays in its runs."""
    with acting(home, actor, Action.DELETE_DATA, dataset=dataset_id[:60]):
        dataset(home, dataset_id)
        shutil.rmtree(home.data / dataset_id)


def profile(home: Home, dataset_id: str) -> dict[str, Any] | None:
    """What the columns look like; None where it was not measured."""
    return None
