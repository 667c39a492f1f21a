"""What a statistical model claims and its surroundings speak against is let go; a name is not."""

from __future__ import annotations

import pytest

from privacy.plausible import plausible
from privacy.recognizers.rule import Clock
from privacy.records import Span

WORDS = frozenset({"the", "restart", "server", "worker", "delete"})


def kept(text: str, found: str, entity_type: str = "PERSON", score: float = 0.7) -> bool:
    """Whether the transformer's claim that `found` is personal stands."""
    start = text.index(found)
    span = Span(start, start + len(found), entity_type, score, "transformer")
    return plausible(text, [span], WORDS, Clock(60.0)) == [span]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("Restart it with supervisorctl restart celery --wait.", "celery"),
        ("sudo journalctl unit gunicorn", "gunicorn"),
        ("find . -name '*.pyc' -delete", "pyc"),
        ("jq -r '.items[].metadata.name' pods.json", "json"),
        ("Then gunicorn app:app -w 4 and done.", "gunicorn"),
        ("ps aux | grep celery", "celery"),
    ],
)
def test_a_lower_case_word_of_a_command_is_nobodys_name(line: str, word: str) -> None:
    assert not kept(line, word)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("git log --author maria -n 3", "maria"),  # a name that people have
        ("git log --author Kowalczewska -n 3", "Kowalczewska"),  # it has a capital
        ("i met gunarsdottir at the gate - she waved", "gunarsdottir"),  # no command
        ("the parcel for apt 4 came, please make room. thanks -gunarsdottir", "gunarsdottir"),
        ("restart it with --wait\nthen ask gunarsdottir about it", "gunarsdottir"),  # another line
    ],
)
def test_a_name_stays_a_name(line: str, word: str) -> None:
    assert kept(line, word)


@pytest.mark.parametrize("text", ["-a " * 21_000, "git " * 16_000, "| " * 32_000, " -" + "a" * 64_000])
def test_a_long_line_of_signs_is_looked_at_in_no_time(text: str) -> None:
    import time

    span = Span(30_000, 30_003, "PERSON", 0.7, "transformer")
    started = time.process_time()
    plausible(text + " end of it", [span] * 50, WORDS, Clock(60.0))
    assert time.process_time() - started < 0.5
