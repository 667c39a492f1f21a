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
    _token("fly.io", "flyv1 fo1_ fm1r_ fm1a_ fm2_", r"(?:FlyV1 )?+(?:fo1_|fm1[ar]_|fm2_)[\w+/-]{43,4000}+={0,3}(?:,fm[12][ar]?_[\w+/-]{43,4000}+={0,3}){0,8}"),
    _token("netlify", "nfp_ nfc_ nfo_ nfu_ nfb_", r"nf[pcoub]_[A-Za-z0-9_]{36,60}+"),
    _token("render", "rnd_", r"rnd_[A-Za-z0-9]{28,40}+"),
    _token("supabase", "sbp_ sb_secret_", r"(?:sbp_(?:v[0-9]_|oauth_)?[0-9a-f]{40}|sb_secret_[\w-]{20,60}+)"),
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
    _token("telegram bot", ":aa", r"(?:bot)?[0-9]{8,10}:AA[\w-]{32,34}+", (13, 36)),
    _token("teams webhook", "webhookb2/", rf"(?:https?://[\w.-]{{1,70}}/)?webhookb2/{_UUID}@{_UUID}/IncomingWebhook/[0-9a-z]{{32}}/{_UUID}(?:/[\w-]{{0,60}}+)?", (80, 250)),
    _token("google chat webhook", "chat.googleapis.com/", r"(?:https?://)?chat\.googleapis\.com/v1/spaces/[\w-]{4,40}+/messages\?key=[\w&=%.-]{30,200}+", (8, 250)),
    _token("zapier webhook", "hooks.zapier.com/", r"(?:https?://)?hooks\.zapier\.com/hooks/catch/[0-9]{4,12}+/[a-z0-9]{5,12}+/?", (8, 250)),
    # language models
    _token("openai key of a project", "sk-proj- sk-svcacct- sk-admin- sess-", r"(?:sk-(?:proj|svcacct|admin)-(?=[\w-]{0,30}[0-9])[\w-]{40,200}+|sess-[A-Za-z0-9]{40})"),
    _token("openai key", "sk-", r"sk-(?:proj-|svcacct-|admin-|None-)?[\w-]{20,100}?T3BlbkFJ[\w-]{20,100}+"),
    _token("anthropic key", "sk-ant-", r"sk-ant-[a-z]{2,8}[0-9]{2}-[\w-]{60,130}+"),
    _token("openrouter key", "sk-or-", r"sk-or-v1-[0-9a-f]{64}"),
    _token("langfuse key", "sk-lf-", rf"sk-lf-{_UUID}"),
    _token("sk key", "sk-", r"sk-(?=[A-Za-z]{0,20}[0-9])[A-Za-z0-9]{32,64}+(?![\w-])"),
    _token("hugging face", "hf_ api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{30,40}+(?!\w)"),
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
    _token("stripe", "sk_org_ ek_live_ ek_test_ sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_", r"[sre]k_(?:org_)?(?:live|test|prod)_[A-Za-z0-9]{12,250}+"),
    _token("stripe webhook secret", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,80}+"),
    _token("square", "sq0atp- sq0csp- eaaa", r"(?:sq0atp-[\w-]{22,60}+|sq0csp-[\w-]{43}|EAAA[\w-]{60}|EAAAE[\w-]{22,60}+)"),
    _token("braintree", "access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    _token("adyen", "aqe", r"AQE[A-Za-z0-9]{5,9}[A-Za-z0-9+/]{50,150}={0,2}-[A-Za-z0-9+/]{40,50}={0,2}-[^\s\"'<>&,;]{8,20}"),
    _token("razorpay", "rzp_live_ rzp_test_", r"rzp_(?:live|test)_[A-Za-z0-9]{14,24}+"),
    _token("plaid", "access-production- access-sandbox- access-development-", rf"access-(?:production|sandbox|development)-{_UUID}"),
    _token("flutterwave", "flwseck", r"FLWSECK(?:_TEST)?-?[0-9A-Za-z]{12,40}+(?:-X)?"),
    _token("shippo", "shippo_", r"shippo_(?:live|test)_[0-9a-f]{40}"),
    _token("easypost", "ezak eztk", r"EZ[AT]K[A-Za-z0-9]{54}"),
    _token("gocardless, mollie or lob", "live_ test_ sandbox_", r"(?:live_(?=[A-Za-z_-]{0,24}[0-9])[\w-]{30,42}+|test_(?:pub_)?(?=[A-Za-z]{0,24}[0-9])[A-Za-z0-9]{30,42}+(?!\w)|sandbox_(?=[A-Za-z_-]{0,24}[0-9])[\w-]{40})"),
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
    _token("new relic", "nrak- nrii- nrra- nrjs- nriq- nrsp-", r"NR(?:AK|II|RA|JS|IQ|SP)-[\w-]{19,42}+"),
    _token("new relic license", "nral", r"[0-9a-z]{36}NRAL", (36, 1)),
    _token("sentry token", "sntryu_ sntrys_", r"sntry[us]_[\w+/=-]{60,400}+"),
    _token("grafana", "glsa_ glc_", r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,400}+={0,2})"),
    _token("dynatrace", "dt0c01. dt0s01. dt0s16.", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}"),
    _token("posthog", "phx_", r"phx_[A-Za-z0-9]{40,50}+"),
    _token("launchdarkly", "sdk- api- mob-", rf"(?:sdk|api|mob)-{_UUID}"),
    # infrastructure and applications
    _token("pagerduty", "u+", r"u\+[\w-]{18}(?![\w-])"),
    _token("databricks", "dapi dkea dose", r"(?:d(?:apie?|kea|ose))[0-9a-f]{32}(?:-[0-9])?"),
    _token("vault", "hvs. hvb. hvr. b.aaaaaq", r"(?:hv[sbr]|b(?=\.AAAAAQ))\.[\w-]{24,300}+"),
    _token("terraform cloud", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,80}+", (14, 82)),
    _token("pulumi", "pul-", r"pul-[0-9a-f]{40}"),
    _token("doppler", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    _token("1password", "a3- ops_eyj", r"(?:A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}|ops_eyJ[\w+/-]{200,3000}+={0,3})"),
    _token("linear", "lin_api_ lin_oauth_", r"lin_(?:api_[A-Za-z0-9]{40}|oauth_[0-9a-f]{64})"),
    _token("notion", "secret_ ntn_", r"(?:secret_(?=[A-Za-z]{0,42}[0-9])[A-Za-z0-9]{43}|ntn_[0-9]{11}[A-Za-z0-9]{35})(?![A-Za-z0-9])"),
    _token("figma", "figd_ figu_ figo_", r"fig[duo]_[\w-]{36,60}+"),
    _token("shopify", "shpat_ shpss_ shpca_ shppa_ shptka_ shpua_", r"shp(?:at|ss|ca|pa|tka|ua)_[0-9a-fA-F]{32}"),
    _token("airtable", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _token("asana", "0/ 1/ 2/", r"[012]/[0-9]{13,17}(?:/[0-9]{13,17})?:[0-9a-f]{32}"),
    _token("clickup", "pk_", r"pk_[0-9]{6,10}_[A-Z0-9]{32}"),
    _token("postman", "pmak- pmat-", r"(?:PMAK-[0-9a-f]{24}-[0-9a-f]{34}|PMAT-[A-Z0-9]{26})"),
    _token("contentful", "cfpat-", r"CFPAT-[\w-]{43,60}+"),
    _token("dropbox", "sl.", r"sl\.(?:u\.)?[\w-]{100,2000}+"),
    _token("facebook", "eaa igqv igaa", r"(?:EAA|IGQV|IGAA)[A-Za-z0-9_-]{90,400}+"),
    _token("prefect", "pnu_ pnb_", r"pn[ub]_[A-Za-z0-9]{36}"),
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
    # less common issuers
    _token("adafruit", "aio_", r"aio_[A-Za-z0-9]{28}(?!\w)"),
    _token("bitbucket data center", "bbdc-", r"BBDC-[A-Za-z0-9+/@_-]{40,50}+"),
    _token("aws appsync", "da2-", r"da2-[a-z0-9]{26}(?!\w)"),
    _token("authress", ".acc_ .acc-", r"(?:sc|ext|scauth|authress)_(?i:[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30,120})", (50, 170)),
    _token("cloudflare", "cfk_ cfut_ cfat_", r"cf(?:k|ut|at)_[\w-]{36,70}+"),
    _token("confluent", "cflt", r"cflt[A-Za-z0-9+/]{56,64}+"),
    _token("gemini key", "aq.ab", r"AQ\.Ab[\w-]{40,70}+"),
    _token("google hmac key", "goog", r"GOOG(?:1E[A-Z0-9]{54,58}|[A-Z0-9]{20})(?![A-Za-z0-9])"),
    _token("grafana api key", "eyjrijoi", r"eyJrIjoi[A-Za-z0-9+/]{60,400}+={0,3}"),
    _token("intercom", "dg9ro", r"dG9rO[A-Za-z0-9+/]{40,90}+={0,2}"),
    _token("42", "s-s4t2", r"s-s4t2(?:ud|af)-[0-9a-f]{64}"),
    _token("linkedin", "wpl_ap", r"WPL_AP[01]\.[\w.]{6,40}\.[A-Za-z0-9+/=]{6,24}"),
    _token("mandrill", "md-", r"md-(?=[A-Za-z_-]{0,22}[0-9])[\w-]{22}(?![\w-])"),
    _token("open vsx", "ovsxat_ ovsxp_", rf"ovsx(?:at|p)_(?:{_UUID}|[\w-]{{30,60}}+)"),
    _token("pubnub", "sec-c-", r"sec-c-[A-Za-z0-9-]{36,80}+={0,2}"),
    _token("rapidapi", "msh", r"[A-Za-z0-9]{10}msh[A-Za-z0-9]{15}p1[A-Za-z0-9]{6}jsn[A-Za-z0-9]{12}", (10, 45)),
    _token("runpod", "rpa_", r"rpa_[A-Z0-9a-z]{38,50}+"),
    _token("salesforce", "00d", r"00D[A-Za-z0-9]{12,15}![\w.]{80,140}+"),
    _token("salesforce consumer key", "3mvg9", r"3MVG9[\w.]{70,110}+"),
    _token("samsara", "samsara_api_", r"samsara_api_[A-Za-z0-9]{28,40}+"),
    _token("scaleway", "scw", r"SCW(?=[A-Z]{0,16}[0-9])[A-Z0-9]{17}(?![A-Za-z0-9])"),
    _token("segment", "sgp_", r"sgp_[A-Za-z0-9]{64}"),
    _token("slack workflow", "xwfp-", r"xwfp-[\w-]{20,300}+"),
    _token("snyk", "snyk_", r"snyk_[us]at\.[0-9a-f]{8}\.[\w.-]{40,400}+"),
    _token("stripe client secret", "_secret_", r"(?:pi|seti|cs|src|sub|pm)_(?:test_|live_)?[A-Za-z0-9]{14,70}_secret_[A-Za-z0-9]{20,80}+", (80, 90)),
    _token("twitch", "oauth:", r"oauth:[a-z0-9]{30}(?!\w)"),
    _token("vercel", "vcp_ vci_ vca_ vcr_ vck_ vercel_", r"(?:vc[piark]_[A-Za-z0-9]{24,70}+|vercel_blob_rw_[A-Za-z0-9]{10,24}_[A-Za-z0-9]{20,60}+)"),
    _token("weights and biases", "wandb_v1_", r"wandb_v1_[\w-]{30,120}+"),
    _token("yandex oauth", "y0_", r"y[0-3]_[\w-]{50,70}+"),
    _token("zoho", "1000.", r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}"),
    _token("zuplo", "zpka_", r"zpka_[a-z0-9]{28,40}_[0-9a-f]{8}"),
    _token("woocommerce", "ck_ cs_", r"c[ks]_[0-9a-f]{40}(?!\w)"),
    _token("wakatime", "waka_", rf"waka_(?:sec_|tok_|ref_)?(?:{_UUID}|[A-Za-z0-9]{{60,90}}+)"),
    _token("checkout.com", "sk_", r"sk_(?:sbox_)?(?=[a-z]{0,12}[0-9])[a-z0-9]{26}[a-z0-9*#$=](?!\w)"),
    _token("persona", "persona_", rf"persona_(?:sandbox|production)_(?:{_UUID}|[\w-]{{20,60}}+)"),
    _token("lichess", "lip_", r"lip_(?=[A-Za-z]{0,19}[0-9])[A-Za-z0-9]{20}(?!\w)"),
    _token("ionic", "ion_", r"ion_[A-Za-z0-9]{42}(?!\w)"),
    _token("upcloud", "ucat_", r"ucat_[A-Z0-9]{24,40}+"),
    _token("exoscale", "exo", r"EXO[0-9a-f]{24}(?!\w)"),
    _token("backblaze", "k00", r"K00[0-9][A-Za-z0-9/+]{27}(?![A-Za-z0-9])"),
    _token("jumpcloud", "jca_", r"jca_[A-Za-z0-9]{36}"),
    _token("deno", "ddp_ ddo_ ddw_", r"dd[pow]_[A-Za-z0-9]{36,40}+"),
    _token("cursor", "key_ crsr_", r"(?:key|crsr)_[0-9a-f]{64}"),
    _token("fireworks", "fw_", r"fw_(?=[A-Za-z]{0,20}[0-9])[A-Za-z0-9]{22,32}+(?!\w)"),
    _token("together", "tgp_v1_", r"tgp_v1_[\w-]{36,60}+"),
    _token("voyage", "pa-", r"pa-(?=[A-Za-z_-]{0,24}[0-9])[\w-]{43}(?![\w-])"),
    _token("jina", "jina_", r"jina_[\w-]{50,70}+"),
    _token("cerebras", "csk-", r"csk-[a-z0-9]{40,56}+"),
    _token("modal", "ak- as-", r"a[ks]-(?=[A-Za-z]{0,20}[0-9])[A-Za-z0-9]{22}(?![\w-])"),
    _token("firecrawl", "fc-", r"fc-[0-9a-f]{32}(?!\w)"),
    _token("browserbase", "bb_live_", r"bb_live_[\w-]{20,50}+"),
    _token("e2b", "e2b_", r"e2b_[0-9a-f]{40}"),
    _token("langchain", "ls__", r"ls__[0-9a-f]{32}"),
    _token("helicone", "sk-helicone-", r"sk-helicone-[\w-]{20,60}+"),
    _token("anyscale", "esecret_", r"esecret_[A-Za-z0-9]{24,50}+"),
    _token("lambda labs", "secret_", r"secret_[\w-]{1,40}?_[0-9a-f]{32}\.[A-Za-z0-9]{32}"),
    _token("nostr", "nsec1", r"nsec1[02-9ac-hj-np-z]{58}"),
    _token("bip38", "6p", r"6P[1-9A-HJ-NP-Za-km-z]{56}(?![A-Za-z0-9])"),
    _token("minisign", "rwrty0iy", r"RWRTY0Iy[A-Za-z0-9+/]{100,300}+={0,2}"),
    _token("asp.net protected", "cfdj8", r"CfDJ8[\w-]{60,4000}+"),
    _token("docusign or okta", "ssws ", r"SSWS (?P<x>[\w-]{30,60}+)"),
    _token("buildkite agent", "bkaj_ bkct_ bkpt_ bkua_", r"bk(?:aj|ct|pt|ua)_[A-Za-z0-9._-]{30,400}+"),
    _token("ngrok", "ngrok", r"(?:ngrok\s(?:config\s)?(?:add-)?authtoken\s)(?P<x>[\w-]{40,60}+)"),
    _token("hashed webhook", "maker.ifttt.com/", r"maker\.ifttt\.com/(?:trigger/[\w-]{1,60}/(?:json/)?with|use)/(?:key/)?(?P<x>[\w-]{20,60}+)"),
    _token("marked key", "_live_ _test_ _prod_ _sandbox_ _pat_ _api_ _key_ _sk_ _secret_ _token_ _prv_ _priv_", r"(?!p[bk]_|pub|client|github)[a-z]{2,12}_(?:[a-z]{2,8}_)?(?:live|test|prod|sandbox|pat|api|key|sk|secret|token|priv?|prv)_(?=[A-Za-z]{0,24}[0-9])(?=[0-9a-z]{0,24}[A-Z]|[a-f]{0,8}[0-9][0-9a-f]{22})[A-Za-z0-9]{22,120}+(?!\w)", (22, 140)),
    _token("extended private key", "xprv yprv zprv tprv", r"[xyzt]prv[1-9A-HJ-NP-Za-km-z]{100,112}+"),
)  # fmt: skip

MARKLESS = regex.compile(
    r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))(?:"
    r"(?P<discord_bot>[MNO][A-Za-z0-9_-]{22,28}+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}+)"
    r"|(?P<wif>[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}+(?![A-Za-z0-9]))"
    r"|(?P<seed>S[A-Z2-7]{55,57}+(?![A-Za-z0-9]))"
    r"|(?P<twitter>[0-9]{9,19}+-(?=[A-Za-z]{0,20}[0-9])(?=[0-9a-z]{0,12}[A-Z])[A-Za-z0-9]{40,45}+(?![\w-]))"
    r"|(?P<old_vault>s\.(?=[A-Za-z]{0,16}[0-9])(?=[0-9a-z]{0,12}[A-Z])[A-Za-z0-9]{24}(?:\.[A-Za-z0-9]{5})?(?![\w.]))"
    r"|(?P<twilio_key>SK[0-9a-f]{32}(?![A-Za-z0-9]))"
    r"|(?P<mailchimp>[0-9a-f]{32}-us[0-9]{1,2}(?![0-9A-Za-z]))"
    r"|(?P<mailgun_key>[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9A-Za-z-])))"
)
"""What has a shape but no literal worth looking for: one scan of the text finds all of them."""
