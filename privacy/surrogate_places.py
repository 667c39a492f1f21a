"""Stand-ins for places and bodies: towns, addresses, organisations, nationalities.

Covered: coined words for names (see `surrogate_words`), other numbers, the same layout; "Street", "Apt" and "Ltd" stay. A
country stands for a country and a US state for a state: those are real, and say nothing. Not covered: whether a town lies in
the country beside it, and streets of fewer than four letters, whose letters are merely redrawn.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from privacy.draw import Draw
from privacy.permutation import permutation
from privacy.surrogate_names import each_word, like, other_word
from privacy.surrogate_numbers import same_shape
from privacy.surrogate_words import coin

_STRUCTURE = frozenset(
    """street str st road rd avenue ave av lane ln drive dr boulevard blvd court ct place pl square sq terrace ter way circle parkway
    highway hwy crescent close grove gardens apt apartment suite ste unit flat floor room po p o box psc cmr apo fpo dpo aa ae ap the
    corner of and via viale piazza corso rue calle plaza rua avenida ul no nr bis north south east west n s e w de del der den la le
    zip code postcode at in""".split()
)
_COMPANY_FORMS = frozenset(
    """inc ltd llc llp plc corp corporation limited gmbh ag sa spa bv nv oy ab aps kg co company group holdings bank university hospital
    foundation institute associates partners consulting systems solutions technologies industries services the and of""".split()
)
_NATIONALITIES = tuple(
    "Austrian Brazilian Canadian Danish Egyptian Finnish Greek Hungarian Irish Japanese Kenyan".split()
)
_STREET_ENDING = regex.compile(
    r"(?:stra(?:ß|ss)e|straat|str|weg|gasse|platz|allee|laan|gatan|vej|veien|gade|plein|utca)$"
)


@lru_cache(maxsize=1)
def _lands() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Countries and US states, from Faker's lists."""
    from faker.providers.address.en import Provider as Countries
    from faker.providers.address.en_US import Provider as Places

    countries = {name for name in Countries.countries if name.replace(" ", "").isalpha()}
    return tuple(sorted(countries)), tuple(sorted(set(Places.states) - countries))


def location(original: str, draw: Draw) -> str:
    """A country for a country, a US state for a state, else one coined word for the whole name."""
    titled = " ".join(original.split()).title()
    for lands in _lands():
        if titled in lands:
            other = permutation(draw.key, "LAND", len(lands)).displaced(lands.index(titled))
            return like(original, lands[other])
    folded = "".join(char for char in original.casefold() if char.isalnum())
    return like(original, coin(draw.key, folded))


def address(original: str, draw: Draw) -> str:
    """Other numbers and names in the same layout; compounds keep their ending ("Hauptstraße")."""

    def part(word: str) -> str:
        folded = word.casefold()
        if word.isdigit():
            return same_shape(word, draw)
        if folded in _STRUCTURE and not (word.isupper() and len(word) == 2):
            return word
        if len(word) <= 3:
            return same_shape(word, draw.about("ADDRESS_PART", folded))
        compound = _STREET_ENDING.search(folded)
        return like(
            word, coin(draw.key, folded) + (compound.group() if compound and compound.start() > 2 else "")
        )

    return each_word(original, part)


def organization(original: str, draw: Draw) -> str:
    """Coined names, the same legal form."""
    return each_word(
        original, lambda word: word if word.casefold() in _COMPANY_FORMS else other_word(word, draw)
    )


def nationality(original: str, draw: Draw) -> str:
    """Another nationality; religions and parties become nationalities too, there being no list of them."""
    return like(original, draw.pick(_NATIONALITIES))
