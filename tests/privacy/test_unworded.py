"""A code that no word announces is found where somebody is spoken of; what goods and programs are numbered by is left."""

from __future__ import annotations

import time

import pytest

from privacy.complete import complete
from privacy.recognizers.devices import PICTURE_RULES
from privacy.recognizers.ids import find_ids
from privacy.recognizers.logins import find_logins
from privacy.recognizers.rule import Clock, run_rules
from privacy.recognizers.unworded import find_unworded
from privacy.records import Span

FOUND = [
    ("We unblinded K3D9-XP4R after the fall. He had been on active drug.", "K3D9-XP4R"),
    ("I had to surrender J46-77-0612 when they banned me.", "J46-77-0612"),
    ("The dispenser looks him up by eye, fpt_2374b1b05f80, so no card is needed.", "fpt_2374b1b05f80"),
    ("Two hits for the latent print: VP-abca-48bc and an officer's own.", "VP-abca-48bc"),
    ("The bank nurse on nights was SH9815, she signed twice.", "SH9815"),
    ("Pull 7170339 for the tumour board, he is the second case.", "7170339"),
    ("PID|1||35-99-83^^^HOSP", "35-99-83"),
    ("The consulate will only renew C06QZY00T if he comes in person.", "C06QZY00T"),
    ("She gave 36641 when the pharmacist asked where she lives.", "36641"),
    ("Weather alert for 83885: he is on home oxygen.", "83885"),
    ("DHK 3377 is the one my ex drives.", "DHK 3377"),
    ("Needlestick injury, E34277, theatre 2, bloods taken", "E34277"),
    ("Overdrawn: 4417-88120-44", "4417-88120-44"),
    ("Export of IRIS4480488 blocked", "IRIS4480488"),
    ("Delete IRIS4480488.pdf, she has withdrawn.", "IRIS4480488"),
    ("id,template,score\n1,BIO-0b4897fb,0.93 for his thumb", "BIO-0b4897fb"),
    ("Till opened by SH9815, float short.", "SH9815"),
    ("Approved: SH9815", "SH9815"),
    ("The server's firmware rejects index row BIO-0b4897fb", "BIO-0b4897fb"),
    ("Whoever left KVX 2888 there, move it", "KVX 2888"),
    ("KVX 2888 seen at the petrol pumps", "KVX 2888"),
    ("98109-area calls go to the north desk, she says.", "98109"),
    ("My neighbour lady (twenty-eight, lives alone) fell.", "twenty-eight"),
    ("Died at home, 103, old age, no inquest.", "103"),
    ("He had his first stroke at 37.", "37"),
    ("Mr Ost reached 101 last week.", "101"),
    ("Pt 96, DNAR in place", "96"),
    ("Patients aged 73 and 39 shared the room.", "39"),
    ("The bride was 35, the groom 81.", "35"),
    ("The bride was 35, the groom 81.", "81"),
    ("The twins are 15.", "15"),
    ("Our boy is 4.", "4"),
    ("gentleman of 71, no fixed abode", "71"),
    ("pt 57 F", "57"),
    ("They listed her as seventy-six.", "seventy-six"),
    ("Demographics: 55, W, M, high school, client since spring", "55"),
    ("My nan did it at 59 so can you", "59"),
    ("IY4262 slipped on the wet floor.", "IY4262"),
    ("E12744 is on leave.", "E12744"),
    ("Key handed to E94769.", "E94769"),
    ("Complaint about BB9360.", "BB9360"),
    ("Ask E29280 about the keys.", "E29280"),
    ("phlebotomist ON5140 drew it", "ON5140"),
    ("Password reset requested for YZ9958", "YZ9958"),
]
LEFT = [
    "Replace the bearing with part WO-0806-22 and grease it.",
    "The chip SN-4411-8820 replaces 74-1182-09 pin for pin.",
    "The connector complies with IEC 62443.",
    "The proxy forwards 27017 to 443 over TLS.",
    "color: #663229; margin: 4px 59px;",
    "She asked for form CMS-1500 and the DS-2019.",
    "He owes 12500 and she paid 30000 for it.",
    "The patient walked 10432 steps on day 2.",
    "He lived there 2011-2019.",
    "She wrote the 15000-word essay.",
    "The oven is at 200, the timer at 45 minutes.",
    "Her card was charged $48213.",
    "mail her at ab12345@example.org",
    "He opened error 10061 again.",
    "The relay is replaced by K4417 on new boards.",
    "The watch is powered by M4417 cells.",
    "She is the mother of 12.",
    "The relay K4417 failed again.",
    "The pins belong to connector J4471.",
    "Ask for model X4471 at the counter.",
    "Patients 12, staff 30.",
    "The score was 34, then 41.",
    "I gave him 20.",
    "Her husband was born 44, not here.",
]


@pytest.mark.parametrize(("text", "code"), FOUND)
def test_a_code_of_somebody_needs_no_word_of_its_own(text: str, code: str) -> None:
    start = text.index(code)
    covered = {index for span in find_unworded(text, [], Clock(60)) for index in range(span.start, span.end)}
    assert set(range(start, start + len(code))) <= covered


@pytest.mark.parametrize("text", LEFT)
def test_a_number_of_a_thing_is_left(text: str) -> None:
    assert [text[span.start : span.end] for span in find_unworded(text, [], Clock(60))] == []


@pytest.mark.parametrize(
    ("text", "name", "whole"),
    [
        ("I saw Wei He about it", "Wei", "Wei He"),
        ("I saw He Wei about it", "Wei", "He Wei"),
        ("The bag is Dong-wook's", "Dong", "Dong-wook"),
        ("I met Wei. He was late", "Wei", None),
        ("The Chan-like pattern", "Chan", None),
    ],
)
def test_a_name_is_completed_with_what_belongs_to_it(text: str, name: str, whole: str | None) -> None:
    start = text.index(name)
    found = complete(text, [Span(start, start + len(name), "PERSON", 0.5, "test")], Clock(5))
    assert [text[span.start : span.end] for span in found if span.recognizer == "beside a name"] == (
        [whole] if whole else []
    )


def test_findings_are_completed_with_codes_beside_them() -> None:
    assert [span.recognizer for span in complete("IRIS4480488 was hers", [], Clock(5))] == ["unworded code"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Looked her up on NPPES, 1095588848, still in Reno.", ["1095588848"]),
        ("Looked her up on NPPES, 1095588847, still in Reno.", []),
        ("timestamp=1700000003 ok", []),
        ("medical record number 53.26.07.82 is missing a page", ["53.26.07.82"]),
        ("the file reference is 3.11", []),
        ("GET /patients/K3D9-XP4R/chart 403", ["K3D9-XP4R"]),
        ("GET /static/K3D9-XP4R/app.js", []),
        ("addr:2001:db8::266d:ca52", ["2001:db8::266d:ca52"]),
        ("lease for 0a:1b:2c:3d:4e:5f: expired", ["0a:1b:2c:3d:4e:5f"]),
        ("std::add::bad::2001", []),
    ],
)
def test_a_check_digit_a_folder_and_a_form_are_enough(text: str, found: list[str]) -> None:
    spans = find_ids(text, Clock(5))
    assert sorted({text[span.start : span.end] for span in spans}) == found


def test_a_picture_behind_a_path_is_found() -> None:
    text = "/mnt/photos/RuthOst_headshot.jpeg"
    found = {text[s.start : s.end] for s in run_rules(PICTURE_RULES, text, Clock(5))}
    assert found == {"RuthOst_headshot.jpeg"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Login id for the new nurse will be ostrander_sh", ["ostrander_sh"]),
        ("Host Name . . . : qzostrander-laptop", ["qzostrander"]),
        ("Logged by qzostrander at 06:50", ["qzostrander"]),
        ("10.44.7.167 qzostrander GET", ["qzostrander"]),
        ("Upgrade qzostrander from 4.22.7.16 first", []),
        ("set pool_size and max_age first", []),
        ("The nurse set pool_size again.", []),
        ("Logged by mistake at 06:50", []),
        ("a gaming-laptop and a work-phone", []),
    ],
)
def test_a_login_is_told_by_its_form_and_its_machine(text: str, found: list[str]) -> None:
    words = frozenset(
        "login host name nurse set pool size max age first again upgrade mistake gaming work logged laptop".split()
    )
    assert sorted({text[s.start : s.end] for s in find_logins(text, Clock(5), words)}) == found


@pytest.mark.parametrize(
    "text",
    [
        "K3D9-XP4R he " * 5000,
        "1-" * 32000,
        "A1" * 32000,
        "a_" * 32000,
        "qz_ab " * 10600,
        "ten-pc 0a:1b " * 4900,
        "Ab-0" * 16000,
        "12 " * 21000,
        "10.0.0.1 " * 7000,
    ],
)
def test_a_long_hostile_text_takes_less_than_a_second(text: str) -> None:
    started = time.process_time()
    find_unworded(text[:64_000], [], Clock(5))
    find_logins(text[:64_000], Clock(5), frozenset({"he"}))
    assert time.process_time() - started < 1
