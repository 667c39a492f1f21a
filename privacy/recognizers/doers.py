"""Finds people by what only people do: a listed name, even one that is a word or a month, before such a verb or behind such a passive.

Covered: given names and surnames of the lists, capitalised. Not covered: names that no list has; those in lower case are left to `lower_names`.
"""

from __future__ import annotations

import regex

from privacy.recognizers.people import given_names, surnames
from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches_of, one_of
from privacy.records import Span

_NAME = r"(?P<x>\p{Lu}[\p{L}'’-]{1,24})"
_DOES = one_of(
    "said|says|told|asked|asks|thinks|wants|wanted|rang|phoned|texted|emailed|thanked|translated|interpreted|confirmed|agreed|attended|apologised|apologized|cried|scored|saved|proposed|seconded|volunteered|"
    "promised|forgot|drove|lives|lived|works|worked|joined|resigned|retired|helped|replied|wrote|signed|refused|declined|admitted|denied|arrived|came|went|left|met|saw|heard|made safe|out sick|off sick|is off|is on leave|is away|"
    "has left|hasn't|didn't|doesn't|won't|will call|will bring|will send|will ask|has agreed|had agreed|pairing with".split(
        "|"
    )
)
_WILL_DO = "(?:confirm|hold|chase|call|ring|get|send|ask|check|arrange|speak|write|draft|review|follow|update|organise|organize|lead|bring|circulate|book|email|contact|report|meet|liaise|prepare|find|take|sort)"
_DONE = one_of(
    "refunded|approved|booked|updated|collected|witnessed|served|handled|closed|resolved|escalated|reported|delivered|written|translated|driven|baked|led|chaired|proposed|seconded|supervised|confirmed|cleared|authorised|authorized|noted".split(
        "|"
    )
)
_FORMS = Group(
    (regex.compile(pattern, regex.MULTILINE), None)
    for pattern in (
        rf"(?<![\w'’.-]){_NAME}(?=[ ](?:{_DOES}|to[ ]{_WILL_DO})(?![\w'’-]))",
        rf"(?<!\w)(?:(?i:{_DONE})[ ]by[ ]|(?i:thanked|thanks to|refer(?:red)? to|signed by|delivered to|reports to|speak to|spoke to|spoke with|ask(?:ed)? for|ask|name's|name is|name was|called himself|called herself|goes by|w/|send|told|tell|signed)[,:]?[ ])"
        rf"[\"“]?{_NAME}(?=[\"”.,;:!?)]|[ ]\p{{Ll}}|$)",
    )
)


def find_doers(text: str, clock: Clock) -> list[Span]:
    """Spans of people. Raises TimeoutError."""
    clock.left_s()
    return [
        Span(match.start("x"), match.end("x"), "PERSON", 0.4, "doer")
        for _, match in matches_of(_FORMS, text, clock)
        if match["x"].casefold() in given_names() or match["x"].casefold() in surnames()
    ]
