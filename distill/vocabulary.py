"""The bytes behind a tokenizer's tokens: how what one server spells is found in another model's vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def vocabulary_bytes(tokenizer: Any) -> dict[bytes, int]:
    """The bytes of each token of a tokenizer -> its id; tokens that share their bytes, or have none, are left out.

    Byte-level vocabularies (GPT-2, Llama 3, Qwen) write a byte as one printable character, sentence-piece ones a blank
    as U+2581 and a lone byte as `<0x0A>`; which one it is, the sign for a blank tells.
    """
    vocabulary: Mapping[str, int] = tokenizer.get_vocab()
    added = set(tokenizer.get_added_vocab())
    byte_level = sum("\u0120" in token for token in vocabulary) > sum(
        "\u2581" in token for token in vocabulary
    )
    characters = {character: bytes([byte]) for byte, character in _byte_characters().items()}
    found: dict[bytes, int] = {}
    shared: set[bytes] = set()
    for token, number in vocabulary.items():
        if token in added:
            written = token.encode()
        elif byte_level:
            if not all(character in characters for character in token):
                continue
            written = b"".join(characters[character] for character in token)
        elif len(token) == 6 and token.startswith("<0x"):
            written = bytes([int(token[3:5], 16)])
        else:
            written = token.replace("\u2581", " ").encode()
        if written in found:
            shared.add(written)
        found[written] = number
    # What servers write for a piece of a character is no token's own bytes.
    shared |= {b"", "\ufffd".encode()}
    return {written: number for written, number in found.items() if written not in shared}


def _byte_characters() -> dict[int, str]:
    """GPT-2's printable character for each byte: Latin-1's printable ones are themselves, the others follow from U+0100."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(0x100 + n) for n, byte in enumerate(others)}
