"""The `[onpolicy]` section: how the student learns from its own answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from distill.rewards.settings import RewardSettings


@dataclass(frozen=True)
class OnPolicyTeacherSettings:
    """The `[onpolicy.teacher]` section: who judges the student's tokens."""

    model: str
    """A name from `stillhouse models list`, or a directory; with `url` its name on that server."""
    url: str | None = None
    """A vLLM server that serves it, up to and including `/v1`: it tells the chances of what was sampled and no whole
    distributions. Default: the model is loaded in this process."""
    api_key_env: str | None = None
    """With `url`: the environment variable that holds the key; keys do not belong into this file."""
    tokenizer: str | None = None
    """A model directory with the teacher's tokenizer, where its vocabulary is not the student's: only the chances of
    pieces of text that both cut alike are then compared. Default: it must be the student's."""

    def __post_init__(self) -> None:
        if self.url is None and self.api_key_env is not None:
            raise ValueError("onpolicy.teacher.api_key_env goes with a url only: remove it")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError(
                "onpolicy.teacher.url must begin with http:// or https://, and go up to and including /v1"
            )


@dataclass(frozen=True)
class OnPolicySettings:
    """The `[onpolicy]` section."""

    steps: Annotated[int, Ge(0)] = 12
    """Optimizer steps. 0 leaves on-policy training out."""
    method: Literal["grpo", "rloo", "distill"] = "grpo"
    """`grpo`, `rloo`: a reward judges whole answers. `distill`: `[onpolicy.teacher]` judges each token."""
    prompts_per_step: Annotated[int, Ge(1)] = 4
    """Different records that are answered at a time."""
    group_size: Annotated[int, Ge(1)] = 4
    """Answers a record; a reward is compared with the others of its group, so that `grpo` and `rloo` need two."""
    learning_rate: Annotated[float, Gt(0)] = 5e-5
    """Of AdamW, constant."""
    temperature: Annotated[float, Gt(0)] = 1.0
    """Of the sampling, and of the student that learns."""
    inner_epochs: Annotated[int, Ge(1)] = 1
    """Optimizer steps on the same answers before new ones are sampled."""
    clip_low: Annotated[float, Gt(0), Le(1)] = 0.2
    """How far below 1 a probability ratio still teaches; bites only with inner_epochs over 1."""
    clip_high: Annotated[float, Gt(0)] = 0.2
    """The same above 1."""
    scale_by_std: bool = True
    """`grpo`: whether advantages are divided by their group's standard deviation."""
    beta: Annotated[float, Ge(0), Le(1)] = 1.0
    """`distill`: which divergence from the teacher's distribution: 1 reverse KL, 0 forward KL, Jensen-Shannon between."""
    importance_cap: Annotated[float, Ge(1)] = 2.0
    """Answers that the student would give more often than the sampler count at most so many times."""
    max_mismatch: Annotated[float, Gt(0)] = 0.2
    """Mean distance a token of the sampler's log-probabilities from the student's over which training stops."""
    micro_batch_tokens: Annotated[int, Ge(1)] = 1024
    """Tokens that learn at once: memory and speed, not the result."""
    checkpoint_every_steps: Annotated[int, Ge(1)] = 4
    """A kill loses at most this many steps."""
    seed: int = 7
    """Order of the records and sampling of the answers."""
    rollouts: Literal["in-process", "vllm"] = "in-process"
    """Where answers are sampled: in this process, or on a vLLM server beside it that is given each step's adapter."""
    teacher: OnPolicyTeacherSettings | None = None
    """`[onpolicy.teacher]`, for `distill`."""
    reward: tuple[RewardSettings, ...] = ()
    """`[[onpolicy.reward]]`: what answers earn. Default: what the task pays by itself. `distill` only measures it."""

    def __post_init__(self) -> None:
        if (self.method == "distill") != (self.teacher is not None):
            raise ValueError("method = 'distill' and [onpolicy.teacher] belong together: set both or neither")
        if self.method != "distill" and self.group_size < 2:
            raise ValueError(
                f"method = '{self.method}' compares the answers of a group: set group_size to 2 or more"
            )
        if self.checkpoint_every_steps % self.inner_epochs:
            raise ValueError(
                "checkpoint_every_steps must be a multiple of inner_epochs: a checkpoint holds no answers to go on with"
            )
