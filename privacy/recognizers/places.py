"""Finds countries and US states by list, in any case, where a language model trained on edited text needs
capitals.

Covered: Faker's English country names and the 50 states. Not covered: towns and regions, which are left to
spaCy and to the address rules.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from privacy.recognizers.rule import Clock, matches
from privacy.records import Span

# Also words or given names when not capitalised, or even then.
_NEVER = frozenset("jordan georgia jersey chad israel virginia carolina dakota guinea oregon".split())
_ONLY_CAPITALISED = frozenset("turkey china oman mali niger peru cuba togo".split())
_MORE = (
    "USA",
    "United States",
    "United Kingdom",
    "Great Britain",
    "England",
    "Scotland",
    "Wales",
    "Northern Ireland",
    "Republic of Ireland",
    "Russia",
    "South Korea",
    "North Korea",
    "Czech Republic",
    "Czechia",
    "Ivory Coast",
    "Vietnam",
    "Syria",
    "Iran",
    "Laos",
    "Moldova",
    "Tanzania",
    "Bolivia",
    "Venezuela",
    "Macedonia",
    "Brunei",
    "Libya",
    "Palestine",
    "Slovakia",
    "Burma",
    "Swaziland",
    "Taiwan",
    "People's Republic of China",
    "Democratic Republic of the Congo",
    "Republic of the Congo",
)


@lru_cache(maxsize=1)
def _pattern() -> regex.Pattern[str]:
    from faker.providers.address.en import Provider as Countries
    from faker.providers.address.en_US import Provider as States

    names = {name for name in (*Countries.countries, *States.states, *_MORE) if name.casefold() not in _NEVER}
    listed = "|".join(regex.escape(name) for name in sorted(names, key=len, reverse=True))
    return regex.compile(rf"(?<!\w)(?:{listed})(?!\w)", regex.IGNORECASE)


def find_places(text: str, clock: Clock) -> list[Span]:
    """Spans of listed places. Raises TimeoutError."""
    clock.left_s()
    return [
        Span(match.start(), match.end(), "LOCATION", 0.5, "listed place")
        for match in matches(_pattern(), text, clock)
        if not (match.group().islower() and match.group() in _ONLY_CAPITALISED and not text.islower())
    ]
