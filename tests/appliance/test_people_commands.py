"""Accounts and the audit log from a shell: what the owner of the home can do before anybody can log in."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from appliance import audit
from appliance.cli import main
from appliance.home import Home
from appliance.people import accounts, passwords
from appliance.people.acting import Role

pytestmark = pytest.mark.usefixtures("little_work")


def say(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def shown_password(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout.strip().rpartition(" ")[2]


def test_the_owner_makes_the_first_administrator_and_everybody_else() -> None:
    password = shown_password(say("accounts", "add", "root", "--role", "administrator"))
    say("accounts", "add", "anna", "--role", "operator", "--role", "approver", "--email", "anna@bank.example")
    home = Home.open()
    root, anna = accounts.account(home, "root"), accounts.account(home, "anna")
    assert root is not None and passwords.matches(root.password_hash, password)
    assert anna is not None and anna.roles == {Role.OPERATOR, Role.APPROVER}
    listed = say("accounts", "list").stdout.splitlines()
    assert listed[0].split() == "anna approver, operator has a one-time password, anna@bank.example".split()
    assert listed[1].split() == "root administrator has a one-time password".split()


def test_roles_are_replaced_and_an_account_is_shut_and_opened() -> None:
    for name in ("root", "anna"):
        say("accounts", "add", name, "--role", "administrator")
    assert say("accounts", "roles", "anna", "--role", "viewer").exit_code == 0
    assert say("accounts", "disable", "anna").exit_code == 0
    found = accounts.account(Home.open(), "anna")
    assert found is not None and found.disabled and found.roles == {Role.VIEWER}
    assert "disabled" in say("accounts", "list").stdout
    assert say("accounts", "disable", "anna", "--undo").exit_code == 0
    first = found.password_hash
    password = shown_password(say("accounts", "password", "anna"))
    found = accounts.account(Home.open(), "anna")
    assert found is not None and not found.disabled and found.password_hash != first
    assert passwords.matches(found.password_hash, password)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("accounts", "disable", "root"), "this is the last administrator: make another one first"),
        (
            ("accounts", "password", "nobody"),
            "there is no such account; `stillhouse accounts list` lists them",
        ),
        (("accounts", "add", "root", "--role", "viewer"), "there is an account 'root' already"),
    ],
)
def test_what_cannot_be_is_one_line(words: tuple[str, ...], message: str) -> None:
    say("accounts", "add", "root", "--role", "administrator")
    result = say(*words)
    assert result.exit_code == 1
    assert result.stderr == f"stillhouse: {message}\n"


def test_the_log_is_shown_newest_last_and_filtered() -> None:
    say("accounts", "add", "root", "--role", "administrator")
    say("accounts", "disable", "root")
    lines = say("audit", "show").stdout.splitlines()
    assert [" ".join(line.split()[4:6]) for line in lines] == [
        "manage-accounts done",
        "manage-accounts failed",
        "read-audit done",
    ]
    assert lines[0].endswith("account=root change=create roles=administrator")
    assert len(say("audit", "show", "-n", "1").stdout.splitlines()) == 1
    assert say("audit", "show", "--by", "nobody").stdout == ""
    assert "read-audit" in say("audit", "show", "--action", "read-audit").stdout


def test_the_log_is_checked_and_what_was_noted_down_fits() -> None:
    say("accounts", "add", "root", "--role", "administrator")
    result = say("audit", "verify")
    assert result.exit_code == 0
    assert result.stdout.startswith("intact: 2 lines, key ")
    _, lines, tip = result.stdout.splitlines()[-1].rsplit(" ", 2)
    say("accounts", "add", "anna", "--role", "viewer")
    assert say("audit", "verify", "--seen", lines, tip).exit_code == 0
    log = audit.log_path(Home.open())
    log.write_bytes(log.read_bytes().replace(b'"root"', b'"rook"', 1))
    result = say("audit", "verify", "--seen", lines, tip)
    assert result.exit_code == 1
    assert result.stdout == "NOT INTACT: line 1 was changed, or signed with another key\n"
