"""Finds streets of the world by the words that other languages have for a street, and by what stands around a house number.

Covered: Nordic, Baltic, Slavic, Romance, Greek and Turkish words as written in Latin script, the commonest of Asia and Latin
America; in any language a name and a number before a postcode and a town. Not covered: a name and a number alone ("Ilica 10").
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Rule

_CAP = r"\p{Lu}[\p{L}'’.-]{1,30}"
_LINK = r"(?:de|del|della|dei|di|da|do|dos|das|du|des|la|le|las|les|los|van|von|der|den|het|of|the|y|i|e|u|zu|am|an|im|al|el|ul|na|pod|nad|za|pri)"
_NAME = rf"{_CAP}(?:\s(?:{_CAP}|{_LINK}(?!\w)|\d{{1,2}}\.)){{0,4}}"
_NO = r"(?:,?\s(?:[Nn]o|[Nn]r|[Nn]úm|nº|n°|№|d|dom|bl|br|č\.p|čp)?[.:]?\s?)"
_HOUSE = (
    r"\d{1,5}(?:\s?[A-Za-z](?!\w|\.\s?\d))?(?:\s?[-/]\s?\d{1,5}[A-Za-z]?|/[A-Za-z](?!\w))?(?!\d|[.,:/]\d|%)"
)

# The word behind the name: "Brīvības iela 55", "Karl Johans gate 22", "İstiklal Caddesi No: 44".
_BEHIND = regex.compile(
    rf"(?<!\w)(?:{_CAP}\s){{1,3}}(?:gate|gata|gatan|gade|vei|veien|veg|vej|vejen|väg|vägen|allé|allè|plass|plads|torg|torv|gränd|stræde|backe|kai|kaj|brygge|tie|katu|kuja|polku|ranta|tori|aukio|cesta|ulica|ulice|ulici|trg|bulevar|bulevard|bulvar|"
    r"třída|tř\.|náměstí|nám\.|námestie|nábřeží|nábrežie|iela|prospekts|laukums|gatvė|g\.|pr\.|prospektas|alėja|mnt\.?|maantee|tn\.?|tänav|pst\.?|puiestee|Caddesi|caddesi|Cad\.|Cd\.|Sokak|Sokağı|sokak|Sok\.|Sk\.|Bulvarı|Blv\.|Mahallesi|Mah\.|"
    r"Prospekt|prospekt|Prospekti|ulitsa|Ulitsa|pereulok|shosse|naberezhnaya|bulvar|Marg|marg|Nagar|Chowk|Salai|Veedhi|Mawatha|Dajie|Jie|Lu|Dadao|strasse|utca|út|tér|körút|straat|laan|weg|plein|dreef|singel|gracht|steenweg)"
    rf"{_NO}{_HOUSE}"
)
# The word before it: "bul. Vitosha 18", "Jl. Sudirman No. 12", "Passeig de Gràcia 43".
_BEFORE = regex.compile(
    r"(?<!\w)(?:[Bb]ul\.|[Bb]ulevardul|B-dul|[Bb]ulevar|[Cc]alea|[Aa]leea|[Șș]oseaua|[Ss]oseaua|[Ss]tr\.|[Ss]trada|[Ii]ntrarea|[Ll]eof\.|[Ll]eoforos|[Oo]dos|[Pp]lateia|[Uu]l\.|[Uu]litsa|[Uu]lica|[Pp]r\.|[Pp]r-t|[Pp]rospekt|[Pp]er\.|[Nn]ab\.|[Ss]h\.|"
    r"[Vv]ul\.|[Vv]ulytsia|[Pp]rov\.|[Aa]l\.|[Oo]s\.|[Pp]l\.|[Jj]alan|[Jj]l\.|[Jj]ln\.?|[Ll]orong|[Pp]ersiaran|[Ll]ebuh|[Ss]oi|[Tt]hanon|[ĐđDd][ưu][ờo]ng|[Pp]hố|[Ss]haria|[Ss]hari|[Rr]ruga|[Rr]r\.|[Tt]rg|[Nn]áměstí|[Nn]ám\.|[Nn]ámestie|[Pp]asseig|Pg\.|[Aa]vinguda|[Pp]laça|"
    r"[Rr]ambla|[Cc]arrer|[Jj]r\.|[Jj]irón|[Pp]asaje|[Pp]je\.|[Cc]alz(?:ada|\.)|[Pp]rivada|[Cc]errada|[Aa]ndador|[Ll]adeira|[Ss]tryd|[Hh]eol|[Ff]fordd|[Ss]ráid|[Bb]óthar|[Cc]haussée|[Dd]rève|[Ss]entier|[Cc]los|[Rr]ésidence|[Ll]ieu-dit|[Ss]alita|[Ll]ungomare|[Ll]ungotevere|[Bb]orgo|[Cc]alle|[Vv]ia|[Rr]ue|[Rr]ua|Na|Nad|Pod|Pri)"
    rf"\s(?:{_LINK}\s){{0,2}}(?:[dl]['’])?{_NAME}{_NO}{_HOUSE}"
)
# Icelandic and Korean write the word as an ending.
_ENDING = regex.compile(
    rf"(?<!\w)\p{{Lu}}[\p{{L}}]{{2,24}}(?:vegur|gata|stígur|braut|stræti|hlíð|tún)\s{_HOUSE}"
    r"|(?<!\w)\p{Lu}[\p{L}]{1,20}(?:-\p{L}{1,10})?-(?:daero|ro|gil)(?:\s?\d{1,4}(?:beon)?-gil)?\s\d{1,4}(?:-\d{1,4})?(?!\w)"
)
# Japan: block numbers before or behind the quarter.
_BLOCKS = regex.compile(
    r"(?<![\w.-])\d{1,2}-\d{1,3}(?:-\d{1,4}){0,2},?\s\p{Lu}[\p{L}]{2,20}(?:-(?:cho|machi|dori|ku|shi))?(?=,\s\p{Lu}|\s\p{Lu})(?:,?\s\p{Lu}\p{L}{1,20}-(?:ku|shi|gun|cho|machi|to|fu|ken))?"
    r"|(?<!\w)\p{Lu}\p{L}{2,20}(?:-cho|-machi|-dori)?\s(?:\d{1,2}-ch[oō]me[ -]?)?\d{1,2}-\d{1,3}(?:-\d{1,4})?(?=,\s\p{Lu}\p{L}+-(?:ku|shi|cho))|(?<!\w)\d{1,2}-ch[oō]me(?:[- ]\d{1,3}){1,2}(?:,?\s\p{Lu}\p{L}{2,20}(?:-ku|-shi|-cho)?)?"
)
# The same without more behind it: three block numbers and a quarter of two words ("Nishi-Shinjuku").
_THREE_BLOCKS = regex.compile(
    r"(?<![\w.-])\d{1,2}-\d{1,3}-\d{1,4},?\s\p{Lu}\p{L}{2,20}-\p{Lu}?\p{L}{2,20}(?![\w-])"
)
# India: house and plot, the quarter, its block: "139/2 Lajpat Nagar II".
_QUARTER = regex.compile(
    rf"(?<![\w/.-])(?:[A-Z]-?)?\d{{1,4}}(?:/\d{{1,4}})?[A-Z]?,?\s(?:{_CAP}\s){{1,3}}(?:Nagar|Marg|Chowk|Vihar|Colony|Enclave|Puram|Layout|Gali|Bagh|Bazaar|Wadi|Gunj|Ganj|Peth|Salai)"
    r"(?:,?\s(?:Phase|Block|Sector|Stage|Extension|Extn\.?|Part)\s(?:\d{1,3}|[IVX]{1,4}|[A-Z])(?!\w)|\s(?:[IVX]{1,4}|\d{1,2})(?!\w)){0,2}"
)
# Colombia: street, cross street, metres.
_GRID = regex.compile(
    r"(?<!\w)(?:Carrera|Calle|Cra|Kra|Kr|Cl|Avenida|Av|Diagonal|Dg|Transversal|Tv|Circular)\.?\s\d{1,3}\s?[A-Z]?(?:\s(?:Bis|Sur|Norte|Este))?\s?(?:#|[Nn]o\.?|N°|nº)\s?\d{1,3}\s?[A-Z]?\s?-\s?\d{1,3}(?!\w)"
)
_PLOT = regex.compile(
    r"(?<!\w)(?:Plot|House|H\.?\s?No\.?|Door|D\.?\s?No\.?|Shop|Villa|Bldg\.?|Building|Block|Stand|Erf|Lot)\s(?:[Nn]o\.?\s|#\s?)?[A-Z]?-?\d{1,5}[A-Z]?(?:[-/]\d{1,4}[A-Z]?)?,\s(?:\p{Lu}|\d{1,3}(?:st|nd|rd|th)\s)[\p{L}\d'’. -]{2,40}(?=[,.\n]|$)"
)
_POSTCODE = r"(?:[A-Z]{1,3}-)?(?!(?:19|20)\d\d(?!\d))(?:\d{4,6}(?:-\d{3,4})?|\d{3}\s\d{2}|\d{2}-\d{3}|\d{4}\s?[A-Z]{2})(?![\w-])"
# In a town's name: "St. Gallen"; a point behind three small letters ends a sentence.
TOWN_CHAR = r"(?:[\p{L}'’-]|(?<!\p{Ll}{3})\.)"
# In any language: a name and a number, then a postcode and a town.
_BEFORE_TOWN = regex.compile(
    rf"(?<![\w'’-]){_NAME}\s{_HOUSE}(?:,?\s\d{{1,2}}[.ºª°]?\s?[A-Za-z]{{0,2}})?[,\n]\s?{_POSTCODE}\s\p{{Lu}}\p{{L}}{TOWN_CHAR}{{1,25}}(?:[ -]\p{{Lu}}{TOWN_CHAR}{{1,25}}){{0,2}}"
)

STREETS = (
    Rule("street word behind", "ADDRESS", _BEHIND, 0.6),
    Rule("street word before", "ADDRESS", _BEFORE, 0.6),
    Rule("street ending", "ADDRESS", _ENDING, 0.55),
    Rule("street blocks", "ADDRESS", _BLOCKS, 0.5),
    Rule("street three blocks", "ADDRESS", _THREE_BLOCKS, 0.9),
    Rule("street quarter", "ADDRESS", _QUARTER, 0.6),
    Rule("street grid", "ADDRESS", _GRID, 0.7),
    Rule("plot", "ADDRESS", _PLOT, 0.5),
    Rule("street before town", "ADDRESS", _BEFORE_TOWN, 0.55),
)
