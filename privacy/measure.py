"""Measures a scrubber against hand-marked text, by the only question that matters: can it still be read?

Covered: recall by whole spans with intervals, per type; precision by spans and by characters; documents
that leak. Not covered: types (a name masked as a place is masked), and what the marking people overlooked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from privacy.ingest import record_id
from privacy.intervals import wilson
from privacy.records import Span

# (record id, field name)
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction with its 95% interval; not measured (n = 0) is None."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class SpanScores:
    """How well predicted spans cover the gold ones."""

    recall: Rate
    """Gold spans of which every letter and digit is masked: what is not covered in full leaks."""
    recall_by_type: Mapping[str, Rate]
    precision: Rate
    """Predicted spans that touch any gold span, whatever their types."""
    char_precision: float | None
    """Masked letters and digits that are gold's too. No interval: characters of one span are not
    independent."""
    documents: int
    """Fields measured."""
    leaking_documents: int
    """Fields with at least one gold span not covered in full."""


def rate(hits: int, n: int) -> Rate:
    """The fraction with Wilson's interval."""
    return Rate(None, None, None, 0) if n == 0 else Rate(hits / n, *wilson(hits, n), n)


def score_spans(
    texts: Mapping[Place, str],
    predicted: Mapping[Place, Sequence[Span]],
    gold: Mapping[Place, Sequence[Span]],
) -> SpanScores:
    """Scores the places of `gold`, whose original texts are needed to tell letters from punctuation.

    A gold place without a prediction counts as not masked at all.
    """
    hits: dict[str, list[bool]] = defaultdict(list)
    touching = num_predicted = right_chars = masked_chars = leaking = 0
    for place, gold_spans in gold.items():
        text = texts[place]
        spans = predicted.get(place, ())
        masked, marked = _mask(text, spans), _mask(text, gold_spans)
        covered = [
            all(masked[index] for index in range(span.start, span.end) if text[index].isalnum())
            for span in gold_spans
        ]
        for span, hit in zip(gold_spans, covered, strict=True):
            hits[span.entity_type].append(hit)
        leaking += not all(covered)
        num_predicted += len(spans)
        touching += sum(any(marked[span.start : span.end]) for span in spans)
        read = [index for index, char in enumerate(text) if masked[index] and char.isalnum()]
        masked_chars += len(read)
        right_chars += sum(marked[index] for index in read)
    every = [hit for type_hits in hits.values() for hit in type_hits]
    return SpanScores(
        recall=rate(sum(every), len(every)),
        recall_by_type={
            name: rate(sum(type_hits), len(type_hits)) for name, type_hits in sorted(hits.items())
        },
        precision=rate(touching, num_predicted),
        char_precision=right_chars / masked_chars if masked_chars else None,
        documents=len(gold),
        leaking_documents=leaking,
    )


def _mask(text: str, spans: Sequence[Span]) -> bytearray:
    mask = bytearray(len(text))
    for span in spans:
        mask[span.start : span.end] = b"\1" * len(mask[span.start : span.end])
    return mask


def read_gold(path: Path, key: bytes) -> dict[Place, tuple[Span, ...]]:
    """Hand-marked spans by place, from lines of `{"id", "field", "spans": [{"start", "end",
    "entity_type"}]}`.

    `id` is the raw value of the source's id column; it is hashed at once. Raises ValueError naming the
    line.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file; it should hold the hand-marked spans")
    gold: dict[Place, tuple[Span, ...]] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                place = (record_id(key, str(row["id"])), str(row["field"]))
                spans = tuple(_gold_span(span) for span in row["spans"])
            except (ValueError, KeyError, TypeError):
                spans = None
            if spans is None:
                raise ValueError(
                    f'{path}, line {number}: expected {{"id", "field", "spans": [{{"start", "end", "entity_type"}}]}} with 0 <= start < end'
                )
            if place in gold:
                raise ValueError(
                    f"{path}, line {number}: this id and field were marked on an earlier line already"
                )
            gold[place] = spans
    return gold


def _gold_span(span: Mapping[str, object]) -> Span:
    start, end, entity_type = span["start"], span["end"], span["entity_type"]
    if (
        type(start) is not int
        or type(end) is not int
        or not 0 <= start < end
        or not isinstance(entity_type, str)
    ):
        raise ValueError
    return Span(start, end, entity_type, 1.0, "gold")
