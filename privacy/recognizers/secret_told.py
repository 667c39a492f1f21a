"""Secrets that are told in a sentence, a label, a prompt or a named setting, in English and seven more languages.

Covered: passwords, keys, PINs, codes, licence keys and hashes behind their word, with plain words or a block's syntax between
the two, where the value is one by itself. Not covered: weak values that stand far from the word, and other languages.
"""

from __future__ import annotations

import re

from privacy.recognizers.secret_families import Family, is_drawn
from privacy.recognizers.secret_shapes import (
    is_argument,
    is_login_value,
    is_password,
    is_phrase,
    is_strong_password,
    is_told_in_full,
    looks_random,
)

_PASSWORD = (
    r"(?i:passwor[dt]|pass ?phrase|passcode|kennwort|mot de passe|contrase[ñn]a|palavra-passe|senha|wachtwoord|hasł[oa]|lösenord(?:et)?|adgangskode[nr]?"
    r"|passord(?:et)?|salasana|heslo|şifre(?:niz|n)?|parola|пароль|пароля|密码|パスワード|(?<![a-z])(?:pwd?|mdp|ww|wifi-?schlüssel|wlan-?schlüssel))(?![\w-])"
)
_CLAVE = r"(?:(?<![\w-])(?<!palabra )(?<!palabras )(?<!punto )[Cc]lave(?!\w| (?:privada|p[uú]blica|primaria|for[aá]nea)))"
_PASSWORD_ANCHORS = (
    "password", "passwort", "passphrase", "pass phrase", "passcode", "kennwort", "mot de passe", "contraseña", "contrasena", "palavra-passe",
    "senha", "wachtwoord", "hasło", "hasła", "lösenord", "adgangskode", "passord", "salasana", "heslo", "şifre", "parola", "пароль", "пароля", "密码",
    "パスワード", "pw", "mdp", "ww", "wlan-schlüssel", "wifi-schlüssel",
)  # fmt: skip
# Words of a sentence, or what a prompt names: no statement of a program.
_BETWEEN = r"(?:://|:(?=[0-9])|[^\n:=;{}()<>|\\]){0,80}?"
_WORDS = r"(?:\s[\w.'’@/-]{1,24}+,?){0,6}?"
_IS = (
    r"(?:is|was|be|are|ist|war|wäre|lautet|est|était|sera|es|era|será|fue|è|era|é|wordt|luidt|was|är|er|on|je|to|jest)"
    r"(?:\s(?:now|still|currently|set to|to|jetzt|nun|noch|ahora|désormais|maintenant|nu|adesso|ora|agora|:)){0,2}:?"
)
_SET = (
    r"(?:(?i:chang|re-?set|rotat|updat)|(?:zurück|um)?gesetzt|geändert|gestellt|veranderd|gewijzigd|gezet|ingesteld|aangepast|cambi|camb[ií]|modifi|réinitialis|restablec"
    r"|actualiz|alter|mud|impost|aggiorn|zmieni|ändra)\w{0,6}"
)
_SET_ANCHORS = (
    "chang",
    "reset",
    "re-set",
    "rotat",
    "updat",
    "cambi",
    "camb",
    "modifi",
    "réinitialis",
    "restablec",
    "actualiz",
    "alter",
    "impost",
    "aggiorn",
    "zmieni",
)
_TO = r"(?:to|auf|in|en|à|a|ad|para|por|naar|op|na|till|til|from|von|de|van)"
_VALUE = r"[\"'“„«`]?\s?(?P<x>[^\s\"'“”„«»`<>]{7,80}+)"

_BLOCK = (
    r"[\"']?(?:\s?,|\s?\{|</\w{1,12}>)?\s{0,12}(?:(?:type|sensitive|description|nullable)\s?=\s?(?:\w{1,12}|\"[^\"\n]{0,60}\")\s{1,12}){0,3}"
    r"(?:[\"']?\w{0,12}(?:[vV]alue|default|VALUE)[\"']?\s?[:=]\s{0,3}|<(?:string|value|Value)>)[\"']?"
)
_NAMED = r"(?i:passwor[dt]|passwd|passphrase|_pass|(?<![a-z])pass|_?pwd?)[\w-]{0,12}+"
_NAME_ANCHORS = ("password", "passwort", "passwd", "passphrase", "pwd", "_pass", "_pw", 'pass"')

_KEY_WORD = (
    r"(?:(?<![\wäöü])(?:(?:API|Api|api|SSH|Zugangs|Zugriffs|Geheim|Master|App|Admin|Dienst|Konto|Entschlüsselungs|Verschlüsselungs)-?)(?:[Ss]chlüssel)|(?<!\w)(?:geheimer|privater) Schlüssel"
    r"|(?<!\w)[Cc]lé(?:\sAPI|\ssecrète|\sprivée|\smaître|\sd['’](?:API|accès|application)|\sde\s(?:chiffrement|signature|service))"
    r"|(?<!\w)(?:[Cc]lave|[Ll]lave|[Cc]have|[Cc]hiave)(?:\s(?:API|secret[ao]|segreta|privad?t?a|maestra|(?:de|del|di|da|d['’])\s?(?:la\s)?(?:API|acces?so|acceso|servicio|servizio|cifrado|aplicaci[oó]n)))"
    r"|(?<!\w)(?:API|[Tt]oegangs|[Gg]eheime|[Pp]rivé|[Mm]aster)[- ]?sleutel|(?<!\w)[Jj]eton(?:\sd['’]\w+)?)(?![\w-])"
)
_ANY_IS = rf"(?:\s{{0,3}}[:=]\s{{0,3}}|\s{_IS}\s{{1,3}}|\s)[\"'“„«`]{{0,2}}\s?"

_PIN = (
    r"(?:(?<![A-Za-z])(?:PIN|Pin(?=-?[Cc]ode))(?:-?[Cc]ode)?|(?i:geheimzahl|pincode|pin-code|code (?:pin|secret)|código (?:de )?pin|código secreto|codice (?:pin|segreto))"
    r"|(?<=my )pin|(?<=mi )pin|(?<=mon )pin|(?<=mein )pin|(?<=mijn )pin|(?<=card )pin|(?<=mio )pin)(?!\w)"
)
_CODE = (
    r"(?i:(?:tür|tor|haus|zugangs|sicherheits|bestätigungs|verifizierungs|alarm|tresor|freischalt|einmal|anmelde|entsperr)-?code"
    r"|code\s(?:d['’]|de\s(?:la\s)?|du\s)(?:vérification|sécurité|confirmation|connexion|accès|validation|activation|déverrouillage|porte|portail|coffre|alarme|immeuble|garage)"
    r"|código\sde\s(?:la\s|el\s|a\s)?(?:verificaci[oó]n|seguridad|confirmaci[oó]n|acceso|puerta|alarma|entrada|desbloqueo|verificação|segurança|confirmação|acesso|porta|alarme)"
    r"|codice\s(?:di\s|della\s|del\s)?(?:verifica|sicurezza|conferma|accesso|porta|cancello|sblocco)"
    r"|(?:verificatie|deur|toegangs|beveiligings|bevestigings|alarm|poort|ontgrendelings)code|kod\s(?:weryfikacyjny|dostępu)|verifieringskod|bekræftelseskode)(?!\w)"
)
_CODE_ANCHORS = (
    *(f"{kind}{dash}code" for kind in ("tür", "tor", "haus", "zugangs", "sicherheits", "bestätigungs", "verifizierungs", "alarm", "tresor", "freischalt", "einmal", "anmelde", "entsperr") for dash in ("", "-")),
    *(f"{kind}code" for kind in ("verificatie", "deur", "toegangs", "beveiligings", "bevestigings", "poort", "ontgrendelings")),
    "code d", "código de", "codice ", "kod ", "verifieringskod", "bekræftelseskode",
)  # fmt: skip
_DIGITS = r"(?P<x>[0-9]{4,8}|[0-9]{3}[- ][0-9]{3})(?![\w%€$]|[.,:/-][0-9]|\s(?:Euro|EUR|euros|times|Mal))"
_TELLS = rf"(?:\s?[:=]\s{{0,3}}|(?:\s[\wà-ÿ'’]{{1,14}}){{0,5}}?\s{_IS}\s{{1,3}}|\s)"
_PIN_TELLS = rf"(?:(?:\s[\wà-ÿ'’]{{1,14}}){{0,5}}?(?:\s?[:=]\s{{0,3}}|\s{_IS}\s{{1,3}})|\s)"

_LICENCE = (
    r"(?i:(?:licen[cs]e|product|activation|registration|serial|cd|windows|office)[ _-]?(?:key|code)|(?:lizenz|produkt|aktivierungs)-?(?:schlüssel|code|key)"
    r"|(?:clé|code)\s(?:de\s(?:licence|produit)|d['’]activation)|(?:clave|código)\sde\s(?:licencia|producto|activaci[oó]n)|licentie-?(?:sleutel|code)|productcode"
    r"|chiave\sdi\slicenza|chave\sde\s(?:licença|produto)|slmgr\S{0,5}\s[/-]ipk|(?<![\w])licen[cs]e)(?!\w)"
)
_SEED_NAME = r"(?i:(?:recovery|secret|seed|backup|mnemonic)\s(?:words|phrase)|wiederherstellungs(?:phrase|wörter)|(?:phrase|mots)\sde\srécupération|frase\s(?:semilla|de\srecuperación|di\srecupero)|herstel(?:zin|woorden))"
_SEED = r"(?:(?:[0-9]{1,2}[.)]\s?)?[a-z]{3,8}(?:,?[ \n]|,)){11,23}(?:[0-9]{1,2}[.)]\s?)?[a-z]{3,8}(?![\w-])"

TOLD: tuple[Family, ...] = (
    # passwords
    Family("password told", (*_PASSWORD_ANCHORS, "clave"), re.compile(rf"(?:{_PASSWORD}|{_CLAVE}){_BETWEEN}(?:\s?:\s{{1,3}}|：\s?){_VALUE}"), 0.8, is_told_in_full),
    Family("password told", (*_PASSWORD_ANCHORS, "clave"), re.compile(rf"(?:{_PASSWORD}|{_CLAVE}){_WORDS}\s{_IS}\s{{1,3}}{_VALUE}"), 0.8, is_told_in_full),
    Family("password told", ("clave", "mdp", "lösenord", "adgangskode", "passord", "salasana", "heslo", "parola"), re.compile(
        rf"(?:{_PASSWORD}|{_CLAVE}|(?<=la )clave)(?:\s?[:=]\s{{0,3}}|\s)(?:от\s\w+\s)?{_VALUE}"), 0.8, is_told_in_full),
    Family("password told", (*_PASSWORD_ANCHORS, "clave"), re.compile(
        rf"(?:{_PASSWORD}|{_CLAVE}){_WORDS}\s(?:{_SET}\s)?{_TO}\s{_VALUE}[\"'“”]?(?:(?=[.,;]?\s*$)|(?=[.,;]?\s(?:zurück|um|neu|in)?\s?{_SET})|(?<=.)(?=[.,;!\s]))", re.M), 0.8, is_strong_password),
    Family("password told", _SET_ANCHORS, re.compile(rf"{_SET}(?:\s[\wà-ÿ'’]{{1,12}}){{0,3}}?\s(?:{_PASSWORD}|{_CLAVE}){_WORDS}\s{_TO}\s{_VALUE}"), 0.8, is_strong_password),
    Family("password told", ("пароль",), re.compile(rf"(?i:пароль)(?:\s\w{{1,20}}){{0,3}}?(?:\s?[:—-])?\s{_VALUE}"), 0.8, is_strong_password),
    Family("login", ("zugang", "login", "anmelde", "identifiants", "accès", "acceso", "credencia", "credenzia", "inloggegevens", "toegang", "logowania"), re.compile(
        r"(?i:zugang(?:sdaten)?|log-?in-?daten|anmeldedaten|identifiants|accès|acceso|credencia(?:les|is)|credenziali|inloggegevens|toegang|dane logowania)(?:\s[\wà-ÿ.-]{1,20}){0,4}?\s?[:=]\s?[\w.@+-]{2,60}\s?[/:|,]\s?(?P<x>[^\s\"'<>]{6,80}+)"), 0.8, is_login_value),
    Family("login", ("anmelden", "einloggen", "inloggen", "connecter", "connecte"), re.compile(
        rf"(?:mit|met|avec)\s[\w.@+-]{{2,60}}\s(?:und|en|et|/)\s{_VALUE}\s(?:anmelden|einloggen|inloggen)"), 0.75, is_strong_password, window=(120, 0)),
    # settings that name the value in another place
    Family("password in a named setting", _NAME_ANCHORS, re.compile(rf"{_NAMED}{_BLOCK}(?P<x>[^\s\"'<>]{{4,160}}+)"), 0.85, is_password),
    Family("key in a named setting", ("key", "token", "secret", "credential"), re.compile(rf"(?i:key|token|secret|credential)[\w-]{{0,12}}+{_BLOCK}(?P<x>[A-Za-z0-9+/=_.~:%$-]{{16,4000}}+)"), 0.85, looks_random),
    Family("password compared", ("pass", "pw"), re.compile(
        r"(?i:pass(?:wor[dt]|wd|phrase|code)?|pwd?)\w{0,20}(?:\(\))?[\"')\]]{0,3}(?:\s-c?(?:eq|ne|like)\s|\s?!?={2,3}\s?|\.(?:equals|compareto|eq|contentequals|equal)\w{0,12}\(\s?|\s?:\s?[&\w\[\], |.?]{1,30}\s=\s|,\s?)[bru]?[\"'](?P<x>[^\"'\n]{4,128}+)[\"']", re.I), 0.8, is_strong_password),
    # keys
    Family("key told", ("schlüssel", "clé", "clave", "llave", "chave", "chiave", "sleutel", "jeton"), re.compile(
        rf"{_KEY_WORD}(?:\s[\wà-ÿ'’-]{{1,14}}){{0,4}}?{_ANY_IS}(?P<x>[A-Za-z0-9+/=_.~:%$-]{{16,4000}}+)"), 0.9, looks_random, window=(22, 400)),
    Family("licence key", ("license", "licence", "product", "activation", "registration", "serial", "cd key", "cd-key", "cd_key", "windows", "office", "lizenz", "produkt", "aktivierungs", "clé", "code ", "clave", "código", "licentie", "chiave", "chave", "slmgr"), re.compile(
        rf"{_LICENCE}(?:\s(?:for|für|pour|para|voor)\s[\wà-ÿ .-]{{1,40}}?)?{_ANY_IS}(?P<x>(?:[A-Z0-9]{{4,8}}-){{2,7}}[A-Z0-9]{{4,12}})(?![\w-])"), 0.85, is_drawn),
    # PINs and codes
    Family("PIN", ("pin", "geheimzahl", "code secret", "código secreto", "código de pin", "codice segreto"), re.compile(rf"{_PIN}{_PIN_TELLS}{_DIGITS}"), 0.85),
    Family("one-time code", _CODE_ANCHORS, re.compile(rf"(?<!\w){_CODE}{_TELLS}{_DIGITS}"), 0.85),
    # hashes of passwords
    Family("password hash", ("ntlm", "nt hash", "nthash", "lm hash", "lmhash", "password hash", "password_hash", "pwhash", "/rc4:", "-hashes", "-h "), re.compile(
        r"(?i:(?<!\w)(?:nt(?:lm)?v?[12]?|lm)(?:[ _-]?hash(?:es)?)?(?:\s(?:of|for|de|von|voor|du)\s\S{1,40}?)?|passwor[dt][ _]hash|pwhash|/rc4|/ntlm|-hashes|(?<=\s)-H)[\"']?(?:\s{0,8}(?:[:=]|is|ist|est)\s{0,3}|\s)[\"']?(?P<x>(?:[0-9a-fA-F]{32})?:?[0-9a-fA-F]{32}(?:[0-9a-fA-F]{32})?)(?![0-9A-Za-z])"), 0.9),
    # wallets
    Family("wallet key", ("wallet", "privatekey", "private_key", "from_key", "toaccount"), re.compile(
        r"(?i:wallet|private_?key(?:toaccount)?|from_key|toaccount)\w{0,12}(?:\.\w{3,20})?\(\s?[\"'](?P<x>(?:0x)?[0-9a-fA-F]{64})[\"']"), 0.95),
    Family("recovery phrase", ("recovery ", "secret ", "seed ", "backup ", "mnemonic ", "wiederherstellungs", "phrase de r", "mots de r", "frase semilla", "frase de r", "frase di r", "herstelzin", "herstelwoorden"), re.compile(rf"{_SEED_NAME}[^\n:]{{0,60}}:\s{{1,3}}[\"']?(?P<x>{_SEED})"), 0.95, is_phrase),
    # pairs: the name of a key, then the key
    Family("key of a pair", ("akia", "asia", "ltai", "akid"), re.compile(
        r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z2-7]{16}|LTAI[A-Za-z0-9]{12,20}+|AKID[A-Za-z0-9]{32})[\"']?(?:\s?[,;:|/]\s?|\s)[\"']?(?P<x>[A-Za-z0-9/+=]{30,44}+)(?![A-Za-z0-9/+=])"), 0.95, looks_random),
    # programs
    Family("password of a command", ("ssh-keygen", "unrar ", "rar ", "hydra ", "medusa ", "openssl enc", "qpdf ", "<<<"), re.compile(
        r"(?:ssh-keygen\s(?:[^\n|;]{0,120}?\s)?-[NP]\s|(?:un)?rar\s[^\n|;]{0,60}?-h?p|(?:hydra|medusa)\s[^\n|;]{0,80}?\s-p\s|openssl\senc\s[^\n|;]{0,80}?\s-(?:k|pass)\s|qpdf\s--encrypt\s|<<<\s?)[\"']?(?P<x>[^\s\"'`|;]{4,120}+)"), 0.85, is_argument),
    Family("password of a command", ("secretsdump", "psexec", "wmiexec", "smbexec", "atexec", "dcomexec", "mssqlclient", "getuserspns", "getnpusers", "lookupsid", "smbclient"), re.compile(
        r"(?i:[a-z]{6,14})(?:\.py|-ng)?\s(?:[^\n|;]{0,60}?\s)?[\"']?(?:[\w.-]{1,40}/)[\w.$-]{1,40}:(?P<x>[^\s\"'@]{4,100}+)@[\w.-]"), 0.85, is_argument),
    Family("password in an address", ("jdbc:oracle:",), re.compile(r"jdbc:oracle:\w{2,6}:[^\s/@:\"']{1,40}/[\"']?(?P<x>[^\s/@\"']{3,80}+)[\"']?@"), 0.9, is_argument),
    Family("value of a secret store", ("secret set ", "keyvault secret", "put-secret-value", "create-secret", "put-parameter", "secrets set ", "variable set "), re.compile(
        r"(?:secrets?\sset|keyvault\ssecret|put-secret-value|create-secret|put-parameter|variable\sset)\s[^\n|;]{0,160}?(?:--(?:body|value|secret-string)|-b|-v)[ =][\"']?(?P<x>[^\s\"'`|;]{4,400}+)"), 0.85, is_argument),
    Family("community", ("snmp_community", "snmpcommunity", "snmp-community", "snmp community", "community:", "community =", "com2sec", "community string"), re.compile(
        r"(?i:snmp[_ -]?(?:ro_|rw_)?community(?:[ _-](?:string|name))?|community[ _-]string|com2sec6?\s\S{1,40}\s\S{1,40}(?=\s))[\"']?(?:\s?[:=]\s?|\s(?:is|ist)\s|\s)[\"']?(?P<x>[^\s\"',;]{4,60}+)"), 0.85, is_argument),
    Family("community", ("community:", "community="), re.compile(r"(?<![\w-])community\s?[:=]\s?[\"']?(?P<x>[^\s\"',;]{4,60}+)(?=[\"',;]?\s*$)", re.M), 0.8, is_strong_password),
    Family("password of a service", ("bindpw", "rootpw", "authtok", "set-key ascii", "chap password", "pap password", "sp_addlogin"), re.compile(
        r"(?:bindpw|rootpw|authtok|set-key\sascii|(?:chap|pap)\s(?:sent-username\s\S{1,40}\s)?password|sp_addlogin\s'[^'\n]{1,60}',)(?:\s?=)?\s(?:--plaintext\s|--iscrypted\s)?(?:[0-9]\s)?'?(?P<x>[^\s\"';]{4,200}+)"), 0.85, is_argument),
    Family("login of a protocol", ("login ", "auth ", "pass "), re.compile(
        r"(?:(?<![^\s>\"'])(?:AUTH\s)?LOGIN\s\"?[\w.@+-]{2,60}\"?\s|(?<![^\s>\"'])AUTH\s(?:default\s|[\w.-]{2,30}\s)?|(?<![^\s>\"'])PASS\s)\"?(?P<x>[^\s\"'<>]{6,80}+)(?=\"?(?:\s|\\r|$))"), 0.8, is_strong_password),
)  # fmt: skip
"""Families that need more than the value behind the word."""
