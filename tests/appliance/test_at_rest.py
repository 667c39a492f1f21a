"""A home with a key: nothing readable in its store, no other key opens it, and a change of the key survives a kill."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.home import Home, HomeError
from appliance.keeping import key_change
from appliance.keeping.at_rest import EncryptionError, given_key, key_of, new_key, read_key
from appliance.keeping.key_change import change_key
from appliance.store import Store, StoreError
from tests.appliance.killed import Killed, killed_after

CANARY = "canary-of-the-store"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An encrypted home with one run in its store and its keys made; the key lies in `tmp_path/key`."""
    new_key(tmp_path / "key")
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "home"))
    home = Home.open()
    Store(home.store).begin_run("a-1", CANARY, CANARY)
    home.scrub_key(), home.signing_key()
    return home


def state(home: Home) -> tuple[list[str], bytes, bytes]:
    return [row["name"] for row in Store(home.store).runs()], home.scrub_key(), home.signing_key()


def test_an_encrypted_store_holds_nothing_readable(home: Home, tmp_path: Path) -> None:
    def holds_it() -> bool:
        return any(CANARY.encode() in path.read_bytes() for path in home.root.rglob("*") if path.is_file())

    assert not holds_it()
    assert [row["name"] for row in Store(home.store).runs()] == [CANARY]
    change_key(home.root, read_key(tmp_path / "key"), None)
    assert holds_it(), "the same bytes would have been seen"


def test_keys_in_an_encrypted_home_are_sealed_and_stay_what_they_are(home: Home, tmp_path: Path) -> None:
    before = home.scrub_key()
    assert before not in (home.keys / "scrub.key").read_bytes()
    change_key(home.root, read_key(tmp_path / "key"), None)
    os.environ.pop("STILLHOUSE_KEY_FILE")
    assert Home.open().scrub_key() == before == (home.keys / "scrub.key").read_bytes()


def test_a_home_opens_with_its_own_key_only(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key(tmp_path / "other")
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "other"))
    with pytest.raises(HomeError, match=f"with the key {read_key(tmp_path / 'key').key_id}, and"):
        Home.open()
    with pytest.raises(StoreError, match="another key"):
        Store(home.store, key=read_key(tmp_path / "other")).runs()
    with pytest.raises(StoreError):
        Store(home.store, key=None).runs()
    monkeypatch.delenv("STILLHOUSE_KEY_FILE")
    with pytest.raises(HomeError, match="name its file in STILLHOUSE_KEY_FILE"):
        Home.open()


def test_a_key_for_a_home_that_is_not_encrypted_is_refused_until_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STILLHOUSE_KEY_FILE", raising=False)
    home = Home.open()
    Store(home.store).begin_run("a-1", CANARY, CANARY)
    scrub, signing = home.scrub_key(), home.signing_key()
    runner = CliRunner()
    assert runner.invoke(main, ["keys", "new", str(tmp_path / "key")]).exit_code == 0
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
    refused = runner.invoke(main, ["status"])
    assert refused.exit_code == 1 and "stillhouse keys encrypt" in refused.output
    assert runner.invoke(main, ["keys", "encrypt"]).exit_code == 0
    assert CANARY.encode() not in home.store.read_bytes()
    assert state(home) == ([CANARY], scrub, signing)
    assert runner.invoke(main, ["keys", "new", str(tmp_path / "next")]).exit_code == 0
    assert runner.invoke(main, ["keys", "rotate", str(tmp_path / "next")]).exit_code == 0
    with pytest.raises(HomeError):
        Home.open()
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "next"))
    assert state(home) == ([CANARY], scrub, signing)


@pytest.mark.slow
def test_a_change_of_the_key_killed_anywhere_goes_on(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write of it is one after which it is killed once."""
    before, old, new = state(home), read_key(tmp_path / "key"), new_key(tmp_path / "next")
    steps = [(key_change, name) for name in ("write_private", "rewrite", "mark")]
    kills = 0
    for fatal in range(1, 20):
        try:
            with killed_after(fatal, steps):
                change_key(home.root, old, new)
        except Killed:
            kills += 1
            if kills < 6:
                with pytest.raises(EncryptionError, match="run the same"):
                    key_of(home.root)
            change_key(home.root, old, new)
        monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "next"))
        assert state(home) == before
        change_key(home.root, new, old)
        monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
        assert state(home) == before
        if kills < fatal:
            break
    assert kills == 6, "a mark, the key of texts, two keys, the store, a mark"


@pytest.mark.slow
def test_a_flipped_bit_in_an_encrypted_store_is_noticed(home: Home) -> None:
    whole, source = home.store.read_bytes(), random.Random(5)
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[source.randrange(len(whole))] ^= 1 << source.randrange(8)
        home.store.write_bytes(damaged)
        try:
            found = [row["name"] for row in Store(home.store).runs()]
        except StoreError:
            continue
        assert found == [CANARY], "wrong facts were read without a word"
    home.store.write_bytes(whole)
    assert [row["name"] for row in Store(home.store).runs()] == [CANARY]


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("ab" * 32, 0o644, "others may read"),
        ("ab" * 31, 0o600, "64 hexadecimal"),
        ("zz" * 32, 0o600, "64 hex"),
    ],
)
def test_a_key_file_that_will_not_do_is_refused(tmp_path: Path, content: str, mode: int, said: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(EncryptionError, match=said) as caught:
        read_key(path)
    assert content not in str(caught.value)


def test_the_key_comes_from_one_place(tmp_path: Path) -> None:
    key = new_key(tmp_path / "stillhouse.key")
    (tmp_path / "stillhouse.key").chmod(0o440)
    assert given_key({}) is None
    assert given_key({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == key
    text = (tmp_path / "stillhouse.key").read_text().strip()
    assert given_key({"STILLHOUSE_KEY": text}) == key
    with pytest.raises(EncryptionError, match="given twice"):
        given_key({"STILLHOUSE_KEY": text, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    with pytest.raises(EncryptionError, match="never overwritten"):
        new_key(tmp_path / "stillhouse.key")
    assert text not in repr(key)


def test_sql_in_the_store_reaches_no_other_file(home: Home) -> None:
    code = (
        "import sys; from pathlib import Path; from appliance.store import Store\n"
        "with Store(Path(sys.argv[1]))._open() as db:\n"
        '    for sql in ("SELECT * FROM read_csv(\'/etc/hostname\')", "COPY runs TO \'/dev/null\'", "SET enable_external_access = true",\n'
        '                "ATTACH \'/dev/shm/x.duckdb\'", "INSTALL httpfs", "SELECT * FROM read_csv(\'http://127.0.0.1:9/x\')"):\n'
        "        try:\n            db.execute(sql)\n        except Exception as error:\n            print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home.store)], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.split()) == 6, done.stdout
