"""Coined words: each word of the original gets one of its own, which sounds like a name and is none.

Covered: the same word always gives the same coined word, so a family name is linked wherever it stands; two words never give
the same one, exactly for the names of Faker's lists and for words of up to ten plain letters, and with a chance of
n^2 / 10^15 among n longer or other words. Coined words are no name of those lists, so a stand-in is nobody's name; words with
one initial share one initial ("DOE, J." goes with "Jane Doe"). Not covered: hiding in plain sight, for a name that the
detector missed does look different from coined ones.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from privacy.draw import Draw
from privacy.permutation import permutation

# A coined word is an initial and syllables of onset, vowel and one-letter coda; after a consonant the first syllable lacks its
# onset, after a vowel its onset and vowel. It can be read in one way only, so different numbers are different words.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = "aeiou"
_ONSETS = tuple("b bl br d dr f g gl gr h j k kl kr l m n r s st t tr v w".split())
_CODAS = tuple("dgklmnrstv")
_SYLLABLES = len(_ONSETS) * len(_VOWELS) * len(_CODAS)
# The longest unlisted words of each number of full syllables: 26^5, 26^7 and 26^9 tails must fit.
_TIERS = ((6, 2), (8, 3), (10, 4))
_LISTED_SYLLABLES = 1
_OTHER_SYLLABLES = 3
# Ends a coined word that happens to be a real name; nothing else ends so.
_ESCAPES = "oui"

# Faker has some of its names with these behind them.
_SUFFIXES = frozenset("jr sr ii iii iv md phd dds dvm".split())
_LOCALES = """en_US en_GB en_IE en_IN de_DE de_AT fr_FR es_ES es_MX it_IT nl_NL pl_PL pt_PT pt_BR sv_SE no_NO da_DK fi_FI cs_CZ hu_HU
    hr_HR tr_TR"""


@dataclass(frozen=True, slots=True)
class Names:
    """Case-folded names in Latin script, from Faker's lists."""

    female: frozenset[str]
    """Given names of women only."""
    given: frozenset[str]
    family: frozenset[str]
    all: frozenset[str]
    rank: dict[str, int]
    """Place of each name among those of its initial and ending; names with another initial than a to z have none."""


@lru_cache(maxsize=1)
def names() -> Names:
    """Some ten thousands; loading takes some tenths of a second."""
    from importlib import import_module

    found: dict[str, set[str]] = {"female": set(), "male": set(), "family": set()}
    for locale in _LOCALES.split():
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for attribute, group in (
            ("first_names_female", "female"),
            ("first_names_male", "male"),
            ("first_names", "male"),
            ("last_names", "family"),
            ("last_names_female", "family"),
            ("last_names_male", "family"),
        ):
            # `first_names` repeats what the other two hold, and holds all where those are absent.
            known = found["female"] if attribute == "first_names" else frozenset()
            folded = {word.casefold() for name in getattr(provider, attribute, ()) for word in name.split()}
            found[group] |= {word for word in folded if len(word) >= 2 and word.isalpha()} - known - _SUFFIXES
    female, family = found["female"] - found["male"], found["family"]
    given = found["female"] | found["male"]
    rank: dict[str, int] = {}
    places: dict[tuple[str, bool], int] = {}
    for word in sorted(given | family):
        place = (_initial(word), word in female and word not in family)
        if not place[0]:
            continue
        rank[word] = places.get(place, 0)
        places[place] = rank[word] + 1
    return Names(
        frozenset(female - family), frozenset(given), frozenset(family), frozenset(given | family), rank
    )


@lru_cache(maxsize=65_536)
def coin(key: bytes, word: str) -> str:
    """The coined word of a case-folded word, in lower case."""
    listed = names()
    first = _initial(word)
    initial = coin_initial(key, first) if first else _LETTERS[Draw(key, "INITIAL", word).below(26)]
    if word in listed.rank:
        ending = "a" if word in listed.female else ""
        number, syllables = listed.rank[word], _LISTED_SYLLABLES
    elif word.isascii() and word.isalpha() and len(word) <= _TIERS[-1][0]:
        number, syllables = _number(word[1:]), next(count for length, count in _TIERS if len(word) <= length)
        ending = ""
    else:
        draw = Draw(key, "WORD", word)
        number, syllables = draw.wide(_capacity(initial, _OTHER_SYLLABLES)), _OTHER_SYLLABLES
        ending = draw.pick(_ONSETS) + draw.pick(_VOWELS)
    size = _capacity(initial, syllables)
    coined = initial + _spell(
        initial, permutation(key, f"WORD {initial} {ending}", size).of(number), syllables
    )
    coined += ending
    if coined in listed.all or coined == word:
        coined = next(other for end in _ESCAPES if (other := coined + end) not in listed.all)
    return coined


def coin_initial(key: bytes, letter: str) -> str:
    """The initial that all coined words get whose originals start with this plain letter; another letter."""
    return _LETTERS[permutation(key, "INITIAL", 26).displaced(_LETTERS.index(letter))]


def _initial(word: str) -> str:
    """The word's first letter without its accent; empty if that is none of a to z."""
    plain = unicodedata.normalize("NFD", word[:1]).casefold()[:1]
    return plain if plain and plain in _LETTERS else ""


def _number(letters: str) -> int:
    """The place of a string of a to z among all strings, shorter ones first."""
    number = 0
    for letter in letters:
        number = number * 26 + 1 + _LETTERS.index(letter)
    return number


def _capacity(initial: str, syllables: int) -> int:
    """How many words there are of an initial and so many full syllables."""
    head = len(_CODAS) if initial in _VOWELS else len(_VOWELS) * len(_CODAS)
    return int(head * _SYLLABLES**syllables)


def _spell(initial: str, number: int, syllables: int) -> str:
    """What follows the initial in the word of this number."""
    parts = []
    for _ in range(syllables):
        number, coda = divmod(number, len(_CODAS))
        number, vowel = divmod(number, len(_VOWELS))
        number, onset = divmod(number, len(_ONSETS))
        parts.append(_ONSETS[onset] + _VOWELS[vowel] + _CODAS[coda])
    number, coda = divmod(number, len(_CODAS))
    parts.append(("" if initial in _VOWELS else _VOWELS[number]) + _CODAS[coda])
    return "".join(reversed(parts))
