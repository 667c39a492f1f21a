"""A first draft of a use case from what a dataset's columns look like: a guess to be looked at, never run unseen."""

from __future__ import annotations

import re
from typing import Any, Literal

from appliance.acting import Action, Actor, acting
from appliance.datasets import Column, dataset, label_values, profile, raw_path
from appliance.home import Home
from appliance.models import CATALOGUE

Kind = Literal["classify", "extract", "generate"]

_ANSWERS = re.compile(r"answer|reply|response|label|category|intent|class|queue|target|output", re.IGNORECASE)
_REVIEWED = re.compile(r"review|gold|human|check|correct|truth", re.IGNORECASE)
_ID = re.compile(r"(^|[^a-z])(id|nr|no|number|key)([^a-z]|$)", re.IGNORECASE)
_LOOKS: dict[Kind, tuple[str, ...]] = {"classify": ("label",), "extract": ("json",), "generate": ("text",)}
_INSTRUCTIONS: dict[Kind, tuple[str, str, int]] = {
    "classify": (
        "Name the label of the record. Answer with one of these labels and nothing else: {labels}.",
        "Name the label.",
        24,
    ),
    "extract": ("Answer with one line of JSON and nothing else.", "Answer with JSON.", 96),
    "generate": ("Answer the message as the organisation would.", "Answer.", 256),
}
"""What the teacher is told, what the trained student is told, and how many tokens an answer may have."""


def suggest(home: Home, actor: Actor, dataset_id: str, kind: Kind) -> dict[str, Any]:
    """Sections for `use_cases.save`: data, task, student, split, scrub; teacher and evaluate where the columns hold them.

    Raises DataError where there is no such dataset, NotAllowed where the actor may not edit use cases.
    """
    with acting(home, actor, Action.EDIT_USE_CASE, dataset=dataset_id[:60], what="suggest"):
        return _suggest(home, actor, dataset_id, kind)


def _suggest(home: Home, actor: Actor, dataset_id: str, kind: Kind) -> dict[str, Any]:
    found = profile(home, dataset_id)
    columns = {column.name: column for column in found.columns if column.looks_like != "empty"}
    message = _message(list(columns.values()))
    answer = _best(columns, _LOOKS[kind], _ANSWERS, without={message, None})
    reviewed = _best(columns, _LOOKS[kind], _REVIEWED, without={message, answer}, only_named=True)
    ident = _best(columns, ("id",), _ID, without={message, answer, reviewed}, only_named=True)
    fields = {"message": message, "answer": answer, "reviewed": reviewed}
    told, short, max_tokens = _INSTRUCTIONS[kind]
    task: dict[str, Any] = {
        "kind": kind,
        "input": "{message}",
        "instructions": told,
        "student_instructions": short,
        "max_answer_tokens": max_tokens,
    }
    if kind == "classify" and answer is not None and columns[answer].looks_like == "label":
        task["labels"] = sorted(label_values(home, actor, dataset_id, answer)[0])
    sections: dict[str, Any] = {
        "data": {
            "path": str(raw_path(home, dataset_id)),
            "fields": {field: column for field, column in fields.items() if column is not None},
            **({"id": ident} if ident is not None else {}),
        },
        "task": task,
        "scrub": {"policy": "gdpr"},
        "student": {"base": next(model.name for model in CATALOGUE if model.kind == "gguf")},
        "split": _split(dataset(home, dataset_id).rows),
    }
    if answer is not None:
        sections["teacher"] = {
            "kind": "recorded",
            "model": "answers in the data",
            "answer_field": "answer",
        }
    if reviewed is not None:
        sections["evaluate"] = {"reference_field": "reviewed"}
    return sections


def _message(columns: list[Column]) -> str | None:
    """The longest free text."""
    texts = [column for column in columns if column.looks_like == "text"]
    longest = max(texts or columns, key=lambda column: column.median or 0, default=None)
    return None if longest is None else longest.name


def _best(
    columns: dict[str, Column],
    looks: tuple[str, ...],
    called: re.Pattern[str],
    *,
    without: set[str | None],
    only_named: bool = False,
) -> str | None:
    """Of the columns that look so: the first that is called so, else the first."""
    fitting = [name for name, column in columns.items() if column.looks_like in looks and name not in without]
    named = [name for name in fitting if called.search(name)]
    return next(iter(named or ([] if only_named else fitting)), None)


def _split(rows: int) -> dict[str, int]:
    """A fifth for the exam and a tenth for choices, up to what gives intervals of a few points."""
    return {"test": max(1, min(400, rows // 5)), "validation": min(100, rows // 10)}
