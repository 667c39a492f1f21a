"""The rule: one pattern that finds one kind of thing, and the loop that runs rules against a clock.

Covered: patterns, checks of the match, words that must stand before it. Not covered: spelling tricks
(zero-width characters, digits as words); a rule sees the text as it is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import regex

from privacy.recognizers.needs import Pattern
from privacy.recognizers.prefilter import LONG_CHARS, Group, may_match, starts
from privacy.records import Span

T = TypeVar("T")
# Of `regex` or of `re`; the former's types are not known to a checker.
Match: TypeAlias = Any
# How far before a match a context word may stand: about one short sentence.
CONTEXT_CHARS = 60


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of which each group `x` (or the whole match) is a finding."""

    name: str
    entity_type: str
    pattern: Pattern
    score: float
    context: regex.Pattern[str] | None = None
    """If given, must be found in the CONTEXT_CHARS before the match."""
    accept: Callable[[str], bool] | None = None
    """A last look at the matched text, such as a checksum."""
    needs_digit: bool = True
    """Skip texts without any digit: most texts have none, most rules need one."""


def grouped(*rules: Rule) -> Group[Rule]:
    """Rules as `run_rules` takes them."""
    return Group((rule.pattern, rule) for rule in rules)


def one_of(alternatives: Iterable[str]) -> str:
    """Alternatives of which no two can match at one place, put together by their first letter: most places need one look then."""
    by_letter: dict[str, list[str]] = {}
    for alternative in alternatives:
        plain = alternative[0].isalpha() and alternative[1:2] not in ("?", "*", "{")
        by_letter.setdefault(alternative[0] if plain else "", []).append(alternative)
    return "|".join(
        f"{letter}(?:{'|'.join(found[len(letter) :] for found in listed)})"
        for letter, listed in by_letter.items()
    )


def words(*alternatives: str) -> regex.Pattern[str]:
    """A context: any of these as whole words, any case."""
    return regex.compile(r"(?<!\w)(?:" + "|".join(alternatives) + r")(?!\w)", regex.IGNORECASE)


_DIGIT = regex.compile(r"\d")


class Clock:
    """Time left for one text. Running out is a TimeoutError, which must reach the caller: no text passes
    half scanned."""

    def __init__(self, limit_s: float) -> None:
        self._end = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Seconds left, above 0; raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("scan took longer than the policy allows")
        return left


def matches(pattern: Pattern, text: str, clock: Clock) -> Iterator[Match]:
    """Every match, under the clock. `regex` raises TimeoutError itself when a search runs too long; `re` cannot, so that a pattern
    of it must be linear."""
    return search(pattern, text, clock) if may_match(pattern, text) else iter(())


def occurs(pattern: Pattern, text: str) -> bool:
    """Whether the pattern matches anywhere; for patterns that are linear, which need no clock."""
    return may_match(pattern, text) and pattern.search(text) is not None


def matches_of(group: Group[T], text: str, clock: Clock) -> Iterator[tuple[T, Match]]:
    """Every match of each pattern of a group, with what belongs to the pattern."""
    for pattern, thing in group.that_may_match(text):
        for match in search(pattern, text, clock):
            yield thing, match


def search(pattern: Pattern, text: str, clock: Clock) -> Iterator[Match]:
    """The same without asking first whether there may be a match."""
    # A pattern that is linear needs no clock for a short text, and asking for one costs as much as the search.
    if len(text) <= LONG_CHARS:
        found: Iterator[Match] = pattern.finditer(text)
        return found
    return _search_near(pattern, text, clock)


def _search_near(pattern: Pattern, text: str, clock: Clock) -> Iterator[Match]:
    """What a search through the whole text finds, found by looking near what the pattern needs only."""
    end = 0
    for first, last, looked_at in starts(pattern, text):
        left_s = clock.left_s()
        found = (
            pattern.finditer(text, max(first, end), looked_at)
            if isinstance(pattern, re.Pattern)
            else pattern.finditer(text, max(first, end), looked_at, timeout=left_s)
        )
        for match in found:
            if match.start() >= last:
                break
            end = match.end()
            yield match


def run_rules(rules: Group[Rule], text: str, clock: Clock) -> list[Span]:
    """All findings of all rules; overlaps are left to the arbiter."""
    clock.left_s()
    has_digit = _DIGIT.search(text) is not None
    return [
        span
        for _, rule in rules.that_may_match(text)
        if has_digit or not rule.needs_digit
        for span in _findings(rule, text, clock)
    ]


def run_rule(rule: Rule, text: str, clock: Clock) -> list[Span]:
    """All findings of one rule, whatever the text."""
    if rule.needs_digit and _DIGIT.search(text) is None:
        return []
    return _findings(rule, text, clock)


def _findings(rule: Rule, text: str, clock: Clock) -> list[Span]:
    group: str | int = "x" if "x" in rule.pattern.groupindex else 0
    return [
        Span(start, end, rule.entity_type, rule.score, rule.name)
        for match in search(rule.pattern, text, clock)
        for start, end in match.spans(group)
        if start < end
        and (rule.accept is None or rule.accept(text[start:end]))
        and (
            rule.context is None
            or rule.context.search(text, max(0, start - CONTEXT_CHARS), start) is not None
        )
    ]
