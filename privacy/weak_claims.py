"""Says which findings are weak: what stands for somebody only if the text speaks of somebody.

Covered: what models claim, and what rules find by form alone or beside a word that things have too, names that things are called after
among it. Not covered: findings that a checksum proves or that a word for a person's number announces; they are never weak.
"""

from __future__ import annotations

from typing import NamedTuple

import regex

from privacy.called_after import NO_NOUN, called, is_called_after
from privacy.recognizers.heard import TOWNS
from privacy.recognizers.people import given_names, surnames
from privacy.recognizers.peoples import PEOPLES
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
        "unworded code", "unworded plate", "speaker", "given name lower", "user in a log", "name in a log", "user beside a word", "goes by", "eircode", "case prefixed", "date short dotted", "partners", "listed people", "name in lower case", "name of a doer in lower case", "unworded age", "long number", "lettered number", "labelled code", "id labelled", "employee labelled",
        "order prefixed", "age told", "by itself", "underscored", "strange word", "of a name", "user did", "done by", "name in a field", "surname in a field", "beside a name",
        "between numbers", "day and month of two digits", "corner", "district", "whose number", "organisation by its words", "given name", "street", "street compound", "id", "plate German", "plate French or Italian", "plate UK",
    }
)  # fmt: skip
# What a model is so sure of is no slip.
_SURE = 0.69
CODES = frozenset(
    """POSTCODE NATIONAL_ID DRIVER_LICENSE TAX_ID REFERENCE_ID ORDER_ID CASE_ID EMPLOYEE_ID CUSTOMER_ID DEVICE_ID LICENSE_ID VEHICLE_ID PASSPORT BANK_ACCOUNT
    MEDICAL_RECORD HEALTH_PLAN BIOMETRIC_ID US_SSN CREDIT_CARD""".split()
)
# Words for somebody's number that things lack.
_OWNED = regex.compile(
    r"(?<!\p{L})(?:passports?|visa|ssn|social|national (?:id|insurance|identity)|tax(?:payer)? ?(?:id|number|no|ref)\w*|vat ?(?:id|number|no|reg)\w*|nino|nhs|driv(?:er'?s?|ing) ?licen[cs]es?|licen[cs]e (?:no|number|plate)\w*|dl|"
    r"account (?:no|number|#)\w*|iban|polic(?:y|ies)|memberships?|employees?|staff|badges?|patients?|mrn|claims?|customers?|insur\w+|citizen\w*|resident\w*|imei|imsi|iccid|udid|(?:number|licen[cs]e) plates?|plates? (?:no|number|is|was)|vin|vehicle|registration|reg|zip\w*|post(?:al)?[ _]?codes?|chart|med_?rec\w*|study|subjects?|participants?|"
    r"asset tag|invoices?|tickets?|case|booking|tracking|tenan\w+|prescri\w+|npi|dea|medicare|medicaid|bio(?:_|metr|bank)\w*|de-?id\w*|re-?id\w*|pseudonym\w*|(?:issued|assigned|registered|enrolled) to|(?:my|your|his|her|their|whose) (?:\p{L}+ )?(?:codes?|numbers?|ids?|keys?|refs?|references?|label)|(?:finger|palm|voice)?[ -]?prints?|templates?|modality|voice|thumbs?|fingers?|enrol\w*|latents?|minutiae|fingerprints?|face|iris|palm|retin\w+|card ?holders?|implant\w*|pacemaker|loan|cheque|mortgage)(?!\p{L})",
    regex.IGNORECASE,
)
_OWNED_REACH = 60
_ACCOUNTS = regex.compile(
    r"(?<!\p{L})(?:users?|username|log(?:ged)?[ -]?(?:in|on|out)s?|logins?|accounts?|sessions?|passwords?|sudo|author|owner|assignee|reviewe[rd]|approved|opened|closed|uid|acct|home|by|mfa|sso|vpn|handle|invit\w+|cc|unlock\w*|(?:re|de)?activat\w*|mychart|portals?|profiles?|pls|plz|watchers?|messag\w+|mention\w*|dm|chat|(?:ordered|entered|charted|edited|signed|reviewed|dispensed|verified|cosigned|documented|released|printed|viewed|modified|requested|given|returned)[ ]by)(?!\p{L})",
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
_TWO_TITLES = regex.compile(r"\p{Lu}\p{Ll}+(?:[ ]\p{Lu}\p{Ll}+)+")
_TITLE = regex.compile(r"[\p{L} '’.,&-]+")
_NAMES = frozenset({"PERSON", "ORGANIZATION", "LOCATION", "NRP"})
_NUMBERED = regex.compile(r"\p{Lu}\p{Ll}+[ ]\d+")
# Networks and masks, and hosts that are everybody's own.
_NO_HOST = regex.compile(r"(?:0\.0\.0\.|127\.|255\.255\.).*|::1?|.*/\d+")
# Names of packages, and of a site that is kept for examples (RFC 2606).
_NO_SITE = regex.compile(
    r"(?:com|org|net|io|java)\.[\w.]+|(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?:[:/].*)?|(?:https?://)?(?:(?:api|cdn|docs|static|test|host)\.)?example\.(?:com|org|net)/?|\p{L}{1,2}\.\p{L}{1,4}|\w+\.\p{Lu}\w*"
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
_NAME_PART = regex.compile(r"\p{L}[\p{L}'’]*")
_CODE = regex.compile(r"[\d/_=+\\]")
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "er", "ers", "ly", "al")
_LONGEST_ACRONYM = 6
_CAMEL = regex.compile(r"\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}{2}|\p{Lu}_\p{Lu}")
# Rules that take a word for a name by the words beside it.
_LOWER_RULES = frozenset({"name in lower case", "name of a doer in lower case"})
_WORD_RULES = _LOWER_RULES | {"given name", "given name lower", "listed people"}
_UNDERSCORED = regex.compile(r"\p{Lu}\p{Ll}+(?:_\p{Lu}\p{Ll}+)+")
_OF = regex.compile(r"(?<!\w)(?:of|at|from|for|with|by|join(?:ed|s)?|near)[ ]$")
_BODIES = regex.compile(
    r"(?<!\p{L})(?:Association|Club|Society|Bank|Group|Inc|Ltd|LLC|Corp|Company|Co|University|College|School|Hospital|Clinic|Home|Church|Institute|Foundation|Trust|Council|Agency|Partners|Solutions|Systems|Services|Holdings|Bakery|Hotel|Inn|"
    r"Restaurant|Cafe|Pharmacy|Logistics|Insurance|Airlines|Industries|Media|International|Networks|Robotics|Labs|Studio|Centre|Center)(?!\p{L})"
)
_DID = regex.compile(r"[ ]\p{Ll}+ed(?!\p{L})")
_NEARLY_SURE = 0.62
_IN_THE_SKY = frozenset(
    "mercury venus mars jupiter saturn uranus neptune pluto moon sun orion andromeda".split()
)
_LOWER = regex.compile(r"(?<!\p{L})\p{Ll}{4,}")
_LINE = 200
_SHORT_CODE = regex.compile(r"[A-Z]{0,2}-?\d{1,4}")


def _is_name(found: str, words: frozenset[str]) -> bool:
    """Whether a word in title case, or each of several in capitals, is neither an everyday word nor a thing."""
    capitals = [part.casefold() for part in _CAPITALS.findall(found)]
    if len(capitals) > 1 and not any(part in words or is_thing(part) for part in capitals):
        return True
    return any(
        part not in words and not is_thing(part) for part in map(str.casefold, _NAME_CASE.findall(found))
    ) and not any(is_thing(part.casefold()) for part in found.split()[1:] if part.islower() or part.isupper())


def _is_name_in_lower_case(found: str, score: float, words: frozenset[str]) -> bool:
    first, _, rest = found.partition(" ")
    return (
        found.islower()
        and not is_thing(found)
        and (
            score >= _SURE
            or (rest != "" and first in given_names() and not (rest in words or is_thing(rest)))
        )
    )


def _is_run_together(found: str) -> bool:
    return _RUN_TOGETHER.fullmatch(found) is not None and any(
        part in given_names() or part in surnames() for part in map(str.casefold, _TITLE_PART.findall(found))
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
    of_words = span.recognizer in MODELS or span.recognizer in _WORD_RULES
    needs = of_words and _needs_somebody(text, span, dictionary)
    if not _is_weak(text, span, words, dictionary):
        return Doubt(True, None) if needs else None
    if span.entity_type in CODES:
        return Doubt(needs, -3 if span.entity_type == "POSTCODE" else -1)
    return Doubt(needs, int(span.entity_type in _NAMES and is_called_after(text, span, sure=True)))


def _needs_somebody(text: str, span: Span, dictionary: frozenset[str]) -> bool:
    """Claims of a number or an address, names and organisations made of a dictionary's words, of capitals or of codes; not names that no
    dictionary has, and places, which stand in texts without a sign of anybody as well."""
    found = text[span.start : span.end]
    if span.entity_type == "NRP" or found in PEOPLES or (found.islower() and _is_word(found, dictionary)):
        return True
    if (
        span.entity_type != "ADDRESS"
        and _CAMEL.search(found)
        and not (_NAME_CASE.search(found) or _is_run_together(found))
    ):
        return True
    if span.entity_type == "LOCATION":
        return found.casefold() in _IN_THE_SKY
    parts = _NAME_PART.findall(found)
    if not parts or (_CODE.search(found) and not _UNDERSCORED.fullmatch(found)):
        return True
    if span.entity_type not in _MADE_OF_WORDS:
        return True
    if found.isupper() and len(parts) == 1 and len(found) <= _LONGEST_ACRONYM:
        return True
    if span.entity_type == "ORGANIZATION" and span.recognizer == "spacy":
        # "Kestrel Housing Association", "the club of Toulouse", "Simple Energy invested", but not "Group" and "Remote Procedure Call".
        titled = not found.isupper() and all(part[0].isupper() for part in parts if part not in NO_NOUN)
        told = _DID.match(text, span.end) or (
            len(parts) > 1 and _BODIES.search(found) and not _is_heading(text, span)
        )
        return not (titled and (told or _OF.search(text, max(0, span.start - 8), span.start)))
    if not all(_is_word(part.casefold(), dictionary) or part in NO_NOUN for part in parts):
        return False
    return span.score < _NEARLY_SURE


def _is_heading(text: str, span: Span) -> bool:
    """Whether all that stands in its line with it has capitals, so that its own say nothing."""
    first, last = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end)
    first, last = max(first, span.start - _LINE), min(len(text) if last < 0 else last, span.end + _LINE)
    return not (_LOWER.search(text, first, span.start) or _LOWER.search(text, span.end, last))


def _is_word(word: str, dictionary: frozenset[str]) -> bool:
    if word in called() or word in TOWNS:
        return False
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= 3 and (stem in dictionary or (ending and stem + "e" in dictionary)):
            return True
    return word.endswith("ies") and word[:-3] + "y" in dictionary


def _is_weak(text: str, span: Span, words: frozenset[str], dictionary: frozenset[str]) -> bool:
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
        case "PERSON" if _is_run_together(found):
            return False
        case "PERSON" if span.recognizer in _LOWER_RULES:
            last = found.rpartition(" ")[2]
            return is_thing(last) or _is_word(last, dictionary)
        case "PERSON":
            named = (
                _is_name(found, words)
                and not any(map(str.isdigit, found))
                and not is_called_after(text, span)
            )
            return not (named or _is_name_in_lower_case(found, span.score, words))
        case "ORGANIZATION" if span.recognizer == "organisation by its words":
            return found.casefold() in words or is_thing(found.casefold())
        case "ORGANIZATION":
            return (
                _TITLE.fullmatch(found) is None
                or is_called_after(text, span)
                or not (_is_name(found, words) or _TWO_TITLES.fullmatch(found) is not None)
            )
        case "LOCATION":
            return not _is_place(found) or any(map(str.isdigit, found)) or is_called_after(text, span)
        case "ADDRESS":
            return (not _is_place(found) or _NUMBERED.fullmatch(found) is not None) and _STREET.search(
                found
            ) is None
        case "USERNAME" if is_thing(found.casefold()):
            return True
        case "USERNAME":
            return _ACCOUNTS.search(text, max(0, span.start - _OWNED_REACH), span.end + _OWNED_REACH) is None
        case "AGE" | "NRP" | "DATE_TIME":
            return True
        case kind:
            return kind in CODES and _SAYS_WHOSE.fullmatch(found) is None and not _is_owned(text, span)


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
