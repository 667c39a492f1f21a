"""Prices and volume: what people type in, each figure with its source and date."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Annotated

from annotated_types import Ge, Gt, Interval

HOURS_PER_MONTH = 730.0
"""365 days × 24 h / 12."""
HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True)
class Figure:
    """One figure of a price card."""

    value: Annotated[float, Ge(0)]
    source: str
    """Where it comes from: an offer, an invoice, a price list."""
    date: str
    """When it was looked up, as YYYY-MM-DD."""
    low: Annotated[float, Ge(0)] | None = None
    """The least that is plausible, for the sensitivity chart; without it a stated factor is used."""
    high: Annotated[float, Ge(0)] | None = None
    """The most that is plausible."""

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise ValueError("a figure needs a source: without one it is a rumour")
        try:
            date.fromisoformat(self.date)
        except ValueError:
            raise ValueError(f"date = '{self.date[:20]}' is not a day: write it as YYYY-MM-DD") from None
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high go together")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"value = {self.value} is not between low = {self.low} and high = {self.high}")

    @property
    def least(self) -> float:
        return self.value if self.low is None else self.low

    @property
    def most(self) -> float:
        return self.value if self.high is None else self.high


@dataclass(frozen=True)
class DevicePrice:
    """A machine that serves a model: rented by the hour, or bought and run."""

    name: str
    """What it is, such as "server with one 80 GB GPU"."""
    rent_per_hour: Figure | None = None
    """Rent for one hour. With it go no purchase, power or hosting: they are in the rent."""
    purchase: Figure | None = None
    """Price of the whole machine."""
    life_years: Figure | None = None
    """Years over which the purchase is written off, in equal parts and down to nothing."""
    power_watts: Figure | None = None
    """Mean draw at the socket while it serves."""
    power_per_kwh: Figure | None = None
    """Price of electricity."""
    pue: Figure | None = None
    """Power usage effectiveness: what the room draws for each watt of the machine. 1 where it is not given."""
    hosting_per_month: Figure | None = None
    """Rack space, network, support contract."""
    staff_per_year: Figure | None = None
    """A full-time administrator, all costs of employment."""
    staff_share: Figure | None = None
    """Share of that person's time that one machine takes, from 0 to 1."""

    def __post_init__(self) -> None:
        owned = ("purchase", "life_years", "power_watts", "power_per_kwh", "pue", "hosting_per_month")
        given = [name for name in owned if getattr(self, name) is not None]
        if (self.rent_per_hour is None) == (self.purchase is None):
            raise ValueError("give rent_per_hour, or purchase and life_years")
        if self.rent_per_hour is not None and given:
            raise ValueError(f"{given[0]} does not go with rent_per_hour: it is in the rent; remove it")
        for one, other in (
            ("purchase", "life_years"),
            ("power_watts", "power_per_kwh"),
            ("staff_per_year", "staff_share"),
        ):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} go together")
        if self.pue is not None and (self.power_watts is None or self.pue.value < 1):
            raise ValueError("pue is 1 or more, and goes with power_watts and power_per_kwh")
        if self.life_years is not None and self.life_years.least <= 0:
            raise ValueError("life_years must be above 0")
        if self.staff_share is not None and self.staff_share.most > 1:
            raise ValueError("staff_share is a share: from 0 to 1")

    @property
    def per_hour(self) -> float:
        """Cost of one hour, busy or not: rent, or purchase over its life, power and hosting; and the staff's share."""
        return sum(self.hourly_parts().values())

    def hourly_parts(self) -> dict[str, float]:
        """`per_hour` by what it is made of."""
        parts = {}
        if self.rent_per_hour is not None:
            parts["rent"] = self.rent_per_hour.value
        if self.purchase is not None and self.life_years is not None:
            parts["purchase"] = self.purchase.value / (self.life_years.value * HOURS_PER_YEAR)
        if self.power_watts is not None and self.power_per_kwh is not None:
            pue = 1.0 if self.pue is None else self.pue.value
            parts["power"] = self.power_watts.value / 1000 * pue * self.power_per_kwh.value
        if self.hosting_per_month is not None:
            parts["hosting"] = self.hosting_per_month.value / HOURS_PER_MONTH
        if self.staff_per_year is not None and self.staff_share is not None:
            parts["staff"] = self.staff_per_year.value * self.staff_share.value / HOURS_PER_YEAR
        return parts


@dataclass(frozen=True)
class TeacherPrice:
    """What the teacher's answers cost: by the token from a provider, or on machines of its own."""

    input_per_million: Figure | None = None
    """A million prompt tokens."""
    cached_input_per_million: Figure | None = None
    """A million prompt tokens that the provider still had from an earlier request."""
    output_per_million: Figure | None = None
    """A million answer tokens."""
    device: DevicePrice | None = None
    """One machine of the kind that a self-hosted teacher runs on."""
    devices: Figure | None = None
    """How many of them hold one copy of the teacher."""
    requests_per_s: Figure | None = None
    """What one copy answers a second, for a teacher that this run did not measure."""

    def __post_init__(self) -> None:
        by_token = (self.input_per_million, self.output_per_million)
        hosted = (self.device, self.devices, self.requests_per_s)
        if any(by_token) != all(by_token):
            raise ValueError("input_per_million and output_per_million go together")
        if any(hosted) != all(hosted):
            raise ValueError("device, devices and requests_per_s go together")
        if any(by_token) == any(hosted):
            raise ValueError(
                "give the prices of tokens, or device, devices and requests_per_s of a teacher of your own"
            )
        if self.cached_input_per_million is not None and not all(by_token):
            raise ValueError("cached_input_per_million goes with input_per_million and output_per_million")
        if self.devices is not None and (self.devices.value < 1 or self.devices.value % 1):
            raise ValueError("devices is a whole number from 1 on")
        if self.requests_per_s is not None and self.requests_per_s.least <= 0:
            raise ValueError("requests_per_s must be above 0")


@dataclass(frozen=True)
class PriceCard:
    """All prices, in one currency; a TOML file of its own, so that finance can keep it."""

    title: str
    currency: str
    """Such as EUR; no conversion is made."""
    device: DevicePrice
    """The machine that the students are served and trained on: the one that the bench measured."""
    teacher: TeacherPrice | None = None
    """None: the teacher has no price, or was measured on the machine above."""
    example: bool = False
    """The figures are examples: the report says so beside every amount's total."""


@dataclass(frozen=True)
class PriceSettings:
    """The `[prices]` section: a price card and the volume. The card is a file, or the few figures below."""

    requests_per_month: Annotated[int, Ge(1)]
    """The volume to be served."""
    card: PriceCard | None = None
    """In the use case the name of a price card's file, relative to it; a run keeps the card's content."""
    utilisation: Annotated[float, Interval(gt=0, le=1)] = 0.4
    """The mean load, over a month, that a device is planned for: a share of the rate that it was measured at. Traffic has
    nights and peaks. At half the utilisation an answer costs twice."""
    peak_to_mean: Annotated[float, Ge(1)] | None = None
    """Requests a second in the busiest minutes over the month's mean; devices are then planned for the peak as well."""
    peak_requests_per_s: Annotated[float, Gt(0)] | None = None
    """The same as a rate, at `requests_per_month`; give one of the two."""
    cached_share: Annotated[float, Interval(ge=0, le=1)] = 0.0
    """Share of the teacher's prompt tokens that are billed at the cached price."""
    one_off: Annotated[float, Ge(0)] = 0.0
    """People's time to prepare, review and release, in the same currency."""
    upkeep_per_month: Annotated[float, Ge(0)] = 0.0
    """People's time a month to watch and refresh the student."""
    currency: str | None = None
    """Without a card: such as EUR."""
    device_per_hour: Annotated[float, Gt(0)] | None = None
    """Without a card: the machine the student is served on, all that an hour of it costs."""
    device_source: str | None = None
    """Where that figure comes from."""
    device_date: str | None = None
    """When it was looked up, as YYYY-MM-DD."""
    teacher_input_per_million: Annotated[float, Ge(0)] | None = None
    """Without a card: price of a million prompt tokens of the teacher."""
    teacher_output_per_million: Annotated[float, Ge(0)] | None = None
    """Without a card: price of a million answer tokens of the teacher."""
    teacher_source: str | None = None
    """Where these two come from."""
    teacher_date: str | None = None
    """When they were looked up, as YYYY-MM-DD."""

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self)]
        inline = [name for name in names[names.index("currency") :] if getattr(self, name) is not None]
        if self.card is not None and inline:
            raise ValueError(f"{inline[0]} is the price card's to say: remove it, or the card")
        if self.card is None:
            for name in ("currency", "device_per_hour", "device_source", "device_date"):
                if getattr(self, name) is None:
                    raise ValueError(f'{name} is missing: name a price card (card = "file"), or give it here')
        self._check_teacher()
        if self.peak_to_mean is not None and self.peak_requests_per_s is not None:
            raise ValueError("peak_to_mean and peak_requests_per_s say the same: give one")
        if self.peak_requests_per_s is not None and self.peak_requests_per_s < self.mean_requests_per_s:
            raise ValueError(
                f"peak_requests_per_s is below the mean of {self.mean_requests_per_s:.3g} that requests_per_month makes"
            )
        teacher = self.prices.teacher
        if self.cached_share and (teacher is None or teacher.cached_input_per_million is None):
            raise ValueError("cached_share needs a price card with teacher.cached_input_per_million")

    def _check_teacher(self) -> None:
        given = [
            value is not None for value in (self.teacher_input_per_million, self.teacher_output_per_million)
        ]
        if any(given) != all(given):
            raise ValueError("teacher_input_per_million and teacher_output_per_million go together")
        if any(given) and (self.teacher_source is None or self.teacher_date is None):
            raise ValueError(
                "the teacher's prices need teacher_source and teacher_date: a figure without them is a rumour"
            )

    @property
    def mean_requests_per_s(self) -> float:
        return self.requests_per_month / (HOURS_PER_MONTH * 3600)

    @property
    def peak_ratio(self) -> float | None:
        """Peak over mean, whichever way it was given."""
        if self.peak_requests_per_s is None:
            return self.peak_to_mean
        return self.peak_requests_per_s / self.mean_requests_per_s

    @property
    def prices(self) -> PriceCard:
        """The card; or one made of the figures given here."""
        if self.card is not None:
            return self.card
        assert self.currency and self.device_per_hour and self.device_source and self.device_date
        rent = Figure(self.device_per_hour, self.device_source, self.device_date)
        teacher = None
        if self.teacher_input_per_million is not None and self.teacher_output_per_million is not None:
            source, day = self.teacher_source or "", self.teacher_date or ""
            teacher = TeacherPrice(
                input_per_million=Figure(self.teacher_input_per_million, source, day),
                output_per_million=Figure(self.teacher_output_per_million, source, day),
            )
        example = self.device_source.lower().startswith("example")
        return PriceCard(
            "figures of the use case", self.currency, DevicePrice("the device", rent), teacher, example
        )

    def carded(self) -> PriceSettings:
        """The same with the figures given here in a card."""
        return replace(
            self,
            card=self.prices,
            currency=None,
            device_per_hour=None,
            device_source=None,
            device_date=None,
            teacher_input_per_million=None,
            teacher_output_per_million=None,
            teacher_source=None,
            teacher_date=None,
        )
