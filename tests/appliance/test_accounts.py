"""Accounts: who is let in, with what password, and who may never be locked out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from appliance import audit
from appliance.home import Home
from appliance.keeping.private_files import alone, write_private
from appliance.people import accounts, passwords
from appliance.people.accounts import AccountError
from appliance.people.acting import Actor, NotAllowed, Role

ADMIN = Actor("root", frozenset({Role.ADMINISTRATOR}), "console")
GOOD = "otters swim at noon"


pytestmark = pytest.mark.usefixtures("little_work")


@pytest.fixture
def home() -> Home:
    home = Home.open()
    accounts.create_first(home, "root", GOOD)
    return home


@pytest.mark.parametrize(
    "password",
    [
        "tiny",
        "elevenchars",
        "x" * 257,
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "password1234",
        "Password2026!",
        "P@ssw0rd2026!!",
        "1234 @dministrat0r",
        "passwordpassword",
        "stillhouse2026",
        "administrator1",
        "qwertyuiop123",
        "1234567890123",
        "987654321098",
        "abcdefghijklmnop",
        "letmeinletmein",
        "annaannaanna1",
        "anna.lindqvist-1",
        "correct horse battery staple",
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    name = "anna.lindqvist" if "lindqvist" in password else "anna"
    with pytest.raises(passwords.WeakPassword) as caught:
        passwords.check_rule(password, name)
    assert password not in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    "password",
    [
        "otters swim at noon",
        "twelve chars",
        "my 12345678 otters",
        "xK9#mQ2$vL7p",
        "ein Brot für Jürgen",
        "x" + "abcdefgh1234" * 20,
        "password managers make these up",
        "annapurna by bicycle",
        "日本語のとても長い合言葉です",
    ],
)
def test_a_long_phrase_is_a_good_password_whatever_its_characters(password: str) -> None:
    passwords.check_rule(password, "anna")


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    hash_ = passwords.hashed("ein Brot für Jürgen")
    assert passwords.matches(hash_, "ein Brot für Jürgen")
    assert not passwords.matches(hash_, "ein Brot fur Jurgen")


def test_hashes_are_argon2id_of_the_librarys_strength_and_differ_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    one, other = passwords.hashed(GOOD), passwords.hashed(GOOD)
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and one != other
    assert not passwords.is_outdated(one)
    assert passwords.is_outdated("$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
    assert not passwords.matches("no hash", GOOD)
    assert not passwords.matches(None, GOOD)


def test_one_time_passwords_pass_the_rule_and_are_not_made_twice() -> None:
    made = {passwords.one_time() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        passwords.check_rule(password, "anna")


def test_a_home_has_one_first_administrator(home: Home) -> None:
    assert accounts.has_administrator(home)
    with pytest.raises(AccountError, match="already"):
        accounts.create_first(home, "eve", GOOD)
    assert [each.name for each in accounts.accounts(home)] == ["root"]


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the accounts and writing them, others have time."""

    def write(path: Path, content: bytes) -> None:
        time.sleep(0.05)
        write_private(path, content)

    monkeypatch.setattr(accounts, "write_private", write)


@pytest.mark.usefixtures("slow_disk")
def test_the_first_administrator_of_two_at_once_is_one() -> None:
    home = Home.open()
    outcomes = []

    def claim(name: str) -> None:
        try:
            accounts.create_first(home, name, GOOD)
            outcomes.append(name)
        except AccountError:
            pass

    threads = [threading.Thread(target=claim, args=(f"admin{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.name for each in accounts.accounts(home)] == outcomes
    assert len(outcomes) == 1


def test_a_new_account_has_a_one_time_password_and_the_roles_it_was_given(home: Home) -> None:
    password = accounts.create(home, ADMIN, "anna", [Role.OPERATOR, Role.APPROVER], "Anna@Bank.example ")
    made = accounts.account(home, "anna")
    assert made is not None
    assert made.roles == {Role.OPERATOR, Role.APPROVER}
    assert made.must_change_password and passwords.matches(made.password_hash, password)
    assert made.created_by == "root"
    assert accounts.by_email(home, "anna@bank.example") == made
    kept = (home.root / "accounts.json").read_text() + audit.log_path(home).read_text()
    assert password not in kept


def test_no_hash_is_shown(home: Home) -> None:
    assert "argon2" not in repr(accounts.accounts(home))


@pytest.mark.parametrize(
    "name", ["", "a", "Anna", "an na", "1anna", "../etc", "a" * 33, "anna\n", "ànna", "shell:root"]
)
def test_what_is_no_name_is_refused_and_not_written_down(name: str, home: Home) -> None:
    with pytest.raises(AccountError, match="2 to 32"):
        accounts.create(home, ADMIN, name, [Role.VIEWER])
    assert audit.entries(home)[0].objects["account"] == "not a name"


@pytest.mark.parametrize(
    ("name", "roles", "email", "message"),
    [
        ("root", [Role.VIEWER], "", "already"),
        ("anna", [], "", "role"),
        ("anna", [Role.VIEWER], "no address", "address"),
        ("anna", [Role.VIEWER], "BOB@bank.example", "another account"),
    ],
)
def test_an_impossible_account_is_refused_and_leaves_nothing(
    name: str, roles: list[Role], email: str, message: str, home: Home
) -> None:
    accounts.create(home, ADMIN, "bob", [Role.VIEWER], "bob@bank.example")
    before = (home.root / "accounts.json").read_bytes()
    with pytest.raises(AccountError, match=message):
        accounts.create(home, ADMIN, name, roles, email)
    assert (home.root / "accounts.json").read_bytes() == before


def test_the_last_administrator_cannot_go(home: Home) -> None:
    for leave in (
        lambda: accounts.disable(home, ADMIN, "root"),
        lambda: accounts.set_roles(home, ADMIN, "root", [Role.VIEWER]),
    ):
        with pytest.raises(AccountError, match="last administrator"):
            leave()
    accounts.create(home, ADMIN, "eve", [Role.ADMINISTRATOR])
    accounts.disable(home, ADMIN, "root")
    with pytest.raises(AccountError, match="last administrator"):
        accounts.disable(home, ADMIN, "eve")
    assert [each.name for each in accounts.accounts(home) if not each.disabled] == ["eve"]


@pytest.mark.usefixtures("slow_disk")
def test_two_administrators_cannot_disable_each_other_at_once(home: Home) -> None:
    accounts.create(home, ADMIN, "eve", [Role.ADMINISTRATOR])
    refused = []

    def disable(name: str) -> None:
        try:
            accounts.disable(home, ADMIN, name)
        except AccountError:
            refused.append(name)

    threads = [threading.Thread(target=disable, args=(name,)) for name in ("root", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert accounts.has_administrator(home)


def test_an_account_that_is_not_there_cannot_be_changed(home: Home) -> None:
    for change in (accounts.disable, accounts.enable, accounts.reset_password):
        with pytest.raises(AccountError, match="no such account"):
            change(home, ADMIN, "nobody")


def test_a_disabled_account_is_not_known_by_its_address(home: Home) -> None:
    accounts.create(home, ADMIN, "anna", [Role.VIEWER], "anna@bank.example")
    accounts.disable(home, ADMIN, "anna")
    assert accounts.by_email(home, "anna@bank.example") is None
    accounts.enable(home, ADMIN, "anna")
    assert accounts.by_email(home, "anna@bank.example") is not None
    assert accounts.by_email(home, "") is None


def test_who_is_no_administrator_changes_no_account(home: Home) -> None:
    before = (home.root / "accounts.json").read_bytes()
    others = Actor("anna", frozenset(Role) - {Role.ADMINISTRATOR}, "console")
    for call in (
        lambda: accounts.create(home, others, "eve", [Role.ADMINISTRATOR]),
        lambda: accounts.set_roles(home, others, "root", [Role.VIEWER]),
        lambda: accounts.disable(home, others, "root"),
        lambda: accounts.enable(home, others, "root"),
        lambda: accounts.reset_password(home, others, "root"),
    ):
        with pytest.raises(NotAllowed):
            call()
    assert (home.root / "accounts.json").read_bytes() == before


def test_ones_own_password_needs_the_present_one_and_a_new_one(home: Home) -> None:
    for old, new in (("wrong", "a quite different one"), (GOOD, GOOD), (GOOD, "short")):
        with pytest.raises(ValueError):
            accounts.set_password(home, ADMIN, old, new)
    accounts.set_password(home, ADMIN, GOOD, "a quite different one")
    changed = accounts.account(home, "root")
    assert changed is not None and passwords.matches(changed.password_hash, "a quite different one")


def test_accounts_are_for_the_owner_only_and_damage_is_told(home: Home) -> None:
    path = home.root / "accounts.json"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"accounts": [{"name": "root"}]}')
    with pytest.raises(AccountError, match="restore it from a backup"):
        accounts.accounts(home)
    assert json.loads(path.read_text()) == {"accounts": [{"name": "root"}]}, "and nothing overwrites it"


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_whole_accounts(home: Home) -> None:
    """20 moments, from before the first write on."""
    code = """
import sys
from appliance.people import accounts
from appliance.people import passwords
from appliance.people.acting import *
from appliance.home import Home
passwords.hashed = lambda password: "$argon2id$x"
print("on", flush=True)
for number in range(10_000):
    accounts.create(Home.open(), shell_actor(), f"person{number}", [Role.VIEWER])
"""
    for moment in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert child.stdout is not None and child.stdout.readline() == b"on\n"
        time.sleep(moment * 0.004)
        child.kill()
        child.wait()
        child.stdout.close()
        assert accounts.account(home, "root") is not None
        made = [each for each in accounts.accounts(home) if each.name != "root"]
        for each in made:
            accounts.disable(home, ADMIN, each.name)
        home_rows = json.loads((home.root / "accounts.json").read_bytes())["accounts"]
        kept = [row for row in home_rows if row["name"] == "root"]
        write_private(home.root / "accounts.json", json.dumps({"accounts": kept}).encode())
    assert audit.verify(home).problem is None


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(path, b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write_private(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["file"]


def test_one_at_a_time_is_let_in(tmp_path: Path) -> None:
    inside = 0

    def enter() -> None:
        nonlocal inside
        with alone(tmp_path / "lock"):
            inside += 1
            assert inside == 1
            time.sleep(0.005)
            inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == 0
