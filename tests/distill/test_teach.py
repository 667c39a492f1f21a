"""An answer paid for is never asked again, whatever was killed when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from distill.teach import TeacherSettings, read_completions, teach
from distill.topk import Journal
from distill.values import Completion, Request, TopTokens

AWKWARD = [
    "plain",
    "",
    "two\nlines\r\n",
    "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
    "Grüße 🦜",
    "\ud83d",
    '"}{',
    "\x00",
]


class Scripted:
    """Answers from a table; None fails; an exception is raised where it stands. Remembers what it was asked."""

    model = "scripted"

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        for request in requests:
            self.asked.append(request.record_id)
            text = self.answers[request.record_id]
            if isinstance(text, BaseException):
                raise text
            error = "HTTP 500" if text is None else None
            yield Completion(request.record_id, text, None if error else "stop", self.model, 3, 1, error)


def requests(*ids: str) -> list[Request]:
    return [Request(record_id, [{"role": "user", "content": record_id}]) for record_id in ids]


def silent(done: int, total: int, note: str) -> None:
    pass


def texts(completions: dict[str, Completion]) -> dict[str, str | None]:
    return {record_id: completion.text for record_id, completion in completions.items()}


def test_any_text_an_answer_may_hold_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    answers = {f"r{n}": text for n, text in enumerate(AWKWARD)}
    given = teach(Scripted(answers), requests(*answers), path, silent)
    assert texts(given) == answers and read_completions(path) == given
    again = Scripted({})
    assert teach(again, requests(*answers), path, silent) == given and again.asked == []


def test_failed_ones_are_told_but_not_kept_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    notes: list[tuple[int, int, str]] = []
    first = Scripted({"a": "1", "b": None, "c": "3"})
    given = teach(first, requests("a", "b", "c"), path, lambda *note: notes.append(note))
    assert texts(given) == {"a": "1", "b": None, "c": "3"} and given["b"].error == "HTTP 500"
    assert notes == [
        (1, 3, "0 without an answer"),
        (2, 3, "1 without an answer"),
        (3, 3, "1 without an answer"),
    ]
    assert set(read_completions(path)) == {"a", "c"}
    second = Scripted({"b": "2"})
    assert texts(teach(second, requests("a", "b", "c"), path, silent)) == {"a": "1", "b": "2", "c": "3"}
    assert second.asked == ["b"]


def test_killed_half_way_only_the_rest_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    with pytest.raises(KeyboardInterrupt):
        teach(
            Scripted({"a": "1", "b": "2", "c": KeyboardInterrupt()}),
            requests("a", "b", "c", "d"),
            path,
            silent,
        )
    rest = Scripted({"c": "3", "d": "4"})
    given = teach(rest, requests("a", "b", "c", "d"), path, silent)
    assert rest.asked == ["c", "d"]
    assert texts(given) == {"a": "1", "b": "2", "c": "3", "d": "4"} and read_completions(path) == given


def test_a_line_torn_anywhere_is_asked_again_and_glued_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    whole = teach(Scripted({"a": "1", "b": "Grüße 🦜"}), requests("a", "b"), path, silent)
    # As other writers would have it too: not escaped, so that a cut may go through a character.
    lines = [json.dumps(asdict(each), ensure_ascii=False).encode() + b"\n" for each in whole.values()]
    start, end = len(lines[0]), len(lines[0] + lines[1])
    for cut in (*range(start, end, 3), end - 1):  # every third byte goes through the parrot's four, too
        path.write_bytes((lines[0] + lines[1])[:cut])
        rest = Scripted({"b": "Grüße 🦜", "c": "3"})
        given = teach(rest, requests("a", "b", "c"), path, silent)
        # Cut at the line's end alone, the answer is whole and stays.
        assert rest.asked == (["c"] if cut == end - 1 else ["b", "c"])
        assert texts(given) == {"a": "1", "b": "Grüße 🦜", "c": "3"}
        assert read_completions(path) == given and len(path.read_bytes().splitlines()) == 3


def test_a_file_of_nothing_or_of_zeroes_holds_no_answers(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    assert read_completions(path) == {}
    for content in (b"", b"\x00" * 512, b"null\n", b"[]\n", b'{"record_id": "a"}\n'):
        path.write_bytes(content)
        assert read_completions(path) == {}


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"kind": "recorded"}, "teacher.answer_field is missing"),
        ({"kind": "endpoint"}, "teacher.url is missing"),
        ({"kind": "recorded", "answer_field": "a", "url": "http://h/v1"}, "teacher.url does not go with"),
        (
            {"kind": "endpoint", "url": "http://h/v1", "answer_field": "a"},
            "teacher.answer_field does not go with",
        ),
        ({"kind": "local", "url": "http://h/v1"}, "remove it"),
        ({"kind": "local", "answer_field": "a"}, "remove it"),
        ({"kind": "endpoint", "url": "h:8000/v1"}, "must begin with http:// or https://"),
    ],
)
def test_settings_that_contradict_themselves_are_refused_with_the_remedy(
    settings: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ValueError) as refused:
        TeacherSettings(model="m", **settings)
    assert remedy in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "recorded", "answer_field": "a"},
        {"kind": "endpoint", "url": "https://h/v1", "api_key_env": "KEY"},
        {"kind": "local"},
    ],
)
def test_each_kind_of_teacher_stands_with_what_it_needs(settings: dict[str, Any]) -> None:
    TeacherSettings(model="m", **settings)


# --- log-probabilities ----------------------------------------------------------------------------------------------


class Telling(Scripted):
    """Tells with each answer what it held likeliest."""

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        for completion in super().complete(requests):
            told = TopTokens((7,), (((7, -0.5),),))
            yield replace(completion, likeliest=told if completion.text is not None else None)


def test_likeliest_tokens_are_on_disk_before_their_answer_is(tmp_path: Path) -> None:
    path, journal = tmp_path / "completions.jsonl", Journal(tmp_path / "topk.journal")
    teach(Telling({"a": "1", "b": None}), requests("a", "b"), path, silent, journal)
    assert "a" in journal and "b" not in journal
    assert "likeliest" not in path.read_text() and read_completions(path)["a"].likeliest is None
    again = Telling({"b": "2"})
    teach(again, requests("a", "b"), path, silent, journal)
    assert again.asked == ["b"] and len(journal) == 2


def test_an_answer_whose_likeliest_tokens_are_lost_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    teach(Scripted({"a": "1", "b": "2"}), requests("a", "b"), path, silent)
    journal = Journal(tmp_path / "topk.journal")
    again = Telling({"a": "1", "b": "2"})
    teach(again, requests("a", "b"), path, silent, journal)
    assert again.asked == ["a", "b"] and len(journal) == 2


def test_a_kill_after_any_byte_leaves_no_answer_without_its_likeliest_tokens(tmp_path: Path) -> None:
    path = tmp_path / "topk.journal"
    ids = ("a", "b", "c")
    journal = Journal(path)
    teach(Telling(dict.fromkeys(ids, "1")), requests(*ids), tmp_path / "completions.jsonl", silent, journal)
    journal.close()
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        journal = Journal(path)
        again = Telling(dict.fromkeys(ids, "1"))
        teach(again, requests(*ids), tmp_path / "completions.jsonl", silent, journal)
        assert len(journal) == 3 and again.asked == list(ids[whole[:cut].count(b"\n") :])
        journal.close()
