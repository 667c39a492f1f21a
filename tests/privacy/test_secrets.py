"""Secrets are found whole, what looks like one is left alone, and no text makes the search slow."""

from __future__ import annotations

import base64
import random
import time

import pytest

from privacy.recognizers import secrets as recogniser
from privacy.recognizers.rule import Clock
from privacy.recognizers.secrets import find_secrets

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def drawn(n: int, alphabet: str = ALNUM, seed: int = 7) -> str:
    """The same n characters each time; built here so that no scanner of repositories sees a key."""
    rng = random.Random(f"{n} {alphabet} {seed}")
    while True:
        text = "".join(rng.choices(alphabet, k=n))
        if any(char.isdigit() for char in text[:12]) or not any(char.isdigit() for char in alphabet):
            return text


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_secrets(text, Clock(5.0))]


def covers(text: str, secret: str) -> bool:
    start = text.index(secret)
    spans = find_secrets(text, Clock(5.0))
    return all(any(span.start <= at < span.end for span in spans) for at in range(start, start + len(secret)))


UUID = "-".join(drawn(n, HEX) for n in (8, 4, 4, 4, 12))

# Family, a secret of its form, a near miss: too short, of another alphabet, or the manual's example.
TOKENS = [
    ("aws access key id", "AKIA" + drawn(16, BASE32), "AKIA" + "IOSFODNN7" + "EXAMPLE"),
    ("gcp api key", "AIza" + drawn(35), "AIza" + drawn(20)),
    ("google oauth secret", "GOCSPX-" + drawn(28), "GOCSPX-" + drawn(9)),
    ("azure ad client secret", "a1B" + "8Q~" + drawn(34), "a1B" + "8Q~" + drawn(12)),
    ("digitalocean", "dop_v1_" + drawn(64, HEX), "dop_v1_" + drawn(63, HEX)),
    ("alibaba key id", "LTAI" + drawn(20), "LTAI" + drawn(5)),
    ("heroku", "HRKU-AA" + drawn(58), "HRKU-AA" + drawn(7)),
    ("github token", "ghp_" + drawn(36), "ghp_" + "x" * 36),
    ("github fine-grained token", "github_pat_" + drawn(22) + "_" + drawn(59), "github_pat_" + drawn(22)),
    ("gitlab token", "glpat-" + drawn(20), "glpat-" + drawn(8)),
    ("bitbucket", "ATBB" + drawn(32), "ATBB" + drawn(10)),
    ("atlassian", "ATATT3xFfGF0" + drawn(171) + "=" + drawn(8, HEX), "ATATT3xFfGF0"),
    ("slack token", f"xoxb-{drawn(12, '0123456789')}-{drawn(13, '0123456789')}-{drawn(24)}", "xoxb-token"),
    ("slack webhook", "https://hooks.slack.com/services/T" + drawn(8) + "/B" + drawn(8) + "/" + drawn(24), "https://hooks.slack.com/services/"),
    ("telegram bot", drawn(10, "123456789") + ":AA" + drawn(33), "12345:AA" + drawn(33)),
    ("openai key", "sk-" + drawn(20) + "T3Blbk" + "FJ" + drawn(20), "sk-" + "toggleable__label-arrow"),
    ("anthropic key", "sk-ant-" + "api03-" + drawn(93) + "AA", "sk-ant-" + "api03-..."),
    ("hugging face", "hf_" + drawn(34, ALNUM[:52]), "hf_" + "hub_download_timeout_in_seconds_"),
    ("groq", "gsk_" + drawn(52), "gsk_" + drawn(12)),
    ("stripe", "sk_" + "live_" + drawn(24), "sk_" + "live_"),
    ("razorpay", "rzp_" + "live_" + drawn(14), "rzp_" + "live_key"),
    ("plaid", "access-production-" + UUID, "access-production-" + UUID[:-1]),
    ("npm", "npm_" + drawn(36), "npm_" + "config_user_agent"),
    ("pypi", "pypi-" + "AgEIcHlwaS5vcmc" + drawn(90), "pypi-" + "AgE"),
    ("docker hub", "dckr_pat_" + drawn(27), "dckr_pat_" + drawn(7)),
    ("sendgrid", "SG." + drawn(22) + "." + drawn(43), "SG." + drawn(22)),
    ("brevo", "xkeysib-" + drawn(64, HEX) + "-" + drawn(16), "xkeysib-" + drawn(30, HEX)),
    ("new relic", "NRAK-" + drawn(27, ALNUM[:26] + "0123456789"), "NRAK-" + drawn(7)),
    ("grafana", "glsa_" + drawn(32) + "_" + drawn(8, HEX), "glsa_" + drawn(12)),
    ("dynatrace", "dt0c01." + drawn(24, BASE32) + "." + drawn(64, BASE32), "dt0c01." + drawn(24, BASE32)),
    ("databricks", "dapi" + drawn(32, HEX), "dapi" + drawn(12, HEX)),
    ("vault", "hvs." + drawn(95), "hvs." + drawn(9)),
    ("terraform cloud", drawn(14) + ".atlasv1." + drawn(67), drawn(14) + ".atlasv1."),
    ("doppler", "dp.pt." + drawn(43), "dp.pt." + drawn(4)),
    ("shopify", "shpat_" + drawn(32, HEX), "shpat_" + drawn(12, HEX)),
    ("postman", "PMAK-" + drawn(24, HEX) + "-" + drawn(34, HEX), "PMAK-" + drawn(24, HEX)),
    ("discord bot", base64.b64encode(b"123456789012345678").decode() + "." + drawn(6) + "." + drawn(38), "Module.Name12.function_with_a_long_name_in_it"),
    ("twilio key", "SK" + drawn(32, HEX), "SK" + "1234567"),
    ("mailchimp", drawn(32, HEX) + "-us" + "12", drawn(32, HEX)),
]  # fmt: skip

B64 = base64.b64encode(b"robot:" + b"Tr0ub4dor").decode()
PASSWORD = "Tr0ub4dor" + "&3"
KEY = drawn(40)
BODY = drawn(64) + "\n" + drawn(64, seed=8)
DASHES = "-" * 5

# What makes it a secret is around it: the text, the part that must be covered.
WORDED = [
    (f"my password is {PASSWORD}", PASSWORD),
    (f"DB_PASSWORD={PASSWORD}", PASSWORD),
    (f'{{"password": "{PASSWORD}"}}', PASSWORD),
    ('{"user": "anna", "password": "sunshine"}', "sunshine"),
    (f"<password>{PASSWORD}</password>", PASSWORD),
    ("the password for the old portal was Winter2019, thanks", "Winter2019"),
    ("Das Passwort lautet Winter2019!", "Winter2019!"),
    ("my password is password123", "password123"),
    ('passphrase = "correct horse battery staple"', "correct horse battery staple"),
    (f"postgresql://app:{'Tr0ub4dor'}@db1:5432/shop", "Tr0ub4dor"),
    (f"Server=db1;User Id=app;Password={'Tr0ub4dor'};Encrypt=True", "Tr0ub4dor"),
    (f"mysql -u root -p{'Tr0ub4dor'} shop", "Tr0ub4dor"),
    (f"curl -u admin:{'Tr0ub4dor'} https://intranet/", "Tr0ub4dor"),
    (f"Cohere API key: {KEY}", KEY),
    (f"our API token for production is {KEY}.", KEY),
    (f'client = Client(api_key="{KEY}")', KEY),
    (f"X-Api-Key: {UUID}", UUID),
    (f"webhook_secret: {drawn(40, HEX)}", drawn(40, HEX)),
    (f"Authorization: Basic {B64}", B64),
    (f"Authorization: Bearer {KEY}", KEY),
    (f'{{"auths": {{"r": {{"auth": "{B64}"}}}}}}', B64),
    (f"Set-Cookie: sessionid={drawn(32, HEX)}; Path=/", drawn(32, HEX)),
    ("Your verification code is 483920", "483920"),
    ("483920 is your verification code", "483920"),
    ("OTP: 4839", "4839"),
    ("the 2FA code was 483-920", "483-920"),
    ("my PIN is 4839", "4839"),
    ("the door code is 4839", "4839"),
    (f"otpauth://totp/Shop:anna?secret={drawn(32, BASE32)}&issuer=Shop", drawn(32, BASE32)),
    ("seed phrase: " + " ".join(["ocean", "lamp", "rice", "zebra"] * 3), " ".join(["ocean", "lamp", "rice", "zebra"] * 3)),
    ("WIFI:T:WPA;S:office;P:" + "Tr0ub4dor" + ";;", "Tr0ub4dor"),
    ("anna:$2b$12$" + drawn(53), "$2b$12$" + drawn(53)),
    ("I set my password as Winter2019", "Winter2019"),
    ("password (Winter2019) was rejected", "Winter2019"),
    ("credentials: anna / Winter2019", "Winter2019"),
    ('<add key="Password" value="winter!9" />', "winter!9"),
    ("Use 482911 to verify your account", "482911"),
    ("482911 is the code to log in", "482911"),
    ("Your bank code is 482911", "482911"),
    (f"here is the token I used: {drawn(32, HEX)}", drawn(32, HEX)),
    ("JWT_SECRET=" + "oursupersecret" + "123", "oursupersecret" + "123"),
    ("recovery codes: 8f3a-92bd 11c4-77aa", "8f3a-92bd 11c4-77aa"),
    ("license key: ABCDE-12345-FGHIJ-67890-KLMNO", "ABCDE-12345-FGHIJ-67890-KLMNO"),
    ("security answer: Fluffy", "Fluffy"),
    (f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\n{BODY}\n{DASHES}END RSA PRIVATE KEY{DASHES}", BODY),
    (f"{DASHES}BEGIN PRIVATE KEY{DASHES}\\n{BODY}\\n{DASHES}END PRIVATE KEY{DASHES}\\n".replace("\n", "\\n"), BODY.replace("\n", "\\n")),
    (f"{DASHES}BEGIN OPENSSH PRIVATE KEY{DASHES}\n{BODY}", BODY),
]  # fmt: skip

HARMLESS = [
    "Your password must contain at least 8 characters and 1 digit.",
    "Your order code is 482911, your promo code is 2024",
    "Use 1234 to test the connection to the server",
    '["token_bytes": "GSDgsIgg4LCI"]',
    "the security answer is wrong",
    "my password is wrong",
    "The password is required.",
    "password changed on 2024-01-02",
    "I reset my password to log in with anna@example.com",
    "password: str",
    "password=<your password>",
    "PASSWORD=${DB_PASSWORD}",
    "password: ********",
    "def reset_password(token):",
    'token = os.environ["TOKEN"]',
    'password = os.getenv("DB_PASSWORD")',
    "if password == confirm_password:",
    'API_KEY = "YOUR_API_KEY_HERE"',
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    '"integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
    "request 3f2b8c1a-7d4e-4b6a-9c1d-2e3f4a5b6c7d failed",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "error code 4031, exit code 1234, ZIP code is 94110, promo code 2024",
    "connect pin 1234 of the header to ground",
    "The token limit is 128000 tokens, max_tokens=4096",
    "nvfp4_per_token: kNvfp4DynamicToken,",
    "from cryptography import CryptographyPrivateKey, CryptographyPublicKey",
    "partition key 2024-01-02T10:11:12Z",
    "http://user:password@localhost:8080/index.html",
    "https://example.com:8443/a@b",
    "Authorization: Bearer <token>",
    "Cookie: consent=yes; lang=en; session_timeout=3600",
    f"{DASHES}BEGIN PUBLIC KEY{DASHES}\n{BODY}\n{DASHES}END PUBLIC KEY{DASHES}",
    f'if text.startswith("{DASHES}BEGIN PRIVATE KEY{DASHES}"):',
    "Item SK1234567 costs 12.99, part 4b1d-22, version 3.11.4",
]


@pytest.mark.parametrize(("family", "secret", "miss"), TOKENS, ids=[row[0] for row in TOKENS])
def test_an_issuers_token_is_found_whole_and_its_near_miss_is_not(
    family: str, secret: str, miss: str
) -> None:
    for text in (secret, f"use {secret}, please", f'"{secret}"', f"a\\n{secret}", f"?x={secret}&y=1"):
        assert covers(text, secret)
    assert family in {span.recognizer for span in find_secrets(secret, Clock(5.0))}
    assert not found(f"use {miss} please")


@pytest.mark.parametrize("row", range(len(WORDED)))
def test_what_a_word_or_a_format_calls_a_secret_is_covered(row: int) -> None:
    text, secret = WORDED[row]
    assert covers(text, secret)
    assert covers(f"Hello,\n{text}\nBye", secret)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_token_longer_than_the_documentation_says_leaves_no_tail() -> None:
    long = "ghp_" + drawn(36) + drawn(60, seed=9)
    assert found(long) == [long]


def test_a_json_web_token_of_thousands_of_characters_is_found_whole() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"RS256"}').decode().rstrip("=")
    token = f"{header}.{drawn(4000)}.{drawn(342)}"
    assert found(f"got {token} back") == [token]


def test_a_wallet_key_is_told_by_its_checksum() -> None:
    # The key whose number is one: nobody's, and everybody's.
    key = "KwDiBf89QgGbjEhKnhXJuH7" + "LrciVrZi3qYjgd9M7rFU73sVHnoWn"
    assert found(key) == [key]
    assert found(key[:-1] + "m") == []


def test_places_hold_after_a_letter_whose_lower_case_is_two() -> None:
    assert found("İİ İstanbul ghp_" + drawn(36)) == ["ghp_" + drawn(36)]


def test_running_out_of_time_is_an_error_without_text() -> None:
    with pytest.raises(TimeoutError) as error:
        find_secrets("password " * 5000, Clock(1e-4))
    assert "password" not in str(error.value)


@pytest.mark.parametrize(
    "piece",
    [
        "a.", "1-", "a@", " ", "A b ", "password", "password is ", "password for a ", "token=", "secret: ", "eyJaaaaaaaaaaaa.", "://a:",
        f"{DASHES}BEGIN PRIVATE KEY{DASHES}", "seed phrase ", "verification code ", "WIFI:P:", "is your ", "abc ", "q~", "acr", "Ab1", "aB",
        "mysql -p", "curl -u a", "cookie", "M" * 24 + ".", "$6$", "密码", "token abAb", "secret " + "ab" * 2000 + "A ",
        "password:", "'password' ", "clave ", "changed the password to ", "key = {", "wallet ", "PIN der karte ", "code de la porte ", "ABCDE-", "slmgr -ipk ",
    ],
)  # fmt: skip
@pytest.mark.slow
def test_no_text_makes_the_search_slow(piece: str) -> None:
    """Twice the text takes about twice the time, not four times: measured as the quicker of two runs, with room for noise."""
    times = []
    for size in (1 << 15, 1 << 17):
        text = (piece * (size // len(piece) + 1))[:size]
        best = min(_seconds(text) for _ in range(2))
        times.append(best)
    assert times[1] < 8 * times[0] + 0.2


def _seconds(text: str) -> float:
    start = time.perf_counter()
    find_secrets(text, Clock(30.0))
    return time.perf_counter() - start


@pytest.mark.slow
def test_each_literal_of_each_family_repeated_is_searched_in_time() -> None:
    """A family added with a pattern that goes back over its text shows here."""
    for anchor in sorted({anchor for family in recogniser._FAMILIES for anchor in family.anchors}):
        find_secrets((anchor * 2048)[:8192], Clock(1.0))
