"""Scrubs records one by one: what is scanned in each field, what replaces it, and when a record is dropped
instead.

Covered: text, JSON, closed and typed fields, each finding carried through all fields of its record. A record that
cannot be scanned whole is dropped. A text that came before is not scanned again. Not covered: processes and hanging C code
(see `workers`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from privacy import json_text
from privacy.actions import Replacements
from privacy.fingerprints import fingerprint
from privacy.propagate import propagate
from privacy.recognizers.rule import Clock
from privacy.records import DroppedRow, DropReason, RawRecord, ScrubbedRecord, Span
from privacy.settings import FieldRule, ScrubPolicy

Outcome = ScrubbedRecord | DroppedRow
_TEXT = FieldRule("text")
# Findings kept of texts that may come again, such as greetings, signatures and cells: some tens of megabytes at most.
_MAX_REMEMBERED = 20_000
_MAX_REMEMBERED_CHARS = 2_000


class Finder(Protocol):
    """What a detector must do: `privacy.detect.Detector`, or a test's stand-in."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Findings of each text. Anything raised means that nothing is known about any of them."""
        ...


@dataclass(frozen=True, slots=True)
class Scrubber:
    """All that one process needs to scrub records."""

    finder: Finder
    replacements: Replacements
    rules: Mapping[str, FieldRule]
    policy: ScrubPolicy
    policy_id: str
    key: bytes = field(repr=False)
    remembered: dict[bytes, tuple[Span, ...]] = field(default_factory=dict, repr=False)
    """By the text's hash: what the finder found in it. No text is kept."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The finder's findings, asked once for texts that are alike. Raises what the finder raises."""
        prints = [
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts
        ]
        new = {
            print_: text for print_, text in zip(prints, texts, strict=True) if print_ not in self.remembered
        }
        found = self.finder.find(list(new.values())) if new else []
        assert len(found) == len(new), "a detector must answer for every text"
        answers = dict(zip(new, found, strict=True))
        spans = [answers[print_] if print_ in answers else self.remembered[print_] for print_ in prints]
        if len(self.remembered) >= _MAX_REMEMBERED:
            self.remembered.clear()
        self.remembered.update(
            {print_: answers[print_] for print_, text in new.items() if len(text) <= _MAX_REMEMBERED_CHARS}
        )
        return spans


@dataclass(frozen=True, slots=True)
class _Piece:
    """One text to scan: a field, or a leaf of a JSON field."""

    field_name: str
    text: str = field(repr=False)
    skip: int
    """Leading characters that are only context (a JSON leaf's key) and belong to no field."""
    leaf: json_text.Leaf | None
    known: tuple[Span, ...] | None = None
    """Findings that need no scan: the whole of a typed cell. None where the text is to be scanned."""


def scrub_records(scrubber: Scrubber, records: Sequence[RawRecord]) -> list[Outcome]:
    """One outcome a record, in order. Never raises for a record's content: what fails is dropped."""
    outcomes: dict[int, Outcome] = {}
    waiting: list[tuple[RawRecord, list[_Piece]]] = []
    for record in records:
        reason = _refuse(record, scrubber)
        if reason is not None:
            outcomes[record.row] = DroppedRow(record.row, reason)
        else:
            waiting.append((record, _pieces(record, scrubber.rules)))
    try:
        found = iter(_found(scrubber, [piece for _, pieces in waiting for piece in pieces]))
        for record, pieces in waiting:
            outcomes[record.row] = _finish(scrubber, record, pieces, [next(found) for _ in pieces])
    except Exception:
        # The stage boundary: one bad text fails its whole batch, so each record is scanned alone.
        for record, pieces in waiting:
            outcomes[record.row] = _scrub_alone(scrubber, record, pieces)
    return [outcomes[record.row] for record in records]


def scanned_fields(record: RawRecord, rules: Mapping[str, FieldRule]) -> tuple[str, ...]:
    """The fields of which any text is scanned: not those that hold words of a closed set only, nor cells replaced whole."""
    return tuple(dict.fromkeys(piece.field_name for piece in _pieces(record, rules) if piece.known is None))


def _scrub_alone(scrubber: Scrubber, record: RawRecord, pieces: list[_Piece]) -> Outcome:
    """Any error whatever drops the record; its message is not kept, for it may quote the text."""
    try:
        return _finish(scrubber, record, pieces, _found(scrubber, pieces))
    except TimeoutError:
        return DroppedRow(record.row, DropReason.SCAN_TIMED_OUT)
    except Exception:
        return DroppedRow(record.row, DropReason.SCAN_FAILED)


def _found(scrubber: Scrubber, pieces: Sequence[_Piece]) -> list[tuple[Span, ...]]:
    """The findings of each piece, as offsets in its text. Raises what the finder raises."""
    found = iter(scrubber.find([piece.text for piece in pieces if piece.known is None]))
    kept = set(scrubber.policy.kept_types())
    return [
        next(found)
        if piece.known is None
        else tuple(span for span in piece.known if span.entity_type not in kept)
        for piece in pieces
    ]


def _refuse(record: RawRecord, scrubber: Scrubber) -> DropReason | None:
    """Why a record is not even scanned."""
    for name, value in record.fields.items():
        rule = scrubber.rules.get(name, _TEXT)
        if rule.kind == "closed" and value not in rule.values:
            return DropReason.NOT_IN_CLOSED_SET
        if len(value) > scrubber.policy.max_chars:
            return DropReason.TOO_LONG
    return None


def _pieces(record: RawRecord, rules: Mapping[str, FieldRule]) -> list[_Piece]:
    pieces = []
    for name, value in record.fields.items():
        rule = rules.get(name, _TEXT)
        if rule.kind == "closed" or (rule.kind == "json" and value.strip() in rule.values):
            continue
        if rule.kind == "typed":
            pieces.append(_typed_cell(name, value, rule.entity_type))
            continue
        leaves = json_text.leaves(value) if rule.kind == "json" else None
        if leaves is None:
            pieces.append(_Piece(name, value, 0, None))
            continue
        for leaf in leaves:
            if leaf.value and leaf.value not in rule.values:
                # The key is the context a bare value lacks: "order id: 4411-22".
                prefix = f"{leaf.label}: " if leaf.label else ""
                pieces.append(_Piece(name, prefix + leaf.value, len(prefix), leaf))
    return pieces


def _typed_cell(name: str, value: str, entity_type: str) -> _Piece:
    """All of the cell but the blanks around it."""
    start, end = len(value) - len(value.lstrip()), len(value.rstrip())
    whole = (Span(start, end, entity_type, 1.0, "column"),) if start < end else ()
    return _Piece(name, value, 0, None, whole)


def _finish(
    scrubber: Scrubber, record: RawRecord, pieces: list[_Piece], found: list[tuple[Span, ...]]
) -> Outcome:
    """Findings carried through the record, then replaced."""
    own = [_without_context(piece, spans) for piece, spans in zip(pieces, found, strict=True)]
    texts = [piece.text[piece.skip :] for piece in pieces]
    own = propagate(texts, own, Clock(scrubber.policy.timeout_s))
    if any(scrubber.replacements.drops(span.entity_type) for spans in own for span in spans):
        return DroppedRow(record.row, DropReason.POLICY)
    # Without a subject column each record is a person of its own.
    subject = record.subject_id or record.record_id
    removed: dict[str, set[str]] = {}
    invented: set[str] = set()

    def replace(entity_type: str, original: str) -> str:
        removed.setdefault(entity_type, set()).add(fingerprint(scrubber.key, entity_type, original))
        replacement = scrubber.replacements.of(entity_type, original, subject)
        if scrubber.replacements.invents(entity_type):
            invented.add(fingerprint(scrubber.key, entity_type, replacement))
        return replacement

    fields = dict(record.fields)
    spans: dict[str, tuple[Span, ...]] = dict.fromkeys(record.fields, ())
    # From the last leaf to the first, so that earlier offsets stay true.
    for piece, text, piece_spans in reversed(list(zip(pieces, texts, own, strict=True))):
        replaced = replace_spans(text, piece_spans, replace)
        if piece.leaf is None:
            fields[piece.field_name] = replaced
            spans[piece.field_name] = piece_spans
        elif piece_spans:
            leaf, whole = piece.leaf, fields[piece.field_name]
            fields[piece.field_name] = (
                whole[: leaf.start] + json_text.encode(leaf, replaced) + whole[leaf.end :]
            )
            spans[piece.field_name] = (*_in_field(leaf, piece_spans), *spans[piece.field_name])
    return ScrubbedRecord(
        record.record_id,
        fields,
        spans,
        scrubber.policy_id,
        record.subject_id,
        {name: frozenset(prints) for name, prints in removed.items()},
        frozenset(invented),
    )


def _without_context(piece: _Piece, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Offsets counted from the end of the context words, findings within those left out."""
    skip = piece.skip
    return tuple(span.at(max(0, span.start - skip), span.end - skip) for span in spans if span.end > skip)


def _in_field(leaf: json_text.Leaf, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(span.at(leaf.offsets[span.start], leaf.offsets[span.end]) for span in spans)


def replace_spans(text: str, spans: Sequence[Span], replace: Callable[[str, str], str]) -> str:
    """The text with `replace(type, original)` for each span. Spans must be in order and apart, as a detector gives them."""
    parts, position = [], 0
    for span in spans:
        assert position <= span.start < span.end <= len(text), (
            "spans must be in order, apart and inside the text"
        )
        parts += [text[position : span.start], replace(span.entity_type, text[span.start : span.end])]
        position = span.end
    return "".join([*parts, text[position:]])
