"""A secret told in a sentence, a prompt or a named setting is found in any of the languages; what is said of one is not."""

from __future__ import annotations

import random

import pytest

from privacy.recognizers.rule import Clock
from privacy.recognizers.secrets import find_secrets

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def drawn(n: int, alphabet: str = ALNUM) -> str:
    """The same n characters each time; built here so that no scanner of repositories sees a key."""
    return "".join(random.Random(f"{n} {alphabet}").choices(alphabet, k=n))


PASSWORD = "sombrero" + "Vela29!x"
KEY = drawn(40)
HASH = drawn(32, "0123456789abcdef")
LICENCE = "WX4K9-7TRQ2-" + "MB8VN-P6HD3-ZC5FJ"
WORDS = "walnut cradle " + "magnet zebra cherry bubble champion garlic yellow bachelor arrow genius"

TOLD = [
    (f"Das Kennwort wurde auf {PASSWORD} geändert.", PASSWORD),
    (f"Passwort für den Server db01 ist jetzt {PASSWORD}", PASSWORD),
    (f"Votre mot de passe provisoire : {PASSWORD}", PASSWORD),
    (f"il a changé le mot de passe en {PASSWORD}", PASSWORD),
    (f"Usuario: jlopez Clave: {PASSWORD}", PASSWORD),
    (f"het wachtwoord van de server is nu {PASSWORD}", PASSWORD),
    (f"Adgangskode: {PASSWORD}", PASSWORD),
    (f"Zugangsdaten: anna / {PASSWORD}", PASSWORD),
    (f"Enter passphrase for key '/home/k/.ssh/id_ed25519': {PASSWORD}", PASSWORD),
    (f"ssh-keygen -t ed25519 -N '{PASSWORD}' -f key", PASSWORD),
    (f"jdbc:oracle:thin:scott/{PASSWORD}@db01:1521:orcl", PASSWORD),
    (f"snmp_community: {PASSWORD}", PASSWORD),
    (f"if ($pw -eq '{PASSWORD}') {{", PASSWORD),
    (f'variable "db_password" {{ default = "{PASSWORD}" }}', PASSWORD),
    (f'- name: DB_PASSWORD\n  value: "{PASSWORD}"', PASSWORD),
    (f'{{"name": "API_TOKEN", "value": "{KEY}"}}', KEY),
    (f"Der API-Schlüssel lautet {KEY}", KEY),
    (f"Clé secrète : {KEY}", KEY),
    (f"AKIA{drawn(16, ALNUM[:26])},{KEY}", KEY),
    (f"NTLM hash of anna: {HASH}", HASH),
    (f"psexec.py -hashes {HASH}:{HASH[::-1]} anna@fs1", HASH[::-1]),
    (f'new ethers.Wallet("0x{HASH}{HASH[::-1]}")', HASH[::-1]),
    (f"Lizenzschlüssel: {LICENCE}", LICENCE),
    (f"it came with {LICENCE} on the box", LICENCE),
    ("die PIN der Karte ist 48" + "21", "4821"),
    ("code de la porte : 73" + "09", "7309"),
    (WORDS, WORDS),
    (f"wallet recovery words, keep offline: {WORDS}", WORDS),
]
HARMLESS = [
    "Het wachtwoord is verlopen.",
    "La contraseña es incorrecta",
    "Das Passwort ist abgelaufen",
    "the password for server01 is in the vault",
    "reset the password in Office365",
    "palabra clave: servidor",
    f"md5sum of the token list is {HASH}",
    'variable "token_ttl" { default = "3600" }',
    "code postal : 75011",
    "Primärschlüssel: 8f14e45f-ceea-467f-9575-1e2b2b6f3c11",
    "postgresql://user:password@localhost:5432/orders",
    "ssh-keygen -t ed25519 -f key",
    f"-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 2\n\n{drawn(60)}+pw {drawn(30)}1\n-----END PGP PUBLIC KEY BLOCK-----",
    "tests builds runs checks lints pushes pulls merges tags ships logs traces",
]


@pytest.mark.parametrize("row", range(len(TOLD)))
def test_a_secret_that_is_told_is_covered(row: int) -> None:
    text, secret = TOLD[row]
    start = text.rindex(secret)
    covered = {at for span in find_secrets(text, Clock(5.0)) for at in range(span.start, span.end)}
    assert not [at for at in range(start, start + len(secret)) if text[at].isalnum() and at not in covered]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_said_of_a_secret_is_left_alone(text: str) -> None:
    assert not find_secrets(text, Clock(5.0))
