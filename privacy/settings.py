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

from privacy.presets import Action, actions_of, check_type, did_you_mean

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
    columns: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Source's column -> the entity type that every cell of it is, replaced whole; or the list of the only words that it
    may hold, which pass. All other columns are scanned."""
    max_row_bytes: Annotated[int, Gt(0)] = 65536
    """Rows longer than this are dropped and counted; never read whole."""
    max_bad_fraction: Fraction = 0.1
    """Stop when more than this part of the rows is unreadable: it is probably the wrong file or format."""
    limit: Annotated[int, Gt(0)] | None = None
    """Take only the first so many rows; None takes all."""

    def __post_init__(self) -> None:
        for column, content in self.columns.items():
            if column not in self.fields.values():
                raise ValueError(
                    f"columns names '{column}', which fields does not map{did_you_mean(column, self.fields.values())}"
                )
            if content == "keep":
                raise ValueError(
                    f'columns.{column} = "keep" would let anything pass: list the words it may hold, ["a", "b"]'
                )
            if isinstance(content, str):
                check_type(content)

    def column_rules(self) -> dict[str, FieldRule]:
        """By our field name: how the columns whose content is known are treated."""
        rules = {}
        for name, column in self.fields.items():
            content = self.columns.get(column)
            if isinstance(content, str):
                rules[name] = FieldRule("typed", entity_type=content)
            elif content is not None:
                rules[name] = FieldRule("closed", frozenset(content))
        return rules


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionarySettings:
    """A list of the organisation's own values, each of which is found wherever it stands as whole words."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _FORBID_UNKNOWN

    entity_type: str = "CUSTOM"
    """What the values are."""
    values: tuple[str, ...] = ()
    """The values themselves, or"""
    path: str | None = None
    """a CSV, JSONL, Parquet or DuckDB file that holds them; relative paths start at the configuration file's folder,"""
    column: str | None = None
    """in this column"""
    table: str | None = None
    """of this table, for DuckDB files."""
    ignore_case: bool = True
    """Find them in any case; values of fewer than three letters or digits are only found as written."""

    def __post_init__(self) -> None:
        check_type(self.entity_type)
        if bool(self.values) == (self.path is not None):
            raise ValueError("a dictionary needs either values or a path")
        if (self.path is None) != (self.column is None):
            raise ValueError("a dictionary needs path and column together")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternSettings:
    """The look of the organisation's own ids: a regular expression, or a column to learn it from."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _FORBID_UNKNOWN

    entity_type: str = "CUSTOM"
    """What a match is."""
    regex: str | None = None
    """The expression; its group named `x`, if there is one, is the value. Or"""
    path: str | None = None
    """a file whose ids show their look ("AB-4711" and "AC-0815": two capitals, a dash, four digits),"""
    column: str | None = None
    """in this column"""
    table: str | None = None
    """of this table, for DuckDB files."""
    context: tuple[str, ...] = ()
    """Words one of which must stand in the 60 characters before a match; none asks for none."""

    def __post_init__(self) -> None:
        check_type(self.entity_type)
        if (self.regex is None) == (self.path is None):
            raise ValueError("a pattern needs either a regex or a path")
        if (self.path is None) != (self.column is None):
            raise ValueError("a pattern needs path and column together")


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """Where the originals of replaced fields are kept, sealed with a key of their own."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _FORBID_UNKNOWN

    path: Annotated[str, MinLen(1)]
    """The vault's file, which only grows; relative paths start at the configuration file's folder."""
    key_file: str | None = None
    """File with the vault's key, 64 hex digits, or"""
    key_env: str | None = None
    """the environment variable that holds it. Not the scrubbing key: who may undo is not who may scrub."""

    def __post_init__(self) -> None:
        if (self.key_file is None) == (self.key_env is None):
            raise ValueError("a vault needs either key_file or key_env")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSettings:
    """The models that find names: packaged ones by name, or directories of the site's own."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = _FORBID_UNKNOWN

    spacy: str = "spacy-en-md"
    """An English spaCy model with `ner`."""
    classifiers: tuple[str, ...] = ("rampart",)
    """Token-classification models as ONNX (`config.json` with `id2label`, `tokenizer.json`, one `*.onnx`); all are asked."""


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
    dictionary: tuple[DictionarySettings, ...] = ()
    """The organisation's own values to find."""
    pattern: tuple[PatternSettings, ...] = ()
    """The look of the organisation's own ids."""
    vault: VaultSettings | None = None
    """Keeps the originals, sealed; None keeps none, and nothing can be undone."""
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
    """How one field is treated. Comes from the task, or from the source's `columns`."""

    kind: Literal["text", "closed", "json", "typed"] = "text"
    """`text`: scanned. `closed`: must be one of `values`, or the row is dropped. `json`: leaves in
    `values` pass, all other strings and numbers are scanned, keys included; what is not JSON is
    scanned as text. `typed`: the whole cell is an `entity_type`."""
    values: frozenset[str] = field(default_factory=frozenset)
    """The closed set; public words such as intent names, never customer data."""
    entity_type: str = ""
    """For `typed` only."""


def policy_id(policy: ScrubPolicy, key: bytes) -> str:
    """Name of this policy under this key, 16 hex digits: any other setting or key gives another name."""
    fingerprint = hashlib.sha256(b"stillhouse key fingerprint\0" + key).hexdigest()
    page = json.dumps([asdict(policy), fingerprint], sort_keys=True)
    return hashlib.sha256(page.encode()).hexdigest()[:16]
