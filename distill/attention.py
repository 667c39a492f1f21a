"""Attention for short sequences on CPUs, as plain products of small matrices.

PyTorch's fused attention is made for long sequences. On a CPU its backward pass takes 10 ms for a batch of 16 × 40 tokens
and 9 heads, where the products below take under one (docs/decisions.md). Beyond `_SHORT` tokens the fused one is used.
"""

from __future__ import annotations

from typing import Any

NAME = "stillhouse_short"
_SHORT = 512
"""Keys. The scores are kept for the backward pass: 2 bytes × heads × queries × keys."""


def _attend(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    scaling: float | None = None,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[Any, None]:
    """query (batch, heads, queries, width), key and value (batch, groups, keys, width) -> (batch, queries, heads, width).

    Heads of one group share keys and values (Ainslie et al. 2023): they become rows of one product, nothing is copied.
    """
    import torch

    batch, heads, queries, width = query.shape
    groups, keys = key.shape[1], key.shape[2]
    scale = width**-0.5 if scaling is None else scaling
    mask = attention_mask
    if mask is None and queries > 1:
        # Left out where it would only say "causal".
        mask = torch.ones(queries, keys, dtype=torch.bool, device=query.device).tril(keys - queries)[
            None, None
        ]
    if keys > _SHORT:
        attended = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout, scale=scale, enable_gqa=groups != heads
        )
        return attended.transpose(1, 2), None
    rows = query.reshape(batch, groups, heads // groups * queries, width)
    scores = torch.matmul(rows, key.transpose(2, 3)).view(batch, heads, queries, keys) * scale
    if mask is not None:
        mask = mask[..., :keys]
        scores = (
            scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
            if mask.dtype == torch.bool
            else scores + mask
        )
    chances = torch.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    if dropout:
        chances = torch.nn.functional.dropout(chances, dropout)
    attended = torch.matmul(chances.view(batch, groups, -1, keys), value)
    return attended.view(batch, heads, queries, width).transpose(1, 2), None


def use_for(model: Any) -> None:
    """Has the model attend so, where it lets its attention be chosen."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, eager_mask)
    model.set_attn_implementation(NAME)
