"""The fuzzing sees what it is there to see, and the scrubber stands it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from privacy.records import DetectorModels, Span
from privacy.scan import Scrubber
from tests.benchmarks.fuzz import build, fuzz
from tests.benchmarks.fuzz_inputs import HOSTILE, SENTENCES, generate, marker
from tests.privacy.fakes import Deadly, RulesOnly, scrubber


class Talkative(RulesOnly):
    """Logs what it reads, as Presidio and others do."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        for text in texts:
            if marker(3) in text:
                logging.getLogger("careless").warning("looking at %s", text)
        return super().find(texts)


class Beside(RulesOnly):
    """Finds beyond the end of the text."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [(Span(0, len(text) + 1, "PERSON", 1.0, "test"),) for text in texts]


def talkative() -> Scrubber:
    return scrubber(Talkative())


def deadly() -> Scrubber:
    return scrubber(Deadly())


def beside() -> Scrubber:
    return scrubber(Beside())


def texts(n: int = 40) -> list[str]:
    return [f"{SENTENCES[number % len(SENTENCES)]} {marker(number)}" for number in range(n)]


def test_inputs_are_the_same_each_time_and_each_has_a_marker_of_its_own() -> None:
    made = generate(60, 7)
    assert made == generate(60, 7) and len({marker(number) for number in range(100_000)}) == 100_000
    assert all(marker(number) in text for number, text in enumerate(made)) and made != generate(60, 8)
    assert len(HOSTILE) >= 40


@pytest.mark.slow
def test_a_detector_that_logs_what_it_reads_is_caught() -> None:
    result = fuzz(talkative, texts())
    assert result.leaks_in_logs == 1 and result.kept == result.inputs == 40


@pytest.mark.slow
def test_a_detector_that_dies_hangs_or_misses_the_text_is_caught() -> None:
    some = texts(4)
    some[1], some[2] = f"DIE {some[1]}", f"HANG {some[2]}"
    # A fresh child takes seconds to begin with, on a busy machine more than five.
    result = fuzz(deadly, some, timeout_s=15.0)
    assert (result.kept, result.crashes, result.hangs, result.failing) == (2, 1, 1, [1, 2])
    assert result.kept + result.dropped == result.inputs
    assert fuzz(beside, texts(3)).crashes == 3, "offsets that are none fail closed"


@pytest.mark.slow
def test_generated_and_mutated_records_neither_fail_nor_leave_a_trace(models: Path) -> None:
    folders = DetectorModels(models / "spacy-en-md", (models / "rampart",))
    broken = f'{{"a": "\\ud835 {marker(598)} \\udc31 Ann Lee"}}'
    result = fuzz(partial(build, folders), [*generate(598, 11), broken])
    assert result.kept + result.dropped == result.inputs == 599
    assert not result.failing and result.leaks_in_logs == result.wrong_offsets == result.changed_outside == 0
