"""The prefilter: what it rules out has no match."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

import privacy
from privacy.presidio_patterns import presidio_patterns
from privacy.recognizers import prefilter
from privacy.recognizers.needs import Pattern, needs
from privacy.recognizers.prefilter import Group, may_match, starts
from privacy.recognizers.reach import reach
from privacy.recognizers.rule import Clock, Rule, matches, matches_of
from tests.benchmarks import harmless, unseen


@pytest.mark.parametrize(
    "pattern, text",
    [
        (r"(?:user|usr)s?\s\w+", "two USRS here"),
        (r"fift(?:een|y)", "Fifty"),
        (r"(?i)straße \d", "STRAẞE 7"),
        (r"\p{Lu}\w+ (?:GmbH|Ltd)", "Berg Ltd"),
        (r"[0-9]{3}[- ]?[0-9]{4}", "555 0199"),
        (r"(?<=born )\d{4}", "born 1980"),
        (r"x(?=yz)", "xyz"),
        (r"a(?!b)c", "ac"),
        (r"(?P<x>ab)|(?P<x>cd)", "cd"),
        (r"(?:ab){2}", "abab"),
        (r"(?:ab){0,3}d", "d"),
        (r"[1-9][0-9]*+", "7"),
        (r"(\w)ab\1", "cabc"),
        (r"(?P<q>a+)b(?P=q)c", "aabaac"),
        (r"\d\s\d", "7\u00a08"),
        (r"(?<=on )\d+(?= of)", "on 12 of"),
        (r"[[:alpha:]]x", "qx"),
        (r"(?:house){e<=1}", "hause"),
        (r"(?x) a b # c", "ab"),
        (r"(?V1)[a-z--[c]]", "b"),
    ],
)
def test_a_text_with_a_match_is_never_ruled_out(pattern: str, text: str) -> None:
    for flags in (0, regex.IGNORECASE):
        compiled = regex.compile(pattern, flags)
        if compiled.search(text):
            assert _may_match(compiled, text)
            return
    pytest.fail("the row is wrong: neither form matches")


_NEIGHBOURS = [regex.compile(each) for each in (r"ab\w+", r"(?i)straße \d", r"[a-z]+@\d", r"\p{Lu}")]


def _may_match(pattern: regex.Pattern[str], text: str) -> bool:
    """What is said of a pattern by itself and of one that is looked for in the one pass: always the same."""
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # a pass over few patterns, and none of these stays for the tests after it
        patch.setattr(prefilter, "_listed", [*_NEIGHBOURS])
        patch.setattr(prefilter, "_number_of", {id(one): number for number, one in enumerate(_NEIGHBOURS)})
        patch.setattr(prefilter, "_finder", prefilter._Finder(()))
        alone = may_match(regex.compile(pattern.pattern, pattern.flags, cache_pattern=False), text)
        group = Group([(pattern, None)])
        prefilter.forget()  # a text that was asked about before the group was is not looked at anew
        assert list(group.that_may_match(text)) == [(pattern, None)] * alone
    prefilter.forget()
    return alone


# Few letters, so that many a pattern matches many a text.
_ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "A",
        "é",
        "ß",
        "ı",
        "k",
        "1",
        "23",
        r"\d",
        r"\s",
        r"\w",
        r"\p{Lu}",
        ".",
        "[ab]",
        "[a-f]",
        "[0-9]",
        "[^a]",
        "[b1 ]",
        " ",
        "-",
        r"\b",
        "^",
        "$",
        r"[\p{L}-]",
    ]
)
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda ways: f"(?:{'|'.join(ways)})"),
        st.tuples(
            inner, st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{0,4}", "{2,}", "+?", "*+", "{12}"])
        ).map(lambda both: f"(?:{both[0]}){both[1]}"),
        st.tuples(st.sampled_from(["(?=", "(?<=", "(?!", "(?<!", "(?>", "(?i:", "(?P<x>"]), inner).map(
            lambda both: f"{both[0]}{both[1]})"
        ),
    ),
    max_leaves=8,
)
_TEXTS = st.text("abfkABK1 23-\n\té\u00dfs\u0131\u0130\u212a\u0663", max_size=12)


@settings(max_examples=600, deadline=None)
@given(_PATTERNS, _TEXTS, st.sampled_from([0, regex.IGNORECASE, regex.MULTILINE]))
def test_whatever_the_pattern_a_text_with_a_match_is_not_ruled_out(
    pattern: str, text: str, flags: int
) -> None:
    compiled = regex.compile(pattern, flags, cache_pattern=False)
    if compiled.search(text):
        assert _may_match(compiled, text)


@pytest.mark.parametrize("text", ["\u017fecret", "to\u212aen", "l\u0131ne", "L\u0130NE"])
def test_letters_that_are_another_in_any_case_are_not_ruled_out(text: str) -> None:
    for word in ("secret", "token", "line"):
        pattern = regex.compile(word, regex.IGNORECASE)
        assert may_match(pattern, text) or not pattern.search(text)


@pytest.mark.parametrize(
    "pattern, text",
    [
        (r"(?:user|login)\s\w+", "an order of bolts"),
        (r"\w+@\w+", "no mark"),
        (r"[0-9]{3}-[0-9]{4}", "call 55-01"),
        (r"(?:Oslo|Bergen|Ny \d)", "from Paris"),
    ],
)
def test_a_text_without_what_every_match_holds_is_ruled_out(pattern: str, text: str) -> None:
    assert not _may_match(regex.compile(pattern), text)


def test_syntax_that_is_not_read_rules_nothing_out() -> None:
    pattern = regex.compile(r"\L<names> said", names=["ab"])
    assert needs(pattern) == ()
    assert may_match(pattern, "")


def test_a_text_that_is_ruled_out_has_no_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    monkeypatch.setattr(
        "privacy.recognizers.rule.may_match", lambda pattern, text: bool(searched.append(text))
    )
    assert list(matches(regex.compile("a"), "aaa", Clock(1))) == []
    assert searched == ["aaa"]


def test_a_pattern_that_is_new_to_a_text_already_looked_at_is_not_ruled_out() -> None:
    assert not may_match(regex.compile("not there"), "a text seen before")
    list(Group([(regex.compile("nor this"), None)]).that_may_match("a text seen before"))
    late = Group([(regex.compile("text (?:seen)"), "late")])
    assert [thing for thing, _ in matches_of(late, "a text seen before", Clock(1))] == ["late"]


def test_a_group_gives_the_matches_of_its_patterns_in_their_order() -> None:
    group = Group(
        [(regex.compile("b|x"), "first"), (regex.compile("no"), "second"), (regex.compile(r"\d"), "third")]
    )
    found = [(thing, match.group()) for thing, match in matches_of(group, "1 b 2", Clock(1))]
    assert found == [("first", "b"), ("third", "1"), ("third", "2")]


@pytest.mark.parametrize(
    "pattern, looked_at",
    [
        (r"abc", (3, 0)),
        (r"(?<=on )\d{2,4}(?= of|$)", (10, 0)),
        (r"(?:ab|c){1,3}d?", (7, 0)),
        (r"\w+@[\w.-]*", (4, 2)),
        (r"([-/.])\d\1", (4, 0)),
        (r"(?:a\w*){2}", (4, 2)),
        (r"x\s*$", (3, 1)),
    ],
)
def test_the_reach_of_a_pattern_is_all_that_one_try_looks_at(
    pattern: str, looked_at: tuple[int, int]
) -> None:
    assert reach(regex.compile(pattern)) == looked_at


@pytest.mark.parametrize(
    "pattern", [r"a.*b", r"(?:\w+ )+b", r"[^x]+b", r"\P{L}+b", r"(?:ab){e<=1}", r"\L<x>"]
)
def test_a_pattern_without_a_bound_may_look_anywhere(pattern: str) -> None:
    assert reach(regex.compile(pattern, **({"x": ["b"]} if "<x>" in pattern else {})))[0] == float("inf")


_LONGER_TEXTS = st.lists(
    st.one_of(_TEXTS, st.sampled_from(["ab", "ab 23", "  ", "k" * 40, "\n", "-" * 9, "1a " * 20, "b" * 15])),
    max_size=8,
).map("".join)


@settings(max_examples=600, deadline=None)
@given(_PATTERNS, _LONGER_TEXTS, st.sampled_from([0, regex.IGNORECASE, regex.MULTILINE]))
def test_looking_near_what_is_needed_finds_what_looking_everywhere_does(
    pattern: str, text: str, flags: int
) -> None:
    compiled = regex.compile(pattern, flags, cache_pattern=False)
    with pytest.MonkeyPatch.context() as patch:
        _in_short_blocks(patch)
        may_match(compiled, "")
        found = [match.span() for match in matches(compiled, text, Clock(60))]
    assert found == [match.span() for match in compiled.finditer(text)]


def _in_short_blocks(patch: pytest.MonkeyPatch) -> None:
    """Any text is long, and of patterns only those that come now are known."""
    prefilter.forget()
    for name, value in (("_BLOCK", 4), ("LONG_CHARS", 0), ("_listed", []), ("_number_of", {})):
        patch.setattr(prefilter, name, value)
    patch.setattr("privacy.recognizers.rule.LONG_CHARS", 0)
    patch.setattr(prefilter, "_finder", prefilter._Finder(()))
    patch.setattr("privacy.recognizers.reach._USUAL_RUN", 1)
    patch.setattr("privacy.recognizers.reach._RUN", regex.compile(r"\S+|\s+"))


def test_in_a_long_text_a_pattern_is_looked_for_only_near_what_it_needs() -> None:
    pattern = regex.compile(r"(?:tel|fax) \d{4,8}")
    text = "a word of prose " * 1000 + "tel 55501" + " and more of it" * 1000
    may_match(pattern, text)
    ((first, last, looked_at),) = starts(pattern, text)
    assert first <= 16_000 < last <= looked_at and looked_at - first < 1000
    assert [match.span() for match in matches(pattern, text, Clock(60))] == [(16_000, 16_009)]
    prefilter.forget()


def test_a_pattern_of_re_is_read_and_looked_for_as_one_of_regex_is() -> None:
    pattern = re.compile(r"(?<!\w)tel [0-9]{4,8}")
    prose = "a word of prose " * 100
    for _ in range(2):
        for text in ("tel 55501", "tel 5, no more", prose + "tel 55501 " + prose, prose + prose):
            found = [match.span() for match in matches(pattern, text, Clock(60))]
            assert found == [match.span() for match in pattern.finditer(text)]
    assert may_match(pattern, "tel 55501") and not may_match(pattern, "tel one")


def _all_patterns() -> list[Pattern]:
    """Every pattern of every module, and Presidio's."""
    found = {}
    for module in pkgutil.walk_packages(privacy.__path__, "privacy."):
        for value in vars(importlib.import_module(module.name)).values():
            parts = value if isinstance(value, tuple) else [value]
            if isinstance(value, Group):
                parts = [pattern for pattern, _ in value.pairs]
            for part in parts:
                pattern = part.pattern if isinstance(part, Rule) else part
                if isinstance(pattern, regex.Pattern | re.Pattern) and isinstance(pattern.pattern, str):
                    found[pattern.pattern, pattern.flags] = pattern
    for pattern, _ in presidio_patterns().pairs:
        found[pattern.pattern, pattern.flags] = pattern
    return list(found.values())


@pytest.mark.slow
def test_no_pattern_of_ours_is_ruled_out_where_it_matches() -> None:
    patterns = _all_patterns()
    texts = [sample.text for source in (unseen, harmless) for sample in source.samples(500, 5, "dev")]
    held = sum(bool(needs(pattern)) for pattern in patterns)
    assert held > 0.5 * len(patterns) > 150
    for text in texts:
        for pattern in patterns:
            assert may_match(pattern, text) or not pattern.search(text), pattern.pattern[:80]


@pytest.mark.slow
def test_in_a_long_text_every_pattern_of_ours_finds_what_it_finds_by_itself() -> None:
    text = "\n".join(dict.fromkeys(sample.text for sample in unseen.samples(120, 5, "dev")))
    assert len(text) > 10_000
    patterns = _all_patterns()
    for pattern in patterns:
        may_match(pattern, text)
    few = 0
    for pattern in patterns:
        found = [match.span() for match in matches(pattern, text, Clock(60))]
        assert found == [match.span() for match in pattern.finditer(text)], pattern.pattern[:80]
        few += sum(last - first for first, last, _ in starts(pattern, text)) < 0.5 * len(text)
    assert few > 0.5 * len(patterns)
