"""From a situation and a person to a message, with the place of every personal value in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from appliance.demo_data import phrases
from appliance.demo_data.people import COMBINED, SENTENCES, Person
from appliance.demo_data.rules import PRODUCTS, Cue, Matter, Situation

_SLOT = re.compile(r"\{([A-Z_]+)\}")
_CUE_SLOT = re.compile(r"\{([a-z]+)\}")
_MIN_WORDS, _MAX_WORDS = 25, 70


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Where one personal value stands in the message."""

    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of text; `entity_type` is None for literal text, the only kind that typos may touch."""

    text: str
    entity_type: str | None


_MATTER_WEIGHTS = {
    Matter.OVERCHARGE: 26,
    Matter.BILL_QUESTION: 9,
    Matter.FAULT: 22,
    Matter.CONNECTION: 15,
    Matter.NO_SHOW: 9,
    Matter.APPOINTMENT: 10,
    Matter.MOVE: 9,
}
_CALM_CUES = {Cue.BUSINESS: 25, Cue.SECOND_CONTACT: 25, Cue.DEADLINE: 15, Cue.NO_RUSH: 35}


def draw_situation(rng: Random) -> Situation:
    """One situation; only a fault can be dangerous, and one cue is the rule."""
    matter = rng.choices(tuple(_MATTER_WEIGHTS), weights=tuple(_MATTER_WEIGHTS.values()))[0]
    cues: tuple[Cue, ...] = ()
    if matter is Matter.FAULT and rng.random() < 0.3:
        cues = (Cue.SAFETY,)
    elif rng.random() < 0.75:
        cues = tuple(rng.choices(tuple(_CALM_CUES), weights=tuple(_CALM_CUES.values())))
        if cues != (Cue.BUSINESS,) and cues != (Cue.NO_RUSH,) and rng.random() < 0.2:
            cues += (Cue.BUSINESS,)
    return Situation(matter, rng.choice(PRODUCTS), rng.random() < 0.65, cues)


def write_message(rng: Random, situation: Situation, person: Person) -> tuple[str, tuple[GoldSpan, ...]]:
    """A message of 25 to 70 words. Draws again until the length fits."""
    # Drawn once: drawing it again with the rest would make tickets without personal data rare, being short.
    num_kinds = rng.choices((0, 1, 2, 3, 4), weights=(8, 26, 34, 22, 10))[0]
    while True:
        template = _template(rng, situation, num_kinds)
        text, spans = _assemble(_scruff(rng, _pieces(template, person)))
        if _MIN_WORDS <= len(text.split()) <= _MAX_WORDS:
            return text, spans


def _template(rng: Random, situation: Situation, num_kinds: int) -> str:
    """The whole message with its personal values still slots."""
    kinds = rng.sample(tuple(SENTENCES), num_kinds)
    if kinds and "PERSON" not in kinds and rng.random() < 0.3:
        kinds[0] = "PERSON"  # most people give a name if they give anything
    signs = "PERSON" in kinds and rng.random() < 0.5
    if signs:
        kinds.remove("PERSON")
    asides = _personal_sentences(rng, kinds) + rng.sample(phrases.FILLERS, rng.choice((1, 1, 2, 2)))
    rng.shuffle(asides)
    sentences = _concern(rng, situation)
    # Customers mostly come to the point first; some tell their life before.
    at = 0 if rng.random() < 0.65 else rng.randrange(len(asides) + 1)
    sentences = asides[:at] + sentences + asides[at:]
    parts = [_join(rng, sentences)]
    if rng.random() < 0.55:
        parts.insert(0, rng.choice(phrases.GREETINGS))
    if signs:
        parts.append(f"{rng.choice(phrases.SIGN_OFFS)} {{PERSON}}")
    elif "PERSON" in kinds and rng.random() < 0.3:
        parts.append(f"{rng.choice(phrases.SIGN_OFFS)} {{FIRST}}")
    elif rng.random() < 0.3:
        parts.append(rng.choice(phrases.SIGN_OFFS).replace(",", "."))
    return " ".join(parts)


def _concern(rng: Random, situation: Situation) -> list[str]:
    """The problem and what belongs to it, next to each other: "it" must have something to stand for."""
    concern = [_problem(rng, situation)] + [_cue(rng, cue) for cue in situation.cues]
    if rng.random() < 0.06:
        other = rng.choice([product for product in PRODUCTS if product != situation.product])
        concern.append(rng.choice(phrases.OTHER_PRODUCT).replace("{p}", _product(rng, other)))
    return concern


def _cue(rng: Random, cue: Cue) -> str:
    return _CUE_SLOT.sub(lambda slot: rng.choice(phrases.CUE_PARTS[slot[1]]), rng.choice(phrases.CUES[cue]))


def _product(rng: Random, product: str) -> str:
    name = rng.choice(phrases.PRODUCT_NAMES[product])
    return f"{rng.choice(phrases.DETERMINERS)} {rng.choice(phrases.ADJECTIVES)}{name}"


def _problem(rng: Random, situation: Situation) -> str:
    if situation.matter is Matter.FAULT and rng.random() < 0.25:
        frame = rng.choice(phrases.OWN_FAULTS[situation.product])
    else:
        frame = rng.choice(phrases.MATTERS[situation.matter])
    when = rng.choice(phrases.RECENT if situation.is_recent else phrases.LONG_AGO)
    return (
        frame.replace("{p}", _product(rng, situation.product))
        .replace("{t}", when)
        .replace("{fee}", rng.choice(phrases.FEES))
    )


def _personal_sentences(rng: Random, kinds: list[str]) -> list[str]:
    left = list(kinds)
    sentences = []
    for pair, frames in COMBINED.items():
        if set(pair) <= set(left) and rng.random() < 0.6:
            sentences.append(rng.choice(frames))
            left = [kind for kind in left if kind not in pair]
    return sentences + [rng.choice(SENTENCES[kind]) for kind in left]


def _join(rng: Random, sentences: list[str]) -> str:
    """Sentences with capitals and stops, now and then run together as people do."""
    text = ""
    starts = True
    for i, sentence in enumerate(sentences):
        text += sentence[0].upper() + sentence[1:] if starts and sentence[0] != "{" else sentence
        is_last = i == len(sentences) - 1
        if sentence[-1] in "?!":
            mark = ""
        elif sentence.startswith(phrases.ASKS):
            mark = "?"
        else:
            mark = rng.choices((".", ",", " -"), weights=(86, 9, 5))[0] if not is_last else "."
        starts = mark not in (",", " -")
        text += mark + ("" if is_last else " ")
    return text


def _pieces(template: str, person: Person) -> list[_Piece]:
    pieces = []
    for i, part in enumerate(_SLOT.split(template)):
        if i % 2 == 0:
            pieces.append(_Piece(part, None))
        elif part == "FIRST":
            pieces.append(_Piece(person.first_name, "PERSON"))
        else:
            pieces.append(_Piece(person.values[part], part))
    return pieces


def _scruff(rng: Random, pieces: list[_Piece]) -> list[_Piece]:
    """Some write without capitals, some mistype; personal values stay as they are, so that gold holds."""
    lower = rng.random() < 0.12
    typo_rate = rng.choices((0.0, 0.04), weights=(75, 25))[0]

    def scruffy(word: str) -> str:
        word = word.lower() if lower else word
        if len(word) < 5 or not word.isalpha() or rng.random() >= typo_rate:
            return word
        i = rng.randrange(1, len(word) - 2)
        return word[:i] + (word[i + 1] + word[i] if rng.random() < 0.5 else word[i + 1]) + word[i + 2 :]

    def literal(text: str) -> _Piece:
        return _Piece(" ".join(scruffy(word) for word in text.split(" ")), None)

    return [piece if piece.entity_type else literal(piece.text) for piece in pieces]


def _assemble(pieces: list[_Piece]) -> tuple[str, tuple[GoldSpan, ...]]:
    text = ""
    spans = []
    for piece in pieces:
        if piece.entity_type:
            spans.append(GoldSpan(len(text), len(text) + len(piece.text), piece.entity_type))
        text += piece.text
    return text, tuple(spans)
