"""Finds numbers that stand for a person or an account: customer, order, policy, case, licence and similar
ids.

Covered: an id next to a word that says so, in English; shapes that say so themselves. Not covered: an id
without any such word, unless its checksum or shape is known; secrets such as API keys (only after a word
like "password").
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, Rule, run_rules
from privacy.records import Span

# What may stand between the word and the id: "number is", "no.", "#", ":", "ID =".
_JOIN = r"[ \t]{0,2}(?:number|numbers|no|nr|num|id|ids|identifier|code|ref|reference|#|№|n°)?[.:#]?[ \t]{0,2}(?:is|was|are|=|:|-|of|ending in|ends in)?[ \t#:]{0,3}[\"'(\[]?"
# The id: letters and digits in groups, at least one digit, at least four characters.
_ID = r"(?P<x>(?=[A-Za-z/_.-]{0,10}\d)[A-Za-z0-9](?:[-/_.]?[A-Za-z0-9]|[ ](?=\d)){3,34})(?![\w])"


def _worded(noun: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<!\w)(?:{noun}){_JOIN}{_ID}", regex.IGNORECASE)


_KINDS: tuple[tuple[str, str], ...] = (
    (
        "ACCOUNT_ID",
        r"(?:bank[ _]|checking[ _]|savings[ _])?(?:account|acct|a/c|acc|konto|iban|sort[ _]code|routing)",
    ),
    (
        "CUSTOMER_ID",
        r"(?:customer|client|member(?:ship)?|subscriber|patient|employee|staff|student|user|person(?:nel|al)?|loyalty|"
        r"frequent[ _]flyer|badge|payroll)[ _](?=(?:number|no|nr|num|id|identifier|code|ref|reference|#)\b|#)",
    ),
    (
        "ORDER_ID",
        r"order|invoice|booking|reservation|confirmation|tracking|shipment|transaction|receipt|purchase[ _]order|delivery|parcel|"
        r"reference|ref",
    ),
    ("CASE_ID", r"ticket|case|claim|incident|complaint|docket|file[ _](?=(?:number|no|#))"),
    ("POLICY_ID", r"policy|contract|insurance|plan[ _](?=(?:number|no|id|#))|certificate"),
    (
        "GOVERNMENT_ID",
        r"passport|driv(?:er|ing)(?:'?s)?[ _]licen[cs]e|licen[cs]e|ssn|social[ _]security|social|tax(?:payer)?|national(?:[ _]insurance)?|"
        r"identity[ _]card|id[ _]card|nhs|medicare|medicaid|mrn|medical[ _]record|health[ _](?:card|plan)|visa[ _](?=(?:number|no|#))|npi|dea",
    ),
    ("VEHICLE_ID", r"(?:licen[cs]e|number|registration)[ _]plate|vin|registration|plate"),
    ("DEVICE_ID", r"serial|imei|imsi|iccid|device|asset"),
    ("CREDIT_CARD", r"(?:credit|debit|bank)?[ _]?card|cc|amex|visa|mastercard"),
)
_VIN = regex.compile(r"(?<!\w)(?=[A-Z0-9]{0,16}\d)(?=[A-Z0-9]{0,16}[A-Z])[A-HJ-NPR-Z0-9]{17}(?!\w)")
_PREFIXED = regex.compile(
    r"(?<![\w-])(?:ACC|ACCT|CUST|CUS|CLI|MEM|EMP|ORD|INV|PO|POL|CLM|TKT|CASE|REF|MRN|PAT|USR|UID|BK|RES|TRX|TXN|RMA|SN|CID|SO)"
    r"[-_#/ ]?(?=[A-Z0-9-]{0,6}\d)[A-Z0-9][A-Z0-9-]{2,24}[A-Z0-9](?!\w)"
)
_PAN_INDIA = regex.compile(r"(?<!\w)[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z](?!\w)", regex.IGNORECASE)
_SECRET = regex.compile(
    r"(?<!\w)(?:password|passwd|pwd|passcode|pass ?phrase|pin(?: ?code| ?number)?|cvv2?|cvc|otp|security code|secret|api[ _-]?key|token)"
    r"\s{0,2}(?:is|was|=|:)\s{0,2}[\"'`]?(?P<x>[^\s\"'`,;]{3,80})",
    regex.IGNORECASE,
)
_LONG_NUMBER = regex.compile(r"(?<![\w.,/$€£+-])\d(?:[ -]?\d){7,23}(?![\w%]|[.,-]\d)")
_HEX = regex.compile(
    r"(?<!\w)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?!\w)", regex.IGNORECASE
)
_MASKED_CARD = regex.compile(r"(?<![\w*])(?:[*xX#•]{4}[ -]?){1,3}(?P<x>\d{4})(?!\w)")
_SHORT_CARD = regex.compile(
    r"(?<!\w)(?:card|account)\s(?:ending|ends)\s(?:in|with)\s{1,2}(?P<x>\d{3,6})(?!\w)", regex.IGNORECASE
)
_IBAN = regex.compile(
    r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?!\w)", regex.IGNORECASE
)


def valid_iban(found: str) -> bool:
    """ISO 7064 mod 97-10 over the rearranged IBAN (ISO 13616)."""
    plain = "".join(char for char in found.upper() if char.isalnum())
    return plain.isascii() and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


RULES = (
    *(Rule(f"{kind.lower()} worded", kind, _worded(noun), 0.65) for kind, noun in _KINDS),
    Rule("iban", "IBAN_CODE", _IBAN, 1.0, accept=valid_iban),
    Rule("vin", "VEHICLE_ID", _VIN, 0.5),
    Rule("pan india", "GOVERNMENT_ID", _PAN_INDIA, 0.6),
    Rule("prefixed id", "REFERENCE_ID", _PREFIXED, 0.6),
    Rule("uuid", "REFERENCE_ID", _HEX, 0.5),
    Rule("secret", "SECRET", _SECRET, 0.7, needs_digit=False),
    Rule("masked card", "CREDIT_CARD", _MASKED_CARD, 0.6),
    Rule("card ending", "CREDIT_CARD", _SHORT_CARD, 0.7),
    # Eight digits or more are rarely anything but an id in a letter or a chat; prices carry a currency sign
    # or a point.
    Rule("long number", "REFERENCE_ID", _LONG_NUMBER, 0.4),
)


def find_ids(text: str, clock: Clock) -> list[Span]:
    """Spans of ids. Raises TimeoutError."""
    return run_rules(RULES, text, clock)
