"""Finds ages of people: "34 years old", "aged 34", "a 92-year-old", "34 yo", "(34F)", "in her nineties".

Covered: English in digits and words, the usual phrases of seven other languages. Not covered: ages of things
("a 3-year-old laptop"), limits ("18 or over", "at least 21 years old"), a number alone.
"""

from __future__ import annotations

import itertools
import re

import regex

from privacy.recognizers.age_told import SAID_OF_PERSONS, TOLD
from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches, matches_of
from privacy.recognizers.spoken import in_digits
from privacy.records import Span

_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety"
_SPOKEN = rf"(?:(?:one|a)[- ]hundred(?:(?:[- ]and)?[- ](?:{_ONES}|{_TEENS}|twenty))?|(?:{_TENS})(?:[- ](?:{_ONES}))?|{_TEENS}|{_ONES})"
_HUNDREDTH = rf"(?:(?:{_TENS})[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)ieth|(?:one[- ])?hundredth|(?:one[- ])?hundred[- ]and[- ](?:first|second|third|fourth|fifth))"
_NUMBER = r"(?:1[0-2][0-9]|[1-9]?[0-9])(?:\s?(?:½|1/2|\.5))?"
_AGE = rf"(?:{_NUMBER}|{_SPOKEN})"
# Things that have an age too.
_THINGS = (
    r"(?:laptop|computer|machine|car|vehicle|truck|house|home|building|apartment|bug|issue|codebase|code|project|company|startup|firm|business|"
    r"system|server|phone|device|tree|wine|whisky|whiskey|scotch|bourbon|cheese|software|library|version|tradition|bottle|battery|bike|bridge|church|castle|"
    r"roof|boiler|printer|router|account|contract|agreement|loan|mortgage|plan|warranty|dog|cat|horse|law|rule|policy|record|ticket|installation|repository|repo|fork|browser|kernel|driver|app|book|film|movie|song|game|paper|study|data|dataset|model|design|industry|practice|feud|war|conflict|civilization|fossil|rock|temple|recipe|infrastructure|furniture|equipment|printer|tv|television|camera|fridge|kit)"
)
_YEARS_OLD = regex.compile(
    rf"(?<![\w.,$€£-])(?P<x>{_AGE}(?:[- ]{{0,2}}(?:and[- ]a[- ]half[- ])?(?:years?|yrs?|yr|months?|mos?|weeks?|wks?|days?)[-. ]{{1,2}}(?:olds?|young|of[- ]age)|[\s-]?(?:y\.?\s?/?o\.?|yos?|y-o|yrs?old|yr?s?/o|m/o)(?:\s?[MFmf](?!\w))?))(?!\w)"
    rf"(?!(?:\s(?:[a-z]+\s)?{_THINGS}s?)(?!\w))",
    regex.IGNORECASE,
)
_AGED = regex.compile(
    rf"(?<!\w)(?:aged?|ages|age is|age was|age of|age at \w{{3,14}}|age ?[:=]|alter ?:?|edad ?:?|età ?:?|turn(?:s|ed|ing)|is turning|(?:his|her|their|my|our|your)\s\w{{2,9}}\sturns)\s?[(:=]?\s?(?:just\s|about\s|only\s|now\s)?(?P<x>{_AGE})(?![\w%]|[.,:/-][0-9]|\s?(?:or (?:over|older|above|under)|and (?:over|older|above|under|up)|\+|months? ago|years? ago|percent|group|%|hours?|minutes?|degrees|pages|times))",
    regex.IGNORECASE,
)
_PERSON_IS = regex.compile(
    rf"(?<!\w)(?:i'?m|i am|he'?s|he is|she'?s|she is|(?:who|patient|pt|son|daughter|mother|father|mom|dad|mum|wife|husband|brother|sister|baby|kid|child|grandmother|grandfather|aunt|uncle|niece|nephew|client)(?:'s| is| was)|he was|she was|i was)\s(?:now\s|only\s|just\s|almost\s|nearly\s|already\s|about to turn\s|still\s)?(?P<x>{_NUMBER}|{_SPOKEN})"
    r"(?=\s?(?:[.;!?)]\s|[.;!?)]?$|,\s(?!\d)|and\s(?:\p{L}{2,}|has|lives|have|live|is|was|works|suffers|i|he|she|a|the|my|in|single|married|retired|recently)\b|now\b|today\b|when\b|with\b(?! (?:votes|points))|but\b|this\s(?:year|month|week)\b|next\s(?:year|month|week)\b|years young))",
    regex.IGNORECASE,
)
_SEXED = regex.compile(
    rf"(?<![\w.,$€£/-])(?P<x>{_NUMBER}\s?(?:/\s?)?[MF])(?=[)\]]|\s(?:with|presents?|presenting|presented|c/o|complain\w*|here|who|patient|pt|admitted|s/p|hx|w/|from|found|brought|status|,)|,\s)"
    rf"|(?<=[(\[])(?P<x>[MF]\s?/?\s?{_NUMBER}|{_NUMBER},?\s?/?\s?[MF])(?=[)\]])|(?<![\w.,$€£/-])(?P<x>[1-9][0-9]?\s?/\s?[MF]|[MF]\s?/\s?(?:1[01][0-9]|[1-9][0-9]))(?!\w)|(?<![\w.,$€£/-])(?P<x>[1-9][0-9]?)(?=[ -](?:year[ -]old|yo|y/o)?\s?(?:male|female)(?!\w))"
)
_AFTER_NAME = regex.compile(
    r"(?<=\p{Lu}[\p{L}'’-]{1,20}\s\p{Lu}[\p{L}'’-]{1,25}(?:,\s|\s\())(?P<x>1[0-2][0-9]|[1-9][0-9])(?=,\s\p{Ll}|\))"
)
# "Ada Berg, 31; Jon Lund, 11."
_IN_LIST = regex.compile(
    r"(?<=\p{Lu}[\p{L}'’-]{1,24},\s)(?P<x>1[01][0-9]|[1-9]?[0-9])(?=;\s(?:\p{Lu}|and\s))|(?<=;\s(?:and\s)?(?:\p{Lu}[\p{L}'’.-]{0,24}\s|\p{Ll}{2,3}\s){0,4}\p{Lu}[\p{L}'’-]{1,24},\s)(?P<x>1[01][0-9]|[1-9]?[0-9])(?=[;.](?!\d)|\s*$)"
)
_KIN = regex.compile(
    rf"(?<!\w)(?:son|daughter|child|kid|baby|boy|girl|wife|husband|mother|father|brother|sister|grandson|granddaughter|twins?|niece|nephew|patient|man|woman|children)(?:,?\s\p{{Lu}}[\p{{L}}'’-]{{1,20}})?(?:,\s|\s\(|\sof\s)(?P<x>{_NUMBER})(?=[,);]|\s(?:who|and|with|from|in|is|was)\b|\.(?:\s|$)|$)"
)
_DECADE = regex.compile(
    r"(?<!\w)in (?:his|her|their|my|your|our) (?:early |mid |late |mid-|very late )?-?(?P<x>(?:[2-9]|10)0'?s|(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)ies)(?!\w)|(?<!\w)(?P<x>(?:octo|nona|sexa|septua)genarians?|centenarians?)(?!\w)",
    regex.IGNORECASE,
)
_BIRTHDAY = regex.compile(
    rf"(?<!\w)(?P<x>(?:1[0-2][0-9]|[1-9][0-9]?)(?:st|nd|rd|th)|{_HUNDREDTH})(?=\s(?:birthday|name ?day|year of (?:life|age)))"
    r"|(?<=(?:his|her|their|my|our|your|'s|’s)\s)(?P<x>(?:9[0-9]|1[01][0-9])(?:st|nd|rd|th))(?=\s(?:year|in|this|next|last|on|with|party|celebration)\b|[.,;!?])",
    regex.IGNORECASE,
)
_FOREIGN = regex.compile(
    rf"(?<!\w)(?P<x>{_NUMBER}(?:[- ]?jährige[rnsm]?|\sJahren?\salt|\sjaar\soud|[- ]jarige|\sår\sgammel|\sår\sgammal|[- ]?letni[aey]?|[- ]?latk\w+))(?!\w)"
    rf"|(?<!\w)(?:âgée?s?\sde|agée?s?\sde|j'ai|il\sa|elle\sa|tengo|tiene|ho|ha|di\setà\sdi|anni:|tenho|tem|com|mam|ma|idade:?)\s(?P<x>{_NUMBER}\s(?:ans|años|anni|anos|lat|lata))(?!\w)|(?<!\w)de\s(?P<x>{_NUMBER}\s(?:años|anos)\sde\s(?:edad|idade))(?!\w)",
    regex.IGNORECASE,
)
_LIMIT_BEFORE = regex.compile(
    r"(?<!\w)(?:at least|at most|over|under|minimum(?: age)?(?: of| is)?|maximum|must be|than|above|below|between|up to|the age of|legal age|(?:average|mean|median|minimum|maximum|retirement|voting|legal|drinking|pension|working|school)[ -]age\w*(?:\sis|\swas|\sof|:)?|age limit(?: of| is)?|minors|anyone|everyone|all|users|persons|people|children|adults|customers|ages?\s[0-9]{1,2} (?:to|and|-))\s{1,2}(?:aged?\s)?$",
    regex.IGNORECASE | regex.REVERSE,
)
_THING_BEFORE = regex.compile(
    rf"(?<!\w){_THINGS}s?(?:'s|\s(?:is|are|was|were|turns?|turned))\s(?:\w+\s)?$",
    regex.IGNORECASE | regex.REVERSE,
)
_LIMIT_AFTER = regex.compile(
    r"\s?(?:\+|or (?:over|older|above|under|younger|more)|and (?:over|older|above|up|under|younger)|plus(?!\w))",
    regex.IGNORECASE,
)
# What people who are not young reach, and few things do: said of somebody, or of nobody in particular.
_OLD = rf"(?P<x>(?:9[0-9]|1[01][0-9]|(?:one|a)[- ]hundred(?:(?:[- ]and)?[- ](?:{_ONES}|{_TEENS}|twenty))?|ninety(?:[- ](?:{_ONES}))?)(?:\s(?:years?|yrs?)(?:[- ]?(?:old|young|of age))?)?)"
# Few texts have one.
_OLD_NUMBER = re.compile(r"9[0-9]|1[01][0-9]|(?i:hundred|ninety)")
_NOT_COUNTED = rf"(?!\w|%|[.,:/-][0-9]|\s?(?:°|%|percent|degrees?|points?|miles?|km|kilomet\w+|met(?:er|re)s?|feet|ft|lbs?|pounds?|kilos?|kg|mg|ml|mmhg|bpm|words?|pages?|people|persons|cars?|times|runs?|goals|votes|hours?|hrs?|minutes?|mins?|seconds?|days|weeks|months|dollars|euros|usd|eur|per|mph|kph|calls|cases|copies|units|items|beds|rooms|seats|pieces|over|on\s(?:the|a|his|her)\s(?:test|exam|quiz|scale)|{_THINGS}s?)(?!\w))"
_LIVED = regex.compile(
    rf"(?<!\w)(?:liv(?:e|ed|es|ing)\s(?:to|until|till|past)(?:\s(?:be|age|see|the\s(?:\w+\s){{0,3}}age\sof))?|made\sit\sto(?:\sage)?|surviv(?:ed|ing)\s(?:to|until)|(?:died|dies|passed(?:\saway)?|deceased|buried|retired|married|widowed|diagnosed|admitted)\s(?:at|aged?)(?:\sage)?|dead\sat|at\s(?:the\s)?(?:\w+\s){{0,3}}age(?:\sof)?)\s"
    rf"(?P<x>{_AGE}(?:\s(?:years?|yrs?)(?:[- ](?:old|of age))?)?){_NOT_COUNTED}",
    regex.IGNORECASE,
)
_NEAR_HUNDRED = regex.compile(
    rf"(?<!\w)(?:s?he|they|who|you|i|we|mother|father|mum|mom|dad|gran\w{{0,8}}|nana|nan|aunt\w{{0,2}}|uncle|widow(?:er)?|wife|husband|sister|brother|lady|gentleman|(?:wo)?m[ae]n|person|patient|pt|resident|client|tenant|customer|member|caller|guest|neighbou?r|victim|deceased|veteran|teacher|subject)"
    rf"(?:['’](?:s|ll be|d be|re|m|ll|d))?(?:,|\s\(|\s(?:\w+\s){{0,3}}?(?:is|was|are|were|be|being|been|turn(?:s|ed|ing)?|hit|hits|hitting|reach(?:es|ed|ing)?|pass(?:es|ed|ing)?|past|push(?:es|ing)|approach(?:es|ing)|near(?:s|ing|ly)|almost|already|of|at|aged?|now|celebrat(?:es|ed|ing)|mark(?:s|ed|ing)|became|becomes|becoming|has))(?:\s(?:a|now|just|only|almost|nearly|already|about|around|over|past|well past|currently|still|age|aged|an?|young))*\s?{_OLD}{_NOT_COUNTED}",
    regex.IGNORECASE,
)
# "At 94, he", "now 97,", "turned 91"; "the 96 y/o".
_OLD_ALONE = regex.compile(
    rf"(?:^|(?<=[.!?;:,\n(–—-]\s{{0,2}}))(?:(?:and\s)?(?:at|now|aged?|nearly|almost|just|only|barely|still)\s(?:age\s)?){_OLD}(?=,|\s(?:years|s?he|i|they|my|his|her|and|with)\b|[.;)]\s|[.;)]?$){_NOT_COUNTED}"
    rf"|(?<!\w)(?:turn(?:s|ed|ing)|aged|age)\s(?:of\s)?{_OLD}{_NOT_COUNTED}|(?<=\()aged?\s{_OLD}(?=\))|(?<![\w.,$€£/-]){_OLD}(?=[- ]?(?:y/?o|yrs?|y\.o\.?)\b)",
    regex.IGNORECASE,
)
_FORM_FIELD = regex.compile(
    r"(?<![a-z0-9])(?:patient\s|client\s|current\s|approx\.?\s|your\s|his\s|her\s)?ages?(?:(?-i:[_A-Z])\w{0,14}[\"']?(?=\s?[:=|^])|(?-i:_at_|At[A-Z])\w{0,14}(?=\s\d)|/sex|[\"']|\sin\syears|\s\((?:years?|yrs?|y|in years|at \w+)\)|\sat\s\w+|\sgroup|\s?\(\w+\))?\s?[:=|^-]?\s{0,3}[\"']?(?P<x>1[01][0-9]|[1-9]?[0-9])(?![\w%]|[.,:/-][0-9]|\s?(?:\+|or (?:over|older|above|under)|and (?:over|older|above|under|up)|months? ago|years? ago|percent|hours?|minutes?|days?\sof))",
    regex.IGNORECASE,
)
# What markup and programs call it: <age unit="a">, <td>Age</td><td>, "patientAge":
_KEY = r"(?:(?:patient|pt|client|member|child|subject|person|user|customer|insured|applicant|mother|maternal|father|paternal|current|donor|driver|employee|resident|owner|victim|suspect|student|guest|caller)[_.-]?)?age(?:[_.-]?(?:in[_.-]?)?(?:years?|yrs?|at[_.-]?\w{2,16}|value|now|today))?"
_IN_MARKUP = regex.compile(
    rf"<(?:\w{{1,12}}:)?{_KEY}(?:\s[^<>\n]{{0,60}})?>\s?(?P<x>{_NUMBER})(?=\s?(?:y(?:ears?|rs?)?\s?)?</)|<{_KEY}\s(?:\w{{1,12}}=[\"'][^\"'<>]{{0,20}}[\"']\s){{0,3}}value=[\"'](?P<x>{_NUMBER})(?=[\"'])"
    rf"|>\s?{_KEY}\s?:?\s?</\w{{1,9}}>\s{{0,4}}<\w{{1,9}}[^<>\n]{{0,40}}>\s?(?P<x>{_NUMBER})(?=\s?<)|[\"']{_KEY}[\"']\s?[:=]\s?[\"']?(?P<x>{_NUMBER})(?=[\"',}}\s])",
    regex.IGNORECASE,
)
_N = r"(?P<x>1[01][0-9]|[0-9]{1,2})(?![\w%$€£]|[.,:/-][0-9])"
_WHO = (
    r"(?:patient|resident|victim|driver|mother|father|mum|mom|dad|son|daughter|wife|husband|grand\w+|sister|brother|uncle|aunt|m[ae]n|wom[ae]n|boy|girl|child|baby|claimant|client|"
    r"tenant|passenger|pupil|student|employee|widow(?:er)?|lady|gentleman|male|female|nephew|niece|cousin|neighbou?r|friend|partner|suspect|witness|caller|applicant|pt|deceased|twin)s?"
)
_SAID = tuple(
    regex.compile(pattern, regex.IGNORECASE)
    for pattern in (
        rf"(?<!\w)(?:(?:the )?age(?:d)?(?: of| is| was|:|=| at death)?\s{{0,2}}|years?:\s)(?:about |around |approximately |approx\.? |just |only )?{_N}",
        rf"(?<!\w){_WHO}(?:,| \(| is| was|, aged?|, now|, just|, only)\s?(?:now |just |almost |only |nearly |already |a )?{_N}(?=[,;.)]|\s(?:and|with|who|at|when|years?|now|lives?|has)|$)",
        rf"(?<!\w)(?:s?he|i|they|who|mum|mom|dad)(?:'s| is| was|'ll be| will be| turns?| turned|'d be|'m| am)\s(?:now |just |only |almost |nearly |already |about )?{_N}"
        rf"(?=\s*[,;!?)]|\s*\.(?!\d)|\s(?:and|when|this|next|years?|now|in (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))|\s*$)",
        rf"(?<!\w)at {_N}(?= (?:s?he|they|i|her|his)(?!\w))",
        rf"(?<![\w.,/-]){_N}(?= at (?:the )?(?:time of (?:death|admission|diagnosis)|admission|death|diagnosis|onset|intake|enrol\w+))",
    )
)

# Fields of a row: "F, 91", "52 | M".
_BESIDE_SEX = regex.compile(
    r"(?:(?<=[,|;^~\t] ?)|^)(?:[MF]|male|female|[Mm]ale|[Ff]emale)[\"']? ?[,|;^\t] ?[\"']?(?P<x>1[01][0-9]|[1-9]?[0-9])(?=[\"']? ?(?:[,|;^~\t]|$))"
    r"|(?:(?<=[,|;^~\t] ?[\"']?)|^)(?P<x>1[01][0-9]|[1-9]?[0-9])[\"']? ?[,|;^\t] ?[\"']?(?:[MF]|[Mm]ale|[Ff]emale)(?=[\"']? ?(?:[,|;^~\t]|$))",
    regex.MULTILINE,
)
_EVENT = r"(?:menarche|menopause|onset|diagnos(?:ed|is)|dx(?:'d)?|coitarche|thelarche|first (?:seizure|period|child|baby|pregnancy|episode|symptoms?|drink|marriage)|walked|talked|divorced|orphaned|widowed|retired|married|emigrated|started smoking|quit|left school|hysterectomy|bypass)"
_AT_EVENT = regex.compile(
    rf"(?<!\w){_EVENT}(?: \w+){{0,2}} (?:at|aged?|@)(?: about| around| the age of| age)? ?(?P<x>1[01][0-9]|[1-9]?[0-9])(?=[,.;)](?!\d)|\s*$| (?:and|with|when|then|but|so|after|before|from))"
    r"|(?<!\w)(?:was|were|am|is|i'm|he's|she's|being|only|just|aged?) (?:only |just |about )?(?P<x>1[01][0-9]|[1-9]?[0-9])(?= (?:(?:at the time|back then|when|at (?:onset|diagnosis|death)|years? when)(?!\w)))",
    regex.IGNORECASE,
)
_OF_WHOM = tuple(
    regex.compile(pattern, regex.IGNORECASE)
    for pattern in (
        r"(?<![\w.,$€£/-])(?P<x>1[01][0-9]|[1-9]?[0-9])(?= ?(?:y|yr|yrs|yo|m|mo|mth|mths|wk|wks)\.?,? (?:old )?(?:girl|boy|male|female|m[ae]n|wom[ae]n|lady|gent(?:leman)?|child|baby|infant|toddler|pt|patient|[MF])(?!\w))",
        r"(?<![\w.,$€£/-])(?P<x>1[01][0-9]|[2-9][0-9])(?= (?:lady|gent|gentleman|male|female)(?!\w))",
        r"(?<!\w)(?:male|female),? (?P<x>1[01][0-9]|[1-9][0-9])(?![\w%]|[.,:/-][0-9]| ?(?:v|volts?|pins?|mm|cm|amp|pcs|size)(?!\w))",
        r"(?<!\w)(?:is|am|at|being) (?P<x>1[01][0-9]|[1-9]?[0-9])(?= (?:is )?too (?:old|young)(?!\w))",
        r"(?<!\w)(?:nan|nana|gran|granny|grandma|grandpa|grandad|granddad|mum|mom|mother|dad|father|son|daughter|husband|wife|brother|sister|uncle|aunt|auntie|baby|boy|girl)(?:'s| is| was|, now| just turned| will be| turns) (?P<x>1[01][0-9]|[1-9]?[0-9])(?=[,.;!?)](?![0-9])|\s*$| (?:and|with|now|next|this|but|so|who|years|i|he|she|they|my|his|her|in|on)(?!\w))",
    )
)
_BOTH = regex.compile(
    rf"(?<!\w)(?:boys|girls|kids|children|sons|daughters|twins|siblings|brothers|sisters|grand(?:children|kids|sons|daughters)|patients|parents|residents)(?: are| were| is)?[ ,:(]{{1,2}}(?:both )?(?:aged? |ages )?(?P<x>{_NUMBER})(?:,? (?:and|&) |, ?|/| ?& ?)(?P<x>{_NUMBER})(?:,? (?:and|&) (?P<x>{_NUMBER}))?(?=[,;.)]| (?:both|all|who|and|years?|now|have|has|at|with)|$)",
    regex.IGNORECASE,
)

_KIN_OR_SEX = (
    r"(?:mother|father|mum|mom|dad|son|daughter|wife|husband|spouse|partner|grand\w+|nan|nana|gran|sister|brother|siblings?|sibs?|bro|sis|uncle|aunt|auntie|niece|nephew|cousin|twins?|man|woman|boy|girl|child|kid|baby|infant|toddler|teen(?:ager)?|"
    r"gent(?:leman)?|lady|widow(?:er)?|male|female|fiance\w?|boyfriend|girlfriend|roommate|housemate|neighbou?r|mat(?:ernal)?[ ]\w+|pat(?:ernal)?[ ]\w+)"
)
_SOMEBODY = (
    rf"(?:{_KIN_OR_SEX}|{_WHO}|ca(?:re)?giver|carer|member|customer|guest|worker|teacher|veteran|suspect|subject|participant|proband|person|adult|adolescent|pensioner|"
    r"s?he|they|i|we|who|himself|herself|themsel\w+|myself)"
)
_ROUGHLY = r"(?:(?:approx(?:imately|\.)?|app\.|about|abt|around|roughly|circa|ca\.|c\.|~|est(?:\.|imated)?(?: at)?|possibly|probably|maybe|some|nearly|almost|only|just|now|currently|already|still|aged?|age of)[ ]?)"
_COUNTS = rf"{_NOT_COUNTED}(?![ ]?(?:[x×/]|am(?!\w)|pm(?!\w)|o'clock|of(?!\w)|out of|in a row|on (?:ra|room|[0-9]{{1,2}}[ ]?l)(?!\w)|l(?!\w)|st(?!\w)|stone|hz|k(?!\w)|pack|cigs?|cigarettes|drinks|beers|a day|daily|[-–][ ]?[0-9]))"
_TWO = r"(?P<x>1[01][0-9]|[1-9][0-9])"
_TENTH = rf"(?:{_TENS})(?:[- ](?:{_ONES}))?"
_UNIT = r"(?:y(?:ea)?rs?|y|months?|mos?|mths?|weeks?|wks?|days?)"
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
# Somebody and a number right behind: "wife 31, retired", "male, approx 36", "herself 36", "employee will be eighty-two".
_BESIDE_WHOM = tuple(
    regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE)
    for pattern in (
        rf"(?<!\w){_KIN_OR_SEX}[ ]{_TWO}{_COUNTS}(?=[ ]?[,;.)/|]|[ ]\p{{L}}|$)",
        rf"(?<![\w#]){_SOMEBODY}(?:[ ,:(]|[ ](?:is|was|of|as)[ ]){{1,3}}(?:\p{{L}}{{2,9}}[ ,]{{1,2}})?{_ROUGHLY}{{1,2}}{_TWO}{_COUNTS}",
        rf"(?<!\w)(?:himself|herself|themsel\w+|myself),?[ ]{_TWO}{_COUNTS}",
        rf"(?<![\w#]){_SOMEBODY}(?:,| of| is| was|:)?[ ]\(?(?P<x>1[01][0-9]|[1-9]?[0-9])[ ]?{_UNIT}\.?(?=[ ]?[,;.)/|]|[ ](?:with|w/|presents?\w*|who|and|old|male|female|c/o|brought|hx|on|in for|m|f|of age|has|had|is|was|today|now|next|this|tomorrow)(?!\w)|$)(?![ ](?:ago|later|after|before|postop|post|into))",
        rf"(?<!\w){_SOMEBODY}(?:['’]s|['’]ll be|[ ](?:is|was|will be|would be|is now|turns?|turned|turning|is about to be|is only|is just|is almost|is nearly))[ ](?:now |just |only |about |almost |nearly )?(?P<x>{_TENTH}){_COUNTS}",
        rf"(?<!\w)(?:^|(?<=[.;:,(]\s|\n))(?P<x>{_TENTH}|1[01][0-9]|[1-9][0-9])(?=,\s(?:married|single|divorced|widow\w*|retired|separated|male|female|(?:wo)?man|right|left|lives|living|smoker|(?:non|ex)-?smoker|unemployed|works)(?!\w)|[.,;]\s(?:diabetic|hypertensive|asthmatic|epileptic|obese|(?:non-?|ex-?)?smoker|never smoked|homeless|bedbound|wheelchair|housebound|uninsured|nulliparous|postmenopausal)(?!\w))",
    )
)
# At what age, when it will be reached, of which year of life.
_REACHED = tuple(
    regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE)
    for pattern in (
        rf"(?<!\w)(?:s?he|they|i|who|and|that|{_WHO}),?[ ](?:now[ ])?at[ ]{_TWO}(?=,?[ ](?:has|had|is|was|still|can|cannot|can't|could|he|she|they|i|my|his|her|would|will|have|just|with|there)(?!\w))",
        rf"(?<!\w)(?:first|last|initially|originally)[ ](?:\p{{L}}{{2,12}}[ ]){{1,5}}at[ ]{_TWO}(?=[,;.)](?!\d)|$)",
        rf"(?<!\w)(?:will be|be|turn(?:s|ed|ing)?|going on|coming up to|gonna be|pushing|nearing|approaching)[ ](?P<x>{_TENTH}|1[01][0-9]|[1-9]?[0-9]){_COUNTS}(?=[ ](?:in (?:{_MONTHS}\w*|spring|summer|autumn|fall|the|a)|next|on|this|at the end|tomorrow|today|last|soon|by)(?!\w))",
        rf"(?<!\w){_SOMEBODY}(?:['’](?:s|ll|re|m))?[ ](?:\p{{L}}{{2,6}}[ ])?(?:turn(?:s|ed|ing)?|be|going on|coming up to|pushing|nearing|approaching)[ ](?P<x>{_TENTH}|1[01][0-9]|[1-9]?[0-9]){_COUNTS}(?=[.,;!?)]| (?:and|on|but|so)(?!\w)|$)",
        rf"(?<!\w)(?:i['’]?m|i am|s?he['’]?s|s?he is)[ ]{_TWO}[ ]?[mf](?!\w)|(?<![\w.,$€£/-]){_TWO}[ ]?/[ ]?[mf](?![\w/])|(?<!\w)(?:fe)?male[ ]?[/|:-][ ]?{_TWO}(?![\w%]|[.,:/-][0-9])",
        rf"(?<!\w)in[ ](?:his|her|their|my|our|your)[ ](?P<x>(?:1[01][0-9]|[1-9][0-9])(?:st|nd|rd|th)|{_HUNDREDTH})[ ]year(?![ ](?:at|in|as|of (?!life|age))|s)",
        rf"(?:^|(?<=[.;][ ]))now[ ]{_TWO},?[ ](?:s?he|they|i|and)(?!\w)",
        r"(?<!\w)ages?[ ](?:\p{L}{2,12}[ ]){0,3}(?:as|is|was|be|at[ ](?:\p{L}{2,12}[ ]?){1,4}[:=-])[ ]?(?:about |around |approx\.? |approximately )?(?P<x>1[01][0-9]|[1-9]?[0-9])(?![\w%]|[.,:/-][0-9])",
        r"(?<![\w.,$€£/-])(?P<x>1[01][0-9]|[1-9]?[0-9])[ ]?(?:y(?:rs?|o|/o|\.o\.?|ears?)?\.?)[ ]?[/|,-]?[ ]?[MF](?:emale|ale)?(?!\w)",
        r"(?<![\w.,$€£/-])(?P<x>[1-9]?[0-9][ ]?y[ ]?1?[0-9][ ]?mo?)(?!\w)",
    )
)
_SIBLINGS = regex.compile(
    rf"(?<!\w)(?:(?:parent|mother|father|mum|mom|dad|carer|guardian) (?:of|to)|sib(?:ling)?s?(?: group| pair)?|children|kids|boys|girls|sons|daughters|twins|brothers|sisters|grand(?:children|kids|sons|daughters)|minors|dependents|pupils|students|toddlers|teens|passengers|victims|occupants|patients|residents|men|women|adults|parents|clients|casualties)(?!\w)[^.;\n\d]{{0,30}}[ ,(:](?<!(?:rows|rooms|beds|grades|years|seats|pages|groups|days|weeks|phases|between|of|than|about)[ ])"
    rf"(?P<x>{_NUMBER})(?:,? (?:and|&) |, ?| ?/ ?)(?P<x>{_NUMBER})(?:(?:,? (?:and|&) |, ?| ?/ ?)(?P<x>{_NUMBER}))?(?=[,;.)](?!\d)| (?:placed|both|all|who|and|years?|yrs?|y/?o|now|have|has|at|with|in|live)(?!\w)|\s*$)",
    regex.IGNORECASE,
)
_AGES = regex.compile(
    rf"(?<!\w)ages(?!\w)[^.;\n\d]{{0,25}}[ :](?P<x>{_NUMBER})(?:(?:, ?| ?/ ?|,? and |,? & )(?P<x>{_NUMBER})(?!\w|[.,]\d)){{1,8}}",
    regex.IGNORECASE,
)
_HISTORY = regex.compile(r"(?<!\w)(?:FHx?|FamHx|family (?:history|hx))[ :][^\n]{1,160}", regex.IGNORECASE)
_OF_HISTORY = regex.compile(
    r"(?<=[\p{L})] )(?P<x>1[01][0-9]|[1-9][0-9])s?(?=[,;.)](?!\d)| (?:and|with|from|of)(?!\w)|$)"
)

_OWN_AGE = regex.compile(
    r"(?<!\w)(?:(?:at|reached|attained|died at) the age of|(?:look|seem|appear|act|feel)(?:s|ed|ing)? (?:\p{L}{2,6} )?(?:younger|older) than)\s$",
    regex.IGNORECASE,
)

_RULES: Group[tuple[str, float]] = Group(
    (
        (_YEARS_OLD, ("years old", 0.7)),
        (_AGED, ("aged", 0.7)),
        (_PERSON_IS, ("person is", 0.55)),
        (_SEXED, ("age and sex", 0.6)),
        (_AFTER_NAME, ("age after name", 0.45)),
        (_IN_LIST, ("age in a list", 0.5)),
        (_KIN, ("age of kin", 0.55)),
        (_DECADE, ("decade of life", 0.55)),
        (_BIRTHDAY, ("birthday", 0.6)),
        (_FOREIGN, ("age foreign", 0.65)),
        *((pattern, ("age said", 0.5)) for pattern in _SAID),
        (_LIVED, ("age lived to", 0.55)),
        (_FORM_FIELD, ("age in a form", 0.6)),
        (_IN_MARKUP, ("age in markup", 0.6)),
        (_BESIDE_SEX, ("age beside a sex", 0.5)),
        (_AT_EVENT, ("age at an event", 0.5)),
        (_BOTH, ("ages of children", 0.55)),
        *((pattern, ("age of whom", 0.5)) for pattern in _OF_WHOM),
        *((pattern, ("age beside whom", 0.5)) for pattern in _BESIDE_WHOM),
        *((pattern, ("age reached", 0.5)) for pattern in _REACHED),
        *((pattern, ("age told", 0.5)) for pattern in TOLD),
        *((pattern, ("age of a person", 0.5)) for pattern in SAID_OF_PERSONS),
        (_SIBLINGS, ("ages of siblings", 0.5)),
        (_AGES, ("ages listed", 0.5)),
    )
)
_OF_THE_OLD: Group[tuple[str, float]] = Group(
    ((_NEAR_HUNDRED, ("near a hundred", 0.5)), (_OLD_ALONE, ("old age", 0.5)))
)


def find_ages(text: str, clock: Clock) -> list[Span]:
    """Spans of ages. Raises TimeoutError."""
    clock.left_s()
    spans = _by_digits(text, clock)
    for spoken in in_digits(text, clock):
        for span in _by_digits(spoken.text, clock):
            raw = spoken.raw(span.start, span.end)
            if raw is not None:
                spans.append(Span(*raw, "AGE", span.score, span.recognizer))
    return spans


def _by_digits(text: str, clock: Clock) -> list[Span]:
    spans = []
    groups = (_RULES, _OF_THE_OLD) if _OLD_NUMBER.search(text) is not None else (_RULES,)
    for (name, score), match in itertools.chain(*(matches_of(group, text, clock) for group in groups)):
        for start, end in match.spans("x"):
            if _is_nobodys(text, start, end):
                continue
            spans.append(Span(start, end, "AGE", score, name))
            # "She's 103. 103, and sharp as a tack."; "onset at 63 yo, now 75".
            again = _AGAIN.match(text, end)
            if again and (again["now"] or again["x"] == text[start:end]):
                spans.append(Span(again.start("x"), again.end("x"), "AGE", score, name))
    for line in matches(_HISTORY, text, clock):
        spans += [
            Span(match.start("x"), match.end("x"), "AGE", 0.45, "age in a history")
            for match in _OF_HISTORY.finditer(text, *line.span())
        ]
    return spans


_AGAIN = regex.compile(
    r"[.,!?\"' -]{1,4}(?:yes,? |that's |um,? |yep,? )?(?P<now>(?:and |is |he's |she's )?(?:now|not|or|maybe|or maybe|perhaps|possibly|more like|no,? sorry,?|sorry,?|actually|going on) (?:aged? )?)?(?P<x>1[01][0-9]|[0-9]{1,2})(?![\w%]|[.,:/-][0-9])"
)


def _is_nobodys(text: str, start: int, end: int) -> bool:
    """A limit, or the age of a thing."""
    if start == end:
        return True
    before = max(0, start - 30)
    told = _OWN_AGE.search(text, before, start) is not None
    return (
        (not told and _LIMIT_BEFORE.search(text, before, start) is not None)
        or _THING_BEFORE.search(text, before, start) is not None
        or _LIMIT_AFTER.match(text, end) is not None
    )
