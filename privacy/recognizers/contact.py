"""Finds e-mail and web addresses, phone numbers and handles.

Covered: plain and lightly disguised e-mail ("x at y dot com"), links and bare domains, phone numbers in the
forms of many countries, handles. Not covered: phone numbers written as words, domains under rare endings
without "www.".
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import CONTEXT_CHARS, Clock, Rule, grouped, matches, run_rules, words
from privacy.records import Span

_STRONG_TLDS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|app|dev|cloud|online|site|shop|store|tech|xyz|blog|club|name|pro|mobi|"
    "agency|company|email|live|news|support|uk|de|fr|es|nl|pl|se|dk|fi|cz|hu|ro|ch|eu|ru|ua|jp|cn|kr|br|mx|ar|cl|au|nz|ca|"
    "us|za|il|tr|gr|ie|pt|sk|si|hr|bg|lt|lv|ee|lu|sg|hk|tw|th|vn|ph|ae|sa|ng|ke|gl"
)
# Endings that are also words: a full stop without a space after it ("done.it") must not become a domain.
_WEAK_TLDS = "it|is|in|at|be|no|so|to|me|am|as|my|id|tv|cc|co|ly|gg|sh|im"

# Possessive quantifiers and a look-behind that forbids starting inside a run keep these linear on
# "a.a.a.a...".
_EMAIL = regex.compile(r"(?<![\w.+%'-])[\w.+%'-]++@(?:[\w-]{1,63}\.){1,8}[\w-]{2,24}")
_EMAIL_SPOKEN = regex.compile(
    r"(?<![\w.+-])[\w.+-]++(?:\s(?:dot|underscore|dash|hyphen)\s[\w.+-]++){0,3}(?:\s?[\[(]\s?at\s?[\])]\s?|\sat\s)(?:[\w-]{1,63}(?:\s?[\[(]\s?dot\s?[\])]\s?|\sdot\s|\.)){1,4}"
    r"(?:com|org|net|edu|gov|io|co|info|uk|de|fr|es|it|nl|pl|eu)(?!\w)",
    regex.IGNORECASE,
)
# "ada @ example . org", also broken over two lines.
_EMAIL_UNDERSCORED = regex.compile(
    r"(?<!\w)[^\W_]{1,30}(?:_dot_[^\W_]{1,30}){0,3}_at_[^\W_]{1,40}(?:_dot_[^\W_]{2,20}){1,3}(?!\w)",
    regex.IGNORECASE,
)
_URL_SPOKEN = regex.compile(
    r"(?<!\w)(?:(?:https?|www)\s?(?:colon slash slash|:\s?//|dot)\s?)?(?:[\w-]{1,40}\sdot\s){1,4}"
    r"(?:com|org|net|edu|gov|io|co|info|uk|de|fr|es|it|nl|pl|eu|example)(?!\w)(?:\s(?:slash|/)\s[\w-]{1,40}){0,4}",
    regex.IGNORECASE,
)
_USER_AT_HOST = regex.compile(
    r"(?<![\w.+@/-])[\w.+-]{2,40}@(?!sha\d|md5|latest\b|v?\d)[A-Za-z0-9][A-Za-z0-9-]{1,62}(?![\w.@:-]|\.\w)"
)
_EMAIL_SPACED = regex.compile(
    r"(?<![\w.+@-])[\w+-]++(?:\s?\.\s?[\w+-]++){0,3}\s{0,2}@\s{0,2}[\w-]++(?:\s?\.\s?(?!(?:"
    + _STRONG_TLDS
    + r")\b)[\w-]++){0,3}\s?\.\s?(?:"
    + _STRONG_TLDS
    + r"|it|at|be|no)(?!\w)",
    regex.IGNORECASE,
)
_IP_PADDED = regex.compile(
    r"(?<![\w.])(?:[01]\d\d|2[0-4]\d|25[0-5])(?:\.(?:[01]\d\d|2[0-4]\d|25[0-5])){3}(?!\w|\.\w)"
)
_IP_HEXADECIMAL = regex.compile(
    r"(?<!\w)(?:ips?|log(?:in|ged|on)|connect\w*|sessions?|requests?|blocked|visitors?|whitelist\w*|attack\w*|traffic|abuse)(?!\w)[^\n]{0,40}?"
    r"(?<!\w)(?P<x>0x[0-9a-f]{8})(?!\w)",
    regex.IGNORECASE,
)
_LINK = regex.compile(r"(?<!\w)(?:https?|ftp|hxxps?)://[^\s<>\"\\]*[\w/#=&~+-]", regex.IGNORECASE)
_DOMAIN = regex.compile(
    r"(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,6}(?:" + _STRONG_TLDS + r")(?![\w-])(?:/[^\s<>\"\\]*[\w/#=&~+-])?",
    regex.IGNORECASE,
)
_DOMAIN_WEAK = regex.compile(
    r"(?<![\w@.-])(?:www\.(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![\w-])"
    r"|(?:[a-z0-9-]{1,63}\.){1,6}(?:" + _WEAK_TLDS + r")(?=/))(?:/[^\s<>\"\\]*[\w/#=&~+-])?",
    regex.IGNORECASE,
)
_HANDLE = regex.compile(r"(?<![\w@./])@[A-Za-z_][\w.]{1,29}\w")
RULES = grouped(
    Rule("email", "EMAIL_ADDRESS", _EMAIL, 0.95, needs_digit=False),
    Rule("email spaced", "EMAIL_ADDRESS", _EMAIL_SPACED, 0.8, needs_digit=False),
    Rule("ip padded", "IP_ADDRESS", _IP_PADDED, 0.6),
    Rule("ip hexadecimal", "IP_ADDRESS", _IP_HEXADECIMAL, 0.5),
    Rule("email underscored", "EMAIL_ADDRESS", _EMAIL_UNDERSCORED, 0.7, needs_digit=False),
    Rule("user at host", "USERNAME", _USER_AT_HOST, 0.6, needs_digit=False),
    Rule("url spoken", "URL", _URL_SPOKEN, 0.6, needs_digit=False),
    Rule("email spoken", "EMAIL_ADDRESS", _EMAIL_SPOKEN, 0.7, needs_digit=False),
    Rule("link", "URL", _LINK, 0.9, needs_digit=False),
    Rule("domain", "URL", _DOMAIN, 0.6, needs_digit=False),
    Rule("domain weak", "URL", _DOMAIN_WEAK, 0.6, needs_digit=False),
    Rule("handle", "USERNAME", _HANDLE, 0.6, needs_digit=False),
)

# 6 to 15 digits (ITU-T E.164 allows 15) with at most two separators between digits. It cannot start inside
# a longer run and every repeat is bounded, so it is linear.
_PHONE = regex.compile(
    r"(?<![\w+-])(?<!\d\.)(?<!(?<!(?i:fax|fx|tel|phone|ph|cell|mobile|no))#(?!\+))(?:\+|00(?=[1-9]))?(?:\(\+?\d{1,6}\)|\d)(?:[ .\-/()\u00a0\u2011]{0,3}\d){5,16}"
    r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w]|[.\-]\d)"
)
_PHONE_WORDS = words(
    r"phones?",
    r"tele?phones?",
    r"tel\.?",
    r"telefon\w*",
    r"t[ée]l\.?",
    r"cell(?:phone)?",
    r"mobile",
    r"handy",
    r"(?:tele|e)?fax(?:ed|ing)?",
    r"fx",
    r"mob",
    r"cb",
    r"call ?back",
    r"pager",
    r"voicemail",
    r"switchboard",
    r"(?:interpreter|secure|direct|hot|help) ?line",
    r"call(?:s|ed|ing)?(?: me| us)?",
    r"dial(?:ed|ing)?",
    r"rings?",
    r"reach(?:ed)?(?: me| us)?",
    r"contact(?: me| us)?",
    r"text(?:s|ed)? me",
    r"whats ?app",
    r"sms",
    r"answering",
    r"landline",
    r"hotline",
    r"number (?:is|was|to)",
    r"ph",
    r"office",
    r"home",
    r"work",
)
_PHONE_WORDS_AFTER = regex.compile(
    r"[\s,(-]{0,3}(?:office|fax|mobile|cell|home|work|phone|tel)\b", regex.IGNORECASE
)
_NANP = regex.compile(r"1?[ .-]?\(?[2-9]\d{2}\)?[ .-]?[2-9]\d{2}[ .-]?\d{4}(?:\s?(?:x|ext).*)?")
_DATE_LIKE = regex.compile(
    r"(?:19|20)\d\d[-/.][01]?\d[-/.][0-3]?\d|[0-3]?\d([-/.])[0-3]?\d\1(?:19|20)\d\d(?!\d)"
)
_PART_WORD = words(
    r"parts?", r"skus?", r"chips?", r"models?", r"versions?", r"bearings?", r"gaskets?", r"seals?", r"items?", r"articles?", r"art", r"cat", r"builds?", r"isbn",
    r"drawings?", r"firmware", r"error", r"replaces", r"revisions?",
)  # fmt: skip
# A price in much of Europe.
_THOUSANDS = regex.compile(r"\d{1,3}(?:\.\d{3})+")


def find_contacts(text: str, clock: Clock) -> list[Span]:
    """Spans of every contact form. Raises TimeoutError."""
    spans = run_rules(RULES, text, clock)
    for match in matches(_PHONE, text, clock):
        before = text[max(0, match.start() - CONTEXT_CHARS) : match.start()]
        worded = bool(_PHONE_WORDS.search(before) or _PHONE_WORDS_AFTER.match(text, match.end()))
        score = _phone_score(match.group(), worded, before[-30:])
        if score > 0:
            spans.append(Span(match.start(), match.end(), "PHONE_NUMBER", score, "phone"))
    return spans


def _phone_score(found: str, worded: bool, before: str) -> float:
    """How surely this run of digits is a phone number; 0 for what looks like something else."""
    number = regex.split(r"\s?(?:x|ext)", found)[0]
    digits = [char for char in number if char.isdigit()]
    if not (6 if worded else 7) <= len(digits) <= 15 or _DATE_LIKE.match(number):
        return 0.0
    if len(set(digits)) == 1 or (not worded and _THOUSANDS.fullmatch(number)):
        return 0.0
    if worded:
        return 0.75
    if number.startswith(("+", "(")) or found != number:
        return 0.7
    groups = regex.split(r"\D+", number.strip())
    if len(groups) >= 2 and (_NANP.fullmatch(number) or number.startswith("0")):
        return 0.65
    if _PART_WORD.search(before) or (set(regex.findall(r"\D", number)) == {"."} and len(digits) < 9):
        return 0.0
    # Three or more short groups ("20-32-85-26"): an ISBN or a price never looks like this, a part number may.
    if (
        len(groups) >= 3
        and all(2 <= len(group) <= 4 for group in groups)
        and number[:3] not in ("978", "979")
        and not (len(groups) == 3 and len(groups[2]) == 2)
    ):
        return 0.5
    return 0.0
