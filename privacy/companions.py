"""Finds the names of a list or a talk by those that are found already: who stands in line with a person is one.

Covered: a part of a name in lower case wherever else it stands, speakers of a talk line by line, names joined by a slash, numbered names, one word before a dash in each of several lines or sentences.
Not covered: lists of which no name was found; comma lists without numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import regex

from privacy.recognizers.people import AMBIGUOUS, NOT_NAMES, WORDS_IN_LOWER_CASE, given_names, surnames
from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.topics import SOMEBODY
from privacy.records import Span

_NAME = r"\p{Lu}[\p{L}'’-]{1,24}"
_FULL = rf"{_NAME}(?:[ ](?:(?:van|von|de|der|den|del|di|da|la|le|bin|al|el|ten|ter)[ ]){{0,2}}{_NAME}){{0,2}}"
# "Anna: hello", "[10:02] anna: hello", "10:02 - Anna: hello"; a message in a chat or a line of a script.
_SPEAKERS = regex.compile(
    r"^[ \t>*\"-]{0,4}(?:[\[(][^\])\n]{1,24}[\])][ ]?|\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[ ]?[ap]m)?[ ]?)?(?:-[ ])?[*_]{0,2}(?P<x>\p{L}[\p{L}'’-]{1,24}(?:[ ]\p{L}[\p{L}'’.-]{0,24}){0,2})[*_]{0,2}[ ]?:(?=[ \t])",
    regex.MULTILINE,
)
_SLASHED = regex.compile(rf"(?<![\w/.:-])(?P<x>{_NAME})/(?P<x>{_NAME})(?:/(?P<x>{_NAME}))?(?![\w/]|[.:]\S)")
# Of passengers: "2. Berg/Anna CHD".
_NUMBERED_PAIR = regex.compile(
    rf"^[ ]{{0,4}}\d{{1,2}}[.)]?[ ]?(?P<x>{_NAME}(?:[ ]{_NAME})?/{_NAME}(?:[ -]\p{{Lu}}\p{{Ll}}[\p{{L}}'’-]{{0,24}})?)(?=[ ]|$)",
    regex.MULTILINE,
)
_NUMBERED = regex.compile(
    rf"(?<![\w.,/:-])\(?\d{{1,2}}[.):]?[ ]\(?(?P<x>{_FULL})(?=[ ]?(?:[,;.()\n]|-[ ]|\d|$))"
)
# A hand-over: "2 Berg hip", "Bed 3 Lund home today".
_BEDS = regex.compile(
    rf"^[ ]{{0,4}}(?:(?i:bed|bd|b|room|rm|side ?room|sr|chair|bay)?[ ]?\d{{1,3}}[A-Z]?[.):-]?|[-*•])[ ](?P<x>{_NAME}(?:[ ]{_NAME})?)(?=[ ]\p{{Ll}}|[ ]\p{{Lu}}{{2,}}(?!\p{{L}})|[ ]*$)",
    regex.MULTILINE,
)
_DASHED = regex.compile(rf"(?:^|(?<=[.!?:;][ ]))[-*•]?[ ]?(?P<x>{_FULL})[ ][-–—][ ](?=\S)", regex.MULTILINE)
_LOWER_PART = regex.compile(r"(?<![\w@.'’-])\p{Ll}[\p{Ll}-]{2,24}(?![\w@-]|\.\w)")
_ROLES = frozenset(
    """bot system assistant human model chatbot ai interviewer interviewee moderator chair narrator host speaker operator dispatcher dispatch rep advisor adviser support service helpdesk desk admin reception
    visitor requester reporter master assigned operator stowaway cook emergency me them us team sales billing question answer note notes action re fw fwd cc subject date from to sent reply time status result total warning error info debug todo update summary ps nb""".split()
)

SPEAKERS = SOMEBODY | _ROLES
"""Words for who speaks, which are no names."""


def find_companions(text: str, spans: Sequence[Span], words: frozenset[str], clock: Clock) -> list[Span]:
    """Spans of people in line with those of `spans`; `words` are everyday words in lower case. Raises TimeoutError."""
    people = {(span.start, span.end) for span in spans if span.entity_type == "PERSON"}
    if not people:
        return []
    named = bytearray(len(text))
    for start, end in people:
        named[start:end] = b"\1" * (end - start)
    found: list[Span] = []
    for items in _lines(text, clock):
        if any(1 in named[start:end] for start, end in items):
            found += [
                Span(start, end, "PERSON", 0.4, "in line with a person")
                for start, end in items
                if 0 in named[start:end] and _may_be_a_name(text[start:end], words)
            ]
    return [*found, *_again(text, named, people, words)]


def _again(
    text: str, named: bytearray, people: set[tuple[int, int]], words: frozenset[str]
) -> Iterable[Span]:
    """The parts of names in lower case, which nobody capitalises the second time either."""
    parts = {
        part
        for start, end in people
        if not text[start].isupper()
        for part in _LOWER_PART.findall(text[start:end])
        if not any(part in known for known in (words, NOT_NAMES, AMBIGUOUS, WORDS_IN_LOWER_CASE))
    }
    if parts:
        for match in _LOWER_PART.finditer(text):
            if match.group() in parts and 0 in named[match.start() : match.end()]:
                yield Span(match.start(), match.end(), "PERSON", 0.4, "named before")


def _lines(text: str, clock: Clock) -> Iterator[list[tuple[int, int]]]:
    """What stands in one line with each other."""
    for pattern in (_SPEAKERS, _NUMBERED, _NUMBERED_PAIR, _BEDS, _DASHED):
        items = [match.span("x") for match in matches(pattern, text, clock)]
        if len(items) > 1:
            yield items
    if "/" in text:
        for match in matches(_SLASHED, text, clock):
            yield match.spans("x")


def _may_be_a_name(found: str, words: frozenset[str]) -> bool:
    """No role and no everyday word, but for those that people are called by, with a capital."""
    parts = [part.strip(".") for part in found.casefold().replace("/", " ").split()]
    if any(part in NOT_NAMES or part in SPEAKERS for part in parts):
        return False
    return any(part not in words or part in given_names() or part in surnames() for part in parts)
