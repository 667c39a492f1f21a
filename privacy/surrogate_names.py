"""Stand-ins for people and what carries their names: e-mail addresses, user names, web addresses, forms of address.

Covered: word by word, so that "Jane Doe", "Ms. Doe", "DOE, J." and the local part of jane.doe@x.org stay linked, and no two
people get the same full name (see `surrogate_words`); e-mail and web addresses lie under example.org (RFC 2606). Not covered:
nicknames ("Bob" for Robert), names run together that Faker's lists do not tell apart ("jdoe" goes with J. Doe, "jkowal" does
not), grammar (cases).
"""

from __future__ import annotations

from collections.abc import Callable

import regex

from privacy.draw import Draw
from privacy.permutation import permutation
from privacy.surrogate_words import coin, coin_initial, names

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}{2,}[\p{L}\p{M}]*)?|\d+")
# Kept before and after a name only: "Lord" and "Prof" are family names too.
_BEFORE = frozenset("mr mrs ms miss mx dr prof sir madam lady lord rev herr frau the".split())
_AFTER = frozenset("jr sr ii iii iv md phd esq s".split())
_PARTICLES = frozenset(
    "van von de der den del della di da dos du la le bin ibn al el ter zu y and of und".split()
)
_FORMS_OF_ADDRESS = (
    ("Mr", "Mrs", "Ms", "Miss", "Mx"),
    ("Dr", "Prof", "Rev", "Capt", "Judge"),
    ("Sir", "Madam", "Lord", "Lady"),
)
# A family name shorter than this hides in too many words to be told from their endings.
_MIN_HANDLE_FAMILY = 3
_MAX_HANDLE = 40
_MAX_EXCHANGED_DIGITS = 64
_DOMAIN = "example.org"


def person(original: str, draw: Draw) -> str:
    """Word by word; titles, particles and punctuation stay, initials go with their names."""
    words = [match.group().casefold() for match in _WORD.finditer(original)]
    first = next((index for index, word in enumerate(words) if word not in _BEFORE), len(words))
    last = next((index for index in range(len(words) - 1, -1, -1) if words[index] not in _AFTER), -1)
    if first > last:
        first, last = 0, len(words) - 1
    position = -1

    def part(word: str) -> str:
        nonlocal position
        position += 1
        if not first <= position <= last or (word in _PARTICLES and position != last):
            return word
        return other_word(word, draw)

    return each_word(original, part)


def each_word(original: str, change: Callable[[str], str]) -> str:
    """The original with each word and number changed; all between them stays."""
    changed: str = _WORD.sub(lambda match: change(match.group()), original)
    return changed


def like(original: str, invented: str) -> str:
    """The invented word in the original's case."""
    if original.isupper() and len(original) > 1:
        return invented.upper()
    return invented.lower() if original.islower() else invented[:1].upper() + invented[1:]


def other_word(word: str, draw: Draw) -> str:
    """The coined word for a word, the initial's for a single letter, other digits for a number."""
    folded = "".join(char for char in word.casefold() if char.isalpha())
    if not folded:
        return other_digits(word, draw, "")
    if len(folded) == 1 and folded in "abcdefghijklmnopqrstuvwxyz":
        initial = coin_initial(draw.key, folded)
        return initial.upper() if word.isupper() else initial
    return like(word, coin(draw.key, folded))


def other_digits(digits: str, draw: Draw, beside: str) -> str:
    """Other digits, as many; different ones for different ones, as long as the same stands beside them."""
    plain = "".join(str(int(digit)) for digit in digits if digit.isdecimal())
    if len(plain) > _MAX_EXCHANGED_DIGITS:
        return "".join(str(draw.below(10)) for _ in plain)
    if not plain:
        return ""
    size = 10 ** len(plain)
    exchanged = permutation(draw.key, f"DIGITS {beside}", size).displaced(int(plain))
    return str(exchanged).zfill(len(plain))


def title(original: str, draw: Draw) -> str:
    """Another form of address of the same group, with its full stop; what is none becomes one of the first group."""
    folded = original.strip(". ").casefold()
    group = next(
        (forms for forms in _FORMS_OF_ADDRESS if folded in map(str.casefold, forms)), _FORMS_OF_ADDRESS[0]
    )
    chosen = draw.pick([form for form in group if form.casefold() != folded])
    return like(original.strip(". ") or "X", chosen) + ("." if original.endswith(".") else "")


def username(original: str, draw: Draw) -> str:
    """Its names replaced as in `person`, its digits by others; all else, such as "@", "_" and ".", stays."""
    folded = original.casefold()
    beside = "".join(char for char in folded if char.isalpha())

    def part(word: str) -> str:
        if word[0].isdigit():
            return other_digits(word, draw, beside)
        return "".join(other_word(piece, draw) for piece in _handle(word))

    return each_word(folded, part)


def email(original: str, draw: Draw) -> str:
    """The local part as `username`, at a coined host of example.org that stands for the domain; in lower case."""
    local, _, domain = original.casefold().rpartition("@")
    return f"{username(local, draw)}@{coin(draw.key, domain)}.{_DOMAIN}"


def url(original: str, draw: Draw) -> str:
    """A coined host of example.org that stands for the host, and a coined path that stands for the rest."""
    scheme, mark, rest = original.casefold().rpartition("://")
    host, slash, path = rest.partition("/")
    end = f"/{coin(draw.key, path)}" if path else slash
    return f"{scheme}{mark}{coin(draw.key, host)}.{_DOMAIN}{end}"


def _handle(word: str) -> tuple[str, ...]:
    """The names in a word of letters: itself, or "jdoe" as j, doe, "doej" as doe, j, "janedoe" as jane, doe."""
    listed = names()
    if word in listed.all or len(word) > _MAX_HANDLE:
        return (word,)
    for cut in range(len(word) - _MIN_HANDLE_FAMILY, 1, -1):
        if word[:cut] in listed.given and word[cut:] in listed.family:
            return word[:cut], word[cut:]
    if len(word) > _MIN_HANDLE_FAMILY and word.isascii():
        if word[1:] in listed.family:
            return word[0], word[1:]
        if word[:-1] in listed.family:
            return word[:-1], word[-1]
    return (word,)
