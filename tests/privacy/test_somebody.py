"""A weak claim stands only where somebody is spoken of: among things it is let go, beside a word for somebody's number it is not."""

from __future__ import annotations

import pytest

from privacy.recognizers.contact import find_contacts
from privacy.recognizers.logins import find_logins
from privacy.recognizers.rule import Clock
from privacy.recognizers.stray_logins import find_stray
from privacy.recognizers.thing_words import THINGS
from privacy.recognizers.topics import SETTING, SOMEBODY
from privacy.records import Span
from privacy.somebody import Speech

DICTIONARY = frozenset("resistor anneal group stock housing association club strip zinc press".split())
WORDS = frozenset("the of is and plays lane beat error opened gate trip default".split())


def standing(text: str, spans: list[Span], dictionary: frozenset[str] = frozenset()) -> list[Span]:
    return Speech(text, WORDS, dictionary).standing(spans)


def kept(
    text: str, found: str, entity_type: str, recognizer: str = "transformer", score: float = 0.6
) -> bool:
    """Whether the claim that `found` is personal stands."""
    start = text.index(found)
    span = Span(start, start + len(found), entity_type, score, recognizer)
    return standing(text, [span]) == [span]


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "recognizer"),
    [
        ("span_id=7f3a9c01 duration_ms=112 retry=0", "7f3a9c01", "NATIONAL_ID", "transformer"),
        ("The path C:\\drivers\\be2d976a.inf is longer than the installer allows.", "be2d976a", "DRIVER_LICENSE", "transformer"),
        ("The display driver ILI9341 runs at 40 MHz and expects RGB565 pixels.", "RGB565", "DRIVER_LICENSE", "transformer"),
        ("The parquet column has 96 segments of 131072 bytes, hash and checksum in row 1.", "131072", "POSTCODE", "transformer"),
        ("nginx: process 4471 exited on signal 11", "nginx", "PERSON", "transformer"),
        ("make: *** [Makefile:19: all] Error 9", "Error", "ADDRESS", "transformer"),
        ("segfault at 951bc35b31f9 sp 5ae01d5c error 2 in libfoo.so.6", "libfoo", "LOCATION", "transformer"),
        ("CAS 67-64-1 is acetone, CAS 64-17-5 is ethanol.", "ethanol", "PERSON", "transformer"),
        ("Theorem 4.2 follows from Lemma 3.7 and Corollary 2.", "Theorem", "PERSON", "transformer"),
        ("Mould 8820-B makes 16 caps per shot every 9.4 seconds.", "8820-B", "REFERENCE_ID", "unworded code"),
        ("Primer 5'-GATTACAGGCTTAACCGT-3' anneals at 58 C.", "58", "ADDRESS", "transformer"),
        ("The gene BRCA1 lies on 17q21.31 and has 24 exons.", "BRCA1", "NRP", "spacy"),
        ("DNS answers with a TTL of 3600 and an SOA of its own.", "SOA", "ORGANIZATION", "spacy"),
        ("The switch has 48 ports, 8 of them SFP+ at 10 Gbit/s.", "Gbit/s.", "ORGANIZATION", "spacy"),
        ("checkpoint 000233 written in 812 ms, 44 segments recycled", "000233", "REFERENCE_ID", "unworded code"),
        ("mount -t nfs -o vers=4.1,rsize=1048576 store:/vol3 /mnt/vol3", "1048576", "REFERENCE_ID", "unworded code"),
        ("An STM32F407VGT6 runs at 168 MHz with 192 KB of RAM.", "STM32F407VGT6", "REFERENCE_ID", "unworded code"),
        ("Sequence NM_000546.6 differs from NM_001126112 in exon 9.", "NM_001126112", "REFERENCE_ID", "unworded code"),
        ("DIN EN 10025-2:2019 defines the grade S355J2.", "S355J2", "REFERENCE_ID", "unworded code"),
        ("METAR 121750Z 24015G25KT 9999 SCT035, runway 07L wet", "24015G25KT", "REFERENCE_ID", "unworded code"),
        ("Bug 1732210 is a duplicate of bug 1699812.", "1699812", "REFERENCE_ID", "unworded code"),
        ("The yield of C9H8O4 was 16.8 % after one recrystallisation.", "C9H8O4", "REFERENCE_ID", "unworded code"),
        ("The firewall rule 20045 matches traffic to TCP 8443 only.", "TCP 8443", "VEHICLE_ID", "unworded plate"),
        ("Exit code 3221225477 of the process is an access violation of the kernel.", "3221225477", "REFERENCE_ID", "id labelled"),
        ("Release candidate 23.20.28-rc5 fails the regression suite of the compiler.", "23.20.28-rc5", "REFERENCE_ID", "labelled code"),
        ("Drawing 4410-22-103 rev. D shows the slot 2 mm wider.", "4410-22-103", "REFERENCE_ID", "long number"),
        ("Partition p202403 is 18 GB, the next only 11 GB.", "18", "AGE", "age told"),
        ("The heater is 9 years old and still 88% efficient.", "9 years old", "AGE", "years old"),
        ("Beat 4 eggs with 180 g of sugar, then whisk for 8 minutes.", "Beat 4", "LOCATION", "district"),
        ("ffmpeg -i in.mov -c:v libx264 -crf 23 -preset slow out.mp4", "libx264", "USERNAME", "by itself"),
        ("A join on region_code and week_no gives 52 rows per region.", "week_no", "USERNAME", "underscored"),
        ("Set the body in 10/14 pt with 8 mm margins.", "10/14", "DATE_TIME", "day and month of two digits"),
        ("Lithium cells ship as UN 3481, PI 966 section II.", "3481, PI 966", "ADDRESS", "between numbers"),
        ("NIST SP 800-53 control AC-2(4) asks for automated audits.", "NIST SP", "PERSON", "name in a field"),
        ("Brake pads 0 986 494 107 fit the front axle.", "0 986 494 107", "PHONE_NUMBER", "phone"),
        ("A Schottky barrier drops only 0.3 V at 1 A.", "Schottky", "PERSON", "spacy"),
        ("Kirchhoff's law gives 2.3 mA for the left loop.", "Kirchhoff", "PERSON", "transformer"),
        ("Brussels sprouts need 7 minutes.", "Brussels", "LOCATION", "spacy"),
        ("Uncaught ReferenceError: jQuery is not defined", "jQuery", "PERSON", "transformer"),
        ("Grid tile 14/8712/5430 shows the lake.", "14/8712/5430", "PHONE_NUMBER", "phone"),
        ("Column Zorbax SB-C18, 5 um, 4.6 x 250 mm.", "SB-C18", "VEHICLE_ID", "plate German"),
        ("VAT ledger account 1771 is in the index.", "1771", "BANK_ACCOUNT", "account worded"),
        ("The default branch is main, tags look like v1.4.0-beta.2.", "default", "ORGANIZATION", "organisation by its words"),
    ],
)  # fmt: skip
def test_a_weak_finding_among_things_is_let_go(
    text: str, found: str, entity_type: str, recognizer: str
) -> None:
    assert not kept(text, found, entity_type, recognizer)


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "score"),
    [
        ("Certified to IEC 62443 since the last audit.", "IEC 62443", "LICENSE_ID", 0.75),
        ("killed process 28114 (java) total-vm:8421376kB", "8421376kB", "NATIONAL_ID", 0.95),
        ("A36 plates are 12 mm thick here.", "12", "VEHICLE_ID", 0.75),
        ("curl localhost:9200/_bulk --data-binary @batch.json", "@batch.json", "USERNAME", 0.6),
        ("The network 10.20.0.0/16 has a firewall.", "10.20.0.0/16", "IP_ADDRESS", 0.6),
        ("DHCP broadcast to 255.255.255.255 port 67", "255.255.255.255", "IP_ADDRESS", 0.6),
        ("dyld: Library not loaded: @rpath/libssl.1.1.dylib", "@rpath", "USERNAME", 0.6),
        ("RA 83.6331, 22.0145 is the remnant.", "83.6331, 22.0145", "COORDINATES", 0.75),
        ("SELECT sku FROM items ORDER BY item2024", "item2024", "ORDER_ID", 0.75),
        ("JTAG 0x4BA00477 is that of the core.", "0x4BA00477", "REFERENCE_ID", 0.6),
        (
            "MAC 00:00:5e:00:01:0a is the virtual address of VLAN 10.",
            "00:00:5e:00:01:0a",
            "MAC_ADDRESS",
            0.95,
        ),
        ("The exception comes from com.example.app at line 58.", "com.example.app", "URL", 0.6),
    ],
)
def test_what_is_nobodys_by_its_form_is_let_go_among_things(
    text: str, found: str, entity_type: str, score: float
) -> None:
    assert not kept(text, found, entity_type, "rule", score)


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "recognizer"),
    [
        # Somebody is spoken of.
        ("She wrote 8820-B on the mould at 9.4 seconds.", "8820-B", "REFERENCE_ID", "unworded code"),
        ("The pump 8820-B-11 of my mother runs at 12 V.", "8820-B-11", "REFERENCE_ID", "unworded code"),
        # A word says whose number it is.
        ("Firmware 2.1.0, chart V078246", "V078246", "NATIONAL_ID", "labelled code"),
        ("parser error in row 4, badge 77-4120", "77-4120", "REFERENCE_ID", "unworded code"),
        ("config export: billing ZIP 93383", "93383", "POSTCODE", "unworded number"),
        ('{"event":"face_match","template":"VP-49f4-487d"}', "VP-49f4-487d", "REFERENCE_ID", "unworded code"),
        ("The defibrillator is SN-KN2872G83; pads expire soon.", "SN-KN2872G83", "REFERENCE_ID", "unworded code"),
        # Accounts are spoken of.
        ("session of khattak_sh closed, 3 segments flushed", "khattak_sh", "USERNAME", "underscored"),
        # A name or a place by its letters, whatever the text is about.
        ("Compiler crash in 4.2.1, ask Sakura", "Sakura", "PERSON", "transformer"),
        ("the leah holmberg version of the compiler", "leah holmberg", "PERSON", "transformer"),
        ("A slow train to Leeds; tickets and seats cost 12 EUR, 40 km.", "Leeds", "LOCATION", "transformer"),
        ("Ship the compressor (12 kg) to 14825 Quarry Lane", "14825 Quarry Lane", "ADDRESS", "street"),
        ("Transistor fault, reach us at +44 20 7946 0018", "+44 20 7946 0018", "PHONE_NUMBER", "phone"),
        ("Fax (713) 555-0106 failed, kernel 6.1.2", "(713) 555-0106", "PHONE_NUMBER", "phone"),
        ("WE-909-CW|silver hatchback|CO 12 ppm", "WE-909-CW", "VEHICLE_ID", "plate French or Italian"),
        ("Compiler: McAllister 4.2.1", "McAllister", "PERSON", "transformer"),
        ("lan switch, port 4, mac 9cf430dfaa63", "9cf430dfaa63", "REFERENCE_ID", "unworded code"),
        ("see K6N6-ZC6Y", "K6N6-ZC6Y", "REFERENCE_ID", "unworded code"),
        ("10.44.7.212 was blocked by the firewall", "10.44.7.212", "IP_ADDRESS", "IpRecognizer"),
        # What is done with persons is spoken of as much as things are.
        ("specimen 4354-874, buffer", "4354-874", "REFERENCE_ID", "unworded code"),
    ],
)  # fmt: skip
def test_what_may_be_somebodys_is_kept(text: str, found: str, entity_type: str, recognizer: str) -> None:
    assert kept(text, found, entity_type, recognizer)


def test_what_a_word_or_a_checksum_tells_is_kept_among_things() -> None:
    text = "compiler 4.2.1 segfault, 192 KB of RAM, 4012-88"
    assert kept(text, "4012-88", "EMPLOYEE_ID", "employee worded", 0.75)
    assert kept(text, "4012-88", "NATIONAL_ID", "fi hetu", 1.0)


def test_a_part_of_an_address_stays_beside_the_rest() -> None:
    text = "Ship the compressor (12 kg) to Quarry Road 31D"
    street = Span(text.index("Quarry"), text.index(" 31D"), "ADDRESS", 0.7, "street by its word")
    flat = Span(text.index("31D"), len(text), "ADDRESS", 0.6, "transformer")
    assert standing(text, [street, flat]) == [street, flat]
    assert standing(text, [flat]) == []


def test_a_finding_of_a_person_makes_the_text_somebodys() -> None:
    text = "Sakura: checkpoint 000233 written, 44 segments"
    name = Span(0, 6, "PERSON", 0.7, "transformer")
    code = Span(text.index("000233"), text.index("000233") + 6, "REFERENCE_ID", 0.36, "unworded code")
    assert standing(text, [name, code]) == [name, code]
    assert standing(text, [code]) == []


def test_no_word_of_things_is_one_for_somebody_or_for_what_is_done_with_persons() -> None:
    assert THINGS.isdisjoint(SOMEBODY) and not (THINGS & SETTING) - {"template", "label", "worker", "licence"}


def test_what_has_an_article_before_it_is_no_login() -> None:
    found = find_stray("The trout opened the gate.", Clock(60.0), WORDS, None)
    assert found == []
    assert find_stray("ktrout opened the gate.", Clock(60.0), WORDS, None)


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "recognizer"),
    [
        # A noun right behind a single name: a thing is called after it.
        ("Gumbel softmax with temperature 0.3 converges in 40 steps.", "Gumbel", "PERSON", "transformer"),
        ("Xavier init and a warmup of 500 steps.", "Xavier init", "PERSON", "transformer"),
        # In a line of titles capitals say nothing.
        ("Appendix C: Housing Association", "Housing Association", "ORGANIZATION", "spacy"),
        ("Mars has two moons.", "Mars", "LOCATION", "spacy"),
        ("The method isNaN coerces.", "isNaN", "ORGANIZATION", "spacy"),
        ("In German every noun has a capital.", "German", "PERSON", "given name"),
        ("In German every noun has a capital.", "German", "NRP", "spacy"),
        # What is nobody's by its form.
        ("padding 4px, #bf819d behind it", "bf819d", "POSTCODE", "transformer"),
        ("It was 2996.00 euros.", "2996.00", "PHONE_NUMBER", "phone"),
        ("Added left-pad@28.8.22 to it.", "left-pad@28.8.22", "EMAIL_ADDRESS", "email"),
        ("The row goes 6, 20, 48, 100.", "20", "AGE", "unworded age"),
        ("tanh(0.044715 * x)", "0.044715", "PHONE_NUMBER", "phone"),
        ("$ tqzctl alpha list", "tqzctl", "USERNAME", "strange word"),
        ("@cached(ttl=3)", "@cached", "USERNAME", "handle"),
        ("A Remote Procedure Call takes 3 ms.", "Remote Procedure Call", "ORGANIZATION", "spacy"),
        ("in a folder with FOLDER_ID", "FOLDER_ID", "LOCATION", "spacy"),
    ],
)
def test_what_things_are_called_titles_and_forms_of_nobody_need_somebody(
    text: str, found: str, entity_type: str, recognizer: str
) -> None:
    span = Span(text.index(found), text.index(found) + len(found), entity_type, 0.5, recognizer)
    assert standing(text, [span], DICTIONARY) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gumbel paid for the resistor of 40 ohm.", "Gumbel"),
        ("Gumbel asked for the resistor of 40 ohm.", "Gumbel"),
        ("Gumbel tomorrow, resistor of 40 ohm.", "Gumbel"),
        ("The resistor of 40 ohm is with Gumbel lopez.", "Gumbel lopez"),
    ],
)
def test_who_does_something_is_no_thing(text: str, found: str) -> None:
    assert kept(text, found, "PERSON")


def test_a_name_run_together_is_no_word_with_a_capital_inside() -> None:
    assert kept("the parcel for WulanWidodo, 3 kg, shelf 4", "WulanWidodo", "PERSON")
    assert not kept("the parcel in StringBuffer, 3 kg, shelf 4", "StringBuffer", "PERSON")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The printer is 247.141.085.183.", "247.141.085.183"),
        ("Blocked 0xC0A80A15 at the firewall.", "0xC0A80A15"),
        ("the session was opened from 0xC0A80A15", "0xC0A80A15"),
    ],
)
def test_a_host_in_another_notation_is_found(text: str, found: str) -> None:
    spans = find_contacts(text, Clock(60))
    assert (text.index(found), "IP_ADDRESS") in [(span.start, span.entity_type) for span in spans]


def test_a_number_of_a_program_is_no_host() -> None:
    assert not find_contacts("The core loads 0xC0A80A15 into r4 and jumps.", Clock(60))


@pytest.mark.parametrize("word", ["wallbox", "heatpump", "acconut", "crdit", "nveer"])
def test_two_words_run_together_and_a_misspelt_one_are_no_logins(word: str) -> None:
    words = frozenset("my the account for is new box heat pump credit never".split())

    def logins(text: str) -> list[tuple[int, int, float, str]]:
        return find_stray(text, Clock(60), words, lambda known: known in words)

    assert not logins(f"my account for the {word} is new")
    assert logins("my account for the tqzvarn is new")


def _claim(text: str, found: str, entity_type: str, score: float = 0.5) -> Span:
    return Span(text.index(found), text.index(found) + len(found), entity_type, score, "transformer")


@pytest.mark.parametrize(
    ("text", "found", "entity_type"),
    [
        ("Anneal the zinc strip before the second pass.", "Anneal", "PERSON"),
        ("Resistor R7 measures 4.7.", "Resistor R7", "PERSON"),
        ("Lithium cells ship as UN 3481, PI 966.", "3481, PI 966", "ADDRESS"),
        ("The port falls back to 27017.", "27017", "POSTCODE"),
        ("checksum d8b45f086f", "d8b45f086f", "DRIVER_LICENSE"),
        ("SELECT avg(price) FROM stock GROUP BY bin", "GROUP", "ORGANIZATION"),
        ("The switch speaks LACP and LLDP.", "LACP", "ORGANIZATION"),
    ],
)
def test_words_of_a_dictionary_codes_and_capitals_need_somebody(
    text: str, found: str, entity_type: str
) -> None:
    claim = _claim(text, found, entity_type)
    assert standing(text, [claim], DICTIONARY) == []
    assert standing(text + " Ask her.", [claim], DICTIONARY) == [claim]


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "score"),
    [
        ("Ngozi Palakiko paid.", "Ngozi Palakiko", "PERSON", 0.5),
        ("Rashid_Palakiko paid.", "Rashid_Palakiko", "PERSON", 0.5),
        # A dictionary has names too: "Zama".
        ("Press paid.", "Press", "PERSON", 0.69),
        ("Invested by Kestrel Housing Association.", "Kestrel Housing Association", "ORGANIZATION", 0.4),
        ("the club of Stock", "Stock", "ORGANIZATION", 0.4),
        ("Simple Energy invested heavily.", "Simple Energy", "ORGANIZATION", 0.4),
        ("a trip to Stock", "Stock", "LOCATION", 0.4),
    ],
)
def test_names_that_no_dictionary_has_and_places_need_nobody(
    text: str, found: str, entity_type: str, score: float
) -> None:
    claim = _claim(text, found, entity_type, score)
    assert standing(text, [claim], DICTIONARY) == [claim]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("She lives at 27017.", []),
        ("Dear all, the code is 27017.", []),
        ("ana@example.org, 27017", [Span(0, 15, "EMAIL_ADDRESS", 0.9, "email")]),
    ],
)
def test_a_word_for_a_person_or_what_a_rule_is_sure_of_shows_somebody(text: str, spans: list[Span]) -> None:
    claim = _claim(text, "27017", "POSTCODE")
    assert claim in standing(text, [*spans, claim])


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("ping 10.0.0.7 on 27017", [Span(5, 13, "IP_ADDRESS", 0.9, "ip")]),
        ("perhaps 4471, 27017", [Span(8, 12, "PHONE_NUMBER", 0.4, "phone")]),
        ("perhaps 4471, 27017", [Span(8, 12, "PHONE_NUMBER", 0.7, "transformer")]),
    ],
)
def test_a_host_a_guess_and_a_models_claim_show_nobody(text: str, spans: list[Span]) -> None:
    claim = _claim(text, "27017", "PHONE_NUMBER")
    assert claim not in standing(text, [*spans, claim])


def test_who_stands_beside_a_machines_address_in_a_log_is_a_user_though_things_are_spoken_of() -> None:
    text = "2026-03-03 10:22:01 deny: kowalski 10.2.3.44 port driver firmware checksum"
    found = find_logins(text, Clock(5), WORDS)
    assert "kowalski" in {text[span.start : span.end] for span in standing(text, found)}
    assert not kept(text, "kowalski", "USERNAME", "user in a log", 0.4)
