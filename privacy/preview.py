"""What a file of records looks like before a run: counts of its quality, and a few records after scrubbing.

Covered: rows that cannot be read, records that are there twice, lengths, the answers' balance; some records as the policy
leaves them, with where something was replaced. Not covered: showing anything unscrubbed. The one kind of value that is
told as it stands is a likely label: short, frequent, one of few, and with nothing personal found in it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from privacy.ingest import read_row, read_rows
from privacy.records import DropReason, RawRecord, ScrubbedRecord, Span
from privacy.review import Drawn
from privacy.scan import Scrubber, scrub_records
from privacy.settings import FieldRule, SourceSettings

MOST_LABELS, LABEL_CHARS, LABEL_TIMES = 300, 80, 5
"""A column with more distinct values than this holds no labels; a label is no longer than this, and stands in so many rows."""
_QUANTILES = (0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of one field, over all readable records."""

    mean: float
    low: int
    """Of 20 records one is shorter,"""
    median: int
    high: int
    """and one is longer."""
    longest: int


@dataclass(frozen=True, slots=True)
class Labels:
    """The values of the answer column, where they look like labels."""

    counts: Mapping[str, int]
    rare: int
    """Records whose value stands in fewer than `LABEL_TIMES`, or is too long for a label: not told."""
    withheld: int
    """Values in which the scrubber found something: not told either."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of the whole file."""

    rows: int
    readable: int
    unreadable: Mapping[str, int]
    """By reason."""
    duplicates: int
    """Readable records whose shown fields an earlier one has word by word."""
    lengths: Mapping[str, Lengths]
    """By field name."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """One record as the policy leaves it."""

    row: int
    fields: Mapping[str, str] = field(repr=False)
    replaced: Mapping[str, tuple[tuple[int, int, str], ...]]
    """By field: from where to where something else stands now, and what it was. None of JSON fields."""


@dataclass(frozen=True, slots=True)
class Preview:
    records: tuple[Previewed, ...] = field(repr=False)
    dropped: Mapping[str, int]
    """Of those drawn, by reason."""
    found: Mapping[str, int]
    """By entity type."""
    labels: Labels | None


def count(
    source: SourceSettings, base_dir: Path, key: bytes, inputs: Sequence[str], answer: str | None
) -> tuple[Quality, Counter[str] | None]:
    """One pass over the file; with it the answer field's values, where there are few enough for labels.

    Raises ValueError as `read_rows` does.
    """
    unreadable, values = Counter[str](), Counter[str]()
    lengths: dict[str, list[int]] = {name: [] for name in source.fields}
    seen, rows, duplicates, has_few = set[bytes](), 0, 0, answer is not None
    for row in read_rows(source, base_dir, key):
        rows += 1
        if not isinstance(row, RawRecord):
            unreadable[row.reason.value] += 1
            continue
        for name, text in row.fields.items():
            lengths[name].append(len(text))
        told = "\0".join(row.fields[name] for name in inputs).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(told, digest_size=12).digest()
        duplicates += digest in seen
        seen.add(digest)
        if has_few and answer is not None:
            values[row.fields[answer].strip()] += 1
            has_few = len(values) <= MOST_LABELS
    readable = rows - unreadable.total()
    quality = Quality(
        rows,
        readable,
        unreadable,
        duplicates,
        {name: _lengths(each) for name, each in lengths.items() if each},
    )
    return quality, values if has_few else None


def _lengths(chars: list[int]) -> Lengths:
    chars.sort()
    low, median, high, longest = (chars[min(len(chars) - 1, int(q * len(chars)))] for q in _QUANTILES)
    return Lengths(sum(chars) / len(chars), low, median, high, longest)


def preview(
    source: SourceSettings,
    base_dir: Path,
    scrubber: Scrubber,
    drawn: Sequence[Drawn],
    values: Counter[str] | None,
) -> Preview:
    """The drawn records after scrubbing, and of `values` those that may be told."""
    raw = [read_row(source, base_dir, scrubber.key, each.row, each.place) for each in drawn]
    records = [row for row in raw if isinstance(row, RawRecord)]
    dropped = Counter(row.value for row in raw if isinstance(row, DropReason))
    shown, found = [], Counter[str]()
    for record, outcome in zip(records, scrub_records(scrubber, records), strict=True):
        if not isinstance(outcome, ScrubbedRecord):
            dropped[outcome.reason.value] += 1
            continue
        found.update(span.entity_type for spans in outcome.spans.values() for span in spans)
        replaced = {
            name: tuple(_replaced(scrubber, record, name, outcome.spans.get(name, ())))
            for name in record.fields
            if scrubber.rules.get(name, FieldRule()).kind != "json"
        }
        shown.append(Previewed(record.row, dict(outcome.fields), replaced))
    return Preview(tuple(shown), dropped, found, None if values is None else _tellable(scrubber, values))


def _replaced(
    scrubber: Scrubber, record: RawRecord, name: str, spans: Sequence[Span]
) -> Iterator[tuple[int, int, str]]:
    """Where the replacements stand: made again, since the same value always has the same one."""
    text, moved = record.fields[name], 0
    for span in spans:
        original = text[span.start : span.end]
        new = scrubber.replacements.of(span.entity_type, original, record.subject_id or record.record_id)
        yield span.start + moved, span.start + moved + len(new), span.entity_type
        moved += len(new) - len(original)


def _tellable(scrubber: Scrubber, values: Counter[str]) -> Labels:
    likely = {
        value: times for value, times in values.items() if times >= LABEL_TIMES and len(value) <= LABEL_CHARS
    }
    # As a reader would see them: a label is words, whatever stands between them.
    spans = scrubber.find([value.replace("_", " ") for value in likely])
    clean = {value: times for (value, times), found in zip(likely.items(), spans, strict=True) if not found}
    return Labels(
        dict(sorted(clean.items(), key=lambda each: (-each[1], each[0]))),
        values.total() - sum(likely.values()),
        len(likely) - len(clean),
    )
