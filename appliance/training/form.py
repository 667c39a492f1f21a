"""The settings of a training as one form: what is asked, what it does in one sentence, and the way into a use case and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Job
from appliance.models import CATALOGUE
from appliance.people.acting import Actor
from appliance.preparing import use_cases
from distill.memory_plan import read_shapes
from distill.onpolicy_settings import OnPolicySettings
from distill.sft import SftSettings
from distill.student import StudentSettings, check_model_dir

Document = Mapping[str, Any]
Values = dict[str, Any]
"""`section.key` -> what the form holds."""

OFF = "off"
PRIVATE = "sft.dp.epsilon"
"""None where the training makes no promise."""

_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "student": vars(StudentSettings("")),
    "sft": vars(SftSettings()),
    "onpolicy": vars(OnPolicySettings()),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One question of the form."""

    name: str
    """`section.key`."""
    label: str
    advice: str
    """What it does, said where it is decided."""
    kind: Literal["choice", "whole", "number", "yes-no"]
    simple: bool = False
    """Shown at once; the others wait behind a fold."""
    least: float | None = None
    most: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """The choices in words."""
    may_be_empty: bool = False

    @property
    def default(self) -> Any:
        section, _, key = self.name.partition(".")
        return _DEFAULTS[section][key]


FIELDS = (
    Field(
        "sft.method", "What is trained",
        "An adapter is small, quick and enough for most tasks. All weights take many times the memory, and a tenth of the learning rate.",
        "choice", True, choices=("lora", "full"), said=("An adapter (LoRA)", "All weights"),
    ),
    Field(
        "sft.epochs", "Epochs",
        "Passes over the training records. One to three is usual. Each further one raises the score less and makes it easier to tell "
        "who was among the records.",
        "number", True, 0.1, 50.0, 0.5,
    ),
    Field(
        "sft.learning_rate", "Learning rate",
        "Lower it where the loss jumps or is not a number. Raise it where the loss hardly falls.",
        "number", True, 1e-6, 1.0, 1e-4,
    ),
    Field(
        "onpolicy.method", "Then learn from its own answers",
        "Afterwards the student answers by itself and learns from what that earns. It helps where answers can be checked; where "
        "nearly all are right already it changes little.",
        "choice", True, choices=(OFF, "grpo", "rloo"), said=("No", "Yes, against the group's mean (GRPO)", "Yes, against the others (RLOO)"),
    ),
    Field(
        "onpolicy.steps", "Steps of learning from own answers", "At each the student answers some records several times, and learns once.", "whole", True, 1, 10_000, 4,
    ),
    Field("sft.batch_size", "Examples a step", "More are steadier and take more memory; fewer learn more often.", "whole", False, 1, 512, 1),
    Field(
        "sft.micro_batch", "Examples computed at once",
        "Less memory, the same result, a little slower. Empty: the whole step at once.",
        "whole", False, 1, 512, 1, may_be_empty=True,
    ),
    Field("sft.lora_rank", "Rank of the adapter", "How much an adapter can hold. 8 to 32 is usual.", "whole", False, 1, 512, 1),
    Field("sft.lora_alpha", "Scale of the adapter", "Twice the rank is usual.", "whole", False, 1, 1024, 1),
    Field(
        "sft.max_tokens", "Longest example, in tokens",
        "A longer one stops the run: cutting it would teach a wrong answer. Lower it to save memory.",
        "whole", False, 16, 131_072, 64,
    ),
    Field(
        "sft.teacher_weight", "Share of the teacher's doubts",
        "Only where the teacher told its likeliest tokens: how much of the loss comes from those and not from what it said.",
        "number", False, 0.0, 1.0, 0.1,
    ),
    Field(
        "sft.checkpoint_every_steps", "Steps between checkpoints", "A power cut or a stop loses at most so many steps.", "whole", False, 1, 10_000, 5,
    ),
    Field("sft.compile", "Compile the layers", "A quarter faster on a processor, after half a minute; needs a C++ compiler.", "yes-no"),
    Field("sft.seed", "Seed", "Another one draws the examples in another order: what differs then is chance.", "whole", False, 0, 2**31 - 1, 1),
    Field(
        "student.layers", "Layers kept",
        "Fewer are faster to serve and must learn more again; best with all weights. Empty: all.",
        "whole", False, 2, 512, 1, may_be_empty=True,
    ),
    Field(
        "student.device", "Where it is trained", "By itself it takes the accelerator where there is one.",
        "choice", False, choices=("auto", "cpu", "cuda"), said=("By itself", "Processor", "Accelerator"),
    ),
    Field("onpolicy.prompts_per_step", "Own answers: records a step", "More are steadier and take longer.", "whole", False, 1, 512, 1),
    Field("onpolicy.group_size", "Own answers: answers a record", "They are compared with one another; 4 to 8 is usual.", "whole", False, 2, 128, 1),
    Field(
        "onpolicy.learning_rate", "Own answers: learning rate", "Lower it where the reward falls or answers grow long.", "number", False, 1e-7, 0.1, 1e-5,
    ),
    Field(
        "onpolicy.temperature", "Own answers: temperature", "Higher ones differ more, which is what there is to learn from.", "number", False, 0.1, 3.0, 0.1,
    ),
)  # fmt: skip
"""In the order of the form."""


@dataclass(frozen=True, slots=True)
class Student:
    """A model that may learn."""

    base: str
    """What `student.base` takes: a packaged model's name, or the way to its folder from a use case's."""
    name: str
    num_weights: int


def students(home: Home) -> list[Student]:
    """Those in the home, the smallest first."""
    packaged = {model.name for model in CATALOGUE}
    found = []
    for folder in sorted(home.models.iterdir()):
        try:
            check_model_dir(folder)
            num_weights = read_shapes(folder).num_weights
        except (ValueError, OSError):
            continue  # a scrubber's model, or one that is being fetched
        base = folder.name if folder.name in packaged else os.path.relpath(folder, home.use_cases / "any")
        found.append(Student(base, folder.name, num_weights))
    return sorted(found, key=lambda student: student.num_weights)


def values_of(document: Document) -> Values:
    """What the form holds for a use case, or for the settings of a run; defaults where it says nothing."""
    sections = {name: document.get(name) or {} for name in _DEFAULTS}
    found = {field.name: _value(sections, field) for field in FIELDS}
    found["student.base"] = sections["student"].get("base")
    found[PRIVATE] = (
        (sections["sft"].get("dp") or {}).get("epsilon", 8.0) if sections["sft"].get("dp") else None
    )
    if found["onpolicy.steps"] == 0:
        found |= {"onpolicy.method": OFF, "onpolicy.steps": OnPolicySettings().steps}
    return found


def _value(sections: Mapping[str, Document], field: Field) -> Any:
    section, _, key = field.name.partition(".")
    return sections[section].get(key, field.default)


def choices_of(field: Field, held: Any) -> tuple[str, ...]:
    """With what the use case holds, though the form does not offer it: it stays as it is unless it is changed."""
    return field.choices if held in field.choices else (*field.choices, held)


def sections_of(document: Document, values: Values) -> dict[str, Any]:
    """The use case's sections with the form's values in them. What the form does not ask stays; a default is left out."""
    found = {name: dict(document.get(name) or {}) for name in _DEFAULTS}
    for field in FIELDS:
        section, _, key = field.name.partition(".")
        _put(found[section], key, values[field.name], field.default)
    found["student"]["base"] = values["student.base"]
    private = values[PRIVATE]
    _put(
        found["sft"],
        "dp",
        None if private is None else {**(found["sft"].get("dp") or {}), "epsilon": private},
        None,
    )
    off = values["onpolicy.method"] == OFF
    if off:
        found["onpolicy"].pop("method", None)
    if values["onpolicy.method"] != "distill":
        found["onpolicy"].pop("teacher", None)
    if off or private is not None:
        # A promise to the persons would be void if their records were read again without noise.
        found["onpolicy"]["steps"] = 0
    return found


def _put(section: dict[str, Any], key: str, value: Any, default: Any) -> None:
    if value == default:
        section.pop(key, None)
    else:
        section[key] = value


def save(home: Home, actor: Actor, name: str, values: Values) -> None:
    """Raises ConfigError in one line, and then nothing changes."""
    use_cases.save(home, actor, name, sections_of(use_cases.read(home, name), values))


def start(home: Home, actor: Actor, name: str, values: Values) -> Job:
    """Saves the settings and asks for the run: training and all that comes before and after it, where it is not done yet.

    Raises ConfigError or JobError in one line. Asked twice while one is unfinished it is one job.
    """
    save(home, actor, name, values)
    return jobs.enqueue(home, actor, "run", {"use_case": name}, key=f"run {name}")


def differences(one: Document, other: Document) -> list[tuple[str, Any, Any]]:
    """(label, value of one, value of the other) of the form's fields that differ."""
    a, b = values_of(one), values_of(other)
    labels = {field.name: field.label for field in FIELDS} | {
        "student.base": "Student",
        PRIVATE: "Privacy budget (epsilon)",
    }
    return [(labels[name], a[name], b[name]) for name in labels if a[name] != b[name]]
