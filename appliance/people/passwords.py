"""Passwords: the rule for new ones (after NIST SP 800-63B-4), their hashes (argon2id, the library's defaults), one-time ones.

No rule about kinds of characters and no expiry: they make people choose worse ones.
"""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata

SHORTEST = 12
LONGEST = 256
_FEWEST_DIFFERENT = 5
_COMMON = frozenset(
    """
    abcdefghijkl abcd adminadmin admin administrator azerty baseball bigdaddy changeme charlie chelsea computer correcthorse
    correcthorsebatterystaple default dragon football forever freedom goodmorning guest hello iloveyou internet jennifer
    jordan letmein liverpool login master michael monkey mustang mypassword nothing operator passphrase passw password
    pokemon princess privacyofficer qazwsxedcrfv qwerty qwertyuiop qwertyuiopasdfghjkl root secret shadow starwars
    stillhouse student summer winter spring autumn sunshine superman system teacher temporary test thisisapassword
    trustno unknown user welcome whatever zaqxswcdevfr zxcvbnm
    """.split()
)
"""Words that, alone or repeated, with digits and signs around, make the first passwords anyone tries."""
_RUNS = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)
_LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")
_AROUND = "0123456789!?.,;:#*+-_ "
"""What people put before and behind a word."""
_ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No two that are read as each other."""
_AT_ONCE = threading.Semaphore(2)
"""One check takes 64 MiB: a flood of log-ins must not take the machine's memory."""


class WeakPassword(ValueError):
    """One line: what the password lacks. Never the password."""


def check_rule(password: str, name: str) -> None:
    """Raises WeakPassword unless it may become the password of the account `name`."""
    folded = normal(password).casefold()
    if len(folded) < SHORTEST:
        raise WeakPassword(f"the password is too short: take {SHORTEST} characters or more, say four words")
    if len(password) > LONGEST:
        raise WeakPassword(f"the password is too long: take {LONGEST} characters or fewer")
    if len(set(folded)) < _FEWEST_DIFFERENT:
        raise WeakPassword("the password repeats a few characters: take four words, say")
    if name.casefold() in folded and len(folded) - len(name) < SHORTEST:
        raise WeakPassword("the password is little more than the account's name: take four words, say")
    if _is_common(folded):
        raise WeakPassword("the password is among the first that anyone tries: take four words, say")


def _is_common(folded: str) -> bool:
    inner = folded.strip(_AROUND)
    words = {re.sub("[^a-z]", "", text) for text in (folded, inner, inner.translate(_LOOK_ALIKES))}
    keys = re.sub("[^a-z0-9]", "", folded)
    return any(_repeats(text, word) for text in words for word in _COMMON) or (
        2 * len(keys) > len(folded) and any(keys in run + run for run in _RUNS)
    )


def _repeats(text: str, word: str) -> bool:
    return (
        bool(text) and text == (word * (len(text) // len(word) + 1))[: len(text)] and len(text) >= len(word)
    )


def normal(password: str) -> str:
    """One form for what different keyboards make of the same characters."""
    return unicodedata.normalize("NFKC", password)


def hashed(password: str) -> str:
    from argon2 import PasswordHasher

    with _AT_ONCE:
        return PasswordHasher().hash(normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether it is the password; the same work where there is none stored."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    with _AT_ONCE:
        hasher = PasswordHasher()
        try:
            if not stored or len(password) > LONGEST:
                hasher.hash(normal(password[:LONGEST]))
                return False
            return hasher.verify(stored, normal(password))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether the library's defaults have become stronger since."""
    from argon2 import PasswordHasher

    return PasswordHasher().check_needs_rehash(stored)


def one_time() -> str:
    """Four groups of four, about 79 bits."""
    return "-".join("".join(secrets.choice(_ONE_TIME_ALPHABET) for _ in range(4)) for _ in range(4))
