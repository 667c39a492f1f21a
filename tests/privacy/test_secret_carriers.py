"""Where a program, a device or a file takes a secret, it is found whole; the manual's own lines are left alone."""

from __future__ import annotations

import base64
import random

import pytest

from privacy.recognizers.rule import Clock
from privacy.recognizers.secrets import find_secrets

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def drawn(n: int, alphabet: str = ALNUM) -> str:
    """The same n characters each time; built here so that no scanner of repositories sees a key."""
    return "".join(random.Random(f"{n} {alphabet}").choices(alphabet, k=n))


PASSWORD = "Tr0ub4dor" + "x3"
PHRASE = "velvet-" + "walnut-juniper"
KEY = drawn(40)
HEX32 = drawn(32, HEX)
UUID = "-".join(drawn(n, HEX) for n in (8, 4, 4, 4, 12))
SEED = drawn(32, BASE32)
BASIC = base64.b64encode(b"robot:" + PASSWORD.encode()).decode()

CARRIED = [
    (f'client = Client("AC{HEX32}", "{drawn(32, HEX + "0")}")', drawn(32, HEX + "0")),
    (f"co = cohere.Client('{KEY}')", KEY),
    (f'smtp.login("anna@shop.de", "{PASSWORD}")', PASSWORD),
    (f'requests.get(u, auth=("anna", "{PASSWORD}"))', PASSWORD),
    (f'HTTPBasicAuth("anna", "{PASSWORD}")', PASSWORD),
    (f'DriverManager.getConnection(url, "app", "{PASSWORD}")', PASSWORD),
    (f'new mysqli("db1", "app", "{PASSWORD}", "shop")', PASSWORD),
    (f'connect(host="db1", user="app", passwd="{PHRASE}")', PHRASE),
    (f"define( 'AUTH_KEY', '{'k)3' + KEY}' );", "k)3" + KEY),
    (f'os.environ.get("API_TOKEN", "{KEY}")', KEY),
    (f"CREATE USER 'app'@'%' IDENTIFIED BY '{PHRASE}';", PHRASE),
    ("ALTER USER app WITH PASSWORD 'sunshine';", "sunshine"),
    (f"snmp-server community {PASSWORD} RO", PASSWORD),
    (f"snmpwalk -v2c -c {PASSWORD} 10.0.0.1", PASSWORD),
    (f"enable secret 0 {PASSWORD}", PASSWORD),
    (f"username admin privilege 15 secret 9 {PASSWORD}", PASSWORD),
    (f"crypto isakmp key {PASSWORD} address 1.2.3.4", PASSWORD),
    (f"tacacs-server key 7 {PASSWORD}", PASSWORD),
    (f"Authorization: Splunk {UUID}", UUID),
    (f"Authorization: token {KEY}", KEY),
    (f"https://api.shop.de/v1?access_token={KEY}&n=1", KEY),
    (f"Cookie: lang=en; shop_sid={KEY}", KEY),
    (f"snyk auth {UUID}", UUID),
    (f"wandb login {drawn(40, HEX)}", drawn(40, HEX)),
    (f"ngrok config add-authtoken {KEY}", KEY),
    (f"./run --password {PHRASE}", PHRASE),
    (f"mongosh -u app -p {PASSWORD} shop", PASSWORD),
    (f"ldapsearch -D cn=app -w {PASSWORD} -b dc=shop", PASSWORD),
    (f"smbclient //fs1/x -U anna%{PASSWORD}", PASSWORD),
    ("keytool -list -storepass changeit", "changeit"),
    (f"echo 'anna:{PASSWORD}' | chpasswd", PASSWORD),
    (f"echo {PASSWORD} | sudo -S ls", PASSWORD),
    (f"rabbitmqctl add_user app {PASSWORD}", PASSWORD),
    (f"openssl rsa -in a.pem -passin pass:{PASSWORD}", PASSWORD),
    (f"requirepass {PHRASE}", PHRASE),
    (f"machine api.shop.de login anna password {PHRASE}", PHRASE),
    (f"db1:5432:shop:app:{PHRASE}", PHRASE),
    (f"//npm.shop.de/:_auth={BASIC}", BASIC),
    (f"Administrator:500:{HEX32}:{HEX32}:::", HEX32 + ":" + HEX32),
    (f"<keyMaterial>{PHRASE}</keyMaterial>", PHRASE),
    (f"nmcli dev wifi connect office password {PHRASE}", PHRASE),
    (f'{{"kty":"EC","d":"{drawn(43)}"}}', drawn(43)),
    (f"https://chat.shop.de/hooks/{drawn(26)}", drawn(26)),
    (f"oathtool --totp -b {SEED}", SEED),
    ("Authenticator setup key: jb2w y3dp e4pk 3pxp", "jb2w y3dp e4pk 3pxp"),
    ("Your backup code for signing in is a5133-b81a0.", "a5133-b81a0"),
    ("Backup codes:\n1. 4821 9937\n2. 1180 2274", "1180 2274"),
    (f"Das Passwort für den Server lautet {PHRASE}", PHRASE),
    (f"Le mot de passe pour la base est {PHRASE}.", PHRASE),
    (f"La contraseña del servidor es {PHRASE}", PHRASE),
    (f"password=PSkw{'zSCj'}.tjhjv", f"PSkw{'zSCj'}.tjhjv"),
]  # fmt: skip

HARMLESS = [
    "arn:aws:secretsmanager:eu-west-3:423630979919:secret:inventory/db-bR8GBa",
    '{"passwordChangedAt": "2023-12-26T03:19:58Z"}',
    "mysql --password PASSWORD --user USER",
    "docker login -u USERNAME -p PASSWORD",
    "redis-cli -p 6379 and mongo -p 27017",
    "mkdir -p build/output && cp -p file1 build",
    "ALTER USER app WITH PASSWORD '<password>';",
    "He was identified by his voice2 in the recording",
    'client.login("user", "password")',
    'password="reset-your-password"',
    "password: user-password-reset-form",
    "enable password encryption",
    "Authorization: Bearer $TOKEN",
    "snmp-server community <string> RO",
    "STRIPE_PUBLISHABLE_KEY=pk_" + "live_" + drawn(24),
    "The backup code is in src/backup.py, 1200 lines",
]


@pytest.mark.parametrize("row", range(len(CARRIED)))
def test_where_a_secret_is_given_it_is_covered(row: int) -> None:
    text, secret = CARRIED[row]
    start = text.rindex(secret)
    spans = find_secrets(text, Clock(5.0))
    missing = [
        at
        for at in range(start, start + len(secret))
        if text[at].isalnum() and not any(span.start <= at < span.end for span in spans)
    ]
    assert not missing


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_manual_or_a_log_writes_there_is_left_alone(text: str) -> None:
    assert not find_secrets(text, Clock(5.0))


def test_a_putty_key_is_masked_from_its_first_line_to_its_last() -> None:
    text = (
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: k\nPublic-Lines: 1\n"
        f"{drawn(64)}\nPrivate-Lines: 1\n{drawn(48)}\nPrivate-MAC: {drawn(64, HEX)}"
    )
    assert any(span.start == 0 and span.end == len(text) for span in find_secrets(text, Clock(5.0)))
