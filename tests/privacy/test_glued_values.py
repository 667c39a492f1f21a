"""Values are found where a program or a hurried hand glued them to their label, and ages where only persons have one."""

from __future__ import annotations

import time

import pytest

from privacy.companions import find_companions
from privacy.fold import fold
from privacy.recognizers.age import find_ages
from privacy.recognizers.contact import find_contacts
from privacy.recognizers.fields import find_fields
from privacy.recognizers.ids import find_ids
from privacy.recognizers.logins import find_logins
from privacy.recognizers.rule import Clock
from privacy.recognizers.unworded import find_unworded
from privacy.recognizers.zips import find_zips
from privacy.records import Span

WORDS = frozenset(
    "please unlock the heat pump read only data frame of hip chest home today swap stable".split()
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tablet;0c:81:12:5e:9d:4a;ward", "0c:81:12:5e:9d:4a"),
        ("kind=tag;id=5c:71:0c:cf:56:da;on=1", "5c:71:0c:cf:56:da"),
        ("device:0c:81:12:5e:9d:4a", "0c:81:12:5e:9d:4a"),
        ("0C-81-12-5E-9D-4A-bed", "0C-81-12-5E-9D-4A"),
        ("copied QWERT990199AB1CD twice", "QWERT990199AB1CD"),
    ],
)
def test_an_id_with_a_form_is_found_whatever_it_is_glued_to(text: str, value: str) -> None:
    page = fold(text).text
    assert value in {page[span.start : span.end] for span in find_ids(page, Clock(60))}


@pytest.mark.parametrize("text", ["fax#212 555 0147 ok", "FAX#212 555 0147 ok"])
def test_a_number_sign_behind_a_word_for_telephones_is_no_mark_of_an_issue(text: str) -> None:
    assert "212 555 0147" in {text[span.start : span.end] for span in find_contacts(text, Clock(60))}


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("Nobody thought she looked older than 58.", ["58"]),
        ("Suspect one 31, suspect two 44.", ["31", "44"]),
        ("G4P2 at 41, wishes tubal.", ["41"]),
        ("62. Diabetic, on metformin.", ["62"]),
        ("mother dec'd 71 breast ca", ["71"]),
        ("Our oldest swimmer: 88", ["88"]),
        ("age_at_visit 47, sex F", ["47"]),
        ("It is older than 58 units of any sort.", []),
        ("The oldest of 88 servers is off.", []),
        ("Chapter 62. Diabetic feet", []),
        ("Phase one 31 units, phase two 44.", []),
    ],
)
def test_what_only_persons_reach_is_an_age(text: str, ages: list[str]) -> None:
    assert sorted(text[span.start : span.end] for span in find_ages(text, Clock(60))) == ages


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Client is 22 (no papers).", ["22"]),
        ("Driver 47, belted.", ["47"]),
        ("pt. 63, febrile", ["63"]),
        ("Found by staff. Male. 52. Hypothermic.", ["52"]),
        ("Please offboard 881843 today", ["881843"]),
        ("Documented under E26043 twice", ["E26043"]),
        ("E35373 no longer works nights", ["E35373"]),
        ("On duty: JI8243", ["JI8243"]),
        ("JI8243 did the count", ["JI8243"]),
        ("The pump JI8243 did run", []),
        ("Member 12 of 30", []),
        ("Driver 9.2 crashes", []),
        ("documented in E26043.pdf under Windows", []),
    ],
)
def test_who_is_spoken_of_right_beside_a_number_makes_it_somebodys(text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in find_unworded(text, [], Clock(60))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dest:60614 svc=ground", ["60614"]),
        ("Ride time from 60614: 41 min", ["60614"]),
        ("The 60614 sites closed early.", ["60614"]),
        ("postmarked 60614", ["60614"]),
        ("offset:60614 len=3", []),
        ("range from 60614: 3 ports", []),
    ],
)
def test_a_zip_code_is_told_by_the_key_and_the_word_beside_it(text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in find_zips(text, Clock(60))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Please unlock torsten.qzvros", ["torsten.qzvros"]),
        ("df = data.frame", []),
        ("heat_pump => read-only", []),
    ],
)
def test_a_login_of_two_parts_is_known_by_the_name_in_it(text: str, found: list[str]) -> None:
    assert sorted({text[s.start : s.end] for s in find_logins(text, Clock(60), WORDS)}) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gf Eun-ji rang", ["Eun-ji"]),
        ("swap Qarlos please", ["Qarlos"]),
        ("Qostami in bay 2 has a fever", ["Qostami"]),
        ("Has Qostami voided?", ["Qostami"]),
        ("Heat in bay 2 is off", []),
        ("Has Qostami in its name", []),
        ("The Qebu PD drove him", ["Qebu"]),
        ("The Heat PD loop", []),
    ],
)
def test_a_name_is_told_by_kin_by_what_a_ward_does_and_by_whose_police_it_is(
    text: str, found: list[str]
) -> None:
    assert sorted({text[s.start : s.end] for s in find_fields(text, Clock(60), WORDS)}) == found


def test_the_beds_of_a_hand_over_hold_people_if_one_does() -> None:
    text = "HANDOVER\n1 Berg chest\n2 Qostami hip\nBed 3 Qiddiqui home today"
    berg = Span(text.index("Berg"), text.index("Berg") + 4, "PERSON", 0.6, "test")
    found = find_companions(text, [berg], WORDS, Clock(60))
    assert [text[span.start : span.end] for span in found] == ["Qostami", "Qiddiqui"]
    assert find_companions(text, [], WORDS, Clock(60)) == []


@pytest.mark.parametrize(
    "piece",
    [
        "a:",
        "0c:",
        "dest:60614 ",
        "1 Berg a\n",
        "d. 41 ",
        "mother d ",
        "oldest a ",
        "Ab Cd PD ",
        "ab.cd ",
        "age_at_",
        "QWERT990",
    ],
)
def test_no_64_kB_string_is_slow(piece: str) -> None:
    text = (piece * 64_000)[:64_000]
    started = time.process_time()
    fold(text)
    for finder in (find_ids, find_contacts, find_ages, find_zips):
        finder(text, Clock(20))
    find_fields(text, Clock(20), WORDS)
    find_logins(text, Clock(20), WORDS)
    find_companions(text, [Span(0, 4, "PERSON", 0.6, "test")], WORDS, Clock(20))
    assert time.process_time() - started < 6
