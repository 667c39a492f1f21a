"""The tab Compare: the curves of two runs in one chart each, and the settings in which they differ."""

from __future__ import annotations

import streamlit as st

from appliance.status import all_runs
from appliance.training import curves
from appliance.training import form as training_form
from appliance.training import view as training_view
from appliance.training.curves import STAGES, Chart, Stage, Training
from ui import access, charts, parts
from ui.choices import choose, pick
from ui.training.live import TITLES


def show(_use_case: str | None) -> None:
    home = access.home()
    run_id = parts.choose_run()
    others = [
        row["run_id"]
        for row in all_runs(home)
        if row["run_id"] != run_id and curves.has_begun(home, row["run_id"])
    ]
    if run_id is None or not others:
        parts.empty("There is nothing to compare yet", "It takes two runs that have begun to train.")
        return
    other = choose("with", "Compared with", others, str, width=420)
    stage: Stage = pick("stage", "Training", STAGES, lambda name: TITLES[name])  # type: ignore[assignment]
    found = [curves.read(home, each, stage) for each in (run_id, other)]
    pair = [training for training in found if training is not None]
    if len(pair) < 2:
        parts.empty("One of them has no such training", "Choose another run, or the other training above.")
        return
    if pair[0].rows == pair[1].rows:
        st.info(
            "They are one training: the later run took it over from the earlier one, since nothing it depends on had changed. "
            "There is nothing to compare."
        )
        return
    _settings(run_id, other)
    drawn = [chart for chart in curves.charts(pair[0]) if chart in curves.charts(pair[1])]
    for at in range(0, len(drawn), 2):
        for place, chart in zip(st.columns(2, gap="large"), drawn[at : at + 2], strict=False):
            with place:
                _chart(pair, chart)


def _settings(one: str, other: str) -> None:
    home = access.home()
    differ = training_form.differences(*(training_view.settings(home, run_id) for run_id in (one, other)))
    parts.section("Settings that differ")
    if not differ:
        st.write("None: what differs in the curves comes of the records, or of chance.")
        return
    parts.table(
        [{"what": label, "one": _told(a), "other": _told(b)} for label, a, b in differ],
        {"what": "Setting", "one": one, "other": other},
        key="differ",
    )


def _told(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _chart(pair: list[Training], chart: Chart) -> None:
    short = _short(*(training.run_id for training in pair))
    single = len(chart.series) == 1
    rows = [
        {**point, "series": name if single else f"{name} {point['series']}"}
        for training, name in zip(pair, short, strict=True)
        for point in curves.points(training, chart)
    ]
    st.html(f'<h3 class="sh-chart">{parts.escape(chart.title)}</h3>')
    charts.show_chart(
        charts.line(
            rows, "step", "value", "series", x_title="step", y_title=chart.unit or chart.title.lower()
        ),
        " ".join(
            f"{name}: {curves.sentence(training, chart)}" for training, name in zip(pair, short, strict=True)
        ),
        rows,
        key=f"compared {chart.title}",
    )


def _short(one: str, other: str) -> tuple[str, str]:
    """Of runs of one use case the part that tells them apart."""
    (name, _, a), (same, _, b) = one.rpartition("-"), other.rpartition("-")
    return (a, b) if name == same else (one, other)
