"""Finds codes and numbers that no word announces, in a text that speaks of a person or of what is done with persons: whoever writes
"we unblinded K3D9-XP4R, he was on the active drug" means somebody by it.

Covered: capitals with digits, digits in groups, five digits and more, a few letters before hexadecimal digits, plates where cars are
spoken of, ages set off by commas. Not covered: codes in lower case, codes of fewer than three digits, texts of nothing but code and
goods. What has such a form and is nobody's (a model, a form, a dose, a sum) is told by its letters and by the words beside it.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import regex

from privacy.recognizers.address import NO_ZIP
from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.spoken import in_digits
from privacy.recognizers.worded import NOT_MEASURED
from privacy.records import Span

# How far off the person may be: about two sentences. For an age, about one clause.
_REACH, _NEAR = 160, 60
_SCORE = 0.36

# Not in the middle of a longer code, an address of mail; a number not in the middle of a decimal, a time or a sum.
_START, _END = r"(?<![A-Za-z0-9$€£¥@%])(?<![0-9A-Za-z]-)", r"(?![A-Za-z0-9%@]|-[A-Z0-9])"
_BEFORE_DIGITS, _AFTER_DIGITS = (
    r"(?<![0-9][.:*^+_])",
    r"(?![.:*^+_][0-9]|[ ][-+*/=<>][ ]?[0-9](?![0-9]?[ ](?:pages|pp|items|copies|sheets)|[0-9]{2}[-. )][0-9]{3}))",
)
_CODE = regex.compile(
    # "fpt_75fed324", "VP-4284-1b45".
    rf"{_START}(?=[A-Za-z0-9])(?:[A-Za-z]{{2,5}}[-_](?=[a-f-]{{0,9}}[0-9])[0-9a-f]{{4,16}}(?:-[0-9a-f]{{4,12}}){{0,4}}+(?:[-_][A-Za-z0-9]{{1,6}})?"
    # Capitals and digits, in groups or not: three digits at least and one letter.
    r"|(?=(?:[A-Z-]{0,20}[0-9]){3})(?=[0-9-]{0,20}[A-Z])[A-Z0-9]{1,14}(?:-[A-Z0-9]{1,12}){0,4}+|[0-9]{4,8}/[0-9]{2,4}/[A-Z0-9]{1,3}"
    # Digits in groups, or unbroken.
    rf"|{_BEFORE_DIGITS}(?:[0-9]{{2,12}}(?:-[0-9]{{2,8}}){{1,4}}+|[0-9]{{5,12}}+){_AFTER_DIGITS}){_END}"
)
# What has the form and is nobody's: years and spans of numbers, round sums, standards, chips, government forms.
_NOBODYS = regex.compile(
    r"(?:19|20)[0-9]{2}(?:-(?:19|20)?[0-9]{2,4})?|[0-9]+0{3,}|[0-9]{2,4}-[0-9]{2,4}|([0-9])\1+|12345[0-9]*"
    r"|(?![A-Z]{2}-[0-9]{3}-[A-Z]{2}(?!\w))(?:ISO|IEC|IEEE|DIN|EN|ANSI|ASTM|RFC|NIST|UL|SAE|MIL|CVE|ORA|ERR|UTF|SHA|AES|TLS|HTTP|RTX|GTX|DDR|USB|PCI|COVID|SARS|USC|CFR)-?[0-9]{1,5}(?:-.*)?|(?:FY|CY)-?(?:20)?[0-9]{2}"
    r"|(?:DS|CMS|HCFA|UB|DD|SF|VA|FDA|IRS|FORM|SSA|ICD|CPT|DSM)-?[0-9]{1,4}[A-Z]?|[INW]-?[0-9]{3}[A-Z]?"
)
_BETWEEN = r"(?:[ ](?:no\.?|number|is|was|of|the|a|an|to|type|code))*[ \t:#(\"'=]{0,3}$"
_THING_BEFORE = regex.compile(
    r"(?<!\p{L})(?:parts?|skus?|models?|versions?|v|builds?|releases?|revision|rev|firmware|errors?|http|ports?|commits?|catalog(?:ue)?|article|standards?|rfc|iso|forms?|cpt|hcpcs|icd(?:-?10)?|drg|ndc|lots?|batch|isbn|issn|doi|pmid|"
    rf"usd|eur|gbp|chf|chips?|gaskets?|seals?|bearings?|screws?|bolts?|filters?|cartridges?|batter(?:y|ies)|toner|printers?|tv){_BETWEEN}",
    regex.IGNORECASE,
)
# The same, for what is no telling id.
_PLACE_BEFORE = regex.compile(
    rf"(?<!\p{{L}})(?:exit|status|pages?|chapter|section|figure|table|line|rows?|bus|route|highway|interstate|flight|train|room|rm|floor|channel){_BETWEEN}",
    regex.IGNORECASE,
)
_SUM_BEFORE = regex.compile(
    r"(?<!\p{L})(?:price[ds]?|costs?|total(?:s|ling)?|amounts?|sum|fees?|paid|pays?|salary|earn\w*|owe[sd]?|worth|spen[dt]|sen[dt]|transfer(?:red)?|withdr[ae]w|charged|sold|served|counted|approximately|roughly|than|exceeds?|up to)"
    r"(?:[ ](?:is|was|of|the|a|to))*[ \t:(]{0,3}$",
    regex.IGNORECASE,
)
# So much of an id that nobody need be spoken of, if no goods are: six digits in groups or with letters, seven alone.
_TELLING = regex.compile(
    r"(?=(?:[A-Z-]*[0-9]){6})(?=[0-9]*[A-Z-])[A-Z0-9-]+|[0-9]{7}|[0-9]{4,8}/[0-9]{2,4}/[A-Z0-9]{1,3}|[A-Za-z]{2,5}[-_][0-9a-f]{8,}(?:[-_]\w+)?|[A-Z]{2,5}(?:-[0-9a-f]{4})+(?:[-_]\w+)?"
)
_MEASURED = regex.compile(rf"(?!{NOT_MEASURED})|-(?!area|based)\p{{Ll}}")
_THING_AFTER = regex.compile(
    r"[\"')]?[ ](?:forms?|model|edition|version|series|error|standard|chip|cartridges?|batter(?:y|ies)|steps|square|sq|calories|kcal|copies|views|followers|likes|miles|jobs|homes|words|deaths|cases|americans?|soldiers|refugees|workers|signatures|inhabitants|residents|fans|spectators)(?!\w)",
    regex.IGNORECASE,
)
_LOOK_BACK = 30
# A code that says of itself that it stands for a body.
_OF_A_BODY = regex.compile(
    r"(?:bio|biom|iris|face|voice|palm|thumb|fprt?|fpt|gait|vein|retin)[-_]?(?=[a-f-]{0,9}[0-9])[0-9a-f-]{4,}",
    regex.IGNORECASE,
)
# Who did it: what is done by a part or a version is no deed.
_DONE_BY = regex.compile(
    r"(?<!\p{L})(?!(?:replaced|superseded|followed|preceded|divided|multiplied|powered|driven|covered|defined|required|specified|governed|measured|supported|succeeded|exceeded|caused|triggered|raised|indicated|denoted|limited|increased|"
    r"decreased|reduced|affected|controlled|fixed|introduced|closed|resolved|blocked|shifted|offset|sorted|ordered|grouped|joined|indexed)(?!\p{L}))"
    r"\p{L}{2,}(?:ed|wn|ven|ken|ade|ept|ent|read|run|put)(?:[ ](?:up|out|off|in|on|over|back|twice|again|today))?[ ]by[ :]{1,2}$"
    r"|(?<!\p{L})(?:approved|signed|witnessed|checked|verified|authori[sz]ed|administered|dispensed|prepared|collected|counted|supervised|cashier|clerk)(?:[ ](?:by|on duty))?:[ ]?$",
    regex.IGNORECASE,
)

_PLATE_CHARS = 10
# Letters and digits that take turns so often were drawn at random, as no model's name is.
_MANY_TURNS = 4
# Four digits behind three letters: a plate, unless the letters are a month, a currency or a standard.
_PLATE = regex.compile(
    rf"{_START}(?!(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|MON|TUE|WED|THU|FRI|SAT|SUN|USD|EUR|GBP|CHF|ISO|RFC|DIN|BMW|AMG|EXT|TEL|FAX|BOX|APT|HWY|THE|AND|FOR|MOT|REG|VIN|ICD|CPT|ICU)[ ])[A-Z]{{3}}[ ][0-9]{{4}}{_END}(?![ ]?[A-Z]{{2}}(?!\w))"
)
_AGE = regex.compile(
    r"(?:^|[,;(\[|\t][ ]?|(?<!\w)ages(?:[ ]\w+){0,3}:[ ]|(?<!\w)[FM]/|(?<=\p{L})[ ][-/][ ])(?P<x>1[01][0-9]|[1-9][0-9])(?=[,;)\]|\t]|[ ](?:[-/][ ]|[FM](?![\w'])|yrs?(?!\w)(?![ ]?ago)|years?(?=[.,;]))|$)(?!,[0-9])"
    r"|(?<=(?<!\w)age[sd]?[ ][0-9]{1,3}(?:,[ ]|[ ]and[ ]))(?P<x>1[01][0-9]|[1-9][0-9])(?!\w|[.,][0-9])"
    r"|(?<!\w)(?:at|at just|at only|turned|reached|hits?|looks|looks about|looks around|not yet|barely|celebrat\w{1,3}|pt|patient|male|female|(?:he|she)(?: is|'s)|a spry|been|mid-|late-|early-)[ ]?(?P<x>1[01][0-9]|[1-9][0-9])(?=[.,;)][ \n]|[.,;)]?$|[ ](?:and|with|when|but|who|last|this|next|today|tomorrow|on|in)(?!\w))",
    regex.MULTILINE | regex.IGNORECASE,
)
# "77F", "M57", "M 69": a temperature has its word.
_AGE_AND_SEX = regex.compile(
    r"(?<![\w.,$€£/°-])(?<!(?<!\w)(?:temp\w*|t|fever|oven|heat\w*|degrees?|of|to|was|is|at)[ :=]{1,2})(?P<x>1[01][0-9]|[1-9][0-9])[MF](?![\w'°])"
    r"|(?<![\w.,/-])(?<!(?<!\w)(?:size|suite|apt|unit|room|level|section|type|model)[ :]{1,2})[MF] ?(?P<x>1[01][0-9]|[1-9][0-9])(?![\w%]|[.,:/-][0-9])"
)

_WORD = regex.compile(r"\p{L}+")
# Words for somebody: pronouns, kin, what one is to a clinic, a court, a school or a firm.
_SOMEBODY = frozenset(
    """he she him her his hers himself herself whose who me mine myself
    mr mrs ms miss mx dr sir madam lady gentleman man woman men women boy girl boys girls kid kids baby infant toddler teenager teen adult lad person somebody someone anyone nobody
    mother father mum mom dad mummy daddy son daughter sons daughters brother sister brothers sisters wife husband spouse partner fiance fiancee ex widow widower
    grandmother grandfather grandma grandpa gran granny nan nana granddad grandson granddaughter aunt auntie uncle niece nephew cousin stepmother stepfather stepson dtr
    patient patients pt pts inpatient outpatient claimant claimants applicant applicants resident residents tenant tenants lodger customer policyholder pensioner
     insured beneficiary enrollee enrolee dependant caller visitor passenger rider pedestrian cyclist payee payer debtor guarantor
    employee employees nurse nurses midwife doctor physician surgeon gp consultant registrar dentist pharmacist paramedic therapist clinician prescriber porter carer caregiver locum trainee intern
    officer constable sergeant detective inmate prisoner offender suspect victim witness defendant plaintiff juror probationer accused deceased decedent
    student students pupil pupils teacher tutor professor participant respondent volunteer donor recipient proband interviewee
    colleague coworker boss staff employer landlord neighbour neighbor friend roommate housemate flatmate veteran refugee migrant citizen immigrant seafarer interpreter lodger attendant auntie nan gran
    whoever relative relatives sibling siblings twin twins triplets stepson stepdaughter grandchild grandchildren godmother bride groom orphan heir
    emp leaver leavers cleaner cashier clerk receptionist janitor gardener chef waiter waitress shopper plumber electrician hairdresser secretary apprentice foreman labourer technician firefighter lifeguard warden headteacher librarian
    bailiff magistrate judge solicitor barrister attorney steward stewardess soldier sailor farmer fisherman builder carpenter postman mechanic welder roofer miner
    surname forename maiden born died age ages aged dob household""".split()
)
# What is done with persons: care, trials, law, work, travel, the body as a key.
_SETTING = frozenset(
    """ward wards hospital clinic clinics bed icu theatre surgery surgical admitted admission admissions discharge discharged triage ambulance hospice dialysis diagnosis diagnosed prescribed prescription medication
    chest pain stroke seizure seizures fracture fall falls biopsy haemolysed hemolysed specimen bloods allergy allergies allergic implanted implant pacemaker ventilator nebuliser nebulizer wheelchair oncology cardiology radiology
    mri ct xray echo injury injured bleeding pregnant prenatal vaccine vaccinated symptoms medicare medicaid copay insurer insurance coverage deductible pharmacy refill overdose opioid oxycodone fentanyl
    trial placebo randomised randomized unblinded baseline cohort consent ethics arm anaphylaxis withdrew withdrawn biobank aliquots
    bank cheque overdraft savings mortgage loan benefits wages escrow pension payee deposited debit probate inheritance
    biometry enrol enroll enrols enrolls enrolling recognition recognised recognized authenticated authentication verified verification identified identification enrolment enrollment template templates liveness minutiae kiosk scanner scanned scans scan unlock unlocked unlocks reader door matcher mismatch clocked timeclock latent
    police court arrest arrested custody prison jail bail sentence probation testimony lawsuit fraud theft stolen assault murdered burglary cctv dui sheriff warrant
    payroll timesheet overtime payslip rota shift roster notice suspended suspension grievance appraisal disciplinary hr resigned hired sick absences needlestick training
    passport visa embassy consulate immigration border asylum airport travelled traveled licence licensed license nationality citizenship identity
    finger fingers fingerprint fingerprints prints thumb iris retina retinal palm eye eyes face facial voice speaker gait vein selfie biometric biometrics turnstile
    van car cars taxi cab lorry motorbike minibus parked parking towed tow garage plate plates rego anpr mot mazda ford honda toyota skoda volvo dvla dmv
    driver worker owner keeper holder bearer member client clients subscriber parent parents child children guest provider subject subjects candidate manager supervisor guard twin twins sibling siblings dependent consented enrolled participants
    funeral cremation burial coroner inquest pension foster adoption adopted shelter homeless refuge tenancy eviction family families death oxygen referral referred lab labs rental photo photocard wallet credentialed credentialing midwifery
    screening screened screen dose dosed dosing drug dispensed dispense kit randomisation randomization visit visits wk ae sae creat creatinine hba1c bp meds med cart theatre theatres obs handover nursing clinical gp a&e ed er icu itu hdu
    specimens sample samples swab bottle vial aliquot serum plasma urine stool blood transfusion crossmatch pathology histology cytology micro lab radiology film films imaging ultrasound scan slide slides label labels requisition
    sob cp hx pmh c/o o/e nkda npo nbm prn bd tds qds iv im po stat abx ecg ekg cxr abg gcs sats fbc crp uti dvt mi cva tia copd chf ckd esrd dm htn afib af nof thr tkr turp lscs rta rtc mvc mva etoh si loc ams
    unresponsive unconscious collapsed breathing confused delirium dementia frail independent bedbound continent mobile wound pressure ulcer dressing catheter
    board discipline credential credentials scrubs uniform band nights prescribing practitioner licensure sanction sanctioned malpractice
    flu influenza measles covid cholera hepatitis tb hiv vaccine clusters infection infections infected
    acne rash cough fever headache vomiting diarrhoea diarrhea bleed period periods pregnancy menopause tablet tablets pill pills inhaler insulin antibiotic antibiotics vaccination jab jabs operation surgeon anaesthetic anesthetic stretcher crew paramedics transport
    booking bookings lodged lodging refugee caseworker safeguarding welfare allowance claimed entitlement enrolled enrolment deceased mortuary morgue cremated hearse undertaker
    born lives lived living moved moving married divorced retired pregnant student school""".split()
)
_FIRST_PERSON = frozenset("i my we our us you your yours".split())
_CARS = frozenset(
    """van car cars veh vehicles reg lic plt taxi cab lorry truck pickup motorbike motorcycle bike minibus bus vehicle drives drive drove driving driver parked parking park towed tow tows garage plate plates rego anpr mot dvla dmv clamped barrier bay gate valet
    mazda ford honda toyota skoda volvo vw audi bmw kia nissan fiat polo golf fiesta corsa traffic crash crashed collision speeding tag tags tagged registered hatchback sedan saloon estate suv coupe minivan unit ambulance reversed reversing driveway windscreen bumper transport dashcam speedcam carpark kerb curb
    petrol diesel fuel mileage tyre tyres tire tires lights camera cameras bays forecourt caravan trailer lapsed untaxed uninsured dashboard
    uber lyft limo chauffeur toll tolls lot pcn penalty fined fine rear bumper blocking occupant occupants cyclist pedestrian windshield carpool permit permits placard minivan motorist motorcyclist roadside breakdown wheels headlights""".split()
)
_POSTAL = frozenset(
    """zip zips postal postcode post mail mailed mails mailing deliver deliveries delivery ship ships shipping envelope parcel billing home house moved moving move moves area county town city neighborhood neighbourhood lake street
    nearest near catchment state store stores locator radius locations lives live living resident residents shelter drove rent rents flood storm outage evacuation outbreak cluster census precinct school schools suburb village""".split()
)
# The same, where no goods or programs are spoken of.
_POSTAL_TOO = frozenset(
    """address addresses addressed coverage network premium quote territory zone zones zoned region regional rural urban distance closest around local weather pollen water lead utility branch pharmacy carrier usps ups fedex courier
    pickup dropoff pick drop van bus doorstep household households income deprivation exposure pollution plant refinery spill wildfire hurricane tornado quarantine lockdown screening outreach canvass voters mailer flyers
    commute commutes radius nearby live community communities
    snow emergency power wic mosquito zcta sdoh fips geo geocode geocoded rurality poverty desert transit broadband meals resident residing resides reside clinics hospitals providers doctors patients cases deployed staged""".split()
)
# Goods and programs, which have numbers of their own.
_GOODS = frozenset(
    """part parts sku skus chip chips pin stock datasheet data gasket gaskets bearing bearings seal seals cartridge cartridges screw screws bolt bolts bracket valve spare compatible fits replaces replaced replacement
    model models product products item items catalog catalogue warehouse supplier manufacturer drawing specification connector standard standards iso iec ieee din astm ansi rfc
    version versions release build builds package commit branch repository compiler library firmware kernel driver drivers install upgrade patch software hardware server servers proxy port ports tls http https tcp udp ssh socket localhost host hosts hostname container docker daemon endpoint listen listens listening expose metrics traces timeout cache
    error errors exception traceback warning debug config configuration color colour margin padding width height pixel pixels px function return class import def var const select insert table index hash checksum digest sha""".split()
)
_PEOPLE = frozenset({"PERSON", "TITLE", "AGE", "DATE_OF_BIRTH", "US_SSN", "USERNAME"})
_PLACES = frozenset({"ADDRESS", "LOCATION"})


class _Places:
    """Where words of some sort stand."""

    def __init__(self, places: Sequence[int]) -> None:
        self._places = sorted(places)

    def near(self, start: int, end: int, reach: int) -> bool:
        at = bisect_left(self._places, start - reach)
        return at < len(self._places) and self._places[at] < end + reach


def find_unworded(text: str, spans: Sequence[Span], clock: Clock) -> list[Span]:
    """Codes, plates and ages of somebody; `spans` is what was found already. Raises TimeoutError."""
    codes = [
        match.span()
        for match in matches(_CODE, text, clock)
        if _OF_A_BODY.fullmatch(match.group()) or not _is_nobodys(text, *match.span())
    ]
    plates = [match.span() for match in matches(_PLATE, text, clock)]
    ages = _ages(text, clock)
    if not (codes or plates or ages):
        return []
    said: list[tuple[int, str]] = [(m.start(), m.group().casefold()) for m in _WORD.finditer(text)]
    named = [span.start for span in spans if span.entity_type in _PEOPLE]
    clock.left_s()
    somebody = _Places(named + [at for at, word in said if word in _SOMEBODY])
    setting = _Places([at for at, word in said if word in _SETTING])
    cars = _Places([at for at, word in said if word in _CARS])
    return [
        *_codes(text, codes, somebody, setting, cars, said, spans),
        *(
            Span(start, end, "VEHICLE_ID", _SCORE, "unworded plate")
            for start, end in plates
            if somebody.near(start, end, _REACH)
            or cars.near(start, end, _REACH)
            or (setting.near(start, end, _REACH) and text[end - 4 : end - 2] not in ("19", "20"))
        ),
        *(
            Span(start, end, "AGE", _SCORE, "unworded age")
            for start, end in ages
            if somebody.near(start, end, _NEAR) or setting.near(start, end, _NEAR)
        ),
    ]


def _ages(text: str, clock: Clock) -> list[tuple[int, int]]:
    """What stands where ages do, in digits or in words."""
    patterns = (_AGE, _AGE_AND_SEX)
    ages = [match.span("x") for pattern in patterns for match in matches(pattern, text, clock)]
    spoken = in_digits(text)
    if spoken is not None:
        found = (match for pattern in patterns for match in matches(pattern, spoken.text, clock))
        ages += [raw for match in found if (raw := spoken.raw(*match.span("x"))) is not None]
    return ages


def speaks_of_somebody(text: str) -> bool:
    """Whether a word for a person stands in the text."""
    return any(match.group().casefold() in _SOMEBODY for match in _WORD.finditer(text))


def _codes(
    text: str,
    codes: Sequence[tuple[int, int]],
    somebody: _Places,
    setting: _Places,
    cars: _Places,
    said: Sequence[tuple[int, str]],
    spans: Sequence[Span],
) -> Iterator[Span]:
    first = _Places([at for at, word in said if word in _FIRST_PERSON])
    goods = _Places([at for at, word in said if word in _GOODS])
    area = _Places([at for at, word in said if word in _POSTAL_TOO])
    postal = _Places(
        [at for at, word in said if word in _POSTAL]
        + [span.start for span in spans if span.entity_type in _PLACES]
    )
    for start, end in codes:
        digits = sum(map(str.isdigit, text[start:end]))
        if end - start == 5 == digits:
            possible = text[start : start + 3] not in NO_ZIP and not text.endswith("00", start, end)
            told = any(words.near(start, end, _REACH) for words in (somebody, setting, postal))
            ours = (first.near(start, end, _REACH) or area.near(start, end, _REACH)) and not goods.near(
                start, end, _REACH
            )
            if possible and (told or ours):
                yield Span(start, end, "POSTCODE", _SCORE, "unworded number")
        elif (
            somebody.near(start, end, _REACH)
            or setting.near(start, end, _REACH)
            or _OF_A_BODY.fullmatch(text, start, end) is not None
            or _DONE_BY.search(text, max(0, start - _LOOK_BACK), start) is not None
            or (digits >= 6 and first.near(start, end, _REACH))
            or (
                end - start <= _PLATE_CHARS
                and cars.near(start, end, _REACH)
                and not goods.near(start, end, _REACH)
            )
            or (
                (_TELLING.fullmatch(text, start, end) is not None or _turns(text[start:end]) >= _MANY_TURNS)
                and not goods.near(start, end, _REACH)
            )
        ):
            yield Span(start, end, "REFERENCE_ID", _SCORE, "unworded code")


def _turns(code: str) -> int:
    """How often letters give way to digits, or digits to letters."""
    plain = [char.isdigit() for char in code if char.isalnum()]
    return sum(left != right for left, right in itertools.pairwise(plain))


def _is_nobodys(text: str, start: int, end: int) -> bool:
    before = max(0, start - _LOOK_BACK)
    return (
        _NOBODYS.fullmatch(text, start, end) is not None
        or _THING_BEFORE.search(text, before, start) is not None
        or _THING_AFTER.match(text, end) is not None
        or (
            _TELLING.fullmatch(text, start, end) is None
            and _PLACE_BEFORE.search(text, before, start) is not None
        )
        or (text[start:end].isdigit() and _MEASURED.match(text, end) is not None)
        or (
            end - start < 7
            and text[start:end].isdigit()
            and _SUM_BEFORE.search(text, before, start) is not None
        )
    )
