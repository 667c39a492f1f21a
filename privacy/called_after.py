"""Tells a name of somebody from the name of a thing that is called after somebody: "a Zener diode", "Gumbel softmax", "Euler's formula".

Covered: an article before a single word, a rule or a number after it, a noun in lower case right behind it. Not covered: things that are
called by a name alone ("Bayes").
"""

from __future__ import annotations

from functools import lru_cache

import regex

from privacy.recognizers.people import given_names, listed_names
from privacy.recognizers.thing_words import is_thing
from privacy.records import Span

# What is called after somebody: "a Zener diode", "the Hammond B3", "Euler's formula"; nobody has an article.
_ARTICLE = regex.compile(r"(?<!\p{L})(?:an?|the)[ ]$", regex.IGNORECASE)
_CALLED = regex.compile(
    r"[ -](?:(?P<noun>\p{Ll}{2,})|(?=[\w-]*\d)(?=[\w-]*\p{Lu})[\p{Lu}\d][\w-]*|\d{1,4}(?![\w.,/-]))"
)
_RULE_OF = regex.compile(
    r"['’]s?[ ](?:\p{Ll}+[ ])?(?:laws?|theorem|method|formula|rule|principle|lemma|equations?|constant|paradox|inequality|triangle|comet|numbers?|theory|identity|conjecture|algorithm|moons?)(?!\p{L})"
)
_NOUNS = frozenset(
    "key dish pair form space number law effect diagram cell cycle process scale index style word plate class series rules".split()
)
# What follows a name of somebody, and no noun that is called after one: words of grammar, what somebody did, how somebody is.
NO_NOUN = frozenset(
    """a about across after again against ago all along already also although always am among an and any are around as at away back be because been before behind below beside between both but by can cannot could
    did do does done down during each either else ever every except few for from had has have he her here hers him his how however i if in inside instead into is it its just last later least less like many may maybe me might more most
    much must my near neither never next no nor not now of off on once one only or other our out outside over own past per please quite rather really same shall she should since so some soon still such than that the their them then there these
    they this those though three through till to today together tomorrow tonight too toward towards two under until up upon us very via was we well were what when where whether which while who whom whose why will with within without would yes yesterday yet you your
    ate became began begin bought broke brought built came caught chose come cut drew drove drank fell felt fought found forgot gave get got go grew heard held hit hurt kept knew laid led left lent let lost made meant met paid put quit ran rang read rode rose
    said sang sat saw sent set shut slept sold sought spent spoke stood stole swam swore taught think thought threw told took tore understood went win woke won wore wrote
    absent alone asleep available awake busy dead fine free glad happy home ill late new old online ready retired sick single sorry tired unwell young family plus versus""".split()
)


@lru_cache(maxsize=1)
def called() -> frozenset[str]:
    """What people are called, in lower case."""
    return given_names() | listed_names("last_names")


def is_called_after(text: str, span: Span, sure: bool = False) -> bool:
    """Whether a single word is part of the name of a thing; `sure`: a number behind it, which may be somebody's, says nothing."""
    first, _, rest = text[span.start : span.end].partition(" ")
    if rest:
        return (
            span.entity_type == "PERSON"
            and first[0].isupper()
            and rest.islower()
            and rest.isalpha()
            and _is_noun(rest)
        )
    if _ARTICLE.search(text, max(0, span.start - 6), span.start) or _RULE_OF.match(text, span.end):
        return True
    called = _CALLED.match(text, span.end)
    if called is None or called["noun"] is None:
        return called is not None and not sure
    return (
        is_thing(called["noun"])
        or called["noun"].removesuffix("s") in _NOUNS
        or (span.entity_type == "PERSON" and _is_noun(called["noun"]))
    )


def _is_noun(word: str) -> bool:
    """Whether a word in lower case right behind a name can only be what is called after it: nobody's doing has this form."""
    return word not in NO_NOUN and word not in called() and not word.endswith(("s", "ed", "ing", "ly"))
