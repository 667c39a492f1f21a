"""Rounds a model's linear layers to 8 bits, weights and activations (W8A8), in a form that the serving engine reads.

Rounding to nearest with a scale for each output channel of a weight; activations are rounded as they come, with a scale
for each token. No data is needed for it. Embeddings, norms and the head keep their precision. Not covered: methods that
calibrate (GPTQ, SmoothQuant), which models of 4 bits or with large outliers need.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

METHOD = "int8 weights and activations (W8A8), rounded to nearest"

_LINEAR = re.compile(r"\.layers\.\d+\..*_proj\.weight$")


def quantise(model: Path, out: Path) -> None:
    """Writes `out`, the model in `model` with its projections in int8, as compressed-tensors stores them.

    The form is that of compressed-tensors' "int-quantized": `weight` int8 [out, in], `weight_scale` [out, 1] in the
    weight's own type. Raises ValueError where the model has no projections of the usual names.
    """
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    tensors: dict[str, Any] = {}
    for file in sorted(model.glob("*.safetensors")):
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118, it is no dictionary
                weight = opened.get_tensor(name)
                if _LINEAR.search(name) and weight.dim() == 2:
                    scale = (weight.float().abs().amax(dim=1, keepdim=True) / 127).clamp_min(1e-12)
                    # The scale as it will be read: rounding it afterwards would move every weight of the channel.
                    scale = scale.to(weight.dtype)
                    rounded = (weight.float() / scale.float()).round().clamp(-127, 127)
                    tensors[name] = rounded.to(torch.int8)
                    tensors[f"{name}_scale"] = scale
                else:
                    tensors[name] = weight
    if not any(name.endswith("_scale") for name in tensors):
        raise ValueError("the model has no linear layers of the names that are known here")
    out.mkdir(parents=True, exist_ok=True)
    for file in model.iterdir():
        if file.is_file() and file.suffix != ".safetensors" and file.name != "model.safetensors.index.json":
            shutil.copyfile(file, out / file.name)
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((model / "config.json").read_text())
    (out / "config.json").write_text(json.dumps(config | {"quantization_config": _CONFIG}, indent=1))


_INT8 = {"num_bits": 8, "type": "int", "symmetric": True}
_CONFIG = {
    "quant_method": "compressed-tensors",
    "format": "int-quantized",
    "quantization_status": "compressed",
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": {**_INT8, "strategy": "channel", "dynamic": False},
            "input_activations": {**_INT8, "strategy": "token", "dynamic": True},
        }
    },
    "ignore": ["lm_head"],
}
