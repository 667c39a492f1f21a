"""Which sentences models are asked about: all but those in which no name could hide."""

from __future__ import annotations

import pytest

from privacy.records import Span
from privacy.sentences import without_plain

WORDS = frozenset("please call me about your new order tomorrow ask it the office said thanks and".split())


def _found(text: str, *values: str) -> list[Span]:
    return [
        Span(text.index(value), text.index(value) + len(value), "PERSON", 0.5, "rule") for value in values
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("please call me about your order", []),
        ("Please call me about your IBAN and I said thanks", []),
        ("I said please call me", []),
        ("please call me about the list and the date", []),
        ("please call me about your re-order and the order-date", []),
        ("please call Fiammetta Rossi tomorrow", ["Fiammetta Rossi"]),
        ("Fiammetta Rossi\n", ["Fiammetta Rossi"]),
    ],
)
def test_a_sentence_of_everyday_words_and_of_what_is_found_is_not_shown(text: str, found: list[str]) -> None:
    assert without_plain(text, _found(text, *found), WORDS) == " " * len(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("please call Fiammetta about your order", []),
        ("please call Fiammetta Rossi tomorrow", ["Fiammetta"]),
        # Words of our own list that people are called as well.
        ("Please call Julia about your order", []),
        ("Please ask Hudson about it", []),
        # Common words that people are called as well: at the beginning and after a title.
        ("May said thanks to me", []),
        ("please ask ms price about it", []),
        ("please call me on 4417", []),
        # A line of one or two words may be anything.
        ("Thanks\n", []),
        ("please call\n", []),
        # Neither everyday nor found: it could be a name in lower case.
        ("ask the kotka office", []),
    ],
)
def test_a_sentence_in_which_a_name_could_hide_is_shown_whole(text: str, found: list[str]) -> None:
    assert without_plain(text, _found(text, *found), WORDS) == text


def test_only_the_plain_sentences_become_blanks_and_the_rest_stays_where_it_is() -> None:
    text = "Please call me tomorrow. Ask Fiammetta about it! Thanks and please call."
    shown = without_plain(text, [], WORDS)
    assert len(shown) == len(text)
    assert shown.strip() == "Ask Fiammetta about it!"
    assert shown.index("Ask") == text.index("Ask")


def test_rarer_lower_case_words_leave_out_a_text_only_as_a_whole() -> None:
    rarer = frozenset({"expiring"})
    alone, beside = (
        "please call about the expiring order.",
        "please call about the expiring order. Kasimir said thanks.",
    )
    assert without_plain(alone, [], WORDS, rarer).isspace()
    assert without_plain(beside, [], WORDS, rarer) == beside


def test_a_contraction_with_not_is_nobodys_name() -> None:
    assert without_plain("please don't call me tomorrow", [], WORDS).isspace()
