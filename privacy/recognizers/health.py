"""Finds numbers of patients, their health plans and their doctors: record, plan, claim, prescription, licence.

Covered: US forms that carry a checksum or a form of their own (MBI, NPI, DEA), ids beside a word in English and the
usual words of seven other languages. Not covered: a record number without a word, unless it says "MRN" itself.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Rule
from privacy.recognizers.worded import Kind, labelled, telling

_MBI_LETTER = "AC-HJKMNP-RT-Y"
# CMS, "Understanding the Medicare Beneficiary Identifier format": 11 places, no S L O I B Z.
_MBI = regex.compile(
    rf"(?<![\w-])[1-9][{_MBI_LETTER}][{_MBI_LETTER}0-9][0-9][- ]?[{_MBI_LETTER}][{_MBI_LETTER}0-9][0-9][- ]?[{_MBI_LETTER}]{{2}}[0-9]{{2}}(?![\w-])",
    regex.IGNORECASE,
)
_DEA = regex.compile(r"(?<![\w-])[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}(?![\w-])", regex.IGNORECASE)
_DEA_WORDED = regex.compile(r"(?<![\w-])[A-Z][A-Z9][ -]?[0-9]{7}(?![\w-])", regex.IGNORECASE)
_NPI = regex.compile(r"(?<![\w-])[12][0-9]{9}(?![\w-])")
# "MRN4481220", "PAT-0042": the letters are the word.
_PREFIXED = regex.compile(
    r"(?<![\w-])(?:MRN|PAT|PT|CHART|EMPI|HN|NHSNO|HOSP)[-_#:]?(?=[A-Z0-9-]{0,4}[0-9]{3})[A-Z0-9](?:-?[A-Z0-9]){2,14}+(?!\w)"
)


def valid_npi(found: str) -> bool:
    """Luhn over the number behind the prefix 80840 (45 CFR 162.406; CMS check digit specification)."""
    digits = [int(char) for char in found if char.isdigit()]
    if len(digits) != 10:
        return False
    # The prefix adds 24 to the sum of any number.
    total = 24 + sum(digits[1::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[0::2])
    return total % 10 == 0


def valid_dea(found: str) -> bool:
    """First, third and fifth digit plus twice the others end in the seventh (DEA registration number)."""
    digits = [int(char) for char in found[-7:] if char.isdigit()]
    return len(digits) == 7 and (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


# A code with a digit in it, after the word for whom or what of a person it labels.
_CODE = r"(?P<x>(?=[A-Za-z_-]{0,10}\d)[A-Za-z0-9](?:[-_/.*]{0,3}[A-Za-z0-9]){3,30})(?!\w)"
_LABELLED = regex.compile(
    rf"(?<!\w)(?:participant|trial subject|study subject|subject|sample|specimen|donor|proband|enrollee|claimant|applicant|candidate|accession|barcode|wristband|bracelet|"
    rf"tube|vial|biopsy|slide|kit|requisition|donation|embryo|implant|prosthesis)s?(?:\s(?:id|no\.?|number|code|is|was|label(?:l?ed)?|marked|tube|kit|with|named|as)){{0,4}}[\s:#(\"']{{1,3}}{_CODE}",
    regex.IGNORECASE,
)
_BODY = regex.compile(
    rf"(?<!\w)(?:voice ?print|finger ?prints?|palm ?print|retina(?:l)?|iris|fac(?:e|ial)|gait|vein|hand|voice|biometric)(?:\s(?:scan|template|hash|id|print|model|record|file|pattern|signature|geometry|"
    rf"recognition|data|profile|key|vector|enrol+ment|is|was|no\.?|number|of|stored|as|under|ref(?:erence)?)){{0,5}}[\s:#(\"'=]{{1,3}}{_CODE}",
    regex.IGNORECASE,
)
_LICENCE = regex.compile(
    rf"(?<!\w)lic(?:en[cs]e)?\.?\s?(?:no\.?|nr\.?|number|id)?[\s:#]{{1,3}}{_CODE}", regex.IGNORECASE
)
_MR = regex.compile(r"(?<![\w-])(?:MRN?|PT|PID|HRN|URN|UMRN)[-#:]?\d{4,9}(?:-\d{1,3})?(?!\w)")

# One to three letters and seven digits or more, as cards and licences print them.
_LETTERED = regex.compile(
    r"(?<![\w./#-])(?!(?:ERR|CVE|KB|RFC|ISO|PN|SKU|E|V|REV)\d)[A-Z]{1,3}\d{7,12}(?![\w./-])"
)

RULES = (
    Rule("lettered number", "REFERENCE_ID", _LETTERED, 0.4),
    Rule("labelled code", "REFERENCE_ID", _LABELLED, 0.6),
    Rule("body code", "BIOMETRIC_ID", _BODY, 0.7),
    Rule("licence code", "LICENSE_ID", _LICENCE, 0.7),
    Rule("record number prefixed", "MEDICAL_RECORD", _MR, 0.65),
    Rule("mbi", "HEALTH_PLAN", _MBI, 0.85),
    Rule("dea", "LICENSE_ID", _DEA, 0.9, accept=valid_dea),
    Rule("record prefixed", "MEDICAL_RECORD", _PREFIXED, 0.6),
)

KINDS: tuple[Kind, ...] = (
    telling(
        "record worded", "MEDICAL_RECORD",
        r"mrn", r"mr#", r"emrn", r"empi", r"medical rec(?:ord)?s?", r"med\.? rec", r"medical file", r"patient (?:record|file|chart)", r"hospital (?:record|file|unit)?",
        r"health record", r"clinical record", r"clinic (?:record|file)", r"case history", r"chart", r"patient identifier",
        r"accession", r"patientennummer", r"patienten (?:id|nr)", r"fallnummer", r"numéro de (?:dossier|patient)",
        r"dossier (?:médical|medical|patient)", r"historia clínica", r"cartella clinica", r"dossiernummer", r"patiëntnummer",
        r"prontuário", r"processo clínico", r"numer (?:pacjenta|kartoteki|historii choroby)",
    ),
    labelled(
        "patient labelled", "MEDICAL_RECORD",
        r"patient", r"record", r"encounter", r"visit", r"admission", r"inpatient", r"outpatient", r"discharge", r"specimen", r"sample",
        r"subject", r"participant", r"study(?: subject| participant)?", r"trial(?: subject| participant)?", r"enrol+ee", r"donor", r"blood bag", r"lab(?:oratory)?(?: order| report| result)?",
        r"pathology", r"radiology", r"biopsy", r"slide", r"pathologie", r"patienten?", r"paziente", r"paciente", r"pacjent",
    ),
    telling(
        "prescription worded", "MEDICAL_RECORD", r"prescription", r"rx", r"script", r"refill", r"rezept", r"ordonnance", r"receta", r"ricetta"
    ),
    Kind(
        "npi worded", "LICENSE_ID", (r"npi", r"national provider", r"provider"), _NPI, far=_NPI, check=valid_npi
    ),
    Kind(
        "dea worded", "LICENSE_ID", (r"dea", r"drug enforcement", r"registration", r"prescriber"), _DEA_WORDED, far=_DEA_WORDED, check=valid_dea,
    ),
    Kind("mbi worded", "HEALTH_PLAN", (r"mbi", r"medicare", r"beneficiary"), _MBI, far=_MBI, check=lambda _: True),
    telling(
        "health plan worded", "HEALTH_PLAN",
        r"mbi", r"hicn", r"medicare", r"medicaid", r"health (?:plan|insurance|care card|card|fund|cover)(?: member| policy| beneficiary| account| subscriber)?",
        r"beneficiary", r"policy holder", r"subscriber", r"insurance (?:member|policy|card|plan|subscriber|group)", r"insured(?: person)?s?", r"member(?: number| id| no)",
        r"plan (?:member|beneficiary|participant|holder)", r"dental (?:plan|insurance)", r"vision plan", r"rx (?:bin|group|grp|pcn|id)", r"tricare", r"medi-?gap", r"medi-?cal", r"medicare advantage", r"chip (?:id|number|plan)", r"policy (?:id|holder(?:'s)? (?:id|number|no))",
        r"hmo", r"ppo", r"epo plan", r"health net", r"wellcare", r"molina", r"centene", r"oscar health", r"bupa", r"axa health", r"vitality health", r"ambetter", r"caresource", r"emblem ?health", r"highmark", r"bcbs\w{0,3}", r"blue shield", r"payer (?:id|member)", r"coverage (?:id|number|no)", r"eligibility (?:id|number)", r"sponsor (?:id|number|no)", r"recipient (?:id|number|no)", r"enrol+ee (?:id|number|no)", r"cardholder (?:id|number|no)", r"insurance", r"insurer", r"ohip", r"ehic", r"seguro (?:médico|social)", r"mutua", r"assurance maladie", r"numéro d'assuré", r"npi plan",
        r"blue cross", r"aetna", r"cigna", r"humana", r"kaiser", r"united health(?:care)?", r"anthem", r"copay card",
        r"versichertennummer", r"krankenversicher\w*", r"krankenkasse\w*", r"versicherten (?:nr|nummer|id)", r"carte vitale", r"mutuelle",
        r"tarjeta sanitaria", r"tessera sanitaria", r"zorgverzekering\w*", r"polisnummer", r"cartão de saúde", r"numer ubezpieczenia",
    ),
    labelled("plan labelled", "HEALTH_PLAN", r"plan", r"member", r"group", r"grp", r"dependent", r"enrol+ment", r"coverage", r"payer", r"cardholder", r"recipient", r"sponsor", r"policy ?holder", r"eligibility"),
    telling(
        "licence worded", "LICENSE_ID",
        r"medical licen[cs]e", r"nursing licen[cs]e", r"physician(?:'s)? licen[cs]e", r"licen[cs](?:e|ed|ure)", r"professional (?:licen[cs]e|registration)",
        r"state licen[cs]e", r"board certificat(?:e|ion)", r"certificat(?:e|ion)", r"certified(?: under)?", r"gmc", r"nmc(?: pin)?", r"lanr", r"accreditation", r"permit",
        r"bar (?:number|no|id|card|licen[cs]e|registration)", r"pilot(?:'s)? licen[cs]e", r"teaching (?:licen[cs]e|certificate)", r"birth certificate", r"death certificate", r"marriage certificate",
        r"numéro rpps", r"rpps", r"adeli", r"crm", r"zulassung\w*", r"approbation\w*", r"urkunde\w*", r"certificado", r"certificato",
    ),
)  # fmt: skip
