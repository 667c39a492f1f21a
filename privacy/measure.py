"""Measures a scrubber against hand-marked text, by the only question that matters: can it still be read?

Covered: spans exactly as marked with their type, overlaps whatever the type, spans covered in full, letters and
digits; precision beside recall, per type, with intervals that respect that spans come in documents; documents that
leak, with an exact bound on how many more would. Not covered: what the marking people overlooked, and whether the
marked sample is like the rest of the data.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from privacy.ingest import record_id
from privacy.intervals import design_effect, exact, exact_upper, wilson, wilson_n
from privacy.records import Span

# (record id, field name)
Place = tuple[str, str]
# (hits, trials) of one document
Tally = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction with its 95% interval; not measured (n = 0) is None."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the predicted and the gold match in one way of counting."""

    recall: Rate
    """Of the gold."""
    precision: Rate
    """Of the predicted."""


@dataclass(frozen=True, slots=True)
class TypeScores:
    """Recall of one type's gold spans."""

    typed: Rate
    """Found with exactly these bounds and this type."""
    overlap: Rate
    """Touched by a finding of any type."""
    cover: Rate
    """Every letter and digit masked, by findings of any type."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """Documents with at least one gold span that is not covered in full."""

    documents: int
    leaking: int
    rate: Rate
    """Leaking of all measured, with the exact (Clopper-Pearson) interval: documents are independent."""
    upper: float | None
    """One-sided exact 95% upper bound of that rate: what residual risk is told by."""


@dataclass(frozen=True, slots=True)
class SpanScores:
    """How well predicted spans cover the gold ones."""

    recall: Rate
    """Gold spans of which every letter and digit is masked: what is not covered in full leaks. The gate's figure."""
    precision: Rate
    """Predicted spans that touch any gold span, whatever their types."""
    typed: Agreement
    """Exactly the same bounds and type."""
    overlap: Agreement
    """Touching, whatever the types; its precision is `precision`."""
    characters: Agreement
    """Letters and digits."""
    by_type: Mapping[str, TypeScores]
    """By the gold's type."""
    leaks: Leaks
    spans_per_document: float | None
    """Gold spans, over documents with any or none: what a reviewer marks in one."""
    design_effect: float
    """Variance of `recall` over that of as many independent spans."""

    @property
    def recall_by_type(self) -> dict[str, Rate]:
        return {name: scores.cover for name, scores in self.by_type.items()}

    @property
    def char_precision(self) -> float | None:
        return self.characters.precision.value

    @property
    def documents(self) -> int:
        return self.leaks.documents

    @property
    def leaking_documents(self) -> int:
        return self.leaks.leaking


def rate(hits: int, n: int) -> Rate:
    """The fraction of independent trials with Wilson's interval."""
    return Rate(None, None, None, 0) if n == 0 else Rate(hits / n, *wilson(hits, n), n)


def grouped_rate(tallies: Iterable[Tally]) -> Rate:
    """The pooled fraction of trials that come in documents: Wilson's interval at the effective sample size.

    A document whose layout or language the detector does not understand misses all its spans at once, so n spans
    tell less than n independent ones: n is divided by the design effect (Kish 1965). Chosen over a bootstrap of the
    documents because that has no width at all when nothing was missed, and because this gives the same figures each
    time. `tests/privacy/test_intervals.py` measures its coverage.
    """
    groups = list(tallies)
    hits, n = sum(hit for hit, _ in groups), sum(trials for _, trials in groups)
    if n == 0:
        return Rate(None, None, None, 0)
    effect = design_effect(groups)
    return Rate(hits / n, *wilson(hits / effect, n / effect), n)


def score_spans(
    texts: Mapping[Place, str],
    predicted: Mapping[Place, Sequence[Span]],
    gold: Mapping[Place, Sequence[Span]],
) -> SpanScores:
    """Scores the places of `gold`, whose original texts are needed to tell letters from punctuation.

    A gold place without a prediction counts as not masked at all. A document is a record: its fields together.
    """
    counts: dict[str, list[_Counts]] = defaultdict(list)
    for place, gold_spans in gold.items():
        counts[place[0]].append(_count(texts[place], predicted.get(place, ()), gold_spans))
    documents = [_merge(fields) for fields in counts.values()]
    covered = [document.every("cover") for document in documents]
    leaking = sum(hits < n for hits, n in covered)
    names = sorted({name for document in documents for name in document.gold})
    touching = grouped_rate(document.touching for document in documents)
    return SpanScores(
        recall=grouped_rate(covered),
        precision=touching,
        typed=Agreement(
            grouped_rate(document.every("typed") for document in documents),
            grouped_rate(document.right for document in documents),
        ),
        overlap=Agreement(grouped_rate(document.every("overlap") for document in documents), touching),
        characters=Agreement(
            grouped_rate(document.chars_recalled for document in documents),
            grouped_rate(document.chars_right for document in documents),
        ),
        by_type={
            name: TypeScores(
                *(
                    grouped_rate(document.of_type(name, how) for document in documents)
                    for how in ("typed", "overlap", "cover")
                )
            )
            for name in names
        },
        leaks=_leaks(leaking, len(documents)),
        spans_per_document=sum(n for _, n in covered) / len(covered) if covered else None,
        design_effect=design_effect(covered),
    )


def _leaks(leaking: int, documents: int) -> Leaks:
    if documents == 0:
        return Leaks(0, 0, Rate(None, None, None, 0), None)
    bounds = Rate(leaking / documents, *exact(leaking, documents), documents)
    return Leaks(documents, leaking, bounds, exact_upper(leaking, documents))


@dataclass(frozen=True, slots=True)
class _Counts:
    """What one field, or one document, adds to the sums."""

    gold: Mapping[str, Mapping[str, Tally]]
    """Type -> way of counting -> (gold spans found, gold spans)."""
    touching: Tally
    """Of the predicted spans: those that touch gold."""
    right: Tally
    """Of the predicted spans: those that are gold's, with bounds and type."""
    chars_recalled: Tally
    chars_right: Tally

    def of_type(self, name: str, how: str) -> Tally:
        return self.gold.get(name, {}).get(how, (0, 0))

    def every(self, how: str) -> Tally:
        return _sum(ways[how] for ways in self.gold.values())


def _count(text: str, spans: Sequence[Span], gold_spans: Sequence[Span]) -> _Counts:
    masked, marked = _mask(text, spans), _mask(text, gold_spans)
    found = {(span.start, span.end, span.entity_type) for span in spans}
    wanted = {(span.start, span.end, span.entity_type) for span in gold_spans}
    gold: dict[str, dict[str, Tally]] = {}
    for span in gold_spans:
        hits = {
            "typed": (span.start, span.end, span.entity_type) in found,
            "overlap": any(masked[span.start : span.end]),
            "cover": all(masked[index] for index in range(span.start, span.end) if text[index].isalnum()),
        }
        ways = gold.setdefault(span.entity_type, dict.fromkeys(hits, (0, 0)))
        for how, hit in hits.items():
            ways[how] = (ways[how][0] + hit, ways[how][1] + 1)
    readable = [index for index, char in enumerate(text) if char.isalnum()]
    both = sum(masked[index] and marked[index] for index in readable)
    return _Counts(
        gold=gold,
        touching=(sum(any(marked[span.start : span.end]) for span in spans), len(spans)),
        right=(sum((span.start, span.end, span.entity_type) in wanted for span in spans), len(spans)),
        chars_recalled=(both, sum(marked[index] for index in readable)),
        chars_right=(both, sum(masked[index] for index in readable)),
    )


def _merge(fields: Sequence[_Counts]) -> _Counts:
    names = {name for field in fields for name in field.gold}
    return _Counts(
        gold={
            name: {
                how: _sum(field.of_type(name, how) for field in fields)
                for how in ("typed", "overlap", "cover")
            }
            for name in names
        },
        touching=_sum(field.touching for field in fields),
        right=_sum(field.right for field in fields),
        chars_recalled=_sum(field.chars_recalled for field in fields),
        chars_right=_sum(field.chars_right for field in fields),
    )


def _sum(tallies: Iterable[Tally]) -> Tally:
    hits = trials = 0
    for hit, n in tallies:
        hits, trials = hits + hit, trials + n
    return hits, trials


def _mask(text: str, spans: Sequence[Span]) -> bytearray:
    mask = bytearray(len(text))
    for span in spans:
        mask[span.start : span.end] = b"\1" * len(mask[span.start : span.end])
    return mask


def records_to_review(scores: SpanScores, floor: float) -> int | None:
    """How many more records to mark until recall's lower end reaches the floor, if they turn out like those marked.

    0 where it does already. None where no number would do: recall itself is not above the floor, or no marked
    record holds anything.
    """
    recall, a_record = scores.recall, scores.spans_per_document
    if recall.value is None or recall.low is None or not a_record:
        return None
    if recall.low >= floor:
        return 0
    wanted = wilson_n(recall.value, floor)
    if wanted is None:
        return None
    return max(1, math.ceil((wanted * scores.design_effect - recall.n) / a_record))


def residual_risk(leaks: Leaks) -> str:
    """The leaks in words, for people who sign: how many records of 10,000 at most, with 95% confidence."""
    if leaks.upper is None:
        return "How many records still hold a readable private value was not measured."
    most = math.ceil(round(leaks.upper * 10_000, 6))
    return (
        f"At most {most:,} of 10,000 kept records hold a value that should have been replaced and can still be read, "
        f"whole or in part (95% confidence; {leaks.leaking:,} of {leaks.documents:,} reviewed records did). This holds "
        "for records like the reviewed ones."
    )


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
