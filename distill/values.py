"""The values that flow from the teacher to the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Messages = list[dict[str, str]]
"""A chat as OpenAI-compatible servers take it: `[{"role": ..., "content": ...}]`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model."""

    record_id: str
    messages: Messages = field(repr=False)


Token = int | str
"""Its id; or, where a server tells none, its bytes, one character from U+0000 to U+00FF each."""


@dataclass(frozen=True, slots=True)
class TopTokens:
    """What a model held likeliest at each token of its answer, the end-of-turn token included where the server tells it."""

    tokens: tuple[Token, ...] = field(repr=False)
    """What it said: n tokens."""
    top: tuple[tuple[tuple[Token, float], ...], ...] = field(repr=False)
    """At each of the n: (token, natural logarithm of its probability), likeliest first."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of a model. `text` is None where none was obtained, and `error` then says why, without any text."""

    record_id: str
    text: str | None = field(repr=False)
    finish_reason: str | None
    """`stop` (ended by itself), `length` (cut off), or None (unknown, or no answer)."""
    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    error: str | None = None
    likeliest: TopTokens | None = field(default=None, repr=False)
    """Where log-probabilities were asked for; never written beside the text."""
    logprob: float | None = None
    """Natural logarithm of the probability of the whole answer, its end-of-turn token included, where the model told it."""


class RejectReason(StrEnum):
    """Why a record's answer is not learnt from."""

    NO_ANSWER = "no-answer"
    """The teacher gave none."""
    TRUNCATED = "truncated"
    """The answer was cut off at the token limit."""
    REFUSAL = "refusal"
    """The teacher declined."""
    MALFORMED = "malformed"
    """Not one of the labels, or not JSON under the schema."""
    DUPLICATE = "duplicate"
    """The same input as an earlier record: kept once."""
    HELD_OUT = "in-held-out"
    """The same input as a test record: learning it would flatter the score."""
    NEAR_HELD_OUT = "near-held-out"
    """Nearly the same input as a test record."""
    NEAR_DUPLICATE = "near-duplicate"
    """Nearly the same input as another training record, where the use case wants those out."""
    NO_REFERENCE = "no-reference"
    """A test candidate without anything to be scored against."""
    NOT_NEEDED = "not-needed"
    """Beyond the number of records the use case asks for."""


@dataclass(frozen=True, slots=True)
class Example:
    """A scrubbed record with what is to be said about it."""

    record_id: str
    split: str
    """`train`, `val` or `test`."""
    fields: Mapping[str, str] = field(repr=False)
    answer: str | None = field(repr=False)
    """The teacher's answer in canonical form; None where it was not usable (test records only)."""
    reference: str | None = field(repr=False)
    """What people say is right, in canonical form, where the site has it."""
    subject_id: str | None = None
    """Keyed hash of the person that the record is about; None where the source does not say."""


@dataclass(frozen=True, slots=True)
class Score:
    """One number about one arm, with its 95% interval. Not measured is None."""

    arm: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    failed: int
    """Records whose answer could not be read, or was missing: they are in `n` and count as wrong."""
    note: str | None = None
