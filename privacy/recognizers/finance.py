"""Finds payment cards and what secures them, bank accounts, routing codes, crypto addresses.

Covered: card numbers of all large networks (Luhn), IBANs (length and modulo 97), bitcoin-like addresses by checksum,
the rest beside a word. Not covered: an account number without a word (the long-number rule in `ids` scores it low).
"""

from __future__ import annotations

import hashlib

import regex

from privacy.recognizers.devices import valid_luhn
from privacy.recognizers.rule import Rule, words
from privacy.recognizers.worded import Kind, labelled, telling

# ISO/IEC 7812 ranges by network: Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay, Maestro, Mir, RuPay, UATP.
_CARD_PREFIX = regex.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720|20[0-4])|3[47]|3(?:0[0-5]|095|[689])|6(?:011|4[4-9]|5)|35(?:2[89]|[3-8])|62|81|82|50|5[6-9]|6[0-9]|1[0-9]{3}|979"
)
_CARD = regex.compile(r"(?<![\w.+-])(?<![$€£]\s?)[1-9][0-9]{3}(?:[ .·–-]{0,2}[0-9]){8,15}+(?![\w]|[-.][0-9])")
_CARD_WORDED = regex.compile(
    r"(?<![\w.+$€£-])(?P<x>[0-9]{4}(?:[ .·–-]{0,2}[0-9]){8,15}+|(?:[*xX#•.]{2,4}[ -]?){1,4}[0-9]{2,5}|[0-9]{4,6}[ -]?[*xX#•]{2,10}[ -]?(?:[*xX#•]{4}[ -]?)?[0-9]{4}|[0-9]{4})(?!\w|[-.,/:][0-9])"
)
_MASKED_CARD = regex.compile(r"(?<![\w*])(?:[0-9]{4,6}[ -]?)?(?:[*xX#•]{2,6}[ -]?){1,3}(?P<x>[0-9]{4})(?!\w)")
_CARD_ENDING = regex.compile(
    r"(?<!\w)(?:card|account|acct|visa|mastercard|amex|debit|credit)[\w ]{0,20}?\s(?:end(?:ing|s)|finish(?:ing|es))\s(?:in|with)?\s{0,2}(?:[*x]{1,4})?(?P<x>[0-9]{3,6})(?!\w)",
    regex.IGNORECASE,
)
_TRACK = regex.compile(r"%?B[0-9]{12,19}\^[^?^\n]{2,26}\^[0-9]{4,60}\??|;[0-9]{12,19}=[0-9]{4,40}\?")
_CVV = regex.compile(r"(?<![\w.,$€£/-])(?P<x>[0-9]{3,4})(?![\w%]|[-.,/:][0-9])")
_PIN = regex.compile(r"(?<![\w.,$€£/-])(?P<x>[0-9]{4,8})(?![\w%]|[-.,/:][0-9])")
_EXPIRY = regex.compile(
    r"(?<![\w.,$€£/-])(?P<x>(?:0?[1-9]|1[0-2])\s?[/-]\s?(?:20)?[0-9]{2})(?![\w%]|[-.,/:][0-9])"
)
_IBAN = regex.compile(
    r"(?<!\w)[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}+(?:[ -]?[A-Z0-9]{1,3}(?!\w))?(?!\w)", regex.IGNORECASE
)
# Two letters of a country and fifteen digits or more are nothing else, whatever their groups and checksum.
_IBAN_FORM = regex.compile(r"(?<!\w)[A-Z]{2}[ -]?[0-9]{2}(?:[ .-]?[0-9]){13,28}(?!\w)")
_CARD_SPREAD = regex.compile(r"(?<![\w.,-])[0-9](?:[ .-]{0,3}[0-9]){12,18}(?![\w]|[.,-][0-9])")
_THREE = r"[0-9]{3,4}|(?:[0-9][ -]){2,3}[0-9]"
_TWO_OF_THEM = rf"(?P<x>{_THREE})(?![\w%]|[.,/-][0-9])(?:(?:,?\s(?:not|no|sorry|or|and then|instead of|i mean|no wait)[, ]{{1,3}}|,\s)(?P<x>{_THREE})(?![\w%]|[.,/-][0-9]))?"
# A question may be answered on the next line.
_SECURITY = regex.compile(
    r"(?<!\w)(?:on the (?:back|signature strip|reverse|flip side|front)(?: of (?:the|my|your|her|his) card)?|(?:three|3|four|4)[ -]digits?(?: security)?(?: code| number)?|(?:three|3|four|4|last) (?:numbers|digits)|security (?:code|digits|number|value)|"
    r"(?:card )?verification (?:code|number|value)|c[vs][cv]2?|cvn|cid|csc|(?:back|signature) (?:code|number|digits))(?!\w)"
    rf"[^0-9\n]{{0,40}}(?:\n[^0-9\n]{{0,40}})?(?<![$€£.,:/#-]|\w){_TWO_OF_THEM}(?!\s(?:pages?|words|times|days|people|items|minutes|hours|dollars|euros|pounds|of|bit|byte|errors?))",
    regex.IGNORECASE,
)
# The number first: "it's 514 on the back".
_SECURITY_BEFORE = regex.compile(
    rf"(?<![\w.,$€£/-])(?P<x>{_THREE})(?=[ ,]{{1,2}}(?:is |was |are |that's |which is |it's |as |for |being ){{0,2}}(?:the |my |her |his |your |a )?(?:(?:three |3 |four |4 |last )?(?:digits |number |code |numbers )?(?:printed |written )?(?:on|from|at) the (?:back|signature strip|reverse)(?! (?:page|cover|seat|row|of the (?:book|page|room|house)))|cvv|cvc|cvn|csc|security (?:code|number)|card verification|behind the card|back of the card))",
    regex.IGNORECASE,
)
# "the code is 663" says little, unless a card is spoken of.
_CODE_OF_CARD = regex.compile(
    rf"(?<!\w)(?:code|digits|numbers?|security|secure code|check)(?: there| here)?(?:\s(?:is|was|are|says|reads|would be|it's|as))?(?:[ :=,-]|\n\s?\w{{1,12}}:){{1,3}}(?:it's |that's |um,? |uh,? |is )?(?<![\w$€£.,:/-])(?P<x>{_THREE})(?![\w%]|[.,/-][0-9])",
    regex.IGNORECASE,
)
_CARD_SAID = words(
    r"cards?", r"cvv", r"cvc", r"visa", r"mastercard", r"amex", r"expir\w*", r"exp", r"valid thru", r"valid until", r"debit", r"credit",
)  # fmt: skip
# Behind a card number without a word: its expiry and its code, in either order.
_BEHIND_CARD = regex.compile(
    r"(?<![\w.+-])[2-6][0-9]{3}(?:[ .-]?[0-9]){9,15}(?:[ ,;|/]|\n){1,3}(?:exp(?:iry|ires|\.)?:? )?(?P<x>(?:0[1-9]|1[0-2])\s?[/-]?\s?(?:20)?[2-4][0-9])(?:(?:[ ,;|/]|\n){1,3}(?:cvv2?|cvc2?|code)?:? ?(?P<x>[0-9]{3,4}))?(?![\w%]|[.,/-][0-9])"
)
_EXPIRES = regex.compile(
    r"(?<!\w)(?:exp(?:ir(?:y|es|ed|ing|ation))?\.?(?: date)?|valid (?:thru|until|to|through)|good (?:thru|through))[^0-9\n]{0,16}(?P<x>(?:0?[1-9]|1[0-2])\s?[/-]\s?(?:20)?[0-9]{2}|(?:0[1-9]|1[0-2])[2-4][0-9])(?![\w%]|[.,/-][0-9])",
    regex.IGNORECASE,
)
_BIC = regex.compile(r"(?<!\w)[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?(?!\w)")
_BIC_FULL = regex.compile(r"(?<!\w)[A-Z]{6}[A-Z0-9]{2}XXX(?!\w)")
_ABA = regex.compile(r"(?<![\w.,$-])[0-9]{9}(?!\w|[-.][0-9])")
_SORT_CODE = regex.compile(r"(?<![\w.,$-])(?:[0-9]{2}[- ]?[0-9]{2}[- ]?[0-9]{2})(?!\w|[-.][0-9])")
_BASE58 = regex.compile(r"(?<![\w/=+])[13DLMTXtAEbp9rn2][1-9A-HJ-NP-Za-km-z]{25,34}(?![\w/=+])")
_BASE58_BITCOIN = regex.compile(r"(?<![\w/=+])[13][1-9A-HJ-NP-Za-km-z]{25,34}(?![\w/=+])")
_PAID_TO = words(
    r"wallets?", r"bitcoins?", r"btc", r"crypto\w*", r"coins?", r"transfer(?:s|red)?", r"payments?", r"paid", r"sen[dt]", r"payout", r"deposit\w*", r"address", r"refund\w*", r"donat\w+", r"withdraw\w*", r"funds",
)  # fmt: skip
_BECH32 = regex.compile(
    r"(?<!\w)(?:bc1|tb1|ltc1|addr1|cosmos1|bnb1|osmo1|nano_|kaspa:)[02-9ac-hj-np-z1]{20,100}(?!\w)",
    regex.IGNORECASE,
)
_ETHER = regex.compile(r"(?<!\w)0x[0-9a-f]{40}(?!\w)", regex.IGNORECASE)
_MONERO = regex.compile(
    r"(?<!\w)[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}(?!\w)|(?<!\w)[xyz]p(?:ub|rv)[1-9A-HJ-NP-Za-km-z]{100,112}(?!\w)"
)
_WALLET = regex.compile(r"(?<!\w)(?:0x)?(?=[A-Za-z]{0,20}[0-9])[0-9A-Za-z]{25,110}(?!\w)")

# Registered lengths (SWIFT IBAN registry).
_IBAN_CHARS = {
    country: length
    for length, countries in (
        (15, "NO"), (16, "BE"), (18, "DK FO FI GL NL SD FK"), (19, "MK SI"), (20, "AT BA EE KZ LT LU XK MN"),
        (21, "CH HR LI LV"), (22, "BG BH CR DE GB GE IE ME RS VA"), (23, "AE GI IL IQ OM SO TL"), (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"), (26, "IS TR"), (27, "BI DJ FR GR IT MC MR SM"), (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
        (29, "BR EG PS QA UA"), (30, "JO KW MU YE"), (31, "MT SC"), (32, "LC"), (33, "RU"),
    )
    for country in countries.split()
}  # fmt: skip
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def valid_iban(found: str) -> bool:
    """ISO 7064 mod 97-10 over the rearranged IBAN (ISO 13616)."""
    plain = "".join(char for char in found.upper() if char.isalnum())
    if not plain.isascii():
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def likely_iban(found: str) -> bool:
    """The registered length of its country, so that a mistyped one is still covered."""
    return _IBAN_CHARS.get(found[:2].upper()) == sum(char.isalnum() for char in found)


def valid_card(found: str) -> bool:
    """A network's range and length, and Luhn."""
    digits = "".join(char for char in found if char.isdigit())
    return 12 <= len(digits) <= 19 and _CARD_PREFIX.match(digits) is not None and valid_luhn(digits)


def _sure_card(found: str) -> bool:
    """As `valid_card`, without the ranges that hardly say anything: one long number in ten passes Luhn."""
    digits = "".join(char for char in found if char.isdigit())
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and valid_card(digits)


def valid_aba(found: str) -> bool:
    """American Bankers Association: weights 3, 7, 1; the first two digits are a Federal Reserve district."""
    digits = [int(char) for char in found if char.isdigit()]
    if len(digits) != 9 or not (digits[0] <= 3 or 6 <= digits[0] <= 7 or digits[0] == 8):
        return False
    return sum(digit * weight for digit, weight in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0


def valid_base58check(found: str) -> bool:
    """25 bytes of which the last four are the double SHA-256 of the rest (Bitcoin, Litecoin, Dogecoin, Tron, Dash, ...)."""
    number = 0
    for char in found:
        number = number * 58 + _ALPHABET.index(char)
    if number >> 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _is_mixed(found: str) -> bool:
    return any(map(str.islower, found)) and any(map(str.isupper, found))


def _of_iban_country(found: str) -> bool:
    return found[:2].upper() in _IBAN_CHARS


RULES = (
    Rule("card spread", "CREDIT_CARD", _CARD_SPREAD, 0.9, accept=_sure_card),
    Rule("card security worded", "CARD_SECURITY", _SECURITY, 0.7),
    Rule("behind a card", "CARD_SECURITY", _BEHIND_CARD, 0.6),
    Rule("card security before", "CARD_SECURITY", _SECURITY_BEFORE, 0.6),
    Rule("card code", "CARD_SECURITY", _CODE_OF_CARD, 0.5, context=_CARD_SAID),
    Rule("card expiry worded", "CARD_SECURITY", _EXPIRES, 0.6),
    Rule("iban by its form", "IBAN_CODE", _IBAN_FORM, 0.5, accept=_of_iban_country),
    Rule("iban", "IBAN_CODE", _IBAN, 1.0, accept=valid_iban),
    Rule("iban mistyped", "IBAN_CODE", _IBAN, 0.7, accept=likely_iban),
    Rule("card", "CREDIT_CARD", _CARD, 0.95, accept=_sure_card),
    Rule("track", "CARD_SECURITY", _TRACK, 0.96),
    Rule("masked card", "CREDIT_CARD", _MASKED_CARD, 0.6),
    Rule("card ending", "CREDIT_CARD", _CARD_ENDING, 0.7),
    Rule("ether", "CRYPTO", _ETHER, 0.8),
    Rule("base58", "CRYPTO", _BASE58, 0.95, accept=valid_base58check),
    Rule("base58 of a wallet", "CRYPTO", _BASE58_BITCOIN, 0.6, context=_PAID_TO, accept=_is_mixed),
    Rule("bech32", "CRYPTO", _BECH32, 0.8),
    Rule("monero", "CRYPTO", _MONERO, 0.8),
    Rule("bic", "BANK_ACCOUNT", _BIC_FULL, 0.6, needs_digit=False),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "card worded", "CREDIT_CARD",
        (r"card", r"credit card", r"debit card", r"bank card", r"payment card", r"visa(?: card)?", r"mastercard", r"master card", r"amex", r"american express", r"discover(?: card)?", r"diners(?: club)?", r"maestro", r"unionpay", r"jcb", r"cc", r"kreditkarte\w*", r"carte (?:bancaire|bleue|de crédit)", r"tarjeta(?: de crédito| de débito)?", r"carta di credito", r"cartão(?: de crédito)?", r"creditcard\w*", r"karta kredytowa", r"karty"),
        _CARD_WORDED, far=_CARD, check=valid_card,
    ),
    Kind(
        "cvv worded", "CARD_SECURITY",
        (r"cvv[0-9]?", r"cvc[0-9]?", r"cvn", r"cav2?", r"cid", r"csc", r"card verification(?: value)?", r"security code", r"card security", r"verification value", r"three digits?(?: on the back)?", r"code on the back", r"digits on the back(?: of (?:the|my|her|his) card)?", r"prüfziffer", r"cryptogramme"),
        _CVV,
    ),
    Kind("card pin worded", "CARD_SECURITY", (r"card pin", r"atm pin", r"debit pin", r"bank pin", r"pin(?: code| number| no)?"), _PIN),
    Kind("expiry worded", "CARD_SECURITY", (r"exp(?:iry|ires|iration|iring)?(?: date| on)?", r"valid (?:thru|through|until|till|to)", r"good (?:thru|through)", r"gültig bis"), _EXPIRY),
    telling(
        "account worded", "BANK_ACCOUNT",
        r"account", r"acct", r"a/c", r"bank (?:account|acct|details)", r"checking(?: account)?", r"savings(?: account)?", r"deposit account", r"current account", r"brokerage(?: account)?", r"loan", r"mortgage", r"direct deposit", r"wire", r"ach(?: account)?", r"beneficiary account", r"bank verification", r"bvn", r"clabe", r"ifsc", r"bsb", r"girokonto", r"konto nummer", r"kontonr", r"konto", r"bankverbindung", r"depot nummer", r"numéro de compte", r"compte(?: bancaire)?", r"rib", r"cuenta(?: bancaria)?", r"conto(?: corrente)?", r"rekening nummer", r"rekening", r"conta(?: bancária| corrente)?", r"rachunek", r"rachunku", r"nr konta", r"numer konta",
    ),
    telling("iban worded", "IBAN_CODE", r"iban"),
    Kind("routing worded", "BANK_ACCOUNT", (r"routing(?: transit)?", r"aba", r"rtn", r"transit"), _ABA, far=_ABA, check=valid_aba),
    Kind("sort code worded", "BANK_ACCOUNT", (r"sort code", r"bankleitzahl", r"blz", r"bsb", r"branch code"), regex.compile(_SORT_CODE.pattern + r"|(?<![\w.,$-])[0-9]{3}[ -]?[0-9]{3}(?:[ -]?[0-9]{2})?(?!\w|[-.][0-9])"), far=_SORT_CODE),
    Kind("bic worded", "BANK_ACCOUNT", (r"bic", r"swift (?:bic|code|address|number)", r"swift(?=[:/])"), _BIC, far=_BIC),
    Kind("wallet worded", "CRYPTO", (r"wallet(?: address)?", r"btc(?: address)?", r"bitcoin(?: address)?", r"eth(?: address)?", r"ethereum(?: address)?", r"crypto(?:currency)?(?: address| wallet)?", r"solana(?: address)?", r"sol(?= address)", r"xrp(?: address)?", r"ripple", r"tron", r"usdt", r"monero", r"cardano", r"dogecoin", r"litecoin", r"address"), _WALLET, far=_WALLET),
    labelled("payment labelled", "BANK_ACCOUNT", r"acc", r"bank", r"giro", r"sepa", r"mandate", r"creditor", r"escrow", r"investment", r"portfolio", r"pension", r"isa", r"ira", r"billing", r"autopay"),
)  # fmt: skip
