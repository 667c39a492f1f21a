r"""Finds user names: handles of forums, chats and games, logins in prose, in logs and in configuration.

Covered: a name beside a word that says so ("user=", "logged in as", "goes by"), whose folder or domain it is ("/home/x", "CORP\x"),
who wrote a line of a chat, who did what in a line that is plainly a log's. Not covered: a login in prose that no word
announces and that has neither a digit nor "_" nor ".", names of service accounts (left on purpose).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regex

from privacy.recognizers.people import given_names, surnames
from privacy.recognizers.prefilter import Group, may_match
from privacy.recognizers.rule import Clock, matches, matches_of, occurs, search
from privacy.recognizers.unworded import speaks_of_somebody
from privacy.records import Span

# Nobody's, or no name at all.
_EVERYBODY = frozenset(
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

# A login in a slot that says so; letters, digits, and what logins have between them.
_LOGIN = r"(?P<x>[A-Za-z][\w.-]{1,38}\w)"
_KEYS = (
    r"user|usr|login|logon|uid|username|userid|usuario|benutzer|acct|account|account_?name|accountname|handle|nick(?:name)?|author|owner|assignee|actor|subject_?user\w*|target_?user\w*|"
    r"samaccountname|userprincipalname|principal|logname|ruser|sudo_user|run_?as|remote_?user|auth_?user|requester|requestor|reporter|submitter|submitted_by|operator|"
    r"created_?by|modified_?by|updated_?by|changed_?by|deleted_?by|last_?modified_?by|requested_?by|approved_?by|opened_?by|closed_?by|owned_?by|assigned_?to|reviewer|approver|verifier|co-?signer|scribe|transcriptionist|editor|committer|who|caller_?id|wearer|(?:entered|recorded|verified|signed|charted|witnessed|issued|uploaded)_?by"
)
# key=x, key: x, "key": "x"
_FIELD = regex.compile(
    rf"(?<![\w.])(?:[a-z]{{1,12}}[_.-])?(?:{_KEYS})(?:[_-]?(?:name|id))?[\"']?\s?(?:=|:)\s?[\"'@\[(]?{_LOGIN}(?![\w(<@]|\s?[=:(]\s?[^\s])",
    regex.IGNORECASE,
)
# user x, login x: prose has other words there.
_BESIDE = regex.compile(
    r"(?<![\w.])(?:user|usr|login|login name|username|user name|user id|uid|account|account name|handle|nick(?:name)?|author|owner|assignee|actor|screen name)\s[\"'`@]?"
    rf"{_LOGIN}(?![\w(<\[]|\s?[=:(])",
    regex.IGNORECASE,
)
_IS = regex.compile(
    r"(?<!\w)(?:user[ _-]?name(?:/e-?mail)?|user[ _-]?id|log[ -]?in(?: name| id)?|screen name|nick(?:[ -]?name)?|gamer ?tag|handle|alias|pseudonym|(?:referral|gamer|user|login|profile|display|account) name)"
    r"(?:['’]s|\s{0,3}(?:is|was|=|:|\((?=[^\s)]+\)))|\s(?:on|at|for|in)\s[\w ]{2,24}\s(?:is|was))\s{0,3}(?:still |now |just )?[\"'`@]?(?P<x>[\w.-]{3,40}\w)",
    regex.IGNORECASE,
)
_SITES = (
    r"(?:discord|insta(?:gram)?|snap(?:chat)?|telegram|twitter|tiktok|steam|skype|github|gitlab|bitbucket|slack|psn|xbox(?: live)?|gamer ?tag|reddit|venmo|cash ?app|paypal|"
    r"signal|twitch|strava|mastodon|youtube|threads|bluesky|facebook|fb|ig|linkedin|whatsapp|wechat|line|viber|kik|tumblr|pinterest|roblox|minecraft|fortnite|ebay|etsy|vinted|tinder|hinge|"
    r"the forum|the support forum|the board|the message board|forums?|the chat|the app|stack ?overflow|quora|medium|substack|teams|matrix|irc)"
)
_ON_SITE = regex.compile(
    rf"(?<!\w){_SITES}(?:\s(?:name|handle|id|user(?:name)?|account|tag))?(?:['’]s|\s(?:is|as|at)\s|\s?[:=]\s?|\s?@|\s)[\"'`@]?{_LOGIN}",
    regex.IGNORECASE,
)
_GOES_BY = regex.compile(
    r"(?<!\w)(?:goes by|go by|going by|went by|known as|posts as|posting as|posted as|writes as|signs? (?:in|on|up) as|signed (?:in|on|up) as|signs? in with|logs? (?:in|on) (?:as|with)|"
    r"logged (?:in|on) (?:as|with|under)|plays as|registered as|registered under|appears as|find me as|add me|add me as|dm me at|my tag is|under the (?:name|handle|nick|alias|user ?name)|"
    rf"screen name of|handle of|user ?name,|log-?in,|handle,|my user is|known online as|chatting with|chat with|log(?:s|ged)? on as|i am|i['’]?m|it['’]?s|that['’]s|message|dm|ping|mention)\s[\"'`@]?{_LOGIN}(?P<site>\s(?:on|at|in|over on)\s{_SITES}(?!\w))?",
    regex.IGNORECASE,
)
# Whose folder, whose domain.
_PLACE = regex.compile(
    r"(?:[/\\](?:home|Users|Documents and Settings|usuarios|benutzer|utilisateurs)[/\\]{1,2})(?P<x>[\w.-]{2,40})(?=[/\\\s\"'):;,]|$)"
    r"|(?<![\w/~])~(?P<x>[a-z][\w.-]{1,38}\w)(?=/)|(?<![\w/.])/?u/(?P<x>[\w-]{3,30})(?![\w/])|(?<=uid=\d{1,6}\()(?P<x>[\w.-]{2,40})(?=\))"
    r"|(?<![\w.@/:-])(?P<x>[a-z_][\w.-]{1,38}\w)@(?=(?:\d{1,3}\.){3}\d|[0-9a-f]{1,4}:[0-9a-f]{0,4}:|\[[0-9a-f:]+\])"
    r"|(?<![\w\\/.])[A-Z][A-Z0-9.-]{1,20}\\{1,2}(?P<x>[A-Za-z][\w.-]{2,38})(?![\w\\.]|\.\w)",
    regex.IGNORECASE,
)
_COMMAND = regex.compile(
    rf"(?<!\w)(?:sudo\s-u|su\s-|--user[ =]|useradd|adduser|userdel|usermod|passwd|ssh\s-l)\s?{_LOGIN}(?![\w/=])"
)
_AUTH = regex.compile(
    r"(?<!\w)(?:(?:for|of|by|as|from|invalid|unknown|illegal|to|authenticating|disconnected from|connection (?:closed|reset) by)\s(?:(?:invalid|authenticating|local|remote|domain|unknown)\s)?user\s"
    r"|(?:failed|accepted)\s(?:password|publickey|login|keyboard-interactive(?:/pam)?|gssapi-with-mic|certificate|mfa|otp|attempt)\sfor\s(?:(?:invalid|illegal)\suser\s)?"
    r"|(?:authentication|login|log-?in|sign-?in|logon|password|mfa|2fa|otp|access|lockout|session)\s(?:failed|failure|failures|success|succeeded|attempt|attempts|error|ok|denied|granted|rejected|reset|expired|started|opened|closed|ended|refused|changed)(?:\s(?:for|by|of|from|to))\s(?:(?:user|account)\s)?"
    rf"|(?<=\bsu:\s)(?=[\w.-]+\s(?:switched|to\sroot))|(?<=\bsudo:\s{{1,6}})(?=[\w.-]+\s:)|(?<=\bCRON\[\d{{1,7}}\]:\s\())[\"'`]?{_LOGIN}(?=[\s\"'`:,;.)]|$)",
    regex.IGNORECASE,
)
# A line of a chat: <x> text, [10:22] x: text, x: text, x wrote:
_CHAT = regex.compile(
    r"^[\s>]{0,4}(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?[\])]?\s{1,2})?(?:<[@+%&~]?(?P<x>[A-Za-z][\w.|^-]{2,29})>(?=\s)|[@+]?(?P<handle>[A-Za-z][\w.-]{2,29}):(?=\s\S)|(?P<x>[\w.-]{3,40})\s(?:wrote|writes|said|schrieb|a écrit|escribió):)"
    r"|^\s{0,2}(?:[*-]+>?\s)(?P<x>[A-Za-z][\w.-]{2,29})\s(?:\(?[^\n]{0,40}\)?\s?)?(?:has\s)?(?:joined|left|quit|parted|is now known as)(?!\w)",
    regex.MULTILINE | regex.IGNORECASE,
)
# Who did it, by a form that no word of prose has; in a log by any word that is none of the language's frequent ones.
_BY = regex.compile(
    r"(?<!\w)(?:by|assigned to|reassigned to|escalated to|granted to|revoked from|shared with|on behalf of|impersonating|locked out|banned|kicked|muted|(?:reported|changed|sent|approved|reviewed|merged) by)"
    rf"\s(?:user\s)?[\"'`@]?(?<![\w.-]){_LOGIN}(?![\w(/@]|\.\w|\s?[=(])",
    regex.IGNORECASE,
)
# Who did what to a record: no word of prose stands there but who, how and by mistake.
_RECORD_BY = regex.compile(
    r"(?<!\w)(?:(?:logged|entered|keyed|typed|uploaded|submitted|charted|booked|cosigned|co-signed|countersigned)\sby\s|tagged\sas\s|(?:charts?|records?|files?|tickets?|notes?|orders?|claims?|cases?|reports?|documents?|profiles?|entr(?:y|ies)|e-?mails?|messages?|results?|forms?|prescriptions?|bookings?|invoices?|permissions?|passwords?)"
    r"\s(?:(?:was|were|been|is|last|first|again|then|later|previously|has|had|also|wrongly|repeatedly)\s){0,3}(?:opened|viewed|accessed|edited|changed|modified|amended|signed|locked|unlocked|closed|created|deleted|exported|printed|read|copied|downloaded|uploaded|"
    rf"reviewed|approved|entered|updated|merged|archived|reset|altered|released|checked)(?:\s(?:again|twice|today|yesterday|overnight|remotely))?\sby\s)(?:user\s)?[\"'`@]?{_LOGIN}(?![\w(/@]|\.\w|\s?[=(])",
    regex.IGNORECASE,
)
# "pholloway-laptop": whose machine it is.
_MACHINE_OF = regex.compile(
    r"(?<![\w./@-])(?P<x>[a-z][\w.]{3,30})-(?:laptop|desktop|pc|notebook|mbp|macbook|imac|iphone|ipad|phone|tablet|workstation|surface)(?![\w.])",
    regex.IGNORECASE,
)
# "khattak_sh": two parts, one of them no word, in a text that speaks of somebody.
_UNDERSCORED = regex.compile(r"(?<![\w./\\@=<${-])(?P<x>[a-z]{2,}_[a-z]{2,})(?![\w(@/\\\[-]|\.\w|\s?[=:])")
# What a clinic calls its people by beside nothing else: a name cut to fit, or with a few letters behind it.
_CUT = regex.compile(r"[a-z]{4,}_[a-z]{1,3}|[a-z]{1,3}_[a-z]{4,}")
_CODE_MARK = regex.compile(r"[={}<>$`\\()\[\];]|--|::|->")
_OF_ACCOUNTS = regex.compile(
    r"(?<!\w)(?:acc(?:oun)?ts?|log-?ins?|logons?|logged|users?|rights|access|permissions?|privileges|tokens?|mfa|sso|vpn|citrix|mailbox|inbox|passwords?|pw|locked|unlock|disabled?|enabled?|deactivated?|provision\w*|offboard\w*|onboard\w*|"
    r"assigned|issued|reassign\w*|share|handle|nickname|badge|leaver|starter|roster|rota|on ?call|pager|bleep|paged?|modified|charted|cosign\w*|documented|signed|"
    r"portals?|apps?|websites?|sign|signs|signing|logs|logging|usernames?|ids?|username|screen|display|profiles?|account|alias|sessions?|ssh|audit\w*|2fa|otp|reset|temp(?:orary)? password|revok\w*|grant\w*|register\w*|mychart|patient portal|telehealth|"
    r"(?:enter|verifi|dictat|transcrib|typ|review|approv|order|cancel|clock|creat|updat|edit|open|view|print|fill|resolv|clos|request|releas|upload|submitt|post)(?:ed|es|er|or|ing)|requestor|instagram|insta|facebook|fb|tiktok|reddit|snap(?:chat)?|twitter|discord|telegram|whatsapp|youtube|twitch|"
    r"roblox|minecraft|fortnite|steam|xbox|psn|gamer?|streamer|blogger|forum|chat\w*|zoom|teams|slack|inbox|send-as|dm|messag\w*|follow\w*|online|under|actor|author|op|add(?:ed)?|remov\w*|block(?:ed)?|unblock\w*|delegat\w*|activat\w*|comment\w*|last_login|user_?name|set up|downtime|mail(?:ed)?|super ?user)(?!\w)",
    regex.IGNORECASE,
)
_OF_A_NAME = regex.compile(r"(?<![\w@./\\-])(?P<x>[a-z]{5,30}[0-9]{0,2})(?![\w@/(=-]|\.\w)")
# A word that no dictionary has, alone, with a number behind it, or two with "_" between.
_STRANGE = regex.compile(
    r"(?<![\w@./\\=$%&#-])(?P<x>[a-z]{4,30}|(?P<name>[a-z]{3,30})[0-9]{1,4}|[a-z]{2,30}_[a-z]{1,30}(?:[0-9]{1,4})?)(?![\w@/(=\\-]|\.\w|['’]\w{2}|[ ]?:[ ]?[0-9])"
)
_FOR_IN_LOG = regex.compile(
    rf"(?<!\w)(?:for|as|of|to|from|user|by|owner|author|login|account|mailbox|requester|with)\s[\"'`@]?{_LOGIN}(?![\w(/@]|\.\w|:\d|\s?=)",
    regex.IGNORECASE,
)
# Between bars, commas or brackets, before an arrow or a colon.
_FIELD_OF_LOG = regex.compile(
    r"(?:[|,\t\[(]|^|(?<=\d\d)\s)\s?(?P<x>[a-z][\w.-]{2,38}\w)\s?(?:[|,\t\])]|->|:(?=\s))|(?<!\w)(?:start|started|denied|end|ended|mailbox|added|add|removed|remove|kicked|invalid|deny|allow|who|key=profile/|/users?/|/profiles?/)[:/\s]\s?(?P<x>[a-z][\w.-]{2,38}\w)(?![\w(@]|\.\w|\s?=)",
    regex.MULTILINE,
)
_WORD_OF_LOG = regex.compile(r"(?<![\w@.-])(?P<x>[a-z]{5,30})(?![\w@(=-]|\.\w)")
_DID = regex.compile(
    rf"(?<![\w.=/@-]){_LOGIN}[\"'`]?\s(?:has\s|was\s|is\s|just\s|successfully\s)?(?P<verb>(?:logged|signed)[ -]?(?:in|out|on|off|into)|(?:dis)?connected|authenticated|joined|left|quit|exported|imported|downloaded|uploaded|"
    r"opened|closed|viewed|deleted|created|changed|updated|modified|edited|approved|rejected|assigned|requested|reset|unlocked|locked|accessed|printed|ran|executed|pushed|merged|committed|commented|"
    r"replied|posted|wrote|sent|searched|queried|read|removed|added|renamed|moved|copied|shared|revoked|granted|enabled|disabled|started|stopped|restarted|banned|muted|kicked|timed out|enrolled|verified|cancelled|canceled|purchased|subscribed|unsubscribed|typing|idle|online|offline)(?!\w)",
    regex.IGNORECASE,
)
_AT_START = regex.compile(
    rf"^(?:audit|access|login|auth|vpn|sso|session|activity|security|radius|smb|ftp|git|mail|imap|db|shell)\w*(?:\[\d+\])?:\s{_LOGIN}\s(?!=)"
    # The third field of a web server's line.
    rf"|^[\w.:-]+\s-\s{_LOGIN}\s\[",
    regex.MULTILINE,
)
# A line that a program wrote: it begins with a time stamp, a program and its process, or a name of a log; or has a level or pairs
# of key and value.
_LOG_START = regex.compile(
    r"\W{0,3}(?:\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d|\p{L}{3}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d|\d{1,2}[/-]\p{L}{3}[/-]\d{4}[ :]\d\d:|\d{1,2}[/.]\d{1,2}[/.]\d{2,4},?\s\d\d:\d\d:\d\d|\d\d:\d\d:\d\d|\d{10}(?:\d{3})?\b)"
    r"|[a-z][\w./-]{1,24}(?:\[\d{1,7}\]:\s|:\s(?=[^\n]{0,200}(?:\d\d:\d\d|=|\d{3})))"
    r"|(?:audit|access|auth|sshd|sudo|su|cron|vpn|ldap|worker|job|gateway|proxy|db|scheduler|queue|backup|syslog|kernel|login|session|api|svc|service)\b[\w .-]{0,16}:\s"
)
_LEVEL = regex.compile(
    r"(?<!\w)(?:INFO|WARN|WARNING|ERROR|DEBUG|NOTICE|FATAL|TRACE|CRITICAL|ALERT|AUDIT)(?![\w'])|(?<!\w)(?:level|severity|lvl|event|action|msg)="
)
_PAIR = regex.compile(r"(?<!\w)[a-z_.]{2,20}=\S")
# Of four numbers one has three digits or the first is 10: else it may be a version.
_HOST_FORM = r"(?<![0-9a-z.:-])(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|(?=10\.|(?:[0-9]{1,3}\.){0,3}[0-9]{3})[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{4}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4})(?![0-9a-z])"
_HOST = regex.compile(_HOST_FORM, regex.IGNORECASE)
_BESIDE_HOST = regex.compile(
    rf"(?<![\w./@-])(?P<x>[a-z]{{5,30}}\d{{0,4}})[ ;|,\t]{{1,3}}(?i:{_HOST_FORM})|(?i:{_HOST_FORM})[ ;|,\t]{{1,3}}(?P<x>[a-z]{{5,30}}\d{{0,4}})(?![\w./@(=:-])"
)
_LINE = regex.compile(r"[^\n]+")
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
# "tenbrinkj046", "berg.k", "k.deboer": a name with what keeps it from others of that name.
_BY_ITSELF = regex.compile(
    r"(?<![\w@./\\-])(?P<name>[a-z]{4,})(?:[._-]?[a-z]{1,2})?[._-]?(?P<digits>\d{1,4})(?![\w@/-]|\.\w)|(?<![\w@./\\-])(?P<name>[a-z]{5,})[._][a-z]{1,2}(?![\w@/.(=-])"
    r"|(?<![\w@./\\-])[a-z][._](?P<name>[a-z]{4,})(?:\d{1,4})?(?![\w@/.(=-])|(?<![\w@./\\-])[a-z]{3,}[._](?P<name>[a-z]{4,})(?:\d{1,4})?(?![\w@/.(=-])"
)


# Slots that only a login stands in.
_SLOTS = Group(
    (
        (_PLACE, (0.6, "user's place")),
        (_COMMAND, (0.5, "user of a command")),
        (_AUTH, (0.55, "user signing in")),
        (_FIELD, (0.55, "user field")),
    )
)
# Slots that prose has too; whether the words before leave little else.
_BESIDE_WORDS = Group(
    (
        (_IS, (0.7, "user name", True)),
        (_BESIDE, (0.5, "user beside a word", True)),
        (_ON_SITE, (0.5, "user of a site", False)),
        (_GOES_BY, (0.5, "goes by", False)),
        (_BY, (0.45, "done by", False)),
        (_RECORD_BY, (0.45, "record changed by", False)),
        (_DID, (0.45, "user did", False)),
        (_AT_START, (0.5, "user of a log", True)),
    )
)


def find_logins(
    text: str, clock: Clock, words: frozenset[str] = frozenset(), knows: Callable[[str], bool] | None = None
) -> list[Span]:
    """Spans of user names. `words` are the language's everyday words in lower case: without them a slot that prose has too takes
    only what looks like a login by itself. `knows` says whether a large dictionary, names among it, has a word. Raises TimeoutError."""
    clock.left_s()
    found: list[tuple[int, int, float, str]] = []
    for (score, name), match in matches_of(_SLOTS, text, clock):
        if _may_be(match["x"]):
            found.append((*match.span("x"), score, name))
    for (score, name, sure), match in matches_of(_BESIDE_WORDS, text, clock):
        # Where prose has words of its own, a program's name among them, only a form or a name will do.
        surely = (
            sure
            or (name == "record changed by" and match["x"].islower())
            or (name == "goes by" and match["site"])
        )
        named = _is_of_a_name(match["x"]) and match["x"] not in words
        if _has_form(match["x"]) or named or (surely and _is_no_word(match["x"], words)):
            found.append((*match.span("x"), score, name))
    for match in matches(_CHAT, text, clock):
        group = "x" if match["x"] else "handle"
        if _may_be(match[group]) if group == "x" else _is_writer(match[group]):
            found.append((*match.span(group), 0.5, "writer"))
    for match in matches(_BY_ITSELF, text, clock):
        name = match["name"]
        known = name in surnames() or name in given_names() or name[:-1] in surnames() or _is_of_a_name(name)
        if known or (
            words
            and len(match["digits"] or "") >= 2
            and _is_no_word(match.group(), words)
            and _is_no_word(name, words)
        ):
            found.append((*match.span(), 0.45, "by itself"))
    if words:
        for match in matches(_MACHINE_OF, text, clock):
            if _is_no_word(match["x"], words):
                found.append((*match.span("x"), 0.4, "whose machine"))
        underscored = [
            match.span("x") for match in matches(_UNDERSCORED, text, clock) if _is_no_word(match["x"], words)
        ]
        told = underscored and (_HOST.search(text) or speaks_of_somebody(text))
        plain = bool(underscored) and not told and _CODE_MARK.search(text) is None
        for start, end in underscored:
            strange = all(
                _is_no_word(part, words) or part in surnames() or part in given_names()
                for part in text[start:end].split("_")
            )
            if told or (plain and (strange or _CUT.fullmatch(text, start, end))):
                found.append((start, end, 0.4, "underscored"))
        if occurs(_OF_ACCOUNTS, text):
            for match in matches(_OF_A_NAME, text, clock):
                name = match["x"].rstrip("0123456789")
                if _is_no_word(name, words) and (_is_of_a_name(name) or name != match["x"]):
                    found.append((*match.span("x"), 0.4, "of a name"))
        if "=" in text or any(may_match(sign, text) for sign in (_HOST, _LOG_START, _LEVEL)):
            for line in search(_LINE, text, clock):
                if _is_log(line.group()):
                    found += _in_log_line(text, line.start(), line.end(), words)
        if knows is not None:
            found += _strange(text, clock, words, knows)
    if words and found:
        found += _listed_beside(text, found, words)
    return [Span(start, end, "USERNAME", score, name) for start, end, score, name in found]


def _strange(
    text: str, clock: Clock, words: frozenset[str], knows: Callable[[str], bool]
) -> list[tuple[int, int, float, str]]:
    """Words that no dictionary has: of the form of a name, or where accounts are spoken of."""
    told: bool | None = None
    found = []
    for match in matches(_STRANGE, text, clock):
        login, name = match["x"], match["name"]
        if knows(login) or not (login.startswith("the_") or _is_no_word(login, words)):
            continue
        if name is not None:
            if (
                name in _COUNTED
                or name in _EVERYBODY
                or (len(name) == 3 and knows(name) and name not in given_names())
            ):
                continue
        elif "_" in login:
            parts = regex.split(r"[_0-9]+", login)
            if parts[0] != "the" and all(
                knows(part) and part not in given_names() and part not in surnames() for part in parts
            ):
                continue
        elif _TERM.search(login):
            continue
        elif len(login) > 4 and (_is_of_a_name(login) or _NO_ONSET.match(login)):
            found.append((*match.span("x"), 0.4, "strange word"))
            continue
        if login.startswith("the_") and login not in _EVERYBODY and login[4:] not in words:
            # Whoever calls himself so; what is no name behind the article has a blank before it.
            found.append((*match.span("x"), 0.4, "strange word"))
            continue
        if told is None:
            told = occurs(_OF_ACCOUNTS, text)
        if told:
            found.append((*match.span("x"), 0.4, "strange word"))
    return found


# How a name behind an initial begins and no English word does.
_NO_ONSET = regex.compile(
    r"(?!b[lrhw]|c[hlrnyz]|d[rhwj]|f[lrj]|g[lrhnwy]|k[hlrnvwj]|l[lhy]|mc|mn|mb|n[gjyk]|p[hlrnstfy]|qu|rh|s[chklmnpqrtvwyzj]|t[hrswzcjy]|v[lry]|w[hrl]|x[y]|z[hlwby])[b-df-hj-np-tv-xz]{2}[a-z]"
)
# What a term ends in that a dictionary may lack.
_TERM = regex.compile(
    r"(?:ings?|tions?|ments?|ably|ously|ness|able|[it]y?[sz]ed|ated|ologi\w*|ology|scop\w{1,3}|itis|osis|oses|a?emia|ectomy|otomy|ostomy|path(?:y|ic)|plasty|graph\w{0,3}|met(?:er|re|ry|ric)s?|genic|genesis|ly[st]i[sc]|uria|algia|trophy|penia|phil\w{1,2}|"
    r"mycin|cillin|azole|sartan|statin|olol|pril|mab|nib|vir|pine|zine|mine|dine|oxide|ase|cytes?)$"
)
# What is numbered: "room12", "covid19".
_COUNTED = frozenset(
    """covid sars bed room ward day week wk phase grade stage type level step vol item page line col row unit lot bay gate floor case test group arm site visit cycle dose route table fig box form code part
    team zone area sector block class year month task job node disk file host port core build patch sprint ver version release model series size chapter section note rule item slot pin tab""".split()
)
_JOINED = regex.compile(r"(?: and |, | & |\n|; )(?P<x>[a-z][a-z0-9_.]{3,30}[a-z0-9])(?=[\s,;.]|$)")


def _listed_beside(
    text: str, found: Sequence[tuple[int, int, float, str]], words: frozenset[str]
) -> list[tuple[int, int, float, str]]:
    """What a list has after a user name, if it is no word."""
    beside = []
    for _, end, score, _ in found:
        for _ in range(_MOST_LISTED):
            match = _JOINED.match(text, end)
            if match is None or not _is_no_word(match["x"], words):
                break
            beside.append((*match.span("x"), score, "listed beside"))
            end = match.end("x")
    return beside


_MOST_LISTED = 8


def _is_log(line: str) -> bool:
    return (
        _HOST.search(line) is not None
        or _LOG_START.match(line) is not None
        or _LEVEL.search(line) is not None
        or ("=" in line and len(_PAIR.findall(line)) >= 2)
    )


def _in_log_line(text: str, start: int, end: int, words: frozenset[str]) -> list[tuple[int, int, float, str]]:
    """What stands where a log tells who, and is no everyday word."""
    return [
        (*match.span("x"), 0.4, "user in a log")
        for pattern in (_FOR_IN_LOG, _DID, _BY, _BESIDE_HOST)
        for match in pattern.finditer(text, start, end)
        if match["x"].islower() and _is_no_word(match["x"], words)
    ] + [
        (*match.span("x"), 0.4, "name in a log")
        for pattern in (_WORD_OF_LOG, _FIELD_OF_LOG)
        for match in pattern.finditer(text, start, end)
        if (_is_of_a_name(match["x"]) or _is_writer(match["x"])) and _is_no_word(match["x"], words)
    ]


def _may_be(login: str) -> bool:
    """In a slot for logins only: anything but what is nobody's."""
    return login.casefold().rstrip(".") not in _EVERYBODY and not _NO_FORM.fullmatch(login)


def _has_form(login: str) -> bool:
    """Letters with a digit, "_" or "." inside, and no file, version or address."""
    return (
        _FORM.fullmatch(login) is not None
        and _SIGNED.search(login) is not None
        and not _NO_FORM.fullmatch(login)
        and login.casefold() not in _EVERYBODY
    )


def _is_of_a_name(login: str) -> bool:
    """An initial and a surname, a surname and an initial, or a given name and a surname, run together in lower case."""
    if not (login.isalpha() and login.islower() and len(login) >= 5):
        return False
    if login[1:] in surnames() or login[:-1] in surnames() or login[2:] in surnames():
        return True
    return any(
        login[:at] in given_names() and (login[at:] in surnames() or len(login) - at == 1)
        for at in range(3, len(login))
    )


def _is_writer(handle: str) -> bool:
    """Before a colon: settings have a form too, so a digit, an initial or a known name must be in it."""
    parts = regex.split(r"[._-]", handle.casefold())
    return _has_form(handle) and (
        _DIGIT.search(handle) is not None
        or any(len(part) == 1 or part in given_names() or part in surnames() for part in parts)
    )


def _is_no_word(login: str, words: frozenset[str]) -> bool:
    """No frequent word of the language, and no form of one; without a list of words, a known surname behind an initial."""
    plain = login.casefold().rstrip(".")
    if plain in _EVERYBODY or _NO_FORM.fullmatch(plain) or len(plain) < 4:
        return False
    if not plain.isalpha():
        # Two everyday words with a hyphen between ("read-only").
        return not all(
            part in words or part in _EVERYBODY or part.isdigit()
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
    return stems.isdisjoint(words) and stems.isdisjoint(_EVERYBODY)
