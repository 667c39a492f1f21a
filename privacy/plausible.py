"""Lets go of what a statistical model claims where the surroundings speak against it: part numbers, versions, code, standards.

Covered: findings of the transformer and of spaCy, and dotted versions that look like IP addresses. Not covered: findings of rules,
which carry their own checks. A finding with a word beside it that names its kind is never let go.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from privacy.recognizers.people import NOT_NAMES, given_names
from privacy.recognizers.rule import Clock
from privacy.records import Span
from privacy.weak_claims import MODELS

_PLACES = frozenset({"ADDRESS", "LOCATION", "POSTCODE"})
# How near a street must be for a bare number to be its house's or its town's.
_REACH = 24
# How much of a text says whether its writer uses capitals, or speaks of hosts.
_CASE_REACH = 300
# Directly before a number: it is one of these, whatever else is said.
_THING_WORD = regex.compile(
    r"(?<!\p{L})(?:commit|merge|checkout|revision|rev|sha\d{0,3}|hash|digest|parts?|skus?|chips?|gaskets?|bearings?|seals?|models?|versions?|builds?|releases?|errors?|ports?|"
    r"price|costs?|fee|total|amount|isbn|issn|section|chapter|page|line|rfc|iso|firmware|bolt|screw|item)[ \t]{0,2}(?:no\.?|number|is|was|of|:|#|=)?[ \t:#(\"'$€£]{0,3}$",
    regex.IGNORECASE,
)
# Before a number the transformer takes for an id: some word must say that it is one. Rules know the shapes that need none.
_ID_WORD = regex.compile(
    r"(?<!\p{L})(?:ids?|identi\w{2,10}|licen[cs]es?|passports?|visa|permits?|tax(?:payer)?|vat|ssn|social|security|national|insurance|insured|nino|nhs|"
    r"accounts?|acct|routing|sort|iban|bic|swift|bank|phones?|tel(?:ephone)?|mobile|cell|fax|call(?:ed)?|dial|reach|text|whatsapp|card|citizen\w{0,4}|"
    r"resident\w{0,3}|driver'?s?|driving|dl|dni|nif|nie|cpf|cnpj|pesel|bsn|ppsn?|sin|tin|itin|ein|utr|aadhaar|pan|curp|rfc|steuer\w{0,10}|ausweis\w{0,8}|"
    r"medicare|medicaid|patient|members?|policy|customer|client|employee|student|badge|born|registr\w{2,6}|serial|devices?|imei|npi|dea|mrn|chart|records?|files?|"
    r"claims?|plans?|certificates?|plates?|vin|username|login|users?|handle|codes?|ref(?:erence)?|numbers?|no|nr|holder|enrol\w{2,5}|prescri\w{2,6}|"
    r"biometric|fingerprint|template|scan|implant|pump|pacemaker|monitor|clinician|physician|doctor|nurse|provider|pharmacist|lawyer|attorney)(?!\p{L})",
    regex.IGNORECASE,
)
_ID_REACH = 60
# Without its mark it is something else.
_MARKED = {
    "EMAIL_ADDRESS": regex.compile(r"@|\bat\b", regex.IGNORECASE),
    "URL": regex.compile(r"\.|\bdot\b", regex.IGNORECASE),
    "PHONE_NUMBER": regex.compile(r"\d"),
}
_NOT_IDS = frozenset({"PERSON", "LOCATION", "ADDRESS", "POSTCODE", "ORGANIZATION", "NRP"})
# An address is not made of these.
_CODE = regex.compile(
    r"[=<{}|\\]|--|(?<=\S)[ ]?>|\w/\w|(?<!\w)\d+[ ]?(?:px|em|ms|kb|mb|gb|kg|km|cm|mm|hz|s|v|w)(?!\w)",
    regex.IGNORECASE,
)
_CODE_REACH = 10
_PATH = regex.compile(r"[\w.][/\\=]$|--$")
_NAME_WORD = regex.compile(r"\p{Lu}[\p{Ll}'’]|\p{Lu}{5,}|[^\x00-\x7f]")
_TWO_DIGITS = regex.compile(r"\d[\W_]?\d")
_THREE_LOWER, _THREE_LETTERS = regex.compile(r"\p{Ll}{3}"), regex.compile(r"\p{L}{3}")
_LOWER_WORD = regex.compile(r"\p{Ll}+")
_STREET_WORD = regex.compile(
    r"(?<!\p{L})(?:street|str|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way|close|crescent|grove|hill|box|apt|apartment|"
    r"suite|flat|unit|floor|rue|via|calle|rua|ul|plaza|piazza|platz|allee|weg)(?!\p{L})|(?:stra(?:ß|ss)e|straat|gasse|weg|platz|gata|vej|vei)(?!\p{L})"
)
_ACRONYM = regex.compile(r"\p{Lu}{2,5}(?:/\p{Lu}{2,5})?")
_STANDARD = regex.compile(
    r"(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|BS|ITU|ETSI|UL|SAE|JIS|GB|CVE|ORA|UTF|USB|HTTP|TLS|SSL|SQL|JSON|XML|YAML|API|CPU|GPU|RAM|SSD|HDD|LED|LCD|PCI|DDR|IP|TCP|UDP|DNS|SKU)(?![\p{L}])"
)
_NEARLY_SURE, _SURE_IN_CHAT = 0.69, 0.42
_PROGRAM = regex.compile(
    r"[={}<>;|\\]|--|\w[/_]\w|\w\(|(?<!\w)(?:sudo|npm|pip|git|docker|kubectl|systemctl|apt|curl)(?!\w)"
)
# A line that is typed at a shell: an option, or a program whose name is no word of prose.
_COMMAND = regex.compile(
    r"(?<=\s)--?[a-z][\w-]*(?:[= .;)]|$)|\|\s*(?:xargs|awk|grep|sort|sed|head|tail|less|wc)(?!\w)|"
    r"(?:^|[;&|`$(\s])(?:sudo|npm|npx|git|docker|podman|kubectl|systemctl|journalctl|apt-get|dnf|curl|wget|ssh|scp|rsync|chmod|chown|mkdir|"
    r"sed|awk|grep|cmake|mvn|gradle|psql|mysql|redis-cli|ffmpeg|openssl|gcloud)[ ](?=[\w./~-])"
)
_SENTENCE_START = regex.compile(r"(?:^|[.!?:;\n][\s\"'(>*-]*)$")
_DOTTED = regex.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_HOST_WORD = regex.compile(
    r"(?<!\w)(?:ip|ipv4|hosts?|addr(?:ess)?|login|logged|client|gateway|dns|subnet|ping(?:ed)?|connect\w*|blocked|firewall|router|vpn|proxy|peer|remote|src|dst|netmask|"
    r"dhcp|wifi|lan|wan|ssh|traffic|requests?|visitor|device)(?!\w)",
    regex.IGNORECASE,
)
_VERSION_WORD = regex.compile(
    r"(?<!\w)(?:versions?|ver|v|releases?d?|upgrad\w{1,4}|downgrad\w{1,4}|updat\w{1,4}|requires?|pinned|builds?|firmware|kernel|driver|compiler|package|library|tested|"
    r"compatible|install\w{0,3}|migrat\w{1,4}|since|until|bump\w{0,4})(?!\w)|(?<!-)[<>]=?(?=\s?(?:\d|$))|==|~=|(?<=\d)v$|(?<!\w)v$|\^$",
    regex.IGNORECASE,
)


def plausible(text: str, spans: Sequence[Span], words: frozenset[str], clock: Clock) -> list[Span]:
    """The findings worth keeping. `words` are everyday words in lower case. Raises TimeoutError."""
    kept: list[Span] = []
    doubtful: list[Span] = []
    # What a part of an address looks like says little; that it stands beside another says much.
    beside = bytearray(len(text))
    for span in spans:
        clock.left_s()
        if _is_version(text, span) or _is_shouted(text, span, words):
            continue
        if span.recognizer in MODELS and (_is_bare(text, span) or not _is_plausible(text, span, words)):
            doubtful.append(span)
            continue
        kept.append(span)
        if span.entity_type in _PLACES and any(map(str.isalpha, text[span.start : span.end])):
            first, last = max(0, span.start - _REACH), min(len(text), span.end + _REACH)
            beside[first:last] = b"\1" * (last - first)
    return kept + [
        span for span in doubtful if span.entity_type in _PLACES and any(beside[span.start : span.end])
    ]


def _is_plausible(text: str, span: Span, words: frozenset[str]) -> bool:
    found = text[span.start : span.end]
    if span.entity_type in _MARKED and not _MARKED[span.entity_type].search(found):
        return False
    if span.entity_type not in _NOT_IDS and any(map(str.isdigit, found)):
        near = (
            text[max(0, span.start - _ID_REACH) : span.start]
            + " "
            + text[span.end : span.end + _ID_REACH // 2]
        )
        if _THING_WORD.search(text, max(0, span.start - 24), span.start):
            return False
        if found.isdigit() and len(found) <= 5:
            near = text[max(0, span.start - 20) : span.start]
        return _ID_WORD.search(near) is not None and (
            span.entity_type != "EMAIL_ADDRESS" or "@" in near + found
        )
    letters = sum(map(str.isalpha, found))
    if _STANDARD.match(found) or (
        letters < 3 and (span.recognizer == "spacy" or not any(map(str.isdigit, found)))
    ):
        return False
    cased = _NAME_WORD.search(text, max(0, span.start - _CASE_REACH), span.end + _CASE_REACH) is not None
    if span.entity_type in ("ADDRESS", "POSTCODE"):
        line = max(text.rfind("\n", 0, span.start) + 1, span.start - _CODE_REACH)
        if _CODE.search(text[line : span.end + 3]):
            return False
        if found.isdigit() or _NAME_WORD.search(found) is not None:
            return True
        plain = all(word in words for word in _LOWER_WORD.findall(found))
        return not cased and (not plain or _STREET_WORD.search(found) is not None)
    if _PATH.search(text, max(0, span.start - 2), span.start):
        return False
    if _TWO_DIGITS.search(found) and (span.recognizer == "spacy" or not _THREE_LOWER.search(found)):
        return False
    if _ACRONYM.fullmatch(found) and (span.entity_type == "LOCATION" or len(found) == 2):
        return False
    starts = _SENTENCE_START.search(text, max(0, span.start - 8), span.start) is not None
    first, _, rest = found.partition(" ")
    everyday = (
        first.casefold() in words or first.casefold() in NOT_NAMES or first.endswith(("ing", "ed", "ly"))
    )
    if span.recognizer == "spacy":
        alone = not rest and (everyday or span.entity_type == "ORGANIZATION")
        return not (starts and alone) and not (found.islower() and cased)
    if found.isascii() and (found.islower() or (starts and everyday and rest.islower())):
        # In a text with capitals a name has one too, as a rule.
        near = text[max(0, span.start - _CASE_REACH) : span.end + _CASE_REACH]
        if _is_in_a_command(text, span):
            return any(word in given_names() for word in found.split())
        enough = _NEARLY_SURE if cased or _PROGRAM.search(near) else _SURE_IN_CHAT
        return any(word in given_names() for word in found.casefold().split()) or (
            span.score >= enough and not any(word in words for word in found.casefold().split())
        )
    return True


def _is_in_a_command(text: str, span: Span) -> bool:
    """By what else stands in its line, so far as a text's case is looked at: "thanks -maria" is a signature."""
    first = max(text.rfind("\n", 0, span.start) + 1, span.start - _CASE_REACH)
    end = text.find("\n", span.end)
    last = min(len(text) if end < 0 else end, span.end + _CASE_REACH)
    return any(
        match.end() <= span.start or match.start() >= span.end
        for match in _COMMAND.finditer(text, first, last)
    )


def _is_bare(text: str, span: Span) -> bool:
    """A number, or a word or two around one, that only its place could make part of an address."""
    return (
        span.recognizer == "transformer"
        and span.entity_type in ("ADDRESS", "POSTCODE")
        and (span.end - span.start <= 2 or not _THREE_LETTERS.search(text, span.start, span.end))
    )


def _is_shouted(text: str, span: Span, words: frozenset[str]) -> bool:
    """ "I AM FED UP": everyday words in capitals, where a rule for names expects one."""
    found = text[span.start : span.end]
    return (
        span.entity_type == "PERSON"
        and found.isupper()
        and all(word in words or (len(word) == 2 and word.isascii()) for word in found.casefold().split())
    )


def _is_version(text: str, span: Span) -> bool:
    """Four small numbers are a release as often as a host: some word must speak of hosts, or none of releases."""
    if span.entity_type != "IP_ADDRESS" or not _DOTTED.fullmatch(text, span.start, span.end):
        return False
    if _HOST_WORD.search(text, max(0, span.start - _CASE_REACH), span.end + _CASE_REACH):
        return False
    parts = text[span.start : span.end].split(".")
    small = all(int(part) < 32 for part in parts) and parts[0] != "10"
    return small or _VERSION_WORD.search(text[max(0, span.start - 40) : span.start]) is not None
