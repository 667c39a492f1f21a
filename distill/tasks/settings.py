"""The `[task]` section of a use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge


@dataclass(frozen=True)
class TaskSettings:
    """What the models are asked to do."""

    kind: Literal["classify", "extract", "generate"]
    """`classify`: the answer is one of `labels`. `extract`: the answer is JSON under `json_schema`. `generate`: free text."""
    input: str
    """The user message, with fields of the record in braces: "{message}"."""
    instructions: str
    """The system message of every model that was not trained for the task: the teacher and the baselines.
    `{labels}` stands for the list of labels."""
    student_instructions: str | None = None
    """The system message of the trained student. It has learnt the task, so a short one saves tokens. Default: `instructions`."""
    labels: tuple[str, ...] = ()
    """The allowed answers of `classify`."""
    json_schema: dict[str, Any] | None = None
    """The JSON Schema that an answer of `extract` must obey: an object with all its properties named."""
    max_answer_tokens: Annotated[int, Ge(1)] = 64
    """The model is stopped here. An answer that was not complete by then counts as wrong."""
