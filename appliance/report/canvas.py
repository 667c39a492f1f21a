"""What every chart stands on: axes with round ticks, and labels that know the box they cover."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from appliance.report.words import number, plain

SIZE = 12.0  # of the letters, in the units of the viewBox


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Box) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def text_width(text: str, size: float = SIZE) -> float:
    """An upper bound: the reader's font is unknown, so the widths are those of DejaVu Sans, a wide one."""

    def advance(letter: str) -> float:
        if letter in "iljtfrI.,:;'|!()[] -":
            return 0.42
        if letter in "mwMW@%&" or ord(letter) > 0x2FF and letter != "\N{MINUS SIGN}":
            return 1.0
        return 0.76 if letter.isupper() else 0.64

    return size * sum(map(advance, text))


def clip(text: str, width: float, size: float = SIZE) -> str:
    """Shortened to `width`; the table beside the chart has the whole name."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Label:
    """Text at a baseline."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    css: str = "t"
    size: float = SIZE

    @property
    def box(self) -> Box:
        width = text_width(self.text, self.size)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - 0.82 * self.size, left + width, self.y + 0.26 * self.size)

    def svg(self) -> str:
        return (
            f'<text x="{self.x:.1f}" y="{self.y:.1f}" text-anchor="{self.anchor}" class="{self.css}" '
            f'font-size="{self.size:g}">{escape(self.text)}</text>'
        )


@dataclass(slots=True)
class Chart:
    """A drawing: marks below, labels above. `key` must be unique on the page."""

    key: str
    title: str
    desc: str
    width: float
    height: float
    marks: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        self.marks.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>')

    def dot(self, x: float, y: float, css: str, radius: float = 5.0) -> None:
        self.marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="dot {css}"/>')

    def bar(self, left: float, top: float, width: float, height: float, css: str) -> None:
        self.marks.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" class="bar {css}"/>'
        )

    def svg(self) -> Markup:
        """Without a namespace address: inside HTML none is needed, and the file names no outside place."""
        body = "\n".join([*self.marks, *(label.svg() for label in self.labels)])
        return Markup(
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-labelledby="{escape(self.key)}-t {escape(self.key)}-d">'
            f'<title id="{escape(self.key)}-t">{escape(self.title)}</title>'
            f'<desc id="{escape(self.key)}-d">{escape(self.desc)}</desc>\n{body}\n</svg>'
        )


@dataclass(frozen=True, slots=True)
class Axis:
    """Values `low`..`high` on positions `start`..`end`."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    log: bool = False

    def texts(self) -> tuple[str, ...]:
        """The ticks in figures: the same decimals for all, but on a scale of ratios each its own."""
        shown = [plain(tick) for tick in self.ticks]
        if self.log:
            return tuple(shown)
        decimals = max(len(one.partition(".")[2]) for one in shown)
        return tuple(number(tick, decimals) for tick in self.ticks)

    def at(self, value: float) -> float:
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def linear_axis(
    values: Iterable[float], start: float, end: float, *, most: int = 6, zero: bool = False
) -> Axis:
    """Round ticks around the values; with `zero` the axis starts at nought, as amounts should."""
    found = [*values] + ([0.0] if zero else [])
    low, high = min(found), max(found)
    if high == low:
        low, high = (0.0, high or 1.0) if zero else (low - abs(low or 1) * 0.1, high + abs(high or 1) * 0.1)
    raw = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * unit for factor in (1.0, 2.0, 5.0, 10.0) if factor * unit >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(index * step, 10) for index in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], start, end, ticks)


def share_axis(values: Iterable[float], start: float, end: float) -> Axis:
    """For fractions: never beyond 0% or 100%."""
    axis = linear_axis(values, start, end)
    ticks = tuple(tick for tick in axis.ticks if -1e-9 <= tick <= 1 + 1e-9)
    return Axis(ticks[0], ticks[-1], start, end, ticks) if len(ticks) > 1 else axis


def log_axis(values: Iterable[float], start: float, end: float) -> Axis:
    """Ticks at 1, 2 and 5 times the powers of ten, or at the powers alone where that would be a crowd."""
    found = [*values]
    low, high = min(found), max(found)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    marks = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    low = max(mark for mark in marks if mark < low * 0.999)
    high = min(mark for mark in marks if mark > high * 1.001)
    ticks = [mark for mark in marks if low <= mark <= high]
    tens = [mark for mark in ticks if abs(math.log10(mark) - round(math.log10(mark))) < 1e-9]
    return Axis(low, high, start, end, tuple(tens if len(ticks) > 7 and len(tens) > 1 else ticks), log=True)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least `gap` apart within low..high, in the order wanted and as near as that allows."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    below = low - gap
    for index in order:
        below = placed[index] = max(wanted[index], below + gap)
    above = high + gap
    for index in reversed(order):
        above = placed[index] = min(placed[index], above - gap)
    return placed


def nearest_free(x: float, y: float, text: str, css: str, taken: Sequence[Box], bounds: Box) -> Label | None:
    """A label as near to the point (x, y) as it can stand without covering anything; None if it cannot."""
    width, height = text_width(text), SIZE * 1.08
    for radius in range(10, 400, 6):
        for angle in (0, 180, -90, 90, -45, -135, 45, 135, -22, -158, 22, 158):
            turn = math.radians(angle)
            left = x + math.cos(turn) * (radius + width / 2) - width / 2
            top = y + math.sin(turn) * (radius + height / 2) - height / 2
            label = Label(left, top + 0.82 * SIZE, text, css=css)
            if bounds.holds(label.box) and not any(label.box.overlaps(other) for other in taken):
                return label
    return None
