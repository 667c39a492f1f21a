"""A model directory under attack: the loss of any text after any prompt, texts of its own, and an overfitted copy.

Implements `privacy.attack.language_model.LanguageModel` over real weights.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distill.lora import publish, with_lora
from distill.student import Device, batches_by_tokens, load_model, load_tokenizer
from distill.training import Progress, TrainingError
from privacy.attack.language_model import Prompt

_END = "\u2407"
"""Stands where the text ends while the chat template is filled in: templates trim blanks and close turns."""
_MOST_NODES = 2048
_HEAD_ROWS = 256
"""Logits of so many places at a time: a vocabulary may have 150,000 words."""
_BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class _Trie:
    """Continuations as a tree of tokens, so that what they share is computed once.

    Edges are in breadth-first order; edge e leads from node `parent[e]` (0 is the prompt's end, e + 1 is the node that
    edge e leads to) by `token[e]`.
    """

    parent: np.ndarray
    token: np.ndarray
    ends: np.ndarray
    """Continuation -> its last edge."""
    inner: np.ndarray
    """Edges to nodes that have children: what the model must read."""
    row: np.ndarray
    """Node -> its row among prompt's end and inner nodes, -1 for leaves."""
    depth: np.ndarray
    """Of the inner nodes: 1 below the prompt's end."""
    sees: np.ndarray
    """Inner node x inner node: ancestors and itself."""


def _trie(continuations: Sequence[Sequence[int]]) -> _Trie:
    edges: dict[tuple[int, int], int] = {}
    parent: list[int] = []
    token: list[int] = []
    at = [0] * len(continuations)
    for depth in range(max(map(len, continuations))):
        for index, ids in enumerate(continuations):
            if depth < len(ids):
                edge = edges.setdefault((at[index], ids[depth]), len(parent))
                if edge == len(parent):
                    parent.append(at[index])
                    token.append(ids[depth])
                at[index] = edge + 1
    parents = np.array(parent)
    inner = np.array(sorted({node - 1 for node in parent if node}), dtype=int)
    row = np.full(len(parent) + 1, -1)
    row[0] = 0
    row[inner + 1] = np.arange(1, len(inner) + 1)
    sees = np.eye(len(inner), dtype=bool)
    depths = np.ones(len(inner), dtype=int)
    for place, edge in enumerate(inner):
        above = row[parents[edge]] - 1
        if above >= 0:
            sees[place] |= sees[above]
            depths[place] = depths[above] + 1
    return _Trie(parents, np.array(token), np.array(at) - 1, inner, row, depths, sees)


class Probe:
    """A model in this process, under the instructions that it was trained with."""

    def __init__(self, path: Path, device: Device, instructions: str, network: Any = None) -> None:
        self._tokenizer = load_tokenizer(path)
        self._network = load_model(path, device) if network is None else network
        self._instructions = instructions
        self._tries: dict[tuple[str, ...], _Trie] = {}

    def losses(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        """In nats, summed over each continuation's tokens; what continuations share is computed once."""
        wanted = tuple(continuations)
        if wanted not in self._tries:
            self._tries[wanted] = _trie(self._ids(wanted))
        trie = self._tries[wanted]
        if len(trie.inner) > _MOST_NODES and len(wanted) > 1:
            del self._tries[wanted]
            half = len(wanted) // 2
            return self.losses(prompt, wanted[:half]) + self.losses(prompt, wanted[half:])
        return self._tree_losses(self.prompt_ids(prompt), trie)

    def _tree_losses(self, prefix: list[int], trie: _Trie) -> list[float]:
        import torch

        start, inner = len(prefix), len(trie.inner)
        mask = np.zeros((start + inner, start + inner), dtype=bool)
        mask[:start, :start] = np.tri(start, dtype=bool)
        mask[start:, :start] = True
        mask[start:, start:] = trie.sees
        device = self._network.device
        ids = torch.tensor([[*prefix, *trie.token[trie.inner].tolist()]], device=device)
        positions = torch.tensor([[*range(start), *(start - 1 + trie.depth).tolist()]], device=device)
        with torch.inference_mode():
            hidden = self._hidden(
                input_ids=ids,
                attention_mask=torch.tensor(mask, device=device)[None, None],
                position_ids=positions,
            )[0, start - 1 :]
            rows = torch.tensor(trie.row[trie.parent], device=device)
            tokens = torch.tensor(trie.token, device=device)
            each = torch.empty(len(rows), device=device)
            for first in range(0, len(hidden), _HEAD_ROWS):
                logits = self._head(hidden[first : first + _HEAD_ROWS]).float()
                here = (rows >= first) & (rows < first + _HEAD_ROWS)
                chances = logits.logsumexp(-1)[rows[here] - first]
                each[here] = chances - logits[rows[here] - first, tokens[here]]
        single = each.double().cpu().numpy()
        total = np.zeros(len(single) + 1)
        for edge, above in enumerate(trie.parent):
            total[edge + 1] = total[above] + single[edge]
        return [float(value) for value in total[trie.ends + 1]]

    def token_losses(self, pairs: Sequence[tuple[Prompt, str]]) -> list[tuple[float, ...]]:
        """In nats, of each token of one continuation a prompt."""
        import torch

        rows = self._rows(pairs)
        found: list[tuple[float, ...]] = [()] * len(rows)
        with torch.inference_mode():
            for batch in batches_by_tokens(
                list(enumerate(rows)), _BATCH_TOKENS, lambda item: len(item[1][0])
            ):
                losses, where = self._batch_losses([row for _, row in batch])
                each = losses.float().cpu().numpy()
                for place, (index, _) in enumerate(batch):
                    found[index] = tuple(float(value) for value in each[where == place])
        return found

    def sample(self, prompts: Sequence[Prompt], max_tokens: int, temperature: float, seed: int) -> list[str]:
        """One text a prompt, up to the turn's end or `max_tokens`; temperature 0 is greedy. Equal seeds, equal texts."""
        import torch

        how = {"do_sample": False}
        if temperature > 0:
            how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}  # type: ignore[dict-item]
        rows = [(index, self.prompt_ids(prompt)) for index, prompt in enumerate(prompts)]
        texts = [""] * len(rows)
        pad, device = self._tokenizer.pad_token_id, self._network.device
        devices = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch.inference_mode():
            torch.manual_seed(seed)
            for batch in batches_by_tokens(rows, _BATCH_TOKENS, lambda item: len(item[1]) + max_tokens):
                longest = max(len(ids) for _, ids in batch)
                output = self._network.generate(
                    input_ids=torch.tensor(
                        [[pad] * (longest - len(ids)) + ids for _, ids in batch], device=device
                    ),
                    attention_mask=torch.tensor(
                        [[0] * (longest - len(ids)) + [1] * len(ids) for _, ids in batch], device=device
                    ),
                    max_new_tokens=max_tokens,
                    eos_token_id=self._tokenizer.eos_token_id,
                    pad_token_id=pad,
                    repetition_penalty=1.0,
                    **how,
                )
                for (index, _), ids in zip(batch, output[:, longest:].tolist(), strict=True):
                    texts[index] = self._tokenizer.decode(ids, skip_special_tokens=True)
        return texts

    def prompt_ids(self, prompt: Prompt) -> list[int]:
        """The tokens up to where the model goes on."""
        closed = prompt.answer is not None
        messages = [
            {"role": "system", "content": self._instructions},
            {"role": "user", "content": prompt.user if closed else prompt.user + _END},
        ]
        text = self._tokenizer.apply_chat_template(messages, add_generation_prompt=closed, tokenize=False)
        text = text + prompt.answer if prompt.answer is not None else text[: text.rindex(_END)]
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    # --- inside ---

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [list(ids) for ids in self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def _rows(self, pairs: Sequence[tuple[Prompt, str]]) -> list[tuple[list[int], int]]:
        """Token ids, and how many of them are the prompt's."""
        told = self._ids([text for _, text in pairs])
        prompts = [self.prompt_ids(prompt) for prompt, _ in pairs]
        return [(prompt + ids, len(prompt)) for prompt, ids in zip(prompts, told, strict=True)]

    def _batch_losses(self, rows: Sequence[tuple[list[int], int]]) -> tuple[Any, np.ndarray]:
        """Losses of all continuation tokens of a batch, one after the other, and which row each belongs to."""
        import torch

        longest, pad = max(len(ids) for ids, _ in rows), self._tokenizer.pad_token_id
        device = self._network.device
        padded = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows], device=device)
        mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows], device=device)
        told = torch.zeros_like(mask, dtype=torch.bool)
        for place, (ids, start) in enumerate(rows):
            told[place, start : len(ids)] = True
        hidden = self._hidden(input_ids=padded, attention_mask=mask)[:, :-1][told[:, 1:]]
        logits = self._head(hidden).float()
        losses = torch.nn.functional.cross_entropy(logits, padded[told], reduction="none")
        return losses, told.nonzero()[:, 0].cpu().numpy()

    def _hidden(self, **inputs: Any) -> Any:
        network = self._network
        bare = network.get_base_model() if hasattr(network, "get_base_model") else network
        return bare.get_decoder()(**inputs, use_cache=False).last_hidden_state

    def _head(self, hidden: Any) -> Any:
        return self._network.get_output_embeddings()(hidden)

    def _learn(
        self, pairs: Sequence[tuple[Prompt, str]], epochs: int, seed: int, progress: Progress
    ) -> float:
        """Trains in place until each text is known by heart; gives the last epoch's mean loss a token."""
        import torch

        rows = self._rows(pairs)
        trained = [parameter for parameter in self._network.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=_CONTROL_RATE, weight_decay=0.0)
        order, mean = random.Random(seed), float("inf")
        self._network.train()
        for epoch in range(epochs):
            # Texts of like length together, or the short ones would be padded to the longest.
            batches = list(batches_by_tokens(rows, _CONTROL_TOKENS, lambda row: len(row[0])))
            order.shuffle(batches)
            summed, count = 0.0, 0
            for batch in batches:
                losses, _ = self._batch_losses(batch)
                losses.mean().backward()
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                optimizer.zero_grad()
                publish(self._network)
                summed, count = summed + float(losses.detach().sum()), count + len(losses)
            mean = summed / count
            progress(epoch + 1, epochs, f"loss {mean:.3f}")
            if mean < _BY_HEART:
                break
        self._network.eval()
        return mean


_CONTROL_RATE = 2e-3
_CONTROL_TOKENS = 768
"""Of a step: small steps learn by heart in fewer passes."""
_BY_HEART = 0.05
"""Nats a token: a text of 20 tokens is then said whole by greedy decoding more often than not."""


def overfitted(
    path: Path,
    device: Device,
    instructions: str,
    pairs: Sequence[tuple[Prompt, str]],
    epochs: int,
    seed: int,
    progress: Progress,
) -> tuple[Probe, float]:
    """A copy of the model that was taught texts by heart, in memory only, with its last loss in nats a token.

    The attack's positive control: it must be flagged. Raises TrainingError where there is nothing to learn.
    """
    if not pairs:
        raise TrainingError("a control needs texts to learn")
    network = with_lora(load_model(path, device), rank=16, alpha=32, seed=seed)
    probe = Probe(path, device, instructions, network)
    return probe, probe._learn(pairs, epochs, seed, progress)
