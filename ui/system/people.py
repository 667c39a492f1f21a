"""Accounts and sessions, for administrators."""

from __future__ import annotations

import time

import streamlit as st

from appliance.people import accounts, sessions
from appliance.people.acting import Action, Actor, Role
from ui import access, formats, parts

ROLES = [role.value for role in Role]
MEANING = {
    "viewer": "sees runs, scores and reports; no text of a record",
    "operator": "brings data in, starts and stops runs, asks for a release",
    "privacy-officer": "edits the policy, reviews findings, reads the audit log",
    "approver": "decides on releases of runs that others started",
    "administrator": "accounts, models, deletion of data, the audit log; no text of a record",
}


def show_accounts() -> None:
    actor = access.require(Action.MANAGE_ACCOUNTS)
    found = accounts.accounts(access.home())
    parts.table(
        [_row(account) for account in found],
        {
            "name": "Name",
            "roles": "Roles",
            "state": "State",
            "email": parts.Column("Single sign-on address", absent=""),
            "made": "Made",
        },
        key="accounts",
    )
    _one_time()
    left, right = st.columns(2, gap="large")
    with left:
        _create(actor)
    with right:
        _change(actor, [account.name for account in found])


def _row(account: accounts.Account) -> dict[str, str | None]:
    state = (
        "disabled" if account.disabled else "one-time password" if account.must_change_password else "active"
    )
    return {
        "name": account.name,
        "roles": ", ".join(sorted(role.value for role in account.roles)),
        "state": state,
        "email": account.email or None,
        "made": f"{formats.when(account.created_at)} by {account.created_by}",
    }


def _one_time() -> None:
    """A one-time password is kept nowhere: shown until the next thing is done."""
    shown = st.session_state.pop("_one_time", None)
    if shown is not None:
        name, password = shown
        st.success(parts.plain(f"One-time password of {name}: hand it over in person. It is shown only now."))
        st.code(password, language=None)


def _create(actor: Actor) -> None:
    parts.section("New account")
    with st.form("new-account", border=False, clear_on_submit=False):
        name = st.text_input("Name", help="2 to 32 small letters, digits, '.', '_' or '-'.")
        roles = st.multiselect("Roles", ROLES, format_func=lambda role: f"{role}: {MEANING[role]}")
        email = st.text_input("Address at the single sign-on (may stay empty)")
        if st.form_submit_button("Create", type="primary"):
            parts.done(_made, actor, name, roles, email)


def _made(actor: Actor, name: str, roles: list[str], email: str) -> None:
    name = accounts.folded(name)
    password = accounts.create(access.home(), actor, name, [Role(role) for role in roles], email)
    st.session_state["_one_time"] = (name, password)


def _change(actor: Actor, names: list[str]) -> None:
    parts.section("Change an account")
    name = st.selectbox("Account", names, key="account", bind="query-params")
    found = accounts.account(access.home(), name) if name else None
    if found is None:
        return
    has = sorted(role.value for role in found.roles)
    roles = st.multiselect("Roles of the account", ROLES, has, key=f"roles-{found.name}-{'.'.join(has)}")
    home = access.home()
    with st.container(horizontal=True):
        if st.button("Save roles", disabled=sorted(roles) == has):
            parts.done(accounts.set_roles, home, actor, found.name, [Role(role) for role in roles])
        parts.confirm(
            "Reset password",
            f"{found.name} gets a one-time password in place of the present one, and is signed out everywhere.",
            lambda: _reset(actor, found.name),
        )
        if found.disabled:
            if st.button("Enable"):
                parts.done(accounts.enable, home, actor, found.name)
        else:
            parts.confirm(
                "Disable",
                f"{found.name} is signed out everywhere and cannot sign in any more. What they did stays in the log.",
                lambda: accounts.disable(home, actor, found.name),
            )


def _reset(actor: Actor, name: str) -> None:
    st.session_state["_one_time"] = (name, accounts.reset_password(access.home(), actor, name))


def show_sessions() -> None:
    actor = access.require(Action.MANAGE_ACCOUNTS)
    now = time.time()
    home = access.home()
    found = sessions.sessions(home, now)
    st.html(
        f'<p class="sh-said">{len(found)} open. A session ends after 15 minutes without use, or 12 hours.</p>'
    )
    for session in found:
        with st.container(key=f"sh-need-{session.session_id}", horizontal=True, vertical_alignment="center"):
            st.html(
                f'<p class="sh-need"><b>{parts.escape(session.name)}</b> from {parts.escape(session.peer)}, '
                f"since {formats.when(session.opened_at)}, last used {formats.ago(session.touched_at, now)}</p>"
            )
            if st.button("End", key=f"end-{session.session_id}"):
                parts.done(sessions.end, home, actor, session.session_id)
