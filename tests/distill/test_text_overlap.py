"""The rulers of free text: against sacreBLEU, the textbook, and figures computed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.evaluation.text_overlap import chrf, rouge_l, words


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        # By hand: 2 * common / (words + words).
        ("the cat sat on the mat", "the cat sat on the mat", 1.0),
        ("police killed the gunman", "police kill the gunman", 6 / 8),
        ("police killed the gunman", "the gunman police killed", 4 / 8),
        ("the the the the", "the", 2 / 5),
        ("the", "the the the the", 2 / 5),
        ("The CAT, sat!", "the cat sat", 1.0),
        ("Grüße aus Łódź", "grüsse AUS łódź", 1.0),
        ("東京に行く", "京都に行く", 8 / 10),
        ("cat", "dog", 0.0),
        ("", "dog", 0.0),
    ],
)
def test_rouge_l_is_as_computed_by_hand(first: str, second: str, value: float) -> None:
    assert rouge_l(words(first), words(second)) == pytest.approx(value)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_rouge_l_is_that_of_the_textbook_recursion(first: list[str], second: list[str]) -> None:
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for row, left in enumerate(first, start=1):
        for column, right in enumerate(second, start=1):
            up = max(table[row - 1][column], table[row][column - 1])
            table[row][column] = table[row - 1][column - 1] + 1 if left == right else up
    expected = 2 * table[-1][-1] / (len(first) + len(second)) if first and second else 0.0
    assert rouge_l(first, second) == pytest.approx(expected)


_TEXTS = st.text(alphabet="abcAB .,!\n\tß東京👍\u00a0", max_size=40) | st.text(max_size=40)


@given(_TEXTS, _TEXTS)
def test_chrf_is_that_of_sacrebleu(given_text: str, wanted: str) -> None:
    from sacrebleu.metrics.chrf import CHRF

    theirs = CHRF().sentence_score(given_text, [wanted]).score / 100
    assert chrf(given_text, wanted) == pytest.approx(theirs, abs=1e-12)


def test_chrf_of_real_sentences_is_that_of_sacrebleu() -> None:
    from sacrebleu.metrics.chrf import CHRF

    sentences = [
        "Your meter will be exchanged on Tuesday; you need not be at home.",
        "Your meter is going to be replaced on Tuesday. You don't have to be at home.",
        "Ihr Zähler wird am Dienstag getauscht, Sie müssen nicht zu Hause sein.",
        "We have cancelled the second bill.",
        "ok",
    ]
    for first in sentences:
        for second in sentences:
            theirs = CHRF().sentence_score(first, [second]).score / 100
            assert chrf(first, second) == pytest.approx(theirs, abs=1e-12)


@given(_TEXTS, _TEXTS)
def test_a_text_shares_everything_with_itself_and_scores_are_fractions(first: str, second: str) -> None:
    assert chrf(first, first) == float(bool(first.split()))
    assert rouge_l(words(first), words(first)) == float(bool(words(first)))
    assert 0.0 <= chrf(first, second) <= 1.0
    assert 0.0 <= rouge_l(words(first), words(second)) <= 1.0


def test_chrf_weighs_what_is_left_out_more_than_what_is_added() -> None:
    whole, half = "abcdefghij" * 3, "abcdefghij"
    assert chrf(whole, half) > chrf(half, whole)
