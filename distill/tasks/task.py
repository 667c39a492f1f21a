"""What the rest of the house knows of a task, and the parts that all kinds share."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from distill.tasks.settings import TaskSettings
from distill.values import Messages


class Task(Protocol):
    """One kind of question. `value` is a parsed answer; answers travel as text in canonical form."""

    settings: TaskSettings
    primary_metric: str

    def parse(self, text: str) -> Any | None:
        """The value in a model's answer, or None if there is none that obeys the task."""
        ...

    def canonical(self, value: Any) -> str:
        """The one spelling of a value that the student learns; `parse` reads it back."""
        ...

    def score(self, value: Any | None, reference: Any) -> dict[str, float]:
        """Metric name -> [0, 1] for one answer. None (unreadable) scores 0 everywhere."""
        ...

    def reward(self, value: Any | None, reference: Any) -> float:
        """What on-policy training pays for an answer, in [0, 1]: 1 for the reference, 0 for an unreadable one."""
        ...


def field_names(template: str) -> frozenset[str]:
    """The record fields a template asks for; raises ValueError for anything but plain `{name}` holes."""
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            hole = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise ValueError(f"task.input may hold plain {{field}} holes only, not {{{hole}}}")
        names.add(name)
    return frozenset(names)


def render(
    settings: TaskSettings,
    fields: Mapping[str, str],
    *,
    trained: bool = False,
    shots: Sequence[tuple[Mapping[str, str], str]] = (),
) -> Messages:
    """The chat that asks about one record: system message, then worked examples as turns, then the record."""
    system = settings.instructions
    if trained and settings.student_instructions is not None:
        system = settings.student_instructions
    system = system.replace("{labels}", ", ".join(settings.labels))
    messages = [{"role": "system", "content": system}]
    for shot_fields, answer in shots:
        messages.append({"role": "user", "content": settings.input.format_map(shot_fields)})
        messages.append({"role": "assistant", "content": answer})
    messages.append({"role": "user", "content": settings.input.format_map(fields)})
    return messages
