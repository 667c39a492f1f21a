"""Sessions of the console, kept on the server: who is logged in, since when, for how long still.

The browser holds a random token; the home holds its hash, one file a session. A session ends after 15 minutes without use,
12 hours after its begin, when its account is disabled or its password changed, or when somebody ends it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from appliance import audit
from appliance.home import Home
from appliance.keeping.private_files import write_private
from appliance.people import accounts, login_throttle, passwords
from appliance.people.accounts import Account
from appliance.people.acting import Action, Actor, Role, acting

IDLE_S = 15 * 60.0
ABSOLUTE_S = 12 * 3600.0
_ID_LENGTH = 16
_TOO_MANY = "too many tries"
_CLOCK_BACK_S = 120.0
"""A clock set back further than this would make sessions last longer: they end instead."""


class LogInRefused(Exception):
    """One line for the person: the same one for an unknown name, a wrong password and a disabled account."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Session:
    """One that is open. Times are Unix times."""

    session_id: str
    """Names it in the list of sessions; tells nothing of the token."""
    name: str
    opened_at: float
    touched_at: float
    peer: str
    password_number: int
    how: str
    """"password" or "single sign-on"."""


def first_start(home: Home) -> bool:
    """Whether no administrator exists yet: the console then asks for one and does nothing else."""
    return not accounts.has_administrator(home)


def log_in(home: Home, name: str, password: str, now: float, peer: str) -> str:
    """The token of a new session. Raises LogInRefused. Takes the same time for names that do not exist."""
    name = accounts.folded(name)
    wait_s = login_throttle.take(home, name, peer, now)
    found = accounts.account(home, name)
    if wait_s > 0:
        _note(home, found, "refused", peer, reason=_TOO_MANY)
        raise LogInRefused(f"Too many tries: wait {_words(wait_s)}, then try again.", wait_s)
    right = passwords.matches(found.password_hash if found and not found.disabled else None, password)
    if found is None or not right:
        _note(home, found, "refused", peer, reason="disabled" if found and found.disabled else "no match")
        raise LogInRefused("This name and password do not match.")
    if found.must_change_password and now - found.password_set_at > accounts.ONE_TIME_LASTS_S:
        _note(home, found, "refused", peer, reason="one-time password expired")
        raise LogInRefused("This one-time password has expired: ask an administrator for a new one.")
    login_throttle.forget(home, name, peer)
    if passwords.is_outdated(found.password_hash):
        accounts.keep_stronger_hash(home, name, found.password_hash, password)
    return _open(home, found, now, peer, "password")


def log_in_by_email(home: Home, email: str, now: float, peer: str) -> str:
    """The token of a new session for the person whom the site's single sign-on has just let in and named by an address that it
    has verified. Raises LogInRefused where no account has the address.
    """
    found = accounts.by_email(home, email)
    if found is None:
        _note(home, None, "refused", peer, reason="no account with this address")
        raise LogInRefused("No account here has your address: ask an administrator for one.")
    return _open(home, found, now, peer, "single sign-on")


def actor_of(home: Home, token: str, now: float, *, touch: bool = True) -> Actor | None:
    """Who sends this token, in the roles that the account has at this moment; None: log in.

    `touch=False` for a page that asks again by itself, which must not keep a session open that nobody uses. Who has a
    one-time password acts in no role until it is changed.
    """
    path = _path(home, token)
    session = _read(path)
    if session is None:
        return None
    found = _account_of(home, session, now)
    if found is None:
        path.unlink(missing_ok=True)
        return None
    if touch:
        _touch(path, now)
    return Actor(found.name, _roles(found, session), "console")


def change_password(home: Home, token: str, old: str, new: str, now: float) -> str:
    """Gives the token that goes on; all other sessions of the account end, and so does the present token.

    Raises AccountError or WeakPassword, with nothing changed, and LogInRefused where the session has ended.
    """
    session = _read(_path(home, token))
    actor = actor_of(home, token, now)
    if session is None or actor is None:
        raise LogInRefused("The session has ended: log in again.")
    accounts.set_password(home, actor, old, new)
    changed = accounts.account(home, actor.name)
    assert changed is not None
    return _write(home, changed, now, session.peer, "password")


def log_out(home: Home, token: str) -> None:
    """Ends the session; no error where there is none."""
    path = _path(home, token)
    session = _read(path)
    if session is not None:
        with acting(home, Actor(session.name, frozenset(), "console"), Action.LOG_OUT):
            path.unlink(missing_ok=True)


def sessions(home: Home, now: float) -> list[Session]:
    """All that are open, the one used last first."""
    found = [_read(path) for path in _folder(home).glob("*.json")]
    live = [each for each in found if each is not None and _account_of(home, each, now) is not None]
    return sorted(live, key=lambda each: -each.touched_at)


def end(home: Home, actor: Actor, session_id: str) -> None:
    """Ends one of the list; no error where it has ended."""
    with acting(home, actor, Action.MANAGE_ACCOUNTS, change="end session", session=session_id[:_ID_LENGTH]):
        for path in _folder(home).glob("*.json"):
            if path.stem[:_ID_LENGTH] == session_id:
                path.unlink(missing_ok=True)


def _open(home: Home, account: Account, now: float, peer: str, how: str) -> str:
    with acting(home, Actor(account.name, account.roles, "console"), Action.LOG_IN, peer=peer, how=how):
        for path in _folder(home).glob("*.json"):
            session = _read(path)
            if session is None or _account_of(home, session, now) is None:
                path.unlink(missing_ok=True)
        return _write(home, account, now, peer, how)


def _write(home: Home, account: Account, now: float, peer: str, how: str) -> str:
    token = secrets.token_urlsafe(32)
    path = _path(home, token)
    _folder(home).mkdir(mode=0o700, exist_ok=True)
    content = {
        "name": account.name,
        "opened_at": now,
        "peer": peer,
        "password_number": account.password_number,
        "how": how,
    }
    write_private(path, json.dumps(content).encode())
    _touch(path, now)
    return token


def _touch(path: Path, now: float) -> None:
    """The file's own time says when it was used last: setting it cannot bring back a session that just ended."""
    try:
        os.utime(path, (now, now))
    except FileNotFoundError:
        pass  # ended meanwhile


def _read(path: Path) -> Session | None:
    try:
        return Session(
            path.stem[:_ID_LENGTH], touched_at=path.stat().st_mtime, **json.loads(path.read_bytes())
        )
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _account_of(home: Home, session: Session, now: float) -> Account | None:
    """Whose session it is, if it has not ended."""
    in_time = (
        -_CLOCK_BACK_S <= now - session.touched_at <= IDLE_S
        and -_CLOCK_BACK_S <= now - session.opened_at <= ABSOLUTE_S
    )
    found = accounts.account(home, session.name) if in_time else None
    if found is None or found.disabled or found.password_number != session.password_number:
        return None
    return found


def _roles(account: Account, session: Session) -> frozenset[Role]:
    return frozenset() if account.must_change_password and session.how == "password" else account.roles


def _folder(home: Home) -> Path:
    return home.root / "sessions"


def _path(home: Home, token: str) -> Path:
    return _folder(home) / f"{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}.json"


def _note(home: Home, account: Account | None, outcome: str, peer: str, *, reason: str) -> None:
    """A name that no account has is not written down: people type passwords there."""
    name = account.name if account else "unknown"
    objects = {"peer": peer, "reason": reason}
    if reason == _TOO_MANY:
        # Once a minute: a flood of tries must not fill the disk.
        audit.append_unless_recent(home, name, "console", Action.LOG_IN, outcome, objects, within_s=60.0)
    else:
        audit.append(home, name, "console", Action.LOG_IN, outcome, objects)


def _words(seconds: float) -> str:
    whole = max(1, math.ceil(seconds))
    if whole == 1:
        return "a second"
    return f"{whole} seconds" if whole < 120 else f"{math.ceil(whole / 60)} minutes"
