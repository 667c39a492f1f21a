"""Which column is what, and what is asked: between the form an operator fills in and the sections of a use case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from appliance import datasets
from appliance.config import ConfigError
from appliance.datasets import Profile
from appliance.home import Home
from appliance.people.acting import Actor
from appliance.preparing import use_cases

Kind = Literal["classify", "extract", "generate"]
_INSTRUCTIONS: Mapping[Kind, str] = {
    "classify": "Name the category of the text. Answer with one of these labels and nothing else: {labels}.",
    "extract": "Read the text and reply with one line of JSON.",
    "generate": "Answer the text in a few plain sentences.",
}
_ANSWER_TOKENS: Mapping[Kind, int] = {"classify": 24, "extract": 96, "generate": 256}


@dataclass(frozen=True, slots=True)
class Form:
    """What the page Data asks. Columns are the file's, labels and question the use case's own."""

    dataset_id: str | None = None
    """None where the use case reads a file that was not brought in here."""
    id: str | None = None
    subject: str | None = None
    """The column that says whom a record is about."""
    inputs: tuple[str, ...] = ()
    """Columns that the model is shown."""
    answer: str | None = None
    """The column with the teacher's recorded answers."""
    reference: str | None = None
    """The column with what people say is right."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """Column -> the type of personal data that every cell of it is."""
    kind: Kind = "classify"
    question: str = ""
    instructions: str = ""
    labels: tuple[str, ...] = ()
    schema: str = ""
    """The JSON Schema of `extract`, as text."""
    max_answer_tokens: int = 24
    held_out: str | None = None
    """Dataset with the test records; None splits them off."""
    num_test: int = 100
    policy: str = "gdpr"
    names: Mapping[str, str] = field(default_factory=dict)
    """Column -> the field's name, for columns that the use case had before."""

    @property
    def fields(self) -> dict[str, str]:
        """Field name -> column, in the order of the form."""
        return field_of(self.columns, self.names)

    @property
    def columns(self) -> tuple[str, ...]:
        """All that become fields, each once, in the order of the form."""
        given = (*self.inputs, self.answer, self.reference)
        return tuple(dict.fromkeys(column for column in given if column is not None))


def field_of(columns: Iterable[str], names: Mapping[str, str] | None = None) -> dict[str, str]:
    """Field name -> column: as it was called, else small letters, digits and underscores; each name once."""
    fields: dict[str, str] = {}
    for column in columns:
        given = (names or {}).get(column)
        if given is not None and given not in fields:
            fields[given] = column
            continue
        plain = re.sub(r"\W+", "_", column.strip().lower()).strip("_") or "field"
        wanted = name = plain if plain.isidentifier() else f"field_{plain}"
        number = 2
        while name in fields:
            name, number = f"{wanted}_{number}", number + 1
        fields[name] = column
    return fields


def suggested(profile: Profile, dataset_id: str) -> Form:
    """A first guess by what the columns look like; everything of it can be changed."""
    looks = {column.name: column.looks_like for column in profile.columns}
    ids = [name for name, look in looks.items() if look == "id"]
    texts = sorted(
        (column for column in profile.columns if column.looks_like == "text"),
        key=lambda column: -(column.words or 0) * (column.filled > 0.5),
    )
    labels = [name for name, look in looks.items() if look == "label"]
    inputs = tuple(column.name for column in texts[:1])
    kind: Kind = "classify" if labels or len(texts) < 2 else "generate"
    answer = labels[0] if labels else (texts[1].name if len(texts) > 1 else None)
    return with_defaults(
        Form(
            dataset_id=dataset_id,
            id=ids[0] if ids else None,
            inputs=inputs,
            answer=answer,
            kind=kind,
            num_test=max(1, min(400, profile.rows // 5)),
        )
    )


def with_defaults(form: Form) -> Form:
    """Words for what is left empty: the question, the instructions, how long an answer may be."""
    fields = {column: name for name, column in form.fields.items()}
    question = form.question or default_question(fields[column] for column in form.inputs)
    return replace(
        form,
        question=question,
        instructions=form.instructions or _INSTRUCTIONS[form.kind],
        max_answer_tokens=form.max_answer_tokens or _ANSWER_TOKENS[form.kind],
    )


def default_question(fields: Iterable[str]) -> str:
    """Shows each field; with its name before it where there are several."""
    names = list(fields)
    if len(names) == 1:
        return "{" + names[0] + "}"
    return "\n".join(f"{name.replace('_', ' ').capitalize()}: {{{name}}}" for name in names)


def form_of(home: Home, name: str) -> Form:
    """What the use case says now; what it does not say yet is as `suggested` has it."""
    document = use_cases.read(home, name)
    data, task = document.get("data", {}), document.get("task", {})
    teacher, evaluate = document.get("teacher", {}), document.get("evaluate", {})
    fields: dict[str, str] = data.get("fields", {})
    answer, reference = fields.get(teacher.get("answer_field")), fields.get(evaluate.get("reference_field"))
    base = use_cases.path(home, name).parent
    shelved = {str(datasets.raw_path(home, each.dataset_id)): each for each in datasets.datasets(home)}

    def shelf(section: str) -> str | None:
        path = document.get(section, {}).get("path")
        found = None if path is None else shelved.get(str((base / path).resolve()))
        return None if found is None else found.dataset_id

    kind: Kind = task.get("kind", "classify")
    schema = task.get("json_schema")
    return Form(
        dataset_id=shelf("data"),
        id=data.get("id"),
        subject=data.get("subject"),
        inputs=tuple(column for column in fields.values() if column not in (answer, reference)),
        answer=answer,
        reference=reference,
        typed={column: kind for column, kind in data.get("columns", {}).items() if isinstance(kind, str)},
        kind=kind,
        question=task.get("input", ""),
        instructions=task.get("instructions", ""),
        labels=tuple(task.get("labels", ())),
        schema="" if schema is None else json.dumps(schema, indent=1),
        max_answer_tokens=task.get("max_answer_tokens", _ANSWER_TOKENS[kind]),
        held_out=shelf("held_out"),
        num_test=document.get("split", {}).get("test", 100),
        policy=document.get("scrub", {}).get("policy", "gdpr"),
        names={column: field for field, column in fields.items()},
    )


def save(home: Home, actor: Actor, name: str, form: Form) -> None:
    """Puts the form into the use case. Raises ConfigError, in one line, and then nothing changes; NotAllowed."""
    use_cases.save(home, actor, name, sections(home, use_cases.read(home, name), form))


def sections(home: Home, document: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The sections that the form speaks of; what it does not ask stays as the document has it."""
    if form.dataset_id is None:
        raise ConfigError("choose a dataset")
    if not form.inputs:
        raise ConfigError("choose at least one column that the model is shown")
    if form.answer is not None and form.answer == form.reference:
        raise ConfigError(
            "the teacher's answer and what people say is right are the same column: the teacher would be scored against itself"
        )
    shown = set(form.inputs) & {form.answer, form.reference}
    if shown:
        raise ConfigError(
            f"the column '{min(filter(None, shown))}' is both shown and an answer: the answer would stand in the question"
        )
    fields = form.fields
    name_of = {column: name for name, column in fields.items()}
    data = _source(home, document.get("data", {}), form, form.dataset_id, fields)
    held_out = None
    if form.held_out is not None:
        held_out = _source(home, document.get("held_out", {}), form, form.held_out, fields)
    changed: dict[str, Any] = {
        "data": data,
        "held_out": held_out,
        "task": {**document.get("task", {}), **_task(form)},
        "scrub": {"policy": form.policy},
        "split": {**document.get("split", {}), "test": form.num_test},
        "evaluate": {
            **document.get("evaluate", {}),
            "reference_field": None if form.reference is None else name_of[form.reference],
        },
    }
    teacher = document.get("teacher", {})
    if form.answer is not None:
        model = teacher["model"] if teacher.get("kind") == "recorded" else "recorded answers"
        changed["teacher"] = {"kind": "recorded", "model": model, "answer_field": name_of[form.answer]}
    elif teacher.get("kind") == "recorded":
        changed["teacher"] = None
    return changed


def _source(
    home: Home, before: Mapping[str, Any], form: Form, dataset_id: str, fields: Mapping[str, str]
) -> dict[str, Any]:
    found = datasets.dataset(home, dataset_id)
    needed = {*fields.values(), *filter(None, (form.id, form.subject))}
    absent = sorted(needed - set(found.columns))
    if absent:
        raise ConfigError(f"'{found.filename}' has no column '{absent[0]}'")
    closed = {
        column: content
        for column, content in before.get("columns", {}).items()
        if not isinstance(content, str) and column in fields.values()
    }
    typed = {column: kind for column, kind in form.typed.items() if column in fields.values()}
    kept = {key: before[key] for key in ("max_row_bytes", "max_bad_fraction", "limit") if key in before}
    return {
        **kept,
        "path": str(datasets.raw_path(home, dataset_id)),
        "id": form.id,
        "subject": form.subject,
        "fields": dict(fields),
        "columns": {**closed, **typed},
    }


def _task(form: Form) -> dict[str, Any]:
    schema = None
    if form.kind == "extract":
        try:
            schema = json.loads(form.schema)
        except ValueError as error:
            line = getattr(error, "lineno", 1)
            raise ConfigError(f"the answer's form is not JSON: look at line {line}") from None
        if not isinstance(schema, dict):
            raise ConfigError("the answer's form must be a JSON Schema of an object")
    return {
        "kind": form.kind,
        "input": form.question,
        "instructions": form.instructions,
        "labels": list(form.labels) if form.kind == "classify" else [],
        "json_schema": schema,
        "max_answer_tokens": form.max_answer_tokens,
    }


def dataset_name(home: Home, dataset_id: str) -> str:
    """As it is offered in a list: what it was called, and how many rows it has."""
    found = datasets.dataset(home, dataset_id)
    return f"{found.filename}  ({found.rows:,} rows, {found.dataset_id})"
