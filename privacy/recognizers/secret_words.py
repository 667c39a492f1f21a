"""Secrets that a word announces: passwords, codes, PINs, keys without a mark of their own, cookies, command lines.

Covered: assignments in configuration and code, JSON, XML, headers and cookies, sentences in English and the commonest words of
seven more languages. Not covered: a plain word without quotes after "password" (it is as often part of the sentence).
"""

from __future__ import annotations

import re
from itertools import product

from privacy.recognizers.secret_families import Family, is_drawn
from privacy.recognizers.secret_shapes import (
    is_password,
    is_phrase,
    is_plain_word,
    is_quoted_password,
    is_secret_word,
    is_spaced_password,
    is_told_password,
    looks_random,
)

# What follows such a word says where the password is, or how it must be: not the password.
_ABOUT = (
    r"(?![\w.-]{0,30}(?:url|uri|path|file|dir|field|form|min|max|len|length|policy|reset|expir|type|name|valid|strength|prompt|label"
    r"|manager|required|count|hasher|context|callback|method|class|func|_?ttl|_?time|timeout|chang|updat|creat|rotat|modif|attempt|histor|endpoint|limit|bytes|size|version))"
)
_CLOSE = r"[\\\"'\]`*)]{0,4}"
_FOR = r"(?:\s(?:for|of|on|at|to|in|für|zum|zur|von|vom|auf|bei|del?|da|di|du|per|para|en|sur|pour|van|voor|do)\s[^\n:=;,\"'<>]{1,40}?)?"
_EQUALS = r"\s{0,8}(?::=|=>|={1,2}|:|->|\||>)\s{0,8}"
_IS = r"\s{1,3}(?:is|was|are|as|to|lautet|ist|war|est|es|é|è|jest|to|wordt|:)[:\s]{1,3}(?:now |still |always |just |simply |currently |probably |set to |changed to |: )?"
_LINK = rf"(?:{_EQUALS}|{_FOR}{_IS}|['’]s\s{{1,2}})"

_PASSWORD = (
    r"(?:(?i:passw(?:or[dt]|d)|passphrase|passcode|contrase(?:ñ|n)a|mot de passe|senha|wachtwoord|kennwort|пароль|hasło|密码|パスワード"
    r"|wi-?fi[ _-](?:key|code)|wlan[ _-]?(?:key|schlüssel)|network (?:security )?key|(?:pre-?)?shared[ _-]key)"
    r"|(?<![A-Za-z])(?:[Pp]ass(?![a-z])|PASS(?![A-Za-z])|(?i:pwd?|psk)(?![a-z]))|(?<=[a-z])P(?:ass|wd)(?![a-z])|(?<=[A-Z])(?:PWD|PASS)(?![A-Za-z]))"
    rf"{_ABOUT}(?!\w{{0,40}}+\()[\w.-]{{0,24}}+"
)
_PLAIN = (
    r"(?:(?i:passw(?:or[dt]|d)|passphrase|passcode|contrase(?:ñ|n)a|mot de passe|senha|wachtwoord|kennwort|пароль)"
    r"|(?<![A-Za-z])(?i:pwd?|psk))(?![\w.-])"
)
_PASSWORD_ANCHORS = (
    "pass", "pw", "psk", "contraseña", "contrasena", "mot de passe", "senha", "wachtwoord", "kennwort", "пароль", "hasło", "密码",
    "パスワード", "wi-fi key", "wi-fi code", "wifi code", "wifi key", "wifi_key", "wlan-schlüssel", "wlan key", "network security key", "network key", "shared key", "shared-key",
)  # fmt: skip
_UNQUOTED = r"(?P<x>(?:[^\s\"'<>`;&|\\]|&(?!\w{1,30}=)|;(?![\s;]|$|[\w ]{1,30}=)){4,160}+)"
_QUOTED = r"\\{0,3}[\"'`](?P<x>[^\"'`\n\\<>]{3,128}+)\\{0,3}[\"'`]"

_KEY_OWNERS = (
    "api", "access", "secret", "auth", "private", "signing", "encryption", "master", "service", "account", "storage", "app",
    "application", "webhook", "client", "session", "admin", "deploy", "server", "integration", "license", "hmac", "shared", "root",
)  # fmt: skip
_KEY_ANCHORS = (
    *("".join(parts) for parts in product(_KEY_OWNERS, ("", "_", "-", " ", "."), ("key",))),
    "token", "secret", "credential", " pat", "_pat", "-pat", "pspat",
)  # fmt: skip
_KEY = (
    r"(?:(?i:(?:"
    + "|".join(_KEY_OWNERS)
    + r")[ _.-]?key|token|secret|credential)|(?i:[ _-]pat|pspat)(?![A-Za-z]))"
    r"(?![\w.-]{0,30}(?:(?:url|uri|path|file|name|arn|endpoint|bytes|expir\w*)\b|\()|smanager)[\w.-]{0,24}+"
)
_DRAWN = r"\\{0,3}[\"'`]?(?P<x>[A-Za-z0-9+/=_.~:%$-]{16,4000}+)"

_CODE_OWNERS = (
    "verification", "security", "confirmation", "login", "log-in", "sign-in", "access", "one-time", "one time", "authentication", "authorization", "backup", "reset", "auth",
    "activation", "sms", "2fa", "mfa", "otp", "door", "gate", "alarm", "safe", "keypad", "pin", "unlock", "entry", "garage", "recovery",
    "authenticator", "voicemail",
)  # fmt: skip
_CODE_ANCHORS = tuple(
    f"{owner} {code}" for owner, code in product(_CODE_OWNERS, ("code", "passcode", "password", "pin"))
)
_DIGITS = r"(?P<x>[0-9]{4,10}|[0-9]{3}[- ][0-9]{3})(?![\w%]|[.,:/-][0-9])"
_SAYS = r"(?:\s{0,3}[:=#]\s{0,3}|\s{1,2}(?:is|was|number|lautet|ist|to|are|:)[:\s]{1,3}(?:is |was |now )?|\s{1,2})[\"']?"

# The lists that recovery phrases are drawn from have no article, conjunction or preposition of three letters and more.
_SEED_WORD = r"(?!(?:the|and|for|are|was|not|but|from|with|has|its)(?![a-z]))[a-z]{3,8}+"

# A whole sentence may come between the word and the value, or the value first.
_WHOSE = r"(?:my|the|her|his|our|your|their|a|an|its)"
_SAID_OF = r"(?i:password|passcode|passphrase|pass ?word|pw|wi-?fi key|pin)(?!\w)"


WORDED: tuple[Family, ...] = (
    Family("password before its word", ("password", "passcode", "passphrase", " pin"), re.compile(
        rf"(?<!\S)[\"'“]?(?P<x>[^\s\"'“”<>]{{4,60}}?)[\"'”]?,?\s(?:is|as|was|for|that['’]s|that is|which is|to be|being)\s{_WHOSE}\s(?:[\w-]+\s){{0,2}}{_SAID_OF}"), 0.75, is_told_password, window=(90, 12)),
    Family("password to log in with", ("log in", "login", "sign in", "log on", "unlock", "connect", "get in"), re.compile(
        r"(?i:use|enter|type|try|with)\s[\"'“]?(?P<x>[^\s\"'“”<>]{6,60}?)[\"'”]?\s(?:to|when you)\s(?i:log[ -]?in|sign in|log on|unlock|connect|get in)(?!\w)"), 0.7, is_spaced_password, window=(75, 8)),
    Family("password it was", ("passw", "passcode", "pin ", "door code", "gate code", "alarm code", "entry code", "access code", "safe code"), re.compile(
        r"(?i:passwor[dt]|passcode|pin|(?:door|gate|alarm|entry|access|safe)\scode)\s(?:[\w'’-]+\s){0,4}?(?:back\s)?from\s[\"']?(?P<x>[^\s\"'<>]{4,60})"), 0.75, is_told_password),
    Family("password it is now", ("passw", "passcode", "pin ", "door code", "gate code", "alarm code", "entry code", "access code", "safe code"), re.compile(
        r"(?i:passwor[dt]|passcode|pin|(?:door|gate|alarm|entry|access|safe)\scode)\s(?:[\w'’-]+\s){0,3}?(?:from\s\S{4,60}\s)?(?:back\s)?to\s[\"']?(?P<x>[^\s\"'<>]{4,60})"), 0.75, is_told_password),
    Family("password it is", ("password", "passphrase", "passcode"), re.compile(
        r"(?i:password|pass ?phrase|passcode)(?:\s(?:given|used|chosen|set|told|quoted)\s?[:=]?\s|\s[^\n\"'“”<>=]{0,60}?(?:,|\band|\bso)\s(?:it['’]s|it is|it was)\s)[\"'“]?(?P<x>[^\s\"'“”<>]{5,60})"), 0.75, is_told_password),
    Family("combination", ("combination", "combo"), re.compile(
        r"(?i:combination|combo)(?:\s(?:of|for|to|on)\s(?:the|my|our|her|his)\s(?:\w+\s?){1,2}?)?(?:\s(?:is|was|code)|\s?[:=])?\s(?P<x>[0-9]{1,2}(?:[-–/, ]{1,2}[0-9]{1,2}){2,3}|[0-9]{4,8})(?![\w%]|[.,/][0-9]|\s(?:drugs|of|ways|units|patients))"), 0.8),
    Family("passphrase", ("passphrase", "pass phrase"), re.compile(
        r"(?i:pass ?phrase)(?:\s(?:is|was)(?:\snow)?|\s?[:=])[\s\"'“]{1,3}(?P<x>[a-z]{3,12}(?:[ -][a-z]{3,12}){3,7})(?=[\"'”.,;]|\s*$)", re.M), 0.8, is_phrase),
    Family("security answer", ("security question", "secret question"), re.compile(
        r"(?i:(?:security|secret)\squestion)(?:\s(?:is|was)|\s?[:=])\s(?P<x>(?!(?:What|Where|Who|Which|In|The|How|When|Your|Not|My|A|An|On)\b)[A-Z][\w'’-]{1,30}+(?:\s[A-Z][\w'’-]{1,30}+)?)"), 0.8),
    Family("password", _PASSWORD_ANCHORS, re.compile(rf"{_PASSWORD}{_CLOSE}(?:{_LINK}|(?<=-password)\s){_UNQUOTED}"), 0.85, is_password),
    Family("quoted password", _PASSWORD_ANCHORS, re.compile(rf"{_PASSWORD}{_CLOSE}(?:{_LINK}|\s{{1,3}}){_QUOTED}"), 0.9, is_quoted_password),
    Family("password after a space", _PASSWORD_ANCHORS, re.compile(rf"{_PASSWORD}(?:\s?[(–-]\s?|,\s|\s{{1,2}}){_UNQUOTED}"), 0.8, is_spaced_password),
    Family("plain password", _PASSWORD_ANCHORS, re.compile(rf"{_PLAIN}{_CLOSE}(?:{_EQUALS}|{_FOR}{_IS}|(?<=-password)\s)\\{{0,3}}[\"'](?P<x>[A-Za-z]{{4,40}}+)\\{{0,3}}[\"']"), 0.8, is_plain_word),
    Family("plain password", _PASSWORD_ANCHORS, re.compile(rf"{_PLAIN}(?:=|>|\s\|\s)(?P<x>[A-Za-z]{{4,40}}+)(?=[\s;&<]|$)"), 0.8, is_plain_word),
    Family("plain password", _PASSWORD_ANCHORS, re.compile(rf"{_PLAIN}(?:\s?:\s{{1,2}}|{_FOR}\s(?:is|was|lautet|ist|est|es|é)(?:\s?:)?\s)(?P<x>[A-Za-z]{{4,40}}+)(?=\s*$|[.,;!](?:\s|$)|\s(?:and|but)\b)", re.M), 0.7, is_plain_word),
    Family("plain password", _PASSWORD_ANCHORS, re.compile(rf"{_PLAIN}(?<=-password)[ =](?P<x>[A-Za-z]{{4,40}}+)(?=\s|$)"), 0.8, is_plain_word),
    Family("password of a container", ("env ",), re.compile(r"ENV [A-Z0-9_]{0,40}(?:PASSWORD|PASSWD|PWD|PASS)\s(?P<x>[^\s\"'$]{4,128}+)"), 0.85),
    Family("password after SSID", ("ssid",), re.compile(rf"(?i:ssid)[^\n]{{1,60}}?(?i:key|psk)\s{{0,2}}[:=]\s{{0,2}}{_UNQUOTED}"), 0.85, is_password),
    Family("password of a command", ("curl ", "wget "), re.compile(r"(?:curl|wget)\s[^\n|]{0,120}?(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,64}:(?P<x>[^\s\"']{3,128}+)"), 0.9, is_password),
    Family("password of a command", ("mysql", "mariadb", "sshpass", "docker login", "redis-cli", "net use"), re.compile(
        r"(?:mysql\w{0,10}|mariadb)\s[^\n|;]{0,80}?\s-p(?P<x>[^\s\"']{4,128}+)"), 0.9, is_password),
    Family("password of a command", ("sshpass", "docker login", "redis-cli"), re.compile(
        r"(?:sshpass|docker login|redis-cli)\s[^\n|;]{0,80}?-[pa]\s?[\"']?(?P<x>(?![0-9]{1,5}(?!\S))[^\s\"']{4,128}+)"), 0.9, is_password),
    Family("password of a command", ("net use",), re.compile(r"net use\s[^\n|;]{0,80}?\\\s?\S{1,40}\s(?P<x>[^\s/]\S{3,60}+)\s/user"), 0.9, is_password),
    Family("password of a command", ("convertto-securestring",), re.compile(r"(?i:ConvertTo-SecureString)\s(?:-String\s)?[\"'](?P<x>[^\"'\n$]{4,128}+)[\"']"), 0.9),
    Family("announced key", _KEY_ANCHORS, re.compile(rf"(?<![0-9]:){_KEY}{_CLOSE}(?:{_LINK}|[\s,(]{{1,3}}|\s[^\n:=;\"\'<>]{{1,40}}?(?::|\s(?:is|was))\s){_DRAWN}"), 0.9, looks_random),
    Family("one-time password secret", ("totp secret", "2fa secret", "totp_secret", "2fa_secret", "totpsecret", "2fasecret", "totp-secret", "2fa-secret", "secret_key", "secret key", "secretkey", "secret-key"), re.compile(
        rf"(?i:totp|2fa|secret)[ _-]?(?i:secret|key){_CLOSE}(?:{_LINK}|\s{{1,3}})\\{{0,3}}[\"']?(?P<x>[A-Z2-7]{{16}}(?:[A-Z2-7]{{16}})?)(?![A-Za-z0-9])"), 0.9, is_drawn),
    Family("bearer token", ("bearer ", "authorization"), re.compile(r"(?i:bearer|authorization[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?:token|apikey|key|bearer)?)\s{0,2}(?P<x>[A-Za-z0-9._~+/=-]{16,4000}+)"), 0.95, looks_random),
    Family("session cookie", ("session", "sessid", "connect.sid", "sid=", "_token=", "cookie"), re.compile(
        r"(?i:(?:php|j|asp)?sess(?:ion)?[_-]?(?:id)?|connect\.sid|sid|_token|cookie)\w{0,12}[\"']?\s{0,2}[=:]\s{0,2}[\"']?(?P<x>[A-Za-z0-9%._~+/=-]{16,4000}+)"), 0.9, looks_random),
    Family("one-time code", (*_CODE_ANCHORS, "bestätigungscode", "sicherheitscode"), re.compile(rf"[\w -]{{3,24}}?(?:code|pin|word){_SAYS}{_DIGITS}", re.I), 0.85),
    Family("one-time code", ("verification code", "sms code", "otp"), re.compile(rf"(?:verification code|sms code|(?<![a-z])otp(?![a-z]))[a-z ,']{{1,30}}(?!(?:19|20)[0-9]{{2}}\b){_DIGITS}", re.I), 0.8),
    Family("one-time code", ("otp", "tan", "passcode"), re.compile(rf"(?<![A-Za-z])(?:OTP|otp|TAN|[Pp]asscode)(?![a-z]){_CLOSE}{_SAYS}{_DIGITS}"), 0.85),
    Family("one-time code", ("code ", "code:"), re.compile(rf"(?i:code):?\s{_DIGITS}(?=\s(?:to|for|as)\s(?:\w+\s)?(?:sign|log|verify|confirm|complete|reset|continue|unlock|your)|,?\s\(?(?:expires|is valid|valid))"), 0.85),
    Family("one-time code", ("your ",), re.compile(
        rf"your\s(?!(?:[\w-]+\s){{0,2}}(?:promo\w*|discount|voucher|order|coupon|zip|postal|area|error|product|country|tracking|booking|customer|ref\w*)\s)(?:[\w-]+\s){{1,3}}code\s?(?:is|was|:)\s{_DIGITS}", re.I), 0.8),
    Family("one-time code", ("use ", "enter "), re.compile(rf"(?:use|enter)\s{_DIGITS}\s(?:to|as)\s(?:\w+\s){{0,2}}(?:verify|sign|log|confirm|complete|reset|unlock|code)", re.I), 0.85),
    Family("one-time code", ("is the ",), re.compile(rf"(?<![\w.:/-]){_DIGITS}\sis\sthe\s(?:[\w-]+\s){{0,2}}(?:code|otp|pin|passcode)(?:\s(?:to|for)\b|[.,!]|$)", re.I), 0.85, window=(11, 50)),
    Family("login", ("credential", "creds", "login", "log-in"), re.compile(
        rf"(?i:credentials?|creds|log-?ins?)(?:\s(?:is|are))?\s?[:=\s]\s?[\w.@+-]{{2,60}}\s?[/:|]\s?{_UNQUOTED}"), 0.8, is_spaced_password),
    Family("password attribute", _PASSWORD_ANCHORS, re.compile(rf"{_PASSWORD}[\"']?\s{{1,3}}(?:value|content)=[\"'](?P<x>[^\"'\n<>]{{3,128}}+)[\"']"), 0.85, is_quoted_password),
    Family("announced secret", ("secret",), re.compile(rf"(?i:secret(?:[_-]?key)?(?:_base)?)(?![\w.-]){_CLOSE}{_EQUALS}\\{{0,3}}[\"'](?P<x>[^\"'\n]{{20,200}}+)[\"']"), 0.85, is_secret_word),
    Family("announced secret", ("secret",), re.compile(rf"(?<![0-9]:)(?i:secret(?:[_-]?key)?(?:_base)?)(?![\w.-]){_CLOSE}{_EQUALS}\\{{0,3}}[\"']?{_UNQUOTED}"), 0.85, is_secret_word),
    Family("recovery code", ("recovery code", "backup code"), re.compile(
        r"(?i:recovery|backup)\s(?i:codes?)(?:\s(?:is|are))?[\s:=]{1,3}(?P<x>(?:(?=[a-z-]{0,7}[0-9])[0-9a-z]{4,5}-?[0-9a-z]{4,5}(?:[-\s,]{1,2}|$|(?=[^\w-]))){1,20})"), 0.85),
    Family("license key", ("license key", "licence key", "product key", "activation key", "serial key", "license_key", "cd key"), re.compile(
        r"(?i:key)?(?i:licen[cs]e|product|activation|serial|cd)[ _](?i:key)\s{0,2}(?:is|was|[:=]|)\s{0,2}(?P<x>(?:[A-Z0-9]{4,8}-){2,7}[A-Z0-9]{4,12})(?![\w-])"), 0.85, is_drawn),
    Family("security answer", ("maiden name", "security answer", "secret answer"), re.compile(
        r"(?i:maiden name|(?:security|secret) answer)(?:\s(?:is|was)|\s?[:=])\s(?P<x>(?!(?:not|wrong|incorrect|required|correct|invalid)\b)\w[\w'’-]{1,30}+(?:\s[A-Z][\w'’-]{1,30}+)?)"), 0.8),
    Family("one-time code", ("is your", "as your", "g-"), re.compile(
        rf"(?<![\w.:/-])(?<![0-9],)(?:G-)?{_DIGITS}\s(?:is|as)\syour\s(?:[\w-]+\s){{0,3}}(?i:code|otp|pin|passcode|password|tan)"), 0.85, window=(11, 60)),
    Family("PIN", ("pin", "puk"), re.compile(rf"(?<![A-Za-z])(?:P(?:IN|UK)s?(?:['’]s)?(?:[ -](?:code|number|no\.?))?{_CLOSE}{_SAYS}|(?i:pin)(?: (?:code|number)\s{{0,2}}(?:is|was|[:=])?|\s?(?:is|was|:)|['’]s)\s{{0,2}}){_DIGITS}"), 0.85),
    Family("recovery phrase", ("phrase", "mnemonic", "seed", "12 words", "24 words", "bip39", "bip-39"), re.compile(
        r"(?i:phrase|mnemonic|seed|12 words|24 words|bip-?39)[\w ]{0,12}?[\"']?\s{0,2}(?:[:=]|is:?|are:?|)\s{0,2}[\"']?(?<![a-z])(?!phrase|words)" rf"(?P<x>(?:{_SEED_WORD},? ){{11,23}}{_SEED_WORD})"), 0.95),
)  # fmt: skip
"""Families whose pattern begins with a word."""
