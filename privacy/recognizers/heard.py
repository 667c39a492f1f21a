"""Finds what a transcript writes as it was heard: streets and towns in lower case, house numbers in words, postcodes letter by letter.

Covered: English words for streets behind a number, flats, house numbers without a street, larger towns of the world where somebody is spoken of, British and Canadian postcodes. Not covered:
smaller towns, which no list could tell from words; numbers under thirteen in words without a word for a place before, which are counts as often as houses.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.rule import Clock, Rule, grouped, matches, one_of, run_rules
from privacy.recognizers.rule import words as words_of
from privacy.recognizers.topics import FIRST_PERSON, SOMEBODY, WORD
from privacy.records import Span

_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_WORDS = (
    rf"(?:(?:a|one|two)[ ]hundred(?:[ ]and)?[ ](?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]{_UNIT})?|{_UNIT})"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]{_UNIT})?|(?:thir|four|fif|six|seven|eigh|nine)teen)"
)
# What is counted or measured, and what kind of road it is, is no street's name.
_NAME = (
    r"(?!(?:minutes?|min|miles?|mile|hours?|days?|weeks?|years?|seconds?|metres?|meters?|km|feet|foot|yards?|lanes?|lane|way|percent|cars?|point|step|steps|more|other|different|of|in|on|at|the|a|per|and|or|new|busy|main)(?![\p{L}]))"
    r"[\p{Ll}][\p{Ll}'’-]{2,20}"
)
_ROAD = r"(?:street|road|lane|avenue|gardens|terrace|crescent|grove|mews|boulevard|st|rd|ave|ln)"
_MAYBE_ROAD = r"(?:close|drive|court|place|square|way|walk|row|hill|rise|view|park|green|gate)"
_AT = r"(?<=(?<!\p{L})(?:at|to|from|is|it's|its|address|of|on|live|lives|living|outside|near|by|called|street|address,|road|caller)[ ])"
_SMALL = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
# "nine three six", "five thirty four", "twelve b".
_HOUSE = rf"(?:{_UNIT}[ ](?:{_UNIT}|oh|zero)[ ](?:{_UNIT}|oh|zero)|{_UNIT}[ ](?:hundred[ ](?:and[ ])?)?{_WORDS}|{_WORDS}|\d{{1,4}})(?:[ ]?[a-d])?"
_FLAT = rf"(?:(?:flat|apartment|apt|unit|number)[ ](?:{_WORDS}|{_SMALL}|\d{{1,4}}[a-d]?|[a-h])[, ]{{1,2}})"
_ANY_HOUSE = rf"(?:{_HOUSE}|{_SMALL}(?:[ ][a-d])?)"
_STREET = regex.compile(
    rf"(?<![\w.,/$€£-]){_FLAT}?{_HOUSE}[ ]{_NAME}(?:[ ]{_NAME})?[ ]{_ROAD}(?![\w-])"
    rf"|(?<![\w.,/$€£-]){_HOUSE}(?<=\p{{L}})[ ]{_NAME}[ ]{_MAYBE_ROAD}(?![\w-])"
    rf"|(?<![\w.,/$€£-])(?:{_FLAT}{_ANY_HOUSE}?|{_FLAT}|{_AT}{_ANY_HOUSE})[ ]?{_NAME}(?:[ ]{_NAME})?[ ](?:{_ROAD}|{_MAYBE_ROAD})(?![\w-])"
)
_NO_STREET = r"(?!(?:the|a|an|this|that|my|your|his|her|our|their|each|every|any|same|other|next|main|side|back|busy|wrong|right|left|fast|slow|middle|one|cross|across|off|on|in|to|and|or|of|bus|cycle|bike|dirt|toll|ring|slip|service|access|country|private|public|memory|through|quiet|dead-end|new|old|long|hard|wall|sesame|downing)[ ])"
_STREET_ALONE = regex.compile(
    rf"(?<=(?<!\w)(?:on|in|along|off|down|outside|opposite|corner of|junction of|junction with|end of|top of|bottom of|into|onto|from|at|near|to|and)[ ]){_NO_STREET}{_NAME}(?:[ ]{_NO_STREET}{_NAME})?[ ](?:{_ROAD}|(?<=outside[ ][\p{{Ll}}'’ -]{{3,40}}){_MAYBE_ROAD})(?![\w-])"
)
_HOUSE_NUMBER = regex.compile(
    rf"(?<!\w)(?:at|from|opposite|outside|live[sd]?|living|house(?:['’]s|[ ]is|[ ]was)?|next door,?(?:[ ]at)?)[ ](?:house[ ])?(?:number|no\.?)[ ]?(?P<x>{_WORDS}|{_SMALL}|\d{{1,4}}[a-d]?)(?![\w%]|[.,:/-]\d|[ ](?:in|on|of)[ ](?:the|a|this|his|her|our|their|all)[ ]|[ ](?:hits?|seed|ranked|spot))",
    regex.IGNORECASE,
)
_NO = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|\d)"
_POSTCODE = regex.compile(
    rf"(?<![\w'’])(?:[A-Za-z][ ]){{1,2}}{_NO}[ ](?:{_NO}[ ]|[A-Za-z][ ])?{_NO}[ ][A-Za-z][ ][A-Za-z](?![\w'’])"
    rf"|(?<![\w'’])[A-Za-z][ ]{_NO}[ ][A-Za-z][ ]{_NO}[ ][A-Za-z][ ]{_NO}(?![\w'’])"
)
_RULES = grouped(
    Rule("street heard", "ADDRESS", _STREET, 0.5, needs_digit=False),
    # By these names both are weak: things stand in streets too.
    Rule("street", "ADDRESS", _STREET_ALONE, 0.4, needs_digit=False),
    Rule("street", "ADDRESS", _HOUSE_NUMBER, 0.4, needs_digit=False),
    Rule("postcode heard", "POSTCODE", _POSTCODE, 0.6, needs_digit=False),
)
_TOWNS = """aberdeen accra adelaide albuquerque algiers amsterdam anchorage ankara antwerp athens atlanta auckland baghdad baltimore bangalore bangkok barcelona basel beijing beirut belfast belgrade berlin bern bilbao birmingham
    bogota bogotá bologna bordeaux boston bradford bratislava bremen brighton brisbane bristol brooklyn brussels bucharest budapest calgary cambridge canberra cardiff casablanca chennai chicago cincinnati cleveland cologne copenhagen coventry
    croydon dakar damascus delhi denver detroit dhaka dortmund dresden dublin dubai dundee durban düsseldorf edinburgh edmonton exeter frankfurt fresno galway gdansk geneva genoa ghent glasgow gothenburg grenoble guadalajara guangzhou
    hamburg hannover hanoi harare havana helsinki houston huddersfield hyderabad ibadan indianapolis islamabad istanbul jakarta jeddah johannesburg kabul kampala kansas karachi kathmandu khartoum kiev kyiv kinshasa kolkata krakow kyoto
    lahore leeds leicester leipzig lisbon liverpool ljubljana london lyon madrid malmö manchester manila marseille medellín melbourne memphis mexico miami middlesbrough milan milwaukee minneapolis minsk mombasa montevideo montreal moscow
    mumbai munich nagoya nairobi nantes naples nashville newcastle norwich nottingham nuremberg oakland odessa osaka oslo ottawa oxford palermo paris perth philadelphia pittsburgh plymouth porto portsmouth prague preston pretoria quito
    rabat reykjavik riga riyadh rome rotterdam rouen sacramento salford salzburg santiago sarajevo seattle seoul seville shanghai sheffield shenzhen singapore sofia southampton stockholm strasbourg stuttgart sunderland swansea taipei tallinn
    tampere tashkent tbilisi tehran thessaloniki tijuana tirana tokyo toronto toulouse trondheim tucson tulsa turin utrecht valencia vancouver venice vienna vilnius warsaw wellington winnipeg wolverhampton worcester wrexham yerevan yokohama
    zagreb zaragoza zurich zürich"""
TOWNS = frozenset(_TOWNS.split())
_TOWN = regex.compile(
    rf"(?<![\w@.'’/\\-])(?:{one_of(sorted(_TOWNS.split()))}|new york|los angeles|san francisco|san diego|san antonio|san jose|las vegas|new orleans|salt lake city|kansas city|fort worth|cape town|hong kong|tel aviv|buenos aires|rio de janeiro|são paulo|sao paulo|"
    r"mexico city|kuala lumpur|ho chi minh city|new delhi|st louis|stoke-on-trent|milton keynes)(?![\w@'’/\\]|-\w|\.\w)"
)


# Behind a street, at the end of what is said.
_TOWN_AFTER = regex.compile(
    r",?[ ](?:in[ ])?(?P<x>(?P<first>\p{Ll}[\p{Ll}'’-]{3,20})(?:[ ][\p{Ll}'’-]{3,20})?)(?=[ ]*(?:$|[,.?])|[ ](?:and|postcode|post|zip|that's|it's|the)(?!\w)|[ ]\p{L}{1,2}(?:\d|[ ]))",
    regex.MULTILINE,
)
# What ends the name of a body, of which the word before is none of the language's.
_BODY = regex.compile(
    r"(?<![\w'’-])(?P<x>(?P<name>\p{Ll}[\p{Ll}'’-]{2,24}(?:[ ](?!(?:and|at|the|in|of|from|to|a|an|is|on|my|by|for|with|was|our|her|his)[ ])[\p{Ll}&'’-]{1,24}){0,2}?)[ ](?:(?:community |sixth form )?college|housing association|(?:memorial |general |community |children's )?hospital|(?:primary |high |secondary |grammar )school|"
    r"credit union|(?:savings )?bank|dental(?: group| practice)?|logistics|software|consulting|systems|steel(?: corporation)?|roofing|family law|solicitors|bakery|care home|nursing home|surgery|pharmacy|garage|insurance|foundation)(?:[ ](?:llp|llc|ltd|inc|plc|group|corporation))?)(?![\w'’-])"
)
_SPELLING = words_of(
    r"spell\w*", r"(?:sur)?name(?:'s|s)?", r"that['’]?s", r"it['’]?s", r"last", r"first", r"caller", r"as in"
)
_SPELLING_REACH = 60


def find_heard(text: str, clock: Clock, words: frozenset[str]) -> list[Span]:
    """Spans of addresses, towns, postcodes and bodies as a caller said them; of bodies none if `words`, everyday ones, are empty. Raises TimeoutError."""
    spans = run_rules(_RULES, text, clock)
    for match in matches(_BODY, text, clock) if words else ():
        start = match.start("x")
        # Up to the first word that is none of the language's.
        for word in match["name"].split(" "):
            if word.removesuffix("'s") not in words:
                spans.append(Span(start, match.end("x"), "ORGANIZATION", 0.4, "body heard"))
                break
            start += len(word) + 1
    for street in [span for span in spans if span.recognizer == "street heard"] if words else ():
        town = _TOWN_AFTER.match(text, street.end)
        if town and town["first"] not in words and town["first"] not in NOT_NAMES:
            spans.append(Span(town.start("x"), town.end("x"), "LOCATION", 0.45, "town behind a street"))
    towns = list(matches(_TOWN, text, clock))
    if towns and any(
        word.group().casefold() in SOMEBODY or word.group().casefold() in FIRST_PERSON
        for word in WORD.finditer(text)
    ):
        spans += [Span(match.start(), match.end(), "LOCATION", 0.45, "town heard") for match in towns]
    return spans


def find_spelled_names(text: str, spelled: Sequence[str], words: frozenset[str]) -> list[Span]:
    """Each place of a word that was spelled letter by letter behind a word of names, and is no everyday word."""
    spans = []
    for name in {name for name in spelled if name.isalpha() and name.casefold() not in words}:
        places = [match.span() for match in regex.finditer(rf"(?<!\w){name}(?!\w)", text, regex.IGNORECASE)]
        if any(_SPELLING.search(text, max(0, start - _SPELLING_REACH), start) for start, _ in places):
            spans += [Span(start, end, "PERSON", 0.4, "spelled name") for start, end in places]
    return spans
