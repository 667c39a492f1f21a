"""What is read out sign by sign, what answers a question, and values that are said instead of written."""

from __future__ import annotations

import time

import pytest

from privacy.fold import fold
from privacy.recognizers.age import find_ages
from privacy.recognizers.answers import find_answers
from privacy.recognizers.dates import find_dates
from privacy.recognizers.heard import find_heard
from privacy.recognizers.login_places import find_login_places
from privacy.recognizers.lower_names import find_lower_names
from privacy.recognizers.read_out import find_read_out
from privacy.recognizers.rule import Clock
from privacy.recognizers.signed import find_signed
from privacy.records import Span

WORDS = frozenset(
    "and what is your name please the daughter how old where are you from it's i'm in a do have her one moment there who under came".split()
)


def _texts(text: str, found: list[Span]) -> list[str]:
    return sorted({text[span.start : span.end] for span in found})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it is r as in robin, t as in table, nine two", "r as in robin, t as in table, nine two"),
        ("sierra lima four zero nine", "sierra lima four zero nine"),
        ("the plate is k seven one two f", "k seven one two f"),
        ("my card ends in six one oh three", "six one oh three"),
        ("quebec golf victor tango", "quebec golf victor tango"),
        ("the reference is d david eight n nancy three", "d david eight n nancy three"),
        ("so three or four of them, one by one", ""),
        ("sections 1 a, 2 b and 3 c of 42 U.S.C. 1983", ""),
        ("14 mg P per 100 g", ""),
        ("a b c of cooking", ""),
    ],
)
def test_a_code_read_out_is_found_and_a_list_is_not(text: str, expected: str) -> None:
    page = fold(text)
    found = [text[slice(*page.raw(s.start, s.end))] for s in find_read_out(page.text, Clock(5))]
    assert found == ([expected] if expected else [])


def test_a_name_spelled_with_words_is_found_wherever_it_stands() -> None:
    text = "d for david, u for uncle, c for charlie, that's duc"
    assert _texts(text, find_read_out(text, Clock(5))) == ["d for david, u for uncle, c for charlie", "duc"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("agent what is your name please\ncaller um yes it's emre", ["emre"]),
        ("Agent: And who am I speaking to?\nCaller: Duc Tran, I'm the daughter.", ["Duc Tran"]),
        ("agent how old are you\ncaller i'm seventy four", ["seventy four"]),
        ("agent what is your nationality\ncaller peruvian", ["peruvian"]),
        ("agent what is your name please\ncaller one moment", []),
        ("agent who is there\ncaller yes please", []),
    ],
)
def test_the_next_line_answers_a_question(text: str, expected: list[str]) -> None:
    assert _texts(text, find_answers(text, Clock(5), WORDS)) == expected
    assert find_answers(text, Clock(5), frozenset()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we came on january eighteen", ["january eighteen"]),
        ("a letter dated tenth march", ["tenth march"]),
        ("twenty second october was the day", ["twenty second october"]),
        ("his date of birth is twelve five sixty one", ["twelve five sixty one"]),
        ("paid 1 may 44", ["1 may 44"]),
        ("you may three times a day", []),
        ("in june three people left", []),
        ("on the second may be late", []),
    ],
)
def test_a_day_is_said_without_of_or_a_year(text: str, expected: list[str]) -> None:
    assert _texts(text, find_dates(text, Clock(5))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the boy's nine and he's got asthma", ["nine"]),
        ("she's two minutes away and he is one of three", []),
        ("a single mother of three (10, 16 and 11) asks", ["10", "11", "16"]),
        ("Q: How old is he? A: 25, maybe 86.", ["25", "86"]),
    ],
)
def test_small_ages_are_read_where_it_is_said_what_somebody_is(text: str, expected: list[str]) -> None:
    assert _texts(text, find_ages(text, Clock(5))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("he lives at flat c seventy park lane", ["flat c seventy park lane"]),
        ("it's nine three six willow court", ["nine three six willow court"]),
        ("we saw it parked on ferndale avenue", ["ferndale avenue"]),
        ("she is at number fourteen", ["fourteen"]),
        ("in at number three in the charts", []),
        ("left into a side street off the main road", []),
    ],
)
def test_flats_houses_and_streets_are_found_as_they_are_said(text: str, expected: list[str]) -> None:
    assert _texts(text, find_heard(text, Clock(5), frozenset())) == expected


def test_whoever_a_thing_is_booked_under_or_a_man_is_called_is_named() -> None:
    for text, expected in (
        ("it's under siddiqui", ["siddiqui"]),
        ("an engineer called mekdes came", ["mekdes"]),
        ("an app called foobarix came", []),
    ):
        assert _texts(text, find_lower_names(text, Clock(5), WORDS)) == expected


@pytest.mark.parametrize(
    "text",
    ["b for bravo " * 5400, "a aa " * 13_000, "one um uh " * 6000, "name\nagent um um um " * 3500, "flat two one " * 5000, "aa -" * 16_000, "thanks " * 9000, "/users/a" * 8000],
)  # fmt: skip
def test_what_is_said_over_and_over_costs_linear_time(text: str) -> None:
    find_read_out("one two b", Clock(5))
    started = time.process_time()
    find_read_out(text, Clock(30))
    find_answers(text, Clock(30), WORDS)
    find_heard(text, Clock(30), WORDS)
    find_signed(text, Clock(30), WORDS)
    find_login_places(text, Clock(30), WORDS)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nilsen_kr: hi is anyone there\nBot: Hello!\nnilsen_kr: yes please", ["nilsen_kr"]),
        ("max_retries: set by you\nmin_size: two", []),
        ("cat /srv/staff/nilsenk041.txt", ["nilsenk041"]),
        ("cat /srv/staff/please.txt", []),
        ("cust tnilsen rang again", ["tnilsen"]),
    ],
)
def test_a_login_is_told_by_where_it_stands(text: str, expected: list[str]) -> None:
    words = WORDS | frozenset(
        "max retries min size set by you two hi is anyone yes bot hello rang again cat".split()
    )
    assert (
        sorted({text[start:end] for start, end, *_ in find_login_places(text, Clock(5), words)}) == expected
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("changed the cable, line is fine now. -nilsen", ["nilsen"]),
        ("The key is under the mat. Nilsen", ["Nilsen"]),
        ("Hedda,\nthe key is under the mat.", ["Hedda"]),
        ("thanks for the key Hedda! it fits", ["Hedda"]),
        ("try to run it with git commit -nilsen", []),
        ("The key is under the mat. Please", []),
    ],
)
def test_who_signs_or_is_greeted_is_named(text: str, expected: list[str]) -> None:
    assert _texts(text, find_signed(text, Clock(5), WORDS)) == expected


def test_the_age_of_whoever_is_spoken_to_is_found_and_a_rule_for_all_is_none() -> None:
    assert _texts("happy birthday old friend, 52 and still dancing", find_ages("happy birthday old friend, 52 and still dancing", Clock(5))) == ["52"]  # fmt: skip
    assert find_ages("You can apply if you are 65 and over", Clock(5)) == []
