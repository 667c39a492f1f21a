"""Finds organisations by the form of company that ends their name and by the words beside it.

Covered: names before "Inc", "GmbH", "Hospital" and the like; names after "works at", "employer:" and the like. Not covered: others, left to spaCy.
"""

from __future__ import annotations

import regex

from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches_of
from privacy.records import Span

_SUFFIX = regex.compile(
    r"(?<!\w)(?:\d{1,3}|\p{Lu}[\w&'’.-]{0,30})(?:,?\s(?:\p{Lu}[\w&'’.-]{0,30}|&|and|of|de)){0,4},?\s(?:Inc|Ltd|LLC|LLP|PLC|Plc|Corp|"
    r"Corporation|Limited|GmbH|AG|SA|S\.A|SpA|S\.p\.A|BV|B\.V|NV|Oy|AB|ApS|A/S|KG|Co|Company|Group|Holdings|Bank|University|"
    r"Hospital|Foundation|Institute|Associates|Partners|Consulting|Systems|Solutions|Technologies|Industries|Services)\b\.?"
)
# In any case, and only before a form that is no other word: the one or two words there are its name.
_TRADE = regex.compile(
    r"(?<!\w)(?:The[ ])?\p{Lu}[\w&'’.-]{1,30}(?:[ ](?:\p{Lu}[\w&'’.-]{0,30}|&|and|of)){0,3}[ ](?:Bakery|Pharmacy|Garage|Motors|Logistics|Foods|Dental|Clinic|Inn|Tavern|Lodge|Pub|Hotel|Credit Union|College|Academy|"
    r"Church|Brothers|Bros|Sons|Airlines|Airways|Realty|Ventures|Labs|Laboratories|Builders|Construction|Plumbing|Roofing|Movers|Brewery|Vineyards|Orchards|"
    r"Farms|Diner|Deli|Florists?|Opticians|Veterinary|Law|Attorneys|Chambers|Stables|Salon|Barbers?|Cleaners|Catering|Elementary|High School|School|Kindergarten|Nursery|Hospice|Surgery|Dairy|Cannery|Quarry|Mills?|Press|Insurance|Timber|Ceramics|Freight|Rail|Steel|Shipping|Studios?)(?!\w)"
)
_FORM = regex.compile(
    r"(?<![\w&.-])(?:[\p{L}\d][\p{L}\d&'’.-]{1,30}[ ]){1,2}(?:inc|llc|llp|ltd|gmbh|plc|corp|pvt|pty|s\.a\.s|s\.r\.l)(?![\w-])\.?",
    regex.IGNORECASE,
)
_NAME = r"(?P<x>(?:\p{Lu}|\d{1,3}(?=\p{Lu}))[\p{L}\d&'’.-]*+(?:[ ](?:(?:of|and|the|for|&)[ ])?(?:\p{Lu}|\d)[\p{L}\d&'’.-]*+){0,4})"
_NAME_ANY_CASE = r"(?P<x>[\p{L}\d][\p{L}\d&'’.-]*+(?:[ ][\p{L}\d&][\p{L}\d&'’.-]*+){0,3}?)"
# Whether the form is a trade.
_FORMS = Group(((_SUFFIX, False), (_FORM, False), (_TRADE, True)))
# Words beside which only an organisation stands.
_CUES = Group(
    (regex.compile(cue.replace("NAME", _NAME).replace("ANY", _NAME_ANY_CASE)), None)
    for cue in (
        r"(?<!\w)(?i:work(?:s|ed|ing)?|employed|employment|job|intern(?:s|ed|ship)?|position|hired|interview(?:ed)?|shifts?|career|years?)[ ]"
        r"(?:(?i:at|for|by|with)|@)[ ](?i:the[ ])?NAME",
        r"(?<!\w)(?i:employee|member|customer|client|manager|director|founder|owner|president|head|ceo|cfo|cto|chairman|partner|representative|shareholder)[ ]"
        r"(?i:of|at)[ ](?i:the[ ])?NAME",
        r"(?<![^\W_])(?i:employer|company|organi[sz]ation|firm|business|workplace|place of work|bank|payer|payor|insurer|carrier|school|group name)(?:[ _](?i:name|is|was|called|named)|[\"']?[ ]?[:=|]){1,2}[ ]{0,4}[\"']?NAME",
        r"(?<!\w)(?i:the)[ ]ANY[ ](?:office|offices|headquarters|branch)[ ](?:is|was|are|in|at|on)(?!\w)",
        r"(?<!\w)(?i:address|offices?|headquarters|branch)[ ]of[ ](?i:the[ ])?NAME[ ](?:is|was)(?!\w)",
        r"(?<!\w)NAME[ ](?:is|was)[ ](?:the[ ]brainchild|a[ ](?:company|startup|start-up|firm|bank|charity|non-?profit|subsidiary|501))(?!\w)",
        r"(?<!\w)(?:[Tt]hank(?:s| you) for (?:calling|contacting|choosing)|[Ww]e at|[Hh]ere at|[Cc]alling from|[Oo]n behalf of)[ ](?i:the[ ])?NAME",
        r"(?<!\w)(?P<x>(?:Banque|Banco|Banca|Sparkasse|Volksbank|Crédit|Caisse|Kantonalbank|Stadtwerke|Universität|Université|Università|Universidad(?:[ ]d[eiu]l?)?)[ ]\p{Lu}[\p{L}-]+)",
        r"(?<!\w)(?i:boss|colleagues?|co-?workers?|supervisor|foreman|premises|depot|warehouse|factory|canteen|payroll|hr|human resources|apprenticeship|placement|laid off|let go|fired|redundant|dismissed|retired|resigned|suspended)[ ]"
        r"(?i:at|of|from|by)[ ](?i:the[ ])?NAME",
        r"(?<!\w)(?i:founder|co-founder|acquired|acquisition)[ ](?:of|by)[ ]NAME",
    )
)


def find_organizations(text: str, clock: Clock) -> list[Span]:
    """Spans of organisations. Raises TimeoutError."""
    clock.left_s()
    spans = []
    for trade, match in matches_of(_FORMS, text, clock):
        first, _, rest = match.group().partition(" ")
        # "from Acme Ltd": the word before is part of the name if it is written like one.
        apart = (first.casefold() in NOT_NAMES and not trade) or (first.islower() and not rest.islower())
        start = match.start() + (len(first) + 1 if apart and " " in rest else 0)
        spans.append(Span(start, match.end(), "ORGANIZATION", 0.5, "company form"))
    return spans + [
        Span(match.start("x"), match.end("x"), "ORGANIZATION", 0.4, "organisation by its words")
        for _, match in matches_of(_CUES, text, clock)
        if match["x"].split()[0].casefold() not in NOT_NAMES
    ]
