"""Ages, licences, wards, plans, streets, plates, handles, codes and keys are found as people tell them; what only looks like one is left."""

from __future__ import annotations

import pytest

from privacy.arbitrate import arbitrate
from privacy.recognizers.address import find_addresses
from privacy.recognizers.age import find_ages
from privacy.recognizers.contact import find_contacts
from privacy.recognizers.dates import find_dates
from privacy.recognizers.ids import find_ids
from privacy.recognizers.logins import find_logins
from privacy.recognizers.lower_names import find_lower_names
from privacy.recognizers.organizations import find_organizations
from privacy.recognizers.people import find_people
from privacy.recognizers.places import find_places
from privacy.recognizers.rule import Clock
from privacy.recognizers.secrets import find_secrets
from privacy.records import Span
from tests.privacy.told_sentences import HARMLESS, PERSONAL, WORDS

FINDERS = (
    find_secrets,
    find_contacts,
    find_addresses,
    find_dates,
    find_ages,
    find_ids,
    find_people,
    find_places,
    find_organizations,
)


def find(text: str) -> tuple[Span, ...]:
    spans = [span for finder in FINDERS for span in finder(text, Clock(5))]
    spans += find_logins(text, Clock(5), WORDS) + find_lower_names(text, Clock(5), WORDS)
    return arbitrate(text, spans)


def marked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """The sentence without its marks, and the marked ranges."""
    text, ranges, start = "", [], 0
    for char in line:
        if char == "«":
            start = len(text)
        elif char == "»":
            ranges.append((start, len(text)))
        else:
            text += char
    return text, ranges


SENTENCES = [line.strip() for block in PERSONAL.values() for line in block.strip().splitlines()]


@pytest.mark.parametrize("line", SENTENCES)
def test_what_is_told_is_covered_whole(line: str) -> None:
    text, ranges = marked(line)
    covered = {index for span in find(text) for index in range(span.start, span.end)}
    assert ranges
    assert not [(a, b) for a, b in ranges if not {i for i in range(a, b) if text[i].isalnum()} <= covered]


@pytest.mark.parametrize("line", [line.strip() for line in HARMLESS.strip().splitlines()])
def test_what_only_looks_like_it_is_left(line: str) -> None:
    assert find(line) == ()
