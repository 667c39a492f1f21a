"""Rollouts from a vLLM server that follows the training: after each optimizer step it is given the new adapter."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill.lora import save_adapter
from distill.rollouts import Rollout
from distill.served_model import ServedModel, ServedModelError


class ServedSampler:
    """A `Sampler` on a server started with hot adapters (`appliance.serve.served(..., hot_adapters=rank)`).

    The server computes the adapter beside the base weights in bf16, training through the merged ones: the
    log-probabilities differ a little even for equal factors, which `Rollout.logprobs` lets the objective correct.
    Batches form as requests arrive, so bf16 rounding, and now and then a token, may differ from run to run.
    """

    def __init__(self, server: ServedModel, eos_token_id: int, folder: Path) -> None:
        """`folder` is where adapters are handed over: private, and seen by the server under the same path.

        What is in it is thrown away.
        """
        self._server = server
        self._eos = eos_token_id
        self._folder = folder
        self._num_followed = 0
        self._serving: str | None = None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    def follow(self, model: Any) -> None:
        """Writes the adapter of a PEFT model and has the server load it. Due once before the first `sample` as well."""
        self._num_followed += 1
        name = f"policy-{self._num_followed}"
        save_adapter(model, self._folder / name)
        # A new name and path each time: under an old one the server would reuse cached prompts of the old weights.
        self._server.load_adapter(name, self._folder / name)
        previous, self._serving = self._serving, name
        if previous is not None:
            self._server.unload_adapter(previous)
            shutil.rmtree(self._folder / previous)

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        group_size: int,
        max_new_tokens: int,
        temperature: float,
        seed: int,
    ) -> list[list[Rollout]]:
        """See `Sampler.sample`. Raises ServedModelError where the server does not answer as it should."""
        if self._serving is None:
            raise ServedModelError("the server has no adapter yet: call follow() before the first sample()")
        asked = [(ids, _seed_of(seed, index)) for index, ids in enumerate(prompts)]
        policy = replace(self._server, model=self._serving)
        groups = policy.sample(asked, group_size, max_new_tokens, temperature, self._eos)
        for group in groups:
            for sampled in group:
                if (sampled.finish_reason == "stop") != (sampled.token_ids[-1] == self._eos):
                    raise ServedModelError(
                        f"the server ended an answer on another token than the student's end ({self._eos}): "
                        "compare eos_token_id in the model's generation_config.json and its tokenizer"
                    )
        return [
            [
                Rollout(tuple(ids), sampled.token_ids, sampled.logprobs, sampled.finish_reason == "stop")
                for sampled in group
            ]
            for ids, group in zip(prompts, groups, strict=True)
        ]


def _seed_of(seed: int, index: int) -> int:
    """One a prompt: the server adds 0, 1, ... to it within a group, so neighbours would share their draws."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:7])
