"""Finds calendar dates and dates of birth, with the time of day when it belongs to a date.

Covered: numeric, ISO and written-out dates in English and the common European month names, ranges of days, dates in
words ("the fourth of March"), compact ones and years after words of birth. Not covered on purpose: relative dates
("last week"), weekdays, a year alone, times of day alone: HIPAA's safe harbour (45 CFR 164.514(b)(2)(i)(C)) lets
years stay.
"""

from __future__ import annotations

from bisect import bisect_left

import regex

from privacy.recognizers.rule import Clock, Rule, grouped, matches, run_rules, words
from privacy.records import Span

MONTHS: tuple[tuple[str, ...], ...] = (
    ("january", "jan", "januar", "janvier", "enero", "gennaio", "januari", "janeiro", "jänner"),
    ("february", "feb", "februar", "février", "febrero", "febbraio", "februari", "fevereiro"),
    ("march", "mar", "märz", "mars", "marzo", "maart", "março", "mär"),
    ("april", "apr", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "maggio", "mei", "maio"),
    ("june", "jun", "juni", "juin", "junio", "giugno", "junho"),
    ("july", "jul", "juli", "juillet", "julio", "luglio", "julho"),
    ("august", "aug", "août", "agosto", "augustus"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre", "setembro"),
    ("october", "oct", "oktober", "octobre", "octubre", "ottobre", "outubro", "okt"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "dezember", "décembre", "diciembre", "dicembre", "dezembro", "dez"),
)
_POLISH = "stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
_NAMES = "|".join(sorted({name for names in MONTHS for name in names}, key=len, reverse=True))
_MONTH = rf"(?:{_NAMES}|{_POLISH})\.?"
_TIME = (
    r"(?:(?:[ T,:]{1,2}|\sat\s|,\sat\s)(?:at\s|um\s|à\s)?[0-2]?[0-9][:.h][0-5][0-9](?:[:.][0-5][0-9](?:[.,][0-9]{1,9})?)?\s?(?:[ap]\.?m\.?|Z|[+-][0-9]{2}:?[0-9]{2}|UTC|GMT|CET|CEST|[ECMP][SD]T)?"
    r"|\sat\s[0-1]?[0-9]\s?[ap]\.?m\.?)?"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th|er|\.|º)?"
_DAYS = rf"{_DAY}(?:\s?(?:[-–/]|to|and|until)\s?{_DAY})?"
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s(?:the\s)?)?"
_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINAL_UNITS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ORDINAL = rf"(?:(?:twenty|thirty)[- ](?:{_ORDINAL_UNITS})|{_ORDINAL_UNITS}|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
_CARDINAL = rf"(?:(?:{_TENS})(?:[- ](?:{'|'.join(_UNITS)}))?|{_TEENS}|(?:oh|o)[- ](?:{'|'.join(_UNITS)})|{'|'.join(_UNITS)})"
_SPOKEN_YEAR = rf"(?:(?:nineteen|twenty|eighteen)[- ](?:hundred(?:\sand)?[- ])?{_CARDINAL}|two[- ]thousand(?:[- ](?:and[- ])?{_CARDINAL})?)"

_NO_VERSION = r"(?<!(?<!\w)(?:version|release|build|v|ver\.?|firmware|update|driver|kernel|patch|rev|revision|section|figure)\s)"
_NUMERIC = regex.compile(
    rf"(?<![\w.,/:$€£-]){_NO_VERSION}(?:(?:0?[1-9]|[12][0-9]|3[01])\s?([-/.])\s?(?:0?[1-9]|[12][0-9]|3[01])\s?\1\s?(?:{_YEAR}|(?<!\.\s?)[0-9]{{2}})"
    rf"|{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12][0-9]|3[01])){_TIME}(?![\w/]|[-.,:][0-9])",
    regex.IGNORECASE,
)
# "7.5.21" is a version as often as a date: a word must say so.
_SHORT_DOTTED = regex.compile(
    rf"(?<![\w.,/:$€£-]){_NO_VERSION}(?:0?[1-9]|[12][0-9]|3[01])\.\s?(?:0?[1-9]|1[0-2])\.\s?[0-9]{{2}}(?![\w/%]|[-.,:][0-9])"
)
_ROMAN = regex.compile(
    rf"(?<![\w.,]){_DAY}[ ./-]{{1,2}}(?:I{{1,3}}|IV|VI{{0,3}}|IX|XI{{0,2}})[ ./-]{{1,2}}(?:{_YEAR}|[0-9]{{2}})(?!\w)"
)
# A basic-format time stamp (ISO 8601): "20240301T103000Z".
_BASIC = regex.compile(
    rf"(?<![\w.,/-]){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])T[0-2][0-9][0-5][0-9](?:[0-5][0-9])?(?:Z|[+-][0-9]{{4}})?(?!\w)"
)
_WRITTEN = regex.compile(
    rf"(?<![\w.$€£])(?<!\d[.,:/-]){_WEEKDAY}(?:the\s)?(?:{_DAYS}[ /-]?(?:(?:day\s)?of\s|de\s)?{_MONTH}(?:,?[ /-]?(?:de\s|del\s)?(?:{_YEAR}|'?[0-9]{{2}}(?![\w:.,])))?"
    rf"|{_MONTH}[ -](?:the\s)?{_DAYS}(?![\w:%]|[.,][0-9])(?:,?[ -](?:{_YEAR}|'[0-9]{{2}}(?!\w)))?|{_YEAR}[ -]{_MONTH}[ -]{_DAY}(?!\d)){_TIME}(?!\w)",
    regex.IGNORECASE,
)
_SPOKEN = regex.compile(
    rf"(?<!\w)(?:the\s)?(?:{_ORDINAL}(?:\sday)?\sof\s{_MONTH}|{_MONTH}\s(?:the\s)?{_ORDINAL})(?:,?\s(?:{_YEAR}|{_SPOKEN_YEAR}|(?:{_TENS})[- ](?:{'|'.join(_UNITS)})))?(?!\w)"
    rf"|(?<!\w)(?:the\s)?{_ORDINAL}\s(?:{_MONTH}|of\sthe\s{_ORDINAL}),?\s(?:{_YEAR}|{_SPOKEN_YEAR}|(?:{_TENS})[- ](?:{'|'.join(_UNITS)}))(?!\w)"
    rf"|(?<!\w){_MONTH}\s{_SPOKEN_YEAR}(?!\w)",
    regex.IGNORECASE,
)
# Without "of" or a year: "ninth january", "june sixteen", "twenty six december". A month that is a word too, or a count as small as
# "three", needs what stands before a date.
_CARDINAL_DAY = rf"(?:(?:twenty|thirty)(?:[- ](?:{'|'.join(_UNITS)}))?|{_TEENS}|{'|'.join(_UNITS)})"
_SAID_YEAR = rf"(?:,?\s(?:{_YEAR}|{_SPOKEN_YEAR}|(?:{_TENS})(?:[- ](?:{'|'.join(_UNITS)}))?))?"
_PLAIN_MONTH = "(?:january|february|april|june|july|august|september|october|november|december)"
_NO_COUNT = (
    r"(?!\s(?:of|hundred|thousand|million|people|persons?|times|days?|weeks?|months?|years?|hours?|minutes?|percent|per|more|other|others|different|new|out|point|pounds?|dollars?|euros?|units?|cases|calls|orders|items|staff|customers|patients|"
    r"be|have|not|also|need|i|we|you|he|she|they|it|never|still|well|even|contain|include|cause|only|take|help|or two)(?![\w'’]))"
)
_DATE_BEFORE = r"(?<=(?<!\w)(?:on|from|since|dated?|till|until|til|by|due|born|was|is|it's|between|for|arrived|moved|left|started|birth|birthday|birthday's)(?:\s(?:the|about|around|um|uh|er))?\s)"
_SPOKEN_SHORT = regex.compile(
    rf"(?<!\w)(?:the\s)?(?:{_ORDINAL}|(?:twenty|thirty)[- ](?:{'|'.join(_UNITS)})|{_TEENS})\s{_PLAIN_MONTH}{_SAID_YEAR}(?!\w)"
    rf"|(?<!\w)(?<!(?<!\w)(?:in|every|last|next|by|during)\s){_PLAIN_MONTH}\s{_CARDINAL_DAY}{_SAID_YEAR}(?!\w){_NO_COUNT}"
    rf"|{_DATE_BEFORE}(?:(?:{_ORDINAL}|{_CARDINAL_DAY}|{_DAY})\s{_MONTH}|{_MONTH}\s(?:{_CARDINAL_DAY}|{_DAY})){_SAID_YEAR}(?!\w){_NO_COUNT}"
    rf"|(?<!\w)(?:(?:{_ORDINAL}|{_CARDINAL_DAY}|{_DAY})\s(?:of\s)?{_MONTH}|{_MONTH}\s(?:the\s)?(?:{_CARDINAL_DAY}|{_DAY}))\s(?:{_SPOKEN_YEAR}|(?!twenty)(?:{_TENS})(?:[- ](?:{'|'.join(_UNITS)}))?)(?!\w)",
    regex.IGNORECASE,
)
_MONTH_YEAR = regex.compile(
    rf"(?<!\w){_MONTH}(?:[ ,/-]{{1,2}}|\sof\s|\sde\s)(?:{_YEAR}|'[0-9]{{2}})(?!\w)", regex.IGNORECASE
)
_MONTH_YEAR_NUMERIC = regex.compile(
    rf"(?<![\w.,/:$€£-])(?:0?[1-9]|1[0-2])[/.-]{_YEAR}(?![\w/]|[-.,:][0-9])|(?<![\w.,/:$€£-]){_NO_VERSION}{_YEAR}[/-](?:0[1-9]|1[0-2])(?![\w/]|[-.,:][0-9])"
)
_ADMITTED = words(
    r"admi(?:tted|ssion)", r"discharged?", r"died", r"death", r"deceased", r"passed away", r"visit(?:ed)?", r"seen", r"appointment", r"surgery", r"procedure", r"operated", r"diagnosed", r"hired", r"joined", r"start(?:s|ed|ing)?", r"beg[ia]ns?", r"ends?", r"married", r"wedding", r"enrol+ed",
    r"birthday", r"date", r"dated", r"since", r"on", r"until", r"due", r"delivered", r"scheduled", r"arriv\w+", r"departure", r"effective", r"signed", )  # fmt: skip
# For a day and a month, which no version looks like.
_DAYS_WORDS = words(
    _ADMITTED.pattern[len(r"(?<!\w)(?:") : -len(r")(?!\w)")], r"booked", r"came in", r"d/?c", r"edd", r"edc", r"lmp", r"r\.?i\.?p\.?", r"home", r"out", r"released?", r"moved", r"left", r"appt", r"reviewed",
    r"f/u", r"follow ?-?up", r"last", r"from", r"between", r"by", r"adm", r"doa", r"dod", r"eff",
)  # fmt: skip
_DATED = words(
    _ADMITTED.pattern[len(r"(?<!\w)(?:") : -len(r")(?!\w)")], r"am", r"den", r"vom", r"bis", r"seit", r"del", r"le", r"il", r"dal", r"op", r"född", r"geb\.?",
    r"born", r"dob", r"week of",
)  # fmt: skip
# A day and a month of two digits each, one of them with a nought: few else are written so.
_NO_DAY = r"(?<!(?<!\w)(?:pages?|parts?|steps?|slides?|score[sd]?|acuity|vision|va|gcs|exp\.?|expires|expiry|tests?|levels?|questions?|rows?|lot|batch|issues?|bp)[ :=]{1,2})"
_DAY_MONTH_PADDED = regex.compile(
    rf"(?<![\w.,/:$€£-]){_NO_DAY}(?=\d?\d?/?0)(?:(?:0[1-9]|[12][0-9]|3[01])/(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01]))(?![\w/%]|[-.,:][0-9]|\s?(?:of (?:the|all|them|our|\d)|cups?|inch|scale|stars|points|correct|passed|failed)(?!\w))",
    regex.IGNORECASE,
)
# A day that is no month, and a month of two digits; few fractions are written so.
_DAY_MONTH_LATE = regex.compile(
    r"(?<![\w.,/:$€£-])(?:(?:1[3-9]|2[0-9]|3[01])/1[0-2]|1[0-2]/(?:1[3-9]|2[0-9]|3[01]))(?![\w/%]|[-.,:][0-9]|\s?(?:of (?:the|all|them|our|\d)|cups?|inch|scale|stars|points|correct|passed|failed)(?!\w))"
)
_PLANNED = words(
    r"back", r"training", r"practice", r"meetings?", r"shifts?", r"swaps?", r"slots?", r"rotas?", r"off", r"late", r"absent", r"leave", r"missed", r"cancel\w*", r"rebook\w*", r"sessions?", r"class", r"match", r"game", r"trip",
    r"exam", r"party", r"left", r"since", r"on", r"until", r"from", r"by", r"start\w*", r"moved", r"visit\w*", r"seen", r"appointment", r"called", r"rang", r"paid", r"told", r"next", r"last",
)  # fmt: skip
_DAY_MONTH_FIELD = regex.compile(
    r"(?<=[|;\t,] ?|[ ]{2})(?!(\d+)/\1(?!\d))(?:(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01]))(?=\s?[|;\t]|[ ]{2}|, |$)",
    regex.MULTILINE,
)
_DAY_MONTH = regex.compile(
    r"(?<![\w.,/:$€£-])(?:(?<=(?<!\w)(?:on|since|until|by|from) )|(?!(\d+)/\1(?!\d)))(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|[12][0-9]|3[01])(?![\w/%]|[-.,:][0-9]|\s?(?:of|cups?|inch|in|teaspoons?|tsp|tbsp|scale|stars|points|full|done|lb|split|time|majority)(?!\w))"
)
_BORN = words(
    r"born(?: on| in)?", r"birth(?:day|date)?s?", r"birth ?date", r"d\.?\s?o\.?\s?b\.?", r"b\.", r"geb\.?", r"geboren", r"geburtsdatum", r"geburtstag", r"né[e]?(?: le)?", r"naissance", r"nacid[oa]", r"nacimiento", r"nat[oa]", r"nascita", r"nascid[oa]", r"nascimento", r"geboortedatum", r"urodzon[ya]", r"urodzenia", r"født", r"född", r"birth year", r"year of birth",
)  # fmt: skip
_COMPACT_DOB = regex.compile(
    rf"(?<![\w.$-])(?:[0-9]{{8}}|[0-9]{{6}}|[0-9]{{2}} [0-9]{{2}} (?:19|20)?[0-9]{{2}}|{_YEAR}|[0-3]?[0-9][/.-][01]?[0-9])(?!\w|[-.,:/][0-9])"
)
# "dob8/9/94", "b.04.09.1979": no blank between.
_GLUED_DOB = regex.compile(
    rf"(?<!\w)(?:dob|d\.o\.b\.?|b\.|born|geb\.?)[:,]?(?P<x>[0-3]?[0-9]([-/.])[0-3]?[0-9]\2(?:{_YEAR}|[0-9]{{2}})|{_YEAR}([-/.])[01]?[0-9]\3[0-3]?[0-9])(?![\w/]|[-.,:][0-9])",
    regex.IGNORECASE,
)
_SPOKEN_BIRTH_YEAR = regex.compile(rf"(?<!\w){_SPOKEN_YEAR}(?!\w)", regex.IGNORECASE)
_SPOKEN_BIRTH_NUMBERS = regex.compile(
    rf"(?<!\w){_CARDINAL_DAY}[ ,]{{1,2}}(?:ten|eleven|twelve|{'|'.join(_UNITS)})[ ,]{{1,2}}(?:{_SPOKEN_YEAR}|(?:{_TENS})(?:[- ](?:{'|'.join(_UNITS)}))?)(?!\w)",
    regex.IGNORECASE,
)
# Abbreviations and names of months that are words too: without a year or an ordinal they need their capital.
_ALSO_WORDS = frozenset({"may", "mar", "march", "mars", "mai", "mei", "dec", "sept", "set", "jan", "sep", "oct", "nov", "jun", "jul", "apr", "feb", "aug", "okt", "dez", "mär", "juli", "juni", "maja"})  # fmt: skip
_YEAR_IN = regex.compile(
    r"[0-9]{3}|(?:st|nd|rd|th)(?!\w)|\sof\s|[0-9]\D*\p{L}\.?,?[ /-]'?[0-9]{2}$", regex.IGNORECASE
)
_ANY_MONTH = regex.compile(rf"(?<!\p{{L}})(?:{_NAMES}|{_POLISH})(?!\p{{L}})", regex.IGNORECASE)
# How far a word of birth reaches; a date nearer to it takes it.
_BORN_REACH = 40


def _is_date(found: str) -> bool:
    """Not "may 3" of "you may 3 times", nor "mar 12" in lower case."""
    month = _ANY_MONTH.search(found)
    if month is None or _YEAR_IN.search(found):
        return True
    return month.group() not in _ALSO_WORDS


RULES = grouped(
    Rule("date", "DATE_TIME", _NUMERIC, 0.6),
    Rule("date of birth glued", "DATE_OF_BIRTH", _GLUED_DOB, 0.6),
    Rule("date short dotted", "DATE_TIME", _SHORT_DOTTED, 0.5, context=_DATED),
    Rule("date roman", "DATE_TIME", _ROMAN, 0.6),
    Rule("date basic", "DATE_TIME", _BASIC, 0.6),
    Rule("month and year numeric", "DATE_TIME", _MONTH_YEAR_NUMERIC, 0.45),
    Rule("day and month", "DATE_TIME", _DAY_MONTH, 0.45, context=_DAYS_WORDS),
    Rule("day and month of two digits", "DATE_TIME", _DAY_MONTH_PADDED, 0.45),
    Rule("day and late month", "DATE_TIME", _DAY_MONTH_LATE, 0.45, context=_PLANNED),
    Rule("day and month of a row", "DATE_TIME", _DAY_MONTH_FIELD, 0.45),
)
_MONTH_RULES = grouped(
    Rule("date written", "DATE_TIME", _WRITTEN, 0.6, accept=_is_date),
    Rule("month and year", "DATE_TIME", _MONTH_YEAR, 0.5),
    Rule("date spoken", "DATE_TIME", _SPOKEN, 0.6, needs_digit=False),
    Rule("date spoken short", "DATE_TIME", _SPOKEN_SHORT, 0.5, needs_digit=False),
)
_BIRTH_RULES = grouped(
    Rule("birth compact", "DATE_OF_BIRTH", _COMPACT_DOB, 0.5, context=_BORN),
    Rule("birth year spoken", "DATE_OF_BIRTH", _SPOKEN_BIRTH_YEAR, 0.5, context=_BORN, needs_digit=False),
    Rule(
        "birth numbers spoken", "DATE_OF_BIRTH", _SPOKEN_BIRTH_NUMBERS, 0.5, context=_BORN, needs_digit=False
    ),
)


def find_dates(text: str, clock: Clock) -> list[Span]:
    """Spans of dates. Raises TimeoutError."""
    spans = run_rules(RULES, text, clock) + run_rules(_MONTH_RULES, text, clock)
    births = [match.end() for match in matches(_BORN, text, clock)]
    if births:
        spans = _with_births(spans, births) + run_rules(_BIRTH_RULES, text, clock)
    return spans


def _with_births(spans: list[Span], births: list[int]) -> list[Span]:
    """The first date after each word of birth becomes a date of birth."""
    starts = sorted(span.start for span in spans)
    born = set()
    for end in births:
        at = bisect_left(starts, end)
        if at < len(starts) and starts[at] - end <= _BORN_REACH:
            born.add(starts[at])
    return [
        Span(span.start, span.end, "DATE_OF_BIRTH", max(span.score, 0.75), f"{span.recognizer} of birth")
        if span.start in born
        else span
        for span in spans
    ]
