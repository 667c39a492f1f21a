"""The tab Policy: what happens to each kind of personal data, in plain words. The privacy officer alone saves."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from appliance.people.acting import Action, may
from appliance.preparing import policies, policy_words
from appliance.preparing.policy_words import (
    ACTION_WORDS,
    PRESET_WORDS,
    Line,
    OwnPattern,
    OwnWords,
    PolicyForm,
)
from privacy.entities import ENTITY_TYPES
from privacy.presets import PRESETS, actions_of
from ui import access, formats, parts

_NEW = ""
_ROWS = 3
"""Empty rows for lists and patterns of one's own; saving gives as many again."""


def show() -> None:
    home, actor = access.home(), access.actor()
    known, editable = policies.names(home), may(actor, Action.EDIT_POLICY)
    options = [*known, *PRESET_WORDS, *([_NEW] if editable else [])]
    asked = st.query_params.get("policy")
    st.session_state["policy"] = asked if asked in options else options[0]
    name: str = st.selectbox(
        "Policy", options, key="policy", format_func=_told, width=420,
        on_change=lambda: st.query_params.update(policy=st.session_state["policy"]),
    )  # fmt: skip
    document = {"name": "", "preset": "gdpr"} if name == _NEW else policies.read(home, name)
    if name in PRESET_WORDS:
        st.caption(
            f"{PRESET_WORDS[name][1].capitalize()}. A preset is nobody's to change: begin a policy of your own with it."
        )
    elif not editable:
        st.caption("Policies are written by the privacy officer; an operator chooses one on the page Data.")
    form = _form(name, document, can_change=editable and name not in PRESET_WORDS)
    if editable and name not in PRESET_WORDS:
        _save(name, form, document, known)
    if name in known:
        _history(name)


def _told(name: str) -> str:
    if name == _NEW:
        return "a new policy"
    if name in PRESET_WORDS:
        return f"{PRESET_WORDS[name][0]}  (preset)"
    return f"{policies.read(access.home(), name).get('name', name)}  ({name})"


def _form(name: str, document: dict[str, Any], *, can_change: bool) -> PolicyForm:
    form = policy_words.form_of(document)
    key = f"p-{name}-{len(policies.history(access.home(), name)) if name in policies.names(access.home()) else 0}"
    if can_change:
        one, two = st.columns(2)
        with one:
            title = st.text_input("What you call it", value=form.title, key=f"{key}-title",
                                  placeholder="Claims desk, 2026")  # fmt: skip
        with two:
            preset = st.selectbox(
                "Begin with",
                list(PRESETS),
                index=list(PRESETS).index(form.preset),
                key=f"{key}-preset",
                format_func=lambda each: PRESET_WORDS[each][0],
                help="Sets every kind below. What you change afterwards stays yours.",
            )
        if preset != form.preset:
            form = replace(form, preset=preset, actions=dict(actions_of(preset, {})))
        form = replace(form, title=title)
    parts.section("What happens to each kind", policy_words.summary(form.preset, form.actions))
    actions = _kinds(f"{key}-{form.preset}", form, can_change)
    form = replace(form, actions=actions)
    if can_change:
        form = _own(key, form)
        form = _bounds(key, form)
    return form


def _kinds(key: str, form: PolicyForm, can_change: bool) -> dict[str, str]:
    """A group at a time, closed: its line says what most of it gets."""
    chosen: dict[str, str] = {}
    for group, lines in policy_words.lines(form.preset, form.actions).items():
        common = sorted({ACTION_WORDS[line.action][0].lower() for line in lines})
        with st.expander(f"{group}: {', '.join(common)}", key=f"{key}-{group}"):
            if can_change:
                chosen |= {line.entity_type: _choose(key, line) for line in lines}
            else:
                _table(group, lines)
                chosen |= {line.entity_type: line.action for line in lines}
    return chosen


def _choose(key: str, line: Line) -> str:
    what, choice, effect = st.columns([4, 3, 5], vertical_alignment="center")
    with what:
        st.html(f"<b>{escape(line.description[:1].upper() + line.description[1:])}</b>")
    with choice:
        action: str = st.selectbox(
            line.description,
            line.possible,
            index=line.possible.index(line.action),
            key=f"{key}-{line.entity_type}",
            format_func=lambda each: ACTION_WORDS[each][0],
            label_visibility="collapsed",
        )
    with effect:
        told = policy_words.line(line.entity_type, action)
        st.html(
            f'<span class="sh-effect">{escape(told.example)}</span> becomes <code>{escape(told.effect)}</code>'
        )
    return action


def _table(group: str, lines: list[Line]) -> None:
    parts.table(
        [
            {
                "what": line.description,
                "action": ACTION_WORDS[line.action][0],
                "example": line.example,
                "effect": line.effect,
            }
            for line in lines
        ],
        {"what": "Kind", "action": "What happens", "example": "For example", "effect": "becomes"},
        key=f"kinds-{group}",
    )


def _own(key: str, form: PolicyForm) -> PolicyForm:
    """Words and numbers that only this organisation knows."""
    with st.expander("Words and numbers of your own", key=f"{key}-own"):
        st.caption(
            "A list is found wherever its values stand as whole words, in any case: customers, staff, projects, sites."
        )
        types = list(ENTITY_TYPES)
        words, patterns = [], []
        for row in range(len(form.words) + 1):
            before = form.words[row] if row < len(form.words) else OwnWords("CUSTOM", ())
            one, two = st.columns([2, 5])
            with one:
                kind = _type(f"{key}-words-{row}", before.entity_type, types)
            with two:
                text = st.text_area(
                    "Values, one a line", "\n".join(before.values), key=f"{key}-values-{row}", height=80
                )
            values = policy_words.words_of(text)
            if values:
                words.append(OwnWords(kind, values))
        st.caption(
            "A pattern finds numbers by their look: a regular expression, and words one of which must stand before it."
        )
        for row in range(len(form.patterns) + 1):
            known = form.patterns[row] if row < len(form.patterns) else OwnPattern("CASE_ID", "", ())
            one, two, three = st.columns([2, 3, 2])
            with one:
                kind = _type(f"{key}-pattern-{row}", known.entity_type, types)
            with two:
                regex = st.text_input(
                    "Pattern", known.regex, key=f"{key}-regex-{row}", placeholder=r"CL-\d{6}"
                )
            with three:
                near = st.text_input("Only after one of", ", ".join(known.context), key=f"{key}-near-{row}",
                                     placeholder="claim, file")  # fmt: skip
            if regex.strip():
                context = tuple(word.strip() for word in near.split(",") if word.strip())
                patterns.append(OwnPattern(kind, regex.strip(), context))
    return replace(form, words=tuple(words), patterns=tuple(patterns))


def _type(key: str, value: str, types: list[str]) -> str:
    chosen: str = st.selectbox(
        "Kind",
        types,
        index=types.index(value),
        key=key,
        format_func=lambda each: ENTITY_TYPES[each].description,
    )
    return chosen


def _bounds(key: str, form: PolicyForm) -> PolicyForm:
    with st.expander("The gate, and the way back", key=f"{key}-bounds"):
        floor = st.slider(
            "A run stops when recall's lower end is below",
            0.5,
            0.999,
            float(form.min_recall),
            0.005,
            format="percent",
            key=f"{key}-floor",
            help="Counts where records were reviewed by hand. Without a review nothing is measured and nothing stops.",
        )
        st.caption(
            "A vault keeps the originals, sealed with a key of its own, so that somebody can undo it. Without one nothing "
            "can be undone. Destroy the key, and nobody can open it."
        )
        one, two = st.columns(2)
        with one:
            path = st.text_input(
                "Vault's file", form.vault_path, key=f"{key}-vault", placeholder="none: no vault"
            )
        with two:
            key_file = st.text_input("File of its key", form.vault_key_file, key=f"{key}-vault-key",
                                     placeholder="/media/officer/vault.key")  # fmt: skip
    return replace(form, min_recall=floor, vault_path=path, vault_key_file=key_file)


def _save(name: str, form: PolicyForm, document: dict[str, Any], known: list[str]) -> None:
    changed = [kind for kind, action in form.actions.items() if PRESETS[form.preset][kind] != action]
    if changed:
        st.caption(f"{len(changed)} of {len(form.actions)} kinds differ from {PRESET_WORDS[form.preset][0]}.")
    if not st.button("Save the policy", type="primary", key=f"p-{name}-save"):
        return
    kept = name or policy_words.name_of(form.title, known)
    try:
        if not form.title.strip():
            raise ValueError("give the policy a name that the report can show")
        policies.save(access.home(), access.actor(), kept, policy_words.document_of(form, document))
    except ValueError as error:
        parts.problem(f"{error}.")
        return
    st.query_params["policy"] = kept
    st.toast("Saved. Use cases that name this policy scrub by it from their next run on.")
    st.rerun()


def _history(name: str) -> None:
    parts.section("Saved")
    told = "".join(
        f"<li>{formats.when(each.at)}, {escape(each.by)}</li>"
        for each in policies.history(access.home(), name)[:5]
    )
    st.html(f'<ul class="sh-saved">{told}</ul>')
