"""Completes findings by what stands around them: a name by its title and surname, a contact block by the lines in between; an address
in `complete_places`.

Covered: "Mr.", "PhD", second surnames, lists of partners ("A, B and C"), gaps within one address, lines between a name and its
address. Not covered: whatever nothing was found beside.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import regex

from privacy.companions import SPEAKERS
from privacy.complete_places import (
    HYPHEN_AFTER,
    around_places,
    between_parts,
    corners,
    covered_by,
    named_streets,
)
from privacy.recognizers.people import NOT_NAMES, given_names, surnames
from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.unworded import find_unworded
from privacy.records import Span

_MOST_SURNAMES, _MOST_DEGREES = 4, 3

_TITLE = regex.compile(
    r"(?<![\w.])(?:mrs?|ms|miss|mx|messrs|dr|drs|prof(?:essor)?|doctor|sir|madam|lady|lord|dame|rev(?:erend)?|fr|father|sister|capt(?:ain)?|"
    r"sgt|sergeant|lt|lieutenant|col(?:onel)?|gen(?:eral)?|maj(?:or)?|judge|justice|hon|nurse|officer|detective|herr|frau|fräulein|mme|mlle|"
    r"monsieur|madame|señora?|señorita|sra?|srta|sig(?:nora?|na)?|dott(?:\.ssa|oressa|ore)?|ing|mag|dipl\.-ing|uncle|aunt|auntie|grandma|grandpa)"
    r"\.?[ \t]{1,2}(?:med\.[ \t])?$",
    regex.IGNORECASE,
)
_DEGREE = regex.compile(
    r",?[ \t](?:M\.?D|D\.?O|Ph\.?D|D\.?D\.?S|D\.?V\.?M|D\.?M\.?D|J\.?D|R\.?N|N\.?P|P\.?A(?:-C)?|M\.?B\.?A|M\.?Sc|B\.?Sc|FRCP|Esq|Jr|Sr|II|III|IV|CPA|LCSW)\b\.?",
    regex.IGNORECASE,
)
# What a named person is, between commas: "Ada Berg, the night nurse, said".
_ROLE = regex.compile(
    r",[ ](?:the|a|an|our|their|his|her)[ ](?P<role>\p{L}[\p{L}&/-]*+(?:[ ][\p{L}&/-]+){0,6})(?=,)"
)
_INITIAL_BEFORE = regex.compile(r"(?<![\p{L}'’])(?:\p{Lu}\.[ ]?){1,3}$")
_INITIAL_AFTER = regex.compile(r",[ ]?(?:\p{Lu}\.[ ]?-?){1,3}(?!\w)|,[ ]\p{Lu}(?![\w'’])")
_PARTICLE_BEFORE = regex.compile(
    r"(?<![\p{L}'’])(?:(?:van|von|de|der|den|del|della|di|dos|du|bin|ibn|al|el|ter|ten|zu|af)[ ]){1,2}$"
)
_LAST_INITIAL = regex.compile(r"[ ]\p{Lu}$")
_MIDDLE_INITIAL = regex.compile(r"(?:[ ]?\p{Lu}\.){1,2}[ ](?P<name>\p{Lu}[\p{L}'’-]+)(?![\p{L}@])")
# A surname that is a pronoun too: right beside a name it is none.
_HE_BEFORE = regex.compile(r"(?<!\p{L})He[ ]$")
_HE_AFTER = regex.compile(r"[ ]He(?!\p{L}|['’])")
_HYPHEN_BEFORE = regex.compile(r"(?<![\p{L}])(?:\p{Lu}[\p{L}'’]*-)+$")
_AGE = r"(?:1[01]\d|[1-9]?\d)"
_AGE_WORDS = r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|(?:thir|four|fif|six|seven|eigh|nine)teen|ten|eleven|twelve|two|three|four|five|six|seven|eight|nine)"
_AGE_ENDS = r"(?:(?=[,;.)\n]|\s?$|\s(?:and|who|when|with|now|lives?|has|i|he|she|they|they['’]re|he['’]s|she['’]s|i['’]m|but|so|today|tomorrow|next|this|last|in|on)(?!\w))(?![.,]\d)|(?=[ -]years?[ -]old)|(?=[ ]?y\.?/?o))"
_AGE_AFTER = regex.compile(
    rf"(?:,[ ]|,[ ]aged?[ ])(?P<age>{_AGE})(?:(?=[,;.)\n]|\s?$|\s(?:and|who|when|with|now|lives?|has)\b)(?![.,]\d)|(?=[ -]years?[ -]old)|(?=[ ]?y\.?/?o))"
    rf"|(?:[ ](?:is|was)|['’]s)[ ](?:(?:an?|now|just|only|about|nearly|almost|like|um|uh|erm?)[ ]){{0,2}}(?P<age>{_AGE}|{_AGE_WORDS}){_AGE_ENDS}"
    rf"|[ ]\((?P<age>{_AGE})(?:(?:,[ ]|,?[ ](?:and|&)[ ]|[ ]?/[ ]?)(?P<age>{_AGE})){{0,4}}(?=[,;.)]|\s(?:and|who|when|with|now|lives?|has)\b)(?![.,]\d)"
)
_ID_AFTER = regex.compile(
    r"[ ]?[(\[](?:#|no\.?[ ]|id:?[ ])?(?P<id>(?=[\p{Lu}-]{0,5}\d)[\p{Lu}\d][\p{Lu}\d-]{3,15})[)\]]",
    regex.IGNORECASE,
)
_SURNAME = regex.compile(
    r"[ \t](?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|bin|ibn|al|el|ter|zu|af|y|st\.?)[ \t]){0,2}"
    r"(?P<name>\p{L}[\p{L}'’-]{1,30})(?![\p{L}@])",
    regex.IGNORECASE,
)
_PARTNER = (
    r"(?:(?:Ní|Nic|Mac|Ó|[Vv]an|[Vv]on|[Dd]e|Del|Di|La|Le|[Tt]en|Al|El|Bin|St\.?)[ ])?\p{L}[\p{L}'’-]{1,30}"
)
_PARTNERS = regex.compile(
    rf"(?<![\p{{L}}'’-])(?P<names>{_PARTNER}(?:,[ ]{_PARTNER}){{1,5}},?[ ](?:and|&)[ ]{_PARTNER})(?![\p{{L}}])"
)
# What stands beside a name: a text holds few of these, and has many names.
_BESIDE_NAMES = Group(
    (pattern, pattern)
    for pattern in (
        _INITIAL_BEFORE,
        _PARTICLE_BEFORE,
        _HE_BEFORE,
        _HE_AFTER,
        _ROLE,
        _MIDDLE_INITIAL,
        HYPHEN_AFTER,
        _HYPHEN_BEFORE,
        _AGE_AFTER,
        _ID_AFTER,
        _INITIAL_AFTER,
        _DEGREE,
        _TITLE,
    )
)


def complete(text: str, spans: Sequence[Span], clock: Clock) -> list[Span]:
    """The findings and those that follow from them. Raises TimeoutError."""
    kept = list(spans)
    kept += _beside_names(text, kept, clock)
    kept += _partners(text, kept, clock)
    kept += named_streets(text, kept)
    kept += corners(text, kept)
    kept += between_parts(text, kept)
    clock.left_s()
    kept += around_places(text, kept)
    kept += _between_lines(text, kept)
    return kept + find_unworded(text, kept, clock)


def _people(spans: Iterable[Span]) -> list[tuple[int, int, float]]:
    """(start, end, score of the surest) of each place at which somebody was found, however often."""
    surest: dict[tuple[int, int], float] = {}
    for span in spans:
        if span.entity_type == "PERSON":
            place = span.start, span.end
            surest[place] = max(span.score, surest.get(place, 0.0))
    return sorted((start, end, score) for (start, end), score in surest.items())


def _beside_names(text: str, spans: Sequence[Span], clock: Clock) -> list[Span]:
    """Titles and initials before a name; surnames and degrees after it."""
    found = []
    people = _people(spans)
    near = {pattern for pattern, _ in _BESIDE_NAMES.that_may_match(text)} if people else ()
    for first, last, score in people:
        clock.left_s()
        start, end = first, last
        if _INITIAL_BEFORE in near and (initial := _INITIAL_BEFORE.search(text, max(0, start - 12), start)):
            start = initial.start()
        if _PARTICLE_BEFORE in near and (
            particle := _PARTICLE_BEFORE.search(text, max(0, start - 16), start)
        ):
            start = particle.start()
        if _HE_BEFORE in near and (surname := _HE_BEFORE.search(text, max(0, start - 4), start)):
            start = surname.start()
        if _HE_AFTER in near and (surname := _HE_AFTER.match(text, end)):
            end = surname.end()
        for _ in range(_MOST_SURNAMES):
            if text.endswith(("'s", "’s"), start, end) or not (surname := _SURNAME.match(text, end)):
                break
            word = surname["name"]
            capital = word[0].isupper() and word.casefold() not in NOT_NAMES and text[end - 1] not in ".!?:;"
            if not (capital or word.casefold() in surnames() or not word.isascii()):
                break
            end = surname.end()
        if _ROLE in near and (role := _ROLE.match(text, end)):
            found.append(Span(role.start("role"), role.end("role"), "TITLE", 0.4, "role"))
        if _MIDDLE_INITIAL in near:
            # The initial may be in the span already, with its full stop or without.
            back = 3 if text[end - 1] == "." else 2 if _LAST_INITIAL.search(text, start, end) else 0
            if middle := _MIDDLE_INITIAL.match(text, end - back):
                end = max(end, middle.end())
        if HYPHEN_AFTER in near and (joined := HYPHEN_AFTER.match(text, end)):
            end = joined.end()
        if _HYPHEN_BEFORE in near and (joined := _HYPHEN_BEFORE.search(text, max(0, start - 30), start)):
            start = joined.start()
        if _AGE_AFTER in near and (age := _AGE_AFTER.match(text, end)):
            found += [Span(place, stop, "AGE", 0.5, "age after a name") for place, stop in age.spans("age")]
        if _ID_AFTER in near and (number := _ID_AFTER.match(text, end)):
            found.append(Span(number.start("id"), number.end("id"), "REFERENCE_ID", 0.5, "id after a name"))
        if _INITIAL_AFTER in near and (initials := _INITIAL_AFTER.match(text, end)):
            end = initials.end()
        for _ in range(_MOST_DEGREES if _DEGREE in near else 0):
            if not (degree := _DEGREE.match(text, end)):
                break
            end = degree.end()
        if (start, end) != (first, last):
            found.append(Span(start, end, "PERSON", min(score, 0.5), "beside a name"))
        if _TITLE in near and (title := _TITLE.search(text, max(0, start - 20), start)):
            found.append(Span(title.start(), title.end(), "TITLE", 0.5, "title"))
    return found


def _partners(text: str, spans: Sequence[Span], clock: Clock) -> list[Span]:
    """ "Baker, Lund and Ortiz" is a firm: masked whole where most of the words are names, but few are given names."""
    names = [span for span in spans if span.entity_type in ("PERSON", "ORGANIZATION", "LOCATION")]
    lists = list(matches(_PARTNERS, text, clock)) if len(names) > 1 else []
    if not lists:
        return []
    covered = covered_by(len(text), names)
    found = []
    for match in lists:
        words = list(_LETTERS.finditer(match["names"]))
        known = sum(covered[match.start() + word.start()] for word in words)
        given = sum(word.group().casefold() in given_names() for word in words)
        if known * 2 >= len(words) - 1 and known >= 2 and given * 2 < len(words):
            found.append(Span(match.start(), match.end(), "ORGANIZATION", 0.4, "partners"))
    return found


_LETTERS = regex.compile(r"\p{L}[\p{L}'’-]+")


class _Starts:
    """Where findings of some types begin."""

    def __init__(self, spans: Iterable[Span], *types: str) -> None:
        self._starts = sorted(span.start for span in spans if span.entity_type in types)

    def between(self, start: int, end: int) -> list[int]:
        return self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


_LINE = regex.compile(r"[^\n]+")
_MAX_LINE = 60
_FIRST_WORD = regex.compile(r"\p{L}*")
_CAPITALS = regex.compile(r"(?:\p{Lu}[\p{L}&'’.-]*+[ ]?){1,4}")
_HEADING = regex.compile(
    r"[^\p{L}\d]*(?P<x>[\p{L}\d][\p{L}\d&'’.-]*+(?:[ ][\p{L}\d&][\p{L}\d&'’.-]*+){0,5})[ ]*"
)


def _between_lines(text: str, spans: Sequence[Span]) -> list[Span]:
    """In a block of short lines that begins with a name and goes on to an address or a phone number, the lines between them
    are a job and a company; so is a line that stands right above an address."""
    if text.count("\n") < 1:
        return []
    covered = covered_by(len(text), spans)
    names = _Starts(spans, "PERSON")
    streets = _Starts(spans, "ADDRESS")
    contacts = _Starts(spans, "PHONE_NUMBER", "EMAIL_ADDRESS")
    found: list[Span] = []
    block: list[tuple[int, int]] = []
    above: tuple[int, int] | None = None
    for line in _LINE.finditer(text):
        start, end = _letters_from(text, *line.span())
        if start == end:
            continue
        named, at_street = names.between(start, end), streets.between(start, end)
        if at_street or contacts.between(start, end):
            first = min(at_street, default=start)
            if block and _CAPITALS.fullmatch(text, start, first):
                block.append((start, first))
            found += [
                Span(*part, "ORGANIZATION", 0.4, "contact block")
                for part in block
                if 0 in covered[slice(*part)]
            ]
            if above and not block and at_street and min(at_street) == start and 0 in covered[slice(*above)]:
                found.append(Span(*above, "ORGANIZATION", 0.4, "above an address"))
            block, above = [], None
            continue
        heading = _HEADING.fullmatch(text, *line.span())
        above = heading.span("x") if heading and heading["x"].casefold() not in NOT_NAMES else None
        if named and (block or _mostly(text, covered, start, end)):
            block.append((min(named), end))
        elif (
            block
            and len(block) < 5
            and end - start <= _MAX_LINE
            and text[end - 1] not in ".!?:"
            # What somebody says in a talk is no line of a card.
            and _FIRST_WORD.match(text, start, end)[0].casefold() not in SPEAKERS
        ):
            block.append((start, end))
        else:
            block = []
    return found


def _mostly(text: str, covered: bytearray, start: int, end: int) -> bool:
    """Whether at least half of a short line's letters are found already."""
    letters = [index for index in range(start, end) if text[index].isalpha()]
    return 0 < len(letters) <= 40 and 2 * sum(covered[index] for index in letters) >= len(letters)


def _letters_from(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not text[start].isalnum():
        start += 1
    return start, end
