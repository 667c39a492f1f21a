"""Finds codes and numbers that no word announces, in a text that speaks of a person or of what is done with persons: whoever writes
"we unblinded K3D9-XP4R, he was on the active drug" means somebody by it.

Covered: capitals with digits, digits in groups, five digits and more, a few letters before hexadecimal digits, plates where cars are
spoken of, ages set off by commas. Not covered: codes in lower case, codes of fewer than three digits, texts of nothing but code and
goods. What has such a form and is nobody's (a model, a form, a dose, a sum) is told by its letters and by the words beside it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import regex

from privacy.recognizers.age_alone import lone_ages
from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.topics import (
    CARS,
    FIRST_PERSON,
    GOODS,
    POSTAL,
    POSTAL_TOO,
    SETTING,
    SOMEBODY,
    WORD,
    Places,
)
from privacy.recognizers.worded import NOT_MEASURED
from privacy.recognizers.zips import NO_ZIP
from privacy.records import Span

# How far off the person may be: about two sentences. For an age, about one clause.
_REACH, _NEAR = 160, 60
_SCORE = 0.36

# Not in the middle of a longer code, an address of mail; a number not in the middle of a decimal, a time or a sum.
_START, _END = r"(?<![A-Za-z0-9$€£¥@%])(?<![0-9A-Za-z]-)", r"(?![A-Za-z0-9%@]|-[A-Z0-9])"
_BEFORE_DIGITS, _AFTER_DIGITS = (
    r"(?<![0-9][.:*^+_])",
    r"(?![.:*^+_][0-9]|[ ][-+*/=<>][ ]?[0-9](?![0-9]?[ ](?:pages|pp|items|copies|sheets)|[0-9]{2}[-. )][0-9]{3}))",
)
_CODE = re.compile(
    # "fpt_75fed324", "VP-4284-1b45".
    rf"{_START}(?=[A-Za-z0-9])(?:[A-Za-z]{{2,5}}[-_](?=[a-f-]{{0,9}}[0-9])[0-9a-f]{{4,16}}(?:-[0-9a-f]{{4,12}}){{0,4}}+(?:[-_][A-Za-z0-9]{{1,6}})?"
    # Capitals and digits, in groups or not: three digits at least and one letter.
    r"|(?=(?:[A-Z-]{0,20}[0-9]){3})(?=[0-9-]{0,20}[A-Z])[A-Z0-9]{1,14}(?:-[A-Z0-9]{1,12}){0,4}+|[0-9]{4,8}/[0-9]{2,4}/[A-Z0-9]{1,3}"
    # Digits in groups, or unbroken.
    rf"|{_BEFORE_DIGITS}(?:[0-9]{{2,12}}(?:-[0-9]{{2,8}}){{1,4}}+|[0-9]{{5,12}}+){_AFTER_DIGITS}){_END}"
)
# What has the form and is nobody's: years and spans of numbers, round sums, standards, chips, government forms.
_NOBODYS = regex.compile(
    r"(?:19|20)[0-9]{2}(?:-(?:19|20)?[0-9]{2,4})?|[0-9]+0{3,}|[0-9]{2,4}-[0-9]{2,4}|([0-9])\1+|12345[0-9]*"
    r"|(?![A-Z]{2}-[0-9]{3}-[A-Z]{2}(?!\w))(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|UL|SAE|MIL|CVE|ORA|ERR|UTF|SHA|AES|TLS|HTTP|RTX|GTX|DDR|USB|PCI|COVID|SARS|USC|CFR)-?[0-9]{1,5}(?:-.*)?|(?:FY|CY)-?(?:20)?[0-9]{2}"
    r"|UB-?[0-9]{2}|(?:DS|CMS|HCFA|DD|SF|VA|FDA|IRS|FORM|SSA|ICD|CPT|DSM)-?[0-9]{1,4}[A-Z]?|[INW]-?[0-9]{3}[A-Z]?"
)
_BETWEEN = r"(?:[ ](?:no\.?|number|is|was|of|the|a|an|to|type|code))*[ \t:#(\"'=]{0,3}$"
_THING_BEFORE = regex.compile(
    r"(?<!\p{L})(?:parts?|skus?|models?|versions?|v|builds?|releases?|revision|rev|firmware|errors?|http|ports?|commits?|catalog(?:ue)?|article|standards?|rfc|iso|forms?|cpt|hcpcs|icd(?:-?10)?|drg|ndc|lots?|batch|isbn|issn|doi|pmid|"
    rf"usd|eur|gbp|chf|chips?|gaskets?|seals?|bearings?|screws?|bolts?|filters?|cartridges?|batter(?:y|ies)|toner|printers?|tv){_BETWEEN}",
    regex.IGNORECASE,
)
# The same, for what is no telling id.
_PLACE_BEFORE = regex.compile(
    rf"(?<!\p{{L}})(?:exit|status|pages?|chapter|section|figure|table|line|rows?|bus|route|highway|interstate|flight|train|room|rm|floor|channel){_BETWEEN}",
    regex.IGNORECASE,
)
_SUM_BEFORE = regex.compile(
    r"(?<!\p{L})(?:price[ds]?|costs?|total(?:s|ling)?|amounts?|sum|fees?|paid|pays?|salary|earn\w*|owe[sd]?|worth|spen[dt]|sen[dt]|transfer(?:red)?|withdr[ae]w|charged|sold|served|counted|approximately|roughly|than|exceeds?|up to)"
    r"(?:[ ](?:is|was|of|the|a|to))*[ \t:(]{0,3}$",
    regex.IGNORECASE,
)
# So much of an id that nobody need be spoken of, if no goods are: six digits in groups or with letters, seven alone.
_TELLING = regex.compile(
    r"(?=(?:[A-Z-]*[0-9]){6})(?=[0-9]*[A-Z-])[A-Z0-9-]+|[0-9]{7}|[0-9]{4,8}/[0-9]{2,4}/[A-Z0-9]{1,3}|[A-Za-z]{2,5}[-_][0-9a-f]{8,}(?:[-_]\w+)?|[A-Z]{2,5}(?:-[0-9a-f]{4})+(?:[-_]\w+)?"
)
_MEASURED = regex.compile(rf"(?!{NOT_MEASURED})|-(?!area|based)\p{{Ll}}")
_THING_AFTER = regex.compile(
    r"[\"')]?[ ](?:forms?|model|edition|version|series|error|standard|chip|cartridges?|batter(?:y|ies)|steps|square|sq|calories|kcal|copies|views|followers|likes|miles|jobs|homes|words|deaths|cases|americans?|soldiers|refugees|workers|signatures|inhabitants|residents|fans|spectators)(?!\w)",
    regex.IGNORECASE,
)
_LOOK_BACK = 30
# A code that says of itself that it stands for a body.
_OF_A_BODY = regex.compile(
    r"(?:bio|biom|iris|face|voice|palm|thumb|fprt?|fpt|gait|vein|retin)[-_]?(?=[a-f-]{0,9}[0-9])[0-9a-f-]{4,}",
    regex.IGNORECASE,
)
# Who did it: what is done by a part or a version is no deed.
_DONE_BY = regex.compile(
    r"(?<!\p{L})(?!(?:replaced|superseded|followed|preceded|divided|multiplied|powered|driven|covered|defined|required|specified|governed|measured|supported|succeeded|exceeded|caused|triggered|raised|indicated|denoted|limited|increased|"
    r"decreased|reduced|affected|controlled|fixed|introduced|closed|resolved|blocked|shifted|offset|sorted|ordered|grouped|joined|indexed)(?!\p{L}))"
    r"\p{L}{2,}(?:ed|wn|ven|ken|ade|ept|ent|read|run|put)(?:[ ](?:up|out|off|in|on|over|back|twice|again|today))?[ ]by[ :]{1,2}$"
    r"|(?<!\p{L})(?:charted|documented|dictated|clocked[ ]in|logged[ ]in|signed[ ](?:in|on))[ ](?:under|as)[ :]{1,2}$"
    r"|(?<!\p{L})(?:on duty|on call|covering|relief|crew|shift)[ ]?:[ ]$|(?<!\p{L})(?:witnessed|counter-?signed|preceptor|interviewer|mentor|supervisor)[ :]{1,2}$"
    r"|(?<!\p{L})(?:approved|signed|witnessed|checked|verified|authori[sz]ed|administered|dispensed|prepared|collected|counted|supervised|cashier|clerk)(?:[ ](?:by|on duty))?:[ ]?$",
    regex.IGNORECASE | regex.REVERSE,
)

# Whom it is done to, and what only somebody does.
_DONE_TO = regex.compile(
    r"(?<!\p{L})(?:(?:handed(?:[ ]over)?|given|paid|lent|belong(?:s|ed|ing)?|reassigned|entrusted|reports?|reporting|apologi[sz]ed|spoke|spoken|listened|owed|promoted|issued|returned|addressed)[ ]to|(?:complain(?:t|ts|ed|ing)|grievances?|allegations?|commendation|concerns?|feedback)[ ](?:about|against|for|from|by)"
    r"|(?:salary|wages|pay|overtime|holiday|hours|shifts?|leave|pension|training|references?|statement|uniform|lanyard|fob|locker|lost card|signature|initials|handwriting|rep|cover|relief|sick leave|w-?2|p45|p60|payslip|paycheck|timesheet|badge)[ ](?:of|for|from)|(?:de|re)activate|off-?board|onboard|ask(?:ed)?|tell|told|thank(?:ed)?|remind(?:ed)?|reliev(?:ed?|ing)|promoted?|dismiss(?:ed)?|suspend(?:ed)?|interview(?:ed)?|invited?|accompan(?:y|ied)|ee)[ :]{1,2}$",
    regex.IGNORECASE,
)
_DOES = regex.compile(
    r"(?:['’]s)?[ ](?:(?:has|had|have)[ ](?:been[ ](?:off|ill|sick|away|absent|paid|seen|told|asked|warned|trained)|resigned|retired|left|agreed|refused|asked|signed|complained|passed|completed)|(?:is|was)[ ](?:on[ ](?:leave|call|duty|sick|holiday|shift|nights|days|lates|earlies|maternity|break|lunch|probation|light duty|the (?:rota|roster))|no longer (?:employed|here|with us|working)|off|late|sick|ill|absent|away|pregnant|injured|hired|dismissed|paid|seen|told|asked|sent home|trained|promoted|unwell|tired|drunk|rude|crying|interviewed|suspended|terminated)"
    r"|did[ ](?:the|a|his|her|not|it|both)(?!\p{L})|no longer[ ](?:employed|works?|working|here|with[ ]us)|on[ ](?:break|lunch|leave|maternity leave|sick leave|nights|call|shift)|slipped|tripped|fell|fainted|worked|resigns?|resigned|retires?|retired|called[ ](?:in|off)|asked|said|says|told|wrote|replied|apologi[sz]ed|refused|declined|attended|signed|swapped|complained|overslept|forgot|remembers?|noticed|witnessed|admitted|denies|denied[ ](?:it|any|all|having)|wants|thinks|feels|claims|insists|passed[ ](?:the[ ](?:course|exam|test)|away|out)|drew|hurt|cut[ ](?:her|his|their)|starts[ ](?:on[ ])?(?:mon|tues|wednes|thurs|fri|satur|sun|next|tomorrow|today)\w*)(?!\p{L})",
    regex.IGNORECASE,
)

_PLATE_CHARS = 10
# Letters and digits that take turns so often were drawn at random, as no model's name is.
_MANY_TURNS = 4
# Four digits behind three letters: a plate, unless the letters are a month, a currency or a standard.
_PLATE = regex.compile(
    rf"{_START}(?!(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|MON|TUE|WED|THU|FRI|SAT|SUN|USD|EUR|GBP|CHF|ISO|RFC|DIN|BMW|AMG|EXT|TEL|FAX|BOX|APT|HWY|THE|AND|FOR|MOT|REG|VIN|ICD|CPT|ICU)[ ])[A-Z]{{3}}[ ][0-9]{{4}}{_END}(?![ ]?[A-Z]{{2}}(?!\w))"
)
_PEOPLE = frozenset({"PERSON", "TITLE", "AGE", "DATE_OF_BIRTH", "US_SSN", "USERNAME"})
_PLACES = frozenset({"ADDRESS", "LOCATION"})


def find_unworded(text: str, spans: Sequence[Span], clock: Clock) -> list[Span]:
    """Codes, plates and ages of somebody; `spans` is what was found already. Raises TimeoutError."""
    codes = [
        match.span()
        for match in matches(_CODE, text, clock)
        if _OF_A_BODY.fullmatch(match.group()) or not _is_nobodys(text, *match.span())
    ]
    plates = [match.span() for match in matches(_PLATE, text, clock)]
    ages = lone_ages(text, clock)
    if not (codes or plates or ages):
        return []
    said: list[tuple[int, str]] = [(m.start(), m.group().casefold()) for m in WORD.finditer(text)]
    named = [span.start for span in spans if span.entity_type in _PEOPLE]
    clock.left_s()
    somebody = Places(named + [at for at, word in said if word in SOMEBODY])
    setting = Places([at for at, word in said if word in SETTING])
    cars = Places([at for at, word in said if word in CARS])
    return [
        *_codes(text, codes, somebody, setting, cars, said, spans),
        *(
            Span(start, end, "VEHICLE_ID", _SCORE, "unworded plate")
            for start, end in plates
            if somebody.near(start, end, _REACH)
            or cars.near(start, end, _REACH)
            or (setting.near(start, end, _REACH) and text[end - 4 : end - 2] not in ("19", "20"))
        ),
        *(
            Span(start, end, "AGE", _SCORE, "unworded age")
            for start, end in ages
            if somebody.near(start, end, _NEAR) or setting.near(start, end, _NEAR)
        ),
    ]


def _codes(
    text: str,
    codes: Sequence[tuple[int, int]],
    somebody: Places,
    setting: Places,
    cars: Places,
    said: Sequence[tuple[int, str]],
    spans: Sequence[Span],
) -> Iterator[Span]:
    first = Places([at for at, word in said if word in FIRST_PERSON])
    goods = Places([at for at, word in said if word in GOODS])
    area = Places([at for at, word in said if word in POSTAL_TOO])
    postal = Places(
        [at for at, word in said if word in POSTAL]
        + [span.start for span in spans if span.entity_type in _PLACES]
    )
    for start, end in codes:
        digits = sum(map(str.isdigit, text[start:end]))
        if end - start == 5 == digits:
            possible = text[start : start + 3] not in NO_ZIP and not text.endswith("00", start, end)
            told = any(words.near(start, end, _REACH) for words in (somebody, setting, postal))
            ours = (first.near(start, end, _REACH) or area.near(start, end, _REACH)) and not goods.near(
                start, end, _REACH
            )
            if possible and (told or ours):
                yield Span(start, end, "POSTCODE", _SCORE, "unworded number")
        elif (
            somebody.near(start, end, _REACH)
            or setting.near(start, end, _REACH)
            or _OF_A_BODY.fullmatch(text, start, end) is not None
            or _DONE_BY.search(text, max(0, start - _LOOK_BACK), start) is not None
            or (_is_somebodys(text, start, end) and not goods.near(start, end, _REACH))
            or (digits >= 6 and first.near(start, end, _REACH))
            or (
                end - start <= _PLATE_CHARS
                and cars.near(start, end, _REACH)
                and not goods.near(start, end, _REACH)
            )
            or (
                (_TELLING.fullmatch(text, start, end) is not None or _turns(text[start:end]) >= _MANY_TURNS)
                and not goods.near(start, end, _REACH)
            )
        ):
            yield Span(start, end, "REFERENCE_ID", _SCORE, "unworded code")


def _is_somebodys(text: str, start: int, end: int) -> bool:
    """Whether only somebody does what is said after it, or has done to him what is said before."""
    return (
        _DONE_TO.search(text, max(0, start - _LOOK_BACK), start) is not None
        or _DOES.match(text, end) is not None
    )


def _turns(code: str) -> int:
    """How often letters give way to digits, or digits to letters."""
    plain = [char.isdigit() for char in code if char.isalnum()]
    return sum(left != right for left, right in itertools.pairwise(plain))


def _is_nobodys(text: str, start: int, end: int) -> bool:
    before = max(0, start - _LOOK_BACK)
    return (
        _NOBODYS.fullmatch(text, start, end) is not None
        or _THING_BEFORE.search(text, before, start) is not None
        or _THING_AFTER.match(text, end) is not None
        or (
            _TELLING.fullmatch(text, start, end) is None
            and _PLACE_BEFORE.search(text, before, start) is not None
        )
        or (text[start:end].isdigit() and _MEASURED.match(text, end) is not None)
        or (
            end - start < 7
            and text[start:end].isdigit()
            and _SUM_BEFORE.search(text, before, start) is not None
        )
    )
