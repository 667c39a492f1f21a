"""What an operator and a privacy officer set: where records come from and how they are scrubbed.

Covered: every choice that changes what leaves the scrubber. Not covered: the key (a secret, passed beside the
policy) and which task a field belongs to (`FieldRule`, given by the caller who knows the task).
Importing this module loads nothing heavy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MinLen

from privacy.presets import Action, actions_of

# Read by pydantic when a settings class is filled from TOML. A plain dict, so that pydantic need not be
# imported here.
_FORBID_UNKNOWN: Mapping[str, str] = {"extra": "forbid"}

Fraction = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One file of records and how its columns map to our fields."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _FORBID_UNKNOWN

    path: Annotated[str, MinLen(1)]
    """File to read; relative paths start at the configuration file's folder."""
    format: Literal["auto", "csv", "jsonl", "parquet", "duckdb"] = "auto"
    """`auto` goes by the file's suffix. CSV is comma-separated UTF-8 with a header."""
    table: str | None = None
    """Table or view to read, for DuckDB files only; `schema.table` is understood."""
    id: str | None = None
    """Column that names a record and stays the same between exports. Without it the id comes from the
    content."""
    subject: str | None = None
    """Column that names the person a record is about, such as a customer number: never stored, only its keyed
    hash travels. Without it each record counts as a person of its own."""
    fields: Annotated[dict[str, str], MinLen(1)]
    """Our field name -> the source's column."""
    max_row_bytes: Annotated[int, Gt(0)] = 65536
    """Rows longer than this are dropped and counted; never read whole."""
    max_bad_fraction: Fraction = 0.1
    """Stop when more than this part of the rows is unreadable: it is probably the wrong file or format."""
    limit: Annotated[int, Gt(0)] | None = None
    """Take only the first so many rows; None takes all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubPolicy:
    """The page a privacy officer signs."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _FORBID_UNKNOWN

    name: Annotated[str, MinLen(1)]
    """What the officer calls it; appears in the report."""
    preset: str = "gdpr"
    """What is done with each type of personal data: `gdpr`, `hipaa-safe-harbor`, `pci` or `secrets-only`."""
    actions: dict[str, str] = field(default_factory=dict)
    """Other actions than the preset's: entity type -> `keep`, `mask`, `placeholder`, `surrogate`, `generalise`,
    `shift` or `drop`. `"*"` stands for every type not named."""
    min_score: Fraction = 0.35
    """Findings below this confidence are ignored; lower masks more, rightly and wrongly."""
    min_recall: Fraction = 0.9
    """Gate: the lower end of the measured recall's 95% interval must reach this, where hand-marked text
    is given."""
    max_chars: Annotated[int, Gt(0), Le(1_000_000)] = 20000
    """Fields longer than this drop their record; nothing is scanned in part. spaCy refuses above a
    million."""
    timeout_s: Annotated[float, Gt(0)] = 10.0
    """Longest scan of one record; past it the record is dropped."""
    chunk_size: Annotated[int, Gt(0)] = 256
    """Rows a chunk: the most that is lost when the run is killed."""
    processes: Annotated[int, Ge(0)] = 0
    """Scanning processes; 0 takes one a core, 1 scans in the calling process without a watchdog."""

    def __post_init__(self) -> None:
        self.action_by_type()

    def action_by_type(self) -> dict[str, Action]:
        """The action of every entity type. Raises ValueError for one that cannot be."""
        return actions_of(self.preset, self.actions)

    def kept_types(self) -> tuple[str, ...]:
        """The entity types that stay as they are."""
        return tuple(name for name, action in self.action_by_type().items() if action == "keep")


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field is treated. Comes from the task, not from the configuration file."""

    kind: Literal["text", "closed", "json"] = "text"
    """`text`: scanned. `closed`: must be one of `values`, or the row is dropped. `json`: leaves in
    `values` pass, all other strings and numbers are scanned, keys included; what is not JSON is
    scanned as text."""
    values: frozenset[str] = field(default_factory=frozenset)
    """The closed set; public words such as intent names, never customer data."""


def policy_id(policy: ScrubPolicy, key: bytes) -> str:
    """Name of this policy under this key, 16 hex digits: any other setting or key gives another name."""
    fingerprint = hashlib.sha256(b"stillhouse key fingerprint\0" + key).hexdigest()
    page = json.dumps([asdict(policy), fingerprint], sort_keys=True)
    return hashlib.sha256(page.encode()).hexdigest()[:16]
