"""Fresh random secrets in the formats their issuers document, for the secrets benchmark.

A family is a name, a maker and, where the value says nothing about itself (32 hex digits), the label that people
write before it. Nothing here is taken from the recogniser: a mistake in one of the two shows as a miss.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = UPPER + LOWER + DIGITS
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
HEX = "0123456789abcdef"
BASE32 = UPPER + "234567"
LOWNUM = LOWER + DIGITS
UPNUM = UPPER + DIGITS
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

Maker = Callable[[random.Random], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One family of secrets."""

    family: str
    make: Callable[[random.Random], str | tuple[str, str]]
    """The secret, or (a text that contains it, the secret)."""
    labels: tuple[str, ...] = ()
    """What people call it; if given, the secret never stands without one."""


def chars(rng: random.Random, alphabet: str, n: int) -> str:
    return "".join(rng.choices(alphabet, k=n))


def shape(template: str, **alphabets: str) -> Maker:
    """A maker from pieces: 'ghp_|A36' is a literal and 36 of ALNUM. Letters: A alnum, u urlsafe, b base64,
    h hex, H upper hex, d digits, l lower and digits, U upper and digits, 2 base32, i lower base32, L letters, g uuid."""
    sets = {"A": ALNUM, "u": URLSAFE, "b": BASE64, "h": HEX, "H": HEX.upper(), "d": DIGITS, "l": LOWNUM, "U": UPNUM,
            "2": BASE32, "i": BASE32.lower(), "L": UPPER + LOWER} | alphabets  # fmt: skip

    def make(rng: random.Random) -> str:
        parts = []
        for position, piece in enumerate(template.split("|")):
            if position % 2 == 0:
                parts.append(piece)
            elif piece == "g":
                parts.append(str(uuid.UUID(int=rng.getrandbits(128), version=4)))
            else:
                low, _, high = piece[1:].partition("-")
                parts.append(chars(rng, sets[piece[0]], rng.randint(int(low), int(high or low))))
        return "".join(parts)

    return make


def either(*makers: Maker) -> Maker:
    return lambda rng: rng.choice(makers)(rng)


def base62_crc(prefix: str) -> Maker:
    """GitHub and npm: 30 random characters and the CRC-32 of them in base 62, six digits."""

    def make(rng: random.Random) -> str:
        body = chars(rng, ALNUM, 30)
        number, digits = zlib.crc32(body.encode()), ""
        for _ in range(6):
            number, rest = divmod(number, 62)
            digits = (DIGITS + UPPER + LOWER)[rest] + digits
        return prefix + body + digits

    return make


def base58check(payload: bytes) -> str:
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return text


def b64(data: bytes, urlsafe: bool = False) -> str:
    return (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(data).decode()


def wif(rng: random.Random) -> str:
    return base58check(b"\x80" + rng.randbytes(32) + (b"\x01" if rng.random() < 0.7 else b""))


def xprv(rng: random.Random) -> str:
    return base58check(bytes.fromhex("0488ade4") + rng.randbytes(41) + b"\0" + rng.randbytes(32))


def jwt(rng: random.Random) -> str:
    header = {"alg": rng.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    if rng.random() < 0.5:
        header = {"typ": "JWT", "kid": chars(rng, ALNUM, 8), **header}
    claims = {"sub": chars(rng, DIGITS, 10), "iat": rng.randint(1_600_000_000, 1_800_000_000), "iss": "login"}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    parts.append(rng.randbytes(rng.choice([32, 64, 256])))
    return ".".join(b64(part, urlsafe=True).rstrip("=") for part in parts)


def pem(rng: random.Random) -> str:
    kind = rng.choice(
        ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY"]
    )
    return armour(rng, kind, rng.choice([121, 318, 1190]), "")


def openssh(rng: random.Random) -> str:
    body = b"openssh-key-v1\0" + rng.randbytes(rng.choice([390, 1800]))
    return armour(rng, "OPENSSH PRIVATE KEY", body, "")


def pgp(rng: random.Random) -> str:
    return armour(rng, "PGP PRIVATE KEY BLOCK", 900, "Version: GnuPG v2\nComment: backup\n\n")


def pem_one_line(rng: random.Random) -> str:
    return pem(rng).replace("\n", "\\n")


def pem_legacy(rng: random.Random) -> str:
    headers = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{chars(rng, HEX.upper(), 32)}\n\n"
    return armour(rng, "RSA PRIVATE KEY", 600, headers)


def armour(rng: random.Random, kind: str, body: int | bytes, headers: str) -> str:
    text = b64(rng.randbytes(body) if isinstance(body, int) else body)
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    dashes = "-" * 5
    return f"{dashes}BEGIN {kind}{dashes}\n{headers}{lines}\n{dashes}END {kind}{dashes}"


def gcp_service_account(rng: random.Random) -> tuple[str, str]:
    key = armour(rng, "PRIVATE KEY", 1190, "").replace("\n", "\\n") + "\\n"
    text = json.dumps(
        {
            "type": "service_account",
            "project_id": "shop-1",
            "private_key": "@@",
            "client_email": "x@shop-1.iam",
        }
    )
    return text.replace("@@", key), key.removesuffix("\\n")


def putty(rng: random.Random) -> tuple[str, str]:
    lines = "\n".join(chars(rng, BASE64, 64) for _ in range(8))
    return (
        f"PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 8\n{lines}\nPrivate-MAC: {chars(rng, HEX, 64)}",
        lines,
    )


def discord_bot(rng: random.Random) -> str:
    user = b64(str(rng.randint(10**17, 10**18 - 1)).encode(), urlsafe=True).rstrip("=")
    return f"{user}.{chars(rng, URLSAFE, 6)}.{chars(rng, URLSAFE, rng.choice([27, 38]))}"


def azure_storage(rng: random.Random) -> tuple[str, str]:
    key = chars(rng, BASE64, 86) + "=="
    name = chars(rng, LOWNUM, 12)
    return (
        f"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={key};EndpointSuffix=core.windows.net",
        key,
    )


def azure_sas(rng: random.Random) -> tuple[str, str]:
    sig = quote(b64(rng.randbytes(32)), safe="")
    name = chars(rng, LOWNUM, 10)
    return (
        f"https://{name}.blob.core.windows.net/in/a.csv?sv=2022-11-02&se=2027-01-01T00%3A00Z&sr=b&sp=r&sig={sig}",
        sig,
    )


def service_bus(rng: random.Random) -> tuple[str, str]:
    key = b64(rng.randbytes(32))
    return f"Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={key}", key


def human_password(rng: random.Random) -> str:
    """What people choose: a word, digits, perhaps a sign; or what a generator gives them."""
    words = "summer winter dragon monkey coffee berlin london purple rocket garden falcon silver planet cheese".split()
    word = rng.choice(words)
    kind = rng.randrange(4)
    if kind == 0:
        return word.capitalize() + str(rng.randint(1, 2030)) + rng.choice(["", "!", "?", "#", "$"])
    if kind == 1:
        return word.translate(str.maketrans("aeos", "@30$")) + chars(rng, DIGITS, 3)
    if kind == 2:
        return "-".join(rng.sample(words, 3)) + chars(rng, DIGITS, 1)
    return strong_password(rng)


def plain_password(rng: random.Random) -> str:
    """One word without digits, as too many people still choose."""
    return rng.choice(
        "sunshine dragon monkey letmein princess qwerty football shadow superman iloveyou trustno Berlin mustang".split()
    )


def strong_password(rng: random.Random) -> str:
    while True:
        text = rng.choice(ALNUM) + chars(rng, ALNUM + "!@$%^*-_+=?.", rng.randint(7, 20)) + rng.choice(ALNUM)
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return text


def basic_header(rng: random.Random) -> tuple[str, str]:
    value = b64(f"{chars(rng, LOWER, 6)}:{strong_password(rng)}".encode())
    return f"Authorization: Basic {value}", value


def bearer_header(rng: random.Random) -> tuple[str, str]:
    value = rng.choice([jwt(rng), chars(rng, URLSAFE, rng.randint(24, 80)), chars(rng, HEX, 40)])
    return f"{rng.choice(['Authorization', 'authorization', 'Proxy-Authorization'])}: Bearer {value}", value


def cookie(rng: random.Random) -> tuple[str, str]:
    name = rng.choice(
        [
            "sessionid",
            "JSESSIONID",
            "PHPSESSID",
            "connect.sid",
            "laravel_session",
            "_session_id",
            "session",
            "sid",
        ]
    )
    value = rng.choice(
        [
            chars(rng, HEX, 32),
            chars(rng, LOWNUM, 26),
            "s%3A" + chars(rng, ALNUM, 32) + "." + chars(rng, ALNUM, 43),
        ]
    )
    if rng.random() < 0.5:
        return f"Set-Cookie: {name}={value}; Path=/; HttpOnly; Secure", value
    return f"Cookie: lang=en; {name}={value}; theme=dark", value


def url_password(rng: random.Random) -> tuple[str, str]:
    scheme = rng.choice(
        "postgres postgresql+psycopg2 mysql mongodb+srv redis amqps https ftp smtp ldap clickhouse".split()
    )
    value = quote(human_password(rng), safe="!$*-_=.")
    user = (
        "" if scheme == "redis" and rng.random() < 0.5 else rng.choice(["app", "admin", "svc_report", "root"])
    )
    return f"{scheme}://{user}:{value}@{rng.choice(['db', 'db.internal', '10.1.2.3'])}:5432/shop", value


def connection_string(rng: random.Random) -> tuple[str, str]:
    value = strong_password(rng).replace("=", "")
    form = rng.choice([
        "Server=tcp:db1,1433;Database=shop;User ID=app;Password=@@;Encrypt=True",
        "Data Source=db1;Initial Catalog=shop;Uid=app;Pwd=@@;",
        "host=db1 port=5432 dbname=shop user=app password=@@ sslmode=require",
        "jdbc:mysql://db1:3306/shop?user=app&password=@@&useSSL=true",
        "jdbc:sqlserver://db1:1433;databaseName=shop;user=app;password=@@;encrypt=true",
    ])  # fmt: skip
    return form.replace("@@", value), value


def command_line(rng: random.Random) -> tuple[str, str]:
    value = strong_password(rng).replace("$", "S").replace("*", "x").replace("?", "q").replace("!", "i")
    form = rng.choice([
        "curl -u admin:@@ https://intranet.local/api", "curl --user 'admin:@@' https://intranet.local/api",
        "mysql -h db1 -u root -p@@ shop", "sshpass -p '@@' ssh root@10.1.2.3", "PGPASSWORD=@@ psql -h db1 -U app",
        "docker login -u robot -p @@ registry.local", "mongodump --username app --password @@ --db shop",
        "net use z: \\\\srv1\\share @@ /user:corp\\anna", "redis-cli -h cache1 -a @@ ping",
        "machine git.local login anna password @@",
        "$s = ConvertTo-SecureString \"@@\" -AsPlainText -Force",
    ])  # fmt: skip
    return form.replace("@@", value), value


def password_sentence(rng: random.Random) -> tuple[str, str]:
    value = human_password(rng)
    form = rng.choice([
        "my password is @@", "the password for the portal was @@, but it stopped working", "Password: @@",
        "pw: @@", "pwd is @@", "login anna / password @@", "username: anna password: @@", "PASSWORD = @@",
        "I changed the password to @@ yesterday", "please reset the password, the old one was password=@@",
        "use the passcode @@ for the meeting", "temporary password: @@", "new password is: @@", "pass: @@",
        "Das Passwort lautet @@", "el mot de passe est @@", "la contraseña es @@", "wachtwoord: @@", "a senha é @@",
        "password is '@@'", 'the password is "@@"', "Passphrase: @@", "user anna pass @@",
    ])  # fmt: skip
    return form.replace("@@", value), value


def wifi(rng: random.Random) -> tuple[str, str]:
    value = human_password(rng)
    form = rng.choice([
        "WIFI:T:WPA;S:office;P:@@;;", "the wifi password is @@", "Wi-Fi key: @@", "wpa_passphrase=@@", 'psk="@@"',
        "WLAN-Schlüssel: @@", "SSID: office, key: @@", "network security key is @@",
    ])  # fmt: skip
    return form.replace("@@", value), value


def one_time_code(rng: random.Random) -> tuple[str, str]:
    value = chars(rng, DIGITS, rng.choice([4, 6, 6, 6, 8]))
    if len(value) == 6 and rng.random() < 0.2:
        value = f"{value[:3]}{rng.choice('- ')}{value[3:]}"
    form = rng.choice([
        "Your verification code is @@", "@@ is your verification code", "OTP: @@", "Your OTP is @@, valid for 10 minutes",
        "Use code @@ to sign in", "security code: @@", "Your one-time password is @@.", "the 2FA code was @@",
        "Enter @@ as your login code", "confirmation code @@", "one-time passcode @@", "Your login code: @@",
        "@@ is your one-time passcode", "they asked for the SMS code and I gave them @@", "authentication code: @@",
        "MFA code @@", "access code is @@", "Ihr Bestätigungscode lautet @@", "TAN: @@", "verification code @@",
    ])  # fmt: skip
    return form.replace("@@", value), value


def pin(rng: random.Random) -> tuple[str, str]:
    value = chars(rng, DIGITS, rng.choice([4, 4, 4, 5, 6]))
    form = rng.choice([
        "my PIN is @@", "card PIN: @@", "PIN @@", "pin code @@", "the PIN was @@, please change it", "PIN=@@",
        "PIN number is @@", "alarm code is @@", "door code: @@", "the gate code is @@", "PUK: @@", "my pin number: @@",
        "voicemail PIN is @@", "changed my PIN to @@", "SIM PIN @@", "keypad code @@", "safe code is @@",
    ])  # fmt: skip
    return form.replace("@@", value), value


def crypt_hash(rng: random.Random) -> str:
    crypt = "./" + ALNUM
    return rng.choice([
        f"${rng.choice(['2a', '2b', '2y'])}${rng.randint(10, 14)}${chars(rng, crypt, 53)}",
        f"$6$rounds=5000${chars(rng, crypt, 16)}${chars(rng, crypt, 86)}", f"$6${chars(rng, crypt, 16)}${chars(rng, crypt, 86)}",
        f"$5${chars(rng, crypt, 16)}${chars(rng, crypt, 43)}", f"$1${chars(rng, crypt, 8)}${chars(rng, crypt, 22)}",
        f"$apr1${chars(rng, crypt, 8)}${chars(rng, crypt, 22)}", f"$y$j9T${chars(rng, crypt, 22)}${chars(rng, crypt, 43)}",
        f"$argon2id$v=19$m=65536,t=3,p=4${chars(rng, BASE64, 22)}${chars(rng, BASE64, 43)}",
        f"pbkdf2_sha256$600000${chars(rng, ALNUM, 22)}${chars(rng, BASE64, 43)}=",
    ])  # fmt: skip


def htpasswd(rng: random.Random) -> tuple[str, str]:
    value = rng.choice(["{SHA}" + b64(rng.randbytes(20)), "{SSHA}" + b64(rng.randbytes(28))])
    return f"anna:{value}", value


def kubeconfig(rng: random.Random) -> tuple[str, str]:
    value = b64(armour(rng, "RSA PRIVATE KEY", 600, "").encode())
    return f"users:\n- name: admin\n  user:\n    client-key-data: {value}", value


def docker_auth(rng: random.Random) -> tuple[str, str]:
    value = b64(f"robot:{strong_password(rng)}".encode())
    return f'{{"auths": {{"registry.local": {{"auth": "{value}"}}}}}}', value


def totp_uri(rng: random.Random) -> tuple[str, str]:
    value = chars(rng, BASE32, rng.choice([16, 32]))
    return f"otpauth://totp/Shop:anna?secret={value}&issuer=Shop&digits=6", value


def recovery_phrase(rng: random.Random) -> tuple[str, str]:
    words = (
        "abandon ability able about above absent absorb abstract absurd abuse access accident account accuse achieve acid"
        " acoustic acquire across act action actor actress actual adapt add addict address adjust admit adult advance advice"
        " aerobic affair afford afraid again age agent agree ahead aim air airport aisle alarm album alcohol alert alien all"
        " zone zoo wrong write wrist wreck world work wool wood wonder woman wolf witness wish wisdom winter wine window"
    ).split()
    value = rng.choice([" ", " ", ", "]).join(rng.choices(words, k=rng.choice([12, 24, 18, 15])))
    form = rng.choice([
        "Recovery phrase: @@", "my seed phrase is @@", "mnemonic: @@", 'wallet seed "@@"', "secret recovery phrase = @@",
        "backup phrase is: @@", "MNEMONIC=\"@@\"", "seed words: @@", "the 12 words are @@", "bip39 mnemonic '@@'",
    ])  # fmt: skip
    return form.replace("@@", value), value


def sentry_dsn(rng: random.Random) -> tuple[str, str]:
    key = chars(rng, HEX, 32)
    return f"https://{key}@o{chars(rng, DIGITS, 6)}.ingest.sentry.io/{chars(rng, DIGITS, 7)}", key


def azure_identifiable(rng: random.Random) -> str:
    mark = rng.choice(["+ASt", "ACDb", "+ABa", "APIM"])
    return chars(rng, BASE64, 76) + mark + chars(rng, BASE64, 5) + rng.choice("AQgw") + "=="


def one_password(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return "A3-" + "-".join(chars(rng, UPNUM, n) for n in (6, 6, 5, 5, 5, 5))
    return "ops_" + b64(
        json.dumps({"signInAddress": "x.1password.com", "secretKey": chars(rng, ALNUM, 230)}).encode()
    ).rstrip("=")


def pypi(rng: random.Random) -> str:
    return "pypi-" + b64(b"\x02\x01\x08pypi.org\x02" + rng.randbytes(120), urlsafe=True).rstrip("=")


def quoted_passphrase(rng: random.Random) -> tuple[str, str]:
    words = "correct horse battery staple window orange lamp river stone cloud paper engine".split()
    value = " ".join(rng.sample(words, 4))
    return rng.choice(['passphrase is "@@"', 'password: "@@"', "passphrase = '@@'"]).replace(
        "@@", value
    ), value


def labelled(family: str, template: str, *labels: str) -> Format:
    return Format(family, shape(template), labels)


FORMATS: tuple[Format, ...] = (
    # clouds
    Format("aws_access_key_id", either(shape("AKIA|216"), shape("ASIA|216"))),
    labelled("aws_secret_key", "|b40", "AWS secret access key", "AWS secret key", "secret access key"),
    Format("aws_session_token", shape("IQoJb3JpZ2lu|b400-800|==")),
    Format("gcp_api_key", shape("AIza|u35")),
    Format("gcp_service_account", gcp_service_account),
    Format("google_oauth_secret", shape("GOCSPX-|u28")),
    Format("google_oauth_token", either(shape("ya29.|u120-200"), shape("1//0|u60-98"))),
    Format("azure_storage_key", azure_storage),
    Format("azure_sas", azure_sas),
    Format("azure_service_bus", service_bus),
    Format("azure_identifiable_key", azure_identifiable),
    Format("azure_ad_client_secret", shape("|A3|8Q~|u34")),
    labelled("azure_devops_pat", "|i52", "Azure DevOps PAT", "Azure DevOps personal access token"),
    Format("digitalocean", either(shape("dop_v1_|h64"), shape("doo_v1_|h64"), shape("dor_v1_|h64"))),
    Format("alibaba_key_id", either(shape("LTAI|A20"), shape("LTAI5t|A18"))),
    labelled("alibaba_secret", "|A30", "Alibaba access key secret", "Aliyun secret key"),
    labelled("ibm_cloud", "|u44", "IBM Cloud API key"),
    labelled("cloudflare", "|u40", "Cloudflare API token", "CF API token"),
    Format("cloudflare_origin_ca", shape("v1.0-|h24|-|h146")),
    Format("heroku", shape("HRKU-AA|u58")),
    labelled("heroku_uuid", "|g", "Heroku API key"),
    labelled("linode", "|h64", "Linode API token", "Linode personal access token"),
    labelled("hetzner", "|A64", "Hetzner Cloud API token"),
    Format("fly_io", either(shape("fo1_|u43"), shape("fm2_|b200-400|=="))),
    Format("netlify", shape("nfp_|A36")),
    Format("supabase", shape("sbp_|h40")),
    Format("planetscale", either(shape("pscale_tkn_|u43"), shape("pscale_pw_|u43"))),
    Format("tencent_key_id", shape("AKID|A32")),
    # version control
    Format("github_classic", base62_crc("ghp_")),
    Format("github_oauth", base62_crc("gho_")),
    Format("github_app", either(base62_crc("ghu_"), base62_crc("ghs_"))),
    Format("github_refresh", shape("ghr_|A76")),
    Format("github_fine_grained", shape("github_pat_|A22|_|A59")),
    Format("gitlab_pat", either(shape("glpat-|u20"), shape("glpat-|u27|.01.|l9"))),
    Format("gitlab_runner", either(shape("glrt-|u20"), shape("GR1348941|u20"), shape("glrtr-|u20"))),
    Format(
        "gitlab_other",
        either(
            shape("gldt-|u20"),
            shape("glptt-|h40"),
            shape("glcbt-|A5|_|u20"),
            shape("glsoat-|u20"),
            shape("gloas-|h64"),
        ),
    ),
    Format("bitbucket", shape("ATBB|A24||H8")),
    Format("atlassian", shape("ATATT3xFfGF0|u171|=|H8")),
    Format("circleci", shape("CCIPAT_|A22|_|h40")),
    Format("sonarqube", either(shape("squ_|h40"), shape("sqp_|h40"), shape("sqa_|h40"))),
    Format("sourcegraph", shape("sgp_|h16|_|h40")),
    # chat
    Format("slack_bot", shape("xoxb-|d12|-|d13|-|A24")),
    Format("slack_user", shape("xoxp-|d12|-|d12|-|d13|-|h32")),
    Format("slack_app", shape("xapp-1-A|U10|-|d13|-|h64")),
    Format("slack_webhook", shape("https://hooks.slack.com/services/T|U8-10|/B|U8-10|/|A24")),
    Format("discord_bot", discord_bot),
    Format("discord_webhook", shape("https://discord.com/api/webhooks/|d18|/|u68")),
    Format("telegram_bot", shape("|d9-10|:AA|u33")),
    Format(
        "teams_webhook", shape("https://corp.webhook.office.com/webhookb2/|g|@|g|/IncomingWebhook/|h32|/|g|")
    ),
    # language models
    Format("openai_classic", shape("sk-|A20|T3BlbkFJ|A20")),
    Format(
        "openai_project",
        either(
            shape("sk-proj-|u74|T3BlbkFJ|u74"),
            shape("sk-svcacct-|u74|T3BlbkFJ|u74"),
            shape("sk-admin-|u58|T3BlbkFJ|u58"),
        ),
    ),
    Format("anthropic", either(shape("sk-ant-api03-|u93|AA"), shape("sk-ant-admin01-|u93|AA"))),
    Format("huggingface", either(shape("hf_|L34"), shape("api_org_|L34"))),
    Format("replicate", shape("r8_|A37")),
    labelled("cohere", "|A40", "Cohere API key", "CO API key"),
    Format("groq", shape("gsk_|A52")),
    Format("perplexity", shape("pplx-|A48")),
    Format("xai", shape("xai-|A80")),
    Format("openrouter", shape("sk-or-v1-|h64")),
    Format("nvidia", shape("nvapi-|u64")),
    Format("langsmith", either(shape("lsv2_pt_|h32|_|h10"), shape("lsv2_sk_|h32|_|h10"))),
    Format("deepseek", shape("sk-|h32")),
    labelled("mistral", "|A32", "Mistral API key"),
    labelled("wandb", "|h40", "WANDB API key", "Weights & Biases API key"),
    # payment
    Format("stripe", either(shape("sk_live_|A24"), shape("sk_test_51|A97"), shape("rk_live_51|A97"))),
    Format("stripe_webhook", shape("whsec_|A32")),
    Format("square", either(shape("sq0atp-|u22"), shape("sq0csp-|u43"), shape("EAAA|u60"))),
    Format("braintree", shape("access_token$production$|l16|$|h32")),
    labelled("paypal", "E|u79", "PayPal client secret", "PayPal secret"),
    Format("adyen", shape("AQE|l4|hmfx|b70-120|-|b44|=-|A12")),
    Format("razorpay", either(shape("rzp_live_|A14"), shape("rzp_test_|A14"))),
    Format("plaid", shape("access-production-|g|")),
    Format("flutterwave", shape("FLWSECK-|h32|-X")),
    Format("shippo", shape("shippo_live_|h40")),
    Format("easypost", shape("EZAK|A54")),
    # package registries
    Format("npm", base62_crc("npm_")),
    Format("pypi", pypi),
    Format("rubygems", shape("rubygems_|h48")),
    Format("dockerhub", either(shape("dckr_pat_|u27"), shape("dckr_oat_|u32"))),
    Format("nuget", shape("oy2|l43")),
    Format("crates_io", shape("cio|A32")),
    Format("clojars", shape("CLOJARS_|l60")),
    Format("artifactory", either(shape("AKCp|A69"), shape("cmVmdGtuOj|A54"))),
    # mail and messages
    Format("sendgrid", shape("SG.|u22|.|u43")),
    Format("mailgun", either(shape("key-|h32"), shape("|h32|-|h8|-|h8"))),
    Format("mailchimp", either(shape("|h32|-us12"), shape("|h32|-us5"))),
    Format("twilio_key", shape("SK|h32")),
    labelled("twilio_auth_token", "|h32", "Twilio auth token"),
    labelled("postmark", "|g", "Postmark server token", "Postmark API token"),
    Format("brevo", shape("xkeysib-|h64|-|A16")),
    Format("resend", shape("re_|A8|_|A24")),
    Format("mailersend", shape("mlsn.|h64")),
    Format("klaviyo", shape("pk_|h34")),
    Format("hubspot", shape("pat-na1-|g|")),
    # observability
    Format("newrelic", either(shape("NRAK-|U27"), shape("|h36|NRAL"))),
    labelled("datadog", "|h32", "DD API key", "Datadog API key"),
    labelled("datadog_app", "|h40", "DD application key", "Datadog application key", "DD app key"),
    Format("sentry_dsn", sentry_dsn),
    Format("sentry_token", either(shape("sntryu_|h64"), shape("sntrys_eyJ|b150|_|b43"))),
    Format("grafana", either(shape("glsa_|A32|_|h8"), shape("glc_|b60-140|="))),
    Format("dynatrace", shape("dt0c01.|224|.|264")),
    Format("posthog", shape("phx_|A43")),
    Format("launchdarkly", either(shape("sdk-|g|"), shape("api-|g|"))),
    labelled("splunk_hec", "|g", "Splunk HEC token"),
    labelled("pagerduty", "u+|u18", "PagerDuty API key"),
    # infrastructure and applications
    Format("databricks", shape("dapi|h32")),
    Format("vault", either(shape("hvs.|u90-110"), shape("hvb.|u138-160"))),
    Format("terraform_cloud", shape("|A14|.atlasv1.|u64")),
    Format("pulumi", shape("pul-|h40")),
    Format("doppler", either(shape("dp.pt.|A43"), shape("dp.st.dev.|A43"), shape("dp.ct.|A43"))),
    Format("one_password", one_password),
    Format("linear", shape("lin_api_|A40")),
    Format("notion", either(shape("secret_|A43"), shape("ntn_|d11||A35"))),
    Format("figma", shape("figd_|u40")),
    Format("shopify", either(shape("shpat_|h32"), shape("shpss_|h32"))),
    labelled("okta", "00|u40", "Okta API token"),
    labelled("auth0", "|u64", "Auth0 client secret"),
    Format("airtable", shape("pat|A14|.|h64")),
    Format("asana", shape("1/|d16|:|h32")),
    Format("clickup", shape("pk_|d8|_|U32")),
    Format("postman", shape("PMAK-|h24|-|h34")),
    Format("contentful", shape("CFPAT-|u43")),
    Format("dropbox", shape("sl.|u140")),
    Format("facebook", shape("EAAC|A160")),
    Format("prefect", shape("pnu_|A36")),
    Format("tailscale", shape("tskey-auth-|A13|CNTRL-|A32")),
    Format("typeform", shape("tfp_|u59")),
    Format("mapbox_secret", shape("sk.eyJ1|A80|.|u22")),
    Format("age_key", shape("AGE-SECRET-KEY-1|a58", a="QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")),
    Format("openshift", shape("sha256~|u43")),
    Format("trello", shape("ATTA|h64||H8")),
    Format("aiven", shape("AVNS_|u19")),
    Format("zapier_webhook", shape("https://hooks.zapier.com/hooks/catch/|d7|/|l7|/")),
    Format("amazon_mws", shape("amzn.mws.|g|")),
    Format("octopus", shape("API-|U26")),
    Format("adobe", shape("p8e-|A32")),
    Format("bedrock", shape("ABSK|b128|=")),
    Format("clickhouse_cloud", shape("4b1d|A38")),
    Format("yandex_cloud", shape("AQVN|u36")),
    Format("duffel", either(shape("duffel_live_|u43"), shape("duffel_test_|u43"))),
    Format("frame_io", shape("fio-u-|u64")),
    Format("harness", either(shape("pat.|u22|.|A24|.|A20"), shape("sat.|u22|.|A24|.|A20"))),
    Format("infracost", shape("ico-|A32")),
    Format("maxmind", shape("|A6|_|A29|_mmk")),
    Format("readme", shape("rdme_|l70")),
    Format("scalingo", shape("tk-us-|u48")),
    Format("settlemint", either(shape("sm_pat_|A16"), shape("sm_aat_|A16"))),
    Format("facebook_app", lambda rng: f"{chars(rng, DIGITS, 16)}|{chars(rng, URLSAFE, 27)}"),
    Format("jwt_in_base64", lambda rng: b64(jwt(rng).encode())),
    labelled("snyk", "|g", "Snyk token", "Snyk API token"),
    labelled("zendesk", "|A40", "Zendesk secret key"),
    labelled("twitter_secret", "|A45", "Twitter access secret", "Twitter access token secret"),
    labelled("mattermost", "|l26", "Mattermost access token"),
    labelled("coinbase", "|u64", "Coinbase access token"),
    labelled("rapidapi", "|u50", "RapidAPI key", "RapidAPI access token"),
    labelled("algolia", "|h32", "Algolia admin API key"),
    labelled("fastly", "|u32", "Fastly API token"),
    labelled("bare_uuid_key", "|g", "API key", "api token", "client secret"),
    labelled(
        "bare_hex_key", "|h40", "API key", "auth token", "access token", "webhook secret", "signing key"
    ),
    labelled("bare_base64_key", "|b43|=", "encryption key", "secret key", "signing secret", "master key"),
    labelled(
        "bare_alnum_token", "|A24", "token", "refresh token", "api secret", "access key", "session token"
    ),
    Format(
        "strong_password",
        strong_password,
        ("password", "admin password", "db password", "SMTP password", "root password"),
    ),
    Format(
        "human_password", human_password, ("password", "login password", "user password", "default password")
    ),
    Format("plain_password", plain_password, ("password", "admin password", "Wifi password")),
    # structures
    Format("jwt", jwt),
    Format("pem", pem),
    Format("pem_one_line", pem_one_line),
    Format("pem_legacy", pem_legacy),
    Format("openssh_key", openssh),
    Format("pgp_key", pgp),
    Format("putty_key", putty),
    Format("basic_header", basic_header),
    Format("bearer_header", bearer_header),
    Format("cookie", cookie),
    Format("url_password", url_password),
    Format("connection_string", connection_string),
    Format("command_line", command_line),
    Format("password_sentence", password_sentence),
    Format("quoted_passphrase", quoted_passphrase),
    Format("wifi", wifi),
    Format("one_time_code", one_time_code),
    Format("pin", pin),
    Format("crypt_hash", crypt_hash),
    Format("htpasswd", htpasswd),
    Format("kubeconfig", kubeconfig),
    Format("docker_auth", docker_auth),
    Format("totp_uri", totp_uri),
    labelled("totp_secret", "|232", "TOTP secret", "2FA secret", "authenticator secret key"),
    Format("recovery_phrase", recovery_phrase),
    Format("wif_private_key", wif),
    Format("extended_private_key", xprv),
    labelled("hex_private_key", "0x|h64", "private key", "wallet private key", "ETH private key"),
)
