"""spaCy's names, places and organisations, asked only where a capitalised word is unexplained.

Covered: English text. Not covered: lower-case names, which its small models miss anyway. spaCy is imported here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import regex

from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.rule import Clock
from privacy.records import Span
from privacy.sentences import sentences

_TYPES = {
    "PERSON": ("PERSON", 0.6),
    "GPE": ("LOCATION", 0.55),
    "LOC": ("LOCATION", 0.45),
    "FAC": ("LOCATION", 0.45),
    "NORP": ("NRP", 0.5),
    "ORG": ("ORGANIZATION", 0.4),
}
_BATCH = 128
_CAPITALISED = regex.compile(r"(?<![\p{L}'’])\p{Lu}[\p{L}'’-]*\p{L}")


class SpacyNames:
    """Loads in a second. Not safe to share between threads."""

    def __init__(self, model: Path) -> None:
        """Raises ValueError, in one line, for a folder that is no such model."""
        import spacy
        from spacy.pipeline import EntityRecognizer

        if not (model / "meta.json").is_file():
            raise ValueError(f"{model}: not a spaCy model folder (no meta.json); point to the unpacked model")
        self._lists = _lists(model / "lemmatizer" / "lookups")
        self._nlp: Any = spacy.load(
            model, exclude=["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
        )
        if "ner" not in self._nlp.pipe_names:
            raise ValueError(f"{model}: this spaCy model finds no names (no 'ner'); take one that does")
        shared = dict(self._nlp.pipeline).get("tok2vec")
        # spaCy's own English models have vectors for their other parts too, at half the cost of the names.
        if shared is not None and "ner" not in shared.listening_components:
            self._nlp.remove_pipe("tok2vec")
        self._ner: Any = self._nlp.get_pipe("ner")
        self._greedy = isinstance(self._ner, EntityRecognizer) and self._ner.cfg["beam_width"] == 1
        self._key = spacy.strings.get_string_id

    def knows(self, word: str) -> bool:
        """Whether the word, as it is written, is among those that the model has a vector for; any is if it has none at all."""
        vectors = self._nlp.vocab.vectors
        return not vectors.n_keys or self._key(word) in vectors

    def dictionary(self) -> frozenset[str]:
        """The words, most of them without endings, that the model's lemmatizer knows; none if it has no such lists."""
        return frozenset(
            word
            for table in ("lemma_index", "lemma_exc")
            for known in self._listed(table).values()
            for word in known
        )

    def never_nouns(self) -> frozenset[str]:
        """Of those the verbs, adjectives and adverbs, with their endings: no name, no place is among them unless it is such a word too."""
        found: set[str] = set()
        for kind in ("adj", "adv", "verb"):
            known = self._listed("lemma_index").get(kind, ())
            found.update(known, self._listed("lemma_exc").get(kind, ()))
            for ending, without in self._listed("lemma_rules").get(kind, ()):
                found.update(
                    word[: len(word) - len(without)] + ending for word in known if word.endswith(without)
                )
        return frozenset(found)

    def _listed(self, table: str) -> Any:
        """A table of the lemmatizer, by part of speech; empty if it has none."""
        if self._lists is None:
            return {}
        return self._lists.get_table(table) if self._lists.has_table(table) else {}

    def find(
        self, texts: Sequence[str], explained: Sequence[Sequence[Span]], words: frozenset[str], clock: Clock
    ) -> list[list[Span]]:
        """Findings in those sentences of each text that hold a capitalised word outside `explained` that is no everyday word
        (of `words`) at its beginning.

        Raises TimeoutError.
        """
        asked: dict[str, list[tuple[int, int]]] = {}
        for index, (text, spans) in enumerate(zip(texts, explained, strict=True)):
            for start, end in _unexplained(text, spans, words):
                asked.setdefault(text[start:end], []).append((index, start))
        found: list[list[Span]] = [[] for _ in texts]
        sentences = sorted(asked, key=len)
        for first in range(0, len(sentences), _BATCH):
            clock.left_s()
            batch = sentences[first : first + _BATCH]
            for sentence, document in zip(batch, self._documents(batch), strict=True):
                for entity in document.ents:
                    if entity.label_ not in _TYPES or entity.text.casefold() in NOT_NAMES:
                        continue
                    entity_type, score = _TYPES[entity.label_]
                    for index, offset in asked[sentence]:
                        span = Span(
                            offset + entity.start_char, offset + entity.end_char, entity_type, score, "spacy"
                        )
                        found[index].append(span)
        return found

    def _documents(self, sentences: list[str]) -> list[Any]:
        """spaCy's document of each sentence, its entities marked."""
        documents = list(self._nlp.pipe(sentences, batch_size=_BATCH, disable=["ner"]))
        self._ner.set_annotations(documents, self._states(documents))
        return documents

    def _states(self, documents: list[Any]) -> Any:
        if not self._greedy:
            return self._ner.predict(documents)
        # What `predict` does, in steps of Python: there each move that is thought of for a token takes Python's lock anew,
        # which costs more than the network.
        states = self._ner.moves.init_batch(documents)
        scorer = self._ner.model.predict(documents)
        unfinished = [state for state in states if not state.is_final()]
        while unfinished:
            unfinished = self._ner.transition_states(unfinished, scorer.predict(unfinished))
        return states


def _lists(folder: Path) -> Any:
    """The lemmatizer's tables; None if there are none."""
    from spacy.lookups import Lookups

    return Lookups().from_disk(folder) if folder.is_dir() else None


def _unexplained(text: str, spans: Sequence[Span], words: frozenset[str]) -> list[tuple[int, int]]:
    """Ranges of the sentences with a capitalised word that nobody has claimed and that is no everyday word."""
    covered = bytearray(len(text))
    for span in spans:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    ranges: list[tuple[int, int]] = []
    for start, end in sentences(text):
        for word in _CAPITALISED.finditer(text, start, end):
            plain = word.group().casefold()
            begins = not any(map(str.isalnum, text[start : word.start()]))
            if not (covered[word.start()] or plain in NOT_NAMES or (begins and plain in words)):
                ranges.append((start, end))
                break
    return ranges
