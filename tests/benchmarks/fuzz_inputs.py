"""What the fuzzing feeds: generated texts, mutated sentences, and strings that are made to be slow.

Every input carries a marker of its own, invented letters that stand nowhere else: what shows up in a log is then known.
"""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SENTENCES = (
    "Hello, my name is Ann Lee and I was born on 12 March 1980 in Leeds.",
    "Call Dr. Jane O'Neil-Smith on +44 20 7946 0958 or (555) 010-4477 ext. 12, please.",
    "Card 4111 1111 1111 1111, CVV 123, exp 09/27; IBAN DE89 3704 0044 0532 0130 00.",
    "Send it to 221B Baker Street, Flat 4, London NW1 6XE before 2024-05-06T07:08:09Z.",
    "mail jane.doe+x@corp.example, password: hunter2!, host 10.1.2.3, fe80::1, 00:1A:2B:3C:4D:5E",
    "SSN 078-05-1120, NHS 943 476 5919, MRN: 00123456, policy ABC-123456, plate AB12 CDE.",
    "key AKIAIOSFODNN7EXAMPLE secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY -----BEGIN RSA PRIVATE KEY-----",
    "https://user:pw@host.example:8443/path?token=abc&id=5#frag visited by @jdoe_91 at 51.5034, -0.1276",
    "Version 1.2.3-rc4, error 0x80070057, part 10-4432-A, price EUR 1,299.00, order ORD-2024-000123.",
    "Der Kunde Jürgen Müller-Lüdenscheidt, geboren am 3.4.1975, wohnt in der Schloßstraße 12a, 12163 Berlin.",
)
PIECES = (
    " ", "\n", "\t", "\r\n", "\x00", "\x1b[31m", "\u200b", "\u200d", "\ufeff", "\u202e", "\u0301", "\ud7ff", "\U0001f600",
    "@", ".", "-", "_", "/", "\\", ":", ";", ",", "'", '"', "<", ">", "&amp;", "&#64;", "%40", "%", "=", "==", "+", "(", ")", "[", "]",
    "{", "}", "#", "0", "1", "9", "00", "12", "4111", "078-05-1120", "a", "A", "ann", "Ann", "Lee", "Dr.", "Mr", "St.", "GB", "DE89",
    "http://", "www.", "mailto:", "at", "dot", "one two three", "ｊａｎｅ", "１２３", "²", "İ", "ß", "ﬁ", "Ⅷ", "٣", "१", "AKIA", "ghp_",
    "-----BEGIN", "eyJ", "password=", "born", "SSN", "MRN", "card", "№", "\u2028", "\x85", "\xa0",
)  # fmt: skip

HOSTILE: dict[str, str] = {
    "a.": "a.", "a@": "a@", "a-": "a-", "1-": "1-", "1.": "1.", "1 ": "1 ", "1:": "1:", "1/": "1/", "0": "0", "a": "a", "A": "A",
    "blank": " ", "newline": "\n", "tab": "\t", "A b ": "A b ", "Aa Bb ": "Aa Bb ", "Ann ": "Ann ", "Ann Lee, ": "Ann Lee, ",
    "www.": "www.", "http://": "http://", "a@b.": "a@b.", "a.b@c.d ": "a.b@c.d ", "@": "@", "@a ": "@a ", ".": ".", "-": "-", "-a": "-a",
    "'": "'", "O'": "O'", "(": "(", "(1": "(1", "+1 ": "+1 ", "+": "+", "&#": "&#", "&amp;": "&amp;", "%40": "%40", "%": "%", "=": "=",
    "zero-width": "a\u200b", "combining": "a\u0301", "full width": "１ａ", "emoji": "\U0001f600", "rtl": "\u202ea",
    "digits as words": "one two ", "at dot": "a at b dot c ", "iban": "DE89 3704 ", "card": "4111 ", "card-": "4111-", "hex": "0af:",
    "ipv6": "fe80:", "mac": "00:1A:", "uuid": "1234abcd-", "dates": "1/2/3 ", "months": "May 1 ", "street": "1 Main St ",
    "street long": "12 A B C D E F G H ", "postcode": "AB1 2CD ", "titles": "Dr. Mr. ", "company": "A & B Co ", "of and": "A of B and ",
    "password": "password: ", "key=": "key=", "jwt": "eyJhbGci.", "base64": "QUJD ", "base64 long": "QUJD" * 30 + " ",
    "pem": "-----BEGIN KEY-----\n", "json": '{"a":', "brackets": "[{(", "xml": "<a b='", "slashes": "\\/", "born": "born on ",
    "ssn": "078-05-1120 ", "ids": "AB-1234 ", "coordinates": "51.5, -0.1 ", "149 letters": "a" * 149 + " ", "149 dots": "a." * 74 + " ",
    "ann ann": "ann lee ", "prose": "The meter was read by the customer on a rainy day, and nobody came. ",
    "pii prose": "Ann Lee of 12 Main Street, Leeds, born 1 May 1980, ann@corp.example. ",
}  # fmt: skip
"""Name -> what is repeated to 64 kB."""


def marker(number: int) -> str:
    """Letters of an input's own, in no language."""
    letters = "".join("bdfgklmprvxz"[number // 12**place % 12] for place in range(5))
    return f"wq{letters}qw"


def generate(n: int, start: int) -> list[str]:
    """Texts, each with its marker, as `marker` numbers them.

    The same for the same n and start in the same program: Hypothesis also draws on the constants of the modules that
    are loaded, so keep the failing texts rather than their numbers.
    """
    texts: list[str] = []

    @seed(start)
    @settings(
        max_examples=n,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(_texts(), st.integers(0, 1 << 30))
    def collect(text: str, place: int) -> None:
        if len(texts) < n:
            place %= len(text) + 1
            texts.append(f"{text[:place]} {marker(len(texts))} {text[place:]}")

    while len(texts) < n:  # fewer come where a strategy repeats itself
        collect()
    return texts


def _texts() -> st.SearchStrategy[str]:
    soup = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
    repeated = st.tuples(
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join), st.integers(1, 400)
    )
    anything = st.text(st.characters(codec="utf-8"), max_size=200)
    values = st.recursive(
        st.none() | st.booleans() | st.floats() | anything | st.sampled_from(SENTENCES),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
        max_leaves=8,
    )
    return st.one_of(
        _mutated(),
        _mutated(),
        soup,
        repeated.map(lambda pair: pair[0] * pair[1]),
        anything,
        values.map(json.dumps),
    )


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """A sentence or two, with up to six changes of the kinds that people and programs make."""
    text = " ".join(draw(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, max(0, len(text) - 1)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        change: Callable[[str], str] = draw(st.sampled_from(CHANGES))
        text = text[:start] + change(text[start:end]) + text[end:]
    return text


CHANGES: tuple[Callable[[str], str], ...] = (
    lambda part: "",
    lambda part: part * 3,
    str.upper,
    str.lower,
    lambda part: part[::-1],
    lambda part: " ".join(part),
    lambda part: "\u200b".join(part),
    lambda part: "\u0301".join(part),
    lambda part: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in part),
    lambda part: html.escape(part) + "&#x40;",
    urllib.parse.quote,
    lambda part: base64.b64encode(part.encode()).decode(),
    lambda part: part.encode("utf-8").decode("latin-1"),
    lambda part: f"\u202e{part}\u202c",
    lambda part: part.replace(" ", "\n"),
    lambda part: f"<b>{part}</b>",
    lambda part: part.translate(str.maketrans("aeo01", "аео\u0660\u0661")),
)
