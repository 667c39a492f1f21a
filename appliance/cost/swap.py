"""One arm in the teacher's place: both bills, what the swap saves over the horizon, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from appliance.cost.months import Bill, Fleet, break_even_months, break_even_requests, saving
from appliance.cost.prices import HOURS_PER_MONTH, DevicePrice, PriceSettings
from appliance.cost.rates import Span


@dataclass(frozen=True, slots=True)
class Measured:
    """What the run measured of a swap. None: not measured, or not a part of it."""

    rate: Span | None
    """Requests a second that one device answers, serving the arm."""
    teacher_prompt: Span | None = None
    """Tokens of a teacher's request, for a teacher that is paid by the token."""
    teacher_output: Span | None = None
    teacher_rate: Span | None = None
    """Requests a second of a teacher that was measured on the same device."""
    escalated: Span | None = None
    """Share of requests that a cascade passes on to the teacher."""
    training_hours: float = 0.0
    """On the same device."""
    labelled: int = 0
    """Answers bought from the teacher to learn from."""


@dataclass(frozen=True, slots=True)
class Swap:
    """All that the money of one swap follows from: prices and volume as typed in, and what was measured."""

    arm: str
    prices: PriceSettings
    horizon_months: int
    measured: Measured
    refused: str | None = None
    """Why the evidence is too thin to state money; None where it is not."""
    too_slow: bool = False
    """No load level of the arm met the objective."""

    @property
    def load(self) -> float:
        """The mean load a device is planned for: the utilisation, or less where the peak asks for more devices."""
        ratio = self.prices.peak_ratio
        return self.prices.utilisation if ratio is None else min(self.prices.utilisation, 1 / ratio)

    def old(self) -> Bill | None:
        """The teacher answers everything. None where it has no price."""
        return self._teacher(1.0)

    def new(self) -> Bill | None:
        """The arm answers; a cascade's teacher is paid for what is passed on. None where a part is not known."""
        if self.measured.rate is None:
            return None
        fleets: tuple[Fleet, ...] = (self._fleet(self.measured.rate.value, self.device_month, 1.0),)
        per_request = 0.0
        if self.measured.escalated is not None and self.measured.escalated.value > 0:
            behind = self._teacher(self.measured.escalated.value)
            if behind is None:
                return None
            fleets, per_request = (*fleets, *behind.fleets), behind.per_request
        once = self.once_parts()
        if once is None:
            return None
        return Bill(per_request, fleets, self.prices.upkeep_per_month, sum(once.values()))

    def once_parts(self) -> dict[str, float] | None:
        """The one-off cost by what it pays for; None where the answers to learn from have no price."""
        answer = 0.0
        if self.measured.labelled:
            price = self.answer_price()
            if price is None:
                return None
            answer = price
        return {
            "people": self.prices.one_off,
            "training": self.measured.training_hours * self.prices.prices.device.per_hour,
            "labelling": self.measured.labelled * answer,
        }

    @property
    def device_month(self) -> float:
        return self.prices.prices.device.per_hour * HOURS_PER_MONTH

    def answer_price(self) -> float | None:
        """One answer of the teacher: by its tokens, or the time that its devices are busy with it."""
        if self.measured.teacher_rate is not None:
            return self.prices.prices.device.per_hour / 3600 / self.measured.teacher_rate.value
        by_token = self._by_token()
        hosted = self._hosted()
        if by_token is not None or hosted is None:
            return by_token
        device, devices, per_s = hosted
        return devices * device.per_hour / 3600 / per_s

    def _teacher(self, share: float) -> Bill | None:
        """A teacher that answers this share of all requests."""
        if self.measured.teacher_rate is not None:
            return Bill(fleets=(self._fleet(self.measured.teacher_rate.value, self.device_month, share),))
        by_token, hosted = self._by_token(), self._hosted()
        if by_token is not None:
            return Bill(per_request=by_token * share)
        if hosted is None:
            return None
        device, devices, per_s = hosted
        return Bill(fleets=(self._fleet(per_s, devices * device.per_hour * HOURS_PER_MONTH, share),))

    def _by_token(self) -> float | None:
        teacher, measured = self.prices.prices.teacher, self.measured
        if teacher is None or teacher.input_per_million is None or teacher.output_per_million is None:
            return None
        if measured.teacher_prompt is None or measured.teacher_output is None:
            return None
        prompt_price = teacher.input_per_million.value
        if teacher.cached_input_per_million is not None:
            cached = self.prices.cached_share
            prompt_price = (1 - cached) * prompt_price + cached * teacher.cached_input_per_million.value
        spent = measured.teacher_prompt.value * prompt_price
        return (spent + measured.teacher_output.value * teacher.output_per_million.value) / 1e6

    def _hosted(self) -> tuple[DevicePrice, float, float] | None:
        """(one device, devices of a copy, requests a second of a copy) of a teacher of one's own, as the card has it."""
        teacher = self.prices.prices.teacher
        if teacher is None or teacher.device is None:
            return None
        assert teacher.devices is not None and teacher.requests_per_s is not None
        return teacher.device, teacher.devices.value, teacher.requests_per_s.value

    def _fleet(self, per_s: float, price: float, share: float) -> Fleet:
        return Fleet(per_s * 3600 * HOURS_PER_MONTH * self.load, price, share)


def with_peak_ratio(prices: PriceSettings) -> PriceSettings:
    """A peak that was given as a rate, as a ratio: it then grows with the volume, as it would."""
    return replace(prices, peak_to_mean=prices.peak_ratio, peak_requests_per_s=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An arm's money at the use case's volume and horizon. None where it is not known or refused."""

    arm: str
    requests_per_month: int
    refused: str | None
    """Why no saving is stated; None where one is."""
    too_slow: bool
    passed_on: float | None
    """Share of requests that a cascade passes on to the teacher."""
    teacher_per_month: float | None
    devices: int | None = None
    busy: float | None = None
    """Mean load of those devices at this volume: at most the planned load."""
    per_month: float | None = None
    per_month_low: float | None = None
    per_month_high: float | None = None
    one_off: float | None = None
    all_in_per_thousand: float | None = None
    """Whole devices, people, and the one-off cost spread over the horizon."""
    saving: float | None = None
    """Over the horizon, one-off cost taken off; the ends take all measured intervals at their worst together, so they
    hold at least 95%."""
    saving_low: float | None = None
    saving_high: float | None = None
    spent_low: float | None = None
    """All that the arm costs over the horizon, the one-off cost included; the ends as above."""
    spent_high: float | None = None
    break_even_months: float | None = None
    break_even_requests_per_month: int | None = None


def plan(swap: Swap) -> Plan:
    old, new = swap.old(), swap.new()
    volume, horizon = swap.prices.requests_per_month, swap.horizon_months
    refused = swap.refused
    if refused is None and old is None:
        refused = "the teacher's answers have no price"
    if refused is None and new is None:
        refused = "a part of its cost was not measured"
    found = Plan(
        arm=swap.arm,
        requests_per_month=volume,
        refused=refused,
        too_slow=swap.too_slow,
        passed_on=None if swap.measured.escalated is None else swap.measured.escalated.value,
        teacher_per_month=None if old is None else old.month(volume),
    )
    if new is None or swap.measured.rate is None:
        return found
    devices = new.fleets[0].devices(volume)
    found = replace(
        found,
        devices=devices,
        busy=swap.prices.mean_requests_per_s / (devices * swap.measured.rate.value),
        per_month=new.month(volume),
        one_off=new.once,
        all_in_per_thousand=new.total(volume, horizon) / (volume * horizon) * 1e3,
    )
    if refused is not None or old is None:
        return found  # without a range no saving is stated: a point would be read as a promise
    bills = [(corner.old(), corner.new()) for corner in corners(swap)]
    sure = [(before, after) for before, after in bills if before is not None and after is not None]
    savings = [saving(before, after, volume, horizon) for before, after in sure]
    months = [after.month(volume) for _, after in sure]
    spent = [after.total(volume, horizon) for _, after in sure]
    return replace(
        found,
        per_month_low=min(months),
        per_month_high=max(months),
        saving=saving(old, new, volume, horizon),
        saving_low=min(savings),
        saving_high=max(savings),
        spent_low=min(spent),
        spent_high=max(spent),
        break_even_months=break_even_months(old, new, volume),
        break_even_requests_per_month=break_even_requests(old, new, horizon),
    )


def corners(swap: Swap) -> Iterator[Swap]:
    """The swap with each measured value at one end of its interval, in every combination."""
    names = [
        name
        for name in ("rate", "teacher_prompt", "teacher_output", "teacher_rate", "escalated")
        if getattr(swap.measured, name) is not None
    ]
    for ends in product(("low", "high"), repeat=len(names)):
        values: dict[str, Any] = {}
        for name, end in zip(names, ends, strict=True):
            value = getattr(getattr(swap.measured, name), end)
            assert value is not None, "money without an interval is refused before"
            values[name] = Span.exact(value)
        yield replace(swap, measured=replace(swap.measured, **values))
