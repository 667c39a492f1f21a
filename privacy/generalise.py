"""Values made less precise, as far as HIPAA's safe harbor lets them stay.

Covered: dates to the year, ages over 89 to "90+", US ZIP codes to three digits, IPv4 addresses to /24 and IPv6 to /48,
positions to a tenth of a degree (about 11 km), states and countries as they are. Everything else of these types gives None,
and gets a placeholder. Not covered: whether few people share the coarser value (see the rule's 3-digit list).
"""

from __future__ import annotations

import ipaddress
from datetime import date as Date

import regex

# The three-digit ZIP areas of 20,000 people or fewer, from the 2000 census: HHS guidance on 45 CFR 164.514(b)(2)(i)(B).
# 2010 counts make some of them larger; the older, longer list is the safe one.
SMALL_ZIP3 = frozenset("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893".split())
"""ZIP areas that must read 000."""

_YEAR = regex.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_SHORT_YEAR = regex.compile(r"(?<![\d:.])[0-3]?\d([-/.])[0-3]?\d\1(?P<year>\d\d)(?![\d:])")
_COMPACT = regex.compile(
    r"\s*(?P<year>(?:19|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?\d{4,6}Z?)?\s*"
)
_ZIP = regex.compile(r"\s*(\d{3})\d\d(?:[- ]?\d{4})?\s*")
_DECIMAL = regex.compile(r"(?<!\d)(-?\d{1,3})\.(\d)\d*")
_NUMBER = regex.compile(r"\d+")

# Names that are also a town's are left out: "New York" and "Washington" say too much where they mean the city.
_STATES = frozenset(
    """alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas
    kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon
    pennsylvania tennessee texas utah vermont virginia wisconsin wyoming new-hampshire new-jersey new-mexico north-carolina north-dakota
    rhode-island south-carolina south-dakota west-virginia""".split()
)
_COUNTRIES = frozenset(
    """usa us uk united-states united-states-of-america united-kingdom england scotland wales ireland germany france spain italy portugal
    netherlands belgium austria switzerland poland czechia slovakia hungary romania bulgaria greece croatia slovenia serbia denmark sweden
    norway finland estonia latvia lithuania ukraine russia turkey canada brazil argentina chile peru colombia india china japan
    south-korea australia new-zealand south-africa egypt nigeria kenya morocco israel pakistan indonesia philippines vietnam
    thailand""".split()
)
# In HIPAA's words: ages over 89 and all elements of dates indicative of such age.
_OLDEST_AGE = 89


def generalise(entity_type: str, original: str) -> str | None:
    """The coarser value; None if there is none to give."""
    if entity_type == "DATE_TIME":
        return year_of(original)
    if entity_type == "DATE_OF_BIRTH":
        return _birth_year(original)
    if entity_type == "AGE":
        return _age(original)
    if entity_type == "POSTCODE":
        return _postcode(original)
    if entity_type == "IP_ADDRESS":
        return _network(original)
    if entity_type == "COORDINATES":
        coarse: str = _DECIMAL.sub(r"\1.\2", original)
        return coarse if coarse != original else None
    if entity_type == "LOCATION":
        name = "-".join(original.casefold().replace(".", "").split())
        return original if name in _STATES or name in _COUNTRIES else None
    return None


def year_of(original: str) -> str | None:
    """The year of a date, of four digits; None if none is to be seen.

    A two-digit year is read as 1930 to 2029.
    """
    full = _YEAR.findall(original)
    if len(full) == 1:
        return str(full[0])
    if full:
        return None
    compact = _COMPACT.fullmatch(original)
    if compact:
        return str(compact["year"])
    short = _SHORT_YEAR.search(original)
    if short is None:
        return None
    number = int(short["year"])
    return str(number + (2000 if number < 30 else 1900))


def _birth_year(original: str) -> str | None:
    """The year, unless it says that the person is over 89 by now: those are one category, with no year."""
    year = year_of(original)
    return None if year is None or Date.today().year - int(year) > _OLDEST_AGE else year


def _age(original: str) -> str | None:
    """An age under 90 stays; above, only that it is."""
    numbers = _NUMBER.findall(original)
    if len(numbers) != 1 or len(numbers[0]) > 3:
        return None
    return original if int(numbers[0]) <= _OLDEST_AGE else str(_NUMBER.sub("90+", original))


def _postcode(original: str) -> str | None:
    """Three digits of a US ZIP code, 000 for thinly populated areas; codes of other countries are not kept."""
    found = _ZIP.fullmatch(original)
    if found is None:
        return None
    return "000" if found[1] in SMALL_ZIP3 else str(found[1])


def _network(original: str) -> str | None:
    """The network of an address: a house, an office or more."""
    try:
        address = ipaddress.ip_address(original.partition("/")[0].partition("%")[0])
    except ValueError:
        return None
    size = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, size), strict=False))
