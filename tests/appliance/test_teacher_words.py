"""The check stage's findings as sentences: what is known is said, what is not known is not."""

from __future__ import annotations

from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.preparing import teacher_words

FACTS: dict[str, Any] = {
    "accuracy": None,
    "min_accuracy": None,
    "teachers": [{"model": "big", "same_vocabulary": None, "same_end": None, "same_template": None}],
    "likeliest": None,
    "memory": {"free_bytes": None, "needed_bytes": 2**30, "device": "cpu"},
    "licence": {"verdict": "unknown"},
    "remarks": ["What the teacher's licence says is not known: have it read."],
}


def said(**facts: Any) -> list[tuple[str, str]]:
    home = Home.open()
    folder = home.runs / "a-12345678" / "check"
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write(folder, Manifest("check", "fingerprint", {}, {**FACTS, **facts}, 1.0, 2.0))
    found = teacher_words.checked(home, "a-12345678")
    assert found is not None
    return [(each.weight, each.words) for each in found]


def test_what_is_not_known_is_not_said() -> None:
    assert said() == [("note", FACTS["remarks"][0])]


def test_agreement_has_its_interval_its_number_and_its_floor() -> None:
    accuracy = {"value": 0.95, "low": 0.9407, "high": 0.9578, "n": 2500, "failed": 25}
    (first, *_) = said(accuracy=accuracy, min_accuracy=0.8)
    assert first == (
        "good",
        "It agrees with people in 95.0% of 2,500 records (95% interval 94.1% to 95.8%); 25 answers could not be read and "
        "count as wrong. The floor is 80.0%.",
    )


@pytest.mark.parametrize(
    ("match", "weight", "says"),
    [
        ({"same_vocabulary": True}, "good", "the same tokens"),
        ({"same_vocabulary": False}, "note", "only its answers can be learnt from"),
        ({"same_end": False}, "note", "another token"),
        ({"same_template": False}, "note", "another chat format"),
    ],
)
def test_a_teacher_that_spells_otherwise_is_told(match: dict[str, bool], weight: str, says: str) -> None:
    found = said(teachers=[{**FACTS["teachers"][0], **match}])
    assert [each for each in found if each[0] == weight and says in each[1]]


def test_memory_under_what_is_free_is_good_and_over_it_a_note() -> None:
    for free, weight in ((2**31, "good"), (2**29, "note")):
        (first, *_) = said(memory={"free_bytes": free, "needed_bytes": 2**30, "device": "cpu"})
        assert first[0] == weight


def test_a_run_that_the_check_stopped_says_why() -> None:
    home = Home.open()
    folder = home.runs / "a-12345678" / "check"
    folder.mkdir(parents=True)
    assert teacher_words.checked(home, "a-12345678") is None
    (folder / "error.txt").write_text("the teacher is too weak: choose a better one")
    assert teacher_words.checked(home, "a-12345678") == [
        teacher_words.Finding("stop", "The teacher is too weak: choose a better one.")
    ]
    assert teacher_words.checked(home, "none") is None
