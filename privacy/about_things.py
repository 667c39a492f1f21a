"""Lets go of weak findings where a text speaks of things and of nobody: "the index is 5", "mould VY-2718", "span_id=7f3a9c01".

Covered: what a text speaks of, by words of things, units and marks of code against words for persons and for what is done with them, in
English. Not covered: which findings are weak (`weak_claims`); irony, and whoever is meant without a word for a person within three sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from privacy.recognizers.thing_words import is_thing
from privacy.recognizers.topics import SETTING, SOMEBODY, WORD, Places
from privacy.records import Span
from privacy.weak_claims import MODELS, doubt, is_nobodys

# How far off somebody may be, and how much of the text says what it speaks of.
_REACH, _AROUND = 240, 120
_BESIDE = 24
_PLACES = frozenset({"ADDRESS", "LOCATION", "POSTCODE"})
# A finding of these says that somebody is meant, however it was found.
_PERSONAL = frozenset(
    {"EMAIL_ADDRESS", "US_SSN", "DATE_OF_BIRTH", "TITLE", "IBAN_CODE", "CREDIT_CARD", "MEDICAL_RECORD", "HEALTH_PLAN", "PASSPORT"}
)  # fmt: skip
# Units, marks of code, files, versions, formulas: each sort is worth a word.
_MARKS = tuple(
    map(
        regex.compile,
        (
            r"(?<![\w.])[0-9]+(?:[.,][0-9]+)*[ ]?(?:[munµ]?m|[ckd]m|[mk]?m[23²³]|[kMGT]?Hz|[kKMGT]i?[Bb](?:it)?(?:/s|ps)?|[kMG]bit/s|[km]?[WVA]|[km]?Wh|m?Ah|VAC|VDC|V[ ]AC|[kM]?[Ωohm]{1,3}|[nuµp]F|Nm|k?N|bar|psi|[hkM]?Pa|rpm|dBm?|lm|lx|K|px|"
            r"pt|r?em|[mµun]s|s|ha|t|l|[kg]?g|ml|mL|L|°?[CF]|°|TEU|fps|dpi|gsm|bp|m?mol|AU|T|eV|hp|ppm|knots|inch(?:es)?|ft|feet|litres?|tonnes?|metres?|meters?|seconds|degrees|minutes|percent|%)(?![\w'’])",
            r"(?:^|\s)--?[a-z][\w-]+|[<>=!]=|->|=>|::|\w\(\)|[{}\\`]|\w=[\w'\"$./]|\$\{?\w|\*\.\w|&&|\|\||\[[0-9. ]+\]|(?<!\w)(?!Ma?c\p{Lu}|De\p{Lu}|O['’]\p{Lu})\p{Lu}?\p{Ll}+\p{Lu}\p{Ll}{2}|(?<!\w)0x[0-9a-fA-F]+|\*\*\*",
            r"(?<!\w)[\w-]*[./][\w./-]*\.(?:so|py|js|ts|rs|go|c|h|cpp|java|jar|log|json|yaml|yml|toml|conf|cfg|ini|sh|md|csv|sql|tar|gz|zip|img|iso|inf|dll|exe|html|css)(?!\w)|(?<!\w)\w+\.(?:so|py|js|ts|rs|java|jar|log|json|yaml|yml|toml|conf|cfg|ini|sh|csv|sql|gz|img|inf|dll|exe|html|css|xml|txt)(?!\w)",
            r"(?<![\w.])v?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?:[-.](?:rc|beta|alpha|post|dev)\.?[0-9]+)?(?![\w.])|(?<!\w)v[0-9]+\.[0-9]+|\p{L}-[0-9]+\.[0-9]+|(?<!\w)[0-9a-f]{7,64}(?<=[a-f][0-9a-f]*)(?<=[0-9][0-9a-f]*)(?!\w)",
            r"(?<!\w)(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|ITU|ETSI|UL|SAE|JIS|CVE|UTF|HTTP|TLS|MIL|UN|PI|CAS|EC|HS|WCAG|BWV|NGC|NPK|CFR|U\.S\.(?:C\.)?|C\.F\.R\.|F\.[23]d|LOINC|ICD|ATC|CPT|SNOMED)(?:[ ]codes?)?[ /-]?[A-Z]{0,3}[ -]?[0-9]",
            r"(?<!\w)(?=(?:[A-Z][a-z]?[0-9]{1,2}){2})(?:[A-Z][a-z]?[0-9]{0,2}){2,8}(?!\w)|(?<![\w.])[0-9]+[ ](?:by|times|x)[ ][0-9]|(?<!\w)[0-9]+x(?!\w)|(?<!\w)[ACGTU]{8,}(?!\w)|[0-9]e-?[0-9]|\^[0-9-]",
            r"(?<!\w)(?:section|clause|chapter|figure|table|line|lines|page|pages|step|steps|row|rows|bars?|exercise|level|line)[ ][0-9]",
        ),
    )
)
# A unit by its form: "812 ms", "10 pt".
_AFTER_NUMBER = regex.compile(r"[0-9_][ ]?$")
_UNITS_TOO = frozenset("ms pt pts mx mr ex emp dr bp".split())


def about_somebody(text: str, spans: Sequence[Span], words: frozenset[str]) -> list[Span]:
    """The findings but those that only a text about somebody would make personal. `words` are everyday words in lower case."""
    spans = [span for span in spans if not is_nobodys(text, span)]
    doubts = [doubt(text, span, words) for span in spans]
    if all(grade is None for grade in doubts):
        return spans
    speech = Speech(text, [span for span, grade in zip(spans, doubts, strict=True) if grade is None])
    places = Places(
        [at for span, grade in zip(spans, doubts, strict=True) if grade is None and span.entity_type in _PLACES for at in (span.start, span.end)]
    )  # fmt: skip
    return [
        span
        for span, grade in zip(spans, doubts, strict=True)
        if grade is None
        or (span.entity_type in _PLACES and places.near(span.start, span.end, _BESIDE))
        or not speech.is_of_things(span.start, span.end, grade)
    ]


class Speech:
    """What a text speaks of, by place."""

    def __init__(self, text: str, spans: Sequence[Span]) -> None:
        somebody = [
            span.start
            for span in spans
            if span.entity_type == "PERSON"
            or (span.entity_type in _PERSONAL and span.recognizer not in MODELS)
        ]
        self._things: list[tuple[int, str]] = []
        self._settings: list[tuple[int, str]] = []
        for match in WORD.finditer(text):
            word = match.group().casefold()
            at = match.start()
            if word in _UNITS_TOO and _AFTER_NUMBER.search(text, max(0, at - 2), at):
                continue
            if word in SOMEBODY:
                somebody.append(at)
            elif is_thing(word):
                self._things.append((at, word))
            elif word in SETTING:
                self._settings.append((at, word))
        self._somebody = Places(somebody)
        self._text = text

    def is_of_things(self, start: int, end: int, more: int = 0) -> bool:
        """Whether nobody is spoken of near [start, end), and things, with `more` told by the finding itself, more than what is done with persons."""
        if self._somebody.near(start, end, _REACH):
            return False
        first, last = max(0, start - _AROUND), end + _AROUND
        things = {word for at, word in self._things if first <= at < last}
        settings = {word for at, word in self._settings if first <= at < last}
        marks = sum(mark.search(self._text, first, last) is not None for mark in _MARKS)
        return len(things) + marks + more > len(settings)
