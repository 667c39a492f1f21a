"""Finds ZIP codes by what stands around five digits: where something is or goes to, whose members or office they name, another ZIP code beside them.

Covered: numbers behind a word of place and before what follows no count, numbers before people or places that have one, lists, corrections ("44107, not 44108").
Not covered: numbers alone, which `unworded` takes where somebody or the post is spoken of.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, matches, words
from privacy.recognizers.worded import NOT_MEASURED
from privacy.records import Span

# Three-digit prefixes that no American post office has.
NO_ZIP = frozenset(
    """000 001 002 003 004 099 213 269 343 345 348 353 419 428 429 517 518 519 529 533 536 552 568 578 579 589 621 632 642 643 659 663 682 694 695 696
    697 698 699 702 709 715 732 742 771 817 818 819 839 848 849 854 858 861 862 866 867 868 869 876 886 887 888 892 896 899 909 929 987""".split()
)

_KEYS = r"(?:origin|dest(?:ination)?|locat(?:ion|ed)|loc|based|postmark(?:ed)?|area|region|territory|market|county|town|ship[ _-]?to|bill[ _-]?to)"
_FIVE = regex.compile(
    rf"(?:(?<![\w.,:$€£#+=@-])|(?<=(?<![^\W_])(?i:{_KEYS})[:=>]))[0-9]{{5}}(?:-[0-9]{{4}})?(?![\w%]|[.,:][0-9]|-\w)"
)
_COUNTED = regex.compile(rf"(?!{NOT_MEASURED})", regex.IGNORECASE)
# What stands before, and what follows a place and no count.
_WORD_BEFORE = regex.compile(r"(?<!\w)(?:zip(?:[ ]?code)?s?|zcta)(?!\w)[^.\n\d]{0,30}$", regex.IGNORECASE)
_PLACE_BEFORE = regex.compile(
    r"(?:(?<!\w)(?:in|near|around|from|of|to|by|at|for|between|outside|within|across|throughout|into|toward|beyond|serv(?:es?|ing)|cover(?:s|ing)?)[ ](?:the[ ])?|(?<!\w)(?:deliver(?:y|ed|s|ing)?|ship(?:s|ped|ping)?|sen[dt]|post(?:ed|age|marked)?|mail(?:ed)?|area|located|live|lives|based|moved?|moving|relocat\w+|service|coverage|available|weather)[ ](?:area|is|zone|address|code)?[ ]?(?:to|in|for|at|:|near|is)?:?[ ]{0,2}"
    r"|(?-i:(?<!\w)(?!(?:Closes|Fixes|Resolves|Windows|Bus|Route|Issue|Ticket|Order|Item|Model|Part|Build|Version|Line|Level|Page|Room)(?!\w))\p{Lu}\p{Ll}{2,20}(?:,?[ ]|/)))$",
    regex.IGNORECASE,
)
_KEYED = regex.compile(rf"(?<![^\W_]){_KEYS}[\"']?[ ]?[:=>][ ]{{0,2}}[\"']?$", regex.IGNORECASE)
_PLACE_AFTER = regex.compile(
    r"[.,;:)?!][\s\"']|[.,;:)?!]?$|\n|[ ](?:area|zip|region|neighbou?rhood|failed|postal|please|today|tomorrow|now|by|on|and|but|or|for|is|was|if|with|this|next|then|instead|since|in|yet|yes|no|because|where|so|thanks|thank|"
    r"ha(?:ve|s|d)|are|were|will|would|can|could|should|may|must|do(?:es)?|did|gets?|got|who|whose|which|that|when|while|after|before|until|till|last|again|also|too|there|here|we|he|she|they|i|you|it|my|our|his|her|their|your|the|an?|not|never|only|still|already|always|"
    r"once|twice|via|through|about|as|rather|right|just|to[ ](?:[0-9]{5}(?![\w,])|the|a|her|his|my|their|our))(?!\w)"
    # Nothing is counted that did or suffered something.
    r"|[ ]\p{Ll}{2,}ed[ ](?:of|about|to|in|on|at|by|for|with|from|the|a|an|their|her|his|it|that|when|after|last|this)(?!\w)",
    regex.IGNORECASE,
)
_STARTS = regex.compile(r"(?:^|[.!?][ ][\"']?|\n[\"' >*-]{0,4})$")
_IS_SAID_OF = regex.compile(
    r"[ ](?:is|has|was|isn['’]t|hasn['’]t|does|doesn['’]t|gets|got|needs|lacks|sits|lies|remains|borders|stays)(?!\w)"
)
_WHOSE_BEFORE = regex.compile(
    r"(?<!\w)(?:the|our|all|my|your|their|this|that|another|every|each|most|other|local|these|those|an?|any|some|no|for|in|of|at|and)[ ]$",
    regex.IGNORECASE,
)
# Who and what is named by where it is.
_WHOSE = regex.compile(
    r"[ ](?:members?|patients?|residents?|households?|famil(?:y|ies)|clients?|customers?|subscribers?|enrollees?|kids|children|seniors?|voters?|parents?|neighbou?rs?|homeowners?|renters?|tenants?|providers?|doctors?|dentists?|"
    r"address(?:es)?|locations?|sites?|stores?|offices?|clinics?|schools?|homes?|houses?|pharmac(?:y|ies)|branch(?:es)?|rates?|premiums?|market|routes?|crew|team|property|apartment|library|lab|shelter|pantry|post office|depot|facility|hospital|"
    r"practice|catchment|territory|zone|corridor|community|communities|neighbou?rhoods?|district|zip|delivery|deliveries|service area)(?!\w)",
    regex.IGNORECASE,
)
_JOINT = r"(?:,[ ](?:(?:and|or|not|but[ ]not)[ ])?|[ ](?:and|or|to|not|than|through|thru|rather[ ]than|instead[ ]of|versus|vs\.?|->|→)[ ]|[ ]?/[ ]?)"
_BESIDE = regex.compile(_JOINT)
_CORRECTED = regex.compile(
    r"(?:,[ ]|[ ](?:and[ ]|but[ ])?)(?:not|instead[ ]of|rather[ ]than)[ ]$", regex.IGNORECASE
)
_TECHNICAL = words(
    r"ports?",
    r"errors?",
    r"bytes",
    r"rows",
    r"build",
    r"pid",
    r"listens?",
    r"items?",
    r"units",
    r"steps?",
    r"iterations?",
    r"total",
    r"tcp",
    r"udp",
    r"sum",
    r"count",
    r"values?",
    r"average",
    r"equals?",
    r"round(?:ed|s)?",
    r"divisible",
    r"factors?",
    r"prime",
    r"multipl\w+",
    r"records",
    r"ranges?",
    r"max(?:im\w+)?",
    r"minim\w+",
    r"limits?",
    r"increment\w*",
    r"integers?",
    r"digits?",
    r"seconds?",
    r"samples",
    r"votes",
    r"visitors",
    r"copies",
    r"points",
    r"score",
    r"population",
    r"sequence",
    r"prox(?:y|ies)",
    r"tls",
    r"https?",
    r"grpc",
    r"sockets?",
    r"servers?",
    r"localhost",
    r"loops?",
    r"odometer",
    r"mileage",
    r"bugs?",
)
_LOOK_BACK, _SUBJECT_REACH = 48, 60


def find_zips(text: str, clock: Clock) -> list[Span]:
    """Spans of ZIP codes told by their place. Raises TimeoutError."""
    numbers = [match.span() for match in matches(_FIVE, text, clock)]
    # The score of each that is one.
    told: dict[int, float] = {}
    for place, (start, end) in enumerate(numbers):
        if _WORD_BEFORE.search(text, max(0, start - _LOOK_BACK), start) and not _COUNTED.match(text, end):
            told[place] = 0.7
        elif text[start : start + 3] not in NO_ZIP:
            if _is_whose(text, start, end):
                told[place] = 0.4
            elif _COUNTED.match(text, end) or _is_technical(text, start, end):
                continue
            elif _is_placed(text, start, end):
                told[place] = 0.4
            elif place and _CORRECTED.fullmatch(text, numbers[place - 1][1], start):
                told[place] = told[place - 1] = 0.4
    for places in (range(1, len(numbers)), range(len(numbers) - 1, 0, -1)):
        for place in places:
            one, other = place - 1, place
            if (
                (one in told) != (other in told)
                and not _COUNTED.match(text, numbers[other][1])
                and _BESIDE.fullmatch(text, numbers[one][1], numbers[other][0])
            ):
                told[one] = told[other] = 0.4
    return [
        Span(start, end, "POSTCODE", told[place], "zip by its place")
        for place, (start, end) in enumerate(numbers)
        if place in told
    ]


def _is_technical(text: str, start: int, end: int) -> bool:
    return _TECHNICAL.search(text, max(0, start - _SUBJECT_REACH), end + _SUBJECT_REACH) is not None


def _is_whose(text: str, start: int, end: int) -> bool:
    """Whether it names whose members or office it is."""
    return (
        _WHOSE_BEFORE.search(text, max(0, start - _LOOK_BACK), start) is not None
        and _WHOSE.match(text, end) is not None
    )


def _is_placed(text: str, start: int, end: int) -> bool:
    """Whether words of place stand before it and no count's words behind it, or a sentence begins with it."""
    before = max(0, start - _LOOK_BACK)
    placed = _KEYED.search(text, before, start) or (
        _PLACE_BEFORE.search(text, before, start) and _PLACE_AFTER.match(text, end)
    )
    said = _STARTS.search(text, before, start) and _IS_SAID_OF.match(text, end)
    return placed is not None or said is not None
