"""One step of on-policy training: answers are sampled, judged, and their gradients left on the student."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from distill.guards import check_mismatch
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
from distill.onpolicy_settings import OnPolicySettings
from distill.packing import PackedRow, answer_logits, check_packable, pack, packable_parts
from distill.rewards import Rewarded
from distill.rollouts import Rollout, Sampler
from distill.token_teacher import TokenScores, TokenTeacher
from distill.training import TrainingError
from distill.values import Example

Reward = Callable[[Example, str], Rewarded]
"""(record, the student's text) -> what it earns."""
Asked = tuple[Sequence[int], Example]
"""A prompt's token ids, and the record that it asks about."""


@dataclass(slots=True)
class Batch:
    """The answers of a step and what they are worth."""

    rollouts: list[Rollout]
    advantages: list[list[float]] | None
    """One a token, by rollout; None where a teacher's distributions are compared."""
    told: dict[str, float | None]
    """For the metrics."""
    old: dict[int, Any] = field(default_factory=dict)
    """Log-probabilities (tokens,) of each part before its first step, by the part's first rollout."""
    scores: dict[int, list[TokenScores]] = field(default_factory=dict)
    """The teacher's, by the part's first rollout, kept only for inner epochs."""


_SHOWN = 3
"""Records of a step whose first answer is kept to be looked at."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as the student gave it while it learnt."""

    record_id: str
    text: str
    reward: float | None
    """None where it could not be judged."""


class OnPolicyStep:
    """What one step computes: `step(n)` leaves its gradients on the student and returns its metrics.

    A function of the weights, the seed and `n` alone, with one exception: with `inner_epochs` answers are used again.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        sampler: Sampler,
        questions: Sequence[Asked],
        reward: Reward,
        teacher: TokenTeacher | None,
        max_answer_tokens: int,
        settings: OnPolicySettings,
    ) -> None:
        """Raises TrainingError, with the remedy, for what cannot be."""
        if len(questions) < settings.prompts_per_step:
            raise TrainingError(
                f"{len(questions)} training records are too few for onpolicy.prompts_per_step = {settings.prompts_per_step}"
            )
        self._model = model
        self._network = model.get_base_model() if hasattr(model, "get_base_model") else model
        # Without dropout, wherever a model has some: sampler and student must be the same function.
        self._network.eval()
        check_packable(self._network.config, max(len(ids) for ids, _ in questions) + max_answer_tokens)
        if (
            teacher is not None
            and not teacher.distributions
            and (settings.temperature, settings.beta) != (1, 1)
        ):
            raise TrainingError(
                f"the teacher {teacher.name} tells the sampled tokens' probabilities only: that is the reverse KL at "
                "temperature 1; set onpolicy.beta and onpolicy.temperature to 1"
            )
        self._tokenizer = tokenizer
        self._sampler = sampler
        self._questions = questions
        self._reward = reward
        self._teacher = teacher
        self._max_answer_tokens = max_answer_tokens
        self._settings = settings
        self._batch: Batch | None = None
        self.shown: list[Shown] = []
        """Some of the answers of the last step that asked for any."""

    def step(self, n: int) -> dict[str, float]:
        """The n-th step, from 1; what was not measured is absent. Raises TrainingError for samplers that do not follow."""
        if (n - 1) % self._settings.inner_epochs == 0:
            self._batch = self._gather(n)
        assert self._batch is not None, "checkpoints lie between batches"
        learning = time.monotonic()
        told = self._batch.told | self._learn(self._batch, n)
        told["seconds_learn"] = time.monotonic() - learning
        return {name: value for name, value in told.items() if value is not None}

    # --- answers and their worth --------------------------------------------------------------------------------------

    def _gather(self, n: int) -> Batch:
        settings = self._settings
        drawn = drawn_questions(len(self._questions), settings, n)
        asked = [self._questions[index] for index in drawn]
        begun = time.monotonic()
        self._sampler.follow(self._model)
        groups = self._sampler.sample(
            [ids for ids, _ in asked],
            settings.group_size,
            self._max_answer_tokens,
            settings.temperature,
            settings.seed * 1_000_003 + n,
        )
        sampled = time.monotonic()
        rollouts = [rollout for group in groups for rollout in group]
        records = [record for _, record in asked for _ in range(settings.group_size)]
        texts = [text_of(self._tokenizer, rollout) for rollout in rollouts]
        earned = [self._reward(record, text) for record, text in zip(records, texts, strict=True)]
        firsts = range(0, len(rollouts), settings.group_size)[:_SHOWN]
        self.shown = [Shown(records[at].record_id, texts[at], earned[at].value) for at in firsts]
        told = _lengths(rollouts) | _rewards(earned)
        told["seconds_sample"] = sampled - begun
        told["tokens_a_second"] = told["tokens"] / (sampled - begun)
        if self._teacher is None:
            worth = self._advantages(earned)
            advantages = [[value] * len(each.answer_ids) for value, each in zip(worth, rollouts, strict=True)]
            batch = Batch(rollouts, advantages, told)
        elif self._teacher.distributions:
            batch = Batch(rollouts, None, told)
        else:
            batch = Batch(rollouts, *self._token_advantages(self._teacher, rollouts, told))
        told["seconds_score"] = time.monotonic() - sampled
        return batch

    def _token_advantages(
        self, teacher: TokenTeacher, rollouts: Sequence[Rollout], told: dict[str, float | None]
    ) -> tuple[list[list[float]], dict[str, float | None]]:
        import torch

        lengths = torch.tensor([len(rollout.answer_ids) for rollout in rollouts])
        owner = torch.arange(len(rollouts)).repeat_interleave(lengths)
        sampled = torch.tensor([value for rollout in rollouts for value in rollout.logprobs])
        scores = teacher.score(rollouts)
        said = torch.tensor(
            [float("nan") if value is None else value for score in scores for value in score.logprobs]
        )
        advantages = sampled_reverse_kl_advantages(sampled, said, owner)
        told = told | {"kl": float((sampled - said).nanmean())}
        return [list(part.tolist()) for part in advantages.split(lengths.tolist())], told

    def _advantages(self, earned: Sequence[Rewarded]) -> list[float]:
        """One an answer."""
        import torch

        values = [float("nan") if each.value is None else each.value for each in earned]
        rewards = torch.tensor(values, dtype=torch.float64).view(-1, self._settings.group_size)
        if self._settings.method == "rloo":
            return list(leave_one_out_advantages(rewards).flatten().tolist())
        advantages = group_advantages(rewards, scale_by_std=self._settings.scale_by_std)
        return list(advantages.flatten().tolist())

    # --- learning -----------------------------------------------------------------------------------------------------

    def _learn(self, batch: Batch, n: int) -> dict[str, float | None]:
        """Gradients of the whole step, part by part."""
        import torch

        rollouts = batch.rollouts
        if batch.advantages is not None:
            # Where all answers of a group earned the same there is no gradient, so nothing need be computed for it.
            teaching = [
                number
                for number, values in enumerate(batch.advantages)
                if any(abs(value) > NEGLIGIBLE for value in values)
            ]
        else:
            teaching = list(range(len(rollouts)))
        num_tokens = sum(len(rollout.answer_ids) for rollout in rollouts)
        # Tokens weigh the same, in short answers and in long: divided by its own length, a long wrong answer would be
        # punished less a token than a short one (Dr. GRPO). RLOO's action is the whole answer.
        count = len(rollouts) if self._settings.method == "rloo" else num_tokens
        parts = packable_parts([rollouts[number] for number in teaching], self._settings.micro_batch_tokens)
        total, ours, theirs, divergence = 0.0, [], [], 0.0
        for part in parts:
            numbers = [teaching[place] for place in part]
            row = pack([rollouts[number] for number in numbers], self._network.device)
            logits = answer_logits(self._network, row) / self._settings.temperature
            sampled = torch.tensor(
                [value for number in numbers for value in rollouts[number].logprobs], device=logits.device
            )
            if batch.advantages is None:
                loss, old, gap = self._distil(batch, numbers, row, logits, sampled)
                divergence += gap
            else:
                loss, old = self._reinforce(batch, numbers, row, logits, sampled)
            ours.append(old)
            theirs.append(sampled)
            (loss / count).backward()
            total += float(loss.detach()) / count
        told: dict[str, float | None] = {"loss": total, "answers_that_teach": len(teaching)}
        if batch.advantages is None:
            told["kl"] = divergence / num_tokens
        if ours:
            found = mismatch(torch.cat(theirs), torch.cat(ours))
            check_mismatch(found, self._settings.max_mismatch, n)
            told |= {
                "mismatch": found.mean_abs,
                "mismatch_max": found.max_abs,
                "mismatch_kl": found.kl,
            }
        return told

    def _reinforce(
        self, batch: Batch, numbers: Sequence[int], row: PackedRow, logits: Any, sampled: Any
    ) -> tuple[Any, Any]:
        """(sum of the losses, log-probabilities before the first step on these answers)."""
        import torch

        assert batch.advantages is not None
        logprobs = logits.log_softmax(dim=-1)[row.predicted_at, row.targets]
        old = batch.old.setdefault(numbers[0], logprobs.detach())
        weights = truncated_importance(old, sampled, self._settings.importance_cap)
        worth = [batch.advantages[number] for number in numbers]
        advantages = torch.tensor([value for values in worth for value in values], device=logits.device)
        if self._settings.method == "rloo":

            def of_answers(values: Any) -> Any:
                return torch.zeros(len(numbers), device=values.device).index_add(0, row.owner, values)

            cap = self._settings.importance_cap
            logprobs, before = of_answers(logprobs), of_answers(old)
            weights = truncated_importance(before, of_answers(sampled), cap)
            advantages = torch.tensor([values[0] for values in worth], device=logits.device)
        else:
            before = old
        clip_low, clip_high = self._settings.clip_low, self._settings.clip_high
        return (weights * clipped_policy_loss(logprobs, before, advantages, clip_low, clip_high)).sum(), old

    def _distil(
        self, batch: Batch, numbers: Sequence[int], row: PackedRow, logits: Any, sampled: Any
    ) -> tuple[Any, Any, float]:
        """(sum of the divergences, as above, sum of log p_student - log p_teacher of what was sampled)."""
        import torch

        assert self._teacher is not None
        settings = self._settings
        scores = batch.scores.get(numbers[0])
        if scores is None:
            scores = self._teacher.score([batch.rollouts[number] for number in numbers])
            if settings.inner_epochs > 1:
                batch.scores[numbers[0]] = scores
        teacher = torch.cat([score.distribution for score in scores]) / settings.temperature
        # Some families pad the vocabulary of their larger models further.
        width = min(teacher.shape[-1], logits.shape[-1])
        teacher = teacher[:, :width].log_softmax(dim=-1)
        student = logits[:, :width].log_softmax(dim=-1)[row.predicted_at]
        logprobs = student.detach().gather(1, row.targets[:, None])[:, 0]
        gap = logprobs - teacher.gather(1, row.targets[:, None])[:, 0]
        old = batch.old.setdefault(numbers[0], logprobs)
        return generalised_jsd(student, teacher, settings.beta).sum(), old, float(gap.sum())


def rewards_of(
    sampler: Sampler,
    tokenizer: Any,
    questions: Sequence[Asked],
    reward: Reward,
    max_answer_tokens: int,
    settings: OnPolicySettings,
) -> list[float | None]:
    """What one sampled answer to each question earns; by the same chances at each call."""
    prompts = [ids for ids, _ in questions]
    groups = sampler.sample(prompts, 1, max_answer_tokens, settings.temperature, settings.seed)
    return [
        reward(record, text_of(tokenizer, answer)).value
        for (_, record), (answer,) in zip(questions, groups, strict=True)
    ]


def drawn_questions(count: int, settings: OnPolicySettings, n: int) -> list[int]:
    """Whose turn it is at step n: passes over all records, each in an order of its own."""
    first = (n - 1) // settings.inner_epochs * settings.prompts_per_step
    places = range(first, first + settings.prompts_per_step)
    return [_order(count, settings.seed, place // count)[place % count] for place in places]


@functools.lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> tuple[int, ...]:
    return tuple(random.Random(f"{seed}:{epoch}").sample(range(count), count))


def text_of(tokenizer: Any, rollout: Rollout) -> str:
    """The answer as whoever asked would read it."""
    return str(tokenizer.decode(list(rollout.answer_ids), skip_special_tokens=True))


def _lengths(rollouts: Sequence[Rollout]) -> dict[str, Any]:
    lengths = [len(rollout.answer_ids) for rollout in rollouts]
    return {
        "examples": len(rollouts),
        "tokens": sum(lengths),
        "length_mean": sum(lengths) / len(lengths),
        "length_max": max(lengths),
        "finished": sum(rollout.finished for rollout in rollouts) / len(rollouts),
    }


def _rewards(earned: Sequence[Rewarded]) -> dict[str, float | None]:
    """The mean, and that of each part as `reward/<name>`; None where nothing was judged. `unjudged/<name>` is the fraction
    of answers that a part could not judge, where there are any: a judge that contradicts itself is seen there."""

    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    parts = {f"reward/{name}": mean([each.parts[name] for each in earned]) for name in earned[0].parts}
    unjudged = {
        f"unjudged/{name}": sum(name in each.unjudged for each in earned) / len(earned)
        for name in earned[0].parts
        if any(name in each.unjudged for each in earned)
    }
    return {"reward": mean([each.value for each in earned])} | parts | unjudged
