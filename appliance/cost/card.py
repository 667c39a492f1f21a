"""The price card as rows: every figure that was typed in and not measured, with its source and date."""

from __future__ import annotations

from typing import Any

from appliance.cost.prices import DevicePrice, Figure, PriceSettings

_DEVICE = {
    "rent_per_hour": ("rent", "{} per hour"),
    "purchase": ("purchase", "{}"),
    "life_years": ("life", "years"),
    "power_watts": ("power draw", "watts"),
    "pue": ("power of the room over its own", "times"),
    "power_per_kwh": ("electricity", "{} per kWh"),
    "hosting_per_month": ("hosting", "{} per month"),
    "staff_per_year": ("an administrator", "{} per year"),
    "staff_share": ("the administrator's share", "share"),
}
_TEACHER = {
    "input_per_million": ("teacher prompt tokens", "{} per million"),
    "cached_input_per_million": ("teacher prompt tokens, cached", "{} per million"),
    "output_per_million": ("teacher answer tokens", "{} per million"),
    "devices": ("devices of one copy of the teacher", "devices"),
    "requests_per_s": ("requests of one copy of the teacher", "per second"),
}


def card_rows(settings: PriceSettings) -> list[dict[str, Any]]:
    """All figures of the card, then those of the use case."""
    card = settings.prices
    rows = _device_rows(f"device ({card.device.name})", card.device, card.currency)
    if card.teacher is not None:
        for field, (what, unit) in _TEACHER.items():
            rows += _row(what, getattr(card.teacher, field), unit.format(card.currency))
        if card.teacher.device is not None:
            what = f"teacher's device ({card.teacher.device.name})"
            rows += _device_rows(what, card.teacher.device, card.currency)
    for row in rows:
        row["example"] = card.example
    return rows + [
        {"what": what, "value": value, "unit": unit, "source": "the use case", "date": None}
        | {"low": None, "high": None, "example": False}
        for what, value, unit in (
            ("requests", settings.requests_per_month, "per month"),
            ("utilisation", settings.utilisation, "mean load planned for, of the measured rate"),
            ("peak over mean", settings.peak_ratio, "times"),
            ("teacher prompt tokens billed as cached", settings.cached_share or None, "share"),
            ("people's time, once", settings.one_off, card.currency),
            ("people's time, a month", settings.upkeep_per_month or None, card.currency),
        )
        if value is not None
    ]


def _device_rows(what: str, device: DevicePrice, currency: str) -> list[dict[str, Any]]:
    return [
        row
        for field, (part, unit) in _DEVICE.items()
        for row in _row(f"{what}: {part}", getattr(device, field), unit.format(currency))
    ]


def _row(what: str, figure: Figure | None, unit: str) -> list[dict[str, Any]]:
    if figure is None:
        return []
    return [
        {
            "what": what,
            "value": figure.value,
            "unit": unit,
            "source": figure.source,
            "date": figure.date,
            "low": figure.low,
            "high": figure.high,
        }
    ]
