"""Ids, dates, ages and coordinates are found in sentences, harmless numbers are left, checksums are kept, nothing is slow."""

from __future__ import annotations

import random
import time

import pytest

from privacy.arbitrate import arbitrate
from privacy.recognizers.age import find_ages
from privacy.recognizers.coordinates import find_coordinates
from privacy.recognizers.dates import find_dates
from privacy.recognizers.finance import valid_aba, valid_base58check, valid_card, valid_iban
from privacy.recognizers.health import valid_dea, valid_npi
from privacy.recognizers.ids import find_ids
from privacy.recognizers.national_ids import find_national_ids, valid_number
from privacy.recognizers.rule import Clock
from privacy.recognizers.vehicles import valid_vin
from privacy.records import Span
from tests.privacy.number_sentences import HARMLESS, PERSONAL

FINDERS = (find_ids, find_dates, find_ages, find_coordinates)


def find(text: str) -> tuple[Span, ...]:
    return arbitrate(text, [span for finder in FINDERS for span in finder(text, Clock(5))])


def marked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """The sentence without its marks, and the marked ranges."""
    text, ranges, start = "", [], 0
    for char in line:
        if char == "«":
            start = len(text)
        elif char == "»":
            ranges.append((start, len(text)))
        else:
            text += char
    return text, ranges


SENTENCES = [(kind, line.strip()) for kind, block in PERSONAL.items() for line in block.strip().splitlines()]


@pytest.mark.parametrize(("kind", "line"), SENTENCES)
def test_a_personal_number_is_covered_whole(kind: str, line: str) -> None:
    text, ranges = marked(line)
    covered = {index for span in find(text) for index in range(span.start, span.end)}
    assert ranges
    assert not [(a, b) for a, b in ranges if not {i for i in range(a, b) if text[i].isalnum()} <= covered]


def test_a_personal_number_gets_its_kind_nineteen_times_in_twenty() -> None:
    right = total = 0
    for kind, line in SENTENCES:
        text, ranges = marked(line)
        spans = find(text)
        for start, end in ranges:
            total += 1
            right += any(s.entity_type == kind and s.start < end and s.end > start for s in spans)
    assert right / total > 0.95


def test_of_harmless_sentences_with_numbers_at_most_one_in_fifty_is_touched() -> None:
    lines = HARMLESS.strip().splitlines()
    assert len(lines) >= 150
    assert sum(bool(find(line)) for line in lines) <= len(lines) // 50


CHECKSUMS = [
    (valid_npi, "1234567893", "1234567894"),
    (valid_dea, "AB1234563", "AB1234564"),
    (valid_vin, "1HGCM82633A004352", "1HGCM82633A004353"),
    (valid_aba, "021000021", "021000022"),
    (valid_card, "4111 1111 1111 1111", "4111 1111 1111 1112"),
    (valid_card, "378282246310005", "378282246310006"),
    (valid_iban, "DE89370400440532013000", "DE89370400440532013001"),
    (valid_base58check, "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BoatSLRHtKNngkdXEeobR76b53LETtpyU"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "good", "bad"), CHECKSUMS)
def test_a_checksum_tells_a_number_from_its_misprint(check, good: str, bad: str) -> None:  # type: ignore[no-untyped-def]
    assert check(good)
    assert not check(bad)


NATIONAL = [
    ("es dni", "12345678Z"),
    ("es nie", "X1234567L"),
    ("it codice fiscale", "RSSMRA85T10A562S"),
    ("fr nir", "255081416802538"),
    ("fi hetu", "131052-308T"),
    ("ie pps", "1234567T"),
    ("mx curp", "HEGG560427MVZRRL04"),
    ("sg nric", "T1234567J"),
    ("cn ric", "11010519491231002X"),
    ("pl pesel", "44051401359"),
    ("no fodselsnummer", "15108695088"),
    ("be nn", "85.07.30-033.28"),
    ("ch ahv", "756.9217.0769.85"),
    ("ro cnp", "1630615123457"),
    ("za id", "8001015009087"),
    ("se personnummer", "811228-9874"),
    ("br cpf", "529.982.247-25"),
    ("br cnpj", "11222333000181"),
    ("cl rut", "12.345.678-5"),
    ("in aadhaar", "2341 2341 2346"),
    ("kr rrn", "971013-9019902"),
    ("th pin", "1-2345-45678-78-1"),
    ("ar cuit", "20-05536168-2"),
    ("hk id", "A123456(3)"),
    ("ru snils", "112-233-445 95"),
    ("ca sin", "123 456 782"),
    ("cz rc", "710319/2745"),
    ("uk nino", "AB 12 34 56 C"),
    ("in pan", "ABCPE1234F"),
]


@pytest.mark.parametrize(("name", "number"), NATIONAL)
def test_a_national_number_needs_no_word(name: str, number: str) -> None:
    (span,) = find_national_ids(f"It says {number} here.", Clock(5))
    assert span.end - span.start == len(number)
    assert span.recognizer == name


WEAK = ["943 476 5919", "123456782", "86095742719", "A123456789", "123456789018", "ABA300000"]


@pytest.mark.parametrize("number", WEAK)
def test_a_weak_checksum_counts_beside_a_word_only(number: str) -> None:
    assert valid_number(number)
    assert not find_national_ids(number, Clock(5))


def test_a_random_number_is_hardly_ever_taken_for_a_national_one() -> None:
    draw = random.Random(7)
    for digits in range(8, 17):
        numbers = [str(draw.randrange(10 ** (digits - 1), 10**digits)) for _ in range(500)]
        assert sum(bool(find_national_ids(number, Clock(5))) for number in numbers) <= 10


def test_a_check_that_breaks_over_a_number_has_not_proven_it() -> None:
    """python-stdnum's check of Chinese numbers raises KeyError where it knows the province and not the county."""
    found = find("Card 4111 1111 1111 11 1111, exp 09/27; IBAN DE89 3704 0044 0532 0130 00.")
    assert any(span.entity_type == "IBAN_CODE" for span in found)


def test_offsets_hold_where_lower_case_is_longer() -> None:
    text = "İİİ MRN 4481220"
    assert [text[span.start : span.end] for span in find(text)] == ["4481220"]


HOSTILE = ["a.", "1-", "a@", " ", "A b ", "1 ", "(1)", "A1", "a1-", "MRN 1 ", "mrn: 4412, ", "id 1 ", "44051401359 ", "4111 1111 1111 1111 ", "x.jpg ",
           "IMG_", "photo_", "01/01/", "March 3 ", "the first of ", "twenty ", "34 years ", "aged ", "born ", "1.1111, ", "12°", "///a", "0x", "A" * 17 + " ",
           "DE89 ", "1a:", "*", "xxxx-", "plate is a ", "passport the the the ", "lat 1.1 ", "1 is her id ", "son "]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE)
def test_no_64_kB_string_makes_a_finder_slow(piece: str) -> None:
    text = (piece * 65536)[:65536]
    find("warm up 1")
    for finder in FINDERS:
        start = time.process_time()
        finder(text, Clock(30))
        assert time.process_time() - start < 1  # about 0.25 s at most; room for a busy machine


@pytest.mark.parametrize("finder", FINDERS)
def test_no_time_left_is_an_error(finder) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TimeoutError):
        finder("MRN 4481-22 of 2024-01-01, 34 years old, at 51.5074, -0.1278", Clock(0))
