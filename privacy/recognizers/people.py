"""Finds people by what stands around a name and by lists of given names, where a language model sees only a
word.

Covered: "Mr. X", "my name is X", "Name: X", "X:" at a line's start, given names of 46 countries (Faker's
lists) and the capitalised words that follow them; nationalities are left to spaCy. Not covered: names in
lower case without such words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import regex

from privacy.recognizers.rule import Clock, Rule, grouped, matches, run_rules
from privacy.records import Span

_PART = r"\p{Lu}[\p{L}'’-]{1,24}"
_PARTICLE = r"(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|bin|ibn|al|el|ter|zu|af|y)"
_FULL = rf"{_PART}(?:\s(?:{_PARTICLE}\s){{0,2}}{_PART}|\s\p{{Lu}}\.(?=\s{_PART})){{0,3}}"

_TITLED = regex.compile(
    rf"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Lady|Lord|Herr|Frau|Monsieur|Madame|Mme|Señora?|Sra?|Signora?|Sig|Rev|Fr|Capt|Sgt|"
    rf"Lt|Col|Gen|Judge|Officer|Nurse|Doctor|Professor|Uncle|Aunt|Auntie|Grandma|Grandpa)\b\.?\s(?P<x>{_FULL})"
)
_INTRODUCED = regex.compile(
    rf"(?<!\w)(?i:my name is|my name's|name is|name's|i am called|call me|this is|i'm|i am|under the name(?: of)?|on behalf of|"
    rf"signed|regards|sincerely|cheers|thanks|thank you|attn|dear|hi|hello|hey|contact person|contact|ask for|speak (?:to|with)|yours)"
    rf"[,:!]?\s{{1,3}}(?P<x>{_FULL})"
)
# Who did it, whose it is, who is against whom: one or two capitalised words there are a name.
_BY_WHOM = regex.compile(
    rf"(?<!\w)(?i:thes[ie]s (?:of|by)|dissertation (?:of|by)|supervised by|written by|authored by|prepared by|submitted by|signed by|witnessed by|examined by|represented by|stayed with|stay with|hosted by|interview(?:ed)? (?:with|by)|meeting with|spoke with|met with|"
    rf"file of|case of|estate of|matter of|statement of|signature of|complaint (?:of|by|against)|grievance (?:of|by|against)|lives with|living with|married to|engaged to|divorced from|survived by|son of|daughter of|wife of|husband of|mother of|father of|brother of|sister of|introduced to|"
    rf"handed to|reported by|treated by|seen by|referred by|referred to|under the care of|taught by|tutored by|coached by|mentored by)\s(?P<x>{_FULL})"
    rf"|(?<=\p{{Lu}}[\p{{L}}'’-]{{1,24}}\s)(?:against|versus|vs?\.)\s(?P<x>{_FULL})|(?<!\w)(?P<x>{_FULL})\s(?:against|versus|vs?\.)\s(?=\p{{Lu}}[\p{{L}}'’-]+\s\p{{Lu}})"
)
_NAME_ANY_CASE = regex.compile(
    r"(?<!\w)(?:my|his|her|their|the|full|first|last)\s(?:full |first |last |sur)?name\s?(?:is|was|:)\s{0,3}"
    r"(?P<x>\p{L}[\p{L}'’-]{1,24}(?:\s\p{L}[\p{L}'’-]{1,24}){0,2})(?=\s*(?:[.,;!?\n]|$|and\b))",
    regex.IGNORECASE,
)
_FIELD = regex.compile(
    rf"(?<!\w)(?i:(?:full |first |last |sur|customer |patient |contact |account |card ?holder |holder )?name|patient|customer|client|from|to|"
    rf"user|agent|employee|sender|recipient|author|owner)\s?:[ \t]{{0,8}}(?P<x>{_FULL})"
)
_SPEAKER = regex.compile(rf"^[\s>*\"-]{{0,4}}(?P<x>{_PART}(?:[ ]{_PART})?):(?=[\s\\\"])", regex.MULTILINE)
_DEGREE = regex.compile(rf"(?<!\w)(?P<x>{_FULL}),?\s(?:MD|PhD|DDS|DVM|Jr|Sr|Esq|RN|II|III|IV)\b\.?")
# In English text a word of another alphabet is nearly always a name, and no recogniser here can read it.
_OTHER_SCRIPT = regex.compile(
    r"(?<!\w)[\p{Greek}\p{Cyrillic}\p{Arabic}\p{Hebrew}\p{Armenian}\p{Georgian}\p{Devanagari}\p{Thai}\p{Han}\p{Hiragana}\p{Katakana}"
    r"\p{Hangul}]{2,40}(?:[ -][\p{Greek}\p{Cyrillic}\p{Arabic}\p{Hebrew}\p{Armenian}\p{Georgian}\p{Devanagari}\p{Thai}\p{Han}\p{Hiragana}"
    r"\p{Katakana}\p{Hangul}\u2206.]{1,40}){0,5}"
)

# English words with accents; any other word with one is nearly always a name or a place.
# Two syllables that few other words are joined of.
_KOREAN = regex.compile(
    r"(?<![\w'’-])(?:Ji|Min|Soo|Su|Seo|Seung|Sung|Hyun|Hye|Eun|Kyung|Jae|Jin|Joon|Jun|Jung|Jeong|Dong|Sang|Young|Yong|Tae|Woo|Won|Bo|Chan|Da|Geun|Ki|Hae|Hwa|Kwang|Mi|Myung|Nam|Sun|Si|Yoo|Yu|Ye)-"
    r"(?:ho|hee|hui|hyun|hyuk|hyung|ju|joo|jun|joon|jin|min|mi|a|ah|eun|young|yeong|yeon|won|woo|wook|seok|sook|suk|soo|su|kyung|kyu|jung|jeong|hoon|woong|soon|sung|seung|chul|cheol|hwan|kwon|yoon|yeol|myung|geun|chan|shik|in|ra|na|bin|hwa)(?![\w'’-])"
)
_KOREAN_LOWER = regex.compile(
    r"(?<![\w'’-])(?:ji|min|soo|seo|seung|sung|hyun|hye|eun|kyung|jae|jin|joon|jun|jung|jeong|dong|sang|young|yong|tae|woo|chan|geun|hae|hwa|kwang|myung|yoo|ye)-"
    r"(?:ho|hee|hui|hyun|hyuk|hyung|ju|joo|jun|joon|jin|mi|eun|young|yeong|yeon|won|woo|wook|seok|sook|suk|soo|su|kyung|kyu|jung|jeong|hoon|woong|sung|seung|chul|hwan|kwon|yoon|yeol|myung|geun|shik|hwa)(?![\w'’-])"
)
_KIND = regex.compile(
    r"(?<!\w)(?:nationality|citizenship|ethnicity|ethnic (?:group|origin)|religion|race|faith|denomination|political party|party membership|sexual orientation|union membership)"
    r"(?:\s?[:=-]\s?|\s(?:is|was|as)\s)(?P<x>\p{L}[\p{L}-]{2,30}(?:\s\p{Lu}[\p{L}-]{2,30}){0,2})",
    regex.IGNORECASE,
)
_LOAN_WORDS = frozenset(
    """café cafés cliché clichés résumé résumés naïve naïveté façade façades fiancé fiancée fiancés fiancées déjà vu à la crème brûlée jalapeño
    jalapeños piñata piñatas entrée entrées soufflé purée sauté sautéed décor détente élan élite émigré exposé matinée mêlée première protégé risqué
    touché über señor señora señorita vis-à-vis coördinate coöperate mère père rosé crêpe crêpes pâté tête smörgåsbord doppelgänger führer
    über-cool açaí maté mañana niño niña año años più così après consommé sauté appliqué blasé canapé flambé née né piqué raison d'être tête-à-tête
    vicuña voilà ångström röntgen décolleté négligé outré passé café-bar""".split()
)
_ACCENTED = regex.compile(
    r"(?<![\p{L}@.'’-])(?=[\p{Latin}'’-]*[\u00c0-\u024f\u1e00-\u1eff])\p{Latin}[\p{Latin}'’-]{1,30}(?![\p{L}@])"
)

RULES = grouped(
    Rule(
        "accented word",
        "PERSON",
        _ACCENTED,
        0.4,
        needs_digit=False,
        accept=lambda found: found.casefold().removesuffix("'s").removesuffix("’s") not in _LOAN_WORDS,
    ),
    Rule("kind of person", "NRP", _KIND, 0.7, needs_digit=False),
    Rule("titled name", "PERSON", _TITLED, 0.75, needs_digit=False),
    Rule("field name", "PERSON", _FIELD, 0.6, needs_digit=False, accept=lambda found: _plausible(found)),
    Rule(
        "introduced name",
        "PERSON",
        _INTRODUCED,
        0.55,
        needs_digit=False,
        accept=lambda found: _plausible(found),
    ),
    Rule(
        "name any case",
        "PERSON",
        _NAME_ANY_CASE,
        0.6,
        needs_digit=False,
        accept=lambda found: _plausible(found),
    ),
    Rule("by whom", "PERSON", _BY_WHOM, 0.45, needs_digit=False, accept=lambda found: _named(found)),
    Rule("speaker", "PERSON", _SPEAKER, 0.45, needs_digit=False, accept=lambda found: _plausible(found)),
    Rule("Korean given name", "PERSON", _KOREAN, 0.4, needs_digit=False),
    Rule("Korean given name in lower case", "PERSON", _KOREAN_LOWER, 0.4, needs_digit=False),
    Rule("other script", "PERSON", _OTHER_SCRIPT, 0.4, needs_digit=False),
    Rule("name and degree", "PERSON", _DEGREE, 0.6, needs_digit=False),
)

# Capitalised words that are not names though they stand where a name could.
NOT_NAMES = frozenset(
    """a about account address agent all also am an and another any are as at author back bank bot but by call can card cc chat city
    client code company contact could country credit customer customers date dear december description details do does email error
    everyone february fax for friday from good google great have he hello help here hey hi his how however i if important in info
    information is issue it its january just let like lol madam manager march message mobile monday more mr mrs ms my name new no not
    note november october of office ok okay on one only or order our owner patient payment phone please price product q question re
    reason recipient regards reply sales saturday sender september she since sir so some sorry status street subject summary sunday
    support sure team tel thank thanks that the their them then there these they this thursday ticket time title to today tomorrow
    tuesday type unfortunately update url user very warning was we wednesday well were what when where which who why will with work
    would yes yesterday you your yours um uh er erm cant wont dont isnt wasnt didnt doesnt hasnt said chase froze lovely visitor interviewer interviewee requester assigned bcc http https service hotel company's looking sick currently trying having going unable
    ruby julia jenkins maven ada kafka cassandra django jasmine mocha pascal apollo gradle docker kubernetes redis nginx tomcat eclipse hudson bazel babel electron angular
    ember svelte flask pandas scala kotlin rust perl bash git hadoop spark airflow celery puppet vagrant terraform consul prometheus grafana envoy helm nexus jira slack excel
    firefox safari opera linux ubuntu debian fedora windows android lambda python java swift oracle azure parmesan dijon worcestershire cheddar gouda brie mozzarella feta
    basmati champagne bourbon tabasco cajun kernel error warning info debug note tip step total price cost
    mrn npi dea mbi dob imei vin copd icu caller telephone username relationship plaintiff defendant tenancy applicant claimant apgar
    ssn iban bic swift zip pin atm dob sms otp cvv pdf ip api html json csv faq asap eta tv pc""".split()
)
# Given names that are as often ordinary words, months, places or brands: taken only beside another name.
AMBIGUOUS = frozenset(
    """able abril ace amber amen angel april arch art ash august aurora austin autumn bay ben bill blake bliss blue brand brook
    brooklyn buck bud carol case cash castle chance charity charm chase china christian clay cliff cole coral crystal daisy dale dakota
    dallas dan dawn dean deep denver destiny dick don dot drew duke earl earth eden ella elle else ember emery esperanza eve ever faith
    fan fern florida forest frank gene georgia ginger glory grace grant gray green guy harbor harmony haven hazel heather heaven holly
    honey hope houston hunter india indigo iris isle italia ivory ivy jack jade jasmine jean jersey jet jewel jordan joy juan june
    justice kai kenya king kit lake lance land lane lark laurel law lee legend liberty light lily link lisbon london love lucky magic
    major malt mark marsh mason line maverick max may melody memphis mercy merit milan miles miller mini misty moon morning nice noble nova
    oak ocean odd olive opal owen page paris parker patience pearl penny peace phoenix piper poet porter precious prince princess
    promise queen rain rainbow ray red reed reign rich river rob robin rock roman rose royal ruby rusty sage sam sandy savannah scout
    sea sierra siena sky smith sol son spring star stone storm summer sunny sydney tai tea temple tiger trace trinity troy true twin
    un van verona victor victoria violet virginia ward west will willow windy winter wolf woods worth young zion cam das les la de
    de el an bo can do even her in io is man mi my no ok ole pet so to ida ana mai mars june""".split()
)
_WORD = regex.compile(rf"(?<![\w'’@.-]){_PART}(?!\d)")
_LOWER_WORD = regex.compile(r"(?<![\w@.'’-])\p{Ll}{4,20}(?![\w@]|[.-]\w)")
_NEXT_NAME = regex.compile(rf"\s(?:{_PARTICLE}\s){{0,2}}(?P<part>{_PART})|\s\p{{Lu}}\.(?=\s{_PART})")


def find_people(text: str, clock: Clock) -> list[Span]:
    """Spans of people. Raises TimeoutError."""
    spans = run_rules(RULES, text, clock) + _find_listed(text, clock)
    if sum(span.recognizer == "speaker" for span in spans) == 1:
        # One line with a colon is a label, unless a name stands before it.
        spans = [
            span
            for span in spans
            if span.recognizer != "speaker"
            or any(_is_listed(word) for word in text[span.start : span.end].casefold().split())
        ]
    if _is_lower(text):
        # Nobody capitalised anything, so a listed name in lower case is likely a name.
        spans += [
            Span(match.start(), match.end(), "PERSON", 0.45, "given name lower")
            for match in matches(_LOWER_WORD, text, clock)
            if match.group() in given_names()
            and match.group() not in AMBIGUOUS
            and match.group() not in WORDS_IN_LOWER_CASE
        ]
    return spans


# Capitals that people who write none still write: months, the pronoun, what is no word.
_CAPITALISED = regex.compile(
    r"(?<![\w-])(?!(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|January|February|March|April|June|July|August|September|October|November|December|Mon|Tue|Wed|Thu|Fri|Sat|Sun|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mr|Mrs|Ms|Dr)(?!\w))\p{Lu}[\p{Ll}'’]+"
)


def _is_lower(text: str) -> bool:
    """Whether the writer uses no capitals."""
    return text.islower() or (text[:1].islower() and _CAPITALISED.search(text) is None)


def _is_listed(word: str) -> bool:
    return word in given_names() or word in surnames()


_ENDING = regex.compile(r"['’]s?$|-")


def _find_listed(text: str, clock: Clock) -> list[Span]:
    """Given names from the lists, with the capitalised words after them."""
    given = given_names()
    spans = []
    done = 0
    for match in matches(_WORD, text, clock):
        word = _ENDING.split(match.group())[0].casefold()
        if match.start() < done or word not in given or len(word) < 3:
            continue
        end = match.end()
        while (
            not text.endswith(("'s", "’s"), 0, end)
            and (following := _NEXT_NAME.match(text, end))
            and (following["part"] or "").casefold() not in NOT_NAMES
        ):
            end = following.end()
        if end == match.end() and word in AMBIGUOUS:
            continue
        done = end
        spans.append(Span(match.start(), end, "PERSON", 0.5, "given name"))
    return spans


def _plausible(found: str) -> bool:
    """Neither the first nor the last word is an everyday word."""
    parts = found.casefold().split()
    return parts[0] not in NOT_NAMES and parts[-1] not in NOT_NAMES


def _named(found: str) -> bool:
    """The first word is no everyday word; the last may be ("Lihua He")."""
    return found.split()[0].casefold() not in NOT_NAMES


_LOCALES = "en_US en_GB en_IE en_IN de_DE de_AT fr_FR es_ES es_MX it_IT nl_NL pl_PL pt_PT pt_BR sv_SE no_NO da_DK fi_FI cs_CZ hu_HU hr_HR tr_TR"
# Names of these are Latin script too, but many are everyday words in English.
_MORE_LOCALES = "az_AZ en_KE en_NG en_NZ en_PK en_TH es_CL ga_IE ha_NG id_ID ig_NG ja_JP lt_LT lv_LV nl_BE ro_RO sk_SK sl_SI sw tw_GH uz_UZ vi_VN yo_NG zh_CN zh_TW zu_ZA"
_WORDS_OF_MORE = frozenset(
    """add ami among ants archer asia atlanta ata aus bare basil beta bite blessing boon bore brien burr can celeste chi chin cho chu comfort constant cooper dai danish dare darwin dick
    ding dolly duke each eden edison emerald ever fan fang fares felicity foot france gal gang gee gore greet guard gust guy ham hand harmony hay herd hills hook hope hudson hung indie innocent ion ireland
    jail joke jug juris kaiser kan karma kingston lagos lan lancaster lavender leto lies limo lincoln link low lung lyon mac mad made magnolia mai man mars mayor mentor min mist mora mule murray
    must nail novi oman olive orchard palo pan paris parts pat patience peace pearl phoenix pike ping piper pol pole pop priest prima put queen raid rand reader rein rich rim rob roots ruby sad safari
    sang santa scarlett sera she sing skyla solar song soo soon steer stratford street suits sun tack tai tan tang tao ting too tri trinity tudor umar valid van vain venus vic vicky vida villa
    violet vita muslim georgian aba abbey baha basel charity dona jaya jun lamar mala mel ming musee nam newton olympia pak rama rei rica sava simi wadi yang cares watt tatar tung yen rus wilton yin kung dong kong wage wan ward warwick washington way were will willow wills yoga zion""".split()
)


def listed_names(*attributes: str) -> frozenset[str]:
    """Case-folded names in Latin script from Faker's lists of 46 countries."""
    names = _names_of(_LOCALES, attributes)
    # Short ones would be words: "Över", "Liné".
    names |= {_without_accents(name) for name in names if len(name) > 5 and not name.isascii()}
    names |= {name for name in _names_of(_MORE_LOCALES, attributes) if len(name) > 2} - _WORDS_OF_MORE
    return frozenset(name for name in names if name.isalpha())


def _names_of(locales: str, attributes: Sequence[str]) -> set[str]:
    from importlib import import_module

    names: set[str] = set()
    for locale in locales.split():
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for kind in attributes:
            for attribute in (kind, kind.replace("names", "romanized_names")):
                listed = getattr(provider, attribute, ())
                # Some providers compute theirs.
                names.update(name.casefold() for name in (() if isinstance(listed, property) else listed))
    return names


def _without_accents(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))


# Somebody is called so, but in lower case nobody means a person by them; not so "brown", "hunt" or "rose".
WORDS_IN_LOWER_CASE = frozenset(
    "bail ball ban band banks bath beer best bird branch brands bridge bright burger camps canal case cases chambers church clear company contractor convey "
    "cord cousin cousins dam dash date day deep din divine doctor drum early earth edit english fair fall farmer fee ferry field fields flood floor font "
    "forum fresh fry gates glass glasses golden good grill gross guy hall hammer harm held hell holder horn house job judge junk key kick kiss law lean lie "
    "line lips list little long lord lot loyal lucky major master mate may merchant mile mills moon more mountain norm north oak odd owe page pages palm "
    "parent park parks peer per pole pool port post power powers price prince rails read real rich ring rock room rush rust said sales sane season "
    "server seven shields short silk smart snow sole spies stack steward stock storm story strong summer swift tailor tank tea ties till tone tore toy urban "
    "victory wall walls waters weeks west wild winter winters wise wood young".split()
)


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Given names that are no everyday words. About 13 thousand; loading takes some tenths of a second."""
    listed = listed_names("first_names", "first_names_male", "first_names_female")
    return frozenset(name for name in listed if len(name) >= 3 and name not in NOT_NAMES)


@lru_cache(maxsize=1)
def surnames() -> frozenset[str]:
    """Surnames that are no given names or everyday words."""
    others = NOT_NAMES | given_names()
    return frozenset(name for name in listed_names("last_names") if len(name) >= 4 and name not in others)
