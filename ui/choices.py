"""Choices that stay in the address, so that a view can be shared: what was asked for, or else a default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st


def choose(
    name: str,
    label: str,
    options: Sequence[str],
    told: Callable[[str], str],
    *,
    default: str | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> str:
    """A select box; `name` is the address's own, and `told` how an option is read."""
    fallback = default if default is not None and default in options else options[0]
    _settle(name, options, fallback)
    chosen: str = st.selectbox(
        label, options, key=name, format_func=told, on_change=_remember, args=(name,), width=width
    )
    st.query_params[name] = chosen
    return chosen


def pick(name: str, label: str, options: Sequence[str], told: Callable[[str], str]) -> str:
    """The same as buttons side by side."""
    _settle(name, options, options[0])
    chosen = st.segmented_control(
        label, options, key=name, format_func=told, on_change=_remember, args=(name,), required=True
    )
    st.query_params[name] = chosen or options[0]
    return chosen or options[0]


def _settle(name: str, options: Sequence[str], fallback: str) -> None:
    asked = st.query_params.get(name) or st.session_state.get(name)
    st.session_state[name] = asked if asked in options else fallback


def _remember(name: str) -> None:
    """Before the page is drawn anew, so that the address and the choice do not pull at each other."""
    st.query_params[name] = st.session_state[name]
