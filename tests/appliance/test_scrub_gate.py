"""The recall gate tells what would open it: more reviewed records, or another policy."""

from __future__ import annotations

import pytest

from appliance.stages.data import _under_the_floor
from privacy.measure import records_to_review, score_spans
from privacy.records import Span

NAME = Span(0, 3, "PERSON", 1.0, "gold")


def facts(hits: int, n: int, floor: float) -> dict[str, object]:
    places = [(str(index), "message") for index in range(n)]
    scores = score_spans(
        dict.fromkeys(places, "Ann"),
        {place: [NAME] for place in places[:hits]},
        {place: [NAME] for place in places},
    )
    return {
        "recall": scores.recall.value,
        "recall_low": scores.recall.low,
        "recall_n": scores.recall.n,
        "recall_floor": floor,
        "measured_records": scores.documents,
        "records_to_review": records_to_review(scores, floor),
    }


def test_a_small_sample_is_asked_for_more_records() -> None:
    said = _under_the_floor(facts(58, 60, 0.95))
    assert "n = 60" in said and "if they turn out like the 60 reviewed so far" in said
    (more,) = [int(word.replace(",", "")) for word in said.split("about ")[1].split()[:1]]
    assert more > 100


@pytest.mark.parametrize(("hits", "floor"), [(57, 0.95), (40, 0.95)])
def test_a_policy_that_finds_too_little_is_not_asked_for_more_records(hits: int, floor: float) -> None:
    said = _under_the_floor(facts(hits, 60, floor))
    assert "reviewing more records cannot help" in said and "change the policy" in said
