"""Invented people, organisations and addresses for the benchmarks: names of many cultures, addresses of many countries.

Names and cities are common public words; who bears which, and every street number, domain and telephone
number, is drawn. Telephone numbers lie in ranges that are set aside for fiction where a country has one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

# Culture -> given names | family names. Romanised, as such names stand in English text.
_NAMES = {
    "us": (
        "Marcus Denise Tyrell Kayla Wade Brooke Darnell Paige Hunter Lorraine Grant Skye Rex Faith Dale April",
        "Whitlock Hargrove Tisdale Beauchamp Stone Pruitt Mayfield Underhill Barnes Rivers Holloway Price Banks",
    ),
    "uk": (
        "Alistair Imogen Rupert Philippa Gareth Bronwen Fergus Morag Nigel Poppy Hamish Rowena Ivor Daphne",
        "Featherstone Pendlebury Llewellyn Ainsworth MacAllister Thwaite Cholmondeley Ramsbottom Bright Wood",
    ),
    "irish": (
        "Aoife Cormac Niamh Declan Saoirse Fionn Siobhán Padraig Róisín Eoghan",
        "O'Malley O'Shaughnessy MacDermott Gallagher Ní Bhriain Fitzgibbon O'Rourke Tierney",
    ),
    "german": (
        "Jürgen Annelise Bernd Heike Matthias Ulrike Torsten Gisela Lutz Anke Götz Bärbel",
        "Hoffstätter Kleinschmidt Vogelsang Rauch Brückner Oberhauser Stein Zimmerli Wolf Jäger",
    ),
    "french": (
        "Benoît Maëlle Thibault Océane Gaspard Solène Aurélien Margaux Étienne Clémence",
        "Delacroix Bellerose Fontaine Marchand Lefèvre Roussel Charpentier Guérin Petit Leclerc",
    ),
    "spanish": (
        "Íñigo Rocío Joaquín Marisol Esteban Pilar Gonzalo Ximena Anselmo Consuelo Hernán Milagros",
        "Echeverría Quintanilla Zamorano Iglesias Cárdenas Montenegro Salvatierra Peña Villalobos",
    ),
    "italian": (
        "Massimo Ginevra Ottavio Chiara Fabrizio Loredana Sandro Beatrice Luca Fiorella",
        "Bevilacqua Castellani Pellegrino Monteverdi Squarcialupi Greco Tagliabue Fabbri",
    ),
    "portuguese": (
        "João Mafalda Thiago Luzia Rui Conceição Otávio Iracema Duarte Benedita",
        "Cavalcanti Figueiredo Nogueira Bragança Carneiro Teixeira Queiroz Salgado",
    ),
    "polish": (
        "Zbigniew Małgorzata Wojciech Agnieszka Grzegorz Bożena Łukasz Halina Krzysztof Jadwiga",
        "Szczepański Brzęczyszczykiewicz Wiśniewska Kaczmarek Dąbrowska Żurawski Gołąb Piekarz",
    ),
    "czech": (
        "Zdeněk Libuše Bohumil Květa Radovan Šárka Ctibor Dagmar",
        "Hřebíček Navrátilová Dvořáček Pospíšil Kučerová Zapletal Růžičková Beránek",
    ),
    "nordic": (
        "Torbjørn Ingrid Aksel Sigrún Håkon Solveig Jóhann Maiken Østen Ylva Pekka Aino",
        "Bjørnstad Lindqvist Guðmundsdóttir Rasmussen Øverland Sjöberg Kettunen Hämäläinen",
    ),
    "dutch": (
        "Joost Marijke Sander Femke Wouter Liesbeth Teun Annelies",
        "van der Meulen de Groot Hoekstra ten Brink Verhoeven van den Heuvel Bakker",
    ),
    "greek": (
        "Stavros Eleftheria Panagiotis Despina Nikos Kalliope Thanasis Vasiliki",
        "Papadimitriou Karagiannis Stathopoulou Anagnostou Xenakis Mavros",
    ),
    "turkish": (
        "Çağlar Ayşegül Emre Gülşen Hakan Şebnem Tolga Nurcan",
        "Yıldırım Özdemir Karahan Şahinoğlu Demirtaş Aksoy Kılıç",
    ),
    "russian": (
        "Vsevolod Lyudmila Gennady Svetlana Arkady Zinaida Timofey Oksana",
        "Kuznetsov Zaytseva Yevtushenko Sokolova Chernyshevsky Pavlenko Shcherbakova",
    ),
    "arabic": (
        "Abdulrahman Layla Yousef Noor Tariq Hanan Mustafa Rania Khaled Amina",
        "Al-Khatib El-Masri Haddad Bin Saleh Abu Nasser Al Qahtani Darwish Bouazizi",
    ),
    "hebrew": (
        "Yael Amnon Shira Gideon Noa Eitan Tamar Boaz",
        "Ben-Ami Rosenfeld Shoshan Mizrahi Peled Azoulay",
    ),
    "persian": (
        "Behrouz Shirin Dariush Parisa Kourosh Mahsa Siavash Golnaz",
        "Tehrani Farahani Jafarzadeh Rostami Kashani Moradi",
    ),
    "indian": (
        "Rajesh Lakshmi Aniruddha Kavitha Harpreet Sushmita Venkatesh Padma Jaspreet Ishaan",
        "Subramanian Chattopadhyay Deshmukh Gill Venkataraman Iyer Kaur Bhattacharya Naidu",
    ),
    "pakistani": (
        "Zulfiqar Rukhsana Imran Shaista Bilal Nadia Usman Farzana",
        "Qureshi Chaudhry Siddiqui Baloch Khattak Mirza",
    ),
    "chinese": (
        "Wei Xiaoling Jianguo Meifeng Zhihao Yuxin Guoqiang Lihua Ming Hui",
        "Zhang Ouyang Xu Huang Zhao Feng He Long Song Bai",
    ),
    "korean": (
        "Min-jun Soo-yeon Jae-hyun Hye-jin Dong-wook Eun-ji Seung-ho Yu-na",
        "Park Choi Jeong Kang Yoon Moon Bae Seo",
    ),
    "japanese": (
        "Haruto Sakura Kenjiro Mayumi Takeshi Chiyo Daisuke Noriko",
        "Matsumoto Hayashi Ogawa Fujiwara Nishimura Kuroda Ueda",
    ),
    "vietnamese": (
        "Thanh Phuong Quang Hanh Duc Linh Tuan Ngoc",
        "Nguyen Tran Pham Huynh Doan Vuong",
    ),
    "thai": (
        "Somchai Pornthip Kittisak Ratana Anong Prasert",
        "Srisuwan Chaiyaphum Wongsakul Phromma Saetang",
    ),
    "filipino": (
        "Jomar Maricel Rodel Analyn Dante Cherry",
        "Dimaculangan Bautista Macaraeg Pangilinan Salonga",
    ),
    "indonesian": (
        "Bambang Dewi Agus Wulan Slamet Ratna",
        "Widodo Kusuma Hartono Simanjuntak Nasution Pratiwi",
    ),
    "nigerian": (
        "Oluwaseun Chiamaka Emeka Folasade Tunde Ngozi Chukwudi Adaeze",
        "Okonkwo Adebayo Nwosu Balogun Eze Olatunji Onyekachi",
    ),
    "ghanaian": ("Kwabena Abena Kofi Akosua Yaw Efua", "Boateng Asante Mensah Owusu Acheampong"),
    "ethiopian": ("Tesfaye Selamawit Dawit Hiwot Bekele Mekdes", "Gebremariam Tadesse Woldemichael Abebe"),
    "kenyan": ("Wanjiru Kipchumba Otieno Nyambura Mwangi Achieng", "Kamau Cheruiyot Odhiambo Mutua Ochieng"),
    "hawaiian": ("Keoni Leilani Kaimana Noelani", "Kealoha Kahananui Makoa Palakiko"),
    "navajo": ("Delbert Sunshine Herman Charmayne", "Yazzie Begay Tsosie Benally Manygoats"),
}
_PARTICLES = {"van", "der", "den", "de", "ten", "Al", "Bin", "Abu", "Ní"}
_FAMILY_FIRST = {"chinese", "korean", "japanese", "vietnamese"}
"""Cultures whose names now and then stand with the family name first."""


def _families(words: str) -> list[str]:
    """Splits a line of family names, keeping particles with the name they belong to."""
    names: list[str] = []
    pending: list[str] = []
    for word in words.split():
        pending.append(word)
        if word not in _PARTICLES:
            names.append(" ".join(pending))
            pending = []
    return names


NAMES = {culture: (given.split(), _families(family)) for culture, (given, family) in _NAMES.items()}


def plain(text: str) -> str:
    """The letters of a name as they stand in an e-mail address: ASCII, lower case, no marks or blanks."""
    special = text.translate(str.maketrans("øØłŁđðþıßæ", "oOlLddtisa"))
    marks = unicodedata.normalize("NFKD", special)
    return "".join(char for char in marks.lower() if char.isascii() and char.isalnum())


_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "staff.example.org",
    "brackenhill-dental.com",
    "oxbowfreight.co.uk",
    "nordkapp-optik.de",
    "tidewatch.io",
    "lumenpost.fr",
    "kestrelmail.net",
    "stmungos.edu",
    "pinecounty.gov",
)


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person; every attribute is drawn once, so that a text speaks of one and the same."""

    first: str
    last: str
    name: str
    """As it stands in running text."""
    email: str
    user: str

    @property
    def lowername(self) -> str:
        return self.name.lower()

    @property
    def lowerfirst(self) -> str:
        return self.first.lower()

    @property
    def lowerlast(self) -> str:
        return self.last.lower()

    @property
    def spelledlast(self) -> str:
        """Letter by letter, as a caller says it; the way depends on the name, not on a draw."""
        letters = plain(self.last)
        return "-".join(letters.upper()) if len(letters) % 3 == 0 else " ".join(letters)

    @property
    def uppername(self) -> str:
        return self.name.upper()


def person(rng: Random) -> Person:
    culture = rng.choice(sorted(NAMES))
    given, family = NAMES[culture]
    first, last = rng.choice(given), rng.choice(family)
    shape = rng.random()
    if culture in _FAMILY_FIRST and shape < 0.25:
        name = f"{last} {first}"
    elif shape > 0.93:
        name = f"{first} {last}-{rng.choice([other for other in family if other != last])}"
    elif shape > 0.83:
        name = f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
    elif shape > 0.78:
        name = f"{first} {rng.choice([other for other in given if other != first])} {last}"
    else:
        name = f"{first} {last}"
    f, k = plain(first), plain(last)
    number = rng.randrange(2, 99)
    email = rng.choice(
        (f"{f}.{k}", f"{f[0]}{k}", f"{f}_{k}{number}", f"{k}.{f}", f"{f}{number}", f"{k}+news")
    )
    user = rng.choice(
        (
            f"{f}{number}",
            f"{f[0]}{k}",
            f"{f}.{k}",
            f"{k}_{f[:2]}",
            f"{f}_{k}",
            f"x{k}{number}",
            f"the_{f}",
            f"{k}{f[0]}{number:03d}",
        )
    )
    return Person(first, last, name, f"{email}@{rng.choice(_DOMAINS)}", user)


_ORG_STEMS = (
    "Brackenhill Oxbow Nordkapp Tidewatch Kestrel Lumen Ironbridge Saltmarsh Corvane Halcyon Verrick Quillon "
    "Meridian Juniper Cobalt Thornfield Redwater Ashgrove Pallas Stonecrop Vantor Larkspur Ellery NVK Zentra "
    "Parallax Umbra BrightPath QRS Dunmore"
).split()
_FAMILIES = [
    family
    for culture in ("us", "uk", "irish", "german", "italian", "nordic", "indian", "nigerian")
    for family in NAMES[culture][1]
]
_ORG_TAILS = (
    "{} Dental Group",
    "{} Logistics",
    "{} & Sons",
    "{} Insurance plc",
    "{} Holdings Ltd",
    "{} GmbH",
    "{} Savings Bank",
    "{} Community College",
    "{} Elementary School",
    "{} Family Law LLP",
    "{} Memorial Hospital",
    "{} Pharmaceuticals Inc.",
    "{} Roofing LLC",
    "{} Housing Association",
    "University of {}",
    "{} Software",
    "{} Steel Corporation",
    "{} S.p.A.",
    "Banque {}",
    "{} Credit Union",
    "St. {}'s Clinic",
    "{} Care Home",
    "{} Consulting",
    "{}, {} and Partners",
    "{}",
    "The {} Inn",
    "Port of {}",
    "{} Systems",
    "{} Credit Services",
    "{} Bay Fisheries",
    "{} Primary School",
)


def organisation(rng: Random) -> str:
    if rng.random() < 0.3:
        a, b, c = rng.sample(_FAMILIES, 3)
        return rng.choice(
            (
                f"{a}, {b} and {c}",
                f"{a}-{b}",
                f"{a} Group",
                f"{a} & {b}",
                f"{a}'s Bakery",
                f"{a} Ltd",
                f"{a} Inc",
                f"{a} PLC",
            )
        )
    tail = rng.choice(_ORG_TAILS)
    return tail.format(*rng.sample(_ORG_STEMS, 2)[: tail.count("{}")])


def _n(rng: Random, low: int, high: int) -> int:
    return rng.randint(low, high)


def us_street(rng: Random) -> str:
    names = "Maple Larkin Copperfield Juniper Old Mill Sycamore Harlan Bellweather Quarry Magnolia Tamarack Elm".split()
    kind = rng.choice(
        "Street St Ave Avenue Road Rd Blvd Lane Ln Drive Dr Court Ct Way Terrace Place Circle Pkwy".split()
    )
    lead = rng.choice(("", "", "", "N ", "SW ", "East "))
    unit = rng.choice(
        (
            "",
            "",
            "",
            f" Apt {_n(rng, 1, 40)}{rng.choice('ABCD')}",
            f", Suite {_n(rng, 100, 990)}",
            f" #{_n(rng, 1, 60)}",
            f", Unit {_n(rng, 1, 30)}",
        )
    )
    if rng.random() < 0.08:
        return rng.choice(
            (
                f"P.O. Box {_n(rng, 100, 9999)}",
                f"PO Box {_n(rng, 10, 99999)}",
                f"RR {_n(rng, 1, 9)} Box {_n(rng, 10, 400)}",
            )
        )
    if rng.random() < 0.12:
        return f"{_n(rng, 10, 9999)} {lead}{_n(rng, 2, 9)}{rng.choice(('4th', '5th', '7th', '1st', '2nd', '3rd'))} {kind}{unit}"
    return f"{_n(rng, 1, 19999)} {lead}{rng.choice(names)} {kind}{unit}"


US_CITIES = (
    ("Duluth", "MN", "558"),
    ("Bakersfield", "CA", "933"),
    ("Paducah", "KY", "420"),
    ("Chattanooga", "TN", "374"),
    ("Worcester", "MA", "016"),
    ("Sioux Falls", "SD", "571"),
    ("Baton Rouge", "LA", "708"),
    ("Coeur d'Alene", "ID", "838"),
    ("Truth or Consequences", "NM", "879"),
    ("Walla Walla", "WA", "993"),
    ("Ypsilanti", "MI", "481"),
    ("Kalispell", "MT", "599"),
    ("Mobile", "AL", "366"),
    ("Fort Smith", "AR", "729"),
    ("Portland", "ME", "041"),
    ("Phoenix", "AZ", "850"),
)
_STATES = {
    "MN": "Minnesota", "CA": "California", "KY": "Kentucky", "TN": "Tennessee", "MA": "Massachusetts",
    "SD": "South Dakota", "LA": "Louisiana", "ID": "Idaho", "NM": "New Mexico", "WA": "Washington",
    "MI": "Michigan", "MT": "Montana", "AL": "Alabama", "AR": "Arkansas", "ME": "Maine", "AZ": "Arizona",
}  # fmt: skip


def us_zip(rng: Random) -> str:
    return f"{rng.choice(US_CITIES)[2]}{_n(rng, 1, 99):02d}"


def us_address(rng: Random) -> str:
    city, state, prefix = rng.choice(US_CITIES)
    code = f"{prefix}{_n(rng, 1, 99):02d}" + (f"-{_n(rng, 1, 9999):04d}" if rng.random() < 0.2 else "")
    written = _STATES[state] if rng.random() < 0.2 else state
    return f"{us_street(rng)}, {city}, {written} {code}"


def _uk_postcode(rng: Random) -> str:
    area = rng.choice(("LS", "BS", "EH", "CF", "NE", "SW", "M", "G", "OX", "CB"))
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"{area}{_n(rng, 1, 19)} {_n(rng, 1, 9)}{rng.choice(letters)}{rng.choice(letters)}"


def _canada_postcode(rng: Random) -> str:
    letters = "ABCEGHJKLMNPRSTVWXYZ"
    first = f"{rng.choice('KLMTVHR')}{_n(rng, 0, 9)}{rng.choice(letters)}"
    return f"{first} {_n(rng, 0, 9)}{rng.choice(letters)}{_n(rng, 0, 9)}"


_STREETS: dict[str, tuple[str, str]] = {
    "uk": (
        "{} Harrogate Road; Flat 2, {} Wellington Terrace; {} The Crescent; {}a Church Lane; Rose Cottage, {} Mill Bank",
        "Leeds; Bristol; Edinburgh; Cardiff; Hexham; Kirkcaldy",
    ),
    "de": (
        "Lindenstraße {}; Am Alten Markt {}; Goethestr. {}b; Unter den Eichen {}; Bahnhofsallee {}",
        "80331 München; 20095 Hamburg; 04109 Leipzig; 79098 Freiburg; 99084 Erfurt",
    ),
    "fr": (
        "{} rue des Tanneurs; {} bis, avenue du Général Leclerc; {} boulevard Voltaire; {}, chemin des Vignes",
        "69003 Lyon; 31000 Toulouse; 75011 Paris; 44000 Nantes; 67000 Strasbourg",
    ),
    "es": (
        "Calle de la Palma {}; Avda. de la Constitución, {}, 3º B; Plaza Mayor {}; C/ San Vicente {}",
        "41001 Sevilla; 28004 Madrid; 46002 Valencia; 15001 A Coruña",
    ),
    "it": (
        "Via Garibaldi {}; Corso Vittorio Emanuele {}; Piazza San Marco {}; Viale dei Mille {}/A",
        "20121 Milano; 40121 Bologna; 50122 Firenze; 10121 Torino",
    ),
    "nl": (
        "Prinsengracht {}; Lange Voorhout {}; Kerkstraat {}-II; Nieuwe Haven {}",
        "1016 HG Amsterdam; 2514 EG Den Haag; 3511 AL Utrecht",
    ),
    "pl": (
        "ul. Długa {}; al. Jerozolimskie {} m. 4; os. Słoneczne {}; ul. Mickiewicza {}/7",
        "00-238 Warszawa; 31-147 Kraków; 80-831 Gdańsk",
    ),
    "se": (
        "Storgatan {}; Norra Vallgatan {}; Ringvägen {}",
        "211 25 Malmö; 118 60 Stockholm; 411 36 Göteborg",
    ),
    "ca": (
        "{} rue Sainte-Catherine Ouest; {} Bloor Street West; {} Granville St; {} Jasper Avenue NW",
        "Montréal, QC; Toronto, ON; Vancouver, BC; Edmonton, AB",
    ),
    "au": (
        "{} Collins Street; Unit 5/{} Beach Road; {} Banksia Close; Lot {} Stuart Highway",
        "Melbourne VIC 3000; Bondi NSW 2026; Geelong VIC 3220; Katherine NT 0850",
    ),
    "in": (
        "{}, MG Road; Flat No. {}, Shanti Apartments, Sector 14; {}/2 Lajpat Nagar II; Plot {}, Banjara Hills",
        "Bengaluru 560001; Gurugram 122001; New Delhi 110024; Hyderabad 500034",
    ),
    "br": (
        "Rua das Laranjeiras, {}; Av. Paulista, {} - apto 31; Travessa do Ouvidor, {}",
        "22240-003 Rio de Janeiro - RJ; 01311-000 São Paulo - SP",
    ),
    "jp": (
        "{}-chome 4-7 Sakuragaoka; 3-{}-12 Nishi-Shinjuku; 2-14-{} Kitano-cho",
        "Shibuya-ku, Tokyo 150-0031; Shinjuku-ku, Tokyo 160-0023; Kobe 650-0002",
    ),
    "ie": ("{} Dame Street; {} St. Stephen's Green; {} Eyre Square", "Dublin 2, D02 XY45; Galway, H91 K8P2"),
    "za": ("{} Long Street; {} Jan Smuts Avenue", "Cape Town 8001; Johannesburg 2196"),
    "ch": ("Bahnhofstrasse {}; Rue du Rhône {}; Seestrasse {}", "8001 Zürich; 1204 Genève; 6004 Luzern"),
}
"""Country -> streets with a place for the house number, and towns with their postcodes."""


def _street(rng: Random, country: str) -> str:
    number = _n(rng, 1, 9 if country == "jp" else 220)
    return rng.choice(_STREETS[country][0].split("; ")).format(number)


def intl_street(rng: Random) -> str:
    return _street(rng, rng.choice(sorted(_STREETS)))


def intl_address(rng: Random) -> str:
    country = rng.choice(sorted(_STREETS))
    town = rng.choice(_STREETS[country][1].split("; "))
    if country == "uk":
        town += rng.choice((" ", ", ")) + _uk_postcode(rng)
    if country == "ca":
        town += " " + _canada_postcode(rng)
    return f"{_street(rng, country)}, {town}"


def address(rng: Random) -> str:
    return us_address(rng) if rng.random() < 0.45 else intl_address(rng)


def postcode(rng: Random) -> str:
    return rng.choice((us_zip, _uk_postcode, _canada_postcode))(rng)


_LONG_CITIES = (
    "Sioux Falls, Walla Walla, Baton Rouge, Cape Town, Den Haag, A Coruña, San Luis Obispo, Fort Smith"
)
CITIES = (
    *(
        "Duluth Bakersfield Paducah Chattanooga Worcester Ypsilanti Kalispell Hexham Kirkcaldy Leeds Bristol Leipzig "
        "Toulouse Nantes Sevilla Bologna Utrecht Gdańsk Malmö Edmonton Geelong Hyderabad Kobe Galway Luzern Nairobi "
        "Ibadan Cebu Bandung Izmir Tbilisi Medellín Arequipa Oaxaca Rabat Lahore Busan Chengdu Tampere Bergen Brno "
        "Plovdiv Accra Erfurt"
    ).split(),
    *_LONG_CITIES.split(", "),
)
COUNTIES = (
    "Cuyahoga County", "Maricopa County", "Bucks County", "Tioga County", "Yavapai County", "Kane County", "Wake County",
    "County Kerry", "County Durham", "Tarrant County", "Ouachita Parish", "Somerset County", "Lake County", "Ada County",
)  # fmt: skip


def city(rng: Random) -> str:
    return rng.choice(CITIES)


def county(rng: Random) -> str:
    return rng.choice(COUNTIES)


def us_phone(rng: Random) -> str:
    area = rng.choice((212, 312, 415, 503, 617, 702, 713, 808, 904, 919))
    line = f"01{_n(rng, 0, 99):02d}"
    form: Callable[..., str] = rng.choice(
        (
            "({area}) 555-{line}",
            "{area}-555-{line}",
            "{area}.555.{line}",
            "+1 {area} 555 {line}",
            "+1-{area}-555-{line}",
            "1 ({area}) 555-{line}",
            "{area}555{line}",
            "{area} 555 {line}",
            "+1{area}555{line}",
            "{area}-555-{line} ext. 41",
            "({area})555-{line}",
        )
    ).format
    return form(area=area, line=line)


def phone(rng: Random) -> str:
    if rng.random() < 0.6:
        return us_phone(rng)
    pair = lambda: f"{_n(rng, 0, 99):02d}"  # noqa: E731
    return rng.choice(
        (
            f"07700 900{_n(rng, 0, 999):03d}",
            f"020 7946 0{_n(rng, 0, 999):03d}",
            f"+44 7700 900{_n(rng, 0, 999):03d}",
            f"+44 (0)20 7946 0{_n(rng, 0, 999):03d}",
            f"+49 30 23125 {_n(rng, 0, 999):03d}",
            f"030 23125{_n(rng, 0, 999):03d}",
            f"+33 1 99 00 {pair()} {pair()}",
            f"06 39 98 {pair()} {pair()}",
            f"+34 612 {_n(rng, 100, 999)} {_n(rng, 100, 999)}",
            f"+39 347 {_n(rng, 100, 999)} {_n(rng, 1000, 9999)}",
            f"+48 601 {_n(rng, 100, 999)} {_n(rng, 100, 999)}",
            f"+31 6 {_n(rng, 10000000, 99999999)}",
            f"+91 98{_n(rng, 100, 999)} {_n(rng, 10000, 99999)}",
            f"+61 491 570 {_n(rng, 0, 999):03d}",
            f"0491 570 {_n(rng, 0, 999):03d}",
            f"+81 90-{_n(rng, 1000, 9999)}-{_n(rng, 1000, 9999)}",
            f"+55 11 9{_n(rng, 1000, 9999)}-{_n(rng, 1000, 9999)}",
            f"+46 70-174 06 {pair()}",
            f"(0171) {_n(rng, 1000000, 9999999)}",
        )
    )
