"""Lines of a third hand, who had seen neither the rules nor the second hand's templates: some hold one made-up secret.

The form is that of `secret_lines`: `{s}` in a carrier is the secret and the names of `CTX` there are its surroundings;
the benign templates take the names of `LOOKS`; other braces are text. Every value is random and belongs to nobody. Of a
URL or a key block only what must stay unknown is the secret: the password, the signature, the body between the dashes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from secret_lines import (
    _FIELD,
    ALNUM,
    DIG,
    HEX,
    LOW,
    UP,
    URL64,
    age_secret,
    b64,
    b64u,
    base62,
    bech32,
    crc62,
    dg,
    draw_benign,
    draw_secrets,
    ec_der,
    enc_der,
    github_pat,
    hx,
    jwt,
    openssh_key,
    pkcs8_der,
    pre,
    pypi,
    rb,
    rs,
    rsa_der,
    stamp,
    uid,
    user,
)

Maker = Callable[[Random], str]
BASE32 = UP + "234567"
BASE64 = ALNUM + "+/"
BY_FAMILY: dict[str, list[tuple[str, Maker]]] = {}


def family(name: str, make: Maker, *carriers: str) -> None:
    assert name not in BY_FAMILY and all(carrier.count("{s}") == 1 for carrier in carriers), name
    BY_FAMILY[name] = [(carrier, make) for carrier in carriers]


def any_of(*makers: Maker) -> Maker:
    return lambda r: r.choice(makers)(r)


def wrapped(raw: bytes, width: int = 64) -> str:
    text = b64(raw)
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def groups(alphabet: str, n: int, size: int, sep: str = "-") -> Maker:
    return lambda r: sep.join(rs(r, size, alphabet) for _ in range(n))


# ---------------------------------------------------------------- passwords as people choose and managers make them
TERMS = (
    "Sommer Winter Hamster Amsterdam Voetbal Fiets Kaas Bremen Leuchtturm Kirsche Soleil Bonjour Chaton Marseille "
    "Verano Gatito Sevilla Naranja Spring Falcon Wombat Copper Lantern Harbour Pickle Tractor Orbit Velvet Schalke "
    "Welkom Willkommen Bienvenue Welcome Passwort Company Office Printer Backup Monkey Dragon Coffee Biscuit Rocket"
).split()


def chosen(r: Random) -> str:
    word, other, year = r.choice(TERMS), r.choice(TERMS), r.randint(1968, 2026)
    swapped = word.translate(str.maketrans("aeios", "@3105"))
    return r.choice(
        [
            f"{word}{year}!",
            f"{word}{r.randint(1, 99)}{r.choice('!#$?*')}",
            f"{swapped}{r.randint(10, 999)}",
            f"{swapped}_{other}{r.choice('!$#')}",
            f"{word}-{other.lower()}-{r.randint(2, 99)}",
            f"{word.lower()}{other}{r.randint(0, 99):02d}",
            f"!{word}{r.choice('_.-')}{other}#{r.randint(1, 9)}",
            f"{rs(r, 2, UP)}{word.lower()}{r.randint(100, 9999)}",
        ]
    )


def managed(r: Random) -> str:
    return rs(r, 1, ALNUM) + rs(r, r.randint(10, 26), ALNUM + "!#%*+-_=?^~") + rs(r, 1, ALNUM)


def phrase(r: Random) -> str:
    return "-".join(r.choice(TERMS).lower() for _ in range(4)) + str(r.randint(1, 99))


secret_word = any_of(chosen, chosen, managed, phrase)
plain_word = any_of(lambda r: rs(r, r.randint(12, 32)), lambda r: r.choice(TERMS) + dg(r, 4))


def in_url(r: Random) -> str:
    return r.choice([plain_word(r), quote(managed(r), safe=""), quote(chosen(r), safe="!")])


# ---------------------------------------------------------------- model vendors
family(
    "openai_project",
    lambda r: "sk-proj-" + rs(r, 74, URL64) + "T3BlbkFJ" + rs(r, 74, URL64),
    "OPENAI_API_KEY={s}",
    'client = OpenAI(api_key="{s}")',
    "Traceback ... Incorrect API key provided: {s}.",
    "use {s} for the demo in {proj} pls",
)
family(
    "openai_service",
    lambda r: "sk-svcacct-" + rs(r, 58, URL64) + "T3BlbkFJ" + rs(r, 58, URL64),
    "  - name: OPENAI_KEY\n    value: {s}",
    "curl https://api.openai.com/v1/models -H 'Authorization: Bearer {s}'",
)
family(
    "anthropic",
    lambda r: f"sk-ant-{r.choice(['api03', 'admin01', 'oat01'])}-" + rs(r, 93, URL64) + "AA",
    "x-api-key: {s}",
    'os.environ["ANTHROPIC_API_KEY"] = "{s}"',
    "{name}: hier mein claude key {s}",
)
family(
    "google_api",
    lambda r: "AIza" + rs(r, 35, URL64),
    "https://maps.googleapis.com/maps/api/js?key={s}&callback=init",
    "GEMINI_API_KEY='{s}'",
    "genai.configure(api_key='{s}')",
)
family(
    "huggingface",
    pre("hf_", 34, ALNUM),
    "huggingface-cli login --token {s}",
    "HF_TOKEN={s}",
    'AutoModel.from_pretrained(repo, token="{s}")',
)
family("replicate", pre("r8_", 37), "export REPLICATE_API_TOKEN={s}", "replicate token of {name}: {s}")
family("groq", pre("gsk_", 52), "GROQ_API_KEY: {s}", "const groq = new Groq({ apiKey: '{s}' });")
family(
    "mistral",
    lambda r: rs(r, 32),
    "MISTRAL_API_KEY={s}",
    '{"provider": "mistral", "api_key": "{s}"}',
    "mistral api key: {s}",
)
family("cohere", lambda r: rs(r, 40), "CO_API_KEY={s}", 'co = cohere.ClientV2(api_key="{s}")')
family(
    "perplexity",
    pre("pplx-", 48),
    "PERPLEXITY_API_KEY={s}",
    "Authorization: Bearer {s}",
    "| pplx | {s} | {name} |",
)
family("xai", pre("xai-", 80), "XAI_API_KEY={s}", "grok works with {s} now")
family(
    "openrouter",
    lambda r: "sk-or-v1-" + hx(r, 64),
    "OPENROUTER_KEY={s}",
    "model=auto key={s}",
    "  openrouter: {s}",
)
family(
    "deepseek",
    lambda r: "sk-" + hx(r, 32),
    "DEEPSEEK_API_KEY={s}",
    'ChatDeepSeek(api_key="{s}")',
    "deepseek: {s}",
)
family(
    "nvidia_nim",
    lambda r: "nvapi-" + rs(r, 64, URL64),
    "docker login nvcr.io -u '$oauthtoken' -p {s}",
    "NGC_API_KEY={s}",
)
family("elevenlabs", lambda r: "sk_" + hx(r, 48), "xi-api-key: {s}", "ELEVENLABS_API_KEY={s}")
family("pinecone", lambda r: f"pcsk_{rs(r, 6)}_{rs(r, 63)}", "PINECONE_API_KEY={s}", 'pc = Pinecone("{s}")')
family(
    "wandb",
    lambda r: hx(r, 40),
    "wandb login {s}",
    "WANDB_API_KEY={s}",
    "machine api.wandb.ai\n  login user\n  password {s}",
)
family(
    "langsmith",
    lambda r: f"lsv2_{r.choice(['pt', 'sk'])}_{hx(r, 32)}_{hx(r, 10)}",
    "LANGCHAIN_API_KEY={s}",
    "langsmith.api_key = '{s}'",
)

# ---------------------------------------------------------------- clouds and hosts
family(
    "aws_secret_key",
    lambda r: rs(r, 40, BASE64),
    "aws_access_key_id = {akid}\naws_secret_access_key = {s}",
    "AWS_SECRET_ACCESS_KEY={s}",
    "AccessKey {akid}, secret access key {s} for {proj}",
    '"SecretAccessKey": "{s}",',
    "{akid},{s}",
)
family(
    "aws_session_token",
    lambda r: r.choice(["IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdzE"]) + b64(rb(r, r.randint(240, 480))),
    "export AWS_SESSION_TOKEN={s}",
    '"SessionToken": "{s}",',
    "aws_session_token={s}",
)
family(
    "aws_presigned",
    lambda r: hx(r, 64),
    "https://{proj}.s3.amazonaws.com/in.csv?X-Amz-Credential={akid}%2F20250301&X-Amz-Expires=3600&X-Amz-Signature={s}",
    "GET /a.pdf?X-Amz-SignedHeaders=host&X-Amz-Signature={s}&x-id=GetObject 200",
)
family(
    "bedrock_key",
    lambda r: (
        "ABSK" + b64(b"BedrockAPIKey-" + rs(r, 4).encode() + b"-at-" + dg(r, 12).encode() + b":" + rb(r, 48))
    ),
    "AWS_BEARER_TOKEN_BEDROCK={s}",
    "Authorization: Bearer {s}",
)
family(
    "azure_storage_key",
    lambda r: b64(rb(r, 64)),
    "DefaultEndpointsProtocol=https;AccountName={acct};AccountKey={s};EndpointSuffix=core.windows.net",
    "az storage blob list --account-name {acct} --account-key {s}",
    "AZURE_STORAGE_KEY={s}",
)
family(
    "azure_sas",
    lambda r: quote(b64(rb(r, 32)), safe=""),
    "https://{acct}.blob.core.windows.net/exports/{db}.csv?sv=2024-11-04&st=2025-01-02&se=2026-01-02&sr=c&sp=rl&sig={s}",
    "?sv=2023-08-03&ss=b&srt=sco&sp=rwdl&se=2026-05-01T00:00:00Z&spr=https&sig={s}",
    "SAS: sp=r&st=2025-02-03&sr=b&sig={s}",
)
family(
    "azure_client_secret",
    lambda r: f"{rs(r, 3)}{dg(r, 1)}Q~{rs(r, 34, URL64 + '.~')}a",
    "AZURE_CLIENT_SECRET={s}",
    "az login --service-principal -u {uuid} -p {s} --tenant {uuid}",
    'client_secret = "{s}"',
)
family(
    "azure_devops_pat",
    any_of(lambda r: rs(r, 52, BASE32.lower()), lambda r: rs(r, 76) + "AZDO" + rs(r, 4)),
    "AZURE_DEVOPS_EXT_PAT={s}",
    "git clone https://build:{s}@dev.azure.com/{proj}/_git/app",
    "PAT for devops: {s}",
)
family(
    "azure_shared_access_key",
    lambda r: b64(rb(r, 32)),
    "Endpoint=sb://{proj}.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={s}",
    "HostName={proj}.azure-devices.net;DeviceId=pump-{n};SharedAccessKey={s}",
    "SharedAccessKey={s};EntityPath={db}",
)
family(
    "azure_openai",
    any_of(
        lambda r: hx(r, 32),
        lambda r: rs(r, 52) + "JQQJ99B" + rs(r, 2, UP) + "ACYeBjFXJ3w3AAABACOG" + rs(r, 4),
    ),
    "AZURE_OPENAI_API_KEY={s}",
    "api-key: {s}",
    'AzureKeyCredential("{s}")',
)
family(
    "gcp_service_account",
    lambda r: wrapped(pkcs8_der(r)).replace("\n", "\\n"),
    '{"type": "service_account", "project_id": "{proj}", "private_key_id": "{pub64}", "private_key": "-----BEGIN '
    + "PRIVATE KEY-----\\n{s}\\n-----END "
    + 'PRIVATE KEY-----\\n"}',
    'GOOGLE_PRIVATE_KEY="-----BEGIN ' + "PRIVATE KEY-----\\n{s}\\n-----END " + 'PRIVATE KEY-----"',
)
family(
    "google_oauth",
    any_of(
        lambda r: "GOCSPX-" + rs(r, 28, URL64),
        lambda r: "1//0" + rs(r, 99, URL64),
        lambda r: "ya29.a0" + rs(r, 160, URL64),
    ),
    '"client_secret":"{s}"',
    "refresh_token={s}",
    "oauth: got {s}, expires in 3599",
    "GOOGLE_SECRET: {s}",
)
family(
    "digitalocean",
    lambda r: r.choice(["dop", "doo", "dor"]) + "_v1_" + hx(r, 64),
    "doctl auth init -t {s}",
    'do_token = "{s}"',
    "DO token {s}",
)
family("hetzner", lambda r: rs(r, 64), "HCLOUD_TOKEN={s}", 'variable "hcloud_token" { default = "{s}" }')
family(
    "scaleway", uid, "SCW_SECRET_KEY={s}", "secret_key: {s}", "scw init secret-key={s} organization-id={uuid}"
)
family(
    "cloudflare",
    lambda r: rs(r, 40, URL64),
    "CLOUDFLARE_API_TOKEN={s}",
    "dns_cloudflare_api_token = {s}",
    'cf_token: "{s}"',
)
family(
    "cloudflare_origin_ca",
    lambda r: f"v1.0-{hx(r, 24)}-{hx(r, 146)}",
    "X-Auth-User-Service-Key: {s}",
    "origin ca key {s}",
)
family(
    "vercel",
    any_of(lambda r: rs(r, 24), lambda r: "vcp_" + rs(r, 56)),
    "VERCEL_TOKEN={s}",
    "vercel deploy --prod --token {s}",
)
family(
    "netlify",
    lambda r: "nfp_" + rs(r, 36),
    "NETLIFY_AUTH_TOKEN={s}",
    "netlify deploy --auth {s} --site {uuid}",
)
family(
    "fly",
    lambda r: "fm2_lJPE" + b64(rb(r, 270)),
    'FLY_API_TOKEN="FlyV1 {s}"',
    "fly deploy --access-token {s}",
)
family(
    "heroku", any_of(lambda r: f"HRKU-AA{rs(r, 58, URL64)}", uid), "HEROKU_API_KEY={s}", "heroku api key: {s}"
)
family(
    "supabase",
    any_of(lambda r: "sbp_" + hx(r, 40), lambda r: f"sb_secret_{rs(r, 22, URL64)}_{rs(r, 8, URL64)}"),
    "SUPABASE_SERVICE_KEY={s}",
    "createClient(url, '{s}')",
    "supabase login --token {s}",
)
family(
    "neon_planetscale",
    any_of(lambda r: "npg_" + rs(r, 12), lambda r: "pscale_pw_" + rs(r, 43, URL64)),
    "postgresql://owner:{s}@ep-calm-{hex8}.eu-central-1.aws.neon.tech/{db}?sslmode=require",
    "DB_PASSWORD={s}",
)
family(
    "doppler",
    lambda r: f"dp.{r.choice(['pt', 'st.prd', 'ct', 'sa'])}." + rs(r, 43),
    "DOPPLER_TOKEN={s}",
    "doppler run --token='{s}' -- npm start",
)
family(
    "vault_token",
    any_of(lambda r: "hvs." + rs(r, 24), lambda r: "hvs.CAES" + rs(r, 90, URL64), lambda r: "s." + rs(r, 24)),
    "vault login {s}",
    "X-Vault-Token: {s}",
    "Initial Root Token: {s}",
    "VAULT_TOKEN={s}",
)
family("vault_unseal", lambda r: b64(rb(r, 33)), "Unseal Key 1: {s}", "vault operator unseal {s}")
family(
    "terraform_cloud",
    lambda r: f"{rs(r, 14)}.atlasv1.{rs(r, 67)}",
    'credentials "app.terraform.io" {\n  token = "{s}"\n}',
    "TFE_TOKEN={s}",
)
family(
    "tailscale",
    lambda r: f"tskey-{r.choice(['auth', 'api', 'client'])}-k{rs(r, 10)}CNTRL-{rs(r, 32)}",
    "tailscale up --authkey={s}",
    "TS_AUTHKEY: {s}",
)
family(
    "ngrok",
    lambda r: f"{rs(r, 27)}_{rs(r, 21)}",
    "ngrok config add-authtoken {s}",
    "authtoken: {s}\nversion: 3",
)

# ---------------------------------------------------------------- code, packages, builds, monitoring
family(
    "github_classic",
    any_of(crc62("ghp_"), crc62("gho_"), crc62("ghs_"), crc62("ghu_")),
    "GH_TOKEN={s}",
    "git remote set-url origin https://{s}@github.com/acme/{proj}.git",
    "my token {s} stopped working",
    "echo {s} | gh auth login --with-token",
)
family(
    "github_fine_grained",
    github_pat,
    "GITHUB_TOKEN={s}",
    "https://oauth2:{s}@github.com/acme/{proj}",
    "Authorization: token {s}",
)
family(
    "gitlab",
    lambda r: r.choice(["glpat-", "gldt-", "glptt-", "glrt-"]) + rs(r, 20, URL64),
    "PRIVATE-TOKEN: {s}",
    "GITLAB_TOKEN={s}",
    "gitlab-runner register --token {s}",
)
family(
    "bitbucket",
    lambda r: "ATBB" + rs(r, 24) + rs(r, 8, HEX.upper()),
    "https://{user}:{s}@bitbucket.org/acme/{proj}.git",
    "app password {s}",
)
family(
    "atlassian",
    lambda r: "ATATT3xFfGF0" + rs(r, 171, URL64) + "=" + rs(r, 8, HEX.upper()),
    "JIRA_API_TOKEN={s}",
    "curl -u {user}@example.com:{s} https://acme.atlassian.net/rest/api/3/myself",
)
family(
    "npm_token",
    crc62("npm_"),
    "//registry.example.org/:_authToken={s}",
    "NPM_TOKEN={s}",
    "npm config set _authToken {s}",
)
family(
    "pypi_token",
    pypi(b"pypi.org"),
    "[pypi]\nusername = __token__\npassword = {s}",
    "twine upload -u __token__ -p {s} dist/*",
)
family(
    "cargo_gem",
    any_of(lambda r: "cio" + rs(r, 32), lambda r: "rubygems_" + hx(r, 48)),
    "cargo login {s}",
    ":rubygems_api_key: {s}",
    'token = "{s}"',
)
family(
    "docker_hub",
    lambda r: "dckr_pat_" + rs(r, 27, URL64),
    "docker login -u {user} -p {s}",
    "DOCKERHUB_TOKEN={s}",
    "echo '{s}' | docker login --password-stdin",
)
family(
    "artifactory",
    any_of(lambda r: "AKCp8" + rs(r, 68), lambda r: "cmVmdGtuOj" + rs(r, 54)),
    "X-JFrog-Art-Api: {s}",
    "curl -u {user}:{s} https://{host}/artifactory/api/repositories",
)
family(
    "sonar",
    lambda r: r.choice(["sqp_", "squ_", "sqa_"]) + hx(r, 40),
    "sonar-scanner -Dsonar.token={s}",
    "SONAR_TOKEN={s}",
)
family(
    "ci_services",
    any_of(lambda r: f"CCIPAT_{rs(r, 22)}_{hx(r, 40)}", lambda r: "bkua_" + hx(r, 40)),
    "Circle-Token: {s}",
    "CI_API_TOKEN={s}",
    "token {s} is in the old job",
)
family("snyk_codecov", uid, "SNYK_TOKEN={s}", "CODECOV_TOKEN: {s}", "snyk auth {s}", "codecov -t {s}")
family(
    "jenkins",
    lambda r: "11" + hx(r, 32),
    "curl -X POST https://{user}:{s}@ci.example.com/job/{proj}/build",
    "JENKINS_API_TOKEN={s}",
)
family(
    "sentry",
    lambda r: (
        "sntrys_"
        + b64(b'{"iat":17%d,"url":"https://sentry.io","org":"acme"}' % r.randrange(10**7)).rstrip("=")
        + "_"
        + rs(r, 43, BASE64)
    ),
    "SENTRY_AUTH_TOKEN={s}",
    "[auth]\ntoken={s}",
)
family(
    "datadog",
    any_of(lambda r: hx(r, 32), lambda r: hx(r, 40)),
    "DD_API_KEY={s}",
    "DD-APPLICATION-KEY: {s}",
    "api_key: {s}\nsite: datadoghq.eu",
)
family(
    "new_relic",
    any_of(lambda r: "NRAK-" + rs(r, 27, UP + DIG), lambda r: hx(r, 36) + "NRAL"),
    "NEW_RELIC_LICENSE_KEY={s}",
    "Api-Key: {s}",
    "license_key: '{s}'",
)
family(
    "grafana_cloud",
    lambda r: (
        "glc_"
        + b64(
            json.dumps(
                {"o": str(r.randrange(10**6)), "n": "stack-x", "k": rs(r, 24), "m": {"r": "eu"}}
            ).encode()
        )
    ),
    "GRAFANA_TOKEN={s}",
    "password: {s}\nurl: https://logs.example.net",
)
family(
    "pagerduty_opsgenie",
    any_of(lambda r: "u+" + rs(r, 18, URL64), uid),
    "Authorization: Token token={s}",
    "Authorization: GenieKey {s}",
)

# ---------------------------------------------------------------- payment, messages, offices
family(
    "stripe",
    lambda r: r.choice(["sk_live_", "rk_live_", "sk_test_"]) + rs(r, r.choice([24, 99])),
    "STRIPE_SECRET_KEY={s}",
    'stripe.api_key = "{s}"',
    "curl https://api.stripe.com/v1/charges -u {s}:",
    "{name} hat {s} im Ticket gepostet",
)
family(
    "webhook_secret",
    any_of(lambda r: "whsec_" + rs(r, 32), lambda r: "whsec_" + b64(rb(r, 24))),
    "STRIPE_WEBHOOK_SECRET={s}",
    "stripe listen > Your webhook signing secret is {s}",
)
family(
    "paypal",
    lambda r: "E" + rs(r, 79, URL64),
    "PAYPAL_CLIENT_SECRET={s}",
    '"paypal": {"mode": "live", "client_secret": "{s}"}',
)
family(
    "square_adyen",
    any_of(
        lambda r: "EAAA" + rs(r, 60, URL64),
        lambda r: "sq0csp-" + rs(r, 43, URL64),
        lambda r: "AQE" + rs(r, 80, BASE64) + "-" + rs(r, 43, BASE64),
    ),
    "SQUARE_ACCESS_TOKEN={s}",
    "x-API-key: {s}",
    "payment.secret={s}",
)
family(
    "mollie_razorpay",
    any_of(lambda r: "live_" + rs(r, 30), lambda r: rs(r, 24)),
    "MOLLIE_KEY={s}",
    "RAZORPAY_KEY_SECRET={s}",
    "mollie api key: {s}",
)
family(
    "shopify",
    lambda r: r.choice(["shpat_", "shpss_", "shpca_"]) + hx(r, 32),
    "X-Shopify-Access-Token: {s}",
    "SHOPIFY_API_SECRET={s}",
    "the store token {s} from {name}",
)
family(
    "plaid",
    any_of(lambda r: "access-production-" + uid(r), lambda r: hx(r, 30)),
    '"access_token": "{s}"',
    "PLAID_SECRET={s}",
)
family(
    "slack_token",
    any_of(
        lambda r: f"xoxb-{dg(r, 12)}-{dg(r, 13)}-{rs(r, 24)}",
        lambda r: f"xapp-1-A{rs(r, 10, UP + DIG)}-{dg(r, 13)}-{hx(r, 64)}",
        lambda r: f"xoxp-{dg(r, 12)}-{dg(r, 12)}-{dg(r, 13)}-{hx(r, 32)}",
    ),
    "SLACK_BOT_TOKEN={s}",
    "bot token is {s}",
    'WebClient(token="{s}")',
)
family(
    "slack_webhook",
    lambda r: rs(r, 24),
    "SLACK_URL=https://hooks.slack.com/services/T02ABC7Q9/B04XYZ81KD/{s}",
    "curl -d @m.json https://hooks.slack.com/services/T0ZQ81KD2/B07MM1QX9/{s}",
)
family(
    "discord",
    lambda r: f"MT{rs(r, 24)}.G{rs(r, 5)}.{rs(r, 38, URL64)}",
    "DISCORD_TOKEN={s}",
    "bot.run('{s}')",
)
family(
    "discord_webhook",
    lambda r: rs(r, 68, URL64),
    "https://discord.com/api/webhooks/1184729910283746/{s}",
    "DISCORD_HOOK=https://discordapp.com/api/webhooks/99182{n}33/{s}",
)
family(
    "telegram_bot",
    lambda r: f"{dg(r, 10)}:AA{rs(r, 33, URL64)}",
    "https://api.telegram.org/bot{s}/getMe",
    "TELEGRAM_TOKEN={s}",
    "BotFather: Use this token to access the HTTP API:\n{s}",
)
family(
    "twilio",
    lambda r: hx(r, 32),
    "TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={s}",
    "Client('{sid}', '{s}')",
    "twilio auth token {s}",
)
family(
    "sendgrid",
    lambda r: f"SG.{rs(r, 22, URL64)}.{rs(r, 43, URL64)}",
    "SENDGRID_API_KEY={s}",
    "smtp user apikey pass {s}",
)
family(
    "mail_senders",
    any_of(
        lambda r: "key-" + hx(r, 32),
        lambda r: f"{hx(r, 32)}-us{r.randint(1, 21)}",
        lambda r: f"xkeysib-{hx(r, 64)}-{rs(r, 16)}",
        lambda r: f"re_{rs(r, 8)}_{rs(r, 24)}",
    ),
    "MAIL_API_KEY={s}",
    "api-key: {s}",
    "curl -s --user 'api:{s}' https://api.mailgun.net/v3/{host}/messages",
    "apikey {s} for the newsletter",
)
family(
    "teams_webhook",
    lambda r: rs(r, 43, URL64),
    "https://prod-{n}.westeurope.logic.azure.com:443/workflows/{hex8}/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={s}",
    "Flow-URL: https://x.api.powerplatform.com/powerautomate/automations/direct/workflows/1/invoke?sv=1.0&sig={s}",
)
family(
    "notion_linear",
    any_of(
        lambda r: "ntn_" + dg(r, 11) + rs(r, 35),
        lambda r: "secret_" + rs(r, 43),
        lambda r: "lin_api_" + rs(r, 40),
    ),
    "NOTION_TOKEN={s}",
    "Authorization: {s}",
    "integration token {s}",
)
family(
    "airtable_figma",
    any_of(lambda r: f"pat{rs(r, 14)}.{hx(r, 64)}", lambda r: "figd_" + rs(r, 40, URL64)),
    "AIRTABLE_API_KEY={s}",
    "X-Figma-Token: {s}",
    "pat = '{s}'",
)
family(
    "crm_tokens",
    any_of(
        lambda r: f"pat-{r.choice(['na1', 'eu1'])}-{uid(r)}",
        lambda r: f"00D{rs(r, 12)}!AQ{rs(r, 94, ALNUM + '._')}",
    ),
    "HUBSPOT_TOKEN={s}",
    "Authorization: Bearer {s}",
    "sessionId={s}",
)
family(
    "social_tokens",
    any_of(lambda r: "EAA" + rs(r, 170), lambda r: "A" * 22 + rs(r, 70) + "%3D" + rs(r, 20)),
    "access_token={s}",
    "FB_PAGE_TOKEN={s}",
    "TWITTER_BEARER_TOKEN='{s}'",
)
family(
    "databricks",
    lambda r: "dapi" + hx(r, 32) + r.choice(["", "-2"]),
    "DATABRICKS_TOKEN={s}",
    "[DEFAULT]\nhost = https://adb-{n}.azuredatabricks.net\ntoken = {s}",
)
family(
    "onepassword_service",
    lambda r: (
        "ops_"
        + b64u(
            json.dumps(
                {
                    "signInAddress": "my.1password.com",
                    "userAuth": {"method": "SRPg-4096"},
                    "secretKey": "A3-" + rs(r, 26, UP + DIG),
                    "k": rs(r, 86),
                }
            ).encode()
        )
    ),
    "OP_SERVICE_ACCOUNT_TOKEN={s}",
    "export OP_SERVICE_ACCOUNT_TOKEN='{s}'",
)
family(
    "onepassword_secret_key",
    lambda r: "A3-" + rs(r, 6, UP + DIG) + "-" + rs(r, 6, UP + DIG) + "-" + groups(UP + DIG, 4, 5)(r),
    "Secret Key: {s}",
    "emergency kit - sign-in {user}@example.com - secret key {s}",
)

# ---------------------------------------------------------------- connection strings and files of credentials
family(
    "postgres_url",
    in_url,
    "DATABASE_URL=postgres://{user}:{s}@{host}:5432/{db}",
    "psql postgresql://{user}:{s}@{ip}/{db}",
    "could not connect: postgresql+psycopg2://{user}:{s}@{host}/{db}",
)
family(
    "mysql_url",
    in_url,
    "mysql://{user}:{s}@{ip}:3306/{db}",
    "SQLALCHEMY_DATABASE_URI = 'mysql+pymysql://{user}:{s}@{host}/{db}?charset=utf8mb4'",
)
family(
    "mongo_url",
    in_url,
    "mongodb+srv://{user}:{s}@cluster0.{hex8}.mongodb.net/{db}?retryWrites=true",
    "MONGO_URI=mongodb://{user}:{s}@{ip}:27017,{host}:27017/{db}?replicaSet=rs0",
)
family(
    "redis_url",
    in_url,
    "REDIS_URL=redis://:{s}@{host}:6379/0",
    "rediss://default:{s}@{host}:6380",
    "redis-cli -h {ip} -a {s} ping",
    "requirepass {s}",
)
family(
    "amqp_url",
    in_url,
    "amqps://{user}:{s}@{host}/vh",
    "CELERY_BROKER_URL=amqp://{user}:{s}@{ip}:5672//",
    "spring.rabbitmq.password={s}",
)
family(
    "jdbc",
    plain_word,
    "jdbc:oracle:thin:{user}/{s}@{host}:1521/{db}",
    "jdbc:postgresql://{host}/{db}?user={user}&password={s}&ssl=true",
    "jdbc:sqlserver://{ip}:1433;databaseName={db};user={user};password={s};encrypt=true",
)
family(
    "odbc",
    any_of(managed, plain_word),
    "Server={host};Database={db};User Id={user};Password={s};TrustServerCertificate=True",
    "Driver={ODBC Driver 18 for SQL Server};Server={ip};UID={user};PWD={s}",
    "Data Source={host};Initial Catalog={db};uid={user};pwd={s};",
)
family(
    "mail_ftp_url",
    in_url,
    "smtp://{user}:{s}@{host}:587",
    "sftp://{user}:{s}@{host}/upload/{db}.zip",
    "lftp -u {user},{s} {host}",
    "MAILER_DSN=smtps://{user}%40example.com:{s}@{host}:465",
)
family(
    "proxy_url",
    in_url,
    "https_proxy=http://{user}:{s}@proxy.example.net:3128",
    "wget -e use_proxy=yes http://{user}:{s}@{ip}:8080/x.tgz",
    "rtsp://{user}:{s}@{ip}:554/stream1",
)
family(
    "authorization_basic",
    lambda r: b64(f"{user(r)}:{secret_word(r)}".encode()),
    "Authorization: Basic {s}",
    "curl -H 'authorization: basic {s}' https://{host}/api",
    '"headers": {"Authorization": "Basic {s}"}',
)
family(
    "jwt_token",
    lambda r: jwt(r),
    "Authorization: Bearer {s}",
    "id_token={s}&state=x",
    "localStorage.setItem('jwt', '{s}')",
    "{ts} WARN token expired: {s}",
)
family(
    "session_cookie",
    any_of(
        lambda r: hx(r, 32),
        lambda r: rs(r, 26, LOW + DIG),
        lambda r: "s%3A" + rs(r, 32, URL64) + "." + quote(b64(rb(r, 32)), safe=""),
    ),
    "Set-Cookie: sessionid={s}; HttpOnly; Path=/",
    "Cookie: lang=de; PHPSESSID={s}; theme=dark",
    "Cookie: connect.sid={s}",
    "JSESSIONID={s}",
)
family(
    "kubeconfig_token",
    any_of(
        lambda r: jwt(r),
        lambda r: "k8s-aws-v1." + b64u(rb(r, 400)),
        lambda r: f"kubeconfig-u-{rs(r, 10, LOW + DIG)}:{rs(r, 54, LOW + DIG)}",
    ),
    "users:\n- name: {user}\n  user:\n    token: {s}",
    "kubectl --server https://{ip}:6443 --token={s} get pods",
)
family(
    "kubeconfig_key",
    lambda r: b64(
        b"-----BEGIN RSA "
        + b"PRIVATE KEY-----\n"
        + wrapped(rsa_der(r)).encode()
        + b"\n-----END RSA "
        + b"PRIVATE KEY-----\n"
    ),
    "    client-key-data: {s}",
    "kind: Secret\ntype: kubernetes.io/tls\ndata:\n  tls.key: {s}",
)
family(
    "kubernetes_secret",
    lambda r: b64(secret_word(r).encode()),
    "kind: Secret\nmetadata:\n  name: {sname}\ndata:\n  password: {s}",
    "apiVersion: v1\nkind: Secret\ntype: Opaque\ndata:\n  DB_PASS: {s}\n",
)
family(
    "docker_auth",
    lambda r: b64(f"{user(r)}:{secret_word(r)}".encode()),
    '{"auths": {"registry.example.com": {"auth": "{s}"}}}',
    '"auth": "{s}"',
)
family(
    "netrc",
    secret_word,
    "machine {host} login {user} password {s}",
    "machine {host}\n\tlogin {user}\n\tpassword {s}\n",
    "default login {user} password {s}",
)
family(
    "pgpass",
    plain_word,
    "{host}:5432:{db}:{user}:{s}",
    "echo '*:*:*:postgres:{s}' > ~/.pgpass",
    "PGPASSWORD={s} pg_dump -h {host} {db}",
)
family(
    "package_indexes",
    any_of(in_url, plain_word),
    "[global]\nindex-url = https://{user}:{s}@{host}/simple",
    "pip install --extra-index-url https://{user}:{s}@{host}/pypi app",
    "//{host}/npm/:_password={s}",
    'machine-repo "{host}" user={user} password="{s}"',
)
family(
    "password_hashes",
    any_of(
        lambda r: f"$apr1${rs(r, 8)}${rs(r, 22, ALNUM + './')}",
        lambda r: f"$2y$10${rs(r, 53, ALNUM + './')}",
        lambda r: f"$6${rs(r, 16, ALNUM + './')}${rs(r, 86, ALNUM + './')}",
        lambda r: f"$y$j9T${rs(r, 22, ALNUM + './')}${rs(r, 43, ALNUM + './')}",
        lambda r: f"$argon2id$v=19$m=65536,t=3,p=4${b64(rb(r, 16)).rstrip('=')}${b64(rb(r, 32)).rstrip('=')}",
        lambda r: f"pbkdf2_sha256$870000${rs(r, 22)}${b64(rb(r, 32))}",
    ),
    "{user}:{s}",
    "root:{s}:19793:0:99999:7:::",
    "INSERT INTO users VALUES ({n}, '{user}', '{s}');",
    "htpasswd: {user}:{s}",
    "useradd -m -p '{s}' {user}",
)
family(
    "windows_hashes",
    lambda r: hx(r, 32),
    "Administrator:500:aad3b435b51404eeaad3b435b51404ee:{s}:::",
    "NTLM hash of {user}: {s}",
)


# ---------------------------------------------------------------- keys
def block(label: str) -> str:
    return f"-----BEGIN {label}-----\n{{s}}\n-----END {label}-----"


family(
    "pem_rsa",
    lambda r: wrapped(rsa_der(r)),
    block("RSA " + "PRIVATE KEY"),
    "cat server.key\n" + block("RSA " + "PRIVATE KEY"),
)
family(
    "pem_pkcs8",
    any_of(lambda r: wrapped(pkcs8_der(r)), lambda r: wrapped(enc_der(r))),
    block("PRIVATE " + "KEY"),
    block("ENCRYPTED " + "PRIVATE KEY") + "\nkey of {host}",
    "tls.key: |\n" + block("PRIVATE " + "KEY"),
)
family(
    "pem_ec",
    lambda r: wrapped(ec_der(r)),
    block("EC " + "PRIVATE KEY"),
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    + block("EC " + "PRIVATE KEY"),
)
family(
    "openssh_private",
    lambda r: "\n".join(openssh_key(r).strip().splitlines()[1:-1]),
    block("OPENSSH " + "PRIVATE KEY"),
    "cat ~/.ssh/id_ed25519\n" + block("OPENSSH " + "PRIVATE KEY") + "\n$",
)
family(
    "putty_private",
    lambda r: wrapped(rb(r, 36)),
    "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: {user}@{host}\nPublic-Lines: 2\nAAAAC3NzaC1lZDI1NTE5AAAAI{pub64}\n{hex8}\nPrivate-Lines: 1\n{s}\nPrivate-MAC: {pub64}",
    "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: k\nPrivate-Lines: 1\n{s}\nPrivate-MAC: {pub64}",
)
family(
    "age_key", lambda r: age_secret(r), "# created: {ts}\n{s}", "SOPS_AGE_KEY={s}", "restore with {s} please"
)
family(
    "jwk_private",
    lambda r: b64u(rb(r, 32)),
    '{"kty":"OKP","crv":"Ed25519","x":"{pub64}","d":"{s}"}',
    '{"kty": "oct", "alg": "HS256", "k": "{s}"}',
    '"d" : "{s}", "kty" : "EC", "crv" : "P-256"',
)
family(
    "wireguard",
    lambda r: b64(rb(r, 32)),
    "[Interface]\nPrivateKey = {s}\nAddress = {ip}/32",
    "[Peer]\nPresharedKey = {s}\nEndpoint = {host}:51820",
    "wg set wg0 private-key <(echo {s})",
)
family(
    "pgp_private",
    lambda r: wrapped(rb(r, r.randint(300, 900))) + "\n=" + rs(r, 4, BASE64),
    "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\n{s}\n-----END PGP " + "PRIVATE KEY BLOCK-----",
    "gpg --import <<E\n-----BEGIN PGP "
    + "PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{s}\n-----END PGP "
    + "PRIVATE KEY BLOCK-----\nE",
)
family(
    "wallet_keys",
    any_of(lambda r: "0x" + hx(r, 64), lambda r: hx(r, 64), lambda r: bech32("nsec", rb(r, 32))),
    "PRIVATE_KEY={s}",
    "private key: {s}",
    'new ethers.Wallet("{s}")',
    "nostr/eth private key is {s}",
)
family(
    "symmetric_keys",
    any_of(lambda r: hx(r, 64), lambda r: b64(rb(r, 32)), lambda r: "base64:" + b64(rb(r, 32))),
    "APP_KEY={s}",
    "ENCRYPTION_KEY={s}",
    "openssl enc -aes-256-cbc -K {s} -in a",
    "RAILS_MASTER_KEY={s}",
    "aes_key = '{s}'",
)
family(
    "framework_secret",
    any_of(
        lambda r: "django-insecure-" + rs(r, 50, LOW + DIG + "!@#$%^&*(-_=+)"),
        lambda r: hx(r, 48),
        lambda r: b64(rb(r, 32)),
    ),
    "SECRET_KEY = '{s}'",
    "JWT_SECRET={s}",
    "NEXTAUTH_SECRET={s}",
    'app.secret_key = "{s}"',
)

# ---------------------------------------------------------------- second factors, phrases, codes
family(
    "totp_seed",
    lambda r: rs(r, r.choice([16, 32]), BASE32),
    "TOTP secret: {s}",
    "oathtool --totp -b {s}",
    "2FA setup key {s}",
    "Kann den QR nicht scannen, Schlüssel: {s}",
)
family(
    "totp_spaced",
    lambda r: groups(BASE32.lower(), 8, 4, " ")(r),
    "Enter this setup key in your authenticator: {s}",
    "authenticator key: {s} (time based)",
)
family(
    "otpauth",
    lambda r: rs(r, r.choice([16, 26, 32]), BASE32),
    "otpauth://totp/Acme:{user}?secret={s}&issuer=Acme&digits=6",
    "qrencode 'otpauth://totp/{user}@{host}?secret={s}'",
)
family(
    "recovery_codes",
    any_of(groups(HEX, 4, 5), groups(LOW + DIG, 2, 5), groups(DIG, 2, 4, " ")),
    "Backup code: {s}",
    "my github recovery code is {s}",
    "Wiederherstellungscode: {s}",
    "recovery codes (unused): {s}",
)
MNEMONIC = (
    "abandon ability acid across adult afraid alley amateur anchor apology arctic arrow aspect autumn avocado bachelor "
    "balcony banner basket beauty bicycle blanket blossom bonus brave bronze bubble cabbage cactus camera canyon carbon "
    "castle cereal champion cherry cinnamon circle clever coconut column copper cradle cricket crystal curtain damage "
    "decade defense denial desert diamond dolphin donkey dragon dwarf eagle echo elbow elephant empower enact engine "
    "erosion evidence exhaust fabric falcon feature fiber flavor fossil fragile frozen galaxy garlic gather genius ghost "
    "giggle glimpse goddess gossip gravity guitar hammer harvest hazard hockey hybrid iceberg impulse inherit jacket "
    "jungle kangaroo ketchup kitten ladder lava leopard liberty lizard lobster magnet mango marble maximum melody mimic "
    "mosquito mushroom naive neglect noodle nuclear oblige ocean olympic orchard ostrich oxygen panther parrot pelican "
    "photo pioneer pluck pottery pudding puzzle quantum rabbit raccoon rebel ribbon rocket saddle salmon satoshi scorpion "
    "shield sibling slogan spatial squirrel stumble sunset tackle theory thunder tobacco topple tragic tunnel umbrella "
    "unfold vacuum velvet vintage volcano walnut weasel whisper wolf yellow zebra zoo"
).split()
family(
    "seed_phrase",
    lambda r: " ".join(r.sample(MNEMONIC, r.choice([12, 24]))),
    "Seed phrase: {s}",
    "wallet recovery words, keep offline: {s}",
    "{s}",
    'mnemonic: "{s}"',
)
family(
    "security_answer",
    any_of(lambda r: r.choice(TERMS), lambda r: f"{r.choice(TERMS)} {r.choice(TERMS)}"),
    "Security question: mother's maiden name? Answer: {s}",
    "Sicherheitsfrage: erstes Haustier, Antwort: {s}",
    "secret answer (first school) = {s}",
)
family(
    "bank_pin",
    lambda r: rs(r, r.choice([4, 4, 6]), DIG),
    "PIN: {s}",
    "the PIN of the company card is {s}",
    "meine PIN lautet {s}",
    "code PIN : {s}",
    "de pincode is {s}",
    "el PIN es {s}",
)
family("sim_puk", lambda r: rs(r, 8, DIG), "SIM {n} PUK {s}", "PUK1: {s}", "PUK-Code: {s}")
family(
    "door_code",
    any_of(lambda r: rs(r, r.choice([4, 5, 6]), DIG), lambda r: rs(r, 4, DIG) + r.choice("#*AB")),
    "The door code at the back is {s}, please lock up",
    "alarm code {s}",
    "Türcode: {s}",
    "Code porte d'entrée : {s}",
    "lockbox combo is {s}",
    "toegangscode magazijn: {s}",
)
family(
    "one_time_code",
    lambda r: rs(r, 6, DIG),
    "Your verification code is {s}. Do not share it.",
    "Ihr Bestätigungscode: {s}",
    "Votre code de vérification est {s}",
    "G-code: {s} is your login code",
    "OTP {s} valid for 5 minutes",
)
family(
    "licence_key",
    any_of(groups(UP + DIG, 5, 5), groups(UP + DIG, 4, 4), groups(HEX.upper(), 4, 8)),
    "Product key: {s}",
    "slmgr /ipk {s}",
    "Lizenzschlüssel: {s}",
    "activation key {s} for {name}",
    "license={s}",
)
family(
    "bitlocker_filevault",
    any_of(groups(DIG, 8, 6), groups(UP + DIG, 6, 4)),
    "BitLocker recovery key: {s}",
    "Recovery Key\n{s}",
    "FileVault-Schlüssel des Laptops: {s}",
    "manage-bde -unlock C: -rp {s}",
)
family(
    "ssh_key_passphrase",
    secret_word,
    "Enter passphrase for key '/home/{user}/.ssh/id_rsa': {s}",
    "passphrase for the key is {s}",
    "ssh-keygen -t ed25519 -N '{s}' -f k",
    "gpg --batch --passphrase {s} -d a.gpg",
)

# ---------------------------------------------------------------- networks
family(
    "wifi",
    any_of(secret_word, plain_word),
    "WLAN: Gast, Passwort: {s}",
    "WIFI:T:WPA;S:Acme-Guest;P:{s};;",
    'network={\n  ssid="acme"\n  psk="{s}"\n}',
    "guest wifi is AcmeGuest, key {s}",
    "nmcli dev wifi connect acme password {s}",
    "wpa_passphrase={s}",
)
family(
    "snmp",
    any_of(chosen, plain_word, lambda r: r.choice(TERMS).lower() + "-ro"),
    "snmp-server community {s} RO",
    "snmpwalk -v2c -c {s} {ip}",
    "rocommunity {s} {ip}",
    "snmp_community: {s}",
)
family(
    "vpn_radius",
    any_of(managed, plain_word, chosen),
    '{ip} %any : PSK "{s}"',
    "radius-server host {ip} key {s}",
    "client {ip} {\n  secret = {s}\n}",
    "IPsec pre-shared key: {s}",
    "set vpn ipsec psk {s}",
)
family(
    "router_passwords",
    any_of(plain_word, chosen),
    "enable secret 0 {s}",
    "username {user} privilege 15 password 0 {s}",
    "set system login user {user} plain-text-password {s}",
    "/user set admin password={s}",
)
family(
    "ldap_bind",
    secret_word,
    "ldapsearch -x -D cn={user},dc=example,dc=com -w {s} -b dc=example",
    "bindpw {s}",
    "olcRootPW: {s}",
    "ldap.bind.password={s}",
    "BIND_PASSWORD: {s}",
)

# ---------------------------------------------------------------- passwords in commands and settings
family(
    "cli_flags",
    any_of(plain_word, managed),
    "mysql -u{user} -p{s} {db}",
    "sshpass -p {s} ssh {user}@{host}",
    "curl -u {user}:{s} https://{host}/status",
    "./import --user {user} --password={s} --db {db}",
    "net use Z: \\\\{host}\\share {s} /user:{user}",
    "mysqldump --password='{s}' {db}",
    "keytool -storepass {s} -list",
)
family(
    "env_exports",
    secret_word,
    "export DB_PASSWORD='{s}'",
    "set SMTP_PASS={s}",
    "$env:ADMIN_PASSWORD = '{s}'",
    "-e POSTGRES_PASSWORD={s}",
    "ROOT_PW={s}",
    'setx SVC_PWD "{s}"',
)
family(
    "yaml_values",
    secret_word,
    "  password: {s}",
    'database:\n  user: {user}\n  passwd: "{s}"',
    "smtp_password: '{s}'",
    "admin:\n  username: {user}\n  password: {s}",
)
family(
    "toml_ini",
    secret_word,
    '[database]\nuser = "{user}"\npassword = "{s}"',
    "[client]\nuser={user}\npassword={s}",
    "adminPassword = '{s}'",
    "db_pass={s}",
)
family(
    "xml_values",
    any_of(plain_word, phrase),
    "<password>{s}</password>",
    '<add key="SmtpPassword" value="{s}" />',
    '<Resource username="{user}" password="{s}" url="jdbc:x"/>',
    "<AdministratorPassword><Value>{s}</Value></AdministratorPassword>",
)
family(
    "properties",
    secret_word,
    "spring.datasource.password={s}",
    "keystore.password = {s}",
    "mail.smtp.pass={s}",
    "db.{db}.pwd={s}",
    "javax.net.ssl.trustStorePassword={s}",
)
family(
    "terraform_ansible",
    secret_word,
    'variable "db_password" {\n  default = "{s}"\n}',
    'password = "{s}" # TODO vault',
    "ansible_ssh_pass={s}",
    "{host} ansible_user={user} ansible_become_pass='{s}'",
    "vault_password: {s}",
    'administrator_login_password = "{s}"',
)
family(
    "sql_grants",
    any_of(plain_word, phrase),
    "CREATE USER {user} IDENTIFIED BY '{s}';",
    "ALTER ROLE {user} WITH PASSWORD '{s}';",
    "CREATE LOGIN {user} WITH PASSWORD = '{s}';",
    "GRANT ALL ON {db}.* TO '{user}'@'%' IDENTIFIED BY '{s}';",
    "CREATE USER {user} IDENTIFIED BY {s};",
)
family(
    "code_literals",
    secret_word,
    'conn = connect(host="{host}", user="{user}", password="{s}")',
    'private static final String PASSWORD = "{s}";',
    "$pass = '{s}';",
    'ConvertTo-SecureString "{s}" -AsPlainText -Force',
    "if ($pw -eq '{s}') {",
    'new NetworkCredential("{user}", "{s}")',
)
family(
    "json_logins",
    secret_word,
    '{"username": "{user}", "password": "{s}"}',
    'POST /login {"email":"{user}@example.com","pwd":"{s}"} 200',
    '{\\"user\\":\\"{user}\\",\\"pass\\":\\"{s}\\"}',
    "username={user}&password={s}&submit=1",
)

# ---------------------------------------------------------------- passwords as people tell them
family(
    "prose_english",
    secret_word,
    "Your temporary password is {s}, please change it at first login.",
    "I reset it, the new password is {s}",
    "Login with {user} and password {s}.",
    "the root password on {host} was set to {s} last night",
    "He said the password was still {s}.",
    "Username: {user}\nPassword: {s}",
)
family(
    "chat_english",
    secret_word,
    "[{ts}] {name}: pw is {s}",
    "{name}: try {user} / {s}",
    "<{user}> creds: {user}:{s}",
    "{name}: whats the pass again\n{user}: {s}",
    "admin pw = {s} dont tell anyone lol",
)
family(
    "ticket_english",
    secret_word,
    "Steps: 1. open https://{host} 2. log in as {user} / {s} 3. press export",
    "Customer gave us the password {s} over the phone.",
    "Ticket {n}: account {user} unlocked, initial password: {s}",
    "Comment by {name}: VPN user {user}, pass: {s}",
)
family(
    "minutes_english",
    secret_word,
    "- {name} shared the backup password ({s}); to be rotated by {exp}",
    "Action: change password of {host}, currently {s}",
    "Agreed: everyone uses {s} as the meeting passcode.",
)
family(
    "prose_german",
    secret_word,
    "Das Passwort lautet {s}.",
    "Ihr vorläufiges Kennwort: {s}",
    "Benutzer {user}, Kennwort {s}, bitte ändern",
    "Zugangsdaten: {user} / {s}",
    "Moin, das neue PW für {host} ist {s}",
    "Er hat das Passwort auf {s} gesetzt",
)
family(
    "prose_french",
    secret_word,
    "Le mot de passe est {s}.",
    "Votre mot de passe provisoire : {s}",
    "Identifiant : {user}\nMot de passe : {s}",
    "salut, le mdp du wifi c'est {s}",
    "Connectez-vous avec {user} et le mot de passe {s}",
)
family(
    "prose_spanish",
    secret_word,
    "La contraseña es {s}.",
    "Su contraseña temporal: {s}",
    "Usuario: {user} Clave: {s}",
    "hola, la contraseña de {host} ahora es {s}",
    "entra con {user} y la clave {s}",
)
family(
    "prose_dutch",
    secret_word,
    "Het wachtwoord is {s}.",
    "Je tijdelijke wachtwoord: {s}",
    "Gebruiker {user}, wachtwoord {s}",
    "hoi, ww van de server is {s}",
    "inloggen met {user} en wachtwoord {s} graag",
)
family(
    "prose_italian_portuguese",
    secret_word,
    "La password è {s}.",
    "La nuova password di {user}: {s}",
    "A senha é {s}.",
    "Utilizador {user}, palavra-passe {s}",
    "Senha provisória: {s}",
)

FAMILIES = sorted(BY_FAMILY)

# ---------------------------------------------------------------- lines that look alike and hold nothing secret
LOOKS: dict[str, Maker] = {
    "sha1": lambda r: hx(r, 40),
    "sha256": lambda r: hx(r, 64),
    "sha512_b64": lambda r: b64(rb(r, 64)),
    "sha384_b64": lambda r: b64(rb(r, 48)),
    "sha256_b64": lambda r: b64(rb(r, 32)),
    "md5": lambda r: hx(r, 32),
    "short": lambda r: hx(r, r.choice([7, 8, 10, 12])),
    "ssh_print": lambda r: b64(rb(r, 32)).rstrip("="),
    "uuid": uid,
    "trace": lambda r: hx(r, 32),
    "span": lambda r: hx(r, 16),
    "image": lambda r: b64(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10" + rb(r, r.randint(60, 200))),
    "gif": lambda r: b64(b"GIF89a\x01\0\x01\0" + rb(r, 30)),
    "font": lambda r: b64(b"wOF2\0\x01\0\0" + rb(r, r.randint(60, 200))),
    "pubkey": lambda r: b64(b"\0\0\0\x0bssh-ed25519\0\0\0 " + rb(r, 32)),
    "rsapub": lambda r: b64(b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0" + rb(r, 256)),
    "cert": lambda r: wrapped(b"0\x82\x03\x11" + rb(r, 400)),
    "fingerprint": lambda r: ":".join(rs(r, 2, HEX.upper()) for _ in range(32)),
    "md5_colons": lambda r: ":".join(hx(r, 2) for _ in range(16)),
    "cid": lambda r: "bafybei" + rs(r, 52, LOW + "234567"),
    "cid0": lambda r: "Qm" + rs(r, 44, ALNUM.translate(str.maketrans("", "", "0OIl"))),
    "ulid": lambda r: "01" + rs(r, 24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    "object_id": lambda r: "6" + hx(r, 23),
    "nano": lambda r: rs(r, 21, URL64),
    "video": lambda r: rs(r, 11, URL64),
    "v": lambda r: f"{r.randint(0, 29)}.{r.randint(0, 40)}.{r.randint(0, 20)}",
    "colour": lambda r: "#" + hx(r, 6),
    "colour2": lambda r: "#" + hx(r, 6),
    "colour3": lambda r: "#" + hx(r, 8),
    "n": lambda r: str(r.randint(2, 99999)),
    "day": lambda r: stamp(r)[:10],
    "ts": stamp,
    "account": lambda r: dg(r, 12),
    "address": lambda r: "0x" + hx(r, 40),
    "order": lambda r: f"{rs(r, 3, UP)}-{dg(r, 6)}-{rs(r, 2, UP)}",
    "part": lambda r: f"{rs(r, 2, UP)}{dg(r, 4)}-{rs(r, 4, UP + DIG)}-{dg(r, 3)}",
    "minified": lambda r: "".join(f"function {rs(r, 1, LOW)}(e,t){{return e.{rs(r, 2, LOW)}[{r.randint(1, 99)}]^t}}" for _ in range(4)),
    "sourcemap": lambda r: ";".join(rs(r, 4, UP) + "," + rs(r, 5, UP + "gi") for _ in range(12)),
    "dna": lambda r: rs(r, 60, "ACGT"),
    "protein": lambda r: rs(r, 48, "ACDEFGHIKLMNPQRSTVWY"),
    "floats": lambda r: ", ".join(f"{r.uniform(-1, 1):.6f}" for _ in range(8)),
    "stars": lambda r: "*" * r.randint(4, 16),
    "base62": lambda r: base62(r.getrandbits(50), 8),
    "word": lambda r: r.choice(TERMS),
    "ip": lambda r: f"10.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}",
    "user": user,
}  # fmt: skip


def _looks(template: str) -> Callable[[Random], dict[str, str]]:
    names = [name for name in _FIELD.findall(template) if name in LOOKS]
    return lambda r: {name: LOOKS[name](r) for name in names}


BENIGN = [
    (template, _looks(template))
    for template in (
        # builds, commits and digests
        "commit {sha1}",
        "Merge commit '{sha1}' into release/{v}",
        "index {short}..{short} 100644",
        "fixed in {short}, see also {sha1}",
        "HEAD is now at {short} tests: pass the token on",
        "git checkout {sha1} -- src/auth/password.py",
        "{sha256}  debian-{v}-amd64-netinst.iso",
        "{md5} *setup-{v}.exe",
        "sha256:{sha256}",
        "FROM python:3.11-slim@sha256:{sha256}",
        "Digest: sha256:{sha256} Status: Image is up to date",
        "successfully built {short}",
        'etag: W/"{short}-{sha256_b64}"',
        'ETag: "{md5}"',
        "    --hash=sha256:{sha256} \\",
        '"integrity": "sha512-{sha512_b64}",',
        '<script src="/app.js" integrity="sha384-{sha384_b64}" crossorigin="anonymous"></script>',
        "auth-lib/login.py,sha256={nano},{n}",
        "github.com/acme/secrets v{v} h1:{sha256_b64}",
        'checksum = "{sha256}"',
        "  checksum: 10c0/{sha256}",
        "main.{short}.js 48.2 kB, vendor.{md5}.css 11 kB",
        "cache key: linux-npm-{sha256}",
        "Content-MD5: {md5}",
        "md5sum of the token list is {md5}",
        "rev: {sha1}  # v{v}",
        "uses: actions/checkout@{sha1} # v4",
        "Build {n} ({short}) signed on {day}",
        "narHash = sha256-{sha256_b64}",
        "layer {sha256}: pull complete",
        "BuildID[sha1]={sha1}, stripped",
        # identifiers
        "request id {uuid} took {n} ms",
        "X-Request-Id: {uuid}",
        "traceparent: 00-{trace}-{span}-01",
        "trace_id={trace} span_id={span} level=info",
        '{"id": "{uuid}", "type": "password_reset_requested"}',
        "tenant {uuid}, subscription {uuid}",
        "device {ulid} joined the mesh",
        '{"_id": {"$oid": "{object_id}"}, "n": {n}}',
        "https://www.youtube.com/watch?v={video}",
        "https://www.example.org/articles/{ulid}/figures/{n}",
        "ipfs://{cid}/readme.md",
        "ipfs get {cid0}",
        "arn:aws:iam::{account}:role/secret-reader",
        "arn:aws:secretsmanager:eu-west-1:{account}:secret:prod/db-{video}",
        "received 0.02 ETH at {address}",
        "Bestellung {order} ist unterwegs",
        "part number {part}, serial {ulid}",
        "Message-ID: <{ulid}.{short}@mail.example.com>",
        "session {n} of 12: how to choose a password",
        "sessions: {n}, tokens: {n}, keys: {n}",
        "jti {uuid} is already known",
        "key_id: {object_id}",
        "kid={short} alg=RS256",
        "short link https://exa.mp/{base62}",
        "/var/lib/docker/overlay2/{sha256}/merged",
        "/tmp/pip-install-{video}/setup.py",
        "CLSID {{uuid}} is not registered",
        "GPU-{uuid} at 61 C",
        # public halves, certificates and signatures
        "ssh-ed25519 {pubkey} {user}@laptop",
        "ssh-rsa {rsapub} {user}@build",
        "github.com ssh-ed25519 {pubkey}",
        "256 SHA256:{ssh_print} {user}@host (ED25519)",
        "-----BEGIN CERTIFICATE-----\n{cert}\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\n{cert}\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE REQUEST-----\n{cert}\n-----END CERTIFICATE REQUEST-----",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{cert}\n-----END PGP PUBLIC KEY BLOCK-----",
        "-----BEGIN PGP SIGNATURE-----\n\n{cert}\n-----END PGP SIGNATURE-----",
        "SHA256 Fingerprint={fingerprint}",
        "SHA1-Fingerabdruck des Zertifikats: {sha1}",
        "RSA key fingerprint is MD5:{md5_colons}",
        "[Peer]\nPublicKey = {sha256_b64}\nAllowedIPs = {ip}/32",
        'pin-sha256="{sha256_b64}"; max-age=5184000',
        "gpg: using RSA key {sha1}",
        "default._domainkey IN TXT v=DKIM1; k=rsa; p={rsapub}",
        '{"kty":"OKP","crv":"Ed25519","x":"{nano}","use":"sig"}',
        # placeholders and what was taken out
        "API_KEY=<your-api-key>",
        "export OPENAI_API_KEY=your-key-here",
        "password: ${DB_PASSWORD}",
        'token = os.environ["API_TOKEN"]',
        "Authorization: Bearer ${{ secrets.DEPLOY_TOKEN }}",
        "Authorization: Bearer <token>",
        "Authorization: Basic [REDACTED]",
        "postgres://user:password@localhost:5432/db",
        "postgres://{user}:{stars}@{ip}:5432/app",
        "password={stars}",
        "AWS_SECRET_ACCESS_KEY={stars}",
        "key ending in ...4f2a was revoked on {day}",
        "sk-...redacted...",
        "client_secret: !vault |",
        "password: !Ref DatabasePassword",
        "password: {{ vault_db_password }}",
        "SECRET_KEY = config('SECRET_KEY')",
        'api_key = "xxxxxxxxxxxxxxxxxxxxxxxx"',
        "curl -u USERNAME:PASSWORD https://api.example.com",
        "passwd: CHANGE_ME",
        '"password": null, "token": ""',
        "PGPASSWORD=$(pass show db/{user}) psql",
        "Passwort: [entfernt]",
        # code and data
        "{minified}",
        '{"version":3,"sources":["a.ts"],"mappings":"{sourcemap}"}',
        '<img alt="logo" src="data:image/png;base64,{image}">',
        "background:url(data:image/gif;base64,{gif}) no-repeat",
        "src: url(data:font/woff2;base64,{font}) format('woff2')",
        "colors: {colour}, {colour2}, {colour3}",
        "--accent: {colour}; --muted: {colour2};",
        ">seq{n} partial\n{dna}",
        "peptide {protein} was not found",
        "embedding: [{floats}]",
        "pip install cryptography=={v} keyring=={v}",
        "tokens: prompt={n} completion={n} total={n}",
        "def check_password(self, password: str, hashed: bytes) -> bool:",
        "assert token.kind == TokenKind.IDENTIFIER, token.position",
        "for key, secret in vault.items(): rotate(key, secret)",
        "nonce-{video} is made anew for each page, as the content policy asks",
        # talk of secrets without one
        "Please choose a password of at least 12 characters with one digit.",
        "I forgot my password again, can {word} IT reset it?",
        "Das Passwort ist abgelaufen, bitte ein neues setzen.",
        "Le mot de passe est trop court.",
        "La contraseña es obligatoria y no se guarda.",
        "Het wachtwoord is verlopen.",
        "the password is wrong, says the log since {day}",
        "Our API key is stored in the vault and rotated every {n} days.",
        "the PIN is asked for twice, then the card is locked",
        "The door code changes every Monday; ask at the desk.",
        "Your verification code is on its way to the phone ending in 12.",
        "password reset sent to {user} at {ts}",
        "Passphrase and token are different things, see chapter {n}.",
        "secret sharing: {n} of {n} shares are needed",
    )
]


def secret_lines(n: int, seed: int) -> list[tuple[str, str, int, int]]:
    return draw_secrets(BY_FAMILY, n, seed)


def benign_lines(n: int, seed: int) -> list[str]:
    return draw_benign(BENIGN, n, seed)
