"""Finds the strings and numbers of a JSON text where they stand, so that they can be scanned and replaced
in place.

Covered: any valid JSON; the text around the leaves stays as it was. Not covered: text that is not valid
JSON (`leaves` returns None; scan it as plain text).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import regex

_TOKEN = regex.compile(r'"(?:[^"\\]++|\\.)*+"|-?\d[\d.eE+-]*+')
_ESCAPE = regex.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", regex.DOTALL
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string, a key or a number of the JSON text."""

    start: int
    """Where its token starts in the JSON text, quotes included."""
    end: int
    value: str = field(repr=False)
    """The decoded string, or the number as written."""
    is_string: bool
    label: str = field(repr=False)
    """The key it stands under, as words ("order_id" -> "order id"); empty for keys and at the top."""
    offsets: tuple[int, ...] = field(repr=False)
    """Position in the JSON text of each character of `value`, and of its end."""


def leaves(text: str) -> list[Leaf] | None:
    """Every string, key and number; None if the text is not JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    found: list[Leaf] = []
    label = ""
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        token = match.group()
        is_string = token.startswith('"')
        after = end
        while after < len(text) and text[after] in " \t\r\n":
            after += 1
        is_key = is_string and after < len(text) and text[after] == ":"
        value = json.loads(token) if is_string else token
        offsets = _offsets(token, start) if is_string else tuple(range(start, end + 1))
        found.append(Leaf(start, end, value, is_string, "" if is_key else label, offsets))
        if is_key:
            label = regex.sub(r"[_\W]+", " ", regex.sub(r"(?<=\p{Ll})(?=\p{Lu})", " ", value)).strip()
    return found


def _offsets(token: str, start: int) -> tuple[int, ...]:
    """For each decoded character the place of its escape or itself."""
    offsets = []
    position = 1
    while position < len(token) - 1:
        match = _ESCAPE.match(token, position, len(token) - 1)
        assert match is not None, "valid JSON has only whole escapes"
        offsets.append(start + position)
        position = match.end()
    return (*offsets, start + len(token) - 1)


def encode(leaf: Leaf, value: str) -> str:
    """The leaf's token with another value. A number that is no number any more becomes a string."""
    if not leaf.is_string:
        try:
            number = json.loads(value)
        except ValueError:
            number = None
        if isinstance(number, int | float) and not isinstance(number, bool):
            return value
    return json.dumps(value, ensure_ascii=False)
