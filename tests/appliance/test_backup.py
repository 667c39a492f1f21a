from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import zstandard

from appliance import audit, manifest
from appliance.home import Home
from appliance.keeping.backup import BackupError, restore_backup, write_backup
from appliance.manifest import Manifest
from appliance.people.acting import shell_actor
from appliance.store import Store
from distill.checkpoints import file_sha256


@pytest.fixture
def home() -> Home:
    """With a run of two stages, one of them at work; a key; a log."""
    home = Home.open()
    Store(home.store).begin_run("small-1", "small", "Messages to queues")
    home.scrub_key()
    done, at_work = home.runs / "small-1" / "scrub", home.runs / "small-1" / "teach"
    for folder in (done, at_work):
        folder.mkdir(parents=True)
        (folder / "out.jsonl").write_text('{"text": "scrubbed"}\n' * 50)
    (at_work / "out.jsonl").write_text('{"torn')
    outputs = {"out.jsonl": file_sha256(done / "out.jsonl")}
    manifest.write(done, Manifest("scrub", "f", outputs, {}, 2.0, 1_760_000_000.0))
    taken_over = home.runs / "small-2" / "scrub"
    taken_over.mkdir(parents=True)
    for name in ("out.jsonl", manifest.NAME):
        (taken_over / name).hardlink_to(done / name)
    (home.cache / "kernel").write_text("compiled")
    (home.models / "weights").write_text("weights")
    (home.runs / "small-1" / "lock").touch()
    audit.append(home, "ada", "console", "start-job", "done", {"job": "1"})
    return home


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "empty"))
    return Home.open()


def contents(home: Home) -> dict[str, bytes]:
    """What a backup is for, by path; the log grows by the backup's own line."""
    return {
        str(path.relative_to(home.root)): path.read_bytes()
        for path in home.root.rglob("*")
        if path.is_file()
        and path.relative_to(home.root).parts[0] not in ("models", "cache", "audit.jsonl", "audit-heads")
        and not path.name.endswith("lock")
    }


def test_what_a_home_holds_comes_back_byte_for_byte(home: Home, empty: Home, tmp_path: Path) -> None:
    taken = write_backup(home, shell_actor(), tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    assert restore_backup(empty, shell_actor(), tmp_path / "backup").files == taken.files
    assert contents(empty) == contents(home) and len(contents(home)) >= 8
    assert empty.scrub_key() == home.scrub_key()
    assert [row["run_id"] for row in Store(empty.store).runs()] == ["small-1"]
    assert not (empty.root / ".restoring").exists()
    assert all(path.stat().st_mode & 0o077 == 0 for path in empty.runs.rglob("*") if path.is_file())


def test_models_and_cache_stay_behind(home: Home, empty: Home, tmp_path: Path) -> None:
    write_backup(home, shell_actor(), tmp_path / "backup")
    restore_backup(empty, shell_actor(), tmp_path / "backup")
    assert not any(empty.models.iterdir()) and not any(empty.cache.iterdir())


def test_what_runs_share_is_in_the_backup_once_and_shared_again(
    home: Home, empty: Home, tmp_path: Path
) -> None:
    write_backup(home, shell_actor(), tmp_path / "backup")
    restore_backup(empty, shell_actor(), tmp_path / "backup")
    first, second = (empty.runs / run / "scrub" / "out.jsonl" for run in ("small-1", "small-2"))
    assert first.stat().st_ino == second.stat().st_ino


def test_the_log_that_comes_back_is_whole_and_says_that_it_came_back(
    home: Home, empty: Home, tmp_path: Path
) -> None:
    write_backup(home, shell_actor(), tmp_path / "backup")
    restore_backup(empty, shell_actor(), tmp_path / "backup")
    told = [[(entry.action, entry.outcome) for entry in audit.entries(each)] for each in (home, empty)]
    assert told[0] == [("back-up", "done"), ("start-job", "done")]
    assert told[1] == [("restore", "done"), ("back-up", "begun"), ("start-job", "done")]
    assert audit.verify(empty).problem is None


def test_a_home_that_holds_something_is_not_written_over(home: Home, tmp_path: Path) -> None:
    write_backup(home, shell_actor(), tmp_path / "backup")
    before = contents(home)
    with pytest.raises(BackupError, match="holds data already"):
        restore_backup(home, shell_actor(), tmp_path / "backup")
    assert contents(home) == before


def test_a_finished_stage_that_is_damaged_is_noticed_and_no_backup_is_left(
    home: Home, tmp_path: Path
) -> None:
    (home.runs / "small-1" / "scrub" / "out.jsonl").write_text("changed")
    with pytest.raises(BackupError, match=r"runs/small-1/scrub/out\.jsonl is damaged"):
        write_backup(home, shell_actor(), tmp_path / "backup")
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_is_refused_and_leaves_the_home_empty(
    home: Home, empty: Home, tmp_path: Path, share: float
) -> None:
    write_backup(home, shell_actor(), tmp_path / "backup")
    content = (tmp_path / "backup").read_bytes()
    (tmp_path / "backup").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BackupError, match="not a whole backup"):
        restore_backup(empty, shell_actor(), tmp_path / "backup")
    assert contents(empty).keys() <= {name for name in contents(empty) if name.startswith(".restoring/")}


def test_a_flipped_bit_is_refused_or_changes_nothing(home: Home, empty: Home, tmp_path: Path) -> None:
    """A few bits mean nothing: in the frame's own settings, or the padding of what is compressed."""
    write_backup(home, shell_actor(), tmp_path / "backup")
    content, refused = (tmp_path / "backup").read_bytes(), 0
    places = range(0, len(content), max(1, len(content) // 60))
    for at in places:
        damaged = bytearray(content)
        damaged[at] ^= 1 << (at % 8)
        (tmp_path / "backup").write_bytes(damaged)
        try:
            restore_backup(empty, shell_actor(), tmp_path / "backup")
        except BackupError:
            refused += 1
            continue
        assert contents(empty) == contents(home) and audit.verify(empty).problem is None, at
        shutil.rmtree(empty.root)
        empty = Home.open()
    assert refused >= 0.9 * len(places)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "runs/../../outside"])
def test_no_file_lands_outside_of_the_home(empty: Home, tmp_path: Path, name: str) -> None:
    with (
        zstandard.ZstdCompressor().stream_writer((tmp_path / "backup").open("wb")) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(BackupError, match="outside of the home"):
        restore_backup(empty, shell_actor(), tmp_path / "backup")
    assert not (empty.root.parent / "outside").exists()


_RESTORE = """
import os, signal, sys
from pathlib import Path
from appliance.people.acting import shell_actor
from appliance.keeping.backup import restore_backup
from appliance.home import Home
home, left = Home.open(), int(sys.argv[2])
def hook(event, args):
    global left
    if event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link") or event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
restore_backup(home, shell_actor(), Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_restore_that_is_killed_anywhere_goes_on_when_said_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_backup(home, shell_actor(), tmp_path / "backup")
    expected = contents(home)
    killed, point = 0, 1
    while True:
        monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / f"home-{point}"))
        command = [sys.executable, "-c", _RESTORE, str(tmp_path / "backup"), str(point)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed, point = killed + 1, point + 1
        target = Home.open()
        if contents(target) != expected:  # killed after the last step there is nothing to do
            restore_backup(target, shell_actor(), tmp_path / "backup")
        assert contents(target) == expected
    assert killed >= 20
    assert os.environ["STILLHOUSE_HOME"].endswith(str(point))


def test_the_list_is_the_last_member(home: Home, tmp_path: Path) -> None:
    """So that what is not finished has none."""
    write_backup(home, shell_actor(), tmp_path / "backup")
    with zstandard.ZstdDecompressor().stream_reader((tmp_path / "backup").open("rb")) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            names = [member.name for member in archive]
    assert names[-1] == "backup.json" and names.count("backup.json") == 1
