"""Words by which a text tells what it speaks of: somebody, what is done with persons, cars, post, goods.

Covered: English words, each by itself, in any case. Not covered: what a phrase means.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import regex

WORD = regex.compile(r"\p{L}+")
# Words for somebody: pronouns, kin, what one is to a clinic, a court, a school or a firm.
SOMEBODY = frozenset(
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
    whoever informant informants relative relatives sibling siblings twin twins triplets stepson stepdaughter grandchild grandchildren godmother bride groom orphan heir
    emp leaver leavers cleaner cashier clerk receptionist janitor gardener chef waiter waitress shopper plumber electrician hairdresser secretary apprentice foreman labourer technician rn rns vaccinator vaccinators radiographer sonographer anaesthetist anesthetist physiotherapist dietitian optometrist phleb firefighter lifeguard warden headteacher librarian
    bailiff magistrate judge solicitor barrister attorney steward stewardess soldier sailor farmer fisherman builder carpenter postman mechanic welder roofer miner
    surname forename maiden born died age ages aged dob yob household""".split()
)
# What is done with persons: care, trials, law, work, travel, the body as a key.
SETTING = frozenset(
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
    salary salaries hire hired hires terminated dismissed dismissal absent absence maternity paternity commendation hygiene locker lanyard fob till tills escort escorts checker username usernames login logon password passwords subscribed unsubscribed rehired
    handoff preceptor interviewer reviewer male female males females charted fmla absentee onboarding offboarding stipend tech techs
    phlebotomist phlebotomists assistant assistants aide aides hca cna lpn emt sho trainee trainees supervisors matron volunteers therapists technicians
    born lives lived living moved moving married divorced retired pregnant student school""".split()
)
FIRST_PERSON = frozenset("i my we our us you your yours".split())
CARS = frozenset(
    """van car cars veh vehicles reg lic plt taxi cab lorry truck pickup motorbike motorcycle bike minibus bus vehicle drives drive drove driving driver parked parking park towed tow tows garage plate plates rego anpr mot dvla dmv clamped barrier bay gate valet
    mazda ford honda toyota skoda volvo vw audi bmw kia nissan fiat polo golf fiesta corsa traffic crash crashed collision speeding tag tags tagged registered hatchback sedan saloon estate suv coupe minivan unit ambulance reversed reversing driveway windscreen bumper transport dashcam speedcam carpark kerb curb
    petrol diesel fuel mileage tyre tyres tire tires lights camera cameras bays forecourt caravan trailer lapsed untaxed uninsured dashboard
    uber lyft limo chauffeur toll tolls lot pcn penalty fined fine rear bumper blocking occupant occupants cyclist pedestrian windshield carpool permit permits placard minivan motorist motorcyclist roadside breakdown wheels headlights""".split()
)
POSTAL = frozenset(
    """zip zips postal postcode post mail mailed mails mailing deliver deliveries delivery ship ships shipping envelope parcel billing home house moved moving move moves area county town city neighborhood neighbourhood lake street
    nearest near catchment state store stores locator radius locations lives live living resident residents shelter drove rent rents flood storm outage evacuation outbreak cluster census precinct school schools suburb village""".split()
)
# The same, where no goods or programs are spoken of.
POSTAL_TOO = frozenset(
    """address addresses addressed coverage network premium quote territory zone zones zoned region regional rural urban distance closest around local weather pollen water lead utility branch pharmacy carrier usps ups fedex courier
    pickup dropoff pick drop van bus doorstep household households income deprivation exposure pollution plant refinery spill wildfire hurricane tornado quarantine lockdown screening outreach canvass voters mailer flyers
    commute commutes radius nearby live community communities
    map maps mapped heatmap hotspot hotspots
    snow emergency power wic mosquito zcta sdoh fips geo geocode geocoded rurality poverty desert transit broadband meals resident residing resides reside clinics hospitals providers doctors patients cases deployed staged""".split()
)
# Goods and programs, which have numbers of their own.
GOODS = frozenset(
    """part parts sku skus chip chips pin stock datasheet data gasket gaskets bearing bearings seal seals cartridge cartridges screw screws bolt bolts bracket valve spare compatible fits replaces replaced replacement
    model models product products item items catalog catalogue warehouse supplier manufacturer drawing specification connector standard standards iso iec ieee din astm ansi rfc
    version versions release build builds package commit branch repository compiler library firmware kernel driver drivers install upgrade patch software hardware server servers proxy port ports tls http https tcp udp ssh socket localhost host hosts hostname container docker daemon endpoint listen listens listening expose metrics traces timeout cache
    error errors exception traceback warning debug config configuration color colour margin padding width height pixel pixels px function return class import def var const select insert table index hash checksum digest sha""".split()
)


class Places:
    """Where words of some sort stand."""

    def __init__(self, places: Sequence[int]) -> None:
        self._places = sorted(places)

    def near(self, start: int, end: int, reach: int) -> bool:
        at = bisect_left(self._places, start - reach)
        return at < len(self._places) and self._places[at] < end + reach


def speaks_of_somebody(text: str) -> bool:
    """Whether a word for a person stands in the text."""
    return any(match.group().casefold() in SOMEBODY for match in WORD.finditer(text))
