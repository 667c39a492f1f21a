"""Finds numbers and codes that stand for a person, an account or a thing of theirs: the entry for all kinds of ids.

Covered: what the modules named below cover (each says what), and long numbers with nothing harmless about them.
Not covered: a short number or a mixed code without any word, form or checksum; secrets such as API keys.
"""

from __future__ import annotations

from functools import cache

import regex

from privacy.recognizers import business, devices, documents, finance, health, vehicles
from privacy.recognizers.national_ids import find_national_ids
from privacy.recognizers.rule import Clock, grouped, matches, run_rules
from privacy.recognizers.worded import NOT_MEASURED, WordedFinder
from privacy.records import Span

_DIGIT = regex.compile("[0-9]")
# Eight digits or more are rarely anything but an id in a letter or a chat.
_LONG_NUMBER = regex.compile(
    rf"(?<![\w.,/$€£¥+=@#\\-])(?<!0x)[0-9](?:[ -]?[0-9]){{7,23}}(?![\w%]|[.,/:][0-9]|[-.]\w){NOT_MEASURED}"
)
# What else a long number may be: groups of years, a span of years, a thousands' grouping, all one digit, a book.
_HARMLESS_FORM = regex.compile(
    r"(?:19|20)[0-9]{2}(?:[ -]+(?:19|20)[0-9]{2})+|[0-9]{1,3}(?: [0-9]{3})+|([0-9])(?:[ -]?\1)*|[0-9]{1,5}0{5,}|2147483647|4294967295|97[89][- ]?[0-9-]{10,13}|1[0-9]{9}(?:[0-9]{3}){0,3}|10+|[0-9] [0-9 ]*"
)
_HARMLESS_BEFORE = regex.compile(
    r"(?<!\w)(?:versions?|v|ports?|errors?|err|codes?|exit|status|http|models?|parts?|p/?n|skus?|builds?|isbns?|issn|doi|pmid|rfc|iso|din|en|ean|upc|gtin|bytes|size|rows?|lines?|"
    r"offsets?|address|pid|timestamp|epoch|unix|seed|commits?|sha\d*|md5|hash|hex|binary|decimal|pages?|prices?|costs?|totals?|amounts?|sum|revenue|"
    r"budget|population|worth|paid|earns?|salary|usd|eur|gbp|chf|inr|jpy|rs|kr|approximately|about|around|roughly|nearly|over|than|exceeds?|count|counts|"
    r"random|prime|integer|int|float|number of|views|hits|pixels|px|resolution|frequency|distance|catalog(?:ue)?|article|lot|batch|firmware|kernel|release|revision|rev|checksum|crc|digits of|equals?|times|divided by|plus|minus|max|min|maximum|minimum|limit|timeout|bug|issue|pr|ticket size|chips?|gaskets?|seals?|bearings?|screws?|bolts?|filters?|cartridges?|batteries|battery|stock,? use|replaces(?: the)?|replaced by|order)"
    r"(?:\s(?:is|was|of|to|at|by|no\.?|number|code|=|:|the|a|up)|[:=#])*[\s\"'(:=#]{0,3}$|\w\s?=\s?$",
    regex.IGNORECASE,
)
# By its check digit; one time stamp in ten has that too.
_NPI = regex.compile(r"(?<![0-9A-Za-z$€£.-])[12][0-9]{9}(?![0-9A-Za-z%]|[.,:/-][0-9])")
_TIME_BEFORE = regex.compile(
    r"(?:time\w*|epoch|unix|ts|exp|iat|nbf|seed|dates?|since|until|after|expir\w*|at)[\"' ]{0,2}[:=]?[\"' ]{0,2}$",
    regex.IGNORECASE,
)
_LOOK_BACK = 40

_RULES = grouped(
    *documents.RULES,
    *health.RULES,
    *vehicles.RULES,
    *devices.RULES,
    *finance.RULES,
    *business.RULES,
)


@cache
def _worded() -> WordedFinder:
    """Built when first used: some hundred patterns."""
    return WordedFinder(
        (
            *documents.KINDS,
            *health.KINDS,
            *vehicles.KINDS,
            *devices.KINDS,
            *finance.KINDS,
            *business.KINDS,
        )
    )


def find_ids(text: str, clock: Clock) -> list[Span]:
    """Spans of ids of every kind. Raises TimeoutError."""
    clock.left_s()
    spans = run_rules(devices.PICTURE_RULES, text, clock) if devices.HAS_PICTURE.search(text) else []
    if _DIGIT.search(text) is None:
        return spans
    spans += run_rules(_RULES, text, clock)
    spans += find_national_ids(text, clock)
    spans += _worded().find(text, clock)
    spans += [
        Span(match.start(), match.end(), "REFERENCE_ID", 0.4, "long number")
        for match in matches(_LONG_NUMBER, text, clock)
        if not _HARMLESS_FORM.fullmatch(match.group())
        and not _HARMLESS_BEFORE.search(text, max(0, match.start() - _LOOK_BACK), match.start())
    ]
    return spans + [
        Span(match.start(), match.end(), "LICENSE_ID", 0.4, "npi")
        for match in matches(_NPI, text, clock)
        if health.valid_npi(match.group())
        and not _TIME_BEFORE.search(text, max(0, match.start() - _LOOK_BACK), match.start())
    ]
