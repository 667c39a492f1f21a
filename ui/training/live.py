"""The tab Live: the stages of a run as they pass, the curves of its trainings, what they say to do, and answers as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from appliance import jobs, status
from appliance.people.acting import Action, may
from appliance.progress import read_state
from appliance.report import words
from appliance.training import curves
from appliance.training import view as training_view
from appliance.training.curves import Training
from ui import access, charts, formats, parts
from ui.parts import Column

TITLES = {"sft": "Supervised training", "onpolicy": "Learning from its own answers"}


def show(use_case: str | None) -> None:
    home = access.home()
    # Asked before the runs are: one that is listed meanwhile is then among those to choose from.
    young = training_view.beginning(home, use_case)
    run_id = parts.choose_run()
    waiting = training_view.waiting(home, use_case, run_id)
    if young is not None and young not in waiting:
        waiting.insert(0, young)
    for job in waiting[:2]:
        parts.job_notice(job)
    if young is not None:
        _until_its_run_is_listed(young.job_id)
    if run_id is None:
        if not waiting:
            parts.empty(
                "There is no run yet", "Start one on the tab Settings; its curves appear here as it learns."
            )
        return
    ended = None if waiting else training_view.interrupted(home, run_id)
    if ended is not None:
        parts.job_line(ended)
    run = status.one_run(home, run_id)
    if run is None:
        return
    # A finished run does not change: nothing is asked again. One whose worker was killed will go on.
    live = run["status"] == "running" or bool(waiting)
    st.fragment(_curves, run_every=parts.LIVE_EVERY_S if live else None)(run_id, run["status"])
    _answers(run_id)


@st.fragment(run_every=parts.LIVE_EVERY_S)
def _until_its_run_is_listed(job_id: str) -> None:
    """A run that was just asked for has no folder yet: the page goes over to it once it has."""
    run_id = jobs.job(access.home(), job_id).run_id
    if run_id is not None and status.one_run(access.home(), run_id) is not None:
        st.query_params["run"] = run_id
        st.rerun()


def _curves(run_id: str, drawn_as: str) -> None:
    home = access.home()
    run = status.one_run(home, run_id)
    if run is None:
        return
    parts.stage_strip(run)
    trainings = [curves.read(home, run_id, stage) for stage in curves.STAGES]
    # What is under way stands first; what is done, in the order it was done.
    found = sorted((each for each in trainings if each is not None), key=lambda training: training.finished)
    if not found:
        parts.section("No training yet", "Its curves appear here when the stages before it are done.")
    settings = training_view.settings(home, run_id)
    for training in found:
        _training(training, settings)
    if run["status"] != drawn_as:
        st.rerun()


def _training(training: Training, settings: Mapping[str, Any]) -> None:
    parts.section(TITLES[training.stage], _how_far(training))
    section = settings.get(training.stage) or {}
    parts.figures(_figures(training))
    for said in curves.advice(training, section):
        st.warning(parts.plain(said))
    helped = curves.improvement(_facts(training.run_id, training.stage))
    if helped:
        st.info(parts.plain(helped))
    if not training.whole:
        st.caption("Taken over from a run that is gone: its summary is shown, not every figure.")
    drawn = curves.charts(training)
    for at in range(0, len(drawn), 2):
        for place, chart in zip(st.columns(2, gap="large"), drawn[at : at + 2], strict=False):
            with place:
                _chart(training, chart)
    with st.expander("How to read these curves"):
        for chart in drawn:
            st.write(f"**{parts.plain(chart.title)}**: {parts.plain(chart.about)}")


def _chart(training: Training, chart: curves.Chart) -> None:
    rows = curves.points(training, chart)
    averaged = curves.averaged_over(training, chart)
    st.html(f'<h3 class="sh-chart">{parts.escape(chart.title)}</h3>')
    charts.show_chart(
        charts.line(
            rows,
            "step",
            "value",
            "series" if len(chart.series) > 1 else None,
            x_title="step" if averaged == 1 else f"step; each point is the mean of {averaged}",
            y_title=chart.unit or chart.title.lower(),
        ),
        curves.sentence(training, chart),
        rows,
        key=f"{training.stage} {chart.title}",
    )


def _how_far(training: Training) -> str:
    state = read_state(access.home().runs / training.run_id / training.stage)
    if training.finished:
        return f"Done: {training.done:,} steps."
    if state is None:
        return "Loads the student."
    return state.text() + "."


def _figures(training: Training) -> list[tuple[str, str, str | None]]:
    of = f"of {training.planned:,}" if training.planned else None
    rows: list[tuple[str, str, str | None]] = [("Steps", formats.number(training.done), of)]
    for metric, label, unit in (
        ("loss", "Training loss", "nats a token"),
        ("validation_loss", "Validation loss", "nats a token"),
        ("reward", "Reward", "mean of the last step"),
        ("kl", "Divergence from the teacher", "nats a token"),
        ("mismatch", "Mismatch", "nats a token"),
        ("length_mean", "Answer length", "tokens, mean"),
        ("throughput", "Throughput", "tokens a second"),
    ):
        values = training.values(metric)
        if metric == "loss" and training.stage == "onpolicy":
            continue
        if values:
            step, value = values[-1]
            rows.append(
                (label, formats.number(value), f"{unit}, at step {step:,}" if step != training.done else unit)
            )
    return rows


def _facts(run_id: str, stage: str) -> Mapping[str, Any]:
    from appliance import manifest

    try:
        found = manifest.read(access.home().runs / run_id / stage)
    except manifest.DamagedError:
        return {}
    return {} if found is None else found.facts


def _answers(run_id: str) -> None:
    """For those who may see text; the newest steps of learning from own answers."""
    actor = access.actor()
    if not may(actor, Action.SEE_TEXT):
        return
    found = training_view.answers(access.home(), actor, run_id)
    if not found:
        return
    parts.section(
        "Answers while it learns",
        "Some of the student's own answers, the newest steps first. The text is scrubbed.",
    )
    parts.table(
        [
            {"step": row.step, "asked": row.asked, "right": row.right, "said": row.said, "reward": row.reward}
            for row in found
        ],
        {
            "step": Column("Step", right=True),
            "asked": "Record",
            "right": "Teacher",
            "said": "Student",
            "reward": Column("Reward", lambda value: words.number(value, 2), right=True),
        },
        key="answers",
    )
