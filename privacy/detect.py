"""Finds what is personal in a text: patterns, lists and checksums, a transformer, spaCy; one clean list of findings.

Covered: English text, names of many countries, ids and addresses of those named in `recognizers/`; disguises that `fold` undoes.
Not covered: other languages beyond their names and ids, facts that identify without naming.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import regex

from privacy.arbitrate import arbitrate
from privacy.companions import find_companions
from privacy.complete import complete
from privacy.fold import Folded, fold, readable_base64
from privacy.plausible import plausible
from privacy.presidio_patterns import find_by_presidio, presidio_patterns
from privacy.recognizers.address import find_addresses, find_postcodes_after
from privacy.recognizers.age import find_ages
from privacy.recognizers.answers import find_answers
from privacy.recognizers.contact import find_contacts
from privacy.recognizers.coordinates import find_coordinates
from privacy.recognizers.dates import find_dates
from privacy.recognizers.doers import find_doers
from privacy.recognizers.fields import find_fields, find_owners
from privacy.recognizers.headed import find_headed
from privacy.recognizers.heard import find_heard, find_spelled_names
from privacy.recognizers.ids import find_ids
from privacy.recognizers.logins import find_logins
from privacy.recognizers.lower_names import find_lower_names
from privacy.recognizers.organizations import find_organizations
from privacy.recognizers.people import find_people
from privacy.recognizers.peoples import find_peoples
from privacy.recognizers.places import find_places
from privacy.recognizers.prefilter import forget
from privacy.recognizers.read_out import find_read_out
from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.secrets import find_secrets
from privacy.recognizers.signed import find_signed
from privacy.records import DetectorModels, Span
from privacy.sentences import everyday, in_lower_case, without_plain
from privacy.somebody import Speech
from privacy.spacy_names import SpacyNames
from privacy.token_classifier import TokenClassifier

Find = Callable[[str, Clock], list[Span]]

# No word is this long: keys, images and attacks are. They are masked whole and kept from the recognisers,
# some of which (spaCy's tokeniser first) take time that grows with the square of such a run.
_UNBROKEN = regex.compile(r"\S{150,}")

_HALF_PAIR = regex.compile(r"[\ud800-\udfff]")

# What a rule is sure of is shown to the transformer as one short word: an e-mail address is ten tokens, and time grows with tokens.
# Dates, numbers and ids are "date" and "number".
_SHORT = {
    "EMAIL_ADDRESS": "email",
    "URL": "website",
    "SECRET": "secret",
    "UNREADABLE": "data",
    "DATE_TIME": "date",
    "DATE_OF_BIRTH": "date",
}
_SHOWN = frozenset(
    {"PERSON", "TITLE", "LOCATION", "ADDRESS", "POSTCODE", "ORGANIZATION", "NRP", "AGE", "USERNAME"}
)
_SURE = 0.6
# A longer text has as much more time.
_USUAL_CHARS = 20_000


class Detector:
    """Loads its models once (about three seconds); `find` then scans texts. Not safe to share between threads."""

    def __init__(
        self,
        models: DetectorModels,
        *,
        min_score: float = 0.35,
        timeout_s: float = 10.0,
        keep_types: Sequence[str] = (),
        finders: Sequence[Find] = (),
    ) -> None:
        """`finders` are the site's own (dictionaries, id patterns). Raises ValueError for a folder that is no model."""
        presidio_patterns()
        self._spacy = SpacyNames(models.spacy)
        self._classifiers = [TokenClassifier(folder, min_score=min_score) for folder in models.classifiers]
        self._words = everyday(frozenset().union(*(classifier.words for classifier in self._classifiers)))
        self._dictionary = self._words | self._spacy.dictionary()
        self._lower = in_lower_case(self._spacy.never_nouns())
        self._finders: tuple[Find, ...] = (
            find_contacts,
            partial(find_logins, words=self._words, knows=self._spacy.knows),
            find_headed,
            find_addresses,
            find_dates,
            find_ages,
            find_coordinates,
            find_ids,
            find_people,
            find_doers,
            partial(find_fields, words=self._words),
            partial(find_lower_names, words=self._words),
            find_places,
            find_peoples,
            partial(find_heard, words=self._words),
            find_read_out,
            partial(find_answers, words=self._words),
            partial(find_signed, words=self._words),
            find_organizations,
            find_by_presidio,
            *finders,
        )
        self._min_score = min_score
        self._timeout_s = timeout_s
        self._keep_types = frozenset(keep_types)

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """One tuple a text, in order of position, without overlaps; offsets are those of the text as given.

        Raises TimeoutError if the texts take longer than `timeout_s` each (more where one has over 20,000 characters), and whatever else goes wrong: a caller
        that catches must drop the texts, for nothing is known about them.
        """
        clock = Clock(self._timeout_s * sum(max(1.0, len(text) / _USUAL_CHARS) for text in texts))
        # Half of a pair, as broken JSON escapes leave it, is no character to a tokenizer.
        texts = [_HALF_PAIR.sub("\ufffd", text) for text in texts]
        try:
            return self._find(texts, clock)
        finally:
            forget()

    def _find(self, texts: Sequence[str], clock: Clock) -> list[tuple[Span, ...]]:
        pages = [fold(text) for text in texts]
        found = [self._by_rules(page.text, clock) for page in pages]
        shown = [_shown(page.text, spans) for page, spans in zip(pages, found, strict=True)]
        asked = [
            without_plain(text, spans, self._words, self._lower)
            for text, spans in zip(shown, found, strict=True)
        ]
        for classifier in self._classifiers:
            for spans, more in zip(found, classifier.find(asked, clock), strict=True):
                spans += more
        for spans, more in zip(found, self._spacy.find(shown, found, self._words, clock), strict=True):
            spans += more
        return [
            self._clean(text, page, spans, clock)
            for text, page, spans in zip(texts, pages, found, strict=True)
        ]

    def _by_rules(self, text: str, clock: Clock) -> list[Span]:
        spans = [
            Span(match.start(), match.end(), "UNREADABLE", 1.0, "unbroken run")
            for match in matches(_UNBROKEN, text, clock)
        ]
        # Keys are long: they are looked for in the whole text.
        spans += find_secrets(text, clock)
        if spans:
            text = _UNBROKEN.sub(lambda match: " " * len(match.group()), text)
        spans += [Span(start, end, "UNREADABLE", 0.9, "base64") for start, end in readable_base64(text)]
        for finder in self._finders:
            spans += finder(text, clock)
        return spans

    def _clean(self, text: str, page: Folded, spans: list[Span], clock: Clock) -> tuple[Span, ...]:
        spans += [Span(start, end, "REFERENCE_ID", 0.5, "spelled digits") for start, end in page.spelled]
        spans += find_spelled_names(page.text, page.letters, self._words)
        spans = plausible(page.text, spans, self._words, clock)
        speech = Speech(page.text, self._words, self._dictionary)
        spans = speech.standing(spans)
        places = [span for span in spans if span.entity_type in ("LOCATION", "ADDRESS")]
        more = find_postcodes_after(places, page.text, clock)
        more += find_companions(page.text, spans + more, self._words, clock)
        whole = complete(page.text, spans + more, clock)
        whole += find_owners(page.text, whole, self._words)
        # What was completed from a number is weak as well.
        known = set(spans)
        spans = [span for span in whole if span in known] + speech.standing(
            span for span in whole if span not in known
        )
        # What may stay is taken out before the arbiter, lest it shield a finding that may not.
        return arbitrate(
            text,
            [
                span.at(*page.raw(span.start, span.end))
                for span in spans
                if span.score >= self._min_score and span.entity_type not in self._keep_types
            ],
        )


def _shown(text: str, spans: Sequence[Span]) -> str:
    """The text with one short word in place of each sure finding, padded so that all offsets stay."""
    chars: list[str] = []
    for span in spans:
        word = _SHORT.get(span.entity_type, "number")
        length = span.end - span.start
        if span.entity_type not in _SHOWN and span.score >= _SURE and length > len(word):
            chars = chars or list(text)
            chars[span.start : span.end] = word.ljust(length)
    return "".join(chars) or text
