"""Decides, once a text, whether it speaks of somebody or of things, and lets go of weak claims where it speaks of nobody: "the index is 5",
"mould VY-2718", "span_id=7f3a9c01".

Covered: words for persons and for what is done with them, findings that are sure, against words of things, units and marks of code, in
English. Not covered: which claims are weak (`weak_claims`); irony, and whoever is meant without a word for a person within three sentences.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

import regex

from privacy.nobodys import is_nobodys
from privacy.recognizers.thing_words import is_thing
from privacy.recognizers.topics import FIRST_PERSON, SETTING, SOMEBODY, WORD, Places
from privacy.records import Span
from privacy.weak_claims import MODELS, Doubt, doubt

# How far off somebody may be, and how much of the text says what it speaks of.
_REACH, _AROUND = 240, 120
_BESIDE = 24
_PLACES = frozenset({"ADDRESS", "LOCATION", "POSTCODE"})
# A finding of these says that somebody is meant, however it was found.
_PERSONAL = frozenset(
    {"EMAIL_ADDRESS", "US_SSN", "DATE_OF_BIRTH", "TITLE", "IBAN_CODE", "CREDIT_CARD", "MEDICAL_RECORD", "HEALTH_PLAN", "PASSPORT"}
)  # fmt: skip
# What persons are called or belong to.
_OF_PERSONS = frozenset({"NRP", "ORGANIZATION"})
# How sure a rule must be of what it found for the text to be somebody's, and of what: a host or a date is nobody.
_SURE = 0.5
_NOBODY = frozenset(
    {"URL", "IP_ADDRESS", "MAC_ADDRESS", "DEVICE_ID", "DATE_TIME", "SECRET", "UNREADABLE", "ORGANIZATION", "REFERENCE_ID", "NRP"}
)  # fmt: skip
# In letters and chats, and what is said of persons only.
_SPOKEN_TO = FIRST_PERSON | frozenset(
    "mine ours us hers dear hi hello hey thanks please lives lived named nationality nationalities citizenship ethnicity religion faith resident spoke interview interviewed customer customers guest guests".split()
)
# Units, marks of code, files, versions, formulas: each sort is worth a word.
_MARKS = tuple(
    map(
        regex.compile,
        (
            r"(?<![\w.])[0-9]+(?:[.,][0-9]+)*[ ]?(?:[munµ]?m|[ckd]m|[mk]?m[23²³]|[kMGT]?Hz|[kKMGT]i?[Bb](?:it)?(?:/s|ps)?|[kMG]bit/s|[km]?[WVA]|[km]?Wh|m?Ah|VAC|VDC|V[ ]AC|[kM]?[Ωohm]{1,3}|[nuµp]F|Nm|k?N|bar|psi|[hkM]?Pa|rpm|dBm?|lm|lx|K|px|"
            r"pt|r?em|[mµun]s|s|ha|t|l|[kg]?g|ml|mL|L|°?[CF]|°|TEU|fps|dpi|gsm|bp|m?mol|AU|T|eV|hp|ppm|knots|inch(?:es)?|ft|feet|litres?|tonnes?|metres?|meters?|seconds|degrees|minutes|percent|%)(?![\w'’])",
            r"(?:^|\s)--?[a-z][\w-]+|[<>=!]=|->|=>|::|\w\(\)|[{}\\`]|\w=[\w'\"$./]|\$\{?\w|\*\.\w|&&|\|\||\[[0-9. ]+\]|(?<!\w)(?!Ma?c\p{Lu}|De\p{Lu}|O['’]\p{Lu})\p{Lu}?\p{Ll}+\p{Lu}\p{Ll}{2}|(?<!\w)0x[0-9a-fA-F]+|\*\*\*|(?<!\w)[GM]\d{1,3} [XYZEFIJS]-?[.\d]",
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


class Speech:
    """What one text speaks of, by place; its words are read when a weak claim is first asked about."""

    def __init__(self, text: str, words: frozenset[str], dictionary: frozenset[str]) -> None:
        """`words` are everyday words in lower case, `dictionary` rarer ones as well."""
        self._text, self._words, self._dictionary = text, words, dictionary
        self._persons: list[int] = []
        self._places: list[int] = []
        self._somebodys = False

    def standing(self, spans: Iterable[Span]) -> list[Span]:
        """The claims that stand. Those that are sure speak for weak ones, now and when it is asked again."""
        graded = [
            (span, doubt(self._text, span, self._words, self._dictionary))
            for span in spans
            if not is_nobodys(self._text, span)
        ]
        for span, grade in graded:
            if grade is None:
                self._note(span)
        places, persons = Places(self._places), Places(self._persons)
        return [
            span for span, grade in graded if grade is None or self._vouches(span, grade, places, persons)
        ]

    def _note(self, span: Span) -> None:
        """What a sure finding says of the text."""
        by_rule = span.recognizer not in MODELS
        if span.entity_type == "PERSON" or (by_rule and span.entity_type in _PERSONAL):
            self._persons.append(span.start)
        if span.entity_type in _PLACES:
            self._places += (span.start, span.end)
        self._somebodys |= by_rule and span.score >= _SURE and span.entity_type not in _NOBODY

    def _vouches(self, span: Span, grade: Doubt, places: Places, persons: Places) -> bool:
        """Whether a weak claim stands by what else the text says."""
        if span.entity_type in _PLACES and places.near(span.start, span.end, _BESIDE):
            return True
        shown = (
            self._somebodys or self._said.of_somebody or (self._persons and span.entity_type in _OF_PERSONS)
        )
        if grade.needs_somebody and not (shown or self._is_of_persons(span.start, span.end)):
            return False
        if (
            grade.worth is None
            or persons.near(span.start, span.end, _REACH)
            or self._said.somebody.near(span.start, span.end, _REACH)
        ):
            return True
        return not self._is_of_things(span.start, span.end, grade.worth)

    def _is_of_persons(self, start: int, end: int) -> bool:
        """Whether around [start, end) something is done with persons, and things are not spoken of more."""
        settings = self._said.settings.between(max(0, start - _AROUND), end + _AROUND)
        return len(settings) > 1 and not self._is_of_things(start, end, 0)

    def _is_of_things(self, start: int, end: int, more: int) -> bool:
        """Whether around [start, end) things are spoken of, with `more` told by the claim itself, more than what is done with persons."""
        first, last = max(0, start - _AROUND), end + _AROUND
        count = len(self._said.things.between(first, last)) + more
        settings = len(self._said.settings.between(first, last))
        if count > settings:
            return True
        marks = sum(mark.search(self._text, first, last) is not None for mark in _MARKS)
        return count + marks > settings

    @cached_property
    def _said(self) -> _Said:
        return _Said(self._text)


class _Said:
    """The words of a text that tell what it speaks of."""

    def __init__(self, text: str) -> None:
        somebody: list[int] = []
        self.things, self.settings = _Words(), _Words()
        self.of_somebody = False
        for match in WORD.finditer(text):
            word = match.group().casefold()
            at = match.start()
            if word in _SPOKEN_TO:
                self.of_somebody = True
            if word in _UNITS_TOO and _AFTER_NUMBER.search(text, max(0, at - 2), at):
                continue
            if word in SOMEBODY:
                somebody.append(at)
            elif is_thing(word):
                self.things.append(at, word)
            elif word in SETTING:
                self.settings.append(at, word)
        self.of_somebody |= bool(somebody)
        self.somebody = Places(somebody)


class _Words:
    """Words by the place where they stand."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._words: list[str] = []

    def append(self, at: int, word: str) -> None:
        self._at.append(at)
        self._words.append(word)

    def between(self, first: int, last: int) -> frozenset[str]:
        """The different words that begin in [first, last)."""
        return frozenset(self._words[bisect_left(self._at, first) : bisect_left(self._at, last)])
