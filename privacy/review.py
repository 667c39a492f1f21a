"""What a privacy officer's eyes are asked: a sample of raw records, what was found in them, and what should have been.

Covered: a sample that any prefix of is fair (records from all parts of the file and of all lengths, in proportion); the
one door through which raw text leaves this package, a record at a time, for the officer's screen; scores of the
scrubber against the officer's marks; the marks as a file that `gold` reads. Not covered: who may look, which is the
caller's to ask, and what a tired reviewer overlooks.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from privacy.ingest import read_row, read_rows, row_places
from privacy.measure import SpanScores, score_spans
from privacy.records import RawRecord, ScrubbedRecord, Span
from privacy.scan import Scrubber, scanned_fields, scrub_records
from privacy.settings import SourceSettings

Spans = Mapping[str, tuple[Span, ...]]
"""By field name, as offsets into the raw text."""

_PARTS = 3
"""The file's thirds by position, and its records' by length: nine strata."""
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record of the sample: where it lies, nothing of what it says."""

    record_id: str
    row: int
    place: tuple[int, int] | None
    """From which byte to which, in a file of lines."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the scrubber found in a drawn record."""

    fields: tuple[str, ...]
    """The fields of which any text was scanned: those that an officer is shown."""
    spans: Spans | None
    """None where the record was dropped: it leaks nothing, and nobody needs to look at it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A raw record on its way to the officer's screen: to be held while a page is drawn, and no longer."""

    record_id: str
    fields: Mapping[str, str] = field(repr=False)


def draw(
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    size: int,
    seed: int,
    erased: frozenset[str] = frozenset(),
) -> tuple[list[Drawn], int]:
    """The first `size` records of a fixed order of the file, and how many there are to draw from.

    The order depends on the seed and the records' ids only, so a larger sample begins with the smaller one. Within each
    stratum it is by a hash, and strata take turns in proportion to their sizes, so every prefix is a proportional sample:
    its plain fractions need no weights. Records whose id is another's too are left out, since marks name records by id; and
    those whose id, or whose subject's, is among `erased`.
    Raises ValueError as `read_rows` does.
    """
    rows, lengths, ids = [], [], []
    for row in read_rows(source, base_dir, key):
        if isinstance(row, RawRecord) and not _is_erased(row, erased):
            rows.append(row.row)
            lengths.append(sum(map(len, row.fields.values())))
            ids.append(bytes.fromhex(row.record_id))
    ahead = size
    while True:
        order = [Drawn(ids[index].hex(), rows[index], None) for index in _prefix(lengths, ids, ahead, seed)]
        firsts = list(islice(_firsts(source, base_dir, key, order), size))
        if len(firsts) == min(size, len(rows)) or len(order) == len(rows):
            return firsts, len(rows)
        ahead *= 2


def _firsts(source: SourceSettings, base_dir: Path, key: bytes, order: Sequence[Drawn]) -> Iterator[Drawn]:
    """With their places, those that are the first of their id. A row read alone has the id of the first."""
    wanted = {each.row for each in order}
    places = {
        number: place
        for number, place in enumerate(row_places(source, base_dir), 1)
        if number in wanted and place is not None
    }
    has_places = bool(places)
    for each in order:
        found = replace(each, place=places.get(each.row))
        if has_places == (found.place is not None):
            row = read_row(source, base_dir, key, found.row, found.place)
            if isinstance(row, RawRecord) and row.record_id == found.record_id:
                yield found


def _prefix(lengths: Sequence[int], ids: Sequence[bytes], size: int, seed: int) -> list[int]:
    """Indices of the first `size` in the order that `draw` tells."""
    total = len(lengths)
    by_length = sorted(range(total), key=lambda index: (lengths[index], ids[index]))
    third = {index: place * _PARTS // total for place, index in enumerate(by_length)}
    strata: dict[tuple[int, int], list[tuple[bytes, int]]] = {}
    for index, short in enumerate(ids):
        rank = hashlib.blake2b(b"review\0%d\0" % seed + short, digest_size=8).digest()
        strata.setdefault((third[index], index * _PARTS // total), []).append((rank, index))
    turns = []
    for name, members in strata.items():
        members.sort()
        turns += [((place + 0.5) / len(members), name, index) for place, (_, index) in enumerate(members)]
    turns.sort()
    return [index for _, _, index in turns[:size]]


def scan(
    source: SourceSettings, base_dir: Path, scrubber: Scrubber, drawn: Sequence[Drawn]
) -> Iterator[dict[str, Scanned]]:
    """What the scrubber finds in the drawn records, a batch at a time. Raises ValueError where the file is no longer the
    one that was drawn from."""
    for start in range(0, len(drawn), _BATCH):
        records = [_raw(source, base_dir, scrubber.key, each) for each in drawn[start : start + _BATCH]]
        found = {}
        for record, outcome in zip(records, scrub_records(scrubber, records), strict=True):
            spans = outcome.spans if isinstance(outcome, ScrubbedRecord) else None
            found[record.record_id] = Scanned(scanned_fields(record, scrubber.rules), spans)
        yield found


def show(
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    drawn: Drawn,
    fields: Sequence[str],
    erased: frozenset[str] = frozenset(),
) -> Shown:
    """The named fields as they stand in the file. Raises ValueError where the file has changed, or the record was erased."""
    record = _raw(source, base_dir, key, drawn)
    if _is_erased(record, erased):
        raise ValueError("this record was erased since it was drawn: go on with the next one")
    return Shown(record.record_id, {name: record.fields[name] for name in fields})


def _is_erased(record: RawRecord, erased: frozenset[str]) -> bool:
    return record.record_id in erased or record.subject_id in erased


def _raw(source: SourceSettings, base_dir: Path, key: bytes, drawn: Drawn) -> RawRecord:
    row = read_row(source, base_dir, key, drawn.row, drawn.place)
    if not isinstance(row, RawRecord) or row.record_id != drawn.record_id:
        raise ValueError(
            f"{base_dir / source.path}: row {drawn.row} is not the one that was drawn: the file has changed; draw a new sample"
        )
    return row


def score(
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    reviewed: Iterable[tuple[Drawn, Scanned, Spans]],
    kept_types: Iterable[str],
) -> SpanScores:
    """What the scrubber found, against the officer's marks, as the `gold` of a run would score it.

    Dropped records, and marks of types that the policy keeps, do not count. Raises ValueError where the file has changed.
    """
    kept = frozenset(kept_types)
    texts, predicted, gold = {}, {}, {}
    for drawn, scanned, marks in reviewed:
        if scanned.spans is None:
            continue
        record = _raw(source, base_dir, key, drawn)
        for name in scanned.fields:
            place = (drawn.record_id, name)
            texts[place] = record.fields[name]
            predicted[place] = scanned.spans.get(name, ())
            gold[place] = tuple(span for span in marks.get(name, ()) if span.entity_type not in kept)
    return score_spans(texts, predicted, gold)


def write_marks(
    path: Path,
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    marked: Iterable[tuple[Drawn, Sequence[str], Spans]],
) -> int:
    """The officer's marks as lines that `measure.read_gold` reads, whole or not at all; gives the number of records.

    The file holds the records' own ids, so only its owner may read it. Raises ValueError where the source names no id
    column, or has changed.
    """
    if source.id is None:
        raise ValueError(f"{base_dir / source.path}: marks name records by id: choose the id column first")
    ids = replace(source, fields={"id": source.id}, columns={}, subject=None)
    count = 0
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # somebody writes it: it is not what a kill has left
            for drawn, fields, marks in marked:
                given = _raw(ids, base_dir, key, drawn).fields["id"]
                for name in fields:
                    spans = [
                        {"start": span.start, "end": span.end, "entity_type": span.entity_type}
                        for span in marks.get(name, ())
                    ]
                    file.write(json.dumps({"id": given, "field": name, "spans": spans}) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
            temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count
