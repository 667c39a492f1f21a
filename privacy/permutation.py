"""A keyed bijection of the numbers below a size: two values never meet in one, and without the key it cannot be undone.

Covered: any size from 2 up, by a Feistel network over two digits in base ceil(sqrt(size)) with cycle walking (Black and
Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). Not covered: secrecy of tiny domains; of ten values anyone guesses one
in ten.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import isqrt

_ROUNDS = 8


class Permutation:
    """The bijection of range(size) that a key and a label name."""

    def __init__(self, key: bytes, label: str, size: int) -> None:
        assert size >= 2, "fewer than two values cannot be exchanged"
        self._seed = hashlib.sha256(
            b"permutation\0" + key + b"\0" + f"{label}\0{size}".encode("utf-8", "surrogatepass")
        ).digest()
        self._size = size
        self._base = isqrt(size - 1) + 1
        # In [1, size): how far `displaced` moves each value along the permuted circle.
        self._step = 1 + self._noise(_ROUNDS, 0) % (size - 1)

    def of(self, value: int) -> int:
        """Where the bijection sends the value."""
        assert 0 <= value < self._size
        while True:
            value = self._forth(value)
            if value < self._size:
                return value

    def back(self, value: int) -> int:
        """The value that `of` sends here."""
        assert 0 <= value < self._size
        while True:
            value = self._undo(value)
            if value < self._size:
                return value

    def displaced(self, value: int) -> int:
        """Another bijection, which sends no value to itself."""
        return self.back((self.of(value) + self._step) % self._size)

    def _noise(self, turn: int, value: int) -> int:
        data = value.to_bytes((value.bit_length() + 7) // 8 + 1, "big")
        return int.from_bytes(
            hashlib.blake2b(data, key=self._seed, salt=turn.to_bytes(2, "big")).digest(), "big"
        )

    def _forth(self, value: int) -> int:
        left, right = divmod(value, self._base)
        for turn in range(_ROUNDS):
            left, right = right, (left + self._noise(turn, right)) % self._base
        return left * self._base + right

    def _undo(self, value: int) -> int:
        left, right = divmod(value, self._base)
        for turn in reversed(range(_ROUNDS)):
            left, right = (right - self._noise(turn, left)) % self._base, left
        return left * self._base + right


@lru_cache(maxsize=4096)
def permutation(key: bytes, label: str, size: int) -> Permutation:
    """The bijection, made once: the same few shapes come again and again."""
    return Permutation(key, label, size)
