"""A checkpoint is resumed from only if it is, byte for byte, what was sealed."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from distill.checkpoints import SEAL, begin_write, is_sealed, newest_sealed, seal, sweep, write_atomically


def checkpoint(parent: Path, step: int) -> Path:
    folder = parent / f"checkpoint-{step}"
    (folder / "inner").mkdir(parents=True)
    (folder / "weights").write_bytes(bytes(range(256)) * 8)
    (folder / "inner" / "state").write_text(f"step {step}")
    return folder


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


_HARM: dict[str, Callable[[Path], object]] = {
    "a torn file": lambda folder: os.truncate(folder / "weights", 100),
    "a flipped bit": lambda folder: _flip(folder / "weights"),
    "a missing file": lambda folder: (folder / "inner" / "state").unlink(),
    "a file swapped for another": lambda folder: (folder / "inner" / "state").write_text("step 9"),
    "no seal": lambda folder: (folder / SEAL).unlink(),
    "a torn seal": lambda folder: os.truncate(folder / SEAL, 40),
    "an empty seal": lambda folder: (folder / SEAL).write_text("{}"),
    "a seal of another kind": lambda folder: (folder / SEAL).write_text('["weights"]'),
    "a seal that is not text": lambda folder: (folder / SEAL).write_bytes(b"\xff\xfe"),
}


@pytest.mark.parametrize("harm", _HARM)
def test_a_harmed_checkpoint_is_not_sealed(harm: str, tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 4)
    assert not is_sealed(folder)
    seal(folder)
    assert is_sealed(folder)
    _HARM[harm](folder)
    assert not is_sealed(folder)


@pytest.mark.parametrize("harm", _HARM)
def test_the_newest_intact_checkpoint_is_chosen_and_torn_newer_ones_are_removed(
    harm: str, tmp_path: Path
) -> None:
    for step in (8, 9, 10, 100):  # by number, not by name
        seal(checkpoint(tmp_path, step))
    _HARM[harm](tmp_path / "checkpoint-100")
    assert newest_sealed(tmp_path) == tmp_path / "checkpoint-10"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-10",
        "checkpoint-8",
        "checkpoint-9",
    ]


def test_where_no_checkpoint_is_intact_none_is_chosen(tmp_path: Path) -> None:
    assert newest_sealed(tmp_path / "not-there") is None
    checkpoint(tmp_path, 1)
    assert newest_sealed(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_cannot_pass_as_sealed(tmp_path: Path) -> None:
    seal(tmp_path)
    assert not is_sealed(tmp_path)


def test_a_seal_names_every_file_and_sealing_again_takes_in_new_ones(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 4)
    seal(folder)
    (folder / "late").write_text("x")
    seal(folder)
    assert set(json.loads((folder / SEAL).read_text())) == {"weights", "inner/state", "late"}
    (folder / "late").unlink()
    assert not is_sealed(folder)


def test_a_file_holds_the_old_text_or_the_new_whatever_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    code = """
import os, signal, sys
from pathlib import Path
from distill import checkpoints
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
checkpoints.write_atomically(Path(sys.argv[1]), "new" * 100000)
"""
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert path.read_text() == "old"
    write_atomically(path, "néw")
    assert path.read_text(encoding="utf-8") == "néw"


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"


def test_what_a_kill_leaves_is_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    code = """
import os, signal, sys
from pathlib import Path
from distill import checkpoints
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
checkpoints.write_atomically(Path(sys.argv[1]), "new")
"""
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a/b/file")], check=False)
    assert killed.returncode == -9 and len(list(tmp_path.rglob(".file.*.tmp"))) == 1
    temporary, descriptor = begin_write(tmp_path / "a" / "live", 0o600)
    others = [".hidden", "file.tmp", ".file.tmp", ".file.0123456g.tmp", ".4711.tmp", "x.0123abcd.tmp"]
    for name in others:
        (tmp_path / name).write_text("x")
    (tmp_path / ".old.4711.tmp").write_text("of an earlier release")
    (tmp_path / ".folder.0123abcd.tmp").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".left.0123abcd.tmp").write_text("x")
    (tmp_path / "elsewhere").write_text("x")
    (tmp_path / ".link.0123abcd.tmp").symlink_to(tmp_path / "elsewhere")
    assert sweep(tmp_path, ("models",)) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, "a", "models", ".folder.0123abcd.tmp", "elsewhere", ".link.0123abcd.tmp"}
    assert temporary.exists() and (tmp_path / "models" / ".left.0123abcd.tmp").exists()
    os.close(descriptor)
    assert sweep(tmp_path / "a") == 1 and not list((tmp_path / "a").rglob("*.tmp"))


def test_a_writer_whose_file_is_swept_before_it_is_locked_begins_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = []

    def late(descriptor: int, how: int) -> None:
        if not swept and how == fcntl.LOCK_EX:
            swept.extend(tmp_path.glob(".file.*.tmp"))
            swept[0].unlink()

    monkeypatch.setattr(fcntl, "flock", late)
    write_atomically(tmp_path / "file", "new")
    assert len(swept) == 1 and (tmp_path / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
