"""Stand-ins for numbers that people dial, pay or connect with: same layout, from ranges that nobody owns.

Ranges: phones +1 NPA 555-01xx (NANPA), UK 07700 900xxx and 020 7946 0xxx (Ofcom), France 06 39 98 xx xx (Arcep); cards in
the 4000 00 test range; SSN areas from 900 up with a group under 50 (never issued); IPv4 198.18.0.0/15 (RFC 2544), IPv6
2001:db8::/32 (RFC 3849); locally administered MAC addresses. Not covered: such ranges are small, so two numbers may share a
stand-in (79,200 US phones, 131,072 IPv4 addresses, 10^9 cards); other countries' phone numbers keep their country code and
layout but may exist.
"""

from __future__ import annotations

import string

import regex

from privacy.draw import Draw

_DEGREES = regex.compile(r"\d+(?:\.(\d+))?")


def same_shape(original: str, draw: Draw) -> str:
    """Digit for digit, letter for letter of the same case; all else stays. A first digit other than 0
    stays other than 0."""
    shaped = []
    for index, char in enumerate(original):
        first = index == 0 or not original[index - 1].isdigit()
        if char.isdigit():
            shaped.append(str(draw.below(10) if char == "0" or not first else 1 + draw.below(9)))
        elif char.isalpha():
            letters = string.ascii_uppercase if char.isupper() else string.ascii_lowercase
            shaped.append(draw.pick(letters))
        else:
            shaped.append(char)
    return "".join(shaped)


def _fill(original: str, digits: str) -> str:
    """The original's layout with these digits in the places of its own."""
    rest = iter(digits)
    return "".join(next(rest) if char.isdigit() else char for char in original)


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _random(draw: Draw, count: int) -> str:
    return "".join(str(draw.below(10)) for _ in range(count))


def phone(original: str, draw: Draw) -> str:
    """Same layout, from a fictional range where the number's country is plain to see; extension digits
    redrawn."""
    body = original
    for mark in ("x", "ext"):
        body = body.split(mark)[0]
    digits, extra = _digits(body), len(_digits(original)) - len(_digits(body))
    invented = _phone_digits(digits, original.lstrip("( ").startswith(("+", "00")), draw)
    return _fill(original, invented + _random(draw, extra))


def _phone_digits(digits: str, international: bool, draw: Draw) -> str:
    national = digits[2:] if international and digits.startswith("00") else digits
    before = digits[: len(digits) - len(national)]
    if (
        len(national) == 11
        and national[0] == "1"
        or (len(national) == 10 and not international and national[0] in "23456789")
    ):
        area = f"{2 + draw.below(8)}{_random(draw, 2)}"
        return before + national[:-10] + area + "55501" + _random(draw, 2)
    if national.startswith("44") and international and len(national) == 12:
        return before + "44" + ("7700900" if national[2] == "7" else "2079460") + _random(draw, 3)
    if not international and national.startswith("0") and len(national) == 11:
        return "0" + ("7700900" if national[1] == "7" else "2079460") + _random(draw, 3)
    if national.startswith("33") and international and len(national) == 11:
        return before + "33" + "63998" + _random(draw, 4)
    if not international and national.startswith("0") and len(national) == 10:
        return "063998" + _random(draw, 4)
    keep = 2 if international else 1 if national.startswith("0") else 0
    return before + national[:keep] + _random(draw, len(national) - keep)


def card(original: str, draw: Draw) -> str:
    """Same layout and a valid Luhn digit; the last digits alone ("ending in 4242") are just redrawn."""
    count = len(_digits(original))
    if count < 12:
        return same_shape(original, draw)
    body = "400000" + _random(draw, count - 7)
    total = 0
    for index, char in enumerate(reversed(body)):
        digit = int(char) * (2 if index % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return _fill(original, body + str(-total % 10))


def social_security(original: str, draw: Draw) -> str:
    """Nine digits with an area from 900 up and a group under 50, which neither SSN nor ITIN uses."""
    if len(_digits(original)) != 9:
        return same_shape(original, draw)
    return _fill(original, f"9{_random(draw, 2)}{1 + draw.below(49):02d}{1 + draw.below(9999):04d}")


def ip_address(original: str, draw: Draw) -> str:
    """An address of the range kept for benchmarks (v4) or documentation (v6); a port or mask stays."""
    if ":" in original and original.count(".") < 3:
        return "2001:db8:" + ":".join(f"{draw.below(65536):x}" for _ in range(6))
    host, slash, tail = original.partition("/")
    host, colon, port = host.partition(":")
    return f"198.{18 + draw.below(2)}.{draw.below(256)}.{1 + draw.below(254)}{colon}{port}{slash}{tail}"


def mac_address(original: str, draw: Draw) -> str:
    """Same layout; the first octet says that no maker assigned it (IEEE 802, locally administered, unicast)."""
    digits = "".join(draw.pick("0123456789abcdef") for char in original if char.isalnum())
    rest = iter(digits[:1] + "2" + digits[2:])
    shaped = (next(rest) if char.isalnum() else char for char in original)
    stand_in = "".join(shaped)
    return stand_in.upper() if original.upper() == original else stand_in


def coordinates(original: str, draw: Draw) -> str:
    """Other degrees that exist, with as many decimals; the sign and the letters stay."""
    limits = iter((80, 170))

    def other(match: regex.Match[str]) -> str:
        degrees = str(draw.below(next(limits, 60)))
        return degrees + ("." + _random(draw, len(match[1])) if match[1] else "")

    changed: str = _DEGREES.sub(other, original)
    return changed


def age(original: str, draw: Draw) -> str:
    """Another age, at most seven years off; over 89 they are told apart no more."""
    digits = _digits(original)
    if not digits.isdecimal() or len(digits) > 3:
        return same_shape(original, draw)
    years = int(digits)
    if years > 89:
        return "90+" if original != "90+" else "over 89"
    moved = years + (1 + draw.below(7)) * (1 if years < 8 or draw.below(2) else -1)
    return original.replace(digits, str(min(moved, 89 if years != 89 else 88)), 1)
