"""Finds points on the map, and areas that go by a number: decimal pairs, degrees, grids, what3words, precincts.

Covered: pairs with four decimals, or fewer beside a word or a direction; one number beside "latitude". Not covered:
pairs of numbers in code, vectors and statistics, which look the same with fewer decimals.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, Rule, grouped, run_rules, words
from privacy.records import Span

_LAT, _LON = r"[+-]?(?:90|[1-8]?[0-9])", r"[+-]?(?:180|1[0-7][0-9]|[1-9]?[0-9])"
# Not the argument of a function, nor a number in the middle of a longer list.
_ALONE = r"(?<![\w.+-])(?<!\w\()(?<![0-9]\s?[,;]\s?)"
_END = r"(?!\w|\.[0-9]|\s?[,;]\s?[+-]?[0-9]+\.[0-9])"
_PAIR = regex.compile(rf"{_ALONE}{_LAT}\.[0-9]{{4,15}}°?\s?[,;/ ]\s?{_LON}\.[0-9]{{4,15}}°?{_END}")
_PAIR_SHORT = regex.compile(
    rf"(?<![\w.+-])(?<![0-9]:){_LAT}(?:\.[0-9]{{1,15}})?°?\s?[,;/ ]\s?{_LON}(?:\.[0-9]{{1,15}})°?(?!\w|\.[0-9])"
)
_PAIR_DIRECTED = regex.compile(
    rf"(?<![\w.])(?:[NS]\s?)?{_LAT}\.[0-9]{{1,15}}\s?°?\s?[NS]?\s?[,;/ ]?\s{{0,2}}(?:[EW]\s?)?{_LON}\.[0-9]{{1,15}}\s?°?\s?[EW](?!\w)|(?<![\w.])[NS]\s?{_LAT}\.[0-9]{{1,15}}°?\s?[,;/ ]?\s?[EW]\s?{_LON}\.[0-9]{{1,15}}°?(?!\w)"
)
_MINUTES = r"[0-9]{1,3}\s?[°º]\s?[0-9]{1,2}(?:[.,][0-9]{1,8})?\s?['’′]\s?(?:[0-9]{1,2}(?:[.,][0-9]{1,6})?\s?(?:\"|”|″|''|’’)\s?)?"
_DMS = regex.compile(
    rf"(?<![\w.])(?:[NSEWO]\s?)?{_MINUTES}[NSEWO]?(?:[\s,;/]{{1,3}}(?:[NSEWO]\s?)?{_MINUTES}[NSEWO]?)?(?!\w)"
)
_DEGREES_MINUTES = regex.compile(
    r"(?<!\w)[NS]\s?[0-9]{1,2}\s?[°º]\s?[0-9]{1,2}\.[0-9]{2,6}['’′]?[\s,;/]{1,3}[EWO]\s?[0-9]{1,3}\s?[°º]\s?[0-9]{1,2}\.[0-9]{2,6}['’′]?(?!\w)"
)
_WORDED = regex.compile(
    rf"(?<!\w)(?:lat(?:itude)?|l(?:on|ng)(?:gitude)?)(?:\s(?:is|was|of)|[\"']?\s?[:=])?\s?[\"']?(?P<x>{_LON}\.[0-9]{{1,15}}°?(?:\s?[NSEW](?!\w))?)(?!\w|\.[0-9])",
    regex.IGNORECASE,
)
_PLACE_WORDS = words(r"coord(?:inate)?s?", r"gps", r"located at", r"location", r"position(?:ed)?", r"pin(?:ned)?", r"geo\w*", r"map", r"lat(?:itude)?", r"lat/l(?:on|ng)", r"latlng", r"waypoint", r"dropped", r"pinged", r"whereabouts")  # fmt: skip
_GEO_URI = regex.compile(
    rf"(?<!\w)geo:(?P<x>{_LAT}(?:\.[0-9]{{1,15}})?,{_LON}(?:\.[0-9]{{1,15}})?)", regex.IGNORECASE
)
_WHAT3WORDS = regex.compile(r"(?<![\w/:])///(?P<x>\p{Ll}{3,20}\.\p{Ll}{3,20}\.\p{Ll}{3,20})(?![\w.])")
_WHAT3WORDS_WORDED = regex.compile(
    r"(?<!\w)(?:what ?3 ?words|w3w|what three words)(?:\s(?:address|location|code|is|was|at|of)){0,3}[\s:=\"'(/]{0,5}(?P<x>\p{L}{3,20}\.\p{L}{3,20}\.\p{L}{3,20})(?![\w.])",
    regex.IGNORECASE,
)
# Open Location Code: eight digits of an alphabet of twenty, a plus, two or three more.
_PLUS_CODE = regex.compile(
    r"(?<!\w)(?:[2-9CFGHJMPQRVWX]{8}|[2-9CFGHJMPQRVWX]{4})\+[2-9CFGHJMPQRVWX]{2,3}(?!\w)"
)
_MGRS = regex.compile(
    r"(?<!\w)(?:[1-9]|[1-5][0-9]|60)\s?[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2}\s?(?:[0-9]{4,5}\s[0-9]{4,5}|[0-9]{8}|[0-9]{10})(?!\w)"
)
_UTM = regex.compile(
    r"(?<!\w)(?:zone\s)?(?:[1-9]|[1-5][0-9]|60)\s?[C-HJ-NP-X]\s[0-9]{6}(?:\.[0-9]+)?\s?m?\s?E?[\s,]{1,2}[0-9]{7}(?:\.[0-9]+)?\s?m?\s?N?(?!\w)"
)
_GRID = regex.compile(
    r"(?<!\w)(?:grid ref(?:erence)?|os grid)(?:\s(?:is|of))?[\s:]{0,2}(?P<x>[A-HJ-Z]{1,2}\s?[0-9]{2,5}\s?[0-9]{2,5})(?!\w)",
    regex.IGNORECASE,
)

# Areas smaller than a state that go by a number (45 CFR 164.514(b)(2)(i)(B)).
_AREA = regex.compile(
    r"(?<!\w)(?:precinct|census (?:tract|block)|fips(?: code)?|geocode|voting district|electoral ward)(?:\s(?:number|no\.?|code|is|was))*[\s:#]{1,2}(?P<x>[A-Z]?[0-9][0-9-]{0,11}(?:\.[0-9]{2})?[A-Z]?)(?![\w%])"
    r"|(?<!\w)(?P<x>[0-9]{1,3}(?:st|nd|rd|th)\sprecinct)(?!\w)",
    regex.IGNORECASE,
)
_RULES = grouped(
    Rule("what3words", "COORDINATES", _WHAT3WORDS, 0.8, needs_digit=False),
    Rule("what3words worded", "COORDINATES", _WHAT3WORDS_WORDED, 0.75, needs_digit=False),
    Rule("degrees", "COORDINATES", _DMS, 0.8),
    Rule("degrees and minutes", "COORDINATES", _DEGREES_MINUTES, 0.8),
    Rule("area", "LOCATION", _AREA, 0.7),
    Rule("pair", "COORDINATES", _PAIR, 0.7),
    Rule("pair worded", "COORDINATES", _PAIR_SHORT, 0.75, context=_PLACE_WORDS),
    Rule("pair directed", "COORDINATES", _PAIR_DIRECTED, 0.8),
    Rule("one worded", "COORDINATES", _WORDED, 0.75),
    Rule("geo uri", "COORDINATES", _GEO_URI, 0.9),
    Rule("plus code", "COORDINATES", _PLUS_CODE, 0.7),
    Rule("grid", "COORDINATES", _GRID, 0.75),
    Rule("military grid", "COORDINATES", _MGRS, 0.6),
    Rule("utm", "COORDINATES", _UTM, 0.75),
)


def find_coordinates(text: str, clock: Clock) -> list[Span]:
    """Spans of points on the map. Raises TimeoutError."""
    return run_rules(_RULES, text, clock)
