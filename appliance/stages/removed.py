"""What the scrub stage keeps of removed values: their keyed fingerprints, beside the records, chunk by chunk.

They never leave the home. With the key the leak test finds out whether a student says a removed value, and this module whether
a surrogate equals one: both without holding any.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from distill.checkpoints import write_atomically
from privacy.scrub import ScrubbedChunk

FOLDER = "fingerprints"


def write_chunk(folder: Path, file: str, chunk: ScrubbedChunk) -> None:
    """The chunk's fingerprints: of removed values by entity type, and of surrogates that must be nobody's."""
    (folder / FOLDER).mkdir(exist_ok=True)
    document = {
        "removed": {name: sorted(prints) for name, prints in chunk.fingerprints.items()},
        "invented": sorted(chunk.invented),
    }
    write_atomically(folder / FOLDER / f"{file}.json", json.dumps(document))


def removed_values(folder: Path) -> dict[str, frozenset[str]]:
    """By entity type: the fingerprints of everything that the scrub stage in this folder removed."""
    union: dict[str, set[str]] = {}
    for _, removed, _ in _chunks(folder):
        for name, prints in removed.items():
            union.setdefault(name, set()).update(prints)
    return {name: frozenset(prints) for name, prints in sorted(union.items())}


def num_surrogates(folder: Path) -> int:
    """Distinct surrogates that must be nobody's."""
    return len(frozenset().union(*(invented for _, _, invented in _chunks(folder))))


def clashes(folder: Path) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """All removed values, and by chunk file the surrogates in it that equal one of them."""
    taken = frozenset().union(*removed_values(folder).values())
    return taken, {file: hits for file, _, invented in _chunks(folder) if (hits := invented & taken)}


def _chunks(folder: Path) -> Iterator[tuple[str, dict[str, list[str]], frozenset[str]]]:
    for path in sorted((folder / FOLDER).glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        yield path.stem, document["removed"], frozenset(document["invented"])
