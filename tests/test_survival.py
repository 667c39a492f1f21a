"""A full disk is an error message and loses nothing that was acknowledged; a flipped bit is noticed before it is used."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import audit, manifest
from appliance.home import Home, HomeError
from appliance.manifest import DamagedError
from appliance.people import accounts
from appliance.people.acting import Role, shell_actor
from appliance.store import Store, StoreError
from distill.checkpoints import is_sealed, newest_sealed, seal
from tests.appliance.test_trace import make_run

MIB = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 6 MiB, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m,nr_inodes=4k", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk is mounted by root only")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk_loses_nothing_that_was_acknowledged(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty times, with another amount of room each time, so that it is full in the middle of another write."""
    monkeypatch.setenv("STILLHOUSE_HOME", str(small_disk / "home"))
    home, source = Home.open(), random.Random(3)
    home.scrub_key()
    actor, ballast = shell_actor(), small_disk / "ballast"
    runs, people, entries, stopped_by = set[str](), set[str](), set[str](), set[str]()

    def work(number: int) -> Iterator[None]:
        for step in range(400):
            audit.append(home, "maria", "console", "view", "done", {"n": f"{number}-{step}"})
            entries.add(f"{number}-{step}")
            yield
            Store(home.store).begin_run(f"r-{number}-{step}", "r", "x" * source.randrange(4000))
            runs.add(f"r-{number}-{step}")
            yield
            if step % 8 == 7:
                accounts.create(home, actor, f"p{number}-{step}", [Role.VIEWER])
                people.add(f"p{number}-{step}")
                yield

    for number in range(50):
        room = source.randrange(8, 160) * 1024 + source.randrange(4096)
        free = os.statvfs(small_disk)
        with ballast.open("wb") as file:
            file.write(bytes(max(0, free.f_bavail * free.f_bsize - room)))
        with pytest.raises((OSError, StoreError, HomeError)) as caught:
            for _ in work(number):
                pass
        stopped_by.add(type(caught.value).__name__)
        assert "\n" not in str(caught.value)
        ballast.unlink()
        assert runs <= {row["run_id"] for row in Store(home.store).runs()}
        assert people <= {account.name for account in accounts.accounts(home)}
        assert entries <= {str(entry.objects.get("n")) for entry in audit.entries(home, 0, 10**6)}
        assert audit.verify(home).problem is None
        Store(home.store).begin_run(f"after-{number}", "r", "x")
        if number % 10 == 9:  # the small disk is for what is new
            for row in Store(home.store).runs():
                with Store(home.store)._open() as db:
                    db.execute("DELETE FROM runs WHERE run_id = ?", [row["run_id"]])
            runs.clear()
    assert len(stopped_by) > 1, "more than one of the writers met the full disk"


@pytest.mark.slow
def test_a_checkpoint_that_found_no_room_is_none_and_the_one_before_it_is_whole(small_disk: Path) -> None:
    for number in range(50):
        folder = small_disk / f"run-{number}"
        good = folder / "checkpoint-1"
        good.mkdir(parents=True)
        (good / "weights").write_bytes(os.urandom(20_000))
        seal(good)
        free = os.statvfs(small_disk)
        (small_disk / "ballast").write_bytes(
            bytes(max(0, free.f_bavail * free.f_bsize - 4096 * (number % 10)))
        )
        torn = folder / "checkpoint-2"
        with pytest.raises(OSError, match="No space"):
            torn.mkdir()
            (torn / "weights").write_bytes(os.urandom(36_000 - 4096 * (number % 10 == 0)))
            (torn / "more").write_bytes(os.urandom(8_000))
            seal(torn)
        assert newest_sealed(folder) == good and is_sealed(good)
        (small_disk / "ballast").unlink()
        assert newest_sealed(folder) == good


def flips(path: Path, times: int, source: random.Random) -> Iterator[str]:
    """The file with one bit turned, so often; whole again after each and at the end."""
    whole = path.read_bytes()
    for _ in range(times):
        damaged, at = bytearray(whole), source.randrange(len(whole))
        damaged[at] ^= 1 << source.randrange(8)
        path.write_bytes(damaged)
        try:
            yield f"{path.name} at byte {at}"
        finally:
            path.write_bytes(whole)


def test_200_flipped_bits_are_noticed_before_they_are_used(tmp_path: Path) -> None:
    run, home, source = make_run(tmp_path), Home.open(), random.Random(11)
    adapter = run.folder / "sft" / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(source.randbytes(5000))
    seal(adapter)
    for number in range(30):
        audit.append(home, "maria", "console", "view", "done", {"n": number})
    Store(home.store).begin_run("a-1", "a", "A title to be read")
    told = Store(home.store).runs()

    def by_manifest(stage: str) -> Callable[[], bool]:
        def noticed() -> bool:
            try:
                found = manifest.read(run.folder / stage)
                assert found is not None
                manifest.verify(run.folder / stage, found)
            except DamagedError:
                return True
            return False

        return noticed

    def unread() -> bool:
        """A bit that no fact depends on may turn: what is read is what was written, or nothing is."""
        try:
            return Store(home.store).runs() == told
        except StoreError:
            return True

    cases: list[tuple[Path, int, Callable[[], bool]]] = [
        (run.folder / "scrub" / "records" / "data-00000.parquet", 50, by_manifest("scrub")),
        (run.folder / "teach" / "completions.jsonl", 20, by_manifest("teach")),
        (run.folder / "curate" / "examples.parquet", 40, by_manifest("curate")),
        (adapter / "adapter_model.safetensors", 40, lambda: not is_sealed(adapter)),
        (audit.log_path(home), 30, lambda: audit.verify(home).problem is not None),
        (home.store, 20, unread),
    ]
    missed = [
        where for path, times, noticed in cases for where in flips(path, times, source) if not noticed()
    ]
    assert sum(times for _, times, _ in cases) == 200
    assert not missed


def test_a_flipped_bit_in_a_key_is_noticed() -> None:
    home = Home.open()
    before = home.scrub_key()
    for where in flips(home.keys / "scrub.key", 20, random.Random(2)):
        with pytest.raises(HomeError, match="restore it from a backup"):
            home.scrub_key()
        assert where
    assert home.scrub_key() == before
