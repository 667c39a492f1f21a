"""Secrets that a word announces: passwords, codes, PINs, keys without a mark of their own, cookies, command lines.

Covered: assignments in configuration and code, JSON, XML, headers and cookies, sentences in English and the commonest words of
seven more languages. Not covered: a plain word without quotes after "password" (it is as often part of the sentence).
"""

from __future__ import annotations

import re
from itertools import product

from privacy.recognizers.secret_families import Family, is_drawn

_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENGLISH = frozenset(
    "ac ad ai al am an ap ar as at ca ce ch ck cl co ct da de di ea ec ed ee ef el em en ep er es et ex fi fo fr ge ha he hi ho ic il im in io is it ke la le lf li ll lo ls lt lu ma me mo mp na nc nd ne ng no ns nt ob oc od om on op or os ot ou pa pe pl po pr pt ra re rg ri rn ro rr rs rt se si ss st su ta te th ti to tr ts tu ty ue ul um un ur us ut va ve wi xt".split()
)
_DIGEST = re.compile(
    r"(?i)sha-?(?:1|224|256|384|512)[-:=]|md5[-:=]|data:|https?:|urn:|arn:|[./~]*/?(?:usr|etc|home|var|opt|tmp)/"
)
# Each part is taken as it comes, never taken back: the ways to cut a long word into parts grow as a power of two.
_CAMEL = re.compile("(?:[A-Z]{0,4}+[a-z]{2,}+|[a-z]?+[A-Z]?+[a-z]{0,3}+[0-9]{1,4}+| )++[A-Z]{0,4}+")
# What programs and manuals write where a password goes; with two digits and more behind it, it may be one.
_CODE = re.compile(
    r"""(?ix)
    (?:self|cls|this|args?|kwargs|params?|options?|opts?|config|conf|settings|env|os|sys|process|request|req|form|data|user(?:name)?
    |input|get\w*|read\w*|ask\w*|prompt\w*|str|string|bytes?|value|val|var|hash\w*|buf|line|none|nil|null|true|false|undefined
    |new|old|any|optional|callable|list|dict|tuple|type|object|field|column|text|char|my|your|not|must|should|required
    |invalid|incorrect|empty|p(?:ass)?w(?:or)?d|pass|passphrase|passwords?|passwort|secrets?|token|key|credentials?|login|example
    |sample|dummy|changeme|placeholder|redacted|hidden|masked|enter|insert|step|fig|section|version|chapter|page|level|issue|id)
    (?:[0-9]?(?:[-._:=()\[\]{},/<>|+~;'"\\].*)?)
    |(?:sha|md|utf|base|u?int|opt|rfc|pbkdf|bcrypt|scrypt|argon|oauth|http\w*|x509|pep|python|windows|varchar|char)(?:[\W_\d].*)?
    |v[0-9][0-9.]*|the|an?"""
)
# What is said of a password, rather than the password.
_SAID = re.compile(
    r"(?i).*(?:ed|ing|[ai]ble|less|ly)|(?:in)?(?:correct|valid|secure)|wrong|weak|strong|new|old|too|very|empty|unknown|missing|needed|plain|text"
    r"|boolean|number|integer|default|safe|same|different|long|short|good|bad|set|reset|sent|lost|known|given|kept|shown|broken|hidden|forgotten"
    r"|gone|stolen|case|sensitive|null|void|yes|sufficient|important|necessary|mandatory|compulsory|public|private|random|temporary|confidential"
    r"|here|there|now|still|also|only|just|never|always|right|fine|okay|what|that|this|then|when|where|which|your|from|with|within|about|after"
    r"|before|below|above|manager|policy|generator|field|reminder|recovery|change|protection|authentication|string|password|passphrase|secret"
)
_NAME = r"(?:[a-z_]+[0-9]?|(?:[A-Z][a-z]{2,})+[0-9]?|[A-Z_]{3,})"
_IDENTIFIER = re.compile(rf"{_NAME}(?:(?:\.|::|->){_NAME})+")
_VARIABLE = re.compile(r"\$[A-Za-z_]+[0-9]?")
_EMAIL = re.compile(r"[^@\s]+@[a-z0-9-]+(?:\.[a-z]{2,})+")
_SENTENCE = re.compile(
    r"(?i)\b(?:the|your|is|a|an|to|must|be|for|of|enter|please|this|not|or|and|with|in|on|new|password|field|user)\b"
)


_TIME_STAMP = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{4,6})?)?")
_PHRASE = re.compile(r"[A-Za-z]{3,10}+(?:([-_.])[A-Za-z]{3,10}+)(?:\1[A-Za-z]{3,10}+){1,9}")


def is_joined_phrase(value: str) -> bool:
    """Three plain words and more joined by one sign ("velvet-walnut-juniper"): no name of a field, a message or a host."""
    if not _PHRASE.fullmatch(value):
        return False
    words = re.split("[-_.]", value)
    return "." not in value and not any(
        _SAID.fullmatch(word) or _is_code(word) or _SENTENCE.fullmatch(word) for word in words
    )


def looks_random(value: str) -> bool:
    """A drawn key: digits between letters, or both cases without words. A path, a name, a version or a digest is none."""
    value = value.rstrip(".:=~%-")
    if _UUID.fullmatch(value):
        return is_drawn(value)
    alnum = [word for word in re.split(r"[^A-Za-z0-9]+", value) if word]
    size = sum(map(len, alnum))
    if size < 14 or not is_drawn(value) or _DIGEST.match(value):
        return False
    joined = " ".join(alnum)
    if re.fullmatch("(?:0x)?(?:[0-9a-f]{32,}|[0-9A-F]{32,})", value):
        return len(re.findall("[0-9]+", value)) >= 4
    if not any(len(word) >= 12 or (len(word) >= 5 and _is_mixed(word)) for word in alnum):
        return False
    groups = len(re.findall(r"[0-9]+", joined))
    if not groups and (joined.islower() or joined.isupper()) or not re.search("[A-Za-z]", joined):
        return False
    if groups and re.fullmatch(r"[A-Z2-7]{16,64}", value):
        return True
    share = _english_share(joined)
    if groups < 3 and share > 0.3 and _CAMEL.fullmatch(joined):
        return False
    return share <= (0.7 if groups >= 3 else 0.55 if groups else 0.4)


def _english_share(text: str) -> float:
    """The share of letter pairs that are among English's commonest 120: about 0.8 in words and names of programs, 0.18 in drawn
    letters."""
    pairs = [text[at : at + 2].lower() for at in range(len(text) - 1) if text[at : at + 2].isalpha()]
    return sum(pair in _ENGLISH for pair in pairs) / max(len(pairs), 8)


def _is_mixed_letters(value: str) -> bool:
    """Ten letters and more of both cases that are no words: "PSkwzSCjtjhjv"."""
    return (
        len(value) >= 10
        and bool(re.search("[a-z][A-Z]", value) and re.search("[a-z]{2}|[A-Z]{2}", value))
        and _english_share(value) <= 0.25
        and _CAMEL.fullmatch(value) is None
    )


def _is_mixed(word: str) -> bool:
    return bool(re.search("[a-z]", word) and re.search("[A-Z]", word) and re.search("[0-9]", word))


def _is_code(value: str) -> bool:
    word = re.match("[A-Za-z]*", value)
    assert word is not None  # it may be empty
    plain = word[0].islower() or word[0].isupper() or word[0].istitle()
    return plain and _CODE.fullmatch(value) is not None


def is_plain_word(value: str) -> bool:
    """A word as people take for a password, and not what they say about one."""
    return not _is_code(value) and not _SAID.fullmatch(value) and len(set(value.lower())) > 2


def is_password(value: str) -> bool:
    """Unquoted: letters with digits or signs, or four digits and more; no code, address, link or stand-in."""
    value = value.rstrip(".,;:)]}")
    if len(value) < 4 or _is_code(value) or _IDENTIFIER.fullmatch(value) or _EMAIL.fullmatch(value):
        return False
    if (
        value[0] in "<{[(%*&/\\|=.,:"
        or _VARIABLE.fullmatch(value)
        or any(mark in value for mark in ("(", "{", "[", "://", "***", "...", "xxxx"))
    ):
        return False
    if _TIME_STAMP.fullmatch(value):
        return False
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    if digits:
        return letters and len(value) >= 5 or value.isdigit()
    return (
        (letters and bool(re.search(r"\w[@#$%^&*!~+?]\w", value)))
        or is_joined_phrase(value)
        or _is_mixed_letters(value)
    )


def is_spaced_password(value: str) -> bool:
    """Nothing but a space stands between the word and it: it must look like a password by itself."""
    value = value.rstrip(".,;:)]}")
    return (
        len(value) >= 6
        and any(map(str.isalpha, value))
        and any(map(str.isdigit, value))
        and not re.fullmatch(r"[a-z]+-?[0-9.]{1,2}|v?[0-9.]+[a-z]{0,3}|[0-9]+-[a-z-]+|0x\w+", value)
        and is_password(value)
    )


def is_quoted_password(value: str) -> bool:
    """In quotes: more than code, labels and messages of programs; plain words only when they make a passphrase."""
    if " " in value.strip():
        words = value.split()
        return len(words) >= 3 and bool(re.fullmatch(r"[a-z0-9 -]+", value)) and not _SENTENCE.search(value)
    if re.search(r"[(){}\[\]<>]|%[sdr](?!\w)|%\(|\.\.\.|\*\*|xxx|:$|://|^[./\\-]|\\", value) or _is_code(
        value
    ):
        return False
    if _IDENTIFIER.fullmatch(value) or _EMAIL.fullmatch(value) or _VARIABLE.fullmatch(value):
        return False
    if _TIME_STAMP.fullmatch(value):
        return False
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    return (
        is_joined_phrase(value)
        or len(value) >= 4
        and (digits if letters else value.isdigit())
        or bool(re.search(r"\w[@#$%^&*!~+?]\w", value))
    )


def is_secret_word(value: str) -> bool:
    """What stands after "secret = ": letters and digits, or a drawn key with signs in it."""
    signs = len(re.findall(r"[!@#$%^&*+=()]", value))
    return is_spaced_password(value) or (
        signs >= 3 and len(value) >= 20 and is_drawn(value) and bool(re.search("[0-9].*[0-9]", value))
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


def is_told_password(value: str) -> bool:
    """Said in a sentence: a password by itself, or the digits of a PIN."""
    value = value.rstrip(".,;:!?)")
    return (
        is_spaced_password(value)
        or (value.isdigit() and 4 <= len(value) <= 8)
        or bool(re.fullmatch(r"(?=.*[A-Z])(?=.*[a-z]).*\w[@#$%^&*!~+?]\w.*", value))
    )


def is_phrase(value: str) -> bool:
    """Four plain words and more that make no sentence."""
    return not _SENTENCE.search(value)


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
"""Families whose pattern begins with a word. `is_drawn` and its like look at the value only."""
