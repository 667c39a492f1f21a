"""What stands where something personal stood: one replacement per finding, as the policy says.

Covered: mask, placeholder, surrogate, generalisation, dates moved by their subject's own interval. Not covered: `drop`,
which costs the whole record (see `scan`), and `keep`, whose findings the detector never reports.
"""

from __future__ import annotations

from collections.abc import Mapping

from privacy.entities import kind_of
from privacy.generalise import generalise
from privacy.presets import Action
from privacy.surrogate_dates import shifted
from privacy.surrogates import Surrogates

# Shorter numbers are no whole card numbers, and their last four digits would be most of them.
_MIN_CARD_DIGITS = 13
_VISIBLE_CARD_DIGITS = 4
_SOMEBODYS = frozenset({"person", "contact", "id"})


class Replacements:
    """Replacements under one policy and key. Any process with both, and the same `taken`, gives the same ones."""

    def __init__(
        self, key: bytes, actions: Mapping[str, Action], taken: frozenset[str] = frozenset()
    ) -> None:
        """`taken`: fingerprints of values that no surrogate may have."""
        self._key = key
        self._actions = dict(actions)
        self._surrogates = Surrogates(key, taken)

    def __repr__(self) -> str:
        return f"Replacements({self._actions})"

    def drops(self, entity_type: str) -> bool:
        """Whether a finding of this type costs the record."""
        return self._actions.get(entity_type) == "drop"

    def invents(self, entity_type: str) -> bool:
        """Whether this type gets surrogates that could be somebody's. A date or a country is nobody's."""
        return self._actions.get(entity_type) == "surrogate" and kind_of(entity_type) in _SOMEBODYS

    def of(self, entity_type: str, original: str, subject: str) -> str:
        """The replacement of one value; `subject` names whose dates move together.

        A type that the policy does not know, and one whose action says `keep` or `drop` though it was reported, gets its
        placeholder: nothing passes by mistake.
        """
        action = self._actions.get(entity_type)
        replacement: str | None = None
        if action == "mask":
            replacement = mask(entity_type, original)
        elif action == "surrogate":
            replacement = self._surrogates.of(entity_type, original)
        elif action == "generalise":
            replacement = generalise(entity_type, original)
        elif action == "shift":
            replacement = shifted(original, self._key, subject)
        return f"<{entity_type}>" if replacement is None else replacement


def mask(entity_type: str, original: str) -> str:
    """As many `*` as there were characters; a payment card keeps its last four digits and its layout."""
    if entity_type != "CREDIT_CARD" or sum(char.isdigit() for char in original) < _MIN_CARD_DIGITS:
        return "*" * len(original)
    hidden = sum(char.isdigit() for char in original) - _VISIBLE_CARD_DIGITS
    masked = []
    for char in original:
        if char.isalnum():
            masked.append("*" if hidden > 0 or not char.isdigit() else char)
            hidden -= char.isdigit()
        else:
            masked.append(char)
    return "".join(masked)
