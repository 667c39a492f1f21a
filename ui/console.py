"""The console's script, run anew for each look at a page: who is signed in, the way around, the page."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from ui import access, theme
from ui.pages import GROUPS

_STATIC = Path(__file__).with_name("static")
_CSS = f":root{{{theme.css_variables()}}}" + (_STATIC / "console.css").read_text(encoding="utf-8")


def main() -> None:
    # An icon of our own: Streamlit would have the browser fetch one from outside for some.
    st.set_page_config(page_title="Stillhouse", page_icon=str(_STATIC / "icon.svg"), layout="wide")
    st.html(f"<style>{_CSS}</style>")
    st.logo(str(_STATIC / "icon.svg"), size="large")
    actor = access.actor()
    page = st.navigation(
        {
            group: [
                st.Page(f"pages/{name}.py", title=name.capitalize(), default=name == "overview")
                for name in names
            ]
            for group, names in GROUPS.items()
        },
        expanded=True,
    )
    with st.sidebar:
        with st.container(key="sh-who"):
            roles = ", ".join(sorted(role.value.replace("-", " ") for role in actor.roles))
            st.html(
                f'<p class="sh-who"><b>{escape(actor.name)}</b><br>{escape(roles)}<br>'
                '<a href="/password" target="_self">Change password</a> <a href="/logout" target="_self">Sign out</a></p>'
            )
    page.run()


main()
