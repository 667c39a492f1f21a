"""Presidio's patterns with their checksums and context words, run in a loop of ours: its own logs a time-out and returns
nothing, which would pass the text. Presidio is imported here and nowhere else.

Covered: the recognisers named below. Not covered: Presidio's NLP engine, whose work `spacy_names` does at a fifth of the cost.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex

from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import CONTEXT_CHARS, Clock, matches_of
from privacy.records import Span

# Recogniser -> (our type, whether a match counts without a context word, fewest digits). Left out: those that ours find more
# surely (national ids by python-stdnum's checksums, IBAN, crypto, phone, dates, UUID), URL and InPan (quadratic), e-mail (asks the
# network for a list of domains), and ids that any number matches.
_RECOGNIZERS: dict[str, tuple[str, bool, int]] = {
    "CreditCardRecognizer": ("CREDIT_CARD", True, 12),
    "IpRecognizer": ("IP_ADDRESS", True, 1),
    "MacAddressRecognizer": ("MAC_ADDRESS", True, 1),
    "UsSsnRecognizer": ("US_SSN", True, 9),
    "UsItinRecognizer": ("TAX_ID", True, 9),
    "UsPassportRecognizer": ("PASSPORT", False, 8),
    "UsLicenseRecognizer": ("DRIVER_LICENSE", False, 4),
    "UsMbiRecognizer": ("HEALTH_PLAN", True, 5),
    "UsBankRecognizer": ("BANK_ACCOUNT", False, 8),
    "MedicalLicenseRecognizer": ("LICENSE_ID", True, 7),
    "AbaRoutingRecognizer": ("BANK_ACCOUNT", False, 9),
    "UkNinoRecognizer": ("NATIONAL_ID", True, 6),
    "NhsRecognizer": ("NATIONAL_ID", False, 10),
}
# Presidio's own context boost (LemmaContextAwareEnhancer's defaults), without the lemmas that need a full parse.
_DIGIT = regex.compile(r"\d")
_CONTEXT_BOOST = 0.35
_CONTEXT_FLOOR = 0.4


@dataclass(frozen=True, slots=True)
class _Pattern:
    recognizer: Any
    score: float
    entity_type: str
    alone: bool
    """Whether a match counts without a context word."""
    fewest_digits: int
    context: regex.Pattern[str] | None


@cache
def presidio_patterns() -> Group[_Pattern]:
    """Loads in some seconds, most of them Presidio's import."""
    with _hidden("torch", "transformers"):
        from presidio_analyzer import predefined_recognizers

    # Some recognisers log the text they look at.
    logging.getLogger("presidio-analyzer").disabled = True
    listed: list[tuple[regex.Pattern[str], _Pattern]] = []
    for name, (entity_type, alone, digits) in _RECOGNIZERS.items():
        recognizer = getattr(predefined_recognizers, name)()
        words = [regex.escape(word) for word in recognizer.context or ()]
        context = regex.compile(r"(?<!\w)(?:" + "|".join(words) + ")", regex.IGNORECASE) if words else None
        for pattern in recognizer.patterns:
            compiled = regex.compile(pattern.regex, recognizer.global_regex_flags)
            listed.append(
                (compiled, _Pattern(recognizer, pattern.score, entity_type, alone, digits, context))
            )
    return Group(listed)


def find_by_presidio(text: str, clock: Clock) -> list[Span]:
    """All that its patterns and checks accept. Raises TimeoutError."""
    digits = len(_DIGIT.findall(text))
    return [
        span
        for pattern, match in matches_of(presidio_patterns(), text, clock)
        if digits >= pattern.fewest_digits and (span := _span(pattern, match, text)) is not None
    ]


def _span(pattern: _Pattern, match: regex.Match[str], text: str) -> Span | None:
    if _inside_word(text, match.start()) or _inside_word(text, match.end()):
        return None  # a piece of a hash is no number of anybody
    score = _score(pattern.recognizer, pattern.score, match.group())
    if score <= 0:
        return None
    first = max(0, match.start() - CONTEXT_CHARS)
    last = min(len(text), match.end() + CONTEXT_CHARS // 2)
    if pattern.context is not None and pattern.context.search(text, first, last):
        score = min(1.0, max(score + _CONTEXT_BOOST, _CONTEXT_FLOOR))
    elif not pattern.alone:
        return None
    return Span(match.start(), match.end(), pattern.entity_type, score, type(pattern.recognizer).__name__)


def _inside_word(text: str, index: int) -> bool:
    return 0 < index < len(text) and text[index - 1].isalnum() and text[index].isalnum()


def _score(recognizer: Any, score: float, found: str) -> float:
    """As Presidio scores: a checksum makes it certain or nothing."""
    valid = recognizer.validate_result(found)
    if valid is not None:
        score = 1.0 if valid else 0.0
    return 0.0 if recognizer.invalidate_result(found) else score


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Presidio and spaCy import these where they find them: 8 s and 500 MB for nothing that is used here."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
