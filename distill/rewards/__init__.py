"""What on-policy training pays for: verifiable rewards, declared with weights in `[[onpolicy.reward]]`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from distill.completer import Completer
from distill.rewards.answer import matches, readable
from distill.rewards.judge import as_good
from distill.rewards.leaks import names_nobody_new
from distill.rewards.numeric import same_number
from distill.rewards.reward import Judge, Reward, Rewarded, RewardScore
from distill.rewards.settings import RewardSettings
from distill.rewards.similarity import shares_words
from distill.rewards.sql import finds_the_same
from distill.tasks import Task
from privacy.scan import Finder

__all__ = ["Reward", "RewardScore", "RewardSettings", "Rewarded", "check_rewards", "make_reward"]

_TASK_KINDS = {
    "label": ("classify",),
    "schema": ("extract",),
    "fields": ("extract",),
    "numeric": ("extract",),
    "sql": ("extract",),
    "similarity": ("extract", "generate"),
}
"""Rewards that make sense for some kinds of task only."""


def check_rewards(settings: Sequence[RewardSettings], task: Task) -> None:
    """Raises ValueError, with the remedy, for rewards that do not go with the task or with each other."""
    names = [reward.name for reward in settings]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"onpolicy.reward: '{name}' stands there twice: remove one, or name another field"
            )
    for reward in settings:
        wanted = _TASK_KINDS.get(reward.kind, (task.settings.kind,))
        if task.settings.kind not in wanted:
            raise ValueError(
                f"onpolicy.reward: kind = '{reward.kind}' does not go with task.kind = '{task.settings.kind}': it needs "
                f"{' or '.join(map(repr, wanted))}; remove it, or take another kind"
            )
        known = (task.settings.json_schema or {}).get("properties", {})
        if reward.field is not None and not known:
            raise ValueError(
                f"onpolicy.reward: field = '{reward.field}' does not go with task.kind = '{task.settings.kind}', whose "
                "answers have no fields: remove it"
            )
        if reward.field is not None and reward.field not in known:
            raise ValueError(
                f"onpolicy.reward: field = '{reward.field}' is not in task.json_schema; there are: {', '.join(known)}"
            )
        if reward.kind == "sql" and reward.field is None:
            raise ValueError(
                "onpolicy.reward: kind = 'sql' needs the field of task.json_schema that holds the query"
            )


def make_reward(
    settings: Sequence[RewardSettings],
    task: Task,
    *,
    base_dir: Path = Path(),
    judge: Completer | None = None,
    detector: Finder | None = None,
) -> Reward:
    """The rewards as one function; what the task pays by itself where none is declared.

    `base_dir`: where the paths of the settings begin. `judge`: who answers for the kind `judge`, at temperature 0, in at
    least 8 tokens. `detector`: who finds personal data for the kind `privacy`. Raises ValueError, with the remedy, where
    the rewards cannot be.
    """
    check_rewards(settings, task)
    if not settings:
        return Reward(((1.0, "task", matches("task", task)),))
    weighted: list[tuple[float, str, Judge]] = []
    on_close: list[Callable[[], None]] = []
    for reward in settings:
        match reward.kind:
            case "label" | "fields":
                single = matches(reward.name, task)
            case "schema":
                single = readable(reward.name, task)
            case "numeric":
                single = same_number(reward, task)
            case "similarity":
                single = shares_words(reward, task)
            case "sql":
                single, end = finds_the_same(reward, task, base_dir)
                on_close.append(end)
            case "judge":
                if judge is None:
                    raise ValueError("onpolicy.reward: kind = 'judge' needs a model to ask: none is given")
                single = as_good(reward, task, judge)
            case "privacy":
                if detector is None:
                    raise ValueError(
                        "onpolicy.reward: kind = 'privacy' needs the detector's models: see [detector]"
                    )
                single = names_nobody_new(reward, task, detector)
        weighted.append((reward.weight, reward.name, single))
    return Reward(tuple(weighted), tuple(on_close))
