"""Whether training will fit into memory: reckoned from the shapes of the weights, before any of them is loaded."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

_BF16, _FP32 = 2, 4
_TRAINED = 16
"""Bytes of a weight that is trained: fp32 value, gradient, and AdamW's two moments."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes, each by what they are for."""

    sure: dict[str, int]
    """What is held from the first step to the last."""
    estimated: dict[str, int]
    """What a step takes while it lasts, by rules of thumb."""
    free: int | None
    """On the device now; None where it cannot be told."""

    @property
    def needed(self) -> int:
        return sum(self.sure.values()) + sum(self.estimated.values())

    @property
    def cannot_fit(self) -> bool:
        """Whether even what is sure is more than what is free."""
        return self.free is not None and sum(self.sure.values()) > self.free

    @property
    def is_tight(self) -> bool:
        return self.free is not None and self.needed > self.free


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of a model's weights, from the heads of its safetensors files."""

    by_name: dict[str, tuple[int, ...]]

    @property
    def num_weights(self) -> int:
        return sum(math.prod(shape) for shape in self.by_name.values())

    def pruned(self, layers: int) -> Shapes:
        """With so many layers left; which ones does not matter, for they are alike."""
        number = {name: re.search(r"\.layers\.(\d+)\.", name) for name in self.by_name}
        return Shapes(
            {
                name: shape
                for name, shape in self.by_name.items()
                if (found := number[name]) is None or int(found[1]) < layers
            }
        )

    def linear(self) -> list[tuple[int, ...]]:
        """Of all linear layers; embedding and head are left out."""
        return [
            shape
            for name, shape in self.by_name.items()
            if len(shape) == 2 and not any(word in name for word in ("embed", "lm_head", "wte", "wpe"))
        ]

    def adapter_weights(self, rank: int) -> int:
        """Of a LoRA on all linear layers: rank · (inputs + outputs) each."""
        return sum(rank * sum(shape) for shape in self.linear())


def read_shapes(path: Path) -> Shapes:
    """Of all `*.safetensors` of a model directory; raises ValueError for a file that is none."""
    found: dict[str, tuple[int, ...]] = {}
    for file in sorted(path.glob("*.safetensors")):
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 0 < length <= file.stat().st_size:
                raise ValueError(f"{file} is no safetensors file: copy the model again")
            head = json.loads(opened.read(length))
        found |= {name: tuple(told["shape"]) for name, told in head.items() if name != "__metadata__"}
    return Shapes(found)


def plan(
    student: Path,
    *,
    rank: int | None,
    layers: int | None,
    examples: int,
    tokens: int,
    answer_tokens: int,
    teacher: Path | None,
    free: int | None,
) -> MemoryPlan:
    """Of a training that computes `examples` of up to `tokens` tokens at once, `answer_tokens` of them the answer's.

    `rank` is the adapter's, None where all weights are trained; `layers` is how many are kept of the student, None for
    all; `teacher` is a model held beside the student.
    Activations: 60·s·b·h bytes a layer and 5·a·s²·b of attention scores (Korthikanti et al., "Reducing Activation
    Recomputation in Large Transformer Models", 2022, equation 1, has 34 where all is 16-bit; the
    norms' and gates' fp32 copies made it 60 for SmolLM2-135M on a CPU: one run, 8 examples of 140 tokens); logits of
    the answers in fp32, their softmax and their gradient.
    """
    shapes = read_shapes(student)
    config = json.loads((student / "config.json").read_text(encoding="utf-8"))
    config = config.get("text_config", config)
    num_layers, hidden = config["num_hidden_layers"], config["hidden_size"]
    if layers is not None:
        shapes, num_layers = shapes.pruned(layers), layers
    heads, vocabulary = config["num_attention_heads"], config["vocab_size"]
    sure = {"student weights": _BF16 * shapes.num_weights}
    if rank is None:
        sure["gradients and optimizer"] = (_TRAINED - _BF16) * shapes.num_weights
    else:
        sure["adapter, gradients and optimizer"] = _TRAINED * shapes.adapter_weights(rank)
    if teacher is not None:
        sure["teacher weights"] = _BF16 * read_shapes(teacher).num_weights
    estimated = {
        "activations": num_layers * examples * tokens * (60 * hidden + 5 * heads * tokens),
        "logits": 3 * _FP32 * examples * answer_tokens * vocabulary,
    }
    if rank is not None:
        # On a CPU the adapter is trained through the merged weights, which the backward pass needs again.
        estimated["merged weights"] = _BF16 * sum(math.prod(shape) for shape in shapes.linear())
    return MemoryPlan(sure, estimated, free)


def free_memory(device: str) -> int | None:
    """Bytes that a process may still take on `cuda` or `cpu`; there the control group's limit counts too."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return None
    limit = _control_group_rest()
    return available if limit is None else min(available, limit)


def _control_group_rest() -> int | None:
    """What the control group (v2) of a container leaves: its limit less what its processes hold, files in cache aside."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        held = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return None if limit == "max" else int(limit) - held + int(stat["inactive_file"])
    except (OSError, ValueError, KeyError):
        return None
