"""Finds nationalities, peoples and faiths by list, where a text speaks of somebody or says that a word is one.

Covered: adjectives of most countries, larger peoples without one, larger faiths, capitalised, where a person is spoken of; after "nationality",
"home language" and the like. Not covered: parties, languages that are no people's ("Latin"), words in lower case.
"""

from __future__ import annotations

import regex

from privacy.recognizers.prefilter import Group
from privacy.recognizers.rule import Clock, matches_of, one_of
from privacy.records import Span

_NATIONS = """Afghan Albanian Algerian American Andorran Angolan Argentinian Argentine Armenian Australian Austrian Azerbaijani Azeri Bahraini Bangladeshi Barbadian Belarusian Belgian Belizean
    Beninese Bhutanese Bolivian Bosnian Botswanan Brazilian British Bulgarian Burkinabe Burmese Burundian Cambodian Cameroonian Canadian Chadian Chilean Chinese Colombian Congolese Croatian Cuban Cypriot Czech
    Danish Djiboutian Dominican Dutch Ecuadorian Egyptian Emirati English Eritrean Estonian Ethiopian Fijian Filipino Filipina Finnish French Gabonese Gambian Georgian German Ghanaian Greek Guatemalan Guinean Guyanese
    Haitian Honduran Hungarian Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian Ivorian Jamaican Japanese Jordanian Kazakh Kenyan Korean Kosovan Kuwaiti Kyrgyz Laotian Latvian Lebanese Liberian
    Libyan Lithuanian Macedonian Malagasy Malawian Malaysian Maldivian Malian Maltese Mauritanian Mauritian Mexican Moldovan Mongolian Montenegrin Moroccan Mozambican Namibian Nepalese Nepali Nicaraguan Nigerian
    Nigerien Norwegian Omani Pakistani Palestinian Panamanian Paraguayan Persian Peruvian Polish Portuguese Qatari Romanian Russian Rwandan Salvadoran Samoan Saudi Scottish Senegalese Serbian Singaporean Slovak Slovakian
    Slovene Slovenian Somali Spanish Sudanese Surinamese Swazi Swedish Swiss Syrian Taiwanese Tajik Tanzanian Thai Tibetan Togolese Tongan Tunisian Turkish Turkmen Ugandan Ukrainian Uruguayan Uzbek Venezuelan
    Vietnamese Welsh Yemeni Zambian Zimbabwean"""
# Few say these of anything but people and what they speak.
_PEOPLES = """Akan Amharic Apache Assyrian Balochi Bantu Basque Bengali Berber Breton Catalan Cantonese Chechen Cherokee Choctaw Circassian Cree Dari Farsi Flemish Fulani Galician Gujarati Hausa Hazara Hmong
    Igbo Inuit Iroquois Kikuyu Kinyarwanda Krio Kurdish Kurd Lakota Lingala Luganda Mandarin Maori Māori Mapuche Marathi Mayan Mestizo Mohawk Navajo Ojibwe Oromo Pashto Pashtun Punjabi Quechua Roma Romani Rohingya Sámi Sami
    Shona Sicilian Sinhala Sinhalese Sioux Sorani Swahili Tagalog Tamil Tatar Telugu Tigrinya Tuareg Twi Urdu Uighur Uyghur Wolof Xhosa Yiddish Yoruba Zulu"""
_FAITHS = """Adventist Agnostic Ahmadi Anglican Atheist Baháʼí Baha'i Baptist Buddhist Calvinist Catholic Christian Coptic Druze Episcopalian Evangelical Hindu Jain Jainist Jewish Jehovah's Lutheran Mennonite Methodist
    Mormon Muslim Orthodox Pentecostal Presbyterian Protestant Quaker Rastafarian Shia Shi'a Shiite Sikh Sunni Taoist Wiccan Yazidi Zoroastrian"""
_LISTED = frozenset(f"{_NATIONS} {_PEOPLES} {_FAITHS}".casefold().split())
_HALF = r"(?:[ -](?:American|British|Canadian|Irish|Australian|born|speaking))?"
_WHO = (
    r"(?:man|woman|men|women|boy|girl|lady|gentleman|male|female|national|nationals|citizens?|nationality|passport|accents?|dialects?|speakers?|speaking|interpreter|translator|family|parents?|mother|father|wife|husband|"
    r"partner|couple|student|patient|refugees?|asylum|migrants?|descent|origin|heritage|background|ancestry|community|chaplain|priest|faith|only|lad|lass|guy|bloke|neighbou?rs?|widow|widower|nurse|driver|sailor|seafarer|crew|stowaway|tenants?|guests?|colleague)"
)
_SAID = (
    r"(?:nationality|citizenship|ethnicity|ethnic origin|religion|faith|denomination|language|languages|mother tongue|native|speaks|speaking|spoken|fluent in|interpreter|raised|practising|practicing|devout|baptised|converted to|claims to be|"
    r"identifies as|described as|he is|she is|he's|she's|i'm|i am|they are|who is|is a|was a|born)"
)
PEOPLES = frozenset((*_NATIONS.split(), *_PEOPLES.split(), *_FAITHS.split()))
_ANY = rf"(?:{one_of(sorted(PEOPLES))})"
_FORMS = Group(
    (regex.compile(pattern), None)
    for pattern in (
        rf"(?<![\w'’-])(?P<x>{_ANY}{_HALF})(?=(?:[ ](?:\p{{Ll}}+[ ]){{0,2}}?){_WHO}(?![\w'’-]))",
        rf"(?<!\w)(?i:{_SAID})[\"'|]{{0,2}}(?:[:=|,]?[ ]{{0,3}}|[ ]is[ ])[\"'(]?(?P<x>{_ANY}{_HALF})(?![\w'’-])",
        # After an age, a name or in brackets with a role: "34, Kurdish,", "(bosun, Somali)".
        rf"(?<=[\p{{L}}\d][,;/|][ ])(?P<x>{_ANY})(?=[ ]?[,;/|)](?:\s|$))",
    )
)


def is_people(word: str) -> bool:
    """Whether a word, in any case, is a listed nationality, people or faith."""
    return word.casefold() in _LISTED


def find_peoples(text: str, clock: Clock) -> list[Span]:
    """Spans of nationalities, peoples and faiths. Raises TimeoutError."""
    clock.left_s()
    return [
        Span(match.start("x"), match.end("x"), "NRP", 0.5, "listed people")
        for _, match in matches_of(_FORMS, text, clock)
    ]
