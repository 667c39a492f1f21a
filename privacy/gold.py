"""Measures the scrubber on a source whose personal data was marked by hand.

Covered: the one place where raw text and gold spans meet, so that callers outside this package never hold either.
Not covered: whether the marked sample is like the rest of the data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from privacy.ingest import read_rows
from privacy.measure import SpanScores, read_gold, score_spans
from privacy.records import RawRecord, Span
from privacy.settings import SourceSettings


def score_source(
    source: SourceSettings,
    base_dir: Path,
    key: bytes,
    gold_path: Path,
    predicted: Mapping[tuple[str, str], Sequence[Span]],
    kept_types: Collection[str] = (),
) -> SpanScores:
    """Scores what was found in the records that were kept against the marks, by (record id, field).

    `predicted` must have every kept record's fields, found spans or not: a marked record that is not in it was dropped
    and leaks nothing. Marks of `kept_types`, which the policy leaves as they are, do not count. Raises ValueError where the marks name no kept record at all.
    """
    gold = {
        place: tuple(span for span in spans if span.entity_type not in kept_types)
        for place, spans in read_gold(gold_path, key).items()
        if place in predicted
    }
    if not gold:
        raise ValueError(
            f"{gold_path}: no marked record is among those kept; do its ids and fields belong to the data?"
        )
    texts = {
        (row.record_id, field): row.fields[field]
        for row in read_rows(source, base_dir, key)
        if isinstance(row, RawRecord)
        for field in row.fields
        if (row.record_id, field) in gold
    }
    # What was planted stands behind a record's own text, and nobody marked it.
    own = {
        place: [span for span in spans if span.start < len(texts[place])]
        for place, spans in predicted.items()
        if place in texts
    }
    return score_spans(texts, own, gold)
