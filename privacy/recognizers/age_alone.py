"""Finds ages that no word announces: a number set off by commas, behind a word for somebody, beside a sex.

Covered: 10 to 119, in digits or in words, as places that may be an age: `unworded` asks whether anybody is spoken of. Not covered: ages of small children, which are
counts as often.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.spoken import in_digits
from privacy.recognizers.topics import SOMEBODY

# The number first: few places of a text have one, and most have something that stands before one.
_AGE = regex.compile(
    r"(?P<x>1[01][0-9](?<![0-9]{4})|[1-9][0-9](?<![0-9]{3}))(?!\w)"
    r"(?:(?<=(?:^|[,;(\[|\t][ ]?|(?<!\w)ages(?:[ ]\w+){0,3}:[ ]|(?<!\w)[FM]/|(?<=\p{L})[ ][-/][ ])[0-9]{2,3})(?=[,;)\]|\t]|[ ](?:[-/][ ]|[FM](?![\w'])|yrs?(?!\w)(?![ ]?ago)|years?(?=[.,;]))|$)(?!,[0-9])"
    r"|(?<=(?<!\w)age[sd]?[ ][0-9]{1,3}(?:,[ ]|[ ]and[ ])[0-9]{2,3})(?!\w|[.,][0-9])"
    r"|(?<=(?<!\w)(?:at|at just|at only|turned|reached|hits?|looks|looks about|looks around|not yet|barely|celebrat\w{1,3}|pt|patient|(?:fe)?male[.,;]?|(?:he|she)(?: is|'s)|a spry|been|mid-|late-|early-)[ ]?[0-9]{2,3})"
    r"(?=[.,;)][ \n]|[.,;)]?$|[ ](?:and|with|when|but|who|last|this|next|today|tomorrow|on|in|so|because|if|after|before|until|since|as|she|he|they|i|my|his|her)(?!\w)))",
    regex.MULTILINE | regex.IGNORECASE,
)
# "77F", "M57", "M 69": a temperature has its word.
_AGE_AND_SEX = regex.compile(
    r"(?<![\w.,$€£/°-])(?<!(?<!\w)(?:temp\w*|t|fever|oven|heat\w*|degrees?|of|to|was|is|at)[ :=]{1,2})(?P<x>1[01][0-9]|[1-9][0-9])[MF](?![\w'°])"
    # "55 WM", "55, B, F": the letter between is what forms call race.
    r"|(?<![\w.,$€£/:-])(?P<x>1[01][0-9]|[1-9][0-9])(?:,? ?[WBH]|, A|, AA),? ?/?[MF](?![\w'])"
    r"|(?<![\w.,/-])(?<!(?<!\w)(?:size|suite|apt|unit|room|level|section|type|model)[ :]{1,2})[MF] ?(?P<x>1[01][0-9]|[1-9][0-9])(?![\w%]|[.,:/-][0-9])"
)

# A number behind a word, of which `_is_of_somebody` asks who it is: "the groom 81.", "The twins are 15.", "pt 57 F".
_BEHIND_WORD = regex.compile(
    r"(?<![0-9])(?P<x>1[01][0-9]|[1-9]?[0-9])(?<=(?:\p{L}[,:]?|(?<!\w)pt\.)[ ]\(?[0-9]{1,3})(?=[,;.)!?](?![0-9])|\s*$|[ ]\(|[ ]?[MF](?![\w'°])|[ ](?:and|but|so|who|when|while|with|now|then|at (?:the|death|diagnosis|admission)|last|this|next|today|tomorrow|single|married|widowed|retired)(?!\w))",
    regex.MULTILINE,
)
_LINK = regex.compile(
    r"(?<!\p{L})(?P<who>\p{L}+)(?:(?<=(?<!\p{L})pt)\.)?(?P<link>[,:]?(?:[ ](?:of|is|was|are|were|be|aged?|turns|turned|turning|now|just|only|both|all|nearly|almost|about|around|as))*)(?:,|[ ]\(|:)?[ ]?\(?$",
    regex.IGNORECASE,
)
_IS = regex.compile(r"(?<!\w)(?:is|was|are|were|be|aged?|turns|turned|turning|both)(?!\w)")
_SUBJECTS = frozenset({"he", "she", "i"})
_OBJECTS = frozenset({"her", "him", "me", "them"})
# Who may have so many children, and what stands before a date or a number of people.
_PARENTS = frozenset("mother father mum mom dad mummy daddy parent parents".split())
_NOT_OF_AGE = (
    _OBJECTS | _SUBJECTS | frozenset("his hers my mine who whose myself born died age ages aged dob household surname forename maiden nobody emp staff".split())
)  # fmt: skip
# Persons where it is said that they are so old; "member 12" is a number.
_WHO_TOO = frozenset("client driver member guest worker candidate parent owner subscriber".split())
_PLURALS = frozenset({"men", "women", "children", "grandchildren", "triplets"})
_YOUNGEST_ALONE = 10
_LOOK_BACK = 40


def _is_of_somebody(text: str, start: int, end: int) -> bool:
    """Whether what stands right before a number is a word for somebody, and the number no count."""
    before = _LINK.search(text, max(0, start - _LOOK_BACK), start)
    if before is None:
        return False
    who, link = before["who"].casefold(), before["link"].casefold()
    said = _IS.search(link) is not None
    if who in _OBJECTS:
        return link == " as"
    if who in _SUBJECTS:
        return said
    if who in _WHO_TOO:
        return (said or who == "driver") and int(text[start:end]) > _YOUNGEST_ALONE
    plural = (
        who in _PLURALS or (who not in SOMEBODY and who.removesuffix("s") in SOMEBODY) or who.endswith("s")
    )
    if who in _NOT_OF_AGE or not (who in SOMEBODY or who.removesuffix("s") in SOMEBODY):
        return False
    if " of" in link:
        return who not in _PARENTS and int(text[start:end]) > _YOUNGEST_ALONE
    return said or (not plural and int(text[start:end]) >= _YOUNGEST_ALONE)


def lone_ages(text: str, clock: Clock) -> list[tuple[int, int]]:
    """What stands where ages do, in digits or in words."""
    ages = list(_in_digits(text, clock))
    for spoken in in_digits(text, clock):
        ages += [raw for span in _in_digits(spoken.text, clock) if (raw := spoken.raw(*span)) is not None]
    return ages


def _in_digits(text: str, clock: Clock) -> Iterator[tuple[int, int]]:
    for pattern in (_AGE, _AGE_AND_SEX):
        for match in matches(pattern, text, clock):
            yield match.span("x")
    for match in matches(_BEHIND_WORD, text, clock):
        if _is_of_somebody(text, *match.span("x")):
            yield match.span("x")
