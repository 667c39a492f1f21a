"""Invents a stand-in for each found value: the same for the same value under one key, of the same kind and shape.

Covered: every entity type; what a stand-in keeps is said in the modules that make it. A stand-in is never its original, and
people's names, e-mail and web addresses, and the numbers that one could dial, pay or connect with are nobody's: they are
coined, or lie in ranges set aside. Ids, postcodes and dates have no such ranges, so one may equal another real value of the
corpus; where the caller says which values were `taken`, by fingerprint, those are drawn again. Not covered: grammar, and what
is said about somebody without naming them.
"""

from __future__ import annotations

from collections.abc import Callable

from privacy import surrogate_dates, surrogate_ids, surrogate_names, surrogate_numbers, surrogate_places
from privacy.draw import Draw
from privacy.fingerprints import canonical, fingerprint, normalise

# (original, draw) -> stand-in. The draw is seeded with key, kind and canonical value.
Invent = Callable[[str, Draw], str]
_INVENT: dict[str, Invent] = {
    "PERSON": surrogate_names.person,
    "TITLE": surrogate_names.title,
    "USERNAME": surrogate_names.username,
    "EMAIL_ADDRESS": surrogate_names.email,
    "URL": surrogate_names.url,
    "LOCATION": surrogate_places.location,
    "ADDRESS": surrogate_places.address,
    "ORGANIZATION": surrogate_places.organization,
    "NRP": surrogate_places.nationality,
    "COORDINATES": surrogate_numbers.coordinates,
    "PHONE_NUMBER": surrogate_numbers.phone,
    "CREDIT_CARD": surrogate_numbers.card,
    "US_SSN": surrogate_numbers.social_security,
    "IP_ADDRESS": surrogate_numbers.ip_address,
    "MAC_ADDRESS": surrogate_numbers.mac_address,
    "AGE": surrogate_numbers.age,
    "DATE_TIME": surrogate_dates.date,
    "DATE_OF_BIRTH": surrogate_dates.date,
    "IBAN_CODE": surrogate_ids.iban,
    "DEVICE_ID": surrogate_ids.device,
    "VEHICLE_ID": surrogate_ids.vehicle,
    "NATIONAL_ID": surrogate_ids.identity_number,
    "TAX_ID": surrogate_ids.identity_number,
    "PASSPORT": surrogate_ids.identity_number,
    "DRIVER_LICENSE": surrogate_ids.identity_number,
    "MEDICAL_RECORD": surrogate_ids.identity_number,
    "HEALTH_PLAN": surrogate_ids.identity_number,
    "LICENSE_ID": surrogate_ids.identity_number,
}
# Two readings of the same digits must give the same stand-in, or a record would contradict itself. All plain ids are one
# kind.
_SAME_KIND = {"DATE_OF_BIRTH": "DATE_TIME"}
_MAX_TRIES = 20
# No name, address or id is this long; what is would take time that grows with its length.
_MAX_CHARS = 400
# One value costs some tens of microseconds and comes again and again; this many stay known.
_MAX_KNOWN = 50_000


class Surrogates:
    """Stand-ins under one key. Any process with the key, and the same `taken`, gives the same ones."""

    def __init__(self, key: bytes, taken: frozenset[str] = frozenset()) -> None:
        self._key = key
        self._taken = taken
        self._known: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return "Surrogates()"

    def of(self, entity_type: str, original: str) -> str:
        """The stand-in; never the original, whatever its case and punctuation, nor a value that was taken.

        Where there is none (a value without letters and digits, too short to vary, or over 400 characters) the placeholder `<TYPE>`.
        """
        known = self._known.get((entity_type, original))
        if known is None:
            known = self._invent(entity_type, original)
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[entity_type, original] = known
        return known

    def _invent(self, entity_type: str, original: str) -> str:
        invent = _INVENT.get(entity_type, surrogate_ids.identifier)
        kind = _SAME_KIND.get(entity_type, entity_type if entity_type in _INVENT else "ID")
        if len(original) > _MAX_CHARS:
            return f"<{entity_type}>"
        normal, value = normalise(original), canonical(entity_type, original)
        for attempt in range(_MAX_TRIES):
            invented = invent(original, Draw(self._key, kind, value, attempt))
            if normalise(invented) == normal:
                continue
            if self._taken and fingerprint(self._key, entity_type, invented) in self._taken:
                continue
            return invented
        return f"<{entity_type}>"
