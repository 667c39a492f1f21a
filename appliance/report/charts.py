"""The report's three charts, drawn as inline SVG: rows of dots, cost against quality, lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from appliance.report.canvas import (
    SIZE,
    Axis,
    Box,
    Chart,
    Label,
    clip,
    linear_axis,
    log_axis,
    nearest_free,
    share_axis,
    spread,
    text_width,
)
from appliance.report.words import percent

WIDE, PANEL = 760.0, 400.0  # of a chart across the page, and of one of two side by side
SMALL = 11.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A fraction with its interval. `css` says whose it is: student, teacher or other."""

    value: float | None
    low: float | None
    high: float | None
    css: str


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    dots: tuple[Dot, ...]
    figure: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """One arm in the chart of cost against quality: its price is at x, its quality is the dot."""

    label: str
    price: float
    dot: Dot


@dataclass(frozen=True, slots=True)
class Series:
    label: str
    css: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False  # a dashed line goes with the solid one before it, and has no label of its own
    dotted: bool = False  # a dot on every measured point
    band: tuple[tuple[float, float, float], ...] = ()  # (x, low, high): an interval around the line


def _known(dots: Sequence[Dot]) -> list[float]:
    return [value for dot in dots for value in (dot.value, dot.low, dot.high) if value is not None]


def whisker(chart: Chart, dot: Dot, axis: Axis, place: float, *, upright: bool) -> None:
    """The interval of a dot, across at height `place`, or upright at `place` from the left."""
    if dot.low is None or dot.high is None:
        return
    low, high = axis.at(dot.low), axis.at(dot.high)
    pieces = [(low, place, high, place), (low, place - 4, low, place + 4), (high, place - 4, high, place + 4)]
    for x1, y1, x2, y2 in pieces:
        chart.line(*((y1, x1, y2, x2) if upright else (x1, y1, x2, y2)), css=f"whisker {dot.css}")


def _legend(chart: Chart, entries: Sequence[tuple[str, str]], x: float) -> None:
    """Dots with their names in one line at the top."""
    for css, name in entries:
        chart.dot(x + 5, 10, css)
        name = clip(name, 240)
        chart.labels.append(Label(x + 16, 14, name, css="t soft"))
        x += text_width(name) + 40


def dot_rows(
    key: str,
    title: str,
    desc: str,
    rows: Sequence[Row],
    *,
    reference: tuple[float, str] | None = None,
    legend: Sequence[tuple[str, str]] = (),
) -> Chart | None:
    """One row a name, all on one axis of fractions; None if nothing was measured.

    Names stand left and figures right of the drawing, so that no label can meet a dot. `reference` is a line
    across all rows, such as a floor, with its name above.
    """
    known = [value for row in rows for value in _known(row.dots)]
    if not known:
        return None
    head = 30.0 if reference or legend else 8.0
    pitch = 34.0
    names = max(text_width(clip(row.label, 300)) for row in rows)
    figures = max(text_width(row.figure) for row in rows)
    bottom = head + pitch * len(rows)
    chart = Chart(key, title, desc, WIDE, bottom + 26)
    axis = share_axis(known + ([reference[0]] if reference else []), names + 30, WIDE - figures - 30)
    for tick in axis.ticks:
        chart.line(axis.at(tick), head, axis.at(tick), bottom, "grid")
        chart.labels.append(Label(axis.at(tick), bottom + 18, percent(tick, 0), "middle", "t soft", SMALL))
    if reference:
        x, half = axis.at(reference[0]), text_width(reference[1]) / 2
        chart.line(x, head - 8, x, bottom, "reference")
        chart.labels.append(
            Label(min(max(x, half), WIDE - half), head - 14, reference[1], "middle", "t soft")
        )
    _legend(chart, legend, axis.start)
    for index, row in enumerate(rows):
        middle = head + pitch * (index + 0.5)
        css = "t strong" if row.strong else "t"
        chart.labels.append(Label(0, middle + 4, clip(row.label, 300), css=css))
        chart.labels.append(Label(WIDE, middle + 4, row.figure, "end", css))
        apart = 11.0 if len(row.dots) > 1 else 0.0
        for place, dot in enumerate(row.dots):
            y = middle + apart * (place - (len(row.dots) - 1) / 2)
            whisker(chart, dot, axis, y, upright=False)
            if dot.value is not None:
                chart.dot(axis.at(dot.value), y, dot.css)
    return chart


def scatter(
    key: str, title: str, desc: str, arms: Sequence[Priced], *, x_title: str, y_title: str
) -> Chart | None:
    """Cost to the right, quality upwards, each name at the nearest place where it covers nothing.

    A line joins the efficient arms: those that no other beats or equals in both.
    """
    arms = [arm for arm in arms if arm.dot.value is not None]
    if not arms:
        return None
    prices = [arm.price for arm in arms]
    by_ratio = min(prices) > 0 and max(prices) / min(prices) > 10
    chart = Chart(key, title, desc, WIDE, 380)
    plot = Box(46, 34, WIDE - 8, 320)
    quality = share_axis(_known([arm.dot for arm in arms]), plot.bottom, plot.top)
    cost = (log_axis if by_ratio else lambda found, a, b: linear_axis(found, a, b, zero=True))(
        prices, plot.left + 14, plot.right - 14
    )
    for tick in quality.ticks:
        chart.line(plot.left, quality.at(tick), plot.right, quality.at(tick), "grid")
        chart.labels.append(
            Label(plot.left - 8, quality.at(tick) + 4, percent(tick, 0), "end", "t soft", SMALL)
        )
    for tick, shown in zip(cost.ticks, cost.texts(), strict=True):
        chart.line(cost.at(tick), plot.bottom, cost.at(tick), plot.bottom + 5, "axis")
        label = Label(cost.at(tick), plot.bottom + 20, shown, "middle", "t soft", SMALL)
        if not any(label.box.overlaps(other.box) for other in chart.labels):
            chart.labels.append(label)
    chart.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis")
    chart.labels.append(Label(0, 14, clip(y_title, 460), css="t soft"))
    scale = f"{clip(x_title, 460)}, logarithmic scale" if by_ratio else clip(x_title, 460)
    chart.labels.append(Label(plot.right, plot.bottom + 46, scale, "end", "t soft"))
    front = [(arm.price, arm.dot.value or 0.0) for arm in efficient(arms)]
    if len(front) > 1:
        chart.marks.append(f'<polyline points="{_path(front, cost, quality)}" class="line front"/>')
    taken = [
        Box(x - 3, y - 3, x + 3, y + 3)
        for (x1, y1), (x2, y2) in pairwise((cost.at(x), quality.at(y)) for x, y in front)
        for part in range(41)
        for x, y in [(x1 + (x2 - x1) * part / 40, y1 + (y2 - y1) * part / 40)]
    ]
    for arm in sorted(arms, key=lambda arm: arm.dot.css == "student"):  # drawn last, it lies on top
        x, y = cost.at(arm.price), quality.at(arm.dot.value or 0.0)
        top, foot = (y if end is None else quality.at(end) for end in (arm.dot.high, arm.dot.low))
        taken += [Box(x - 9, y - 9, x + 9, y + 9), Box(x - 7, top - 2, x + 7, foot + 2)]
        whisker(chart, arm.dot, quality, x, upright=True)
        chart.dot(x, y, arm.dot.css, 6)
    _name_points(chart, arms, cost, quality, taken, plot)
    return chart


def efficient(arms: Sequence[Priced]) -> list[Priced]:
    """The Pareto front, cheapest first: arms that cost more than the one before only because they are better."""
    best: list[Priced] = []
    for arm in sorted(arms, key=lambda arm: (arm.price, -(arm.dot.value or 0.0))):
        if arm.dot.value is not None and (not best or arm.dot.value > (best[-1].dot.value or 0.0)):
            best.append(arm)
    return best


def _name_points(
    chart: Chart, arms: Sequence[Priced], cost: Axis, quality: Axis, taken: list[Box], plot: Box
) -> None:
    for arm in arms:
        x, y = cost.at(arm.price), quality.at(arm.dot.value or 0.0)
        css = "t strong" if arm.dot.css == "student" else "t"
        label = nearest_free(x, y, clip(arm.label, 260), css, taken, plot)
        if label is None:  # no room left: the table has the name, and a covered label helps nobody
            continue
        box = label.box
        near_x, near_y = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
        if abs(near_x - x) + abs(near_y - y) > 24:
            chart.line(x, y, near_x, near_y, "leader")
        chart.labels.append(label)
        taken.append(Box(box.left - 4, box.top - 2, box.right + 4, box.bottom + 2))


def lines(
    key: str,
    title: str,
    desc: str,
    series: Sequence[Series],
    *,
    x_title: str,
    y_title: str,
    zero: bool = True,
    steps: bool = False,
    wide: bool = False,
) -> Chart | None:
    """Lines named at their right ends. `steps`: the ticks of x are its own values, such as 1, 2, 4, 8."""
    series = [one for one in series if one.points]
    if not series:
        return None
    named = [one for one in series if not one.dashed and one.label]
    width = WIDE if wide else PANEL
    top = 30.0
    bottom = top + max(200.0 if wide else 150.0, len(named) * SIZE * 1.4)
    ys = [y for one in series for _, y in one.points]
    ys += [end for one in series for _, *ends in one.band for end in ends]
    xs = sorted({x for one in series for x, _ in one.points})
    by_ratio = zero and min(ys) > 0 and max(ys) / min(ys) > 50
    upright = log_axis(ys, bottom, top) if by_ratio else linear_axis(ys, bottom, top, most=4, zero=zero)
    left = max(text_width(shown, SMALL) for shown in upright.texts()) + 10
    gutter = max((text_width(clip(one.label, 110)) for one in named), default=0.0) + (16 if named else 10)
    right = width - gutter
    across = _x_axis(xs, left + 8, right, steps)
    chart = Chart(key, title, desc, width, bottom + 42)
    for tick, shown in zip(upright.ticks, upright.texts(), strict=True):
        chart.line(left, upright.at(tick), right, upright.at(tick), "grid")
        chart.labels.append(Label(left - 6, upright.at(tick) + 4, shown, "end", "t soft", SMALL))
    for tick, shown in zip(across.ticks, across.texts(), strict=True):
        label = Label(across.at(tick), bottom + 17, shown, "middle", "t soft", SMALL)
        if not any(label.box.overlaps(other.box) for other in chart.labels):
            chart.labels.append(label)
    chart.line(left, bottom, right, bottom, "axis")
    unit = clip(y_title, 260)
    chart.labels.append(Label(0, 13, f"{unit}, logarithmic" if by_ratio else unit, css="t soft"))
    chart.labels.append(Label(right, bottom + 35, x_title, "end", "t soft"))
    for one in series:
        if one.band:
            around = [(x, high) for x, _, high in one.band] + [(x, low) for x, low, _ in reversed(one.band)]
            chart.marks.append(f'<polygon points="{_path(around, across, upright)}" class="band {one.css}"/>')
    for one in series:
        path = _path(one.points, across, upright)
        chart.marks.append(
            f'<polyline points="{path}" class="line {one.css}{" dashed" if one.dashed else ""}"/>'
        )
        if one.dotted or len(one.points) == 1:
            for x, y in one.points:
                chart.dot(across.at(x), upright.at(y), one.css, 3)
    ends = [upright.at(one.points[-1][1]) for one in named]
    for one, end, place in zip(named, ends, spread(ends, SIZE * 1.3, top + 2, bottom - 2), strict=True):
        x = across.at(one.points[-1][0])
        if abs(place - end) > 3 or right - x > 12:
            chart.line(x + 5, end, right + 9, place, "leader")
        chart.labels.append(Label(right + 12, place + 4, clip(one.label, 110), css=f"t name {one.css}"))
    return chart


def _path(points: Sequence[tuple[float, float]], across: Axis, upright: Axis) -> str:
    return " ".join(f"{across.at(x):.1f},{upright.at(y):.1f}" for x, y in points)


def _x_axis(xs: Sequence[float], start: float, end: float, steps: bool) -> Axis:
    """With `steps` the ticks are the values themselves, on a scale of ratios beyond a span of ten."""
    low, high = xs[0], xs[-1]
    if low == high:
        return Axis(low - 1, high + 1, start, end, (low,))
    if steps:
        return Axis(low, high, start, end, tuple(xs), log=low > 0 and high / low > 10)
    axis = linear_axis(xs, start, end, most=5)
    return Axis(low, high, start, end, tuple(tick for tick in axis.ticks if low <= tick <= high))
