"""The gate before release: the served student must be the evaluated one, token by token."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.serve import Server
from appliance.stages.context import GateError
from distill.parity import OwnAnswer, Parity, compare
from distill.served_model import ServedModel
from distill.values import Messages

NUM_PROMPTS = 50


def check_parity(
    server: Server, chats: Sequence[Messages], own: Sequence[OwnAnswer], max_tokens: int, max_gap: float
) -> Parity:
    """What `own` (the answers of this process to `chats`) and the server have in common.

    Raises GateError where a chat is other tokens when served, an answer ends elsewhere, or the log-probabilities are
    on average more than `max_gap` nats apart.
    """
    model = ServedModel(f"{server.base_url}/v1", server.model, server.api_key)
    found = compare(model, chats, own, max_tokens)
    refuse(found, max_gap)
    return found


def refuse(found: Parity, max_gap: float) -> None:
    """Rounding excuses neither other tokens of a prompt nor another end: of these one is too many."""
    if found.prompts.same < found.prompts.n:
        raise GateError(
            f"served, {found.prompts.n - found.prompts.same} of {found.prompts.n} prompts are other tokens than in "
            "evaluation: the scores are not those of what is served; compare the chat template and the tokenizer in "
            "the model's directory with the base model's"
        )
    if found.ends.same < found.ends.n:
        raise GateError(
            f"served, {found.ends.n - found.ends.same} of {found.ends.n} answers end elsewhere than in evaluation: "
            "compare the stop tokens (eos_token_id in the model's config.json and generation_config.json with its "
            "tokenizer's eos_token)"
        )
    if found.gap > max_gap:
        raise GateError(
            f"served and evaluated student differ by {found.gap:.3f} nats a token on {found.prompts.n} prompts, over "
            f"bench.parity_max_gap = {max_gap}: look for other weights, another dtype (bench.serve.dtype) or "
            "quantisation"
        )
