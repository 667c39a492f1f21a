"""The quality page's figures and texts: arms held against one, two arms record by record, differences word by word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.home import Home
from appliance.people.acting import Actor, NotAllowed, Role
from appliance.quality.answers import Which, pairs, read_texts, readable, record_metrics, texts
from appliance.quality.arms import metrics_of, side_by_side
from appliance.quality.differences import word_difference
from appliance.quality.evaluated import Evaluated, evaluated, outcomes
from distill.evaluation.calibration import Platt
from distill.evaluation.paired import mcnemar_exact
from tests.appliance.evaluated_run import RUN, make_run

RIGHT = ["billing", "delivery", "refund", "billing"]
SAID = {
    "untuned": ["billing", "billing", "Sorry?", "delivery"],
    "onpolicy": ["billing", "delivery", "billing", "delivery"],
    "teacher": ["billing", "delivery", "refund", None],
}
OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")
VIEWER = Actor("vera", frozenset({Role.VIEWER}), "console")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "home"))
    return Home.open()


@pytest.fixture
def found(home: Home) -> Iterator[Evaluated]:
    make_run(home, SAID, RIGHT)
    run = evaluated(home, RUN)
    assert run is not None
    yield run


def test_the_pinned_arm_has_no_distance_and_the_others_have_a_paired_one(found: Evaluated) -> None:
    arms = {each.arm: each for each in side_by_side(found, "accuracy", "untuned")}
    assert list(arms) == ["untuned", "onpolicy", "teacher"]
    assert arms["untuned"].difference is None and arms["untuned"].p is None
    teacher = arms["teacher"]
    assert (teacher.value, teacher.difference, teacher.failed) == (0.75, 0.5, 1)
    assert teacher.difference_low is not None and teacher.difference_low < 0.5
    assert teacher.p == mcnemar_exact(2, 0)
    assert [each.arm for each in arms.values() if each.is_chosen] == ["onpolicy"]
    assert all(each.cost is None for each in arms.values()), "no report yet, so no cost"


def test_a_measure_that_records_do_not_add_up_to_is_compared_as_the_evaluation_did(home: Home) -> None:
    row = {"metric": "macro_f1", "arm": "onpolicy", "against": "untuned", "test": "paired-bootstrap", "n": 4,
           "difference": 0.3, "low": 0.1, "high": 0.4, "p": 0.01}  # fmt: skip
    scores = [
        {"arm": arm, "metric": "macro_f1", "value": value, "low": 0.0, "high": 1.0, "n": 4, "failed": 0, "note": None}
        for arm, value in (("untuned", 0.2), ("onpolicy", 0.5), ("teacher", 0.8))
    ]  # fmt: skip
    make_run(home, SAID, RIGHT, more_facts={"paired": [row], "scores": scores})
    found = evaluated(home, RUN)
    assert found is not None
    arms = {each.arm: each for each in side_by_side(found, "macro_f1", "onpolicy")}
    assert (arms["untuned"].difference, arms["untuned"].difference_low) == (-0.3, -0.4)
    assert arms["teacher"].difference is None, "the evaluation has not compared these two"
    assert metrics_of(found) == ["accuracy", "macro_f1"]


@pytest.mark.parametrize(
    ("which", "places"),
    [
        (Which.ALL, [0, 1, 2, 3]),
        (Which.ONLY_A, [1]),
        (Which.ONLY_B, []),
        (Which.BOTH_RIGHT, [0]),
        (Which.BOTH_WRONG, [2, 3]),
        (Which.UNREADABLE, [2]),
    ],
)
def test_records_are_filtered_by_how_both_arms_fared(
    found: Evaluated, which: Which, places: list[int]
) -> None:
    page = pairs(found, "onpolicy", "untuned", "accuracy", which, 0, 10)
    assert [int(row.record_id, 16) for row in page.rows] == places
    assert page.counts[which] == len(places)


def test_a_page_has_the_records_of_that_page(found: Evaluated) -> None:
    page = pairs(found, "onpolicy", "untuned", "accuracy", Which.ALL, 1, 2)
    assert [int(row.record_id, 16) for row in page.rows] == [1, 2]
    assert page.counts[Which.ALL] == 4
    assert not pairs(found, "onpolicy", "untuned", "accuracy", Which.ALL, 4, 2).rows


def test_texts_are_those_of_the_records_asked_for(home: Home, found: Evaluated) -> None:
    shown = texts(home, OPERATOR, found, [f"{2:016x}", f"{3:016x}"], ["untuned", "teacher"])
    assert set(shown) == {f"{2:016x}", f"{3:016x}"}
    first, second = shown.values()
    assert (first.asked, first.right, first.right_by) == ("letter 2", "refund", "human")
    assert first.said == {"untuned": "Sorry?", "teacher": "refund"}
    assert first.read == {"untuned": None, "teacher": "refund"}
    assert second.said["teacher"] is None


def test_whoever_may_not_see_texts_is_told_who_may(home: Home, found: Evaluated) -> None:
    with pytest.raises(NotAllowed, match="vera may not see text: the operator"):
        texts(home, VIEWER, found, [f"{0:016x}"], ["untuned"])


def test_a_training_record_is_never_shown_as_a_test_record(found: Evaluated) -> None:
    assert read_texts(found, ["f" * 16], ["untuned"]) == {}


def test_texts_stay_out_of_what_a_traceback_prints(found: Evaluated) -> None:
    shown = read_texts(found, [f"{0:016x}"], ["untuned"])
    assert "letter" not in repr(shown) and "billing" not in repr(shown)


def test_the_cascade_is_put_together_record_by_record(home: Home) -> None:
    platt = Platt(1.0, 0.0, 4)
    facts = {
        "calibration": {"slope": 1.0, "intercept": 0.0, "n_validation": 4},
        "cascade": {"threshold": platt.chance(-0.1) + 0.01},
    }
    make_run(home, {**SAID, "onpolicy": ["billing", "?", None, "refund"]}, RIGHT, more_facts=facts)
    found = evaluated(home, RUN)
    assert found is not None
    assert all(each.passed_on for each in outcomes(found)["cascade"].values()), "none is sure enough"
    shown = read_texts(found, [f"{1:016x}"], ["cascade"])[f"{1:016x}"]
    assert shown.said == {"cascade": "delivery"}, "the teacher's words"


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../runs/letters-0a1b2c3d", "letters-0a1b2c3d/", "nowhere", "a\0b", "x" * 300]
)
def test_what_is_not_the_name_of_a_run_finds_none(home: Home, found: Evaluated, run_id: str) -> None:
    assert evaluated(home, run_id) is None


def test_a_run_that_was_not_evaluated_yet_is_none(home: Home) -> None:
    (home.runs / "young").mkdir()
    assert evaluated(home, "young") is None


def test_measures_of_single_records_come_with_the_primary_first(home: Home) -> None:
    said = {"onpolicy": ["a b c"], "teacher": ["a b d"]}
    make_run(home, said, ["a b c"], kind="generate")
    found = evaluated(home, RUN)
    assert found is not None and record_metrics(found) == ["rouge_l", "chrf"]
    (row,) = pairs(found, "onpolicy", "teacher", "rouge_l", Which.ONLY_A, 0, 5).rows
    assert row.score_a == 1.0 > row.score_b > 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_parts_of_a_difference_join_to_both_texts(a: str, b: str) -> None:
    parts = word_difference(a, b)
    assert "".join(text for kind, text in parts if kind != "b") == a
    assert "".join(text for kind, text in parts if kind != "a") == b
    assert not [text for kind, text in parts if kind == "same"] or a != "" or b == ""


def test_a_difference_is_told_word_by_word() -> None:
    assert word_difference("card not here", "card here today") == [
        ("same", "card "),
        ("a", "not "),
        ("same", "here"),
        ("b", " today"),
    ]


def test_a_long_text_is_not_compared_word_by_word() -> None:
    long = "word " * 5000
    assert word_difference(long, long) == [("same", long)]
    assert [kind for kind, _ in word_difference(long, long + "!")] == ["a", "b"]


def test_json_is_broken_into_lines_and_anything_else_left_alone() -> None:
    assert readable('{"a":1}', "extract") == '{\n  "a": 1\n}'
    assert readable("{broken", "extract") == "{broken"
    assert readable('{"a":1}', "generate") == '{"a":1}'
    assert readable(None, "classify") == ""
