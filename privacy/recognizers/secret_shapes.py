"""What secrets look like by themselves: drawn keys, passwords as people make them, and what only looks like one.

Covered: the value alone, whatever announces it. Not covered: plain words, which only their place makes a password.
"""

from __future__ import annotations

import re

from privacy.recognizers.secret_families import is_drawn

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
    r"|(?:ge|ver|be|ab|zurück|er|unbe)[a-zäöü]{3,}(?:en|t|d)|falsch|richtig|korrekt|leer|sicher|schwach|stark|neu|(?:un)?gültig|nötig|erforderlich"
    r"|(?:on)?(?:juist|geldig|veilig)|fout|verkeerd|leeg|nodig|zwak|sterk|nieuw|[a-zé]{2,}(?:é|ée)s?|invalide|incorrecte?|obligatoire|requis|faible|perdu|vide|erroné"
    r"|[a-zá]{3,}[ai]d[oa]s?|incorrect[oa]|obligatori[oa]|débil|vac[ií][oa]|vazi[oa]|nuev[oa]|nov[oa]|scadut[oa]|(?:s?corrett|errat|sbagliat|cambiat|dimenticat|nuov)[oa]"
)
_NAME = r"(?:[a-z_]+[0-9]?|(?:[A-Z][a-z]{2,})+[0-9]?|[A-Z_]{3,})"
_IDENTIFIER = re.compile(rf"{_NAME}(?:(?:\.|::|->){_NAME})+")
_VARIABLE = re.compile(r"\$[A-Za-z_]+[0-9]?")
_EMAIL = re.compile(r"[^@\s]+@[a-z0-9-]+(?:\.[a-z]{2,})+")
_SENTENCE = re.compile(
    r"(?i)\b(?:the|your|is|a|an|to|must|be|for|of|enter|please|this|not|or|and|with|in|on|new|password|field|user)\b"
)


# Drawn words joined by a sign, a number behind: a passphrase, even when the first is one that programs write.
_NUMBERED_PHRASE = re.compile(
    r"[A-Za-z]{3,12}+([-_.])[A-Za-z]{3,12}+(?:\1[A-Za-z]{3,12}+){1,6}(?:\1?[0-9]{1,4})"
)
_SIGNS_WITHIN = re.compile(r"\w(?:[@#$%^!~?]{1,3}|[&*+])\w")
_ORDINARY = re.compile(
    r"[A-Za-z]{1,6}-?[0-9]{1,6}[a-z]?|[a-z]?[A-Z]?[a-z]+-?[0-9]{1,6}|[A-Z]+[0-9]{1,6}|[0-9]+[A-Za-z]{1,4}|(?=[\w.-]*\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,9}"
    r"|[\w-]+\.[a-z]{2,4}|[\w.+-]+@[\w-]+\.[\w.-]+|[0-9]+[-/:.][\w:./-]*|(?:[A-Z]{2,10}-)+[0-9][0-9-]*|[\w.-]*/.*"
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
    return plain and _CODE.fullmatch(value) is not None and not _NUMBERED_PHRASE.fullmatch(value)


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
        (letters and bool(_SIGNS_WITHIN.search(value))) or is_joined_phrase(value) or _is_mixed_letters(value)
    )


def is_spaced_password(value: str) -> bool:
    """Nothing but a space stands between the word and it: it must look like a password by itself."""
    value = value.rstrip(".,;:)]}")
    if _is_signed_mixture(value):
        return is_password(value)
    return (
        len(value) >= 6
        and any(map(str.isalpha, value))
        and any(map(str.isdigit, value))
        and not re.fullmatch(r"[a-z]+-?[0-9.]{1,2}|v?[0-9.]+[a-z]{0,3}|[0-9]+-[a-z-]+|0x\w+", value)
        and is_password(value)
    )


def _is_signed_mixture(value: str) -> bool:
    """No digit, but both cases and two signs within: "qRv%Tz^hBnK"."""
    return (
        len(value) >= 8
        and bool(re.search("[a-z]", value) and re.search("[A-Z]", value))
        and len(re.findall(r"(?<=\w)[@#$%^&*!~?]+(?=\w)|(?<=\w)[@#$%^&*!~?]{2}", value)) >= 1
        and len(re.findall("[@#$%^&*!~?]", value)) >= 2
        and value[0].isalnum()
    )


def is_strong_password(value: str) -> bool:
    """Nobody would write it for anything else: three kinds of signs, digits between letters, or numbered words in a row."""
    value = value.rstrip(".,;:)]}'\"”“»")
    if len(value) < 7 or not is_password(value) or _UUID.fullmatch(value):
        return False
    if _NUMBERED_PHRASE.fullmatch(value):
        return True
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^\w./:\-'\s]"))
    drawn = kinds == 2 and len(re.findall("(?<=[a-z])[0-9]+(?=[a-z])", value)) >= 2
    capital = re.fullmatch("[A-Z][a-z]{5,}(?!(?:19|20)[0-9]{2}$)[0-9]{4,}", value)
    return bool(capital) or ((kinds >= 3 or drawn) and not _ORDINARY.fullmatch(value))


def is_told_in_full(value: str) -> bool:
    """Said of a password with a colon or a copula before it: strong, or a capital word with three digits and more."""
    return is_strong_password(value) or is_spaced_password(value) and bool(re.search("[0-9]{2}", value))


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
        or bool(_SIGNS_WITHIN.search(value))
        or _is_mixed_letters(re.sub("[_.-]", "", value))
    )


def is_secret_word(value: str) -> bool:
    """What stands after "secret = ": letters and digits, or a drawn key with signs in it."""
    signs = len(re.findall(r"[!@#$%^&*+=()]", value))
    return is_spaced_password(value) or (
        signs >= 3 and len(value) >= 20 and is_drawn(value) and bool(re.search("[0-9].*[0-9]", value))
    )


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


_STAND_IN = re.compile(
    r"(?i)(?:my|your|the|new|old|some)?[-_]?(?:p(?:ass)?w(?:or)?d|pass|secret|token|key|string|value|text)|required|optional|unset|none"
)


def is_argument(value: str) -> bool:
    """Where a program takes a secret: no variable, option, number of a port, file or stand-in."""
    value = value.rstrip(".,;:)]}")
    return (
        len(value) >= 4
        and value[0] not in "$<{[(%-&./\\"
        and not re.fullmatch(r"[0-9]{1,5}|[*.x]+|[A-Z_]{4,}", value)
        and not _STAND_IN.fullmatch(value)
        and "{" not in value
        and is_plain_word(value)
    )


def is_login_value(value: str) -> bool:
    """What follows a user's name and a stroke."""
    return is_spaced_password(value) or is_strong_password(value)


def is_seed_phrase(value: str) -> bool:
    """Twelve words and more of the lists that wallets draw from: none twice, hardly any inflected, none of a sentence."""
    words = re.findall("[a-z]+", value)
    inflected = sum(bool(re.search("(?:s|ing|ed|ly)$", word)) for word in words)
    return (
        len(words) in (12, 15, 18, 21, 24)
        and len({word[:4] for word in words}) >= len(words) - 2
        and inflected * 6 <= len(words)
        and not _SENTENCE.search(value)
        and not re.search(
            r"\b(?:are|was|were|has|have|but|from|into|its|they|our|his|her|when|which|than|then|them|been|there|their|would)\b",
            value,
        )
    )
