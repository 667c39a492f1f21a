"""Answers sampled from a model of this process: own generation over a cache of keys and values, in one row of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from distill.packing import attention_mask, join_prompts
from distill.rollouts import Rollout
from distill.training import TrainingError


class InProcessSampler:
    """Samples from a model of this process, the one that learns or another. Same weights and seed, same answers.

    A prompt is computed once for its group, and what all prompts begin with once for all of them. All answers grow in
    one row of tokens (see packing), so an answer that has ended costs nothing more.
    """

    def __init__(self, model: Any, end_id: int) -> None:
        self._network = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._end = end_id

    def follow(self, model: Any) -> None:
        """Nothing to do: the weights are the trained ones."""

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        group_size: int,
        max_new_tokens: int,
        temperature: float,
        seed: int,
    ) -> list[list[Rollout]]:
        """See Sampler. Raises TrainingError where the model's outputs are not numbers."""
        import torch

        # Drawn at once: which answers are computed together does not change what they say.
        generator = torch.Generator().manual_seed(seed)
        chances = torch.rand(
            len(prompts) * group_size, max_new_tokens, generator=generator, dtype=torch.float64
        )
        groups: list[list[Rollout]] = []
        was_training = self._network.training
        self._network.eval()
        try:
            with torch.no_grad():
                for part in _parts(prompts, group_size, max_new_tokens):
                    begin, end = len(groups) * group_size, (len(groups) + len(part)) * group_size
                    groups += self._grow(part, group_size, chances[begin:end], temperature)
        finally:
            self._network.train(was_training)
        return groups

    def _grow(
        self, prompts: Sequence[Sequence[int]], group_size: int, chances: Any, temperature: float
    ) -> list[list[Rollout]]:
        import torch
        from transformers import DynamicCache

        device = self._network.device
        start = join_prompts(prompts)
        owner = torch.tensor(start.prompt, device=device)
        places = torch.tensor(start.positions, device=device)
        cache = DynamicCache()
        logits = self._network(
            input_ids=torch.tensor([start.ids], device=device),
            position_ids=places[None],
            attention_mask=attention_mask(owner, owner, places)[None, None],
            past_key_values=cache,
            logits_to_keep=torch.tensor(start.last, device=device),
        ).logits[0]

        count, steps = chances.shape
        prompt = torch.arange(len(prompts), device=device).repeat_interleave(group_size)
        active = torch.arange(count, device=device)
        # sees[n, k]: whether the tokens of answer n look at the k-th key of the row.
        sees = torch.zeros(count, len(owner) + count * steps, dtype=torch.bool, device=device)
        sees[:, : len(owner)] = (owner[None] == prompt[:, None]) | (owner[None] == -1)
        lengths = torch.tensor([len(ids) for ids in prompts], device=device)[prompt]
        keys, logits = len(owner), logits[prompt]
        said = torch.zeros(count, steps, dtype=torch.long, device=device)
        logprobs = torch.zeros(count, steps, device=device)
        ended = torch.full((count,), steps, device=device)
        for step in range(steps):
            tokens, logprobs[active, step] = draw(logits, temperature, chances[active.cpu(), step].to(device))
            said[active, step] = tokens
            stops = tokens == self._end
            ended[active[stops]] = step
            active, tokens = active[~stops], tokens[~stops]
            if step + 1 == steps or not len(active):
                break
            sees[active, keys + torch.arange(len(active), device=device)] = True
            keys += len(active)
            logits = self._network(
                input_ids=tokens[None],
                position_ids=(lengths[active] + step)[None],
                attention_mask=sees[active, :keys][None, None],
                past_key_values=cache,
            ).logits[0]
        answers = zip(said.tolist(), logprobs.tolist(), ended.tolist(), strict=True)
        rollouts = [
            Rollout(
                tuple(prompts[number // group_size]),
                tuple(ids[: end + 1]),
                tuple(numbers[: end + 1]),
                finished=end < steps,
            )
            for number, (ids, numbers, end) in enumerate(answers)
        ]
        return [rollouts[n : n + group_size] for n in range(0, count, group_size)]


def draw(logits: Any, temperature: float, chances: Any) -> tuple[Any, Any]:
    """One token a row by inverting the distribution function at `chances` in [0, 1), and its log-probability.

    `logits` (rows, vocabulary) -> ids (rows,), fp32 (rows,). Raises TrainingError where they are not numbers.
    """
    import torch

    logprobs = (logits.float() / temperature).log_softmax(dim=-1)
    # In double precision: rounding must not move the borders of 50,000 tokens.
    borders = logprobs.double().exp().cumsum(dim=-1)
    if not bool(borders[:, -1].isfinite().all()):
        raise TrainingError("the student's outputs are not numbers: lower the learning rate")
    tokens = torch.searchsorted(borders, (chances * borders[:, -1])[:, None], right=True)[:, 0]
    tokens = tokens.clamp(max=logits.shape[-1] - 1)
    return tokens, logprobs.gather(1, tokens[:, None])[:, 0]


_MAX_PAIRS = 1 << 18
"""Answers × tokens of one row while sampling: so many are compared for each new token, mostly in vain. Still, 64 answers of
SmolLM2-135M took 2.7 s of one CPU core in one row (150,000 pairs), 4.1 s in two and 7.4 s in four; more was not measured."""


def _parts(
    prompts: Sequence[Sequence[int]], group_size: int, max_new_tokens: int
) -> Iterator[Sequence[Sequence[int]]]:
    """Prompts, in order, whose answers go into one row; one at least."""
    part: list[Sequence[int]] = []
    tokens = 0
    for prompt in prompts:
        more = len(prompt) + group_size * max_new_tokens
        if part and (len(part) + 1) * group_size * (tokens + more) > _MAX_PAIRS:
            yield part
            part, tokens = [], 0
        part.append(prompt)
        tokens += more
    if part:
        yield part
