"""Says which findings are weak: what stands for somebody only if the text speaks of somebody.

Covered: what models claim, and what rules find by form alone or beside a word that things have too, names that things are called after
among it. Not covered: findings that a checksum proves or that a word for a person's number announces; they are never weak.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import regex

from privacy.recognizers.people import given_names, listed_names, surnames
from privacy.recognizers.thing_words import THINGS, is_thing
from privacy.recognizers.topics import CARS, GOODS, WORD
from privacy.records import Span

# A code that says of itself that it stands for a body, a record or a device; a network card's form is one.
_SAYS_WHOSE = regex.compile(
    r"(?:[0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}|(?:mrn|sn)[-:]?\w[\w-]+|(?:bio|biom|iris|face|voice|palm|thumb|fprt?|fpt|gait|vein|retin)[-_]?[0-9a-f-]{4,}",
    regex.IGNORECASE,
)
MODELS = frozenset({"transformer", "spacy"})
# Rules that go by the form alone, or by a word that stands beside things as often.
_BY_FORM = frozenset(
    {
        "unworded code", "unworded plate", "unworded age", "long number", "lettered number", "labelled code", "id labelled", "employee labelled",
        "order prefixed", "age told", "by itself", "underscored", "strange word", "of a name", "user did", "done by", "name in a field", "surname in a field", "beside a name",
        "between numbers", "day and month of two digits", "corner", "district", "whose number", "organisation by its words", "given name", "street", "street compound", "id", "plate German", "plate French or Italian", "plate UK",
    }
)  # fmt: skip
# What a model is so sure of is no slip.
_SURE = 0.69
_CODES = frozenset(
    """POSTCODE NATIONAL_ID DRIVER_LICENSE TAX_ID REFERENCE_ID ORDER_ID CASE_ID EMPLOYEE_ID CUSTOMER_ID DEVICE_ID LICENSE_ID VEHICLE_ID PASSPORT BANK_ACCOUNT
    MEDICAL_RECORD HEALTH_PLAN BIOMETRIC_ID US_SSN CREDIT_CARD""".split()
)
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
# "KeyError" and "jQuery" have a capital where only "Mc" and its like leave one to a name.
_NAME_CASE = regex.compile(
    r"(?<![\p{L}\d_])(?:Mc|Mac|De|Di|Du|La|Le|Van|O['’])?\p{Lu}\p{Ll}++(?:['’-]\p{L}\p{Ll}++)*+(?![\p{Lu}\d_])"
)
# "WulanWidodo"
_TITLE_PART = regex.compile(r"\p{Lu}\p{Ll}+")
_RUN_TOGETHER = regex.compile(r"(?:\p{Lu}\p{Ll}{2,}){2,4}")
_CAPITALS = regex.compile(r"(?<![\p{L}\d_])\p{Lu}{3,}(?![\p{L}\d_])")
_TITLE_CASE = regex.compile(r"(?<![\p{L}\d])\p{Lu}\p{Ll}++(?![\p{L}\d])")
# What is called after somebody: "a Zener diode", "the Hammond B3", "Euler's formula"; nobody has an article.
_ARTICLE = regex.compile(r"(?<!\p{L})(?:an?|the)[ ]$", regex.IGNORECASE)
_CALLED = regex.compile(
    r"[ -](?:(?P<noun>\p{Ll}{2,})|(?=[\w-]*\d)(?=[\w-]*\p{Lu})[\p{Lu}\d][\w-]*|\d{2,4}(?![\w.,/-]))"
)
_RULE_OF = regex.compile(
    r"['’]s?[ ](?:\p{Ll}+[ ])?(?:laws?|theorem|method|formula|rule|principle|lemma|equations?|constant|paradox|inequality|triangle|comet|numbers?|theory|identity|conjecture|algorithm|moons?)(?!\p{L})"
)
_NOUNS = frozenset(
    "key dish pair form space number law effect diagram cell cycle process scale index style word plate class series rules".split()
)
_TWO_TITLES = regex.compile(r"\p{Lu}\p{Ll}+(?:[ ]\p{Lu}\p{Ll}+)+")
_TITLE = regex.compile(r"[\p{L} '’.,&-]+")
_NAMES = frozenset({"PERSON", "ORGANIZATION", "LOCATION", "NRP"})
_NUMBERED = regex.compile(r"\p{Lu}\p{Ll}+[ ]\d+")
_STANDARD = regex.compile(
    r"(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|ITU|ETSI|UL|SAE|JIS)(?:[ /](?:IEC|EN|ISO))?[ -]?[A-Z]?\d{2,5}(?:[-.:]\d{1,4})*"
)
_AMOUNT = regex.compile(r"\d+(?:kB|[KMGT]i?B|[kMG]?Hz|kWh|ms|rpm)|0x[0-9A-Fa-f]+")
_LENGTH = regex.compile(r"[ ]?(?:[cm]m|inch(?:es)?|k?m|kg|V|W|A)(?!\w)")
_FILE = regex.compile(r"\.(?:json|csv|txt|ya?ml|xml|log|py|js|sh|sql|conf|cfg|ini|bin|dat)$")
_BEFORE = {
    "COORDINATES": regex.compile(r"(?<!\w)(?:RA|[Dd]ecl(?:ination)?|[Rr]ight [Aa]scension)[ .:=]"),
    "ORDER_ID": regex.compile(r"(?<!\w)order by ", regex.IGNORECASE),
}
# Networks and masks, and hosts that are everybody's own.
_NO_HOST = regex.compile(r"(?:0\.0\.0\.|127\.|255\.255\.).*|::1?|.*/\d+")
# Names of packages, and of a site that is kept for examples (RFC 2606).
_NO_SITE = regex.compile(
    r"(?:com|org|net|io|java)\.[\w.]+|(?:https?://)?(?:(?:api|cdn|docs|static|test|host)\.)?example\.(?:com|org|net)/?|\p{L}{1,2}\.\p{L}{1,4}|\w+\.\p{Lu}\w*"
)
# Of everybody in a network: broadcast, and what routers share (RFC 5798).
_NO_CARD = regex.compile(
    r"(?:ff[:-]?){6}|(?:00[:-]?){6}|(?:00[:-]00[:-]5e|01[:-]00[:-]5e|33[:-]33).*", regex.IGNORECASE
)
_ONLY_IF = {"IP_ADDRESS": _NO_HOST, "URL": _NO_SITE, "MAC_ADDRESS": _NO_CARD}
_WORDED = 0.75
_AMERICAN = regex.compile(r"\(?\d{3}\)?[ .-]?\d{3}[ .-]\d{4}(?!\d)")
# As telephones are written in most countries.
_GROUPED = regex.compile(r"\(?\d{2,5}(?:\)|\)?[ .-])\d{3,4}[ .-]?\d{3,4}(?!\d)")
_CAR = regex.compile(
    r"(?<!\p{L})(?:"
    + "|".join(sorted(CARS - THINGS - {"unit", "bus", "gate", "bay", "rear", "bar", "lot", "traffic"}))
    + r")(?!\p{L})",
    regex.IGNORECASE,
)
# An account of four digits is one of a ledger, a serial number of three a bug.
_SHORT = frozenset(
    "CUSTOMER_ID DEVICE_ID TAX_ID BANK_ACCOUNT ORDER_ID CASE_ID CARD_SECURITY VEHICLE_ID LICENSE_ID".split()
)
_MADE_OF_WORDS = frozenset({"PERSON", "ORGANIZATION", "ADDRESS"})
_NEVER = frozenset({"LOCATION", "NRP"})
_NAME_PART = regex.compile(r"\p{L}[\p{L}'’]*")
_CODE = regex.compile(r"[\d/_=+\\]")
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "er", "ers", "ly", "al")
_LONGEST_ACRONYM = 6
_UNDERSCORED = regex.compile(r"\p{Lu}\p{Ll}+(?:_\p{Lu}\p{Ll}+)+")
_OF = regex.compile(r"(?<!\w)(?:of|at|from|for|with|by|join(?:ed|s)?|near)[ ]$")
_NEARLY_SURE = 0.62
_SHORT_CODE = regex.compile(r"[A-Z]{0,2}-?\d{1,4}")


def _is_name(found: str, words: frozenset[str]) -> bool:
    """Whether a word in title case, or each of several in capitals, is neither an everyday word nor a thing."""
    capitals = [part.casefold() for part in _CAPITALS.findall(found)]
    if len(capitals) > 1 and not any(part in words or is_thing(part) for part in capitals):
        return True
    return any(
        part not in words and not is_thing(part) for part in map(str.casefold, _NAME_CASE.findall(found))
    ) and not any(is_thing(part.casefold()) for part in found.split()[1:] if part.islower() or part.isupper())


def _is_called_after(text: str, span: Span, sure: bool = False) -> bool:
    """Whether a single word is part of the name of a thing; `sure`: a number behind it, which may be somebody's, says nothing."""
    if " " in text[span.start : span.end]:
        return False
    if _ARTICLE.search(text, max(0, span.start - 6), span.start) or _RULE_OF.match(text, span.end):
        return True
    called = _CALLED.match(text, span.end)
    if called is None or called["noun"] is None:
        return called is not None and not sure
    return is_thing(called["noun"]) or called["noun"].removesuffix("s") in _NOUNS


def _is_name_in_lower_case(found: str, score: float) -> bool:
    first, _, rest = found.partition(" ")
    return (
        found.islower()
        and not is_thing(found)
        and (score >= _SURE or (rest != "" and first in given_names()))
    )


def _is_place(found: str) -> bool:
    """Whether it is written as names of places are; most of their words are everyday ones."""
    return any(not is_thing(part.casefold()) for part in _TITLE_CASE.findall(found))


class Doubt(NamedTuple):
    """How weak a claim is."""

    needs_somebody: bool
    """Whether it may be anything in a text that shows nobody at all."""
    worth: int | None
    """How many words of things it is worth itself: 1 where it is part of a thing's name, less than none for a code, which is somebody's
    more often. None if it stands among things."""


def doubt(text: str, span: Span, words: frozenset[str], dictionary: frozenset[str]) -> Doubt | None:
    """None for a finding that stands whatever the text is about. `words` are everyday words in lower case, `dictionary` rarer ones as well."""
    needs = span.recognizer in MODELS and _needs_somebody(text, span, dictionary)
    if not _is_weak(text, span, words):
        return Doubt(True, None) if needs else None
    if span.entity_type in _CODES:
        return Doubt(needs, -3 if span.entity_type == "POSTCODE" else -1)
    return Doubt(needs, int(span.entity_type in _NAMES and _is_called_after(text, span, sure=True)))


def _needs_somebody(text: str, span: Span, dictionary: frozenset[str]) -> bool:
    """Claims of a number or an address, names and organisations made of a dictionary's words, of capitals or of codes; not names that no
    dictionary has, and places, which stand in texts without a sign of anybody as well."""
    if span.entity_type in _NEVER:
        return False
    found = text[span.start : span.end]
    parts = _NAME_PART.findall(found)
    if not parts or (_CODE.search(found) and not _UNDERSCORED.fullmatch(found)):
        return True
    if span.entity_type not in _MADE_OF_WORDS:
        return True
    if found.isupper() and len(parts) == 1 and len(found) <= _LONGEST_ACRONYM:
        return True
    if not all(_is_word(part.casefold(), dictionary) for part in parts):
        return False
    if span.entity_type == "ORGANIZATION":
        # "Kestrel Housing Association", "the club of Toulouse", but not "Group".
        titled = not found.isupper() and all(part[0].isupper() for part in parts)
        return not (titled and (len(parts) > 1 or _OF.search(text, max(0, span.start - 8), span.start)))
    return span.score < _NEARLY_SURE


@lru_cache(maxsize=1)
def _called() -> frozenset[str]:
    return given_names() | listed_names("last_names")


def _is_word(word: str, dictionary: frozenset[str]) -> bool:
    if word in _called():
        return False
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= 3 and (stem in dictionary or (ending and stem + "e" in dictionary)):
            return True
    return word.endswith("ies") and word[:-3] + "y" in dictionary


def _is_weak(text: str, span: Span, words: frozenset[str]) -> bool:
    found = text[span.start : span.end]
    if span.entity_type in _ONLY_IF:
        return _ONLY_IF[span.entity_type].fullmatch(found) is not None
    if span.entity_type == "PHONE_NUMBER" and span.score < _WORDED:
        if found.startswith("+") or _AMERICAN.search(found) or _is_owned(text, span):
            return False
        return _GROUPED.search(found) is None or _is_a_things(text, span)
    if span.entity_type in _SHORT and span.score <= _WORDED and _SHORT_CODE.fullmatch(found):
        return True
    if span.recognizer == "years old":
        return _is_a_things(text, span)
    if span.recognizer not in MODELS and span.recognizer not in _BY_FORM:
        return False
    match span.entity_type:
        case "VEHICLE_ID" if _CAR.search(text):
            return False
        case "PERSON" if _RUN_TOGETHER.fullmatch(found) and any(
            part in given_names() or part in surnames()
            for part in map(str.casefold, _TITLE_PART.findall(found))
        ):
            return False
        case "PERSON":
            named = (
                _is_name(found, words)
                and not any(map(str.isdigit, found))
                and not _is_called_after(text, span)
            )
            return not (named or _is_name_in_lower_case(found, span.score))
        case "ORGANIZATION" if span.recognizer == "organisation by its words":
            return found.casefold() in words or is_thing(found.casefold())
        case "ORGANIZATION":
            return (
                _TITLE.fullmatch(found) is None
                or _is_called_after(text, span)
                or not (_is_name(found, words) or _TWO_TITLES.fullmatch(found) is not None)
            )
        case "LOCATION":
            return not _is_place(found) or any(map(str.isdigit, found)) or _is_called_after(text, span)
        case "ADDRESS":
            return (not _is_place(found) or _NUMBERED.fullmatch(found) is not None) and _STREET.search(
                found
            ) is None
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
    said = [
        word
        for word in WORD.findall(text[max(0, span.start - 40) : span.start].casefold())
        if word not in ("is", "was", "are")
    ]
    return any(is_thing(word) or word in GOODS for word in said[-1 if span.entity_type == "AGE" else -6 :])


def is_nobodys(text: str, span: Span) -> bool:
    """Standards, files, amounts and places in the sky, whatever else is spoken of."""
    if span.entity_type in _BEFORE:
        return _BEFORE[span.entity_type].search(text, max(0, span.start - 24), span.end) is not None
    if span.entity_type == "USERNAME":
        found = text[span.start : span.end]
        # "@types/node" is a package.
        return _FILE.search(found) is not None or (found[0] == "@" and text.startswith("/", span.end))
    return span.entity_type in _CODES and (
        _STANDARD.fullmatch(text, span.start, span.end) is not None
        or _AMOUNT.fullmatch(text, span.start, span.end) is not None
        or (
            span.end - span.start <= 4
            and text[span.start : span.end].isdigit()
            and _LENGTH.match(text, span.end) is not None
        )
    )
