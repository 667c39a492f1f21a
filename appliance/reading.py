"""How a use case in the making reads its records and scrubs them: what a preview and a review need, before all is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance import use_cases
from appliance.config import ConfigError, named_policy, read_toml, validate
from appliance.home import Home
from appliance.stages.data import field_rules
from distill.tasks import TaskSettings
from privacy.settings import DetectorSettings, FieldRule, ScrubPolicy, SourceSettings


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

    @property
    def rules(self) -> dict[str, FieldRule]:
        return {} if self.task is None else field_rules(self.task, self.answer_fields)


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
        validate(TaskSettings, document["task"], "task") if "task" in document else None,
        tuple(field for field in answers if field in source.fields),
    )
