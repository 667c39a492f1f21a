"""What a review is worth, in figures that agree with the scrubber's own measures."""

from __future__ import annotations

import pytest

from appliance.home import Home
from appliance.preparing import review_figures
from privacy.measure import SpanScores, score_spans
from privacy.records import Span


def scores(found: int, missed: int) -> SpanScores:
    """So many records of one mark each, found or not."""
    text = "Jane Doe called"
    mark = (Span(0, 8, "PERSON", 1.0, "officer"),)
    places = [(f"{number:016x}", "message") for number in range(found + missed)]
    return score_spans(
        dict.fromkeys(places, text),
        {place: mark if number < found else () for number, place in enumerate(places)},
        dict.fromkeys(places, mark),
    )


def test_advice_is_the_rule_of_three() -> None:
    for each in review_figures.advice():
        assert each.leaks_at_most == pytest.approx(3 / each.records * 10_000, rel=0.06)


@pytest.mark.parametrize(
    ("found", "missed", "floor", "handed", "state", "says"),
    [
        (400, 0, 0.9, True, "open", "A run goes on"),
        (400, 0, 0.9, False, "not armed", "With these marks a run goes on"),
        (20, 0, 0.9, True, "shut", "more records like these would do"),
        (80, 20, 0.9, True, "shut", "More records cannot help"),
    ],
)
def test_the_gate_says_what_a_run_would_do_and_what_helps(
    found: int, missed: int, floor: float, handed: bool, state: str, says: str
) -> None:
    told = review_figures.gate(scores(found, missed), floor, handed_over=handed)
    assert told.state == state
    assert says in told.words
    assert (told.more_records is not None) == ("would do" in says)


def test_without_marks_the_gate_is_not_armed_and_nothing_is_zero() -> None:
    assert review_figures.gate(None, 0.9, handed_over=False).state == "not armed"
    assert review_figures.gate(scores(0, 0), 0.9, handed_over=True).more_records is None


def test_so_many_more_records_do_open_it() -> None:
    told = review_figures.gate(scores(20, 0), 0.9, handed_over=True)
    assert told.more_records is not None
    assert review_figures.gate(scores(20 + told.more_records, 0), 0.9, handed_over=True).state == "open"


def test_a_run_without_a_scrub_stage_has_no_findings() -> None:
    home = Home.open()
    (home.runs / "a-12345678").mkdir()
    assert review_figures.found_in_run(home, "a-12345678") is None
    assert review_figures.runs_of(home, "a") == []
