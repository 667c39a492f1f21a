r"""Finds secrets: keys and tokens by issuer, passwords, one-time codes, private keys, session cookies.

One pass of an automaton over the text finds the literals that secrets have near them; only there is a pattern tried, so a
text without any costs microseconds. Covered: the issuers in `secret_families`, and what a word, a header, a URL or a file
format calls a secret, in prose, configuration, code and logs. Not covered: a password that is one plain word without quotes
("the password is sunshine"), a key of no known issuer that nothing announces, secrets inside archives or images.
"""

from __future__ import annotations

import re
from functools import cache

import ahocorasick

from privacy.recognizers.rule import Clock, matches
from privacy.recognizers.secret_carriers import CARRIERS
from privacy.recognizers.secret_families import (
    MARKLESS,
    TOKENS,
    Family,
    is_discord,
    is_drawn,
    is_userinfo,
    is_wif,
)
from privacy.recognizers.secret_shapes import is_seed_phrase
from privacy.recognizers.secret_told import TOLD
from privacy.recognizers.secret_words import WORDED
from privacy.records import Span

# A run as long as this that is refused is not looked into again: the caller masks such runs whole, and text made to
# refuse at each of its literals would take time that grows with its square.
_UNBROKEN_CHARS = 150
_MAX_ARMOUR = 20_000
_ARMOUR = re.compile(r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,3}(?:PRIVATE KEY(?: BLOCK)?|MESSAGE)-----")
_ARMOUR_END = re.compile(r"-----END [A-Z0-9 ]{3,40}-----(?:\\[nr]){0,2}")
_PUBLIC_ARMOUR = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}(?:PUBLIC KEY(?: BLOCK)?|CERTIFICATE|CERTIFICATE REQUEST|CRL|PARAMETERS|SIGNATURE)-----"
    r"(?:\s{0,2}[A-Z][a-z]{3,10}: [^\n]{0,80}){0,4}(?:[A-Za-z0-9+/=\s]|\\[nr]){0,20000}+-----END "
)
_ARMOUR_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s]|\\[nr])*+")
_KEY_TEXT = re.compile(r"[A-Za-z0-9+/=]{24}")

_HEX = re.compile("[0-9a-f]+|[0-9A-F]+")
_CHECKSUM = re.compile(r"(?i)(?:\b(?:md5|sha[0-9]{1,3}|b2)(?:sum|\sof)\b|checksum|fingerprint|digest)[^\n]*$")

_PHRASE_LINE = re.compile(r"^[\"'> ]{0,4}(?P<x>(?:[a-z]{3,8} ){11,23}+[a-z]{3,8})(?=[\"'.]?\s*$)", re.M)
_PRODUCT_KEY = re.compile(r"(?<![\w-])(?P<x>(?:(?=[A-Z0-9]{0,4}[A-Z])[A-Z0-9]{5}-){4}[A-Z0-9]{5})(?![\w-])")
_JWT = re.compile(
    r"(?<![A-Za-z0-9_-])eyJ[\w-]{10,}+\.(?:eyJ|[A-Za-z0-9])[\w-]{8,}+(?:\.[\w-]{0,}+){0,3}", re.ASCII
)
_URL_PASSWORD = re.compile(
    r"://(?:[^\s/?#:@\"'<>\\]{0,80}+:(?P<x>[^\s/@\"'<>\\]{1,200}+)|(?P<y>[0-9a-f]{32}))@[\w.\[-]"
)
_STAND_IN = re.compile(
    r"(?i)[*.x]+|\$[{(].*|\$[A-Za-z_]+[0-9]?|\{.*|%[({s].*|<.*|\[.*|(?:my|your|the|some|db|user|test)?[_-]?(?:p(?:ass)?w(?:or)?d|pass|passw|secret|token|key)"
    r"|p|pw|s3cret|tiger|port|changeme|example|redacted"
)

_STRUCTURES = (
    Family("json web token", ("eyj",), _JWT, 0.99, is_drawn),
    Family("htpasswd hash", ("{sha}", "{ssha", "{md5}", "{smd5}", "{crypt}"), re.compile(r"\{(?:S?SHA(?:256|384|512)?|S?MD5|CRYPT)\}[A-Za-z0-9+/$.]{13,120}+={0,2}", re.I), 0.95),
    Family(
        "password hash",
        ("$2a$", "$2b$", "$2y$", "$1$", "$5$", "$6$", "$7$", "$8$", "$9$", "$y$", "$apr1$", "$p$", "$h$", "$s$"),
        re.compile(
            r"\$(?:2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}|(?:1|apr1)\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}"
            r"|[PH]\$[./A-Za-z0-9]{31}|S\$[./A-Za-z0-9]{50,55}|[89]\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43}|9\$[A-Za-z0-9./-]{8,90}+"
            r"|[567]\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43,86}+|y\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43})"
        ),
        0.99,
        is_drawn,
    ),
    Family(
        "password hash",
        ("$argon2", "$scrypt", "$pbkdf2", "pbkdf2_sha", "pbkdf2:sha", "scrypt:"),
        re.compile(r"(?i:\$argon2(?:id|i|d)|\$scrypt|\$pbkdf2(?:-sha[0-9]{1,3})?|pbkdf2[_:]sha[0-9]{1,3}|scrypt)[:$][\w=,.:/+$-]{40,250}+=?"),
        0.99,
        is_drawn,
    ),
    Family("kubernetes client key", ("client-key-data",), re.compile(r"client-key-data[\"']?:\s{0,3}[\"']?(?P<x>[A-Za-z0-9+/]{60,20000}+={0,2})"), 0.99),
    Family("docker credentials", ('"auth"',), re.compile(r'"auth"\s{0,3}:\s{0,3}"(?P<x>[A-Za-z0-9+/]{6,400}+={0,2})"'), 0.99, is_userinfo),
    Family("basic credentials", ("basic ",), re.compile(r"(?i:basic)\s{1,3}(?P<x>[A-Za-z0-9+/]{6,400}+={0,2})"), 0.95, is_userinfo),
    Family("one-time password URI", ("otpauth://",), re.compile(r"otpauth://[^\s\"'<>]{1,200}?[?&]secret=(?P<x>[A-Za-z2-7]{16,128}+)"), 0.99),
    Family("putty key", ("private-lines:",), re.compile(r"Private-Lines:\s?[0-9]{1,3}\s{1,2}(?P<x>(?:[A-Za-z0-9+/=]{1,64}\s?){1,100}(?=Private-|\s|$))"), 0.99),
    Family("wi-fi code", ("wifi:",), re.compile(r"WIFI:[^\n]{0,80}?P:(?P<x>(?:\\.|[^;\\\n]){4,64}+);", re.I), 0.95),
)  # fmt: skip

_FAMILIES = (*TOKENS, *_STRUCTURES, *WORDED, *CARRIERS, *TOLD)


@cache
def _automaton() -> ahocorasick.Automaton:
    """Literal -> (its length, its families)."""
    by_anchor: dict[str, list[int]] = {}
    for number, family in enumerate(_FAMILIES):
        for anchor in family.anchors:
            by_anchor.setdefault(anchor, []).append(number)
    for anchor in ("-----begin", "://"):
        by_anchor.setdefault(anchor, [])
    automaton = ahocorasick.Automaton()
    for anchor, numbers in by_anchor.items():
        automaton.add_word(anchor, (anchor, tuple(numbers)))
    automaton.make_automaton()
    return automaton


def find_secrets(text: str, clock: Clock) -> list[Span]:
    """Spans of every secret, raw text in: long unbroken tokens are found whole. Raises TimeoutError."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose lower case is two: places must stay the same
        lowered = "".join(char if len(char.lower()) != 1 else char.lower() for char in text)
    spans = [*_markless(text, clock), *_bare(text)]
    done = [0] * len(_FAMILIES)
    armour_end = public_end = 0
    for last, (anchor, numbers) in _automaton().iter(lowered):
        at = last + 1 - len(anchor)
        clock.left_s()
        if at < public_end:
            continue
        if anchor == "-----begin" and at >= armour_end and (span := _armour(text, at)):
            spans.append(span)
            armour_end = span.end
        elif anchor == "-----begin" and (public := _PUBLIC_ARMOUR.match(text, at)):
            public_end = public.end()
        elif anchor == "://" and (span := _url_password(text, at)):
            spans.append(span)
        for number in numbers:
            if at < done[number]:
                continue
            family = _FAMILIES[number]
            if (found := _match(family, text, at, last + 1)) is None:
                continue
            start, end = found.span("x" if "x" in family.pattern.groupindex else 0)
            if (family.accept is None or family.accept(text[start:end])) and not _is_checksum(
                text, at, start, end
            ):
                spans.append(Span(start, end, "SECRET", family.score, family.name))
                done[number] = end
            elif end - start >= _UNBROKEN_CHARS and " " not in text[start:end]:
                done[number] = end
    return spans


def _match(family: Family, text: str, at: int, end: int) -> re.Match[str] | None:
    if family.window is not None:
        before, behind = family.window
        return family.pattern.search(text, max(0, at - before), end + behind)
    return family.pattern.match(text, at)


def _is_checksum(text: str, at: int, start: int, end: int) -> bool:
    """A digest of something, said before the word that announces: "the md5sum of the token list is ..."."""
    return end - start in (32, 40, 56, 64, 96, 128) and bool(
        _HEX.fullmatch(text, start, end) and _CHECKSUM.search(text, max(0, at - 40), at)
    )


def _url_password(text: str, at: int) -> Span | None:
    found = _URL_PASSWORD.match(text, at)
    if found is None:
        return None
    group = "x" if found["x"] is not None else "y"
    return (
        None
        if _STAND_IN.fullmatch(found[group])
        else Span(*found.span(group), "SECRET", 0.97, "password in URL")
    )


def _markless(text: str, clock: Clock) -> list[Span]:
    """Secrets with a shape, but no literal to look for."""
    spans = []
    for found in matches(MARKLESS, text, clock):
        name, value = found.lastgroup, found[0]
        assert name is not None
        if {"wif": is_wif, "discord_bot": is_discord}.get(name, is_drawn)(value):
            spans.append(
                Span(
                    found.start(),
                    found.end(),
                    "SECRET",
                    1.0 if name == "wif" else 0.97,
                    name.replace("_", " "),
                )
            )
    return spans


def _bare(text: str) -> list[Span]:
    """A line that is nothing but a wallet's words, and a product key of five times five: both need no word."""
    found = [match.span("x") for match in _PHRASE_LINE.finditer(text) if is_seed_phrase(match["x"])]
    if text.count("-") >= 4:
        found += [match.span("x") for match in _PRODUCT_KEY.finditer(text) if is_drawn(match["x"])]
    return [Span(start, end, "SECRET", 0.9, "recovery phrase or product key") for start, end in found]


def _armour(text: str, start: int) -> Span | None:
    """A PEM or PGP block from its first line to its last, or, cut off, as far as it goes. A first line alone is no secret."""
    head = _ARMOUR.match(text, start)
    if head is None:
        return None
    stop = text.find("-----BEGIN", head.end(), head.end() + _MAX_ARMOUR)
    stop = stop if stop >= 0 else min(len(text), head.end() + _MAX_ARMOUR)
    if tail := _ARMOUR_END.search(text, head.end(), stop):
        end = tail.end()
    else:
        body_match = _ARMOUR_BODY.match(text, head.end(), stop)
        assert body_match is not None  # it may be empty
        end = body_match.end()
    return Span(start, end, "SECRET", 1.0, "private key") if _KEY_TEXT.search(text, head.end(), end) else None
