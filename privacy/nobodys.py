"""Says which findings are nobody's by their form, whatever else is spoken of: standards, files, amounts, colours, sums.

Covered: forms that no number or name of somebody has. Not covered: what the rest of the text tells (`somebody`).
"""

from __future__ import annotations

import regex

from privacy.records import Span
from privacy.weak_claims import CODES

_STANDARD = regex.compile(
    r"(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|ITU|ETSI|UL|SAE|JIS)(?:[ /](?:IEC|EN|ISO))?[ -]?[A-Z]?\d{2,5}(?:[-.:]\d{1,4})*"
)
_AMOUNT = regex.compile(r"\d+(?:kB|[KMGT]i?B|[kMG]?Hz|kWh|ms|rpm|px|dpi)|0x[0-9A-Fa-f]+")
# "#bf819d", "€1551.96", "left-pad@28.8.22", "3, 7, 12, 20".
_COLOUR = regex.compile(r"(?<![\w#&])#(?:[0-9a-fA-F]{3}){1,2}(?![\w-])")
_SUM = regex.compile(
    r"[$€£¥][ ]?\d[\d,]*\.\d\d(?!\d)|(?<![\d.])\d[\d,]*\.\d\d(?=[ ](?:USD|EUR|GBP|CHF|euros?|dollars?|pounds?)(?!\w))"
)
_FLOAT = regex.compile(r"(?<![\d.])\d{1,2}\.\d{4,}(?![\d.])")
# "@property" over what it decorates.
_DECORATOR = regex.compile(r"`@[\w.]+`|@[\w.]+(?=\(|\s(?:async |def |class |@))")
# What is typed at a prompt is a program.
_PROMPT = regex.compile(r"^[ ]{0,4}[$%][ ]\p{Ll}[\w-]*", regex.MULTILINE)
_PACKAGE = regex.compile(r"[\w.-]+@\d+(?:\.\d+){1,2}")
_SERIES = regex.compile(r"(?<![\d.])\d+, \d+,(?: \.\.\.| …| \d+(?:,| and))")
_LENGTH = regex.compile(r"[ ]?(?:[cm]m|inch(?:es)?|k?m|kg|V|W|A)(?!\w)")
_FILE = regex.compile(r"\.(?:json|csv|txt|ya?ml|xml|log|py|js|sh|sql|conf|cfg|ini|bin|dat)$")
_BEFORE = {
    "COORDINATES": regex.compile(r"(?<!\w)(?:RA|[Dd]ecl(?:ination)?|[Rr]ight [Aa]scension)[ .:=]"),
    "ORDER_ID": regex.compile(r"(?<!\w)order by ", regex.IGNORECASE),
}
_NOBODYS = {
    "EMAIL_ADDRESS": (_PACKAGE,),
    "PHONE_NUMBER": (_SUM, _FLOAT),
    "USERNAME": (_DECORATOR, _PROMPT),
    "PERSON": (_PROMPT,),
    "AGE": (_SERIES,),
    "ADDRESS": (_COLOUR, _SUM, _AMOUNT),
    "POSTCODE": (_COLOUR, _SUM),
}


def is_nobodys(text: str, span: Span) -> bool:
    """Standards, files, amounts and places in the sky, whatever else is spoken of."""
    around = max(0, span.start - 12)
    if any(
        match.start() <= span.start and span.end <= match.end()
        for form in _NOBODYS.get(span.entity_type, ())
        for match in form.finditer(text, around, span.end + 12)
    ):
        return True
    if span.entity_type in _BEFORE:
        return _BEFORE[span.entity_type].search(text, max(0, span.start - 24), span.end) is not None
    if span.entity_type == "USERNAME":
        found = text[span.start : span.end]
        # "@types/node" is a package.
        return _FILE.search(found) is not None or (found[0] == "@" and text.startswith("/", span.end))
    return span.entity_type in CODES and (
        _STANDARD.fullmatch(text, span.start, span.end) is not None
        or _AMOUNT.fullmatch(text, span.start, span.end) is not None
        or (
            span.end - span.start <= 4
            and text[span.start : span.end].isdigit()
            and _LENGTH.match(text, span.end) is not None
        )
    )
