"""Charts: Altair, in the console's colours, with units on the axes and intervals as bands; each comes with words and a table."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import streamlit as st
from altair.utils import schemapi

schemapi.disable_debug_mode()  # see `show_chart`

HEIGHT = 280
_QUIET = "currentColor"
"""Of the canvas, which has it from the style sheet: Streamlit's own grey is too pale on white."""
_CONFIG = {
    "axis": {"labelColor": _QUIET, "titleColor": _QUIET, "labelFlush": False, "titleFontWeight": "normal"},
    "axisX": {"tickCount": 8},
    "axisY": {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom", "titleX": 0, "titleY": -9},
    "legend": {"labelColor": _QUIET, "columns": 4, "offset": 26},
    "point": {"opacity": 1},
}
"""The name of the upright axis lies above it, where it is read without turning the head and is never cut."""
Rows = Sequence[Mapping[str, Any]]


def line(
    rows: Rows,
    x: str,
    y: str,
    series: str | None,
    *,
    x_title: str,
    y_title: str,
    band: tuple[str, str] | None = None,
) -> alt.Chart:
    """One line a series over `x`; `band` names the columns of the interval's low and high end."""
    return _over(rows, x, y, series, x_title, y_title, band, "linear")


def step(
    rows: Rows,
    x: str,
    y: str,
    series: str | None,
    *,
    x_title: str,
    y_title: str,
    band: tuple[str, str] | None = None,
) -> alt.Chart:
    """Like `line`, for what holds until it changes."""
    return _over(rows, x, y, series, x_title, y_title, band, "step-after")


def _over(
    rows: Rows,
    x: str,
    y: str,
    series: str | None,
    x_title: str,
    y_title: str,
    band: tuple[str, str] | None,
    shape: Any,
) -> Any:
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(f"{x}:Q", title=x_title, axis=alt.Axis(grid=False, format="~s")), **_colour(series)
    )
    drawn = base.mark_line(interpolate=shape, strokeWidth=2).encode(
        y=alt.Y(f"{y}:Q", title=y_title, scale=alt.Scale(zero=False)), tooltip=_told(rows)
    )
    if band is None:
        return drawn.properties(height=HEIGHT)
    low, high = band
    area = base.mark_area(interpolate=shape, opacity=0.18).encode(
        y=alt.Y(f"{low}:Q", title=y_title), y2=f"{high}:Q"
    )
    return (area + drawn).properties(height=HEIGHT)


def intervals(
    rows: Rows, name: str, value: str, low: str, high: str, *, x_title: str, series: str | None = None
) -> Any:
    """A point with its interval a row, one below the other in the rows' order; rows not measured stay empty."""
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=420, labelFlush=False)),
        tooltip=_told(rows),
        **_colour(series),
    )
    rule = base.mark_rule(strokeWidth=2, color="gray").encode(
        x=alt.X(f"{low}:Q", title=x_title, scale=alt.Scale(zero=False)), x2=f"{high}:Q"
    )
    point = base.mark_point(filled=True, size=80).encode(x=alt.X(f"{value}:Q", title=x_title))
    return (rule + point).properties(height=max(120, 30 * len(rows) + 40))


def bars(rows: Rows, name: str, value: str, *, x_title: str, series: str | None = None) -> alt.Chart:
    """One bar a row, from zero, in the rows' order."""
    return (
        alt.Chart(_data(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=420, labelFlush=False)),
            x=alt.X(
                f"{value}:Q",
                title=x_title,
                stack=None if series is None else "zero",
                axis=alt.Axis(tickMinStep=1)
                if all(isinstance(row[value], int) for row in rows)
                else alt.Axis(),
            ),
            tooltip=_told(rows),
            **_colour(series),
        )
        .properties(height=max(120, 26 * len({row[name] for row in rows}) + 40))
    )


def scatter(
    rows: Rows, x: str, y: str, low: str, high: str, series: str, *, x_title: str, y_title: str
) -> Any:
    """One point a row, with its interval upright through it."""
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(f"{x}:Q", title=x_title, scale=alt.Scale(zero=False), axis=alt.Axis(grid=False)),
        color=_many(series, [row[series] for row in rows]),
        tooltip=_told(rows),
    )
    rule = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y(f"{low}:Q", title=y_title, scale=alt.Scale(zero=False)), y2=f"{high}:Q"
    )
    point = base.mark_point(filled=True, size=80).encode(y=alt.Y(f"{y}:Q", title=y_title))
    return (rule + point).properties(height=HEIGHT + 60)


def reliability(rows: Rows) -> Any:
    """How often what was said to be so sure is right: rows of `curve`, `sure`, `right`, `low`, `high` and `n`, in percent."""
    scale = alt.Scale(domain=[0, 100])
    line = alt.Chart(_data([{"sure": 0, "right": 0}, {"sure": 100, "right": 100}]))
    perfect = line.mark_line(strokeDash=[4, 4], strokeWidth=1, color="gray").encode(x="sure:Q", y="right:Q")
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("sure:Q", title="how sure the student was, percent", scale=scale),
        tooltip=_told(rows),
        **_colour("curve"),
    )
    rule = base.mark_rule(strokeWidth=2, opacity=0.6).encode(
        y=alt.Y("low:Q", title="right, percent, 95% interval", scale=scale), y2="high:Q"
    )
    point = base.mark_point(filled=True, size=70).encode(y=alt.Y("right:Q", scale=scale))
    return (perfect + rule + point).properties(height=HEIGHT + 60)


def loads(rows: Rows, whole: Rows, arms: Sequence[str], *, x_title: str, y_title: str) -> Any:
    """Rows of `load`, `value` and `arm`, a line an arm; for those in `whole` the interval from `low` to `high` as well.

    `arms` are all that there are: each keeps its colour from chart to chart, whichever are shown."""
    x = alt.X("load:Q", title=x_title, axis=alt.Axis(grid=False))
    value = alt.Y("value:Q", title=y_title, scale=alt.Scale(zero=True))
    line = alt.Chart(_data(rows)).mark_line(strokeWidth=2).encode(x=x, y=value, color=_many("arm", arms))
    point = alt.Chart(_data(rows)).mark_point(filled=True, size=40, opacity=1)
    point = point.encode(x=x, y=value, color=_many("arm", arms), tooltip=_told(rows))
    rule = alt.Chart(_data(whole)).mark_rule(strokeWidth=1.5)
    rule = rule.encode(x=x, y=alt.Y("low:Q", title=y_title), y2="high:Q", color=_many("arm", arms))
    return (rule + line + point if whole else line + point).properties(height=HEIGHT)


def powers(rows: Rows, x: str, y: str, series: str, *, x_title: str, y_title: str) -> Any:
    """Lines on axes that grow tenfold from mark to mark, for what spans many sizes; no value may be 0."""

    def axis(cls: Any, field: str, title: str, form: str) -> Any:
        return cls(
            f"{field}:Q",
            title=title,
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format=form, tickCount=6, grid=False),
        )

    base = alt.Chart(_data(rows)).encode(
        x=axis(alt.X, x, x_title, "~s"),
        y=axis(alt.Y, y, y_title, "~g"),
        color=_many(series, list(dict.fromkeys(row[series] for row in rows))),
    )
    return base.mark_line(strokeWidth=2).encode(tooltip=_told(rows)).properties(height=HEIGHT)


def _many(series: str, names: Sequence[str]) -> alt.Color:
    """For many lines: names in rows of three, none of them cut; the same colours for the same names."""
    legend = alt.Legend(
        orient="top", columns=3, labelLimit=0, symbolOpacity=1, symbolType="stroke", symbolStrokeWidth=3
    )
    return alt.Color(f"{series}:N", title=None, scale=alt.Scale(domain=list(names)), legend=legend)


def marked(chart: Any, at: float, x: str) -> Any:
    """The chart with an upright line where something was chosen."""
    line = (
        alt.Chart(_data([{x: at}]))
        .mark_rule(strokeDash=[4, 4], strokeWidth=1.5, color="gray")
        .encode(x=f"{x}:Q")
    )
    return chart + line


def show_chart(chart: Any, summary: str, rows: Rows, *, key: str | None = None) -> None:
    """The chart below one sentence that says what it shows, and above the same numbers as a table.

    `key` tells it from its neighbours where their sentences may be alike, and keeps its place while its own changes.
    """
    from ui import parts

    # Altair would hold each chart against its schema, several times, which takes most of a page; tests do that.
    spec = _with_rows(chart.to_dict(validate=False)) | {"config": _CONFIG}
    name = f"{zlib.crc32((key or summary).encode()):08x}"
    # Its place is kept while the browser draws it, so that nothing below moves.
    kept = f"<style>.st-key-sh-chart-{name}{{min-height:{spec.get('height', HEIGHT)}px}}</style>"
    st.html(f'{kept}<p class="sh-said">{parts.escape(summary)}</p>')
    with st.container(key=f"sh-chart-{name}"):
        st.vega_lite_chart(spec, width="stretch", alt=summary)
    with st.expander("As a table"):
        columns = {field: field.replace("_", " ") for field in (rows[0] if rows else {})}
        parts.table(rows, columns, key=f"twin-{name}")


def _data(rows: Rows) -> alt.Data:
    """As text: Altair copies a chart whenever something is added to it, with every row."""
    told = [
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    return alt.Data(values=json.dumps(told), format=alt.DataFormat(type="json"))


def _with_rows(spec: dict[str, Any]) -> dict[str, Any]:
    """The chart's specification with its rows as data sets, as Streamlit takes them."""
    datasets = {}
    for part in (spec, *spec.get("layer", ())):
        values = part.get("data", {}).get("values")
        if values is not None:
            name = f"rows-{zlib.crc32(values.encode()):08x}"
            datasets[name] = json.loads(values)
            part["data"] = {"name": name}
    return spec | {"datasets": datasets}


def _colour(series: str | None) -> dict[str, Any]:
    """The legend stands above, so that the plot keeps its width."""
    if series is None:
        return {}
    return {"color": alt.Color(f"{series}:N", title=None, sort=None, legend=alt.Legend(orient="top"))}


def _told(rows: Rows) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(f"{name}:{'Q' if isinstance(value, int | float) else 'N'}", title=name.replace("_", " "))
        for name, value in (rows[0] if rows else {}).items()
    ]
