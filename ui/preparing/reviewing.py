"""The tab Review: a record at a time, as it stands in the file, and keys to say what in it is personal.

The raw text is a local value of one drawing of this part: it is read when the record is drawn, sent to this officer's
browser, and let go. Session state holds record ids, numbers of marks and offsets; no cache, URL or log holds more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from appliance import jobs
from appliance.people.acting import Action, may
from appliance.preparing import review, review_figures, review_sample
from appliance.preparing.review import Looked
from appliance.preparing.review_book import Mark, ReviewError
from appliance.preparing.review_keys import LETTERS, Word, read_addition, words_of
from privacy.entities import ENTITY_TYPES
from ui import access, formats, parts
from ui.parts import Column
from ui.preparing import marked
from ui.preparing.look import latest

_KEYS = 9


@dataclass
class Desk:
    """What one officer is at, in session state: nothing of a record's text."""

    batch: list[str] = field(default_factory=list)
    at: str | None = None
    version: int = -1
    """Of the decisions that were there when the record was opened; -1 before."""
    rejected: set[Mark] = field(default_factory=set)
    added: list[Mark] = field(default_factory=list)
    group: int = 0
    """Which nine of the found places the digit keys are for."""
    numbers: bool = False
    said: str | None = None
    """What went wrong with the last key, in a sentence."""

    def has_drawn(self, record_id: str) -> bool:
        """Whether this record is the one on the screen."""
        return self.at == record_id and self.version >= 0


def show(name: str) -> None:
    home, actor = access.home(), access.actor()
    told = review.progress(home, name)
    searching = latest(name, "find")
    if searching is not None and (searching.is_unfinished or searching.status is not jobs.Status.DONE):
        parts.job_notice(searching)
    if told is None:
        parts.empty(
            "No sample is drawn yet",
            "A sample of records, fair by their place in the file and their length, is searched once. Then a privacy officer "
            "says of each what is personal in it.",
        )
    elif told.stale:
        st.warning(parts.plain(told.stale))
    if told is not None and (told.stale is not None or not may(actor, Action.REVIEW)):
        _standing(told)
    if not may(actor, Action.REVIEW):
        st.caption(
            "Raw records are shown to privacy officers only. Everybody sees the counts, here and on the tab Recall."
        )
        return
    if told is not None and told.stale is None:
        _desk(name)
    _draw(name, told)


def _standing(told: review.Progress) -> None:
    by = ", ".join(f"{name} {count:,}" for name, count in told.by_officer.items()) or "nobody yet"
    parts.figures(
        [
            ("Reviewed", f"{told.reviewed:,} of {told.drawn - told.dropped:,}", by),
            ("Confirmed", formats.number(told.confirmed), "found, and personal"),
            ("Rejected", formats.number(told.rejected), "found, and not personal"),
            ("Added", formats.number(told.added), "personal, and not found"),
        ]
    )


def _draw(name: str, told: review.Progress | None) -> None:
    """The search for a sample, and what its size is worth."""
    with st.expander(
        "Draw a sample" if told is None else "Draw more records, or search again", expanded=told is None
    ):
        one, two = st.columns([2, 3], gap="large")
        with one:
            size = st.number_input(
                "Records in the sample",
                min_value=1,
                max_value=review_sample.LARGEST,
                value=100 if told is None else max(told.drawn, 1),
                step=50,
                key="sample-size",
                help="A larger sample begins with the records of the smaller: marks stay.",
            )
            if st.button("Draw and search", type="primary" if told is None else "secondary", key="draw"):
                parts.done(review_sample.ask_for_sample, access.home(), access.actor(), name, int(size))
        with two:
            parts.table(
                [{"records": each.records, "leaks": each.leaks_at_most} for each in review_figures.advice()],
                {
                    "records": Column("Reviewed, and none leaks", formats.number, right=True),
                    "leaks": Column("Then of 10,000 leak at most (95%)", formats.number, right=True),
                },
                key="advice",
            )
            st.caption(
                "Read each record for what is not coloured: what was found draws the eye, and what was missed is what counts."
            )


@st.fragment
def _desk(name: str) -> None:
    """One record. A key draws this part again, not the page."""
    actor = access.require(Action.REVIEW)
    home, now = access.home(), time.time()
    desk: Desk = st.session_state.setdefault(f"_desk-{name}", Desk())
    told = review.progress(home, name)
    if told is not None:
        _standing(told)
    try:
        if desk.at is None:
            desk.batch = review.take_batch(home, actor, name, now)
            _open(desk, desk.batch[0] if desk.batch else None)
        if desk.at is None:
            st.success(
                "Every record of the sample is reviewed, or with another officer. The tab Recall says what that shows."
            )
            st.button("Look for more", key="desk-more")
            return
        looked = review.look(home, actor, name, desk.at, now)
    except ReviewError as error:
        parts.problem(error)
        st.button("Take the next record", key="desk-next", on_click=_open, args=(desk, None))
        return
    if desk.version < 0:
        _begin(desk, looked)
    _head(looked, desk)
    _text(looked, desk)
    _found(name, looked, desk)
    _controls(name, looked, desk)


def _open(desk: Desk, record_id: str | None) -> None:
    desk.at, desk.version, desk.rejected, desk.added, desk.group, desk.said = (
        record_id,
        -1,
        set(),
        [],
        0,
        None,
    )


def _begin(desk: Desk, looked: Looked) -> None:
    """From an earlier decision, where there is one."""
    desk.version = looked.version
    if looked.decided is not None:
        desk.rejected = set(looked.found) - set(looked.decided.marks)
        desk.added = [mark for mark in looked.decided.marks if mark not in looked.found]


def _head(looked: Looked, desk: Desk) -> None:
    place = desk.batch.index(looked.record_id) + 1 if looked.record_id in desk.batch else None
    told = f"Record {looked.number:,} of the sample"
    if place is not None:
        told += f", {place} of the {len(desk.batch)} you hold"
    if looked.decided is not None:
        told += f". {looked.decided.by} decided {formats.ago(looked.decided.at, time.time())}"
    parts.section(told)


def _text(looked: Looked, desk: Desk) -> None:
    """The raw fields, with what was found and what was added."""
    words = words_of(looked.texts) if desk.numbers else []
    several = len(looked.texts) > 1
    shown = []
    for name, text in looked.texts.items():
        places = [
            marked.Place(
                mark.start,
                mark.end,
                marked.short(mark.entity_type),
                "rejected" if mark in desk.rejected else "kept",
                _key_of(desk, number),
            )
            for number, mark in enumerate(looked.found)
            if mark.field == name
        ]
        places += [
            marked.Place(mark.start, mark.end, marked.short(mark.entity_type), "added")
            for mark in desk.added
            if mark.field == name
        ]
        numbered = [(word.number, word.start, word.end) for word in words if word.field == name]
        inner = f'<p class="sh-text sh-raw">{marked.html_of(text, places, numbered)}</p>'
        shown.append(f"<dt>{escape(name)}</dt><dd>{inner}</dd>" if several else inner)
    body = f"<dl>{''.join(shown)}</dl>" if several else "".join(shown)
    st.html(f'<div class="sh-record">{body}</div>')


def _key_of(desk: Desk, number: int) -> int | None:
    at = number - desk.group * _KEYS
    return at + 1 if 0 <= at < _KEYS else None


def _found(name: str, looked: Looked, desk: Desk) -> None:
    """A button for each place that was found; the first nine have the digit keys."""
    if not looked.found:
        st.caption("Nothing was found in this record. If nothing is personal in it, press Enter.")
        return
    first = desk.group * _KEYS
    with st.container(horizontal=True, key=f"sh-found-{name}"):
        for number, mark in list(enumerate(looked.found))[first : first + _KEYS]:
            rejected = mark in desk.rejected
            st.button(
                f"{marked.short(mark.entity_type)}{' (rejected)' if rejected else ''}",
                key=f"found-{looked.record_id}-{number}",
                shortcut=str(number - first + 1),
                help="Rejects it as not personal, or takes it back.",
                type="tertiary" if rejected else "secondary",
                on_click=_turn,
                args=(desk, looked.record_id, {mark}),
            )
        if len(looked.found) > _KEYS:
            num_groups = -(-len(looked.found) // _KEYS)
            st.button(
                f"the other {len(looked.found) - min(_KEYS, len(looked.found) - first)}",
                key="found-group",
                shortcut="Down",
                on_click=_turn_page,
                args=(desk, num_groups),
            )


def _controls(name: str, looked: Looked, desk: Desk) -> None:
    words = words_of(looked.texts)
    with st.form(f"add-{name}", clear_on_submit=True, border=False):
        one, two = st.columns([5, 1], vertical_alignment="bottom")
        with one:
            st.text_input(
                "Something personal that was not found",
                key=f"typed-{name}",
                placeholder="word numbers and a kind: 12-14 person" if desk.numbers
                else "press N to number the words, then type: 12-14 person",
                help="Kinds by letter: " + ", ".join(f"{letter} {ENTITY_TYPES[kind].description}" for letter, kind in LETTERS.items())
                + ". Any other by the beginning of its name.",
            )  # fmt: skip
        with two:
            st.form_submit_button(
                "Add", on_click=_add, args=(name, desk, looked.record_id, looked.found, words)
            )
    if desk.said:
        parts.problem(desk.said)
    with st.container(horizontal=True, key=f"sh-keys-{name}"):
        st.button("Save and next", type="primary", shortcut="Enter", key="desk-save", on_click=_save,
                  args=(name, desk, looked.record_id, looked.found))  # fmt: skip
        st.button("Back", shortcut="Left", key="desk-back", on_click=_back, args=(name, desk),
                  help="The record you decided on last: look again, change it.")  # fmt: skip
        st.button("Skip", shortcut="Right", key="desk-skip", on_click=_next, args=(desk, looked.record_id),
                  help="Decides nothing; it comes again.")  # fmt: skip
        every = frozenset(looked.found)
        st.button(
            "Keep all" if desk.rejected >= every and every else "Reject all",
            shortcut="X",
            key="desk-all",
            disabled=not every,
            on_click=_turn,
            args=(desk, looked.record_id, every if desk.rejected >= every else every - desk.rejected),
        )
        st.button("Word numbers", shortcut="N", key="desk-numbers", on_click=_number, args=(desk,))
        if desk.added:
            st.button(
                f"Take back {marked.short(desk.added[-1].entity_type)}",
                shortcut="Backspace",
                key="desk-undo",
                on_click=_undo,
                args=(desk,),
            )


# What a key does. Streamlit keeps these arguments until the next drawing: offsets, never a record's text. A key that was
# pressed before the next record was drawn is none: nobody decides on what he has not seen.


def _turn(desk: Desk, record_id: str, marks: Set[Mark]) -> None:
    if desk.has_drawn(record_id):
        desk.rejected ^= marks


def _turn_page(desk: Desk, num_groups: int) -> None:
    desk.group = (desk.group + 1) % num_groups


def _undo(desk: Desk) -> None:
    desk.added.pop()


def _number(desk: Desk) -> None:
    desk.numbers = not desk.numbers


def _add(name: str, desk: Desk, record_id: str, found: Sequence[Mark], words: Sequence[Word]) -> None:
    """What was typed as a mark; Enter in the empty line is Enter."""
    if not desk.has_drawn(record_id):
        return
    typed, desk.said = st.session_state[f"typed-{name}"], None
    if not typed.strip():
        _save(name, desk, record_id, found)
        return
    try:
        mark = read_addition(typed, words)
    except ReviewError as error:
        desk.said = str(error)
        return
    if mark in found:
        desk.rejected -= {mark}
    elif mark not in desk.added:
        desk.added.append(mark)


def _save(name: str, desk: Desk, record_id: str, found: Sequence[Mark]) -> None:
    if not desk.has_drawn(record_id):
        return
    marks = [*(mark for mark in found if mark not in desk.rejected), *desk.added]
    try:
        review.decide(access.home(), access.actor(), name, record_id, marks, desk.version, time.time())
    except ReviewError as error:
        # Somebody else decided meanwhile: what they said is shown now, and nothing of it is lost.
        _open(desk, record_id)
        desk.said = str(error)
        return
    _next(desk, record_id, decided=True)


def _next(desk: Desk, record_id: str, *, decided: bool = False) -> None:
    if not desk.has_drawn(record_id):
        return
    rest = [each for each in desk.batch if each != record_id]
    if not decided and record_id in desk.batch:
        rest.append(record_id)
    desk.batch = rest
    _open(desk, desk.batch[0] if desk.batch else None)


def _back(name: str, desk: Desk) -> None:
    last = review.last_of(access.home(), access.actor().name, name)
    if last is None or last == desk.at:
        desk.said = "there is nothing to go back to yet: you have decided on no record"
    else:
        _open(desk, last)
