"""Finds numbers by which a state knows a person or a firm: national ids, social security and tax numbers.

Covered: about 70 schemes of 50 countries by checksum (python-stdnum's, and ours where it has none), alone where the
form or a built-in date says enough and beside a word where it does not. Not covered: a number of a weak checksum
(one in ten passes) without a word or its usual punctuation; it scores low.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import regex

from privacy.recognizers.rule import Clock, matches
from privacy.records import Span

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One country's number: how it is written without separators, how with them, and its checksum."""

    name: str
    entity_type: str
    form: str
    """Letters and digits only, upper case."""
    check: Check | str
    """A function, or the path of python-stdnum's module."""
    strong: bool = False
    """At most one in 50 random numbers of so many digits pass: form, date and checksum need no help."""
    layout: str = ""
    """Usual separators, upper case; with the checksum this is enough without a word. A group in it is named after the country."""
    score: float = 0.95
    """Lower where more than one random number in 200 passes."""


def _weighted(found: str, weights: tuple[int, ...]) -> int:
    """The sum of digits and letters (A = 10), each times its weight, over and over."""
    return sum(int(char, 36) * weights[index % len(weights)] for index, char in enumerate(found))


def _valid_sg_nric(found: str) -> bool:
    """Singapore: weights 2765432, offset 4 for T and G, 3 for M; one table of letters a series."""
    total = sum(int(char) * weight for char, weight in zip(found[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[found[0]]
    table = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "XWUTRQPNJLK",
    }
    place = 10 - total % 11 if found[0] == "M" else total % 11
    return table[found[0]][place] == found[8]


def _valid_document_731(found: str) -> bool:
    """ICAO 9303 weights 7, 3, 1, as on German cards: the last digit is the sum of the others modulo 10."""
    return _weighted(found[:-1], (7, 3, 1)) % 10 == int(found[-1])


def _valid_pl_card(found: str) -> bool:
    """Polish identity card: letters, check digit in fourth place, weights 7, 3, 1."""
    return _weighted(found[:3] + found[4:], (7, 3, 1)) % 10 == int(found[3])


def _valid_hk_id(found: str) -> bool:
    """Hong Kong: weights 9 to 1, a missing first letter counts as a blank (36), A stands for 10."""
    body = [36] * (9 - len(found)) + [int(char, 36) for char in found[:-1]]
    total = sum(value * weight for value, weight in zip(body, range(9, 1, -1), strict=True))
    return (total + int(found[-1], 36)) % 11 == 0


def _valid_tw_id(found: str) -> bool:
    """Taiwan: the letter becomes two digits, weights 1, 9 to 1, 1."""
    letter = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(found[0]) + 10
    digits = [letter // 10, letter % 10, *map(int, found[1:])]
    return sum(d * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0


def _valid_au_medicare(found: str) -> bool:
    """Australia: first digit 2 to 6, ninth is the sum with weights 1, 3, 7, 9 modulo 10."""
    return found[0] in "23456" and _weighted(found[:8], (1, 3, 7, 9)) % 10 == int(found[8])


def _valid_snils(found: str) -> bool:
    """Russia: weights 9 to 1, modulo 101, of which 100 counts as 0."""
    return sum(int(char) * (9 - index) for index, char in enumerate(found[:9])) % 101 % 100 == int(found[9:])


def _valid_jp_my_number(found: str) -> bool:
    """Japan: weights 6 to 2 then 7 to 2; 11 less the remainder by 11, 0 for 10 and 11."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(char) * weight for char, weight in zip(found[:11], weights, strict=True)) % 11
    return (0 if rest <= 1 else 11 - rest) == int(found[11])


def _valid_nino(found: str) -> bool:
    """HMRC NIM39110: which prefixes are never used."""
    return found[:2] not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


def _valid_pan(found: str) -> bool:
    """India: no checksum; the fourth letter says what kind of holder. Digits are never all 0."""
    return found[3] in "ABCFGHLJPTK" and found[5:9] != "0000"


_N, _T = "NATIONAL_ID", "TAX_ID"
SCHEMES: tuple[Scheme, ...] = (
    # Letters in the form.
    Scheme("uk nino", _N, r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]", _valid_nino, True, score=0.85),
    Scheme("es dni", _N, r"[0-9]{8}[A-HJ-NP-TV-Z]", "es.dni", True),
    Scheme("es nie", _N, r"[XYZ][0-9]{7}[A-Z]", "es.nie", True),
    Scheme("es cif", _T, r"[A-HJNP-SUVW][0-9]{7}[0-9A-J]", "es.cif", layout=r"[A-Z]-?[0-9]{7}-?[0-9A-J]"),
    Scheme("it codice fiscale", _T, r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]", "it.codicefiscale", True),
    Scheme("fr nir corsica", _N, r"[1-478][0-9]{4}2[AB][0-9]{8}", "fr.nir", True),
    Scheme("pt citizen card", _N, r"[0-9]{9}(?=[A-Z0-9]?[A-Z])[A-Z0-9]{2}[0-9]", "pt.cc", True),
    Scheme("fi hetu", _N, r"[0-9]{6}[A-FU-Y]?[0-9]{3}[0-9A-FHJ-NPR-Y]", "fi.hetu", True),
    Scheme("ie pps", _N, r"[0-9]{7}[A-W][A-IW]?", "ie.pps", True),
    Scheme("mx curp", _N, r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]", "mx.curp", True),
    Scheme("mx rfc", _T, r"[A-Z&Ñ]{3,4}[0-9]{6}[0-9A-Z]{3}", "mx.rfc", True),
    Scheme("sg nric", _N, r"[STFGM][0-9]{7}[A-Z]", _valid_sg_nric, True),
    Scheme("in pan", _T, r"[A-Z]{5}[0-9]{4}[A-Z]", _valid_pan, True, score=0.6),
    Scheme("in voter", _N, r"[A-Z]{3}[0-9]{7}", "in_.epic"),
    Scheme("pl identity card", _N, r"[A-Z]{3}[0-9]{6}", _valid_pl_card),
    Scheme("hk id", _N, r"[A-Z]{1,2}[0-9]{6}[0-9A]", _valid_hk_id, layout=r"[A-Z]{1,2}[0-9]{6} ?\([0-9A]\)"),
    Scheme("tw id", _N, r"[A-Z][1289][0-9]{8}", _valid_tw_id),
    Scheme("cn ric", _N, r"[1-9][0-9]{16}[0-9X]", "cn.ric", True),
    Scheme("cl rut", _N, r"[0-9]{7,8}[0-9K]", "cl.rut", layout=r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9K]"),
    Scheme("at vat", _T, r"ATU[0-9]{8}", "at.uid", True),
    Scheme("eu vat", _T, r"(?:BE|DE|DK|EL|FI|FR|HU|IE|IT|LU|NL|PL|PT|RO|SE|SI|SK|CZ|ES|GB)[0-9A-Z]{8,12}", "eu.vat", True),
    # Digits only, with a date or two check digits inside.
    Scheme("fr nir", _N, r"[1-478][0-9]{14}", "fr.nir", True),
    Scheme("fr nif", _T, r"[0-3][0-9]{12}", "fr.nif"),
    Scheme("pl pesel", _N, r"[0-9]{2}(?:[02468][1-9]|[13579][0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{5}", "pl.pesel", True, score=0.6),
    Scheme("se personnummer", _N, r"(?:[0-9]{2})?[0-9]{10}", "se.personnummer", layout=r"(?:[0-9]{2})?[0-9]{6}[-+][0-9]{4}"),
    Scheme("no fodselsnummer", _N, r"[0-7][0-9](?:[048][1-9]|[159][0-2])[0-9]{7}", "no.fodselsnummer", True),
    Scheme("dk cpr", _N, r"[0-9]{10}", "dk.cpr", layout=r"[0-9]{6}-[0-9]{4}"),
    Scheme("be nn", _N, r"[0-9]{2}(?:[024][0-9]|[135][0-2])[0-3][0-9]{6}", "be.nn", True),
    Scheme("ch ahv", _N, r"756[0-9]{10}", "ch.ssn", True),
    Scheme("at svnr", _N, r"[1-9][0-9]{9}", "at.vnr", layout=r"[0-9]{4}[ -][0-9]{6}"),
    Scheme("cz rc", _N, r"[0-9]{9,10}", "cz.rc", layout=r"[0-9]{6}/[0-9]{3,4}"),
    Scheme("ro cnp", _N, r"[1-9][0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{6}", "ro.cnp", True),
    Scheme("bg egn", _N, r"[0-9]{10}", "bg.egn"),
    Scheme("ee or lt code", _N, r"[1-6][0-9]{10}", "ee.ik"),
    Scheme("lv code", _N, r"[0-3][0-9]{10}", "lv.pvn", layout=r"[0-9]{6}-[0-9]{5}"),
    Scheme("si emso", _N, r"[0-3][0-9][01][0-9]{2}[0-9]{8}", "si.emso", True),
    Scheme("gr amka", _N, r"[0-9]{11}", "gr.amka"),
    Scheme("is kennitala", _N, r"[0-9]{10}", "is_.kennitala", layout=r"[0-9]{6}-[0-9]{4}"),
    Scheme("tr kimlik", _N, r"[1-9][0-9]{10}", "tr.tckimlik"),
    Scheme("za id", _N, r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{4}[01][0-9]{2}", "za.idnr", True),
    Scheme("kr rrn", _N, r"[0-9]{13}", "kr.rrn", layout=r"[0-9]{6}-[0-9]{7}"),
    Scheme("br cpf", _N, r"[0-9]{11}", "br.cpf", layout=r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"),
    Scheme("br cnpj", _T, r"[0-9]{14}", "br.cnpj", True, score=0.6),
    Scheme("my nric", _N, r"[0-9]{12}", "my.nric", layout=r"[0-9]{6}-[0-9]{2}-[0-9]{4}"),
    Scheme("ru snils", _N, r"[0-9]{11}", _valid_snils, layout=r"[0-9]{3}-[0-9]{3}-[0-9]{3}[ -][0-9]{2}"),
    Scheme("ru inn", _T, r"[0-9]{12}", "ru.inn"),
    # Digits only, one check digit: one in ten passes.
    Scheme("gb nhs", "MEDICAL_RECORD", r"[0-9]{10}", "gb.nhs"),
    Scheme("gb utr", _T, r"[0-9]{10}K?", "gb.utr"),
    Scheme("ca sin", _N, r"[0-9]{9}", "ca.sin", layout=r"[0-9]{3}(?P<ca>[- ])[0-9]{3}(?P=ca)[0-9]{3}"),
    Scheme("au tfn", _T, r"[0-9]{8,9}", "au.tfn", layout=r"[0-9]{3} [0-9]{3} [0-9]{3}"),
    Scheme("au medicare", "HEALTH_PLAN", r"[2-6][0-9]{9,10}", _valid_au_medicare, layout=r"[0-9]{4} [0-9]{5} [0-9](?:[ /-][0-9])?"),
    Scheme("au abn", _T, r"[1-9][0-9]{10}", "au.abn", layout=r"[0-9]{2} [0-9]{3} [0-9]{3} [0-9]{3}"),
    Scheme("nz ird", _T, r"[0-9]{8,9}", "nz.ird", layout=r"[0-9]{2,3}-[0-9]{3}-[0-9]{3}"),
    Scheme("in aadhaar", _N, r"[2-9][0-9]{11}", "in_.aadhaar", layout=r"[0-9]{4}(?P<in>[ -])[0-9]{4}(?P=in)[0-9]{4}"),
    Scheme("de steuer-id", _T, r"[1-9][0-9]{10}", "de.idnr", layout=r"[0-9]{2} [0-9]{3} [0-9]{3} [0-9]{3}"),
    Scheme("nl bsn", _N, r"[0-9]{9}", "nl.bsn", layout=r"[0-9]{4}[.][0-9]{2}[.][0-9]{3}"),
    Scheme("pl nip", _T, r"[0-9]{10}", "pl.nip", layout=r"[0-9]{3}-[0-9]{3}-[0-9]{2}-[0-9]{2}|[0-9]{3}-[0-9]{2}-[0-9]{2}-[0-9]{3}"),
    Scheme("pl regon", _T, r"[0-9]{9}", "pl.regon"),
    Scheme("pt nif", _T, r"[1-9][0-9]{8}", "pt.nif"),
    Scheme("it iva", _T, r"[0-9]{11}", "it.iva"),
    Scheme("hr oib", _N, r"[0-9]{11}", "hr.oib"),
    Scheme("gr vat", _T, r"[0-9]{9}", "gr.vat"),
    Scheme("hu tax", _T, r"[0-9]{8}", "hu.anum"),
    Scheme("il id", _N, r"[0-9]{9}", "il.idnr"),
    Scheme("ar cuit", _T, r"[23][0-9]{10}", "ar.cuit", layout=r"[0-9]{2}-[0-9]{8}-[0-9]"),
    Scheme("ec cedula", _N, r"[0-9]{10}", "ec.ci"),
    Scheme("do cedula", _N, r"[0-9]{11}", "do.cedula", layout=r"[0-9]{3}-[0-9]{7}-[0-9]"),
    Scheme("pk cnic", _N, r"[1-7][0-9]{12}", "pk.cnic", layout=r"[0-9]{5}-[0-9]{7}-[0-9]"),
    Scheme("th pin", _N, r"[1-8][0-9]{12}", "th.pin", layout=r"[0-9]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]"),
    Scheme("jp my number", _N, r"[0-9]{12}", _valid_jp_my_number),
    Scheme("id nik", _N, r"[0-9]{16}", "id.nik"),
    Scheme("us ein", _T, r"[0-9]{9}", "us.ein", layout=r"[0-9]{2}-[0-9]{7}"),
)  # fmt: skip

# Runs of digits with up to six letters before them and short groups after: "AB 12 34 56 C", "123.456.789-09".
_CANDIDATE = re.compile(
    r"(?<![\w$€£¥@+#.,-])(?:[A-Z&Ñ]{1,6}[ .-]?)?[0-9][0-9A-Z]*+(?:[ .\-/+][ ]?(?:[0-9][0-9A-Z]*+|[A-Z]{1,2}(?!\w))|[ ]?\([0-9A]\)){0,7}+(?!\w)"
)
_UNBROKEN = re.compile(r"(?<![\w$€£¥@+#.,-])(?=[A-Za-z]{0,6}[0-9])[0-9A-Za-z]{8,20}+(?!\w)")
_CHUNK_END = regex.compile(r"(?<=[0-9A-Za-z)])(?![0-9A-Za-z])")
_MIN_CHARS = 8
_STRONG_FORMS = regex.compile("|".join(f"(?:{scheme.form})" for scheme in SCHEMES if scheme.strong))
_LAYOUTS = regex.compile("|".join(f"(?:{scheme.layout})" for scheme in SCHEMES if scheme.layout))
_SEPARATORS = regex.compile(r"[^0-9A-Z&Ñ]+")


@cache
def _checks() -> tuple[tuple[Scheme, regex.Pattern[str], regex.Pattern[str], Check], ...]:
    """Schemes with compiled form and layout, and their checks; python-stdnum is loaded when first used."""
    rows = []
    for scheme in SCHEMES:
        check = scheme.check
        if isinstance(check, str):
            check = importlib.import_module(f"stdnum.{check}").is_valid
        rows.append((scheme, regex.compile(scheme.form), regex.compile(scheme.layout or "(?!)"), check))
    return tuple(rows)


def valid_number(found: str) -> bool:
    """Whether any country's checksum holds; for a number beside a word that says what it is."""
    written = found.upper().strip()
    plain = _SEPARATORS.sub("", written)
    return len(plain) >= _MIN_CHARS and any(
        form.fullmatch(plain) and _holds(scheme, check, plain, written)
        for scheme, form, _, check in _checks()
    )


def _holds(scheme: Scheme, check: Check, plain: str, written: str) -> bool:
    """Some of python-stdnum's checks want the separators, which say the century of birth.

    A check that fails over a number has not proven it: python-stdnum's Chinese one raises KeyError for a county it lacks.
    """
    try:
        return check(plain) or isinstance(scheme.check, str) and check(written)
    except (KeyError, IndexError, ValueError, TypeError):
        return False


def _scheme_of(written: str) -> Scheme | None:
    """The scheme a number shows by itself: a strong checksum, or a weaker one in its usual punctuation."""
    plain = _SEPARATORS.sub("", written)
    strong = _STRONG_FORMS.fullmatch(plain) is not None
    if not strong and _LAYOUTS.fullmatch(written) is None:
        return None
    for scheme, form, layout, check in _checks():
        shown = form.fullmatch(plain) and (scheme.strong or layout.fullmatch(written))
        if shown and _holds(scheme, check, plain, written):
            return scheme
    return None


def find_national_ids(text: str, clock: Clock) -> list[Span]:
    """Spans of numbers that need no word. Raises TimeoutError."""
    spans = set()
    known: dict[str, Scheme | None] = {}
    for pattern in (_CANDIDATE, _UNBROKEN):
        for match in matches(pattern, text, clock):
            written = match.group().upper()
            if len(written) < _MIN_CHARS:
                continue
            # A group may belong to the words after it ("... 12 times"), so shorter readings are tried too.
            ends = [end.start() for end in _CHUNK_END.finditer(written)]
            for end in reversed(ends[-4:]):
                reading = written[:end]
                if reading not in known:
                    known[reading] = _scheme_of(reading) if end >= _MIN_CHARS else None
                scheme = known[reading]
                if scheme is not None:
                    start = match.start()
                    spans.add(Span(start, start + end, scheme.entity_type, scheme.score, scheme.name))
                    break
            clock.left_s()
    return list(spans)
