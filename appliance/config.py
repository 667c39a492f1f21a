"""A use case as one TOML file, read strictly: what is wrong is refused at load, with the remedy."""

from __future__ import annotations

import difflib
import functools
import json
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from datetime import time as time_of_day
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from annotated_types import Gt
from pydantic import TypeAdapter, ValidationError

from appliance.cost import DecideSettings, PriceCard, PriceSettings
from appliance.loadtest import LoadtestSettings, SloSettings
from appliance.serve import ServeSettings
from distill.curate import SplitSettings
from distill.evaluate import EvaluateSettings
from distill.evaluation.judge import JudgeSettings
from distill.onpolicy import OnPolicySettings
from distill.rewards import check_rewards
from distill.sft import SftSettings
from distill.student import StudentSettings
from distill.tasks import TaskSettings, make_task
from distill.tasks.task import field_names
from distill.teach import TeacherSettings
from privacy.attack.settings import AttackSettings, PlantSettings
from privacy.presets import PRESETS
from privacy.settings import DetectorSettings, ScrubPolicy, SourceSettings

_Settings = TypeVar("_Settings")

__all__ = [
    "BenchSettings",
    "ConfigError",
    "UseCase",
    "load_policy",
    "load_use_case",
    "read_toml",
    "use_case_from_json",
    "use_case_to_json",
    "validate",
]


class ConfigError(ValueError):
    """One line: which file, what, and what to do."""

    def __init__(self, message: str) -> None:
        # Keys and values that are quoted may hold line breaks.
        super().__init__(" ".join(message.splitlines()))


@dataclass(frozen=True)
class BenchSettings:
    """The `[bench]` section: how the models are served and loaded. Each part has its own table."""

    load: LoadtestSettings = LoadtestSettings()
    """`[bench.load]`: how many at a time, how many requests."""
    slo: SloSettings = SloSettings()
    """`[bench.slo]`: within which times an answer must come to be of use."""
    serve: ServeSettings = ServeSettings()
    """`[bench.serve]`: how vLLM is started."""
    forms: tuple[Literal["adapter", "quantised"], ...] = ("adapter", "quantised")
    """The student to release is served merged; here also as an adapter on its base, and in 8 bits. Each takes a start of
    the server of its own."""
    parity_max_gap: Annotated[float, Gt(0)] = 0.1
    """Mean distance of a token's log-probability, served from evaluated, over which the run stops. Rounding in bf16
    gives 0.03; a wrong chat template 0.3 and more."""


@dataclass(frozen=True)
class UseCase:
    """Everything a run is told. Paths are relative to the file."""

    name: str
    """For run ids and files: up to 40 letters, digits and dashes, a letter or digit first."""
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
    detector: DetectorSettings = DetectorSettings()
    """`[detector]`: the models that find names, by name from `stillhouse models list`, or as directories."""
    sft: SftSettings = SftSettings()
    onpolicy: OnPolicySettings = OnPolicySettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    judge: JudgeSettings | None = None
    """`[judge]`: a model that compares free-text answers. Beside `[evaluate]`, so that ratings that come later change no training."""
    plant: PlantSettings = PlantSettings()
    attack: AttackSettings = AttackSettings()
    bench: BenchSettings = BenchSettings()
    decide: DecideSettings = DecideSettings()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\W_]([^\W_]|-){0,39}", self.name):
            raise ValueError(
                f"name = '{self.name[:60]}' may hold up to 40 letters, digits and dashes only, a letter or digit first"
            )
        inputs = _holes(self.task.input)
        check_rewards(self.onpolicy.reward, make_task(self.task))
        known = set(self.data.fields)
        wanted = {"task.input": inputs}
        if self.teacher.answer_field is not None:
            wanted["teacher.answer_field"] = frozenset([self.teacher.answer_field])
        if self.evaluate.reference_field is not None:
            wanted["evaluate.reference_field"] = frozenset([self.evaluate.reference_field])
        for option, names in wanted.items():
            for name in sorted(names - known):
                raise ValueError(
                    f"{option} names the field '{name}', which data.fields does not map{_hint(name, known)}"
                )
        columns = self.data.fields
        for option in wanted.keys() - {"task.input"}:
            if {columns[name] for name in wanted[option]} & {columns[name] for name in inputs}:
                raise ValueError(
                    f"task.input shows the column of {option}: the answer would stand in the question; take it out of task.input"
                )
        reference, answer = self.evaluate.reference_field, self.teacher.answer_field
        if reference is not None and answer is not None and columns[reference] == columns[answer]:
            raise ValueError(
                "evaluate.reference_field and teacher.answer_field are the same column: the teacher would be "
                "scored against itself; remove evaluate.reference_field"
            )
        if self.teacher.min_accuracy is not None and reference is None:
            raise ValueError(
                "teacher.min_accuracy is set and evaluate.reference_field is not: name the field that says what is right"
            )
        if self.evaluate.similarity_model is not None and self.task.kind != "generate":
            raise ValueError(
                f"evaluate.similarity_model compares free text, and task.kind is '{self.task.kind}': remove it"
            )
        if self.judge is not None and self.task.kind != "generate":
            raise ValueError(
                f"[judge] compares free text, and the answers of task.kind = '{self.task.kind}' are right or wrong: remove it"
            )
        if self.held_out is not None and set(self.held_out.fields) != known:
            raise ValueError("held_out.fields must map the same fields as data.fields")
        if self.held_out is not None and self.held_out.column_rules() != self.data.column_rules():
            raise ValueError("held_out.columns must say the same of each field as data.columns")
        if self.sft.dp is not None and self.onpolicy.steps:
            raise ValueError(
                f"[sft.dp] is set and onpolicy.steps is {self.onpolicy.steps}: on-policy training would read the records "
                "again, without noise, and void the promise; set onpolicy.steps = 0"
            )
        if self.gold_spans is not None and self.data.id is None:
            raise ValueError("gold_spans refers to records by id: name the id column in data.id")


def _holes(template: str) -> frozenset[str]:
    """The fields of `task.input`, with the key named where Python's parser of templates does not know it."""
    try:
        return field_names(template)
    except ValueError as error:
        raise ValueError(f"task.input = '{template[:60]}': {error}") from None


def _hint(name: str, known: set[str] | list[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    if close:
        return f": did you mean '{close[0]}'?"
    return f"; there are: {', '.join(sorted(known))}" if known else ""


@functools.cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


@functools.cache
def type_hints(cls: type) -> Mapping[str, Any]:
    """The types of a settings class, by field: working them out compiles every annotation anew."""
    return get_type_hints(cls)


def load_use_case(path: Path) -> UseCase:
    """Reads a use case file, and the price card and the policy it names into it; raises ConfigError in one line."""
    document = read_toml(path)
    scrub = document.get("scrub")
    if isinstance(scrub, dict) and isinstance(scrub.get("policy"), str):
        document["scrub"] = named_policy(scrub, path)
    prices = document.get("prices")
    if isinstance(prices, dict) and isinstance(prices.get("card"), str):
        card = path.parent / prices["card"]
        prices["card"] = read_toml(card)
        validate(PriceCard, prices["card"], str(card))  # so that what is wrong is told of the card's file
    return validate(UseCase, document, str(path))


def named_policy(scrub: dict[str, Any], use_case: Path) -> dict[str, Any]:
    """`scrub.policy` names a preset or a policy's file, which then says everything: whoever runs may choose, not change.

    Paths in that file start at its own folder.
    """
    others = sorted(scrub.keys() - {"policy"})
    if others:
        raise ConfigError(f"{use_case}: scrub.{others[0]} is the policy's to say: remove it, or scrub.policy")
    name = str(scrub["policy"])
    if name in PRESETS:
        return {"name": name, "preset": name}
    file = use_case.parent / name
    document = read_toml(file)
    document = document.get("scrub", document)
    validate(ScrubPolicy, document, str(file))  # so that what is wrong is told of the policy's file
    vault = document.get("vault")
    for table in (*document.get("dictionary", ()), *document.get("pattern", ()), *([vault] if vault else ())):
        for option in ("path", "key_file"):
            if option in table:
                table[option] = os.path.abspath(file.parent / table[option])
    return dict(document)


def load_policy(preset_or_file: str) -> ScrubPolicy:
    """The policy that is a preset, or that a TOML file holds: its `[scrub]` table, or the whole file without one.

    Raises ConfigError in one line.
    """
    if preset_or_file in PRESETS:
        return ScrubPolicy(name=preset_or_file, preset=preset_or_file)
    path = Path(preset_or_file)
    if path.suffix != ".toml":
        raise ConfigError(
            f"there is no policy '{preset_or_file}'{_hint(preset_or_file, list(PRESETS))}; or name a TOML file"
        )
    document = read_toml(path)
    return validate(ScrubPolicy, document.get("scrub", document), str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables, unjudged; raises ConfigError in one line."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors put a byte order mark in front
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: name a TOML file that you may read") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text: save it as UTF-8") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def use_case_from_json(text: str) -> UseCase:
    """What `use_case_to_json` wrote."""
    return validate(UseCase, json.loads(text), "config.json")


def use_case_to_json(use_case: UseCase) -> str:
    """Every setting, the defaults included, in the order of the classes: what the run's fingerprints are made of.

    Tables keep the file's order, since that of a schema's properties is the order in which answers are written.
    """
    return json.dumps(json.loads(_adapter(UseCase).dump_json(use_case)), indent=1)


def validate(cls: type[_Settings], document: Any, where: str) -> _Settings:
    """The settings that the document holds; raises ConfigError in one line, which begins with `where`."""
    if not isinstance(document, dict):
        raise ConfigError(f"{where}: expected a table of settings")
    _refuse_unknown(cls, document, "", where)
    _refuse_unwritable(document, "", where)
    try:
        # By way of JSON, since pydantic's strict mode takes a JSON list, but not a Python one, for a tuple.
        settings: _Settings = _adapter(cls).validate_json(  # type: ignore[arg-type]
            json.dumps(document), strict=True
        )
        return settings
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
    hints = type_hints(cls)
    known = [field.name for field in fields(cls)]
    for key, value in document.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'{_hint(key, known)}")
        for candidate in (hints[key], *get_args(hints[key])):
            if is_dataclass(candidate) and isinstance(value, dict):
                _refuse_unknown(candidate, value, f"{prefix}{key}.", where)  # type: ignore[arg-type]
            for item in get_args(candidate) if isinstance(value, list) else ():
                if is_dataclass(item):
                    for place, entry in enumerate(value):
                        if isinstance(entry, dict):
                            _refuse_unknown(item, entry, f"{prefix}{key}.{place}.", where)  # type: ignore[arg-type]


def _refuse_unwritable(value: Any, place: str, where: str) -> None:
    """JSON, in which a run is told, has no dates, and no numbers without an end."""
    if isinstance(value, (date, time_of_day)):
        raise ConfigError(f"{where}: {place} is a date or time: write it in quotes")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where}: {place} is {value}: give a finite number")
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, child in value.items() if isinstance(value, dict) else ():
        _refuse_unwritable(child, f"{place}.{key}" if place else str(key), where)
