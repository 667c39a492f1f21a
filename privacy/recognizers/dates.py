"""Finds calendar dates and dates of birth, times when they belong to a date, and ages over 89.

Covered: numeric, ISO and written-out dates in English and the common European month names. Not covered on
purpose: relative dates ("last week"), a year or a month alone, times of day alone, ages under 90: HIPAA's
safe harbour (45 CFR 164.514(b)(2)(i)(C)) lets years and those ages stay.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, Rule, run_rules, words
from privacy.records import Span

MONTHS: tuple[tuple[str, ...], ...] = (
    ("january", "jan", "januar", "janvier", "enero", "gennaio", "januari", "janeiro"),
    ("february", "feb", "februar", "février", "febrero", "febbraio", "februari", "fevereiro"),
    ("march", "mar", "märz", "mars", "marzo", "maart", "março"),
    ("april", "apr", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "maggio", "mei", "maio"),
    ("june", "jun", "juni", "juin", "junio", "giugno", "junho"),
    ("july", "jul", "juli", "juillet", "julio", "luglio", "julho"),
    ("august", "aug", "août", "agosto", "augustus"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre", "setembro"),
    ("october", "oct", "oktober", "octobre", "octubre", "ottobre", "outubro"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "dezember", "décembre", "diciembre", "dicembre", "dezembro"),
)
_MONTH = (
    "(?:" + "|".join(sorted({name for names in MONTHS for name in names}, key=len, reverse=True)) + r")\.?"
)
_TIME = r"(?:[ T,]{1,2}(?:at\s)?[0-2]?\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?\s?(?:[ap]\.?m\.?|Z|[+-]\d\d:?\d\d|UTC|GMT)?)?"
_DAY = r"[0-3]?\d(?:st|nd|rd|th|\.)?"
_YEAR = r"(?:1[89]|20)\d\d"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s)?"

_NUMERIC = regex.compile(
    rf"(?<![\w.,/-])(?:[0-3]?\d([-/.])[0-3]?\d\1(?:{_YEAR}|\d\d)|{_YEAR}([-/.])[01]?\d\2[0-3]?\d){_TIME}(?![\w/]|[-.,]\d)"
)
_WRITTEN = regex.compile(
    rf"(?<!\w){_WEEKDAY}(?:the\s)?(?:{_DAY}[ -](?:of\s|de\s)?{_MONTH}(?:,?[ -](?:de\s)?(?:{_YEAR}|'?\d\d(?![\d:])))?"
    rf"|{_MONTH}[ -]{_DAY}(?!\d)(?:,?\s{_YEAR})?|{_YEAR}[ -]{_MONTH}[ -]{_DAY}(?!\d)){_TIME}(?!\w)",
    regex.IGNORECASE,
)
_MONTH_YEAR = regex.compile(rf"(?<!\w){_MONTH}[ ,-]{{1,2}}{_YEAR}(?!\w)", regex.IGNORECASE)
_BORN = words(
    r"born(?: on)?", r"birth(?:day|date)?", r"d\.?o\.?b\.?", r"geboren", r"né[e]?", r"nacid[oa]", r"nat[oa]"
)
_COMPACT_DOB = regex.compile(r"(?<!\w)(?:\d{8}|\d{6}|\d\d \d\d (?:19|20)?\d\d|(?:19|20)\d\d)(?!\w)")
_AGE_OVER_89 = regex.compile(
    r"(?<!\w)(?P<x>9\d|1[0-2]\d)(?=[ -](?:years?|yrs?|y/?o)\b)|(?<=\b(?:aged?|age is|age of|age:)\s)(?P<x>9\d|1[0-2]\d)(?!\w)",
    regex.IGNORECASE,
)

RULES = (
    Rule("date of birth", "DATE_OF_BIRTH", _NUMERIC, 0.75, context=_BORN),
    Rule("date of birth written", "DATE_OF_BIRTH", _WRITTEN, 0.75, context=_BORN),
    Rule("date of birth compact", "DATE_OF_BIRTH", _COMPACT_DOB, 0.5, context=_BORN),
    Rule("date", "DATE_TIME", _NUMERIC, 0.6),
    Rule("date written", "DATE_TIME", _WRITTEN, 0.6),
    Rule("month and year", "DATE_TIME", _MONTH_YEAR, 0.45),
    Rule("age over 89", "AGE", _AGE_OVER_89, 0.6),
)


def find_dates(text: str, clock: Clock) -> list[Span]:
    """Spans of dates. Raises TimeoutError."""
    return run_rules(RULES, text, clock)
