"""What callers say and a transcript writes down: numbers and letters one by one, dates, e-mail addresses and places in lower case."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

from tests.benchmarks import people

_DIGITS = ("oh", *"one two three four five six seven eight nine".split())
_ZERO = {"oh": "zero"}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_DAYS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_MONTHS = "january february march april may june july august september october november december".split()


def digits(rng: Random, number: str) -> str:
    """Digit by digit; two alike are "double", a nought is "oh" or "zero" throughout."""
    zero = rng.random() < 0.3
    words: list[str] = []
    place = 0
    while place < len(number):
        word = _DIGITS[int(number[place])]
        word = _ZERO.get(word, word) if zero else word
        if number[place : place + 2] == 2 * number[place] and not zero:
            words += ["double", word]
            place += 2
        else:
            words.append(word)
            place += 1
    return " ".join(words)


def _some(rng: Random, size: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(size))


def phone(rng: Random) -> str:
    head, tail = rng.choice((("07700", 6), ("0161496", 4), ("555", 7), ("2025550", 3)))
    said = digits(rng, head + _some(rng, tail))
    words = said.split()
    if rng.random() < 0.3:
        words.insert(len(words) // 2, rng.choice(("um", "er", "uh")))
    return " ".join(words)


def code(rng: Random) -> str:
    """A membership number: a letter or two, then five to seven digits."""
    letters = " ".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(0, 2)))
    return f"{letters} {digits(rng, _some(rng, rng.randint(5, 7)))}".strip()


def born(rng: Random) -> str:
    year = rng.choice(_TENS[2:]) + " " + rng.choice(_DIGITS[1:])
    day, month = rng.choice(_DAYS), rng.choice(_MONTHS)
    return rng.choice(
        (
            f"the {day} of {month} nineteen {year}",
            f"{day} {month} nineteen {year}",
            f"{month} the {day} nineteen {year}",
            f"{month} {day} {year}",
            f"the {day} of the {rng.choice(_DAYS[:12])} {year}",
        )
    )


def month(rng: Random) -> str:
    return f"{rng.choice(_MONTHS)} {rng.choice(('twenty twenty two', 'two thousand nineteen', '2021', 'two thousand and eight'))}"


def email(rng: Random) -> str:
    who = people.person(rng)
    local, _, domain = who.email.partition("@")
    said = local.replace(".", " dot ").replace("_", " underscore ").replace("+", " plus ")
    return f"{said} at {domain.replace('.', ' dot ').replace('-', ' dash ')}"


def postcode(rng: Random) -> str:
    letter = lambda: rng.choice("abcdefghjlnprstuwxy")  # noqa: E731
    one, two, three = (rng.choice(_DIGITS[1:]) for _ in range(3))
    return rng.choice((f"{letter()} {letter()} {one} {two} {letter()} {letter()}", f"{letter()} {one} {two} {three} {letter()} {letter()}"))  # fmt: skip


def street(rng: Random) -> str:
    number = rng.choice((str(rng.randint(2, 199)), rng.choice(_TENS) + " " + rng.choice(_DIGITS[1:])))
    name = rng.choice("willow station church mill park orchard victoria chestnut grange meadow".split())
    return f"{number} {name} {rng.choice('road street lane avenue close drive gardens terrace'.split())}"


def lower(draw: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda rng: draw(rng).lower()
