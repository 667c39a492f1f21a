"""What an operator sets about the attack: what is planted in the raw records, and how hard the student is tried.

Covered: every choice that changes what is planted or judged. Not covered: the levels of significance, which are
fixed in `audit` before any model is seen. Importing this module loads nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le


@dataclass(frozen=True)
class PlantSettings:
    """The `[plant]` section: invented secrets that ride in raw records, so that a leak can be seen."""

    canaries: Annotated[int, Ge(0), Le(256)] = 16
    """At most so many sentences with a random secret, in records of `data`; some are planted 4 or 16 times."""
    people: Annotated[int, Ge(0), Le(256)] = 8
    """At most so many invented people, each with a name, a customer number and an e-mail address, planted once."""
    max_share: Annotated[float, Ge(0), Le(0.5)] = 0.05
    """No more than this part of the records carries something; canaries, then people, are left out beyond it."""
    seed: int = 7
    """Which secrets and which records, together with the home's key."""


@dataclass(frozen=True)
class AttackSettings:
    """The `[attack]` section: how hard each student is tried, and what a leak does."""

    on_leak: Literal["stop", "report"] = "stop"
    """`stop`: the run ends before the bench where the student to release leaks. `report`: it goes on and says so."""
    records: Annotated[int, Ge(0)] = 200
    """Membership: at most so many training records, and as many held-out ones."""
    generations: Annotated[int, Ge(0)] = 240
    """Extraction: free texts a model is sampled for, beside one greedy answer a question about each secret."""
    generation_tokens: Annotated[int, Ge(8)] = 24
    """Longest text of extraction."""
    control_epochs: Annotated[int, Ge(1)] = 30
    """Passes of the positive control over the secrets, at most: it ends once it knows them by heart."""
    seed: int = 7
    """Which records are asked about, and the sampling."""
