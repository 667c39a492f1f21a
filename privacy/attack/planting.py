"""Plants invented secrets in raw records on their way to the scrubber, so that the audit covers the whole path.

Covered: which records carry what, chosen by the key and the same from run to run; the source itself is never
changed. Not covered: fields that may hold only allowed words; answers, which stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from privacy.attack.canaries import Canary, invent
from privacy.attack.replay import found, needle
from privacy.attack.settings import PlantSettings
from privacy.draw import Draw
from privacy.fingerprints import normalise
from privacy.ingest import read_rows
from privacy.records import DroppedRow, RawRecord
from privacy.scrub import Plant
from privacy.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Planting:
    """What is planted where."""

    canaries: tuple[Canary, ...]
    carriers: Mapping[str, int] = field(repr=False)
    """Record id -> the index of the canary that rides in it."""
    records: int
    """Readable records of the source."""


def plan(settings: PlantSettings, source: SourceSettings, base_dir: Path, key: bytes) -> Planting:
    """Reads the source's ids and chooses; raises ValueError as `read_rows` does."""
    if settings.canaries == settings.people == 0:
        return Planting((), {}, 0)
    ids = [row.record_id for row in read_rows(source, base_dir, key) if isinstance(row, RawRecord)]
    canaries = invent(settings, key, len(ids))
    riders = [canary.index for canary in canaries for _ in range(canary.repeats)]
    order = sorted(ids, key=lambda record_id: (_place(settings.seed, key, record_id), record_id))
    return Planting(tuple(canaries), dict(zip(order, riders, strict=False)), len(ids))


def pooled(plantings: Sequence[Planting]) -> Planting:
    """What was planted in several sources under one key, each secret once; a carrier is named by its source's place, too.

    A secret that was planted in two sources is repeated as often as in both together.
    """
    canaries: dict[str, Canary] = {}
    carriers: dict[str, int] = {}
    for place, planting in enumerate(plantings):
        for canary in planting.canaries:
            known = canaries.get(canary.sentence)
            canaries[canary.sentence] = (
                replace(canary, index=len(canaries))
                if known is None
                else replace(known, repeats=known.repeats + canary.repeats)
            )
        for record_id, index in planting.carriers.items():
            carriers[in_source(place, record_id)] = canaries[planting.canaries[index].sentence].index
    return Planting(tuple(canaries.values()), carriers, sum(each.records for each in plantings))


def in_source(place: int, record_id: str) -> str:
    """A record's name where several sources are looked at: two may have one of the same id."""
    return f"{place}:{record_id}"


def planter(planting: Planting, field_name: str) -> Plant | None:
    """What `scrub_source` takes: puts each canary's sentence at the end of one field of its carriers."""
    return partial(_plant, planting, field_name) if planting.carriers else None


def _plant(
    planting: Planting, field_name: str, rows: Iterator[RawRecord | DroppedRow]
) -> Iterator[RawRecord | DroppedRow]:
    for row in rows:
        if isinstance(row, RawRecord) and (index := planting.carriers.get(row.record_id)) is not None:
            text = f"{row.fields[field_name]} {planting.canaries[index].sentence}"
            yield replace(row, fields={**row.fields, field_name: text})
        else:
            yield row


def _place(seed: int, key: bytes, record_id: str) -> int:
    return Draw(key, "carrier", f"{seed}:{record_id}").below(2**62)


@dataclass(frozen=True, slots=True)
class Survival:
    """What became of one kind of planted value in the scrubber."""

    family: str
    """`pair` is meant to survive; `number` and `person` are not."""
    values: int
    """Values looked for, in the carriers that were kept."""
    exact: int
    normalised: int
    """Only with other punctuation or case."""
    fuzzy: int
    """Only with one or two characters changed."""


def surviving(planting: Planting, texts: Mapping[str, str]) -> tuple[list[Survival], frozenset[int]]:
    """Counts by family what can still be read in the scrubbed carriers, and gives the canaries of which something can.

    `texts` are scrubbed records by id; a carrier that was dropped is not looked for.
    """
    counts: dict[str, Counter[str]] = {}
    readable = set()
    for record_id, index in planting.carriers.items():
        if record_id not in texts:
            continue
        canary, text = planting.canaries[index], texts[record_id]
        normal = normalise(text)
        count = counts.setdefault(canary.family, Counter())
        for value in planted_values(canary):
            count["values"] += 1
            how = found(needle(value), text, normal)
            if how is not None:
                count[how] += 1
                readable.add(index)
    survivals = [
        Survival(family, count["values"], count["exact"], count["normalised"], count["fuzzy"])
        for family, count in sorted(counts.items())
    ]
    return survivals, frozenset(readable)


def planted_values(canary: Canary) -> tuple[str, ...]:
    """What a scrubber must not leave, or, of a pair, what it may."""
    name = (canary.secret.strip(),) if canary.family == "person" else ()
    return (*canary.identifiers, *name)
