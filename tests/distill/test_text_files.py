"""Text under a key: nothing of it shows, every change is noticed, what a kill cut is left out, and plain text is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from distill import text_files
from distill.teach import read_completions, teach
from distill.text_files import (
    FILE,
    LINE,
    TextFileError,
    TextKey,
    append_lines,
    encrypted,
    encrypted_lines,
    is_encrypted,
    put_line,
    read,
    read_lines,
    take_line,
    write,
)
from distill.topk import Journal, TopKStore, has_bytes, write_topk
from distill.values import Completion, Request, TopTokens

KEY, OTHER = TextKey.of(b"k" * 32), TextKey.of(b"o" * 32)
CANARY = b"canary of a text"
LINES = [
    b'{"record_id": "a", "text": "' + CANARY + b'"}',
    b'{"record_id": "b", "text": "\\u20ac \\r"}',
    b"\x85\r\x0b",
]


@pytest.mark.parametrize("content", [b"", b"x", CANARY * 9, b"\n\n", bytes(range(256)) * 3, FILE + CANARY])
def test_what_is_written_under_a_key_is_read_again_and_does_not_show(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    write(path, content, KEY)
    assert read(path, KEY) == content and is_encrypted(path)
    assert CANARY not in path.read_bytes()
    before = path.read_bytes()
    write(path, content, KEY)
    assert path.read_bytes() == before, "the same text is the same bytes"
    with pytest.raises(TextFileError, match="another key"):
        read(path, OTHER)
    with pytest.raises(TextFileError, match="its home is not"):
        read(path, None)


def test_a_file_longer_than_a_piece_is_whole_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces cannot be left out, swapped, repeated, or taken for the end."""
    monkeypatch.setattr(text_files, "_PIECE_BYTES", 10)
    content, path = bytes(range(35)), tmp_path / "a"
    write(path, content, KEY)
    assert read(path, KEY) == content
    held = path.read_bytes()[len(FILE) :]
    pieces = [held[at : at + 30] for at in range(0, len(held), 30)]
    assert [len(piece) for piece in pieces] == [30, 30, 30, 25]
    for order in ([0, 1, 2], [1, 0, 2, 3], [0, 1, 1, 2, 3], [0, 2, 3], [3], [], [0, 1, 2, 3, 3]):
        path.write_bytes(FILE + b"".join(pieces[each] for each in order))
        with pytest.raises(TextFileError, match="damaged"):
            read(path, KEY)


@pytest.mark.parametrize("make", [encrypted, encrypted_lines])
def test_a_turned_bit_or_a_cut_is_noticed(tmp_path: Path, make: Callable[[bytes, TextKey], bytes]) -> None:
    """Of lines a cut may leave fewer, which the manifest tells."""
    content = b"".join(line + b"\n" for line in LINES)
    path, held, source = tmp_path / "a.jsonl", make(content, KEY), random.Random(4)
    for _ in range(200):
        damaged = bytearray(held)
        damaged[source.randrange(len(held) - 1)] ^= 1 << source.randrange(8)
        path.write_bytes(damaged)
        try:
            found = read(path, KEY)
        except TextFileError:
            continue
        assert make is encrypted_lines and found == content, "base64's last digit has bits that say nothing"
    for end in range(len(FILE), len(held)):
        path.write_bytes(held[:end])
        if make is encrypted:
            with pytest.raises(TextFileError):
                read(path, KEY)
        else:
            assert content.startswith(read(path, KEY))


def test_plain_text_is_refused_where_there_is_a_key(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for content in (b"{}", b"{}\n", b"\n{}\n", b"PAR1 and so on", LINE[:-1] + b"\n"):
        path.write_bytes(content)
        with pytest.raises(TextFileError, match="plain text in an encrypted home"):
            read(path, KEY)
    path.write_bytes(put_line(LINES[0], KEY) + b"\n" + LINES[1] + b"\n" + put_line(LINES[2], KEY) + b"\n")
    with pytest.raises(TextFileError, match="plain"):
        list(read_lines(path, KEY))
    path.write_bytes(b"")
    assert read(path, KEY) == b"" and not list(read_lines(path, KEY)), "nothing says nothing"


def test_lines_come_back_one_by_one_and_one_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert list(read_lines(path, KEY)) == []
    append_lines(path, LINES[:1], KEY)
    append_lines(path, LINES[1:], KEY)
    assert list(read_lines(path, KEY)) == LINES
    whole = path.read_bytes()
    assert CANARY not in whole and whole.count(b"\n") == 3
    for end in range(whole.rfind(b"\n", 0, -1) + 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert list(read_lines(path, KEY)) == LINES[:2]
    append_lines(path, LINES[2:], KEY)
    assert path.read_bytes() == whole, "what was cut is gone before something is added"
    path.write_bytes(whole[:-1])
    assert list(read_lines(path, KEY)) == LINES, "all of it but its end"
    with pytest.raises(TextFileError, match="another key"):
        list(read_lines(path, OTHER))
    with pytest.raises(TextFileError):
        take_line(put_line(LINES[0], KEY), path, None)


@pytest.mark.parametrize("content", [b"a\nb\n", b"\na\n\nb", b"a", b"\n", b"", b'{"torn', b"a\r\n\x0bb\n"])
def test_lines_that_are_encrypted_later_say_the_same_to_the_byte(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encrypted_lines(content, KEY))
    assert read(path, KEY) == content


class Answers:
    """A model that answers each question with its name, and stops after so many."""

    def __init__(self, most: int) -> None:
        self.asked: list[str] = []
        self._most = most

    def complete(self, requests: list[Request]) -> object:
        for request in requests:
            if len(self.asked) == self._most:
                raise KeyboardInterrupt
            self.asked.append(request.record_id)
            said = CANARY.decode() + request.record_id
            top = TopTokens((said,), (((said, -0.5),),))
            yield Completion(request.record_id, said, "stop", "m", likeliest=top)


def test_answers_under_a_key_are_kept_through_a_kill_and_not_asked_again(tmp_path: Path) -> None:
    requests = [Request(f"r{number}", []) for number in range(6)]
    path, journal = tmp_path / "completions.jsonl", tmp_path / "topk.journal"

    def ask(most: int) -> tuple[list[str], dict[str, Completion]]:
        model, held = Answers(most), Journal(journal, KEY)
        try:
            return model.asked, teach(model, requests, path, lambda *_: None, held, KEY)  # type: ignore[arg-type]
        except KeyboardInterrupt:
            return model.asked, {}
        finally:
            held.close()

    assert ask(3)[0] == ["r0", "r1", "r2"]
    for file in (path, journal):
        assert CANARY not in file.read_bytes()
        file.write_bytes(file.read_bytes()[:-9])  # the kill came within the last line
    asked, answered = ask(9)
    assert asked == ["r2", "r3", "r4", "r5"]
    assert read_completions(path, KEY) == answered and len(answered) == 6
    with pytest.raises(TextFileError):
        read_completions(path, OTHER)
    with pytest.raises(TextFileError):
        Journal(journal, OTHER)


def test_likeliest_tokens_under_a_key_are_what_they_are_without(tmp_path: Path) -> None:
    stores = []
    for key in (None, KEY):
        journal = Journal(tmp_path / f"{key}.journal", key)
        for name in ("a", "b"):
            said = f"{CANARY.decode()} {name}"
            journal.append(name, TopTokens((said,), (((said, -0.5), ("x", -1.5)),)), True)
        journal.close()
        path = tmp_path / f"{key}.parquet"
        write_topk(journal, path, 2, key)
        assert has_bytes(path, key) and is_encrypted(path) == (key is not None)
        assert (CANARY in (tmp_path / f"{key}.journal").read_bytes()) == (key is None)
        words = {f"{CANARY.decode()} {name}".encode(): place for place, name in enumerate("ab")}
        stores.append(TopKStore(path, 7, words, key))
    plain, held = stores
    assert json.dumps(sorted(plain)) == json.dumps(sorted(held)) == '["a", "b"]'
    assert all((plain[name].token_ids == held[name].token_ids).all() for name in plain)
