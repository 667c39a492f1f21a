"""Finds user names that no slot announces: by their form, or as words of no dictionary where accounts are spoken of.

Covered: one word at a time, in the light of what its text speaks of. Not covered: slots and lines of logs (`logins`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import regex

from privacy.recognizers.login_forms import EVERYBODY, is_compound, is_misspelt, is_no_word, is_of_a_name
from privacy.recognizers.people import given_names, surnames
from privacy.recognizers.rule import Clock, matches, occurs
from privacy.recognizers.topics import speaks_of_somebody

# Start, end, score and the rule's name.
Login = tuple[int, int, float, str]

# Of four numbers one has three digits or the first is 10: else it may be a version.
HOST_FORM = r"(?<![0-9a-z.:-])(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|(?=10\.|(?:[0-9]{1,3}\.){0,3}[0-9]{3})[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{4}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4})(?![0-9a-z])"
HOST = regex.compile(HOST_FORM, regex.IGNORECASE)
# "tenbrinkj046", "berg.k", "k.deboer": a name with what keeps it from others of that name.
_BY_ITSELF = regex.compile(
    r"(?<![\w@./\\-])(?P<name>[a-z]{4,})(?:[._-]?[a-z]{1,2})?[._-]?(?P<digits>\d{1,4})(?![\w@/-]|\.\w)|(?<![\w@./\\-])(?P<name>[a-z]{5,})[._][a-z]{1,2}(?![\w@/.(=-])"
    r"|(?<![\w@./\\-])[a-z][._](?P<name>[a-z]{4,})(?:\d{1,4})?(?![\w@/.(=-])|(?<![\w@./\\-])[a-z]{3,}[._](?P<name>[a-z]{4,})(?:\d{1,4})?(?![\w@/.(=-])"
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
_CODE_MARK = regex.compile(r"[={}<>$`\\]|\w[(\[]|;[ ]*$|(?<![\w-])--?[a-z]|::|->", regex.MULTILINE)
_OF_ACCOUNTS = regex.compile(
    r"(?<!\w)(?:acc(?:oun)?ts?|log-?ins?|logons?|logged|users?|rights|access|permissions?|privileges|tokens?|mfa|sso|vpn|citrix|mailbox|inbox|passwords?|pw|locked|unlock|disabled?|enabled?|deactivated?|provision\w*|offboard\w*|onboard\w*|"
    r"assigned|issued|reassign\w*|share|handle|nickname|badge|leaver|starter|roster|rota|on ?call|pager|bleep|paged?|modified|charted|cosign\w*|documented|signed|"
    r"portals?|apps?|websites?|sign|signs|signing|logs|logging|usernames?|ids?|username|screen|display|profiles?|account|alias|sessions?|ssh|audit\w*|2fa|otp|reset|temp(?:orary)? password|revok\w*|grant\w*|register\w*|mychart|patient portal|telehealth|"
    r"(?:enter|verifi|dictat|transcrib|typ|review|approv|order|cancel|clock|creat|updat|edit|open|view|print|fill|resolv|clos|request|releas|upload|submitt|post)(?:ed|es|er|or|ing)|requestor|instagram|insta|facebook|fb|tiktok|reddit|snap(?:chat)?|twitter|discord|telegram|whatsapp|youtube|twitch|"
    r"roblox|minecraft|fortnite|steam|xbox|psn|gamer?|streamer|blogger|forum|chat\w*|zoom|teams|slack|inbox|send-as|dm|messag\w*|follow\w*|online|under|actor|author|op|add(?:ed)?|remov\w*|block(?:ed)?|unblock\w*|delegat\w*|activat\w*|comment\w*|last_login|user_?name|tickets?|b?cc|tag(?:s|ged)?|threads?|folders?|perms|roles?|impersonat\w*|cancell(?:ed|ing)|attempts?|bounce[sd]?|welcome|set up|downtime|mail(?:ed)?|super ?user)(?!\w)",
    regex.IGNORECASE,
)
_OF_A_NAME = re.compile(r"(?<![\w@./\\-])(?P<x>[a-z]{5,30}[0-9]{0,2})(?![\w@/(=-]|\.\w)")
# "The trout opened the gate" tells of no login.
_ARTICLE = regex.compile(r"(?<!\w)(?:the|an?|these|some) $", regex.IGNORECASE)
_ARTICLE_CHARS = 8
# A word that no dictionary has, alone, with a number behind it, or two with "_" between.
_STRANGE = re.compile(
    r"(?<![\w@./\\=$%&#-])(?P<x>[a-z]{4,30}|(?P<name>[a-z]{3,30})[0-9]{1,4}|[a-z]{2,30}_[a-z]{1,30}(?:[0-9]{1,4})?)(?![\w@/(=\\-]|\.\w|['’]\w{2}|[ ]?:[ ]?[0-9])"
)
# How a name behind an initial begins and no English word does.
_NO_ONSET = regex.compile(
    r"(?!b[lrhw]|c[hlrnyz]|d[rhwj]|f[lrj]|g[lrhnwy]|k[hlrnvwj]|l[lhy]|mc|mn|mb|n[gjyk]|p[hlrnstfy]|qu|rh|s[chklmnpqrtvwyzj]|t[hrswzcjy]|v[lry]|w[hrl]|x[y]|z[hlwby])[b-df-hj-np-tv-xz]{2}[a-z]"
)
# What a term ends in that a dictionary may lack.
_TERM = regex.compile(
    r"(?:ings?|tions?|ments?|ably|ously|ness|able|[it]y?[sz]ed|ated|ologi\w*|ology|scop\w{1,3}|itis|osis|oses|a?emia|ectomy|otomy|ostomy|path(?:y|ic)|plasty|graph\w{0,3}|met(?:er|re|ry|ric)s?|genic|genesis|ly[st]i[sc]|uria|algia|trophy|penia|phil\w{1,2}|"
    r"mycin|cillin|azole|sartan|statin|olol|pril|mab|nib|vir|pine|zine|mine|dine|oxide|ase|cytes?)$",
    regex.REVERSE,
)
# What is numbered: "room12", "covid19".
_COUNTED = frozenset(
    """covid sars bed room ward day week wk phase grade stage type level step vol item page line col row unit lot bay gate floor case test group arm site visit cycle dose route table fig box form code part
    team zone area sector block class year month task job node disk file host port core build patch sprint ver version release model series size chapter section note rule item slot pin tab""".split()
)

# Given names of three letters that a dictionary knows as something else, too.
_SHORT_NAMES = frozenset(
    "wei hui rui bai bae jun min hye xin yan lei jie hao yue fei kai jin sun soo dae duc anh hoa lan bao vinh ade ola uma".split()
)


def find_stray(
    text: str, clock: Clock, words: frozenset[str], knows: Callable[[str], bool] | None
) -> list[Login]:
    """What `find_logins` finds without a slot; its arguments. Raises TimeoutError."""
    found = _by_themselves(text, clock, words)
    if words:
        found += [
            (*match.span("x"), 0.4, "whose machine")
            for match in matches(_MACHINE_OF, text, clock)
            if is_no_word(match["x"], words)
        ]
        found += _underscored(text, clock, words)
        named = _of_names(text, clock, words)
        if named and occurs(_OF_ACCOUNTS, text):
            found += named
        if knows is not None:
            found += _strange(text, clock, words, knows)
    return found


def _by_themselves(text: str, clock: Clock, words: frozenset[str]) -> list[Login]:
    """A name with letters or digits that keep it from others of that name."""
    found: list[Login] = []
    for match in matches(_BY_ITSELF, text, clock):
        name = match["name"]
        known = (
            name in surnames()
            or name in given_names()
            or name[:-1] in surnames()
            or is_of_a_name(name)
            or (words and _are_names(match.group(), text, words))
        )
        if known or (
            words
            and len(match["digits"] or "") >= 2
            and is_no_word(match.group(), words)
            and is_no_word(name, words)
        ):
            found.append((*match.span(), 0.45, "by itself"))
    return found


def _are_names(login: str, text: str, words: frozenset[str]) -> bool:
    """Whether two parts are a given name and no word, or no words where accounts are spoken of and nothing looks like code."""
    first, _, last = login.replace("_", ".").partition(".")
    return (
        is_no_word(last, words)
        and first not in words
        and (
            first in given_names()
            or (is_no_word(first, words) and occurs(_OF_ACCOUNTS, text) and not _CODE_MARK.search(text))
        )
    )


def _underscored(text: str, clock: Clock, words: frozenset[str]) -> list[Login]:
    """Two parts with "_" between, where somebody is spoken of or nothing looks like code."""
    found = [match.span("x") for match in matches(_UNDERSCORED, text, clock) if is_no_word(match["x"], words)]
    if not found:
        return []
    if HOST.search(text) is None and not speaks_of_somebody(text):
        if _CODE_MARK.search(text) is not None:
            return []
        found = [
            (start, end)
            for start, end in found
            if _CUT.fullmatch(text, start, end)
            or all(
                is_no_word(part, words) or part in surnames() or part in given_names()
                for part in text[start:end].split("_")
            )
        ]
    return [(start, end, 0.4, "underscored") for start, end in found]


def _of_names(text: str, clock: Clock, words: frozenset[str]) -> list[Login]:
    """Names run together, or with a digit behind them."""
    found: list[Login] = []
    for match in matches(_OF_A_NAME, text, clock):
        name = match["x"].rstrip("0123456789")
        if name in words:
            continue
        # "small" is a word, and no initial before "Mall".
        bare = name == match["x"] and (name in surnames() or name in given_names())
        if (
            not bare
            and is_no_word(name, words)
            and (is_of_a_name(name) or name != match["x"])
            and not is_behind_article(text, match.start())
        ):
            found.append((*match.span("x"), 0.4, "of a name"))
    return found


def is_behind_article(text: str, start: int) -> bool:
    """What is "the" or "a" something is no login."""
    return _ARTICLE.search(text, max(0, start - _ARTICLE_CHARS), start) is not None


def _strange(text: str, clock: Clock, words: frozenset[str], knows: Callable[[str], bool]) -> list[Login]:
    """Words that no dictionary has: of the form of a name, or where accounts are spoken of."""
    told: bool | None = None
    of_somebody = False
    found = []
    for match in matches(_STRANGE, text, clock):
        login, name = match["x"], match["name"]
        if login in words or knows(login) or not (login.startswith("the_") or is_no_word(login, words)):
            continue
        if name is not None:
            if (
                name in _COUNTED
                or name in EVERYBODY
                or (len(name) == 3 and knows(name) and name not in given_names() and name not in _SHORT_NAMES)
            ):
                continue
        elif "_" in login:
            parts = regex.split(r"[_0-9]+", login)
            if parts[0] != "the" and all(
                knows(part) and part not in given_names() and part not in surnames() for part in parts
            ):
                continue
        elif not (named := is_of_a_name(login)) and (is_misspelt(login, words) or is_compound(login, words)):
            continue
        elif named or (len(login) > 4 and _NO_ONSET.match(login)):
            found.append((*match.span("x"), 0.4, "strange word"))
            continue
        elif _TERM.search(login):
            continue
        if login.startswith("the_") and login not in EVERYBODY and login[4:] not in words:
            # Whoever calls himself so; what is no name behind the article has a blank before it.
            found.append((*match.span("x"), 0.4, "strange word"))
            continue
        if told is None:
            told = occurs(_OF_ACCOUNTS, text)
            of_somebody = told or (_CODE_MARK.search(text) is None and speaks_of_somebody(text))
        if told or (of_somebody and "_" not in login):
            found.append((*match.span("x"), 0.4, "strange word"))
    return found
