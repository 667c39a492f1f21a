"""Repeatable choices from a secret key: the same key and words always draw the same."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of choices seeded by HMAC-SHA256; without the key they cannot be foretold or undone."""

    def __init__(self, key: bytes, kind: str, value: str, attempt: int = 0) -> None:
        self.key = key
        self.attempt = attempt
        self._seed = hmac.new(
            key, f"{kind}\0{value}\0{attempt}".encode("utf-8", "surrogatepass"), hashlib.sha256
        ).digest()
        self._drawn = 0

    def below(self, limit: int) -> int:
        """A number in [0, limit). 64 bits taken modulo `limit`: the bias is far below anything visible."""
        block = hashlib.sha256(self._seed + self._drawn.to_bytes(4, "big")).digest()
        self._drawn += 1
        return int.from_bytes(block[:8], "big") % limit

    def wide(self, limit: int) -> int:
        """As `below`, for limits of up to 2^128: 256 bits taken modulo `limit`."""
        block = hashlib.sha256(self._seed + self._drawn.to_bytes(4, "big")).digest()
        self._drawn += 1
        return int.from_bytes(block, "big") % limit

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def about(self, kind: str, value: str) -> Draw:
        """A draw for a part of the value, the same wherever that part occurs (a first name alone or in a
        full name)."""
        return Draw(self.key, kind, value, self.attempt)
