"""Finds vehicles: identification numbers, number plates, registrations.

Covered: VINs by checksum or by form, plates beside a word in any country's form, UK and German plates whose form
says so. Not covered: other plates without a word.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Rule
from privacy.recognizers.worded import Kind, labelled, telling

_VIN = regex.compile(
    r"(?<![\w-])(?=[A-Za-z0-9]{0,15}[0-9])(?=[0-9]{0,9}[A-Za-z])[A-HJ-NPR-Za-hj-npr-z0-9]{17}(?![\w-])"
)
_VIN_FORM = regex.compile(r"(?<![\w-])(?=[A-Z0-9]{0,9}[A-Z])[A-HJ-NPR-Z0-9]{13}[0-9]{4}(?![\w-])")
_VIN_PARTIAL = regex.compile(
    r"(?<![\w-])(?P<x>(?=[A-Z0-9]{0,16}[0-9]{2})[A-HJ-NPR-Z0-9]{6,17})(?![\w-])", regex.IGNORECASE
)
# DVLA since 2001; the years run from 01 to 30 and from 51 to 80, and I, Q and Z have limited places.
_PLATE_UK = regex.compile(
    r"(?<![\w-])[A-HJ-PR-Y][A-HJ-PR-Y](?:0[1-9]|[1-37-9][0-9]|[56][0-9])[ ]?[A-HJ-PR-Z]{3}(?![\w-])"
)
# A district, a hyphen or two seals, letters, digits: "B-MW 1234".
_PLATE_DE = regex.compile(r"(?<![\w-])[A-ZÄÖÜ]{1,3}[-:][A-Z]{1,2}[ ][1-9][0-9]{0,3}[EH]?(?![\w-])")
_PLATE_FR_IT = regex.compile(r"(?<![\w-])[A-HJ-NP-TV-Z]{2}([- ])[0-9]{3}\1[A-HJ-NP-TV-Z]{2}(?![\w-])")
_PLATE = regex.compile(
    r"(?<![\w$€£-])(?![0-9]{1,2}(?:[ -]|$)[0-9]{1,2}(?:[ -]|$))(?P<x>(?=[A-Za-z0-9]{0,5}[ -]?[A-Za-z0-9]{0,4}[ -]?[A-Za-z]{0,4}[0-9])"
    r"(?:[A-Z0-9ÄÖÜ]{1,8}(?:[ ·•-][A-Z0-9]{1,6}){0,3}|[a-z]{1,3}[ -]?[0-9]{2,4}(?:[ -]?[a-z]{1,3})?|[0-9]{1,4}[ -]?[a-z]{2,3}(?:[ -]?[0-9]{1,4})?))(?!\w|-[0-9A-Z]|[.,/][0-9]|[ ]?%)"
)
_PLATE_TELLING = regex.compile(
    r"(?<![\w$€£-])(?P<x>[A-Z]{1,3}[ -]?[0-9]{2,4}(?:[ -]?[A-Z]{1,3})?|[0-9]{1,4}[ -]?[A-Z]{2,3}(?:[ -]?[0-9]{1,4})?|[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[0-9]{1,4})(?!\w|-[0-9A-Z]|[.,][0-9])"
)
_VALUES = {char: value for chars, value in (("AJ", 1), ("BKS", 2), ("CLT", 3), ("DMU", 4), ("ENV", 5), ("FW", 6), ("GPX", 7), ("HY", 8), ("RZ", 9)) for char in chars}  # fmt: skip
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def valid_vin(found: str) -> bool:
    """49 CFR 565.15: transliterated, weighted, modulo 11 in ninth place. Binding in North America and China only."""
    plain = found.upper()
    if len(plain) != 17 or any(char in "IOQ" or not char.isalnum() for char in plain):
        return False
    total = sum(
        (int(char) if char.isdigit() else _VALUES[char]) * weight
        for char, weight in zip(plain, _WEIGHTS, strict=True)
    )
    return plain[8] == "0123456789X"[total % 11]


RULES = (
    Rule("vin", "VEHICLE_ID", _VIN, 0.95, accept=valid_vin),
    Rule("vin form", "VEHICLE_ID", _VIN_FORM, 0.5),
    Rule("plate UK", "VEHICLE_ID", _PLATE_UK, 0.6),
    Rule("plate German", "VEHICLE_ID", _PLATE_DE, 0.55),
    Rule("plate French or Italian", "VEHICLE_ID", _PLATE_FR_IT, 0.55),
)

KINDS: tuple[Kind, ...] = (
    labelled("vehicle labelled", "VEHICLE_ID", r"vehicle", r"car", r"tag", r"trailer", r"boat", r"aircraft"),
    Kind(
        "vin worded", "VEHICLE_ID", (r"vin", r"vehicle (?:id|identification)", r"chassis", r"fahrgestell\w*", r"fahrzeug ident\w*", r"bastidor", r"telaio", r"nadwozia"),
        _VIN_PARTIAL, far=_VIN, check=valid_vin,
    ),
    Kind(
        "plate worded", "VEHICLE_ID",
        (
            r"licen[cs]e (?:plate|tag)", r"number plate", r"plate(?: number| no)?", r"registration (?:plate|mark|number|no)", r"reg(?:istration)?(?: number| no| plate)?", r"vehicle (?:reg(?:istration)?|tag|plate)", r"car (?:reg(?:istration)?|tag|plate)", r"with tags", r"vrm", r"vrn", r"kennzeichen\w*", r"nummernschild\w*", r"immatricul\w*", r"plaque(?: d'immatriculation)?", r"matrícula", r"matricula", r"placas?", r"targa(?:ta|to)?",
            r"kenteken\w*", r"tablic\w*(?: rejestracyjn\w*)?", r"numer rejestracyjny",
        ),
        _PLATE, far=_PLATE_TELLING,
    ),
    telling("vehicle worded", "VEHICLE_ID", r"vehicle registration", r"registration certificate", r"v5c", r"title number", r"toll tag", r"ez pass", r"transponder", r"tail number", r"hull (?:id|identification)", r"fleet number"),
)  # fmt: skip
