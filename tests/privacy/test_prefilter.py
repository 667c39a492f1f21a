"""The prefilter: what it rules out has no match."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
import regex

import privacy
from privacy.presidio_patterns import PresidioPatterns
from privacy.recognizers.prefilter import may_match, needs
from privacy.recognizers.rule import Clock, Rule, matches
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
    ],
)
def test_a_text_with_a_match_is_never_ruled_out(pattern: str, text: str) -> None:
    for flags in (0, regex.IGNORECASE):
        compiled = regex.compile(pattern, flags)
        if compiled.search(text):
            assert may_match(compiled, text)
            return
    pytest.fail("the row is wrong: neither form matches")


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
    assert not may_match(regex.compile(pattern), text)


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


def _all_patterns() -> list[regex.Pattern[str]]:
    """Every pattern of every module, and Presidio's."""
    found = {}
    for module in pkgutil.walk_packages(privacy.__path__, "privacy."):
        for value in vars(importlib.import_module(module.name)).values():
            for part in value if isinstance(value, tuple) else (value,):
                pattern = part.pattern if isinstance(part, Rule) else part
                if isinstance(pattern, regex.Pattern) and isinstance(pattern.pattern, str):
                    found[pattern.pattern, pattern.flags] = pattern
    for _, (recognizer, *_) in PresidioPatterns()._loaded:
        for entry in recognizer.patterns:
            found[entry.compiled_regex.pattern, entry.compiled_regex.flags] = entry.compiled_regex
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
