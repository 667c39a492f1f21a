"""Finds what is personal in a text: Presidio's patterns, spaCy's names and our own rules, behind one class.

Covered: English text, ids and addresses of the countries named in `recognizers/`. Not covered: names in
other scripts, disguised spellings, facts that identify without naming. Presidio is imported here and
nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from privacy.arbitrate import arbitrate
from privacy.recognizers.address import find_addresses, find_postcodes_after
from privacy.recognizers.contact import find_contacts
from privacy.recognizers.dates import find_dates
from privacy.recognizers.ids import find_ids
from privacy.recognizers.people import NOT_NAMES, find_people
from privacy.recognizers.places import find_places
from privacy.recognizers.rule import CONTEXT_CHARS, Clock, matches
from privacy.records import Span

if TYPE_CHECKING:
    from spacy.language import Language

# Presidio's recognisers whose patterns are run, and whether a match counts without a context word. Left
# out: URL and InPan (quadratic), e-mail (asks the network for a list of domains), IBAN (logs the text it
# checks), phone, dates, UUID (ours find more), and ids that any number matches.
_PRESIDIO: dict[str, bool] = {
    "CreditCardRecognizer": True,
    "CryptoRecognizer": True,
    "IpRecognizer": True,
    "MacAddressRecognizer": True,
    "UsSsnRecognizer": True,
    "UsItinRecognizer": True,
    "UsPassportRecognizer": False,
    "UsLicenseRecognizer": False,
    "UsMbiRecognizer": True,
    "UsBankRecognizer": False,
    "MedicalLicenseRecognizer": True,
    "AbaRoutingRecognizer": False,
    "UkNinoRecognizer": True,
    "NhsRecognizer": False,
    "UkPassportRecognizer": False,
    "AuTfnRecognizer": False,
    "AuMedicareRecognizer": False,
    "CaSinRecognizer": True,
    "InAadhaarRecognizer": False,
    "ItFiscalCodeRecognizer": True,
    "EsNifRecognizer": True,
    "EsNieRecognizer": True,
    "PlPeselRecognizer": False,
    "FiPersonalIdentityCodeRecognizer": True,
    "SePersonnummerRecognizer": True,
    "SgFinRecognizer": True,
    "DeTaxIdRecognizer": False,
}
# Presidio's own context boost (LemmaContextAwareEnhancer's defaults), without the lemmas that need a full
# parse.
_CONTEXT_BOOST = 0.35
_CONTEXT_FLOOR = 0.4

_SPACY_TYPES = {
    "PERSON": ("PERSON", 0.6),
    "GPE": ("LOCATION", 0.55),
    "LOC": ("LOCATION", 0.45),
    "FAC": ("LOCATION", 0.45),
    "NORP": ("NRP", 0.5),
    "ORG": ("ORGANIZATION", 0.4),
}
_ORG_SUFFIX = regex.compile(
    r"(?<!\w)(?:\d{1,3}|\p{Lu}[\w&'’.-]{0,30})(?:,?\s(?:\p{Lu}[\w&'’.-]{0,30}|&|and|of|de)){0,4},?\s(?:Inc|Ltd|LLC|LLP|PLC|Plc|Corp|"
    r"Corporation|Limited|GmbH|AG|SA|S\.A|SpA|S\.p\.A|BV|B\.V|NV|Oy|AB|ApS|A/S|KG|Co|Company|Group|Holdings|Bank|University|"
    r"Hospital|Foundation|Institute|Associates|Partners|Consulting|Systems|Solutions|Technologies|Industries|Services)\b\.?"
)

# No word is this long: keys, images and attacks are. They are masked whole and kept from the recognisers,
# some of which (spaCy's tokeniser first) take time that grows with the square of such a run.
_UNBROKEN = regex.compile(r"\S{150,}")


class Detector:
    """Loads its models once (some seconds); `find` then scans texts. Not safe to share between threads."""

    def __init__(
        self,
        spacy_model: Path,
        *,
        min_score: float = 0.35,
        timeout_s: float = 10.0,
        keep_types: Sequence[str] = (),
    ) -> None:
        self._nlp = _load_spacy(spacy_model)
        self._presidio = _load_presidio()
        self._min_score = min_score
        self._timeout_s = timeout_s
        self._keep_types = frozenset(keep_types)

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """One tuple a text, in order of position, without overlaps.

        Raises TimeoutError if a text takes longer than `timeout_s`, and whatever else goes wrong: a caller
        that catches must drop the text, for nothing is known about it.
        """
        found = []
        readable = [_UNBROKEN.sub(_blank, text) for text in texts]
        for raw, text, document in zip(texts, readable, self._nlp.pipe(readable, batch_size=64), strict=True):
            clock = Clock(self._timeout_s)
            spans = [
                _span(match, "UNREADABLE", 1.0, "unbroken run") for match in matches(_UNBROKEN, raw, clock)
            ]
            spans += self._from_spacy(document) + self._from_presidio(text, clock)
            for finder in (find_contacts, find_addresses, find_dates, find_ids, find_people, find_places):
                spans += finder(text, clock)
            spans += [
                _span(match, "ORGANIZATION", 0.5, "company form")
                for match in matches(_ORG_SUFFIX, text, clock)
            ]
            places = [span for span in spans if span.entity_type in ("LOCATION", "ADDRESS")]
            spans += find_postcodes_after(places, text, clock)
            # What may stay is taken out before the arbiter, lest it shield a finding that may not.
            spans = [
                span
                for span in spans
                if span.score >= self._min_score and span.entity_type not in self._keep_types
            ]
            found.append(arbitrate(raw, spans))
        return found

    def _from_spacy(self, document: Any) -> list[Span]:
        spans = []
        for entity in document.ents:
            if entity.label_ not in _SPACY_TYPES or entity.text.casefold() in NOT_NAMES:
                continue
            entity_type, score = _SPACY_TYPES[entity.label_]
            spans.append(Span(entity.start_char, entity.end_char, entity_type, score, "spacy"))
        return spans

    def _from_presidio(self, text: str, clock: Clock) -> list[Span]:
        """Presidio's patterns in a loop of ours: its own logs a time-out and returns nothing, which
        would pass the text."""
        spans = []
        for recognizer, alone, context in self._presidio:
            for pattern in recognizer.patterns:
                for match in matches(pattern.compiled_regex, text, clock):
                    score = _presidio_score(recognizer, pattern.score, match.group())
                    if score <= 0:
                        continue
                    if context is not None and context.search(
                        text,
                        max(0, match.start() - CONTEXT_CHARS),
                        min(len(text), match.end() + CONTEXT_CHARS // 2),
                    ):
                        score = min(1.0, max(score + _CONTEXT_BOOST, _CONTEXT_FLOOR))
                    elif not alone:
                        continue
                    spans.append(
                        _span(match, recognizer.supported_entities[0], score, type(recognizer).__name__)
                    )
        return spans


def _span(match: regex.Match[str], entity_type: str, score: float, recognizer: str) -> Span:
    return Span(match.start(), match.end(), entity_type, score, recognizer)


def _blank(match: regex.Match[str]) -> str:
    """As many spaces, so that all offsets stay true."""
    return " " * len(match.group())


def _presidio_score(recognizer: Any, score: float, found: str) -> float:
    """As Presidio scores: a checksum makes it certain or nothing."""
    valid = recognizer.validate_result(found)
    if valid is not None:
        score = 1.0 if valid else 0.0
    return 0.0 if recognizer.invalidate_result(found) else score


def _load_spacy(model: Path) -> Language:
    import spacy

    if not (model / "meta.json").is_file():
        raise ValueError(f"{model}: not a spaCy model folder (no meta.json); point to the unpacked model")
    nlp = spacy.load(model, exclude=["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"])
    if "ner" not in nlp.pipe_names:
        raise ValueError(f"{model}: this spaCy model finds no names (no 'ner'); take one that does")
    return nlp


def _load_presidio() -> list[tuple[Any, bool, regex.Pattern[str] | None]]:
    """(recogniser with compiled patterns, counts without context, its context words) each."""
    # Some recognisers log the text they look at.
    logging.getLogger("presidio-analyzer").disabled = True
    from presidio_analyzer import predefined_recognizers

    loaded = []
    for name, alone in _PRESIDIO.items():
        recognizer = getattr(predefined_recognizers, name)()
        for pattern in recognizer.patterns:
            pattern.compiled_regex = regex.compile(pattern.regex, recognizer.global_regex_flags)
        words = [regex.escape(word) for word in recognizer.context or ()]
        context = regex.compile(r"(?<!\w)(?:" + "|".join(words) + ")", regex.IGNORECASE) if words else None
        loaded.append((recognizer, alone, context))
    return loaded
