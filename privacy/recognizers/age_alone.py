"""Finds ages that no word announces: a number set off by commas, behind a word for somebody, beside a sex.

Covered: 10 to 119, in digits or in words, as places that may be an age: `unworded` asks whether anybody is spoken of. Not covered: ages of small children, which are
counts as often.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.spoken import in_digits

# The number first: few places of a text have one, and most have something that stands before one.
_AGE = regex.compile(
    r"(?<![0-9])(?P<x>1[01][0-9]|[1-9][0-9])"
    r"(?:(?<=(?:^|[,;(\[|\t][ ]?|(?<!\w)ages(?:[ ]\w+){0,3}:[ ]|(?<!\w)[FM]/|(?<=\p{L})[ ][-/][ ])[0-9]{2,3})(?=[,;)\]|\t]|[ ](?:[-/][ ]|[FM](?![\w'])|yrs?(?!\w)(?![ ]?ago)|years?(?=[.,;]))|$)(?!,[0-9])"
    r"|(?<=(?<!\w)age[sd]?[ ][0-9]{1,3}(?:,[ ]|[ ]and[ ])[0-9]{2,3})(?!\w|[.,][0-9])"
    r"|(?<=(?<!\w)(?:at|at just|at only|turned|reached|hits?|looks|looks about|looks around|not yet|barely|celebrat\w{1,3}|pt|patient|male|female|(?:he|she)(?: is|'s)|a spry|been|mid-|late-|early-)[ ]?[0-9]{2,3})"
    r"(?=[.,;)][ \n]|[.,;)]?$|[ ](?:and|with|when|but|who|last|this|next|today|tomorrow|on|in)(?!\w)))",
    regex.MULTILINE | regex.IGNORECASE,
)
# "77F", "M57", "M 69": a temperature has its word.
_AGE_AND_SEX = regex.compile(
    r"(?<![\w.,$€£/°-])(?<!(?<!\w)(?:temp\w*|t|fever|oven|heat\w*|degrees?|of|to|was|is|at)[ :=]{1,2})(?P<x>1[01][0-9]|[1-9][0-9])[MF](?![\w'°])"
    r"|(?<![\w.,/-])(?<!(?<!\w)(?:size|suite|apt|unit|room|level|section|type|model)[ :]{1,2})[MF] ?(?P<x>1[01][0-9]|[1-9][0-9])(?![\w%]|[.,:/-][0-9])"
)


def lone_ages(text: str, clock: Clock) -> list[tuple[int, int]]:
    """What stands where ages do, in digits or in words."""
    patterns = (_AGE, _AGE_AND_SEX)
    ages = [match.span("x") for pattern in patterns for match in matches(pattern, text, clock)]
    spoken = in_digits(text)
    if spoken is not None:
        found = (match for pattern in patterns for match in matches(pattern, spoken.text, clock))
        ages += [raw for match in found if (raw := spoken.raw(*match.span("x"))) is not None]
    return ages
