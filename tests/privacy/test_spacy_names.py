"""spaCy's names: the entities are those that spaCy's own pipeline gives, whatever its model shares between its parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.rule import Clock
from privacy.records import DetectorModels
from privacy.spacy_names import _TYPES, SpacyNames
from tests.benchmarks import unseen

pytestmark = pytest.mark.slow  # spaCy alone takes more than a second to import

_LISTENS = {
    "model": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 32,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"},
    }
}


def _found_by_spacy(model: Any, sentence: str) -> set[tuple[int, int, str]]:
    return {
        (entity.start_char, entity.end_char, _TYPES[entity.label_][0])
        for entity in model(sentence).ents
        if entity.label_ in _TYPES and entity.text.casefold() not in NOT_NAMES
    }


def _found_here(names: SpacyNames, sentences: Sequence[str]) -> list[set[tuple[int, int, str]]]:
    nothing: list[list[Any]] = [[] for _ in sentences]
    return [
        {(span.start, span.end, span.entity_type) for span in spans}
        for spans in names.find(sentences, nothing, frozenset(), Clock(60))
    ]


def _sentences(n: int) -> list[str]:
    """One sentence of each of the dev documents, with a capitalised word."""
    texts = [sample.text[:200] for sample in unseen.samples(n, 5, "dev")]
    return ["So Ruritania said: " + re.sub(r"[.!?\n]", " ", text) for text in texts]


@pytest.mark.parametrize(
    ("factory", "settings", "updates"),
    [("ner", {}, 12), ("ner", _LISTENS, 12), ("beam_ner", {}, 2)],
    ids=["alone", "shared vectors", "beam"],
)
def test_a_model_of_the_site_finds_what_it_finds_in_spacy(
    factory: str, settings: dict[str, Any], updates: int, tmp_path: Path
) -> None:
    import spacy
    from spacy.training import Example

    spacy.util.fix_random_seed(3)
    model = spacy.blank("en")
    model.add_pipe("tok2vec")
    model.add_pipe(factory, name="ner", config=settings)
    words = [
        ("So Ruritania said: Zoe called from Arden", [(3, 12, "GPE"), (19, 22, "PERSON"), (35, 40, "ORG")])
    ]
    examples = [Example.from_dict(model.make_doc(text), {"entities": marks}) for text, marks in words]
    model.initialize(lambda: examples)
    sentences = _sentences(40)
    # Trained until it finds something, and no longer, so that a beam finds other things.
    optimizer = model.resume_training()
    for _ in range(updates):
        model.update(examples, sgd=optimizer)
    model.to_disk(tmp_path / "model")
    model = spacy.load(tmp_path / "model")
    ours = _found_here(SpacyNames(tmp_path / "model"), sentences)
    assert ours == [_found_by_spacy(model, sentence) for sentence in sentences]
    assert sum(map(len, ours)) > 4


def test_the_shipped_model_finds_what_it_finds_in_spacy(detector_models: DetectorModels) -> None:
    import spacy

    model = spacy.load(detector_models.spacy)
    sentences = _sentences(200)
    ours = _found_here(SpacyNames(detector_models.spacy), sentences)
    assert ours == [_found_by_spacy(model, sentence) for sentence in sentences]
    assert sum(map(len, ours)) > 100
