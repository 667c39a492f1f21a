"""Keyed fingerprints of removed values: they tell whoever holds the key that a text holds a value, and no one which.

Covered: equal values in different writing ("4411-22", "4411 22"; "DOE" and "Doe") have one fingerprint. Not covered: a
holder of the key can test guesses, so fingerprints stay where the key is; misspellings differ.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from privacy.entities import kind_of

_FINGERPRINT_HEX = 16


def normalise(value: str) -> str:
    """Letters and digits only, compatibility forms folded (NFKC), case-folded."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return "".join(char for char in folded if char.isalnum())


def fingerprint(key: bytes, entity_type: str, value: str) -> str:
    """HMAC-SHA256 of the value's kind and normal form, cut to 16 hex digits.

    64 bits: among n fingerprints a foreign value is taken for one of them with probability n / 2^64.
    """
    message = f"fingerprint\0{kind_of(entity_type)}\0{normalise(value)}"
    return hmac.new(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
        :_FINGERPRINT_HEX
    ]
