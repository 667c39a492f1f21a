"""Who is looking at the page, and what they may do: asked anew on each run, so that a changed role counts at once.

Looking keeps no session awake: the gate before Streamlit counts what a person does.
"""

from __future__ import annotations

import time
from typing import NoReturn

import streamlit as st

from appliance.home import Home
from appliance.people import sessions
from appliance.people.acting import MAY, Action, Actor, may

COOKIE = "stillhouse_session"


def home() -> Home:
    """The home that the environment names."""
    return Home.open()


def token() -> str | None:
    """The session's secret, from the cookie that the browser sent when it opened the page."""
    return st.context.cookies.get(COOKIE)


def actor() -> Actor:
    """Who is signed in. Stops the page, with the way back in, where nobody is."""
    secret = token()
    found = sessions.actor_of(home(), secret, time.time(), touch=False) if secret else None
    if found is None:
        signed_out()
    return found


def signed_out() -> NoReturn:
    """Says so and stops."""
    minutes = round(sessions.IDLE_S / 60)
    st.title("Signed out")
    st.write(
        f"You are signed out: after {minutes} minutes without a click, or because the session was ended elsewhere. Jobs go on."
    )
    # A plain link: the way in is a page outside Streamlit.
    st.html('<a class="sh-button" href="/login" target="_self">Sign in</a>')
    st.stop()
    raise AssertionError("a page that was stopped goes on")


def require(action: Action) -> Actor:
    """Who is signed in, if they may do this; else says who may, and stops the page."""
    found = actor()
    if not may(found, action):
        roles = " or ".join(sorted(role.value.replace("-", " ") for role in MAY[action]))
        st.info(f"This is for: {roles}. You are signed in as {found.name}, without that role.")
        st.stop()
    return found
