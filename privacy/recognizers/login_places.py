"""Finds user names by where they stand: whoever speaks in a chat, whose a file in a folder of persons is, behind a word for a customer.

Covered: words that are no word of the language. Not covered: names that are words.
"""

from __future__ import annotations

from collections import Counter

import regex

from privacy.recognizers.login_forms import is_no_word
from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.topics import FIRST_PERSON, SOMEBODY, WORD

# A line of a chat; settings have a value behind the colon, talk has words.
_SPEAKS = regex.compile(
    r"^[ \t]{0,4}(?:[\[(][^\])\n]{1,24}[\])][ ]?)?(?P<x>(?=[a-z.]*[_.\d])[a-z][a-z\d._-]{3,30}):[ ](?=\p{L}[\p{L}'’]*[ ,.!?\n]|\p{L}+$)", regex.MULTILINE
)  # fmt: skip
_FILE_OF = regex.compile(
    r"[/\\](?:home|users?|people|staff|personnel|hr|payroll|employees?|patients?|clients?|customers?|members?|profiles?|mail|maildir|mailboxes|personal|accounts?)[/\\](?P<x>[a-z][a-z\d_-]{3,30})(?:\.[a-z\d]{2,5})?(?![\w/\\.-])",
    regex.IGNORECASE,
)
_OF_CUSTOMER = regex.compile(
    r"(?<!\w)(?:cust(?:omer)?|client|subscriber|acct|reported by|raised by|logged by|esc(?:alated)? by|handled by|assigned)[ :=]{1,2}(?P<x>[a-z][a-z\d._-]{3,24}[a-z\d])(?![\w@/(=-]|\.\w)"
)
_SPEAKERS_OF_CHATS = frozenset("bot agent support system assistant user visitor customer admin".split())


def find_login_places(text: str, clock: Clock, words: frozenset[str]) -> list[tuple[int, int, float, str]]:
    """Start, end, score and the rule's name of each; `words` are everyday ones, without which there are none. Raises TimeoutError."""
    if not words:
        return []
    found = [
        (*match.span("x"), 0.4, name)
        for name, pattern in (("whose file", _FILE_OF), ("login of a customer", _OF_CUSTOMER))
        for match in matches(pattern, text, clock)
        if is_no_word(match["x"], words)
    ]
    lines = [match for match in matches(_SPEAKS, text, clock) if is_no_word(match["x"], words)]
    often = Counter(match["x"] for match in lines)
    if any(count > 1 for count in often.values()) and any(
        word.group().casefold() in _TALK for word in WORD.finditer(text)
    ):
        found += [(*match.span("x"), 0.4, "speaker of a chat") for match in lines]
    return found


_TALK = FIRST_PERSON | SOMEBODY | _SPEAKERS_OF_CHATS
