"""Which run a refreshed student goes on from: told in the refresh's own `config.json`, followed back to the full run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import manifest

PROMOTED = "promoted.json"


class LineageError(Exception):
    """One line: which run is missing or is not what it was, and what to do."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """The `refresh` section of a run's `config.json`; `stillhouse refresh` writes it, beside the use case."""

    parent: str
    """The full run."""
    start: str
    """The run whose student is trained on: the full run, or its refresh that was promoted last."""
    stage: str
    """The stage of `start` that left the student."""
    student: str
    """The student's sha256, as reports name it."""
    data: str
    """sha256 of the file of new records."""
    replay: float
    """Old training records that are learnt again, as a multiple of the new ones."""
    test_share: float
    """Share of the new records that are held out."""
    max_loss: float
    """A loss of the primary metric that must be ruled out on each test set; see `stages.refresh_decision`."""


def refresh_of(document: dict[str, Any]) -> Refresh | None:
    """Of a run's `config.json`; None for a full run."""
    section = document.get("refresh")
    return None if section is None else Refresh(**section)


def read_refresh(folder: Path) -> Refresh | None:
    return refresh_of(json.loads((folder / "config.json").read_text(encoding="utf-8")))


def chain(runs: Path, run_id: str) -> list[Path]:
    """The folders of the runs whose training records a run's student has seen: the full run first, `run_id` last.

    Raises LineageError where one is gone.
    """
    folders: list[Path] = []
    wanted: str | None = run_id
    while wanted is not None:
        folder = runs / wanted
        if not (folder / "config.json").is_file():
            raise LineageError(f"the run '{wanted}', which '{run_id}' goes on from, is gone: bring it back")
        folders.append(folder)
        refresh = read_refresh(folder)
        wanted = None if refresh is None else refresh.start
    return folders[::-1]


def chosen_stage(folder: Path) -> str:
    """The stage that left the student to release; raises LineageError where the run has not come so far."""
    found = manifest.read(folder / "evaluate")
    if found is None:
        raise LineageError(
            f"the run '{folder.name}' has chosen no student yet: finish it with `stillhouse run`"
        )
    return str(found.facts["chosen"])


def ancestors_digest(runs: Path, refresh: Refresh) -> str:
    """Of all that a refresh reads of the runs before it."""
    stages = [
        (folder.name, stage, found.digest)
        for folder in chain(runs, refresh.start)
        for stage in ("scrub", "teach", "curate", "sft", "onpolicy", "evaluate")
        if (found := manifest.read(folder / stage)) is not None
    ]
    return manifest.hash_json(stages)
