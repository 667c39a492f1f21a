"""Takes records out of what a home keeps beside its runs: data brought in, reviews, golden sets, vaults; for `erase`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from appliance import manifest
from appliance.datasets.erasing import write_new
from appliance.home import Home
from appliance.keeping import erase_marks as marks
from appliance.keeping import texts
from appliance.keeping.erasures import Erasure, Rewritten, name_in, write
from appliance.keeping.exchange import exchange, new_path
from appliance.keeping.private_files import alone
from appliance.keeping.sources import InSource
from appliance.run import RunError, alone_with


class EraseError(Exception):
    """One line: what is in the way, and what to do."""


def runs(home: Home) -> list[Path]:
    return sorted(path for path in home.runs.iterdir() if (path / "config.json").exists())


@contextmanager
def alone_with_run(folder: Path) -> Iterator[None]:
    try:
        with alone_with(folder):
            yield
    except RunError as error:
        raise EraseError(f"{error}; the same command goes on from here") from None


def _named_files(home: Home) -> Iterator[tuple[str, Path, str]]:
    """Run, file and kind of the files beside the records that hold originals of them, or say something of them."""
    for folder in runs(home):
        document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        use_case = document["use_case"]
        vault = ((use_case.get("scrub") or {}).get("vault") or {}).get("path")
        golden = (use_case.get("judge") or {}).get("golden")
        named = (("vault", vault), ("golden", golden), ("marks", use_case.get("gold_spans")))
        for kind, name in named:
            if name is not None:
                yield folder.name, Path(os.path.realpath(Path(document["base_dir"]) / name)), kind


def named_elsewhere(home: Home) -> list[tuple[Path, str]]:
    words = {
        "vault": "a vault of originals outside the home: destroy its key, or take the record's boxes out",
        "golden": "a golden set outside the home, which may rate answers to it",
        "marks": "marks by hand outside the home, which may name it",
    }
    files = {(path, words[kind]) for _, path, kind in _named_files(home) if path.is_file()}
    return sorted(each for each in files if not each[0].is_relative_to(home.root.resolve()))


def erase_marks(
    home: Home, erasure: Erasure, ids: frozenset[str], places: Mapping[str, tuple[str, ...]]
) -> Erasure:
    """In what the home keeps beside runs and data: reviews, ratings, golden sets, vaults."""
    for folder in sorted(path for path in home.root.glob("reviews/*") if path.is_dir()):
        with alone(folder / "lock"):
            known = ids.union(places.get(f"use_cases/{folder.name}", ()))
            erasure = _exchanged(home, erasure, folder, marks.from_review(home, folder, known))
    for folder in sorted(path.parent for path in home.ratings.glob("*/*/round.json")):
        run_id = json.loads((folder / "round.json").read_bytes())["run_id"]
        known = ids.union(places.get(f"runs/{run_id}", ()))
        erasure = _exchanged(home, erasure, folder, marks.from_round(folder, known))
    everywhere = ids.union(*places.values())
    for path in sorted(home.ratings.glob("*.golden.jsonl")):
        erasure = _exchanged(home, erasure, path.parent, marks.from_golden(path, everywhere))
    for run_id, path, kind in _named_files(home):
        if kind == "vault" and path.is_file() and path.is_relative_to(home.root.resolve()):
            known = ids.union(places.get(f"runs/{run_id}", ()))
            erasure = _exchanged(home, erasure, path.parent, marks.from_vault(path, known))
    return erasure


def erase_in_dataset(home: Home, erasure: Erasure, found: InSource) -> tuple[Erasure, str]:
    """Gives the sha256 of the file as it is then, too."""
    path = found.source.path
    try:
        changed = write_new(home, path, found.rows)
    except ValueError as error:
        raise EraseError(
            f"{error}: delete the dataset {path.parent.name} on the page Data, then give the same command"
        ) from None
    sha256 = texts.sha256(new_path(path))
    with ExitStack() as locks:
        for who in sorted(found.source.named_by):
            folder = home.root / who
            if who.startswith("runs/") and folder.is_dir():
                locks.enter_context(alone_with_run(folder))
                if not (folder / "scrub" / manifest.NAME).exists():
                    # Its chunks are so many rows each of the file as it was: it begins anew.
                    shutil.rmtree(folder / "scrub", ignore_errors=True)
        return _exchanged(home, erasure, path.parent, changed), sha256


def _exchanged(home: Home, erasure: Erasure, folder: Path, changed: Mapping[str, int]) -> Erasure:
    """The new files in the place of the old ones, after what they were has been written down."""
    if not changed:
        return erasure
    noted = tuple(
        Rewritten(
            name_in(home, folder / name),
            texts.sha256(folder / name),
            texts.sha256(new_path(folder / name)),
            rows,
        )
        for name, rows in changed.items()
        if rows
    )
    new = tuple(each for each in noted if each not in erasure.rewritten)
    erasure = replace(
        erasure,
        rewritten=(*erasure.rewritten, *new),
        rows=erasure.rows + sum(each.rows for each in new),
        files=erasure.files + len(new),
    )
    write(home, erasure)
    exchange(folder, changed)
    return erasure
