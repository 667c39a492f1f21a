"""Finds a value beside a word that says what it is: "MRN no. 4481-22", "plate reads ABC 1234", "4481 is her badge".

Covered: the word before the value with filler between, the word before it with some other words between (for
kinds whose values have a telling form), the value before the word, lists of values. Not covered: a word in
another sentence or cell than its value.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import ahocorasick
import regex

from privacy.recognizers.needs import Pattern
from privacy.recognizers.rule import Clock, Match, matches
from privacy.records import Span

# Characters between a word and its value that are looked at.
_REACH = 56

# A number followed by one of these counts or measures something.
_UNITS = (
    r"%|°|percent|x\b|kgs?|g|mg|mcg|µg|ml|l|km|cm|mm|m|ft|feet|inch(?:es)?|miles?|lbs?|oz|[kmgt]i?b|bytes?|bits?|[kmg]?hz|ms|"
    r"secs?|seconds?|min|mins|minutes?|hours?|hrs?|days?|weeks?|months?|years?|yrs?|times|people|persons|users|customers|"
    r"patients|members|employees|staff|students|participants|clients|subscribers|items|pages|rows|records|files|lines|"
    r"points?|units|pieces|usd|eur|gbp|chf|dollars?|euros?|pounds|million|billion|thousand|requests|orders|tickets|"
    r"accounts|cases|claims|copies|beds|cards|numbers|tokens|words|characters|chars|base|parameters|worldwide|iterations|samples|nodes|cores|threads|packets|digits|entries|calls|votes|seats|stars"
)
NOT_MEASURED = rf"(?![ \t-]?(?:{_UNITS})(?!\w)|[.,:]?[0-9]|[€£$¥%])"

# An id of no known form: at least three characters with a digit, no date, price, version or clock time.
_BEGINS = r"(?<![\w$€£¥@.,#-])"
_PLAIN = (
    r"#?(?!(?:[0-3]?[0-9][-/.][0-3]?[0-9][-/.](?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9])(?![\w-]))"
    rf"(?![0-9]+(?:{_UNITS})(?!\w))"
    r"(?![vV][0-9]|[A-Za-z]{0,6}-?[0-9]{1,2}\.[0-9]{1,2}(?!\w|(?:\.[0-9]{2}){2}(?![\w.]))|[0-9]+\.[0-9]{1,2}(?!\w|(?:\.[0-9]{2}){2}(?![\w.]))|[0-9]{1,3}(?:[.,][0-9]{3})+(?!\w)|[0-9]+(?:st|nd|rd|th)(?!\w)|[0-9]+[-\s]?(?:year|month|week|day)s?(?!\w))"
)
# Capitals before a number that are its label and no part of it.
_NO_LABEL = r"(?!(?:I[DSNP]|N[OR]|ABA|MRN|SSN|UDID|SN|VIN|NUM|REF|ACCT?|DL|DEA|NPI|PIN|PO|TEL|FAX|EXP|CVV|OF|AT|ON|TO|THE|FOR|AND|IMEI|MAC|UUID)(?![\w-]))"
_BODY = r"[A-Za-z0-9](?:[-/_.]?[A-Za-z0-9]|[ ](?=[0-9]{2})|-{1,2}(?=[A-Za-z0-9])|[ ]-[ ](?=[0-9])(?![0-9]{1,3}[ ](?:pages?|pp|sheets|copies|items))|(?<=[0-9])[ ](?=(?!A[MT]|PM|U[SK]|I[NS]|O[FNR]|TO|BY|NO|NY|CA|TX|FL|IF)[A-Z]{2}(?![\w.])))"
# Without a digit near there is none: asked first, for most words have none.
ANY_ID = re.compile(
    rf"{_BEGINS}(?=#?(?:[A-Z]{{1,4}}[ ])?[A-Za-z/_.-]{{0,12}}[0-9]){_PLAIN}(?P<x>{_NO_LABEL}(?:[A-Z]{{1,4}}[ ](?=[A-Z0-9-]{{0,4}}[0-9]))?(?=[A-Za-z/_.-]{{0,12}}[0-9][A-Za-z/_. -]{{0,12}}[0-9]){_BODY}{{2,34}}+)(?!\w){NOT_MEASURED}"
)
# The same, but so much of an id that other words may stand between: six digits, or letters and digits mixed.
_TELLING_ID = re.compile(
    rf"{_BEGINS}(?=#?(?:[A-Z]{{1,4}}[ ])?[A-Za-z/_.-]{{0,27}}[0-9]){_PLAIN}(?P<x>{_NO_LABEL}(?:[A-Z]{{1,4}}[ ](?=[A-Z0-9-]{{0,4}}[0-9]))?"
    rf"(?=[0-9](?:[-/ ]?[0-9]){{5}}|[0-9]{{2,6}}-[A-Z]{{1,5}}-?[0-9]{{2}}|[A-Z]{{1,4}}[-/_]?[0-9]{{3}}|[A-Z]{{1,3}}[0-9]{{1,3}}[- ][0-9]{{2,}}|[A-Z]{{1,4}} [0-9]{{5}}|[A-Z0-9-]{{0,9}}[0-9]{{2}}[A-Z]|[0-9]{{2,}}-[0-9]{{2,}}|[A-Z]{{2,6}}(?:-[A-Z0-9]{{1,6}}){{1,3}}[0-9]){_BODY}{{4,34}}+)(?!\w){NOT_MEASURED}"
)

_LABEL = (
    r"(?:(?:, |[ _-]{0,2})(?:(?:numbers?|nums?|nbr|nos?|nr|ids?|identifiers?|identification|codes?|refs?|reference|nummer|numéro|"
    r"número|numero|numer)(?![a-z])\.?|[#№]|n[°º]\.?)){1,3}"
)
_FILLER = (
    r"is|was|are|were|be|been|reads?|reading|says?|said|saying|code|us|kept|held|filed|known|logged|saved|bears|bearing|carries|goes|shows?|showing|of|on file|on record|as|the|my|her|his|their|our|your|its|a|"
    r"an|ending|ends?|starts?|starting|begins|beginning|in|with|for|to|still|now|also|only|just|currently|listed|recorded|"
    r"registered|given|issued|assigned|being|it's|it is|that's|that is|which is|here|here's|comes? back|came back|"
    r"would be|should be|will be|must be|has|have|had|numbered|no|id|marked|stamped|printed|called|under|matches|matching|equals|"
    r"following|new|old|latest|current|stored|entered|noted|written|down|i have|i got|by|at|patient|me|him|"
    r"he|she|they|you|we|i|gave|gives?|handed(?: over)?|hand|showed|shown|produced|presented|provided|provides|quoted|quotes|told|read(?: out| back)?|reciting|recited|wrote|used|uses|holds?|holding|does|did|do|via|using|would|apparently|supposedly|allegedly|originally|previously|formerly|"
    r"ist|lautet|est|es|è|é|to|mit|con|avec|von|de|del|der|die|das|le|la|el|il|moja|meine|mein|mon|ma|mi|mia|mio|minha|meu|mijn"
)
_NEAR = regex.compile(rf"(?:[\s:=#–—→>|\"'`“”(\[*_,.-]|(?<![\w])(?:{_FILLER})(?!\w))*+", regex.IGNORECASE)
_STOP = re.compile(
    r"[$€£¥\n;!?{}]|[.] |(?<!\w)(?:versions?|v|ports?|pages?|chapter|section|figure|table|steps?|rooms?|floor|lines?|errors?|"
    r"models?|parts?|skus?|build|isbn|issues?|rfc|iso|balances?|values?|fees?|costs?|prices?|priced|totals?|amount\w*|limit\w*|worth|paid|pay|pays|"
    r"owe[sd]?|charged|charges|scores?|(?<!told )(?<!asked )(?<!heard )(?<!informed )(?<!notified )(?<!contacted )(?<!questioned )(?<!wrote )about|around|approximately|roughly|nearly|over|than|least|most|every|each|per|"
    r"temperature|weigh\w*|measures?|phone|tel|fax|call|street|road|avenue|zip|dated?|expire\w*|until|since|before|after|"
    r"and|but|or|not|invoice|percent|minutes|hours|days|years|because|while|when|if)(?!\w)",
    re.IGNORECASE,
)
_BEFORE = regex.compile(
    r"[\"'”’)\]]{0,2}[ ,]{0,2}(?:(?:[(=–—-]|(?:is|was|were|be|being|as|for|into|in|under|that's|that is|which is|belongs to)(?!\w))[ \"'(]{0,3}){1,2}"
    r"(?:(?:my|her|his|their|our|your|the|a|an|its|this|that|[\p{L}]{2,15}['’]s)[ ]){0,2}(?:\p{L}{2,14}[ -]){0,2}",
    regex.IGNORECASE,
)
# Nothing or a mark between a bare word and a value of some length: "employee 20931", "customer: 44-71".
_ADJACENT = re.compile(r"[ \t]{0,2}[:=#]?[ \t]{0,2}[\"'(]?")
_FIVE_PLACES = re.compile(
    r"^#?(?!(?:[0-9]+0{3,}|(?:19|20)[0-9]{2}.(?:19|20)?[0-9]{2})$)(?=(?:[^0-9]*[0-9]){4})[A-Z0-9](?:[-/_. ]?[A-Z0-9]){4,}$"
)
_NEXT = re.compile(r"\s?(?:,|;|/|&|and|or|und|et|y)\s?(?:and |or )?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of value and the words that announce it."""

    name: str
    entity_type: str
    phrases: tuple[str, ...]
    """Patterns in lower case. A blank matches blanks, "_", "-" or nothing; the first word starts with at least two plain letters."""
    value: Pattern = field(default=ANY_ID)
    """Where only filler stands between; its group `x` (or all of it) is the finding."""
    far: Pattern | None = None
    """Where other words stand between; None if the value has no telling form."""
    needs_label: bool = False
    """The word alone says too little: "number", "id", "#", ":" or the like must follow it."""
    check: Callable[[str], bool] | None = None
    """A checksum: makes the finding sure, its failure changes nothing."""
    score: float = 0.75
    unless_after: re.Pattern[str] | None = None
    """Words right before the phrase that make it a thing's: "part", "model"."""


def telling(name: str, entity_type: str, *phrases: str, check: Callable[[str], bool] | None = None) -> Kind:
    """A kind whose words are enough for any id beside them, and for a telling one further off."""
    return Kind(name, entity_type, phrases, far=_TELLING_ID, check=check)


def labelled(name: str, entity_type: str, *phrases: str) -> Kind:
    """A kind whose words mean an id only together with "number", "id", "#" or ":"."""
    return Kind(name, entity_type, phrases, far=_TELLING_ID, needs_label=True)


class WordedFinder:
    """One automaton over the first letters of all phrases, then each kind's own pattern at the few hits."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = tuple(kinds)
        self._words = [_compile(kind) for kind in self._kinds]
        by_stem: dict[str, list[int]] = {}
        for index, kind in enumerate(self._kinds):
            for stem in {_stem(phrase) for phrase in kind.phrases}:
                by_stem.setdefault(stem, []).append(index)
        self._automaton = ahocorasick.Automaton()
        for stem, indices in by_stem.items():
            self._automaton.add_word(stem, (len(stem), tuple(indices)))
        self._automaton.make_automaton()

    def find(self, text: str, clock: Clock) -> list[Span]:
        """Spans of values with a word beside them. Raises TimeoutError."""
        digits = [match.start() for match in re.finditer("[0-9]", text)]
        if not digits:
            return []
        lowered = _lower(text)
        values = _Values(text, clock)
        spans: list[Span] = []
        for count, (last, (length, indices)) in enumerate(self._automaton.iter(lowered)):
            start = last + 1 - length
            if start and lowered[start - 1].isalnum() or not _digit_near(digits, start):
                continue
            if count % 256 == 0:
                clock.left_s()
            for index in indices:
                word = self._words[index].match(lowered, start)
                if word is not None:
                    spans += self._beside(text, self._kinds[index], word, values)
        return spans

    @staticmethod
    def _beside(text: str, kind: Kind, word: re.Match[str], values: _Values) -> Iterator[Span]:
        """The values that belong to this word."""
        start, end = word.span()
        if kind.unless_after is not None and kind.unless_after.search(text, max(0, start - 20), start):
            return
        if not kind.needs_label or word["label"]:
            filled = _NEAR.match(text, end, min(len(text), end + _REACH))
            found = kind.value.match(text, filled.end()) if filled is not None else None
            if found is not None:
                # The nearest word names the kind, and of two equally near the longest.
                sure = kind.score + 0.0005 * min(end - start, 40) - 0.0005 * (found.start() - end)
                yield from _list_of(text, kind, found, sure, _bare_year(kind, word, found))
                return
            found = values.after(kind.far, end)
            if found is not None and _far_enough(text, end, found.start()):
                yield _span(kind, found, kind.score - 0.15)
                return
        else:
            found = values.after(kind.far, end)
            if found is not None and _NEAR.fullmatch(text, end, found.start()):
                yield _span(kind, found, kind.score - 0.1)
                return
            beside = _ADJACENT.match(text, end)
            found = kind.value.match(text, beside.end()) if beside is not None else None
            if found is not None and _FIVE_PLACES.search(found.group()):
                yield _span(kind, found, kind.score - 0.2)
                return
        found = values.before(kind.value, start)
        if found is not None and _BEFORE.fullmatch(text, found.end(), start):
            yield _span(kind, found, kind.score - 0.05)


class _Values:
    """Where the values of each form stand in one text: looked for once, however many words ask."""

    def __init__(self, text: str, clock: Clock) -> None:
        self._text = text
        self._clock = clock
        # By identity: what `re` compiled takes microseconds to hash.
        self._found: dict[int, list[Match]] = {}

    def _of(self, pattern: Pattern) -> list[Match]:
        if id(pattern) not in self._found:
            self._found[id(pattern)] = list(matches(pattern, self._text, self._clock))
        return self._found[id(pattern)]

    def after(self, pattern: Pattern | None, end: int) -> Match | None:
        """The first value that starts within reach of a word's end."""
        if pattern is None:
            return None
        found = self._of(pattern)
        at = bisect.bisect_left(found, end, key=lambda match: match.start())
        return found[at] if at < len(found) and found[at].start() - end <= _REACH else None

    def before(self, pattern: Pattern, start: int) -> Match | None:
        """The last value that ends within reach of a word's start."""
        found = self._of(pattern)
        at = bisect.bisect_left(found, start, key=lambda match: match.start()) - 1
        return found[at] if at >= 0 and 0 <= start - found[at].end() <= _REACH else None


def _list_of(text: str, kind: Kind, found: Match | None, score: float, skip: bool) -> Iterator[Span]:
    """The value and up to eight more that follow it."""
    for _ in range(9):
        if found is None or skip:
            return
        yield _span(kind, found, score)
        joint = _NEXT.match(text, found.end())
        found = kind.value.match(text, joint.end()) if joint else None
        # A looser number in a list ("... and 3 of 400") must at least look like the first.
        if found is not None and len(found.group()) < 4:
            return


def _span(kind: Kind, found: Match, score: float) -> Span:
    group: str | int = "x" if "x" in found.re.groupindex else 0
    start, end = found.span(group)
    if kind.check is not None and kind.check(found.group(group)):
        score = 0.97
    return Span(start, end, kind.entity_type, score, kind.name)


def _bare_year(kind: Kind, word: re.Match[str], found: Match) -> bool:
    """ "account 2019" names a year, "account no. 2019" an account; so does a number of three digits."""
    value = found.group().lstrip("#")
    if kind.value is not ANY_ID or word["label"]:
        return False
    return len(value) < 4 or bool(re.fullmatch(r"(?:19|20)[0-9]{2}s?", value))


def _far_enough(text: str, end: int, start: int) -> bool:
    """Whether what stands between is part of one sentence and does not count, price or name something else."""
    return _STOP.search(text, end, start) is None


def _digit_near(digits: list[int], start: int) -> bool:
    at = bisect.bisect_left(digits, start - _REACH)
    return at < len(digits) and digits[at] < start + 2 * _REACH


def _stem(phrase: str) -> str:
    """The plain letters that every match of the phrase begins with."""
    match = re.match(r"[^\W_]+(?:/[^\W_])?", phrase)
    assert match is not None and len(match[0]) >= 2, f"phrase {phrase!r} must begin with two plain letters"
    stem = match[0]
    return stem[:-1] if phrase[len(stem) : len(stem) + 1] in ("?", "*", "{") else stem


def _compile(kind: Kind) -> re.Pattern[str]:
    phrases = sorted((phrase.replace(" ", r"[ _-]{0,2}") for phrase in kind.phrases), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(phrases)})(?:['’]?s)?(?P<label>{_LABEL})?(?![^\W_])")


def _lower(text: str) -> str:
    """In lower case, with every character where it was."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
