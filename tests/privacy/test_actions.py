"""Each preset does with each type what its regulation says; each action does what its name says."""

from __future__ import annotations

import datetime

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from privacy.actions import Replacements, mask
from privacy.entities import ENTITY_TYPES
from privacy.generalise import SMALL_ZIP3, generalise
from privacy.presets import ACTIONS, GENERALISED, PRESETS, SHIFTED, actions_of
from privacy.surrogate_dates import shifted
from tests.privacy.fakes import KEY


def with_rule(rule: str) -> set[str]:
    return {name for name, row in ENTITY_TYPES.items() if rule in row.rules}


def test_every_preset_says_what_is_done_with_every_type() -> None:
    for preset in PRESETS:
        actions = actions_of(preset, {})
        assert list(actions) == list(ENTITY_TYPES)
        assert set(actions.values()) <= set(ACTIONS)
        assert {name for name, action in actions.items() if action == "shift"} <= SHIFTED
        assert {name for name, action in actions.items() if action == "generalise"} <= GENERALISED


def test_gdpr_leaves_no_identifier_and_no_special_category_as_it_is() -> None:
    actions = actions_of("gdpr", {})
    kept = {name for name, action in actions.items() if action == "keep"}
    assert not kept & (with_rule("gdpr") | with_rule("gdpr-9") | with_rule("credential"))


def test_safe_harbor_removes_or_generalises_the_eighteen_and_derives_no_code_from_them() -> None:
    actions = actions_of("hipaa-safe-harbor", {})
    for name in with_rule("hipaa") | with_rule("credential"):
        assert actions[name] in ("placeholder", "generalise"), name
    may_be_coarser = {name for name, action in actions.items() if action == "generalise"}
    assert may_be_coarser == {"AGE", "DATE_TIME", "DATE_OF_BIRTH", "POSTCODE", "LOCATION"}


def test_pci_shows_at_most_four_digits_of_a_card_and_stores_no_authentication_data() -> None:
    actions = actions_of("pci", {})
    assert actions["CREDIT_CARD"] == "mask" and actions["CARD_SECURITY"] == "placeholder"
    assert {name for name, action in actions.items() if action != "keep"} == (
        {"CREDIT_CARD"} | with_rule("credential")
    )


def test_secrets_only_removes_credentials_and_what_cannot_be_read() -> None:
    actions = actions_of("secrets-only", {})
    assert {name for name, action in actions.items() if action != "keep"} == with_rule("credential")


def test_changes_lie_over_the_preset_and_a_star_over_all_types_but_the_unreadable() -> None:
    actions = actions_of("gdpr", {"*": "placeholder", "URL": "keep"})
    assert actions["URL"] == "keep" and actions["PERSON"] == "placeholder"
    assert actions_of("pci", {"*": "keep"})["UNREADABLE"] == "placeholder"
    assert actions_of("pci", {"PERSON": "drop"})["PERSON"] == "drop"


@pytest.mark.parametrize(
    ("preset", "changes", "said"),
    [
        ("gdrp", {}, "unknown preset 'gdrp': did you mean 'gdpr'?"),
        ("gdpr", {"PERSN": "mask"}, "unknown entity type 'PERSN': did you mean 'PERSON'?"),
        ("gdpr", {"email address": "mask"}, "did you mean 'EMAIL_ADDRESS'?"),
        ("gdpr", {"PERSON": "maks"}, "unknown action 'maks' for PERSON: did you mean 'mask'?"),
        ("gdpr", {"PERSON": "shift"}, "PERSON cannot have the action 'shift': it can have keep, mask"),
        ("gdpr", {"PERSON": "generalise"}, "PERSON cannot have the action 'generalise'"),
        ("gdpr", {"UNREADABLE": "keep"}, "UNREADABLE cannot have the action 'keep'"),
        ("gdpr", {"*": "generalise"}, "* cannot have the action 'generalise'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_with_the_remedy(
    preset: str, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError) as caught:
        actions_of(preset, changes)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(PRESETS)),
    st.sampled_from([*ENTITY_TYPES, "ANYTHING_ELSE"]),
    st.text(min_size=1, max_size=30),
)
def test_no_original_passes_a_preset_that_does_not_keep_it(preset: str, entity_type: str, value: str) -> None:
    actions = actions_of(preset, {})
    if actions.get(entity_type) in ("keep", "generalise"):
        return
    replaced = Replacements(KEY, actions).of(entity_type, value, "subject")
    assert replaced != value or set(value) == {"*"}


def test_a_type_reported_though_it_is_kept_or_unknown_gets_its_placeholder() -> None:
    replacements = Replacements(KEY, actions_of("pci", {}))
    assert replacements.of("PERSON", "Jane", "s") == "<PERSON>"
    assert replacements.of("NEWS", "Jane", "s") == "<NEWS>"
    assert "key" not in repr(replacements)


MASKED = [
    ("CREDIT_CARD", "4556 6019 3807 1755", "**** **** **** 1755"),
    ("CREDIT_CARD", "378282246310005", "***********0005"),
    ("CREDIT_CARD", "ending in 4242", "*" * 14),
    ("PERSON", "Jane Doe", "********"),
    ("IBAN_CODE", "DE89 3704", "*********"),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "masked"), MASKED)
def test_a_mask_is_as_long_and_shows_the_last_four_digits_of_a_whole_card(
    entity_type: str, value: str, masked: str
) -> None:
    assert mask(entity_type, value) == masked


COARSER = [
    ("DATE_TIME", "2024-02-29T10:20:30Z", "2024"),
    ("DATE_TIME", "3rd of March, 2019", "2019"),
    ("DATE_TIME", "5/9/67", "1967"),
    ("DATE_TIME", "20240229", "2024"),
    ("DATE_TIME", "3rd of March", None),
    ("DATE_TIME", "2019-2021", None),
    ("DATE_TIME", "12:45", None),
    ("AGE", "89", "89"),
    ("AGE", "90", "90+"),
    ("AGE", "104-year-old", "90+-year-old"),
    ("AGE", "ninety-five", None),
    ("POSTCODE", "94105-1804", "941"),
    ("POSTCODE", "03601", "000"),
    ("POSTCODE", "82190", "000"),
    ("POSTCODE", "SW1A 1AA", None),
    ("IP_ADDRESS", "203.0.113.77", "203.0.113.0/24"),
    ("IP_ADDRESS", "2001:db8:1:2::7", "2001:db8:1::/48"),
    ("IP_ADDRESS", "203.0.113.77:8080", None),
    ("COORDINATES", "52.5200, -13.4050", "52.5, -13.4"),
    ("COORDINATES", "N 52", None),
    ("LOCATION", "California", "California"),
    ("LOCATION", "New York", None),
    ("LOCATION", "Springfield", None),
    ("PERSON", "Jane", None),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "coarser"), COARSER)
def test_a_value_is_made_coarser_or_replaced_whole(entity_type: str, value: str, coarser: str | None) -> None:
    assert generalise(entity_type, value) == coarser


def test_a_birth_year_that_tells_an_age_over_89_does_not_stay() -> None:
    this_year = datetime.date.today().year
    assert generalise("DATE_OF_BIRTH", f"{this_year - 90}-05-01") is None
    assert generalise("DATE_OF_BIRTH", f"{this_year - 89}-05-01") == str(this_year - 89)


def test_the_thinly_populated_zip_areas_are_those_of_the_guidance() -> None:
    assert len(SMALL_ZIP3) == 17
    assert {generalise("POSTCODE", f"{area}12") for area in SMALL_ZIP3} == {"000"}


DATE = st.dates(datetime.date(1900, 1, 1), datetime.date(2090, 1, 1))


@settings(deadline=None)
@given(DATE, DATE, st.text(min_size=1, max_size=8))
def test_days_between_a_subjects_dates_stay_exactly(
    first: datetime.date, second: datetime.date, subject: str
) -> None:
    moved = [shifted(day.isoformat(), KEY, subject) for day in (first, second)]
    assert None not in moved
    new = [datetime.date.fromisoformat(str(day)) for day in moved]
    assert new[1] - new[0] == second - first
    assert 1 <= abs((new[0] - first).days) <= 730


@settings(deadline=None)
@given(DATE, st.sampled_from(["%d.%m.%Y", "%B %d, %Y", "%d %b %Y", "%Y/%m/%d"]))
def test_a_date_moves_alike_in_any_writing_and_keeps_it(day: datetime.date, writing: str) -> None:
    assume(day.month != 5 or "%b" not in writing)  # "May" is both, and is taken for the whole name
    iso = datetime.date.fromisoformat(str(shifted(day.isoformat(), KEY, "s")))
    assert datetime.datetime.strptime(str(shifted(day.strftime(writing), KEY, "s")), writing).date() == iso


def test_subjects_have_their_own_intervals_and_times_of_day_stay() -> None:
    moved = {shifted("2020-06-15", KEY, f"subject {number}") for number in range(50)}
    assert len(moved) > 40
    for tail in (" 10:32", "T10:32:07Z", " at 10:32 pm"):
        assert str(shifted("2020-06-15" + tail, KEY, "s")) == str(shifted("2020-06-15", KEY, "s")) + tail


WRITINGS = [
    ("20240229", r"20\d{6}"), ("20240229T103000Z", r"20\d{6}T103000Z"), ("02/2024", r"[01]\d/20\d\d"), ("2024-02", r"20\d\d-[01]\d"),
    ("March '24", r"\p{Lu}\p{Ll}+ '2\d"), ("March 2024", r"\p{Lu}\p{Ll}+ 202\d"), ("3 Mar 24", r"\d{1,2} \p{Lu}\p{Ll}+ 2\d"),
    ("1967", r"196\d"), ("14/2", r"\d{1,2}/\d{1,2}"), ("Fri 01.03.2024", r"[MTWFS]\p{Ll}{2} \d\d\.\d\d\.20\d\d"), ("March 3rd", r"\p{Lu}\p{Ll}+ \d{1,2}(st|nd|rd|th)"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shape"), WRITINGS)
def test_a_date_is_shifted_in_its_own_writing(value: str, shape: str) -> None:
    moved = [shifted(value, KEY, f"subject {number}") for number in range(10)]
    assert all(regex.fullmatch(shape, str(new)) for new in moved), moved
    assert len(set(moved)) > 2


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "99/99/9999",
        "10:32",
        "0001-01-01",
        "31.02.2020",
        "3-5 March 2024",
        "3 to 5 March",
        "3 maja 2024",
        "1 2 3 4",
        "2019-2021",
        "March 2024 to May 2025",
        "March",
        "010280",
    ],
)
def test_what_is_no_date_is_not_shifted_but_replaced(value: str) -> None:
    replaced = Replacements(KEY, actions_of("gdpr", {})).of("DATE_TIME", value, "s")
    assert replaced == "<DATE_TIME>" or (
        value == "0001-01-01" and regex.fullmatch(r"000\d-\d\d-\d\d", replaced)
    )
