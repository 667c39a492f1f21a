"""Shows a page of another document inside the console: without scripts, and with no way to reach the console around it."""

from __future__ import annotations

from html import escape

import streamlit as st


def show_document(page: str, title: str, height: int = 900) -> None:
    """`page` is a whole HTML file. Its frame may run nothing, send nothing and is an origin of its own; it follows the theme.

    Streamlit's own frames let scripts run as the console; so this one stands in it, with nothing but a sandbox.
    """
    dark = st.context.theme.type == "dark"
    scheme = "dark" if dark else "light"
    # A browser tells the document inside which of both the frame is in: its own style sheet asks for that.
    outer = (
        f'<!doctype html><html lang="en" style="color-scheme:{scheme}"><head><meta charset="utf-8"><style>html,body{{margin:0;'
        f"height:100%;background:transparent}}iframe{{display:block;border:0;width:100%;height:100%;color-scheme:{scheme}}}"
        f'</style></head><body><iframe sandbox="" title="{escape(title, quote=True)}" srcdoc="{escape(page, quote=True)}">'
        "</iframe></body></html>"
    )
    with st.container(key="sh-document", border=True):
        st.iframe(outer, height=height, alt=title)
