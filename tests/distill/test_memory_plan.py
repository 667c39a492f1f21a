"""What training will hold is reckoned from the shapes of the weights, and the shapes from the files' heads."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from distill.memory_plan import free_memory, plan, read_shapes

SHAPES = {
    "model.embed_tokens.weight": [1000, 64],
    "model.layers.0.self_attn.q_proj.weight": [64, 64],
    "model.layers.0.mlp.up_proj.weight": [256, 64],
    "model.norm.weight": [64],
}
NUM = sum(math.prod(shape) for shape in SHAPES.values())


def model(folder: Path, shapes: dict[str, list[int]] = SHAPES) -> Path:
    """A directory whose weights are a head and no data."""
    folder.mkdir(parents=True, exist_ok=True)
    head = json.dumps(
        {"__metadata__": {"format": "pt"}}
        | {name: {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    ).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    config = {"num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 4, "vocab_size": 1000}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_shapes_are_read_from_all_files_of_a_model(tmp_path: Path) -> None:
    model(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "model-1-of-2.safetensors")
    model(tmp_path, {"lm_head.weight": [1000, 64]})
    found = read_shapes(tmp_path)
    assert found.num_weights == NUM + 64_000
    assert found.adapter_weights(rank=2) == 2 * (64 + 64) + 2 * (256 + 64)


def test_a_file_that_is_no_safetensors_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ValueError, match="is no safetensors file"):
        read_shapes(tmp_path)


def test_an_adapter_a_whole_training_and_a_teacher_have_their_weights_counted(tmp_path: Path) -> None:
    student = model(tmp_path / "student")
    teacher = model(tmp_path / "teacher", SHAPES | {"lm_head.weight": [1000, 64]})
    common = {"layers": None, "examples": 4, "tokens": 10, "answer_tokens": 3, "free": None}
    adapter = plan(student, rank=2, teacher=None, **common)  # type: ignore[arg-type]
    assert adapter.sure == {"student weights": 2 * NUM, "adapter, gradients and optimizer": 16 * 896}
    whole = plan(student, rank=None, teacher=teacher, **common)  # type: ignore[arg-type]
    assert sum(whole.sure.values()) == 16 * NUM + 2 * (NUM + 64_000)
    assert adapter.estimated == {
        "activations": 4 * 10 * (60 * 64 + 5 * 4 * 10),
        "logits": 12 * 4 * 3 * 1000,
        "merged weights": 2 * (64 * 64 + 256 * 64),
    }


def test_layers_that_are_pruned_take_no_memory(tmp_path: Path) -> None:
    deep = {
        name.replace("layers.0", f"layers.{n}"): shape for n in range(12) for name, shape in SHAPES.items()
    }
    common = {"rank": 2, "examples": 4, "tokens": 10, "answer_tokens": 3, "teacher": None, "free": None}
    found = plan(model(tmp_path / "deep", deep), layers=1, **common)  # type: ignore[arg-type]
    assert found == plan(model(tmp_path / "one"), layers=None, **common)  # type: ignore[arg-type]


def test_what_surely_does_not_fit_is_told_from_what_may_not(tmp_path: Path) -> None:
    student = model(tmp_path)

    def with_free(free: int | None) -> tuple[bool, bool]:
        found = plan(
            student, rank=None, layers=None, examples=4, tokens=10, answer_tokens=3, teacher=None, free=free
        )
        return found.cannot_fit, found.is_tight

    assert with_free(16 * NUM - 1) == (True, True)
    assert with_free(16 * NUM) == (False, True)
    assert with_free(10**9) == with_free(None) == (False, False)


def test_free_memory_is_some_and_no_more_than_there_is() -> None:
    import os

    free = free_memory("cpu")
    assert free is not None and 2**20 < free <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
