"""What is asked of a model, how its answer is read, and what it is worth."""

from __future__ import annotations

from distill.tasks.classify import Classify
from distill.tasks.extract import Extract
from distill.tasks.generate import Generate
from distill.tasks.settings import TaskSettings
from distill.tasks.task import Task, field_names

__all__ = ["Task", "TaskSettings", "make_task"]


def make_task(settings: TaskSettings) -> Task:
    """The task that the settings describe; raises ValueError with the remedy where they contradict themselves."""
    if not field_names(settings.input):
        raise ValueError("task.input names no field, so all records would ask the same: write one as {field}")
    match settings.kind:
        case "classify":
            return Classify(settings)
        case "extract":
            return Extract(settings)
        case "generate":
            return Generate(settings)
