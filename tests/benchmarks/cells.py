"""Measures table cells: a value alone, and a value after its column's header.

Alone stand only the kinds that a reader would know without the header. Harmless columns are measured beside
them, since a scrubber that masks every cell would otherwise look best.

`python -m tests.benchmarks.cells --n 40 --split dev`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from random import Random

from privacy.measure import rate
from privacy.records import Span
from tests.benchmarks import people
from tests.benchmarks.harmless import FILLERS
from tests.benchmarks.probe import (
    Sample,
    arguments,
    bare,
    find_all,
    is_covered,
    mean_of_groups,
    open_detector,
    open_presidio,
    random_of,
    score,
    show_misses,
    split_frames,
    told,
)
from tests.benchmarks.values import SLOTS

_PERSONS: dict[str, Callable[[Random], str]] = {
    "name": lambda rng: people.person(rng).name,
    "last-first": lambda rng: "{0.last}, {0.first}".format(people.person(rng)),
    "first": lambda rng: people.person(rng).first,
    "last": lambda rng: people.person(rng).last,
    "email": lambda rng: people.person(rng).email,
    "user": lambda rng: people.person(rng).user,
}
ALONE = (
    "name last-first email phone ssn dob address usstreet intlstreet city zipfour coords ip ipsix mac url card iban vin mbi "
    "imei org uuid"
).split()
HEADERS = {
    "name": "Customer name|full_name|Account holder|patientName|Contact|Nom complet|Beneficiary|employee_full_name",
    "last-first": "Name|Attendee|NAME (LAST, FIRST)|student|Claimant|Signatory",
    "first": "First name|given_name|fname|Vorname|FirstName|Forename",
    "last": "Last name|surname|lname|Nachname|FamilyName|Maiden name",
    "email": "E-mail|email_address|Contact mail|mail|Email (work)|user_email",
    "user": "Username|login|user_id|Handle|screen_name|Account name",
    "phone": "Phone|mobile|Tel.|contact_number|Cell phone|daytime_phone",
    "ssn": "SSN|social_security_number|Social Security No.|ssn_full|Soc Sec|Taxpayer SSN",
    "dob": "DOB|date_of_birth|Birth date|birthday|Geburtsdatum|born_on",
    "age": "Age|age_years|Patient age|AGE|Age at visit|client_age",
    "address": "Address|mailing_address|Home address|Residence|delivery_address|Addr",
    "usstreet": "Street|address_line_1|Street address|addr1|Billing street|ship_to_street",
    "intlstreet": "Street|Straße|Address line|adresse|Calle|home_street",
    "city": "City|town|Municipality|place_of_birth|Billing city|Ville",
    "county": "County|county_name|Parish / county|residence_county|COUNTY|Home county",
    "zip": "ZIP|zip_code|Postal code|postal|Zip (billing)|home_zip",
    "postcode": "Postcode|post_code|PLZ / postcode|Postal|Billing postcode|code_postal",
    "zipfour": "ZIP+4|zip4|Full zip|zip_code|Postal|Billing zip",
    "coords": "Location|lat_lon|Coordinates|GPS|geo|home_position",
    "ip": "IP|ip_address|Last login IP|client_ip|Remote host|source_ip",
    "ipsix": "IPv6|ip_v6|Client address|last_ip|Remote host|source_ip",
    "mac": "MAC|mac_address|Device MAC|wifi_mac|Hardware address|bt_addr",
    "url": "Website|profile_url|Home page|linkedin|Link|personal_site",
    "card": "Card number|cc_number|Credit card|pan|Payment card|card_no",
    "expiry": "Expires|card_expiry|Expiry|exp_date|Valid thru|cc_exp",
    "cvv": "CVV|cvc|Security code|card_cvv|CVV2|cid",
    "iban": "IBAN|iban_number|Bank account|account_iban|Refund IBAN|payout_iban",
    "account": "Account number|acct_no|Bank account|account|Acct #|deposit_account",
    "mrn": "MRN|medical_record|Chart|patient_mrn|Record|hospital_number",
    "mrnbare": "MRN|medical_record_number|Chart no.|patient_mrn|Record number|hospital_number",
    "mbi": "MBI|medicare_id|Medicare number|beneficiary_id|Medicare|mbi_number",
    "plan": "Member ID|insurance_id|Policy / member no.|subscriber_id|Health plan ID|plan_member",
    "npi": "NPI|provider_npi|NPI number|npi_id|Rendering NPI|National provider ID",
    "dea": "DEA|dea_number|DEA no.|prescriber_dea|DEA registration|dea_reg",
    "medlicence": "Medical license|license_no|Licence number|provider_license|Lic. no.|state_license",
    "licence": "Driver license|dl_number|Driving licence|license|DL no.|drivers_license_number",
    "passport": "Passport|passport_no|Passport number|travel_document|Passport #|passport_id",
    "nationalid": "National ID|national_insurance_number|ID card no.|citizen_id|Personal number|identity_number",
    "taxid": "Tax ID|tin|EIN|tax_number|Taxpayer ID|vat_or_tin",
    "plate": "Plate|license_plate|Registration|car_reg|Number plate|vehicle_registration",
    "vin": "VIN|vehicle_vin|Chassis|vin_number|Vehicle ID|car_vin",
    "imei": "IMEI|device_imei|Handset|phone_imei|IMEI no.|imei_1",
    "serial": "Serial|serial_number|Device serial|sn|S/N|asset_serial",
    "employee": "Employee ID|emp_no|Staff number|badge|Personnel no.|worker_id",
    "customer": "Customer ID|cust_no|Client number|customer_number|Kundennummer|client_id",
    "order": "Order ID|order_no|Order number|purchase_order|Bestellnummer|po_number",
    "case": "Case number|case_id|Docket|ticket|Matter no.|incident_number",
    "uuid": "User UUID|person_id|Subject ID|customer_uuid|Patient token|account_uuid",
    "biometric": "Fingerprint ID|biometric_id|Voiceprint|iris_code|Face template|bio_ref",
    "photo": "Photo|photo_file|Portrait|face_image|Picture|headshot",
    "org": "Employer|company|Company name|employer_name|School|organisation",
    "nation": "Ethnicity|nationality|Nationality|ethnic_group|Citizenship|citizen_of",
    "faith": "Religion|faith|Denomination|religious_affiliation|Faith|creed",
    "secret": "Password|api_key|Passphrase|secret|Token|user_password",
}
HARMLESS = {
    "status": ("Status|order_status|State|phase", lambda rng: rng.choice(("open", "closed", "pending", "shipped", "on hold", "Returned"))),
    "quantity": ("Quantity|qty|Items|count", lambda rng: str(rng.randint(1, 5000))),
    "price": ("Price|unit_price|Amount|total", lambda rng: f"{rng.randint(100, 99999) / 100:.2f}"),
    "product": ("Product|item_name|Article|model_name", FILLERS["thing"]),
    "part": ("Part|part_no|SKU|sku", FILLERS["part"]),
    "version": ("Version|app_version|Firmware|release", FILLERS["version"]),
    "percent": ("Share|discount|Rate|progress", FILLERS["percent"]),
    "boolean": ("Active|is_paid|Opt-in|enabled", lambda rng: rng.choice(("true", "false", "yes", "no", "Y", "N", "0", "1"))),
    "category": ("Category|segment|Topic|department_type", lambda rng: rng.choice(("billing", "returns", "hardware", "How-to", "Complaint", "garden tools"))),
    "score": ("Score|rating|Satisfaction|nps", lambda rng: f"{rng.randint(0, 100) / 10}"),
    "colour": ("Colour|color|Finish|shade", lambda rng: rng.choice(("red", "Anthracite", "navy blue", "#a1b2c3", "oak"))),
    "measure": ("Weight (kg)|width_mm|Length|volume_l", lambda rng: f"{rng.uniform(0.1, 900):.1f}"),
    "empty": ("Remarks|note|Comment|memo", lambda rng: rng.choice(("n/a", "-", "none", "NULL", "unknown", "see above"))),
    "duration": ("Duration|elapsed_s|Turnaround|lead_time", lambda rng: f"{rng.randint(1, 90)} {rng.choice(('s', 'min', 'days', 'hours'))}"),
}  # fmt: skip
"""Columns about nobody: headers, and what stands under them."""


def _value(kind: str, rng: Random) -> str:
    return _PERSONS[kind](rng) if kind in _PERSONS else "".join(bare(SLOTS[kind][1](rng))[1:])


def _cell(group: str, header: str, value: str, personal: bool) -> Sample:
    before = f"{header}: " if header else ""
    inside = [len(before) + at for at, char in enumerate(value) if char.isalnum()]
    gold = (Span(inside[0], inside[-1] + 1, group, 1.0, "gold"),) if personal else ()
    # A cell alone has no frame to share: each value is its own.
    return Sample(group, header or value, before + value, gold)


def _value_start(cell: Sample) -> int:
    """Where the value begins: after the header and its colon, if there is one."""
    return len(cell.frame) + 2 if cell.group.endswith("under header") else 0


def samples(n: int, seed: int, split: str) -> tuple[list[Sample], list[Sample]]:
    """Personal and harmless cells: `n` a kind under its headers, `n` alone where the kind can be told alone."""
    personal, harmless = [], []
    for kind, headers in HEADERS.items():
        chosen = split_frames(headers.split("|"), split, every=2)
        rng = random_of(split, f"cells {seed} {split} {kind}")
        personal += [
            _cell(f"{kind} under header", chosen[turn % len(chosen)], _value(kind, rng), True)
            for turn in range(n)
        ]
        if kind in ALONE:
            personal += [_cell(f"{kind} alone", "", _value(kind, rng), True) for _ in range(n)]
    for kind, (headers, draw) in HARMLESS.items():
        chosen = split_frames(headers.split("|"), split, every=2)
        rng = random_of(split, f"cells {seed} {split} {kind}")
        harmless += [
            _cell(f"{kind} under header", chosen[turn % len(chosen)], draw(rng), False) for turn in range(n)
        ]
        harmless += [_cell(f"{kind} alone", "", draw(rng), False) for _ in range(n)]
    return personal, harmless


def report(
    system: str, personal: list[Sample], harmless: list[Sample], options: argparse.Namespace
) -> dict[str, object]:
    """Prints one system's rows and returns them for the line of JSON."""
    finder = open_detector() if system == "stillhouse" else open_presidio()
    found, seconds = find_all(finder, [cell.text for cell in personal])
    kinds = score(personal, found, by_group=True).recall_by_type
    hits = [is_covered(cell, spans) for cell, spans in zip(personal, found, strict=True)]
    print(f"\ncells, {options.split}, {system}: {len(personal)} personal cells, {seconds:.1f} s")
    print(f"{'kind':<28} {'full-cover recall':<24} n")
    for kind, value in sorted(kinds.items(), key=lambda item: item[1].value or 0.0):
        print(f"{kind:<28} {told(value):<24} {value.n}")
    result: dict[str, object] = {"by_kind": {kind: asdict(value) for kind, value in kinds.items()}}
    for way in ("alone", "under header"):
        pairs = [(cell, hit) for cell, hit in zip(personal, hits, strict=True) if cell.group.endswith(way)]
        mean, low, high = mean_of_groups([cell for cell, _ in pairs], [hit for _, hit in pairs])
        print(f"{'mean over kinds ' + way:<28} {mean:.3f} [{low:.3f}, {high:.3f}]")
        result[f"mean {way}"] = {"value": mean, "low": low, "high": high}
    alarms, _ = find_all(finder, [cell.text for cell in harmless])
    by_column: dict[str, list[bool]] = {}
    for cell, spans in zip(harmless, alarms, strict=True):
        by_column.setdefault(cell.group, []).append(any(span.end > _value_start(cell) for span in spans))
    headed = [
        any(span.start < _value_start(cell) - 2 for span in spans)
        for cell, spans in zip(personal + harmless, found + alarms, strict=True)
        if cell.group.endswith("under header")
    ]
    headers = rate(sum(headed), len(headed))
    rates = {column: rate(sum(flags), len(flags)) for column, flags in by_column.items()}
    whole = rate(sum(map(sum, by_column.values())), len(harmless))
    print(f"\n{'harmless column':<28} {'flagged':<24} n")
    for column, value in sorted(rates.items(), key=lambda item: -(item[1].value or 0.0)):
        print(f"{column:<28} {told(value):<24} {value.n}")
    print(f"{'all harmless cells':<28} {told(whole):<24} {whole.n}")
    print(f"{'headers masked':<28} {told(headers):<24} {headers.n}")
    if options.misses and system == "stillhouse":
        show_misses(personal, found, hits, options)
    return result | {
        "flagged": asdict(whole),
        "headers_masked": asdict(headers),
        "flagged_by_column": {column: asdict(value) for column, value in rates.items()},
    }


def main() -> None:
    options = arguments(__doc__ or "", 40, "cells a kind").parse_args()
    personal, harmless = samples(options.n, options.seed, options.split)
    result: dict[str, object] = {
        "benchmark": "cells",
        "split": options.split,
        "seed": options.seed,
        "n": len(personal),
    }
    for system in ("stillhouse", "presidio") if options.presidio else ("stillhouse",):
        result[system] = report(system, personal, harmless, options)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
