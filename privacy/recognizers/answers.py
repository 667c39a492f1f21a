"""Finds what answers a question on the line before: a name, an age, a nation, as transcripts and interviews have them.

Covered: English questions for a name, for who somebody is, for an age and for where somebody is from, answered at the beginning of the next line, behind a
word for who speaks and some filler. Not covered: answers of everyday words alone, answers later on.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from privacy.recognizers.people import NOT_NAMES, given_names, surnames
from privacy.recognizers.peoples import is_people
from privacy.recognizers.rule import Clock, matches
from privacy.records import Span

_SPEAKER = r"(?:\[[^\]\n]{1,12}\][ ]?)?(?:[\p{L}#][\p{L}\d .#'’-]{0,24}:[ ]?|(?:agent|caller|customer|client|patient|operator|dispatcher|interviewer|interviewee|witness|officer|nurse|doctor|advisor|adviser|user|member|guest|passenger|tenant|speaker[ ](?:one|two|three|[a-c]|\d)|[qa])[.,]?[ ])?"
_FILLER = r"(?:(?:yes|yeah|yep|yup|um+|uh+|erm?|oh|ah|well|so|sure|of course|okay|ok|right|hi|hiya|hello|it['’]?s|it is|that['’]?s|that would be|that['’]?ll be|i['’]?m|i am|he['’]?s|she['’]?s|my name is|my name['’]?s|(?:her|his|the|first) name['’]?s|(?:her|his|the|first) name is|this is|name['’]?s|just|sorry|mr|mrs|ms|miss|dr|called|she was|he was|born in|from|maybe|about|nearly)[,.]?[ ]){0,6}"
_QUESTION = regex.compile(
    rf"(?P<asked>(?<!\w)(?:(?:sur|full |first |last |middle |maiden |family )?name|who(?:['’]s| am i| are you| is| was| were| did| else| do)|speaking (?:to|with)|how old|ages?|nationality|citizenship|ethnicity|ethnic \w+|religion|where (?:are|were) (?:you|they) (?:from|born)|where (?:is|was) (?:s?he) (?:from|born))(?!\w)[^\n]{{0,70}})(?:\n|(?<=(?:your|full|sur|last|first|who am i|how old)(?!\w)[^.?\n]{{0,40}})[.?][ ](?=[^\n]{{0,60}}[.?]|[^\n]{{0,60}}$)){_SPEAKER}{_FILLER}(?P<answer>[^\n]{{1,60}})",
    regex.IGNORECASE,
)
_FOR_NAME = regex.compile(r"name|who|speaking (?:to|with)", regex.IGNORECASE)
_FOR_AGE = regex.compile(r"(?<!\w)(?:how old|ages?)(?!\w)", regex.IGNORECASE)
_FOR_NATION = regex.compile(r"nationality|citizenship|ethnic|religion|where", regex.IGNORECASE)
_WORD = regex.compile(r"[\p{L}][\p{L}'’.-]{0,24}")
_NUMBER = regex.compile(
    r"(?<![\w.,$€£/:-])(?:1[01]\d|[1-9]?\d|(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen))(?=[ ]?(?:$|[,.?!;)](?!\d)|[ ](?:and|now|next|this|last|but|so|i|he|she|years?|yeah|love|going|nearly|almost)(?!\w)))",
    regex.IGNORECASE,
)
_MOST_WORDS = 4


def find_answers(text: str, clock: Clock, words: frozenset[str]) -> list[Span]:
    """Spans of what was asked for; `words` are everyday words in lower case, without which there are none. Raises TimeoutError."""
    if not words:
        return []
    spans: list[Span] = []
    for match in matches(_QUESTION, text, clock):
        asked, (start, end) = match["asked"], match.span("answer")
        if _FOR_NAME.search(asked):
            spans += _names(text, start, end, words)
        if _FOR_AGE.search(asked) and (age := _NUMBER.search(text, start, end)):
            spans.append(Span(age.start(), age.end(), "AGE", 0.5, "age answered"))
        if (
            _FOR_NATION.search(asked)
            and (word := _WORD.match(text, start, end))
            and (is_people(word.group()) or word.group().casefold() not in words)
        ):
            spans.append(Span(word.start(), word.end(), "NRP", 0.45, "nation answered"))
    return spans


def _names(text: str, start: int, end: int, words: frozenset[str]) -> Iterator[Span]:
    """The words at the beginning of an answer that name somebody, wherever they stand in the text."""
    last = at = start
    run = list(_WORD.finditer(text, start, end))[:_MOST_WORDS]
    kinds = [_is_name(match.group(), words) for match in run]
    for place, match in enumerate(run):
        # A word that is an everyday one too names somebody where a name follows: "hui ouyang".
        follows = place == 0 and len(run) > 1 and text[match.end() : run[1].start()] == " " and kinds[1]
        if match.start() != at or kinds[place] is None or not (kinds[place] or follows):
            break
        last, at = match.end(), match.end() + 1
        if text[last:at] != " ":
            break
    name = text[start:last].rstrip(" .-")
    if len(name) < 2:
        return
    yield Span(start, start + len(name), "PERSON", 0.45, "name answered")
    if not all(part in words for part in name.casefold().split()):
        again = regex.compile(rf"(?<![\w-]){regex.escape(name)}(?![\w-])", regex.IGNORECASE)
        for match in again.finditer(text):
            yield Span(match.start(), match.end(), "PERSON", 0.45, "name answered")


def _is_name(word: str, words: frozenset[str]) -> bool | None:
    """Whether a word is a name or no everyday word; None if it is never one."""
    plain = word.casefold().removesuffix("'s").strip(".")
    if plain in NOT_NAMES:
        return None
    return plain not in words or plain in given_names() or plain in surnames()
