"""The objectives are what their papers say: by hand, by finite differences, and by TRL on the same tensors."""

from __future__ import annotations

import math
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from distill.objectives import (
    NEGLIGIBLE,
    clipped_policy_loss,
    generalised_jsd,
    group_advantages,
    leave_one_out_advantages,
    mismatch,
    sampled_reverse_kl_advantages,
    truncated_importance,
)

NAN = math.nan


def noise(*shape: int, seed: int = 0, scale: float = 1.0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def close(found: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(
        torch.as_tensor(found, dtype=torch.float64),
        torch.as_tensor(wanted, dtype=torch.float64),
        rtol=tolerance,
        atol=tolerance,
    )


# --- advantages -----------------------------------------------------------------------------------------------------


def test_an_answer_is_compared_with_its_own_group() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.5, 0.5], [0.0, 1.0, NAN, NAN]])
    close(
        group_advantages(rewards, scale_by_std=False),
        [[0.75, -0.25, -0.25, -0.25], [0.0] * 4, [-0.5, 0.5, 0.0, 0.0]],
    )
    scaled = group_advantages(rewards, scale_by_std=True)
    close(scaled[0], torch.tensor([0.75, -0.25, -0.25, -0.25]) / (0.5 + 1e-4))
    close(scaled[1], [0.0] * 4)
    close(scaled[2], torch.tensor([-0.5, 0.5, 0.0, 0.0]) / (math.sqrt(0.5) + 1e-4))


def test_the_baseline_leaves_the_answer_itself_out() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.5], [1.0, NAN, 0.0, NAN], [0.7, NAN, NAN, NAN]])
    close(
        leave_one_out_advantages(rewards),
        [[1 - 0.5 / 3, -0.5, -0.5, 0.5 - 1 / 3], [1.0, 0.0, -1.0, 0.0], [0.0] * 4],
    )


def test_a_group_that_nobody_judged_teaches_nothing() -> None:
    unjudged = torch.full((1, 3), NAN)
    close(group_advantages(unjudged, scale_by_std=True), [[0.0] * 3])
    close(leave_one_out_advantages(unjudged), [[0.0] * 3])


def test_advantages_of_equal_rewards_are_0_but_for_rounding() -> None:
    """Answers with less than `NEGLIGIBLE` are left out of a step."""
    for value in (0.0, 1.0, 0.3, 1 / 3):
        rewards = torch.full((2, 7), value, dtype=torch.float64)
        assert leave_one_out_advantages(rewards).abs().max() < NEGLIGIBLE
        assert group_advantages(rewards, scale_by_std=True).abs().max() < NEGLIGIBLE


# --- the policy gradient --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "slope"),
    [
        (1.0, 2.0, -2.0, -2.0),
        (1.1, 2.0, -2.2, -2.2),
        (1.3, 2.0, -2.4, 0.0),  # good, and already likelier than the range: no further
        (1.3, -2.0, 2.6, 2.6),  # bad and likelier: back
        (0.7, -2.0, 1.6, 0.0),
        (0.7, 2.0, -1.4, -1.4),
    ],
)
def test_a_ratio_out_of_its_range_teaches_only_the_way_back(
    ratio: float, advantage: float, loss: float, slope: float
) -> None:
    logprobs = torch.tensor([math.log(ratio)], dtype=torch.float64, requires_grad=True)
    found = clipped_policy_loss(
        logprobs, torch.zeros(1, dtype=torch.float64), torch.tensor([advantage]), 0.2, 0.2
    )
    found.sum().backward()
    close(found, [loss])
    close(logprobs.grad, [slope])


def test_the_importance_weight_has_a_cap_and_no_gradient() -> None:
    trainer = torch.tensor([0.0, 1.0, -1.0], requires_grad=True)
    weights = truncated_importance(trainer, torch.zeros(3), 2.0)
    close(weights, [1.0, 2.0, math.exp(-1)])
    assert not weights.requires_grad


# --- divergences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
def test_the_divergence_is_0_only_for_equals_and_never_negative(beta: float) -> None:
    student, teacher = noise(20, 9).log_softmax(-1), noise(20, 9, seed=1).log_softmax(-1)
    assert (generalised_jsd(student, teacher, beta) > 0.01).all()
    close(generalised_jsd(student, student, beta), [0.0] * 20, 1e-12)


def test_the_ends_of_the_divergence_are_forward_and_reverse_kl() -> None:
    student, teacher = noise(20, 9).log_softmax(-1), noise(20, 9, seed=1).log_softmax(-1)
    close(generalised_jsd(student, teacher, 0.0), (teacher.exp() * (teacher - student)).sum(-1))
    close(generalised_jsd(student, teacher, 1.0), (student.exp() * (student - teacher)).sum(-1))
    close(generalised_jsd(student, teacher, 0.5), generalised_jsd(teacher, student, 0.5))


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
def test_gradients_of_the_divergence_are_those_of_finite_differences(beta: float) -> None:
    teacher = noise(3, 5, seed=1).log_softmax(-1)
    logits = noise(3, 5).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda each: generalised_jsd(each.log_softmax(-1), teacher, beta), (logits,)
    )


@pytest.mark.parametrize("shift", [0.0, 0.1, -0.1])
def test_gradients_of_the_policy_loss_are_those_of_finite_differences(shift: float) -> None:
    logits, said = noise(6, 5).requires_grad_(), torch.tensor([0, 1, 2, 3, 4, 0])
    old = logits.detach().log_softmax(-1)[torch.arange(6), said] + shift
    advantages = noise(6, seed=2)

    def loss(each: Any) -> Any:
        return clipped_policy_loss(each.log_softmax(-1)[torch.arange(6), said], old, advantages, 0.2, 0.3)

    assert torch.autograd.gradcheck(loss, (logits,))


# --- a teacher of sampled tokens ------------------------------------------------------------------------------------


def of_samples(gap: float, baseline: bool, draws: int = 400) -> tuple[float, float]:
    """(squared distance of the mean estimate from the true gradient, variance), both over its squared length."""
    places, vocabulary = 64, 50
    logits = noise(places, vocabulary, scale=2.0)
    teacher = (logits + noise(places, vocabulary, seed=1, scale=gap)).log_softmax(-1)
    student = logits.requires_grad_().log_softmax(-1)
    (true,) = torch.autograd.grad(generalised_jsd(student, teacher, 1.0).sum(), logits)
    student = student.detach()
    generator = torch.Generator().manual_seed(2)
    owner = torch.arange(places) // 4  # answers of four tokens
    total, squares = torch.zeros_like(true), 0.0
    for _ in range(draws):
        said = torch.multinomial(student.exp(), 1, generator=generator)
        ours, theirs = student.gather(1, said)[:, 0], teacher.gather(1, said)[:, 0]
        worth = sampled_reverse_kl_advantages(ours, theirs, owner) if baseline else theirs - ours
        estimate = -worth[:, None] * (torch.zeros_like(true).scatter(1, said, 1.0) - student.exp())
        total += estimate / draws
        squares += float((estimate - true).square().sum()) / draws
    length = float(true.square().sum())
    return float((total - true).square().sum()) / length, squares / length


@pytest.mark.slow
def test_the_policy_gradient_of_sampled_tokens_is_that_of_the_reverse_kl() -> None:
    bias, variance = of_samples(1.0, baseline=True)
    assert bias < 1.5 * variance / 400  # what the mean of so many is off by chance


@pytest.mark.slow
def test_the_baseline_takes_variance_far_from_the_teacher_and_none_near_it() -> None:
    far, near = (of_samples(gap, True)[1] / of_samples(gap, False)[1] for gap in (2.0, 0.05))
    assert far < 0.75 and near == pytest.approx(1.0, abs=0.05)


def test_a_token_that_the_teacher_cannot_place_teaches_nothing_and_counts_in_no_baseline() -> None:
    ours, theirs = torch.tensor([-1.0, -1.0, -2.0, -3.0]), torch.tensor([-2.0, NAN, -1.0, -1.0])
    owner = torch.tensor([0, 0, 1, 2])
    # gaps -1, none, 1, 2; the others' means 1.5, -, 0.5, 0
    close(sampled_reverse_kl_advantages(ours, theirs, owner), [-2.5, 0.0, 0.5, 2.0])
    close(sampled_reverse_kl_advantages(ours[:1], theirs[:1], owner[:1]), [-1.0])


# --- the mismatch ---------------------------------------------------------------------------------------------------


def test_the_mismatch_is_told_by_mean_and_most_and_divergence() -> None:
    found = mismatch(torch.tensor([-1.0, -2.0]), torch.tensor([-1.0, -2.5]))
    assert (found.mean_abs, found.max_abs) == (0.25, 0.5)
    assert found.kl == pytest.approx((math.exp(-0.5) - 1 + 0.5) / 2)
    assert math.isnan(mismatch(torch.tensor([-1.0]), torch.tensor([NAN])).mean_abs)


def test_the_estimated_divergence_is_the_true_one_in_the_mean() -> None:
    sampler, trainer = noise(1, 9).log_softmax(-1), noise(1, 9, seed=1, scale=0.9).log_softmax(-1)
    true = float((sampler.exp() * (sampler - trainer)).sum())
    said = torch.multinomial(
        sampler[0].exp(), 200_000, replacement=True, generator=torch.Generator().manual_seed(3)
    )
    assert mismatch(sampler[0, said], trainer[0, said]).kl == pytest.approx(true, rel=0.05)


# --- as TRL computes them -------------------------------------------------------------------------------------------


class Everything(SimpleNamespace):
    """Stands for the parts of a trainer that only write its metrics."""

    def __getattr__(self, name: str) -> Any:
        return lambda tensor, **_: tensor


def trl_trainer(logprobs: Any, **settings: Any) -> Any:
    return SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logprobs, torch.zeros_like(logprobs), None),
        accelerator=Everything(num_processes=1, sync_gradients=True),
        args=SimpleNamespace(delta=None, steps_per_generation=1),
        model=SimpleNamespace(training=True),
        current_gradient_accumulation_steps=1,
        aux_loss_enabled=False,
        beta=0.0,
        epsilon_low=0.2,
        epsilon_high=0.28,
        _metrics={"train": defaultdict(list)},
        **settings,
    )


def answers() -> tuple[Any, Any, Any, Any]:
    """(log-probabilities now, before, by the sampler, mask), all (6, 5), of answers of different length."""
    now = noise(6, 5, scale=0.3) - 1
    mask = (torch.arange(5)[None] < torch.tensor([5, 1, 3, 2, 4, 5])[:, None]).double()
    return now, now + noise(6, 5, seed=1, scale=0.3), now + noise(6, 5, seed=2, scale=0.5), mask


def trl_inputs(mask: Any, advantages: Any, **others: Any) -> dict[str, Any]:
    ids = torch.zeros(6, 5, dtype=torch.long)
    return {
        "prompt_ids": ids,
        "prompt_mask": torch.ones_like(ids),
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": advantages,
        "num_items_in_batch": mask.sum(),
        **others,
    }


@pytest.mark.slow
def test_the_group_loss_and_its_gradient_are_trls() -> None:
    from trl import GRPOTrainer

    now, before, sampler, mask = answers()
    rewards = noise(2, 3, seed=3)
    advantages = group_advantages(rewards, scale_by_std=True).flatten()
    weights = truncated_importance(before, sampler, 2.0)
    theirs_of, ours_of = now.clone().requires_grad_(), now.clone().requires_grad_()
    trainer = trl_trainer(
        theirs_of,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        importance_sampling_level="token",
        loss_type="dapo",
        use_vllm=True,
        vllm_importance_sampling_correction=True,
        _entropy_bonus_enabled=False,
    )
    inputs = trl_inputs(mask, advantages, old_per_token_logps=before, importance_sampling_ratio=weights)
    theirs = GRPOTrainer._compute_loss(trainer, None, inputs)
    losses = weights * clipped_policy_loss(ours_of, before, advantages[:, None], 0.2, 0.28)
    ours = (losses * mask).sum() / mask.sum()
    close(ours, theirs)
    ours.backward()
    theirs.backward()
    close(ours_of.grad, theirs_of.grad)
    assert theirs_of.grad.abs().max() > 0.01


@pytest.mark.slow
def test_the_leave_one_out_loss_and_its_gradient_are_trls() -> None:
    from trl import RLOOTrainer

    now, before, _, mask = answers()
    advantages = leave_one_out_advantages(noise(2, 3, seed=3)).flatten()
    theirs_of, ours_of = now.clone().requires_grad_(), now.clone().requires_grad_()
    old = (before * mask).sum(1)
    theirs = RLOOTrainer._compute_loss(
        trl_trainer(theirs_of), None, trl_inputs(mask, advantages, old_logps=old)
    )
    ours = clipped_policy_loss((ours_of * mask).sum(1), old, advantages, 0.2, 0.28).mean()
    close(ours, theirs)
    ours.backward()
    theirs.backward()
    close(ours_of.grad, theirs_of.grad)
    assert theirs_of.grad.abs().max() > 0.01


@pytest.mark.slow
def test_standard_deviations_of_groups_are_trls() -> None:
    from trl.trainer.utils import nanstd

    rewards = torch.tensor([[0.1, 0.5, NAN, 0.9], [1.0, 0.0, 0.0, 0.0]])
    centred = rewards - rewards.nanmean(dim=1, keepdim=True)
    wanted = torch.nan_to_num(centred / (nanstd(rewards, dim=1, keepdim=True) + 1e-4), nan=0.0)
    close(group_advantages(rewards, scale_by_std=True), wanted)


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_the_divergence_and_its_gradient_are_trls(beta: float) -> None:
    from trl.experimental.gkd import GKDTrainer

    teacher, labels = noise(2, 4, 11, seed=1), torch.tensor([[-100, 1, 2, 3], [-100, -100, 4, 5]])
    theirs_of, ours_of = noise(2, 4, 11).requires_grad_(), noise(2, 4, 11).requires_grad_()
    theirs = GKDTrainer.generalized_jsd_loss(theirs_of, teacher, labels, beta=beta, temperature=0.7)
    at = labels != -100
    student = (ours_of[at] / 0.7).log_softmax(-1)
    ours = generalised_jsd(student, (teacher[at] / 0.7).log_softmax(-1), beta).sum() / at.sum()
    close(ours, theirs)
    ours.backward()
    theirs.backward()
    close(ours_of.grad, theirs_of.grad)
    assert theirs_of.grad.abs().max() > 0.01
