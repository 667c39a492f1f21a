"""Guesses what the columns of a table hold, from a sample of cells and the header, to suggest `[data.columns]`.

Covered: columns whose cells are one value each, of one type; the detector reads each cell behind its column's name. Not
covered: free text, in which a finding is only a part of the cell; a guess is a suggestion, and nothing relies on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import regex

from privacy.ingest import column_names, read_rows
from privacy.records import RawRecord
from privacy.scan import Finder
from privacy.settings import SourceSettings

_MIN_SHARE = 0.5
# A finding is the cell's whole value if it covers this part of its letters and digits.
_WHOLE = 0.9
# A header decides only where the cells look like one value each.
_MAX_CELL_CHARS = 80
_MAX_CELL_WORDS = 6
_HEADERS = {
    "PERSON": """name fullname firstname lastname surname forename givenname familyname middlename customername patientname contact
        contactname employeename accountholder cardholder holder owner author doctor physician manager agent nachname vorname nom prenom
        apellido apellidos nombre cognome""",
    "USERNAME": "username user login loginname handle nickname screenname userid",
    "ORGANIZATION": "company organization organisation employer firm companyname account accountname vendor supplier",
    "DATE_OF_BIRTH": "dob birthdate dateofbirth birthday born geburtsdatum",
    "DATE_TIME": "date created createdat updated updatedat timestamp orderdate startdate enddate admissiondate dischargedate",
    "AGE": "age alter",
    "ADDRESS": "address street streetaddress addressline addressline1 addressline2 addr strasse adresse direccion",
    "LOCATION": "city town state province county region country place birthplace ort stadt ville",
    "POSTCODE": "zip zipcode postcode postalcode plz cp",
    "PHONE_NUMBER": "phone phonenumber telephone tel mobile cell fax mobilephone homephone workphone telefon",
    "EMAIL_ADDRESS": "email mail emailaddress",
    "IP_ADDRESS": "ip ipaddress clientip remoteaddr",
    "US_SSN": "ssn socialsecuritynumber",
    "NATIONAL_ID": "nationalid nin nino nhsnumber personnummer",
    "PASSPORT": "passport passportnumber passportno",
    "DRIVER_LICENSE": "driverlicense driverslicense licencenumber drivinglicence dlnumber",
    "TAX_ID": "taxid tin vatnumber vatid steuerid",
    "MEDICAL_RECORD": "mrn medicalrecordnumber patientid patientnumber",
    "HEALTH_PLAN": "memberid insuranceid healthplanid policynumber beneficiaryid",
    "CREDIT_CARD": "card cardnumber creditcard creditcardnumber pan",
    "CARD_SECURITY": "cvv cvc securitycode expiry pin",
    "IBAN_CODE": "iban",
    "BANK_ACCOUNT": "accountnumber accountno bankaccount routingnumber sortcode",
    "CUSTOMER_ID": "customerid customernumber customerno clientid clientnumber kundennummer",
    "EMPLOYEE_ID": "employeeid employeenumber staffid personnelnumber",
    "ORDER_ID": "orderid ordernumber orderno invoice invoiceid invoicenumber bookingid",
    "CASE_ID": "caseid casenumber ticket ticketid ticketnumber claimid claimnumber",
    "VEHICLE_ID": "vin plate licenseplate numberplate registration",
    "DEVICE_ID": "imei serial serialnumber deviceid",
    "MAC_ADDRESS": "mac macaddress",
    "SECRET": "password passwd secret token apikey",
    "COORDINATES": "latitude longitude lat lon lng coordinates gps",
    "URL": "url website homepage link",
}
_TYPE_BY_HEADER = {word: name for name, words in _HEADERS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column seems to hold."""

    column: str
    entity_type: str | None
    """None where the cells are of no one type: to be scanned."""
    share: float | None
    """Of the sampled cells, those that are whole values of this type; None where only the header says so, or no type is
    guessed."""
    n: int
    """Cells sampled; empty ones are not."""


def guess_columns(
    source: SourceSettings, base_dir: Path, finder: Finder, sample: int = 200
) -> list[ColumnGuess]:
    """One guess for each column of the file, in its order; `source.fields` is not looked at.

    Raises ValueError, in one line, for a file that cannot be read, and what the finder raises. Never holds a cell's text.
    """
    guesses = []
    for column in column_names(source, base_dir):
        alone = replace(
            source,
            fields={"cell": column},
            columns={},
            id=None,
            subject=None,
            limit=10 * sample,
            max_bad_fraction=1.0,
        )
        # The ids of these rows are used by nobody, so they need no secret key.
        rows = read_rows(alone, base_dir, bytes(32))
        cells = dict.fromkeys(row.fields["cell"].strip() for row in rows if isinstance(row, RawRecord))
        guesses.append(guess_column(column, list(cells)[:sample], finder))
    return guesses


def guess_column(column: str, cells: Sequence[str], finder: Finder) -> ColumnGuess:
    """The type that at least half of the cells are as a whole; failing that, the one that the header names."""
    if not cells:
        return ColumnGuess(column, None, None, 0)
    label = _label(column) + ": "
    votes = Counter[str]()
    for cell, spans in zip(cells, finder.find([label + cell for cell in cells]), strict=True):
        signs = sum(char.isalnum() for char in cell)
        for span in spans:
            found = (label + cell)[max(span.start, len(label)) : span.end]
            if signs and sum(char.isalnum() for char in found) >= _WHOLE * signs:
                votes[span.entity_type] += 1
                break
    if votes:
        # Ties go by name, for one answer whatever the order of the cells.
        entity_type, count = min(votes.items(), key=lambda vote: (-vote[1], vote[0]))
        if count >= _MIN_SHARE * len(cells):
            return ColumnGuess(column, entity_type, count / len(cells), len(cells))
    single = sum(len(cell) <= _MAX_CELL_CHARS and len(cell.split()) <= _MAX_CELL_WORDS for cell in cells)
    named = _TYPE_BY_HEADER.get("".join(char for char in column.casefold() if char.isalnum()))
    if named is not None and single >= _MIN_SHARE * len(cells):
        return ColumnGuess(column, named, None, len(cells))
    return ColumnGuess(column, None, None, len(cells))


def _label(column: str) -> str:
    """The header as words: "customerEmail", "CUST_EMAIL" -> "customer Email", "CUST EMAIL"."""
    spaced = regex.sub(r"(?<=\p{Ll})(?=\p{Lu})", " ", column)
    return " ".join(regex.sub(r"[_\W]+", " ", spaced).split())
