from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.home import Home, HomeError


def test_a_new_home_is_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "new" / "home"))
    home = Home.open()
    assert home.root == tmp_path / "new" / "home"
    for folder in (home.root, home.models, home.runs, home.keys, home.cache):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_setting_the_home_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in (None, "", "~/.stillhouse"):
        monkeypatch.delenv("STILLHOUSE_HOME")
        if value is not None:
            monkeypatch.setenv("STILLHOUSE_HOME", value)
        assert Home.open().root == tmp_path / ".stillhouse"
        monkeypatch.setenv("STILLHOUSE_HOME", "")


def test_a_relative_home_is_fixed_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STILLHOUSE_HOME", "here")
    assert Home.open().root == tmp_path / "here"


def test_the_home_of_a_user_who_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", "~no-such-user-here/x")
    with pytest.raises(HomeError, match="give a full path"):
        Home.open()


def test_the_key_is_made_once_and_is_for_its_owner_only() -> None:
    home = Home.open()
    key = home.scrub_key()
    assert len(key) == 32 and home.scrub_key() == key == Home.open().scrub_key()
    assert sorted((path.name, path.stat().st_mode & 0o777) for path in home.keys.iterdir()) == [
        ("scrub.check", 0o600),
        ("scrub.key", 0o600),
    ]


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name) for name in "ab"]
    for home in homes:
        home.keys.mkdir(parents=True)
    assert homes[0].scrub_key() != homes[1].scrub_key()


def test_all_who_ask_for_the_first_key_at_once_get_the_same() -> None:
    home = Home.open()
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: home.scrub_key(), range(64)))
    assert keys == {home.scrub_key()}
    assert sorted(os.listdir(home.keys)) == ["scrub.check", "scrub.key"]


def test_a_key_that_another_makes_between_two_looks_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    home, look = Home.open(), Path.exists
    made = list[bytes]()

    def late(path: Path) -> bool:
        found = look(path)
        if path.name == "scrub.key" and not found:
            monkeypatch.setattr(Path, "exists", look)
            made.append(home.scrub_key())
        return found

    monkeypatch.setattr(Path, "exists", late)
    assert [home.scrub_key()] == made


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_refused_and_not_replaced(size: int) -> None:
    home = Home.open()
    (home.keys / "scrub.key").write_bytes(b"k" * size)
    with pytest.raises(HomeError, match=f"should hold 32 bytes, it holds {size}: restore it from a backup"):
        home.scrub_key()
    assert (home.keys / "scrub.key").read_bytes() == b"k" * size
