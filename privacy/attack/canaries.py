"""Secrets invented to be planted: each is one of thousands of equally likely values, so chance can be computed.

Covered: numbers, people (name, customer number, e-mail address) and pairs of rare letters, each drawn from a keyed
stream. Not covered: secrets as long as a paragraph; images. The lists hold common names, so an invented person may
share a name with a real one; numbers and addresses are reserved or random.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from privacy.attack.settings import PlantSettings
from privacy.draw import Draw

Family = Literal["pair", "number", "person"]
IDENTIFIERS: tuple[Family, ...] = ("number", "person")
"""Families that a scrubber must remove. A pair of rare letters is no one's: it reaches the student on purpose, and
tells what the student would do with what a scrubber misses."""

_FIRST = (
    "Adam Aisha Alan Alice Amir Anna Anton Beth Boris Carla Carlos Chen Clara Daniel Diana Dora Edgar Elena Elif "
    "Emil Erik Eva Farid Felix Fiona George Greta Hamid Hannah Henry Ida Igor Irene Ivan Jack Jane Jonas Julia Karim "
    "Karl Katya Laura Leila Leon Lucy Maria Martin Maya Mei Mohan Nadia Nina Omar Oscar Paula Peter Priya Rosa Ruth "
    "Samuel Sofia Tomas Victor Yusuf"
).split()
_LAST = (
    "Abbott Ahmed Allen Andersen Andrews Armstrong Arnold Bailey Baker Baldwin Barker Barnes Barrett Becker "
    "Bennett Berger Blake Boyle Bradley Brady Braun Bryant Burke Burns Butler Cameron Campbell Carroll Castro "
    "Chang Chapman Chavez Clarke Cohen Coleman Collins Cooper Costa Craig Crawford Curtis Dalton Davidson Davies "
    "Dawson Dixon Douglas Doyle Duncan Edwards Elliott Ellis Evans Ferguson Fischer Fleming Fletcher Fowler "
    "Franco Fraser Freeman Fuller Garcia Gardner Gibson Gordon Graham Greene Griffin Hamilton Hansen Harper "
    "Harris Harvey Hassan Hayes Henderson Hoffman Holmes Howard Huang Hudson Hughes Ibrahim Jackson Jenkins "
    "Jensen Johnston Kaiser Keller Kelly Kennedy Klein Kumar Lambert Lawrence Lewis Lloyd Lopez Lynch Marshall "
    "Martinez Matthews Meyer Miller Mitchell Moore Morgan Morris Murphy Nelson Nielsen Norris Owens Palmer Parker "
    "Patel Patterson Pearson Phillips Powell Quinn Reynolds Robertson Santos Schmidt Sullivan Thompson"
).split()
# Letters of the Yi script: no tokenizer of ours has them as a token, and no training text of a company holds them.
_RARE = [chr(0xA000 + place) for place in range(192)]
assert len(set(_FIRST)) == 64 and len(set(_LAST)) == 128


@dataclass(frozen=True, slots=True)
class Canary:
    """One invented secret: `lead` and then one of the family's values, all equally likely."""

    index: int
    family: Family
    lead: str = field(repr=False)
    """The sentence up to the secret: no two canaries share it."""
    chosen: int = field(repr=False)
    """The secret's place among the family's values."""
    other: int = field(repr=False)
    """The place of the value that a coin decided against."""
    tail: str = field(repr=False)
    """The rest of the sentence."""
    identifiers: tuple[str, ...] = field(repr=False)
    """Values that stand for nobody else: found in a text, they come from here."""
    repeats: int
    """In how many records it is planted."""

    @property
    def secret(self) -> str:
        return values_of(self.family)[self.chosen]

    @property
    def sentence(self) -> str:
        return self.lead + self.secret + self.tail


def values_of(family: Family) -> tuple[str, ...]:
    """Everything that a secret of this family could have been, with the blank before it where there is one."""
    return _VALUES[family]


_VALUES: dict[Family, tuple[str, ...]] = {
    "pair": tuple(f" {first}{second}" for first in _RARE[:64] for second in _RARE[64:]),
    "number": tuple(f"{number:04d}" for number in range(10_000)),
    "person": tuple(f" {first} {last}" for first in _FIRST for last in _LAST),
}


def invent(settings: PlantSettings, key: bytes, num_records: int) -> list[Canary]:
    """The canaries that fit into the allowed share of `num_records` records; the same for the same key and settings."""
    room = int(settings.max_share * num_records)
    repeats = repetitions(min(settings.canaries, room), room - min(settings.people, room // 4))
    families: list[Family] = ["number" if index % 3 == 1 else "pair" for index in range(len(repeats))]
    people = min(settings.people, room - sum(repeats))
    families += ["person"] * people
    repeats += [1] * people
    return [
        _invent(index, family, times, settings.seed, key)
        for index, (family, times) in enumerate(zip(families, repeats, strict=True))
    ]


def repetitions(count: int, room: int) -> list[int]:
    """How often each of up to `count` canaries is planted, in `room` places: most once, some 4 or 16 times.

    At most half of the room goes to those planted 16 times, a quarter to those planted 4 times.
    """
    often = min(count // 4, room // 2 // 16)
    some = min(count // 4, room // 4 // 4)
    once = max(0, min(count - often - some, room - 16 * often - 4 * some))
    return [16] * often + [4] * some + [1] * once


def _invent(index: int, family: Family, repeats: int, seed: int, key: bytes) -> Canary:
    draw = Draw(key, "canary", f"{seed}:{family}:{index}")
    size = len(values_of(family))
    first = draw.below(size)
    second = (first + 1 + draw.below(size - 1)) % size
    chosen, other = (first, second) if draw.below(2) else (second, first)
    # The offset is the key's and the index follows: no two leads of a family are alike.
    serial = (Draw(key, "canary", f"{seed}:{family}").below(10_000) + index) % 10_000
    if family == "number":
        lead, tail = f"My customer number is {serial:04d}-", "."
        identifiers: tuple[str, ...] = (f"{serial:04d}-{values_of(family)[chosen]}",)
    elif family == "pair":
        lead, tail = f"The sticker on box {serial} reads", "."
        identifiers = (values_of(family)[chosen].strip(),)
    else:
        number = f"KD-{serial:04d}{draw.below(10_000):04d}"
        letters = "".join(draw.pick("bcdfghjklmnpqrstvwxz") for _ in range(4))
        address = f"{letters}{draw.below(10_000):04d}@example.org"
        lead, tail = f"Customer {number} is", f", reached at {address}."
        identifiers = (number, address)
    return Canary(index, family, lead, chosen, other, tail, identifiers, repeats)
