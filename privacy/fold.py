"""Undoes disguises of a text before it is scanned, and maps each finding back to where it stood.

Covered: compatibility characters (NFKC), invisible and combining ones, look-alike letters inside Latin words, HTML, URL,
JSON and quoted-printable escapes (nested twice), defanged links ("hxxp", "[.]"), mark-up inside words, digits written
as words or one by one. Base64 is named (`readable_base64`), not decoded in place. Not covered: leetspeak, ciphers, pictures.
"""

from __future__ import annotations

import base64
import binascii
import html
import unicodedata
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import regex

from privacy.recognizers.prefilter import may_match
from privacy.rows import row_breaks


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as a recogniser should read it."""

    text: str = field(repr=False)
    starts: array[int] | None = None
    """For each character of `text` where its original begins; None while both texts are the same."""
    ends: array[int] | None = None
    spelled: tuple[tuple[int, int], ...] = ()
    """Ranges of `text` that were seven or more digits, written as words or one by one: nobody does so with a price."""
    letters: tuple[str, ...] = ()
    """Words of `text` that were letters one by one."""

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original text that [start, end) stands for; not empty, if it is not."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """The text without disguises. Linear in its length; a plain text comes back as it is."""
    page = _Page(text)
    if not text.isascii():
        page.plain_characters()
    for _ in range(2):
        before = page.text
        for literal, pattern, readable in _ESCAPES:
            if literal in page.text:
                page.rewrite(pattern, readable)
        if page.text == before:
            break
        if not page.text.isascii():
            page.plain_characters()
    if breaks := row_breaks(page.text):
        page.edit(breaks)
    for literals, pattern, readable in _DRESSED:
        if any(literal in page.text for literal in literals):
            page.rewrite(pattern, readable)
    page.text = _apart(page.text)
    joined: list[tuple[int, int]] = []
    if _SPACED_HINT.search(page.text):
        joined = page.rewrite(_SPACED_LETTERS, lambda match: _ONE_BLANK.sub("", match.group()))
    letters = tuple(page.text[start:end] for start, end in joined)
    spelled = page.rewrite(_SPELLED, _spelled_digits) if _SPELLED_HINT.search(page.text) else []
    if _DIGIT.search(page.text):
        spelled += page.rewrite(_SPACED, _joined_digits)
    runs = tuple(run for run in spelled if run[1] - run[0] >= 7)
    return Folded(page.text, page.starts, page.ends, runs, letters)


class _Page:
    """The text so far and the way back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: array[int] | None = None
        self.ends: array[int] | None = None

    def rewrite(
        self, pattern: regex.Pattern[str], readable: Callable[[regex.Match[str]], str | None]
    ) -> list[tuple[int, int]]:
        """Replaces matches (None leaves one as it is); gives the new ranges."""
        edits = [
            (match.start(), match.end(), new)
            for match in pattern.finditer(self.text)
            if (new := readable(match)) is not None
        ]
        if not edits:
            return []
        return self.edit(edits)

    def edit(self, edits: Sequence[tuple[int, int, str]]) -> list[tuple[int, int]]:
        """Puts each new text in place of its range, in order; gives the new ranges."""
        old = self.text
        starts = self.starts if self.starts is not None else array("l", range(len(old)))
        ends = self.ends if self.ends is not None else array("l", range(1, len(old) + 1))
        parts: list[str] = []
        new_starts, new_ends = array("l"), array("l")
        ranges, position, length = [], 0, 0
        for start, end, new in edits:
            parts += [old[position:start], new]
            length += start - position
            new_starts += starts[position:start] + array("l", [starts[start]]) * len(new)
            new_ends += ends[position:start] + array("l", [ends[end - 1]]) * len(new)
            ranges.append((length, length + len(new)))
            position, length = end, length + len(new)
        parts.append(old[position:])
        self.text = "".join(parts)
        self.starts, self.ends = new_starts + starts[position:], new_ends + ends[position:]
        return ranges

    def plain_characters(self) -> None:
        """Compatibility forms, invisible characters, accents that stand alone, foreign digits, look-alikes."""
        self.rewrite(_INVISIBLE, lambda match: "")
        self.rewrite(_COMBINED, lambda match: _composed(match.group()))
        table: dict[int, str] = {}
        longer: list[str] = []
        for char in set(self.text):
            if ord(char) < 128:
                continue
            plain = _plain(char)
            if len(plain) == 1:
                table[ord(char)] = plain
            else:
                longer.append(char)
        if longer:
            listed = regex.compile("[" + "".join(map(regex.escape, longer)) + "]")
            self.rewrite(listed, lambda match: _plain(match.group()))
        # One for one, so all offsets stay.
        self.text = self.text.translate(table)
        if _FOREIGN.search(self.text):
            self.text = _MIXED_WORD.sub(lambda match: match.group().translate(_LOOK_ALIKE), self.text)


_INVISIBLE = regex.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff"
    r"\U000e0000-\U000e01ef]++"
)
_COMBINED = regex.compile(r"\w\p{Mn}++")


def _composed(cluster: str) -> str | None:
    """Letter and accents as one character, else the letter alone (Devanagari and its like stay as they are)."""
    if not ("a" <= cluster[0].casefold() <= "z" or ord(cluster[0]) < 0x250):
        return None
    whole = unicodedata.normalize("NFKC", cluster)
    return whole if len(whole) == 1 else cluster[0]


def _plain(char: str) -> str:
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(char) == "Pd" or char in "\u2212\u2043":
        return "-"
    return _PUNCTUATION.get(char) or unicodedata.normalize("NFKC", char) or char


_PUNCTUATION = {"\u3002": ".", "\u2024": ".", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00b4": "'", "\u00b7": "\u00b7",
                "\u00aa": "\u00aa", "\u00ba": "\u00ba", "\u2116": "\u2116", "\u2215": "/", "\u2044": "/", "\u29f8": "/", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n"}  # fmt: skip
# Letters of other alphabets that look like Latin ones (from Unicode's confusables, the common ones).
_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕһԁԛԝɡӏАВЕКМНОРСТУХІЈЅԌαονρυικτχνΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijshdqwglABEKMHOPCTYXIJSGaovpuiktxvABEZHIKMNOPTYX",
)
_FOREIGN = regex.compile(r"[\p{Cyrillic}\p{Greek}\u0261]")
_MIXED_WORD = regex.compile(
    r"(?=[\w.@-]{0,64}[A-Za-z])(?=[\w.@-]{0,64}[\p{Cyrillic}\p{Greek}\u0261])(?<![\w.@-])[\w.@-]{2,64}(?![\w.@-])"
)


def _entity(match: regex.Match[str]) -> str | None:
    decoded = html.unescape(match.group())
    return decoded if decoded != match.group() and _readable(decoded) else None


def _readable(decoded: str) -> bool:
    """Letters, blanks of any kind, or invisible characters, but no controls."""
    return all(char.isprintable() or char.isspace() or unicodedata.category(char) == "Cf" for char in decoded)


def _percent(match: regex.Match[str]) -> str | None:
    return _utf8(unquote_to_bytes(match.group()))


def _quoted_printable(match: regex.Match[str]) -> str | None:
    if match.group() in ("=\n", "=\r\n"):
        return ""
    return _utf8(bytes.fromhex(match.group().replace("=", "")))


def _backslash(match: regex.Match[str]) -> str | None:
    code = int(match.group(1) or match.group(2), 16)
    return None if 0xD800 <= code < 0xE000 or not chr(code).isprintable() else chr(code)


def _utf8(encoded: bytes) -> str | None:
    try:
        decoded = encoded.decode()
    except UnicodeDecodeError:
        return None
    return decoded if _readable(decoded) else None


_ESCAPES: tuple[tuple[str, regex.Pattern[str], Callable[[regex.Match[str]], str | None]], ...] = (
    ("&", regex.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,24});"), _entity),
    ("%", regex.compile(r"(?:%[0-9a-fA-F]{2}){1,64}"), _percent),
    ("\\", regex.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})"), _backslash),
    # "a=40b" alone might be an assignment: a lone escape counts for '@', '.', '-' and space only.
    (
        "=",
        regex.compile(r"=\r?\n|(?<=\w)=(?:(?:40|20)(?=\p{L})|2[ED](?=\w))|(?:=[0-9A-F]{2}){2,64}"),
        _quoted_printable,
    ),
)


def _defanged(match: regex.Match[str]) -> str:
    word = match.group().strip("[](){}<> ").casefold()
    return {"dot": ".", "at": "@", "://": "://", "hxxp": "http", "hxxps": "https"}.get(word, word)


# Emphasis around whole words: "**Ada** _Berg_".
_EMPHASIS = regex.compile(r"(?<![\w*])(?:\*{1,3}|_{1,2})(?=\p{L})|(?<=\p{L})(?:\*{1,3}|_{1,2})(?![\w*])")
_DRESSED: tuple[
    tuple[tuple[str, ...], regex.Pattern[str], Callable[[regex.Match[str]], str | None]], ...
] = (
    (
        ("[", "(", "{", "<"),
        regex.compile(
            r"(?<=[\p{L}\p{N}])\s?(?:\[(?:\.|@|:|://|dot|at)\]|\((?:\.|@|dot|at)\)|\{(?:\.|@|dot|at)\}|<(?:dot|at)>)\s?(?=[\p{L}\p{N}/])",
            regex.IGNORECASE,
        ),
        _defanged,
    ),
    (
        ("hxxp", "hXXp", "HXXP"),
        regex.compile(r"(?<!\w)hxxps?(?=:|\[)", regex.IGNORECASE),
        lambda match: match.group().casefold().replace("xx", "tt"),
    ),
    # Tags and emphasis between two letters or digits hide a word; elsewhere they are mark-up. "_" joins names, so it stays.
    (
        ("<",),
        regex.compile(r"(?<=[\w.@-])(?:<!--.{0,60}?-->|</?(?:b|i|u|em|strong|span|wbr|font|mark|code|a)(?:\s[^<>]{0,80})?/?>){1,4}(?=[\w.@-])"),
        lambda match: "",
    ),
    (("*", "_"), _EMPHASIS, lambda match: ""),
    ((" dot ", " point "), regex.compile(r"(?<=\d)[ ](?:dot|point)[ ](?=\d)"), lambda match: "."),
    (("*", "`", "~~", "__"), regex.compile(r"(?<=[\p{L}\p{N}.@-])(?:\*{1,3}|`|~~|__)(?=[\p{L}\p{N}.@-])"), lambda match: ""),
)  # fmt: skip

_SPACED_LETTERS = regex.compile(r"(?<![\w'’])\p{L}(?:[ ]{1,3}(?:-[ ])?\p{L}){4,40}(?![\w'’])")
# Two of them on their way: most texts have one at most.
_SPACED_HINT = regex.compile(r"[ ]\p{L}[ ]{1,3}(?:-[ ])?\p{L}[ ]")
_ONE_BLANK = regex.compile(r"(?<![ ])[ ](?![ ])")
_DIGIT_LIKE = str.maketrans("lIOo", "1100")
_LETTER_DIGITS = regex.compile(
    r"(?<!\w)(?=[\dlIOo -]{0,10}\d)[\dlIOo]{3}(?:-[\dlIOo]{2}-| [\dlIOo]{2} )[\dlIOo]{4}(?!\w)"
    r"|(?<!\w)(?=[\dlIOo. -]{0,12}\d)[\dlIOo]{3}([-. ])[\dlIOo]{3}\1[\dlIOo]{4}(?!\w)"
)
_LETTER_DIGITS_HINT = regex.compile(r"[\dlIOo]{3}[-. ][\dlIOo]{2,3}[-. ][\dlIOo]{4}")
_BROKEN = regex.compile(r"(?<=\d)-\r?\n(?=\d)|(?<=(?<!\d)\d{4})\n(?=\d{4}[ -]\d{4}(?!\d))")


def _apart(text: str) -> str:
    """What can be put right in place: underscores and line breaks between digits, letters that stand for digits."""
    if _DIGIT.search(text) is None:
        return text
    if not text.isascii():
        text = _MIDDLE_DOT.sub(".", text)
    if "_" in text:
        text = _UNDERSCORE.sub("-", text)
    if "\n" in text:
        text = _BROKEN.sub(
            lambda match: " " * (len(match.group()) - 1) + ("-" if match.group()[0] == "-" else " "), text
        )
    if _LETTER_DIGITS_HINT.search(text) is None:
        return text
    return _LETTER_DIGITS.sub(lambda match: match.group().translate(_DIGIT_LIKE), text)


_DIGIT = regex.compile(r"\d")
_MIDDLE_DOT = regex.compile(r"(?<=\d)[\u00b7\u2022\u2219\u30fb](?=\d)")
_UNDERSCORE = regex.compile(r"(?<=\d)_(?=\d)")

_UNITS = {"zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "null": "0", "one": "1", "two": "2", "three": "3",
          "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9"}  # fmt: skip
_TEENS = {"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
          "seventeen": "17", "eighteen": "18", "nineteen": "19"}  # fmt: skip
_TENS = {"twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9"}  # fmt: skip
_NUMBER_WORD = "|".join([*_UNITS, *_TEENS, *_TENS, "hundred", "double", "triple"])
# What a caller says between two digits.
_FILLER = r"(?:dash|hyphen|space|dot|point|um+|uh+|uhm|erm?|ah|(?:no[\s,]{1,2})?sorry)"
_SPELLED_HINT = regex.compile(r"(?<!\w)(?:one|two|three|four|five|six|seven|eight|nine|zero|oh)(?!\w)", regex.IGNORECASE)  # fmt: skip
_SPELLED = regex.compile(
    rf"(?<![\w'’])(?:(?:[B-HJ-Z][\s,.-]{{1,3}}){{1,3}}(?={_NUMBER_WORD}))?(?:{_NUMBER_WORD}|\d{{1,4}})(?:[\s,.-]{{1,3}}(?:{_FILLER}[\s,]{{1,2}}){{0,2}}(?:{_NUMBER_WORD}|\d{{1,4}})){{4,60}}(?!\w)",
    regex.IGNORECASE,
)
_SAID_BETWEEN = frozenset("dash hyphen space dot point um umm uh uhh uhm er erm ah no sorry".split())
_SPACED = regex.compile(
    r"(?<![\w.-])\d(?:[ \u00a0_-]{1,3}\d|[.]\d){6,24}(?![\w]|[.-]\d)|(?<![\w(.-])(?:\(\d\)[ -]?){7,20}(?!\w)"
)
_WORD = regex.compile(r"[A-Za-z]+|\d+")


def _spelled_digits(match: regex.Match[str]) -> str | None:
    """The letters and digits of a run of number words; None if there are fewer than five or most were digits all along."""
    words = [word.casefold() for word in _WORD.findall(match.group())]
    if sum(word.isalpha() for word in words) < max(3, len(words) / 2):
        return None
    letters, digits, times, tens = "", "", 1, False
    for word in words:
        if word in _SAID_BETWEEN:
            continue
        if len(word) == 1 and not word.isdigit() and word not in _UNITS:
            letters += word
        elif word in ("double", "triple"):
            times, tens = 2 if word == "double" else 3, False
        elif word == "hundred":
            digits, tens = digits + "00", False
        elif word in _TENS:
            digits, tens = digits + _TENS[word] + "0", True
        else:
            unit = _UNITS.get(word) or (word if word.isdigit() else None)
            if unit is not None and tens and unit != "0":
                digits = digits[:-1] + unit
            elif unit is not None:
                digits += unit * times
            else:
                digits += _TEENS.get(word, "")
            times, tens = 1, False
    return letters + digits if len(digits) >= 5 else None


def _joined_digits(match: regex.Match[str]) -> str | None:
    # "1.2.3.4.5.6.7" is a list or a version; with other separators too it is a disguise.
    kinds = {char for char in match.group() if not char.isdigit()}
    return None if kinds <= {"."} else "".join(char for char in match.group() if char.isdigit())


_BASE64 = regex.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{16,4096}={0,2}(?![\w+/=])")


def readable_base64(text: str) -> list[tuple[int, int]]:
    """Ranges of words that are base64 of a text: they can be read by anybody, so they must not pass."""
    found: list[tuple[int, int]] = []
    if not may_match(_BASE64, text):
        return found
    for match in _BASE64.finditer(text):
        word = match.group()
        if len(word) % 4 or not (
            any(char.isdigit() or char in "+/=" for char in word) and any(map(str.isupper, word))
        ):
            continue
        for _ in range(2):
            try:
                word = base64.b64decode(word, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError, ValueError):
                break
            if len(word) >= 8 and word.isprintable() and word.isascii():
                found.append(match.span())
                break
    return found
