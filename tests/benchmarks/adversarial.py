"""Measures recall of identifiers that are spelled so that a plain pattern overlooks them.

A kind is one way of spelling of one identifier. Kinds whose name ends in `*` stand in the held-out split only, so
that it also tells how a disguise fares that nobody tuned for.

`python -m tests.benchmarks.adversarial --n 24 --split dev`
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Callable
from datetime import date
from random import Random

from privacy.records import Span
from tests.benchmarks import people, values
from tests.benchmarks.probe import (
    FRAMES,
    Sample,
    arguments,
    measure_kinds,
    random_of,
    read_frames,
    split_frames,
)

Spell = Callable[[str, Random], str]
"""From a value to its disguise."""

_WORDS = dict(zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True))
_GLYPHS = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth"
).split()


def _between(mark: str, every: int = 1) -> Spell:
    """Puts a mark between characters."""
    return lambda text, rng: mark.join(text[at : at + every] for at in range(0, len(text), every))


def _inside(mark: str) -> Spell:
    """Puts a mark in two or three places inside."""

    def spell(text: str, rng: Random) -> str:
        for place in sorted(rng.sample(range(1, len(text)), min(3, len(text) - 1)), reverse=True):
            text = text[:place] + mark + text[place:]
        return text

    return spell


def _swap(*pairs: tuple[str, str]) -> Spell:
    def spell(text: str, rng: Random) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return spell


def _wide(text: str, rng: Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _digits_from(zero: int) -> Spell:
    """Digits of another script or style, whose zero is at this code point."""
    return lambda text, rng: "".join(
        chr(zero + int(char)) if char.isascii() and char.isdigit() else char for char in text
    )


def _circled(text: str, rng: Random) -> str:
    return "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(char)] if char.isdigit() else char for char in text)


def _keycaps(text: str, rng: Random) -> str:
    return "".join(f"{char}\ufe0f\u20e3" for char in text if char.isdigit())


def _words(text: str, rng: Random) -> str:
    return " ".join(_WORDS[char] for char in text if char.isdigit())


def _words_upper_hyphen(text: str, rng: Random) -> str:
    return "-".join(_WORDS[char].upper() for char in text if char.isdigit())


def _half_words(text: str, rng: Random) -> str:
    digits = [char for char in text if char.isdigit()]
    return (
        " ".join(_WORDS[char] for char in digits[:3]) + " " + "".join(digits[3:6]) + " " + "".join(digits[6:])
    )


def _oh(text: str, rng: Random) -> str:
    return text.replace("0", "O").replace("1", "l")


def _double(text: str, rng: Random) -> str:
    """As people say numbers: "oh", "double five", "triple two"."""
    digits, said, at = [char for char in text if char.isdigit()], [], 0
    while at < len(digits):
        run = 1
        while run < 3 and at + run < len(digits) and digits[at + run] == digits[at]:
            run += 1
        word = "oh" if digits[at] == "0" else _WORDS[digits[at]]
        said.append(("", "", "double ", "triple ")[run] + word)
        at += run
    return " ".join(said)


def _entities(text: str, rng: Random) -> str:
    """Marks and every third letter as numeric character references."""
    return "".join(
        f"&#{ord(char)};" if not char.isalnum() or place % 3 == 1 else char for place, char in enumerate(text)
    )


def _entities_hex(text: str, rng: Random) -> str:
    return "".join(f"&#x{ord(char):x};" for char in text)


def _percent_all(text: str, rng: Random) -> str:
    return "".join(
        char if char.isascii() and char.isalnum() else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in text
    )


def _json(text: str, rng: Random) -> str:
    return "".join(char if char.isascii() and char.isalnum() else f"\\u{ord(char):04x}" for char in text)


def _base64(text: str, rng: Random) -> str:
    return base64.b64encode(text.encode()).decode()


def _roman(text: str, rng: Random) -> str:
    day = date.fromisoformat(text)
    return f"{day.day}.{_ROMAN[day.month - 1]}.{day.year}"


def _spoken_date(text: str, rng: Random) -> str:
    day = date.fromisoformat(text)
    century, rest = divmod(day.year, 100)
    said = {19: "nineteen ", 20: "two thousand "}[century]
    return f"the {_ORDINALS[day.day - 1]} of {day:%B} {said}{_small(rest)}".rstrip()


def _small(number: int) -> str:
    if number == 0:
        return "hundred"
    teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    if number < 10:
        return "oh " + _WORDS[str(number)]
    return teens[number - 10] if number < 20 else values.age_words(number)


def _dated(form: str) -> Spell:
    return lambda text, rng: date.fromisoformat(text).strftime(form)


def _reversed_initial(text: str, rng: Random) -> str:
    first, last = text.split(" ", 1)
    return f"{last.upper()}, {first[0]}."


def _reversed(text: str, rng: Random) -> str:
    first, last = text.split(" ", 1)
    return f"{last}, {first}"


def _initial(text: str, rng: Random) -> str:
    first, last = text.split(" ", 1)
    return f"{first[0]}. {last}"


def _maths(text: str, rng: Random) -> str:
    """Mathematical bold letters."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "".join(
        chr(0x1D41A + ord(char) - 97)
        if "a" <= char <= "z"
        else chr(0x1D400 + ord(char) - 65)
        if "A" <= char <= "Z"
        else char
        for char in plain
    )


def _decomposed(text: str, rng: Random) -> str:
    """Each vowel carries a combining mark of its own."""
    return "".join(
        char + "\u0307" if char in "aeiou" else char for char in unicodedata.normalize("NFD", text)
    )


def _upper(text: str, rng: Random) -> str:
    return text.upper()


def _lower(text: str, rng: Random) -> str:
    return text.lower()


def _alternating(text: str, rng: Random) -> str:
    return "".join(char.upper() if place % 2 else char.lower() for place, char in enumerate(text))


def _spaced_letters(text: str, rng: Random) -> str:
    return "   ".join(" ".join(word) for word in text.split())


def _ip_number(text: str, rng: Random) -> str:
    a, b, c, d = map(int, text.split("."))
    return str((a << 24) + (b << 16) + (c << 8) + d)


def _ip_hex(text: str, rng: Random) -> str:
    return "0x" + "".join(f"{int(part):02X}" for part in text.split("."))


def _ip_padded(text: str, rng: Random) -> str:
    return ".".join(f"{int(part):03d}" for part in text.split("."))


def _digits(text: str, rng: Random) -> str:
    return "".join(char for char in text if char.isdigit())


def _bold_half(text: str, rng: Random) -> str:
    middle = len(text) // 2
    return f"{text[: middle - 2]}**{text[middle - 2 : middle + 2]}**{text[middle + 2 :]}"


def _tag_half(text: str, rng: Random) -> str:
    middle = len(text) // 2
    return f"{text[: middle - 2]}<b>{text[middle - 2 : middle + 2]}</b>{text[middle + 2 :]}"


def _comment_half(text: str, rng: Random) -> str:
    middle = len(text) // 2
    return f"{text[:middle]}<!-- x -->{text[middle:]}"


def _email(rng: Random) -> str:
    return people.person(rng).email


def _name(rng: Random) -> str:
    who = people.person(rng)
    return f"{who.first} {who.last}"


def _phone(rng: Random) -> str:
    return f"{rng.choice((212, 312, 415, 503, 617, 702, 713, 904, 919))}-555-01{rng.randint(0, 99):02d}"


def _born(rng: Random) -> str:
    return date(rng.randint(1935, 2012), rng.randint(1, 12), rng.randint(1, 28)).isoformat()


def _card(rng: Random) -> str:
    digits = values.card_digits(rng)
    if len(digits) == 15:
        return f"{digits[:4]}-{digits[4:10]}-{digits[10:]}"
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


VALUES: dict[str, Callable[[Random], str]] = {
    "email": _email,
    "phone": _phone,
    "ssn": values.ssn,
    "card": _card,
    "ip": values.ipv4,
    "url": values.url,
    "name": _name,
    "date": _born,
    "mrn": lambda rng: values.pattern(rng, "########"),
    "iban": lambda rng: values.iban(rng).replace(" ", ""),
}

KINDS: dict[str, dict[str, Spell]] = {
    "email": {
        "at-dot-words": _swap(("@", " at "), (".", " dot ")),
        "square-brackets": _swap(("@", "[at]"), (".", "[dot]")),
        "round-brackets": _swap(("@", " (at) "), (".", " (dot) ")),
        "html-entities": _entities,
        "percent": _swap(("@", "%40"), ("+", "%2B")),
        "zero-width": _inside("\u200b"),
        "full-width": _wide,
        "homoglyphs": lambda text, rng: text.translate(_GLYPHS),
        "defanged": lambda text, rng: "[.]".join(text.rsplit(".", 1)),
        "blanks": _swap(("@", " @ "), (".", " . ")),
        "json-escapes": _json,
        "quoted-printable": _swap(("@", "=40")),
        "base64": _base64,
        "line-break": _swap(("@", "@\n")),
        "soft-hyphens": _inside("\u00ad"),
        "upper-case": _upper,
        "markdown": _bold_half,
        "html-tag": _tag_half,
        "underscores*": _swap(("@", "_at_"), (".", "_dot_")),
        "curly-brackets*": _swap(("@", "{at}"), (".", "{dot}")),
        "hex-entities*": _entities_hex,
        "small-at*": _swap(("@", "\ufe6b")),
        "html-comment*": _comment_half,
        "no-spam*": _swap(("@", "@NOSPAM.")),
    },
    "phone": {
        "words": _words,
        "blanks": lambda text, rng: " ".join(_digits(text, rng)),
        "en-dashes": _swap(("-", "–")),
        "minus-signs": _swap(("-", "−")),
        "full-width": _wide,
        "arabic-digits": _digits_from(0x660),
        "no-break-blanks": _swap(("-", "\u00a0")),
        "zero-width": _inside("\u200d"),
        "slashes": _swap(("-", "/")),
        "letter-o": _oh,
        "keycaps": _keycaps,
        "html-entities": _entities,
        "wide-dashes": _swap(("-", " - ")),
        "bold-digits": _digits_from(0x1D7CE),
        "half-words": _half_words,
        "underscores": _swap(("-", "_")),
        "line-break": lambda text, rng: text.replace("-", "-\n", 1),
        "circled": _circled,
        "spoken*": _double,
        "upper-words*": _words_upper_hyphen,
        "bengali-digits*": _digits_from(0x9E6),
        "middle-dots*": _swap(("-", "·")),
        "brackets-all*": lambda text, rng: "".join(f"({part})" for part in text.split("-")),
        "html-tag*": _tag_half,
    },
    "ssn": {
        "blanks": lambda text, rng: " ".join(_digits(text, rng)),
        "words": _words,
        "en-dashes": _swap(("-", "–")),
        "no-dashes": _digits,
        "full-width": _wide,
        "dots": _swap(("-", ".")),
        "zero-width": _inside("\u200b"),
        "html-tag": _tag_half,
        "slashes": _swap(("-", "/")),
        "devanagari-digits": _digits_from(0x966),
        "line-break": lambda text, rng: text.replace("-", "-\n", 1),
        "base64*": _base64,
        "underscores*": _swap(("-", "_")),
        "word-joiners*": _inside("\u2060"),
        "letter-o*": _oh,
    },
    "card": {
        "pairs": lambda text, rng: _between(" ", 2)(_digits(text, rng), rng),
        "dots": _swap(("-", ".")),
        "words": _words,
        "full-width": _wide,
        "no-break-blanks": _swap(("-", "\u202f")),
        "line-break": lambda text, rng: text.replace("-", " ").replace(" ", "\n", 1),
        "underscores": _swap(("-", "_")),
        "zero-width": _inside("\u200b"),
        "markdown*": _bold_half,
        "en-dashes*": _swap(("-", " – ")),
        "html-entities*": _entities,
    },
    "ip": {
        "defanged": _swap((".", "[.]")),
        "dot-words": _swap((".", " dot ")),
        "round-brackets": _swap((".", "(.)")),
        "full-width": _wide,
        "zero-padded": _ip_padded,
        "html-entities": _entities,
        "hexadecimal*": _ip_hex,
        "one-number*": _ip_number,
        "one-dot-defanged*": lambda text, rng: "[.]".join(text.rsplit(".", 1)),
    },
    "url": {
        "hxxp": lambda text, rng: "hxxp" + text.removeprefix("http") if text.startswith("http") else "hxxps://" + text,
        "defanged": _swap((".", "[.]")),
        "percent": _percent_all,
        "hxxp-and-brackets*": lambda text, rng: ("hxxp" + text.removeprefix("http") if text.startswith("http") else "hxxp://" + text).replace(".", "[.]").replace("://", "[:]//"),
        "dot-words*": _swap((".", " dot ")),
    },
    "name": {
        "upper-case": _upper,
        "lower-case": _lower,
        "last-initial": _reversed_initial,
        "last-first": _reversed,
        "initial-last": _initial,
        "homoglyphs": lambda text, rng: text.translate(_GLYPHS),
        "zero-width": _inside("\u200b"),
        "leetspeak": lambda text, rng: text.translate(_LEET),
        "spaced-letters": _spaced_letters,
        "markdown": lambda text, rng: "**" + text.replace(" ", "** _") + "_",
        "html-entities": _entities,
        "combining-marks": _decomposed,
        "underscore": _swap((" ", "_")),
        "line-break": _swap((" ", "\n")),
        "full-width": _wide,
        "bold-letters": _maths,
        "soft-hyphens": _inside("\u00ad"),
        "camel-case*": _swap((" ", "")),
        "alternating-case*": _alternating,
        "dots*": _swap((" ", ".")),
        "named-entities*": _swap((" ", "&nbsp;")),
        "right-to-left-mark*": _inside("\u200f"),
    },
    "date": {
        "roman-month": _roman,
        "spoken": _spoken_date,
        "wide-dashes": _dated("%m - %d - %Y"),
        "compact": _dated("%Y%m%d"),
        "html-entities": lambda text, rng: _dated("%m&#47;%d&#47;%Y")(text, rng),
        "full-width": _wide,
        "short-year": lambda text, rng: _dated("%d %B '%y")(text, rng),
        "division-slashes": _dated("%d\u2215%m\u2215%Y"),
        "upper-case": lambda text, rng: _dated("%d%b%Y")(text, rng).upper(),
        "no-break-blanks": _dated("%d\u00a0%B\u00a0%Y"),
        "underscores*": _dated("%Y_%m_%d"),
        "zero-width*": _inside("\u200b"),
        "line-break*": _dated("%d %B\n%Y"),
        "arabic-digits*": _digits_from(0x660),
    },
    "mrn": {
        "blanks": _between(" "),
        "words": _words,
        "full-width": _wide,
        "zero-width": _inside("\u200b"),
        "dots": _between(".", 2),
        "bold-digits*": _digits_from(0x1D7CE),
        "html-entities*": _entities,
    },
    "iban": {
        "lower-case": _lower,
        "dashes": _between("-", 4),
        "zero-width": _inside("\u200b"),
        "pairs": _between(" ", 2),
        "full-width": _wide,
        "dots*": _between(".", 4),
        "no-break-blanks*": _between("\u00a0", 4),
    },
}  # fmt: skip


def samples(n: int, seed: int, split: str) -> list[Sample]:
    """`n` texts a kind, the frames of its identifier taking turns."""
    frames = read_frames(FRAMES / "adversarial.txt")
    made = []
    for identifier, spellings in KINDS.items():
        chosen = split_frames(frames[identifier], split, every=2)
        for name, spell in spellings.items():
            if split == "dev" and name.endswith("*"):
                continue
            rng = random_of(split, f"adversarial {seed} {identifier} {name}")
            for turn in range(n):
                frame = chosen[turn % len(chosen)]
                value = spell(VALUES[identifier](rng), rng)
                start = frame.index("{v}")
                inside = [start + place for place, char in enumerate(value) if char.isalnum()]
                gold = Span(inside[0], inside[-1] + 1, identifier, 1.0, "gold")
                made.append(Sample(f"{identifier} {name}", frame, frame.replace("{v}", value), (gold,)))
    return made


if __name__ == "__main__":
    options = arguments(__doc__ or "", 24, "texts a kind").parse_args()
    measure_kinds("adversarial", samples(options.n, options.seed, options.split), options)
