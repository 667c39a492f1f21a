"""Rows of fields are laid out for rules of prose, and names are known by where they stand."""

from __future__ import annotations

import time

import pytest

from privacy.fold import fold
from privacy.recognizers.fields import find_fields, find_owners
from privacy.recognizers.logins import find_logins
from privacy.recognizers.rule import Clock
from privacy.recognizers.unworded import find_unworded
from privacy.records import Span
from privacy.rows import row_breaks

WORDS = frozenset("the and of bed note seen report closed lady clinic plan our wife his".split())


@pytest.mark.parametrize(
    ("text", "laid_out"),
    [
        ("Lund,Ada,5/22/07,F,85096", "Lund, Ada, 5/22/07, F, 85096"),
        ("PID|1||Lund^Ada||19850611", "PID | 1 | Lund ^ Ada | 19850611"),
        ("NM1*IL*1*Lund*Ada****MI*44~", "NM1 | IL | 1 | Lund | Ada | MI | 44~"),
        ("dose=2;nurse=Ada;seen:7/10/18", "dose= 2; nurse= Ada; seen: 7/10/18"),
        ("Lund\\tAda\\t52", "Lund\tAda\t52"),
        ("Town ......... Cebu", "Town: Cebu"),
        ("left,right\nBerg,2024-05-10", "left, right\nBerg, 2024-05-10"),
        ("a7,192.0.2.9,2022-06-20", "a7, 192.0.2.9, 2022-06-20"),
        # A sum, a path, and prose stay as they are.
        ("1,299,000 of 12,500,000 in 3,400 days", "1,299,000 of 12,500,000 in 3,400 days"),
        ("1,5 kg\n2,5 kg", "1,5 kg\n2,5 kg"),
        ("C:\\temp\\notes", "C:\\temp\\notes"),
        ("She came, saw, and left; he stayed.", "She came, saw, and left; he stayed."),
    ],
)
def test_fields_of_a_row_stand_apart_and_everything_else_stays(text: str, laid_out: str) -> None:
    page = fold(text)
    assert page.text == laid_out
    assert page.raw(0, len(page.text)) == (0, len(text))


def test_a_row_that_nobody_could_read_is_left_to_be_masked_whole() -> None:
    assert row_breaks("a,b,c," * 40) == [] != row_breaks("a,b,c,d")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PID | 1 | Lundgrun ^ Adalu | F", ["Lundgrun ^ Adalu"]),
        ("cert 485 - Anong Saetang - SOC", ["Anong Saetang"]),
        ("Okwu, his wife, was here", ["Okwu"]),
        ("The Zorbolu clinic closed", ["Zorbolu"]),
        ("Ward Report - Chronic Pancreatitis - seen", []),
        ("The Maternity clinic closed", []),
    ],
)
def test_a_name_is_known_by_its_field(text: str, names: list[str]) -> None:
    found = {text[span.start : span.end] for span in find_fields(text, Clock(5), WORDS)}
    assert found >= set(names) and bool(found) == bool(names)


def test_an_unknown_word_beside_somebodys_number_is_whose_it_is() -> None:
    text = "parking: Okwuru 6DHX437, Report 6DHX437"
    plates = [Span(at, at + 7, "VEHICLE_ID", 0.5, "test") for at in (16, 32)]
    assert [text[span.start : span.end] for span in find_owners(text, plates, WORDS)] == ["Okwuru"]


def test_an_escape_of_mail_is_not_seen_in_a_number() -> None:
    assert fold("PID.19=403-26-3017 id=20589").text == "PID.19=403-26-3017 id=20589"
    assert fold("ada=40example.org").text == "ada@example.org"


@pytest.mark.parametrize(
    "piece", ["-", "a,b,c ", "A^B ", "Aa Bb | ", "Aa, ", "a=Ab;", "\\tA", "a.... ", "a_b and ", "NM1*A*"]
)
def test_no_64_kB_string_makes_rows_and_fields_slow(piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    find_logins("user ada", Clock(60), WORDS)
    started = time.process_time()
    row_breaks(text)
    find_fields(text, Clock(60), WORDS)
    find_logins(text, Clock(60), WORDS)
    find_unworded(text, [], Clock(60))
    assert time.process_time() - started < 2.0
