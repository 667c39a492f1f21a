"""What a model claims of nobody in particular counts only where somebody is spoken of."""

from __future__ import annotations

import pytest

from privacy.evidence import needs_somebody, shows_somebody
from privacy.records import Span

DICTIONARY = frozenset("resistor anneal group stock housing association club strip zinc press".split())


def _claim(text: str, found: str, entity_type: str, score: float = 0.5) -> Span:
    return Span(text.index(found), text.index(found) + len(found), entity_type, score, "transformer")


@pytest.mark.parametrize(
    ("text", "found", "entity_type"),
    [
        ("Anneal the zinc strip before the second pass.", "Anneal", "PERSON"),
        ("Resistor R7 measures 4.7.", "Resistor R7", "PERSON"),
        ("Lithium cells ship as UN 3481, PI 966.", "3481, PI 966", "ADDRESS"),
        ("The port falls back to 27017.", "27017", "POSTCODE"),
        ("checksum d8b45f086f", "d8b45f086f", "DRIVER_LICENSE"),
        ("SELECT avg(price) FROM stock GROUP BY bin", "GROUP", "ORGANIZATION"),
        ("The switch speaks LACP and LLDP.", "LACP", "ORGANIZATION"),
    ],
)
def test_words_of_a_dictionary_codes_and_capitals_need_somebody(
    text: str, found: str, entity_type: str
) -> None:
    assert needs_somebody(text, _claim(text, found, entity_type), DICTIONARY)
    assert not shows_somebody(text, [_claim(text, found, entity_type)])


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "score"),
    [
        ("Ngozi Palakiko paid.", "Ngozi Palakiko", "PERSON", 0.5),
        ("Rashid_Palakiko paid.", "Rashid_Palakiko", "PERSON", 0.5),
        # A dictionary has names too: "Zama".
        ("Press paid.", "Press", "PERSON", 0.69),
        ("Invested by Kestrel Housing Association.", "Kestrel Housing Association", "ORGANIZATION", 0.4),
        ("the club of Stock", "Stock", "ORGANIZATION", 0.4),
        ("a trip to Stock", "Stock", "LOCATION", 0.4),
    ],
)
def test_names_that_no_dictionary_has_and_places_need_nobody(
    text: str, found: str, entity_type: str, score: float
) -> None:
    assert not needs_somebody(text, _claim(text, found, entity_type, score), DICTIONARY)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("She lives at 27017.", []),
        ("Dear all, the code is 27017.", []),
        ("ana@example.org, 27017", [Span(0, 15, "EMAIL_ADDRESS", 0.9, "email")]),
    ],
)
def test_a_word_for_a_person_or_what_a_rule_is_sure_of_shows_somebody(text: str, spans: list[Span]) -> None:
    assert shows_somebody(text, spans)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("ping 10.0.0.7 at noon", [Span(5, 13, "IP_ADDRESS", 0.9, "ip")]),
        ("perhaps 4471", [Span(8, 12, "PHONE_NUMBER", 0.4, "phone")]),
        ("perhaps 4471", [Span(8, 12, "PHONE_NUMBER", 0.7, "transformer")]),
    ],
)
def test_a_host_a_guess_and_a_models_claim_show_nobody(text: str, spans: list[Span]) -> None:
    assert not shows_somebody(text, spans)
