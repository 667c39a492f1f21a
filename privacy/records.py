"""The values that flow through the scrubber; only `ScrubbedRecord` and counts ever leave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it came in: held in memory, inside this package, never stored and never logged."""

    record_id: str
    """Keyed hash of the id column (or of the content), 16 hex digits: says nothing about the person."""
    row: int
    """1-based position in the source."""
    fields: Mapping[str, str] = field(repr=False)
    subject_id: str | None = None
    """Keyed hash of the subject column, 16 hex digits: the same for all records of a person. None where the
    source names no such column, or the cell is empty."""


@dataclass(frozen=True, slots=True)
class DetectorModels:
    """Folders of the models that find names."""

    spacy: Path
    """An English spaCy model with `ner`."""
    classifiers: tuple[Path, ...] = ()
    """Token-classification models as ONNX; see `token_classifier`."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where something personal stood in the original text. Offsets in characters; never the text itself."""

    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str

    def at(self, start: int, end: int) -> Span:
        """The same finding at another place; itself where it stands already."""
        if start == self.start and end == self.end:
            return self
        return Span(start, end, self.entity_type, self.score, self.recognizer)


@dataclass(frozen=True, slots=True)
class ScrubbedRecord:
    """The only customer text that travels."""

    record_id: str
    fields: Mapping[str, str] = field(repr=False)
    spans: Mapping[str, tuple[Span, ...]]
    """By field name: what was replaced, as offsets into the original."""
    policy_id: str
    subject_id: str | None = None
    """As in `RawRecord`."""
    removed: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    """By entity type: the keyed fingerprints of what was replaced (`privacy.fingerprints`). They stay in the home."""
    invented: frozenset[str] = field(default=frozenset(), repr=False)
    """The keyed fingerprints of the surrogates that must be nobody's: names, contacts and ids."""


class DropReason(StrEnum):
    """Why a row did not become a scrubbed record. Each row seen is kept or has one of these."""

    BAD_ENCODING = "bad-encoding"
    """The row's bytes are not UTF-8."""
    BAD_SYNTAX = "bad-syntax"
    """Not a JSON object, or a CSV row with more or fewer cells than the header."""
    MISSING_FIELD = "missing-field"
    """A mapped column is absent or empty."""
    TOO_LONG = "too-long"
    """Longer than the limit; nothing is scanned in part."""
    NOT_IN_CLOSED_SET = "not-in-closed-set"
    """A field that may hold only certain words holds another: it could be anything, so the row does not
    pass."""
    SCAN_FAILED = "scan-failed"
    """The detector raised an error: what cannot be scanned does not pass."""
    SCAN_TIMED_OUT = "scan-timed-out"
    """The detector took longer than the policy allows."""
    POLICY = "policy"
    """It holds a type of personal data whose action in the policy is `drop`."""
    ERASED = "erased"
    """It was to be forgotten: the source still has it, and it is not read again."""


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that was not passed on: its number and the reason, nothing of its content."""

    row: int
    reason: DropReason
