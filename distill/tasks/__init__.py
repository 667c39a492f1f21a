"""What is asked of a model, how its answer is read, and what it is worth."""

from __future__ import annotations

from distill.tasks.classify import Classify
from distill.tasks.extract import Extract
from distill.tasks.settings import TaskSettings
from distill.tasks.task import Task

__all__ = ["Task", "TaskSettings", "make_task"]


def make_task(settings: TaskSettings) -> Task:
    """The task that the settings describe; raises ValueError with the remedy where they contradict themselves."""
    if settings.kind == "classify":
        return Classify(settings)
    return Extract(settings)
