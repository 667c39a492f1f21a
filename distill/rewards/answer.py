"""Rewards that read the answer as the task does: the label, the fields, or only that it can be read."""

from __future__ import annotations

from distill.rewards.reward import Judge, RewardScore
from distill.tasks import Task
from distill.values import Example


def matches(name: str, task: Task) -> Judge:
    """What the task itself pays against the teacher's answer (`Task.reward`)."""

    def judge(example: Example, completion: str) -> RewardScore:
        reference = None if example.answer is None else task.parse(example.answer)
        if reference is None:
            return RewardScore(name, None, "the teacher has no answer")
        return RewardScore(name, task.reward(task.parse(completion), reference))

    return judge


def readable(name: str, task: Task) -> Judge:
    """1 for JSON under the task's schema."""

    def judge(example: Example, completion: str) -> RewardScore:
        return RewardScore(name, float(task.parse(completion) is not None))

    return judge
