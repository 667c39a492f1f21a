"""Lines of a second hand, who had not seen the rules: some hold one made-up secret, others none.

Every value is random and belongs to nobody. In a template of SECRETS `{s}` is the secret and the other names
(CTX below) are the surroundings; in one of BENIGN the names are those of its own dict. Other braces are text.
"""

from __future__ import annotations

import base64
import json
import re
import string
import struct
import uuid
import zlib
from collections.abc import Callable
from random import Random
from urllib.parse import quote

LOW, UP, DIG = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = UP + LOW + DIG
B62 = DIG + UP + LOW
URL64 = ALNUM + "-_"
HEX = "0123456789abcdef"
BECH = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

# ---------------------------------------------------------------- shapes


def rs(r: Random, n: int, alphabet: str = ALNUM) -> str:
    return "".join(r.choice(alphabet) for _ in range(n))


def hx(r: Random, n: int) -> str:
    return rs(r, n, HEX)


def dg(r: Random, n: int) -> str:
    return r.choice("123456789") + rs(r, n - 1, DIG)


def rb(r: Random, n: int) -> bytes:
    return bytes(r.getrandbits(8) for _ in range(n))


def b64(b: bytes) -> str:
    return base64.b64encode(b).decode()


def b64u(b: bytes) -> str:
    return base64.urlsafe_b64encode(b).decode().rstrip("=")


def uid(r: Random) -> str:
    return str(uuid.UUID(int=r.getrandbits(128), version=4))


def base62(n: int, width: int) -> str:
    out = ""
    while n:
        n, k = divmod(n, 62)
        out = B62[k] + out
    return out.rjust(width, "0")


def pre(prefix: str, n: int, alphabet: str = ALNUM) -> Callable[[Random], str]:
    return lambda r: prefix + rs(r, n, alphabet)


def crc62(prefix: str, n: int = 30) -> Callable[[Random], str]:
    """prefix, n letters, and their CRC32 as 6 base62 letters (GitHub, npm)."""

    def gen(r: Random) -> str:
        body = rs(r, n, B62)
        return prefix + body + base62(zlib.crc32(body.encode()), 6)

    return gen


def github_pat(r: Random) -> str:
    a, b = rs(r, 22, B62), rs(r, 53, B62)
    return f"github_pat_{a}_{b}{base62(zlib.crc32((a + b).encode()), 6)}"


def gitlab_routable(r: Random) -> str:
    payload = b64u(b"o:%d\nu:%s" % (r.randrange(1, 99), rs(r, 3, LOW + DIG).encode()) + rb(r, 16) + rb(r, 1))
    head = f"glpat-{payload}.01.{'%s%s' % ((DIG + LOW)[len(payload) // 36], (DIG + LOW)[len(payload) % 36])}"  # noqa: UP031
    n, out = zlib.crc32(head.encode()), ""
    while n:
        n, k = divmod(n, 36)
        out = (DIG + LOW)[k] + out
    return head + out.rjust(7, "0")


def grafana_sa(r: Random) -> str:
    secret = rs(r, 32)
    return f"glsa_{secret}_{struct.pack('<I', zlib.crc32(f'glsa_{secret}'.encode())).hex()}"


def pypi(host: bytes) -> Callable[[Random], str]:
    """A macaroon of version 2 as PyPI serialises it."""

    def gen(r: Random) -> str:
        ident = uid(r).encode()
        cav = (
            json.dumps([3, uid(r)], separators=(",", ":")).encode()
            if r.random() < 0.5
            else (b'{"permissions":"user","version":1}')
        )
        raw = (
            b"\x02\x01"
            + bytes([len(host)])
            + host
            + b"\x02"
            + bytes([len(ident)])
            + ident
            + b"\x00"
            + b"\x02"
            + bytes([len(cav)])
            + cav
            + b"\x00\x00\x06\x20"
            + rb(r, 32)
        )
        return "pypi-" + b64u(raw)

    return gen


def bech32(hrp: str, data: bytes) -> str:
    acc = bits = 0
    five: list[int] = []
    for byte in data:
        acc, bits = (acc << 8) | byte, bits + 8
        while bits >= 5:
            bits -= 5
            five.append((acc >> bits) & 31)
    if bits:
        five.append((acc << (5 - bits)) & 31)

    def polymod(values: list[int]) -> int:
        chk = 1
        for v in values:
            top = chk >> 25
            chk = (chk & 0x1FFFFFF) << 5 ^ v
            for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                chk ^= g if (top >> i) & 1 else 0
        return chk

    ex = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    pm = polymod(ex + five + [0] * 6) ^ 1
    five += [(pm >> 5 * (5 - i)) & 31 for i in range(6)]
    return hrp + "1" + "".join(BECH[v] for v in five)


def age_secret(r: Random) -> str:
    return bech32("age-secret-key-", rb(r, 32)).upper()


def jwt(r: Random, claims: dict | None = None, alg: str = "") -> str:
    alg = alg or r.choice(["HS256", "HS256", "RS256", "ES256"])
    now = r.randrange(1690000000, 1760000000)
    head = {"alg": alg, "typ": "JWT"} if r.random() < 0.7 else {"alg": alg, "kid": hx(r, 16), "typ": "JWT"}
    body = claims or {
        "sub": r.choice([dg(r, 8), uid(r), "auth0|" + hx(r, 24)]),
        "iss": "https://id.%s/" % host(r),  # noqa: UP031
        "iat": now,
        "exp": now + 3600,
        "scope": r.choice(["read", "openid profile", "admin"]),
    }
    size = {"HS256": 32, "RS256": 256, "ES256": 64}[alg]
    dump = lambda d: b64u(json.dumps(d, separators=(",", ":")).encode())  # noqa: E731
    return f"{dump(head)}.{dump(body)}.{b64u(rb(r, size))}"


def supabase_role(r: Random) -> str:
    now = r.randrange(1650000000, 1750000000)
    return jwt(
        r,
        {
            "iss": "supabase",
            "ref": rs(r, 20, LOW),
            "role": "service_role",
            "iat": now,
            "exp": now + 315360000,
        },
        "HS256",
    )


# DER and PEM


def der(tag: int, body: bytes) -> bytes:
    n = len(body)
    size = bytes([n]) if n < 128 else (bytes([0x81, n]) if n < 256 else b"\x82" + struct.pack(">H", n))
    return bytes([tag]) + size + body


def big(r: Random, bits: int) -> bytes:
    n = r.getrandbits(bits) | (1 << bits - 1) | 1
    return der(2, b"\x00" + n.to_bytes(bits // 8, "big"))


def rsa_der(r: Random, bits: int = 2048) -> bytes:
    half = bits // 2
    return der(
        0x30,
        der(2, b"\x00")
        + big(r, bits)
        + der(2, b"\x01\x00\x01")
        + big(r, bits)
        + b"".join(big(r, half) for _ in range(5)),
    )


RSA_OID = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))


def pkcs8_der(r: Random, bits: int = 2048) -> bytes:
    return der(0x30, der(2, b"\x00") + RSA_OID + der(4, rsa_der(r, bits)))


def ec_der(r: Random) -> bytes:
    return der(
        0x30,
        der(2, b"\x01")
        + der(4, rb(r, 32))
        + bytes.fromhex("a00a06082a8648ce3d030107")
        + der(0xA1, der(3, b"\x00\x04" + rb(r, 64))),
    )


def enc_der(r: Random) -> bytes:
    kdf = der(
        0x30, bytes.fromhex("06092a864886f70d01050c") + der(0x30, der(4, rb(r, 8)) + der(2, b"\x08\x00"))
    )
    enc = der(0x30, bytes.fromhex("060960864801650304012a") + der(4, rb(r, 16)))
    alg = der(0x30, bytes.fromhex("06092a864886f70d01050d") + der(0x30, kdf + enc))
    return der(0x30, alg + der(4, rb(r, 1232)))


def pem(label: str, raw: bytes, width: int = 64, head: str = "", tail: str = "") -> str:
    text = b64(raw)
    rows = "\n".join(text[i : i + width] for i in range(0, len(text), width))
    return f"-----BEGIN {label}-----\n{head}{rows}\n{tail}-----END {label}-----"


def ssh_str(b: bytes) -> bytes:
    return struct.pack(">I", len(b)) + b


def ssh_pub_blob(pub: bytes) -> bytes:
    return ssh_str(b"ssh-ed25519") + ssh_str(pub)


def openssh_key(r: Random) -> str:
    pub, chk = rb(r, 32), rb(r, 4)
    priv = (
        chk
        + chk
        + ssh_pub_blob(pub)
        + ssh_str(rb(r, 32) + pub)
        + ssh_str(f"{user(r)}@{r.choice(NODES)}".encode())
    )
    priv += bytes(range(1, 1 + (-len(priv)) % 8))
    raw = (
        b"openssh-key-v1\x00"
        + ssh_str(b"none")
        + ssh_str(b"none")
        + ssh_str(b"")
        + struct.pack(">I", 1)
        + ssh_str(ssh_pub_blob(pub))
        + ssh_str(priv)
    )
    return pem("OPENSSH PRIVATE KEY", raw, 70)


def crc24(b: bytes) -> bytes:
    c = 0xB704CE
    for x in b:
        c ^= x << 16
        for _ in range(8):
            c <<= 1
            if c & 0x1000000:
                c ^= 0x1864CFB
    return (c & 0xFFFFFF).to_bytes(3, "big")


def pgp(r: Random, kind: str) -> str:
    raw = (
        (b"\x95\x03\x98" if kind == "PRIVATE" else b"\x99\x01\x0d")
        + b"\x04"
        + rb(r, 620 if kind == "PRIVATE" else 380)
    )
    return pem(f"PGP {kind} KEY BLOCK", raw, 64, "\n", f"={b64(crc24(raw))}\n")


def putty(r: Random) -> str:
    def block(b: bytes) -> str:
        t = b64(b)
        rows = [t[i : i + 64] for i in range(0, len(t), 64)]
        return f"{len(rows)}\n" + "\n".join(rows)

    return (
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: ed25519-key-2024%02d%02d\nPublic-Lines: %s\n"  # noqa: UP031
        "Private-Lines: %s\nPrivate-MAC: %s"
        % (
            r.randint(1, 12),
            r.randint(1, 28),
            block(ssh_pub_blob(rb(r, 32))),
            block(ssh_str(rb(r, 32))),
            hx(r, 64),
        )
    )


def one_line(text: str) -> str:
    return text.replace("\n", "\\n") + "\\n"


# passwords as people and machines make them

WORDS = (
    "falcon river summer maple winter orange copper tiger harbor silver bridge velvet monkey garden rocket pepper "
    "castle anchor meadow thunder walnut pirate saturn coffee lagoon marble cobalt juniper otter bramble"
).split()


def pw_human(r: Random) -> str:
    w = lambda: r.choice(WORDS)  # noqa: E731
    leet = str.maketrans({"a": "@", "o": "0", "e": "3", "i": "1", "s": "$"})
    return r.choice(
        [
            lambda: w().capitalize() + str(r.randint(10, 2029)) + r.choice("!?#*"),
            lambda: w().capitalize() + r.choice("-_.!") + w().capitalize() + str(r.randint(1, 99)),
            lambda: w().translate(leet).capitalize() + w().capitalize() + str(r.randint(0, 999)),
            lambda: "-".join(w() for _ in range(4)),
            lambda: w() + str(r.randint(1950, 2025)),
        ]
    )()


def pw_random(r: Random) -> str:
    n = r.randint(12, 24)
    while True:
        p = rs(r, n, ALNUM + "!#%*+-.=?@^_~")
        if p[0].isalnum() and p[-1].isalnum() and any(c.isdigit() for c in p) and not p.isalnum():
            return p


def pw(r: Random) -> str:
    return pw_human(r) if r.random() < 0.5 else pw_random(r)


def pw_url(r: Random) -> str:
    """A password as it stands in a URL: percent-encoded where it must be."""
    p = pw(r) if r.random() < 0.6 else rs(r, r.randint(12, 32), ALNUM + "-_")
    return quote(p, safe="!*-._~")


def pw_alnum(r: Random) -> str:
    return rs(r, r.randint(14, 32), ALNUM + "_-") if r.random() < 0.6 else pw_human(r).replace("#", "!")


def pw_conn(r: Random) -> str:
    """A password that needs no quoting in `key=value;` strings."""
    return re.sub(r"[=;#]", "x", pw(r))


def basic(r: Random) -> str:
    return b64(f"{user(r)}:{pw(r)}".encode())


# surroundings

USERS = "app admin svc_orders deploy reporting jenkins etl_user root billing webapp ci-bot mkeller api dbowner".split()
TLDS = [
    "corp.internal",
    "acme.io",
    "example-shop.de",
    "northwind.net",
    "db.prod.lan",
    "intra.local",
    "contoso.com",
]
NODES = [
    "web-01",
    "db-primary",
    "build7",
    "edge-eu-2",
    "mail",
    "cache-a",
    "bastion",
    "api",
    "stage",
    "node14",
]
NAMES = [
    "Anna",
    "Jonas",
    "Priya",
    "Mehmet",
    "Claire",
    "Luca",
    "Sofia",
    "Tom",
    "Wei",
    "Olga",
    "Diego",
    "Hannah",
]
PROJ = [
    "billing",
    "checkout",
    "inventory",
    "orders",
    "ledger",
    "atlas",
    "search",
    "notify",
    "warehouse",
    "portal",
]


def user(r: Random) -> str:
    return r.choice(USERS)


def host(r: Random) -> str:
    return f"{r.choice(NODES)}.{r.choice(TLDS)}"


def stamp(r: Random) -> str:
    return "20%02d-%02d-%02dT%02d:%02d:%02d" % (  # noqa: UP031
        r.randint(22, 25),
        r.randint(1, 12),
        r.randint(1, 28),
        r.randint(0, 23),
        r.randint(0, 59),
        r.randint(0, 59),
    )


CTX: dict[str, Callable[[Random], str]] = {
    "user": user,
    "host": host,
    "ts": stamp,
    "name": lambda r: r.choice(NAMES),
    "proj": lambda r: r.choice(PROJ),
    "db": lambda r: r.choice(["orders", "app_prod", "crm", "analytics", "shop", "users"]),
    "n": lambda r: str(r.randint(2, 9999)),
    "ip": lambda r: f"10.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}",
    "ltai": lambda r: "LTAI5t" + rs(r, 18),
    "uuid": uid,
    "akid": lambda r: "AKIA" + rs(r, 16, UP + "234567"),
    "acct": lambda r: rs(r, r.randint(8, 16), LOW + DIG),
    "sid": lambda r: "AC" + hx(r, 32),
    "hex8": lambda r: hx(r, 8),
    "region": lambda r: r.choice(["eu-central-1", "us-east-1", "eu-west-3", "ap-southeast-2"]),
    "pub64": lambda r: hx(r, 20),
    "sname": lambda r: r.choice(PROJ) + "-svc",
    "exp": lambda r: stamp(r)[:10],
}

SECRETS: list[tuple[str, str, Callable[[Random], str]]] = []


def fam(name: str, gen: Callable[[Random], str], *templates: str) -> None:
    assert 2 <= len(templates) <= 4, name
    for t in templates:
        assert t.count("{s}") == 1, (name, t)
        SECRETS.append((name, t, gen))


# ---------------------------------------------------------------- cloud providers
fam(
    "aws_access_key_id",
    lambda r: r.choice(["AKIA", "AKIA", "ASIA"]) + rs(r, 16, UP + "234567"),
    "aws_access_key_id = {s}",
    'client = boto3.client("s3", aws_access_key_id="{s}", region_name="{region}")',
    "{ts}Z WARN  auth rejected for key {s} from {ip}",
)
fam(
    "aws_secret_access_key",
    lambda r: b64(rb(r, 30)),
    "[default]\naws_access_key_id = {akid}\naws_secret_access_key = {s}\nregion = {region}",
    "export AWS_SECRET_ACCESS_KEY={s}",
    "Hi {name}, the new pair is {akid} / {s} - please rotate it on Friday.",
    '      "SecretAccessKey": "{s}",',
)
fam(
    "aws_session_token",
    lambda r: "IQoJb3JpZ2luX2Vj" + b64(rb(r, r.randint(400, 600))),
    "export AWS_SESSION_TOKEN={s}",
    '    "SessionToken": "{s}",',
    "aws_session_token={s}",
)
fam(
    "aws_bedrock_api_key",
    lambda r: "ABSK" + b64(f"BedrockAPIKey-{rs(r, 4, LOW + DIG)}-at-{dg(r, 12)}:".encode() + rb(r, 33)),
    "AWS_BEARER_TOKEN_BEDROCK={s}",
    'os.environ["AWS_BEARER_TOKEN_BEDROCK"] = "{s}"',
)
fam(
    "gcp_api_key",
    pre("AIzaSy", 33, URL64),
    'const maps = new Loader({ apiKey: "{s}" });',
    "curl 'https://maps.googleapis.com/maps/api/geocode/json?address=Berlin&key={s}'",
    "GOOGLE_API_KEY={s}",
    "{name}: the geocoder key for staging is {s}",
)
fam(
    "gcp_service_account",
    lambda r: one_line(pem("PRIVATE KEY", pkcs8_der(r))),
    '{"type": "service_account", "project_id": "{proj}-prod", "private_key_id": "{pub64}{pub64}", "private_key": "{s}", '
    '"client_email": "{sname}@{proj}-prod.iam.gserviceaccount.com"}',
    '  "private_key": "{s}",',
    'FIREBASE_PRIVATE_KEY="{s}"',
)
fam(
    "gcp_oauth_client_secret",
    pre("GOCSPX-", 28, URL64),
    '"client_secret": "{s}",',
    "GOOGLE_CLIENT_SECRET={s}",
    "oauth:\n  google:\n    clientSecret: {s}",
)
fam(
    "gcp_oauth_access_token",
    lambda r: "ya29.a0" + rs(r, r.randint(150, 210), URL64),
    'curl -H "Authorization: Bearer {s}" https://storage.googleapis.com/storage/v1/b',
    '"access_token": "{s}",',
    "{ts} DEBUG oauth2client refreshed token={s} expires_in=3599",
)
fam(
    "gcp_oauth_refresh_token",
    lambda r: "1//0" + r.choice("3469") + rs(r, 98, URL64),
    '"refresh_token": "{s}",',
    "GMAIL_REFRESH_TOKEN='{s}'",
)
fam(
    "azure_client_secret",
    lambda r: rs(r, 3, ALNUM + "_~.") + r.choice("78") + "Q~" + rs(r, 34, ALNUM + "_~.-"),
    "AZURE_CLIENT_SECRET={s}",
    "az login --service-principal -u {uuid} -p {s} --tenant {uuid}",
    'client_secret   = "{s}"',
    "The secret value for the app registration (shown once): {s}",
)
fam(
    "azure_storage_account_key",
    lambda r: rs(r, 76, ALNUM + "+/") + "+ASt" + rs(r, 5, ALNUM) + r.choice("AQgw") + "==",
    "DefaultEndpointsProtocol=https;AccountName={acct};AccountKey={s};EndpointSuffix=core.windows.net",
    "az storage blob list --account-name {acct} --account-key {s} -c backups",
    "AZURE_STORAGE_KEY: {s}",
)
fam(
    "azure_sas",
    lambda r: quote(b64(rb(r, 32)), safe=""),
    "https://{acct}.blob.core.windows.net/exports/{exp}.csv?sv=2022-11-02&ss=b&srt=sco&sp=rl&se={exp}T23:59:59Z&spr=https&sig={s}",
    'azcopy copy ./dump "https://{acct}.blob.core.windows.net/dump?sp=racw&st={exp}T00:00:00Z&sv=2023-01-03&sr=c&sig={s}"',
    "SAS_TOKEN=?sv=2022-11-02&sr=c&sp=r&se={exp}&sig={s}",
)
fam(
    "azure_service_bus_key",
    lambda r: rs(r, 33, ALNUM + "+/") + "+ASb" + rs(r, 5) + r.choice("AEIMQUYcgkosw048") + "=",
    "Endpoint=sb://{acct}.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={s}",
    'SERVICEBUS_KEY="{s}"',
)
fam(
    "azure_cosmosdb_key",
    lambda r: rs(r, 76, ALNUM + "+/") + "ACDb" + rs(r, 5) + r.choice("AQgw") + "==",
    "AccountEndpoint=https://{acct}.documents.azure.com:443/;AccountKey={s};",
    'var client = new CosmosClient(endpoint, "{s}");',
)
fam(
    "azure_devops_pat",
    lambda r: rs(r, 52) + "JQQJ99" + rs(r, 18) + "AZDO" + rs(r, 4),
    "git clone https://{user}:{s}@dev.azure.com/contoso/{proj}/_git/{proj}",
    "AZURE_DEVOPS_EXT_PAT={s}",
    "$pat = '{s}'",
)
fam(
    "azure_openai_key",
    lambda r: rs(r, 52) + "JQQJ99" + rs(r, 2, UP) + "AC" + rs(r, 10) + "AAABACOG" + rs(r, 4),
    "AZURE_OPENAI_API_KEY={s}",
    'curl https://{acct}.openai.azure.com/openai/models -H "api-key: {s}"',
)
fam(
    "digitalocean_token",
    lambda r: r.choice(["dop_v1_", "doo_v1_"]) + hx(r, 64),
    "doctl auth init -t {s}",
    'variable "do_token" {\n  default = "{s}"\n}',
    "DIGITALOCEAN_ACCESS_TOKEN={s}",
)
fam(
    "cloudflare_api_token",
    pre("", 40, URL64),
    "CLOUDFLARE_API_TOKEN={s}",
    'curl -H "Authorization: Bearer {s}" https://api.cloudflare.com/client/v4/user/tokens/verify',
    "dns_cloudflare_api_token = {s}",
)
fam(
    "cloudflare_global_key",
    lambda r: hx(r, 37),
    'curl -H "X-Auth-Email: ops@{host}" -H "X-Auth-Key: {s}" https://api.cloudflare.com/client/v4/zones',
    "CF_API_KEY={s}",
)
fam(
    "cloudflare_origin_ca_key",
    lambda r: f"v1.0-{hx(r, 24)}-{hx(r, 146)}",
    "CLOUDFLARE_API_USER_SERVICE_KEY={s}",
    "X-Auth-User-Service-Key: {s}",
)
fam(
    "heroku_api_key",
    lambda r: r.choice([lambda: "HRKU-" + uid(r), lambda: "HRKU-AA" + rs(r, 58, URL64)])(),
    "HEROKU_API_KEY={s}",
    "machine api.heroku.com\n  login ops@{host}\n  password {s}",
    'heroku_api_key: "{s}"',
)
fam(
    "fly_token",
    lambda r: "FlyV1 fm2_" + b64(rb(r, 360)),
    'FLY_API_TOKEN="{s}"',
    "fly deploy -a {proj} -t '{s}'",
)
fam("vercel_token", pre("", 24), "vercel deploy --prod --token {s}", "VERCEL_TOKEN={s}")
fam("netlify_token", pre("nfp_", 36), "netlify deploy --auth {s} --prod", "NETLIFY_AUTH_TOKEN: {s}")
fam("linode_token", lambda r: hx(r, 64), "LINODE_CLI_TOKEN={s}", 'provider "linode" {\n  token = "{s}"\n}')
fam(
    "alibaba_secret_key",
    pre("", 30),
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET={s}",
    "aliyun configure set --mode AK --access-key-id {ltai} --access-key-secret {s}",
)
fam("ovh_consumer_key", lambda r: hx(r, 32), "dns_ovh_consumer_key = {s}", "[ovh-eu]\nconsumer_key={s}")
fam("hetzner_token", pre("", 64), "export HCLOUD_TOKEN={s}", "hcloud_token: {s}")

# ---------------------------------------------------------------- code hosts
fam(
    "github_classic_pat",
    crc62("ghp_"),
    "git clone https://{s}@github.com/acme/{proj}.git",
    "GITHUB_TOKEN={s}",
    "gh auth login --with-token <<< {s}",
    "{name}: use my token for now {s}, I revoke it tonight",
)
fam(
    "github_app_token",
    lambda r: crc62(r.choice(["gho_", "ghu_", "ghs_"]))(r),
    "{ts} remote: https://x-access-token:{s}@github.com/acme/{proj}",
    'headers = {"Authorization": "token {s}"}',
)
fam(
    "github_refresh_token",
    lambda r: "ghr_" + rs(r, 70) + base62(r.getrandbits(32), 6),
    '"refresh_token": "{s}",',
    "refresh_token={s}&refresh_token_expires_in=15897600&token_type=bearer",
)
fam(
    "github_fine_grained_pat",
    github_pat,
    "GH_TOKEN={s}",
    '  "github.token": "{s}",',
    "curl -u {user}:{s} https://api.github.com/user",
)
fam(
    "gitlab_pat",
    pre("glpat-", 20, URL64),
    "git remote set-url origin https://oauth2:{s}@gitlab.{host}/{proj}.git",
    'curl --header "PRIVATE-TOKEN: {s}" "https://gitlab.com/api/v4/projects"',
    "GITLAB_TOKEN={s}",
    "Hallo {name}, hier der Token für das Repo: {s}",
)
fam(
    "gitlab_pat_routable",
    gitlab_routable,
    "GITLAB_TOKEN={s}",
    'gl = gitlab.Gitlab("https://gitlab.com", private_token="{s}")',
)
fam(
    "gitlab_other_tokens",
    lambda r: r.choice(["glrt-", "gldt-", "glptt-", "glft-", "glsoat-"]) + rs(r, 20, URL64),
    '[[runners]]\n  name = "{proj}"\n  token = "{s}"',
    "docker login -u gitlab+deploy-token-{n} -p {s} registry.gitlab.com",
    "gitlab-runner register --non-interactive --token {s}",
)
fam(
    "bitbucket_app_password",
    lambda r: "ATBB" + rs(r, 24) + hx(r, 8).upper(),
    "https://{user}:{s}@bitbucket.org/acme/{proj}.git",
    "BITBUCKET_APP_PASSWORD={s}",
)


def atlassian(r: Random) -> str:
    body = "ATATT3xFfGF0" + rs(r, 171, URL64)
    return f"{body}={zlib.crc32(body.encode()):08X}"


fam(
    "atlassian_api_token",
    atlassian,
    "JIRA_API_TOKEN={s}",
    'jira = JIRA(server=URL, basic_auth=("{user}@{host}", "{s}"))',
    "curl -u {user}@{host}:{s} https://acme.atlassian.net/rest/api/3/myself",
)

# ---------------------------------------------------------------- chat
fam(
    "slack_bot_token",
    lambda r: f"xoxb-{dg(r, r.choice([11, 12, 13]))}-{dg(r, 13)}-{rs(r, 24)}",
    "SLACK_BOT_TOKEN={s}",
    'app = App(token="{s}")',
    "{ts} ERROR slack_sdk invalid_auth token={s}",
)
fam(
    "slack_user_token",
    lambda r: f"xoxp-{dg(r, 12)}-{dg(r, 12)}-{dg(r, 13)}-{hx(r, 32)}",
    "slack_token: {s}",
    "curl -F token={s} -F channel=general https://slack.com/api/chat.postMessage",
)
fam(
    "slack_app_token",
    lambda r: f"xapp-1-A{rs(r, 10, UP + DIG)}-{dg(r, 13)}-{hx(r, 64)}",
    "SLACK_APP_TOKEN={s}",
    "const socket = new SocketModeClient({ appToken: '{s}' });",
)
fam(
    "slack_webhook",
    lambda r: (
        f"https://hooks.slack.com/services/T{rs(r, r.choice([8, 10]), UP + DIG)}/B{rs(r, 10, UP + DIG)}/{rs(r, 24)}"
    ),
    "curl -X POST -H 'Content-type: application/json' --data '{\"text\":\"deploy done\"}' {s}",
    "slack_api_url: '{s}'",
    "{name}: alerts go here now {s}",
)
fam(
    "discord_webhook",
    lambda r: (
        f"https://{r.choice(['discord.com', 'discordapp.com'])}/api/webhooks/{dg(r, r.choice([18, 19]))}/{rs(r, 68, URL64)}"
    ),
    "DISCORD_WEBHOOK_URL={s}",
    'requests.post("{s}", json={"content": "up"})',
    "  webhook: {s}",
)
fam(
    "discord_bot_token",
    lambda r: f"{b64u(dg(r, r.choice([18, 19])).encode())}.{'G' + rs(r, 5, URL64)}.{rs(r, 38, URL64)}",
    'client.run("{s}")',
    "DISCORD_TOKEN={s}",
    "Authorization: Bot {s}",
)
fam(
    "telegram_bot_token",
    lambda r: f"{dg(r, r.choice([9, 10]))}:AA{rs(r, 33, URL64)}",
    "curl https://api.telegram.org/bot{s}/getUpdates",
    'updater = Updater("{s}", use_context=True)',
    "TELEGRAM_BOT_TOKEN={s}",
    "Use this token to access the HTTP API:\n{s}\nKeep your token secure and store it safely.",
)
fam(
    "teams_webhook",
    lambda r: (
        f"https://acme.webhook.office.com/webhookb2/{uid(r)}@{uid(r)}/IncomingWebhook/{hx(r, 32)}/{uid(r)}"
    ),
    "TEAMS_WEBHOOK={s}",
    "Invoke-RestMethod -Method Post -Uri '{s}' -Body $json",
)
fam(
    "matrix_access_token",
    lambda r: f"syt_{b64u(user(r).encode())}_{rs(r, 20)}_{rs(r, 6)}",
    "access_token: {s}",
    'curl "https://matrix.{host}/_matrix/client/v3/sync?access_token={s}"',
)
fam("mattermost_token", pre("", 26, LOW + DIG), "MATTERMOST_BOT_TOKEN={s}", "mattermost_token: {s}")
fam(
    "twitter_bearer",
    lambda r: "AAAAAAAAAAAAAAAAAAAAA" + rs(r, 25) + "%3D" + rs(r, 50),
    "TWITTER_BEARER_TOKEN={s}",
    'curl "https://api.twitter.com/2/tweets/20" -H "Authorization: Bearer {s}"',
)
fam(
    "facebook_token",
    lambda r: "EAA" + rs(r, r.randint(160, 200)),
    "https://graph.facebook.com/v19.0/me/accounts?access_token={s}",
    "FB_PAGE_TOKEN={s}",
)

# ---------------------------------------------------------------- payment and shops
fam(
    "stripe_secret_key",
    lambda r: r.choice(["sk_live_", "sk_live_", "sk_test_"]) + rs(r, r.choice([24, 99])),
    'stripe.api_key = "{s}"',
    "curl https://api.stripe.com/v1/charges -u {s}:",
    "STRIPE_SECRET_KEY={s}",
    "{name}: live key is {s}, do not commit it",
)
fam(
    "stripe_restricted_key",
    lambda r: "rk_live_" + rs(r, r.choice([24, 99])),
    "STRIPE_API_KEY={s}",
    "stripe listen --api-key {s}",
)
fam(
    "stripe_webhook_secret",
    pre("whsec_", 32),
    "STRIPE_WEBHOOK_SECRET={s}",
    "const endpointSecret = '{s}';",
    "> Ready! Your webhook signing secret is {s} (^C to quit)",
)
fam(
    "square_token",
    lambda r: r.choice([lambda: "EAAA" + rs(r, 60, URL64), lambda: "sq0csp-" + rs(r, 43, URL64)])(),
    "SQUARE_ACCESS_TOKEN={s}",
    "square:\n  token: {s}",
)
fam(
    "braintree_token",
    lambda r: f"access_token$production${rs(r, 16, LOW + DIG)}${hx(r, 32)}",
    'gateway = braintree.BraintreeGateway(access_token="{s}")',
    "BRAINTREE_ACCESS_TOKEN='{s}'",
)
fam(
    "paypal_client_secret",
    lambda r: "E" + rs(r, 79, URL64),
    "PAYPAL_CLIENT_SECRET={s}",
    "paypal.client.secret={s}",
)
fam(
    "shopify_token",
    lambda r: r.choice(["shpat_", "shpca_", "shppa_", "shpss_"]) + hx(r, 32),
    'curl -H "X-Shopify-Access-Token: {s}" https://acme.myshopify.com/admin/api/2024-01/orders.json',
    "SHOPIFY_API_SECRET={s}",
    "Bonjour {name}, le jeton de la boutique est {s}.",
)
fam("paystack_key", lambda r: "sk_live_" + hx(r, 40), "PAYSTACK_SECRET_KEY={s}", "Authorization: Bearer {s}")
fam("mollie_key", pre("live_", 30), "mollie->setApiKey('{s}');", "MOLLIE_API_KEY={s}")
fam(
    "plaid_access_token",
    lambda r: f"access-{r.choice(['production', 'sandbox'])}-{uid(r)}",
    '{"access_token": "{s}", "item_id": "{acct}"}',
    "PLAID_ACCESS_TOKEN={s}",
)
fam("flutterwave_key", lambda r: f"FLWSECK-{hx(r, 32)}-X", "FLW_SECRET_KEY={s}", 'rave = Rave(public, "{s}")')

# ---------------------------------------------------------------- mail and telephony
fam(
    "sendgrid_key",
    lambda r: f"SG.{rs(r, 22, URL64)}.{rs(r, 43, URL64)}",
    "SENDGRID_API_KEY={s}",
    'sg = SendGridAPIClient("{s}")',
    "smtp_user: apikey\nsmtp_password: {s}",
    "{ts} relay auth user=apikey pass={s} 535 Authentication failed",
)
fam(
    "mailgun_key",
    lambda r: r.choice([lambda: "key-" + hx(r, 32), lambda: f"{hx(r, 32)}-{hx(r, 8)}-{hx(r, 8)}"])(),
    "curl -s --user 'api:{s}' https://api.mailgun.net/v3/mg.{host}/messages",
    "MAILGUN_API_KEY={s}",
)
fam(
    "mailchimp_key",
    lambda r: f"{hx(r, 32)}-us{r.randint(1, 21)}",
    "MAILCHIMP_API_KEY={s}",
    'mc.set_config({"api_key": "{s}", "server": "us19"})',
)
fam("brevo_key", lambda r: f"xkeysib-{hx(r, 64)}-{rs(r, 16)}", "BREVO_API_KEY={s}", "api-key: {s}")
fam("postmark_token", uid, "X-Postmark-Server-Token: {s}", "POSTMARK_SERVER_TOKEN={s}")
fam(
    "resend_key",
    lambda r: f"re_{rs(r, 8)}_{rs(r, 24)}",
    "const resend = new Resend('{s}');",
    "RESEND_API_KEY={s}",
)
fam(
    "mandrill_key",
    lambda r: "md-" + rs(r, 22, URL64),
    "MANDRILL_API_KEY={s}",
    'mandrill = MailchimpTransactional.Client("{s}")',
)
fam(
    "ses_smtp_password",
    lambda r: "B" + b64(rb(r, 33))[:43],
    "SMTP_USERNAME={akid}\nSMTP_PASSWORD={s}",
    "smtp_sasl_password_maps = static:{akid}:{s}",
)
fam(
    "smtp_password",
    pw_conn,
    "EMAIL_HOST_USER = '{user}@{host}'\nEMAIL_HOST_PASSWORD = '{s}'",
    "Server: mail.{host}, port 587, user {user}, password: {s}",
    "spring.mail.password={s}",
)
fam(
    "twilio_auth_token",
    lambda r: hx(r, 32),
    'client = Client("{sid}", "{s}")',
    "TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={s}",
    "curl -X POST https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json -u {sid}:{s}",
)
fam(
    "vonage_secret",
    pre("", 16),
    "VONAGE_API_KEY={hex8}\nVONAGE_API_SECRET={s}",
    "client = vonage.Client(key='{hex8}', secret='{s}')",
)

# ---------------------------------------------------------------- CI, registries, infrastructure
fam(
    "npm_token",
    crc62("npm_"),
    "//registry.npmjs.org/:_authToken={s}",
    "NPM_TOKEN={s} npm publish --access public",
    "{ts} npm http fetch PUT 403 (token {s})",
)
fam(
    "npm_legacy_auth",
    basic,
    "//npm.{host}/:_auth={s}",
    "_auth = {s}\nemail = {user}@{host}\nalways-auth = true",
)
fam(
    "pypi_token",
    pypi(b"pypi.org"),
    "[pypi]\nusername = __token__\npassword = {s}",
    "twine upload -u __token__ -p {s} dist/*",
    "UV_PUBLISH_TOKEN={s}",
)
fam(
    "testpypi_token",
    pypi(b"test.pypi.org"),
    "[testpypi]\nusername = __token__\npassword = {s}",
    "TEST_PYPI_TOKEN: {s}",
)
fam(
    "docker_pat",
    lambda r: r.choice(["dckr_pat_", "dckr_pat_", "dckr_oat_"]) + rs(r, 27, URL64),
    "docker login -u {user} -p {s}",
    "DOCKERHUB_TOKEN={s}",
    "echo {s} | docker login --username acme --password-stdin",
)
fam(
    "docker_config_auth",
    basic,
    '{"auths": {"registry.{host}": {"auth": "{s}"}}}',
    '\t\t"https://index.docker.io/v1/": {\n\t\t\t"auth": "{s}"\n\t\t}',
)
fam(
    "rubygems_key",
    lambda r: "rubygems_" + hx(r, 48),
    "---\n:rubygems_api_key: {s}",
    "GEM_HOST_API_KEY={s} gem push {proj}-1.0.{n}.gem",
)
fam("cargo_token", pre("cio", 32), "cargo login {s}", '[registry]\ntoken = "{s}"')
fam(
    "nuget_key",
    lambda r: "oy2" + rs(r, 43, LOW + "234567"),
    "dotnet nuget push *.nupkg -k {s} -s https://api.nuget.org/v3/index.json",
    "NUGET_API_KEY: {s}",
)
fam(
    "artifactory_token",
    lambda r: r.choice(
        [
            lambda: "AKCp" + rs(r, 69),
            lambda: b64(b"reftkn:01:%d:%s" % (r.randrange(1700000000, 1790000000), rs(r, 28).encode())),
        ]
    )(),
    "X-JFrog-Art-Api: {s}",
    "curl -H 'X-JFrog-Art-Api:{s}' -T app.jar https://acme.jfrog.io/artifactory/libs/",
    "artifactory_apikey={s}",
)
fam(
    "clojars_token",
    lambda r: "CLOJARS_" + hx(r, 60),
    "CLOJARS_PASSWORD={s}",
    '{:username "{user}" :password "{s}"}',
)
fam(
    "circleci_token",
    lambda r: f"CCIPAT_{rs(r, 22)}_{hx(r, 40)}",
    'curl -H "Circle-Token: {s}" https://circleci.com/api/v2/me',
    "CIRCLECI_CLI_TOKEN={s}",
)
fam("buildkite_token", lambda r: "bkua_" + hx(r, 40), "BUILDKITE_API_TOKEN={s}", "Authorization: Bearer {s}")
fam(
    "jenkins_token",
    lambda r: "11" + hx(r, 32),
    "curl -X POST https://jenkins.{host}/job/{proj}/build --user {user}:{s}",
    "JENKINS_API_TOKEN={s}",
)
fam("travis_token", pre("", 22, URL64), "travis login --pro --access-token {s}", "TRAVIS_API_TOKEN={s}")
fam(
    "sonarqube_token",
    lambda r: r.choice(["sqp_", "squ_", "sqa_"]) + hx(r, 40),
    "sonar-scanner -Dsonar.projectKey={proj} -Dsonar.token={s}",
    "SONAR_TOKEN={s}",
)
fam("codecov_token", uid, "codecov --token {s}", "CODECOV_TOKEN={s}")
fam("snyk_token", uid, "snyk auth {s}", "SNYK_TOKEN={s}")
fam(
    "terraform_cloud_token",
    lambda r: f"{rs(r, 14)}.atlasv1.{rs(r, r.randint(60, 70), URL64)}",
    'credentials "app.terraform.io" {\n  token = "{s}"\n}',
    "TF_TOKEN_app_terraform_io={s}",
    "{name}: TFC team token -> {s}",
)
fam(
    "vault_token",
    lambda r: r.choice(
        [
            lambda: "hvs.CAESI" + rs(r, 86, URL64),
            lambda: "hvs." + rs(r, 24),
            lambda: "s." + rs(r, 24),
            lambda: "hvb.AAAAAQ" + rs(r, 150, URL64),
        ]
    )(),
    "export VAULT_TOKEN={s}",
    'Key                  Value\n---                  -----\ntoken                {s}\ntoken_policies       ["default"]',
    'curl -H "X-Vault-Token: {s}" https://vault.{host}:8200/v1/secret/data/{proj}',
    "vault login {s}",
)
fam("vault_unseal_key", lambda r: b64(rb(r, 33)), "Unseal Key 1: {s}", "vault operator unseal {s}")
fam("consul_token", uid, "CONSUL_HTTP_TOKEN={s}", "X-Consul-Token: {s}")
fam("pulumi_token", lambda r: "pul-" + hx(r, 40), "PULUMI_ACCESS_TOKEN={s}", "pulumi login # token {s}")
fam(
    "doppler_token",
    lambda r: r.choice(["dp.pt.", "dp.st.prd."]) + rs(r, 43),
    "DOPPLER_TOKEN={s}",
    "doppler run --token {s} -- npm start",
)
fam(
    "kubernetes_sa_token",
    lambda r: jwt(
        r,
        {
            "iss": "kubernetes/serviceaccount",
            "kubernetes.io/serviceaccount/namespace": "default",
            "kubernetes.io/serviceaccount/secret.name": "ci-token-" + rs(r, 5, LOW),
            "sub": "system:serviceaccount:default:ci",
        },
        "RS256",
    ),
    "users:\n- name: ci\n  user:\n    token: {s}",
    "kubectl --token={s} get pods -A",
)
fam(
    "kubernetes_secret",
    lambda r: b64(pw(r).encode()),
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {proj}-db\ntype: Opaque\ndata:\n  password: {s}",
    "kubectl get secret {proj}-db -o jsonpath='{.data.password}'\n{s}",
)
fam(
    "kubeadm_token",
    lambda r: f"{rs(r, 6, LOW + DIG)}.{rs(r, 16, LOW + DIG)}",
    "kubeadm join {ip}:6443 --token {s} \\",
    "bootstrapTokens:\n- token: {s}",
)
fam(
    "docker_swarm_token",
    lambda r: f"SWMTKN-1-{rs(r, 50, LOW + DIG)}-{rs(r, 25, LOW + DIG)}",
    "docker swarm join --token {s} {ip}:2377",
    "swarm_worker_token: {s}",
)
fam(
    "onepassword_service_token",
    lambda r: (
        "ops_"
        + b64u(
            json.dumps(
                {
                    "signInAddress": "my.1password.eu",
                    "userAuth": {
                        "method": "SRPg-4096",
                        "alg": "PBES2g-HS256",
                        "iterations": 650000,
                        "salt": b64u(rb(r, 16)),
                    },
                    "email": rs(r, 13, LOW + DIG) + "@1passwordserviceaccounts.eu",
                    "srpX": hx(r, 64),
                    "muk": {"alg": "A256GCM", "k": b64u(rb(r, 32)), "kid": "mp"},
                    "secretKey": "A3-" + "-".join(rs(r, k, UP + DIG) for k in (6, 6, 5, 5, 5, 5)),
                    "deviceUuid": rs(r, 26, LOW + DIG),
                },
                separators=(",", ":"),
            ).encode()
        )
    ),
    "OP_SERVICE_ACCOUNT_TOKEN={s}",
    "export OP_SERVICE_ACCOUNT_TOKEN='{s}'; op vault ls",
)
fam(
    "tailscale_key",
    lambda r: f"tskey-auth-k{rs(r, 11)}CNTRL-{rs(r, 32)}",
    "tailscale up --authkey {s}",
    "TS_AUTHKEY={s}",
)
fam(
    "ansible_become_password",
    pw_conn,
    "ansible_become_password: {s}",
    "[web]\n{ip} ansible_user={user} ansible_ssh_pass={s}",
)

# ---------------------------------------------------------------- monitoring
fam(
    "datadog_api_key",
    lambda r: hx(r, 32),
    "DD_API_KEY={s}",
    "api_key: {s}\nsite: datadoghq.eu",
    'curl -H "DD-API-KEY: {s}" https://api.datadoghq.com/api/v1/validate',
)
fam("datadog_app_key", lambda r: hx(r, 40), "DD_APP_KEY={s}", 'provider "datadog" {\n  app_key = "{s}"\n}')
fam(
    "newrelic_user_key",
    lambda r: "NRAK-" + rs(r, 27, UP + DIG),
    "NEW_RELIC_API_KEY={s}",
    'curl -H "Api-Key: {s}" https://api.newrelic.com/graphql',
)
fam("newrelic_license_key", lambda r: hx(r, 36) + "NRAL", "license_key: {s}", "NEW_RELIC_LICENSE_KEY={s}")
fam(
    "grafana_sa_token",
    grafana_sa,
    'curl -H "Authorization: Bearer {s}" http://grafana.{host}:3000/api/org',
    "GRAFANA_TOKEN={s}",
)
fam(
    "grafana_cloud_token",
    lambda r: (
        "glc_"
        + b64(
            json.dumps(
                {
                    "o": dg(r, 6),
                    "n": "stack-" + dg(r, 6) + "-" + r.choice(PROJ),
                    "k": rs(r, 24),
                    "m": {"r": "eu"},
                },
                separators=(",", ":"),
            ).encode()
        )
    ),
    "GRAFANA_CLOUD_API_KEY={s}",
    "basic_auth:\n  username: {n}\n  password: {s}",
)
fam(
    "sentry_auth_token",
    lambda r: r.choice(
        [
            lambda: "sntryu_" + hx(r, 64),
            lambda: (
                "sntrys_"
                + b64(
                    json.dumps(
                        {
                            "iat": 1700000000 + r.random() * 5e7,
                            "url": "https://sentry.io",
                            "region_url": "https://de.sentry.io",
                            "org": r.choice(PROJ),
                        }
                    ).encode()
                )
                + "_"
                + rs(r, 43, ALNUM + "+/")
            ),
        ]
    )(),
    "SENTRY_AUTH_TOKEN={s}",
    "sentry-cli --auth-token {s} releases new {n}",
    "[auth]\ntoken={s}",
)
fam(
    "dynatrace_token",
    lambda r: f"dt0c01.{rs(r, 24, UP + '234567')}.{rs(r, 64, UP + '234567')}",
    "Authorization: Api-Token {s}",
    "DT_API_TOKEN={s}",
)
fam(
    "splunk_hec_token",
    uid,
    'curl -k https://splunk.{host}:8088/services/collector -H "Authorization: Splunk {s}" -d @e.json',
    "SPLUNK_HEC_TOKEN={s}",
)
fam(
    "pagerduty_key",
    lambda r: "u+" + rs(r, 18, ALNUM + "_-"),
    "Authorization: Token token={s}",
    "PAGERDUTY_TOKEN={s}",
)
fam(
    "launchdarkly_key",
    lambda r: r.choice(["sdk-", "api-"]) + uid(r),
    "LAUNCHDARKLY_SDK_KEY={s}",
    'ldclient.set_config(Config("{s}"))',
)

# ---------------------------------------------------------------- AI providers
fam(
    "openai_key",
    lambda r: r.choice(
        [
            lambda: f"sk-{rs(r, 20)}T3BlbkFJ{rs(r, 20)}",
            lambda: (
                "sk-"
                + r.choice(["proj", "svcacct", "admin"])
                + f"-{rs(r, 74, URL64)}T3BlbkFJ{rs(r, 74, URL64)}"
            ),
        ]
    )(),
    "OPENAI_API_KEY={s}",
    'client = OpenAI(api_key="{s}")',
    'curl https://api.openai.com/v1/models -H "Authorization: Bearer {s}"',
    "Kannst du mal testen? Mein Key: {s}",
)
fam(
    "anthropic_key",
    lambda r: f"sk-ant-{r.choice(['api03', 'api03', 'admin01'])}-{rs(r, 93, URL64)}AA",
    "ANTHROPIC_API_KEY={s}",
    'curl https://api.anthropic.com/v1/messages -H "x-api-key: {s}"',
    "const a = new Anthropic({ apiKey: '{s}' });",
)
fam(
    "huggingface_token",
    pre("hf_", 34, UP + LOW),
    "huggingface-cli login --token {s}",
    "HF_TOKEN={s}",
    'login("{s}")',
)
fam("groq_key", pre("gsk_", 52), "GROQ_API_KEY={s}", 'client = Groq(api_key="{s}")')
fam(
    "replicate_token",
    pre("r8_", 37),
    "REPLICATE_API_TOKEN={s}",
    "curl -H 'Authorization: Bearer {s}' https://api.replicate.com/v1/models",
)
fam("perplexity_key", pre("pplx-", 48), "PERPLEXITY_API_KEY={s}", "{name}: pplx key {s}")
fam(
    "openrouter_key",
    lambda r: "sk-or-v1-" + hx(r, 64),
    "OPENROUTER_API_KEY={s}",
    "baseURL: https://openrouter.ai/api/v1, apiKey: {s}",
)
fam(
    "deepseek_key",
    lambda r: "sk-" + hx(r, 32),
    "DEEPSEEK_API_KEY={s}",
    'OpenAI(base_url="https://api.deepseek.com", api_key="{s}")',
)
fam(
    "xai_key",
    pre("xai-", 80),
    "XAI_API_KEY={s}",
    'curl https://api.x.ai/v1/models -H "Authorization: Bearer {s}"',
)
fam("nvidia_key", pre("nvapi-", 64, URL64), "NVIDIA_API_KEY={s}", 'llm = ChatNVIDIA(nvidia_api_key="{s}")')
fam("mistral_key", pre("", 32), "MISTRAL_API_KEY={s}", 'client = Mistral(api_key="{s}")')
fam("cohere_key", pre("", 40), "CO_API_KEY={s}", "co = cohere.Client('{s}')")
fam("elevenlabs_key", lambda r: "sk_" + hx(r, 48), "xi-api-key: {s}", "ELEVENLABS_API_KEY={s}")
fam(
    "langsmith_key",
    lambda r: f"lsv2_{r.choice(['pt', 'sk'])}_{hx(r, 32)}_{hx(r, 10)}",
    "LANGCHAIN_API_KEY={s}",
    'os.environ["LANGSMITH_API_KEY"] = "{s}"',
)
fam(
    "wandb_key",
    lambda r: hx(r, 40),
    "wandb login {s}",
    "WANDB_API_KEY={s}",
    "machine api.wandb.ai\n  login user\n  password {s}",
)
fam(
    "databricks_token",
    lambda r: "dapi" + hx(r, 32) + r.choice(["", "-2"]),
    "[DEFAULT]\nhost = https://adb-{n}.azuredatabricks.net\ntoken = {s}",
    "DATABRICKS_TOKEN={s}",
)

# ---------------------------------------------------------------- services
fam(
    "notion_token",
    lambda r: r.choice([lambda: "secret_" + rs(r, 43), lambda: "ntn_" + dg(r, 11) + rs(r, 35)])(),
    "NOTION_TOKEN={s}",
    "const notion = new Client({ auth: '{s}' })",
)
fam(
    "linear_key",
    pre("lin_api_", 40),
    "LINEAR_API_KEY={s}",
    'curl -H "Authorization: {s}" https://api.linear.app/graphql',
)
fam(
    "airtable_pat",
    lambda r: f"pat{rs(r, 14)}.{hx(r, 64)}",
    "AIRTABLE_PAT={s}",
    "Airtable.configure({ apiKey: '{s}' });",
)
fam(
    "asana_pat",
    lambda r: f"{r.choice('12')}/{dg(r, 16)}:{hx(r, 32)}",
    "ASANA_ACCESS_TOKEN={s}",
    'client = asana.Client.access_token("{s}")',
)
fam("figma_pat", lambda r: "figd_" + rs(r, 40, URL64), "X-Figma-Token: {s}", "FIGMA_TOKEN={s}")
fam(
    "postman_key",
    lambda r: f"PMAK-{hx(r, 24)}-{hx(r, 34)}",
    "postman login --with-api-key {s}",
    "X-Api-Key: {s}",
)
fam(
    "dropbox_token",
    lambda r: "sl.B" + rs(r, r.randint(130, 150), URL64),
    'dbx = dropbox.Dropbox("{s}")',
    "DROPBOX_ACCESS_TOKEN={s}",
)
fam("okta_token", lambda r: "00" + rs(r, 40, URL64), "Authorization: SSWS {s}", "OKTA_API_TOKEN={s}")
fam(
    "auth0_client_secret",
    pre("", 64, URL64),
    "AUTH0_CLIENT_SECRET={s}",
    '"client_secret":"{s}","audience":"https://{host}/api/v2/"',
)
fam(
    "hubspot_token",
    lambda r: f"pat-{r.choice(['na1', 'eu1'])}-{uid(r)}",
    "HUBSPOT_ACCESS_TOKEN={s}",
    "const hs = new hubspot.Client({ accessToken: '{s}' })",
)
fam(
    "salesforce_token",
    lambda r: f"00D{rs(r, 12)}!AQ{rs(r, 94, ALNUM + '._')}",
    "sfdx force:org:display\nAccess Token  {s}",
    "Authorization: OAuth {s}",
)
fam(
    "contentful_pat",
    pre("CFPAT-", 43, URL64),
    "CONTENTFUL_MANAGEMENT_TOKEN={s}",
    "contentful login --management-token {s}",
)
fam(
    "mapbox_secret_token",
    lambda r: (
        "sk."
        + b64u(json.dumps({"u": user(r), "a": "cl" + rs(r, 23, LOW + DIG)}, separators=(",", ":")).encode())
        + "."
        + rs(r, 22, URL64)
    ),
    "MAPBOX_SECRET_TOKEN={s}",
    "MAPBOX_DOWNLOADS_TOKEN={s}",
)
fam(
    "planetscale",
    lambda r: r.choice(["pscale_pw_", "pscale_tkn_"]) + rs(r, 43, URL64),
    "DATABASE_URL='mysql://{acct}:{s}@aws.connect.psdb.cloud/{db}?ssl={\"rejectUnauthorized\":true}'",
    "PLANETSCALE_SERVICE_TOKEN={s}",
)
fam("supabase_token", lambda r: "sbp_" + hx(r, 40), "SUPABASE_ACCESS_TOKEN={s}", "supabase login --token {s}")
fam(
    "supabase_service_role",
    supabase_role,
    "SUPABASE_SERVICE_ROLE_KEY={s}",
    "const admin = createClient(url, '{s}')",
)
fam(
    "fcm_server_key",
    lambda r: f"AAAA{rs(r, 7, URL64)}:APA91b{rs(r, 134, URL64)}",
    "Authorization: key={s}",
    "FCM_SERVER_KEY={s}",
)
fam("algolia_admin_key", lambda r: hx(r, 32), "ALGOLIA_ADMIN_KEY={s}", "X-Algolia-API-Key: {s}")

# ---------------------------------------------------------------- databases
fam(
    "postgres_url",
    pw_url,
    "DATABASE_URL=postgresql://{user}:{s}@{host}:5432/{db}?sslmode=require",
    'engine = create_engine("postgresql+psycopg2://{user}:{s}@{ip}/{db}")',
    "psql postgres://{user}:{s}@{host}/{db}",
    "{ts} FATAL could not connect to postgres://{user}:{s}@{ip}:5432/{db}",
)
fam(
    "mysql_url",
    pw_url,
    "mysql://{user}:{s}@{host}:3306/{db}",
    "SQLALCHEMY_DATABASE_URI = 'mysql+pymysql://{user}:{s}@{host}/{db}'",
)
fam(
    "mysql_cli",
    lambda r: rs(r, 14, ALNUM + "_-.") if r.random() < 0.5 else rs(r, 1, UP) + r.choice(WORDS) + dg(r, 3),
    "mysqldump -h {host} -u {user} -p{s} {db} > {db}.sql",
    "[client]\nuser={user}\npassword={s}\nhost={host}",
    "CREATE USER '{user}'@'%' IDENTIFIED BY '{s}';",
)
fam(
    "mongodb_url",
    pw_url,
    "MONGO_URI=mongodb+srv://{user}:{s}@cluster0.{hex8}.mongodb.net/{db}?retryWrites=true&w=majority",
    'mongoose.connect("mongodb://{user}:{s}@{host}:27017/{db}?authSource=admin")',
)
fam(
    "redis_url",
    pw_url,
    "REDIS_URL=rediss://default:{s}@{host}:6379/0",
    "CELERY_BROKER_URL = 'redis://:{s}@{host}:6379/1'",
)
fam("redis_requirepass", pw_alnum, "requirepass {s}", "redis-cli -h {host} -a {s} PING")
fam("amqp_url", pw_url, "amqp://{user}:{s}@{host}:5672/{db}", "broker_url: amqps://{user}:{s}@{host}/%2f")
fam(
    "mssql_connection",
    pw_conn,
    "Server=tcp:{host},1433;Initial Catalog={db};User ID={user};Password={s};Encrypt=True;",
    '"DefaultConnection": "Data Source={host};Database={db};User Id={user};Pwd={s};"',
    "sqlcmd -S {host} -U {user} -P '{s}' -Q 'select 1'",
)
fam(
    "jdbc_password",
    pw_alnum,
    "jdbc:postgresql://{host}:5432/{db}?user={user}&password={s}",
    "spring.datasource.username={user}\nspring.datasource.password={s}",
    'DriverManager.getConnection("jdbc:mysql://{host}/{db}", "{user}", "{s}");',
)
fam(
    "oracle_connect",
    pw_alnum,
    "sqlplus {user}/{s}@//{host}:1521/ORCLPDB1",
    "jdbc:oracle:thin:{user}/{s}@{host}:1521:ORCL",
)
fam(
    "pgpass",
    lambda r: pw(r).replace(":", "."),
    "{host}:5432:{db}:{user}:{s}",
    "PGPASSWORD='{s}' pg_dump -h {host} -U {user} {db}",
)
fam(
    "snowflake_password",
    pw_conn,
    'snowflake.connector.connect(user="{user}", password="{s}", account="xy{n}.eu-central-1")',
    "SNOWFLAKE_PASSWORD='{s}'",
)
fam(
    "elasticsearch_api_key",
    lambda r: b64(f"{rs(r, 20, URL64)}:{rs(r, 22, URL64)}".encode()),
    "Authorization: ApiKey {s}",
    'es = Elasticsearch("https://{host}:9200", api_key="{s}")',
)
fam(
    "ldap_bind_password",
    pw_conn,
    "ldapsearch -x -D 'cn={user},dc=corp,dc=local' -w '{s}' -b dc=corp,dc=local",
    'AUTH_LDAP_BIND_PASSWORD = "{s}"',
    "bindpw {s}",
)

# ---------------------------------------------------------------- keys and tokens
fam(
    "jwt",
    jwt,
    "Authorization: Bearer {s}",
    "localStorage.setItem('id_token', '{s}')",
    "{ts} DEBUG verify token={s} ok",
    "GET /download?file={n}&jwt={s} HTTP/1.1",
)
fam(
    "pem_rsa_private_key",
    lambda r: pem("RSA PRIVATE KEY", rsa_der(r, r.choice([1024, 2048]))),
    "{s}\n",
    "$ cat /etc/ssl/private/{host}.key\n{s}\n$ ",
    "Hello {name},\n\nplease install this key on {host}:\n\n{s}\n\nRegards",
    'KEY = """{s}"""',
)
fam(
    "pem_pkcs8_private_key",
    lambda r: pem("PRIVATE KEY", pkcs8_der(r)),
    "{s}",
    "const privateKey = `{s}`;",
    "ssl_key: '{s}'",
)
fam(
    "pem_ec_private_key",
    lambda r: pem("EC PRIVATE KEY", ec_der(r)),
    "openssl ecparam -name prime256v1 -genkey -noout\n{s}",
    "{s}\n",
    "jwt_signing_key = '''{s}'''",
)
fam(
    "pem_encrypted_private_key",
    lambda r: pem("ENCRYPTED PRIVATE KEY", enc_der(r)),
    "{s}",
    "# backup of {host}\n{s}\n",
)
fam(
    "ssh_private_key",
    openssh_key,
    "cat > ~/.ssh/id_ed25519 <<'KEY'\n{s}\nKEY",
    "{s}\n",
    "{name}: here is the deploy key\n{s}",
)
fam(
    "pgp_private_key",
    lambda r: pgp(r, "PRIVATE"),
    "gpg --export-secret-keys --armor ops@{host}\n{s}",
    "{s}\n",
)
fam("putty_private_key", putty, "{s}", "Attached as text, {name}:\n\n{s}\n")
fam(
    "age_secret_key",
    age_secret,
    "# created: {ts}Z\n# public key: see below\n{s}",
    "SOPS_AGE_KEY={s}",
    "{name}, the age identity for {proj} is {s}",
)
fam(
    "wireguard_private_key",
    lambda r: b64(rb(r, 32)),
    "[Interface]\nPrivateKey = {s}\nAddress = {ip}/24",
    "PresharedKey = {s}",
)
fam(
    "basic_auth_url",
    pw_url,
    "curl -O https://{user}:{s}@{host}/export.zip",
    "git clone https://{user}:{s}@git.{host}/{proj}.git",
    "--extra-index-url https://{user}:{s}@pypi.{host}/simple",
    "ftp://{user}:{s}@{host}/incoming/",
)
fam(
    "basic_auth_header",
    basic,
    "Authorization: Basic {s}",
    'curl -H "Authorization: Basic {s}" https://{host}/api',
    'proxy_set_header Authorization "Basic {s}";',
)
fam(
    "bearer_opaque",
    lambda r: r.choice([lambda: rs(r, 40), lambda: hx(r, 64), lambda: b64u(rb(r, 32))])(),
    "Authorization: Bearer {s}",
    "curl -s -H 'authorization: bearer {s}' https://{host}/v1/me",
    '{ts} > headers={"Authorization": "Bearer {s}", "Accept": "*/*"}',
)
fam(
    "session_cookie",
    lambda r: r.choice(
        [
            lambda: rs(r, 32, LOW + DIG),
            lambda: "s%3A" + rs(r, 32, URL64) + "." + quote(b64(rb(r, 32)), safe=""),
            lambda: rs(r, 26, LOW + DIG),
        ]
    )(),
    "Cookie: sessionid={s}; lang=de",
    "Set-Cookie: connect.sid={s}; Path=/; HttpOnly; Secure",
    "curl -b 'PHPSESSID={s}' https://{host}/admin",
    'cookies = {"session": "{s}"}',
)
fam(
    "otp_seed",
    lambda r: rs(r, r.choice([16, 32]), UP + "234567"),
    "otpauth://totp/{host}:{user}?secret={s}&issuer={proj}",
    "oathtool --totp -b {s}",
    "TOTP_SECRET={s}",
)
fam(
    "recovery_codes",
    lambda r: f"{hx(r, 5)}-{hx(r, 5)}",
    "GitHub recovery code: {s}",
    "Your backup code for signing in without your phone is {s}.",
)

# ---------------------------------------------------------------- generic
fam(
    "env_password",
    pw_conn,
    "DB_PASSWORD={s}",
    "MYSQL_ROOT_PASSWORD='{s}'",
    'export ADMIN_PASS="{s}"',
    "POSTGRES_PASSWORD={s} docker compose up -d",
)
fam(
    "yaml_password",
    lambda r: pw_alnum(r),
    "database:\n  host: {host}\n  user: {user}\n  password: {s}",
    '  adminPassword: "{s}"',
    "environment:\n  - RABBITMQ_DEFAULT_PASS={s}",
)
fam(
    "json_password",
    pw,
    '{"username": "{user}", "password": "{s}"}',
    '  "dbPassword": "{s}",',
    '{ts} POST /login body={"user":"{user}","passwd":"{s}"} 200',
)
fam(
    "code_password",
    pw,
    'password = "{s}"',
    'private static final String PASSWORD = "{s}";',
    "$db_pass = '{s}';",
    'conn = pymysql.connect(host="{host}", user="{user}", passwd="{s}", db="{db}")',
)
fam(
    "chat_password",
    pw_human,
    "{name}: the wifi password is {s}",
    "login: {user} pw: {s}",
    "Hi {name}, your temporary password is {s}. Please change it after the first login.",
    "Das Passwort für {host} lautet {s}",
)
fam(
    "foreign_password",
    pw_human,
    "mot de passe : {s}",
    "Kennwort: {s}",
    "contraseña: {s}",
    "La password di {user} è {s}",
)
fam(
    "shell_password",
    pw_alnum,
    "sshpass -p '{s}' ssh {user}@{host}",
    "echo '{user}:{s}' | chpasswd",
    "net use Z: \\\\{host}\\share /user:{user} {s}",
    "smbclient //{host}/data -U {user}%{s}",
)
fam(
    "netrc",
    pw_alnum,
    "machine {host} login {user} password {s}",
    "machine {host}\n\tlogin {user}\n\tpassword {s}",
)
fam(
    "xml_password",
    pw_alnum,
    "<server><id>nexus</id><username>{user}</username><password>{s}</password></server>",
    '<add key="DbPassword" value="{s}" />',
    '<Resource name="jdbc/{db}" username="{user}" password="{s}" />',
)
fam(
    "generic_api_key",
    lambda r: r.choice([lambda: hx(r, 32), lambda: rs(r, 40), lambda: rs(r, 24)])(),
    'api_key = "{s}"',
    "X-API-Key: {s}",
    "https://api.{host}/v2/items?apikey={s}&limit=50",
    "apiSecret: {s}",
)
fam(
    "generic_secret",
    lambda r: r.choice([lambda: rs(r, 48, URL64), lambda: hx(r, 64), lambda: b64(rb(r, 32))])(),
    "client_secret={s}",
    "JWT_SECRET={s}",
    'signing_key: "{s}"',
    "webhookSecret = '{s}'",
)
fam(
    "django_secret_key",
    lambda r: rs(r, 50, LOW + DIG + "!@#$%^&*(-_=+)"),
    "SECRET_KEY = '{s}'",
    'DJANGO_SECRET_KEY="{s}"',
    'SECRET_KEY = env("KEY", default="{s}")',
)
fam(
    "rails_secret_key_base",
    lambda r: hx(r, 128),
    "production:\n  secret_key_base: {s}",
    "SECRET_KEY_BASE={s}",
)
fam("rails_master_key", lambda r: hx(r, 32), "RAILS_MASTER_KEY={s}", "$ cat config/master.key\n{s}")
fam("laravel_app_key", lambda r: "base64:" + b64(rb(r, 32)), "APP_KEY={s}", "'key' => env('APP_KEY', '{s}'),")
fam(
    "snmp_ipsec_psk",
    pw_alnum,
    'pre-shared-key "{s}"',
    "wpa_passphrase={s}",
    '{ip} : PSK "{s}"',
    "snmp-server community {s} RW",
)

# ---------------------------------------------------------------- benign lines
Fields = Callable[[Random], "dict[str, str]"]
BENIGN: list[tuple[str, Fields]] = []


def ok(template: str, **gens: Callable[[Random], str]) -> None:
    names = set(re.findall(r"\{([a-z_0-9]+)\}", template))
    full = {k: gens.get(k) or CTX[k] for k in names if k in gens or k in CTX}
    assert set(gens) <= names, template
    BENIGN.append((template, lambda r: {k: full[k](r) for k in sorted(full)}))


def h(n: int) -> Callable[[Random], str]:
    return lambda r: hx(r, n)


def al(n: int, alphabet: str = ALNUM) -> Callable[[Random], str]:
    return lambda r: rs(r, n, alphabet)


def bb(n: int) -> Callable[[Random], str]:
    return lambda r: b64(rb(r, n))


def oneof(*xs: str) -> Callable[[Random], str]:
    return lambda r: r.choice(xs)


def ver(r: Random) -> str:
    return f"{r.randint(0, 19)}.{r.randint(0, 40)}.{r.randint(0, 30)}"


def fp_md5(r: Random) -> str:
    return ":".join(hx(r, 2) for _ in range(16))


def fp_256(r: Random) -> str:
    return ":".join(hx(r, 2).upper() for _ in range(32))


def ulid(r: Random) -> str:
    return "01H" + rs(r, 23, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def ssh_ed_pub(r: Random) -> str:
    return b64(ssh_pub_blob(rb(r, 32)))


def ssh_rsa_pub(r: Random) -> str:
    return b64(ssh_str(b"ssh-rsa") + ssh_str(b"\x01\x00\x01") + ssh_str(b"\x00" + rb(r, 256)))


def pem_pub(r: Random) -> str:
    return pem(
        "PUBLIC KEY", der(0x30, RSA_OID + der(3, b"\x00" + der(0x30, big(r, 2048) + der(2, b"\x01\x00\x01"))))
    )


def png(r: Random) -> str:
    return b64(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x06\x00\x00\x00\x1f\xf3\xffa"
        + rb(r, r.randint(80, 260))
    )


def ident(r: Random) -> str:
    w = [r.choice(WORDS).capitalize() for _ in range(r.randint(4, 7))]
    return w[0].lower() + "".join(w[1:])


def snake(r: Random) -> str:
    return "_".join(r.choice(WORDS) for _ in range(r.randint(4, 7)))


def cssmod(r: Random) -> str:
    return (
        f"{r.choice(['Button', 'Card', 'Modal', 'Header'])}_{r.choice(['root', 'label', 'icon'])}__{rs(r, 5)}"
    )


def git_index(r: Random) -> str:
    return f"{hx(r, 7)}..{hx(r, 7)}"


ph = oneof(
    "<your-token>",
    "YOUR_API_KEY",
    "xxxxxxxxxxxxxxxxxxxx",
    "changeme",
    "REPLACE_ME",
    "********",
    "<redacted>",
    "TODO",
    "insert-key-here",
    "...",
)

# version control
ok("commit {h} (HEAD -> main, origin/main)", h=h(40))
ok("{h} fix rounding in {proj} invoices", h=h(9))
ok("index {i} 100644", i=git_index)
ok("Merge: {a} {b}", a=h(7), b=h(7))
ok("    Cherry-picked from {h}, see #{n}", h=h(40))
ok("- uses: actions/checkout@{h} # v{v}", h=h(40), v=ver)
ok("Subproject commit {h}", h=h(40))
ok("git rebase --onto {a} {b} feature/token-refresh", a=h(12), b=h(12))
ok("https://github.com/acme/{proj}/blob/{h}/src/auth/password.py#L{n}", h=h(40))
ok("oid sha256:{h}\nsize {n}", h=h(64))
# checksums, digests, lock files
ok("{h}  {proj}-{v}.tar.gz", h=h(64), v=ver)
ok("MD5 ({proj}.iso) = {h}", h=h(32))
ok("    --hash=sha256:{a} \\\n    --hash=sha256:{b}", a=h(64), b=h(64))
ok('      "integrity": "sha512-{b}",', b=bb(64))
ok('    "resolved": "https://registry.npmjs.org/{proj}-token/-/{proj}-token-{v}.tgz#{h}",', v=ver, h=h(40))
ok("  integrity sha512-{b}", b=bb(64))
ok("github.com/golang-jwt/jwt/v5 v{v} h1:{b}", v=ver, b=bb(32))
ok('checksum = "{h}"', h=h(64))
ok('{ file = "{proj}-{v}-py3-none-any.whl", hash = "sha256:{h}" },', v=ver, h=h(64))
ok("FROM python:3.12-slim@sha256:{h}", h=h(64))
ok(
    '<script src="https://cdn.{host}/app.js" integrity="sha384-{b}" crossorigin="anonymous"></script>',
    b=bb(48),
)
ok("sha256sum -c <<< '{h}  installer.sh'", h=h(64))
ok("Digest: sha256:{h}\nStatus: Downloaded newer image for {proj}:{v}", h=h(64), v=ver)
ok('ETag: "{h}"', h=h(32))
ok("Content-MD5: {b}", b=bb(16))
ok("zlib CRC32 of block {n}: 0x{c}", c=h(8))
ok('  sha256 "{h}"\n  license "MIT"', h=h(64))
ok('        sha256 = "sha256-{b}";', b=bb(32))
ok("/nix/store/{x}-{proj}-{v}/bin/{proj}", x=al(32, "0123456789abcdfghijklmnpqrsvwxyz"), v=ver)
ok("PODFILE CHECKSUM: {h}", h=h(40))
# ids
ok("order_id={uuid} status=paid")
ok("{ts} INFO  [{t}] request finished in {n} ms", t=h(16))
ok("traceparent: 00-{t}-{p}-01", t=h(32), p=h(16))
ok("X-Request-Id: {uuid}")
ok('{"level":"info","trace_id":"{t}","span_id":"{p}","msg":"token cache refreshed"}', t=h(32), p=h(16))
ok("X-Amzn-Trace-Id: Root=1-{a}-{b}", a=h(8), b=h(24))
ok("CorrelationId={u}; Tenant={uuid}", u=uid)
ok('{ "_id": { "$oid": "{o}" }, "passwordChangedAt": "{ts}Z" }', o=h(24))
ok("event {u} enqueued on topic password-reset-requested", u=ulid)
ok("arn:aws:iam::{a}:role/{proj}-secrets-reader", a=lambda r: dg(r, 12))
ok("arn:aws:secretsmanager:{region}:{a}:secret:{proj}/db-{x}", a=lambda r: dg(r, 12), x=al(6))
ok("instance i-{h} is running in subnet-{g}", h=h(17), g=h(17))
ok('kms_key_id = "{uuid}"')
ok('tenant_id       = "{uuid}"\nsubscription_id = "{u}"', u=uid)
ok("pod/{proj}-{a}-{b}   1/1   Running   0   3d", a=h(10), b=al(5, LOW + DIG))
ok("Message-ID: <{x}.{n}@{host}>", x=al(22))
ok("DKIM selector s{n}._domainkey.{host} CNAME {x}.dkim.amazonses.com", x=al(32, LOW + DIG))
ok("gtag('config', 'G-{x}');", x=al(10, UP + DIG))
ok("Build #{n} ({h}) triggered by {name}", h=h(8))
ok("device serial {x}, firmware {v}", x=al(12, UP + DIG), v=ver)
ok("client_id: {a}-{b}.apps.googleusercontent.com", a=lambda r: dg(r, 12), b=al(32, LOW + DIG))
ok("torrent magnet:?xt=urn:btih:{h}&dn=debian-12.iso", h=h(40))
ok("tx 0x{h} confirmed in block {n}", h=h(64))
ok("contract deployed at 0x{h}", h=h(40))
ok("ISBN 978-3-16-{n}-0, DOI 10.1000/{x}", x=al(10, LOW + DIG))
ok("https://www.youtube.com/watch?v={x}", x=al(11, URL64))
ok("https://docs.google.com/document/d/1{x}/edit#heading=h.{y}", x=al(43, URL64), y=al(12, LOW + DIG))
# base64, images, minified code
ok('<img alt="logo" src="data:image/png;base64,{b}">', b=png)
ok(
    ".icon-lock{background:url(data:image/svg+xml;base64,{b})}",
    b=lambda r: b64(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M'
        + dg(r, 3).encode()
        + b' 4h12v16H6z"/></svg>'
    ),
)
ok("@font-face{font-family:x;src:url(data:font/woff2;base64,d09GMgABAAAAA{b}) format('woff2')}", b=bb(120))
ok(
    '!function(e,t){var n=t.token||"",{a}=function(o){return e[o]&&e[o].password};t.exports={{b}:n}}(window,{});',
    a=al(2, LOW),
    b=al(3, LOW),
)
ok(
    "(self.webpackChunk{proj}=self.webpackChunk{proj}||[]).push([[{n}],{{n2}:(e,t,r)=>{r.d(t,{Z:()=>a})}}]);",
    n2=lambda r: dg(r, 4),
)
ok("//# sourceMappingURL=main.{h}.js.map", h=h(20))
ok('"mappings":"AAAA,SAAS{a},GAAG{b},EAAE,CAAC;{c}"', a=al(4, UP), b=al(5, UP), c=al(60, UP + LOW + ",;"))
ok("/static/js/vendor.{a}.chunk.js 200 {n}B", a=h(8))
ok(
    '<path d="M{n} 12.{a}c0-1.{b} .9-2.{c} 2-2.{a}h12z" fill="#{f}"/>',
    a=lambda r: dg(r, 3),
    b=lambda r: dg(r, 2),
    c=lambda r: dg(r, 2),
    f=h(6),
)
ok(
    "assert b64decode('{b}') == payload  # case {n}",
    b=lambda r: b64(b"the quick brown fox " + r.choice(WORDS).encode()),
)
ok('{"cells":[{"outputs":[{"data":{"image/png":"{b}"}}]}]}', b=png)
# placeholders
ok('password = os.environ["DB_{k}"]', k=oneof("PASSWORD", "PW", "SECRET"))
ok("export API_TOKEN={p}", p=ph)
ok('api_key: "{p}"', p=ph)
ok("password: ${{k}}", k=oneof("DB_PASSWORD", "POSTGRES_PASSWORD", "ADMIN_PW"))
ok("token: ${{ secrets.{k} }}", k=oneof("GITHUB_TOKEN", "NPM_TOKEN", "PYPI_API_TOKEN", "DEPLOY_KEY"))
ok("password: {{ vault_{k}_password }}", k=oneof("db", "smtp", "ldap"))
ok("password = \"{{ lookup('env', '{k}') }}\"", k=oneof("DB_PASS", "SMTP_PASS"))
ok("db_password = var.{k}", k=oneof("db_password", "master_password"))
ok("postgresql://user:password@localhost:{n}/{db}   # example only, set your own")
ok("postgres://{user}:${DB_PASSWORD}@{host}:5432/{db}")
ok("postgres://{user}:***@{host}:5432/{db}")
ok("curl -H 'Authorization: Bearer <your-token>' https://api.{host}/v{v}/items", v=ver)
ok('curl -H "Authorization: Bearer $TOKEN" https://{host}/api/v1/{proj}')
ok("The default password is `changeme`; you must replace it before you expose {host}.")
ok("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE  # from the AWS documentation, page {n}")
ok("sk-... (starts with `sk-`, see the {proj} settings page)")
ok(
    "OPENAI_API_KEY=sk-{x}",
    x=oneof("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "your-key-here", "REPLACE_ME", "XXXXXXXXXXXXXXXXXXXX"),
)
ok("{ts} INFO login user={user} password=[FILTERED] ip={ip}")
ok("Set-Cookie: session=deleted; Max-Age=0; Path=/{proj}")
ok("SECRET_KEY = config('SECRET_KEY')  # {proj}")
ok("password: !vault-ref secret/data/{proj}#password")
ok("secretKeyRef:\n  name: {proj}-credentials\n  key: password")
ok("op://Production/{proj}/password")
ok("-----BEGIN PRIVATE KEY-----\n<paste the key of {host} here>\n-----END PRIVATE KEY-----")
# public keys, fingerprints, key ids
ok("ssh-ed25519 {k} {user}@{host}", k=ssh_ed_pub)
ok("ssh-rsa {k} {name}", k=ssh_rsa_pub)
ok("{host},{ip} ssh-ed25519 {k}", k=ssh_ed_pub)
ok("{p}\n", p=pem_pub)
ok(
    "{p}",
    p=lambda r: pem("CERTIFICATE", b"\x30\x82\x03\x0b\x30\x82\x01\xf3\xa0\x03\x02\x01\x02" + rb(r, 770)),
)
ok("{p}\n", p=lambda r: pgp(r, "PUBLIC"))
ok("256 SHA256:{b} {user}@{host} (ED25519)", b=lambda r: b64(rb(r, 32)).rstrip("="))
ok("The key fingerprint is:\nMD5:{f}", f=fp_md5)
ok("SHA256 Fingerprint={f}", f=fp_256)
ok("pub   rsa4096 {exp} [SC]\n      {f}", f=lambda r: hx(r, 40).upper())
ok("gpg --keyserver hkps://keys.openpgp.org --recv-keys 0x{f}", f=lambda r: hx(r, 16).upper())
ok("age recipient: {a}", a=lambda r: bech32("age", rb(r, 32)))
ok("[Peer]\nPublicKey = {b}\nAllowedIPs = {ip}/32", b=bb(32))
ok('{"kty":"RSA","use":"sig","kid":"{k}","e":"AQAB","n":"{m}"}', k=h(16), m=lambda r: b64u(rb(r, 256)))
ok("trusted-public-keys = cache.{host}-1:{b}", b=bb(32))
ok("STRIPE_PUBLISHABLE_KEY=pk_live_{x}", x=al(24))
ok("serialNumber={f}", f=lambda r: hx(r, 36).upper())
ok(
    "v=DKIM1; k=rsa; p={b}",
    b=lambda r: b64(der(0x30, RSA_OID + der(3, b"\x00" + der(0x30, big(r, 1024) + der(2, b"\x01\x00\x01"))))),
)
ok("_dmarc.{host} TXT google-site-verification={x}", x=al(43, URL64))
# names and flags
ok("feature.{s1}.enabled=true", s1=snake)
ok("FF_PASSWORDLESS_LOGIN_{x}=false", x=lambda r: snake(r).upper())
ok("public void {i}WithInvalidPasswordThrows() throws Exception {", i=ident)
ok(
    "tests/auth/test_tokens.py::test_{s1}_rejects_expired_token PASSED [{k}%]",
    s1=snake,
    k=lambda r: str(r.randint(1, 99)),
)
ok('<div class="{c} {d} css-{x}">', c=cssmod, d=cssmod, x=al(6, LOW + DIG))
ok("import { {i}, usePasswordField } from '@acme/{proj}-ui';", i=ident)
ok("AbstractSingletonProxyFactoryBean{x}TokenCredentialsProviderImpl", x=lambda r: ident(r).capitalize())
ok('static const char *kSecretSanta{x} = "secret_santa_{s1}";', x=lambda r: ident(r).capitalize(), s1=snake)
ok("  --color-{s1}: #{f};", s1=snake, f=h(6))
ok("User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{v} Safari/537.36", v=ver)
# URLs, versions, cron, SQL
ok("https://{host}/search?q={proj}+token&page={n}&sort=desc&utm_source=newsletter&utm_campaign={x}", x=al(12))
ok("https://{host}/reset-password?lang=de&ref={x}", x=oneof("footer", "mail", "login"))
ok("GET /assets/{h}.png?v={v}&w={n} 304", h=h(32), v=ver)
ok("{proj}=={v}+cu121.g{h}", v=ver, h=h(8))
ok("kernel 6.{n}-amd64 #1 SMP build {h}", h=h(12))
ok("*/15 * * * * /usr/local/bin/rotate-secrets --env {proj} >> /var/log/rotate-{n}.log 2>&1")
ok("0 3 * * {d} {user} pg_dump -w {db} | gzip > /backup/{db}.gz", d=oneof("0", "1-5", "*"))
ok("SELECT id, password_hash, token_expires_at FROM {db}.users WHERE id = '{uuid}';")
ok("ALTER TABLE {proj}_accounts ADD COLUMN password_reset_token varchar({k});", k=oneof("64", "128", "255"))
ok("INSERT INTO {proj} (id, sku, qty) VALUES ('{uuid}', '{x}', {n});", x=al(12, UP + DIG))
ok("GRANT SELECT ON {db}.* TO '{user}'@'{ip}';")
# code and prose that handle passwords and hold none
ok("if not bcrypt.checkpw(password.encode(), user.password_hash):  # {proj}")
ok(
    "def set_password(self, password: str, rounds: int = {k}) -> None:",
    k=lambda r: str(r.choice([8, 10, 12, 14, 16, 24, 32])),
)
ok('password = getpass.getpass("Password for {user}: ")')
ok("const token = await getToken({ audience: 'https://{host}/', scope: 'read:{proj}' });")
ok("token = secrets.token_urlsafe({k})  # {proj}", k=lambda r: str(r.choice([8, 10, 12, 14, 16, 24, 32])))
ok('String password = request.getParameter("password_{x}");', x=oneof("new", "old", "repeat"))
ok('read -rsp "Password for {host}: " PASSWORD')
ok(
    "openssl rand -base64 {k}  # then put it in the vault as {proj}/password",
    k=lambda r: str(r.choice([8, 10, 12, 14, 16, 24, 32])),
)
ok(
    '<input type="password" name="password" id="{x}" autocomplete="current-password">',
    x=lambda r: "field-" + hx(r, 6),
)
ok(
    "{ts} WARN  password for user {user} expires in {k} days",
    k=lambda r: str(r.choice([8, 10, 12, 14, 16, 24, 32])),
)
ok("Hi {name}, I have forgotten my password again. Could you reset it for {host}?")
ok("{name}: I put the API key in the vault under {proj}, ask {other} for access", other=oneof(*NAMES))
ok(
    "Passwords must have at least {k} characters, one digit and one symbol.",
    k=lambda r: str(r.choice([8, 10, 12, 14, 16, 24, 32])),
)
ok('raise ValueError("api_key is required for {proj}")')
ok(
    'password: Optional[SecretStr] = Field(default=None, alias="{x}")',
    x=oneof("DB_PASSWORD", "dbPassword", "smtp-password"),
)
ok(
    "tokens used: {n}, tokens per second: {v}, model {proj}-large",
    v=lambda r: f"{r.randint(9, 180)}.{r.randint(0, 9)}",
)
ok("chmod 600 ~/.ssh/id_ed25519_{proj} && ssh-add ~/.ssh/id_ed25519_{proj}")

# ---------------------------------------------------------------- the two samplers
_FIELD = re.compile(r"\{([a-z_0-9]+)\}")
ByFamily = dict[str, list[tuple[str, Callable[[Random], str]]]]
_BY_FAMILY: ByFamily = {}
for _f, _t, _g in SECRETS:
    _BY_FAMILY.setdefault(_f, []).append((_t, _g))
FAMILIES = sorted(_BY_FAMILY)


def _fill(template: str, r: Random) -> str:
    return _FIELD.sub(lambda m: CTX[m[1]](r) if m[1] in CTX else m[0], template)


def secret_lines(n: int, seed: int) -> list[tuple[str, str, int, int]]:
    return draw_secrets(_BY_FAMILY, n, seed)


def benign_lines(n: int, seed: int) -> list[str]:
    return draw_benign(BENIGN, n, seed)


def draw_secrets(by_family: ByFamily, n: int, seed: int) -> list[tuple[str, str, int, int]]:
    """n of (family, text, start, end): text[start:end] is the secret; each family is drawn as often as the others."""
    r = Random(f"secrets-{seed}")
    out: list[tuple[str, str, int, int]] = []
    order: list[str] = []
    while len(out) < n:
        if not order:
            order = sorted(by_family)
            r.shuffle(order)
        family = order.pop()
        template, gen = r.choice(by_family[family])
        left, right = template.split("{s}")
        left, secret, right = _fill(left, r), gen(r), _fill(right, r)
        out.append((family, left + secret + right, len(left), len(left) + len(secret)))
    return out


def draw_benign(benign: list[tuple[str, Fields]], n: int, seed: int) -> list[str]:
    """n texts that hold no secret; each template is drawn as often as the others."""
    r = Random(f"benign-{seed}")
    out: list[str] = []
    order: list[tuple[str, Fields]] = []
    while len(out) < n:
        if not order:
            order = benign[:]
            r.shuffle(order)
        template, fields = order.pop()
        values = fields(r)
        out.append(_FIELD.sub(lambda m: values.get(m[1], m[0]), template))  # noqa: B023
    return out
