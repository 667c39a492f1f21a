"""Values found again in text, however they are written; and near-misses that are not them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from privacy.attack.replay import RemovedValues, found, needle
from privacy.fingerprints import fingerprint, normalise
from privacy.records import Span

KEY = b"a key of thirty-two bytes, more."
FOUND = [
    ("KD-73971052", "customer KD-73971052 called", "exact"),
    ("KD-73971052", "customer kd-73971052 called", "exact"),
    ("KD-73971052", "KD 7397 1052", "normalised"),
    ("KD-73971052", "KD-7397.10.52!", "normalised"),
    ("KD-73971052", "KD-73971152", "fuzzy"),
    ("KD-73971052", "KD-7397052", "fuzzy"),
    ("KD-73971052", "xKD-739710952x", "fuzzy"),
    ("KD-73971052", "KD-93971053", "fuzzy"),
    ("KD-73971052", "KD-93971953 today", None),
    ("KD-73971052", "KD-7397", None),
    ("lrvz3333@example.org", "write to LRVZ3333 @ example.org", "normalised"),
    ("12-34", "1234", None),  # five digits and dashes turn up anywhere
    ("ꀣꂘ", "it reads ꀣꂘ.", "exact"),
    ("ꀣꂘ", "it reads ꀣꂙ.", None),
]


@pytest.mark.parametrize(("value", "text", "how"), FOUND)
def test_a_value_is_found_however_it_is_written(value: str, text: str, how: str | None) -> None:
    assert found(needle(value), text, normalise(text)) == how


def test_a_needle_shows_nothing_of_its_value() -> None:
    assert "73971052" not in repr(needle("KD-73971052"))


class WordFinder:
    """Takes every word for a finding of one type."""

    def __init__(self, entity_type: str) -> None:
        self.entity_type = entity_type

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        spans = []
        for text in texts:
            at, row = 0, []
            for word in text.split():
                start = text.index(word, at)
                at = start + len(word)
                row.append(Span(start, at, self.entity_type, 1.0, "test"))
            spans.append(tuple(row))
        return spans


def test_a_removed_value_is_known_by_its_fingerprint_whatever_type_it_is_read_as() -> None:
    prints = [fingerprint(KEY, "CUSTOMER_ID", "4411-2298"), fingerprint(KEY, "PERSON", "Doe")]
    for entity_type in ("CUSTOMER_ID", "PHONE_NUMBER"):
        removed = RemovedValues(WordFinder(entity_type), KEY, prints)
        assert removed.in_texts(["number 4411.2298 of DOE", "nothing"]) == {
            ("identifier", prints[0]),
            ("word", prints[1]),
        }


def test_another_key_knows_nothing() -> None:
    removed = RemovedValues(WordFinder("PERSON"), b"x" * 32, [fingerprint(KEY, "PERSON", "Doe")])
    assert removed.in_texts(["Doe"]) == set()
