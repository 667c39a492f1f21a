"""How a use case in the making reads its records and scrubs them: what a preview and a review need, before all is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.config import ConfigError, named_policy, read_toml, validate
from appliance.home import Home
from appliance.preparing import use_cases
from appliance.stages.data import field_rules
from distill.tasks import TaskSettings
from distill.tasks.task import field_names
from privacy.records import DetectorModels
from privacy.settings import DetectorSettings, FieldRule, ScrubPolicy, SourceSettings

if TYPE_CHECKING:
    from privacy.scan import Scrubber


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft's sections that concern its records."""

    source: SourceSettings
    base_dir: Path
    """Where its relative paths start."""
    policy: ScrubPolicy
    detector: DetectorSettings
    task: TaskSettings | None
    """None before it is filled in: every field is then scanned as text."""
    answer_fields: tuple[str, ...]
    """The teacher's recorded answer and the human reference, where there are such fields."""

    @property
    def path(self) -> Path:
        return self.base_dir / self.source.path

    def scrubber(self, models: DetectorModels, key: bytes) -> Scrubber:
        """Scrubs as a run of the draft would. Loads the models: not in the console's process."""
        from privacy.dictionary import read_terms
        from privacy.scrub import build_scrubber

        rules: dict[str, FieldRule] = {}
        if self.task is not None:
            rules = field_rules(self.task, self.answer_fields)
        terms = read_terms(self.policy, self.base_dir)
        return build_scrubber(self.policy, {**self.source.column_rules(), **rules}, key, models, terms)


def reading_of(home: Home, name: str) -> Reading:
    """Raises ConfigError, in one line, where the data or the policy are not chosen yet or do not fit."""
    file = use_cases.path(home, name)
    document = read_toml(file)
    if "data" not in document:
        raise ConfigError(f"'{name}' has no records yet: choose a dataset and its columns on the page Data")
    if "scrub" not in document:
        raise ConfigError(f"'{name}' has no privacy policy yet: choose one on the page Privacy")
    scrub = document["scrub"]
    policy = named_policy(scrub, file) if "policy" in scrub else scrub
    source = validate(SourceSettings, document["data"], "data")
    task = validate(TaskSettings, document["task"], "task") if "task" in document else None
    _check_fields(task, source)
    path = file.parent / source.path
    if not path.is_file():
        raise ConfigError("the file of the records is gone: choose another dataset on the page Data")
    answers = (
        document.get("teacher", {}).get("answer_field"),
        document.get("evaluate", {}).get("reference_field"),
    )
    return Reading(
        source,
        file.parent,
        validate(ScrubPolicy, policy, "policy"),
        validate(DetectorSettings, document.get("detector", {}), "detector"),
        task,
        tuple(field for field in answers if field in source.fields),
    )


def _check_fields(task: TaskSettings | None, source: SourceSettings) -> None:
    if task is None:
        return
    try:
        unknown = sorted(field_names(task.input) - set(source.fields))
    except ValueError as error:
        raise ConfigError(f"the question: {error}") from None
    if unknown:
        raise ConfigError(
            f"the question shows the field '{unknown[0]}', which is not among the data's fields"
        )
