"""Finds what is read out sign by sign: "b for bravo seven two", "tango alpha four", "n w two six q u", and the name that letters spell.

Covered: letters alone, by the radio's alphabet or by a word that begins with them, numbers in words, in one run; four figures or a letter among figures where a word for
a number or a code stands before. Not covered: fewer signs; letters that no word of names announces.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

import regex

from privacy.recognizers.prefilter import may_match
from privacy.recognizers.rule import Clock, Match, matches, one_of
from privacy.recognizers.rule import words as words_of
from privacy.records import Span

_RADIO = one_of(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky x-ray xray yankee zulu".split()
)
_NUMBER = one_of(
    "zero oh nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split()
)
# "b for bravo", "b as in boy"; "b, bravo".
_WORDED = r"(?P<worded>(?P<letter>[a-z])(?:[ ,]{1,2}as[ ](?:in|for)[ ](?:the[ ])?(?:x-ray|\p{L}{2,14})|[ ,]{1,2}(?:is[ ])?(?:for|like)[ ,]{1,2}(?P=letter)(?:-ray|\p{L}{2,12}))(?![\w'’-]))"
_BARE = r"(?P<bare>(?P<first>[a-z])[ ,]{1,2}(?P=first)(?:-ray|\p{L}{2,12})(?![\w'’-]))"
# Five figures in words are digits by now, the last of them a letter at times: "89490 as in oscar".
_FIGURES = r"(?P<figures>\d{1,12}[a-z]?)(?!\w|\.\d)(?:[ ]as[ ]in[ ]\p{L}{2,14})?"
_SIGN = rf"(?:{_WORDED}|{_BARE}|(?P<radio>{_RADIO})(?![\w'’])|(?P<number>{_NUMBER})(?![\w'’])|(?:double|triple)(?!\w)|{_FIGURES}|(?P<plain>[a-z])(?![\w'’]))"
_BETWEEN = r"[ ,-]{1,3}(?:(?:dash|hyphen|slash|stroke|space|then|and[ ]then|um+|uh+|erm?|ah|capital|number)[ ,]{1,2}){0,2}"
_RUN = regex.compile(rf"(?<![\w'’@.$£€-]){_SIGN}(?:{_BETWEEN}{_SIGN}){{1,40}}+", regex.IGNORECASE)
_CODE = words_of(
    r"numbers?", r"no\.?", r"digits?", r"codes?", r"ref\w*", r"cards?", r"accounts?", r"pin", r"end(?:s|ing|ed)", r"polic\w+", r"member\w*", r"reg\w*", r"plates?", r"serial", r"badge", r"ext\w*",
    r"ids?", r"post ?codes?", r"zip", r"licen[cs]e", r"passports?", r"bookings?", r"orders?", r"claims?", r"case", r"tickets?", r"pnr", r"imei", r"barcode", r"tracking", r"collar", r"crime",
)  # fmt: skip
_NAMES = words_of(
    r"spell\w*",
    r"(?:sur)?name(?:['’]?s)?",
    r"that['’]?s",
    r"it['’]?s",
    r"last",
    r"first",
    r"caller",
    r"called",
)
# Without one of these nothing is read out; most texts have none, and a run of signs may begin at every letter.
_HINT = regex.compile(
    rf"(?<!\w)(?:{_NUMBER}|{_RADIO})(?!\w)|[ ]as[ ](?:in|for)[ ]|(?<!\w)[a-z][ ]for[ ]|\d{{5}}|(?:spell|name)",
    regex.IGNORECASE,
)
_REACH = 80
_ENOUGH = 4
# Alone they are words.
_ALSO_WORDS = frozenset("aio")


def find_read_out(text: str, clock: Clock) -> list[Span]:
    """Spans of codes read out, of names spelled with words, and of such a name wherever else it stands. Raises TimeoutError."""
    spans: list[Span] = []
    if not may_match(_HINT, text):
        return spans
    for match in matches(_RUN, text, clock):
        numbers, figures, bare = match.captures("number"), match.captures("figures"), match.captures("bare")
        plain = [letter.casefold() for letter in match.captures("plain")]
        edge = len(list(takewhile(_ALSO_WORDS.__contains__, plain)))
        told = len(match.captures("worded")) + len(match.captures("radio"))
        alone = len(plain) - edge
        # "a and" is no letter with its word; two in a row are.
        if told or len(bare) > 1:
            told += len(bare)
        else:
            alone += len(bare)
        # Figures and single letters in print are lists and statutes, "2 x 20" counts.
        if plain == ["x"]:
            continue
        heard = told or numbers or any(len(run) > _ENOUGH for run in figures)
        count = len(numbers) + sum(map(len, figures))
        before = max(0, match.start() - _REACH), match.start()
        if not count:
            spans += _spelled(match, text, before)
        elif heard and (
            (told > 1 and told + alone + count >= _ENOUGH)
            or (told + alone > 1 and count > 1 and told + alone + count > _ENOUGH)
            or (told + len(plain) + count >= _ENOUGH and _CODE.search(text, *before) is not None and (numbers or told + alone))
        ):  # fmt: skip
            spans.append(Span(match.start(), _end(match, text), "REFERENCE_ID", 0.5, "read out"))
    return spans


def _end(match: Match, text: str) -> int:
    """Without "i" or "a" where a sentence goes on with it: "two five y r i think"."""
    last = match.end()
    goes_on = text[last - 2 : last].casefold() in (" i", " a") and text[last : last + 1] == " "
    return last - 2 if goes_on else last


def _spelled(match: Match, text: str, before: tuple[int, int]) -> Iterator[Span]:
    """The letters and the name they spell; nothing if no word of names stands before and few of them have a word."""
    worded = len(match.captures("worded")) + len(match.captures("bare"))
    signs = sorted(
        (start, found[0])
        for group in ("worded", "bare", "radio", "plain")
        for start, found in zip(match.starts(group), match.captures(group), strict=True)
    )
    sure = worded > 1 or len(match.captures("radio")) >= _ENOUGH
    if len(signs) < (_ENOUGH - 1 if worded else _ENOUGH) or not (sure or _NAMES.search(text, *before)):
        return
    yield Span(match.start(), match.end(), "PERSON", 0.5, "spelled out")
    again = regex.compile(rf"(?<!\w){''.join(letter for _, letter in signs)}(?!\w)", regex.IGNORECASE)
    for found in again.finditer(text):
        yield Span(found.start(), found.end(), "PERSON", 0.4, "spelled name")
