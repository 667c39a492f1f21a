"""Text with marked places in it, as HTML: what was replaced in a scrubbed record, or found in a raw one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import streamlit as st

How = Literal["replaced", "kept", "rejected", "added", "at"]

_CSS = """
.sh-text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.75; margin: 0; max-width: 88ch; }
.sh-text.sh-raw { font-size: 1.08rem; line-height: 2.3; }
.sh-text mark { padding: 0.1rem 0.22rem; border-radius: 4px; color: inherit; background: none;
  box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.sh-text mark.sh-replaced { background: color-mix(in srgb, var(--sh-accent) 15%, transparent); }
.sh-text mark.sh-kept { background: color-mix(in srgb, var(--sh-accent) 20%, transparent); border-bottom: 2px solid var(--sh-accent); }
.sh-text mark.sh-rejected { border: 1px dashed var(--sh-quiet); text-decoration: line-through; text-decoration-color: var(--sh-quiet); }
.sh-text mark.sh-added { background: color-mix(in srgb, var(--sh-good) 20%, transparent); border-bottom: 2px solid var(--sh-good); }
.sh-text mark small { margin-left: 0.3rem; font-size: 0.68rem; font-weight: 600; letter-spacing: 0.02em; color: var(--sh-quiet); }
.sh-text mark b { margin-right: 0.3rem; font-size: 0.75rem; }
.sh-text sub { font-size: 0.62rem; color: var(--sh-quiet); margin-left: 1px; font-variant-numeric: tabular-nums; }
.sh-record { border: 1px solid var(--sh-border); border-radius: 6px; padding: 0.7rem 1rem 0.8rem; margin-bottom: 0.5rem; }
.sh-record h4 { margin: 0 0 0.35rem; padding: 0; font-size: 0.85rem; font-weight: 500; color: var(--sh-quiet); }
.sh-record dl { margin: 0; padding: 0; display: grid; grid-template-columns: minmax(6rem, 10rem) 1fr; gap: 0.15rem 1rem; }
.sh-record dt { color: var(--sh-quiet); font-size: 0.87rem; padding-top: 0.2rem; }
.sh-record dt, .sh-record dd { margin: 0; padding-left: 0; }
.sh-saved { margin: 0; padding-left: 1.1rem; color: var(--sh-quiet); font-size: 0.9rem; }
.sh-keys { color: var(--sh-quiet); font-size: 0.87rem; margin: 0.2rem 0 0; max-width: 96ch; }
.sh-keys kbd { border: 1px solid var(--sh-border); border-bottom-width: 2px; border-radius: 4px; padding: 0 0.3rem; font-size: 0.8rem;
  background: var(--sh-raised); color: var(--sh-text); font-family: inherit; }
"""


@dataclass(frozen=True, slots=True)
class Place:
    """One marked place, as offsets in the text."""

    start: int
    end: int
    label: str
    how: How
    number: int | None = None
    """The key that changes it."""


_CALLED = {"IBAN_CODE": "IBAN", "IP_ADDRESS": "IP address", "MAC_ADDRESS": "MAC address", "URL": "web address",
           "NRP": "nationality, religion or politics", "US_SSN": "US social security number"}  # fmt: skip


def short(entity_type: str) -> str:
    """A type's name in small words, for where there is little room."""
    return _CALLED.get(entity_type, entity_type.replace("_", " ").lower())


def style() -> None:
    """Once a page."""
    st.html(f"<style>{_CSS}</style>")


def html_of(text: str, places: Sequence[Place], words: Sequence[tuple[int, int, int]] = ()) -> str:
    """The text with its places marked. `words` are (number, start, end): the number is put behind each word.

    Places may overlap, as two officers' marks do: what begins within another is shown after it.
    """
    parts, at = [], 0
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        start = max(place.start, at)
        parts.append(_numbered(text, at, start, words))
        number = f"<b>{place.number}</b>" if place.number is not None else ""
        inside = _numbered(text, start, max(place.end, start), words)
        parts.append(
            f'<mark class="sh-{place.how}">{number}{inside}<small>{escape(place.label)}</small></mark>'
        )
        at = max(at, place.end)
    return "".join([*parts, _numbered(text, at, len(text), words)])


def _numbered(text: str, start: int, end: int, words: Sequence[tuple[int, int, int]]) -> str:
    parts, at = [], start
    for number, _, word_end in words:
        if start < word_end <= end:
            parts += [escape(text[at:word_end]), f"<sub>{number}</sub>"]
            at = word_end
    return "".join([*parts, escape(text[at:end])])


def record(head: str, fields: Sequence[tuple[str, str]]) -> None:
    """A record as a card: its fields by name, each as HTML that `html_of` made."""
    rows = "".join(
        f'<dt>{escape(name)}</dt><dd><p class="sh-text">{inner}</p></dd>' for name, inner in fields
    )
    st.html(f'<div class="sh-record"><h4>{escape(head)}</h4><dl>{rows}</dl></div>')
