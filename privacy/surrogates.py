"""Invents a stand-in for each found value: the same for the same value under one key, of the same kind and
shape.

Covered: people, places, organisations, contacts, cards, IBANs, dates, ids; numbers that people could dial
or pay with come from ranges set aside for fiction and tests where such exist. Not covered: telling two
people apart for sure (the lists hold some thousand names, so two may share one), the distance between
dates, grammar (gender, cases).
"""

from __future__ import annotations

from collections.abc import Callable

from privacy import surrogate_dates, surrogate_names, surrogate_numbers
from privacy.draw import Draw
from privacy.fingerprints import normalise

# (original, draw) -> stand-in. The draw is seeded with key, type and normalised value.
Invent = Callable[[str, Draw], str]
_INVENT: dict[str, Invent] = {
    "PERSON": surrogate_names.person,
    "LOCATION": surrogate_names.location,
    "ADDRESS": surrogate_names.address,
    "ORGANIZATION": surrogate_names.organization,
    "NRP": surrogate_names.nationality,
    "EMAIL_ADDRESS": surrogate_names.email,
    "USERNAME": surrogate_names.username,
    "URL": surrogate_names.url,
    "PHONE_NUMBER": surrogate_numbers.phone,
    "CREDIT_CARD": surrogate_numbers.card,
    "IBAN_CODE": surrogate_numbers.iban,
    "US_SSN": surrogate_numbers.social_security,
    "IP_ADDRESS": surrogate_numbers.ip_address,
    "AGE": surrogate_numbers.high_age,
    "DATE_TIME": surrogate_dates.date,
    "DATE_OF_BIRTH": surrogate_dates.date,
}
# Two readings of the same digits must give the same stand-in, or a record would contradict itself. All ids
# are one kind.
_SAME_KIND = {"DATE_OF_BIRTH": "DATE_TIME"}
_MAX_TRIES = 20


class Surrogates:
    """Stand-ins under one key. Stateless: any process with the key gives the same ones."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Surrogates()"

    def of(self, entity_type: str, original: str) -> str:
        """The stand-in; never the original, whatever its case and punctuation."""
        invent = _INVENT.get(entity_type, surrogate_numbers.same_shape)
        kind = _SAME_KIND.get(entity_type, entity_type if entity_type in _INVENT else "ID")
        normal = normalise(original)
        for attempt in range(_MAX_TRIES):
            invented = invent(original, Draw(self._key, kind, normal, attempt))
            if normalise(invented) != normal:
                return invented
        # A value without letters and digits, or too short to vary.
        return f"<{entity_type}>"
