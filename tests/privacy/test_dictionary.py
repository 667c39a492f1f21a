"""A value of the organisation's own lists is found wherever it stands; a pattern that could stop the scrubber is refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.dictionary import check_pattern, learn_pattern, own_finders, read_terms
from privacy.recognizers.rule import Clock
from privacy.settings import DictionarySettings, PatternSettings, ScrubPolicy


def found(policy: ScrubPolicy, text: str, base_dir: Path = Path()) -> list[tuple[str, str]]:
    spans = [span for find in own_finders(read_terms(policy, base_dir)) for span in find(text, Clock(5))]
    return [(span.entity_type, text[span.start : span.end]) for span in sorted(spans, key=lambda s: s.start)]


def listing(*values: str, ignore_case: bool = True) -> ScrubPolicy:
    entry = DictionarySettings(entity_type="PERSON", values=values, ignore_case=ignore_case)
    return ScrubPolicy(name="p", dictionary=(entry,))


LOOKED_UP = [
    ("Zaphod", "ask zaphod, ZAPHOD or Zaphod's", ["zaphod", "ZAPHOD", "Zaphod"]),
    ("Zaphod", "Zaphodia, xZaphod, Zaphod7", []),
    ("Jane Doe", "(jane doe)", ["jane doe"]),
    ("Li", "Li lives in a litre of li", ["Li"]),
    ("C-17", "item C-17 not C-170 or AC-17", ["C-17"]),
    ("+X", "a+X b", ["+X"]),
    ("İpek", "ask İpek", ["İpek"]),
    ("Straße", "Die straße", ["straße"]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text", "hits"), LOOKED_UP)
def test_a_listed_value_is_found_as_whole_words_in_any_case(value: str, text: str, hits: list[str]) -> None:
    assert found(listing(value), text) == [("PERSON", hit) for hit in hits]


def test_case_counts_where_the_officer_says_so() -> None:
    assert found(listing("Price", ignore_case=False), "the price for Price") == [("PERSON", "Price")]


@settings(deadline=None)
@given(st.text(alphabet="abc DE.-7", min_size=1, max_size=8), st.text(alphabet="abc DE.-7", max_size=12))
def test_every_listed_value_between_blanks_is_found(value: str, around: str) -> None:
    value = value.strip()
    if any(char.isalnum() for char in value):
        text = f"{around} {value} {around}"
        assert ("PERSON", value) in [
            (kind, hit) for kind, hit in found(listing(value, ignore_case=False), text)
        ]


def test_values_come_from_a_tables_column(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("nr,name\n1,Zaphod\n2,\n3,Trillian\n3,Trillian\n")
    entry = DictionarySettings(entity_type="PERSON", path="people.csv", column="name")
    policy = ScrubPolicy(name="p", dictionary=(entry,))
    assert found(policy, "Trillian met ZAPHOD", tmp_path) == [("PERSON", "Trillian"), ("PERSON", "ZAPHOD")]
    terms = read_terms(policy, tmp_path)
    assert len(terms) == 2 and "Zaphod" not in repr(terms)
    with pytest.raises(ValueError, match="nmae"):
        read_terms(
            ScrubPolicy(name="p", dictionary=(DictionarySettings(path="people.csv", column="nmae"),)),
            tmp_path,
        )


@pytest.mark.slow
def test_a_hundred_thousand_values_cost_one_pass() -> None:
    (find,) = own_finders(read_terms(listing(*(f"name{number}x" for number in range(100_000))), Path()))
    started = time.perf_counter()
    spans = find("hello name77777x, " * 3600, Clock(5))
    assert len(spans) == 3600 and time.perf_counter() - started < 1.0


def test_a_pattern_is_found_beside_its_context_only() -> None:
    entry = PatternSettings(entity_type="CASE_ID", regex=r"(?<!\w)Z\d{3}(?!\w)", context=("case", "file no."))
    policy = ScrubPolicy(name="p", pattern=(entry,))
    assert found(policy, "case Z123") == [("CASE_ID", "Z123")]
    assert found(policy, "FILE NO. Z123") == [("CASE_ID", "Z123")]
    assert found(policy, "part Z123") == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("(a+)+$", "takes too long"),
        (r"(\w+\s?)*!", "takes too long"),
        (r".*.*.*=x", "takes too long"),
        ("[a-", "no regular expression"),
        ("a*", "matches the empty text"),
    ],
)
def test_a_pattern_that_could_stop_the_scrubber_is_refused(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        check_pattern(expression, "scrub.pattern 1")
    assert str(caught.value).startswith("scrub.pattern 1") and "\n" not in str(caught.value)


LOOKS = [
    (["AB-4711", "AC-0815", "XY-1234"], ["QQ-9999"], ["QQ-999", "Q-9999", "QQ-99999", "xQQ-9999"]),
    (["EMP12345", "EMP999"], ["EMP4321"], ["EMX4321", "EMP12", "EMP123456"]),
    (["12/AB/77", "13/CD/78"], ["99/ZZ/00"], ["99-ZZ-00"]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "others", "strangers"), LOOKS)
def test_a_look_is_learnt_from_a_columns_values(
    values: list[str], others: list[str], strangers: list[str]
) -> None:
    pattern = regex.compile(learn_pattern(values, False, "here"))
    check_pattern(pattern.pattern, "here")
    for value in (*values, *others):
        assert pattern.search(f"see {value}, please") and pattern.search(value)[0] == value
    assert not any(pattern.search(f"see {stranger} please") for stranger in strangers)


def test_rare_looks_are_not_learnt() -> None:
    values = [f"AB-{number:04d}" for number in range(500)] + ["??"]
    assert not regex.search(learn_pattern(values, False, "here"), "??")


@pytest.mark.parametrize("values", [["Smith", "Jones"], ["1234567"], ["A1"]])
def test_looks_that_stand_everywhere_need_context(values: list[str]) -> None:
    with pytest.raises(ValueError, match="give 'context' words") as caught:
        learn_pattern(values, False, "here")
    assert values[0] not in str(caught.value)
    assert regex.search(learn_pattern(values, True, "here"), values[0])


def test_a_pattern_is_learnt_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "ids.jsonl").write_text('{"id": "K-1001"}\n{"id": "K-2002"}\n')
    entry = PatternSettings(entity_type="CUSTOMER_ID", path="ids.jsonl", column="id")
    assert found(ScrubPolicy(name="p", pattern=(entry,)), "ask K-9876", tmp_path) == [
        ("CUSTOMER_ID", "K-9876")
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: DictionarySettings(),
        lambda: DictionarySettings(values=("a",), path="x", column="y"),
        lambda: DictionarySettings(path="x"),
        lambda: DictionarySettings(entity_type="PERSN", values=("a",)),
        lambda: PatternSettings(),
        lambda: PatternSettings(regex="a", path="x", column="y"),
        lambda: PatternSettings(path="x"),
    ],
)  # fmt: skip
def test_half_a_setting_is_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        make()
