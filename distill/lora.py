"""Low-rank adapters that are trained through the very weights that will be served. The one door to PEFT.

Stock LoRA computes x·Wᵀ + s·(x·Aᵀ)·Bᵀ, Hu et al. 2021. Here the merged weight W' = W + s·B·A is made once after each
optimizer step (`publish`) and the forward pass is x·W'ᵀ, one product. Backward, the factors' gradients are

    dA = s·(g·B)ᵀ·x        dB = s·gᵀ·(x·Aᵀ)        dx = g·W'

which is what differentiating W' gives, without ever forming the dense dW': four thin products and one thick. The price
is a second copy of the adapted weights in memory.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import MethodType
from typing import Any


def _through_merged() -> Any:
    import torch

    class ThroughMerged(torch.autograd.Function):
        """x (..., in), merged weight (out, in), A (rank, in), B (out, rank), scale -> (..., out)."""

        @staticmethod
        def forward(context: Any, x: Any, merged: Any, down: Any, up: Any, scale: float) -> Any:
            context.save_for_backward(x, merged, down, up)
            context.scale = scale
            return torch.nn.functional.linear(x, merged)

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            x, merged, down, up = context.saved_tensors
            into_x = gradient @ merged if context.needs_input_grad[0] else None
            x, gradient = x.reshape(-1, x.shape[-1]), gradient.reshape(-1, gradient.shape[-1])
            thin = gradient @ up.to(gradient.dtype)
            into_down = context.scale * (thin.T @ x).to(down.dtype)
            thin = torch.nn.functional.linear(x, down.to(x.dtype))
            into_up = context.scale * (gradient.T @ thin).to(up.dtype)
            return into_x, None, into_down, into_up, None

    return ThroughMerged


def _merged_weight(layer: Any) -> Any:
    """W + s·B·A in the dtype of W, rounded once: what is trained through and what is served, bit for bit."""
    import torch

    (name,) = layer.active_adapters
    weight = layer.base_layer.weight
    down, up = layer.lora_A[name].weight.to(weight.dtype), layer.lora_B[name].weight.to(weight.dtype)
    return torch.addmm(weight, up, down, alpha=layer.scaling[name])


def _forward(layer: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    (name,) = layer.active_adapters
    result = layer.through_merged.apply(
        x, layer.served_weight, layer.lora_A[name].weight, layer.lora_B[name].weight, layer.scaling[name]
    )
    return result if layer.base_layer.bias is None else result + layer.base_layer.bias


def _layers(model: Any) -> list[Any]:
    from peft.tuners.lora import Linear

    return [module for module in model.modules() if isinstance(module, Linear)]


def publish(model: Any) -> None:
    """Makes the weights that forward passes use from the factors as they are now; to be called whenever they change."""
    import torch

    with torch.no_grad():
        for layer in _layers(model):
            if hasattr(layer, "through_merged"):
                layer.served_weight = _merged_weight(layer)


def _train_through_merged(model: Any) -> Any:
    function = _through_merged()
    for layer in _layers(model):
        layer.through_merged = function
        layer.forward = MethodType(_forward, layer)
    publish(model)
    return model


def with_lora(model: Any, rank: int, alpha: int, seed: int, *, through_merged: bool = True) -> Any:
    """The model with a fresh adapter on all its linear layers (fp32 factors); only the adapter is trainable.

    Without `through_merged` PEFT's own form is kept: only there do the factors see each example's activations through
    modules of their own, which the hooks of per-example gradients need.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    adapted = get_peft_model(model, config)
    return _train_through_merged(adapted) if through_merged else adapted


def load_adapter(model: Any, adapter: Path, *, trainable: bool) -> Any:
    """The model with a saved adapter."""
    from peft import PeftModel

    return _train_through_merged(PeftModel.from_pretrained(model, str(adapter), is_trainable=trainable))


def merged(model: Any) -> Any:
    """The plain model inside, with the adapter in its weights for good."""
    import torch

    with torch.no_grad():
        for layer in _layers(model):
            layer.base_layer.weight.copy_(_merged_weight(layer))
    return model.unload()


def save_adapter(model: Any, folder: Path) -> None:
    """PEFT's own format, without what differs between machines: equal training leaves equal files."""
    shutil.rmtree(folder, ignore_errors=True)
    # Else PEFT asks the hub whether the vocabulary has grown.
    model.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["target_modules"] = sorted(config["target_modules"])  # a set, written in any order
    config["base_model_name_or_path"] = Path(config["base_model_name_or_path"] or "").name
    path.write_text(json.dumps(config, indent=1, sort_keys=True))
