"""Sessions: how one begins, when it ends, and how slowly passwords can be guessed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from appliance import audit
from appliance.home import Home
from appliance.people import accounts, login_throttle, passwords, sessions
from appliance.people.acting import Action, Actor, Role, may
from appliance.people.sessions import LogInRefused

ADMIN = Actor("root", frozenset({Role.ADMINISTRATOR}), "console")
GOOD = "otters swim at noon"
NOW = time.time()


pytestmark = pytest.mark.usefixtures("little_work")


@pytest.fixture
def home() -> Home:
    home = Home.open()
    accounts.create_first(home, "root", GOOD)
    return home


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Each look at a password takes no time; gives whether there was one to look at."""
    looked: list[bool] = []

    def matches(stored: str | None, password: str) -> bool:
        looked.append(stored is not None)
        return stored is not None and password == GOOD

    monkeypatch.setattr(passwords, "matches", matches)
    yield looked


def actor_at(home: Home, token: str, now: float) -> Actor | None:
    return sessions.actor_of(home, token, now, touch=False)


def test_the_console_asks_for_an_administrator_until_there_is_one() -> None:
    home = Home.open()
    assert sessions.first_start(home)
    accounts.create_first(home, "root", GOOD)
    assert not sessions.first_start(home)


def test_who_logs_in_acts_in_the_accounts_roles(home: Home) -> None:
    token = sessions.log_in(home, " Root ", GOOD, NOW, "127.0.0.1")
    assert actor_at(home, token, NOW) == Actor("root", frozenset({Role.ADMINISTRATOR}), "console")
    entry = audit.entries(home)[0]
    assert (entry.action, entry.outcome, entry.objects["peer"]) == ("log-in", "done", "127.0.0.1")


@pytest.mark.parametrize("token", ["", "x", "../accounts", "a" * 10_000, "\udc80", "\0"])
def test_what_is_no_token_is_nobodys(token: str, home: Home) -> None:
    assert sessions.actor_of(home, token, NOW) is None
    sessions.log_out(home, token)


def test_the_disk_holds_no_token(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    for path in home.root.rglob("*"):
        assert token not in path.name
        assert not path.is_file() or token.encode() not in path.read_bytes()
    (kept,) = (home.root / "sessions").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_session_ends_15_minutes_after_it_was_used_last(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    assert sessions.actor_of(home, token, NOW + 899)
    assert sessions.actor_of(home, token, NOW + 899 + 899)
    assert actor_at(home, token, NOW + 899 + 899 + 901) is None
    assert sessions.actor_of(home, token, NOW + 899 + 899) is None, "it does not come back"


def test_a_page_that_asks_by_itself_keeps_no_session_open(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    for minute in range(15):
        assert actor_at(home, token, NOW + 60 * minute)
    assert actor_at(home, token, NOW + 901) is None


def test_a_session_ends_12_hours_after_its_begin_however_much_it_is_used(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    for minute in range(0, 12 * 60, 10):
        assert sessions.actor_of(home, token, NOW + 60 * minute)
    assert sessions.actor_of(home, token, NOW + 12 * 3600 + 1) is None


def test_a_clock_set_back_does_not_lengthen_a_session(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    assert actor_at(home, token, NOW - 60)
    assert actor_at(home, token, NOW - 3600) is None
    used = sessions.log_in(home, "root", GOOD, NOW, "::1")
    for minute in range(0, 60, 10):
        assert sessions.actor_of(home, used, NOW + 60 * minute)
    assert actor_at(home, used, NOW + 60) is None


def test_logging_out_ends_this_session_and_no_other(home: Home) -> None:
    one, other = (sessions.log_in(home, "root", GOOD, NOW, "::1") for _ in range(2))
    sessions.log_out(home, one)
    assert sessions.actor_of(home, one, NOW) is None
    assert sessions.actor_of(home, other, NOW)
    assert audit.entries(home)[0].action == "log-out"


def test_using_a_session_does_not_bring_it_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends between being read and being marked as used."""
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    account_of = sessions._account_of

    def ends_meanwhile(*args: object) -> object:
        found = account_of(*args)  # type: ignore[arg-type]
        sessions.log_out(home, token)
        return found

    monkeypatch.setattr(sessions, "_account_of", ends_meanwhile)
    sessions.actor_of(home, token, NOW + 60)
    monkeypatch.undo()
    assert sessions.actor_of(home, token, NOW + 61) is None


def test_disabling_an_account_ends_its_sessions(home: Home) -> None:
    accounts.create(home, ADMIN, "eve", [Role.ADMINISTRATOR])
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    accounts.disable(home, ADMIN, "root")
    assert sessions.actor_of(home, token, NOW) is None
    accounts.enable(home, ADMIN, "root")
    assert sessions.actor_of(home, token, NOW) is None
    with_again = sessions.log_in(home, "root", GOOD, NOW, "::1")
    assert sessions.actor_of(home, with_again, NOW)


def test_changed_roles_count_at_the_next_request(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    accounts.create(home, ADMIN, "eve", [Role.ADMINISTRATOR])
    accounts.set_roles(home, ADMIN, "root", [Role.VIEWER])
    assert sessions.actor_of(home, token, NOW) == Actor("root", frozenset({Role.VIEWER}), "console")


def test_a_changed_password_ends_the_other_sessions(home: Home) -> None:
    one, other = (sessions.log_in(home, "root", GOOD, NOW, "::1") for _ in range(2))
    goes_on = sessions.change_password(home, one, GOOD, "a quite different one", NOW)
    assert [sessions.actor_of(home, token, NOW) is not None for token in (one, other, goes_on)] == [
        False,
        False,
        True,
    ]
    with pytest.raises(LogInRefused):
        sessions.log_in(home, "root", GOOD, NOW, "::1")
    with pytest.raises(LogInRefused, match="ended"):
        sessions.change_password(home, one, GOOD, "a third one of length", NOW)


def test_a_password_reset_by_an_administrator_ends_the_sessions(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    accounts.reset_password(home, ADMIN, "root")
    assert sessions.actor_of(home, token, NOW) is None


def test_a_one_time_password_lets_its_owner_change_it_and_nothing_else(home: Home) -> None:
    once = accounts.create(home, ADMIN, "anna", [Role.OPERATOR, Role.ADMINISTRATOR])
    token = sessions.log_in(home, "anna", once, NOW, "::1")
    anna = sessions.actor_of(home, token, NOW)
    assert anna is not None
    assert {action for action in Action if may(anna, action)} == {
        Action.LOG_IN,
        Action.LOG_OUT,
        Action.CHANGE_OWN_PASSWORD,
    }
    token = sessions.change_password(home, token, once, GOOD, NOW)
    anna = sessions.actor_of(home, token, NOW)
    assert anna is not None and may(anna, Action.MANAGE_ACCOUNTS)


def test_a_one_time_password_expires(home: Home) -> None:
    once = accounts.create(home, ADMIN, "anna", [Role.OPERATOR])
    with pytest.raises(LogInRefused, match="expired"):
        sessions.log_in(home, "anna", once, time.time() + 7 * 24 * 3600 + 60, "::1")


def test_single_sign_on_lets_in_whom_an_account_names(home: Home) -> None:
    accounts.create(home, ADMIN, "anna", [Role.OPERATOR], "anna@bank.example")
    token = sessions.log_in_by_email(home, "Anna@Bank.example", NOW, "::1")
    assert sessions.actor_of(home, token, NOW) == Actor("anna", frozenset({Role.OPERATOR}), "console")
    with pytest.raises(LogInRefused, match="ask an administrator"):
        sessions.log_in_by_email(home, "eve@bank.example", NOW, "::1")
    accounts.disable(home, ADMIN, "anna")
    with pytest.raises(LogInRefused):
        sessions.log_in_by_email(home, "anna@bank.example", NOW, "::1")


def test_open_sessions_are_listed_and_an_administrator_ends_one(home: Home) -> None:
    accounts.create(home, ADMIN, "anna", [Role.OPERATOR], "anna@bank.example")
    sessions.log_in(home, "root", GOOD, NOW - 1000, "10.0.0.1")
    roots = sessions.log_in(home, "root", GOOD, NOW, "10.0.0.1")
    annas = sessions.log_in_by_email(home, "anna@bank.example", NOW + 5, "10.0.0.2")
    listed = sessions.sessions(home, NOW + 6)
    assert [(each.name, each.peer) for each in listed] == [("anna", "10.0.0.2"), ("root", "10.0.0.1")]
    sessions.end(home, ADMIN, listed[0].session_id)
    assert sessions.actor_of(home, annas, NOW + 7) is None
    assert sessions.actor_of(home, roots, NOW + 7)


def test_ended_sessions_are_swept_when_somebody_logs_in(home: Home) -> None:
    sessions.log_in(home, "root", GOOD, NOW, "::1")
    sessions.log_in(home, "root", GOOD, NOW + 10_000, "::1")
    assert len(list((home.root / "sessions").glob("*.json"))) == 1


def test_a_damaged_session_is_nobodys(home: Home) -> None:
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    (path,) = (home.root / "sessions").glob("*.json")
    path.write_bytes(b"")
    assert sessions.actor_of(home, token, NOW) is None


def test_an_unknown_name_a_wrong_password_and_a_disabled_account_look_the_same(
    home: Home, quick: list[bool]
) -> None:
    accounts.create(home, ADMIN, "anna", [Role.VIEWER])
    accounts.disable(home, ADMIN, "anna")
    messages = set()
    for name in ("nobody", "root", "anna"):
        with pytest.raises(LogInRefused) as caught:
            sessions.log_in(home, name, "wrong", NOW, "::1")
        messages.add((str(caught.value), caught.value.wait_s))
    assert len(messages) == 1
    assert quick == [False, True, False], "a password is looked at each time"


@pytest.mark.slow
def test_a_name_that_does_not_exist_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Medians of three; a branch without the hash would be a hundred times faster."""
    monkeypatch.undo()

    def median_s(stored: str | None) -> float:
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            passwords.matches(stored, "wrong wrong wrong")
            seconds.append(time.perf_counter() - started)
        return sorted(seconds)[1]

    known, unknown = median_s(passwords.hashed(GOOD)), median_s(None)
    assert 1 / 3 < known / unknown < 3


def test_what_was_typed_as_an_unknown_name_is_written_nowhere(home: Home, quick: list[bool]) -> None:
    with pytest.raises(LogInRefused):
        sessions.log_in(home, "my-secret-passphrase", "x", NOW, "::1")
    assert audit.entries(home)[0].actor == "unknown"
    for path in home.root.rglob("*"):
        assert not path.is_file() or b"my-secret" not in path.read_bytes()


def tries(
    home: Home, name: str, peer: str, seconds: float, *, every_s: float, password: str = "wrong"
) -> int:
    """How many passwords somebody who never stops gets looked at."""
    now, looked = NOW, 0
    while now < NOW + seconds:
        try:
            sessions.log_in(home, name, password, now, peer)
        except LogInRefused as refused:
            if refused.wait_s is None:
                looked += 1
            else:
                now += refused.wait_s
        now += every_s
    return looked


def test_each_wrong_password_makes_the_wait_longer_up_to_15_minutes() -> None:
    waits = [login_throttle.wait_after("account", number) for number in range(40)]
    assert waits[:5] == [0.0] * 5
    assert waits[5:9] == [1.0, 2.0, 4.0, 8.0]
    assert waits[5:] == sorted(waits[5:])
    assert waits[-1] == 900.0


@pytest.mark.slow
def test_who_guesses_all_day_gets_few_guesses(home: Home, quick: list[bool]) -> None:
    looked = tries(home, "root", "10.0.0.9", 24 * 3600, every_s=0.2)
    assert looked < 5 + 10 + 24 * 4 + 1


@pytest.mark.slow
def test_the_owner_gets_in_after_the_wait_however_long_others_guessed(home: Home, quick: list[bool]) -> None:
    tries(home, "root", "10.0.0.9", 24 * 3600, every_s=0.2)
    with pytest.raises(LogInRefused) as caught:
        sessions.log_in(home, "root", GOOD, NOW + 24 * 3600, "10.0.0.1")
    assert caught.value.wait_s is not None and caught.value.wait_s <= 900
    assert "minutes" in str(caught.value)
    assert sessions.log_in(home, "root", GOOD, NOW + 24 * 3600 + caught.value.wait_s, "10.0.0.1")


def test_tries_count_per_peer_too(home: Home, quick: list[bool]) -> None:
    outcomes = []
    for number in range(30):
        with pytest.raises(LogInRefused) as caught:
            sessions.log_in(home, f"name{number}", "wrong", NOW, "10.0.0.9")
        outcomes.append(caught.value.wait_s)
    assert outcomes[:20] == [None] * 20
    assert all(wait is not None for wait in outcomes[21:])
    assert sessions.log_in(home, "root", GOOD, NOW, "10.0.0.1"), "others are not slowed down"


def test_the_right_password_forgets_the_wrong_ones(home: Home, quick: list[bool]) -> None:
    for number in range(60):
        if number % 5 == 4:
            sessions.log_in(home, "root", GOOD, NOW, "::1")
        else:
            with pytest.raises(LogInRefused, match="do not match"):
                sessions.log_in(home, "root", "wrong", NOW, f"10.0.0.{number}")


def test_a_restart_forgets_no_try(home: Home, quick: list[bool]) -> None:
    """They are on disk, for the owner only, and name nobody."""
    for _ in range(6):
        with pytest.raises(LogInRefused):
            sessions.log_in(home, "root", "wrong", NOW, "::1")
    path = home.root / "login-tries.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "root" not in path.read_text()
    assert sorted(row[0] for row in json.loads(path.read_text())["tries"].values()) == [5, 5]


def test_a_damaged_count_of_tries_locks_nobody_out(home: Home) -> None:
    (home.root / "login-tries.json").write_text('{"tries": []}')
    assert sessions.log_in(home, "root", GOOD, NOW, "::1")


def test_a_flood_of_tries_does_not_fill_the_log(home: Home, quick: list[bool]) -> None:
    for _ in range(50):
        with pytest.raises(LogInRefused):
            sessions.log_in(home, "root", "wrong", NOW, "::1")
    refused = audit.entries(home, action="log-in", outcome="refused")
    assert [entry.objects["reason"] for entry in refused] == ["too many tries"] + ["no match"] * 5


def test_a_hash_of_weaker_settings_is_replaced_at_the_next_log_in(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = passwords.hashed(GOOD)
    monkeypatch.undo()
    path = home.root / "accounts.json"
    kept = json.loads(path.read_text())
    kept["accounts"][0]["password_hash"] = weak
    path.write_text(json.dumps(kept))
    token = sessions.log_in(home, "root", GOOD, NOW, "::1")
    found = accounts.account(home, "root")
    assert found is not None and not passwords.is_outdated(found.password_hash)
    assert sessions.actor_of(home, token, NOW), "and the session goes on"
