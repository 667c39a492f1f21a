"""What is sealed opens with its key in its place, and in no other way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.settings import VaultSettings
from privacy.vault import VaultWriter, open_vault, read_vault_key, seal, unseal

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
PLACE = st.tuples(st.text(max_size=16), st.text(max_size=8))
TEXT = st.text(alphabet=st.characters(), max_size=200)


def both_ways(key: bytes, place: tuple[str, str], original: str, other: bytes) -> None:
    box = seal(key, place, original)
    assert unseal(key, place, box) == original
    if len(original) > 3:
        assert original.encode("utf-8", "surrogatepass") not in box
    for wrong_key, wrong_place in (
        (other, place),
        (key, (place[0] + "x", place[1])),
        (key, (place[1], place[0] + "y")),
    ):
        if wrong_key != key or wrong_place != place:
            with pytest.raises(ValueError, match="does not open"):
                unseal(wrong_key, wrong_place, box)
    with pytest.raises(ValueError, match="does not open"):
        unseal(key, place, box[:-1] + bytes([box[-1] ^ 1]))


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), PLACE, TEXT, st.binary(min_size=32, max_size=32))
def test_only_the_right_key_opens_a_box_and_only_in_its_place(
    key: bytes, place: tuple[str, str], original: str, other: bytes
) -> None:
    both_ways(key, place, original, other)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(st.binary(min_size=32, max_size=32), PLACE, TEXT, st.binary(min_size=32, max_size=32))
def test_ten_thousand_boxes_open_with_their_keys_only(
    key: bytes, place: tuple[str, str], original: str, other: bytes
) -> None:
    both_ways(key, place, original, other)


def test_a_vault_gives_back_what_was_added_and_shows_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    VaultWriter(path, KEY).add([(("r1", "message"), "Jane Doe"), (("r2", "message"), "Zaphod")])
    VaultWriter(path, KEY).add([(("r1", "message"), "Jane Doe again")])
    vault = open_vault(path, KEY)
    assert dict(vault) == {("r1", "message"): "Jane Doe again", ("r2", "message"): "Zaphod"}
    assert b"Jane" not in path.read_bytes() and "Jane" not in repr(vault) + repr(VaultWriter(path, KEY))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_neither_opens_nor_adds(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    VaultWriter(path, KEY).add([(("r", "f"), "text")])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="sealed with another key"):
        open_vault(path, OTHER)
    with pytest.raises(ValueError, match="sealed with another key"):
        VaultWriter(path, OTHER)
    assert path.read_bytes() == before


def test_a_writer_killed_in_mid_line_costs_that_line_only(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    VaultWriter(path, KEY).add([(("r1", "f"), "first")])
    whole = path.read_bytes()
    for cut in (1, 20):
        VaultWriter(path, KEY).add([(("r2", "f"), "second" * 30_000)])
        path.write_bytes(path.read_bytes()[:-cut])
        assert dict(open_vault(path, KEY)) == {("r1", "f"): "first"}
        VaultWriter(path, KEY).add([(("r3", "f"), "third")])
        assert dict(open_vault(path, KEY)) == {("r1", "f"): "first", ("r3", "f"): "third"}
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no vault"),
        (b"hello\n", "is no vault"),
        (b'{"vault": 2, "key_check": ""}\n', "another release"),
    ],
)
def test_what_is_no_vault_is_told_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "vault").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        open_vault(tmp_path / "vault", KEY)


def test_a_line_that_is_no_box_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    VaultWriter(path, KEY).add([(("r1", "f"), "first")])
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(ValueError, match="line 3"):
        open_vault(path, KEY)


def test_the_vaults_key_comes_from_a_file_or_the_environment_and_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(KEY.hex() + "\n")
    from_file = VaultSettings(path="v", key_file="key")
    assert read_vault_key(from_file, tmp_path, OTHER) == KEY
    monkeypatch.setenv("VAULT_KEY", OTHER.hex())
    from_env = VaultSettings(path="v", key_env="VAULT_KEY")
    assert read_vault_key(from_env, tmp_path, KEY) == OTHER
    with pytest.raises(ValueError, match="needs a key of its own") as caught:
        read_vault_key(from_env, tmp_path, OTHER)
    assert OTHER.hex() not in str(caught.value)
    for bad in ("", "abc", KEY.hex()[:-2], "z" * 64):
        monkeypatch.setenv("VAULT_KEY", bad)
        with pytest.raises(ValueError, match="64 hex digits"):
            read_vault_key(from_env, tmp_path, KEY)
    with pytest.raises(ValueError, match="cannot be read"):
        read_vault_key(VaultSettings(path="v", key_file="none"), tmp_path, KEY)
    with pytest.raises(ValueError, match="either key_file or key_env"):
        VaultSettings(path="v")


def test_every_box_has_a_nonce_of_its_own() -> None:
    assert len({seal(KEY, ("r", "f"), "same")[:12] for _ in range(1000)}) == 1000
    assert len(os.urandom(12)) == 12
