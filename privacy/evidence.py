"""Says which claims of a model need a sign that somebody is spoken of, and whether a text shows one.

A model that was taught names and numbers of people takes switches, part numbers and headings for them where nobody is spoken of. Covered:
claims of a number or an address, names and organisations made of a dictionary's words, capitals or codes. Not covered: names that no dictionary
has, and places, which stand in texts without a sign of anybody as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import regex

from privacy.recognizers.people import given_names, listed_names
from privacy.recognizers.topics import FIRST_PERSON, SOMEBODY, WORD
from privacy.records import Span
from privacy.weak_claims import MODELS

# How sure a rule must be of what it found for the text to speak of somebody, and of what: a host or a date is nobody.
_SURE = 0.5
_NOBODY = frozenset(
    {
        "URL",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "DEVICE_ID",
        "DATE_TIME",
        "SECRET",
        "UNREADABLE",
        "ORGANIZATION",
        "REFERENCE_ID",
    }
)
# In letters and chats, and what is said of persons only.
_WORDS_OF_SOMEBODY = (
    SOMEBODY
    | FIRST_PERSON
    | frozenset(
        "mine ours us hers them they their theirs dear hi hello hey thanks please lives lived named resident spoke interview interviewed customer customers guest guests".split()
    )
)
_MADE_OF_WORDS = frozenset({"PERSON", "ORGANIZATION", "ADDRESS"})
_NEVER = frozenset({"LOCATION", "NRP"})
_NAME = regex.compile(r"\p{L}[\p{L}'’]*")
_CODE = regex.compile(r"[\d/_=+\\]")
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "er", "ers", "ly", "al")
_LONGEST_ACRONYM = 6
_UNDERSCORED = regex.compile(r"\p{Lu}\p{Ll}+(?:_\p{Lu}\p{Ll}+)+")
_OF = regex.compile(r"(?<!\w)(?:of|at|from|for|with|by|join(?:ed|s)?|near)[ ]$")
_NEARLY_SURE = 0.62


def shows_somebody(text: str, spans: Sequence[Span]) -> bool:
    """Whether a word for a person stands in the text, or a rule is sure of something personal."""
    return any(
        span.score >= _SURE and span.recognizer not in MODELS and span.entity_type not in _NOBODY
        for span in spans
    ) or any(match.group().casefold() in _WORDS_OF_SOMEBODY for match in WORD.finditer(text))


def needs_somebody(text: str, span: Span, dictionary: frozenset[str]) -> bool:
    """Whether what a model claims may be anything in a text that speaks of nobody. `dictionary`: words in lower case."""
    if span.entity_type in _NEVER:
        return False
    found = text[span.start : span.end]
    parts = _NAME.findall(found)
    if not parts or (_CODE.search(found) and not _UNDERSCORED.fullmatch(found)):
        return True
    if span.entity_type not in _MADE_OF_WORDS:
        return True
    if found.isupper() and len(parts) == 1 and len(found) <= _LONGEST_ACRONYM:
        return True
    if not all(_is_word(part.casefold(), dictionary) for part in parts):
        return False
    if span.entity_type == "ORGANIZATION":
        # "Kestrel Housing Association", "the club of Toulouse", but not "Group".
        titled = not found.isupper() and all(part[0].isupper() for part in parts)
        return not (titled and (len(parts) > 1 or _OF.search(text, max(0, span.start - 8), span.start)))
    return span.score < _NEARLY_SURE


@lru_cache(maxsize=1)
def _called() -> frozenset[str]:
    return given_names() | listed_names("last_names")


def _is_word(word: str, dictionary: frozenset[str]) -> bool:
    if word in _called():
        return False
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= 3 and (stem in dictionary or (ending and stem + "e" in dictionary)):
            return True
    return word.endswith("ies") and word[:-3] + "y" in dictionary
