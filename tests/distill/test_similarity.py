"""Nearness of meaning: a real encoder with random weights, pooled and cut as its folder says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distill.evaluation.similarity import Embedder

TEXTS = ("The meter is late.", "the METER is late", "Your refund was sent today, thank you.", "ß東京👍", "x")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer BERT with a character tokenizer."""
    import string

    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.printable.strip()]
    tokens += [f"##{each}" for each in string.printable.strip()]
    (folder / "vocab.txt").write_text("\n".join(tokens), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    config = BertConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    torch.manual_seed(3)
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def pooled_by(encoder: Path, folder: Path, **modes: bool) -> Path:
    copy = folder / "pooled"
    (copy / "1_Pooling").mkdir(parents=True)
    for path in encoder.iterdir():
        if path.is_file():
            (copy / path.name).symlink_to(path)
    (copy / "1_Pooling" / "config.json").write_text(json.dumps(modes | {"word_embedding_dimension": 32}))
    return copy


@pytest.mark.slow
def test_similarity_is_a_fraction_the_same_both_ways_and_whole_for_the_same_text(encoder: Path) -> None:
    embedder = Embedder(encoder, "cpu")
    for first in TEXTS:
        assert embedder.similarity(first, first) == 1.0
        for second in TEXTS:
            value = embedder.similarity(first, second)
            assert 0.0 <= value <= 1.0 and value == embedder.similarity(second, first)
    assert embedder.similarity(TEXTS[0], TEXTS[2]) < 0.999


@pytest.mark.slow
def test_the_pooling_is_the_one_that_the_folder_names(encoder: Path, tmp_path: Path) -> None:
    """Against the states themselves, pooled here."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder).eval()

    def states(text: str) -> torch.Tensor:
        with torch.inference_mode():
            found: torch.Tensor = network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        return found

    pairs = {
        "mean": (Embedder(encoder, "cpu"), lambda text: states(text).mean(dim=0)),
        "first": (
            Embedder(pooled_by(encoder, tmp_path, pooling_mode_cls_token=True), "cpu"),
            lambda text: states(text)[0],
        ),
    }
    for name, (embedder, pool) in pairs.items():
        expected = torch.nn.functional.cosine_similarity(pool(TEXTS[0]), pool(TEXTS[2]), dim=0).clamp(0, 1)
        assert embedder.similarity(TEXTS[0], TEXTS[2]) == pytest.approx(float(expected), abs=1e-5), name


@pytest.mark.slow
def test_a_text_beyond_the_models_length_is_judged_by_its_beginning(encoder: Path) -> None:
    embedder = Embedder(encoder, "cpu")
    beginning = "ab " * 100
    assert embedder.similarity(beginning + "x", beginning + "completely different") == pytest.approx(
        1.0, abs=1e-5
    )


@pytest.mark.parametrize(
    ("modes", "said"),
    [
        ({"pooling_mode_max_tokens": True}, "pools its tokens by pooling_mode_max_tokens"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "take a model that pools by"),
    ],
)
def test_another_pooling_is_refused(modes: dict[str, bool], said: str, tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    with pytest.raises(ValueError, match=said):
        Embedder(tmp_path, "cpu")


def test_a_model_with_code_of_its_own_or_pickled_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"auto_map": {"AutoModel": "x.Y"}}')
    with pytest.raises(ValueError, match="auto_map"):
        Embedder(tmp_path, "cpu")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ValueError, match=r"no \*\.safetensors"):
        Embedder(tmp_path, "cpu")
