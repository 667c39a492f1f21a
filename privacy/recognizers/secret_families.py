"""The secrets that say what they are: keys and tokens by the prefix, alphabet and length their issuers document.

Covered: the issuers in the table, in the forms their documentation gives, longer ones too. Not covered: keys without a
mark of their own, which need the word before them (see `secrets`), and keys cut short.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import regex

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Documentation's own keys, not anybody's: too long a word to stand in a random key by chance.
_SHOWN = re.compile(
    r"(?i)x{5}|0{9}|[*.]{3}|example|placeholder|changeme|redacted|insert|(?<![a-z0-9])your[_-]|1234567890|abcdefgh|[<>{}]"
)
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of secret."""

    name: str
    anchors: tuple[str, ...]
    """Literals in lower case. A match starts at one, unless there is a `window`."""
    pattern: re.Pattern[str]
    """Its group `x` (or the whole match) is the secret. Every repeat is bounded or possessive: linear time."""
    score: float = 0.99
    accept: Callable[[str], bool] | None = None
    """A last look at the secret."""
    window: tuple[int, int] | None = None
    """If given, a match may start this many characters before its literal and end this many behind it."""


def is_drawn(value: str) -> bool:
    """Not a stand-in of the documentation: no such word, and as many different characters as chance gives."""
    return len(set(value)) >= 9 and not _SHOWN.search(value)


def is_wif(value: str) -> bool:
    """A wallet import format key: base58check of version 0x80 or 0xef, 32 bytes, perhaps a flag."""
    number = 0
    for char in value:
        number = number * 58 + _BASE58.index(char)
    data = number.to_bytes(40, "big").lstrip(b"\0")
    digest = hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()
    return len(data) in (37, 38) and data[0] in (0x80, 0xEF) and digest[:4] == data[-4:]


def is_userinfo(value: str) -> bool:
    """Base64 of "user:password", as in a Basic header and in a Docker configuration."""
    try:
        decoded = base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4), validate=True)
        user, colon, password = decoded.decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(colon and len(password) >= 1) and user.isprintable() and password.isprintable()


def is_discord(value: str) -> bool:
    """The first part of a bot's token is the base64 of its number."""
    part = value.partition(".")[0]
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).isdigit()
    except binascii.Error:
        return False


def _token(name: str, anchors: str, pattern: str, window: tuple[int, int] | None = None) -> Family:
    r"""A token that starts where a word starts, or after an escaped line end ("\n")."""
    start = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
    return Family(name, tuple(anchors.split()), re.compile(start + pattern, re.ASCII), 0.99, is_drawn, window)


# A key that is longer than its issuer's documentation says is taken whole: better than a tail that leaks.
TOKENS: tuple[Family, ...] = (
    # clouds
    _token("aws access key id", "akia asia abia acca", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
    _token("aws session token", "iqojb3jpz2lu fwogzxivyxdze", r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdzE)[\w+/=%-]{100,4000}+"),
    _token("amazon mws", "amzn.mws.", rf"amzn\.mws\.{_UUID}"),
    _token("gcp api key", "aiza", r"AIza[\w-]{35,60}+"),
    _token("google oauth secret", "gocspx-", r"GOCSPX-[\w-]{28,40}+"),
    _token("google oauth token", "ya29. 1//0", r"(?:ya29\.|1//0)[\w.-]{40,2000}+"),
    _token("azure key", "accountkey= sharedaccesskey=", r"(?i:AccountKey|SharedAccessKey)=(?P<x>[A-Za-z0-9+/]{42,90}+={0,2})"),
    _token("azure sas", "sig=", r"sig=(?P<x>[A-Za-z0-9%+/]{40,90}+={0,2})"),
    _token("azure identifiable key", "+ast acdb +aba apim +amc", r"(?<![+/])[A-Za-z0-9+/]{76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9+/]{5}[AQgw]==", (76, 10)),
    _token("azure short key", "aiot +asb +aeh +arm acr azse azca azfu", r"(?<![+/_-])[A-Za-z0-9+/_-]{33,52}?(?:AIoT|\+(?:ASb|AEh|ARm)|ACR|AzSe|AzCa|AzFu)[A-Za-z0-9+/_-]{6,8}={1,2}", (52, 12)),
    _token("azure ad client secret", "q~", r"(?:(?<![\w~.-])|(?<=\\[nrt]))[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}+", (4, 36)),
    _token("azure devops", "azdo", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", (76, 10)),
    _token("digitalocean", "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _token("alibaba key id", "ltai", r"LTAI[A-Za-z0-9]{12,20}+"),
    _token("tencent key id", "akid", r"AKID[A-Za-z0-9]{32}"),
    _token("cloudflare origin key", "v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}"),
    _token("heroku", "hrku-", r"HRKU-[\w-]{36,70}+"),
    _token("fly.io", "fo1_ fm1r_ fm1a_ fm2_", r"(?:fo1_|fm1[ar]_|fm2_)[\w+/-]{43,4000}+={0,3}"),
    _token("netlify", "nfp_", r"nfp_[A-Za-z0-9_]{36,60}+"),
    _token("render", "rnd_", r"rnd_[A-Za-z0-9]{28,40}+"),
    _token("supabase", "sbp_ sb_secret_", r"(?:sbp_[0-9a-f]{40}|sb_secret_[\w-]{20,60}+)"),
    _token("planetscale", "pscale_", r"pscale_(?:tkn|pw|oauth)_[\w=.-]{32,70}+"),
    _token("neon", "napi_", r"napi_[a-z0-9]{60,70}+"),
    _token("aiven", "avns_", r"AVNS_[\w-]{18,40}+"),
    # version control and builds
    _token("github token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}+"),
    _token("github fine-grained token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59,90}+"),
    _token("gitlab token", "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glsoat- glffct- gloas-", r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w-]{20,300}+(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?"),
    _token("gitlab runner registration", "gr1348941", r"GR1348941[\w-]{20,30}+"),
    _token("bitbucket", "atbb", r"ATBB[A-Za-z0-9]{24,60}+"),
    _token("bitbucket access token", "atctt3", r"ATCTT3[\w=-]{100,300}+"),
    _token("atlassian", "atatt3", r"ATATT3[\w=-]{100,300}+"),
    _token("circleci", "ccipat_ cciprj_", r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}"),
    _token("sonarqube", "squ_ sqp_ sqa_", r"sq[upa]_[0-9a-f]{40}"),
    _token("sourcegraph", "sgp_ slk_", r"(?:sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}|slk_[0-9a-f]{64})"),
    _token("buildkite", "bkua_", r"bkua_[a-z0-9]{40}"),
    # chat
    _token("slack token", "xoxb- xoxo- xoxp- xoxa- xoxr- xoxs- xoxc- xoxd- xoxe- xoxe.", r"xox[abcdeoprs](?:\.xox[bp])?-[\w%+/=-]{20,400}+"),
    _token("slack app token", "xapp-", r"xapp-[0-9]-A[A-Z0-9]{6,14}-[0-9]{8,16}-[0-9a-f]{60,70}+"),
    _token("slack webhook", "hooks.slack.com/", r"(?:https?://)?hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{30,120}+", (8, 250)),
    _token("discord webhook", "discord.com/api/ discordapp.com/api/", r"(?:https?://)?(?:[a-z]{2,10}\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{16,20}/[\w-]{50,80}+", (18, 120)),
    _token("telegram bot", ":aa", r"[0-9]{8,10}:AA[\w-]{32,34}+", (10, 36)),
    _token("teams webhook", "webhookb2/", rf"(?:https?://[\w.-]{{1,70}}/)?webhookb2/{_UUID}@{_UUID}/IncomingWebhook/[0-9a-z]{{32}}/{_UUID}(?:/[\w-]{{0,60}}+)?", (80, 250)),
    _token("google chat webhook", "chat.googleapis.com/", r"(?:https?://)?chat\.googleapis\.com/v1/spaces/[\w-]{4,40}+/messages\?key=[\w&=%.-]{30,200}+", (8, 250)),
    _token("zapier webhook", "hooks.zapier.com/", r"(?:https?://)?hooks\.zapier\.com/hooks/catch/[0-9]{4,12}+/[a-z0-9]{5,12}+/?", (8, 250)),
    # language models
    _token("openai key", "sk-", r"sk-(?:proj-|svcacct-|admin-|None-)?[\w-]{20,100}?T3BlbkFJ[\w-]{20,100}+"),
    _token("anthropic key", "sk-ant-", r"sk-ant-[a-z]{2,8}[0-9]{2}-[\w-]{60,130}+"),
    _token("openrouter key", "sk-or-", r"sk-or-v1-[0-9a-f]{64}"),
    _token("langfuse key", "sk-lf-", rf"sk-lf-{_UUID}"),
    _token("sk key", "sk-", r"sk-(?=[A-Za-z]{0,20}[0-9])[A-Za-z0-9]{32,64}+(?![\w-])"),
    _token("hugging face", "hf_ api_org_", r"(?:hf|api_org)_[A-Za-z]{34}(?![A-Za-z])"),
    _token("replicate", "r8_", r"r8_[A-Za-z0-9]{37,44}+"),
    _token("groq", "gsk_", r"gsk_[A-Za-z0-9]{50,56}+"),
    _token("perplexity", "pplx-", r"pplx-[A-Za-z0-9]{40,60}+"),
    _token("xai", "xai-", r"xai-[A-Za-z0-9]{70,90}+"),
    _token("nvidia", "nvapi-", r"nvapi-[\w-]{60,70}+"),
    _token("langsmith", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    _token("pinecone", "pcsk_", r"pcsk_[A-Za-z0-9_]{50,80}+"),
    _token("elevenlabs", "sk_", r"sk_[0-9a-f]{48}(?![0-9a-zA-Z])"),
    _token("tavily", "tvly-", r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,40}+"),
    # payment
    _token("stripe", "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_", r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{12,250}+"),
    _token("stripe webhook secret", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,80}+"),
    _token("square", "sq0atp- sq0csp- eaaa", r"(?:sq0atp-[\w-]{22,60}+|sq0csp-[\w-]{43}|EAAA[\w-]{60}|EAAAE[\w-]{22,60}+)"),
    _token("braintree", "access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    _token("adyen", "aqe", r"AQE[A-Za-z0-9]{5,9}[A-Za-z0-9+/]{50,150}={0,2}-[A-Za-z0-9+/]{40,50}={0,2}-[^\s\"'<>&,;]{8,20}"),
    _token("razorpay", "rzp_live_ rzp_test_", r"rzp_(?:live|test)_[A-Za-z0-9]{14,24}+"),
    _token("plaid", "access-production- access-sandbox- access-development-", rf"access-(?:production|sandbox|development)-{_UUID}"),
    _token("flutterwave", "flwseck", r"FLWSECK(?:_TEST)?-[0-9A-Za-z]{12,40}+(?:-X)?"),
    _token("shippo", "shippo_", r"shippo_(?:live|test)_[0-9a-f]{40}"),
    _token("easypost", "ezak eztk", r"EZ[AT]K[A-Za-z0-9]{54}"),
    _token("gocardless or mollie", "live_", r"live_(?=[A-Za-z_-]{0,24}[0-9])[\w-]{30,42}+"),
    # package registries
    _token("npm", "npm_", r"npm_[A-Za-z0-9]{36,60}+"),
    _token("pypi", "pypi-ag", r"pypi-Ag[\w-]{50,400}+"),
    _token("rubygems", "rubygems_", r"rubygems_[0-9a-f]{48}"),
    _token("docker hub", "dckr_", r"dckr_[po]at_[\w-]{27,40}+"),
    _token("nuget", "oy2", r"oy2[a-z0-9]{43}(?![a-z0-9])"),
    _token("crates.io", "cio", r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    _token("clojars", "clojars_", r"CLOJARS_[a-z0-9]{60}"),
    _token("artifactory", "akcp cmvmd", r"(?:AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59})"),
    # mail and messages
    _token("sendgrid", "sg.", r"SG\.[\w-]{16,32}\.[\w-]{16,64}+"),
    _token("mailgun", "key-", r"key-[0-9a-f]{32}(?![0-9a-zA-Z])"),
    _token("brevo", "xkeysib- xsmtpsib-", r"x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    _token("resend", "re_", r"re_[A-Za-z0-9]{6,10}_[A-Za-z0-9]{20,30}+"),
    _token("mailersend", "mlsn.", r"mlsn\.[0-9a-f]{64}"),
    _token("klaviyo", "pk_", r"pk_[0-9a-f]{34}(?![0-9a-zA-Z])"),
    _token("hubspot", "pat-", rf"pat-[a-z]{{2,3}}[0-9]-{_UUID}"),
    # observability
    _token("new relic", "nrak- nrii- nrra- nrjs-", r"NR(?:AK|II|RA|JS)-[\w-]{19,42}+"),
    _token("new relic license", "nral", r"[0-9a-z]{36}NRAL", (36, 1)),
    _token("sentry token", "sntryu_ sntrys_", r"sntry[us]_[\w+/=-]{60,400}+"),
    _token("grafana", "glsa_ glc_", r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,400}+={0,2})"),
    _token("dynatrace", "dt0c01. dt0s01. dt0s16.", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}"),
    _token("posthog", "phx_", r"phx_[A-Za-z0-9]{40,50}+"),
    _token("launchdarkly", "sdk- api-", rf"(?:sdk|api)-{_UUID}"),
    # infrastructure and applications
    _token("pagerduty", "u+", r"u\+[\w-]{18}(?![\w-])"),
    _token("databricks", "dapi", r"dapi[0-9a-f]{32}(?:-[0-9])?"),
    _token("vault", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{24,300}+"),
    _token("terraform cloud", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,80}+", (14, 82)),
    _token("pulumi", "pul-", r"pul-[0-9a-f]{40}"),
    _token("doppler", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    _token("1password", "a3- ops_eyj", r"(?:A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}|ops_eyJ[\w+/-]{200,3000}+={0,3})"),
    _token("linear", "lin_api_ lin_oauth_", r"lin_(?:api_[A-Za-z0-9]{40}|oauth_[0-9a-f]{64})"),
    _token("notion", "secret_ ntn_", r"(?:secret_(?=[A-Za-z]{0,42}[0-9])[A-Za-z0-9]{43}|ntn_[0-9]{11}[A-Za-z0-9]{35})(?![A-Za-z0-9])"),
    _token("figma", "figd_ figu_ figo_", r"fig[duo]_[\w-]{36,60}+"),
    _token("shopify", "shpat_ shpss_ shpca_ shppa_", r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}"),
    _token("airtable", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _token("asana", "1/", r"[12]/[0-9]{13,17}(?:/[0-9]{13,17})?:[0-9a-f]{32}"),
    _token("clickup", "pk_", r"pk_[0-9]{6,10}_[A-Z0-9]{32}"),
    _token("postman", "pmak-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _token("contentful", "cfpat-", r"CFPAT-[\w-]{43,60}+"),
    _token("dropbox", "sl.", r"sl\.(?:u\.)?[\w-]{100,2000}+"),
    _token("facebook", "eaa", r"EAA[A-Za-z0-9]{90,400}+"),
    _token("prefect", "pnu_", r"pnu_[A-Za-z0-9]{36}"),
    _token("tailscale", "tskey-", r"tskey-[a-z]{2,8}-[A-Za-z0-9]{8,20}(?:-?[A-Za-z0-9]{10,60})?"),
    _token("typeform", "tfp_", r"tfp_[\w.-]{40,80}+"),
    _token("mapbox secret", "sk.eyj", r"sk\.eyJ[\w-]{40,200}\.[\w-]{20,40}+"),
    _token("age key", "age-secret-key-1", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    _token("openshift", "sha256~", r"sha256~[\w-]{43}"),
    _token("trello", "atta", r"ATTA[0-9a-f]{64}[0-9A-Fa-f]{0,12}"),
    _token("octopus", "api-", r"API-[A-Z0-9]{25,34}+(?![A-Za-z0-9-])"),
    _token("adobe client secret", "p8e-", r"p8e-[A-Za-z0-9_-]{32}"),
    _token("bedrock key", "absk bedrock-api-key-", r"(?:ABSK[A-Za-z0-9+/]{100,280}+={0,2}|bedrock-api-key-[A-Za-z0-9+/_%-]{20,4000}+={0,2})"),
    _token("clickhouse cloud", "4b1d", r"4b1d[A-Za-z0-9]{38}(?![A-Za-z0-9])"),
    _token("yandex cloud", "aqvn t1.", r"(?:AQVN[\w-]{35,38}|t1\.[\w-]{10,200}={0,2}\.[\w-]{86}={0,2})"),
    _token("defined networking", "dnkey-", r"dnkey-[a-z0-9=_-]{26}-[a-z0-9=_-]{52}"),
    _token("duffel", "duffel_", r"duffel_(?:test|live)_[\w=-]{40,50}+"),
    _token("frame.io", "fio-u-", r"fio-u-[\w=-]{60,70}+"),
    _token("harness", "pat. sat.", r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    _token("infracost", "ico-", r"ico-[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    _token("maxmind", "_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk", (36, 1)),
    _token("readme", "rdme_", r"rdme_[a-z0-9]{70}"),
    _token("scalingo", "tk-us-", r"tk-us-[\w-]{48}"),
    _token("settlemint", "sm_aat_ sm_pat_ sm_sat_", r"sm_[aps]at_[A-Za-z0-9]{16}"),
    _token("twitter bearer", "aaaaaaaaaaaaaaaaaaaa", r"A{20,24}[A-Za-z0-9%]{60,110}+"),
    _token("facebook app token", "|", r"[0-9]{15,16}\|[\w-]{27,40}+(?![\w-])", (16, 42)),
    _token("json web token in base64", "zxlk", r"ZXlK[A-Za-z0-9+/_-]{60,6000}+={0,2}"),
    _token("extended private key", "xprv yprv zprv tprv", r"[xyzt]prv[1-9A-HJ-NP-Za-km-z]{100,112}+"),
)  # fmt: skip

MARKLESS = regex.compile(
    r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))(?:"
    r"(?P<discord_bot>[MNO][A-Za-z0-9_-]{22,28}+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}+)"
    r"|(?P<wif>[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}+(?![A-Za-z0-9]))"
    r"|(?P<twilio_key>SK[0-9a-f]{32}(?![A-Za-z0-9]))"
    r"|(?P<mailchimp>[0-9a-f]{32}-us[0-9]{1,2}(?![0-9A-Za-z]))"
    r"|(?P<mailgun_key>[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9A-Za-z-])))"
)
"""What has a shape but no literal worth looking for: one scan of the text finds all of them."""
