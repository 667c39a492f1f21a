"""The types of personal data that this package knows: the one table of their names.

Covered: what each type means, which rules of law or industry name it, and which types are one kind of value (so that
a number read once as an order and once as a case is still one number). Not covered: what is done with a type, which is
the policy's (`presets`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "place", "contact", "date", "word", "id", "none"]
"""Values of one kind are compared with each other; `none` are never compared."""

Rule = Literal["gdpr", "gdpr-9", "hipaa", "pci", "credential"]
"""`gdpr`: an identifier in the sense of Art. 4(1). `gdpr-9`: a special category of Art. 9. `hipaa`: one of the eighteen of
45 CFR 164.514(b)(2)(i). `pci`: account data of PCI DSS. `credential`: opens something, whoever it belongs to."""


@dataclass(frozen=True, slots=True)
class EntityType:
    """One row of the table."""

    name: str
    description: str
    kind: Kind
    rules: frozenset[Rule]


def _row(name: str, description: str, kind: Kind, *rules: Rule) -> EntityType:
    return EntityType(name, description, kind, frozenset(rules))


_TABLE = (
    _row("PERSON", "a person's name or part of one", "person", "gdpr", "hipaa"),
    _row("TITLE", "a form of address or an academic title beside a name", "none", "gdpr"),
    _row("USERNAME", "a name chosen for an account or a forum", "person", "gdpr", "hipaa"),
    _row("ORGANIZATION", "a company, school, hospital or other body", "word", "gdpr", "hipaa"),
    _row("NRP", "nationality, religion or political group", "word", "gdpr", "gdpr-9"),
    _row("AGE", "a person's age", "none", "gdpr", "hipaa"),
    _row("DATE_TIME", "a day, with or without a time", "date", "gdpr", "hipaa"),
    _row("DATE_OF_BIRTH", "the day a person was born", "date", "gdpr", "hipaa"),
    _row("LOCATION", "a town, county, region or other named place", "place", "gdpr", "hipaa"),
    _row("ADDRESS", "a postal address or part of one", "place", "gdpr", "hipaa"),
    _row("POSTCODE", "a postal code", "place", "gdpr", "hipaa"),
    _row("COORDINATES", "a position on the earth", "place", "gdpr", "hipaa"),
    _row("PHONE_NUMBER", "a telephone or fax number", "contact", "gdpr", "hipaa"),
    _row("EMAIL_ADDRESS", "an e-mail address", "contact", "gdpr", "hipaa"),
    _row("URL", "a web address", "contact", "gdpr", "hipaa"),
    _row("IP_ADDRESS", "an internet address of a machine", "contact", "gdpr", "hipaa"),
    _row("MAC_ADDRESS", "a hardware address of a network card", "id", "gdpr", "hipaa"),
    _row("DEVICE_ID", "a device's serial number, IMEI or advertising id", "id", "gdpr", "hipaa"),
    _row("VEHICLE_ID", "a number plate or a vehicle identification number", "id", "gdpr", "hipaa"),
    _row("US_SSN", "a US social security number", "id", "gdpr", "hipaa"),
    _row("NATIONAL_ID", "a national identification number", "id", "gdpr", "hipaa"),
    _row("PASSPORT", "a passport number", "id", "gdpr", "hipaa"),
    _row("DRIVER_LICENSE", "a driving licence number", "id", "gdpr", "hipaa"),
    _row("TAX_ID", "a taxpayer number", "id", "gdpr", "hipaa"),
    _row("MEDICAL_RECORD", "a medical record number", "id", "gdpr", "gdpr-9", "hipaa"),
    _row("HEALTH_PLAN", "a health plan's or health insurance's number", "id", "gdpr", "gdpr-9", "hipaa"),
    _row("LICENSE_ID", "a certificate or professional licence number", "id", "gdpr", "hipaa"),
    _row("CREDIT_CARD", "a payment card number", "id", "gdpr", "hipaa", "pci"),
    _row("CARD_SECURITY", "a card's security code, expiry date or PIN", "none", "gdpr", "pci", "credential"),
    _row("IBAN_CODE", "an international bank account number", "id", "gdpr", "hipaa"),
    _row("BANK_ACCOUNT", "a bank account or routing number", "id", "gdpr", "hipaa"),
    _row("CRYPTO", "a wallet address of a crypto currency", "id", "gdpr", "hipaa"),
    _row("CUSTOMER_ID", "a customer's number", "id", "gdpr", "hipaa"),
    _row("EMPLOYEE_ID", "an employee's number", "id", "gdpr", "hipaa"),
    _row("ORDER_ID", "an order, invoice or booking number", "id", "gdpr", "hipaa"),
    _row("CASE_ID", "a ticket, claim or case number", "id", "gdpr", "hipaa"),
    _row("REFERENCE_ID", "any other number that stands for a person or their affair", "id", "gdpr", "hipaa"),
    _row("BIOMETRIC_ID", "an identifier of a fingerprint, voice or face", "id", "gdpr", "gdpr-9", "hipaa"),
    _row("SECRET", "a password, key, token or other credential", "id", "credential"),
    _row("CUSTOM", "a value of the organisation's own lists and patterns", "word", "gdpr", "hipaa"),
    _row(
        "UNREADABLE", "a run of characters too long to be words", "none", "gdpr", "hipaa", "pci", "credential"
    ),
)

ENTITY_TYPES: dict[str, EntityType] = {row.name: row for row in _TABLE}


def kind_of(entity_type: str) -> str:
    """The kind of a type's values; a type that is not in the table is a kind of its own."""
    row = ENTITY_TYPES.get(entity_type)
    return row.kind if row is not None and row.kind != "none" else entity_type
