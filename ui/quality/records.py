"""The tab Records: two arms' answers to the same records, filtered by who was right, with their differences marked."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from appliance.people.acting import Action, may
from appliance.quality.answers import Pair, Which, pairs, record_metrics, texts
from appliance.quality.evaluated import Evaluated, Scored, outcomes
from appliance.report import words
from ui import access, formats, parts
from ui.choices import choose, pick
from ui.quality import record_card

_ON_A_PAGE = 5
_PAGE = "records_page"


def show(found: Evaluated) -> None:
    arms = sorted(outcomes(found), key=words.arm_order)
    left, middle, right = st.columns(3)
    with left:
        a = choose("a", "First arm", arms, words.arm_name, default=found.chosen)
    with middle:
        b = choose("b", "Second arm", arms, words.arm_name, default=_other(arms, a))
    with right:
        metric = choose("by", "Measure", record_metrics(found), words.metric_name)
    if a == b:
        st.info("Choose two different arms.")
        return
    counts = pairs(found, a, b, metric, Which.ALL, 0, 0).counts
    plain = {scored.scores[metric] for arm in (a, b) for scored in outcomes(found)[arm].values()} <= {
        0.0,
        1.0,
    }
    asked = pick(
        "which",
        "Records",
        [kind.value for kind in Which if counts[kind] or kind is Which.ALL],
        lambda kind: f"{_kind(Which(kind), a, b, plain)} ({counts[Which(kind)]:,})",
    )
    st.html(f'<p class="sh-said">{_sentence(counts, a, b, plain)}</p>')
    _page(found, a, b, metric, Which(asked), counts[Which(asked)])


def _other(arms: list[str], a: str) -> str:
    return next(arm for arm in (words.TEACHER, *reversed(arms)) if arm in arms and arm != a)


def _kind(which: Which, a: str, b: str, plain: bool) -> str:
    first, second = words.SHORT_ARMS.get(a, a), words.SHORT_ARMS.get(b, b)
    return {
        Which.ALL: "All",
        Which.ONLY_A: f"Only {first} right" if plain else f"{first} better",
        Which.ONLY_B: f"Only {second} right" if plain else f"{second} better",
        Which.BOTH_RIGHT: "Both right",
        Which.BOTH_WRONG: "Both wrong",
        Which.UNREADABLE: "An answer unreadable",
    }[which]


def _sentence(counts: Mapping[Which, int], a: str, b: str, plain: bool) -> str:
    n = counts[Which.ALL]
    verb = "right" if plain else "better"
    return escape(
        f"Of {n:,} test records {words.within(words.arm_name(a))} alone is {verb} on {counts[Which.ONLY_A]:,}, "
        f"{words.within(words.arm_name(b))} alone on {counts[Which.ONLY_B]:,}."
    )


def _page(found: Evaluated, a: str, b: str, metric: str, which: Which, count: int) -> None:
    if not count:
        st.caption("There is no such record.")
        return
    num_pages = -(-count // _ON_A_PAGE)
    _first_page_of(f"{found.run_id} {a} {b} {metric} {which}")
    asked = str(st.session_state.get(_PAGE) or st.query_params.get(_PAGE) or "1")
    page = min(int(asked) if asked.isdecimal() and int(asked) else 1, num_pages)
    rows = pairs(found, a, b, metric, which, (page - 1) * _ON_A_PAGE, _ON_A_PAGE).rows
    actor = access.actor()
    if may(actor, Action.SEE_TEXT):
        mark = st.toggle("Mark what only one of them says", value=True, key="mark")
        shown = texts(access.home(), actor, found, [row.record_id for row in rows], (a, b))
        record_card.style()
        for row in rows:
            if row.record_id in shown:
                arms = [(a, _fared(row.a, row.score_a)), (b, _fared(row.b, row.score_b))]
                kind = found.use_case["task"]["kind"]
                record_card.card(row.record_id, shown[row.record_id], arms, kind, mark=mark)
    else:
        st.caption(
            "What was asked and said is for the operator, the privacy officer and the approver; you see the scores."
        )
        _scores(rows, a, b)
    if num_pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            first = (page - 1) * _ON_A_PAGE + 1
            st.html(f'<p class="sh-count">{first:,} to {first + len(rows) - 1:,} of {count:,}</p>')
            st.pagination(num_pages, key=_PAGE, bind="query-params")


def _first_page_of(view: str) -> None:
    """Another choice begins at its first page; an address that names a page keeps it."""
    if st.session_state.setdefault("_records_view", view) != view:
        st.session_state["_records_view"] = view
        st.session_state.pop(_PAGE, None)
        st.query_params.pop(_PAGE, None)


def _fared(scored: Scored, score: float) -> str:
    told = "unreadable" if scored.failed else {1.0: "right", 0.0: "wrong"}.get(score, formats.percent(score))
    return f"{told}, the teacher's" if scored.passed_on else told


def _scores(rows: tuple[Pair, ...], a: str, b: str) -> None:
    parts.table(
        [
            {"record": row.record_id, "a": _fared(row.a, row.score_a), "b": _fared(row.b, row.score_b)}
            for row in rows
        ],
        {"record": "Record", "a": words.arm_name(a), "b": words.arm_name(b)},
        key="scores",
    )
