"""Finds countries and US states by list, in any case, where a language model trained on edited text needs
capitals; wards, precincts and other districts by their number or name.

Covered: Faker's English country names and the 50 states; districts in English, places that a form asks for. Not covered: other
towns and regions, which are left to spaCy and to the address rules.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from privacy.recognizers.people import NOT_NAMES
from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches, matches_of, one_of
from privacy.records import Span

# Also words or given names when not capitalised, or even then.
_NEVER = frozenset("jordan georgia jersey chad israel virginia carolina dakota guinea oregon".split())
_ONLY_CAPITALISED = frozenset("turkey china oman mali niger peru cuba togo".split())
_MORE = (
    "USA",
    "United States",
    "United Kingdom",
    "Great Britain",
    "England",
    "Scotland",
    "Wales",
    "Northern Ireland",
    "Republic of Ireland",
    "Russia",
    "South Korea",
    "North Korea",
    "Czech Republic",
    "Czechia",
    "Ivory Coast",
    "Vietnam",
    "Syria",
    "Iran",
    "Laos",
    "Moldova",
    "Tanzania",
    "Bolivia",
    "Venezuela",
    "Macedonia",
    "Brunei",
    "Libya",
    "Palestine",
    "Slovakia",
    "Burma",
    "Swaziland",
    "Taiwan",
    "People's Republic of China",
    "Democratic Republic of the Congo",
    "Republic of the Congo",
)


_KIND = (
    r"(?:(?:voting|election|electoral|polling|school|(?:city )?council|congressional|legislative|assembly|senate|senatorial|house|police|magisterial|judicial|fire|water|health|tax|supervis\w+|census|"
    r"county|city|municipal|parliamentary|state|local|civil|urban|rural|traffic|village|parish)[ ])?"
)
_AREA = r"(?:precinct|ward|district|tract|block group|census block|arrondissement|constituency|electorate|riding|division|township|borough|parish|beat|barangay|barrio|subdivision|enumeration area|neighbou?rhood|bezirk|barri|quartier|lsoa|msoa)"
_ORDINAL = (
    r"(?:[0-9]{1,3}(?:st|nd|rd|th|e|er|ème)|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|(?:twent|thirt|fort|fift)ieth)"
)
_CODE = (
    r"(?:(?:no\.?|number|nr\.?|#|is|was|code|id|:|=|changed to|called|named|-)[ ]?){0,3}[#(\"']?"
    r"(?:[A-Z]{1,3}[-. ]?[0-9]{1,5}(?:[-.][A-Z0-9]{1,4})?|[0-9]{1,12}(?:[.-][A-Z0-9]{1,4}|[A-Z](?!\w))?|(?-i:[IVX]{1,5}|[A-Z])(?![\w.])|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?!\w))"
)
# "Ward 6", "precinct no. 14-B", "Census Tract 4021.02": the word and its number.
_NUMBERED = regex.compile(
    rf"(?<![\w-]){_KIND}{_AREA}(?:[ ]{{1,2}}|[:#=][ ]?){_CODE}(?![\w%]|[.,:][0-9]|[ ]?(?:%|percent|of the|beds?|nurses?|votes?|members|points|meetings?|schools|people|patients|managers|courts|times|years|days|hours)(?!\w))",
    regex.IGNORECASE,
)
_FIRST = regex.compile(
    rf"(?<![\w-])(?:the[ ])?(?:(?:north|south|east|west|upper|lower)\w{{0,3}}[ ])?{_ORDINAL}[ ]{_KIND}{_AREA}(?![\w-]|[ ](?:courts?|attorney|judge|round|sister|nurse|managers?|meeting|of[ ]the[ ](?:disk|chip|army))(?!\w))",
    regex.IGNORECASE,
)
_SECTOR = regex.compile(
    r"(?<=\b(?:in|of|from|to|near|around|at|serves|covers|across)[ ](?:the[ ])?)(?:Sector|Zone|Area|Region|Phase|Block|Quarter|Township|Range|Lot)[ ](?:[0-9]{1,4}[A-Z]?|[A-Z][0-9]{0,3}|[IVX]{1,4})(?:[ ](?:North|South|East|West))?(?![\w%]|[.,][0-9])"
)
# Ireland and England: "County Kerry", "Co. Durham".
_COUNTY = regex.compile(
    r"(?<!\w)(?:County|Co\.)[ ](?!(?:Court|Council|Road|Hospital|Jail|Health|Clerk|Fair|Line|Office|Sheriff|Hall)(?!\w))\p{Lu}\p{Ll}{2,14}(?!\w)"
)
_CAPITAL = r"(?:St\.[ ])?\p{Lu}[\p{L}'’.-]{1,24}"
_NAMED = regex.compile(
    rf"(?<![\w'’-])(?!(?:The|This|That|Each|Every|Our|My|Your|Their|Which|What|A|An|No|Any|Some|All|Maternity|Surgical|Medical|Isolation|Psychiatric|Children|Pediatric|Paediatric|Emergency|General|School|Business|Financial|Historic|Shopping)(?:['’]s)?[ ]){_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}[ ]"
    r"(?:County|COUNTY|Ward|Precinct|Parish|Township|Borough|Constituency|Prefecture|Canton|Oblast|Voivodeship|Riding|Arrondissement|Barangay|Shire|Municipality|Subdistrict|School District|Electoral Division|Council District)(?![\w-]|[ ](?:Sister|Manager|Nurse|Council|Councillor|Clerk)(?!\w))"
    rf"|(?<!\w)(?:(?:[Ee]lectoral|[Cc]ouncil|[Vv]oting|[Pp]olling)[ ])?(?:[Ww]ard|[Pp]recinct|[Cc]onstituency|[Pp]arish|[Dd]istrict|[Dd]ivision|[Bb]orough|[Tt]ownship)(?::[ ]|[ ](?:of|name:|is|called|named)[ ]|(?<=(?:[Ee]lectoral|[Vv]oting|[Pp]olling)[ ]\w{{4,12}})[ ]){_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}"
)
# Where a form asks for a place.
_FIELD = regex.compile(
    rf"(?<![^\W_])(?i:place of (?:birth|death|residence|issue|work|origin)|birth ?place|city|town|village|municipality|(?:county|cnty)(?: of (?:res(?:idence|\.)?|birth|death|origin))?|district|province|home ?town|residence|city of birth|country of birth|(?:birth|home) city|lives in|based in|born in|native of|raised in|grew up in|departure city|arrival city|destination)(?:[\"']?\s?[:=|^](?:\s?[\"'])?|\s(?:is|was))?\s{{0,4}}(?<![\w])(?P<x>{_CAPITAL}(?:[ -]{_CAPITAL}){{0,3}})(?=\s*(?:[,.;)\n|\"'}}\]/^]|$))"
)
_DISTRICTS = Group((pattern, None) for pattern in (_NUMBERED, _FIRST, _SECTOR, _NAMED))


@lru_cache(maxsize=1)
def _pattern() -> regex.Pattern[str]:
    from faker.providers.address.en import Provider as Countries
    from faker.providers.address.en_US import Provider as States

    names = {name for name in (*Countries.countries, *States.states, *_MORE) if name.casefold() not in _NEVER}
    listed = one_of(map(regex.escape, sorted(names, key=len, reverse=True)))
    return regex.compile(rf"(?<!\w)(?:{listed})(?!\w)", regex.IGNORECASE)


def find_places(text: str, clock: Clock) -> list[Span]:
    """Spans of listed places. Raises TimeoutError."""
    clock.left_s()
    spans = [
        Span(match.start(), match.end(), "LOCATION", 0.5, "listed place")
        for match in matches(_pattern(), text, clock)
        if not (match.group().islower() and match.group() in _ONLY_CAPITALISED and not text.islower())
    ]
    spans += [
        Span(match.start(), match.end(), "LOCATION", 0.5, "district")
        for _, match in matches_of(_DISTRICTS, text, clock)
    ]
    spans += [
        Span(match.start(), match.end(), "LOCATION", 0.5, "county") for match in matches(_COUNTY, text, clock)
    ]
    spans += [
        Span(match.start("x"), match.end("x"), "LOCATION", 0.45, "place of a form")
        for match in matches(_FIELD, text, clock)
        if match["x"].split()[0].casefold() not in NOT_NAMES
    ]
    return spans
