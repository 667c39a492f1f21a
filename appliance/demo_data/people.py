"""Invented people: the personal values in a demo ticket and the sentences that carry them.

Nobody is meant to be reachable: mail domains are the reserved example ones, and phone numbers come from the
blocks that the US, UK, German and French regulators keep for fiction. Dutch mobile numbers are random.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from faker import Faker
from stdnum import iban as iban_number

_HOME_LOCALES = ("en_US", "en_GB", "de_DE", "nl_NL", "fr_FR")
_NAME_LOCALES = ("es_ES", "it_IT", "pl_PL", "en_IN", "sv_SE")
"""People move: one in six has a name from elsewhere than the address."""

SENTENCES: Mapping[str, tuple[str, ...]] = {
    "PERSON": (
        "my name is {PERSON}", "this is {PERSON} writing", "I am {PERSON}",
        "the contract is in the name of {PERSON}", "please ask for {PERSON}", "{PERSON} here",
    ),
    "EMAIL_ADDRESS": (
        "please reply to {EMAIL_ADDRESS}", "my mail is {EMAIL_ADDRESS}", "you can write to {EMAIL_ADDRESS}",
        "I log in as {EMAIL_ADDRESS}", "the address on file is {EMAIL_ADDRESS}",
        "answer me at {EMAIL_ADDRESS} please",
    ),
    "CREDIT_CARD": (
        "I pay with card {CREDIT_CARD}", "the card on file is {CREDIT_CARD}",
        "my card number is {CREDIT_CARD}", "it is linked to my card {CREDIT_CARD}",
        "payments go through {CREDIT_CARD}, my credit card",
    ),
    "IBAN_CODE": (
        "my IBAN is {IBAN_CODE}", "the direct debit runs on {IBAN_CODE}", "I pay from {IBAN_CODE}",
        "my bank details are {IBAN_CODE}", "the bank account is {IBAN_CODE}",
    ),
    "ADDRESS": (
        "we live at {ADDRESS}", "it is installed at {ADDRESS}",
        "my address is {ADDRESS}", "the house is {ADDRESS}",
        "you will find us at {ADDRESS}", "everything is fitted at {ADDRESS}",
    ),
    "PHONE_NUMBER": (
        "call me on {PHONE_NUMBER}", "my number is {PHONE_NUMBER}", "you reach me at {PHONE_NUMBER}",
        "ring {PHONE_NUMBER} in the evening", "text me on {PHONE_NUMBER}", "my mobile is {PHONE_NUMBER}",
    ),
    "BANK_ACCOUNT": (
        "my account number is {BANK_ACCOUNT}", "customer no. {BANK_ACCOUNT}", "account {BANK_ACCOUNT}",
        "my customer number is {BANK_ACCOUNT}", "the account is {BANK_ACCOUNT}",
    ),
    "DATE_OF_BIRTH": (
        "I was born on {DATE_OF_BIRTH}", "my date of birth is {DATE_OF_BIRTH}",
        "born {DATE_OF_BIRTH}, if you need it", "for the security check, my birthday is {DATE_OF_BIRTH}",
        "DOB {DATE_OF_BIRTH}",
    ),
}  # fmt: skip

COMBINED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("PERSON", "BANK_ACCOUNT"): (
        "I am {PERSON}, account {BANK_ACCOUNT}",
        "{PERSON} here, customer number {BANK_ACCOUNT}",
    ),
    ("PERSON", "ADDRESS"): (
        "my name is {PERSON} and I live at {ADDRESS}",
        "I am {PERSON} from {ADDRESS}",
    ),
    ("PERSON", "DATE_OF_BIRTH"): (
        "my name is {PERSON}, born {DATE_OF_BIRTH}",
        "the contract holder is {PERSON}, born on {DATE_OF_BIRTH}",
    ),
    ("EMAIL_ADDRESS", "PHONE_NUMBER"): (
        "write to {EMAIL_ADDRESS} or call {PHONE_NUMBER}",
        "you reach me on {PHONE_NUMBER} or at {EMAIL_ADDRESS}",
    ),
    ("PERSON", "PHONE_NUMBER"): ("call {PERSON} on {PHONE_NUMBER}", "ask for {PERSON} at {PHONE_NUMBER}"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """One invented customer. `values` has one value for each entity type."""

    first_name: str
    values: Mapping[str, str]


def new_people(seed: int) -> Callable[[], Person]:
    """A source of people, the same ones in the same order for a seed."""
    rng = Random(f"people:{seed}")
    fakes = {locale: Faker(locale) for locale in (*_HOME_LOCALES, *_NAME_LOCALES)}
    for locale, fake in fakes.items():
        fake.seed_instance(f"{locale}:{seed}")
    return lambda: _person(rng, fakes)


def _person(rng: Random, fakes: Mapping[str, Faker]) -> Person:
    home = rng.choice(_HOME_LOCALES)
    fake = fakes[home]
    named = fakes[rng.choice(_NAME_LOCALES)] if rng.random() < 1 / 6 else fake
    first, last = named.first_name(), named.last_name()
    values = {
        "PERSON": f"{first} {last}",
        "EMAIL_ADDRESS": _email(rng, fake, first, last),
        "CREDIT_CARD": _card(rng, fake),
        "IBAN_CODE": _iban(rng, fakes[rng.choice(("en_GB", "de_DE", "nl_NL", "fr_FR", "es_ES", "it_IT"))]),
        "ADDRESS": _address(rng, fake, home),
        "PHONE_NUMBER": _phone(rng, home),
        "BANK_ACCOUNT": _digits(rng, rng.choice(("LH-####-####", "LH########", "#########"))),
        "DATE_OF_BIRTH": _birth_date(rng, home),
    }
    return Person(first, values)


def _digits(rng: Random, pattern: str) -> str:
    return "".join(str(rng.randrange(10)) if mark == "#" else mark for mark in pattern)


def _email(rng: Random, fake: Faker, first: str, last: str) -> str:
    if rng.random() < 0.4:
        return fake.safe_email()
    plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
    local = "".join(mark for mark in plain if mark.isalnum() or mark == ".")
    domain = f"{rng.choice(('', 'mail.'))}example.{rng.choice(('com', 'org', 'net'))}"
    return f"{local}{rng.choice(('', '', '7', '82', '1990'))}@{domain}"


def _card(rng: Random, fake: Faker) -> str:
    kind = rng.choice(("visa16", "mastercard", "amex"))
    number = fake.credit_card_number(kind)
    gap = rng.choice((" ", " ", "-", ""))
    cuts = (0, 4, 10, 15) if kind == "amex" else (0, 4, 8, 12, 16)
    return gap.join(number[a:b] for a, b in pairwise(cuts))


def _iban(rng: Random, fake: Faker) -> str:
    number = fake.iban()
    while not iban_number.is_valid(number):  # Faker leaves out the checksum some countries have inside
        number = fake.iban()
    return number if rng.random() < 0.4 else " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def _address(rng: Random, fake: Faker, locale: str) -> str:
    number = f"{rng.randrange(1, 190)}{rng.choice(('', '', '', 'a', 'b'))}"
    if locale == "en_US":
        state = fake.state_abbr(include_territories=False, include_freely_associated_states=False)
        return f"{fake.street_address()}, {fake.city()}, {state} {fake.postcode_in_state(state)}"
    if locale == "en_GB":
        flat = f"Flat {rng.randrange(1, 20)}, " if rng.random() < 0.2 else ""
        return f"{flat}{number} {fake.street_name()}, {fake.city()} {fake.postcode()}"
    if locale == "fr_FR":
        # Faker makes "Sainte MargaudVille"; a capital inside a word would give every French town away.
        city = re.sub(r"(?<=[^\W_])[A-Z]", lambda mark: mark[0].lower(), fake.city())
        return f"{number.rstrip('ab')} {fake.street_name()}, {fake.postcode()} {city}"
    dutch = f"{rng.randrange(1011, 9999)} {rng.choice(('AB', 'EK', 'XT', 'GH', 'PL'))}"
    postcode = fake.postcode() if locale == "de_DE" else dutch
    return f"{fake.street_name()} {number}, {postcode} {fake.city()}"


# Blocks reserved for fiction: NANP 555-01xx, Ofcom drama numbers, Bundesnetzagentur and ARCEP film numbers.
_PHONES: Mapping[str, tuple[str, ...]] = {
    "en_US": ("(512) 555-01##", "617-555-01##", "+1 303 555 01##", "206.555.01##"),
    "en_GB": ("020 7946 0###", "0161 496 0###", "+44 113 496 0###", "0117 4960 ###"),
    "de_DE": ("030 23125 ###", "+49 30 23125 ###", "0171 39200##", "+49 40 66969 ###"),
    "nl_NL": ("06 2#######", "+31 6 2# ### ###", "06-2#######"),
    "fr_FR": ("01 99 00 ## ##", "+33 1 99 00 ## ##", "02 61 91 ## ##", "04 65 71 ## ##"),
}


def _phone(rng: Random, locale: str) -> str:
    return _digits(rng, rng.choice(_PHONES[locale]))


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def _birth_date(rng: Random, locale: str) -> str:
    # Not Faker's date_of_birth: it counts back from today, so tomorrow's file would differ.
    born = date(1938, 1, 1) + timedelta(days=rng.randrange(365 * 67))
    month = _MONTHS[born.month - 1]
    numeric = {"en_US": f"{born:%m/%d/%Y}", "en_GB": f"{born:%d/%m/%Y}", "fr_FR": f"{born:%d/%m/%Y}"}
    spoken = f"{month} {born.day}, {born.year}" if locale == "en_US" else f"{born.day} {month} {born.year}"
    return rng.choice((numeric.get(locale, f"{born:%d.%m.%Y}"), spoken, born.isoformat()))
