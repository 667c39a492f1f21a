"""What on-policy training minimises: advantages, losses and divergences as pure functions of tensors.

Losses are given a token or a sequence; the caller adds them up and divides by the whole step's number of tokens or
sequences, so that a step cut into parts is the same step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

STD_FLOOR = 1e-4
"""Added to a group's standard deviation; TRL's constant."""
NEGLIGIBLE = 1e-9
"""An advantage of less is that of equal rewards, rounded: it teaches nothing."""


def group_advantages(rewards: Any, *, scale_by_std: bool) -> Any:
    """Each reward against the mean of its group, shape (groups, answers); NaN (not judged) counts nowhere and gets 0.

    With `scale_by_std` divided by the group's standard deviation (GRPO, Shao et al. 2024, arXiv 2402.03300, eq. 3).
    That weighs questions which are nearly always or nearly never answered more than the others; without it there is
    no such bias (Liu et al. 2025, Dr. GRPO, arXiv 2503.20783).
    """
    import torch

    centred = rewards - rewards.nanmean(dim=1, keepdim=True)
    if scale_by_std:
        judged = (~rewards.isnan()).sum(dim=1, keepdim=True)
        variance = centred.square().nansum(dim=1, keepdim=True) / (judged - 1).clamp(min=1)
        centred = centred / (variance.sqrt() + STD_FLOOR)
    return torch.nan_to_num(centred, nan=0.0)


def leave_one_out_advantages(rewards: Any) -> Any:
    """Each reward against the mean of the others of its group, shape (groups, answers); NaN gets 0, as does a lone one.

    RLOO (Ahmadian et al. 2024, arXiv 2402.14740): a baseline that does not depend on the answer leaves the gradient
    unbiased.
    """
    import torch

    others = (~rewards.isnan()).sum(dim=1, keepdim=True) - 1
    baseline = (rewards.nansum(dim=1, keepdim=True) - rewards) / others
    return torch.nan_to_num(rewards - baseline, nan=0.0, posinf=0.0, neginf=0.0)


def clipped_policy_loss(
    logprobs: Any, old_logprobs: Any, advantages: Any, clip_low: float, clip_high: float
) -> Any:
    """-min(r·A, clip(r, 1 - clip_low, 1 + clip_high)·A), r = exp(logprobs - old_logprobs), same shape as its inputs.

    PPO's objective (Schulman et al. 2017, arXiv 1707.06347, eq. 7), with a range of its own to each side (DAPO, Yu et
    al. 2025, arXiv 2503.14476). For tokens, or for the sums over whole answers.
    """
    import torch

    ratio = (logprobs - old_logprobs).exp()
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - clip_low, 1 + clip_high) * advantages)


def truncated_importance(trainer_logprobs: Any, sampler_logprobs: Any, cap: float) -> Any:
    """min(p_trainer / p_sampler, cap) of each sampled token, without a gradient.

    Corrects for answers that were drawn by weights or kernels other than those that learn (Yao et al. 2025, "Your
    efficient RL framework secretly brings you off-policy RL training"); the cap bounds the variance.
    """
    return (trainer_logprobs.detach() - sampler_logprobs).exp().clamp(max=cap)


def generalised_jsd(student_logprobs: Any, teacher_logprobs: Any, beta: float) -> Any:
    """Divergence of two distributions over the vocabulary, shape (tokens, vocabulary) -> (tokens,).

    beta·KL(teacher‖m) + (1 - beta)·KL(student‖m) with m = beta·teacher + (1 - beta)·student (GKD, Agarwal et al. 2024,
    arXiv 2306.13649, eq. 1). By convention, as in TRL, the ends are KL(teacher‖student) for 0 (forward) and
    KL(student‖teacher) for 1 (reverse).
    """
    import torch

    def kl(p: Any, q: Any) -> Any:
        return torch.nn.functional.kl_div(q, p, reduction="none", log_target=True).sum(dim=-1)

    if beta == 0:
        return kl(teacher_logprobs, student_logprobs)
    if beta == 1:
        return kl(student_logprobs, teacher_logprobs)
    mixture = torch.logaddexp(student_logprobs + math.log1p(-beta), teacher_logprobs + math.log(beta))
    return beta * kl(teacher_logprobs, mixture) + (1 - beta) * kl(student_logprobs, mixture)


def sampled_reverse_kl_advantages(sampled_logprobs: Any, teacher_logprobs: Any, owner: Any) -> Any:
    """log p_teacher - log p_student of each sampled token, less its mean over the other answers' tokens; all (tokens,).

    A policy gradient with it is, in expectation over the token, that of KL(student‖teacher) at its place: for a
    teacher that tells only what was sampled. Places do not answer for later ones (a discount of 0). `owner` numbers the
    answers from 0. A baseline from other answers leaves the gradient unbiased and, by tests/distill/test_objectives.py,
    takes a third of its variance at 1 nat a token, and nothing near the teacher. NaN, a token without a figure, counts
    nowhere and gets 0.
    """
    import torch

    gap = teacher_logprobs - sampled_logprobs
    known = ~gap.isnan()
    gap = torch.nan_to_num(gap, nan=0.0)

    def by_answer(values: Any) -> Any:
        sums = torch.zeros(int(owner.max()) + 1, dtype=values.dtype, device=values.device)
        return sums.index_add(0, owner, values)

    sums, counts = by_answer(gap), by_answer(known.to(gap.dtype))
    baseline = (sums.sum() - sums) / (counts.sum() - counts).clamp(min=1)
    return torch.where(known, gap - baseline[owner], 0.0)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How far the sampler's log-probabilities of its own tokens are from the trainer's, before the step."""

    mean_abs: float
    max_abs: float
    kl: float
    """KL(sampler‖trainer) estimated as the mean of r - 1 - log r (Schulman's k3), never negative."""


def mismatch(sampler_logprobs: Any, trainer_logprobs: Any) -> Mismatch:
    """Over all sampled tokens, shape (tokens,) each; not a number where one of them is not."""
    gap = (trainer_logprobs - sampler_logprobs).double()
    return Mismatch(float(gap.abs().mean()), float(gap.abs().max()), float((gap.exp() - 1 - gap).mean()))
