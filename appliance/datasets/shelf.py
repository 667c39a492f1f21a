"""The datasets of a home: brought in whole or not at all, listed, taken away. Each is `data/<dataset_id>/`."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from appliance.datasets.columns import Profile
from appliance.datasets.copying import DataError, copy, format_of, opened
from appliance.datasets.settings import DataSettings, data_settings
from appliance.home import Home
from appliance.keeping.private_files import alone, write_private
from appliance.offline import QUIET_AND_OFFLINE
from appliance.people.acting import Action, Actor, acting
from appliance.processes import spawn

_EXAMINED_WITHIN_S = 900.0


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
    first_sha256: str | None = None
    """Of the file as it was brought in, where something was erased from it since: it is known by it if it comes again."""


def datasets(home: Home) -> list[Dataset]:
    """The newest first."""
    found = [_read(path.parent) for path in home.data.glob("[0-9]*/dataset.json")]
    return sorted(found, key=lambda each: (-each.at, each.dataset_id))


def dataset(home: Home, dataset_id: str) -> Dataset:
    """Raises DataError where there is none of that id."""
    return _read(_folder(home, dataset_id))


def raw_path(home: Home, dataset_id: str) -> Path:
    """The file itself, for what scrubs it."""
    folder = _folder(home, dataset_id)
    return folder / f"records.{_read(folder).format}"


def profile(home: Home, dataset_id: str) -> Profile:
    """What its columns look like, without their text."""
    told = json.loads((_folder(home, dataset_id) / "profile.json").read_text(encoding="utf-8"))
    return Profile.from_json(told)


def _folder(home: Home, dataset_id: str) -> Path:
    folder = home.data / dataset_id
    if not dataset_id[:1].isdigit() or "/" in dataset_id or not (folder / "dataset.json").is_file():
        raise DataError(f"there is no dataset '{dataset_id[:60]}'")
    return folder


def _read(folder: Path) -> Dataset:
    told = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    return Dataset(**told | {"columns": tuple(told["columns"])})


def bring_in(home: Home, actor: Actor, source: Path | BinaryIO, filename: str) -> Dataset:
    """Copies the file into the home if it is fit: an open one, or one of this machine below an allowed folder.

    The same bytes again give the dataset that is there, without what was erased from it since. Raises DataError in one line, and then nothing is left.
    """
    with acting(home, actor, Action.BRING_IN_DATA) as made:
        settings = data_settings(home)
        kind = format_of(filename)
        with _workspace(home) as building:
            if isinstance(source, Path):
                with opened(source, home, settings) as file:
                    size, sha256 = copy(file, building / f"records.{kind}", kind, settings)
            else:
                size, sha256 = copy(source, building / f"records.{kind}", kind, settings)
            found = _examined(building, kind, settings)
            dataset_id = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{sha256[:8]}"
            columns = tuple(column.name for column in found.columns)
            shown = _cleaned(filename)
            at = time.time()
            kept = Dataset(dataset_id, shown, kind, size, sha256, columns, found.rows, actor.name, at)
            write_private(building / "dataset.json", json.dumps(asdict(kept), indent=1).encode())
            kept = _put_on_the_shelf(home, building, kept)
        made |= {"dataset": kept.dataset_id, "sha256": sha256, "bytes": size, "rows": kept.rows}
        return kept


@contextmanager
def _workspace(home: Home) -> Iterator[Path]:
    """A folder that is gone afterwards; one that a killed process left is swept."""
    sweep(home)
    building = home.data / f".incoming-{secrets.token_hex(6)}"
    with alone(home.data / ".lock"):
        building.mkdir(mode=0o700)
        lock = os.open(building / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _take(lock)
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)
        os.close(lock)


def sweep(home: Home) -> None:
    """Takes away what killed processes left of files on their way in: they may hold records."""
    home.data.mkdir(exist_ok=True, mode=0o700)
    with alone(home.data / ".lock"):
        for left in home.data.glob(".incoming-*"):
            if not _is_alive(left):
                shutil.rmtree(left, ignore_errors=True)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(folder: Path) -> bool:
    """Whether the process that fills the folder holds its lock."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _take(lock)
    finally:
        os.close(lock)


def _examined(building: Path, kind: str, settings: DataSettings) -> Profile:
    _run_examine(building, [str(building), kind, str(settings.max_columns)])
    refused = building / "refused.txt"
    if refused.exists():
        raise DataError(refused.read_text(encoding="utf-8"))
    try:
        return Profile.from_json(json.loads((building / "profile.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise DataError(
            "the file cannot be read: whatever reads it ended by itself; write it again"
        ) from None


def _run_examine(folder: Path, arguments: list[str]) -> None:
    argv = [sys.executable, "-m", "appliance.datasets.examine", *arguments]
    child = spawn(argv, env={**os.environ, **QUIET_AND_OFFLINE}, log_path=folder / "log.txt")
    try:
        child.wait(_EXAMINED_WITHIN_S)
    except TimeoutError:
        minutes = _EXAMINED_WITHIN_S / 60
        raise DataError(
            f"the file takes more than {minutes:.0f} minutes to read: bring in a part of it"
        ) from None
    finally:
        child.stop(0)
        (folder / "log.txt").unlink()  # a parser's words may quote the file


def _put_on_the_shelf(home: Home, building: Path, kept: Dataset) -> Dataset:
    with alone(home.data / ".lock"):
        for other in datasets(home):
            if kept.sha256 in (other.sha256, other.first_sha256) and other.format == kept.format:
                return other
        (building / "lock").unlink()
        building.rename(home.data / kept.dataset_id)
        descriptor = os.open(home.data, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return kept


def _cleaned(filename: str) -> str:
    """The last part of the name, without what cannot be seen or would turn the line round."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    seen = "".join(char for char in last if unicodedata.category(char)[0] not in "CZ" or char == " ")
    stem, dot, suffix = seen.rpartition(".")
    return f"{stem[:70].strip()}{dot}{suffix}"


def label_values(home: Home, actor: Actor, dataset_id: str, column: str) -> tuple[tuple[str, ...], int]:
    """The values of a column that looks like a label, the commonest first, and how many values are kept back.

    Kept back is what fewer than five rows share, or is longer than a label: it may be a person's. Raises DataError where
    the column does not look like a label.
    """
    with acting(home, actor, Action.EDIT_USE_CASE, dataset=dataset_id[:60]):
        looks = {each.name: each.looks_like for each in profile(home, dataset_id).columns}
        if looks.get(column) != "label":
            raise DataError("this column does not look like a label, so its values are not shown")
        source = raw_path(home, dataset_id)
        with _workspace(home) as folder:
            (folder / source.name).hardlink_to(source)
            _run_examine(folder, [str(folder), source.suffix[1:], "1", column])
            try:
                found: dict[str, Any] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                raise DataError("the column cannot be read: bring the file in again") from None
        return tuple(found["values"]), int(found["others"])


def users_of(home: Home, dataset_id: str) -> list[str]:
    """The use cases that read this dataset."""
    from appliance.preparing import use_cases

    source = raw_path(home, dataset_id)
    return [name for name in use_cases.names(home) if source in use_cases.sources(home, name)]


def delete(home: Home, actor: Actor, dataset_id: str) -> None:
    """Takes the file away for good; what was scrubbed from it stays in its runs.

    Raises DataError while an unfinished job's use case reads it.
    """
    from appliance import jobs

    with acting(home, actor, Action.DELETE_DATA, dataset=dataset_id[:60]):
        folder, users = _folder(home, dataset_id), set(users_of(home, dataset_id))
        for job in jobs.jobs(home, limit=None):
            if job.is_unfinished and (
                job.arguments.get("use_case") in users or job.arguments.get("dataset_id") == dataset_id
            ):
                raise DataError(f"the {job.status} job {job.job_id} reads it: stop that first")
        leaving = home.data / f".incoming-{secrets.token_hex(6)}"
        folder.rename(leaving)  # gone at once; what a kill leaves of it is swept
        shutil.rmtree(leaving)
