"""What a reviewer types: words by number, kinds by letter, and a sentence for anything else."""

from __future__ import annotations

import pytest

from appliance.preparing.review_book import Mark, ReviewError
from appliance.preparing.review_keys import LETTERS, kind_of, read_addition, words_of
from privacy.entities import ENTITY_TYPES

TEXTS = {"subject": "Re: O'Neill_4711", "message": "Call Zoë (née Ångström), +44 20."}


def test_words_are_numbered_through_all_fields_and_signs_are_none() -> None:
    words = words_of(TEXTS)
    told = [(word.number, TEXTS[word.field][word.start : word.end]) for word in words]
    assert told == list(
        enumerate(["Re", "O'Neill", "4711", "Call", "Zoë", "née", "Ångström", "44", "20"], start=1)
    )


@pytest.mark.parametrize(
    ("typed", "mark"),
    [
        ("2 p", Mark("subject", 4, 11, "PERSON")),
        ("5-7 person", Mark("message", 5, 22, "PERSON")),
        (" 8 - 9  T ", Mark("message", 26, 31, "PHONE_NUMBER")),
        ("3 case id", Mark("subject", 12, 16, "CASE_ID")),
        ("3 iban", Mark("subject", 12, 16, "IBAN_CODE")),
    ],
)
def test_a_mark_goes_from_the_first_words_first_letter_to_the_last_ones_last(typed: str, mark: Mark) -> None:
    assert read_addition(typed, words_of(TEXTS)) == mark


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("", "12-14 person"),
        ("5", "12-14 person"),
        ("p 5", "12-14 person"),
        ("0 p", "1 to 9"),
        ("10 p", "1 to 9"),
        ("7-5 p", "the smaller one first"),
        ("3-4 p", "stand in two"),
        ("5 ca", "could be"),
        ("5 pet", "is no kind"),
    ],
)
def test_anything_else_is_told_in_a_sentence_without_the_text(typed: str, what: str) -> None:
    with pytest.raises(ReviewError, match=what) as told:
        read_addition(typed, words_of(TEXTS))
    assert "Zoë" not in str(told.value)


def test_every_type_can_be_typed_by_its_name_and_letters_are_types() -> None:
    assert {kind_of(name.lower()) for name in ENTITY_TYPES} == set(ENTITY_TYPES)
    assert set(LETTERS.values()) <= set(ENTITY_TYPES)
