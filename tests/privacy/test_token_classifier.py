"""The transformer: its 8-bit form says what the 4-bit one says, and a text's findings do not depend on its neighbours."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from privacy import token_classifier
from privacy.detect import Detector
from privacy.onnx_weights import to_int8
from privacy.recognizers.rule import Clock
from privacy.records import DetectorModels
from privacy.token_classifier import TokenClassifier
from tests.benchmarks import unseen

_WIDTH, _INNER, _HEADS, _LABELS, _WORDS, _BLOCK = 64, 128, 4, 3, 90, 32
_CONFIG = {"model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": 2, "num_attention_heads": _HEADS, "layer_norm_eps": 1e-12,
           "id2label": {"0": "O", "1": "B-SURNAME", "2": "B-CITY"}}  # fmt: skip


class _Packed:
    """A random BERT as an exporter packs it, and what it computes, in float32."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(7)
        self.nodes: list[Any] = []
        self.tensors: dict[str, Any] = {}
        self.weights: dict[str, Any] = {}
        for name, rows in (("word", _WORDS), ("position", 512), ("token_type", 2)):
            whole = f"bert.embeddings.{name}_embeddings.weight"
            self.tensors[f"{whole}_quantized"] = self.rng.integers(0, 256, (rows, _WIDTH), np.uint8)
            self.tensors[f"{whole}_scale"] = np.array(0.02, np.float32)
            self.tensors[f"{whole}_zero_point"] = np.array(120, np.uint8)
        self.norm("bert.embeddings.LayerNorm")
        for number in range(2):
            layer = f"bert.encoder.layer.{number}"
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                self.linear(f"{layer}.attention.{part}", _WIDTH, _WIDTH)
            self.norm(f"{layer}.attention.output.LayerNorm")
            self.linear(f"{layer}.intermediate.dense", _WIDTH, _INNER)
            self.linear(f"{layer}.output.dense", _INNER, _WIDTH)
            self.norm(f"{layer}.output.LayerNorm")
        self.linear("classifier", _WIDTH, _LABELS)

    def norm(self, name: str) -> None:
        self.tensors[f"{name}.weight"] = self.rng.normal(1, 0.1, _WIDTH).astype(np.float32)
        self.tensors[f"{name}.bias"] = self.rng.normal(0, 0.1, _WIDTH).astype(np.float32)

    def linear(self, name: str, rows: int, columns: int) -> None:
        values = self.rng.integers(0, 16, (columns, rows // _BLOCK, _BLOCK), np.uint8)
        scales = self.rng.uniform(0.01, 0.03, (columns, rows // _BLOCK, 1)).astype(np.float32)
        self.weights[name] = ((values.astype(np.float32) - 8) * scales).reshape(columns, rows).T
        self.tensors[f"{name}.bias"] = self.rng.normal(0, 0.1, columns).astype(np.float32)
        product = f"product_{len(self.nodes)}"
        self.tensors[f"{product}_Q4"] = values[..., ::2] | values[..., 1::2] << 4
        self.tensors[f"{product}_scales"] = scales.reshape(columns, -1)
        inputs = ["some activations", f"{product}_Q4", f"{product}_scales"]
        attributes = {"K": rows, "N": columns, "bits": 4, "block_size": _BLOCK}
        self.nodes += [
            helper.make_node("MatMulNBits", inputs, [product], domain="com.microsoft", **attributes),
            helper.make_node("Add", [f"{name}.bias", product], [f"{product}_sum"]),
        ]

    def save(self, folder: Path) -> None:
        """The folder that is fetched: the packed graph, its configuration, a tokenizer of numbered words."""
        constants = [numpy_helper.from_array(value, name) for name, value in self.tensors.items()]
        output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
        onnx.save(
            helper.make_model(helper.make_graph(self.nodes, "packed", [], [output], constants)),
            folder / "packed",
        )
        (folder / "config.json").write_text(json.dumps(_CONFIG))
        words = {"[CLS]": 0, "[SEP]": 1} | {f"W{number}": number for number in range(2, _WORDS)}
        tokenizer = Tokenizer(models.WordLevel(words, unk_token="[CLS]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        ends = [("[CLS]", 0), ("[SEP]", 1)]
        tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
        tokenizer.save(str(folder / "tokenizer.json"))

    def logits(self, ids: list[int]) -> Any:
        def table(name: str) -> Any:
            whole = f"bert.embeddings.{name}_embeddings.weight"
            return (self.tensors[f"{whole}_quantized"].astype(np.float32) - 120) * self.tensors[
                f"{whole}_scale"
            ]

        def linear(x: Any, name: str) -> Any:
            return x @ self.weights[name] + self.tensors[f"{name}.bias"]

        def norm(x: Any, name: str) -> Any:
            centred = x - x.mean(-1, keepdims=True)
            scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True))
            return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

        x = table("word")[ids] + table("position")[: len(ids)] + table("token_type")[0]
        x = norm(x, "bert.embeddings.LayerNorm")
        for number in range(2):
            layer = f"bert.encoder.layer.{number}"
            query, key, value = (
                linear(x, f"{layer}.attention.self.{part}").reshape(len(ids), _HEADS, -1).swapaxes(0, 1)
                for part in ("query", "key", "value")
            )
            scores = np.exp(query @ key.swapaxes(1, 2) / np.sqrt(_WIDTH / _HEADS))
            context = (scores / scores.sum(-1, keepdims=True)) @ value
            context = context.swapaxes(0, 1).reshape(len(ids), _WIDTH)
            x = norm(
                linear(context, f"{layer}.attention.output.dense") + x, f"{layer}.attention.output.LayerNorm"
            )
            wide = linear(x, f"{layer}.intermediate.dense")
            bent = 0.5 * wide * (1 + np.vectorize(math.erf)(wide / np.sqrt(2)))
            x = norm(linear(bent, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
        return linear(x, "classifier")


@pytest.fixture(scope="module")
def packed() -> _Packed:
    return _Packed()


@pytest.fixture(scope="module")
def folder(packed: _Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    packed.save(path)
    to_int8(path / "packed", path / "config.json", path / "model.onnx")
    return path


def _texts(n: int) -> list[str]:
    rng = np.random.default_rng(1)
    return [
        " ".join(f"W{word}" for word in rng.integers(2, _WORDS, rng.integers(1, 40)))
        for _ in range(n)
    ]  # fmt: skip


def test_the_8_bit_model_says_what_the_4_bit_one_says(packed: _Packed, folder: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    errors, sizes = [], []
    for text in _texts(30):
        ids = [int(word[1:]) for word in text.split()]
        window = {
            "input_ids": [*ids, 0, 0, 0],
            "positions": [*range(len(ids)), 0, 0, 0],
            "shapes": [[1, len(ids)], *[[1, 1]] * 3],
        }
        (logits,) = session.run(None, {name: np.array(value, np.int64) for name, value in window.items()})
        errors.append(np.abs(logits[:-3] - packed.logits(ids)).mean())
        sizes.append(packed.logits(ids).std())
    assert np.mean(errors) < 0.04 * np.mean(sizes)


def test_a_window_computed_beside_others_has_the_findings_it_has_alone(folder: Path) -> None:
    classifier = TokenClassifier(folder, min_score=0.0)
    texts = _texts(200)
    together = classifier.find(texts, Clock(60))
    assert together == [classifier.find([text], Clock(60))[0] for text in texts]
    assert len({span.score for spans in together for span in spans}) > 100


def test_a_model_with_a_scale_for_all_that_is_computed_at_once_computes_each_window_alone(
    folder: Path, tmp_path: Path
) -> None:
    # What it says of a token depends on the greatest number among all tokens of a run, as with scales that are taken from what is computed.
    table = np.random.default_rng(3).normal(0, 90, (_WORDS, _LABELS)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceMax", ["input_ids"], ["greatest"], keepdims=0),
        helper.make_node("Cast", ["greatest"], ["scale"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["rows", "scale"], ["logits"]),
    ]
    inputs = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["windows", "tokens"])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "scaled", inputs, outputs, [numpy_helper.from_array(table, "table")])
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), tmp_path / "model.onnx")
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    classifier = TokenClassifier(tmp_path, min_score=0.0)
    texts = _texts(60)
    assert classifier.find(texts, Clock(60)) == [classifier.find([text], Clock(60))[0] for text in texts]


def test_a_model_of_another_shape_is_refused(folder: Path, tmp_path: Path) -> None:
    model = onnx.load(folder / "packed")
    last = [node for node in model.graph.node if node.op_type == "Add"][-1]
    model.graph.node.remove(last)
    onnx.save(model, tmp_path / "packed")
    with pytest.raises(ValueError, match="no 4-bit weights for classifier"):
        to_int8(tmp_path / "packed", folder / "config.json", tmp_path / "model.onnx")
    (tmp_path / "config.json").write_text(json.dumps(_CONFIG | {"hidden_act": "relu"}))
    with pytest.raises(ValueError, match="only BERT with gelu"):
        to_int8(folder / "packed", tmp_path / "config.json", tmp_path / "model.onnx")


_PARTS = st.sampled_from(
    ["Word ", "word. ", "Word.\n", "Prof. ", "a, ", "\n\n", "12", "words end here. ", "Word word " * 20]
)


@given(st.lists(_PARTS, min_size=60, max_size=200).map("".join))
def test_windows_hold_each_token_and_share_some_where_no_sentence_ends(text: str) -> None:
    encoding = Tokenizer(models.WordLevel({"word": 0}, unk_token="word"))
    encoding.pre_tokenizer = pre_tokenizers.Whitespace()
    encoded = encoding.encode(text)
    windows = token_classifier._windows(0, text, encoded)
    numbers = np.arange(len(encoded.ids))
    rows = [
        (window.first, np.stack([numbers[window.first : window.first + len(window.ids)]] * 2, axis=1))
        for window in windows
    ]
    if windows:
        assert token_classifier._joined(rows, len(numbers))[:, 0].tolist() == numbers.tolist()
    for left, right in itertools.pairwise(windows):
        end = left.first + len(left.ids)
        assert len(left.ids) <= token_classifier._WINDOW and left.first < right.first <= end
        before = text[: encoded.offsets[right.first][0]].rstrip(" ")
        if end == right.first:
            assert before.endswith((".", "\n")) and not before.endswith("Prof.")
        else:
            assert end - right.first == token_classifier._OVERLAP


@pytest.mark.slow
def test_a_name_in_a_long_text_is_found_wherever_it_stands(detector_models: DetectorModels) -> None:
    classifier = TokenClassifier(detector_models.classifiers[0])
    filler = "the parcel went to the depot on the hill and came back "
    for words in range(0, 90, 3):
        before = " ".join((filler * 9).split()[:words])
        text = f"{before} and Thandiwe Mokoena signed for it {filler * 14}"
        (found,) = classifier.find([text], Clock(60))
        start = text.index("Thandiwe")
        assert any(span.start <= start and span.end >= start + 16 for span in found), words


@pytest.mark.slow
def test_what_is_found_in_a_text_does_not_depend_on_the_texts_beside_it(
    detector_models: DetectorModels,
) -> None:
    detector = Detector(detector_models)
    texts = [sample.text for sample in unseen.samples(120, 3, "dev")]
    assert detector.find(texts) == [detector.find([text])[0] for text in texts]
