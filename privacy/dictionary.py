"""The organisation's own values and ids: lists looked up in one pass, and patterns given or learnt from a column.

Covered: every value of a table's column, as whole words, in any case; ids that look like those of a column. A pattern is
tried on hostile texts before it is used, so that none can stop the scrubber. Not covered: misspelt values, and values of
several words that are spaced otherwise than in the list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import regex

from privacy.fold import fold
from privacy.ingest import read_rows
from privacy.recognizers.rule import Clock, Rule, run_rule, words
from privacy.records import RawRecord, Span
from privacy.settings import DictionarySettings, PatternSettings, ScrubPolicy, SourceSettings

Find = Callable[[str, Clock], list[Span]]

_SCORE = 0.95
_MIN_ANY_CASE = 3
# Looks rarer than this part of a column's values are mistakes of the column.
_MIN_SHARE = 0.01
_MAX_LOOKS = 20
# A number this short, or without letters, is found everywhere: such ids need words before them.
_MIN_SIGNS = 4
# A linear pattern takes some milliseconds for one of these.
_HOSTILE_CHARS = 20_000
_HOSTILE_S = 0.25
_HOSTILE = ("a", "1", "A", " ", "a ", "1 ", "A1", "1-", "a.", "aA1-", "A-", "_", "-", "0a@", "\n")


@dataclass(frozen=True, slots=True)
class OwnTerms:
    """What the policy's dictionaries and patterns came to; read once, sent to every scrubbing process."""

    values: tuple[tuple[str, bool, tuple[str, ...]], ...] = field(repr=False)
    """(entity type, whether case is ignored, values) each."""
    patterns: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(entity type, expression, context words) each."""

    def __len__(self) -> int:
        return sum(len(values) for _, _, values in self.values) + len(self.patterns)


def read_terms(policy: ScrubPolicy, base_dir: Path) -> OwnTerms:
    """Reads the columns that the policy names. Raises ValueError, in one line, for a file or a pattern that cannot be used."""
    values = tuple(
        (each.entity_type, each.ignore_case, each.values or tuple(_column(each, base_dir)))
        for each in policy.dictionary
    )
    return OwnTerms(
        values, tuple(_pattern(each, base_dir, index) for index, each in enumerate(policy.pattern, 1))
    )


def own_finders(terms: OwnTerms) -> tuple[Find, ...]:
    """What a detector asks besides its own recognisers; nothing where the policy names nothing."""
    finders: list[Find] = []
    for ignore_case in (True, False):
        listed = [
            (value, entity_type)
            for entity_type, any_case, values in terms.values
            for value in values
            if (any_case and sum(char.isalnum() for char in value) >= _MIN_ANY_CASE) == ignore_case
        ]
        automaton = _automaton(listed, ignore_case)
        if automaton is not None:
            finders.append(_lookup(automaton, ignore_case))
    if terms.patterns:
        rules = tuple(
            Rule(
                "own pattern",
                entity_type,
                regex.compile(expression),
                _SCORE,
                context=words(*map(regex.escape, context)) if context else None,
                needs_digit=False,
            )
            for entity_type, expression, context in terms.patterns
        )
        finders.append(lambda text, clock: [span for rule in rules for span in run_rule(rule, text, clock)])
    return tuple(finders)


def _automaton(listed: Iterable[tuple[str, str]], ignore_case: bool) -> Any:
    """Aho and Corasick's machine for all values at once: one pass over a text, however many there are."""
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for value, entity_type in listed:
        folded = fold(value.strip()).text
        key = _lower(folded) if ignore_case else folded
        if any(char.isalnum() for char in key):
            automaton.add_word(key, (len(key), entity_type))
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _lookup(automaton: Any, ignore_case: bool) -> Find:
    def find(text: str, clock: Clock) -> list[Span]:
        clock.left_s()
        searched = _lower(text) if ignore_case else text
        spans = []
        for last, (length, entity_type) in automaton.iter(searched):
            start, end = last + 1 - length, last + 1
            if _is_whole(text, start, end):
                spans.append(Span(start, end, entity_type, _SCORE, "own dictionary"))
        return spans

    return find


def _is_whole(text: str, start: int, end: int) -> bool:
    """No letter or digit goes on over an end that is one."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not before and not after


def _lower(text: str) -> str:
    """In lower case, every character in its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _column(settings: DictionarySettings | PatternSettings, base_dir: Path) -> list[str]:
    """The column's distinct values, in order of first appearance."""
    assert settings.path is not None and settings.column is not None
    source = SourceSettings(
        path=settings.path, table=settings.table, fields={"value": settings.column}, max_bad_fraction=1.0
    )
    # The ids of these rows are used by nobody, so they need no secret key.
    rows = read_rows(source, base_dir, bytes(32))
    values = dict.fromkeys(row.fields["value"].strip() for row in rows if isinstance(row, RawRecord))
    if not values:
        raise ValueError(f"{base_dir / settings.path}: the column '{settings.column}' holds no value")
    return list(values)


def _pattern(settings: PatternSettings, base_dir: Path, place: int) -> tuple[str, str, tuple[str, ...]]:
    if settings.regex is not None:
        expression, where = settings.regex, f"scrub.pattern {place}"
    else:
        where = f"{settings.path}, column '{settings.column}'"
        expression = learn_pattern(_column(settings, base_dir), bool(settings.context), where)
    check_pattern(expression, where)
    return settings.entity_type, expression, settings.context


def check_pattern(expression: str, where: str) -> None:
    """Raises ValueError, in one line, for what is no pattern, matches the empty text, or is slow on some text."""
    try:
        compiled = regex.compile(expression)
    except regex.error as error:
        raise ValueError(
            f"{where}: '{expression[:60]}' is no regular expression: {' '.join(str(error).split())}"
        ) from None
    if compiled.search(""):
        raise ValueError(
            f"{where}: '{expression[:60]}' matches the empty text, and so everywhere; ask for a character"
        )
    literals = regex.sub(r"\\[A-Za-z]|[\\()\[\]{}*+?|^$.]", "", expression)[:40]
    # With the expression's own characters out of reach at the end, for an engine that first looks whether they are there.
    ends = ("", "!", "\n" + literals, "\0" + literals)
    for piece in (*_HOSTILE, *filter(None, (literals, literals[:1]))):
        for end in ends:
            hostile = (piece * _HOSTILE_CHARS)[:_HOSTILE_CHARS] + end
            try:
                for _ in compiled.finditer(hostile, timeout=_HOSTILE_S):
                    pass
            except TimeoutError:
                raise ValueError(
                    f"{where}: '{expression[:60]}' takes too long on a text of {_HOSTILE_CHARS} characters; bound its "
                    "repetitions ({1,20} for +) and let no two neighbours match the same characters"
                ) from None


def learn_pattern(values: Sequence[str], has_context: bool, where: str) -> str:
    """An expression for the looks of the values: runs of digits, capitals and small letters with their lengths.

    Letters that all values of a look share are kept as they are. Raises ValueError, without quoting any value, for a column
    whose looks would be found everywhere.
    """
    looks: dict[tuple[str, ...], list[list[str]]] = {}
    for value in values:
        runs = regex.findall(r"\d+|\p{Lu}+|\p{Ll}+|.", value, regex.DOTALL)
        looks.setdefault(tuple(map(_sign, runs)), []).append(runs)
    common = Counter({look: len(found) for look, found in looks.items()}).most_common(_MAX_LOOKS)
    kept = [look for look, count in common if count >= _MIN_SHARE * len(values)]
    weak = [look for look in kept if not _is_telling(look, looks[look])]
    if weak and not has_context:
        raise ValueError(
            f"{where}: its values look like words or plain numbers, which stand everywhere; give 'context' words, or use a "
            "dictionary"
        )
    alternatives = "|".join(
        "".join(_run(sign, column) for sign, column in zip(look, zip(*looks[look], strict=True), strict=True))
        for look in kept
    )
    if not alternatives:
        raise ValueError(f"{where}: its values have too many different looks to learn from; use a dictionary")
    return rf"(?<![\p{{L}}\d])(?:{alternatives})(?![\p{{L}}\d])"


def _sign(run: str) -> str:
    """A run's kind: `9`, `A`, `a`, or the character itself."""
    if run[0].isdigit():
        return "9"
    if run[0].isupper():
        return "A"
    return "a" if run[0].islower() else run


def _run(sign: str, column: Sequence[str]) -> str:
    """The expression for one run of a look, given that run of all its values."""
    if sign not in ("9", "A", "a") or (sign != "9" and len(set(column)) == 1):
        return str(regex.escape(column[0]))
    lengths = sorted(map(len, column))
    kind = {"9": r"\d", "A": r"\p{Lu}", "a": r"\p{Ll}"}[sign]
    return f"{kind}{{{lengths[0]},{lengths[-1]}}}"


def _is_telling(look: tuple[str, ...], found: Sequence[list[str]]) -> bool:
    """Whether ordinary text hardly looks so: digits, and letters or punctuation, and not too short."""
    shortest = min(sum(len(run) for run in runs) for runs in found)
    return "9" in look and len(look) > 1 and shortest >= _MIN_SIGNS
