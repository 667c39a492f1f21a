"""Stand-ins made of words: people, places, organisations, addresses, e-mail, web addresses and user names.

Word lists come from Faker (English), so stand-ins change when Faker's lists do: the lock file pins them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import regex

from privacy.draw import Draw
from privacy.surrogate_numbers import same_shape

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}{2,}[\p{L}\p{M}]*)?|\d+")
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof sir madam lady lord jr sr ii iii iv md phd esq rev herr frau the".split()
)
_PARTICLES = frozenset(
    "van von de der den del della di da dos du la le bin ibn al el ter zu y and of und und".split()
)
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
_COMPANY_ENDINGS = ("Group", "Partners", "Holdings", "Services", "Systems", "Works", "Trading", "Associates")


@dataclass(frozen=True, slots=True)
class _Lists:
    female: tuple[str, ...]
    male: tuple[str, ...]
    given: frozenset[str]
    family: tuple[str, ...]
    countries: tuple[str, ...]
    states: tuple[str, ...]
    city_endings: tuple[str, ...]


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    from faker.providers.address.en import Provider as Countries
    from faker.providers.address.en_US import Provider as Places
    from faker.providers.person.en_US import Provider as People

    from privacy.recognizers.people import given_names

    plain = str.isalpha
    return _Lists(
        female=tuple(sorted(filter(plain, People.first_names_female))),
        male=tuple(sorted(filter(plain, People.first_names_male))),
        given=given_names(),
        family=tuple(sorted(filter(plain, People.last_names))),
        countries=tuple(sorted(name for name in Countries.countries if name.replace(" ", "").isalpha())),
        states=tuple(sorted(Places.states)),
        city_endings=tuple(sorted(set(Places.city_suffixes))),
    )


def person(original: str, draw: Draw) -> str:
    """Word by word, so that a name part has one stand-in wherever it occurs; titles, particles and
    punctuation stay."""
    return _each_word(original, lambda word: _name_part(word, draw))


def _each_word(original: str, change: Callable[[str], str]) -> str:
    """The original with each word and number changed; all between them stays."""
    changed: str = _WORD.sub(lambda match: change(match.group()), original)
    return changed


def _name_part(word: str, draw: Draw) -> str:
    folded = word.casefold()
    if folded in _TITLES or (folded in _PARTICLES and word.islower()) or folded == "s":
        return word
    part = draw.about("NAME_PART", folded)
    if len(word) == 1:
        return same_shape(word, part)
    lists = _lists()
    titled = folded.capitalize()
    if titled in lists.female and titled not in lists.male:
        pool = lists.female
    elif titled in lists.male and titled not in lists.female:
        pool = lists.male
    else:
        pool = lists.female + lists.male if folded in lists.given else lists.family
    return _like(word, part.pick(pool))


def _like(original: str, invented: str) -> str:
    """The invented word in the original's case."""
    if original.isupper() and len(original) > 1:
        return invented.upper()
    return invented.lower() if original.islower() else invented


def location(original: str, draw: Draw) -> str:
    """A country for a country, a US state for a state, else a made-up town."""
    lists = _lists()
    titled = original.strip().title()
    if titled in lists.countries:
        return _like(original, draw.pick(lists.countries))
    if titled in lists.states:
        return _like(original, draw.pick(lists.states))
    return _like(original, draw.pick(lists.family) + draw.pick(lists.city_endings))


def address(original: str, draw: Draw) -> str:
    """Other numbers and names in the same layout; "Street", "Apt" and the like stay, compounds keep
    their ending."""

    def part(word: str) -> str:
        folded = word.casefold()
        if word.isdigit():
            return same_shape(word, draw)
        if folded in _STRUCTURE and not (word.isupper() and len(word) == 2):
            return word
        inner = draw.about("ADDRESS_PART", folded)
        if len(word) <= 3:
            return same_shape(word, inner)
        compound = regex.search(
            r"(?:stra(?:ß|ss)e|straat|str|weg|gasse|platz|allee|laan|gatan|vej|veien|gade|plein|utca)$",
            folded,
        )
        return _like(
            word,
            inner.pick(_lists().family) + (compound.group() if compound and compound.start() > 2 else ""),
        )

    return _each_word(original, part)


def organization(original: str, draw: Draw) -> str:
    """Other names, the same legal form."""
    words = _WORD.findall(original)
    if not any(word.casefold() in _COMPANY_FORMS for word in words):
        return _like(original, draw.pick(_lists().family) + " " + draw.pick(_COMPANY_ENDINGS))

    def part(word: str) -> str:
        if word.casefold() in _COMPANY_FORMS:
            return word
        return same_shape(word, draw) if word.isdigit() else _like(word, draw.pick(_lists().family))

    return _each_word(original, part)


def nationality(original: str, draw: Draw) -> str:
    """Another nationality; religions and parties become nationalities too, there being no list of them."""
    return _like(original, draw.pick(_NATIONALITIES))


def email(original: str, draw: Draw) -> str:
    """first.last and four digits at a domain kept for examples (RFC 2606)."""
    lists = _lists()
    name = f"{draw.pick(lists.female + lists.male)}.{draw.pick(lists.family)}".lower()
    return f"{name}{draw.below(10000):04d}@example.{draw.pick(('com', 'org', 'net'))}"


def username(original: str, draw: Draw) -> str:
    """A word and four digits, with the "@" kept."""
    at = "@" if original.startswith("@") else ""
    return f"{at}{draw.pick(_lists().family).lower()}{draw.below(10000):04d}"


def url(original: str, draw: Draw) -> str:
    """A page of an example domain, with the scheme kept."""
    scheme, mark, _ = original.partition("://")
    host = f"{draw.pick(_lists().family).lower()}{draw.below(10000):04d}.example.{draw.pick(('com', 'org', 'net'))}"
    return f"{scheme}{mark}{host}" if mark else host
