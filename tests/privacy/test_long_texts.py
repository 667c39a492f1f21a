"""One long text costs no more than the same characters in short ones."""

from __future__ import annotations

import time

import pytest

from privacy.detect import Detector
from privacy.records import DetectorModels
from tests.benchmarks.long_texts import CHARS, long_texts

_SHORT = 250


def _seconds(detector: Detector, texts: list[str]) -> float:
    started = time.process_time()
    detector.find(texts)
    return time.process_time() - started


@pytest.mark.slow
def test_64_kb_full_of_personal_data_cost_no_more_than_the_same_in_short_texts(
    detector_models: DetectorModels,
) -> None:
    detector = Detector(detector_models, timeout_s=120.0)
    text = long_texts()["one line"]
    assert len(text) == CHARS
    short = [text[at : at + _SHORT] for at in range(0, CHARS, _SHORT)]
    detector.find([text])  # what is read once
    # In turns and by processor time: a busy machine is as slow for both.
    rounds = [(_seconds(detector, [text]), _seconds(detector, short)) for _ in range(2)]
    assert min(long for long, _ in rounds) < 1.25 * min(pieces for _, pieces in rounds)
