"""What a transcript writes as it was heard, and names told by those that they stand in line with."""

from __future__ import annotations

import pytest

from privacy.companions import find_companions
from privacy.fold import fold
from privacy.recognizers.dates import find_dates
from privacy.recognizers.doers import find_doers
from privacy.recognizers.heard import find_heard, find_spelled_names
from privacy.recognizers.lower_names import find_lower_names
from privacy.recognizers.people import find_people
from privacy.recognizers.peoples import find_peoples
from privacy.recognizers.rule import Clock
from privacy.records import Span

WORDS = frozenset(
    "the a to in is on of and it's its my we moved from so pick up at six cant make training says he she was said my ward who has keys for van took them home again wood chase lease budget by".split()
)


def _texts(text: str, found: list[Span]) -> list[str]:
    return [text[span.start : span.end] for span in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oh double seven double oh um one nine oh six two five", True),
        ("two oh two double five er five no sorry six two eight three", True),
        ("s double three three four eight six", True),
        ("it took two or three days, sorry, one more and four of five", False),
    ],
)
def test_digits_said_one_by_one_are_one_number_whatever_is_said_between(text: str, expected: bool) -> None:
    page = fold(text)
    assert bool(page.spelled) == expected
    if expected:
        assert page.raw(*page.spelled[0]) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it's 157 station gardens now", ["157 station gardens"]),
        ("pick up from eighty eight park terrace", ["eighty eight park terrace"]),
        ("eighty eight park close please", ["eighty eight park close"]),
        ("the postcode is b e five seven c w", ["b e five seven c w"]),
        ("my sister lives in leeds", ["leeds"]),
        ("the timezone is europe/london", []),
        ("leeds has a new tram", []),
        ("she rang redwater housing association", ["redwater housing association"]),
        ("a 20 mile drive and a 3 point turn", []),
        ("twenty five minute walk", []),
    ],
)
def test_places_are_found_as_a_caller_says_them(text: str, expected: list[str]) -> None:
    words = WORDS | frozenset("rang".split())
    assert _texts(text, find_heard(text, Clock(5), words)) == expected


def test_a_name_that_was_spelled_is_found_wherever_it_stands() -> None:
    text = "can you spell that: p a l a k i k o\nso that's palakiko"
    page = fold(text)
    found = find_spelled_names(page.text, page.letters, WORDS)
    assert [text[slice(*page.raw(s.start, s.end))] for s in found] == ["p a l a k i k o", "palakiko"]
    notice = fold("W A R N I N G S on the door")
    assert not find_spelled_names(notice.text, notice.letters, WORDS)


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("[10:02] Anna: who has it?\n[10:03] Hiwot: me", "Anna", ["Hiwot"]),
        ("anna: hi\nhiwot: hello\nagent: yes", "anna", ["hiwot"]),
        ("ACTION Anna/Hiwot: budget", "Anna", ["Hiwot"]),
        ("1 Bakker, 2 Long, 3 Benally (c)", "Bakker", ["Long", "Benally"]),
        ("Anna - nut allergy. Hiwot - travel sick.", "Anna", ["Hiwot"]),
        ("apiVersion: one\nkind: pod", "none of these", []),
        ("Status: open\nOwner: Anna", "Anna", []),
    ],
)
def test_who_stands_in_line_with_a_person_is_one(text: str, known: str, expected: list[str]) -> None:
    start = text.find(known)
    spans = [Span(start, start + len(known), "PERSON", 0.6, "test")] if start >= 0 else []
    assert _texts(text, find_companions(text, spans, WORDS, Clock(5))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Faith translated for us.", ["Faith"]),
        ("Refunded by Grant.", ["Grant"]),
        ("Grant to confirm by text", ["Grant"]),
        ("In April sales rose; the Grant was refused.", []),
        ("Python said so", []),
    ],
)
def test_a_name_that_is_a_word_is_one_where_it_does_what_people_do(text: str, expected: list[str]) -> None:
    assert _texts(text, find_doers(text, Clock(5))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chiara cant make training", ["chiara"]),
        ("see you. cheers, seo soo-yeon", ["seo soo-yeon"]),
        ("nginx cant bind the port", []),
    ],
)
def test_names_in_lower_case_are_told_by_what_is_done_and_by_where_they_end_a_text(
    text: str, expected: list[str]
) -> None:
    assert sorted(set(_texts(text, find_lower_names(text, Clock(5), WORDS)))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Home language Cherokee. He had a Somali accent.", ["Cherokee", "Somali"]),
        ("the bosun (34, Kurdish) and a Brazilian passport", ["Brazilian", "Kurdish"]),
        ("French fries and a Swiss roll", []),
    ],
)
def test_peoples_are_found_where_somebody_is_spoken_of(text: str, expected: list[str]) -> None:
    assert sorted(_texts(text, find_peoples(text, Clock(5)))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we moved in october two thousand nineteen", ["october two thousand nineteen"]),
        ("on first january nineteen seventy eight", ["first january nineteen seventy eight"]),
        ("it's the fourth of the third eighty two", ["the fourth of the third eighty two"]),
        ("training is off 29/10, back soon", ["29/10"]),
        ("he left 25/07 of own accord", ["25/07"]),
        ("a ratio of 29/10 is too high", []),
    ],
)
def test_dates_are_found_as_they_are_said_and_by_a_day_that_is_no_month(
    text: str, expected: list[str]
) -> None:
    assert sorted(set(_texts(text, find_dates(text, Clock(5))))) == expected


def test_names_of_more_countries_are_listed_but_for_everyday_words() -> None:
    assert "Bambang" in _texts("told Bambang so", find_people("told Bambang so", Clock(5)))
    assert not find_people("Among them Asia and Danish butter in Paris", Clock(5))
