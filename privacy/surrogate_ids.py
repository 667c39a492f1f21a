"""Stand-ins for identifiers: the same layout, another value for every other value, valid where the original is.

Covered: any mix of digits and letters, by a keyed bijection among the values of its shape, so that two ids never become one;
checksums by walking that bijection to the next valid value. UK NHS numbers come from the test range 999, national insurance
numbers from the prefix QQ, neither ever issued. Not covered: other countries' numbers are valid and may be somebody's; values
of more than 64 letters and digits get drawn ones.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module

import regex

from privacy.draw import Draw
from privacy.permutation import permutation

_MAX_LENGTH = 64
# The rarest validity here is one value in some thousands (a French NIR); beyond, the shape alone is kept.
_MAX_STEPS = 20_000

Valid = Callable[[str], bool]

_STDNUM = """gb.nhs es.dni es.nie fr.nir it.codicefiscale nl.bsn pl.pesel se.personnummer fi.hetu de.idnr in_.aadhaar ca.sin au.tfn br.cpf
    pt.nif be.nn no.fodselsnummer dk.cpr ch.ssn ie.pps gb.utr us.itin imei"""
_MBI = regex.compile(
    r"[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y]{2}\d\d"
)
_NINO = regex.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
_VIN = regex.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_CHECK_PLACE = 8


def identifier(original: str, draw: Draw) -> str:
    """Digit for digit, letter for letter of the same case; all else stays."""
    return _like(original, _walk(_plain(original), draw, None), draw)


def identity_number(original: str, draw: Draw) -> str:
    """As `identifier`; a number that is valid in some countries stays valid in them."""
    plain = _plain(original)
    if _NINO.fullmatch(plain):
        return _like(original, "QQ" + _walk(plain[2:8], draw, None) + plain[8], draw)
    passed = {name: valid for name, valid in _validators() if valid(plain)}
    if "gb.nhs" in passed:
        return _like(original, _nhs_number(draw), draw)
    # One number can be valid in several countries, and which was meant is not known.
    checks = tuple(passed.values())
    return _like(
        original,
        _walk(plain, draw, (lambda other: all(valid(other) for valid in checks)) if checks else None),
        draw,
    )


def device(original: str, draw: Draw) -> str:
    """As `identifier`; an IMEI keeps its check digit right."""
    plain = _plain(original)
    valid = dict(_validators())["imei"]
    return _like(original, _walk(plain, draw, valid if len(plain) == 15 and valid(plain) else None), draw)


def vehicle(original: str, draw: Draw) -> str:
    """As `identifier`; a VIN keeps its letters and, where it had one, its check digit (49 CFR 565.15)."""
    plain = _plain(original)
    if not _VIN.fullmatch(plain):
        return identifier(original, draw)
    checked = _vin_check(plain) == plain[_VIN_CHECK_PLACE]
    stand_in = _walk(plain, draw, lambda other: _VIN.fullmatch(other) is not None)
    if checked:
        stand_in = stand_in[:_VIN_CHECK_PLACE] + _vin_check(stand_in) + stand_in[_VIN_CHECK_PLACE + 1 :]
    return _like(original, stand_in, draw)


def iban(original: str, draw: Draw) -> str:
    """Same country, length and layout, valid check digits (ISO 7064 mod 97-10). National check digits are not kept."""
    plain = _plain(original)
    if not 8 <= len(plain) <= _MAX_LENGTH or not plain.isascii() or not plain[:2].isalpha():
        return identifier(original, draw)
    account = _walk(plain[4:], draw, None)
    value = int("".join(str(int(char, 36)) for char in account + plain[:2] + "00"))
    return _like(original, f"{plain[:2]}{98 - value % 97:02d}{account}", draw)


def _plain(original: str) -> str:
    """Letters and digits, upper-case."""
    return "".join(char for char in original if char.isalnum()).upper()


def _like(original: str, stand_in: str, draw: Draw) -> str:
    """The stand-in's characters in the places and the case of the original's."""
    places = sum(char.isalnum() for char in original)
    if len(stand_in) != places:
        # Upper-casing changed the length ("ß"): nothing that is checked looks like that.
        return "".join(
            draw.pick(string.ascii_lowercase)
            if char.isalpha()
            else str(draw.below(10))
            if char.isalnum()
            else char
            for char in original
        )
    rest = iter(stand_in)
    shaped = []
    for char in original:
        new = next(rest) if char.isalnum() else char
        shaped.append(new.lower() if char.islower() else new)
    return "".join(shaped)


def _walk(plain: str, draw: Draw, valid: Valid | None) -> str:
    """The value that the bijection of this shape gives, or the next one along it that is valid.

    A first digit that is not 0 stays not 0, and a 0 stays 0. Walking from valid value to valid value is a bijection among them.
    """
    sets = [_choices(char, index == 0) for index, char in enumerate(plain)]
    size = 1
    for choices in sets:
        size *= len(choices)
    if size < 2 or len(plain) > _MAX_LENGTH:
        return "".join(draw.pick(choices) for choices in sets)
    number = 0
    for char, choices in zip(plain, sets, strict=True):
        number = number * len(choices) + max(0, choices.find(char))
    shape = "".join(choices[0] for choices in sets)
    exchange = permutation(draw.key, f"ID {shape} {draw.attempt}", size)
    first = None
    for _ in range(1 if valid is None else _MAX_STEPS):
        number = exchange.displaced(number)
        value, rest = "", number
        for choices in reversed(sets):
            rest, place = divmod(rest, len(choices))
            value = choices[place] + value
        first = first or value
        if valid is None or valid(value):
            return value
    assert first is not None
    return first


def _choices(char: str, is_first: bool) -> str:
    """What may stand in a character's place; letters and digits of other scripts give way to plain ones."""
    if char.isdigit():
        return "0" if is_first and char == "0" else string.digits[1:] if is_first else string.digits
    return string.ascii_uppercase


def _nhs_number(draw: Draw) -> str:
    """A number of the range that NHS England keeps for tests; its check digit is mod 11 and never 10."""
    while True:
        body = f"999{draw.below(1_000_000):06d}"
        check = -sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            return body + str(check)


def _vin_check(vin: str) -> str:
    total = sum(
        int(_VIN_VALUES.get(char, char)) * weight for char, weight in zip(vin, _VIN_WEIGHTS, strict=True)
    )
    return "X" if total % 11 == 10 else str(total % 11)


def _is_npi(plain: str) -> bool:
    """A US provider number: Luhn over the number behind the prefix 80840 (45 CFR 162.406)."""
    return len(plain) == 10 and plain.isdigit() and plain[0] in "12" and _luhn("80840" + plain)


def _is_dea(plain: str) -> bool:
    """A US controlled-substances registration: two letters, six digits, a check digit over odd and even places."""
    if not regex.fullmatch(r"[A-Z]{2}\d{7}", plain):
        return False
    digits = [int(char) for char in plain[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def _luhn(digits: str) -> bool:
    doubled = (int(char) * (2 if index % 2 else 1) for index, char in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@lru_cache(maxsize=1)
def _validators() -> tuple[tuple[str, Valid], ...]:
    """Checks of national numbers, in the order in which they are asked."""
    known = [(name, import_module(f"stdnum.{name}").is_valid) for name in _STDNUM.split()]
    own: list[tuple[str, Valid]] = [
        ("us.mbi", lambda plain: _MBI.fullmatch(plain) is not None),
        ("us.npi", _is_npi),
        ("us.dea", _is_dea),
    ]
    return (*known, *own)
