"""One value has one stand-in under one key; it is valid, of the same shape and never the value itself."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn

from privacy.fingerprints import normalise
from privacy.surrogates import Surrogates
from tests.privacy.fakes import KEY

SURROGATES = Surrogates(KEY)
TYPES = [
    "PERSON", "LOCATION", "ADDRESS", "ORGANIZATION", "NRP", "EMAIL_ADDRESS", "USERNAME", "URL", "PHONE_NUMBER", "CREDIT_CARD",
    "IBAN_CODE", "US_SSN", "IP_ADDRESS", "AGE", "DATE_TIME", "DATE_OF_BIRTH", "ACCOUNT_ID", "ANYTHING_ELSE",
]  # fmt: skip


@given(st.sampled_from(TYPES), st.text(min_size=1, max_size=40))
def test_any_value_gets_another_one_and_always_the_same(entity_type: str, value: str) -> None:
    invented = SURROGATES.of(entity_type, value)
    assert invented == Surrogates(KEY).of(entity_type, value)
    assert invented != value
    if normalise(value):
        assert normalise(invented) != normalise(value)


def test_another_key_gives_other_stand_ins() -> None:
    other = Surrogates(b"another key of enough bytes")
    values = [f"order {number}" for number in range(50)]
    assert sum(SURROGATES.of("ORDER_ID", value) == other.of("ORDER_ID", value) for value in values) == 0


def test_a_name_part_has_one_stand_in_alone_and_in_every_full_form() -> None:
    full = SURROGATES.of("PERSON", "Maria Fernandez")
    given_name, family_name = full.split()
    assert SURROGATES.of("PERSON", "Maria") == given_name
    assert SURROGATES.of("PERSON", "FERNANDEZ, MARIA") == f"{family_name}, {given_name}".upper()
    assert SURROGATES.of("PERSON", "Dr. Maria Fernandez") == f"Dr. {full}"
    assert SURROGATES.of("PERSON", "maria") == given_name.lower()


SHAPES = [
    ("PHONE_NUMBER", "(415) 867-2671", r"\([2-9]\d\d\) 555-01\d\d"),
    ("PHONE_NUMBER", "+1 415 867 2671", r"\+1 [2-9]\d\d 555 01\d\d"),
    ("PHONE_NUMBER", "+44 7911 123456", r"\+44 7700 900\d{3}"),
    ("PHONE_NUMBER", "020 7123 4567", r"020 7946 0\d{3}"),
    ("PHONE_NUMBER", "06 12 34 56 78", r"06 39 98 \d\d \d\d"),
    ("PHONE_NUMBER", "+49 30 1234567", r"\+49 \d\d \d{7}"),
    ("PHONE_NUMBER", "867-2671 x12", r"\d{3}-\d{4} x\d\d"),
    ("US_SSN", "374-15-9928", r"9\d\d-[0-4]\d-\d{4}"),
    ("EMAIL_ADDRESS", "Jo@Corp.com", r"[a-z]+\.[a-z]+\d{4}@example\.(com|org|net)"),
    ("URL", "https://corp.com/me?x=1", r"https://[a-z]+\d{4}\.example\.(com|org|net)"),
    ("IP_ADDRESS", "10.0.0.7:8080", r"198\.1[89]\.\d{1,3}\.\d{1,3}:8080"),
    ("IP_ADDRESS", "fe80::1", r"2001:db8(:[0-9a-f]{1,4}){6}"),
    ("DATE_TIME", "2024-02-29", r"20\d\d-\d\d-\d\d"),
    ("DATE_TIME", "5/9/67", r"\d{1,2}/\d{1,2}/\d\d"),
    ("DATE_TIME", "25.12.2023", r"\d\d\.\d\d\.20\d\d"),
    ("DATE_TIME", "3rd March 2024", r"\d{1,2}(st|nd|rd|th) [A-Z][a-z]+ 20\d\d"),
    ("DATE_TIME", "2024-02-29T10:20:30Z", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    ("DATE_TIME", "99/99/9999", r"\d\d/\d\d/\d{4}"),
    ("ACCOUNT_ID", "4411-22", r"\d{4}-\d\d"),
    ("POLICY_ID", "AB/12-cd", r"[A-Z]{2}/\d\d-[a-z]{2}"),
    ("CREDIT_CARD", "4242", r"\d{4}"),
    ("ADDRESS", "12 Main Street, Apt 4", r"\d\d [A-Z][a-z]+ Street, Apt \d"),
    ("ORGANIZATION", "Acme Widgets Inc", r"[A-Z]\w+ [A-Z]\w+ Inc"),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "shape"), SHAPES)
def test_a_stand_in_keeps_the_shape_and_comes_from_a_range_nobody_owns(
    entity_type: str, value: str, shape: str
) -> None:
    assert regex.fullmatch(shape, SURROGATES.of(entity_type, value))


@given(
    st.from_regex(
        r"4\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}", fullmatch=True, alphabet=st.characters(codec="ascii")
    )
)
def test_cards_keep_their_layout_and_pass_luhn(card: str) -> None:
    invented = SURROGATES.of("CREDIT_CARD", card)
    assert luhn.is_valid(regex.sub(r"\D", "", invented)) and regex.sub(r"\d", "0", invented) == regex.sub(
        r"\d", "0", card
    )


@pytest.mark.parametrize(
    "value", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "NO9386011117947"]
)
def test_ibans_keep_country_and_length_and_pass_their_checksum(value: str) -> None:
    invented = SURROGATES.of("IBAN_CODE", value)
    assert (
        invented[:2] == value[:2]
        and len(invented) == len(value)
        and iban.is_valid(invented, check_country=False)
    )


def test_two_writings_of_one_number_have_one_stand_in() -> None:
    assert normalise(SURROGATES.of("ACCOUNT_ID", "4411-22")) == normalise(
        SURROGATES.of("ORDER_ID", "4411 22")
    )


def test_the_key_is_not_shown() -> None:
    assert "key" not in repr(SURROGATES)
