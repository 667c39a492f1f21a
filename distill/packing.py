"""Answers to few prompts as one row of tokens: what they have in common is computed once.

A prompt's answers share its tokens, and all prompts share their beginning. In the row each token attends to its own
past alone, by an explicit mask and explicit positions, so every token's output is what it would be in a row of its own
(Liu et al. 2025, Prefix Grouper, arXiv 2506.05433, without a change to the model). Nothing is padded.

Not covered: layers that mix tokens by anything but attention over the whole past; `check_packable` refuses them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from distill.rollouts import Rollout
from distill.training import TrainingError

_LAYERS_OF_ATTENTION = {"full_attention", "sliding_attention"}


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Prompts as one row: the common beginning, then each prompt's rest."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    prompt: tuple[int, ...]
    """Whose token it is; -1 in the common beginning."""
    last: tuple[int, ...]
    """Where in the row each prompt ends."""


@dataclass(frozen=True, slots=True)
class PackedRow:
    """Rollouts as one row of `length` tokens; tensors on the model's device."""

    ids: Any
    """(1, length)."""
    positions: Any
    """(1, length): each token's place in its own text."""
    mask: Any
    """(1, 1, length, length), boolean: who attends to whom."""
    heads: Any
    """(heads,): the places in the row that predict an answer token."""
    predicted_at: Any
    """(tokens,): for each answer token, in the order of the rollouts, its index among `heads`."""
    targets: Any
    """(tokens,): the answer tokens."""
    owner: Any
    """(tokens,): whose token it is, an index of a rollout."""


def check_packable(config: Any, max_tokens: int, who: str = "student") -> None:
    """Raises TrainingError for a model whose outputs would be other ones in a packed row of texts of `max_tokens`."""
    layers = set(getattr(config, "layer_types", None) or ())
    if layers - _LAYERS_OF_ATTENTION:
        raise TrainingError(
            f"the {who} has layers of {', '.join(sorted(layers - _LAYERS_OF_ATTENTION))}: on-policy training needs "
            f"attention in every layer; choose another {who} or set onpolicy.steps = 0"
        )
    window = getattr(config, "sliding_window", None)
    if window is not None and (not layers or "sliding_attention" in layers) and max_tokens > window:
        raise TrainingError(
            f"a prompt with its answer may have {max_tokens} tokens, and the {who} looks back {window} only: "
            "on-policy training needs the whole past in sight; shorten task.input or task.max_answer_tokens"
        )


def common_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts begin with, less than the shortest of them: each keeps a token of its own."""
    first, last = min(map(tuple, prompts)), max(map(tuple, prompts))
    most = min(len(prompt) for prompt in prompts) - 1
    return next((n for n in range(most) if first[n] != last[n]), most)


def join_prompts(prompts: Sequence[Sequence[int]]) -> Beginnings:
    """The prompts, each of one token at least, as one row."""
    shared = common_beginning(prompts)
    ids, positions, owner, last = list(prompts[0][:shared]), list(range(shared)), [-1] * shared, []
    for number, prompt in enumerate(prompts):
        ids += prompt[shared:]
        positions += range(shared, len(prompt))
        owner += [number] * (len(prompt) - shared)
        last.append(len(ids) - 1)
    return Beginnings(tuple(ids), tuple(positions), tuple(owner), tuple(last))


def attention_mask(owner: Any, parent: Any, positions: Any) -> Any:
    """(length, length), boolean: a token sees the common beginning (-1), its own text and its parent's, up to itself.

    `owner` and `parent` (length,) number texts; a prompt is its own parent.
    """
    mine = owner[:, None] == owner[None, :]
    inherited = (parent[:, None] == owner[None, :]) | (owner[None, :] == -1)
    return (mine | inherited) & (positions[:, None] >= positions[None, :])


def pack(rollouts: Sequence[Rollout], device: Any) -> PackedRow:
    """One row of all rollouts. An answer's last token is predicted and predicts nothing: it is not in the row."""
    import torch

    numbers: dict[tuple[int, ...], int] = {}
    for rollout in rollouts:
        numbers.setdefault(rollout.prompt_ids, len(numbers))
    start = join_prompts(list(numbers))
    ids, positions = list(start.ids), list(start.positions)
    owner, parent = list(start.prompt), list(start.prompt)
    heads, predicted_at = list(start.last), list[int]()
    targets, whose = list[int](), list[int]()
    for number, rollout in enumerate(rollouts):
        prompt, answer = numbers[rollout.prompt_ids], rollout.answer_ids
        predicted_at += [prompt, *range(len(heads), len(heads) + len(answer) - 1)]
        heads += range(len(ids), len(ids) + len(answer) - 1)
        ids += answer[:-1]
        positions += range(len(rollout.prompt_ids), len(rollout.prompt_ids) + len(answer) - 1)
        owner += [len(numbers) + number] * (len(answer) - 1)
        parent += [prompt] * (len(answer) - 1)
        targets += answer
        whose += [number] * len(answer)

    def tensor(values: Sequence[int]) -> Any:
        return torch.tensor(values, device=device)

    places = tensor(positions)
    mask = attention_mask(tensor(owner), tensor(parent), places)
    return PackedRow(
        tensor(ids)[None],
        places[None],
        mask[None, None],
        tensor(heads),
        tensor(predicted_at),
        tensor(targets),
        tensor(whose),
    )


def packable_parts(rollouts: Sequence[Rollout], max_tokens: int) -> Iterator[list[int]]:
    """Indices of rollouts that go into one row of about `max_tokens` tokens (one rollout at least), in order."""
    part: list[int] = []
    size, prompts = 0, set[tuple[int, ...]]()
    for number, rollout in enumerate(rollouts):
        more = len(rollout.answer_ids)
        more += len(rollout.prompt_ids) if rollout.prompt_ids not in prompts else 0
        if part and size + more > max_tokens:
            yield part
            part, prompts = [], set()
            more = len(rollout.answer_ids) + len(rollout.prompt_ids)
            size = 0
        part.append(number)
        prompts.add(rollout.prompt_ids)
        size += more
    if part:
        yield part


def answer_logits(network: Any, row: PackedRow) -> Any:
    """The model's logits in fp32 at `row.heads`, shape (heads, vocabulary): index by `predicted_at` for the tokens."""
    return (
        network(
            input_ids=row.ids,
            position_ids=row.positions,
            attention_mask=row.mask,
            logits_to_keep=row.heads,
            use_cache=False,
        )
        .logits[0]
        .float()
    )
