"""Finds papers of a person beside words: social security, national and tax ids, passports, visas, driving licences.

Covered: US social security numbers by form; the rest beside a word in English and the usual words of some twenty
languages of the EU and beyond. Not covered: a passport or licence number alone, whose forms any part number has.
"""

from __future__ import annotations

import regex

from privacy.recognizers.national_ids import valid_number
from privacy.recognizers.rule import Rule
from privacy.recognizers.worded import Kind, labelled, telling

# The area was never 000, 666 or 900 and up, group and serial never 0 (SSA); a mistyped one still says whose it is.
_SSN = regex.compile(
    r"(?<![\w.,$-])(?!000|666|9)[0-9]{3}([-–.])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w]|[-.][0-9])"
)
_SSN_LIKE = regex.compile(r"(?<![\w.,$-])[0-9]{3}([-–.])[0-9]{2}\1[0-9]{4}(?![\w]|[-.][0-9])")
_SSN_SPACED = regex.compile(r"(?<![\w.,$-])(?<![0-9] )[0-9]{3} [0-9]{2} [0-9]{4}(?![\w]|[ .-][0-9])")
_ITIN = regex.compile(
    r"(?<![\w.,$-])9[0-9]{2}([- ])(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])\1[0-9]{4}(?![\w]|[-.][0-9])"
)
_SSN_MASKED = regex.compile(r"(?<!\w)(?:[*xX#•]{3}[- ]?[*xX#•]{2}[- ]?)(?P<x>[0-9]{4})(?!\w)")
_CPF_LIKE = regex.compile(
    r"(?<![\w.,-])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?!\w)|(?<![\w.,-])756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}(?!\w)"
)
_SSN_VALUE = regex.compile(
    r"(?<![\w.,$])(?P<x>[0-9]{3}[-. –]?[0-9]{2}[-. –]?[0-9]{4}|(?:[*xX#•]{3}[- ]?[*xX#•]{2}[- ]?)?[0-9]{4})(?!\w|[-./][0-9])"
)
_SSN_FAR = regex.compile(r"(?<![\w.,$])(?P<x>[0-9]{3}[-. –]?[0-9]{2}[-. –]?[0-9]{4})(?!\w|[-./][0-9])")

# DVLA: five letters of the name, birth date, initials, check letters.
_LICENCE_UK = regex.compile(
    r"(?<![\w-])[A-Z9]{5}[ ]?[0-9][0156][0-9](?:[0-2][0-9]|3[01])[0-9][ ]?[A-Z9]{2}[0-9A-Z]{3}(?![\w-])"
)
# The same whatever its month and day, as copies with a slip or invented ones have it.
_LICENCE_UK_LIKE = regex.compile(r"(?<![\w-])[A-Z9]{5}[0-9]{6}[A-Z9]{2}[0-9A-Z]{3}(?![\w-])")

# What the states and countries print, up to six groups: capitals, digits and "*", most of it digits or mixed.
_LICENCE = regex.compile(
    r"(?<![\w.,$-])(?P<x>(?!(?:I[DS]|N[OR]|NUMBER|EXP|DOB|CLASS)(?!\w))(?=(?:[A-Z* -]{0,12}[0-9]){2})(?=[A-Z0-9* -]{6})[A-Z0-9*]{1,19}"
    r"(?:[-/.·][A-Z0-9*]{1,12}|[ ](?=[A-Z*]{0,4}[0-9])[A-Z0-9*]{1,12}|(?<=[0-9])[ ][A-Z]{1,3}(?![\w.])){0,6}+)(?![\w%]|[.,/:][0-9])"
)
# The same where other words stand between: six digits, or a letter and five.
_LICENCE_FAR = regex.compile(
    r"(?=(?:[A-Z]{1,2}[0-9* -]{0,3}(?:[0-9][ -]?){4}|(?:[0-9][ -]?){6}|[A-Z*]{5,7}[0-9]|[0-9]{2,3}[A-Z]{2}[0-9]{3}))"
    + _LICENCE.pattern
)

# "DL-A12...", "D.L. 4411 220": the letters are the word. And the number first: "S530-4601 from his driving licence".
_LICENCE_PREFIXED = regex.compile(
    r"(?<![\w.])(?:DL|D\.\s?L\.|DLN|CDL|OLN)(?:[-#:. ]|[Nn]o\.?|[Nn]umber){0,4}(?P<x>(?=(?:[A-Z*-]{0,8}[0-9]){4})[A-Z0-9*]{1,19}(?:[-][A-Z0-9*]{1,12}|[ ](?=[0-9])[A-Z0-9]{1,12}){0,5}+)(?![\w%]|[.,/:][0-9])"
)
_LICENCE_FIRST = regex.compile(
    _LICENCE_FAR.pattern
    + r"(?=[ ,](?:\w+[ ]){0,7}?(?:from|on|off|is|was|as|for|of|under)[ ](?:\w+[ ]){0,4}?(?i:driv(?:er|ing)(?:['’]?s?['’]?)?[ ](?:licen[cs]e|permit)))"
)

RULES = (
    Rule("driving licence UK", "DRIVER_LICENSE", _LICENCE_UK, 0.85),
    Rule("driving licence UK like", "DRIVER_LICENSE", _LICENCE_UK_LIKE, 0.6),
    Rule("licence prefixed", "DRIVER_LICENSE", _LICENCE_PREFIXED, 0.65),
    Rule("licence before its word", "DRIVER_LICENSE", _LICENCE_FIRST, 0.55),
    Rule("ssn", "US_SSN", _SSN, 0.85),
    Rule("ssn like", "US_SSN", _SSN_LIKE, 0.65),
    Rule("ssn spaced", "US_SSN", _SSN_SPACED, 0.6),
    Rule("ssn masked", "US_SSN", _SSN_MASKED, 0.7),
    Rule("itin", "TAX_ID", _ITIN, 0.86),
    Rule("nino layout", "NATIONAL_ID", regex.compile(r"(?<![\w-])[A-Z]{2}(?: [0-9]{2}){3} [A-D](?!\w)"), 0.6),
    Rule("national layout", "NATIONAL_ID", _CPF_LIKE, 0.6),
)

# Words that mean other things too, so that only the form of their own number will do.
_SHORT_WORDED = regex.compile(
    r"(?<![\w.,$])(?:[0-9]{3}([- ]?)[0-9]{3}\1[0-9]{3}|[A-Z]{5}[0-9]{4}[A-Z]|[0-9]{2}[- ]?[0-9]{7}|[0-9]{3}-[0-9]{2}-[0-9]{4}|"
    r"[0-9]{3}-?[0-9]{3}-?[0-9]{2}-?[0-9]{2}|[0-9]{3}-[0-9]{2}-[0-9]{2}-[0-9]{3}|[0-9]{12}|[0-9]{1,2}[.]?[0-9]{3}[.]?[0-9]{3}-?[0-9kKxX]|[A-Z][0-9]{7}[0-9A-J])(?![\w]|[-.,][0-9])"
)

KINDS: tuple[Kind, ...] = (
    labelled("visa labelled", "PASSPORT", r"visa", r"visa (?:control|foil|application|grant)"),
    Kind("short tax word", "TAX_ID", (r"tin", r"pan", r"inn", r"nip", r"cif"), _SHORT_WORDED, check=valid_number),
    Kind("short id word", "NATIONAL_ID", (r"sin", r"run", r"rut", r"rg"), _SHORT_WORDED, check=valid_number),
    labelled("papers labelled", "NATIONAL_ID", r"identity", r"citizen(?:ship)?", r"immigration", r"military", r"tribal", r"alien", r"personal", r"national", r"government(?: issued)?"),
    Kind(
        "ssn worded", "US_SSN",
        (r"ssn", r"ss#", r"soc(?:ial)? sec(?:urity)?", r"social", r"last (?:4|four) (?:of (?:the |her |his |my |their |your )?)?(?:ssn|social)"), _SSN_VALUE, far=_SSN_FAR,
    ),
    telling(
        "nhs worded", "MEDICAL_RECORD", r"nhs", r"chi number", r"health and care", check=valid_number,
    ),
    telling(
        "tax worded", "TAX_ID",
        r"tax(?:payer)?(?:'s)? (?:id|identification|file|reference|number|no)", r"itin", r"ein", r"utr", r"tfn", r"fein", r"federal (?:tax )?id(?:entification)?", r"employer identification",
        r"vat(?: registration| reg)?", r"steuer (?:id|nummer|identifikationsnummer|nr)", r"steuernummer", r"umsatzsteuer\w*", r"ust (?:id|idnr)", r"numéro fiscal",
        r"nif", r"nipc", r"codice fiscale", r"partita iva", r"piva", r"fiscal code", r"regon", r"pan card", r"permanent account", r"gstin?", r"cuit", r"cuil", r"cnpj", r"abn", r"acn", r"ird",
        r"siren", r"siret", r"kvk", r"btw", check=valid_number,
    ),
    telling(
        "national id worded", "NATIONAL_ID",
        r"national (?:id|identity|identification|insurance|number|registration)(?: card)?", r"identity (?:card|document|number|no)", r"id card", r"identification (?:card|document|number|no)", r"personal (?:id|identity|identification|number|no|code)", r"citizen(?:ship)? (?:card|id)",
        r"nino", r"nin", r"ni number", r"social insurance", r"ppsn?", r"personal public service", r"aadhaa?r", r"uidai", r"voter(?: id| card)?", r"nric", r"fin number", r"hkid", r"my kad",
        r"personal ausweis\w*", r"ausweis\w*", r"sozialversicherung\w*", r"rentenversicherung\w*", r"sv (?:nummer|nr)", r"ahv(?: nummer| nr)?", r"avs",
        r"sécurité sociale", r"securite sociale", r"nir", r"insee", r"carte (?:nationale )?d'identité", r"cni", r"dni", r"nie", r"documento(?: de identidad| nacional)?", r"cédula(?: de ciudadanía| de identidad)?", r"cedula", r"curp", r"seguridad social", r"nuss",
        r"carta d'identità", r"carta di identità", r"bsn", r"burgerservicenummer", r"sofi", r"rijksregister\w*", r"registre national", r"niss", r"insz", r"pesel", r"dowód(?: osobisty)?", r"dowod(?: osobisty)?", r"dowodu", r"cartão de cidadão", r"cartão de cidadao", r"bilhete de identidade", r"cpf", r"personnummer", r"samordningsnummer", r"fødselsnummer", r"fodselsnummer", r"cpr", r"hetu", r"henkilötunnus", r"kennitala",
        r"rodné číslo", r"rodne cislo", r"cnp", r"egn", r"oib", r"emšo", r"jmbg", r"amka", r"tc kimlik", r"kimlik", r"teudat zehut", r"resident registration", r"rrn", r"my number", r"snils", r"south african id", r"alien registration", r"uscis", r"green card", r"residence (?:permit|card)", r"military (?:id|service)", r"veteran(?:s)?(?: id| file)?", r"dod(?: id)?", r"known traveler", r"ktn", check=valid_number,
    ),
    telling(
        "passport worded", "PASSPORT", r"passport(?: book| card)?", r"reisepass\w*", r"passeport", r"pasaporte", r"passaporto", r"paspoort\w*", r"paszport\w*", r"passaporte",
        r"travel document", 
    ),
    Kind(
        "driving licence worded", "DRIVER_LICENSE",
        (
            r"driv(?:er|ing)(?:'?s?'?)? (?:licen[cs]e|permit|lic|id|card)", r"driver id", r"learner(?:'?s)? (?:licen[cs]e|permit)", r"provisional(?:'?s)? (?:licen[cs]e|permit)", r"operator(?:'?s)? (?:licen[cs]e|permit)", r"chauffeur(?:'?s)? (?:licen[cs]e|permit)", r"motorcycle(?:'?s)? (?:licen[cs]e|permit)", r"motorist(?:'?s)? (?:licen[cs]e|permit)",
            r"class [a-m]1? (?:driver'?s? )?(?:licen[cs]e|permit)", r"licen[cs]e to drive", r"commercial driver(?:'?s)?(?: licen[cs]e)?", r"dln", r"dl", r"d/l", r"cdl", r"dvla", r"dmv", r"oln", r"state id(?: card)?", r"real id",
            r"führerschein\w*", r"fuehrerschein\w*", r"fahrerlaubnis\w*", r"permis(?: de conduire)?", r"permiso de conducir", r"carnet de conducir", r"licencia de conducir", r"patente(?: di guida)?",
            r"rijbewijs\w*", r"prawo jazdy", r"prawa jazdy", r"carta de condução", r"cnh", r"körkort\w*", r"førerkort\w*", r"kørekort\w*", r"ajokort\w*", r"řidičsk\w+(?: průkaz\w*)?", r"vozačka dozvola", r"vozniško dovoljenje", r"permis auto", r"jogosítvány\w*", r"ehliyet\w*", r"άδεια οδήγησης",
        ),
        _LICENCE, far=_LICENCE_FAR,
    ),
)  # fmt: skip
