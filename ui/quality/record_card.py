"""One test record as people read it: what was asked, what is right, what arms said, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from appliance.quality.answers import Shown, readable
from appliance.quality.differences import Part, word_difference
from appliance.report import words

_STYLE = """<style>
.sh-record { border: 1px solid var(--sh-border); border-radius: 6px; padding: 0.8rem 1rem; }
.sh-record h4 { font-size: 0.87rem; font-weight: 600; color: var(--sh-quiet); margin: 0 0 0.15rem; padding: 0; }
.sh-record .sh-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 0.7rem; max-height: 22rem; overflow-y: auto; }
.sh-record .sh-two { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0 1.5rem; }
.sh-record .sh-two > div { border-top: 1px solid var(--sh-border); padding-top: 0.5rem; }
.sh-record .sh-code { font-family: ui-monospace, "Source Code Pro", monospace; font-size: 0.87rem; }
.sh-record h4 .sh-mark { margin-left: 0.4rem; }
.sh-record .sh-foot { color: var(--sh-quiet); font-size: 0.82rem; margin: 0; }
.sh-record mark { background: color-mix(in srgb, var(--sh-warn) 22%, transparent); color: inherit; border-radius: 3px;
  text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 3px; }
</style>"""


def style() -> None:
    """Once a page, before the cards."""
    st.html(_STYLE)


def card(record_id: str, shown: Shown, arms: Sequence[tuple[str, str]], kind: str, *, mark: bool) -> None:
    """`arms` are (arm, how it fared, in words); with `mark` what only one of two says is underlined."""
    said = [readable(shown.read[arm] or shown.said[arm], kind) for arm, _ in arms]
    bodies = [escape(text) for text in said]
    if mark and len(said) == 2 and all(said):
        difference = word_difference(*said)
        if any(part == "same" and text.strip() for part, text in difference):  # else all would be marked
            bodies = [_marked(difference, "a"), _marked(difference, "b")]
    css = "sh-text sh-code" if kind == "extract" else "sh-text"
    columns = "".join(
        f"<div><h4>{escape(words.arm_name(arm))} "
        f'<span class="sh-mark {_colour(fared)}">{escape(fared)}</span></h4>'
        f'<p class="{css}">{body or "<em>no answer</em>"}</p></div>'
        for (arm, fared), body in zip(arms, bodies, strict=True)
    )
    by = "as people said" if shown.right_by == "human" else "as the teacher said"
    st.html(
        f'<article class="sh-record"><h4>Asked</h4><p class="sh-text">{escape(shown.asked)}</p>'
        f'<div class="sh-two"><div><h4>Right, {by}</h4><p class="{css}">{escape(readable(shown.right, kind))}</p></div>'
        f'{columns}</div><p class="sh-foot">Record {escape(record_id)}</p></article>'
    )


def _colour(fared: str) -> str:
    """The words say it; the colour only helps to find them."""
    if fared.startswith("right"):
        return "sh-done"
    return "sh-failed" if fared.startswith(("wrong", "unreadable")) else ""


def _marked(difference: Sequence[Part], side: str) -> str:
    """One text with what the other lacks marked."""
    told = []
    for kind, text in difference:
        if kind == "same":
            told.append(escape(text))
        elif kind == side:
            told.append(f"<mark>{escape(text)}</mark>" if text.strip() else escape(text))
    return "".join(told)
