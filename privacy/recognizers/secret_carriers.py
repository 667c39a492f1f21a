"""Secrets that their place announces: the argument of a command or a call, a statement, a header, a file's column.

Covered: what programs, network devices and libraries document as the place of a password, a key or a community. Not
covered: arguments that are variables or the manual's stand-ins, and commands that the tables do not name.
"""

from __future__ import annotations

import re

from privacy.recognizers.secret_families import Family, is_drawn, is_userinfo
from privacy.recognizers.secret_shapes import (
    is_argument,
    is_joined_phrase,
    is_password,
    is_quoted_password,
    is_secret_word,
    is_spaced_password,
    looks_random,
)

_ARGUMENT = r"[\"']?(?P<x>[^\s\"'`|;]{4,200}+)"
_QUOTED = r"[bNru]{0,2}[\"'](?P<x>[^\"'\n]{4,200}+)[\"']"
_OTHER = r"(?:[^\"'()\n]{0,30}[\"'][^\"'\n]{0,120}+[\"'],\s{0,8})"
_PLACE = r"(?:[^\n|;]{0,120}?\s)"


def is_drawn_argument(value: str) -> bool:
    """The same, and no plain word: a digit, a sign within, or words that are joined."""
    return is_argument(value) and (is_password(value) or is_joined_phrase(value))


def is_call_password(value: str) -> bool:
    """The last string in a call that logs in."""
    return is_quoted_password(value) or (value.isalpha() and is_argument(value))


def is_given_key(value: str) -> bool:
    """A key by itself, or a password that no word announces."""
    return looks_random(value) or is_secret_word(value) or is_quoted_password(value)


def is_authorization(value: str) -> bool:
    """What follows the scheme in a header."""
    return looks_random(value) or is_userinfo(value)


def is_seed(value: str) -> bool:
    """Base32, drawn."""
    plain = re.sub("[ -]", "", value)
    return 16 <= len(plain) <= 128 and sum(map(str.isdigit, plain)) >= 2 and is_drawn(plain)


def is_hook(value: str) -> bool:
    """An address whose last parts only its owner knows."""
    return any(looks_random(part) for part in re.split("[/?=]", value)[3:])


def is_codes(value: str) -> bool:
    """A list of drawn codes, not words or years."""
    return sum(map(str.isdigit, value)) >= (1 if re.fullmatch("[a-z0-9]{5}-[a-z0-9]{5}", value) else 2)


_CODE = r"(?:(?=[a-zA-Z-]{0,12}[0-9])[0-9a-zA-Z]{4,6}+(?:-[0-9a-zA-Z]{4,6}){1,3}|[0-9]{4} [0-9]{4}|[0-9]{6,10}|(?=[a-z]{0,9}[0-9])[0-9a-z]{8,12}|(?=[A-Z]{0,9}[0-9])[0-9A-Z]{8,12})(?![\w-])"
_CODE_LIST = rf"(?P<x>{_CODE}(?:(?:[\s,;|/*•-]|\\n|(?<![\w.])[0-9]{{1,2}}[.)]\s){{1,8}}{_CODE}){{0,20}})"

CARRIERS: tuple[Family, ...] = (
    # commands
    Family("password option", ("-pass", "-pw", "-storepass", "-keypass", "-bindpw", "-rootpw", "-secret", "-psk"), re.compile(
        rf"(?i)-(?:pass(?:word|wd|phrase)?|pwd?|storepass|keypass|bindpw|rootpw|secret|psk)(?:[ =:]|[\"'],\s?){_ARGUMENT}"), 0.85, is_drawn_argument),
    Family("password option", ("-storepass ", "-keypass ", "-pw "), re.compile(rf"-(?:storepass|keypass|pw)\s{_ARGUMENT}"), 0.85, is_argument),
    Family("password option", ("/pass:", "/password:", "/p:", " pass:", "=pass:", "/rp "), re.compile(rf"(?i)(?:/pass(?:word)?:|/p:|/rp |[ =]pass:){_ARGUMENT}"), 0.85, is_password),
    Family("password of a command", ("mongo", "ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd", "sqlcmd", "bcp ", "isql", "ipmitool", "mosquitto_", "unzip", "zip ", "7z ", "psexec", "twine ",
        "az login", "docker login", "podman login", "oras login", "skopeo login", "crane auth", "helm registry", "ncftp", "cqlsh", "clickhouse", "influx", "rabbitmqadmin", "argocd login", "oc login", "kinit", "mysqladmin", "impacket", "crackmapexec", "evil-winrm", "smbmap"), re.compile(
        rf"[a-zA-Z7_]{{2,20}}{_PLACE}-(?:p|P|w|pw)(?:[ =]|(?=[^\s\"']{{6}})){_ARGUMENT}"), 0.85, is_argument),
    Family("password of a command", ("smbclient", "net rpc", "rpcclient", "winexe", "wmiexec"), re.compile(rf"[a-z]{{3,10}}{_PLACE}(?:-U|--user)[ =]?[\"']?[^\s%\"']{{1,60}}%(?P<x>[^\s\"']{{4,100}}+)"), 0.85, is_argument),
    Family("password of a command", ("xfreerdp", "rdesktop", "cmdkey", "net user", "lftp", "sqlplus", "exp ", "imp ", "expdp", "http ", "https ", "rabbitmqctl", "htpasswd", "wpa_passphrase", "mc alias", "mc config", "useradd", "usermod"), re.compile(
        rf"(?:(?:xfreerdp|rdesktop|cmdkey){_PLACE}(?:/p(?:ass)?:|-p ?)|net user\s\S{{1,40}}\s(?!/)|lftp{_PLACE}-u\s[^\s,]{{1,60}},|(?:sqlplus|expd?p?|impd?p?)\s(?:-\w\s){{0,2}}\w{{1,40}}/(?=[^\s@]{{3,60}}@)|https?\s{_PLACE}?(?:-a|--auth)[ =][\"']?[^\s:\"']{{1,60}}:"
        rf"|rabbitmqctl\s(?:add_user|change_password)\s\S{{1,40}}\s|htpasswd\s(?:-\w+\s){{0,3}}-\w*b\w*\s(?:-\w+\s)?\S{{1,80}}\s\S{{1,40}}\s|wpa_passphrase\s(?:\"[^\"\n]{{1,40}}\"|\S{{1,40}})\s|mc\s(?:alias\sset|config\shost\sadd)\s\S{{1,40}}\s\S{{4,80}}\s\S{{3,60}}\s|user(?:add|mod)\s{_PLACE}?-p\s){_ARGUMENT}"), 0.85, is_argument),
    Family("piped password", ("chpasswd", "sudo -s", "--stdin", "password-stdin", "--with-token"), re.compile(
        r"echo\s(?:-n\s)?[\"']?(?:[\w.-]{1,40}:)?(?P<x>[^\s\"'|:]{4,120}+)[\"']?\s?\|\s?[^\n|]{0,60}(?:chpasswd|sudo\s-S|--stdin|--password-stdin|--with-token)"), 0.85, is_argument, window=(200, 16)),
    Family("key to log in with", ("login ", "auth ", "authtoken ", "auth init ", "activate ", "auth:token ", "token set ", "-k ", "_authtoken "), re.compile(
        r"(?i:login|auth|authtoken|auth init|activate|auth:token|token set|-k|_authtoken)\s(?:-{1,2}[a-z-]{1,15}[ =]){0,2}[\"']?(?P<x>[A-Za-z0-9_.:~+/=-]{16,400}+)"), 0.85, looks_random),
    Family("key in settings", ("config set ", "configure set ", "config ", "configuration set "), re.compile(
        r"(?:config(?:ure|uration)?\s(?:set\s|add\s|--global\s)?)(?:--?\w{1,12}\s){0,2}[^\s]{0,60}(?i:token|key|secret|pass\w{0,6}|_auth|pat|cred\w{0,8})[^\s=]{0,20}[\s=]\s?(?:[a-z_.-]{1,20}\s)?(?P<x>[^\s\"']{8,400}+)"), 0.85, is_given_key),
    # network devices
    Family("community", ("snmp-server ", "rocommunity", "rwcommunity", "snmpwalk", "snmpget", "snmpset", "snmpbulk"), re.compile(
        rf"(?:snmp-server\s(?:community|host\s\S{{1,60}}(?:\straps|\sinforms)?(?:\sversion\s\S{{1,3}})?)\s|r[ow]community6?\s|snmp(?:bulk)?(?:walk|get|set)\w{{0,4}}{_PLACE}-[cAX]\s?){_ARGUMENT}"), 0.85, is_argument),
    Family("device password", ("enable secret", "enable password", "username ", "encrypted-password"), re.compile(
        rf"(?:(?:enable|username\s\S{{1,40}}(?:\sprivilege\s[0-9]{{1,2}})?(?:\srole\s\S{{1,30}})?)\s(?:secret|password)\s(?:[0-9]{{1,2}}\s|sha\d{{3}}\s)?|encrypted-password\s){_ARGUMENT}"), 0.85, is_drawn_argument),
    Family("device key", ("isakmp key", "tacacs", "radius", "key-string", "pre-shared-key", "preshared", "authentication-key", "message-digest-key", "wpa-psk", "wpapsk", "psksecret", "ipsec", "md5 ", "neighbor ", "passphrase ascii"), re.compile(
        rf"(?:isakmp\skey\s(?:[0-9]\s|address\s\S{{4,20}}\s)?|(?:tacacs|radius)(?:-server)?\s(?:(?:host\s)?\S{{1,40}}\s){{0,4}}?(?:key|secret|shared-secret)\s(?:[0-9]\s)?|key-string\s(?:[0-9]\s)?|(?:local-|remote-)?pre-?shared-?(?:key|secret)\s(?:ascii-text\s|hexadecimal\s|local\s|remote\s|[0-9]\s){{0,2}}"
        rf"|authentication-key\s(?:[0-9]{{1,5}}\s(?:md5\s|sha\w*\s)?)?(?:[0-9]\s)?|message-digest-key\s[0-9]{{1,3}}\smd5\s(?:[0-9]\s)?|wpa-?psk\s(?:set-key\s)?(?:ascii|hex)\s(?:[0-9]\s)?|psksecret\s(?:ENC\s)?|passphrase\sascii\s(?:[0-9]\s)?|neighbor\s\S{{4,40}}\spassword\s(?:[0-9]\s)?){_ARGUMENT}"), 0.85, is_argument),
    Family("device key", (": psk", ":psk", ": xauth", ": eap"), re.compile(r":\s?(?:PSK|XAUTH|EAP)\s[\"']?(?P<x>[^\s\"']{4,200}+)"), 0.85, is_argument),
    Family("Wi-Fi key", ("keymaterial", "wifi-sec.psk", "wep-key", "sharedkey"), re.compile(
        r"(?i:keyMaterial|wifi-sec\.psk|wep-key[0-9]|sharedkey)[\"'>=:\s]{1,4}(?P<x>[^<\s\"']{5,64}+)"), 0.85, is_argument),
    Family("Wi-Fi key", ("nmcli ",), re.compile(rf"nmcli{_PLACE}(?:password|psk)\s{_ARGUMENT}"), 0.85, is_argument),
    # statements
    Family("password in a statement", ("identified by", "identified with", "identified via"), re.compile(
        r"(?i)identified\s(?:(?:with|via)\s[\"'`]?\w{1,40}[\"'`]?\s)?(?:by|as|using)\s(?:password\s?\(?\s?|values\s)?[\"'](?P<x>[^\"'\n]{3,200}+)[\"']"), 0.9),
    Family("password in a statement", ("identified by",), re.compile(r"(?i)identified\sby\s(?P<x>[^\s;\"'`]{5,64}+)"), 0.8, is_spaced_password),
    Family("password in a statement", ("password '", "password = '", "password='", "password = n'", "password=n'", "password e'"), re.compile(
        r"(?i)(?:(?<=with )|(?<=encrypted )|(?<=login )|(?<=superuser )|(?<=createdb ))password\s?=?\s?[NE]?'(?P<x>[^'\n]{4,200}+)'"), 0.9, is_argument),
    Family("password in a statement", ("requirepass ", "masterauth ", "primaryauth "), re.compile(rf"(?:requirepass|masterauth|primaryauth)\s{_ARGUMENT}"), 0.9, is_argument),
    # calls
    Family("key in a call", ("client(", "api(", "login(", "auth(", "token(", "key(", "connect(", "bot(", "init(", "session(", "account(", "sdk(", "credentials(", "service(", "configure(", "credential(", "oauth(", "github(", "gitlab(", "provider(", "transport(", "setup(", "slack(", "stripe(", "twilio("), re.compile(
        rf"\w{{3,12}}\(\s{{0,8}}{_OTHER}{{0,3}}(?:[\w]{{1,20}}\s?[=:]\s?)?[bru]{{0,2}}[\"'`](?P<x>[A-Za-z0-9+/=_.:~-]{{16,400}}+)[\"'`]"), 0.85, looks_random),
    Family("password in a call", (".login(", ".auth(", "basicauth(", "basic_auth(", "credential(", "credentials(", "usernamepassword", "passwordauthentication(", "digestauth(", "auth=(", ".authenticate(", ".signin(", "sign_in("), re.compile(
        rf"(?:[\w.]{{4,40}}\(|auth=\()\s{{0,8}}(?:[\"'][^\"'\n]{{1,80}}+[\"']|\w[\w.]{{0,40}}),\s{{0,8}}{_QUOTED}\s?[),.]", re.I), 0.85, is_call_password),
    Family("password in a call", ("mysqli(", "mysqli_connect(", "mysql_connect(", "getconnection(", "pdo(", "ftp_login(", "oci_connect(", "imap_open(", "ldap_bind("), re.compile(
        rf"(?i)\w{{3,20}}\(\s{{0,8}}(?:(?:[\"'][^\"'\n]{{0,160}}+[\"']|[$\w][\w.$>-]{{0,60}}),\s{{0,8}}){{2}}{_QUOTED}", re.I), 0.85, is_call_password),
    Family("password in a call", ("setpassword(", "withpassword(", "set_password(", "password(", "setpass("), re.compile(rf"(?i)(?:set_?|with_?|\.)pass(?:word)?\(\s?{_QUOTED}\s?\)"), 0.85, is_call_password),
    Family("key as a default", ("define(", "env(", "get(", "config(", "setdefault(", "getproperty(", "setenv(", "putenv("), re.compile(
        r"(?i)\w{3,12}\(\s?[\"']\w{0,40}(?:KEY|SALT|SECRET|TOKEN|PASSWORD|PASSWD|PASS|PWD)[\"']\s?,\s{0,8}(?:default\s?=\s?)?\"(?P<x>[^\"\n]{6,200}+)\""), 0.85, is_given_key),
    Family("key as a default", ("define(", "env(", "get(", "config(", "setdefault(", "getproperty(", "setenv(", "putenv("), re.compile(
        r"(?i)\w{3,12}\(\s?[\"']\w{0,40}(?:KEY|SALT|SECRET|TOKEN|PASSWORD|PASSWD|PASS|PWD)[\"']\s?,\s{0,8}(?:default\s?=\s?)?'(?P<x>[^'\n]{6,200}+)'"), 0.85, is_given_key),
    # headers and addresses
    Family("authorization header", ("authorization",), re.compile(
        r"(?i:authorization)[\\\"']{0,3}\s?[:=,]\s{0,2}[\\\"']{0,3}[A-Za-z][\w-]{1,20}\s{1,2}(?:(?:token|key|api_?key|auth)\s?=\s?)?[\\\"']{0,3}(?P<x>[A-Za-z0-9+/=_.:~%|!-]{12,4000}+)"), 0.9, is_authorization),
    Family("key header", ("x-api", "x-auth", "x-token", "x-access", "x-secret", "x-vault", "x-app", "x-goog-api", "x-amz-sec", "x-shopify", "x-functions", "private-token", "dd-api", "dd-app", "ocp-apim", "api-key", "apikey", "x-rapidapi", "x-subscription"), re.compile(
        r"(?i)(?:x-[a-z-]{0,40}(?:key|token|auth|secret)|private-token|dd-ap[ip]-?\w{0,12}-key|dd-api-key|ocp-apim-subscription-key|api-?key)[\\\"']{0,3}\s?[:=,]\s{0,2}[\\\"']{0,3}(?P<x>[A-Za-z0-9+/=_.:~%|-]{16,4000}+)"), 0.9, looks_random),
    Family("key in an address", ("?key=", "&key=", "?token=", "&token=", "?auth=", "&auth=", "?sig=", "&sig=", "signature=", "?code=", "&code=", "?sid=", "&sid=", "ticket=", "appid=", "access_key=", "apikey=", "api_key=", "access_token=", "id_token=", "refresh_token=", "?t=", "?k=", "jwt=", "license_key=", "?s="), re.compile(
        r"(?:[?&]|\b)(?i:[a-z_-]{0,20}(?:key|token|auth|sig|signature|code|sid|ticket|appid|jwt)|[tks])=(?P<x>[A-Za-z0-9%._~+/=:|-]{16,4000}+)"), 0.85, looks_random),
    Family("cookie", ("cookie:", "li_at=", "cf_clearance=", "wordpress_logged_in", "sessionid=", "_auth=", "remember_", "aspxauth=", "xsrf-token=", "csrftoken="), re.compile(
        r"(?:(?i:cookie):\s(?:[^\s=;]{1,60}=[^\s;]{0,300};\s){0,8}?)?[^\s=;:]{1,60}=(?P<x>[A-Za-z0-9%._~+/=|:-]{16,4000}+)"), 0.85, looks_random),
    Family("hook", ("/hook", "/webhook", "hc-ping.com/", "webhook.site/", "hook.", "outlook.office", "/send?", "/integration/", "/robot/"), re.compile(
        r"https?://[\w.-]{3,80}+(?::[0-9]{2,5})?(?:/[\w.-]{1,40}){0,8}(?:/[\w.-]{16,100}+|/[\w.-]{0,40}\?(?:access_token|key|token)=[\w-]{16,120}+)(?:[?&][\w=&%.-]{1,200}+)?"), 0.85, is_hook, window=(100, 220)),
    # files
    Family("netrc", ("machine ", "default login"), re.compile(r"(?:machine\s{1,4}\S{1,100}|default)\s{1,8}login\s{1,4}\S{1,100}\s{1,8}password\s{1,4}(?P<x>\S{3,200}+)"), 0.9, is_argument),
    Family("pgpass", (":5432:", ":5433:", ":6432:", ":*:"), re.compile(r"(?<![^\s\"'`])[\w.*-]{1,100}:(?:[0-9]{2,5}|\*):[\w.*-]{1,60}:[\w.*@-]{1,60}:(?P<x>[^\s\"'`]{3,200}+)"), 0.9, is_argument, window=(100, 300)),
    Family("hash of a dump", (":::",), re.compile(r":[0-9]{1,7}:(?P<x>[0-9a-fA-F]{32}:[0-9a-fA-F]{32}):::"), 0.95, window=(80, 0)),
    Family("hash of a database", ("scram-sha-", "$krb5", "$dcc2$", "$ml$", "$8$", "0x0100", "0x0200"), re.compile(r"(?:SCRAM-SHA-(?:1|256|512)\$[0-9]{3,7}:[A-Za-z0-9+/=:$]{40,250}+|\$(?:krb5\w{2,6}|DCC2|ml)\$[\w$*.+/#:=@-]{30,4000}+|0x0[12]00[0-9A-Fa-f]{40,140}+)"), 0.95),
    Family("npm credentials", ("_auth",), re.compile(r"_auth[\"']?\s{0,2}[=:]\s{0,2}[\"']?(?P<x>[A-Za-z0-9+/]{6,400}+={0,2})"), 0.95, is_userinfo),
    Family("whole putty key", ("putty-user-key-file-",), re.compile(r"PuTTY-User-Key-File-[23]:(?:(?!PuTTY-User)[\s\S]){0,8000}?Private-(?:MAC|Hash):\s{0,2}[0-9a-fA-F]{40,128}+"), 0.99),
    Family("SSH2 key", ("---- begin ssh2 encrypted",), re.compile(r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----(?:(?!---- BEGIN)[\s\S]){0,8000}?---- END SSH2 ENCRYPTED PRIVATE KEY ----"), 0.99),
    Family("XML key", ("<d>", "<p>", "<q>", "<dp>", "<dq>", "<inverseq>"), re.compile(r"(?i)<(?:D|P|Q|DP|DQ|InverseQ)>(?P<x>[A-Za-z0-9+/]{40,1200}+={0,2})</"), 0.95, is_drawn),
    Family("JSON web key", ('"d"', '"p"', '"q"', '"dp"', '"dq"', '"qi"', '"k"'), re.compile(r"\"(?:d|p|q|dp|dq|qi|k)\\?\"\s?:\s?\\?\"(?P<x>[\w-]{22,1200}+)"), 0.95, looks_random),
    # seeds and codes
    Family("one-time password seed", ("totp", "2fa", "mfa", "otp", "authenticator", "oathtool", "setup key", "seed"), re.compile(
        r"(?i:totp|2fa|mfa|otp|authenticator|oathtool|setup key|seed)[^\n]{0,80}?[\s:=\"'(](?P<x>[A-Z2-7]{16,128}+|(?:[A-Z2-7]{4}[ -]){3,15}[A-Z2-7]{4}|(?:[a-z2-7]{4}[ -]){3,15}[a-z2-7]{4})(?![A-Za-z0-9])"), 0.85, is_seed),
    Family("recovery codes", ("recovery code", "backup code", "scratch code", "emergency code", "backup-code", "recovery-code", "backup_code", "recovery_code", "wiederherstellungscode", "backupcode", "scratch-code"), re.compile(
        rf"(?i:(?:recovery|backup|scratch|emergency)[ _-]?codes?|wiederherstellungscodes?)(?:[^\n:0-9]{{0,80}}(?:\sis|\sare|:|=)|[ \t])?[\s\"'\[*•|>-]{{0,8}}(?:[0-9]{{1,2}}[.)]\s)?{_CODE_LIST}"), 0.85, is_codes),
    # prose
    Family("login in a sentence", ("log in as ", "login as ", "sign in as ", "logged in as ", "log in with ", "login with ", "sign in with ", "anmelden mit ", "einloggen mit "), re.compile(
        r"(?i:as|with|mit)\s\S{2,60}\s?(?:and|/|with|using|mit|und|:)\s?(?:(?:the\s)?(?:password|passwort)\s)?[\"']?(?P<x>[^\s\"']{4,100}+)", re.I), 0.75, is_spaced_password, window=(0, 130)),
)  # fmt: skip
