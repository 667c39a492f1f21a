"""Turns a 4-bit ONNX model into an 8-bit one, which a CPU computes twice as fast: its products then run on integers.

Covered: graphs with `MatMulNBits` nodes (4 bits, symmetric, as onnxruntime's tools write them) and plain `MatMul`. The package
onnx is imported here and nowhere else.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np


def to_int8(source: Path, target: Path) -> None:
    """Writes the model with dynamically quantised int8 products, one scale a column of weights.

    Raises ValueError for weights that are packed in another way.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    _unpack(model)
    unpacked = target.with_suffix(".fp32")
    # It advises steps that this model has behind it.
    logging.disable(logging.WARNING)
    try:
        onnx.save(model, unpacked)
        quantize_dynamic(
            unpacked,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        logging.disable(logging.NOTSET)
        unpacked.unlink(missing_ok=True)


def _unpack(model: Any) -> None:
    """Every `MatMulNBits` as a `MatMul` with fp32 weights, in place."""
    from onnx import helper, numpy_helper

    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            nodes.append(node)
            continue
        given = {attribute.name: attribute.i for attribute in node.attribute}
        if given.get("bits", 4) != 4 or any(node.input[3:]):
            raise ValueError(f"{node.name}: only symmetric 4-bit weights can be unpacked")
        rows, columns, block = given["K"], given["N"], given["block_size"]
        packed = numpy_helper.to_array(weights[node.input[1]]).reshape(columns, rows // block, block // 2)
        scales = numpy_helper.to_array(weights[node.input[2]]).reshape(columns, rows // block, 1)
        # Two values a byte, the lower half first; 8 stands for zero.
        values = np.stack([packed & 15, packed >> 4], axis=-1).reshape(columns, rows // block, block)
        dense = ((values.astype(np.float32) - 8) * scales.astype(np.float32)).reshape(columns, rows).T
        name = f"{node.input[1]}_dense"
        model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(dense), name))
        nodes.append(helper.make_node("MatMul", [node.input[0], name], list(node.output), name=node.name))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
