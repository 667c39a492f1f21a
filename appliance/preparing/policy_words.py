"""The privacy policy in plain words: what each action does, shown on an invented value, and a form of it that can be saved.

The examples are made by the code that scrubs, under a key that is no home's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from appliance.config import ConfigError
from privacy.entities import ENTITY_TYPES
from privacy.presets import PRESETS, actions_of, possible_actions

ACTION_WORDS: Mapping[str, tuple[str, str]] = {
    "surrogate": ("Invented stand-in", "the same value always gets the same one, so a record stays readable"),
    "placeholder": ("Its kind in brackets", "nothing of the value is left, only what it was"),
    "mask": ("Stars", "as many as it had characters; a card keeps its last four digits"),
    "generalise": ("Coarser", "a year, an age of 90+, the first digits of a postal code"),
    "shift": ("Moved date", "all dates of one person by the same days, up to two years"),
    "drop": ("Drop the record", "the whole record is left out, and counted"),
    "keep": ("Leave as it is", "the value stays and reaches the models"),
}
"""Action -> what it is called, and what it does, for people."""

PRESET_WORDS: Mapping[str, tuple[str, str]] = {
    "gdpr": ("GDPR pseudonyms", "stand-ins for people and numbers, dates moved; texts stay readable"),
    "hipaa-safe-harbor": (
        "HIPAA safe harbor",
        "the eighteen identifiers removed or made coarse; nothing is invented",
    ),
    "pci": ("Card data only", "card numbers, codes and credentials; everything else stays"),
    "secrets-only": ("Credentials only", "passwords, keys and card codes; everything else stays"),
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "People": ("PERSON", "TITLE", "USERNAME", "ORGANIZATION", "NRP", "AGE", "BIOMETRIC_ID"),
    "Dates": ("DATE_TIME", "DATE_OF_BIRTH"),
    "Places": ("LOCATION", "ADDRESS", "POSTCODE", "COORDINATES"),
    "Contact and devices": (
        "PHONE_NUMBER", "EMAIL_ADDRESS", "URL", "IP_ADDRESS", "MAC_ADDRESS", "DEVICE_ID", "VEHICLE_ID",
    ),
    "Official numbers": (
        "US_SSN", "NATIONAL_ID", "PASSPORT", "DRIVER_LICENSE", "TAX_ID", "MEDICAL_RECORD", "HEALTH_PLAN", "LICENSE_ID",
    ),
    "Money": ("CREDIT_CARD", "CARD_SECURITY", "IBAN_CODE", "BANK_ACCOUNT", "CRYPTO"),
    "Your own numbers": ("CUSTOMER_ID", "EMPLOYEE_ID", "ORDER_ID", "CASE_ID", "REFERENCE_ID", "CUSTOM"),
    "Secrets and what cannot be read": ("SECRET", "UNREADABLE"),
}  # fmt: skip
"""Every type, by what it is about."""

_EXAMPLES: Mapping[str, str] = {
    "PERSON": "Jane Doe", "TITLE": "Dr.", "USERNAME": "jdoe84", "ORGANIZATION": "Northwind Clinic",
    "NRP": "Portuguese", "AGE": "93", "BIOMETRIC_ID": "FP-99A17",
    "DATE_TIME": "14 March 2025", "DATE_OF_BIRTH": "2 May 1961",
    "LOCATION": "Springfield", "ADDRESS": "12 Elm Street", "POSTCODE": "02139", "COORDINATES": "42.3601, -71.0589",
    "PHONE_NUMBER": "+1 617 555 0142", "EMAIL_ADDRESS": "jane.doe@example.com", "URL": "www.example.com/jane",
    "IP_ADDRESS": "81.2.69.142", "MAC_ADDRESS": "00:1B:44:11:3A:B7", "DEVICE_ID": "490154203237518",
    "VEHICLE_ID": "1HGCM82633A004352",
    "US_SSN": "536-22-8145", "NATIONAL_ID": "AB123456C", "PASSPORT": "C01X00T47", "DRIVER_LICENSE": "D1234567",
    "TAX_ID": "12-3456789", "MEDICAL_RECORD": "MRN 004417", "HEALTH_PLAN": "XJH123456789", "LICENSE_ID": "RN-558213",
    "CREDIT_CARD": "4111 1111 1111 1111", "CARD_SECURITY": "CVV 737", "IBAN_CODE": "DE89 3704 0044 0532 0130 00",
    "BANK_ACCOUNT": "000123456789", "CRYPTO": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "CUSTOMER_ID": "C-20418", "EMPLOYEE_ID": "E-5521", "ORDER_ID": "ORD-77120", "CASE_ID": "CL-004471",
    "REFERENCE_ID": "REF 81-22", "CUSTOM": "Project Heron",
    "SECRET": "hunter2!X9", "UNREADABLE": "aGVsbG8gd29ybGQg...",
}  # fmt: skip
_KEY = b"an example's key, which is no home's"


@dataclass(frozen=True, slots=True)
class Line:
    """One type of personal data in the editor."""

    entity_type: str
    description: str
    action: str
    possible: tuple[str, ...]
    example: str
    effect: str


def lines(preset: str, actions: Mapping[str, str]) -> dict[str, list[Line]]:
    """By group: every type with what happens to it. Raises ConfigError for actions that cannot be."""
    try:
        chosen = actions_of(preset, actions)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return {group: [line(name, chosen[name]) for name in names] for group, names in GROUPS.items()}


def line(name: str, action: str) -> Line:
    """One type under one action."""
    return Line(
        name,
        ENTITY_TYPES[name].description,
        action,
        tuple(each for each in ACTION_WORDS if each in possible_actions(name)),
        _EXAMPLES[name],
        effect(name, action),
    )


@functools.cache
def effect(name: str, action: str) -> str:
    """What stands there after the action, for the type's example."""
    from privacy.actions import Replacements

    if action == "keep":
        return _EXAMPLES[name]
    if action == "drop":
        return "the record is left out"
    return Replacements(_KEY, {name: possible_actions(name)[possible_actions(name).index(action)]}).of(
        name, _EXAMPLES[name], "an example"
    )


def summary(preset: str, actions: Mapping[str, str]) -> str:
    """One sentence on how many types get what, the commonest first."""
    try:
        chosen = list(actions_of(preset, actions).values())
    except ValueError as error:
        raise ConfigError(str(error)) from None
    counts = {action: chosen.count(action) for action in ACTION_WORDS if action in chosen}
    told = [
        f"{ACTION_WORDS[action][0].lower()} {count}"
        for action, count in sorted(counts.items(), key=lambda each: -each[1])
    ]
    return f"{len(chosen)} kinds of personal data: {', '.join(told)}."


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A list of the organisation's own values."""

    entity_type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """The look of the organisation's own ids."""

    entity_type: str
    regex: str
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """What the editor asks."""

    title: str
    preset: str
    actions: Mapping[str, str]
    """Every type's action, as chosen."""
    words: tuple[OwnWords, ...] = ()
    patterns: tuple[OwnPattern, ...] = ()
    min_recall: float = 0.9
    vault_path: str = ""
    vault_key_file: str = ""
    """Both empty: originals are not kept, and nothing can be undone."""


def form_of(document: Mapping[str, Any]) -> PolicyForm:
    """What a saved policy says; dictionaries and patterns that come from files are not part of the form, and stay."""
    vault = document.get("vault", {})
    return PolicyForm(
        document.get("name", ""),
        document.get("preset", "gdpr"),
        dict(actions_of(document.get("preset", "gdpr"), document.get("actions", {}))),
        tuple(
            OwnWords(each.get("entity_type", "CUSTOM"), tuple(each["values"]))
            for each in document.get("dictionary", ())
            if each.get("values")
        ),
        tuple(
            OwnPattern(each.get("entity_type", "CUSTOM"), each["regex"], tuple(each.get("context", ())))
            for each in document.get("pattern", ())
            if each.get("regex")
        ),
        document.get("min_recall", 0.9),
        vault.get("path", ""),
        vault.get("key_file", ""),
    )


def document_of(form: PolicyForm, before: Mapping[str, Any]) -> dict[str, Any]:
    """The policy's file: only what differs from the preset. What the form does not ask stays as it was.

    Raises ConfigError, in one line, for a pattern that is none, or half a vault.
    """
    preset = PRESETS.get(form.preset)
    if preset is None:
        raise ConfigError(f"there is no preset '{form.preset[:40]}'")
    if bool(form.vault_path.strip()) != bool(form.vault_key_file.strip()):
        raise ConfigError("a vault needs both: the file it is kept in, and the file of its key")
    for pattern in form.patterns:
        _check(pattern)
    document = {
        **before,
        "name": form.title.strip(),
        "preset": form.preset,
        "actions": {name: action for name, action in form.actions.items() if preset[name] != action},
        "dictionary": [
            *(each for each in before.get("dictionary", ()) if not each.get("values")),
            *(
                {"entity_type": each.entity_type, "values": list(each.values)}
                for each in form.words
                if each.values
            ),
        ],
        "pattern": [
            *(each for each in before.get("pattern", ()) if not each.get("regex")),
            *(
                {"entity_type": each.entity_type, "regex": each.regex, "context": list(each.context)}
                for each in form.patterns
            ),
        ],
        "min_recall": form.min_recall,
    }
    document.pop("vault", None)
    if form.vault_path.strip():
        document["vault"] = {"path": form.vault_path.strip(), "key_file": form.vault_key_file.strip()}
    return {key: value for key, value in document.items() if value not in ({}, [])}


def _check(pattern: OwnPattern) -> None:
    try:
        found = regex.compile(pattern.regex)
    except regex.error as error:
        raise ConfigError(
            f"the pattern for {pattern.entity_type} is no regular expression: {error}"
        ) from None
    if found.search(""):
        raise ConfigError(f"the pattern for {pattern.entity_type} matches nothing at all, and so everything")


def words_of(text: str) -> tuple[str, ...]:
    """The values of a text area, one a line."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def name_of(title: str, taken: Sequence[str]) -> str:
    """A file's name for a new policy, made of its title."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:36] or "policy"
    name, number = plain, 2
    while name in taken or name in PRESETS:
        name, number = f"{plain}-{number}", number + 1
    return name
