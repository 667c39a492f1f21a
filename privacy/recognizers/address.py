"""Finds postal addresses and their parts: street and number, unit, box, city beside them, postcode.

Covered: US, UK and the common European street forms in Latin script, military mail. Not covered: addresses
without any street word, number or separator ("the blue house by the church"), other scripts.
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, Rule, grouped, matches, run_rules, words
from privacy.recognizers.streets import STREETS, TOWN_CHAR
from privacy.recognizers.zips import find_zips
from privacy.records import Span

_CAP = r"(?:\p{Lu}[\p{L}'’.\-]{0,30}|\d{1,3}(?:st|nd|rd|th))"
_LINK_WORD = r"(?:de|del|della|dei|di|da|do|dos|das|du|des|la|le|les|los|van|von|der|den|het|of|the|y|i|e|u|zu|am|an|im)"
# A street name of one to six words, the first capitalised.
_NAME = rf"{_CAP}(?:\s(?:{_CAP}|{_LINK_WORD})){{0,5}}"
_SUFFIX = (
    r"(?:Street|Str|St|Road|Rd|Avenue|Ave|Av|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Way|"
    r"Circle|Cir|Parkway|Pkwy|Highway|Hwy|Crescent|Close|Grove|Gardens|Gdns|Hill|Mews|Row|Walk|Trail|Trl|Turnpike|Loop|"
    r"Alley|Plaza|Pike|Quay|Rise|Route|Rte|Crossing|Bypass|Causeway|Green|Wharf|Cove|Expressway|Freeway|Fork|Ridge|Run|Pass)"
)
_NUMBER = r"\d{1,5}(?:\s?[A-Za-z](?![\w]|\.\s?\d))?(?:[-/]\d{1,5}[A-Za-z]?|/[A-Za-z](?!\w))?"
_NUMBER_AFTER = rf"(?:,?\s(?:No\.?\s?|nº\s?|n°\s?|Nr\.?\s?)?{_NUMBER}\.?)"

_STREET_EN = regex.compile(
    rf"(?<![\w.,])(?:(?i:house|no\.?)\s)?(?:{_NUMBER},?\s){{1,2}}(?:[NSEW]{{1,2}}\.?\s|North\s|South\s|East\s|West\s)?"
    rf"(?:{_NAME}\s)?(?i:{_SUFFIX})\b\.?(?:\s[NSEW]{{1,2}}\b)?{_NUMBER_AFTER}?"
)
_STREET_EN_LOWER = regex.compile(
    r"(?<![\w.,])\d{1,5}\s(?:[\p{L}'.-]{2,20}\s){1,3}(?:street|road|avenue|lane|drive|boulevard|blvd|terrace|crescent)\b",
    regex.IGNORECASE,
)
_STREET_EN_NO_NUMBER = regex.compile(
    rf"(?<!\w)(?:\p{{Lu}}[\p{{L}}'’-]{{1,20}}\s){{1,3}}(?:Street|Road|Avenue|Lane|Boulevard|Terrace|Crescent|Blvd|Rd|Ave)\b"
    rf"\.?{_NUMBER_AFTER}?"
)
_PREFIX = (
    r"(?:Via|Viale|Vicolo|Corso|Piazza|Piazzale|Largo|Strada|Contrada|Rue|Avenue|Boulevard|Bd|Chemin|Place|Allée|Impasse|Quai|"
    r"Route|Square|Cours|Calle|C\/|Carrer|Ctra\.|Carretera|Plaza|Paseo|Avda\.?|Avenida|Av\.|Ronda|Camino|Urb\.|Rua|Vila|Travessa|"
    r"Praça|Praca|Estrada|Alameda|ul\.|ulica|al\.|os\.|Úti?|Rúa|Polígono|Caixa Postal|Bairro|Quinta|Vale|Casal|Lugar|Beco|"
    r"Am|An der|Auf der|Auf dem|In der|Im|Zum|Zur|Unter den|Pl\.|Vía|Rambla|Crta\.|R\.|Ctra)"
)
_STREET_PREFIXED = regex.compile(
    rf"(?<!\w)(?:{_NUMBER},?\s)?{_PREFIX}\s(?:{_NAME}|{_LINK_WORD}\s(?:{_LINK_WORD}'?\s)?{_NAME})"
    rf"(?:,?\s(?:No\.?\s?|nº\s?|n°\s?|Nr\.?\s?)?{_NUMBER})",
)
_STREET_PREFIXED_NUMBER_FIRST = regex.compile(
    rf"(?<![\w.,]){_NUMBER},?\s(?:(?i:bis|ter),?\s)?(?i:{_PREFIX})\s(?:{_LINK_WORD}\s){{0,2}}{_NAME}{_NUMBER_AFTER}?"
)
_COMPOUND = (
    r"(?:stra(?:ß|ss)e|strasze|straat|str|weg|gasse|platz|allee|laan|gata|gatan|gate|vej|veien|vegen|veg|vei|gade|dreef|plein|"
    r"kade|tie|katu|kuja|polku|utca|damm|ufer|väg|vägen|stræde|gränd|steeg|hof|singel|gracht|markt|ring|stieg|pfad|torg|"
    r"allé|bakken|vænget|toften|parken|høj|backe|stigen|straede|svingen|lia|haugen|brekka|ul)"
)
# The number behind the word is looked at before the word's end, of which there are many.
_STREET_COMPOUND = regex.compile(
    rf"(?<!\w)(?:\d{{1,5}},?\s)?(?:\p{{Lu}}[\p{{L}}.'-]{{1,20}}\s){{0,3}}\p{{L}}[\p{{L}}-]{{2,38}}+(?=\.?\s\d)(?<=\p{{L}}[\p{{L}}-]{{1,30}}(?i:{_COMPOUND}))\.?"
    rf"\s\d{{1,5}}(?!\d)(?:\s?[A-Za-z])?(?!\w)"
)
_STREET_COMPOUND_ALONE = regex.compile(
    r"(?<!\w)(?:\d{1,5},?\s)?\p{Lu}\p{L}{2,30}(?:stra(?:ß|ss)e|straat|gasse|platz|gatan|veien|vej|gade)(?!\p{L})"
)
# Hungarian, Czech and the like: "Eötvös út 10."
_STREET_MIDDLE = regex.compile(
    r"(?<!\w)(?:\d{1,5}\s)?(?:\p{Lu}[\p{L}.-]{1,25}\s){1,3}(?:út|útja|utca|u\.|tér|tere|körút|krt\.|fasor|sor|köz|sétány|dűlő|Pass|bb)\s\d{1,5}\.?",
    regex.IGNORECASE,
)
# "98 Grote Baan 477": a name between two numbers is an address in nearly every country that writes it.
_BETWEEN_NUMBERS = regex.compile(
    rf"(?<![\w.,:/$€£-])(?<![<>=]\s?)\d{{1,4}},?\s(?:{_CAP}|{_LINK_WORD})(?:\s(?:{_CAP}|{_LINK_WORD})){{0,4}},?\s\d{{1,5}}[A-Za-z]?(?![\w:/%]|[.,]\d)"
)
_CORNER = regex.compile(
    rf"(?i:the\s)?(?i:corner\sof)\s(?P<x>[\p{{L}}\d][^\n,;?!]{{2,60}}?\s(?:and|&)\s[\p{{L}}\d][\p{{L}}'’.-]{{0,30}}"
    rf"(?:\s(?:{_CAP}|{_LINK_WORD}|{_SUFFIX}|(?i:street|strasse|straße)|\d{{1,5}}[.\w]?)){{0,6}})"
)
_UNIT = regex.compile(
    r"(?<!\w)(?:Apt|Apartment|Suite|Ste|Flat|Unit|Apto|Appt|Wohnung|Etage|Stiege|Penthouse|Room|Rm)\b\.?\s?(?:#|No\.?\s?)?\s?"
    r"[A-Z]?-?\d{1,5}[A-Za-z]?(?!\w)|(?<!\w)\d{1,2}(?:st|nd|rd|th)\sfloor\b",
    regex.IGNORECASE,
)
_BOX = regex.compile(
    r"(?<!\w)(?:P\.?\s?O\.?\s?Box|Post(?:al)? Box|Postfach|Apartado|Postbus|Bo[iî]te Postale|B\.?P\.?|Casilla)\s(?:n[oº°]\.?\s?)?\d{1,7}(?!\w|/\d)"
    r"|(?<!\w)(?:PSC|CMR|Unit|RR|HC)\s\d{1,5},?\sBox\s\d{1,6}(?!\w)|(?<!\w)(?:APO|FPO|DPO)\s(?:AA|AE|AP)\s\d{5}(?:-\d{4})?(?!\w)"
    r"|(?<!\w)(?:USNS|USS|USNV|USCGC)\s\p{Lu}[\p{L}-]{1,20}(?=[\s,]{1,3}(?:APO|FPO|DPO)\b)",
    regex.IGNORECASE,
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|PR|RI|"
    "SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)
_ZIP_STATE = regex.compile(
    rf"(?<!\w)(?:\p{{Lu}}[\p{{L}}.'-]{{1,20}}\s?){{0,3}},?\s?(?:{_STATES}),?\s\d{{5}}(?:-\d{{4}})?(?!\w)"
)
_POSTCODE_UK = regex.compile(
    r"(?<!\w)(?:GIR ?0AA|[A-PR-UWYZ][A-HK-Y]?\d[\dA-HJKMNPR-Y]?\s?\d[ABD-HJLNP-UW-Z]{2})(?!\w)"
)
_POSTCODE_CA = regex.compile(
    r"(?<!\w)[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d(?!\w)"
)
_POSTCODE_PREFIXED = regex.compile(
    r"(?<!\w)(?:D|A|CH|F|I|B|L|NL|PL|DK|S|N|FIN|E|P|CZ|SK|H)-\d{4,5}(?!\d)(?:\s\p{Lu}[\p{L}-]{1,25})?"
)
_POSTCODE_WORDED = regex.compile(
    r"(?<!\w)(?:zip(?:[\s/-]?(?:codes?|postal(?:\scode)?))?s?|post(?:al)?[\s-]?codes?|post\s?codes?|pin[\s-]?code|plz|postleitzahl|c[óo]digo\spostal|code\spostal|codice\s(?:di\savviamento\s)?postale|kod\spocztowy|(?-i:CAP|CEP|NPA)|c\.p\.|eircode|postnummer|"
    r"postnr\.?|postinumero|ps[čc]|irányítószám|poštanski\sbroj|poštna\sštevilka|pašto\skodas|pasta\sindekss|sihtnumber|posta\skodu|kode\spos|poskod|postindex|indeks)"
    r"(?:\s(?:on|for|of|in|at|the|her|his|their|your|my|our|is|was|are|were|given|says|address|delivery|billing|mailing|shipping|home|work|code|area|now|to|changed|from|file|card|account|property|house|reads|as|it's|still|just|should be|now|entered|new|old|i|gave|put|typed|said)){0,6}\s{0,2}[:=?-]?\s{0,2}(?:\n?\s?\w{1,12}:\s|it's\s|that's\s|is\s|um,?\s|uh,?\s)?"
    r"(?P<x>(?-i:(?=[\p{Lu}\d -]{0,6}\d)(?![A-Z]{5})(?:[A-Z]{1,2}\d[A-Z\d]?(?:\s?\d[A-Z]{2})?|[A-Z]\d[A-Z][ -]?\d[A-Z]\d|[A-Z]\d{2}\s?[A-Z\d]{4}|[A-Z]{0,3}-?\d{3,6}(?:[ -]\d{2,4})?(?:\s?[A-Z]{2})?|\d{2}[ -]\d{3}|\d{3}\s\d{2,3})|[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}|[a-z]\d[a-z]\s?\d[a-z]\d))(?:(?:\sand|\sor|,|\s/|\sto|,?\snot|\sinstead\sof)\s(?P<x>\d{4,6}(?:-\d{4})?))?(?![\w%]|[.,]\d)(?!\s(?:bytes|kb|mb|gb|files?|mm|cm)(?!\w))",
    regex.IGNORECASE,
)
_ZIP_PLUS_4 = regex.compile(r"(?<![\w-])\d{5}-\d{4}(?![\w-])")
_AFTER_WORD = regex.compile(
    rf"(?<!\w)(?i:address(?:\sis|\sto|\swas|:)?|live[sd]?\s(?:at|in|on)|living\s(?:at|in)|moved\sto|resid(?:e|es|ing)\s(?:at|in))\s{{1,8}}"
    rf"(?P<x>(?:\d{{1,5}},?\s)?{_NAME}(?:{_NUMBER_AFTER})?)"
)

# "12 miles down the road", "a 2 TB hard drive".
_NO_STREET = frozenset(
    """on the of down per a an in to along up off from by at with for and or over across hard disk disc flash usb tape test thumb solid state pen backup external
    internal network food blood gb tb mb miles mile km metres meters feet minutes hours days cars people lanes lane wheel all front rear charity membership
    more less than each every this that your my our their his her its""".split()
)

# Ireland: a routing key and four places that hold a digit, as a rule.
_SQUARE_MEASURE = regex.compile(r"\d[ ](?:square|sq)$", regex.IGNORECASE)
_EIRCODE = regex.compile(
    r"(?<![\w-])(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[ ](?=[A-Z]{0,3}\d)[AC-FHKNPRTV-Y\d]{4}(?![\w-])"
)
# "2611 AB Delft", "Toronto M5V": a Dutch code, and the first half of a British or Canadian one beside a word of place.
_POSTCODE_NL = regex.compile(
    r"(?<![\w.,/-])[1-9]\d{3}\s?(?!AM|PM|AD|BC|CE|MB|GB|KB|TB|KG|KM|CM|MM|ML|HZ|EU|US|UK|ET|PT|IS|TO|IN|ON|OF|AT|BY|OR|SA|SD|SS|PS|HP|CC|CD)[A-Z]{2}(?=[ ,]{1,2}\p{Lu}\p{Ll}|[.,;]|$)"
)
_OUTWARD = regex.compile(
    r"(?<!\w)(?i:live[sd]?|living|based|located|flat|house|office|we're|i'm|i am|we are|moved|moving|deliver(?:y|ies|s|ed|ing)?|ship(?:s|ping|ped)?|postcode|post code|area|near|somewhere|around|rent(?:ing|ed)?|home|over)\s(?:\w+\s){0,2}?(?:in|to|near|around|is|of|from)\s(?:the\s)?"
    r"(?P<x>(?:A[BL]|B[ABDHLNRSTX]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|U[B]|W[ACDFNRSV]?|YO|ZE)\d{1,2}[A-Z]?|[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])(?![\w-])"
)

RULES = grouped(
    *STREETS,
    Rule("eircode", "ADDRESS", _EIRCODE, 0.55),
    Rule("postcode NL", "POSTCODE", _POSTCODE_NL, 0.45),
    Rule("postcode outward", "POSTCODE", _OUTWARD, 0.45),
    Rule(
        "street",
        "ADDRESS",
        _STREET_EN,
        0.7,
        accept=lambda found: not _SQUARE_MEASURE.search(found) and "\nDear " not in found,
    ),
    Rule(
        "street lower",
        "ADDRESS",
        _STREET_EN_LOWER,
        0.5,
        accept=lambda found: _NO_STREET.isdisjoint(found.casefold().split()[1:-1]),
    ),
    Rule("street name", "ADDRESS", _STREET_EN_NO_NUMBER, 0.5, needs_digit=False),
    Rule("street prefixed", "ADDRESS", _STREET_PREFIXED, 0.65),
    Rule("number and street", "ADDRESS", _STREET_PREFIXED_NUMBER_FIRST, 0.65),
    Rule("street compound", "ADDRESS", _STREET_COMPOUND, 0.65),
    Rule("street compound name", "ADDRESS", _STREET_COMPOUND_ALONE, 0.5, needs_digit=False),
    Rule("street middle", "ADDRESS", _STREET_MIDDLE, 0.6),
    Rule(
        "between numbers", "ADDRESS", _BETWEEN_NUMBERS, 0.5, accept=lambda found: any(map(str.isupper, found))
    ),
    Rule("corner", "ADDRESS", _CORNER, 0.55, needs_digit=False),
    Rule("unit", "ADDRESS", _UNIT, 0.5),
    Rule("box", "ADDRESS", _BOX, 0.7),
    Rule("state and zip", "ADDRESS", _ZIP_STATE, 0.6),
    Rule("zip+4", "ADDRESS", _ZIP_PLUS_4, 0.4),
    Rule("postcode UK", "ADDRESS", _POSTCODE_UK, 0.55),
    Rule("postcode CA", "ADDRESS", _POSTCODE_CA, 0.55),
    Rule("postcode prefixed", "ADDRESS", _POSTCODE_PREFIXED, 0.5),
    Rule("postcode worded", "ADDRESS", _POSTCODE_WORDED, 0.7),
    Rule("address worded", "ADDRESS", _AFTER_WORD, 0.5, needs_digit=False),
)
NOT_ALONE = words("unit", "room", "rm")

# What may follow a street: a unit, a postcode, a city, a country; each after a comma, a line break or a dash.
_NEXT_PART = regex.compile(
    r"(?:[ \t]*[,\n\r>\\/-][,\s>?*|#\\-]{0,6}|\s)"
    r"(?:(?:Apt|Apartment|Suite|Ste|Flat|Unit|Floor)\b\.?\s?#?\s?\w{1,6}"
    r"|(?:bus|bte\.?|boîte|kv\.?|d\.|dom|apt\.?|ap\.|et\.|sc\.|bl\.|vh\.|ent\.|piso|puerta|pta\.?|esc\.?|escalera|int\.?|interno|scala|m\.|lok\.?|lokal|lgh|tv\.?|th\.?|mf\.?|sal|No:?|D:|Daire|Kat|K:|Blok|[Tt]op|Tür|Stg\.?|Stiege|korp\.|k\.|stan|byt|as\.)\s?:?\d{1,4}[A-Za-z]?(?!\w)"
    r"|\d{1,2}\s?[º°ª.]\s?(?:[A-Z]{1,3}|\d{1,2}[ªº]?|izq\.?|dcha\.?|th|tv|mf)?(?!\w)|\d{1,2}[a-z]\s\d{1,2}[a-zªº](?!\w)|[A-Z]\s\d{1,3}(?=,)"
    r"|(?:[A-Z]{1,3}-)?(?:\d{4,6}(?:-\d{3,4})?|\d{3}\s\d{2}|\d{2}-\d{3}|\d{4}\s[A-Z]{2}|(?:[AC-FHKNPRTV-Y]\d{2}|D6W)\s?[A-Z\d]{4})(?![\w-])(?:\s[A-Z]{2}(?!\w))?"
    rf"(?:\s\p{{Lu}}{TOWN_CHAR}{{1,25}}(?:[ -]\p{{Lu}}{TOWN_CHAR}{{1,25}}){{0,2}}(?:\s(?:\d{{1,2}}|[A-Z]{{1,2}}))?(?=\s*(?:[,\n.;)]|$)))?)"
)
_NEXT_PLACE = regex.compile(
    r"(?:[ \t]*[,\n\r]|[ \t]*\\n)[\s>?*|#-]{0,6}"
    rf"(?:\p{{Lu}}{TOWN_CHAR}{{0,30}}|(?:of|de|del|la|le|am|an|der|u|and|&|the|sur|den|do|da|di|on|upon|nad))(?:[ -](?:\p{{Lu}}{TOWN_CHAR}{{0,30}}|of|de|del|la|le|am|an|der|u|and|the|sur|den|do|da|di|upon|nad)){{0,4}}"
    r"(?:[ \t](?:\d{1,2}(?:er?|ème)?|\d{4,6}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?!\w))?(?=\s{0,3}(?:[,.\n;?!)\"]|\\n|$))"
)
# "Suite 865 Zoetermeer Norway": after a number, capitalised words up to the end of the line or sentence.
_PLACE_AFTER_NUMBER = regex.compile(
    rf"(?<=\d)\s\p{{Lu}}{TOWN_CHAR}{{1,30}}(?:\s\p{{Lu}}{TOWN_CHAR}{{1,30}}){{0,3}}(?=\s*(?:[,.\n?!]|\\n|$))"
)
_NUMBER_BEFORE = regex.compile(r"(?<![\w.,:/$€£-])\d{1,5}[A-Za-z]?,?[ \t]$")


def find_addresses(text: str, clock: Clock) -> list[Span]:
    """Spans of whole addresses, each street joined with the parts that follow it. Raises TimeoutError."""
    found = [_extend(span, text, clock) for span in run_rules(RULES, text, clock)]
    return found + find_zips(text, clock)


def _extend(span: Span, text: str, clock: Clock) -> Span:
    """The span with a number before it and up to six parts after it."""
    before = _NUMBER_BEFORE.search(text, max(0, span.start - 8), span.start)
    start = before.start() if before else span.start
    end = span.end
    for _ in range(6):
        part = (
            _NEXT_PART.match(text, end)
            or _NEXT_PLACE.match(text, end)
            or _PLACE_AFTER_NUMBER.match(text, end)
        )
        clock.left_s()
        if part is None:
            break
        end = part.end()
    return span.at(start, end)


def find_postcodes_after(places: list[Span], text: str, clock: Clock) -> list[Span]:
    """Numbers that stand right beside a place ("Iran 65400", "75001 Paris")."""
    if not places:
        return []
    found = []
    starts, ends = {place.start for place in places}, {place.end for place in places}
    for match in matches(_BARE_POSTCODE, text, clock):
        if _NOT_POST.search(text, max(0, match.start() - 12), match.start()):
            continue
        start, end = match.span()
        after = any(start - gap in ends and not text[start - gap : start].strip(" ,\n") for gap in range(3))
        if after or any(end + gap in starts and not text[end : end + gap].strip(" ,\n") for gap in range(3)):
            found.append(Span(start, end, "ADDRESS", 0.45, "postcode by place"))
    return found


_NOT_POST = regex.compile(
    r"(?<!\w)(?:port|error|code|build|line|status|pid|version|revision|item|part|model)s?[ :=#]{1,3}$",
    regex.IGNORECASE,
)
_BARE_POSTCODE = regex.compile(
    r"(?<![\w.,:/$€£#-])(?:\d{5}-\d{3}|\d{4}-\d{3}|\d{3}-\d{4}|\d{2}-\d{3}|\d{5,6}|\d{4}(?:\s?[A-Z]{2})?|\d{3}\s\d{2})(?![\w:%]|[.,-]\d)"
)
