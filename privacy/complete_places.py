"""Completes the findings of an address by what stands around them: the streets of a corner, what little joins two parts, words that
begin a place's name, the region behind a street, who is at it.

Covered: English, and the small words of other languages' place names. Not covered: whatever nothing was found beside.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import regex

from privacy.recognizers.people import NOT_NAMES
from privacy.records import Span

_PLACES = frozenset({"ADDRESS", "LOCATION", "POSTCODE"})
# Longest stretch between two parts of one address that is taken for a third part.
_ADDRESS_GAP = 16
# The second half of a Korean given name has a small letter.
HYPHEN_AFTER = regex.compile(
    r"(?:-(?:\p{Lu}[\p{L}'’]*|(?:\p{Ll}{1,3}|wook|hyu[nk]|hyung|seok|sook|kyung|young|yeong?|joon|jung|jeong|hoon|woong|soon|su?eung|ch[eu]+l|hwan|kwon|yoon|r?yeol|myung|dong|geun|keun|chan|shik|bong|hong|jong|yong)(?!\p{L})))+"
)
_LINKS = ("and ", "& ", "and \n", "& \n")
_AND = regex.compile(
    r"(?:(?P<before>\p{L}[\p{L}\d.'’-]{1,30}(?:[ ][\p{L}\d][\p{L}\d.'’-]{0,30}){0,4})[ ])?(?:and|&)[ ]$",
    regex.REVERSE,
)
_CORNER = regex.compile(
    r"(?<!\w)(?:the[ ])?corner[ ]of[ ]$|(?<!\w)(?:the[ ])?intersection[ ]of[ ]$", regex.IGNORECASE
)


def corners(text: str, spans: Sequence[Span]) -> list[Span]:
    """ "(the corner of) Elm Street and 5th": the words before "and" are an address when those after it are."""
    streets = [span for span in spans if span.entity_type == "ADDRESS"]
    if not streets:
        return []
    found = []
    covered = covered_by(len(text), [span for span in spans if span.entity_type in _PLACES | {"PERSON"}])
    for span in streets:
        start = span.start
        link = _AND.search(text, max(0, start - 80), start) if text.endswith(_LINKS, 0, start) else None
        if link and link["before"]:
            words = list(regex.finditer(r"\S+", link["before"]))
            first = len(words)
            # Back over what is covered or capitalised.
            while first and (
                covered[link.start("before") + words[first - 1].start()]
                or words[first - 1].group()[0].isupper()
            ):
                first -= 1
            if first < len(words):
                start = link.start("before") + words[first].start()
        if corner := _CORNER.search(text, max(0, start - 24), start):
            start = corner.start()
        if start < span.start and (corner or any(map(str.isdigit, text[span.start : span.end]))):
            found.append(Span(start, span.end, "ADDRESS", 0.4, "corner"))
    return found


def between_parts(text: str, spans: Sequence[Span]) -> list[Span]:
    """What little stands between two parts of one address."""
    parts = sorted(
        (
            span
            for span in spans
            if span.entity_type in _PLACES
            or (
                text[span.start : span.start + 1].isdigit()
                and _POSTCODE_LIKE.fullmatch(text, span.start, span.end)
            )
        ),
        key=lambda span: span.start,
    )
    found = []
    for left, right in itertools.pairwise(parts):
        gap = text[left.end : right.start]
        # "Frankfurt am Main"
        one_name = left.entity_type == right.entity_type == "LOCATION" and _LINKED.fullmatch(gap)
        streets = "ADDRESS" in (left.entity_type, right.entity_type) or one_name
        if streets and 0 < len(gap) < _ADDRESS_GAP and any(map(str.isalnum, gap)) and not _APART.search(gap):
            found.append(Span(left.end, right.start, "ADDRESS", 0.4, "between parts"))
    return found


_LINKED = regex.compile(r"[ ]\p{Ll}{1,4}[ ]")
_POSTCODE_LIKE = regex.compile(r"\d{4,6}(?:-\d{3,4})?")


def named_streets(text: str, spans: Sequence[Span]) -> list[Span]:
    """A name right before a house number is a street's: "Hraunás 84"."""
    ends = {span.end: span for span in spans if span.entity_type in ("PERSON", "LOCATION")}
    return [
        Span(ends[span.start - 1].start, span.end, "ADDRESS", 0.4, "named street")
        for span in spans
        if span.entity_type == "ADDRESS"
        and text[span.start : span.end].isdigit()
        and text[span.start - 1 : span.start] == " "
        and span.start - 1 in ends
    ]


# Words and marks that end one address or lead to another.
_APART = regex.compile(
    r"[.!?;:][ ]|\n[ ]*\n|[\"(){}\[\]|=@]|(?<!\w)(?:and|or|to|from|is|was|are|were|on|at|in|near|for|by|with|my|your|his|her|their|until|then)(?!\w)",
    regex.IGNORECASE,
)
_ARTICLE = regex.compile(
    r"(?<![\p{L}'’])(?:A|La|El|Las|Los|Le|Les|São|San|Santa|St\.?|Saint|New|North|South|East|West|Port|Fort|Mount|Lake|Upper|Lower|Great|Little|Bad|Den|De)[ ]$"
)
_PLACE_BEFORE = regex.compile(
    r"(?:(?i:kingdom|republic|state|city|county|province|district|isle|commonwealth|town|village|borough|municipality)[ ]of[ ](?:the[ ])?"
    r"|(?<=[\p{Ll},][ ])(?:\p{Lu}[\p{L}'’.-]{2,30}[ ]){1,3})$",
    regex.REVERSE,
)
_CITY_BEFORE = regex.compile(
    r"(?<![\p{L}'’-])(?P<x>\p{Lu}[\p{L}'’.-]{2,24}(?:[ ]\p{Lu}[\p{L}'’.-]{2,24}){0,2}),[ ]$"
)
_REGION_AFTER = regex.compile(r"[ ,][ ]?[A-Z]{2,3}(?!\w)(?:[ ]\d{4,6}(?!\w))?")
_STATE_AFTER = regex.compile(
    r"(?:,[ ]?|[ ])(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEHINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]|ON|QC|NS|NB|MB|BC|PE|SK|AB|NL|"
    r"NSW|VIC|QLD|ACT|TAS)(?![\w'’])"
)
_HOST_BEFORE = regex.compile(
    r"(?<!\w)(?:at|to|from|by)[ ](?P<x>[\p{L}\d][\p{L}\d&'’.-]*+(?:[ ][\p{L}\d&][\p{L}\d&'’.-]*+){0,4}),[ ]$"
)


# What a pattern that ends in "[ ]$" or ",[ ]$" ends in: to look for is quicker than to search.
_BLANK, _COMMA = (" ", " \n"), (", ", ", \n")


def around_places(text: str, spans: Sequence[Span]) -> list[Span]:
    """Capitalised words that begin a place's name, the region after a street, and who is at that street."""
    found = []
    for span in spans:
        if span.entity_type not in ("ADDRESS", "LOCATION") and span.recognizer != "accented word":
            continue
        start, end = span.start, span.end
        if text.endswith(_BLANK, 0, start) and (article := _ARTICLE.search(text, max(0, start - 8), start)):
            start = article.start()
        if joined := HYPHEN_AFTER.match(text, end):
            end = joined.end()
        if span.recognizer == "listed place" and text.endswith(_COMMA, 0, start):
            city = _CITY_BEFORE.search(text, max(0, start - 50), start)
            if city and city["x"].split()[0].casefold() not in NOT_NAMES:
                start = city.start("x")
        if text.endswith(_BLANK, 0, start) and (
            before := _PLACE_BEFORE.search(text, max(0, start - 60), start)
        ):
            start = before.start()
        if state := _STATE_AFTER.match(text, end):
            end = state.end()
        if span.entity_type == "ADDRESS":
            if region := _REGION_AFTER.match(text, end):
                end = region.end()
            host = (
                _HOST_BEFORE.search(text, max(0, start - 80), start)
                if text.endswith(_COMMA, 0, start)
                else None
            )
            if host and host["x"].casefold() not in NOT_NAMES:
                found.append(Span(host.start("x"), host.end("x"), "ORGANIZATION", 0.4, "host"))
        if (start, end) != (span.start, span.end):
            found.append(Span(start, end, span.entity_type, 0.4, "around a place"))
    return found


def covered_by(length: int, spans: Iterable[Span]) -> bytearray:
    covered = bytearray(length)
    for span in spans:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    return covered
