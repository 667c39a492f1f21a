"""Says whether a word looks like a login: its form, the names in it, and that it is no word of the language.

Covered: single words. Not covered: what stands beside them (`logins`, `stray_logins`).
"""

from __future__ import annotations

from string import ascii_lowercase

import regex

from privacy.recognizers.people import WORDS_IN_LOWER_CASE, given_names, surnames

# Nobody's, or no name at all.
EVERYBODY = frozenset(
    """public shared default all users user root admin ubuntu administrator system service guest anonymous nobody none null nil true false test example demo
    daemon postgres mysql nginx www-data git jenkins deploy api bot info the a an my your is was has and or with for name names id ids number numbers
    manager management team holder holders agent details page profile settings balance access to on in at from by it this that which who active inactive
    disabled enabled locked unlocked password login logins data interface experience input group groups role roles type types story stories guide manual
    error errors created deleted required not new every each any other same current only root svc backup nightly batch cron peer server client timeout
    scheduler kernel watchdog systemd init oracle redis kafka elastic grafana prometheus docker kubelet kubernetes etcd envoy haproxy apache httpd sshd
    sshd-session sudo pam ldap kerberos ntp dhcp dns smtp imap ftp sftp http https tcp udp upstream downstream localhost gateway proxy worker workers
    master replica primary secondary leader follower node cluster host hosts process thread job jobs task tasks queue robot crawler googlebot monitor
    monitoring healthcheck health probe policy firewall antivirus crontab app application webhook pipeline runner actions dependabot renovate broken loose
    failed failure denied successful succeeded success email phone mail post hand mistake accident noon midnight design request choice law now today
    account accounts field fields table column string int integer varchar undefined unknown invalid missing empty exists existing session sessions
    interrupt signal sigterm sigkill sighup oom exception
    apt bash brew bun bundle cargo cassandra celery chef clang cmake composer conda consul curl deno django dotnet eslint ffmpeg fish flask flutter gcc gdb gitlab gradle grep gunicorn
    hadoop hive imagemagick istio jest junit keras kubectl libc llvm logstash lxc make mamba maven memcached meson minikube mocha mongo mongodb mypy ninja nomad npm npx numpy nvim openssl
    openvpn pandas perl php pip pnpm podman poetry postfix postgresql prettier puppet pytest python pytorch qemu rabbitmq rails rake rollup ruby rsync rust rustc safari samba scipy selenium
    spark spring sqlite squid storybook supervisor swift syslog tensorflow terraform tmux tomcat torch tox traefik tsc uvicorn vagrant vault vim vite vitest webpack wget wireshark xcode
    yarn zookeeper zsh ansible airflow alembic android angular babel bluetooth chrome chromium dbus dpkg edge electron firefox ghost glibc gnome gulp homebrew ios kde linux macos metro
    minio mqtt mysqld netlify nodemon numba ollama opengl pacman parcel postcss powershell pulseaudio rclone react samsung sass sendmail sentry snapd solr sphinx steam svelte swagger
    systemctl telegraf turbopack unicorn valgrind varnish vercel wayland websocket windows wordpress xorg courier paypal trigger rule migration import export update upgrade rollback restart reboot shutdown""".split()
)
_FORM = regex.compile(r"(?=[\w.-]*[\d_.])(?=[\d_.-]*[A-Za-z][\w.-]*[A-Za-z\d])[\w.-]{4,40}")
_DIGIT = regex.compile(r"\d")
_SIGNED = regex.compile(r"[\d_]|\w\.\w{2}")
# A file, a version, a host, a counted thing; "v2", "utf-8", "sha256", "step_1".
_NO_FORM = regex.compile(
    r"(?:v|ver|version|sha|md|utf|base|http|ipv|win|python|py|node|java|web|app|db|host|srv|server|mx|ns|mail|vm|ip|dev|prod|stage|test|pts|tty|eth|disk|sd[a-z]|core|cpu|gpu|step|page|room|item|"
    r"error|err|port|tier|phase|type|level|part|row|col|id|ref|build|rev|release|rc|beta|alpha|x|h|p|q|fy)[-_.]?\d[\d._-]*[a-z]?|[\w.-]+\.(?:py|js|ts|txt|csv|json|xml|yaml|yml|log|conf|cfg|ini|sh|md|pdf|docx?|xlsx?|zip|gz|tar|exe|dll|jar|html?|php|"
    r"com|org|net|io|local|lan|internal|edu|gov|dev|app|example|invalid)|[\w.-]*\d{1,2}(?:st|nd|rd|th|am|pm|h|min|ms|s|kg|gb|mb|tb|px|x|k|m)|[a-z]+_[a-z]+_[a-z_]+|(?:e\.g|i\.e|a\.m|p\.m|etc|vs)\.?|(?-i:[A-Z]{1,5}[-_]?\d+)",
    regex.IGNORECASE,
)
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "able", "ion", "ions", "al")


def may_be(login: str) -> bool:
    """In a slot for logins only: anything but what is nobody's."""
    return login.casefold().rstrip(".") not in EVERYBODY and not _NO_FORM.fullmatch(login)


def has_form(login: str) -> bool:
    """Letters with a digit, "_" or "." inside, and no file, version or address."""
    return (
        _FORM.fullmatch(login) is not None
        and _SIGNED.search(login) is not None
        and not _NO_FORM.fullmatch(login)
        and login.casefold() not in EVERYBODY
    )


def is_of_a_name(login: str) -> bool:
    """An initial and a surname, a surname and an initial, or a given name and a surname, run together in lower case."""
    if not (login.isalpha() and login.islower() and len(login) >= 5):
        return False
    if login[1:] in surnames() or login[:-1] in surnames() or login[2:] in surnames():
        return True
    return any(
        login[:at] in given_names() and (login[at:] in surnames() or len(login) - at == 1)
        for at in range(3, len(login))
    )


def is_writer(handle: str) -> bool:
    """Before a colon: settings have a form too, so a digit, an initial or a known name must be in it."""
    parts = regex.split(r"[._-]", handle.casefold())
    return has_form(handle) and (
        _DIGIT.search(handle) is not None
        or any(len(part) == 1 or part in given_names() or part in surnames() for part in parts)
    )


def is_no_word(login: str, words: frozenset[str]) -> bool:
    """No frequent word of the language, and no form of one; without a list of words, a known surname behind an initial."""
    plain = login.casefold().rstrip(".")
    # Most words are everyday ones, and their other forms need not be made.
    if plain in words or plain in EVERYBODY or len(plain) < 4 or _NO_FORM.fullmatch(plain):
        return False
    if not plain.isalpha():
        # Two everyday words with a hyphen between ("read-only").
        return not all(
            part in words or part in EVERYBODY or part.isdigit()
            for part in regex.split(r"[-_.]", plain)
            if part
        )
    if not words:
        return plain[1:] in surnames() or plain in surnames() or plain in given_names()
    stems = (
        {plain}
        | {plain.removesuffix(end) for end in _ENDINGS}
        | {plain.removesuffix(end) + "e" for end in _ENDINGS}
    )
    return stems.isdisjoint(words) and stems.isdisjoint(EVERYBODY)


def is_compound(word: str, words: frozenset[str]) -> bool:
    """Two everyday words run together ("heatpump")."""
    return any(
        all(part in words or part in WORDS_IN_LOWER_CASE for part in (word[:at], word[at:]))
        for at in range(3, len(word) - 2)
    )


def is_misspelt(word: str, words: frozenset[str]) -> bool:
    """Two letters of an everyday word have changed places, or, unless a name is in it, one is missing, too many or another; the first
    letter is as it should be."""
    for at in range(1, len(word) - 1):
        if word[:at] + word[at + 1] + word[at] + word[at + 2 :] in words:
            return True
    if len(word) < 5 or is_of_a_name(word):
        return False
    for at in range(1, len(word) + 1):
        before, after = word[:at], word[at + 1 :]
        if before + after in words:
            return True
        for letter in ascii_lowercase:
            if before + letter + after in words or before + letter + word[at:] in words:
                return True
    return False
