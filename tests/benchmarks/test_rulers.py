"""The rulers themselves: what is marked is what was drawn, numbers are valid, and a finder that finds nothing scores nothing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from stdnum import iban, imei, luhn
from stdnum.es import dni
from stdnum.gb import nhs
from stdnum.nl import bsn
from stdnum.pl import pesel

from tests.benchmarks import adversarial, cells, harmless, hipaa, people, unseen, values
from tests.benchmarks.probe import FRAMES, Sample, fill, is_covered, mean_of_groups, read_frames, score

PERSONAL: dict[str, Callable[[int, int, str], list[Sample]]] = {
    "adversarial": adversarial.samples,
    "cells": lambda n, seed, split: cells.samples(n, seed, split)[0],
    "hipaa": hipaa.samples,
    "unseen": lambda n, seed, split: unseen.samples(n * 40, seed, split),
}


@pytest.mark.parametrize("name", PERSONAL)
@pytest.mark.parametrize("split", ["dev", "held-out"])
def test_gold_scores_one_and_nothing_scores_zero(name: str, split: str) -> None:
    samples = [sample for sample in PERSONAL[name](4, 1, split) if sample.gold]
    assert samples
    assert score(samples, [sample.gold for sample in samples], by_group=True).recall.value == 1.0
    assert score(samples, [()] * len(samples), by_group=True).recall.value == 0.0
    assert mean_of_groups(samples, [True] * len(samples)) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", ["hipaa", "harmless", "unseen"])
def test_no_frame_is_in_both_splits(name: str) -> None:
    samples = PERSONAL.get(name, harmless.samples)
    dev, held_out = ({sample.frame for sample in samples(20, 1, split)} for split in ("dev", "held-out"))
    assert dev and held_out and not dev & held_out


def test_no_frame_stands_twice() -> None:
    for path in FRAMES.glob("*.txt"):
        frames = [(section, frame) for section, many in read_frames(path).items() for frame in many]
        assert len(frames) == len(set(frames)), path.name


def test_a_seed_gives_the_same_texts_and_another_seed_others() -> None:
    assert hipaa.samples(2, 5, "all") == hipaa.samples(2, 5, "all") != hipaa.samples(2, 6, "all")


def test_held_out_has_values_that_dev_never_shows() -> None:
    def values_of(split: str) -> set[str]:
        return {
            s.text[s.gold[0].start : s.gold[0].end] for s in hipaa.samples(400, 1, split) if s.group == "city"
        }

    assert len(values_of("held-out") - values_of("dev")) >= 10


def test_gold_marks_the_drawn_value_and_leaves_its_label() -> None:
    slots = {"code": ("CASE_ID", lambda rng: "MRN |77|.pdf"), "clock": ("", lambda rng: "10:15")}
    sample = fill("kind", "at {clock} see {code}, {code}", Random(0), slots)
    assert sample.text == "at 10:15 see MRN 77.pdf, MRN 77.pdf"
    assert [sample.text[span.start : span.end] for span in sample.gold] == ["77", "77"]


def test_a_text_speaks_of_one_person_under_one_number() -> None:
    sample = fill("kind", "{first} {last} {first2} {first}", Random(3))
    first, *_, second, again = sample.text.split()
    assert first == again != second


def test_a_span_with_one_readable_letter_is_a_leak() -> None:
    sample = fill("kind", "SSN {ssn}", Random(0))
    span = sample.gold[0]
    assert is_covered(sample, sample.gold)
    assert not is_covered(sample, [type(span)(span.start, span.end - 1, "US_SSN", 1.0, "short")])


@pytest.mark.parametrize(
    ("draw", "valid"),
    [
        (values.card_digits, luhn.is_valid),
        (values.imei, imei.is_valid),
        (values.nhs, nhs.is_valid),
        (values.pesel, pesel.is_valid),
        (values.bsn, bsn.is_valid),
        (values.dni, dni.is_valid),
        # Without the check digits inside some countries' account numbers.
        (values.iban, lambda text: iban.is_valid(text, check_country=False)),
        (lambda rng: "80840" + values.npi(rng), luhn.is_valid),
    ],
)
def test_numbers_carry_valid_check_digits(
    draw: Callable[[Random], str], valid: Callable[[str], bool]
) -> None:
    rng = Random(1)
    assert [text for text in (draw(rng) for _ in range(200)) if not valid(text)] == []


def test_telephone_numbers_in_america_are_fictional() -> None:
    rng = Random(1)
    digits = ["".join(char for char in people.us_phone(rng) if char.isdigit()) for _ in range(200)]
    assert all("55501" in number for number in digits)


def test_harmless_sentences_are_distinct_and_many() -> None:
    for split in ("dev", "held-out"):
        texts = [sample.text for sample in harmless.samples(2400, 1, split)]
        assert len(texts) == len(set(texts)) >= 2000
