r"""Finds user names: handles of forums, chats and games, logins in prose, in logs and in configuration.

Covered: a name beside a word that says so ("user=", "logged in as", "goes by"), whose folder or domain it is ("/home/x", "CORP\x"),
who wrote a line of a chat, who did what in a line that is plainly a log's. Not covered: a login in prose that no word
announces and that has neither a digit nor "_" nor ".", names of service accounts (left on purpose).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regex

from privacy.recognizers.login_forms import has_form, is_no_word, is_of_a_name, is_writer, may_be
from privacy.recognizers.login_places import find_login_places
from privacy.recognizers.needs import Pattern
from privacy.recognizers.prefilter import Group, may_match
from privacy.recognizers.rule import Clock, matches, matches_of, search
from privacy.recognizers.stray_logins import HOST, HOST_FORM, Login, find_stray, is_behind_article
from privacy.records import Span

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
# How "signed in as", "logged on with" and "registered under" begin: nothing but a login is given there.
_AT_THE_DOOR = ("sig", "log", "reg")
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
    r"^[\s>]{0,4}(?:\[\p{L}[\w -]{1,20}\][ ])?(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?[\])]?\s{1,2})?(?:<[@+%&~]?(?P<x>[A-Za-z][\w.|^-]{2,29})>(?=\s)|[@+]?(?P<handle>[A-Za-z][\w.-]{2,29}):(?=\s\S)|(?P<x>[\w.-]{3,40})\s(?:wrote|writes|said|schrieb|a écrit|escribió):)"
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
_BESIDE_HOST = regex.compile(
    rf"(?<![\w./@-])(?P<x>[a-z]{{5,30}}\d{{0,4}})[ ;|,\t]{{1,3}}(?i:{HOST_FORM})|(?i:{HOST_FORM})[ ;|,\t]{{1,3}}(?P<x>[a-z]{{5,30}}\d{{0,4}})(?![\w./@(=:-])"
)
_LINE = regex.compile(r"[^\n]+")
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
    found: list[Login] = []
    for (score, name), match in matches_of(_SLOTS, text, clock):
        if may_be(match["x"]):
            found.append((*match.span("x"), score, name))
    for (score, name, sure), match in matches_of(_BESIDE_WORDS, text, clock):
        # Where prose has words of its own, a program's name among them, only a form or a name will do.
        surely = (
            sure
            or (name == "record changed by" and match["x"].islower())
            or (name == "goes by" and (match["site"] or match.group()[:3].casefold() in _AT_THE_DOOR))
        )
        named = (
            is_of_a_name(match["x"])
            and match["x"] not in words
            and not is_behind_article(text, match.start("x"))
        )
        if has_form(match["x"]) or named or (surely and is_no_word(match["x"], words)):
            found.append((*match.span("x"), score, name))
    for match in matches(_CHAT, text, clock):
        group = "x" if match["x"] else "handle"
        if may_be(match[group]) if group == "x" else is_writer(match[group]):
            found.append((*match.span(group), 0.5, "writer"))
    found += find_stray(text, clock, words, knows)
    found += find_login_places(text, clock, words)
    signs = [sign for sign in (HOST, _LOG_START, _LEVEL) if may_match(sign, text)]
    if words and (signs or "=" in text):
        for line in search(_LINE, text, clock):
            if _is_log(line.group(), signs):
                found += _in_log_line(text, line.start(), line.end(), words)
    if words and found:
        found += _listed_beside(text, found, words)
    return [Span(start, end, "USERNAME", score, name) for start, end, score, name in found]


_JOINED = regex.compile(r"(?: and |, | & |\n|; )(?P<x>[a-z][a-z0-9_.]{3,30}[a-z0-9])(?=[\s,;.]|$)")


def _listed_beside(text: str, found: Sequence[Login], words: frozenset[str]) -> list[Login]:
    """What a list has after a user name, if it is no word."""
    beside = []
    for _, end, score, _ in found:
        for _ in range(_MOST_LISTED):
            match = _JOINED.match(text, end)
            if match is None or not is_no_word(match["x"], words):
                break
            beside.append((*match.span("x"), score, "listed beside"))
            end = match.end("x")
    return beside


_MOST_LISTED = 8


def _is_log(line: str, signs: Sequence[Pattern]) -> bool:
    """Whether a program wrote the line; `signs` are those that its text may have."""
    return any(
        (sign.match(line) if sign is _LOG_START else sign.search(line)) is not None for sign in signs
    ) or ("=" in line and len(_PAIR.findall(line)) >= 2)


def _in_log_line(text: str, start: int, end: int, words: frozenset[str]) -> list[Login]:
    """What stands where a log tells who, and is no everyday word."""
    # Who stands beside a machine's address is a user of it; in other lines it may be a program.
    log = "a host's log" if HOST.search(text, start, end) else "a log"
    return [
        (*match.span("x"), 0.4, f"user in {log}")
        for pattern in (_FOR_IN_LOG, _DID, _BY, _BESIDE_HOST)
        for match in pattern.finditer(text, start, end)
        if match["x"].islower() and is_no_word(match["x"], words)
    ] + [
        (*match.span("x"), 0.4, f"name in {log}")
        for pattern in (_WORD_OF_LOG, _FIELD_OF_LOG)
        for match in pattern.finditer(text, start, end)
        if (is_of_a_name(match["x"]) or is_writer(match["x"])) and is_no_word(match["x"], words)
    ]
