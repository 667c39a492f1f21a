from __future__ import annotations

import json
from pathlib import Path

import pytest

from distill.quantise import quantise
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("quantise")
    make_tiny_model(root / "model")
    quantise(root / "model", root / "out")
    return root / "model", root / "out"


def test_a_rounded_weight_is_within_half_a_step_of_itself(models: tuple[Path, Path]) -> None:
    """With the scale as it is read, bf16: the step of a channel is its largest weight over 127."""
    import torch
    from safetensors.torch import load_file

    before, after = load_file(models[0] / "model.safetensors"), load_file(models[1] / "model.safetensors")
    rounded = [name for name in before if after[name].dtype == torch.int8]
    assert len(rounded) == 2 * 7, "each layer's four projections of attention and three of the feed-forward"
    for name in rounded:
        scale = after[f"{name}_scale"].float()
        assert scale.shape == (before[name].shape[0], 1)
        off = (after[name].float() * scale - before[name].float()).abs()
        # Rounding the scale to 8 bits of mantissa may clip the largest weight by as much.
        assert bool((off <= scale * 0.5 + before[name].float().abs().amax(dim=1, keepdim=True) / 128).all())
        assert float(off.mean() / before[name].float().abs().mean()) < 0.01


def test_what_is_no_projection_stays_as_it_was(models: tuple[Path, Path]) -> None:
    import torch
    from safetensors.torch import load_file

    before, after = load_file(models[0] / "model.safetensors"), load_file(models[1] / "model.safetensors")
    kept = [name for name in before if "_proj" not in name]
    assert any("embed" in name for name in kept) and any("norm" in name for name in kept)
    assert all(torch.equal(before[name], after[name]) for name in kept)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        assert (models[0] / file).read_bytes() == (models[1] / file).read_bytes()
    config = json.loads((models[1] / "config.json").read_text())
    quantization = config.pop("quantization_config")
    assert config == json.loads((models[0] / "config.json").read_text())
    assert quantization["format"] == "int-quantized" and quantization["ignore"] == ["lm_head"]


def test_the_library_that_defines_the_form_reads_it(models: tuple[Path, Path]) -> None:
    """compressed-tensors comes with vLLM."""
    quantization = pytest.importorskip("compressed_tensors.quantization")
    config = json.loads((models[1] / "config.json").read_text())["quantization_config"]
    read = quantization.QuantizationConfig.model_validate(config)
    (group,) = read.config_groups.values()
    assert (group.weights.num_bits, group.weights.strategy) == (8, "channel")
    assert group.input_activations.dynamic and group.input_activations.strategy == "token"


def test_a_model_without_such_layers_is_refused(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"wte.weight": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="no linear layers of the names that are known here"):
        quantise(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
