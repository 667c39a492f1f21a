"""What is done with each type of personal data: the actions, and four sets of them that officers start from.

Covered: `gdpr` (pseudonyms in the sense of Art. 4(5): everything stays readable, nothing stays true),
`hipaa-safe-harbor` (the eighteen identifiers of 45 CFR 164.514(b)(2)(i) removed or generalised as the rule says), `pci`
(card data only) and `secrets-only`. Not covered: the rule's other half. Safe harbor also asks that nobody knows of a way to
identify the rest, and pseudonyms remain personal data under the GDPR.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

from privacy.entities import ENTITY_TYPES

Action = Literal["keep", "mask", "placeholder", "surrogate", "generalise", "shift", "drop"]
"""`keep`: stays as it is. `mask`: as many `*` (a card keeps its last four digits, as PCI DSS 3.4.1 allows). `placeholder`:
`<PERSON>`. `surrogate`: an invented value of the same kind, the same for the same value. `generalise`: the year of a date, three
digits of a ZIP code, 90+ for a high age, and so on. `shift`: a date moved, by the same days for all dates of one person.
`drop`: the record is dropped."""

ACTIONS: tuple[Action, ...] = ("keep", "mask", "placeholder", "surrogate", "generalise", "shift", "drop")
OTHERWISE = "*"
"""In a policy's actions: every type that has no action of its own there."""

SHIFTED = frozenset({"DATE_TIME", "DATE_OF_BIRTH"})
GENERALISED = SHIFTED | {"AGE", "POSTCODE", "IP_ADDRESS", "LOCATION", "COORDINATES"}
# What could not be read may hold anything, and no stand-in for it can be invented.
_UNREADABLE: tuple[Action, ...] = ("mask", "placeholder", "drop")


def _everywhere(action: Action, exceptions: Mapping[str, Action]) -> dict[str, Action]:
    return {name: exceptions.get(name, action) for name in ENTITY_TYPES}


PRESETS: dict[str, Mapping[str, Action]] = {
    # Special categories (Art. 9) say something about a person whatever word stands for them, so no word does.
    "gdpr": _everywhere(
        "surrogate",
        {
            "NRP": "placeholder",
            "AGE": "generalise",
            "DATE_TIME": "shift",
            "DATE_OF_BIRTH": "shift",
            "CARD_SECURITY": "placeholder",
            "SECRET": "placeholder",
            "UNREADABLE": "placeholder",
        },
    ),
    # No surrogates: a code derived from the value is not allowed (164.514(c)(1)). Years, ages under 90, states and the
    # first three digits of most ZIP codes may stay; titles and nationalities are not among the eighteen.
    "hipaa-safe-harbor": _everywhere(
        "placeholder",
        {
            "TITLE": "keep",
            "NRP": "keep",
            "AGE": "generalise",
            "DATE_TIME": "generalise",
            "DATE_OF_BIRTH": "generalise",
            "POSTCODE": "generalise",
            "LOCATION": "generalise",
        },
    ),
    # 3.3: sensitive authentication data is not stored after authorisation. 3.4.1: the last four digits may be shown.
    "pci": _everywhere(
        "keep",
        {
            "CREDIT_CARD": "mask",
            "CARD_SECURITY": "placeholder",
            "SECRET": "placeholder",
            "UNREADABLE": "placeholder",
        },
    ),
    "secrets-only": _everywhere(
        "keep", {"SECRET": "placeholder", "CARD_SECURITY": "placeholder", "UNREADABLE": "placeholder"}
    ),
}


def actions_of(preset: str, changes: Mapping[str, str]) -> dict[str, Action]:
    """The action of every type: the preset's, with the changes laid over it.

    Raises ValueError, in one line with the remedy, for a preset, type or action that does not exist and for an action that a
    type cannot have.
    """
    if preset not in PRESETS:
        raise ValueError(f"unknown preset '{preset[:40]}'{did_you_mean(preset, PRESETS)}")
    chosen = dict(PRESETS[preset])
    for name, action in changes.items():
        if name != OTHERWISE:
            check_type(name)
        if action not in ACTIONS:
            raise ValueError(f"unknown action '{action[:40]}' for {name}{did_you_mean(action, ACTIONS)}")
        possible = possible_actions(name)
        if action not in possible:
            raise ValueError(f"{name} cannot have the action '{action}': it can have {', '.join(possible)}")
    if OTHERWISE in changes:
        everything: Action = _as_action(changes[OTHERWISE])
        chosen = {name: chosen[name] if name == "UNREADABLE" else everything for name in chosen}
    return chosen | {name: _as_action(action) for name, action in changes.items() if name != OTHERWISE}


def check_type(name: str) -> None:
    """Raises ValueError for a type that is not in the table."""
    if name not in ENTITY_TYPES:
        raise ValueError(
            f"unknown entity type '{name[:40]}'{did_you_mean(name.upper().replace(' ', '_'), ENTITY_TYPES)}"
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names as a question, or all of them."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f": did you mean '{close[0]}'?" if close else f"; there are: {', '.join(known)}"


def possible_actions(name: str) -> tuple[Action, ...]:
    if name == "UNREADABLE":
        return _UNREADABLE
    return tuple(
        action
        for action in ACTIONS
        if (action != "shift" or name in SHIFTED) and (action != "generalise" or name in GENERALISED)
    )


def _as_action(action: str) -> Action:
    return next(known for known in ACTIONS if known == action)
