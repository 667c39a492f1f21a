"""What the benchmarks put into their frames: a table from a slot's name to its entity type and a generator.

Numbers carry valid check digits where their scheme has them, and lie in reserved ranges where it has such.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from tests.benchmarks import people, spoken

_UPPER = string.ascii_uppercase
_ALNUM = string.ascii_uppercase + string.digits


def pattern(rng: Random, form: str) -> str:
    """`#` a digit, `@` a capital, `?` a small letter, `*` a capital or digit, `~` a hex digit; `\\` takes the next as it is."""
    out, escaped = [], False
    for char in form:
        if escaped:
            out.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "#@?*~":
            pool = {
                "#": string.digits,
                "@": _UPPER,
                "?": string.ascii_lowercase,
                "*": _ALNUM,
                "~": "0123456789abcdef",
            }
            out.append(rng.choice(pool[char]))
        else:
            out.append(char)
    return "".join(out)


def forms(*choices: str) -> Callable[[Random], str]:
    """A generator that fills one of the patterns."""
    return lambda rng: pattern(rng, rng.choice(choices))


def luhn(digits: str) -> str:
    """`digits` with its Luhn check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return digits + str(-total % 10)


def ssn_digits(rng: Random) -> str:
    area = rng.choice([a for a in range(1, 900) if a != 666])
    return f"{area:03d}{rng.randint(1, 99):02d}{rng.randint(1, 9999):04d}"


def ssn(rng: Random) -> str:
    digits = ssn_digits(rng)
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def card_digits(rng: Random) -> str:
    if rng.random() < 0.2:
        return luhn(pattern(rng, "37############"))
    return luhn(
        pattern(
            rng,
            rng.choice(
                (
                    "4##############",
                    "51#############",
                    "54#############",
                    "6011###########",
                    "2223###########",
                )
            ),
        )
    )


def card(rng: Random) -> str:
    digits = card_digits(rng)
    if len(digits) == 15:
        return rng.choice((digits, f"{digits[:4]} {digits[4:10]} {digits[10:]}"))
    mark = rng.choice(("", " ", "-"))
    return mark.join(digits[place : place + 4] for place in range(0, 16, 4))


def iban(rng: Random) -> str:
    country, form = rng.choice(
        (
            ("DE", "##################"),
            ("GB", "@@@@##############"),
            ("FR", "#######################"),
            ("ES", "####################"),
            ("NL", "@@@@##########"),
            ("PL", "########################"),
            ("IT", "@######################"),
            ("CH", "#################"),
            ("IE", "@@@@##############"),
        )
    )
    body = pattern(rng, form)
    number = int("".join(str(int(char, 36)) for char in body + country + "00"))
    whole = f"{country}{98 - number % 97:02d}{body}"
    return (
        whole
        if rng.random() < 0.5
        else " ".join(whole[place : place + 4] for place in range(0, len(whole), 4))
    )


def npi(rng: Random) -> str:
    body = pattern(rng, "1########")
    return luhn("80840" + body)[5:]


def dea(rng: Random) -> str:
    digits = [rng.randint(0, 9) for _ in range(6)]
    check = (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10
    return f"{rng.choice('ABFM')}{rng.choice(_UPPER)}{''.join(map(str, digits))}{check}"


_MBI = "ACDEFGHJKMNPQRTUVWXY"


def mbi(rng: Random) -> str:
    """Medicare Beneficiary Identifier: 11 places, the 2nd, 5th, 8th and 9th letters (CMS format)."""
    letter, digit = lambda: rng.choice(_MBI), lambda: rng.choice(string.digits)
    either = lambda: rng.choice(_MBI + string.digits)  # noqa: E731
    whole = f"{rng.randint(1, 9)}{letter()}{either()}{digit()}{letter()}{either()}{digit()}{letter()}{letter()}{digit()}{digit()}"
    return whole if rng.random() < 0.5 else f"{whole[:4]}-{whole[4:7]}-{whole[7:]}"


_VIN_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(rng: Random) -> str:
    """17 places, the 9th a check digit (49 CFR 565.15)."""
    pool = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    body = [
        *rng.choice(("1HG", "WBA", "5YJ", "3FA", "JTD", "1FT")),
        *(rng.choice(pool) for _ in range(7)),
        *(rng.choice(string.digits) for _ in range(6)),
    ]
    whole = [*body[:8], "0", *body[8:]]
    total = sum(
        weight * (int(char) if char.isdigit() else _VIN_VALUES[char])
        for char, weight in zip(whole, _VIN_WEIGHTS, strict=True)
    )
    whole[8] = "X" if total % 11 == 10 else str(total % 11)
    return "".join(whole)


def imei(rng: Random) -> str:
    digits = luhn(pattern(rng, "35############"))
    return rng.choice(
        (
            digits,
            f"{digits[:2]}-{digits[2:8]}-{digits[8:14]}-{digits[14]}",
            f"{digits[:2]} {digits[2:8]} {digits[8:14]} {digits[14]}",
        )
    )


def nhs(rng: Random) -> str:
    """NHS number: 10 digits, the last modulo 11."""
    while True:
        digits = [9, 9, 9, *(rng.randint(0, 9) for _ in range(6))]
        check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            whole = "".join(map(str, [*digits, check % 11]))
            return f"{whole[:3]} {whole[3:6]} {whole[6:]}"


def pesel(rng: Random) -> str:
    born = _day(rng, 1940, 1999)
    digits = [int(char) for char in f"{born:%y%m%d}{rng.randint(0, 9999):04d}"]
    check = (
        -sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
        % 10
    )
    return "".join(map(str, [*digits, check]))


def bsn(rng: Random) -> str:
    while True:
        digits = [rng.randint(0, 9) for _ in range(8)]
        check = sum(digit * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True)) % 11
        if check < 10 and digits[0]:
            return "".join(map(str, [*digits, check]))


def dni(rng: Random) -> str:
    number = rng.randint(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def sin(rng: Random) -> str:
    digits = luhn(pattern(rng, "9#######"))
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def national_id(rng: Random) -> str:
    nino = pattern(rng, "QQ######") + rng.choice("ABCD")
    return rng.choice(
        (
            nhs,
            pesel,
            bsn,
            dni,
            sin,
            lambda _: nino,
            lambda _: f"{nino[:2]} {nino[2:4]} {nino[4:6]} {nino[6:8]} {nino[8]}",
        )
    )(rng)


def _day(rng: Random, first: int, last: int) -> date:
    start = date(first, 1, 1)
    return start + timedelta(days=rng.randrange((date(last, 12, 31) - start).days))


def written_date(rng: Random, day: date) -> str:
    """One of the ways in which a full date is written."""
    ordinal = "th" if 11 <= day.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return rng.choice(
        (
            f"{day:%m/%d/%Y}",
            f"{day:%Y-%m-%d}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day.day} {day:%B} {day.year}",
            f"{day:%d.%m.%Y}",
            f"{day:%d-%b-%Y}",
            f"{day.month}/{day.day}/{day:%y}",
            f"{day:%b} {day.day}, {day.year}",
            f"{day.day}{ordinal} {day:%B} {day.year}",
            f"{day:%B} {day.day}{ordinal}, {day.year}",
            f"{day.day} {day:%b} {day.year}",
        )
    )


def day_recent(rng: Random) -> str:
    return written_date(rng, _day(rng, 2016, 2026))


def day_born(rng: Random) -> str:
    return written_date(rng, _day(rng, 1932, 2012))


def day_short(rng: Random) -> str:
    day = _day(rng, 2019, 2026)
    return rng.choice((f"{day:%B} {day.day}", f"{day.day} {day:%B}", f"{day:%b} {day.day}", f"{day:%d/%m}"))


def moment(rng: Random) -> str:
    day = _day(rng, 2019, 2026)
    clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
    return rng.choice(
        (
            f"{day:%Y-%m-%d} {clock}",
            f"{day:%Y-%m-%d}T{clock}:07Z",
            f"{day:%d/%b/%Y}:{clock}:44 +0000",
            f"{day:%b} {day.day} {clock}:19",
        )
    )


_UNITS = "zero one two three four five six seven eight nine".split()
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def age_words(number: int) -> str:
    tens, unit = divmod(number, 10)
    return _TENS[tens] + (f"-{_UNITS[unit]}" if unit else "")


def coordinates(rng: Random) -> str:
    lat, lon = rng.uniform(-55, 65), rng.uniform(-170, 170)
    return rng.choice(
        (
            f"{lat:.5f}, {lon:.5f}",
            f"{lat:.4f},{lon:.4f}",
            f"{abs(lat):.4f}° {'N' if lat > 0 else 'S'}, {abs(lon):.4f}° {'E' if lon > 0 else 'W'}",
            f"{int(abs(lat))}°{rng.randint(0, 59)}'{rng.randint(0, 59)}\"{'N' if lat > 0 else 'S'} {int(abs(lon))}°{rng.randint(0, 59)}'{rng.randint(0, 59)}\"{'E' if lon > 0 else 'W'}",
            f"({lat:.6f}, {lon:.6f})",
        )
    )


def ipv4(rng: Random) -> str:
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113', '10.44.7', '172.20.81', '192.168.14'))}.{rng.randint(2, 254)}"


def ipv6(rng: Random) -> str:
    groups = [f"{rng.randrange(65536):x}" for _ in range(6)]
    return rng.choice(
        (
            f"2001:db8:{':'.join(groups)}",
            f"2001:db8:{groups[0]}::{groups[1]}",
            f"2001:db8::{groups[0]}:{groups[1]}",
            f"fe80::{groups[0]}:{groups[1]}:{groups[2]}:{groups[3]}",
        )
    )


def mac(rng: Random) -> str:
    pairs = [f"{rng.randrange(256):02x}" for _ in range(6)]
    return rng.choice(
        (
            ":".join(pairs),
            "-".join(pairs).upper(),
            ":".join(pairs).upper(),
            f"{pairs[0]}{pairs[1]}.{pairs[2]}{pairs[3]}.{pairs[4]}{pairs[5]}",
        )
    )


def url(rng: Random) -> str:
    who = people.person(rng)
    number = rng.randint(1000, 99999)
    return rng.choice(
        (
            f"https://www.example.com/u/{who.user}",
            f"http://{people.plain(who.last)}-family.example.org/photos?id={number}",
            f"https://portal.brackenhill-dental.com/patient/{number}/chart",
            f"www.{people.plain(who.first)}{people.plain(who.last)}.com",
            f"https://tidewatch.io/@{people.plain(who.first)}{number}",
            f"kestrelmail.net/profile/{who.user}",
            f"https://example.net/reset?user={people.plain(who.last)}&token={number}",
        )
    )


def photo(rng: Random) -> str:
    who = people.person(rng)
    given, family = people.plain(who.first), people.plain(who.last)
    return rng.choice(
        (
            f"|{given}_{family}_face|.jpg",
            f"|{family}-{given}-passport-photo|.png",
            f"|IMG_{rng.randint(1000, 9999)}_{given}|.heic",
            f"|{given.title()}{family.title()}_headshot|.jpeg",
            f"|patient_{family}_{rng.randint(10, 99)}_wound|.jpg",
        )
    )


def crypto(rng: Random) -> str:
    base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    return rng.choice(
        (
            lambda: "0x" + pattern(rng, "~" * 40),
            lambda: "bc1q" + "".join(rng.choice("qpzry9x8gf2tvdw0s3jn54khce6mua7l") for _ in range(38)),
            lambda: "1" + "".join(rng.choice(base58) for _ in range(33)),
        )
    )()


def uuid(rng: Random) -> str:
    return pattern(rng, "~~~~~~~~-~~~~-4~~~-a~~~-~~~~~~~~~~~~")


def ein(rng: Random) -> str:
    return f"{rng.choice((12, 20, 36, 45, 58, 82))}-{rng.randint(1000000, 9999999)}"


def itin(rng: Random) -> str:
    return f"9{rng.randint(0, 99):02d}-{rng.choice((70, 75, 88, 90, 94))}-{rng.randint(1, 9999):04d}"


def secret(rng: Random) -> str:
    mixed = string.ascii_letters + string.digits
    some = lambda size: "".join(rng.choice(mixed) for _ in range(size))  # noqa: E731
    words = ("Harbor", "mango", "Tiger", "copper", "Lantern", "violet")
    return rng.choice(
        (
            f"{rng.choice(words)}{rng.choice(words)}{rng.randint(10, 99)}!",
            f"{some(5)}#{some(4)}9$",
            f"ghp_{some(36)}",
            f"AKIA{pattern(rng, '*' * 16)}",
            f"sk-{some(32)}",
            f"{rng.choice(words)}-{rng.choice(words)}-{rng.randint(100, 999)}",
        )
    )


PREFIXES = ("Mr.", "Mrs.", "Ms.", "Mr", "Mrs", "Miss", "Ms", "Mr.", "Mrs.", "Dr.", "Prof.", "Rev.")
NATIONS = (
    "Somali Kurdish Bolivian Brazilian Ukrainian Filipino Ghanaian Cherokee Lebanese Vietnamese Armenian Nigerian "
    "Hungarian Peruvian Nepalese Moroccan Catalan"
).split()
FAITHS = "Catholic Lutheran Jewish Muslim Sikh Hindu Buddhist Methodist Quaker Mormon Baptist".split()

SLOTS: dict[str, tuple[str, Callable[[Random], str]]] = {
    "prefix": ("TITLE", lambda rng: rng.choice(PREFIXES)),
    "org": ("ORGANIZATION", people.organisation),
    "nation": ("NRP", lambda rng: rng.choice(NATIONS)),
    "faith": ("NRP", lambda rng: rng.choice(FAITHS)),
    "nrp": ("NRP", lambda rng: rng.choice((*NATIONS, *FAITHS))),
    "doctor": ("TITLE", lambda rng: rng.choice(("Dr.", "Dr", "Prof."))),
    "age": ("AGE", lambda rng: str(rng.randint(18, 89))),
    "agewords": ("AGE", lambda rng: age_words(rng.randint(21, 89))),
    "child": ("AGE", lambda rng: str(rng.randint(2, 17))),
    "oldage": ("AGE", lambda rng: str(rng.randint(90, 108))),
    "date": ("DATE_TIME", day_recent),
    "day": ("DATE_TIME", day_short),
    "moment": ("DATE_TIME", moment),
    "clock": ("", lambda rng: f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"),
    "dob": ("DATE_OF_BIRTH", day_born),
    "city": ("LOCATION", people.city),
    "county": ("LOCATION", people.county),
    "country": ("LOCATION", lambda rng: rng.choice("Portugal Kenya Vietnam Chile Poland Ghana Norway Lebanon Ecuador Nepal".split())),
    "state": ("LOCATION", lambda rng: rng.choice("Oregon Nebraska Vermont Ohio Bavaria Queensland Ontario Gujarat".split())),
    "precinct": ("LOCATION", forms("Precinct #", "Ward 1#", "the |#3rd Precinct", "Census Tract 4##.0#", "Voting District ##-@")),
    "address": ("ADDRESS", people.address),
    "usaddress": ("ADDRESS", people.us_address),
    "usstreet": ("ADDRESS", people.us_street),
    "intlstreet": ("ADDRESS", people.intl_street),
    "zip": ("POSTCODE", people.us_zip),
    "zipfour": ("POSTCODE", lambda rng: f"{people.us_zip(rng)}-{rng.randint(1, 9999):04d}"),
    "postcode": ("POSTCODE", people.postcode),
    "coords": ("COORDINATES", coordinates),
    "phone": ("PHONE_NUMBER", people.phone),
    "usphone": ("PHONE_NUMBER", people.us_phone),
    "url": ("URL", url),
    "ip": ("IP_ADDRESS", ipv4),
    "ipsix": ("IP_ADDRESS", ipv6),
    "mac": ("MAC_ADDRESS", mac),
    "imei": ("DEVICE_ID", imei),
    "serial": ("DEVICE_ID", forms("SN-@@####@##", "C02@#####@@##", "##@@###-#####", "FD#######", "G#@@-####-@@##", "@@#########")),
    "plate": ("VEHICLE_ID", forms("#@@@###", "@@@ ####", "@@@-####", "@@## @@@", "B-@@ ####", "###-@@@", "@@-###-@@")),
    "vin": ("VEHICLE_ID", vin),
    "ssn": ("US_SSN", ssn),
    "nationalid": ("NATIONAL_ID", national_id),
    "passport": ("PASSPORT", forms("5########", "C0#@@@##@", "@########", "@@#######", "########3")),
    "licence": ("DRIVER_LICENSE", forms("@#######", "@###-####-####", "@@######@", "########1", "@##-##-####", "@@@@@######@@#@@")),
    "taxid": ("TAX_ID", lambda rng: rng.choice((ein, itin))(rng)),
    "mrn": ("MEDICAL_RECORD", forms("MRN-|######", "MRN|########", "MRN: |#######", "MR|#####-#", "MRN \\#|######")),
    "mrnbare": ("MEDICAL_RECORD", forms("#######", "########", "##-##-##", "@######", "00######")),
    "mbi": ("HEALTH_PLAN", mbi),
    "plan": ("HEALTH_PLAN", forms("XEH#########", "W##########", "@@@###@#####", "HP-####-####", "#########-01")),
    "npi": ("LICENSE_ID", npi),
    "dea": ("LICENSE_ID", dea),
    "medlicence": ("LICENSE_ID", forms("MD-######", "A#####", "RN#######", "036-######", "ME######", "LIC-@@-#####")),
    "card": ("CREDIT_CARD", card),
    "cvv": ("CARD_SECURITY", forms("###")),
    "expiry": ("CARD_SECURITY", lambda rng: f"{rng.randint(1, 12):02d}/{rng.randint(27, 33)}"),
    "iban": ("IBAN_CODE", iban),
    "account": ("BANK_ACCOUNT", forms("########", "##########", "####-#####-##", "##-####-#######-00", "4########")),
    "sortcode": ("BANK_ACCOUNT", forms("##-##-##")),
    "crypto": ("CRYPTO", crypto),
    "customer": ("CUSTOMER_ID", forms("C-######", "CUST-#####", "#######", "KD-####-##", "CU###@##")),
    "employee": ("EMPLOYEE_ID", forms("E#####", "EMP-####", "######", "P-####-@", "@@####", "W#######")),
    "order": ("ORDER_ID", forms("ORD-#######", "###-#######-#######", "W########", "\\#######", "SO-####-####")),
    "case": ("CASE_ID", forms("CASE-#####", "#:2#-cv-0####", "INC#######", "TKT-######", "2024-##-####")),
    "reference": ("REFERENCE_ID", forms("@@@@@@", "REF-@@####", "CLM-########", "#####/##/@", "BKG####@@")),
    "biometric": ("BIOMETRIC_ID", forms("FP-####-@@##", "BIO-~~~~~~~~", "IRIS#######", "VP-~~~~-~~~~", "fpt_~~~~~~~~~~~~")),
    "photo": ("BIOMETRIC_ID", photo),
    "uuid": ("REFERENCE_ID", uuid),
    "unique": ("REFERENCE_ID", forms("@@-####-@@-##", "SUBJ-0#-0##", "K#@#-@@#@", "STUDY#-P####", "########-@@@")),
    "secret": ("SECRET", secret),
    "spokenphone": ("PHONE_NUMBER", spoken.phone),
    "spokencode": ("CUSTOMER_ID", spoken.code),
    "spokendob": ("DATE_OF_BIRTH", spoken.born),
    "spokenmonth": ("DATE_TIME", spoken.month),
    "spokenemail": ("EMAIL_ADDRESS", spoken.email),
    "spokenpostcode": ("POSTCODE", spoken.postcode),
    "lowerstreet": ("ADDRESS", spoken.street),
    "lowercity": ("LOCATION", spoken.lower(people.city)),
    "lowerorg": ("ORGANIZATION", spoken.lower(people.organisation)),
}  # fmt: skip
"""Slot -> entity type and generator; of `label|value|tail` only the value must be masked. Those of people (`name`, `first`, `last`, `email`, `user`) are in `probe`."""
