"""A use case as one TOML file, read strictly: what is wrong is refused at load, with the remedy."""

from __future__ import annotations

import difflib
import json
import tomllib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from appliance.cost import DecideSettings, PriceSettings
from appliance.loadtest import LoadtestSettings
from appliance.serve import ServeSettings
from distill.curate import SplitSettings
from distill.evaluate import EvaluateSettings
from distill.onpolicy import OnPolicySettings
from distill.sft import SftSettings
from distill.student import StudentSettings
from distill.tasks import TaskSettings, make_task
from distill.tasks.task import field_names
from distill.teach import TeacherSettings
from privacy.settings import ScrubPolicy, SourceSettings

__all__ = [
    "BenchSettings",
    "ConfigError",
    "UseCase",
    "load_use_case",
    "use_case_from_json",
    "use_case_to_json",
]


class ConfigError(ValueError):
    """One line: which file, what, and what to do."""


@dataclass(frozen=True)
class BenchSettings:
    """The `[bench]` section: how the models are served and loaded. Both parts have their own table."""

    load: LoadtestSettings = LoadtestSettings()
    """`[bench.load]`: how many at a time, how many requests."""
    serve: ServeSettings = ServeSettings()
    """`[bench.serve]`: how vLLM is started."""


@dataclass(frozen=True)
class UseCase:
    """Everything a run is told. Paths are relative to the file."""

    name: str
    """Short, for run ids and files: letters, digits and dashes."""
    title: str
    """One line for the report's head."""
    data: SourceSettings
    scrub: ScrubPolicy
    task: TaskSettings
    teacher: TeacherSettings
    student: StudentSettings
    split: SplitSettings
    prices: PriceSettings
    held_out: SourceSettings | None = None
    """`[held_out]`: a file of its own for the test records; otherwise they are split off `data`."""
    gold_spans: str | None = None
    """JSONL with the true places of personal data, which measures the scrubber's recall and arms its gate."""
    spacy_model: str = "spacy-en-md"
    """The English model behind the scrubber: a name from `stillhouse models list`, or a directory."""
    sft: SftSettings = SftSettings()
    onpolicy: OnPolicySettings = OnPolicySettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    bench: BenchSettings = BenchSettings()
    decide: DecideSettings = DecideSettings()

    def __post_init__(self) -> None:
        if not self.name or not all(letter.isalnum() or letter == "-" for letter in self.name):
            raise ValueError(f"name = '{self.name}' may hold letters, digits and dashes only")
        make_task(self.task)
        known = set(self.data.fields)
        wanted = {"task.input": field_names(self.task.input)}
        if self.teacher.answer_field is not None:
            wanted["teacher.answer_field"] = frozenset([self.teacher.answer_field])
        if self.evaluate.reference_field is not None:
            wanted["evaluate.reference_field"] = frozenset([self.evaluate.reference_field])
        for option, names in wanted.items():
            for name in sorted(names - known):
                raise ValueError(
                    f"{option} names the field '{name}', which data.fields does not map{_hint(name, known)}"
                )
        if self.evaluate.reference_field and self.teacher.answer_field:
            columns = self.data.fields
            if columns[self.evaluate.reference_field] == columns[self.teacher.answer_field]:
                raise ValueError(
                    "evaluate.reference_field and teacher.answer_field are the same column: the teacher would be "
                    "scored against itself; remove evaluate.reference_field"
                )
        if self.held_out is not None and set(self.held_out.fields) != known:
            raise ValueError("held_out.fields must map the same fields as data.fields")
        if self.gold_spans is not None and self.data.id is None:
            raise ValueError("gold_spans refers to records by id: name the id column in data.id")


def _hint(name: str, known: set[str] | list[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    if close:
        return f": did you mean '{close[0]}'?"
    return f"; there are: {', '.join(sorted(known))}" if known else ""


def _adapter() -> TypeAdapter[UseCase]:
    return TypeAdapter(UseCase, config=None)


def load_use_case(path: Path) -> UseCase:
    """Reads a use case file; raises ConfigError in one line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__})") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return _validate(document, str(path))


def use_case_from_json(text: str) -> UseCase:
    """What `use_case_to_json` wrote."""
    return _validate(json.loads(text), "config.json")


def use_case_to_json(use_case: UseCase) -> str:
    """Every setting, the defaults included, in a stable order: what the run's fingerprints are made of."""
    return json.dumps(json.loads(_adapter().dump_json(use_case)), indent=1, sort_keys=True)


def _validate(document: dict[str, Any], where: str) -> UseCase:
    _refuse_unknown(UseCase, document, "", where)
    try:
        # By way of JSON, since pydantic's strict mode takes a JSON list, but not a Python one, for a tuple.
        return _adapter().validate_json(json.dumps(document), strict=True)
    except TypeError:
        raise ConfigError(f"{where}: holds a date or time; write it in quotes") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] in ("missing", "missing_argument"):
            message = "is missing"
        elif first["type"] not in ("value_error",):
            message = f"{message[0].lower()}{message[1:]}, not {json.dumps(first['input'], default=str)[:60]}"
        raise ConfigError(f"{where}: {place + ': ' if place else ''}{message}") from None


def _refuse_unknown(cls: type, document: dict[str, Any], prefix: str, where: str) -> None:
    hints = get_type_hints(cls)
    known = [field.name for field in fields(cls)]
    for key, value in document.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'{_hint(key, known)}")
        for candidate in (hints[key], *get_args(hints[key])):
            if is_dataclass(candidate) and isinstance(value, dict):
                _refuse_unknown(candidate, value, f"{prefix}{key}.", where)  # type: ignore[arg-type]
