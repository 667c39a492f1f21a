"""Finds names by where they stand in a row, a form or a note: alone in a field, beside a kinship, behind a word of who was told.

Covered: HL7's and X12's names and places, two or three capitalised words (or a surname and a given name) that fill a field, a listed surname in a row,
"Ada, his wife", names with a middle initial. Not covered: a name that is all everyday words, one word of no list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import regex

from privacy.recognizers.people import NOT_NAMES, given_names, surnames
from privacy.recognizers.rule import Clock, matches
from privacy.records import Span

_CAP = r"\p{Lu}[\p{L}'’-]{1,24}"
_NAMES = rf"{_CAP}(?: (?:(?:van|von|ten|de|der|den|del|da|di|bin|al|el|la) ){{0,2}}{_CAP}){{0,3}}"
_PARTICLE = r"(?:(?:van|von|ten|de|der|den|del|da|di|bin|al|el|la) ){0,2}"
# A field's borders. Rows have blanks around their separators by now (`privacy/rows.py`).
_FROM = r"(?:^[ \"'(>*-]{0,4}|(?<=[|;\t^~{,]) ?[\"']?|(?<=[=:] ?)[\"']|(?<== ?)|(?<= [-/–] )|(?<= // )|(?<=[ ]{2}))"
_TO = r"(?=[\"']? ?(?:[|;\t^~},]|$)| (?:[-–(]|//?) |[ ]{2}| ?\(| (?:\+?\(?\d[\d ()/.-]{6,}|\d{1,2} \p{Lu}\p{Ll}{2,8},? \d{4}))"
_FIELD = regex.compile(
    rf"(?:{_FROM}|(?<=^\d{{1,2}}[.)] ))(?P<x>{_CAP}(?: \p{{Lu}}\.?)?(?: (?:(?:van|von|ten|de|der|den|del|da|di|bin|al|el|la) ){{0,2}}{_CAP}){{1,3}}){_TO}",
    regex.MULTILINE,
)
_ONE = regex.compile(rf"{_FROM}(?P<x>{_PARTICLE}{_CAP}){_TO}", regex.MULTILINE)
_PAIR = regex.compile(
    rf"(?:^[ \"'(>*-]{{0,4}}|(?<=[|;:\t^~{{=,] ?[\"']?)|(?<= - )|(?<=[ ]{{2}}))(?P<x>{_CAP}(?: ?[,/] ?| [|;] |\t){_CAP}(?: \p{{Lu}}\.?)?)(?=[\"']? ?(?:[|;\t^~}}/,(]|$)| - |[ ]{{2}})",
    regex.MULTILINE,
)
# Where a match of these three may begin, or up to two characters further on. Each of them would try every place of a text.
_EDGE = re.compile(r"^(?:\d{1,2}[.)] )?|[|;:\t^~{=,]|(?<= )(?:[-/–] |// | )", re.MULTILINE)
_DATE_NEXT = regex.compile(
    r"[\"']? ?[,|;/^\t] ?[\"']?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|\p{L}{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{1,2}(?:st|nd|rd|th)? \p{L}{3,9},? \d{4})"
)
_HL7 = regex.compile(
    r"(?<![\w^])(?<!\d \^ )(?P<x>\p{Lu}[\p{L}'’ -]{1,30} \^ \p{Lu}[\p{L}'’.-]{0,24}(?: \^ \p{Lu}[\p{L}.]{0,24})?)(?! \^ (?:LN|L|SCT|I10|CPT))"
)
_X12 = regex.compile(
    r"(?<!\w)NM1 \| \w{2,3} \| [12] \| (?P<x>[^|\n~]{2,40})(?: \| (?P<x>\p{L}[^|\n~]{1,30}))?|(?<!\w)N3 \| (?P<x>[^|\n~]{4,60})|(?<!\w)N4 \| (?P<x>[^|\n~]{2,40}) \| (?P<x>[\p{L} ]{2,20})(?: \| (?P<x>\d[\d-]{4,10}))?"
)
_INITIALLED = regex.compile(
    r"(?<![\w.])(?P<x>\p{Lu}[\p{L}'’-]{2,24} \p{Lu}\. (?:(?:van|von|ten|de|der|den|del|da|di|al|el|la) ){0,2}\p{Lu}[\p{L}'’-]{2,24})(?!\w)"
)
KIN = (
    r"(?:wife|husband|spouse|partner|widow(?:er)?|mother|father|mum|mom|dad|parents?|daughter|son|sister|brother|sibling|twin|grand(?:mother|father|ma|pa|son|daughter|parent|child)|gran|nan|aunt(?:ie)?|uncle|niece|nephew|cousin|"
    r"(?:mother|father|son|daughter|sister|brother)[ -]in[ -]law|fianc[eé]e?|girlfriend|boyfriend|god(?:mother|father)|guardian|care ?giver|carer|next of kin|NOK|POA|room ?mate|flat ?mate|house ?mate|lodger|landlord|landlady|tenant|neighbou?r|friend|"
    r"gf|bf|sis|bro|dau|dtr|hubby|missus|significant other|sig other|surrogate|health ?care proxy|proxy|HCP|god(?:son|daughter|child)|boss|supervisor|manager|co-?worker|colleague|nanny|foster \w+|social worker|interpreter|attendant|lady next door)"
)
_WHOSE = r"(?:(?:his|her|my|their|our|your|a|an|the|pt's|patient's|the patient's|mum's|dad's)[ ])?(?:(?:current|former|late|ex|eldest|oldest|older|elder|younger|youngest|twin|half|maternal|paternal|live-in|legal|new|estranged|adoptive|step|great|only|upstairs|downstairs)[ -]?){0,2}(?:step|ex-)?"
_BESIDE_KIN = regex.compile(
    rf"(?<![\w'’-])(?P<x>{_NAMES})(?:,| \(| -| –)[ ]?(?i:{_WHOSE}{KIN})(?![\w-])|(?<!\w)(?i:{KIN})(?:(?:,|:| -|,? called| named| is| =)?[ ]|[ ]\()(?P<x>{_NAMES})(?!\w)"
)
_SITE = regex.compile(
    rf"(?<!\w)[Tt]he (?P<x>{_CAP}(?: {_CAP})?) (?:clinic|hospital|offices?|branch|site|surgery|store|practice|campus|shelter|prison|jail|depot|plant|factory|court|school|address|house|flat|apartment|bakery|warehouse|dispensary)(?!\w)"
)
# "Berg in bay 2", "Lund in 3B"; "Has Berg voided?"
_BEDDED = regex.compile(
    rf"(?<![\w.'’-])(?P<x>{_CAP}) in (?:(?:bay|room|rm|bed|side room|cubicle|chair|bay|icu|resus|recovery|majors|minors)(?: \d{{1,3}}[A-Z]?)?|\d{{1,2}}[A-D])(?!\w)"
    rf"|(?<!\w)(?:Did|Does|Has|Is|Was|Will|Can|Could|Should) (?P<x>{_CAP})(?= (?:eat|ate|eaten|eating|void(?:ed)?|pee(?:d)?|poo(?:ed)?|drink(?:ing)?|sleep(?:ing)?|slept|walk(?:ed|ing)?|vomit(?:ed)?|cry|crying|NBM|npo|DNR|allerg\w+|pregnant|diabetic|"
    r"awake|home|back from|up to date|coming|for (?:theatre|discharge|home|echo|dialysis|surgery)|still (?:in|on|here)|need(?:ing)? (?:a|his|her)|take (?:his|her)|taken (?:his|her)|had (?:his|her)|seen (?:by|a|the))(?!\w))"
)
# "Cebu PD", "the Rabat ED": whose police, whose emergency department.
_SERVICE = regex.compile(
    rf"(?<![\w.'’-])(?!(?:The|A|Our|This|Local|City|State) )(?P<x>{_CAP}(?: {_CAP}){{0,2}}) (?:PD|FD|EMS|ED|ER|A&E|VA|Sheriff|[Pp]olice)(?!\w)"
)
_TOLD = regex.compile(
    rf"(?<![\w/])(?i:pt|pts?\.|new admit|admit|admitted|swap|(?:obs|bloods|labs|bw|consult|update|family meeting)[ ](?:on|for|from|re)|d/c|dc|a\.?k\.?a\.?|(?:widow(?:er)?|wife|husband|son|daughter|mother|father|family|relatives|parents)[ ]of|client|resident|inmate|detainee|handover|discharge|chase|re|bed \d{{1,2}}[A-Z]?|(?:side )?room \d{{1,3}}[A-Z]?|d/w|dw|c/w|spoke w/|w/|per|called to|phoned to|paged(?: to)?|read back by|informed|notified|taken by|seen by|rv by|reviewed by|collected by|picked up by|signed by|issued to|assigned to|applicant|assignee|holder|escort(?:ed by)?|contact|caller|ask for|attn)(?!\w)[ :=]{{1,2}}(?P<x>{_NAMES})(?!\w)"
)
# Capitalised words of forms and wards, and endings of illnesses, drugs and what is done about them.
_NO_NAME = frozenset(
    """ward bed room unit clinic hospital dept department emergency surgical medical general acute chronic type left right upper lower new old male female adult final initial pending normal abnormal positive negative
    report record form notes note chart file label page line box item note ticket order request result results test tests scan image photo visit home self yes no none unknown not see other same next first last second
    red blue green white black grey silver yellow north south east west central saint medicare medicaid part plan group policy claim member subscriber health insurance benefits statement invoice payment balance
    blood heart lung kidney liver brain chest abdomen pelvis hip knee shoulder hand foot eye ear skin bone spine pulse temp weight height oxygen covid flu asthma diabetes cancer stroke fracture sepsis pneumonia
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december
    english spanish french german polish arabic hindi british american irish indian single married divorced widowed catholic muslim jewish hindu sikh christian
    royal college university school street road avenue lane county city state court police station fire service services team office centre center committee board council trust nhs lab laboratory radiology pathology pharmacy cardiology oncology
    neurology urology dermatology maternity paediatrics pediatrics orthopaedics orthopedics surgery medicine nursing physio physiotherapy dietetics admissions outpatients theatre theatres reception records billing finance payroll security
    apgar bmi gravida para glasgow barthel waterlow rockwood mallampati dear hello thanks regards sincerely kind best
    doctor nurse consultant registrar manager director officer administrator coordinator technician engineer driver porter student teacher patient client customer tenant""".split()
)
_ILLNESS = regex.compile(
    r"(?:itis|osis|oses|oma|omas|emia|aemia|ology|ectomy|otomy|ostomy|pathy|plasty|graphy|gram|scopy|scope|uria|rrhea|rrhoea|algia|pnea|pnoea|trophy|plegia|paresis|phasia|phagia|lol|pril|sartan|statin|azole|mycin|cillin|micin|cycline|"
    r"floxacin|mab|nib|parin|xaban|gliptin|formin|prazole|tidine|setron|triptan|azepam|zolam|barbital|codone|morphone|caine|sone|solone|olone|dipine|thiazide|semide|glitazone|vir|vudine|tropin|globin|cyte|cytes|ated|ation|ments?|ing|ical|ness|ity|ance|ence|ship|ware|ancy|ency|tion|sion)$",
    regex.REVERSE,
)


def find_fields(text: str, clock: Clock, words: frozenset[str]) -> list[Span]:
    """Spans of names; `words` are the language's everyday words in lower case. Raises TimeoutError."""
    clock.left_s()
    found: list[tuple[tuple[int, int], str, float, str]] = []
    if " ^ " in text:
        found += [(match.span("x"), "PERSON", 0.5, "name of HL7") for match in matches(_HL7, text, clock)]
    if "NM1" in text or "N3 |" in text or "N4 |" in text:
        for match in matches(_X12, text, clock):
            kind = "PERSON" if match.group().startswith("NM1") else "ADDRESS"
            found += [(span, kind, 0.6, "part of X12") for span in match.spans("x")]
    found += [
        (match.span("x"), "PERSON", 0.45, "middle initial")
        for match in matches(_INITIALLED, text, clock)
        if _may_be_names(match["x"])
    ]
    edges = _edges(text)
    for match in _at(edges, _FIELD, text):
        if _may_be_names(match["x"]) and not all(word.casefold() in words for word in _words(match["x"])):
            found.append((match.span("x"), "PERSON", 0.4, "name in a field"))
    for match in _at(edges, _PAIR, text):
        dated = _DATE_NEXT.match(text, match.end()) is not None
        if (dated and _may_be_names(_words(match["x"])[-1])) or (
            _may_be_names(match["x"])
            and (
                any(map(_is_listed, _words(match["x"])))
                or not any(word.casefold() in words for word in _words(match["x"]))
            )
        ):
            found.append((match.span("x"), "PERSON", 0.45, "surname and name"))
    clock.left_s()
    for match in _at(edges, _ONE, text):
        word = _words(match["x"])[-1].casefold()
        if _may_be_names(word) and (
            (word in surnames() and word not in words) or (_in_row(text, match) and _is_no_word(word, words))
        ):
            found.append((match.span("x"), "PERSON", 0.4, "surname in a field"))
    for match in (*matches(_SITE, text, clock), *matches(_SERVICE, text, clock)):
        if _may_be_names(match["x"]) and not all(word.casefold() in words for word in _words(match["x"])):
            found.append((match.span("x"), "LOCATION", 0.4, "site of a place"))
    for pattern, name in (
        (_BESIDE_KIN, "beside a kinship"),
        (_TOLD, "who was told"),
        (_BEDDED, "who lies where"),
    ):
        for match in matches(pattern, text, clock):
            parts = _words(match["x"])
            if _may_be_names(match["x"]) and any(
                _is_listed(part) or part.casefold() not in words for part in parts
            ):
                found.append((match.span("x"), "PERSON", 0.45, name))
    return [Span(start, end, kind, score, name) for (start, end), kind, score, name in found]


def _edges(text: str) -> list[int]:
    """Where a field may begin, in order."""
    edges: list[int] = []
    for match in _EDGE.finditer(text):
        at = match.end()
        edges.append(at)
        if text.startswith(" ", at):
            at += 1
            edges.append(at)
        if text.startswith(("'", '"'), at):
            edges.append(at + 1)
    return edges


def _at(edges: Sequence[int], pattern: regex.Pattern[str], text: str) -> Iterator[regex.Match[str]]:
    """Every match that begins at one of the edges and behind the one before it."""
    done = 0
    for at in edges:
        if at >= done and (match := pattern.match(text, at)) is not None:
            yield match
            done = match.end()


def _in_row(text: str, match: regex.Match[str]) -> bool:
    """Whether borders that no prose has stand on both sides, and the word is no abbreviation."""
    return (
        not match["x"].isupper()
        and _BORDER.search(text, max(0, match.start("x") - 3), match.start("x")) is not None
        and _BORDER.match(text, match.end("x")) is not None
    )


_BORDER = regex.compile(r" ?[|;\t^] ?|[ ]{2}")
# Whose number it is may stand right beside it; a make of cars or devices stands there too.
_OWNED = frozenset(
    {"PHONE_NUMBER", "MEDICAL_RECORD", "HEALTH_PLAN", "US_SSN", "DATE_OF_BIRTH", "ADDRESS", "VEHICLE_ID", "LICENSE_ID", "EMPLOYEE_ID", "REFERENCE_ID",
     "CUSTOMER_ID", "PASSPORT", "DRIVER_LICENSE", "NATIONAL_ID", "EMAIL_ADDRESS", "BANK_ACCOUNT", "BIOMETRIC_ID"}
)  # fmt: skip
_BEFORE = regex.compile(
    rf"(?:^|[\s,:|;/(>])(?P<x>{_PARTICLE}{_CAP}(?: {_CAP})?)(?: |, | \(| - | [|/] |; |[ ]{{2,6}}|\t)[\"']?$",
    regex.REVERSE,
)
_AFTER = regex.compile(
    rf"[\"']?(?:,? | - | [|/] |; |[ ]{{2,6}}|\t)(?P<x>{_PARTICLE}{_CAP}(?: {_CAP})?)(?=[,;.)\n\t]| [|/-] |[ ]{{2}}| ?$)"
)


# What one is asked to do with a number: "Ring 01 99 00 73 62".
_ASKED = frozenset("ring dial text call phone fax mail write".split())


def find_owners(text: str, spans: Sequence[Span], words: frozenset[str]) -> list[Span]:
    """A capitalised word that no list of everyday words knows, right beside a number of somebody's."""
    found: list[Span] = []
    for span in spans:
        if span.entity_type not in _OWNED:
            continue
        before = _BEFORE.search(text, max(0, span.start - 60), span.start)
        after = _AFTER.match(text, span.end, min(len(text), span.end + 60))
        for match in (before, after):
            if match is None or not _may_be_names(match["x"]) or match["x"].isupper():
                continue
            if match["x"].casefold() in _ASKED:
                continue
            parts = [word.casefold() for word in _words(match["x"]) if not word.islower()]
            if all(_is_no_word(word, words) for word in parts) or any(map(_is_listed, parts)):
                found.append(Span(match.start("x"), match.end("x"), "PERSON", 0.36, "whose number"))
    return found


_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "al", "y", "ion", "ions")


def _is_no_word(word: str, words: frozenset[str]) -> bool:
    stems = {word} | {word.removesuffix(end) for end in _ENDINGS}
    return stems.isdisjoint(words) and {stem + "e" for stem in stems}.isdisjoint(words)


_WORD = regex.compile(r"\p{L}[\p{L}'’-]*")


def _words(found: str) -> list[str]:
    return _WORD.findall(found)


def _is_listed(word: str) -> bool:
    return word.casefold() in given_names() or word.casefold() in surnames()


def _may_be_names(found: str) -> bool:
    """No word of forms, wards and illnesses among them, and no abbreviation alone."""
    return all(
        word.casefold() not in NOT_NAMES
        and word.casefold() not in _NO_NAME
        and (_is_listed(word) or _ILLNESS.search(word.casefold()) is None)
        for word in _words(found)
    ) and not (found.isupper() and len(found) < 5)
