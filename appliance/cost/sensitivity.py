"""What moves the saving: each input over its plausible range while all others stay, the widest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from appliance.cost.months import break_even_months, saving
from appliance.cost.prices import Figure
from appliance.cost.rates import Span
from appliance.cost.swap import Swap


@dataclass(frozen=True, slots=True)
class Bar:
    """One input of the tornado chart."""

    input: str
    label: str
    unit: str
    base: float
    low: float
    high: float
    range: Literal["measured", "card", "assumed"]
    """Where low and high come from: a 95% interval, the price card, or a stated factor."""
    basis: str
    saving_at_low: float
    saving_at_high: float
    break_even_at_low: float | None
    """Months; None where the swap never pays for itself."""
    break_even_at_high: float | None
    swing: float
    """How far apart the two savings are."""
    overturns: bool
    """Gain turns into loss, or loss into gain, within the range."""


@dataclass(frozen=True, slots=True)
class _Input:
    path: tuple[str, ...]
    """Where it is in a `Swap`."""
    label: str
    unit: str
    factors: tuple[float, float] = (0.5, 2.0)
    """Of its value, where neither an interval nor the card gives a range."""
    most: float | None = None
    """It cannot be more."""


_HOUSE = ("prices", "card", "device")
_TEACHER = ("prices", "card", "teacher")
_INPUTS = (
    _Input(("prices", "requests_per_month"), "Requests a month", "requests"),
    _Input(("prices", "utilisation"), "Utilisation: mean load a device may have", "share", (0.5, 1.5), 1.0),
    _Input(("prices", "peak_to_mean"), "Peak over mean", "times"),
    _Input(("prices", "one_off"), "People's time, once", "currency"),
    _Input(("prices", "upkeep_per_month"), "People's time, a month", "currency a month"),
    _Input(("prices", "cached_share"), "Teacher's prompt tokens billed as cached", "share", (0.5, 1.5), 1.0),
    *(
        _Input((*place, name), f"{whose}: {label}", unit, factors, most)
        for place, whose in ((_HOUSE, "Device"), ((*_TEACHER, "device"), "Teacher's device"))
        for name, label, unit, factors, most in (
            ("rent_per_hour", "rent", "currency an hour", (0.7, 1.5), None),
            ("purchase", "purchase", "currency", (0.7, 1.5), None),
            ("life_years", "life", "years", (0.6, 1.4), None),
            ("power_watts", "power draw", "watts", (0.7, 1.3), None),
            ("pue", "power of the room over its own", "times", (1.0, 1.3), None),
            ("power_per_kwh", "electricity", "currency a kWh", (0.7, 1.5), None),
            ("hosting_per_month", "hosting", "currency a month", (0.5, 2.0), None),
            ("staff_per_year", "administrator", "currency a year", (0.8, 1.3), None),
            ("staff_share", "administrator's share", "share", (0.5, 2.0), 1.0),
        )
    ),
    _Input((*_TEACHER, "input_per_million"), "Teacher: a million prompt tokens", "currency", (0.5, 1.5)),
    _Input(
        (*_TEACHER, "cached_input_per_million"), "Teacher: a million cached tokens", "currency", (0.5, 1.5)
    ),
    _Input((*_TEACHER, "output_per_million"), "Teacher: a million answer tokens", "currency", (0.5, 1.5)),
    _Input((*_TEACHER, "devices"), "Teacher: devices of a copy", "devices", (1.0, 2.0)),
    _Input((*_TEACHER, "requests_per_s"), "Teacher: requests a second of a copy", "requests/s", (0.5, 2.0)),
    _Input(("measured", "rate"), "Requests a second of a device", "requests/s"),
    _Input(("measured", "teacher_prompt"), "Tokens of a teacher's prompt", "tokens"),
    _Input(("measured", "teacher_output"), "Tokens of a teacher's answer", "tokens"),
    _Input(("measured", "teacher_rate"), "Requests a second of the teacher", "requests/s"),
    _Input(("measured", "escalated"), "Share passed on to the teacher", "share"),
    _Input(("measured", "training_hours"), "Hours of training", "hours"),
)


def tornado(swap: Swap) -> list[Bar]:
    """All inputs that move the saving; [] where a saving is not known or refused.

    The use case's own figures stand in a card here, so that each is varied wherever it was typed in.
    """
    if swap.refused is not None or swap.old() is None or swap.new() is None:
        return []
    swap = replace(swap, prices=swap.prices.carded())
    base = _outcome(swap)[0]
    bars = [bar for found in _INPUTS for bar in _bar(swap, found, base) if bar.swing > 0]
    return sorted(bars, key=lambda bar: -bar.swing)


def _bar(swap: Swap, given: _Input, base: float) -> Iterator[Bar]:
    held = _get(swap, given.path)
    if held is None:
        return
    value, low, high, origin, basis = _range(held, given)
    if value == 0 and high == 0:
        return
    ends = [_outcome(_put(swap, given.path, end)) for end in (low, high)]
    (at_low, months_low), (at_high, months_high) = ends
    least, most = min(base, at_low, at_high), max(base, at_low, at_high)
    yield Bar(
        ".".join(given.path[1:]).removeprefix("card."),
        given.label,
        given.unit.replace("currency", swap.prices.prices.currency),
        value,
        low,
        high,
        origin,
        basis,
        at_low,
        at_high,
        months_low,
        months_high,
        abs(at_high - at_low),
        least < 0 <= most,
    )


def _range(
    held: Any, given: _Input
) -> tuple[float, float, float, Literal["measured", "card", "assumed"], str]:
    if isinstance(held, Span):
        assert held.low is not None and held.high is not None
        return held.value, held.low, held.high, "measured", "95% interval"
    value = float(held.value if isinstance(held, Figure) else held)
    if isinstance(held, Figure) and held.low is not None and held.high is not None:
        return value, held.low, held.high, "card", "low and high of the price card"
    low, high = (value * factor for factor in given.factors)
    if given.most is not None:
        high = min(high, given.most)
    if given.path[-1] == "peak_to_mean":
        low = max(low, 1.0)
    told = f"{given.factors[0]:g} to {given.factors[1]:g} times its value"
    return value, low, high, "assumed", told


def _outcome(swap: Swap) -> tuple[float, float | None]:
    old, new = swap.old(), swap.new()
    assert old is not None and new is not None
    volume = swap.prices.requests_per_month
    return saving(old, new, volume, swap.horizon_months), break_even_months(old, new, volume)


def _get(found: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        found = None if found is None else getattr(found, name)
    return found


def _put(found: Any, path: tuple[str, ...], value: float) -> Any:
    """A copy with the figure at `path` changed; a figure of a card keeps its source."""
    name, *rest = path
    held = getattr(found, name)
    changed: Any
    if rest:
        changed = _put(held, tuple(rest), value)
    elif isinstance(held, Span):
        changed = Span.exact(value)
    elif isinstance(held, Figure):
        changed = replace(held, value=value, low=None, high=None)
    else:
        changed = round(value) if isinstance(held, int) else value
    return replace(found, **{name: changed})
