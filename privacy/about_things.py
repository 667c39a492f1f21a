"""Lets go of weak findings where a text speaks of things and of nobody: "the index is 5", "mould VY-2718", "span_id=7f3a9c01".

Covered: what models claim, and what rules find by form alone or beside a word that things have too, in English. Not covered: findings
that a checksum proves, that a word for a person's number announces, or that stand within three sentences of somebody; logins beside a word for accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from privacy.recognizers.people import given_names
from privacy.recognizers.thing_words import THINGS
from privacy.recognizers.topics import GOODS, SETTING, SOMEBODY, WORD, Places
from privacy.records import Span

# A code that says of itself that it stands for a body, a record or a device.
_SAYS_WHOSE = regex.compile(
    r"(?:mrn|sn)[-:]?\w[\w-]+|(?:bio|biom|iris|face|voice|palm|thumb|fprt?|fpt|gait|vein|retin)[-_]?[0-9a-f-]{4,}",
    regex.IGNORECASE,
)
# How far off somebody may be, and how much of the text says what it speaks of.
_REACH, _AROUND = 240, 120
_MODELS = frozenset({"transformer", "spacy"})
# Rules that go by the form alone, or by a word that stands beside things as often.
_BY_FORM = frozenset(
    {
        "unworded code", "unworded number", "unworded plate", "unworded age", "long number", "lettered number", "labelled code", "id labelled", "employee labelled",
        "order prefixed", "age told", "by itself", "underscored", "strange word", "of a name", "user did", "done by", "name in a field", "surname in a field", "beside a name",
        "between numbers", "day and month of two digits", "corner", "district", "whose number", "organisation by its words", "given name", "street", "id",
    }
)  # fmt: skip
# What a model is so sure of is no slip.
_SURE = 0.69
_BESIDE = 24
# A finding of these says that somebody is meant, however it was found.
_PERSONAL = frozenset(
    {"EMAIL_ADDRESS", "US_SSN", "DATE_OF_BIRTH", "TITLE", "IBAN_CODE", "CREDIT_CARD", "MEDICAL_RECORD", "HEALTH_PLAN", "PASSPORT"}
)  # fmt: skip
_CODES = frozenset(
    """POSTCODE NATIONAL_ID DRIVER_LICENSE TAX_ID REFERENCE_ID ORDER_ID CASE_ID EMPLOYEE_ID CUSTOMER_ID DEVICE_ID LICENSE_ID VEHICLE_ID PASSPORT BANK_ACCOUNT
    MEDICAL_RECORD HEALTH_PLAN BIOMETRIC_ID US_SSN CREDIT_CARD""".split()
)
# Units, marks of code, files, versions, formulas: each sort is worth a word.
_MARKS = tuple(
    map(
        regex.compile,
        (
            r"(?<![\w.])[0-9]+(?:[.,][0-9]+)*[ ]?(?:[munµ]?m|[ckd]m|[mk]?m[23²³]|[kMGT]?Hz|[kKMGT]i?[Bb](?:it)?(?:/s|ps)?|[kMG]bit/s|[km]?[WVA]|[km]?Wh|m?Ah|VAC|VDC|V[ ]AC|[kM]?[Ωohm]{1,3}|[nuµp]F|Nm|k?N|bar|psi|[hkM]?Pa|rpm|dBm?|lm|lx|K|px|"
            r"pt|r?em|[mµun]s|s|ha|t|l|[kg]?g|ml|mL|L|°?[CF]|°|TEU|fps|dpi|gsm|bp|m?mol|AU|T|eV|hp|ppm|knots|inch(?:es)?|ft|feet|litres?|tonnes?|metres?|meters?|seconds|degrees|minutes|percent|%)(?![\w'’])",
            r"(?:^|\s)--?[a-z][\w-]+|[<>=!]=|->|=>|::|\w\(\)|[{}\\`]|\w=[\w'\"$./]|\$\{?\w|\*\.\w|&&|\|\||\[[0-9. ]+\]|(?<!\w)0x[0-9a-fA-F]+|\*\*\*",
            r"(?<!\w)[\w-]*[./][\w./-]*\.(?:so|py|js|ts|rs|go|c|h|cpp|java|jar|log|json|yaml|yml|toml|conf|cfg|ini|sh|md|csv|sql|tar|gz|zip|img|iso|inf|dll|exe|html|css)(?!\w)|(?<!\w)\w+\.(?:so|py|js|ts|rs|java|jar|log|json|yaml|yml|toml|conf|cfg|ini|sh|csv|sql|gz|img|inf|dll|exe|html|css|xml|txt)(?!\w)",
            r"(?<![\w.])v?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?:[-.](?:rc|beta|alpha|post|dev)\.?[0-9]+)?(?![\w.])|(?<!\w)v[0-9]+\.[0-9]+|\p{L}-[0-9]+\.[0-9]+|(?<!\w)[0-9a-f]{7,64}(?<=[a-f][0-9a-f]*)(?<=[0-9][0-9a-f]*)(?!\w)",
            r"(?<!\w)(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|ITU|ETSI|UL|SAE|JIS|CVE|UTF|HTTP|TLS|MIL|UN|PI|CAS|EC|HS|WCAG|BWV|NGC|NPK|CFR|U\.S\.(?:C\.)?|C\.F\.R\.|F\.[23]d|LOINC|ICD|ATC|CPT|SNOMED)(?:[ ]codes?)?[ /-]?[A-Z]{0,3}[ -]?[0-9]",
            r"(?<!\w)(?=(?:[A-Z][a-z]?[0-9]{1,2}){2})(?:[A-Z][a-z]?[0-9]{0,2}){2,8}(?!\w)|(?<![\w.])[0-9]+[ ](?:by|times|x)[ ][0-9]|(?<!\w)[0-9]+x(?!\w)|(?<!\w)[ACGTU]{8,}(?!\w)|[0-9]e-?[0-9]|\^[0-9-]",
            r"(?<!\w)(?:section|clause|chapter|figure|table|line|lines|page|pages|step|steps|row|rows|bars?|exercise|level|line)[ ][0-9]",
        ),
    )
)
# A unit by its form: "812 ms", "10 pt".
_AFTER_NUMBER = regex.compile(r"[0-9_][ ]?$")
_UNITS_TOO = frozenset("ms pt pts mx mr ex emp dr bp".split())
# Words for somebody's number that things lack.
_OWNED = regex.compile(
    r"(?<!\p{L})(?:passports?|visa|ssn|social|national (?:id|insurance|identity)|tax(?:payer)? ?(?:id|number|no|ref)\w*|vat ?(?:id|number|no|reg)\w*|nino|nhs|driv(?:er'?s?|ing) ?licen[cs]es?|licen[cs]e (?:no|number|plate)\w*|dl|"
    r"account (?:no|number|#)\w*|iban|polic(?:y|ies)|memberships?|employees?|staff|badges?|patients?|mrn|claims?|customers?|insur\w+|citizen\w*|resident\w*|imei|imsi|iccid|udid|(?:number|licen[cs]e) plates?|plates? (?:no|number|is|was)|vin|vehicle|registration|reg|zip\w*|post(?:al)?[ _]?codes?|chart|med_?rec\w*|study|subjects?|participants?|"
    r"asset tag|invoices?|tickets?|case|booking|tracking|tenan\w+|prescri\w+|npi|dea|medicare|medicaid|bio(?:_|metr|bank)\w*|de-?id\w*|re-?id\w*|pseudonym\w*|(?:issued|assigned|registered|enrolled) to|fingerprints?|face|iris|palm|retin\w+|card ?holders?|implant\w*|pacemaker|loan|cheque|mortgage)(?!\p{L})",
    regex.IGNORECASE,
)
_OWNED_REACH = 60
_ACCOUNTS = regex.compile(
    r"(?<!\p{L})(?:users?|username|log(?:ged)?[ -]?(?:in|on|out)s?|logins?|accounts?|sessions?|passwords?|sudo|author|owner|assignee|reviewe[rd]|approved|opened|closed|uid|acct|home|by|mfa|sso|vpn|handle)(?!\p{L})",
    regex.IGNORECASE,
)
_STREET = regex.compile(
    r"\p{Lu}\p{L}+\.?[ ](?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|terrace|way|close|crescent|grove|hill)(?!\p{L})|(?<!\p{L})(?:apt|apartment|suite|flat|rue|via|calle|rua|po box|p\.o\.)(?!\p{L})|"
    r"stra(?:ß|ss)e|straat|gasse|platz|(?<!\p{L})\p{Lu}{2}[ ]\d{5}(?!\d)|(?<!\w)\p{Lu}{1,2}\d[\p{Lu}\d]?[ ]\d\p{Lu}{2}(?!\w)",
    regex.IGNORECASE,
)
_NAME_CASE = regex.compile(r"(?<![\p{L}\d])(?:\p{Lu}\p{Ll}[\p{L}'’-]+|\p{Lu}{5,})(?!\d)")
_TITLE_CASE = regex.compile(r"(?<![\p{L}\d])\p{Lu}\p{Ll}+(?!\d)")
_TWO_TITLES = regex.compile(r"(?:\p{Lu}\p{Ll}+[ ]?){2,}")
_TITLE = regex.compile(r"[\p{L} '’.,&-]+")
_PLACES = frozenset({"ADDRESS", "LOCATION", "POSTCODE"})
_STANDARD = regex.compile(
    r"(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|ITU|ETSI|UL|SAE|JIS)(?:[ /](?:IEC|EN|ISO))?[ -]?[A-Z]?\d{2,5}(?:[-.:]\d{1,4})*"
)
_AMOUNT = regex.compile(r"\d+(?:kB|[KMGT]i?B|[kMG]?Hz|kWh|ms|rpm)")
_LENGTH = regex.compile(r"[ ]?(?:[cm]m|inch(?:es)?|k?m|kg|V|W|A)(?!\w)")
_FILE = regex.compile(r"\.(?:json|csv|txt|ya?ml|xml|log|py|js|sh|sql|conf|cfg|ini|bin|dat)$")
# Networks and masks, and hosts that are everybody's own.
_NO_HOST = regex.compile(r"(?:0\.0\.0\.|127\.|255\.255\.).*|::1?|.*/\d+")
# Names of packages, and of a site that is kept for examples (RFC 2606).
_NO_SITE = regex.compile(
    r"(?:com|org|net|io|java)\.[\w.]+|(?:https?://)?(?:(?:api|cdn|docs|static|test|host)\.)?example\.(?:com|org|net)/?"
)
# Rules that are sure of the form, but not of what stands before it.
_BEHIND_THINGS = frozenset({"phone", "years old"})


def about_somebody(text: str, spans: Sequence[Span], words: frozenset[str]) -> list[Span]:
    """The findings but those that only a text about somebody would make personal. `words` are everyday words in lower case."""
    spans = [span for span in spans if not _is_nobodys(text, span)]
    weak = [_is_weak(text, span, words) for span in spans]
    if not any(weak):
        return spans
    speech = Speech(text, spans, words)
    places = Places(
        [at for span, doubt in zip(spans, weak, strict=True) if not doubt and span.entity_type in _PLACES for at in (span.start, span.end)]
    )  # fmt: skip
    return [
        span
        for span, doubt in zip(spans, weak, strict=True)
        if not doubt
        or (span.entity_type in _PLACES and places.near(span.start, span.end, _BESIDE))
        or not speech.is_of_things(span.start, span.end)
    ]


class Speech:
    """What a text speaks of, by place."""

    def __init__(self, text: str, spans: Sequence[Span], words: frozenset[str]) -> None:
        somebody = [
            span.start
            for span in spans
            if (span.entity_type in _PERSONAL and span.recognizer not in _MODELS)
            or (span.entity_type == "PERSON" and _is_name(text[span.start : span.end], words))
        ]  # fmt: skip
        self._things: list[tuple[int, str]] = []
        self._settings: list[tuple[int, str]] = []
        for match in WORD.finditer(text):
            word = match.group().casefold()
            at = match.start()
            if word in _UNITS_TOO and (
                match.group().isupper() or _AFTER_NUMBER.search(text, max(0, at - 2), at)
            ):
                continue
            if word in SOMEBODY:
                somebody.append(at)
            elif word in THINGS or word.removesuffix("s") in THINGS:
                self._things.append((at, word))
            elif word in SETTING:
                self._settings.append((at, word))
        self._somebody = Places(somebody)
        self._text = text

    def is_of_things(self, start: int, end: int) -> bool:
        """Whether nobody is spoken of near [start, end), and things more than what is done with persons."""
        if self._somebody.near(start, end, _REACH):
            return False
        first, last = max(0, start - _AROUND), end + _AROUND
        things = {word for at, word in self._things if first <= at < last}
        settings = {word for at, word in self._settings if first <= at < last}
        marks = sum(mark.search(self._text, first, last) is not None for mark in _MARKS)
        return len(things) + marks > len(settings)


def _is_name(found: str, words: frozenset[str]) -> bool:
    """Whether a word in title case, or a long one in capitals, is neither an everyday word nor a thing."""
    return any(
        part not in words and not _is_thing(part) for part in map(str.casefold, _NAME_CASE.findall(found))
    )


def _is_name_in_lower_case(found: str, score: float) -> bool:
    first, _, rest = found.partition(" ")
    return found.islower() and (score >= _SURE or (rest != "" and first in given_names()))


def _is_place(found: str) -> bool:
    """Whether it is written as names of places are; most of their words are everyday ones."""
    return any(not _is_thing(part.casefold()) for part in _TITLE_CASE.findall(found))


def _is_thing(word: str) -> bool:
    return word in THINGS or word.removesuffix("s") in THINGS


def _is_weak(text: str, span: Span, words: frozenset[str]) -> bool:
    found = text[span.start : span.end]
    if span.entity_type == "IP_ADDRESS":
        return _NO_HOST.fullmatch(found) is not None
    if span.entity_type == "URL":
        return _NO_SITE.fullmatch(found) is not None
    if span.recognizer not in _MODELS and span.recognizer not in _BY_FORM:
        return (
            span.score < 0.7 + 0.1 * (span.entity_type == "AGE")
            and span.recognizer in _BEHIND_THINGS
            and _is_a_things(text, span)
        )
    match span.entity_type:
        case "PERSON":
            return not (_is_name(found, words) or _is_name_in_lower_case(found, span.score))
        case "ORGANIZATION":
            return _TITLE.fullmatch(found) is None or not (
                _is_name(found, words) or _TWO_TITLES.fullmatch(found) is not None
            )
        case "LOCATION":
            return not _is_place(found) or any(map(str.isdigit, found))
        case "ADDRESS":
            return not _is_place(found) and _STREET.search(found) is None
        case "USERNAME":
            return _ACCOUNTS.search(text, max(0, span.start - _OWNED_REACH), span.end + _OWNED_REACH) is None
        case "AGE" | "NRP" | "DATE_TIME":
            return True
        case kind:
            return kind in _CODES and _SAYS_WHOSE.fullmatch(found) is None and not _is_owned(text, span)


def _is_owned(text: str, span: Span) -> bool:
    return (
        _OWNED.search(text, max(0, span.start - _OWNED_REACH), span.start) is not None
        or _OWNED.search(text, span.end, span.end + _OWNED_REACH // 2) is not None
    )


def _is_a_things(text: str, span: Span) -> bool:
    """Whether a thing stands before the finding: "brake pads 0 986 494 107", "the heater is 9 years old"."""
    if text.startswith("+", span.start) or _is_owned(text, span):
        return False
    said = [
        word
        for word in WORD.findall(text[max(0, span.start - 40) : span.start].casefold())
        if word not in ("is", "was", "are")
    ]
    return any(_is_thing(word) or word in GOODS for word in said[-1 if span.entity_type == "AGE" else -6 :])


def _is_nobodys(text: str, span: Span) -> bool:
    """Standards, files and amounts, whatever stands beside them."""
    if span.entity_type == "USERNAME":
        return _FILE.search(text, span.start, span.end) is not None
    return span.entity_type in _CODES and (
        _STANDARD.fullmatch(text, span.start, span.end) is not None
        or _AMOUNT.fullmatch(text, span.start, span.end) is not None
        or (
            span.end - span.start <= 4
            and text[span.start : span.end].isdigit()
            and _LENGTH.match(text, span.end) is not None
        )
    )
