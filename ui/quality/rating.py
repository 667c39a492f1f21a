"""The tab Ratings: blind rounds in which people say which of two answers is better, and the pairs a judge is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import streamlit as st

from appliance.people.acting import Action, Actor, may
from appliance.quality.agreement import LEAST_FOR_KAPPA, Result, golden, result, write_golden
from appliance.quality.evaluated import Evaluated, outcomes
from appliance.quality.rounds import (
    Blind,
    Choice,
    RatingError,
    Round,
    end,
    next_pair,
    rate,
    ratings,
    ratings_of,
    rounds,
    start,
    take_back,
)
from appliance.report import words
from ui import access, formats, parts
from ui.parts import Column
from ui.quality import record_card

_SIZES = (20, 50, 100)
_KEYS: tuple[tuple[Choice, str, str], ...] = (
    ("first", "First is better", "1"),
    ("second", "Second is better", "2"),
    ("tie", "Equally good", "0"),
)


def show(found: Evaluated) -> None:
    actor = access.actor()
    made = {each.round_id: each for each in rounds(access.home(), found.run_id)}
    asked = made.get(st.query_params.get("round", ""))
    if asked is not None:
        _one(found, actor, asked)
        return
    _list(found, actor, list(made.values()))
    _judge(found, actor, bool(made))


# --- all rounds -----------------------------------------------------------------------------------------------------


def _list(found: Evaluated, actor: Actor, made: list[Round]) -> None:
    parts.section(
        "Blind rounds",
        "People see two answers side by side and say which is better. Whose answers they are is told when a rater is through.",
    )
    if may(actor, Action.RATE):
        _new(found, actor)
    if not made:
        parts.empty(
            "Nobody has rated answers of this run",
            "Start a round above."
            if may(actor, Action.RATE)
            else "An operator, an approver or a privacy officer can start a round.",
        )
        return
    for each in made:
        _row(actor, each)


def _new(found: Evaluated, actor: Actor) -> None:
    arms = sorted(outcomes(found), key=words.arm_order)
    with st.form("new-round", border=True):
        left, middle, right = st.columns(3)
        a = left.selectbox("One arm", arms, index=arms.index(found.chosen), format_func=words.arm_name)
        b = middle.selectbox("The other", arms, index=len(arms) - 1, format_func=words.arm_name)
        size = right.selectbox("Pairs", _SIZES)
        if not st.form_submit_button("Start a round", type="primary"):
            return
    try:
        fresh = start(access.home(), actor, found, a, b, size)
    except RatingError as error:
        parts.problem(error)
        return
    st.query_params["round"] = fresh.round_id
    st.rerun()


def _row(actor: Actor, made: Round) -> None:
    told = [each for each in ratings(access.home(), made) if each.preferences]
    mine = next((each for each in told if each.rater == actor.name), None)
    total = len(made.records)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        raters = words.count(len(told), "rater", "raters")
        yours = "" if mine is None else f", you have rated {len(mine.preferences):,}"
        st.html(
            f'<p class="sh-job"><b>{total:,} pairs</b>, started by {escape(made.made_by)} on '
            f"{escape(formats.when(made.made_at))}<br>{escape(raters)}{escape(yours)}</p>"
        )
        label = (
            "Rate" if may(actor, Action.RATE) and (mine is None or not mine.is_through) else "See the result"
        )
        if st.button(label, key=f"open-{made.round_id}"):
            st.query_params["round"] = made.round_id
            st.rerun()


# --- one round ------------------------------------------------------------------------------------------------------


def _one(found: Evaluated, actor: Actor, made: Round) -> None:
    if st.button("All rounds", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.pop("round", None)
        st.rerun()
    told = result(access.home(), actor, made)
    if told is not None:
        _result(told)
    elif may(actor, Action.RATE):
        _rate(found, made)
    else:
        st.info("The result is shown once a rater is through.")


@st.fragment
def _rate(found: Evaluated, made: Round) -> None:
    """A fragment, so that the next pair comes without the page being drawn anew."""
    actor, home = access.require(Action.RATE), access.home()
    mine = ratings_of(home, made, actor.name)
    done, total = len(mine.preferences), len(made.records)
    st.progress(done / total, text=f"{done:,} of {total:,} rated")
    pair = next_pair(home, actor, found, made)
    if pair is None:
        st.rerun()
        return
    _pair(pair)
    with st.container(horizontal=True, key="sh-rate"):
        for choice, label, shortcut in _KEYS:
            st.button(
                label,
                key=f"{choice}-{pair.record_id}",
                shortcut=shortcut,
                on_click=_said,
                args=(lambda choice=choice: rate(home, actor, found, made, pair.record_id, choice),),
            )
        st.button(
            "Take back the last",
            key=f"back-{pair.record_id}",
            shortcut="Backspace",
            type="tertiary",
            disabled=not done,
            on_click=_said,
            args=(lambda: take_back(home, actor, made),),
        )
    others = any(each.is_through for each in ratings(home, made))
    if done or others:
        parts.confirm(
            "End here",
            "You are then told whose answers they were, and can rate no more pairs of this round.",
            lambda: end(home, actor, made),
        )


def _said(action: Callable[[], object]) -> None:
    try:
        action()
    except RatingError as error:
        st.toast(parts.plain(str(error)))


def _pair(pair: Blind) -> None:
    record_card.style()
    two = "".join(
        f'<div><h4>{place}</h4><p class="sh-text">{escape(text)}</p></div>'
        for place, text in (("First", pair.first), ("Second", pair.second))
    )
    st.html(
        f'<article class="sh-record" aria-label="Pair {pair.number} of {pair.total}"><h4>Asked</h4>'
        f'<p class="sh-text">{escape(pair.asked)}</p><div class="sh-two">{two}</div></article>'
    )


def _result(told: Result) -> None:
    a, b = words.arm_name(told.made.arm_a), words.arm_name(told.made.arm_b)
    parts.section(
        f"{a} against {words.within(b)}",
        f"{len(told.made.records):,} pairs that differ, started by {told.made.made_by} on {formats.when(told.made.made_at)}.",
    )
    first = told.tallies[0]
    parts.figures(
        [
            (f"{a} better", formats.percent(first.a.value), _part(first.a.low, first.a.high, first.a.count, first.n)),
            ("Equally good", formats.percent(first.tie.value), _part(first.tie.low, first.tie.high, first.tie.count, first.n)),
            (f"{b} better", formats.percent(first.b.value), _part(first.b.low, first.b.high, first.b.count, first.n)),
            (
                "Chance alone",
                "no winner" if first.p is None else f"p {words.equals(words.chance(first.p))}",
                "exact sign test, two-sided, ties left out",
            ),
        ]
    )  # fmt: skip
    if len(told.tallies) > 1:
        st.caption(
            f"What most raters of a pair said; {words.count(told.split, 'pair', 'pairs')} without a majority left out."
        )
    share = words.percent_interval
    parts.table(
        [
            {
                "who": tally.who,
                "n": f"{tally.n:,}",
                **{name: share(each.value, each.low, each.high) for name, each in (("a", tally.a), ("tie", tally.tie), ("b", tally.b))},
                "p": "" if tally.p is None else words.chance(tally.p),
            }
            for tally in told.tallies
        ],
        {
            "who": "Rater",
            "n": Column("Pairs", right=True),
            "a": Column(f"{a} better", right=True),
            "tie": Column("Equally good", right=True),
            "b": Column(f"{b} better", right=True),
            "p": Column("p", right=True),
        },
        key="tallies",
    )  # fmt: skip
    _agreement(told)


def _part(low: float | None, high: float | None, count: int, n: int) -> str:
    return f"{words.interval(low, high)}, {count:,} of {n:,}"


def _agreement(told: Result) -> None:
    if not told.agreements:
        st.caption("One rater so far: with a second one, how far they agree is shown here.")
        return
    parts.section(
        "How far raters agree", "Cohen's kappa is 1 for full agreement and 0 for what chance alone gives."
    )
    parts.table(
        [
            {
                "raters": f"{each.one} and {each.other}",
                "n": f"{each.n:,}",
                "share": words.percent_interval(each.share.value, each.share.low, each.share.high),
                "kappa": f"needs {LEAST_FOR_KAPPA} pairs"
                if each.n < LEAST_FOR_KAPPA
                else None
                if each.kappa.value is None
                else f"{each.kappa.value:.2f} ({each.kappa.low:.2f} to {each.kappa.high:.2f})",
            }
            for each in told.agreements
        ],
        {
            "raters": "Raters",
            "n": Column("Pairs of both", right=True),
            "share": Column("Same (95%)", right=True),
            "kappa": Column("Kappa (95%)", right=True),
        },
        key="agreement",
    )


# --- the judge ------------------------------------------------------------------------------------------------------


def _judge(found: Evaluated, actor: Actor, any_round: bool) -> None:
    parts.section(
        "A model as judge",
        "Its scores count only after it was held against people, on pairs that they have rated.",
    )
    if found.use_case["task"]["kind"] != "generate":
        st.caption("Answers of this task are right or wrong: no judge is needed.")
        return
    judged = found.facts.get("judge")
    if judged is None:
        st.caption("The use case names no judge: a section [judge] with its model adds one.")
    else:
        (st.success if judged["trusted"] else st.warning)(parts.plain(judged["why"]))
        _contests(judged)
    if any_round:
        _golden(found, actor)


def _contests(judged: Mapping[str, Any]) -> None:
    share = words.percent_interval
    parts.table(
        [
            {
                "against": words.arm_name(row["against"]),
                "n": f"{row['n']:,}",
                **{
                    name: share(*(row[name][key] for key in ("value", "low", "high")))
                    for name in ("win", "tie", "loss")
                },
                "bias": share(*(row["position_bias"][key] for key in ("value", "low", "high"))),
            }
            for row in judged["pairs"]
        ],
        {
            "against": "Chosen student against",
            "n": Column("n", right=True),
            "win": Column("Won (95%)", right=True),
            "tie": Column("Tied (95%)", right=True),
            "loss": Column("Lost (95%)", right=True),
            "bias": Column("Named the same place twice", right=True),
        },
        key="judge",
    )


def _golden(found: Evaluated, actor: Actor) -> None:
    name = found.use_case["name"]
    told = golden(access.home(), found.run_id, name)
    left = "; ".join(f"{count:,} left out: {why}" for why, count in told.left_out.items())
    st.write(parts.plain(f"{words.count(told.rows, 'pair', 'pairs')} rated by people can be used. {left}"))
    if not may(actor, Action.RATE) or not told.rows:
        return
    if st.button("Write the golden set"):
        written = write_golden(access.home(), actor, found.run_id, name)
        st.success(
            f"{written.rows:,} pairs written. Name the file as golden in the section [judge] of the use case and start the run "
            "again: the judge is then held against them first."
        )
        st.code(f'golden = "{written.path}"', language="toml")
