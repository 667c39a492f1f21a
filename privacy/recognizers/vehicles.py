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
# DVLA since 2001. I, Q and Z have limited places and the years are few: a mistyped one still says whose it is.
_PLATE_UK = regex.compile(
    r"(?<![\w-])[A-Z]{2}[0-9]{2}[ ]?[A-HJ-PR-Z]{3}(?![\w-])|(?<![\w-])[A-Z]{2}[0-9]{2}[ ][A-Z]{3}(?![\w-])"
)
# A district, a hyphen or two seals, letters, digits: "B-MW 1234".
_PLATE_DE = regex.compile(r"(?<![\w-])[A-ZÄÖÜ]{1,3}[-:][A-Z]{1,2}[ ]?[0-9]{1,4}[EH]?(?![\w-])")
_PLATE_FR_IT = regex.compile(r"(?<![\w-])[A-HJ-NP-TV-Z]{2}([- ])[0-9]{3}\1[A-HJ-NP-TV-Z]{2}(?![\w-])")
_PLATE = regex.compile(
    r"(?<![\w$€£-])(?![0-9]{1,2}(?:[ -]|$)[0-9]{1,2}(?:[ -]|$))(?P<x>(?=[A-Za-z0-9]{0,5}[ -]?[A-Za-z0-9]{0,4}[ -]?[A-Za-z]{0,4}[0-9])"
    r"(?:[A-Z0-9ÄÖÜ]{1,8}(?:[ ·•-][A-Z0-9]{1,6}){0,3}|[a-z]{1,3}[ -]?[0-9]{2,4}(?:[ -]?[a-z]{1,3})?|[0-9]{1,4}[ -]?[a-z]{2,3}(?:[ -]?[0-9]{1,4})?))(?!\w|-[0-9A-Z]|[.,/][0-9]|[ ]?%)"
)
_PLATE_TELLING = regex.compile(
    r"(?<![\w$€£-])(?P<x>[A-Z]{1,3}[ -]?[0-9]{2,4}(?:[ -]?[A-Z]{1,3})?|[0-9]{1,4}[ -]?[A-Z]{2,3}(?:[ -]?[0-9]{1,4})?|[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[0-9]{1,4})(?!\w|-[0-9A-Z]|[.,][0-9])"
)
# A plate of any country beside what is parked, towed or driven.
_PLATE_OF_CAR = regex.compile(
    r"(?<!\w)(?i:cars?|vans?|trucks?|lorry|sedan|suv|hatchback|motor(?:cycle|bike)|moped|scooter|taxi|cab|jeep|pickup|coupe|estate|saloon|camper|caravan|trailer|minibus|bus|audi|bmw|mercedes|benz|volkswagen|vw|golf|polo|passat|"
    r"toyota|corolla|camry|prius|yaris|honda|civic|accord|ford|focus|fiesta|mustang|nissan|micra|qashqai|opel|vauxhall|astra|corsa|renault|clio|peugeot|citro[eë]n|fiat|seat|skoda|octavia|volvo|saab|mazda|subaru|kia|hyundai|"
    r"tesla|chevy|chevrolet|dodge|chrysler|buick|gmc|lexus|acura|infiniti|porsche|jaguar|mini|land rover|range rover|dacia|suzuki|yamaha|kawasaki|harley|vespa|tesla model [3sxy]|"
    r"parked|parking|parking permit|permit (?:issued )?for|parking (?:bay|spot|space|ticket|fine|permit)|towed|clamped|ticketed|impounded|vehicle|registered as|getaway|driving|drove|drives|rented|rental|hire car|leased|stolen|insured|mot|toll|speeding|congestion charge|tags?|plates?|nummer ?plaat|registrering\w*|reg(?:istration)?\.?)"
    r"(?:[ ,:;(-]{1,3}(?i:is|was|a|an|the|her|his|my|our|their|with|for|to|of|in|bearing|marked|plates?|tags?|reads?|read|reg|registration|registered|number|no\.?|license|licence|red|blue|white|black|grey|gray|silver|green|yellow|old|new|under|as|driving|car|van|issued|vehicle|model)){0,4}[ ,:;(\"'#-]{1,3}"
    r"(?P<x>(?=[A-Z0-9 -]{0,8}[0-9])(?=[A-Z0-9 -]{0,9}[A-Z])(?:[A-Z]{1,3}[ -]?[0-9]{1,4}(?:[ -]?[A-Z]{1,3})?(?:[ -][0-9]{1,4})?|[A-Z]{1,2}[ -][A-Z]{1,2}[ -]?[0-9]{1,4}|[0-9]{1,4}[ -]?[A-Z]{1,3}(?:[ -]?[0-9]{1,5})?))(?![\w%]|[-.,:/][0-9A-Za-z]|[ ](?:mph|km|kg|hp|bhp|cc|liters?|litres?|miles|years|am|pm|AM|PM)(?!\w))"
)
# What has the form and is a model, a road, a size.
_NO_PLATE = regex.compile(
    r"(?:[A-Z][0-9]{1,2}|[A-Z]{1,3}[ -]?[0-9]{1,2}|[0-9]{1,3}[ -]?[A-Z]|[0-9]{1,2}[ -]?(?:AM|PM|KM|HP|CC|TDI|TSI|V|D|L|X)|(?:CX|MX|GT|RAV|XC|CR|HR|RS|SQ|GLC|GLE|ID|EV|IS|RX|ES|NX|CT|Q|A|S|X|M|I|E|C|F)[ -]?[0-9]{1,3}[A-Z]{0,2}|[12][0-9]{3}[ ]?[A-Z]?)"
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
    Rule(
        "plate of a car",
        "VEHICLE_ID",
        _PLATE_OF_CAR,
        0.5,
        accept=lambda found: _NO_PLATE.fullmatch(found) is None,
    ),
)

KINDS: tuple[Kind, ...] = (
    labelled("vehicle labelled", "VEHICLE_ID", r"vehicle", r"car", r"tag", r"trailer", r"boat", r"aircraft"),
    Kind(
        "vin worded", "VEHICLE_ID", (r"vin", r"last (?:six|eight|6|8) of the vin", r"vehicle (?:id|identification)", r"chassis", r"fahrgestell\w*", r"fahrzeug ident\w*", r"bastidor", r"telaio", r"nadwozia"),
        _VIN_PARTIAL, far=_VIN, check=valid_vin,
    ),
    Kind(
        "plate worded", "VEHICLE_ID",
        (
            r"licen[cs]e (?:plate|tag)", r"number plate", r"plates?(?: number| no)?(?! of(?!\w))", r"registration (?:plate|mark|number|no)", r"reg(?:istration)?(?: number| no| plate)?", r"vehicle (?:reg(?:istration)?|tag|plate)", r"car (?:reg(?:istration)?|tag|plate)", r"with tags", r"vrm", r"vrn", r"kennzeichen\w*", r"nummernschild\w*", r"immatricul\w*", r"plaque(?: d'immatriculation)?", r"matrícula", r"matricula", r"placas?", r"targa(?:ta|to)?",
            r"nummer ?plaat\w*", r"kenteken\w*", r"tablic\w*(?: rejestracyjn\w*)?", r"numer rejestracyjny",
        ),
        _PLATE, far=_PLATE_TELLING,
    ),
    telling("vehicle worded", "VEHICLE_ID", r"vehicle registration", r"registration certificate", r"v5c", r"title number", r"toll tag", r"ez pass", r"transponder", r"tail number", r"hull (?:id|identification)", r"fleet number"),
)  # fmt: skip
