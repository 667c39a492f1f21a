"""One value has one stand-in under one key; it is valid, of the same shape and never the value itself."""

from __future__ import annotations

import time
from types import ModuleType

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import iban, imei, luhn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer

from privacy import surrogate_ids
from privacy.entities import ENTITY_TYPES
from privacy.fingerprints import fingerprint, normalise
from privacy.permutation import Permutation
from privacy.surrogate_words import coin, names
from privacy.surrogates import Surrogates
from tests.privacy.fakes import KEY

SURROGATES = Surrogates(KEY)
TYPES = [*ENTITY_TYPES, "ANYTHING_ELSE"]


@settings(deadline=None)
@example("AGE", "¹")
@example("DATE_TIME", "²/3/2024")
@given(st.sampled_from(TYPES), st.text(min_size=1, max_size=40))
def test_any_value_gets_another_one_and_always_the_same(entity_type: str, value: str) -> None:
    invented = SURROGATES.of(entity_type, value)
    assert invented == Surrogates(KEY).of(entity_type, value)
    assert invented != value
    if normalise(value):
        assert normalise(invented) != normalise(value)


HOSTILE = [
    "a.",
    "1-",
    "a@",
    " ",
    "A b ",
    "1",
    "a",
    "ß",
    "²",
    "१",
    "1a",
    "://",
    "\ud800",
    "1:00",
    "12 ",
    "Jan ",
    "'",
    "İ",
]


@pytest.mark.parametrize("length", [396, 65_536])
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_value_is_answered_soon(piece: str, length: int) -> None:
    value = (piece * length)[:length]
    started = time.perf_counter()
    for entity_type in ENTITY_TYPES:
        assert SURROGATES.of(entity_type, value) != value
    assert time.perf_counter() - started < 0.1 * len(ENTITY_TYPES)


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
    assert SURROGATES.of("PERSON", "Fernandez, M.") == f"{family_name}, {given_name[0]}."
    assert SURROGATES.of("PERSON", "M. F.") == f"{given_name[0]}. {family_name[0]}."
    assert SURROGATES.of("PERSON", "Maria van der Fernandez") == f"{given_name} van der {family_name}"


@pytest.mark.parametrize(
    "local",
    ["maria.fernandez", "Maria_Fernandez", "fernandez-maria", "mariafernandez", "mfernandez", "fernandezm"],
)
def test_a_name_in_an_address_or_a_user_name_is_linked_to_the_person(local: str) -> None:
    given_name, family_name = SURROGATES.of("PERSON", "maria fernandez").split()
    mail = SURROGATES.of("EMAIL_ADDRESS", f"{local}@corp.com")
    login = SURROGATES.of("USERNAME", f"@{local}")
    for stand_in in (mail.partition("@")[0], login):
        assert family_name in stand_in and (given_name if "aria" in local else given_name[0]) in stand_in
    assert login.startswith("@") and mail.endswith(".example.org")


def test_addresses_of_one_person_at_two_hosts_and_of_two_persons_at_one_differ() -> None:
    mails = [
        f"{local}@{host}"
        for local in ("jo.doe", "jo.doe1", "jo.doe2", "jo_doe", "jdoe")
        for host in ("a.com", "b.com")
    ]
    assert len({SURROGATES.of("EMAIL_ADDRESS", mail) for mail in mails}) == len(mails)
    hosts = {SURROGATES.of("EMAIL_ADDRESS", mail).partition("@")[2] for mail in mails}
    assert len(hosts) == 2


@pytest.mark.parametrize("name", ["Jane Lord", "Lord", "Dr. Al", "Prof", "the Sr", "Li Van", "MD"])
def test_a_name_that_is_also_a_title_or_a_particle_does_not_stay(name: str) -> None:
    assert name.split()[-1] not in SURROGATES.of("PERSON", name).split()


def faker_people(count: int) -> set[str]:
    """Full names of Faker's lists, and some that are on no list."""
    listed = names()
    given_names, family_names = sorted(listed.given), sorted(listed.family)
    family_names += [f"{name[:9]}{end}" for name in family_names[:2000] for end in ("ovsky", "ez", "sdottir")]
    return {
        f"{given_names[index * 7919 % len(given_names)]} {family_names[index * 104729 % len(family_names)]}"
        for index in range(count)
    }


@pytest.mark.parametrize("count", [5_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_no_two_people_get_one_name_and_nobody_gets_a_listed_one(count: int) -> None:
    people = faker_people(count)
    stand_ins = {SURROGATES.of("PERSON", person.title()).casefold() for person in people}
    assert len(stand_ins) == len(people)
    assert not stand_ins & people
    assert not {word for stand_in in stand_ins for word in stand_in.split()} & names().all


@settings(deadline=None)
@given(
    st.lists(
        st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=10), unique=True, max_size=30
    )
)
def test_words_of_plain_letters_never_meet(words: list[str]) -> None:
    assert len({coin(KEY, word) for word in words}) == len(words)


@settings(deadline=None)
@given(st.integers(2, 5000), st.text(max_size=5))
def test_a_permutation_meets_every_value_once_and_can_be_walked_back(size: int, label: str) -> None:
    exchange = Permutation(KEY, label, size)
    sample = range(0, size, 1 + size // 50)
    assert [exchange.back(exchange.of(value)) for value in sample] == list(sample)
    assert all(exchange.displaced(value) != value for value in sample)
    if size < 200:
        assert {exchange.displaced(value) for value in range(size)} == set(range(size))


@pytest.mark.parametrize("shape", ["{:04d}", "AB-{:03d}", "{:03d}/x", "C{:03d}"])
def test_no_two_ids_of_one_shape_get_one_stand_in(shape: str) -> None:
    ids = [shape.format(number) for number in range(1, 1000)]
    stand_ins = {SURROGATES.of("CUSTOMER_ID", value) for value in ids}
    assert len(stand_ins) == len(ids)


def test_a_value_that_was_taken_is_not_given_again() -> None:
    real = [f"{number:03d}" for number in range(100, 1000, 2)]
    taken = frozenset(fingerprint(KEY, "ORDER_ID", value) for value in real)
    first = {SURROGATES.of("ORDER_ID", value) for value in real}
    again = {Surrogates(KEY, taken).of("ORDER_ID", value) for value in real}
    assert first & set(real) and not again & set(real)


SHAPES = [
    ("PHONE_NUMBER", "(415) 867-2671", r"\([2-9]\d\d\) 555-01\d\d"),
    ("PHONE_NUMBER", "+1 415 867 2671", r"\+1 [2-9]\d\d 555 01\d\d"),
    ("PHONE_NUMBER", "+44 7911 123456", r"\+44 7700 900\d{3}"),
    ("PHONE_NUMBER", "020 7123 4567", r"020 7946 0\d{3}"),
    ("PHONE_NUMBER", "06 12 34 56 78", r"06 39 98 \d\d \d\d"),
    ("PHONE_NUMBER", "+49 30 1234567", r"\+49 \d\d \d{7}"),
    ("PHONE_NUMBER", "867-2671 x12", r"\d{3}-\d{4} x\d\d"),
    ("US_SSN", "374-15-9928", r"9\d\d-[0-4]\d-\d{4}"),
    ("EMAIL_ADDRESS", "Jo.Doe77@Corp.com", r"[a-z]+\.[a-z]+\d\d@[a-z]+\.example\.org"),
    ("URL", "https://corp.com/me?x=1", r"https://[a-z]+\.example\.org/[a-z]+"),
    ("URL", "www.corp.com", r"[a-z]+\.example\.org"),
    ("USERNAME", "@j_doe77", r"@[a-z]_[a-z]+\d\d"),
    ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E", r"[0-9A-F]2(:[0-9A-F]{2}){5}"),
    ("COORDINATES", "52.5200, -13.4050", r"\d{1,2}\.\d{4}, -\d{1,3}\.\d{4}"),
    ("TITLE", "Dr.", r"(Prof|Rev|Capt|Judge)\."),
    ("AGE", "47", r"[45]\d"),
    ("AGE", "93 years", r"90\+"),
    ("POSTCODE", "SW1A 1AA", r"[A-Z]{2}\d[A-Z] \d[A-Z]{2}"),
    ("NATIONAL_ID", "QQ 12 34 56 C", r"[A-Z]{2} \d\d \d\d \d\d [A-Z]"),
    ("NATIONAL_ID", "AB 12 34 56 C", r"QQ \d\d \d\d \d\d C"),
    ("NATIONAL_ID", "943 476 5919", r"999 \d{3} \d{4}"),
    ("IP_ADDRESS", "10.0.0.7:8080", r"198\.1[89]\.\d{1,3}\.\d{1,3}:8080"),
    ("IP_ADDRESS", "fe80::1", r"2001:db8(:[0-9a-f]{1,4}){6}"),
    ("DATE_TIME", "2024-02-29", r"20\d\d-\d\d-\d\d"),
    ("DATE_TIME", "5/9/67", r"\d{1,2}/\d{1,2}/\d\d"),
    ("DATE_TIME", "25.12.2023", r"\d\d\.\d\d\.20\d\d"),
    ("DATE_TIME", "3rd March 2024", r"\d{1,2}(st|nd|rd|th) [A-Z][a-z]+ 20\d\d"),
    ("DATE_TIME", "2024-02-29T10:20:30Z", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    ("DATE_TIME", "99/99/9999", r"\d\d/\d\d/\d{4}"),
    ("BANK_ACCOUNT", "4411-22", r"\d{4}-\d\d"),
    ("HEALTH_PLAN", "AB/12-cd", r"[A-Z]{2}/\d\d-[a-z]{2}"),
    ("CREDIT_CARD", "4242", r"\d{4}"),
    ("ADDRESS", "12 Main Street, Apt 4", r"\d\d [A-Z][a-z]+ Street, Apt \d"),
    ("ORGANIZATION", "Acme Widgets Inc", r"[A-Z]\w+ [A-Z]\w+ Inc"),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "shape"), SHAPES)
def test_a_stand_in_keeps_the_shape_and_comes_from_a_range_nobody_owns(
    entity_type: str, value: str, shape: str
) -> None:
    assert regex.fullmatch(shape, SURROGATES.of(entity_type, value))


@settings(deadline=None)
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


VALID = [
    ("NATIONAL_ID", "943 476 5919", nhs), ("NATIONAL_ID", "54362315K", dni), ("NATIONAL_ID", "1112.223.33", bsn),
    ("NATIONAL_ID", "44051401359", pesel), ("NATIONAL_ID", "390.533.447-05", cpf), ("TAX_ID", "36 574 261 809", idnr),
    ("NATIONAL_ID", "RCCMNL83S18D969H", codicefiscale), ("NATIONAL_ID", "123 456 782", sin),
    ("NATIONAL_ID", "8112189876", personnummer), ("DEVICE_ID", "35686800-004141-8", imei),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "number"), VALID)
def test_a_valid_number_gets_another_valid_one(entity_type: str, value: str, number: ModuleType) -> None:
    assert number.is_valid(value)
    invented = SURROGATES.of(entity_type, value)
    assert number.is_valid(invented) and number.compact(invented) != number.compact(value)


@pytest.mark.parametrize(("value", "check"), [("1M8GDM9AXKP042788", "X"), ("1HGCM82633A004352", "3")])
def test_a_vehicle_keeps_a_right_check_digit(value: str, check: str) -> None:
    assert surrogate_ids._vin_check(value) == check == value[8]
    invented = SURROGATES.of("VEHICLE_ID", value)
    assert invented[8] == surrogate_ids._vin_check(invented) and not set(invented) & set("IOQ")
    assert len(invented) == 17 and invented != value


def test_us_registrations_keep_their_check_digits() -> None:
    assert surrogate_ids._is_npi("1234567893") and surrogate_ids._is_dea("AB1234563")
    assert surrogate_ids._is_npi(SURROGATES.of("LICENSE_ID", "1234567893"))
    assert surrogate_ids._is_dea(SURROGATES.of("LICENSE_ID", "AB1234563"))


def test_a_telephone_number_has_one_stand_in_with_and_without_its_country_code() -> None:
    assert (
        normalise(SURROGATES.of("PHONE_NUMBER", "(415) 867-2671"))[-4:]
        == normalise(SURROGATES.of("PHONE_NUMBER", "+1 415 867 2671"))[-4:]
    )


def test_two_writings_of_one_number_have_one_stand_in() -> None:
    assert normalise(SURROGATES.of("BANK_ACCOUNT", "4411-22")) == normalise(
        SURROGATES.of("ORDER_ID", "4411 22")
    )


def test_the_key_is_not_shown() -> None:
    assert "key" not in repr(SURROGATES)
