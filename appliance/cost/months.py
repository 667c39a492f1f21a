"""Bills over time: what a month costs at a volume, when a swap has paid for itself, and from which volume on."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_STEPS = 10_000
"""The search for a break-even volume gives up after so many steps of whole devices."""

MAX_REQUESTS = 10**15
"""A month: no site has so many, and a break-even volume beyond is none."""

_ROUNDING = 1e-9
"""Share of a device that is floating-point noise and not a reason to buy another."""


def whole(devices: float) -> int:
    """Rounded up, and 0 for nothing only."""
    return max(math.ceil(devices - _ROUNDING), 1 if devices > 0 else 0)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices of one kind, or groups of them, each paid for whole months, busy or not."""

    capacity: float
    """Requests a month that one takes as planned."""
    price: float
    """One, for a month."""
    share: float = 1.0
    """Of all requests, those that reach this fleet."""

    def devices(self, requests: float) -> int:
        """How many a month's requests need. One is kept even for a trickle."""
        return whole(requests * self.share / self.capacity)

    @property
    def per_request(self) -> float:
        """One request's part of a device that is used up."""
        return self.price * self.share / self.capacity


@dataclass(frozen=True, slots=True)
class Bill:
    """What one way of answering costs, as a function of the month's requests."""

    per_request: float = 0.0
    fleets: tuple[Fleet, ...] = ()
    per_month: float = 0.0
    """People, whatever the volume."""
    once: float = 0.0
    """Before the first request."""

    def month(self, requests: float) -> float:
        devices = sum(fleet.devices(requests) * fleet.price for fleet in self.fleets)
        return requests * self.per_request + devices + self.per_month

    def total(self, requests: float, months: float) -> float:
        """Everything up to the end of so many months."""
        return self.once + months * self.month(requests)


def saving(old: Bill, new: Bill, requests: float, months: float) -> float:
    """What the swap from `old` to `new` leaves after so many months; below 0 it is a loss."""
    return old.total(requests, months) - new.total(requests, months)


def break_even_months(old: Bill, new: Bill, requests: float) -> float | None:
    """Months until the swap has paid for itself; None where a month costs no less than before."""
    monthly = old.month(requests) - new.month(requests)
    extra = new.once - old.once
    if extra <= 0 and monthly >= 0:
        return 0.0
    return extra / monthly if monthly > 0 else None


def break_even_requests(old: Bill, new: Bill, months: float) -> int | None:
    """The least requests a month at which the swap has paid for itself within so many months; None where there is none.

    Whole devices make the saving a saw: beyond this volume it may be lost again for a stretch after each further
    device. Between two such steps it is a straight line, so each stretch is solved by itself. None too where more than
    `MAX_STEPS` stretches would have to be looked at.
    """
    # No saving is above steepest * requests + room: old devices rounded up by a whole one each, new ones not at all.
    steepest = months * (_least_per_request(old) - _least_per_request(new))
    room = months * (sum(fleet.price for fleet in old.fleets) + old.per_month - new.per_month)
    room += old.once - new.once
    least = 1.0 if steepest <= 0 else max(1.0, -room / steepest * (1 - _ROUNDING))
    if least > MAX_REQUESTS:
        return None
    first = math.floor(least)
    slope = months * (old.per_request - new.per_request)
    for _ in range(MAX_STEPS):
        if steepest <= 0 and steepest * first + room < 0:
            return None
        start = saving(old, new, first, months)
        if start >= 0:
            return first
        last = min((_last_with_so_many(fleet, first) for fleet in (*old.fleets, *new.fleets)), default=None)
        if slope > 0 and -start / slope <= MAX_REQUESTS:
            there = first + math.ceil(-start / slope - _ROUNDING)
            if last is None or there <= last:
                return there
        if last is None:
            return None
        first = last + 1
    return None


def _least_per_request(bill: Bill) -> float:
    return bill.per_request + sum(fleet.per_request for fleet in bill.fleets)


def _last_with_so_many(fleet: Fleet, requests: int) -> int:
    """The most requests that need no more devices than these."""
    return max(requests, math.floor((fleet.devices(requests) + _ROUNDING) * fleet.capacity / fleet.share))
