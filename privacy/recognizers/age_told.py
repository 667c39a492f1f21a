"""Patterns of ages that no word for years or age announces: answers, "she is 72 and", "by 50 he had", "the eldest is 17".

Covered: a number after a pronoun's verb, before a pronoun, after a question, after a word for a child's rank. Not covered: a
number that counts, measures or times something, which its next word tells.
"""

from __future__ import annotations

import regex

_ANY = r"(?P<x>1[01][0-9]|[1-9]?[0-9])"
# Nobody says "by 9 he had" of an age so often as of a clock's time.
_GROWN = r"(?P<x>1[01][0-9]|1[3-9]|[2-9][0-9])"
_NOT_COUNTED = (
    r"(?![\w%°$€£]|[.,:/-][0-9]|[ ]?(?:[x×/+%°]|[-–][ ]?[0-9])|[ -]?(?:percent|degrees?|points?|miles?|km|kilomet\w+|met(?:er|re)s?|feet|foot|ft|inch\w*|cm|mm|m|lbs?|pounds?|kilos?|kg|mg|mcg|g|ml|l|mmhg|mmol|bpm|words?|pages?|people|"
    r"persons|patients|of|out|to|cars?|times|runs?|goals|votes|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|wks?|months?|dollars?|euros?|cents|usd|eur|per|mph|kph|calls|cases|copies|units?|items|beds|rooms|seats|pieces|over|above|below|under|"
    r"stone|st|am|pm|o'?clock|hz|k|hundred|thousand|million|pack\w*|cig\w*|drinks|beers|years? (?:ago|later|after|before|in|with|at|of (?!age)|service|together)|more|less|gest\w*|metres|in a|on (?:ra|room air|the)|litres?|liters?|steps|degrees|rows?|tickets|others?|other|different|new)(?!\w))"
)
_ADVERB = r"(?:(?:just|only|now|about|around|roughly|maybe|nearly|almost|already|still|barely|not yet|not|actually|currently|approximately|approx\.?|probably)[ ]){0,2}"
_ENDS = r"(?=[,;!?)\"']|\.(?!\d)|[ ]\p{L}|\s*$)"
# "is" and "im" are no pronouns: what is 5 may be an index.
_IS = r"(?:s?he['’]?s|i['’]m|(?:s?he|i)[ ](?:is|was|am|will be|would be|would have been|has just turned|turns?|turned))"
_RANK = r"(?:(?:my|our|her|his|their|the)[ ])?(?:eldest|oldest|youngest|middle(?: one| child)?|younger(?: one)?|older(?: one)?|other one|big one|little one|first ?born|last ?born)"

_BIRTHDAY = r"(?<!\w)(?:b(?:irth)?-?days?|hbd|many happy returns|congrat\w*)(?!\w)[^.\n\d]{0,40}[ ,!(]"

TOLD: tuple[regex.Pattern[str], ...] = tuple(
    regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE)
    for pattern in (
        rf"(?<![\w'’]){_IS}[ ]{_ADVERB}{_ANY}{_NOT_COUNTED}{_ENDS}(?![ ](?:and|or)[ ]\d)",
        # Whoever is spoken to: a card, a letter; a rule that is for all says "if".
        rf"{_BIRTHDAY}{_GROWN}{_NOT_COUNTED}(?=[!,;)]|[ ](?:and|today|years?|yrs?|already|still|now|but)(?!\w)|\s*$)",
        rf"(?<!\w)(?:when|now|now that|because|since|by the time|although|though|until|before)[ ]you(?:['’]?re|[ ]are|[ ]were|[ ]turn(?:ed)?)[ ]{_ADVERB}{_GROWN}{_NOT_COUNTED}(?![ ]and[ ](?:over|older|above|under|you)(?!\w)){_ENDS}",
        rf"(?<!\w){_RANK}(?:['’]s|[ ](?:is|was|turns?|turned)|,|[ ]\(|:)?[ ]?{_ADVERB}{_ANY}{_NOT_COUNTED}",
        # An answer: "How old are you, love?" "56."
        rf"(?<!\w)(?:how old|what age|your age|his age|her age|(?:and|patient) age|age|dob or age)(?!\w)[^.!?\d\n]{{0,40}}\?[\s\"'”’)-]{{0,4}}(?:\w{{1,12}}:\s)?[\"'“]?(?:(?:i['’]?m|s?he['’]?s|it['’]?s|just|about|um|uh|er|oh|well|yes|sure|ok),?[ ]){{0,3}}{_ANY}{_NOT_COUNTED}",
        # Up to or from when: "by 50 he had", "from 5 onwards she".
        rf"(?<!\w)(?:by|since|until|till|past|at|before|after)[ ]{_GROWN},?(?=[ ](?:s?he|they|i|my|his|her)(?!\w))",
        rf"(?<!\w)from[ ]{_ANY}[ ](?:onwards?|on|upwards?),?(?=[ ](?:s?he|they|i|my|his|her)(?!\w))",
        r"(?<!\w)(?:been|was|were|is|became|went|gone)[ ](?:blind|deaf|disabled|epileptic|diabetic|asthmatic|smoking|drinking|working|housebound|bedbound|on (?:insulin|dialysis|medication)|in care|alone|ill|unwell|an orphan|orphaned|widowed|a smoker|a widow(?:er)?)[ ](?:from|since|at)[ ]"
        rf"{_ANY}{_NOT_COUNTED}{_ENDS}",
        rf"(?<!\w)(?:had|got|gave birth to)[ ](?:her|his|their|my)[ ](?:first|second|third|last|only|youngest|eldest)(?:[ ](?:child|baby|one|stroke|seizure|heart attack|period))?[ ]at[ ]{_ANY}{_NOT_COUNTED}",
        rf"(?<!\w)still[ ](?:\p{{L}}{{2,12}}[ ]){{1,5}}at[ ]{_GROWN}(?=[,;.)!?](?!\d)|\s*$)",
        rf"(?<!\w)(?:est(?:imated)?\.?|apparent|app\.?|presumed|stated|unknown,)(?: age)?:?[ ]{_GROWN}{_NOT_COUNTED}(?=\s*$|[.,;)](?!\d))",
        rf"(?<!\w)(?:gone|going on|coming up (?:to|for)|rising|pushing|nudging)[ ]{_ADVERB}{_GROWN}{_NOT_COUNTED}{_ENDS}",
        rf"(?<!\w)(?:minors?|juveniles?|youths?|youngsters?|lads?|lass(?:es)?|schoolboys?|schoolgirls?|teens?|twins|triplets|toddlers?|tots?|newcomer|complainant|respondent|petitioner|ward|beneficiary|annuitant|pensioner|insured|testator|testatrix|donor|recipient|proband|detainee|inmate|prisoner|cyclist|pedestrian|motorist|rider|walker|swimmer|climber|hiker)"
        rf"(?:,[ ]|[ ]\(|[ ]of[ ]|[ ]aged?[ ]){_ADVERB}{_ANY}{_NOT_COUNTED}(?=[,;.)]|[ ](?:and|who|with|from|was|is|has|need|needs)(?!\w))",
        rf"(?<!\w)(?:kids|children|boys|girls|sons|daughters|siblings|grandchildren|minors)[ ](?:are[ ]|aged[ ])?{_ANY}[ ,/&]{{1,3}}(?:and[ ])?{_ANY}(?:[ ,/&]{{1,3}}(?:and[ ])?{_ANY})?{_NOT_COUNTED}",
        rf"(?<!\w)age[ ](?:last|next|nearest)[ ]birthday(?:[ ](?:was|is))?[ :=-]{{1,3}}{_ANY}{_NOT_COUNTED}",
        rf"(?<!\w)age[ ]of[ ](?:the|my|our|her|his|your)[ ](?!(?:car|vehicle|house|home|building|roof|device|machine|battery|boiler|dog|cat|tree|equipment|system)(?!\w))\p{{L}}{{3,14}}(?:[ ](?:is|was)|:)?[ ]{_ANY}{_NOT_COUNTED}",
        rf"(?<!\w)(?:dead|gone|died|widowed|orphaned|retired|married|divorced|blind|deaf|sober|pregnant|bald|grey|menopausal)[ ](?:by|at|before|since|from)[ ]{_GROWN}{_NOT_COUNTED}{_ENDS}",
        rf"(?:^|(?<=[.;,(][ ])){_GROWN}[ ]now(?=[,;.)]|\s*$)|(?<!\w)(?:was|were)[ ]{_ANY}[ ](?:then|back then|at that time)(?!\w)",
        rf"(?<![\w.,$€£/:-]){_GROWN}(?:[ -]?(?:y/?o|y\.o\.|years?[ -]old))?,?[ ](?:white|black|hispanic|asian|african[ -]american|caucasian|latin[oa]|indigenous|arab),?[ /](?:(?:fe)?male|(?:wo)?m[ae]n|lady|gentleman|boy|girl|[MF])(?!\w)",
        r"(?<!\w)(?:had|has|have|celebrat\w{1,3}|marked|reached|for|on|before|after|since|until|past)[ ](?:just[ ])?(?:his|her|their|my|our|your)[ ](?P<x>[1-9][0-9](?:st|nd|rd|th))(?=[.,;!?]|\s*$|[ ](?:in|this|last|next|with|and|but)(?!\w))",
        rf"(?<!\w)age[ ](?:at|on|by|as of)[ ](?:(?:last|next|nearest|first|time|of|the|this|his|her)[ ]){{0,3}}\p{{L}}{{3,14}}(?:[ ](?:was|is))?[ :=-]{{1,3}}{_ANY}{_NOT_COUNTED}",
        rf"(?<!\w)(?:retired|former|widowed|married|single|divorced|working|independent|frail|elderly|fit|healthy|pleasant|young|self-employed|unemployed)[ ](?:\p{{L}}{{3,14}}[ ]){{1,2}}of[ ]{_GROWN}{_NOT_COUNTED}",
        rf"(?:^|(?<=[.;:][ ])){_GROWN}(?=,?[ ](?:(?:and[ ])?(?:never|still|lives|living|otherwise|independent|healthy|fit|well|retired|married|single|widowed)(?!\w)|never smoked|lives alone|lives with|living alone)(?!\w))",
        rf"(?<!\w)(?:bad|good|great|fit|spry|sharp|strong|healthy|agile|mobile|active|well|small|tall)[ ]for[ ]{_GROWN}{_NOT_COUNTED}(?=[,;)!?]|\.(?!\d)|\s*$)",
        rf"(?<!\w)(?:is|was|turns)[ ][0-9]{{1,2}}(?:,|,?[ ]and)[ ](?:my|his|her|our|their)[ ]\p{{L}}{{2,12}}[ ]{_ANY}{_NOT_COUNTED}{_ENDS}",
        rf"(?<!\w)(?:oldest|eldest|youngest)[ ](?:\p{{L}}{{1,12}}[ ]){{0,5}}\p{{L}}{{1,12}}(?::|,|[ ](?:is|was|at|aged?))[ ]{_ANY}{_NOT_COUNTED}(?=[,;)]|\.(?!\d)|\s*$|[ ](?:and|with|who)(?!\w))",
        rf"(?<!\w)being[ ]{_GROWN},?(?=[ ](?:i|s?he|they|we|you)(?!\w))",
        rf"(?<!\w)(?:and|but|who)[ ](?:is|was|will[ ]be)[ ](?:now|just|only|nearly|almost|already|still)[ ]{_GROWN}{_NOT_COUNTED}{_ENDS}",
        rf"(?:(?<=[,;(][ ]?)|^)now[ ]{_ADVERB}{_ANY}(?=[,;)]|\.(?!\d)|\s*$|[ ](?:and|with|who|years?)(?!\w))",
    )
)

# Said of nobody but a person: at which age kin died, when what happens once in a life did, what opens a note, the first of several of a sort, what an obstetrician writes before an age.
SAID_OF_PERSONS: tuple[regex.Pattern[str], ...] = tuple(
    regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE)
    for pattern in (
        rf"(?<!\w)(?:look|seem|appear|act|feel)(?:s|ed|ing)?[ ](?:\p{{L}}{{2,6}}[ ])?(?:younger|older)[ ]than[ ]{_GROWN}{_NOT_COUNTED}{_ENDS}",
        rf"(?<!\w)(?:victim|patient|driver|passenger|child|suspect|sibling|twin|occupant|casualty|kid)[ ](?:one|two|three|four|[1-4]|[ABCD])(?:,|:|[ ](?:is|was|aged?))?[ ]{_ANY}{_NOT_COUNTED}(?=[,;)]|\.(?!\d)|\s*$|[ ](?:and|is|was|with|[mf])(?!\w))",
        rf"(?<!\w)G[0-9]{{1,2}}[ ]?P[0-9]{{1,4}}(?:[ ]?\+[0-9])?,?[ ](?:at[ ]|aged?[ ])?{_GROWN}{_NOT_COUNTED}(?=[,;)]|\.(?!\d)|\s*$)",
        rf"(?<!\w)(?:mother|father|mum|mom|dad|sister|brother|sib|son|daughter|aunt|uncle|gran\w{{0,8}}|[mp]g[mf]|cousin|twin|wife|husband|widow)[ ](?:d\.?|dec['’]?d\.?|deceased|dead|died|passed|alive|living|a&w|dx['’]?d?|diagnosed)(?:[ ](?:at|aged?|@))?[ ]{_GROWN}{_NOT_COUNTED}",
        rf"(?<!\w)(?:menarche|menopause|coitarche|thelarche|aoo|fmp|first (?:pregnancy|delivery|intercourse))(?::|[ ](?:at|aged?|@|=))?[ ]{_ANY}{_NOT_COUNTED}",
        rf"(?<!\w)(?:hpi|hx|cc|sw|consult|referral|intake|triage|hospice|admit|background|situation|id|one-?liner)[ ]?:[ ]{_GROWN}(?=,[ ]\p{{L}}|[ ]?y(?:rs?|o)?(?!\w)|[ ][mf](?!\w))",
        rf"(?<![\w.,$€£/:-]){_GROWN}[ ]?y(?:rs?|ears?)?,?[ ](?=[0-9.]{{2,5}}[ ]?(?:kg|lbs?|cm)(?!\w)|bmi(?!\w))",
    )
)
