"""How numbers, times and sizes are written, everywhere in the console; money is as in the report. What was not measured says so."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

NOT_MEASURED = "not measured"


def percent(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A fraction in [0, 1] as a percentage with one digit, and its interval where both ends are known."""
    if value is None:
        return NOT_MEASURED
    told = f"{100 * value:.1f}%"
    if low is None or high is None:
        return told
    return f"{told} ({100 * low:.1f} to {100 * high:.1f})"


def number(value: float | None, digits: int | None = None) -> str:
    """With thousands apart. `digits` after the point; by itself three significant ones below 100, none above."""
    if value is None:
        return NOT_MEASURED
    if digits is not None:
        return f"{value:,.{digits}f}"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def duration(seconds: float | None) -> str:
    """The two largest units: `1 h 05 min`, `3 min 20 s`, `4.2 s`, `35 ms`."""
    if seconds is None:
        return NOT_MEASURED
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def size(num_bytes: float | None) -> str:
    """Bytes in binary units."""
    if num_bytes is None:
        return NOT_MEASURED
    value = float(num_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError("the last unit takes what is left")


def when(timestamp: float | None, *, exact: bool = False) -> str:
    """A Unix time in the reader's zone, which the browser tells: `23 Nov 2026, 07:02`, or `07:02:41` where it is to be exact."""
    if timestamp is None:
        return NOT_MEASURED
    told = datetime.fromtimestamp(timestamp, _zone())
    return f"{told:%-d %b %Y, %H:%M:%S}" if exact else f"{told:%-d %b %Y, %H:%M}"


def ago(timestamp: float | None, now: float) -> str:
    """How long ago, in one unit; `now` is Unix time too."""
    if timestamp is None:
        return NOT_MEASURED
    seconds = max(0.0, now - timestamp)
    for limit, length, unit in ((90, 1, "second"), (5400, 60, "minute"), (129600, 3600, "hour")):
        if seconds < limit:
            count = round(seconds / length)
            return "just now" if unit == "second" and count < 10 else f"{count} {unit}{'s'[: count != 1]} ago"
    count = round(seconds / 86400)
    return f"{count} day{'s'[: count != 1]} ago"


def _zone() -> ZoneInfo | None:
    """None is the server's own."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):
        return None
