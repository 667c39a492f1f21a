"""How near two texts are in meaning: the cosine of their sentence embeddings, by a model that the site has."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from distill.student import Device, resolve_device

_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}
_KEPT = 20_000
"""Embeddings kept in memory: every arm is compared with the same references."""


class Embedder:
    """A directory as sentence-transformers writes it, or any encoder's: its tokens' last states are pooled.

    By the mean over the tokens, unless `1_Pooling/config.json` asks for the first token. A text beyond the model's length
    is judged by its beginning. Raises ValueError, with the remedy, for a directory that cannot be used.
    """

    def __init__(self, path: Path, device: Device) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._pooling = _pooling(path)
        if "auto_map" in _json(path / "config.json"):
            raise ValueError(f"{path} asks to run code of its own (auto_map): such models are not loaded")
        if not any(path.glob("*.safetensors")):
            raise ValueError(
                f"{path} has no *.safetensors file: convert the weights, pickled ones are not loaded"
            )
        self._tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        network: Any = AutoModel.from_pretrained(
            path, local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
        self._network = network.to(resolve_device(device)).eval()
        own = _json(path / "sentence_bert_config.json").get("max_seq_length")
        longest = getattr(self._network.config, "max_position_embeddings", 512)
        self._max_tokens = min(own or longest, longest)
        self._embed = functools.lru_cache(maxsize=_KEPT)(self._embed_one)

    def similarity(self, first: str, second: str) -> float:
        """The cosine in [0, 1]: 1 for the same text, and 0 where it is below 0, which says no less."""
        if first == second:
            return 1.0
        return min(1.0, max(0.0, float(self._embed(first) @ self._embed(second))))

    def _embed_one(self, text: str) -> Any:
        """[width] float32 of length 1."""
        import torch

        cut = self._tokenizer(text, truncation=True, max_length=self._max_tokens, return_tensors="pt")
        with torch.inference_mode():
            states = self._network(**cut.to(self._network.device)).last_hidden_state[0].float()
        pooled = states[0] if self._pooling == "first" else states.mean(dim=0)
        return torch.nn.functional.normalize(pooled, dim=0).cpu()


def _pooling(path: Path) -> str:
    asked = [name for name, is_on in _json(path / "1_Pooling" / "config.json").items() if is_on is True]
    modes = [name for name in asked if name.startswith("pooling_mode_")]
    unknown = [name for name in modes if name not in _POOLINGS]
    if unknown or len(modes) > 1:
        raise ValueError(
            f"{path} pools its tokens by {', '.join(modes)}: take a model that pools by the mean or the first token"
        )
    return _POOLINGS[modes[0]] if modes else "mean"


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{path} is not a JSON object: copy the model again")
    return found
