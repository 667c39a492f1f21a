"""The door of this package: rows of a source in, chunks of scrubbed records and counted drops out.

Covered: every row seen is kept or dropped with a reason; chunks are the same from run to run, so that a
stopped run goes on after its last stored chunk; originals are sealed in a vault where the policy asks. Not covered: storing
anything else, and judging whether the scrubbing was good enough (`measure`).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path

from privacy.actions import Replacements
from privacy.dictionary import OwnTerms, own_finders, read_terms
from privacy.ingest import read_rows
from privacy.records import DetectorModels, DroppedRow, DropReason, RawRecord, ScrubbedRecord
from privacy.scan import Outcome, Scrubber, scrub_records
from privacy.settings import FieldRule, ScrubPolicy, SourceSettings, policy_id
from privacy.vault import VaultWriter, read_vault_key
from privacy.workers import BuildScrubber, Workers, batches

# HMAC-SHA256 takes any length; below this a key can be guessed.
_MIN_KEY_BYTES = 16

Plant = Callable[[Iterator[RawRecord | DroppedRow]], Iterator[RawRecord | DroppedRow]]
"""Changes rows between the source and the scrubber; row by row, so that chunks stay the same."""


@dataclass(frozen=True, slots=True)
class ScrubbedChunk:
    """What became of `chunk_size` rows."""

    index: int
    """Counts from 0; with the same source and policy the same rows have the same index."""
    records: list[ScrubbedRecord] = field(repr=False)
    dropped: list[DroppedRow]

    @property
    def fingerprints(self) -> dict[str, frozenset[str]]:
        """By entity type: the keyed fingerprints of all values removed from these records (`privacy.fingerprints`)."""
        union: dict[str, set[str]] = {}
        for record in self.records:
            for entity_type, prints in record.removed.items():
                union.setdefault(entity_type, set()).update(prints)
        return {entity_type: frozenset(prints) for entity_type, prints in sorted(union.items())}

    @property
    def invented(self) -> frozenset[str]:
        """The keyed fingerprints of the surrogates that must be nobody's.

        One that is also among all chunks' `fingerprints` equals a value that was removed somewhere: to be counted, and drawn
        again by a second pass with those as `taken`.
        """
        return frozenset().union(*(record.invented for record in self.records))


def scrub_source(
    source: SourceSettings,
    base_dir: Path,
    policy: ScrubPolicy,
    rules: Mapping[str, FieldRule],
    key: bytes,
    models: DetectorModels,
    skip_chunks: int = 0,
    plant: Plant | None = None,
    only_chunks: Container[int] | None = None,
    taken: frozenset[str] = frozenset(),
    erased: frozenset[str] = frozenset(),
) -> Iterator[ScrubbedChunk]:
    """Chunks in order, without the first `skip_chunks` and those that are not in `only_chunks`, whose rows are read (ids
    depend on them) but not scanned.

    Fields without a rule are scanned as text. `plant` (from `privacy.attack.planting`) puts invented secrets into the
    rows before they are scanned. `taken` are fingerprints of values that no surrogate may have. Rows of a record
    or subject whose id is among `erased` are dropped before anything looks at them. Raises ValueError, with one line for the operator, for a
    source that cannot be read; RuntimeError if scrubbing processes cannot start. Messages hold no record's
    text.
    """
    unknown = sorted(set(rules) - set(source.fields))
    if unknown:
        raise ValueError(
            f"no column is mapped to {', '.join(map(repr, unknown))}; add it to 'fields' in the source settings"
        )
    if len(key) < _MIN_KEY_BYTES:
        raise ValueError(f"the scrubbing key has {len(key)} bytes; it needs {_MIN_KEY_BYTES} or more")
    typed = source.column_rules()
    twice = sorted(set(typed) & set(rules))
    if twice:
        raise ValueError(
            f"the task already says what the field '{twice[0]}' may hold; take its column out of 'columns'"
        )
    vault = None
    if policy.vault is not None:
        vault = VaultWriter(base_dir / policy.vault.path, read_vault_key(policy.vault, base_dir, key))
    terms = read_terms(policy, base_dir)
    build = partial(build_scrubber, policy, {**typed, **rules}, key, models, terms, taken)
    rows = _without(read_rows(source, base_dir, key), erased)
    chunks = _chunks(rows if plant is None else plant(rows), policy.chunk_size, skip_chunks)
    if only_chunks is not None:
        chunks = (chunk for chunk in chunks if chunk.index in only_chunks)
    first = next(chunks, None)
    if first is None:
        return
    second = next(chunks, None)
    processes = policy.processes or os.cpu_count() or 1
    todo = chain([first], [] if second is None else [second], chunks)
    if processes == 1 or second is None:
        # One chunk is done before a second process has loaded its models.
        finished = _scrub_here(build(), todo)
    else:
        finished = _scrub_in_workers(build, processes, policy.timeout_s, todo)
    for chunk, outcomes in finished:
        scrubbed = _account(chunk, outcomes)
        if vault is not None:
            vault.add(_originals(chunk, scrubbed))
        yield scrubbed


def build_scrubber(
    policy: ScrubPolicy,
    rules: Mapping[str, FieldRule],
    key: bytes,
    models: DetectorModels,
    terms: OwnTerms,
    taken: frozenset[str] = frozenset(),
) -> Scrubber:
    """Loads the models (some seconds). Raises ValueError if the model folder is none."""
    from privacy.detect import Detector

    detector = Detector(
        models,
        min_score=policy.min_score,
        timeout_s=policy.timeout_s,
        keep_types=policy.kept_types(),
        finders=own_finders(terms),
    )
    replacements = Replacements(key, policy.action_by_type(), taken)
    return Scrubber(detector, replacements, rules, policy, policy_id(policy, key), key)


@dataclass(frozen=True, slots=True)
class _RawChunk:
    index: int
    records: list[RawRecord]
    dropped: list[DroppedRow]


def _without(
    rows: Iterator[RawRecord | DroppedRow], erased: frozenset[str]
) -> Iterator[RawRecord | DroppedRow]:
    for row in rows:
        if isinstance(row, RawRecord) and (row.record_id in erased or row.subject_id in erased):
            yield DroppedRow(row.row, DropReason.ERASED)
        else:
            yield row


def _chunks(rows: Iterator[RawRecord | DroppedRow], size: int, skip: int) -> Iterator[_RawChunk]:
    """Rows by the `size`, whatever became of them in reading."""
    index = 0
    while taken := list(islice(rows, size)):
        if index >= skip:
            yield _RawChunk(
                index,
                [row for row in taken if isinstance(row, RawRecord)],
                [row for row in taken if isinstance(row, DroppedRow)],
            )
        index += 1


def _scrub_here(scrubber: Scrubber, chunks: Iterator[_RawChunk]) -> Iterator[tuple[_RawChunk, list[Outcome]]]:
    for chunk in chunks:
        yield (
            chunk,
            [outcome for batch in batches(chunk.records) for outcome in scrub_records(scrubber, batch)],
        )


def _scrub_in_workers(
    build: BuildScrubber, processes: int, timeout_s: float, chunks: Iterator[_RawChunk]
) -> Iterator[tuple[_RawChunk, list[Outcome]]]:
    """Chunks in order; as many chunks in work as there are processes, so that memory stays bounded."""
    working: deque[tuple[_RawChunk, list[Future[list[Outcome]]]]] = deque()
    with Workers(build, processes, timeout_s) as workers:
        for chunk in chunks:
            working.append((chunk, [workers.submit(batch) for batch in batches(chunk.records)]))
            if len(working) > processes:
                yield _collect(*working.popleft())
        while working:
            yield _collect(*working.popleft())


def _collect(chunk: _RawChunk, futures: list[Future[list[Outcome]]]) -> tuple[_RawChunk, list[Outcome]]:
    return chunk, [outcome for future in futures for outcome in future.result()]


def _originals(chunk: _RawChunk, scrubbed: ScrubbedChunk) -> Iterator[tuple[tuple[str, str], str]]:
    """By place: the fields of kept records in which something was replaced, as they came in."""
    raw = {record.record_id: record.fields for record in chunk.records}
    for record in scrubbed.records:
        for name, spans in record.spans.items():
            if spans:
                yield (record.record_id, name), raw[record.record_id][name]


def _account(chunk: _RawChunk, outcomes: list[Outcome]) -> ScrubbedChunk:
    """Kept and dropped must add up to what was seen."""
    kept = [outcome for outcome in outcomes if isinstance(outcome, ScrubbedRecord)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, DroppedRow)]
    assert len(kept) + len(lost) == len(chunk.records), "every record read must be kept or dropped"
    return ScrubbedChunk(chunk.index, kept, sorted([*chunk.dropped, *lost], key=lambda row: row.row))
