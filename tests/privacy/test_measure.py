"""The ruler itself: gold scores 1, nothing scores 0, one readable letter is a leak, intervals are Wilson's."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from scipy.stats import binomtest

from privacy.ingest import record_id
from privacy.measure import Rate, SpanScores, rate, read_gold, records_to_review, residual_risk, score_spans
from privacy.records import Span
from tests.privacy.fakes import KEY

TEXT = "Call Ann Lee on 555-0100."
PLACE = ("1", "message")
NAME, PHONE = Span(5, 12, "PERSON", 1, "gold"), Span(16, 24, "PHONE_NUMBER", 1, "gold")


def span(start: int, end: int) -> Span:
    return Span(start, end, "ANY", 1, "test")


@pytest.mark.parametrize("n", [1, 2, 7, 50, 1000])
def test_intervals_agree_with_scipy(n: int) -> None:
    for hits in {0, 1, n // 2, n}:
        expected = binomtest(hits, n).proportion_ci(method="wilson")
        measured = rate(hits, n)
        assert measured.low == pytest.approx(expected.low, abs=1e-12) and measured.high == pytest.approx(
            expected.high, abs=1e-12
        )


def test_what_is_not_measured_is_none() -> None:
    scores = score_spans({}, {}, {})
    assert scores.recall.value is scores.recall.low is scores.precision.value is scores.char_precision is None


TABLE = [
    ([NAME, PHONE], 1.0, 1.0, 1.0, 0),
    ([], 0.0, None, None, 1),
    ([span(5, 11), PHONE], 0.5, 1.0, 1.0, 1),  # "Ann Le": one letter stays readable
    ([span(5, 8), span(9, 12), PHONE], 1.0, 1.0, 1.0, 0),  # in two pieces; the blank may show
    ([span(0, 25)], 1.0, 1.0, 13 / 19, 0),
    ([NAME, PHONE, span(0, 4)], 1.0, 2 / 3, 13 / 17, 0),
]


@pytest.mark.parametrize(("predicted", "recall", "precision", "char_precision", "leaking"), TABLE)
def test_scores(
    predicted: list[Span], recall: float, precision: float | None, char_precision: float | None, leaking: int
) -> None:
    scores = score_spans({PLACE: TEXT}, {PLACE: predicted}, {PLACE: [NAME, PHONE]})
    assert scores.recall.value == recall and scores.precision.value == pytest.approx(precision)
    assert scores.char_precision == pytest.approx(char_precision) and scores.leaking_documents == leaking
    assert scores.recall_by_type["PHONE_NUMBER"].n == 1


def typed(value: float | None, spans: list[Span]) -> bool:
    scores = score_spans({PLACE: TEXT}, {PLACE: spans}, {PLACE: [NAME, PHONE]})
    return scores.typed.recall.value == value


def test_the_ways_of_counting_differ_where_they_should() -> None:
    """Ann Lee found in part as a person, the phone found whole as an account."""
    found = [Span(5, 8, "PERSON", 1, "test"), Span(16, 24, "BANK_ACCOUNT", 1, "test")]
    scores = score_spans({PLACE: TEXT}, {PLACE: found}, {PLACE: [NAME, PHONE]})
    assert scores.typed.recall.value == 0 and scores.typed.precision.value == 0
    assert scores.overlap.recall.value == 1 and scores.recall.value == 0.5
    assert scores.characters.recall.value == 10 / 13 and scores.characters.precision.value == 1
    person = scores.by_type["PERSON"]
    assert (person.typed.value, person.overlap.value, person.cover.value) == (0, 1, 0)
    assert typed(1.0, [NAME, PHONE]) and typed(0.5, [NAME]) and typed(0.0, [])


def test_the_fields_of_a_record_are_one_document() -> None:
    texts = {("1", "a"): TEXT, ("1", "b"): TEXT, ("2", "a"): TEXT}
    scores = score_spans(texts, {("2", "a"): [NAME]}, {place: [NAME] for place in texts})
    assert scores.documents == 2 and scores.leaking_documents == 1 and scores.recall.n == 3
    assert scores.leaks.rate.value == 0.5 and scores.spans_per_document == 1.5


def _scores(hits: int, n: int) -> SpanScores:
    places = [(str(index), "m") for index in range(n)]
    predicted = {place: [NAME] for place in places[:hits]}
    return score_spans(dict.fromkeys(places, TEXT), predicted, {place: [NAME] for place in places})


def test_as_many_more_records_as_are_said_bring_the_lower_end_over_the_floor() -> None:
    scores = _scores(96, 100)
    assert scores.recall.low < 0.95
    more = records_to_review(scores, 0.95)
    assert more is not None and more > 0
    assert _scores(math.ceil(0.96 * (100 + more)), 100 + more).recall.low >= 0.95
    assert _scores(int(0.96 * (100 + more // 2)), 100 + more // 2).recall.low < 0.95
    assert records_to_review(scores, 0.5) == 0


def test_no_more_records_help_where_recall_itself_is_under_the_floor() -> None:
    assert records_to_review(_scores(96, 100), 0.96) is None
    assert records_to_review(score_spans({}, {}, {}), 0.5) is None


def test_residual_risk_is_the_exact_upper_bound_in_words() -> None:
    leaks = _scores(100, 100).leaks
    assert leaks.upper == pytest.approx(1 - 0.05**0.01)
    assert "At most 296 of 10,000" in residual_risk(leaks) and "0 of 100" in residual_risk(leaks)
    assert "At most 10,000 of 10,000" in residual_risk(_scores(0, 3).leaks)
    empty = score_spans({}, {}, {}).leaks
    assert empty.upper is None and empty.rate == Rate(None, None, None, 0)
    assert "not measured" in residual_risk(empty)


def test_a_place_without_prediction_is_a_leak() -> None:
    scores = score_spans({PLACE: TEXT}, {}, {PLACE: [NAME]})
    assert scores.recall.value == 0 and scores.leaking_documents == 1


def test_gold_is_found_under_the_hashed_id(tmp_path: Path) -> None:
    row = {"id": 17, "field": "message", "spans": [{"start": 5, "end": 12, "entity_type": "PERSON"}]}
    (tmp_path / "gold.jsonl").write_text(json.dumps(row) + "\n\n")
    assert read_gold(tmp_path / "gold.jsonl", KEY) == {
        (record_id(KEY, "17"), "message"): (Span(5, 12, "PERSON", 1.0, "gold"),)
    }


GOOD = '{"id": 1, "field": "m", "spans": []}'


@pytest.mark.parametrize(
    "line",
    ["SECRET", "[]", '{"id": 1, "spans": []}', GOOD.replace("[]", '[{"start": 3, "end": 3, "entity_type": "X"}]'),
     GOOD.replace("[]", '[{"start": "0", "end": 3, "entity_type": "SECRET"}]'), GOOD],
)  # fmt: skip
def test_a_broken_gold_line_is_named_without_content(tmp_path: Path, line: str) -> None:
    (tmp_path / "gold.jsonl").write_text(GOOD + "\n" + line)
    with pytest.raises(ValueError, match="line 2") as caught:
        read_gold(tmp_path / "gold.jsonl", KEY)
    assert "SECRET" not in str(caught.value) and caught.value.__cause__ is None
