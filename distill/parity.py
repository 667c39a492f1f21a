"""Whether what is served is what was evaluated: the same chats through this process and through a server, by tokens.

Two engines that round in bf16 differ a little: a tie may fall the other way, and the answer goes on otherwise from
there. So whole answers are told but not judged by; what is judged is the log-probability that the server gives to the
very tokens of this process, the prompt's tokens, and where answers end.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from distill.served_model import Sampled, ServedModel
from distill.student import Device, InProcess, load_tokenizer, prompt_ids
from distill.values import Messages, Request
from privacy.intervals import Z95, design_effect, wilson


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """The greedy answer of the model in this process, as evaluation gets it."""

    prompt_ids: tuple[int, ...] = field(repr=False)
    answer_ids: tuple[int, ...] = field(repr=False)
    """With the end of the answer where it is finished."""
    logprobs: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of prompts or tokens with its 95% interval (Wilson; tokens of one answer count as a group)."""

    same: int
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Parity:
    """How a served model compares with the evaluated one."""

    prompts: Share
    """Chats that are the same tokens in both: the template and the tokenizer."""
    answers: Share
    """Greedy answers that are the same to the last token."""
    tokens: Share
    """Tokens of the greedy answers that stand before the first difference."""
    likeliest: Share
    """Tokens of the evaluated answers that the server holds likeliest, too, at their place."""
    ends: Share
    """Answers that are the same as far as both go, and end at the same token; n leaves out those that differ earlier."""
    gap: float
    """Mean absolute difference of the log-probability of a token of the evaluated answers, in nats."""
    gap_low: float | None
    gap_high: float | None
    """Its 95% interval over prompts (ratio estimator); None for fewer than two."""


def own_answers(path: Path, device: Device, max_tokens: int, chats: Sequence[Messages]) -> list[OwnAnswer]:
    """What the model in `path` answers in this process; its memory is given back before a server needs it."""
    tokenizer = load_tokenizer(path)
    student = InProcess(path, device, max_tokens, top_logprobs=1)
    requests = [Request(str(index), chat) for index, chat in enumerate(chats)]
    answers = {completion.record_id: completion for completion in student.complete(requests)}
    found = []
    for request in requests:
        likeliest = answers[request.record_id].likeliest
        assert likeliest is not None, "top_logprobs was asked for"
        found.append(
            OwnAnswer(
                tuple(prompt_ids(tokenizer, request.messages)),
                tuple(int(token) for token in likeliest.tokens),
                tuple(top[0][1] for top in likeliest.top),
            )
        )
    del student
    _free_accelerator()
    return found


def _free_accelerator() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def compare(
    server: ServedModel, chats: Sequence[Messages], own: Sequence[OwnAnswer], max_tokens: int
) -> Parity:
    """Asks the server the same chats, greedily, and what it thinks of each token of `own`.

    Needs one chat at least. Raises ServedModelError.
    """
    served = server.chat(chats, max_tokens)
    scores = server.score([(*answer.prompt_ids, *answer.answer_ids) for answer in own], top=1)
    judged = [positions[-len(answer.answer_ids) :] for answer, positions in zip(own, scores, strict=True)]
    begun = [
        _common(answer.answer_ids, sampled.token_ids)
        for answer, (_, sampled) in zip(own, served, strict=True)
    ]
    ends = [
        _same_end(answer, sampled)
        for answer, (_, sampled), same in zip(own, served, begun, strict=True)
        if same == min(len(answer.answer_ids), len(sampled.token_ids))
    ]
    gap, half = _mean_gap(
        [
            [
                abs(position[token] - logprob)
                for token, logprob, position in zip(
                    answer.answer_ids, answer.logprobs, positions, strict=True
                )
            ]
            for answer, positions in zip(own, judged, strict=True)
        ]
    )
    return Parity(
        prompts=_share(
            [(list(answer.prompt_ids) == ids, 1) for answer, (ids, _) in zip(own, served, strict=True)]
        ),
        answers=_share(
            [
                (answer.answer_ids == sampled.token_ids, 1)
                for answer, (_, sampled) in zip(own, served, strict=True)
            ]
        ),
        tokens=_share([(same, len(answer.answer_ids)) for answer, same in zip(own, begun, strict=True)]),
        likeliest=_share(
            [
                (
                    sum(
                        position[token] >= max(position.values())
                        for token, position in zip(answer.answer_ids, positions, strict=True)
                    ),
                    len(answer.answer_ids),
                )
                for answer, positions in zip(own, judged, strict=True)
            ]
        ),
        ends=_share([(same, 1) for same in ends]),
        gap=gap,
        gap_low=None if half is None else max(0.0, gap - half),
        gap_high=None if half is None else gap + half,
    )


def _common(mine: Sequence[int], theirs: Sequence[int]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b),
        min(len(mine), len(theirs)),
    )


def _same_end(own: OwnAnswer, served: Sampled) -> bool:
    return len(own.answer_ids) == len(served.token_ids)


def _share(groups: Sequence[tuple[int, int]]) -> Share:
    same, n = sum(hits for hits, _ in groups), sum(size for _, size in groups)
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    effect = 1.0 if all(size == 1 for _, size in groups) else design_effect(groups)
    return Share(same, n, *wilson(same / effect, n / effect))


def _mean_gap(gaps: Sequence[Sequence[float]]) -> tuple[float, float | None]:
    """The mean over all tokens, and half the width of its 95% interval with prompts as the independent units.

    The variance of a ratio of sums (Cochran 1977, equation 6.9, by its linear form).
    """
    n, tokens = len(gaps), sum(map(len, gaps))
    mean = sum(map(sum, gaps)) / tokens
    if n < 2:
        return mean, None
    spread = sum((sum(answer) - mean * len(answer)) ** 2 for answer in gaps) * n / (n - 1)
    return mean, Z95 * math.sqrt(spread) / tokens
