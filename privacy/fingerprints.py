"""Keyed fingerprints of removed values: they tell whoever holds the key that a text holds a value, and no one which.

Covered: equal values in different writing ("4411-22" and "4411 22", "DOE, JANE" and "Jane Doe", a telephone number with
and without its country code) have one fingerprint. Not covered: a holder of the key can test guesses, so fingerprints stay
where the key is; misspellings differ.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from privacy.entities import kind_of

_FINGERPRINT_HEX = 16
# Country code and trunk zero stand before the last nine digits of most numbers; shorter ones are kept whole.
_PHONE_DIGITS = 9


def normalise(value: str) -> str:
    """Letters and digits only, compatibility forms folded (NFKC), case-folded."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return "".join(char for char in folded if char.isalnum())


def canonical(entity_type: str, value: str) -> str:
    """The normal form of a value of this type: a person's words in alphabetical order, a telephone number's last nine digits."""
    if kind_of(entity_type) == "person":
        folded = unicodedata.normalize("NFKC", value).casefold()
        words = "".join(char if char.isalnum() or char in "'’" else " " for char in folded).split()
        return " ".join(sorted(filter(None, map(normalise, words))))
    normal = normalise(value)
    if entity_type == "PHONE_NUMBER" and len(normal) > _PHONE_DIGITS and normal.isdigit():
        return normal[-_PHONE_DIGITS:]
    return normal


def fingerprint(key: bytes, entity_type: str, value: str) -> str:
    """HMAC-SHA256 of the value's kind and canonical form, cut to 16 hex digits.

    64 bits: among n fingerprints a foreign value is taken for one of them with probability n / 2^64.
    """
    message = f"fingerprint\0{kind_of(entity_type)}\0{canonical(entity_type, value)}"
    return hmac.new(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
        :_FINGERPRINT_HEX
    ]
