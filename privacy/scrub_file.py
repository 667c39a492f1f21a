"""Scrubs one file into another, without a run.

Covered: only the scanned fields and an id are written; every other column stays behind, since nobody looked at it.
Beside the records, on request: where something was found, and which rows were dropped. All files appear whole at the
end or not at all. Not covered: judging whether the scrubbing was good enough (`measure`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from privacy.ingest import read_rows, record_id
from privacy.records import DroppedRow, RawRecord, ScrubbedRecord
from privacy.scrub import ScrubbedChunk
from privacy.settings import SourceSettings
from privacy.write_rows import FORMATS, new_files

HASHED_ID = "record_id"
"""The output's id column, unless the given ids are kept."""

Progress = Callable[[int, int, int], None]
"""Told rows done, all rows, and bytes of scrubbed text."""

Scrub = Callable[[frozenset[str]], Iterator[ScrubbedChunk]]
"""`scrub.scrub_source` for the same source, given the fingerprints that no surrogate may have."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where to write; what is None is not written."""

    records: Path | None
    spans: Path | None = None
    """JSON lines: a record's given id and where what was found, in characters of the original."""
    drops: Path | None = None
    """JSON lines: a dropped row's number, its given id if it could be read, and the reason."""
    keep_id: bool = False
    """Write the given id under its own name, not its keyed hash: an id may itself be personal."""


@dataclass(slots=True)
class Summary:
    seen: int = 0
    kept: int = 0
    dropped_by_reason: Counter[str] = field(default_factory=Counter)
    spans_by_type: Counter[str] = field(default_factory=Counter)
    text_bytes: int = 0
    """Of the scrubbed text, UTF-8."""

    def add(self, chunk: ScrubbedChunk) -> None:
        self.kept += len(chunk.records)
        self.seen += len(chunk.records) + len(chunk.dropped)
        self.dropped_by_reason.update(gone.reason.value for gone in chunk.dropped)
        for record in chunk.records:
            self.spans_by_type.update(span.entity_type for found in record.spans.values() for span in found)
            self.text_bytes += sum(len(value.encode()) for value in record.fields.values())


class _SurrogateIsRealError(Exception):
    """A stand-in equals a value that was removed elsewhere in the file."""


def scrub_file(
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    scrub: Scrub,
    chunk_size: int,
    outputs: Outputs,
    progress: Progress,
) -> Summary:
    """Writes what became of the source's rows.

    Where a stand-in turns out to be somebody's value in this file, all is scrubbed again with other ones. Raises
    ValueError, in one line without content, for an id that is there twice, for outputs that cannot be, for a source
    that cannot be read, and where not one row could be kept; nothing is written then.
    """
    assert source.id is not None, "spans are told by the given id"
    _refuse_outputs(base_dir / source.path, source, outputs)
    ids = replace(
        source, id=None, subject=None, columns={}, fields={HASHED_ID: source.id}, max_bad_fraction=1.0
    )
    total = _count_distinct(base_dir / source.path, read_rows(ids, base_dir, key))
    taken = set[str]()
    for _ in range(2):
        given = read_rows(ids, base_dir, key)
        chunks = ((chunk, _names(chunk, given, chunk_size, key)) for chunk in scrub(frozenset(taken)))
        try:
            return _write(source, base_dir, outputs, total, chunks, taken, progress)
        except _SurrogateIsRealError:
            pass  # `taken` now holds every value of the file: the next stand-ins are none of them
    raise RuntimeError(
        "stand-ins cannot be told from the file's own values: mask or drop these types instead"
    )


def _write(
    source: SourceSettings,
    base_dir: Path,
    outputs: Outputs,
    total: int,
    chunks: Iterator[tuple[ScrubbedChunk, dict[str | int, str]]],
    taken: set[str],
    progress: Progress,
) -> Summary:
    """One pass; `taken` gains the fingerprints of what was removed."""
    done, invented = Summary(), set[str]()
    id_column = str(source.id) if outputs.keep_id else HASHED_ID
    with new_files(
        (outputs.records, (id_column, *source.fields)),
        (outputs.spans, ("record_id", "spans")),
        (outputs.drops, ("row", "record_id", "reason")),
    ) as (write_record, write_spans, write_drop):
        for chunk, names in chunks:
            for record in chunk.records:
                name = names[record.record_id]
                write_record({id_column: name if outputs.keep_id else record.record_id, **record.fields})
                write_spans({"record_id": name, "spans": _spans(record)})
            for gone in chunk.dropped:
                write_drop({"row": gone.row, "record_id": names.get(gone.row), "reason": gone.reason.value})
            done.add(chunk)
            invented |= chunk.invented
            taken.update(*chunk.fingerprints.values())
            progress(done.seen, total, done.text_bytes)
        if done.seen and not done.kept:
            reasons = ", ".join(f"{count} {reason}" for reason, count in done.dropped_by_reason.most_common())
            raise ValueError(
                f"{base_dir / source.path}: not one of {done.seen} rows could be kept ({reasons})"
            )
        if invented & taken:
            raise _SurrogateIsRealError
    assert done.kept + done.dropped_by_reason.total() == done.seen == total, "every row is kept or dropped"
    return done


def _refuse_outputs(path: Path, source: SourceSettings, outputs: Outputs) -> None:
    """What would overwrite the source, or each other, or is no format, before any work is done."""
    targets = [target for target in (outputs.records, outputs.spans, outputs.drops) if target is not None]
    for target in targets:
        if not target.parent.is_dir():
            raise ValueError(f"{target}: there is no folder {target.parent}")
        if target.is_dir():
            raise ValueError(f"{target}: is a folder")
        if target.resolve() == path.resolve():
            raise ValueError(f"{target}: would replace the file that is read; give another name")
    if len({target.resolve() for target in targets}) < len(targets):
        raise ValueError("two outputs have the same name; give each its own")
    if outputs.records is not None and outputs.records.suffix.lower() not in FORMATS:
        raise ValueError(
            f"{outputs.records}: format unknown from the suffix '{outputs.records.suffix}'; "
            f"it must end in {', '.join(FORMATS)}"
        )
    for target in targets:
        if target != outputs.records and target.suffix.lower() not in (".jsonl", ".ndjson"):
            raise ValueError(f"{target}: is written as JSON lines; its name must end in .jsonl")
    if (source.id if outputs.keep_id else HASHED_ID) in source.fields:
        raise ValueError(
            f"the field '{HASHED_ID if not outputs.keep_id else source.id}' and the id would be one column"
        )


def _count_distinct(path: Path, rows: Iterator[RawRecord | DroppedRow]) -> int:
    """How many rows there are. Raises ValueError at the first id that an earlier row has."""
    seen: set[bytes] = set()
    total = 0
    for total, row in enumerate(rows, 1):  # noqa: B007
        if isinstance(row, RawRecord):
            digest = hashlib.sha256(row.fields[HASHED_ID].encode()).digest()[:16]
            if digest in seen:
                raise ValueError(
                    f"{path}: row {row.row} has the id of an earlier row; an id must name one record, "
                    "take another column"
                )
            seen.add(digest)
    return total


def _names(
    chunk: ScrubbedChunk, given: Iterator[RawRecord | DroppedRow], chunk_size: int, key: bytes
) -> dict[str | int, str]:
    """The given ids of a chunk's records by their hashes, and of its dropped rows by their numbers."""
    rows = list(islice(given, chunk_size))
    lost = {row.row for row in chunk.dropped}
    names: dict[str | int, str] = {}
    for row in rows:
        if isinstance(row, RawRecord):
            name = row.fields[HASHED_ID]
            names[row.row if row.row in lost else record_id(key, name)] = name
    if len(rows) != len(chunk.records) + len(chunk.dropped) or any(
        record.record_id not in names for record in chunk.records
    ):
        raise ValueError("the file changed while it was read; run again")
    return names


def _spans(record: ScrubbedRecord) -> list[dict[str, Any]]:
    """With the field's name where there are several."""
    several = len(record.fields) > 1
    return [
        ({"field": name} if several else {}) | asdict(span)
        for name in record.fields
        for span in record.spans.get(name, ())
    ]
