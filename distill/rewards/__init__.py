"""What on-policy training pays for: verifiable rewards, declared with weights in `[[onpolicy.reward]]`."""

from __future__ import annotations

from collections.abc import Sequence

from distill.rewards.answer import matches, readable
from distill.rewards.reward import Judge, Reward, Rewarded, RewardScore
from distill.rewards.settings import RewardSettings
from distill.tasks import Task

__all__ = ["Reward", "RewardScore", "RewardSettings", "Rewarded", "check_rewards", "make_reward"]

_TASK_KIND = {
    "label": "classify",
    "schema": "extract",
    "fields": "extract",
    "numeric": "extract",
    "sql": "extract",
    "similarity": "extract",
}
"""Rewards that make sense for one kind of task only."""


def check_rewards(settings: Sequence[RewardSettings], task: Task) -> None:
    """Raises ValueError, with the remedy, for rewards that do not go with the task or with each other."""
    names = [reward.name for reward in settings]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"onpolicy.reward: '{name}' stands there twice: remove one, or name another field"
            )
    for reward in settings:
        wanted = _TASK_KIND.get(reward.kind, task.settings.kind)
        if wanted != task.settings.kind:
            raise ValueError(
                f"onpolicy.reward: kind = '{reward.kind}' does not go with task.kind = '{task.settings.kind}': it needs "
                f"'{wanted}'; remove it, or take another kind"
            )
        known = (task.settings.json_schema or {}).get("properties", {})
        if reward.field is not None and reward.field not in known:
            raise ValueError(
                f"onpolicy.reward: field = '{reward.field}' is not in task.json_schema; there are: {', '.join(known)}"
            )
        if reward.kind == "sql" and reward.field is None:
            raise ValueError(
                "onpolicy.reward: kind = 'sql' needs the field of task.json_schema that holds the query"
            )


def make_reward(settings: Sequence[RewardSettings], task: Task) -> Reward:
    """The rewards as one function; what the task pays by itself where none is declared.

    Raises ValueError, with the remedy, where they cannot be (`check_rewards`).
    """
    check_rewards(settings, task)
    if not settings:
        return Reward(((1.0, "task", matches("task", task)),))
    return Reward(tuple((reward.weight, reward.name, _judge(reward, task)) for reward in settings))


def _judge(reward: RewardSettings, task: Task) -> Judge:
    if reward.kind in ("label", "fields"):
        return matches(reward.name, task)
    if reward.kind == "schema":
        return readable(reward.name, task)
    raise NotImplementedError(reward.kind)
