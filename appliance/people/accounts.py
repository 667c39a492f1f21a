"""Local accounts, in `accounts.json` of the home: names, roles, password hashes. Nothing here opens a session."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from appliance.home import Home
from appliance.keeping.private_files import alone, write_private
from appliance.people import passwords
from appliance.people.acting import Action, Actor, Role, acting

T = TypeVar("T")
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
ONE_TIME_LASTS_S = 7 * 24 * 3600.0


class AccountError(ValueError):
    """One line: what is wrong with what was asked, and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the console lets in."""

    name: str
    roles: frozenset[Role]
    created_at: float
    """Unix time."""
    created_by: str
    email: str = ""
    """By which the site's single sign-on names the person; empty: not by that way."""
    disabled: bool = False
    must_change_password: bool = False
    """It is a one-time password, good for `ONE_TIME_LASTS_S`; until it is changed the account acts in no role."""
    password_set_at: float = 0.0
    password_number: int = 0
    """Counts changes: a session begun with an older password ends."""
    password_hash: str = field(default="", repr=False)


def accounts(home: Home) -> list[Account]:
    """All, by name."""
    return sorted(_read(home).values(), key=lambda account: account.name)


def account(home: Home, name: str) -> Account | None:
    return _read(home).get(folded(name))


def by_email(home: Home, email: str) -> Account | None:
    """The account of a person whom the site's single sign-on knows by this address; None too where it is disabled."""
    wanted = email.strip().casefold()
    found = [each for each in _read(home).values() if wanted and each.email == wanted and not each.disabled]
    return found[0] if found else None


def has_administrator(home: Home) -> bool:
    return bool(_administrators(_read(home)))


def folded(name: str) -> str:
    """As accounts are named: what a person types may have capitals and blanks around."""
    return name.strip().casefold()


def create_first(home: Home, name: str, password: str) -> Account:
    """The first administrator, made by whoever opens a home that has none. Raises AccountError once there is one."""
    _check_name(name)
    passwords.check_rule(password, name)
    hash_ = passwords.hashed(password)

    def change(kept: dict[str, Account]) -> Account:
        if _administrators(kept):
            raise AccountError("there is an administrator already: ask them for an account")
        return _put(kept, _fresh(name, {Role.ADMINISTRATOR}, "first start", hash_, must_change=False))

    with acting(
        home, Actor(name, frozenset({Role.ADMINISTRATOR}), "console"), Action.MANAGE_ACCOUNTS, first=name
    ):
        return _change(home, change)


def create(home: Home, actor: Actor, name: str, roles: Iterable[Role], email: str = "") -> str:
    """A new account; gives its one-time password, which is kept nowhere."""
    wanted = frozenset(roles)
    with acting(
        home, actor, Action.MANAGE_ACCOUNTS, account=_shown(name), roles=_list(wanted), change="create"
    ):
        _check_name(name)
        _check_roles(wanted)
        password = passwords.one_time()
        fresh = _fresh(name, wanted, actor.name, passwords.hashed(password), must_change=True)
        fresh = replace(fresh, email=_checked_email(email))

        def change(kept: dict[str, Account]) -> None:
            if name in kept:
                raise AccountError(f"there is an account '{name}' already")
            if fresh.email and any(each.email == fresh.email for each in kept.values()):
                raise AccountError("another account has this address: an address names one person")
            _put(kept, fresh)

        _change(home, change)
        return password


def set_roles(home: Home, actor: Actor, name: str, roles: Iterable[Role]) -> None:
    """Counts from the account's next request on."""
    wanted = frozenset(roles)
    with acting(
        home, actor, Action.MANAGE_ACCOUNTS, account=_shown(name), roles=_list(wanted), change="roles"
    ):
        _check_roles(wanted)
        _change(home, lambda kept: _put(kept, replace(_known(kept, name), roles=wanted)))


def disable(home: Home, actor: Actor, name: str) -> None:
    """Ends the account's sessions too."""
    with acting(home, actor, Action.MANAGE_ACCOUNTS, account=_shown(name), change="disable"):
        _change(home, lambda kept: _put(kept, replace(_known(kept, name), disabled=True)))


def enable(home: Home, actor: Actor, name: str) -> None:
    with acting(home, actor, Action.MANAGE_ACCOUNTS, account=_shown(name), change="enable"):
        _change(home, lambda kept: _put(kept, replace(_known(kept, name), disabled=False)))


def reset_password(home: Home, actor: Actor, name: str) -> str:
    """A one-time password in place of what the account had; gives it. Ends the account's sessions."""
    with acting(home, actor, Action.MANAGE_ACCOUNTS, account=_shown(name), change="password"):
        password = passwords.one_time()
        hash_ = passwords.hashed(password)
        _change(home, lambda kept: _put(kept, _with_password(_known(kept, name), hash_, must_change=True)))
        return password


def set_password(home: Home, actor: Actor, old: str, new: str) -> None:
    """The actor's own. Ends their sessions, this one too: `appliance.people.sessions.change_password` keeps it."""
    with acting(home, actor, Action.CHANGE_OWN_PASSWORD):
        found = account(home, actor.name)
        if found is None or found.disabled or not passwords.matches(found.password_hash, old):
            raise AccountError("the present password is not right")
        if passwords.normal(old) == passwords.normal(new):
            raise AccountError("the new password is the old one: take another")
        passwords.check_rule(new, found.name)
        hash_ = passwords.hashed(new)

        def change(kept: dict[str, Account]) -> None:
            if _known(kept, found.name).password_number != found.password_number:
                raise AccountError("the password was changed a moment ago: log in again")
            _put(kept, _with_password(_known(kept, found.name), hash_, must_change=False))

        _change(home, change)


def keep_stronger_hash(home: Home, name: str, old_hash: str, password: str) -> None:
    """The same password, hashed as the library does by now."""
    hash_ = passwords.hashed(password)

    def change(kept: dict[str, Account]) -> None:
        found = _known(kept, name)
        if found.password_hash == old_hash:
            _put(kept, replace(found, password_hash=hash_))

    _change(home, change)


def _fresh(name: str, roles: Iterable[Role], by: str, password_hash: str, *, must_change: bool) -> Account:
    now = time.time()
    blank = Account(name, frozenset(roles), created_at=now, created_by=by)
    return _with_password(blank, password_hash, must_change=must_change)


def _with_password(account: Account, password_hash: str, *, must_change: bool) -> Account:
    return replace(
        account,
        password_hash=password_hash,
        password_set_at=time.time(),
        password_number=account.password_number + 1,
        must_change_password=must_change,
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise AccountError(
            "an account's name is 2 to 32 characters: small letters, digits, '.', '_' and '-', a letter first"
        )


def _shown(name: str) -> str:
    """For the audit log: what is no account's name may be anything, a password too."""
    return name if _NAME.fullmatch(name) else "not a name"


def _check_roles(roles: frozenset[Role]) -> None:
    if not roles:
        raise AccountError(f"give the account a role: {_list(frozenset(Role))}")


def _checked_email(email: str) -> str:
    wanted = email.strip().casefold()
    if wanted and not _EMAIL.fullmatch(wanted):
        raise AccountError("that is no e-mail address: give it as the single sign-on does, or none")
    return wanted


def _list(roles: frozenset[Role]) -> str:
    return ", ".join(role.value for role in Role if role in roles)


def _known(kept: Mapping[str, Account], name: str) -> Account:
    if name not in kept:
        raise AccountError("there is no such account; `stillhouse accounts list` lists them")
    return kept[name]


def _put(kept: dict[str, Account], account: Account) -> Account:
    kept[account.name] = account
    return account


def _administrators(kept: Mapping[str, Account]) -> list[Account]:
    return [each for each in kept.values() if Role.ADMINISTRATOR in each.roles and not each.disabled]


def _change(home: Home, change: Callable[[dict[str, Account]], T]) -> T:
    """Reads, changes and writes with nobody between."""
    with alone(home.root / ".accounts.lock"):
        kept = _read(home)
        had_one = bool(_administrators(kept))
        done = change(kept)
        if had_one and not _administrators(kept):
            raise AccountError("this is the last administrator: make another one first")
        rows = [_to_json(kept[name]) for name in sorted(kept)]
        write_private(_path(home), json.dumps({"accounts": rows}, indent=1).encode())
        return done


def _path(home: Home) -> Path:
    return home.root / "accounts.json"


def _to_json(account: Account) -> dict[str, Any]:
    return {**asdict(account), "roles": sorted(account.roles)}


def _read(home: Home) -> dict[str, Account]:
    try:
        rows = json.loads(_path(home).read_bytes())["accounts"]
        found = [Account(**{**row, "roles": frozenset(map(Role, row["roles"]))}) for row in rows]
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError):
        raise AccountError(f"{_path(home)} is damaged: restore it from a backup") from None
    return {each.name: each for each in found}
