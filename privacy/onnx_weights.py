"""Turns a 4-bit ONNX BERT into an 8-bit one that a CPU computes three times as fast: its products run on integers, with scales
fixed in advance.

Covered: token classifiers of BERT's shape as Hugging Face's exporters write them, with `MatMulNBits` weights (4 bits, symmetric) and
8-bit embeddings. The package onnx is imported here and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# Windows of so many lengths go through the graph together: what is computed token by token does not ask for windows, and attention
# is computed for each length by itself. So nothing is padded, and a window's logits are the same bit for bit whatever stands beside it.
_LENGTHS = 4
_ORT = "com.microsoft"
# The vocabulary once over, in windows of this many tokens, shows how large activations become.
_SHOWN = 62


@dataclass(frozen=True, slots=True)
class _Bert:
    config: dict[str, Any]
    tensors: dict[str, Any]
    """Everything but the products' weights, by its name in the checkpoint."""
    weights: dict[str, Any]
    """A layer's name -> its product's weights, float32 [inputs, outputs]."""

    def layer(self, name: str) -> tuple[Any, Any]:
        """Its weights and biases."""
        return self.weights[name], self.tensors[f"{name}.bias"]


def to_int8(source: Path, config: Path, target: Path) -> None:
    """Writes the model with int8 weights, one scale a column, and uint8 activations, one fixed range for all that read them.

    The graph takes the tokens of several windows, those of one length beside each other: `input_ids` and `positions` (each token's place in its
    window), int64 [tokens], and `shapes`, int64 [lengths, 2], (windows, tokens of each) by length, of which none may be 0. It gives `logits`, float32
    [tokens, labels]. Raises ValueError for a model of another shape, or packed in another way.
    """
    import onnx

    bert = _read(source, config)
    onnx.save(_model(bert, _ranges(bert)), target)


def _read(source: Path, config: Path) -> _Bert:
    import onnx
    from onnx import numpy_helper

    settings = json.loads(config.read_text(encoding="utf-8"))
    if settings.get("model_type") != "bert" or settings.get("hidden_act") != "gelu":
        raise ValueError(f"{config}: only BERT with gelu can be converted")
    model = onnx.load(source)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    weights = {}
    for node in model.graph.node:
        # The weights have lost their names; the bias that is added to their product has kept its own.
        biases = [name for name in node.input if name.endswith(".bias") and name in tensors]
        products = [makers[name] for name in node.input if name in makers]
        if node.op_type == "Add" and biases and products and products[0].op_type == "MatMulNBits":
            weights[biases[0].removesuffix(".bias")] = _unpacked(products[0], tensors)
    bert = _Bert(settings, tensors, weights)
    missing = [name for name in _layers(bert) if name not in weights]
    if missing:
        raise ValueError(f"{source}: no 4-bit weights for {missing[0]}")
    return bert


def _layers(bert: _Bert) -> list[str]:
    parts = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
    return [
        f"bert.encoder.layer.{number}.{part}"
        for number in range(bert.config["num_hidden_layers"])
        for part in (*parts, "intermediate.dense", "output.dense")
    ] + ["classifier"]


def _unpacked(node: Any, tensors: dict[str, Any]) -> Any:
    """The weights of a `MatMulNBits`, float32 [inputs, outputs]."""
    given = {attribute.name: attribute.i for attribute in node.attribute}
    if given.get("bits", 4) != 4 or any(node.input[3:]):
        raise ValueError(f"{node.name}: only symmetric 4-bit weights can be unpacked")
    rows, columns, block = given["K"], given["N"], given["block_size"]
    packed = tensors[node.input[1]].reshape(columns, rows // block, block // 2)
    scales = tensors[node.input[2]].reshape(columns, rows // block, 1)
    # Two values a byte, the lower half first; 8 stands for zero.
    values = np.stack([packed & 15, packed >> 4], axis=-1).reshape(columns, rows // block, block)
    return ((values.astype(np.float32) - 8) * scales.astype(np.float32)).reshape(columns, rows).T


def _ranges(bert: _Bert) -> list[tuple[float, float]]:
    """The least and the greatest of all activations that products read, over the whole vocabulary.

    No text is needed: these ranges serve as well as those of 500 invented documents.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        _model(bert, None).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    num_words = bert.tensors["bert.embeddings.word_embeddings.weight_quantized"].shape[0]
    read = [output.name for output in session.get_outputs()][1:]
    least, greatest = np.full(len(read), np.inf), np.full(len(read), -np.inf)
    for first in range(0, num_words, _SHOWN):
        ids = np.arange(first, min(first + _SHOWN, num_words), dtype=np.int64)
        window = {"input_ids": ids, "positions": np.arange(len(ids)), "shapes": np.array([[1, len(ids)]])}
        for place, activations in enumerate(session.run(read, window)):
            least[place] = min(least[place], activations.min())
            greatest[place] = max(greatest[place], activations.max())
    return list(zip(least.tolist(), greatest.tolist(), strict=True))


@dataclass(slots=True)
class _Graph:
    """Nodes and constants so far."""

    ranges: list[tuple[float, float]] | None
    """None while activations are looked at: products are computed in float32 then."""
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    """What products read, each once."""
    integers: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Of what was read: its integers, their scale and their zero."""
    sizes: str = ""
    """How many tokens there are of each length."""
    shapes: list[str] = field(default_factory=list)
    """Of each length: (windows, tokens of each, their width)."""

    def add(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> list[str]:
        from onnx import helper

        names = [f"{kind}_{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=names[0], **attributes))
        return names

    def constant(self, value: Any) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def product(self, activations: str, weights: Any, bias: Any) -> str:
        """activations @ weights + bias"""
        if self.ranges is None:
            self.read += [activations] if activations not in self.read else []
            (exact,) = self.add("MatMul", [activations, self.constant(weights)])
            return self.add("Add", [exact, self.constant(bias)])[0]
        integers, scale, zero = self._as_integers(activations, self.ranges)
        columns = np.maximum(np.abs(weights).max(axis=0) / 127, np.finfo(np.float32).tiny).astype(np.float32)
        rounded = np.clip(np.rint(weights / columns), -127, 127).astype(np.int8)
        inputs = [
            integers,
            self.constant(rounded),
            scale,
            self.constant(columns),
            zero,
            "",
            self.constant(bias),
        ]
        return self.add("MatMulIntegerToFloat", inputs, domain=_ORT)[0]

    def _as_integers(self, activations: str, ranges: list[tuple[float, float]]) -> tuple[str, str, str]:
        if activations not in self.integers:
            least, greatest = ranges[len(self.integers)]
            step = np.float32((greatest - least) / 255)
            zero_point = np.uint8(np.clip(round(-least / step), 0, 255))
            scale, zero = self.constant(step), self.constant(zero_point)
            (rounded,) = self.add("QuantizeLinear", [activations, scale, zero])
            self.integers[activations] = rounded, scale, zero
        return self.integers[activations]


def _model(bert: _Bert, ranges: list[tuple[float, float]] | None) -> Any:
    """The graph on integers; in float32 if there are no ranges yet, with what products read as further outputs."""
    from onnx import TensorProto, helper

    lengths = 1 if ranges is None else _LENGTHS
    graph = _Graph(ranges)
    _told_shapes(graph, lengths)
    hidden = _embedded(bert, graph)
    for number in range(bert.config["num_hidden_layers"]):
        hidden = _layer(bert, graph, hidden, f"bert.encoder.layer.{number}")
    logits = graph.product(hidden, *bert.layer("classifier"))
    graph.nodes.append(helper.make_node("Identity", [logits], ["logits"]))
    outputs = ["logits"] if ranges is not None else ["logits", *graph.read]
    whole = helper.make_graph(
        graph.nodes,
        "bert",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["tokens"]),
            helper.make_tensor_value_info("positions", TensorProto.INT64, ["tokens"]),
            helper.make_tensor_value_info("shapes", TensorProto.INT64, [lengths, 2]),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        graph.constants,
    )
    # The versions of the format that all of our ONNX Runtimes read.
    return helper.make_model(
        whole, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(_ORT, 1)], ir_version=9
    )


def _told_shapes(graph: _Graph, lengths: int) -> None:
    (graph.sizes,) = graph.add("ReduceProd", ["shapes", graph.constant(np.array([1]))], keepdims=0)
    rest = graph.constant(np.array([-1]))
    for number in range(lengths):
        (shape,) = graph.add("Gather", ["shapes", graph.constant(np.array(number))])
        graph.shapes += graph.add("Concat", [shape, rest], axis=0)


def _embedded(bert: _Bert, graph: _Graph) -> str:
    def table(name: str) -> tuple[Any, Any, Any]:
        whole = f"bert.embeddings.{name}_embeddings.weight"
        return tuple(bert.tensors[f"{whole}_{part}"] for part in ("quantized", "scale", "zero_point"))

    def dense(name: str) -> Any:
        values, scale, zero = table(name)
        return ((values.astype(np.float32) - zero) * scale).astype(np.float32)

    values, scale, zero = table("word")
    (rows,) = graph.add("Gather", [graph.constant(values), "input_ids"])
    (words,) = graph.add("DequantizeLinear", [rows, graph.constant(scale), graph.constant(zero)])
    # All tokens are of the first type.
    places = graph.constant(dense("position") + dense("token_type")[0])
    (positions,) = graph.add("Gather", [places, "positions"])
    return _normalised(bert, graph, words, positions, "bert.embeddings.LayerNorm")


def _normalised(bert: _Bert, graph: _Graph, one: str, other: str, name: str) -> str:
    scale, shift = (graph.constant(bert.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
    epsilon = bert.config["layer_norm_eps"]
    return graph.add("SkipLayerNormalization", [one, other, scale, shift], domain=_ORT, epsilon=epsilon)[0]


def _layer(bert: _Bert, graph: _Graph, hidden: str, name: str) -> str:
    own = f"{name}.attention.self"
    # One product for the three would have to be cut apart again, which takes longer than it saves.
    parts = [graph.product(hidden, *bert.layer(f"{own}.{part}")) for part in ("query", "key", "value")]
    context = _attention(
        graph, parts, bert.config["num_attention_heads"], len(bert.tensors[f"{own}.query.bias"])
    )
    said = graph.product(context, *bert.layer(f"{name}.attention.output.dense"))
    hidden = _normalised(bert, graph, said, hidden, f"{name}.attention.output.LayerNorm")
    wide = graph.product(hidden, *bert.layer(f"{name}.intermediate.dense"))
    (bent,) = graph.add("Gelu", [wide], domain=_ORT)
    narrow = graph.product(bent, *bert.layer(f"{name}.output.dense"))
    return _normalised(bert, graph, narrow, hidden, f"{name}.output.LayerNorm")


def _attention(graph: _Graph, parts: list[str], heads: int, width: int) -> str:
    """What each token takes from its window: [tokens, width] from query, key and value of the same shape."""
    by_length = [graph.add("Split", [part, graph.sizes], len(graph.shapes), axis=0) for part in parts]
    flat = graph.constant(np.array([-1, width]))
    contexts = []
    for shape, *alike in zip(graph.shapes, *by_length, strict=True):
        windows = [graph.add("Reshape", [part, shape])[0] for part in alike]
        (context,) = graph.add("MultiHeadAttention", windows, domain=_ORT, num_heads=heads)
        contexts += graph.add("Reshape", [context, flat])
    return graph.add("Concat", contexts, axis=0)[0]
