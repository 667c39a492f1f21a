"""Charts of one section each, drawn as inline SVG: what moves the saving, and whether a confidence can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.report.canvas import SIZE, Chart, Label, clip, linear_axis, share_axis, text_width
from appliance.report.charts import PANEL, SMALL, WIDE, Dot, whisker
from appliance.report.words import percent

_NAMES = 250.0
"""Width for the names of rows, in the units of the viewBox."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What becomes of an outcome as one input moves from its low to its high end."""

    label: str
    at_low: float
    at_high: float
    low_text: str
    """The outcome at that end, as a person writes it."""
    high_text: str


def tornado(
    key: str, title: str, desc: str, rows: Sequence[Swing], base: float, *, base_text: str, x_title: str
) -> Chart | None:
    """One bar a row around the base, the widest first; None where there is nothing to show.

    Full: the input at its high end. Hollow: at its low one. A line stands at nought, where gain turns to loss.
    """
    if not rows:
        return None
    pitch, head = 34.0, 44.0
    rows = [replace(one, low_text=_amount(one.low_text), high_text=_amount(one.high_text)) for one in rows]
    base_text = clip(base_text, _NAMES)
    bottom = head + pitch * len(rows)
    chart = Chart(key, title, desc, WIDE, bottom + 44)
    texts = max(max(text_width(one.low_text, SMALL), text_width(one.high_text, SMALL)) for one in rows)
    ends = [value for one in rows for value in (one.at_low, one.at_high)]
    axis = linear_axis([*ends, base], _NAMES + texts + 16, WIDE - texts - 16, most=5)
    for tick, shown in zip(axis.ticks, axis.texts(), strict=True):
        chart.line(axis.at(tick), head, axis.at(tick), bottom, "axis" if tick == 0 else "grid")
        label = Label(axis.at(tick), bottom + 18, shown, "middle", "t soft", SMALL)
        if not any(label.box.overlaps(other.box) for other in chart.labels):
            chart.labels.append(label)
    middle = axis.at(base)
    for index, one in enumerate(rows):
        y = head + pitch * (index + 0.5)
        chart.labels.append(Label(0, y + 4, clip(one.label, _NAMES - 8)))
        for value, css in ((one.at_low, "low"), (one.at_high, "high")):
            left, right = sorted((middle, axis.at(value)))
            chart.bar(left, y - 8, max(right - left, 1.0), 16, css)
        (least, low_text), (most, high_text) = sorted(
            ((one.at_low, one.low_text), (one.at_high, one.high_text))
        )
        left, right = min(axis.at(least), middle) - 6, max(axis.at(most), middle) + 6
        chart.labels.append(Label(left, y + 4, low_text, "end", "t soft", SMALL))
        chart.labels.append(Label(right, y + 4, high_text, "start", "t soft", SMALL))
    chart.line(middle, head - 6, middle, bottom, "reference")
    half = text_width(base_text) / 2
    chart.labels.append(
        Label(min(max(middle, half), WIDE - half), head - 12, base_text, "middle", "t strong")
    )
    chart.bar(0, 4, 14, 10, "low")
    chart.labels.append(Label(20, 13, "input at its low end", css="t soft"))
    second = 20 + text_width("input at its low end") + 16
    chart.bar(second, 4, 14, 10, "high")
    chart.labels.append(Label(second + 20, 13, "at its high end", css="t soft"))
    chart.labels.append(Label(WIDE, bottom + 38, clip(x_title, 460), "end", "t soft"))
    return chart


def _amount(text: str) -> str:
    return clip(text, 110.0, SMALL)


def reliability(key: str, title: str, desc: str, points: Sequence[tuple[float, Dot]]) -> Chart | None:
    """Share right over confidence, both from nought to one, with the line of those that agree."""
    points = [point for point in points if point[1].value is not None]
    if not points:
        return None
    left, top, size = 40.0, 30.0, 300.0
    chart = Chart(key, title, desc, PANEL, top + size + 44)
    across = share_axis([0.0, 1.0], left, left + size)
    upright = share_axis([0.0, 1.0], top + size, top)
    for tick in upright.ticks:
        chart.line(left, upright.at(tick), left + size, upright.at(tick), "grid")
        chart.labels.append(Label(left - 6, upright.at(tick) + 4, percent(tick, 0), "end", "t soft", SMALL))
        chart.labels.append(
            Label(across.at(tick), top + size + 17, percent(tick, 0), "middle", "t soft", SMALL)
        )
    chart.line(left, top + size, left + size, top, "reference")
    chart.labels.append(Label(0, 13, "share right", css="t soft", size=SIZE))
    chart.labels.append(Label(left + size, top + size + 37, "confidence", "end", "t soft"))
    for place, dot in points:
        whisker(chart, dot, upright, across.at(place), upright=True)
        chart.dot(across.at(place), upright.at(dot.value or 0.0), dot.css, 4)
    return chart
